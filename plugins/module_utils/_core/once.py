# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Things that the environments worked on in one process share, made by whoever needs them first. Private to the collection."""

from __future__ import annotations

import os
import threading
import time
from functools import wraps

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import IonError


def once_per_process(make, keep_failure: float = 0.0):
    """A function that makes its value once for each set of arguments, however many threads ask at the same time.

    keep_failure: seconds for which an L(IonError) is kept, so that those who waited do not run into the same outage one after another

    Any other exception is not kept: the next one who asks tries again. A forked process begins anew, because connections, locks and what
    hangs on them must not be shared with the process that it came from.
    """
    values, failures, locks, guard = {}, {}, {}, threading.Lock()

    def forget():
        nonlocal guard
        values.clear()
        failures.clear()
        locks.clear()
        guard = threading.Lock()

    @wraps(make)
    def made(*arguments):
        with guard:
            lock = locks.setdefault(arguments, threading.Lock())
        with lock:
            if arguments not in values:
                error, kept_until = failures.get(arguments, (None, 0.0))
                if time.monotonic() < kept_until:
                    raise _another(error)
                try:
                    values[arguments] = make(*arguments)
                except IonError as error:
                    if keep_failure:
                        failures[arguments] = (_another(error), time.monotonic() + keep_failure)
                    raise
            return values[arguments]

    os.register_at_fork(after_in_child=forget)
    made.forget = forget
    return made


def _another(error) -> IonError:
    # Threads that raised one exception together would write their tracebacks into each other's.
    return type(error)(error.findings, **error.facts)
