# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The HTTP client: timeouts, deadline, CA bundle, proxies, retries, and the write guard of check mode. Private to the collection."""

from __future__ import annotations

import os
import random
import re
import socket
import ssl
import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import lru_cache
from urllib.parse import urlsplit, urlunsplit

try:
    import requests
    from requests.adapters import HTTPAdapter
    from requests.utils import DEFAULT_CA_BUNDLE_PATH, get_environ_proxies, select_proxy
except ImportError:  # reported by HttpClient, because modules that send no request work without it
    requests = None  # type: ignore[assignment]
    HTTPAdapter = object  # type: ignore[assignment,misc]

from ansible.module_utils.basic import missing_required_lib

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import BadAnswer, CheckModeViolation, InvalidInput, Unreachable, failure
from ansible_collections.docbits.ion.plugins.module_utils._core.once import once_per_process
from ansible_collections.docbits.ion.plugins.module_utils._core.text import MAX_JSON_VALUES, count_json_values, parse_json
from ansible_collections.docbits.ion.plugins.module_utils._http.deadline import MONITOR, with_deadline
from ansible_collections.docbits.ion.plugins.module_utils._http.semaphore import HostSemaphore

SAFE_METHODS = ("GET", "HEAD")
HEADERS = {"User-Agent": "docbits.ion", "Accept": "*/*", "Accept-Encoding": "gzip, deflate"}
RETRIED_STATUSES = (429, 502, 503, 504)
MAX_CONNECT_TIMEOUT = 10.0
MAX_RESPONSE_SIZE = 8 * 1024 * 1024
# Compressed, a chunk of a response may be a thousand times smaller, or larger when it is read.
CHUNK_SIZE = 16 * 1024
# What HEADERS accept. urllib3 decodes more, also several in a row, each a thousand times larger than the one before.
CONTENT_ENCODINGS = ("", "identity", "gzip", "deflate")
PROXY_VARIABLES = tuple(spelling for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy") for spelling in (name, name.upper()))
REQUEST_ID_HEADERS = ("x-request-id", "x-correlation-id", "x-trace-id", "x-amzn-trace-id")
_PAGE = re.compile(rb"\s*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)*<(!doctype\s+html|html)\b", re.IGNORECASE | re.DOTALL)

SEMAPHORE = HostSemaphore()


@dataclass(frozen=True)
class Settings:
    """Network options of a task.

    ca_path:       PEM bundle or directory to trust instead of the system's, or None
    proxy:         URL of the proxy for every request, or None for what the environment variables say
    timeout:       seconds to wait for the next byte
    deadline:      seconds for all requests of one client together
    retries:       how often a read is repeated
    longest_pause: seconds between two attempts, at most, whatever Retry-After asks for
    shares:        the number of runs that divide the limits of logins and of concurrent requests between them

    There is no setting that disables TLS verification: ca_path covers the cases that need another CA.
    """

    ca_path: str | None = None
    proxy: str | None = None
    timeout: float = 30.0
    deadline: float = 300.0
    retries: int = 2
    longest_pause: float = 60.0
    shares: int = 1


@dataclass(frozen=True)
class Response:
    """A complete response.

    headers: by name in lower case
    body:    never part of a message
    where:   host, and port if the URL has one, as messages name it
    """

    status: int
    headers: dict
    body: bytes
    where: str

    @property
    def content_type(self) -> str:
        """The media type in lower case, without parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def request_ids(self) -> list:
        """The ids under which the operators of the service may find this request. The server chooses them."""
        return [self.headers[name] for name in REQUEST_ID_HEADERS if name in self.headers]

    @property
    def is_html(self) -> bool:
        """Whether this is a web page, HTML or XHTML: from a proxy, a firewall, a maintenance page or a wrong address."""
        return self.content_type in ("text/html", "application/xhtml+xml") or _PAGE.match(self.body[:2048]) is not None

    @property
    def time(self) -> float | None:
        """The time of the server, from the header Date, in seconds since the epoch."""
        return _seconds_of(self.headers.get("date", ""))

    @property
    def retry_after(self) -> float | None:
        """The seconds that the header Retry-After asks to wait, or None. A time in it is compared with that of the server."""
        text = self.headers.get("retry-after", "").strip()
        if text.isdecimal():
            return float(text[:9])
        until, now = _seconds_of(text), self.time
        return max(0.0, until - now) if until and now else None

    def json(self):
        """The parsed body.

        Raises: ValueError, without any part of the body in it.
        """
        return parse_json(self.body)


class HttpClient:
    """Sends requests under one deadline, which starts when the client is created.

    settings:   Settings
    reads:      requests besides GET and HEAD that change nothing, as (method, URL) pairs
    check_mode: whether to refuse every request that is not a read

    Raises: InvalidInput if the library requests is missing.
    """

    def __init__(self, settings: Settings, reads=frozenset(), check_mode: bool = False) -> None:
        if requests is None:
            raise failure(
                InvalidInput, "N12", "requests", missing_required_lib("requests"), "install requests for the Python interpreter that the message names"
            )
        self._settings = settings
        self._reads = reads
        self._check_mode = check_mode
        # By host. The environment variables do not change during a task.
        self._proxies: dict = {}
        self.restart_deadline()

    def call(self, method: str, url: str, *, retry: bool = True, headers=None, **request) -> Response:
        """Send a request and return the response, whatever its status. Only reads are retried.

        A write that fails or is refused may have been applied. The caller has to read before it writes again.

        retry:   False for a read that must be sent once only, such as a login
        headers: in addition to HEADERS
        request: params, data, files, auth as in requests

        Raises: Unreachable without a response; BadAnswer for a redirect or a response that is too large; CheckModeViolation for a write
            in check mode.
        """
        is_read = method in SAFE_METHODS or (method, url) in self._reads
        if self._check_mode and not is_read:
            raise failure(
                CheckModeViolation,
                "X01",
                _host_and_port(url),
                f"a {method} request in check mode was refused before it was sent",
                "report this as a bug of docbits.ion; nothing was changed",
            )
        request["headers"] = {**HEADERS, **(headers or {})}
        retries_left = self._settings.retries if is_read and retry else 0
        while True:
            pause = _backoff(self._settings.retries - retries_left)
            try:
                response = self._call_once(method, url, request)
            except Unreachable:
                if not retries_left or self._time_left() <= pause:
                    raise
            else:
                if response.status not in RETRIED_STATUSES or not retries_left:
                    return response
                asked = response.retry_after
                pause = pause if asked is None else min(asked, self._settings.longest_pause)
                if self._time_left() <= pause:
                    return response
            retries_left -= 1
            time.sleep(pause)

    def restart_deadline(self) -> None:
        """Start the deadline again, for the rollback after a deadline that has passed."""
        self._ends_at = time.monotonic() + self._settings.deadline

    def _call_once(self, method, url, request) -> Response:
        where = _host_and_port(url)
        with SEMAPHORE.acquire(where, self._time_left(), self._settings.shares) as acquired:
            if not acquired or self._time_left() <= 0:
                raise self._deadline_exceeded(where)
            return self._send(method, url, request, where)

    def _send(self, method, url, request, where) -> Response:
        timeout = max(0.05, min(self._settings.timeout, self._time_left()))
        # No requests.Session: it would replace the Authorization header by an entry of .netrc, and share cookies between environments.
        adapter = _adapter(self._settings.ca_path)
        proxy = None
        with MONITOR.limit(self._time_left()) as call:
            try:
                prepared = requests.Request(method, url, **request).prepare()
                proxies = self._proxies.get(where)
                if proxies is None:
                    proxies = self._proxies[where] = proxies_for(url, self._settings.proxy)
                proxy = select_proxy(url, proxies)
                if proxy and not _is_http(proxy):
                    raise _unsupported_proxy()
                timeouts = (min(timeout, MAX_CONNECT_TIMEOUT), timeout)
                with adapter.send(prepared, stream=True, timeout=timeouts, proxies=proxies) as response:
                    body = _read(response, where)
            except (requests.exceptions.RequestException, OSError, ValueError) as error:
                # Near the deadline the timeout and the deadline are one moment, and either may come first.
                if call.is_cancelled or self._time_left() <= 0:
                    raise self._deadline_exceeded(where) from None
                raise _unreachable(error, where, self._settings, bool(proxy)) from None
            if call.is_cancelled:
                raise self._deadline_exceeded(where)
        if 300 <= response.status_code < 400:
            raise failure(
                BadAnswer,
                "N04",
                where,
                f"the response is a redirect (status {response.status_code}), as portals, sign-in pages and firewalls send it",
                "check the address and the path prefix; credentials are never sent to another address",
                status=response.status_code,
            )
        return Response(response.status_code, {name.lower(): value for name, value in response.headers.items()}, body, where)

    def _deadline_exceeded(self, where) -> Unreachable:
        return failure(
            Unreachable,
            "N07",
            where,
            f"the deadline of {self._settings.deadline:g} s for all requests to this service has passed",
            "raise the option deadline, or find out why the service is slow",
        )

    def _time_left(self) -> float:
        return self._ends_at - time.monotonic()


def _read(response, where) -> bytes:
    if response.headers.get("Content-Encoding", "").strip().lower() not in CONTENT_ENCODINGS:
        raise _too_large(where, "is compressed in a way that was not asked for")
    # One buffer: a list of chunks as small as a server likes would take many times the size of the body.
    body = bytearray()
    for chunk in response.iter_content(CHUNK_SIZE):
        body += chunk
        if len(body) > MAX_RESPONSE_SIZE:
            raise _too_large(where, "is larger than 8 MiB")
    if count_json_values(body) > MAX_JSON_VALUES:
        raise _too_large(where, f"has more than {MAX_JSON_VALUES} values")
    return bytes(body)


def _too_large(where, what) -> BadAnswer:
    return failure(BadAnswer, "N08", where, f"the response {what}", "check the address; DocBits and Infor send no such response")


class _Adapter(HTTPAdapter):
    """Uses one TLS context for all connections, where requests loads the CA bundle for each, and connections that DeadlineMonitor can end."""

    def __init__(self, context, **kwargs) -> None:
        self._context = context
        super().__init__(**kwargs)

    def init_poolmanager(self, *args, **kwargs):
        super().init_poolmanager(*args, ssl_context=self._context, **kwargs)
        _limit_pools_of(self.poolmanager)

    def proxy_manager_for(self, proxy, **kwargs):
        is_new = proxy not in self.proxy_manager
        manager = super().proxy_manager_for(proxy, ssl_context=self._context, **kwargs)
        if is_new:
            _limit_pools_of(manager)
        return manager

    def cert_verify(self, conn, url, verify, cert):
        """Do nothing: the context verifies. requests would load its own bundle into it for every connection."""


def _limit_pools_of(manager) -> None:
    manager.pool_classes_by_scheme = {scheme: with_deadline(pool_class) for scheme, pool_class in manager.pool_classes_by_scheme.items()}


def proxies_for(url, proxy) -> dict:
    """The proxies for a URL, by scheme as in requests: `proxy`, or what the environment variables say."""
    if proxy:
        return {"http": proxy, "https": proxy}
    return _proxies_of_environment(urlsplit(url)[:2], tuple(os.environ.get(name) for name in PROXY_VARIABLES))


def goes_through_proxy(url: str, proxy) -> bool:
    """Whether a request to the URL goes through a proxy, by the option proxy or the environment variables."""
    return bool(select_proxy(url, proxies_for(url, proxy)))


@lru_cache(maxsize=1024)
def _proxies_of_environment(host, _variables):
    # requests reads all environment variables for this, which takes longer than the rest of the client's work for a request.
    return get_environ_proxies(urlunsplit((*host, "", "", "")), no_proxy=None)


@once_per_process
def _adapter(ca_path):
    return _Adapter(tls_context(ca_path), pool_connections=64, pool_maxsize=64, max_retries=0)


@once_per_process
def tls_context(ca_path):
    """The TLS context that trusts the CAs in `ca_path`, or those of this machine if it is None.

    Raises: InvalidInput if they cannot be read.
    """
    bundle = ca_path or os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE")
    try:
        if bundle and os.path.isdir(bundle):
            context = ssl.create_default_context(capath=bundle)
        elif bundle and not os.path.isfile(bundle):
            # A FIFO would be waited for.
            raise OSError
        else:
            context = ssl.create_default_context(cafile=bundle or None)
    except (OSError, ssl.SSLError):
        raise failure(
            InvalidInput,
            "N09",
            "ca_path",
            f"the CA bundle {bundle} cannot be read as PEM certificates",
            "set the path of a PEM file or directory that this machine can read",
        ) from None
    if not bundle and not context.get_ca_certs():
        # Minimal containers have no system store; requests falls back to its own bundle there, too.
        context.load_verify_locations(DEFAULT_CA_BUNDLE_PATH)
    return context


def _host_and_port(url) -> str:
    try:
        parts = urlsplit(url)
        return f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname)
    except ValueError:
        return "the address"


def _backoff(attempt: int) -> float:
    # Jitter: the environments of a fleet should not retry at the same moment.
    return min(8.0, 0.5 * 2 ** min(attempt, 4)) * random.uniform(0.8, 1.2)


def _seconds_of(date: str) -> float | None:
    try:
        return parsedate_to_datetime(date).timestamp()
    except (TypeError, ValueError, IndexError, OverflowError):
        return None


def _causes(error):
    seen = []
    queue = [error]
    while queue and len(seen) < 20:
        current = queue.pop(0)
        if isinstance(current, BaseException) and current not in seen:
            seen.append(current)
            queue.extend([current.__cause__, current.__context__, getattr(current, "reason", None), *current.args])
    return seen


def _unsupported_proxy() -> InvalidInput:
    return failure(
        InvalidInput,
        "N13",
        "proxy",
        "it is not an http or https URL of a host; no other proxies are supported, such as SOCKS",
        "set proxy, or HTTPS_PROXY and ALL_PROXY if proxy is not set, to a URL such as http://proxy.example.com:3128",
    )


def _is_http(proxy) -> bool:
    try:
        # requests puts http:// before a proxy without a scheme.
        parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0 and proxy.split() == [proxy]
    except ValueError:
        return False


def _unreachable(error, where, settings, is_proxied: bool) -> Unreachable:
    """The error N01 to N06 for a request without a response. The text of the exception is not used: it may hold the URL."""
    causes = _causes(error)

    def find(*kinds):
        return next((cause for cause in causes if isinstance(cause, kinds)), None)

    certificate = find(ssl.SSLCertVerificationError)
    if find(requests.exceptions.ProxyError):
        id_, message = "N05", "the proxy refused the connection or did not answer"
        action = "check the option proxy and the variables HTTPS_PROXY and NO_PROXY"
    elif is_proxied and find(requests.exceptions.Timeout, socket.timeout):
        id_, message = "N05", f"the proxy, or the service behind it, did not answer within {settings.timeout:g} s"
        action = "check the option proxy and the variables HTTPS_PROXY and NO_PROXY, and whether the proxy allows this host"
    elif find(socket.gaierror):
        id_, message = "N01", "the host name cannot be resolved"
        action = "check the spelling and region of the host name, then DNS, VPN and proxy of this machine"
    elif certificate:
        id_, message = "N03", f"the TLS certificate is not trusted ({certificate.verify_message})"
        action = "set the option ca_path to the CA of the inspecting proxy or of the on-premises server"
    elif find(ssl.SSLError, requests.exceptions.SSLError):
        id_, message = "N03", "the TLS handshake failed"
        action = "check that the port speaks TLS 1.2 or newer and that no firewall interrupts it"
    elif find(requests.exceptions.ConnectTimeout):
        id_, message = "N02", "the connection timed out"
        action = "allow connections to this host and port in the firewall"
    elif find(requests.exceptions.ReadTimeout, socket.timeout):
        id_, message = "N06", f"the service did not answer the request within {settings.timeout:g} s"
        action = "try again later; raise the option timeout if the service is known to be slow"
    elif find(ConnectionRefusedError):
        id_, message = "N02", "the connection was refused"
        action = "check host and port, and that the service is running"
    else:
        id_, message = "N02", f"the connection was interrupted ({type(error).__name__})"
        action = "try again; if it happens again, check the firewall or proxy between this machine and the service"
    return failure(Unreachable, id_, where, message, action)
