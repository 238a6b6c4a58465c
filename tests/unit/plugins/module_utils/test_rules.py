# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rule engine: violations, their findings, and what messages may show."""

from __future__ import annotations

import base64
import hashlib
import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.docbits.ion.plugins.module_utils._core.findings import ERROR, INFO, WARNING, Finding
from ansible_collections.docbits.ion.plugins.module_utils._core.rules import (
    MAX_PER_RULE,
    Case,
    Rule,
    excerpt,
    findings_of,
    looks_random,
    plain_name,
)

RULE = Rule("Z01", {"few": "has {count} of {key}", "none": Case("has no {key}", "add {key}", ERROR)}, "add more to {key}", WARNING)


def test_violation_of_a_case_uses_level_and_action_of_the_rule():
    violation = RULE.violation("list", 7, "few", count=1)
    assert violation.finding("file") == Finding("Z01", WARNING, "file line 7: list", "has 1 of list", "add more to list")


def test_violation_of_a_case_with_level_and_action_uses_its_own():
    assert RULE.violation("list", case="none").finding("file") == Finding("Z01", ERROR, "file: list", "has no list", "add list")


@pytest.mark.parametrize(("template", "expected"), [("pu, ot", "file: pu, ot"), ("{key}", "file: iu"), ("{product}", "file: IDM")])
def test_violation_of_a_rule_with_a_key_uses_the_key_of_the_rule(template, expected):
    rule = Rule("Z02", "is {key}", "do nothing", INFO, key=template)
    finding = rule.violation("iu", product="IDM").finding("file")
    assert (finding.where, finding.message) == (expected, f"is {expected[6:]}")


def test_violation_without_a_key_is_about_the_whole_object():
    assert Rule("Z02", "is odd", "do nothing", INFO).violation(line=3).finding("file").where == "file line 3"


def test_violation_of_a_rule_with_one_case_needs_no_case_name():
    assert Rule("Z02", "is {what}", "do nothing", INFO).violation(what="odd").finding("file") == Finding("Z02", INFO, "file", "is odd", "do nothing")


def test_violation_with_braces_in_a_value_keeps_them():
    assert RULE.violation("list", case="few", count="{0} {key}").message == "has {0} {key} of list"


def test_findings_of_many_violations_are_sorted_by_line_and_limited_for_each_rule():
    other = Rule("Z02", "is odd", "do nothing", INFO)
    violations = [RULE.violation("list", line, "few", count=line) for line in range(MAX_PER_RULE + 3, 0, -1)]
    findings = findings_of([*violations, other.violation(line=2)], "file")
    assert [finding.id for finding in findings] == ["Z01", "Z01", "Z02", *["Z01"] * (MAX_PER_RULE - 2), "Z01"]
    assert findings[0].where == "file line 1: list"
    assert (findings[-1].where, findings[-1].level, findings[-1].message) == ("file", WARNING, "3 more findings of this rule are not shown")


@pytest.mark.parametrize("key", ["a b", "", "a" * 65, "ä", '"sask":"x"', "a\n"])
def test_plain_name_of_other_text_is_not_shown(key):
    assert plain_name(key) == "(not a plain name)"


def test_plain_name_of_a_random_key_is_not_shown():
    assert plain_name("IFP_INVOICE_NUMBER.x-1") == "IFP_INVOICE_NUMBER.x-1"
    assert plain_name(secrets.token_urlsafe(40)) == "(not a plain name)"


def test_excerpt_is_printable_and_limited():
    assert excerpt("a\x1b\ud800ü") == "a??ü"
    assert (excerpt("x" * 80), excerpt("x" * 81)) == ("x" * 80, "x" * 80 + "...")


def test_excerpt_of_a_random_value_is_not_shown():
    assert excerpt(f"lid://{secrets.token_urlsafe(64)}") == "(not shown)"


@given(st.binary(min_size=32, max_size=96), st.sampled_from(["{}", "DocBits_{}", "https://host.example/{}/as/", "{}.example", " {}"]))
def test_property_long_random_value_looks_random(content, template):
    # Hypothesis draws bytes such as zeros, which a generator of secrets does not; a hash of them is random enough.
    value = base64.urlsafe_b64encode(hashlib.sha512(content).digest()).decode().rstrip("=")
    assert looks_random(template.format(value))


@pytest.mark.parametrize(
    "name",
    [
        "A1B2C3D4E5F6G7H8_PRD",
        "DocBits_Production_Environment_West_Europe_1",
        "DocBitsTestExportForAcmeProductionEnvironment",
        "DataPublishingManagementForLNAndM3CloudSuite",
        "DocBits_Env1_Env2_Env3_M3_LN_IDM_PRD_TST",
        "DocBits_TST-EU1-M3CE-2024-Backend-Service-v2",
        "DocBits_Prod_A1B2C3D4E5F6G7H8_PRD",
        "DocBits_c0a8b1e2-1234-4aaa-9bcd-1234567890ab",
        "C0A8B1E2-1234-4AAA-9BCD-1234567890AB",
        "https://gateway-prod-01-infor-westeurope-production-001.acme.example:7443",
        "https://mingle-sso.eu1.inforcloudsuite.com:443/A1B2C3D4E5F6G7H8_PRD/as/",
    ],
)
def test_name_of_words_does_not_look_random(name):
    assert not looks_random(name)
