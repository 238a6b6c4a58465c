# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a host can be reached: name resolution, TCP connection, TLS certificate. Private to the collection."""

from __future__ import annotations

import socket
import ssl
import time
from urllib.parse import urlsplit

from ansible_collections.docbits.ion.plugins.module_utils._http.client import tls_context
from ansible_collections.docbits.ion.plugins.module_utils._infor.logins import SharedCache

CHECKS = ("resolve", "connect", "tls")

_MAX_CONNECT_TIMEOUT = 10.0
# Seconds for which the environments of a run rely on a host that was reached, and on one that was not.
_REACHED_CACHED = 300.0
_NOT_REACHED_CACHED = 30.0

_CACHE = SharedCache()


def reach(url: str, settings, deadline: float) -> dict:
    """The results of CHECKS for the host of a URL, up to the first problem; once per host and run.

    Each result is {"seconds", "problem", "names"}: the rule or None, and values for its templates. An address without TLS has no
    result `tls`. There is no result at all if another worker is still trying at the deadline, a time of time.monotonic.
    """
    parts = urlsplit(url)
    has_tls = parts.scheme == "https"
    host = (parts.hostname, parts.port or (443 if has_tls else 80), has_tls)

    def check():
        results = _check(*host, settings)
        is_reached = not any(result["problem"] for result in results.values())
        return results, time.monotonic() + (_REACHED_CACHED if is_reached else _NOT_REACHED_CACHED)

    return _CACHE.get_or_make(repr((host, settings.ca_path, settings.timeout)), check, deadline) or {}


def _check(host, port, has_tls, settings) -> dict:
    results: dict = {}
    timeout = min(settings.timeout, _MAX_CONNECT_TIMEOUT)
    context = tls_context(settings.ca_path)
    started = time.monotonic()

    def add(name, problem=None, cause=None):
        nonlocal started
        now = time.monotonic()
        results[name] = {"seconds": now - started, "problem": problem, "names": {"host": f"{host}:{port}", "cause": cause}}
        started = now

    try:
        socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        add("resolve", "N01")
        return results
    add("resolve")
    try:
        connection = socket.create_connection((host, port), timeout=timeout)
    except OSError as error:
        add("connect", "N02", _cause_of_connect(error))
        return results
    add("connect")
    with connection:
        if not has_tls:
            return results
        try:
            with context.wrap_socket(connection, server_hostname=host):
                add("tls")
        except (OSError, ValueError) as error:
            add("tls", "N03", _cause_of_tls(error))
    return results


def _cause_of_connect(error) -> str:
    if isinstance(error, socket.timeout):
        return "no answer in time"
    return "refused" if isinstance(error, ConnectionRefusedError) else type(error).__name__


def _cause_of_tls(error) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message
    if isinstance(error, socket.timeout):
        return "no answer in time"
    return "the port does not speak TLS as expected"
