#!/usr/bin/python
# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parse and validate an ION API file, offline."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ionapi_info
version_added: 1.0.0
short_description: Parse and validate an ION API file
description:
  - Reads an ION API file (C(.ionapi)), which the Infor ION API console provides under Download Credentials, and validates it without network access.
  - Every finding has a stable id, and names the key and the next step. Secret values are never shown.
    A value that looks like a generated secret in a key for other values is an error, and is not shown either.
author:
  - docbits.ion contributors (@docbits)
extends_documentation_fragment:
  - docbits.ion.source
  - docbits.ion.ionapi
  - docbits.ion.attributes
  - docbits.ion.attributes.info_module
"""

EXAMPLES = r"""
- name: Validate the file of production
  docbits.ion.ionapi_info:
    src: ionapi/production.ionapi
    tenant_environment: PRD
  register: file

- name: Show the token URL
  ansible.builtin.debug:
    var: file.ionapi.token_url
"""

RETURN = r"""
ionapi:
  description: The values of the file that are not secret.
  returned: when the file has no error
  type: dict
  sample:
    flavour: cloud
    tenant: ACME_PRD
    environment: PRD
    region: eu1
    grant: password
    app_name: DocBits_Production
    fingerprint: 0123456789ab
findings:
  description: Results of the checks. An error fails the task. Warnings are also shown as warnings.
  returned: always
  type: list
  elements: dict
  contains:
    id:
      description: Stable id of the rule. C(docs/ionapi_rules.md) lists all rules.
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
from ansible_collections.docbits.ion.plugins.module_utils._module import ionapi_info


def main() -> None:
    run_module(AnsibleModule(supports_check_mode=True, **ionapi_info.ARGUMENT_SPEC.to_kwargs()), ionapi_info.run)


if __name__ == "__main__":
    main()
