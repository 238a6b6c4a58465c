# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One login per credential and few per minute, across real forks and threads."""

from __future__ import annotations

import multiprocessing
import os
import secrets
import signal
import threading
import time
from bisect import bisect_right

import pytest

from ansible_collections.docbits.ion.plugins.module_utils._infor import logins as _logins
from ansible_collections.docbits.ion.plugins.module_utils._infor.logins import LOGINS_A_MINUTE, MINUTE, Shelf

FORK = multiprocessing.get_context("fork")


@pytest.fixture
def shelf():
    return Shelf(slots=16, slot_size=4096, tenants=4)


def soon() -> float:
    return time.monotonic() + 20


def in_forks(count, target):
    """Run target(number) in that many processes at once and give what each returned."""
    results = FORK.SimpleQueue()
    processes = [FORK.Process(target=lambda number=number: results.put((number, target(number)))) for number in range(count)]
    for process in processes:
        process.start()
    answers = dict(results.get() for _process in processes)
    for process in processes:
        process.join()
    return [answers[number] for number in range(count)]


class Work:
    """Work that counts how often it was done, over all processes."""

    def __init__(self, seconds=0.2, good_for=60.0):
        self.count = FORK.Value("i", 0)
        self.seconds, self.good_for = seconds, good_for

    def __call__(self):
        with self.count.get_lock():
            self.count.value += 1
        time.sleep(self.seconds)
        return {"by": os.getpid(), "number": self.count.value}, time.monotonic() + self.good_for


def test_sixty_workers_with_three_credentials_make_three_logins(shelf):
    works = [Work(), Work(), Work()]
    records = in_forks(60, lambda number: shelf.once(f"credential {number % 3}", works[number % 3], soon()))
    assert [work.count.value for work in works] == [1, 1, 1]
    for group in range(3):
        assert len({record["by"] for record in records[group::3]}) == 1


def test_threads_and_forks_exclude_each_other(shelf):
    work = Work(seconds=0.1)

    def in_threads(_number):
        records = []
        threads = [threading.Thread(target=lambda: records.append(shelf.once("one", work, soon()))) for _thread in range(5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return len(records)

    assert in_forks(6, in_threads) == [5] * 6
    assert work.count.value == 1


def test_what_a_fork_made_is_there_for_later_forks_and_the_parent(shelf):
    work = Work(seconds=0)
    (first,) = in_forks(1, lambda _number: shelf.once("one", work, soon()))
    assert in_forks(2, lambda _number: shelf.once("one", work, soon())) == [first, first]
    assert shelf.once("one", work, soon()) == first


def test_a_worker_that_is_killed_at_work_is_replaced(shelf):
    victim = FORK.Process(target=lambda: shelf.once("one", lambda: os.kill(os.getpid(), signal.SIGKILL), soon()))
    victim.start()
    # Not joined: a zombie still has its process id, and must not count as somebody at work.
    os.waitid(os.P_PID, victim.pid, os.WEXITED | os.WNOWAIT)
    started = time.monotonic()
    assert shelf.once("one", Work(seconds=0), soon())["number"] == 1
    assert time.monotonic() - started < 5
    victim.join()


def test_waiting_ends_with_the_deadline(shelf):
    begun = FORK.Event()

    def work():
        begun.set()
        time.sleep(60)

    slow = FORK.Process(target=lambda: shelf.once("one", work, soon()))
    slow.start()
    assert begun.wait(10)
    assert shelf.once("one", Work(), time.monotonic() + 0.2) is None
    slow.kill()
    slow.join()


def test_an_expired_record_is_made_again(shelf, monkeypatch):
    work = Work(seconds=0, good_for=60)
    first = shelf.once("one", work, soon())
    assert shelf.once("one", work, soon()) == first
    later = time.monotonic() + 61
    monkeypatch.setattr(_logins.time, "monotonic", lambda: later)
    assert shelf.once("one", work, soon())["number"] == 2


def test_work_that_raises_leaves_the_place_free(shelf):
    with pytest.raises(ZeroDivisionError):
        shelf.once("one", lambda: 1 / 0, soon())
    assert shelf.once("one", Work(seconds=0), soon())["number"] == 1


def test_a_fork_does_not_wait_for_a_thread_of_its_parent_that_failed(shelf):
    begun, at_the_door, failed = FORK.Event(), FORK.Event(), FORK.Event()

    def fail():
        begun.set()
        assert at_the_door.wait(10)
        time.sleep(0.3)
        failed.set()
        raise InterruptedError

    def suffer():
        with pytest.raises(InterruptedError):
            shelf.once("one", fail, soon())

    def follow(_number):
        at_the_door.set()
        return shelf.once("one", lambda: ({"after the failure": failed.is_set()}, soon()), soon())

    thread = threading.Thread(target=suffer)
    thread.start()
    assert begun.wait(10)
    assert in_forks(1, follow) == [{"after the failure": True}]
    thread.join()


def test_a_fork_is_not_stopped_by_a_thread_lock_that_it_inherits(shelf):
    with shelf._threads:
        worker = FORK.Process(target=lambda: shelf.once("one", Work(seconds=0), soon()))
        worker.start()
        worker.join(30)
        ended = not worker.is_alive()
        worker.kill()
    assert ended and shelf.once("one", Work(seconds=0), soon())["number"] == 1


def test_a_record_that_is_too_large_goes_to_its_maker_alone(shelf):
    large = {"token": "x" * 5000}
    assert shelf.once("one", lambda: (large, soon()), soon()) == large
    assert shelf.once("one", Work(seconds=0), soon())["number"] == 1


def test_a_full_shelf_lets_everyone_work_alone(shelf):
    for number in range(16):
        shelf.once(str(number), Work(seconds=0), soon())
    work = Work(seconds=0)
    assert [shelf.once("too many", work, soon())["number"] for _time in range(2)] == [1, 2]
    assert shelf.once("3", work, soon())["number"] == 1
    assert work.count.value == 2


def test_keys_do_not_meet(shelf):
    assert shelf.once("one", lambda: ({"a": 1}, soon()), soon()) == {"a": 1}
    assert shelf.once("two", lambda: ({"b": "ä" * 100}, soon()), soon()) == {"b": "ä" * 100}
    assert shelf.once("one", Work(), soon()) == {"a": 1}


def test_nothing_of_a_key_stands_in_the_memory_and_nothing_on_a_disk(shelf):
    key = secrets.token_hex(16)
    shelf.once(key, Work(seconds=0), soon())
    assert key.encode() not in shelf._memory[:]
    assert os.fstat(shelf._locks._file.fileno()).st_size == 0
    assert os.fstat(shelf._locks._file.fileno()).st_nlink == 0


def reserved(shelf, tenant, count, start=1000.0, step=0.01, ends=float("inf")):
    """The turns that so many callers get, one every O(step) seconds."""
    return [shelf._reserve(shelf._digest(tenant), start + number * step, ends) for number in range(count)]


@pytest.mark.parametrize("step", [0.0, 0.01, 3.0, 3.9, 4.1, 30.0])
def test_no_minute_has_more_turns_than_allowed(shelf, step):
    turns = reserved(shelf, "tenant", 200, step=step)
    assert turns == sorted(turns)
    assert all(turn >= 1000.0 + number * step for number, turn in enumerate(turns))
    for first, turn in enumerate(turns):
        assert bisect_right(turns, turn + MINUTE - 1e-6) - first <= LOGINS_A_MINUTE
    assert LOGINS_A_MINUTE < 20


def test_tenants_have_turns_of_their_own(shelf):
    reserved(shelf, "one", LOGINS_A_MINUTE)
    assert reserved(shelf, "two", 1) == [1000.0]
    assert reserved(shelf, "one", 1, start=1001.0) == [1000.0 + MINUTE]


def test_tenants_beyond_the_table_are_asked_no_more_often(shelf):
    turns = {str(number): [] for number in range(20)}
    for _round in range(LOGINS_A_MINUTE + 5):
        for tenant, taken in turns.items():
            taken += reserved(shelf, tenant, 1)
    for taken in turns.values():
        for first, turn in enumerate(taken):
            assert bisect_right(taken, turn + MINUTE - 1e-6) - first <= LOGINS_A_MINUTE


def test_a_large_fleet_finds_room_for_every_tenant_and_record():
    shelf = Shelf()
    numbers = range(2000)
    assert [reserved(shelf, str(number), 1) for number in numbers] == [[1000.0]] * len(numbers)
    for number in numbers:
        shelf.once(str(number), lambda number=number: ({"number": number}, time.monotonic() + 60), soon())
    assert [shelf.once(str(number), None, soon()) for number in numbers] == [{"number": number} for number in numbers]


def test_a_turn_after_the_deadline_is_not_taken(shelf):
    reserved(shelf, "tenant", LOGINS_A_MINUTE)
    assert reserved(shelf, "tenant", 1, start=1001.0, ends=1059.0) == [None]
    assert reserved(shelf, "tenant", 1, start=1001.0, ends=1061.0) == [1060.0]


def test_forks_share_the_turns(shelf):
    ends = time.monotonic() + MINUTE - 1
    granted = in_forks(30, lambda _number: shelf.wait_for_turn("tenant", ends))
    assert granted.count(True) == LOGINS_A_MINUTE


def test_a_caller_waits_for_its_turn(shelf, monkeypatch):
    monkeypatch.setattr(_logins, "MINUTE", 0.5)
    started = time.monotonic()
    for _time in range(LOGINS_A_MINUTE + 1):
        assert shelf.wait_for_turn("tenant", soon())
    assert time.monotonic() - started >= 0.5
