# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The client of Infor's authorization server and ION API gateway, for one ION API file. Private to the collection."""

from __future__ import annotations

import json
import math
import time
from dataclasses import asdict
from urllib.parse import quote

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import BadAnswer, IonError, Refused, Unreachable
from ansible_collections.docbits.ion.plugins.module_utils._core.findings import ERROR, Finding
from ansible_collections.docbits.ion.plugins.module_utils._infor import diagnosis as _diagnosis
from ansible_collections.docbits.ion.plugins.module_utils._infor import logins as _logins
from ansible_collections.docbits.ion.plugins.module_utils._infor.tokens import Token, token_in

# The products behind the gateway, by the names of Available APIs, and a call that each answers without changing anything.
PRODUCTS = {
    "IFS": "ifsservice/usermgt/v2/users/me",
    "IDM": "IDM/api/datamodel/entities",
    "ION Messaging": "IONSERVICES/api/ion/messaging/service/ping",
    "M3": "M3/m3api-rest/v2/execute/CMS535MI/FpwVersion",
    # Assumed: without a service name some tenants answer 404.
    "LN": "LN/lnapi/odata/$metadata",
}
_ACCEPTED_DOCUMENTS = "IONSERVICES/api/ion/messaging/service/v3/{logical_id}/acceptedDocuments"

# A token is shared only while it has this many seconds left, or a quarter of a short life: no one gets it in its last moment.
_MARGIN = 60.0
# Where Infor tells no lifetime: long enough for one environment, far below the default of two hours.
_UNKNOWN_LIFETIME = 300.0
# An outage is asked about again by the next environment, but not by all of them at once.
_OUTAGE_REMEMBERED = 60.0


class Infor:
    """Infor as one ION API file reaches it.

    ionapi:    the parsed file
    transport: L(HttpClient), with the token endpoint on its list of reads
    secrets:   L(Secrets), told of every token the moment it comes
    label:     how findings name the file
    ends:      the time of C(time.monotonic) at which waiting for other workers ends
    shared:    whether a login may be shared with the other environments of the run that have the same file
    """

    def __init__(self, ionapi, transport, secrets, label: str, ends: float, shared: bool = True) -> None:
        self._ionapi = ionapi
        self._transport = transport
        self._secrets = secrets
        self._label = label
        self._ends = ends
        self._shared = shared
        self._answers: dict = {}
        secrets.add(*ionapi.secret_values())
        secrets.add_basic_credentials(ionapi.ci, ionapi.cs)

    def login(self) -> Token:
        """A token for the file: the run's one for this credential, or a first one.

        raises: L(Refused) or L(Unreachable); a refusal is remembered for the whole run, no other environment tries again
        """
        credential = ("login", self._ionapi.token_url, self._ionapi.grant, self._scope(), *self._credential())
        return self._once(credential, self._log_in)

    def refresh(self, token: Token) -> Token:
        """Use the refresh token, once per run: where Infor replaces refresh tokens at use, a second use would be refused."""
        form = {"grant_type": "refresh_token", "refresh_token": token.refresh_token}

        def use():
            renewed = self._ask_for_token(form, _diagnosis.refresh_problem)
            return Token(renewed.access_token, renewed.refresh_token or token.refresh_token, renewed.lifetime)

        return self._once(("refresh", token.refresh_token), use)

    def revoke(self, token: Token) -> list:
        """Revoke the access token, and only that: with the refresh token Infor may end the grant that DocBits lives on."""
        if self._ionapi.revoke_url is None:
            return [_diagnosis.finding("A15", self._label, cause="the file has no or")]
        try:
            answer = self._post(self._ionapi.revoke_url, {"token": token.access_token, "token_type_hint": "access_token"})
        except (Unreachable, BadAnswer):
            return [_diagnosis.finding("A15", self._label, cause="no answer")]
        return [] if answer.status == 200 else [_diagnosis.finding("A15", self._label, cause=f"status {answer.status}")]

    def ask(self, product: str, token: Token):
        """The answer of a product in C(PRODUCTS) to its call that changes nothing. Asked once, then remembered."""
        return self._get(PRODUCTS[product], token)

    def accepted_documents(self, logical_id: str, token: Token):
        """The answer of ION to what a connection point may send with this client id."""
        return self._get(_ACCEPTED_DOCUMENTS.format(logical_id=quote(logical_id, safe="")), token)

    def _credential(self):
        return (self._ionapi.ci, self._ionapi.cs, self._ionapi.saak or "", self._ionapi.sask or "")

    def _scope(self) -> str:
        scopes = list(self._ionapi.scopes)
        # Seen in public clients of on-premises servers: without this scope they issue no refresh token.
        if self._ionapi.flavour == "on_premises" and self._ionapi.grant == "password" and "offline_access" not in scopes:
            scopes.append("offline_access")
        return " ".join(scopes)

    def _log_in(self) -> Token:
        if not _logins.SHELF.wait_for_turn(self._ionapi.token_url, self._ends):
            raise Unreachable(_diagnosis.finding("A16", self._label))
        form = {"grant_type": self._ionapi.grant}
        if self._ionapi.grant == "password":
            form.update(username=self._ionapi.saak, password=self._ionapi.sask)
        if self._scope():
            form["scope"] = self._scope()
        return self._ask_for_token(form, _diagnosis.login_problem)

    def _ask_for_token(self, form, problem_of) -> Token:
        answer = self._post(self._ionapi.token_url, form)
        problem = problem_of(answer)
        if problem:
            names = {"status": answer.status, "code": _diagnosis.code_of(answer), "grant": self._ionapi.grant}
            raise error_of([_diagnosis.finding(problem, self._label, key="pu", **names)])
        token = token_in(_diagnosis.object_in(answer), time.time())
        self._secrets.add(token.access_token, token.refresh_token)
        return token

    def _post(self, url, form):
        # One login is one request: what fails is reported, never tried again.
        auth = tuple(part.encode() for part in (self._ionapi.ci, self._ionapi.cs))
        return self._call("pu", "POST", url, retry=False, data=form, auth=auth, headers={"Accept": "application/json"})

    def _get(self, path, token):
        if path not in self._answers:
            headers = {"Authorization": f"Bearer {token.access_token}", "Accept": "application/json"}
            self._answers[path] = self._call("iu", "GET", self._ionapi.gateway_url + path, headers=headers)
        return self._answers[path]

    def _call(self, key, method, url, **request):
        try:
            return self._transport.call(method, url, **request)
        except BadAnswer as error:
            if error.id != "N04":
                raise
            raise Unreachable(_diagnosis.finding("N04", self._label, key=key), **error.facts) from None

    def _once(self, key, ask) -> Token:
        """The token that O(ask) gives, or its refusal, made once per run for O(key) where sharing is allowed."""
        if not self._shared:
            return ask()
        record = _logins.SHELF.once(json.dumps(key), lambda: self._record_of(ask), self._ends)
        if record is None:
            raise Unreachable(_diagnosis.finding("A17", self._label))
        if "findings" in record:
            raise error_of([self._named_here(finding) for finding in record["findings"]])
        token = Token(**record["token"])
        self._secrets.add(token.access_token, token.refresh_token)
        return token

    def _record_of(self, ask):
        try:
            token = ask()
        except (Refused, Unreachable, BadAnswer) as error:
            findings = [self._named_anywhere(finding) for finding in error.findings]
            if isinstance(error, Refused):
                return {"findings": findings}, math.inf
            # Waiting too long for a turn is this caller's matter alone.
            return {"findings": findings}, 0.0 if error.id == "A16" else time.monotonic() + _OUTAGE_REMEMBERED
        lifetime = _UNKNOWN_LIFETIME if token.lifetime is None else token.lifetime
        return {"token": asdict(token)}, time.monotonic() + lifetime - min(_MARGIN, lifetime / 4)

    def _named_anywhere(self, finding) -> dict:
        # Another environment may call the same file by another name.
        own = finding.where.startswith(f"{self._label}: ")
        return {**finding.as_dict(), "where": finding.where[len(self._label) :] if own else finding.where}

    def _named_here(self, finding) -> Finding:
        return Finding(**{**finding, "where": self._label + finding["where"] if finding["where"].startswith(": ") else finding["where"]})


def error_of(findings, **facts) -> IonError:
    """The error for these findings: L(Refused) when one of its errors is about the file, the account or its roles."""
    errors = [finding for finding in findings if finding.level == ERROR]
    return (Unreachable if all(map(_diagnosis.is_undetermined, errors)) else Refused)(findings, **facts)
