#!/usr/bin/python
# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reconcile one export of a DocBits environment with its declaration."""

from __future__ import annotations

DOCUMENTATION = r"""
module: export
version_added: 1.0.0
short_description: Manage one export configuration of a DocBits environment
description:
  - Does what M(docbits.ion.exports) does, for a single export. Other exports are not changed.
author:
  - docbits.ion contributors (@docbits)
extends_documentation_fragment:
  - docbits.ion.host
  - docbits.ion.organisation
  - docbits.ion.network
  - docbits.ion.ionapi
  - docbits.ion.export
  - docbits.ion.reconcile
  - docbits.ion.attributes
  - docbits.ion.attributes.state_module
  - docbits.ion.attributes.group_docbits
options:
  describe_answers:
    description:
      - Also describes the answers of DocBits, as M(docbits.ion.api_info) does. Used by the playbook C(docbits.ion.contract_trial).
    type: bool
    default: false
seealso:
  - module: docbits.ion.exports
  - module: docbits.ion.export_info
"""

EXAMPLES = r"""
- name: Create an export
  docbits.ion.export:
    docbits_environment: production
    api_key: "{{ docbits_api_key }}"
    title: Invoices to IDM
    kind: infor_idm
    document_type: INVOICE
    ionapi_src: ionapi/production.ionapi
    idm_mapping_src: mappings/idm.properties

- name: Deactivate an export that a workflow refers to
  docbits.ion.export:
    docbits_url: https://eu.api.docbits.com
    api_key: "{{ docbits_api_key }}"
    id: 3b0f7a52-6c1e-4d0a-9a57-1f7f0c7c2a11
    active: false

- name: Remove an export
  docbits.ion.export:
    docbits_environment: production
    api_key: "{{ docbits_api_key }}"
    title: Invoices to IDM
    kind: infor_idm
    document_type: INVOICE
    state: absent

- name: Create an inactive export, and describe the answers of DocBits for a report
  docbits.ion.export:
    docbits_environment: sandbox
    api_key: "{{ docbits_api_key }}"
    title: Trial
    kind: webhook
    document_type: DELIVERY_NOTE
    url: https://hook.example.com
    active: false
    describe_answers: true
"""

RETURN = r"""
export:
  description: The export and its changes.
  returned: success
  type: dict
  contains:
    id:
      description: Id of the export, V(null) if it does not exist.
      type: str
    title:
      description: Its title, V(null) for an ignored export that does not exist and is declared by its id.
      type: str
    kind:
      description: Its kind, V(null) for an ignored export that does not exist and is declared without it.
      type: str
    actions:
      description: The steps that were taken, or would be taken in check mode.
      type: list
      elements: str
    evidence:
      description: What decided whether a declared file, or a value that DocBits withholds, differs.
      type: dict
      contains:
        FILE_OR_FIELD:
          description:
            - V(value) if DocBits shows it, V(fingerprint) if the fingerprint of what was sent last decided, V(connection_test) if the visible parts
              are the declared ones and DocBits' own connection test succeeded, V(policy) if O(update) decided, V(none) if nothing is known, so
              that the value is sent.
          type: str
  sample:
    id: a9c08518-bea0-441d-b370-dcdda74b88a1
    title: Invoices to IDM
    kind: infor_idm
    actions: [update]
    evidence: {idm_mapping: value}
observed:
  description: As RV(docbits.ion.api_info#module:observed).
  returned: if O(describe_answers) is set and requests were sent, also on failure
  type: dict
overrides:
  description: As RV(docbits.ion.api_info#module:overrides).
  returned: as RV(observed)
  type: dict
steps:
  description: Each write, in order, with its outcome.
  returned: success, and if a step failed
  type: list
  elements: dict
  contains:
    action:
      description: V(create), V(update), V(activate), V(deactivate) or V(remove).
      type: str
    export:
      description: Title of the export.
      type: str
    id:
      description: Id of the export, V(null) if it does not exist yet.
      type: str
    reason:
      description: What changes.
      type: str
    reversible:
      description: Whether the step can be rolled back.
      type: bool
    irreversible_because:
      description: Why the step cannot be rolled back.
      returned: if it cannot be rolled back
      type: str
      sample: a removed export does not come back under its id
    outcome:
      description:
        - V(planned) in check mode. Otherwise V(applied), V(not_applied), V(unknown) if DocBits does not show whether it took effect,
          V(rolled_back) or V(not_run).
      type: str
  sample:
    - action: update
      export: Invoices to IDM
      id: a9c08518-bea0-441d-b370-dcdda74b88a1
      reason: idm_mapping
      reversible: true
      outcome: applied
rolled_back:
  description: Whether a step was rolled back. RV(steps) has the outcome of each.
  returned: if a step failed
  type: bool
  sample: false
status:
  description: The HTTP status with which DocBits refused a request.
  returned: if DocBits refused a request
  type: int
  sample: 429
code:
  description: The code of DocBits for the cause.
  returned: if DocBits refused a request and gave a code
  type: str
  sample: TOO_MANY_REQUESTS
trace_id:
  description: The id of the request, for the support of DocBits.
  returned: if DocBits refused a request and gave an id
  type: str
  sample: 4bf92f3577b34da6
retry_after:
  description: Seconds after which DocBits wants the request again.
  returned: if DocBits refused a request with status 429 and said so
  type: float
  sample: 7
findings:
  description: Results of the checks. An error fails the task. Warnings are also shown as warnings.
  returned: always
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
    - id: T02
      level: warning
      where: "production.ionapi: ti"
      message: the tenant does not have the form NAME_ENVIRONMENT in capital letters, as cloud tenants have
      action: compare it with the tenant in Infor OS > API Gateway > Authorized Apps > the app
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.docbits.ion.plugins.module_utils._core.run import run_module
from ansible_collections.docbits.ion.plugins.module_utils._module import export


def main() -> None:
    run_module(AnsibleModule(supports_check_mode=True, **export.ARGUMENT_SPEC.to_kwargs()), export.run)


if __name__ == "__main__":
    main()
