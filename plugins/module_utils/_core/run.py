# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the function of a module, in the Ansible worker and as a shipped module alike. Private to the collection."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import as_ion_error
from ansible_collections.docbits.ion.plugins.module_utils._core.findings import WARNING, Finding
from ansible_collections.docbits.ion.plugins.module_utils._core.redaction import Secrets


@dataclass
class Context:
    """The input of a module's function.

    params:     validated options with defaults
    check_mode: whether this is a dry run
    diff_mode:  whether the result needs a diff
    secrets:    the function registers every secret here that it meets
    save_snapshot: from the exports before the first write, as items of the option exports, to findings; None where no snapshot is saved
    """

    params: dict
    check_mode: bool = False
    diff_mode: bool = False
    secrets: Secrets = field(default_factory=Secrets)
    save_snapshot: Callable | None = None


def execute(run, context: Context) -> dict:
    """Call `run` with the context and return its result for Ansible, without secrets.

    Never raises. The result of a failure has failed, msg, findings and the facts of the error.
    """
    try:
        result = {"changed": False, **run(context)}
    except Exception as error:  # a bug becomes a message without a traceback
        result = failed_result(error)
    # Not redacted: fingerprints are no secrets, and may contain a short password by chance.
    fingerprints = result.pop("fingerprints", None)
    redacted = context.secrets.redact(result)
    return {**redacted, "fingerprints": fingerprints} if fingerprints else redacted


def failed_result(error: Exception) -> dict:
    """The result of a task that this exception ended."""
    error = as_ion_error(error)
    findings = [finding.as_dict() for finding in error.findings]
    return {"changed": False, **error.facts, "failed": True, "msg": error.message, "findings": findings}


def warnings_of(result) -> list:
    """The findings of level warning as lines of text."""
    return [Finding(**finding).sentence() for finding in result.get("findings", ()) if finding["level"] == WARNING]


def run_module(module, run) -> None:
    """The body of every module's main(): run the function, show warnings, exit."""
    context = Context(params=module.params, check_mode=module.check_mode, diff_mode=module._diff)
    context.secrets.add(*module.no_log_values)
    # Ansible would add the arguments, which hold whole files in any encoding.
    result = {**execute(run, context), "invocation": {}}
    # Ansible masks these in the result once more. A short password may occur in a fingerprint by chance; the result is redacted already.
    fingerprints = json.dumps(result.get("fingerprints", {}))
    module.no_log_values.update(context.secrets.encodings())
    module.no_log_values.difference_update([value for value in module.no_log_values if value in fingerprints])
    for warning in warnings_of(result):
        module.warn(warning)
    if result.pop("failed", False):
        module.fail_json(**result)
    module.exit_json(**result)
