# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plays a playbook as ansible-playbook does, and books the processor time of every process of it under what it was spent on."""

from __future__ import annotations

import json
import multiprocessing
import os
import resource
import signal
import sys
import threading
import time
from collections import Counter
from functools import wraps
from importlib import import_module
from pathlib import Path

from ansible.executor.process.worker import WorkerProcess

# Files and inline values alike.
OPENING = "opening vaulted texts"
OURS = "ansible_collections.docbits.ion.plugins"

# Where time is booked: (module, class or None, function) to what it is. Time spent in one of them inside another counts for the inner one alone.
ANSIBLE = {
    ("ansible.vars.manager", "VariableManager", "get_vars"): "putting variables together",
    ("ansible.parsing.vault", "VaultLib", "decrypt"): OPENING,
    ("ansible.executor.process.worker", "WorkerProcess", "start"): "forking",
    ("ansible.plugins.strategy", "StrategyBase", "_process_pending_results"): "taking results in",
    ("ansible.executor.task_queue_manager", "TaskQueueManager", "send_callback"): "showing results",
    ("ansible.inventory.manager", "InventoryManager", "parse_sources"): "reading the inventory",
    ("ansible.playbook.task", "Task", "post_validate"): "templating the task",
    ("ansible.template", "Templar", "template"): "templating",
}
COLLECTION = {
    (f"{OURS}.plugin_utils._controller", "ControllerAction", "prepare"): "reading files",
    (f"{OURS}.module_utils._http.client", "HttpClient", "_call_once"): "calls: HTTP and TLS",
    (f"{OURS}.module_utils._core.run", None, "execute"): "checking, planning, comparing",
}


class Ledger:
    """Processor seconds of this process by what they were spent on, over all its threads."""

    def __init__(self) -> None:
        self.seconds = Counter()
        self._open = threading.local()

    def booked(self, function, what):
        """The function, its time booked as `what`."""

        @wraps(function)
        def timed(*arguments, **options):
            inner = self._open.__dict__.setdefault("inner", [0.0])
            inner.append(0.0)
            started = time.thread_time()
            try:
                return function(*arguments, **options)
            finally:
                spent = time.thread_time() - started
                self.seconds[what] += spent - inner.pop()
                inner[-1] += spent

        return timed

    def start_over(self) -> None:
        """For a process that was forked: what its parent spent is not its own, and what is under way there is not under way here."""
        self.seconds.clear()
        self._open.__dict__.clear()


def main(report: str, arguments: list) -> None:
    """Run ansible-playbook with these arguments; append a line of JSON for each process to `report`."""
    ledger = Ledger()
    _book(ledger, ANSIBLE)
    _watch_workers(ledger, report)
    from ansible.cli.playbook import main as play

    myself = os.getpid()
    try:
        play(["ansible-playbook", *arguments])
    finally:
        if os.getpid() == myself:
            for worker in multiprocessing.active_children():
                worker.join()
            usage = resource.getrusage(resource.RUSAGE_CHILDREN)
            _report(report, "controller", ledger, children=usage.ru_utime + usage.ru_stime)


def _watch_workers(ledger, report) -> None:
    work = WorkerProcess._run

    def watched(worker):
        # Ansible ends a worker whose result it has, and on a crowded machine does so before the worker could report.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        ledger.start_over()
        if worker._task.action == "docbits.ion.environments":
            _book(ledger, COLLECTION)
            _watch_processes(ledger, report, worker._task.action)
        try:
            return work(worker)
        finally:
            _report(report, worker._task.action, ledger)

    WorkerProcess._run = watched


def _watch_processes(ledger, report, action) -> None:
    """Report the processes of a worker like the worker itself."""
    processes = import_module(f"{OURS}.plugin_utils._processes").Processes
    run_share = processes._run_share

    def watched(*arguments):
        ledger.start_over()
        try:
            return run_share(*arguments)
        finally:
            _report(report, action, ledger)

    processes._run_share = watched


def _book(ledger, places) -> None:
    for (module, owner, name), what in places.items():
        holder = import_module(module)
        if owner is None:
            # Others have it by its name already.
            function = getattr(holder, name)
            timed = ledger.booked(function, what)
            for loaded in list(sys.modules.values()):
                if getattr(loaded, name, None) is function:
                    setattr(loaded, name, timed)
        else:
            holder = getattr(holder, owner)
            setattr(holder, name, ledger.booked(getattr(holder, name), what))


def _report(report, process, ledger, children=0.0) -> None:
    with Path(report).open("a") as file:
        file.write(json.dumps({"process": process, "seconds": ledger.seconds, "whole": time.process_time(), "children": children}) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
