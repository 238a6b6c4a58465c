#!/usr/bin/python
# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bring the whole set of exports of a DocBits environment to its declaration."""

from __future__ import annotations

DOCUMENTATION = r"""
module: exports
version_added: 1.0.0
short_description: Manage the export configurations of a DocBits environment
description:
  - Compares the exports in DocBits (Settings, Document Processing, Export) with the declared ones and applies the difference, in an order that
    leaves a document type without an active export for as short a time as possible.
  - An export is updated in place and keeps its id. What is omitted stays as it is, what is set is replaced, an empty text clears.
  - After the change everything is read again and compared. If that fails, what this run did is rolled back, and read again and compared as well.
author:
  - docbits.ion contributors (@docbits)
extends_documentation_fragment:
  - docbits.ion.host
  - docbits.ion.organisation
  - docbits.ion.network
  - docbits.ion.ionapi
  - docbits.ion.default_ionapi
  - docbits.ion.export.set
  - docbits.ion.attributes
  - docbits.ion.attributes.state_module
"""

EXAMPLES = r"""
- name: The exports of production
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
      description: Id of the export, V(null) where it does not exist yet.
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
  description: What the checks found. Errors end the task; warnings are shown as warnings too.
  returned: always
  type: list
  elements: dict
  contains:
    id:
      description: Stable id of the rule, listed in the documentation.
      type: str
    level:
      description: V(error), V(warning) or V(info).
      type: str
    where:
      description: The object and the key.
      type: str
    message:
      description: What is so. Never a secret value.
      type: str
    action:
      description: The next step.
      type: str
  sample:
    - id: T02
      level: warning
      where: "production.ionapi: ti"
      message: the tenant is not of the form NAME_ENVIRONMENT
      action: compare it with the tenant shown in Infor
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.docbits.ion.plugins.module_utils._core.run import run_module
from ansible_collections.docbits.ion.plugins.module_utils._module import exports


def main() -> None:
    run_module(AnsibleModule(supports_check_mode=True, **exports.ARGUMENT_SPEC.to_kwargs()), exports.run)


if __name__ == "__main__":
    main()
