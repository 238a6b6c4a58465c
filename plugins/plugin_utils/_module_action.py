# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action of every module: runs its function in the worker if the target is this machine, and ships the module otherwise.

Private to the collection. Each module has an action plugin that is this class and imports the module's function. Ansible loads the plugin
before it forks its workers, so that they inherit the imported code and what they share, such as tokens.

One plugin with redirects in meta/runtime.yml would also be loaded before the fork. But Ansible (2.18 to 2.21) then uses the name of the
redirect's target for module_defaults and action groups: the defaults of one module would be applied to all of them.
"""

from __future__ import annotations

from importlib import import_module

from ansible.module_utils.parsing.convert_bool import boolean

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import InvalidInput, IonError, failure
from ansible_collections.docbits.ion.plugins.module_utils._core.run import failed_result
from ansible_collections.docbits.ion.plugins.plugin_utils._controller import ControllerAction, with_warnings


class ModuleAction(ControllerAction):
    """Runs a module locally or on the target."""

    def run(self, tmp=None, task_vars=None):
        super().run(tmp, task_vars)
        name = self._task.action.rpartition(".")[2]
        task = import_module(f"ansible_collections.docbits.ion.plugins.module_utils._module.{name}")
        options = task.ARGUMENT_SPEC.argument_spec
        try:
            with self.task_environment():
                args, findings = self.prepare(self._task.args, options, task_vars)
            if self._is_local():
                with self.task_environment():
                    result = self.run_locally(name, task, args)
            else:
                result = self._ship(name, options, args, task_vars)
        except IonError as error:
            return failed_result(error)
        return with_warnings(self.save_state(result, args, task_vars["inventory_hostname"]), findings)

    def _is_local(self) -> bool:
        # With become, the module has to run as another user.
        return self._connection.transport == "local" and not self._task.become

    def _ship(self, name, options, args, task_vars) -> dict:
        # With pipelining, the module and its arguments are passed on standard input and never written to a file.
        if self._connection.has_pipelining:
            self._connection.set_option("pipelining", True)
        if not self._is_pipelining_enabled("new", False):
            raise failure(
                InvalidInput,
                "S03",
                f"docbits.ion.{name}",
                "this connection does not support pipelining, so secrets would be written to a temporary file on the target",
                "delegate the task to localhost, disable keep_remote_files, or use another connection or become_method",
            )
        if boolean(args.get("require_snapshot", False), strict=False):
            raise failure(
                InvalidInput,
                "S22",
                "require_snapshot",
                "a module on another machine saves no snapshot, because only the controller has the vault passwords",
                "delegate the task to localhost, or set require_snapshot to false",
            )
        # The folder is one of the controller; a module on another machine keeps its records there.
        args.pop("run_dir", None)
        result = self._execute_module(f"docbits.ion.{name}", self._with_environment(options, args), task_vars=task_vars)
        # Some versions of ansible-core return the arguments.
        result.pop("invocation", None)
        return result

    def _with_environment(self, options, args) -> dict:
        """The arguments with the values that the keyword environment has for them.

        Ansible passes these variables in the command line of the module, which every user of the target can read.
        """
        variables = self.task_variables()
        filled = dict(args)
        for name, option in options.items():
            for variable in option.get("fallback", (None, ()))[1]:
                if variable in variables:
                    value = variables.pop(variable)
                    filled.setdefault(name, value)
        for variable in ("HTTPS_PROXY", "https_proxy"):
            if "@" in variables.get(variable, "") and "proxy" in options:
                filled.setdefault("proxy", variables.pop(variable))
        self._task.environment = [variables]
        return filled

    def _update_module_args(self, module_name, module_args, task_vars, **options):
        super()._update_module_args(module_name, module_args, task_vars, **options)
        # Otherwise the module writes its arguments to the system log of the target, and fails if they are not UTF-8.
        module_args["_ansible_no_log"] = True

    def _configure_module(self, module_name, module_args, task_vars):
        built = super()._configure_module(module_name=module_name, module_args=module_args, task_vars=task_vars)
        # The module holds its arguments now. With ANSIBLE_DEBUG, Ansible (2.18 to 2.21) prints this dictionary after the run, also with no_log.
        module_args.clear()
        return built
