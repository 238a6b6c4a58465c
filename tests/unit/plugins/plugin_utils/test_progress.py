# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The progress of a task: counts, the wait for logins, and what is shown where."""

from __future__ import annotations

import json
import threading

import pytest

from ansible_collections.docbits.ion.plugins.plugin_utils import _progress
from ansible_collections.docbits.ion.plugins.plugin_utils._progress import Progress, timed


class Display:
    """Collects what is shown."""

    columns = 60

    def __init__(self):
        self.texts = []

    def display(self, text, **options):
        assert options == {"stderr": True, "screen_only": True, "newline": False}
        self.texts.append(text)


@pytest.fixture
def progress():
    with Progress(Display(), "Early", 40) as made:
        yield made


def files(count, tenant="ACME_TST"):
    """Texts of different ION API files of one tenant."""
    return [json.dumps({"pu": f"https://sso.example.com/{tenant}/as/", "saak": number}) for number in range(count)]


def test_line_counts_the_environments_that_are_done(progress):
    for result in ({"changed": True}, {"changed": False}, {"failed": True, "changed": True}, {"changed": True}):
        progress.count(result)
    assert progress.line(progress._started) == "Early: 4 of 40 environments done (2 changed, 1 failed, 1 unchanged)"


def test_timed_result_has_its_start_and_its_seconds():
    result = timed(lambda name: {"changed": name == "one"}, "one")
    assert result["changed"] and result["started"] > 1.7e9 and result["seconds"] >= 0


@pytest.mark.parametrize(
    ("texts", "left"),
    [
        (files(15), None),
        (files(16), 60),
        (files(40), 120),
        (files(15) + files(15, "ACME_PRD"), None),
        (files(1) * 40, None),
        (["[]", "", "{"], None),
    ],
)
def test_line_announces_the_wait_for_logins_of_one_tenant(progress, texts, left):
    progress.expect_logins(texts)
    line = progress.line(progress._started)
    assert line.endswith(f"; waiting for Infor's 15 logins a minute, about {left} s left" if left else "environments done")
    assert "waiting" not in progress.line(progress._started + 120)


def test_line_announces_the_wait_for_a_share_of_the_logins(progress):
    progress.expect_logins(files(6), limit=3)
    assert "; waiting for Infor's 3 logins a minute, about 60 s left" in progress.line(progress._started)


@pytest.mark.parametrize("is_terminal", [True, False])
def test_progress_is_one_live_line_on_a_terminal_and_lines_elsewhere_if_something_changed(monkeypatch, is_terminal):
    looks = threading.Semaphore(0)

    class Watched(Progress):
        def line(self, now):
            looks.release()
            return super().line(now)

    monkeypatch.setattr(_progress, "IS_TERMINAL", is_terminal)
    monkeypatch.setattr(_progress, "INTERVAL", 0.001)
    display, title = Display(), "The name of a play that does not fit into one line of this terminal"
    with Watched(display, title, 2) as progress:
        for _look in range(3):
            assert looks.acquire(timeout=10)
        progress.count({})
        # The first of these may have begun before.
        for _look in range(3):
            assert looks.acquire(timeout=10)
    if is_terminal:
        assert display.texts == [f"\r\033[K{title[:60]}"] * 2 + ["\r\033[K"]
    else:
        assert display.texts == [f"{title}: 0 of 2 environments done\n", f"{title}: 1 of 2 environments done (1 unchanged)\n"]


def test_progress_of_a_short_task_shows_nothing():
    display = Display()
    with Progress(display, "Early", 1):
        pass
    assert display.texts == []
