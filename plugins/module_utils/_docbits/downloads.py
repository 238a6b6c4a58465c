# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a download of a file gives: the file, if it is complete and without a mask, or that it is withheld. Pure. Private to the collection.

What a download returns is not documented. A file is known only if it has the form that its type must have; an envelope around it (an object with
the file under a key, a JSON string, base64) is opened only if its content has that form.
"""

from __future__ import annotations

import base64
import binascii
import json
import re

from ansible_collections.docbits.ion.plugins.module_utils._core.text import BYTE_ORDER_MARK, is_rewritten_by_java, parse_json
from ansible_collections.docbits.ion.plugins.module_utils._model.export import FILES
from ansible_collections.docbits.ion.plugins.module_utils._model.values import Known, Withheld, is_masked

# A file without the service account may be one that DocBits shows without it.
_IONAPI_KEYS = ("ti", "ci", "cs", "iu", "pu", "ot", "saak", "sask")
_IONAPI_SECRETS = ("cs", "saak", "sask")
_SHOWN_KEYS = ("ti", "cn", "ci", "iu", "pu", "ot")
_ENVELOPE_KEYS = ("data", "content", "file", "file_content", "body", "result", "value")
_MOST_LAYERS = 4
_BASE64 = re.compile(r"[A-Za-z0-9+/_\-\s]{8,}={0,2}\s*")
_XSLT_ROOT = re.compile(r"<((?:[A-Za-z_][\w.-]{0,40}:)?(?:stylesheet|transform))[\s>/]")
# A document type may have letters with accents, which are lone surrogates if the file is not UTF-8.
_LONG_MASK = re.compile(r"\*{4,}|[•●]{3,}")
_PROPERTY_KEY = re.compile("[A-Za-z_\u00c0-\u024f\udc80-\udcff][\\w.\\-: \\\\\udc80-\udcff]*")


def file_in(file: str, body: bytes):
    """The file that a successful download holds, as Known(text) or Withheld.

    file: a name in FILES
    """
    text = body.decode("utf-8", "surrogateescape")
    if not text.strip():
        return Withheld("empty")
    read = _read_ionapi if FILES[file].secret else _read_xslt if file == "xslt" else _read_toml if file == "m3_toml_mapping" else _read_properties
    values = [read(candidate) for candidate in _candidates(text)]
    # The innermost first: base64 may look like the one entry of a properties file.
    known = next((value for value in reversed(values) if isinstance(value, Known)), None)
    return known or next((value for value in values if value.shown), values[0])


def envelope_of(body: bytes) -> str:
    """How a download wraps its file, in one of a few phrases."""
    text = body.decode("utf-8", "surrogateescape")
    value = _json_in(text.lstrip(BYTE_ORDER_MARK).strip())
    if isinstance(value, dict):
        key = next((key for key in _ENVELOPE_KEYS if key in value), None)
        is_url = isinstance(value.get(key), str) and value[key].strip().lower().startswith(("https://", "http://"))
        return f"an object with {'a URL' if is_url else 'the file'} in {key}" if key else "no envelope"
    return "a JSON text" if isinstance(value, str) else "base64" if _opened(text) else "no envelope"


def _candidates(text) -> list:
    """The text itself and what envelopes around it hold, the innermost last."""
    found, pending = [], [text]
    while pending and len(found) < _MOST_LAYERS:
        found.append(pending.pop(0))
        pending += _opened(found[-1])
    return found


def _opened(text) -> list:
    stripped = text.lstrip(BYTE_ORDER_MARK).strip()
    value = _json_in(stripped)
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        held = [value[key] for key in _ENVELOPE_KEYS if key in value]
        return [item if isinstance(item, str) else json.dumps(item) for item in held if isinstance(item, (str, dict))]
    if _BASE64.fullmatch(stripped):
        try:
            return [base64.b64decode("".join(stripped.split()), altchars=b"-_" if set("-_") & set(stripped) else None, validate=True).decode("utf-8")]
        except (binascii.Error, ValueError):
            return []
    return []


def _json_in(text):
    try:
        return parse_json(text)
    except ValueError:
        return None


def _read_ionapi(text):
    values = _json_in(text.lstrip(BYTE_ORDER_MARK))
    if not isinstance(values, dict):
        return Withheld("not an ION API file")
    shown = {key: values[key] for key in _SHOWN_KEYS if isinstance(values.get(key), str) and values[key] and not is_masked(values[key])}
    pairs = tuple(sorted(shown.items())) if "ci" in shown else ()
    present = [values.get(key) for key in _IONAPI_KEYS]
    if any(isinstance(value, str) and is_masked(value) for value in values.values()):
        return Withheld("masked", pairs)
    if not all(isinstance(value, str) and value.strip() for value in present):
        return Withheld("incomplete", pairs)
    if any(len(values[key]) < 8 for key in _IONAPI_SECRETS):
        return Withheld("masked", pairs)
    return Known(text)


def _read_properties(text):
    entries = 0
    for line in text.lstrip(BYTE_ORDER_MARK).splitlines():
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        key, equals, value = stripped.partition("=")
        if not equals or not _PROPERTY_KEY.fullmatch(key.strip()):
            return Withheld("not a properties file")
        if is_masked(value):
            return Withheld("masked")
        entries += 1
    return Known(text, exact=not is_rewritten_by_java(text)) if entries else Withheld("not a properties file")


def _read_toml(text):
    lines = [line for line in text.lstrip(BYTE_ORDER_MARK).splitlines() if line.strip() and not line.lstrip().startswith("#")]
    if not any(line.lstrip().startswith("[export_configuration") for line in lines):
        return Withheld("not an M3 TOML mapping")
    if any(is_masked(line.partition("=")[2].strip().strip("\"'")) for line in lines):
        return Withheld("masked")
    return Known(text)


def _read_xslt(text):
    # Not parsed: an XML parser expands entities, and this text comes from outside.
    stripped = text.lstrip(BYTE_ORDER_MARK).strip()
    root = _XSLT_ROOT.search(stripped[:8192])
    is_whole = stripped.startswith("<") and root and stripped.endswith((f"</{root.group(1)}>", "/>"))
    if _LONG_MASK.search(text):
        return Withheld("masked")
    return Known(text) if is_whole else Withheld("not an XSLT file")
