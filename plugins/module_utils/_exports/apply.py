# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Running the steps of a plan, proving the result, and undoing what this run did when a step fails. Private to the collection."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import ApplyFailed, Refused, as_ion_error
from ansible_collections.docbits.ion.plugins.module_utils._core.findings import ERROR, WARNING, Finding
from ansible_collections.docbits.ion.plugins.module_utils._docbits.client import WITHHELD
from ansible_collections.docbits.ion.plugins.module_utils._exports.plan import ACTIVATE, CREATE, DEACTIVATE, REMOVE, UPDATE, Plan
from ansible_collections.docbits.ion.plugins.module_utils._model.export import ADDRESSES, SLOTS, UNREADABLE, same_file

PLANNED = "planned"
DONE = "done"
FAILED = "failed"
UNDONE = "undone"
LEFT = "left"
NOT_RUN = "not run"


@dataclass(frozen=True)
class Applied:
    """What a run did.

    steps:      each step with its outcome, as results list them
    unreadable: (export, word, value) of everything sent that DocBits does not give back
    """

    steps: list
    unreadable: list


def apply(plan: Plan, docbits) -> Applied:
    """Run the steps, read back and compare.

    raises: L(ApplyFailed) with the steps as done, failed, undone, left or not run
    """
    run = _Run(plan, docbits)
    try:
        run.change()
        run.remove()
    except Exception as error:  # a defect must not leave an environment half-written either, nor hide what was done
        known = as_ion_error(error)
        left = run.undo(uncertain=not isinstance(error, Refused))
        facts = {**known.facts, "steps": run.report(), "changed": run.left_something}
        raise ApplyFailed(known.findings + left, unproved=run.unproved(), **facts) from None
    except BaseException:  # Ansible's own time limit for a task
        run.undo(uncertain=True)
        raise
    return Applied(run.report(), run.unreadable)


class _Run:
    """The steps of one plan on their way, with what is needed to go back."""

    def __init__(self, plan, docbits) -> None:
        self._plan = plan
        self._docbits = docbits
        self._outcomes = [NOT_RUN] * len(plan.steps)
        # By their number: what nothing brings back, and everything else.
        self._removals = [index for index, step in enumerate(plan.steps) if step.action == REMOVE]
        self._changes = [index for index, step in enumerate(plan.steps) if step.action != REMOVE]
        self._exports = [step.export for step in plan.steps]
        self._known_ids = {export.id for export in plan.before}
        self._answered_ids: dict = {}
        self.unreadable = []

    @property
    def left_something(self) -> bool:
        """Whether DocBits stands otherwise than before the run."""
        return LEFT in self._outcomes

    def report(self) -> list:
        """Each step with its outcome."""
        return [replace(step, export=export).as_dict(outcome) for step, export, outcome in zip(self._plan.steps, self._exports, self._outcomes)]

    def unproved(self) -> list:
        """What of a failed run may have been replaced and cannot be read back, as pairs of an export's id and a word."""
        begun = [step for step, outcome in zip(self._plan.steps, self._outcomes) if step.action == UPDATE and outcome != NOT_RUN]
        return [(step.export.id, word) for step in begun for word in step.words if step.before.known(word) == UNREADABLE]

    def change(self) -> None:
        """Run and verify every step that can be undone."""
        for index in self._changes:
            self._do(index)
        if self._changes:
            standing = self._docbits.exports()
            if self._settled(self._changes, standing):
                standing = self._docbits.exports()
            self._verify(standing)

    def remove(self) -> None:
        """Run and verify the removals, which nothing brings back: only once everything else has been proved to stand."""
        for index in self._removals:
            self._do(index)
        standing = {export.id for export in self._docbits.exports()} if self._removals else ()
        kept = [index for index in self._removals if self._exports[index].id in standing]
        for index in kept:
            self._outcomes[index] = FAILED
        if kept:
            raise Refused([_difference(self._exports[index], "it still stands in DocBits after its removal") for index in kept])

    def _do(self, index) -> None:
        step = self._plan.steps[index]
        self._outcomes[index] = FAILED
        if step.action == CREATE:
            self._create(index, step)
        elif step.action == UPDATE:
            self._docbits.configure(step.export, step.words)
        elif step.action == REMOVE:
            self._docbits.remove(step.export)
        else:
            self._docbits.set_active(step.export, step.action == ACTIVATE)
        self._outcomes[index] = DONE

    def _create(self, index, step) -> None:
        self._answered_ids[index] = self._docbits.configure(step.export, step.words)
        # From here on it stands in DocBits, whatever becomes of the calls that follow.
        self._outcomes[index] = DONE
        if not step.export.active:
            # It must not stand active beside what the next steps make.
            self._settled([index], self._docbits.exports())

    def _settled(self, indices, standing) -> bool:
        """Give each export that was created among these steps its id from the list, and make it active or not as planned; whether that took a call."""
        called = False
        for index in indices:
            wanted = self._exports[index]
            if wanted.id is not None:
                continue
            created = self._created(wanted, standing, self._answered_ids[index])
            if created is None:
                raise Refused(
                    _finding(
                        "DV02",
                        wanted.label,
                        "DocBits said that it was created, and the list does not show it",
                        "compare the contract with docbits.ion.api_info",
                    )
                )
            self._exports[index] = replace(wanted, id=created.id)
            self._known_ids.add(created.id)
            if created.get("active") != wanted.active:
                self._docbits.set_active(self._exports[index], wanted.active)
                called = True
        return called

    def _created(self, wanted, standing, answered):
        """The new export among all: not known before, and alike in every word that the list tells; of several the one with the answered id."""
        words = ("kind", "title", "document_type", "sub_organisation")
        alike = [
            export
            for export in standing
            if export.id not in self._known_ids and all(export.get(word) is None or export.get(word) == (wanted.get(word) or "") for word in words)
        ]
        return next((export for export in alike if export.id == answered), alike[0] if alike else None)

    def _verify(self, exports) -> None:
        """Read everything back that the changes touched, compare it word by word with what was planned, and let DocBits check it too."""
        current = {export.id: export for export in exports}
        expected = {export.id: export for export in self._plan.after if export.id is not None}
        differences = []
        for index in self._changes:
            step, export = self._plan.steps[index], self._exports[index]
            wanted = expected.get(export.id, export)
            differences += [_difference(wanted, what) for what in self._compare(wanted, current.get(export.id), {*step.words, "active"})]
        if differences:
            raise Refused(differences)
        touched = [self._exports[index] for index in self._changes]
        for export in {export.id: expected.get(export.id, export) for export in touched}.values():
            if export.active and export.kind is not None:
                self._docbits.have_checked(export)

    def _compare(self, wanted, standing, words) -> list:
        """In what words an export stands otherwise than wanted, without a value that may be a secret; O(standing) is C(None) where it does not stand."""
        if standing is None:
            return ["it is no longer in DocBits"]
        found = []
        for word in sorted(words):
            value = wanted.files[word] if word in SLOTS else wanted.fields.get(word)
            told = self._docbits.download(standing, word) if word in SLOTS else standing.fields.get(word, WITHHELD)
            if told is WITHHELD:
                if word != "active":
                    self.unreadable.append((standing, word, value))
            elif word in SLOTS and (told is None or not same_file(SLOTS[word], told, value)):
                found.append(f"{word} is not what was sent")
            elif word not in SLOTS and told != value:
                # An address may carry a token, so that its value is not for a message.
                found.append(f"{word} is not what was sent" if word in ADDRESSES else f"{word} is {told!r} and should be {value!r}")
        return found

    def undo(self, uncertain: bool) -> list:
        """Take back what this run did, the last step first, and read it back. Gives a finding for every step that stays.

        uncertain: whether the failed step may have taken effect all the same, because its answer never came
        """
        self._docbits.start_over()
        begun = (DONE, FAILED) if uncertain else (DONE,)
        why = self._removed_something(begun)
        if why:
            return self._leave_all(why)
        taken = [index for index in reversed(self._changes) if self._outcomes[index] in begun]
        stays = {index: self._take_back(index) for index in taken}
        stays.update(self._still_otherwise([index for index in taken if not stays[index]]))
        for index in taken:
            if stays[index]:
                self._outcomes[index] = LEFT
            elif self._outcomes[index] == DONE:
                self._outcomes[index] = UNDONE
        return [_left(self._plan.steps[index], stays[index]) for index in taken if stays[index]]

    def _removed_something(self, begun) -> str:
        """Why nothing of this run can be undone, where it removed something or may have; otherwise an empty string."""
        indices = [index for index in self._removals if self._outcomes[index] in begun]
        if not indices:
            return ""
        try:
            standing = {export.id for export in self._docbits.exports()}
        except Exception as error:
            # Nobody can say what was removed; to undo the rest could take away what replaced it.
            for index in indices:
                self._outcomes[index] = LEFT
            return f"whether something is removed could not be read ({as_ion_error(error).id}), so nothing of this run is undone"
        for index in indices:
            self._outcomes[index] = FAILED if self._exports[index].id in standing else DONE
        is_gone = any(self._outcomes[index] == DONE for index in indices)
        return "a removed export cannot come back under its id, so nothing of this run is undone" if is_gone else ""

    def _leave_all(self, why) -> list:
        """After a removal, undoing the rest would take away what replaced the removed export; everything done stays."""
        self._outcomes = [LEFT if outcome == DONE else outcome for outcome in self._outcomes]
        return [_left(step, why) for step, outcome in zip(self._plan.steps, self._outcomes) if outcome == LEFT]

    def _take_back(self, index) -> str:
        """Undo one step; gives why it stays where it cannot be undone, otherwise an empty string."""
        step = self._plan.steps[index]
        try:
            if step.action == CREATE:
                return self._take_away(index)
            if step.action == UPDATE:
                return self._put_back(step)
            self._docbits.set_active(step.before, step.action == DEACTIVATE)
        except Exception as error:
            return f"undoing it failed as well ({as_ion_error(error).id})"
        return ""

    def _take_away(self, index) -> str:
        export = self._exports[index]
        created = export if export.id is not None else self._created(export, self._docbits.exports(), self._answered_ids.get(index))
        if created is None:
            return "the list does not show it" if self._outcomes[index] == DONE else ""
        self._exports[index] = replace(export, id=created.id)
        self._docbits.remove(self._exports[index])
        return ""

    def _put_back(self, step) -> str:
        lost = [word for word in step.words if step.before.known(word) in (None, UNREADABLE)]
        self._docbits.configure(step.before, [word for word in step.words if word not in lost])
        return f"the former {', '.join(lost)} could not be read before and is lost" if lost else ""

    def _still_otherwise(self, indices) -> dict:
        """Why a step stays that was undone, for each after which an export stands otherwise than before the run all the same."""
        if not indices:
            return {}
        try:
            standing = {export.id: export for export in self._docbits.exports()}
            found = {index: self._otherwise(index, standing) for index in indices}
        except Exception as error:
            return dict.fromkeys(indices, f"whether it is undone could not be read ({as_ion_error(error).id})")
        return {index: f"after undoing it, {', '.join(what)}" for index, what in found.items() if what}

    def _otherwise(self, index, standing) -> list:
        step, id_ = self._plan.steps[index], self._exports[index].id
        if step.action == CREATE:
            return ["it still stands in DocBits"] if id_ in standing else []
        # Not what stood before this step, which an earlier one of this run may have made.
        before = next(export for export in self._plan.before if export.id == id_)
        return self._compare(before, standing.get(id_), step.words or ("active",))


def planned(plan: Plan) -> list:
    """The steps of a plan that was not run, as results list them."""
    return [step.as_dict(PLANNED) for step in plan.steps]


def _difference(export, what):
    return _finding("DV01", export.label, f"after the change {what}", "run again; if it stays, compare the contract with docbits.ion.api_info")


def _finding(id_, where, message, action):
    return Finding(id_, ERROR, where, message, action)


def _left(step, why):
    return Finding(
        "DV03", WARNING, step.export.label, f"the step {step.action} stays: {why}", "look at the export in DocBits; a new run goes on from what stands there"
    )
