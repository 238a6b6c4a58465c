# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The transport: what is repeated and what never, the deadline, the guard of check mode, and causes told without a URL or a body."""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
import ssl
import threading
import time

import pytest
import requests
import responses
from responses.registries import OrderedRegistry

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import BadAnswer, CheckModeViolation, InvalidInput, IonError, Unreachable
from ansible_collections.docbits.ion.plugins.module_utils._http import client as _transport
from ansible_collections.docbits.ion.plugins.module_utils._http.client import LONGEST_RETRY_AFTER, HttpClient, Response, Settings
from ansible_collections.docbits.ion.plugins.module_utils._http.semaphore import Gate

HOST = "https://docbits.example.com"
READ, WRITE = f"{HOST}/read", f"{HOST}/write"


class Clock:
    """Time that passes only in pauses and where a test lets it."""

    def __init__(self):
        self.now, self.pauses = 1000.0, []

    def monotonic(self):
        return self.now

    def sleep(self, seconds):
        self.pauses.append(seconds)
        self.now += seconds


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(_transport, "time", clock)
    return clock


@pytest.fixture
def script():
    with responses.RequestsMock(registry=OrderedRegistry, assert_all_requests_are_fired=True) as mock:
        yield mock


@pytest.fixture
def serve():
    """A server in a thread of its own that lets a function answer the first request of each connection; gives its address."""
    listener = socket.create_server(("127.0.0.1", 0))

    def started(answer):
        started.connections = 0

        def work(connection):
            with connection, contextlib.suppress(OSError):
                connection.recv(65536)
                answer(connection)

        def accept():
            with contextlib.suppress(OSError):
                while True:
                    connection = listener.accept()[0]
                    started.connections += 1
                    threading.Thread(target=work, args=(connection,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}/"

    yield started
    listener.close()


def transport(check_mode=False, **settings):
    return HttpClient(Settings(**settings), frozenset([("POST", READ)]), check_mode)


def caught_from(call, kind=IonError):
    with pytest.raises(kind) as caught:
        call()
    return caught.value


# What is repeated


@pytest.mark.parametrize("status", [502, 503, 504, 429])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_read_is_repeated_with_growing_pauses(script, clock, method, status):
    for answer in (status, status, 200):
        script.add(method, READ, status=answer, body=b"x")
    assert transport().call(method, READ).status == 200
    first, second = clock.pauses
    assert 0.4 <= first <= 0.6 and 0.8 <= second <= 1.2


@pytest.mark.parametrize("status", [500, 501, 401, 404, 400])
def test_an_answer_that_would_come_again_is_not_asked_for_again(script, clock, status):
    script.get(READ, status=status)
    assert transport().call("GET", READ).status == status
    assert clock.pauses == []


def test_the_last_answer_is_given_when_the_retries_are_used_up(script, clock):
    for _attempt in range(3):
        script.get(READ, status=503)
    assert transport(retries=2).call("GET", READ).status == 503


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_write_is_not_repeated_after_an_answer_that_leaves_open_what_happened(script, clock, status):
    script.post(WRITE, status=status)
    assert transport().call("POST", WRITE).status == status


def test_a_write_is_not_repeated_after_no_answer(script, clock):
    script.post(WRITE, body=requests.exceptions.ReadTimeout())
    assert caught_from(lambda: transport().call("POST", WRITE), Unreachable).id == "N06"


def test_a_write_that_was_put_off_is_sent_again(script, clock):
    script.post(WRITE, status=429)
    script.post(WRITE, status=200)
    assert transport().call("POST", WRITE, data={"a": "1"}).status == 200
    assert [call.request.body for call in script.calls] == ["a=1", "a=1"]


@pytest.mark.parametrize("outcome", [{"status": 429}, {"status": 503}, {"body": requests.exceptions.ConnectionError()}])
def test_what_must_happen_at_most_once_is_sent_once(script, clock, outcome):
    script.post(READ, **outcome)
    if "status" in outcome:
        assert transport().call("POST", READ, retry=False).status == outcome["status"]
    else:
        caught_from(lambda: transport().call("POST", READ, retry=False), Unreachable)
    assert clock.pauses == []


def test_a_read_without_an_answer_is_repeated(script, clock):
    script.get(READ, body=requests.exceptions.ConnectionError())
    script.get(READ, status=200)
    assert transport().call("GET", READ).status == 200


@pytest.mark.parametrize(("header", "pause"), [("7", 7.0), ("0", 0.0), ("99999", LONGEST_RETRY_AFTER)])
def test_retry_after_is_honoured_up_to_a_cap(script, clock, header, pause):
    script.get(READ, status=429, headers={"Retry-After": header})
    script.get(READ, status=200)
    transport().call("GET", READ)
    assert clock.pauses == [pause]


@pytest.mark.parametrize("header", ["soon", "-1", "1.5", "", "Wed, 21 Oct 2026 07:28:00 GMT", "\u00b2"])
def test_a_retry_after_that_is_no_number_of_seconds_is_an_ordinary_pause(script, clock, header):
    script.get(READ, status=429, headers={"Retry-After": header})
    script.get(READ, status=200)
    transport().call("GET", READ)
    assert 0.4 <= clock.pauses[0] <= 0.6


# The deadline


def test_no_pause_goes_beyond_the_deadline(script, clock):
    script.get(READ, status=429, headers={"Retry-After": "30"})
    assert transport(deadline=20.0).call("GET", READ).status == 429
    assert clock.pauses == []


def test_silence_to_the_end_of_the_deadline_is_the_deadline(script, clock):
    def silent(_request):
        clock.now += 20.0
        raise requests.exceptions.ReadTimeout

    script.add_callback("GET", READ, silent)
    assert caught_from(lambda: transport(deadline=20.0).call("GET", READ), Unreachable).id == "N07"


def test_after_the_deadline_nothing_is_sent_until_it_starts_over(script, clock):
    script.get(READ, status=200)
    line = transport(deadline=20.0)
    clock.now += 20.0
    error = caught_from(lambda: line.call("GET", READ), Unreachable)
    assert error.id == "N07" and "20 s" in error.message
    line.start_over()
    assert line.call("GET", READ).status == 200


def test_every_call_has_timeouts_within_the_deadline(script, clock):
    timeouts = []

    def note(request):
        timeouts.append(request.req_kwargs["timeout"])
        return True, ""

    for _call in range(3):
        script.get(READ, status=200, match=[note])
    line = transport(timeout=30.0, deadline=40.0)
    line.call("GET", READ)
    clock.now += 35.0
    line.call("GET", READ)
    transport(timeout=4.0).call("GET", READ)
    assert timeouts == [(10.0, 30.0), (5.0, 5.0), (4.0, 4.0)]


DRIPPING = 10.0  # seconds


def drip(connection, start, drops):
    connection.sendall(start)
    for _drop in range(round(DRIPPING / 0.05)):
        connection.sendall(drops)
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("start", "drops"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n", b"x"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        (b"HTTP/1.1 200 OK\r\n\r\n", b"x"),
        (b"HTTP/1.1 200 OK\r\nX-A: ", b"x"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 1000),
    ],
    ids=["length", "chunks", "until the end", "header", "continue", "many continues"],
)
def test_an_answer_that_drips_ends_with_the_deadline(serve, start, drops):
    url = serve(lambda connection: drip(connection, start, drops))
    started = time.monotonic()
    error = caught_from(lambda: transport(deadline=0.4, retries=2).call("GET", url), Unreachable)
    assert error.id == "N07" and 0.3 < time.monotonic() - started < DRIPPING


def test_a_connection_that_was_kept_alive_is_watched_too(serve):
    def first_well_then_badly(connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        connection.recv(65536)
        drip(connection, b"HTTP/1.1 200 OK\r\nX-A: ", b"x")

    url = serve(first_well_then_badly)
    assert transport().call("GET", url).body == b"ok"
    started = time.monotonic()
    assert caught_from(lambda: transport(deadline=0.4).call("GET", url), Unreachable).id == "N07"
    assert time.monotonic() - started < DRIPPING and serve.connections == 1


def test_a_connection_outlives_the_deadline_of_the_call_that_opened_it(serve):
    def answer_twice(connection):
        for _answer in range(2):
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            connection.recv(65536)

    url = serve(answer_twice)
    assert transport(deadline=1.5).call("GET", url).body == b"ok"
    time.sleep(1.6)
    assert transport().call("GET", url).body == b"ok"
    assert serve.connections == 1


def test_a_forked_process_keeps_the_deadline(serve):
    url = serve(lambda connection: drip(connection, b"HTTP/1.1 200 OK\r\nX-A: ", b"x"))
    caught_from(lambda: transport(deadline=0.2).call("GET", url), Unreachable)
    child = os.fork()
    if child == 0:
        try:
            error = caught_from(lambda: transport(deadline=0.2).call("GET", url), Unreachable)
            os._exit(0 if error.id == "N07" else 1)
        finally:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_waiting_for_the_host_ends_with_the_deadline(monkeypatch):
    monkeypatch.setattr(_transport, "GATE", Gate(places=0))
    assert caught_from(lambda: transport(deadline=0.2).call("GET", READ), Unreachable).id == "N07"


def test_a_thousand_repetitions_have_a_pause_that_can_be_told(script, clock):
    for _attempt in range(1101):
        script.get(READ, status=503, headers={"Retry-After": "0"})
    assert transport(retries=1100).call("GET", READ).status == 503


# Check mode


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_check_mode_refuses_every_write_before_it_leaves(script, method):
    error = caught_from(lambda: transport(check_mode=True).call(method, WRITE, data={"a": "1"}), CheckModeViolation)
    assert error.id == "X01" and method in error.message


@pytest.mark.parametrize(("method", "url"), [("PUT", READ), ("POST", READ + "/x"), ("POST", READ + "?a=1")])
def test_only_the_exact_read_passes_in_check_mode(script, method, url):
    caught_from(lambda: transport(check_mode=True).call(method, url), CheckModeViolation)


def test_reads_pass_in_check_mode(script):
    script.get(WRITE, status=200)
    script.post(READ, status=200)
    line = transport(check_mode=True)
    assert [line.call("GET", WRITE).status, line.call("POST", READ).status] == [200, 200]


# Answers


def test_an_answer_is_read_to_its_end():
    with responses.RequestsMock() as mock:
        mock.get(
            READ, status=201, body=b'{"a": 1}', content_type="application/JSON; charset=utf-8", headers={"X-Correlation-ID": "c-123", "X-Trace-Id": "t-123"}
        )
        answer = transport().call("GET", READ)
    assert (answer.status, answer.json(), answer.content_type, answer.request_id, answer.where) == (
        201, {"a": 1}, "application/json", "c-123", "docbits.example.com"
    )  # fmt: skip


@pytest.mark.parametrize(
    ("headers", "request_id"),
    [
        ({"x-request-id": "9f-1:a.b_c"}, "9f-1:a.b_c"),
        ({"x-amzn-trace-id": "Root=1-67891233-abcdef012345678912345678"}, "Root=1-67891233-abcdef012345678912345678"),
        ({"x-request-id": "look at https://example.com", "x-trace-id": "t-123"}, "t-123"),
        ({"x-request-id": "a" * 65}, None),
        ({"x-request-id": "\x1b[31m"}, None),
        ({"x-request-id": "abcd\n"}, None),
        ({}, None),
    ],
)
def test_only_what_looks_like_an_id_is_the_id_of_a_call(headers, request_id):
    assert Response(500, headers, b"", 0.1, "h").request_id == request_id


@pytest.mark.parametrize(
    ("body", "content_type", "is_html"),
    [
        (b"", "text/html", True),
        (b" \n<!DOCTYPE HTML>", "text/plain", True),
        (b"<HTML>", "", True),
        (b"<?xml version='1.0'?><xsl:stylesheet/>", "application/xml", False),
        (b"<h1>", "application/json", False),
    ],
)
def test_a_web_page_is_known(body, content_type, is_html):
    assert Response(200, {"content-type": content_type}, body, 0.1, "h").is_html is is_html


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe\x00", b"[" * 100_000])
def test_no_json_is_an_error_without_the_body(body):
    with pytest.raises(ValueError, match=r"^the answer is no JSON$") as caught:
        Response(200, {}, body, 0.1, "h").json()
    assert caught.value.__suppress_context__


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_never_followed(script, status):
    target = f"https://elsewhere.example/{secrets.token_urlsafe(8)}"
    script.get(READ, status=status, headers={"Location": target})
    error = caught_from(lambda: transport().call("GET", READ), BadAnswer)
    assert error.id == "N04" and error.facts == {"status": status}
    assert target not in error.message


def test_an_answer_without_end_is_given_up(script, monkeypatch):
    monkeypatch.setattr(_transport, "LARGEST_ANSWER", 1000)
    script.get(READ, body=b"x" * 1001)
    assert caught_from(lambda: transport().call("GET", READ), BadAnswer).id == "N08"


# No answer


def wrapped(cause):
    return requests.exceptions.ConnectionError(cause)


def not_verified():
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_message = "self-signed certificate"
    return requests.exceptions.SSLError(error)


@pytest.mark.parametrize(
    ("error", "id_", "says"),
    [
        (wrapped(socket.gaierror(-2, "no name")), "N01", "cannot be resolved"),
        (wrapped(ConnectionRefusedError(111, "refused")), "N02", "connection was refused"),
        (requests.exceptions.ConnectTimeout(), "N02", "nothing answered the connection in time"),
        (wrapped(ConnectionResetError(104, "reset")), "N02", "the connection broke (ConnectionError)"),
        (requests.exceptions.ChunkedEncodingError(), "N02", "the connection broke (ChunkedEncodingError)"),
        (not_verified(), "N03", "not accepted (self-signed certificate)"),
        (requests.exceptions.SSLError(ssl.SSLError(1, "wrong version number")), "N03", "no TLS connection could be agreed"),
        (requests.exceptions.ProxyError(), "N05", "the proxy refused"),
        (requests.exceptions.ReadTimeout(), "N06", "did not answer within 30 s"),
    ],
)
def test_no_answer_is_told_by_its_cause(script, error, id_, says):
    script.get(READ, body=error)
    told = caught_from(lambda: transport(retries=0).call("GET", READ), Unreachable)
    assert told.id == id_ and says in told.message
    assert told.message.startswith("docbits.example.com: ")


def test_neither_url_nor_cause_shows(script):
    value = secrets.token_urlsafe(12)
    script.get(f"{HOST}/{value}", body=wrapped(OSError(value)))
    error = caught_from(lambda: transport(retries=0).call("GET", f"{HOST}/{value}", params={"q": value}, headers={"X-API-KEY": value}))
    assert value not in repr((error.message, error.facts, error.args)) and error.__suppress_context__


@pytest.mark.parametrize("url", ["https://[::1", "nonsense", "https://", "https://h:port/x"])
def test_an_address_that_is_none_is_an_ordinary_error(url):
    assert caught_from(lambda: transport(retries=0).call("GET", url), Unreachable).id.startswith("N")


def test_a_header_that_cannot_be_sent_does_not_show():
    value = secrets.token_urlsafe(12) + "\n"
    error = caught_from(lambda: transport(retries=0).call("GET", READ, headers={"X-API-KEY": value}))
    assert value.strip() not in error.message


def test_a_port_where_nothing_listens_is_told_with_host_and_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    error = caught_from(lambda: transport(retries=0).call("GET", f"http://127.0.0.1:{port}/secret"), Unreachable)
    assert error.message.startswith(f"127.0.0.1:{port}: the connection was refused")


def test_a_ca_bundle_that_cannot_be_read_is_told_with_its_path(tmp_path):
    bundle = tmp_path / "ca.pem"
    for _try in range(2):
        error = caught_from(lambda: transport(ca_path=str(bundle)).call("GET", READ), InvalidInput)
        assert error.id == "N09" and str(bundle) in error.message
        bundle.write_text("no certificate")


def test_a_missing_requests_library_is_told_before_any_call(monkeypatch):
    monkeypatch.setattr(_transport, "requests", None)
    error = caught_from(transport, InvalidInput)
    assert error.id == "N12" and "requests" in error.message


# What a session must never do


def test_a_netrc_entry_and_cookies_never_reach_a_call(script, monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine docbits.example.com login someone password something")
    monkeypatch.setenv("NETRC", str(netrc))
    script.get(READ, headers={"Set-Cookie": "session=1"})
    script.get(READ)
    line = transport()
    line.call("GET", READ)
    line.call("GET", READ)
    for call in script.calls:
        assert "Authorization" not in call.request.headers and "Cookie" not in call.request.headers


def test_a_given_proxy_goes_before_those_of_the_environment(monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://environment.example:3128")
    monkeypatch.setenv("NO_PROXY", "other.example")
    given = "http://given.example:3128"
    assert _transport.proxies_for(READ, given) == {"http": given, "https": given}
    assert _transport.proxies_for(READ, None)["https"] == "http://environment.example:3128"
    assert _transport.proxies_for("https://other.example/x", None) == {}


def test_a_missing_requests_library_is_said_before_the_first_call(monkeypatch):
    monkeypatch.setattr(_transport, "requests", None)
    with pytest.raises(InvalidInput, match="requests"):
        HttpClient(Settings())
