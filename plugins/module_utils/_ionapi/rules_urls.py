# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules U01 to U11: the addresses can be used and fit to each other. Private to the collection."""

from __future__ import annotations

import re

from ansible_collections.docbits.ion.plugins.module_utils._core.findings import ERROR, WARNING
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.rule import SAVE_UNCHANGED, Case, Hit, Rule
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.subject import URL_KEYS
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.urls import is_infor_cloud, is_own_network, is_this_machine, region_of

ENDPOINT_KEYS = ("oa", "ot", "or")
ON_PREMISES_PATH = "/InforIntSTS"

_RELATIVE_PATH = re.compile(r"[A-Za-z0-9_~-][A-Za-z0-9._~/-]*")


def _absolute(subject):
    for key in URL_KEYS:
        if key not in subject.texts:
            continue
        url = subject.url(key)
        if url is None:
            yield Hit("U01.no_url", key)
        elif url.scheme == "http" and not (subject.expectations.allow_insecure and is_this_machine(url.host)):
            yield Hit("U01.http", key)


def _bare(subject):
    for key in URL_KEYS:
        if key in subject.urls and any(mark in subject.texts[key] for mark in "@?#"):
            yield Hit("U02.extra", key)


def _ends_with_slash(subject):
    if "pu" in subject.urls and not subject.texts["pu"].endswith("/"):
        yield Hit("U03.slash", "pu")


def _authorization_path(subject):
    url = subject.url("pu")
    if url is None:
        return
    path = url.path.rstrip("/")
    if not subject.is_cloud:
        if not path.endswith(ON_PREMISES_PATH):
            yield Hit("U04.on_premises", "pu")
    elif path.lstrip("/").partition("/")[2] != "as":
        yield Hit("U04.cloud", "pu")


def _gateway_path(subject):
    url = subject.url("iu")
    if url is None or not url.path:
        return
    if not url.path.strip("/"):
        yield Hit("U05.slash", "iu")
    elif url.first_segment == subject.tenant:
        yield Hit("U05.tenant", "iu")
    else:
        yield Hit("U05.path", "iu")


def _relative(subject):
    for key in ENDPOINT_KEYS:
        path = subject.texts.get(key)
        if path is not None and (not _RELATIVE_PATH.fullmatch(path) or ".." in path or "//" in path):
            yield Hit("U06.form", key)


def _one_flavour(subject):
    paths = {key: subject.texts[key].strip("/") for key in ENDPOINT_KEYS if key in subject.texts}
    if paths.get("ot", "token.oauth2") not in ("token.oauth2", "connect/token"):
        yield Hit("U07.unknown", "ot")
    elif len({_kind(path) for path in paths.values()}) > 1:
        yield Hit("U07.mixed", "ot")


def _kind(path: str) -> str:
    return "cloud" if path.endswith(".oauth2") else "on-premises" if path.startswith("connect/") else "neither"


def _one_region(subject):
    gateway, server = subject.url("iu"), subject.url("pu")
    if not subject.is_cloud or gateway is None or server is None or list(_swapped(subject)):
        return
    if is_infor_cloud(gateway.host) and is_infor_cloud(server.host) and region_of(gateway.host) != region_of(server.host):
        yield Hit("U08.region", "iu")
    elif server.host.replace("-sso", "-ionapi", 1) != gateway.host:
        yield Hit("U08.host", "iu")


def _infor_host(subject):
    for key, url in subject.urls.items():
        if subject.is_cloud and not is_infor_cloud(url.host) and not is_own_network(url.host):
            yield Hit("U09.host", key)


def _swapped(subject):
    """Infor's own names tell for each address alone; on other hosts only both together do."""
    gateway, server = subject.url("iu"), subject.url("pu")
    wrong = {
        "iu": gateway is not None and "-sso" in gateway.host.partition(".")[0],
        "pu": server is not None and "-ionapi" in server.host.partition(".")[0],
    }
    for key in URL_KEYS:
        if wrong[key] and (all(wrong.values()) or is_infor_cloud(subject.urls[key].host)):
            yield Hit("U10.swapped", key)


def _public_address(subject):
    for key, url in subject.urls.items():
        if is_own_network(url.host) and not subject.expectations.allow_insecure:
            yield Hit("U11.private", key)


RULES = (
    Rule(
        "U01",
        "iu and pu are absolute https URLs",
        "A",
        (
            Case("no_url", ERROR, "the value is no absolute URL with a host", SAVE_UNCHANGED),
            Case(
                "http",
                ERROR,
                "the address begins with http, so secrets would travel unprotected",
                f"{SAVE_UNCHANGED}; for a simulator on this machine set allow_insecure",
            ),
        ),
        _absolute,
    ),
    Rule(
        "U02",
        "iu and pu hold no user, query or fragment",
        "D",
        (
            Case(
                "extra",
                ERROR,
                "the address holds a user (@), a query (?) or a fragment (#)",
                SAVE_UNCHANGED,
            ),
        ),
        _bare,
    ),
    Rule(
        "U03",
        "pu ends with a slash",
        "A",
        (
            Case(
                "slash",
                WARNING,
                "the address does not end with a slash; this collection adds it, other programs make a wrong token URL",
                "end it with a slash",
            ),
        ),
        _ends_with_slash,
    ),
    Rule(
        "U04",
        "The path of pu is /<tenant>/as/ in the cloud and ends with /InforIntSTS/ on-premises",
        "A",
        (
            Case(
                "cloud",
                WARNING,
                "the path is not the tenant and as, as in the cloud",
                SAVE_UNCHANGED,
            ),
            Case(
                "on_premises",
                WARNING,
                "the path does not end with InforIntSTS, as on-premises",
                SAVE_UNCHANGED,
            ),
        ),
        _authorization_path,
    ),
    Rule(
        "U05",
        "iu has no path",
        "A",
        (
            Case(
                "tenant",
                ERROR,
                "the address already ends with the tenant, which would stand twice in every call",
                "leave the host alone in it",
            ),
            Case(
                "slash",
                WARNING,
                "the address ends with a slash; this collection takes it off, other programs may not",
                "take the slash off",
            ),
            Case(
                "path",
                WARNING,
                "the address has a path, a download has none",
                SAVE_UNCHANGED,
            ),
        ),
        _gateway_path,
    ),
    Rule(
        "U06",
        "oa, ot and or are relative paths",
        "A",
        (
            Case(
                "form",
                ERROR,
                "the value is not a relative path: it begins with a slash, holds .. or //, or is a whole URL",
                SAVE_UNCHANGED,
            ),
        ),
        _relative,
    ),
    Rule(
        "U07",
        "oa, ot and or are those of one flavour: all *.oauth2 (cloud) or all connect/* (on-premises)",
        "A",
        (
            Case(
                "mixed",
                WARNING,
                "oa, ot and or are not of one flavour, cloud and on-premises are mixed",
                SAVE_UNCHANGED,
            ),
            Case(
                "unknown",
                WARNING,
                "the value is neither token.oauth2 (cloud) nor connect/token (on-premises)",
                SAVE_UNCHANGED,
            ),
        ),
        _one_flavour,
    ),
    Rule(
        "U08",
        "In the cloud the host of iu is that of pu with -ionapi in place of -sso",
        "E",
        (
            Case(
                "region",
                ERROR,
                "iu and pu are in different regions of Infor's cloud",
                SAVE_UNCHANGED,
            ),
            Case(
                "host",
                WARNING,
                "the host is not that of pu with -ionapi in place of -sso",
                "check both hosts by eye; leave them if Infor gave you this file",
            ),
        ),
        _one_region,
    ),
    Rule(
        "U09",
        "In the cloud both hosts end with inforcloudsuite.com",
        "U",
        (
            Case(
                "host",
                WARNING,
                "the host is not in inforcloudsuite.com; not every region of Infor is known, so it is used all the same",
                "make sure that Infor gave you this file, the secrets go to this host",
            ),
        ),
        _infor_host,
    ),
    Rule(
        "U10",
        "iu names the gateway and pu the authorization server",
        "B",
        (
            Case(
                "swapped",
                ERROR,
                "iu and pu are swapped or the same: -ionapi is the gateway (iu), -sso the authorization server (pu)",
                SAVE_UNCHANGED,
            ),
        ),
        _swapped,
    ),
    Rule(
        "U11",
        "Both hosts can be reached from outside, unless allow_insecure says that this is a simulator",
        "E",
        (
            Case(
                "private",
                WARNING,
                "the host is this machine or a private address, which DocBits in the cloud cannot reach",
                "use the public address of Infor OS, or set allow_insecure for a simulator",
            ),
        ),
        _public_address,
    ),
)
