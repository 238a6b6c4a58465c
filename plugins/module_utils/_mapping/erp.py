# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules for M3 and LN mappings: which ERP field gets which value. Private to the collection."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ansible_collections.docbits.ion.plugins.module_utils._mapping.erp_rules import RULES
from ansible_collections.docbits.ion.plugins.module_utils._mapping.layout import (
    Layout,
    Part,
    Section,
    defined_names,
    in_case,
    others,
    unlisted,
)
from ansible_collections.docbits.ion.plugins.module_utils._mapping.rules import name, shown

M3 = "m3"
LN = "ln"
M3_NAME = re.compile(r"[A-Z0-9]{4}")
COLUMN = "TF_"

TAX_COLUMNS = ("line_number", "tax_amount", "tax_rate", "net_amount", "gross_amount", "tax_code_full", "tax_code", "tax_country")
RECEIPT_COLUMNS = (
    "packing_slip",
    "purchase_order",
    "line_number",
    "line_sequence",
    "delivery_number",
    "delivery_line",
    "amount",
    "quantity",
    "total_net_amount",
)
COST_COLUMNS = ("ledger_account", "amount", "quantity", "quantity2", "position", *(f"dimension_{number}" for number in range(1, 13)))


@dataclass(frozen=True)
class Area:
    """A part of the invoice that the mapping fills.

    selectors: the key that names the DocBits table of its lines, in every spelling that the vendor uses; none for a header
    constants: list of ERP fields with a fixed value
    fields:    list of ERP fields that are read from the document
    rdtp:      M3's record type of such a line, or an empty string
    columns:   the documented columns of the table; empty where none are
    """

    word: str
    selectors: tuple
    constants: Section
    fields: Section
    rdtp: str = ""
    columns: tuple = ()
    only_m3: bool = False


def _area(word, selectors, constants, fields, rdtp="", columns=(), only_m3=False) -> Area:
    """An area; O(constants) and O(fields) each as C((prefix, list key, other spellings...))."""
    return Area(
        word,
        selectors,
        Section(f"{word} constant", constants[1:], (Part(constants[0], "value"),)),
        Section(f"{word} field", fields[1:], (Part(fields[0], "source"),)),
        rdtp,
        columns,
        only_m3,
    )


HEADER = _area("header", (), ("SF_", "StaticFields"), ("HF_", "HeaderFields"))
AREAS = (
    HEADER,
    _area("tax line", (), ("IT_SF_", "InvoiceTaxStaticFields"), ("ITF_", "InvoiceTaxFields"), "3", TAX_COLUMNS),
    _area(
        "receipt line",
        ("InvoiceReceipt",),
        ("IR_SF_", "InvoiceReceiptStaticFields"),
        ("IRF_", "InvoiceReceiptFields"),
        "1",
        RECEIPT_COLUMNS,
    ),
    _area(
        "header charge",
        ("OrderHeaderExtraCharges",),
        ("OEC_SF_", "OrderExtraChargeStaticFields"),
        ("OECF_", "OrderExtraChargeFields"),
        "2",
        only_m3=True,
    ),
    _area(
        "order line charge",
        ("OrderLineCharge",),
        ("OLC_SF_", "OrderLineChargeStaticFields"),
        ("OLCF_", "OrderLineChargeFields"),
        "5",
        only_m3=True,
    ),
    _area("order charge", ("OrderCharge",), ("OC_SF_", "OrderChargeStaticFields"), ("OCF_", "OrderChargeFields"), "2", only_m3=True),
    _area("cost line", ("InvoiceCost",), ("IC_SF_", "InvoiceCostStaticFields"), ("ICF_", "InvoiceCostFields"), "8", COST_COLUMNS),
    _area("debit note header", (), ("DN_SF_", "DNStaticFields"), ("DN_HF_", "DNHeaderFields"), only_m3=True),
    _area(
        "debit note cost line",
        # The vendor's own spelling has an e too many; the right one is accepted as well [assumed].
        ("DebiteNoteInvoiceCost", "DebitNoteInvoiceCost"),
        ("DNC_SF_", "DebitNoteCostStaticFields"),
        ("DNCF_", "DebitNoteInvoiceCostFields"),
        "8",
        only_m3=True,
    ),
    _area(
        "debit note receipt line",
        ("DebitNoteReceipt",),
        ("DNR_SF_", "DebitNoteReceiptStaticFields"),
        ("DNRF_", "DebitNoteReceiptFields"),
        "1",
        only_m3=True,
    ),
    _area("credit note header", (), ("CN_SF_", "CNStaticFields"), ("CN_HF_", "CNHeaderFields"), only_m3=True),
    _area(
        "credit note cost line",
        ("CreditNoteInvoiceCost",),
        ("CNC_SF_", "CreditNoteCostStaticFields"),
        ("CNCF_", "CreditNoteInvoiceCostFields"),
        "8",
        only_m3=True,
    ),
    _area(
        "credit note receipt line",
        ("CreditNoteReceipt",),
        ("CNR_SF_", "CreditNoteReceiptStaticFields"),
        # The vendor's own file spells it Ceedit.
        ("CNRF_", "CreditNoteReceiptFields", "CeeditNoteReceiptFields"),
        "1",
        only_m3=True,
    ),
)


def _layout(areas) -> Layout:
    sections = tuple(section for area in areas for section in (area.constants, area.fields))
    return Layout(sections, tuple(key for area in areas for key in area.selectors))


AREAS_OF = {M3: AREAS, LN: tuple(area for area in AREAS if not area.only_m3)}
LAYOUTS = {kind: _layout(areas) for kind, areas in AREAS_OF.items()}


def check(kind, properties):
    """What breaks a rule in a mapping of kind C(M3) or C(LN). Yields C(Found)."""
    rules, layout = RULES[kind], LAYOUTS[kind]
    defined = defined_names(properties, layout)
    yield from _check_header(properties, rules, defined[HEADER.fields.list_key])
    for area in AREAS_OF[kind]:
        yield from _check_selector(properties, rules, area)
        yield from _check_columns(rules, area, defined[area.fields.list_key])
        for section in (area.constants, area.fields):
            for item, key in section.missing(properties):
                message = f"lists {name(item.name)}, but there is no line {name(key)}={in_case(properties, key)}"
                yield rules["listed"].found(message, item.list_key, item.line)
    for entry, section, _name in unlisted(properties, layout):
        yield rules["unlisted"].found(f"is not listed in {section.list_key}", entry.key, entry.line)
    for entry in others(properties, layout):
        yield rules["unknown"].found("is no key that is known here", entry.key, entry.line)
    if kind == M3:
        yield from _check_m3(properties, rules, defined)
    else:
        yield from _check_ln(properties, rules)


def _check_header(properties, rules, defined):
    key = HEADER.fields.list_key
    if key not in properties:
        yield rules["header"].found("is missing" + in_case(properties, key), key)
    elif not defined:
        yield rules["header"].found("has no HF_ line at all", key, properties.line(key))
    for entry, _name in defined:
        if entry.text.startswith(COLUMN):
            message = f"takes the line column {shown(entry.text)}, but a header has no lines"
            yield rules["header_column"].found(message, entry.key, entry.line)


def _check_selector(properties, rules, area):
    fields = next((key for key in area.fields.list_keys if key in properties), "")
    if area.selectors and fields and not any(key in properties for key in area.selectors):
        message = f"is missing, but {fields} needs to know the table of its lines{in_case(properties, area.selectors[0])}"
        yield rules["selector"].found(message, area.selectors[0])


def _check_columns(rules, area, defined):
    if not area.columns:
        return
    used: dict = {}
    for entry, _name in defined:
        if entry.text.startswith(COLUMN):
            used.setdefault(entry.text[len(COLUMN) :], entry)
    strange = [column for column in used if column not in area.columns]
    if strange:
        listed = ", ".join(shown(column, 40) for column in strange[:10]) + (", ..." if len(strange) > 10 else "")
        first = used[strange[0]]
        yield rules["columns"].found(f"uses columns that are not documented for a {area.word}: {listed}", first.key, first.line)


def _check_m3(properties, rules, defined):
    for area in AREAS_OF[M3]:
        for section in (area.constants, area.fields):
            yield from _check_m3_names(rules, section.items(properties), defined[section.list_key])
        yield from _check_rdtp(properties, rules, area)
    if "SF_DIVI" not in properties and "HF_DIVI" not in properties:
        yield rules["divi"].found("has no division")


def _check_m3_names(rules, items, defined):
    places = {item.name: (item.list_key, item.line) for item in items}
    for entry, field in defined:
        places.setdefault(field, (entry.key, entry.line))
    for field, (key, line) in places.items():
        if not M3_NAME.fullmatch(field):
            yield rules["names"].found(f"has {name(field)}, which is no M3 field name", key, line)


def _check_rdtp(properties, rules, area):
    if not area.rdtp or not any(key in properties for key in area.fields.list_keys):
        return
    key = area.constants.parts[0].key("RDTP")
    action = f"write {key}={area.rdtp} and list RDTP in {area.constants.list_key}"
    if key not in properties:
        yield rules["rdtp"].found(f"is missing; a {area.word} has the record type {area.rdtp}", key, action=action)
    elif properties.text(key) != area.rdtp:
        message = f"is {shown(properties.text(key), 20)}; a {area.word} has the record type {area.rdtp}"
        yield rules["rdtp"].found(message, key, properties.line(key), action)


def _check_ln(properties, rules):
    if "SF_FinancialCompany" not in properties and "HF_FinancialCompany" not in properties:
        yield rules["company"].found("has no financial company")
    if "SF_TaxCountry" not in properties and "HF_TaxCountry" not in properties:
        yield rules["country"].found("has no tax country in the header, so DocBits uses DE")
    if "InvoiceTaxFields" in properties and "InvoiceCostFields" in properties and "ICF_TaxLine" not in properties:
        yield rules["tax_line"].found("does not link cost lines to tax lines")
