# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parser for the dialect of `.properties` that DocBits reads: keys, values and lists, with line numbers. Private to the collection."""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.docbits.ion.plugins.module_utils._core.text import normal_text


@dataclass(frozen=True)
class Entry:
    """One key=value line.

    line:  counted from 1
    value: without leading blanks; trailing blanks are kept, because vendor files use them (`SV_FileNameSeparator=_ `)
    """

    line: int
    key: str
    value: str

    @property
    def text(self) -> str:
        """The value without surrounding blanks."""
        return self.value.strip()


@dataclass(frozen=True)
class Item:
    """One name in a list such as `Index_Fields=INVOICE_ID:STRING`, with the type after the colon or an empty string."""

    name: str
    type: str
    line: int
    list_key: str


class Properties:
    """A parsed file. If a key occurs several times, the last line is used [assumed].

    entries:    every `Entry`, in file order
    bare_lines: numbers of the lines that are neither empty, a comment nor key=value
    repeated:   (entry, previous entry) for each repetition of a key
    """

    def __init__(self, entries, bare_lines) -> None:
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
        """Every key once, in the order of its first line."""
        return self._by_key.keys()

    def get(self, key):
        """The `Entry` of a key, or None."""
        return self._by_key.get(key)

    def text(self, key) -> str:
        """The value of a key without surrounding blanks; an empty string if the key is missing."""
        entry = self._by_key.get(key)
        return entry.text if entry else ""

    def line(self, key) -> int:
        """The line of a key, or 0 if it is missing."""
        entry = self._by_key.get(key)
        return entry.line if entry else 0

    def twin(self, key) -> str:
        """A key of this file that differs from `key` only in case, or an empty string."""
        found = self._by_lower_case.get(key.lower(), "")
        return "" if found == key else found

    def items(self, list_key) -> list:
        """The `Item`s of a list, without empty ones."""
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
    """Parse bytes or text. Never raises, and takes time linear in the length.

    "#" starts a comment only as the first character of a line that is not a blank. The first "=" separates key and value. A
    backslash is an ordinary character, so a line does not continue on the next one.
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
