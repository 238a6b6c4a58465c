# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options for the DocBits organisation and its credentials."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  api_key:
    description:
      - API key of an administrator of the organisation, from Settings, Integration & SSO in DocBits.
      - If not set, the value of E(DOCBITS_API_KEY) is used.
    type: str
    required: true
  organisation_id:
    description:
      - Id of the organisation, for an API key that has access to several. It is sent as C(X-ORG-ID).
      - If not set, the value of E(DOCBITS_ORGANISATION_ID) is used.
    type: str
"""
