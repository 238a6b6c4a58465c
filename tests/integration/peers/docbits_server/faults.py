# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults of the connection, chosen by the kind and the number of the call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

EFFECTS = (
    "lost_before",  # connection closed, nothing applied
    "lost_after",  # applied, connection closed without an answer
    "hang_before",  # no answer for `seconds`, nothing applied, connection closed
    "hang_after",  # applied, no answer for `seconds`, connection closed
    "late",  # the answer is `seconds` late, applied at once
    "late_effect",  # applied only after the connection has been closed for `seconds`
    "doubled",  # applied twice, one answer
    "status_before",  # `status` instead of applying
    "status_after",  # `status` after applying
    "echo",  # status 400 instead of applying, with the whole request in the message
    "truncated",  # applied, the body ends half way
    "act",  # `act(store)` is called before the call is served
    "act_after",  # `act(store)` is called after the call has been served
)

# after_write: every call that arrives after the first write
CALLS = (
    "any",
    "after_write",
    "write",
    "create",
    "update",
    "visibility",
    "remove",
    "read",
    "list",
    "download",
    "openapi",
    "doc_types",
)


@dataclass
class Fault:
    """Applies `effect` to the `nth` call of the kind `on` and to the `times - 1` calls of that kind after it.

    times: 0 means every call from the nth on.
    """

    effect: str
    on: str = "write"
    nth: int = 1
    times: int = 1
    seconds: float = 6.0
    status: int = 502
    headers: dict[str, str] = field(default_factory=dict)
    act: Callable[..., None] | None = None
    seen: int = 0

    def __post_init__(self) -> None:
        if self.effect not in EFFECTS or self.on not in CALLS:
            raise ValueError(f"unknown fault {self.effect!r} on {self.on!r}")

    def strikes(self, kinds: set[str]) -> bool:
        """Count a call of these kinds and return whether the fault applies to it."""
        if self.on not in kinds:
            return False
        self.seen += 1
        return self.seen >= self.nth and (self.times == 0 or self.seen < self.nth + self.times)

    def fresh(self) -> Fault:
        """Return the same fault with its counter at zero."""
        return Fault(self.effect, self.on, self.nth, self.times, self.seconds, self.status, dict(self.headers), self.act)
