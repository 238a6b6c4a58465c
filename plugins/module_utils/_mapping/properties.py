# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The dialect of `.properties` that DocBits reads: lines, keys, values and lists, with line numbers. Private to the collection."""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.docbits.ion.plugins.module_utils._core.text import normal_text


@dataclass(frozen=True)
class Entry:
    """One C(key=value) line.

    line:  counted from 1
    value: blanks before it dropped, blanks after it kept, since vendor files use them (C(SV_FileNameSeparator=_ ))
    """

    line: int
    key: str
    value: str

    @property
    def text(self) -> str:
        """The value without the blanks around it."""
        return self.value.strip()


@dataclass(frozen=True)
class Item:
    """One name in a list such as C(Index_Fields=INVOICE_ID:STRING), with the type after its colon or an empty string."""

    name: str
    type: str
    line: int
    list_key: str


class Properties:
    """A parsed file. Where a key stands twice, the last line counts [assumed]; the earlier ones are in C(repeated)."""

    def __init__(self, entries, bare_lines) -> None:
        """O(entries) in file order; O(bare_lines) are the numbers of lines that are neither empty, comment nor key=value."""
        self.entries = tuple(entries)
        self.bare_lines = tuple(bare_lines)
        self.repeated: list = []
        self._by_key: dict = {}
        self._by_lower_case: dict = {}
        for entry in self.entries:
            if entry.key in self._by_key:
                self.repeated.append((entry, self._by_key[entry.key]))
            self._by_key[entry.key] = entry
            self._by_lower_case.setdefault(entry.key.lower(), entry.key)

    def __contains__(self, key) -> bool:
        return key in self._by_key

    def keys(self):
        """Every key once, in the order in which they first stand in the file."""
        return self._by_key.keys()

    def get(self, key):
        """The L(Entry) of a key, or C(None)."""
        return self._by_key.get(key)

    def text(self, key) -> str:
        """The value of a key without blanks around it; an empty string where the key is missing."""
        entry = self._by_key.get(key)
        return entry.text if entry else ""

    def line(self, key) -> int:
        """The line of a key, or 0 where it is missing."""
        entry = self._by_key.get(key)
        return entry.line if entry else 0

    def twin(self, key) -> str:
        """A key of this file that differs from O(key) only in case, or an empty string."""
        found = self._by_lower_case.get(key.lower(), "")
        return "" if found == key else found

    def items(self, list_key) -> list:
        """The L(Item)s of a list; empty ones are left out."""
        entry = self._by_key.get(list_key)
        if entry is None:
            return []
        parts = (part.partition(":") for part in entry.value.split(","))
        return [Item(name.strip(), type_.strip(), entry.line, list_key) for name, _colon, type_ in parts if name.strip()]

    def has_empty_item(self, list_key) -> bool:
        """Whether a list that is not empty has a comma with nothing before or after it."""
        text = self.text(list_key)
        return bool(text) and not all(part.strip() for part in text.split(","))


def parse(content) -> Properties:
    """Read bytes or text. Never raises, and takes time in proportion to the length.

    C(#) starts a comment only as the first character of a line that is no blank; the first C(=) separates key from
    value; a backslash is an ordinary character, so no line goes on in the next one.
    """
    entries, bare_lines = [], []
    for number, line in enumerate(normal_text(content).split("\n"), start=1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        key, equals, value = line.partition("=")
        if equals:
            entries.append(Entry(number, key.strip(), value.lstrip()))
        else:
            bare_lines.append(number)
    return Properties(entries, bare_lines)
