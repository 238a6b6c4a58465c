#!/usr/bin/python
# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All environments of a batch side by side. Documentation only: the action plugin of the same name does it on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
module: environments
version_added: 1.0.0
short_description: Bring the DocBits environments of a whole batch to their declarations
description:
  - Does what M(docbits.ion.environment) does, for all hosts of the batch side by side in one task, so that they share logins, connections
    and the contract. For a fleet this takes seconds where a task for each host takes minutes.
  - The options of each environment are the variables of its host. The option C(exports) is the variable C(docbits_exports),
    C(docbits_url) stays C(docbits_url), and so on for every option of M(docbits.ion.environment). A variable whose name is nearly one of
    these, and is none, is warned of.
  - Of two hosts of a batch with the same DocBits organisation (address, API key and O(docbits.ion.environment#module:organisation_id)) the
    second one fails before anything is done for it, since both would write into one organisation.
  - Warns of what only the ION API files of the batch together show, for example the same service account in two environments. With rings or
    C(serial) that is a batch at a time; the playbook C(docbits.ion.check_files) judges the whole fleet.
  - A host may stop earlier than the task's O(stop_after), with a variable C(docbits_stop_after) of its own, and never go farther.
  - The task itself never fails because of an environment. M(docbits.ion.outcome) makes the result of each host its own.
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
  hosts:
    description:
      - The hosts whose environments are meant. Without it, all hosts of the batch that have not failed and for which C(when) holds, also the
        C(when) of an include that the task came through.
      - Hosts that are in the C(rescue) of the same block count as not failed.
    type: list
    elements: str
  at_once:
    description: How many environments are worked on at the same time. The keyword C(throttle) goes before it.
    type: int
    default: 50
  stop_after:
    description: As in M(docbits.ion.environment), for all of them.
    type: str
    default: verify
    choices:
      - parse
      - prove
      - verify
seealso:
  - module: docbits.ion.environment
  - module: docbits.ion.outcome
"""

EXAMPLES = r"""
- name: Bring the environments of this batch to their declarations
  docbits.ion.environments:
  register: rollout
  run_once: true

- name: Outcome of this environment
  docbits.ion.outcome:
    of: rollout
"""

RETURN = r"""
environments:
  description: The result of M(docbits.ion.environment) for each host, by the name of the host.
  returned: always
  type: dict
"""
