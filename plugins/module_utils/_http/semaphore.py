# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A polite ceiling: so many calls to one host at once, over all threads and forked workers of one play. Private to the collection."""

from __future__ import annotations

import hashlib
import os
import random
import threading
import time
from collections import defaultdict
from contextlib import contextmanager

from ansible_collections.docbits.ion.plugins.module_utils._http.locks import WorkerLocks

CALLS_AT_ONCE_PER_HOST = 32
# How soon a place that another worker gave back is noticed; one of this process is noticed at once.
POLL = 0.05
# For how long the threads of one process may hand a place to each other before other workers get their chance.
TURN = 5.0


class Gate:
    """A number of places for each host; each call takes one.

    A place is a byte of L(WorkerLocks), made when this file is imported and inherited by the workers that Ansible forks. A process that
    was started another way has a gate of its own.
    """

    def __init__(self, places: int = CALLS_AT_ONCE_PER_HOST) -> None:
        self._places = places
        self._locks = WorkerLocks()
        self._be_alone_in_this_process()
        os.register_at_fork(after_in_child=self._be_alone_in_this_process)

    def _be_alone_in_this_process(self) -> None:
        # A fork copies neither the other threads nor their locks.
        self._guard = threading.Lock()
        self._ways: dict = defaultdict(_Way)

    @contextmanager
    def passed(self, host: str, seconds: float):
        """Hold a place at this host for the call inside; gives C(False), without one, when none came free in this many seconds."""
        with self._guard:
            way = self._ways[host]
        place = self._enter(way, self._first_place_of(host), time.monotonic() + seconds) if seconds > 0 else None
        try:
            yield place is not None
        finally:
            if place is not None:
                self._leave(way, place)

    def _enter(self, way, first, ends):
        with way.left:
            way.waiting += 1
            try:
                while True:
                    place = self._place(way, first)
                    time_left = ends - time.monotonic()
                    if place is not None or time_left <= 0:
                        return place
                    way.left.wait(min(time_left, POLL))
            finally:
                way.waiting -= 1

    def _place(self, way, first):
        if way.handed_over:
            return way.handed_over.pop()
        if len(way.taken) == self._places:
            return None
        # Workers that all began at the same place would try every other worker's first.
        start = random.randrange(self._places)
        for step in range(self._places):
            place = first + (start + step) % self._places
            if place not in way.taken and way.resting.get(place, 0.0) < time.monotonic() and self._locks.take(place):
                way.taken[place] = time.monotonic()
                return place
        return None

    def _leave(self, way, place) -> None:
        with way.left:
            now = time.monotonic()
            if way.waiting > len(way.handed_over) and now < way.taken[place] + TURN:
                # Locks are slow where many threads want the processor: a place changes hands without them.
                way.handed_over.append(place)
                way.left.notify()
            else:
                if way.waiting:
                    way.resting[place] = now + 2 * POLL
                del way.taken[place]
                self._locks.free(place)

    def _first_place_of(self, host) -> int:
        # A file has far more bytes than a play has hosts: a range of its own for each.
        return int.from_bytes(hashlib.blake2b(host.encode(), digest_size=6).digest(), "big") * self._places


class _Way:
    """What the threads of one process know about a host.

    taken:       the places that this process has, and since when
    resting:     places that it leaves to other processes for a moment, and until when
    handed_over: places that were left for whoever waits
    waiting:     how many do
    left:        said when a place is handed over
    """

    def __init__(self) -> None:
        self.taken: dict = {}
        self.resting: dict = {}
        self.handed_over: list = []
        self.waiting = 0
        self.left = threading.Condition()


GATE = Gate()
