# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Snapshots in the model DocBits: what is saved before the first write, and what going back restores."""

from __future__ import annotations

import pytest

from ansible_collections.docbits.ion.plugins.module_utils._exports.declared import declared_exports
from ansible_collections.docbits.ion.plugins.module_utils._exports.plan import Plan
from ansible_collections.docbits.ion.plugins.module_utils._exports.restore import items_before
from ansible_collections.docbits.ion.plugins.module_utils._model.export import FILES, KINDS, Export
from ansible_collections.docbits.ion.plugins.module_utils._model.values import ABSENT
from ansible_collections.docbits.ion.plugins.module_utils._module._options import export_options


def saved_by(organisation, *declarations, **options):
    """The items that a run saves as a snapshot, before its first write."""
    saved, former = [], len(organisation.writes)

    def save(items):
        saved.append(items)
        assert len(organisation.writes) == former
        return []

    organisation.reconcile(*declarations, save_snapshot=save, **options)
    [items] = saved
    return items


def go_back(organisation, items, **options):
    """The result of going back to a snapshot."""
    empty = {**dict.fromkeys(export_options()), "state": "present"}
    return organisation.reconcile(*declared_exports([{**empty, **item} for item in items]), is_rollback=True, purge=True, **options)


def test_run_that_changes_exports_saves_them_with_files_and_secrets(world):
    organisation = world.Organisation([world.infor(), world.webhook()])
    [hook, infor] = sorted(
        saved_by(organisation, world.declared(world.infor(), idm_mapping=world.IDM.replace("1", "2"))), key=lambda item: item["kind"], reverse=True
    )
    assert (hook["id"], hook["url"], hook["active"]) == ("1", "https://example.com/a", True)
    assert (infor["id"], infor["idm_mapping_content"], infor["ionapi_content"]) == ("2", world.IDM, world.ionapi(1))


def test_run_without_a_write_saves_nothing(world):
    saved = []
    world.Organisation([world.webhook()]).reconcile(world.declared(world.webhook()), save_snapshot=saved.append)
    assert saved == []


def test_snapshot_costs_requests_for_removals_only(world):
    calls = []
    for save in (None, lambda items: []):
        organisation = world.Organisation([world.infor()])
        organisation.reconcile(world.declared(world.infor(), idm_mapping=world.IDM.replace("1", "2")), save_snapshot=save)
        calls.append(organisation.calls)
    assert calls[0] == calls[1]


def test_going_back_restores_values_that_were_not_set_and_removes_what_came_later(world):
    organisation = world.Organisation([world.infor(), world.sftp(filename_mode="")])
    # DocBits does not show the password; the fingerprint of this run proves it to the next one.
    organisation.reconcile(world.declared(world.sftp(), keep_id=True))
    before = organisation.state
    changed = world.declared(world.sftp(), filename_mode="original", folder="out", keep_id=True)
    items = saved_by(organisation, changed, world.declared(world.webhook()))
    assert [item.get("password") for item in items] == [None, "p"]
    go_back(organisation, items)
    assert organisation.state == before
    again = go_back(organisation, items)
    assert (again["changed"], again["steps"]) == (False, [])


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_snapshot_says_of_each_optional_field_that_it_is_not_set(kind):
    export = Export("1", dict.fromkeys(kind.optional, ABSENT)).with_values({"title": "A", "kind": kind.name})
    [item] = items_before(Plan((), (export,), (export,)))
    # A number cannot be cleared, and every export has a deployment.
    assert {name for name in kind.optional if name not in (*FILES, "port", "deployment")} <= item.keys()


def test_going_back_to_removed_exports_creates_those_that_are_known_whole(world):
    organisation = world.Organisation([world.infor(), world.sftp()])
    items = saved_by(organisation, world.declared(world.webhook()), purge=True)
    result = go_back(organisation, items)
    assert sorted(world.outcomes(result["steps"])) == [("create", "B", "applied"), ("remove", "A", "applied")]
    assert world.ids(result["findings"]) == ["P21", "P20"]
    assert "export 5 was removed and cannot be created again, because the snapshot does not have its password" in result["findings"][1]["message"]
    assert {organisation.rows[id_].values["title"] for id_ in organisation.rows} == {"B"} and "2" not in organisation.rows
    assert world.ids(go_back(organisation, items)["findings"]) == ["P20"]


def test_going_back_says_that_an_export_of_another_kind_cannot_come_back(world):
    organisation = world.Organisation([world.webhook(kind="vertex"), world.sftp()])
    items = saved_by(organisation, world.declared(world.webhook(title="N")), purge=True)
    assert "1" not in organisation.rows and "does not have its kind" in go_back(organisation, items)["findings"][0]["message"]


def test_going_back_says_which_secret_stays_as_it_is(world):
    organisation = world.Organisation([world.sftp()])
    items = saved_by(organisation, world.declared(world.webhook()))
    assert world.ids(go_back(organisation, items)["findings"]) == ["P22"]


def test_going_back_to_an_empty_organisation_removes_everything(world):
    organisation = world.Organisation()
    items = saved_by(organisation, world.declared(world.webhook()))
    assert items == []
    go_back(organisation, items)
    assert organisation.rows == {}
