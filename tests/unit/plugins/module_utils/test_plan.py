# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans: which exports are matched, the order of the steps, what cannot be rolled back, and that the steps give the announced state."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import InvalidInput
from ansible_collections.docbits.ion.plugins.module_utils._exports.matching import is_alike, match
from ansible_collections.docbits.ion.plugins.module_utils._exports.plan import Reading, plan
from ansible_collections.docbits.ion.plugins.module_utils._model.export import FILES, SAME, Declared, Export, compare
from ansible_collections.docbits.ion.plugins.module_utils._model.values import ABSENT, NOT_LISTED, Known, Withheld


def readings(declared, current):
    """The pairs with their changes, where everything is known."""
    found = []
    for pair in match(declared, current):
        is_present = pair.current is not None and pair.declared.state == "present"
        changes = {name: value for name, value in pair.declared.values.items() if compare(name, value, pair.current.value(name)) != SAME} if is_present else {}
        if is_present and pair.current.value("active") == NOT_LISTED:
            changes.pop("active", None)
        found.append(Reading(pair, changes))
    return found


def planned(declared, current, **options):
    return plan(readings(declared, current), current, **options)


def actions(result):
    return [(step.action, step.export.get("title")) for step in result.steps]


def carried_out(result, current):
    """The state after the steps, each doing only what it says."""
    state = {export.id: export for export in current}
    for number, step in enumerate(result.steps):
        if step.action == "create":
            state[f"new {number}"] = replace(step.after, id=f"new {number}")
        elif step.action == "remove":
            del state[step.id]
        elif step.action == "update":
            state[step.id] = state[step.id].with_values(step.values)
        else:
            state[step.id] = state[step.id].with_values({"active": step.action == "activate"})
    return list(state.values())


def bare(exports, known_ids):
    return sorted((export.id if export.id in known_ids else "new", sorted((name, str(export.get(name))) for name in export.values)) for export in exports)


def absent(id_="1", label="exports[0]"):
    return Declared(id_, {}, label=label, state="absent")


def ignored(index=0, **fields):
    return Declared(None, fields, label=f"exports[{index}]", state="ignore")


# Matching


def test_match_without_an_id_is_by_place_kind_and_title(world):
    current = [world.webhook("1"), world.infor("2", "A"), world.webhook("3", document_type="ORDER"), world.webhook("4", sub_organisation="s1")]
    [pair] = match([world.declared(current[0])], current)
    assert pair.current.id == "1"


@pytest.mark.parametrize("shown", [{"title": " A "}, {"document_type": "Invoice"}])
def test_match_of_a_value_in_another_form_finds_the_export(world, shown):
    [pair] = match([world.declared(world.webhook())], [world.webhook("1", **shown)])
    assert pair.current.id == "1"


def test_match_with_an_id_ignores_the_title(world):
    current = [world.webhook("1"), world.webhook("2", "B", active=False)]
    [pair] = match([world.declared(current[0], keep_id=True, title="B")], current)
    assert pair.current.id == "1"


def test_match_compares_ids_as_they_are(world):
    with pytest.raises(InvalidInput, match="no export has the id 01"):
        match([Declared("01", {"title": "A"}, label="exports[0]")], [world.webhook("1")])


def test_match_of_an_absent_export_with_an_unknown_id_is_no_error(world):
    [pair] = match([absent("9")], [world.webhook("1")])
    assert pair.current is None


def test_match_of_two_exports_is_an_error_with_both_ids(world):
    current = [world.webhook("1"), world.webhook("2", active=False)]
    with pytest.raises(InvalidInput) as caught:
        match([world.declared(current[0])], current)
    assert caught.value.id == "P02"
    assert "ids 1, 2" in caught.value.message


def test_match_of_two_declarations_of_one_export_is_an_error_with_both_indices(world):
    current = [world.webhook("1")]
    with pytest.raises(InvalidInput) as caught:
        match([world.declared(current[0]), world.declared(current[0], 1, keep_id=True)], current)
    assert caught.value.id == "P03"
    assert "exports[0]" in caught.value.message and "exports[1]" in caught.value.message


def test_match_of_a_new_export_with_the_identity_of_a_renamed_one_is_an_error(world):
    current = [world.webhook("1")]
    renamed = world.declared(current[0], keep_id=True, title="New")
    with pytest.raises(InvalidInput) as caught:
        match([renamed, world.declared(world.webhook(None, "New"), 1)], current)
    assert caught.value.id == "P03" and "exports[0]" in caught.value.message and "exports[1]" in caught.value.message
    assert len(match([renamed, world.declared(world.webhook(None, "New"), 1, document_type="ORDER")], current)) == 2


def test_match_of_two_exports_renamed_to_one_identity_is_an_error(world):
    current = [world.webhook("1", "A"), world.webhook("2", "B", active=False)]
    with pytest.raises(InvalidInput) as caught:
        match([world.declared(current[0], keep_id=True, title="C"), world.declared(current[1], 1, keep_id=True, title="C")], current)
    assert caught.value.id == "P03"


def test_match_of_two_exports_that_have_one_identity_already_is_no_error(world):
    current = [world.webhook("1"), world.webhook("2", active=False)]
    pairs = match([world.declared(export, index, keep_id=True) for index, export in enumerate(current)], current)
    assert [pair.current.id for pair in pairs] == ["1", "2"]


def test_absent_export_that_makes_room_for_a_rename_may_stay_declared(world):
    current = [world.webhook("1", "A"), world.webhook("2", "B", active=False)]
    declared = [world.declared(current[0], keep_id=True, title="B"), world.declared(current[1], 1, "absent")]
    assert sorted(actions(planned(declared, current))) == [("remove", "B"), ("update", "B")]
    assert actions(planned(declared, [world.webhook("1", "B")])) == []


def test_match_of_two_new_declarations_of_one_export_is_an_error(world):
    with pytest.raises(InvalidInput) as caught:
        match([world.declared(world.webhook(None)), world.declared(world.webhook(None), 1, active=False)], [])
    assert caught.value.id == "P03"
    assert [pair.current for pair in match([absent("8", "exports[8]"), absent("9", "exports[9]")], [])] == [None, None]


def test_match_of_a_declared_and_ignored_export_is_an_error(world):
    current = [world.webhook("1")]
    with pytest.raises(InvalidInput) as caught:
        match([world.declared(current[0]), ignored(1, title="A")], current)
    assert caught.value.id == "P03"


def test_match_of_an_ignored_title_is_every_export_of_that_title(world):
    current = [world.webhook("1"), world.infor("2", "A"), world.infor("3", "C", active=False)]
    assert [pair.current.id for pair in match([ignored(title="A")], current)] == ["1", "2"]


def test_match_in_a_list_without_titles_is_by_the_other_fields(world):
    current = [replace(world.webhook("1"), values={name: value for name, value in world.webhook().values.items() if name != "title"})]
    [pair] = match([world.declared(world.webhook())], current)
    assert pair.current.id == "1"


def test_match_prefers_an_export_with_the_title_to_one_without(world):
    untitled = replace(world.webhook("1"), values={**world.webhook(active=False).values, "title": ABSENT})
    [pair] = match([world.declared(world.webhook())], [untitled, world.webhook("2")])
    assert pair.current.id == "2"


def test_match_of_the_id_that_an_interrupted_run_got_finds_a_renamed_export(world):
    wanted = world.declared(world.webhook(None))
    [pair] = match([wanted], [world.webhook("41", "Another title")], {wanted.identity: "41"})
    assert pair.current.id == "41"


# An export of an unknown kind that may be the declared one


@pytest.mark.parametrize("state", ["present", "absent"])
def test_match_while_an_export_of_an_unknown_method_may_be_the_declared_one_is_refused(world, state):
    with pytest.raises(InvalidInput) as caught:
        match([world.declared(world.webhook(None), state=state)], [world.webhook("7", kind="webhook-v2")])
    assert caught.value.id == "P06"
    assert "export 7" in caught.value.message and "contract_overrides: {methods: {webhook-v2: webhook}}" in caught.value.message


@pytest.mark.parametrize("other", [{"kind": "vertex"}, {"title": "B", "kind": "webhook-v2"}, {"document_type": "ORDER", "kind": "webhook-v2"}])
def test_match_beside_a_foreign_or_different_export_creates(world, other):
    [pair] = match([world.declared(world.webhook(None))], [world.webhook("7", **other)])
    assert pair.current is None


def test_match_beside_an_ignored_export_of_an_unknown_method_creates(world):
    unknown = world.webhook("7", kind="webhook-v2")
    pairs = match([world.declared(world.webhook(None)), Declared("7", {}, label="exports[1]", state="ignore")], [unknown])
    assert [pair.current for pair in pairs] == [None, unknown]


@pytest.mark.parametrize(
    ("listed", "expected"),
    [
        ({}, True),
        ({"title": "A "}, True),
        ({"document_type": "invoice"}, True),
        ({"kind": "webhook-v2"}, True),
        ({"kind": "vertex"}, False),
        ({"kind": "sftp"}, False),
        ({"title": "B"}, False),
        ({"sub_organisation": "s1"}, False),
        ({"url": "https://other.example"}, True),
    ],
)
def test_is_alike_is_by_identity(world, listed, expected):
    assert is_alike(world.webhook(None), world.webhook("9", **listed)) is expected


# Steps


def test_plan_with_nothing_to_do_has_no_steps(world):
    current = [world.webhook("1"), world.infor("2")]
    result = planned([world.declared(export, index) for index, export in enumerate(current)], current)
    assert not result.changed and result.steps == ()


def test_new_export_gets_the_defaults_of_its_kind_only(world):
    [hook] = planned([world.declared(world.webhook(), active=None)], []).after
    assert hook.values == world.webhook().values
    [infor] = planned([world.declared(world.infor(), deployment=None, zugferd=None, active=None, sub_organisation=None)], []).after
    assert infor.values == world.infor().values


def test_create_sends_what_is_declared_and_neither_kind_nor_activity(world):
    [step] = planned([world.declared(world.infor())], []).steps
    assert step.action == "create"
    assert set(step.values) == {"title", "document_type", "deployment", "zugferd", "ionapi", "idm_mapping"}


def test_create_does_not_send_an_empty_text(world):
    [step] = planned([world.declared(world.webhook(None), document_type="")], []).steps
    assert set(step.values) == {"title", "url"}


def test_update_keeps_the_id_and_sends_only_what_is_declared(world):
    current = [world.infor("2", execution_order=3)]
    [step] = planned([world.declared(current[0], idm_mapping="a=2", ionapi=None, execution_order=None, zugferd=None)], current).steps
    assert (step.action, step.id, step.reason, step.changes) == ("update", "2", "idm_mapping", ("idm_mapping",))
    assert set(step.values) == {"title", "document_type", "deployment", "idm_mapping"}
    assert step.before.get("idm_mapping") == world.IDM


def test_update_sends_what_the_contract_requires_if_it_is_known(world):
    current = [world.infor("2"), replace(world.infor("3", "C"), values={**world.infor("3", "C").values, "zugferd": Withheld("not listed")})]
    declared = [Declared(export.id, {"execution_order": 3}, label=f"exports[{export.id}]") for export in current]
    known, unknown = planned(declared, current, required_fields=lambda kind: ("deployment", "zugferd")).steps
    assert known.values == {"execution_order": 3, "deployment": "cloud", "zugferd": False}
    assert unknown.values == {"execution_order": 3, "deployment": "cloud"}


def test_update_leaves_out_what_the_policy_leaves_out(world):
    current = [world.sftp("5")]
    [pair] = match([world.declared(current[0], folder="new")], current)
    [step] = plan([Reading(pair, {"folder": "new"}, unsent=frozenset({"password"}))], current).steps
    assert "password" not in step.values and step.values["folder"] == "new"


def test_rename_is_an_update_if_the_id_is_declared(world):
    current = [world.webhook("1")]
    assert actions(planned([world.declared(current[0], keep_id=True, title="New")], current)) == [("update", "New")]


def test_omitted_is_unchanged_and_empty_is_cleared(world):
    current = [world.webhook("1", document_type="INVOICE", execution_order=4)]
    unchanged = planned([world.declared(current[0], keep_id=True, document_type=None, execution_order=None)], current)
    assert not unchanged.changed
    cleared = planned([world.declared(current[0], keep_id=True, document_type="")], current)
    [step] = [step for step in cleared.steps if step.action == "update"]
    assert step.values["document_type"] == "" and cleared.after[0].get("document_type") == ""


def test_plan_that_changes_a_kind_in_place_is_refused(world):
    with pytest.raises(InvalidInput, match="cannot become infor_idm in place") as caught:
        planned([Declared("1", {"kind": "infor_idm"}, label="exports[0]")], [world.webhook("1")])
    assert caught.value.id == "P04"


def test_export_of_an_unknown_kind_can_be_switched_and_removed_but_not_changed(world):
    strange = world.webhook("1", kind="watcher")
    assert actions(planned([Declared("1", {"active": False})], [strange])) == [("deactivate", "A")]
    assert actions(planned([absent()], [strange])) == [("remove", "A")]
    with pytest.raises(InvalidInput, match="watcher") as caught:
        planned([Declared("1", {"title": "New"}, label="exports[0]")], [strange])
    assert caught.value.id == "P05"


def test_value_that_the_kind_of_the_id_does_not_have_is_refused(world):
    with pytest.raises(InvalidInput, match="folder"):
        planned([Declared("1", {"folder": "in"}, label="exports[0]")], [world.webhook("1")])


def test_activity_alone_needs_no_update(world):
    assert actions(planned([world.declared(world.webhook("1"), active=False)], [world.webhook("1")])) == [("deactivate", "A")]
    assert actions(planned([world.declared(world.webhook("1"), active=True)], [world.webhook("1", active=False)])) == [("activate", "A")]


def test_activity_that_is_not_listed_is_left_alone(world):
    silent = replace(world.webhook("1"), values={name: value for name, value in world.webhook().values.items() if name != "active"})
    assert not planned([world.declared(silent, active=True)], [silent]).changed


def test_swap_deactivates_before_it_activates_and_goes_by_document_type(world):
    current = [
        world.webhook("1", "old", document_type="ORDER"),
        world.webhook("2", "new", document_type="ORDER", active=False),
        world.webhook("3", "old"),
        world.webhook("4", "new", active=False),
    ]
    declared = [world.declared(export, index, active=export.get("title") == "new") for index, export in enumerate(current)]
    assert actions(planned(declared, current)) == [("deactivate", "old"), ("activate", "new"), ("deactivate", "old"), ("activate", "new")]
    assert [step.export.get("document_type") for step in planned(declared, current).steps] == ["INVOICE", "INVOICE", "ORDER", "ORDER"]


def test_active_export_that_moves_to_an_occupied_place_moves_inactive(world):
    current = [world.webhook("1", "moves", document_type="ORDER"), world.webhook("2", "old")]
    declared = [world.declared(current[0], keep_id=True, document_type="INVOICE"), world.declared(current[1], 1, active=False)]
    assert actions(planned(declared, current)) == [("deactivate", "moves"), ("update", "moves"), ("deactivate", "old"), ("activate", "moves")]


def test_active_export_that_moves_to_a_free_place_stays_active(world):
    current = [world.webhook("1", "moves", document_type="ORDER")]
    assert actions(planned([world.declared(current[0], keep_id=True, document_type="INVOICE")], current)) == [("update", "moves")]


def test_infor_and_other_exports_do_not_exclude_each_other(world):
    current = [world.webhook("1"), world.infor("2", active=False)]
    assert actions(planned([world.declared(current[1], active=True)], current)) == [("activate", "B")]


def test_active_export_is_deactivated_right_before_its_successor_and_removed_last(world):
    current = [world.webhook("1", "old"), world.webhook("2", "else", document_type="ORDER")]
    result = planned([world.declared(world.webhook(None, "new")), world.declared(current[1], 1, url="https://example.com/b")], current, purge=True)
    assert actions(result) == [("update", "else"), ("deactivate", "old"), ("create", "new"), ("remove", "old")]


def test_new_inactive_export_leaves_the_active_one_alone(world):
    result = planned([world.declared(world.webhook(None, "spare", active=False))], [world.webhook("1", "runs")])
    assert actions(result) == [("create", "spare")]


def test_new_inactive_export_with_momentary_deactivation_switches_the_active_one_for_a_moment(world):
    current = [world.webhook("1", "runs"), world.webhook("2", "elsewhere", document_type="ORDER")]
    result = planned([world.declared(world.webhook(None, "spare", active=False))], current, allow_momentary_deactivation=True)
    assert actions(result) == [("deactivate", "runs"), ("create", "spare"), ("activate", "runs")]
    assert [step.momentary for step in result.steps] == [True, False, False]
    assert {export.get("title"): export.active for export in result.after} == {"runs": True, "elsewhere": True, "spare": False}


def test_inactive_export_is_created_before_the_active_one_of_its_place(world):
    declared = [world.declared(world.webhook(None, "runs")), world.declared(world.webhook(None, "spare", active=False), 1)]
    assert actions(planned(declared, [])) == [("create", "spare"), ("create", "runs")]


def test_purge_removes_what_nothing_claims(world):
    current = [world.webhook("1"), world.infor("2"), world.webhook("3", "C", document_type="ORDER")]
    declared = [world.declared(current[0]), ignored(1, title="C")]
    assert actions(planned(declared, current, purge=True)) == [("remove", "B")]
    assert not planned(declared, current).changed


def test_reason_of_a_removal_is_its_own(world):
    current = [world.webhook("1"), world.infor("2"), world.webhook("3", "C", active=False)]
    result = planned([world.declared(current[0], state="absent"), world.declared(current[2], 1)], current, purge=True)
    assert {step.export.get("title"): step.reason for step in result.steps} == {"A": "declared absent", "B": "not declared"}


def test_absent_export_is_removed_once(world):
    declared = [world.declared(world.webhook("1"), state="absent")]
    assert actions(planned(declared, [world.webhook("1")])) == [("remove", "A")]
    assert not planned(declared, []).changed


def test_export_that_an_interrupted_run_left_inactive_is_activated_first(world):
    current = [world.webhook("1", active=False), world.webhook("2", "B", document_type="ORDER")]
    result = planned([world.declared(current[1], url="https://example.com/b")], current, to_activate=frozenset({"1"}))
    assert actions(result) == [("activate", "A"), ("update", "B")]
    assert [step.restores for step in result.steps] == [True, False]


@pytest.mark.parametrize("declare", [{"active": False}, {"state": "absent"}], ids=str)
def test_export_that_an_interrupted_run_left_inactive_and_that_is_declared_so_is_not_activated(world, declare):
    current = [world.webhook("1", active=False)]
    result = planned([world.declared(current[0], **declare)], current, to_activate=frozenset({"1"}))
    assert "activate" not in [step.action for step in result.steps]


# What cannot be rolled back


@pytest.mark.parametrize(
    ("before", "why"),
    [
        (Known("# c\na=1"), ""),
        (Known("a=1", exact=False), "DocBits shows the present idm_mapping rewritten"),
        (Withheld("masked"), "the present idm_mapping is unknown (masked)"),
        (ABSENT, "DocBits has no way to take idm_mapping away again"),
    ],
)
def test_update_says_why_a_file_cannot_be_restored(world, before, why):
    current = [replace(world.infor("2"), values={**world.infor("2").values, "idm_mapping": before})]
    [step] = planned([world.declared(world.infor("2"), idm_mapping="a=2")], current).steps
    assert step.irreversible == why
    shown = step.as_dict("planned")
    assert shown["reversible"] is (why == "") and shown.get("irreversible_because", "") == why


def test_update_of_an_absent_field_can_be_rolled_back(world):
    current = [replace(world.webhook("1"), values={**world.webhook("1").values, "execution_order": ABSENT})]
    [step] = planned([world.declared(world.webhook("1"), execution_order=3)], current).steps
    assert step.irreversible == ""


def test_removal_cannot_be_rolled_back(world):
    [step] = planned([absent()], [world.webhook("1")]).steps
    assert "does not come back" in step.irreversible


def test_update_that_cannot_be_rolled_back_comes_after_the_reversible_steps(world):
    hidden = replace(world.infor("2"), values={**world.infor("2").values, "ionapi": Withheld("masked")})
    current = [hidden, world.webhook("1"), world.webhook("3", "C", document_type="ORDER")]
    declared = [
        world.declared(world.infor("2"), ionapi=world.ionapi(2)),
        world.declared(current[1], 1, active=False),
        world.declared(current[2], 2, "absent"),
        world.declared(world.webhook(None, "new"), 3),
    ]
    assert actions(planned(declared, current)) == [("deactivate", "A"), ("create", "new"), ("update", "B"), ("remove", "C")]


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
        identity = tuple(fields[name] for name in ("sub_organisation", "document_type", "kind", "title"))
        found.setdefault(identity, Export(str(10 + index) if ids else None, label=f"exports[{index}]").with_values({**fields, **files}))
    return list(found.values())


@st.composite
def _worlds(draw):
    """Some exports, and declarations that mean some of them by id or by fields, change them, drop them, or are new."""
    current = draw(_exports(5, ids=True))
    declared = []
    for wanted in draw(_exports(4, ids=False)):
        known = [export for export in current if export.get("kind") == wanted.get("kind")]
        state = draw(st.sampled_from(("present", "present", "present", "absent", "ignore")))
        id_ = draw(st.sampled_from(known)).id if known and draw(st.booleans()) else None
        values = {name: value.value for name, value in wanted.values.items()}
        fields, files = ({name: value for name, value in values.items() if (name in FILES) == of_files} for of_files in (False, True))
        declared.append(Declared(id_, fields, files, label=wanted.label, state=state))
    return current, declared, draw(st.booleans())


@settings(max_examples=200)
@given(_worlds())
def test_steps_give_the_announced_state_and_leave_nothing_to_do(case):
    current, declared, purge = case
    try:
        result = planned(declared, current, purge=purge)
    except InvalidInput:
        assume(False)
    known = {export.id for export in current}
    state = carried_out(result, current)
    assert bare(state, known) == bare(result.after, known)
    assert {export.id for export in current} - {step.id for step in result.steps if step.action == "remove"} <= {export.id for export in state}
    again = planned(declared, state, purge=purge)
    assert actions(again) == []


@settings(max_examples=200)
@given(_worlds())
def test_no_step_makes_a_second_export_active(case):
    current, declared, purge = case
    try:
        result = planned(declared, current, purge=purge, allow_momentary_deactivation=True)
    except InvalidInput:
        assume(False)
    for exports in (current, result.after):
        keys = [export.exclusive_key for export in exports if export.active]
        assume(len(keys) == len(set(keys)))
    state = list(current)
    for number, step in enumerate(result.steps):
        # DocBits may create an export active before it is made inactive.
        moment = replace(step, after=step.after.with_values({"active": True})) if step.action == "create" else step
        for one in (moment, step):
            after = carried_out(replace(result, steps=(one,)), state)
            keys = [export.exclusive_key for export in after if export.active]
            assert len(keys) == len(set(keys)), (number, step)
        state = [replace(export, id=export.id.replace("new 0", f"new {number}")) for export in after]


@settings(max_examples=100)
@given(_worlds())
def test_no_step_without_purge_is_for_an_undeclared_export(case):
    current, declared, _purge = case
    try:
        result = planned(declared, current)
    except InvalidInput:
        assume(False)
    claimed = {pair.current.id for pair in match(declared, current) if pair.current}
    assert {step.id for step in result.steps if step.action != "create"} <= claimed
