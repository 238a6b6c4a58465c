# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The progress of a run: the outcome of each step, and what DocBits shows of it. Private to the collection."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import IonError, Refused, failure
from ansible_collections.docbits.ion.plugins.module_utils._exports.matching import is_alike
from ansible_collections.docbits.ion.plugins.module_utils._exports.plan import ACTIVATE, CREATE, NEVER_SENT, REMOVE, UPDATE, Plan
from ansible_collections.docbits.ion.plugins.module_utils._exports.run_record import RunRecord
from ansible_collections.docbits.ion.plugins.module_utils._model.export import DIFFERENT, FILES, SAME, Export, compare, is_empty, is_lost

# Outcomes of a step.
PLANNED = "planned"
APPLIED = "applied"
NOT_APPLIED = "not_applied"
UNKNOWN = "unknown"
ROLLED_BACK = "rolled_back"
NOT_RUN = "not_run"

_FIRST_PAUSE = 0.2
_LONGEST_PAUSE = 2.0


@dataclass(frozen=True)
class Settings:
    """How a plan is applied.

    settle_timeout: seconds to wait until the list shows a write
    clock:          has monotonic() and sleep(), as the module time
    record:         the intent record
    """

    settle_timeout: float = 5.0
    clock: Any = time
    record: RunRecord = field(default_factory=lambda: RunRecord(None))


class Progress:
    """The outcome of each step of a plan, by the number of the step.

    creates, changes, removals: the numbers of the steps that create, that do not remove, and that remove
    ids:    ids of exports that this run created
    proven: numbers of the creates whose id DocBits answered, so that no other export can be meant
    seen:   the exports that DocBits has listed during this run, as it last listed them, by id
    unlisted: ids of exports that DocBits no longer listed before the first removal, so that their absence proves none
    strays: number of an update to another id that DocBits answered, perhaps that of an export that it created instead
    displaced: undeclared exports that DocBits deactivated when this run made another one active
    is_displaced: whether one of them could not be activated again
    unanswered: numbers of the steps of which a later write was not answered, so that it may still take effect
    drops:  whether DocBits was seen to drop what an update does not send
    """

    def __init__(self, plan: Plan, client, settings: Settings) -> None:
        self.plan = plan
        self.outcomes = [NOT_RUN] * len(plan.steps)
        self.creates = [index for index, step in enumerate(plan.steps) if step.action == CREATE]
        self.changes = [index for index, step in enumerate(plan.steps) if step.action != REMOVE]
        self.removals = [index for index, step in enumerate(plan.steps) if step.action == REMOVE]
        self.ids: dict = {}
        self.proven: set = set()
        self.strays: dict = {}
        self.seen: dict = {}
        self.unlisted: set = set()
        self.displaced: list = []
        self.is_displaced = False
        self.unanswered: set = set()
        self.drops = False
        self._client = client
        self._settings = settings
        self._known_ids = {export.id for export in plan.before}

    @property
    def changed(self) -> bool:
        """Whether the run changed something in DocBits, or may have."""
        return self.is_displaced or any(outcome in (APPLIED, UNKNOWN) for outcome in self.outcomes)

    def is_new(self, id_: str) -> bool:
        """Whether no export had this id before the run."""
        return id_ not in self._known_ids

    def id_of(self, index: int):
        """The id of the export of a step, None if it is not known yet."""
        return self.plan.steps[index].id or self.ids.get(index)

    def report(self) -> list:
        """Each step with its outcome, as results list them."""
        return [step.as_dict(outcome, self.ids.get(index)) for index, (step, outcome) in enumerate(zip(self.plan.steps, self.outcomes))]

    def listed(self) -> dict:
        """The exports that DocBits lists now, by id."""
        exports = {export.id: export for export in self._client.exports()}
        self.seen.update(exports)
        return exports

    def settle(self, check):
        """Call `check` until it returns a true value or settle_timeout seconds have passed; returns its last value."""
        return settle(check, self._settings.settle_timeout, self._settings.clock)

    def candidates(self, index: int, listed: dict) -> list:
        """The listed exports that were not there before the run and may be the one that a step creates."""
        others = {id_ for other, id_ in (*self.ids.items(), *self.strays.items()) if other != index}
        wanted = self.plan.steps[index].after
        return [export for id_, export in listed.items() if id_ not in self._known_ids and id_ not in others and is_alike(wanted, export)]

    def locate(self, index: int, listed: dict) -> bool:
        """Find the export of a create in the list: the one with the answered id, or else the only new one that is alike.

        Raises: Refused if there are several
        """
        if index in self.ids:
            return self.ids[index] in listed
        found = self.candidates(index, listed)
        if len(found) > 1:
            raise ambiguous(self.plan.steps[index], [export.id for export in found])
        if found:
            self.ids[index] = found[0].id
        return bool(found)

    def observe(self, index: int, listed: dict) -> str:
        """Whether DocBits shows the effect of a step: APPLIED, NOT_APPLIED or UNKNOWN."""
        step = self.plan.steps[index]
        if step.action == CREATE:
            return APPLIED if self.locate(index, listed) else NOT_APPLIED
        export = listed.get(step.id)
        if step.action == REMOVE:
            return NOT_APPLIED if export else UNKNOWN if step.id in self.unlisted else APPLIED
        if export is None:
            return UNKNOWN
        if step.action == UPDATE:
            # DocBits may have created a second export instead.
            return UNKNOWN if self.candidates(index, listed) else self._observe_values(step, export, listed)
        active = export.get("active")
        return UNKNOWN if active is None else APPLIED if active == (step.action == ACTIVATE) else NOT_APPLIED

    def _observe_values(self, step, export: Export, listed: dict) -> str:
        results = {compare(name, step.values[name], self.current(export, name)) for name in step.changes}
        if SAME in results:
            return APPLIED
        return NOT_APPLIED if DIFFERENT in results and not self.copies(step, listed) else UNKNOWN

    def copies(self, step, listed: dict) -> list:
        """The new exports that an update may have created, even without a title: they show what it sent, as far as they show anything."""
        return [export for id_, export in listed.items() if self.is_new(id_) and _has_sent_values(step, export)]

    def current(self, export: Export, name: str):
        """The state of a field, or of a file, which is downloaded."""
        return self._client.download(export, name) if name in FILES else export.value(name)

    def is_active(self, id_: str) -> bool | None:
        """Whether the list shows an export as active, twice, because a list may be behind what it has shown before; None if it does not show that."""
        once, again = (self.listed().get(id_) for _time in range(2))
        return once.get("active") if once and again and once.get("active") == again.get("active") else None

    def try_is_active(self, id_: str) -> bool | None:
        """As is_active, and None if DocBits cannot be read."""
        try:
            return self.is_active(id_)
        except IonError:
            return None

    def is_absent(self, id_: str) -> bool:
        """Whether the list does not show an export, twice."""
        return id_ not in self.listed() and id_ not in self.listed()

    def lost_values(self, step, export: Export) -> list:
        """The names of values that an update did not send and that DocBits dropped."""
        unsent = [name for name, value in step.before.values.items() if name not in (*step.values, *NEVER_SENT) and not is_empty(value)]
        lost = [name for name in unsent if is_lost(name, step.before.value(name), self.current(export, name))]
        self.drops = self.drops or bool(lost)
        return lost

    def try_to_observe(self, index: int) -> str:
        """As observe, and UNKNOWN if DocBits cannot be read."""
        try:
            return self.observe(index, self.listed())
        except IonError:
            return UNKNOWN


def _has_sent_values(step, export: Export) -> bool:
    results = {compare(name, value, export.value(name)) for name, value in step.values.items() if name not in FILES}
    return export.get("kind") in (None, step.kind) and DIFFERENT not in results


def settle(check, timeout: float, clock):
    """Call `check` until it returns a true value or `timeout` seconds have passed; returns its last value. At first it is called more often."""
    ends, pause = clock.monotonic() + timeout, _FIRST_PAUSE
    while True:
        value = check()
        remaining = ends - clock.monotonic()
        if value or remaining <= 0:
            return value
        clock.sleep(min(pause, remaining))
        pause = min(2 * pause, _LONGEST_PAUSE)


def was_refused(error: IonError) -> bool:
    """Whether DocBits answered that it does not apply a write. The list must still agree."""
    return isinstance(error, Refused) or error.facts.get("status") == 429


def ambiguous(step, ids) -> IonError:
    """The error if several exports, or none, may be the one that a step created."""
    found = f"several new exports may be the one that this run created (ids {', '.join(sorted(ids))})" if ids else "the new export was removed by somebody else"
    return failure(Refused, "DV05", step.label, found, "leave one of them in DocBits, then run again")
