#!/usr/bin/python
# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""List the sub-organisations of a DocBits organisation."""

from __future__ import annotations

DOCUMENTATION = r"""
module: sub_organisation_info
version_added: 1.0.0
short_description: List the sub-organisations of a DocBits organisation
description:
  - Returns the sub-organisations that exports can use.
author:
  - docbits.ion contributors (@docbits)
extends_documentation_fragment:
  - docbits.ion.host
  - docbits.ion.organisation
  - docbits.ion.network
  - docbits.ion.attributes
  - docbits.ion.attributes.info_module
  - docbits.ion.attributes.group_docbits
seealso:
  - module: docbits.ion.exports
  - module: docbits.ion.document_type_info
"""

EXAMPLES = r"""
- name: Read the sub-organisations of the sandbox
  docbits.ion.sub_organisation_info:
    docbits_environment: sandbox
    api_key: "{{ docbits_api_key }}"
  register: sub_organisations
"""

RETURN = r"""
sub_organisations:
  description: The sub-organisations.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: Its id.
      type: str
    name:
      description: Its name.
      type: str
  sample:
    - id: 5d1f3f1e-0000-4000-8000-000000000011
      name: South
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
from ansible_collections.docbits.ion.plugins.module_utils._module import sub_organisation_info


def main() -> None:
    run_module(AnsibleModule(supports_check_mode=True, **sub_organisation_info.ARGUMENT_SPEC.to_kwargs()), sub_organisation_info.run)


if __name__ == "__main__":
    main()
