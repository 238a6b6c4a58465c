#!/usr/bin/python
# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of docbits.ion.environments. The action plugin of the same name does the work on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
module: environments
version_added: 1.0.0
short_description: Reconcile the DocBits environments of a batch with their declarations
description:
  - Does what M(docbits.ion.environment) does, for all hosts of the batch in parallel and in one task. The environments share tokens,
    connections and the contract, so a fleet takes seconds where one task for each host takes minutes.
  - The options of each environment are variables of its host. The option C(exports) is the variable C(docbits_exports), C(docbits_url) is
    C(docbits_url), and so on for every option of M(docbits.ion.environment). The module warns about a variable whose name resembles one of
    these.
  - If two hosts of a batch have the same DocBits organisation, the second one fails before any request, because both would write to it. An
    organisation is the same if address and API key are the same, unless both hosts have different values of
    O(docbits.ion.environment#module:organisation_id).
  - Compares the ION API files of the batch and warns, for example, about one service account in two environments. With rings or C(serial) a
    batch is a part of the fleet; the playbook C(docbits.ion.check_files) validates the files of the whole fleet.
  - The variable C(docbits_stop_after) lets a host stop earlier than O(stop_after), but not later.
  - A batch of 20 hosts and more is spread over a process for each core, at most four.
  - Sends at most 64 requests at the same time to one host. This limit holds for all processes of this task. Tasks in other workers have their
    own.
  - The task does not fail if an environment fails. M(docbits.ion.outcome) returns the result of each host. It fails if Ansible cannot load the
    variables of a host, for example because a vaulted file cannot be decrypted, since no later task could run for this host.
  - Needs a strategy that supports C(run_once), or runs without C(run_once).
author:
  - docbits.ion contributors (@docbits)
extends_documentation_fragment:
  - docbits.ion.attributes
  - docbits.ion.attributes.state_module
  - docbits.ion.attributes.group_all
attributes:
  action:
    description: Runs on the controller.
    support: full
options:
  hosts:
    description:
      - Hosts whose environments are processed. The default is all hosts of the batch that have not failed and that meet the C(when) conditions
        of the task and of the includes around it.
      - Hosts that are in the C(rescue) section of the same block count as not failed.
    type: list
    elements: str
  at_once:
    description: Number of environments that are processed in parallel. The keyword C(throttle) takes precedence.
    type: int
    default: 64
  stop_after:
    description: Last stage for all environments. See M(docbits.ion.environment).
    type: str
    default: verify
    choices:
      - parse
      - prove
      - verify
  require_all:
    description:
      - Whether the task fails if an environment fails. With C(run_once) no host goes on then. The message has the errors of all environments.
      - With O(stop_after=parse) this checks a whole fleet before the first change. An environment without an API key fails then, too.
    type: bool
    default: false
  rings:
    description:
      - Names of the groups to which the play deploys one after the other.
      - A group with nearly such a name is an error, unless its hosts are in the ring, too. Hosts in none of the rings are allowed.
      - The first ring must have a host in the inventory.
    type: list
    elements: str
    default: []
  allow_empty_canary:
    description: Whether the first one of O(rings) may have no host.
    type: bool
    default: false
seealso:
  - module: docbits.ion.environment
  - module: docbits.ion.outcome
"""

EXAMPLES = r"""
- name: Deploy to the environments of this batch
  docbits.ion.environments:
  register: rollout
  run_once: true

- name: Show the outcome of this environment
  docbits.ion.outcome:
    registered: rollout

- name: Check all environments before the first change
  docbits.ion.environments:
    stop_after: parse
    require_all: true
    rings: [canary, early]
  run_once: true
"""

RETURN = r"""
environments:
  description: The result of each host. If the task fails and O(stop_after=parse), only those of the environments that failed.
  returned: unless the options are invalid
  type: dict
  contains:
    HOST:
      description: As M(docbits.ion.environment) returns it, with C(changed), C(failed), C(msg), C(diff) and C(warnings), and with the times.
      type: dict
      contains:
        started:
          description: When the environment was begun, in seconds since 1970.
          returned: always
          type: float
          sample: 1795528543.026
        seconds:
          description: How long it took.
          returned: always
          type: float
          sample: 0.332
  sample:
    sandbox:
      changed: false
      connections: {}
      exports: []
      steps: []
      findings: []
      stopped_after: parse
      started: 1795528543.448
      seconds: 0.01
findings:
  description: What a comparison of the environments found. Also shown as warnings, except an error about O(rings).
  returned: if there are any
  type: list
  elements: dict
  contains:
    id:
      description: Stable id of the finding. C(docs/findings.md) lists all ids.
      type: str
    level:
      description: V(error), V(warning) or V(info).
      type: str
    where:
      description: The object and the key.
      type: str
    message:
      description: What is wrong. Never a secret value.
      type: str
    action:
      description: The next step.
      type: str
  sample:
    - id: E48
      level: error
      where: group canary
      message: it has no host, so the first change would go to several environments at once
      action: add an environment to canary, or set deploy_allow_empty_canary to true
"""
