#!/usr/bin/python
# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reconcile the exports of a DocBits environment with the declaration."""

from __future__ import annotations

DOCUMENTATION = r"""
module: exports
version_added: 1.0.0
short_description: Manage the export configurations of a DocBits environment
description:
  - Compares the exports in DocBits (Settings, Document Processing, Export) with the declared ones and applies the difference. The order of the
    steps keeps the time short in which a document type has no active export.
  - An export is updated in place and keeps its id. An option that is not set stays unchanged, one that is set replaces the value, and an empty
    string clears it.
  - Afterwards the exports are read again and compared. If a step fails or a value differs, the run is rolled back as far as the former values are
    known. RV(steps) shows the outcome of each step.
  - A write whose outcome DocBits does not show is reported as V(unknown), not as applied or failed.
  - Exports that are not declared are not changed, except by O(purge).
author:
  - docbits.ion contributors (@docbits)
extends_documentation_fragment:
  - docbits.ion.host
  - docbits.ion.organisation
  - docbits.ion.network
  - docbits.ion.ionapi
  - docbits.ion.default_ionapi
  - docbits.ion.export.set
  - docbits.ion.reconcile
  - docbits.ion.attributes
  - docbits.ion.attributes.state_module
  - docbits.ion.attributes.group_docbits
seealso:
  - module: docbits.ion.export
  - module: docbits.ion.export_info
  - module: docbits.ion.environment
"""

EXAMPLES = r"""
- name: Deploy the exports to Infor, one of each kind
  docbits.ion.exports:
    docbits_environment: production
    docbits_region: eu
    api_key: "{{ docbits_api_key }}"
    ionapi_src: ionapi/production.ionapi
    exports:
      - title: Invoices to IDM
        kind: infor_idm
        document_type: INVOICE
        idm_mapping_src: mappings/idm.properties
      - title: Credit notes to ION
        kind: infor_ion_bod
        document_type: CREDIT_NOTE
        bod_mapping_src: mappings/bod_credit_note.properties
      - title: Orders to IDM and ION
        kind: infor_idm_ion_bod
        document_type: PURCHASE_ORDER
        idm_mapping_src: mappings/idm_order.properties
        bod_mapping_src: mappings/bod_order.properties
      - title: Invoices to IDM and M3
        kind: infor_idm_m3
        document_type: INVOICE
        active: false
        idm_mapping_src: mappings/idm.properties
        m3_mapping_src: mappings/m3.properties
      - title: Invoices to IDM and M3 by the Rule Manager
        kind: infor_idm_m3_toml
        document_type: INVOICE
        active: false
        idm_mapping_src: mappings/idm.properties
        m3_toml_mapping_src: mappings/m3.toml
      - title: Invoices to IDM and LN
        kind: infor_idm_ln
        document_type: INVOICE
        active: false
        idm_mapping_src: mappings/idm.properties
        ln_mapping_src: mappings/ln.properties
      - title: Invoices to the SFTP server of Infor
        kind: infor_sftp
        document_type: INVOICE
        active: false
        idm_mapping_src: mappings/idm.properties
        bod_mapping_src: mappings/bod.properties
        folder: /invoices

- name: Deploy the other exports, one of each kind, and keep one that is managed elsewhere
  docbits.ion.exports:
    docbits_environment: production
    api_key: "{{ docbits_api_key }}"
    exports:
      - title: Orders to the archive
        kind: webhook
        document_type: PURCHASE_ORDER
        url: https://archive.example.com/docbits
      - title: Invoices by SFTP
        kind: sftp
        document_type: INVOICE
        server_url: sftp.example.com
        port: 22
        username: docbits
        password: "{{ vault_sftp_password }}"
        folder: /invoices
        xslt_src: mappings/invoice.xslt
      - title: Invoices to a share
        kind: smb
        document_type: INVOICE
        active: false
        server_url: files.example.com
        username: docbits
        password: "{{ vault_smb_password }}"
        folder: /invoices
        jpl_mapping_src: mappings/jpl.properties
      - title: Invoices to Flow2
        kind: flow2
        document_type: INVOICE
        active: false
        flow2_url: https://flow2.example.com
        flow2_document_type_id: "7"
        flow2_cabinet_id: 12
        username: docbits
        password: "{{ vault_flow2_password }}"
      - title: Invoices as ZUGFeRD
        kind: zugferd
        document_type: INVOICE
        active: false
        file_access: email    # as docbits.ion.export_info shows it for an export that was made by hand
        zugferd_format: extended
        email: invoices@example.com
      - title: Invoices to Peppol
        kind: peppol
        document_type: INVOICE
        active: false
        file_access: email
        email: invoices@example.com
      - title: Managed by another team
        ignore: true

- name: Show what would be removed if only one export were left
  docbits.ion.exports:
    docbits_environment: production
    api_key: "{{ docbits_api_key }}"
    exports:
      - title: Orders to the archive
        kind: webhook
        document_type: PURCHASE_ORDER
        url: https://archive.example.com/docbits
    purge: true
  check_mode: true
  diff: true
"""

RETURN = r"""
exports:
  description: One line for each declared export.
  returned: success
  type: list
  elements: dict
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
    - id: a9c08518-bea0-441d-b370-dcdda74b88a1
      title: Invoices to IDM
      kind: infor_idm
      actions: [update]
      evidence: {idm_mapping: value}
undeclared:
  description: The exports that O(exports) does not declare, not even with O(exports[].ignore=true), and that are therefore left alone.
  returned: success, if the exports were compared
  type: list
  elements: dict
  contains:
    id:
      description: Id of the export.
      type: str
    title:
      description: Its title, V(null) if DocBits does not show it.
      type: str
    kind:
      description: Its kind, or the C(export_method) of DocBits if the collection does not manage it. V(null) if DocBits does not show it.
      type: str
  sample:
    - id: 6bae55e1-7f42-4313-9d21-65f3cea079f7
      title: Orders to the archive
      kind: webhook
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
from ansible_collections.docbits.ion.plugins.module_utils._module import exports


def main() -> None:
    run_module(AnsibleModule(supports_check_mode=True, **exports.ARGUMENT_SPEC.to_kwargs()), exports.run)


if __name__ == "__main__":
    main()
