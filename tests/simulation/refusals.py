# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which refusals of a clean run have a reason in the model; a run that refuses for no reason does not converge."""

from __future__ import annotations

from ansible_collections.docbits.ion.plugins.module_utils._core.findings import errors_in

from .fulfilled import identity, matching

SETTLE_TIMEOUT = 5.0


def is_justified(story, outcome) -> bool:
    """Whether what the run says first is true of the model."""
    id_ = errors_in(outcome.error.findings)[0].id
    return id_ in REASONS and bool(REASONS[id_](story, story.history.moods, outcome))


def _is_ambiguous(story, _moods, _outcome):
    """More exports than one are the declared one."""
    return any(id_ is None and len(matching(story, fields)) > 1 for fields, _files, id_, _state in story.history.declared)


def _has_unlisted_id(story, _moods, outcome):
    return any(id_ is not None and id_ not in outcome.before for _fields, _files, id_, _state in story.history.declared)


def _may_be_twins(story, _moods, _outcome):
    return len(story.history.declared) > 1


def _may_conflict(story, _moods, _outcome):
    return len(story.history.declared) > 1 and not story.history.options.get("several_active")


def _hides_exports(_story, moods, _outcome):
    return not moods.lists_inactive or not moods.lists_sub_organisations or moods.list_shape == "silent_pages" or moods.lag >= SETTLE_TIMEOUT


def _was_written_and_is_not_listed(story, moods, outcome):
    """An earlier run had an id for an export that it created or deactivated, and could not finish."""
    written = [write for write in story.earlier_writes + story.writes if write.id is None or write.active is False]
    declared = [(fields, id_) for fields, _files, id_, state in story.history.declared if state == "present"]
    return written and (moods.list_shape == "silent_pages" or not all(_listed(story, outcome, fields, id_) for fields, id_ in declared))


def _listed(story, outcome, fields, id_):
    if id_ is not None:
        return id_ in outcome.before
    method, title, type_, place = identity(fields)
    # An export that another item means by its id is not the one that this item means.
    meant = {other for _fields, _files, other, _state in story.history.declared}
    shown = [(state[1], {key: str(value).strip() for key, value in state[3]}) for other, state in outcome.before.items() if other not in meant]
    return (method, title, type_, place) in [(other, values.get("title"), values.get("doc_type"), values.get("sub_org_id")) for other, values in shown]


# A finding id to what must be true for it, from the story, its moods, and the outcome of the run.
REASONS = {
    "DB10": lambda _story, moods, _outcome: moods.create_answer == "text" and not moods.nulls,
    "DB11": lambda _story, moods, _outcome: not moods.nulls,
    "P01": _has_unlisted_id,
    "P02": _is_ambiguous,
    "P03": _may_be_twins,
    "P05": lambda _story, moods, _outcome: moods.methods == "unknown",
    "P06": lambda _story, moods, _outcome: moods.methods == "unknown",
    "P09": _was_written_and_is_not_listed,
    "E05": _may_conflict,
    "E32": lambda story, moods, _outcome: not story.history.options.get("assume_kept"),
    "DV12": lambda _story, moods, _outcome: moods.update_id == "renamed",
    "DV02": lambda story, moods, outcome: _hides_exports(story, moods, outcome) or moods.alternates or moods.create_answer in ("task_id", "other_id"),
    "DV05": lambda _story, moods, _outcome: moods.update_id == "renamed",
    "DV08": lambda _story, moods, _outcome: moods.methods == "unknown",
    "DV09": lambda _story, moods, _outcome: moods.one_active == "replaces",
    "DB04": lambda story, moods, outcome: (
        moods.create_answer == "refusal" and (moods.update_id == "renamed" or not moods.nulls or _hides_exports(story, moods, outcome))
    ),
    "DB05": lambda _story, moods, _outcome: moods.one_active in ("active", "any"),
    # Of a rotation; elsewhere it is a warning.
    "DB31": lambda _story, moods, _outcome: moods.own_checks == "refuse",
    "DC03": lambda _story, moods, _outcome: moods.masked == "url",
    "DV01": lambda story, moods, outcome: (
        _hides_exports(story, moods, outcome)
        or moods.update_id == "renamed"
        or moods.update in ("drops", "activates")
        or moods.switch == "toggles"
        or not moods.removes
        or (moods.one_active == "replaces" and story.history.options.get("several_active"))
        or moods.download == "another"
    ),
}
