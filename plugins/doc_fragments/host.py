# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options for the DocBits API and its contract."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  docbits_url:
    description:
      - URL of the DocBits API, for example V(https://eu.api.docbits.com).
      - Exactly one of O(docbits_url) and O(docbits_environment) must be given.
      - If not given, the variable E(DOCBITS_URL) is used.
    type: str
  docbits_environment:
    description: The DocBits environment. The URL follows from it and O(docbits_region).
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
      - The path between host and operation, for example V(/prod-api).
      - By default the path of the first server in the C(openapi.json) of the host.
    type: str
  contract:
    description:
      - The contract that requests are checked against before anything is written. V(live) reads the C(openapi.json) of the host, with the API key
        if the host demands it. V(2.2.10) is the contract that the vendor published, V(current) is what is known or assumed of the present one.
    type: str
    default: live
    choices:
      - live
      - 2.2.10
      - current
  contract_overrides:
    description:
      - Where your DocBits differs from what this collection knows. M(docbits.ion.api_info) shows the names of fields and operations.
        An error that an override resolves quotes the override.
    type: dict
    suboptions:
      fields:
        description: 'Field or file of an export to its name in requests, for example V({execution_order: sort_order}).'
        type: dict
      records:
        description: 'Field of an export to its key in the list of exports, for example V({method: type}).'
        type: dict
      constants:
        description: Name of a field in requests to the text to send in it.
        type: dict
      operations:
        description: 'Operation to its path, for example V({list: /configurations/list}).'
        type: dict
      methods:
        description: 'Value of C(export_method) to the kind, or to kind and deployment, for example V({infor-idm-v2: infor_idm/cloud}).'
        type: dict
      booleans:
        description: 'Text that DocBits uses for a flag to V(true) or V(false), in quotes, for example V({J: "true"}).'
        type: dict
      files:
        description: 'File of an export to the type that the download takes, for example V({ln_mapping: LN}).'
        type: dict
      lists:
        description: 'Operation to the keys that lead to the list in its answer, joined by dots, for example V({list: result.rows}).'
        type: dict
"""
