# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The client of Infor's authorization server and ION API gateway, for one ION API file. Private to the collection."""

from __future__ import annotations

import json
import math
import time
from dataclasses import asdict, replace
from urllib.parse import quote

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import BadAnswer, IonError, Refused, Unreachable
from ansible_collections.docbits.ion.plugins.module_utils._core.findings import ERROR, Finding
from ansible_collections.docbits.ion.plugins.module_utils._http.client import HttpClient, proxies_for
from ansible_collections.docbits.ion.plugins.module_utils._infor import logins as _logins
from ansible_collections.docbits.ion.plugins.module_utils._infor import rules as _rules
from ansible_collections.docbits.ion.plugins.module_utils._infor import verdicts as _verdicts
from ansible_collections.docbits.ion.plugins.module_utils._infor.tokens import Token, token_from
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.form import ON_PREMISES, PASSWORD

# The products behind the gateway, by their names in Available APIs: a read and the verdict for its response.
PRODUCTS = {
    "IFS": ("ifsservice/usermgt/v2/users/me", _verdicts.identity_verdict),
    "IDM": ("IDM/api/datamodel/entities", _verdicts.idm_verdict),
    "ION Messaging": ("IONSERVICES/api/ion/messaging/service/ping", _verdicts.ping_verdict),
    "M3": ("M3/m3api-rest/v2/execute/CMS535MI/FpwVersion", _verdicts.m3_verdict),
    "LN": ("LN/lnapi/odata/$metadata", _verdicts.ln_verdict),
}
_ACCEPTED_DOCUMENTS = "IONSERVICES/api/ion/messaging/service/v3/{logical_id}/acceptedDocuments"

# A cached token is used only while it lives this many seconds longer, or a quarter of a short life.
_MARGIN = 60.0
# The life of a token in the cache if Infor gives no lifetime: enough for one environment, far below the default of two hours.
_UNKNOWN_LIFETIME = 300.0
# For so many seconds no other environment tries a login that had no definite answer.
_OUTAGE_CACHED = 60.0
# The gateway may know a new token some seconds after the authorization server issued it. For so long the first 401 is asked again.
LAG_PAUSES = (1.0, 2.0)
# The purpose of a login of which nothing is used up.
READ = "read"


class Infor:
    """Infor as one ION API file reaches it.

    ionapi:   the parsed file
    settings: Settings of the HTTP client; the deadline starts here
    secrets:  Secrets, to which every token is added as soon as it is received
    label:    the name of the file in findings
    purpose:  logins are shared between environments with the same file and purpose; None shares with nobody
    """

    def __init__(self, ionapi, settings, secrets, label: str, check_mode: bool = False, purpose: str | None = READ) -> None:
        # Infor may ask for longer pauses than others. A login changes nothing that anyone would miss; a revocation does and is not a read.
        self._http = HttpClient(replace(settings, longest_pause=math.inf), reads=frozenset([("POST", ionapi.token_url)]), check_mode=check_mode)
        self._ionapi = ionapi
        self._settings = settings
        self._deadline = time.monotonic() + settings.deadline
        self._secrets = secrets
        self._label = label
        self._purpose = purpose
        self._responses: dict = {}
        self._record: dict = {}
        self._is_own_login = False
        self._is_token_accepted = False
        self._is_token_lost = False
        self._lag_pauses: tuple = LAG_PAUSES
        self._credentials_in_body = False
        self.tokens: list = []
        self.is_offline_access_refused = False
        secrets.add(*ionapi.secret_values())
        secrets.add_basic_credentials(ionapi.ci, ionapi.cs)

    @property
    def token(self) -> Token:
        """The token in use."""
        return self.tokens[-1]

    def login(self) -> Token:
        """Log in, or use the token of another environment of this run.

        Raises: Refused or Unreachable. Every environment of the run gets the same refusal; none tries the login again.
        """
        return self._use(self._shared(self._login_key(), self._log_in))

    def refresh(self) -> Token:
        """Use the refresh token, once per run: if Infor rotates refresh tokens, it would refuse a second use.

        Raises: Refused or Unreachable.
        """
        former = self.token
        form = {"grant_type": "refresh_token", "refresh_token": former.refresh_token}

        def refresh():
            renewed = self._token_in(self._post(self._ionapi.token_url, form), _verdicts.refresh_verdict)
            return replace(renewed, refresh_token=renewed.refresh_token or former.refresh_token)

        try:
            return self._use(self._shared(json.dumps(["refresh", former.refresh_token]), refresh))
        except IonError:
            # The refresh token may be used up and the former access token ended: nobody uses this login again.
            _logins.TOKEN_CACHE.forget(self._login_key())
            self._is_token_lost = True
            self._purpose = self._purpose and READ
            raise

    def revoke(self, token: Token) -> list:
        """Revoke an access token, and return a warning if that fails. With a refresh token, Infor may end the grant that DocBits uses."""
        if self._ionapi.revoke_url is None:
            return [_rules.finding("A15", self._label, cause="the file has no or")]
        try:
            response = self._post(self._ionapi.revoke_url, {"token": token.access_token, "token_type_hint": "access_token"})
        except (Unreachable, BadAnswer):
            return [_rules.finding("A15", self._label, cause="no response")]
        return [] if response.status == 200 else [_rules.finding("A15", self._label, cause=f"status {response.status}")]

    def ask(self, product: str) -> _verdicts.Verdict:
        """The verdict for a product in PRODUCTS. It is asked once; later calls return the same verdict or raise the same error."""
        path, verdict_of = PRODUCTS[product]
        return verdict_of(self._read(path))

    def user(self) -> dict:
        """The user in the response of IFS, if its verdict is proved."""
        return _verdicts.user_in(self._read(PRODUCTS["IFS"][0]))

    def ask_accepted_documents(self, logical_id: str) -> tuple:
        """The verdict for what a connection point accepts from this client id, and whether that includes the document of DocBits."""
        response = self._read(_ACCEPTED_DOCUMENTS.format(logical_id=quote(logical_id, safe="")))
        verdict = _verdicts.accepted_documents_verdict(response)
        return verdict, verdict.id is None and _verdicts.accepts_capture_document(response)

    # The login

    def _login_key(self) -> str:
        file = self._ionapi
        credentials = (file.ci, file.cs, file.saak or "", file.sask or "")
        # Another proxy, CA or timeout may have another outcome.
        way = (self._settings.ca_path, sorted(proxies_for(file.token_url, self._settings.proxy).items()), self._settings.timeout)
        return json.dumps(["login", self._purpose, file.token_url, file.grant, file.scopes, credentials, way])

    def _log_in(self) -> Token:
        form = {"grant_type": self._ionapi.grant}
        if self._ionapi.grant == PASSWORD:
            form.update(username=self._ionapi.saak, password=self._ionapi.sask)
        scopes = list(self._ionapi.scopes)
        # Public clients of on-premises servers get a refresh token by this scope only (contract, C).
        adds_offline_access = self._ionapi.flavour == ON_PREMISES and self._ionapi.grant == PASSWORD and "offline_access" not in scopes
        response = self._post_login(form, [*scopes, "offline_access"] if adds_offline_access else scopes)
        if adds_offline_access and _verdicts.login_verdict(response).id == "A07":
            self.is_offline_access_refused = True
            response = self._post_login(form, scopes)
        self._is_own_login = True
        return self._token_in(response, _verdicts.login_verdict)

    def _post_login(self, form, scopes):
        if scopes:
            form = {**form, "scope": " ".join(scopes)}
        response = self._post_in_turn(form)
        # A server that reads the body only may miss the client ID, and call the request invalid.
        id_ = _verdicts.login_verdict(response).id
        may_need_body = id_ == "A01" or (id_ == "A13" and _verdicts.code_of(response) == "invalid_request")
        if self._credentials_in_body or not may_need_body:
            return response
        # RFC 6749 allows credentials in the header or in the body; a server may support only one of them.
        self._credentials_in_body = True
        second = self._post_in_turn(form)
        if _verdicts.login_verdict(second).id in ("A01", "A13"):
            self._credentials_in_body = False
            return response
        return second

    def _post_in_turn(self, form):
        with _logins.LOGIN_RATE_LIMITER.acquire(self._ionapi.token_url, self._deadline, self._settings.shares) as acquired:
            if not acquired:
                raise Unreachable(_rules.finding("A16", self._label))
            return self._post(self._ionapi.token_url, form)

    def _token_in(self, response, verdict_of) -> Token:
        verdict = verdict_of(response)
        if verdict.id:
            raise error_of([_rules.finding(verdict.id, self._label, key="pu", grant=self._ionapi.grant, **verdict.names)])
        return token_from(_verdicts.object_in(response), response.time)

    def _post(self, url, form):
        credentials = {"client_id": self._ionapi.ci, "client_secret": self._ionapi.cs}
        if self._credentials_in_body:
            request: dict = {"data": {**form, **credentials}}
        else:
            request = {"data": form, "auth": tuple(part.encode() for part in credentials.values())}
        return self._call("pu", "POST", url, retry=False, headers={"Accept": "application/json"}, **request)

    # The cache

    def _shared(self, key, make, replaces=None) -> dict:
        """The record that `make` leads to, made once per run for the key."""

        def make_record():
            started = time.monotonic()
            try:
                token = make()
            except (Refused, Unreachable, BadAnswer) as error:
                # Another environment may have another name for the same file, and a deadline is a matter of one environment.
                findings = [self._without_label(finding) for finding in error.findings]
                cached = 0.0 if error.id in ("A16", "N07") else _OUTAGE_CACHED
                return {"findings": findings}, math.inf if isinstance(error, Refused) else time.monotonic() + cached
            facts = {"in_body": self._credentials_in_body, "offline_access_refused": self.is_offline_access_refused, "renewed": replaces is not None}
            lifetime = _UNKNOWN_LIFETIME if token.lifetime is None else token.lifetime
            return {"token": asdict(token), **facts}, started + lifetime - min(_MARGIN, lifetime / 4)

        if self._purpose is None:
            record, _good_until = make_record()
        else:
            record = _logins.TOKEN_CACHE.get_or_make(key, make_record, self._deadline, replaces)
        if record is None:
            raise Unreachable(_rules.finding("A17", self._label))
        if "findings" in record:
            raise error_of([self._with_label(finding) for finding in record["findings"]])
        return record

    def _use(self, record) -> Token:
        token = Token(**record["token"])
        self._secrets.add(token.access_token, token.refresh_token)
        self._record = record
        self._credentials_in_body, self.is_offline_access_refused = record["in_body"], record["offline_access_refused"]
        self.tokens.append(token)
        return token

    def _renew_once(self) -> bool:
        """Replace a token of the cache that the gateway refuses, once per run: this run itself may have ended it, by a revocation or a refresh."""
        is_shared = self._purpose is not None and not self._is_own_login
        if self._is_token_accepted or self._record.get("renewed") or not (is_shared or self._is_token_lost):
            return False
        self._use(self._shared(self._login_key(), self._log_in, replaces=self._record))
        return True

    def _without_label(self, finding) -> dict:
        is_own = finding.where.startswith(f"{self._label}: ")
        return {**finding.as_dict(), "where": finding.where[len(self._label) :] if is_own else finding.where}

    def _with_label(self, finding) -> Finding:
        return Finding(**{**finding, "where": self._label + finding["where"] if finding["where"].startswith(": ") else finding["where"]})

    # The gateway

    def _read(self, path):
        """The response to a read. It is sent once; the response, or the error, serves all stages."""
        if path not in self._responses:
            try:
                self._responses[path] = self._read_with_valid_token(path)
            except IonError as error:
                self._responses[path] = error
        response = self._responses[path]
        if isinstance(response, IonError):
            raise response.copy()
        return response

    def _read_with_valid_token(self, path):
        response = self._get(path)
        for pause in self._lag_pauses:
            if response.status == 401 and self._has_time_for(pause):
                time.sleep(pause)
                response = self._get(path)
        # After that time no product needs more than one repetition.
        self._lag_pauses = LAG_PAUSES[:1]
        if response.status == 401 and _verdicts.is_from_infor(response) and self._renew_once():
            response = self._get(path)
        self._is_token_accepted = self._is_token_accepted or (response.status == 200 and not response.is_html)
        return response

    def _get(self, path):
        headers = {"Authorization": f"Bearer {self.token.access_token}", "Accept": "application/json"}
        return self._call("iu", "GET", self._ionapi.gateway_url + path, headers=headers)

    def _has_time_for(self, seconds) -> bool:
        return time.monotonic() + seconds < self._deadline

    def _call(self, key, method, url, **request):
        try:
            return self._http.call(method, url, **request)
        except BadAnswer as error:
            if error.id != "N04":
                raise
            status = error.facts.get("status")
            raise Unreachable(_rules.finding("N04", self._label, key=key, seen=f"a redirect (status {status})"), **error.facts) from None


def error_of(findings, **facts) -> IonError:
    """The error for findings: Refused if at least one names a cause that Infor refuses for, otherwise Unreachable."""
    errors = [finding for finding in findings if finding.level == ERROR]
    return (Unreachable if all(map(_rules.is_undetermined, errors)) else Refused)(findings, **facts)
