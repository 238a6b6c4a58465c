# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action of docbits.ion.environments: all hosts of a batch in parallel, each with its variables as options."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from ansible.errors import AnsibleError

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import InvalidInput, IonError, failure
from ansible_collections.docbits.ion.plugins.module_utils._core.run import failed_result
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.fleet import check_fleet
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.form import Expectations
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.parser import parse
from ansible_collections.docbits.ion.plugins.module_utils._module import environment
from ansible_collections.docbits.ion.plugins.plugin_utils._controller import ControllerAction, with_warnings
from ansible_collections.docbits.ion.plugins.plugin_utils._progress import Progress
from ansible_collections.docbits.ion.plugins.plugin_utils._selection import conditions_of, is_met
from ansible_collections.docbits.ion.plugins.plugin_utils._sources import as_plain, check_forms
from ansible_collections.docbits.ion.plugins.plugin_utils._variables import OPTIONS, check_required, evaluation_error, near_misses, options_from

STOPS = environment.STOPS
OWN_OPTIONS = {
    "hosts": {"type": "list", "elements": "str"},
    "at_once": {"type": "int", "default": 50},
    "stop_after": OPTIONS["stop_after"],
}
# Strategies that support run_once.
LOCKSTEP_STRATEGIES = ("linear", "debug")


class ActionModule(ControllerAction):
    """Runs the environments of a batch in threads of one worker. They share tokens, connections and the contract."""

    def run(self, tmp=None, task_vars=None):
        super().run(tmp, task_vars)
        try:
            check_forms(as_plain(self._task.args), OWN_OPTIONS)
            _validation, options = self.validate_argument_spec(OWN_OPTIONS)
            names = self._host_names(options["hosts"], task_vars)
        except IonError as error:
            return failed_result(error)
        at_once = self._task.throttle or options["at_once"]
        pool = ThreadPoolExecutor(max_workers=max(1, min(at_once, len(names))))
        arguments, futures, owners = {}, {}, {}
        with self.task_environment(), Progress(self._display, self._task.get_play().get_name(), len(names)) as progress:
            try:
                for name in names:
                    # In this thread, while the requests of earlier hosts run: templating in Ansible is not thread-safe.
                    arguments[name] = self._arguments(name, options["stop_after"], task_vars)
                    owner = owners.setdefault(_organisation(arguments[name][0]) or name, name)
                    if owner != name:
                        arguments[name] = None, failed_result(_shared_organisation(name, owner))
                    futures[name] = pool.submit(progress.timed, self._run_environment, name, *arguments[name])
                if options["stop_after"] != "parse":
                    progress.expect_logins(text for _where, text in _ionapi_texts(arguments))
                results = {name: _result_of(future) for name, future in futures.items()}
            finally:
                # The keyword timeout may interrupt this thread: environments that have started end in order, no other one starts.
                pool.shutdown(cancel_futures=True)
        return with_warnings({"changed": False, "environments": results}, _across_fleet(arguments))

    def _host_names(self, hosts, task_vars) -> list:
        """The names of the hosts to process.

        hosts: the option, or None

        Raises: InvalidInput
        """
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
                f"every host of the batch would process all of them ({here} and {len(batch) - 1} more)",
                "set run_once: true with the strategy linear, or omit hosts",
            )
        unknown = [name for name in hosts if name not in task_vars["hostvars"]]
        if unknown:
            raise failure(InvalidInput, "E19", f"hosts: {', '.join(unknown)}", "not in the inventory", "list hosts of the inventory")
        return list(dict.fromkeys(hosts))

    def _is_selected(self, name, conditions, task_vars) -> bool:
        """Whether the conditions of the task are met for a host. Ansible evaluates them only for the host that runs the task for all."""
        if not conditions:
            return True
        variables, templar = self._variables(name, task_vars)
        try:
            return all(is_met(condition, templar, variables, self._loader) for condition in conditions)
        except AnsibleError as error:
            failed = evaluation_error(f"when, for {name}", error)
        raise failed

    def _variables(self, name, task_vars) -> tuple:
        """(variables of a host, templar for them)."""
        hostvars = task_vars["hostvars"]
        variables = hostvars._variable_manager.get_vars(play=self._task.get_play(), host=hostvars._inventory.get_host(name), task=self._task)
        return variables, self._templar.copy_with_new_env(available_variables=variables)

    def _arguments(self, name, stop_after, task_vars):
        """(options of a host, warnings). If they cannot be determined: (None, the failed result)."""
        variables, templar = self._variables(name, task_vars)
        try:
            args, warnings = options_from(variables, templar), near_misses(variables)
            args["stop_after"] = _earlier(stop_after, args.get("stop_after", stop_after))
            check_required(args, variables)
            args, found = self.prepare(args, OPTIONS, variables)
            return args, warnings + found
        except Exception as error:  # a bug must affect only this host
            return None, failed_result(error)

    def _run_environment(self, name, args, found):
        return found if args is None else with_warnings(self.save_state(self.run_locally("environment", environment, args), args, name), found)


def _earlier(stage, own) -> str:
    """The earlier stage of the task's and the host's. An invalid one is left for the validation of the options."""
    return min(stage, own, key=STOPS.index) if own in STOPS else own


def _organisation(args):
    """Address, API key and id of the DocBits organisation, or None if the options have no API key."""
    if not args or not args.get("api_key"):
        return None
    host = args.get("docbits_url") or f"{args.get('docbits_environment')} {args.get('docbits_region')}"
    return str(host).rstrip("/").lower(), str(args["api_key"]), str(args.get("organisation_id"))


def _shared_organisation(name, owner) -> InvalidInput:
    return failure(
        InvalidInput,
        "E25",
        f"{name}: docbits_api_key",
        f"host {owner} has the same address and API key, so both hosts would write to one organisation; nothing was done for {name}",
        "set the address and the API key of another organisation, or remove one of the hosts",
    )


def _result_of(future) -> dict:
    try:
        return future.result()
    except Exception as error:  # a bug must affect only this host
        return failed_result(error)


def _across_fleet(arguments) -> list:
    """Findings from a comparison of all ION API files, such as a client secret that was replaced in one of them only."""
    expectations = Expectations(profile="infor", allow_insecure=True, trusted_hosts=None)
    files = {where: parse(text, where, expectations).ionapi for where, text in _ionapi_texts(arguments)}
    return check_fleet({where: ionapi for where, ionapi in files.items() if ionapi is not None})


def _ionapi_texts(arguments):
    """(host and export that an ION API file belongs to, its text), for all files of all environments."""
    for name, (args, _found) in arguments.items():
        if args is None:
            continue
        if args.get("ionapi_content"):
            yield name, args["ionapi_content"]
        items = args.get("exports")
        for index, item in enumerate(items if isinstance(items, list) else ()):
            if isinstance(item, dict) and item.get("ionapi_content"):
                yield f"{name} exports[{index}]", item["ionapi_content"]
