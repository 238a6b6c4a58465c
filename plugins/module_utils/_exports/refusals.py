# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of a plan is refused, or warned about, before anything is written. Pure. Private to the collection."""

from __future__ import annotations

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import InvalidInput, failure
from ansible_collections.docbits.ion.plugins.module_utils._core.findings import ERROR, WARNING, Finding, errors_in
from ansible_collections.docbits.ion.plugins.module_utils._exports.declared import PRESENT
from ansible_collections.docbits.ion.plugins.module_utils._exports.plan import ACTIVATE, CREATE, UPDATE
from ansible_collections.docbits.ion.plugins.module_utils._model.export import FILES
from ansible_collections.docbits.ion.plugins.module_utils._model.values import Withheld


def refuse_conflicts(declared, todo) -> None:
    """Refuse two declared exports that would both be active where DocBits runs only one. Exports that are both active already are left."""
    before = {export.id: export for export in todo.before}
    labels = {export.label for export in declared}
    found: dict = {}
    for export in todo.after:
        if export.active and export.label in labels:
            found.setdefault(export.exclusive_key, []).append(export)
    for exports in found.values():
        were_active = [export for export in exports if export.id in before and before[export.id].active]
        if len(exports) > 1 and len(were_active) < len(exports):
            raise failure(
                InvalidInput,
                "E05",
                f"{exports[0].label} and {exports[1].label}",
                "both would be active for the same document type and sub-organisation, where DocBits runs only one",
                "declare one of them inactive, or set several_active for a DocBits that runs several in execution order",
            )


def refuse_irreversible(todo) -> None:
    findings = [
        Finding(
            "P10",
            ERROR,
            step.label,
            f"the step {step.action} cannot be rolled back: {step.irreversible}",
            "leave the change out, or set require_reversible to false",
        )
        for step in todo.steps
        if step.irreversible
    ]
    if findings:
        raise InvalidInput(findings)


def active_beside_undeclared(declared, todo) -> list:
    """A warning for each declared export that becomes active beside an undeclared active one: only DocBits knows whether it runs both."""
    labels = {export.label for export in declared}
    others = [export for export in todo.after if export.active and export.label not in labels]
    return [
        Finding(
            "E22",
            WARNING,
            step.label,
            f'it becomes active beside export {other.id} "{other.get("title")}", which is not declared; a DocBits that runs only one refuses it',
            f"if it is that export under a new name, add id {other.id}; otherwise declare that one inactive or absent, or set several_active",
        )
        for step in todo.steps
        if step.action in (CREATE, ACTIVATE) and step.after.active and step.label in labels
        for other in others
        if other.exclusive_key == step.after.exclusive_key
    ]


def unnoticeable(todo, readings, assume_kept) -> list:
    """Warnings about withheld values that an update does not send: if DocBits dropped one, nothing would show that.

    Raises: InvalidInput, unless the user assumes that they are kept, or chose by the policy for secrets not to send them
    """
    left_out = {(reading.pair.current.id, name) for reading in readings if reading.pair.current for name in reading.unsent}
    findings = []
    for step in todo.steps:
        kind = step.before.kind if step.action == UPDATE else None
        names = [*kind.required, *(name for name in kind.optional if name in FILES)] if kind else []
        findings += [
            Finding(
                "E32",
                WARNING if assume_kept or (step.id, name) in left_out else ERROR,
                f"{step.label}: {name}",
                "DocBits withholds it and the update does not send it, so it would not be noticed if DocBits dropped it",
                f"declare {name}, or set assume_kept",
            )
            for name in names
            if name not in step.values and isinstance(step.before.value(name), Withheld)
        ]
    if errors_in(findings):
        raise InvalidInput(errors_in(findings))
    return findings


def unlisted_activity(pair) -> list:
    """A warning if the list does not say whether an export is active, which then cannot be kept as declared."""
    if pair.current is None or pair.declared.state != PRESENT or "active" not in pair.declared.fields:
        return []
    value = pair.current.value("active")
    if not isinstance(value, Withheld):
        return []
    text = value.reason.removeprefix("listed as ")
    override = f"booleans: {{{text}: 'true'}}" if text != value.reason else "records: {active: KEY}"
    return [
        Finding(
            "E14",
            WARNING,
            f"{pair.declared.label}: active",
            f"DocBits does not say whether this export is active ({value.reason}), so it is left as it is",
            f"look at the list in /docs of this host and set contract_overrides: {{{override}}}",
        )
    ]
