# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""M3 and LN mappings: their layout and the checks of rules MM and ML. Private to the collection."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ansible_collections.docbits.ion.plugins.module_utils._core.rules import excerpt, plain_name
from ansible_collections.docbits.ion.plugins.module_utils._mapping.erp_rules import RULES
from ansible_collections.docbits.ion.plugins.module_utils._mapping.layout import Layout, Part, Section, case_hint, defined_names, missing_line, others, unlisted

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

    selectors: the key that names the DocBits table of its lines, in every spelling that the vendor uses; empty for a header
    constants: the list of ERP fields with a fixed value
    fields:    the list of ERP fields that are read from the document
    rdtp:      the record type of such a line in M3, or an empty string
    columns:   the documented columns of the table; empty if there are none
    """

    label: str
    selectors: tuple
    constants: Section
    fields: Section
    rdtp: str = ""
    columns: tuple = ()
    only_m3: bool = False


def _area(label, selectors, constants, fields, rdtp="", columns=(), only_m3=False) -> Area:
    """An area; `constants` and `fields` are each (prefix, list key, other spellings...)."""
    return Area(
        label,
        selectors,
        Section(f"{label} constant", constants[1:], (Part(constants[0], "value"),)),
        Section(f"{label} field", fields[1:], (Part(fields[0], "source"),)),
        rdtp,
        columns,
        only_m3,
    )


HEADER = _area("header", (), ("SF_", "StaticFields"), ("HF_", "HeaderFields"))
AREAS = (
    HEADER,
    _area("tax line", (), ("IT_SF_", "InvoiceTaxStaticFields"), ("ITF_", "InvoiceTaxFields"), "3", TAX_COLUMNS),
    _area("receipt line", ("InvoiceReceipt",), ("IR_SF_", "InvoiceReceiptStaticFields"), ("IRF_", "InvoiceReceiptFields"), "1", RECEIPT_COLUMNS),
    _area("header charge", ("OrderHeaderExtraCharges",), ("OEC_SF_", "OrderExtraChargeStaticFields"), ("OECF_", "OrderExtraChargeFields"), "2", only_m3=True),
    _area("order line charge", ("OrderLineCharge",), ("OLC_SF_", "OrderLineChargeStaticFields"), ("OLCF_", "OrderLineChargeFields"), "5", only_m3=True),
    _area("order charge", ("OrderCharge",), ("OC_SF_", "OrderChargeStaticFields"), ("OCF_", "OrderChargeFields"), "2", only_m3=True),
    _area("cost line", ("InvoiceCost",), ("IC_SF_", "InvoiceCostStaticFields"), ("ICF_", "InvoiceCostFields"), "8", COST_COLUMNS),
    _area("debit note header", (), ("DN_SF_", "DNStaticFields"), ("DN_HF_", "DNHeaderFields"), only_m3=True),
    _area(
        "debit note cost line",
        # The vendor's spelling has an additional e; the right one is accepted as well [assumed].
        ("DebiteNoteInvoiceCost", "DebitNoteInvoiceCost"),
        ("DNC_SF_", "DebitNoteCostStaticFields"),
        ("DNCF_", "DebitNoteInvoiceCostFields"),
        "8",
        only_m3=True,
    ),
    _area(
        "debit note receipt line", ("DebitNoteReceipt",), ("DNR_SF_", "DebitNoteReceiptStaticFields"), ("DNRF_", "DebitNoteReceiptFields"), "1", only_m3=True
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
        # The vendor's file spells it Ceedit.
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
    """Yields a `Violation` for each defect of a mapping of kind `M3` or `LN`."""
    rules, layout = RULES[kind], LAYOUTS[kind]
    defined = defined_names(properties, layout)
    yield from _check_header(properties, rules, defined[HEADER.fields.list_key])
    for area in AREAS_OF[kind]:
        yield from _check_selector(properties, rules, area)
        yield from _check_columns(rules, area, defined[area.fields.list_key])
        for section in (area.constants, area.fields):
            for item, key in section.missing(properties):
                yield missing_line(rules["listed"], properties, item, key)
    for entry, section in unlisted(properties, layout):
        yield rules["unlisted"].violation(entry.key, entry.line, list_key=section.list_key)
    for entry in others(properties, layout):
        yield rules["unknown"].violation(entry.key, entry.line)
    if kind == M3:
        yield from _check_m3(properties, rules, defined)
    else:
        yield from _check_ln(properties, rules)


def _check_header(properties, rules, defined):
    key = HEADER.fields.list_key
    if key not in properties:
        yield rules["header"].violation(key, case="missing", hint=case_hint(properties, key))
    elif not defined:
        yield rules["header"].violation(key, properties.line(key), "no_line")
    for entry, _name in defined:
        if entry.text.startswith(COLUMN):
            yield rules["header_column"].violation(entry.key, entry.line, column=excerpt(entry.text))


def _check_selector(properties, rules, area):
    fields = next((key for key in area.fields.list_keys if key in properties), "")
    if area.selectors and fields and not any(key in properties for key in area.selectors):
        yield rules["selector"].violation(area.selectors[0], fields=fields, hint=case_hint(properties, area.selectors[0]))


def _check_columns(rules, area, defined):
    if not area.columns:
        return
    used: dict = {}
    for entry, _name in defined:
        if entry.text.startswith(COLUMN):
            used.setdefault(entry.text[len(COLUMN) :], entry)
    unknown = [column for column in used if column not in area.columns]
    if unknown:
        columns = ", ".join(excerpt(column, 40) for column in unknown[:10]) + (", ..." if len(unknown) > 10 else "")
        first = used[unknown[0]]
        yield rules["columns"].violation(first.key, first.line, area=area.label, columns=columns)


def _check_m3(properties, rules, defined):
    for area in AREAS_OF[M3]:
        for section in (area.constants, area.fields):
            yield from _check_m3_names(rules, section.items(properties), defined[section.list_key])
        yield from _check_rdtp(properties, rules, area)
    if "SF_DIVI" not in properties and "HF_DIVI" not in properties:
        yield rules["divi"].violation()


def _check_m3_names(rules, items, defined):
    places = {item.name: (item.list_key, item.line) for item in items}
    for entry, field in defined:
        places.setdefault(field, (entry.key, entry.line))
    for field, (key, line) in places.items():
        if not M3_NAME.fullmatch(field):
            yield rules["names"].violation(key, line, field=plain_name(field))


def _check_rdtp(properties, rules, area):
    if not area.rdtp or not any(key in properties for key in area.fields.list_keys):
        return
    key = area.constants.parts[0].key("RDTP")
    if properties.text(key) != area.rdtp:
        case, value = "wrong" if key in properties else "missing", excerpt(properties.text(key), 20)
        values = {"area": area.label, "rdtp": area.rdtp, "list_key": area.constants.list_key, "value": value}
        yield rules["rdtp"].violation(key, properties.line(key), case, **values)


def _check_ln(properties, rules):
    if "SF_FinancialCompany" not in properties and "HF_FinancialCompany" not in properties:
        yield rules["company"].violation()
    if "SF_TaxCountry" not in properties and "HF_TaxCountry" not in properties:
        yield rules["country"].violation()
    if "InvoiceTaxFields" in properties and "InvoiceCostFields" in properties and "ICF_TaxLine" not in properties:
        yield rules["tax_line"].violation()
