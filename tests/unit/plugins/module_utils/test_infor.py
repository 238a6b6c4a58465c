# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The calls that the Infor client makes, exactly and in order; a call that is not in the script fails."""

from __future__ import annotations

import base64
import json
import secrets
import time

import pytest
import requests
import responses
from responses import matchers
from responses.registries import OrderedRegistry

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import CheckModeViolation, Refused, Unreachable
from ansible_collections.docbits.ion.plugins.module_utils._core.redaction import Secrets
from ansible_collections.docbits.ion.plugins.module_utils._http.client import HttpClient, Settings
from ansible_collections.docbits.ion.plugins.module_utils._infor import logins as _logins
from ansible_collections.docbits.ion.plugins.module_utils._infor.client import PRODUCTS, Infor
from ansible_collections.docbits.ion.plugins.module_utils._infor.tokens import Token, hints_of, token_in
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.form import Expectations
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.parser import parse_or_fail

AS = "https://mingle-sso.eu1.inforcloudsuite.com:443/ACME_TST/as/"
GATEWAY = "https://mingle-ionapi.eu1.inforcloudsuite.com/ACME_TST/"


def document(**changes) -> dict:
    """A cloud file of random keys; a key with the value None is left out."""
    whole = {
        "ti": "ACME_TST",
        "cn": "DocBits TST",
        "dt": "12",
        "ci": f"ACME_TST~{secrets.token_urlsafe(32)}",
        "cs": secrets.token_urlsafe(64),
        "iu": "https://mingle-ionapi.eu1.inforcloudsuite.com",
        "pu": AS,
        "oa": "authorization.oauth2",
        "ot": "token.oauth2",
        "or": "revoke_token.oauth2",
        "sc": ["Infor-IDM", "Infor-ION"],
        "ev": "A1234567890",
        "v": "1.1",
        "saak": f"ACME_TST#{secrets.token_urlsafe(64)}",
        "sask": secrets.token_urlsafe(64),
        **changes,
    }
    return {key: value for key, value in whole.items() if value is not None}


def on_premises() -> dict:
    return document(
        ti="infor",
        ci=f"infor~{secrets.token_urlsafe(32)}",
        iu="https://ion.example.com:7443",
        pu="https://ion.example.com:9443/InforIntSTS/",
        oa="connect/authorize",
        ot="connect/token",
        sc=None,
        v="1.0",
        saak=f"infor#{secrets.token_urlsafe(64)}",
        **{"or": "connect/revocation"},
    )


def ionapi_of(whole: dict):
    return parse_or_fail(json.dumps(whole), "test.ionapi", Expectations())[0]


@pytest.fixture(autouse=True)
def _shelf_of_its_own(monkeypatch):
    monkeypatch.setattr(_logins, "SHELF", _logins.Shelf(slots=16))


@pytest.fixture
def script():
    with responses.RequestsMock(registry=OrderedRegistry, assert_all_requests_are_fired=True) as mock:
        yield mock


def client(whole, label="test.ionapi", check_mode=False, shared=True, known=None):
    ionapi = ionapi_of(whole)
    transport = HttpClient(Settings(retries=2), reads=frozenset([("POST", ionapi.token_url)]), check_mode=check_mode)
    return Infor(ionapi, transport, known or Secrets(), label, time.monotonic() + 30, shared)


def basic(whole) -> dict:
    pair = base64.b64encode(f"{whole['ci']}:{whole['cs']}".encode()).decode()
    return {"Authorization": f"Basic {pair}", "Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}


def issued(**more) -> dict:
    return {"access_token": secrets.token_urlsafe(20), "refresh_token": secrets.token_urlsafe(20), "token_type": "Bearer", "expires_in": 7200, **more}


def expect_login(script, whole, form, body=None, status=200, url=None):
    matched = [matchers.urlencoded_params_matcher(form), matchers.header_matcher(basic(whole))]
    body = issued() if body is None else body
    script.post(url or AS + "token.oauth2", json=body, status=status, match=matched)
    return body


def password_form(whole) -> dict:
    return {"grant_type": "password", "username": whole["saak"], "password": whole["sask"], "scope": "Infor-IDM Infor-ION"}


def test_password_login(script):
    whole = document()
    body = expect_login(script, whole, password_form(whole))
    token = client(whole).login()
    assert token == Token(body["access_token"], body["refresh_token"], 7200.0)
    assert "ACME_TST%23" in script.calls[0].request.body and "#" not in script.calls[0].request.body


def test_no_scope_is_asked_for_when_the_file_has_none(script):
    whole = document(sc=None, v="1.0")
    expect_login(script, whole, {"grant_type": "password", "username": whole["saak"], "password": whole["sask"]})
    client(whole).login()


def test_client_credentials_login(script):
    whole = document(saak=None, sask=None, sc=None, v="1.0")
    expect_login(script, whole, {"grant_type": "client_credentials"}, {"access_token": "a", "expires_in": "7199"})
    assert client(whole).login() == Token("a", None, 7199.0)


def test_on_premises_login_asks_for_a_refresh_token(script):
    whole = on_premises()
    form = {"grant_type": "password", "username": whole["saak"], "password": whole["sask"], "scope": "offline_access"}
    expect_login(script, whole, form, url="https://ion.example.com:9443/InforIntSTS/connect/token")
    client(whole).login()


def test_one_login_serves_all_with_the_same_file(script):
    whole = document()
    expect_login(script, whole, password_form(whole))
    first, second = client(whole, "one.ionapi"), client(whole, "two.ionapi")
    assert first.login() == second.login()


def test_another_secret_is_another_login(script):
    whole = document()
    changed = {**whole, "cs": secrets.token_urlsafe(64)}
    expect_login(script, whole, password_form(whole))
    expect_login(script, changed, password_form(changed))
    client(whole).login()
    client(changed).login()


def test_a_login_that_is_not_shared_is_ones_own(script):
    whole = document()
    expect_login(script, whole, password_form(whole))
    expect_login(script, whole, password_form(whole))
    client(whole).login()
    client(whole, shared=False).login()


def test_a_refusal_is_not_tried_again_and_names_each_file(script):
    whole = document()
    expect_login(script, whole, password_form(whole), {"error": "invalid_grant"}, 400)
    for label in ("one.ionapi", "two.ionapi", "one.ionapi"):
        with pytest.raises(Refused) as raised:
            client(whole, label).login()
        assert raised.value.id == "A02"
        assert raised.value.findings[0].where == f"{label}: saak, sask"


@pytest.mark.parametrize("status", [429, 500, 503])
def test_an_outage_is_undetermined_and_never_repeated_at_once(script, status):
    whole = document()
    expect_login(script, whole, password_form(whole), {}, status)
    for _host in range(3):
        with pytest.raises(Unreachable):
            client(whole).login()


def test_silence_is_undetermined_and_never_repeated_at_once(script):
    script.post(AS + "token.oauth2", body=requests.exceptions.ReadTimeout())
    whole = document()
    for _host in range(2):
        with pytest.raises(Unreachable) as raised:
            client(whole).login()
        assert raised.value.id == "N06"


def test_a_redirect_is_explained_by_the_key_that_leads_there(script):
    whole = document()
    script.post(AS + "token.oauth2", status=302, headers={"Location": "https://portal.example.com"})
    with pytest.raises(Unreachable) as raised:
        client(whole).login()
    assert raised.value.id == "N04" and raised.value.findings[0].where == "test.ionapi: pu"


def test_logins_beyond_the_limit_wait_or_say_so(script, monkeypatch):
    monkeypatch.setattr(_logins.SHELF, "wait_for_turn", lambda tenant, ends: False)
    for _host in range(2):
        with pytest.raises(Unreachable) as raised:
            client(document()).login()
        assert raised.value.id == "A16"


def test_refresh_uses_the_refresh_token_once_per_run(script):
    whole = document()
    form = {"grant_type": "refresh_token", "refresh_token": "r1"}
    body = expect_login(script, whole, form)
    old = Token("a1", "r1", 7200.0)
    renewed = client(whole).refresh(old)
    assert renewed == Token(body["access_token"], body["refresh_token"], 7200.0)
    assert client(whole).refresh(old) == renewed


def test_refresh_without_a_new_refresh_token_keeps_the_old_one(script):
    whole = document()
    expect_login(script, whole, {"grant_type": "refresh_token", "refresh_token": "r1"}, {"access_token": "a2"})
    assert client(whole).refresh(Token("a1", "r1", 7200.0)) == Token("a2", "r1", None)


def test_a_refused_refresh_is_not_taken_for_a_refused_login(script):
    whole = document()
    expect_login(script, whole, {"grant_type": "refresh_token", "refresh_token": "r1"}, {"error": "invalid_grant"}, 400)
    with pytest.raises(Refused) as raised:
        client(whole).refresh(Token("a1", "r1", 7200.0))
    assert raised.value.id == "A14" and "invalid_grant" in raised.value.message


def test_only_the_access_token_is_revoked(script):
    whole = document()
    matched = [matchers.urlencoded_params_matcher({"token": "a1", "token_type_hint": "access_token"}), matchers.header_matcher(basic(whole))]
    script.post(AS + "revoke_token.oauth2", status=200, match=matched)
    assert client(whole).revoke(Token("a1", "r1", 7200.0)) == []


def test_a_failed_revocation_is_a_warning(script):
    script.post(AS + "revoke_token.oauth2", status=503)
    (finding,) = client(document()).revoke(Token("a1", "r1", 7200.0))
    assert (finding.id, finding.level) == ("A15", "warning")


def test_check_mode_logs_in_and_never_revokes(script):
    whole = document()
    expect_login(script, whole, password_form(whole))
    infor = client(whole, check_mode=True)
    token = infor.login()
    with pytest.raises(CheckModeViolation):
        infor.revoke(token)


@pytest.mark.parametrize("product", PRODUCTS)
def test_a_product_is_asked_once(script, product):
    bearer = matchers.header_matcher({"Authorization": "Bearer a1", "Accept": "application/json"})
    script.get(GATEWAY + PRODUCTS[product], json={}, match=[bearer])
    infor = client(document())
    token = Token("a1")
    assert infor.ask(product, token).status == 200
    assert infor.ask(product, token).status == 200


def test_the_logical_id_is_encoded(script):
    script.get(GATEWAY + "IONSERVICES/api/ion/messaging/service/v3/lid%3A%2F%2Finfor.ims.docbits/acceptedDocuments", json=[])
    assert client(document()).accepted_documents("lid://infor.ims.docbits", Token("a1")).status == 200


def test_all_that_is_secret_is_registered(script):
    whole, known = document(), Secrets()
    body = expect_login(script, whole, password_form(whole))
    renewed = expect_login(script, whole, {"grant_type": "refresh_token", "refresh_token": body["refresh_token"]})
    infor = client(whole, known=known, shared=False)
    infor.refresh(infor.login())
    pair = base64.b64encode(f"{whole['ci']}:{whole['cs']}".encode()).decode()
    secret = [whole["cs"], whole["saak"], whole["sask"], pair]
    secret += [made[key] for made in (body, renewed) for key in ("access_token", "refresh_token")]
    assert set(secret) <= known.encodings()


def test_a_token_from_the_shelf_is_registered_too(script):
    whole, known = document(), Secrets()
    body = expect_login(script, whole, password_form(whole))
    client(whole).login()
    client(whole, known=known).login()
    assert {body["access_token"], body["refresh_token"]} <= known.encodings()


def test_no_secret_shows_in_an_error_or_a_repr(script):
    whole = document()
    hidden = secrets.token_hex(16)
    expect_login(script, whole, password_form(whole), {"error": hidden, "error_description": f"{whole['sask']} {hidden}"}, 400)
    with pytest.raises(Refused) as raised:
        client(whole).login()
    shown = repr(raised.value) + repr(raised.value.findings) + raised.value.message + repr(raised.value.facts)
    assert not any(secret in shown for secret in (hidden, whole["cs"], whole["saak"], whole["sask"], whole["ci"]))
    assert hidden not in repr(Token(hidden, hidden, 1.0))


def jwt(**claims) -> str:
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"e30.{body}.c2ln"


@pytest.mark.parametrize(
    ("body", "lifetime"),
    [
        ({"expires_in": 7200}, 7200.0),
        ({"expires_in": "7199"}, 7199.0),
        ({"expires_in": None}, None),
        ({"expires_in": "soon"}, None),
        ({"expires_in": True}, None),
        ({"expires_in": -1}, None),
        ({"expires_in": 10**400}, None),
        ({"expires_in": "1e400"}, None),
        ({}, None),
    ],
)
def test_lifetime(body, lifetime):
    assert token_in({"access_token": "opaque", **body}, now=1000.0).lifetime == lifetime


def test_lifetime_from_the_token_itself():
    assert token_in({"access_token": jwt(exp=1600)}, now=1000.0).lifetime == 600.0


def test_hints():
    token = jwt(Tenant="ACME_TST", client_id="c", Identity2="", EnforceScopesForClient="1", scope="a b")
    assert hints_of(token, "acme_tst", "d").as_dict() == {
        "opaque": False,
        "tenant_matches": True,
        "client_matches": False,
        "linked_user": False,
        "enforced_scopes": True,
        "scopes": 2,
    }


@pytest.mark.parametrize("token", ["opaque", "a.b.c", "a.!!.c", jwt(), "a." + base64.urlsafe_b64encode(b"[1]").decode() + ".c"])
def test_an_opaque_token_gives_no_hints(token):
    hints = hints_of(token, "t", "c")
    assert hints.opaque and all(value is None for name, value in hints.as_dict().items() if name != "opaque")
