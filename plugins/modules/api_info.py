#!/usr/bin/python
# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read a DocBits API's version, health and contract."""

from __future__ import annotations

DOCUMENTATION = r"""
module: api_info
version_added: 1.0.0
short_description: Compare the contract of a DocBits API with what this collection sends
description:
  - Reads the version, the health and the C(openapi.json) of a DocBits host. An API key is only needed if the host demands one for its contract.
  - Compares every operation and field that this collection sends with what the host takes. Where a name is missing or new, set it with O(contract_overrides).
author:
  - docbits.ion contributors (@docbits)
extends_documentation_fragment:
  - docbits.ion.host
  - docbits.ion.network
  - docbits.ion.attributes
  - docbits.ion.attributes.info_module
options:
  api_key:
    description:
      - API key, sent only if the host does not publish its contract.
      - If not set, the variable E(DOCBITS_API_KEY) is used.
    type: str
"""

EXAMPLES = r"""
- name: Does this collection fit the sandbox?
  docbits.ion.api_info:
    docbits_environment: sandbox
  register: api

- name: Fields that DocBits demands and this collection does not know
  ansible.builtin.debug:
    msg: "{{ api.comparison | selectattr('outcome', 'equalto', 'unknown and required') }}"
"""

RETURN = r"""
version:
  description: Version in the contract.
  returned: success
  type: str
  sample: 2.2.10
contract:
  description: Which contract was compared, as in O(contract).
  returned: success
  type: str
path_prefix:
  description: What stands in addresses between host and path.
  returned: success
  type: str
health:
  description: HTTP status of each public health path, V(null) where no answer came.
  returned: success
  type: dict
fits:
  description: Whether no operation demands a field that this collection does not know.
  returned: success
  type: bool
comparison:
  description: A row for each operation and field.
  returned: success
  type: list
  elements: dict
  contains:
    operation:
      description: The operation in the words of this collection.
      type: str
    path:
      description: Its path.
      type: str
    field:
      description: The field in the words of this collection, empty where it knows none.
      type: str
    wire:
      description: Name of the field in requests, empty where the contract has none.
      type: str
    confidence:
      description: How sure the published name is, for example V(spec22) for published and V(inferred) for a guess.
      type: str
    outcome:
      description: V(found) or V(missing) for an operation, V(published name), V(other name), V(missing), V(unknown and required)
        or V(not used) for a field.
      type: str
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.docbits.ion.plugins.module_utils._core.run import run_module
from ansible_collections.docbits.ion.plugins.module_utils._module import api_info


def main() -> None:
    run_module(AnsibleModule(supports_check_mode=True, **api_info.ARGUMENT_SPEC.to_kwargs()), api_info.run)


if __name__ == "__main__":
    main()
