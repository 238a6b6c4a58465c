# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Locks between the forked workers of one play: the bytes of a file that has no name. Private to the collection."""

from __future__ import annotations

import fcntl
import os
import tempfile


class WorkerLocks:
    """As many locks as a file can have bytes, shared by all processes that were forked after this was made.

    The kernel takes a lock back when its process ends, however it ends, so a worker that died never blocks the others. The locks do not
    part the threads of one process: whoever uses them keeps those apart. A process may close no other descriptor of this file, for that
    would free all its locks; nobody can, because the file has no name to open it by.
    """

    def __init__(self) -> None:
        self._file = _nameless_file()

    def wait_for(self, byte: int) -> None:
        """Take a lock as soon as no other process has it."""
        fcntl.lockf(self._file, fcntl.LOCK_EX, 1, byte)

    def take(self, byte: int) -> bool:
        """Take a lock unless another process has it; whether it was taken."""
        try:
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, byte)
        except OSError:
            return False
        return True

    def free(self, byte: int) -> None:
        """Give a lock back."""
        fcntl.lockf(self._file, fcntl.LOCK_UN, 1, byte)


def _nameless_file():
    """A file without a name, a size or a place on a disk where the system has such files (Linux); elsewhere an empty, unlinked one."""
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("docbits.ion"), "r+b", buffering=0)
    return tempfile.TemporaryFile()
