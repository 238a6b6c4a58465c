# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The messages that several rules about mapping files share. Private to the collection."""

from __future__ import annotations

MISSING_LINE = "lists {item}, but there is no line {line_key}={hint}"
UNLISTED = "is not listed in {list_key}"
MISSING_KEY = "is missing{hint}"
