# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which current export each declared one means. Pure. Private to the collection."""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import InvalidInput
from ansible_collections.docbits.ion.plugins.module_utils._core.findings import ERROR, Finding
from ansible_collections.docbits.ion.plugins.module_utils._docbits.contract import is_foreign
from ansible_collections.docbits.ion.plugins.module_utils._exports.declared import ABSENT, IGNORED, PRESENT
from ansible_collections.docbits.ion.plugins.module_utils._model.export import IDENTITY, SAME, Declared, Export, compare, normal_value
from ansible_collections.docbits.ion.plugins.module_utils._model.values import Withheld


@dataclass(frozen=True)
class Pair:
    """A declared export and the current one that it means, or None if there is none yet."""

    declared: Declared
    current: Export | None


def match(declared, current, created=None) -> list:
    """Pair each declared export with the current one that it means: by id, else by sub-organisation, document type, kind and title.

    created: identity to the id that DocBits answered when an interrupted run created the export
    Raises: InvalidInput for an unknown id, an ambiguous export, one that two items mean, or one that may be the declared one
    """
    created = created or {}
    pairs, claimed = [], {}
    kept_by_id = {wanted.id for wanted in declared if wanted.id is not None and wanted.state == PRESENT}
    for index, wanted in enumerate(declared):
        found = [export for export in current if _means(wanted, export, created.get(wanted.identity))]
        if wanted.id is None and wanted.state == ABSENT:
            # An item that is declared absent to make room for a renamed export does not mean the renamed one.
            found = [export for export in found if export.id not in kept_by_id]
        # In a list without titles the other fields decide, but an export with the title goes first.
        found = [export for export in found if _is_same("title", wanted, export)] or found
        if wanted.id is not None and not found and wanted.state == PRESENT:
            raise _invalid(
                "P01",
                wanted.label,
                f"no export has the id {wanted.id}",
                "read the ids with docbits.ion.export_info, or leave the id out to create it",
            )
        if len(found) > 1 and wanted.state != IGNORED:
            ids = ", ".join(sorted(export.id for export in found))
            raise _invalid("P02", wanted.label, f"{len(found)} exports in DocBits fit this declaration (ids {ids})", "add the id of the one that is meant")
        for claim in [export.id for export in found] or [wanted.id or wanted.identity]:
            other = claimed.setdefault(claim, index)
            if other != index:
                raise _invalid("P03", wanted.label, f"it means the same export as exports[{other}]", "merge the two items or give each its id")
        pairs += [Pair(wanted, export) for export in found or [None]]
    _refuse_twins(pairs)
    _refuse_possible_duplicates(pairs, current)
    return pairs


def is_alike(wanted: Export, export: Export) -> bool:
    """Whether an export in the list may be the wanted one, as far as the list shows; a kind of an unknown name counts as alike."""
    if export.kind is None and is_foreign(export.get("kind")):
        return False
    names = IDENTITY if export.kind else [name for name in IDENTITY if name != "kind"]
    return all(export.get(name) is None or normal_value(name, export.get(name)) == normal_value(name, wanted.get(name) or "") for name in names)


def _means(wanted, export, created_id) -> bool:
    if wanted.id is not None:
        return wanted.id == export.id
    if created_id is not None and created_id == export.id and export.kind is not None:
        return True
    if wanted.state == IGNORED:
        return all(_is_same(name, wanted, export) for name in wanted.fields)
    same_title = export.get("title") is None or _is_same("title", wanted, export)
    return same_title and export.identity[:3] == wanted.identity[:3]


def _is_same(name, wanted, export) -> bool:
    return compare(name, wanted.get(name, ""), export.value(name)) == SAME


def _refuse_twins(pairs) -> None:
    """Refuse an export that is created, renamed or moved so that it gets the identity of another declared one: the next run could not distinguish them."""
    labels: dict = {}
    for pair in pairs:
        if pair.declared.state != PRESENT:
            continue
        identity = pair.declared.identity if pair.current is None else pair.current.with_values(pair.declared.fields).identity
        is_kept = pair.current is not None and pair.current.identity == identity
        labels.setdefault(identity, []).append((is_kept, pair.declared.label))
    for twins in labels.values():
        if len(twins) > 1 and not all(is_kept for is_kept, _label in twins):
            (_kept, one), (_other, other) = sorted(twins)[:2]
            raise _invalid("P03", one, f"it would have the sub-organisation, document type, kind and title of {other}", "merge the two items or rename one")


def _refuse_possible_duplicates(pairs, current) -> None:
    """While an export of an unknown kind may be the declared one, none is created, and it is not said to be absent."""
    claimed = {pair.current.id for pair in pairs if pair.current is not None}
    for wanted in (pair.declared for pair in pairs if pair.current is None and pair.declared.state != IGNORED and pair.declared.id is None):
        for export in current:
            unreadable = [name for name in IDENTITY if isinstance(export.values.get(name), Withheld)]
            may_be_it = (export.kind is None or unreadable) and is_alike(Export(None).with_values(wanted.fields), export)
            if export.id not in claimed and may_be_it:
                raise _possible_duplicate(wanted, export, unreadable)


def _possible_duplicate(wanted, export, unreadable):
    if unreadable:
        return _invalid(
            "P06",
            wanted.label,
            f"export {export.id} may be this export, but its {unreadable[0]} cannot be read",
            f"set contract_overrides: {{records: {{{unreadable[0]}: KEY}}}}, add id {export.id} to this item, or ignore the export by its id",
        )
    method = export.get("kind")
    return _invalid(
        "P06",
        wanted.label,
        f"export {export.id} has the same title and document type, and its export_method {method} is unknown to this collection",
        f"if it is this export, set contract_overrides: {{methods: {{{method}: {wanted.get('kind')}}}}}; "
        f"if not, add an item with id {export.id} and ignore: true",
    )


def _invalid(id_, where, message, action):
    return InvalidInput(Finding(id_, ERROR, where, message, action))
