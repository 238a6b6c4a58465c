# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action of docbits.ion.environments: all hosts of a batch in parallel, each with its variables as options."""

from __future__ import annotations

import os
import posixpath
from concurrent.futures import ThreadPoolExecutor, wait
from urllib.parse import unquote, urlsplit

from ansible.errors import AnsibleError

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import InvalidInput, IonError, failure
from ansible_collections.docbits.ion.plugins.module_utils._core.findings import ERROR, Finding
from ansible_collections.docbits.ion.plugins.module_utils._core.process import is_orphaned
from ansible_collections.docbits.ion.plugins.module_utils._core.run import failed_result
from ansible_collections.docbits.ion.plugins.module_utils._docbits.client import base_url_of
from ansible_collections.docbits.ion.plugins.module_utils._infor.logins import LOGINS_PER_MINUTE
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.fleet import check_fleet
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.form import COMPARED
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.parser import parse
from ansible_collections.docbits.ion.plugins.module_utils._module import environment
from ansible_collections.docbits.ion.plugins.plugin_utils._controller import ControllerAction, with_warnings
from ansible_collections.docbits.ion.plugins.plugin_utils._processes import Processes, processes_for
from ansible_collections.docbits.ion.plugins.plugin_utils._progress import Progress, timed
from ansible_collections.docbits.ion.plugins.plugin_utils._rings import ring_findings
from ansible_collections.docbits.ion.plugins.plugin_utils._rotation import account_findings
from ansible_collections.docbits.ion.plugins.plugin_utils._schema import check_schema
from ansible_collections.docbits.ion.plugins.plugin_utils._selection import conditions_of, is_met
from ansible_collections.docbits.ion.plugins.plugin_utils._sources import as_plain
from ansible_collections.docbits.ion.plugins.plugin_utils._variables import (
    OPTIONS,
    check_required,
    evaluation_error,
    in_variables,
    near_misses,
    options_from,
    unreadable_variables,
    with_fallbacks,
)

STOPS = environment.STOPS
OWN_OPTIONS = {
    "hosts": {"type": "list", "elements": "str"},
    "at_once": {"type": "int", "default": 64},
    "stop_after": OPTIONS["stop_after"],
    "require_all": {"type": "bool", "default": False},
    "rings": {"type": "list", "elements": "str", "default": []},
    "allow_empty_canary": {"type": "bool", "default": False},
}
# Strategies that support run_once.
LOCKSTEP_STRATEGIES = ("linear", "debug")
_LOOPBACK = ("localhost", "::1")


class ActionModule(ControllerAction):
    """Runs the environments of a batch in threads of a few processes. They share tokens and limits, and in one process connections and the contract."""

    def run(self, tmp=None, task_vars=None):
        super().run(tmp, task_vars)
        try:
            check_schema(as_plain(self._task.args), OWN_OPTIONS)
            _validation, options = self.validate_argument_spec(OWN_OPTIONS)
            names = self._host_names(options["hosts"], task_vars)
        except IonError as error:
            return failed_result(error)
        at_once = self._task.throttle or options["at_once"]
        count = processes_for(len(names), at_once)
        arguments, results, owners, unreadable = {}, {}, [], set()

        def work(share, agree, report):
            self._work(share, max(1, at_once // count), options, task_vars, agree, report)

        def agree(name, prepared):
            """The prepared input of a host, or the reason why it is not processed."""
            args, _found, is_unreadable = prepared
            unreadable.update([name] * is_unreadable)
            organisation = _organisation(args)
            owner = _owner_of(organisation, owners)
            if owner:
                prepared = None, failed_result(_shared_organisation(name, owner)), False
            elif organisation:
                owners.append((organisation, name))
            arguments[name] = prepared[:2]
            if len(arguments) == len(names) and options["stop_after"] != "parse":
                progress.expect_logins((text for _where, text in _ionapi_texts(arguments)), LOGINS_PER_MINUTE // _shares(arguments))
            return arguments[name]

        def report(name, result):
            arguments.setdefault(name, (None, result))
            results[name] = result
            progress.count(result)

        with self.task_environment(), Processes(names, count, work) as processes:
            with Progress(self._display, self._task.get_play().get_name(), len(names)) as progress:
                processes.run(agree, report)
        if is_orphaned():
            # Nobody reads the result, and writing a large one would never end.
            os._exit(1)
        results = {name: results[name] for name in names}
        findings = ring_findings(options["rings"], task_vars["groups"], options["allow_empty_canary"])
        # Ansible ends the whole run without naming the host as soon as a task needs variables that it cannot load.
        if findings or unreadable or (options["require_all"] and any(result.get("failed") for result in results.values())):
            return _refused(results, findings, options["stop_after"] == "parse")
        findings = _across_fleet(arguments)
        if not self._task.check_mode and any("rotation" in result and "stopped_after" not in result for result in results.values()):
            findings += account_findings(arguments, results)
        return with_warnings({"changed": False, "environments": results}, findings)

    def _host_names(self, hosts, task_vars) -> list:
        """The names of the hosts to process.

        hosts: the option, or None

        Raises: InvalidInput
        """
        strategy, runs_once = str(self._task.get_play().strategy).rpartition(".")[2], self._task.run_once
        if runs_once and strategy not in LOCKSTEP_STRATEGIES:
            raise failure(
                InvalidInput,
                "E46",
                "strategy",
                f"{strategy} runs this task for each host although run_once is true, and gives each host the result of another one",
                "set strategy: linear for the play",
            )
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
                "set run_once: true, or omit hosts",
            )
        unknown = [name for name in hosts if name not in task_vars["hostvars"]]
        if unknown:
            raise failure(InvalidInput, "E19", f"hosts: {', '.join(unknown)}", "not in the inventory", "list hosts of the inventory")
        return list(dict.fromkeys(hosts))

    def _is_selected(self, name, conditions, task_vars) -> bool:
        """Whether the conditions of the task are met for a host. Ansible evaluates them only for the host that runs the task for all."""
        if not conditions:
            return True
        variables, templar = self.variables_of(name, task_vars)
        try:
            return all(is_met(condition, templar, variables, self._loader) for condition in conditions)
        except AnsibleError as error:
            failed = evaluation_error(f"when, for {name}", error)
        raise failed

    def _work(self, names, at_once, options, task_vars, agree, report) -> None:
        """Prepare the hosts one after the other and process them in threads; see Processes."""
        pool, futures = ThreadPoolExecutor(max_workers=max(1, min(at_once, len(names)))), []
        try:
            for name in names:
                # In this thread, while the requests of earlier hosts run: templating in Ansible is not thread-safe.
                args, found = agree(name, self._prepared(name, options, task_vars))
                futures.append(pool.submit(self._process, name, args, found, report))
            wait(futures)
        finally:
            # The keyword timeout may interrupt this thread: environments that have started end in order, no other one starts.
            pool.shutdown(cancel_futures=True)

    def _prepared(self, name, options, task_vars) -> tuple:
        """(options of a host or None, warnings or the failed result, whether Ansible cannot load its variables)."""
        try:
            variables, templar = self.variables_of(name, task_vars)
        except AnsibleError as error:
            return None, failed_result(unreadable_variables(error)), True
        return (*self._arguments(variables, templar, options), False)

    def _process(self, name, args, found, report) -> None:
        try:
            result = timed(self._run_environment, name, args, found)
        except Exception as error:  # a bug must affect only this host
            result = failed_result(error)
        report(name, result)

    def _arguments(self, variables, templar, options):
        """(options of a host, warnings). If they cannot be determined: (None, the failed result)."""
        try:
            args, warnings = options_from(variables, templar), near_misses(variables)
            args["stop_after"] = _earlier(options["stop_after"], args.get("stop_after", options["stop_after"]))
            check_required(args, variables, with_api_key=options["require_all"] or args["stop_after"] != "parse")
            args, found = self.prepare(args, OPTIONS, variables)
            return args, warnings + found
        except Exception as error:  # a bug must affect only this host
            return None, in_variables(failed_result(error))

    def _run_environment(self, name, args, found):
        if args is None:
            return found
        return in_variables(with_warnings(self.save_state(self.run_locally("environment", environment, args), args, name), found))


def _earlier(stage, own) -> str:
    """The earlier stage of the task's and the host's. An invalid one is left for the validation of the options."""
    return min(stage, own, key=STOPS.index) if own in STOPS else own


def _shares(arguments) -> int:
    """The option shares of the environments. Those that have an invalid one refuse it themselves."""
    numbers = [str(args.get("shares", 1)) for args, _found in arguments.values() if args]
    return min(max((int(number) for number in numbers if number.isdecimal()), default=1) or 1, LOGINS_PER_MINUTE)


def _organisation(args):
    """(address, API key, id) of the DocBits organisation of these options; None without an API key or a valid URL. The id is None if it is not set."""
    values = with_fallbacks(args or {})
    if not values["api_key"] or not (values["docbits_url"] or values["docbits_environment"]):
        return None
    try:
        parts = urlsplit(unquote(base_url_of(values)))
        host = (parts.hostname or "").rstrip(".")
        address = ("127.0.0.1" if host in _LOOPBACK else host, parts.port or 443, posixpath.normpath(f"//{parts.path}/"))
    except (IonError, ValueError):
        return None
    return address, values["api_key"], values["organisation_id"]


def _owner_of(organisation, owners):
    """The host that has this organisation already, or None. Without an id, it is that of the API key, which may be any."""
    for other, name in owners if organisation else ():
        if other[:2] == organisation[:2] and (other[2] == organisation[2] or None in (other[2], organisation[2])):
            return name
    return None


def _shared_organisation(name, owner) -> InvalidInput:
    return failure(
        InvalidInput,
        "E25",
        "docbits_api_key",
        f"host {owner} has the same address and API key, so both hosts would write to one organisation; nothing was done for {name}",
        "set the API key of another organisation, set docbits_organisation_id for both hosts, or remove one of them",
    )


def _refused(results, findings, nothing_sent: bool) -> dict:
    """The result if the task fails as a whole: an error of the rings, or failed environments. Where nothing was sent, only these have a result."""
    failed = {name: result for name, result in results.items() if result.get("failed")}
    lines = [f"{len(failed)} of {len(results)} environments failed." + " Nothing was sent to any of them." * nothing_sent] * bool(failed)
    lines += [finding.sentence() for finding in findings] + [f"{name}: {sentence}" for name, result in failed.items() for sentence in _errors_of(result)]
    lines += [f"To go on without them, add --limit 'all:!{':!'.join(failed)}'."] * (0 < len(failed) < len(results))
    return {
        "changed": any(result.get("changed") for result in results.values()),
        "failed": True,
        "msg": "\n".join(lines),
        "environments": failed if nothing_sent else results,
        "findings": [finding.as_dict() for finding in findings],
    }


def _errors_of(result) -> list:
    errors = [Finding(**finding).sentence() for finding in result.get("findings", ()) if finding["level"] == ERROR]
    return errors or [result["msg"]]


def _across_fleet(arguments) -> list:
    """Findings from a comparison of all ION API files, such as a client secret that was replaced in one of them only."""
    files = {where: parse(text, where, COMPARED).ionapi for where, text in _ionapi_texts(arguments)}
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
