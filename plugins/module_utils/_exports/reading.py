# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the current side of a pair, and decides by evidence if DocBits withholds a value. Private to the collection."""

from __future__ import annotations

import json
from dataclasses import replace

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import IonError
from ansible_collections.docbits.ion.plugins.module_utils._exports.declared import PRESENT
from ansible_collections.docbits.ion.plugins.module_utils._exports.matching import Pair
from ansible_collections.docbits.ion.plugins.module_utils._exports.plan import Reading
from ansible_collections.docbits.ion.plugins.module_utils._model.choices import ALWAYS, ON_CREATE
from ansible_collections.docbits.ion.plugins.module_utils._model.export import CLOUD, DIFFERENT, FILES, SAME, compare, is_secret
from ansible_collections.docbits.ion.plugins.module_utils._model.values import Withheld

# What decided whether a value differs.
BY_VALUE = "value"
BY_FINGERPRINT = "fingerprint"
BY_CONNECTION_TEST = "connection_test"
BY_POLICY = "policy"
NONE = "none"

# These are not changed if the list does not show them.
_NEVER_ASSUMED = ("active", "kind")


def read(pair: Pair, client, policy: str, fingerprints, may_test: bool) -> Reading:
    """Read the declared files of a pair and compare every declared value with the current one.

    policy:   one of POLICIES, for secrets that DocBits withholds
    may_test: whether DocBits' own connection test may be asked
    """
    declared, current = pair.declared, pair.current
    if current is None or declared.state != PRESENT:
        return Reading(pair)
    current = replace(current, values={**current.values, **{file: client.download(current, file) for file in declared.files}})
    changes, evidence, unsent = {}, {}, set()
    for name, value in declared.values.items():
        result = compare(name, value, current.value(name))
        if result in (SAME, DIFFERENT):
            evidence[name] = BY_VALUE
        elif name in _NEVER_ASSUMED:
            continue
        elif is_secret(name) and policy == ON_CREATE:
            evidence[name] = BY_POLICY
            unsent.add(name)
            continue
        else:
            result, evidence[name] = _decide(name, value, current, client, policy, fingerprints, may_test)
            if result == SAME:
                current = current.with_values({name: value})
        if result == DIFFERENT:
            changes[name] = value
    reported = {name: reason for name, reason in evidence.items() if name in FILES or reason != BY_VALUE}
    return Reading(Pair(declared, current), changes, reported, frozenset(unsent))


def _decide(name, value, current, client, policy, fingerprints, may_test) -> tuple:
    """Whether a withheld value is the declared one, and by which evidence."""
    if policy == ALWAYS and is_secret(name):
        return DIFFERENT, BY_POLICY
    if fingerprints.matches(current.id, name, value):
        return SAME, BY_FINGERPRINT
    if fingerprints.has(current.id, name):
        return DIFFERENT, BY_FINGERPRINT
    withheld = current.value(name)
    if name == "ionapi" and isinstance(withheld, Withheld) and withheld.shown:
        declared = json.loads(value)
        if any(declared.get(key) != shown for key, shown in withheld.shown):
            return DIFFERENT, BY_VALUE
        if may_test and current.active and current.get("deployment", CLOUD) == CLOUD and _connects(client, current):
            return SAME, BY_CONNECTION_TEST
    return DIFFERENT, NONE


def _connects(client, current) -> bool:
    if not client.can_test_connection():
        return False
    try:
        client.test_connection(current)
    except IonError:
        return False
    return True
