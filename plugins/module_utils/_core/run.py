# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a module's function is run, the same inside a worker and as a shipped module. Private to the collection."""

from __future__ import annotations

from dataclasses import dataclass, field

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import as_ion_error
from ansible_collections.docbits.ion.plugins.module_utils._core.findings import WARNING, Finding
from ansible_collections.docbits.ion.plugins.module_utils._core.redaction import Secrets


@dataclass
class Context:
    """What a module's function works with.

    params:     the options, validated, with defaults
    check_mode: whether nothing may be changed
    diff_mode:  whether the diff is asked for
    secrets:    register here every secret that is met on the way
    """

    params: dict
    check_mode: bool = False
    diff_mode: bool = False
    secrets: Secrets = field(default_factory=Secrets)


def execute(run, context: Context) -> dict:
    """Call O(run) with the context and give its result as Ansible expects it, cleared of every secret.

    Never raises. A failure has C(failed), C(msg), C(findings) and the whitelisted facts of the error.
    """
    try:
        result = {"changed": False, **run(context)}
    except Exception as error:  # the edge of the program: a defect becomes a sentence
        result = failed_result(error)
    # Fingerprints hold no secret, and masking would break them.
    fingerprints = result.pop("fingerprints", None)
    redacted = context.secrets.redact(result)
    return {**redacted, "fingerprints": fingerprints} if fingerprints else redacted


def failed_result(error: Exception) -> dict:
    """The result of a task that the error ended, which may be a defect."""
    error = as_ion_error(error)
    findings = [finding.as_dict() for finding in error.findings]
    return {"changed": False, **error.facts, "failed": True, "msg": error.message, "findings": findings}


def warnings_of(result) -> list:
    """The findings of level warning as sentences, to be shown to the user."""
    return [Finding(**finding).sentence() for finding in result.get("findings", ()) if finding["level"] == WARNING]


def run_module(module, run) -> None:
    """The body of every module's main(): run, warn, exit."""
    context = Context(params=module.params, check_mode=module.check_mode, diff_mode=module._diff)
    context.secrets.add(*module.no_log_values)
    # Ansible would add the arguments, with files of any encoding in them.
    result = {**execute(run, context), "invocation": {}}
    module.no_log_values.update(context.secrets.forms())
    for warning in warnings_of(result):
        module.warn(warning)
    if result.pop("failed", False):
        module.fail_json(**result)
    module.exit_json(**result)
