# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Applying plans to a DocBits in memory: what is written and verified, and that a failure at any step is undone and told truly."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import ApplyFailed
from ansible_collections.docbits.ion.plugins.module_utils._exports import apply as _apply
from ansible_collections.docbits.ion.plugins.module_utils._exports.plan import match, plan
from ansible_collections.docbits.ion.plugins.module_utils._model.export import UNREADABLE, Export


def plan_for(docbits, declared, purge=False):
    current = [replace(export, files={}) for export in docbits.stored.values()]
    pairs = [
        pair if pair.current is None else replace(pair, current=replace(docbits.stored[pair.current.id], label=pair.current.label))
        for pair in match(declared, current)
    ]
    return plan(pairs, current, purge)


def outcomes(steps):
    return [(step["action"], step["export"], step["outcome"]) for step in steps]


def failed(todo, docbits):
    with pytest.raises(ApplyFailed) as caught:
        _apply.apply(todo, docbits)
    return caught.value


@pytest.fixture
def everything(world):
    """A DocBits and a plan with every action in it: update, deactivate, create, activate."""
    docbits = world.DocBits([world.webhook("1", "old"), world.webhook("2", "next", active=False), world.infor("3", "stays", document_type="ORDER")])
    declared = [
        world.declared(docbits.stored["1"], 0, active=False),
        world.declared(docbits.stored["2"], 1, active=True),
        world.declared(docbits.stored["3"], 2, idm_mapping="a=2"),
        world.declared(world.infor(None, "new"), 3),
    ]
    return docbits, plan_for(docbits, declared)


EVERYTHING = [("update", "stays"), ("create", "new"), ("deactivate", "old"), ("activate", "next")]


def test_every_step_is_done_in_order_and_verified(everything):
    docbits, todo = everything
    applied = _apply.apply(todo, docbits)
    assert outcomes(applied.steps) == [(*step, "done") for step in EVERYTHING]
    assert docbits.writes == EVERYTHING
    assert docbits.calls[-1][0] == "have_checked"
    assert {export.get("title"): export.active for export in docbits.stored.values()} == {"old": False, "next": True, "stays": True, "new": True}
    assert docbits.stored["3"].files["idm_mapping"] == "a=2"


def test_an_empty_plan_calls_nothing(world):
    docbits = world.DocBits([world.webhook()])
    assert _apply.apply(plan_for(docbits, []), docbits).steps == []
    assert docbits.calls == []


def test_a_created_export_is_told_with_its_id(world):
    docbits = world.DocBits()
    (step,) = _apply.apply(plan_for(docbits, [world.declared(world.webhook(None))]), docbits).steps
    assert step == {"action": "create", "export": "A", "id": "101", "reason": "new", "outcome": "done"}


def test_a_created_export_without_a_document_type_is_found_again(world):
    for declared_type, told_type in ((None, {}), (None, {"document_type": ""}), ("", {}), ("", {"document_type": ""})):
        docbits = world.DocBits(new_fields=told_type)
        _apply.apply(plan_for(docbits, [world.declared(world.webhook(None), document_type=declared_type)]), docbits)
        assert len(docbits.stored) == 1


@pytest.mark.parametrize("active_on_create", [True, False])
@pytest.mark.parametrize("active", [True, False])
def test_a_new_export_gets_its_activity_whatever_docbits_makes_of_a_new_one(world, active_on_create, active):
    docbits = world.DocBits(active_on_create=active_on_create)
    _apply.apply(plan_for(docbits, [world.declared(world.webhook(None), active=active)]), docbits)
    (export,) = docbits.stored.values()
    assert export.active is active


def test_an_export_that_is_updated_and_switched_is_held_against_how_it_ends(world):
    docbits = world.DocBits([world.webhook("1", active=False)])
    steps = _apply.apply(plan_for(docbits, [world.declared(docbits.stored["1"], active=True, url="https://example.com/b")]), docbits).steps
    assert outcomes(steps) == [("update", "A", "done"), ("activate", "A", "done")]


def test_the_active_export_makes_room_and_is_removed(world):
    docbits = world.DocBits([world.webhook("1", "old")])
    steps = _apply.apply(plan_for(docbits, [world.declared(world.webhook(None, "new"))], purge=True), docbits).steps
    assert outcomes(steps) == [("deactivate", "old", "done"), ("create", "new", "done"), ("remove", "old", "done")]
    assert [export.get("title") for export in docbits.stored.values()] == ["new"]


# A failure at every step


@pytest.mark.parametrize("number", range(len(EVERYTHING)))
@pytest.mark.parametrize(("how", "takes_effect"), [("refused", False), ("timed_out", False), ("timed_out", True)])
def test_a_failure_at_any_step_puts_everything_back(world, everything, number, how, takes_effect):
    docbits, todo = everything
    before = docbits.state
    docbits.fail(EVERYTHING[number][0], getattr(world, how)(), takes_effect=takes_effect)
    error = failed(todo, docbits)
    assert docbits.state == before
    done = [(*step, "undone") for step in EVERYTHING[:number]]
    assert outcomes(error.facts["steps"]) == [*done, (*EVERYTHING[number], "failed"), *((*step, "not run") for step in EVERYTHING[number + 1 :])]
    assert error.facts["changed"] is False
    assert error.id == ("DB05" if how == "refused" else "N06")


def test_undoing_goes_backwards_after_the_deadline_has_begun_anew(world, everything):
    docbits, todo = everything
    docbits.fail("activate", world.refused())
    failed(todo, docbits)
    start = docbits.calls.index(("start_over", None))
    assert [call for call in docbits.calls[start:] if call in docbits.writes] == [("activate", "old"), ("remove", "new"), ("update", "stays")]


def test_a_failed_verification_is_undone_and_names_the_field(world):
    docbits = world.DocBits([world.webhook("1")])
    docbits.set_active = lambda export, active: None
    error = failed(plan_for(docbits, [world.declared(docbits.stored["1"], active=False)]), docbits)
    assert error.id == "DV01"
    assert 'exports[0] "A"' in error.message and "active is True and should be False" in error.message
    assert outcomes(error.facts["steps"]) == [("deactivate", "A", "undone")]


def test_a_file_that_is_not_what_was_sent_is_a_failure_without_its_text(world):
    docbits = world.DocBits([world.infor("2")])
    todo = plan_for(docbits, [world.declared(docbits.stored["2"], idm_mapping="b=2")])
    docbits.download = lambda export, slot: "something else"
    error = failed(todo, docbits)
    assert "idm_mapping is not what was sent" in error.message
    assert "something else" not in error.message and "b=2" not in error.message
    assert docbits.stored["2"].files["idm_mapping"] == "a=1"


def test_an_export_that_docbits_itself_finds_wrong_is_undone(world):
    docbits = world.DocBits([world.infor("2")])
    docbits.fail("have_checked", world.refused())
    error = failed(plan_for(docbits, [world.declared(docbits.stored["2"], idm_mapping="b=2")]), docbits)
    assert error.id == "DB05"
    assert docbits.stored["2"].files["idm_mapping"] == "a=1"


def test_what_was_updated_and_vanished_is_a_failure(world):
    docbits = world.DocBits([world.webhook("1")])
    todo = plan_for(docbits, [world.declared(docbits.stored["1"], url="https://example.com/b")])
    docbits.configure = lambda export, words: docbits.stored.pop("1", None)
    assert "it is no longer in DocBits" in failed(todo, docbits).message


def test_what_was_removed_and_stands_is_a_failure(world):
    docbits = world.DocBits([world.webhook("1")])
    docbits.remove = lambda export: None
    error = failed(plan_for(docbits, [world.declared(docbits.stored["1"], state="absent")]), docbits)
    assert "it still stands in DocBits after its removal" in error.message
    assert error.facts["changed"] is False


def test_a_removal_stays_and_is_told(world):
    docbits = world.DocBits([world.webhook("1", "first"), world.webhook("2", "second", active=False)])
    todo = plan_for(docbits, [world.declared(export, number, state="absent") for number, export in enumerate(docbits.stored.values())])
    docbits.fail("remove", world.refused(), nth=2)
    error = failed(todo, docbits)
    assert outcomes(error.facts["steps"]) == [("remove", "first", "left"), ("remove", "second", "failed")]
    assert error.facts["changed"] is True
    (left,) = [finding for finding in error.findings if finding.id == "DV03"]
    assert "cannot come back under its id" in left.message


def test_a_removal_whose_answer_never_came_is_looked_after(world):
    for takes_effect, outcome in ((True, "left"), (False, "failed")):
        docbits = world.DocBits([world.webhook("1")])
        docbits.fail("remove", world.timed_out(), takes_effect=takes_effect)
        error = failed(plan_for(docbits, [world.declared(docbits.stored["1"], state="absent")]), docbits)
        assert outcomes(error.facts["steps"]) == [("remove", "A", outcome)]
        assert error.facts["changed"] is takes_effect


def test_what_replaces_a_removed_export_stays_when_a_later_removal_fails(world):
    docbits = world.DocBits([world.webhook("1", "old"), world.webhook("2", "older", active=False)])
    todo = plan_for(docbits, [world.declared(world.webhook(None, "new"))], purge=True)
    docbits.fail("remove", world.refused(), nth=2)
    error = failed(todo, docbits)
    assert "new" in {export.get("title") for export in docbits.stored.values() if export.active}
    assert {outcome for action, _title, outcome in outcomes(error.facts["steps"]) if action != "remove"} == {"left"}


def test_nothing_is_removed_before_everything_else_was_found_as_planned(world):
    docbits = world.DocBits([world.webhook("1", "old")])
    before = docbits.state
    docbits.have_checked = refuse_check(world)
    error = failed(plan_for(docbits, [world.declared(world.webhook(None, "new"))], purge=True), docbits)
    assert docbits.state == before
    assert outcomes(error.facts["steps"])[-1] == ("remove", "old", "not run")


def refuse_check(world):
    """A check of DocBits' own that finds a fault."""

    def have_checked(_export):
        raise world.refused()

    return have_checked


# Creating is several calls


@pytest.mark.parametrize("how", ["refused", "timed_out"])
def test_a_creation_whose_activity_cannot_be_set_is_taken_back(world, how):
    docbits = world.DocBits()
    docbits.fail("deactivate", getattr(world, how)())
    error = failed(plan_for(docbits, [world.declared(world.webhook(None), active=False)]), docbits)
    assert docbits.stored == {}
    assert outcomes(error.facts["steps"])[0][2] in ("undone", "failed")
    assert error.facts["changed"] is False


def test_a_creation_after_which_the_list_is_refused_is_taken_back(world):
    docbits = world.DocBits()
    docbits.fail("exports", world.refused())
    error = failed(plan_for(docbits, [world.declared(world.webhook(None))]), docbits)
    assert docbits.stored == {}
    assert error.facts["changed"] is False


def test_a_creation_that_the_list_never_shows_is_told_as_left(world):
    docbits = world.DocBits()
    docbits.exports = list
    error = failed(plan_for(docbits, [world.declared(world.webhook(None))]), docbits)
    assert error.id == "DV02"
    assert outcomes(error.facts["steps"]) == [("create", "A", "left")]
    assert error.facts["changed"] is True


def test_of_two_new_ones_that_look_alike_the_answered_id_decides(world):
    docbits = world.DocBits(untold=("title",), one_active=False)
    todo = plan_for(world.DocBits(), [world.declared(world.webhook(None))])
    configure = docbits.configure

    def someone_else_is_faster(export, words):
        docbits.stored["50"] = world.webhook("50", "not ours")
        return configure(export, words)

    docbits.configure = someone_else_is_faster
    (step,) = _apply.apply(todo, docbits).steps
    assert step["id"] == "101"


def test_an_export_that_looks_alike_and_stood_before_is_never_taken_for_the_new_one(world):
    docbits = world.DocBits([world.webhook("1", active=False)], untold=("title",))
    todo = plan([], list(docbits.stored.values()))
    todo = replace(todo, steps=plan_for(world.DocBits(), [world.declared(world.webhook(None))]).steps)
    docbits.fail("create", world.timed_out())
    failed(todo, docbits)
    assert list(docbits.stored) == ["1"]


# Undoing that fails, and what cannot be undone


def test_an_undo_that_fails_is_left_and_the_others_go_on(world, everything):
    docbits, todo = everything
    before = docbits.stored["3"]
    docbits.fail("activate", world.refused())
    docbits.fail("remove", world.refused("DB02"))
    error = failed(todo, docbits)
    told = ["undone", "left", "undone", "failed"]
    assert outcomes(error.facts["steps"]) == [(*step, outcome) for step, outcome in zip(EVERYTHING, told, strict=True)]
    assert error.facts["changed"] is True
    assert (docbits.stored["3"].fields, docbits.stored["3"].files) == (before.fields, before.files)
    assert any(finding.id == "DV03" and "DB02" in finding.message for finding in error.findings)


def accept_and_forget(docbits, verb):
    """From the moment of undoing on, DocBits says yes to these calls and does nothing."""
    docbits.start_over = lambda: setattr(docbits, verb, lambda *_arguments: None)


@pytest.mark.parametrize(
    ("verb", "left", "why"),
    [
        ("configure", ("update", "stays"), "after undoing it, idm_mapping is not what was sent"),
        ("remove", ("create", "new"), "after undoing it, it still stands in DocBits"),
        ("set_active", ("deactivate", "old"), "after undoing it, active is False and should be True"),
    ],
)
def test_an_undo_that_docbits_accepts_and_forgets_is_found_and_left(world, everything, verb, left, why):
    docbits, todo = everything
    docbits.fail("activate", world.refused())
    accept_and_forget(docbits, verb)
    error = failed(todo, docbits)
    told = [(*step, "left" if step == left else "undone") for step in EVERYTHING[:3]]
    assert outcomes(error.facts["steps"]) == [*told, (*EVERYTHING[3], "failed")]
    (finding,) = [finding for finding in error.findings if finding.id == "DV03"]
    assert why in finding.message
    assert error.facts["changed"] is True


def test_an_update_that_is_undone_and_vanished_is_left(world):
    docbits = world.DocBits([world.infor("2")])
    todo = plan_for(docbits, [world.declared(docbits.stored["2"], idm_mapping="b=2")])
    docbits.have_checked = refuse_check(world)
    docbits.start_over = docbits.stored.clear
    docbits.configure = lambda export, words: None if not docbits.stored else world.DocBits.configure(docbits, export, words)
    error = failed(todo, docbits)
    assert outcomes(error.facts["steps"]) == [("update", "B", "left")]
    assert "it is no longer in DocBits" in error.findings[-1].message


def test_an_undo_that_cannot_be_read_back_is_not_called_undone(world, everything):
    docbits, todo = everything
    docbits.fail("activate", world.refused())
    docbits.fail("exports", world.timed_out(), nth=2)
    error = failed(todo, docbits)
    assert outcomes(error.facts["steps"]) == [*((*step, "left") for step in EVERYTHING[:3]), (*EVERYTHING[3], "failed")]
    assert all("whether it is undone could not be read (N06)" in finding.message for finding in error.findings if finding.id == "DV03")


def test_an_export_that_made_room_and_came_back_is_undone_to_what_it_was_before_the_run(world):
    docbits = world.DocBits([world.webhook("1", "stays")])
    before = docbits.state
    todo = plan_for(docbits, [world.declared(docbits.stored["1"], 0), world.declared(world.webhook(None, "spare"), 1, active=False)])
    docbits.have_checked = refuse_check(world)
    error = failed(todo, docbits)
    assert outcomes(error.facts["steps"]) == [("deactivate", "stays", "undone"), ("create", "spare", "undone"), ("activate", "stays", "undone")]
    assert docbits.state == before


def test_an_update_over_a_value_that_could_not_be_read_says_that_it_is_lost(world):
    standing = world.infor("2", document_type="ORDER")
    docbits = world.DocBits([standing, world.webhook("3", "C", active=True)])
    unread = replace(standing, files={"ionapi": UNREADABLE, "idm_mapping": "a=1"})
    todo = plan(
        [replace(pair, current=unread) for pair in match([world.declared(standing, ionapi='{"ti":"B"}', idm_mapping="a=2")], list(docbits.stored.values()))],
        list(docbits.stored.values()),
    )
    docbits.fail("have_checked", world.refused())
    error = failed(todo, docbits)
    assert outcomes(error.facts["steps"]) == [("update", "B", "left")]
    assert any("the former ionapi could not be read before and is lost" in finding.message for finding in error.findings)
    assert docbits.stored["2"].files == {"ionapi": '{"ti":"B"}', "idm_mapping": "a=1"}


def test_a_defect_in_the_middle_is_undone_too(world, everything):
    docbits, todo = everything
    before = docbits.state
    docbits.fail("activate", KeyError("a defect"))
    with pytest.raises(ApplyFailed) as caught:
        _apply.apply(todo, docbits)
    assert docbits.state == before
    assert caught.value.id == "X00" and "KeyError" in caught.value.message and "a defect'" not in caught.value.message
    assert caught.value.facts["changed"] is False and "undone" in {step["outcome"] for step in caught.value.facts["steps"]}


def test_a_defect_that_meets_undoing_too_is_told_with_what_stays(world, everything):
    docbits, todo = everything
    docbits.fail("activate", KeyError("a defect"))
    docbits.fail("exports", KeyError("a defect"), nth=2)
    with pytest.raises(ApplyFailed) as caught:
        _apply.apply(todo, docbits)
    assert caught.value.id == "X00" and caught.value.facts["changed"] is True
    assert any("(X00)" in finding.message for finding in caught.value.findings if finding.id == "DV03")


def test_a_time_limit_in_the_middle_is_undone_and_goes_on(world, everything):
    docbits, todo = everything
    before = docbits.state
    docbits.fail("activate", KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        _apply.apply(todo, docbits)
    assert docbits.state == before


def test_a_removal_of_which_nothing_can_be_read_may_have_happened(world):
    docbits = world.DocBits([world.webhook("9", "W")])
    docbits.fail("remove", world.timed_out(), takes_effect=True)
    docbits.fail("exports", world.timed_out())
    with pytest.raises(ApplyFailed) as caught:
        _apply.apply(plan_for(docbits, [world.declared(world.webhook("9", "W"), state="absent")]), docbits)
    (left,) = [finding for finding in caught.value.findings if finding.id == "DV03"]
    assert "could not be read (N06)" in left.message
    assert caught.value.facts["changed"] is True and [step["outcome"] for step in caught.value.facts["steps"]] == ["left"]


# What DocBits does not give back


def test_what_was_sent_and_is_not_given_back_is_handed_on(world):
    docbits = world.DocBits(withheld=("ionapi",))
    applied = _apply.apply(plan_for(docbits, [world.declared(world.infor(None))]), docbits)
    assert [(export.id, word, value) for export, word, value in applied.unreadable] == [("101", "ionapi", '{"ti":"A"}')]


def test_a_password_is_never_compared_and_handed_on(world):
    smb = Export(
        None, {"title": "S", "kind": "smb", "document_type": "INVOICE", "sub_organisation": "", "active": True, "password": "p" * 9}, label="exports[0]"
    )
    docbits = world.DocBits()
    applied = _apply.apply(plan_for(docbits, [smb]), docbits)
    assert [(word, value) for _export, word, value in applied.unreadable] == [("password", "p" * 9)]


def test_the_steps_of_a_plan_that_was_not_run(everything):
    docbits, todo = everything
    assert outcomes(_apply.planned(todo)) == [(*step, "planned") for step in EVERYTHING]
    assert docbits.calls == []
