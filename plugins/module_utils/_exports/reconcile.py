# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reconciles an organisation's exports with the declared ones: read, plan, apply, verify, and roll back if that fails. Private to the collection."""

from __future__ import annotations

import hashlib
import hmac
import os
import time
from collections.abc import Callable
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import ApplyFailed, ContractMismatch, InvalidInput, IonError, Unreachable, failure
from ansible_collections.docbits.ion.plugins.module_utils._core.findings import WARNING, Finding
from ansible_collections.docbits.ion.plugins.module_utils._core.private_files import FOLDER, locked
from ansible_collections.docbits.ion.plugins.module_utils._docbits.client import base_url_of
from ansible_collections.docbits.ion.plugins.module_utils._exports.apply import NOT_APPLIED, PLANNED, ROLLED_BACK, Settings, apply
from ansible_collections.docbits.ion.plugins.module_utils._exports.diff import diff_of
from ansible_collections.docbits.ion.plugins.module_utils._exports.fingerprints import Fingerprints
from ansible_collections.docbits.ion.plugins.module_utils._exports.interrupted import (
    after_waiting,
    findings_about,
    left_behind,
    refuse_unlisted,
    to_activate,
    with_lost_fields,
)
from ansible_collections.docbits.ion.plugins.module_utils._exports.matching import match
from ansible_collections.docbits.ion.plugins.module_utils._exports.names import with_known_names
from ansible_collections.docbits.ion.plugins.module_utils._exports.plan import REMOVE, UPDATE, Plan, plan
from ansible_collections.docbits.ion.plugins.module_utils._exports.reading import BY_CONNECTION_TEST, read
from ansible_collections.docbits.ion.plugins.module_utils._exports.refusals import (
    active_beside_undeclared,
    refuse_conflicts,
    refuse_irreversible,
    unlisted_activity,
    unnoticeable,
)
from ansible_collections.docbits.ion.plugins.module_utils._exports.restore import items_before, restorable
from ansible_collections.docbits.ion.plugins.module_utils._exports.rotation import Rotation, refuse_other_changes, undeclared_users, with_reversibility
from ansible_collections.docbits.ion.plugins.module_utils._exports.run_record import RunRecord
from ansible_collections.docbits.ion.plugins.module_utils._model.choices import CHECKS, TEST_CONNECTION, VALIDATE
from ansible_collections.docbits.ion.plugins.module_utils._model.export import CLOUD, FILES


@dataclass(frozen=True)
class Options:
    """How exports are reconciled, from the options of a task.

    purge:              whether exports that are not declared are removed
    several_active:     whether this DocBits runs several active exports of one document type
    update:             policy for secrets that DocBits withholds
    diff_mappings:      how the diff shows mappings; None if no diff is asked for
    fingerprints:       what was sent before for withheld values
    checks:             which of DocBits' own checks are asked, of CHECKS
    require_reversible: whether a plan with a step that cannot be rolled back is refused
    assume_kept:        whether an update may leave out values that DocBits withholds
    allow_momentary_deactivation: whether an active export may be deactivated while an inactive one is created beside it
    settle_timeout:     seconds to wait until the list shows a write
    lock_timeout:       seconds to wait for another run on this machine
    record_path:        file of the intent record, or None
    lock:               name of the lock between runs on this machine, or None
    save_snapshot:      saves the exports before the first write, see Context; or None
    rotation:           the ION API file that replaces another one, if nothing else may change; or None
    is_rollback:        whether the declaration is a snapshot, which may have exports that were removed since
    """

    purge: bool = False
    several_active: bool = False
    update: str = "when_changed"
    diff_mappings: str | None = None
    fingerprints: Fingerprints = Fingerprints()
    checks: tuple = CHECKS
    require_reversible: bool = False
    assume_kept: bool = False
    allow_momentary_deactivation: bool = False
    settle_timeout: float = 5.0
    lock_timeout: float = 60.0
    record_path: str | None = None
    lock: str | None = None
    save_snapshot: Callable | None = None
    rotation: Rotation | None = None
    is_rollback: bool = False

    @classmethod
    def of(cls, context) -> Options:
        """The options of a task."""
        params = context.params
        host = base_url_of(params)
        # The organisation's name in file names; the key cannot be guessed from it.
        name = hmac.new(params["api_key"].encode(), f"{host} {params['organisation_id'] or ''}".encode(), hashlib.sha256).hexdigest()[:16]
        return cls(
            purge=params["purge"],
            several_active=params["several_active"],
            update=params["update"],
            diff_mappings=params["diff_mappings"] if context.diff_mode else None,
            fingerprints=Fingerprints(params["fingerprints"], host, params["api_key"]),
            checks=tuple(params["checks"]),
            require_reversible=params["require_reversible"],
            assume_kept=params["assume_kept"],
            allow_momentary_deactivation=params["allow_momentary_deactivation"],
            settle_timeout=params["settle_timeout"],
            lock_timeout=params["deadline"],
            record_path=os.path.join(params["run_dir"] or os.path.expanduser(FOLDER), f"{name}.run.json"),
            lock=name,
            save_snapshot=context.save_snapshot,
            is_rollback=bool(params.get("snapshot")),
        )


@dataclass(frozen=True)
class _Draft:
    """A plan and what it was made from."""

    current: list
    readings: list
    plan: Plan
    warnings: list


def reconcile(client, declared, options: Options, check_mode: bool, clock=time) -> dict:
    """Reconcile the organisation's exports with the declared ones.

    client:   DocBits
    declared: list of Declared with clean files
    clock:    has monotonic() and sleep(), as the module time
    Returns changed, diff (if asked for), exports (a line for each declared one), undeclared (a line for each other one), steps, findings,
    and fingerprints if there are new ones.
    In check mode everything happens but the writes.
    Raises: InvalidInput, ContractMismatch, ApplyFailed and what the client raises
    """
    record = RunRecord(options.record_path)
    if check_mode:
        draft = _read_and_plan(client, declared, options, record.load(), clock)
        return _result(draft, [step.as_dict(PLANNED) for step in draft.plan.steps], options, [])
    # From the first reading on: a run that waits must not go on from what it read before.
    with _exclusive(options, clock) as lock_findings:
        pending = record.load()
        draft = _read_and_plan(client, declared, options, pending, clock)
        if draft.plan.steps:
            draft = _confirmed(client, declared, options, pending, draft, clock)
        if not draft.plan.steps:
            if pending:
                record.finish()
            lock_findings += _checked(client, _rotated_before(draft, options, ()), options.checks)
            return _with_fingerprints(_result(draft, [], options, lock_findings), draft, options, [])
        if options.save_snapshot:
            lock_findings += options.save_snapshot(items_before(draft.plan))
        try:
            applied = apply(draft.plan, client, Settings(options.settle_timeout, clock, record))
        except ApplyFailed as error:
            left = _left_behind(pending, [reading.pair for reading in draft.readings], client)
            error.findings += dict.fromkeys([*draft.warnings, *lock_findings, *left])
            if error.unproved:
                # A fingerprint must not prove a value that may have been replaced.
                error.facts["fingerprints"] = options.fingerprints.removed(error.unproved)
            raise
    findings = [*lock_findings, *applied.findings, *_checked(client, [*applied.touched, *_rotated_before(draft, options, applied.touched)], options.checks)]
    if record.errors:
        findings.append(_not_recorded(options.record_path))
    return _with_fingerprints(_result(draft, applied.steps, options, findings), draft, options, applied.unverified)


def _read_and_plan(client, declared, options, pending, clock) -> _Draft:
    # An interrupted update may have replaced what a fingerprint stands for.
    options.fingerprints.forget(pending.active)
    try:
        current = client.exports()
    except IonError as error:
        error.findings += left_behind(pending, (), None, client)
        raise
    return _draft(client, declared, options, pending, current, clock)


def _left_behind(pending, pairs, client) -> list:
    """Warnings about what an interrupted run left, after a run that failed to finish it."""
    try:
        return left_behind(pending, pairs, client.exports(), client) if pending else []
    except IonError:
        return left_behind(pending, pairs, None, client)


def _with_fingerprints(result, draft, options, unverified) -> dict:
    """The result, with the fingerprints of what was sent and is not shown, and of what the connection test proved."""
    tested = [(reading.pair, name) for reading in draft.readings for name, reason in reading.evidence.items() if reason == BY_CONNECTION_TEST]
    known = [*unverified, *((pair.current.id, name, pair.declared.files[name]) for pair, name in tested)]
    for export_id, name, value in known:
        options.fingerprints.add(export_id, name, value)
    return {**result, "fingerprints": options.fingerprints.as_dict()} if known else result


def _draft(client, declared, options, pending, current, clock) -> _Draft:
    if pending.created:
        current = after_waiting(client, pending, current, options.settle_timeout, clock)
    try:
        return _planned(client, declared, options, pending, current)
    except InvalidInput as error:
        error.findings += _left_behind(pending, (), client)
        raise


def _planned(client, declared, options, pending, current) -> _Draft:
    lost: list = []
    if options.is_rollback:
        declared, lost = restorable(declared, current)
    declared, current = with_known_names(declared, current, client)
    pairs = [with_lost_fields(pair, pending) for pair in match(declared, current, pending.created)]
    refuse_unlisted(pairs, pending, options.record_path)
    if options.rotation:
        undeclared, found = undeclared_users(options.rotation, pairs, current, client, options.fingerprints, pending.active)
        pairs, lost = pairs + [with_lost_fields(pair, pending) for pair in undeclared], lost + found
    # The visible parts of the old and of the new file are the same, and both pass the connection test.
    may_test = TEST_CONNECTION in options.checks and not options.rotation
    readings = [read(pair, client, options.update, options.fingerprints, may_test) for pair in pairs]
    todo = plan(
        readings,
        current,
        purge=options.purge,
        required_fields=client.required_fields,
        allow_momentary_deactivation=options.allow_momentary_deactivation,
        to_activate=to_activate(pending, pairs),
    )
    if not options.several_active:
        refuse_conflicts(declared, todo)
    problems = [problem for step in todo.steps for problem in client.problems(step)]
    if problems:
        raise ContractMismatch(dict.fromkeys(problems))
    if options.rotation:
        refuse_other_changes(todo, options.rotation, pending)
        todo = with_reversibility(todo, options.rotation, options.fingerprints)
    if options.require_reversible:
        refuse_irreversible(todo)
    todo = _with_undeclared_files(todo, client, (UPDATE, REMOVE) if options.save_snapshot else (UPDATE,))
    warnings = lost if options.several_active else lost + active_beside_undeclared(declared, todo)
    warnings += unnoticeable(todo, readings, options.assume_kept)
    warnings += [finding for reading in readings for finding in unlisted_activity(reading.pair)]
    warnings += findings_about(pending, readings, current, client)
    return _Draft(current, readings, todo, warnings)


def _confirmed(client, declared, options, pending, draft, clock) -> _Draft:
    """The draft if the exports are as they were when it was made; otherwise a new one, once."""
    for _attempt in range(2):
        current = client.exports()
        if _state(current) == _state(draft.current):
            return draft
        draft = _draft(client, declared, options, pending, current, clock)
        if not draft.plan.steps:
            return draft
    raise failure(
        Unreachable,
        "P07",
        "exports",
        "somebody else is changing the exports of this organisation; nothing was written",
        "run again when the other change is finished",
    )


def _state(exports) -> dict:
    return {export.id: export.values for export in exports}


def _with_undeclared_files(todo, client, actions) -> Plan:
    """The plan, with the files that its updates do not send, so that their loss is noticed, or that a removal takes away, for the snapshot."""
    steps = [replace(step, before=_with_files(step, client)) if step.action in actions else step for step in todo.steps]
    return replace(todo, steps=tuple(steps))


def _with_files(step, client):
    names = [name for name in (step.before.kind.parts if step.before.kind else ()) if name in FILES and name not in step.before.values]
    return replace(step.before, values={**step.before.values, **{name: client.download(step.before, name) for name in names}})


@contextmanager
def _exclusive(options, clock):
    """Let one run on this machine write to the organisation at a time. Yields findings."""
    with ExitStack() as stack:
        findings = []
        if options.lock is not None:
            try:
                if not stack.enter_context(locked(options.lock, options.lock_timeout, clock)):
                    raise failure(
                        Unreachable,
                        "P08",
                        "exports",
                        f"another run on this machine has been changing this organisation for {options.lock_timeout:g} seconds; nothing was written",
                        "run again when the other run is finished",
                    )
            except OSError:
                findings.append(Finding("E28", WARNING, FOLDER, "runs on this machine cannot wait for each other", "make this folder private and writable"))
        yield findings


def _rotated_before(draft, options, touched) -> list:
    """The active exports whose ION API file an interrupted rotation may have replaced without a test."""
    ids = {export.id for export in touched}
    current = [reading.pair.current for reading in draft.readings if options.rotation and "ionapi" in reading.evidence]
    return [export for export in current if export.active and export.id not in ids]


def _checked(client, touched, checks) -> list:
    """Let DocBits check the active exports that were changed. What its checks mean is not documented, so a failure is a warning."""
    findings = []
    for export in touched:
        if VALIDATE in checks and client.can_validate() and export.get("document_type") and not export.get("sub_organisation"):
            findings += _asked("DB30", VALIDATE, client.validate, export)
        if TEST_CONNECTION in checks and client.can_test_connection() and "ionapi" in export.kind.parts and export.get("deployment", CLOUD) == CLOUD:
            findings += _asked("DB31", TEST_CONNECTION, client.test_connection, export)
    return findings


def _asked(id_, check, ask, export) -> list:
    try:
        ask(export)
    except IonError as error:
        first = error.findings[0]
        message = f"DocBits' own check {check} fails: {first.message}; the export is as declared"
        return [Finding(id_, WARNING, export.label, message, f"{first.action}, or leave {check} out of checks")]
    return []


def _not_recorded(path) -> Finding:
    return Finding("E31", WARNING, f"{path}", "the record of this run could not be written", "name a folder that can be written in state_dir")


def _result(draft, steps, options, findings) -> dict:
    return {
        "changed": any(step["outcome"] not in (NOT_APPLIED, ROLLED_BACK) for step in steps),
        **({"diff": diff_of(draft.plan, options.diff_mappings)} if options.diff_mappings else {}),
        "exports": [_summary(reading, zip(draft.plan.steps, steps)) for reading in draft.readings],
        "undeclared": _undeclared(draft),
        "steps": steps,
        "findings": [finding.as_dict() for finding in [*draft.warnings, *findings]],
    }


def _undeclared(draft) -> list:
    """The exports that no item declares, not even to ignore or to remove them, and that remain."""
    declared = {None, *(reading.pair.current.id for reading in draft.readings if reading.pair.current)}
    return [{"id": export.id, "title": export.get("title"), "kind": export.get("kind")} for export in draft.plan.after if export.id not in declared]


def _summary(reading, steps) -> dict:
    """One line for a declared export: what it is, what was done, by which evidence."""
    declared, current = reading.pair.declared, reading.pair.current
    done = [line for step, line in steps if step.label == declared.label]
    return {
        "id": current.id if current else next((line["id"] for line in done), None),
        "title": declared.get("title") or (current.get("title") if current else None),
        "kind": declared.get("kind") or (current.get("kind") if current else None),
        "actions": [line["action"] for line in done],
        "evidence": reading.evidence,
    }
