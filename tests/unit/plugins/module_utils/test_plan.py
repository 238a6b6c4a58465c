# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans: what is matched, in which order the steps come, and that carrying them out gives exactly the state that was announced."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import InvalidInput
from ansible_collections.docbits.ion.plugins.module_utils._exports.plan import match, plan
from ansible_collections.docbits.ion.plugins.module_utils._model.export import Export


def paired(declared, current):
    """What the layer above does between matching and planning: the current side gets the files that the declared side has."""
    return [
        pair
        if pair.current is None
        else replace(pair, current=replace(pair.current, files={slot: pair.current.files.get(slot) for slot in pair.declared.files}))
        for pair in match(declared, current)
    ]


def planned(declared, current, purge=False):
    return plan(paired(declared, current), current, purge)


def actions(result):
    return [(step.action, step.export.get("title")) for step in result.steps]


def carried_out(result, current):
    """The state that the steps make of the current one, each step doing only what it says."""
    state = {export.id: export for export in current}
    for number, step in enumerate(result.steps):
        if step.action == "create":
            state[f"new {number}"] = replace(step.export, id=f"new {number}")
            continue
        former = state[step.export.id]
        if step.action == "remove":
            del state[step.export.id]
        elif step.action == "update":
            fields = {word: step.export.fields[word] for word in step.words if word in step.export.fields}
            files = {word: step.export.files[word] for word in step.words if word in step.export.files}
            state[former.id] = replace(former, fields={**former.fields, **fields}, files={**former.files, **files})
        else:
            state[former.id] = replace(former, fields={**former.fields, "active": step.action == "activate"})
    return list(state.values())


def bare(exports, known_ids):
    return sorted((export.id if export.id in known_ids else "new", sorted(export.fields.items())) for export in exports)


# Matching


def test_a_declaration_means_the_export_of_the_same_place_kind_and_title(world):
    current = [world.webhook("1"), world.infor("2", "A"), world.webhook("3", document_type="ORDER"), world.webhook("4", sub_organisation="s1")]
    (pair,) = match([world.declared(current[0])], current)
    assert pair.current.id == "1"


def test_the_id_decides_when_it_is_given(world):
    current = [world.webhook("1"), world.webhook("2", "B", active=False)]
    (pair,) = match([world.declared(current[0], keep_id=True, title="B")], current)
    assert pair.current.id == "1"


def test_ids_are_compared_as_they_are(world):
    with pytest.raises(InvalidInput, match="no export has the id 01"):
        match([Export("01", {"title": "A"}, label="exports[0]")], [world.webhook("1")])


def test_an_unknown_id_of_an_absent_export_is_no_error(world):
    (pair,) = match([Export("9", {}, state="absent")], [world.webhook("1")])
    assert pair.current is None


def test_two_exports_that_fit_are_an_error_with_both_ids(world):
    current = [world.webhook("1"), world.webhook("2", active=False)]
    with pytest.raises(InvalidInput) as caught:
        match([world.declared(current[0])], current)
    assert caught.value.id == "P02"
    assert "ids 1, 2" in caught.value.message


def test_two_declarations_of_one_export_are_an_error_with_both_indices(world):
    current = [world.webhook("1")]
    with pytest.raises(InvalidInput) as caught:
        match([world.declared(current[0]), world.declared(current[0], 1, keep_id=True)], current)
    assert caught.value.id == "P03"
    assert "exports[0]" in caught.value.message and "exports[1]" in caught.value.message


def test_a_new_export_under_the_name_that_another_one_is_to_have_is_an_error(world):
    current = [world.webhook("1")]
    renamed = world.declared(current[0], keep_id=True, title="New")
    with pytest.raises(InvalidInput) as caught:
        match([renamed, world.declared(world.webhook(None, "New"), 1)], current)
    assert caught.value.id == "P03" and "exports[0]" in caught.value.message and "exports[1]" in caught.value.message
    assert len(match([renamed, world.declared(world.webhook(None, "New"), 1, document_type="ORDER")], current)) == 2


def test_what_makes_room_for_a_rename_may_stay_declared_absent(world):
    current = [world.webhook("1", "A"), world.webhook("2", "B", active=False)]
    declared = [world.declared(current[0], keep_id=True, title="B"), world.declared(current[1], 1, "absent")]
    first = planned(declared, current)
    assert sorted(actions(first)) == [("remove", "B"), ("update", "B")]
    assert actions(planned(declared, [world.webhook("1", "B")])) == []


def test_two_new_declarations_of_one_export_are_an_error_too(world):
    with pytest.raises(InvalidInput) as caught:
        match([world.declared(world.webhook(None)), world.declared(world.webhook(None), 1, active=False)], [])
    assert caught.value.id == "P03"
    absent = [Export(id_, {}, label=f"exports[{id_}]", state="absent") for id_ in ("8", "9")]
    assert [pair.current for pair in match(absent, [])] == [None, None]


def test_an_export_cannot_be_declared_and_ignored(world):
    current = [world.webhook("1")]
    with pytest.raises(InvalidInput) as caught:
        match([world.declared(current[0]), Export(None, {"title": "A"}, label='exports[1] "A"', state="ignore")], current)
    assert caught.value.id == "P03"


def test_an_ignored_title_means_every_export_of_that_title(world):
    current = [world.webhook("1"), world.infor("2", "A"), world.infor("3", "C", active=False)]
    assert [pair.current.id for pair in match([Export(None, {"title": "A"}, state="ignore")], current)] == ["1", "2"]


def test_a_list_that_does_not_tell_titles_leaves_the_other_words_to_decide(world):
    current = [replace(world.webhook("1"), fields={**world.webhook().fields, "title": None})]
    (pair,) = match([world.declared(world.webhook())], current)
    assert pair.current.id == "1"


def test_a_title_that_fits_goes_before_one_that_is_not_told(world):
    untold = world.webhook("1", active=False)
    untold = replace(untold, fields={word: value for word, value in untold.fields.items() if word != "title"})
    (pair,) = match([world.declared(world.webhook())], [untold, world.webhook("2")])
    assert pair.current.id == "2"


# Steps


def test_nothing_to_do(world):
    current = [world.webhook("1"), world.infor("2")]
    result = planned([world.declared(export, index) for index, export in enumerate(current)], current)
    assert not result.changed and result.steps == ()


def test_a_new_export_gets_the_defaults_of_its_kind_only(world):
    (hook,) = planned([world.declared(world.webhook(), active=None)], []).after
    assert hook.fields == {**world.webhook().fields, "active": True}
    (infor,) = planned([world.declared(world.infor(), deployment=None, zugferd=None, active=None, sub_organisation=None)], []).after
    assert infor.fields == world.infor().fields


def test_a_create_sends_what_is_declared_and_neither_kind_nor_activity(world):
    (step,) = planned([world.declared(world.infor())], []).steps
    assert step.action == "create"
    assert set(step.words) == {"title", "document_type", "deployment", "zugferd", "ionapi", "idm_mapping"}


def test_an_update_keeps_the_id_and_sends_all_known_fields_but_only_changed_files(world):
    current = [world.infor("2", title="B", execution_order=3)]
    (step,) = planned([world.declared(current[0], idm_mapping="a=2", execution_order=None)], current).steps
    assert (step.action, step.export.id, step.reason) == ("update", "2", "idm_mapping")
    assert set(step.words) == {"title", "document_type", "execution_order", "deployment", "zugferd", "idm_mapping"}
    assert step.before.files["idm_mapping"] == "a=1"


def test_a_rename_is_an_update_when_the_id_is_known(world):
    current = [world.webhook("1")]
    assert actions(planned([world.declared(current[0], keep_id=True, title="New")], current)) == [("update", "New")]


def test_omitted_is_untouched_and_empty_is_cleared(world):
    current = [world.webhook("1", document_type="INVOICE", execution_order=4)]
    untouched = planned([world.declared(current[0], keep_id=True, document_type=None, execution_order=None)], current)
    assert not untouched.changed
    cleared = planned([world.declared(current[0], keep_id=True, document_type="")], current)
    assert "document_type" in next(step for step in cleared.steps if step.action == "update").words
    assert cleared.after[0].get("document_type") == ""


def test_a_kind_cannot_change_in_place(world):
    with pytest.raises(InvalidInput, match="cannot become infor_idm in place"):
        planned([Export("1", {"kind": "infor_idm"}, label="exports[0]")], [world.webhook("1")])


def test_an_export_of_an_unknown_kind_can_be_switched_and_removed_but_not_changed(world):
    strange = world.webhook("1", kind="watcher")
    assert actions(planned([Export("1", {"active": False})], [strange])) == [("deactivate", "A")]
    assert actions(planned([Export("1", {}, state="absent")], [strange])) == [("remove", "A")]
    with pytest.raises(InvalidInput, match="watcher"):
        planned([Export("1", {"title": "New"}, label="exports[0]")], [strange])


def test_a_word_that_the_kind_behind_the_id_does_not_carry_is_an_error(world):
    current = [world.webhook("1")]
    with pytest.raises(InvalidInput, match="folder"):
        plan(match([Export("1", {"folder": "in"}, label="exports[0]")], current), current)


def test_activity_alone_needs_no_update(world):
    current = [world.webhook("1")]
    assert actions(planned([world.declared(current[0], active=False)], current)) == [("deactivate", "A")]
    current = [world.webhook("1", active=False)]
    assert actions(planned([world.declared(current[0], active=True)], current)) == [("activate", "A")]


def test_activity_that_the_list_does_not_tell_is_left_alone(world):
    silent = replace(world.webhook("1"), fields={word: value for word, value in world.webhook().fields.items() if word != "active"})
    assert not planned([world.declared(silent, active=True)], [silent]).changed


def test_a_swap_goes_off_before_on_and_place_by_place(world):
    current = [
        world.webhook("1", "old", document_type="ORDER"),
        world.webhook("2", "new", document_type="ORDER", active=False),
        world.webhook("3", "old"),
        world.webhook("4", "new", active=False),
    ]
    declared = [world.declared(export, index, active=export.get("title") == "new") for index, export in enumerate(current)]
    assert actions(planned(declared, current)) == [("deactivate", "old"), ("activate", "new"), ("deactivate", "old"), ("activate", "new")]
    assert [step.export.get("document_type") for step in planned(declared, current).steps] == ["INVOICE", "INVOICE", "ORDER", "ORDER"]


def test_an_active_export_moves_inactive_and_takes_its_turn_at_the_new_place(world):
    current = [world.webhook("1", "moves", document_type="ORDER"), world.webhook("2", "old")]
    declared = [world.declared(current[0], keep_id=True, document_type="INVOICE"), world.declared(current[1], 1, active=False)]
    assert actions(planned(declared, current)) == [("deactivate", "moves"), ("update", "moves"), ("deactivate", "old"), ("activate", "moves")]


def test_infor_and_other_exports_do_not_compete(world):
    current = [world.webhook("1"), world.infor("2", active=False)]
    assert actions(planned([world.declared(current[1], active=True)], current)) == [("activate", "B")]


def test_the_active_one_leaves_just_before_its_successor_comes_and_is_removed_last(world):
    current = [world.webhook("1", "old"), world.webhook("2", "else", document_type="ORDER")]
    result = planned([world.declared(world.webhook(None, "new")), world.declared(current[1], 1, url="https://example.com/b")], current, purge=True)
    assert actions(result) == [("update", "else"), ("deactivate", "old"), ("create", "new"), ("remove", "old")]


def test_a_new_inactive_export_lets_the_active_one_wait_for_a_moment(world):
    current = [world.webhook("1", "runs")]
    result = planned([world.declared(world.webhook(None, "spare", active=False))], current)
    assert actions(result) == [("deactivate", "runs"), ("create", "spare"), ("activate", "runs")]
    assert {export.get("title"): export.active for export in result.after} == {"runs": True, "spare": False}


def test_an_inactive_export_is_created_before_the_active_one_of_its_place(world):
    declared = [world.declared(world.webhook(None, "runs")), world.declared(world.webhook(None, "spare", active=False), 1)]
    assert actions(planned(declared, [])) == [("create", "spare"), ("create", "runs")]


def test_purge_removes_what_nothing_claims(world):
    current = [world.webhook("1"), world.infor("2"), world.webhook("3", "C", document_type="ORDER")]
    declared = [world.declared(current[0]), Export(None, {"title": "C"}, label="exports[1]", state="ignore")]
    assert actions(planned(declared, current, purge=True)) == [("remove", "B")]
    assert not planned(declared, current).changed


def test_the_reason_of_a_removal_is_its_own(world):
    current = [world.webhook("1"), world.infor("2"), world.webhook("3", "C", active=False)]
    result = planned([world.declared(current[0], state="absent"), world.declared(current[2], 1)], current, purge=True)
    assert {step.export.get("title"): step.reason for step in result.steps} == {"A": "declared absent", "B": "not declared"}


def test_absent_is_done_once(world):
    current = [world.webhook("1")]
    declared = [world.declared(current[0], state="absent")]
    assert actions(planned(declared, current)) == [("remove", "A")]
    assert not planned(declared, []).changed


# All plans

_TITLES, _TYPES, _SUBS, _URLS, _TEXTS = ("A", "B", "C"), ("INVOICE", "ORDER"), ("", "s1"), ("https://a.example", "https://b.example"), ("a=1", "a=2")


@st.composite
def _exports(draw, count, ids):
    found = {}
    for index in range(draw(st.integers(0, count))):
        kind = draw(st.sampled_from(("webhook", "infor_idm")))
        fields = {
            "title": draw(st.sampled_from(_TITLES)),
            "kind": kind,
            "document_type": draw(st.sampled_from(_TYPES)),
            "sub_organisation": draw(st.sampled_from(_SUBS)),
            "active": draw(st.booleans()),
        }
        files = {}
        if kind == "webhook":
            fields["url"] = draw(st.sampled_from(_URLS))
        else:
            fields |= {"deployment": draw(st.sampled_from(("cloud", "on_premises"))), "zugferd": draw(st.booleans())}
            files = {"ionapi": draw(st.sampled_from(('{"ti":"A"}', '{"ti":"B"}'))), "idm_mapping": draw(st.sampled_from(_TEXTS))}
        identity = tuple(fields[word] for word in ("sub_organisation", "document_type", "kind", "title"))
        found.setdefault(identity, Export(str(10 + index) if ids else None, fields, files, label=f"exports[{index}]"))
    return list(found.values())


@st.composite
def _worlds(draw):
    """Some exports, and declarations that mean some of them by id or by words, change them, drop them, or are new."""
    current = draw(_exports(5, ids=True))
    declared = []
    for wanted in draw(_exports(4, ids=False)):
        known = [export for export in current if export.get("kind") == wanted.get("kind")]
        state = draw(st.sampled_from(("present", "present", "present", "absent", "ignore")))
        if known and draw(st.booleans()):
            declared.append(replace(wanted, id=draw(st.sampled_from(known)).id, state=state))
        else:
            declared.append(replace(wanted, state=state))
    return current, declared, draw(st.booleans())


@settings(max_examples=200)
@given(_worlds())
def test_the_steps_give_exactly_what_was_announced_and_leave_nothing_to_do(case):
    current, declared, purge = case
    try:
        result = planned(declared, current, purge)
    except InvalidInput:
        assume(False)
    known = {export.id for export in current}
    state = carried_out(result, current)
    assert bare(state, known) == bare(result.after, known)
    assert {export.id for export in current} - {step.export.id for step in result.steps if step.action == "remove"} <= {export.id for export in state}
    again = planned(declared, state, purge)
    assert actions(again) == []


@settings(max_examples=200)
@given(_worlds())
def test_no_step_breaks_the_rule_of_one_active_export(case):
    current, declared, purge = case
    try:
        result = planned(declared, current, purge)
    except InvalidInput:
        assume(False)
    active_places = [export.place for world in (current, result.after) for export in world if export.active]
    assume(len([export.place for export in current if export.active]) == len({export.place for export in current if export.active}))
    assume(len(active_places) == len({export.place for export in current if export.active}) + len({export.place for export in result.after if export.active}))
    state = list(current)
    for number, step in enumerate(result.steps):
        # DocBits makes a new export active and only then takes another activity.
        moment = step if step.action != "create" else replace(step, export=replace(step.export, fields={**step.export.fields, "active": True}))
        for one in (moment, step):
            after = carried_out(replace(result, steps=(one,)), state)
            places = [export.place for export in after if export.active]
            assert len(places) == len(set(places)), (number, step)
        state = [replace(export, id=export.id.replace("new 0", f"new {number}")) for export in after]
