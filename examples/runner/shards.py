# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a playbook of docbits.ion over slices of an inventory, each on a worker of ansible-runner, and merges the reports.

Needs ansible-runner here and on each worker, and docbits.ion on each worker. See README.md.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import shlex
import subprocess
import sys
import threading
from collections import deque
from datetime import datetime
from pathlib import Path

import ansible_runner

# The rings of docbits.ion.deploy_ion. A ring begins when all slices of the one before it have ended without a failure.
RINGS = ("canary", "early:!canary", "all:!early:!canary")
GOOD = ("changed", "unchanged", "files validated", "authentication tested", "skipped")


def main() -> int:
    """0 if each environment is as declared, 2 if one failed, 3 if a slice has no report."""
    parser = argparse.ArgumentParser(description=__doc__, epilog="Other options are those of ansible-playbook, such as --check --diff.")
    parser.add_argument("--directory", default=".", help="private data directory of ansible-runner: inventory/ and the files that it names")
    parser.add_argument("--playbook", default="docbits.ion.deploy_ion")
    parser.add_argument("--ring", action="append", help=f"host patterns that run one after the other (default: {', '.join(RINGS)})")
    parser.add_argument("--worker", action="append", required=True, help="command of a worker, such as 'ssh host ansible-runner worker'; once for each")
    parser.add_argument("--output", default="results", help="directory of report.json and of the artifacts of each slice, outside of --directory")
    options, playbook_options = parser.parse_known_args()
    output = Path(options.output).resolve()
    output.mkdir(parents=True, exist_ok=True)
    fleet = Fleet(Path(options.directory).resolve(), output, options.playbook, playbook_options, options.worker)
    try:
        for ring in options.ring or RINGS:
            fleet.run(ring, may_begin=fleet.is_good())
    except subprocess.CalledProcessError:
        sys.exit("ansible-inventory could not read the inventory; correct what it says above")
    (output / "report.json").write_text(json.dumps(fleet.report(), indent=2) + "\n")
    for line in fleet.summary():
        print(line)
    return 3 if fleet.lacks_reports() else 0 if fleet.is_good() else 2


class Fleet:
    """Slices of an inventory, run ring by ring.

    directory: private data directory, sent to each worker as a whole; vaulted files stay encrypted on the way
    output:    directory for what comes back
    workers:   commands that read the stream of `ansible-runner transmit` and write that of `ansible-runner worker`
    """

    def __init__(self, directory: Path, output: Path, playbook: str, playbook_options: list, workers: list) -> None:
        self._directory = directory
        self._output = output
        self._playbook = playbook
        self._playbook_options = playbook_options
        # A worker that was lost is not used again: number to command.
        self._workers = dict(enumerate(workers, start=1))
        self._shares = len(workers)
        self._run = datetime.now().strftime("%Y%m%d-%H%M%S")
        self._slices: list = []

    def run(self, ring: str, may_begin: bool) -> None:
        """Run the slices of a ring. A slice whose worker is lost is done again by another one."""
        slices = [Slice(ring, names) for names in split(self._tenants(ring), self._shares)]
        self._slices += slices
        if may_begin:
            waiting = deque(slices)
            condition, running = threading.Condition(), set()
            threads = [threading.Thread(target=self._work, args=(number, waiting, running, condition)) for number in list(self._workers)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

    def is_good(self) -> bool:
        """Whether no environment failed so far and each slice has its report."""
        return all(row["outcome"] in GOOD for one in self._slices for row in one.rows())

    def lacks_reports(self) -> bool:
        """Whether a slice began and left no report."""
        return any(one.attempts and not one.report for one in self._slices)

    def report(self) -> dict:
        """The reports of all slices as one, in the format of docbits.ion.rollout, with the attempts of each slice."""
        reports = [one.report for one in self._slices if one.report]
        started, finished = min((report["started"] for report in reports), default=None), max((report["finished"] for report in reports), default=None)
        seconds = (datetime.fromisoformat(finished) - datetime.fromisoformat(started)).total_seconds() if reports else None
        return {
            **({"$schema": reports[0]["$schema"], "version": reports[0]["version"]} if reports else {}),
            "check_mode": any(report["check_mode"] for report in reports),
            "started": started,
            "finished": finished,
            "seconds": seconds,
            "environments": [row for one in self._slices for row in one.rows()],
            "slices": [{"ring": one.ring, "environments": one.names, "attempts": one.attempts} for one in self._slices],
        }

    def summary(self):
        """One line for each slice, and one for each environment that is not as declared."""
        for number, one in enumerate(self._slices, start=1):
            attempts = ", ".join(f"worker {attempt['worker']} {attempt['outcome']}" for attempt in one.attempts) or "not begun"
            yield f"slice {number} of {one.ring}: {len(one.names)} environments: {attempts}"
        for row in self.report()["environments"]:
            if row["outcome"] not in GOOD:
                yield f"{row['environment']}: {row['outcome']}" + (f": {row['message']}" if row["message"] else "")

    def _tenants(self, ring) -> dict:
        """The Infor tenant of each host of a ring: the variable docbits_tenant, or the name of the host where it is not set."""
        command = ["ansible-inventory", "-i", str(self._directory / "inventory"), "--list", "--limit", ring]
        listed = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
        variables = listed.pop("_meta")["hostvars"]
        names = dict.fromkeys(name for group in listed.values() for name in group.get("hosts", ()))
        return {name: variables.get(name, {}).get("docbits_tenant") or name for name in names}

    def _work(self, number, waiting, running, condition) -> None:
        """Do slices until none is left that this worker could have to do again."""
        while True:
            with condition:
                condition.wait_for(lambda: waiting or not running)
                if not waiting:
                    return
                one = waiting.popleft()
                running.add(number)
            ended = False
            try:
                ended = self._attempt(number, one)
            finally:
                with condition:
                    running.remove(number)
                    if not ended:
                        waiting.append(one)
                        del self._workers[number]
                    condition.notify_all()
            if not ended:
                return

    def _attempt(self, number, one) -> bool:
        """Do a slice on a worker. False if the worker was lost: its stream ended before its run."""
        ident = f"{self._run}-{one.names[0]}-{len(one.attempts) + 1}"
        attempt = {"worker": number, "outcome": "began", "ident": ident}
        one.attempts.append(attempt)
        with subprocess.Popen(shlex.split(self._workers[number]), stdin=subprocess.PIPE, stdout=subprocess.PIPE) as worker:
            try:
                with worker.stdin:
                    ansible_runner.run(streamer="transmit", _output=worker.stdin, private_data_dir=str(self._directory), ident=ident, **self._job(one, ident))
            except BrokenPipeError:
                pass
            run = ansible_runner.run(streamer="process", _input=worker.stdout, private_data_dir=str(self._output), ident=ident, quiet=True)
        attempt["outcome"] = "lost" if run.status == "error" else "ended"
        try:
            report = json.loads((self._output / "artifacts" / ident / "report.json").read_text())
        except (OSError, ValueError):
            report = {"finished": None}
        # The report of a run that did not end has been there since its start.
        one.report = report if report["finished"] else None
        return attempt["outcome"] == "ended"

    def _job(self, one, ident) -> dict:
        # The worker runs in project/ if there is one, and what is in the directory of its artifacts comes back.
        above = "../" if (self._directory / "project").exists() else ""
        environment = {"ANSIBLE_CALLBACKS_ENABLED": "docbits.ion.rollout", "DOCBITS_ION_REPORT": f"{above}artifacts/{ident}/report.json"}
        return {
            "playbook": self._playbook,
            "limit": ",".join(one.names),
            "cmdline": shlex.join(self._playbook_options),
            "extravars": {"docbits_shares": self._shares},
            "envvars": environment,
            # Otherwise the first slice would leave its own in the directory, and all others would take them.
            "suppress_env_files": True,
        }


class Slice:
    """Environments of a ring that one worker does in one run."""

    def __init__(self, ring: str, names: list) -> None:
        self.ring = ring
        self.names = names
        self.attempts: list = []
        self.report: dict | None = None

    def rows(self) -> list:
        """The environments of the report; of a slice without a report, what is known."""
        if self.report:
            return self.report["environments"]
        message = f"its slice left no report; see artifacts/{self.attempts[-1]['ident']}/stdout" if self.attempts else ""
        return [_row(name, self.ring, "unknown" if self.attempts else "not begun", message) for name in self.names]


def split(tenants: dict, count: int) -> list:
    """The names in `tenants` in at most `count` slices of about the same size, each name in exactly one.

    Environments of one Infor tenant are in one slice, so that they share logins, unless there are more than a slice has.
    """
    size = math.ceil(len(tenants) / count)
    members: dict = {}
    for name, tenant in tenants.items():
        members.setdefault(tenant, []).append(name)
    pieces = [names[first : first + size] for names in members.values() for first in range(0, len(names), size)]
    slices: list = [[] for _slice in range(count)]
    for piece in sorted(pieces, key=len, reverse=True):
        min(slices, key=len).extend(piece)
    return [names for names in slices if names]


def _row(name, ring, outcome, message) -> dict:
    stages = dict.fromkeys(("parse", "prove", "plan", "apply", "verify"), "not run")
    empty = {"infor": "-", "exports": "-", "stages": stages, "connections": {}, "findings": [], "steps": [], "diff": "", "started": None, "seconds": None}
    return {"environment": name, "ring": ring, "outcome": outcome, "message": message, **empty}


if __name__ == "__main__":
    os.umask(0o077)
    sys.exit(main())
