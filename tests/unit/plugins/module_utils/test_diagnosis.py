# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every row of the diagnosis: which answer leads to it, and that nothing an answer holds gets into its sentence."""

from __future__ import annotations

import json
import secrets

import pytest

from ansible_collections.docbits.ion.plugins.module_utils._http.client import Response
from ansible_collections.docbits.ion.plugins.module_utils._infor import diagnosis as _diagnosis
from ansible_collections.docbits.ion.plugins.module_utils._infor.diagnosis_rows import ROWS

NAMES = {
    "key": "iu",
    "host": "host:443",
    "cause": "refused",
    "status": 400,
    "code": "none",
    "grant": "password",
    "lifetime": 300,
    "what": "tenant",
    "product": "IDM",
    "role": "IDM-AdvancedUser",
    "through": "IDM-Administrator",
}
PAGE = b"<html><body>sign in</body></html>"


def answer(status: int, body=None, **headers) -> Response:
    """An answer with JSON for anything but bytes."""
    raw = body if isinstance(body, bytes) else json.dumps({} if body is None else body).encode()
    return Response(status, headers or {"content-type": "text/html" if raw == PAGE else "application/json"}, raw, "host")


def oauth(error, description=None) -> dict:
    return {"error": error, **({"error_description": description} if description else {})}


GRANT = "Unsupported grant type {}. Expected one of {}"

# id of the row, status, body
LOGINS = [
    ("N04", 200, PAGE),
    ("N04", 403, PAGE),
    ("N10", 404, PAGE),
    ("N10", 404, {}),
    ("N11", 405, {}),
    ("A01", 401, oauth("invalid_client", "Invalid client or client credentials.")),
    ("A01", 400, oauth("invalid_client")),
    ("A01", 401, {}),
    ("A02", 400, oauth("invalid_grant")),
    ("A02", 401, oauth("invalid_grant", "anything")),
    ("A03", 400, oauth("invalid_grant", "Username does not match request tenant")),
    ("A03", 401, {"error_description": "Username does not match request tenant"}),
    ("A04", 400, oauth("unsupported_grant_type", GRANT.format("client_credentials", "password"))),
    ("A05", 400, oauth("unsupported_grant_type", GRANT.format("password", "client_credentials"))),
    ("A05", 400, {"error_description": GRANT.format("password", "client_credentials")}),
    ("A06", 400, oauth("unsupported_grant_type")),
    ("A06", 400, oauth("unauthorized_client")),
    ("A07", 400, oauth("invalid_scope")),
    ("A08", 429, {}),
    ("A08", 429, PAGE),
    ("A08", 400, oauth("too_many_requests")),
    ("A09", 500, {}),
    ("A09", 503, PAGE),
    ("A09", 504, b""),
    ("A09", 400, oauth("temporarily_unavailable")),
    ("A10", 200, {}),
    ("A10", 200, b'{"access_token": "cut'),
    ("A10", 200, {"access_token": ""}),
    ("A10", 200, []),
    ("A13", 400, oauth("invalid_request")),
    ("A13", 400, oauth(["odd"], 7)),
    ("A13", 418, b"text"),
    (None, 200, {"access_token": "some"}),
]
REFRESHES = [
    ("A14", 400, oauth("invalid_grant", "unknown, invalid, or expired refresh token")),
    ("A14", 401, oauth("invalid_client")),
    ("A08", 429, {}),
    ("A09", 503, {}),
    ("N04", 200, PAGE),
    (None, 200, {"access_token": "some"}),
]
GATEWAY = [
    ("G01", 400, {"error": "Bad Request"}),
    ("G03", 401, {"error": "invalid_token"}),
    ("G04", 403, {}),
    ("G05", 404, PAGE),
    ("G07", 429, {}),
    ("G08", 504, {}),
    ("G10", 500, {}),
    ("G10", 503, PAGE),
    ("N04", 200, PAGE),
    ("G09", 400, {"error": "Something else"}),
    ("G09", 405, {}),
    (None, 200, {}),
    (None, 204, b""),
]
USER = {"id": "some", "displayName": "DocBits Service"}
IDENTITIES = [
    ("R01", 200, {"response": {"userlist": []}}),
    ("R01", 200, {"response": {}}),
    ("R01", 200, {"response": {"userlist": [{"displayName": "nobody"}]}}),
    ("R01", 200, {"response": {"userlist": [None]}}),
    ("G09", 200, {"ErrorList": [{"Message": "some"}]}),
    ("G09", 200, {"response": {"userlist": [USER]}, "ErrorList": [{"Message": "some"}]}),
    ("G09", 200, {"response": {"userlist": "odd"}}),
    ("G09", 200, []),
    ("G09", 200, b"<User/>"),
    ("G04", 403, {}),
    (None, 200, {"response": {"userlist": [USER]}, "ErrorList": []}),
]
CONNECTION_POINTS = [
    ("I01", 412, {}),
    ("I02", 200, {"status": "FAIL", "code": 471}),
    ("I02", 400, {"status": "FAIL", "code": "471", "errors": ["Invalid client id provided"]}),
    ("I03", 403, {}),
    ("G03", 401, {}),
    ("G10", 500, {}),
    (None, 200, []),
]
GOOD_M3 = {"results": [{"transaction": "FpwVersion", "records": [{}]}], "nrOfFailedTransactions": 0}
M3 = [
    ("M01", 200, {"results": [{"errorMessage": "Illegal impersonation attempt (error: 163)"}], "nrOfFailedTransactions": 1}),
    ("M01", 500, {"message": "Illegal impersonation attempt (error: 163)"}),
    ("M02", 200, {"results": [{"errorMessage": "Program does not exist"}], "nrOfFailedTransactions": 1}),
    ("M02", 200, {"results": [{"errorMessage": "Program does not exist"}]}),
    ("M02", 200, {"results": [], "nrOfFailedTransactions": 1}),
    ("G05", 404, {}),
    ("G09", 200, {}),
    (None, 200, GOOD_M3),
]
TABLE = [
    (judge, *case)
    for judge, cases in (
        (_diagnosis.login_problem, LOGINS),
        (_diagnosis.refresh_problem, REFRESHES),
        (_diagnosis.gateway_problem, GATEWAY),
        (_diagnosis.identity_problem, IDENTITIES),
        (_diagnosis.connection_point_problem, CONNECTION_POINTS),
        (_diagnosis.m3_problem, M3),
    )
    for case in cases
]


@pytest.mark.parametrize(("judge", "id_", "status", "body"), TABLE)
def test_answer_leads_to_its_row(judge, id_, status, body):
    assert judge(answer(status, body)) == id_


@pytest.mark.parametrize(
    ("alone", "together"),
    [
        (["G03", "G03"], "G02"),
        (["G03", None], None),
        (["G05", "G05"], "G06"),
        (["G05", "G03"], None),
        (["G01", "G01"], "G01"),
        (["G10", "G10"], "G10"),
        (["G08", "G08"], None),
        (["N04", "N04"], "N04"),
    ],
)
def test_only_what_all_products_say_is_about_the_gateway(alone, together):
    assert _diagnosis.gateway_problem_of_all(alone) == together


# The rows of the contract's table; its N5 and N6 have the ids N10 and N11.
CONTRACT = [f"A{n:02}" for n in range(1, 13)]
CONTRACT += ["N01", "N02", "N03", "N04", "N10", "N11", "J01", "J02"]
CONTRACT += [f"G{n:02}" for n in range(1, 9)]
CONTRACT += ["R01", "R02", "R03", "R04", "I01", "I02", "I03", "M01", "M02"]


@pytest.mark.parametrize("id_", sorted({*CONTRACT, *ROWS}))
def test_each_row_has_a_sentence_and_a_next_step(id_):
    found = _diagnosis.finding(id_, "production.ionapi", **NAMES)
    assert found.id == id_
    assert found.where.startswith("production.ionapi: ")
    for text in (found.where, found.message, found.action):
        assert text and not text.endswith((".", ",", " ")) and "{" not in text and "None" not in text
    assert "authentication failed" not in found.sentence().lower()


def test_no_two_rows_say_the_same():
    assert len({row.message for row in ROWS.values()}) == len(ROWS)


OUTAGES = {"N01", "N02", "N03", "N04", "A08", "A09", "A16", "A17", "G07", "G08", "G09", "G10"}


@pytest.mark.parametrize("id_", sorted(ROWS))
def test_an_outage_is_never_taken_for_wrong_credentials(id_):
    assert _diagnosis.is_undetermined(_diagnosis.finding(id_, "file", **NAMES)) == (id_ in OUTAGES)


@pytest.mark.parametrize("status", [500, 502, 503, 504, 429])
@pytest.mark.parametrize("body", [{}, PAGE, b"", {"message": "invalid credentials"}])
def test_busy_and_broken_servers_are_undetermined(status, body):
    for judge in (_diagnosis.login_problem, _diagnosis.refresh_problem, _diagnosis.gateway_problem):
        assert ROWS[judge(answer(status, body))].undetermined


def test_only_known_codes_are_repeated():
    hidden = secrets.token_hex(8)
    assert _diagnosis.code_of(answer(400, oauth(hidden))) == "none"
    assert _diagnosis.code_of(answer(400, oauth("invalid_request", hidden))) == "invalid_request"
