# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The function of the module export: reconcile one export. Private to the collection."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import IonError
from ansible_collections.docbits.ion.plugins.module_utils._core.run import Context
from ansible_collections.docbits.ion.plugins.module_utils._docbits.client import contract_of
from ansible_collections.docbits.ion.plugins.module_utils._docbits.observed import Names, RecordingClient
from ansible_collections.docbits.ion.plugins.module_utils._docbits.recorded import NOT_ASKED, Observed
from ansible_collections.docbits.ion.plugins.module_utils._http.client import HttpClient
from ansible_collections.docbits.ion.plugins.module_utils._module import exports
from ansible_collections.docbits.ion.plugins.module_utils._module._observation import observation
from ansible_collections.docbits.ion.plugins.module_utils._module._options import (
    ArgumentSpec,
    default_ionapi_options,
    docbits_options,
    export_options,
    ionapi_options,
    network_options,
    reconcile_options,
    settings_from,
)

_OPTIONS = export_options()

ARGUMENT_SPEC = docbits_options().merged(
    network_options(),
    ionapi_options(),
    reconcile_options(),
    ArgumentSpec({**_OPTIONS, "describe_answers": {"type": "bool", "default": False}}),
)


def run(context: Context) -> dict:
    """Returns what the module exports returns for this one item, with `export` instead of `exports`; and what observation returns, if asked for."""
    params = context.params
    item = {**{name: params[name] for name in _OPTIONS}, "ignore": False}
    params = {**params, "exports": [item], "purge": False, **dict.fromkeys(default_ionapi_options().argument_spec)}
    answers: list = []
    http = partial(RecordingClient, answers) if params["describe_answers"] else HttpClient
    try:
        result = exports.run(replace(context, params=params), is_single=True, http=http)
    except IonError as error:
        error.facts.update(_observation(params, item, answers, [error]))
        raise
    result = {**result, **_observation(params, item, answers)}
    return {**{key: value for key, value in result.items() if key not in ("exports", "undeclared")}, "export": result["exports"][0]}


def _observation(params, item, answers, errors=()) -> dict:
    if not answers:
        return {}
    contract = contract_of(params, settings_from(params))
    declared = {name: value for name, value in item.items() if value is not None}
    return observation(Observed(contract, Names(contract, is_public=False), NOT_ASKED, answers, declared=declared), errors)
