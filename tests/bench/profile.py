# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The processor profile: where the time of deploy_ion.yml goes, whose it is, and in which process it is spent."""

from __future__ import annotations

import json
import sys
from collections import Counter, defaultdict
from pathlib import Path

from . import contenders
from .booked_playbook import COLLECTION

PROGRAM = Path(__file__).with_name("booked_playbook.py")
SIZE = 200
PROCESSES = {"controller": "controller", "docbits.ion.environments": "workers of the rings", "docbits.ion.outcome": "workers of the outcomes"}
REST = "everything else"
BETWEEN = "starting and ending processes"


def profile(fleet, stopwatch, size: int = SIZE) -> list:
    """Rows of (process, what, whose, seconds) of a first run, without latency."""
    fleet.start_over(size)
    return booked(fleet, stopwatch, *contenders.command_of(contenders.FIRST, fleet, size), writes=contenders.FIRST.writes_each * size)


def seconds_of(what: str, found: list) -> float:
    """What all processes together spent on `what`."""
    return sum(seconds for _process, name, _whose, seconds in found if name == what)


def booked(fleet, stopwatch, command: list, variables: dict, writes: int) -> list:
    """The same rows for any playbook's command."""
    report = fleet.empty_config.with_name("profile.jsonl")
    report.unlink(missing_ok=True)
    playbook, *arguments = command
    python = playbook.with_name("python") if playbook.with_name("python").exists() else Path(sys.executable)
    # The program imports what it watches before Ansible has set up the way to collections.
    variables = {**variables, "PYTHONPATH": variables["ANSIBLE_COLLECTIONS_PATH"]}
    stopwatch.measure([python, PROGRAM, report, *arguments], writes, **variables)
    return rows([json.loads(line) for line in report.read_text().splitlines()])


def rows(processes: list) -> list:
    """The same, of what the processes reported."""
    spent, whole, children = defaultdict(Counter), Counter(), 0.0
    for process in processes:
        name = PROCESSES.get(process["process"], process["process"])
        spent[name].update(process["seconds"])
        spent[name][REST] += process["whole"] - sum(process["seconds"].values())
        whole[name] += process["whole"]
        children += process["children"]
    of_workers = sum(seconds for name, seconds in whole.items() if name != PROCESSES["controller"])
    ours = set(COLLECTION.values())
    found = [(name, what, "collection" if what in ours else "Ansible", seconds) for name, whats in spent.items() for what, seconds in whats.most_common()]
    found.append(("all workers", BETWEEN, "Ansible", children - of_workers))
    order = [*PROCESSES.values(), "all workers"]
    return sorted(found, key=lambda row: order.index(row[0]) if row[0] in order else len(order))
