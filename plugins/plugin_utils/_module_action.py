# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The door on the controller: a module's function runs in the worker when the target is this machine, the module is shipped elsewhere.

Private to the collection. Every module has an action plugin of its name that is this class and imports the module's function: Ansible loads it
before it forks its workers, so that they inherit all that the function needs, and what they share: places at hosts, and logins.
"""

from __future__ import annotations

from importlib import import_module

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import InvalidInput, IonError, failure
from ansible_collections.docbits.ion.plugins.module_utils._core.run import failed_result
from ansible_collections.docbits.ion.plugins.plugin_utils._controller import Controller, with_warnings
from ansible_collections.docbits.ion.plugins.plugin_utils._sources import plain


class ModuleAction(Controller):
    """The action of every module."""

    def run(self, tmp=None, task_vars=None):
        super().run(tmp, task_vars)
        name = self._task.action.rpartition(".")[2]
        task = import_module(f"ansible_collections.docbits.ion.plugins.module_utils._module.{name}")
        options = task.ARGUMENT_SPEC.argument_spec
        try:
            args, findings = self.prepared(plain(self._task.args), options, task_vars)
            if self._target_is_here():
                with self.task_environment():
                    result = self.run_here(name, task, args)
            else:
                result = self._ship(name, options, args, task_vars)
        except IonError as error:
            return failed_result(error)
        return with_warnings(self.saved(result, args, task_vars["inventory_hostname"]), findings)

    def _target_is_here(self) -> bool:
        # Another user is a matter for an ordinary module, whatever the connection.
        return self._connection.transport == "local" and not self._task.become

    def _ship(self, name, options, args, task_vars) -> dict:
        # Pipelined, a module and its arguments reach the target through its standard input and never stand in a file there.
        if self._connection.has_pipelining:
            self._connection.set_option("pipelining", True)
        if not self._is_pipelining_enabled("new", False):
            raise failure(
                InvalidInput,
                "S03",
                f"docbits.ion.{name}",
                "its arguments would stand decrypted in a file of the target, because this connection cannot pipeline",
                "run it on the controller, or without keep_remote_files, with another connection or become_method",
            )
        # The folder is one of the controller; a module on another machine keeps its records there.
        args.pop("run_dir", None)
        result = self._execute_module(f"docbits.ion.{name}", self._with_environment(options, args), task_vars=task_vars)
        # Not every ansible-core returns the arguments of a module, and none of them is news to whoever wrote the task.
        result.pop("invocation", None)
        return result

    def _with_environment(self, options, args) -> dict:
        """The arguments with what the keyword C(environment) says for them.

        The variables would stand in the command line that starts the module, for everyone on the target to read.
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
        # A module writes its arguments into the log of its machine: no place for them, and it fails on bytes that are no UTF-8.
        module_args["_ansible_no_log"] = True
