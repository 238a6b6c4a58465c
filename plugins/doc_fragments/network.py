# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How to reach Infor and DocBits."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  ca_path:
    description:
      - PEM file or directory of the certificate authorities to trust, for an inspecting proxy or an on-premises server.
      - Without it, the variables E(REQUESTS_CA_BUNDLE) and E(CURL_CA_BUNDLE) and then the system's store decide.
      - If not given, the variable E(DOCBITS_ION_CA_PATH) is used.
    type: path
  proxy:
    description:
      - URL of a proxy for every call. Without it, E(HTTPS_PROXY) and E(NO_PROXY) decide.
      - If not given, the variable E(DOCBITS_ION_PROXY) is used.
    type: str
  timeout:
    description:
      - Seconds without an answer after which a call is given up, more than 0.
      - If not given, the variable E(DOCBITS_ION_TIMEOUT) is used.
    type: float
    default: 30.0
  deadline:
    description:
      - Seconds for all calls of one task to one service together, more than 0.
      - If not given, the variable E(DOCBITS_ION_DEADLINE) is used.
    type: float
    default: 300.0
  retries:
    description:
      - How often a call that changes nothing is repeated when no answer comes or the service is overloaded.
      - A call answered with status 429 is repeated as well, a login never.
      - If not given, the variable E(DOCBITS_ION_RETRIES) is used.
    type: int
    default: 2
requirements:
  - requests
"""
