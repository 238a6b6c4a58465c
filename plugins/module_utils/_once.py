# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Things that the environments worked on in one process share, made by whoever needs them first. Private to the collection."""

from __future__ import annotations

import os
import threading
from functools import wraps


def once_per_process(make):
    """A function that makes its value once for each set of arguments, however many threads ask at the same time.

    An exception is not kept: the next one who asks tries again. A forked process begins anew, because connections, locks and what
    hangs on them must not be shared with the process that it came from.
    """
    values, locks, guard = {}, {}, threading.Lock()

    def forget():
        nonlocal guard
        values.clear()
        locks.clear()
        guard = threading.Lock()

    @wraps(make)
    def made(*arguments):
        with guard:
            lock = locks.setdefault(arguments, threading.Lock())
        with lock:
            if arguments not in values:
                values[arguments] = make(*arguments)
            return values[arguments]

    os.register_at_fork(after_in_child=forget)
    made.forget = forget
    return made
