# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rule tables for M3 and LN mappings, which share most of their rules. Private to the collection."""

from __future__ import annotations

from ansible_collections.docbits.ion.plugins.module_utils._core.findings import ERROR, INFO, WARNING
from ansible_collections.docbits.ion.plugins.module_utils._mapping.rules import ASSUMED, CALIBRATED, DOCUMENTED, SEEN, Rule


def _shared(letter) -> dict:
    """The rules that both kinds have, by what they are about."""
    return {
        "header": Rule(
            f"M{letter}01",
            ERROR,
            "`HeaderFields` is there, with at least one `HF_` line",
            "list the ERP's header fields in HeaderFields and write one HF_<field>=<DocBits field> line for each",
            CALIBRATED,
        ),
        "selector": Rule(
            f"M{letter}02",
            ERROR,
            "A list of receipt, cost or charge fields has the key that names their DocBits table, such as `InvoiceReceipt=invoice_table`",
            "add the line that names the DocBits table, such as InvoiceReceipt=invoice_table or InvoiceCost=cost_lines",
            CALIBRATED,
        ),
        "listed": Rule(
            f"M{letter}20",
            WARNING,
            "Each listed ERP field has its line",
            "add the line, or take the field out of the list",
            SEEN,
        ),
        "unlisted": Rule(
            f"M{letter}21",
            WARNING,
            "Each ERP field that has a line is listed",
            "add the field to the list, or DocBits may not send it",
            SEEN,
        ),
        "unknown": Rule(
            f"M{letter}22",
            WARNING,
            "Each key is known",
            "correct the spelling of the key, or take the line out",
            DOCUMENTED,
        ),
        "header_column": Rule(
            f"M{letter}23",
            WARNING,
            "No header field takes a line column (`TF_...`)",
            "write a DocBits header field, without TF_",
            ASSUMED,
        ),
        "columns": Rule(
            f"M{letter}40",
            INFO,
            "Tax, receipt and cost lines take documented columns only",
            "make sure that the table in DocBits has these columns",
            SEEN,
        ),
    }


RULES = {
    "m3": {
        **_shared("M"),
        "names": Rule(
            "MM24",
            WARNING,
            "M3 field names are four upper-case letters or digits; M3 tells upper from lower case",
            "write the M3 field name, such as SUNO, in the list and in its line",
            SEEN,
        ),
        "rdtp": Rule(
            "MM25",
            WARNING,
            "`RDTP` is 1 for receipt lines, 2 for charges, 3 for tax lines, 5 for order line charges and 8 for cost lines",
            "write the record type of this part of the invoice",
            DOCUMENTED,
        ),
        "divi": Rule(
            "MM26",
            WARNING,
            "The header has the division, `DIVI`",
            "add SF_DIVI=<division> and list DIVI in StaticFields, or HF_DIVI=<DocBits field> and list it in HeaderFields",
            DOCUMENTED,
        ),
    },
    "ln": {
        **_shared("L"),
        "company": Rule(
            "ML24",
            WARNING,
            "The header has `FinancialCompany`",
            "add SF_FinancialCompany=<company> and list FinancialCompany in StaticFields",
            DOCUMENTED,
        ),
        "country": Rule(
            "ML41",
            INFO,
            "The header has `TaxCountry`; without it DocBits uses `DE`",
            "add HF_TaxCountry=tax_country_1 and list TaxCountry in HeaderFields, unless DE is right",
            DOCUMENTED,
        ),
        "tax_line": Rule(
            "ML42",
            INFO,
            "`ICF_TaxLine=TF_position` links cost lines to tax lines",
            "add ICF_TaxLine=TF_position and list TaxLine in InvoiceCostFields, if LN is to know the tax line of a cost line",
            DOCUMENTED,
        ),
    },
}
