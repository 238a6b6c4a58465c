# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every row of the diagnosis, produced by the simulator and found by the proof at the stage where it belongs."""

from __future__ import annotations

import json
import multiprocessing
import os
import secrets
import socket
import subprocess
import sys
from dataclasses import dataclass, field, replace
from urllib.parse import quote

import pytest

from ansible_collections.docbits.ion.plugins.module_utils._core.redaction import Secrets
from ansible_collections.docbits.ion.plugins.module_utils._http.client import Settings
from ansible_collections.docbits.ion.plugins.module_utils._infor import logins as _logins
from ansible_collections.docbits.ion.plugins.module_utils._infor import preflight as _preflight
from ansible_collections.docbits.ion.plugins.module_utils._infor.proof import DEFAULT_STAGES, ProofOptions, prove
from ansible_collections.docbits.ion.plugins.module_utils._infor.rules import RULES
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.form import Expectations
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.parser import parse_or_fail
from integration.phases import ANSIBLE_BIN
from simulator.ionapi import ROLES, account_id, make_ionapi, register

# Also a host that does not exist is one that the file may name.
ANY_HOST = Expectations(allow_insecure=True, trusted_hosts=None)
LOGICAL_ID = "lid://infor.ims.docbits"


@pytest.fixture(autouse=True)
def _run_of_its_own(monkeypatch):
    monkeypatch.setattr(_logins, "TOKEN_CACHE", _logins.SharedCache())
    monkeypatch.setattr(_logins, "LOGIN_RATE_LIMITER", _logins.LoginRateLimiter())
    monkeypatch.setattr(_preflight, "_CACHE", _logins.SharedCache())


class SimulatedInfor:
    """One tenant with one app and one service account in the simulator, and the file that belongs to them."""

    def __init__(self, simulator, **layout) -> None:
        self.simulator = simulator
        self.registered = layout.pop("registered", True)
        roles = layout.pop("roles", ROLES)
        tenant = "infor" if layout.get("flavour") == "op" else f"T{secrets.token_hex(6).upper()}_TST"
        self.file = make_ionapi(simulator.infor_url, tenant, "DocBits TST", **layout)
        self.key = self.file["ci"]
        self.settings = Settings(ca_path=simulator.ca, retries=0, timeout=10)
        self.beyond_the_parser: dict = {}
        if self.registered:
            register(simulator, self.file, roles)

    def _change(self, path, body):
        self.simulator.control("PATCH", f"/_sim/infor/{path}", body)

    def tenant(self, **switches):
        self._change(f"tenants/{self.file['ti']}", {"switches": switches})

    def app(self, **fields):
        self._change(f"apps/{quote(self.key, safe='')}", fields)

    def account(self, **fields):
        self._change(f"service_accounts/{account_id(self.file)}", fields)

    def proof(self, check_mode=False, **wanted):
        # What the parser itself would stop is put in behind it: Infor's answer to it is what counts here.
        ionapi = replace(parse_or_fail(json.dumps(self.file), "test.ionapi", ANY_HOST)[0], **self.beyond_the_parser)
        self.secrets = Secrets()
        return prove(ionapi, self.settings, ProofOptions(label="test.ionapi", **wanted), self.secrets, check_mode)


@dataclass(frozen=True)
class Case:
    """How one row comes about.

    tag:     how sure the contract is of Infor's answer: A documented, B seen by several, C seen once, D standard, E inferred, U unknown
    stage:   where the proof must find it, with this outcome
    arrange: what is changed in the simulator or the file
    """

    id: str
    tag: str
    stage: str
    outcome: str = "failed"
    arrange: object = lambda infor: None
    layout: dict = field(default_factory=dict)
    wanted: dict = field(default_factory=dict)


def has(**switches):
    return lambda infor: infor.tenant(**switches)


def app(**fields):
    return lambda infor: infor.app(**fields)


def account(**fields):
    return lambda infor: infor.account(**fields)


def in_file(**keys):
    return lambda infor: infor.file.update(keys)


def behind_the_parser(**fields):
    return lambda infor: infor.beyond_the_parser.update(fields)


def settings(**changes):
    return lambda infor: setattr(infor, "settings", replace(infor.settings, **changes))


def user(*roles):
    return account(user={"id": secrets.token_hex(8), "displayName": "DocBits Service", "groups": list(roles)})


def to_a_closed_port(infor):
    # Bound and not listening, so that no other process gets the port while the test runs.
    infor.held = socket.socket()
    infor.held.bind(("127.0.0.1", 0))
    infor.file["iu"] = f"https://127.0.0.1:{infor.held.getsockname()[1]}"


def answers(status, error):
    """The token endpoint of this tenant answers with an error of OAuth, or of a framework."""

    def arrange(infor):
        action = {"status": status, "body": json.dumps({"error": error}), "content_type": "application/json"}
        infor.simulator.faults([{"service": "infor", "match": f"POST /{infor.file['ti']}/as/token", "times": None, "action": action}])

    return arrange


def silent(infor):
    infor.tenant(token_delay=30)
    infor.settings = replace(infor.settings, timeout=1.5)


def another_app_in_the_connection_point(infor):
    infor.tenant(connection_points={LOGICAL_ID: {"client_id": f"{infor.file['ti']}~{secrets.token_urlsafe(32)}"}})


def no_connection_point(infor):
    infor.tenant(connection_points={})


def inactive_connection_point(infor):
    infor.tenant(connection_points={LOGICAL_ID: {"client_id": infor.file["ci"], "active": False}})


def accepts_nothing(infor):
    infor.tenant(connection_points={LOGICAL_ID: {"client_id": infor.file["ci"], "documents": []}})


def accepts_another_document(infor):
    infor.tenant(connection_points={LOGICAL_ID: {"client_id": infor.file["ci"], "documents": ["Sync.ItemMaster"]}})


def sent_by_a_password_client(infor):
    infor.app(grants=["password"])


UNDETERMINED, WARNED = "undetermined", "warned"
POINT = {"stages": (), "logical_ids": (LOGICAL_ID,)}
M3 = {"stages": (), "m3": True}

CASES = [
    Case("N01", "D", "resolve", arrange=in_file(iu="https://docbits-ion.invalid")),
    Case("N02", "D", "connect", arrange=to_a_closed_port),
    Case("N03", "D", "tls", arrange=settings(ca_path=None)),
    Case("N04", "C", "token", UNDETERMINED, has(token_answer="html")),
    Case("N04", "C", "token", UNDETERMINED, has(token_answer="redirect")),
    Case("N04", "E", "token", UNDETERMINED, layout={"registered": False}),
    Case("N04", "C", "token", UNDETERMINED, has(token_status=403)),
    Case("N10", "E", "token", arrange=answers(404, "Not Found")),
    Case("N11", "B", "token", arrange=answers(405, "Method Not Allowed")),
    Case("N06", "C", "token", UNDETERMINED, silent),
    Case("A01", "D", "token", arrange=in_file(cs=secrets.token_urlsafe(64))),
    Case("A01", "D", "token", arrange=in_file(cs=secrets.token_urlsafe(64)), layout={"flavour": "op"}),
    Case("A02", "D", "token", arrange=in_file(sask=secrets.token_urlsafe(64))),
    Case("A02", "D", "token", arrange=account(enabled=False)),
    Case("A02", "D", "token", arrange=account(user={"enabled": False})),
    Case("A03", "C", "token", arrange=behind_the_parser(saak=f"OTHER_TST#{secrets.token_urlsafe(64)}")),
    Case("A04", "B", "token", arrange=sent_by_a_password_client, layout={"service_account": False}, wanted={"profile": "infor"}),
    Case("A18", "A", "token", layout={"service_account": False}),
    Case("A05", "B", "token", arrange=app(grants=["client_credentials"])),
    Case("A06", "U", "token", arrange=app(enabled=False)),
    Case("A07", "D", "token", arrange=behind_the_parser(scopes=("Infor-Unknown",))),
    Case("A08", "U", "token", UNDETERMINED, has(login_limit={"per_minute": 0})),
    Case("A08", "U", "token", UNDETERMINED, has(login_limit={"per_minute": 0, "status": 400})),
    Case("A08", "U", "token", UNDETERMINED, has(login_limit={"per_minute": 0, "status": 400, "form": "sentence"})),
    Case("A08", "U", "token", UNDETERMINED, has(login_limit={"per_minute": 0, "status": 403, "form": "html"})),
    Case("A09", "C", "token", UNDETERMINED, has(token_status=503)),
    Case("A10", "C", "token", UNDETERMINED, has(token_answer="no_access_token")),
    Case("A10", "C", "token", UNDETERMINED, has(token_answer="truncated")),
    Case("A13", "D", "token", UNDETERMINED, answers(400, "invalid_request")),
    Case("A11", "B", "refresh_token", arrange=app(issue_refresh_tokens=False)),
    Case("A22", "U", "refresh", WARNED, has(rotate_refresh_tokens=True), wanted={"stages": ("refresh",)}),
    Case("A11", "B", "refresh_token", WARNED, app(issue_refresh_tokens=False), wanted={"profile": "infor"}),
    Case("A12", "A", "token", WARNED, app(token_lifetime=300)),
    Case("J01", "C", "token_facts", WARNED, has(token_claims={"Tenant": "OTHER_TST"})),
    Case("J01", "C", "token_facts", WARNED, has(token_claims={"client_id": "another"})),
    Case("J02", "C", "token_facts", WARNED, app(enforce_scopes=True), layout={"version": "1.0"}),
    Case("G01", "C", "gateway", arrange=behind_the_parser(ti="")),
    Case("G02", "A", "gateway", arrange=has(suites={"*": 401})),
    Case("G03", "A", "idm", arrange=has(suites={"IDM": 401})),
    Case("G04", "A", "idm", arrange=has(suites={"IDM": 403})),
    Case("G04", "A", "idm", arrange=user("Infor-SuiteUser")),
    Case("G04", "A", "gateway", arrange=app(enforce_scopes=True), layout={"version": "1.0"}),
    Case("G05", "A", "idm", arrange=has(suites={"IDM": 404})),
    Case("G06", "E", "gateway", arrange=has(suites={"*": 404})),
    Case("G07", "A", "idm", UNDETERMINED, has(suites={"IDM": 429})),
    Case("G08", "A", "ion_messaging", UNDETERMINED, has(suites={"IONSERVICES": 504})),
    Case("G09", "E", "identity", UNDETERMINED, has(users_me="error_list")),
    *(Case("G09", "U", "identity", UNDETERMINED, has(users_me=mood)) for mood in ("inner_error_list", "xml", "list", "other_keys", "no_userlist", 204)),
    *(
        Case("G09", "U", "idm", UNDETERMINED, has(product_answers={"IDM": answer}))
        for answer in ("error_list", "error_object", "xml_error", "text", "empty", "other_json", "empty_list")
    ),
    *(Case("G09", "U", "ion_messaging", UNDETERMINED, has(product_answers={"IONSERVICES": answer})) for answer in ("error_list", "fail", "code_471")),
    Case("G09", "U", "m3", UNDETERMINED, has(product_answers={"M3": "other_json"}), wanted=M3),
    *(Case("N04", "U", "idm", UNDETERMINED, has(product_answers={"IDM": answer})) for answer in ("page", "xhtml_page")),
    *(Case("N04", "C", "gateway", UNDETERMINED, has(gateway_page=status)) for status in (200, 401, 403, 404)),
    Case("G10", "U", "identity", UNDETERMINED, has(users_me=501)),
    Case("G13", "U", "identity", UNDETERMINED, has(users_me=404)),
    Case("G13", "C", "ln", UNDETERMINED, has(suites={"LN": 404}), wanted={"stages": (), "ln": True}),
    Case("G11", "U", "gateway", UNDETERMINED, has(suites={"ifsservice": 401, "IONSERVICES": 404, "IDM": 503})),
    *(
        Case("R06", "U", "roles", UNDETERMINED, has(users_me=mood))
        for mood in ("no_groups", "groups_null", "groups_strings", "groups_text", "groups_other_name", "first_page")
    ),
    Case("R06", "U", "roles", UNDETERMINED, has(role_names="group")),
    *(Case("R07", "U", "roles", UNDETERMINED, has(role_names=how)) for how in ("prefix", "words")),
    Case("G10", "C", "idm", UNDETERMINED, has(suites={"IDM": 500})),
    Case("R01", "U", "identity", layout={"roles": None}),
    Case("R01", "U", "identity", arrange=has(users_me_without_user=401), layout={"roles": None}),
    Case("R01", "U", "identity", arrange=has(users_me_without_user=404), layout={"roles": None}),
    Case("R01", "U", "identity", arrange=account(user={"id": None})),
    Case("R02", "A", "roles", arrange=user("Infor-SuiteUser", "MingleEnterprise")),
    Case("R03", "A", "roles", WARNED, user("IDM-Administrator", "Infor-SuiteUser", "MingleEnterprise")),
    Case("R04", "E", "roles", WARNED, user("IDM-AdvancedUser", "Infor-SuiteUser")),
    Case("R05", "E", "roles", WARNED, user(*ROLES, "IONAPI-Administrator")),
    Case("I01", "A", "connection_point", arrange=no_connection_point, wanted=POINT),
    Case("I01", "A", "connection_point", arrange=inactive_connection_point, wanted=POINT),
    Case("I04", "U", "connection_point", UNDETERMINED, accepts_nothing, wanted=POINT),
    Case("I05", "A", "connection_point", WARNED, accepts_another_document, wanted=POINT),
    Case("I02", "C", "connection_point", arrange=another_app_in_the_connection_point, wanted=POINT),
    Case("I03", "A", "connection_point", arrange=has(suites={"IONSERVICES": 403}), wanted=POINT),
    Case("M01", "C", "m3", layout={"roles": None}, wanted=M3),
    Case("M01", "U", "m3", arrange=has(m3_without_user_status=500), layout={"roles": None}, wanted=M3),
    Case("M02", "B", "m3", arrange=has(m3_error="The program does not exist"), wanted=M3),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.id}-{case.tag}-{case.stage}")
def test_the_row_is_found_at_its_stage(simulator, case):
    infor = SimulatedInfor(simulator, **case.layout)
    case.arrange(infor)
    before = simulator.last()
    proof = infor.proof(**case.wanted)
    simulator.faults([])
    stages = {stage.name: stage for stage in proof.stages}
    assert case.id in [finding.id for finding in stages[case.stage].findings]
    assert stages[case.stage].outcome == case.outcome
    if case.outcome == WARNED:
        assert not [finding for finding in stages[case.stage].findings if finding.level == "error"]
    # Its cause shows first at this stage: what came before was fine, or warned.
    earlier = proof.stages[: list(stages).index(case.stage)]
    if case.stage in ("resolve", "connect", "tls", "token", "gateway"):
        assert {stage.outcome for stage in earlier} <= {"passed", "warned"}
        assert {stage.outcome for stage in proof.stages[len(earlier) + 1 :]} <= {"skipped"} or case.outcome == WARNED
    calls = simulator.journal(before)
    # One more where the server refuses the client or the form of the request: with the credentials in the body.
    assert len([call for call in calls if call.get("login")]) <= (2 if case.id in ("A01", "A13") else 1)
    assert not [call for call in calls if call["write"]]
    shown = json.dumps(proof.as_dict()) + repr(proof)
    assert not [form for form in infor.secrets.encodings() if form in shown]


# By the rate limiter, by waiting workers, by a refresh that Infor refuses, by a failed revocation, and by what only something in between answers:
# unit tests.
NOT_INFORS = {"A14", "A15", "A16", "A17", "A19", "A20", "A21", "G12"}


def test_every_row_has_a_case():
    assert set(RULES) - {case.id for case in CASES} == NOT_INFORS


LAYOUTS = [
    {},
    {"version": "1.0"},
    {"flavour": "op"},
]


@pytest.mark.parametrize("layout", LAYOUTS, ids=str)
@pytest.mark.parametrize("check_mode", [False, True])
def test_a_good_file_is_proved(simulator, layout, check_mode):
    infor = SimulatedInfor(simulator, **layout)
    before = simulator.last()
    proof = infor.proof(check_mode=check_mode)
    assert [(stage.name, stage.outcome) for stage in proof.stages] == [(name, "passed") for name in DEFAULT_STAGES], proof.findings
    calls = simulator.journal(before)
    assert [bool(call.get("login")) for call in calls].count(True) == 1
    assert [bool(call.get("refresh")) for call in calls].count(True) == 0
    assert not [call for call in calls if call["write"]]


def test_client_credentials_prove_as_far_as_they_go(simulator):
    infor = SimulatedInfor(simulator, service_account=False)
    proof = infor.proof(stages=("token", "refresh_token", "ion_messaging"), profile="infor")
    assert {stage.name: stage.outcome for stage in proof.stages}["refresh_token"] == "skipped"
    assert proof.outcome == "proved"


@pytest.mark.parametrize(
    "switches",
    [
        {"token_format": "opaque"},
        {"expires_in": "string"},
        {"expires_in": "missing"},
        {"clock_offset": -600, "expires_in": "missing"},
        {"client_authentication": "header"},
        {"client_authentication": "body"},
        {"fresh_token_refusals": 1},
        {"fresh_token_seconds": 1.5},
        {"role_names": "lower"},
        {"product_answers": {"IONSERVICES": "empty"}},
        {"reuse_grant": True},
    ],
    ids=str,
)
def test_file_is_proved_where_infor_answers_in_another_way(simulator, switches):
    infor = SimulatedInfor(simulator)
    infor.tenant(**switches)
    proof = infor.proof()
    assert proof.outcome == "proved", proof.findings


def test_seventeen_environments_share_a_login_with_a_clock_that_is_minutes_off(simulator):
    infor = SimulatedInfor(simulator)
    infor.tenant(clock_offset=-6900, expires_in="missing")
    before = simulator.last()
    for _environment in range(17):
        infor.proof(stages=("gateway",))
    assert len([call for call in simulator.journal(before) if call.get("login")]) == 1


@pytest.mark.parametrize("first", [{"revoke": True}, {"stages": ("refresh", "gateway")}], ids=str)
def test_task_after_one_that_ended_tokens_is_proved(simulator, first):
    infor = SimulatedInfor(simulator)
    infor.tenant(reuse_grant=True, rotate_refresh_tokens=True, refresh_ends_access_token=True)
    assert infor.proof().outcome == "proved"
    infor.proof(**first)
    before = simulator.last()
    assert infor.proof().outcome == "proved"
    assert len([call for call in simulator.journal(before) if call.get("login")]) <= 1


def test_m3_ln_and_the_connection_point_pass(simulator):
    infor = SimulatedInfor(simulator)
    infor.tenant(connection_points={LOGICAL_ID: {"client_id": infor.file["ci"], "active": True}})
    proof = infor.proof(m3=True, logical_ids=(LOGICAL_ID,))
    assert proof.outcome == "proved" and {"m3", "connection_point"} <= {stage.name for stage in proof.stages}


def test_revocation_takes_the_access_token_only(simulator):
    infor = SimulatedInfor(simulator)
    before = simulator.last()
    assert infor.proof(stages=("token",), revoke=True).as_dict()["revoked"] is True
    assert [call["path"].rpartition("/")[2] for call in simulator.journal(before)] == ["token.oauth2", "revoke_token.oauth2"]


def found_by_workers(tenants) -> list:
    """What a worker for each tenant finds, all at once, forked as Ansible forks them: from a process that made no call yet."""
    context = multiprocessing.get_context("fork")
    found = context.SimpleQueue()
    workers = [context.Process(target=lambda infor=infor: found.put([finding.id for finding in infor.proof().findings])) for infor in tenants]
    for worker in workers:
        worker.start()
    results = [found.get() for _worker in workers]
    for worker in workers:
        worker.join()
    return results


def test_sixty_workers_with_three_files_make_three_logins(simulator):
    tenants = [SimulatedInfor(simulator) for _file in range(3)]
    before = simulator.last()
    assert found_by_workers(tenants * 20) == [[]] * 60
    assert len([call for call in simulator.journal(before) if call.get("login")]) == 3


def test_a_refused_file_is_tried_once_by_sixty_workers(simulator):
    infor = SimulatedInfor(simulator)
    infor.account(enabled=False)
    before = simulator.last()
    assert found_by_workers([infor] * 60) == [["A02"]] * 60
    assert len(simulator.journal(before)) == 1


PLAY = """
- hosts: all
  gather_facts: false
  tasks:
    - docbits.ion.connection_info:
        src: "{{ ionapi_file }}"
        ca_path: "{{ ca }}"
        allow_insecure: true
"""


def test_a_play_of_sixty_environments_with_three_files_makes_three_logins(simulator, tmp_path):
    files = []
    for number in range(3):
        files.append(tmp_path / f"{number}.ionapi")
        files[-1].write_text(json.dumps(SimulatedInfor(simulator).file))
        files[-1].chmod(0o600)
    hosts = {f"environment{number}": {"ionapi_file": str(files[number % 3])} for number in range(60)}
    shared = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable, "ca": simulator.ca}
    (tmp_path / "inventory.yml").write_text(json.dumps({"all": {"hosts": hosts, "vars": shared}}))
    (tmp_path / "play.yml").write_text(PLAY)
    (tmp_path / "ansible.cfg").write_text(f"[defaults]\nforks = 20\nlocal_tmp = {tmp_path}/tmp\n")
    before = simulator.last()
    run = subprocess.run(
        [ANSIBLE_BIN / "ansible-playbook", "-i", "inventory.yml", "play.yml"],
        cwd=tmp_path,
        env=os.environ | {"ANSIBLE_CONFIG": str(tmp_path / "ansible.cfg"), "NO_PROXY": "127.0.0.1"},
        check=False,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    calls = simulator.journal(before)
    assert len([call for call in calls if call.get("login")]) == 3
    assert len([call for call in calls if call["path"].endswith("/users/me")]) == 60
