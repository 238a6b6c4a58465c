# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rotations of an ION API file: which exports get the new one, what is refused, and what happens after a failure."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import IonError, Refused, failure
from ansible_collections.docbits.ion.plugins.module_utils._core.run import Context
from ansible_collections.docbits.ion.plugins.module_utils._exports.rotation import Rotation
from ansible_collections.docbits.ion.plugins.module_utils._infor.verdicts import PROVED
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.parser import parse
from ansible_collections.docbits.ion.plugins.module_utils._model.export import Declared
from ansible_collections.docbits.ion.plugins.module_utils._module import _rotation, environment
from simulator.ionapi import cloud_file


@pytest.fixture(name="files")
def _files(world):
    """An old and a new file of the same app, as the model has them."""
    old = json.loads(world.ionapi(1))
    new = {**old, **{key: value for key, value in json.loads(world.ionapi(2)).items() if key in ("saak", "sask")}}
    return Rotation(*(json.dumps(file, sort_keys=True, separators=(",", ":")) for file in (old, new)))


def stored(organisation) -> dict:
    """The stored ION API files by id."""
    return {id_: row.files["ion_api"] for id_, row in organisation.rows.items() if "ion_api" in row.files}


def test_rotation_replaces_the_file_of_declared_and_undeclared_exports(world, files):
    exports = [world.infor(ionapi=files.old), world.infor("3", "C", ionapi=files.old), world.infor("4", "D", ionapi=world.ionapi(9)), world.webhook()]
    organisation = world.Organisation(exports)
    result = organisation.reconcile(world.declared(world.infor(ionapi=files.new)), rotation=files)
    assert sorted(world.outcomes(result["steps"])) == [("update", "B", "applied"), ("update", "C", "applied")]
    assert stored(organisation) == {"2": files.new, "3": files.new, "4": world.ionapi(9)} and result["findings"] == []
    assert organisation.reconcile(world.declared(world.infor(ionapi=files.new)), rotation=files)["steps"] == []


def test_rotation_of_masked_files_goes_by_the_fingerprint_and_not_by_the_connection_test(world, files):
    organisation = world.Organisation([world.infor(ionapi=files.old), world.infor("3", "C", ionapi=files.old)], download="left_out", download_of="ion_api")
    wanted = world.declared(world.infor(ionapi=files.new))
    result = organisation.reconcile(wanted, rotation=files)
    assert world.outcomes(result["steps"]) == [("update", "B", "applied")]
    assert stored(organisation) == {"2": files.new, "3": files.old} and world.ids(result["findings"]) == ["E83"]
    assert organisation.reconcile(wanted, rotation=files)["steps"] == []


def test_rotation_leaves_an_ignored_export_and_says_so(world, files):
    organisation = world.Organisation([world.infor(ionapi=files.old)])
    result = organisation.reconcile(Declared("2", {}, state="ignore", label="exports[0]"), rotation=files)
    assert result["steps"] == [] and world.ids(result["findings"]) == ["E83"]


def test_rotation_does_not_know_whether_an_export_of_an_unknown_kind_has_the_old_file(world, files):
    organisation = world.Organisation([world.infor(ionapi=files.old)], methods="unknown")
    assert world.ids(organisation.reconcile(rotation=files)["findings"]) == ["E83"]


def test_rotation_tests_active_exports_that_have_the_new_file_already(world, files):
    organisation = world.Organisation([world.infor(ionapi=files.new), world.infor("3", "C", ionapi=files.old, active=False)], own_checks="refuse")
    result = organisation.reconcile(world.declared(world.infor(ionapi=files.new)), rotation=files, checks=("test_connection",))
    assert world.outcomes(result["steps"]) == [("update", "C", "applied")]
    assert [(finding["id"], finding["where"]) for finding in result["findings"]] == [("DB31", 'export 2 "B"')]


@pytest.mark.parametrize(
    ("file", "shown", "reversible"),
    # DocBits shows the file; it withholds it, and the fingerprint says that it is the old one; it shows another one.
    [("old", {}, True), ("old", {"download": "left_out", "download_of": "ion_api"}, True), ("other", {}, False)],
)
def test_rotation_can_be_rolled_back_if_the_export_has_the_old_file_for_certain(world, files, file, shown, reversible):
    export = world.infor(ionapi=files.old if file == "old" else world.ionapi(9))
    organisation = world.Organisation([export], **shown)
    organisation.reconcile(world.declared(export), update="always")
    [step] = organisation.reconcile(world.declared(world.infor(ionapi=files.new)), rotation=files, require_reversible=reversible)["steps"]
    assert step["reversible"] is reversible and ("not known to be the old one" in step.get("irreversible_because", "")) is not reversible


def test_rotation_after_an_interrupted_one_cannot_be_rolled_back_as_a_whole(world, files, tmp_path):
    organisation = world.Organisation([world.infor(ionapi=files.old)], download="partly_masked")
    organisation.reconcile(world.declared(world.infor(ionapi=files.old)))
    path = tmp_path / "organisation.run.json"
    sent = {"action": "update", "id": "2", "momentary": False, "fields": {}, "active": True, "names": [], "state": "sent"}
    path.write_text(json.dumps({"format": 1, "started": "2026-01-01T00:00:00Z", "steps": [sent]}))
    [step] = organisation.reconcile(world.declared(world.infor(ionapi=files.new)), rotation=files, record_path=str(path))["steps"]
    assert step["reason"] == "idm_mapping, ionapi"
    assert step["irreversible_because"] == (
        "putting the old ION API file back does not take back idm_mapping; the former ION API file is not known to be the old one"
    )


@pytest.mark.parametrize("changes", [{"active": False}, {"title": "C"}, {"idm_mapping": "INVOICE=Other"}])
def test_rotation_refuses_other_changes_before_any_write(world, files, changes):
    organisation = world.Organisation([world.infor(ionapi=files.old)])
    error = organisation.failed(world.declared(world.infor(ionapi=files.new), keep_id=True, **changes), rotation=files)
    assert error.id == "E84" and organisation.writes == []


# the option rotate


@pytest.fixture(name="rotate")
def _rotate(monkeypatch):
    """Rotates from one cloud file to another with a deployment that is a function; returns the result."""
    monkeypatch.setattr(_rotation._proof, "prove", lambda *_arguments: SimpleNamespace(outcome=PROVED, facts={"identity": {"name": "Ann"}}, findings=[]))
    monkeypatch.setattr(_rotation, "connect", lambda *_arguments: None)

    def rotate(old, new, deploy=None, **options):
        spec = environment.ARGUMENT_SPEC.argument_spec
        params = {name: option.get("default") for name, option in spec.items()}
        params.update(docbits_url="https://docbits.example.com", api_key="k", exports=[], fingerprints={"saved": {}}, **options)
        params.update({f"{name}_content": text and json.dumps(text) for name, text in (("ionapi", old), ("ionapi_new", new))})
        return _rotation.rotate(Context(params), deploy or (lambda _context, _rotation: {"changed": True, "exports": [], "steps": [], "findings": []}))

    return rotate


OLD = cloud_file()
NEW = {**OLD, **{key: value for key, value in cloud_file().items() if key in ("saak", "sask")}}


def test_rotate_without_a_new_file_or_with_the_same_one_does_nothing(rotate):
    for new in (None, OLD):
        result = rotate(OLD, new)
        assert [finding["id"] for finding in result["findings"]] == ["E80"] and "rotation" not in result and "changed" not in result


@pytest.mark.parametrize(
    ("old", "new", "finding"),
    [
        (None, NEW, "E81"),
        (OLD, {**NEW, "ci": "ACME_TST~other"}, "E82"),
        (OLD, json.loads(json.dumps(NEW).replace("ACME_TST", "ACME_PRD")), "E85"),
    ],
)
def test_rotate_refuses_a_file_that_does_not_replace_the_other(rotate, old, new, finding):
    with pytest.raises(IonError) as caught:
        rotate(old, new)
    assert caught.value.id == finding and NEW["ci"] not in caught.value.message


def test_rotate_without_a_connection_point_is_accepted(rotate):
    assert rotate(OLD, NEW, logical_id="")["rotation"]["may_be_disabled"]


def test_rotate_to_another_client_is_accepted_if_it_is_allowed(rotate):
    assert rotate(OLD, {**NEW, "ci": "ACME_TST~other"}, allow_new_client=True)["rotation"]["may_be_disabled"]


@pytest.mark.parametrize(
    ("new", "findings", "why"),
    [
        ({**NEW, "saak": OLD["saak"]}, [], "the new file has the same one"),
        (NEW, [{"id": "E83", "level": "warning", "where": "export 3", "message": "", "action": ""}], "an export may still use it"),
    ],
)
def test_rotate_says_that_an_account_in_use_must_not_be_disabled(rotate, new, findings, why):
    result = rotate(OLD, new, lambda _context, _rotation: {"changed": True, "exports": [], "steps": [], "findings": findings})
    assert result["findings"][-1]["id"] == "E87" and why in result["findings"][-1]["message"]
    assert result["rotation"]["may_be_disabled"] is False and result["rotation"]["old"]["user"] == "Ann"


def test_rotate_never_revokes_a_token(rotate):
    seen = []
    rotate(OLD, NEW, lambda context, _rotation: seen.append(context.params) or {"changed": False, "exports": [], "steps": [], "findings": []}, revoke=True)
    assert seen[0]["revoke"] is False and seen[0]["ionapi_content"] == json.dumps(NEW)


def refused_after(outcome, why="", fingerprints=None, id_="DB05"):
    """A deployment that fails after a step with this outcome, which can be rolled back or not."""
    step = {"id": "7", "action": "update", "export": "A", "reversible": not why, "irreversible_because": why, "outcome": outcome}

    def deploy(_context, _rotation):
        raise failure(Refused, id_, "x", "y", "z", steps=[step], changed=True, fingerprints=fingerprints or {})

    return deploy


@pytest.mark.parametrize(("outcome", "id_"), [("not_applied", "DB05"), ("applied", "DV12")])
def test_rotate_after_a_step_that_was_not_applied_or_made_a_second_export_puts_nothing_back(rotate, monkeypatch, outcome, id_):
    monkeypatch.setattr(_rotation, "reconcile", None)
    with pytest.raises(IonError) as caught:
        rotate(OLD, NEW, refused_after(outcome, id_=id_))
    assert [finding.id for finding in caught.value.findings] == [id_]


@pytest.mark.parametrize(
    ("outcome", "changed", "then", "removed"),
    [
        ("applied", False, "rolled_back", {}),
        # A request without an answer may still be applied.
        ("unknown", True, "unknown", {"https://docbits.example.com 7": {"ionapi": None}}),
    ],
)
def test_rotate_after_a_failed_step_puts_the_old_file_back(rotate, monkeypatch, outcome, changed, then, removed):
    asked = []
    monkeypatch.setattr(_rotation, "reconcile", lambda _client, _declared, options, check_mode: asked.append((options, check_mode)) or {"steps": []})
    with pytest.raises(IonError) as caught:
        rotate(OLD, NEW, refused_after(outcome))
    [(options, check_mode)] = asked
    old, new = (parse(json.dumps(file), "x").ionapi.document for file in (OLD, NEW))
    assert (options.rotation.old, options.rotation.new, options.rotation.ids, check_mode) == (new, old, frozenset({"7"}), False)
    # A password that DocBits withholds is no reason to refuse.
    assert options.update == "when_changed" and options.require_reversible is False
    assert [finding.id for finding in caught.value.findings] == ["DB05", "DV30"]
    facts = caught.value.facts
    assert (facts["changed"], facts["rolled_back"], facts["steps"][0]["outcome"]) == (changed, True, then)
    assert facts["fingerprints"] == removed


def test_rotate_that_put_the_old_file_back_says_what_that_does_not_take_back(rotate, monkeypatch):
    monkeypatch.setattr(_rotation, "reconcile", lambda *_arguments: {"steps": []})
    with pytest.raises(IonError) as caught:
        rotate(OLD, NEW, refused_after("applied", "why"))
    facts = caught.value.facts
    assert facts["changed"] is True and facts["steps"][0]["outcome"] == "applied"
    assert [finding.id for finding in caught.value.findings] == ["DB05", "DV30", "DV03"] and "remains: why" in caught.value.findings[-1].message
    assert caught.value.message.endswith("(not rolled back: update A)")


def test_rotate_that_put_the_old_file_back_keeps_what_is_known_of_other_values(rotate, monkeypatch):
    export, seen = "https://docbits.example.com 7", []

    def put_back(_client, _declared, options, _check_mode):
        seen.append(options.fingerprints.as_dict())
        return {"steps": [], "fingerprints": {export: {"ionapi": "new"}}}

    monkeypatch.setattr(_rotation, "reconcile", put_back)
    mapping = f"{'0' * 16}:{'0' * 40}"
    with pytest.raises(IonError) as caught:
        rotate(OLD, NEW, refused_after("applied", fingerprints={export: {"idm_mapping": mapping, "password": None}}))
    assert seen == [{"saved": {}, export: {"idm_mapping": mapping}}]
    assert caught.value.facts["fingerprints"] == {export: {"idm_mapping": mapping, "password": None, "ionapi": "new"}}


def test_rotate_that_puts_back_what_an_earlier_run_replaced_has_changed_it(rotate, monkeypatch):
    step = {"id": "8", "action": "update", "export": "B", "reversible": False, "outcome": "applied"}
    monkeypatch.setattr(_rotation, "reconcile", lambda *_arguments: {"steps": [step]})
    with pytest.raises(IonError) as caught:
        rotate(OLD, NEW, refused_after("applied"))
    assert caught.value.facts["changed"] and caught.value.facts["steps"][1:] == [step]


def test_rotate_that_cannot_put_the_old_file_back_says_so(rotate, monkeypatch):
    def fail(*_arguments):
        raise failure(Refused, "DB01", "x", "y", "z")

    monkeypatch.setattr(_rotation, "reconcile", fail)
    with pytest.raises(IonError) as caught:
        rotate(OLD, NEW, refused_after("applied"))
    assert [finding.id for finding in caught.value.findings] == ["DB05", "DV31", "DB01"]
    assert caught.value.facts["changed"] is True and "keep both service accounts" in caught.value.findings[1].action
