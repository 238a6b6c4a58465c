# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Examples for the rules of the proof, for the tests and docs/diagnoses.md: what Infor, or something in between, may answer at each stage."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

PASSED, WARNED, FAILED, UNDETERMINED = "passed", "warned", "failed", "undetermined"
LOGICAL_ID = "lid://infor.ims.docbits"
ROLES = ("IDM-AdvancedUser", "Infor-SuiteUser", "MingleEnterprise")
PAGE = "<!DOCTYPE html><html><head><title>Sign in</title></head><body>Please sign in</body></html>"
XHTML = '<?xml version="1.0"?>\n<html xmlns="http://www.w3.org/1999/xhtml"><body>Please sign in</body></html>'


@dataclass(frozen=True)
class Sent:
    """One response. `failure` is `slow` or `lost` where none comes."""

    status: int = 200
    body: str = ""
    headers: dict = field(default_factory=dict)
    failure: str = ""


@dataclass(frozen=True)
class Example:
    """One class of answers at one stage.

    stage:   where it comes
    answer:  what the page calls it
    sends:   the responses, in order; the last one repeats
    outcome: of the stage
    finding: the id of its finding, or None
    """

    stage: str
    answer: str
    sends: tuple
    outcome: str
    finding: str | None


def as_json(value, status=200, **headers) -> Sent:
    """A JSON response."""
    return Sent(status, json.dumps(value), {"Content-Type": "application/json", **headers})


def page(status=200, text=PAGE) -> Sent:
    """A web page, as a proxy, a firewall or a portal sends it."""
    return Sent(status, text, {"Content-Type": "text/html"})


def user(**changes) -> dict:
    """A response of users/me with one user."""
    whole = {"id": "guid", "displayName": "DocBits Service", "groups": groups(*ROLES), **changes}
    return {"response": {"userlist": [{key: value for key, value in whole.items() if value is not ...}]}}


def groups(*names) -> list:
    """Entries of `groups`."""
    return [{"display": name, "type": "Security Role"} for name in names]


# {access} and {refresh} are filled with tokens that are made at run time.
TOKEN = {"access_token": "{access}", "refresh_token": "{refresh}", "token_type": "Bearer", "expires_in": 7200}
ENTITIES = {"entities": {"entity": [{"name": "CaptureDocument", "desc": "Capture Document"}]}}
PONG = {"status": "OK", "code": 200}
M3_OK = {"results": [{"transaction": "FpwVersion", "records": [{}]}], "wasTerminated": False, "nrOfSuccessfullTransactions": 1, "nrOfFailedTransactions": 0}
EDMX = '<?xml version="1.0"?><edmx:Edmx xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx" Version="4.0"/>'
DOCUMENTS = {"status": "OK", "code": 200, "acceptedDocuments": [{"documentName": "Sync.CaptureDocument"}]}
ERROR_LIST = {"ErrorList": [{"Message": "Something failed", "Severity": "Error", "Code": "1"}]}
LIMIT = {"error": "access_denied", "error_description": "Rate limit exceeded, try again later"}
SLOW, LOST = Sent(failure="slow"), Sent(failure="lost")
WAIT = {"Retry-After": "3600"}

# The right form at each stage that sends a request.
RIGHT = {
    "token": as_json(TOKEN),
    "refresh": as_json(TOKEN),
    "gateway": as_json(user()),
    "identity": as_json(user()),
    "idm": as_json(ENTITIES),
    "ion_messaging": as_json(PONG),
    "m3": as_json(M3_OK),
    "ln": Sent(200, EDMX, {"Content-Type": "application/xml"}),
    "connection_point": as_json(DOCUMENTS),
}
TEXT = Sent(200, "Service call accepted", {"Content-Type": "text/plain"})
XML_ERROR = Sent(200, "<error><message>Access was refused: invalid session</message></error>", {"Content-Type": "application/xml"})


def oauth(error, description=None, status=400) -> Sent:
    """An error of OAuth 2.0."""
    return as_json({"error": error, **({"error_description": description} if description else {})}, status)


# At the stages token and refresh. Those of a login come before those of a refresh where they differ.
_TOKEN_ENDPOINT = (
    ("the right form", (RIGHT["token"],), PASSED, None),
    ("another JSON object", (as_json({"status": "ok"}),), UNDETERMINED, "A10"),
    ("a token with a line break", (as_json({"access_token": "a\nb"}),), UNDETERMINED, "A10"),
    ("an empty body", (Sent(),), UNDETERMINED, "A10"),
    ("an empty list", (as_json([]),), UNDETERMINED, "A10"),
    ("plain text", (TEXT,), UNDETERMINED, "A10"),
    ("an error object with status 200", (oauth("invalid_grant", status=200),), UNDETERMINED, "A10"),
    ("a web page", (page(),), UNDETERMINED, "N04"),
    ("a web page in XHTML", (Sent(200, XHTML, {"Content-Type": "application/xml"}),), UNDETERMINED, "N04"),
    ("a redirect", (Sent(302, headers={"Location": "https://portal.example.com"}),), UNDETERMINED, "N04"),
    ("a web page with status 401", (page(401),), UNDETERMINED, "N04"),
    ("a web page with status 403", (page(403),), UNDETERMINED, "N04"),
    ("a web page with status 404", (page(404),), UNDETERMINED, "N04"),
    ("429", (as_json({}, 429),), UNDETERMINED, "A08"),
    ("429 with Retry-After", (as_json({}, 429, **WAIT),), UNDETERMINED, "A08"),
    ("a limit as 400", (as_json(LIMIT, 400),), UNDETERMINED, "A08"),
    ("a limit as 403", (as_json(LIMIT, 403),), UNDETERMINED, "A08"),
    ("a limit as invalid_grant", (oauth("invalid_grant", "Limit of service account authentications exceeded. Please try again later."),), UNDETERMINED, "A08"),
    ("a limit in a web page", (page(403, PAGE.replace("Please sign in", "Request limit reached")),), UNDETERMINED, "A08"),
    ("503 once", (as_json({}, 503), RIGHT["token"]), UNDETERMINED, "A09"),
    ("500 with an error of OAuth", (oauth("invalid_client", status=500),), UNDETERMINED, "A09"),
    ("503", (page(503),), UNDETERMINED, "A09"),
    ("slow", (SLOW,), UNDETERMINED, "N06"),
    ("lost", (LOST,), UNDETERMINED, "N02"),
)
_LOGIN = (
    ("invalid_client once, then credentials in the body", (oauth("invalid_client", status=401), RIGHT["token"]), PASSED, None),
    ("invalid_client (401)", (oauth("invalid_client", status=401),), FAILED, "A01"),
    ("invalid_client (400)", (oauth("invalid_client"),), FAILED, "A01"),
    ("invalid_client, then invalid_grant with credentials in the body", (oauth("invalid_client"), oauth("invalid_grant")), FAILED, "A02"),
    ("invalid_client, then 503 with credentials in the body", (oauth("invalid_client"), as_json({}, 503)), UNDETERMINED, "A09"),
    ("401 without an error code", (as_json({}, 401),), UNDETERMINED, "A13"),
    ("invalid_grant", (oauth("invalid_grant"),), FAILED, "A02"),
    ("username of another tenant", (oauth("invalid_grant", "Username does not match request tenant"),), FAILED, "A03"),
    (
        "unsupported_grant_type, expected client_credentials",
        (oauth("unsupported_grant_type", "Unsupported grant type password. Expected one of client_credentials"),),
        FAILED,
        "A05",
    ),
    ("unsupported_grant_type", (oauth("unsupported_grant_type"),), FAILED, "A06"),
    ("unauthorized_client", (oauth("unauthorized_client"),), FAILED, "A06"),
    (
        "unauthorized_client for a wrong secret",
        (oauth("unauthorized_client", "Invalid client or Invalid client credentials", status=401),),
        FAILED,
        "A01",
    ),
    ("invalid_request once, then credentials in the body", (oauth("invalid_request"), RIGHT["token"]), PASSED, None),
    ("invalid_scope", (oauth("invalid_scope"),), FAILED, "A07"),
    ("invalid_request", (oauth("invalid_request"),), UNDETERMINED, "A13"),
    ("403", (oauth("access_denied", status=403),), UNDETERMINED, "A13"),
    ("an error code that is not known", (oauth("some_code"),), UNDETERMINED, "A13"),
    ("404", (as_json({"error": "Not Found"}, 404),), FAILED, "N10"),
    ("405", (as_json({"error": "Method Not Allowed"}, 405),), FAILED, "N11"),
)
_REFRESH = (
    ("invalid_grant", (oauth("invalid_grant"),), FAILED, "A14"),
    ("unsupported_grant_type", (oauth("unsupported_grant_type"),), FAILED, "A20"),
    ("401", (oauth("invalid_client", status=401),), UNDETERMINED, "A21"),
    ("403", (oauth("access_denied", status=403),), UNDETERMINED, "A21"),
    ("404", (as_json({"error": "Not Found"}, 404),), UNDETERMINED, "A21"),
)
# The row for a response of the wrong form is the same at all products.
_WRONG = {
    "gateway": {"204": Sent(204), "a user and an error list": as_json({**user(), **ERROR_LIST})},
    "identity": {
        "another JSON object": as_json({"users": []}),
        "no list of users": as_json({"response": {}}),
        "a list of users under another name": as_json({"response": {"users": [{"id": "guid"}]}}),
        "a user without an id": as_json(user(id=...)),
        "an inner error list": as_json({"response": {**user()["response"], **ERROR_LIST}}),
        "a user and an error list": as_json({**user(), **ERROR_LIST}),
        "204": Sent(204),
    },
    "idm": {
        "another JSON object": as_json({"items": {"item": []}}),
        "an empty list": as_json({"entities": {"entity": []}}),
        "entities without names": as_json({"entities": {"entity": [{}]}}),
        "a list of other things": as_json([1, 2]),
    },
    "ion_messaging": {
        "an error status in the body": as_json({"status": "FAIL"}),
        "code 471 in the body": as_json({"status": "OK", "code": 471, "errors": "Invalid client id provided"}),
        "an error in text": Sent(200, "Error: not authorized", {"Content-Type": "text/plain"}),
        "204": Sent(204),
    },
    "m3": {
        "another JSON object": as_json({"records": []}),
        "no results": as_json({**M3_OK, "results": []}),
        "a terminated execution": as_json({**M3_OK, "wasTerminated": True}),
        "results of another form": as_json({**M3_OK, "results": ["ok"]}),
    },
    "ln": {"another XML document": Sent(200, "<metadata/>", {"Content-Type": "application/xml"}), "JSON": as_json({"value": []})},
    "connection_point": {
        "another JSON object": as_json({"documents": ["Sync.CaptureDocument"]}),
        "status FAIL": as_json({"status": "FAIL", "code": 500}),
        "a list of numbers": as_json([1]),
    },
}
_OWN = {
    # The ping proves the gateway with any body that is no error.
    "gateway": (
        ("an empty body", (Sent(),), PASSED, None),
        ("plain text", (TEXT,), PASSED, None),
        ("another JSON object", (as_json({"users": []}),), PASSED, None),
    ),
    "identity": (
        ("an empty list of users", (as_json({"response": {"userlist": []}}),), FAILED, "R01"),
        ("a user whose id is null", (as_json(user(id=None)),), FAILED, "R01"),
    ),
    "idm": (("one entity instead of a list", (as_json({"entities": {"entity": {"name": "CaptureDocument"}}}),), PASSED, None),),
    "ion_messaging": (("an empty body", (Sent(),), PASSED, None), ("plain text", (TEXT,), PASSED, None)),
    "m3": (
        ("error 163", (as_json({"results": [{"errorMessage": "Illegal impersonation attempt (error: 163)"}], "nrOfFailedTransactions": 1}),), FAILED, "M01"),
        ("error 163 with status 500", (as_json({"message": "Illegal impersonation attempt (error: 163)"}, 500),), FAILED, "M01"),
        ("an error message of the program", (as_json({"results": [{"errorMessage": "Program does not exist"}]}),), FAILED, "M02"),
        ("a failed transaction", (as_json({"results": [], "nrOfFailedTransactions": 1}),), FAILED, "M02"),
    ),
    "ln": (),
    "connection_point": (
        ("a list of names", (as_json(["Sync.CaptureDocument"]),), PASSED, None),
        ("a list without Sync.CaptureDocument", (as_json(["Sync.ItemMaster"]),), WARNED, "I05"),
        ("an empty list", (as_json([]),), UNDETERMINED, "I04"),
        ("412", (as_json({"status": "FAIL", "code": 412}, 412),), FAILED, "I01"),
        ("412 in a web page", (page(412),), UNDETERMINED, "N04"),
        ("code 471", (as_json({"status": "FAIL", "code": 471}),), FAILED, "I02"),
        ("code 471 with status 400", (as_json({"status": "FAIL", "code": "471"}, 400),), FAILED, "I02"),
    ),
}
_REFUSALS = {
    "gateway": {401: (FAILED, "G02"), 403: (FAILED, "G04"), 404: (FAILED, "G06"), 400: (FAILED, "G01")},
    "identity": {401: (FAILED, "G03"), 403: (FAILED, "G04"), 404: (UNDETERMINED, "G13"), 400: (UNDETERMINED, "G09")},
    "ln": {401: (FAILED, "G03"), 403: (FAILED, "G04"), 404: (UNDETERMINED, "G13"), 400: (UNDETERMINED, "G09")},
    "connection_point": {401: (FAILED, "G03"), 403: (FAILED, "I03"), 404: (FAILED, "G05"), 400: (UNDETERMINED, "G09")},
}
_REFUSALS_OF_A_PRODUCT = {401: (FAILED, "G03"), 403: (FAILED, "G04"), 404: (FAILED, "G05"), 400: (UNDETERMINED, "G09")}


def _of_product(stage):
    right, refusals = RIGHT[stage], _REFUSALS.get(stage, _REFUSALS_OF_A_PRODUCT)
    unauthorized = as_json({"error": "invalid_token"}, 401, **{"WWW-Authenticate": 'Bearer error="invalid_token"'})
    own = {answer for answer, *_rest in _OWN.get(stage, ())}
    # What no documentation of a product gives.
    wrong = {
        "an error list": as_json(ERROR_LIST),
        "an error object": as_json({"error": "Something failed"}),
        "an error in XML": XML_ERROR,
        "plain text": TEXT,
        "an empty body": Sent(),
        **_WRONG[stage],
    }
    yield "the right form", (right,), PASSED, None
    yield from _OWN.get(stage, ())
    for answer, sent in wrong.items():
        if answer not in own:
            yield answer, (sent,), UNDETERMINED, "G09"
    yield "a web page", (page(),), UNDETERMINED, "N04"
    yield "a web page in XHTML", (Sent(200, XHTML, {"Content-Type": "application/xml"}),), UNDETERMINED, "N04"
    yield "a redirect", (Sent(302, headers={"Location": "https://portal.example.com"}),), UNDETERMINED, "N04"
    yield "401 once", (unauthorized, right), PASSED, None
    yield "401", (unauthorized,), *refusals[401]
    yield "403", (as_json({"error": "Forbidden"}, 403),), *refusals[403]
    yield "404", (as_json({"error": "Not Found"}, 404),), *refusals[404]
    yield "400 Bad Request", (as_json({"error": "Bad Request"}, 400),), *refusals[400]
    yield "400 of another form", (as_json({"message": "Bad Request"}, 400),), UNDETERMINED, "G09"
    for status in (401, 403, 404):
        yield f"a web page with status {status}", (page(status),), UNDETERMINED, "N04"
        yield f"{status} with an empty body", (Sent(status),), UNDETERMINED, "G12"
    yield "429", (as_json({}, 429),), UNDETERMINED, "G07"
    yield "429 with Retry-After", (as_json({}, 429, **WAIT),), UNDETERMINED, "G07"
    yield "a limit as 400", (as_json(LIMIT, 400),), UNDETERMINED, "G07"
    yield "a limit as 403", (as_json(LIMIT, 403),), UNDETERMINED, "G07"
    yield "503 once", (as_json({}, 503), right), PASSED, None
    yield "500", (as_json({"error": "failed"}, 500),), UNDETERMINED, "G10"
    yield "501", (as_json({}, 501),), UNDETERMINED, "G10"
    yield "504", (as_json({}, 504),), UNDETERMINED, "G08"
    yield "slow once", (SLOW, right), PASSED, None
    yield "slow", (SLOW,), UNDETERMINED, "N06"
    yield "lost", (LOST,), UNDETERMINED, "N02"


# The stage roles reads the response of the stage identity.
_ROLES = (
    ("all roles", user(), PASSED, None),
    ("roles in another case, with blanks", user(groups=groups(*(f" {name.lower()} " for name in ROLES))), PASSED, None),
    ("a role that is missing", user(groups=groups(*ROLES[1:])), FAILED, "R02"),
    ("an empty list", user(groups=[]), UNDETERMINED, "R06"),
    ("groups that are no roles", user(groups=groups("DocBits services", "Everyone")), UNDETERMINED, "R06"),
    ("roles in words", user(groups=[*groups("IDM Advanced User"), *groups(*ROLES[1:])]), UNDETERMINED, "R07"),
    ("no MingleEnterprise", user(groups=groups(*ROLES[:2])), WARNED, "R04"),
    ("a role through an administrator role only", user(groups=groups("IDM-Administrator", *ROLES[1:])), WARNED, "R03"),
    ("an administrator role", user(groups=groups(*ROLES, "IONDeskAdmin")), WARNED, "R05"),
    ("roles with a prefix", user(groups=groups(*(f"ACME_TST:{name}" for name in ROLES))), UNDETERMINED, "R07"),
    ("no list", user(groups=...), UNDETERMINED, "R06"),
    ("null", user(groups=None), UNDETERMINED, "R06"),
    ("text", user(groups=", ".join(ROLES)), UNDETERMINED, "R06"),
    ("a list of strings", user(groups=list(ROLES)), UNDETERMINED, "R06"),
    ("a list under another name", user(groups=..., securityRoles=groups(*ROLES)), UNDETERMINED, "R06"),
    ("names under another key", user(groups=[{"name": name} for name in ROLES]), UNDETERMINED, "R06"),
    ("a first page", user(groups=groups(*ROLES[1:]), nextLink="more"), UNDETERMINED, "R06"),
)
_ISSUED = {key: value for key, value in TOKEN.items() if key != "refresh_token"}

EXAMPLES = (
    *(Example("token", *example) for example in (*_TOKEN_ENDPOINT, *_LOGIN)),
    Example("token", "a token that lives 300 s", (as_json({**TOKEN, "expires_in": 300}),), WARNED, "A12"),
    Example("refresh_token", "a refresh token", (RIGHT["token"],), PASSED, None),
    Example("refresh_token", "no refresh token", (as_json(_ISSUED),), FAILED, "A11"),
    # Each refresh gives another refresh token here, which is a warning.
    *(
        Example("refresh", *(("the right form", (RIGHT["token"],), WARNED, "A22") if example[2] == PASSED else example))
        for example in (*_TOKEN_ENDPOINT, *_REFRESH)
    ),
    Example("refresh", "no new refresh token", (as_json(_ISSUED),), PASSED, None),
    *(Example(stage, *example) for stage in ("gateway", "identity") for example in _of_product(stage)),
    *(Example("roles", answer, (as_json(body),), *expected) for answer, body, *expected in _ROLES),
    *(Example(stage, *example) for stage in ("idm", "ion_messaging", "m3", "ln", "connection_point") for example in _of_product(stage)),
)
# Rules that no single response leads to: the checks before the first request, the claims of a token, limits and time of this run, a file
# without service account, a revocation, and products that disagree.
NOT_FROM_ONE_ANSWER = {"N01", "N03", "A04", "A15", "A16", "A17", "A18", "A19", "G11", "J01", "J02"}
