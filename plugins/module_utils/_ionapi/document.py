# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the rules check: the JSON object of an ION API file with its usable values. Private to the collection."""

from __future__ import annotations

import re
import unicodedata
from functools import cached_property

from ansible_collections.docbits.ion.plugins.module_utils._ionapi.form import CLOUD, Expectations, flavour_of
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.keys import OPTIONAL_KEYS, STRING_KEYS, random_part
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.urls import split_url

NUMERIC_KEYS = ("dt", "ev", "v")
# In these a surrounding blank or a missing character is harmless, so the value is used.
LENIENT_KEYS = ("cn", "dt", "ev", "v")
URL_KEYS = ("iu", "pu")

# Only text that base64url cannot contain by chance, or that is the whole value: a random key may contain "xxx".
_PLACEHOLDER = re.compile(r"<[^<>]*>|\{\{|\$\{|\*{3}|\.{3}|…|REDACTED|(?i:changeme)|(?i:x{8})")
_PLACEHOLDER_START = re.compile(r"(?i:your[-_ ])")
_PLACEHOLDER_WHOLE = re.compile(r"(?i:x{3,})")
_TENANT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_ENCRYPTED_STARTS = ("$ANSIBLE_VAULT;", "-----BEGIN ", "ENC[", "!vault")


class Document:
    """The JSON object of one file. Most rules read `texts` only, so that one defect causes one finding.

    values:       the JSON object
    expectations: what the caller expects of the file
    """

    def __init__(self, values: dict, expectations: Expectations) -> None:
        self.values = values
        self.expectations = expectations

    @cached_property
    def texts(self) -> dict:
        """Key to value, for the string keys with a usable value."""
        usable = {key: as_text(self.values.get(key), key) for key in STRING_KEYS}
        return {key: text for key, text in usable.items() if text is not None}

    @cached_property
    def tenant(self) -> str | None:
        """The value of `ti` if it is a tenant."""
        tenant = self.texts.get("ti")
        return tenant if tenant is not None and _TENANT.fullmatch(tenant) else None

    @cached_property
    def urls(self) -> dict:
        """Key to `Url`, for `iu` and `pu` if they are URLs."""
        urls = {key: split_url(self.texts[key]) for key in URL_KEYS if key in self.texts}
        return {key: url for key, url in urls.items() if url is not None}

    @property
    def is_cloud(self) -> bool:
        """Whether the file is from Infor's cloud."""
        return self.flavour == CLOUD

    @cached_property
    def flavour(self) -> str:
        """The flavour: `CLOUD` or `ON_PREMISES`."""
        return flavour_of(self.texts.get("ot", ""), self.texts.get("pu", ""))

    @cached_property
    def scopes(self) -> tuple:
        """The distinct valid scope names of `sc`, in the order of the file."""
        scopes = self.values.get("sc")
        return tuple(dict.fromkeys(scope for scope in scopes if is_scope(scope))) if isinstance(scopes, list) else ()

    def has_value(self, key: str) -> bool:
        """Whether the key has a value: not an empty string, and not null if the key is optional."""
        value = self.values.get(key, "")
        return value != "" and not (value is None and key in OPTIONAL_KEYS)


def as_text(value, key: str) -> str | None:
    """The value of a string key as usable text, or None."""
    if key in NUMERIC_KEYS and is_number(value):
        value = str(value)
    if not isinstance(value, str):
        return None
    if key in LENIENT_KEYS:
        value = value.strip()
    if not value or is_encrypted(value) or has_control(value):
        return None
    if key not in LENIENT_KEYS and (has_blank(value) or is_placeholder(value)):
        return None
    return value


def is_number(value) -> bool:
    """Whether the value was a number in JSON; unlike in Python, a boolean is not one."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def has_blank(value: str) -> bool:
    """Whether the value contains white space of any kind."""
    return value.split() != [value]


def has_control(value: str) -> bool:
    """Whether the value contains a line break, a control or invisible character, or a lone surrogate."""
    return not value.isprintable() and any(unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp") for character in value)


def is_placeholder(value: str) -> bool:
    """Whether the value still has to be filled in."""
    parts = (value, random_part(value))
    return _PLACEHOLDER.search(value) is not None or any(_PLACEHOLDER_START.match(part) or _PLACEHOLDER_WHOLE.fullmatch(part) for part in parts)


def is_encrypted(value: str) -> bool:
    """Whether the value is still encrypted."""
    return value.lstrip().startswith(_ENCRYPTED_STARTS)


def is_scope(value) -> bool:
    """Whether the value is valid in the `scope` of a token request (RFC 6749, section 3.3)."""
    return isinstance(value, str) and re.fullmatch(r"[!#-\[\]-~]+", value) is not None
