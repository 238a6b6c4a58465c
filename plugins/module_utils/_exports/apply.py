# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Applies the steps of a plan, lets the result be verified, and rolls back what this run did if a step fails. Private to the collection.

A write is applied, not applied, or its outcome is unknown. The answer of DocBits does not decide between these; what DocBits shows afterwards does.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import (
    ApplyFailed,
    CheckModeViolation,
    ContractMismatch,
    InvalidInput,
    IonError,
    as_ion_error,
    failure,
)
from ansible_collections.docbits.ion.plugins.module_utils._core.findings import WARNING, Finding
from ansible_collections.docbits.ion.plugins.module_utils._core.process import is_orphaned
from ansible_collections.docbits.ion.plugins.module_utils._exports.plan import ACTIVATE, CREATE, REMOVE, UPDATE, Plan
from ansible_collections.docbits.ion.plugins.module_utils._exports.progress import (
    APPLIED,
    NOT_APPLIED,
    NOT_RUN,
    PLANNED,
    ROLLED_BACK,
    UNKNOWN,
    Progress,
    Settings,
    was_refused,
)
from ansible_collections.docbits.ion.plugins.module_utils._exports.rollback import Rollback
from ansible_collections.docbits.ion.plugins.module_utils._exports.verify import Verification, applied_despite_error
from ansible_collections.docbits.ion.plugins.module_utils._model.export import is_secret
from ansible_collections.docbits.ion.plugins.module_utils._model.values import Known

__all__ = ["NOT_APPLIED", "PLANNED", "ROLLED_BACK", "Applied", "Settings", "apply"]

# Retries of a write that DocBits did not apply because of its rate limit, or that finishes an interrupted run.
_RETRIES = 2
_LONGEST_RETRY_AFTER = 60
# Codes by which DocBits says that there is no such export.
_NO_EXPORT_CODES = ("EXPORT_CONFIG_NOT_FOUND", "NOT_FOUND", "NO_RECORD_WITH_ID_FOUND")


@dataclass(frozen=True)
class Applied:
    """What a run did.

    steps:      each step with its outcome, as results list them
    unverified: (id, name, value) of everything sent that DocBits does not show
    touched:    the active exports that were created or changed
    findings:   warnings and notes
    """

    steps: list
    unverified: list
    touched: list
    findings: list


def apply(plan: Plan, client, settings: Settings) -> Applied:
    """Apply the steps and verify the result.

    Raises: ApplyFailed with the outcome of every step, after a rollback
    """
    run = _Run(plan, client, settings)
    settings.record.begin(plan)
    try:
        run.apply()
    except _Orphaned as error:
        # Nobody reads the result any more; the intent record is for the next run.
        raise ApplyFailed(error.findings, steps=run.progress.report(), changed=run.progress.changed) from None
    except Exception as error:  # also a defect must not leave an environment half-written, or hide what was done
        known = as_ion_error(error)
        findings = run.roll_back()
        facts = {**known.facts, "steps": run.progress.report(), "changed": run.progress.changed, "rolled_back": ROLLED_BACK in run.progress.outcomes}
        raise ApplyFailed(known.findings + run.findings + findings, unproved=run.unproved(), **facts) from None
    except BaseException:  # Ctrl-C, or Ansible's own time limit for the task
        run.roll_back(is_reported=False)
        raise
    settings.record.finish()
    return Applied(run.progress.report(), run.verification.unverified, run.verification.touched(), run.findings)


class _Orphaned(IonError):
    """The process that started this run has ended."""


class _Run:
    """The execution of one plan."""

    def __init__(self, plan, client, settings) -> None:
        self.progress = Progress(plan, client, settings)
        self.findings: list = []
        self.verification = Verification(self.progress, client, settings, self.findings)
        self._steps = plan.steps
        self._client = client
        self._settings = settings

    def apply(self) -> None:
        """Send every step; verify the changes before the first removal."""
        for index in self.progress.changes:
            self._do(index)
        if self.progress.changes:
            self.verification.verify_changes()
        for index in self.progress.removals:
            self._do(index)
        if self.progress.removals:
            self.verification.verify_removals()

    def roll_back(self, is_reported=True) -> list:
        """Roll back every step that took effect, or may have; returns findings. The record keeps what is unknown.

        is_reported: whether the result reaches the caller; otherwise the record also keeps the updates that remain, of which nobody corrects fingerprints
        """
        self._client.restart_deadline()
        self.verification.look_for_displaced()
        self._settings.record.switched([export.id for export in self.progress.displaced])
        findings = Rollback(self.progress, self._client, self._settings).run()
        remaining = [] if is_reported else [index for index in self.progress.changes if self.progress.outcomes[index] in (APPLIED, UNKNOWN)]
        self._settings.record.settle(lambda index: index in remaining or self._is_open(index))
        return findings

    def unproved(self) -> list:
        """What of a failed run may have been replaced and cannot be read, as pairs of an export's id and a name."""
        updates = [step for step, outcome in zip(self._steps, self.progress.outcomes) if step.action == UPDATE and outcome not in (NOT_RUN, NOT_APPLIED)]
        return [(step.id, name) for step in updates for name in step.values if is_secret(name) or not isinstance(step.before.value(name), Known)]

    def _is_open(self, index) -> bool:
        """Whether the next run has to check a step: its outcome is unknown, or it deactivated an export for a moment only."""
        if index >= len(self._steps):
            return self.progress.is_displaced
        outcome = self.progress.outcomes[index]
        # An export that was created and never listed must not be created again.
        remains = outcome == APPLIED and (self._steps[index].momentary or index in self.progress.creates)
        return outcome == UNKNOWN or self._steps[index].restores or remains

    def _do(self, index) -> None:
        retries = _RETRIES
        while True:
            if is_orphaned():
                raise failure(_Orphaned, "X02", "docbits.ion", "the process that started this run has ended; no further step was begun", "run again")
            self._settings.record.sent(index)
            self.progress.outcomes[index] = UNKNOWN
            try:
                self._send(index)
                break
            except IonError as error:
                self._client.restart_deadline()
                self.progress.outcomes[index] = self._outcome_after(index, error)
                if self.progress.outcomes[index] == APPLIED:
                    self.findings.append(applied_despite_error(self._steps[index], error))
                    if index in self.progress.creates:
                        self.findings.append(_unproven(self._steps[index], self.progress.ids[index]))
                    break
                # What an interrupted run left inactive may be refused only while somebody else writes.
                may_pass = error.facts.get("status") == 429 or self._steps[index].restores
                if not (retries and self.progress.outcomes[index] == NOT_APPLIED and may_pass):
                    # An export that is not listed may not exist any more; otherwise, the next run tries again what was not answered.
                    if self._steps[index].restores and (was_refused(error) or self.progress.is_new(self._steps[index].id)):
                        self.findings.append(_not_restored(self._steps[index], error))
                        return
                    raise _with_option(self._steps[index], error) from None
                retries -= 1
                self._settings.clock.sleep(min(error.facts.get("retry_after") or 1, _LONGEST_RETRY_AFTER))
        self.progress.outcomes[index] = APPLIED
        if index in self.progress.creates and not self._steps[index].after.active:
            # It must not be active beside the export that the next step creates.
            self.verification.await_created([index])
            self.verification.correct_activity(index)

    def _send(self, index) -> None:
        step = self._steps[index]
        if step.action == CREATE:
            id_ = self._client.configure(step.kind, None, step.values, step.label)
            # An id that existed before the run is not that of the new export.
            if id_ is not None and self.progress.is_new(id_) and id_ not in self.progress.ids.values():
                self.progress.ids[index] = id_
                self.progress.proven.add(index)
            self._settings.record.answered(index, self.progress.ids.get(index, ""))
        elif step.action == UPDATE:
            id_ = self._client.configure(step.kind, step.id, step.values, step.label)
            if id_ is not None and id_ != step.id and self.progress.is_new(id_):
                self.progress.strays[index] = id_
        elif step.action == REMOVE:
            self._client.remove(step.id, step.label)
        else:
            self._client.set_active(step.id, step.action == ACTIVATE, step.label)

    def _outcome_after(self, index, error) -> str:
        """The outcome of a write that was answered with an error, or not at all."""
        if isinstance(error, (InvalidInput, ContractMismatch, CheckModeViolation)):
            # Raised before the request was sent.
            return NOT_APPLIED
        seen = []

        def is_applied():
            seen.append(self.progress.try_to_observe(index))
            return seen[-1] == APPLIED

        if self.progress.settle(is_applied):
            return APPLIED
        # A refusal counts if the list agrees; a write without an answer may still take effect.
        # After an error of its own, DocBits does not go on with a removal.
        is_refused = was_refused(error) or (self._steps[index].action == REMOVE and error.facts.get("status") == 500)
        if self._steps[index].action == REMOVE and (error.facts.get("status") == 404 or error.facts.get("code") in _NO_EXPORT_CODES):
            # The export does not exist any more, and the list is late.
            return UNKNOWN
        return NOT_APPLIED if is_refused and seen[-1] == NOT_APPLIED else UNKNOWN


def _unproven(step, id_) -> Finding:
    message = f"DocBits answered no id, so export {id_} was taken for the new one; if it is somebody else's, a second one may still appear"
    return Finding("DV13", WARNING, step.label, message, "look at the exports in DocBits, and remove a second one")


def _not_restored(step, error) -> Finding:
    message = f"it was left inactive by an interrupted run, and activating it failed ({error.id})"
    return Finding("DV11", WARNING, step.label, message, "look at the export in DocBits")


def _with_option(step, error) -> IonError:
    """The error, with the option that helps if DocBits does not create an inactive export beside an active one."""
    if step.action != CREATE or step.after.active or error.facts.get("code") != "EXPORT_CONFIG_ALREADY_EXISTS":
        return error
    action = "set allow_momentary_deactivation: true, which deactivates the active export until the new one is created"
    return type(error)([replace(error.findings[0], action=action), *error.findings[1:]], **error.facts)
