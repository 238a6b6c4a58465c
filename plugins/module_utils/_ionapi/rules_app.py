# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules D01, D02 and V01 to V05: the authorized app, the file version and the scopes. Private to the collection."""

from __future__ import annotations

import re

from ansible_collections.docbits.ion.plugins.module_utils._core.findings import INFO, WARNING
from ansible_collections.docbits.ion.plugins.module_utils._core.rules import Case, Rule
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.document import is_scope
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.form import DOCBITS_EXPORT
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.keys import FORMS
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.shared import DOWNLOAD, SAVE_UNCHANGED

BACKEND_SERVICE = "12"
VERSIONS = ("1.0", "1.1")
# What DocBits calls: documents in IDM, BODs through ION, and users/me of IFS, which proves the roles. That Infor enforces
# these scopes by these names is an assumption [D].
DOCBITS_SCOPES = ("Infor-IDM", "Infor-ION", "INFOR-IFS")

_APP_NAME = re.compile(r"DocBits_[A-Za-z0-9][A-Za-z0-9_-]*")
_ENVIRONMENT_VERSION = re.compile(r"[A-Z]\d{10}")

D01 = Rule(
    "D01",
    {
        "type": Case(
            "the value is not 12, so the app is probably not a Backend Service, which DocBits needs; the meaning of other values is not published",
            "check Type in Infor OS > API Gateway > Authorized Apps > the app, and create a Backend Service if it is another type",
        ),
        "other": Case("the value is not 12, so the app is probably not a Backend Service", level=INFO),
    },
    "check Type in Infor OS > API Gateway > Authorized Apps > the app",
    WARNING,
)
D02 = Rule(
    "D02",
    "the name of the app is not DocBits_ followed by the environment, so an administrator does not recognise it",
    "name the app DocBits_<Environment> in Infor OS > API Gateway > Authorized Apps, and check that this is the file for DocBits",
    WARNING,
)
V01 = Rule("V01", "the file version is not 1.0 or 1.1; the known keys were read", "look for a newer release of this collection", WARNING)
V02 = Rule(
    "V02",
    {
        "without": Case("the file has no scopes, but its version is 1.1", "do nothing unless Enforce Scopes is on for the app"),
        "with": "the file has scopes, but its version is 1.0",
    },
    "do nothing, the scopes are used",
    INFO,
)
V03 = Rule(
    "V03",
    {
        "no_list": "the scopes are not a list",
        "names": "an item of the list is not a scope name, or contains a blank",
        "twice": Case("a scope name occurs more than once", level=WARNING),
    },
    SAVE_UNCHANGED,
)
V04 = Rule(
    "V04",
    "the service account lacks scopes that DocBits needs: {missing}",
    f"add them to the service account in Infor OS > Security > Manage > Service Accounts, then {DOWNLOAD}",
    WARNING,
)
V05 = Rule("V05", "the value is not a capital letter and ten digits", "do nothing, the value is not used", INFO)
RULES = (D01, D02, V01, V02, V03, V04, V05)


def _app_type(document):
    if document.texts.get("dt", BACKEND_SERVICE) != BACKEND_SERVICE:
        yield D01.violation("dt", case="type" if document.expectations.profile == DOCBITS_EXPORT else "other")


def _app_name(document):
    if document.expectations.profile == DOCBITS_EXPORT and "cn" in document.texts and not _APP_NAME.fullmatch(document.texts["cn"]):
        yield D02.violation("cn")


def _version(document):
    version = document.texts.get("v", VERSIONS[0])
    # A value of another form is reported as misplaced.
    if version not in VERSIONS and FORMS["v"].fullmatch(version):
        yield V01.violation("v")


def _scopes_of_version(document):
    version, has_scopes = document.texts.get("v"), document.values.get("sc") is not None
    if (version, has_scopes) in (("1.1", False), ("1.0", True)):
        yield V02.violation("sc", case="with" if has_scopes else "without")


def _scope_list(document):
    scopes = document.values.get("sc")
    if scopes is None:
        return
    if not isinstance(scopes, list):
        yield V03.violation("sc", case="no_list")
    elif not all(is_scope(scope) for scope in scopes):
        yield V03.violation("sc", case="names")
    elif len(document.scopes) != len(scopes):
        yield V03.violation("sc", case="twice")


def _docbits_scopes(document):
    missing = [scope for scope in DOCBITS_SCOPES if scope not in document.scopes]
    if document.expectations.profile == DOCBITS_EXPORT and document.scopes and missing:
        yield V04.violation("sc", missing=", ".join(missing))


def _environment_version(document):
    if "ev" in document.texts and not _ENVIRONMENT_VERSION.fullmatch(document.texts["ev"]):
        yield V05.violation("ev")


CHECKS = (_app_type, _app_name, _version, _scopes_of_version, _scope_list, _docbits_scopes, _environment_version)
