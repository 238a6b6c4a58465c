# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The function of the module connection_info: prove one ION API file against Infor. Private to the collection."""

from __future__ import annotations

import re
from dataclasses import replace

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import InvalidInput, failure
from ansible_collections.docbits.ion.plugins.module_utils._core.run import Context
from ansible_collections.docbits.ion.plugins.module_utils._infor import proof as _proof
from ansible_collections.docbits.ion.plugins.module_utils._infor.roles import OPTIONAL_BY_DEFAULT, REQUIRED_BY_DOCBITS
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.form import CLIENT_CREDENTIALS
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.parser import parse_or_fail
from ansible_collections.docbits.ion.plugins.module_utils._module._options import (
    ArgumentSpec,
    expectations_from,
    ionapi_options,
    network_options,
    settings_from,
    source_options,
)

_LOGICAL_ID = re.compile(r"lid://\S+")


def proof_options() -> ArgumentSpec:
    """What to prove (fragment proof)."""
    return ArgumentSpec(
        {
            "stages": {"type": "list", "elements": "str", "choices": list(_proof.STAGE_CHOICES), "default": list(_proof.DEFAULT_STAGES)},
            "required_roles": {"type": "list", "elements": "str"},
            "optional_roles": {"type": "list", "elements": "str"},
            "logical_id": {"type": "str"},
            "m3": {"type": "bool", "default": False},
            "ln": {"type": "bool", "default": False},
            "revoke": {"type": "bool", "default": False},
        }
    )


ARGUMENT_SPEC = source_options(secret=True).merged(ionapi_options(), network_options(), proof_options())


def proof_options_from(params, label, ionapi, logical_ids=None) -> _proof.ProofOptions:
    """The options of proof_options for the ION API file called `label`.

    logical_ids: those that the exports of the file have, unless the option logical_id is set, which may then be empty; None without exports

    Raises: InvalidInput for options that contradict each other, the file, or the form that they need.
    """
    required, optional = params["required_roles"], params["optional_roles"]
    if required is None:
        required = list(REQUIRED_BY_DOCBITS)
        optional = list(OPTIONAL_BY_DEFAULT) if optional is None else optional
    options = _proof.ProofOptions(
        label=label,
        stages=tuple(params["stages"]),
        required_roles=tuple(required),
        optional_roles=tuple(optional or ()),
        profile=params["profile"],
        logical_ids=tuple(logical_ids or ()),
        m3=params["m3"],
        ln=params["ln"],
        revoke=params["revoke"],
    )
    if params["logical_id"] is not None:
        options = replace(options, logical_ids=(params["logical_id"],) if params["logical_id"] else ())
    elif "gateway" not in options.stages:
        options = replace(options, logical_ids=())
    if not options.selected():
        raise failure(InvalidInput, "E40", "stages", "it is empty, so nothing would be proved", "name at least one stage, or leave stages out")
    if "roles" in options.selected() and not required:
        raise failure(InvalidInput, "E41", "required_roles", "it is empty", "name at least one role, or leave the stage roles out of stages")
    for option, roles in (("required_roles", required), ("optional_roles", optional or [])):
        if any(not role.strip() for role in roles):
            raise failure(InvalidInput, "E41", option, "it has an empty name", "name each role as Infor writes it")
    known = {role.strip().casefold() for role in required}
    for role in optional or ():
        if role.strip().casefold() not in known:
            raise failure(InvalidInput, "E42", "optional_roles", f"{role} is not one of required_roles", "correct its spelling, or add it to required_roles")
    is_left_out = params["logical_id"] == "" and logical_ids is not None
    if params["logical_id"] is not None and not is_left_out and not _LOGICAL_ID.fullmatch(params["logical_id"]):
        raise failure(
            InvalidInput,
            "E43",
            "logical_id",
            f"{params['logical_id']!r} is not a logical id",
            "give the logical id of the connection point, such as lid://infor.ims.docbits, or leave logical_id out",
        )
    if ionapi.grant == CLIENT_CREDENTIALS and ionapi.has_service_account:
        raise failure(
            InvalidInput,
            "E44",
            "grant",
            f"it is client_credentials, but {label} has a service account, which this grant does not use",
            "leave grant out, or give a file that was downloaded without Create Service Account",
        )
    return options


def run(context: Context) -> dict:
    """Returns `ionapi`, the facts of the file; `connection`, the proof; and the `findings` of both."""
    params = context.params
    label = params["src"] or "content"
    ionapi, findings = parse_or_fail(params["content"], label, expectations_from(params))
    context.secrets.add(*ionapi.secret_values())
    options = proof_options_from(params, label, ionapi)
    proof = _proof.prove(ionapi, settings_from(params), options, context.secrets, context.check_mode)
    _proof.require_accepted({label: proof}, connection=proof.as_dict())
    return {
        "ionapi": ionapi.summary(),
        "connection": proof.as_dict(),
        "findings": [finding.as_dict() for finding in [*findings, *proof.findings]],
    }
