# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Private files: written whole for their owner only, read without following or waiting for anything, locked for a bounded time."""

from __future__ import annotations

import fcntl
import json
import multiprocessing
import os
import stat
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

import pytest
from simulation.clock import Clock

from ansible_collections.docbits.ion.plugins.module_utils._core import private_files
from ansible_collections.docbits.ion.plugins.module_utils._core.private_files import FOLDER, locked, read_json, remove, write_json

VALUE = {"b": [1, "ä"], "a": None}


@pytest.fixture(autouse=True)
def home(monkeypatch, tmp_path):
    """The home directory, with the folder of the locks."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


# Reading and writing


def test_value_that_was_written_is_read(tmp_path):
    path = str(tmp_path / "new" / "folder" / "a.json")
    write_json(path, VALUE)
    assert read_json(path) == VALUE


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_written_file_is_for_its_owner_only(tmp_path, umask):
    former = os.umask(umask)
    try:
        write_json(str(tmp_path / "new" / "a.json"), VALUE)
    finally:
        os.umask(former)
    assert (mode(tmp_path / "new" / "a.json"), mode(tmp_path / "new")) == (0o600, 0o700)


def test_written_file_replaces_one_that_others_can_read(tmp_path):
    path = tmp_path / "a.json"
    path.write_text("{}")
    path.chmod(0o666)
    write_json(str(path), VALUE)
    assert mode(path) == 0o600 and json.loads(path.read_text()) == VALUE


def test_written_file_replaces_a_symbolic_link_and_not_its_target(tmp_path):
    (tmp_path / "target").write_text("kept")
    (tmp_path / "a.json").symlink_to(tmp_path / "target")
    write_json(str(tmp_path / "a.json"), VALUE)
    assert (tmp_path / "target").read_text() == "kept" and not (tmp_path / "a.json").is_symlink()


def test_write_that_fails_keeps_the_former_file_and_leaves_no_other(tmp_path):
    path = tmp_path / "a.json"
    write_json(str(path), VALUE)
    with pytest.raises(TypeError):
        write_json(str(path), {"a": object()})
    assert read_json(str(path)) == VALUE and os.listdir(tmp_path) == ["a.json"]


def test_write_that_is_interrupted_before_the_end_keeps_the_former_file(tmp_path, monkeypatch):
    path = tmp_path / "a.json"
    write_json(str(path), VALUE)

    def interrupted(*_paths):
        raise KeyboardInterrupt

    monkeypatch.setattr(private_files.os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_json(str(path), {"new": 1})
    assert read_json(str(path)) == VALUE and os.listdir(tmp_path) == ["a.json"]


def test_read_of_a_missing_file_is_none(tmp_path):
    assert read_json(str(tmp_path / "none.json")) is None


def test_read_of_a_symbolic_link_is_an_error(tmp_path):
    write_json(str(tmp_path / "target.json"), VALUE)
    (tmp_path / "a.json").symlink_to(tmp_path / "target.json")
    with pytest.raises(OSError):
        read_json(str(tmp_path / "a.json"))


def test_read_of_a_fifo_is_an_error_and_does_not_wait(tmp_path):
    """In a process of its own, which is ended if it waits."""
    os.mkfifo(tmp_path / "a.json")
    code = f"""
        from ansible_collections.docbits.ion.plugins.module_utils._core.private_files import read_json
        try:
            read_json({str(tmp_path / "a.json")!r})
        except OSError:
            print("refused")
    """
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == "refused\n", done.stderr


def test_read_of_a_directory_is_an_error(tmp_path):
    (tmp_path / "a.json").mkdir()
    with pytest.raises(OSError):
        read_json(str(tmp_path / "a.json"))


def test_read_of_a_huge_file_is_an_error(tmp_path):
    path = tmp_path / "a.json"
    with open(path, "w") as file:
        file.truncate(private_files.LARGEST + 1)
    with pytest.raises(OSError, match="sensible size"):
        read_json(str(path))


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[" * 100_000])
def test_read_of_something_else_is_a_value_error(tmp_path, content):
    (tmp_path / "a.json").write_bytes(content)
    with pytest.raises(ValueError):
        read_json(str(tmp_path / "a.json"))


def test_remove_of_a_file_twice_is_no_error(tmp_path):
    write_json(str(tmp_path / "a.json"), VALUE)
    remove(str(tmp_path / "a.json"))
    remove(str(tmp_path / "a.json"))
    assert os.listdir(tmp_path) == []


def test_remove_of_a_folder_is_an_error(tmp_path):
    with pytest.raises(OSError):
        remove(str(tmp_path))


# Locks


def locks(home):
    return home / FOLDER.removeprefix("~/") / "locks"


def test_lock_that_is_free_is_held_for_the_block():
    with locked("a", 0.0) as is_locked:
        assert is_locked
    with locked("a", 0.0) as is_locked:
        assert is_locked


def test_lock_that_is_held_is_waited_for_no_longer_than_the_timeout():
    clock = Clock()
    with locked("a", 0.0), locked("a", 7.0, clock) as is_locked:
        assert not is_locked
    assert 7.0 <= clock.now < 7.5


def test_lock_that_becomes_free_is_got():
    clock, outer = Clock(), locked("a", 0.0)
    outer.__enter__()
    sleep = clock.sleep

    def released(seconds):
        sleep(seconds)
        if clock.now > 1.0:
            outer.__exit__(None, None, None)

    clock.sleep = released
    with locked("a", 7.0, clock) as is_locked:
        assert is_locked and clock.now < 2.0


def test_lock_of_another_name_is_free():
    with locked("a", 0.0), locked("b", 0.0) as is_locked:
        assert is_locked


def test_lock_is_released_by_an_exception():
    with pytest.raises(KeyError), locked("a", 0.0):
        raise KeyError
    with locked("a", 0.0) as is_locked:
        assert is_locked


def test_lock_is_released_when_its_process_is_killed():
    code = """
        import os, signal
        from ansible_collections.docbits.ion.plugins.module_utils._core.private_files import locked
        with locked("a", 0.0) as is_locked:
            print(is_locked, flush=True)
            os.kill(os.getpid(), signal.SIGKILL)
    """
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == "True\n", done.stderr
    with locked("a", 0.0) as is_locked:
        assert is_locked


def test_lock_file_is_for_its_owner_only_and_its_name_does_not_show_the_name(home):
    with locked("/home/somebody/host.json", 0.0):
        [file] = locks(home).iterdir()
        assert mode(file) == 0o600 and mode(locks(home)) == 0o700 and "host" not in file.name


@pytest.mark.parametrize("permissions", [0o777, 0o770, 0o720, 0o702])
def test_lock_in_a_folder_that_others_can_write_to_is_refused(home, permissions):
    locks(home).mkdir(parents=True)
    locks(home).chmod(permissions)
    with pytest.raises(OSError, match="not private"), locked("a", 0.0):
        pass


def test_lock_in_a_folder_of_another_user_is_refused(home, monkeypatch):
    locks(home).mkdir(parents=True, mode=0o700)
    monkeypatch.setattr(private_files.os, "geteuid", lambda: os.getuid() + 1)
    with pytest.raises(OSError, match="not private"), locked("a", 0.0):
        pass


def test_lock_whose_file_is_a_symbolic_link_is_refused(home, tmp_path):
    with locked("a", 0.0):
        pass
    [file] = locks(home).iterdir()
    file.unlink()
    file.symlink_to(tmp_path / "target")
    with pytest.raises(OSError), locked("a", 0.0):
        pass
    assert not (tmp_path / "target").exists()


# Other users of the machine

NOBODY = 65534
FORK = multiprocessing.get_context("fork")
as_another_user = pytest.mark.skipif(os.geteuid() != 0, reason="only root can play another user of the machine")


def by_another_user(act, path) -> str:
    """What `act` returns or the name of the exception that it raises, for a path in a process of another user."""
    answers = FORK.SimpleQueue()

    def work():
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
        try:
            answers.put(act(path) or "done")
        except OSError as error:
            answers.put(type(error).__name__)

    process = FORK.Process(target=work)
    process.start()
    process.join(60)
    return answers.get()


@pytest.fixture
def shared_place(monkeypatch):
    """A folder that every user may enter and write to, with a home in it. pytest's own is private."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        os.chmod(folder, 0o1777)
        monkeypatch.setenv("HOME", os.path.join(folder, "home"))
        os.mkdir(os.path.join(folder, "home"), 0o755)
        yield Path(folder)


@as_another_user
def test_another_user_can_read_no_file_and_hold_no_lock(shared_place):
    state = shared_place / ".docbits_ion/host.json"
    write_json(str(state), VALUE)
    with locked("a", 0.0):
        pass
    for path in (state, *locks(shared_place / "home").iterdir()):
        assert by_another_user(lambda path: fcntl.flock(os.open(path, os.O_RDONLY), fcntl.LOCK_EX), path) == "PermissionError"
    with locked("a", 0.0) as is_locked:
        assert is_locked


@as_another_user
@pytest.mark.parametrize("make", [lambda path: os.symlink("/etc/hostname", path), os.mkfifo, os.mkdir], ids=["link", "FIFO", "folder"])
def test_what_another_user_puts_in_the_place_of_a_file_is_neither_read_nor_waited_for(shared_place, make):
    path = str(shared_place / "host.json")
    assert by_another_user(make, path) == "done"
    with pytest.raises(OSError):
        read_json(path)


@as_another_user
def test_lock_folder_that_another_user_has_made_is_refused(shared_place):
    os.chmod(shared_place / "home", 0o777)
    assert by_another_user(os.makedirs, locks(shared_place / "home")) == "done"
    with pytest.raises(OSError, match="not private"), locked("a", 0.0):
        pass
