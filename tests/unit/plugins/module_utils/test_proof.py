# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stages of a proof: what each finds, what is skipped after it, and which calls are made."""

from __future__ import annotations

import base64
import json
import secrets
import socket
import threading
import time
from types import SimpleNamespace

import pytest
import requests
import responses
from responses.registries import OrderedRegistry

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import InvalidInput, Refused, Unreachable
from ansible_collections.docbits.ion.plugins.module_utils._core.redaction import Secrets
from ansible_collections.docbits.ion.plugins.module_utils._http.client import Settings
from ansible_collections.docbits.ion.plugins.module_utils._infor import client as _client
from ansible_collections.docbits.ion.plugins.module_utils._infor import logins as _logins
from ansible_collections.docbits.ion.plugins.module_utils._infor import preflight as _preflight
from ansible_collections.docbits.ion.plugins.module_utils._infor.client import PRODUCTS
from ansible_collections.docbits.ion.plugins.module_utils._infor.proof import DEFAULT_STAGES, Proof, ProofOptions, Stage, needed_stages, prove, require_accepted
from ansible_collections.docbits.ion.plugins.module_utils._ionapi import parser
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.form import Expectations
from simulator.ionapi import cloud_file, on_premises_file

TOKEN_URL = "https://mingle-sso.eu1.inforcloudsuite.com:443/ACME_TST/as/token.oauth2"
REVOKE_URL = "https://mingle-sso.eu1.inforcloudsuite.com:443/ACME_TST/as/revoke_token.oauth2"
GATEWAY = "https://mingle-ionapi.eu1.inforcloudsuite.com/ACME_TST/"
ROLES = ("IDM-AdvancedUser", "Infor-SuiteUser", "MingleEnterprise")
LOGICAL_ID = "lid://infor.ims.docbits"
REACHED = {check: {"seconds": 0.25, "problem": None, "names": {}} for check in _preflight.CHECKS}
M3_OK = {"results": [{}], "wasTerminated": False, "nrOfFailedTransactions": 0}
RIGHT = {
    "IDM": {"json": {"entities": {"entity": [{"name": "CaptureDocument"}]}}},
    "ION Messaging": {"json": {"status": "OK"}},
    "M3": {"json": M3_OK},
    "LN": {"body": "<edmx:Edmx/>"},
}


@pytest.fixture(autouse=True)
def _run_of_its_own(monkeypatch):
    monkeypatch.setattr(_logins, "TOKEN_CACHE", _logins.SharedCache())
    monkeypatch.setattr(_logins, "LOGIN_RATE_LIMITER", _logins.LoginRateLimiter())
    monkeypatch.setattr(_preflight, "_CACHE", _logins.SharedCache())
    monkeypatch.setattr(_client, "LAG_PAUSES", (0.0,))
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def reached(monkeypatch):
    """No packet is sent for the first three stages; both hosts can be reached."""
    hosts = []
    monkeypatch.setattr(_preflight, "_check", lambda host, port, has_tls, settings: hosts.append((host, port)) or REACHED)
    return hosts


@pytest.fixture
def script():
    with responses.RequestsMock(registry=OrderedRegistry, assert_all_requests_are_fired=True) as mock:
        yield mock


def jwt(**claims) -> str:
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"e30.{body}.{secrets.token_urlsafe(8)}"


def issued(whole, **more) -> dict:
    claims = {"Tenant": whole["ti"], "client_id": whole["ci"], "Identity2": "guid", "EnforceScopesForClient": "1", "scope": "a b", "n": secrets.token_hex(4)}
    claims.update(more.pop("claims", {}))
    body = {"access_token": jwt(**claims), "refresh_token": secrets.token_urlsafe(20), "expires_in": 7200, **more}
    return {key: value for key, value in body.items() if value is not None}


def logs_in(script, whole, **more):
    script.post(TOKEN_URL, json=issued(whole, **more))


def users_me(script, roles=ROLES, **answer):
    user = {"id": "guid", "displayName": "DocBits Service", "groups": [{"display": role, "type": "Security Role"} for role in roles]}
    product(script, "IFS", **({"json": {"response": {"userlist": [user]}}} if not answer else answer))


def product(script, name, **answer):
    script.get(GATEWAY + PRODUCTS[name][0], **(answer or RIGHT[name]))


def proof_of(whole, *, check_mode=False, known=None, settings=None, **wanted):
    ionapi = parser.parse_or_fail(json.dumps(whole), "test.ionapi", Expectations(profile="infor"))[0]
    options = ProofOptions(label="test.ionapi", **wanted)
    return prove(ionapi, settings or Settings(retries=0), options, known or Secrets(), check_mode)


def outcomes(proof) -> dict:
    return {stage.name: stage.outcome for stage in proof.stages}


def ids(proof) -> list:
    return [finding.id for finding in proof.findings]


def required(proof, **facts):
    require_accepted({"test.ionapi": proof}, **facts)


def test_file_is_proved_when_every_stage_passes(script, reached):
    whole = cloud_file()
    logs_in(script, whole)
    users_me(script)
    product(script, "IDM")
    product(script, "ION Messaging")
    proof = proof_of(whole)
    required(proof)
    assert outcomes(proof) == dict.fromkeys(DEFAULT_STAGES, "passed")
    assert reached == [("mingle-sso.eu1.inforcloudsuite.com", 443), ("mingle-ionapi.eu1.inforcloudsuite.com", 443)]
    result = proof.as_dict()
    assert result["outcome"] == "proved"
    assert result["identity"] == {"id": "guid", "name": "DocBits Service"}
    assert result["roles"]["missing"] == [] and "IDM-User" in result["roles"]["effective"]
    assert result["token"]["lifetime"] == 7200 and result["token"]["refresh_token"] and result["token"]["enforced_scopes"]
    assert result["stages"][0] == {"name": "resolve", "outcome": "passed", "seconds": 0.5, "findings": [], "reason": None}
    assert proof.summary() == {**result, "stages": dict.fromkeys(DEFAULT_STAGES, "passed")}
    json.dumps(result)


def test_refresh_is_not_part_of_the_default():
    assert "refresh" not in ProofOptions(label="f").selected() and "refresh_token" in DEFAULT_STAGES


def test_refresh_reports_what_it_used_and_the_new_token_is_used(script, reached):
    whole = cloud_file()
    logs_in(script, whole)
    script.post(TOKEN_URL, json={"access_token": "renewed", "refresh_token": "new", "expires_in": 7200})
    users_me(script)
    proof = proof_of(whole, stages=("refresh", "identity"))
    assert script.calls[-1].request.headers["Authorization"] == "Bearer renewed"
    assert proof.as_dict()["refresh"] == {"refresh_token_used": True, "rotated": True}


def test_refresh_without_an_answer_reports_that_it_is_not_known_what_became_of_the_token(script, reached):
    whole = cloud_file()
    logs_in(script, whole)
    script.post(TOKEN_URL, body=requests.exceptions.ReadTimeout())
    proof = proof_of(whole, stages=("refresh",))
    assert outcomes(proof)["refresh"] == "undetermined" and proof.as_dict()["refresh"] == {"refresh_token_used": True, "rotated": None}


def test_two_environments_with_one_file_send_the_requests_of_a_login_once(script, reached):
    whole = cloud_file()
    logs_in(script, whole)
    logs_in(script, whole)
    for _environment in range(2):
        required(proof_of(whole, stages=("refresh",)))
    assert len(reached) == 2


# A proof is what its needed stages are.

CLOUD = parser.parse_or_fail(json.dumps(cloud_file()), "test.ionapi", Expectations())[0]


@pytest.mark.parametrize(
    ("stages", "outcome"),
    [
        ({"token": "passed", "gateway": "warned"}, "proved"),
        ({"token": "passed"}, "partial"),
        ({"token": "passed", "gateway": "skipped"}, "undetermined"),
        ({"token": "skipped", "gateway": "skipped"}, "undetermined"),
        ({"resolve": "passed"}, "partial"),
        ({}, "partial"),
    ],
)
def test_outcome_is_proved_only_when_every_needed_stage_passed(stages, outcome):
    assert Proof(tuple(Stage(*stage) for stage in stages.items()), ("token", "gateway")).outcome == outcome


def test_proof_that_needs_nothing_proves_nothing():
    assert Proof((Stage("token", "passed"),)).outcome == "partial"


def test_needed_stages_are_those_of_the_profile_and_flavour():
    assert needed_stages("infor", CLOUD) == ["token", "gateway"]
    assert needed_stages("docbits_export", CLOUD) == ["token", "refresh_token", "gateway", "identity", "roles", "idm", "ion_messaging"]
    assert needed_stages("docbits_export", on_premises()) == ["token", "refresh_token", "gateway", "idm", "ion_messaging"]
    assert ProofOptions(label="f", stages=("roles",)).left_out(CLOUD) == ["refresh_token", "idm", "ion_messaging"]
    assert ProofOptions(label="f").left_out(CLOUD) == []


def on_premises():
    return parser.parse_or_fail(json.dumps(on_premises_file()), "test.ionapi", Expectations(trusted_hosts=("ion.example.com",)))[0]


@pytest.mark.parametrize("answer", [{"status": 404, "json": {"error": "Not Found"}}, {"json": {"response": {}}}, {"status": 501}])
def test_users_me_is_not_needed_on_premises(script, reached, answer):
    ionapi = on_premises()
    script.post(ionapi.token_url, json={"access_token": "a", "refresh_token": "r", "expires_in": 7200})
    for name, more in (("IFS", answer), ("ION Messaging", {"json": {}}), ("IDM", RIGHT["IDM"])):
        script.get(ionapi.gateway_url + PRODUCTS[name][0], **more)
    proof = prove(ionapi, Settings(retries=0), ProofOptions(label="test.ionapi"), Secrets(), False)
    assert outcomes(proof)["identity"] == "undetermined" and outcomes(proof)["roles"] == "skipped"
    assert proof.outcome == "proved" and [finding.level for finding in proof.findings] == ["warning"]


def test_profile_for_docbits_refuses_a_file_without_service_account_before_any_login(script, reached):
    proof = proof_of(cloud_file(saak=None, sask=None))
    assert ids(proof) == ["A18"] and proof.outcome == "refused"


def test_other_files_are_reported_when_one_is_refused(script, reached):
    whole = cloud_file()
    script.post(TOKEN_URL, json={"error": "invalid_grant"}, status=400)
    logs_in(script, whole)
    refused, good = proof_of(cloud_file(), stages=("token",)), proof_of(whole, stages=("token",))
    with pytest.raises(Refused) as raised:
        require_accepted({"a": refused, "b": good}, connections=[refused.outcome, good.outcome])
    assert raised.value.facts == {"connections": ["refused", "partial"]}


@pytest.mark.parametrize(
    ("stages", "selected"),
    [
        (("token",), ["resolve", "connect", "tls", "token"]),
        (("resolve",), ["resolve"]),
        (("roles", "token"), ["resolve", "connect", "tls", "token", "gateway", "identity", "roles"]),
        ((), []),
    ],
)
def test_stage_selects_those_that_it_needs(stages, selected):
    assert ProofOptions(label="f", stages=stages).selected() == selected


def test_other_stages_are_selected_by_options():
    selected = ProofOptions(label="f", stages=(), m3=True, ln=True, logical_ids=(LOGICAL_ID,)).selected()
    assert selected == ["resolve", "connect", "tls", "token", "gateway", "m3", "ln", "connection_point"]


@pytest.mark.parametrize(("check", "id_"), [("resolve", "N01"), ("connect", "N02"), ("tls", "N03")])
def test_host_that_is_not_reached_is_named_and_nothing_is_sent(script, monkeypatch, check, id_):
    hosts = []
    names = {"host": "h:443", "cause": "refused"}

    def result(host, port, has_tls, settings):
        hosts.append(host)
        passed = _preflight.CHECKS[: _preflight.CHECKS.index(check)]
        return {**{name: REACHED[name] for name in passed}, check: {"seconds": 1.0, "problem": id_, "names": names}}

    monkeypatch.setattr(_preflight, "_check", result)
    proof = proof_of(cloud_file())
    at = DEFAULT_STAGES.index(check)
    expected = ["passed"] * at + ["failed"] + ["skipped"] * (len(DEFAULT_STAGES) - at - 1)
    assert list(outcomes(proof).values()) == expected
    assert {stage.reason for stage in proof.stages[at + 1 :]} == {f"{check} did not pass"}
    assert ids(proof) == [id_, id_] and len(hosts) == 2
    assert [finding.where for finding in proof.findings] == ["test.ionapi: pu", "test.ionapi: iu"]
    assert proof.outcome == "undetermined"
    with pytest.raises(Unreachable):
        required(proof)


def test_hosts_are_not_checked_when_requests_go_through_a_proxy(script, monkeypatch):
    whole = cloud_file()
    monkeypatch.setattr(_preflight, "_check", lambda *_host: pytest.fail("connected directly"))
    logs_in(script, whole)
    proof = proof_of(whole, stages=("token",), settings=Settings(retries=0, proxy="http://proxy.example.com:3128"))
    assert outcomes(proof) == {"resolve": "skipped", "connect": "skipped", "tls": "skipped", "token": "passed"}
    assert "proxy" in proof.stages[0].reason
    required(proof)


def test_a_refused_login_skips_the_rest(script, reached):
    for _way in ("header", "body"):
        script.post(TOKEN_URL, json={"error": "invalid_client"}, status=401)
    proof = proof_of(cloud_file())
    assert outcomes(proof)["token"] == "failed"
    assert {outcome for name, outcome in outcomes(proof).items() if name not in (*_preflight.CHECKS, "token")} == {"skipped"}
    assert {stage.reason for stage in proof.stages if stage.outcome == "skipped"} == {"token did not pass"}
    with pytest.raises(Refused) as raised:
        required(proof, connection=proof.as_dict())
    assert raised.value.id == "A01" and raised.value.facts["connection"]["outcome"] == "refused"


@pytest.mark.parametrize("answer", [{"status": 503}, {"status": 429}, {"body": requests.exceptions.ReadTimeout()}])
def test_an_outage_at_the_login_is_undetermined(script, reached, answer):
    script.post(TOKEN_URL, **answer)
    proof = proof_of(cloud_file())
    assert outcomes(proof)["token"] == "undetermined" and proof.outcome == "undetermined"
    with pytest.raises(Unreachable):
        required(proof)


@pytest.mark.parametrize(("profile", "outcome"), [("docbits_export", "failed"), ("infor", "warned")])
def test_a_missing_refresh_token(script, reached, profile, outcome):
    whole = cloud_file()
    logs_in(script, whole, refresh_token=None)
    users_me(script)
    proof = proof_of(whole, stages=("refresh_token", "identity"), profile=profile)
    assert ids(proof) == ["A11"] and outcomes(proof)["refresh_token"] == outcome
    # It says nothing about what comes next.
    assert outcomes(proof)["identity"] == "passed"


def test_client_credentials_have_nothing_to_refresh(script, reached):
    whole = cloud_file(saak=None, sask=None)
    logs_in(script, whole, refresh_token=None)
    proof = proof_of(whole, stages=("refresh",), profile="infor")
    assert outcomes(proof)["refresh_token"] == "skipped" and "client credentials" in proof.stages[-2].reason
    assert outcomes(proof)["refresh"] == "skipped" and "no refresh token" in proof.stages[-1].reason


def test_a_refused_refresh(script, reached):
    whole = cloud_file()
    logs_in(script, whole)
    script.post(TOKEN_URL, json={"error": "invalid_grant"}, status=400)
    users_me(script)
    proof = proof_of(whole, stages=("refresh", "identity"))
    assert ids(proof) == ["A14"] and outcomes(proof)["identity"] == "passed"


@pytest.mark.parametrize(
    ("claims", "found"),
    [
        ({"Tenant": "OTHER_TST"}, ["J01"]),
        ({"client_id": "other"}, ["J01"]),
        ({"scope": ""}, ["J02"]),
        ({"scope": "", "EnforceScopesForClient": "0"}, []),
    ],
)
def test_token_facts_warn(script, reached, claims, found):
    whole = cloud_file()
    logs_in(script, whole, claims=claims)
    proof = proof_of(whole, stages=("token_facts",))
    assert ids(proof) == found and proof.outcome == "partial"
    assert outcomes(proof)["token_facts"] == ("warned" if found else "passed")


def test_a_short_lifetime_warns(script, reached):
    whole = cloud_file()
    logs_in(script, whole, expires_in=300)
    proof = proof_of(whole, stages=("token",))
    assert ids(proof) == ["A12"] and "300 s" in proof.findings[0].message and proof.outcome == "partial"


def said(status, **answer):
    """A refusal that comes from Infor."""
    return {"status": status, "json": {"error": "some"}, **answer}


def test_products_that_disagree_say_nothing_about_the_gateway(script, reached):
    whole = cloud_file()
    logs_in(script, whole)
    for name, answers in (("IFS", [said(401)] * 2), ("ION Messaging", [said(404)]), ("IDM", [said(503)])):
        for answer in answers:
            product(script, name, **answer)
    proof = proof_of(whole, stages=("gateway", "idm", "ion_messaging"))
    assert ids(proof) == ["G11"] and proof.outcome == "undetermined"
    assert "IFS: status 401, ION Messaging: status 404, IDM: status 503" in proof.findings[0].message
    assert {proof.stages[-1].reason, proof.stages[-2].reason} == {"gateway did not pass"}


def test_gateway_is_proved_by_any_product(script, reached):
    whole = cloud_file()
    logs_in(script, whole)
    product(script, "IFS", body=requests.exceptions.ReadTimeout())
    product(script, "ION Messaging", **said(403))
    product(script, "IDM")
    proof = proof_of(whole, stages=("gateway", "idm"))
    assert ids(proof) == [] and outcomes(proof)["gateway"] == "passed"


@pytest.mark.parametrize(("status", "found"), [(401, "G03"), (404, "G13"), (504, "G08")])
def test_what_one_product_says_is_its_own(script, reached, status, found):
    whole = cloud_file()
    logs_in(script, whole)
    for _time in range(2 if status == 401 else 1):
        users_me(script, **said(status))
    product(script, "ION Messaging")
    product(script, "IDM")
    proof = proof_of(whole, stages=("roles", "idm", "ion_messaging"))
    assert ids(proof) == [found] and outcomes(proof)["gateway"] == "passed"
    assert outcomes(proof)["roles"] == "skipped" and outcomes(proof)["idm"] == "passed"


@pytest.mark.parametrize("status", [401, 403, 404])
def test_account_without_a_user_is_known_by_its_token(script, reached, status):
    whole = cloud_file()
    logs_in(script, whole, claims={"Identity2": ""})
    for _time in range(2 if status == 401 else 1):
        users_me(script, **said(status))
    product(script, "ION Messaging")
    proof = proof_of(whole, stages=("token_facts", "identity"))
    assert ids(proof) == ["R01"]


def test_missing_and_superfluous_roles(script, reached):
    whole = cloud_file()
    logs_in(script, whole)
    users_me(script, roles=["IDM-Administrator", "Infor-SuiteUser", "IONDeskAdmin"])
    proof = proof_of(whole, stages=("roles",), optional_roles=("MingleEnterprise",))
    assert ids(proof) == ["R04", "R03", "R05"] and outcomes(proof)["roles"] == "warned"
    required(proof)


def test_a_missing_role_is_named(script, reached):
    whole = cloud_file()
    logs_in(script, whole)
    users_me(script, roles=["IDM-User", *ROLES[1:]])
    proof = proof_of(whole, stages=("roles",))
    with pytest.raises(Refused) as raised:
        required(proof)
    assert raised.value.id == "R02" and "IDM-AdvancedUser" in raised.value.message
    assert proof.as_dict()["roles"]["missing"] == ["IDM-AdvancedUser"]


@pytest.mark.parametrize("name", ["M3", "LN"])
def test_products_on_request_are_asked(script, reached, name):
    whole = cloud_file()
    logs_in(script, whole)
    users_me(script)
    product(script, name)
    proof = proof_of(whole, stages=(), **{name.lower(): True})
    assert outcomes(proof)[name.lower()] == "passed" and ids(proof) == []


def test_nothing_is_revoked_unless_asked_and_never_in_check_mode(script, reached):
    whole = cloud_file()
    logs_in(script, whole)
    logs_in(script, whole)
    logs_in(script, whole)
    script.post(REVOKE_URL)
    assert "revoked" not in proof_of(whole, stages=("token",)).as_dict()
    assert "revoked" not in proof_of(whole, stages=("token",), revoke=True, check_mode=True).as_dict()
    assert proof_of(whole, stages=("token",), revoke=True).as_dict()["revoked"] is True
    assert "token_type_hint=access_token" in script.calls[-1].request.body


def test_each_access_token_of_the_proof_is_revoked(script, reached):
    whole = cloud_file()
    logs_in(script, whole)
    logs_in(script, whole)
    script.post(REVOKE_URL)
    script.post(REVOKE_URL, status=503)
    proof = proof_of(whole, stages=("refresh",), revoke=True)
    assert proof.as_dict()["revoked"] is False and ids(proof) == ["A22", "A15"] and proof.outcome == "partial"


def test_no_secret_shows_in_a_proof(script, reached):
    whole, known = cloud_file(), Secrets()
    hidden = secrets.token_hex(16)
    first = issued(whole)
    script.post(TOKEN_URL, json=first)
    script.post(TOKEN_URL, json={"error": "invalid_grant", "error_description": hidden}, status=400)
    users_me(script, json={"ErrorList": [{"Message": hidden}]})
    product(script, "ION Messaging")
    product(script, "IDM", status=403, json={"error": hidden})
    proof = proof_of(whole, known=known, stages=(*DEFAULT_STAGES, "refresh"))
    shown = json.dumps(proof.as_dict()) + repr(proof)
    assert not any(form in shown for form in known.encodings() | {hidden})
    assert known.encodings() >= {first["access_token"], first["refresh_token"], whole["sask"]}


def test_an_unreadable_ca_bundle_is_the_users_mistake(tmp_path):
    with pytest.raises(InvalidInput):
        proof_of(cloud_file(), settings=Settings(ca_path=str(tmp_path / "missing.pem")))


def checked(address, has_tls=True, **settings):
    return _preflight._check(*address, has_tls, Settings(**settings))


@pytest.mark.parametrize(("problem", "seconds"), [(None, 300), ("N02", 30)])
def test_host_is_checked_again_sooner_when_it_was_not_reached(monkeypatch, problem, seconds):
    hosts, now = [], [time.monotonic()]
    clock = SimpleNamespace(monotonic=lambda: now[0], sleep=time.sleep)
    monkeypatch.setattr(_preflight, "time", clock)
    monkeypatch.setattr(_logins, "time", clock)
    monkeypatch.setattr(_preflight, "_check", lambda *host: hosts.append(host) or {"connect": {"seconds": 0, "problem": problem, "names": {}}})

    def reach(**settings):
        _preflight.reach("https://ion.example.com/path", Settings(**settings), now[0] + 10)
        return len(hosts)

    assert [reach(), reach()] == [1, 1]
    now[0] += seconds - 1
    assert reach() == 1
    now[0] += 2
    assert reach() == 2
    assert [reach(timeout=5.0), reach(ca_path="other.pem")] == [3, 4]


def test_a_name_that_does_not_exist():
    results = checked(("docbits-ion.invalid", 443))
    assert list(results) == ["resolve"] and results["resolve"]["problem"] == "N01"


def test_a_port_that_nobody_listens_on():
    # Bound and not listening, so that no other process gets the port meanwhile.
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        results = checked(("127.0.0.1", port))
    assert list(results) == ["resolve", "connect"] and results["connect"]["problem"] == "N02"
    assert results["connect"]["names"] == {"host": f"127.0.0.1:{port}", "cause": "refused"}


def test_a_port_that_speaks_something_else():
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer():
            connection, _address = server.accept()
            with connection:
                connection.sendall(b"220 mail.example.com ready\r\n")
                connection.recv(1024)

        thread = threading.Thread(target=answer)
        thread.start()
        results = checked(server.getsockname())
        thread.join()
    assert list(results) == ["resolve", "connect", "tls"] and results["tls"]["problem"] == "N03"


def test_a_port_that_keeps_silent():
    with socket.create_server(("127.0.0.1", 0)) as server:
        results = checked(server.getsockname(), timeout=0.3)
    assert results["tls"]["problem"] == "N03" and results["tls"]["names"]["cause"] == "no answer in time"


def test_an_address_without_tls_has_no_such_leg():
    with socket.create_server(("127.0.0.1", 0)) as server:
        results = checked(server.getsockname(), has_tls=False)
    assert list(results) == ["resolve", "connect"] and not any(result["problem"] for result in results.values())


def test_a_simulator_without_tls_skips_that_stage(script):
    with socket.create_server(("127.0.0.1", 0)) as server:
        here = f"http://127.0.0.1:{server.getsockname()[1]}"
        whole = cloud_file(iu=here, pu=f"{here}/ACME_TST/as/")
        script.post(f"{here}/ACME_TST/as/token.oauth2", json=issued(whole))
        ionapi = parser.parse_or_fail(json.dumps(whole), "test.ionapi", Expectations(allow_insecure=True))[0]
        proof = prove(ionapi, Settings(retries=0), ProofOptions(label="test.ionapi", stages=("token",)), Secrets(), False)
    assert outcomes(proof) == {"resolve": "passed", "connect": "passed", "tls": "skipped", "token": "passed"}
