# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Applying, verifying and rolling back against the model DocBits: outcomes are what the stored state says."""

from __future__ import annotations

import secrets

import pytest

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import ApplyFailed
from ansible_collections.docbits.ion.plugins.module_utils._exports import apply as _apply

EVERYTHING = [("update", "stays"), ("create", "new"), ("deactivate", "old"), ("activate", "next")]


@pytest.fixture
def everything(world):
    """An organisation, and declarations whose plan has every action: update, create, deactivate, activate."""
    exports = [world.webhook("1", "old"), world.webhook("2", "next", active=False), world.infor("3", "stays", document_type="CREDIT_NOTE")]
    declared = [
        world.declared(exports[0], 0, active=False),
        world.declared(exports[1], 1, active=True),
        world.declared(exports[2], 2, idm_mapping="A=2\n"),
        world.declared(world.infor(None, "new"), 3),
    ]
    return world.Organisation(exports, one_active="active"), declared


def steps_of(world, error):
    return world.outcomes(error.facts["steps"])


# Without a failure


def test_apply_does_every_step_in_order(world, everything):
    docbits, declared = everything
    result = docbits.reconcile(*declared, checks=())
    assert world.outcomes(result["steps"]) == [(*step, "applied") for step in EVERYTHING]
    assert docbits.writes == [action for action, _title in EVERYTHING]
    assert {row.values["title"]: row.active for row in docbits.rows.values()} == {"old": False, "next": True, "stays": True, "new": True}
    assert docbits.rows["3"].files["idm_mapping"] == "A=2\n"


def test_apply_of_a_create_returns_its_id(world):
    docbits = world.Organisation()
    [step] = docbits.reconcile(world.declared(world.webhook(None)))["steps"]
    assert step == {"action": "create", "export": "A", "id": "41", "reason": "new", "reversible": True, "outcome": "applied"}


@pytest.mark.parametrize("document_type", [None, ""])
@pytest.mark.parametrize("nulls", [True, False])
def test_apply_of_a_create_without_a_document_type_finds_it_again(world, document_type, nulls):
    docbits = world.Organisation([world.webhook("1", sub_organisation="s1")], nulls=nulls)
    declared = [world.declared(world.webhook(None, "New"), document_type=document_type)]
    docbits.reconcile(*declared)
    assert len(docbits.rows) == 2 and docbits.reconcile(*declared)["changed"] is False


@pytest.mark.parametrize("new_active", [True, False])
@pytest.mark.parametrize("active", [True, False])
def test_apply_of_a_create_makes_it_active_as_declared(world, new_active, active):
    docbits = world.Organisation(new_active=new_active)
    docbits.reconcile(world.declared(world.webhook(None), active=active))
    [row] = docbits.rows.values()
    assert row.active is active


def test_apply_of_an_update_and_an_activation_verifies_the_last_state(world):
    docbits = world.Organisation([world.webhook("1", active=False)])
    steps = docbits.reconcile(world.declared(world.webhook("1"), url="https://example.com/b"))["steps"]
    assert world.outcomes(steps) == [("update", "A", "applied"), ("activate", "A", "applied")]


@pytest.mark.parametrize("exist", [True, False])
def test_apply_of_a_switch_that_is_listed_late_does_not_send_it_twice_to_a_docbits_that_toggles(world, exist):
    docbits = world.Organisation([world.infor("2")] if exist else [], lag=2.0, switch="toggles", download="forbidden")
    docbits.reconcile(world.declared(world.infor(None), active=False, execution_order=2))
    assert [row.active for row in docbits.rows.values()] == [False] and docbits.writes.count("deactivate") == 1


def test_apply_deactivates_an_active_export_before_its_successor_and_removes_it_last(world):
    docbits = world.Organisation([world.webhook("1", "old")], one_active="active")
    steps = docbits.reconcile(world.declared(world.webhook(None, "new")), purge=True)["steps"]
    assert world.outcomes(steps) == [("deactivate", "old", "applied"), ("create", "new", "applied"), ("remove", "old", "applied")]
    assert [row.values["title"] for row in docbits.rows.values()] == ["new"]


@pytest.mark.parametrize("lag", [0.5, 2.0, 4.0])
def test_apply_of_a_create_that_is_listed_late_waits_for_it(world, lag):
    docbits = world.Organisation(lag=lag)
    [step] = docbits.reconcile(world.declared(world.webhook(None)))["steps"]
    assert (step["id"], step["outcome"], len(docbits.rows)) == ("41", "applied", 1)


@pytest.mark.parametrize("create_answer", ["record", "id", "null_id", "empty", "no_content"])
def test_apply_of_a_create_finds_it_by_its_id_or_else_by_likeness(world, create_answer):
    docbits = world.Organisation([world.webhook("1", "other")], create_answer=create_answer)
    [step] = docbits.reconcile(world.declared(world.webhook(None)))["steps"]
    assert (step["id"], step["outcome"]) == ("41", "applied")


# A failure at every step


@pytest.mark.parametrize("number", range(len(EVERYTHING)))
def test_refusal_of_any_step_rolls_back_the_steps_before_it(world, everything, number):
    docbits, declared = everything
    before = docbits.state
    docbits.fail(EVERYTHING[number][0], "refused before")
    error = docbits.failed(*declared)
    assert docbits.state == before
    expected = ["rolled_back"] * number + ["not_applied"] + ["not_run"] * (len(EVERYTHING) - number - 1)
    assert steps_of(world, error) == [(*step, outcome) for step, outcome in zip(EVERYTHING, expected, strict=True)]
    assert (error.id, error.facts["changed"]) == ("DB05", False)


@pytest.mark.parametrize("number", range(len(EVERYTHING)))
@pytest.mark.parametrize("fault", ["lost after", "refused after", "limited after", "proxy error after"])
def test_step_that_is_applied_in_spite_of_its_answer_is_applied(world, everything, number, fault):
    docbits, declared = everything
    docbits.fail(EVERYTHING[number][0], fault)
    result = docbits.reconcile(*declared)
    assert world.outcomes(result["steps"]) == [(*step, "applied") for step in EVERYTHING]
    assert "DV04" in world.ids(result["findings"]) and len(docbits.writes) == len(EVERYTHING)


@pytest.mark.parametrize(("number", "outcome"), list(enumerate(["unknown"] * 4)))
def test_step_without_an_answer_and_without_an_effect_is_not_called_applied(world, everything, number, outcome):
    docbits, declared = everything
    before = docbits.state
    docbits.fail(EVERYTHING[number][0], "lost before")
    error = docbits.failed(*declared)
    assert docbits.state == before and error.id == "N06"
    assert steps_of(world, error)[number] == (*EVERYTHING[number], outcome)
    assert {step[2] for step in steps_of(world, error)[:number]} <= {"rolled_back"}
    assert error.facts["changed"] is (outcome == "unknown")


def test_rollback_goes_backwards_after_the_deadline_has_begun_again(world, everything):
    docbits, declared = everything
    docbits.fail("activate", "refused before")
    docbits.failed(*declared)
    writes = [call for call in docbits.calls if call in docbits.writes or call == "restart_deadline"]
    assert writes[3:] == ["activate", "restart_deadline", "restart_deadline", "activate", "remove", "update"]


def test_defect_in_the_middle_is_rolled_back_too(world, everything):
    docbits, declared = everything
    before = docbits.state
    docbits.fail("activate", KeyError("a-secret-value"))
    error = docbits.failed(*declared)
    assert docbits.state == before
    assert error.id == "X00" and "KeyError" in error.message and "a-secret-value" not in error.message
    assert "rolled_back" in {outcome for _action, _title, outcome in steps_of(world, error)}


def test_interrupt_in_the_middle_is_rolled_back_and_raised_again(world, everything):
    docbits, declared = everything
    before = docbits.state
    docbits.fail("activate", KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        docbits.reconcile(*declared)
    assert docbits.state == before


# The rate limit


def test_create_after_429_without_effect_is_read_before_it_is_sent_again(world):
    docbits = world.Organisation([world.webhook("1", "other")])
    docbits.fail("create", "limited before")
    result = docbits.reconcile(world.declared(world.webhook(None)), checks=())
    assert world.outcomes(result["steps"]) == [("create", "A", "applied")]
    first = docbits.calls.index("create")
    second = docbits.calls.index("create", first + 1)
    assert "list" in docbits.calls[first:second] and len(docbits.rows) == 2


def test_create_after_429_with_effect_is_not_sent_again(world):
    docbits = world.Organisation(lag=2.0)
    docbits.fail("create", "limited after")
    result = docbits.reconcile(world.declared(world.webhook(None)))
    assert docbits.writes == ["create"] and len(docbits.rows) == 1
    assert world.outcomes(result["steps"]) == [("create", "A", "applied")]


def test_create_after_429_again_and_again_gives_up(world):
    docbits = world.Organisation([world.webhook("1", "other")])
    docbits.fail("create", "limited before", always=True)
    error = docbits.failed(world.declared(world.webhook(None)))
    assert docbits.writes == ["create"] * 3 and error.id == "DB06"
    assert steps_of(world, error) == [("create", "A", "not_applied")] and error.facts["changed"] is False


@pytest.mark.parametrize("fault", ["lost before", "refused before"])
def test_create_without_429_is_sent_once(world, fault):
    docbits = world.Organisation([world.webhook("1", "other")])
    docbits.fail("create", fault)
    docbits.failed(world.declared(world.webhook(None)))
    assert docbits.writes == ["create"]


# Verification


def test_switch_that_is_accepted_and_ignored_names_the_field(world):
    docbits = world.Organisation([world.webhook("1")])
    docbits.fail("deactivate", "ignored")
    error = docbits.failed(world.declared(world.webhook("1"), active=False))
    assert error.id == "DV01"
    assert 'exports[0] "A"' in error.message and "active is True and should be False" in error.message
    assert steps_of(world, error) == [("deactivate", "A", "unknown")] and docbits.rows["1"].active


def test_file_that_is_not_what_was_sent_is_named_without_its_text(world):
    docbits = world.Organisation([world.infor("2")])
    docbits.fail("update", "ignored")
    error = docbits.failed(world.declared(world.infor("2"), idm_mapping="B=2\n"))
    assert "idm_mapping is not what was sent" in error.message
    assert "B=2" not in error.message and world.IDM.strip() not in error.message
    assert docbits.rows["2"].files["idm_mapping"] == world.IDM


def test_url_that_is_not_what_was_sent_is_named_without_its_value(world):
    docbits, token = world.Organisation([world.webhook("1")]), secrets.token_urlsafe(16)
    docbits.fail("update", "ignored")
    error = docbits.failed(world.declared(world.webhook("1"), url=f"https://example.com/?t={token}"))
    assert "url is not what was sent" in error.message and token not in str(error.findings)


def test_update_that_is_accepted_and_ignored_is_unknown(world):
    docbits = world.Organisation([world.webhook("1")])
    docbits.fail("update", "ignored")
    error = docbits.failed(world.declared(world.webhook("1"), url="https://example.com/b"))
    assert steps_of(world, error) == [("update", "A", "unknown")] and "DV03" in world.ids(error.findings)


def test_create_that_was_refused_and_is_listed_only_after_the_rollback_is_unknown(world):
    docbits = world.Organisation([world.webhook("1", "other")], list_shape="silent_pages")
    docbits.fail("create", "refused after", nth=2)
    error = docbits.failed(world.declared(world.webhook(None, "one")), world.declared(world.webhook(None, "two"), 1), several_active=True)
    assert steps_of(world, error) == [("create", "one", "rolled_back"), ("create", "two", "unknown")] and error.facts["changed"] is True


def test_update_that_was_refused_and_created_another_export_is_unknown(world):
    export = world.webhook("1", sub_organisation="s1")
    docbits = world.Organisation([export], update_id="renamed")
    docbits.fail("update", "refused after")
    error = docbits.failed(world.declared(export, keep_id=True, title=None, sub_organisation=None, execution_order=7))
    assert len(docbits.rows) == 2
    assert (steps_of(world, error), error.facts["changed"]) == ([("update", "A", "unknown")], True)


def test_export_that_vanishes_after_its_update_is_named(world):
    docbits = world.Organisation([world.webhook("1")])
    docbits.before("list", docbits.edit("1", deleted=True, active=False), nth=3)
    error = docbits.failed(world.declared(world.webhook("1"), url="https://example.com/b"))
    assert "no such export exists any more" in error.message and docbits.rows == {}


def test_create_that_is_accepted_and_never_listed_is_unknown_or_applied_and_not_sent_again(world):
    docbits = world.Organisation([world.webhook("1", "other")])
    docbits.fail("create", "ignored")
    error = docbits.failed(world.declared(world.webhook(None)))
    assert error.id == "DV02" and docbits.writes == ["create"]
    assert steps_of(world, error)[0][2] in ("applied", "unknown") and error.facts["changed"] is True


def test_value_that_an_update_dropped_is_sent_again(world):
    docbits = world.Organisation([world.webhook("1", execution_order=3)], update="drops")
    result = docbits.reconcile(world.declared(world.webhook("1"), url="https://example.com/b", execution_order=None))
    assert docbits.rows["1"].values["execution_order"] == 3 and "DV07" in world.ids(result["findings"])


def test_file_that_an_update_dropped_is_sent_again(world):
    docbits = world.Organisation([world.infor("2")], update="drops")
    docbits.reconcile(world.declared(world.infor("2"), idm_mapping="B=2\n", ionapi=None))
    assert docbits.rows["2"].files == {"idm_mapping": "B=2\n", "ion_api": world.ionapi(1)}


def test_file_that_an_update_dropped_and_that_was_never_known_is_an_error(world):
    docbits = world.Organisation([world.infor("2")], update="drops", download="partly_masked", download_of="secret")
    error = docbits.failed(world.declared(world.infor("2"), idm_mapping="B=2\n", ionapi=None), assume_kept=True)
    assert "DocBits dropped ionapi" in error.message and "ion_api" not in docbits.rows["2"].files


def test_export_that_the_new_one_replaced_is_an_error_and_active_again(world):
    docbits = world.Organisation([world.webhook("1", "old")], one_active="replaces")
    error = docbits.failed(world.declared(world.webhook(None, "new")))
    assert "DV09" in world.ids(error.findings) and {row.values["title"]: row.active for row in docbits.rows.values()} == {"old": True}
    assert error.facts["changed"] is False


def test_export_that_cannot_be_made_active_again_is_named(world):
    docbits = world.Organisation([world.webhook("1", "old")], one_active="replaces")
    docbits.fail("activate", "ignored", always=True)
    error = docbits.failed(world.declared(world.webhook(None, "new")))
    assert {"DV09", "DV10"} <= set(world.ids(error.findings)) and error.facts["changed"] is True


def test_export_that_an_update_replaced_is_active_again_when_the_updated_one_cannot_be_made_inactive(world):
    docbits = world.Organisation([world.webhook("1", "old"), world.webhook("2", "off", active=False)], one_active="replaces", update="activates")
    docbits.fail("deactivate", "limited before")
    docbits.failed(world.declared(world.webhook("2", "off"), active=None, execution_order=2))
    assert {id_: row.active for id_, row in docbits.rows.items()} == {"1": True, "2": False}


def test_second_export_of_an_update_that_replaces_the_updated_one_is_removed_while_it_is_listed(world):
    docbits = world.Organisation([world.webhook("1")], one_active="replaces", update_id="renamed", lists_inactive=False)
    error = docbits.failed(world.declared(world.webhook(None), execution_order=2))
    assert error.id == "DV12" and {id_: row.active for id_, row in docbits.rows.items()} == {"1": True}


@pytest.mark.parametrize("nth", range(6, 12))
def test_rollback_that_cannot_read_whether_a_replaced_export_is_active_again_says_so(world, nth):
    docbits = world.Organisation([world.webhook("1")], one_active="replaces", update_id="renamed")
    docbits.fail("list", "limited before", nth=nth, always=True)
    error = docbits.failed(world.declared(world.webhook(None), execution_order=2))
    assert error.id == "DV12" and "DV10" in world.ids(error.findings) and error.facts["changed"] is True


@pytest.mark.parametrize("lag", [0.0, 2.0])
def test_export_that_the_second_export_of_its_update_replaced_is_activated_once_where_docbits_toggles(world, lag):
    docbits = world.Organisation([world.webhook("1")], one_active="replaces", update_id="renamed", switch="toggles", lag=lag)
    error = docbits.failed(world.declared(world.webhook(None), execution_order=2))
    assert {id_: row.active for id_, row in docbits.rows.items()} == {"1": True} and docbits.writes == ["update", "remove", "activate"]
    assert world.ids(error.findings) == ["DV12"]


def test_new_export_with_an_unknown_method_is_an_error_with_the_line_to_set(world):
    docbits = world.Organisation([world.webhook("1", "other")], methods="unknown")
    error = docbits.failed(world.declared(world.infor(None, "new")))
    assert error.id == "DV08" and "contract_overrides: {methods: {infor-idm-v2: infor_idm}}" in error.message
    assert list(docbits.rows) == ["1"] and steps_of(world, error) == [("create", "new", "rolled_back")]


# The same export created twice


def test_duplicate_of_a_later_run_is_left_for_it_to_remove(world):
    docbits = world.Organisation([world.webhook("1", "other")])
    docbits.before("list", docbits.add(world.webhook("90")), nth=3)
    docbits.before("list", docbits.edit("90", deleted=True, active=False), nth=5)
    result = docbits.reconcile(world.declared(world.webhook(None)))
    assert sorted(docbits.rows) == ["1", "41"] and world.outcomes(result["steps"]) == [("create", "A", "applied")]


def test_duplicate_of_an_earlier_run_is_kept_and_the_own_one_removed(world):
    docbits = world.Organisation([world.webhook("1", "other")])
    docbits.before("create", docbits.add(world.webhook("30")))
    result = docbits.reconcile(world.declared(world.webhook(None)))
    assert sorted(docbits.rows) == ["1", "30"]
    [finding] = [finding for finding in result["findings"] if finding["id"] == "DV06"]
    assert "id 30" in finding["message"] and "id 41" in finding["message"] and [step["id"] for step in result["steps"]] == ["30"]


def test_duplicate_that_cannot_be_told_apart_is_an_error_with_all_ids_and_nothing_is_removed(world):
    docbits = world.Organisation([world.webhook("1", "other")], create_answer="null_id")
    docbits.before("create", docbits.add(world.webhook("30")))
    error = docbits.failed(world.declared(world.webhook(None)))
    assert error.id == "DV05" and "ids 30, 41" in error.message
    assert sorted(docbits.rows) == ["1", "30", "41"] and docbits.writes == ["create"]


def test_export_that_was_there_before_is_never_taken_for_the_new_one(world):
    docbits = world.Organisation([world.webhook("1")])
    docbits.fail("create", "lost before")
    docbits.failed(world.declared(world.webhook(None), document_type="CREDIT_NOTE"))
    assert list(docbits.rows) == ["1"] and docbits.writes == ["create"]


def test_rollback_of_a_create_without_an_answered_id_removes_nothing(world):
    docbits = world.Organisation([world.webhook("1", "other"), world.webhook("2", "another", document_type="CREDIT_NOTE")], create_answer="null_id")
    docbits.fail("create", "refused before", nth=2)
    new = [world.webhook(None, "first", document_type="CREDIT_NOTE"), world.webhook(None, "second")]
    error = docbits.failed(*(world.declared(export, index) for index, export in enumerate(new)))
    assert steps_of(world, error) == [("create", "first", "applied"), ("create", "second", "not_applied")]
    [remains] = [finding for finding in error.findings if finding.id == "DV03"]
    assert "it may be the export 41, but DocBits answered no id" in remains.message and "41" in docbits.rows


# Creating is several calls


@pytest.mark.parametrize("fault", ["refused before", "lost before"])
def test_create_that_cannot_be_made_inactive_is_removed(world, fault):
    docbits = world.Organisation()
    docbits.fail("deactivate", fault)
    error = docbits.failed(world.declared(world.webhook(None), active=False))
    assert docbits.rows == {} and steps_of(world, error) == [("create", "A", "rolled_back")] and error.facts["changed"] is False


def test_create_after_which_the_list_is_refused_is_removed(world):
    docbits = world.Organisation()
    docbits.fail("list", "limited before", nth=3)
    error = docbits.failed(world.declared(world.webhook(None)))
    assert docbits.rows == {} and error.facts["changed"] is False


# Removals


def test_removal_that_is_accepted_and_ignored_is_unknown(world):
    docbits = world.Organisation([world.webhook("1")])
    docbits.fail("remove", "ignored")
    error = docbits.failed(world.declared(world.webhook("1"), state="absent"))
    assert "it is still in the list of exports" in error.message
    assert steps_of(world, error) == [("remove", "A", "unknown")] and error.facts["changed"] is True


def test_removal_of_an_export_that_stays_listed_as_deleted_is_applied(world):
    docbits = world.Organisation([world.webhook("1")], deleted_rows=True)
    declared = world.declared(world.webhook("1"), state="absent")
    assert world.outcomes(docbits.reconcile(declared)["steps"]) == [("remove", "A", "applied")]
    assert docbits.reconcile(declared)["changed"] is False
    assert docbits.reconcile(world.declared(world.webhook("1")))["steps"][0]["action"] == "create"


def test_removal_is_kept_when_a_later_one_is_refused(world):
    docbits = world.Organisation([world.webhook("1", "first"), world.webhook("2", "second", active=False)])
    docbits.fail("remove", "refused before", nth=2)
    error = docbits.failed(
        *(world.declared(export, index, "absent") for index, export in enumerate((world.webhook("1", "first"), world.webhook("2", "second"))))
    )
    assert steps_of(world, error) == [("remove", "first", "applied"), ("remove", "second", "not_applied")]
    assert error.facts["changed"] is True
    [remains] = [finding for finding in error.findings if finding.id == "DV03"]
    assert "does not come back under its id" in remains.message


def test_removal_without_an_answer_that_took_effect_is_applied(world):
    docbits = world.Organisation([world.webhook("1")])
    docbits.fail("remove", "lost after")
    result = docbits.reconcile(world.declared(world.webhook("1"), state="absent"))
    assert world.outcomes(result["steps"]) == [("remove", "A", "applied")] and "DV04" in world.ids(result["findings"])


def test_removal_without_an_answer_and_without_effect_is_not_called_applied(world):
    docbits = world.Organisation([world.webhook("1")])
    docbits.fail("remove", "lost before")
    error = docbits.failed(world.declared(world.webhook("1"), state="absent"))
    assert steps_of(world, error)[0][2] in ("unknown", "not_applied") and list(docbits.rows) == ["1"]


def test_removal_without_an_answer_of_an_inactive_export_is_unknown_when_those_are_not_listed(world):
    docbits = world.Organisation([world.webhook("1", "old")], lists_inactive=False)
    docbits.fail("remove", "lost before")
    error = docbits.failed(world.declared(world.webhook(None, "new")), purge=True)
    assert steps_of(world, error) == [("deactivate", "old", "applied"), ("create", "new", "applied"), ("remove", "old", "unknown")]


def test_removal_of_which_nothing_can_be_read_is_unknown(world):
    docbits = world.Organisation([world.webhook("1")])
    docbits.fail("remove", "lost after")
    docbits.fail("list", "limited before", nth=3, always=True)
    error = docbits.failed(world.declared(world.webhook("1"), state="absent"))
    assert steps_of(world, error) == [("remove", "A", "unknown")] and error.facts["changed"] is True


def test_successor_of_a_removed_export_is_kept_when_a_later_removal_is_refused(world):
    docbits = world.Organisation([world.webhook("1", "old"), world.webhook("2", "older", active=False)])
    docbits.fail("remove", "refused before", nth=2)
    error = docbits.failed(world.declared(world.webhook(None, "new")), purge=True)
    assert "new" in {row.values["title"] for row in docbits.rows.values() if row.active}
    assert {outcome for action, _title, outcome in steps_of(world, error) if action != "remove"} == {"applied"}


def test_nothing_is_removed_before_the_other_steps_are_verified(world):
    docbits = world.Organisation([world.webhook("1", "old")])
    before = docbits.state
    docbits.fail("create", "ignored")
    error = docbits.failed(world.declared(world.webhook(None, "new")), purge=True)
    assert docbits.state == before and steps_of(world, error)[-1] == ("remove", "old", "not_run")


# A rollback that fails


def test_rollback_that_fails_for_one_step_goes_on_with_the_others(world, everything):
    docbits, declared = everything
    docbits.fail("activate", "refused before")
    docbits.fail("remove", "refused before", always=True)
    error = docbits.failed(*declared)
    expected = ["rolled_back", "applied", "rolled_back", "not_applied"]
    assert steps_of(world, error) == [(*step, outcome) for step, outcome in zip(EVERYTHING, expected, strict=True)]
    assert error.facts["changed"] is True and docbits.rows["3"].files["idm_mapping"] == world.IDM
    [remains] = [finding for finding in error.findings if finding.id == "DV03"]
    assert "export 41 is still in the list of exports" in remains.message


@pytest.mark.parametrize(
    ("verb", "nth", "step", "outcome", "why"),
    [
        ("update", 2, ("update", "stays"), "unknown", "DocBits does not show the former idm_mapping"),
        ("remove", 1, ("create", "new"), "applied", "export 41 is still in the list of exports"),
        ("activate", 2, ("deactivate", "old"), "applied", "DocBits does not show the export as active"),
    ],
)
def test_rollback_that_is_accepted_and_ignored_is_not_called_rolled_back(world, everything, verb, nth, step, outcome, why):
    docbits, declared = everything
    docbits.fail(verb, "ignored", nth=nth)
    docbits.fail("activate", "refused before")
    error = docbits.failed(*declared)
    assert {found[:2]: found[2] for found in steps_of(world, error)} == {
        **dict.fromkeys(EVERYTHING, "rolled_back"),
        EVERYTHING[3]: "not_applied",
        step: outcome,
    }
    [remains] = [finding for finding in error.findings if finding.id == "DV03"]
    assert why in remains.message and error.facts["changed"] is True


def test_rollback_without_a_list_is_not_called_rolled_back(world, everything):
    docbits, declared = everything
    docbits.before("activate", lambda: docbits.fail("list", "limited before", always=True))
    docbits.fail("activate", "refused before")
    error = docbits.failed(*declared)
    assert "rolled_back" not in {outcome for _action, _title, outcome in steps_of(world, error)} and error.facts["changed"] is True


def test_rollback_of_a_momentary_deactivation_restores_the_first_state(world):
    docbits = world.Organisation([world.webhook("1", "stays")], one_active="any")
    before = docbits.state
    docbits.fail("create", "refused before")
    error = docbits.failed(world.declared(world.webhook(None, "spare"), active=False), allow_momentary_deactivation=True)
    assert steps_of(world, error) == [("deactivate", "stays", "rolled_back"), ("create", "spare", "not_applied"), ("activate", "stays", "not_run")]
    assert docbits.state == before


def test_rollback_of_a_momentary_deactivation_is_unknown_after_an_activation_without_an_answer(world):
    docbits = world.Organisation([world.webhook("1", "stays")], one_active="any", switch="toggles")
    before = docbits.state
    docbits.fail("activate", "lost before")
    error = docbits.failed(world.declared(world.webhook(None, "spare"), active=False), allow_momentary_deactivation=True)
    assert docbits.state == before and error.facts["changed"] is True
    assert steps_of(world, error) == [("deactivate", "stays", "unknown"), ("create", "spare", "rolled_back"), ("activate", "stays", "unknown")]


def test_rollback_of_an_update_that_activates_restores_the_first_activity(world):
    docbits = world.Organisation([world.webhook("1", active=False, document_type="CREDIT_NOTE")], update="activates")
    before = docbits.state
    docbits.fail("create", "refused before")
    declared = [
        world.declared(world.webhook("1", document_type="CREDIT_NOTE"), url="https://example.com/b", active=True),
        world.declared(world.webhook(None, "new"), 1),
    ]
    error = docbits.failed(*declared)
    assert docbits.state == before
    assert steps_of(world, error) == [("update", "A", "rolled_back"), ("activate", "A", "rolled_back"), ("create", "new", "not_applied")]


def test_rollback_of_an_update_leaves_what_somebody_else_changed(world):
    docbits = world.Organisation([world.webhook("1"), world.webhook("2", "B", document_type="CREDIT_NOTE")])
    docbits.before("deactivate", docbits.edit("1", values={"export_url": "https://hand.example/"}))
    docbits.fail("deactivate", "refused before")
    declared = [
        world.declared(world.webhook("1"), url="https://example.com/b"),
        world.declared(world.webhook("2", "B", document_type="CREDIT_NOTE"), 1, active=False),
    ]
    error = docbits.failed(*declared)
    assert docbits.rows["1"].values["export_url"] == "https://hand.example/"
    assert steps_of(world, error)[0] == ("update", "A", "applied")


@pytest.mark.parametrize("download", ["partly_masked", "left_out", "masked", "forbidden", "not_found", "url"])
def test_rollback_never_sends_a_withheld_file(world, download):
    docbits = world.Organisation([world.infor("2"), world.infor("3", "C", document_type="CREDIT_NOTE")], download=download, download_of="secret")
    docbits.fail("update", "refused before", nth=2)
    declared = [
        world.declared(world.infor("2"), ionapi=world.ionapi(2)),
        world.declared(world.infor("3", "C", document_type="CREDIT_NOTE"), 1, ionapi=world.ionapi(2)),
    ]
    error = docbits.failed(*declared)
    assert docbits.rows["2"].files["ion_api"] == world.ionapi(2) and docbits.rows["3"].files["ion_api"] == world.ionapi(1)
    assert steps_of(world, error)[0][2] in ("applied", "unknown") and error.facts["changed"] is True
    assert error.facts["steps"][0]["reversible"] is False and "ionapi" in error.facts["steps"][0]["irreversible_because"]


@pytest.mark.parametrize("download", ["envelope", "json_string", "base64", "bom", "crlf"])
def test_rollback_sends_the_file_that_was_in_an_envelope(world, download):
    docbits = world.Organisation([world.infor("2"), world.infor("3", "C", document_type="CREDIT_NOTE")], download=download)
    before = docbits.model.state()
    docbits.fail("update", "refused before", nth=2)
    declared = [
        world.declared(world.infor("2"), idm_mapping="B=2\nC=a longer value\n"),
        world.declared(world.infor("3", "C", document_type="CREDIT_NOTE"), 1, idm_mapping="B=2\nC=a longer value\n"),
    ]
    error = docbits.failed(*declared)
    assert docbits.model.state() == before and steps_of(world, error)[0][2] == "rolled_back"


# An orphaned worker


def test_worker_without_its_controller_begins_no_further_step(world, everything, monkeypatch):
    docbits, declared = everything
    answers = iter([False, True])
    monkeypatch.setattr(_apply, "is_orphaned", lambda: next(answers))
    with pytest.raises(ApplyFailed) as caught:
        docbits.reconcile(*declared)
    assert caught.value.id == "X02" and docbits.writes == ["update"]
    assert [outcome for _action, _title, outcome in steps_of(world, caught.value)] == ["applied", "not_run", "not_run", "not_run"]


# What DocBits does not show


def test_withheld_value_that_was_sent_gets_a_fingerprint(world):
    docbits = world.Organisation(download="masked", download_of="secret")
    docbits.reconcile(world.declared(world.infor(None)))
    assert docbits.fingerprints.keys() == {f"{world.HOST} 41"} and docbits.fingerprints[f"{world.HOST} 41"].keys() == {"ionapi"}


def test_password_that_was_sent_gets_a_fingerprint(world):
    docbits = world.Organisation()
    docbits.reconcile(world.declared(world.sftp(None)))
    assert docbits.fingerprints[f"{world.HOST} 41"].keys() == {"password"}
