# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules U01 to U13: the URLs of the gateway and of the authorization server. Private to the collection."""

from __future__ import annotations

import re

from ansible_collections.docbits.ion.plugins.module_utils._core.findings import ERROR, WARNING
from ansible_collections.docbits.ion.plugins.module_utils._core.rules import Case, Rule
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.document import URL_KEYS
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.shared import DOWNLOAD, SAVE_UNCHANGED
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.urls import (
    is_infor_cloud,
    is_like_infor_cloud,
    is_loopback,
    is_private,
    is_unusable,
    region_of,
)

ENDPOINT_KEYS = ("oa", "ot", "or")
ON_PREMISES_PATH = "/InforIntSTS"

_RELATIVE_PATH = re.compile(r"[A-Za-z0-9_~-][A-Za-z0-9._~/-]*")

U01 = Rule(
    "U01",
    {
        "no_url": "the value is not an absolute URL with a host",
        "http": Case(
            "the URL uses http, so secrets would be sent without encryption", f"{SAVE_UNCHANGED}; for a simulator on this machine, set allow_insecure"
        ),
    },
    SAVE_UNCHANGED,
)
U02 = Rule("U02", "the URL contains a user (@), a query (?) or a fragment (#)", SAVE_UNCHANGED)
U03 = Rule("U03", "the URL does not end with a slash; this collection adds it, but other programs build a wrong token URL", "add a slash at its end", WARNING)
U04 = Rule(
    "U04",
    {"cloud": "the path is not /<tenant>/as/, as in the cloud", "on_premises": "the path does not end with /InforIntSTS/, as on-premises"},
    SAVE_UNCHANGED,
    WARNING,
)
U05 = Rule(
    "U05",
    {
        "tenant": Case("the URL ends with the tenant, which would then be in every request twice", "remove the path, so that only the host is left", ERROR),
        "slash": Case("the URL ends with a slash; this collection removes it, but other programs may not", "remove the slash"),
        "path": "the URL has a path, but a download has none",
    },
    SAVE_UNCHANGED,
    WARNING,
)
U06 = Rule("U06", "the value is not a relative path: it starts with a slash, contains .. or //, or is a whole URL", SAVE_UNCHANGED)
U07 = Rule(
    "U07",
    {"mixed": "oa, ot and or mix paths of cloud and on-premises", "unknown": "the value is neither token.oauth2 (cloud) nor connect/token (on-premises)"},
    SAVE_UNCHANGED,
    WARNING,
)
U08 = Rule(
    "U08",
    {
        "region": "iu and pu are in different regions of Infor's cloud",
        "host": Case(
            "the host is not the host of pu with -ionapi instead of -sso", "check both hosts; if Infor gave you this file, do not change them", WARNING
        ),
    },
    SAVE_UNCHANGED,
)
U09 = Rule(
    "U09",
    "the host is neither in Infor's cloud (inforcloudsuite.com) nor in trusted_hosts, and the secrets would be sent to it",
    "make sure that Infor, or the administrator of your Infor OS, gave you this file, then name the host in trusted_hosts",
)
U10 = Rule("U10", "iu and pu are swapped or the same: -ionapi is the gateway (iu), -sso is the authorization server (pu)", SAVE_UNCHANGED)
U11 = Rule(
    "U11",
    "the host is this machine or has a private address, which DocBits in the cloud cannot reach",
    "use the public address of Infor OS; for a simulator, set allow_insecure",
    WARNING,
)
U12 = Rule(
    "U12",
    {
        "look_alike": Case(
            "the host looks like one of Infor's cloud (inforcloudsuite.com) and is not, so the secrets would be sent to somebody else",
            f"do not use this file; {DOWNLOAD}",
        ),
        "address": "the host is an address that no Infor OS has: link-local, shared, translated, reserved, or written in an unusual way",
    },
    SAVE_UNCHANGED,
)
U13 = Rule(
    "U13",
    "one of iu and pu is in Infor's cloud (inforcloudsuite.com) and this one is not, so the secrets would be sent to somebody else",
    f"do not use this file; {DOWNLOAD}",
)
RULES = (U01, U02, U03, U04, U05, U06, U07, U08, U09, U10, U11, U12, U13)


def _absolute(document):
    for key in URL_KEYS:
        url = document.urls.get(key)
        if key in document.texts and url is None:
            yield U01.violation(key, case="no_url")
        elif url is not None and url.scheme == "http" and not (document.expectations.allow_insecure and is_loopback(url.host)):
            yield U01.violation(key, case="http")


def _no_extras(document):
    for key in document.urls:
        if any(mark in document.texts[key] for mark in "@?#"):
            yield U02.violation(key)


def _trailing_slash(document):
    if "pu" in document.urls and not document.texts["pu"].endswith("/"):
        yield U03.violation("pu")


def _authorization_path(document):
    url = document.urls.get("pu")
    if url is None:
        return
    path = url.path.rstrip("/")
    if not document.is_cloud:
        if not path.endswith(ON_PREMISES_PATH):
            yield U04.violation("pu", case="on_premises")
    elif path.lstrip("/").partition("/")[2] != "as":
        yield U04.violation("pu", case="cloud")


def _gateway_path(document):
    url = document.urls.get("iu")
    if url is None or not url.path:
        return
    if not url.path.strip("/"):
        yield U05.violation("iu", case="slash")
    else:
        yield U05.violation("iu", case="tenant" if url.first_segment == document.tenant else "path")


def _relative_paths(document):
    for key in ENDPOINT_KEYS:
        path = document.texts.get(key)
        if path is not None and (not _RELATIVE_PATH.fullmatch(path) or ".." in path or "//" in path):
            yield U06.violation(key)


def _one_flavour(document):
    paths = {key: document.texts[key].strip("/") for key in ENDPOINT_KEYS if key in document.texts}
    if paths.get("ot", "token.oauth2") not in ("token.oauth2", "connect/token"):
        yield U07.violation("ot", case="unknown")
    elif len({_path_flavour(path) for path in paths.values()}) > 1:
        yield U07.violation("ot", case="mixed")


def _path_flavour(path: str) -> str:
    return "cloud" if path.endswith(".oauth2") else "on-premises" if path.startswith("connect/") else "neither"


def _one_region(document):
    gateway, server = document.urls.get("iu"), document.urls.get("pu")
    if not document.is_cloud or gateway is None or server is None or list(_swapped(document)):
        return
    if is_infor_cloud(gateway.host) and is_infor_cloud(server.host) and region_of(gateway.host) != region_of(server.host):
        yield U08.violation("iu", case="region")
    elif is_infor_cloud(gateway.host) == is_infor_cloud(server.host) and server.host.replace("-sso", "-ionapi", 1) != gateway.host:
        yield U08.violation("iu", case="host")


def _trusted_hosts(document):
    """Whether the secrets may be sent to each host, by the first reason against it."""
    wanted, hosts = document.expectations, {key: url.host for key, url in document.urls.items()}
    for key, host in hosts.items():
        if is_infor_cloud(host) or (wanted.allow_insecure and is_loopback(host)):
            continue
        if is_unusable(host):
            yield U12.violation(key, case="address")
        elif any(map(is_infor_cloud, hosts.values())):
            yield U13.violation(key)
        elif wanted.trusted_hosts is not None and host.rstrip(".") not in wanted.trusted_hosts:
            yield U12.violation(key, case="look_alike") if is_like_infor_cloud(host) else U09.violation(key)


def _swapped(document):
    gateway, server = document.urls.get("iu"), document.urls.get("pu")
    wrong = {
        "iu": gateway is not None and "-sso" in gateway.host.partition(".")[0],
        "pu": server is not None and "-ionapi" in server.host.partition(".")[0],
    }
    for key in URL_KEYS:
        # Another company's host may have such a name by chance; two of them do not.
        if wrong[key] and (all(wrong.values()) or is_infor_cloud(document.urls[key].host)):
            yield U10.violation(key)


def _public_hosts(document):
    for key, url in document.urls.items():
        if is_private(url.host) and not document.expectations.allow_insecure:
            yield U11.violation(key)


CHECKS = (
    _absolute,
    _no_extras,
    _trailing_slash,
    _authorization_path,
    _gateway_path,
    _relative_paths,
    _one_flavour,
    _one_region,
    _trusted_hosts,
    _swapped,
    _public_hosts,
)
