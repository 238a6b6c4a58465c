# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules T01 to T08, L01 and L02: tenant, client ID and service account belong together. Private to the collection."""

from __future__ import annotations

import re

from ansible_collections.docbits.ion.plugins.module_utils._core.findings import ERROR, INFO, WARNING
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.form import CLOUD, environment_of
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.keys import LENGTHS, LONG_VALUE, SECRET_KEYS, random_part
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.rule import DOWNLOAD_WITH_ACCOUNT, SAVE_UNCHANGED, Case, Hit, Rule

ON_PREMISES_TENANT = "infor"

# A shorter value may stand in another one by chance; of a longer one the start is enough to know it by.
SHORTEST_TELLING, LONGEST_NEEDLE = 16, 40

_CLOUD_TENANT = re.compile(r"[A-Z0-9]+_[A-Z0-9]+")
_ACCESS_KEY = re.compile(r"[^#\s]+#[A-Za-z0-9_-]+")
_CLIENT_ID = re.compile(r"[^~\s]+~[A-Za-z0-9_-]+")
_BASE64URL = re.compile(r"[A-Za-z0-9_-]+")

COMPARE = "compare it with the tenant in Infor OS > API Gateway > Authorized Apps > the app"


def _tenant_form(subject):
    if "ti" in subject.texts and subject.tenant is None:
        yield Hit("T01.form", "ti")


def _cloud_tenant(subject):
    tenant = subject.tenant
    if subject.is_cloud and tenant is not None and not _CLOUD_TENANT.fullmatch(tenant):
        yield Hit("T02.form", "ti")


def _tenant_in_path(subject):
    url, tenant = subject.url("pu"), subject.tenant
    if subject.is_cloud and url is not None and tenant is not None and url.first_segment != tenant:
        yield Hit("T03.case" if url.first_segment.lower() == tenant.lower() else "T03.other", "pu")


def _access_key(subject):
    value, tenant = subject.texts.get("saak"), subject.tenant
    if value is None:
        return
    if not _ACCESS_KEY.fullmatch(value):
        yield Hit("T04.form", "saak")
    elif tenant is not None and value.partition("#")[0] != tenant:
        yield Hit("T04.tenant", "saak")


def _client_id(subject):
    if "ci" in subject.texts and not _CLIENT_ID.fullmatch(subject.texts["ci"]):
        yield Hit("T05.form", "ci")


def _client_id_prefix(subject):
    value, tenant = subject.texts.get("ci", ""), subject.tenant
    if subject.is_cloud and tenant is not None and _CLIENT_ID.fullmatch(value) and value.partition("~")[0] != tenant:
        yield Hit("T06.prefix", "ci")


def _on_premises_prefixes(subject):
    if subject.is_cloud:
        return
    for key, mark in (("ti", None), ("ci", "~"), ("saak", "#")):
        value = subject.texts.get(key)
        if value is not None and (value.partition(mark)[0] if mark else value) != ON_PREMISES_TENANT:
            yield Hit("T07.prefix", key)


def _expected(subject):
    wanted, tenant = subject.expectations, subject.tenant
    if wanted.flavour is not None and "ot" in subject.texts and wanted.flavour != subject.flavour:
        yield Hit("T08.flavour", "ot", {"wanted": wanted.flavour})
    if tenant is None:
        return
    if wanted.tenant is not None and tenant != wanted.tenant:
        yield Hit("T08.tenant", "ti", {"wanted": wanted.tenant})
    if wanted.environment is not None:
        if not subject.is_cloud:
            yield Hit("T08.no_environment", "ti", {"wanted": wanted.environment})
        elif (environment_of(tenant, CLOUD) or "").lower() != wanted.environment.lower():
            yield Hit("T08.environment", "ti", {"wanted": wanted.environment})


def _lengths(subject):
    for key, length in LENGTHS.items():
        if key not in subject.texts:
            continue
        value = subject.texts[key]
        part = random_part(value) if key in ("ci", "saak") else value
        if len(part) != length:
            yield Hit("L01.length", key, {"length": len(part), "usual": length})
        elif not _BASE64URL.fullmatch(part):
            yield Hit("L01.alphabet", key)


def _pasted_twice(subject):
    """A secret in a key of its own and in another one: there it is wrong, and from there it could show."""
    pairs = set()
    for key in SECRET_KEYS:
        for other, text in _other_places(subject, key):
            value, pair = subject.texts[key], frozenset((key, other))
            # The whole too: what follows the tenant may be short, and the tenant's place may hold the random part.
            if pair not in pairs and any(_stands_in(secret, other, text) for secret in (random_part(value), value)):
                pairs.add(pair)
                yield Hit("L02.twice", other, {"other": key})


def _other_places(subject, key):
    """Each value, scopes included, in which that of O(key) must not stand, with its key."""
    value = subject.texts.get(key, "")
    # A short client ID without a random part is a plain name, which may be that of the app.
    if value and (key != "ci" or "~" in value or len(value) >= LONG_VALUE):
        yield from ((other, text) for other, text in subject.texts.items() if other != key)
        yield from (("sc", scope) for scope in subject.scopes)


def _stands_in(secret: str, other: str, text: str) -> bool:
    if other in SECRET_KEYS and secret in (text, random_part(text)):
        return True
    return len(secret) >= SHORTEST_TELLING and secret[:LONGEST_NEEDLE] in text


RULES = (
    Rule(
        "T01",
        "ti is a tenant: letters, digits, _ and -",
        "B",
        (Case("form", ERROR, "the value cannot be a tenant, which has letters, digits, _ and - only", SAVE_UNCHANGED),),
        _tenant_form,
    ),
    Rule(
        "T02",
        "A cloud tenant is <NAME>_<ENVIRONMENT> in capitals",
        "A",
        (
            Case(
                "form",
                WARNING,
                "the tenant is not of the form NAME_ENVIRONMENT in capitals, as cloud tenants are",
                COMPARE,
            ),
        ),
        _cloud_tenant,
    ),
    Rule(
        "T03",
        "In the cloud the path of pu begins with the tenant of ti",
        "A",
        (
            Case(
                "other",
                ERROR,
                "the path does not begin with the tenant in ti: the file is mixed from two, or was edited",
                SAVE_UNCHANGED,
            ),
            Case(
                "case",
                ERROR,
                "the tenant in the path and the one in ti differ in capital letters, which Infor tells apart",
                SAVE_UNCHANGED,
            ),
        ),
        _tenant_in_path,
    ),
    Rule(
        "T04",
        "saak is <tenant>#<key>, with the tenant of ti",
        "A",
        (
            Case(
                "form",
                ERROR,
                "the value is not of the form TENANT#KEY",
                SAVE_UNCHANGED,
            ),
            Case(
                "tenant",
                ERROR,
                "the service account belongs to another tenant than ti, Infor would answer: Username does not match request tenant",
                f"do not mix files: {DOWNLOAD_WITH_ACCOUNT}",
            ),
        ),
        _access_key,
    ),
    Rule(
        "T05",
        "ci is <prefix>~<key>",
        "B",
        (
            Case(
                "form",
                WARNING,
                "the client ID is not of the form PREFIX~KEY",
                SAVE_UNCHANGED,
            ),
        ),
        _client_id,
    ),
    Rule(
        "T06",
        "In the cloud the prefix of ci is the tenant of ti, or the name of an Infor OS farm",
        "A",
        (
            Case(
                "prefix",
                WARNING,
                "the prefix of the client ID is not the tenant in ti; it may be the name of the Infor OS farm",
                "compare the Client ID in Infor OS > API Gateway > Authorized Apps > the app",
            ),
        ),
        _client_id_prefix,
    ),
    Rule(
        "T07",
        "On-premises the tenant, and the prefix of ci and saak, is infor",
        "A",
        (
            Case(
                "prefix",
                WARNING,
                "on-premises the tenant, here or before the ~ or #, is as a rule literally infor",
                "check that the file is of the on-premises Infor OS, and not mixed from two files",
            ),
        ),
        _on_premises_prefixes,
    ),
    Rule(
        "T08",
        "The file is for the tenant, environment and flavour that the caller expects",
        "E",
        (
            Case(
                "tenant",
                ERROR,
                "the file is for another tenant than the expected {wanted}",
                "use the file of the expected tenant, or correct what the inventory expects",
            ),
            Case(
                "environment",
                ERROR,
                "the file is not for an environment {wanted}, which the tenant would end with",
                "use the file of the expected environment, or correct what the inventory expects",
            ),
            Case(
                "no_environment",
                INFO,
                "an on-premises tenant does not name its environment, so {wanted} could not be checked",
                "compare the hosts of iu and pu by eye",
            ),
            Case(
                "flavour",
                ERROR,
                "the file is not of the expected flavour {wanted}",
                "use the file of the expected Infor OS, or correct what the inventory expects",
            ),
        ),
        _expected,
    ),
    Rule(
        "L01",
        "The keys have their usual length and alphabet: 43 characters after the ~ of ci, else 86, of base64url",
        "B",
        (
            Case(
                "length",
                WARNING,
                "the key has {length} characters and usually {usual}: it was perhaps cut or doubled while copying",
                SAVE_UNCHANGED,
            ),
            Case(
                "alphabet",
                WARNING,
                "the key holds characters other than letters, digits, - and _",
                SAVE_UNCHANGED,
            ),
        ),
        _lengths,
    ),
    Rule(
        "L02",
        "No secret stands in a second key",
        "E",
        (
            Case(
                "twice",
                ERROR,
                "the value holds that of {other}: one was pasted over the other",
                SAVE_UNCHANGED,
            ),
        ),
        _pasted_twice,
    ),
)
