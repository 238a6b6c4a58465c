# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Limits the concurrent requests to each host within one process. Private to the collection."""

from __future__ import annotations

import threading
from contextlib import contextmanager

from ansible_collections.docbits.ion.plugins.module_utils._core.once import once_per_process

REQUESTS_PER_HOST = 64


class HostSemaphore:
    """A semaphore for each host, shared by the threads of this process. Forked workers each have their own.

    processes: the number of processes of this worker, which divide the limit between them
    """

    def __init__(self, limit: int = REQUESTS_PER_HOST) -> None:
        self.processes = 1
        # After a fork only the current thread exists, and nobody would release what the others had acquired.
        self._of_host = once_per_process(lambda host, shares: threading.Semaphore(self._part_of(limit // shares)))

    def _part_of(self, limit: int) -> int:
        return max(min(limit, 1), limit // self.processes)

    @contextmanager
    def acquire(self, host: str, timeout: float, shares: int = 1):
        """Acquire a slot for one request. Yields False if none becomes free within `timeout` seconds.

        shares: the number of runs that divide the limit between them
        """
        semaphore = self._of_host(host, shares)
        acquired = semaphore.acquire(timeout=timeout)
        try:
            yield acquired
        finally:
            if acquired:
                semaphore.release()
