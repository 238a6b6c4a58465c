# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Decoding an ION API file: from its content to its JSON object. Private to the collection."""

from __future__ import annotations

import base64
import binascii
import codecs
import json
import re

from ansible_collections.docbits.ion.plugins.module_utils._ionapi.keys import key_names
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.rules_file import F01, F02, F03, F04, F05, F06
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.rules_keys import K09

MAX_SIZE = 64 * 1024
MAX_DEPTH = 8
MAX_DIGITS = 40

_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{16,}={0,2}")
_YAML_START = re.compile(r"---|[A-Za-z_][A-Za-z0-9_.-]*[ \t]*:")
_PYTHON_START = re.compile(r"\{\s*u?'")
_ENCRYPTED_STARTS = ("$ANSIBLE_VAULT;", "!vault", "-----BEGIN PGP MESSAGE", "-----BEGIN AGE ENCRYPTED", "age-encryption.org/")
_TYPOGRAPHIC_QUOTES = "\u201c\u201d\u201e\u201f\u00ab\u00bb\u2018\u2019"


class _Defect(ValueError):
    """Content that cannot be decoded; the argument is the `Violation`."""


def decode(content) -> tuple:
    """The JSON object (None if there is none) and the list of violations. Accepts any content, never raises, takes linear time."""
    violations: list = []
    try:
        return _decode(content, violations), violations
    except _Defect as defect:
        return None, [*violations, defect.args[0]]


def _decode(content, violations) -> dict:
    if isinstance(content, str):
        try:
            # Bytes that are not UTF-8 arrive as surrogates.
            content = content.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError:
            raise _Defect(F02.violation(case="not_utf8")) from None
    if not isinstance(content, (bytes, bytearray)):
        raise _Defect(F01.violation(case="not_text"))
    if len(content) > MAX_SIZE:
        raise _Defect(F01.violation(case="too_big"))
    text = _to_text(bytes(content), violations)
    inner = _from_base64(text)
    if inner is not None:
        violations.append(F03.violation(case="base64"))
        text = _to_text(inner, violations)
    _reject_other_formats(text)
    return _to_object(text, violations)


def _to_text(content: bytes, violations) -> str:
    """The text without a byte order mark."""
    if content.startswith(b"\0GITCRYPT\0"):
        raise _Defect(K09.violation(case="file"))
    encoding = "utf-8"
    if content.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise _Defect(F02.violation(case="not_utf8"))
    # A byte order mark, or a zero byte next to the first brace, identifies UTF-16, and decoding it loses nothing. DocBits gets the
    # canonical form, never these bytes, so a warning is enough.
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"
    elif content[:2] in (b"{\0", b"\0{"):
        encoding = "utf-16-le" if content[:1] == b"{" else "utf-16-be"
    elif content.startswith(codecs.BOM_UTF8):
        encoding = "utf-8-sig"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        raise _Defect(F02.violation(case="not_utf8")) from None
    if "\0" in text:
        raise _Defect(F02.violation(case="not_utf8"))
    if encoding != "utf-8":
        violations.append(F02.violation(case="bom" if encoding == "utf-8-sig" else "utf16"))
    if not text.strip():
        raise _Defect(F01.violation(case="empty"))
    return text


def _from_base64(text: str) -> bytes | None:
    """The decoded content of base64 text that may be JSON; None for other text."""
    packed = "".join(text.split())
    if _BASE64.fullmatch(packed) is None:
        return None
    packed = packed.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        inner = base64.b64decode(packed + "=" * (-len(packed) % 4))
    except binascii.Error:
        return None
    start = inner.lstrip(codecs.BOM_UTF8 + codecs.BOM_UTF16_LE + b"\0 \t\r\n")
    return inner if start.startswith(b"{") else None


def _reject_other_formats(text: str) -> None:
    start = text.lstrip()
    line = start.partition("\n")[0]
    if start.startswith(_ENCRYPTED_STARTS) or (not start.startswith("{") and "$ANSIBLE_VAULT;" in start):
        raise _Defect(K09.violation(case="file"))
    if start.startswith("-----BEGIN "):
        raise _Defect(F06.violation(case="pem"))
    if start.startswith("<"):
        raise _Defect(F03.violation(case="html"))
    if _PYTHON_START.match(start):
        raise _Defect(F04.violation(case="python"))
    if _YAML_START.match(start):
        raise _Defect(F04.violation(case="yaml"))
    if not start.startswith(("{", "[", "#")) and "{" not in line and any(mark in line for mark in ",;\t"):
        # A header that names keys, or a row that starts with an access key; the exact header is not published [U].
        if "key" in line.lower() or "#" in line:
            raise _Defect(F03.violation(case="csv"))


def _to_object(text: str, violations) -> dict:
    repeated: list = []

    def to_dict(pairs):
        result = dict(pairs)
        if len(result) < len(pairs):
            seen: set = set()
            for key, _value in pairs:
                if key in seen:
                    repeated.append(key)
                seen.add(key)
        return result

    decoder = json.JSONDecoder(object_pairs_hook=to_dict, parse_int=_number(int), parse_float=_number(float), parse_constant=_no_constant)
    start = len(text) - len(text.lstrip())
    try:
        value, end = decoder.raw_decode(text, start)
        too_deep = _is_deeper_than(value, MAX_DEPTH)
    except RecursionError:
        raise _Defect(F04.violation(case="too_deep")) from None
    except json.JSONDecodeError as error:
        raise _Defect(_syntax_error(error, text)) from None
    rest = text[end:].lstrip()
    if rest:
        position = len(text) - len(rest)
        place = _place(text.count("\n", 0, position) + 1, position - text.rfind("\n", 0, position))
        raise _Defect(F04.violation(case="two_files" if rest.startswith("{") else "text_behind", place=place))
    if too_deep:
        raise _Defect(F04.violation(case="too_deep"))
    if not isinstance(value, dict):
        encoded_twice = isinstance(value, str) and value.lstrip().startswith("{")
        raise _Defect(F04.violation(case="encoded_twice" if encoded_twice else "not_an_object"))
    if repeated:
        violations.append(F05.violation(names=key_names(repeated, value)))
    _reject_other_objects(value)
    return value


def _number(kind):
    def to_number(digits: str):
        number = kind(digits) if len(digits) <= MAX_DIGITS else float("inf")
        # An infinite number could not be written as JSON again.
        if number in (float("inf"), float("-inf")):
            raise _Defect(F04.violation(case="number"))
        return number

    return to_number


def _no_constant(_name):
    raise _Defect(F04.violation(case="number"))


def _is_deeper_than(value, limit: int) -> bool:
    """Whether lists and objects are nested more than `limit` deep."""
    level = [value]
    for _depth in range(limit + 1):
        level = [
            item for container in level if isinstance(container, (dict, list)) for item in (container.values() if isinstance(container, dict) else container)
        ]
        if not level:
            return False
    return any(isinstance(item, (dict, list)) for item in level)


def _syntax_error(error: json.JSONDecodeError, text: str):
    """The likely cause of a syntax error. The text of the decoder may quote the input and is never used."""
    if error.msg.startswith("Unterminated string") or error.pos >= len(text.rstrip()):
        case = "cut_off"
    elif error.msg.startswith("Invalid control character"):
        case = "line_break"
    else:
        case = "quotes" if text[error.pos] in _TYPOGRAPHIC_QUOTES else "syntax"
    return F04.violation(case=case, place=_place(error.lineno, error.colno))


def _place(line: int, column: int) -> str:
    return f"line {line}, column {column}"


def _reject_other_objects(document: dict) -> None:
    keys = document.keys()
    if "_postman_variable_scope" in keys or {"values", "name"} <= keys or {"info", "item"} <= keys:
        raise _Defect(F06.violation(case="postman"))
    if "kty" in keys or isinstance(document.get("keys"), list):
        raise _Defect(F06.violation(case="jwk"))
