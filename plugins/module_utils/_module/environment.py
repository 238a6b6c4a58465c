# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The function of the module environment: parse, prove, plan, apply and verify one environment. Private to the collection."""

from __future__ import annotations

from dataclasses import replace

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import InvalidInput, IonError, failure
from ansible_collections.docbits.ion.plugins.module_utils._core.findings import ERROR, WARNING
from ansible_collections.docbits.ion.plugins.module_utils._core.run import Context
from ansible_collections.docbits.ion.plugins.module_utils._docbits.client import check_access, connect
from ansible_collections.docbits.ion.plugins.module_utils._exports.declared import declared_exports
from ansible_collections.docbits.ion.plugins.module_utils._exports.files import logical_ids, validate_files
from ansible_collections.docbits.ion.plugins.module_utils._exports.reconcile import Options, reconcile
from ansible_collections.docbits.ion.plugins.module_utils._http.client import tls_context
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
from ansible_collections.docbits.ion.plugins.module_utils._module._rotation import rotate
from ansible_collections.docbits.ion.plugins.module_utils._module.connection_info import proof_options, proof_options_from

STOPS = ("parse", "prove", "verify")
# The outcomes of a proof with which a task goes on, by the option require_proof.
ACCEPTED_OUTCOMES: dict = {
    "full": (_proof.PROVED,),
    "partial": (_proof.PROVED, _proof.PARTIAL),
    "not_refused": (_proof.PROVED, _proof.PARTIAL, _proof.UNDETERMINED),
}

ARGUMENT_SPEC = docbits_options().merged(
    network_options(),
    ionapi_options(),
    default_ionapi_options(),
    export_set_options(),
    proof_options(),
    ArgumentSpec(
        {
            "require_proof": {"type": "str", "choices": list(ACCEPTED_OUTCOMES), "default": "full"},
            "stop_after": {"type": "str", "choices": list(STOPS), "default": "verify"},
            "snapshot": {"type": "str"},
            "rotate": {"type": "bool", "default": False},
            "ionapi_new_src": {"type": "path"},
            "ionapi_new_content": {"type": "str", "no_log": True},
            "allow_new_client": {"type": "bool", "default": False},
        },
        required_if=[("stop_after", stage, ("api_key",)) for stage in STOPS[1:]],
    ),
)
# Validating files needs no organisation.
ARGUMENT_SPEC.argument_spec["api_key"]["required"] = False


def run(context: Context) -> dict:
    """Returns `connections`, a proof for each distinct ION API file, and what the module exports returns."""
    return rotate(context, _deploy) if context.params["rotate"] else _deploy(context)


def _deploy(context: Context, rotation=None) -> dict:
    params = context.params
    settings, files, options = _parsed(context)
    result: dict = {"connections": {}, "exports": [], "steps": [], "findings": files.findings_as_dicts()}
    if params["stop_after"] == "parse":
        return {**result, "stopped_after": "parse"}
    proofs = {label: _proof.prove(ionapi, settings, options[label], context.secrets, context.check_mode) for label, ionapi in files.ionapis.items()}
    result["connections"] = {label: proof.summary() for label, proof in proofs.items()}
    # Without a write, a proof with fewer stages is what the user asked for.
    accepted = ACCEPTED_OUTCOMES[params["require_proof"]] + ((_proof.PARTIAL,) if params["stop_after"] == "prove" else ())
    _proof.require_accepted(proofs, accepted, connections=result["connections"])
    # The option require_proof accepted what is undetermined, so it is a warning.
    accepted_findings = [replace(finding, level=WARNING) if finding.level == ERROR else finding for proof in proofs.values() for finding in proof.findings]
    result["findings"] += [finding.as_dict() for finding in accepted_findings]
    if params["stop_after"] == "prove":
        return {**result, "stopped_after": "prove"}
    try:
        client = connect(params, settings, context.check_mode)
        reconciled = reconcile(client, files.exports, replace(Options.of(context), rotation=rotation), context.check_mode)
    except IonError as error:
        # The results of the proof are valid although DocBits failed.
        error.facts["connections"] = result["connections"]
        raise
    return {**result, **reconciled, "findings": result["findings"] + reconciled["findings"]}


def _parsed(context) -> tuple:
    """(Settings of the HTTP client, ValidatedFiles, ProofOptions by label). Raises: InvalidInput with the errors of the options and of the files."""
    params, settings, findings = context.params, None, []
    try:
        settings = settings_from(params)
        if settings.ca_path:
            tls_context(settings.ca_path)
        check_access(params)
    except InvalidInput as error:
        findings = error.findings
    try:
        declared = declared_exports(params["exports"], params["ionapi_content"], params["purge"] and not params["snapshot"])
        files = validate_files(declared, expectations_from(params), params, context.secrets)
        options = _proof_options_of(files, params)
    except InvalidInput as error:
        raise InvalidInput([*findings, *error.findings]) from None
    if findings:
        raise InvalidInput(findings)
    return settings, files, options


def _proof_options_of(files, params) -> dict:
    """The options of the proof of each ION API file, by label. Raises: InvalidInput, before any request."""
    ionapis = files.ionapis
    options = {label: proof_options_from(params, label, ionapi, logical_ids(files.exports, ionapi)) for label, ionapi in ionapis.items()}
    if params["require_proof"] == "full" and params["stop_after"] != "prove":
        for label, ionapi in ionapis.items():
            left_out = ", ".join(options[label].left_out(ionapi))
            if left_out:
                raise failure(
                    InvalidInput,
                    "E45",
                    "stages",
                    f"{left_out} must run before DocBits is changed, because require_proof is full",
                    "leave stages out, or set require_proof to partial",
                )
    return options
