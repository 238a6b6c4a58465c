# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Declared exports against current ones: which belong together, and the ordered steps between them. Pure. Private to the collection."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import InvalidInput
from ansible_collections.docbits.ion.plugins.module_utils._core.findings import ERROR, Finding
from ansible_collections.docbits.ion.plugins.module_utils._model.export import CLOUD, COMMON_FIELDS, KINDS, SLOTS, Export, same_file

CREATE = "create"
UPDATE = "update"
ACTIVATE = "activate"
DEACTIVATE = "deactivate"
REMOVE = "remove"

# What a new export is where the declaration does not say; a kind takes those that it carries.
NEW_EXPORT = {"active": True, "deployment": CLOUD, "zugferd": False, "sub_organisation": ""}
# These never travel in a configure request: the kind chooses the operation, and activity has an operation of its own.
NEVER_SENT = ("kind", "active")


@dataclass(frozen=True)
class Pair:
    """A declared export and the one in DocBits that it means; C(current) is C(None) where there is none yet."""

    declared: Export
    current: Export | None


@dataclass(frozen=True)
class Step:
    """One write.

    action: create, update, activate, deactivate or remove
    export: the export as it stands after the step (for a removal: before it)
    before: the export as it stood before the step, C(None) for a new one
    words:  what a create or update sends
    reason: what the step changes, for people
    """

    action: str
    export: Export
    before: Export | None
    words: tuple = ()
    reason: str = ""

    def as_dict(self, outcome: str) -> dict:
        """The step as results list it."""
        return {"action": self.action, "export": self.export.get("title"), "id": self.export.id, "reason": self.reason, "outcome": outcome}


@dataclass(frozen=True)
class Plan:
    """What has to be done: ordered steps, and all exports of the organisation before and after them."""

    steps: tuple
    before: tuple
    after: tuple

    @property
    def changed(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.steps)


def match(declared, current) -> list:
    """Each declared export with the current one that it means: by id, else by sub-organisation, document type, kind and title.

    raises: L(InvalidInput) for an unknown id, an ambiguous or a doubly claimed export
    """
    pairs, taken = [], {}
    kept_by_id = {wanted.id for wanted in declared if wanted.id is not None and wanted.state == "present"}
    for index, wanted in enumerate(declared):
        found = [export for export in current if _means(wanted, export)]
        if wanted.id is None and wanted.state == "absent":
            # What made room for a rename stays declared absent, and does not mean the renamed one.
            found = [export for export in found if export.id not in kept_by_id]
        # A list that does not tell a title leaves the other three words to decide, but one that tells it goes first.
        found = [export for export in found if export.get("title") == wanted.get("title")] or found
        if wanted.id is not None and not found and wanted.state == "present":
            raise _invalid(
                "P01",
                wanted.label,
                f"no export has the id {wanted.id}",
                "read the ids with docbits.ion.export_info, or leave the id out to create it",
            )
        if len(found) > 1 and wanted.state != "ignore":
            ids = ", ".join(sorted(export.id for export in found))
            raise _invalid("P02", wanted.label, f"{len(found)} exports in DocBits fit this declaration (ids {ids})", "add the id of the one that is meant")
        # Two names of one document type may have hidden until now that two new exports are one.
        for claimed in [export.id for export in found] or [wanted.id or _identity(wanted)]:
            other = taken.setdefault(claimed, index)
            if other != index:
                raise _invalid("P03", wanted.label, f"it means the same export as exports[{other}]", "merge the two items or tell them apart by id")
        pairs += [Pair(wanted, export) for export in found or [None]]
    _refuse_twins(pairs)
    return pairs


def _refuse_twins(pairs) -> None:
    """A new export that would be called as another one is to be called from now on could not be told from it in the next run."""
    renamed = {
        _identity(replace(pair.current, fields={**pair.current.fields, **pair.declared.fields})): pair.declared.label
        for pair in pairs
        if pair.current is not None and pair.declared.id is not None and pair.declared.state == "present"
    }
    for wanted in (pair.declared for pair in pairs if pair.current is None and pair.declared.state == "present"):
        twin = renamed.get(_identity(wanted))
        if twin is not None:
            raise _invalid("P03", wanted.label, f"it means the same export as {twin} with its new name or place", "merge the two items or tell them apart")


def _means(wanted, export) -> bool:
    if wanted.id is not None:
        return wanted.id == export.id
    if wanted.state == "ignore":
        return all(export.get(word) == value for word, value in wanted.fields.items())
    same_title = export.get("title") is None or export.get("title") == wanted.get("title")
    return same_title and _identity(export)[:3] == _identity(wanted)[:3]


def _identity(export) -> tuple:
    return (export.get("sub_organisation") or "", export.get("document_type") or "", export.get("kind"), export.get("title"))


def plan(pairs, current, purge: bool = False) -> Plan:
    """The steps that bring the current exports to the declared ones.

    pairs:   of L(match), the current side with the files that the declared side has
    current: all exports of the organisation
    purge:   whether exports that no pair claims are removed
    raises:  L(InvalidInput) for a change that DocBits has no way to make
    """
    result = {export.id: export for export in current}
    known = dict(result)
    creates, updates, removals = [], [], []
    for pair in pairs:
        if pair.declared.state == "ignore":
            continue
        if pair.current is not None:
            known[pair.current.id] = result[pair.current.id] = replace(pair.current, label=pair.declared.label)
        if pair.declared.state == "absent":
            if pair.current is not None:
                removals.append(known[pair.current.id])
        elif pair.current is None:
            creates.append(_new(pair.declared))
        else:
            _refuse_words_not_carried(pair)
            changes = _changes(pair)
            if changes:
                result[pair.current.id] = _changed_export(pair, changes)
                if any(word not in NEVER_SENT for word in changes):
                    updates.append((pair.current, result[pair.current.id], changes))
    reasons = ["declared absent"] * len(removals)
    if purge:
        claimed = {pair.current.id for pair in pairs if pair.current is not None}
        removals += [export for export in current if export.id not in claimed]
        reasons += ["not declared"] * (len(removals) - len(reasons))
    for export in removals:
        del result[export.id]
    after = tuple(result.values()) + tuple(creates)
    # An active export that moves to another place could meet an active one there: it moves inactive and takes its turn there.
    steps = [_activity(DEACTIVATE, before, True) for before, now, _changed in updates if before.active and before.place != now.place]
    standing = {**known, **{step.export.id: step.export for step in steps}}
    steps += [_update_step(before, now, changes, standing[before.id].get("active")) for before, now, changes in updates]
    steps += _activity_steps(standing, result, creates, removals)
    steps += [Step(REMOVE, export, export, reason=reason) for export, reason in zip(removals, reasons)]
    return Plan(tuple(steps), tuple(known.values()), after)


def _new(declared) -> Export:
    kind = KINDS[declared.get("kind")]
    carried = {word: value for word, value in NEW_EXPORT.items() if word in ("active", "sub_organisation") or word in kind.carries}
    return replace(declared, fields={**carried, **declared.fields})


def _refuse_words_not_carried(pair) -> None:
    """What could only be judged once the id told the kind: words that the kind does not carry, a kind that is not managed here."""
    kind = pair.current.kind
    allowed = COMMON_FIELDS + kind.carries if kind else ("active", "kind")
    for word, value in {**pair.declared.fields, **pair.declared.files}.items():
        if word not in allowed and value != pair.current.get(word):
            raise _invalid(
                "P05",
                f"{pair.declared.label}: {word}",
                f"export {pair.current.id} is of kind {pair.current.get('kind')}, {'which does not carry it' if kind else 'of which only active can be set'}",
                "leave it out, or correct the id",
            )


def _changes(pair) -> dict:
    """The words in which the declared export differs from the current one, with the declared values."""
    changes = {}
    for word, value in pair.declared.fields.items():
        if word == "kind" and value != pair.current.get("kind"):
            raise _invalid(
                "P04",
                pair.declared.label,
                f"export {pair.current.id} is of kind {pair.current.get('kind')} and cannot become {value} in place",
                "declare a new export of the new kind and this one inactive or absent",
            )
        if word in pair.current.fields and pair.current.fields[word] != value:
            changes[word] = value
    for slot, text in pair.declared.files.items():
        standing = pair.current.files.get(slot)
        if slot in pair.current.files and (standing is None or not same_file(SLOTS[slot], standing, text)):
            changes[slot] = text
    return changes


def _changed_export(pair, changes) -> Export:
    fields = {**pair.current.fields, **{word: value for word, value in changes.items() if word not in SLOTS}}
    files = {**pair.current.files, **{word: value for word, value in changes.items() if word in SLOTS}}
    return replace(pair.current, fields=fields, files=files, label=pair.declared.label)


def _update_step(before, after, changes, active) -> Step:
    # Whether DocBits keeps what is left out is not documented, so all that is known goes along; files are kept (seen in its dialog).
    kind = after.kind
    fields = tuple(word for word in after.fields if word not in NEVER_SENT and (word in COMMON_SENT or (kind and word in kind.carries)))
    fields = tuple(word for word in fields if after.fields[word] != "" or word in changes)
    files = tuple(word for word in changes if word in SLOTS)
    return Step(UPDATE, replace(after, fields={**after.fields, "active": active}), before, fields + files, ", ".join(sorted(changes)))


COMMON_SENT = ("title", "document_type", "sub_organisation", "execution_order")


def _activity_steps(known, result, creates, removals) -> list:
    """Creations and activity changes, place by place, so that a document type is without an active export for as short as possible."""
    places = sorted({export.place for export in list(result.values()) + creates})
    steps = []
    for place in places:
        standing = [export for export in result.values() if export.place == place]
        new = [export for export in creates if export.place == place]
        leaving = [export for export in removals if export.place == place and export.active]
        to_off = [export for export in standing if known[export.id].active and not export.active]
        to_on = [export for export in standing if export.active and known[export.id].get("active") is False]
        new_on = [export for export in new if export.active]
        new_off = [export for export in new if not export.active]
        # DocBits makes an export active first (inferred), so even one that is to be inactive needs the place free for a moment.
        waiting = [export for export in standing if export.active and known[export.id].active] if new_off else []
        if new_on or new_off or to_on:
            to_off = to_off + leaving
        steps += [_activity(DEACTIVATE, export, True) for export in to_off + waiting]
        steps += [_create_step(export) for export in new_off + new_on]
        steps += [_activity(ACTIVATE, export, False) for export in waiting + to_on]
    return steps


def _activity(action, export, was_active) -> Step:
    before = replace(export, fields={**export.fields, "active": was_active})
    after = replace(export, fields={**export.fields, "active": not was_active})
    return Step(action, after, before, reason="active" if action == ACTIVATE else "inactive")


def _create_step(export) -> Step:
    words = tuple(word for word, value in export.fields.items() if word not in NEVER_SENT and value != "")
    return Step(CREATE, export, None, words + tuple(export.files), "new")


def _invalid(id_, where, message, action):
    return InvalidInput(Finding(id_, ERROR, where, message, action))
