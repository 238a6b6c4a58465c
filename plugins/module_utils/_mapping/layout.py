# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The layout that all `.properties` mappings share: lists of names, and companion lines for each name. Private to the collection."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from ansible_collections.docbits.ion.plugins.module_utils._core.rules import plain_name


@dataclass(frozen=True)
class Part:
    """A companion line of a listed name: <prefix><name><suffix>=...

    aspect:   what the line defines for the name, such as "target"
    required: whether each listed name must have the line
    """

    prefix: str
    aspect: str
    suffix: str = ""
    required: bool = True

    def key(self, name) -> str:
        """The key of this line for a name."""
        return self.prefix + name + self.suffix

    def name_in(self, key) -> str:
        """The name in a key of this line, or an empty string if the key is for another line."""
        if self.prefix and key.startswith(self.prefix) and key.endswith(self.suffix):
            return key[len(self.prefix) : len(key) - len(self.suffix)]
        return ""


@dataclass(frozen=True)
class Section:
    """A list and its companion lines.

    label:     what a listed name is, such as "index field"
    list_keys: the key of the list, then other spellings in the vendor's files
    """

    label: str
    list_keys: tuple
    parts: tuple

    @property
    def list_key(self) -> str:
        """The key of the list in its right spelling."""
        return self.list_keys[0]

    def items(self, properties) -> list:
        """Every listed `Item`, under any spelling of the list key."""
        return [item for key in self.list_keys for item in properties.items(key)]

    def missing(self, properties):
        """Yields (item, key) for each required companion line that a listed name lacks; each name once."""
        for item in {item.name: item for item in self.items(properties)}.values():
            for part in self.parts:
                if part.required and part.key(item.name) not in properties:
                    yield item, part.key(item.name)


@dataclass(frozen=True)
class Layout:
    """The keys of a mapping of one kind.

    single_keys:  keys that are neither a list nor a companion line
    other_label:  what any other key is
    other_aspect: what its value is
    """

    sections: tuple
    single_keys: tuple
    other_label: str = "key"
    other_aspect: str = "value"

    @property
    def list_keys(self) -> tuple:
        """Every list key, in every spelling."""
        return tuple(key for section in self.sections for key in section.list_keys)

    @cached_property
    def fixed_keys(self) -> frozenset:
        """Every key that does not contain a name."""
        return frozenset(self.list_keys).union(self.single_keys)

    @cached_property
    def prefixes(self) -> tuple:
        """The prefixes of companion lines."""
        return tuple({part.prefix for section in self.sections for part in section.parts if part.prefix})

    def companions(self, key) -> list:
        """A list of (section, part, name) for each companion line that `key` could be."""
        if not key.startswith(self.prefixes):
            return []
        candidates = ((section, part, part.name_in(key)) for section in self.sections for part in section.parts)
        return [candidate for candidate in candidates if candidate[2]]


def unlisted(properties, layout):
    """Yields (entry, section) for each companion line whose name is not in a list of its sections."""
    listed = {section.list_key: {item.name for item in section.items(properties)} for section in layout.sections}
    fixed = layout.fixed_keys
    for key in properties.keys():
        if key in fixed:
            continue
        companions = layout.companions(key)
        if companions and not any(name in listed[section.list_key] for section, _part, name in companions):
            yield properties.get(key), companions[0][0]


def defined_names(properties, layout) -> dict:
    """List key to a list of (entry, name), for each companion line, listed or not."""
    defined: dict = {section.list_key: [] for section in layout.sections}
    for key in properties.keys():
        for section, _part, name in layout.companions(key):
            defined[section.list_key].append((properties.get(key), name))
    return defined


def others(properties, layout):
    """Yields each `Entry` whose key is neither fixed nor a companion line."""
    fixed = layout.fixed_keys
    for key in properties.keys():
        if key and key not in fixed and not layout.companions(key):
            yield properties.get(key)


def missing_line(rule, properties, item, key, case=""):
    """The `Violation` of a rule with the message `MISSING_LINE`: `item` is listed, but its line `key` is missing."""
    return rule.violation(item.list_key, item.line, case, item=plain_name(item.name), line_key=plain_name(key), hint=case_hint(properties, key))


def case_hint(properties, key) -> str:
    """The end of a message that refers to a key that differs from `key` only in case, or an empty string."""
    twin = properties.twin(key)
    return f"; line {properties.line(twin)} has it in another case" if twin else ""
