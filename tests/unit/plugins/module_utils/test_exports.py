# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reconciling with the model DocBits: check mode, names, conflicts, the second reading, interrupted runs, evidence, and declarations as read."""

from __future__ import annotations

import json
import secrets
from dataclasses import replace

import pytest
from simulation import model as _model

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import ContractMismatch
from ansible_collections.docbits.ion.plugins.module_utils._core.private_files import locked, write_json
from ansible_collections.docbits.ion.plugins.module_utils._core.run import Context
from ansible_collections.docbits.ion.plugins.module_utils._docbits.bundled import CURRENT, PUBLISHED_2_2_10
from ansible_collections.docbits.ion.plugins.module_utils._docbits.contract import DOWNLOAD_TYPES, Contract, Overrides
from ansible_collections.docbits.ion.plugins.module_utils._exports.declared import declared_exports
from ansible_collections.docbits.ion.plugins.module_utils._exports.reconcile import Options
from ansible_collections.docbits.ion.plugins.module_utils._exports.restore import as_declaration
from ansible_collections.docbits.ion.plugins.module_utils._exports.run_record import RunRecord
from ansible_collections.docbits.ion.plugins.module_utils._model.choices import ALWAYS, CHECKS, ON_CREATE, TEST_CONNECTION, VALIDATE
from ansible_collections.docbits.ion.plugins.module_utils._model.export import FILES, KINDS, SECRET_FIELDS, Declared, Export
from ansible_collections.docbits.ion.plugins.module_utils._model.values import Known
from ansible_collections.docbits.ion.plugins.module_utils._module._options import export_options, reconcile_options


@pytest.fixture(autouse=True)
def _home(monkeypatch, tmp_path):
    """Locks are files in the home directory."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))


def bod(world):
    export = world.infor(None, kind="infor_ion_bod", bod_mapping="A=1\n")
    return replace(export, values={name: value for name, value in export.values.items() if name != "idm_mapping"})


# The exports at the start by index, what is declared, options, and whether anything changes.
SCENARIOS = {
    "an empty organisation": ([], lambda w: [w.declared(w.webhook(None)), w.declared(bod(w), 1)], {}, True),
    "nothing declared": ([0, 1], lambda w: [], {}, False),
    "as it is": ([0, 1], lambda w: [w.declared(w.webhook()), w.declared(w.infor(), 1)], {}, False),
    "an edit by hand": ([0, 1], lambda w: [w.declared(w.webhook(), url="https://new.example"), w.declared(w.infor(), 1, idm_mapping="B=1\n")], {}, True),
    "a swap": ([0], lambda w: [w.declared(w.webhook(), active=False), w.declared(w.webhook(None, "new"), 1)], {}, True),
    "a spare": ([0], lambda w: [w.declared(w.webhook(None, "spare", active=False))], {"allow_momentary_deactivation": True}, True),
    "a purge": ([0, 1, 2], lambda w: [w.declared(w.webhook())], {"purge": True}, True),
    "a purge with a successor": ([0, 1], lambda w: [w.declared(w.webhook(None, "new")), w.declared(w.infor(None, "new"), 1)], {"purge": True}, True),
    "a purge that ignores": (
        [0, 1],
        lambda w: [w.declared(w.webhook()), Declared(None, {"title": "B"}, label="exports[1]", state="ignore")],
        {"purge": True},
        False,
    ),
    "absent": ([0, 1], lambda w: [w.declared(w.webhook(), state="absent")], {}, True),
    "absent already": ([1], lambda w: [w.declared(w.webhook(), state="absent")], {}, False),
    "a rename": ([0], lambda w: [w.declared(w.webhook(), keep_id=True, title="new")], {}, True),
    "a move": ([0, 2], lambda w: [w.declared(w.webhook(), keep_id=True, document_type="CREDIT_NOTE"), w.declared(w.webhook("3", "C"), 1, "absent")], {}, True),
}


@pytest.mark.parametrize(("chosen", "declare", "options", "changed"), SCENARIOS.values(), ids=SCENARIOS)
@pytest.mark.parametrize("moods", [{}, {"nulls": False}, {"shuffled": True, "booleans": "letter", "ids": "string"}], ids=str)
def test_reconcile_does_what_check_mode_announces_and_nothing_again(world, chosen, declare, options, changed, moods):
    everything = [world.webhook("1"), world.infor("2"), world.webhook("3", "C", active=False), world.sftp("5")]
    # With an export of a sub-organisation the list has their key.
    docbits = world.Organisation([everything[index] for index in chosen], one_active="any", **moods)
    docbits.client = _with_sub_organisation_key(docbits.client)
    check = docbits.reconcile(*declare(world), check_mode=True, **options)
    assert docbits.writes == []
    real = docbits.reconcile(*declare(world), **options)
    assert check["changed"] is real["changed"] is changed
    assert check["diff"] == real["diff"]
    assert sorted((step["action"], step["export"]) for step in check["steps"]) == sorted((step["action"], step["export"]) for step in real["steps"])
    docbits.calls.clear()
    again = docbits.reconcile(*declare(world), **options)
    assert again["changed"] is False and docbits.writes == []
    assert again["diff"]["before"] == again["diff"]["after"]
    announced = [{name: value for name, value in shown.items() if name != "id"} for shown in real["diff"]["after"]["exports"]]
    found = [{name: value for name, value in shown.items() if name != "id"} for shown in again["diff"]["after"]["exports"]]
    assert _comparable(announced) == _comparable(found)


@pytest.mark.parametrize(("nulls", "changed"), [(True, False), (False, True)])
def test_empty_text_that_is_absent_is_not_sent_and_one_that_is_not_listed_is_sent_once(world, nulls, changed):
    docbits = world.Organisation([world.sftp("5"), world.webhook("1", sub_organisation="s1")], nulls=nulls)
    declared = world.declared(world.sftp(), filename_mode="", password=None)
    assert docbits.reconcile(declared, assume_kept=True)["changed"] is changed
    assert docbits.reconcile(declared, assume_kept=True)["changed"] is False


def _with_sub_organisation_key(make):
    def client(check_mode=False):
        made = make(check_mode)
        made._has_sub_organisations = lambda: False
        return made

    return client


def _comparable(shown):
    """Without files and passwords, which a diff shows only where they are declared, and without what is empty."""
    hidden = (*FILES, *SECRET_FIELDS)
    return sorted(str({name: value for name, value in export.items() if name not in hidden and value not in ("", False)}) for export in shown)


def test_reconcile_returns_a_line_for_every_declared_export(world):
    docbits = world.Organisation([world.webhook("1")])
    result = docbits.reconcile(world.declared(world.webhook(), url="https://b.example"), world.declared(world.infor(None), 1), check_mode=True)
    assert result["exports"] == [
        {"id": "1", "title": "A", "kind": "webhook", "actions": ["update"], "evidence": {}},
        {"id": None, "title": "B", "kind": "infor_idm", "actions": ["create"], "evidence": {}},
    ]
    assert result["findings"] == [] and "fingerprints" not in result


def test_reconcile_returns_a_new_export_with_its_id(world):
    docbits = world.Organisation()
    result = docbits.reconcile(world.declared(world.webhook(None)))
    assert [line["id"] for line in result["exports"]] == list(docbits.rows)


def test_reconcile_of_an_unchanged_environment_reads_once(world):
    docbits = world.Organisation([world.webhook("1")])
    docbits.reconcile(world.declared(world.webhook()))
    assert docbits.calls == ["list"]


def test_reconcile_without_diff_mode_returns_no_diff(world):
    assert "diff" not in world.Organisation().reconcile(diff_mappings=None)


def test_activity_of_an_unknown_word_is_left_alone_with_the_line_to_set(world):
    docbits = world.Organisation([world.webhook("1")], booleans="unknown")
    result = docbits.reconcile(world.declared(world.webhook(), active=False))
    [finding] = [finding for finding in result["findings"] if finding["id"] == "E14"]
    assert "contract_overrides: {booleans: {ja: 'true'}}" in finding["action"] and result["changed"] is False and docbits.writes == []


# An active export that nobody declared


def rivals(result):
    return [finding["where"] for finding in result["findings"] if finding["id"] == "E22"]


def test_undeclared_active_export_is_named_before_docbits_refuses(world):
    docbits = world.Organisation([world.webhook("1", "Standing")], one_active="active")
    before = docbits.state
    new = world.declared(world.webhook(None, "New"))
    check = docbits.reconcile(new, check_mode=True)
    assert rivals(check) == ['exports[0] "New"'] and 'export 1 "Standing"' in check["findings"][0]["message"] and "id 1" in check["findings"][0]["action"]
    assert world.ids(docbits.failed(new).findings) == ["DB05", "E22"] and docbits.state == before


def test_undeclared_active_export_beside_a_new_one_stays_active(world):
    docbits, new = world.Organisation([world.webhook("1", "Standing")]), world.declared(world.webhook(None, "New"))
    assert rivals(docbits.reconcile(new)) == ['exports[0] "New"']
    assert [row.active for row in docbits.rows.values()] == [True, True]
    again = docbits.reconcile(new)
    assert rivals(again) == [] and again["changed"] is False


@pytest.mark.parametrize(
    ("new", "options"),
    [
        ({"active": False}, {}),
        ({"document_type": "CREDIT_NOTE"}, {}),
        ({"kind": "infor_idm"}, {}),
        ({}, {"several_active": True}),
        ({}, {"purge": True}),
    ],
    ids=["inactive", "elsewhere", "of the other family", "several", "purge"],
)
def test_undeclared_active_export_that_is_no_rival_is_not_named(world, new, options):
    docbits = world.Organisation([world.webhook("1", "Standing")])
    declared = world.declared(world.infor(None, "New") if new.get("kind") else world.webhook(None, "New"), **new)
    assert rivals(docbits.reconcile(declared, check_mode=True, **options)) == []


def test_undeclared_active_export_is_a_rival_of_one_that_moves_or_becomes_active(world):
    exports = [world.webhook("1", "Standing"), world.webhook("2", "Moving", document_type="CREDIT_NOTE"), world.webhook("3", "Off", active=False)]
    docbits = world.Organisation(exports)
    moving = world.declared(world.webhook("2", "Moving"), keep_id=True)
    assert rivals(docbits.reconcile(moving, check_mode=True)) == ['exports[0] "Moving"']
    assert rivals(docbits.reconcile(world.declared(world.webhook("3", "Off"), active=True), check_mode=True)) == ['exports[0] "Off"']


# Momentary deactivation


def test_inactive_export_beside_an_undeclared_active_one_without_the_option_names_the_option(world):
    docbits = world.Organisation([world.webhook("1", "runs")], one_active="any")
    before = docbits.state
    error = docbits.failed(world.declared(world.webhook(None, "spare"), active=False))
    assert "set allow_momentary_deactivation" in error.message and error.id == "DB05"
    assert docbits.state == before and docbits.writes == ["create"]


def test_inactive_export_beside_an_active_one_with_the_option_is_created(world):
    docbits = world.Organisation([world.webhook("1", "runs")], one_active="any")
    docbits.reconcile(world.declared(world.webhook(None, "spare"), active=False), allow_momentary_deactivation=True)
    assert docbits.writes == ["deactivate", "create", "deactivate", "activate"]
    assert {row.values["title"]: row.active for row in docbits.rows.values()} == {"runs": True, "spare": False}


def test_active_export_that_is_refused_does_not_name_the_option(world):
    docbits = world.Organisation([world.webhook("1", "runs")], one_active="any")
    assert "allow_momentary_deactivation" not in docbits.failed(world.declared(world.webhook(None, "new"))).message


# Names


def test_names_are_resolved_only_if_no_export_uses_them(world):
    docbits = world.Organisation([world.webhook("1", sub_organisation="s1")])
    docbits.reconcile(world.declared(world.webhook(), sub_organisation="s1", url="https://b.example"), check_mode=True)
    assert docbits.calls == ["list"]
    result = docbits.reconcile(world.declared(world.webhook(None, "N"), document_type=" credit note", sub_organisation="NORTH"), check_mode=True)
    [new] = [shown for shown in result["diff"]["after"]["exports"] if shown["title"] == "N"]
    assert (new["document_type"], new["sub_organisation"]) == ("CREDIT_NOTE", "s1")


@pytest.mark.parametrize(
    ("name", "value", "id_", "message"),
    [
        ("document_type", "NVOICE", "DB12", "DocBits has no document type NVOICE; it has INVOICE, CREDIT_NOTE"),
        ("sub_organisation", "Nort", "DB13", "DocBits has no sub-organisation Nort; it has North, South, South"),
        ("sub_organisation", "South", "DB13", "2 of them are called South"),
    ],
)
def test_name_that_docbits_does_not_have_is_an_error_before_any_write(world, monkeypatch, name, value, id_, message):
    monkeypatch.setattr(
        _model.Model, "_get_sub_organisations", lambda *_: _model.json_answer([{"id": f"s{n}", "name": t} for n, t in enumerate(("North", "South", "South"))])
    )
    docbits = world.Organisation()
    error = docbits.failed(world.declared(world.webhook(None), **{name: value}))
    assert error.id == id_ and message in error.message
    assert f'exports[0] "A": {name}' in error.message and docbits.writes == []


@pytest.mark.parametrize("state", ["absent", "ignore"])
def test_name_that_docbits_does_not_have_is_no_error_for_an_absent_or_ignored_export(world, state):
    docbits = world.Organisation([world.webhook("1", sub_organisation="s1")])
    assert not docbits.reconcile(world.declared(world.webhook(), state=state, document_type="NVOICE", sub_organisation="s1"))["changed"]


def test_absent_export_is_found_by_names(world):
    docbits = world.Organisation([world.webhook("1", sub_organisation="s1")])
    assert docbits.reconcile(world.declared(world.webhook(), state="absent", document_type="Invoice", sub_organisation="north"))["changed"]
    assert docbits.rows == {}


@pytest.mark.parametrize("types", ["title", "lower"])
def test_document_type_that_is_listed_in_another_form_is_the_same(world, types):
    docbits = world.Organisation([world.webhook("1", document_type="CREDIT_NOTE")], types=types)
    assert docbits.reconcile(world.declared(world.webhook(document_type="CREDIT_NOTE")))["changed"] is False


def test_ignored_export_is_found_by_a_name_and_not_purged(world):
    docbits = world.Organisation([world.webhook("1"), world.webhook("2", "kept", document_type="CREDIT_NOTE")])
    ignored = Declared(None, {"title": "kept", "document_type": "Credit Note"}, label="exports[1]", state="ignore")
    assert not docbits.reconcile(world.declared(world.webhook()), ignored, purge=True)["changed"]


def test_two_names_of_one_document_type_are_one_export(world):
    error = world.Organisation().failed(world.declared(world.webhook(None)), world.declared(world.webhook(None), 1, document_type="Invoice"))
    assert error.id == "P03"


# Conflicts and the contract, before the first write


def test_two_declared_exports_that_would_both_be_active_are_an_error(world):
    docbits = world.Organisation([world.webhook("1")])
    error = docbits.failed(world.declared(world.webhook()), world.declared(world.webhook(None, "B"), 1))
    assert error.id == "E05" and docbits.writes == []
    assert 'exports[0] "A"' in error.message and 'exports[1] "B"' in error.message


def test_two_declared_exports_that_are_both_active_already_are_no_error(world):
    docbits = world.Organisation([world.webhook("1"), world.webhook("2", "B")])
    declared = [world.declared(world.webhook()), world.declared(world.webhook("2", "B"), 1, url="https://b.example")]
    assert [step["action"] for step in docbits.reconcile(*declared)["steps"]] == ["update"]


@pytest.mark.parametrize("different", [{"active": False}, {"document_type": "CREDIT_NOTE"}, {"sub_organisation": "s1"}], ids=str)
def test_declared_exports_that_do_not_exclude_each_other_are_no_error(world, different):
    docbits = world.Organisation([world.infor("2", document_type="CREDIT_NOTE")])
    declared = [world.declared(world.webhook(None)), world.declared(world.webhook(None, "B"), 1, **different), world.declared(world.infor(None, "C"), 2)]
    assert len(docbits.reconcile(*declared, check_mode=True)["steps"]) == 3


def test_several_active_exports_are_declared_with_several_active(world):
    docbits = world.Organisation()
    docbits.reconcile(
        world.declared(world.webhook(None), execution_order=1), world.declared(world.webhook(None, "B"), 1, execution_order=2), several_active=True
    )
    assert [row.active for row in docbits.rows.values()] == [True, True]


@pytest.mark.parametrize("check_mode", [True, False])
def test_every_problem_of_the_contract_is_an_error_before_the_first_write(world, check_mode):
    docbits = world.Organisation([world.webhook("1")], contract=Contract(PUBLISHED_2_2_10, "2.2.10"))
    smb = Declared(None, {"title": "S", "kind": "smb", "document_type": "INVOICE", "active": False, "folder": "in"}, label='exports[1] "S"')
    error = docbits.failed(world.declared(world.webhook(), url="https://b.example"), smb, check_mode=check_mode)
    assert isinstance(error, ContractMismatch) and error.id == "DC01" and docbits.writes == []


# Whether a plan can be rolled back


def test_step_that_cannot_be_rolled_back_says_why_in_check_mode(world):
    docbits = world.Organisation([world.webhook("1")])
    [step] = docbits.reconcile(world.declared(world.webhook(), state="absent"), check_mode=True)["steps"]
    assert step["reversible"] is False and "does not come back" in step["irreversible_because"]


@pytest.mark.parametrize("check_mode", [True, False])
def test_step_that_cannot_be_rolled_back_is_refused_with_require_reversible(world, check_mode):
    docbits = world.Organisation([world.webhook("1"), world.infor("2")], download="masked", download_of="secret")
    declared = [world.declared(world.webhook(), state="absent"), world.declared(world.infor(), 1, ionapi=world.ionapi(2))]
    error = docbits.failed(*declared, require_reversible=True, check_mode=check_mode)
    assert world.ids(error.findings) == ["P10", "P10"] and docbits.writes == []
    assert {finding.where for finding in error.findings} == {'exports[0] "A"', 'exports[1] "B"'}


def test_step_that_can_be_rolled_back_is_allowed_with_require_reversible(world):
    docbits = world.Organisation([world.webhook("1")])
    declared = [world.declared(world.webhook(), url="https://b.example"), world.declared(world.infor(None), 1)]
    assert docbits.reconcile(*declared, require_reversible=True)["changed"]


# The second reading


def test_export_that_changes_between_reading_and_writing_is_planned_anew(world):
    docbits = world.Organisation([world.webhook("1")])
    docbits.before("list", docbits.edit("1", values={"title": "Renamed"}), nth=2)
    result = docbits.reconcile(world.declared(world.webhook(), url="https://b.example"), checks=())
    assert [step["action"] for step in result["steps"]] == ["create"] and docbits.calls[:3] == ["list"] * 3


def test_export_that_somebody_creates_between_reading_and_writing_is_not_created_again(world):
    docbits = world.Organisation([world.webhook("1", "other")])
    docbits.before("list", docbits.add(world.webhook("30")), nth=2)
    result = docbits.reconcile(world.declared(world.webhook(None)))
    assert result["changed"] is False and docbits.writes == [] and sorted(docbits.rows) == ["1", "30"]


def test_exports_that_keep_changing_are_an_error_before_any_write(world):
    docbits = world.Organisation([world.webhook("1")])
    orders = iter(range(100))
    docbits.before("list", lambda: docbits.model.change("1", values={"execution_order": next(orders)}), always=True)
    error = docbits.failed(world.declared(world.webhook(), url="https://b.example"))
    assert error.id == "P07" and docbits.writes == []
    assert docbits.calls == ["list"] * 3


def test_file_that_an_update_does_not_send_is_read_before_it(world):
    docbits = world.Organisation([world.infor("2")])
    docbits.reconcile(world.declared(world.infor(), idm_mapping=None, ionapi=None, execution_order=3))
    assert {"download ION_API", "download IDM_MAPPING"} <= set(docbits.calls[: docbits.calls.index("update")])


# The lock


def test_run_beside_another_one_on_this_machine_waits_and_writes_nothing(world):
    docbits = world.Organisation([world.webhook("1")])
    declared = world.declared(world.webhook(), url="https://b.example")
    started = docbits.clock.now
    with locked("organisation", 0.0) as is_locked:
        assert is_locked
        error = docbits.failed(declared, lock="organisation", lock_timeout=7.0)
    assert error.id == "P08" and docbits.writes == [] and 7.0 <= docbits.clock.now - started < 8.0
    assert docbits.reconcile(declared, lock="organisation")["changed"]


def test_run_for_another_organisation_does_not_wait(world):
    docbits = world.Organisation([world.webhook("1")])
    with locked("another organisation", 0.0):
        assert docbits.reconcile(world.declared(world.webhook(), url="https://b.example"), lock="organisation")["changed"]


def test_run_in_check_mode_needs_no_lock(world):
    docbits = world.Organisation([world.webhook("1")])
    declared = world.declared(world.webhook(), url="https://b.example")
    with locked("organisation", 0.0):
        assert docbits.reconcile(declared, lock="organisation", lock_timeout=0.0, check_mode=True)["changed"]


def test_run_without_a_private_folder_for_locks_warns_and_goes_on(world, tmp_path):
    folder = tmp_path / "home/.ansible/docbits.ion/locks"
    folder.mkdir(parents=True)
    folder.chmod(0o777)
    result = world.Organisation([world.webhook("1")]).reconcile(world.declared(world.webhook(), url="https://b.example"), lock="organisation")
    assert "E28" in world.ids(result["findings"]) and result["changed"]


# Interrupted runs


def interrupted(docbits, path, *declared, at, **options):
    """A run that is killed right before a call: the model has every effect so far, and nothing is rolled back."""

    class Killed(BaseException):
        pass

    docbits.fail(at, Killed())
    for verb in ("list", "activate", "remove", "update", "deactivate"):
        docbits.before(at, lambda verb=verb: docbits.fail(verb, Killed(), always=True))
    docbits.hooks.reverse()
    with pytest.raises(Killed):
        docbits.reconcile(*declared, record_path=path, **options)
    docbits.hooks.clear()


@pytest.fixture
def record(tmp_path):
    return str(tmp_path / "records" / "organisation.run.json")


def test_interrupted_momentary_deactivation_is_ended_by_the_next_run(world, record):
    docbits, spare = world.Organisation([world.webhook("1", "runs")]), world.declared(world.webhook(None, "spare"), active=False)
    interrupted(docbits, record, spare, at="create", allow_momentary_deactivation=True)
    assert not docbits.rows["1"].active
    result = docbits.reconcile(spare, record_path=record)
    assert docbits.rows["1"].active and "E29" in world.ids(result["findings"])
    assert docbits.reconcile(spare, record_path=record)["changed"] is False and RunRecord(record).load().started == ""


def test_export_left_inactive_whose_activation_is_refused_once_is_activated(world, record):
    docbits, spare = world.Organisation([world.webhook("1", "runs")]), world.declared(world.webhook(None, "spare"), active=False)
    interrupted(docbits, record, spare, at="create", allow_momentary_deactivation=True)
    docbits.fail("activate", "refused before")
    assert "DV11" not in world.ids(docbits.reconcile(spare, record_path=record)["findings"]) and docbits.rows["1"].active


@pytest.mark.parametrize("fault", ["lost before", "lost after"])
def test_export_left_inactive_whose_activation_is_not_answered_is_activated_by_the_next_run(world, record, fault):
    docbits, spare = world.Organisation([world.webhook("1", "runs")]), world.declared(world.webhook(None, "spare"), active=False)
    interrupted(docbits, record, spare, at="create", allow_momentary_deactivation=True)
    docbits.fail("activate", fault)
    if fault == "lost before":
        error = docbits.failed(spare, record_path=record)
        assert "DV09" not in world.ids(error.findings) and "E33" in world.ids(error.findings) and error.facts["changed"] is True
    assert "E29" in world.ids(docbits.reconcile(spare, record_path=record)["findings"]) and docbits.rows["1"].active


def test_export_left_inactive_whose_activation_is_refused_is_not_said_to_be_replaced_by_a_new_one(world, record):
    docbits, spare = world.Organisation([world.webhook("1", "runs")]), world.declared(world.webhook(None, "spare"), active=False)
    interrupted(docbits, record, spare, at="create", allow_momentary_deactivation=True)
    docbits.fail("activate", "refused before", always=True)
    result = docbits.reconcile(world.declared(world.webhook(None, "new")), record_path=record)
    assert "DV11" in world.ids(result["findings"]) and not docbits.rows["1"].active


@pytest.mark.parametrize("order", [2, 3])
def test_export_that_an_interrupted_update_deactivated_stays_active_when_the_next_run_fails(world, record, order):
    docbits = world.Organisation([world.webhook("1")], update="deactivates")
    declared = world.declared(world.webhook(), active=None, execution_order=2)
    interrupted(docbits, record, declared, at="activate")
    docbits.fail("create", "refused before")
    changed = world.declared(world.webhook(), active=None, execution_order=order)
    error = docbits.failed(changed, world.declared(world.webhook(None, "new"), 1), record_path=record, several_active=True)
    assert docbits.rows["1"].active and "E33" not in world.ids(error.findings)


def test_interrupted_run_is_only_named_in_check_mode(world, record):
    docbits, spare = world.Organisation([world.webhook("1", "runs")]), world.declared(world.webhook(None, "spare"), active=False)
    interrupted(docbits, record, spare, at="create", allow_momentary_deactivation=True)
    result = docbits.reconcile(spare, record_path=record, check_mode=True)
    assert "E29" in world.ids(result["findings"]) and ("activate", "runs", "planned") in world.outcomes(result["steps"])
    assert RunRecord(record).load()


def record_of_a_create(path, export, id_):
    """Write the record of a run that ended after it sent a create."""
    step = {"action": "create", "id": None, "identity": list(export.identity), "momentary": False, "fields": {}, "names": [], "state": "sent", "answered": id_}
    write_json(path, {"format": 1, "started": "2026-01-01T00:00:00Z", "steps": [step]})


@pytest.mark.parametrize(("id_", "named"), [("77", "id 77"), ("", "id unknown")])
def test_create_of_an_interrupted_run_that_is_not_listed_is_not_repeated(world, record, id_, named):
    docbits = world.Organisation([world.webhook("1", "other")])
    record_of_a_create(record, world.webhook(None), id_)
    for check_mode in (True, False):
        error = docbits.failed(world.declared(world.webhook(None)), record_path=record, check_mode=check_mode)
        assert error.id == "P09" and named in error.message and record in error.message
    assert docbits.writes == []


@pytest.mark.parametrize("nulls", [True, False])
def test_run_that_is_refused_names_what_an_interrupted_update_dropped(world, record, nulls):
    docbits = world.Organisation([world.webhook("1", "A", execution_order=2), world.webhook("3", "C", sub_organisation="s1")], update="drops", nulls=nulls)
    changed = world.declared(world.webhook("1", "A"), keep_id=True, url="https://example.com/b")
    docbits.fail("list", KeyboardInterrupt(), nth=3, always=True)
    with pytest.raises(KeyboardInterrupt):
        docbits.reconcile(changed, record_path=record)
    docbits.hooks.clear()
    error = docbits.failed(world.declared(world.webhook("2", "B"), 1, keep_id=True), record_path=record)
    assert error.id == "P01"
    assert [finding.where for finding in error.findings if finding.id == "E30"] == ['export 1 "A": execution_order']


def test_run_that_is_refused_names_what_an_interrupted_update_may_have_dropped_from_an_export_that_is_not_listed(world, record):
    docbits = world.Organisation([world.webhook("1", execution_order=2)], lists_inactive=False, update="drops")
    changed = world.declared(world.webhook("1"), active=False, url="https://example.com/b")
    interrupted(docbits, record, changed, at="activate")
    error = docbits.failed(changed, record_path=record)
    assert error.id == "P09" and docbits.rows["1"].values.get("execution_order") is None
    [finding] = [finding for finding in error.findings if finding.id == "E30"]
    assert finding.where == "export 1: execution_order" and "may have dropped" in finding.message


def test_run_that_cannot_read_the_list_names_what_an_interrupted_update_may_have_dropped(world, record):
    docbits = world.Organisation([world.webhook("1", execution_order=2)], update="drops")
    changed = world.declared(world.webhook("1"), url="https://example.com/b")
    docbits.fail("list", KeyboardInterrupt(), nth=3, always=True)
    with pytest.raises(KeyboardInterrupt):
        docbits.reconcile(changed, record_path=record)
    docbits.hooks.clear()
    docbits.fail("list", "refused before", always=True)
    for check_mode in (True, False):
        error = docbits.failed(changed, record_path=record, check_mode=check_mode)
        assert [finding.where for finding in error.findings if finding.id == "E30"] == ["export 1: execution_order"]
        assert not {"E33", "P09"} & set(world.ids(error.findings))


def test_export_that_was_restored_unlisted_and_that_another_one_replaces_again_is_named(world, record):
    docbits = world.Organisation([world.webhook("1", "By hand")], one_active="replaces", lists_inactive=False)
    new = world.declared(world.webhook(None, "New"))
    interrupted(docbits, record, new, at="activate")
    assert [row.active for row in docbits.rows.values()] == [False]
    error = docbits.failed(new, record_path=record)
    assert [finding.where for finding in error.findings if finding.id == "DV09"] == ["export 1"]
    assert docbits.rows["1"].active


def test_export_that_an_interrupted_run_deactivated_and_that_is_not_listed_is_not_created_again(world, record):
    spare = world.declared(world.webhook(None), active=False)
    docbits = world.Organisation([world.webhook("1", active=False)], lists_inactive=False)
    step = {"action": "deactivate", "id": "1", "identity": list(spare.identity), "momentary": False, "fields": {}, "names": [], "state": "sent"}
    write_json(record, {"format": 1, "started": "2026-01-01T00:00:00Z", "steps": [step]})
    error = docbits.failed(spare, record_path=record)
    assert error.id == "P09" and "id 1" in error.message and docbits.writes == []


def test_create_of_an_interrupted_run_without_an_answer_is_repeated_if_it_is_not_listed(world, record):
    docbits = world.Organisation([world.webhook("1", "other")])
    record_of_a_create(record, world.webhook(None), None)
    assert [step["action"] for step in docbits.reconcile(world.declared(world.webhook(None)), record_path=record)["steps"]] == ["create"]


def test_create_of_an_interrupted_run_that_is_listed_late_is_adopted(world, record):
    docbits = world.Organisation([world.webhook("1", "other")], lag=3.0)
    docbits.model.put(world.row(world.webhook("77")))
    record_of_a_create(record, world.webhook(None), "77")
    result = docbits.reconcile(world.declared(world.webhook(None)), record_path=record)
    assert result["changed"] is False and docbits.writes == [] and RunRecord(record).load().started == ""


def test_run_that_fails_and_is_rolled_back_leaves_no_record(world, record):
    docbits = world.Organisation([world.webhook("1")])
    docbits.fail("update", "refused before")
    docbits.failed(world.declared(world.webhook(), url="https://b.example"), record_path=record)
    assert not RunRecord(record).load()


def test_run_whose_outcome_is_unknown_leaves_its_record(world, record):
    docbits = world.Organisation([world.webhook("1", "other")])
    docbits.fail("create", "lost before")
    docbits.failed(world.declared(world.webhook(None)), record_path=record)
    assert list(RunRecord(record).load().created.values()) == [None]


def test_run_with_a_damaged_record_is_refused(world, tmp_path):
    path = tmp_path / "damaged.json"
    path.write_text("{")
    error = world.Organisation([world.webhook("1")]).failed(world.declared(world.webhook()), record_path=str(path))
    assert error.id == "E27" and str(path) in error.message


def test_run_whose_record_cannot_be_written_warns(world, tmp_path):
    docbits = world.Organisation([world.webhook("1")])
    path = str(tmp_path / "none/organisation.run.json")
    docbits.before("list", (tmp_path / "none").touch, nth=2)
    result = docbits.reconcile(world.declared(world.webhook(), url="https://b.example"), record_path=path)
    assert result["changed"] and "E31" in world.ids(result["findings"])


# DocBits' own checks


@pytest.mark.parametrize(
    ("checks", "asked"), [(CHECKS, {"validate", "test_connection"}), ((VALIDATE,), {"validate"}), ((TEST_CONNECTION,), {"test_connection"}), ((), set())]
)
def test_checks_are_asked_for_a_changed_export(world, checks, asked):
    docbits = world.Organisation([world.infor("2")])
    docbits.reconcile(world.declared(world.infor(), idm_mapping="B=1\n"), checks=checks)
    assert set(docbits.calls) & {"validate", "test_connection"} == asked


@pytest.mark.parametrize(
    ("values", "asked"),
    [
        ({"deployment": "on_premises"}, {"validate"}),
        ({"sub_organisation": "s1"}, {"test_connection"}),
        ({"active": False}, set()),
        ({"document_type": ""}, {"test_connection"}),
    ],
    ids=str,
)
def test_checks_are_not_asked_where_they_mean_nothing(world, values, asked):
    export = world.infor("2", **values)
    docbits = world.Organisation([export])
    docbits.reconcile(world.declared(export, keep_id=True, idm_mapping="B=1\n"))
    assert set(docbits.calls) & {"validate", "test_connection"} == asked


def test_checks_that_fail_are_warnings(world):
    docbits = world.Organisation([world.infor("2")], own_checks="refuse")
    result = docbits.reconcile(world.declared(world.infor(), idm_mapping="B=1\n"))
    warnings = {finding["id"]: finding for finding in result["findings"]}
    assert warnings.keys() == {"DB30", "DB31"} and {finding["level"] for finding in warnings.values()} == {"warning"}
    assert result["changed"] is True and docbits.rows["2"].files["idm_mapping"] == "B=1\n"
    assert "leave test_connection out of checks" in warnings["DB31"]["action"]


def test_checks_are_not_asked_if_nothing_changes(world):
    docbits = world.Organisation([world.infor("2")])
    docbits.reconcile(world.declared(world.infor()))
    assert not set(docbits.calls) & {"validate", "test_connection"}


# What DocBits does not show


HIDDEN = {"download": "masked", "download_of": "secret"}


def evidence(result):
    return result["exports"][0]["evidence"]


def test_withheld_file_is_sent_once_and_then_compared_by_its_fingerprint(world):
    docbits, declared = world.Organisation([world.infor("2")], **HIDDEN), world.declared(world.infor())
    first = docbits.reconcile(declared)
    assert evidence(first) == {"ionapi": "none", "idm_mapping": "value"} and first["exports"][0]["actions"] == ["update"]
    again = docbits.reconcile(declared)
    assert again["changed"] is False and "fingerprints" not in again
    assert evidence(again) == {"ionapi": "fingerprint", "idm_mapping": "value"}
    other = docbits.reconcile(world.declared(world.infor(), ionapi=world.ionapi(2)))
    assert other["changed"] is True and evidence(other)["ionapi"] == "fingerprint"
    assert docbits.rows["2"].files["ion_api"] == world.ionapi(2)


@pytest.mark.parametrize("download", ["partly_masked", "left_out"])
def test_withheld_file_whose_visible_part_is_as_declared_is_decided_by_the_connection_test(world, download):
    docbits = world.Organisation([world.infor("2")], download=download, download_of="secret")
    result = docbits.reconcile(world.declared(world.infor()))
    assert result["changed"] is False and docbits.writes == [] and evidence(result)["ionapi"] == "connection_test"
    assert evidence(docbits.reconcile(world.declared(world.infor())))["ionapi"] == "fingerprint"


@pytest.mark.parametrize(
    ("moods", "options", "values"),
    [({"own_checks": "refuse"}, {}, {}), ({}, {"checks": (VALIDATE,)}, {}), ({}, {}, {"active": False}), ({}, {}, {"deployment": "on_premises"})],
    ids=["the test fails", "the test is not allowed", "inactive", "on premises"],
)
def test_withheld_file_without_a_connection_test_is_sent(world, moods, options, values):
    export = world.infor("2", **values)
    docbits = world.Organisation([export], download="partly_masked", download_of="secret", **moods)
    result = docbits.reconcile(world.declared(export), **options)
    assert result["changed"] is True and evidence(result)["ionapi"] == "none"


def test_withheld_file_whose_visible_part_differs_is_sent(world):
    docbits = world.Organisation([world.infor("2")], download="partly_masked", download_of="secret")
    result = docbits.reconcile(world.declared(world.infor(), ionapi=world.ionapi(2)), checks=(VALIDATE,))
    assert evidence(result)["ionapi"] == "value" and docbits.rows["2"].files["ion_api"] == world.ionapi(2)
    assert "test_connection" not in docbits.calls


def test_fingerprints_hold_no_secret_and_differ_for_equal_secrets(world):
    password = secrets.token_urlsafe(12)
    docbits = world.Organisation()
    docbits.reconcile(*(world.declared(world.sftp(None, title, password=password), index, active=False) for index, title in enumerate(("S", "T"))))
    assert password not in json.dumps(docbits.fingerprints)
    assert len({names["password"] for names in docbits.fingerprints.values()}) == 2


@pytest.mark.parametrize(("policy", "changed"), [(ALWAYS, True), (ON_CREATE, False)])
def test_policy_decides_about_a_withheld_secret(world, policy, changed):
    docbits = world.Organisation([world.sftp("5")])
    result = docbits.reconcile(world.declared(world.sftp(), password="other"), update=policy)
    assert result["changed"] is changed and evidence(result) == {"password": "policy"}
    assert docbits.rows["5"].values["password"] == ("other" if changed else "p")


def test_diff_shows_a_withheld_value_and_a_declared_password_as_markers(world):
    password = secrets.token_urlsafe(12)
    result = world.Organisation([world.sftp("5")]).reconcile(world.declared(world.sftp(), password=password), check_mode=True)
    [after] = result["diff"]["after"]["exports"]
    assert after["password"] == "<secret>" and password not in str(result)


def test_masked_value_is_never_sent_back(world):
    docbits = world.Organisation([world.sftp("1")], masked="username")
    docbits.reconcile(world.declared(world.sftp("1"), keep_id=True, title="Renamed", username=None, password=None), assume_kept=True)
    assert (docbits.rows["1"].values["username"], docbits.rows["1"].values["title"]) == ("u", "Renamed")


def test_masked_value_that_the_contract_requires_is_an_error_that_asks_for_it(world):
    docbits = world.Organisation([world.webhook("1")], masked="url")
    error = docbits.failed(world.declared(world.webhook("1"), keep_id=True, title="Renamed", url=None))
    assert error.id == "DC03" and "declare url" in error.message and docbits.writes == []


def test_key_of_a_common_name_is_never_sent_back(world):
    docbits = world.Organisation([world.webhook("1")], further_keys=True, nulls=False)
    docbits.client = _with_sub_organisation_key(docbits.client)
    docbits.reconcile(world.declared(world.webhook(), keep_id=True, title="Renamed"))
    assert "execution_order" not in docbits.rows["1"].values


def test_update_that_leaves_out_a_withheld_required_file_is_refused_or_warned_of(world):
    docbits = world.Organisation([world.infor("2")], **HIDDEN)
    declared = world.declared(world.infor(), ionapi=None, idm_mapping="B=1\n")
    error = docbits.failed(declared, checks=())
    assert (error.id, docbits.writes) == ("E32", []) and 'exports[0] "B": ionapi' in error.message and "assume_kept" in error.message
    result = docbits.reconcile(declared, checks=(), assume_kept=True)
    assert result["changed"] and "E32" in world.ids(result["findings"])


def test_failed_run_adds_no_fingerprint(world):
    docbits = world.Organisation([world.infor("2")], **HIDDEN)
    docbits.fail("update", "refused before")
    docbits.failed(world.declared(world.infor()))
    assert not any(docbits.fingerprints.values())


def test_failed_run_removes_the_fingerprint_of_a_secret_that_it_may_have_replaced(world):
    """The password is sent, a later step fails, and the declaration goes back to the old one, which then has to be sent again."""
    docbits = world.Organisation([world.sftp("5"), world.webhook("8", "B")])

    def run(password, **hook):
        return world.declared(world.sftp(), password=password), world.declared(world.webhook("8", "B"), 1, keep_id=True, **hook)

    docbits.reconcile(*run("old"))
    assert docbits.reconcile(*run("old"))["changed"] is False
    docbits.fail("activate", "refused before")
    docbits.fail("remove", "refused before")
    error = docbits.failed(run("new")[0], world.declared(world.webhook("8", "B"), 1, "absent"))
    assert error.facts["changed"] is True and docbits.rows["5"].values["password"] == "new"
    assert docbits.reconcile(*run("old"))["changed"] is True and docbits.rows["5"].values["password"] == "old"
    assert docbits.reconcile(*run("old"))["changed"] is False


# What is read can be declared and changes nothing

VALUES = {
    "deployment": "on_premises",
    "zugferd": True,
    "url": "https://example.com",
    "port": 22,
    "document_history": False,
    "flow2_cabinet_id": 12,
    "flow2_url": "https://a.example",
}
TEXTS = {
    "xslt": '<xsl:stylesheet xmlns:xsl="x"></xsl:stylesheet>',
    "m3_toml_mapping": "[export_configuration]\na = 1\n",
}


@pytest.mark.parametrize("kind", KINDS)
def test_export_as_it_is_read_is_a_declaration_that_changes_nothing(world, monkeypatch, kind):
    for name, types in DOWNLOAD_TYPES.items():
        monkeypatch.setitem(_model.FILE_TYPES, types[0], "ion_api" if name == "ionapi" else name)
    fields = {"title": "A", "kind": kind, "document_type": "CREDIT_NOTE", "sub_organisation": "s1", "active": False, "execution_order": 2}
    fields |= {name: VALUES.get(name, "text") for name in KINDS[kind].parts if name not in FILES}
    fields |= {name: TEXTS.get(name, "A=1\r\n") for name in KINDS[kind].parts if name in FILES}
    docbits = world.Organisation([Export("9", label="A").with_values({**fields, **({"ionapi": world.ionapi(1)} if "ionapi" in fields else {})})])
    client = docbits.client()
    [listed] = client.exports()
    files = {name: client.download(listed, name) for name in KINDS[kind].parts if name in FILES}
    assert all(isinstance(value, Known) for value in files.values())
    given = as_declaration(replace(listed, values={**listed.values, **files}))
    assert not {"ionapi_content", *SECRET_FIELDS} & given.keys()
    assert given.keys() <= {*export_options(), "ignore"}
    item = {**dict.fromkeys(export_options()), "state": "present", "ignore": False, **given}
    for purge in (False, True):
        assert docbits.reconcile(*declared_exports([item]), purge=purge)["changed"] is False
    needed = {"password": "p" if "password" in KINDS[kind].parts else None, "ionapi_content": "{}" if "ionapi" in KINDS[kind].parts else None}
    assert declared_exports([{**item, "id": None, **needed}])[0].id is None


def test_export_of_an_unknown_kind_is_read_as_one_to_ignore(world):
    docbits = world.Organisation([world.webhook("1", kind="watcher")])
    given = as_declaration(docbits.client().exports()[0])
    assert given == {"id": "1", "title": "A", "ignore": True}
    item = {**dict.fromkeys(export_options()), "state": "present", **given}
    assert docbits.reconcile(*declared_exports([item]), purge=True)["changed"] is False


def test_export_of_an_unknown_method_that_may_be_the_declared_one_is_an_error_with_a_line_that_helps(world):
    unknown, declared = world.webhook("1", kind="webhook-v2"), world.declared(world.webhook(None))
    error = world.Organisation([unknown]).failed(declared)
    assert error.id == "P06" and "contract_overrides: {methods: {webhook-v2: webhook}}" in error.message
    docbits = world.Organisation([unknown], contract=Contract(CURRENT, "current", Overrides(methods={"webhook-v2": "webhook"})))
    assert docbits.reconcile(declared)["changed"] is False


# Options of a task


def options_of(context_params, **more):
    rules = {name: option.get("default") for name, option in reconcile_options().argument_spec.items()}
    host = {"docbits_url": "https://a.example", "api_key": "key", "organisation_id": None, "deadline": 20.0, "purge": False}
    return Options.of(Context({**rules, **host, **context_params}, **more))


def test_options_name_the_record_by_organisation_without_the_api_key(tmp_path):
    key = secrets.token_urlsafe(24)
    paths = [
        options_of({"run_dir": str(tmp_path), "api_key": key, **changes}).record_path
        for changes in ({}, {"organisation_id": "o1"}, {"docbits_url": "https://b.example"}, {"api_key": "another"})
    ]
    assert len(set(paths)) == 4 and key not in str(paths) and all(path.startswith(str(tmp_path)) and path.endswith(".run.json") for path in paths)


def test_options_have_a_diff_only_in_diff_mode():
    assert options_of({}).diff_mappings is None and options_of({}, diff_mode=True).diff_mappings == "meaning"
