# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A DocBits in memory, for the layers above the client: it keeps what it is sent, enforces the product rule, and fails where told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import Refused, Unreachable, failure
from ansible_collections.docbits.ion.plugins.module_utils._docbits.client import WITHHELD
from ansible_collections.docbits.ion.plugins.module_utils._model.export import FILES, SECRET_FIELDS, Export

WRITES = ("create", "update", "activate", "deactivate", "remove")


def refused(id_="DB05"):
    """What the client raises when DocBits says no."""
    return failure(Refused, id_, "docbits", "it said no", "look there", status=200)


def timed_out():
    """What the client raises when no answer came: the write may have happened."""
    return failure(Unreachable, "N06", "docbits", "it took the request and did not answer", "try again")


class MemoryDocBits:
    """Stands for the client C(DocBits).

    stored:   the exports by id, with their files
    calls:    every call as (verb, title or None), reads included
    withheld: slots that it does not give back
    untold:   fields that its list does not tell
    new_fields: fields of a new export that nobody sent
    """

    def __init__(self, stored=(), *, one_active=True, active_on_create=True, withheld=(), untold=(), new_fields=None):
        self.stored = {export.id: export for export in stored}
        self.calls, self.kinds_without_contract = [], set()
        self._one_active, self._active_on_create, self._withheld, self._untold = one_active, active_on_create, withheld, untold
        self._new_fields = new_fields or {}
        self._faults = []
        self._next_id = 100

    @property
    def writes(self) -> list:
        return [call for call in self.calls if call[0] in WRITES]

    @property
    def state(self) -> list:
        """What stands there, without ids, so that two worlds can be compared."""
        return sorted((sorted(export.fields.items()), sorted(export.files.items())) for export in self.stored.values())

    def fail(self, verb, error, *, nth=1, takes_effect=False):
        """Let the nth call of this verb fail, before or after it took effect."""
        self._faults.append([verb, nth, error, takes_effect])

    def exports(self):
        with self._call("exports", None):
            return [
                replace(export, files={}, fields={word: value for word, value in export.fields.items() if word not in (*SECRET_FIELDS, *self._untold)})
                for export in self.stored.values()
            ]

    def download(self, export, slot):
        with self._call("download", slot):
            return WITHHELD if slot in self._withheld else self.stored[export.id].files.get(slot)

    def document_types(self):
        with self._call("document_types", None):
            return [{"key": "INVOICE", "title": "Invoice", "active": True}, {"key": "ORDER", "title": "Order", "active": True}]

    def sub_organisations(self):
        with self._call("sub_organisations", None):
            return [{"id": "s1", "name": "North"}, {"id": "s2", "name": "South"}, {"id": "s3", "name": "South"}]

    def problems(self, step):
        return list(self.kinds_without_contract) if step.export.get("kind") == "smb" else []

    def configure(self, export, words):
        with self._call("create" if export.id is None else "update", export.get("title")):
            sent = {word: export.files[word] if word in FILES else export.fields[word] for word in words}
            fields = {word: value for word, value in sent.items() if word not in FILES}
            files = {word: value for word, value in sent.items() if word in FILES}
            if export.id is None:
                self._next_id += 1
                told = {"kind": export.get("kind"), "sub_organisation": "", "active": self._active_on_create, **self._new_fields}
                self._keep(Export(str(self._next_id), {**told, **fields}, files))
                return str(self._next_id)
            former = self._find(export)
            self._keep(replace(former, fields={**former.fields, **fields}, files={**former.files, **files}))
            return export.id

    def set_active(self, export, active):
        with self._call("activate" if active else "deactivate", export.get("title")):
            former = self._find(export)
            self._keep(replace(former, fields={**former.fields, "active": active}))

    def remove(self, export):
        with self._call("remove", export.get("title")):
            del self.stored[self._find(export).id]

    def have_checked(self, export):
        with self._call("have_checked", export.get("title")):
            return

    def start_over(self):
        self.calls.append(("start_over", None))

    def _find(self, export):
        if export.id not in self.stored:
            raise refused("DB03")
        return self.stored[export.id]

    def _keep(self, export):
        rivals = [other for other in self.stored.values() if other.id != export.id and other.active and other.place == export.place]
        if self._one_active and export.active and rivals:
            raise refused()
        self.stored[export.id] = export

    def _call(self, verb, what):
        self.calls.append((verb, what))
        for fault in self._faults:
            if fault[0] == verb:
                fault[1] -= 1
                if fault[1] == 0:
                    return _Fault(fault[2], fault[3])
        return _Fault(None, True)


class _Fault:
    """Raises the error instead of the call, or after it."""

    def __init__(self, error, takes_effect):
        self._error, self._takes_effect = error, takes_effect

    def __enter__(self):
        if self._error is not None and not self._takes_effect:
            raise self._error

    def __exit__(self, kind, error, trace):
        if self._error is not None and kind is None:
            raise self._error


def webhook(id_="1", title="A", **fields):
    """A webhook as it stands in DocBits."""
    known = {"title": title, "kind": "webhook", "document_type": "INVOICE", "sub_organisation": "", "active": True, "url": "https://example.com/a"}
    return Export(id_, {**known, **fields}, label=f'export "{title}"')


def infor(id_="2", title="B", files=None, **fields):
    """An Infor IDM export as it stands in DocBits."""
    known = {"title": title, "kind": "infor_idm", "document_type": "INVOICE", "sub_organisation": "", "active": True}
    files = {"ionapi": '{"ti":"A"}', "idm_mapping": "a=1"} if files is None else files
    return Export(id_, {**known, "deployment": "cloud", "zugferd": False, **fields}, files, label=f'export "{title}"')


def declared(export, index=0, state="present", keep_id=False, **changes):
    """A declaration of the export with changes; a word with the value None is left out."""
    words = {**export.fields, **export.files, **changes}
    fields = {word: value for word, value in words.items() if word not in FILES and value is not None}
    files = {word: value for word, value in words.items() if word in FILES and value is not None}
    label = f'exports[{index}] "{words.get("title")}"'
    return Export(export.id if keep_id else None, fields, files, label=label, state=state)


class World:
    """The makers above in one hand, because test modules cannot import each other."""

    DocBits = MemoryDocBits
    refused, timed_out = staticmethod(refused), staticmethod(timed_out)
    webhook, infor, declared = staticmethod(webhook), staticmethod(infor), staticmethod(declared)


@pytest.fixture(scope="session")
def world():
    """DocBits in memory, exports that stand in it, declarations of them, and errors to fail with."""
    return World
