# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows how far the environments of a task are: one live line on a terminal, elsewhere a line now and then. Private to the collection."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections import Counter

from ansible_collections.docbits.ion.plugins.module_utils._infor.logins import LOGINS_PER_MINUTE, MINUTE

# Set when Ansible loads the plugin, because its workers have no terminal.
IS_TERMINAL = sys.stderr.isatty()
# Seconds between two lines.
INTERVAL = 1.0 if IS_TERMINAL else 10.0
_CLEAR = "\r\033[K"


class Progress:
    """Counts the environments of a task while it runs, in a thread. Its lines go to stderr, so that the output of the task stays as it is.

    display: Ansible's
    title:   what the environments are, such as the name of the play
    total:   number of environments
    """

    def __init__(self, display, title: str, total: int) -> None:
        self._display = display
        self._title = title
        self._total = total
        self._done: list = []
        self._logins = 0.0
        self._limit = LOGINS_PER_MINUTE
        self._shown: object = None
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Progress:
        self._started = time.monotonic()
        self._thread.start()
        return self

    def __exit__(self, *_error) -> None:
        self._ended.set()
        self._thread.join()
        if IS_TERMINAL and self._shown:
            self._show(_CLEAR)

    def count(self, result) -> None:
        """Count an environment that is done."""
        self._done.append("failed" if result.get("failed") else "changed" if result.get("changed") else "unchanged")

    def expect_logins(self, texts, limit: int = LOGINS_PER_MINUTE) -> None:
        """Announce the wait for logins, which follows from the texts of all ION API files: each file needs one login at its tenant.

        limit: logins of a tenant in a minute
        """
        tenants = Counter(_token_url(text) for text in set(texts))
        self._limit = limit
        self._logins = max(((count - 1) // limit * MINUTE for count in tenants.values()), default=0.0)

    def line(self, now: float) -> str:
        """What is shown at a time of time.monotonic."""
        done = len(self._done)
        counts = ", ".join(f"{count} {outcome}" for outcome, count in sorted(Counter(self._done).items()))
        line = f"{self._title}: {done} of {self._total} environments done" + (f" ({counts})" if counts else "")
        left = self._started + self._logins - now
        return line + (f"; waiting for Infor's {self._limit} logins a minute, about {left:.0f} s left" if left > 0 and done < self._total else "")

    def _watch(self) -> None:
        while not self._ended.wait(INTERVAL):
            line = self.line(time.monotonic())
            # Elsewhere, the seconds that are left are no news.
            news = line if IS_TERMINAL else len(self._done)
            if news != self._shown:
                # On a terminal, a longer line would be broken into two, of which only one is replaced.
                self._show(f"{_CLEAR}{line[: self._display.columns]}" if IS_TERMINAL else f"{line}\n")
            self._shown = news

    def _show(self, text) -> None:
        self._display.display(text, stderr=True, screen_only=True, newline=False)


def timed(run, name, *arguments) -> dict:
    """The result of an environment, with the time at which it started and the seconds that it took."""
    started, since = time.time(), time.monotonic()
    result = run(name, *arguments)
    return {**result, "started": round(started, 3), "seconds": round(time.monotonic() - since, 3)}


def _token_url(text) -> str:
    """The URL of the tenant's login in an ION API file, which may be invalid."""
    try:
        return str(json.loads(text)["pu"])
    except (ValueError, TypeError, KeyError, RecursionError):
        return ""
