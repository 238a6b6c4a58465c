# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the environments of a process share: made once, a failure kept only where that was asked for, and not for long."""

from __future__ import annotations

import threading
import time

import pytest

from ansible_collections.docbits.ion.plugins.module_utils._core import once as _once
from ansible_collections.docbits.ion.plugins.module_utils._core.errors import Unreachable, failure


class Source:
    """Fails as often as told, then gives what it was asked for."""

    def __init__(self, fails):
        self.fails, self.calls = fails, 0

    def __call__(self, what):
        self.calls += 1
        time.sleep(0.05)
        if self.calls <= self.fails:
            raise failure(Unreachable, "N06", "host", "it is silent", "try again", status=1)
        return [what]


def asked_by_threads(made, number):
    told = []

    def ask():
        try:
            told.append(made("a"))
        except Unreachable as error:
            told.append(error)

    threads = [threading.Thread(target=ask) for _thread in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return told


def made_of(source, **options):
    def make(what):
        return source(what)

    return _once.once_per_process(make, **options)


def test_a_value_is_made_once_for_all_threads():
    source = Source(0)
    told = asked_by_threads(made_of(source), 5)
    assert told == [["a"]] * 5 and source.calls == 1


def test_a_failure_is_not_kept_unless_that_was_asked_for():
    source = Source(1)
    made = made_of(source)
    with pytest.raises(Unreachable):
        made("a")
    assert made("a") == ["a"]


def test_those_who_waited_for_a_failure_fail_at_once():
    source = Source(9)
    told = asked_by_threads(made_of(source, keep_failure=60.0), 5)
    assert source.calls == 1
    assert [(error.id, error.facts) for error in told] == [("N06", {"status": 1})] * 5
    assert len(set(map(id, told))) == 5


def test_a_kept_failure_is_for_its_arguments_and_its_time(monkeypatch):
    source = Source(1)
    made = made_of(source, keep_failure=60.0)
    with pytest.raises(Unreachable):
        made("a")
    assert made("b") == ["b"]
    later = time.monotonic() + 61
    monkeypatch.setattr(_once.time, "monotonic", lambda: later)
    assert made("a") == ["a"]
