# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Processes: the order in which hosts are agreed on, results, and processes that end early."""

from __future__ import annotations

import os
import signal
import time

import pytest

from ansible_collections.docbits.ion.plugins.module_utils._http.client import SEMAPHORE
from ansible_collections.docbits.ion.plugins.plugin_utils import _processes
from ansible_collections.docbits.ion.plugins.plugin_utils._processes import Processes, processes_for

NAMES = [f"host-{number}" for number in range(7)]


def work(names, agree, report):
    """Reports what was agreed on, the process, and its part of the limit of requests."""
    for name in names:
        report(name, {"agreed": agree(name, name.upper()), "process": os.getpid(), "divided": SEMAPHORE.processes})


def run(work, count, agree=lambda name, value: value):
    results = {}
    with Processes(NAMES, count, work) as processes:
        processes.run(agree, results.__setitem__)
    return results


@pytest.mark.parametrize("count", [1, 2, 3])
def test_each_host_has_the_result_of_what_was_agreed_on_in_order(count):
    order = []

    def agree(name, value):
        order.append(name)
        return f"{value} {len(order)}"

    results = run(work, count, agree)
    assert order == NAMES
    assert {name: result["agreed"] for name, result in results.items()} == {name: f"{name.upper()} {index + 1}" for index, name in enumerate(NAMES)}
    assert len({result["process"] for result in results.values()}) == count
    assert {result["divided"] for result in results.values()} == {count}


def test_hosts_of_a_process_that_was_killed_fail_and_the_others_do_not():
    def work_until_killed(names, agree, report):
        for name in names:
            value = agree(name, name)
            if name == "host-2":
                os.kill(os.getpid(), signal.SIGKILL)
            report(name, {"value": value})

    results = run(work_until_killed, 2)
    failed = {name: result["changed"] for name, result in results.items() if result.get("failed")}
    # Nothing was begun for the later ones.
    assert failed == {"host-2": True, "host-4": False, "host-6": False} and sorted(results) == NAMES
    assert results["host-4"]["findings"][0]["id"] == "X03"


def test_interrupt_ends_the_processes_before_their_next_host(tmp_path):
    def slow(names, agree, report):
        for name in names:
            agree(name, name)
            (tmp_path / name).touch()
            time.sleep(60)

    def interrupt(name, value):
        if name == "host-1":
            raise TimeoutError
        return value

    with pytest.raises(TimeoutError):
        run(slow, 2, interrupt)
    assert {path.name for path in tmp_path.iterdir()} <= {"host-0"}


@pytest.mark.parametrize(
    ("hosts", "at_once", "cores", "count"),
    [(19, 50, 8, 1), (20, 50, 8, 2), (500, 50, 2, 2), (500, 50, 64, _processes.MOST_PROCESSES), (500, 1, 8, 1), (0, 50, 8, 1)],
)
def test_processes_for_a_batch(monkeypatch, hosts, at_once, cores, count):
    monkeypatch.setattr(_processes.os, "sched_getaffinity", lambda _process: set(range(cores)))
    assert processes_for(hosts, at_once) == count


def test_processes_where_they_cannot_share_tokens_are_one(monkeypatch):
    monkeypatch.delattr(_processes.os, "memfd_create")
    assert processes_for(500, 50) == 1
