# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Texts in the form in which two of them are equal, whatever program saved them. Private to the collection."""

from __future__ import annotations

import json

BYTE_ORDER_MARK = "\ufeff"


def decoded(content) -> str:
    """O(content) as text: UTF-8, or Latin-1 where it is no UTF-8, so that no byte is ever refused or lost."""
    if isinstance(content, str):
        return content
    try:
        return bytes(content).decode("utf-8")
    except UnicodeDecodeError:
        return bytes(content).decode("latin-1")


def normal_text(content) -> str:
    """The text by which two files are equal: one kind of line end, no byte order mark, no line ends at the very end."""
    text = decoded(content).lstrip(BYTE_ORDER_MARK)
    return text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n")


def canonical_json(text: str) -> str:
    """JSON text with sorted keys and no blanks, or the plain text where it is no JSON."""
    try:
        return json.dumps(json.loads(text.lstrip(BYTE_ORDER_MARK)), sort_keys=True, separators=(",", ":"))
    except (ValueError, RecursionError):
        return normal_text(text)
