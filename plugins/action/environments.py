# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action of docbits.ion.environments: the hosts of a batch side by side, each with its own variables as options."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from ansible.errors import AnsibleError

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import InvalidInput, IonError, failure
from ansible_collections.docbits.ion.plugins.module_utils._core.run import failed_result
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.fleet import check_fleet
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.form import Expectations
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.parser import parse
from ansible_collections.docbits.ion.plugins.module_utils._module import environment
from ansible_collections.docbits.ion.plugins.plugin_utils._controller import Controller, with_warnings
from ansible_collections.docbits.ion.plugins.plugin_utils._selection import conditions_of, holds
from ansible_collections.docbits.ion.plugins.plugin_utils._variables import OPTIONS, not_evaluated, options_in, require, slips_in

STOPS = environment.STOPS
OWN_OPTIONS = {
    "hosts": {"type": "list", "elements": "str"},
    "at_once": {"type": "int", "default": 50},
    "stop_after": OPTIONS["stop_after"],
}
# The strategies that honour run_once.
LOCKSTEP_STRATEGIES = ("linear", "debug")


class ActionModule(Controller):
    """Works on the environments of a batch in threads of one worker, so that they share logins, connections and the contract."""

    _supports_async = False

    def run(self, tmp=None, task_vars=None):
        super().run(tmp, task_vars)
        _validation, options = self.validate_argument_spec(OWN_OPTIONS)
        try:
            names = self._chosen(options["hosts"], task_vars)
        except IonError as error:
            return failed_result(error)
        at_once = self._task.throttle or options["at_once"]
        pool = ThreadPoolExecutor(max_workers=max(1, min(at_once, len(names))))
        arguments, waiting, hosts_of = {}, {}, {}
        with self.task_environment():
            try:
                for name in names:
                    # Templated and decrypted here, one host after the other, while the calls of earlier ones run: Ansible's templating knows no threads.
                    arguments[name] = self._arguments(name, options["stop_after"], task_vars)
                    other = hosts_of.setdefault(_organisation(arguments[name][0]) or name, name)
                    if other != name:
                        arguments[name] = None, failed_result(_shared_organisation(name, other))
                    waiting[name] = pool.submit(self._work_on, name, *arguments[name])
                results = {name: _result_of(work) for name, work in waiting.items()}
            finally:
                # Ansible's own time limit for the task may end the waiting: what was begun is brought to its end, and nothing more is begun.
                pool.shutdown(cancel_futures=True)
        return with_warnings({"changed": False, "environments": results}, _across_fleet(arguments))

    def _chosen(self, hosts, task_vars) -> list:
        """The hosts whose environments are meant; raises L(InvalidInput)."""
        strategy = str(self._task.get_play().strategy).rpartition(".")[2]
        runs_once = self._task.run_once and strategy in LOCKSTEP_STRATEGIES
        batch, here = list(task_vars["ansible_play_batch"]), task_vars["inventory_hostname"]
        if hosts is None:
            conditions = conditions_of(self._task)
            return [name for name in batch if self._is_selected(name, conditions, task_vars)] if runs_once else [here]
        if not runs_once and len(batch) > 1:
            raise failure(
                InvalidInput,
                "E26",
                "hosts",
                f"every host of the batch would work on all of them, {here} and {len(batch) - 1} more",
                "add run_once: true, with the strategy linear, or leave hosts out",
            )
        unknown = [name for name in hosts if name not in task_vars["hostvars"]]
        if unknown:
            raise failure(InvalidInput, "E19", f"hosts: {', '.join(unknown)}", "the inventory has no such host", "name hosts of the inventory")
        return list(dict.fromkeys(hosts))

    def _is_selected(self, name, conditions, task_vars) -> bool:
        """Whether C(when) lets the task run for a host; Ansible itself asks only for the host that runs it for all."""
        if not conditions:
            return True
        variables, templar = self._variables(name, task_vars)
        try:
            return all(holds(condition, templar, variables, self._loader) for condition in conditions)
        except AnsibleError as error:
            failed = not_evaluated(f"when, for {name}", error)
        raise failed

    def _variables(self, name, task_vars) -> tuple:
        """The variables of a host, and a templar for them."""
        hostvars = task_vars["hostvars"]
        variables = hostvars._variable_manager.get_vars(play=self._task.get_play(), host=hostvars._inventory.get_host(name), task=self._task)
        return variables, self._templar.copy_with_new_env(available_variables=variables)

    def _arguments(self, name, stop_after, task_vars):
        """The options of a host's environment, from its variables; C(None) and the failure where they cannot be had."""
        variables, templar = self._variables(name, task_vars)
        try:
            args, slips = options_in(variables, templar), slips_in(variables)
            args["stop_after"] = _earlier(stop_after, args.get("stop_after", stop_after))
            require(args, slips)
            args, found = self.prepared(args, OPTIONS, variables)
            return args, slips + found
        except Exception as error:
            # As in a result: a defect for one host must not cost the others theirs.
            return None, failed_result(error)

    def _work_on(self, name, args, found):
        return found if args is None else with_warnings(self.saved(self.run_here("environment", environment, args), args, name), found)


def _earlier(stage, own) -> str:
    """Where a host stops: it may stop earlier than the task, never go farther. What is no stage is left for the options' own check."""
    return min(stage, own, key=STOPS.index) if own in STOPS else own


def _organisation(args):
    """What tells one DocBits organisation from another, or C(None) where the variables do not say."""
    if not args or not args.get("api_key"):
        return None
    host = args.get("docbits_url") or f"{args.get('docbits_environment')} {args.get('docbits_region')}"
    return str(host).rstrip("/").lower(), str(args["api_key"]), str(args.get("organisation_id"))


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
        return failed_result(error)


def _across_fleet(arguments) -> list:
    """What only the ION API files of all these environments together show, such as a client secret that was replaced in one of them."""
    expectations = Expectations(profile="infor", allow_insecure=True)
    files = {place: parse(text, place, expectations).ionapi for place, text in _ionapi_texts(arguments)}
    return check_fleet({place: ionapi for place, ionapi in files.items() if ionapi is not None})


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
