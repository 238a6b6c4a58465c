# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The proof that Infor accepts an ION API file, stage by stage from DNS to security role. Private to the collection."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import BadAnswer, Refused, Unreachable
from ansible_collections.docbits.ion.plugins.module_utils._core.findings import ERROR, WARNING
from ansible_collections.docbits.ion.plugins.module_utils._http.client import HttpClient
from ansible_collections.docbits.ion.plugins.module_utils._infor import diagnosis as _diagnosis
from ansible_collections.docbits.ion.plugins.module_utils._infor import preflight as _preflight
from ansible_collections.docbits.ion.plugins.module_utils._infor import roles as _roles
from ansible_collections.docbits.ion.plugins.module_utils._infor import tokens as _tokens
from ansible_collections.docbits.ion.plugins.module_utils._infor.client import Infor, error_of

PASSED, WARNED, FAILED, UNDETERMINED, SKIPPED = "passed", "warned", "failed", "undetermined", "skipped"
PROVED, REFUSED = "proved", "refused"

# Each stage with the one it builds on, in the order in which they are carried out.
STAGES = {
    "resolve": None,
    "connect": "resolve",
    "tls": "connect",
    "token": "tls",
    "refresh": "token",
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
# Those that an option of their own asks for.
ON_REQUEST = ("m3", "ln", "connection_point")
# What a DocBits export needs.
DEFAULT_STAGES = tuple(stage for stage in STAGES if stage not in ON_REQUEST)


@dataclass(frozen=True)
class ProofOptions:
    """What is to be proved.

    label:          how findings name the ION API file
    stages:         the stages wanted; those they build on come with them
    required_roles: the security roles that the service account's user must have
    optional_roles: those among them that the tenant may no longer know: a missing one is a warning
    profile:        C(docbits_export) makes a missing refresh token an error, C(infor) a warning
    logical_id:     C(lid://...) of a connection point whose client id is to be checked
    m3, ln:         whether to ask these products too
    revoke:         whether to revoke the access token at the end; such a proof shares its login with no one
    """

    label: str
    stages: tuple = DEFAULT_STAGES
    required_roles: tuple = _roles.REQUIRED_BY_DOCBITS
    optional_roles: tuple = ()
    profile: str = "docbits_export"
    logical_id: str | None = None
    m3: bool = False
    ln: bool = False
    revoke: bool = False

    def wanted(self) -> list:
        """The names of the stages to carry out, in order."""
        names = set(self.stages)
        names.update(name for name, asked in (("m3", self.m3), ("ln", self.ln), ("connection_point", self.logical_id)) if asked)
        for name in reversed(list(STAGES)):
            if name in names and STAGES[name]:
                names.add(STAGES[name])
        return [name for name in STAGES if name in names]


@dataclass(frozen=True)
class Stage:
    """One stage: its outcome, how many seconds it took, what was found, and for a skipped one why."""

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
    """The stages carried out, and what was learned on the way. Holds no secret."""

    stages: tuple
    facts: dict = field(default_factory=dict)
    afterwards: tuple = ()

    @property
    def findings(self) -> list:
        """All findings, in the order in which they were found."""
        return [finding for stage in self.stages for finding in stage.findings] + list(self.afterwards)

    @property
    def outcome(self) -> str:
        """C(proved), C(refused), or C(undetermined) where nothing was refused but something could not be asked."""
        errors = [finding for finding in self.findings if finding.level == ERROR]
        if not errors:
            return PROVED
        return UNDETERMINED if all(map(_diagnosis.is_undetermined, errors)) else REFUSED

    def as_dict(self) -> dict:
        """The proof as a module returns it."""
        return {**self.summary(), "stages": [stage.as_dict() for stage in self.stages]}

    def summary(self) -> dict:
        """The proof as one part of a larger result: each stage with its outcome alone. Ansible spends time on every value that a host returns."""
        return {"outcome": self.outcome, "stages": {stage.name: stage.outcome for stage in self.stages}, **self.facts}


def prove(ionapi, settings, wanted: ProofOptions, secrets, check_mode: bool) -> Proof:
    """Prove O(ionapi) against Infor. A refusal or an outage is part of the proof, not an exception.

    settings: L(Settings) of the transport
    secrets:  L(Secrets), told of every token
    raises:   L(InvalidInput) for a CA bundle that cannot be read
    """
    return _Prover(ionapi, settings, wanted, secrets, check_mode).proof()


def require(proof: Proof) -> None:
    """Raise L(Refused) or L(Unreachable) with all findings unless the file was proved."""
    if proof.outcome != PROVED:
        raise error_of(proof.findings, connection=proof.as_dict())


class _Skipped(Exception):
    """Why a stage has nothing to do; what builds on it goes on."""


class _Prover:
    def __init__(self, ionapi, settings, wanted, secrets, check_mode) -> None:
        self._ionapi = ionapi
        self._settings = settings
        self._wanted = wanted
        self._check_mode = check_mode
        self._ends = time.monotonic() + settings.deadline
        # A login changes nothing that anyone would miss; a revocation does and is no read.
        transport = HttpClient(settings, reads=frozenset([("POST", ionapi.token_url)]), check_mode=check_mode)
        self._infor = Infor(ionapi, transport, secrets, wanted.label, self._ends, shared=not wanted.revoke)
        self._stages: list = []
        self._blocked_by: dict = {}
        self._facts: dict = {}
        self._tokens: list = []
        self._hints = _tokens.Hints(opaque=True)
        self._user: dict = {}
        self._ways = {
            "token": self._prove_token,
            "refresh": self._prove_refresh,
            "token_facts": self._prove_token_facts,
            "gateway": self._prove_gateway,
            "identity": self._prove_identity,
            "roles": self._prove_roles,
            "idm": lambda: self._product("IDM"),
            "ion_messaging": lambda: self._product("ION Messaging"),
            "m3": lambda: self._product("M3", _diagnosis.m3_problem),
            "ln": self._prove_ln,
            "connection_point": self._prove_connection_point,
        }

    def proof(self) -> Proof:
        for name in self._wanted.wanted():
            stage = self._carry_out(name)
            self._stages.append(stage)
            if stage.outcome in (FAILED, UNDETERMINED):
                self._blocked_by[name] = name
        afterwards = self._revoke() if self._wanted.revoke and not self._check_mode else []
        return Proof(tuple(self._stages), self._facts, tuple(afterwards))

    def _carry_out(self, name) -> Stage:
        blocker = self._blocked_by.get(STAGES[name])
        if blocker:
            self._blocked_by[name] = blocker
            return Stage(name, SKIPPED, reason=f"{blocker} did not pass")
        started = time.monotonic()
        seconds = None
        try:
            if name in _preflight.LEGS:
                findings, seconds = self._leg(name)
            else:
                findings = self._ways[name]()
        except _Skipped as skipped:
            return Stage(name, SKIPPED, reason=str(skipped))
        except (Refused, Unreachable, BadAnswer) as error:
            findings = error.findings
        seconds = time.monotonic() - started if seconds is None else seconds
        return Stage(name, _outcome_of(name, findings), seconds, tuple(findings))

    def _found(self, id_, **names):
        return _diagnosis.finding(id_, self._wanted.label, **names)

    def _leg(self, name):
        ways = {"pu": self._ionapi.token_url, "iu": self._ionapi.gateway_url}
        straight = {key: url for key, url in ways.items() if not _preflight.goes_through_proxy(url, self._settings.proxy)}
        if not straight:
            raise _Skipped("calls go through a proxy, which resolves, connects and answers for itself")
        if name == "tls":
            straight = {key: url for key, url in straight.items() if url.startswith("https:")}
            if not straight:
                raise _Skipped("the file names addresses without TLS, as only a simulator on this machine has them")
        findings, seconds = [], 0.0
        for key, url in straight.items():
            leg = _preflight.reach(url, self._settings, self._ends).get(name)
            if leg is None:
                raise Unreachable(self._found("A17"))
            seconds += leg["seconds"]
            if leg["problem"]:
                findings.append(self._found(leg["problem"], key=key, **leg["names"]))
        return findings, seconds

    @property
    def _token_in_use(self):
        return self._tokens[-1]

    def _prove_token(self) -> list:
        token = self._infor.login()
        self._tokens.append(token)
        self._facts["token"] = {"lifetime": token.lifetime, "refresh_token": token.refresh_token is not None}
        if token.lifetime is not None and token.lifetime < _tokens.SHORTEST_LIFETIME:
            return [self._found("A12", lifetime=int(token.lifetime))]
        return []

    def _prove_refresh(self) -> list:
        if self._ionapi.grant == "client_credentials":
            raise _Skipped("a login by client credentials has no refresh token")
        if self._token_in_use.refresh_token is None:
            return [self._found("A11", level=ERROR if self._wanted.profile == "docbits_export" else WARNING)]
        self._tokens.append(self._infor.refresh(self._token_in_use))
        return []

    def _prove_token_facts(self) -> list:
        self._hints = _tokens.hints_of(self._token_in_use.access_token, self._ionapi.tenant, self._ionapi.ci)
        self._facts["token"].update(self._hints.as_dict())
        return _tokens.findings_of(self._hints, self._wanted.label)

    def _prove_gateway(self) -> list:
        """Whether the gateway itself takes the token; where one product has a problem, a second one tells whose it is."""
        problem = _diagnosis.gateway_problem(self._ask("IFS"))
        if problem is None:
            return []
        of_all = _diagnosis.gateway_problem_of_all([problem, _diagnosis.gateway_problem(self._ask("ION Messaging"))])
        return [self._problem(of_all, "the gateway", self._ask("IFS"))] if of_all else []

    def _prove_identity(self) -> list:
        answer = self._ask("IFS")
        problem = _diagnosis.identity_problem(answer)
        # How IFS answers for an account without a user is unknown; the token's own claim tells it apart.
        if problem in ("G03", "G04", "G05") and self._hints.linked_user is False:
            problem = "R01"
        if problem:
            return [self._problem(problem, "IFS", answer)]
        self._user = _diagnosis.user_in(answer)
        self._facts["identity"] = {"id": str(self._user["id"]), "name": str(self._user.get("displayName") or "")}
        return []

    def _prove_roles(self) -> list:
        roles = _roles.compare(_roles.names_in(self._user), self._wanted.required_roles)
        self._facts["roles"] = roles.as_dict()
        return _roles.findings_of(roles, self._wanted.required_roles, self._wanted.label, self._wanted.optional_roles)

    def _prove_ln(self) -> list:
        # Assumed: LN may answer 404 here although it works, so that alone is no refusal.
        return [self._found("G05", level=WARNING, product="LN") if finding.id == "G05" else finding for finding in self._product("LN")]

    def _prove_connection_point(self) -> list:
        answer = self._infor.accepted_documents(self._wanted.logical_id, self._token_in_use)
        problem = _diagnosis.connection_point_problem(answer)
        return [self._problem(problem, "ION Messaging", answer)] if problem else []

    def _product(self, product, problem_of=_diagnosis.gateway_problem) -> list:
        answer = self._ask(product)
        problem = problem_of(answer)
        return [self._problem(problem, product, answer)] if problem else []

    def _ask(self, product):
        return self._infor.ask(product, self._token_in_use)

    def _problem(self, id_, product, answer):
        return self._found(id_, key="iu", product=product, status=answer.status)

    def _revoke(self) -> list:
        findings = [finding for token in self._tokens for finding in self._infor.revoke(token)]
        self._facts["revoked"] = bool(self._tokens) and not findings
        return findings


def _outcome_of(name, findings) -> str:
    errors = [finding for finding in findings if finding.level == ERROR]
    if not errors:
        return WARNED if findings else PASSED
    # A name that is not resolved or a port that is closed is a definite answer to its own stage.
    determined = name in _preflight.LEGS or not all(map(_diagnosis.is_undetermined, errors))
    return FAILED if determined else UNDETERMINED
