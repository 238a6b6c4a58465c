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
        add("resolve")
        with socket.create_connection((host, port), timeout=timeout) as connection:
            add("connect")
            if has_tls:
                with context.wrap_socket(connection, server_hostname=host):
                    add("tls")
    except (OSError, ValueError) as error:
        check = next((check for check in CHECKS if check not in results), "tls")
        add(check, *_problem(check, error))
    return results


def _problem(check, error) -> tuple:
    """The rule and the cause for the error that ended a check."""
    if check == "resolve":
        return "N01", None
    is_timeout = isinstance(error, socket.timeout)
    if check == "connect":
        return "N02", "no answer in time" if is_timeout else "refused" if isinstance(error, ConnectionRefusedError) else type(error).__name__
    if isinstance(error, ssl.SSLCertVerificationError):
        return "N03", error.verify_message
    return "N03", "no answer in time" if is_timeout else "the port does not speak TLS as expected"
