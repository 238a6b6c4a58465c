# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules that hold for a mapping file of any kind: size, encoding, format and the `.properties` dialect. Private to the collection."""

from __future__ import annotations

from ansible_collections.docbits.ion.plugins.module_utils._core.findings import ERROR, WARNING
from ansible_collections.docbits.ion.plugins.module_utils._core.text import BYTE_ORDER_MARK, decoded, normal_text
from ansible_collections.docbits.ion.plugins.module_utils._mapping.rules import (
    ASSUMED,
    CALIBRATED,
    SEEN,
    Rule,
    by_id,
)

LIMIT = 1024 * 1024

RULES = by_id(
    Rule(
        "MP01",
        ERROR,
        "The file is not larger than 1 MiB",
        "give the mapping file itself; the vendor's own are smaller than 20 KiB",
        ASSUMED,
    ),
    Rule(
        "MP02",
        ERROR,
        "The file is text in an encoding that DocBits reads",
        "save the file as plain text in UTF-8 without byte order mark",
        ASSUMED,
    ),
    Rule(
        "MP03",
        ERROR,
        "The file is not in another well-known format",
        "give the mapping file in this place",
        ASSUMED,
    ),
    Rule("MP04", ERROR, "The file is not empty", "give the mapping file; an empty one maps nothing", ASSUMED),
    Rule(
        "MP05",
        ERROR,
        "The file is of a kind that can be recognised, or the caller says which kind it is",
        "say which kind the file is: idm, bod, m3, ln or m3_toml",
        ASSUMED,
    ),
    Rule(
        "MP06",
        ERROR,
        "The file is of the kind that its place asks for",
        "give this file in its own place and the right file here",
        ASSUMED,
    ),
    Rule(
        "MP07",
        ERROR,
        "Each line that is neither empty nor a comment has an =",
        "write key=value on one line, or # at its beginning; no line goes on in the next one",
        CALIBRATED,
    ),
    Rule("MP08", ERROR, "No key stands twice", "keep one of the two lines", CALIBRATED),
    Rule(
        "MP20",
        WARNING,
        "The file does not begin with a byte order mark",
        "save the file as UTF-8 without byte order mark, or DocBits may take the mark for a part of the first key",
        ASSUMED,
    ),
    Rule(
        "MP21",
        WARNING,
        "The file is UTF-8",
        "save the file as UTF-8; it was read as Latin-1 here",
        ASSUMED,
    ),
    Rule("MP22", WARNING, "Each = has a key before it", "write the key before the =", ASSUMED),
    Rule(
        "MP23",
        WARNING,
        "No list has an empty item",
        "take the comma out that has nothing before or after it",
        SEEN,
    ),
)

# How other formats begin, what to call them, and what to do. A vaulted file counts too: it must be opened before it is judged.
_OTHER_FORMATS = (
    ("{", "JSON, as an ION API file is, and no mapping file", "give the ION API file as the ION API file and the mapping file here"),
    ("<", "XML or an HTML page, and no mapping file", "download the mapping file again; a page like this is what a proxy or a login gives"),
    ("-----BEGIN", "a certificate or key, and no mapping file", "give the mapping file here"),
    ("$ANSIBLE_VAULT", "still encrypted by Ansible Vault", "give the vault password of this file to Ansible"),
    ("%PDF", "a PDF document, and no mapping file", "give the mapping file here"),
)


def readable(content):
    """O(content) as normal text, or C(None) where it cannot be a mapping file; and what was found (a list). Never raises."""
    if isinstance(content, str):
        try:
            # Bytes that are no UTF-8 come as surrogates.
            content = content.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError:
            return None, [RULES["MP02"].found("is not text in UTF-8")]
    if not isinstance(content, (bytes, bytearray)):
        return None, [RULES["MP02"].found("is neither text nor bytes")]
    if len(content) > LIMIT:
        return None, [RULES["MP01"].found("is larger than 1 MiB")]
    raw = decoded(content)
    if "\0" in raw or bytes(raw[:2], "latin-1", "replace") in (b"\xff\xfe", b"\xfe\xff"):
        return None, [RULES["MP02"].found("is not text in UTF-8; it looks like UTF-16 or binary data")]
    text = normal_text(raw)
    if not text.strip():
        return None, [RULES["MP04"].found("is empty")]
    for beginning, what, action in _OTHER_FORMATS:
        if text.lstrip().startswith(beginning):
            return None, [RULES["MP03"].found(f"is {what}", action=action)]
    return text, _encoding(content, raw)


def _encoding(content, raw) -> list:
    found = []
    if raw.startswith(BYTE_ORDER_MARK):
        found.append(RULES["MP20"].found("begins with a byte order mark", line=1))
    if raw.encode("utf-8") != content:
        found.append(RULES["MP21"].found("is not UTF-8"))
    return found


def check(properties):
    """What breaks the dialect, whatever the kind. Yields C(Found)."""
    for line in properties.bare_lines:
        yield RULES["MP07"].found("has no =", line=line)
    for entry, earlier in properties.repeated:
        if entry.key:
            yield RULES["MP08"].found(f"stands on line {earlier.line} already", entry.key, entry.line)
    for entry in properties.entries:
        if not entry.key:
            yield RULES["MP22"].found("has nothing before the =", line=entry.line)


def check_lists(properties, list_keys):
    """Empty items in the lists of a kind. Yields C(Found)."""
    for key in list_keys:
        if properties.has_empty_item(key):
            yield RULES["MP23"].found("has an empty item", key, properties.line(key))
