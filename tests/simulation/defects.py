# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Defects that the reconcile core must not have, each with histories in which the simulation finds it once its fix is taken out."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import Refused
from ansible_collections.docbits.ion.plugins.module_utils._docbits import answers, client, downloads, records
from ansible_collections.docbits.ion.plugins.module_utils._exports import (
    adopted,
    apply,
    fingerprints,
    plan,
    progress,
    reading,
    reconcile,
    rollback,
    rotation,
    run_record,
    verify,
)
from ansible_collections.docbits.ion.plugins.module_utils._model import export
from ansible_collections.docbits.ion.plugins.module_utils._model.values import Absent, Known, Withheld
from ansible_collections.docbits.ion.plugins.module_utils._module import _rotation

from . import day_two
from . import history as _history
from . import simulate as _simulate
from .history import PERSON, RUN_BESIDE, RUN_WAITING, Within


@dataclass(frozen=True)
class Defect:
    """One way in which the code could be wrong.

    sentence:   the defect in one sentence
    break_code: takes the fix out, with pytest's monkeypatch
    within:     what the histories are drawn from
    invariant:  the invariant that does not hold then
    histories:  within how many histories it must be found
    acts:       the histories are those of day two, with these acts
    """

    name: str
    sentence: str
    break_code: object
    within: Within
    invariant: str
    histories: int = 150
    acts: tuple = ()


def draw(defect: Defect, seed: int):
    """A history in which a defect may show."""
    return day_two.draw(seed, defect.within, defect.acts) if defect.acts else _history.draw(seed, defect.within)


# What is read is judged


def _any_text(patch):
    patch.setattr(client, "file_in", lambda _file, body: Known(body.decode()))


def _no_mask(patch):
    patch.setattr(downloads, "is_masked", lambda _text: False)


def _incomplete_file(patch):
    judge = downloads._read_ionapi

    def read(text):
        value = judge(text)
        return Known(text) if value.__class__ is Withheld and value.reason == "incomplete" else value

    patch.setattr(downloads, "_read_ionapi", read)


def _alias_keys(patch):
    read = records._export

    def with_aliases(record, *others):
        aliases = {"execution_order": "order", "export_url": "url", "server_url": "host", "username": "user"}
        found = {key: record[alias] for key, alias in aliases.items() if record.get(key) is None and alias in record}
        return read({**record, **found}, *others)

    patch.setattr(records, "_export", with_aliases)


def _masked_values(patch):
    patch.setattr(records, "is_masked", lambda _text: False)


def _deleted_rows(patch):
    patch.setattr(records, "is_deleted", lambda _record, _contract: False)


def _no_data(patch):
    patch.setattr(answers, "_has_no_data", lambda body: body is None)


def _empty_is_not_null(patch):
    real = export.compare

    def compare(name, declared, current):
        return export.DIFFERENT if isinstance(current, Absent) and declared == "" else real(name, declared, current)

    for module in (plan, progress, reading, rollback, verify):
        patch.setattr(module, "compare", compare)


# Identity


def _answered_id_ignored(patch):
    patch.setattr(progress.Progress, "is_new", lambda _self, _id: False)


def _titles_not_normal(patch):
    patch.setattr(export, "normal_value", lambda _name, value: value)
    patch.setattr(progress, "is_alike", lambda wanted, other: wanted.identity == other.identity)


def _settle_wait_left_out(patch):
    patch.setattr(progress.Progress, "settle", lambda _self, check: check())


def _any_alike_export_removed(patch):
    real = rollback.Rollback._roll_back_create

    def take_back(self, index):
        found = self._progress.candidates(index, self._progress.listed())
        if index not in self._progress.proven and found:
            self._progress.ids[index] = found[0].id
            self._progress.proven.add(index)
        return real(self, index)

    patch.setattr(rollback.Rollback, "_roll_back_create", take_back)


# A write has three outcomes


def _outcome(patch, decide):
    real = apply._Run._outcome_after
    patch.setattr(apply._Run, "_outcome_after", lambda self, index, error: decide(error) or real(self, index, error))


def _refusal_believed(patch):
    _outcome(patch, lambda error: apply.NOT_APPLIED if isinstance(error, Refused) else None)


def _repeated_after_429(patch):
    _outcome(patch, lambda error: apply.NOT_APPLIED if error.facts.get("status") == 429 else None)


def _unknown_called_not_applied(patch):
    real = apply._Run._outcome_after

    def outcome(self, index, error):
        found = real(self, index, error)
        return apply.NOT_APPLIED if found == apply.UNKNOWN else found

    patch.setattr(apply._Run, "_outcome_after", outcome)


def _verified_by_the_answer(patch):
    patch.setattr(verify.Verification, "_settled_differences", lambda _self: [])


def _removal_not_verified(patch):
    patch.setattr(verify.Verification, "verify_removals", lambda _self: None)


# Rolling back


def _unproven_values_restored(patch):
    real = rollback.compare

    class Sent:
        """Makes the comparison with what was sent succeed, and no other."""

    def compare(name, value, current):
        result = real(name, value, current)
        return export.SAME if rollback_is_asked.on and result != export.SAME else result

    class rollback_is_asked:
        on = False

    def take_back(self, index, step, current):
        rollback_is_asked.on = True
        shows = rollback._shows
        patch.setattr(rollback, "_shows", lambda name, before, now: real(name, before.value if isinstance(before, Known) else "", now) == export.SAME)
        try:
            return real_take_back(self, index, step, current)
        finally:
            rollback_is_asked.on = False
            patch.setattr(rollback, "_shows", shows)

    real_take_back = rollback.Rollback._roll_back_update
    patch.setattr(rollback, "compare", compare)
    patch.setattr(rollback.Rollback, "_roll_back_update", take_back)


def _own_checks_decide(patch):
    verify_changes = verify.Verification.verify_changes

    def verify_and_ask(self):
        verify_changes(self)
        for checked in self.touched():
            self._client.validate(checked)

    patch.setattr(verify.Verification, "verify_changes", verify_and_ask)


# Nothing that nobody declared


def _drop_not_noticed(patch):
    patch.setattr(verify.Verification, "_send_lost_values", lambda _self: False)


def _switched_without_the_option(patch):
    real = reconcile.plan
    patch.setattr(reconcile, "plan", lambda *arguments, **options: real(*arguments, **{**options, "allow_momentary_deactivation": True}))


def _displaced_not_noticed(patch):
    patch.setattr(verify.Verification, "_displaced", lambda _self: [])


# Interruption, and two runs at once


def _no_record(patch):
    patch.setattr(run_record.RunRecord, "_write", lambda _self: None)


def _orphan_goes_on(patch):
    patch.setattr(apply, "is_orphaned", lambda: False)


def _duplicate_not_noticed(patch):
    patch.setattr(verify.Verification, "_remove_duplicate", lambda _self, _index: None)


def _no_lock(patch):
    real = reconcile._exclusive
    patch.setattr(reconcile, "_exclusive", lambda options, clock: real(replace(options, lock=None), clock))


def _check_mode_ignored(patch):
    real = _simulate.reconcile
    patch.setattr(_simulate, "reconcile", lambda client_, declared, options, _check_mode, clock: real(client_, declared, options, False, clock))


def _fingerprints_vouch(patch):
    patch.setattr(apply._Run, "unproved", lambda _self: [])
    patch.setattr(fingerprints.Fingerprints, "forget", lambda _self, _ids: None)


def _unknown_is_unchanged(patch):
    patch.setattr(progress.Progress, "changed", property(lambda self: any(outcome == progress.APPLIED for outcome in self.outcomes)))


_MASKED_IN_PART = Within({"download": ("partly_masked",)}, kinds=("idm", "bod"))


def _one_list_is_believed(patch):
    patch.setattr(progress.Progress, "is_active", lambda self, id_: (export := self.listed().get(id_)) and export.get("active"))
    patch.setattr(progress.Progress, "is_absent", lambda self, id_: id_ not in self.listed())


def _unanswered_write_forgotten(patch):
    patch.setattr(verify.Verification, "_send", lambda _self, _index, write: write())


def _update_that_switches_left(patch):
    patch.setattr(verify.Verification, "_switched_last_by_update", lambda _self: [])


def _updates_of_an_interrupted_run_closed(patch):
    roll_back = apply._Run.roll_back
    patch.setattr(apply._Run, "roll_back", lambda self, is_reported=True: roll_back(self))


def _drops_of_an_interrupted_run_unnamed(patch):
    patch.setattr(reconcile, "_left_behind", lambda _pending, _pairs, _client: [])


def _any_answered_id_removed(patch):
    patch.setattr(rollback, "_may_be_from", lambda _step, _export: True)


def _absence_proves_a_removal(patch):
    patch.setattr(progress.Progress, "unlisted", property(lambda _self: set(), lambda _self, _ids: None), raising=False)


def _copies_of_an_update_not_noticed(patch):
    patch.setattr(progress.Progress, "copies", lambda _self, _step, _listed: [])


def _late_switch_sent_twice(patch):
    patch.setattr(progress.Progress, "try_is_active", lambda _self, _id: None)


def _refused_creates_not_looked_for(patch):
    patch.setattr(rollback.Rollback, "_look_for_refused", lambda _self: None)


# Day two


def _twins_without_ids(patch):
    patch.setattr(adopted, "Counter", lambda *_others: defaultdict(int))


def _escapes_of_java_declared(patch):
    patch.setattr(adopted, "declarable", lambda known: known.value)


def _unknown_kinds_have_no_file(patch):
    patch.setattr(rotation, "is_foreign", lambda _method: True)


def _all_put_back(patch):
    real = _rotation._with_old_file

    def with_old_file(*others):
        error = real(*others)
        error.facts["changed"] = False
        error.facts["steps"] = [{**step, "outcome": _rotation.ROLLED_BACK} for step in error.facts["steps"]]
        return error

    patch.setattr(_rotation, "_with_old_file", with_old_file)


def _lost_without_a_finding(patch):
    real = reconcile.restorable
    patch.setattr(reconcile, "restorable", lambda declared, current: (real(declared, current)[0], []))


DEFECTS = (
    Defect(
        "a masked download is taken for the file", "A download that masks secrets only in part is taken for the file", _no_mask, _MASKED_IN_PART, "converging"
    ),
    Defect(
        "a download without its secrets is taken for the file",
        "or leaves them out",
        _incomplete_file,
        Within({"download": ("left_out",)}, kinds=("idm", "bod")),
        "converging",
    ),
    Defect(
        "an envelope is taken for the file",
        "or comes in an envelope is taken for the file; an unchanged declaration then updates, fails, and the undo uploads the envelope over the mapping",
        _any_text,
        Within({"download": ("envelope", "json_string", "base64", "url")}, kinds=("idm", "bod")),
        "converging",
    ),
    Defect(
        "values of alias keys",
        "an alias key beside a present null (order: 99 became the execution order)",
        _alias_keys,
        Within({"further_keys": (True,), "update": ("keeps", "drops")}, faults=("late soon", "lost after", "refused after", "late")),
        "kept",
    ),
    Defect(
        "masked values are sent along",
        "a masked URL or user name written back by a rename",
        _masked_values,
        Within({"masked": ("url", "username"), "update": ("drops", "keeps")}, kinds=("webhook", "sftp")),
        "kept",
    ),
    Defect("deleted rows count", "Rows marked deleted count as standing", _deleted_rows, Within({"deleted_rows": (True,)}), "converging"),
    Defect(
        "data: null is refused",
        "An empty organisation answered with data: null or no data cannot be deployed to",
        _no_data,
        Within({"empty": ("null", "no_data")}),
        "converging",
    ),
    Defect(
        "an empty text is not a null",
        'The second run changes again where document_type: "" or filename_mode: "" was declared',
        _empty_is_not_null,
        Within(kinds=("sftp",)),
        "converging",
    ),
    Defect(
        "the answered id is ignored",
        "A new export is the one with the answered id",
        _answered_id_ignored,
        Within({"create_answer": ("record", "id")}, actors=(RUN_BESIDE,)),
        "single",
    ),
    Defect(
        "names are compared as they are",
        "a new export with another case of the document type or a trimmed title is not in the list although its id was answered",
        _titles_not_normal,
        Within({"trims_titles": (True,), "types": ("lower",)}),
        "converging",
    ),
    Defect("the settle wait is left out", "A new export that the list shows late (2 s)", _settle_wait_left_out, Within({"lag": (2.0, 4.0)}), "converging"),
    Defect(
        "a rollback removes any alike export",
        "Undo removes any export that looks like the lost one, also one that a person just made",
        _any_alike_export_removed,
        Within(faults=("lost before", "limited before", "refused after"), actors=(PERSON,), edits=("add declared",), write=0),
        "kept",
        400,
    ),
    Defect(
        "a refusal is believed",
        "A refusal (400, 403, 409, 422) after the write was applied is believed",
        _refusal_believed,
        Within(faults=("refused after",)),
        "honest",
    ),
    Defect(
        "a write is repeated after 429 without reading",
        "A write is repeated after 429 although it was applied",
        _repeated_after_429,
        Within(faults=("limited after",)),
        "single",
    ),
    Defect(
        "an unknown outcome is called not_applied",
        "No refusal, timeout or retry decides by itself: unknown is called unknown",
        _unknown_called_not_applied,
        Within(faults=("late",)),
        "honest",
    ),
    Defect("an answer is believed", "changed, steps and the message say what is known", _verified_by_the_answer, Within({"update": ("drops",)}), "converging"),
    Defect(
        "values are restored that were not proven",
        "once even reported undone; nothing is ever restored that was not known",
        _unproven_values_restored,
        Within({"download": ("another",)}, kinds=("idm", "bod")),
        "kept",
    ),
    Defect(
        "own checks roll back",
        "A guessed check rolls back correct changes in every run",
        _own_checks_decide,
        Within({"own_checks": ("refuse",)}),
        "converging",
    ),
    Defect(
        "a drop is not noticed",
        "A server that drops files that are not sent again goes unnoticed",
        _drop_not_noticed,
        Within({"update": ("drops",)}),
        "kept",
    ),
    Defect(
        "an export is switched off for a moment without the option",
        "Creating an inactive export beside a live one deactivates the live one for a moment, even when nobody declared that one",
        _switched_without_the_option,
        Within({"one_active": ("any", "no")}),
        "kept",
    ),
    Defect(
        "displaced exports are not noticed",
        "No export is touched that nobody declared",
        _displaced_not_noticed,
        Within({"one_active": ("replaces",)}),
        "kept",
    ),
    Defect(
        "there is no intent record",
        "Interrupted there, it stays off, and the next run says ok",
        _no_record,
        Within({"one_active": ("any",)}, faults=("kill after", "kill before"), options={"allow_momentary_deactivation": True}),
        "kept",
        400,
    ),
    Defect(
        "a run goes on without its controller",
        "After SIGKILL of ansible-playbook the worker goes on writing for up to ten seconds",
        _orphan_goes_on,
        Within(faults=("orphaned after",)),
        "bounded",
    ),
    Defect(
        "duplicates are not noticed after a create",
        "Two runs at once: both say ok and every export stands twice",
        _duplicate_not_noticed,
        Within(actors=(RUN_BESIDE,)),
        "single",
    ),
    Defect(
        "runs on one machine do not wait", "Runs on one machine wait for each other for a bounded time", _no_lock, Within(actors=(RUN_WAITING,)), "converging"
    ),
    Defect(
        "a removal is believed",
        'Rows marked deleted count as standing: removal "fails", and declaring it again says ok while nothing exists',
        _removal_not_verified,
        Within({"removes": (False,)}),
        "honest",
    ),
    Defect(
        "an old fingerprint vouches for a value that may have been replaced",
        "What is unknown is called unknown; fingerprints say what was sent",
        _fingerprints_vouch,
        Within({"download": ("masked", "forbidden"), "download_of": ("secret",)}, ("lost after", "late soon"), kinds=("idm", "bod"), recalls=True),
        "honest",
        400,
    ),
    Defect(
        "changed leaves out what is unknown",
        "changed, steps and the message say what is known",
        _unknown_is_unchanged,
        Within(faults=("late",)),
        "honest",
    ),
    Defect(
        "one list that is behind proves a rollback",
        "rolled_back is true",
        _one_list_is_believed,
        Within({"lag": (2.0,), "alternates": (True,), "update_id": ("renamed",)}, kinds=("sftp", "webhook")),
        "honest",
        600,
    ),
    Defect(
        "a later write of a step without an answer is forgotten",
        "A write without an answer may still arrive after the rollback",
        _unanswered_write_forgotten,
        Within({"update": ("drops",)}, faults=("late",), write=1),
        "honest",
        600,
    ),
    Defect(
        "an export that an update deactivated stays off",
        "A clean run reaches the declaration",
        _update_that_switches_left,
        Within({"update": ("deactivates",)}),
        "converging",
    ),
    Defect(
        "an interrupted run closes its updates",
        "An old fingerprint proves nothing after an interrupted run",
        _updates_of_an_interrupted_run_closed,
        Within(faults=("interrupt after",), options={"purge": True}, kinds=("sftp",), write=1, recalls=True),
        "honest",
        600,
    ),
    Defect(
        "a refused run does not name what an interrupted one dropped",
        "Interrupted there, the next run finishes or takes back what an interrupted one left, and says so",
        _drops_of_an_interrupted_run_unnamed,
        Within({"update": ("drops",)}, ("kill after", "kill before"), actors=(PERSON,), edits=("add declared",), kinds=("sftp",)),
        "kept",
        400,
    ),
    Defect(
        "a rollback removes whatever has the answered id",
        "Only what is proven ours is removed",
        _any_answered_id_removed,
        Within({"create_answer": ("other_id",), "lag": (2.0,), "alternates": (True,)}, actors=(PERSON,), edits=("add",)),
        "kept",
        400,
    ),
    Defect(
        "a removal is believed because an inactive export is not listed",
        "What is unknown is called unknown",
        _absence_proves_a_removal,
        Within({"lists_inactive": (False,)}, faults=("lost before",), options={"purge": True}, kinds=("webhook",), write=2),
        "honest",
        400,
    ),
    Defect(
        "a second export from one update is not noticed",
        "every call can be answered twice; changed says what is known",
        _copies_of_an_update_not_noticed,
        Within({"update_id": ("renamed",)}, faults=("twice",), kinds=("webhook", "sftp"), write=0),
        "honest",
        400,
    ),
    Defect(
        "a switch that the list shows late is sent twice",
        "Never send a call twice without reading in between",
        _late_switch_sent_twice,
        Within({"switch": ("toggles",), "lag": (0.5, 2.0), "new_active": (True,)}),
        "honest",
        400,
    ),
    Defect(
        "a refused create that a page hides is called not_applied",
        "No refusal, timeout or retry decides by itself: the list does",
        _refused_creates_not_looked_for,
        Within({"list_shape": ("silent_pages",)}, faults=("refused after",)),
        "honest",
        600,
    ),
    Defect(
        "exports with the same identity are adopted without ids",
        "A check run proves that nothing would change",
        _twins_without_ids,
        Within(),
        "adopted",
        acts=(day_two.ADOPT,),
    ),
    Defect(
        "a mapping is adopted as Java rewrites it",
        "A check run proves that nothing would change",
        _escapes_of_java_declared,
        Within({"download": ("java",)}, kinds=("bod",)),
        "adopted",
        acts=(day_two.ADOPT,),
    ),
    Defect(
        "an export of an unknown kind is left out of a rotation",
        "It says which old service account may be disabled now and which must not yet",
        _unknown_kinds_have_no_file,
        Within({"methods": ("unknown",)}, kinds=("idm", "bod")),
        "rotated",
        acts=(day_two.ROTATE,),
    ),
    Defect(
        "a request without an answer is said to be put back",
        "Each declared export has the new file, or the result says that it has the old one",
        _all_put_back,
        Within(faults=("late",), kinds=("idm", "bod"), write=0),
        "honest",
        acts=(day_two.ROTATE,),
    ),
    Defect(
        "what cannot come back is not named",
        "It says what cannot come back",
        _lost_without_a_finding,
        Within(options={"purge": True}),
        "restored",
        acts=(day_two.ROLL_BACK,),
    ),
    Defect("check mode writes", "calm (no write in check mode)", _check_mode_ignored, Within(), "calm"),
)
