# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the module environment does: the whole way of one environment, parse, prove, plan, apply, verify. Private to the collection."""

from __future__ import annotations

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import IonError
from ansible_collections.docbits.ion.plugins.module_utils._core.run import Context
from ansible_collections.docbits.ion.plugins.module_utils._docbits.client import connect
from ansible_collections.docbits.ion.plugins.module_utils._exports.declared import declared_exports
from ansible_collections.docbits.ion.plugins.module_utils._exports.files import judge_files
from ansible_collections.docbits.ion.plugins.module_utils._exports.reconcile import Options, reconcile
from ansible_collections.docbits.ion.plugins.module_utils._infor import proof as _proof
from ansible_collections.docbits.ion.plugins.module_utils._module._options import (
    ArgumentSpec,
    default_ionapi_options,
    docbits_options,
    expectations_from,
    export_set_options,
    ionapi_options,
    network_options,
    settings_from,
)
from ansible_collections.docbits.ion.plugins.module_utils._module.connection_info import proof_options, wanted_from

STOPS = ("parse", "prove", "verify")

ARGUMENT_SPEC = docbits_options().merged(
    network_options(),
    ionapi_options(),
    default_ionapi_options(),
    export_set_options(),
    proof_options(),
    ArgumentSpec({"stop_after": {"type": "str", "choices": list(STOPS), "default": "verify"}}),
)


def run(context: Context) -> dict:
    """Gives C(connections), a proof for each distinct ION API file, and what the module exports gives."""
    params = context.params
    settings = settings_from(params)
    declared = declared_exports(params["exports"], params["ionapi_content"], params["purge"])
    files = judge_files(declared, expectations_from(params), params, context.secrets)
    result = {"connections": {}, "exports": [], "steps": [], "findings": files.findings_as_dicts()}
    if params["stop_after"] == "parse":
        return {**result, "stopped_after": "parse"}
    for label, ionapi in files.ionapis.items():
        proof = _proof.prove(ionapi, settings, wanted_from(params, label), context.secrets, context.check_mode)
        _proof.require(proof)
        result["connections"][label] = proof.summary()
        result["findings"] += [finding.as_dict() for finding in proof.findings]
    if params["stop_after"] == "prove":
        return {**result, "stopped_after": "prove"}
    try:
        client = connect(params, settings, context.check_mode)
        reconciled = reconcile(client, files.exports, Options.of(context), context.check_mode)
    except IonError as error:
        # What Infor said is true all the same.
        error.facts["connections"] = result["connections"]
        raise
    return {**result, **reconciled, "findings": result["findings"] + reconciled["findings"]}
