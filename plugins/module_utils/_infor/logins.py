# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The token cache and the login rate limiter, shared by the threads and forked workers of one play. Private to the collection."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import threading
import time
from collections import defaultdict
from contextlib import contextmanager

# Infor allows about 20 service-account logins a minute per tenant (usage limits of Infor OS), and production uses the same allowance.
LOGINS_PER_MINUTE = 15
MINUTE = 60.0
POLL_INTERVAL = 0.05


class _SharedLog:
    """Append-only JSON records in an anonymous memory file, which workers inherit when Ansible forks them.

    No record is ever on a disk. On systems without memfd_create (anything but Linux) each worker has a log of its own.
    Byte 0 of the file is the lock of the log itself; other bytes serve as locks of keys. The kernel releases the locks of a process that ends.
    """

    def __init__(self) -> None:
        self._file = os.memfd_create("docbits.ion") if hasattr(os, "memfd_create") else None
        self._reset()
        os.register_at_fork(after_in_child=self._reset)

    def _reset(self) -> None:
        # After a fork only the current thread exists; a lock that another thread held would never be released.
        self._thread_lock = threading.Lock()
        self._key_locks: dict = defaultdict(threading.Lock)
        self._read_up_to = 0
        self._newest: dict = {}

    @contextmanager
    def locked(self):
        """Hold the lock of the log. Nothing that waits for another lock may run inside."""
        with self._thread_lock:
            if self._file is None:
                yield
                return
            _lock_first_byte(self._file)
            try:
                size = os.fstat(self._file).st_size
                for line in os.pread(self._file, size - self._read_up_to, self._read_up_to).splitlines():
                    key, value = json.loads(line)
                    self._newest[key] = value
                self._read_up_to = size
                yield
            finally:
                fcntl.lockf(self._file, fcntl.LOCK_UN, 1, 0)

    def newest(self, key: str, default):
        """The newest value of a key. Call it under `locked`."""
        return self._newest.get(key, default)

    def append(self, key: str, value) -> None:
        """Add a value. Call it under `locked`."""
        self._newest[key] = value
        if self._file is not None:
            line = json.dumps([key, value]).encode() + b"\n"
            os.pwrite(self._file, line, self._read_up_to)
            self._read_up_to += len(line)

    def try_lock(self, key: str) -> bool:
        """Take the lock of a key unless another thread or worker holds it."""
        with self._thread_lock:
            lock = self._key_locks[key]
        if not lock.acquire(blocking=False):
            return False
        try:
            if self._file is not None:
                fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, _lock_byte(key))
        except OSError:
            lock.release()
            return False
        return True

    def unlock(self, key: str) -> None:
        """Release the lock of a key."""
        if self._file is not None:
            fcntl.lockf(self._file, fcntl.LOCK_UN, 1, _lock_byte(key))
        self._key_locks[key].release()


class SharedCache:
    """Records that are made once per key, whoever needs them first. The token cache is one."""

    def __init__(self) -> None:
        self._log = _SharedLog()

    def get_or_make(self, key: str, make, deadline: float, replaces=None):
        """The record of the key, or None if another worker is still making it at the deadline.

        make:     returns (record, good_until): JSON-like data and a time of time.monotonic, which all processes share
        deadline: a time of time.monotonic
        replaces: a record that is no longer good although its time has not passed
        """
        key = _digest(key)
        while True:
            record = self._current(key)
            if record is not None and record != replaces:
                return record
            if self._log.try_lock(key):
                break
            if time.monotonic() >= deadline:
                return None
            time.sleep(POLL_INTERVAL)
        try:
            record = self._current(key)
            if record is None or record == replaces:
                record, good_until = make()
                self._append(key, record, good_until)
            return record
        finally:
            self._log.unlock(key)

    def forget(self, key: str) -> None:
        """Make the record again the next time that somebody needs it."""
        self._append(_digest(key), None, 0.0)

    def _current(self, key):
        with self._log.locked():
            record, good_until = self._log.newest(key, (None, 0.0))
        return record if good_until > time.monotonic() else None

    def _append(self, key, record, good_until) -> None:
        with self._log.locked():
            self._log.append(key, [record, good_until])


class LoginRateLimiter:
    """Limits logins to LOGINS_PER_MINUTE per tenant in any minute, as Infor counts them.

    Infor counts a login when it arrives, which is some time between its start and its end. So each tenant has LOGINS_PER_MINUTE slots, and a
    slot is used again a minute after the end of the login that used it.
    """

    def __init__(self) -> None:
        self._log = _SharedLog()

    @contextmanager
    def acquire(self, tenant: str, deadline: float, shares: int = 1):
        """Hold a slot for one login, which ends before the deadline, a time of time.monotonic. Waits for the slot.

        Yields False as soon as it is known that no slot becomes free before the deadline.

        shares: the number of plays that divide the slots between them, at most LOGINS_PER_MINUTE
        """
        slots = [_digest(f"{tenant} {number}") for number in range(LOGINS_PER_MINUTE // shares)]
        slot = self._wait(slots, deadline)
        try:
            yield slot is not None
        finally:
            if slot is not None:
                with self._log.locked():
                    self._log.append(slot, time.monotonic())

    def _wait(self, slots, deadline):
        while True:
            now = time.monotonic()
            with self._log.locked():
                # The end of a login that is under way is its deadline: nothing else is known if its worker was killed.
                free_at, slot = min((min(self._log.newest(slot, -MINUTE), now) + MINUTE, slot) for slot in slots)
                if free_at <= now:
                    self._log.append(slot, deadline)
                    return slot
            if free_at > deadline:
                return None
            time.sleep(free_at - now)


def _lock_first_byte(file: int) -> None:
    while True:
        try:
            return fcntl.lockf(file, fcntl.LOCK_EX, 1, 0)
        except OSError as error:
            # To the kernel, the threads of a process are one: two processes of which each has one log and waits for another look like a deadlock.
            if error.errno != errno.EDEADLK:
                raise


def _digest(key: str) -> str:
    return hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _lock_byte(key: str) -> int:
    return 1 + int(key[:12], 16)


# Made when this file is imported, before Ansible forks its workers.
TOKEN_CACHE = SharedCache()
LOGIN_RATE_LIMITER = LoginRateLimiter()
