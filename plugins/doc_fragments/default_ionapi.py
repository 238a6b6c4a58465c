# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options for the ION API file of an environment."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  ionapi_src:
    description:
      - Path on the controller of the ION API file (C(.ionapi)) of this environment, for every Infor export without a file of its own.
      - The file is validated even if no export uses it.
      - A file encrypted with Ansible Vault is decrypted in memory and never written to a disk.
    type: path
  ionapi_content:
    description: Text of the ION API file, instead of O(ionapi_src).
    type: str
"""
