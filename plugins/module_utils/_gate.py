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

from ansible_collections.docbits.ion.plugins.module_utils._locks import WorkerLocks

CALLS_AT_ONCE_PER_HOST = 16
# How soon a place that another worker gave back is noticed; one of this process is noticed at once.
POLL = 0.02


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
        place = self._enter(way, self._first_place_of(host), time.monotonic() + seconds)
        try:
            yield place is not None
        finally:
            if place is not None:
                self._leave(way, place)

    def _enter(self, way, first, ends):
        with way.left:
            while True:
                free = [place for place in range(first, first + self._places) if place not in way.taken]
                # Workers that all began at the same place would try every other worker's first.
                random.shuffle(free)
                time_left = ends - time.monotonic()
                if time_left <= 0:
                    return None
                place = next(filter(self._locks.take, free), None)
                if place is not None:
                    way.taken.add(place)
                    return place
                way.left.wait(min(time_left, POLL))

    def _leave(self, way, place) -> None:
        with way.left:
            self._locks.free(place)
            way.taken.discard(place)
            way.left.notify()

    def _first_place_of(self, host) -> int:
        # A file has far more bytes than a play has hosts: a range of its own for each.
        return int.from_bytes(hashlib.blake2b(host.encode(), digest_size=6).digest(), "big") * self._places


class _Way:
    """What the threads of one process know about a host: the places that they have, and that one was left."""

    def __init__(self) -> None:
        self.taken: set = set()
        self.left = threading.Condition()


GATE = Gate()
