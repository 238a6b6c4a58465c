# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Histories of adopt, rotate and roll back: with the model, the moods, the faults and the invariants of the others, and some of their own."""

from __future__ import annotations

import json
import random
import re
from dataclasses import dataclass, replace
from types import SimpleNamespace
from unittest import mock

from ansible_collections.docbits.ion.plugins.module_utils._core.redaction import Secrets
from ansible_collections.docbits.ion.plugins.module_utils._core.run import Context
from ansible_collections.docbits.ion.plugins.module_utils._exports.adopted import adopt
from ansible_collections.docbits.ion.plugins.module_utils._exports.declared import declared_exports
from ansible_collections.docbits.ion.plugins.module_utils._exports.files import validate_files
from ansible_collections.docbits.ion.plugins.module_utils._exports.reconcile import Options, reconcile
from ansible_collections.docbits.ion.plugins.module_utils._infor import proof
from ansible_collections.docbits.ion.plugins.module_utils._model.export import FIELDS, FILES, KINDS
from ansible_collections.docbits.ion.plugins.module_utils._module import _rotation, environment
from ansible_collections.docbits.ion.plugins.module_utils._module._adoption import read_whole
from ansible_collections.docbits.ion.plugins.module_utils._module._options import expectations_from

from . import history as _history
from .fulfilled import KEYS, METHODS, identity, identity_of_row
from .history import History, ionapi
from .invariants import is_named, normal, violations
from .model import as_java
from .refusals import is_justified
from .simulate import API_KEY, HOST, Machine, alone, begin, go_on, item_of, together

ADOPT, ROTATE, ROLL_BACK = "adopt", "rotate", "roll back"
ACTS = (ADOPT, ROTATE, ROLL_BACK)
OLD = ionapi(0)
# Of the same app, with another service account.
NEW = json.dumps({**json.loads(OLD), **{key: json.loads(ionapi(2))[key] for key in ("saak", "sask")}}, sort_keys=True, separators=(",", ":"))
_KINDS = {method: kind for kind, method in METHODS.items()}
_FIELD_OF = {wire: name for name, wire in KEYS.items()} | {"include_document_history": "document_history"}
_FILE_OF = {"ion_api": "ionapi"}
_DEFAULTS = {name: option.get("default") for name, option in environment.ARGUMENT_SPEC.argument_spec.items()}


@dataclass(frozen=True)
class DayTwo(History):
    """A history of an organisation that is in use.

    act:    one of ACTS
    before: faults of the deployment that is rolled back
    """

    act: str = ADOPT
    before: tuple = ()


def draw(seed: int, within=None, acts=ACTS) -> DayTwo:
    """The history of a seed. Nobody else is at work."""
    chance = random.Random(seed)
    act = chance.choice(acts)
    base = _history.draw(seed, within)
    while not (base.rows and (act != ROLL_BACK or base.declared) and (act != ROTATE or any("ion_api" in row.files for row in base.rows))):
        base = _history.draw(chance.getrandbits(40), within)
    before = base.faults if act == ROLL_BACK and chance.random() < 0.5 else {}
    faults = base.faults if not before or chance.random() < 0.3 else {}
    options = {name: value for name, value in base.options.items() if name != "purge"}
    rows = base.rows
    if act == ROTATE:
        rows = tuple(replace(row, files={**row.files, "ion_api": OLD}) if "ion_api" in row.files and chance.random() < 0.8 else row for row in rows)
        base = replace(base, declared=_declared_as(rows, chance))
    elif act == ROLL_BACK and chance.random() < 0.8:
        options["purge"] = True
    moods = base.moods
    if act == ROLL_BACK and moods.download == "another":
        # A snapshot of masks that look like files is one of files.
        moods = replace(moods, download="bytes")
    if moods.update_id == "renamed":
        # The second export that a doubled update creates has nothing by which it could be found.
        faults = {number: fault for number, fault in faults.items() if fault != "twice"}
    plain = {"moods": moods, "actors": (), "edits": (), "order": (), "pauses": History.pauses, "reverts": False}
    return DayTwo(**{**vars(base), **plain, "seed": seed, "rows": rows, "options": options, "faults": faults}, act=act, before=tuple(before.items()))


def _declared_as(rows, chance) -> tuple:
    """Some of the rows as they are declared once they are deployed."""
    identities = [identity_of_row(row) for row in rows]
    declared = []
    for row in rows:
        if row.method not in _KINDS or chance.random() < 0.3:
            continue
        fields = {_FIELD_OF[key]: value for key, value in row.values.items() if key in _FIELD_OF and value not in (None, False)}
        fields["kind"] = _KINDS[row.method]
        if chance.random() < 0.5:
            fields["active"] = row.active
        id_ = row.id if identities.count(identity_of_row(row)) > 1 else None
        declared.append((fields, {_FILE_OF.get(name, name): text for name, text in row.files.items()}, id_, "present"))
    return tuple(declared)


def played(history: DayTwo) -> tuple:
    """The story of a history of day two, and its violations."""
    # What is left of a rotation when it is made simpler may declare what is not there.
    if history.act == ROTATE and not {id_ or identity(fields) for fields, _files, id_, _state in history.declared} <= {
        name for row in history.rows for name in (row.id, identity_of_row(row))
    }:
        return None, []
    return {ADOPT: _adopted, ROTATE: _rotated, ROLL_BACK: _rolled_back}[history.act](*begin(history))


# Adopt


def _adopted(story, clock, here) -> tuple:
    """Adopt, then deploy what was written and what a person adds: nothing changes."""
    deploy, adopted = story.task, []

    def adopt_and_try(_story, client, options, check_mode, clock):
        adopted.append(adopt("host", read_whole(client)))
        params = _params(here, story, adopted[0].trial())
        files = validate_files(declared_exports(params["exports"], params["ionapi_content"]), expectations_from(params), params, Secrets())
        return reconcile(client, files.exports, options, check_mode, clock)

    story.task = adopt_and_try
    outcome = alone(story, clock, here, check_mode=True)
    if outcome.result.get("failed"):
        return story, [] if is_justified(story, outcome) else [f"adopted: {outcome.result['msg'][:300]}"]
    steps = [(step["action"], step["id"], step["reason"]) for step in outcome.result["steps"]]
    story.task = deploy
    story.history = replace(story.history, declared=_completed(adopted[0], story), options={**story.history.options, "assume_kept": True})
    story.declared = story.history.declared
    go_on(story, clock, here)
    for run in story.outcomes.values():
        # A file may be declared as DocBits rewrites it.
        run.unfulfilled = []
    found = [f"adopted: the trial has the steps {steps}"] if steps or outcome.writes else []
    return story, found + violations(story) + _changed_in(story, story.history.rows)


def _completed(adopted, story) -> tuple:
    """The adopted declaration, with what a person adds where a finding asks for it."""
    rows = story.model.rows
    asked = {finding.where.removeprefix("host: ") for finding in adopted.findings if finding.id == "E61"}
    declared = []
    for item in adopted.items:
        row, export = rows[item.export.id], item.export
        known = {**{_FIELD_OF.get(key): value for key, value in row.values.items()}, **{_FILE_OF.get(name, name): text for name, text in row.files.items()}}
        added = {part: known[part] for part in (export.kind.parts if export.kind else ()) if f"{export.label}: {part}" in asked and part in known}
        if export.kind and adopted.has_default and "ionapi" in export.kind.parts:
            added["ionapi"] = adopted.ionapi or known["ionapi"]
        values = {**item.fields, **item.files, **added}
        fields = {name: value for name, value in values.items() if name in (*FIELDS, "ignore")}
        declared.append((fields, {name: text for name, text in values.items() if name in FILES}, values.get("id"), "present"))
    return tuple(declared)


def _changed_in(story, rows) -> list:
    """What differs from these rows, and no finding names it."""
    created = story.model.rows.keys() - {row.id for row in rows}
    found = [f"adopted: export {id_} was created" for id_ in created if not story.outcomes["clean"].result.get("failed")]
    for row in rows:
        now = story.model.rows.get(row.id)
        keys = _differing(row, now) if now else ["id"]
        found += [f"adopted: {key} of {row.id} changed" for key in keys if not is_named(story, row, key)]
    return found


def _differing(row, now) -> list:
    """The keys and file names in which two rows differ, and "active". A mapping may be as Java rewrites it."""
    one, other = ({**row.values, **{name: as_java(normal(text)) for name, text in row.files.items()}, "active": row.active} for row in (row, now))
    return [key for key in {**one, **other} if normal(one.get(key) or "") != normal(other.get(key) or "")]


# Rotate


def _rotated(story, clock, here) -> tuple:
    """Deploy, rotate with faults, then without: each declared export has the new file, or the result says that it has the old one."""
    if alone(story, clock, here).result.get("failed"):
        return story, []
    old, story = story.history.declared, _now(story)
    declared = tuple((fields, {**files, "ionapi": NEW} if files.get("ionapi") == OLD else files, id_, state) for fields, files, id_, state in old)

    def rotate(_story, client, _options, check_mode, clock):
        params = _params(here, story, {"exports": [item_of(item) for item in old], "ionapi_content": OLD, "ionapi_new_content": NEW, "rotate": True})

        def deploy(context, rotation):
            exports = declared_exports(context.params["exports"], context.params["ionapi_content"])
            files = validate_files(exports, expectations_from(context.params), context.params, context.secrets)
            options = replace(Options.of(context), rotation=rotation)
            return {"connections": {}, **reconcile(client, files.exports, options, context.check_mode, clock)}

        proved = SimpleNamespace(**{**vars(proof), "prove": lambda *_others: SimpleNamespace(outcome=proof.PROVED, facts={}, findings=[])})
        put_back = {"connect": lambda *_others: client, "reconcile": lambda *others: reconcile(*others, clock), "_proof": proved}
        with mock.patch.multiple(_rotation, **put_back):
            return _rotation.rotate(Context(params, check_mode, diff_mode=True), deploy)

    story.task = rotate
    story.history, story.declared = replace(story.history, declared=declared), (*declared, ({}, {"ionapi": NEW}, None, "present"))
    clock.now += 60.0
    go_on(story, clock, here)
    found, users = [], ()
    clean = story.outcomes["clean"].result
    is_ok = not clean.get("failed") and story.history.moods.download != "another"
    may_have_it = [finding["where"] for finding in clean.get("findings", ()) if finding["id"] == "E83"]
    for row in story.history.rows:
        now = story.model.rows.get(row.id)
        if now and row.files.get("ion_api") == OLD:
            # Also an export that is not declared gets the new file.
            users += (({"title": row.values["title"]}, {"ionapi": now.files.get("ion_api")}, row.id, "present"),)
        is_said = any(re.match(rf"export {row.id}\b", where) for where in may_have_it)
        if is_ok and now and now.files.get("ion_api") == OLD and row.id in story.model.visible_state() and not is_said:
            found.append(f"rotated: {row.id} has the old file, and a clean run is ok")
    story.history = replace(story.history, declared=(*declared, *users))
    return story, found + violations(story)


def _now(story):
    """The story as it begins now."""
    rows = tuple(story.model.rows.values())
    return replace(story, history=replace(story.history, rows=rows), start=story.model.state(), outcomes={}, writes=[], earlier_writes=story.writes)


# Roll back


def _rolled_back(story, clock, here) -> tuple:
    """Deploy with faults, then go back: known values are as in the snapshot, or a finding names what cannot come back."""
    deploy, snapshot = story.task, []

    def deploy_with_snapshot(story, client, options, check_mode, clock):
        return deploy(story, client, replace(options, save_snapshot=lambda items: snapshot.append(json.dumps(items)) or []), check_mode, clock)

    def go_back(_story, client, options, check_mode, clock):
        items = [_item(item) for item in json.loads(snapshot[0])]
        return reconcile(client, declared_exports(items), replace(options, is_rollback=True), check_mode, clock)

    history = story.history
    start = story.model.visible_state()
    rows = [row for row in history.rows if row.id in start]
    story.task, story.history = deploy_with_snapshot, replace(history, faults=dict(history.before))
    together(story, clock, here, Machine())
    clock.now += 60.0
    if not snapshot:
        return story, []
    items = json.loads(snapshot[0])
    declared = tuple(_declared_again(item, story) for item in items)
    story = _now(replace(story, history=replace(history, declared=declared), declared=(*declared, *history.declared), task=go_back))
    go_on(story, clock, here)
    for run in story.outcomes.values():
        run.unfulfilled = []
    return story, violations(story) + _restored(story, rows, {item["id"]: item for item in items})


def _item(item) -> dict:
    """An item of a snapshot after the validation of the options."""
    return {**dict.fromkeys(FIELDS), **{f"{name}_content": None for name in FILES}, "state": "present", **item}


def _declared_again(item, story):
    """An item of a snapshot as invariants judge it: without its id if it can be created again."""
    fields = {name: value for name, value in item.items() if name in (*FIELDS, "ignore")}
    files = {name: item[f"{name}_content"] for name in FILES if f"{name}_content" in item}
    kind = KINDS.get(fields.get("kind")) if item["id"] not in story.model.rows else None
    is_whole = kind and fields.get("title") and all((fields | files).get(part) for part in kind.required)
    return fields, files, None if is_whole else item["id"], "present"


def _restored(story, rows, items) -> list:
    """After a run that is ok, each export of the start has the values of the snapshot, which are those of the start."""
    if story.outcomes["clean"].result.get("failed"):
        return []
    found, final = [], story.model.rows
    messages = [f"{finding['where']}: {finding['message']}" for run in story.outcomes.values() for finding in (run.result or {}).get("findings", ())]
    claimed, known = set(), {row.id for row in story.history.rows}
    for row in rows:
        item = items.get(row.id)
        if item is None:
            found.append(f"restored: {row.id} is not in the snapshot")
            continue
        now = final.get(row.id) or next((other for id_, other in final.items() if identity_of_row(other) == identity_of_row(row) and id_ not in known), None)
        is_named_as_lost = any(f"export {row.id} was removed and cannot" in message for message in messages)
        if now is None or is_named_as_lost:
            # Also an export that is not listed any more.
            found += [] if is_named_as_lost else [f"restored: {row.id} is missing, and nothing says so"]
            continue
        claimed.add(now.id)
        for key in _differing(row, now):
            name = "active" if key == "active" else _FIELD_OF.get(key, _FILE_OF.get(key, key))
            if name in item or f"{name}_content" in item:
                if not is_named(story, row, key):
                    found.append(f"restored: {name} of {row.id} is not that of the snapshot")
            elif name in ("password", "ionapi") and not any(f": {name}: " in message or f"its {name}" in message for message in messages):
                found.append(f"restored: {name} of {row.id} was withheld, and nothing says so")
    if story.history.options.get("purge"):
        found += [f"restored: {id_} came after the snapshot" for id_ in story.model.visible_state().keys() - claimed - items.keys()]
    return found


def _params(machine, story, given) -> dict:
    """The options of a task, with what the machine has stored."""
    own = {"docbits_url": HOST, "api_key": API_KEY, "trusted_hosts": ["ion.example", "sso.example"], "fingerprints": machine.fingerprints}
    params = {**_DEFAULTS, **own, **{name: value for name, value in story.history.options.items() if name in _DEFAULTS}, **given}
    return {**params, "exports": [_item(item) for item in params["exports"]]}
