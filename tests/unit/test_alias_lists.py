# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection knows every alias that the simulator gives to a field, a record key or a download."""

from __future__ import annotations

import pytest

from ansible_collections.docbits.ion.plugins.module_utils._docbits.answers import _CODE_KEYS, _TRACE_KEYS
from ansible_collections.docbits.ion.plugins.module_utils._docbits.contract import DOWNLOAD_TYPES, OPERATIONS, RECORD_KEYS
from simulator import docbits_contracts as simulated

WIRES = [(name, field, wire) for name, operation in OPERATIONS.items() for field, wire in operation.fields.items()]


@pytest.mark.parametrize("published", simulated.ALIASES)
def test_names_of_a_field_have_every_simulated_alias(published):
    known = {(name, field): wire.names for name, field, wire in WIRES if wire.names[0] == published}
    assert known
    for place, names in known.items():
        assert set(simulated.ALIASES[published]) <= set(names), place


@pytest.mark.parametrize("published", simulated.RECORD_ALIASES)
def test_record_keys_and_names_of_requests_have_every_simulated_alias(published):
    """A record has a further name only if the contract at hand has it for requests."""
    [(name, keys)] = [(name, keys) for name, keys in RECORD_KEYS.items() if keys[0] == published]
    in_requests = {alias for _operation, field, wire in WIRES if field == name for alias in wire.names}
    assert set(simulated.RECORD_ALIASES[published]) <= {*keys, *in_requests}


@pytest.mark.parametrize("file", simulated.DOWNLOAD_ALIASES)
def test_types_of_a_download_have_every_simulated_alias(file):
    names = DOWNLOAD_TYPES["ionapi" if file == "ion_api" else file]
    assert {simulated.DOWNLOAD_TYPES[file], *simulated.DOWNLOAD_ALIASES[file]} <= set(names)


def test_keys_of_a_failed_answer_have_every_simulated_key():
    assert set(simulated.TRACE_KEYS) - {None} <= set(_TRACE_KEYS)
    assert set(simulated.FAILURE_KEYS) <= set(_CODE_KEYS)


@pytest.mark.parametrize(("operation", "field"), [(name, field) for name, field, _wire in WIRES])
def test_names_of_two_fields_of_an_operation_do_not_overlap(operation, field):
    """Otherwise a value would be sent in the wrong field."""
    fields = OPERATIONS[operation].fields
    others = {name for other, wire in fields.items() if other != field for name in wire.names}
    assert not others & set(fields[field].names)


@pytest.mark.parametrize("name", RECORD_KEYS)
def test_keys_of_two_fields_of_a_record_do_not_overlap(name):
    assert not {key for other, keys in RECORD_KEYS.items() if other != name for key in keys} & set(RECORD_KEYS[name])


@pytest.mark.parametrize("key", ["order", "name", "url", "host", "user", "enabled"])
def test_key_of_a_common_name_is_not_taken_for_a_field_of_a_record(key):
    assert key not in {key for keys in RECORD_KEYS.values() for key in keys}
