# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Normal forms of text files, which are equal if the files mean the same. Private to the collection."""

from __future__ import annotations

import json

BYTE_ORDER_MARK = "\ufeff"


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


def canonical_json(text: str) -> str:
    """The JSON text with sorted keys and no whitespace; the normal text if it is not JSON."""
    try:
        return json.dumps(json.loads(text.lstrip(BYTE_ORDER_MARK)), sort_keys=True, separators=(",", ":"))
    except (ValueError, RecursionError):
        return normal_text(text)
