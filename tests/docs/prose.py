# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sentences of the code as prose of a page."""

from __future__ import annotations


def prose(text: str) -> str:
    """The text with every letter that Markdown would take for its own written as itself, also within a table."""
    return text.replace("|", "\\|").replace("<", "\\<").replace("*", "\\*")
