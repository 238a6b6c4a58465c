# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The intent record of a run: a file that says which writes are under way, for the run after one that was interrupted. Private to the collection.

The record is written before the first write and removed when the outcome of every step is known. It holds identities, ids and plain fields, and no
secret: no file, no password, and no URL, which may carry a token.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import InvalidInput, failure
from ansible_collections.docbits.ion.plugins.module_utils._core.private_files import read_json, remove, write_json
from ansible_collections.docbits.ion.plugins.module_utils._exports.plan import ACTIVATE, CREATE, DEACTIVATE, UPDATE
from ansible_collections.docbits.ion.plugins.module_utils._model.export import ADDRESSES, FIELDS, FILES, SECRET_FIELDS
from ansible_collections.docbits.ion.plugins.module_utils._model.values import Known

FORMAT = 1
_UNRECORDED = (*ADDRESSES, "username", *FILES)
_RECORDED_FIELDS = tuple(name for name in FIELDS if name not in (*_UNRECORDED, *SECRET_FIELDS, "kind", "active"))


@dataclass(frozen=True)
class Pending:
    """What an interrupted run left under way.

    started:    UTC time at which it began, for people
    created:    identity of a new or deactivated export to its id; for a new one empty if DocBits answered a success without an id, None if no answer arrived
    switched:   ids of exports that were deactivated for a moment
    fields:     id to the fields of an update that were not sent, with their values before it
    beside:     ids of exports that were active where a new export was created or activated
    active:     id of an updated export to whether it was active, None if that was not listed
    names:      id to the names of other values that were there before the update, and that the record does not hold
    """

    started: str = ""
    created: dict = field(default_factory=dict)
    switched: frozenset = frozenset()
    beside: frozenset = frozenset()
    fields: dict = field(default_factory=dict)
    active: dict = field(default_factory=dict)
    names: dict = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.started)

    @property
    def were_active(self) -> frozenset:
        """Ids of all exports that were active before and that the run may have made inactive."""
        return self.beside | self.switched | {id_ for id_, was_active in self.active.items() if was_active}


class RunRecord:
    """The record of one organisation, in a file; nothing is kept without a path.

    path:   of the file, or None
    errors: number of times that the file could not be written
    """

    def __init__(self, path: str | None) -> None:
        self._path = path
        self._value: dict = {"steps": []}
        self.errors = 0

    def load(self) -> Pending:
        """What an interrupted run left. Raises: InvalidInput if the file is damaged."""
        if self._path is None:
            return Pending()
        try:
            value = read_json(self._path)
            return Pending() if value is None else _pending(value)
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            raise failure(
                InvalidInput,
                "E27",
                f"state_dir: {self._path}",
                "the record of an interrupted run cannot be read",
                "compare the exports in DocBits with the declaration, then remove this file",
            ) from None

    def begin(self, plan) -> None:
        """Record the steps of a plan before the first write."""
        steps = [
            {
                "action": step.action,
                "id": step.id,
                "identity": list(step.export.identity),
                "momentary": step.momentary or step.restores,
                "fields": {name: step.before.get(name) for name in _kept_names(step, _RECORDED_FIELDS)},
                "active": step.before.get("active") if step.action == UPDATE else None,
                "names": sorted(_kept_names(step, _UNRECORDED)),
                "beside": _active_beside(step, plan),
                # What an interrupted run left is still open if this one is interrupted too.
                "state": "sent" if step.restores else "planned",
                "answered": None,
            }
            for step in plan.steps
        ]
        self._value = {"format": FORMAT, "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "steps": steps}
        self._write()

    def sent(self, index: int) -> None:
        """Record that a step is about to be sent."""
        self._value["steps"][index]["state"] = "sent"
        self._write()

    def answered(self, index: int, id_) -> None:
        """Record the id that DocBits answered to a create, empty if it answered none."""
        self._value["steps"][index]["answered"] = id_
        self._write()

    def switched(self, ids) -> None:
        """Record exports that DocBits deactivated and that a rollback is about to activate again."""
        if ids:
            steps = [{"action": DEACTIVATE, "id": id_, "momentary": True, "state": "sent"} for id_ in ids]
            self._value["steps"] += steps
            self._write()

    def close(self, index: int) -> None:
        """Record that a step was rolled back."""
        self._value["steps"][index]["state"] = "planned"
        self._write()

    def settle(self, is_open) -> None:
        """Keep the steps that the next run has to check, and remove the record if there are none.

        is_open: from the number of a step to whether it is one of them
        """
        for index, step in enumerate(self._value["steps"]):
            if not is_open(index):
                step["state"] = "planned"
        if any(step["state"] == "sent" for step in self._value["steps"]):
            self._write()
        else:
            self.finish()

    def finish(self) -> None:
        """Remove the record: the outcome of every step is known."""
        if self._path is not None:
            try:
                remove(self._path)
            except OSError:
                self.errors += 1

    def _write(self) -> None:
        if self._path is not None:
            try:
                write_json(self._path, self._value)
            except OSError:
                self.errors += 1


def _kept_names(step, names) -> list:
    """The names of known values that an update does not send, and that must be the same after it."""
    if step.action != UPDATE:
        return []
    return [name for name in names if name not in step.values and isinstance(step.before.value(name), Known) and step.before.get(name) != ""]


def _active_beside(step, plan) -> list:
    """Ids of active exports that DocBits may deactivate when a step creates or activates an export beside them."""
    if step.action not in (CREATE, ACTIVATE):
        return []
    after = {export.id: export for export in plan.after}
    return [
        export.id
        for export in plan.before
        if export.active and export.exclusive_key == step.after.exclusive_key and export.id in after and after[export.id].active and export.id != step.id
    ]


def _pending(value) -> Pending:
    if value["format"] != FORMAT:
        raise ValueError("unknown format")
    sent = [step for step in value["steps"] if step["state"] == "sent"]
    updates = [step for step in sent if step["action"] == UPDATE]
    return Pending(
        started=str(value["started"]),
        created={tuple(step["identity"]): step["answered"] if step["action"] == CREATE else step["id"] for step in sent if _may_be_unlisted(step)},
        switched=frozenset(step["id"] for step in sent if step["momentary"]),
        beside=frozenset(id_ for step in sent for id_ in step.get("beside", ())),
        fields={step["id"]: dict(step["fields"]) for step in updates if step["fields"]},
        active={step["id"]: step["active"] for step in updates},
        names={step["id"]: list(step["names"]) for step in updates if step["names"]},
    )


def _may_be_unlisted(step) -> bool:
    # DocBits may not list an inactive export.
    return step["action"] == CREATE or step["action"] == DEACTIVATE and not step["momentary"]
