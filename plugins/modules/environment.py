#!/usr/bin/python
# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reconcile one DocBits environment with its declaration in one task."""

from __future__ import annotations

DOCUMENTATION = r"""
module: environment
version_added: 1.0.0
short_description: Reconcile a DocBits environment with its declaration
description:
  - Validates every file, proves that Infor accepts the ION API file, then plans and applies the changes in DocBits, and verifies the result.
  - A stage that fails ends the task. Nothing is written to DocBits before all earlier stages have passed.
  - For many environments use M(docbits.ion.environments) or the role P(docbits.ion.deploy#role), which share logins and connections.
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
  - docbits.ion.proof
  - docbits.ion.attributes
  - docbits.ion.attributes.state_module
  - docbits.ion.attributes.group_docbits
options:
  api_key:
    description:
      - The API key of an administrator of the organisation. Required unless O(stop_after) is V(parse).
      - If not set, the value of E(DOCBITS_API_KEY) is used.
    required: false
  require_proof:
    description:
      - Which proof of its ION API files a task needs before it goes on to DocBits.
      - V(full) needs every stage that O(profile) needs. O(stages) may not leave one of them out.
      - V(partial) accepts a proof with fewer stages, if each of them passes.
      - V(not_refused) also goes on if a stage is undetermined, for example during an outage of Infor. Its findings become warnings.
      - A refusal always fails the task.
    type: str
    default: full
    choices:
      - full
      - partial
      - not_refused
  stop_after:
    description: The last stage. V(parse) sends no request, V(prove) sends none to DocBits.
    type: str
    default: verify
    choices:
      - parse
      - prove
      - verify
  snapshot:
    description:
      - Go back to a snapshot, which replaces O(exports). V(latest) is the newest one that was not saved by going back; otherwise the name of its file
        in O(snapshot_dir) without C(.yml).
      - An export keeps its id if it still exists. A removed one is created again under another id, if its files and secrets are in the snapshot or,
        for the ION API file, in O(ionapi_src). A warning names what cannot come back.
      - O(purge) is V(true) by default with this option, so that exports which are not in the snapshot are removed.
    type: str
  rotate:
    description:
      - Replace the ION API file by O(ionapi_new_src), and change nothing else. Any other difference from the declaration is refused.
      - The old and the new file are proved, every export that has the old file gets the new one, DocBits' own connection test is asked if
        O(checks) has it, and Infor is asked again. If one of these fails, the old file is put back.
      - At the end, the new file replaces O(ionapi_src) on the controller, encrypted with the same vault id. The old one is kept beside it as C(.old).
      - After an interruption, the next run goes on. No token is revoked.
    type: bool
    default: false
  ionapi_new_src:
    description: Path of the new ION API file, vaulted or not. It has an effect only with O(rotate=true); without it, nothing is rotated.
    type: path
  ionapi_new_content:
    description: Its content, instead of O(ionapi_new_src).
    type: str
  allow_new_client:
    description:
      - Whether the new file may be of another authorized app. By default it is refused, because the connection point in ION names the client ID.
    type: bool
    default: false
seealso:
  - module: docbits.ion.connection_info
  - module: docbits.ion.exports
"""

EXAMPLES = r"""
- name: Deploy to production
  docbits.ion.environment:
    docbits_environment: production
    api_key: "{{ docbits_api_key }}"
    tenant: ACME_PRD
    ionapi_src: ionapi/production.ionapi
    exports:
      - title: Invoices to IDM
        kind: infor_idm
        document_type: INVOICE
        idm_mapping_src: mappings/idm.properties

- name: Prove only that Infor accepts the file
  docbits.ion.environment:
    docbits_environment: production
    api_key: "{{ docbits_api_key }}"
    ionapi_src: ionapi/production.ionapi
    exports: []
    stop_after: prove

- name: Replace the ION API file by a new one
  docbits.ion.environment:
    docbits_environment: production
    api_key: "{{ docbits_api_key }}"
    ionapi_src: ionapi/production.ionapi
    ionapi_new_src: ionapi/production-new.ionapi
    rotate: true
    exports:
      - title: Invoices to IDM
        kind: infor_idm
        document_type: INVOICE
        idm_mapping_src: mappings/idm.properties

- name: Show what going back to the last snapshot would change
  docbits.ion.environment:
    docbits_environment: production
    api_key: "{{ docbits_api_key }}"
    ionapi_src: ionapi/production.ionapi
    exports: []
    snapshot: latest
  check_mode: true
  diff: true
"""

RETURN = r"""
connections:
  description: The proof of each distinct ION API file. If one of them fails, the others are proved and reported too.
  returned: unless the options or a file are invalid
  type: dict
  contains:
    PATH_OR_OPTION:
      description: The proof of the file that came from there, as RV(docbits.ion.connection_info#module:connection) in short.
      type: dict
      contains:
        outcome:
          description: As RV(docbits.ion.connection_info#module:connection.outcome).
          type: str
        stages:
          description: The stages in the order in which they ran.
          type: dict
          contains:
            STAGE:
              description: As RV(docbits.ion.connection_info#module:connection.stages.outcome).
              type: str
        token:
          description: As RV(docbits.ion.connection_info#module:connection.token).
          returned: when the login was accepted
          type: dict
        identity:
          description: As RV(docbits.ion.connection_info#module:connection.identity).
          returned: when the stage V(identity) passed
          type: dict
        roles:
          description: As RV(docbits.ion.connection_info#module:connection.roles).
          returned: when the stage V(roles) ran and the list of roles could be read
          type: dict
        refresh:
          description: As RV(docbits.ion.connection_info#module:connection.refresh).
          returned: when the stage V(refresh) ran
          type: dict
        revoked:
          description: As RV(docbits.ion.connection_info#module:connection.revoked).
          returned: when O(revoke=true), except in check mode
          type: bool
  sample:
    ionapi/production.ionapi:
      outcome: partial
      stages: {resolve: passed, connect: passed, tls: passed, token: passed, refresh_token: passed, refresh: passed}
      token: {lifetime: 7200, refresh_token: true}
      refresh: {refresh_token_used: true, rotated: false}
      revoked: true
rotation:
  description: The old and the new ION API file of O(rotate).
  returned: when O(rotate=true) and there is a new file
  type: dict
  contains:
    old:
      description: The former file.
      type: dict
      contains:
        fingerprint:
          description: As in RV(docbits.ion.ionapi_info#module:ionapi.fingerprint).
          type: str
        outcome:
          description: The outcome of its proof; it may be refused already.
          returned: unless O(stop_after=parse)
          type: str
        user:
          description: Name of the user of its service account, V(null) if Infor did not show it.
          returned: unless O(stop_after=parse)
          type: str
    new:
      description: The new file.
      type: dict
      contains:
        fingerprint:
          description: As in RV(docbits.ion.ionapi_info#module:ionapi.fingerprint).
          type: str
    may_be_disabled:
      description: Whether the old service account may be disabled as far as this environment is concerned.
      type: bool
  sample:
    old: {fingerprint: 3f9c2a7d10b4, outcome: proved, user: DocBits Service}
    new: {fingerprint: 81e02c55d9aa}
    may_be_disabled: true
stopped_after:
  description: The last stage, from O(stop_after).
  returned: when O(stop_after) is not V(verify)
  type: str
  sample: prove
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
from ansible_collections.docbits.ion.plugins.module_utils._module import environment


def main() -> None:
    run_module(AnsibleModule(supports_check_mode=True, **environment.ARGUMENT_SPEC.to_kwargs()), environment.run)


if __name__ == "__main__":
    main()
