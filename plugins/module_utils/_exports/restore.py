# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Current exports as items of the option exports, and what of a snapshot of them can come back. Pure. Private to the collection."""

from __future__ import annotations

from dataclasses import replace

from ansible_collections.docbits.ion.plugins.module_utils._core.findings import WARNING, Finding
from ansible_collections.docbits.ion.plugins.module_utils._core.text import without_escapes_of_java
from ansible_collections.docbits.ion.plugins.module_utils._exports.diff import shown_address
from ansible_collections.docbits.ion.plugins.module_utils._model.export import ADDRESSES, FILES, is_secret
from ansible_collections.docbits.ion.plugins.module_utils._model.values import ABSENT, Known

# What declares a value that is not set. A number has no such value.
EMPTY = {**dict.fromkeys(("url", "server_url", "username", "folder", "filename_mode", "email"), ""), **dict.fromkeys(("zugferd", "document_history"), False)}


def items_before(todo) -> list:
    """The exports before a plan as items of the option exports, with every value that is known, also secrets, and with those that are not set."""
    read = {step.id: step.before.values for step in todo.steps if step.before}
    items = []
    for export in todo.before:
        parts = export.kind.parts if export.kind else ()
        unset = {name: value for name, value in EMPTY.items() if name in parts and export.value(name) == ABSENT}
        items.append({**unset, **as_declaration(replace(export, values={**read.get(export.id, {}), **export.values}), with_secrets=True)})
    return items


def as_declaration(export, with_secrets: bool = False) -> dict:
    """A current export as an item of the option exports: known values only. Without secrets, what may be a token in an address is masked."""
    if export.kind is None:
        return {"id": export.id, "title": export.get("title"), "ignore": True}
    known = {name: declarable(value) for name, value in export.values.items() if isinstance(value, Known) and (with_secrets or not is_secret(name))}
    if not with_secrets:
        known.update({name: shown_address(known[name]) for name in ADDRESSES if isinstance(known.get(name), str)})
    return {"id": export.id, **{f"{name}_content" if name in FILES else name: value for name, value in known.items()}}


def declarable(known):
    """A known value as it is declared: a mapping without what Java added to it, which is no part of the dialect."""
    return known.value if known.exact else without_escapes_of_java(known.value)


def restorable(declared, current) -> tuple:
    """The exports of a snapshot as they can be declared now, and warnings about what cannot come back.

    An export that was removed since is declared without its id, or not at all if the snapshot lacks what a new one requires.
    """
    ids, identities = {export.id for export in current}, {export.identity for export in current}
    found, findings = [], []
    for export in declared:
        if export.id not in ids:
            missing = [name for name in ("title", "kind", *(export.kind.required if export.kind else ())) if not export.values.get(name)]
            if missing:
                findings.append(_cannot_come_back(export, ", ".join(missing)))
                continue
            if export.identity not in identities:
                findings.append(_comes_back_under_another_id(export))
            export = replace(export, id=None)
        elif export.kind:
            findings += [_stays(export, name) for name in export.kind.parts if is_secret(name) and name not in export.values]
        found.append(export)
    return found, findings


def _cannot_come_back(export, missing) -> Finding:
    message = f"export {export.id} was removed and cannot be created again, because the snapshot does not have its {missing}"
    return Finding("P20", WARNING, export.label, message, "declare it with these values and deploy it")


def _comes_back_under_another_id(export) -> Finding:
    message = f"export {export.id} was removed and comes back under another id"
    return Finding("P21", WARNING, export.label, message, f"look for workflow cards that refer to {export.id}")


def _stays(export, name) -> Finding:
    message = f"DocBits withheld {name} when the snapshot was saved, so it stays as it is"
    return Finding("P22", WARNING, f"{export.label}: {name}", message, f"if {name} was changed since, declare it and deploy it")
