# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each rule about ION API files has a valid example and an invalid one for each case; docs/ionapi_rules.md shows the same examples."""

from __future__ import annotations

import re

import pytest

from ansible_collections.docbits.ion.plugins.module_utils._core.findings import ERROR, LEVELS
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.fleet import check_fleet
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.parser import parse
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.rules import RULES
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.rules_file import check_file
from ansible_collections.docbits.ion.tests.docs.generate_rules import IONAPI_PAGE, case_id
from ansible_collections.docbits.ion.tests.docs.ionapi_examples import FAILING, PASSING

CASES = {case_id(rule, name): (rule, case) for rule in RULES for name, case in rule.cases.items()}

# Section 7 of the contract notes, D02 for the name of the app, K10 for web apps, and L03 for misplaced secrets.
EXPECTED_IDS = [
    *(f"F0{number}" for number in range(1, 10)),
    *(f"K{number:02}" for number in range(1, 11)),
    *(f"T0{number}" for number in range(1, 9)),
    *(f"L0{number}" for number in range(1, 4)),
    *(f"U{number:02}" for number in range(1, 14)),
    *("D01", "D02"),
    *(f"V0{number}" for number in range(1, 6)),
    "C01",
]

# In U09 and U12 both hosts are unknown; in C01 a stale secret comes with a shared service account.
REPEATED = {"U09": 2, "U12.look_alike": 2, "U12.address": 2, "C01.client_secret": 2, "C01.account_secret": 2}


def findings_of(example):
    of_the_file = [violation.finding("production.ionapi") for violation in check_file(example.filename, example.mode, example.tracked)]
    parsed = parse(example.content, "production.ionapi", example.expectations)
    if example.second is None:
        return of_the_file + parsed.findings
    second = parse(example.second, "stage.ionapi", example.expectations)
    assert not parsed.findings and not second.findings
    return check_fleet({"production": parsed.ionapi, "stage": second.ionapi})


def test_rules_are_those_of_the_contract_notes():
    assert [rule.id for rule in RULES] == EXPECTED_IDS


def test_every_rule_and_case_has_an_example():
    assert list(PASSING) == EXPECTED_IDS
    assert list(FAILING) == list(CASES)


@pytest.mark.parametrize("rule", EXPECTED_IDS)
def test_valid_example_has_no_finding(rule):
    assert findings_of(PASSING[rule]) == []


@pytest.mark.parametrize("example_id", CASES)
def test_invalid_example_violates_its_rule_only(example_id):
    rule, case = CASES[example_id]
    findings = findings_of(FAILING[example_id])
    assert {finding.id for finding in findings} == {rule.id}
    assert len(findings) == REPEATED.get(example_id, 1)
    pattern = re.sub(r"\\\{\w+\\\}", ".+", re.escape(case.message))
    assert any(finding.level == case.level and re.fullmatch(pattern, finding.message) for finding in findings)


@pytest.mark.parametrize("example_id", CASES)
def test_finding_of_an_example_is_complete_and_shows_no_value(example_id):
    for finding in findings_of(FAILING[example_id]):
        assert finding.level in LEVELS
        assert re.fullmatch(r"(?:production\.ionapi|production, stage)(?:: [a-z]+)?", finding.where)
        assert not finding.message.endswith(".") and not finding.action.endswith(".")
        assert not re.search(r"[{}]|invented|acme\.example|mingle", finding.message + finding.action)
        assert re.match(r"[a-z]", finding.action), "an action is an imperative inside a sentence"


@pytest.mark.parametrize("example_id", CASES)
def test_example_is_parsed_unless_the_level_is_error(example_id):
    example = FAILING[example_id]
    parsed = parse(example.content, "f", example.expectations)
    assert (parsed.ionapi is None) == (CASES[example_id][1].level == ERROR)


def test_page_is_up_to_date():
    assert IONAPI_PAGE.path.read_text(encoding="utf-8") == IONAPI_PAGE.text(), "run tests/docs/generate_rules.py"


@pytest.mark.parametrize("example_id", CASES)
def test_page_shows_the_example_of_every_case_at_its_rule(example_id):
    section = IONAPI_PAGE.text().partition(f"\n### {CASES[example_id][0].id}\n")[2].partition("\n### ")[0]
    assert FAILING[example_id].shown in section
