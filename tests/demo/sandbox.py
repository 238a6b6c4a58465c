# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sandbox: three empty environments on the simulator, and a shell in which the commands of the README work, until Ctrl-C."""

from __future__ import annotations

import json
import os
import secrets
import shlex
import shutil
import signal
import sys
from pathlib import Path

from environments import CHECKOUT, environments

from simulator.ionapi import account_id

# What the shell takes over from the environment of the tests.
PASSED_ON = ("HOME", "PATH", "PYTHON", "TMPDIR", "ANSIBLE_")

INSTRUCTIONS = """
== Sandbox ==

Three empty environments, sandbox, stage and production, on a simulator of Infor and DocBits. In another terminal:

  {shell}

It starts a shell in the directory of the inventory. Every ansible-playbook command of the README works there; adopt_ion and
promote_ion refuse to replace the declaration. The vault password is {password}

  ansible-playbook -i inventory docbits.ion.deploy_ion --ask-vault-pass                          # deploy
  ansible-playbook -i inventory docbits.ion.deploy_ion --ask-vault-pass --limit sandbox --tags prove

Play an administrator of Infor, then prove again; the message names the step of the runbook that was skipped:

  simulator PATCH /_sim/infor/apps/{app} '{{"issue_refresh_tokens": false}}'
  simulator PATCH /_sim/infor/service_accounts/{account} '{{"user": {{"groups": ["Infor-SuiteUser"]}}}}'
  ansible-playbook -i inventory docbits.ion.request_ion --ask-vault-pass                         # writes the runbook

Play a person in DocBits, then run with --check --diff; ID is one of those that the first command lists:

  simulator GET /_sim/docbits/organisations/production/exports
  simulator PATCH /_sim/docbits/organisations/production/exports/ID '{{"title": "Another title"}}'

The requests that the simulator received, and everything else that it can do (tests/simulator/README.md):

  simulator GET /_sim/journal

Ctrl-C ends the simulator and removes the sandbox.
"""


def main(directory: Path) -> int:
    """Keep the sandbox until SIGINT, SIGTERM or the end of the terminal, then remove it."""
    if is_running(directory):
        sys.exit(f"{shown(directory)}: a sandbox is running; end it with Ctrl-C in its terminal")
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    password = secrets.token_urlsafe(6)
    try:
        with environments(directory, password) as (_simulator, ionapis):
            shell = write_commands(directory)
            ionapi = ionapis["sandbox"]
            print(INSTRUCTIONS.format(shell=shown(shell), password=password, app=ionapi["ci"], account=account_id(ionapi)), flush=True)
            while True:
                signal.pause()
    except KeyboardInterrupt:
        return 0
    finally:
        shutil.rmtree(directory, ignore_errors=True)
        print("The sandbox has ended.", flush=True)


def is_running(directory) -> bool:
    """Whether the simulator of an earlier sandbox runs in this directory."""
    ready = directory / "simulator" / "ready.json"
    try:
        os.kill(json.loads(ready.read_text())["pid"], 0)
    except (FileNotFoundError, ProcessLookupError):
        return False
    return True


def write_commands(directory) -> Path:
    """Write the scripts `shell`, which has the environment of the tests, and `bin/simulator`, which calls the simulator. Returns the path of the shell."""
    ready = directory / "simulator" / "ready.json"
    variables = {name: value for name, value in os.environ.items() if name.startswith(PASSED_ON)}
    variables |= {"PATH": f"{directory / 'bin'}{os.pathsep}{variables['PATH']}", "ANSIBLE_CALLBACKS_ENABLED": "docbits.ion.rollout", "PS1": "sandbox$ "}
    exports = "".join(f"export {name}={shlex.quote(value)}\n" for name, value in variables.items())
    (directory / "bin").mkdir()
    script(directory / "bin" / "simulator", f'exec {shlex.join([sys.executable, "-m", "simulator.client", str(ready)])} "$@"\n')
    return script(directory / "shell", f'{exports}cd {shlex.quote(str(directory))}\n[ $# -gt 0 ] || set -- sh\nexec "$@"\n')


def script(path, commands) -> Path:
    """Write a shell script."""
    path.write_text(f"#!/bin/sh\n{commands}")
    path.chmod(0o700)
    return path


def shown(path) -> str:
    """The path as seen from the checkout."""
    return str(path.relative_to(CHECKOUT) if path.is_relative_to(CHECKOUT) else path)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else CHECKOUT / "build" / "sandbox"))
