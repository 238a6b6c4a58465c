# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one file that a module judges."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  src:
    description:
      - Path of the file on the controller. A file encrypted with Ansible Vault is decrypted in memory and never written to a disk.
      - Exactly one of O(src) and O(content) must be given.
    type: path
  content:
    description:
      - Text of the file, for example a variable encrypted inline or the result of a lookup.
    type: str
"""
