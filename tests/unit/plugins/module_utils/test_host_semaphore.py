# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""HostSemaphore: the limit for each host, timeouts, and forks."""

from __future__ import annotations

import os
import threading
from contextlib import ExitStack

import pytest

from ansible_collections.docbits.ion.plugins.module_utils._http.semaphore import HostSemaphore

HOST = "docbits.example.com"


def test_acquire_when_the_limit_is_reached_yields_false():
    semaphore = HostSemaphore(limit=3)
    with ExitStack() as stack:
        assert [stack.enter_context(semaphore.acquire(HOST, 0.05)) for _request in range(4)] == [True, True, True, False]


def test_acquire_with_shares_yields_true_up_to_a_share_of_the_limit():
    semaphore = HostSemaphore(limit=9)
    with ExitStack() as stack:
        assert [stack.enter_context(semaphore.acquire(HOST, 0.05, shares=4)) for _request in range(3)] == [True, True, False]


def test_acquire_in_one_of_several_processes_yields_true_up_to_its_part_of_the_limit():
    semaphore = HostSemaphore(limit=9)
    semaphore.processes = 4
    with ExitStack() as stack:
        assert [stack.enter_context(semaphore.acquire(HOST, 0.05)) for _request in range(3)] == [True, True, False]


def test_acquire_when_another_host_is_at_its_limit_yields_true():
    semaphore = HostSemaphore(limit=1)
    with semaphore.acquire(HOST, 0.05), semaphore.acquire("infor.example.com", 0.05) as acquired:
        assert acquired


@pytest.mark.parametrize("timeout", [0.0, -1.0])
def test_acquire_without_time_takes_only_a_free_slot(timeout):
    semaphore = HostSemaphore(limit=1)
    with semaphore.acquire(HOST, timeout) as first, semaphore.acquire(HOST, timeout) as second:
        assert (first, second) == (True, False)


def test_acquire_after_a_timeout_leaves_the_slot_to_its_owner():
    semaphore = HostSemaphore(limit=1)
    with semaphore.acquire(HOST, 0.05):
        for _attempt in range(2):
            with semaphore.acquire(HOST, 0.05) as acquired:
                assert not acquired
    with semaphore.acquire(HOST, 0.05) as acquired:
        assert acquired


def test_slot_after_an_error_is_free():
    semaphore = HostSemaphore(limit=1)
    with pytest.raises(KeyError), semaphore.acquire(HOST, 0.05):
        raise KeyError
    with semaphore.acquire(HOST, 0.05) as acquired:
        assert acquired


def test_threads_never_hold_more_slots_than_the_limit():
    semaphore, barrier, lock = HostSemaphore(limit=3), threading.Barrier(3), threading.Lock()
    held, most, done = 0, 0, 0

    def request():
        nonlocal held, most, done
        with semaphore.acquire(HOST, 60) as acquired:
            assert acquired
            with lock:
                held += 1
                most = max(most, held)
            barrier.wait(60)  # as many as the limit allows are inside together
            with lock:
                held -= 1
                done += 1

    threads = [threading.Thread(target=request) for _request in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (most, done) == (3, 24)


def test_fork_while_all_slots_are_held_starts_with_free_slots():
    semaphore = HostSemaphore(limit=1)
    with semaphore.acquire(HOST, 0.05):
        child = os.fork()
        if child == 0:
            with semaphore.acquire(HOST, 0.05) as acquired:
                os._exit(0 if acquired else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        with semaphore.acquire(HOST, 0.05) as acquired:
            assert not acquired
