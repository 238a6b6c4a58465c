# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a rotation changes: the ION API file of every export that has the old one, and nothing else. Private to the collection."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import InvalidInput
from ansible_collections.docbits.ion.plugins.module_utils._core.findings import ERROR, WARNING, Finding
from ansible_collections.docbits.ion.plugins.module_utils._core.text import canonical_json
from ansible_collections.docbits.ion.plugins.module_utils._docbits.contract import is_foreign
from ansible_collections.docbits.ion.plugins.module_utils._exports.declared import IGNORED
from ansible_collections.docbits.ion.plugins.module_utils._exports.matching import Pair
from ansible_collections.docbits.ion.plugins.module_utils._exports.plan import ACTIVATE, DEACTIVATE, UPDATE, Plan
from ansible_collections.docbits.ion.plugins.module_utils._model.export import FILES, Declared
from ansible_collections.docbits.ion.plugins.module_utils._model.values import Absent, Known, Withheld

# Whether an export that is not declared has the old file.
_YES, _NO, _UNKNOWN = "yes", "no", "unknown"


@dataclass(frozen=True)
class Rotation:
    """An ION API file that takes the place of another one.

    old, new: the files as canonical JSON
    ids:      exports that have the old file for certain, because this run sent it
    """

    old: str = field(repr=False)
    new: str = field(repr=False)
    ids: frozenset = frozenset()


def undeclared_users(rotation, pairs, current, client, fingerprints, updated) -> tuple:
    """(a pair for each undeclared export that has the old file, with the new one; warnings about exports that have or may have it and stay).

    updated: ids of exports that an interrupted run updated, so that they may have the new file already
    """
    declared = {pair.current.id for pair in pairs if pair.current and pair.declared.state != IGNORED}
    ignored = {pair.current.id for pair in pairs if pair.current and pair.declared.state == IGNORED}
    found, findings = [], []
    for export in current:
        if export.id in declared or ("ionapi" not in export.kind.parts if export.kind else is_foreign(export.get("kind"))):
            continue
        if not export.kind:
            findings.append(_may_have_old(export, _UNKNOWN))
            continue
        has_old = _YES if export.id in rotation.ids else _has_old(rotation, export, client.download(export, "ionapi"), fingerprints)
        if (has_old == _YES or export.id in updated) and export.id not in ignored:
            found.append(Pair(Declared(export.id, {}, {"ionapi": rotation.new}, label=export.label), export))
        elif has_old != _NO:
            findings.append(_may_have_old(export, has_old))
    return found, findings


def _may_have_old(export, has_old) -> Finding:
    message = "it is ignored, and has the old ION API file" if has_old == _YES else "it is not declared, and DocBits does not show whose ION API file it has"
    return Finding("E83", WARNING, f"{export.label}: ionapi", message, "declare the export to rotate it, or look at it in DocBits")


def _has_old(rotation, export, value, fingerprints) -> str:
    if isinstance(value, Absent):
        return _NO
    if isinstance(value, Known):
        return _YES if canonical_json(value.value) == rotation.old else _NO
    if fingerprints.has(export.id, "ionapi"):
        return _YES if fingerprints.matches(export.id, "ionapi", rotation.old) else _NO
    old = json.loads(rotation.old)
    is_other = isinstance(value, Withheld) and any(old.get(key) != shown for key, shown in value.shown)
    return _NO if is_other else _UNKNOWN


def with_reversibility(todo, rotation, fingerprints) -> Plan:
    """The plan, whose updates can be rolled back if putting the old file back does that, also where DocBits withholds it."""
    return replace(todo, steps=tuple(_with_reversibility(step, rotation, fingerprints) if step.action == UPDATE else step for step in todo.steps))


def _with_reversibility(step, rotation, fingerprints):
    others = ", ".join(name for name in step.changes if name != "ionapi")
    had_old = step.values.get("ionapi") == rotation.new and _has_old(rotation, step.before, step.before.value("ionapi"), fingerprints) == _YES
    reasons = [f"putting the old ION API file back does not take back {others}"] if others else []
    reasons += [] if had_old or "ionapi" not in step.changes else ["the former ION API file is not known to be the old one"]
    return replace(step, irreversible="; ".join(reasons))


def refuse_other_changes(todo, rotation, pending) -> None:
    """Raise InvalidInput if a plan changes more than ION API files and what an interrupted run may have changed."""
    findings = [
        Finding(
            "E84",
            ERROR,
            step.label,
            f"the step {step.action} ({step.reason}) is not part of a rotation, which changes ION API files only; nothing was written",
            "deploy the declaration first, or correct it",
        )
        for step in todo.steps
        if not step.restores and not _is_of_a_rotation(step, rotation, pending)
    ]
    if findings:
        raise InvalidInput(findings)


def _is_of_a_rotation(step, rotation, pending) -> bool:
    if step.action == UPDATE:
        # After an interrupted update, or one that failed, no fingerprint proves a file that DocBits withholds, so it is sent again.
        is_unproved = step.id in pending.active or step.id in rotation.ids
        return set(step.changes) <= {"ionapi", *pending.fields.get(step.id, ()), *(FILES if is_unproved else ())}
    return step.action in (ACTIVATE, DEACTIVATE) and step.id in pending.active
