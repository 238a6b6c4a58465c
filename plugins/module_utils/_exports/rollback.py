# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rolls back the steps of a failed run, and only those: a value is restored if it was known and if DocBits shows what this run sent.

A value that DocBits shows is trusted to be the stored one only if, after the update, DocBits shows what the update sent. Otherwise what was read before
may have been a mask, and restoring it would destroy the stored value. Private to the collection.
"""

from __future__ import annotations

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import IonError, as_ion_error
from ansible_collections.docbits.ion.plugins.module_utils._core.findings import WARNING, Finding
from ansible_collections.docbits.ion.plugins.module_utils._exports.matching import is_alike
from ansible_collections.docbits.ion.plugins.module_utils._exports.plan import ACTIVATE, CREATE, DEACTIVATE, NEVER_SENT, REMOVE, UPDATE
from ansible_collections.docbits.ion.plugins.module_utils._exports.progress import APPLIED, NOT_APPLIED, NOT_RUN, ROLLED_BACK, UNKNOWN, Progress, was_refused
from ansible_collections.docbits.ion.plugins.module_utils._model.export import FILES, SAME, Export, compare
from ansible_collections.docbits.ion.plugins.module_utils._model.values import Absent, Known, Withheld, is_restorable


class Rollback:
    """The rollback of one run."""

    def __init__(self, progress: Progress, client, settings) -> None:
        self._progress = progress
        self._client = client
        self._settings = settings
        self._findings: list = []

    def run(self) -> list:
        """Roll back every step that was applied or may have been, the last one first; returns findings about what remains."""
        progress = self._progress
        if self._has_removed_something():
            self._keep_all("a removed export does not come back under its id, so nothing of this run is rolled back")
            return self._findings
        # An export that was deactivated and activated again is returned to its first state in one step.
        switches = [index for index, step in enumerate(progress.plan.steps) if step.action in (ACTIVATE, DEACTIVATE) and not step.restores]
        first_switch: dict = {}
        for index in switches:
            if progress.outcomes[index] in (APPLIED, UNKNOWN):
                first_switch.setdefault(progress.plan.steps[index].id, index)
        later_switches = [index for index in switches if index not in first_switch.values()]
        # A request without an answer may still take effect after the rollback.
        progress.unanswered |= {first_switch[progress.plan.steps[index].id] for index in later_switches if progress.outcomes[index] == UNKNOWN}
        for index in reversed(range(len(progress.outcomes))):
            step = progress.plan.steps[index]
            if step.action == REMOVE:
                continue
            if progress.outcomes[index] in (APPLIED, UNKNOWN) and index not in later_switches and not step.restores:
                self._roll_back_step(index)
        for index in later_switches:
            if progress.outcomes[index] in (APPLIED, UNKNOWN):
                progress.outcomes[index] = progress.outcomes[first_switch[progress.plan.steps[index].id]]
        for export in progress.displaced:
            # The rollback of an update may have activated it, and DocBits may toggle.
            if not progress.try_is_active(export.id):
                self._attempt(lambda export=export: self._client.set_active(export.id, True, export.label))
            if not progress.settle(lambda export=export: progress.try_is_active(export.id)):
                progress.is_displaced = True
                message = "DocBits deactivated it during this run, and it could not be activated again"
                self._findings.append(Finding("DV10", WARNING, export.label, message, "activate it in DocBits"))
        self._look_for_refused()
        return self._findings

    def _look_for_refused(self) -> None:
        """Look once more for exports whose creation was refused: those that are removed now may have hidden them, on a page that nothing announces."""
        progress = self._progress
        for index in (index for index in progress.creates if progress.outcomes[index] == NOT_APPLIED):
            try:
                found = sorted(export.id for export in progress.candidates(index, progress.listed()))
            except IonError:
                # What cannot be read changes nothing.
                return
            if found:
                progress.outcomes[index] = UNKNOWN
                why = f"DocBits refused it, and it may be the export {', '.join(found)}"
                self._findings.append(_remains(progress.plan.steps[index], UNKNOWN, why))

    def _has_removed_something(self) -> bool:
        progress = self._progress
        removals = [index for index, step in enumerate(progress.plan.steps) if step.action == REMOVE and progress.outcomes[index] not in (NOT_RUN, NOT_APPLIED)]
        is_blocked = False
        for index in removals:
            was_accepted, seen = progress.outcomes[index] == APPLIED, progress.try_to_observe(index)
            # A list that still shows an export whose removal DocBits accepted may be late; without an answer it is more likely that nothing happened.
            progress.outcomes[index] = seen if seen != NOT_APPLIED else UNKNOWN
            is_blocked = is_blocked or was_accepted or seen != NOT_APPLIED
        if not is_blocked:
            why = "DocBits did not answer, and still lists the export"
            self._findings += [_remains(progress.plan.steps[index], UNKNOWN, why) for index in removals]
        return is_blocked

    def _keep_all(self, why) -> None:
        for index, step in enumerate(self._progress.plan.steps):
            if self._progress.outcomes[index] in (APPLIED, UNKNOWN):
                self._findings.append(_remains(step, self._progress.outcomes[index], why))

    def _roll_back_step(self, index) -> None:
        """Roll back one step. Its outcome becomes ROLLED_BACK only if DocBits then shows the state before it."""
        progress, step = self._progress, self._progress.plan.steps[index]
        try:
            why = self._roll_back_create(index) if step.action == CREATE else self._roll_back_change(index, step)
        except Exception as error:  # the other steps are rolled back all the same
            progress.outcomes[index] = _later(progress.outcomes[index], progress.try_to_observe(index) if step.action != CREATE else UNKNOWN)
            why = f"rolling it back failed ({as_ion_error(error).id})"
        if step.action != CREATE and progress.outcomes[index] == ROLLED_BACK and index in progress.unanswered:
            progress.outcomes[index] = UNKNOWN
            why = "DocBits did not answer a request of this step, which may still take effect"
        if progress.outcomes[index] == ROLLED_BACK:
            self._settings.record.close(index)
        if why:
            self._findings.append(_remains(step, progress.outcomes[index], why))

    def _roll_back_create(self, index) -> str:
        progress, step = self._progress, self._progress.plan.steps[index]
        if index not in progress.proven:
            found = progress.candidates(index, progress.listed())
            if not found:
                return "it may still appear" if progress.outcomes[index] == UNKNOWN else "it is not in the list of exports"
            ids = ", ".join(sorted(export.id for export in found))
            return f"it may be the export {ids}, but DocBits answered no id, and it may be somebody else's"
        return self._remove_new(index, step, progress.ids[index])

    def _remove_new(self, index, step, id_) -> str:
        """Remove an export that a step created, which is proven by the id that DocBits answered; returns why it, or another one, may remain."""
        progress = self._progress
        # A list that is behind shows neither the export nor its removal.
        is_proof = progress.settle(lambda: id_ in progress.listed())
        export = progress.seen.get(id_)
        if export is None:
            progress.outcomes[index] = UNKNOWN
            return f"DocBits never listed the answered id {id_}, so it may be the id of something else"
        if not _may_be_from(step, export):
            progress.outcomes[index] = UNKNOWN
            return f"export {id_}, whose id DocBits answered, is another one"
        remains = APPLIED
        try:
            self._client.remove(id_, step.label)
            is_proof = True
        except IonError as error:
            self._client.restart_deadline()
            # Without an answer, the removal may still take effect.
            remains = APPLIED if was_refused(error) else UNKNOWN
            is_proof = is_proof or error.facts.get("code") == "EXPORT_CONFIG_NOT_FOUND"
        if not progress.settle(lambda: progress.is_absent(id_)):
            progress.outcomes[index] = remains
            return f"export {id_} is still in the list of exports"
        if not is_proof:
            progress.outcomes[index] = UNKNOWN
            return f"DocBits did not confirm the removal of export {id_}, which it no longer listed"
        listed = progress.listed()
        others = {export.id for export in progress.candidates(index, listed) + progress.copies(step, listed)} - {id_, *progress.ids.values()}
        if others:
            progress.outcomes[index] = UNKNOWN
            return f"another new export is alike (id {', '.join(sorted(others))}), and it is not known who created it"
        progress.outcomes[index] = ROLLED_BACK
        return ""

    def _roll_back_change(self, index, step) -> str:
        progress = self._progress
        if step.action != UPDATE:
            return self._roll_back_switch(index, step)
        if index in progress.strays and progress.settle(lambda: progress.strays[index] in progress.listed()):
            return self._roll_back_stray(index, step)
        if progress.outcomes[index] == APPLIED:
            # An answered write may show late; what does not show cannot be rolled back safely.
            progress.settle(lambda: progress.try_to_observe(index) == APPLIED)
        export = progress.listed().get(step.id)
        if export is None:
            progress.outcomes[index] = UNKNOWN
            return "the export is no longer in the list of exports"
        return self._roll_back_update(index, step, export)

    def _roll_back_stray(self, index, step) -> str:
        """Remove the export that an update created, and make the updated one active or inactive as it was."""
        remains = [self._remove_new(index, step, self._progress.strays[index]), *self._restore_activity(index, step)]
        if self._progress.outcomes[index] == ROLLED_BACK and any(remains):
            self._progress.outcomes[index] = APPLIED
        return "; ".join(filter(None, remains))

    def _roll_back_switch(self, index, step) -> str:
        progress, wanted = self._progress, step.action == DEACTIVATE
        # An accepted write may show late. One that never shows may still have been applied.
        was_accepted = progress.outcomes[index] == APPLIED
        is_shown = progress.settle(lambda: progress.is_active(step.id) != wanted) if was_accepted else progress.is_active(step.id) != wanted
        # DocBits may not list an inactive export.
        if not is_shown or progress.is_active(step.id) != wanted:
            self._attempt(lambda: self._client.set_active(step.id, wanted, step.label))
        if not progress.settle(lambda: progress.is_active(step.id) == wanted):
            progress.outcomes[index] = UNKNOWN if progress.is_active(step.id) is None else APPLIED
            return f"DocBits does not show the export as {'active' if wanted else 'inactive'}"
        if not is_shown:
            progress.outcomes[index] = UNKNOWN
            return "DocBits did not show it, so it is not known whether it was applied and rolled back"
        progress.outcomes[index] = ROLLED_BACK
        return ""

    def _roll_back_update(self, index, step, export) -> str:
        progress = self._progress
        restored, kept = {}, []
        # Everything that must stay as it is goes along, because DocBits may drop what an update does not send.
        along = {name: value for name, value in step.values.items() if name not in step.changes}
        along.update({name: step.before.get(name) for name in along if name not in FILES and is_restorable(step.before.value(name))})
        for name, sent in step.values.items():
            before, current = step.before.value(name), progress.current(export, name)
            if name not in step.changes and isinstance(before, Known) and compare(name, sent, before) == SAME:
                if before.exact:
                    along[name] = before.value
                continue
            if isinstance(before, (Known, Absent)) and _shows(name, before, current):
                continue
            along[name] = sent
            if compare(name, sent, current) != SAME:
                kept.append(f"{name} cannot be read, or somebody else changed it")
            elif is_restorable(before):
                restored[name] = before.value
            elif isinstance(before, Absent) and name not in FILES:
                restored[name] = ""
            else:
                kept.append(f"the former {name} is not known")
        for name in progress.lost_values(step, export):
            if is_restorable(step.before.value(name)):
                restored[name] = step.before.get(name)
            else:
                kept.append(f"DocBits dropped {name}, which is not known completely")
        if progress.drops and not kept:
            hidden = [name for name in step.before.kind.required if name not in step.values and isinstance(step.before.value(name), Withheld)]
            kept += [f"DocBits drops what an update does not send, and does not show {name}" for name in hidden]
        if not restored and not kept:
            was_answered = progress.outcomes[index] == APPLIED
            progress.outcomes[index] = UNKNOWN
            return "DocBits accepted it, and shows the former values" if was_answered else "DocBits shows the former values, and it may still take effect"
        if restored:
            if progress.drops:
                known = [name for name in step.before.values if name not in NEVER_SENT and is_restorable(step.before.value(name))]
                along = {**{name: step.before.get(name) for name in known}, **along}
            self._attempt(lambda: self._client.configure(step.kind, step.id, {**along, **restored}, step.label))
            if not progress.settle(lambda: self._is_restored(step, restored)):
                progress.outcomes[index] = UNKNOWN
                return f"DocBits does not show the former {', '.join(sorted(restored))}"
        kept += self._restore_activity(index, step)
        if kept:
            progress.outcomes[index] = _later(progress.outcomes[index], APPLIED if progress.outcomes[index] == APPLIED else UNKNOWN)
            return "; ".join(kept)
        progress.outcomes[index] = ROLLED_BACK
        return ""

    def _restore_activity(self, index, step) -> list:
        """Make an updated export active or inactive as it was, because an update may change that; returns why that failed.

        An earlier step that switched it is rolled back after this one.
        """
        progress = self._progress
        earlier = [other for other in progress.plan.steps[:index] if other.id == step.id]
        # A step that finishes an interrupted run is not rolled back.
        active = next((other.after.active for other in earlier if other.restores), step.before.get("active"))
        if active is None or any(not other.restores for other in earlier) or progress.is_active(step.id) == active:
            return []
        self._attempt(lambda: self._client.set_active(step.id, active, step.label))
        is_restored = progress.settle(lambda: progress.is_active(step.id) == active)
        return [] if is_restored else [f"DocBits does not show the export as {'active' if active else 'inactive'}"]

    def _is_restored(self, step, restored) -> bool:
        export = self._progress.listed().get(step.id)
        return export is not None and all(_shows(name, step.before.value(name), self._progress.current(export, name)) for name in restored)

    def _attempt(self, write) -> None:
        """Send a write; whether it took effect is seen afterwards."""
        try:
            write()
        except IonError:
            self._client.restart_deadline()


def _may_be_from(step, export) -> bool:
    """Whether an export has the identity that a step sent, as far as it shows one."""
    return is_alike(Export(None).with_values({**step.values, "kind": step.kind}), export)


def _shows(name, before, current) -> bool:
    """Whether a current value is the one before the run."""
    if isinstance(before, Absent):
        return compare(name, "", current) == SAME
    return compare(name, before.value, current) == SAME


def _later(former, seen) -> str:
    return seen if seen in (APPLIED, UNKNOWN) else former


def _remains(step, outcome, why) -> Finding:
    what = "remains" if outcome == APPLIED else "may remain" if outcome == UNKNOWN else "was rolled back"
    return Finding("DV03", WARNING, step.label, f"the step {step.action} {what}: {why}", "look at the export in DocBits; a new run goes on from there")
