# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Spreads the hosts of a batch over processes, because the threads of one process share one core. Private to the collection."""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
from collections import deque
from multiprocessing.connection import wait

from ansible.utils.multiprocessing import context

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import IonError, failure
from ansible_collections.docbits.ion.plugins.module_utils._core.run import failed_result
from ansible_collections.docbits.ion.plugins.module_utils._http.client import SEMAPHORE

# Below this, starting a process takes longer than it saves.
HOSTS_EACH = 10
# Each takes some 20 MiB of memory, and the limits of requests are divided between them.
MOST_PROCESSES = 4


def processes_for(hosts: int, at_once: int) -> int:
    """The number of processes for a batch: one for each core. Only Linux lets them share tokens and logins, see logins.py."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "memfd_create") else 1
    return max(1, min(cores, MOST_PROCESSES, hosts // HOSTS_EACH, at_once))


class Processes:
    """Does the work for a batch, each process for a share of the hosts; in this process if one is enough. Also a context manager.

    The processes are forked when the block begins: before this process has threads.

    names: the hosts of the batch
    count: the number of processes
    work:  called in each process with its share of the names and two functions. `agree(name, prepared)` returns what this process makes of the
           prepared input of a host, in the order of the batch; `report(name, result)` hands over a result, from any thread.
    """

    def __init__(self, names, count: int, work) -> None:
        self._names, self._count, self._work = names, count, work
        self._processes: list = []
        # Connection to each process, and the names without a result.
        self._left: dict = {}

    def __enter__(self) -> Processes:
        for number in range(self._count if self._count > 1 else 0):
            here, there = context.Pipe()
            share = self._names[number :: self._count]
            self._left[here] = set(share)
            process = context.Process(target=self._run_share, args=(share, there, list(self._left)))
            process.start()
            there.close()
            self._processes.append(process)
        return self

    def __exit__(self, kind, *_error) -> None:
        for connection in self._left:
            connection.close()
        for process in self._processes:
            if kind is not None and process.is_alive():
                # Environments that have started end in order, no other one starts.
                os.kill(process.pid, signal.SIGALRM)
        for process in self._processes:
            process.join()

    def run(self, agree, report) -> None:
        """Work until every host has a result. Both functions are those that `work` gets, and are called in this process."""
        if not self._processes:
            return self._work(self._names, agree, report)
        order, prepared, ended, connections = deque(self._names), {}, set(), list(self._left)
        while connections:
            ready: list = wait(connections)
            for connection in ready:
                try:
                    name, is_result, value = connection.recv()
                except (EOFError, OSError):
                    connections.remove(connection)
                    ended |= self._left[connection]
                    for name in self._left[connection]:
                        report(name, failed_result(_process_ended(may_have_changed=name not in order)))
                    continue
                if is_result:
                    self._left[connection].discard(name)
                    report(name, value)
                else:
                    prepared[name] = connection, value
            while order and (order[0] in prepared or order[0] in ended):
                name = order.popleft()
                if name in prepared:
                    connection, value = prepared.pop(name)
                    _send(connection, agree(name, value))
        return None

    def _run_share(self, share, connection, others) -> None:
        """The body of a forked process."""
        for number in (signal.SIGINT, signal.SIGTERM):
            # With the handlers of ansible-core 2.19 and newer, the worker ends all processes of its group.
            if signal.getsignal(number) not in (signal.SIG_DFL, signal.default_int_handler):
                signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGALRM, lambda *_signal: sys.exit())
        for other in others:
            other.close()
        # The garbage collector would write to the memory that the processes share, which then has to be copied.
        gc.freeze()
        SEMAPHORE.processes = self._count
        lock = threading.Lock()

        def tell(name, is_result, value):
            with lock:
                _send(connection, (name, is_result, value))

        def agree(name, value):
            tell(name, False, value)
            return connection.recv()

        self._work(share, agree, lambda name, result: tell(name, True, result))
        connection.close()


def _send(connection, message) -> None:
    try:
        connection.send(message)
    except OSError:
        # The other side has ended, which the next reading shows.
        pass


def _process_ended(may_have_changed: bool) -> IonError:
    return failure(
        IonError,
        "X03",
        "docbits.ion",
        "the process that worked on this environment has ended as if it was killed; it is not known what it did",
        "check whether this machine has enough memory, and run again",
        changed=may_have_changed,
    )
