# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Processes: a worker knows whether the process that started it has ended."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap

import pytest

from ansible_collections.docbits.ion.plugins.module_utils._core import process
from ansible_collections.docbits.ion.plugins.module_utils._core.process import is_orphaned

# The parent forks a worker, which writes what it sees before and after the end of the parent to a pipe of the test.
PARENT = """
    import os, sys
    from ansible_collections.docbits.ion.plugins.module_utils._core.process import is_orphaned
    go, ready, ended = os.pipe(), os.pipe(), int(sys.argv[1])
    if os.fork() == 0:
        os.close(go[1])
        os.write(ended, str(is_orphaned()).encode())
        os.write(ready[1], b"1")
        # The end of the parent closes the other end of this pipe.
        os.read(go[0], 1)
        while os.getppid() == {parent}:
            pass
        os.write(ended, str(is_orphaned()).encode())
        os._exit(0)
    os.read(ready[0], 1)
"""

# The controller forks a worker, which does not notice its end and has a process of its own.
CONTROLLER = """
    import os, sys
    from ansible_collections.docbits.ion.plugins.module_utils._core.process import is_orphaned
    ready, ended = os.pipe(), int(sys.argv[1])
    if os.fork() == 0:
        if os.fork() == 0:
            os.write(ended, str(is_orphaned()).encode())
            os.write(ready[1], b"1")
            while not is_orphaned():
                pass
            os.write(ended, b"True")
            os._exit(0)
        os.wait()
        os._exit(0)
    os.read(ready[0], 1)
"""


def test_process_with_its_parent_is_not_orphaned():
    assert not is_orphaned()


def test_process_with_another_parent_is_orphaned(monkeypatch):
    # 1 is the parent already where the tests run in the background.
    another = os.getppid() + 1
    monkeypatch.setattr(process.os, "getppid", lambda: another)
    assert is_orphaned()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_worker_is_orphaned_when_the_process_that_forked_it_ends():
    assert what_it_saw(textwrap.dedent(PARENT).replace("{parent}", "parent").replace("if os.fork()", "parent = os.getpid()\nif os.fork()")) == "FalseTrue"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_process_of_a_worker_is_orphaned_when_the_controller_ends():
    assert what_it_saw(textwrap.dedent(CONTROLLER)) == "FalseTrue"


def what_it_saw(code):
    """What the last process writes to the pipe of the test."""
    readable, writable = os.pipe()
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    subprocess.run([sys.executable, "-c", code, str(writable)], env=environment, pass_fds=[writable], check=True, timeout=60)
    os.close(writable)
    with os.fdopen(readable) as pipe:
        return pipe.read()
