# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options for the connections to Infor and DocBits."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  ca_path:
    description:
      - PEM file or directory of the certificate authorities to trust, for an inspecting proxy or an on-premises server.
      - The default is the value of E(REQUESTS_CA_BUNDLE) or E(CURL_CA_BUNDLE), then the certificates of the system.
      - If not set, the value of E(DOCBITS_ION_CA_PATH) is used.
    type: path
  proxy:
    description:
      - URL of a proxy for all requests. The default depends on E(HTTPS_PROXY) and E(NO_PROXY).
      - If not set, the value of E(DOCBITS_ION_PROXY) is used.
    type: str
  timeout:
    description:
      - Seconds to wait for the next byte of a response before the request fails, more than 0. A connection attempt takes at most 10 seconds.
      - If not set, the value of E(DOCBITS_ION_TIMEOUT) is used.
    type: float
    default: 30.0
  deadline:
    description:
      - Seconds for all requests of one task, or of one environment, to one service, more than 0. Requests that have not finished by then fail.
      - The deadline starts separately for each ION API file that is tested against Infor, for C(openapi.json) of DocBits, for the exports in
        DocBits, and again for a rollback.
      - If not set, the value of E(DOCBITS_ION_DEADLINE) is used.
    type: float
    default: 300.0
  retries:
    description:
      - Number of retries for a request that changes nothing, if there is no response or the status is 429, 502, 503 or 504.
      - The pause follows C(Retry-After), up to 60 seconds. A request that would wait beyond O(deadline) is not retried.
      - A login and a request that changes something are never retried, because they may have taken effect.
      - If not set, the value of E(DOCBITS_ION_RETRIES) is used.
    type: int
    default: 2
  shares:
    description:
      - Number of runs on other machines that work at the same time, this one included, from 1 to 15.
      - This run then makes only its share of the logins that an Infor tenant gets in a minute, and of the concurrent requests to a host.
        Set the same number for all of them.
      - If not set, the value of E(DOCBITS_ION_SHARES) is used.
    type: int
    default: 1
requirements:
  - requests
"""
