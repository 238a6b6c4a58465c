# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options for the expectations of an ION API file."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  tenant:
    description: Infor tenant that the ION API file must be for, for example V(ACME_PRD).
    type: str
  tenant_environment:
    description: Suffix that the tenant of the file must have, for example V(PRD) for production.
    type: str
  flavour:
    description: Whether the file must be from Infor's cloud or from an on-premises installation. If not set, both are accepted.
    type: str
    choices:
      - cloud
      - on_premises
  grant:
    description:
      - OAuth 2.0 grant of the token request. V(auto) uses V(password) if the file has a service account, otherwise V(client_credentials).
    type: str
    default: auto
    choices:
      - auto
      - password
      - client_credentials
  profile:
    description:
      - Requirements that the file must meet. V(infor) accepts the file of any authorized app,
        V(docbits_export) checks what DocBits needs.
    type: str
    default: docbits_export
    choices:
      - infor
      - docbits_export
  strict:
    description: Whether a warning about the file fails the task, as an error does.
    type: bool
    default: false
  allow_insecure:
    description:
      - Whether the URLs in the file may have hosts of this machine, as for a simulator. They are accepted without a warning, and without TLS.
      - Do not set it for a file that DocBits uses.
    type: bool
    default: false
  trusted_hosts:
    description:
      - Hosts of your own Infor OS, in installations that are not in Infor's cloud, as they are in C(iu) and C(pu) of the file, without port.
      - The secrets of a file are sent to no other host outside of V(inforcloudsuite.com).
    type: list
    elements: str
    default: []
  require_vault:
    description:
      - Whether every secret must come out of Ansible Vault, that is from an encrypted file or variable. Otherwise the task fails.
      - This concerns the ION API files, API keys, passwords of exports and proxies. A value of an environment variable, of another lookup or of a template
        with a filter is not known to come out of a vault.
      - In ansible-core 2.18 this is known of files only, because that version does not keep where a value came from.
    type: bool
    default: false
"""
