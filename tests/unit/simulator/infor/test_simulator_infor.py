# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulated Infor: files, the authorization server (rows N, A, J of the diagnosis table) and the control API."""

from __future__ import annotations

import json
import re
import secrets
import time

import pytest
import requests
from oauthlib.oauth2 import LegacyApplicationClient

from simulator.client import Simulator
from simulator.ionapi import account_id, change_app, change_service_account, change_tenant, make_ionapi, register

URL = "https://testserver"
IMS_PING = "IONSERVICES/api/ion/messaging/service/ping"


def refused(response, status, error, description=None):
    body = response.json()
    assert (response.status_code, body["error"], body.get("error_description")) == (status, error, description)


# -- files


@pytest.mark.parametrize(
    ("options", "keys"),
    [
        ({}, "ti cn dt ci cs iu pu oa ot or sc ev v saak sask"),
        ({"version": "1.0"}, "ti cn dt ci cs iu pu oa ot or ev v saak sask"),
        ({"service_account": False}, "ti cn dt ci cs iu pu oa ot or sc ev v"),
        ({"flavour": "op", "tenant": "infor"}, "ti cn dt ci cs iu pu oa ot or ev v saak sask"),
    ],
)
def test_files_have_the_real_layouts(options, keys):
    ionapi = make_ionapi(URL, options.pop("tenant", "ACME_TST"), "DocBits TST", **options)
    assert list(ionapi) == keys.split()
    assert re.fullmatch(r"[^~]+~[\w-]{43}", ionapi["ci"]) and re.fullmatch(r"[\w-]{86}", ionapi["cs"])
    if "saak" in ionapi:
        assert re.fullmatch(ionapi["ti"] + r"#[\w-]{86}", ionapi["saak"]) and re.fullmatch(r"[\w-]{86}", ionapi["sask"])


# -- the healthy way


@pytest.mark.parametrize("basic", [True, False])
@pytest.mark.parametrize(("flavour", "tenant"), [("mt", "ACME_TST"), ("op", "infor")])
def test_login_refresh_and_revocation(infor, flavour, tenant, basic):
    ionapi = infor.new(tenant, flavour=flavour, rotate_refresh_tokens=True)
    answer = infor.token(ionapi, basic=basic, scope="offline_access")
    assert answer.headers["content-type"] == "application/json;charset=UTF-8"
    assert answer.headers["cache-control"] == "no-cache, no-store" and answer.headers["pragma"] == "no-cache"
    first = answer.json()
    assert set(first) == {"access_token", "refresh_token", "token_type", "expires_in"}
    assert (first["token_type"], first["expires_in"]) == ("Bearer", 7200)
    assert infor.users_me(ionapi, first["access_token"]).status_code == 200

    second = infor.token(ionapi, basic=basic, grant_type="refresh_token", refresh_token=first["refresh_token"]).json()
    assert infor.users_me(ionapi, second["access_token"]).status_code == 200
    refused(
        infor.token(ionapi, basic=basic, grant_type="refresh_token", refresh_token=first["refresh_token"]),
        400,
        "invalid_grant",
        "unknown, invalid, or expired refresh token",
    )

    def revoke(token):
        return infor.http.post(ionapi["pu"] + ionapi["or"], data={"token": token}, auth=(ionapi["ci"], ionapi["cs"])).status_code

    assert revoke(first["access_token"]) == 200
    assert infor.users_me(ionapi, first["access_token"]).status_code == 401
    assert infor.users_me(ionapi, second["access_token"]).status_code == 200
    assert revoke(second["refresh_token"]) == 200
    assert infor.users_me(ionapi, second["access_token"]).status_code == 401
    assert revoke("unknown") == 200


def test_revocation_asks_for_the_client(infor):
    ionapi, other = infor.new(), infor.new()
    token = infor.login(ionapi)
    url = ionapi["pu"] + ionapi["or"]
    refused(infor.http.post(url, data={"token": token}), 401, "invalid_client", "Invalid client or client credentials.")
    assert infor.http.post(url, data={"token": token}, auth=(other["ci"], other["cs"])).status_code == 200
    assert infor.users_me(ionapi, token).status_code == 200, "another app must not revoke this token"


def test_refresh_token_is_kept_unless_switched(infor):
    ionapi = infor.new()
    kept = infor.token(ionapi).json()["refresh_token"]
    assert infor.token(ionapi, grant_type="refresh_token", refresh_token=kept).json()["refresh_token"] == kept
    assert infor.token(ionapi, grant_type="refresh_token", refresh_token=kept).status_code == 200


def test_on_premises_gives_a_refresh_token_only_for_offline_access(infor):
    ionapi = infor.new("infor", flavour="op")
    assert "refresh_token" not in infor.token(ionapi).json()
    assert "refresh_token" in infor.token(ionapi, scope="offline_access").json()


def test_client_credentials(infor):
    ionapi = infor.new(service_account=False)
    answer = infor.token(ionapi).json()
    assert "refresh_token" not in answer
    assert infor.call(ionapi, IMS_PING, answer["access_token"]).status_code == 200
    assert infor.users_me(ionapi, answer["access_token"]).json() == {"response": {"userlist": []}}


def test_access_token_is_a_jwt_with_infors_claims(infor):
    ionapi = infor.new()
    header, payload = infor.claims(ionapi, scope="Infor-IDM Infor-ION")
    assert header["alg"] == "RS256" and re.fullmatch(r"InforAccessTokenSigningCertificate-\d+", header["kid"])
    assert list(payload) == ["scope", "client_id", "jti", "ServiceAccount", "Identity2", "Tenant", "EnforceScopesForClient", "exp"]
    assert payload["scope"] == "Infor-IDM Infor-ION" and payload["client_id"] == ionapi["ci"] and payload["Tenant"] == "ACME_TST"
    assert payload["ServiceAccount"] == ionapi["saak"] and payload["EnforceScopesForClient"] == "0"
    assert payload["Identity2"] == infor.users_me(ionapi).json()["response"]["userlist"][0]["id"]


def test_opaque_tokens(infor):
    ionapi = infor.new(token_format="opaque")
    token = infor.login(ionapi)
    assert "." not in token and infor.users_me(ionapi, token).status_code == 200


@pytest.mark.parametrize(("shape", "value"), [("number", 7200), ("string", "7200"), ("missing", None)])
def test_expires_in_shapes(infor, shape, value):
    assert infor.token(infor.new(expires_in=shape)).json().get("expires_in") == value


def test_tokens_outlive_a_restart(infor):
    ionapi = infor.new()
    token = infor.login(ionapi)
    assert type(infor)(infor.store).users_me(ionapi, token).status_code == 200


def test_oauthlibs_own_client_gets_a_token(infor):
    """A client that this project did not write, with a body of its own making."""
    ionapi = infor.new()
    client = LegacyApplicationClient(ionapi["ci"])
    body = client.prepare_request_body(ionapi["saak"], ionapi["sask"], client_secret=ionapi["cs"], include_client_id=True)
    answer = infor.http.post(ionapi["pu"] + ionapi["ot"], content=body, headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert client.parse_request_body_response(answer.text)["token_type"] == "Bearer"


def test_the_login_flow_of_inforion(infor):
    """As PyPI's inforion does it: everything in the body, a redirect URL, and the first refresh token used again and again."""
    ionapi = infor.new()
    client = {"client_id": ionapi["ci"], "client_secret": ionapi["cs"], "redirect_uri": "https://localhost/"}
    user = {"username": ionapi["saak"], "password": ionapi["sask"]}
    url = ionapi["pu"] + ionapi["ot"]
    first = infor.http.post(url, data={"grant_type": "password", **user, **client}).json()
    for _again in range(2):
        data = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"], "scope": "", **user, **client}
        answer = infor.http.post(url, data=data).json()
        assert int(answer["expires_in"]) == 7200 and infor.users_me(ionapi, answer["access_token"]).status_code == 200


def test_a_hash_that_a_client_did_not_encode_is_taken(infor):
    ionapi = infor.new()
    body = f"grant_type=password&username={ionapi['saak']}&password={ionapi['sask']}"
    answer = infor.http.post(
        ionapi["pu"] + ionapi["ot"],
        content=body,
        auth=(ionapi["ci"], ionapi["cs"]),
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    assert answer.status_code == 200


# -- rows N and A: the token endpoint


@pytest.mark.parametrize(
    ("switches", "status", "content_type"),
    [
        ({"token_answer": "html"}, 200, "text/html"),
        ({"token_answer": "redirect"}, 302, None),
        ({"token_answer": "wrong_content_type"}, 200, "text/plain"),
        ({"token_status": 503}, 503, "text/html"),
    ],
)
def test_n4_a9_answers_that_are_no_token(infor, switches, status, content_type):
    answer = infor.token(infor.new(**switches))
    assert answer.status_code == status
    assert answer.headers.get("content-type", "").partition(";")[0] == (content_type or "")


def test_n4_redirect_leads_to_a_page(infor):
    answer = infor.token(infor.new(token_answer="redirect"))
    page = infor.http.get(answer.headers["location"])
    assert page.status_code == 200 and "Sign in" in page.text


def test_n5_unknown_tenant_is_a_404_page(infor):
    ionapi = infor.new()
    answer = infor.token({**ionapi, "pu": f"{URL}/OTHER_TST/as/"})
    assert answer.status_code == 404 and answer.text.startswith("<!DOCTYPE html>")
    assert infor.token({**ionapi, "pu": f"{URL}/InforIntSTS/", "ot": "connect/token"}).status_code == 404
    infor.new("infor", flavour="op")
    assert infor.token({**ionapi, "pu": f"{URL}/infor/as/"}).status_code == 404


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_n6_only_post(infor, method):
    ionapi = infor.new()
    answer = infor.http.request(method, ionapi["pu"] + ionapi["ot"])
    assert answer.status_code == 405 and answer.headers["allow"] == "POST"


@pytest.mark.parametrize("field", ["ci", "cs"])
def test_a1_invalid_client(infor, field):
    ionapi = infor.new()
    answer = infor.token({**ionapi, field: ionapi[field] + "x"})
    refused(answer, 401, "invalid_client", "Invalid client or client credentials.")
    assert answer.headers["www-authenticate"].startswith("Basic ")


def test_a1_on_premises_says_400_without_a_text(infor):
    ionapi = infor.new("infor", flavour="op")
    answer = infor.token({**ionapi, "cs": "wrong"})
    refused(answer, 400, "invalid_client")
    assert "www-authenticate" not in answer.headers


def test_a1_rotated_secret_and_client_of_another_tenant(infor):
    ionapi, other = infor.new(), infor.new("OTHER_TST")
    change_app(infor, ionapi, secret=secrets.token_urlsafe(64))
    assert infor.token(ionapi).json()["error"] == "invalid_client"
    assert infor.token({**other, "pu": ionapi["pu"]}).json()["error"] == "invalid_client"


def test_client_authentication_twice_is_refused(infor):
    ionapi = infor.new()
    answer = infor.token(ionapi, client_id=ionapi["ci"], client_secret=ionapi["cs"])
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def test_a2_invalid_grant(infor):
    ionapi = infor.new()
    wrong = {**ionapi, "sask": "wrong"}
    refresh_token = infor.token(ionapi).json()["refresh_token"]
    refused(infor.token(wrong), 400, "invalid_grant", "Invalid credentials given.")
    for change in ({"enabled": False}, {"enabled": True, "user": {"enabled": False}}):
        change_service_account(infor, ionapi, **change)
        refused(infor.token(ionapi), 400, "invalid_grant", "Invalid credentials given.")
        assert infor.token(ionapi, grant_type="refresh_token", refresh_token=refresh_token).json()["error"] == "invalid_grant"
    change_service_account(infor, ionapi, user={"enabled": True})
    assert infor.token(ionapi).status_code == 200
    infor.control("DELETE", f"/_sim/infor/service_accounts/{account_id(ionapi)}")
    assert infor.token(ionapi).json()["error"] == "invalid_grant"


def test_a3_username_of_another_tenant(infor):
    ionapi, other = infor.new(), infor.new("OTHER_TST")
    answer = infor.token({**ionapi, "saak": other["saak"], "sask": other["sask"]})
    refused(answer, 400, "invalid_grant", "Username does not match request tenant")


def test_a4_a5_grant_that_the_app_has_not(infor):
    ionapi = infor.new()
    answer = infor.token(ionapi, grant_type="client_credentials")
    refused(answer, 400, "unsupported_grant_type", "Unsupported grant type client_credentials. Expected one of password")
    change_app(infor, ionapi, grants=["client_credentials"])
    refused(infor.token(ionapi), 400, "unsupported_grant_type", "Unsupported grant type password. Expected one of client_credentials")


def test_the_client_is_looked_at_before_the_grant_and_the_grant_before_the_user(infor):
    ionapi = infor.new()
    assert infor.token({**ionapi, "cs": "wrong"}, grant_type="nonsense").json()["error"] == "invalid_client"
    assert infor.token(ionapi, grant_type="nonsense", username="OTHER_TST#x", password="x").json()["error"] == "unsupported_grant_type"
    refused(infor.token(ionapi, grant_type=""), 400, "invalid_request", "grant_type is required")


def test_a6_disabled_app(infor):
    ionapi = infor.new()
    change_app(infor, ionapi, enabled=False)
    refused(infor.token(ionapi), 400, "unauthorized_client")


def test_a7_invalid_scope(infor):
    ionapi = infor.new()
    refused(infor.token(ionapi, scope="Infor-LN"), 400, "invalid_scope")
    assert infor.token(ionapi, scope=" ".join(ionapi["sc"])).status_code == 200
    assert infor.token(ionapi, scope="openid email").status_code == 200


@pytest.mark.parametrize("retry_after", [None, 30])
def test_a8_login_limit(infor, retry_after):
    ionapi = infor.new(login_limit={"per_minute": 2, "retry_after": retry_after})
    refresh_token = infor.token(ionapi).json()["refresh_token"]
    assert infor.token(ionapi).status_code == 200
    answer = infor.token(ionapi)
    assert answer.status_code == 429
    assert answer.headers.get("retry-after") == (None if retry_after is None else "30")
    assert infor.token(ionapi, grant_type="refresh_token", refresh_token=refresh_token).status_code == 200
    change_tenant(infor, ionapi, login_limit={"per_day": 2, "status": 400})
    assert infor.token(ionapi).status_code == 400


def test_a10_no_access_token_and_truncated_json(infor):
    ionapi = infor.new(token_answer="no_access_token")
    answer = infor.token(ionapi)
    assert answer.status_code == 200 and "access_token" not in answer.json()
    change_tenant(infor, ionapi, token_answer="truncated")
    with pytest.raises(json.JSONDecodeError):
        infor.token(ionapi).json()


def test_a11_no_refresh_token(infor):
    ionapi = infor.new()
    refresh_token = infor.token(ionapi).json()["refresh_token"]
    change_app(infor, ionapi, issue_refresh_tokens=False)
    assert "refresh_token" not in infor.token(ionapi).json()
    assert infor.token(ionapi, grant_type="refresh_token", refresh_token=refresh_token).json()["error"] == "unsupported_grant_type"


def test_a12_short_lifetime_and_expired_token(infor):
    ionapi = infor.new()
    change_app(infor, ionapi, token_lifetime=1)
    answer = infor.token(ionapi).json()
    assert answer["expires_in"] == 1
    time.sleep(1.05)
    assert infor.users_me(ionapi, answer["access_token"]).status_code == 401


def test_slow_token(infor):
    ionapi = infor.new(token_delay=0.2)
    started = time.monotonic()
    infor.login(ionapi)
    assert time.monotonic() - started >= 0.2


def test_other_error_codes(infor):
    ionapi = infor.new(token_errors={"invalid_grant": {"error": "access_denied", "status": 403, "description": "No"}})
    refused(infor.token({**ionapi, "sask": "wrong"}), 403, "access_denied", "No")


# -- rows J


def test_j1_claims_of_another_file(infor):
    _header, payload = infor.claims(infor.new(token_claims={"Tenant": "OTHER_TST", "Identity2": None}))
    assert payload["Tenant"] == "OTHER_TST" and "Identity2" not in payload


def test_j2_g4_enforced_scopes(infor):
    ionapi = infor.new()
    change_app(infor, ionapi, enforce_scopes=True)
    bare = infor.login(ionapi)
    payload = infor.claims(ionapi)[1]
    assert (payload["scope"], payload["EnforceScopesForClient"]) == ("", "1")
    assert infor.users_me(ionapi, bare).status_code == 403
    asked = infor.login(ionapi, scope="INFOR-IFS")
    assert infor.users_me(ionapi, asked).status_code == 200
    assert infor.call(ionapi, "IDM/api/datamodel/entities", asked).status_code == 403


# -- control API


def test_control_names_an_unknown_switch_and_no_value(infor):
    secret = secrets.token_urlsafe(16)
    answer = infor.http.put("/_sim/infor/tenants/ACME_TST", json={"switches": {"tokn_delay": secret}})
    assert answer.status_code == 400 and "switches.tokn_delay" in answer.text and secret not in answer.text


def test_control_put_replaces_and_patch_changes(infor):
    ionapi = infor.new(token_format="opaque")
    change_tenant(infor, ionapi, expires_in="string")
    answer = infor.token(ionapi).json()
    assert "." not in answer["access_token"] and answer["expires_in"] == "7200"
    infor.control("PUT", "/_sim/infor/tenants/ACME_TST", {"flavour": "mt"})
    answer = infor.token(ionapi).json()
    assert "." in answer["access_token"] and answer["expires_in"] == 7200


def test_in_the_running_simulator(tmp_path):
    """Over TLS, journaled without a secret, and a restart loses neither registration nor token."""
    token = None
    for _start in range(2):
        with Simulator.start(tmp_path) as simulator:
            session = requests.Session()
            session.trust_env, session.verify = False, simulator.ca
            if token is None:
                ionapi = make_ionapi(simulator.infor_url, "ACME_TST", "DocBits TST")
                register(simulator, ionapi)
                form = {"grant_type": "password", "username": ionapi["saak"], "password": ionapi["sask"]}
                answer = session.post(ionapi["pu"] + ionapi["ot"], data=form, auth=(ionapi["ci"], ionapi["cs"]))
                token = answer.json()["access_token"]
            url = f"{simulator.infor_url}/ACME_TST/ifsservice/usermgt/v2/users/me"
            answer = session.get(url, headers={"Authorization": f"Bearer {token}"})
            groups = answer.json()["response"]["userlist"][0]["groups"]
            assert [group["display"] for group in groups] == ["IDM-AdvancedUser", "Infor-SuiteUser", "MingleEnterprise"]
            journal, writes = simulator.journal(), simulator.writes()
    assert [(entry["login"], entry["principal"], entry["status"]) for entry in journal] == [
        (True, ionapi["ci"], 200),
        (False, ionapi["ci"], 200),
        (False, ionapi["ci"], 200),
    ]
    assert writes == []
    kept = json.dumps(journal)
    assert not any(secret in kept for secret in (ionapi["cs"], ionapi["saak"], ionapi["sask"], token))


def test_hundreds_of_logins_in_seconds(infor):
    """A bound wide enough for a busy machine: more than ten times what it takes on an idle one."""
    files = [infor.new(f"ACME{number}_TST") for number in range(50)]
    started = time.monotonic()
    tokens = [(ionapi, infor.login(ionapi)) for ionapi in files for _again in range(2)]
    for ionapi, token in tokens * 4:
        assert infor.users_me(ionapi, token).status_code == 200
    assert time.monotonic() - started < 300
