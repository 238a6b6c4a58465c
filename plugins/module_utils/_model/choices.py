# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The choices of options that several layers use. Private to the collection."""

from __future__ import annotations

# When a secret that DocBits withholds is sent to an existing export.
WHEN_CHANGED = "when_changed"
ALWAYS = "always"
ON_CREATE = "on_create"
POLICIES = (WHEN_CHANGED, ALWAYS, ON_CREATE)

# DocBits' own checks.
VALIDATE = "validate"
TEST_CONNECTION = "test_connection"
CHECKS = (VALIDATE, TEST_CONNECTION)

# How a diff shows mappings.
MEANING = "meaning"
TEXT = "text"
MAPPING_FORMS = (MEANING, TEXT)
