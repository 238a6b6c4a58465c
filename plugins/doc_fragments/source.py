# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options for the file that a module validates."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  src:
    description:
      - Path of the file on the controller. A vaulted file is decrypted in memory and never written to disk.
      - Exactly one of O(src) and O(content) is required.
    type: path
  content:
    description:
      - Content of the file, for example a vaulted variable or the result of a lookup.
    type: str
"""
