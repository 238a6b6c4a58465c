# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Assigned, effective, missing and superfluous security roles."""

from __future__ import annotations

import pytest

from ansible_collections.docbits.ion.plugins.module_utils._infor import roles as _roles

REQUIRED = _roles.REQUIRED_BY_DOCBITS


def found(assigned, required=REQUIRED, optional=(), problem=None) -> list:
    findings = _roles.findings_of(_roles.compare(assigned, required), required, "file", optional, problem)
    return [(finding.id, finding.level) for finding in findings]


def test_names_of_groups_of_every_type_are_roles():
    groups = [{"display": " IDM-User ", "type": "Security Role"}, {"display": "Accounting", "type": "Distribution Group"}, {"display": "IDM-User"}]
    assert _roles.role_list({"groups": groups}) == _roles.RoleList(("Accounting", "IDM-User"))


@pytest.mark.parametrize("user", [{}, {"groups": None}, {"groups": "IDM-User"}, {"groups": {"display": "IDM-User"}}, {"groups": ["IDM-User"]}])
def test_role_list_of_another_form_has_a_problem(user):
    assert _roles.role_list(user).names == () and _roles.role_list(user).problem


@pytest.mark.parametrize("names", [[], ["Everyone"], ["DocBits services", "Accounting"]])
def test_list_without_any_known_role_is_not_one_of_roles(names):
    assert _roles.role_list({"groups": [{"display": name} for name in names]}).problem


def test_list_with_another_page_is_incomplete():
    groups = [{"display": "Infor-SuiteUser"}]
    assert _roles.role_list({"groups": groups, "groupsNext": "startIndex=2"}).problem
    assert not _roles.role_list({"groups": groups, "groupsNext": None}).problem


def test_entry_without_a_name_leaves_the_list_incomplete():
    roles = _roles.role_list({"groups": [{"display": "IDM-User"}, {"display": 7}]})
    assert roles.names == ("IDM-User",) and roles.problem


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


def test_missing_optional_role_is_a_warning():
    assert found(REQUIRED[:2], optional=["mingleenterprise"]) == [("R04", "warning")]


def test_missing_role_in_an_incomplete_list_is_undetermined_once():
    assert found([], problem="no list groups", optional=REQUIRED[2:]) == [("R06", "error")]
    assert found(REQUIRED[:2], problem="groups without a name", optional=REQUIRED[2:]) == []


@pytest.mark.parametrize(
    ("name", "is_similar"),
    [("T:IDM-AdvancedUser", True), ("T/idm-advanceduser", True), ("IDM Advanced User", True), ("IDM-User", False), ("IDM-AdvancedUser2", False)],
)
def test_role_with_a_prefix_is_undetermined(name, is_similar):
    assert found([name], required=["IDM-AdvancedUser"]) == [("R07" if is_similar else "R02", "error")]


def test_a_required_administrator_role_is_not_too_much():
    assert found(["IDM-Administrator"], required=["IDM-Administrator", "IDM-AdvancedUser"]) == []


def test_the_sentence_names_the_role():
    roles = _roles.compare([], ["IDM-AdvancedUser"])
    (finding,) = _roles.findings_of(roles, ["IDM-AdvancedUser"], "production.ionapi")
    assert "IDM-AdvancedUser" in finding.message and "IDM-AdvancedUser" in finding.action
