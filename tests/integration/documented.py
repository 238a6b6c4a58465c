# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares results of real runs with the return values in the documentation of a module."""

from __future__ import annotations

import re
from functools import cache

import yaml

from ansible_collections.docbits.ion.tests.unit.test_consistency import PLUGINS, constant

TYPES = {"str": (str,), "bool": (bool,), "int": (int,), "float": (int, float), "list": (list,), "dict": (dict,)}
# Ansible documents these for all modules.
COMMON = ("changed", "diff", "exception", "failed", "invocation", "msg", "warnings")
# Documentation that is at another place: the description begins with "As RV(docbits.ion.MODULE#module:KEY.KEY)" or "As M(docbits.ion.MODULE)".
_REFERENCE = re.compile(r"As (?:RV|M)\(docbits\.ion\.(\w+)(?:#module:([\w.]+))?\)")
# A key that is data, such as HOST for the name of a host.
_ANY_KEY = re.compile(r"[A-Z_]+")


@cache
def returned(module: str) -> dict:
    """The return values of a module as documented."""
    return yaml.safe_load(constant(PLUGINS / f"modules/{module}.py", "RETURN"))


def resolved(entry: dict) -> dict:
    """The entry, with the keys and the sample of the one that it refers to."""
    reference = _REFERENCE.match(_description(entry))
    if not reference:
        return entry
    found = {"type": "dict", "contains": returned(reference[1])}
    for key in filter(None, (reference[2] or "").split(".")):
        found = resolved(found["contains"][key])
    assert (entry["type"], entry.get("elements")) == (found["type"], found.get("elements")), entry
    return {**found, **entry, **({"contains": {**found["contains"], **entry.get("contains", {})}} if "contains" in found else {})}


class Comparison:
    """What the documentation of a module says and what its results have, by place: the keys from the top, joined by dots.

    problems: what is not as documented, one line each
    """

    def __init__(self, module: str) -> None:
        self._entries = returned(module)
        self._values: dict = {}
        self.problems: list = []

    def add(self, result: dict) -> None:
        """Compare a result."""
        self._compare_keys(self._entries, result, "")

    def gaps(self) -> list:
        """The problems, the documented keys that no result had, those without a sample, and the samples that no result resembles."""
        return sorted({*self.problems, *self._gaps_of(self._entries, "", ())})

    def _compare_keys(self, entries, value, place) -> None:
        for key, inner in value.items():
            entry, name = _entry_of(entries, key)
            if entry is not None:
                self._compare(entry, inner, f"{place}{name}")
            elif key not in COMMON and not key.startswith("_ansible"):
                self.problems.append(f"{place}{key}: not documented")
        if value.get("failed") and "findings" not in value:
            # Ansible has refused the options.
            return
        for key, entry in entries.items():
            when = entry.get("returned", "always")
            is_due = when == "always" or (when == "success" and not value.get("failed"))
            if is_due and key not in value and not _ANY_KEY.fullmatch(key):
                self.problems.append(f"{place}{key}: not returned, although documented as returned {when}")

    def _compare(self, entry, value, place) -> None:
        entry = resolved(entry)
        if value is None:
            if "V(null)" not in _description(entry):
                self.problems.append(f"{place}: null, which is not documented")
            return
        self._values.setdefault(place, []).append(value)
        if entry["type"] != "raw" and type(value) not in TYPES[entry["type"]]:
            self.problems.append(f"{place}: {type(value).__name__}, documented as {entry['type']}")
        elif entry["type"] == "list":
            for item in value:
                self._compare_item(entry, item, place)
        elif entry["type"] == "dict":
            self._compare_keys(entry.get("contains", {}), value, f"{place}.")

    def _compare_item(self, entry, item, place) -> None:
        if type(item) not in TYPES[entry["elements"]]:
            self.problems.append(f"{place}[]: {type(item).__name__}, documented as {entry['elements']}")
        elif entry["elements"] == "dict":
            self._compare_keys(entry.get("contains", {}), item, f"{place}.")

    def _gaps_of(self, entries, place, samples):
        """samples: those of the entries around these"""
        for key, entry in entries.items():
            here = f"{place}{key}"
            if here not in self._values:
                yield f"{here}: documented, but no result has it"
            elif not _REFERENCE.match(_description(entry)):
                if "sample" in entry and not any(is_like(entry["sample"], value, entry) for value in self._values[here]):
                    yield f"{here}: no result is like the sample"
                own = [entry["sample"]] if "sample" in entry else [inner for sample in samples for inner in _inner(sample, key)]
                if not own and "contains" not in entry:
                    yield f"{here}: no sample"
                yield from self._gaps_of(entry.get("contains", {}), f"{here}.", own)


def is_like(sample, value, entry) -> bool:
    """Whether a sample has the keys and types of a value. Each item of a list is like one of the value."""
    entry = resolved(entry)
    if isinstance(sample, dict) and isinstance(value, dict):
        entries = entry.get("contains", {})
        if any(map(_ANY_KEY.fullmatch, entries)):
            [inner] = entries.values()
            return all(any(is_like(item, other, inner) for other in value.values()) for item in sample.values())
        return sample.keys() == value.keys() and all(is_like(sample[key], value[key], entries.get(key, {})) for key in sample)
    if isinstance(sample, list) and isinstance(value, list):
        return all(any(is_like(item, other, entry) for other in value) for item in sample)
    # A whole number of seconds is an int in YAML.
    return type(sample) is type(value) or (entry.get("type") == "float" and isinstance(sample, int))


def _description(entry) -> str:
    text = entry.get("description", "")
    return text if isinstance(text, str) else " ".join(text)


def _entry_of(entries, key) -> tuple:
    """(the entry of a key, or None; the name that the documentation has for the key)."""
    name = key if key in entries else next(filter(_ANY_KEY.fullmatch, entries), None)
    return entries.get(name), name


def _inner(sample, key) -> list:
    """The values of a key in a sample, or in the items of a sample."""
    found = sample if isinstance(sample, list) else [sample]
    dicts = [item for item in found if isinstance(item, dict)]
    if _ANY_KEY.fullmatch(key):
        return [value for item in dicts for value in item.values()]
    return [item[key] for item in dicts if key in item]
