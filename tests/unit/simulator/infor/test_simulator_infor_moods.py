# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The moods of the simulated Infor: one possible answer to each question that its documentation leaves open."""

from __future__ import annotations

import time

import pytest

from simulator import infor_records
from simulator.ionapi import change_tenant

ENTITIES = "IDM/api/datamodel/entities"
PING = "IONSERVICES/api/ion/messaging/service/ping"


def me(infor, **switches):
    return infor.users_me(infor.new(**switches))


@pytest.mark.parametrize(
    ("mood", "found"),
    [
        ("inner_error_list", lambda body: body["response"]["ErrorList"]),
        ("list", lambda body: body[0]["groups"]),
        ("other_keys", lambda body: body["Resources"][0]["groups"]),
        ("no_userlist", lambda body: body["response"] == {}),
        ("no_groups", lambda body: "groups" not in body["response"]["userlist"][0]),
        ("groups_null", lambda body: body["response"]["userlist"][0]["groups"] is None),
        ("groups_strings", lambda body: body["response"]["userlist"][0]["groups"] == ["IDM-AdvancedUser", "Infor-SuiteUser"]),
        ("groups_text", lambda body: body["response"]["userlist"][0]["groups"] == "IDM-AdvancedUser, Infor-SuiteUser"),
        ("groups_other_name", lambda body: body["response"]["userlist"][0]["securityRoles"]),
        ("first_page", lambda body: body["response"]["userlist"][0]["groupsNext"]),
    ],
)
def test_users_me_with_a_mood_has_its_form(infor, mood, found):
    assert found(me(infor, users_me=mood).json())


@pytest.mark.parametrize("status", [204, 404, 501])
def test_users_me_with_a_status_answers_it(infor, status):
    assert me(infor, users_me=status).status_code == status


def test_users_me_in_xml_is_no_json(infor):
    assert me(infor, users_me="xml").headers["content-type"].startswith("application/xml")


@pytest.mark.parametrize(
    ("how", "names"),
    [
        ("lower", ["idm-advanceduser", "infor-suiteuser"]),
        ("prefix", ["ACME:IDM-AdvancedUser", "ACME:Infor-SuiteUser"]),
        ("words", ["IDM Advanced User", "Infor Suite User"]),
        ("group", ["DocBits services"]),
    ],
)
def test_role_names_are_written_as_the_switch_says(infor, how, names):
    groups = me(infor, role_names=how).json()["response"]["userlist"][0]["groups"]
    assert [group["display"] for group in groups] == names


@pytest.mark.parametrize("answer", infor_records.ProductAnswer.__args__)
def test_product_answer_has_status_200_and_concerns_its_suite_only(infor, answer):
    ionapi = infor.new(product_answers={"IDM": answer})
    odd = infor.call(ionapi, ENTITIES)
    assert odd.status_code == 200 and "CaptureDocument" not in odd.text
    assert infor.call(ionapi, PING).json()["status"] == "OK"


@pytest.mark.parametrize("status", [200, 401, 403, 404])
def test_gateway_page_comes_for_every_call_even_without_a_token(infor, status):
    ionapi = infor.new(gateway_page=status)
    answer = infor.call(ionapi, PING, token="none")
    assert answer.status_code == status and answer.headers["content-type"].startswith("text/html")


def test_fresh_token_is_refused_as_often_as_the_switch_says(infor):
    ionapi = infor.new(fresh_token_refusals=2)
    token = infor.login(ionapi)
    assert [infor.call(ionapi, PING, token).status_code for _time in range(3)] == [401, 401, 200]
    assert infor.call(ionapi, PING, infor.login(ionapi)).status_code == 401


def test_fresh_token_is_refused_as_long_as_the_switch_says(infor, monkeypatch):
    ionapi = infor.new(fresh_token_seconds=5)
    token = infor.login(ionapi)
    assert infor.call(ionapi, PING, token).status_code == 401
    later = time.time() + 6
    monkeypatch.setattr(infor_records.time, "time", lambda: later)
    assert infor.call(ionapi, PING, token).status_code == 200


@pytest.mark.parametrize(("way", "statuses"), [("any", [200, 200]), ("header", [200, 401]), ("body", [401, 200])])
def test_client_authentication_is_accepted_the_one_way_only(infor, way, statuses):
    ionapi = infor.new(client_authentication=way)
    assert [infor.token(ionapi, basic=basic).status_code for basic in (True, False)] == statuses


@pytest.mark.parametrize(("form", "found"), [("json", "too_many_requests"), ("sentence", "exceeded"), ("html", "<html>")])
def test_login_limit_has_the_form_that_the_switch_says(infor, form, found):
    answer = infor.token(infor.new(login_limit={"per_minute": 0, "status": 403, "form": form}))
    assert answer.status_code == 403 and found in answer.text


@pytest.mark.parametrize("ends", [False, True])
def test_refresh_ends_the_former_access_token_only_with_the_switch(infor, ends):
    ionapi = infor.new(refresh_ends_access_token=ends)
    first = infor.token(ionapi).json()
    second = infor.token(ionapi, grant_type="refresh_token", refresh_token=first["refresh_token"]).json()
    assert infor.call(ionapi, PING, first["access_token"]).status_code == (401 if ends else 200)
    assert infor.call(ionapi, PING, second["access_token"]).status_code == 200


@pytest.mark.parametrize("reuses", [False, True])
def test_refresh_of_one_login_ends_the_token_of_another_only_with_a_reused_grant(infor, reuses):
    ionapi = infor.new(reuse_grant=reuses, refresh_ends_access_token=True)
    of_docbits, ours = infor.token(ionapi).json(), infor.token(ionapi).json()
    infor.token(ionapi, grant_type="refresh_token", refresh_token=ours["refresh_token"])
    assert infor.call(ionapi, PING, of_docbits["access_token"]).status_code == (401 if reuses else 200)


def test_clock_offset_moves_the_claim_and_not_the_lifetime(infor):
    ionapi = infor.new()
    now = time.time()
    change_tenant(infor, ionapi, clock_offset=-600)
    _header, claims = infor.claims(ionapi)
    assert claims["exp"] - now < 7200 - 590
    assert infor.call(ionapi, PING).status_code == 200
