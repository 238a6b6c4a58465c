# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulator as a program: start, stop, restart, certificates, the journal, faults and latency."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from simulator.client import TESTS, Simulator
from simulator.journal import BATCH, Journal
from simulator.store import Store

LIST = "/configurations/get_configurations"
WEBHOOK = {"doc_type": "INVOICE", "export_url": "https://hook.test"}


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    with Simulator.start(tmp_path_factory.mktemp("simulator")) as simulator:
        yield simulator


@pytest.fixture
def simulator(running):
    yield running
    running.reset()


def organisation(simulator, name="acme"):
    """Put an organisation on the root host and give the headers of its key."""
    key = secrets.token_urlsafe(24)
    simulator.put_organisation(name, api_key=key, document_types=["INVOICE"])
    return {"X-API-KEY": key}


def call(simulator, method, path, service="docbits", **arguments):
    url = {"docbits": simulator.docbits_url, "infor": simulator.infor_url}[service]
    return requests.request(method, url + path, verify=simulator.ca, timeout=10, **arguments)


def wait_until(condition, seconds=10):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return False


def answers(simulator):
    try:
        return call(simulator, "GET", "/healthz").ok
    except requests.ConnectionError:
        return False


# -- start and stop


def test_the_certificate_is_of_the_own_authority_only(simulator):
    assert call(simulator, "GET", "/healthz").status_code == 200
    with pytest.raises(requests.exceptions.SSLError):
        requests.get(f"{simulator.docbits_url}/healthz", timeout=10)


def test_a_restart_loses_nothing(tmp_path):
    first = Simulator.start(tmp_path)
    headers = organisation(first)
    call(first, "POST", "/configurations/configure_webhook_export", headers=headers, data=WEBHOOK)
    before, certificate = first.exports("acme"), Path(first.ca).read_bytes()
    ports = [int(url.rpartition(":")[2]) for url in (first.infor_url, first.docbits_url)]
    first.stop()
    assert first.process.returncode == 0
    with Simulator.start(tmp_path, infor_port=ports[0], docbits_port=ports[1]) as second:
        assert second.docbits_url == first.docbits_url
        assert Path(second.ca).read_bytes() == certificate
        assert second.exports("acme") == before != []
        assert call(second, "POST", LIST, headers=headers).json()["data"]
        assert [entry["seq"] for entry in second.journal()] == [1, 2]


def test_it_ends_with_its_parent(tmp_path):
    ready = tmp_path / "ready.json"
    program = f"""
import os, subprocess, sys, time
subprocess.Popen([sys.executable, "-m", "simulator", "--state", {str(tmp_path / "state")!r}, "--ready", {str(ready)!r}, "--parent", str(os.getpid())])
time.sleep(60)
"""
    parent = subprocess.Popen([sys.executable, "-c", program], env={**os.environ, "PYTHONPATH": str(TESTS)})
    try:
        assert wait_until(ready.exists)
        simulator = Simulator.attach(ready)
        assert answers(simulator)
    finally:
        parent.kill()
        parent.wait()
    ended = wait_until(lambda: not answers(simulator))
    if not ended:
        os.kill(json.loads(ready.read_text())["pid"], signal.SIGKILL)
    assert ended


def test_a_failed_start_says_why(tmp_path):
    taken = Simulator.start(tmp_path / "first")
    try:
        with pytest.raises(RuntimeError, match="in use"):
            Simulator.start(tmp_path / "second", docbits_port=int(taken.docbits_url.rpartition(":")[2]))
    finally:
        taken.stop()


# -- the journal


def test_the_journal_marks_writes_and_keeps_no_secret(simulator):
    headers = organisation(simulator)
    content = secrets.token_hex().encode()
    call(simulator, "POST", LIST, headers=headers)
    call(simulator, "POST", "/configurations/configure_bod_export", headers=headers, data={"title": "x"}, files={"ion_api": ("a.ionapi", content)})
    call(simulator, "POST", "/configurations/validate_export_configuration", headers=headers, data={"doc_type": "INVOICE"})
    call(simulator, "GET", f"/healthz?access_token={content.decode()}")
    listed, configured, _validated, last = simulator.journal()
    assert simulator.writes() == [configured]
    assert (listed["service"], listed["method"], listed["path"], listed["status"], listed["principal"]) == ("docbits", "POST", LIST, 200, "acme")
    assert configured["fields"] == ["title"]
    assert configured["files"] == {"ion_api": hashlib.sha256(content).hexdigest()}
    assert configured["status"] == 422
    assert last["query"] == {"access_token": None}
    text = json.dumps(simulator.journal())
    assert headers["X-API-KEY"] not in text
    assert content.decode() not in text


def test_logins_and_refreshes_at_infor(simulator):
    for grant in ("password", "client_credentials", "refresh_token"):
        call(simulator, "POST", "/ACME_TST/as/token.oauth2", "infor", data={"grant_type": grant, "password": secrets.token_hex()})
    call(simulator, "POST", "/ACME_TST/as/revoke_token.oauth2", "infor", data={"token": secrets.token_hex()})
    call(simulator, "POST", "/ACME_TST/IDM/api/items", "infor", data="{}")
    assert [(entry["login"], entry["refresh"], entry["write"]) for entry in simulator.journal()] == [
        (True, False, False),
        (True, False, False),
        (False, True, False),
        (False, False, False),
        (False, False, True),
    ]


def test_connections_are_kept_and_named(simulator):
    with requests.Session() as session:
        session.verify, session.trust_env = simulator.ca, False
        for _time in range(3):
            session.get(f"{simulator.docbits_url}/healthz", timeout=10)
    assert len({entry["connection"] for entry in simulator.journal()}) == 1


def test_the_journal_goes_on_after_a_number_and_after_clearing(simulator):
    call(simulator, "GET", "/healthz")
    last = simulator.last()
    call(simulator, "GET", "/version")
    (entry,) = simulator.journal(last)
    assert entry["path"] == "/version"
    simulator.clear_journal()
    assert (simulator.journal(), simulator.last()) == ([], entry["seq"])


def test_more_requests_than_one_batch_are_all_kept(tmp_path):
    store = Store(tmp_path / "state.sqlite")
    journal = Journal(store)

    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200})

    async def nothing(*_message):
        return {"type": "http.request"}

    journaled = journal.middleware("docbits", app)
    for _time in range(BATCH + 1):
        scope = {"method": "GET", "path": "/", "query_string": b"", "headers": [], "client": ("127.0.0.1", 1)}
        with pytest.raises(StopIteration):
            journaled(scope, nothing, nothing).send(None)
    assert len(store.read_journal(0)) == BATCH
    assert [entry["seq"] for entry in journal.read(0)] == list(range(1, BATCH + 2))


# -- faults and latency


def fault(action, **more):
    return [{"service": "docbits", "match": "GET /healthz", "times": 1, "action": action, **more}]


def test_an_echo_repeats_the_secrets_of_the_request(simulator):
    key, password = secrets.token_urlsafe(40), secrets.token_urlsafe(40)
    simulator.faults(fault({"echo": 403}, match="POST /any"))
    struck = call(simulator, "POST", "/any", headers={"X-API-KEY": key}, data={"password": password, "grant_type": "password"})
    assert struck.status_code == 403 and struck.headers["X-Correlation-ID"] == key
    for secret in (key, password):
        assert all(text in struck.text for text in (secret, secret[::-1], secret[:-1].upper(), secret.encode().hex()[:32]))


def test_a_fault_answers_in_place_of_the_service_as_often_as_ordered(simulator):
    simulator.faults(fault({"status": 503, "body": "<h1>no</h1>", "content_type": "text/html", "headers": {"Retry-After": "1"}}))
    assert call(simulator, "GET", "/version").status_code == 200
    struck = call(simulator, "GET", "/healthz")
    assert (struck.status_code, struck.text, struck.headers["Content-Type"], struck.headers["Retry-After"]) == (503, "<h1>no</h1>", "text/html", "1")
    assert call(simulator, "GET", "/healthz").status_code == 200
    assert [(entry["status"], entry["fault"]) for entry in simulator.journal()] == [(200, False), (503, True), (200, False)]


def test_a_fault_without_times_lasts(simulator):
    simulator.faults(fault({"status": 500}, times=None))
    assert {call(simulator, "GET", "/healthz").status_code for _time in range(3)} == {500}
    simulator.faults([])
    assert call(simulator, "GET", "/healthz").status_code == 200


def test_a_connection_is_cut(simulator):
    simulator.faults(fault({"close": True}))
    with pytest.raises(requests.ConnectionError):
        call(simulator, "GET", "/healthz")
    assert simulator.journal()[-1]["status"] is None


def test_an_answer_is_cut_off(simulator):
    simulator.faults(fault({"truncate": True}))
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        call(simulator, "GET", "/healthz")


def test_an_answer_is_lost_after_the_work(simulator):
    headers = organisation(simulator)
    simulator.faults([{"service": "docbits", "match": "POST .*webhook", "times": 1, "after": True, "action": {"status": 502}}])
    lost = call(simulator, "POST", "/configurations/configure_webhook_export", headers=headers, data=WEBHOOK)
    assert lost.status_code == 502
    assert len(simulator.exports("acme")) == 1


@pytest.mark.parametrize("after", [False, True])
def test_a_request_is_held_until_the_faults_are_replaced(simulator, after):
    headers = organisation(simulator)
    simulator.faults([{"service": "docbits", "match": "POST .*webhook", "times": 1, "after": after, "action": {"hold": True}}])
    with ThreadPoolExecutor() as pool:
        held = pool.submit(call, simulator, "POST", "/configurations/configure_webhook_export", headers=headers, data=WEBHOOK)
        while not simulator.held():
            time.sleep(0.01)
        assert len(simulator.exports("acme")) == after and not held.done()
        assert call(simulator, "GET", "/healthz").status_code == 200
        simulator.faults([])
        assert held.result().json()["success"] is True
    assert len(simulator.exports("acme")) == 1 and simulator.held() == 0


def test_delay_and_latency(simulator):
    def seconds():
        began = time.monotonic()
        call(simulator, "GET", "/healthz")
        return time.monotonic() - began

    simulator.faults(fault({"delay": 1.5}))
    assert seconds() > 1.5
    assert seconds() < 1.5
    simulator.latency(docbits=1500)
    assert seconds() > 1.5
    simulator.latency(infor=1500)
    assert seconds() < 1.5


def test_reset_forgets_everything(simulator):
    organisation(simulator)
    simulator.faults(fault({"status": 500}, times=None))
    call(simulator, "GET", "/healthz")
    simulator.reset()
    assert simulator.journal() == []
    assert call(simulator, "GET", "/healthz").status_code == 200
    with pytest.raises(ValueError, match="no such organisation"):
        simulator.exports("acme")
