# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ends a request at its deadline, however slowly the server sends or reads. Private to the collection.

The timeouts of requests and urllib3 limit the wait for the next byte. They start again with every byte, so a server that sends one byte
now and then holds a request forever: in the status line, the headers, the body, the answer of a proxy to CONNECT, or while it reads an
upload. Only the body can be read in steps from outside; no release of requests or urllib3 has a limit for the rest. So one thread per
process shuts down the sockets of requests that are past their deadline, which ends every blocked read and write at once.

The monitor gets the sockets from connection classes of urllib3 that extend `connect` and `request`. It cannot interrupt a name lookup, a TCP
connection attempt or a TLS handshake. The timeouts of the last two limit them as a whole, and nothing is sent if the deadline has passed
when they are done.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from contextlib import contextmanager
from typing import Any

from ansible_collections.docbits.ion.plugins.module_utils._core.once import once_per_process


class Call:
    """One request with a deadline.

    ends_at:      deadline on the clock of time.monotonic
    is_cancelled: whether the deadline passed before the request was done
    connection:   urllib3 connection that the request uses, once there is one
    sock:         its socket, once the request was sent; the connection may let go of it while the body is still read
    """

    def __init__(self, ends_at: float) -> None:
        self.ends_at = ends_at
        self.is_cancelled = False
        self.connection: Any = None
        self.sock: Any = None

    def check(self) -> None:
        """Raise OSError if the call is cancelled. The monitor sets is_cancelled first, and then shuts down the socket that it finds."""
        if self.is_cancelled:
            raise OSError("the deadline has passed")

    def cancel(self) -> None:
        """Shut down the socket, so that the thread that is blocked on it continues."""
        self.is_cancelled = True
        for sock in (self.sock, getattr(self.connection, "sock", None)):
            # For an HTTPS proxy, urllib3 wraps the socket in an object that is none.
            sock = getattr(sock, "socket", sock)
            if sock is not None:
                try:
                    # Not sock.shutdown: SSLSocket.shutdown switches encryption off first, and another thread may be writing.
                    socket.socket.shutdown(sock, socket.SHUT_RDWR)
                except OSError:  # not connected, or closed in the meantime
                    pass


class DeadlineMonitor:
    """Cancels calls at their deadline, with one thread for all calls of the process."""

    def __init__(self) -> None:
        self._reset()
        os.register_at_fork(after_in_child=self._reset)

    def _reset(self) -> None:
        # After a fork only the current thread exists, and the calls belong to the parent.
        self._changed = threading.Condition()
        self._calls: set = set()
        self._thread: threading.Thread | None = None
        self._wakes_at = float("inf")

    @contextmanager
    def limit(self, timeout: float):
        """Give the request inside `timeout` seconds. Yields its Call."""
        call = Call(time.monotonic() + timeout)
        _CURRENT.call = call
        with self._changed:
            self._calls.add(call)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="docbits.ion deadlines", daemon=True)
                self._thread.start()
            elif call.ends_at < self._wakes_at:
                self._changed.notify()
        try:
            yield call
        finally:
            del _CURRENT.call
            # The lock also waits for a cancellation that has begun: the socket may go to another call after this.
            with self._changed:
                self._calls.discard(call)

    def _run(self) -> None:
        with self._changed:
            while True:
                now = time.monotonic()
                for call in [call for call in self._calls if call.ends_at <= now]:
                    self._calls.discard(call)
                    call.cancel()
                self._wakes_at = min((call.ends_at for call in self._calls), default=float("inf"))
                self._changed.wait(min(self._wakes_at - now, threading.TIMEOUT_MAX))


class _Current(threading.local):
    """The call that this thread makes."""

    call: Call


_CURRENT = _Current()
MONITOR = DeadlineMonitor()


@once_per_process
def with_deadline(pool_class: Any):
    """The urllib3 connection pool class, with connections that the monitor can shut down."""

    connection_class: Any = pool_class.ConnectionCls

    class Connection(connection_class):
        def connect(self):
            # A proxy answers CONNECT in here.
            call = _CURRENT.call
            call.connection = self
            super().connect()
            call.check()

        def request(self, *args, **kwargs):
            call = _CURRENT.call
            call.connection = self
            call.check()
            super().request(*args, **kwargs)
            call.sock = self.sock

    class Pool(pool_class):
        ConnectionCls = Connection

    return Pool
