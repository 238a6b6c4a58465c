# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a response of Infor to a verdict: proved, refused for a cause, or undetermined. No I/O. Private to the collection.

A product is proved by a response of the form that its documentation gives, and by nothing else. A refusal needs a response that comes from
Infor (JSON, XML, or a WWW-Authenticate header) and that names the cause. Everything else is undetermined.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from ansible_collections.docbits.ion.plugins.module_utils._infor import rules as _rules

PROVED, REFUSED, UNDETERMINED = "proved", "refused", "undetermined"

# Error codes of OAuth that a message may repeat. Nothing else that a server sends becomes part of a message.
_KNOWN_CODES = {
    "access_denied",
    "invalid_client",
    "invalid_grant",
    "invalid_request",
    "invalid_scope",
    "unauthorized_client",
    "unsupported_grant_type",
}
# The first line whose error code and phrase both match decides. The phrases were seen at real tenants (A03: C, A04 and A05: B).
_LOGIN_RULES = (
    ("A03", None, "username does not match request tenant"),
    ("A04", "unsupported_grant_type", "expected one of password"),
    ("A05", "unsupported_grant_type", "expected one of client_credentials"),
    ("A01", "invalid_client", ""),
    # Keycloak's answer to a wrong client secret, "Invalid client or Invalid client credentials".
    ("A01", "unauthorized_client", "invalid client"),
    ("A02", "invalid_grant", ""),
    ("A06", "unsupported_grant_type", ""),
    ("A06", "unauthorized_client", ""),
    ("A07", "invalid_scope", ""),
    ("A04", None, "expected one of password"),
    ("A05", None, "expected one of client_credentials"),
)
_LIMIT_CODES = {"slow_down", "too_many_requests", "rate_limit_exceeded", "quota_exceeded"}
_LIMIT_PHRASE = re.compile(
    rb"too many (requests|authentications|calls|tokens|connections)|(rate|usage|request|login|authentication|daily|token)s? limit"
    rb"|\blimit\b[^.]{0,60}\b(exceeded|reached)|quota|throttl"
)
# A header of the next request: anything but visible ASCII would break it.
_ACCESS_TOKEN = re.compile(r"[!-~]+")
_ERROR_TEXT = re.compile(rb"\b(fail\w*|errors?|denied|unauthori\w+|forbidden|invalid|exception|471)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Verdict:
    """What a response shows.

    id:    None if it proves what was asked, otherwise a rule
    names: values for the templates of the rule
    """

    id: str | None = None
    names: dict = field(default_factory=dict)

    @property
    def outcome(self) -> str:
        """PROVED, REFUSED or UNDETERMINED."""
        if self.id is None:
            return PROVED
        return UNDETERMINED if self.id in _rules.UNDETERMINED else REFUSED


def login_verdict(response) -> Verdict:
    """The verdict for a response of the token endpoint to a login."""
    return _verdict(_login_problem(response), response)


def refresh_verdict(response) -> Verdict:
    """The verdict for a response of the token endpoint to a refresh, after it accepted a login of the same app."""
    id_ = _login_problem(response)
    if id_ not in (None, "A02", "A08", "A09", "A10", "N04"):
        id_ = "A20" if code_of(response) in ("unsupported_grant_type", "unauthorized_client") else "A21"
    return _verdict("A14" if id_ == "A02" else id_, response)


def identity_verdict(response) -> Verdict:
    """The verdict for a response of users/me: proved if it names a user with an id."""
    return _product_verdict(response, _identity_problem)


def idm_verdict(response) -> Verdict:
    """The verdict for a response of IDM: proved if it lists document types by name. The root key is `entities` or `entity` (contract, E)."""
    return _product_verdict(response, _idm_problem)


def ping_verdict(response) -> Verdict:
    """The verdict for a response of ION Messaging's ping: status 200, whatever the body, unless it says that something failed."""
    return _product_verdict(response, _ping_problem)


def accepted_documents_verdict(response) -> Verdict:
    """The verdict for a response to acceptedDocuments: proved if it lists documents by name. Code 471 may come with any status below 500."""
    if response.status < 500 and str(object_in(response).get("code")) == "471":
        return _verdict("I02", response)
    verdict = _product_verdict(response, _documents_problem)
    if verdict.id == "G04":
        return _verdict("I03", response)
    return _verdict("I01", response) if verdict.id == "G09" and response.status == 412 and is_from_infor(response) else verdict


def m3_verdict(response) -> Verdict:
    """The verdict for a response of an M3 program, which fails with status 200. The status of error 163 is not known."""
    if b"illegal impersonation attempt" in response.body.lower() and not response.is_html:
        return _verdict("M01", response)
    return _product_verdict(response, _m3_problem)


def ln_verdict(response) -> Verdict:
    """The verdict for a response of LN: proved by an OData metadata document. Some tenants answer 404 without a service name (contract, C)."""
    verdict = _product_verdict(response, lambda found: None if re.search(rb"<(\w+:)?Edmx\b", found.body[:1024]) else shape_of(found))
    return _verdict("G13", response) if verdict.id == "G05" else verdict


def gateway_verdict(verdicts: dict) -> Verdict:
    """The verdict about the gateway from the verdicts of several products, by product, for one token."""
    # An empty list of users is an answer of IFS, so the gateway passed the request on.
    if any(verdict.id in (None, "R01") for verdict in verdicts.values()):
        return Verdict()
    ids = {verdict.id for verdict in verdicts.values()}
    first = next(iter(verdicts.values()))
    if len(ids) == 1:
        return Verdict({"G03": "G02", "G05": "G06"}.get(first.id, first.id), first.names)
    seen = ", ".join(f"{product}: {_in_short(verdict)}" for product, verdict in verdicts.items())
    return Verdict("G11", {"seen": seen})


def user_in(response) -> dict:
    """The user in a response of users/me for which identity_verdict is proved."""
    return object_in(response)["response"]["userlist"][0]


def accepts_capture_document(response) -> bool:
    """Whether Sync.CaptureDocument is in a response to acceptedDocuments for which the verdict is proved."""
    return any("Sync.CaptureDocument" in names for names in _documents_in(response))


def code_of(response) -> str:
    """The OAuth error code of a response if it is a known one, otherwise `none`."""
    code = object_in(response).get("error")
    return code if isinstance(code, str) and code in _KNOWN_CODES else "none"


def object_in(response) -> dict:
    """The JSON object in a response; an empty one if it has none."""
    value = _json(response)
    return value if isinstance(value, dict) else {}


def is_from_infor(response) -> bool:
    """Whether Infor itself seems to have sent the response, and nothing between this machine and Infor."""
    if response.is_html:
        return False
    return bool(object_in(response)) or _is_xml(response) or "error" in response.headers.get("www-authenticate", "")


def shape_of(response) -> str:
    """A short description of the form of a body. Nothing in it comes from the body."""
    body = _json(response)
    if response.is_html:
        return "a web page"
    if not response.body.strip():
        return "an empty body"
    if isinstance(body, dict):
        return "an error" if _says_error(body) else "a JSON object of another form"
    if isinstance(body, list):
        return "a JSON list" if body else "an empty list"
    return "XML" if _is_xml(response) else "text"


def _verdict(id_, response) -> Verdict:
    if id_ is None:
        return Verdict()
    wait = response.retry_after
    seen = f"a web page (status {response.status})" if id_ == "N04" else shape_of(response)
    names = {"status": response.status, "code": code_of(response), "seen": seen, "wait": "" if wait is None else f", Infor asks to wait {wait:.0f} s"}
    return Verdict(id_, names)


def _login_problem(response):
    status, body = response.status, object_in(response)
    if status >= 500:
        return "A09"
    if status == 429 or _is_limit(response):
        return "A08"
    if response.is_html:
        return "N04"
    if 200 <= status < 300:
        token = body.get("access_token")
        return None if status == 200 and isinstance(token, str) and _ACCESS_TOKEN.fullmatch(token) else "A10"
    error, description = str(body.get("error", "")).lower(), str(body.get("error_description", "")).lower()
    if error == "temporarily_unavailable" or error == "server_error":
        return "A09"
    for id_, code, phrase in _LOGIN_RULES:
        if code in (None, error) and phrase in description:
            return id_
    if status == 401 and response.headers.get("www-authenticate", "").lower().startswith("basic"):
        return "A01"
    return {404: "N10", 405: "N11"}.get(status, "A13") if body else "A13"


def _is_limit(response) -> bool:
    if response.status not in (400, 401, 403):
        return False
    body = response.body[:4096].lower()
    if str(object_in(response).get("error", "")).lower() in _LIMIT_CODES:
        return True
    # A user who is locked after too many attempts is not a limit.
    return _LIMIT_PHRASE.search(body) is not None and b"attempt" not in body and b"locked" not in body


def _product_verdict(response, problem_of) -> Verdict:
    """The verdict for a response of a product behind the gateway.

    problem_of: for a response with status 200 that is no page: None if it has the documented form, otherwise a rule or what is wrong with it
    """
    status = response.status
    if status >= 500:
        return _verdict("G08" if status == 504 else "G10", response)
    if status == 429 or _is_limit(response):
        return _verdict("G07", response)
    if response.is_html:
        return _verdict("N04", response)
    if status in (401, 403, 404):
        return _verdict({401: "G03", 403: "G04", 404: "G05"}[status] if is_from_infor(response) else "G12", response)
    if status == 400 and object_in(response).get("error") == "Bad Request":
        return _verdict("G01", response)
    if status != 200:
        return _verdict("G09", response)
    problem = problem_of(response)
    if problem is None or problem in _rules.RULES:
        return _verdict(problem, response)
    verdict = _verdict("G09", response)
    return Verdict(verdict.id, {**verdict.names, "seen": problem})


def _identity_problem(response):
    body = object_in(response)
    inner = body.get("response")
    if not isinstance(inner, dict):
        return shape_of(response)
    if _says_error(body) or _says_error(inner):
        return "an error list"
    users = inner.get("userlist")
    if not isinstance(users, list):
        return "no list of users"
    if not users:
        return "R01"
    user = users[0]
    if not isinstance(user, dict) or "id" not in user:
        return "a user without an id"
    if user["id"] in (None, ""):
        return "R01"
    return None if isinstance(user["id"], (str, int)) else "a user without an id"


def _idm_problem(response):
    body = object_in(response)
    if not body or _says_error(body):
        return shape_of(response)
    entities = body.get("entities", body)
    if isinstance(entities, dict):
        entities = entities.get("entity")
    if isinstance(entities, dict):
        entities = [entities]
    if entities == []:
        return "an empty list of document types"
    if isinstance(entities, list) and all(isinstance(entity, dict) and _is_name(entity.get("name")) for entity in entities):
        return None
    return shape_of(response)


def _ping_problem(response):
    value = _json(response)
    if isinstance(value, dict):
        return shape_of(response) if _says_error(value) else None
    return "an error" if _ERROR_TEXT.search(response.body[:4096]) else None


def _documents_problem(response):
    if _says_error(object_in(response)):
        return "an error"
    documents = _documents_in(response)
    if documents == []:
        return "I04"
    return None if documents and all(documents) else shape_of(response)


def _documents_in(response):
    """The texts of each entry of acceptedDocuments: a name, or an object that has it. None if there is no list."""
    documents = _json(response)
    if isinstance(documents, dict):
        documents = documents.get("acceptedDocuments")
    if not isinstance(documents, list):
        return None
    return [[text for text in (item.values() if isinstance(item, dict) else [item]) if _is_name(text)] for item in documents]


def _m3_problem(response):
    body = object_in(response)
    results = body.get("results")
    if not isinstance(results, list):
        return shape_of(response)
    if any(isinstance(result, dict) and result.get("errorMessage") for result in results) or _number(body.get("nrOfFailedTransactions")):
        return "M02"
    if not results or not all(isinstance(result, dict) for result in results):
        return "no results"
    return "an execution that was terminated" if str(body.get("wasTerminated", False)).lower() != "false" else None


def _says_error(body) -> bool:
    """Whether a JSON object reports an error in one of the ways that Infor's products have."""
    lowered = {str(key).lower(): value for key, value in body.items()}
    if any(lowered.get(key) for key in ("errorlist", "error", "errors", "errormessage", "errorcode", "exception", "fault")):
        return True
    if str(lowered.get("status", "")).lower() in ("fail", "failed", "failure", "error") or lowered.get("success") is False:
        return True
    return _number(lowered.get("code")) >= 300 or _number(lowered.get("status")) >= 300


def _number(value) -> int:
    return int(value) if str(value).isdecimal() else 0


def _is_name(value) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _in_short(verdict) -> str:
    if "status" in verdict.names:
        return f"status {verdict.names['status']}"
    return verdict.names.get("seen", "no response")


def _is_xml(response) -> bool:
    return response.body.lstrip().startswith(b"<") and not response.is_html


def _json(response):
    try:
        return response.json()
    except ValueError:
        return None
