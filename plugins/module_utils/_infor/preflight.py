# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How far the way to a host is open: its name, its port, its TLS certificate. Private to the collection."""

from __future__ import annotations

import socket
import ssl
import time
from urllib.parse import urlsplit

try:
    from requests.utils import select_proxy
except ImportError:  # the module says so before it comes here
    select_proxy = None

from ansible_collections.docbits.ion.plugins.module_utils._http.client import proxies_for, tls_context
from ansible_collections.docbits.ion.plugins.module_utils._infor import logins as _logins

LEGS = ("resolve", "connect", "tls")

_LONGEST_CONNECT = 10.0
# How long a run relies on an open way, and on a closed one.
_OPEN_REMEMBERED = 300.0
_CLOSED_REMEMBERED = 30.0


def goes_through_proxy(url: str, proxy) -> bool:
    """Whether a call to O(url) goes through a proxy, by the option O(proxy) or the environment variables."""
    return bool(select_proxy(url, proxies_for(url, proxy)))


def reach(url: str, settings, ends: float) -> dict:
    """The legs of the way to the host of O(url), as far as it is open; one try per host and run.

    An address without TLS has no leg C(tls).
    Each leg is C({"seconds", "problem", "names"}): the id of a row of the diagnosis, or C(None), and what fills the row's braces.
    When another worker's try takes longer than until O(ends), no leg is given.
    """
    parts = urlsplit(url)
    has_tls = parts.scheme == "https"
    way = (parts.hostname, parts.port or (443 if has_tls else 80), has_tls)

    def travel():
        legs = _travel(*way, settings)
        is_open = not any(leg["problem"] for leg in legs.values())
        return legs, time.monotonic() + (_OPEN_REMEMBERED if is_open else _CLOSED_REMEMBERED)

    return _logins.SHELF.once(repr(("reach", way, settings.ca_path)), travel, ends) or {}


def _travel(host, port, has_tls, settings) -> dict:
    legs: dict = {}
    timeout = min(settings.timeout, _LONGEST_CONNECT)
    context = tls_context(settings.ca_path)
    started = time.monotonic()

    def arrived(leg, problem=None, cause=None):
        nonlocal started
        now = time.monotonic()
        legs[leg] = {"seconds": now - started, "problem": problem, "names": {"host": f"{host}:{port}", "cause": cause}}
        started = now

    try:
        socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        arrived("resolve", "N01")
        return legs
    arrived("resolve")
    try:
        connection = socket.create_connection((host, port), timeout=timeout)
    except OSError as error:
        arrived("connect", "N02", _cause_of_connect(error))
        return legs
    arrived("connect")
    with connection:
        if not has_tls:
            return legs
        try:
            with context.wrap_socket(connection, server_hostname=host):
                arrived("tls")
        except (OSError, ValueError) as error:
            arrived("tls", "N03", _cause_of_tls(error))
    return legs


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
