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
  - Compares every operation and field that this collection sends with the contract of the host. A name that differs can be set with O(contract_overrides).
author:
  - docbits.ion contributors (@docbits)
extends_documentation_fragment:
  - docbits.ion.host
  - docbits.ion.network
  - docbits.ion.attributes
  - docbits.ion.attributes.info_module
  - docbits.ion.attributes.group_docbits
options:
  api_key:
    description:
      - API key, sent only if the host does not publish its contract, and for O(describe_answers).
      - If not set, the value of E(DOCBITS_API_KEY) is used.
    type: str
  organisation_id:
    description:
      - Id of the organisation whose answers are described, for an API key that has access to several. It is sent as C(X-ORG-ID).
      - If not set, the value of E(DOCBITS_ORGANISATION_ID) is used.
    type: str
  describe_answers:
    description:
      - Also reads the exports of the organisation, one file of each type, the document types and the sub-organisations, and describes the answers.
      - A description has names and types, and never a value. The playbook C(docbits.ion.contract_report) writes it as a report.
      - If the host does not show its contract, the answers are compared with V(current).
    type: bool
    default: false
seealso:
  - module: docbits.ion.exports
"""

EXAMPLES = r"""
- name: Compare the contract of the sandbox
  docbits.ion.api_info:
    docbits_environment: sandbox
  register: api

- name: Show the fields that DocBits requires and this collection does not know
  ansible.builtin.debug:
    msg: "{{ api.comparison | selectattr('outcome', 'equalto', 'unknown and required') }}"

- name: Describe the answers
  docbits.ion.api_info:
    docbits_environment: sandbox
    api_key: "{{ docbits_api_key }}"
    describe_answers: true
  register: api

- name: Show which of the assumptions about DocBits do not hold
  ansible.builtin.debug:
    msg: "{{ api.observed.guesses | selectattr('outcome', 'equalto', 'differs') }}"
"""

RETURN = r"""
version:
  description: Version in the contract.
  returned: success
  type: str
  sample: 12.83.293
contract:
  description: Which contract was compared, as in O(contract).
  returned: success
  type: str
  sample: live
path_prefix:
  description: The path between the host and the path of an operation.
  returned: success
  type: str
  sample: /prod-api
health:
  description: The answers of the public health paths.
  returned: success
  type: dict
  contains:
    PATH:
      description: The HTTP status, V(null) without an answer.
      type: int
  sample: {/version: 200, /api/health/: 200, /healthz: 200}
fits:
  description: Whether this collection knows every field that an operation requires.
  returned: success
  type: bool
  sample: true
comparison:
  description: A row for each operation and field.
  returned: success
  type: list
  elements: dict
  contains:
    operation:
      description: The name of the operation in this collection.
      type: str
    path:
      description: Path of the operation.
      type: str
    field:
      description: The name of the field in this collection, empty if it has none.
      type: str
    wire:
      description: Name of the field in requests, empty if the contract has none.
      type: str
    confidence:
      description: Confidence in the first known name. V(spec22) published, V(client) seen in code of the vendor, V(doc26) documented, V(inferred) a guess.
      type: str
    outcome:
      description: V(found) or V(missing) for an operation, V(published name), V(other name), V(missing), V(unknown and required)
        or V(not used) for a field.
      type: str
  sample:
    - operation: validate
      path: /configurations/validate_export_configuration
      field: document_type
      wire: doc_type
      confidence: spec22
      outcome: published name
observed:
  description: What the answers show. It has no value of the organisation, so that it can be passed on.
  returned: if O(describe_answers) is set
  type: dict
  contains:
    contract:
      description: The contract that the answers are compared with.
      type: dict
      contains:
        contract:
          description: Which one, as in O(contract).
          type: str
          sample: live
        access:
          description: How the contract of the host could be read.
          type: str
          sample: public
        version:
          description: Version in the contract.
          type: str
          sample: 12.83.293
        path_prefix:
          description: The path between the host and the path of an operation, V(<other>) if it is an unusual one.
          type: str
          sample: /prod-api
        found:
          description: The paths of the operations that it has.
          type: list
          elements: str
          sample: [/configurations/get_configurations, /configurations/remove_configuration]
        different:
          description: As RV(docbits.ion.api_info#module:comparison), only for what differs from the published contract.
          type: list
          elements: dict
    answers:
      description: A row for each form of answer.
      type: list
      elements: dict
      contains:
        operation:
          description: The name of the operation in this collection.
          type: str
        path:
          description: Path of the operation, V(<path>) if it is not a published one.
          type: str
        status:
          description: The HTTP status.
          type: int
        media_type:
          description: The media type, V(<other>) if it is an unusual one.
          type: str
        code:
          description: The error code, V(null) if there is none that the vendor's web application knows.
          type: str
        shape:
          description: The types of the values by key; empty for a file.
          type: dict
          contains:
            KEY:
              description: The types.
              type: list
              elements: str
      sample:
        - operation: sub_organisations
          path: /sub_organisations/get_sub_organisations
          status: 200
          media_type: application/json
          code:
          shape: {"(answer)": [list], "[]": [object], "[].id": [text (UUID)], "[].name": [text]}
    guesses:
      description: A row for each assumption about DocBits.
      type: list
      elements: dict
      contains:
        id:
          description: Stable id of the assumption.
          type: str
        guess:
          description: What is assumed.
          type: str
        outcome:
          description: V(held), V(differs) or V(not seen).
          type: str
        seen:
          description: What was seen.
          type: str
      sample:
        - id: Q05
          guess: The list of exports is in data.
          outcome: differs
          seen: items
    findings:
      description: The ids of the findings for answers that cannot be used.
      type: list
      elements: str
      sample: [DB11]
organisation:
  description: Whether the answers name the organisation of O(organisation_id). V(the same), V(another), V(not named), or V(not asked) without this option.
  returned: if O(describe_answers) is set
  type: str
  sample: the same
overrides:
  description: The O(contract_overrides) that the answers ask for. It may have words of the organisation, so it is not for a report.
  returned: if O(describe_answers) is set
  type: dict
  contains:
    GROUP:
      description: Names and values of a group of O(contract_overrides).
      type: dict
      contains:
        NAME:
          description: The value.
          type: str
  sample: {records: {method: how}}
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
from ansible_collections.docbits.ion.plugins.module_utils._module import api_info


def main() -> None:
    run_module(AnsibleModule(supports_check_mode=True, **api_info.ARGUMENT_SPEC.to_kwargs()), api_info.run)


if __name__ == "__main__":
    main()
