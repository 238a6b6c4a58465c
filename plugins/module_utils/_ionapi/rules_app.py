# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules D01, D02 and V01 to V05: the kind of app, the layout and the scopes. Private to the collection."""

from __future__ import annotations

import re

from ansible_collections.docbits.ion.plugins.module_utils._core.findings import ERROR, INFO, WARNING
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.form import DOCBITS_EXPORT
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.rule import DOWNLOAD, SAVE_UNCHANGED, Case, Hit, Rule
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.subject import is_scope

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
            ),
            Case(
                "other",
                INFO,
                "the value is not 12, so the app is probably no Backend Service",
                "check Type in Infor OS > API Gateway > Authorized Apps > the app",
            ),
        ),
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
            ),
        ),
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
            ),
        ),
        _version,
    ),
    Rule(
        "V02",
        "sc is there in layout 1.1 and not in 1.0",
        "A",
        (
            Case("without", INFO, "the file has no scopes although its layout is 1.1", "do nothing unless the app has Enforce Scopes"),
            Case("with", INFO, "the file has scopes although its layout is 1.0", "do nothing, the scopes are used"),
        ),
        _layout,
    ),
    Rule(
        "V03",
        "sc is a list of scope names, or null",
        "A",
        (
            Case("no_list", ERROR, "the scopes are not a list", SAVE_UNCHANGED),
            Case(
                "names",
                ERROR,
                "an item of the list is not a scope name, or holds a blank",
                SAVE_UNCHANGED,
            ),
            Case(
                "twice",
                WARNING,
                "a scope name stands more than once in the list",
                SAVE_UNCHANGED,
            ),
        ),
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
            ),
        ),
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
            ),
        ),
        _environment_version,
    ),
)
