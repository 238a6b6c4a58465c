# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every other name that the simulator gives to a field, a record key or a download is one that the collection looks for."""

from __future__ import annotations

import pytest

from ansible_collections.docbits.ion.plugins.module_utils._docbits.answers import _CODE_KEYS, _TRACE_KEYS
from ansible_collections.docbits.ion.plugins.module_utils._docbits.contract import OPERATIONS, RECORD_KEYS, SLOT_TYPES
from simulator import docbits_contracts as simulated

WIRES = [(name, word, wire) for name, operation in OPERATIONS.items() for word, wire in operation.fields.items()]


@pytest.mark.parametrize("published", simulated.ALIASES)
def test_fields_of_requests(published):
    looked_for = {(name, word): wire.names for name, word, wire in WIRES if wire.names[0] == published}
    assert looked_for
    for place, names in looked_for.items():
        assert set(simulated.ALIASES[published]) <= set(names), place


@pytest.mark.parametrize("published", simulated.RECORD_ALIASES)
def test_keys_of_records(published):
    [names] = [keys for keys in RECORD_KEYS.values() if keys[0] == published]
    assert set(simulated.RECORD_ALIASES[published]) <= set(names)


@pytest.mark.parametrize("slot", simulated.DOWNLOAD_ALIASES)
def test_types_of_downloads(slot):
    names = SLOT_TYPES["ionapi" if slot == "ion_api" else slot]
    assert {simulated.DOWNLOAD_TYPES[slot], *simulated.DOWNLOAD_ALIASES[slot]} <= set(names)


def test_keys_of_failed_answers():
    assert set(simulated.TRACE_KEYS) - {None} <= set(_TRACE_KEYS)
    assert set(simulated.FAILURE_KEYS) <= set(_CODE_KEYS)


@pytest.mark.parametrize(("operation", "word"), [(name, word) for name, word, _wire in WIRES])
def test_no_name_means_two_words_of_one_operation(operation, word):
    """What one word may be called, no other word of the same operation may: a value would land in the wrong field."""
    fields = OPERATIONS[operation].fields
    others = {name for other, wire in fields.items() if other != word for name in wire.names}
    assert not others & set(fields[word].names)


@pytest.mark.parametrize("word", RECORD_KEYS)
def test_no_key_means_two_words_of_a_record(word):
    assert not {key for other, keys in RECORD_KEYS.items() if other != word for key in keys} & set(RECORD_KEYS[word])
