# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Virtual time and the scheduler of actors: each actor is a greenlet that gives way at every call and every wait."""

from __future__ import annotations

from greenlet import getcurrent, greenlet

CALL_SECONDS = 0.02


class Killed(BaseException):
    """The process of a run has ended: nothing that it would still do has an effect."""


class Actor(greenlet):
    """A run or a person.

    wakes:    virtual time from which it goes on
    killed:   whether its process has ended
    orphaned: whether the process that started it has ended
    result:   what its function returned, or the exception that ended it
    """

    def __init__(self, name: str, function, starts: float = 0.0) -> None:
        super().__init__(self._run)
        self.name = name
        self.wakes = starts
        self.killed = False
        self.orphaned = False
        self.result = None
        self._function = function

    def _run(self):
        try:
            self.result = self._function()
        except Killed:
            self.result = None
        except KeyboardInterrupt as error:
            self.result = error


class Clock:
    """Has monotonic() and sleep(), as the module time."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let the others go on until this much virtual time has passed."""
        actor = getcurrent()
        if not isinstance(actor, Actor):
            self.now += seconds
            return
        if actor.killed:
            raise Killed
        actor.wakes = self.now + seconds
        actor.parent.switch()
        if actor.killed:
            raise Killed

    def run(self, actors, choose) -> None:
        """Run the actors to their ends.

        choose: from the actors that can go on to the one that does
        """
        while True:
            alive = [actor for actor in actors if not (actor.killed or actor.dead)]
            if not alive:
                return
            ready = [actor for actor in alive if actor.wakes <= self.now]
            if not ready:
                self.now = min(actor.wakes for actor in alive)
                continue
            choose(ready).switch()
