# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The organisation: its exports, document types and sub-organisations, and what a write does to them."""

from __future__ import annotations

import copy
import threading
import time
import uuid
from dataclasses import dataclass, field, replace

from .moods import Moods
from .wire import Operation, kind_of

SUB_ORGS = {
    "Berlin": "0198f3a2-6b1c-7d00-8e11-3f5a7b9c1d01",
    "Wien": "0198f3a2-6b1c-7d00-8e11-3f5a7b9c1d02",
}
DOC_TYPES = {
    "INVOICE": "Invoice",
    "CREDIT_NOTE": "Credit Note",
    "DELIVERY_NOTE": "Delivery Note",
    "PURCHASE_ORDER": "Purchase Order",
    "HANDOVER_4f1e": "Handover Protocol",
}
ORG_ID = "0198f3a2-0000-7d00-8e11-000000000001"
_FIXED = {"title", "doc_type", "sub_org"}


class Refusal(Exception):
    """A business error: the code that the API emits."""

    def __init__(self, code: str, status: str | None = None):
        super().__init__(code)
        self.code = code
        self.status = status


@dataclass
class Export:
    """One export configuration. `number` is its internal key; `sub_org` is a name of SUB_ORGS or None."""

    number: int
    kind: str
    title: str | None
    doc_type: str | None
    sub_org: str | None
    active: bool
    fields: dict[str, object] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    previous: dict[str, bytes] = field(default_factory=dict)
    deleted: bool = False
    modified: float = 0.0

    def content(self) -> tuple:
        """Return everything that a write can change, for comparison."""
        return (self.kind, self.title, self.doc_type, self.sub_org, self.active, self.fields, self.files, self.deleted)


class Store:
    """The state of the organisation. Thread-safe."""

    def __init__(self, moods: Moods):
        self.moods = moods
        self.lock = threading.RLock()
        self.exports: dict[int, Export] = {}
        self.next_number = 4
        self.history: list[tuple[float, dict[int, Export]]] = []
        self.uuids: dict[int, str] = {}
        self._remember()

    # identity -----------------------------------------------------------------------------------------------

    def wire_id(self, number: int) -> object:
        """Return the id of an export as the API shows it."""
        if self.moods.id_type == "int":
            return number
        if self.moods.id_type == "string":
            return str(number)
        if number not in self.uuids:
            self.uuids[number] = str(uuid.uuid4())
        return self.uuids[number]

    def find(self, wire_id: object) -> Export:
        """Return the live export with this id.

        Raises:
            Refusal: there is none.
        """
        for export in self.exports.values():
            if not export.deleted and str(self.wire_id(export.number)) == str(wire_id):
                return export
        raise Refusal("EXPORT_CONFIG_NOT_FOUND", "404" if self.moods.business_status != "200" else None)

    # direct access for tests ----------------------------------------------------------------------------------

    def add(self, export: dict) -> Export:
        """Store an export given in neutral terms, without any rule of the API."""
        with self.lock:
            number = self.next_number
            self.next_number += 3
            self.exports[number] = Export(
                number,
                export["kind"],
                export.get("title"),
                export.get("doc_type"),
                export.get("sub_org"),
                export.get("active", True),
                dict(export.get("fields", {})),
                {name: _bytes(text) for name, text in export.get("files", {}).items()},
                modified=time.time(),
            )
            self._remember()
            return self.exports[number]

    def edit(self, title: str, **changes: object) -> None:
        """Change every live export with this title, as a person in the web app does.

        changes: attributes of Export; `fields` and `files` are merged, None removes an entry.
        """
        with self.lock:
            for export in self.exports.values():
                if export.title == title and not export.deleted:
                    for name, value in changes.items():
                        if name in ("fields", "files"):
                            merged = {**getattr(export, name), **value}
                            value = {k: _bytes(v) if name == "files" else v for k, v in merged.items() if v is not None}
                        setattr(export, name, value)
                    export.modified = time.time()
            self._remember()

    def state(self, deleted: bool = False) -> list[dict]:
        """Return the exports in neutral terms, oldest first."""
        with self.lock:
            return [
                {
                    "id": str(self.wire_id(e.number)),
                    "kind": e.kind,
                    "title": e.title,
                    "doc_type": e.doc_type,
                    "sub_org": e.sub_org,
                    "active": e.active,
                    "fields": dict(e.fields),
                    "files": {name: data.decode("utf-8", "replace") for name, data in e.files.items()},
                }
                for e in sorted(self.exports.values(), key=lambda e: e.number)
                if e.deleted == deleted
            ]

    # reads ----------------------------------------------------------------------------------------------------

    def view(self, lag: float) -> list[Export]:
        """Return copies of the exports as they were `lag` seconds ago, deleted ones included."""
        with self.lock:
            then = time.monotonic() - lag
            snapshot = self.history[0][1]
            for moment, exports in self.history:
                if moment <= then:
                    snapshot = exports
            return [copy.deepcopy(e) for e in snapshot.values()]

    def settle(self) -> None:
        """Make the present state old enough to be visible through any lag."""
        with self.lock:
            self.history = [(0.0, copy.deepcopy(self.exports))]

    # writes ---------------------------------------------------------------------------------------------------

    def save(
        self,
        operation: Operation,
        config_id: object,
        sent: dict[str, object],
        files: dict[str, bytes],
        cleared: set[str],
    ) -> tuple[Export, str, bool]:
        """Create or update an export. Return it, "create" or "update", and whether its content has changed."""
        with self.lock:
            if sent.get("doc_type") and sent["doc_type"] not in DOC_TYPES:
                raise Refusal("DOCUMENT_TYPE_NOT_FOUND")
            if sent.get("sub_org"):
                names = [name for name, key in SUB_ORGS.items() if key == sent["sub_org"]]
                if not names:
                    raise Refusal("SUB_ORG_NOT_FOUND")
                sent["sub_org"] = names[0]
            files = {name: self._line_ends(data) for name, data in files.items()}
            if config_id in (None, ""):
                return self._create(operation, sent, files)
            try:
                export = self.find(config_id)
            except Refusal:
                if self.moods.unknown_config_id == "refused":
                    raise
                return self._create(operation, sent, files)
            return self._update(operation, export, sent, files, cleared)

    def _create(self, operation: Operation, sent: dict, files: dict) -> tuple[Export, str, bool]:
        if not sent.get("title"):
            raise Refusal("TITLE_MANDATORY")
        if self.moods.files_required and operation.name in ("idm", "bod", "ion", "infor") and "ionapi" not in files:
            raise Refusal("MISSING_MAPPING_FILE")
        new = Export(
            self.next_number,
            kind_of(operation, files),
            sent.get("title"),
            sent.get("doc_type"),
            sent.get("sub_org"),
            self.moods.active_on_create,
            {k: v for k, v in sent.items() if k not in _FIXED and v is not None},
            files,
            modified=time.time(),
        )
        twins = [e for e in self.exports.values() if not e.deleted and (e.title, e.doc_type, e.sub_org) == (new.title, new.doc_type, new.sub_org)]
        if twins and self.moods.unique_titles:
            raise Refusal("DUPLICATE_RECORD")
        if twins and self.moods.concurrent == "last_wins" and time.time() - twins[-1].modified < 2:
            new = replace(new, number=twins[-1].number)
        self._obey_active_rule(new, creating=True)
        self.next_number = max(self.next_number, new.number + 3)
        self.exports[new.number] = new
        self._remember()
        return new, "create", True

    def _update(self, operation: Operation, export: Export, sent: dict, files: dict, cleared: set[str]) -> tuple[Export, str, bool]:
        before = copy.deepcopy(export.content())
        if export.kind not in operation.kinds:
            raise Refusal("INVALID_EXPORT_METHOD")
        candidate = copy.deepcopy(export)
        for name, value in sent.items():
            if value is None and name not in cleared and self.moods.update_keeps_fields:
                continue
            if name in _FIXED:
                setattr(candidate, name, value)
            elif value is None:
                candidate.fields.pop(name, None)
            else:
                candidate.fields[name] = value
        candidate.files = {**(candidate.files if self.moods.update_keeps_files else {}), **files}
        if self.moods.update_active != "keeps":
            candidate.active = self.moods.update_active == "activates"
        self._obey_active_rule(candidate, creating=False)
        candidate.previous = dict(export.files)
        candidate.modified = time.time()
        self.exports[export.number] = candidate
        self._remember()
        return candidate, "update", candidate.content() != before

    def _obey_active_rule(self, export: Export, creating: bool) -> None:
        """Apply product rule 1: one active Infor export and one active other export per document type.

        Raises:
            Refusal: another export of the group is active and the server refuses.
        """
        if self.moods.active_rule == "many" or not (export.active or (creating and self.moods.inactive_is_blocked)):
            return
        rivals = [
            e
            for e in self.exports.values()
            if e.active
            and not e.deleted
            and e.number != export.number
            and (e.doc_type, e.sub_org, e.kind.startswith("infor")) == (export.doc_type, export.sub_org, export.kind.startswith("infor"))
        ]
        if not rivals:
            return
        if self.moods.conflict == "refuse":
            raise Refusal("EXPORT_CONFIG_ALREADY_EXISTS")
        if self.moods.conflict == "save_inactive":
            export.active = False
        else:
            for rival in rivals:
                rival.active = False

    def set_active(self, config_id: object, word: str | None) -> tuple[Export, bool]:
        """Activate or deactivate an export. Return it and whether it has changed."""
        with self.lock:
            if config_id in (None, ""):
                raise Refusal("CONFIGURATION_ID_MISSING")
            export = self.find(config_id)
            words = self.moods.visibility
            if words not in ("truthy", "python_words") and str(word).lower() not in ("true", "false", "1", "0"):
                raise Refusal("INVALID_VALUE")
            wanted = str(word).lower() in ("true", "1")
            if words in ("truthy", "python_words"):
                wanted = bool(word) if words == "truthy" else word == "True"
            if self.moods.visibility == "toggles":
                wanted = not export.active
            if self.moods.visibility == "ignored":
                wanted = export.active
            candidate = copy.deepcopy(export)
            candidate.active = wanted
            if wanted and not export.active:
                self._obey_active_rule(candidate, creating=False)
            changed = candidate.active != export.active
            self.exports[export.number] = candidate
            self._remember()
            return candidate, changed

    def remove(self, config_id: object) -> Export:
        """Delete an export softly."""
        with self.lock:
            export = self.find(config_id)
            if self.moods.remove_answer != "ignored":
                export.deleted = True
                export.active = False
            self._remember()
            return export

    def _line_ends(self, data: bytes) -> bytes:
        if self.moods.line_ends == "kept":
            return data
        data = data.replace(b"\r\n", b"\n")
        return data if self.moods.line_ends == "lf" else data.replace(b"\n", b"\r\n")

    def _remember(self) -> None:
        self.history.append((time.monotonic(), copy.deepcopy(self.exports)))


def _bytes(value: str | bytes) -> bytes:
    return value if isinstance(value, bytes) else value.encode()
