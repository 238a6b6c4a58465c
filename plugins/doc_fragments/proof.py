# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options for the proof of an ION API file."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  stages:
    description:
      - The stages to run. Stages that a chosen one needs run too.
      - The default is what a DocBits export needs. With fewer stages the outcome of the proof is V(partial), even if each of them passes.
      - With a proxy, V(resolve), V(connect) and V(tls) are skipped, because the proxy does these.
      - V(refresh_token) checks that Infor issued a refresh token. V(refresh) also uses it, and is not part of the default. Infor may reuse one grant
        for all logins of an app and user, or end tokens at a refresh. Then this stage can end the tokens that DocBits has.
    type: list
    elements: str
    choices: [resolve, connect, tls, token, refresh_token, refresh, token_facts, gateway, identity, roles, idm, ion_messaging]
    default: [resolve, connect, tls, token, refresh_token, token_facts, gateway, identity, roles, idm, ion_messaging]
  required_roles:
    description:
      - The security roles that the user of the service account needs, directly or implied by another role.
      - If not set, these are V(IDM-AdvancedUser), V(Infor-SuiteUser) and V(MingleEnterprise). The last one is optional then, because newer tenants
        do not have it.
    type: list
    elements: str
  optional_roles:
    description:
      - Those of O(required_roles) that the tenant may not have. A missing one is a warning.
    type: list
    elements: str
  logical_id:
    description:
      - The logical id of an ION connection point, for example V(lid://infor.ims.docbits).
      - The stage V(connection_point) checks that the connection point is active and belongs to the authorized app.
      - M(docbits.ion.environment) and M(docbits.ion.environments) take the logical ids of the BOD mappings (C(SFV_LogicalID)) if this is not set and
        V(gateway) is among O(stages). For them, an empty string leaves the stage out, for example before the connection point exists.
    type: str
  m3:
    description:
      - Whether to test M3 too.
    type: bool
    default: false
  ln:
    description:
      - Whether to test LN too. LN may answer with status 404 although it works. The proof is undetermined then.
    type: bool
    default: false
  revoke:
    description:
      - Whether to revoke the access token at the end.
      - The refresh token itself is never revoked, because Infor may then end the grant that DocBits uses. Other servers are known to end
        the refresh token of the same login together with the access token, and to leave other logins alone.
      - Such a task makes a login of its own. Nothing is revoked in check mode.
    type: bool
    default: false
"""
