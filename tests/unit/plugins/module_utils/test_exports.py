# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way of exports on a DocBits in memory: the promises in small, names, conflicts, evidence, and the round trip of a reading."""

from __future__ import annotations

import secrets
from dataclasses import replace

import pytest

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import ApplyFailed, ContractMismatch, InvalidInput
from ansible_collections.docbits.ion.plugins.module_utils._core.findings import ERROR, Finding
from ansible_collections.docbits.ion.plugins.module_utils._exports.bring import Manner, as_declaration, bring
from ansible_collections.docbits.ion.plugins.module_utils._exports.declared import declared_exports
from ansible_collections.docbits.ion.plugins.module_utils._exports.evidence import ALWAYS, ON_CREATE, WHEN_CHANGED, Evidence
from ansible_collections.docbits.ion.plugins.module_utils._exports.normal_form import normal_form
from ansible_collections.docbits.ion.plugins.module_utils._model.export import FILES, KINDS, SECRET_FIELDS, Export
from ansible_collections.docbits.ion.plugins.module_utils._module._options import export_options
from ansible_collections.docbits.ion.plugins.plugin_utils._state_file import keep, remembered


def how(**changes):
    """A manner of its own, because the evidence in it grows."""
    return Manner(**{"purge": False, "several_active": False, "update": WHEN_CHANGED, "diff_mappings": "text", "evidence": Evidence(), **changes})


def sftp(id_="5", title="S", **fields):
    known = {"title": title, "kind": "sftp", "document_type": "ORDER", "sub_organisation": "s1", "active": True, "folder": "in", "username": "u"}
    return Export(id_, {**known, "server_url": "h", "password": "p", **fields})


def bod(world):
    return world.infor(None, kind="infor_ion_bod", files={"ionapi": '{"ti":"A"}', "bod_mapping": "a=1"})


# What stands at the start, what is declared (of the world and what stands), and whether anything changes.
SCENARIOS = {
    "an empty organisation": ([], lambda w: [w.declared(w.webhook(None)), w.declared(bod(w), 1)], how(), True),
    "nothing declared": ([0, 1], lambda w: [], how(), False),
    "as it is": ([0, 1], lambda w: [w.declared(w.webhook()), w.declared(w.infor(), 1)], how(), False),
    "an edit by hand": ([0, 1], lambda w: [w.declared(w.webhook(), url="https://new.example"), w.declared(w.infor(), 1, idm_mapping="b=1")], how(), True),
    "a swap": ([0], lambda w: [w.declared(w.webhook(), active=False), w.declared(w.webhook(None, "new"), 1)], how(), True),
    "a spare": ([0], lambda w: [w.declared(w.webhook(None, "spare", active=False))], how(), True),
    "a purge": ([0, 1, 2], lambda w: [w.declared(w.webhook())], how(purge=True), True),
    "a purge with a successor": ([0, 1], lambda w: [w.declared(w.webhook(None, "new")), w.declared(w.infor(None, "new"), 1)], how(purge=True), True),
    "a purge that ignores": (
        [0, 1],
        lambda w: [w.declared(w.webhook()), Export(None, {"title": "B"}, label="exports[1]", state="ignore")],
        how(purge=True),
        False,
    ),
    "absent": ([0, 1], lambda w: [w.declared(w.webhook(), state="absent")], how(), True),
    "absent already": ([1], lambda w: [w.declared(w.webhook(), state="absent")], how(), False),
    "a rename": ([0], lambda w: [w.declared(w.webhook(), keep_id=True, title="new")], how(), True),
    "a move": ([0, 2], lambda w: [w.declared(w.webhook(), keep_id=True, document_type="ORDER"), w.declared(w.webhook("3", "C"), 1, "absent")], how(), True),
}


def standing(world, chosen):
    everything = [world.webhook("1"), world.infor("2"), world.webhook("3", "C", active=False)]
    return [everything[index] for index in chosen]


@pytest.mark.parametrize(("chosen", "declare", "manner", "changed"), SCENARIOS.values(), ids=SCENARIOS)
def test_the_promises_in_small(world, chosen, declare, manner, changed):
    docbits = world.DocBits(standing(world, chosen))
    check = bring(docbits, declare(world), manner, check_mode=True)
    assert docbits.writes == []
    real = bring(docbits, declare(world), manner, check_mode=False)
    assert check["changed"] is real["changed"] is changed
    assert check["diff"] == real["diff"]
    assert [(step["action"], step["export"]) for step in check["steps"]] == [(step["action"], step["export"]) for step in real["steps"]]
    announced = [{word: value for word, value in shown.items() if word != "id"} for shown in real["diff"]["after"]["exports"]]
    known = {shown["title"] for shown in announced for word in shown if word.endswith("mapping")}
    stands = [normal_form(replace(export, id=None, files=export.files if export.get("title") in known else {}), "text") for export in docbits.stored.values()]
    assert sorted(announced, key=str) == sorted(stands, key=str)
    docbits.calls.clear()
    again = bring(docbits, declare(world), how(purge=manner.purge), check_mode=False)
    assert again["changed"] is False and docbits.writes == []
    assert again["diff"]["before"] == again["diff"]["after"]


def test_the_result_has_a_line_for_every_declared_export(world):
    docbits = world.DocBits([world.webhook("1")])
    result = bring(docbits, [world.declared(world.webhook(), url="https://b.example"), world.declared(world.infor(None), 1)], how(), True)
    assert result["exports"] == [
        {"id": "1", "title": "A", "kind": "webhook", "actions": ["update"], "evidence": {}},
        {"id": None, "title": "B", "kind": "infor_idm", "actions": ["create"], "evidence": {}},
    ]
    assert result["findings"] == [] and "remembered" not in result


def test_a_new_export_is_returned_with_the_id_that_it_got(world):
    docbits = world.DocBits()
    result = bring(docbits, [world.declared(world.webhook(None))], how(), False)
    assert [line["id"] for line in result["exports"]] == list(docbits.stored)


def test_an_activity_that_the_list_does_not_tell_is_left_and_said(world):
    docbits = world.DocBits([world.webhook("1")], untold=("active",))
    result = bring(docbits, [world.declared(world.webhook(), active=False)], how(), False)
    assert [finding["id"] for finding in result["findings"]] == ["E14"] and result["changed"] is False


# An active export that nobody declared


def rivals(result):
    return [finding["where"] for finding in result["findings"] if finding["id"] == "E22"]


def test_an_active_export_that_nobody_declared_is_told_before_docbits_refuses(world):
    docbits = world.DocBits([world.webhook("1", "Standing")])
    new = [world.declared(world.webhook(None, "New"))]
    check = bring(docbits, new, how(), True)
    assert rivals(check) == ['exports[0] "New"'] and 'export 1 "Standing"' in check["findings"][0]["message"] and "id 1" in check["findings"][0]["action"]
    with pytest.raises(ApplyFailed) as caught:
        bring(docbits, new, how(), False)
    assert [finding.id for finding in caught.value.findings] == ["DB05", "E22"] and docbits.stored == {"1": world.webhook("1", "Standing")}


def test_a_docbits_that_takes_both_gets_both(world):
    docbits = world.DocBits([world.webhook("1", "Standing")], one_active=False)
    assert rivals(bring(docbits, [world.declared(world.webhook(None, "New"))], how(), False)) == ['exports[0] "New"']
    again = bring(docbits, [world.declared(world.webhook(None, "New"))], how(), False)
    assert rivals(again) == [] and again["changed"] is False


@pytest.mark.parametrize(
    ("new", "manner"),
    [
        ({"active": False}, {}),
        ({"document_type": "ORDER"}, {}),
        ({"kind": "infor_idm"}, {}),
        ({}, {"several_active": True}),
        ({}, {"purge": True}),
    ],
    ids=["inactive", "elsewhere", "of the other family", "several", "purge"],
)
def test_where_nothing_is_in_the_way_nothing_is_said(world, new, manner):
    docbits = world.DocBits([world.webhook("1", "Standing")])
    declared = world.declared(world.infor(None, "New") if new.get("kind") else world.webhook(None, "New"), **new)
    assert rivals(bring(docbits, [declared], how(**manner), True)) == []


def test_an_export_that_moves_or_is_switched_on_meets_what_stands_there(world):
    docbits = world.DocBits([world.webhook("1", "Standing"), world.webhook("2", "Moving", document_type="ORDER"), world.webhook("3", "Off", active=False)])
    moving = world.declared(world.webhook("2", "Moving"), keep_id=True)
    assert rivals(bring(docbits, [moving], how(), True)) == ['exports[0] "Moving"']
    assert rivals(bring(docbits, [world.declared(world.webhook("3", "Off"), active=True)], how(), True)) == ['exports[0] "Off"']


# Names


def test_names_are_resolved_only_where_nothing_that_stands_uses_them(world):
    docbits = world.DocBits([world.webhook("1", sub_organisation="s2")])
    bring(docbits, [world.declared(world.webhook(), sub_organisation="s2", url="https://b.example")], how(), True)
    assert docbits.calls == [("exports", None)]
    result = bring(docbits, [world.declared(world.webhook(None, "N"), document_type=" order", sub_organisation="NORTH")], how(), True)
    (new,) = [shown for shown in result["diff"]["after"]["exports"] if shown["title"] == "N"]
    assert (new["document_type"], new["sub_organisation"]) == ("ORDER", "s1")


@pytest.mark.parametrize(
    ("word", "value", "id_", "says"),
    [
        ("document_type", "NVOICE", "DB12", "DocBits has no document type NVOICE; it has INVOICE, ORDER"),
        ("sub_organisation", "Nort", "DB13", "DocBits has no sub-organisation Nort; it has North, South, South"),
        ("sub_organisation", "South", "DB13", "2 of them are called South"),
    ],
)
@pytest.mark.parametrize("state", ["present", "ignore"])
def test_a_name_that_docbits_does_not_know_is_an_error_before_any_write(world, word, value, id_, says, state):
    docbits = world.DocBits()
    with pytest.raises(InvalidInput) as caught:
        bring(docbits, [world.declared(world.webhook(None), state=state, **{word: value})], how(), False)
    assert caught.value.id == id_ and says in caught.value.message
    assert f'exports[0] "A": {word}' in caught.value.message
    assert docbits.writes == []


def test_absent_finds_its_export_by_a_name_and_is_content_where_the_name_is_unknown(world):
    docbits = world.DocBits([world.webhook("1", sub_organisation="s1")])
    assert not bring(docbits, [world.declared(world.webhook(), state="absent", document_type="NVOICE", sub_organisation="s1")], how(), False)["changed"]
    assert bring(docbits, [world.declared(world.webhook(), state="absent", document_type="Invoice", sub_organisation="north")], how(), False)["changed"]
    assert docbits.stored == {}


def test_what_is_ignored_by_a_name_is_not_purged(world):
    docbits = world.DocBits([world.webhook("1"), world.webhook("2", "kept", document_type="ORDER")])
    ignored = Export(None, {"title": "kept", "document_type": "Order"}, label="exports[1]", state="ignore")
    assert not bring(docbits, [world.declared(world.webhook()), ignored], how(purge=True), False)["changed"]


def test_two_names_of_one_type_are_one_export(world):
    with pytest.raises(InvalidInput) as caught:
        bring(world.DocBits(), [world.declared(world.webhook(None)), world.declared(world.webhook(None), 1, document_type="Invoice")], how(), False)
    assert caught.value.id == "P03"


# Conflicts and the contract, before the first write


def test_two_declared_exports_that_would_both_be_active_are_named_with_both_indices(world):
    docbits = world.DocBits([world.webhook("1")])
    declared = [world.declared(world.webhook()), world.declared(world.webhook(None, "B"), 1)]
    with pytest.raises(InvalidInput) as caught:
        bring(docbits, declared, how(), False)
    assert caught.value.id == "E05"
    assert 'exports[0] "A"' in caught.value.message and 'exports[1] "B"' in caught.value.message
    assert docbits.writes == []


@pytest.mark.parametrize("different", [{"active": False}, {"document_type": "ORDER"}, {"sub_organisation": "s1"}])
def test_exports_that_do_not_compete_are_no_conflict(world, different):
    docbits = world.DocBits()
    declared = [world.declared(world.webhook(None)), world.declared(world.webhook(None, "B"), 1, **different), world.declared(bod(world), 2)]
    assert len(bring(docbits, declared, how(), False)["steps"]) == 3


def test_a_docbits_that_runs_several_gets_several(world):
    docbits = world.DocBits(one_active=False)
    declared = [world.declared(world.webhook(None), execution_order=1), world.declared(world.webhook(None, "B"), 1, execution_order=2)]
    bring(docbits, declared, how(several_active=True), False)
    assert [export.active for export in docbits.stored.values()] == [True, True]


def test_an_undeclared_active_export_is_for_docbits_to_refuse_and_nothing_stays(world):
    docbits = world.DocBits([world.webhook("1")])
    with pytest.raises(ApplyFailed):
        bring(docbits, [world.declared(world.webhook(None, "B"))], how(), False)
    assert list(docbits.stored) == ["1"]


def test_every_problem_of_the_contract_comes_before_the_first_write(world):
    docbits = world.DocBits([world.webhook("1")])
    problem = Finding("DC01", ERROR, "/configurations/configure_smb_export", "no such operation", "look it up")
    docbits.kinds_without_contract = {problem}
    smb = Export(None, {"title": "S", "kind": "smb", "document_type": "INVOICE", "active": False}, label='exports[1] "S"')
    for check_mode in (True, False):
        with pytest.raises(ContractMismatch) as caught:
            bring(docbits, [world.declared(world.webhook(), url="https://b.example"), smb], how(), check_mode)
        assert caught.value.findings == [problem]
    assert docbits.writes == []


# What DocBits does not give back


def test_a_withheld_file_is_sent_once_and_then_known_by_its_fingerprint(world):
    docbits = world.DocBits([world.infor("2")], withheld=("ionapi",))
    declared = [world.declared(world.infor())]
    first = bring(docbits, declared, how(), False)
    assert first["exports"][0]["evidence"] == {"ionapi": "none", "idm_mapping": "value"}
    assert first["exports"][0]["actions"] == ["update"]
    known = how(evidence=Evidence(first["remembered"]))
    again = bring(docbits, declared, known, False)
    assert again["changed"] is False and "remembered" not in again
    assert again["exports"][0]["evidence"] == {"ionapi": "fingerprint", "idm_mapping": "value"}
    other = bring(docbits, [world.declared(world.infor(), ionapi='{"ti":"B"}')], known, False)
    assert other["changed"] is True and other["exports"][0]["evidence"]["ionapi"] == "fingerprint"
    assert docbits.stored["2"].files["ionapi"] == '{"ti":"B"}'


def test_what_is_remembered_holds_no_secret_and_differs_for_equal_secrets(world):
    password = secrets.token_urlsafe(12)
    docbits = world.DocBits()
    declared = [Export(None, {**sftp(title=title).fields, "password": password, "active": False}, label=title) for title in ("S", "T")]
    remembered = bring(docbits, declared, how(), False)["remembered"]
    assert password not in str(remembered)
    assert len({words["password"] for words in remembered.values()}) == 2


@pytest.mark.parametrize(("policy", "changed"), [(ALWAYS, True), (ON_CREATE, False)])
def test_a_policy_decides_without_evidence(world, policy, changed):
    docbits = world.DocBits([replace(sftp(), label="S")])
    result = bring(docbits, [world.declared(sftp(), password="other")], how(update=policy), False)
    assert result["changed"] is changed
    assert result["exports"][0]["evidence"] == {"password": "policy"}
    assert docbits.stored["5"].get("password") == ("other" if changed else "p")


def test_the_diff_tells_unreadable_apart_and_shows_no_password(world):
    password = secrets.token_urlsafe(12)
    docbits = world.DocBits([sftp()])
    result = bring(docbits, [world.declared(sftp(), password=password)], how(), True)
    (before,), (after,) = result["diff"]["before"]["exports"], result["diff"]["after"]["exports"]
    assert (before["password"], after["password"]) == ("<unreadable>", "<secret>")
    assert password not in str(result)


def test_activity_that_is_not_told_is_neither_sent_nor_remembered(world):
    docbits = world.DocBits([world.webhook("1")], untold=("active",))
    assert bring(docbits, [world.declared(world.webhook(), active=False)], how(), False)["changed"] is False


def test_a_failed_run_remembers_nothing(world):
    docbits = world.DocBits([world.infor("2")], withheld=("ionapi",))
    docbits.fail("update", world.refused())
    evidence = Evidence()
    with pytest.raises(ApplyFailed):
        bring(docbits, [world.declared(world.infor())], how(evidence=evidence), False)
    assert evidence.as_dict() == {}


@pytest.mark.parametrize("step", ["update", "remove"])
def test_after_a_failed_run_nothing_vouches_for_a_secret_that_it_may_have_replaced(world, tmp_path, step):
    """The password is sent, a later step fails, and whoever declared it takes it back: the old one has to be sent again."""
    path = str(tmp_path / "state.json")
    docbits = world.DocBits([replace(sftp(), label="S"), world.webhook("8", "B"), world.webhook("9", "C", active=False)])

    def run(password, *others):
        manner = how(evidence=Evidence(remembered(path)))
        try:
            result = bring(docbits, [world.declared(sftp(), password=password), *others], manner, False)
        except ApplyFailed as error:
            result = error.facts
        keep(path, result.get("remembered", {}))
        return result

    run("old")
    assert run("old")["changed"] is False
    docbits.fail(step, world.refused(), nth=2)
    if step == "update":
        failed = run("new", world.declared(world.webhook("8", "B"), 1, url="https://example.com/b"))
    else:
        failed = run("new", *(world.declared(world.webhook(id_, title), 1, "absent") for id_, title in (("8", "B"), ("9", "C"))))
    assert failed["changed"] is True and docbits.stored["5"].get("password") == "new"
    assert run("old")["changed"] is True and docbits.stored["5"].get("password") == "old"
    assert run("old")["changed"] is False


def test_a_fingerprint_is_of_one_host(world):
    here, there = Evidence(host="https://a.example"), {}
    here.remember("5", "password", "p")
    there = Evidence(here.as_dict(), host="https://b.example")
    assert not there.knows("5", "password") and not there.matches("5", "password", "p")
    there.remember("5", "password", "q")
    assert Evidence(there.as_dict(), host="https://a.example").matches("5", "password", "p")


# The round trip: what is read can be declared and changes nothing

VALUES = {"deployment": "on_premises", "zugferd": True, "url": "https://example.com", "port": 22, "document_history": False}


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_read_is_a_declaration_that_changes_nothing(world, kind):
    carries = KINDS[kind].parts
    fields = {"title": "A", "kind": kind, "document_type": "ORDER", "sub_organisation": "s1", "active": False, "execution_order": 2}
    fields |= {word: VALUES.get(word, "text") for word in carries if word not in FILES}
    stands = Export("9", fields, {word: "a=1\r\n" for word in carries if word in FILES}, label="A")
    docbits = world.DocBits([stands])
    (listed,) = docbits.exports()
    read = replace(listed, files={slot: text for slot, text in stands.files.items() if not FILES[slot].secret})
    given = as_declaration(read)
    assert not {"ionapi_content", *SECRET_FIELDS} & given.keys()
    assert given.keys() <= {*export_options(), "ignore"}
    item = {**dict.fromkeys(export_options()), "state": "present", "ignore": False, **given}
    for manner in (how(), how(purge=True)):
        assert bring(docbits, declared_exports([item]), manner, False)["changed"] is False
    without_id = {**item, "id": None, "password": "p" if "password" in carries else None, "ionapi_content": "{}" if "ionapi" in carries else None}
    assert declared_exports([without_id])[0].id is None


def test_an_export_of_an_unknown_kind_is_read_as_one_to_ignore(world):
    docbits = world.DocBits([world.webhook("1", kind="watcher")])
    given = as_declaration(docbits.exports()[0])
    assert given == {"id": "1", "title": "A", "ignore": True}
    item = {**dict.fromkeys(export_options()), "state": "present", **given}
    assert bring(docbits, declared_exports([item]), how(purge=True), False)["changed"] is False
