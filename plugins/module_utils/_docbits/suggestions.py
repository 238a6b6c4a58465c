# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The contract_overrides that recorded answers of DocBits ask for. Pure. Private to the collection."""

from __future__ import annotations

from ansible_collections.docbits.ion.plugins.module_utils._core.shapes import FIELD, METHOD, has_shape
from ansible_collections.docbits.ion.plugins.module_utils._docbits.contract import METHOD_STEMS, is_foreign
from ansible_collections.docbits.ion.plugins.module_utils._docbits.recorded import Observed, active_in, body_of, form_of_type, is_known_method, places_of


def suggested_overrides(observed: Observed) -> dict:
    """The contract_overrides that the answers ask for: groups to names and values, with keys and words of DocBits as they are.

    For the user, not for a report. Only what one single reading of the answers explains.
    """
    found = {"lists": _lists(observed), "records": _records(observed), "methods": _method_words(observed), "booleans": _flag_words(observed)}
    return {group: values for group, values in found.items() if values}


def _lists(observed) -> dict:
    for answer in observed.accepted("list"):
        if not any(map(_looks_like_export, observed.listed(answer) or ())):
            places = [path for path, records in places_of(body_of(answer)).items() if records and all(_looks_like_export(record) for record in records)]
            if len(places) == 1 and places[0] and all(has_shape(FIELD, key) for key in places[0]):
                return {"list": ".".join(places[0])}
    return {}


def _looks_like_export(record) -> bool:
    return any(isinstance(value, str) and _is_method(value) for value in record.values())


def _is_method(word) -> bool:
    return is_known_method(word) or is_foreign(word)


def _records(observed) -> dict:
    own = observed.own(observed.records) if observed.declared else None
    found = {}
    for name in ("method", "document_type", "title", "url"):
        if not observed.records or name in observed.contract.overrides.records:
            continue
        if observed.key_of(name) is None:
            keys = {key for record in observed.records for key in record if has_shape(FIELD, key)}
            fitting = [key for key in sorted(keys) if _fits(name, key, own, observed)]
            found.update({name: fitting[0]} if len(fitting) == 1 else {})
    return found


def _fits(name, key, own, observed) -> bool:
    """Whether the values under a key can be those of a field."""
    values = [record[key] for record in observed.records if record.get(key) is not None]
    if not values or not all(isinstance(value, str) for value in values):
        return False
    if name == "method":
        return all(map(_is_method, values))
    if name == "document_type":
        return bool(observed.types) and all(form_of_type(value, observed.types).startswith("the ") for value in values)
    return own is not None and own.get(key) == observed.declared.get(name)


def _method_words(observed) -> dict:
    own, key = observed.own(observed.records) if observed.declared else None, observed.key_of("method")
    word = own.get(key) if own and key else None
    if not isinstance(word, str) or not has_shape(METHOD, word) or is_known_method(word) or word in observed.contract.overrides.methods:
        return {}
    kind = observed.declared["kind"]
    has_deployment = kind in METHOD_STEMS.values() and "deployment" in observed.declared
    return {word: f"{kind}/{observed.declared['deployment']}" if has_deployment else kind}


def _flag_words(observed) -> dict:
    key = observed.key_of("active")
    switched = observed.accepted("set_active")
    # A trial switches its export off and never on.
    own = (observed.own_since(switched[-1]) if key and switched else None) or {}
    words = {record[key] for record in observed.records if isinstance(record.get(key), str) and active_in(record, observed.contract) is None}
    word, others = own.get(key), words - {own.get(key)}
    if word not in words or not all(has_shape(METHOD, one) for one in words):
        return {}
    return {word: "false", **(dict.fromkeys(others, "true") if len(others) == 1 else {})}
