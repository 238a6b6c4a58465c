# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Declared exports from the options of a task, validated before any request. Pure. Private to the collection."""

from __future__ import annotations

import re

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import InvalidInput
from ansible_collections.docbits.ion.plugins.module_utils._core.findings import ERROR, Finding
from ansible_collections.docbits.ion.plugins.module_utils._core.redaction import MARKER
from ansible_collections.docbits.ion.plugins.module_utils._model.export import ADDRESSES, COMMON_FIELDS, FIELDS, FILES, KINDS, Declared

_ADDRESS = re.compile(r"https?://[^/?#\s]", re.IGNORECASE)

ABSENT = "absent"
IGNORED = "ignore"
PRESENT = "present"


def declared_exports(items, default_ionapi=None, purge: bool = False, is_single: bool = False) -> list:
    """The declared exports of a set.

    items:          the option exports, validated; None in an item means omitted
    default_ionapi: text of the environment's ION API file for Infor kinds without their own, or None
    purge:          whether exports that are not declared are removed
    is_single:      whether the set is the one export of the module export, which has no list of items
    Raises: InvalidInput with every finding of every item
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
    exports = [_declared("export" if is_single else f"exports[{index}]", item, default_ionapi) for index, item in enumerate(items)]
    findings = [finding for index, export in enumerate(exports) for finding in _findings_in(export)] + _duplicates(exports)
    if findings:
        raise InvalidInput(findings)
    return exports


def _declared(option, item, default_ionapi) -> Declared:
    state = IGNORED if item.get("ignore") else item["state"]
    fields = {name: item[name] for name in FIELDS if item.get(name) is not None}
    files = {name: item[f"{name}_content"] for name in FILES if item.get(f"{name}_content") is not None}
    kind = KINDS.get(fields.get("kind", ""))
    if default_ionapi is not None and state == PRESENT and kind and "ionapi" in kind.parts:
        files.setdefault("ionapi", default_ionapi)
    name = item.get("title") or item.get("id") or ""
    sources = {file: item[f"{file}_src"] for file in FILES if item.get(f"{file}_src")}
    return Declared(item.get("id"), fields, files, sources, f'{option} "{name}"', state)


def _findings_in(export) -> list:
    if export.state == IGNORED:
        return [] if export.id or export.get("title") else [_missing(export, "title", "an ignored export is found by its id or its title")]
    found = []
    if export.id is None:
        for name in ("title", "kind"):
            if not export.get(name):
                found.append(_missing(export, name, "an export without id is found by sub-organisation, document type, kind and title"))
    kind = export.kind
    if kind is None or export.state == ABSENT:
        return found
    given = export.values.keys() - set(COMMON_FIELDS)
    for name in sorted(given - set(kind.parts)):
        found.append(
            _finding("E02", f"{export.label}: {name}", f"an export of kind {kind.name} does not have it", f"leave it out; {kind.name} has {_listed(kind)}")
        )
    if export.id is None:
        for name in kind.required:
            if name not in export.files and not export.get(name):
                option = f"{name}_src" if name in FILES else name
                found.append(_missing(export, option, f"an export of kind {kind.name} requires it"))
    # An existing export can be declared as it was read, however odd its URL.
    for name in ADDRESSES:
        value = str(export.get(name, ""))
        if export.id is None and value and name != "server_url" and not _ADDRESS.match(value):
            found.append(
                _finding("E21", f"{export.label}: {name}", "it is not a URL that begins with https:// or http:// and a host", "set the URL that DocBits calls")
            )
        if MARKER in value:
            found.append(
                _finding(
                    "E21",
                    f"{export.label}: {name}",
                    "it is masked, as export_info shows it",
                    f"set the whole address, or leave {name} out to keep the present one",
                )
            )
    for file, text in export.files.items():
        if file != "ionapi" and not text.strip():
            found.append(
                _finding("E07", f"{export.label}: {file}", "the file is empty", "declare a file with content, or leave it out to keep the present one")
            )
    return found


def _duplicates(exports) -> list:
    seen, found = {}, []
    for index, export in enumerate(exports):
        key = ("id", export.id) if export.id else export.identity
        first = seen.setdefault(key, index)
        if first != index:
            found.append(_finding("E04", export.label, f"exports[{first}] and exports[{index}] declare the same export", "merge the two items"))
    return found


def _listed(kind) -> str:
    return ", ".join(kind.parts)


def _missing(export, option, why):
    return _finding("E03", f"{export.label}: {option}", f"it is missing; {why}", f"declare {option}, or the id of an export that has it")


def _finding(id_, where, message, action):
    return Finding(id_, ERROR, where, message, action)
