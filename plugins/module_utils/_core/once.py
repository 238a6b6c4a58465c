# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values that all environments of one process share, such as TLS contexts. Private to the collection."""

from __future__ import annotations

import os
import threading
import time
from functools import wraps

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import IonError


def once_per_process(make, keep_failure: float = 0.0):
    """A thread-safe cache decorator: calls `make` once for each set of arguments.

    make:         function with hashable positional arguments
    keep_failure: seconds for which an IonError is raised again without calling `make`, so that waiting threads do not repeat a failed
                  request one after another. Other exceptions are not kept.

    The cache is empty in a forked process, because connections and locks must not be shared with the parent. `forget` empties it.
    """
    values, failures, locks, guard = {}, {}, {}, threading.Lock()

    def forget():
        nonlocal guard
        values.clear()
        failures.clear()
        locks.clear()
        guard = threading.Lock()

    @wraps(make)
    def cached(*arguments):
        with guard:
            lock = locks.setdefault(arguments, threading.Lock())
        with lock:
            if arguments not in values:
                error, kept_until = failures.get(arguments, (None, 0.0))
                if time.monotonic() < kept_until:
                    raise error.copy()
                try:
                    values[arguments] = make(*arguments)
                except IonError as error:
                    if keep_failure:
                        failures[arguments] = (error.copy(), time.monotonic() + keep_failure)
                    raise
            return values[arguments]

    os.register_at_fork(after_in_child=forget)
    cached.forget = forget
    return cached
