# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs every scenario as check, real and again, one ansible-playbook each, and keeps all outputs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path

from .scenario import HERE, PHASES

ANSIBLE_BIN = Path(os.environ.get("ANSIBLE_BIN", Path(sys.executable).parent))
PHASE_OPTIONS = {"check": ["--check"], "real": [], "again": []}
# Everything that Ansible can be asked to print. Only once, because it is slow.
PHASE_VARIABLES = {"again": {"ANSIBLE_DEBUG": "1"}}
FORKS = 8
LONGEST_PHASE = 600
REPORTS = {"report.json": "DOCBITS_ION_REPORT", "report.html": "DOCBITS_ION_REPORT_HTML", "report.xml": "DOCBITS_ION_REPORT_JUNIT"}


@dataclass
class Phase:
    """What one ansible-playbook run left.

    results:  host name to the result of its task
    requests: the simulator's journal of this run
    exports:  host name to DocBits' exports after it
    outputs:  name of an output (stdout, stderr, log, results, a report, a temporary file) to its bytes
    """

    results: dict = field(default_factory=dict)
    requests: list = field(default_factory=list)
    exports: dict = field(default_factory=dict)
    outputs: dict = field(default_factory=dict)

    def requests_of(self, world) -> list:
        """The requests of one host."""
        return [request for request in self.requests if request["principal"] in world.principals]


def run_phases(worlds: list, simulator, folder: Path) -> dict:
    """Each phase by its name, and the state before all of them under the name `start`."""
    phases = {"start": Phase(exports=_exports(worlds, simulator))}
    for name in PHASES:
        phases[name] = _run_phase(name, worlds, simulator, folder)
    return phases


def _run_phase(name, worlds, simulator, folder) -> Phase:
    place = folder / name
    temporary = place / "tmp"
    temporary.mkdir(parents=True)
    results, log = place / "results.jsonl", place / "ansible.log"
    results.touch()
    # An empty one, so that no configuration of the machine applies.
    (place / "ansible.cfg").touch()
    environment = (
        {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
        | {
            "ANSIBLE_CONFIG": str(place / "ansible.cfg"),
            "ANSIBLE_CONNECTION_PLUGINS": str(HERE / "connection_plugins"),
            "ANSIBLE_CALLBACK_PLUGINS": str(HERE / "callback_plugins"),
            "ANSIBLE_CALLBACKS_ENABLED": "results,ansible.builtin.junit,docbits.ion.rollout",
            "ANSIBLE_CACHE_PLUGIN": "ansible.builtin.jsonfile",
            "ANSIBLE_CACHE_PLUGIN_CONNECTION": str(temporary / "facts"),
            "ANSIBLE_FORKS": str(FORKS),
            "ANSIBLE_HOST_KEY_CHECKING": "false",
            "ANSIBLE_LOCAL_TEMP": str(temporary / "local"),
            "ANSIBLE_REMOTE_TEMP": str(temporary / "remote"),
            "ANSIBLE_LOG_PATH": str(log),
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_VAULT_PASSWORD_FILE": str(folder / "vault-password"),
            **{variable: str(place / report) for report, variable in REPORTS.items()},
            "JUNIT_OUTPUT_DIR": str(temporary / "junit"),
            "NO_PROXY": "127.0.0.1,localhost",
            "RESULTS_FILE": str(results),
            "TMPDIR": str(temporary),
        }
        | PHASE_VARIABLES.get(name, {})
    )
    command = [ANSIBLE_BIN / "ansible-playbook", "-i", folder / "inventory.yml", folder / "scenarios.yml", "--diff", "-vvvv", *PHASE_OPTIONS[name]]
    before = simulator.last()
    with Watcher(temporary, place / "seen") as watcher:
        run = subprocess.run(command, check=False, env=environment, cwd=place, capture_output=True, timeout=LONGEST_PHASE, stdin=subprocess.DEVNULL)
    if b"PLAY RECAP" not in run.stdout:
        raise RuntimeError(f"phase {name} did not run to its end:\n{run.stdout[-2000:].decode()}\n{run.stderr[-4000:].decode()}")
    outputs = {"stdout": run.stdout, "stderr": run.stderr, "log": log.read_bytes(), "results": results.read_bytes(), **watcher.files()}
    outputs |= {name: (place / name).read_bytes() for name in REPORTS if (place / name).exists()}
    for output in ("stdout", "stderr"):
        (place / output).write_bytes(outputs[output])
    lines = [json.loads(line) for line in results.read_text().splitlines()]
    # A host of a batch has its result from the task after the batch's.
    own = {line["host"]: line["result"] for line in lines if line["action"].startswith("docbits.ion.")}
    return Phase(own, simulator.journal(before), _exports(worlds, simulator), outputs)


def _exports(worlds, simulator) -> dict:
    return {world.host: simulator.exports(world.host) for world in worlds}


class Watcher:
    """Keeps every file that appears under a directory, also one that is removed a moment later, by a second link to it."""

    PAUSE = 0.01

    def __init__(self, directory: Path, keep: Path) -> None:
        self._directory, self._keep = directory, keep
        self._seen: dict = {}
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        keep.mkdir()

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_error) -> None:
        self._done.set()
        self._thread.join()
        self._look(self._directory)

    def files(self) -> dict:
        """The bytes of every file that was seen, by its path; the copies are removed."""
        found = {f"temporary file {path}": (self._keep / str(inode)).read_bytes() for inode, path in self._seen.items()}
        shutil.rmtree(self._keep)
        return found

    def _watch(self) -> None:
        while not self._done.wait(self.PAUSE):
            self._look(self._directory)

    def _look(self, directory) -> None:
        try:
            entries = list(os.scandir(directory))
        except OSError:
            return
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                self._look(entry.path)
            elif entry.is_file(follow_symlinks=False) and entry.inode() not in self._seen:
                try:
                    os.link(entry.path, self._keep / str(entry.inode()))
                except OSError:
                    continue
                self._seen[entry.inode()] = os.path.relpath(entry.path, self._directory)
