# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The records of DocBits' list as exports, each value known, withheld or absent. Pure. Private to the collection."""

from __future__ import annotations

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import BadAnswer, failure
from ansible_collections.docbits.ion.plugins.module_utils._core.shapes import ID, METHOD, has_shape, shown
from ansible_collections.docbits.ion.plugins.module_utils._docbits.contract import RECORD_KEYS, Contract, kind_and_deployment
from ansible_collections.docbits.ion.plugins.module_utils._model.export import COMMON_FIELDS, KINDS, TEXT_SHAPES, Export
from ansible_collections.docbits.ion.plugins.module_utils._model.values import ABSENT, Known, Withheld, is_masked

# Without these, no declared export is found again, and every run creates all of them.
_INDISPENSABLE = ("id", "method", "document_type")
_DELETED_KEYS = ("is_deleted", "deleted", "deleted_at", "deleted_on")
_BOOLEANS = {
    **dict.fromkeys(("true", "1", "y", "yes", "on", "t", "active", "enabled"), True),
    **dict.fromkeys(("false", "0", "n", "no", "off", "f", "inactive", "disabled"), False),
}
# No order and no port needs more digits, and Python refuses to convert thousands of them.
_MOST_DIGITS = 18


def exports_in(records: list, contract: Contract, organisation_id: str | None = None) -> list:
    """The exports in the records of the list; records that are marked as deleted are left out.

    records:         list of dicts
    organisation_id: a record with it as its sub-organisation belongs to the main organisation
    Raises: BadAnswer if the records lack a field that identifies exports
    """
    records = [record for record in records if not is_deleted(record, contract)]
    keys = {name: key_of(name, records, contract) for name in RECORD_KEYS}
    for name in _INDISPENSABLE:
        if records and keys[name] is None:
            raise not_listed(name)
    exports = {}
    for position, record in enumerate(records, 1):
        export = _export(record, keys, contract, organisation_id, position)
        exports.setdefault(export.id, export)
    return list(exports.values())


def lists_sub_organisations(records: list, contract: Contract) -> bool:
    """Whether the records say which sub-organisation an export belongs to."""
    # Records may leave out what is not set, so a key that the user names is enough.
    return "sub_organisation" in contract.overrides.records or key_of("sub_organisation", records, contract) is not None


def not_listed(name: str) -> BadAnswer:
    """The error for a list whose records lack an indispensable field."""
    return failure(
        BadAnswer,
        "DB11",
        "list exports",
        f"the records of the list have no {name} under a known key",
        f"look at the answer in /docs of this host and set contract_overrides: {{records: {{{name}: KEY}}}}",
    )


def key_of(name: str, records: list, contract: Contract):
    """The key under which the records have a field, or None."""
    # One key for the whole list: the first with a value in any record, or else the first one that is there.
    keys = contract.record_keys(name)
    filled = (key for key in keys if any(record.get(key) is not None for record in records))
    return next(filled, next((key for key in keys if any(key in record for record in records)), None))


def is_deleted(record: dict, contract: Contract) -> bool:
    """Whether a record is marked as deleted."""
    for key in _DELETED_KEYS:
        value = record.get(key)
        if value not in (None, "") and (_boolean(value, contract) or (_boolean(value, contract) is None and key.endswith(("at", "on")))):
            return True
    return str(record.get("status", "")).strip().lower() in ("deleted", "removed")


def _export(record, keys, contract, organisation_id, position) -> Export:
    def raw(name):
        return record.get(keys[name]) if keys[name] else None

    id_ = raw("id")
    if id_ is None or isinstance(id_, (dict, list)):
        raise not_listed("id")
    if not has_shape(ID, id_):
        raise failure(
            BadAnswer,
            "DB15",
            f"list exports: record {position}",
            f"its id {shown(ID, id_)} is not made of letters, digits, _, ., : and - alone, is longer than 64 characters, or looks like a secret",
            "look at the answer in /docs of this host and set contract_overrides: {records: {id: KEY}}",
        )
    kind, deployment = kind_and_deployment(raw("method"), contract.overrides.methods)
    values: dict = {"kind": Known(kind if has_shape(METHOD, kind) else "unknown")}
    if deployment:
        values["deployment"] = Known(deployment)
    sub_organisation = raw("sub_organisation")
    is_main = sub_organisation in (None, "") or (organisation_id and str(sub_organisation) == organisation_id)
    values["sub_organisation"] = Known("") if is_main else Known(str(sub_organisation)) if has_shape(ID, sub_organisation) else Withheld("no id")
    for name, read in _READERS.items():
        if keys[name] is not None:
            values[name] = read(name, raw(name), contract)
    if kind in KINDS:
        # A record may have keys of every kind; those of other kinds are not used.
        values = {name: value for name, value in values.items() if name in COMMON_FIELDS or name in KINDS[kind].parts}
    title = values.get("title")
    # With the id, so that the label is not that of a declared export.
    return Export(str(id_), values, label=f'export {id_} "{title.value}"' if isinstance(title, Known) else f"export {id_}")


def _text(name, value, _contract):
    if value is None:
        return ABSENT
    if isinstance(value, (dict, list)):
        return Withheld("not a text")
    text = str(value)
    if text and not has_shape(TEXT_SHAPES[name], text):
        return Withheld("not shown, because it is too long, or looks like a secret")
    return Withheld("masked") if name not in ("title", "document_type") and is_masked(text) else Known(text)


def _number(_name, value, _contract):
    if value is None or value == "":
        return ABSENT
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = str(value).strip()
    return Known(int(text)) if text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS else Withheld("not a number")


def _flag(name, value, contract):
    if value is None:
        # Whether an export without a value is active is not documented; other flags are off then.
        return Withheld("not listed") if name == "active" else ABSENT
    read = _boolean(value, contract)
    if read is not None:
        return Known(read)
    return Withheld(f"listed as {value}" if has_shape(METHOD, str(value)) else "listed as something unknown")


def _boolean(value, contract):
    if isinstance(value, bool):
        return value
    text = str(value).strip()
    return _BOOLEANS.get(str(contract.overrides.booleans.get(text, text)).lower())


_READERS = {
    **dict.fromkeys(TEXT_SHAPES, _text),
    **dict.fromkeys(("execution_order", "port", "flow2_cabinet_id"), _number),
    **dict.fromkeys(("active", "zugferd", "document_history"), _flag),
}
