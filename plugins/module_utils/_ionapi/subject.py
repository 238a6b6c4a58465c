# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the rules look at: the document of an ION API file, with the values that are fit for use. Private to the collection."""

from __future__ import annotations

import re
import unicodedata
from functools import cached_property

from ansible_collections.docbits.ion.plugins.module_utils._ionapi.form import CLOUD, Expectations, flavour_of
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.keys import OPTIONAL_KEYS, STRING_KEYS, random_part
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.urls import Url, split_url

NUMERIC_KEYS = ("dt", "ev", "v")
# In these a blank at the end or a missing character does no harm, so what can be mended is mended.
LENIENT_KEYS = ("cn", "dt", "ev", "v")
URL_KEYS = ("iu", "pu")

# Only what base64url cannot contain by chance, or what is the whole of a value, counts: a random key may well hold "xxx".
_PLACEHOLDER = re.compile(r"<[^<>]*>|\{\{|\$\{|\*{3}|\.{3}|…|REDACTED|(?i:changeme)|(?i:x{8})")
_PLACEHOLDER_START = re.compile(r"(?i:your[-_ ])")
_PLACEHOLDER_WHOLE = re.compile(r"(?i:x{3,})")
_TENANT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_CIPHER = ("$ANSIBLE_VAULT;", "-----BEGIN ", "ENC[", "!vault")


class Subject:
    """One document under judgement. Later rules read only C(texts), so that one defect gives one finding.

    document:     the JSON object of the file
    expectations: what the caller wants held against it
    """

    def __init__(self, document: dict, expectations: Expectations) -> None:
        self.document = document
        self.expectations = expectations

    @cached_property
    def texts(self) -> dict:
        """Key to value, for the string keys whose value is fit for use."""
        usable = {key: as_text(self.document.get(key), key) for key in STRING_KEYS}
        return {key: text for key, text in usable.items() if text is not None}

    @cached_property
    def tenant(self) -> str | None:
        """The value of C(ti), where it can be a tenant."""
        tenant = self.texts.get("ti")
        return tenant if tenant is not None and _TENANT.fullmatch(tenant) else None

    @cached_property
    def urls(self) -> dict:
        """Key to L(Url), for those of C(iu) and C(pu) that are one."""
        urls = {key: split_url(self.texts[key]) for key in URL_KEYS if key in self.texts}
        return {key: url for key, url in urls.items() if url is not None}

    @cached_property
    def flavour(self) -> str:
        """C(cloud) or C(on_premises)."""
        return flavour_of(self.texts.get("ot", ""), self.texts.get("pu", ""))

    @property
    def is_cloud(self) -> bool:
        """Whether the file is of Infor's cloud."""
        return self.flavour == CLOUD

    @cached_property
    def scopes(self) -> tuple:
        """The distinct scope names of C(sc) that are fit for use, in the order of the file."""
        scopes = self.document.get("sc")
        return tuple(dict.fromkeys(scope for scope in scopes if is_scope(scope))) if isinstance(scopes, list) else ()

    def url(self, key: str) -> Url | None:
        """The parts of C(iu) or C(pu), or C(None) where it is not fit for use."""
        return self.urls.get(key)

    def holds(self, key: str) -> bool:
        """Whether the key is there and says anything: no empty string, and where it is optional, no null."""
        value = self.document.get(key, "")
        return value != "" and not (value is None and key in OPTIONAL_KEYS)


def as_text(value, key: str) -> str | None:
    """The value of a string key as text that can be used, or C(None)."""
    if key in NUMERIC_KEYS and is_number(value):
        value = str(value)
    if not isinstance(value, str):
        return None
    if key in LENIENT_KEYS:
        value = value.strip()
    if not value or is_cipher(value) or has_control(value):
        return None
    if key not in LENIENT_KEYS and (has_blank(value) or is_placeholder(value)):
        return None
    return value


def is_number(value) -> bool:
    """Whether JSON had a number there. In Python a truth value is one, too; here it is not."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def has_blank(value: str) -> bool:
    """Whether there is white space of any kind anywhere."""
    return value.split() != [value]


def has_control(value: str) -> bool:
    """Whether there is a line break, a control character, an invisible one or half of one."""
    return not value.isprintable() and any(unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp") for character in value)


def is_placeholder(value: str) -> bool:
    """Whether someone still has to fill in the value."""
    parts = (value, random_part(value))
    return (
        _PLACEHOLDER.search(value) is not None
        or any(_PLACEHOLDER_START.match(part) for part in parts)
        or any(_PLACEHOLDER_WHOLE.fullmatch(part) for part in parts)
    )


def is_cipher(value: str) -> bool:
    """Whether the value is still encrypted."""
    return value.lstrip().startswith(_CIPHER)


def is_scope(value) -> bool:
    """Whether it can stand in the C(scope) of a token request (the characters of RFC 6749)."""
    return isinstance(value, str) and re.fullmatch(r"[!#-\[\]-~]+", value) is not None
