# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The function of the module api_info: compare the contract of a DocBits API with what this collection sends. Private to the collection."""

from __future__ import annotations

from ansible.module_utils.basic import env_fallback

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import IonError
from ansible_collections.docbits.ion.plugins.module_utils._core.run import Context
from ansible_collections.docbits.ion.plugins.module_utils._docbits.client import base_url_of, contract_of
from ansible_collections.docbits.ion.plugins.module_utils._http.client import HttpClient
from ansible_collections.docbits.ion.plugins.module_utils._module._options import ArgumentSpec, host_options, network_options, settings_from

ARGUMENT_SPEC = host_options().merged(
    network_options(),
    ArgumentSpec({"api_key": {"type": "str", "no_log": True, "fallback": (env_fallback, ["DOCBITS_API_KEY"])}}),
)

HEALTH_PATHS = ("/version", "/api/health/", "/healthz")


def run(context: Context) -> dict:
    """Returns version, health by path, path_prefix, contract, comparison and fits. The API key is used only if the host demands one."""
    params = context.params
    settings = settings_from(params)
    contract = contract_of(params, settings)
    comparison = contract.comparison()
    return {
        "version": contract.version,
        "contract": params["contract"],
        "path_prefix": contract.prefix,
        "health": {path: _status(base_url_of(params) + path, settings) for path in HEALTH_PATHS},
        "comparison": comparison,
        "fits": not any(row["outcome"] == "unknown and required" for row in comparison),
    }


def _status(url, settings):
    """The HTTP status of a public path, None without an answer."""
    try:
        return HttpClient(settings).call("GET", url, headers={"Accept": "application/json"}).status
    except IonError:
        return None
