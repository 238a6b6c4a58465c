# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulated ION API gateway and its products: rows G, R, I and M of the diagnosis table."""

from __future__ import annotations

import json
import time

import pytest

from simulator.ionapi import change_service_account, change_tenant

URL = "https://testserver"
IMS = "IONSERVICES/api/ion/messaging/service"
LOGICAL_ID = "lid://infor.ims.docbits"


# -- rows G


@pytest.mark.parametrize("path", ["/", "/openapi.json", "/ifsservice/usermgt/v2/users/me"])
def test_g1_no_tenant(infor, path):
    answer = infor.http.get(URL + path)
    assert (answer.status_code, answer.json()) == (400, {"error": "Bad Request"})


def test_g2_refused_tokens(infor):
    ionapi, other = infor.new(), infor.new("OTHER_TST")
    good = infor.login(ionapi)
    refresh_token = infor.token(ionapi).json()["refresh_token"]
    for token in ("nonsense", refresh_token, infor.login(other)):
        answer = infor.users_me(ionapi, token)
        assert answer.status_code == 401 and "error" in answer.json() and 'error="' in answer.headers["www-authenticate"]
    assert infor.http.get(f"{URL}/ACME_TST/ifsservice/info").status_code == 401
    change_tenant(infor, ionapi, suites={"*": 401})
    assert infor.users_me(ionapi, good).headers["www-authenticate"].startswith("Bearer ")


def test_g3_refusal_of_one_product(infor):
    ionapi = infor.new(suites={"IDM": 401})
    answer = infor.call(ionapi, "IDM/api/datamodel/entities")
    assert answer.status_code == 401 and "www-authenticate" not in answer.headers
    assert infor.users_me(ionapi).status_code == 200


@pytest.mark.parametrize("status", [403, 404, 500, 503])
def test_g4_g5_status_of_one_suite(infor, status):
    ionapi = infor.new(suites={"IDM": status})
    assert infor.call(ionapi, "IDM/api/datamodel/entities").status_code == status
    assert infor.call(ionapi, IMS + "/ping").status_code == 200
    change_tenant(infor, ionapi, suites={})
    assert infor.call(ionapi, "IDM/api/datamodel/entities").status_code == 200


def test_g6_all_suites_404(infor):
    ionapi = infor.new()
    wrong = {**ionapi, "ti": "ACME_PRD"}
    token = infor.login(ionapi)
    for path in ("ifsservice/usermgt/v2/users/me", "IDM/api/datamodel/entities", IMS + "/ping"):
        assert infor.call(wrong, path, token).status_code == 404
    assert infor.call(ionapi, "NOSUCH/api", token).status_code == 404


@pytest.mark.parametrize("retry_after", [None, 7])
def test_g7_quota(infor, retry_after):
    answer = infor.users_me(infor.new(suites={"*": 429}, retry_after=retry_after))
    assert answer.status_code == 429 and answer.headers.get("retry-after") == (None if retry_after is None else "7")


def test_g8_slow_target(infor):
    ionapi = infor.new(suites={"IDM": 504}, gateway_delay=0.2)
    started = time.monotonic()
    assert infor.call(ionapi, "IDM/api/datamodel/entities").status_code == 504
    assert time.monotonic() - started >= 0.2


def test_method_that_a_path_has_not(infor):
    ionapi = infor.new()
    answer = infor.call(ionapi, "ifsservice/usermgt/v2/users/me", method="DELETE")
    assert answer.status_code == 405 and "GET" in answer.headers["allow"] and "error" in answer.json()


# -- rows R


def displays(answer):
    return [group["display"] for group in answer.json()["response"]["userlist"][0]["groups"]]


@pytest.mark.parametrize(
    ("variant", "status", "key"),
    [("empty_list", 200, None), ("error_list", 200, "ErrorList"), (401, 401, "error"), (404, 404, "error")],
)
def test_r1_no_user(infor, variant, status, key):
    ionapi = infor.new(roles=None, users_me_without_user=variant)
    answer = infor.users_me(ionapi)
    assert answer.status_code == status
    if status == 200:
        assert answer.json()["response"] == {"userlist": []}
    assert key is None or key in answer.json()
    assert "Identity2" not in infor.claims(ionapi)[1]
    assert infor.call(ionapi, "IDM/api/datamodel/entities").status_code == 401
    assert infor.call(ionapi, IMS + "/ping").status_code == 200


def test_r1_no_id(infor):
    ionapi = infor.new()
    change_service_account(infor, ionapi, user={"id": None})
    assert infor.users_me(ionapi).json()["response"]["userlist"][0]["id"] is None


def test_users_me_error_list_with_a_user(infor):
    assert infor.users_me(infor.new(users_me="error_list")).json()["ErrorList"][0]["Message"]


def test_r2_missing_role_comes_and_goes(infor):
    ionapi = infor.new(roles=["Infor-SuiteUser"])
    token = infor.login(ionapi)
    assert infor.call(ionapi, "IDM/api/datamodel/entities", token).status_code == 403
    change_service_account(infor, ionapi, user={"groups": ["Infor-SuiteUser", "idm-advanceduser "]})
    assert displays(infor.users_me(ionapi, token)) == ["Infor-SuiteUser", "idm-advanceduser "]
    assert infor.call(ionapi, "IDM/api/datamodel/entities", token).json()["entities"]["entity"][0]["name"] == "CaptureDocument"


@pytest.mark.parametrize("role", ["IDM-Administrator", "IDM-AdvancedUser", "IDM-SuperUser", "IDM-User"])
def test_r3_role_by_implication(infor, role):
    ionapi = infor.new(roles=[role])
    assert displays(infor.users_me(ionapi)) == [role]
    assert infor.call(ionapi, "IDM/api/items/search?$query=/CaptureDocument&$limit=1").status_code == 200
    change_tenant(infor, ionapi, list_implied_roles=True)
    assert {role, "IDM-User"} <= set(displays(infor.users_me(ionapi)))


def test_r4_groups_of_other_types(infor):
    groups = ["IDM-AdvancedUser", {"display": "Invoice clerks", "type": "Distribution Group"}, {"display": "100_AAA", "type": None}]
    listed = infor.users_me(infor.new(roles=groups)).json()["response"]["userlist"][0]["groups"]
    assert listed == [
        {"display": "IDM-AdvancedUser", "type": "Security Role"},
        {"display": "Invoice clerks", "type": "Distribution Group"},
        {"display": "100_AAA"},
    ]


def test_legacy_mingle(infor):
    ionapi = infor.new()
    path = "Mingle/socialservice.svc/User/Detail"
    assert infor.call(ionapi, path).json()["UserDetailList"][0]["UserGUID"]
    bare = infor.http.get(f"{URL}/ACME_TST/{path}", headers={"Authorization": f"Bearer {infor.login(ionapi)}"})
    assert bare.text.startswith("<UserDetailList>")


# -- rows I and M, and the other products


def accepted(infor, ionapi):
    return infor.call(ionapi, f"{IMS}/v3/{LOGICAL_ID.replace(':', '%3A').replace('/', '%2F')}/acceptedDocuments")


def send(infor, ionapi, sender=LOGICAL_ID):
    parameters = json.dumps({"documentName": "Sync.CaptureDocument", "fromLogicalId": sender, "toLogicalId": "lid://default"})
    files = {"ParameterRequest": (None, parameters, "application/json"), "MessagePayload": ("payload", b"<Sync/>")}
    return infor.call(ionapi, IMS + "/v2/multipartMessage", method="POST", files=files)


def test_connection_point_accepts(infor):
    ionapi = infor.new()
    change_tenant(infor, ionapi, connection_points={LOGICAL_ID: {"client_id": ionapi["ci"]}})
    answer = accepted(infor, ionapi)
    assert answer.status_code == 200 and answer.json()["acceptedDocuments"] == [{"documentName": "Sync.CaptureDocument"}]
    assert send(infor, ionapi).status_code == 201
    assert infor.call(ionapi, IMS + "/v2/multipartMessage", method="POST", files={"MessagePayload": b"x"}).status_code == 400


def test_i1_connection_point_missing_or_inactive(infor):
    ionapi = infor.new()
    change_tenant(infor, ionapi, connection_points={})
    assert accepted(infor, ionapi).status_code == 412
    change_tenant(infor, ionapi, connection_points={LOGICAL_ID: {"client_id": ionapi["ci"], "active": False}})
    assert accepted(infor, ionapi).status_code == 412 and send(infor, ionapi).status_code == 412
    assert infor.call(ionapi, IMS + "/ping").status_code == 200


@pytest.mark.parametrize("status", [400, 403, 471])
def test_i2_i3_client_of_another_app(infor, status):
    ionapi, former = infor.new(), infor.new()
    change_tenant(infor, ionapi, connection_points={LOGICAL_ID: {"client_id": former["ci"]}}, ims_client_refused_status=status)
    answer = accepted(infor, ionapi)
    assert (answer.status_code, answer.json()) == (status, {"status": "FAIL", "code": 471, "errors": "Invalid client id provided"})
    assert send(infor, ionapi).status_code == 403


M3 = "M3/m3api-rest/v2/execute/CMS535MI/FpwVersion"


def test_m3_works(infor):
    answer = infor.call(infor.new(), M3).json()
    assert answer["results"][0]["transaction"] == "FpwVersion" and answer["nrOfSuccessfullTransactions"] == 1


@pytest.mark.parametrize("status", [200, 403])
def test_m1_m3_without_user(infor, status):
    answer = infor.call(infor.new(roles=None, m3_without_user_status=status), M3)
    assert answer.status_code == status
    assert answer.json()["results"][0]["errorMessage"] == "Illegal impersonation attempt (error: 163)"


def test_m2_m3_error_with_200(infor):
    answer = infor.call(infor.new(m3_error="Record does not exist"), M3)
    assert answer.status_code == 200 and answer.json()["nrOfFailedTransactions"] == 1
    assert answer.json()["results"][0]["errorMessage"] == "Record does not exist"


@pytest.mark.parametrize(
    "path",
    [
        "ifsservice/info",
        IMS + "/versions",
        IMS + "/protocol",
        "IONSERVICES/datacatalog/v1/status/ping",
        "DATAFABRIC/datalake/v2/ping",
        "LN/lnapi/odata/$metadata",
    ],
)
def test_other_probes(infor, path):
    assert infor.call(infor.new(), path).status_code == 200


def test_m3_csrf_never_works(infor):
    assert infor.call(infor.new(), "M3/m3api-rest/csrf").status_code == 500


def test_on_premises_gateway(infor):
    ionapi = infor.new("infor", flavour="op")
    assert infor.users_me(ionapi).request.url.path == "/infor/ifsservice/usermgt/v2/users/me"
    assert infor.users_me(ionapi).status_code == 200
