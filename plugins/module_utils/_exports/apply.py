# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Applies the steps of a plan, verifies the result, and rolls back what this run did if a step fails. Private to the collection.

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
    Refused,
    as_ion_error,
    failure,
)
from ansible_collections.docbits.ion.plugins.module_utils._core.findings import ERROR, INFO, WARNING, Finding
from ansible_collections.docbits.ion.plugins.module_utils._core.process import is_orphaned
from ansible_collections.docbits.ion.plugins.module_utils._exports.plan import ACTIVATE, CREATE, DEACTIVATE, REMOVE, UPDATE, Plan
from ansible_collections.docbits.ion.plugins.module_utils._exports.progress import (
    APPLIED,
    NOT_APPLIED,
    NOT_RUN,
    PLANNED,
    ROLLED_BACK,
    UNKNOWN,
    Progress,
    Settings,
    ambiguous,
)
from ansible_collections.docbits.ion.plugins.module_utils._exports.rollback import Rollback
from ansible_collections.docbits.ion.plugins.module_utils._model.export import ADDRESSES, DIFFERENT, FILES, UNCLEAR, compare, is_secret
from ansible_collections.docbits.ion.plugins.module_utils._model.values import Known, is_restorable

__all__ = ["NOT_APPLIED", "PLANNED", "ROLLED_BACK", "Applied", "Settings", "apply"]

# Retries of a write that DocBits did not apply because of its rate limit.
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
        run.roll_back()
        raise
    settings.record.finish()
    return Applied(run.progress.report(), run.unverified, run.touched(), run.findings)


class _Orphaned(IonError):
    """The process that started this run has ended."""


class _Run:
    """The execution of one plan."""

    def __init__(self, plan, client, settings) -> None:
        self.progress = Progress(plan, client, settings)
        self.findings: list = []
        self.unverified: list = []
        self._steps = plan.steps
        self._client = client
        self._settings = settings
        self._creates = [index for index, step in enumerate(plan.steps) if step.action == CREATE]
        self._changes = [index for index, step in enumerate(plan.steps) if step.action != REMOVE]
        self._removals = [index for index, step in enumerate(plan.steps) if step.action == REMOVE]
        self._after = {export.id: export for export in plan.after if export.id is not None}
        self._listed: dict = {}
        self._lag = 0.0

    def apply(self) -> None:
        """Send every step; verify the changes before the first removal."""
        for index in self._changes:
            self._do(index)
        if self._changes:
            self._verify()
        for index in self._removals:
            self._do(index)
        if self._removals:
            self._verify_removals()

    def roll_back(self) -> list:
        """Roll back every step that took effect, or may have; returns findings. The record keeps what is unknown."""
        self._client.restart_deadline()
        self._look_for_displaced()
        self._settings.record.switched([export.id for export in self.progress.displaced])
        findings = Rollback(self.progress, self._client, self._settings).run()
        self._settings.record.settle(self._is_open)
        return findings

    def unproved(self) -> list:
        """What of a failed run may have been replaced and cannot be read, as pairs of an export's id and a name."""
        updates = [step for step, outcome in zip(self._steps, self.progress.outcomes) if step.action == UPDATE and outcome not in (NOT_RUN, NOT_APPLIED)]
        return [(step.id, name) for step in updates for name in step.values if is_secret(name) or not isinstance(step.before.value(name), Known)]

    def touched(self) -> list:
        """The active exports of a managed kind that were created or changed."""
        exports = {id_: replace(self._expected(index), id=id_) for index in self._changes if (id_ := self.progress.id_of(index))}
        return [export for export in exports.values() if export.active and export.kind is not None]

    def _is_open(self, index) -> bool:
        """Whether the next run has to check a step: its outcome is unknown, or it deactivated an export for a moment only."""
        if index >= len(self._steps):
            return self.progress.is_displaced
        outcome = self.progress.outcomes[index]
        # An export that was created and never listed must not be created again.
        remains = outcome == APPLIED and (self._steps[index].momentary or index in self._creates)
        return outcome == UNKNOWN or self._steps[index].restores or remains

    # Sending

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
                    self.findings.append(_applied_despite_error(self._steps[index], error))
                    if index in self._creates:
                        self.findings.append(_unproven(self._steps[index], self.progress.ids[index]))
                    break
                if self._steps[index].restores:
                    self.findings.append(_not_restored(self._steps[index], error))
                    return
                if not (retries and self.progress.outcomes[index] == NOT_APPLIED and error.facts.get("status") == 429):
                    raise _with_option(self._steps[index], error) from None
                retries -= 1
                self._settings.clock.sleep(min(error.facts.get("retry_after") or 1, _LONGEST_RETRY_AFTER))
        self.progress.outcomes[index] = APPLIED
        if index in self.progress.strays:
            raise failure(Refused, "DV12", self._steps[index].label, *_stray(self._steps[index], [self.progress.strays[index]]))
        if index in self._creates and not self._steps[index].after.active:
            # It must not be active beside the export that the next step creates.
            self._await_created([index])
            self._correct_activity(index)

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
        is_refusal = isinstance(error, Refused) or error.facts.get("status") == 429
        # After an error of its own, DocBits does not go on with a removal.
        is_refusal = is_refusal or (self._steps[index].action == REMOVE and error.facts.get("status") == 500)
        if self._steps[index].action == REMOVE and (error.facts.get("status") == 404 or error.facts.get("code") in _NO_EXPORT_CODES):
            # The export does not exist any more, and the list is late.
            return UNKNOWN
        return NOT_APPLIED if is_refusal and seen[-1] == NOT_APPLIED else UNKNOWN

    # Verifying

    def _verify(self) -> None:
        self._await_created(self._creates)
        self._refuse_unknown_methods()
        for index in [*self._creates, *self._updates_alone()]:
            self._correct_activity(index)
        if self._lag:
            # A list that is behind may not show the export of somebody else yet.
            self._settings.clock.sleep(self._lag)
            self._listed = {}
        for index in self._creates:
            self._remove_duplicate(index)
        for index in self._changes:
            self._refuse_strays(index)
        differences = self._settled_differences() + self._displaced()
        if not differences and self._send_lost_values():
            self._listed = {}
            differences = self._settled_differences()
        if differences:
            raise Refused(differences)

    def _refuse_strays(self, index) -> None:
        """Refuse that an update created a second export, as if DocBits did not know the field of the id. Raises: Refused"""
        step = self._steps[index]
        if step.action == UPDATE:
            self._listed = self._listed or self.progress.listed()
            new = [export.id for export in self.progress.candidates(index, self._listed)]
            if new:
                raise failure(Refused, "DV12", step.label, *_stray(step, new))

    def _await_created(self, indices) -> None:
        """Wait until the list shows the exports that were created. Raises: Refused"""
        clock = self._settings.clock
        started = clock.monotonic()
        missing = list(indices)

        def are_listed():
            self._listed = self.progress.listed()
            missing[:] = [index for index in missing if not self.progress.locate(index, self._listed)]
            for index in set(indices) - set(missing) - self.progress.proven:
                self._settings.record.answered(index, self.progress.ids[index])
            return not missing

        if not indices or self.progress.settle(are_listed):
            self._lag = max(self._lag, clock.monotonic() - started)
            return
        raise Refused([_not_listed(self._steps[index], self.progress.ids.get(index)) for index in missing])

    def _refuse_unknown_methods(self) -> None:
        """Refuse to leave an export that the next run could not recognise as the declared one."""
        for index in self._creates:
            step, method = self._steps[index], self._listed_export(index).get("kind")
            if method != step.kind:
                raise failure(
                    Refused,
                    "DV08",
                    step.label,
                    f"DocBits lists the new export with the export_method {method}, which this collection does not take for {step.kind}",
                    f"set contract_overrides: {{methods: {{{method}: {step.kind}}}}}",
                )

    def _look_for_displaced(self) -> None:
        try:
            self._listed = self.progress.listed()
            self._displaced()
        except IonError:
            # What cannot be read cannot be restored.
            pass

    def _displaced(self) -> list:
        """Findings about exports that DocBits deactivated when this run made another one active."""
        switched = {step.id for step in self._steps if step.action in (ACTIVATE, DEACTIVATE) and not step.restores}
        restored = {step.id for step in self._steps if step.restores}
        # DocBits may create an export active before this run makes it inactive.
        begun = [index for index in self._changes if self.progress.outcomes[index] in (APPLIED, UNKNOWN)]
        keys = {self._expected(index).exclusive_key for index in begun if self._expected(index).active or index in self._creates}
        self._listed = self._listed or self.progress.listed()
        self.progress.displaced = []
        for export in self.progress.plan.before:
            now = self._listed.get(export.id)
            must_be_active = (export.active or export.id in restored) and export.id not in switched and self._after.get(export.id, export).active
            if must_be_active and export.exclusive_key in keys and (now is None or now.get("active") is False):
                self.progress.displaced.append(export)
        return [
            Finding(
                "DV09",
                ERROR,
                export.label,
                "DocBits no longer lists it as active since this run made another export active",
                "declare it inactive or absent, or declare the other export inactive",
            )
            for export in self.progress.displaced
        ]

    def _correct_activity(self, index) -> None:
        """Make a new or updated export active or inactive as it must be: whether a create or an update activates it is not documented."""
        wanted = self._expected(index).get("active")
        export = self._listed_export(index)
        if wanted is None or export.get("active") == wanted:
            return
        # Also if the list does not show whether the export is active.
        try:
            self._client.set_active(export.id, wanted, self._steps[index].label)
        except IonError as error:
            self._client.restart_deadline()
            if not self.progress.settle(lambda: self._is_active(export.id) == wanted):
                raise
            self.findings.append(_applied_despite_error(self._steps[index], error))
        self._listed = {}

    def _listed_export(self, index):
        """The export of a step as it is listed. Raises: Refused if it is not listed, for example because it is inactive"""
        self._listed = self._listed or self.progress.listed()
        export = self._listed.get(self.progress.id_of(index))
        if export is None:
            raise Refused([_not_listed(self._steps[index], self.progress.id_of(index))])
        return export

    def _updates_alone(self) -> list:
        """The updates of exports that no step activates or deactivates, and beside which this run makes no other export active."""
        switched = {step.id for step in self._steps if step.action in (ACTIVATE, DEACTIVATE)}
        keys = {step.after.exclusive_key for step in self._steps if step.action in (CREATE, ACTIVATE)}
        updates = [index for index in self._changes if self._steps[index].action == UPDATE and self._steps[index].id not in switched]
        return [index for index in updates if self._expected(index).exclusive_key not in keys]

    def _is_active(self, id_):
        try:
            return self.progress.is_active(id_)
        except IonError:
            return None

    def _remove_duplicate(self, index) -> None:
        """Notice an export that somebody else created at the same time, and remove the one of this run if it is the later one."""
        others = self._others(index)
        if not others:
            return
        own, step = self.progress.ids[index], self._steps[index]
        if index not in self.progress.proven:
            raise ambiguous(step, [own, *(export.id for export in others)])
        if min(_order(export.id) for export in others) > _order(own) and self.progress.settle(lambda: not self._others(index, again=True)):
            return
        self._client.remove(own, step.label)
        if not self.progress.settle(lambda: own not in self.progress.listed()):
            raise Refused([_difference(step, f"the duplicate with id {own} is still in the list of exports")])
        self.progress.proven.discard(index)
        self.progress.settle(lambda: len(self._others(index, again=True)) < 2)
        others = self._others(index)
        if len(others) != 1:
            raise ambiguous(step, [export.id for export in others])
        other = self.progress.ids[index] = others[0].id
        self.findings.append(
            Finding(
                "DV06",
                INFO,
                step.label,
                f"somebody else created the same export at the same time (id {other}); the one of this run (id {own}) was removed",
                "let one run at a time change an organisation",
            )
        )

    def _others(self, index, again=False) -> list:
        if again or not self._listed:
            self._listed = self.progress.listed()
        return [export for export in self.progress.candidates(index, self._listed) if export.id != self.progress.ids[index]]

    def _settled_differences(self) -> list:
        """The differences between the expected and the current exports that remain after settle_timeout."""
        found: list = []

        def are_equal():
            listed, self._listed = self._listed or self.progress.listed(), {}
            self.unverified = []
            found[:] = [difference for index in self._changes for difference in self._differences(index, listed)]
            if not found:
                self._listed = listed
            return not found

        self.progress.settle(are_equal)
        return found

    def _expected(self, index):
        """The export of a step as it must be after all changes."""
        step = self._steps[index]
        return self._after.get(step.id, step.after)

    def _differences(self, index, listed) -> list:
        step, expected, id_ = self._steps[index], self._expected(index), self.progress.id_of(index)
        export = listed.get(id_)
        if export is None:
            # Somebody else may have removed an export that this run is to remove.
            return [] if step.restores or (step.id is not None and step.id not in self._after) else [_difference(step, "it is not in the list of exports")]
        found = []
        # Of a new export, also the values that were not sent because they are empty.
        names = step.after.values if step.action == CREATE else step.values
        for name in sorted({*names, "active"} - {"kind"}):
            if step.restores and self.progress.outcomes[index] != APPLIED:
                continue
            value = expected.get(name)
            if value is None:
                continue
            current = self.progress.current(export, name)
            result = compare(name, value, current)
            if result == UNCLEAR and name != "active":
                self.unverified.append((id_, name, value))
            elif result == DIFFERENT:
                # A URL may carry a token, so its value is not shown.
                is_shown = name not in ADDRESSES and name not in FILES and not is_secret(name) and isinstance(current, Known)
                found.append(_difference(step, f"{name} is {current.value!r} and should be {value!r}" if is_shown else f"{name} is not what was sent"))
        return found

    def _send_lost_values(self) -> bool:
        """Send again what updates dropped because they did not send it; returns whether there was anything. Raises: Refused"""
        listed = self._listed or self.progress.listed()
        was_sent = False
        for index in self._changes:
            step, export = self._steps[index], listed.get(self.progress.id_of(index))
            if step.action != UPDATE or export is None:
                continue
            lost = self.progress.lost_values(step, export)
            unrestorable = [name for name in lost if not is_restorable(step.before.value(name))]
            if unrestorable:
                what = "which it did not show completely before and which is not declared"
                raise Refused([_difference(step, f"DocBits dropped {name}, {what}") for name in unrestorable])
            if lost:
                self._client.configure(step.kind, step.id, {**step.values, **{name: step.before.get(name) for name in lost}}, step.label)
                was_sent = True
                self.findings.append(
                    Finding("DV07", INFO, step.label, f"DocBits dropped what the update did not send; sent again: {', '.join(lost)}", "declare these values")
                )
        return was_sent

    def _verify_removals(self) -> None:
        remaining = list(self._removals)

        def are_removed():
            listed = self.progress.listed()
            remaining[:] = [index for index in remaining if self._steps[index].id in listed]
            return not remaining

        if not self.progress.settle(are_removed):
            for index in remaining:
                # DocBits accepted the removal, and the list may be late.
                self.progress.outcomes[index] = UNKNOWN
            raise Refused([_difference(self._steps[index], "it is still in the list of exports") for index in remaining])


def _order(id_: str) -> tuple:
    """A sort key for ids: by time of creation if they count up or contain the time, otherwise in an order that is the same for all runs."""
    return (len(id_), id_) if id_.isdecimal() else (0, id_)


def _applied_despite_error(step, error) -> Finding:
    return Finding(
        "DV04",
        WARNING,
        step.label,
        f"DocBits answered the step {step.action} with an error ({error.id}), but applied it",
        "no action is needed; report it to DocBits support if it happens again",
    )


def _unproven(step, id_) -> Finding:
    message = f"DocBits answered no id, so export {id_} was taken for the new one; if it is somebody else's, a second one may still appear"
    return Finding("DV13", WARNING, step.label, message, "look at the exports in DocBits, and remove a second one")


def _stray(step, ids) -> tuple:
    message = f"after the update of export {step.id} there is another export like it (id {', '.join(sorted(ids))})"
    return message, "remove it in DocBits unless you made it; if it comes from the update, set contract_overrides: {fields: {id: WIRE_NAME}}"


def _not_restored(step, error) -> Finding:
    message = f"it was left inactive by an interrupted run, and activating it failed ({error.id})"
    return Finding("DV11", WARNING, step.label, message, "look at the export in DocBits")


def _with_option(step, error) -> IonError:
    """The error, with the option that helps if DocBits does not create an inactive export beside an active one."""
    if step.action != CREATE or step.after.active or error.facts.get("code") != "EXPORT_CONFIG_ALREADY_EXISTS":
        return error
    action = "set allow_momentary_deactivation: true, which deactivates the active export until the new one is created"
    return type(error)([replace(error.findings[0], action=action), *error.findings[1:]], **error.facts)


def _not_listed(step, id_) -> Finding:
    what = f"DocBits reported the export as created (id {id_})" if id_ else "DocBits reported the export as created"
    return Finding(
        "DV02",
        ERROR,
        step.label,
        f"{what}, but it is not in the list of exports",
        "raise settle_timeout, or compare the contract with docbits.ion.api_info",
    )


def _difference(step, what) -> Finding:
    action = "run again; if it happens again, compare the contract with docbits.ion.api_info"
    return Finding("DV01", ERROR, step.label, f"after the change {what}", action)
