# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action environments: which hosts it processes, with which options, and that one host does not affect another."""

from __future__ import annotations

import json
import os
import secrets
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from ansible_collections.docbits.ion.plugins.action import environments
from ansible_collections.docbits.ion.plugins.module_utils._core.errors import Refused, failure

HOOK = {"title": "Hook", "kind": "webhook", "document_type": "INVOICE", "url": "https://hook.example.test"}


def host(**variables):
    """Variables of a host with an organisation of its own; None removes one."""
    variables = {"docbits_url": "https://docbits.example.com", "docbits_api_key": secrets.token_urlsafe(20), "docbits_exports": [HOOK], **variables}
    return {name: value for name, value in variables.items() if value is not None}


@pytest.fixture
def contexts(monkeypatch):
    """The contexts of the environments that were processed, by API key; `answer` computes their results."""

    class Contexts(dict):
        calls = 0

        @staticmethod
        def answer(context):
            return {"changed": True, "exports": []}

    seen = Contexts()

    def run(context):
        seen[context.params["api_key"]] = context
        seen.calls += 1
        return seen.answer(context)

    monkeypatch.setattr(environments.environment, "run", run)
    return seen


@pytest.fixture
def run(make_action, contexts):
    """Runs the action for hosts on the first of them; returns the result."""

    def run(hosts, args=None, run_once=True, strategy="linear", check_mode=False, **task):
        action, variables = make_action(
            environments.ActionModule, "environments", args or {}, hosts, next(iter(hosts)), {"run_once": run_once, **task}, strategy=strategy
        )
        action._task.check_mode = check_mode
        return action.run(task_vars=variables)

    return run


def findings_of(result, name):
    """The ids of a host's findings."""
    return [finding["id"] for finding in result["environments"][name]["findings"]]


@pytest.mark.parametrize(
    ("strategy", "run_once", "processed"),
    [
        ("linear", True, ["one", "two"]),
        ("ansible.builtin.linear", True, ["one", "two"]),
        ("debug", True, ["one", "two"]),
        ("linear", False, ["one"]),
        ("free", False, ["one"]),
    ],
)
def test_environments_processes_the_batch_where_the_task_runs_once(run, strategy, run_once, processed):
    result = run({"one": host(), "two": host()}, strategy=strategy, run_once=run_once)
    assert result["changed"] is False and list(result["environments"]) == processed
    assert [environment["changed"] for environment in result["environments"].values()] == [True] * len(processed)


@pytest.mark.parametrize("strategy", ["free", "host_pinned", "ansible.builtin.free"])
def test_run_once_with_a_strategy_that_ignores_it_is_refused(run, contexts, strategy):
    result = run({"one": host(), "two": host()}, strategy=strategy)
    assert result["failed"] and result["findings"][0]["id"] == "E46" and contexts == {}


def test_options_of_an_environment_are_the_variables_of_its_host(run, contexts):
    hosts = {"one": host(docbits_purge=True, docbits_organisation_id="{{ 6 + 1 }}"), "two": host(docbits_deadline=7)}
    run(hosts)
    one, two = (contexts[variables["docbits_api_key"]].params for variables in hosts.values())
    assert (one["purge"], str(one["organisation_id"]), one["deadline"]) == (True, "7", 300.0)
    assert (two["purge"], two["organisation_id"], two["deadline"]) == (False, None, 7.0)


def test_when_that_excludes_a_host_skips_it(run):
    result = run({"one": host(wanted=False), "two": host(wanted=True), "three": host(wanted=True)}, when=["wanted"])
    assert list(result["environments"]) == ["two", "three"]


def test_when_that_cannot_be_evaluated_fails_before_any_host(run, contexts):
    result = run({"one": host(wanted=True), "two": host()}, when="wanted")
    assert result["failed"] and result["findings"][0]["id"] == "E13" and contexts == {}
    assert result["msg"].startswith("when, for two: it uses wanted, which is not defined for this host")


@pytest.mark.parametrize(("names", "processed"), [([], []), (["two", "one", "two"], ["two", "one"])])
def test_hosts_are_processed_once_each(run, contexts, names, processed):
    assert list(run({"one": host(), "two": host()}, {"hosts": names})["environments"]) == processed
    assert contexts.calls == len(processed)


@pytest.mark.parametrize(("names", "run_once", "finding"), [(["one", "none"], True, "E19"), (["one"], False, "E26")])
def test_hosts_that_are_invalid_fail_before_any_host(run, contexts, names, run_once, finding):
    result = run({"one": host(), "two": host()}, {"hosts": names}, run_once=run_once)
    assert result["failed"] and result["findings"][0]["id"] == finding and contexts == {}


def test_hosts_without_run_once_in_a_batch_of_one_are_processed(run):
    assert list(run({"one": host()}, {"hosts": ["one"]}, run_once=False)["environments"]) == ["one"]


def test_missing_variable_fails_only_its_host(run):
    result = run({"one": host(docbits_exports=None, docbits_export=[]), "two": host()})
    one, two = result["environments"].values()
    assert (one["failed"], two["changed"]) == (True, True)
    assert one["msg"].startswith(
        "docbits_exports: the variable is not set for this host; set it in host_vars or group_vars; did you mean docbits_export? [E24]"
    )


def test_variable_that_cannot_be_evaluated_fails_only_its_host(run):
    result = run({"one": host(docbits_ionapi_content="{{ missing }}"), "two": host()})
    assert findings_of(result, "one") == ["E13"] and result["environments"]["two"]["changed"]


KEY = secrets.token_urlsafe(20)


def failed_hosts(result):
    """The names of the hosts that failed."""
    return [name for name, environment in result["environments"].items() if environment.get("failed")]


@pytest.mark.parametrize(
    ("url", "other"),
    [
        ("https://docbits.example.com", {"docbits_url": "https://DOCBITS.example.com/"}),
        ("https://docbits.example.com", {"docbits_url": "https://docbits.example.com.:443"}),
        ("https://docbits.example.com/h", {"docbits_url": "https://docbits.example.com/./x/../%68//"}),
        ("https://localhost", {"docbits_url": "https://127.0.0.1/"}),
        ("https://eu.api.docbits.com", {"docbits_url": None, "docbits_environment": "production"}),
        ("https://us.demo.api.docbits.com", {"docbits_url": None, "docbits_environment": "demo", "docbits_region": "us"}),
        ("https://docbits.example.com", {"docbits_organisation_id": "7"}),
    ],
)
def test_organisation_that_is_addressed_in_two_ways_fails_for_the_second_host(run, url, other):
    result = run({"one": host(docbits_api_key=KEY, docbits_url=url), "two": host(docbits_api_key=KEY, **{"docbits_url": url, **other})})
    assert failed_hosts(result) == ["two"] and findings_of(result, "two") == ["E25"] and KEY not in json.dumps(result)


def test_batch_in_several_processes_has_the_results_of_one(monkeypatch, run):
    hosts = {f"host-{number:02}": host() for number in range(20)}
    hosts["host-07"]["docbits_api_key"] = hosts["host-12"]["docbits_api_key"]
    hosts["host-09"]["docbits_exports"] = "{{ missing }}"
    results = []
    for count in (2, 1):
        monkeypatch.setattr(environments, "processes_for", lambda _hosts, _at_once, count=count: count)
        result = run(hosts)
        results.append({name: (outcome["changed"], outcome.get("findings")) for name, outcome in result["environments"].items()})
        assert failed_hosts(result) == ["host-09", "host-12"] and findings_of(result, "host-12") == ["E25"]
    assert results[0] == results[1] and list(results[0]) == list(hosts)


@pytest.mark.parametrize(
    "other",
    [
        {"docbits_api_key": "another"},
        {"docbits_url": "https://other.example.com/"},
        {"docbits_url": "https://docbits.example.com:8443"},
        {"docbits_url": "https://docbits.example.com/h"},
        {"docbits_organisation_id": "8"},
    ],
)
def test_another_organisation_is_processed(run, other):
    result = run({"one": host(docbits_api_key=KEY, docbits_organisation_id=7), "two": host(**{"docbits_api_key": KEY, "docbits_organisation_id": 7, **other})})
    assert failed_hosts(result) == []


@pytest.mark.parametrize("url", [5, ["https://docbits.example.com"], "https://[", "docbits"])
def test_address_that_is_none_affects_only_its_host(run, url):
    result = run({"one": host(docbits_api_key=KEY, docbits_url=url), "two": host(docbits_api_key=KEY)})
    assert result["environments"]["two"]["changed"]


@pytest.mark.parametrize(
    ("given", "shares"), [([{}], 1), ([{"shares": 4}, {"shares": "4"}], 4), ([{"shares": "{"}, None], 1), ([{"shares": 0}], 1), ([{"shares": 99}], 15)]
)
def test_shares_of_a_batch_are_those_that_its_environments_set(given, shares):
    assert environments._shares({str(number): (args, None) for number, args in enumerate(given)}) == shares


def test_organisation_of_a_key_from_the_environment_fails_for_the_second_host(run, monkeypatch):
    monkeypatch.setenv("DOCBITS_API_KEY", KEY)
    assert failed_hosts(run({"one": host(docbits_api_key=None), "two": host(docbits_api_key=KEY)})) == ["two"]


def test_task_that_requires_all_fails_with_the_errors_of_each_host(run):
    hosts = {"one": host(docbits_export=[], docbits_exports=None), "two": host(), "three": host()}
    result = run(hosts, {"stop_after": "parse", "require_all": True})
    assert result["failed"] and list(result["environments"]) == ["one"]
    assert result["msg"].splitlines() == [
        "1 of 3 environments failed. Nothing was sent to any of them.",
        "one: docbits_exports: the variable is not set for this host; set it in host_vars or group_vars; did you mean docbits_export? [E24]",
        "To go on without them, add --limit 'all:!one'.",
    ]


@pytest.mark.parametrize(("require_all", "failed"), [(True, True), (False, None)])
def test_api_key_is_not_needed_to_validate_files_unless_all_must_pass(run, monkeypatch, require_all, failed):
    monkeypatch.delenv("DOCBITS_API_KEY", raising=False)
    result = run({"one": host(docbits_api_key=None)}, {"stop_after": "parse", "require_all": require_all})
    assert result.get("failed") is failed


def test_ring_without_a_host_fails_the_task(run):
    result = run({"one": host()}, {"stop_after": "parse", "rings": ["canary"]})
    assert result["failed"] and result["findings"][0]["id"] == "E48" and result["environments"] == {}


@pytest.mark.parametrize(
    ("task", "own", "stage"), [("verify", "parse", "parse"), ("parse", "verify", "parse"), ("prove", None, "prove"), ("prove", "prove", "prove")]
)
def test_stop_after_is_the_earlier_stage_of_task_and_host(run, contexts, task, own, stage):
    run({"one": host(docbits_stop_after=own)}, {"stop_after": task})
    assert [context.params["stop_after"] for context in contexts.values()] == [stage]


def test_stop_after_of_a_host_that_is_invalid_fails_its_host(run):
    result = run({"one": host(docbits_stop_after="prase"), "two": host()})
    assert (
        result["environments"]["one"]["msg"].startswith("docbits_stop_after: prase is not a value of this option; did you mean parse?")
        and result["environments"]["two"]["changed"]
    )


def test_failure_of_a_host_is_its_own_and_shows_no_secret(run, contexts):
    hosts = {"one": host(), "two": host(), "three": host()}

    def answer(context):
        if context.params["api_key"] == hosts["one"]["docbits_api_key"]:
            raise failure(Refused, "DB05", "docbits", f"the key {context.params['api_key']} is unknown", "look")
        if context.params["api_key"] == hosts["two"]["docbits_api_key"]:
            raise KeyError(context.params["api_key"])
        return {"changed": True}

    contexts.answer = answer
    result = run(hosts)
    assert [findings_of(result, name) for name in ("one", "two")] == [["DB05"], ["X00"]]
    assert result["environments"]["three"]["changed"] and not [key for key in contexts if key in json.dumps(result)]


def test_bug_after_the_run_of_a_host_fails_only_its_host(run, contexts, monkeypatch):
    def save_state(self, result, args, host):
        raise KeyError(args["api_key"])

    monkeypatch.setattr(environments.ActionModule, "save_state", save_state)
    result = run({"one": host()})
    assert findings_of(result, "one") == ["X00"] and not [key for key in contexts if key in json.dumps(result)]


@pytest.mark.parametrize(("args", "task", "limit"), [({"at_once": 2}, {}, 2), ({"at_once": 4}, {"throttle": 2}, 2)])
def test_environments_runs_no_more_in_parallel_than_the_limit(run, contexts, monkeypatch, args, task, limit):
    workers = []

    class Pool(ThreadPoolExecutor):
        def __init__(self, max_workers):
            workers.append(max_workers)
            super().__init__(max_workers)

    monkeypatch.setattr(environments, "ThreadPoolExecutor", Pool)
    barrier, lock, counts = threading.Barrier(limit), threading.Lock(), {"now": 0, "most": 0}

    def answer(context):
        with lock:
            counts["now"] += 1
            counts["most"] = max(counts["most"], counts["now"])
        barrier.wait(30)  # as many as the limit allows meet here
        with lock:
            counts["now"] -= 1
        return {}

    contexts.answer = answer
    run({f"host{number}": host() for number in range(6)}, args, **task)
    assert (workers, counts) == ([limit], {"now": 0, "most": limit})


def test_keyword_environment_is_set_during_the_run_only(run, contexts, monkeypatch):
    monkeypatch.setenv("DOCBITS_TEST_BEFORE", "kept")
    monkeypatch.delenv("DOCBITS_TEST_NEW", raising=False)
    names = ("DOCBITS_TEST_BEFORE", "DOCBITS_TEST_NEW")
    contexts.answer = lambda context: {"seen": [os.environ.get(name) for name in names]}
    result = run({"one": host()}, environment={"DOCBITS_TEST_BEFORE": "changed", "DOCBITS_TEST_NEW": "{{ 1 + 1 }}"})
    assert result["environments"]["one"]["seen"] == ["changed", "2"]
    assert [os.environ.get(name) for name in names] == ["kept", None]


def test_required_option_from_the_keyword_environment_counts_as_set(run, contexts):
    key = secrets.token_urlsafe(20)
    result = run({"one": host(docbits_api_key=None)}, environment={"DOCBITS_API_KEY": key})
    assert list(contexts) == [key] and result["environments"]["one"]["changed"]


def test_diff_of_an_environment_has_its_name_in_the_header(run, contexts):
    contexts.answer = lambda context: {"diff": {"before": {}, "after": {}}}
    diffs = {name: result["diff"] for name, result in run({"one": host(), "two": host()})["environments"].items()}
    assert all(diff == {"before": {}, "after": {}, "before_header": name, "after_header": name} for name, diff in diffs.items())


@pytest.mark.parametrize("check_mode", [False, True])
def test_fingerprints_are_saved_in_the_state_file_except_in_check_mode(run, contexts, tmp_path, check_mode):
    state = tmp_path / "state/one.json"
    fingerprint = f"{secrets.token_hex(8)}:{secrets.token_hex(20)}"
    contexts.answer = lambda context: {"fingerprints": {"7": {"password": fingerprint}}}
    hosts = {"one": host(docbits_state_dir=str(state.parent))}
    assert "fingerprints" not in run(hosts, check_mode=check_mode)["environments"]["one"]
    assert state.exists() is not check_mode
    run(hosts)
    run(hosts)
    assert next(iter(contexts.values())).params["fingerprints"] == {"7": {"password": fingerprint}}


def test_variable_that_resembles_an_option_is_a_warning_of_its_host(run):
    result = run({"one": host(docbits_tenant_enviroment="PRD"), "two": host()})
    [warning] = result["environments"]["one"]["warnings"]
    assert warning.startswith("docbits_tenant_enviroment: ") and "[E23]" in warning and "warnings" not in result["environments"]["two"]
