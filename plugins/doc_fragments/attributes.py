# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Attributes of the modules."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Can run in check mode and predict all changes. No request that changes something is sent.
    support: full
  diff_mode:
    description: Returns the exports before and after in diff mode.
  idempotent:
    description: A second run with the same options changes nothing.
    support: full
  action_group:
    description:
      - Use C(group/docbits.ion.docbits) in C(module_defaults) for the address, the API key and the network options of all modules that use the
        API of DocBits.
      - The group C(group/docbits.ion.all) contains all modules, also those without these options.
    support: full
    membership:
      - docbits.ion.all
"""

    INFO_MODULE = r"""
options: {}
attributes:
  check_mode:
    description: Can run in check mode. Changes nothing in any mode.
    support: full
  diff_mode:
    support: N/A
    details: Changes nothing.
  idempotent:
    support: full
"""

    STATE_MODULE = r"""
options: {}
attributes:
  diff_mode:
    support: full
    details: Secrets are masked. An ION API file is shown as a salted fingerprint.
"""
