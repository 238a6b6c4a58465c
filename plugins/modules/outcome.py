#!/usr/bin/python
# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One result becomes the result of a host. Documentation only: the action plugin of the same name does it on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
module: outcome
version_added: 1.0.0
short_description: Make a host's part of a batch its own result
description:
  - Takes what M(docbits.ion.environments) found for one host and returns it as the result of this task, so that the host is changed or
    failed, shows its diff and its warnings, and stops or goes on by itself.
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
  of:
    description: The name under which M(docbits.ion.environments) registered its result, which holds this host's.
    type: str
    required: true
seealso:
  - module: docbits.ion.environments
"""

EXAMPLES = r"""
- name: Outcome of this environment
  docbits.ion.outcome:
    of: rollout
"""

RETURN = r"""
exports:
  description: As M(docbits.ion.environment) returns it, with all its other values.
  returned: success
  type: list
  elements: dict
"""
