# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action plugins under real ansible-playbook runs: strategies, conditions, files and command lines on the target."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
from xml.etree import ElementTree

import pytest
import yaml
from ansible.parsing.vault import VaultLib, VaultSecret

from integration.phases import ANSIBLE_BIN
from integration.scenario import HERE

HOOK = {"title": "Hook", "kind": "webhook", "document_type": "INVOICE", "url": "https://hook.example.test"}


@pytest.fixture
def play(simulator, tmp_path):
    """Runs tasks on three environments, each with a new organisation; returns the output and the API keys by host."""

    def run(tasks, strategy="linear", connection="local", own=None, groups=None, plays=None, arguments=(), **variables):
        hosts, keys = {}, {}
        for name in ("one", "two", "three"):
            keys[name] = secrets.token_urlsafe(32)
            simulator.put_organisation(name, api_key=keys[name], contract="2.2.10", document_types=["INVOICE", "CREDIT_NOTE"])
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
        command = [str(ANSIBLE_BIN / "ansible-playbook"), "-i", "inventory.yml", "-vvvv", "play.yml", *arguments]
        done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL, check=False)
        return done.stdout + done.stderr, keys

    return run


BATCH = [
    {"docbits.ion.environments": {}, "register": "ring", "run_once": True},
    {"docbits.ion.outcome": {"registered": "ring"}},
]


@pytest.mark.parametrize(("strategy", "once"), [("linear", True), ("linear", False), ("free", False), ("host_pinned", False)])
def test_environments_under_every_strategy_processes_each_host_once(play, simulator, strategy, once):
    before = simulator.last()
    output, _keys = play([{**BATCH[0], "run_once": once}, BATCH[1]], strategy)
    assert "failed=0" in output
    assert [len(simulator.exports(name)) for name in ("one", "two", "three")] == [1, 1, 1]
    assert len(simulator.writes(before)) == 3


def test_environments_once_under_a_strategy_without_run_once_is_refused(play, simulator):
    before = simulator.last()
    output, _keys = play(BATCH, "free")
    assert "[E46]" in output and "failed=0" not in output and simulator.journal(before) == []


@pytest.mark.parametrize(
    ("tasks", "problem"),
    [
        ([{"docbits.ion.outcome": {"registered": "rnig"}}], "registered: rnig: the variable is not the registered result of docbits.ion.environments"),
        ([{"ansible.builtin.command": "true", "register": "ring"}, BATCH[1]], "registered: ring: the variable is not the registered result"),
        ([{**BATCH[0], "docbits.ion.environments": {"hosts": ["one"]}}, BATCH[1]], "registered: ring: it has no result for two"),
        ([BATCH[0], {"docbits.ion.outcome": {"registered": "{{ ring }}"}}], "registered: the value must be the name of a variable"),
    ],
    ids=["misspelt", "of another task", "not of this host", "the result itself"],
)
def test_outcome_without_a_result_says_what_to_do(play, tasks, problem):
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
def test_environments_when_the_condition_excludes_a_host_skips_it(play, simulator, tasks):
    output, keys = play(tasks, own=WANTED)
    assert "failed=0" in output and "failed=1" not in output
    assert [len(simulator.exports(name)) for name in keys] == [1, 0, 1]


def test_environments_when_a_condition_cannot_be_evaluated_writes_nothing(play, simulator):
    before = simulator.last()
    output, _keys = play([{**BATCH[0], "when": "wanted"}], own={"one": {"wanted": True}})
    assert "when, for three: it uses wanted, which is not defined" in output and "[E13]" in output
    assert simulator.writes(before) == []


def test_environments_with_hosts_processes_each_of_them_once(play, simulator):
    before = simulator.last()
    output, _keys = play([{**BATCH[0], "docbits.ion.environments": {"hosts": []}}])
    assert "failed=0" in output and simulator.journal(before) == []
    _output, keys = play([{**BATCH[0], "docbits.ion.environments": {"hosts": ["one", "two", "one"]}}])
    assert [len(simulator.exports(name)) for name in keys] == [1, 1, 0]


@pytest.mark.parametrize("strategy", ["linear", "free"])
def test_environments_with_hosts_and_without_run_once_fails(play, simulator, strategy):
    before = simulator.last()
    output, _keys = play([{**BATCH[0], "docbits.ion.environments": {"hosts": ["one", "two"]}, "run_once": False}], strategy)
    assert "[E26]" in output and simulator.journal(before) == []


def test_stop_after_of_a_host_is_honoured_only_if_it_is_earlier(play, simulator):
    before = simulator.last()
    play([{**BATCH[0], "docbits.ion.environments": {"stop_after": "parse"}}, BATCH[1]], own={"two": {"docbits_stop_after": "verify"}})
    assert simulator.journal(before) == []
    _output, keys = play(BATCH, own={"two": {"docbits_stop_after": "parse"}})
    assert [len(simulator.exports(name)) for name in keys] == [1, 0, 1]
    output, _keys = play(BATCH, own={"two": {"docbits_stop_after": "prase"}})
    assert "docbits_stop_after: prase is not a value of this option; did you mean parse?" in output


def test_environments_when_a_string_option_is_a_number_succeeds(play, simulator):
    output, keys = play(BATCH, own={"two": {"docbits_state_file": 5}})
    assert "failed=0" in output and [len(simulator.exports(name)) for name in keys] == [1, 1, 1]


def test_environments_when_a_string_option_is_a_list_processes_the_other_hosts(play, simulator):
    _output, keys = play(BATCH, own={"two": {"docbits_organisation_id": ["a"]}})
    simulated = [len(simulator.exports(name)) for name in keys]
    assert (simulated[0], simulated[2]) == (1, 1)


def test_environments_after_the_timeout_of_the_task_starts_no_other_host(play, simulator):
    simulator.latency(docbits=1000)
    try:
        output, keys = play([{**BATCH[0], "timeout": 3, "throttle": 1}, BATCH[1]])
    finally:
        simulator.latency()
    assert "failed=1" in output
    assert sum(len(simulator.exports(name)) for name in keys) <= 1


def test_playbook_when_a_canary_fails_does_not_start_the_next_ring(play, simulator):
    """One canary fails, and the other one is slower: the strategy free would start the next ring."""
    output, keys = play(
        [],
        plays=[{"ansible.builtin.import_playbook": "docbits.ion.deploy_ion"}],
        own={"one": {"docbits_api_key": secrets.token_urlsafe(32)}},
        groups={"canary": ["one", "two"]},
        ANSIBLE_STRATEGY="free",
    )
    assert "[DB01]" in output and [len(simulator.exports(name)) for name in keys] == [0, 1, 0]


DEPLOY = [{"ansible.builtin.import_playbook": "docbits.ion.deploy_ion"}]
CHECK = [{"ansible.builtin.import_playbook": "docbits.ion.check_files"}]


@pytest.fixture
def undecryptable(tmp_path):
    """A vaulted file of variables of the host `three`, whose password is not known."""
    secret = VaultSecret(secrets.token_urlsafe(16).encode())
    path = tmp_path / "host_vars/three.yml"
    path.parent.mkdir()
    path.write_text(VaultLib([("prod", secret)]).encrypt("docbits_purge: true", secret, "prod").decode())
    return path


@pytest.mark.parametrize("plays", [DEPLOY, CHECK], ids=["deploy_ion", "check_files"])
def test_playbook_when_variables_cannot_be_decrypted_names_them_and_sends_nothing(play, simulator, undecryptable, plays):
    before = simulator.last()
    own = {"two": {"docbits_exports": [{**HOOK, "kind": "webhok"}]}}
    output, _keys = play([], plays=plays, own=own, groups={"canary": ["one"]}, ANSIBLE_CALLBACKS_ENABLED="docbits.ion.rollout", COLUMNS="1000")
    error = (
        f"variables: {undecryptable}: none of the given vault passwords decrypts the file; pass the password of its vault id with --vault-id prod@FILE [E13]"
    )
    assert f"three: {error}" in output
    assert 'two: docbits_exports[0] "Hook": kind: webhok is not a value of this option; did you mean webhook? [E50]' in output
    assert "To go on without them, add --limit 'all:!three:!two'." in output
    table = output.partition("ROLLOUT")[2]
    assert [line.split()[0] for line in table.splitlines() if "failed: " in line] == ["three", "two"] and error in table
    assert simulator.journal(before) == []


def test_playbook_with_a_limit_that_excludes_what_cannot_be_decrypted_deploys_the_others(play, simulator, undecryptable):
    output, keys = play([], plays=DEPLOY, groups={"canary": ["one"]}, arguments=["--limit", "all:!three"])
    assert "failed=1" not in output and [len(simulator.exports(name)) for name in keys] == [1, 1, 0]


@pytest.mark.parametrize(
    ("plays", "arguments", "done"),
    [
        (DEPLOY, ["--skip-tags", "prove"], None),
        (DEPLOY, ["--tags", "other"], None),
        (CHECK, ["--tags", "prove"], None),
        (CHECK, ["--tags", "parse"], "stopped_after"),
        (DEPLOY, ["--tags", "parse"], "stopped_after"),
    ],
)
def test_playbook_with_tags_does_what_they_say_or_refuses(play, simulator, plays, arguments, done):
    before = simulator.last()
    output, _keys = play([], plays=plays, groups={"canary": ["one"]}, arguments=arguments)
    assert simulator.journal(before) == []
    assert ("failed=1" in output) is not bool(done) and ("With these tags nothing would be done" in output) is not bool(done)
    assert not done or done in output.partition("Show the outcome")[2]


def test_check_files_finds_what_a_deployment_refuses_and_needs_no_api_key(play, simulator):
    before = simulator.last()
    own = {"one": {"docbits_api_key": None}, "two": {"docbits_url": "http://docbits.example.test"}, "three": {"docbits_api_key": ""}}
    output, _keys = play([], plays=CHECK, own=own, groups={"canary": ["one"]}, COLUMNS="1000")
    assert "ok: [one]" in output and "docbits_url: it is not an https URL" in output and "docbits_api_key: it is empty" in output
    assert simulator.journal(before) == []


def test_audit_fails_for_each_environment_that_is_not_as_declared_and_writes_nothing(play, simulator):
    before = simulator.last()
    other = {"docbits_url": "{{ docbits_url }}", "api_key": "{{ docbits_api_key }}", "ca_path": "{{ docbits_ca_path }}", **HOOK, "title": "Other"}
    output, _keys = play(
        [],
        plays=[
            {"hosts": "one:two", "gather_facts": False, "tasks": BATCH},
            {"hosts": "two", "gather_facts": False, "tasks": [{"docbits.ion.export": {**other, "document_type": "CREDIT_NOTE"}}]},
            {"ansible.builtin.import_playbook": "docbits.ion.audit_ion"},
        ],
        COLUMNS="1000",
    )
    assert len(simulator.writes(before)) == 3
    recap = {line.split()[0]: "failed=0" in line for line in output.partition("PLAY RECAP")[2].splitlines() if "failed=" in line}
    assert recap == {"one": True, "two": False, "three": False}
    assert '"Other": DocBits has it (kind webhook), and it is not declared' in output
    assert 'export \\"Hook\\": DocBits differs from the declaration: a deployment would create it (new)' in output


def test_report_with_short_module_names_is_written_to_a_new_directory(play, tmp_path):
    tasks = [{"environments": {}, "register": "ring", "run_once": True}, {"outcome": {"registered": "ring"}}]
    short = [{"hosts": "all", "gather_facts": False, "collections": ["docbits.ion"], "tasks": tasks}]
    path = tmp_path / "reports/today/rollout.json"
    output, _keys = play([], plays=short, ANSIBLE_CALLBACKS_ENABLED="docbits.ion.rollout", DOCBITS_ION_REPORT=str(path))
    report = output.partition("ROLLOUT")[2]
    assert [line.split()[0] for line in report.splitlines() if "1 created" in line] == ["one", "three", "two"]
    assert [environment["exports"] for environment in json.loads(path.read_text())["environments"]] == ["1 created"] * 3


def test_report_of_a_rollout_that_a_canary_stopped_has_every_environment_and_replaces_the_old_one(play, simulator, tmp_path):
    files = {name: tmp_path / f"report.{name}" for name in ("json", "html", "xml")}
    for file in files.values():
        file.write_text("an earlier run")
    output, keys = play(
        [],
        plays=[{"ansible.builtin.import_playbook": "docbits.ion.deploy_ion"}],
        own={"one": {"docbits_api_key": secrets.token_urlsafe(32)}},
        groups={"canary": ["one"], "early": ["two"]},
        ANSIBLE_CALLBACKS_ENABLED="docbits.ion.rollout",
        ANSIBLE_DIFF_ALWAYS="1",
        DOCBITS_ION_REPORT=str(files["json"]),
        DOCBITS_ION_REPORT_HTML=str(files["html"]),
        DOCBITS_ION_REPORT_JUNIT=str(files["xml"]),
    )
    assert "canary" in output and all(file.stat().st_mode & 0o777 == 0o600 for file in files.values())
    report = json.loads(files["json"].read_text())
    assert report["finished"] and {row["environment"]: row["outcome"] for row in report["environments"]} == {
        "one": "failed",
        "two": "not begun",
        "three": "not begun",
    }
    assert [row["message"].endswith("[DB01]") for row in report["environments"]] == [True, False, False]
    assert files["html"].read_text().count("<details ") == 3
    [canary, early, others] = ElementTree.parse(files["xml"]).getroot()
    assert [suite.get("failures") + suite.get("skipped") for suite in (canary, early, others)] == ["10", "01", "01"]
    assert not [key for key in keys.values() if any(key in file.read_text() for file in files.values())]


def test_environments_when_two_hosts_share_an_organisation_processes_only_one(play, simulator):
    output, keys = play(BATCH, own={"three": {"docbits_api_key": "{{ hostvars.one.docbits_api_key }}"}})
    assert "docbits_api_key: host one has the same address and API key" in output and "[E25]" in output
    assert [len(simulator.exports(name)) for name in keys] == [1, 1, 0]
    assert not [key for key in keys.values() if key in output.partition("PLAY RECAP")[0].partition("TASK")[2]]


def test_environments_when_a_variable_resembles_an_option_warns(play):
    warning = "docbits_tenant_enviroment: the variable has no effect, because no option has this name; did you mean docbits_tenant_environment?"
    output, _keys = play(BATCH, own={"two": {"docbits_tenant_enviroment": "PRD", "docbits_customer": "ACME", "docbits_export_list": []}}, COLUMNS="1000")
    assert warning in output and "docbits_customer" not in output.partition("TASK")[2] and "failed=0" in output
    assert "docbits_export_list: " not in output


def test_environments_when_a_required_variable_is_missing_names_it(play, simulator):
    output, keys = play(BATCH, own={"two": {"docbits_exports": None}})
    assert "docbits_exports: the variable is not set for this host" in output and "[E24]" in output
    assert [len(simulator.exports(name)) for name in keys] == [1, 0, 1]


def test_environments_when_a_vault_is_required_refuses_a_plain_key_of_that_host_only(play, simulator):
    output, keys = play(BATCH, own={"two": {"docbits_require_vault": True}}, COLUMNS="1000")
    assert "api_key: the value is not known to come out of Ansible Vault" in output and "[S07]" in output
    assert [len(simulator.exports(name)) for name in keys] == [1, 0, 1]


SHIPPED = {"docbits.ion.exports": {"docbits_url": "{{ docbits_url }}", "ca_path": "{{ docbits_ca_path }}", "exports": [HOOK]}}


def test_api_key_in_the_environment_of_a_shipped_module_is_in_no_command_line(play, simulator):
    task = {**SHIPPED, "environment": {"DOCBITS_API_KEY": "{{ docbits_api_key }}"}}
    output, keys = play([task], connection="elsewhere")
    assert [len(simulator.exports(name)) for name in keys] == [1, 1, 1]
    assert not [key for key in keys.values() if key in output]


def test_shipped_module_without_pipelining_is_refused(play, simulator):
    task = {"docbits.ion.exports": {**SHIPPED["docbits.ion.exports"], "api_key": "{{ docbits_api_key }}"}}
    before = simulator.last()
    output, keys = play([task], connection="elsewhere", ANSIBLE_KEEP_REMOTE_FILES="1")
    assert "[S03]" in output and simulator.journal(before) == []
    assert not [key for key in keys.values() if key in output]


def test_option_of_the_wrong_type_shows_no_secret(play):
    password = secrets.token_urlsafe(24)
    nested = json.loads(json.dumps([[{**HOOK, "password": password}]]))
    output, keys = play([{"docbits.ion.exports": {"docbits_url": "{{ docbits_url }}", "api_key": "{{ docbits_api_key }}", "exports": nested}}])
    assert "[E16]" in output and "failed=1" in output
    result = output[output.index("fatal:") :]
    assert password not in result and not [key for key in keys.values() if key in output]


@pytest.mark.parametrize("default", ["docbits.ion.exports", "group/docbits.ion.docbits"])
def test_module_defaults_of_other_modules_do_not_apply(play, default):
    """They would if one action plugin, with redirects, served all modules."""
    task = {"docbits.ion.mapping_info": {"content": "a=1", "kind": "idm"}, "ignore_errors": True}
    output, _keys = play([], plays=[{"hosts": "all", "gather_facts": False, "module_defaults": {default: {"organisation_id": "7"}}, "tasks": [task]}])
    assert "ok=1" in output and "Unsupported parameters" not in output
