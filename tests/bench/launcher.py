# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Starts one command and reports its cost, with its descendants. A small process of its own: a child's peak counts from its parent's size."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

# Seconds between two looks at the memory of all processes.
INTERVAL = 0.25


def main(report: str, command: list) -> None:
    """Run the command; write wall and processor seconds, the peaks in MiB of its largest process and of all, and its exit status."""
    started = time.monotonic()
    process = subprocess.Popen(command)
    sums, ended = [], threading.Event()
    watch = threading.Thread(target=_watch, args=(process.pid, sums, ended))
    watch.start()
    _pid, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - started
    ended.set()
    watch.join()
    # Linux counts in KiB, macOS in bytes.
    unit = 1024 * 1024 if sys.platform == "darwin" else 1024
    memory = {"memory": usage.ru_maxrss / unit, "all_memory": max(sums, default=0) / 1024 or None}
    cost = {"wall": wall, "cpu": usage.ru_utime + usage.ru_stime, **memory, "status": os.waitstatus_to_exitcode(status)}
    with open(report, "w") as file:
        json.dump(cost, file)


def _watch(root: int, sums: list, ended) -> None:
    """Collect the memory in KiB of the process and its descendants until the event. A process that ends in the meantime counts as nothing."""
    while not ended.wait(INTERVAL):
        parents = {}
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
        family, more = set(), {root}
        while more:
            family |= more
            more = {pid for pid, parent in parents.items() if parent in more}
        sums.append(sum(_memory(pid) for pid in family))


def _memory(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
