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
  - docbits.ion.attributes.group_all
seealso:
  - module: docbits.ion.connection_info
  - module: docbits.ion.mapping_info
  - plugin: docbits.ion.ionapi
    plugin_type: lookup
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
  returned: success
  type: dict
  contains:
    tenant:
      description: The tenant (C(ti)).
      type: str
    environment:
      description: The part of the tenant after the last underscore, V(null) on premises.
      type: str
    flavour:
      description: V(cloud) or V(on_premises).
      type: str
    region:
      description: The region in the host names of Infor's cloud, otherwise V(null).
      type: str
    app_name:
      description: Name of the authorized app (C(cn)), V(null) if the file has none.
      type: str
    app_type:
      description: Type of the authorized app (C(dt)), V(12) for a backend service, V(null) if the file has none.
      type: str
    client_id_prefix:
      description: The part of the client id (C(ci)) before the V(~).
      type: str
    version:
      description: Version of the file (C(v)).
      type: str
    grant:
      description: The OAuth grant, V(password) or V(client_credentials).
      type: str
    has_service_account:
      description: Whether the file has the keys of a service account.
      type: bool
    scopes:
      description: The scopes (C(sc)).
      type: list
      elements: str
    token_url:
      description: URL of the token endpoint.
      type: str
    revoke_url:
      description: URL of the revocation endpoint, V(null) if the file has none.
      type: str
    authorize_url:
      description: URL of the authorization endpoint, V(null) if the file has none.
      type: str
    gateway_url:
      description: URL of the ION API gateway.
      type: str
    fingerprint:
      description: A salted fingerprint of the client id and the service account. It is the same for files that have the same ones.
      type: str
  sample:
    tenant: ACME_PRD
    environment: PRD
    flavour: cloud
    region: eu1
    app_name: DocBits_Production
    app_type: "12"
    client_id_prefix: ACME_PRD
    version: "1.1"
    grant: password
    has_service_account: true
    scopes: [INFOR-IFS, Infor-IDM, Infor-ION, Infor-Mingle]
    token_url: https://mingle-sso.eu1.inforcloudsuite.com:443/ACME_PRD/as/token.oauth2
    revoke_url: https://mingle-sso.eu1.inforcloudsuite.com:443/ACME_PRD/as/revoke_token.oauth2
    authorize_url: https://mingle-sso.eu1.inforcloudsuite.com:443/ACME_PRD/as/authorization.oauth2
    gateway_url: https://mingle-ionapi.eu1.inforcloudsuite.com/ACME_PRD/
    fingerprint: d1113597615e
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
