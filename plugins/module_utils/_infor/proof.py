# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The proof that Infor accepts an ION API file, stage by stage from DNS to security role. Private to the collection."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import BadAnswer, IonError, Refused, Unreachable
from ansible_collections.docbits.ion.plugins.module_utils._core.findings import ERROR, WARNING
from ansible_collections.docbits.ion.plugins.module_utils._core.shapes import ID, NAME, first_shown, shown
from ansible_collections.docbits.ion.plugins.module_utils._http.client import goes_through_proxy
from ansible_collections.docbits.ion.plugins.module_utils._infor import preflight as _preflight
from ansible_collections.docbits.ion.plugins.module_utils._infor import roles as _roles
from ansible_collections.docbits.ion.plugins.module_utils._infor import rules as _rules
from ansible_collections.docbits.ion.plugins.module_utils._infor import tokens as _tokens
from ansible_collections.docbits.ion.plugins.module_utils._infor.client import READ, Infor, error_of
from ansible_collections.docbits.ion.plugins.module_utils._infor.verdicts import PROVED, REFUSED, UNDETERMINED, Verdict, gateway_verdict
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.form import CLIENT_CREDENTIALS, CLOUD, DOCBITS_EXPORT

# Outcomes of a stage, besides UNDETERMINED.
PASSED, WARNED, FAILED, SKIPPED = "passed", "warned", "failed", "skipped"
# The outcome of a proof without some of the stages that the profile needs. The others are PROVED, REFUSED and UNDETERMINED.
PARTIAL = "partial"

# Each stage with the one that it needs, in the order in which they run.
STAGES = {
    "resolve": None,
    "connect": "resolve",
    "tls": "connect",
    "token": "tls",
    "refresh_token": "token",
    "refresh": "refresh_token",
    "token_facts": "token",
    "gateway": "token",
    "identity": "gateway",
    "roles": "identity",
    "idm": "gateway",
    "ion_messaging": "gateway",
    "m3": "gateway",
    "ln": "gateway",
    "connection_point": "gateway",
}
# Requested by options of their own.
_BY_OPTION = ("m3", "ln", "connection_point")
STAGE_CHOICES = tuple(stage for stage in STAGES if stage not in _BY_OPTION)
# Not the stage refresh: Infor may reuse one grant for all logins of a client and user, and end the tokens that DocBits has (contract, U).
DEFAULT_STAGES = tuple(stage for stage in STAGE_CHOICES if stage != "refresh")
# Asked one after the other until one of them shows that the gateway accepts the token.
_GATEWAY_WITNESSES = ("IFS", "ION Messaging", "IDM")


@dataclass(frozen=True)
class ProofOptions:
    """What to prove.

    label:          the name of the ION API file in findings
    stages:         the requested stages; those that they need run too
    required_roles: the security roles that the user of the service account needs
    optional_roles: those of required_roles that the tenant may not have; a missing one is a warning
    profile:        docbits_export: what DocBits needs; infor: any authorized app
    logical_ids:    lid://... of the connection points whose client id is checked
    m3, ln:         whether to ask these products too
    revoke:         whether to revoke the access token at the end; such a proof shares its login with nobody
    """

    label: str
    stages: tuple = DEFAULT_STAGES
    required_roles: tuple = _roles.REQUIRED_BY_DOCBITS
    optional_roles: tuple = _roles.OPTIONAL_BY_DEFAULT
    profile: str = DOCBITS_EXPORT
    logical_ids: tuple = ()
    m3: bool = False
    ln: bool = False
    revoke: bool = False

    def selected(self) -> list:
        """The names of the stages that run, in order."""
        names = set(self.stages)
        names.update(name for name, is_requested in (("m3", self.m3), ("ln", self.ln), ("connection_point", self.logical_ids)) if is_requested)
        for name in reversed(list(STAGES)):
            if name in names and STAGES[name]:
                names.add(STAGES[name])
        return [name for name in STAGES if name in names]

    def left_out(self, ionapi) -> list:
        """The stages that the profile needs and that do not run."""
        selected = self.selected()
        return [name for name in needed_stages(self.profile, ionapi) if name not in selected]


def needed_stages(profile: str, ionapi) -> list:
    """The stages without which a file is not proved for a profile. users/me is documented for the cloud only."""
    names = {"token", "gateway"}
    if profile == DOCBITS_EXPORT:
        names |= {"refresh_token", "idm", "ion_messaging"}
        if ionapi.flavour == CLOUD:
            names |= {"identity", "roles"}
    return [name for name in STAGES if name in names]


@dataclass(frozen=True)
class Stage:
    """The result of one stage.

    seconds: how long it took
    reason:  why it was skipped
    """

    name: str
    outcome: str
    seconds: float = 0.0
    findings: tuple = ()
    reason: str | None = None

    def as_dict(self) -> dict:
        """The stage as a module returns it."""
        return {
            "name": self.name,
            "outcome": self.outcome,
            "seconds": round(self.seconds, 3),
            "findings": [finding.as_dict() for finding in self.findings],
            "reason": self.reason,
        }


@dataclass(frozen=True)
class Proof:
    """The results of the stages that ran, and facts. Has no secret.

    needed:     names of stages without which nothing is proved
    afterwards: findings of the revocation
    """

    stages: tuple
    needed: tuple = ()
    facts: dict = field(default_factory=dict)
    afterwards: tuple = ()

    @property
    def findings(self) -> list:
        """All findings, in the order in which they were found."""
        return [finding for stage in self.stages for finding in stage.findings] + list(self.afterwards)

    @property
    def outcome(self) -> str:
        """REFUSED if a stage was refused; else UNDETERMINED if one that ran is not proved; else PARTIAL if a needed one did not run; else PROVED."""
        errors = [finding for finding in self.findings if finding.level == ERROR]
        outcomes = {stage.name: stage.outcome for stage in self.stages}
        if not all(map(_rules.is_undetermined, errors)):
            return REFUSED
        if errors or any(outcomes.get(name, PASSED) not in (PASSED, WARNED) for name in self.needed):
            return UNDETERMINED
        return PROVED if self.needed and all(name in outcomes for name in self.needed) else PARTIAL

    def as_dict(self) -> dict:
        """The proof as a module returns it."""
        return {**self.summary(), "stages": [stage.as_dict() for stage in self.stages]}

    def summary(self) -> dict:
        """The proof as one part of a larger result: only the outcome of each stage. Ansible spends time on every value that a host returns."""
        return {"outcome": self.outcome, "stages": {stage.name: stage.outcome for stage in self.stages}, **self.facts}


def prove(ionapi, settings, options: ProofOptions, secrets, check_mode: bool) -> Proof:
    """Prove an ION API file against Infor. A refusal or an outage is part of the proof, not an exception.

    settings: Settings of the HTTP client
    secrets:  Secrets, to which every token is added

    Raises: InvalidInput for a CA bundle that cannot be read.
    """
    return _Prover(ionapi, settings, options, secrets, check_mode).proof()


def require_accepted(proofs: dict, accepted=(PROVED, PARTIAL), **facts) -> None:
    """Raise Refused or Unreachable with the findings of all proofs, by label, unless the outcome of each is accepted."""
    if any(proof.outcome not in accepted for proof in proofs.values()):
        raise error_of([finding for proof in proofs.values() for finding in proof.findings], **facts)


class _Skip(Exception):
    """Why a stage does not apply. The stages that need it run all the same."""


class _Prover:
    def __init__(self, ionapi, settings, options, secrets, check_mode) -> None:
        self._ionapi = ionapi
        self._settings = settings
        self._options = options
        self._check_mode = check_mode
        self._deadline = time.monotonic() + settings.deadline
        self._selected = options.selected()
        self._needed = needed_stages(options.profile, ionapi)
        # A refresh may end the access token of its login, and a revocation does: others must not have that login.
        purpose = "refresh" if "refresh" in self._selected else READ
        self._infor = Infor(ionapi, settings, secrets, options.label, check_mode, None if options.revoke else purpose)
        self._stages: list = []
        self._blocked_by: dict = {}
        self._facts: dict = {}
        self._methods = {
            "token": self._prove_token,
            "refresh_token": self._prove_refresh_token,
            "refresh": self._prove_refresh,
            "token_facts": self._prove_token_facts,
            "gateway": self._prove_gateway,
            "identity": self._prove_identity,
            "roles": self._prove_roles,
            "idm": lambda: self._prove_product("IDM"),
            "ion_messaging": lambda: self._prove_product("ION Messaging"),
            "m3": lambda: self._prove_product("M3"),
            "ln": lambda: self._prove_product("LN"),
            "connection_point": self._prove_connection_point,
        }

    def proof(self) -> Proof:
        for name in self._selected:
            stage = self._run(name)
            self._stages.append(stage)
            if stage.outcome in (FAILED, UNDETERMINED):
                self._blocked_by[name] = name
        afterwards = self._revoke() if self._options.revoke and not self._check_mode else []
        return Proof(tuple(self._stages), tuple(self._needed), self._facts, tuple(afterwards))

    def _run(self, name) -> Stage:
        blocker = self._blocked_by.get(STAGES[name])
        if blocker:
            self._blocked_by[name] = blocker
            return Stage(name, SKIPPED, reason=f"{blocker} did not pass")
        started = time.monotonic()
        seconds = None
        try:
            if name in _preflight.CHECKS:
                findings, seconds = self._check_hosts(name)
            else:
                findings = self._methods[name]()
        except _Skip as skip:
            return Stage(name, SKIPPED, reason=str(skip))
        except (Refused, Unreachable, BadAnswer) as error:
            findings = error.findings
        seconds = time.monotonic() - started if seconds is None else seconds
        outcome = _outcome_of(name, findings)
        if outcome == UNDETERMINED and name in ("identity", "roles") and self._ionapi.flavour != CLOUD:
            # Not needed on premises, where users/me is not documented.
            findings = [replace(finding, level=WARNING) for finding in findings]
        return Stage(name, outcome, seconds, tuple(findings))

    def _finding(self, id_, **names):
        return _rules.finding(id_, self._options.label, **names)

    def _findings(self, verdict, product) -> list:
        return [self._finding(verdict.id, **{"key": "iu", "product": product, **verdict.names})] if verdict.id else []

    def _check_hosts(self, name):
        urls = {"pu": self._ionapi.token_url, "iu": self._ionapi.gateway_url}
        direct = {key: url for key, url in urls.items() if not goes_through_proxy(url, self._settings.proxy)}
        if not direct:
            raise _Skip("requests go through a proxy, which resolves, connects and verifies TLS itself")
        if name == "tls":
            direct = {key: url for key, url in direct.items() if url.startswith("https:")}
            if not direct:
                raise _Skip("the file has addresses without TLS, as only a simulator on this machine does")
        findings, seconds = [], 0.0
        for key, url in direct.items():
            result = _preflight.reach(url, self._settings, self._deadline).get(name)
            if result is None:
                raise Unreachable(self._finding("A17"))
            seconds += result["seconds"]
            if result["problem"]:
                findings.append(self._finding(result["problem"], key=key, **result["names"]))
        return findings, seconds

    def _prove_token(self) -> list:
        if self._options.profile == DOCBITS_EXPORT and not self._ionapi.has_service_account:
            return [self._finding("A18")]
        token = self._infor.login()
        self._facts["token"] = {"lifetime": token.lifetime, "refresh_token": token.refresh_token is not None}
        if token.lifetime is not None and token.lifetime < _tokens.SHORTEST_LIFETIME:
            return [self._finding("A12", lifetime=int(token.lifetime))]
        return []

    def _prove_refresh_token(self) -> list:
        """Whether Infor issued a refresh token, which is all that the setting Issue Refresh Tokens does."""
        if self._ionapi.grant == CLIENT_CREDENTIALS:
            raise _Skip("a login by client credentials has no refresh token")
        if self._infor.token.refresh_token is not None:
            return []
        finding = self._finding("A19" if self._infor.is_offline_access_refused else "A11")
        return [finding if self._options.profile == DOCBITS_EXPORT else replace(finding, level=WARNING)]

    def _prove_refresh(self) -> list:
        former = self._infor.token
        if former.refresh_token is None:
            raise _Skip("no refresh token was issued")
        # If no answer comes, nobody knows what became of it.
        self._facts["refresh"] = {"refresh_token_used": True, "rotated": None}
        renewed = self._infor.refresh()
        is_rotated = self._facts["refresh"]["rotated"] = renewed.refresh_token != former.refresh_token
        return [self._finding("A22")] if is_rotated else []

    def _prove_token_facts(self) -> list:
        claims = self._claims()
        self._facts["token"].update(claims.as_dict())
        return _tokens.findings_of(claims, self._options.label)

    def _claims(self):
        return _tokens.claims_of(self._infor.token.access_token, self._ionapi.ti, self._ionapi.ci)

    def _prove_gateway(self) -> list:
        """Whether the gateway accepts the token: one product has to accept it, and only all of them together show that none does."""
        verdicts, error = {}, None
        for product in _GATEWAY_WITNESSES:
            try:
                verdicts[product] = self._infor.ask(product)
            except IonError as unanswered:
                error = error or unanswered
                verdicts[product] = Verdict("G10", {"seen": "no response"})
            if gateway_verdict({product: verdicts[product]}).id is None:
                return []
        verdict = gateway_verdict(verdicts)
        if error and verdict.id == "G10":
            raise error
        return self._findings(verdict, "each product that was asked")

    def _prove_identity(self) -> list:
        verdict = _of_one_product(self._infor.ask("IFS"))
        if verdict.id in ("G03", "G04", "G05"):
            # How IFS answers for an account without a user is not known; the claim of the token tells.
            if self._claims().linked_user is False:
                verdict = Verdict("R01")
            elif verdict.id == "G05":
                verdict = Verdict("G13", verdict.names)
            elif self._ionapi.flavour != CLOUD:
                verdict = Verdict("G12", verdict.names)
        if verdict.id:
            return self._findings(verdict, "IFS")
        user = self._infor.user()
        self._facts["identity"] = {"id": shown(ID, user["id"]), "name": first_shown(NAME, [user.get("displayName")]) or ""}
        return []

    def _prove_roles(self) -> list:
        assigned = _roles.role_list(self._infor.user())
        roles = _roles.compare(assigned.names, self._options.required_roles)
        if not assigned.problem:
            self._facts["roles"] = roles.as_dict()
        return _roles.findings_of(roles, self._options.required_roles, self._options.label, self._options.optional_roles, assigned.problem)

    def _prove_product(self, product) -> list:
        return self._findings(_of_one_product(self._infor.ask(product)), product)

    def _prove_connection_point(self) -> list:
        findings = []
        for logical_id in self._options.logical_ids:
            verdict, has_document = self._infor.ask_accepted_documents(logical_id)
            found = [self._finding("I05")] if verdict.id is None and not has_document else self._findings(_of_one_product(verdict), "ION Messaging")
            findings += [replace(finding, where=f"{finding.where} of {logical_id}") for finding in found]
        return findings

    def _revoke(self) -> list:
        findings = [finding for token in self._infor.tokens for finding in self._infor.revoke(token)]
        self._facts["revoked"] = bool(self._infor.tokens) and not findings
        return findings


def _of_one_product(verdict):
    # The gateway accepted the path of another product, so the tenant is in it.
    return Verdict("G09", {**verdict.names, "seen": "the error Bad Request"}) if verdict.id == "G01" else verdict


def _outcome_of(name, findings) -> str:
    errors = [finding for finding in findings if finding.level == ERROR]
    if not errors:
        return WARNED if findings else PASSED
    # A name that is not resolved or a port that is closed is a definite answer to its own stage.
    is_determined = name in _preflight.CHECKS or not all(map(_rules.is_undetermined, errors))
    return FAILED if is_determined else UNDETERMINED
