# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`make sandbox`: every ansible-playbook command of the README works in it, the findings of a wrong app name their step, and its end leaves nothing."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys

import pytest

from ansible_collections.docbits.ion.plugins.module_utils._core.runbook import STEPS
from integration.scenario import CHECKOUT

BLOCKS = re.findall(r"^```console\n(.*?)^```", (CHECKOUT / "README.md").read_text(), re.MULTILINE | re.DOTALL)
COMMANDS = [line for block in BLOCKS for line in block.replace("\\\n", "").splitlines() if "ansible-playbook" in line]


class Sandbox:
    """A running sandbox, and what a person does in it."""

    def __init__(self, directory) -> None:
        self.directory = directory
        command = [sys.executable, str(CHECKOUT / "tests/demo/sandbox.py"), str(directory)]
        # A session of its own: there is no terminal to ask for a password, so it is read from standard input.
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True)
        self.instructions = "".join(iter(self.process.stdout.readline, "Ctrl-C ends the simulator and removes the sandbox.\n"))
        self.pid = json.loads((directory / "simulator" / "ready.json").read_text())["pid"]

    def run(self, command):
        """Run a command in the shell of the sandbox. Returns (exit code, output)."""
        password = re.search("vault password is (.*)", self.instructions)[1]
        arguments = [str(self.directory / "shell"), "sh", "-c", command]
        done = subprocess.run(arguments, input=f"{password}\n", capture_output=True, text=True, timeout=600, start_new_session=True, check=False)
        return done.returncode, done.stdout + done.stderr

    def lines(self, beginning) -> list:
        """The commands of the instructions that begin so."""
        return [line.strip() for line in self.instructions.splitlines() if line.strip().startswith(beginning)]

    def end(self, number=signal.SIGINT) -> str:
        """End it. Returns the rest of its output."""
        self.process.send_signal(number)
        return self.process.communicate(timeout=600)[0]


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory):
    running = Sandbox(tmp_path_factory.mktemp("demo") / "sandbox")
    yield running
    running.end()


def test_readme_has_commands():
    assert len(COMMANDS) >= 5


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: " ".join(shlex.split(command, comments=True)[3:]))
def test_command_of_the_readme_works(sandbox, command):
    code, output = sandbox.run(command)
    if "adopt_ion" in command or "promote_ion" in command:
        # The sandbox has a declaration, which is not replaced.
        assert code == 2 and "[E67]" in output and "Traceback" not in output, output
        return
    assert code == 0, output
    assert re.search(r"sandbox +: ok=[1-9]", output), output


def test_prove_of_a_wrong_app_names_the_step_that_was_skipped(sandbox):
    prove = next(command for command in sandbox.lines("ansible-playbook") if "--tags prove" in command)
    for instruction, step in zip(sandbox.lines("simulator PATCH /_sim/infor"), ("refresh_tokens", "roles"), strict=True):
        assert sandbox.run(instruction)[0] == 0
        code, output = sandbox.run(prove)
        assert code == 2 and f"(runbook step {list(STEPS).index(step) + 1})" in output
        assert sandbox.run(instruction.replace("false", "true").replace('["Infor-SuiteUser"]', '["Infor-SuiteUser", "IDM-AdvancedUser"]'))[0] == 0


def test_simulator_refuses_a_wrong_call_with_the_reason(sandbox):
    code, output = sandbox.run("simulator GET /_sim/docbits/organisations/nobody/exports")
    assert code == 1 and "nobody" in output and "Traceback" not in output


def test_second_sandbox_in_the_same_directory_is_refused(sandbox):
    command = [sys.executable, str(CHECKOUT / "tests/demo/sandbox.py"), str(sandbox.directory)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 1 and "a sandbox is running" in done.stderr
    assert sandbox.directory.exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_end_leaves_nothing(tmp_path, number):
    sandbox = Sandbox(tmp_path / "sandbox")
    assert "The sandbox has ended." in sandbox.end(number) and sandbox.process.returncode == 0
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ProcessLookupError):
        os.kill(sandbox.pid, 0)
