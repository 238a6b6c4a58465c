# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""HttpClient: retries, deadline, the write guard of check mode, and error messages without a URL or a body."""

from __future__ import annotations

import contextlib
import gzip
import os
import secrets
import socket
import ssl
import subprocess
import sys
import textwrap
import threading
import time
import tracemalloc

import pytest
import requests
import responses
import trustme
from responses.registries import OrderedRegistry

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import BadAnswer, CheckModeViolation, InvalidInput, IonError, Unreachable
from ansible_collections.docbits.ion.plugins.module_utils._core.text import MAX_JSON_VALUES
from ansible_collections.docbits.ion.plugins.module_utils._http import client as _client
from ansible_collections.docbits.ion.plugins.module_utils._http.client import MAX_RESPONSE_SIZE, HttpClient, Response, Settings
from ansible_collections.docbits.ion.plugins.module_utils._http.semaphore import HostSemaphore
from ansible_collections.docbits.ion.plugins.plugin_utils._sources import LARGEST_FILE

HOST = "https://docbits.example.com"
READ, WRITE = f"{HOST}/read", f"{HOST}/write"


class Clock:
    """Time that passes only in pauses and where a test says so."""

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
    monkeypatch.setattr(_client, "time", clock)
    return clock


@pytest.fixture
def script():
    with responses.RequestsMock(registry=OrderedRegistry, assert_all_requests_are_fired=True) as mock:
        yield mock


@pytest.fixture
def serve():
    """Starts a server that calls a function with each connection after its first request; returns the URL."""
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


@contextlib.contextmanager
def listening(work):
    """Runs a function with each raw connection, before anything is read; yields the port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def accept():
            with contextlib.suppress(OSError):
                while True:
                    threading.Thread(target=work, args=(listener.accept()[0],), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield listener.getsockname()[1]


@pytest.fixture
def tls(tmp_path):
    """Starts a TLS server that calls a function with each connection after its first request; returns the URL and the path of the CA."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    with contextlib.ExitStack() as stack:

        def started(answer):
            def work(connection):
                with contextlib.suppress(OSError), context.wrap_socket(connection, server_side=True) as encrypted:
                    encrypted.recv(65536)
                    answer(encrypted)

            return f"https://localhost:{stack.enter_context(listening(work))}/", str(tmp_path / "ca.pem")

        yield started


def client(check_mode=False, **settings):
    return HttpClient(Settings(**settings), frozenset([("POST", READ)]), check_mode)


def caught_from(call, kind=IonError):
    with pytest.raises(kind) as caught:
        call()
    return caught.value


# Retries


@pytest.mark.parametrize("status", [502, 503, 504, 429])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_read_when_the_service_is_overloaded_is_retried_with_growing_pauses(script, clock, method, status):
    for answer in (status, status, 200):
        script.add(method, READ, status=answer, body=b"x")
    assert client().call(method, READ).status == 200
    first, second = clock.pauses
    assert 0.4 <= first <= 0.6 and 0.8 <= second <= 1.2


@pytest.mark.parametrize("status", [500, 501, 401, 404, 400])
def test_read_when_a_retry_would_not_help_is_sent_once(script, clock, status):
    script.get(READ, status=status)
    assert client().call("GET", READ).status == status
    assert clock.pauses == []


def test_read_when_all_retries_fail_returns_the_last_response(script, clock):
    for _attempt in range(3):
        script.get(READ, status=503)
    assert client(retries=2).call("GET", READ).status == 503


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_write_when_it_is_refused_is_sent_once(script, clock, status):
    script.post(WRITE, status=status, headers={"Retry-After": "1"})
    assert client().call("POST", WRITE).status == status
    assert clock.pauses == []


def test_write_without_a_response_is_sent_once(script, clock):
    script.post(WRITE, body=requests.exceptions.ReadTimeout())
    assert caught_from(lambda: client().call("POST", WRITE), Unreachable).id == "N06"


@pytest.mark.parametrize("outcome", [{"status": 429}, {"status": 503}, {"body": requests.exceptions.ConnectionError()}])
def test_read_without_retry_is_sent_once(script, clock, outcome):
    script.post(READ, **outcome)
    if "status" in outcome:
        assert client().call("POST", READ, retry=False).status == outcome["status"]
    else:
        caught_from(lambda: client().call("POST", READ, retry=False), Unreachable)
    assert clock.pauses == []


def test_read_without_a_response_is_retried(script, clock):
    script.get(READ, body=requests.exceptions.ConnectionError())
    script.get(READ, status=200)
    assert client().call("GET", READ).status == 200


@pytest.mark.parametrize(("date", "seconds"), [("Thu, 01 Jan 1970 00:16:40 GMT", 1000.0), ("yesterday", None), ("", None)])
def test_time_of_the_server_is_that_of_its_header(date, seconds):
    assert Response(200, {"date": date}, b"", "host").time == seconds


@pytest.mark.parametrize(("header", "pause"), [("7", 7.0), ("0", 0.0), ("99999", Settings.longest_pause)])
def test_pause_with_retry_after_is_its_value_up_to_the_maximum(script, clock, header, pause):
    script.get(READ, status=429, headers={"Retry-After": header})
    script.get(READ, status=200)
    client().call("GET", READ)
    assert clock.pauses == [pause]


@pytest.mark.parametrize("header", ["soon", "-1", "1.5", "", "Wed, 21 Oct 2026 07:28:00 GMT", "\u00b2"])
def test_pause_when_retry_after_is_not_a_number_of_seconds_is_the_backoff(script, clock, header):
    script.get(READ, status=429, headers={"Retry-After": header})
    script.get(READ, status=200)
    client().call("GET", READ)
    assert 0.4 <= clock.pauses[0] <= 0.6


# The deadline


def test_read_when_retry_after_exceeds_the_deadline_returns_the_response(script, clock):
    script.get(READ, status=429, headers={"Retry-After": "30"})
    assert client(deadline=20.0).call("GET", READ).status == 429
    assert clock.pauses == []


def test_timeout_at_the_deadline_is_reported_as_the_deadline(script, clock):
    def silent(_request):
        clock.now += 20.0
        raise requests.exceptions.ReadTimeout

    script.add_callback("GET", READ, silent)
    assert caught_from(lambda: client(deadline=20.0).call("GET", READ), Unreachable).id == "N07"


def test_request_after_the_deadline_is_not_sent_until_the_deadline_restarts(script, clock):
    script.get(READ, status=200)
    http = client(deadline=20.0)
    clock.now += 20.0
    error = caught_from(lambda: http.call("GET", READ), Unreachable)
    assert error.id == "N07" and "20 s" in error.message
    http.restart_deadline()
    assert http.call("GET", READ).status == 200


def test_timeouts_near_the_deadline_are_the_time_left(script, clock):
    timeouts = []

    def note(request):
        timeouts.append(request.req_kwargs["timeout"])
        return True, ""

    for _call in range(3):
        script.get(READ, status=200, match=[note])
    http = client(timeout=30.0, deadline=40.0)
    http.call("GET", READ)
    clock.now += 35.0
    http.call("GET", READ)
    client(timeout=4.0).call("GET", READ)
    assert timeouts == [(10.0, 30.0), (5.0, 5.0), (4.0, 4.0)]


SLOW_FOR = 10.0  # seconds


def send_slowly(connection, start, pieces):
    connection.sendall(start)
    for _piece in range(round(SLOW_FOR / 0.05)):
        connection.sendall(pieces)
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("start", "pieces"),
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
def test_response_that_arrives_byte_by_byte_ends_at_the_deadline(serve, start, pieces):
    url = serve(lambda connection: send_slowly(connection, start, pieces))
    started = time.monotonic()
    error = caught_from(lambda: client(deadline=0.4, retries=2).call("GET", url), Unreachable)
    assert error.id == "N07" and 0.3 < time.monotonic() - started < SLOW_FOR


def test_response_on_a_reused_connection_ends_at_the_deadline(serve):
    def first_well_then_badly(connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        connection.recv(65536)
        send_slowly(connection, b"HTTP/1.1 200 OK\r\nX-A: ", b"x")

    url = serve(first_well_then_badly)
    assert client().call("GET", url).body == b"ok"
    started = time.monotonic()
    assert caught_from(lambda: client(deadline=0.4).call("GET", url), Unreachable).id == "N07"
    assert time.monotonic() - started < SLOW_FOR and serve.connections == 1


def test_connection_after_the_deadline_of_its_first_request_is_reused(serve):
    def answer_twice(connection):
        for _answer in range(2):
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            connection.recv(65536)

    url = serve(answer_twice)
    assert client(deadline=1.5).call("GET", url).body == b"ok"
    time.sleep(1.6)
    assert client().call("GET", url).body == b"ok"
    assert serve.connections == 1


def test_response_in_a_forked_process_ends_at_the_deadline(serve):
    url = serve(lambda connection: send_slowly(connection, b"HTTP/1.1 200 OK\r\nX-A: ", b"x"))
    caught_from(lambda: client(deadline=0.2).call("GET", url), Unreachable)
    child = os.fork()
    if child == 0:
        try:
            error = caught_from(lambda: client(deadline=0.2).call("GET", url), Unreachable)
            os._exit(0 if error.id == "N07" else 1)
        finally:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_upload_that_the_server_reads_slowly_ends_at_the_deadline(tls):
    def read_slowly(connection):
        for _read in range(round(SLOW_FOR / 0.05)):
            connection.recv(16384)
            time.sleep(0.05)

    url, ca_path = tls(read_slowly)
    started = time.monotonic()
    error = caught_from(lambda: client(deadline=1.0, ca_path=ca_path).call("POST", url, data=b"x" * 30_000_000), Unreachable)
    assert error.id == "N07" and 0.3 < time.monotonic() - started < SLOW_FOR


def test_tls_handshake_that_never_ends_ends_at_the_deadline():
    def answer_slowly(connection):
        with connection, contextlib.suppress(OSError):
            # The header of a TLS record, and then its content byte by byte.
            send_slowly(connection, b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc\x03\x03", b"x")

    with listening(answer_slowly) as port:
        started = time.monotonic()
        error = caught_from(lambda: client(deadline=0.4).call("GET", f"https://localhost:{port}/"), Unreachable)
        assert error.id == "N07" and 0.3 < time.monotonic() - started < SLOW_FOR


def test_proxy_that_answers_connect_byte_by_byte_ends_at_the_deadline(serve):
    proxy = serve(lambda connection: send_slowly(connection, b"HTTP/1.1 200 OK\r\nX-A: ", b"x"))
    started = time.monotonic()
    error = caught_from(lambda: client(deadline=0.4, proxy=proxy).call("GET", "https://docbits.example.com/"), Unreachable)
    assert error.id == "N07" and 0.3 < time.monotonic() - started < SLOW_FOR


def test_tls_response_that_arrives_byte_by_byte_ends_at_the_deadline(tls):
    url, ca_path = tls(lambda connection: send_slowly(connection, b"HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n", b"x"))
    started = time.monotonic()
    error = caught_from(lambda: client(deadline=1.0, ca_path=ca_path).call("GET", url), Unreachable)
    assert error.id == "N07" and 0.3 < time.monotonic() - started < SLOW_FOR


def test_request_when_the_deadline_passes_while_connecting_is_not_sent(monkeypatch):
    received = []

    def receive(connection):
        with connection:
            received.append(connection.recv(65536))

    class LateSocket(socket.socket):
        def connect(self, address):
            super().connect(address)
            time.sleep(0.6)

    with listening(receive) as port:
        monkeypatch.setattr(socket, "socket", LateSocket)
        assert caught_from(lambda: client(deadline=0.3).call("POST", f"http://127.0.0.1:{port}/", data={"a": "1"}), Unreachable).id == "N07"
        while not received:
            time.sleep(0.01)
    assert received == [b""]


def test_deadline_with_hundreds_of_calls_costs_one_thread(serve):
    url = serve(lambda connection: connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"))
    for _call in range(200):
        assert client().call("GET", url).body == b"ok"
    assert [thread.name for thread in threading.enumerate()].count("docbits.ion deadlines") == 1


def test_wait_for_a_slot_ends_at_the_deadline(monkeypatch):
    monkeypatch.setattr(_client, "SEMAPHORE", HostSemaphore(limit=0))
    assert caught_from(lambda: client(deadline=0.2).call("GET", READ), Unreachable).id == "N07"


def test_request_waits_for_a_slot_of_its_share(monkeypatch):
    monkeypatch.setattr(_client, "SEMAPHORE", HostSemaphore(limit=1))
    assert caught_from(lambda: client(deadline=0.2, shares=2).call("GET", READ), Unreachable).id == "N07"


def test_backoff_after_a_thousand_retries_is_a_number(script, clock):
    for _attempt in range(1101):
        script.get(READ, status=503, headers={"Retry-After": "0"})
    assert client(retries=1100).call("GET", READ).status == 503


# Check mode


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_write_in_check_mode_is_refused_before_it_is_sent(script, method):
    error = caught_from(lambda: client(check_mode=True).call(method, WRITE, data={"a": "1"}), CheckModeViolation)
    assert error.id == "X01" and method in error.message


@pytest.mark.parametrize(("method", "url"), [("PUT", READ), ("POST", READ + "/x"), ("POST", READ + "?a=1")])
def test_request_in_check_mode_that_only_resembles_a_read_is_refused(script, method, url):
    caught_from(lambda: client(check_mode=True).call(method, url), CheckModeViolation)


def test_read_in_check_mode_is_sent(script):
    script.get(WRITE, status=200)
    script.post(READ, status=200)
    http = client(check_mode=True)
    assert [http.call("GET", WRITE).status, http.call("POST", READ).status] == [200, 200]


# Responses


def test_response_has_status_body_and_headers():
    with responses.RequestsMock() as mock:
        mock.get(
            READ, status=201, body=b'{"a": 1}', content_type="application/JSON; charset=utf-8", headers={"X-Correlation-ID": "c-123", "X-Trace-Id": "7-123"}
        )
        answer = client().call("GET", READ)
    assert (answer.status, answer.json(), answer.content_type, answer.request_ids, answer.where) == (
        201, {"a": 1}, "application/json", ["c-123", "7-123"], "docbits.example.com"
    )  # fmt: skip


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
def test_is_html_depends_on_content_type_and_body(body, content_type, is_html):
    assert Response(200, {"content-type": content_type}, body, "h").is_html is is_html


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe\x00", b"[" * 100_000])
def test_json_of_another_body_raises_without_the_body(body):
    with pytest.raises(ValueError, match=r"^not JSON of a sensible size$") as caught:
        Response(200, {}, body, "h").json()
    assert caught.value.__context__ is None


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirect_is_an_error_and_not_followed(script, status):
    target = f"https://elsewhere.example/{secrets.token_urlsafe(8)}"
    script.get(READ, status=status, headers={"Location": target})
    error = caught_from(lambda: client().call("GET", READ), BadAnswer)
    assert error.id == "N04" and error.facts == {"status": status}
    assert target not in error.message


def test_response_above_the_maximum_size_is_an_error(script, monkeypatch):
    monkeypatch.setattr(_client, "MAX_RESPONSE_SIZE", 1000)
    script.get(READ, body=b"x" * 1001)
    assert caught_from(lambda: client().call("GET", READ), BadAnswer).id == "N08"


def test_response_of_the_maximum_size_is_returned(script, monkeypatch):
    monkeypatch.setattr(_client, "MAX_RESPONSE_SIZE", 1000)
    script.get(READ, body=b"x" * 1000)
    assert len(client().call("GET", READ).body) == 1000


# Memory


def test_response_in_tiny_chunks_takes_little_memory(serve):
    size = 2_000_000
    response = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"2\r\nxy\r\n" * (size // 2) + b"0\r\n\r\n"
    url = serve(lambda connection: connection.sendall(response))
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        assert len(client().call("GET", url).body) == size
        # The buffer may be larger than its content, and is copied once. A list of the chunks takes 25 times the size.
        assert tracemalloc.get_traced_memory()[1] - before < 5 * size
    finally:
        tracemalloc.stop()


def test_maximum_size_is_above_every_file():
    assert LARGEST_FILE * 4 / 3 < MAX_RESPONSE_SIZE


def as_response(body, encoding="identity"):
    return b"HTTP/1.1 200 OK\r\nContent-Encoding: %b\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % (encoding.encode(), len(body)) + body


# The largest of each kind that is accepted: one text with a character of four bytes, values, and objects in objects.
ACCEPTED = {
    "text": b'["\xf0\x9f\x99\x82' + b"x" * (MAX_RESPONSE_SIZE - 8) + b'"]',
    "strings": b"[" + b",".join(b'"%036d"' % number for number in range(MAX_JSON_VALUES - 2)) + b"]",
    "objects": b"[" + b",".join([b'{"a":' * 400 + b"1" + b"}" * 400] * (MAX_JSON_VALUES // 402)) + b"]",
}
# Small ones that are large when they are decompressed or parsed.
REFUSED = {
    "size": as_response(gzip.compress(b"[" + b"[]," * 10_000_000 + b"0]", 1), "gzip"),
    "values": as_response(gzip.compress(b"[" + b'{"":{}},' * 1_000_000 + b"0]", 1), "gzip"),
    "compressed twice": as_response(gzip.compress(gzip.compress(bytes(30_000_000), 1)), "gzip, gzip"),
}


@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="this system does not show the peak of memory of a process")
def test_largest_responses_take_a_bounded_amount_of_memory(serve):
    """In a process of its own. Its ru_maxrss would begin with the memory of this one."""
    responses_left = [*(as_response(gzip.compress(body, 1), "gzip") for body in ACCEPTED.values()), *REFUSED.values()]
    url = serve(lambda connection: connection.sendall(responses_left.pop(0)))
    code = f"""
        import re
        from ansible_collections.docbits.ion.plugins.module_utils._core.errors import BadAnswer
        from ansible_collections.docbits.ion.plugins.module_utils._http.client import HttpClient, Settings
        def peak():
            with open("/proc/self/status") as status:
                return int(re.search(r"VmHWM:\\s*(\\d+) kB", status.read()).group(1)) // 1024
        client, outcomes = HttpClient(Settings()), []
        before = peak()
        for _response in range({len(responses_left)}):
            try:
                outcomes.append(type(client.call("GET", {url!r}).json()).__name__)
            except BadAnswer as error:
                outcomes.append(error.id)
        print(*outcomes, peak() - before)
    """
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], env=environment, capture_output=True, text=True, timeout=120, check=False)
    *outcomes, mebibytes = done.stdout.split()
    assert outcomes == ["list"] * len(ACCEPTED) + ["N08"] * len(REFUSED), done.stderr
    assert int(mebibytes) < 150


# Causes


def wrapped(cause):
    return requests.exceptions.ConnectionError(cause)


def not_verified():
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_message = "self-signed certificate"
    return requests.exceptions.SSLError(error)


@pytest.mark.parametrize(
    ("cause", "id_", "says"),
    [
        (wrapped(socket.gaierror(-2, "no name")), "N01", "cannot be resolved"),
        (wrapped(ConnectionRefusedError(111, "refused")), "N02", "connection was refused"),
        (requests.exceptions.ConnectTimeout(), "N02", "the connection timed out"),
        (wrapped(ConnectionResetError(104, "reset")), "N02", "the connection was interrupted (ConnectionError)"),
        (requests.exceptions.ChunkedEncodingError(), "N02", "the connection was interrupted (ChunkedEncodingError)"),
        (not_verified(), "N03", "not trusted (self-signed certificate)"),
        (requests.exceptions.SSLError(ssl.SSLError(1, "wrong version number")), "N03", "the TLS handshake failed"),
        (requests.exceptions.ProxyError(), "N05", "the proxy refused the connection"),
        (requests.exceptions.ReadTimeout(), "N06", "did not answer the request within 30 s"),
    ],
)
def test_request_without_a_response_is_reported_by_its_cause(script, cause, id_, says):
    script.get(READ, body=cause)
    error = caught_from(lambda: client(retries=0).call("GET", READ), Unreachable)
    assert error.id == id_ and says in error.message
    assert error.message.startswith("docbits.example.com: ")


@pytest.mark.parametrize("cause", [requests.exceptions.ReadTimeout(), requests.exceptions.ConnectTimeout(), wrapped(TimeoutError())])
def test_timeout_behind_a_proxy_names_the_proxy(script, cause):
    script.get(READ, body=cause)
    error = caught_from(lambda: client(retries=0, proxy="http://proxy.example.com:3128").call("GET", READ), Unreachable)
    assert error.id == "N05" and "the proxy, or the service behind it, did not answer within 30 s" in error.message


@pytest.mark.parametrize("proxy", ["socks5://{}:1080", "socks5h://{}", "ftp://{}", "http://", "http://{} :3128", "http://{}:0", "http://[{}"])
@pytest.mark.parametrize("from_environment", [False, True])
def test_proxy_that_is_not_supported_is_an_error_without_its_value(monkeypatch, proxy, from_environment):
    host = f"{secrets.token_hex(8)}.example.com"
    if from_environment:
        monkeypatch.setenv("HTTPS_PROXY", proxy.format(host))
    http = client(proxy=None if from_environment else proxy.format(host))
    error = caught_from(lambda: http.call("GET", READ), InvalidInput)
    assert error.id == "N13" and "no other proxies are supported, such as SOCKS" in error.message and host not in error.message


def test_error_message_holds_neither_url_nor_exception_text(script):
    value = secrets.token_urlsafe(12)
    script.get(f"{HOST}/{value}", body=wrapped(OSError(value)))
    error = caught_from(lambda: client(retries=0).call("GET", f"{HOST}/{value}", params={"q": value}, headers={"X-API-KEY": value}))
    assert value not in repr((error.message, error.facts, error.args)) and error.__suppress_context__


@pytest.mark.parametrize("url", ["https://[::1", "nonsense", "https://", "https://h:port/x"])
def test_request_to_an_invalid_url_is_an_error(url):
    assert caught_from(lambda: client(retries=0).call("GET", url), Unreachable).id.startswith("N")


def test_request_with_an_invalid_header_is_an_error_without_its_value():
    value = secrets.token_urlsafe(12) + "\n"
    error = caught_from(lambda: client(retries=0).call("GET", READ, headers={"X-API-KEY": value}))
    assert value.strip() not in error.message


def test_request_to_a_closed_port_names_host_and_port():
    # Bound and not listening: no other process can open the port while the test runs.
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        error = caught_from(lambda: client(retries=0).call("GET", f"http://127.0.0.1:{port}/secret"), Unreachable)
    assert error.message.startswith(f"127.0.0.1:{port}: the connection was refused")


def test_request_with_an_unreadable_ca_bundle_names_its_path(tmp_path):
    bundle = tmp_path / "ca.pem"
    for _try in range(2):
        error = caught_from(lambda: client(ca_path=str(bundle)).call("GET", READ), InvalidInput)
        assert error.id == "N09" and str(bundle) in error.message
        bundle.write_text("no certificate")


def test_request_with_a_fifo_as_ca_bundle_does_not_wait(tmp_path):
    os.mkfifo(tmp_path / "ca.pem")
    assert caught_from(lambda: client(ca_path=str(tmp_path / "ca.pem")).call("GET", READ), InvalidInput).id == "N09"


def test_client_without_the_library_requests_is_an_error(monkeypatch):
    monkeypatch.setattr(_client, "requests", None)
    error = caught_from(client, InvalidInput)
    assert error.id == "N12" and "requests" in error.message


# Credentials and proxies


def test_request_sends_neither_netrc_credentials_nor_cookies(script, monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine docbits.example.com login someone password something")
    monkeypatch.setenv("NETRC", str(netrc))
    script.get(READ, headers={"Set-Cookie": "session=1"})
    script.get(READ)
    http = client()
    http.call("GET", READ)
    http.call("GET", READ)
    for call in script.calls:
        assert "Authorization" not in call.request.headers and "Cookie" not in call.request.headers


def test_proxy_option_takes_precedence_over_the_environment(monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://environment.example:3128")
    monkeypatch.setenv("NO_PROXY", "other.example")
    given = "http://given.example:3128"
    assert _client.proxies_for(READ, given) == {"http": given, "https": given}
    assert _client.proxies_for(READ, None)["https"] == "http://environment.example:3128"
    assert _client.proxies_for("https://other.example/x", None) == {}
