# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the bytes of an ION API file to its JSON object, and what they are if they are something else. Private to the collection."""

from __future__ import annotations

import base64
import binascii
import codecs
import json
import re
from dataclasses import dataclass

from ansible_collections.docbits.ion.plugins.module_utils._ionapi.keys import named
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.rule import Hit

LARGEST = 64 * 1024
DEEPEST = 8
LONGEST_NUMBER = 40

_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{16,}={0,2}")
_YAML_START = re.compile(r"---|[A-Za-z_][A-Za-z0-9_.-]*[ \t]*:")
_PYTHON_START = re.compile(r"\{\s*u?'")
_ENCRYPTED_START = ("$ANSIBLE_VAULT;", "!vault", "-----BEGIN PGP MESSAGE", "-----BEGIN AGE ENCRYPTED", "age-encryption.org/")
_TYPOGRAPHIC_QUOTES = "\u201c\u201d\u201e\u201f\u00ab\u00bb\u2018\u2019"


@dataclass(frozen=True)
class Reading:
    """What reading gave.

    document: the JSON object, or C(None)
    hits:     what was found on the way
    """

    document: dict | None
    hits: tuple = ()


class _NotJson(ValueError):
    """A number that JSON or this collection does not know."""


def read(content) -> Reading:
    """Read the content of a file, in time linear in its size. Takes anything, raises nothing."""
    if isinstance(content, str):
        try:
            # Bytes that are no UTF-8 come as surrogates.
            content = content.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError:
            return Reading(None, (Hit("F02.not_utf8"),))
    if not isinstance(content, (bytes, bytearray)):
        return Reading(None, (Hit("F01.not_text"),))
    if len(content) > LARGEST:
        return Reading(None, (Hit("F01.too_big"),))
    text, hits = _decoded(bytes(content))
    if text is not None:
        inner = _from_base64(text)
        if inner is not None:
            text, more = _decoded(inner)
            hits += [Hit("F03.base64"), *more]
    if text is None:
        return Reading(None, tuple(hits))
    mistake = _other_than_json(text)
    if mistake is not None:
        return Reading(None, (*hits, mistake))
    document, more = _json_object(text)
    return Reading(document, (*hits, *more))


def _decoded(content: bytes):
    """Text without a byte order mark, or C(None), and hits."""
    if content.startswith(b"\0GITCRYPT\0"):
        return None, [Hit("K09.file")]
    encoding, hits = "utf-8", []
    if content.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return None, [Hit("F02.not_utf8")]
    # A byte order mark, or the zero byte beside the first brace, says without doubt what this is, and decoding it loses
    # nothing. DocBits gets the canonical form, never these bytes. So the file is used and the person is told.
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding, hits = "utf-16", [Hit("F02.utf16")]
    elif content[:2] in (b"{\0", b"\0{"):
        encoding, hits = ("utf-16-le" if content[:1] == b"{" else "utf-16-be"), [Hit("F02.utf16")]
    elif content.startswith(codecs.BOM_UTF8):
        encoding, hits = "utf-8-sig", [Hit("F02.bom")]
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        return None, [Hit("F02.not_utf8")]
    if "\0" in text:
        return None, [Hit("F02.not_utf8")]
    if not text.strip():
        return None, [*hits, Hit("F01.empty")]
    return text, hits


def _from_base64(text: str) -> bytes | None:
    """What base64 text holds, if that can be JSON; C(None) for all other text."""
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


def _other_than_json(text: str) -> Hit | None:
    """What text is that is plainly no JSON, by how it begins."""
    start = text.lstrip()
    line = start.partition("\n")[0]
    if start.startswith(_ENCRYPTED_START) or (not start.startswith("{") and "$ANSIBLE_VAULT;" in start):
        return Hit("K09.file")
    if start.startswith("-----BEGIN "):
        return Hit("F06.pem")
    if start.startswith("<"):
        return Hit("F03.html")
    if _PYTHON_START.match(start):
        return Hit("F04.python")
    if _YAML_START.match(start):
        return Hit("F04.yaml")
    if not start.startswith(("{", "[", "#")) and "{" not in line and any(mark in line for mark in ",;\t"):
        # A header that speaks of keys, or a row that begins with an access key; the exact header is not published [U].
        if "key" in line.lower() or "#" in line:
            return Hit("F03.csv")
    return None


def _json_object(text: str):
    """The JSON object that the text is, or C(None), and hits."""
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

    decoder = json.JSONDecoder(object_pairs_hook=to_dict, parse_int=_small(int), parse_float=_small(float), parse_constant=_no_constant)
    start = len(text) - len(text.lstrip())
    try:
        value, end = decoder.raw_decode(text, start)
        too_deep = _deeper_than(value, DEEPEST)
    except RecursionError:
        return None, [Hit("F04.too_deep")]
    except _NotJson:
        return None, [Hit("F04.number")]
    except json.JSONDecodeError as error:
        return None, [_why_no_json(error, text)]
    rest = text[end:].strip()
    if rest:
        return None, [Hit("F04.two_files" if rest.startswith("{") else "F04.text_behind", None, _place(text, len(text) - len(text[end:].lstrip())))]
    if too_deep:
        return None, [Hit("F04.too_deep")]
    if not isinstance(value, dict):
        encoded_twice = isinstance(value, str) and value.lstrip().startswith("{")
        return None, [Hit("F04.encoded_twice" if encoded_twice else "F04.not_an_object")]
    hits = [Hit("F05.repeated", None, {"names": named(repeated, value)})] if repeated else []
    look_alike = _other_json(value)
    return (None, [*hits, look_alike]) if look_alike else (value, hits)


def _small(kind):
    def to_number(digits: str):
        number = kind(digits) if len(digits) <= LONGEST_NUMBER else float("inf")
        # A number that became infinite could not be written as JSON again.
        if number in (float("inf"), float("-inf")):
            raise _NotJson
        return number

    return to_number


def _no_constant(_name):
    raise _NotJson


def _deeper_than(value, limit: int) -> bool:
    """Whether lists and objects stand in each other more than O(limit) deep."""
    level = [value]
    for _depth in range(limit + 1):
        level = [
            item for container in level if isinstance(container, (dict, list)) for item in (container.values() if isinstance(container, dict) else container)
        ]
        if not level:
            return False
    return any(isinstance(item, (dict, list)) for item in level)


def _why_no_json(error: json.JSONDecodeError, text: str) -> Hit:
    """The likely cause of a syntax error. The decoder's own text may quote the input and is never used."""
    place = {"line": error.lineno, "column": error.colno}
    if error.msg.startswith("Unterminated string") or error.pos >= len(text.rstrip()):
        return Hit("F04.cut_off", None, place)
    if error.msg.startswith("Invalid control character"):
        return Hit("F04.line_break", None, place)
    if text[error.pos] in _TYPOGRAPHIC_QUOTES:
        return Hit("F04.quotes", None, place)
    return Hit("F04.syntax", None, place)


def _place(text: str, position: int) -> dict:
    return {"line": text.count("\n", 0, position) + 1, "column": position - text.rfind("\n", 0, position)}


def _other_json(document: dict) -> Hit | None:
    """What a JSON object is that other tools write, by its keys."""
    keys = document.keys()
    if "_postman_variable_scope" in keys or {"values", "name"} <= keys or {"info", "item"} <= keys:
        return Hit("F06.postman")
    if "kty" in keys or isinstance(document.get("keys"), list):
        return Hit("F06.jwk")
    return None
