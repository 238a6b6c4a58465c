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
  - docbits.ion.attributes.group_all
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
- name: Compare the environments of this batch with their declarations
  docbits.ion.environments:
  register: audit
  run_once: true
  check_mode: true

- name: Fail the environments that are not as declared
  docbits.ion.outcome:
    registered: audit
    require_declared: true
"""

RETURN = r"""
connections:
  description: As RV(docbits.ion.environment#module:connections).
  returned: unless the options or a file are invalid
  type: dict
rotation:
  description: As RV(docbits.ion.environment#module:rotation).
  returned: when it rotated an ION API file
  type: dict
stopped_after:
  description: As RV(docbits.ion.environment#module:stopped_after).
  returned: when it stopped before the last stage
  type: str
exports:
  description: As RV(docbits.ion.environment#module:exports).
  returned: success
  type: list
  elements: dict
undeclared:
  description: As RV(docbits.ion.environment#module:undeclared).
  returned: success, if the exports were compared
  type: list
  elements: dict
steps:
  description: As RV(docbits.ion.environment#module:steps).
  returned: success, and if a step failed
  type: list
  elements: dict
rolled_back:
  description: As RV(docbits.ion.environment#module:rolled_back).
  returned: if a step failed
  type: bool
status:
  description: As RV(docbits.ion.environment#module:status).
  returned: if DocBits refused a request
  type: int
code:
  description: As RV(docbits.ion.environment#module:code).
  returned: if DocBits refused a request and gave a code
  type: str
trace_id:
  description: As RV(docbits.ion.environment#module:trace_id).
  returned: if DocBits refused a request and gave an id
  type: str
retry_after:
  description: As RV(docbits.ion.environment#module:retry_after).
  returned: if DocBits refused a request with status 429 and said so
  type: float
findings:
  description: As RV(docbits.ion.environment#module:findings).
  returned: always
  type: list
  elements: dict
started:
  description: When the environment was begun, in seconds since 1970.
  returned: unless O(registered) has no result of this host
  type: float
  sample: 1795528543.026
seconds:
  description: How long it took.
  returned: unless O(registered) has no result of this host
  type: float
  sample: 0.332
"""
