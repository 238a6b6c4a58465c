# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which DocBits API, and which contract to hold it to."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  docbits_url:
    description:
      - Address of the DocBits API, for example V(https://eu.api.docbits.com).
      - Exactly one of O(docbits_url) and O(docbits_environment) must be given.
      - If not given, the variable E(DOCBITS_URL) is used.
    type: str
  docbits_environment:
    description: The DocBits environment, whose address follows from it and O(docbits_region).
    type: str
    choices:
      - production
      - sandbox
      - stage
      - demo
      - dev
  docbits_region:
    description: The region of O(docbits_environment). Data of one region is not reachable from the other.
    type: str
    default: eu
    choices:
      - eu
      - us
  path_prefix:
    description:
      - What stands in the address between host and path, for example V(/prod-api).
      - Without it, the first server in the API's own C(openapi.json) decides.
    type: str
  contract:
    description:
      - Against what the requests are checked before anything is written. V(live) reads the C(openapi.json) of the host,
        V(2.2.10) is the contract that the vendor published, V(current) what is known or assumed of today's.
    type: str
    default: live
    choices:
      - live
      - 2.2.10
      - current
  contract_overrides:
    description: What you learned about your DocBits before this collection did. M(docbits.ion.api_info) shows the words to use.
    type: dict
    suboptions:
      fields:
        description: Word of this collection to name of the field in requests.
        type: dict
      records:
        description: Word of this collection to name of the key in the list of exports.
        type: dict
      constants:
        description: Name of a field in requests to the text to send in it.
        type: dict
      operations:
        description: Operation of this collection to path.
        type: dict
"""
