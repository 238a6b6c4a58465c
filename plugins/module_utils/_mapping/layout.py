# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The shape that all `.properties` mappings share: lists of names, and companion lines for each name. Private to the collection."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True)
class Part:
    """One companion line of a listed name: C(<prefix><name><suffix>=...).

    word:     what the line tells about the name
    required: whether each listed name must have it
    """

    prefix: str
    word: str
    suffix: str = ""
    required: bool = True

    def key(self, name) -> str:
        """The key of this line for a name."""
        return self.prefix + name + self.suffix

    def name_in(self, key) -> str:
        """The name that a key of this line speaks of, or an empty string where the key is another line's."""
        if self.prefix and key.startswith(self.prefix) and key.endswith(self.suffix):
            return key[len(self.prefix) : len(key) - len(self.suffix)]
        return ""


@dataclass(frozen=True)
class Section:
    """A list and its companion lines.

    word:      what one listed name is
    list_keys: the key of the list, and after it other spellings that the vendor's own files use
    """

    word: str
    list_keys: tuple
    parts: tuple

    @property
    def list_key(self) -> str:
        """The key of the list as it should be spelt."""
        return self.list_keys[0]

    def items(self, properties) -> list:
        """Every listed L(Item), under any spelling of the list's key."""
        return [item for key in self.list_keys for item in properties.items(key)]

    def missing(self, properties):
        """Yields C((item, key)) for each required companion line that a listed name lacks; each name once."""
        for item in {item.name: item for item in self.items(properties)}.values():
            for part in self.parts:
                if part.required and part.key(item.name) not in properties:
                    yield item, part.key(item.name)


@dataclass(frozen=True)
class Layout:
    """Everything that can stand in a mapping of one kind.

    single_keys: keys that are neither a list nor a companion line
    other_word:  what a key is that is none of these
    other_part:  what its value is
    """

    sections: tuple
    single_keys: tuple
    other_word: str = "key"
    other_part: str = "value"

    @property
    def list_keys(self) -> tuple:
        """Every list key, in every spelling."""
        return tuple(key for section in self.sections for key in section.list_keys)

    @cached_property
    def fixed_keys(self) -> frozenset:
        """Every key that has no name in it."""
        return frozenset(self.list_keys).union(self.single_keys)

    @cached_property
    def prefixes(self) -> tuple:
        """What a companion line can begin with."""
        return tuple({part.prefix for section in self.sections for part in section.parts if part.prefix})

    def companions(self, key) -> list:
        """C((section, part, name)) for each section whose companion line O(key) could be."""
        if not key.startswith(self.prefixes):
            return []
        candidates = ((section, part, part.name_in(key)) for section in self.sections for part in section.parts)
        return [candidate for candidate in candidates if candidate[2]]


def unlisted(properties, layout):
    """Yields C((entry, section, name)) for each companion line whose name stands in no list of its sections."""
    listed = {section.list_key: {item.name for item in section.items(properties)} for section in layout.sections}
    fixed = layout.fixed_keys
    for key in properties.keys():
        if key in fixed:
            continue
        companions = layout.companions(key)
        if companions and not any(name in listed[section.list_key] for section, _part, name in companions):
            section, _part, name = companions[0]
            yield properties.get(key), section, name


def defined_names(properties, layout) -> dict:
    """C((entry, name)) of each companion line, listed or not, by the list key of its section."""
    defined: dict = {section.list_key: [] for section in layout.sections}
    for key in properties.keys():
        for section, _part, name in layout.companions(key):
            defined[section.list_key].append((properties.get(key), name))
    return defined


def others(properties, layout):
    """Yields each entry whose key is neither fixed nor a companion line."""
    fixed = layout.fixed_keys
    for key in properties.keys():
        if key and key not in fixed and not layout.companions(key):
            yield properties.get(key)


def in_case(properties, key) -> str:
    """The end of a message that points at a key that differs from O(key) only in case, or an empty string."""
    twin = properties.twin(key)
    return f"; line {properties.line(twin)} has it in other case" if twin else ""
