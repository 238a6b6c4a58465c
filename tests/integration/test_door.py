# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The door and the batch under Ansible's own rules: strategies, files on the target, command lines; real ansible-playbook runs."""

from __future__ import annotations

import json
import os
import secrets
import subprocess

import pytest
import yaml

from integration.phases import ANSIBLE_BIN
from integration.scenario import HERE
from simulator.client import Simulator

HOOK = {"title": "Hook", "kind": "webhook", "document_type": "INVOICE", "url": "https://hook.example.test"}


@pytest.fixture(scope="module")
def simulator(tmp_path_factory):
    with Simulator.start(tmp_path_factory.mktemp("door")) as running:
        yield running


@pytest.fixture
def play(simulator, tmp_path):
    """Runs tasks on three environments, each a new organisation, some with variables of their own; gives the output and the environments' API keys."""

    def run(tasks, strategy="linear", connection="local", own=None, groups=None, plays=None, **variables):
        hosts, keys = {}, {}
        for name in ("one", "two", "three"):
            keys[name] = secrets.token_urlsafe(32)
            simulator.put_organisation(name, api_key=keys[name], contract="2.2.10", document_types=["INVOICE"])
            hosts[name] = {"docbits_api_key": keys[name], **(own or {}).get(name, {})}
        shared = {
            "ansible_connection": connection,
            "ansible_python_interpreter": "{{ ansible_playbook_python }}",
            "docbits_url": simulator.host_url(),
            "docbits_ca_path": simulator.ca,
            "docbits_exports": [HOOK],
        }
        children = {group: {"hosts": dict.fromkeys(names)} for group, names in (groups or {}).items()}
        (tmp_path / "inventory.yml").write_text(yaml.safe_dump({"all": {"hosts": hosts, "vars": shared, "children": children}}))
        (tmp_path / "play.yml").write_text(yaml.safe_dump(plays or [{"hosts": "all", "gather_facts": False, "strategy": strategy, "tasks": tasks}]))
        (tmp_path / "ansible.cfg").touch()
        environment = {
            **os.environ,
            "ANSIBLE_CONFIG": str(tmp_path / "ansible.cfg"),
            "ANSIBLE_CONNECTION_PLUGINS": str(HERE / "connection_plugins"),
            "ANSIBLE_NOCOLOR": "1",
            **variables,
        }
        command = [str(ANSIBLE_BIN / "ansible-playbook"), "-i", "inventory.yml", "-vvvv", "play.yml"]
        done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL, check=False)
        return done.stdout + done.stderr, keys

    return run


BATCH = [
    {"docbits.ion.environments": {}, "register": "ring", "run_once": True},
    {"docbits.ion.outcome": {"of": "ring"}},
]


@pytest.mark.parametrize("strategy", ["linear", "free", "host_pinned"])
def test_a_batch_is_worked_on_once_under_every_strategy(play, simulator, strategy):
    before = simulator.last()
    output, _keys = play(BATCH, strategy)
    assert "failed=0" in output
    assert [len(simulator.exports(name)) for name in ("one", "two", "three")] == [1, 1, 1]
    assert len(simulator.writes(before)) == 3


def test_without_run_once_every_host_works_for_itself(play, simulator):
    before = simulator.last()
    play([{**BATCH[0], "run_once": False}, BATCH[1]])
    assert len(simulator.writes(before)) == 3


@pytest.mark.parametrize(
    ("tasks", "problem"),
    [
        ([{"docbits.ion.outcome": {"of": "rnig"}}], "of: rnig: no task docbits.ion.environments has registered its result under this name"),
        ([{"ansible.builtin.command": "true", "register": "ring"}, BATCH[1]], "of: ring: no task docbits.ion.environments has registered"),
        ([{**BATCH[0], "docbits.ion.environments": {"hosts": ["one"]}}, BATCH[1]], "of: ring: it holds no result of two"),
        ([BATCH[0], {"docbits.ion.outcome": {"of": "{{ ring }}"}}], "of: it is no name of a variable"),
    ],
    ids=["misspelt", "of another task", "not of this host", "the result itself"],
)
def test_an_outcome_of_nothing_says_what_to_do(play, tasks, problem):
    output, _keys = play(tasks)
    assert problem in output and "[E20]" in output and "Traceback" not in output


WANTED = {"one": {"wanted": True}, "two": {"wanted": False}, "three": {"wanted": True}}


@pytest.mark.parametrize(
    "tasks",
    [
        [{**BATCH[0], "when": "wanted"}, {**BATCH[1], "when": "wanted"}],
        [{"block": BATCH, "when": ["true", "wanted"]}],
        [{"ansible.builtin.import_role": {"name": "docbits.ion.deploy"}, "when": "wanted"}],
        [{"ansible.builtin.include_role": {"name": "docbits.ion.deploy"}, "when": "wanted"}],
        [{"block": [{"ansible.builtin.include_role": {"name": "docbits.ion.deploy"}}], "when": "wanted"}],
    ],
    ids=["tasks", "block", "import_role", "include_role", "include_role in a block"],
)
def test_a_host_that_when_leaves_out_is_left_alone(play, simulator, tasks):
    output, keys = play(tasks, own=WANTED)
    assert "failed=0" in output and "failed=1" not in output
    assert [len(simulator.exports(name)) for name in keys] == [1, 0, 1]


def test_a_condition_that_holds_for_nobody_knows_whom_stops_before_anything_is_written(play, simulator):
    before = simulator.last()
    output, _keys = play([{**BATCH[0], "when": "wanted"}], own={"one": {"wanted": True}})
    assert "when, for three: it refers to wanted, which is not defined" in output and "[E13]" in output
    assert simulator.writes(before) == []


def test_hosts_names_each_environment_once_and_may_name_none(play, simulator):
    before = simulator.last()
    output, _keys = play([{**BATCH[0], "docbits.ion.environments": {"hosts": []}}])
    assert "failed=0" in output and simulator.journal(before) == []
    _output, keys = play([{**BATCH[0], "docbits.ion.environments": {"hosts": ["one", "two", "one"]}}])
    assert [len(simulator.exports(name)) for name in keys] == [1, 1, 0]


@pytest.mark.parametrize(("strategy", "once"), [("linear", False), ("free", True)])
def test_hosts_where_every_host_would_do_the_work_of_all(play, simulator, strategy, once):
    before = simulator.last()
    output, _keys = play([{**BATCH[0], "docbits.ion.environments": {"hosts": ["one", "two"]}, "run_once": once}], strategy)
    assert "[E26]" in output and simulator.journal(before) == []


def test_a_host_stops_earlier_than_the_task_and_never_later(play, simulator):
    before = simulator.last()
    play([{**BATCH[0], "docbits.ion.environments": {"stop_after": "parse"}}, BATCH[1]], own={"two": {"docbits_stop_after": "verify"}})
    assert simulator.journal(before) == []
    _output, keys = play(BATCH, own={"two": {"docbits_stop_after": "parse"}})
    assert [len(simulator.exports(name)) for name in keys] == [1, 0, 1]
    output, _keys = play(BATCH, own={"two": {"docbits_stop_after": "prase"}})
    assert "value of stop_after must be one of" in output


def test_a_number_where_a_text_belongs_costs_nobody_anything(play, simulator):
    output, keys = play(BATCH, own={"two": {"docbits_state_file": 5}})
    assert "failed=0" in output and [len(simulator.exports(name)) for name in keys] == [1, 1, 1]


def test_a_list_where_a_text_belongs_costs_the_others_nothing(play, simulator):
    _output, keys = play(BATCH, own={"two": {"docbits_organisation_id": ["a"]}})
    simulated = [len(simulator.exports(name)) for name in keys]
    assert (simulated[0], simulated[2]) == (1, 1)


def test_after_the_time_limit_of_the_task_nothing_more_is_begun(play, simulator):
    simulator.latency(docbits=1000)
    try:
        output, keys = play([{**BATCH[0], "timeout": 3, "throttle": 1}, BATCH[1]])
    finally:
        simulator.latency()
    assert "failed=1" in output
    assert sum(len(simulator.exports(name)) for name in keys) <= 1


def test_the_rings_hold_whatever_strategy_is_configured(play, simulator):
    """One canary fails, and the other one is slower: a strategy without steps would go on with the next ring."""
    output, keys = play(
        [],
        plays=[{"ansible.builtin.import_playbook": "docbits.ion.deploy_ion"}],
        own={"one": {"docbits_api_key": secrets.token_urlsafe(32)}},
        groups={"canary": ["one", "two"]},
        ANSIBLE_STRATEGY="free",
    )
    assert "[DB01]" in output and [len(simulator.exports(name)) for name in keys] == [0, 1, 0]


def test_the_report_knows_modules_by_their_short_names_and_makes_its_folder(play, tmp_path):
    tasks = [{"environments": {}, "register": "ring", "run_once": True}, {"outcome": {"of": "ring"}}]
    short = [{"hosts": "all", "gather_facts": False, "collections": ["docbits.ion"], "tasks": tasks}]
    path = tmp_path / "reports/today/rollout.json"
    output, _keys = play([], plays=short, ANSIBLE_CALLBACKS_ENABLED="docbits.ion.rollout", DOCBITS_ION_REPORT=str(path))
    report = output.partition("ROLLOUT")[2]
    assert [line.split()[0] for line in report.splitlines() if "1 created" in line] == ["one", "three", "two"]
    assert [environment["exports"] for environment in json.loads(path.read_text())["environments"]] == ["1 created"] * 3


def test_two_hosts_of_one_organisation_do_not_both_write_into_it(play, simulator):
    output, keys = play(BATCH, own={"three": {"docbits_api_key": "{{ hostvars.one.docbits_api_key }}"}})
    assert "three: docbits_api_key: it is the key of one too" in output and "[E25]" in output
    assert [len(simulator.exports(name)) for name in keys] == [1, 1, 0]
    assert not [key for key in keys.values() if key in output.partition("PLAY RECAP")[0].partition("TASK")[2]]


def test_a_variable_that_is_nearly_an_option_is_told(play):
    slip = "docbits_tenant_enviroment: no option has this name, so it does nothing; write docbits_tenant_environment"
    output, _keys = play(BATCH, own={"two": {"docbits_tenant_enviroment": "PRD", "docbits_customer": "ACME", "docbits_export_list": []}}, COLUMNS="1000")
    assert slip in output and "docbits_customer" not in output.partition("TASK")[2] and "failed=0" in output
    assert "docbits_export_list: no option" not in output


def test_a_variable_that_every_environment_needs_is_asked_for_by_its_name(play, simulator):
    output, keys = play(BATCH, own={"two": {"docbits_exports": None}})
    assert "docbits_exports: the host has no such variable" in output and "[E24]" in output
    assert [len(simulator.exports(name)) for name in keys] == [1, 0, 1]


SHIPPED = {"docbits.ion.exports": {"docbits_url": "{{ docbits_url }}", "ca_path": "{{ docbits_ca_path }}", "exports": [HOOK]}}


def test_a_key_in_the_environment_never_stands_in_a_command_line(play, simulator):
    task = {**SHIPPED, "environment": {"DOCBITS_API_KEY": "{{ docbits_api_key }}"}}
    output, keys = play([task], connection="elsewhere")
    assert [len(simulator.exports(name)) for name in keys] == [1, 1, 1]
    assert not [key for key in keys.values() if key in output]


def test_a_module_whose_arguments_would_stand_in_a_file_is_not_shipped(play, simulator):
    task = {"docbits.ion.exports": {**SHIPPED["docbits.ion.exports"], "api_key": "{{ docbits_api_key }}"}}
    before = simulator.last()
    output, keys = play([task], connection="elsewhere", ANSIBLE_KEEP_REMOTE_FILES="1")
    assert "[S03]" in output and simulator.journal(before) == []
    assert not [key for key in keys.values() if key in output]


def test_a_nested_list_shows_no_secret(play):
    password = secrets.token_urlsafe(24)
    nested = json.loads(json.dumps([[{**HOOK, "password": password}]]))
    output, keys = play([{"docbits.ion.exports": {"docbits_url": "{{ docbits_url }}", "api_key": "{{ docbits_api_key }}", "exports": nested}}])
    assert "[E16]" in output and "failed=1" in output
    result = output[output.index("fatal:") :]
    assert password not in result and not [key for key in keys.values() if key in output]
