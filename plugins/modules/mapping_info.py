#!/usr/bin/python
# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Validate a mapping file, offline."""

from __future__ import annotations

DOCUMENTATION = r"""
module: mapping_info
version_added: 1.0.0
short_description: Validate a mapping file before it is uploaded
description:
  - Reads an IDM, BOD, M3 or LN mapping (C(.properties)) or an M3 mapping of the Rule Manager (C(.toml)) and validates it without network access.
    DocBits accepts almost any mapping and fails when the first document is exported.
  - Every finding has a stable id, and names the line, the key and the next step.
  - M(docbits.ion.exports) validates every mapping of an export in the same way, so this module is for mappings that are not yet deployed.
author:
  - docbits.ion contributors (@docbits)
extends_documentation_fragment:
  - docbits.ion.source
  - docbits.ion.attributes
  - docbits.ion.attributes.info_module
  - docbits.ion.attributes.group_all
options:
  kind:
    description:
      - Expected kind of the file. If not set, the kind is recognized by the keys in the file.
      - V(m3_toml) needs Python 3.11 or newer where the module runs.
    type: str
    choices:
      - idm
      - bod
      - m3
      - ln
      - m3_toml
  document_type:
    description: Key of the DocBits document type that an IDM or BOD mapping must contain, for example V(INVOICE).
    type: str
  strict:
    description: Whether a warning about the file fails the task, as an error does.
    type: bool
    default: false
seealso:
  - module: docbits.ion.ionapi_info
  - module: docbits.ion.exports
"""

EXAMPLES = r"""
- name: Validate the mappings of the repository
  docbits.ion.mapping_info:
    src: "{{ item.src }}"
    kind: "{{ item.kind }}"
    strict: true
  loop:
    - src: mappings/idm.properties
      kind: idm
    - src: mappings/bod.properties
      kind: bod

- name: Read the document types of a mapping
  docbits.ion.mapping_info:
    src: mappings/idm.properties
  register: mapping

- name: Show them
  ansible.builtin.debug:
    var: mapping.document_types
"""

RETURN = r"""
kind:
  description: Kind of the file, one of the choices of O(kind).
  returned: success
  type: str
  sample: idm
document_types:
  description: DocBits document types of an IDM or BOD mapping; empty for other kinds.
  returned: success
  type: list
  elements: str
  sample: [INVOICE, DELIVERY_NOTE]
logical_id:
  description: Logical id of the sender in a BOD mapping; empty for other kinds.
  returned: success
  type: str
  sample: lid://infor.ims.docbits
findings:
  description: Results of the checks. An error fails the task. Warnings are also shown as warnings.
  returned: always
  type: list
  elements: dict
  contains:
    id:
      description: Stable id of the rule. C(docs/mapping_rules.md) lists all rules.
      type: str
    level:
      description: V(error), V(warning) or V(info).
      type: str
    where:
      description: The file, the line and the key.
      type: str
    message:
      description: What is wrong. Never a secret value.
      type: str
    action:
      description: The next step.
      type: str
  sample:
    - id: MP23
      level: warning
      where: "idm.properties line 7: Static_Values"
      message: has an empty item
      action: remove the comma that has nothing before or after it
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.docbits.ion.plugins.module_utils._core.run import run_module
from ansible_collections.docbits.ion.plugins.module_utils._module import mapping_info


def main() -> None:
    run_module(AnsibleModule(supports_check_mode=True, **mapping_info.ARGUMENT_SPEC.to_kwargs()), mapping_info.run)


if __name__ == "__main__":
    main()
