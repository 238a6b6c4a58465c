# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the options of a task to declared exports, judged before any request. Pure. Private to the collection."""

from __future__ import annotations

import re

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import InvalidInput
from ansible_collections.docbits.ion.plugins.module_utils._core.findings import ERROR, Finding
from ansible_collections.docbits.ion.plugins.module_utils._model.export import COMMON_FIELDS, FIELDS, KINDS, SLOTS, Export

_ADDRESS = re.compile(r"https?://[^/?#\s]", re.IGNORECASE)

ABSENT = "absent"
IGNORED = "ignore"
PRESENT = "present"


def declared_exports(items, default_ionapi=None, purge: bool = False) -> list:
    """The declared exports of a set.

    items:          the option O(exports), validated; C(None) in an item means omitted
    default_ionapi: text of the environment's ION API file for Infor kinds that bring none, or C(None)
    purge:          whether everything that is not declared would go
    raises:         L(InvalidInput) with every finding of every item
    """
    if purge and not items:
        raise InvalidInput(
            _finding(
                "E06",
                "exports",
                "purge with an empty list would remove every export of the organisation",
                "declare at least one export, or remove exports by state absent",
            )
        )
    exports = [_declared(index, item, default_ionapi) for index, item in enumerate(items)]
    findings = [finding for index, export in enumerate(exports) for finding in _judged(export)] + _doubles(exports)
    if findings:
        raise InvalidInput(findings)
    return exports


def _declared(index, item, default_ionapi) -> Export:
    state = IGNORED if item.get("ignore") else item["state"]
    fields = {name: item[name] for name in FIELDS if item.get(name) is not None}
    files = {name: item[f"{name}_content"] for name in SLOTS if item.get(f"{name}_content") is not None}
    kind = KINDS.get(fields.get("kind"))
    if default_ionapi is not None and state == PRESENT and kind and "ionapi" in kind.carries:
        files.setdefault("ionapi", default_ionapi)
    name = item.get("title") or item.get("id") or ""
    sources = {slot: item[f"{slot}_src"] for slot in SLOTS if item.get(f"{slot}_src")}
    return Export(item.get("id"), fields, files, sources, f'exports[{index}] "{name}"', state)


def _judged(export) -> list:
    if export.state == IGNORED:
        return [] if export.id or export.get("title") else [_missing(export, "title", "an ignored export is found by its id or its title")]
    found = []
    if export.id is None:
        for word in ("title", "kind"):
            if not export.get(word):
                found.append(_missing(export, word, "an export without id is found by sub-organisation, document type, kind and title"))
    kind = export.kind
    if kind is None or export.state == ABSENT:
        return found
    given = {word for word in {**export.fields, **export.files} if word not in COMMON_FIELDS}
    for word in sorted(given - set(kind.carries)):
        found.append(
            _finding("E02", f"{export.label}: {word}", f"an export of kind {kind.name} does not carry it", f"leave it out; {kind.name} carries {_listed(kind)}")
        )
    if export.id is None:
        for word in kind.required:
            if word not in export.files and not export.get(word):
                option = f"{word}_src" if word in SLOTS else word
                found.append(_missing(export, option, f"an export of kind {kind.name} cannot work without it"))
    # One that stands in DocBits, however odd, can be declared as it was read.
    if export.id is None and export.get("url") and not _ADDRESS.match(export.get("url")):
        found.append(
            _finding(
                "E21", f"{export.label}: url", "it is no address that begins with https:// or http:// and a host", "give the address as DocBits shall call it"
            )
        )
    for slot, text in export.files.items():
        if slot != "ionapi" and not text.strip():
            found.append(
                _finding("E07", f"{export.label}: {slot}", "the file is empty", "declare a file with content, or leave it out to keep what stands there")
            )
    return found


def _doubles(exports) -> list:
    seen, found = {}, []
    for index, export in enumerate(exports):
        key = ("id", export.id) if export.id else tuple(export.get(word) or "" for word in ("sub_organisation", "document_type", "kind", "title"))
        first = seen.setdefault(key, index)
        if first != index:
            found.append(_finding("E04", export.label, f"exports[{first}] and exports[{index}] declare the same export", "merge the two items"))
    return found


def _listed(kind) -> str:
    return ", ".join(kind.carries)


def _missing(export, option, why):
    return _finding("E03", f"{export.label}: {option}", f"it is missing; {why}", f"declare {option}, or the id of an export that has it")


def _finding(id_, where, message, action):
    return Finding(id_, ERROR, where, message, action)
