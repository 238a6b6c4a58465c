# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the caller expects of an ION API file."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  tenant:
    description: The Infor tenant that the ION API file must belong to, for example V(ACME_PRD).
    type: str
  tenant_environment:
    description: The end of the tenant's name that the file must have, for example V(PRD) for production.
    type: str
  flavour:
    description: Whether the file must be of Infor's cloud or of an on-premises installation. Without it, both are accepted.
    type: str
    choices:
      - cloud
      - on_premises
  grant:
    description:
      - How a token is asked for. V(auto) takes V(password) where the file has a service account, else V(client_credentials).
    type: str
    default: auto
    choices:
      - auto
      - password
      - client_credentials
  profile:
    description:
      - Which demands the file must meet. V(infor) accepts the file of any authorized app,
        V(docbits_export) demands what DocBits needs of one.
    type: str
    default: docbits_export
    choices:
      - infor
      - docbits_export
  strict:
    description: Whether a warning about the file ends the task like an error.
    type: bool
    default: false
  allow_insecure:
    description:
      - Whether a file may name addresses of this machine, as a simulator's file does. They are accepted without a warning, and without TLS.
      - Never set it for a file that DocBits is to use.
    type: bool
    default: false
"""
