# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Recorded answers of DocBits, and what can be read in them. Pure. Private to the collection."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import BadAnswer, IonError
from ansible_collections.docbits.ion.plugins.module_utils._docbits.answers import is_refusal, records_of
from ansible_collections.docbits.ion.plugins.module_utils._docbits.contract import PLAIN_METHODS, Contract, kind_and_deployment
from ansible_collections.docbits.ion.plugins.module_utils._docbits.observed import Names, operation_of, type_of
from ansible_collections.docbits.ion.plugins.module_utils._docbits.records import exports_in, key_of

# How the API document was read.
PUBLIC, WITH_KEY, NOT_READABLE, NOT_ASKED = "public", "only with an API key", "not readable", "not asked"

_MOST_LEVELS = 4


@dataclass(frozen=True)
class Observed:
    """Recorded answers, and what is needed to judge them.

    access:   how the API document was read: PUBLIC, WITH_KEY, NOT_READABLE or NOT_ASKED
    answers:  list of Answer, in order
    absent:   those of them that ask for a file that the export cannot have
    declared: the export that was declared, by the names in FIELDS; empty if only reading calls were sent
    """

    contract: Contract
    names: Names
    access: str
    answers: list
    absent: tuple = ()
    declared: dict = field(default_factory=dict)

    def of(self, *operations: str) -> list:
        """The answers of these operations."""
        return [answer for answer in self.answers if operation_of(answer, self.contract) in operations]

    def accepted(self, *operations: str) -> list:
        """The answers of these operations that are no refusals."""
        return [answer for answer in self.of(*operations) if not is_refusal(answer.response)]

    def since(self, answer) -> list:
        """The lists of exports that were read after an answer."""
        position = next(number for number, one in enumerate(self.answers) if one is answer)
        later = self.answers[position + 1 :]
        return [records for one in later if operation_of(one, self.contract) == "list" and (records := self.listed(one)) is not None]

    def listed(self, answer):
        """The records in the answer to a list operation, None if there are none to be found."""
        operation = operation_of(answer, self.contract) or ""
        path = self.contract.overrides.lists.get(operation)
        try:
            records = records_of(answer.response, operation, path)
        except IonError:
            return None
        return [record for record in records if isinstance(record, dict)] if operation == "list" else records

    @cached_property
    def records(self) -> list:
        """Every record of every list of exports, once."""
        found: list = []
        for answer in self.of("list"):
            found += [record for record in self.listed(answer) or () if record not in found]
        return found

    def key_of(self, name: str):
        """The key under which the records have a field, or None."""
        return key_of(name, self.records, self.contract)

    def values(self, name: str) -> list:
        """The values of a field in all records that have one."""
        key = self.key_of(name)
        return [record[key] for record in self.records if record.get(key) is not None]

    @cached_property
    def types(self) -> list:
        """The records of the document types; a bare text is a key."""
        listed = [record for answer in self.of("document_types") for record in self.listed(answer) or ()]
        return [{"document_key": item} if isinstance(item, str) else item for item in listed]

    def own(self, records: list):
        """The record of the declared export among these records, or None."""
        title = self.declared.get("title")
        return next((record for record in records if title in [value for value in record.values() if isinstance(value, str)]), None)

    def own_since(self, answer):
        """The record of the declared export in the first list after an answer that has it, or None."""
        return next((record for records in self.since(answer) if (record := self.own(records))), None)


def is_known_method(word) -> bool:
    """Whether an export_method is that of a managed kind."""
    kind, deployment = kind_and_deployment(word)
    return deployment is not None or kind in PLAIN_METHODS.values()


def form_of_type(value, types) -> str:
    """How a record names its document type, in one of a few phrases that begin with "the" if it is one of the types."""
    if not isinstance(value, str):
        return type_of(value)
    keys = [str(item.get("document_key") or item.get("key") or item.get("name")) for item in types]
    titles = [str(item.get("title") or "").strip() for item in types]
    own, folded = value.strip(), value.strip().casefold()
    forms = {
        "the key": own in keys,
        "the title": own in titles,
        "the key in another case": folded in map(str.casefold, keys),
        "the title in another case": folded in map(str.casefold, titles),
        "the id": own in [str(item.get("id")) for item in types],
    }
    return next((form for form, fits in forms.items() if fits), "a text that is no document type")


def body_of(answer):
    """The JSON of an answer, None for anything else."""
    try:
        return answer.response.json()
    except ValueError:
        return None


def places_of(body) -> dict:
    """The lists in a body: keys that lead there to the list. Only those of objects or texts, and empty ones."""
    found: dict = {}
    pending: list = [((), body)]
    while pending:
        path, value = pending.pop(0)
        if isinstance(value, list):
            if all(isinstance(item, (dict, str)) for item in value):
                found[path] = value
        elif isinstance(value, dict) and len(path) < _MOST_LEVELS:
            pending += [((*path, key), item) for key, item in value.items()]
    return found


def active_in(record, contract):
    """Whether a record says that its export is active, None if that is not known."""
    try:
        return next((export.get("active") for export in exports_in([record], contract)), None)
    except BadAnswer:
        return None
