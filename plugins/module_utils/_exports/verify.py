# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Verifies the steps of a run: DocBits must show what was sent, and nothing beside it may have changed. Private to the collection."""

from __future__ import annotations

from dataclasses import replace

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import IonError, Refused, failure
from ansible_collections.docbits.ion.plugins.module_utils._core.findings import ERROR, INFO, WARNING, Finding
from ansible_collections.docbits.ion.plugins.module_utils._exports.plan import ACTIVATE, CREATE, DEACTIVATE, UPDATE
from ansible_collections.docbits.ion.plugins.module_utils._exports.progress import APPLIED, UNKNOWN, Progress, Settings, ambiguous, was_refused
from ansible_collections.docbits.ion.plugins.module_utils._model.export import ADDRESSES, DIFFERENT, FILES, UNCLEAR, compare, is_secret
from ansible_collections.docbits.ion.plugins.module_utils._model.values import Known, is_restorable


class Verification:
    """The verification of one run.

    unverified: (id, name, value) of everything sent that DocBits does not show
    """

    def __init__(self, progress: Progress, client, settings: Settings, findings: list) -> None:
        self.unverified: list = []
        self._progress = progress
        self._client = client
        self._settings = settings
        self._findings = findings
        self._steps = progress.plan.steps
        self._after = {export.id: export for export in progress.plan.after if export.id is not None}
        self._listed: dict = {}
        self._lag = 0.0
        # The creates and updates that made an export active that had to be inactive.
        self._activated: set = set()

    def verify_changes(self) -> None:
        """Wait until DocBits shows every create, update and switch, and correct what they had beside. Raises: Refused"""
        self.await_created(self._progress.creates)
        self._refuse_unknown_methods()
        for index in self._progress.creates:
            self.correct_activity(index)
        if self._lag:
            # A list that is behind may not show the export of somebody else yet.
            self._settings.clock.sleep(self._lag)
            self._listed = {}
        # Before an updated export is made active again: DocBits may then deactivate the second one, and no longer list it.
        for index in self._progress.changes:
            self._refuse_strays(index)
        for index in self._progress.creates:
            self._remove_duplicate(index)
        for index in self._switched_last_by_update():
            self.correct_activity(index)
        settled = self._settled_differences()
        # What DocBits deactivated explains the other differences.
        differences = self._displaced() + settled
        if not differences and self._send_lost_values():
            self._listed = {}
            differences = self._settled_differences()
        if differences:
            raise Refused(differences)
        # DocBits may not list an export that was deactivated to be removed.
        self._progress.unlisted = {self._steps[index].id for index in self._progress.removals} - self._current().keys()

    def verify_removals(self) -> None:
        """Wait until the list no longer shows the removed exports. Raises: Refused"""
        remaining = list(self._progress.removals)

        def are_removed():
            listed = self._progress.listed()
            remaining[:] = [index for index in remaining if self._steps[index].id in listed]
            return not remaining

        if not self._progress.settle(are_removed):
            for index in remaining:
                # DocBits accepted the removal, and the list may be late.
                self._progress.outcomes[index] = UNKNOWN
            raise Refused([_difference(self._steps[index], "it is still in the list of exports") for index in remaining])

    def touched(self) -> list:
        """The active exports of a managed kind that were created or changed."""
        exports = {id_: replace(self._expected(index), id=id_) for index in self._progress.changes if (id_ := self._progress.id_of(index))}
        return [export for export in exports.values() if export.active and export.kind is not None]

    def await_created(self, indices) -> None:
        """Wait until the list shows the exports that were created. Raises: Refused"""
        clock = self._settings.clock
        started, looks = clock.monotonic(), 0
        missing = list(indices)

        def are_listed():
            nonlocal looks
            looks += 1
            self._listed = self._progress.listed()
            missing[:] = [index for index in missing if not self._progress.locate(index, self._listed)]
            for index in set(indices) - set(missing) - self._progress.proven:
                self._settings.record.answered(index, self._progress.ids[index])
            return not missing

        if not indices or self._progress.settle(are_listed):
            # A list that shows them at the first look is not behind.
            if looks > 1:
                self._lag = max(self._lag, clock.monotonic() - started)
            return
        raise Refused([_not_listed(self._steps[index], self._progress.ids.get(index)) for index in missing])

    def correct_activity(self, index) -> None:
        """Make a new or updated export active or inactive as it must be: whether a create or an update activates it is not documented."""
        step, wanted, id_ = self._steps[index], self._expected(index).get("active"), self._progress.id_of(index)
        export = self._current().get(id_)
        # An update may have deactivated an export, and DocBits may not list inactive ones.
        if export is None and not (wanted and step.action == UPDATE):
            raise Refused([_not_listed(step, id_)])
        if wanted is None or (export is not None and export.get("active") == wanted):
            return
        was_sent = index in self._activated or any(other.id == id_ for other in self._steps[:index])
        # A list that is behind does not show an earlier switch yet, and DocBits may toggle.
        if was_sent and self._progress.settle(lambda: self._progress.try_is_active(id_) == wanted):
            self._listed = {}
            return
        if not wanted:
            self._activated.add(index)
        # Also if the list does not show whether the export is active.
        try:
            self._send(index, lambda: self._client.set_active(id_, wanted, step.label))
        except IonError as error:
            self._client.restart_deadline()
            if not self._progress.settle(lambda: self._progress.try_is_active(id_) == wanted):
                raise
            self._findings.append(applied_despite_error(step, error))
        self._listed = {}

    def look_for_displaced(self) -> None:
        """Note the exports that DocBits deactivated, if the list can be read."""
        known = self._progress.displaced
        try:
            self._listed = self._progress.listed()
            self._displaced()
        except IonError:
            # What cannot be read cannot be restored.
            pass
        # A list may be behind what it has shown before.
        self._progress.displaced += [export for export in known if export not in self._progress.displaced]

    def _send(self, index, write) -> None:
        """Send a write that belongs to a step. Without an answer it may still take effect, also after a rollback."""
        try:
            write()
        except IonError as error:
            if not was_refused(error):
                self._progress.unanswered.add(index)
            raise

    def _refuse_strays(self, index) -> None:
        """Refuse that an update created a second export, as if DocBits did not know the field of the id. Raises: Refused"""
        step = self._steps[index]
        if step.action == UPDATE:
            answered = self._progress.strays.get(index)
            new = {export.id for export in self._progress.candidates(index, self._current())}
            if answered and self._progress.settle(lambda: answered in self._progress.listed()):
                new.add(answered)
            if new:
                self._activated.add(index)
                message = f"after the update of export {step.id} there is another export like it (id {', '.join(sorted(new))})"
                action = "remove it in DocBits unless you made it; if it comes from the update, set contract_overrides: {fields: {id: WIRE_NAME}}"
                raise failure(Refused, "DV12", step.label, message, action)

    def _refuse_unknown_methods(self) -> None:
        """Refuse to leave an export that the next run could not recognise as the declared one."""
        for index in self._progress.creates:
            step, method = self._steps[index], self._listed_export(index).get("kind")
            if method != step.kind:
                raise failure(
                    Refused,
                    "DV08",
                    step.label,
                    f"DocBits lists the new export with the export_method {method}, which this collection does not take for {step.kind}",
                    f"set contract_overrides: {{methods: {{{method}: {step.kind}}}}}",
                )

    def _displaced(self) -> list:
        """Findings about exports that DocBits deactivated when this run made another one active."""
        switched = {step.id for step in self._steps if step.action in (ACTIVATE, DEACTIVATE) and not step.restores}
        restored = {step.id for index, step in enumerate(self._steps) if step.restores and self._progress.outcomes[index] == APPLIED}
        # DocBits may create an export active before this run makes it inactive.
        begun = [index for index in self._progress.changes if self._progress.outcomes[index] in (APPLIED, UNKNOWN)]
        made_active = {*self._progress.creates, *self._progress.strays, *self._activated}
        # Of an export that is not listed nothing is known.
        is_any_key = any(self._steps[index].restores and self._progress.is_new(self._steps[index].id) for index in begun)
        keys = {self._expected(index).exclusive_key for index in begun if self._expected(index).active or index in made_active}
        listed = self._current()
        # An update that created an export may not have sent its document type.
        keys |= {listed[id_].exclusive_key for id_ in self._progress.strays.values() if id_ in listed}
        must_be_active = []
        for export in self._progress.plan.before:
            is_kept = (export.active or export.id in restored) and export.id not in switched and self._after.get(export.id, export).active
            if is_kept and (is_any_key or export.exclusive_key in keys):
                must_be_active.append(export)
        # The document type of an export that was not listed before it was restored is not known.
        was_listed = {export.id for export in self._progress.plan.before}
        must_be_active += [step.before for step in self._steps if keys and step.restores and step.id in restored - was_listed]
        self._progress.displaced = [export for export in must_be_active if export.id not in listed or listed[export.id].get("active") is False]
        return [
            Finding(
                "DV09",
                ERROR,
                export.label,
                "DocBits no longer lists it as active since this run made another export active",
                "declare it inactive or absent, or declare the other export inactive",
            )
            for export in self._progress.displaced
        ]

    def _current(self) -> dict:
        """The exports by id, as they were listed since the last write of the verification."""
        self._listed = self._listed or self._progress.listed()
        return self._listed

    def _listed_export(self, index):
        """The export of a step as it is listed. Raises: Refused if it is not listed, for example because it is inactive"""
        export = self._current().get(self._progress.id_of(index))
        if export is None:
            raise Refused([_not_listed(self._steps[index], self._progress.id_of(index))])
        return export

    def _switched_last_by_update(self) -> list:
        """The updates of exports that no later step activates or deactivates."""
        switches = [(index, step.id) for index, step in enumerate(self._steps) if step.action in (ACTIVATE, DEACTIVATE)]
        updates = [index for index in self._progress.changes if self._steps[index].action == UPDATE]
        return [index for index in updates if not any(other > index and id_ == self._steps[index].id for other, id_ in switches)]

    def _remove_duplicate(self, index) -> None:
        """Notice an export that somebody else created at the same time, and remove the one of this run if it is the later one."""
        others = self._others(index)
        if not others:
            return
        own, step = self._progress.ids[index], self._steps[index]
        if index not in self._progress.proven:
            raise ambiguous(step, [own, *(export.id for export in others)])
        if min(_order(export.id) for export in others) > _order(own) and self._progress.settle(lambda: not self._others(index, again=True)):
            return
        self._client.remove(own, step.label)
        if not self._progress.settle(lambda: own not in self._progress.listed()):
            raise Refused([_difference(step, f"the duplicate with id {own} is still in the list of exports")])
        self._progress.proven.discard(index)
        self._progress.settle(lambda: len(self._others(index, again=True)) < 2)
        others = self._others(index)
        if len(others) != 1:
            raise ambiguous(step, [export.id for export in others])
        other = self._progress.ids[index] = others[0].id
        self._findings.append(
            Finding(
                "DV06",
                INFO,
                step.label,
                f"somebody else created the same export at the same time (id {other}); the one of this run (id {own}) was removed",
                "let one run at a time change an organisation",
            )
        )

    def _others(self, index, again=False) -> list:
        if again:
            self._listed = {}
        return [export for export in self._progress.candidates(index, self._current()) if export.id != self._progress.ids[index]]

    def _settled_differences(self) -> list:
        """The differences between the expected and the current exports that remain after settle_timeout."""
        found: list = []

        def are_equal():
            listed, self._listed = self._current(), {}
            self.unverified = []
            found[:] = [difference for index in self._progress.changes for difference in self._differences(index, listed)]
            if not found:
                self._listed = listed
            return not found

        self._progress.settle(are_equal)
        return found

    def _expected(self, index):
        """The export of a step as it must be after all changes."""
        step = self._steps[index]
        return self._after.get(step.id, step.after)

    def _differences(self, index, listed) -> list:
        step, expected, id_ = self._steps[index], self._expected(index), self._progress.id_of(index)
        export = listed.get(id_)
        if export is None:
            # Somebody else may have removed an export that this run is to remove.
            return [] if step.restores or (step.id is not None and step.id not in self._after) else [_difference(step, "it is not in the list of exports")]
        found = []
        # Of a new export, also the values that were not sent because they are empty.
        names = step.after.values if step.action == CREATE else step.values
        for name in sorted({*names, "active"} - {"kind"}):
            if step.restores and self._progress.outcomes[index] != APPLIED:
                continue
            value = expected.get(name)
            if value is None:
                continue
            current = self._progress.current(export, name)
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
        listed = self._current()
        was_sent = False
        for index in self._progress.changes:
            step, export = self._steps[index], listed.get(self._progress.id_of(index))
            if step.action != UPDATE or export is None:
                continue
            lost = self._progress.lost_values(step, export)
            unrestorable = [name for name in lost if not is_restorable(step.before.value(name))]
            if unrestorable:
                what = "which it did not show completely before and which is not declared"
                raise Refused([_difference(step, f"DocBits dropped {name}, {what}") for name in unrestorable])
            if lost:
                values = {**step.values, **{name: step.before.get(name) for name in lost}}
                self._send(index, lambda step=step, values=values: self._client.configure(step.kind, step.id, values, step.label))
                was_sent = True
                self._findings.append(
                    Finding("DV07", INFO, step.label, f"DocBits dropped what the update did not send; sent again: {', '.join(lost)}", "declare these values")
                )
        return was_sent


def _order(id_: str) -> tuple:
    """A sort key for ids: by time of creation if they count up or contain the time, otherwise in an order that is the same for all runs."""
    return (len(id_), id_) if id_.isdecimal() else (0, id_)


def applied_despite_error(step, error) -> Finding:
    return Finding(
        "DV04",
        WARNING,
        step.label,
        f"DocBits answered the step {step.action} with an error ({error.id}), but applied it",
        "no action is needed; report it to DocBits support if it happens again",
    )


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
