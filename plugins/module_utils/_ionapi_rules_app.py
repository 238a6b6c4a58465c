# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules D01, D02, V01 to V05 and C01: the kind of app, the layout, the scopes, and the fleet. Private to the collection."""

from __future__ import annotations

import re

from ansible_collections.docbits.ion.plugins.module_utils._findings import ERROR, INFO, WARNING
from ansible_collections.docbits.ion.plugins.module_utils._ionapi_examples import GONE, beside, differing, good, invented, on_premises
from ansible_collections.docbits.ion.plugins.module_utils._ionapi_form import DOCBITS_EXPORT, INFOR
from ansible_collections.docbits.ion.plugins.module_utils._ionapi_keys import MOST_NAMES
from ansible_collections.docbits.ion.plugins.module_utils._ionapi_rule import Case, Hit, Rule
from ansible_collections.docbits.ion.plugins.module_utils._ionapi_rules_file import DOWNLOAD, SAVE_UNCHANGED
from ansible_collections.docbits.ion.plugins.module_utils._ionapi_subject import is_scope

BACKEND_SERVICE = "12"
VERSIONS = ("1.0", "1.1")
# What DocBits calls: documents in IDM, BODs through ION, and users/me of IFS by which roles are proved. That Infor enforces
# these scopes by these names is an assumption [D].
DOCBITS_SCOPES = ("Infor-IDM", "Infor-ION", "INFOR-IFS")

_APP_NAME = re.compile(r"DocBits_[A-Za-z0-9][A-Za-z0-9_-]*")
_ENVIRONMENT_VERSION = re.compile(r"[A-Z]\d{10}")


def _app_type(subject):
    if subject.texts.get("dt", BACKEND_SERVICE) != BACKEND_SERVICE:
        yield Hit("D01.type" if subject.expectations.profile == DOCBITS_EXPORT else "D01.other", "dt")


def _app_name(subject):
    if subject.expectations.profile == DOCBITS_EXPORT and "cn" in subject.texts and not _APP_NAME.fullmatch(subject.texts["cn"]):
        yield Hit("D02.name", "cn")


def _version(subject):
    if subject.texts.get("v", VERSIONS[0]) not in VERSIONS:
        yield Hit("V01.unknown", "v")


def _layout(subject):
    version, has_scopes = subject.texts.get("v"), subject.document.get("sc") is not None
    if version == "1.1" and not has_scopes:
        yield Hit("V02.without", "sc")
    elif version == "1.0" and has_scopes:
        yield Hit("V02.with", "sc")


def _scope_list(subject):
    scopes = subject.document.get("sc")
    if scopes is None:
        return
    if not isinstance(scopes, list):
        yield Hit("V03.no_list", "sc")
    elif not all(is_scope(scope) for scope in scopes):
        yield Hit("V03.names", "sc")
    elif len(subject.scopes) != len(scopes):
        yield Hit("V03.twice", "sc")


def _docbits_scopes(subject):
    missing = [scope for scope in DOCBITS_SCOPES if scope not in subject.scopes]
    if subject.expectations.profile == DOCBITS_EXPORT and subject.scopes and missing:
        yield Hit("V04.missing", "sc", {"missing": ", ".join(missing)})


def _environment_version(subject):
    if "ev" in subject.texts and not _ENVIRONMENT_VERSION.fullmatch(subject.texts["ev"]):
        yield Hit("V05.form", "ev")


def check_fleet(files):
    """Yields C((names, hit)) for what only several files together show. O(files) is environment name to L(IonApi)."""
    by_client, by_account, by_access_key = {}, {}, {}
    for name, file in files.items():
        by_client.setdefault(file.ci, {}).setdefault(file.cs, []).append(name)
        if file.has_service_account:
            by_account.setdefault(file.saak, []).append(name)
            by_access_key.setdefault(file.saak, {}).setdefault(file.sask, []).append(name)
    for by_secret in by_client.values():
        if len(by_secret) > 1:
            yield _all_of(by_secret), Hit("C01.client_secret", "cs")
    for names in by_account.values():
        if len(names) > 1:
            yield names, Hit("C01.service_account", "saak")
    for by_secret in by_access_key.values():
        if len(by_secret) > 1:
            yield _all_of(by_secret), Hit("C01.account_secret", "sask")


def _all_of(by_secret) -> list:
    return [name for names in by_secret.values() for name in names]


def listed(names) -> str:
    """Names of environments, the first ones in full and a count of the others."""
    more = len(names) - MOST_NAMES
    return ", ".join(names[:MOST_NAMES]) + (f" and {more} more" if more > 0 else "")


RULES = (
    Rule(
        "D01",
        "dt is 12, the type Backend Service",
        "B",
        (
            Case(
                "type",
                WARNING,
                "the value is not 12, so the app is probably no Backend Service, which DocBits needs; what other values mean is not published",
                "check Type in Infor OS > API Gateway > Authorized Apps > the app, and create a Backend Service if it is another",
                differing({"dt": "3"}),
            ),
            Case(
                "other",
                INFO,
                "the value is not 12, so the app is probably no Backend Service",
                "check Type in Infor OS > API Gateway > Authorized Apps > the app",
                differing({"dt": "3"}, profile=INFOR),
            ),
        ),
        good(),
        _app_type,
    ),
    Rule(
        "D02",
        "For DocBits the app is named DocBits_<Environment>",
        "E",
        (
            Case(
                "name",
                WARNING,
                "the app is not named DocBits_ and its environment, by which an administrator would know it",
                "name the app DocBits_<Environment> in Infor OS > API Gateway > Authorized Apps, and check that this is the file of DocBits",
                differing({"cn": "Data Publishing"}),
            ),
        ),
        good(),
        _app_name,
    ),
    Rule(
        "V01",
        "v is 1.0 or 1.1",
        "A",
        (
            Case(
                "unknown",
                WARNING,
                "the layout is another than the known 1.0 and 1.1; it was read as far as it is known",
                "look for a newer release of this collection",
                differing({"v": "2.0"}),
            ),
        ),
        good(),
        _version,
    ),
    Rule(
        "V02",
        "sc is there in layout 1.1 and not in 1.0",
        "A",
        (
            Case("without", INFO, "the file has no scopes although its layout is 1.1", "do nothing unless the app has Enforce Scopes", differing({"sc": GONE})),
            Case("with", INFO, "the file has scopes although its layout is 1.0", "do nothing, the scopes are used", differing({"v": "1.0"})),
        ),
        on_premises(),
        _layout,
    ),
    Rule(
        "V03",
        "sc is a list of scope names, or null",
        "A",
        (
            Case("no_list", ERROR, "the scopes are not a list", SAVE_UNCHANGED, differing({"sc": "Infor-IDM Infor-ION INFOR-IFS"})),
            Case(
                "names",
                ERROR,
                "an item of the list is not a scope name, or holds a blank",
                SAVE_UNCHANGED,
                differing({"sc": ["INFOR-IFS", "Infor-IDM", "Infor-ION", ""]}),
            ),
            Case(
                "twice",
                WARNING,
                "a scope name stands more than once in the list",
                SAVE_UNCHANGED,
                differing({"sc": ["INFOR-IFS", "Infor-IDM", "Infor-ION", "Infor-ION"]}),
            ),
        ),
        differing({"sc": None, "v": "1.0"}),
        _scope_list,
    ),
    Rule(
        "V04",
        "For DocBits the scopes, if there are any, hold Infor-IDM, Infor-ION and INFOR-IFS",
        "D",
        (
            Case(
                "missing",
                WARNING,
                "the service account lacks scopes that DocBits needs: {missing}",
                f"add them to the service account in Infor OS > Security > Manage > Service Accounts, then {DOWNLOAD}",
                differing({"sc": ["INFOR-IFS", "Infor-IDM"]}),
            ),
        ),
        good(),
        _docbits_scopes,
    ),
    Rule(
        "V05",
        "ev is a capital letter and ten digits",
        "E",
        (
            Case(
                "form",
                INFO,
                "the value is not a capital letter and ten digits",
                "do nothing, the value is not used",
                differing({"ev": "B12"}),
            ),
        ),
        good(),
        _environment_version,
    ),
    Rule(
        "C01",
        "Each environment has its own service account, and one key has one secret in the whole fleet",
        "E",
        (
            Case(
                "client_secret",
                WARNING,
                "the client ID is the same and the client secret is not: after a reset of the secret, one of the files is stale",
                "compare the dates of the files, and download the older one again in Infor OS > API Gateway > Authorized Apps",
                beside({"cs": invented("newer-client-secret", 86)}),
            ),
            Case(
                "service_account",
                WARNING,
                "the service account is the same: its limits are shared, and disabling it stops all of them",
                f"give each environment its own, {DOWNLOAD} with Create Service Account switched on",
                beside({}),
            ),
            Case(
                "account_secret",
                WARNING,
                "the service account is the same and its secret key is not: one of the files is stale or mixed",
                f"find the file that Infor refuses, and {DOWNLOAD} with Create Service Account switched on",
                beside({"sask": invented("newer-secret-key", 86)}),
            ),
        ),
        beside({"ci": "ACME_TST~" + invented("other-client-id", 43), "saak": "ACME_TST#" + invented("other-access-key", 86)}),
    ),
)
