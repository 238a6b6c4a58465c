# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One login per credential and few per minute, across the threads and forked workers of one play. Private to the collection."""

from __future__ import annotations

import hashlib
import json
import mmap
import os
import struct
import threading
import time
from contextlib import contextmanager

from ansible_collections.docbits.ion.plugins.module_utils._http.locks import WorkerLocks

# Infor counts 20 service-account logins a minute per tenant, and production makes some of them.
LOGINS_A_MINUTE = 15
MINUTE = 60.0

SLOTS = 4096
SLOT_SIZE = 16 * 1024
TENANTS = 4096
POLL = 0.05

_HEADER = struct.Struct("=16sdI")  # key, good until, length of the record
_TENANT = struct.Struct(f"=16sI{LOGINS_A_MINUTE}d")  # key, place of the oldest turn, turns
_NOBODY = bytes(16)


class Shelf:
    """What the workers of one play share: a record per key, made once, and the turns of the login limiter.

    The memory is anonymous and is made when this file is imported, before Ansible forks its workers: they inherit it, no
    disk ever holds a byte of it, and a process that was started another way has a shelf of its own.

    Who may touch it is decided by L(WorkerLocks): lock 0 guards the memory, lock n + 1 belongs to whoever is making the record of
    slot n. A thread lock and the set C(_at_work) part the threads of one process. Nobody waits for another lock while holding
    lock 0, so no deadlock is possible.
    """

    def __init__(self, slots: int = SLOTS, slot_size: int = SLOT_SIZE, tenants: int = TENANTS) -> None:
        self._slots, self._slot_size, self._tenants = slots, slot_size, tenants
        self._records_at = slots * _HEADER.size + tenants * _TENANT.size
        # Pages that nobody writes to cost nothing, so the shelf is large enough for a big fleet.
        self._memory = mmap.mmap(-1, self._records_at + slots * slot_size)
        self._locks = WorkerLocks()
        self._salt = os.urandom(16)
        self._be_alone_in_this_process()
        os.register_at_fork(after_in_child=self._be_alone_in_this_process)

    def _be_alone_in_this_process(self) -> None:
        # A fork copies neither the other threads nor their locks; what stood for them here must go too.
        self._threads = threading.Lock()
        self._at_work: set = set()

    def once(self, key: str, work, ends: float):
        """The record of O(key): the one on the shelf while it is good, otherwise what O(work) makes while all others wait.

        work: makes C((record, good_until)): a JSON-like dict and a time of C(time.monotonic), which is the same in all processes
        ends: the time at which waiting for another worker ends, and C(None) is returned

        When the shelf is full or the record too large, O(work) runs for this caller alone.
        """
        key = self._digest(key)
        while True:
            with self._alone():
                slot = self._slot_of(key)
                record = None if slot is None else self._record_in(slot)
                if record is not None:
                    return record
                if slot is None or self._begin(slot, key):
                    break
            if time.monotonic() >= ends:
                return None
            time.sleep(POLL)
        made = None
        try:
            made = work()
        finally:
            if slot is not None:
                self._end(slot, key, made)
        return made[0]

    def wait_for_turn(self, tenant: str, ends: float) -> bool:
        """Wait until the tenant may be asked for one more login; C(False), at once, when that is later than O(ends)."""
        key = self._digest(tenant)
        with self._alone():
            turn = self._reserve(key, time.monotonic(), ends)
        if turn is None:
            return False
        time.sleep(max(0.0, turn - time.monotonic()))
        return True

    @contextmanager
    def _alone(self):
        with self._threads:
            self._locks.wait_for(0)
            try:
                yield
            finally:
                self._locks.free(0)

    def _digest(self, key: str) -> bytes:
        return hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=16, key=self._salt).digest()

    def _slot_of(self, key):
        """The slot that holds O(key), or a free one, or C(None) when there is neither."""
        for slot in _places_for(key, self._slots):
            holder = self._memory[slot * _HEADER.size : slot * _HEADER.size + 16]
            if holder in (key, _NOBODY):
                return slot
        return None

    def _record_in(self, slot):
        _key, good_until, length = _HEADER.unpack_from(self._memory, slot * _HEADER.size)
        if good_until <= time.monotonic():
            return None
        start = self._records_at + slot * self._slot_size
        return json.loads(self._memory[start : start + length])

    def _begin(self, slot, key) -> bool:
        if slot in self._at_work or not self._locks.take(slot + 1):
            return False
        self._at_work.add(slot)
        _HEADER.pack_into(self._memory, slot * _HEADER.size, key, 0.0, 0)
        return True

    def _end(self, slot, key, made) -> None:
        with self._alone():
            if made is not None:
                record, good_until = made
                raw = json.dumps(record).encode()
                if len(raw) <= self._slot_size:
                    start = self._records_at + slot * self._slot_size
                    self._memory[start : start + len(raw)] = raw
                    # The header comes last: a record is on the shelf when it is whole.
                    _HEADER.pack_into(self._memory, slot * _HEADER.size, key, good_until, len(raw))
            self._at_work.discard(slot)
            self._locks.free(slot + 1)

    def _reserve(self, key, now, ends):
        """The time of the next turn, which is taken, or C(None) when it is later than O(ends).

        Each turn is at least a minute after the one C(LOGINS_A_MINUTE) turns before it, and turns never go back in time:
        so no minute has more of them. When the table is full, tenants share rows, which only makes them slower.
        """
        base = self._slots * _HEADER.size
        for place in _places_for(key, self._tenants):
            holder, oldest, *turns = _TENANT.unpack_from(self._memory, base + place * _TENANT.size)
            if holder in (key, _NOBODY):
                break
        turn = max(now, turns[oldest] + MINUTE) if turns[oldest] else now
        if turn > ends:
            return None
        turns[oldest] = turn
        _TENANT.pack_into(self._memory, base + place * _TENANT.size, key if holder == _NOBODY else holder, (oldest + 1) % LOGINS_A_MINUTE, *turns)
        return turn


def _places_for(key, places):
    """All places of a table in the order in which a key is looked for, and settles: none is ever given back, so a free one ends the search."""
    first = int.from_bytes(key[:8], "big")
    return ((first + step) % places for step in range(places))


SHELF = Shelf()
