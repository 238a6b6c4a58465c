# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Goes on from a run that was interrupted: what it may have created, dropped or left inactive. Private to the collection."""

from __future__ import annotations

from dataclasses import replace

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import InvalidInput, failure
from ansible_collections.docbits.ion.plugins.module_utils._core.findings import INFO, WARNING, Finding
from ansible_collections.docbits.ion.plugins.module_utils._exports.declared import PRESENT
from ansible_collections.docbits.ion.plugins.module_utils._exports.progress import settle
from ansible_collections.docbits.ion.plugins.module_utils._model.export import FILES, is_lost
from ansible_collections.docbits.ion.plugins.module_utils._model.values import Known


def after_waiting(client, pending, current, settle_timeout, clock) -> list:
    """The exports, after waiting at most settle_timeout seconds for those that an interrupted run may have created."""
    latest = current

    def are_listed():
        nonlocal latest
        latest = client.exports()
        return _all_listed(pending, latest)

    if not _all_listed(pending, current):
        settle(are_listed, settle_timeout, clock)
    return latest


def _all_listed(pending, exports) -> bool:
    return all(_is_listed(identity, id_, exports) for identity, id_ in pending.created.items())


def _is_listed(identity, id_, exports) -> bool:
    return any(export.id == id_ or export.identity == identity for export in exports)


def with_lost_fields(pair, pending):
    """The pair, whose declaration also has the values that an interrupted update may have dropped or changed."""
    if pair.current is None or pair.declared.state != PRESENT:
        return pair
    before = pending.fields.get(pair.current.id, {})
    lost = {name: value for name, value in before.items() if name not in pair.declared.fields and is_lost(name, Known(value), pair.current.value(name))}
    if pending.active.get(pair.current.id) is False and "active" not in pair.declared.fields and pair.current.active:
        lost["active"] = False
    return replace(pair, declared=replace(pair.declared, fields={**pair.declared.fields, **lost}))


def to_activate(pending, pairs) -> frozenset:
    """Ids of the exports that an interrupted run may have left inactive: deactivated for a moment, or, of the declared ones, by an update."""
    return pending.switched | {pair.current.id for pair in pairs if pair.declared.state == PRESENT and pair.current and pending.active.get(pair.current.id)}


def refuse_unlisted(pairs, pending, record_path) -> None:
    """Refuse to create an export that an interrupted run created or deactivated, and that DocBits does not list."""
    for pair in pairs:
        id_ = pending.created.get(pair.declared.identity)
        if pair.current is None and pair.declared.state == PRESENT and id_ is not None:
            began = f"a run that began at {pending.started} ended after it had created or deactivated this export (id {id_ or 'unknown'})"
            action = f"look for the export in DocBits; if it does not exist, remove {record_path}"
            raise failure(InvalidInput, "P09", pair.declared.label, f"{began}, and it is not listed", action)


def left_behind(pending, pairs, current, client) -> list:
    """Warnings about what an interrupted run left, for a run that does not finish it.

    pairs:   those of the declaration, none if it could not be paired
    current: None if the list cannot be read
    """
    labels = {pair.current.id: pair.declared.label for pair in pairs if pair.current}
    listed = {export.id: export for export in current or ()}
    dropped = []
    for id_ in sorted({*pending.fields, *pending.names}):
        names, export = [*pending.fields.get(id_, ()), *pending.names.get(id_, ())], listed.get(id_)
        if export is None:
            # DocBits may not list an inactive export.
            dropped += [_dropped(f"export {id_}", name, is_listed=False) for name in names]
        else:
            dropped += [_dropped(labels.get(id_, export.label), name) for name in names if _is_dropped(export, name, client)]
    return dropped if current is None else no_longer_active(pending.were_active, pairs, current) + dropped


def no_longer_active(ids, pairs, current) -> list:
    """Warnings about exports that an interrupted run may have made inactive."""
    listed = {export.id: export for export in current}
    decided = {pair.current.id for pair in pairs if pair.current and "active" in pair.declared.fields}
    inactive = [id_ for id_ in sorted(ids - decided) if id_ not in listed or listed[id_].get("active") is False]
    why = "was active before the interrupted run and is not listed as active any more"
    return [Finding("E33", WARNING, "exports", f"export {id_} {why}", "activate it in DocBits, or declare it inactive") for id_ in inactive]


def findings_about(pending, readings, current, client) -> list:
    """Findings about an interrupted run."""
    if not pending:
        return []
    findings = [Finding("E29", INFO, "exports", f"a run that began at {pending.started} was interrupted; this run finishes what it left", "look at the steps")]
    pairs = [reading.pair for reading in readings]
    findings += no_longer_active(pending.were_active - to_activate(pending, pairs), pairs, current)
    for reading in readings:
        export = reading.pair.current
        for name in pending.names.get(export.id, ()) if export else ():
            if name not in reading.pair.declared.values and _is_dropped(export, name, client):
                findings.append(_dropped(reading.pair.declared.label, name))
    return findings


def _is_dropped(export, name, client) -> bool:
    """Whether a value that was known before an interrupted update is missing."""
    return is_lost(name, Known(""), client.download(export, name) if name in FILES else export.value(name))


def _dropped(label, name, is_listed=True) -> Finding:
    unlisted = "the list does not show the export, and DocBits may have dropped it in an update of a run that was interrupted"
    message = "DocBits dropped it in an update of a run that was interrupted" if is_listed else unlisted
    return Finding("E30", WARNING, f"{label}: {name}", message, f"declare {name}, or set it again in DocBits")
