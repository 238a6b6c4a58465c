# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The addresses in an ION API file: their parts, whose hosts they name, and how they are joined. Private to the collection."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

INFOR_CLOUD_DOMAIN = "inforcloudsuite.com"

_REGION = re.compile(r"[^.]+\.([a-z0-9-]+)\." + re.escape(INFOR_CLOUD_DOMAIN))
_HOST = re.compile(r"(?:[^\W_]|[^\W_][\w-]{0,61}[^\W_])(?:\.(?:[^\W_]|[^\W_][\w-]{0,61}[^\W_]))*\.?")


@dataclass(frozen=True)
class Url:
    """The parts of an absolute URL that the rules look at."""

    scheme: str
    host: str
    path: str

    @property
    def first_segment(self) -> str:
        """The path up to its second slash, without slashes."""
        return self.path.lstrip("/").partition("/")[0]


def split_url(text: str) -> Url | None:
    """The parts of an absolute http or https URL with a host that can exist, or C(None)."""
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or port == 0 or not _is_host(host):
        return None
    return Url(parts.scheme, host, parts.path)


def _is_host(host: str) -> bool:
    if _address(host) is not None:
        return True
    return len(host) <= 253 and _HOST.fullmatch(host) is not None


def _address(host: str):
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def is_own_network(host: str) -> bool:
    """Whether the host is this machine or an address that the internet does not route."""
    address = _address(host)
    return is_this_machine(host) or (address is not None and (address.is_private or address.is_link_local))


def is_this_machine(host: str) -> bool:
    """Whether the host is the machine that asks."""
    address = _address(host)
    return address.is_loopback if address is not None else host == "localhost" or host.endswith(".localhost")


def is_infor_cloud(host: str) -> bool:
    """Whether the host is one of Infor's public cloud."""
    return host.endswith("." + INFOR_CLOUD_DOMAIN)


def host_of(url: str) -> str:
    """The host of a URL, in lower case; empty where it has none."""
    parts = split_url(url)
    return parts.host if parts else ""


def region_of(host: str) -> str | None:
    """The region in the name of an Infor cloud host."""
    match = _REGION.fullmatch(host)
    return match.group(1) if match else None


def joined(base: str, path: str) -> str:
    """Base and path with exactly one slash between them, whatever each of them brings."""
    return base.rstrip("/") + "/" + path.lstrip("/")
