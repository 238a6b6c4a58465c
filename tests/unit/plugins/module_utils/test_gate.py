# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""So many calls to one host at once and no more, across real forks and threads."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time

import pytest

from ansible_collections.docbits.ion.plugins.module_utils._http import semaphore as _gate
from ansible_collections.docbits.ion.plugins.module_utils._http.semaphore import Gate

FORK = multiprocessing.get_context("fork")
HOST = "docbits.example.com"


class Room:
    """Counts who is inside at the same time, over all processes. Nobody leaves before so many have met there."""

    def __init__(self, company=1):
        self.inside, self.most, self.passed = (FORK.Value("i", 0) for _counter in range(3))
        self._meeting = FORK.Barrier(company)

    def stay(self, seconds=0.02):
        with self.inside.get_lock():
            self.inside.value += 1
            self.most.value = max(self.most.value, self.inside.value)
        self._meeting.wait(60)
        time.sleep(seconds)
        with self.inside.get_lock():
            self.inside.value -= 1
            self.passed.value += 1


def in_processes(count, target):
    processes = [FORK.Process(target=target) for _number in range(count)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(90)
    assert [process.exitcode for process in processes] == [0] * count


def in_threads(count, target):
    threads = [threading.Thread(target=target) for _number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.mark.parametrize(("processes", "threads"), [(1, 24), (24, 1), (4, 6)])
def test_as_many_as_there_are_places_are_inside_and_no_more(processes, threads):
    gate, room = Gate(places=3), Room(company=3)

    def enter():
        with gate.passed(HOST, 60) as in_time:
            assert in_time
            room.stay()

    in_processes(processes, lambda: in_threads(threads, enter))
    assert (room.most.value, room.passed.value) == (3, 24)


def test_hosts_have_places_of_their_own():
    gate = Gate(places=1)
    with gate.passed(HOST, 1) as first, gate.passed("infor.example.com", 0.1) as second, gate.passed(HOST, 0.1) as third:
        assert (first, second, third) == (True, True, False)


def test_whoever_waits_in_vain_leaves_the_place_to_who_has_it():
    gate = Gate(places=1)
    with gate.passed(HOST, 1):
        with gate.passed(HOST, 0.05) as in_time:
            assert not in_time
        with gate.passed(HOST, 0.05) as in_time:
            assert not in_time
    with gate.passed(HOST, 0.05) as in_time:
        assert in_time


def test_a_place_is_free_again_after_an_error():
    gate = Gate(places=1)
    with pytest.raises(KeyError), gate.passed(HOST, 1):
        raise KeyError
    with gate.passed(HOST, 0.05) as in_time:
        assert in_time


def test_a_place_of_this_process_is_noticed_at_once(monkeypatch):
    monkeypatch.setattr(_gate, "POLL", 30)
    monkeypatch.setattr(_gate, "TURN", 30)
    gate, room = Gate(places=1), Room()

    def enter():
        with gate.passed(HOST, 60):
            room.stay()

    started = time.monotonic()
    in_threads(8, enter)
    assert room.passed.value == 8 and time.monotonic() - started < 10


def test_the_places_of_a_worker_that_was_killed_are_free_again():
    gate, inside = Gate(places=1), FORK.Event()

    def stay():
        with gate.passed(HOST, 5):
            inside.set()
            time.sleep(60)

    worker = FORK.Process(target=stay)
    worker.start()
    assert inside.wait(10)
    with gate.passed(HOST, 0.1) as in_time:
        assert not in_time
    os.kill(worker.pid, signal.SIGKILL)
    worker.join(10)
    with gate.passed(HOST, 5) as in_time:
        assert in_time


def test_a_worker_forked_inside_does_not_have_the_place():
    gate, room = Gate(places=1), Room()
    with gate.passed(HOST, 1):

        def knock():
            with gate.passed(HOST, 0.1) as in_time:
                assert not in_time
            room.stay()

        in_processes(1, knock)
    assert room.passed.value == 1


def test_a_worker_forked_inside_comes_in_once_the_place_is_left():
    gate, forked, left = Gate(places=1), FORK.Event(), FORK.Event()

    def come_in():
        forked.set()
        assert left.wait(30)
        with gate.passed(HOST, 10) as in_time:
            assert in_time

    worker = FORK.Process(target=come_in)
    with gate.passed(HOST, 1):
        worker.start()
        assert forked.wait(30)
    left.set()
    worker.join(60)
    assert worker.exitcode == 0


def test_a_place_that_nobody_waits_for_is_given_back():
    gate = Gate(places=2)
    way, ends = gate._ways[HOST], time.monotonic() + 60
    places = [gate._enter(way, 0, ends) for _place in range(2)]
    entered = []
    waiter = threading.Thread(target=lambda: entered.append(gate._enter(way, 0, ends)))
    waiter.start()
    while not way.waiting:
        time.sleep(0.01)
    with way.left:  # both calls end before the one that waits is awake
        for place in places:
            gate._leave(way, place)
    waiter.join()
    gate._leave(way, *entered)
    assert (way.handed_over, way.taken) == ([], {})


def test_a_crowd_in_one_worker_leaves_room_for_another(monkeypatch):
    monkeypatch.setattr(_gate, "TURN", 0.1)
    gate, crowded, ended = Gate(places=2), FORK.Event(), FORK.Event()

    def enter_again_and_again():
        while not ended.is_set():
            with gate.passed(HOST, 30):
                way = gate._ways[HOST]
                if len(way.taken) == 2 and way.waiting:
                    crowded.set()
                time.sleep(0.01)

    crowd = FORK.Process(target=lambda: in_threads(10, enter_again_and_again))
    crowd.start()
    assert crowded.wait(10)
    with gate.passed(HOST, 20) as in_time:
        ended.set()
        crowd.join(30)
        assert in_time
