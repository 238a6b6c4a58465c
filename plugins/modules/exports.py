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
"""

EXAMPLES = r"""
- name: Deploy the exports of production
  docbits.ion.exports:
    docbits_environment: production
    docbits_region: eu
    api_key: "{{ docbits_api_key }}"
    ionapi_src: ionapi/production.ionapi
    exports:
      - title: Invoices to IDM and ION
        kind: infor_idm_ion_bod
        document_type: INVOICE
        idm_mapping_src: mappings/idm.properties
        bod_mapping_src: mappings/bod.properties
      - title: Orders to the archive
        kind: webhook
        document_type: PURCHASE_ORDER
        url: https://archive.example.com/docbits
        active: false
"""

RETURN = r"""
exports:
  description: One line for each declared export.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: Id of the export, V(null) if it does not exist yet.
      type: str
    title:
      description: Its title.
      type: str
    kind:
      description: Its kind.
      type: str
    actions:
      description: The steps that were taken, or would be taken in check mode.
      type: list
      elements: str
    evidence:
      description:
        - What decided whether a declared file, or a value that DocBits withholds, differs. V(value) if DocBits shows it, V(fingerprint) if the
          fingerprint of what was sent last decided, V(connection_test) if the visible parts are the declared ones and DocBits' own connection test
          succeeded, V(policy) if O(update) decided, V(none) if nothing is known, so that the value is sent.
      type: dict
      sample: {"ionapi": "fingerprint", "idm_mapping": "value"}
undeclared:
  description: The exports that O(exports) does not declare, not even with O(exports[].ignore=true), and that are therefore left alone.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: Id of the export.
      type: str
    title:
      description: Its title.
      type: str
    kind:
      description: Its kind, or the C(export_method) of DocBits if the collection does not manage it.
      type: str
steps:
  description: Each write, in order, with its outcome.
  returned: always
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
    outcome:
      description:
        - V(planned) in check mode. Otherwise V(applied), V(not_applied), V(unknown) if DocBits does not show whether it took effect,
          V(rolled_back) or V(not_run).
      type: str
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
