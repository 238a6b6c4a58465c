# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Texts of the code as Markdown."""

from __future__ import annotations


def prose(text: str) -> str:
    """The text with the special characters of Markdown escaped, also for tables."""
    return text.replace("|", "\\|").replace("<", "\\<").replace("*", "\\*")
