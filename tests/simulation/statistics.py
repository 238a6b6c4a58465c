# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How often each mood, fault, actor, edit, outcome and finding occurs, and how often a mood changes an answer or a result.

A mood that changes answers and no result is one that the code sees through. One that changes no answer is dead.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, replace

from . import history as _history
from .moods import CHOICES, Moods
from .refusals import REASONS
from .simulate import simulate

# A mood or an actor is compared with a history without it; that doubles the work, so it is done for some histories only.
EVERY = 5


def counted(seeds) -> Counter:
    """Numbers of occurrences, by (group, name)."""
    counts: Counter = Counter()
    for seed in seeds:
        _count(_history.draw(seed), counts, seed % EVERY == 0)
    return counts


def _count(history, counts, compares) -> None:
    story = simulate(history)
    plain = asdict(Moods())
    unusual = {name: value for name, value in asdict(history.moods).items() if value != plain[name]}
    for name, value in unusual.items():
        counts["mood", f"{name}={value}"] += 1
        if compares:
            counts["compared", f"{name}={value}"] += 1
            without = simulate(replace(history, moods=replace(history.moods, **{name: plain[name]})))
            counts["mood changes an answer", f"{name}={value}"] += without.answers != story.answers
            counts["mood changes a result", f"{name}={value}"] += _told(without) != _told(story)
    for fault in history.faults.values():
        counts["fault drawn", fault] += 1
    for fault in story.fired:
        counts["fault fired", fault] += 1
    for name in (*history.actors, *(f"edit: {edit}" for edit in history.edits), *(f"option: {name}" for name in history.options)):
        counts["actor, edit or option", name] += 1
    for run, outcome in story.outcomes.items():
        result = outcome.result
        ended = "killed" if result is None else "failed" if result.get("failed") else "changed" if result["changed"] else "unchanged"
        counts["run", f"{run}: {ended}"] += 1
        for step in (result or {}).get("steps", ()):
            counts["step", f"{step['action']}: {step['outcome']}"] += 1
        for finding in (result or {}).get("findings", ()):
            counts["finding", finding["id"]] += 1
    clean = story.outcomes["clean"].result
    if clean.get("failed"):
        counts["refusal of a clean run", clean["findings"][0]["id"]] += 1


def _told(story) -> tuple:
    """What runs report and what is stored at the end, for a comparison of two histories."""
    results = [(name, outcome.calls, outcome.writes, str((outcome.result or {}).get("steps")), outcome.killed) for name, outcome in story.outcomes.items()]
    findings = [[finding["id"] for finding in (outcome.result or {}).get("findings", ())] for outcome in story.outcomes.values()]
    return results, findings, story.model.state()


def dead(counts) -> list:
    """The moods, faults, edits and reasons for refusals that never occurred or never changed an answer."""
    plain = asdict(Moods())
    moods = [f"{name}={value}" for name, values in CHOICES.items() for value in values if value != plain[name]]
    found = [f"mood {mood}" for mood in moods if not counts["mood changes an answer", mood]]
    found += [f"fault {fault}" for fault in _history.FAULTS if not counts["fault fired", fault]]
    found += [f"edit {edit}" for edit in _history.EDITS if not counts["actor, edit or option", f"edit: {edit}"]]
    return found + [f"reason for {id_}" for id_ in REASONS if not counts["refusal of a clean run", id_]]


def shown(counts) -> str:
    """The numbers as a person reads them, and what is dead."""
    lines = []
    for group in dict.fromkeys(group for group, _name in sorted(counts)):
        lines.append(f"{group}:")
        for (other, name), number in sorted(counts.items()):
            if other == group:
                lines.append(f"  {number:7} {name}")
    return "\n".join([*lines, f"never: {', '.join(dead(counts)) or 'nothing'}"])
