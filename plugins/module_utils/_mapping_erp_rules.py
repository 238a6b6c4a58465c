# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rule tables for M3 and LN mappings, which share most of their rules. Private to the collection."""

from __future__ import annotations

from ansible_collections.docbits.ion.plugins.module_utils._findings import ERROR, INFO, WARNING
from ansible_collections.docbits.ion.plugins.module_utils._mapping_rules import ASSUMED, CALIBRATED, DOCUMENTED, SEEN, Rule

M3_EXAMPLE = """\
StaticFields=DIVI
SF_DIVI=AAA
HeaderFields=SUNO,SINO
HF_SUNO=supplier_id
HF_SINO=invoice_id
InvoiceReceipt=invoice_table
InvoiceReceiptStaticFields=RDTP
IR_SF_RDTP=1
InvoiceReceiptFields=IVQA
IRF_IVQA=TF_quantity
InvoiceCost=cost_lines
InvoiceCostStaticFields=RDTP
IC_SF_RDTP=8
InvoiceCostFields=NLAM
ICF_NLAM=TF_amount
"""

LN_EXAMPLE = """\
StaticFields=FinancialCompany
SF_FinancialCompany=200
HeaderFields=SupplierCode,TaxCountry
HF_SupplierCode=supplier_id
HF_TaxCountry=tax_country_1
InvoiceTaxFields=LineNumber
ITF_LineNumber=TF_line_number
InvoiceReceipt=invoice_table
InvoiceReceiptFields=PackingSlip
IRF_PackingSlip=TF_packing_slip
InvoiceCost=cost_lines
InvoiceCostFields=LineNumber,TaxLine
ICF_LineNumber=auto
ICF_TaxLine=TF_position
"""


def _shared(letter, header, listed, unlisted, header_column, columns) -> dict:
    """The rules that both kinds have, by what they are about; each argument is the C((passing, failing)) example of one."""
    return {
        "header": Rule(
            f"M{letter}01",
            ERROR,
            "`HeaderFields` is there, with at least one `HF_` line",
            "list the ERP's header fields in HeaderFields and write one HF_<field>=<DocBits field> line for each",
            CALIBRATED,
            *header,
        ),
        "selector": Rule(
            f"M{letter}02",
            ERROR,
            "A list of receipt, cost or charge fields has the key that names their DocBits table, such as `InvoiceReceipt=invoice_table`",
            "add the line that names the DocBits table, such as InvoiceReceipt=invoice_table or InvoiceCost=cost_lines",
            CALIBRATED,
            "InvoiceReceipt=invoice_table",
            "#InvoiceReceipt=invoice_table",
        ),
        "listed": Rule(
            f"M{letter}20",
            WARNING,
            "Each listed ERP field has its line",
            "add the line, or take the field out of the list",
            SEEN,
            *listed,
        ),
        "unlisted": Rule(
            f"M{letter}21",
            WARNING,
            "Each ERP field that has a line is listed",
            "add the field to the list, or DocBits may not send it",
            SEEN,
            *unlisted,
        ),
        "unknown": Rule(
            f"M{letter}22",
            WARNING,
            "Each key is known",
            "correct the spelling of the key, or take the line out",
            DOCUMENTED,
            "InvoiceCost=cost_lines",
            "InvoiceCost=cost_lines\nInvoiceCosts=cost_lines",
        ),
        "header_column": Rule(
            f"M{letter}23",
            WARNING,
            "No header field takes a line column (`TF_...`)",
            "write a DocBits header field, without TF_",
            ASSUMED,
            *header_column,
        ),
        "columns": Rule(
            f"M{letter}40",
            INFO,
            "Tax, receipt and cost lines take documented columns only",
            "make sure that the table in DocBits has these columns",
            SEEN,
            *columns,
        ),
    }


RULES = {
    "m3": {
        **_shared(
            "M",
            ("HF_SUNO=supplier_id\nHF_SINO=invoice_id", "#HF_SUNO=supplier_id\n#HF_SINO=invoice_id"),
            ("HF_SINO=invoice_id", "#HF_SINO=invoice_id"),
            ("HeaderFields=SUNO,SINO", "HeaderFields=SUNO"),
            ("HF_SINO=invoice_id", "HF_SINO=TF_invoice_id"),
            ("IRF_IVQA=TF_quantity", "IRF_IVQA=TF_volume"),
        ),
        "names": Rule(
            "MM24",
            WARNING,
            "M3 field names are four upper-case letters or digits; M3 tells upper from lower case",
            "write the M3 field name, such as SUNO, in the list and in its line",
            SEEN,
            "HeaderFields=SUNO,SINO\nHF_SUNO=supplier_id",
            "HeaderFields=suno,SINO\nHF_suno=supplier_id",
        ),
        "rdtp": Rule(
            "MM25",
            WARNING,
            "`RDTP` is 1 for receipt lines, 2 for charges, 3 for tax lines, 5 for order line charges and 8 for cost lines",
            "write the record type of this part of the invoice",
            DOCUMENTED,
            "IC_SF_RDTP=8",
            "IC_SF_RDTP=3",
        ),
        "divi": Rule(
            "MM26",
            WARNING,
            "The header has the division, `DIVI`",
            "add SF_DIVI=<division> and list DIVI in StaticFields, or HF_DIVI=<DocBits field> and list it in HeaderFields",
            DOCUMENTED,
            "StaticFields=DIVI\nSF_DIVI=AAA",
            "StaticFields=CRTP\nSF_CRTP=1",
        ),
    },
    "ln": {
        **_shared(
            "L",
            ("HeaderFields=SupplierCode,TaxCountry", "#HeaderFields=SupplierCode,TaxCountry"),
            ("HF_SupplierCode=supplier_id", "#HF_SupplierCode=supplier_id"),
            ("HeaderFields=SupplierCode,TaxCountry", "HeaderFields=TaxCountry"),
            ("HF_SupplierCode=supplier_id", "HF_SupplierCode=TF_supplier_id"),
            ("IRF_PackingSlip=TF_packing_slip", "IRF_PackingSlip=TF_slip"),
        ),
        "company": Rule(
            "ML24",
            WARNING,
            "The header has `FinancialCompany`",
            "add SF_FinancialCompany=<company> and list FinancialCompany in StaticFields",
            DOCUMENTED,
            "StaticFields=FinancialCompany\nSF_FinancialCompany=200",
            "StaticFields=RateDeterminer\nSF_RateDeterminer=docd",
        ),
        "country": Rule(
            "ML41",
            INFO,
            "The header has `TaxCountry`; without it DocBits uses `DE`",
            "add HF_TaxCountry=tax_country_1 and list TaxCountry in HeaderFields, unless DE is right",
            DOCUMENTED,
            "HeaderFields=SupplierCode,TaxCountry\nHF_SupplierCode=supplier_id\nHF_TaxCountry=tax_country_1",
            "HeaderFields=SupplierCode\nHF_SupplierCode=supplier_id",
        ),
        "tax_line": Rule(
            "ML42",
            INFO,
            "`ICF_TaxLine=TF_position` links cost lines to tax lines",
            "add ICF_TaxLine=TF_position and list TaxLine in InvoiceCostFields, if LN is to know the tax line of a cost line",
            DOCUMENTED,
            "InvoiceCostFields=LineNumber,TaxLine\nICF_LineNumber=auto\nICF_TaxLine=TF_position",
            "InvoiceCostFields=LineNumber\nICF_LineNumber=auto",
        ),
    },
}
