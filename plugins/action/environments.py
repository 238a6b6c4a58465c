# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action of docbits.ion.environments: the hosts of a batch side by side, each with its own variables as options."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

from ansible.errors import AnsibleError, AnsibleUndefinedVariable

from ansible_collections.docbits.ion.plugins.module_utils._errors import InvalidInput, IonError, failure
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.fleet import across_fleet
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.form import Expectations
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.parser import parse
from ansible_collections.docbits.ion.plugins.module_utils._module import environment
from ansible_collections.docbits.ion.plugins.module_utils._run import failed_result
from ansible_collections.docbits.ion.plugins.plugin_utils._controller import Controller, with_warnings
from ansible_collections.docbits.ion.plugins.plugin_utils._sources import plain

OPTIONS = environment.ARGUMENT_SPEC.argument_spec
PREFIX = "docbits_"
_UNDEFINED = re.compile(r"'(\w{1,60})' is undefined")


class ActionModule(Controller):
    """Works on the environments of a batch in threads of one worker, so that they share logins, connections and the contract."""

    _supports_async = False

    def run(self, tmp=None, task_vars=None):
        super().run(tmp, task_vars)
        given = plain(self._task.args)
        names = given.pop("hosts", None) or task_vars["ansible_play_batch"]
        at_once = self._task.throttle or given.pop("at_once", 50)
        with self.task_environment(), ThreadPoolExecutor(max_workers=max(1, min(int(at_once), len(names)))) as pool:
            arguments, waiting = {}, {}
            for name in names:
                # Templated and decrypted here, one host after the other, while the calls of earlier ones run: Ansible's templating knows no threads.
                arguments[name] = self._arguments(name, given, task_vars)
                waiting[name] = pool.submit(self._work_on, *arguments[name])
            results = {name: work.result() for name, work in waiting.items()}
        return with_warnings({"changed": False, "environments": results}, _across_fleet(arguments))

    def _arguments(self, name, given, task_vars):
        """The options of a host's environment, from its variables; C(None) and the failure where they cannot be had."""
        hostvars = task_vars["hostvars"]
        variables = hostvars._variable_manager.get_vars(play=self._task.get_play(), host=hostvars._inventory.get_host(name), task=self._task)
        templar = self._templar.copy_with_new_env(available_variables=variables)
        args = dict(given)
        try:
            for option in OPTIONS:
                variable = option if option.startswith(PREFIX) else PREFIX + option
                if variable in variables:
                    args[option] = _evaluated(variable, variables, templar)
            return self.prepared({option: value for option, value in args.items() if value is not None}, OPTIONS, variables)
        except IonError as error:
            return None, failed_result(error)

    def _work_on(self, args, found):
        return found if args is None else with_warnings(self.kept(self.run_here("environment", environment, args), args), found)


def _evaluated(variable, variables, templar):
    """The value of a host's variable, templated and decrypted; raises L(InvalidInput) that names the variable and never its value."""
    try:
        return plain(templar.template(variables[variable]))
    except AnsibleError as error:
        problem, action = _reason(error)
    raise failure(InvalidInput, "E13", variable, problem, action)


def _reason(error) -> tuple:
    """Why a value could not be had, without the error's text, which may hold a part of it; and what to do."""
    cause = error
    while cause is not None:
        # The class that newer ansible-core raises is its own affair; the name is what all versions have in common.
        if "Vault" in type(cause).__name__:
            return "it cannot be decrypted", "give its vault password with --vault-id or --vault-password-file"
        cause = cause.__cause__
    if isinstance(error, AnsibleUndefinedVariable):
        unknown = _UNDEFINED.search(str(error))
        missing = unknown.group(1) if unknown else "something"
        return f"it refers to {missing}, which is not defined", "define it for this host, or correct the template"
    return f"it cannot be evaluated ({type(error).__name__})", "correct the template"


def _across_fleet(arguments) -> list:
    """What only the ION API files of all these environments together show, such as a client secret that was replaced in one of them."""
    expectations = Expectations(profile="infor", allow_insecure=True)
    files = {place: parse(text, place, expectations).ionapi for place, text in _ionapi_texts(arguments)}
    return across_fleet({place: ionapi for place, ionapi in files.items() if ionapi is not None})


def _ionapi_texts(arguments):
    """Every ION API file of every environment, with where it belongs."""
    for name, (args, _found) in arguments.items():
        if args is None:
            continue
        if args.get("ionapi_content"):
            yield name, args["ionapi_content"]
        items = args.get("exports")
        for index, item in enumerate(items if isinstance(items, list) else ()):
            if isinstance(item, dict) and item.get("ionapi_content"):
                yield f"{name} exports[{index}]", item["ionapi_content"]
