# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Normal forms of text files, which are equal if the files mean the same. Private to the collection."""

from __future__ import annotations

import json
import re

BYTE_ORDER_MARK = "\ufeff"

# A value of parsed JSON takes up to 300 bytes of memory, and its text as few as 2.
MAX_JSON_VALUES = 200_000

# Java writes a backslash before these characters of a key or a value; a mapping without them is the same.
_UNESCAPED = re.compile(r"\\([:=#!\\ ])")
_ESCAPES_OF_STORE = re.compile(r"(\\\\)|\\([:=#! ])")
_DATE_OF_JAVA = re.compile(r"#\w{3} \w{3} \d\d \d\d:\d\d:\d\d \S+ \d{4}")


def decoded(content) -> str:
    """The content as text: UTF-8, or Latin-1 if it is not UTF-8. No byte is lost."""
    if isinstance(content, str):
        return content
    try:
        return bytes(content).decode("utf-8")
    except UnicodeDecodeError:
        return bytes(content).decode("latin-1")


def normal_text(content) -> str:
    """The text with \\n line ends, without byte order mark and trailing line ends."""
    text = decoded(content).lstrip(BYTE_ORDER_MARK)
    return text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n")


def count_json_values(content) -> int:
    """About how many values a JSON text has, as str or bytes; never too few."""
    return 1 + sum(map(content.count, "[{," if isinstance(content, str) else (b"[", b"{", b",")))


def parse_json(content):
    """The value of a JSON text from outside, as str or bytes.

    Raises: ValueError, without any part of the content in it, if it is not JSON, nested too deeply, or has more than MAX_JSON_VALUES values.
    """
    try:
        if count_json_values(content) <= MAX_JSON_VALUES:
            return json.loads(content)
    except (ValueError, RecursionError):
        pass
    raise ValueError("not JSON of a sensible size")


def canonical_json(text: str) -> str:
    """The JSON text with sorted keys and no whitespace; the normal text if it is not JSON."""
    try:
        return json.dumps(parse_json(text.lstrip(BYTE_ORDER_MARK)), sort_keys=True, separators=(",", ":"))
    except ValueError:
        return normal_text(text)


def properties_entries(text: str) -> list:
    """The entries of a properties text as sorted pairs of key and value, with the escapes of Java's Properties.store undone."""
    entries = []
    for line in normal_text(text).split("\n"):
        if line.strip() and not line.lstrip().startswith("#"):
            key, _equals, value = _UNESCAPED.sub(r"\1", line).partition("=")
            entries.append((key.strip(), value.lstrip()))
    return sorted(entries)


def has_only_comments_of_java(text: str) -> bool:
    """Whether a properties text may have been rewritten by Java's Properties.store, which drops comments and adds the date."""
    return all(_DATE_OF_JAVA.fullmatch(comment) for comment in _comments(text))


def is_rewritten_by_java(text: str) -> bool:
    """Whether a properties text shows the date or the escapes of Java's Properties.store."""
    return any(_DATE_OF_JAVA.fullmatch(comment) for comment in _comments(text)) or "\\:" in text or "\\=" in text


def without_escapes_of_java(text: str) -> str:
    """A properties text without the date and the escapes of Java's Properties.store."""
    # The vendor's files have doubled backslashes themselves.
    return _ESCAPES_OF_STORE.sub(r"\1\2", "\n".join(line for line in text.split("\n") if not _DATE_OF_JAVA.fullmatch(line.strip())))


def _comments(text) -> list:
    return [line.strip() for line in normal_text(text).split("\n") if line.lstrip().startswith("#")]
