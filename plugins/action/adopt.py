# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action of docbits.ion.adopt: reads existing organisations and writes their declarations and files beside the inventory."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from ansible.errors import AnsibleError
from ansible.plugins.action import ActionBase

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import InvalidInput, IonError, failure
from ansible_collections.docbits.ion.plugins.module_utils._core.findings import ERROR, Finding
from ansible_collections.docbits.ion.plugins.module_utils._core.run import failed_result
from ansible_collections.docbits.ion.plugins.module_utils._exports.adopted import adopt, differences, paths_of, replaced
from ansible_collections.docbits.ion.plugins.module_utils._module._adoption import Reading, Trial
from ansible_collections.docbits.ion.plugins.plugin_utils._controller import ControllerAction, with_warnings
from ansible_collections.docbits.ion.plugins.plugin_utils._inventory_files import InventoryFiles, refuse_existing, refuse_unwritable
from ansible_collections.docbits.ion.plugins.plugin_utils._sources import as_plain
from ansible_collections.docbits.ion.plugins.plugin_utils._variables import VARIABLES, options_from, unreadable_variables

OWN_OPTIONS = {
    "hosts": {"type": "list", "elements": "str", "required": True},
    "promote_to": {"type": "str"},
    "replace": {"type": "dict", "default": {}},
    "overwrite": {"type": "bool", "default": False},
    "vault_id": {"type": "str"},
}
# Options that are declared by what is written, or that belong to a deployment.
_NOT_TAKEN = ("exports", "purge", "ionapi_src", "ionapi_content", "state_dir", "run_dir", "fingerprints")
_TAKEN = {variable: option for variable, option in VARIABLES.items() if option in Trial.ARGUMENT_SPEC.argument_spec and option not in _NOT_TAKEN}


class ActionModule(ControllerAction):
    """Writes nothing unless every environment could be read and tried, and no file of the user is in the way."""

    def run(self, tmp=None, task_vars=None):
        ActionBase.run(self, tmp, task_vars)
        _validation, options = self.validate_argument_spec(OWN_OPTIONS)
        try:
            with self.task_environment():
                return self._adopt(options, task_vars)
        except IonError as error:
            return failed_result(error)

    def _adopt(self, options, task_vars) -> dict:
        hosts, target = options["hosts"], options["promote_to"]
        unknown = [name for name in [*hosts, *filter(None, [target])] if name not in task_vars["hostvars"]]
        if unknown or (target and (len(hosts) != 1 or target in hosts)):
            where = f"hosts: {', '.join(hosts)}; promote_to: {target}"
            raise failure(InvalidInput, "E63", where, "these are not one or more hosts, and one other host to promote to", "name hosts of the inventory")
        variables = {name: self._variables(name, task_vars) for name in [*hosts, *filter(None, [target])]}
        args = {name: options_from({key: variables[name][0][key] for key in _TAKEN if key in variables[name][0]}, variables[name][1]) for name in hosts}
        readings = {name: Reading() for name in hosts}
        known = Reading.ARGUMENT_SPEC.argument_spec
        self._run_all(readings, {name: {option: value for option, value in given.items() if option in known} for name, given in args.items()})
        environments = {name: adopt(name, reading.exports) for name, reading in readings.items()}
        if target:
            written = {target: self._promoted(environments[hosts[0]], variables[hosts[0]], variables[target], options["replace"])}
        else:
            written = environments
            self._run_all(dict.fromkeys(hosts, Trial), {name: {**args[name], **environments[name].trial()} for name in hosts})
        names = paths_of({**environments, **written})
        files = InventoryFiles(task_vars, self._loader, options["vault_id"])
        findings = files.add(written, names, {name: own for name, (own, _templar) in variables.items()})
        changed = files.changed()
        diff = [file.diff() for file in changed] if self._task.diff else []
        if not options["overwrite"]:
            refuse_existing(changed)
        refuse_unwritable(changed)
        if not self._task.check_mode:
            for file in files.in_order(changed):
                file.write()
        rows = differences({**environments, **written}, names)
        return with_warnings({"changed": bool(changed), "files": [file.path for file in changed], "differences": rows, "diff": diff}, findings)

    def _variables(self, name, task_vars) -> tuple:
        try:
            return self.variables_of(name, task_vars)
        except AnsibleError as error:
            [finding] = unreadable_variables(error).findings
        raise InvalidInput(replace(finding, where=f"{name}: {finding.where}"))

    def _run_all(self, tasks, args) -> None:
        """Run a task for each host, in parallel. Raises: IonError with all failures."""
        with ThreadPoolExecutor(max_workers=max(1, min(50, len(tasks)))) as pool:
            results = list(pool.map(lambda name: self.run_locally("adopt", tasks[name], args[name]), tasks))
        findings = []
        for name, result in zip(tasks, results):
            if result.get("failed"):
                found = [Finding(**finding) for finding in result.get("findings", ()) if finding["level"] == ERROR]
                found = found or [Finding("E64", ERROR, "options", result["msg"], "set the variable that begins with docbits_")]
                findings += [Finding(finding.id, ERROR, f"{name}: {finding.where}", finding.message, finding.action) for finding in found]
        if findings:
            raise IonError(findings)

    def _promoted(self, environment, source, target, names):
        """The environment of the source host with the names of the target host."""
        for variable in ("docbits_tenant", "docbits_logical_id"):
            pair = [_value(variable, *variables) for variables in (source, target)]
            if all(pair):
                names = {pair[0]: pair[1], **names}
        entities = tuple(_value("docbits_accounting_entity", *variables) for variables in (source, target))
        return replaced(environment, {str(old): str(new) for old, new in names.items()}, entities if all(entities) else None)


def _value(variable, variables, templar) -> str:
    return str(as_plain(templar.template(variables[variable]))) if variables.get(variable) else ""
