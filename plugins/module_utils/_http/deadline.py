# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ends calls whose time is over, however slowly a server drips its answer. Private to the collection."""

from __future__ import annotations

import os
import socket
import threading
import time
from contextlib import contextmanager

from ansible_collections.docbits.ion.plugins.module_utils._core.once import once_per_process


class Watch:
    """One call under watch.

    is_cut: whether its time was over and its connections were shut down
    """

    def __init__(self, ends: float) -> None:
        self.ends = ends
        self.is_cut = False
        self._twins: list = []
        self._orphans: list = []

    def take(self, twin) -> None:
        """Watch a connection by its twin."""
        self._twins.append(twin)
        if self.is_cut:
            self.cut()

    def cut(self) -> None:
        """Shut the call's connections down, so that whoever reads or writes there comes back at once."""
        self.is_cut = True
        for twin in tuple(self._twins):
            try:
                twin.shutdown(socket.SHUT_RDWR)
            except OSError:  # the other side was faster
                pass

    def adopt(self, twin) -> None:
        """Keep the twin of a connection that is closed but still read from, as happens where an answer ends with its connection."""
        self._orphans.append(twin)

    def let_go(self) -> None:
        """Close what was adopted; the other connections stay open for the next call."""
        while self._orphans:
            self._orphans.pop().close()


class _Dog:
    """One thread for all calls of a process: it costs a call no thread and no wake-up."""

    def __init__(self) -> None:
        self._be_new_in_this_process()
        os.register_at_fork(after_in_child=self._be_new_in_this_process)

    def _be_new_in_this_process(self) -> None:
        # A fork does not copy the thread, and the calls belong to the process that it came from.
        self.changed = threading.Condition()
        self._watches: set = set()
        self._thread = None
        self._wakes = float("inf")

    def add(self, watch) -> None:
        with self.changed:
            self._watches.add(watch)
            if self._thread is None:
                self._thread = threading.Thread(target=self._keep_watch, name="docbits.ion deadlines", daemon=True)
                self._thread.start()
            elif watch.ends < self._wakes:
                self.changed.notify()

    def remove(self, watch) -> None:
        # After this no cut can hit the connection in the hands of the next call.
        with self.changed:
            self._watches.discard(watch)
        watch.let_go()

    def _keep_watch(self) -> None:
        with self.changed:
            while True:
                now = time.monotonic()
                for watch in [watch for watch in self._watches if watch.ends <= now]:
                    self._watches.discard(watch)
                    watch.cut()
                self._wakes = min((watch.ends for watch in self._watches), default=float("inf"))
                self.changed.wait(min(self._wakes - now, threading.TIMEOUT_MAX))


class _Current(threading.local):
    """The watch of the call that a thread is making."""

    watch = None


_DOG = _Dog()
_CURRENT = _Current()


@contextmanager
def watched_for(seconds: float):
    """Give the call inside this many seconds; gives the L(Watch) that knows whether they were enough."""
    watch = Watch(time.monotonic() + seconds)
    _CURRENT.watch = watch
    _DOG.add(watch)
    try:
        yield watch
    finally:
        _CURRENT.watch = None
        _DOG.remove(watch)


@once_per_process
def watched(pool_class):
    """A connection pool of urllib3 whose connections belong to the watch of the thread that uses them, from connecting on."""

    class Connection(pool_class.ConnectionCls):
        # A descriptor of its own for the same connection: TLS moves the first one into another object, and closing frees it for others.
        _twin = None

        def _new_conn(self):
            connected = super()._new_conn()
            self._twin = socket.socket(fileno=os.dup(connected.fileno()))
            _take(self._twin)
            return connected

        def request(self, *args, **kwargs):
            # A connection that was kept alive is older than this call.
            if self.sock is not None:
                _take(self._twin)
            return super().request(*args, **kwargs)

        def close(self):
            super().close()
            twin, self._twin = self._twin, None
            if twin is not None:
                if _CURRENT.watch is not None:
                    _CURRENT.watch.adopt(twin)
                else:
                    twin.close()

    class Pool(pool_class):
        ConnectionCls = Connection

    return Pool


def _take(twin) -> None:
    if _CURRENT.watch is not None:
        _CURRENT.watch.take(twin)
