# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules MM and ML about M3 and LN mappings. Private to the collection."""

from __future__ import annotations

from ansible_collections.docbits.ion.plugins.module_utils._core.findings import INFO, WARNING
from ansible_collections.docbits.ion.plugins.module_utils._core.rules import Rule
from ansible_collections.docbits.ion.plugins.module_utils._mapping.shared import MISSING_KEY, MISSING_LINE, UNLISTED


def _shared(letter) -> dict:
    """The rules that both kinds have, by subject."""
    return {
        "header": Rule(
            f"M{letter}01",
            {"missing": MISSING_KEY, "no_line": "has no HF_ line"},
            "list the ERP's header fields in HeaderFields, and write a line HF_<field>=<DocBits field> for each",
        ),
        "selector": Rule(
            f"M{letter}02",
            "is missing, but {fields} needs the table of its lines{hint}",
            "add the line that names the DocBits table, such as InvoiceReceipt=invoice_table or InvoiceCost=cost_lines",
        ),
        "listed": Rule(f"M{letter}20", MISSING_LINE, "add the line, or remove the field from the list", WARNING),
        "unlisted": Rule(f"M{letter}21", UNLISTED, "add the field to the list; otherwise DocBits may not send it", WARNING),
        "unknown": Rule(f"M{letter}22", "is not a known key", "correct the key, or remove the line", WARNING),
        "header_column": Rule(f"M{letter}23", "uses the line column {column}, but a header has no lines", "write a DocBits header field, without TF_", WARNING),
        "columns": Rule(
            f"M{letter}40", "uses columns that are not documented for a {area}: {columns}", "make sure that the table in DocBits has these columns", INFO
        ),
    }


RULES = {
    "m3": {
        **_shared("M"),
        "names": Rule("MM24", "has {field}, which is not an M3 field name", "write the M3 field name, such as SUNO, in the list and in its line", WARNING),
        "rdtp": Rule(
            "MM25",
            {"missing": "is missing; a {area} has the record type {rdtp}", "wrong": "is {value}; a {area} has the record type {rdtp}"},
            "write {key}={rdtp} and list RDTP in {list_key}",
            WARNING,
        ),
        "divi": Rule(
            "MM26", "has no division", "add SF_DIVI=<division> and list DIVI in StaticFields, or HF_DIVI=<DocBits field> and list it in HeaderFields", WARNING
        ),
    },
    "ln": {
        **_shared("L"),
        "company": Rule("ML24", "has no financial company", "add SF_FinancialCompany=<company> and list FinancialCompany in StaticFields", WARNING),
        "country": Rule(
            "ML41",
            "has no tax country in the header, so DocBits uses DE",
            "add HF_TaxCountry=tax_country_1 and list TaxCountry in HeaderFields, unless DE is right",
            INFO,
        ),
        "tax_line": Rule(
            "ML42",
            "does not link cost lines to tax lines",
            "add ICF_TaxLine=TF_position and list TaxLine in InvoiceCostFields, if LN needs the tax line of a cost line",
            INFO,
        ),
    },
}
