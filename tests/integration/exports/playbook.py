# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A folder with an inventory and a playbook of one task, and ansible-playbook on it."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import time
from pathlib import Path

import yaml

HOST = "sandbox"
LONGEST = 120
# Far more than any of these takes; the tests wait for events, not for times.
PATIENCE = 60


class Playbook:
    """Runs docbits.ion.exports on an organisation, on this machine, with a home of its own.

    options: further options of the task
    """

    def __init__(self, stand, folder: Path, **options) -> None:
        self.folder = folder
        self.inventory = folder / "inventory"
        task = {"docbits_url": stand.url, "api_key": "{{ key }}", "ca_path": str(stand.simulator.ca), "allow_insecure": True, **options}
        play = {"hosts": "all", "gather_facts": False, "tasks": [{"docbits.ion.exports": task}]}
        self.inventory.mkdir()
        hosts = {HOST: {"ansible_connection": "local", "key": stand.api_key}}
        (self.inventory / "hosts.yml").write_text(yaml.safe_dump({"all": {"hosts": hosts}}))
        (folder / "site.yml").write_text(yaml.safe_dump([play]))
        (folder / "ansible.cfg").touch()
        collections = Path(importlib.util.find_spec("ansible_collections.docbits.ion").submodule_search_locations[0]).parents[2]
        self._environment = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "PYTHON"))} | {
            "ANSIBLE_COLLECTIONS_PATH": str(collections),
            "ANSIBLE_CONFIG": str(folder / "ansible.cfg"),
            "ANSIBLE_LOCAL_TEMP": str(folder / "tmp"),
            "ANSIBLE_NOCOLOR": "1",
            "HOME": str(folder),
            "NO_PROXY": "127.0.0.1",
        }

    def start(self, *options) -> subprocess.Popen:
        """Start it as the leader of a process group of its own."""
        command = [Path(sys.executable).parent / "ansible-playbook", "-i", self.inventory, self.folder / "site.yml", *options]
        return subprocess.Popen(
            command,
            env=self._environment,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self, *options) -> str:
        """The line of the recap, after a run that must succeed."""
        return recap(self.start(*options))


def recap(process) -> str:
    """The line of the recap, once a process has ended successfully."""
    output, _errors = process.communicate(timeout=LONGEST)
    assert process.returncode == 0, output
    return next(line for line in output.splitlines() if line.startswith(f"{HOST} ") and "changed=" in line)


def wait_for(condition, what):
    """The value of a condition once it is true."""
    ends = time.monotonic() + PATIENCE
    while time.monotonic() < ends:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"there was no {what}")


def descendants(pid) -> list:
    """The processes below a process."""
    parents = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents.setdefault(int(fields[1]), []).append(int(path.parent.name))
    found = list(parents.get(pid, []))
    for child in found:
        found += parents.get(child, [])
    return found


def has_ended(pid) -> bool:
    """Whether a process has ended, even if nobody has asked for its status."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True
