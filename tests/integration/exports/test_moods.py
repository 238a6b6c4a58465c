# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A sample of the simulation's moods, played by the real simulator over TLS and judged from its stored state by the simulation's invariants."""

from __future__ import annotations

import itertools
import random
import time
import uuid
from dataclasses import replace
from types import SimpleNamespace

import pytest
from simulation import history as histories
from simulation.fulfilled import identity, identity_of_row, unfulfilled
from simulation.invariants import violations
from simulation.model import DOCUMENT_TYPES, FIELDS_OF, PAGE, SUB_ORGANISATIONS, Row
from simulation.moods import CHOICES, Moods
from simulation.simulate import Outcome, Story

from ansible_collections.docbits.ion.plugins.module_utils._ionapi.form import Expectations
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.parser import parse
from integration.exports.stand import ionapi_text, mapping_texts

COMBINATIONS = 40
# The simulation's seconds are virtual; these are real, and in the same relation.
SECONDS = 0.2
SETTLE_TIMEOUT = 5.0 * SECONDS
# Number of a combination to whether a run wrote and succeeded.
OUTCOMES: dict = {}
KEYS = {key for fields in FIELDS_OF.values() for key in fields if key != "on_permise"}


def combinations() -> list:
    """Moods of which each has two to four that are not plain; every choice is in one of them."""
    chance = random.Random("moods")
    choices = [(name, value) for name, values in CHOICES.items() for value in values[1:] if not is_simulated_only(name, value)]
    chance.shuffle(choices)
    drawn: list = [{} for _number in range(COMBINATIONS)]
    for number, (name, value) in enumerate(choices):
        next(moods for moods in drawn[number % COMBINATIONS :] + drawn if name not in moods)[name] = value
    for moods in drawn:
        for name, value in chance.sample(choices, 2):
            moods.setdefault(name, value)
    for moods in drawn:
        if "pages" in str(moods.get("list_shape")):
            moods["shuffled"] = False
        if moods.get("update") == "drops":
            moods["lag"] = 0.0
    return [Moods(**moods) for moods in drawn]


# The simulation has further moods, which the simulator has not, and the contract of the simulator has ids of one type.
ONLY_SIMULATED = {"ids", "alternates", "conflicts", "lists_inactive", "lists_sub_organisations", "removes", "switch", "update_id"}
ONLY_SIMULATED_CHOICES = {
    "create_answer": ("task_id", "other_id"),
    "update": ("activates", "deactivates"),
    "download": ("another",),
    "list_shape": ("silent_pages",),
}


def is_simulated_only(name, value) -> bool:
    """Whether the simulator cannot play a choice of a mood."""
    return name in ONLY_SIMULATED or value in ONLY_SIMULATED_CHOICES.get(name, ())


def switches(moods: Moods) -> dict:
    """The moods as switches of an organisation in the simulator."""
    shared = set(CHOICES) - ONLY_SIMULATED - {"download_of", "lag", "update", "new_active", "one_active"}
    return {
        **{name: getattr(moods, name) for name in shared},
        "download_of": "ion_api" if moods.download_of == "secret" else "all",
        "lag": moods.lag * SECONDS,
        "on_update": "drops" if moods.update == "drops" else "empty_clears",
        "active_on_create": moods.new_active,
        "one_active": {"no": False, "active": True}.get(moods.one_active, moods.one_active),
    }


def meant(history) -> list:
    """Pairs of a declared item and the row that it means, or None."""
    return [
        (item, next((row for row in history.rows if row.id == item[2] or (item[2] is None and identity_of_row(row) == identity(item[0]))), None))
        for item in history.declared
    ]


def fits(history, moods) -> bool:
    """Whether a history meets its moods: a removal, an update beside undeclared values, or both an existing and a new export."""
    pairs = meant(history)
    present = [(item, row) for item, row in pairs if item[3] == "present"]
    if moods.deleted_rows:
        return any(row and item[3] == "absent" for item, row in pairs)
    if moods.update == "drops":
        return any(row and row.active and "execution_order" in row.values and "execution_order" not in item[0] for item, row in present)
    return any(row for _item, row in present) and any(row is None for _item, row in present)


def story_of(seed, moods, simulator, monkeypatch):
    """The first history from the seed on that meets the moods, with ids and files that the simulator takes."""
    monkeypatch.setattr(histories._moods, "draw", lambda _chance, *_within: moods)
    history = next(found for number in itertools.count(seed) if fits(found := histories.draw(number), moods))
    texts = {}
    for number in range(2):
        texts[histories.ionapi(number)] = parse(ionapi_text(simulator), "ionapi", Expectations(allow_insecure=True)).ionapi.document
        for name, pattern in (("idm", histories.IDM), ("bod", histories.BOD)):
            texts[pattern.format(number)] = mapping(name, number)
    ids = {row.id: str(uuid.UUID(int=int(row.id))) for row in history.rows}

    def taken(files):
        return {name: texts.get(text, text) for name, text in files.items()}

    rows = tuple(replace(row, id=ids[row.id], files=taken(row.files)) for row in history.rows)
    declared = tuple((fields, taken(files), ids.get(id_), state) for fields, files, id_, state in history.declared)
    return replace(history, rows=rows, declared=declared, faults={}, actors=(), edits=())


def mapping(name, number) -> str:
    """A good mapping for both document types."""
    text = mapping_texts()[f"{name}_mapping"].replace("=100\n", f"=10{number}\n")
    line = next(line for line in text.split("\n") if line.startswith("INVOICE="))
    return text.replace(line, f"{line}\nCREDIT_NOTE={line.partition('=')[2]}") if name == "idm" else text


class Stored:
    """What the simulator stores, as the simulation's invariants read it from a model."""

    def __init__(self, stand, moods) -> None:
        self.moods = moods
        self._stand = stand

    @property
    def rows(self) -> dict:
        """Every export by id."""
        return {
            record["id"]: Row(record["id"], record["export_method"], {key: record.get(key) for key in KEYS}, record["is_active"], record["files"])
            for record in self._stand.stored()
        }

    every_row = rows

    def state(self) -> dict:
        """As in the model."""
        return {id_: row.state() for id_, row in self.rows.items()}

    def visible_state(self) -> dict:
        """As in the model: without the rows that the list does not show."""
        rows = [row for row in self.rows.values() if self.moods.lists_inactive or row.active]
        return {row.id: row.state() for row in (rows[:PAGE] if self.moods.list_shape == "silent_pages" else rows)}


class Play:
    """One history on the simulator."""

    def __init__(self, make_stand, simulator, history) -> None:
        self.history, self.simulator = history, simulator
        self.stand = make_stand(
            "current-paged" if history.moods.list_shape == "pages" else "current",
            document_types=[{"document_key": key, "title": title} for key, title in DOCUMENT_TYPES.items()],
            sub_organisations=[{"id": id_, "name": name} for id_, name in SUB_ORGANISATIONS.items()],
            switches=switches(history.moods),
            exports=[{"id": row.id, "export_method": row.method, "is_active": row.active, **row.values, "files": row.files} for row in history.rows],
        )
        self.model = Stored(self.stand, history.moods)
        self.fingerprints: dict = {}
        self.story = Story(history, self.model, self.model.state())

    def run(self, name, check=False) -> None:
        """Run the declaration, and keep what it reported beside what is stored."""
        before, seen, began = self.model.visible_state(), self.simulator.last(), time.monotonic()
        exports = [
            {**fields, **{f"{file}_content": text for file, text in files.items()}, "id": id_, "state": state}
            for fields, files, id_, state in self.history.declared
        ]
        # What a user sets after reading the messages of a run.
        overrides = {"booleans": {"ja": "true", "nein": "false"}} if self.history.moods.booleans == "unknown" else {}
        overrides |= {} if self.history.moods.nulls else {"records": {"sub_organisation": "sub_org_id"}}
        options = {**self.history.options, "contract_overrides": overrides, "diff_mappings": "meaning"}
        result = self.stand.run(exports, check, settle_timeout=SETTLE_TIMEOUT, fingerprints=self.fingerprints, **options)
        for export, entries in (result.get("fingerprints") or {}).items():
            known = {**self.fingerprints.get(export, {}), **entries}
            self.fingerprints[export] = {key: text for key, text in known.items() if text is not None}
        errors = [SimpleNamespace(**finding) for finding in result.get("findings", ()) if finding["level"] == "error"]
        self.story.outcomes[name] = Outcome(
            result=result,
            error=SimpleNamespace(findings=errors),
            before=before,
            after=self.model.visible_state(),
            stored=self.model.state(),
            later=self.model.visible_state(),
            writes=len(self.stand.calls(seen)),
            calls=len(self.simulator.journal(seen)),
            seconds=time.monotonic() - began,
            check_mode=check,
            solo=True,
            killed=False,
            unfulfilled=[] if check else unfulfilled(self.story),
        )
        time.sleep(self.history.moods.lag * SECONDS)


def shown(moods) -> str:
    return ",".join(f"{name}={getattr(moods, name)}" for name in CHOICES if getattr(moods, name) != CHOICES[name][0])


@pytest.mark.parametrize(("number", "moods"), list(enumerate(combinations())), ids=[f"{number}:{shown(moods)}" for number, moods in enumerate(combinations())])
def test_run_in_moods_of_docbits_keeps_the_guarantees(make_stand, simulator, monkeypatch, number, moods):
    play = Play(make_stand, simulator, story_of(1000 * number, moods, simulator, monkeypatch))
    play.run("check", check=True)
    for name in ("run", "clean", "again"):
        play.run(name)
    OUTCOMES[number] = any(outcome.writes and not outcome.result.get("failed") for outcome in play.story.outcomes.values())
    reported = [(name, outcome.result.get("msg"), outcome.result.get("steps")) for name, outcome in play.story.outcomes.items()]
    assert violations(play.story) == [], reported


def test_most_combinations_are_served():
    """Refusing everything would pass above."""
    served = [number for number in range(COMBINATIONS) if OUTCOMES.get(number)]
    if len(OUTCOMES) < COMBINATIONS:
        pytest.skip("only a part of the combinations ran in this process")
    assert len(served) > 0.6 * COMBINATIONS, OUTCOMES


def test_combinations_have_every_choice():
    drawn = combinations()
    for name, values in CHOICES.items():
        if name not in ONLY_SIMULATED:
            played = {value for value in values if not is_simulated_only(name, value)}
            assert {getattr(moods, name) for moods in drawn} == played, name
