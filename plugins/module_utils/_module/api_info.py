# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The function of the module api_info: compare the contract of a DocBits API with what this collection sends. Private to the collection."""

from __future__ import annotations

from functools import partial

from ansible.module_utils.basic import env_fallback

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import BadAnswer, ContractMismatch, InvalidInput, IonError, Refused, failure
from ansible_collections.docbits.ion.plugins.module_utils._core.run import Context
from ansible_collections.docbits.ion.plugins.module_utils._docbits.client import DocBits, base_url_of, check_access, contract_of, is_contract_public
from ansible_collections.docbits.ion.plugins.module_utils._docbits.guesses import organisation_named
from ansible_collections.docbits.ion.plugins.module_utils._docbits.observed import Names, RecordingClient
from ansible_collections.docbits.ion.plugins.module_utils._docbits.recorded import NOT_ASKED, NOT_READABLE, PUBLIC, WITH_KEY, Observed
from ansible_collections.docbits.ion.plugins.module_utils._http.client import HttpClient
from ansible_collections.docbits.ion.plugins.module_utils._model.export import FILES
from ansible_collections.docbits.ion.plugins.module_utils._module._observation import observation
from ansible_collections.docbits.ion.plugins.module_utils._module._options import ArgumentSpec, host_options, network_options, settings_from

ARGUMENT_SPEC = host_options().merged(
    network_options(),
    ArgumentSpec(
        {
            "api_key": {"type": "str", "no_log": True, "fallback": (env_fallback, ["DOCBITS_API_KEY"])},
            "organisation_id": {"type": "str", "fallback": (env_fallback, ["DOCBITS_ORGANISATION_ID"])},
            "describe_answers": {"type": "bool", "default": False},
        }
    ),
)

HEALTH_PATHS = ("/version", "/api/health/", "/healthz")
_WRONG_KEY = "DB01"


def run(context: Context) -> dict:
    """Returns version, health by path, path_prefix, contract, comparison and fits, and with the option describe_answers what observation returns.

    The API key is used only if the host demands one, and for the answers.
    """
    params = context.params
    settings = settings_from(params)
    contract, access = _contract_and_access(params, settings)
    comparison = contract.comparison()
    return {
        "version": contract.version,
        "contract": contract.source,
        "path_prefix": contract.prefix,
        "health": {path: _status(base_url_of(params) + path, settings) for path in HEALTH_PATHS},
        "comparison": comparison,
        "fits": not any(row["outcome"] == "unknown and required" for row in comparison),
        **(_observation(params, settings, contract, access) if params["describe_answers"] else {}),
    }


def _contract_and_access(params, settings) -> tuple:
    """The contract, and how its API document was read. Answers can be described without one, as far as a bundled contract fits."""
    if params["contract"] != "live":
        return contract_of(params, settings), NOT_ASKED
    try:
        return contract_of(params, settings), PUBLIC if is_contract_public(params, settings) else WITH_KEY
    except (BadAnswer, Refused):
        if not params["describe_answers"]:
            raise
        return contract_of({**params, "contract": "current"}, settings), NOT_READABLE


def _observation(params, settings, contract, access) -> dict:
    if not params["api_key"]:
        raise failure(InvalidInput, "E91", "api_key", "it is not set, and without it no answer of the organisation can be read", "set api_key")
    check_access(params)
    answers: list = []
    errors: list = []
    read = partial(_read, errors)
    # In check mode the client refuses whatever is no read.
    client = DocBits(base_url_of(params), params["api_key"], params["organisation_id"], contract, partial(RecordingClient, answers), settings, True)
    exports = read(client.exports) or []
    for again in (client.document_types, client.sub_organisations, client.exports):
        read(again)
    having = {name: export for export in reversed(exports) for name in (export.kind.parts if export.kind else ()) if name in FILES}
    for name, export in having.items():
        read(partial(client.download, export, name))
    first = len(answers)
    without = next(
        ((name, export) for export in exports if export.kind for name in FILES if name not in export.kind.parts and contract.download_type(name)), None
    )
    if without:
        read(partial(client.download, without[1], without[0]))
    observed = Observed(contract, Names(contract, access == PUBLIC), access, answers, tuple(answers[first:]))
    named = organisation_named(observed, params["organisation_id"]) if params["organisation_id"] else "not asked"
    return {**observation(observed, errors), "organisation": named}


def _read(errors, call):
    """What a reading call gives, None if it raises one of the errors that are collected."""
    try:
        return call()
    except (BadAnswer, ContractMismatch, Refused) as error:
        if error.id == _WRONG_KEY:
            raise
        errors.append(error)
        return None


def _status(url, settings):
    """The HTTP status of a public path, None without an answer."""
    try:
        return HttpClient(settings).call("GET", url, headers={"Accept": "application/json"}).status
    except IonError:
        return None
