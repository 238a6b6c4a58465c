# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Assigned, effective, missing and superfluous security roles."""

from __future__ import annotations

import pytest

from ansible_collections.docbits.ion.plugins.module_utils._infor import roles as _roles

REQUIRED = _roles.REQUIRED_BY_DOCBITS


def found(assigned, required=REQUIRED, may_be_unknown=()) -> list:
    findings = _roles.findings_of(_roles.compare(assigned, required), required, "file", may_be_unknown)
    return [(finding.id, finding.level) for finding in findings]


def test_names_are_taken_from_every_group_that_has_one():
    groups = [
        {"display": " IDM-User ", "type": "Security Role"},
        {"display": "Accounting", "type": "Distribution Group"},
        {"display": "IDM-User"},
        {"display": "  "},
        {"display": 7},
        "odd",
    ]
    assert _roles.names_in({"groups": groups}) == ("Accounting", "IDM-User")


@pytest.mark.parametrize("user", [{}, {"groups": None}, {"groups": "IDM-User"}, {"groups": {"display": "IDM-User"}}])
def test_a_user_without_a_list_of_groups_has_no_roles(user):
    assert _roles.names_in(user) == ()


@pytest.mark.parametrize(
    ("assigned", "effective"),
    [
        (["IDM-Administrator"], ("IDM-Administrator", "IDM-AdvancedUser", "IDM-User")),
        (["IDM-AdvancedUser"], ("IDM-AdvancedUser", "IDM-User")),
        (["IDM-SuperUser"], ("IDM-SuperUser", "IDM-User")),
        (["IDM-User"], ("IDM-User",)),
        (["idm-administrator", "IDM-USER"], ("idm-administrator", "IDM-AdvancedUser", "IDM-USER")),
        ([], ()),
    ],
)
def test_roles_imply_others(assigned, effective):
    assert _roles.compare(assigned, REQUIRED).effective == effective


def test_names_compare_without_case_and_blanks():
    assert _roles.compare([" idm-advanceduser", "INFOR-SUITEUSER ", "mingleenterprise"], REQUIRED).missing == ()


def test_the_dict_has_lists():
    roles = _roles.compare(["IDM-AdvancedUser"], ["IDM-AdvancedUser", "Infor-SuiteUser"])
    assert roles.as_dict() == {"assigned": ["IDM-AdvancedUser"], "effective": ["IDM-AdvancedUser", "IDM-User"], "missing": ["Infor-SuiteUser"]}


@pytest.mark.parametrize(
    ("assigned", "ids"),
    [
        (REQUIRED, []),
        (["Infor-SuiteUser", "MingleEnterprise"], [("R02", "error")]),
        (["IDM-User", "Infor-SuiteUser", "MingleEnterprise"], [("R02", "error")]),
        (["IDM-Administrator", "Infor-SuiteUser", "MingleEnterprise"], [("R03", "warning")]),
        ([*REQUIRED, "IDM-Administrator"], [("R05", "warning")]),
        ([*REQUIRED, "ionapi-administrator", "IONDeskAdmin"], [("R05", "warning"), ("R05", "warning")]),
        ([], [("R02", "error")] * 3),
    ],
)
def test_findings(assigned, ids):
    assert found(assigned) == ids


def test_a_role_that_the_tenant_may_not_know_is_a_warning():
    assert found(REQUIRED[:2], may_be_unknown=["mingleenterprise"]) == [("R04", "warning")]


def test_a_required_administrator_role_is_not_too_much():
    assert found(["IDM-Administrator"], required=["IDM-Administrator", "IDM-AdvancedUser"]) == []


def test_the_sentence_names_the_role():
    roles = _roles.compare([], ["IDM-AdvancedUser"])
    (finding,) = _roles.findings_of(roles, ["IDM-AdvancedUser"], "production.ionapi")
    assert "IDM-AdvancedUser" in finding.message and "IDM-AdvancedUser" in finding.action
