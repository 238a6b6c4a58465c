# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one way to the network: timeouts, deadline, CA, proxy, retries, and the guard of check mode. Private to the collection."""

from __future__ import annotations

import json
import os
import random
import re
import socket
import ssl
import time
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlsplit, urlunsplit

try:
    import requests
    from requests.adapters import HTTPAdapter
    from requests.utils import get_environ_proxies
except ImportError:  # a HttpClient says so; modules that make no call do without
    requests = None
    HTTPAdapter = object

from ansible.module_utils.basic import missing_required_lib

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import (
    BadAnswer,
    CheckModeViolation,
    InvalidInput,
    Unreachable,
    failure,
)
from ansible_collections.docbits.ion.plugins.module_utils._core.once import once_per_process
from ansible_collections.docbits.ion.plugins.module_utils._http.deadline import watched, watched_for
from ansible_collections.docbits.ion.plugins.module_utils._http.semaphore import GATE

SAFE_METHODS = ("GET", "HEAD")
HEADERS = {"User-Agent": "docbits.ion", "Accept": "*/*", "Accept-Encoding": "gzip, deflate"}
RETRIED_STATUSES = (502, 503, 504)
LONGEST_RETRY_AFTER = 60.0
LARGEST_ANSWER = 32 * 1024 * 1024
PROXY_VARIABLES = tuple(written for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy") for written in (name, name.upper()))
REQUEST_ID_HEADERS = ("x-request-id", "x-correlation-id", "x-trace-id", "x-amzn-trace-id")
# An id comes from outside: what does not look like one is not shown.
_REQUEST_ID = re.compile(r"(?:Root=)?[A-Za-z0-9._:-]{4,64}")


@dataclass(frozen=True)
class Settings:
    """How to talk, from the options of a task.

    ca_path:  PEM bundle to trust instead of the system's, or C(None)
    proxy:    proxy URL for every call, or C(None) for what the environment variables say
    timeout:  seconds without a byte before a call is given up
    deadline: seconds for all calls of one environment together
    retries:  how often a call that may be repeated is repeated

    There is no setting that switches TLS verification off: O(ca_path) serves every honest case.
    """

    ca_path: str | None = None
    proxy: str | None = None
    timeout: float = 30.0
    deadline: float = 300.0
    retries: int = 2


@dataclass(frozen=True)
class Response:
    """An answer, read to its end. The body never goes into a message."""

    status: int
    headers: dict
    body: bytes
    seconds: float
    where: str

    @property
    def content_type(self) -> str:
        """The media type without parameters, in lower case."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def request_id(self) -> str | None:
        """The id under which the service's operators find this call, where it sent one that looks like an id."""
        sent = (self.headers.get(name, "") for name in REQUEST_ID_HEADERS)
        return next((value for value in sent if _REQUEST_ID.fullmatch(value)), None)

    @property
    def is_html(self) -> bool:
        """A web page where an API answers JSON: a proxy, a firewall, a maintenance page or a wrong address."""
        return self.content_type == "text/html" or self.body[:64].lstrip().lower().startswith((b"<!doctype", b"<html"))

    def json(self):
        """The body as JSON; raises C(ValueError) without any part of the body in it."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            raise ValueError("the answer is no JSON") from None


class HttpClient:
    """Calls for one environment, under one deadline.

    settings:   L(Settings)
    reads:      the calls besides GET and HEAD that change nothing, as (method, URL) pairs
    check_mode: when set, every call that is not a read is refused before it leaves
    raises:     L(InvalidInput) where the library requests is missing
    """

    def __init__(self, settings: Settings, reads=frozenset(), check_mode: bool = False) -> None:
        if requests is None:
            raise failure(InvalidInput, "N12", "requests", missing_required_lib("requests"), "install requests for the Python that is named")
        self._settings = settings
        self._reads = reads
        self._check_mode = check_mode
        self._ends = time.monotonic() + settings.deadline

    def call(self, method: str, url: str, *, retry: bool = True, headers=None, **request) -> Response:
        """Make one call and read its answer, whatever its status.

        retry:   C(False) for calls that must happen at most once, a login above all
        headers: what is sent besides C(HEADERS)
        request: C(params), C(data), C(files), C(auth) as requests takes them
        raises:  L(Unreachable) without an answer, L(BadAnswer) for a redirect, L(CheckModeViolation) for a write in check mode
        """
        is_read = method in SAFE_METHODS or (method, url) in self._reads
        if self._check_mode and not is_read:
            raise failure(
                CheckModeViolation,
                "X01",
                _host_of(url),
                f"a {method} was about to be sent in check mode and was refused",
                "report this as a defect of docbits.ion; nothing was changed",
            )
        request["headers"] = {**HEADERS, **(headers or {})}
        attempts_left = self._settings.retries if retry else 0
        while True:
            pause = _backoff(self._settings.retries - attempts_left)
            try:
                response = self._call_once(method, url, request)
            except Unreachable:
                if not (is_read and attempts_left and self._time_left() > pause):
                    raise
            else:
                again = response.status == 429 or (is_read and response.status in RETRIED_STATUSES)
                pause = _retry_after(response, pause)
                if not (again and attempts_left and self._time_left() > pause):
                    return response
            attempts_left -= 1
            time.sleep(pause)

    def start_over(self) -> None:
        """Begin the deadline anew, for undoing what was done when the first one ran out."""
        self._ends = time.monotonic() + self._settings.deadline

    def _call_once(self, method, url, request) -> Response:
        where = _host_of(url)
        with GATE.passed(where, self._time_left()) as in_time:
            if not in_time:
                raise self._too_late(where)
            return self._send(method, url, request, where)

    def _send(self, method, url, request, where) -> Response:
        left = self._time_left()
        started = time.monotonic()
        timeout = max(0.05, min(self._settings.timeout, left))
        # No session: a .netrc entry would replace the Authorization header without a word, and cookies would tie environments together.
        adapter = _adapter(self._settings.ca_path)
        # The timeout ends silence only: a server that sends a byte now and then is ended by the watch.
        with watched_for(left) as watch:
            try:
                prepared = requests.Request(method, url, **request).prepare()
                proxies = proxies_for(url, self._settings.proxy)
                with adapter.send(prepared, stream=True, timeout=(min(timeout, 10.0), timeout), proxies=proxies) as answer:
                    body = self._read(answer, where)
            except (requests.exceptions.RequestException, OSError, ValueError) as error:
                # The end of the deadline may be the end of the silence that was allowed, whichever is noticed first.
                if watch.is_cut or self._time_left() <= 0:
                    raise self._too_late(where) from None
                raise _unreachable(error, where, self._settings) from None
            if watch.is_cut:
                raise self._too_late(where)
        headers = {name.lower(): value for name, value in answer.headers.items()}
        if 300 <= answer.status_code < 400:
            raise failure(
                BadAnswer,
                "N04",
                where,
                f"it redirects (status {answer.status_code}) instead of answering, as portals, sign-in pages and firewalls do",
                "check the address and the path prefix; redirects are never followed with credentials",
                status=answer.status_code,
            )
        return Response(answer.status_code, headers, body, time.monotonic() - started, where)

    def _read(self, answer, where) -> bytes:
        chunks, size = [], 0
        for chunk in answer.iter_content(65536):
            chunks.append(chunk)
            size += len(chunk)
            if size > LARGEST_ANSWER:
                raise failure(BadAnswer, "N08", where, "the answer is larger than 32 MiB", "check the address; no DocBits or Infor answer is that large")
        return b"".join(chunks)

    def _too_late(self, where) -> Unreachable:
        return failure(
            Unreachable,
            "N07",
            where,
            f"the deadline of {self._settings.deadline:g} s for this environment has passed",
            "raise the option deadline or find out why the services are slow",
        )

    def _time_left(self) -> float:
        return self._ends - time.monotonic()


class _PreparedTLS(HTTPAdapter):
    """An adapter that uses one TLS context for all connections instead of loading the CA bundle again for each, and watches them."""

    def __init__(self, context, **kwargs) -> None:
        self._context = context
        super().__init__(**kwargs)

    def init_poolmanager(self, *args, **kwargs):
        super().init_poolmanager(*args, ssl_context=self._context, **kwargs)
        _watch_pools_of(self.poolmanager)

    def proxy_manager_for(self, proxy, **kwargs):
        is_new = proxy not in self.proxy_manager
        manager = super().proxy_manager_for(proxy, ssl_context=self._context, **kwargs)
        if is_new:
            _watch_pools_of(manager)
        return manager

    def cert_verify(self, conn, url, verify, cert):
        """The context decides; requests would load its own bundle into it for every connection."""


def _watch_pools_of(manager) -> None:
    manager.pool_classes_by_scheme = {scheme: watched(pool_class) for scheme, pool_class in manager.pool_classes_by_scheme.items()}


def proxies_for(url, proxy) -> dict:
    """The proxies for a URL as requests takes them: the given one, or what the environment variables say."""
    if proxy:
        return {"http": proxy, "https": proxy}
    return _proxies_of_environment(urlsplit(url)[:2], tuple(os.environ.get(name) for name in PROXY_VARIABLES))


@lru_cache(maxsize=1024)
def _proxies_of_environment(host, _variables):
    # To look through all environment variables takes longer than everything else that a call needs here.
    return get_environ_proxies(urlunsplit((*host, "", "", "")), no_proxy=None)


@once_per_process
def _adapter(ca_path):
    return _PreparedTLS(tls_context(ca_path), pool_connections=64, pool_maxsize=64, max_retries=0)


@once_per_process
def tls_context(ca_path):
    """The TLS context that trusts O(ca_path), or what this machine trusts; raises L(InvalidInput) where it cannot be read."""
    bundle = ca_path or os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE")
    try:
        if bundle and os.path.isdir(bundle):
            context = ssl.create_default_context(capath=bundle)
        else:
            context = ssl.create_default_context(cafile=bundle or None)
    except (OSError, ssl.SSLError):
        raise failure(
            InvalidInput,
            "N09",
            "ca_path",
            f"the CA bundle {bundle} cannot be read as PEM certificates",
            "give the path of a PEM file or directory that this machine can read",
        ) from None
    if not bundle and not context.get_ca_certs():
        # Slim containers ship no system store; the bundle that requests brings is what their users expect then.
        context.load_verify_locations(requests.certs.where())
    return context


def _host_of(url) -> str:
    try:
        parts = urlsplit(url)
        return f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname)
    except ValueError:
        return "the address"


def _backoff(attempt: int) -> float:
    # Jitter keeps a fleet from coming back in step.
    return min(8.0, 0.5 * 2 ** min(attempt, 4)) * random.uniform(0.8, 1.2)


def _retry_after(response, otherwise: float) -> float:
    text = response.headers.get("retry-after", "")
    return min(float(text), LONGEST_RETRY_AFTER) if text.isdecimal() else otherwise


def _causes(error):
    seen = []
    queue = [error]
    while queue and len(seen) < 20:
        current = queue.pop(0)
        if isinstance(current, BaseException) and current not in seen:
            seen.append(current)
            queue.extend([current.__cause__, current.__context__, getattr(current, "reason", None), *current.args])
    return seen


def _unreachable(error, where, settings) -> Unreachable:
    """The cause of a call that got no answer, as one of the findings N01 to N06. Exceptions' texts are not used: they may hold the URL."""
    causes = _causes(error)

    def met(*kinds):
        return next((cause for cause in causes if isinstance(cause, kinds)), None)

    certificate = met(ssl.SSLCertVerificationError)
    if met(requests.exceptions.ProxyError):
        id_, message = "N05", "the proxy refused or did not answer"
        action = "check the option proxy and the variables HTTPS_PROXY and NO_PROXY"
    elif met(socket.gaierror):
        id_, message = "N01", "the name cannot be resolved"
        action = "check the host for a typing error and its region, then DNS, VPN and proxy of this machine"
    elif certificate:
        id_, message = "N03", f"its TLS certificate is not accepted ({certificate.verify_message})"
        action = "give the CA of the inspecting proxy or of the on-premises server in the option ca_path; do not switch verification off"
    elif met(ssl.SSLError, requests.exceptions.SSLError):
        id_, message = "N03", "no TLS connection could be agreed"
        action = "check that the port speaks TLS 1.2 or newer and that no firewall breaks it up"
    elif met(requests.exceptions.ConnectTimeout):
        id_, message = "N02", "nothing answered the connection in time"
        action = "open the way to this host and port in the firewall"
    elif met(requests.exceptions.ReadTimeout, socket.timeout):
        id_, message = "N06", f"it took the request and did not answer within {settings.timeout:g} s"
        action = "try again later; raise the option timeout if the service is known to be slow"
    elif met(ConnectionRefusedError):
        id_, message = "N02", "the connection was refused"
        action = "check host and port, and that the service runs"
    else:
        id_, message = "N02", f"the connection broke ({type(error).__name__})"
        action = "try again; if it stays, check the firewall or proxy between this machine and the service"
    return failure(Unreachable, id_, where, message, action)
