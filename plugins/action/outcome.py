# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action of docbits.ion.outcome: returns the result that docbits.ion.environments has for this host."""

from __future__ import annotations

from collections.abc import Mapping

from ansible.plugins.action import ActionBase

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import InvalidInput, IonError, failure
from ansible_collections.docbits.ion.plugins.module_utils._core.findings import ERROR, Finding
from ansible_collections.docbits.ion.plugins.module_utils._core.run import failed_result
from ansible_collections.docbits.ion.plugins.module_utils._exports.apply import PLANNED

OWN_OPTIONS = {"registered": {"type": "str", "required": True}, "require_declared": {"type": "bool", "default": False}}


class ActionModule(ActionBase):
    """Returns the result with changed, failed, diff and warnings."""

    _supports_check_mode = True
    _requires_connection = False

    def run(self, tmp=None, task_vars=None):
        super().run(tmp, task_vars)
        _validation, options = self.validate_argument_spec(OWN_OPTIONS)
        name, host = options["registered"], task_vars["inventory_hostname"]
        if not name.isidentifier():
            return _failed(
                "registered", "the value must be the name of a variable, such as deploy_ring, without braces", "set it to the name that follows register"
            )
        # Not a template: that would be evaluated for each host over the results of all hosts.
        value = task_vars.get(name)
        results = value.get("environments") if isinstance(value, Mapping) else None
        if not isinstance(results, Mapping):
            return _failed(
                f"registered: {name}", "the variable is not the registered result of docbits.ion.environments", "set it to the name that follows register"
            )
        if host not in results:
            return _failed(f"registered: {name}", f"it has no result for {host}", "run docbits.ion.environments for this host, too")
        result = dict(results[host])
        return _required_as_declared(result) if options["require_declared"] and not result.get("failed") else result


def _failed(where, message, action) -> dict:
    return failed_result(failure(InvalidInput, "E20", where, message, action))


def _required_as_declared(result) -> dict:
    """The result, failed if the comparison was left out, a step is planned or an export is not declared."""
    findings = []
    if result.get("stopped_after"):
        message = f"the run stopped after {result['stopped_after']}, so the environment was not compared with its declaration"
        findings.append(Finding("DV22", ERROR, "docbits_stop_after", message, "remove it for this host"))
    findings += [
        Finding(
            "DV20",
            ERROR,
            f'export "{step["export"]}"',
            f"DocBits differs from the declaration: a deployment would {step['action']} it ({step['reason']})",
            "deploy it, or declare what DocBits has",
        )
        for step in result.get("steps", ())
        if step["outcome"] == PLANNED
    ]
    findings += [
        Finding(
            "DV21",
            ERROR,
            f'export {export["id"]} "{export["title"]}"',
            f"DocBits has it (kind {export['kind']}), and it is not declared",
            f"declare it; if it is managed elsewhere, by id {export['id']} with ignore: true",
        )
        for export in result.get("undeclared", ())
    ]
    if not findings:
        return result
    failed = failed_result(IonError(findings))
    return {**result, **failed, "changed": result["changed"], "findings": failed["findings"] + result["findings"]}
