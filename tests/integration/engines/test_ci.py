# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""examples/ci: the commands of the workflow, as they are in the file, and what they leave."""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
from xml.etree import ElementTree

import pytest
import yaml

from integration.engines.fleet import EXAMPLES, Fleet

CI = EXAMPLES / "ci"
GITHUB = yaml.safe_load((CI / "github.yml").read_text())
GITLAB = yaml.safe_load((CI / "gitlab.yml").read_text())
# These need an index of packages, Galaxy, or the service itself.
NOT_HERE = ("pip install", "ansible-galaxy", "gh ", "curl ")

spec = importlib.util.spec_from_file_location("plan", CI / "plan.py")
plan = importlib.util.module_from_spec(spec)
spec.loader.exec_module(plan)


def github_commands(job: str) -> list:
    return [step["run"].strip() for step in GITHUB["jobs"][job]["steps"] if "run" in step and not step["run"].startswith(NOT_HERE)]


def gitlab_commands(*jobs: str) -> list:
    commands = [command for job in jobs for command in [*GITLAB[job]["script"], *GITLAB[job].get("after_script", ())]]
    return [command for command in commands if not command.startswith(NOT_HERE)]


class Repository:
    """The checkout of a user's repository on a machine of the service."""

    def __init__(self, fleet: Fleet) -> None:
        self.folder = fleet.directory
        self._fleet = fleet
        for name in ("plan.py", "ansible.cfg", "vault-password.sh"):
            shutil.copy2(CI / name, self.folder)

    def run(self, command: str) -> subprocess.CompletedProcess:
        """Run a command as GitHub does, with the variables of the workflow."""
        given = {"${{ github.workspace }}": str(self.folder), "${{ secrets.DOCBITS_VAULT_PASSWORD }}": self._fleet.password.read_text()}
        variables = {}
        for name, text in GITHUB["env"].items():
            for expression, value in given.items():
                text = text.replace(expression, value)
            variables[name] = text
        environment = self._fleet.environment(**variables)
        return subprocess.run(
            ["bash", "-e", "-o", "pipefail", "-c", command],
            cwd=self.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
def fleet(simulator, tmp_path):
    return Fleet(simulator, tmp_path, 2)


def test_pull_request_is_judged_offline_and_planned_and_a_merge_deploys(simulator, fleet):
    repository = Repository(fleet)
    before, outputs = simulator.last(), []
    judge, check, write = github_commands("plan")
    for command in (judge, check, write):
        ran = repository.run(command)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        outputs.append(ran.stdout + ran.stderr)
        if command is judge:
            assert simulator.last() == before
    assert simulator.writes(before) == []
    planned = (repository.folder / "plan.md").read_text()
    assert planned.startswith("### docbits.ion: 2 of 2 environments would change\n")
    assert "| environment-001 | proved | 2 created | changed |" in planned and "+" in planned and "```diff" in planned

    [deploy] = github_commands("deploy")
    ran = repository.run(deploy)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    outputs.append(ran.stdout + ran.stderr)
    assert all(len(simulator.exports(name)) == 2 for name in fleet.names)
    suites = ElementTree.parse(repository.folder / "report.xml").getroot()
    assert [suite.get("name") for suite in suites] == ["Deploy to the canary ring", "Deploy to all other environments"]
    assert "environment-002" in (repository.folder / "report.html").read_text()
    assert fleet.leaks(repository.folder) == []
    assert not any(secret in output for secret in fleet.secrets for output in outputs)


def test_pull_request_with_a_damaged_mapping_fails_offline(simulator, fleet):
    repository = Repository(fleet)
    (repository.folder / "mappings/idm.properties").write_text("IF_SUPPLIER_NAME\n")
    before = simulator.last()
    judged = repository.run(github_commands("plan")[0])
    assert judged.returncode != 0 and simulator.last() == before


def test_gitlab_runs_the_same_commands():
    assert gitlab_commands("judge", "plan") == github_commands("plan")
    assert gitlab_commands("deploy") == github_commands("deploy")
    assert GITLAB["default"]["before_script"] == GITHUB["jobs"]["plan"]["steps"][1]["run"].splitlines()
    assert {**GITLAB["variables"]}.keys() == GITHUB["env"].keys() - {"DOCBITS_VAULT_PASSWORD"}


def row(**changes) -> dict:
    finding = {"level": "warning", "id": "A01", "where": "a", "message": "b", "action": "c"}
    return {
        "environment": "sandbox", "infor": "proved", "exports": "-", "outcome": "failed", "message": "", "findings": [finding], "diff": "", **changes,
    }  # fmt: skip


def test_text_of_a_report_is_no_markup_in_the_plan():
    text = plan.markdown({"check_mode": True, "environments": [row(message="a | b <img src=x> @all [x](y)\nnext", diff="+```\n+<b>")]})
    line = next(line for line in text.splitlines() if line.startswith("| sandbox"))
    assert line.endswith("| failed: a \\| b &lt;img src=x> @\u200ball \\[x\\](y) next |")
    assert "````diff\n+```\n+<b>\n````" in text


def test_plan_of_a_large_fleet_fits_into_a_comment():
    text = plan.markdown({"check_mode": True, "environments": [row(diff="+x\n" * 5000) for _environment in range(200)]})
    assert len(text) < 65_000 and "The rest is too long for a comment" in text


def test_plan_is_a_program_of_its_own(tmp_path):
    report = tmp_path / "report.json"
    report.write_text(json.dumps({"check_mode": False, "environments": [row()]}))
    assert "0 of 1 environments changed" in subprocess.run(["python3", CI / "plan.py", report], check=True, capture_output=True, text=True).stdout
