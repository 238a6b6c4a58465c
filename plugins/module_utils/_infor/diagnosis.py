# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From what Infor answered to the row of the diagnosis that explains it. Pure. Private to the collection."""

from __future__ import annotations

from ansible_collections.docbits.ion.plugins.module_utils._core.findings import Finding
from ansible_collections.docbits.ion.plugins.module_utils._infor.diagnosis_rows import ROWS

# How _transport names what cannot tell good credentials from bad ones: proxy, silence, deadline, too large an answer.
_TRANSPORT_UNDETERMINED = {"N05", "N06", "N07", "N08"}

_HINTS = {"pu": "pu ends with /as/ in the cloud and with /InforIntSTS/ on premises", "iu": "iu is the gateway's host alone, -ionapi in the cloud"}

# Codes that may be repeated in a message; anything else that a server sends stays out of it.
_KNOWN_CODES = {
    "access_denied",
    "invalid_client",
    "invalid_grant",
    "invalid_request",
    "invalid_scope",
    "unauthorized_client",
    "unsupported_grant_type",
}

# The first line whose error and phrase both fit decides. Phrases are seen at real tenants (A03: C, A04 and A05: B).
_LOGIN_RULES = (
    ("A03", None, "username does not match request tenant"),
    ("A04", "unsupported_grant_type", "expected one of password"),
    ("A05", "unsupported_grant_type", "expected one of client_credentials"),
    ("A01", "invalid_client", None),
    ("A02", "invalid_grant", None),
    ("A06", "unsupported_grant_type", None),
    ("A06", "unauthorized_client", None),
    ("A07", "invalid_scope", None),
    ("A08", "slow_down", None),
    ("A08", "too_many_requests", None),
    ("A09", "server_error", None),
    ("A09", "temporarily_unavailable", None),
    ("A04", None, "expected one of password"),
    ("A05", None, "expected one of client_credentials"),
)


def finding(id_: str, label: str, *, level: str | None = None, **names) -> Finding:
    """The row the option id_ as a finding about the ION API file the option label; the option names fill its braces."""
    row = ROWS[id_]
    names = {"hint": _HINTS.get(names.get("key", "pu"), ""), **names}
    return Finding(id_, level or row.level, f"{label}: {row.key.format(**names)}", row.message.format(**names), row.action.format(**names))


def is_undetermined(found: Finding) -> bool:
    """Whether the finding says nothing about the file, the account or its roles."""
    return found.id in _TRANSPORT_UNDETERMINED or (found.id in ROWS and ROWS[found.id].undetermined)


def login_problem(answer) -> str | None:
    """The id of the row for an answer of the token endpoint to a login, or C(None) for a token.

    Decided by C(error), then by known phrases of C(error_description), then by the status.
    """
    body = object_in(answer)
    if answer.status == 200 and is_token(body):
        return None
    error, description = str(body.get("error", "")).lower(), str(body.get("error_description", "")).lower()
    for id_, wanted_error, phrase in _LOGIN_RULES:
        if wanted_error in (None, error) and (phrase is None or phrase in description):
            return id_
    return _by_status_of_login(answer)


def _by_status_of_login(answer) -> str:
    if answer.status >= 500:
        return "A09"
    known = {404: "N10", 405: "N11", 429: "A08"}.get(answer.status)
    if known:
        return known
    if answer.is_html:
        return "N04"
    return {200: "A10", 401: "A01"}.get(answer.status, "A13")


def refresh_problem(answer) -> str | None:
    """The id of the row for an answer to a refresh, or C(None) for a token. Only an outage or a limit is told apart: the app was just accepted."""
    found = login_problem(answer)
    return found if found in (None, "A08", "A09", "N04") else "A14"


def code_of(answer) -> str:
    """The answer's C(error) where it is one of the known codes, otherwise C(none)."""
    code = object_in(answer).get("error")
    return code if isinstance(code, str) and code in _KNOWN_CODES else "none"


def gateway_problem(answer) -> str | None:
    """The id of the row for an answer of one product behind the gateway, seen alone, or C(None) for success."""
    if answer.status >= 500:
        return "G08" if answer.status == 504 else "G10"
    if answer.status == 400 and object_in(answer).get("error") == "Bad Request":
        return "G01"
    known = {401: "G03", 403: "G04", 404: "G05", 429: "G07"}.get(answer.status)
    if known:
        return known
    if answer.is_html:
        return "N04"
    return None if 200 <= answer.status < 300 else "G09"


def gateway_problem_of_all(problems) -> str | None:
    """What the problems of several products, all asked with the same token, say about the gateway itself."""
    return {frozenset(["G03"]): "G02", frozenset(["G05"]): "G06", frozenset(["G01"]): "G01", frozenset(["G10"]): "G10", frozenset(["N04"]): "N04"}.get(
        frozenset(problems)
    )


def user_in(answer) -> dict:
    """The user in an answer of C(users/me), an empty one where it lists none; raises C(ValueError) for any other shape."""
    body = object_in(answer)
    response = body.get("response")
    users = response.get("userlist") if isinstance(response, dict) else None
    if not isinstance(response, dict) or not isinstance(users, (list, type(None))) or body.get("ErrorList"):
        raise ValueError("no list of users")
    user = users[0] if users else None
    return user if isinstance(user, dict) and user.get("id") else {}


def identity_problem(answer) -> str | None:
    """The id of the row for an answer of C(users/me), or C(None) where it names a user."""
    problem = gateway_problem(answer)
    if problem:
        return problem
    try:
        return None if user_in(answer) else "R01"
    except ValueError:
        return "G09"


def connection_point_problem(answer) -> str | None:
    """The id of the row for an answer to C(acceptedDocuments) of a logical id. Where code 471 comes with which status is unknown: any is taken."""
    if str(object_in(answer).get("code")) == "471":
        return "I02"
    return {412: "I01", 403: "I03"}.get(answer.status) or gateway_problem(answer)


def m3_problem(answer) -> str | None:
    """The id of the row for an answer of an M3 program, which fails with status 200."""
    if b"illegal impersonation attempt" in answer.body.lower():
        return "M01"
    problem = gateway_problem(answer)
    if problem:
        return problem
    body = object_in(answer)
    results = body.get("results")
    if not isinstance(results, list):
        return "G09"
    failed = body.get("nrOfFailedTransactions") or any(isinstance(result, dict) and result.get("errorMessage") for result in results)
    return "M02" if failed else None


def object_in(answer) -> dict:
    """The JSON object in an answer; an empty one where it holds none."""
    try:
        value = answer.json()
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def is_token(body: dict) -> bool:
    """Whether this is a token endpoint's success."""
    return isinstance(body.get("access_token"), str) and bool(body["access_token"])
