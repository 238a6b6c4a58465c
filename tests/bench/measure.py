# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures one run of one contender: what it cost, and what the journal of the server saw of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

LAUNCHER = Path(__file__).with_name("launcher.py")
LONGEST_RUN = 1800

# Variables of the caller that would change what is measured.
NOT_HANDED_ON = ("ANSIBLE_", "DOCBITS_", "PYTHON")


@dataclass(frozen=True)
class Measure:
    """One run.

    wall, cpu:   seconds; cpu is user and system time of all its processes
    server_cpu:  seconds that the server worked for it on the same machine, None if the system does not report it
    memory:      peak of the largest of its processes in MiB
    all_memory:  peak of all its processes together in MiB, with shared pages counted once; None if the system does not report it
    requests:    how many arrived
    connections: on how many connections
    logins:      how many of them were logins of a service account
    writes:      how many of them changed something
    """

    wall: float
    cpu: float
    server_cpu: float | None
    memory: float
    all_memory: float | None
    requests: int
    connections: int
    logins: int
    writes: int


class Failed(Exception):
    """A run did not do its job; the text has the path of its output."""


class Stopwatch:
    """Runs commands against one server. Their output goes into `folder`."""

    def __init__(self, simulator, folder: Path) -> None:
        self._simulator = simulator
        self._folder = folder
        self._runs = 0

    def measure(self, command: list, writes: int | None, **variables) -> Measure:
        """Run `command` under these environment variables.

        writes: how many writes it has to send; None when that says nothing about its success
        raises: L(Failed) when it fails, when the server refuses something or when it sent another number of writes
        """
        self._runs += 1
        output, report = self._folder / f"run-{self._runs:04}.log", self._folder / "cost.json"
        before = self._simulator.last()
        server_before = self._server_cpu()
        environment = {name: value for name, value in os.environ.items() if not name.startswith(NOT_HANDED_ON)} | variables
        arguments = [str(argument) for argument in command]
        with output.open("w") as log:
            subprocess.run(
                [sys.executable, "-I", "-S", LAUNCHER, report, *arguments],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                timeout=LONGEST_RUN,
                check=False,
            )
        server_after = self._server_cpu()
        cost = json.loads(report.read_text())
        journal = self._simulator.journal(before)
        self._simulator.clear_journal()
        refused = [request for request in journal if request["status"] != 200]
        measure = Measure(
            cost["wall"],
            cost["cpu"],
            None if server_before is None else server_after - server_before,
            cost["memory"],
            cost["all_memory"],
            len(journal),
            len({(request["service"], request["connection"]) for request in journal}),
            sum(request["login"] for request in journal),
            sum(request["write"] for request in journal),
        )
        if cost["status"] or refused or writes not in (None, measure.writes):
            raise Failed(f"status {cost['status']}, {len(refused)} requests refused, {measure.writes} writes where {writes} were due: see {output}")
        output.unlink()
        return measure

    def _server_cpu(self):
        try:
            fields = Path(f"/proc/{self._simulator.process.pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return None
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def settle() -> None:
    """Let the machine come to rest between two runs, so that none pays for the one before it."""
    time.sleep(0.3)
