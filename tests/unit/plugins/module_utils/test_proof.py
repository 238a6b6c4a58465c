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

import pytest
import requests
import responses
from responses.registries import OrderedRegistry

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import InvalidInput, Refused, Unreachable
from ansible_collections.docbits.ion.plugins.module_utils._core.redaction import Secrets
from ansible_collections.docbits.ion.plugins.module_utils._http.client import Settings
from ansible_collections.docbits.ion.plugins.module_utils._infor import logins as _logins
from ansible_collections.docbits.ion.plugins.module_utils._infor import preflight as _preflight
from ansible_collections.docbits.ion.plugins.module_utils._infor.client import PRODUCTS
from ansible_collections.docbits.ion.plugins.module_utils._infor.proof import DEFAULT_STAGES, ProofOptions, prove, require
from ansible_collections.docbits.ion.plugins.module_utils._ionapi import parser
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.form import Expectations

TOKEN_URL = "https://mingle-sso.eu1.inforcloudsuite.com:443/ACME_TST/as/token.oauth2"
REVOKE_URL = "https://mingle-sso.eu1.inforcloudsuite.com:443/ACME_TST/as/revoke_token.oauth2"
GATEWAY = "https://mingle-ionapi.eu1.inforcloudsuite.com/ACME_TST/"
ROLES = ("IDM-AdvancedUser", "Infor-SuiteUser", "MingleEnterprise")
LOGICAL_ID = "lid://infor.ims.docbits"
OPEN_WAY = {leg: {"seconds": 0.25, "problem": None, "names": {}} for leg in _preflight.LEGS}


def document(**changes) -> dict:
    whole = {
        "ti": "ACME_TST",
        "cn": "DocBits TST",
        "dt": "12",
        "ci": f"ACME_TST~{secrets.token_urlsafe(32)}",
        "cs": secrets.token_urlsafe(64),
        "iu": "https://mingle-ionapi.eu1.inforcloudsuite.com",
        "pu": "https://mingle-sso.eu1.inforcloudsuite.com:443/ACME_TST/as/",
        "oa": "authorization.oauth2",
        "ot": "token.oauth2",
        "or": "revoke_token.oauth2",
        "sc": ["INFOR-IFS", "Infor-IDM", "Infor-ION"],
        "ev": "A1234567890",
        "v": "1.1",
        "saak": f"ACME_TST#{secrets.token_urlsafe(64)}",
        "sask": secrets.token_urlsafe(64),
        **changes,
    }
    return {key: value for key, value in whole.items() if value is not None}


@pytest.fixture(autouse=True)
def _run_of_its_own(monkeypatch):
    monkeypatch.setattr(_logins, "SHELF", _logins.Shelf(slots=16))
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def open_way(monkeypatch):
    """No packet leaves for the first three stages; both hosts can be reached."""
    travelled = []
    monkeypatch.setattr(_preflight, "_travel", lambda host, port, has_tls, settings: travelled.append((host, port)) or OPEN_WAY)
    return travelled


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
    product(script, "IFS", **({"json": {"response": {"userlist": [user]}}} | answer))


def product(script, name, **answer):
    script.get(GATEWAY + PRODUCTS[name], **({"json": {}} | answer))


def proof_of(whole, *, check_mode=False, known=None, settings=None, **wanted):
    ionapi = parser.parse_or_fail(json.dumps(whole), "test.ionapi", Expectations(grant=wanted.pop("grant", "auto"), profile="infor"))[0]
    options = ProofOptions(label="test.ionapi", **wanted)
    return prove(ionapi, settings or Settings(retries=0), options, known or Secrets(), check_mode)


def outcomes(proof) -> dict:
    return {stage.name: stage.outcome for stage in proof.stages}


def ids(proof) -> list:
    return [finding.id for finding in proof.findings]


def test_everything_passes(script, open_way):
    whole = document()
    logs_in(script, whole)
    logs_in(script, whole)
    users_me(script)
    product(script, "IDM")
    product(script, "ION Messaging")
    proof = proof_of(whole)
    require(proof)
    assert outcomes(proof) == dict.fromkeys(DEFAULT_STAGES, "passed")
    assert open_way == [("mingle-sso.eu1.inforcloudsuite.com", 443), ("mingle-ionapi.eu1.inforcloudsuite.com", 443)]
    result = proof.as_dict()
    assert result["outcome"] == "proved"
    assert result["identity"] == {"id": "guid", "name": "DocBits Service"}
    assert result["roles"]["missing"] == [] and "IDM-User" in result["roles"]["effective"]
    assert result["token"]["lifetime"] == 7200 and result["token"]["refresh_token"] and result["token"]["enforced_scopes"]
    assert result["stages"][0] == {"name": "resolve", "outcome": "passed", "seconds": 0.5, "findings": [], "reason": None}
    assert proof.summary() == {**result, "stages": dict.fromkeys(DEFAULT_STAGES, "passed")}
    json.dumps(result)


def test_the_refreshed_token_is_the_one_that_is_used(script, open_way):
    whole = document()
    logs_in(script, whole)
    script.post(TOKEN_URL, json={"access_token": "renewed", "expires_in": 7200})
    users_me(script)
    proof_of(whole, stages=("refresh", "identity"))
    assert script.calls[-1].request.headers["Authorization"] == "Bearer renewed"


def test_two_environments_with_one_file_make_the_calls_of_a_login_once(script, open_way):
    whole = document()
    logs_in(script, whole)
    logs_in(script, whole)
    for _environment in range(2):
        require(proof_of(whole, stages=("refresh",)))
    assert len(open_way) == 2


@pytest.mark.parametrize(
    ("stages", "carried_out"),
    [
        (("token",), ["resolve", "connect", "tls", "token"]),
        (("resolve",), ["resolve"]),
        (("roles", "token"), ["resolve", "connect", "tls", "token", "gateway", "identity", "roles"]),
        ((), []),
    ],
)
def test_a_stage_brings_those_it_builds_on(stages, carried_out):
    assert ProofOptions(label="f", stages=stages).wanted() == carried_out


def test_options_ask_for_the_other_stages():
    wanted = ProofOptions(label="f", stages=(), m3=True, ln=True, logical_id=LOGICAL_ID).wanted()
    assert wanted == ["resolve", "connect", "tls", "token", "gateway", "m3", "ln", "connection_point"]


@pytest.mark.parametrize(("leg", "id_"), [("resolve", "N01"), ("connect", "N02"), ("tls", "N03")])
def test_a_closed_way_is_named_and_nothing_is_sent(script, monkeypatch, leg, id_):
    travelled = []
    names = {"host": "h:443", "cause": "refused"}

    def travel(host, port, has_tls, settings):
        travelled.append(host)
        reached = _preflight.LEGS[: _preflight.LEGS.index(leg)]
        return {**{name: OPEN_WAY[name] for name in reached}, leg: {"seconds": 1.0, "problem": id_, "names": names}}

    monkeypatch.setattr(_preflight, "_travel", travel)
    proof = proof_of(document())
    at = DEFAULT_STAGES.index(leg)
    expected = ["passed"] * at + ["failed"] + ["skipped"] * (len(DEFAULT_STAGES) - at - 1)
    assert list(outcomes(proof).values()) == expected
    assert {stage.reason for stage in proof.stages[at + 1 :]} == {f"{leg} did not pass"}
    assert ids(proof) == [id_, id_] and len(travelled) == 2
    assert [finding.where for finding in proof.findings] == ["test.ionapi: pu", "test.ionapi: iu"]
    assert proof.outcome == "undetermined"
    with pytest.raises(Unreachable):
        require(proof)


def test_behind_a_proxy_the_way_is_the_proxys_matter(script, monkeypatch):
    whole = document()
    monkeypatch.setattr(_preflight, "_travel", lambda *_way: pytest.fail("went straight"))
    logs_in(script, whole)
    proof = proof_of(whole, stages=("token",), settings=Settings(retries=0, proxy="http://proxy.example.com:3128"))
    assert outcomes(proof) == {"resolve": "skipped", "connect": "skipped", "tls": "skipped", "token": "passed"}
    assert "proxy" in proof.stages[0].reason
    require(proof)


def test_a_refused_login_skips_the_rest(script, open_way):
    script.post(TOKEN_URL, json={"error": "invalid_client"}, status=401)
    proof = proof_of(document())
    assert outcomes(proof)["token"] == "failed"
    assert {outcome for name, outcome in outcomes(proof).items() if name not in (*_preflight.LEGS, "token")} == {"skipped"}
    assert {stage.reason for stage in proof.stages if stage.outcome == "skipped"} == {"token did not pass"}
    with pytest.raises(Refused) as raised:
        require(proof)
    assert raised.value.id == "A01" and raised.value.facts["connection"]["outcome"] == "refused"


@pytest.mark.parametrize("answer", [{"status": 503}, {"status": 429}, {"body": requests.exceptions.ReadTimeout()}])
def test_an_outage_at_the_login_is_undetermined(script, open_way, answer):
    script.post(TOKEN_URL, **answer)
    proof = proof_of(document())
    assert outcomes(proof)["token"] == "undetermined" and proof.outcome == "undetermined"
    with pytest.raises(Unreachable):
        require(proof)


@pytest.mark.parametrize(("profile", "outcome"), [("docbits_export", "failed"), ("infor", "warned")])
def test_a_missing_refresh_token(script, open_way, profile, outcome):
    whole = document()
    logs_in(script, whole, refresh_token=None)
    users_me(script)
    proof = proof_of(whole, stages=("refresh", "identity"), profile=profile)
    assert ids(proof) == ["A11"] and outcomes(proof)["refresh"] == outcome
    # It says nothing about what comes next.
    assert outcomes(proof)["identity"] == "passed"


def test_client_credentials_have_nothing_to_refresh(script, open_way):
    whole = document(saak=None, sask=None)
    logs_in(script, whole, refresh_token=None)
    proof = proof_of(whole, stages=("refresh",))
    assert outcomes(proof)["refresh"] == "skipped" and "client credentials" in proof.stages[-1].reason


def test_a_refused_refresh(script, open_way):
    whole = document()
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
def test_token_facts_warn(script, open_way, claims, found):
    whole = document()
    logs_in(script, whole, claims=claims)
    proof = proof_of(whole, stages=("token_facts",))
    assert ids(proof) == found and proof.outcome == "proved"
    assert outcomes(proof)["token_facts"] == ("warned" if found else "passed")


def test_a_short_lifetime_warns(script, open_way):
    whole = document()
    logs_in(script, whole, expires_in=300)
    proof = proof_of(whole, stages=("token",))
    assert ids(proof) == ["A12"] and "300 s" in proof.findings[0].message and proof.outcome == "proved"


@pytest.mark.parametrize(
    ("ifs", "messaging", "found"),
    [
        ({"status": 401}, {"status": 401}, "G02"),
        ({"status": 404}, {"status": 404}, "G06"),
        ({"status": 400, "json": {"error": "Bad Request"}}, {"status": 400, "json": {"error": "Bad Request"}}, "G01"),
        ({"status": 500}, {"status": 503}, "G10"),
    ],
)
def test_what_two_products_say_alike_is_the_gateways(script, open_way, ifs, messaging, found):
    whole = document()
    logs_in(script, whole)
    users_me(script, **ifs)
    product(script, "ION Messaging", **messaging)
    proof = proof_of(whole, stages=("gateway", "idm", "ion_messaging"))
    assert ids(proof) == [found]
    assert {proof.stages[-1].reason, proof.stages[-2].reason} == {"gateway did not pass"}


@pytest.mark.parametrize(("answer", "found"), [({"status": 401}, "G03"), ({"status": 404}, "G05"), ({"status": 504}, "G08")])
def test_what_one_product_says_is_its_own(script, open_way, answer, found):
    whole = document()
    logs_in(script, whole)
    users_me(script, **answer)
    product(script, "ION Messaging")
    product(script, "IDM")
    proof = proof_of(whole, stages=("roles", "idm", "ion_messaging"))
    assert ids(proof) == [found] and outcomes(proof)["gateway"] == "passed"
    assert outcomes(proof)["roles"] == "skipped" and outcomes(proof)["idm"] == "passed"


@pytest.mark.parametrize("status", [401, 403, 404])
def test_an_account_without_a_user_is_known_by_its_token(script, open_way, status):
    whole = document()
    logs_in(script, whole, claims={"Identity2": ""})
    users_me(script, status=status)
    product(script, "ION Messaging")
    proof = proof_of(whole, stages=("token_facts", "identity"))
    assert ids(proof) == ["R01"]


def test_missing_and_superfluous_roles(script, open_way):
    whole = document()
    logs_in(script, whole)
    users_me(script, roles=["IDM-Administrator", "Infor-SuiteUser", "IONDeskAdmin"])
    proof = proof_of(whole, stages=("roles",), optional_roles=("MingleEnterprise",))
    assert ids(proof) == ["R04", "R03", "R05"] and outcomes(proof)["roles"] == "warned"
    require(proof)


def test_a_missing_role_is_named(script, open_way):
    whole = document()
    logs_in(script, whole)
    users_me(script, roles=["IDM-User", *ROLES[1:]])
    proof = proof_of(whole, stages=("roles",))
    with pytest.raises(Refused) as raised:
        require(proof)
    assert raised.value.id == "R02" and "IDM-AdvancedUser" in raised.value.message
    assert proof.as_dict()["roles"]["missing"] == ["IDM-AdvancedUser"]


M3_FAILED = {"results": [{"errorMessage": "Illegal impersonation attempt (error: 163)"}], "nrOfFailedTransactions": 1}


@pytest.mark.parametrize(
    ("name", "answer", "found"),
    [
        ("M3", {"json": M3_FAILED}, ["M01"]),
        ("M3", {"json": {"results": [{}], "nrOfFailedTransactions": 0}}, []),
        ("LN", {"status": 404}, ["G05"]),
        ("LN", {"status": 403}, ["G04"]),
        ("LN", {}, []),
    ],
)
def test_products_on_request(script, open_way, name, answer, found):
    whole = document()
    logs_in(script, whole)
    users_me(script)
    product(script, name, **answer)
    proof = proof_of(whole, stages=(), **{name.lower(): True})
    assert ids(proof) == found
    # A 404 of LN is no refusal.
    assert proof.outcome == ("refused" if found and found != ["G05"] else "proved")


@pytest.mark.parametrize(("answer", "found"), [({"json": []}, []), ({"status": 412}, ["I01"]), ({"json": {"code": 471}}, ["I02"]), ({"status": 403}, ["I03"])])
def test_connection_point(script, open_way, answer, found):
    whole = document()
    logs_in(script, whole)
    users_me(script)
    path = "IONSERVICES/api/ion/messaging/service/v3/lid%3A%2F%2Finfor.ims.docbits/acceptedDocuments"
    script.get(GATEWAY + path, **answer)
    assert ids(proof_of(whole, stages=(), logical_id=LOGICAL_ID)) == found


def test_nothing_is_revoked_unless_asked_and_never_in_check_mode(script, open_way):
    whole = document()
    logs_in(script, whole)
    logs_in(script, whole)
    logs_in(script, whole)
    script.post(REVOKE_URL)
    assert "revoked" not in proof_of(whole, stages=("token",)).as_dict()
    assert "revoked" not in proof_of(whole, stages=("token",), revoke=True, check_mode=True).as_dict()
    assert proof_of(whole, stages=("token",), revoke=True).as_dict()["revoked"] is True
    assert "token_type_hint=access_token" in script.calls[-1].request.body


def test_each_access_token_of_the_proof_is_revoked(script, open_way):
    whole = document()
    logs_in(script, whole)
    logs_in(script, whole)
    script.post(REVOKE_URL)
    script.post(REVOKE_URL, status=503)
    proof = proof_of(whole, stages=("refresh",), revoke=True)
    assert proof.as_dict()["revoked"] is False and ids(proof) == ["A15"] and proof.outcome == "proved"


def test_no_secret_shows_in_a_proof(script, open_way):
    whole, known = document(), Secrets()
    hidden = secrets.token_hex(16)
    first = issued(whole)
    script.post(TOKEN_URL, json=first)
    script.post(TOKEN_URL, json={"error": "invalid_grant", "error_description": hidden}, status=400)
    users_me(script, json={"ErrorList": [{"Message": hidden}]})
    product(script, "IDM", status=403, json={"error": hidden})
    product(script, "ION Messaging", status=500, json=[hidden])
    proof = proof_of(whole, known=known)
    shown = json.dumps(proof.as_dict()) + repr(proof)
    assert not any(form in shown for form in known.encodings() | {hidden})
    assert known.encodings() >= {first["access_token"], first["refresh_token"], whole["sask"]}


def test_an_unreadable_ca_bundle_is_the_users_mistake(tmp_path):
    with pytest.raises(InvalidInput):
        proof_of(document(), settings=Settings(ca_path=str(tmp_path / "missing.pem")))


def leg_of(address, has_tls=True, **settings):
    return _preflight._travel(*address, has_tls, Settings(**settings))


def test_a_name_that_does_not_exist():
    legs = leg_of(("docbits-ion.invalid", 443))
    assert list(legs) == ["resolve"] and legs["resolve"]["problem"] == "N01"


def test_a_port_that_nobody_listens_on():
    # Bound and not listening: no other process can open the port while the test runs.
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        legs = leg_of(("127.0.0.1", port))
    assert list(legs) == ["resolve", "connect"] and legs["connect"]["problem"] == "N02"
    assert legs["connect"]["names"] == {"host": f"127.0.0.1:{port}", "cause": "refused"}


def test_a_port_that_speaks_something_else():
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer():
            connection, _address = server.accept()
            with connection:
                connection.sendall(b"220 mail.example.com ready\r\n")
                connection.recv(1024)

        thread = threading.Thread(target=answer)
        thread.start()
        legs = leg_of(server.getsockname())
        thread.join()
    assert list(legs) == ["resolve", "connect", "tls"] and legs["tls"]["problem"] == "N03"


def test_a_port_that_keeps_silent():
    with socket.create_server(("127.0.0.1", 0)) as server:
        legs = leg_of(server.getsockname(), timeout=0.3)
    assert legs["tls"]["problem"] == "N03" and legs["tls"]["names"]["cause"] == "no answer in time"


def test_an_address_without_tls_has_no_such_leg():
    with socket.create_server(("127.0.0.1", 0)) as server:
        legs = leg_of(server.getsockname(), has_tls=False)
    assert list(legs) == ["resolve", "connect"] and not any(leg["problem"] for leg in legs.values())


def test_a_simulator_without_tls_skips_that_stage(script):
    with socket.create_server(("127.0.0.1", 0)) as server:
        here = f"http://127.0.0.1:{server.getsockname()[1]}"
        whole = document(iu=here, pu=f"{here}/ACME_TST/as/")
        script.post(f"{here}/ACME_TST/as/token.oauth2", json=issued(whole))
        ionapi = parser.parse_or_fail(json.dumps(whole), "test.ionapi", Expectations(allow_insecure=True))[0]
        proof = prove(ionapi, Settings(retries=0), ProofOptions(label="test.ionapi", stages=("token",)), Secrets(), False)
    assert outcomes(proof) == {"resolve": "passed", "connect": "passed", "tls": "skipped", "token": "passed"}
