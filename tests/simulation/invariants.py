# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What must hold after every history: kept, single, honest, converging, bounded, calm. Judged from the stored state, never from the client's view."""

from __future__ import annotations

import json
from dataclasses import replace

from .fulfilled import KEYS, identity, identity_of_row, matching
from .model import without_line_ends
from .refusals import is_justified

LONGEST = 400.0
MOST_CALLS = 400


def violations(story) -> list:
    """Sentences, each beginning with the invariant that does not hold."""
    found = []
    for name, outcome in story.outcomes.items():
        found += [f"{sentence} [{name}]" for sentence in _of_outcome(story, name, outcome)]
    return found + _of_story(story)


def _of_outcome(story, name, outcome) -> list:
    found = []
    result = outcome.result
    if outcome.check_mode and outcome.writes:
        found.append("calm: check mode wrote")
    if outcome.seconds > LONGEST or outcome.calls > MOST_CALLS:
        found.append(f"bounded: {outcome.seconds:.0f} seconds, {outcome.calls} calls")
    if result is None:
        return found
    failed = result.get("failed", False)
    if failed and "[X0" in result["msg"] and not ("[X02]" in result["msg"] and "orphaned after" in story.fired):
        found.append(f"honest: a defect: {result['msg']} {outcome.error!r}")
    if "steps" in result:
        found += _of_steps(story, outcome, result)
    # A download of valid, wrong content cannot be told from the file.
    can_be_seen = story.history.moods.download != "another"
    if can_be_seen and not outcome.check_mode and outcome.solo and not result["changed"] and outcome.before != outcome.later:
        found.append(f"honest: changed is false, and the state changed: {_difference(outcome.before, outcome.later)}")
    if not outcome.check_mode and not failed and not story.touched_by_person:
        # A run has said that a second export may still appear, or that it removed one, and a list that is behind did not show it.
        is_said = story.history.moods.lag and (_has_finding(story, "DV13") or _has_finding(story, "DV06") or _has_removed_own(story))
        found += [f"honest: ok, and {what}" for what in outcome.unfulfilled if not (is_said and " exports are " in what)]
    return found


def _of_steps(story, outcome, result) -> list:
    """Each step's outcome against the stored state, where nobody else wrote."""
    # A run whose controller has ended verifies nothing more, and reports to nobody.
    if outcome.check_mode or not outcome.solo or story.history.moods.download == "another" or story.doubled or "[X02]" in result.get("msg", ""):
        return []
    found = []
    for step in result["steps"]:
        id_, action, said = step["id"], step["action"], step["outcome"]
        before, after = outcome.before.get(id_), outcome.stored.get(id_)
        if said == "applied" and action == "remove" and after is not None:
            found.append(f"honest: {action} {id_} is said to be applied")
        # A removal without an answer whose export is still listed after the wait counts as not applied.
        if (
            said in ("not_applied", "rolled_back", "not_run")
            and action == "remove"
            and not set(story.fired) & {"late", "late soon"}
            and before is not None
            and after is None
        ):
            found.append(f"honest: {action} {id_} is said to be {said}, and is applied")
        if said == "applied" and action == "create" and id_ is not None and after is None:
            found.append(f"honest: create {id_} is said to be applied")
    outcomes = {step["outcome"] for step in result["steps"]}
    is_late_removal = "late" in story.fired and any(step["action"] == "remove" for step in result["steps"])
    # What DocBits deactivated beside a step, and could not be activated again, is no step.
    is_beside = any(finding["id"] == "DV10" for finding in result["findings"])
    if outcomes and outcomes <= {"not_applied", "rolled_back", "not_run"} and outcome.before != outcome.later and not (is_late_removal or is_beside):
        found.append(f"honest: all steps are said to be without effect: {_difference(outcome.before, outcome.later)}")
    return found


def _of_story(story) -> list:
    found = []
    history = story.history
    check, run = story.outcomes["check"], story.outcomes["run"]
    clean, again = story.outcomes["clean"], story.outcomes["again"]
    if run.solo and not history.faults and run.result is not None and "steps" in run.result and "steps" in check.result and not run.result.get("failed"):
        for key in ("changed", "diff"):
            if run.result[key] != check.result[key]:
                found.append(f"calm: {key} differs between check mode and the run")
    found += _kept(story) + _kept_by_person(story) + _written(story) + _switched(story)
    found += _single(story) + _created(story)
    found += _repeated(story) + _waited(story)
    found += [f"bounded: a write after the process that started the run had ended: {write}" for write in _orphaned(story)]
    if clean.result is not None and not clean.result.get("failed"):
        if again.writes or again.result["changed"] or again.result.get("failed"):
            found.append(f"converging: the run after a clean one changes again: {json.dumps(again.result.get('steps', again.result.get('msg')))[:600]}")
    elif clean.result is not None:
        if not clean.error.findings[0].action:
            found.append("converging: no next step")
        if not is_justified(story, clean):
            found.append(f"converging: a clean run refuses without a reason: {clean.result['msg'][:300]}")
        # What the clean run created remains if no id proves it or DocBits does not remove it, and is what the next run finds.
        is_kept = story.history.moods.create_answer not in ("record", "id") or not story.history.moods.removes
        creating = ("create", "update") if story.history.moods.update_id == "renamed" else ("create",)
        remains = {step["outcome"] for step in clean.result.get("steps", ()) if step["action"] in creating} & {"applied", "unknown"}
        if again.result is not None and not again.result.get("failed") and not again.writes and not (is_kept and remains):
            found.append("converging: a clean run fails, and the next one says ok without a write")
    return found


def _kept(story) -> list:
    """What was not declared otherwise is as it was, or as the person left it; or a finding names the export and the value."""
    found = []
    declared = _declared_ids(story)
    final = story.model.rows
    purged = story.history.options.get("purge")
    for row in story.history.rows:
        now = final.get(row.id)
        if row.id not in declared:
            if purged and (row.id not in story.model.visible_state() or story.outcomes["clean"].result.get("failed")):
                continue
            if row.id in story.touched_by_person and _has_finding(story, "DV09"):
                # An export that a person switches off while a run activates another one in its place looks as if DocBits had replaced it.
                continue
            row = story.left_by_person.get(row.id, row)
            if (
                row is not None
                and (now is None or now.state() != row.state())
                and not (now and _differ_in_activity(row, now) and is_named(story, row, "active"))
            ):
                found.append(f"kept: the undeclared export {row.id} changed: {_rows(row, now)}")
            continue
        if now is None or declared[row.id] is None or row.id in story.touched_by_person:
            continue
        fields, files = declared[row.id]
        keys = {KEYS[name] for name in fields if name in KEYS}
        for key, value in row.values.items():
            if key not in keys and value not in (None, "", False) and now.values.get(key) != value and not is_named(story, row, key):
                found.append(f"kept: {key} of {row.id} was {value!r} and is {now.values.get(key)!r}")
        names = {"ionapi": "ion_api"}
        for key, text in row.files.items():
            if key not in {names.get(name, name) for name in files} and normal(now.files.get(key)) != normal(text) and not is_named(story, row, key):
                found.append(f"kept: the file {key} of {row.id} changed to {str(now.files.get(key))[:40]!r}")
        if "active" not in fields and now.active != row.active and not is_named(story, row, "active"):
            found.append(f"kept: {row.id} is active {now.active} and was {row.active}")
    return found


def _differ_in_activity(row, now) -> bool:
    return replace(now, active=row.active).state() == row.state()


def is_named(story, row, key) -> bool:
    """Whether a finding of a run names this export and this value as changed, dropped or unknown."""
    name = {**{wire: field for field, wire in KEYS.items()}, "ion_api": "ionapi", "include_document_history": "document_history"}.get(key, key)
    labels = _labels(story, row)
    for outcome in story.outcomes.values():
        for finding in (outcome.result or {}).get("findings", ()):
            id_, where, message = finding["id"], finding["where"], finding["message"]
            if id_ in ("E30", "E32") and where in {f"{label}: {name}" for label in labels}:
                return True
            if id_ in ("DV01", "DV03") and where in labels and (name in message or id_ == "DV03" and "may" in message):
                return True
            if name == "active" and (id_ in ("DV09", "DV10") and where in labels or id_ == "E33" and f"export {row.id} " in message):
                return True
    return False


def _labels(story, row) -> set:
    """What messages call an export: by its id, whose title a run may have changed or DocBits dropped, or as it is declared."""
    now = story.model.rows.get(row.id, row)
    return {
        f"export {row.id}",
        *(f'export {row.id} "{version.values.get("title")}"' for version in (row, now)),
        *(
            f'exports[{index}] "{fields.get("title") or id_}"'
            for index, (fields, _files, id_, _state) in enumerate(story.history.declared)
            if row.id == id_ or (id_ is None and identity_of_row(row) == identity(fields))
        ),
    }


def normal(text) -> str:
    """A text without what two equal files may differ in."""
    if not isinstance(text, str):
        return text or ""
    text = text.strip() if "\n" not in text else text
    return "\n".join(line.rstrip() for line in without_line_ends(text).splitlines())


def _declared_ids(story) -> dict:
    """Ids of the rows at the start that the declaration means, with its fields and files; None where it is declared absent."""
    means = {}
    for fields, files, id_, state in story.history.declared:
        for row in story.history.rows:
            if row.id == id_ or (id_ is None and identity_of_row(row) == identity(fields)):
                means[row.id] = (fields, files) if state == "present" else None
    return means


def _single(story) -> list:
    """One declared export is one export: more of them only where there were more, a person made them, or a run says so."""
    if story.touched_by_person:
        return []
    found = []
    failed = any(outcome.result is None or outcome.result.get("failed") for name, outcome in story.outcomes.items() if name in ("run", "beside", "waiting"))
    # Who made an export is proven by the id that DocBits answered, if the answer arrived.
    moods = story.history.moods
    is_proven = moods.create_answer in ("record", "id") and moods.update_id == "known" and moods.removes and moods.nulls and not story.fired
    # What another run creates at the same time may be on a page that nothing announces, and hide what this run created.
    is_proven = is_proven and moods.list_shape != "silent_pages"
    for fields, _files, id_, state in story.history.declared:
        if id_ is not None or state != "present":
            continue
        before = sum(identity_of_row(row) == identity(fields) for row in story.history.rows)
        now = len(matching(story, fields))
        if _has_finding(story, "DV13") or story.history.moods.alternates and "twice" in story.fired:
            # A run has said that it cannot know whether a second one appears; a list that forgets what it showed hides a doubled one.
            continue
        # What takes effect after every wait has ended can only be named afterwards.
        is_said = (failed or "late" in story.fired) and story.outcomes["clean"].result.get("failed")
        if now > max(1, before) and (is_proven or not is_said):
            found.append(f"single: {now} exports are {identity(fields)}")
    return found


def _has_finding(story, id_) -> bool:
    return any(finding["id"] == id_ for outcome in story.outcomes.values() if outcome.result for finding in outcome.result.get("findings", ()))


def _has_removed_own(story) -> bool:
    """Whether a run that was rolled back removed an export that it had created."""
    steps = [step for outcome in story.outcomes.values() if outcome.result for step in outcome.result.get("steps", ())]
    return any((step["action"], step["outcome"]) == ("create", "rolled_back") for step in steps)


def _kept_by_person(story) -> list:
    """What a person made while a run was under way is not removed, unless it was declared absent or purged."""
    if story.history.options.get("purge"):
        return []
    declared_absent = [identity(fields) for fields, _files, id_, state in story.history.declared if id_ is None and state == "absent"]
    rows = [row for id_, row in story.model.every_row.items() if id_ in story.added_by_person and row.deleted and id_ not in story.removed_by_person]
    return [f"kept: export {row.id} of the person was removed" for row in rows if identity_of_row(row) not in declared_absent]


def _written(story) -> list:
    """Every stored value was there before, or was declared, or comes from the person; a mask or another field's value is neither."""
    allowed: dict = {}
    for row in (*story.history.rows, *story.rows_of_person):
        for key, value in (*row.values.items(), *row.files.items()):
            allowed.setdefault(key, []).append(normal(value))
    for fields, files, _id, _state in (*story.declared, *story.history.declared):
        for name, value in fields.items():
            if name in KEYS:
                allowed.setdefault(KEYS[name], []).append(normal(value))
        for name, text in files.items():
            allowed.setdefault("ion_api" if name == "ionapi" else name, []).append(normal(text))
    found = []
    for row in story.model.rows.values():
        for key, value in (*row.values.items(), *row.files.items()):
            # The document type and the sub-organisation are declared by name.
            if key not in ("doc_type", "sub_org_id") and value not in (None, "", False) and normal(value) not in allowed.get(key, ()):
                found.append(f"kept: {key} of {row.id} is {str(value)[:60]!r}, which nobody declared")
    return found


def _switched(story) -> list:
    """No run switches an export off that nobody declared, not even for a moment, unless an option allows it."""
    if story.history.options.get("allow_momentary_deactivation") or story.history.options.get("purge"):
        return []
    start = {row.id for row in story.history.rows} - set(_declared_ids(story)) - story.touched_by_person
    return [f"kept: the undeclared export {write.id} was deactivated for a moment" for write in story.writes if write.active is False and write.id in start]


def _created(story) -> list:
    """Alone and without a fault, all runs together create a declared export once, also where DocBits does not list it."""
    # Who answers a refusal after saving, and does not list what was saved, cannot be understood.
    if story.history.actors or story.fired or story.history.moods.create_answer == "refusal":
        return []
    found = []
    for fields, _files, id_, state in story.history.declared:
        if id_ is not None or state != "present":
            continue
        rows = [row for row in story.model.rows.values() if identity_of_row(row) == identity(fields) and not _is_said_to_remain(story, row)]
        before = [row for row in story.history.rows if identity_of_row(row) == identity(fields)]
        if len(rows) > max(1, len(before) + 1):
            found.append(f"single: {len(rows)} exports are {identity(fields)}, listed or not")
    return found


def _is_said_to_remain(story, row) -> bool:
    messages = [finding["message"] for outcome in story.outcomes.values() for finding in (outcome.result or {}).get("findings", ()) if finding["id"] == "DV03"]
    return any(message.endswith(f"export {row.id} is still in the list of exports") for message in messages)


def _repeated(story) -> list:
    """No creating or removing call is sent twice without reading in between."""
    found, last = [], {}
    for write in story.writes:
        before = last.get(write.run)
        is_final = write.id is None or write.operation == "remove_configuration"
        if before and write.unread and is_final and (write.operation, write.id, write.about) == (before.operation, before.id, before.about):
            found.append(f"single: {write.operation} was sent twice without reading in between [{write.run}]")
        last[write.run] = write
    return found


def _waited(story) -> list:
    """Of two runs on one machine that wait for each other, the later one finds the work done."""
    run, waiting = story.outcomes["run"], story.outcomes.get("waiting")
    is_disturbed = len(story.history.actors) > 1 or story.fired or story.history.moods.lag
    if waiting is None or is_disturbed or run.result.get("failed") or waiting.result.get("failed"):
        return []
    is_twice = all(_shown_steps(outcome, story.history.moods) for outcome in (run, waiting))
    return ["converging: two runs that wait for each other both do the work"] if is_twice else []


def _shown_steps(outcome, moods) -> list:
    """The steps of a run whose effect the list shows; a file or a hidden value is sent again by the later run."""
    hidden = {"ionapi", "idm_mapping", "bod_mapping", "xslt", "password", {"url": "url", "username": "username"}.get(moods.masked)}
    if not moods.nulls:
        # It is declared as an empty text, or not at all.
        hidden.add("filename_mode")
    return [step for step in outcome.result["steps"] if step["action"] != "update" or not set(step["reason"].split(", ")) <= hidden]


def _orphaned(story) -> list:
    """Writes of a run to further exports after the process that started it had ended."""
    before = {(write.run, write.id) for write in story.writes if not write.orphaned}
    return [
        write
        for write in story.writes
        if write.orphaned and write.operation.startswith("configure_") and (write.id is None or (write.run, write.id) not in before)
    ]


def _difference(before, after) -> str:
    ids = sorted(id_ for id_ in {*before, *after} if before.get(id_) != after.get(id_))
    return "; ".join(f"{id_}: {str(before.get(id_))[:150]} -> {str(after.get(id_))[:150]}" for id_ in ids)


def _rows(one, other) -> str:
    return f"{str(one.state())[:200]} -> {str(other.state() if other else None)[:200]}"
