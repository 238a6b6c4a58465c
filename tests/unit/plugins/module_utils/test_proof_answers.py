# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every stage of the proof with every class of answers: its outcome and its finding. The table is that of docs/diagnoses.md."""

from __future__ import annotations

import json
import secrets

import pytest
import requests
import responses

from ansible_collections.docbits.ion.plugins.module_utils._core.findings import ERROR, WARNING
from ansible_collections.docbits.ion.plugins.module_utils._core.redaction import Secrets
from ansible_collections.docbits.ion.plugins.module_utils._http.client import Settings
from ansible_collections.docbits.ion.plugins.module_utils._infor import client as _client
from ansible_collections.docbits.ion.plugins.module_utils._infor import logins as _logins
from ansible_collections.docbits.ion.plugins.module_utils._infor import preflight as _preflight
from ansible_collections.docbits.ion.plugins.module_utils._infor.proof import ProofOptions, prove
from ansible_collections.docbits.ion.plugins.module_utils._infor.rules import RULES
from ansible_collections.docbits.ion.plugins.module_utils._ionapi import parser
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.form import Expectations
from ansible_collections.docbits.ion.tests.docs.generate_rules import DIAGNOSES_PAGE
from ansible_collections.docbits.ion.tests.docs.infor_examples import EXAMPLES, LOGICAL_ID, NOT_FROM_ONE_ANSWER, RIGHT
from simulator.ionapi import cloud_file

REACHED = {check: {"seconds": 0.0, "problem": None, "names": {}} for check in _preflight.CHECKS}
URLS = {
    "identity": _client.PRODUCTS["IFS"][0],
    "idm": _client.PRODUCTS["IDM"][0],
    "ion_messaging": _client.PRODUCTS["ION Messaging"][0],
    "m3": _client.PRODUCTS["M3"][0],
    "ln": _client.PRODUCTS["LN"][0],
    "connection_point": "acceptedDocuments",
}
# Of a proof with this stage alone and those that it needs.
OUTCOMES = {"passed": "partial", "warned": "partial", "failed": "refused", "undetermined": "undetermined"}


@pytest.fixture(autouse=True)
def _run_of_its_own(monkeypatch):
    monkeypatch.setattr(_logins, "TOKEN_CACHE", _logins.SharedCache())
    monkeypatch.setattr(_logins, "LOGIN_RATE_LIMITER", _logins.LoginRateLimiter())
    monkeypatch.setattr(_preflight, "_CACHE", _logins.SharedCache())
    monkeypatch.setattr(_preflight, "_check", lambda *_host: REACHED)
    monkeypatch.setattr(_client.time, "sleep", lambda _seconds: None)
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


def ionapi():
    return parser.parse_or_fail(json.dumps(cloud_file()), "test.ionapi", Expectations())[0]


class Server:
    """Sends the responses of one example at its stage, and the right form everywhere else."""

    def __init__(self, example) -> None:
        self._example = example
        self._sent = {}
        self.requests = []

    def answer(self, request):
        self.requests.append(request)
        stage = self._stage_of(request)
        sends = self._example.sends if self._is_asked(stage) else (RIGHT[stage],)
        count = self._sent[request.url] = self._sent.get(request.url, 0) + self._is_asked(stage)
        sent = sends[min(max(count, 1), len(sends)) - 1]
        if sent.failure == "slow":
            raise requests.exceptions.ReadTimeout
        if sent.failure == "lost":
            raise requests.exceptions.ConnectionError
        body = sent.body.replace("{access}", secrets.token_urlsafe(24)).replace("{refresh}", secrets.token_urlsafe(24))
        headers = {"Content-Type": "", **sent.headers}
        return sent.status, headers, body

    def _stage_of(self, request):
        if request.method == "POST":
            return "refresh" if "grant_type=refresh_token" in request.body else "token"
        return next(stage for stage, path in URLS.items() if request.url.endswith(path))

    def _is_asked(self, stage) -> bool:
        if self._example.stage == "gateway":
            return stage in ("identity", "idm", "ion_messaging")
        return stage == {"refresh_token": "token", "roles": "identity"}.get(self._example.stage, self._example.stage)


def proof_of(example, server, **options):
    by_option = {"m3": {"m3": True}, "ln": {"ln": True}, "connection_point": {"logical_id": LOGICAL_ID}}
    options = {"stages": (example.stage,), **options} if example.stage not in by_option else {"stages": (), **by_option[example.stage]}
    file, known = ionapi(), Secrets()
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        mock.add_callback(responses.POST, file.token_url, server.answer, content_type=None)
        for path in URLS.values():
            mock.add_callback(responses.GET, _url_of(file, path), server.answer, content_type=None)
        return prove(file, Settings(retries=1), ProofOptions(label="test.ionapi", **options), known, False)


def _url_of(file, path):
    if path == "acceptedDocuments":
        path = "IONSERVICES/api/ion/messaging/service/v3/lid%3A%2F%2Finfor.ims.docbits/acceptedDocuments"
    return file.gateway_url + path


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: f"{example.stage}: {example.answer}")
def test_stage_with_answer_has_outcome_and_finding(example):
    server = Server(example)
    proof = proof_of(example, server)
    stages = {stage.name: stage for stage in proof.stages}
    assert stages[example.stage].outcome == example.outcome, proof.findings
    level = WARNING if example.outcome == "warned" else ERROR
    assert {finding.id for finding in stages[example.stage].findings if finding.level == level} == ({example.finding} if example.finding else set())
    assert proof.outcome == OUTCOMES[example.outcome]
    for finding in proof.findings:
        assert "{" not in finding.sentence() and "None" not in finding.sentence()


@pytest.mark.parametrize("example", [example for example in EXAMPLES if example.answer == "429 with Retry-After"], ids=lambda example: example.stage)
def test_retry_after_beyond_the_deadline_is_reported_and_not_waited_for(example):
    server = Server(example)
    (finding,) = proof_of(example, server).findings
    assert "Infor asks to wait 3600 s" in finding.message
    sent = [(request.url, request.body) for request in server.requests]
    assert len(sent) == len(set(sent))


def test_every_diagnosis_has_an_example():
    assert {example.finding for example in EXAMPLES if example.finding in RULES} == set(RULES) - NOT_FROM_ONE_ANSWER


def test_every_stage_that_sends_a_request_has_every_class_of_answers():
    classes = {
        "the right form",
        "an empty body",
        "a web page",
        "a redirect",
        "403",
        "404",
        "429",
        "a limit as 400",
        "a limit as 403",
        "503 once",
        "slow",
        "lost",
    }
    for stage in RIGHT:
        assert classes <= {example.answer for example in EXAMPLES if example.stage == stage}, stage


def test_page_is_up_to_date():
    assert DIAGNOSES_PAGE.path.read_text(encoding="utf-8") == DIAGNOSES_PAGE.text(), "run tests/docs/generate_rules.py"
