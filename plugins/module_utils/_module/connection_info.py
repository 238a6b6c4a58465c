# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the module connection_info does: prove one ION API file against Infor. Private to the collection."""

from __future__ import annotations

from ansible_collections.docbits.ion.plugins.module_utils._core.run import Context
from ansible_collections.docbits.ion.plugins.module_utils._infor import proof as _proof
from ansible_collections.docbits.ion.plugins.module_utils._infor.roles import REQUIRED_BY_DOCBITS
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.parser import parse_or_fail
from ansible_collections.docbits.ion.plugins.module_utils._module._options import (
    ArgumentSpec,
    expectations_from,
    ionapi_options,
    network_options,
    settings_from,
    source_options,
)


def proof_options() -> ArgumentSpec:
    """What is to be proved."""
    return ArgumentSpec(
        {
            "stages": {"type": "list", "elements": "str", "choices": list(_proof.DEFAULT_STAGES), "default": list(_proof.DEFAULT_STAGES)},
            "required_roles": {"type": "list", "elements": "str", "default": list(REQUIRED_BY_DOCBITS)},
            "optional_roles": {"type": "list", "elements": "str", "default": []},
            "logical_id": {"type": "str"},
            "m3": {"type": "bool", "default": False},
            "ln": {"type": "bool", "default": False},
            "revoke": {"type": "bool", "default": False},
        }
    )


ARGUMENT_SPEC = source_options(secret=True).merged(ionapi_options(), network_options(), proof_options())


def wanted_from(params, label) -> _proof.ProofOptions:
    """What the options of L(proof_options) ask to be proved of the ION API file called O(label)."""
    return _proof.ProofOptions(
        label=label,
        stages=tuple(params["stages"]),
        required_roles=tuple(params["required_roles"]),
        optional_roles=tuple(params["optional_roles"]),
        profile=params["profile"],
        logical_id=params["logical_id"],
        m3=params["m3"],
        ln=params["ln"],
        revoke=params["revoke"],
    )


def run(context: Context) -> dict:
    """Gives C(ionapi), the facts of the file, C(connection), the proof, and the C(findings) of both."""
    params = context.params
    label = params["src"] or "content"
    ionapi, findings = parse_or_fail(params["content"], label, expectations_from(params))
    context.secrets.add(*ionapi.secret_values())
    wanted = wanted_from(params, label)
    proof = _proof.prove(ionapi, settings_from(params), wanted, context.secrets, context.check_mode)
    _proof.require(proof)
    return {
        "ionapi": ionapi.summary(),
        "connection": proof.as_dict(),
        "findings": [finding.as_dict() for finding in [*findings, *proof.findings]],
    }
