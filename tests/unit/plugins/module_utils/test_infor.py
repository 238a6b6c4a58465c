# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The calls that the Infor client makes, exactly and in order; a call that is not in the script fails."""

from __future__ import annotations

import base64
import contextlib
import json
import secrets
import time
from types import SimpleNamespace

import pytest
import requests
import responses
from responses import matchers
from responses.registries import OrderedRegistry

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import CheckModeViolation, Refused, Unreachable
from ansible_collections.docbits.ion.plugins.module_utils._core.redaction import Secrets
from ansible_collections.docbits.ion.plugins.module_utils._http import client as _http_client
from ansible_collections.docbits.ion.plugins.module_utils._http.client import Settings
from ansible_collections.docbits.ion.plugins.module_utils._infor import client as _client
from ansible_collections.docbits.ion.plugins.module_utils._infor import logins as _logins
from ansible_collections.docbits.ion.plugins.module_utils._infor.client import PRODUCTS, Infor
from ansible_collections.docbits.ion.plugins.module_utils._infor.tokens import Token, claims_of, token_from
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.form import Expectations
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.parser import parse_or_fail
from simulator.ionapi import cloud_file, on_premises_file

AS = "https://mingle-sso.eu1.inforcloudsuite.com:443/ACME_TST/as/"
GATEWAY = "https://mingle-ionapi.eu1.inforcloudsuite.com/ACME_TST/"


def document(**changes) -> dict:
    """A cloud file of random keys with two scopes; a key with the value None is left out."""
    return cloud_file(**{"sc": ["Infor-IDM", "Infor-ION"], **changes})


def ionapi_of(whole: dict):
    return parse_or_fail(json.dumps(whole), "test.ionapi", Expectations(trusted_hosts=("ion.example.com",)))[0]


class Clock:
    """Replaces time.monotonic and time.sleep."""

    def __init__(self) -> None:
        self.now = time.monotonic()
        self.slept = []

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """A run of its own, whose time passes when it sleeps or when the test says so."""
    clock = Clock()
    monkeypatch.setattr(_logins, "TOKEN_CACHE", _logins.SharedCache())
    monkeypatch.setattr(_logins, "LOGIN_RATE_LIMITER", _logins.LoginRateLimiter())
    for module in (_client, _http_client, _logins):
        monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: clock.now, sleep=clock.sleep))
    return clock


@pytest.fixture
def script():
    with responses.RequestsMock(registry=OrderedRegistry, assert_all_requests_are_fired=True) as mock:
        yield mock


def client(whole, label="test.ionapi", check_mode=False, purpose="read", known=None, token=None, **settings):
    """A client; with a token it has logged in already."""
    infor = Infor(ionapi_of(whole), Settings(**{"retries": 0, **settings}), known or Secrets(), label, check_mode, purpose)
    infor.tokens += [token] if token else []
    return infor


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


def test_no_scope_is_sent_when_the_file_has_none(script):
    whole = document(sc=None, v="1.0")
    expect_login(script, whole, {"grant_type": "password", "username": whole["saak"], "password": whole["sask"]})
    client(whole).login()


def test_client_credentials_login(script):
    whole = document(saak=None, sask=None, sc=None, v="1.0")
    expect_login(script, whole, {"grant_type": "client_credentials"}, {"access_token": "a", "expires_in": "7199"})
    assert client(whole).login() == Token("a", None, 7199.0)


def test_on_premises_login_asks_for_a_refresh_token(script):
    whole = on_premises_file()
    form = {"grant_type": "password", "username": whole["saak"], "password": whole["sask"], "scope": "offline_access"}
    expect_login(script, whole, form, url="https://ion.example.com:9443/InforIntSTS/connect/token")
    client(whole).login()


def test_one_login_serves_all_environments_with_the_same_file(script):
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


def test_login_for_no_purpose_is_not_shared(script):
    whole = document()
    expect_login(script, whole, password_form(whole))
    expect_login(script, whole, password_form(whole))
    client(whole).login()
    client(whole, purpose=None).login()


def test_other_scopes_are_another_login(script):
    whole = document()
    other = {**whole, "sc": ["Infor-IDM"]}
    expect_login(script, whole, password_form(whole))
    expect_login(script, other, {**password_form(whole), "scope": "Infor-IDM"})
    client(whole).login()
    client(other).login()


def test_refused_login_is_not_repeated_and_names_each_file(script, clock):
    whole = document()
    expect_login(script, whole, password_form(whole), {"error": "invalid_grant"}, 400)
    for label in ("one.ionapi", "two.ionapi", "one.ionapi"):
        with pytest.raises(Refused) as raised:
            client(whole, label).login()
        assert raised.value.id == "A02"
        assert raised.value.findings[0].where == f"{label}: saak, sask"
        # For the whole run, however long it takes.
        clock.now += 100_000


@pytest.mark.parametrize("settings", [{"proxy": "http://proxy.example.com:3128"}, {"timeout": 5.0}, {"ca_path": "other.pem"}])
def test_failed_login_is_tried_again_with_another_proxy_ca_or_timeout(script, monkeypatch, settings):
    whole = document()
    expect_login(script, whole, password_form(whole), {}, 503)
    expect_login(script, whole, password_form(whole))
    with pytest.raises(Unreachable):
        client(whole).login()
    monkeypatch.setattr("ansible_collections.docbits.ion.plugins.module_utils._http.client.tls_context", lambda _path: None)
    client(whole, **settings).login()


@pytest.mark.parametrize("status", [429, 500, 503])
def test_outage_is_undetermined_and_not_tried_again_for_a_minute(script, clock, status):
    whole = document()
    expect_login(script, whole, password_form(whole), {}, status)
    expect_login(script, whole, password_form(whole))
    for _host in range(3):
        with pytest.raises(Unreachable):
            client(whole).login()
        clock.now += 15
    clock.now += 20
    client(whole).login()


def test_silence_is_undetermined_and_never_repeated_at_once(script):
    script.post(AS + "token.oauth2", body=requests.exceptions.ReadTimeout())
    whole = document()
    for _host in range(2):
        with pytest.raises(Unreachable) as raised:
            client(whole).login()
        assert raised.value.id == "N06"


def test_redirect_is_explained_by_the_key_that_leads_there(script):
    whole = document()
    script.post(AS + "token.oauth2", status=302, headers={"Location": "https://portal.example.com"})
    with pytest.raises(Unreachable) as raised:
        client(whole).login()
    assert raised.value.id == "N04" and raised.value.findings[0].where == "test.ionapi: pu" and "status 302" in raised.value.message


def test_login_beyond_the_limit_is_reported_and_not_cached(script, monkeypatch):
    whole = document()
    with monkeypatch.context() as limited:
        limited.setattr(_logins.LOGIN_RATE_LIMITER, "acquire", lambda tenant, deadline, shares: contextlib.nullcontext(False))
        with pytest.raises(Unreachable) as raised:
            client(whole).login()
    assert raised.value.id == "A16"
    expect_login(script, whole, password_form(whole))
    client(whole).login()


@pytest.mark.parametrize(("lifetime", "shared_for"), [(7200, 7140), (100, 75), (None, 240)])
def test_token_is_shared_until_shortly_before_its_end(script, clock, lifetime, shared_for):
    whole = document()
    first = expect_login(script, whole, password_form(whole), issued(expires_in=lifetime))
    second = expect_login(script, whole, password_form(whole))
    client(whole).login()
    clock.now += shared_for - 1
    assert client(whole).login().access_token == first["access_token"]
    clock.now += 2
    assert client(whole).login().access_token == second["access_token"]


def body_login(whole, form) -> list:
    matched = matchers.urlencoded_params_matcher({**form, "client_id": whole["ci"], "client_secret": whole["cs"]})
    return [matched, lambda request: ("Authorization" not in request.headers, "credentials in the header too")]


def test_credentials_in_the_body_are_tried_once_before_any_verdict(script):
    whole = document()
    expect_login(script, whole, password_form(whole), {"error": "invalid_client"}, 401)
    body = issued()
    script.post(AS + "token.oauth2", json=body, match=body_login(whole, password_form(whole)))
    revocation = {"token": body["access_token"], "token_type_hint": "access_token"}
    script.post(AS + "revoke_token.oauth2", match=body_login(whole, revocation))
    infor = client(whole)
    assert infor.revoke(infor.login()) == []
    # Another environment knows it from the cache.
    script.post(AS + "revoke_token.oauth2", match=body_login(whole, revocation))
    other = client(whole)
    assert other.revoke(other.login()) == []


def test_client_that_is_refused_both_ways_is_refused(script):
    whole = document()
    expect_login(script, whole, password_form(whole), {"error": "invalid_client"}, 401)
    script.post(AS + "token.oauth2", json={"error": "invalid_request"}, status=400, match=body_login(whole, password_form(whole)))
    with pytest.raises(Refused) as raised:
        client(whole).login()
    assert raised.value.id == "A01"


def test_scope_that_the_collection_adds_is_left_out_when_it_is_refused(script):
    whole, url = on_premises_file(), "https://ion.example.com:9443/InforIntSTS/connect/token"
    form = {"grant_type": "password", "username": whole["saak"], "password": whole["sask"]}
    expect_login(script, whole, {**form, "scope": "offline_access"}, {"error": "invalid_scope"}, 400, url)
    expect_login(script, whole, form, issued(), url=url)
    infor = client(whole)
    infor.login()
    assert infor.is_offline_access_refused


def test_refresh_uses_the_refresh_token_once_per_run(script):
    whole = document()
    form = {"grant_type": "refresh_token", "refresh_token": "r1"}
    body = expect_login(script, whole, form)
    old = Token("a1", "r1", 7200.0)
    renewed = client(whole, token=old).refresh()
    assert renewed == Token(body["access_token"], body["refresh_token"], 7200.0)
    assert client(whole, token=old).refresh() == renewed


def test_refresh_without_a_new_refresh_token_keeps_the_old_one(script):
    whole = document()
    expect_login(script, whole, {"grant_type": "refresh_token", "refresh_token": "r1"}, {"access_token": "a2"})
    assert client(whole, token=Token("a1", "r1", 7200.0)).refresh() == Token("a2", "r1", None)


def test_login_is_made_anew_after_a_lost_refresh(script):
    whole = document()
    first = expect_login(script, whole, password_form(whole))
    script.post(AS + "token.oauth2", body=requests.exceptions.ReadTimeout())
    second = expect_login(script, whole, password_form(whole))
    expect_login(script, whole, {"grant_type": "refresh_token", "refresh_token": second["refresh_token"]})
    infor = client(whole, purpose="refresh")
    assert infor.login().access_token == first["access_token"]
    with pytest.raises(Unreachable):
        infor.refresh()
    later = client(whole, purpose="refresh")
    later.login()
    later.refresh()


def test_login_of_a_refresh_is_not_that_of_other_tasks(script):
    whole = document()
    expect_login(script, whole, password_form(whole))
    expect_login(script, whole, password_form(whole))
    assert client(whole, purpose="refresh").login() != client(whole).login()


def test_only_the_access_token_is_revoked(script):
    whole = document()
    matched = [matchers.urlencoded_params_matcher({"token": "a1", "token_type_hint": "access_token"}), matchers.header_matcher(basic(whole))]
    script.post(AS + "revoke_token.oauth2", status=200, match=matched)
    assert client(whole).revoke(Token("a1", "r1", 7200.0)) == []


def test_failed_revocation_is_a_warning(script):
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
def test_product_is_asked_once(script, product):
    bearer = matchers.header_matcher({"Authorization": "Bearer a1", "Accept": "application/json"})
    script.get(GATEWAY + PRODUCTS[product][0], json={}, match=[bearer])
    infor = client(document(), token=Token("a1"))
    assert infor.ask(product) == infor.ask(product)


def test_product_that_does_not_answer_is_asked_once(script):
    script.get(GATEWAY + PRODUCTS["IDM"][0], body=requests.exceptions.ReadTimeout())
    infor = client(document(), token=Token("a1"))
    for _stage in range(2):
        with pytest.raises(Unreachable) as raised:
            infor.ask("IDM")
        assert raised.value.id == "N06"


PING = GATEWAY + PRODUCTS["ION Messaging"][0]


def bearer(token):
    return [matchers.header_matcher({"Authorization": f"Bearer {token}"})]


def test_token_that_this_run_ended_is_replaced_once(script):
    whole = document()
    first = expect_login(script, whole, password_form(whole))
    client(whole).login()
    second = issued()
    for _time in range(3):
        script.get(PING, json={"error": "invalid_token"}, status=401, match=bearer(first["access_token"]))
    script.post(AS + "token.oauth2", json=second)
    script.get(PING, json={}, match=bearer(second["access_token"]))
    later = client(whole)
    later.login()
    assert later.ask("ION Messaging").id is None
    # The next environment has the new one from the cache. If that is refused too, nobody logs in again.
    for _time in range(3):
        script.get(PING, json={"error": "invalid_token"}, status=401, match=bearer(second["access_token"]))
    last = client(whole)
    last.login()
    assert last.ask("ION Messaging").id == "G03"


def test_token_that_a_lost_refresh_may_have_ended_is_replaced_in_the_same_task(script):
    whole = document()
    first = expect_login(script, whole, password_form(whole))
    script.post(AS + "token.oauth2", body=requests.exceptions.ReadTimeout())
    for _time in range(3):
        script.get(PING, json={"error": "invalid_token"}, status=401, match=bearer(first["access_token"]))
    second = expect_login(script, whole, password_form(whole))
    script.get(PING, json={}, match=bearer(second["access_token"]))
    infor = client(whole, purpose="refresh")
    infor.login()
    with pytest.raises(Unreachable):
        infor.refresh()
    assert infor.ask("ION Messaging").id is None
    # Tasks without a refresh share the new login.
    assert client(whole).login().access_token == second["access_token"]


def test_token_that_a_product_accepted_is_not_replaced(script):
    whole = document()
    expect_login(script, whole, password_form(whole))
    client(whole).login()
    script.get(PING, json={})
    for _time in range(2):
        script.get(GATEWAY + PRODUCTS["IDM"][0], json={"error": "invalid_token"}, status=401)
    infor = client(whole)
    infor.login()
    assert infor.ask("ION Messaging").id is None and infor.ask("IDM").id == "G03"


def test_first_401_is_asked_again_for_some_seconds_and_later_ones_once(script, clock):
    for _time in range(3):
        script.get(PING, json={"error": "invalid_token"}, status=401)
    for _time in range(2):
        script.get(GATEWAY + PRODUCTS["IDM"][0], json={"error": "invalid_token"}, status=401)
    infor = client(document(), token=Token("a1"), purpose=None)
    assert (infor.ask("ION Messaging").id, infor.ask("IDM").id) == ("G03", "G03")
    assert clock.slept == [1.0, 2.0, 1.0]


def test_401_once_is_forgotten(script, clock):
    script.get(PING, json={"error": "invalid_token"}, status=401)
    script.get(PING, json={})
    assert client(document(), token=Token("a1")).ask("ION Messaging").id is None
    assert clock.slept == [1.0]


def test_retry_after_is_waited_for_within_the_deadline(script, clock):
    script.get(PING, status=429, json={}, headers={"Retry-After": "120"})
    script.get(PING, json={})
    assert client(document(), token=Token("a1"), retries=2, deadline=300).ask("ION Messaging").id is None
    assert clock.slept == [120]


def test_retry_after_beyond_the_deadline_is_reported_at_once(script, clock):
    script.get(PING, status=429, json={}, headers={"Retry-After": "3600"})
    verdict = client(document(), token=Token("a1"), retries=2, deadline=300).ask("ION Messaging")
    assert verdict.id == "G07" and "3600 s" in verdict.names["wait"] and clock.slept == []


def test_logical_id_is_encoded(script):
    script.get(GATEWAY + "IONSERVICES/api/ion/messaging/service/v3/lid%3A%2F%2Finfor.ims.docbits/acceptedDocuments", json=["Sync.CaptureDocument"])
    assert client(document(), token=Token("a1")).ask_accepted_documents("lid://infor.ims.docbits")[0].id is None


def test_all_that_is_secret_is_registered(script):
    whole, known = document(), Secrets()
    body = expect_login(script, whole, password_form(whole))
    renewed = expect_login(script, whole, {"grant_type": "refresh_token", "refresh_token": body["refresh_token"]})
    infor = client(whole, known=known)
    infor.login()
    infor.refresh()
    pair = base64.b64encode(f"{whole['ci']}:{whole['cs']}".encode()).decode()
    secret = [whole["cs"], whole["saak"], whole["sask"], pair]
    secret += [made[key] for made in (body, renewed) for key in ("access_token", "refresh_token")]
    assert set(secret) <= known.encodings()


def test_token_from_the_cache_is_registered_too(script):
    whole, known = document(), Secrets()
    body = expect_login(script, whole, password_form(whole))
    client(whole).login()
    client(whole, known=known).login()
    assert {body["access_token"], body["refresh_token"]} <= known.encodings()


def test_no_secret_is_in_an_error_or_a_repr(script):
    whole = document()
    hidden = secrets.token_hex(16)
    expect_login(script, whole, password_form(whole), {"error": hidden, "error_description": f"{whole['sask']} {hidden}"}, 400)
    with pytest.raises(Unreachable) as raised:
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
def test_lifetime_is_that_of_expires_in(body, lifetime):
    assert token_from({"access_token": "opaque", **body}, None).lifetime == lifetime


@pytest.mark.parametrize(
    ("claims", "server_time", "lifetime"),
    [
        ({"exp": 1600, "iat": 1300}, 1000.0, 300.0),
        ({"exp": 1600}, 1000.0, 600.0),
        ({"exp": 1600}, None, None),
        ({"exp": 900}, 1000.0, None),
        ({"iat": 1300}, 1000.0, None),
    ],
)
def test_lifetime_of_the_claims_counts_from_the_clock_of_infor(claims, server_time, lifetime):
    assert token_from({"access_token": jwt(**claims)}, server_time).lifetime == lifetime


def test_expires_in_goes_before_the_claims():
    assert token_from({"access_token": jwt(exp=1600, iat=1300), "expires_in": 7200}, 1000.0).lifetime == 7200.0


def test_claims_are_compared_with_the_file():
    token = jwt(Tenant="ACME_TST", client_id="c", Identity2="", EnforceScopesForClient="1", scope="a b")
    assert claims_of(token, "acme_tst", "d").as_dict() == {
        "opaque": False,
        "tenant_matches": True,
        "client_matches": False,
        "linked_user": False,
        "enforced_scopes": True,
        "scopes": 2,
    }


@pytest.mark.parametrize("token", ["opaque", "a.b.c", "a.!!.c", jwt(), "a." + base64.urlsafe_b64encode(b"[1]").decode() + ".c"])
def test_opaque_token_has_no_claims(token):
    claims = claims_of(token, "t", "c")
    assert claims.opaque and all(value is None for name, value in claims.as_dict().items() if name != "opaque")
