# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""once_per_process: one call for all threads, kept failures, forks."""

from __future__ import annotations

import os
import threading
import time

import pytest

from ansible_collections.docbits.ion.plugins.module_utils._core import once as _once
from ansible_collections.docbits.ion.plugins.module_utils._core.errors import Unreachable, failure


class Source:
    """Fails the given number of times, then returns its argument in a list."""

    def __init__(self, fails):
        self.fails, self.calls = fails, 0

    def __call__(self, what):
        self.calls += 1
        time.sleep(0.05)
        if self.calls <= self.fails:
            raise failure(Unreachable, "N06", "host", "no response", "try again", status=1)
        return [what]


def results_in_threads(made, number):
    results = []

    def call():
        try:
            results.append(made("a"))
        except Unreachable as error:
            results.append(error)

    threads = [threading.Thread(target=call) for _thread in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def made_of(source, **options):
    def make(what):
        return source(what)

    return _once.once_per_process(make, **options)


def test_value_when_threads_ask_together_is_made_once():
    source = Source(0)
    results = results_in_threads(made_of(source), 5)
    assert results == [["a"]] * 5 and source.calls == 1


def test_failure_without_keep_failure_is_tried_again():
    source = Source(1)
    made = made_of(source)
    with pytest.raises(Unreachable):
        made("a")
    assert made("a") == ["a"]


def test_failure_with_keep_failure_is_raised_in_all_waiting_threads():
    source = Source(9)
    results = results_in_threads(made_of(source, keep_failure=60.0), 5)
    assert source.calls == 1
    assert [(error.id, error.facts) for error in results] == [("N06", {"status": 1})] * 5
    assert len(set(map(id, results))) == 5


def test_failure_with_keep_failure_is_tried_again_for_other_arguments_and_later(monkeypatch):
    source = Source(1)
    made = made_of(source, keep_failure=60.0)
    with pytest.raises(Unreachable):
        made("a")
    assert made("b") == ["b"]
    later = time.monotonic() + 61
    monkeypatch.setattr(_once.time, "monotonic", lambda: later)
    assert made("a") == ["a"]


def test_value_in_a_forked_process_is_made_again():
    source = Source(0)
    made = made_of(source)
    made("a")
    child = os.fork()
    if child == 0:
        made("a")
        os._exit(source.calls)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 2
