# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs one history: the real client, plan, apply and rollback against the model, one call at a time."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field, replace

from greenlet import getcurrent

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import IonError, Unreachable, failure
from ansible_collections.docbits.ion.plugins.module_utils._docbits.bundled import CURRENT
from ansible_collections.docbits.ion.plugins.module_utils._docbits.client import DocBits
from ansible_collections.docbits.ion.plugins.module_utils._docbits.contract import Contract, Overrides
from ansible_collections.docbits.ion.plugins.module_utils._docbits.schema import INTEGER, OperationSchema
from ansible_collections.docbits.ion.plugins.module_utils._exports import run_record
from ansible_collections.docbits.ion.plugins.module_utils._exports.declared import declared_exports
from ansible_collections.docbits.ion.plugins.module_utils._exports.fingerprints import Fingerprints
from ansible_collections.docbits.ion.plugins.module_utils._exports.reconcile import Options, reconcile
from ansible_collections.docbits.ion.plugins.module_utils._model.export import FIELDS, FILES

from .clock import CALL_SECONDS, Actor, Clock, Killed
from .fulfilled import unfulfilled
from .history import PERSON, RUN_BESIDE, History
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
WRITES = ("configure_", "remove_", "update_")


class Machine:
    """What one machine keeps between runs: fingerprints and the record of a run."""

    def __init__(self) -> None:
        self.fingerprints: dict = {}
        self.record = None


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


def _keep_records_in_memory() -> None:
    # Not at import, because unit tests use the model with real files.
    run_record.read_json, run_record.write_json, run_record.remove = _RECORDS.read, _RECORDS.write, _RECORDS.remove


@dataclass
class Outcome:
    """What a run reported, and the stored state before and after it.

    result: as a module returns it, None if the run was killed
    error:  the exception that ended it, if any
    solo:   whether nobody else wrote at the same time
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
    unfulfilled: list = field(default_factory=list)


@dataclass
class Story:
    """Everything that invariants look at."""

    history: History
    model: Model
    start: dict
    outcomes: dict = field(default_factory=dict)
    touched_by_person: set = field(default_factory=set)
    doubled: bool = False


class ModelHttp:
    """Has the interface of HttpClient, and the faults of a history."""

    def __init__(self, model, clock, faults, story) -> None:
        self._model = model
        self._clock = clock
        self._faults = faults
        self._story = story
        self._write = 0
        self.calls = 0
        self.was_fulfilled = False

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
        if is_write and self._check_mode:
            raise AssertionError("a write in check mode")
        self._clock.sleep(CALL_SECONDS)
        fault = None
        if is_write:
            fault = self._faults.get(self._write)
            self._write += 1
        if fault is not None:
            return self._faulty(fault, method, url, request)
        if is_write and "remove_" not in url:
            self.was_fulfilled = False
        answer = self._model.answer(method, url, request)
        if not is_write and self._story.history.actors:
            # With others at work a declaration may be fulfilled when it is verified, and not a moment later.
            self.was_fulfilled = self.was_fulfilled or not unfulfilled(self._story)
        self._clock.sleep(CALL_SECONDS)
        return answer

    def _faulty(self, fault, method, url, request):
        actor = getcurrent()
        if fault in ("kill before", "interrupt before"):
            _end(actor, fault)
        if fault == "lost before":
            raise _lost()
        if fault == "limited before":
            return json_answer({"detail": "Too Many Requests"}, 429)
        answer = self._model.answer(method, url, request)
        if fault == "twice":
            self._story.doubled = True
            answer = self._model.answer(method, url, request)
        elif fault in ("kill after", "interrupt after"):
            _end(actor, fault)
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


def _end(actor, fault):
    if fault.startswith("kill"):
        actor.killed = True
        raise Killed
    raise KeyboardInterrupt


def _lost():
    return failure(Unreachable, "N06", "docbits", "it took the request and did not answer", "try again")


def simulate(history: History) -> Story:
    """Run a history to its end."""
    _keep_records_in_memory()
    chance, clock = random.Random(history.seed), Clock()
    model = Model(history.moods, chance, clock)
    for row in history.rows:
        model.put(row)
    clock.now = 100.0
    story = Story(history, model, model.state())
    here, beside = Machine(), Machine()
    Records.machine = here
    story.outcomes["check"] = _alone(story, clock, here, {}, check_mode=True)
    _together(story, clock, here, beside)
    clock.now += 60.0
    story.outcomes["clean"] = _alone(story, clock, here, {})
    clock.now += 60.0
    story.outcomes["again"] = _alone(story, clock, here, {})
    return story


def _alone(story, clock, machine, faults, check_mode=False) -> Outcome:
    outcomes: list = []
    actor = Actor("run", lambda: _run(story, clock, machine, faults, check_mode, outcomes), clock.now)
    actor.machine = machine
    clock.run([actor], lambda ready: ready[0])
    return outcomes[0]


def _together(story, clock, here, beside) -> None:
    history = story.history
    outcomes: dict = {"run": [], "beside": []}
    actors = [Actor("run", lambda: _run(story, clock, here, history.faults, False, outcomes["run"]), clock.now)]
    actors[0].machine = here
    if RUN_BESIDE in history.actors:
        actors.append(Actor("beside", lambda: _run(story, clock, beside, {}, False, outcomes["beside"]), clock.now))
        actors[-1].machine = beside
    if PERSON in history.actors:
        actors.append(Actor("person", lambda: _edit(story, clock), clock.now))
        actors[-1].machine = here
    order = iter(history.order)
    clock.run(actors, lambda ready: ready[next(order, 0) % len(ready)])
    for name, done in outcomes.items():
        if done:
            story.outcomes[name] = done[0]
            story.outcomes[name].solo = len(actors) == 1


def _run(story, clock, machine, faults, check_mode, outcomes) -> None:
    model = story.model
    http = ModelHttp(model, clock, faults, story)
    contract = _CONTRACTS[story.history.moods.list_shape == "pages", story.history.moods.booleans == "unknown"]
    options = Options(
        diff_mappings="meaning",
        fingerprints=Fingerprints(machine.fingerprints, HOST, API_KEY),
        record_path=RECORD,
        **story.history.options,
    )
    outcome = Outcome(None, None, model.visible_state(), {}, model.writes, clock.now, 0, check_mode, killed=True)
    outcomes.append(outcome)
    try:
        client = DocBits(HOST, API_KEY, None, contract, http, None, check_mode)
        declared = declared_exports([_item(item) for item in story.history.declared], None, story.history.options.get("purge", False))
        outcome.result = reconcile(client, declared, options, check_mode, clock)
    except IonError as error:
        outcome.error = error
        outcome.result = {"failed": True, "changed": False, **error.facts, "msg": error.message, "findings": [finding.as_dict() for finding in error.findings]}
    except KeyboardInterrupt:
        pass
    outcome.killed = outcome.result is None
    if outcome.result is not None and not check_mode:
        _remember(machine, outcome.result.get("fingerprints"))
    # A run beside this one that is interrupted takes back what both declared.
    is_disturbed = RUN_BESIDE in story.history.actors and any(fault.startswith("interrupt") for fault in story.history.faults.values())
    outcome.unfulfilled = [] if http.was_fulfilled or is_disturbed else unfulfilled(story)
    outcome.stored = model.state()
    outcome.after, outcome.writes = model.visible_state(), model.writes - outcome.writes
    outcome.seconds, outcome.calls = clock.now - outcome.seconds, http.calls


def _remember(machine, entries) -> None:
    for export, names in (entries or {}).items():
        known = {**machine.fingerprints.get(export, {}), **names}
        machine.fingerprints[export] = {name: text for name, text in known.items() if text is not None}


def _item(item) -> dict:
    fields, files, id_, state = item
    return {**dict.fromkeys(FIELDS), **{f"{name}_content": files.get(name) for name in FILES}, **fields, "id": id_, "state": state}


def _edit(story, clock) -> None:
    """What a person does in the web console, between the calls of the runs."""
    model = story.model
    for number, edit in enumerate(story.history.edits):
        clock.sleep(CALL_SECONDS)
        rows = sorted(model.rows)
        if edit == "add":
            id_ = model.new_id()
            model.put(Row(id_, "webhook", {"title": "By hand", "doc_type": "INVOICE", "sub_org_id": None, "export_url": "https://hand.example/"}, False))
            story.touched_by_person.add(id_)
        elif rows:
            id_ = rows[number % len(rows)]
            story.touched_by_person.add(id_)
            if edit == "remove":
                model.change(id_, deleted=True, active=False)
            elif edit == "active":
                model.change(id_, active=not model.rows[id_].active)
            elif edit == "file" and "idm_mapping" in model.rows[id_].files:
                model.change(id_, files={"idm_mapping": model.rows[id_].files["idm_mapping"] + "IF_BY_HAND=Hand\n"})
            else:
                model.change(id_, values={"title": "By hand"} if edit == "title" else {"execution_order": 9})
