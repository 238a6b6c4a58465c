# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How two mapping files of one kind differ by meaning, in plain sentences. Private to the collection."""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.docbits.ion.plugins.module_utils._core.text import normal_text
from ansible_collections.docbits.ion.plugins.module_utils._mapping import bod, dialect, toml
from ansible_collections.docbits.ion.plugins.module_utils._mapping.judge import BOD, LAYOUTS, M3_TOML
from ansible_collections.docbits.ion.plugins.module_utils._mapping.properties import parse
from ansible_collections.docbits.ion.plugins.module_utils._mapping.rules import shown

# A value longer than this is cut in a sentence; no mapping has one.
LONGEST_VALUE = 1000

# The aspect of a name that stands in its list; such a value says nothing by itself.
LISTED = "listed"


@dataclass(frozen=True)
class Change:
    """One difference in meaning.

    what:   what it is about, for example C(index field INVOICE_ID)
    aspect: which side of it, for example C(target); empty where the whole of it was added or removed
    before: as text, or C(None) where it was not there
    after:  likewise
    """

    what: str
    aspect: str
    before: str | None
    after: str | None

    def sentence(self) -> str:
        """The change as a person reads it, without a full stop."""
        if not self.aspect:
            verb, content = ("added", self.after) if self.before is None else ("removed", self.before)
            return f"{shown(self.what)} {verb}" + (f" ({content})" if content else "")
        if self.aspect == LISTED:
            return f"{shown(self.what)}: " + ("listed now" if self.before is None else "no longer listed")
        return f"{shown(self.what)}: {self.aspect} {_displayed(self.before)} -> {_displayed(self.after)}"


@dataclass(frozen=True)
class OtherChange:
    """A difference that cannot be told by meaning."""

    text: str

    def sentence(self) -> str:
        """The change as a person reads it, without a full stop."""
        return self.text


ONLY_FORM = OtherChange("only comments, blanks or the order of lines differ")
UNREADABLE = OtherChange("the text differs; it cannot be compared by meaning")


def same(before, after) -> bool:
    """Whether an uploaded and a stored mapping are equal: their text is, after newline normalisation."""
    return normal_text(before) == normal_text(after)


def differences(kind, before, after) -> list:
    """What changes from one mapping to the other: sorted L(Change)s, or one L(OtherChange). Pure, never raises.

    Empty only where both are equal (L(same)). A mapping that is C(None) is not there: everything is added or removed.
    """
    if before is not None and after is not None and same(before, after):
        return []
    meanings = [{} if content is None else meaning(kind, content) for content in (before, after)]
    if None in meanings:
        return [UNREADABLE]
    old, new = meanings
    changes = []
    for what in sorted(old.keys() | new.keys()):
        changes.extend(_changes(what, old.get(what), new.get(what)))
    return changes or [ONLY_FORM]


def sentences(kind, before, after) -> list:
    """The same as plain sentences, for C(--diff)."""
    return [change.sentence() for change in differences(kind, before, after)]


def _changes(what, old, new):
    if old is None:
        yield Change(what, "", None, _summary(new))
    elif new is None:
        yield Change(what, "", _summary(old), None)
    else:
        for aspect in sorted(old.keys() | new.keys()):
            if old.get(aspect) != new.get(aspect):
                yield Change(what, aspect, old.get(aspect), new.get(aspect))


def _summary(aspects) -> str:
    return ", ".join(f"{aspect} {_displayed(value)}" for aspect, value in sorted(aspects.items()) if aspect != LISTED)


def _displayed(value) -> str:
    """A value in a sentence; in quotes where its blanks would not be seen."""
    if value is None:
        return "none"
    text = shown(value, LONGEST_VALUE)
    return text if text and text == text.strip() else f"'{text}'"


def meaning(kind, content):
    """What a mapping says: C({what: {aspect: text}}); C(None) where it cannot be read as this kind."""
    text, _found = dialect.readable(content)
    if text is None:
        return None
    if kind == M3_TOML:
        tables, _found = toml.read(text)
        return None if tables is None else _toml_meaning(tables)
    return _properties_meaning(kind, parse(text)) if kind in LAYOUTS else None


def _properties_meaning(kind, properties) -> dict:
    layout = LAYOUTS[kind]
    sections = layout.sections + (tuple(bod.table_sections(properties)) if kind == BOD else ())
    meaning: dict = {}
    told = {section_key for section in sections for section_key in section.list_keys}
    for section in sections:
        for item in section.items(properties):
            aspects = meaning.setdefault(f"{section.word} {item.name}", {})
            aspects[LISTED] = "yes"
            if item.type:
                aspects["type"] = item.type
            for part in section.parts:
                key = part.key(item.name)
                if key in properties:
                    aspects[part.word] = properties.get(key).value
                    told.add(key)
    for key in properties.keys():
        if key not in told:
            what, aspect = _place(kind, layout, key)
            meaning.setdefault(what, {})[aspect] = properties.get(key).value
    return meaning


def _place(kind, layout, key):
    """What a line speaks of whose name stands in no list: C((what, aspect))."""
    column = bod.TABLE_COLUMN.fullmatch(key) if kind == BOD else None
    if column:
        return f"table {column.group(1)} column {column.group(2)}", "target"
    companions = layout.companions(key)
    if companions:
        section, part, name = companions[0]
        return f"{section.word} {name}", part.word
    if key in layout.single_keys:
        return key, "value"
    return f"{layout.other_word} {key}", layout.other_part


def _toml_meaning(tables) -> dict:
    """Each value by its dotted name; the fields of a section by their section."""
    meaning: dict = {}
    waiting = [((), tables)]
    while waiting:
        path, table = waiting.pop()
        for key, value in table.items():
            place = (*path, key)
            if isinstance(value, dict):
                waiting.append((place, value))
            elif isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
                waiting.extend(((*path, f"{key}[{number}]"), item) for number, item in enumerate(value, start=1))
            else:
                meaning[_toml_place(place)] = {"value": _toml_text(value)}
    return meaning


def _toml_place(place) -> str:
    """A field of a section in the words of the other mappings, anything else by its dotted name."""
    if len(place) == 4 and place[::2] == (toml.ROOT, "fields"):
        return f"{place[1]} field {place[3]}"
    return ".".join(place)


def _toml_text(value) -> str:
    if isinstance(value, str):
        return value
    try:
        return repr(value)
    except (ValueError, RecursionError):  # a number or a list that Python will not write out
        return "(too long to show)"
