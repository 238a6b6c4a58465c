# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The intent record: what an interrupted run leaves is found by the next one, and the file holds no secret."""

from __future__ import annotations

import base64
import json
import secrets
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import InvalidInput
from ansible_collections.docbits.ion.plugins.module_utils._exports.plan import Plan, Step
from ansible_collections.docbits.ion.plugins.module_utils._exports.run_record import Pending, RunRecord
from ansible_collections.docbits.ion.plugins.module_utils._model.export import FIELDS, FILES, Export
from ansible_collections.docbits.ion.plugins.module_utils._model.values import ABSENT, Withheld

STARTED = "2026-01-01T00:00:00Z"


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "records" / "organisation.run.json")


def update(before, **values):
    return Step("update", before, before.with_values(values), values, tuple(values))


def create(export):
    return Step("create", None, export, {})


def switch(action, export, **more):
    return Step(action, export, export.with_values({"active": action == "activate"}), **more)


def begun(path, *steps, exports=(), after=None):
    """A record that was begun for these steps."""
    record = RunRecord(path)
    record.begin(Plan(steps, tuple(exports), tuple(exports if after is None else after)))
    return record


def pending(path):
    return RunRecord(path).load()


# Round trip


def test_load_without_a_file_or_a_path_is_nothing(path):
    assert not pending(path) and not pending(None)


def test_load_of_a_run_that_sent_nothing_has_no_open_step(world, path):
    begun(path, create(world.webhook(None)), switch("deactivate", world.webhook("1"), momentary=True))
    found = pending(path)
    assert found and (found.created, found.switched) == ({}, frozenset())


@pytest.mark.parametrize(("answered", "expected"), [("41", "41"), ("", "")])
def test_load_of_a_create_has_its_identity_and_answered_id(world, path, answered, expected):
    record = begun(path, create(world.webhook(None)))
    record.sent(0)
    assert pending(path).created == {world.webhook().identity: None}
    record.answered(0, answered)
    assert pending(path).created == {world.webhook().identity: expected}


def test_load_of_a_momentary_deactivation_has_its_id(world, path):
    record = begun(path, switch("deactivate", world.webhook("1"), momentary=True), switch("deactivate", world.webhook("2"), momentary=False))
    record.sent(0)
    record.sent(1)
    assert pending(path).switched == frozenset({"1"})


def test_load_of_a_restoring_step_has_its_id_before_it_is_sent(world, path):
    begun(path, switch("activate", world.webhook("1", active=False), restores=True))
    assert pending(path).switched == frozenset({"1"})


def test_load_of_an_update_has_the_fields_that_it_did_not_send(world, path):
    before = world.sftp("5", execution_order=3)
    begun(path, update(before, folder="new")).sent(0)
    found = pending(path)
    assert found.fields["5"]["execution_order"] == 3 and "folder" not in found.fields["5"]
    assert set(found.names["5"]) == {"server_url", "username"}


@pytest.mark.parametrize("value", [Withheld("masked"), ABSENT])
def test_load_of_an_update_has_only_fields_that_were_known(world, path, value):
    before = replace(world.webhook("1"), values={**world.webhook("1").values, "execution_order": value})
    begun(path, update(before, title="new")).sent(0)
    assert "execution_order" not in pending(path).fields["1"]


def test_load_of_an_activation_has_the_active_exports_beside_it(world, path):
    exports = [world.webhook("1"), world.webhook("2", "B", active=False), world.webhook("3", "C", document_type="ORDER"), world.infor("4")]
    begun(path, switch("activate", exports[1]), exports=exports).sent(0)
    assert pending(path).beside == frozenset({"1"})


def test_load_of_an_activation_has_no_export_that_the_plan_deactivates(world, path):
    exports = [world.webhook("1"), world.webhook("2", "B", active=False)]
    begun(path, switch("activate", exports[1]), exports=exports, after=[exports[0].with_values({"active": False}), exports[1]]).sent(0)
    assert pending(path).beside == frozenset()


def test_load_has_the_time_at_which_the_run_began(world, path):
    begun(path, create(world.webhook(None)))
    assert pending(path).started.endswith("Z") and pending(path).started[:4].isdecimal()


# The end of a run


def test_finish_removes_the_file(world, path):
    record = begun(path, create(world.webhook(None)))
    record.finish()
    assert not Path(path).exists() and not pending(path)


def test_finish_without_a_file_is_no_error(path):
    record = RunRecord(path)
    record.finish()
    assert record.errors == 0


def test_close_of_a_step_takes_it_out(world, path):
    record = begun(path, create(world.webhook(None)), switch("deactivate", world.webhook("1"), momentary=True))
    record.sent(0)
    record.sent(1)
    record.close(1)
    assert pending(path).switched == frozenset() and pending(path).created


def test_settle_keeps_only_open_steps(world, path):
    record = begun(path, create(world.webhook(None, "A")), create(world.webhook(None, "B")))
    record.sent(0)
    record.sent(1)
    record.settle(lambda index: index == 1)
    assert pending(path).created == {world.webhook(None, "B").identity: None}


def test_settle_without_an_open_step_removes_the_file(world, path):
    record = begun(path, create(world.webhook(None)))
    record.sent(0)
    record.settle(lambda index: False)
    assert not Path(path).exists()


def test_settle_of_a_step_that_was_never_sent_removes_the_file(world, path):
    begun(path, create(world.webhook(None))).settle(lambda index: True)
    assert not Path(path).exists()


def test_switched_adds_exports_that_docbits_deactivated(world, path):
    record = begun(path, create(world.webhook(None)))
    record.switched(["7"])
    assert pending(path).switched == frozenset({"7"})
    record.settle(lambda index: index == 1)
    assert pending(path).switched == frozenset({"7"})


def test_switched_of_nothing_changes_nothing(world, path):
    record = begun(path, create(world.webhook(None)))
    before = Path(path).read_text()
    record.switched([])
    assert Path(path).read_text() == before


# Damage


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null x",
        "{}",
        "7",
        '{"format": 2, "started": "x", "steps": []}',
        '{"format": 1, "steps": []}',
        '{"format": 1, "started": "x"}',
        '{"format": 1, "started": "x", "steps": [7]}',
        '{"format": 1, "started": "x", "steps": [{"state": "sent"}]}',
        '{"format": 1, "started": "x", "steps": [{"state": "sent", "action": "create", "momentary": false, "id": null}]}',
        '{"format": 1, "started": "x", "steps": {"a": 1}}',
        "[" * 100_000,
    ],
)
def test_load_of_a_damaged_file_is_an_error_that_names_it(tmp_path, text):
    path = tmp_path / "damaged.json"
    path.write_text(text)
    with pytest.raises(InvalidInput) as caught:
        pending(str(path))
    assert caught.value.id == "E27" and str(path) in caught.value.message and "remove this file" in caught.value.message


@pytest.mark.parametrize("cut", [0.1, 0.5, 0.9])
def test_load_of_a_cut_file_is_an_error(world, path, cut):
    record = begun(path, create(world.webhook(None)))
    record.sent(0)
    text = Path(path).read_text()
    Path(path).write_text(text[: int(len(text) * cut)])
    with pytest.raises(InvalidInput):
        pending(path)


def test_load_of_a_folder_is_an_error(tmp_path):
    with pytest.raises(InvalidInput):
        pending(str(tmp_path))


def test_file_that_cannot_be_written_is_counted_and_no_error(world, tmp_path):
    (tmp_path / "file").touch()
    record = begun(str(tmp_path / "file" / "record.json"), create(world.webhook(None)))
    record.sent(0)
    assert record.errors == 2


def test_record_without_a_path_writes_nothing(world):
    record = begun(None, create(world.webhook(None)))
    record.sent(0)
    record.settle(lambda index: True)
    record.finish()
    assert record.errors == 0


# Secrets


def canaries():
    """An export with a secret in every field and file that is free text."""
    values = {name: secrets.token_urlsafe(24) for name in ("url", "server_url", "username", "password")}
    values |= {name: secrets.token_urlsafe(24) for name in FILES}
    return values


@pytest.mark.parametrize("action", ["create", "update", "activate", "deactivate", "remove"])
def test_file_holds_no_secret_of_any_step(path, action):
    before_values, after_values = canaries(), canaries()
    plain = {"title": "A", "kind": "sftp", "document_type": "INVOICE", "sub_organisation": "", "active": True}
    before, after = Export("5").with_values({**plain, **before_values}), Export("5").with_values({**plain, **after_values})
    unsent = Step(action, None if action == "create" else before, None if action == "remove" else after, {}, reason="x")
    sent = replace(unsent, values=after_values, changes=tuple(after_values), momentary=True)
    record = begun(path, unsent, sent, exports=[before], after=[after])
    for index in range(2):
        record.sent(index)
        record.answered(index, "41")
    record.switched(["5"])
    record.settle(lambda index: True)
    text = Path(path).read_text()
    assert text.count('"sent"') == 3
    for name, value in [*before_values.items(), *after_values.items()]:
        for form in (value, base64.b64encode(value.encode()).decode(), json.dumps(value)[1:-1]):
            assert form not in text, name


def test_file_holds_only_fields_that_are_no_secret(world, path):
    export = world.sftp("5", port=22, execution_order=3, filename_mode="original", document_history=True)
    begun(path, update(export, title="new")).sent(0)
    fields = set(json.loads(Path(path).read_text())["steps"][0]["fields"])
    assert fields == {"document_type", "port", "execution_order", "filename_mode", "document_history", "folder"}
    assert fields <= set(FIELDS)


def test_file_is_for_its_owner_only(world, path):
    begun(path, create(world.webhook(None)))
    assert stat.S_IMODE(Path(path).stat().st_mode) == 0o600 and stat.S_IMODE(Path(path).parent.stat().st_mode) == 0o700


def test_pending_is_true_only_for_an_interrupted_run():
    assert not Pending() and Pending(started=STARTED)
