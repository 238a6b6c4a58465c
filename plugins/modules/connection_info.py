#!/usr/bin/python
# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prove an ION API file against Infor."""

from __future__ import annotations

DOCUMENTATION = r"""
module: connection_info
short_description: Prove that Infor accepts an ION API file
version_added: "1.0.0"
author:
  - docbits.ion contributors (@docbits)
description:
  - Logs in to Infor with an ION API file (C(.ionapi)) as DocBits will, and asks the ION API gateway what the service account may do.
  - Goes stage by stage from name resolution to security role. A product is proved by a response of the documented form, and by nothing else.
    A refusal names its cause and the menu of the Infor console where it is corrected. Everything else is undetermined, for example an
    outage, a page of a proxy, or a response of another form, and says what was seen.
  - Fails if a stage is refused or undetermined. The result has all stages in both cases.
  - Environments of one play that share a file share one login, and a refused file is not tried again. If the gateway refuses a shared token,
    the play logs in once more, since one of its own tasks may have revoked it.
  - The play makes fewer logins in a minute and tenant than Infor allows, because production uses the same limit.
  - Logins and their limit are shared by the hosts of a task in M(docbits.ion.environments), and on Linux by the workers of a play. A module that
    runs on another machine shares them with nobody.
  - Waits as long as C(Retry-After) of Infor says if O(deadline) allows it, otherwise the message says how long Infor asks to wait.
extends_documentation_fragment:
  - docbits.ion.source
  - docbits.ion.ionapi
  - docbits.ion.network
  - docbits.ion.proof
  - docbits.ion.attributes
  - docbits.ion.attributes.info_module
  - docbits.ion.attributes.group_all
seealso:
  - module: docbits.ion.ionapi_info
"""

EXAMPLES = r"""
- name: Prove the file of this environment before its exports are touched
  docbits.ion.connection_info:
    src: "{{ inventory_dir }}/../ionapi/{{ inventory_hostname }}.ionapi"
    tenant: ACME_PRD

- name: Prove also that the connection point belongs to this authorized app
  docbits.ion.connection_info:
    src: ionapi/production.ionapi
    logical_id: lid://infor.ims.docbits

- name: Only see whether Infor accepts the login
  docbits.ion.connection_info:
    src: ionapi/production.ionapi
    stages: [token]

- name: In a test tenant, use the refresh token, and revoke the access token of this proof
  docbits.ion.connection_info:
    src: ionapi/production.ionapi
    stages: [token, refresh]
    revoke: true
"""

RETURN = r"""
connection:
  description: The proof.
  returned: success, and if the proof fails
  type: dict
  contains:
    outcome:
      description:
        - V(proved) when every stage passed that the profile needs.
        - V(partial) when every stage passed, but O(stages) left out some that the profile needs.
        - V(refused) when Infor refused for a cause that a finding names.
        - V(undetermined) when nothing was refused but a stage has no answer that can be relied on.
      type: str
      sample: proved
    stages:
      description: The stages in the order in which they ran.
      type: list
      elements: dict
      contains:
        name:
          description: Name of the stage.
          type: str
        outcome:
          description: V(passed), V(warned), V(failed), V(undetermined) or V(skipped).
          type: str
        seconds:
          description: How long it took. A stage that another environment of the run did first shows the wait for its result.
          type: float
        findings:
          description: As RV(docbits.ion.connection_info#module:findings), those of this stage.
          type: list
          elements: dict
        reason:
          description: Why the stage was skipped, otherwise V(null).
          type: str
          sample: token did not pass
      sample:
        - name: token
          outcome: passed
          seconds: 0.213
          findings: []
          reason: null
    token:
      description: What is known of the token, without the token.
      returned: when the login was accepted
      type: dict
      contains:
        lifetime:
          description: Seconds until it expires.
          type: float
        refresh_token:
          description: Whether Infor issued a refresh token.
          type: bool
        opaque:
          description: Whether the token cannot be read. If it can, the following values are read from it, without verification; V(null) where it does not say.
          returned: when the stage V(token_facts) ran
          type: bool
        tenant_matches:
          description: Whether it is for the tenant of the file, V(null) if it does not say.
          returned: when the stage V(token_facts) ran
          type: bool
        client_matches:
          description: Whether it is for the client of the file, V(null) if it does not say.
          returned: when the stage V(token_facts) ran
          type: bool
        linked_user:
          description: Whether it names a user, V(null) if it does not say.
          returned: when the stage V(token_facts) ran
          type: bool
        enforced_scopes:
          description: Whether the gateway enforces its scopes, V(null) if it does not say.
          returned: when the stage V(token_facts) ran
          type: bool
        scopes:
          description: The number of its scopes, V(null) if it does not say.
          returned: when the stage V(token_facts) ran
          type: int
      sample:
        lifetime: 7200
        refresh_token: true
        opaque: false
        tenant_matches: true
        client_matches: true
        linked_user: true
        enforced_scopes: false
        scopes: 4
    identity:
      description: The user of the service account.
      returned: when the stage V(identity) passed
      type: dict
      contains:
        id:
          description: Id of the user.
          type: str
        name:
          description: Name of the user, empty if Infor does not show it.
          type: str
      sample:
        id: dd15e07b-809a-423c-b309-301f7091c3de
        name: DocBits Service
    roles:
      description: The security roles of this user.
      returned: when the stage V(roles) ran and the list of roles could be read
      type: dict
      contains:
        assigned:
          description: Those that are assigned.
          type: list
          elements: str
        effective:
          description: The same, with those that they imply.
          type: list
          elements: str
        missing:
          description: Those of O(required_roles) that are missing.
          type: list
          elements: str
      sample:
        assigned: [IDM-AdvancedUser, Infor-SuiteUser, MingleEnterprise]
        effective: [IDM-AdvancedUser, IDM-User, Infor-SuiteUser, MingleEnterprise]
        missing: []
    refresh:
      description: What the stage V(refresh) used up.
      returned: when the stage V(refresh) ran
      type: dict
      contains:
        refresh_token_used:
          description: Whether the refresh token was used.
          type: bool
        rotated:
          description: Whether Infor replaced it, V(null) without an answer.
          type: bool
      sample:
        refresh_token_used: true
        rotated: false
    revoked:
      description: Whether the access token was revoked.
      returned: when O(revoke=true), except in check mode
      type: bool
      sample: true
ionapi:
  description: As RV(docbits.ion.ionapi_info#module:ionapi).
  returned: success
  type: dict
findings:
  description: What was found in the file and by the proof. An error fails the task. Warnings are also shown as warnings.
  returned: always
  type: list
  elements: dict
  contains:
    id:
      description: Stable id of the rule. C(docs/findings.md) lists all ids.
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
    - id: R02
      level: error
      where: "production.ionapi: roles"
      message: the user of the service account lacks the security role IDM-AdvancedUser
      action: add IDM-AdvancedUser in Security > Users (or Service Users) > the account's user > Security Roles, then run again for a new token
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.docbits.ion.plugins.module_utils._core.run import run_module
from ansible_collections.docbits.ion.plugins.module_utils._module import connection_info


def main() -> None:
    run_module(AnsibleModule(supports_check_mode=True, **connection_info.ARGUMENT_SPEC.to_kwargs()), connection_info.run)


if __name__ == "__main__":
    main()
