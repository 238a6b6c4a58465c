# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Small files that only their owner can read: written whole, read with limits, locked for a bounded time. Private to the collection."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import stat
import tempfile
import time
from contextlib import contextmanager

# Private to the user, so that no other user of the machine can hold a lock or read a record.
FOLDER = "~/.ansible/docbits.ion"
LARGEST = 4 * 1024 * 1024
_POLL = 0.1


def read_json(path: str):
    """The JSON value in a regular file, or None if there is no such file.

    Raises: OSError if the file cannot be read or is not a regular file, ValueError if it holds no JSON
    """
    try:
        # Without O_NONBLOCK a FIFO would be waited for.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    with os.fdopen(descriptor, encoding="utf-8") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_size > LARGEST:
            raise OSError("not a regular file of a sensible size")
        try:
            return json.load(file)
        except RecursionError:
            raise ValueError("nested too deeply") from None


def write_json(path: str, value) -> None:
    """Replace a file by a JSON value, as write_bytes does. Raises: OSError"""
    write_text(path, json.dumps(value, indent=2, sort_keys=True) + "\n")


def write_text(path: str, text: str) -> None:
    """Replace a file by a text, as write_bytes does. Raises: OSError"""
    write_bytes(path, text.encode())


def write_bytes(path: str, content: bytes) -> None:
    """Replace a file by this content, in one step, readable by its owner only. Raises: OSError"""
    folder = os.path.dirname(path)
    os.makedirs(folder, mode=0o700, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=folder, prefix=".", suffix=".new")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


@contextmanager
def locked(name: str, timeout: float, clock=time):
    """Hold an exclusive lock between processes for the block. Yields False, without the lock, if it is not free within `timeout` seconds.

    name:  what is locked, for example a path
    clock: has monotonic() and sleep(), as the module time
    Raises: OSError if the folder of the locks is not private or cannot be written
    """
    folder = os.path.join(os.path.expanduser(FOLDER), "locks")
    path = os.path.join(folder, f"{hashlib.sha256(name.encode('utf-8', 'surrogateescape')).hexdigest()[:16]}.lock")
    os.makedirs(folder, mode=0o700, exist_ok=True)
    status = os.stat(folder)
    if status.st_uid != os.geteuid() or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise OSError("the folder is not private")
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)
    try:
        yield _lock(descriptor, timeout, clock)
    finally:
        os.close(descriptor)


def _lock(descriptor, timeout, clock) -> bool:
    ends = clock.monotonic() + timeout
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if clock.monotonic() >= ends:
                return False
            clock.sleep(_POLL)
        else:
            return True


def remove(path: str) -> None:
    """Remove a file if there is one. Raises: OSError"""
    try:
        os.unlink(path)
    except FileNotFoundError:
        pass
