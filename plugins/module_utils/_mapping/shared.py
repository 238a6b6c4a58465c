# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How rules about mapping files are known, and the messages that several of them share. Private to the collection."""

from __future__ import annotations

# By the contract notes on the file formats.
CALIBRATED = "no file that the vendor publishes violates it"
SEEN = "files that the vendor publishes violate it"
DOCUMENTED = "from the vendor's documentation"
ASSUMED = "assumed by this collection"

MISSING_LINE = "lists {item}, but there is no line {line_key}={hint}"
UNLISTED = "is not listed in {list_key}"
MISSING_KEY = "is missing{hint}"
