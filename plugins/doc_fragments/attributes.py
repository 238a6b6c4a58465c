# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Attributes of the modules. Each module also has one of the sections INFO_MODULE and STATE_MODULE, and one of the action groups."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options: {}
attributes:
  action:
    description: Has an action plugin, which reads files on the controller. With the connection C(local), it does the work, too.
    support: full
  async:
    description: Supports the keyword C(async).
    support: none
    details: An asynchronous task keeps its arguments decrypted in a file until it ends.
  platform:
    description: Platforms on which the module runs.
    support: full
    platforms: posix
"""

    INFO_MODULE = r"""
options: {}
attributes:
  check_mode:
    description: Can run in check mode.
    support: full
    details: This module does not modify state.
  diff_mode:
    description: Returns what differs in diff mode.
    support: N/A
    details: This module does not modify state.
"""

    STATE_MODULE = r"""
options: {}
attributes:
  check_mode:
    description: Can run in check mode and predict all changes. No request that changes something is sent.
    support: full
  diff_mode:
    description: Returns the exports before and after in diff mode.
    support: full
    details: Secrets are masked. An ION API file is shown as a salted fingerprint.
  idempotent:
    description: A second run with the same options changes nothing.
    support: partial
    details: With C(update=always), secrets that DocBits does not show are sent in each run.
"""

    GROUP_ALL = r"""
options: {}
attributes:
  action_group:
    description: Use C(group/docbits.ion.all) in C(module_defaults) for an option that all modules of a play have.
    support: full
    membership:
      - docbits.ion.all
"""

    GROUP_DOCBITS = r"""
options: {}
attributes:
  action_group:
    description:
      - Use C(group/docbits.ion.docbits) in C(module_defaults) for the address, the contract, the API key and the network options of all modules that
        use the API of DocBits.
      - The group C(group/docbits.ion.all) contains all modules, also those without these options.
    support: full
    membership:
      - docbits.ion.all
      - docbits.ion.docbits
"""
