# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The URLs in an ION API file: parsing, joining, and the owner of a host. Private to the collection."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from difflib import get_close_matches
from urllib.parse import urlsplit

INFOR_CLOUD_DOMAIN = "inforcloudsuite.com"

_REGION = re.compile(r"[^.]+\.([a-z0-9-]+)\." + re.escape(INFOR_CLOUD_DOMAIN))
_HOST = re.compile(r"(?:[^\W_]|[^\W_][\w-]{0,61}[^\W_])(?:\.(?:[^\W_]|[^\W_][\w-]{0,61}[^\W_]))*\.?")


# A host that ends in a number is an address to many programs, which read 0x7f.1 as 127.0.0.1.
_NUMBER = re.compile(r"(?:0x[0-9a-f]*|[0-9]+)\.?")
# No service of Infor is there: this network, shared, link-local, protocol assignments, benchmarks, multicast, reserved, mapped and translated.
_UNUSABLE = tuple(
    map(
        ipaddress.ip_network,
        ("0.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "192.0.0.0/24", "198.18.0.0/15", "224.0.0.0/3")
        + ("::/127", "::ffff:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/32", "2002::/16", "fe80::/10", "fec0::/10", "ff00::/8"),
    )
)


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
    if parts.scheme not in ("http", "https") or port == 0 or not is_host(host):
        return None
    return Url(parts.scheme, host, parts.path)


def is_host(host: str) -> bool:
    """Whether the text is the name or the address of a host."""
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


def is_unusable(host: str) -> bool:
    """Whether the host is an address in a range that no service of Infor has, or is written so that programs differ in which address it is."""
    address = _address(host)
    if address is None:
        return _NUMBER.fullmatch(host.rpartition(".")[2]) is not None
    return not address.is_loopback and any(address in network for network in _UNUSABLE)


def is_infor_cloud(host: str) -> bool:
    """Whether the host is in Infor's public cloud."""
    return host.isascii() and host.endswith("." + INFOR_CLOUD_DOMAIN)


def is_like_infor_cloud(host: str) -> bool:
    """Whether the host is not in Infor's cloud and may be taken for it: it has its name in another place, or one like it."""
    name = INFOR_CLOUD_DOMAIN.partition(".")[0]
    labels = [_decoded(label) for label in host.split(".")]
    # A homograph differs in one to three letters.
    is_like = any(name in label.replace("-", "") for label in labels) or bool(get_close_matches(name, labels, n=1, cutoff=0.8))
    return is_like and not is_infor_cloud(host)


def _decoded(label) -> str:
    try:
        return label.encode("ascii").decode("idna")
    except UnicodeError:
        return label


def region_of(host: str) -> str | None:
    """The region in the name of an Infor cloud host, such as "eu1"."""
    match = _REGION.fullmatch(host)
    return match.group(1) if match else None


def join_url(base: str, path: str) -> str:
    """Base and path with exactly one slash between them."""
    return base.rstrip("/") + "/" + path.lstrip("/")
