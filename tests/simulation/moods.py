# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the model DocBits behaves: every open question of its contract with its possible answers."""

from __future__ import annotations

from dataclasses import dataclass, fields

DOWNLOADS = (
    "bytes",
    "envelope",
    "json_string",
    "base64",
    "url",
    "masked",
    "partly_masked",
    "left_out",
    "forbidden",
    "not_found",
    "bom",
    "crlf",
    "trimmed",
    "java",
    "another",
)


@dataclass(frozen=True)
class Moods:
    """One behaviour. The first choice of each is the plain one.

    download:        what a download gives; download_of says of which files, the others come as bytes
    list_shape:      where the list is in its answer
    nulls:           whether a record has keys without a value
    further_keys:    whether records have keys that are aliases of other fields
    deleted_rows:    whether removed exports stay in the list, marked
    lists_inactive:  whether inactive exports are in the list
    masked:          which values of records are masked
    shuffled:        whether each list has another order
    lag:             seconds that the list is behind
    empty:           the answer for an organisation without exports
    ids:             type of ids in answers
    booleans:        words for flags
    methods:         words for export_method
    types:           how records name document types
    trims_titles:    whether titles lose their blanks
    create_answer:   what a create answers
    update:          whether an update keeps or drops what it does not send, or activates or deactivates the export
    new_active:      whether a new export is active
    one_active:      whether a second active export of a document type is refused, whether that holds for creating an inactive one as well, or
                     whether the second one replaces the first one
    own_checks:      whether validate and test_infor_connection refuse everything
    alternates:      whether every second list is up to date where the others are behind
    lists_sub_organisations: whether exports of sub-organisations are in the list
    switch:          whether the call that sets activity sets it or toggles it
    update_id:       whether an update knows its export; under another name of the field it creates a second one
    removes:         whether a removal removes, or is only said to
    conflicts:       what becomes of a write right after one of somebody else to the same export
    """

    download: str = "bytes"
    download_of: str = "all"
    list_shape: str = "data"
    nulls: bool = True
    further_keys: bool = False
    deleted_rows: bool = False
    lists_inactive: bool = True
    masked: str = "nothing"
    shuffled: bool = False
    lag: float = 0.0
    empty: str = "list"
    ids: str = "integer"
    booleans: str = "json"
    methods: str = "known"
    types: str = "key"
    trims_titles: bool = False
    create_answer: str = "record"
    update: str = "keeps"
    new_active: bool = True
    one_active: str = "no"
    own_checks: str = "succeed"
    alternates: bool = False
    lists_sub_organisations: bool = True
    switch: str = "sets"
    update_id: str = "known"
    removes: bool = True
    conflicts: str = "last wins"


CHOICES = {
    "download": DOWNLOADS,
    "download_of": ("all", "secret"),
    "list_shape": ("data", "bare", "configurations", "items", "nested", "pages", "silent_pages"),
    "nulls": (True, False),
    "further_keys": (False, True),
    "deleted_rows": (False, True),
    "lists_inactive": (True, False),
    "masked": ("nothing", "url", "username"),
    "shuffled": (False, True),
    "lag": (0.0, 0.5, 2.0, 4.0),
    "empty": ("list", "null", "no_data", "nothing"),
    "ids": ("integer", "string", "uuid"),
    "booleans": ("json", "lower", "title", "number", "letter", "unknown"),
    "methods": ("known", "other_case", "unknown"),
    "types": ("key", "title", "lower"),
    "trims_titles": (False, True),
    "create_answer": ("record", "id", "null_id", "empty", "no_content", "text", "refusal", "task_id", "other_id"),
    "update": ("keeps", "drops", "activates", "deactivates"),
    "new_active": (True, False),
    "one_active": ("no", "active", "any", "replaces"),
    "own_checks": ("succeed", "refuse"),
    "alternates": (False, True),
    "lists_sub_organisations": (True, False),
    "switch": ("sets", "toggles"),
    "update_id": ("known", "renamed"),
    "removes": (True, False),
    "conflicts": ("last wins", "refused"),
}

assert list(CHOICES) == [field.name for field in fields(Moods)]


def draw(chance, choices=None) -> Moods:
    """Moods of which a few are not plain, so that a failing history has few causes.

    choices: name of a mood to its choices, where not all moods and choices are wanted; each of these is drawn
    """
    unusual = chance.sample(list(CHOICES), chance.choice((0, 1, 1, 2, 2, 3, 4, 6))) if choices is None else list(choices)
    moods = {name: chance.choice((choices or CHOICES)[name]) for name in unusual}
    if moods.get("alternates"):
        moods.setdefault("lag", 2.0)
    if "pages" in str(moods.get("list_shape")):
        # Pages of a list whose order changes cannot be put together by anybody.
        moods["shuffled"] = False
    if moods.get("update", "keeps") != "keeps":
        # What an update of a file drops does not show in a list that is behind, and nothing says that the list is behind.
        moods["lag"] = 0.0
    if moods.get("create_answer") == "text" and (
        not moods.get("lists_inactive", True) or not moods.get("lists_sub_organisations", True) or moods.get("list_shape") == "silent_pages"
    ):
        # A text may come from a proxy, so the next run creates again what is not listed.
        moods["create_answer"] = "record"
    return Moods(**moods)
