# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run that fails at any write is rolled back, says so step by step, and the next run reaches the declaration."""

from __future__ import annotations

import secrets

import pytest

from integration.exports.stand import assert_is_what_the_diff_says, ionapi_text, mapping_texts

WRITES = "(configure_|update_configuration_visibility|remove_configuration)"
REFUSAL = {"status": 200, "content_type": "application/json", "body": '{"success": false, "message": "QUOTA_FINISHED"}'}

# How a write fails: what the wire does, and whether DocBits has done what was asked.
FAILURES = {
    "refused": {"action": REFUSAL},
    "status 500": {"action": {"status": 500, "body": "it broke"}},
    "proxy 502": {"action": {"status": 502, "body": "<html>bad gateway</html>"}},
    "connection closed": {"action": {"close": True}},
    "answer lost": {"action": {"close": True}, "after": True},
    "answer lost behind a proxy": {"action": {"status": 504, "body": "<html>timeout</html>"}, "after": True},
    "answer cut off": {"action": {"truncate": True}},
}

# The steps of the story below with the writes that each takes.
STEPS = (
    ("update", "Next hook", ["configure_webhook_export"]),
    ("update", "To IDM", ["configure_idm_export"]),
    ("deactivate", "Old hook", ["update_configuration_visibility"]),
    ("create", "Spare hook", ["configure_webhook_export", "update_configuration_visibility"]),
    ("activate", "Next hook", ["update_configuration_visibility"]),
    ("create", "To LN", ["configure_infor_export"]),
    ("remove", "To a server", ["remove_configuration"]),
    ("remove", "Last hook", ["remove_configuration"]),
)
REMOVALS = [index for index, (action, _title, _operations) in enumerate(STEPS) if action == "remove"]
AT_THE_END = {"Old hook": False, "Next hook": True, "Spare hook": False, "To IDM": True, "To LN": True}
WRITES_OF_STEPS = [(index, operation) for index, (_action, _title, operations) in enumerate(STEPS) for operation in operations]


class Story:
    """An organisation and a declaration whose way there has every kind of step."""

    def __init__(self, make_stand, simulator, **switches) -> None:
        self.simulator = simulator
        ionapi, texts = ionapi_text(simulator), mapping_texts("CREDIT_NOTE")
        hook = {"export_method": "webhook", "doc_type": "INVOICE", "execution_order": 1}
        server = {"server_url": "f.example.test", "port": 22, "username": "u", "password": secrets.token_urlsafe(9), "folder": "/out"}
        idm = {"on_permise": False, "zugferd": True, "execution_order": 2, "files": {"ion_api": ionapi, "idm_mapping": texts["idm_mapping"]}}
        self.stand = make_stand(
            switches=switches,
            exports=[
                {**hook, "title": "Old hook", "is_active": True, "export_url": "https://a.example.test/old"},
                {**hook, "title": "Next hook", "is_active": False, "export_url": "https://a.example.test/next"},
                {"export_method": "infor-idm-cloud", "title": "To IDM", "doc_type": "CREDIT_NOTE", "is_active": True, **idm},
                {"export_method": "sftp", "title": "To a server", "doc_type": "DELIVERY_NOTE", "is_active": True, **server},
                {**hook, "title": "Last hook", "doc_type": "QUOTE", "is_active": False, "export_url": "https://a.example.test/last"},
            ],
        )
        hook = {"kind": "webhook", "document_type": "INVOICE"}
        ln = {"idm_mapping_content": mapping_texts("PURCHASE_ORDER")["idm_mapping"], "ln_mapping_content": texts["ln_mapping"]}
        self.declared = [
            {**hook, "title": "Old hook", "url": "https://a.example.test/old", "active": False},
            {**hook, "title": "Next hook", "url": "https://b.example.test/next", "active": True, "execution_order": 5},
            {**hook, "title": "Spare hook", "url": "https://b.example.test/spare", "active": False},
            {
                "title": "To IDM",
                "kind": "infor_idm",
                "document_type": "CREDIT_NOTE",
                "ionapi_content": ionapi_text(simulator),
                "idm_mapping_content": texts["idm_mapping"].replace("SF_AccountingEntity=100", "SF_AccountingEntity=200"),
                "zugferd": False,
            },
            {"title": "To LN", "kind": "infor_idm_ln", "document_type": "PURCHASE_ORDER", "ionapi_content": ionapi, **ln},
            {"title": "To a server", "kind": "sftp", "document_type": "DELIVERY_NOTE", "state": "absent"},
            {**hook, "title": "Last hook", "document_type": "QUOTE", "state": "absent"},
        ]
        self.start = self.stand.stored()

    def fail(self, number, failure) -> None:
        """Let the write of this number, counted from 0, fail; those before it pass."""
        match = f"/h/{self.stand.host}/.*{WRITES}"
        passing = [{"service": "docbits", "match": match, "times": number, "action": {"delay": 0}}] if number else []
        self.simulator.faults([*passing, {"service": "docbits", "match": match, "times": 1, **failure}])

    def run(self) -> dict:
        return self.stand.run(self.declared, diff_mappings="text")

    def assert_arrives(self) -> None:
        """The next run succeeds, and the one behind it changes nothing."""
        self.simulator.faults([])
        start, result = self.stand.stored(), self.run()
        assert "failed" not in result, result["msg"]
        assert_is_what_the_diff_says(start, self.stand.stored(), result)
        assert {record["title"]: record["is_active"] for record in self.stand.stored()} == AT_THE_END
        before = self.simulator.last()
        again = self.run()
        assert (again["changed"], again["steps"]) == (False, []) and self.simulator.writes(before) == []


@pytest.mark.parametrize("one_active", [True, False])
def test_the_steps_in_their_order(make_stand, simulator, one_active):
    story, before = Story(make_stand, simulator, one_active=one_active), simulator.last()
    result = story.run()
    assert [(step["action"], step["export"]) for step in result["steps"]] == [step[:2] for step in STEPS]
    assert story.stand.calls(before) == [operation for _index, operation in WRITES_OF_STEPS]
    assert_is_what_the_diff_says(story.start, story.stand.stored(), result)


# Failures after which DocBits has the write, so that the list shows it and the run goes on.
TOOK_EFFECT = [name for name, failure in FAILURES.items() if failure.get("after") or "truncate" in failure["action"]]


@pytest.mark.parametrize("failure", TOOK_EFFECT)
@pytest.mark.parametrize("number", range(len(WRITES_OF_STEPS)))
def test_write_when_applied_and_answered_with_a_failure_is_noticed_in_the_list(make_stand, simulator, number, failure):
    story, before = Story(make_stand, simulator, one_active=True), simulator.last()
    story.fail(number, FAILURES[failure])
    result = story.run()
    assert "failed" not in result, result["msg"]
    assert [step["outcome"] for step in result["steps"]] == ["applied"] * len(STEPS) and result["changed"] is True
    assert story.stand.calls(before) == [operation for _index, operation in WRITES_OF_STEPS]
    [noticed] = [finding for finding in result["findings"] if finding["id"] == "DV04"]
    assert f'"{STEPS[WRITES_OF_STEPS[number][0]][1]}"' in noticed["where"]
    assert_is_what_the_diff_says(story.start, story.stand.stored(), result)
    story.assert_arrives()


@pytest.mark.parametrize("failure", [name for name in FAILURES if name not in TOOK_EFFECT])
@pytest.mark.parametrize("number", range(len(WRITES_OF_STEPS)))
def test_write_when_not_applied_is_rolled_back_with_all_before_it(make_stand, simulator, number, failure):
    story = Story(make_stand, simulator, one_active=True)
    failing = WRITES_OF_STEPS[number][0]
    story.fail(number, FAILURES[failure])
    result = story.run()

    assert result["failed"] and "X00" not in result["msg"]
    outcomes = [step["outcome"] for step in result["steps"]]
    removed = [STEPS[index][1] for index in REMOVALS if index < failing]
    not_run = ["not_run"] * (len(STEPS) - failing - 1)
    if removed:
        # Nothing brings a removed export back, and rolling back the rest could remove what replaced it.
        assert outcomes == ["applied"] * failing + [outcome_of_the_failing(number, failure)] + not_run
        active = {record["title"]: record["is_active"] for record in story.stand.stored()}
        assert active == {title: active for title, active in {**AT_THE_END, "To a server": True, "Last hook": False}.items() if title not in removed}
    else:
        assert outcomes == ["rolled_back"] * failing + [outcome_of_the_failing(number, failure)] + not_run
        assert story.stand.stored() == story.start
    assert result["changed"] is bool({"applied", "unknown"} & set(outcomes))
    assert [finding["id"] for finding in result["findings"]].count("DV03") == outcomes.count("applied") + outcomes.count("unknown")
    story.assert_arrives()


def outcome_of_the_failing(number, failure) -> str:
    """A refusal counts once the list agrees. A write without an answer of DocBits may still take effect."""
    action, _title, operations = STEPS[WRITES_OF_STEPS[number][0]]
    if operations[0] != WRITES_OF_STEPS[number][1]:
        # The export was created, and could then not be deactivated.
        return "rolled_back"
    return "not_applied" if failure == "refused" or (action == "remove" and failure == "status 500") else "unknown"


@pytest.mark.parametrize(("failing", "finding"), [("validate_export_configuration", "DB30"), ("test_infor_connection", "DB31")])
def test_own_check_of_docbits_when_it_fails_only_warns(make_stand, simulator, failing, finding):
    story = Story(make_stand, simulator)
    story.stand.switch(fail_on={failing: {"code": "ERROR_GETTING_INFOR_ACCESS_TOKEN"}})
    result = story.run()
    assert "failed" not in result, result["msg"]
    assert {step["outcome"] for step in result["steps"]} == {"applied"}
    warnings = [warning for warning in result["findings"] if warning["id"] == finding]
    assert warnings and all(warning["level"] == "warning" and "could not get a token" in warning["message"] for warning in warnings)
    assert_is_what_the_diff_says(story.start, story.stand.stored(), result)
    story.assert_arrives()


@pytest.mark.parametrize("checks", [[], ["validate"], ["test_connection"]])
def test_own_checks_of_docbits_when_left_out_are_not_asked(make_stand, simulator, checks):
    story, before = Story(make_stand, simulator), simulator.last()
    assert "failed" not in story.stand.run(story.declared, checks=checks)
    operations = [request["path"].rpartition("/")[2] for request in simulator.journal(before)]
    assert ("validate_export_configuration" in operations) is ("validate" in checks)
    assert ("test_infor_connection" in operations) is ("test_connection" in checks)


def test_a_new_export_that_may_not_become_active_is_taken_back(make_stand, simulator):
    """It is made inactive, and only its activation is refused."""
    hook = {"export_method": "webhook", "doc_type": "INVOICE", "export_url": "https://a.example.test/other", "is_active": True}
    stand = make_stand(switches={"one_active": True, "active_on_create": False}, exports=[{**hook, "title": "In the way"}])
    start = stand.stored()
    result = stand.run([{"title": "New", "kind": "webhook", "document_type": "INVOICE", "url": "https://b.example.test/new"}])
    assert result["failed"] and "EXPORT_CONFIG_ALREADY_EXISTS" in result["msg"]
    assert [step["outcome"] for step in result["steps"]] == ["rolled_back"]
    assert stand.stored() == start


def test_update_when_accepted_without_effect_is_unknown(make_stand, simulator):
    """This DocBits takes an empty field for one that was not sent, so the order of execution cannot be cleared by it."""
    hook = {"export_method": "webhook", "doc_type": "INVOICE", "export_url": "https://a.example.test/old", "is_active": True}
    stand = make_stand(
        switches={"on_update": "empty_keeps"}, sub_organisations=[{"id": "s1", "name": "South"}], exports=[{**hook, "title": "A", "sub_org_id": "s1"}]
    )
    start = stand.stored()
    result = stand.run([{"id": stand.ids[0], "sub_organisation": ""}])
    assert result["failed"] and "[DV01]" in result["msg"] and "sub_organisation" in result["msg"]
    # DocBits said that it did it, and may show it later.
    assert ([step["outcome"] for step in result["steps"]], result["changed"]) == (["unknown"], True)
    assert stand.stored() == start


def test_withheld_value_when_replaced_comes_late_and_remains(make_stand, simulator):
    """An ION API file that DocBits does not show is replaced, then a later step fails."""
    story = Story(make_stand, simulator, mask_ion_api="refuse")
    removal = len(WRITES_OF_STEPS) - len(REMOVALS)
    story.fail(removal, FAILURES["refused"])
    result = story.run()
    steps = [(step["export"], step["reversible"], step["outcome"]) for step in result["steps"]]
    assert steps[5] == ("To IDM", False, "applied") and [outcome for _title, _reversible, outcome in steps[:5]] == ["rolled_back"] * 5
    assert "ionapi is unknown" in result["steps"][5]["irreversible_because"]
    assert [outcome for _title, _reversible, outcome in steps[6:]] == ["not_applied", "not_run"]
    [remains] = [finding for finding in result["findings"] if finding["id"] == "DV03"]
    assert "ionapi" in remains["message"] and result["changed"] is True
    record, former = story.stand.one("To IDM"), next(record for record in story.start if record["title"] == "To IDM")
    assert {**record, "files": {**record["files"], "ion_api": former["files"]["ion_api"]}} == former
    assert record["files"]["ion_api"] != former["files"]["ion_api"]
    story.stand.switch(mask_ion_api="no")
    story.assert_arrives()


def test_irreversible_step_when_reversible_is_required_is_refused(make_stand, simulator):
    story, before = Story(make_stand, simulator, mask_ion_api="refuse"), simulator.last()
    for check in (True, False):
        result = story.stand.run(story.declared, check=check, require_reversible=True)
        assert result["failed"] and {finding["id"] for finding in result["findings"] if finding["level"] == "error"} == {"P10"}
        assert "To IDM" in str(result["findings"]) and "To a server" in str(result["findings"])
    assert story.stand.calls(before) == [] and story.stand.stored() == story.start


def test_rollback_when_it_is_refused_is_unknown(make_stand, simulator):
    story = Story(make_stand, simulator)
    match = f"/h/{story.stand.host}/.*"
    simulator.faults(
        [
            {"service": "docbits", "match": f"{match}configure_webhook_export", "times": 1, "action": {"delay": 0}},
            {"service": "docbits", "match": f"{match}(configure_idm_export|configure_webhook_export)", "times": None, "action": REFUSAL},
        ]
    )
    result = story.run()
    assert [step["outcome"] for step in result["steps"]][:3] == ["unknown", "not_applied", "not_run"]
    assert result["changed"] is True
    assert story.stand.one("Next hook")["export_url"] == "https://b.example.test/next"
    story.assert_arrives()


def test_rollback_when_accepted_without_effect_is_found_by_reading(make_stand, simulator):
    story = Story(make_stand, simulator)
    match, accepted = f"/h/{story.stand.host}/.*{WRITES}", {**REFUSAL, "body": '{"success": true}'}
    simulator.faults([{"service": "docbits", "match": match, "times": 1, "action": action} for action in ({"delay": 0}, REFUSAL, accepted)])
    result = story.run()
    assert [step["outcome"] for step in result["steps"]][:3] == ["unknown", "not_applied", "not_run"]
    [remains] = [finding for finding in result["findings"] if finding["id"] == "DV03"]
    assert "DocBits does not show the former execution_order, url" in remains["message"]
    assert result["changed"] is True
    story.assert_arrives()


HOOK = {"title": "New", "kind": "webhook", "document_type": "INVOICE", "url": "https://a.example.test/new"}
RECORD = {"export_method": "webhook", "doc_type": "QUOTE", "is_active": True, "export_url": "https://a.example.test/old"}


def test_create_when_answered_without_id_and_never_listed_is_not_sent_again(make_stand, simulator):
    """The list shows two exports and does not say that there are more."""
    stand = make_stand(switches={"list_shape": "silent_pages", "create_answer": "no_content"}, exports=[{**RECORD, "title": title} for title in "AB"])
    first = stand.run([HOOK])
    assert first["failed"] and "[DV02]" in first["msg"] and [step["outcome"] for step in first["steps"]] == ["applied"] and first["changed"] is True
    before = simulator.last()
    second = stand.run([HOOK])
    assert second["failed"] and "[P09]" in second["msg"] and stand.calls(before) == [] and len(stand.stored()) == 3
    stand.switch(list_shape="data")
    third = stand.run([HOOK])
    assert third["changed"] is False and "E29" in [finding["id"] for finding in third["findings"]]


def test_create_when_never_listed_and_its_removal_is_refused_is_unknown(make_stand, simulator):
    stand = make_stand(switches={"list_shape": "silent_pages"}, exports=[{**RECORD, "title": title} for title in "AB"])
    stand.switch(fail_on={"remove_configuration": {"code": "QUOTA_FINISHED"}})
    result = stand.run([HOOK])
    [id_] = {record["id"] for record in stand.stored()} - set(stand.ids)
    assert ([step["outcome"] for step in result["steps"]], result["changed"]) == (["unknown"], True)
    assert any(finding["id"] == "DV03" and id_ in finding["message"] for finding in result["findings"])
    again = stand.run([HOOK])
    assert "[P09]" in again["msg"] and id_ in again["msg"] and len(stand.stored()) == 3


def test_list_without_keys_of_values_that_are_not_set_has_a_way_out(make_stand):
    stand = make_stand(switches={"nulls": False}, sub_organisations=[{"id": "s1", "name": "South"}], exports=[{**RECORD, "title": "A"}])
    refused = stand.run([HOOK])
    assert "[DB11]" in refused["msg"] and "contract_overrides: {records: {sub_organisation: KEY}}" in refused["msg"]
    assert stand.run([HOOK], contract_overrides={"records": {"sub_organisation": "sub_org_id"}})["changed"] is True
    assert [record.get("sub_org_id") for record in stand.stored()] == [None, None]


@pytest.mark.parametrize("active_on_create", [True, False])
def test_the_place_of_an_active_export_is_taken_over(make_stand, simulator, active_on_create):
    """Where only one may be active, the old one goes just before the new one comes, and never the other way round."""
    hook = {"export_method": "webhook", "doc_type": "INVOICE"}
    stand = make_stand(
        switches={"one_active": True, "active_on_create": active_on_create},
        exports=[
            {**hook, "title": "Old", "is_active": True, "export_url": "https://a.example.test/old"},
            {**hook, "title": "Other type", "doc_type": "QUOTE", "is_active": True, "export_url": "https://a.example.test/quote"},
        ],
    )
    item = {"kind": "webhook", "document_type": "INVOICE"}
    declared = [
        {**item, "title": "New", "url": "https://a.example.test/new"},
        {**item, "title": "Old", "url": "https://a.example.test/old", "active": False},
        {**item, "title": "Other type", "document_type": "QUOTE", "url": "https://b.example.test/quote"},
    ]
    before = simulator.last()
    result = stand.run(declared)
    assert [(step["action"], step["export"]) for step in result["steps"]] == [("update", "Other type"), ("deactivate", "Old"), ("create", "New")]
    switched = ["update_configuration_visibility"]
    assert stand.calls(before) == ["configure_webhook_export", *switched, "configure_webhook_export", *([] if active_on_create else switched)]

    # And back, between two that stand already: the one goes directly before the other comes.
    declared[0]["active"], declared[1]["active"] = False, True
    before = simulator.last()
    result = stand.run(declared)
    assert [(step["action"], step["export"]) for step in result["steps"]] == [("deactivate", "New"), ("activate", "Old")]
    journal = [(request["path"].rpartition("/")[2], request["write"]) for request in simulator.journal(before)]
    first = journal.index(("update_configuration_visibility", True))
    assert journal[first + 1] == ("update_configuration_visibility", True)
    assert {record["title"]: record["is_active"] for record in stand.stored()} == {"Old": True, "Other type": True, "New": False}


def test_inactive_export_when_created_beside_an_active_one_needs_the_option(make_stand, simulator):
    """This DocBits makes a new export active first, so it refuses one beside an active one, even if it is to be inactive."""
    hook = {"export_method": "webhook", "doc_type": "INVOICE", "title": "Stays", "is_active": True, "export_url": "https://a.example.test/stays"}
    stand = make_stand(switches={"one_active": True}, exports=[hook])
    item = {"kind": "webhook", "document_type": "INVOICE"}
    declared = [
        {**item, "title": "Stays", "url": "https://a.example.test/stays", "active": True},
        {**item, "title": "Spare", "url": "https://a.example.test/spare", "active": False},
    ]
    for exports in (declared, declared[1:]):
        before, start = simulator.last(), stand.stored()
        result = stand.run(exports)
        assert result["failed"] and "[DB05]" in result["msg"] and "allow_momentary_deactivation" in result["msg"]
        assert [(step["action"], step["outcome"]) for step in result["steps"]] == [("create", "not_applied")] and result["changed"] is False
        assert stand.calls(before) == ["configure_webhook_export"] and stand.stored() == start
    result = stand.run(declared, allow_momentary_deactivation=True)
    assert [(step["action"], step["export"]) for step in result["steps"]] == [("deactivate", "Stays"), ("create", "Spare"), ("activate", "Stays")]
    assert {record["title"]: record["is_active"] for record in stand.stored()} == {"Stays": True, "Spare": False}
