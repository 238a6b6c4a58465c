# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way of exports: resolve names, read what stands there, plan, apply, verify. Private to the collection."""

from __future__ import annotations

from dataclasses import replace

from ansible_collections.docbits.ion.plugins.module_utils import _apply
from ansible_collections.docbits.ion.plugins.module_utils._declared import IGNORED, PRESENT
from ansible_collections.docbits.ion.plugins.module_utils._docbits import WITHHELD
from ansible_collections.docbits.ion.plugins.module_utils._errors import ContractMismatch, InvalidInput
from ansible_collections.docbits.ion.plugins.module_utils._findings import ERROR, WARNING, Finding
from ansible_collections.docbits.ion.plugins.module_utils._model import SLOTS
from ansible_collections.docbits.ion.plugins.module_utils._plan import Pair, match, plan


def bring(docbits, declared, *, purge: bool, several_active: bool, check_mode: bool) -> dict:
    """Bring the organisation's exports to the declared ones.

    Gives C(changed), C(diff), C(exports) (one line for each declared one), C(steps) and C(findings).
    In check mode everything happens but the writes.
    """
    current = docbits.exports()
    declared = [_resolved(export, current, docbits) for export in declared]
    pairs, findings = _with_files(match(declared, current), docbits)
    todo = plan(pairs, current, purge)
    if not several_active:
        _refuse_conflicts(declared, todo)
    problems = [problem for step in todo.steps for problem in docbits.problems(step)]
    if problems:
        raise ContractMismatch(problems)
    steps = _apply.planned(todo) if check_mode else _apply.apply(todo, docbits)
    return {
        "changed": todo.changed,
        "diff": todo.diff,
        "exports": _summary(pairs, todo.steps),
        "steps": steps,
        "findings": [finding.as_dict() for finding in findings],
    }


def _resolved(export, current, docbits):
    """The declared export with its document type and sub-organisation as DocBits calls them.

    What a current export already refers to is known to exist; only for other values the lists are read.
    """
    if export.state == IGNORED:
        return export
    fields = dict(export.fields)
    type_ = fields.get("document_type")
    if type_ and export.state == PRESENT and all(type_ != other.get("document_type") for other in current):
        fields["document_type"] = _named(export, "document type", type_, docbits.document_types(), "key", "title", "D12", "docbits.ion.document_type_info")
    place = fields.get("sub_organisation")
    if place and all(place != other.get("sub_organisation") for other in current):
        fields["sub_organisation"] = _named(
            export, "sub-organisation", place, docbits.sub_organisations(), "id", "name", "D13", "docbits.ion.sub_organisation_info"
        )
    return replace(export, fields=fields)


def _named(export, what, value, known, id_key, name_key, finding_id, module):
    exact = [item[id_key] for item in known if item[id_key] == value]
    by_name = [item[id_key] for item in known if str(item[name_key]).strip().lower() == value.strip().lower()]
    found = exact or by_name
    if len(found) == 1:
        return found[0]
    names = ", ".join(str(item[id_key] if id_key == "key" else item[name_key]) for item in known[:12]) or "none"
    message = f"{len(found)} of them are called {value}" if found else f"DocBits has no {what} {value}; it has {names}"
    raise InvalidInput(
        Finding(finding_id, ERROR, f"{export.label}: {what.replace(' ', '_').replace('-', '_')}", message, f"correct it, or list them with {module}")
    )


def _with_files(pairs, docbits) -> tuple:
    """The pairs with the files that the declared side has read from the current side, and findings for what cannot be read."""
    read, findings = [], []
    for pair in pairs:
        if pair.current is None or pair.declared.state != PRESENT:
            read.append(pair)
            continue
        files = {}
        for slot in pair.declared.files:
            text = docbits.download(pair.current, slot)
            if text is WITHHELD:
                findings.append(
                    Finding(
                        "E08",
                        WARNING,
                        f"{pair.declared.label}: {slot}",
                        "DocBits does not give this file back, so it cannot be compared",
                        "nothing is sent for it; remove and declare the export anew where it must change",
                    )
                )
            else:
                files[slot] = text
        read.append(Pair(pair.declared, replace(pair.current, files=files)))
    return read, findings


def _refuse_conflicts(declared, todo) -> None:
    """Two declared exports that would both be active in one place, named with both indices."""
    places = {}
    ours = {export.label for export in declared}
    for export in todo.after:
        if export.active and export.label in ours:
            first = places.setdefault(export.place, export)
            if first is not export:
                raise InvalidInput(
                    Finding(
                        "E05",
                        ERROR,
                        f"{first.label} and {export.label}",
                        "both would be active for the same document type and sub-organisation, where DocBits runs only one",
                        "declare one of them inactive, or set several_active for a DocBits that runs several in execution order",
                    )
                )


def _summary(pairs, steps) -> list:
    return [
        {
            "id": pair.current.id if pair.current else None,
            "title": pair.declared.get("title") or (pair.current.get("title") if pair.current else None),
            "kind": pair.declared.get("kind") or (pair.current.get("kind") if pair.current else None),
            "actions": [step.action for step in steps if step.export.label == pair.declared.label],
        }
        for pair in pairs
    ]


def as_declaration(export) -> dict:
    """A current export as an item of the option O(exports): what is put in again changes nothing. Secrets stay out."""
    item = {"id": export.id, **{word: value for word, value in export.fields.items() if word != "kind"}}
    if export.kind is None:
        return {"id": export.id, "title": export.get("title"), "ignore": True}
    item["kind"] = export.kind.name
    item.update({f"{slot}_content": text for slot, text in export.files.items() if text is not None and not SLOTS[slot].secret})
    return item
