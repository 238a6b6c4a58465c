# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action of docbits.ion.environments: the hosts of a batch side by side, each with its own variables as options."""

from __future__ import annotations

import os
import re
from concurrent.futures import ThreadPoolExecutor
from difflib import get_close_matches
from functools import lru_cache

from ansible.errors import AnsibleError, AnsibleUndefinedVariable

from ansible_collections.docbits.ion.plugins.module_utils._errors import InvalidInput, IonError, failure
from ansible_collections.docbits.ion.plugins.module_utils._findings import ERROR, WARNING, Finding
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.fleet import across_fleet
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.form import Expectations
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.parser import parse
from ansible_collections.docbits.ion.plugins.module_utils._module import environment
from ansible_collections.docbits.ion.plugins.module_utils._run import defect, failed_result
from ansible_collections.docbits.ion.plugins.plugin_utils._controller import Controller, with_warnings
from ansible_collections.docbits.ion.plugins.plugin_utils._sources import plain

OPTIONS = environment.ARGUMENT_SPEC.argument_spec
OWN_OPTIONS = {
    "hosts": {"type": "list", "elements": "str"},
    "at_once": {"type": "int", "default": 50},
    "stop_after": OPTIONS["stop_after"],
}
PREFIX = "docbits_"
VARIABLES = {option if option.startswith(PREFIX) else PREFIX + option: option for option in OPTIONS}
# The strategies that honour run_once.
LOCKSTEP_STRATEGIES = ("linear", "debug")
_UNDEFINED = re.compile(r"'(\w{1,60})' is undefined")


class ActionModule(Controller):
    """Works on the environments of a batch in threads of one worker, so that they share logins, connections and the contract."""

    _supports_async = False

    def run(self, tmp=None, task_vars=None):
        super().run(tmp, task_vars)
        _validation, options = self.validate_argument_spec(OWN_OPTIONS)
        hostvars = task_vars["hostvars"]
        names = options["hosts"] or self._batch(task_vars)
        unknown = [name for name in names if name not in hostvars]
        if unknown:
            return failed_result(failure(InvalidInput, "E19", f"hosts: {', '.join(unknown)}", "the inventory has no such host", "name hosts of the inventory"))
        at_once = self._task.throttle or options["at_once"]
        with self.task_environment(), ThreadPoolExecutor(max_workers=max(1, min(at_once, len(names)))) as pool:
            arguments, waiting, hosts_of = {}, {}, {}
            for name in names:
                # Templated and decrypted here, one host after the other, while the calls of earlier ones run: Ansible's templating knows no threads.
                arguments[name] = self._arguments(name, {"stop_after": options["stop_after"]}, task_vars)
                other = hosts_of.setdefault(_organisation(arguments[name][0]) or name, name)
                if other != name:
                    arguments[name] = None, failed_result(_shared_organisation(name, other))
                waiting[name] = pool.submit(self._work_on, *arguments[name])
            results = {name: _result_of(work) for name, work in waiting.items()}
        return with_warnings({"changed": False, "environments": results}, _across_fleet(arguments))

    def _batch(self, task_vars) -> list:
        """All hosts of the batch where this task runs once for it; else this host alone, or every host would do the work of all."""
        strategy = str(self._task.get_play().strategy).rpartition(".")[2]
        runs_once = self._task.run_once and strategy in LOCKSTEP_STRATEGIES
        return list(task_vars["ansible_play_batch"]) if runs_once else [task_vars["inventory_hostname"]]

    def _arguments(self, name, given, task_vars):
        """The options of a host's environment, from its variables; C(None) and the failure where they cannot be had."""
        hostvars = task_vars["hostvars"]
        variables = hostvars._variable_manager.get_vars(play=self._task.get_play(), host=hostvars._inventory.get_host(name), task=self._task)
        templar = self._templar.copy_with_new_env(available_variables=variables)
        args = dict(given)
        slips = [slip for variable in variables if variable.startswith(PREFIX) and (slip := _slip_of(variable))]
        try:
            for variable, option in VARIABLES.items():
                if variable in variables:
                    args[option] = _evaluated(variable, variables, templar)
            args = {option: value for option, value in args.items() if value is not None}
            _require(args, slips)
            args, found = self.prepared(args, OPTIONS, variables)
            return args, slips + found
        except IonError as error:
            return None, failed_result(error)

    def _work_on(self, args, found):
        return found if args is None else with_warnings(self.kept(self.run_here("environment", environment, args), args), found)


@lru_cache(maxsize=4096)
def _slip_of(variable):
    """A warning where a variable's name is near that of an option and is none: it would be passed over without a word."""
    if variable in VARIABLES:
        return None
    # Compared without what all have in common.
    names = {known[len(PREFIX) :]: known for known in VARIABLES}
    near = [names[name] for name in get_close_matches(variable[len(PREFIX) :], names, n=1, cutoff=0.8)]
    if not near:
        return None
    return Finding("E23", WARNING, variable, "no option has this name, so it does nothing", f"write {near[0]}, or give a variable of your own another name")


def _require(args, slips) -> None:
    """Raise L(InvalidInput) where an option that every environment needs is not there."""
    for variable, option in VARIABLES.items():
        _function, names = OPTIONS[option].get("fallback", (None, ()))
        if OPTIONS[option].get("required") and option not in args and not any(name in os.environ for name in names):
            missing = Finding(
                "E24", ERROR, variable, "the host has no such variable", "set it for the host or one of its groups, and look at how its name is written"
            )
            raise InvalidInput([missing, *slips])


def _organisation(args):
    """What tells one DocBits organisation from another, or C(None) where the variables do not say."""
    if not args or not args.get("api_key"):
        return None
    host = str(args.get("docbits_url") or "").rstrip("/").lower() or (args.get("docbits_environment"), args.get("docbits_region"))
    return host, args["api_key"], args.get("organisation_id")


def _shared_organisation(name, other) -> InvalidInput:
    return failure(
        InvalidInput,
        "E25",
        f"{name}: docbits_api_key",
        f"it is the key of {other} too, so that both would write into one organisation; nothing was done for {name}",
        "give each environment the address and the API key of its own organisation",
    )


def _result_of(work) -> dict:
    """The result of one environment; a defect there must not cost the others theirs."""
    try:
        return work.result()
    except Exception as error:
        return defect(error)


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
