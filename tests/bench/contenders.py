# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is measured: deploy_ion.yml and its rivals, and with what command each of them does the job."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from .fleet import CHECKOUT, FILES

RIVALS = Path(__file__).with_name("rivals")
ANSIBLE_BIN = Path(os.environ.get("ANSIBLE_BIN", Path(sys.executable).parent))
PLAYBOOK = CHECKOUT / "playbooks/deploy_ion.yml"
EXPORTS_EACH = 2


@dataclass(frozen=True)
class Contender:
    """One way to do the job.

    key:     its name in bench.json
    title:   its name in tables
    empty:   whether it starts from empty organisations; otherwise from what the contender before it left
    """

    key: str
    title: str
    empty: bool = True

    @property
    def writes_each(self) -> int:
        """The writes that it has to send for each environment."""
        return EXPORTS_EACH if self.empty else 0


FIRST = Contender("deploy", "deploy_ion.yml, first run")
AGAIN = Contender("deploy_unchanged", "deploy_ion.yml, unchanged", empty=False)
URI = Contender("uri", "ansible.builtin.uri, 50 forks")
SCRIPT = Contender("script", "Python script, 50 threads")
SHELL = Contender("shell", "curl and jq in a loop")
# Not the job, but what Ansible itself needs: one task that shows a message for each environment.
FLOOR = Contender("floor", "nothing but ansible.builtin.debug", empty=False)

# In the order in which they are measured: one that is not started from empty organisations comes after the one that filled them.
ALL = (FIRST, AGAIN, SCRIPT, URI, SHELL, FLOOR)


def command_of(contender: Contender, fleet, size: int) -> tuple:
    """The arguments of its command, and the environment variables for it."""
    if contender is SCRIPT:
        return [sys.executable, RIVALS / "script.py", fleet.listing(size)], {}
    if contender is SHELL:
        return ["sh", RIVALS / "shell.sh", fleet.listing(size)], {}
    inventory = fleet.inventory(size)
    if contender is FLOOR:
        return playbook(RIVALS / "nothing.yml", inventory, fleet), ansible_variables(fleet)
    if contender is URI:
        return playbook(RIVALS / "uri.yml", inventory, fleet, "--forks", "50"), {**ansible_variables(fleet), "ANSIBLE_PIPELINING": "true"}
    return playbook(PLAYBOOK, inventory, fleet), {**ansible_variables(fleet), "ANSIBLE_CALLBACKS_ENABLED": "docbits.ion.rollout"}


def missing_tools(contender: Contender) -> list:
    """The programs that it needs and this machine lacks."""
    return [tool for tool in ("curl", "jq") if contender is SHELL and not shutil.which(tool)]


def playbook(path: Path, inventory: Path, fleet, *options) -> list:
    """The command that plays a playbook as a user would."""
    return [ANSIBLE_BIN / "ansible-playbook", "-i", inventory, path, "--vault-password-file", fleet.vault_password, *options]


def ansible_variables(fleet) -> dict:
    """Variables that keep this machine's own settings of Ansible out, and let it find the collection."""
    return {
        "ANSIBLE_CONFIG": str(fleet.empty_config),
        "ANSIBLE_COLLECTIONS_PATH": os.environ.get("ANSIBLE_COLLECTIONS_PATH", str(CHECKOUT / "build/collections")),
        "ANSIBLE_HOME": str(fleet.empty_config.parent / "ansible"),
        "ANSIBLE_NOCOLOR": "1",
        "NO_PROXY": "127.0.0.1,localhost",
    }


def layout_command(fleet, size: int, layout: str = FILES) -> tuple:
    """The playbook without any request: Ansible, the vault and reading files."""
    return playbook(PLAYBOOK, fleet.inventory(size, layout, rings=False), fleet, "--tags", "parse"), ansible_variables(fleet)
