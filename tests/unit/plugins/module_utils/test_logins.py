# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One login per credential and few per minute, across real forks and threads."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import multiprocessing
import os
import random
import secrets
import signal
import threading
import time
from bisect import bisect_right

import pytest

from ansible_collections.docbits.ion.plugins.module_utils._infor import logins as _logins
from ansible_collections.docbits.ion.plugins.module_utils._infor.logins import LOGINS_PER_MINUTE, MINUTE, LoginRateLimiter, SharedCache

FORK = multiprocessing.get_context("fork")
needs_shared_memory = pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="workers share logins on Linux only")


@pytest.fixture
def cache():
    return SharedCache()


@pytest.fixture
def limiter():
    return LoginRateLimiter()


def soon() -> float:
    return time.monotonic() + 20


def in_forks(count, target):
    """Run target(number) in that many processes at once and return what each returned."""
    results = FORK.SimpleQueue()
    processes = [FORK.Process(target=lambda number=number: results.put((number, target(number)))) for number in range(count)]
    for process in processes:
        process.start()
    answers = dict(results.get() for _process in processes)
    for process in processes:
        process.join()
    return [answers[number] for number in range(count)]


class Work:
    """Makes a record, and counts how often it did, over all processes."""

    def __init__(self, seconds=0.2, good_for=60.0):
        self.count = FORK.Value("i", 0)
        self.seconds, self.good_for = seconds, good_for

    def __call__(self):
        with self.count.get_lock():
            self.count.value += 1
        time.sleep(self.seconds)
        return {"by": os.getpid(), "number": self.count.value}, time.monotonic() + self.good_for


@needs_shared_memory
def test_sixty_workers_with_three_keys_make_three_records(cache):
    works = [Work(), Work(), Work()]
    records = in_forks(60, lambda number: cache.get_or_make(f"key {number % 3}", works[number % 3], soon()))
    assert [work.count.value for work in works] == [1, 1, 1]
    for group in range(3):
        assert len({record["by"] for record in records[group::3]}) == 1


@needs_shared_memory
def test_threads_and_forks_exclude_each_other(cache):
    work = Work(seconds=0.1)

    def in_threads(_number):
        records = []
        threads = [threading.Thread(target=lambda: records.append(cache.get_or_make("one", work, soon()))) for _thread in range(5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return len(records)

    assert in_forks(6, in_threads) == [5] * 6
    assert work.count.value == 1


@needs_shared_memory
def test_record_of_a_fork_serves_later_forks_and_the_parent(cache):
    work = Work(seconds=0)
    (first,) = in_forks(1, lambda _number: cache.get_or_make("one", work, soon()))
    assert in_forks(2, lambda _number: cache.get_or_make("one", work, soon())) == [first, first]
    assert cache.get_or_make("one", work, soon()) == first


def test_lock_that_looks_like_a_deadlock_to_the_kernel_is_tried_again(monkeypatch):
    lockf, errors = fcntl.lockf, [OSError(errno.EDEADLK, "Resource deadlock avoided")]

    def refused_once(*arguments):
        if errors:
            raise errors.pop()
        return lockf(*arguments)

    monkeypatch.setattr(fcntl, "lockf", refused_once)
    assert SharedCache().get_or_make("key", lambda: ("record", time.monotonic() + 60), time.monotonic()) == "record" and not errors


def test_threads_make_one_record_where_forks_cannot_share(monkeypatch):
    monkeypatch.delattr(os, "memfd_create", raising=False)
    cache, work, records = SharedCache(), Work(seconds=0.1), []
    threads = [threading.Thread(target=lambda: records.append(cache.get_or_make("one", work, soon()))) for _thread in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert work.count.value == 1 and len(records) == 5
    assert in_forks(1, lambda _number: cache.get_or_make("one", work, soon())["number"]) == [2]


@needs_shared_memory
def test_worker_that_is_killed_while_it_makes_a_record_is_replaced(cache):
    victim = FORK.Process(target=lambda: cache.get_or_make("one", lambda: os.kill(os.getpid(), signal.SIGKILL), soon()))
    victim.start()
    # Not joined: a zombie still has its process id, and must not count as a holder of the lock.
    os.waitid(os.P_PID, victim.pid, os.WEXITED | os.WNOWAIT)
    assert cache.get_or_make("one", Work(seconds=0), time.monotonic() + 5)["number"] == 1
    victim.join()


@needs_shared_memory
def test_waiting_ends_with_the_deadline(cache):
    begun = FORK.Event()

    def work():
        begun.set()
        time.sleep(60)

    slow = FORK.Process(target=lambda: cache.get_or_make("one", work, soon()))
    slow.start()
    assert begun.wait(10)
    assert cache.get_or_make("one", Work(), time.monotonic() + 0.2) is None
    slow.kill()
    slow.join()


def test_expired_record_is_made_again(cache, monkeypatch):
    work = Work(seconds=0, good_for=60)
    first = cache.get_or_make("one", work, soon())
    assert cache.get_or_make("one", work, soon()) == first
    later = time.monotonic() + 61
    monkeypatch.setattr(_logins.time, "monotonic", lambda: later)
    assert cache.get_or_make("one", work, later + 20)["number"] == 2


def test_replaced_or_forgotten_record_is_made_again_once(cache):
    work = Work(seconds=0)
    first = cache.get_or_make("one", work, soon())
    second = cache.get_or_make("one", work, soon(), replaces=first)
    assert second["number"] == 2
    # Another environment that had the first one gets the second one.
    assert cache.get_or_make("one", work, soon(), replaces=first) == second
    cache.forget("one")
    assert cache.get_or_make("one", work, soon())["number"] == 3


def test_key_is_free_after_an_exception(cache):
    with pytest.raises(ZeroDivisionError):
        cache.get_or_make("one", lambda: 1 / 0, soon())
    assert cache.get_or_make("one", Work(seconds=0), soon())["number"] == 1


@needs_shared_memory
def test_fork_is_not_stopped_by_a_thread_lock_that_it_inherits(cache):
    with cache._log._thread_lock:
        worker = FORK.Process(target=lambda: cache.get_or_make("one", Work(seconds=0), soon()))
        worker.start()
        worker.join(30)
        ended = not worker.is_alive()
        worker.kill()
    assert ended and cache.get_or_make("one", Work(seconds=0), soon())["number"] == 1


@needs_shared_memory
def test_large_record_is_shared(cache):
    large = {"token": "x" * 200_000}
    assert cache.get_or_make("one", lambda: (large, soon()), soon()) == large
    assert in_forks(1, lambda _number: cache.get_or_make("one", Work(), soon()) == large) == [True]


def test_keys_have_records_of_their_own(cache):
    for number in range(300):
        cache.get_or_make(str(number), lambda number=number: ({"ä": number}, soon()), soon())
    assert [cache.get_or_make(str(number), Work(), soon()) for number in range(300)] == [{"ä": number} for number in range(300)]


@needs_shared_memory
def test_key_is_not_in_the_memory_and_nothing_is_on_a_disk(cache):
    key = secrets.token_hex(16)
    cache.get_or_make(key, Work(seconds=0), soon())
    status = os.fstat(cache._log._file)
    assert key.encode() not in os.pread(cache._log._file, status.st_size, 0)
    assert status.st_nlink == 0


class Clock:
    """Time that passes only in pauses and where a test says so."""

    def __init__(self):
        self.now = 1000.0

    def monotonic(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(_logins, "time", clock)
    return clock


def log_in(limiter, clock, tenant="tenant", seconds=0.0, deadline=float("inf"), shares=1):
    """The time between start and end of a login of so many seconds at which it arrives, drawn at random; None if there is no slot for it."""
    with limiter.acquire(tenant, deadline, shares) as acquired:
        arrival = clock.now + random.uniform(0, seconds)
        clock.now += seconds
    return arrival if acquired else None


@pytest.mark.parametrize("step", [0.0, 0.01, 3.0, 4.1, 30.0])
def test_no_minute_has_more_logins_than_allowed_however_long_each_is_on_its_way(limiter, clock, step):
    arrivals = []
    for _login in range(200):
        arrivals.append(log_in(limiter, clock, seconds=random.choice([0.0, 0.2, 20.0])))
        clock.now += step
    for first, arrival in enumerate(arrivals):
        assert bisect_right(arrivals, arrival + MINUTE - 1e-6) - first <= LOGINS_PER_MINUTE
    assert LOGINS_PER_MINUTE < 20


def test_login_that_is_under_way_keeps_its_slot(limiter, clock):
    """It may arrive at any time until it ends, so a minute after its start is too early."""
    with contextlib.ExitStack() as logins:
        for _login in range(LOGINS_PER_MINUTE):
            assert logins.enter_context(limiter.acquire("tenant", deadline=2000.0))
        clock.now += 2 * MINUTE
        assert log_in(limiter, clock, deadline=clock.now + MINUTE - 1) is None
    assert log_in(limiter, clock) == 1000.0 + 3 * MINUTE


def test_slot_of_a_killed_worker_becomes_free_a_minute_after_its_deadline(limiter, clock):
    under_way = [limiter.acquire("tenant", deadline=1100.0 + number) for number in range(LOGINS_PER_MINUTE)]
    for login in under_way:
        login.__enter__()
    assert log_in(limiter, clock) == 1100.0 + MINUTE


@pytest.mark.parametrize("shares", [1, 2, 4, 7, 15])
def test_plays_that_share_a_tenant_together_make_no_more_logins_than_allowed(clock, shares):
    plays = [LoginRateLimiter() for _share in range(shares)]
    granted = [log_in(play, clock, deadline=clock.now + MINUTE - 1, shares=shares) for play in plays for _login in range(LOGINS_PER_MINUTE)]
    assert sum(arrival is not None for arrival in granted) == LOGINS_PER_MINUTE // shares * shares


def test_tenants_have_slots_of_their_own(limiter, clock):
    assert {log_in(limiter, clock, "one") for _login in range(LOGINS_PER_MINUTE)} == {1000.0}
    assert log_in(limiter, clock, "two") == 1000.0
    assert log_in(limiter, clock, "one") == 1000.0 + MINUTE


def test_slot_after_the_deadline_is_not_waited_for(limiter, clock):
    for _login in range(LOGINS_PER_MINUTE):
        log_in(limiter, clock)
    assert log_in(limiter, clock, deadline=1059.0) is None and clock.now == 1000.0
    assert log_in(limiter, clock, deadline=1061.0) == 1060.0


@needs_shared_memory
def test_forks_share_the_slots(limiter):
    deadline = time.monotonic() + MINUTE - 1

    def is_acquired(_number):
        with limiter.acquire("tenant", deadline) as acquired:
            return acquired

    assert in_forks(30, is_acquired).count(True) == LOGINS_PER_MINUTE


def test_caller_waits_for_its_slot(limiter, monkeypatch):
    monkeypatch.setattr(_logins, "MINUTE", 0.5)
    started = time.monotonic()
    for _time in range(LOGINS_PER_MINUTE + 1):
        with limiter.acquire("tenant", soon()) as acquired:
            assert acquired
    assert time.monotonic() - started >= 0.5
