# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values that all environments of one process share, such as TLS contexts. Private to the collection."""

from __future__ import annotations

import os
import threading
import time
from functools import update_wrapper

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import IonError


class once_per_process:
    """A thread-safe cache decorator: calls `make` once for each set of arguments.

    make:         function with hashable positional arguments
    keep_failure: seconds for which an IonError is raised again without calling `make`, so that waiting threads do not repeat a failed
                  request one after another. Other exceptions are not kept.

    The cache is empty in a forked process, because connections and locks must not be shared with the parent.
    """

    def __init__(self, make, keep_failure: float = 0.0) -> None:
        self._make = make
        self._keep_failure = keep_failure
        self.forget()
        os.register_at_fork(after_in_child=self.forget)
        update_wrapper(self, make)

    def forget(self) -> None:
        """Empty the cache."""
        self._values: dict = {}
        self._failures: dict = {}
        self._locks: dict = {}
        self._guard = threading.Lock()

    def __call__(self, *arguments):
        with self._guard:
            lock = self._locks.setdefault(arguments, threading.Lock())
        with lock:
            if arguments not in self._values:
                error, kept_until = self._failures.get(arguments, (None, 0.0))
                if time.monotonic() < kept_until:
                    raise error.copy()
                try:
                    self._values[arguments] = self._make(*arguments)
                except IonError as error:
                    if self._keep_failure:
                        self._failures[arguments] = (error.copy(), time.monotonic() + self._keep_failure)
                    raise
            return self._values[arguments]
