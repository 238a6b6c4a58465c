# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ordered steps from the current exports to the declared ones. Pure. Private to the collection."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import InvalidInput
from ansible_collections.docbits.ion.plugins.module_utils._core.findings import ERROR, Finding
from ansible_collections.docbits.ion.plugins.module_utils._exports.declared import ABSENT, IGNORED
from ansible_collections.docbits.ion.plugins.module_utils._exports.matching import Pair
from ansible_collections.docbits.ion.plugins.module_utils._model.export import CLOUD, COMMON_FIELDS, FILES, IDENTITY, KINDS, SAME, Export, compare
from ansible_collections.docbits.ion.plugins.module_utils._model.values import Absent, Known

CREATE = "create"
UPDATE = "update"
ACTIVATE = "activate"
DEACTIVATE = "deactivate"
REMOVE = "remove"

# The values of a new export that are not declared; a kind takes those that it has.
NEW_EXPORT = {"active": True, "deployment": CLOUD, "zugferd": False, "sub_organisation": ""}
# Not sent in a create or update: the kind chooses the operation, and activity has an operation of its own.
NEVER_SENT = ("kind", "active")


@dataclass(frozen=True)
class Reading:
    """A pair whose current values were read and compared.

    pair:     a value that a fingerprint or another evidence proves to be the declared one counts as known
    changes:  the declared values that differ from the current ones, by name
    evidence: what decided, by name, for results
    unsent:   names that the policy for secrets leaves out of an update
    """

    pair: Pair
    changes: dict = field(default_factory=dict, repr=False)
    evidence: dict = field(default_factory=dict)
    unsent: frozenset = frozenset()


@dataclass(frozen=True)
class Step:
    """One write.

    action:       create, update, activate, deactivate or remove
    before:       the export before the step; None for a new one
    after:        the export after the step; None for a removal
    values:       the fields and files that a create or update sends, by name
    changes:      names of the values that an update changes
    reason:       what the step is for, for people
    irreversible: why the step cannot be rolled back, or an empty text
    restores:     whether the step finishes an interrupted run, so that it is not rolled back
    momentary:    whether a later step of the plan takes this one back, so that an interrupted run must not leave it
    """

    action: str
    before: Export | None
    after: Export | None
    values: dict = field(default_factory=dict, repr=False)
    changes: tuple = ()
    reason: str = ""
    irreversible: str = ""
    restores: bool = False
    momentary: bool = False

    @property
    def export(self):
        """The export after the step; for a removal, before it."""
        return self.after or self.before

    @property
    def id(self):
        """DocBits' id of the export, None if the step creates it."""
        return self.before.id if self.before else None

    @property
    def kind(self):
        """The name of the export's kind."""
        return self.export.get("kind")

    @property
    def label(self) -> str:
        """What messages call the export."""
        return self.export.label

    def as_dict(self, outcome: str, id_=None) -> dict:
        """The step as results list it."""
        return {
            "action": self.action,
            "export": self.export.get("title"),
            "id": self.id or id_,
            "reason": self.reason,
            "reversible": not self.irreversible,
            **({"irreversible_because": self.irreversible} if self.irreversible else {}),
            "outcome": outcome,
        }


@dataclass(frozen=True)
class Plan:
    """Ordered steps, and all exports of the organisation before and after them."""

    steps: tuple
    before: tuple
    after: tuple

    @property
    def changed(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.steps)


def plan(readings, current, *, purge=False, required_fields=lambda kind: (), allow_momentary_deactivation=False, to_activate=frozenset()) -> Plan:
    """The ordered steps from the current exports to the declared ones. Steps that cannot be rolled back come as late as possible.

    readings:                     a Reading for each pair
    current:                      all exports of the organisation
    purge:                        whether exports that no pair claims are removed
    required_fields:              from a kind to the fields that the contract requires in an update
    allow_momentary_deactivation: whether an active export may be deactivated while an inactive one is created beside it
    to_activate:                  ids of exports that an interrupted run left inactive
    Raises: InvalidInput for a change that DocBits has no way to make
    """
    result = {export.id: export for export in current}
    creates, removals = [], []
    updates: list = []
    for reading in readings:
        declared, known = reading.pair.declared, reading.pair.current
        if declared.state == IGNORED:
            continue
        if known is not None:
            known = replace(known, label=declared.label)
            result[known.id] = known
        if declared.state == ABSENT:
            if known is not None:
                removals.append((known, "declared absent"))
        elif known is None:
            creates.append(_new(declared))
        else:
            _refuse_values_of_other_kinds(declared, known)
            if known.id in to_activate and "active" not in declared.fields and known.get("active") is False:
                result[known.id] = result[known.id].with_values({"active": True})
            if reading.changes:
                result[known.id] = result[known.id].with_values(reading.changes)
                if any(name not in NEVER_SENT for name in reading.changes):
                    updates.append(_update(reading, known, required_fields))
    claimed = {reading.pair.current.id for reading in readings if reading.pair.current is not None}
    for export in current:
        if export.id in claimed:
            continue
        if purge:
            removals.append((export, "not declared"))
        elif export.id in to_activate and export.get("active") is False:
            result[export.id] = export.with_values({"active": True})
    before = {reading.pair.current.id: replace(reading.pair.current, label=reading.pair.declared.label) for reading in readings if reading.pair.current}
    before = {export.id: before.get(export.id, export) for export in current}
    for export, _reason in removals:
        del result[export.id]
    after = (*result.values(), *creates)
    updates = [replace(step, after=replace(step.after, values={**step.after.values, "active": step.before.value("active")})) for step in updates]
    moving = [step for step in updates if _moves_beside_an_active_export(step, before.values())]
    # An interrupted run is finished first.
    left = [export for export in result.values() if export.id in to_activate and export.active and before[export.id].get("active") is False]
    # DocBits may not list an inactive export.
    unlisted = [Export(id_, label=f"export {id_}").with_values({"active": False}) for id_ in sorted(to_activate - before.keys())]
    keys = {export.exclusive_key for export in left}
    first = [export for export in result.values() if before[export.id].active and not export.active and export.exclusive_key in keys]
    steps = [_switch(before[export.id], False) for export in first]
    steps += [_switch(export, True, restores=True) for export in [*(before[export.id] for export in left), *unlisted]]
    steps += [_switch(before[step.id], False, momentary=result[step.id].active) for step in moving]
    active = {export.id: export.get("active") for export in before.values()}
    active.update({export.id: True for export in left})
    active.update({export.id: False for export in first})
    active.update({step.id: False for step in moving})
    late = [step for step in updates if step.irreversible and not set(step.changes) & set(IDENTITY)]
    steps += [step for step in updates if step not in late]
    steps += _activity_steps(result, creates, removals, active, allow_momentary_deactivation)
    steps += late
    steps += [Step(REMOVE, export, None, reason=reason, irreversible="a removed export does not come back under its id") for export, reason in removals]
    return Plan(tuple(steps), tuple(before.values()), after)


def _new(declared) -> Export:
    kind = KINDS[declared.get("kind")]
    defaults = {name: value for name, value in NEW_EXPORT.items() if name in ("active", "sub_organisation") or name in kind.parts}
    return Export(None, label=declared.label).with_values({**defaults, **declared.values})


def _refuse_values_of_other_kinds(declared, known) -> None:
    """Refuse values that the kind does not have, and a change of the kind; without a declared kind this is known only now."""
    kind = known.kind
    allowed = COMMON_FIELDS + kind.parts if kind else ("active", "kind")
    for name, value in declared.values.items():
        same = compare(name, value, known.value(name)) == SAME
        if name == "kind" and not same:
            raise _invalid(
                "P04",
                declared.label,
                f"export {known.id} is of kind {known.get('kind')} and cannot become {value} in place",
                "declare a new export of the new kind and this one inactive or absent",
            )
        if name not in allowed and not same:
            raise _invalid(
                "P05",
                f"{declared.label}: {name}",
                f"export {known.id} is of kind {known.get('kind')}, {'which does not have it' if kind else 'of which only active can be set'}",
                "leave it out, or correct the id",
            )


def _update(reading, known, required_fields) -> Step:
    declared, changes = reading.pair.declared, reading.changes
    required = {name: known.get(name) for name in required_fields(known.get("kind")) if isinstance(known.value(name), Known)}
    sent = {name: value for name, value in {**required, **declared.values}.items() if name not in NEVER_SENT and name not in reading.unsent}
    sent = {name: value for name, value in sent.items() if value != "" or name in changes}
    changed = tuple(sorted(name for name in changes if name not in NEVER_SENT))
    lost = [reason for name in changed if (reason := _why_lost(name, known.value(name)))]
    return Step(UPDATE, known, known.with_values(sent), sent, changed, ", ".join(changed), "; ".join(lost))


def _why_lost(name, value) -> str:
    """Why a current value cannot be restored after it was replaced, or an empty text."""
    if isinstance(value, Absent):
        return f"DocBits has no way to take {name} away again" if name in FILES else ""
    if isinstance(value, Known):
        return "" if value.exact else f"DocBits shows the present {name} rewritten"
    return f"the present {name} is unknown ({value.reason})"


def _moves_beside_an_active_export(step, exports) -> bool:
    if not step.before.active or step.before.exclusive_key == step.after.exclusive_key:
        return False
    return any(export.active and export.id != step.id and export.exclusive_key == step.after.exclusive_key for export in exports)


def _activity_steps(result, creates, removals, active, allow_momentary_deactivation) -> list:
    """Creations and activity changes, one exclusive key after the other, so that a document type is without an active export only briefly."""
    steps = []
    for key in sorted({export.exclusive_key for export in [*result.values(), *creates]}):
        present = [export for export in result.values() if export.exclusive_key == key]
        new = [export for export in creates if export.exclusive_key == key]
        leaving = [export for export, _reason in removals if export.exclusive_key == key and export.active]
        to_off = [export for export in present if active[export.id] and not export.active]
        to_on = [export for export in present if export.active and active[export.id] is False]
        new_on = [export for export in new if export.active]
        new_off = [export for export in new if not export.active]
        waiting = [export for export in present if export.active and active[export.id]] if new_off and allow_momentary_deactivation else []
        if new_on or new_off or to_on:
            to_off = to_off + leaving
        steps += [_switch(export.with_values({"active": True}), False) for export in to_off]
        steps += [_switch(export, False, momentary=True) for export in waiting]
        steps += [_create_step(export) for export in new_off + new_on]
        steps += [_switch(export.with_values({"active": False}), True) for export in waiting + to_on]
    return steps


def _switch(before, active, momentary=False, restores=False) -> Step:
    reason = "left inactive by an interrupted run" if restores else "for a moment" if momentary else "active" if active else "inactive"
    return Step(ACTIVATE if active else DEACTIVATE, before, before.with_values({"active": active}), reason=reason, restores=restores, momentary=momentary)


def _create_step(export) -> Step:
    values = {name: value.value for name, value in export.values.items() if name not in NEVER_SENT and value.value != ""}
    return Step(CREATE, None, export, values, reason="new")


def _invalid(id_, where, message, action):
    return InvalidInput(Finding(id_, ERROR, where, message, action))
