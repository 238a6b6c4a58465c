#!/usr/bin/python
# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of docbits.ion.outcome. The action plugin of the same name does the work on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
module: outcome
version_added: 1.0.0
short_description: Return the result that a batch has for this host
description:
  - Returns the part of the result of M(docbits.ion.environments) that belongs to this host. The host is then changed or failed, and shows its
    own diff and warnings.
author:
  - docbits.ion contributors (@docbits)
extends_documentation_fragment:
  - docbits.ion.attributes
  - docbits.ion.attributes.state_module
attributes:
  action:
    description: Runs on the controller.
    support: full
options:
  registered:
    description: Name of the variable that holds the registered result of M(docbits.ion.environments), without braces.
    type: str
    required: true
  require_declared:
    description:
      - Fail if the environment is not as declared, that is, if a step is planned, or DocBits has an export that is not declared.
      - For the result of a run in check mode, as in the playbook C(docbits.ion.audit_ion). Declare an export that is managed elsewhere with
        C(ignore=true).
    type: bool
    default: false
seealso:
  - module: docbits.ion.environments
"""

EXAMPLES = r"""
- name: Show the outcome of this environment
  docbits.ion.outcome:
    registered: rollout
"""

RETURN = r"""
exports:
  description: See M(docbits.ion.environment). All its other return values are returned, too.
  returned: success
  type: list
  elements: dict
"""
