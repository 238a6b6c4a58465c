# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules T01 to T08 and L01 to L03: tenant, client ID, service account, and the place of secrets. Private to the collection."""

from __future__ import annotations

import re

from ansible_collections.docbits.ion.plugins.module_utils._core.findings import INFO, WARNING
from ansible_collections.docbits.ion.plugins.module_utils._core.rules import Case, Rule, excerpt
from ansible_collections.docbits.ion.plugins.module_utils._core.shapes import looks_random
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.document import URL_KEYS
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.form import CLOUD, environment_of
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.keys import FORMS, LENGTHS, LONG_VALUE, SECRET_KEYS, random_part
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.shared import CORRECT_EXPECTATION, DOWNLOAD_WITH_ACCOUNT, SAVE_UNCHANGED

ON_PREMISES_TENANT = "infor"

# A shorter value may be part of another one by chance; the start of a longer one is enough to recognise it.
MIN_EMBEDDED, MAX_NEEDLE = 16, 40

_CLOUD_TENANT = re.compile(r"[A-Z0-9]+_[A-Z0-9]+")
_ACCESS_KEY = re.compile(r"[^#\s]+#[A-Za-z0-9_-]+")
_CLIENT_ID = re.compile(r"[^~\s]+~[A-Za-z0-9_-]+")
_BASE64URL = re.compile(r"[A-Za-z0-9_-]+")
_HEX_RUN = re.compile(r"[0-9A-Fa-f]{24,}")

T01 = Rule("T01", "the value is not a tenant, which has only letters, digits, _ and -", SAVE_UNCHANGED)
T02 = Rule(
    "T02",
    "the tenant does not have the form NAME_ENVIRONMENT in capital letters, as cloud tenants have",
    "compare it with the tenant in Infor OS > API Gateway > Authorized Apps > the app",
    WARNING,
)
T03 = Rule(
    "T03",
    {
        "other": "the path does not start with the tenant in ti: the file was edited, or two files were mixed",
        "case": "the path and ti spell the tenant with different capital letters, but Infor is case-sensitive",
    },
    SAVE_UNCHANGED,
)
T04 = Rule(
    "T04",
    {
        "form": "the value does not have the form TENANT#KEY",
        "tenant": Case(
            "the service account is of another tenant than ti, and Infor would answer: Username does not match request tenant",
            f"do not mix files: {DOWNLOAD_WITH_ACCOUNT}",
        ),
    },
    SAVE_UNCHANGED,
)
T05 = Rule("T05", "the client ID does not have the form PREFIX~KEY", SAVE_UNCHANGED, WARNING)
T06 = Rule(
    "T06",
    "the prefix of the client ID is not the tenant in ti; it may be the name of the Infor OS farm",
    "compare it with the Client ID in Infor OS > API Gateway > Authorized Apps > the app",
    WARNING,
)
T07 = Rule(
    "T07",
    "the tenant, here or before ~ or #, is not infor, as it usually is on-premises",
    "check that the file is from the on-premises Infor OS, and that two files were not mixed",
    WARNING,
)
T08 = Rule(
    "T08",
    {
        "tenant": Case("the file is for another tenant than {expected}", f"use the file of this tenant, {CORRECT_EXPECTATION}"),
        "environment": Case("the tenant does not end with the environment {expected}", f"use the file of this environment, {CORRECT_EXPECTATION}"),
        "no_environment": Case(
            "an on-premises tenant does not name its environment, so {expected} could not be checked", "check the hosts of iu and pu yourself", INFO
        ),
        "flavour": "the file is not from an Infor OS of the flavour {expected}",
    },
    f"use the file of this Infor OS, {CORRECT_EXPECTATION}",
)
L01 = Rule(
    "L01",
    {
        "length": "the key has {length} characters instead of {usual}: it may have been cut off or doubled while copying",
        "alphabet": "the key contains characters other than letters, digits, - and _",
    },
    SAVE_UNCHANGED,
    WARNING,
)
L02 = Rule("L02", "the value contains that of {other}: one was copied over the other", SAVE_UNCHANGED)
L03 = Rule(
    "L03",
    {
        "random": "the value looks like a generated secret, which belongs in ci, cs, saak or sask",
        "form": "the value does not have the form of this key, and may be a secret, which belongs in ci, cs, saak or sask",
    },
    SAVE_UNCHANGED,
)
RULES = (T01, T02, T03, T04, T05, T06, T07, T08, L01, L02, L03)


def _tenant_form(document):
    if "ti" in document.texts and document.tenant is None:
        yield T01.violation("ti")


def _cloud_tenant(document):
    if document.is_cloud and document.tenant is not None and not _CLOUD_TENANT.fullmatch(document.tenant):
        yield T02.violation("ti")


def _tenant_in_path(document):
    url, tenant = document.urls.get("pu"), document.tenant
    if document.is_cloud and url is not None and tenant is not None and url.first_segment != tenant:
        yield T03.violation("pu", case="case" if url.first_segment.lower() == tenant.lower() else "other")


def _access_key(document):
    value, tenant = document.texts.get("saak"), document.tenant
    if value is None:
        return
    if not _ACCESS_KEY.fullmatch(value):
        yield T04.violation("saak", case="form")
    elif tenant is not None and value.partition("#")[0] != tenant:
        yield T04.violation("saak", case="tenant")


def _client_id(document):
    value, tenant = document.texts.get("ci"), document.tenant
    if value is None:
        return
    if not _CLIENT_ID.fullmatch(value):
        yield T05.violation("ci")
    elif document.is_cloud and tenant is not None and value.partition("~")[0] != tenant:
        yield T06.violation("ci")


def _on_premises_prefixes(document):
    if document.is_cloud:
        return
    for key, mark in (("ti", None), ("ci", "~"), ("saak", "#")):
        value = document.texts.get(key)
        if value is not None and (value.partition(mark)[0] if mark else value) != ON_PREMISES_TENANT:
            yield T07.violation(key)


def _expectations(document):
    wanted, tenant = document.expectations, document.tenant
    if wanted.flavour is not None and "ot" in document.texts and wanted.flavour != document.flavour:
        yield T08.violation("ot", case="flavour", expected=wanted.flavour)
    if tenant is None:
        return
    if wanted.tenant is not None and tenant != wanted.tenant:
        yield T08.violation("ti", case="tenant", expected=excerpt(wanted.tenant))
    if wanted.environment is not None:
        expected = excerpt(wanted.environment)
        if not document.is_cloud:
            yield T08.violation("ti", case="no_environment", expected=expected)
        elif (environment_of(tenant, CLOUD) or "").lower() != wanted.environment.lower():
            yield T08.violation("ti", case="environment", expected=expected)


def _lengths(document):
    for key, length in LENGTHS.items():
        if key not in document.texts:
            continue
        value = document.texts[key]
        part = random_part(value) if key in ("ci", "saak") else value
        if len(part) != length:
            yield L01.violation(key, case="length", length=len(part), usual=length)
        elif not _BASE64URL.fullmatch(part):
            yield L01.violation(key, case="alphabet")


def _misplaced_secrets(document):
    pairs = set()
    for key in SECRET_KEYS:
        value = document.texts.get(key, "")
        # A short client ID without a random part is a plain name, which may be that of the app.
        if not value or (key == "ci" and "~" not in value and len(value) < LONG_VALUE):
            continue
        for other, text in _values(document):
            pair = frozenset((key, other))
            # The whole value too: the part after the tenant may be short, and the random part may be in the tenant's place.
            if other != key and pair not in pairs and any(_contains(other, text, secret) for secret in (random_part(value), value)):
                pairs.add(pair)
                yield L02.violation(other, other=key)
    # A redirect URL may contain a random part of its own, and is never shown.
    done = {*SECRET_KEYS, "ru"}.union(*pairs)
    for other, text in _values(document):
        if other in done:
            continue
        # A host may be named by a hash.
        is_random = looks_random(text) or (other not in URL_KEYS and _has_hash(text))
        form = FORMS.get(other)
        if is_random or (form and not form.fullmatch(text)):
            done.add(other)
            yield L03.violation(other, case="random" if is_random else "form")


def _values(document):
    """Yields key and value for each usable string and each scope."""
    yield from document.texts.items()
    yield from (("sc", scope) for scope in document.scopes)


def _has_hash(text: str) -> bool:
    return any(not (run.isdecimal() or run.isalpha()) for run in _HEX_RUN.findall(text))


def _contains(key: str, text: str, secret: str) -> bool:
    if key in SECRET_KEYS and secret in (text, random_part(text)):
        return True
    return len(secret) >= MIN_EMBEDDED and secret[:MAX_NEEDLE] in text


CHECKS = (
    _tenant_form,
    _cloud_tenant,
    _tenant_in_path,
    _access_key,
    _client_id,
    _on_premises_prefixes,
    _expectations,
    _lengths,
    _misplaced_secrets,
)
