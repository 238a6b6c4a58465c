# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""examples/aap: each argument is one of awx.awx (awx_arguments.json has the options of its documentation), and each name leads somewhere."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
import yaml

from integration.engines.fleet import EXAMPLES
from integration.phases import ANSIBLE_BIN
from integration.scenario import CHECKOUT

AAP = EXAMPLES / "aap"
MODULES = json.loads(Path(__file__).with_name("awx_arguments.json").read_text())["modules"]
# The variables of infra.aap_configuration, and the module whose arguments their items are.
VARIABLES = {
    "controller_execution_environments": "execution_environment",
    "controller_credential_types": "credential_type",
    "controller_credentials": "credential",
    "controller_notifications": "notification_template",
    "controller_projects": "project",
    "controller_inventories": "inventory",
    "controller_inventory_sources": "inventory_source",
    "controller_templates": "job_template",
    "controller_workflows": "workflow_job_template",
    "controller_schedules": "schedule",
}


class Loader(yaml.SafeLoader):
    """Reads the tag of a text that Ansible must not template."""


Loader.add_constructor("!unsafe", lambda loader, node: loader.construct_scalar(node))
VALUES = {name: items for path in sorted(AAP.glob("controller/*.yml")) for name, items in yaml.load(path.read_text(), Loader).items()}
DATA = {name: items for name, items in VALUES.items() if name.startswith("controller_")}
[PLAY] = yaml.safe_load((AAP / "awx.yml").read_text())


def problems(value, options, where="") -> list:
    """The keys that are no options, the required ones that are missing and the values that are no choices."""
    found = [f"{where}{key} is no option" for key in value if key not in options]
    found += [f"{where}{name} is missing" for name, option in options.items() if option.get("required") and name not in value]
    for key, inner in value.items():
        option = options.get(key, {})
        if "choices" in option and inner not in option["choices"]:
            found.append(f"{where}{key}: {inner}")
        for item in inner if isinstance(inner, list) else [inner]:
            if "options" in option and isinstance(item, dict):
                found += problems(item, option["options"], f"{where}{key}.")
    return found


def names(variable) -> set:
    return {item["name"] for item in DATA[variable]}


@pytest.mark.parametrize("variable", VARIABLES)
def test_items_have_only_arguments_of_their_module(variable):
    assert [problem for item in DATA[variable] for problem in problems(item, MODULES[VARIABLES[variable]])] == []


def test_every_variable_is_applied_by_a_task_of_awx_with_all_keys_of_its_items():
    assert DATA.keys() == VARIABLES.keys()
    for variable, module in VARIABLES.items():
        [task] = [task for task in PLAY["tasks"] if task.get("loop") == f"{{{{ {variable} }}}}"]
        arguments = task[f"awx.awx.{module}"]
        assert arguments.keys() <= MODULES[module].keys()
        assert arguments.keys() == {key for item in DATA[variable] for key in item}
        for item in DATA[variable]:
            assert all("omit" in arguments[key] for key in arguments.keys() - item.keys())


def test_wrong_arguments_are_found():
    assert problems({"name": "a", "kindd": "cloud"}, MODULES["credential_type"]) == ["kindd is no option"]
    assert problems({"kind": "clouds"}, MODULES["credential_type"]) == ["name is missing", "kind: clouds"]


def test_each_name_is_that_of_something_that_is_configured():
    for template in DATA["controller_templates"]:
        assert {template["project"]} <= names("controller_projects") and {template["inventory"]} <= names("controller_inventories")
        assert set(template.get("credentials", ())) <= names("controller_credentials")
        assert {template["execution_environment"]} <= names("controller_execution_environments")
        assert (AAP / template["playbook"]).exists()
    [workflow] = DATA["controller_workflows"]
    nodes = {node["identifier"]: node for node in workflow["workflow_nodes"]}
    for node in nodes.values():
        kind = node["unified_job_template"]["type"]
        assert kind == "workflow_approval" or node["unified_job_template"]["name"] in names("controller_templates")
        assert {target["identifier"] for targets in node.get("related", {}).values() for target in targets} <= nodes.keys()
    rings = [play["hosts"] for play in yaml.safe_load((CHECKOUT / "playbooks/deploy_ion.yml").read_text())]
    assert [node["limit"] for node in nodes.values() if "limit" in node] == [ring for ring in rings if "localhost" not in ring]
    for item in [*DATA["controller_templates"], workflow]:
        targets = [name for key, names_ in item.items() if key.startswith("notification_templates") for name in names_]
        assert set(targets) <= names("controller_notifications")


def test_only_slices_run_at_the_same_time_and_each_gets_its_share():
    for template in DATA["controller_templates"]:
        slices = template.get("job_slice_count", 1)
        assert template.get("allow_simultaneous", False) is (slices > 1)
        assert template.get("extra_vars", {}).get("docbits_shares", 1) == slices


@pytest.mark.parametrize(
    ("outcome", "finished", "succeeds"), [("unchanged", "2026-01-01T00:00:00Z", True), ("failed", "2026-01-01T00:00:00Z", False), ("unchanged", None, False)]
)
def test_report_becomes_the_summary_of_a_job(tmp_path, outcome, finished, succeeds):
    rows = [{"environment": "sandbox", "outcome": "changed"}, {"environment": "stage", "outcome": outcome}]
    (tmp_path / "report.json").write_text(json.dumps({"finished": finished, "environments": rows}))
    command = [ANSIBLE_BIN / "ansible-playbook", "-i", "localhost,", "-c", "local", AAP / "playbooks/report.yml", "-e", f"report_path={tmp_path}/report.json"]
    (tmp_path / "ansible.cfg").touch()
    environment = {**os.environ, "ANSIBLE_SHOW_CUSTOM_STATS": "true", "ANSIBLE_CONFIG": str(tmp_path / "ansible.cfg")}
    ran = subprocess.run([str(argument) for argument in command], env=environment, capture_output=True, text=True, check=False)
    assert (ran.returncode == 0) is succeeds, ran.stdout
    assert f"1 changed, 1 {outcome}" in ran.stdout
