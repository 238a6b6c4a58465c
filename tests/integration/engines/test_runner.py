# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""examples/runner: a fleet in slices over workers of ansible-runner, one of which is killed in the middle of its slice."""

from __future__ import annotations

import importlib.util
import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import jsonschema
import pytest

from integration.engines.fleet import EXAMPLES, Fleet
from integration.scenario import CHECKOUT

SHARDS = EXAMPLES / "runner/shards.py"
# ION_LARGE_FLEET=1 runs the fleet of 200 environments, which takes minutes.
SIZE, WORKERS = (200, 4) if "ION_LARGE_FLEET" in os.environ else (10, 3)
PATIENCE = 60 + SIZE * 3

spec = importlib.util.spec_from_file_location("shards", SHARDS)
shards = importlib.util.module_from_spec(spec)
spec.loader.exec_module(shards)


class Run:
    """A run of the example with workers on this machine, each in a directory of its own."""

    def __init__(self, fleet: Fleet, folder: Path) -> None:
        self.output = folder / "results"
        self.output.mkdir()
        self._pids = [folder / f"worker-{number}" for number in range(WORKERS)]
        workers = [f"sh -c 'echo $$ > {shlex.quote(str(pid))}; exec ansible-runner worker'" for pid in self._pids]
        command = [
            sys.executable,
            SHARDS,
            "--directory",
            fleet.directory,
            "--output",
            self.output,
            "--ring",
            "all",
            "-e",
            f"docbits_state_dir={folder / 'state'}",
        ]
        command += [argument for worker in workers for argument in ("--worker", worker)]
        (folder / "tmp").mkdir()
        self._process = subprocess.Popen(
            [str(argument) for argument in command],
            env=fleet.environment(TMPDIR=str(folder / "tmp")),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def kill_worker_of(self, name: str) -> int:
        """Kill the worker whose ansible-playbook has this environment, with all of its processes. Returns its number."""
        for number, pid in enumerate(self._pids, start=1):
            processes = descendants(int(pid.read_text()))
            if any(name in Path(f"/proc/{process}/cmdline").read_text() for process in processes):
                for process in processes:
                    os.kill(process, signal.SIGKILL)
                return number
        raise AssertionError(f"no worker has {name}")

    def end(self) -> tuple:
        """(exit status, lines of the summary, merged report)."""
        text, _errors = self._process.communicate(timeout=PATIENCE)
        assert (self.output / "report.json").exists(), text
        return self._process.returncode, text.splitlines(), json.loads((self.output / "report.json").read_text())

    def stop(self) -> None:
        """Leave no process behind, whatever failed."""
        if self._process.poll() is None:
            for process in descendants(self._process.pid):
                os.kill(process, signal.SIGKILL)
            self._process.communicate()


def descendants(pid: int) -> list:
    """A process and all that it started, parents first."""
    children = Path(f"/proc/{pid}/task/{pid}/children")
    return [pid, *(found for child in (children.read_text().split() if children.exists() else ()) for found in descendants(int(child)))]


@pytest.mark.skipif(not Path(f"/proc/self/task/{os.getpid()}/children").exists(), reason="finds the processes of a worker in /proc")
def test_slice_of_a_killed_worker_is_done_again_and_nothing_is_doubled(simulator, tmp_path):
    fleet = Fleet(simulator, tmp_path, SIZE)
    held = fleet.names[-1]
    simulator.faults([{"service": "docbits", "match": f"POST /h/{held}/.*export", "times": 1, "after": True, "action": {"hold": True}}])
    run = Run(fleet, tmp_path)
    try:
        deadline = time.monotonic() + PATIENCE
        while not simulator.held():
            assert time.monotonic() < deadline and run._process.poll() is None, run._process.stdout.read()
            time.sleep(0.1)
        killed = run.kill_worker_of(held)
        simulator.faults([])
        status, summary, report = run.end()
    finally:
        run.stop()
    assert status == 0, summary
    jsonschema.validate(report, json.loads((CHECKOUT / "docs/report.schema.json").read_text()))

    rows = Counter(row["environment"] for row in report["environments"])
    assert rows == Counter(fleet.names)
    assert {row["outcome"] for row in report["environments"]} <= {"changed", "unchanged"}
    for name in fleet.names:
        assert sorted(export["title"] for export in simulator.exports(name)) == ["Delivery notes to IDM", "Invoices to IDM and ION"]

    sliced = [name for one in report["slices"] for name in one["environments"]]
    assert sorted(sliced) == fleet.names
    [again] = [one for one in report["slices"] if len(one["attempts"]) > 1]
    assert held in again["environments"]
    assert [attempt["outcome"] for attempt in again["attempts"]] == ["lost", "ended"]
    assert again["attempts"][0]["worker"] == killed != again["attempts"][1]["worker"]
    assert any(f"worker {killed} lost" in line for line in summary)
    assert fleet.leaks(tmp_path) == []

    commands = [json.loads(path.read_text())["command"] for path in run.output.glob("artifacts/*/command")]
    assert commands and all(json.dumps({"docbits_shares": WORKERS}).replace(" ", "") in command for command in commands)


# What a worker answers whose playbook ended without a report, and one that ends at once.
NO_REPORT = """sh -c 'cat > /dev/null; echo "{\\"status\\": \\"failed\\"}"; echo "{\\"eof\\": true}"'"""
LOST = "true"


@pytest.mark.parametrize(("workers", "attempts"), [([LOST, LOST], ["lost", "lost"]), ([NO_REPORT, NO_REPORT], ["ended"])])
def test_slice_without_a_report_is_unknown_and_the_next_ring_is_not_begun(tmp_path, workers, attempts):
    inventory = tmp_path / "fleet/inventory"
    inventory.mkdir(parents=True)
    (inventory / "hosts.yml").write_text("all: {children: {canary: {hosts: {sandbox: }}, broad: {hosts: {production: }}}}")
    options = [argument for worker in workers for argument in ("--worker", worker)]
    command = [
        sys.executable,
        SHARDS,
        "--directory",
        tmp_path / "fleet",
        "--output",
        tmp_path / "results",
        "--ring",
        "canary",
        "--ring",
        "all:!canary",
        *options,
    ]
    ran = subprocess.run([str(argument) for argument in command], capture_output=True, text=True, check=False)
    report = json.loads((tmp_path / "results/report.json").read_text())
    assert ran.returncode == 3, ran.stderr
    assert [attempt["outcome"] for attempt in report["slices"][0]["attempts"]] == attempts
    assert {row["environment"]: row["outcome"] for row in report["environments"]} == {"sandbox": "unknown", "production": "not begun"}


@pytest.mark.parametrize("count", [1, 2, 4, 7])
@pytest.mark.parametrize("per_tenant", [1, 3, 50])
def test_each_environment_is_in_one_slice(count, per_tenant):
    tenants = {f"environment-{number}": f"TENANT{number // per_tenant}" for number in range(50)}
    slices = shards.split(tenants, count)
    assert sorted(name for names in slices for name in names) == sorted(tenants)
    assert len(slices) <= count and max(map(len, slices)) <= 50 / count + per_tenant


def test_tenant_that_fits_into_a_slice_is_not_divided():
    tenants = {f"environment-{number}": f"TENANT{number % 5}" for number in range(20)}
    slices = shards.split(tenants, 4)
    assert all(sum(any(tenants[name] == tenant for name in names) for names in slices) == 1 for tenant in set(tenants.values()))


def test_more_slices_than_environments_leave_none_empty():
    assert shards.split({"sandbox": "ACME_TST"}, 4) == [["sandbox"]]
    assert shards.split({}, 4) == []
