# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs one history: the real client, plan, apply and rollback against the model, one call at a time."""

from __future__ import annotations

import json
import random
import zlib
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import lru_cache

from greenlet import getcurrent

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import IonError, Unreachable, failure
from ansible_collections.docbits.ion.plugins.module_utils._docbits.bundled import CURRENT
from ansible_collections.docbits.ion.plugins.module_utils._docbits.client import DocBits
from ansible_collections.docbits.ion.plugins.module_utils._docbits.contract import Contract, Overrides
from ansible_collections.docbits.ion.plugins.module_utils._docbits.schema import INTEGER, OperationSchema
from ansible_collections.docbits.ion.plugins.module_utils._exports import apply as _apply
from ansible_collections.docbits.ion.plugins.module_utils._exports import reconcile as _reconcile
from ansible_collections.docbits.ion.plugins.module_utils._exports import run_record
from ansible_collections.docbits.ion.plugins.module_utils._exports.declared import declared_exports
from ansible_collections.docbits.ion.plugins.module_utils._exports.fingerprints import Fingerprints
from ansible_collections.docbits.ion.plugins.module_utils._exports.reconcile import Options, reconcile
from ansible_collections.docbits.ion.plugins.module_utils._model.export import FIELDS, FILES

from .clock import CALL_SECONDS, Actor, Clock, Killed
from .fulfilled import identity, identity_of_row, unfulfilled
from .history import PERSON, RUN_BESIDE, RUN_WAITING, History
from .model import Model, Row, json_answer

HOST = "https://docbits.example"
API_KEY = "the-key-of-the-simulation"
RECORD = "record"
_LIST = ("POST", "/configurations/get_configurations")
_PAGED = replace(CURRENT, operations={**CURRENT.operations, _LIST: OperationSchema("application/x-www-form-urlencoded", {"page": INTEGER})})
_CONTRACTS = {
    (schema is _PAGED, flags): Contract(schema, "current", Overrides(booleans={"ja": "true", "nein": "false"} if flags else {}))
    for schema in (CURRENT, _PAGED)
    for flags in (False, True)
}
# Seconds after which a write takes effect whose answer was lost: within settle_timeout, and after it.
LATE = {"late soon": 1.5, "late": 9.0}


class Machine:
    """What one machine keeps between runs: fingerprints and the record of a run."""

    def __init__(self) -> None:
        self.fingerprints: dict = {}
        self.record = None
        self.is_locked = False


class Records:
    """Stands in for the files of the records: a killed process writes nothing any more."""

    machine: Machine | None = None

    def read(self, _path):
        machine = _machine_of(getcurrent())
        return None if machine.record is None else json.loads(machine.record)

    def write(self, _path, value) -> None:
        actor = getcurrent()
        if not getattr(actor, "killed", False):
            _machine_of(actor).record = json.dumps(value)

    def remove(self, _path) -> None:
        actor = getcurrent()
        if not getattr(actor, "killed", False):
            _machine_of(actor).record = None


def _machine_of(actor) -> Machine:
    return actor.machine if isinstance(actor, Actor) else Records.machine


_RECORDS = Records()


@lru_cache(maxsize=1)
def _keep_records_in_memory() -> None:
    # Not at import, because unit tests use the model with real files; and once, because a defect may take one of these out.
    run_record.read_json, run_record.write_json, run_record.remove = _RECORDS.read, _RECORDS.write, _RECORDS.remove
    _reconcile.locked = _locked
    _apply.is_orphaned = lambda: getattr(getcurrent(), "orphaned", False)


@contextmanager
def _locked(_name, timeout, clock):
    """Stands in for the lock between the runs on one machine; a killed process has it no longer."""
    machine, ends = _machine_of(getcurrent()), clock.monotonic() + timeout
    while machine.is_locked and clock.monotonic() < ends:
        clock.sleep(0.2)
    is_free = not machine.is_locked
    machine.is_locked = True
    try:
        yield is_free
    finally:
        machine.is_locked = machine.is_locked and not is_free


@dataclass(frozen=True)
class Write:
    """One request of a run that writes.

    id:       of the export, None for a create
    active:   what a request for activity asks for
    about:    what tells exports apart, of a create
    unread:   whether the run has read nothing since its last write
    orphaned: whether the process that started the run had ended
    """

    run: str
    operation: str
    id: str | None
    active: bool | None
    orphaned: bool
    about: tuple = ()
    unread: bool = False


@dataclass
class Outcome:
    """What a run reported, and the stored state before and after it.

    result: as a module returns it, None if the run was killed
    error:  the exception that ended it, if any
    solo:   whether nobody else wrote at the same time
    later:  the stored state once writes that were under way have arrived
    """

    result: dict | None
    error: Exception | None
    before: dict
    after: dict
    writes: int
    seconds: float
    calls: int
    check_mode: bool = False
    solo: bool = True
    killed: bool = False
    stored: dict = field(default_factory=dict)
    later: dict = field(default_factory=dict)
    unfulfilled: list = field(default_factory=list)


@dataclass
class Story:
    """Everything that invariants look at.

    writes:  of runs, in their order
    earlier_writes: of the runs before those that are judged
    fired:   the faults that happened
    answers: checksum of all answers to the runs
    declared: of the first runs
    added_by_person, removed_by_person, touched_by_person: ids
    left_by_person: id to the row after the last edit, None if it was removed
    task:    what a run does with a client, see _deploy
    """

    history: History
    model: Model
    start: dict
    outcomes: dict = field(default_factory=dict)
    touched_by_person: set = field(default_factory=set)
    added_by_person: set = field(default_factory=set)
    removed_by_person: set = field(default_factory=set)
    rows_of_person: list = field(default_factory=list)
    left_by_person: dict = field(default_factory=dict)
    doubled: bool = False
    writes: list = field(default_factory=list)
    earlier_writes: list = field(default_factory=list)
    fired: list = field(default_factory=list)
    answers: int = 0
    declared: tuple = ()
    actors: list = field(default_factory=list)
    task: object = None


class ModelHttp:
    """Has the interface of HttpClient, and the faults of a history."""

    def __init__(self, model, clock, faults, story) -> None:
        self._model = model
        self._clock = clock
        self._faults = faults
        self._story = story
        self._write = 0
        self._unread = False
        self.calls = 0
        self.was_fulfilled = False
        self.never_fulfilled = None

    def __call__(self, _settings, reads, check_mode):
        self._reads = reads
        self._check_mode = check_mode
        return self

    def restart_deadline(self) -> None:
        """The deadline of a simulated call does not end."""

    def call(self, method, url, *, headers=None, retry=True, **request):
        """Make a call: others may go on before it and after it."""
        self.calls += 1
        is_write = method != "GET" and (method, url) not in self._reads
        self._clock.sleep(CALL_SECONDS)
        fault = None
        if is_write:
            fault = self._faults.get(self._write)
            self._write += 1
            self._story.writes.append(replace(_write(url, request), unread=self._unread))
            self._unread = True
        elif "get_configurations" in url:
            self._unread = False
        if fault is not None:
            return self._faulty(fault, method, url, request)
        if is_write and "remove_" not in url:
            self.was_fulfilled = False
        answer = self._model.answer(method, url, request)
        if not is_write and self._story.history.actors:
            # With others at work a declaration may be fulfilled when it is verified, and not a moment later.
            found = unfulfilled(self._story)
            self.was_fulfilled = self.was_fulfilled or not found
            self.never_fulfilled = set(found) if self.never_fulfilled is None else self.never_fulfilled & set(found)
        self._story.answers = zlib.crc32(answer.body, self._story.answers)
        self._clock.sleep(CALL_SECONDS)
        return answer

    def _faulty(self, fault, method, url, request):
        actor = getcurrent()
        self._story.fired.append(fault)
        if fault in ("kill before", "interrupt before"):
            _end(actor, fault)
        if fault == "lost before":
            raise _lost()
        if fault == "limited before":
            return json_answer({"detail": "Too Many Requests"}, 429)
        if fault in ("late", "late soon"):
            self._send_late(actor, LATE[fault], method, url, request)
            raise _lost()
        answer = self._model.answer(method, url, request)
        if fault == "twice":
            self._story.doubled = True
            answer = self._model.answer(method, url, request)
        elif fault in ("kill after", "interrupt after"):
            _end(actor, fault)
        elif fault == "orphaned after":
            actor.orphaned = True
        elif fault == "lost after":
            raise _lost()
        elif fault == "limited after":
            return json_answer({"detail": "Too Many Requests"}, 429)
        elif fault == "proxy error after":
            return json_answer({"detail": "Bad Gateway"}, 502)
        elif fault == "refused after":
            return json_answer({"success": False, "message": "UNKNOWN_ERROR"}, 409)
        self._clock.sleep(CALL_SECONDS)
        return answer

    def _send_late(self, actor, seconds, method, url, request):
        late = Actor("late", lambda: self._model.answer(method, url, request), self._clock.now + seconds)
        late.parent = actor.parent
        self._story.actors.append(late)


def _write(url, request) -> Write:
    fields = dict(request.get("data") or {})
    fields.update({name: part[1] for name, part in request.get("files") or () if part[0] is None})
    active = fields["is_active"] == "true" if "is_active" in fields else None
    actor = getcurrent()
    return Write(
        getattr(actor, "name", ""),
        url.rsplit("/", 1)[1],
        fields.get("config_id") or fields.get("id"),
        active,
        getattr(actor, "orphaned", False),
        tuple(fields.get(key) for key in ("title", "doc_type", "sub_org_id")),
    )


def _end(actor, fault):
    if fault.startswith("kill"):
        actor.killed = True
        raise Killed
    raise KeyboardInterrupt


def _lost():
    return failure(Unreachable, "N06", "docbits", "it took the request and did not answer", "try again")


def simulate(history: History) -> Story:
    """Run a history to its end."""
    story, clock, here = begin(history)
    go_on(story, clock, here)
    return story


def begin(history: History) -> tuple:
    """The story of a history before its first run, its clock, and the machine."""
    _keep_records_in_memory()
    chance, clock = random.Random(history.seed), Clock()
    model = Model(history.moods, chance, clock)
    for row in history.rows:
        model.put(row)
    clock.now = 100.0
    here = Records.machine = Machine()
    if history.recalls:
        _recall(here, history.rows)
    return Story(history, model, model.state(), declared=history.declared, task=_deploy), clock, here


def go_on(story, clock, here) -> None:
    """The runs of a story: in check mode, with faults and others, and two without."""
    history = story.history
    story.outcomes["check"] = alone(story, clock, here, check_mode=True)
    together(story, clock, here, Machine())
    clock.now += 60.0
    if history.reverts:
        story.history = replace(history, declared=_reverted(history))
    story.outcomes["clean"] = alone(story, clock, here)
    clock.now += 60.0
    story.outcomes["again"] = alone(story, clock, here)


def _reverted(history) -> tuple:
    """The declaration with the secrets of the start."""
    declared = []
    for fields, files, id_, state in history.declared:
        row = next((row for row in history.rows if row.id == id_ or (id_ is None and identity_of_row(row) == identity(fields))), None)
        if row is not None and "ionapi" in files and "ion_api" in row.files:
            files = {**files, "ionapi": row.files["ion_api"]}
        if row is not None and "password" in fields and "password" in row.values:
            fields = {**fields, "password": row.values["password"]}
        declared.append((fields, files, id_, state))
    return tuple(declared)


def alone(story, clock, machine, check_mode=False) -> Outcome:
    """The outcome of a run without faults and others."""
    outcomes: list = []
    actor = Actor("alone", lambda: _run(story, clock, machine, {}, check_mode, outcomes), clock.now)
    actor.machine = machine
    clock.run([actor], lambda ready: ready[0])
    outcomes[0].later = story.model.visible_state()
    return outcomes[0]


def together(story, clock, here, beside) -> None:
    """Run the actors of a history, and keep their outcomes."""
    history = story.history
    outcomes: dict = {"run": [], "beside": [], "waiting": []}
    actors = story.actors = [Actor("run", lambda: _run(story, clock, here, history.faults, False, outcomes["run"]), clock.now)]
    actors[0].machine = here
    if RUN_BESIDE in history.actors:
        actors.append(Actor("beside", lambda: _run(story, clock, beside, {}, False, outcomes["beside"]), clock.now + history.pauses[-1]))
        actors[-1].machine = beside
    if RUN_WAITING in history.actors:
        actors.append(Actor("waiting", lambda: _run(story, clock, here, {}, False, outcomes["waiting"]), clock.now + history.pauses[-1]))
        actors[-1].machine = here
    if PERSON in history.actors:
        actors.append(Actor("person", lambda: _edit(story, clock), clock.now))
        actors[-1].machine = here
    order = iter(history.order)
    clock.run(actors, lambda ready: ready[next(order, 0) % len(ready)])
    for name, done in outcomes.items():
        if done:
            story.outcomes[name] = done[0]
            story.outcomes[name].solo = not history.actors
            story.outcomes[name].later = story.model.visible_state()


def _run(story, clock, machine, faults, check_mode, outcomes) -> None:
    model = story.model
    http = ModelHttp(model, clock, faults, story)
    contract = _CONTRACTS[story.history.moods.list_shape == "pages", story.history.moods.booleans == "unknown"]
    options = Options(
        diff_mappings="meaning",
        fingerprints=Fingerprints(machine.fingerprints, HOST, API_KEY),
        record_path=RECORD,
        lock=RECORD,
        **story.history.options,
    )
    outcome = Outcome(None, None, model.visible_state(), {}, model.writes, clock.now, 0, check_mode, killed=True)
    outcomes.append(outcome)
    try:
        client = DocBits(HOST, API_KEY, None, contract, http, None, check_mode)
        outcome.result = story.task(story, client, options, check_mode, clock)
    except IonError as error:
        outcome.error = error
        outcome.result = {"failed": True, "changed": False, **error.facts, "msg": error.message, "findings": [finding.as_dict() for finding in error.findings]}
    except KeyboardInterrupt:
        pass
    outcome.killed = outcome.result is None
    if outcome.result is not None and not check_mode:
        _remember(machine, outcome.result.get("fingerprints"))
    outcome.unfulfilled = [] if http.was_fulfilled else unfulfilled(story)
    if RUN_BESIDE in story.history.actors:
        # A run on another machine may roll back what this one has read, after this one has ended.
        outcome.unfulfilled = [what for what in outcome.unfulfilled if what in (http.never_fulfilled or ())]
    outcome.stored = model.state()
    outcome.after, outcome.writes = model.visible_state(), model.writes - outcome.writes
    outcome.seconds, outcome.calls = clock.now - outcome.seconds, http.calls


def _deploy(story, client, options, check_mode, clock) -> dict:
    declared = declared_exports([item_of(item) for item in story.history.declared], None, story.history.options.get("purge", False))
    return reconcile(client, declared, options, check_mode, clock)


def _remember(machine, entries) -> None:
    for export, names in (entries or {}).items():
        known = {**machine.fingerprints.get(export, {}), **names}
        machine.fingerprints[export] = {name: text for name, text in known.items() if text is not None}


def item_of(item) -> dict:
    """A declared export as an item of the option exports."""
    fields, files, id_, state = item
    return {**dict.fromkeys(FIELDS), **{f"{name}_content": files.get(name) for name in FILES}, **fields, "id": id_, "state": state}


def _edit(story, clock) -> None:
    """What a person does in the web console, between the calls of the runs."""
    model = story.model
    for number, edit in enumerate(story.history.edits):
        clock.sleep(story.history.pauses[number])
        rows = sorted(model.rows)
        if edit == "add":
            id_ = model.new_id()
            model.put(Row(id_, "webhook", {"title": "By hand", "doc_type": "INVOICE", "sub_org_id": None, "export_url": "https://hand.example/"}, False))
            story.touched_by_person.add(id_)
            story.added_by_person.add(id_)
        elif edit == "add declared":
            _add_declared(story)
        elif rows:
            id_ = rows[number % len(rows)]
            story.touched_by_person.add(id_)
            if edit == "remove":
                story.removed_by_person.add(id_)
                model.change(id_, deleted=True, active=False)
            elif edit == "active":
                model.change(id_, active=not model.rows[id_].active)
            elif edit == "file" and "idm_mapping" in model.rows[id_].files:
                model.change(id_, files={"idm_mapping": model.rows[id_].files["idm_mapping"] + "IF_BY_HAND=Hand\n"})
            else:
                model.change(id_, values={"title": "By hand"} if edit == "title" else {"execution_order": 9})
        story.rows_of_person += model.rows.values()
        if rows and edit not in ("add", "add declared"):
            row, start = model.rows.get(id_), {row.id: row for row in story.history.rows}.get(id_)
            # A run may have switched the export off for a moment, or DocBits for the export of a run.
            is_switched = story.history.options.get("allow_momentary_deactivation") or story.history.moods.one_active == "replaces"
            keeps_activity = row and start and edit != "active" and is_switched
            story.left_by_person[id_] = replace(row, active=story.left_by_person.get(id_, start).active) if keeps_activity else row


def _add_declared(story) -> None:
    """Let the person create what is declared, with content of their own."""
    fields = next((fields for fields, _files, id_, state in story.history.declared if id_ is None and state == "present"), None)
    if fields is not None:
        method, title, type_, place = identity(fields)
        id_ = story.model.new_id()
        zugferd = {"zugferd": False} if method.startswith("infor") else {}
        story.model.put(Row(id_, method, {"title": title, "doc_type": type_, "sub_org_id": place, "execution_order": 9, **zugferd}, False))
        story.touched_by_person.add(id_)
        story.added_by_person.add(id_)


def _recall(machine, rows) -> None:
    """Give a machine the fingerprints that an earlier run has made of the secrets of these rows."""
    fingerprints = Fingerprints({}, HOST, API_KEY)
    for row in rows:
        for name, value in (("ionapi", row.files.get("ion_api")), ("password", row.values.get("password"))):
            if value is not None:
                fingerprints.add(row.id, name, value)
    machine.fingerprints = fingerprints.as_dict()
