# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every module says of its behaviour."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Can run in check mode and tell truly what would change, without sending any write.
    support: full
  diff_mode:
    description: Shows the exports before and after in one diff.
  idempotent:
    description: A second run with the same options changes nothing.
    support: full
  action_group:
    description:
      - C(group/docbits.ion.docbits) in C(module_defaults) sets address, API key and network options of all modules that sign in to DocBits at once.
      - C(group/docbits.ion.all) has every module, also those that make no call and take none of these options.
    support: full
    membership:
      - docbits.ion.all
"""

    INFO_MODULE = r"""
options: {}
attributes:
  check_mode:
    description: Can run in check mode. It changes nothing in any mode.
    support: full
  diff_mode:
    support: N/A
    details: It changes nothing.
  idempotent:
    support: full
"""

    STATE_MODULE = r"""
options: {}
attributes:
  diff_mode:
    support: full
    details: A secret stands in the diff as a marker, an ION API file with a salted fingerprint besides.
"""
