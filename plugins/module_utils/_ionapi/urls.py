# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The URLs in an ION API file: parsing, joining, and the owner of a host. Private to the collection."""

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
    """The parts of an absolute URL that rules check."""

    scheme: str
    host: str
    path: str

    @property
    def first_segment(self) -> str:
        """The first segment of the path, without slashes."""
        return self.path.lstrip("/").partition("/")[0]


def split_url(text: str) -> Url | None:
    """The parts of an absolute http or https URL with a valid host, or None."""
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or port == 0 or not _is_host(host):
        return None
    return Url(parts.scheme, host, parts.path)


def _is_host(host: str) -> bool:
    return _address(host) is not None or (len(host) <= 253 and _HOST.fullmatch(host) is not None)


def _address(host: str):
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def is_private(host: str) -> bool:
    """Whether the host is this machine or has an address that is not routed on the internet."""
    address = _address(host)
    return is_loopback(host) or (address is not None and (address.is_private or address.is_link_local))


def is_loopback(host: str) -> bool:
    """Whether the host is this machine."""
    address = _address(host)
    return address.is_loopback if address is not None else host == "localhost" or host.endswith(".localhost")


def is_infor_cloud(host: str) -> bool:
    """Whether the host is in Infor's public cloud."""
    return host.endswith("." + INFOR_CLOUD_DOMAIN)


def region_of(host: str) -> str | None:
    """The region in the name of an Infor cloud host, such as "eu1"."""
    match = _REGION.fullmatch(host)
    return match.group(1) if match else None


def join_url(base: str, path: str) -> str:
    """Base and path with exactly one slash between them."""
    return base.rstrip("/") + "/" + path.lstrip("/")
