#!/usr/bin/python
# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the exports of a DocBits environment."""

from __future__ import annotations

DOCUMENTATION = r"""
module: export_info
version_added: 1.0.0
short_description: Read the export configurations of a DocBits environment
description:
  - Returns the exports in the form that M(docbits.ion.exports) takes. If they are declared again, nothing changes.
  - Secrets are left out. An export of a kind that this collection does not manage has C(ignore=true).
  - In an address, the query and what is before an C(@) are masked, because they may be a token. Leave such an address out of the declaration,
    which keeps the present one; M(docbits.ion.exports) refuses it.
author:
  - docbits.ion contributors (@docbits)
extends_documentation_fragment:
  - docbits.ion.host
  - docbits.ion.organisation
  - docbits.ion.network
  - docbits.ion.attributes
  - docbits.ion.attributes.info_module
  - docbits.ion.attributes.group_docbits
options:
  query:
    description: A JMESPath expression on the list of exports, for example V([?active].title). Requires the Python library C(jmespath).
    type: str
  files:
    description: Whether the mapping files are read too, with one request for each.
    type: bool
    default: true
seealso:
  - module: docbits.ion.exports
  - module: docbits.ion.adopt
"""

EXAMPLES = r"""
- name: Read the exports with their mappings
  docbits.ion.export_info:
    docbits_environment: sandbox
    api_key: "{{ docbits_api_key }}"
  register: current

- name: Titles of the active exports
  docbits.ion.export_info:
    docbits_environment: sandbox
    api_key: "{{ docbits_api_key }}"
    query: "[?active].title"
    files: false
  register: active
"""

RETURN = r"""
exports:
  description: The exports as O(docbits.ion.exports#module:exports) takes them, or the result of O(query) on them.
  returned: success
  type: raw
  sample:
    - id: 6bae55e1-7f42-4313-9d21-65f3cea079f7
      kind: webhook
      sub_organisation: ""
      document_type: PURCHASE_ORDER
      title: Orders to the archive
      active: true
      url: https://archive.example.com/docbits
status:
  description: As RV(docbits.ion.exports#module:status).
  returned: if DocBits refused the request
  type: int
code:
  description: As RV(docbits.ion.exports#module:code).
  returned: if DocBits refused the request
  type: str
trace_id:
  description: As RV(docbits.ion.exports#module:trace_id).
  returned: if DocBits refused the request
  type: str
retry_after:
  description: As RV(docbits.ion.exports#module:retry_after).
  returned: if DocBits refused the request
  type: float
findings:
  description: As RV(docbits.ion.exports#module:findings).
  returned: failure
  type: list
  elements: dict
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.docbits.ion.plugins.module_utils._core.run import run_module
from ansible_collections.docbits.ion.plugins.module_utils._module import export_info


def main() -> None:
    run_module(AnsibleModule(supports_check_mode=True, **export_info.ARGUMENT_SPEC.to_kwargs()), export_info.run)


if __name__ == "__main__":
    main()
