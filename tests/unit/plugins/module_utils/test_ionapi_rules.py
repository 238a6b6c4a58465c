# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every rule about ION API files has an example that keeps it and one for each way to break it; the page shows the same examples."""

from __future__ import annotations

import re

import pytest

from ansible_collections.docbits.ion.plugins.module_utils._core.findings import ERROR, LEVELS
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.fleet import across_fleet
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.parser import parse
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.rules import RULES, finding_of
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.rules_file import check_file
from ansible_collections.docbits.ion.tests.docs.generate_ionapi_rules import CHAPTERS, CONFIDENCE, PAGE, page
from ansible_collections.docbits.ion.tests.docs.ionapi_examples import FAILING, PASSING

CASES = [(rule, case) for rule in RULES for case in rule.cases]
CASE_IDS = [f"{rule.id}.{case.name}" for rule, case in CASES]

# Section 7 of the contract notes, and D02 for the name of the app.
EXPECTED_IDS = [
    *(f"F0{number}" for number in range(1, 9)),
    *(f"K0{number}" for number in range(1, 10)),
    *(f"T0{number}" for number in range(1, 9)),
    "L01",
    "L02",
    *(f"U{number:02}" for number in range(1, 12)),
    "D01",
    "D02",
    *(f"V0{number}" for number in range(1, 6)),
    "C01",
]

# Both hosts are unknown in one; a stale secret goes with a shared service account in the others.
REPEATED = {"U09.host": 2, "C01.client_secret": 2, "C01.account_secret": 2}


def findings_of(example):
    of_the_file = [finding_of(hit, "production.ionapi") for hit in check_file(example.filename, example.mode)]
    parsed = parse(example.content, "production.ionapi", example.expectations)
    if example.second is None:
        return of_the_file + parsed.findings
    second = parse(example.second, "stage.ionapi", example.expectations)
    assert not parsed.findings and not second.findings
    return across_fleet({"production": parsed.ionapi, "stage": second.ionapi})


def test_every_rule_of_the_contract_is_there_once():
    assert [rule.id for rule in RULES] == EXPECTED_IDS


def test_every_rule_and_every_case_has_an_example_and_nothing_else_has():
    assert list(PASSING) == EXPECTED_IDS
    assert list(FAILING) == CASE_IDS


@pytest.mark.parametrize("rule", EXPECTED_IDS)
def test_the_passing_example_has_no_finding(rule):
    assert findings_of(PASSING[rule]) == []


@pytest.mark.parametrize(("rule", "case"), CASES, ids=CASE_IDS)
def test_the_failing_example_breaks_its_rule_and_no_other(rule, case):
    findings = findings_of(FAILING[f"{rule.id}.{case.name}"])
    assert {finding.id for finding in findings} == {rule.id}
    assert len(findings) == REPEATED.get(f"{rule.id}.{case.name}", 1)
    broken = [finding for finding in findings if finding.level == case.level]
    pattern = re.sub(r"\\\{\w+\\\}", ".+", re.escape(case.message))
    assert any(re.fullmatch(pattern, finding.message) for finding in broken)


@pytest.mark.parametrize(("rule", "case"), CASES, ids=CASE_IDS)
def test_a_finding_is_complete_and_shows_no_value(rule, case):
    for finding in findings_of(FAILING[f"{rule.id}.{case.name}"]):
        assert finding.level in LEVELS
        assert re.fullmatch(r"(?:production\.ionapi|production, stage)(?:: [a-z]+)?", finding.where)
        assert not finding.message.endswith(".") and not finding.action.endswith(".")
        assert not re.search(r"[{}]|invented|acme\.example|mingle", finding.message + finding.action)
        assert re.match(r"[a-z]", finding.action), "an action is an imperative inside a sentence"


@pytest.mark.parametrize(("rule", "case"), CASES, ids=CASE_IDS)
def test_an_error_gives_no_file_and_anything_else_does(rule, case):
    example = FAILING[f"{rule.id}.{case.name}"]
    parsed = parse(example.content, "f", example.expectations)
    assert (parsed.ionapi is None) == (case.level == ERROR)


def test_names_of_cases_are_unique_within_a_rule():
    assert len(CASE_IDS) == len(set(CASE_IDS))


def test_every_rule_has_a_chapter_and_a_known_confidence():
    assert {rule.id[0] for rule in RULES} == set(CHAPTERS)
    assert {rule.confidence for rule in RULES} <= set(CONFIDENCE)


def test_the_page_is_the_generated_one():
    assert PAGE.read_text(encoding="utf-8") == page(), "run tests/docs/generate_ionapi_rules.py"


@pytest.mark.parametrize("rule", RULES, ids=EXPECTED_IDS)
def test_the_page_shows_every_rule_with_an_example(rule):
    chapter = page().partition(f"\n### {rule.id}\n")[2].partition("\n### ")[0]
    for case in rule.cases:
        assert FAILING[f"{rule.id}.{case.name}"].shown in chapter
