# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Examples for the rules about mapping files, for the tests and docs/mapping_rules.md."""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.docbits.ion.plugins.module_utils._mapping.toml import MAX_KEY_PARTS


@dataclass(frozen=True)
class Lines:
    """Lines of the valid file of a kind, and the lines that replace them and violate the rule."""

    valid: str
    invalid: str


@dataclass(frozen=True)
class WholeFile:
    """A file that violates the rule."""

    invalid: str


@dataclass(frozen=True)
class Description:
    """An example that is described, not written out."""

    valid: str
    invalid: str


# By the contract notes on the file formats.
CALIBRATED = "no file that the vendor publishes violates it"
SEEN = "files that the vendor publishes violate it"
DOCUMENTED = "from the vendor's documentation"
ASSUMED = "assumed by this collection"

# By rule: the condition in one line, and where it is known from.
CONDITIONS = {
    "MP01": ("The file is not larger than 1 MiB", ASSUMED),
    "MP02": ("The file is text in an encoding that DocBits reads", ASSUMED),
    "MP03": ("The file is not in another well-known format", ASSUMED),
    "MP04": ("The file is not empty", ASSUMED),
    "MP05": ("The kind of the file can be recognized, or the caller sets it", ASSUMED),
    "MP06": ("The file is of the expected kind", ASSUMED),
    "MP07": ("Each line that is neither empty nor a comment has an =", CALIBRATED),
    "MP08": ("No key occurs twice", CALIBRATED),
    "MP20": ("The file does not start with a byte order mark", ASSUMED),
    "MP21": ("The file is UTF-8", ASSUMED),
    "MP22": ("Each = has a key before it", ASSUMED),
    "MP23": ("No list has an empty item", SEEN),
    "MI01": ("There is at least one document type line: the DocBits code, =, the IDM document type", CALIBRATED),
    "MI02": ("The document type of the export has a line", CALIBRATED),
    "MI03": ("`EFE_..._EXPORT_DOC_TYPE` has a value", CALIBRATED),
    "MI04": ("`Static_Fields`, `Index_Fields`, `ACL_Fields` and `Searchable_PDF_Name` are present", CALIBRATED),
    "MI05": ("Each listed static value has its `SV_` line, each listed static field its `SF_` line", CALIBRATED),
    "MI06": ("Each part of `ACL_Fields`, `Searchable_PDF_Name` and `EFE_..._EXPORT_FILENAME` is a key of the file", CALIBRATED),
    "MI07": ("Each embedded file has `EFE_..._SOURCE_NAME`, `EFE_..._EXPORT_DOC_TYPE` and `EFE_..._EXPORT_FILENAME`", CALIBRATED),
    "MI20": ("Each listed index field has its `IF_` line", SEEN),
    "MI21": ("Each `IF_` line is for a listed index field", SEEN),
    "MI22": ("Each `SV_` line is for a listed static value", SEEN),
    "MI23": ("A constant for the accounting entity has a value", SEEN),
    "MI24": ("Each item of `Static_Fields` and `Index_Fields` has a known type", SEEN),
    "MI25": ("A document type line has an IDM document type", ASSUMED),
    "MI26": ("No expression is empty, and none has a + with nothing before or after it", ASSUMED),
    "MI27": ("The document type of the export has the same case", ASSUMED),
    "MI40": ("Each `SF_` and `EFE_` line is for a listed static field or embedded file", ASSUMED),
    "MB01": ("Each item of a list has its companion lines, such as `SFP_` and `SFV_` for a static field (index fields: MB22)", CALIBRATED),
    "MB02": ("`DT_Path` and `Document_Types` are present", CALIBRATED),
    "MB03": ("Each item of `Document_Types` has a line with the BOD document type", CALIBRATED),
    "MB04": ("Each path starts with `SyncCaptureDocumentType`", CALIBRATED),
    "MB05": ("The parts of a path are separated by two backslashes, `\\\\`", CALIBRATED),
    "MB06": ("`SFV_LogicalID` is present", CALIBRATED),
    "MB07": ("`SFV_LogicalID` starts with `lid://`", CALIBRATED),
    "MB20": ("`SFV_LogicalID` is not `lid://`, the placeholder of the template", SEEN),
    "MB21": ("`SFV_AccountingEntityID` is not a placeholder", SEEN),
    "MB22": ("Each listed index field has its `IF_` line", SEEN),
    "MB23": ("Each `IF_` line is for a listed index field", SEEN),
    "MB24": ("No list has the same item twice", SEEN),
    "MB25": ("A document type has the same case in the export, in `Document_Types` and in its line", SEEN),
    "MB26": ("The document type of the export is listed in `Document_Types`", ASSUMED),
    "MB40": ("Each companion line is for a listed name, and each key is known", ASSUMED),
    "MM01": ("`HeaderFields` is present, with at least one `HF_` line", CALIBRATED),
    "MM02": ("A list of receipt, cost or charge fields has the key that names their DocBits table, such as `InvoiceReceipt=invoice_table`", CALIBRATED),
    "MM20": ("Each listed ERP field has its line", SEEN),
    "MM21": ("Each ERP field that has a line is listed", SEEN),
    "MM22": ("Each key is known", DOCUMENTED),
    "MM23": ("No header field uses a line column (`TF_...`)", ASSUMED),
    "MM40": ("Tax, receipt and cost lines use documented columns only", SEEN),
    "MM24": ("M3 field names are four upper-case letters or digits; M3 is case-sensitive", SEEN),
    "MM25": ("`RDTP` is 1 for receipt lines, 2 for charges, 3 for tax lines, 5 for order line charges and 8 for cost lines", DOCUMENTED),
    "MM26": ("The header has the division, `DIVI`", DOCUMENTED),
    "ML24": ("The header has `FinancialCompany`", DOCUMENTED),
    "ML41": ("The header has `TaxCountry`; without it DocBits uses `DE`", DOCUMENTED),
    "ML42": ("`ICF_TaxLine=TF_position` links cost lines to tax lines", DOCUMENTED),
    "MT01": ("The Python that runs the check has a TOML reader", DOCUMENTED),
    "MT02": ("The file is TOML", DOCUMENTED),
    "MT03": ("`export_configuration.header.fields` is a table of strings and not empty", DOCUMENTED),
    "MT04": ("The `name` of a section equals the section", DOCUMENTED),
    "MT05": (f"No key has more than {MAX_KEY_PARTS} parts", ASSUMED),
    "MT20": ("A header field uses `[x]`, a line field uses `[[x]]`", DOCUMENTED),
    "MT21": ("Each section is known", DOCUMENTED),
    "MT22": ("Each other section has a `fields` table of strings", ASSUMED),
    "MX01": ("`SFV_LogicalID` of the BOD mapping is the logical id of the connection point, if that is known", DOCUMENTED),
    "MX20": ("The deployment of the export is that of the ION API file", ASSUMED),
    "MX21": ("An export whose kind has no deployment (M3, LN) has the ION API file of a cloud tenant", DOCUMENTED),
}
CONDITIONS.update({f"ML{number}": CONDITIONS[f"MM{number}"] for number in ("01", "02", "20", "21", "22", "23", "40")})

# By kind: a file that follows every rule.
VALID = {
    "idm": """\
INVOICE=LN_SupplierInvoice
Static_Values=Sep,Acl
SV_Sep=-
SV_Acl=Public
Static_Fields=AccountingEntity:STRING
SF_AccountingEntity=100
Index_Fields=INVOICE_ID:STRING,SUPPLIER_NAME:STRING
IF_INVOICE_ID=InvoiceNo
IF_SUPPLIER_NAME=Supplier
ACL_Fields=SV_Acl
Searchable_PDF_Name=IF_INVOICE_ID+SV_Sep+IF_SUPPLIER_NAME
EMBEDDED_FILES_EXPORT=XML
EFE_XML_SOURCE_NAME=XML_DOCUMENT.xml
EFE_XML_EXPORT_DOC_TYPE=LN_InvoiceXml
EFE_XML_EXPORT_FILENAME=IF_INVOICE_ID
""",
    "bod": r"""Static_Fields=LogicalID,AccountingEntityID
SFP_LogicalID=SyncCaptureDocumentType\\ApplicationArea\\Sender\\LogicalID
SFV_LogicalID=lid://infor.ims.example
SFP_AccountingEntityID=SyncCaptureDocumentType\\DataArea\\Sync\\AccountingEntityID
SFV_AccountingEntityID=100
Generated_Fields=BODID
GFP_BODID=SyncCaptureDocumentType\\ApplicationArea\\BODID
GFV_BODID=BODID
DT_Path=SyncCaptureDocumentType\\DataArea\\CaptureDocument\\DocumentType
Document_Types=INVOICE
INVOICE=LN_SupplierInvoice
Index_Fields=INVOICE_NUMBER,TOTAL_AMOUNT
IF_INVOICE_NUMBER=InvoiceNumber
IF_TOTAL_AMOUNT=TotalAmount
IFP_INVOICE_NUMBER=SyncCaptureDocumentType\\DataArea\\CaptureDocument\\DocumentID\\ID
IF_COMMON_PATH=SyncCaptureDocumentType\\DataArea\\CaptureDocument\\DocumentField
IF_Elements=name
IFP_name=SyncCaptureDocumentType\\DataArea\\CaptureDocument\\DocumentField\\Name
Tables=InvoiceTable
TN_InvoiceTable=InvoiceTable
TN_InvoiceTable_TC_QUANTITY=Quantity
TN_InvoiceTable_Static_Fields=name
TNP_InvoiceTable_name=SyncCaptureDocumentType\\DataArea\\CaptureDocument\\DocumentTable\\Name
TNV_InvoiceTable_name=InvoiceRows
""",
    "m3": """\
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
""",
    "ln": """\
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
""",
    "m3_toml": """\
version = "1"

[export_configuration.header]
name = "header"

[export_configuration.header.fields]
DIVI = "AAA"
SUNO = "[supplier_id]"

[export_configuration.cost_lines]
name = "cost_lines"

[export_configuration.cost_lines.fields]
RDTP = "8"
NLAM = "[[amount]]"
""",
}

# By rule, and by case (<rule>.<case>) if it has several.
EXAMPLES = {
    # of every kind
    "MP01": Description("a file of 10 KiB", "a file of 2 MiB"),
    "MP02.not_utf8": Description("a file saved as UTF-8", "text with a lone surrogate"),
    "MP02.binary": Description("a file saved as UTF-8", "a file saved as UTF-16 ('Unicode' in Windows editors), a ZIP archive"),
    "MP02.not_text": Description("the text of a file", "a number or a list"),
    "MP03.json": WholeFile('{"an": "object"}'),
    "MP03.markup": WholeFile("<!DOCTYPE html>\n"),
    "MP03.pem": WholeFile("-----BEGIN CERTIFICATE-----\n"),
    "MP03.vault": WholeFile("$ANSIBLE_VAULT;1.1;AES256\n3132\n"),
    "MP03.pdf": WholeFile("%PDF-1.7\n"),
    "MP04": WholeFile("\n\n"),
    "MP05": WholeFile("colour=green\n"),
    "MP06": WholeFile("StaticFields=DIVI\nSF_DIVI=AAA\nHeaderFields=SUNO,SINO\nHF_SUNO=supplier_id\nHF_SINO=invoice_id\n"),
    "MP07": Lines("SV_Sep=-", "SV_Sep -"),
    "MP08": Lines("SV_Sep=-", "SV_Sep=-\nSV_Sep=_"),
    "MP20": Lines("INVOICE=LN_SupplierInvoice", "\ufeffINVOICE=LN_SupplierInvoice"),
    "MP21": Description("a file saved as UTF-8, or with ASCII characters only", "a file with umlauts saved as 'ANSI' or Latin-1"),
    "MP22": Lines("SV_Sep=-", "SV_Sep=-\n=_"),
    "MP23": Lines("Static_Values=Sep,Acl", "Static_Values=Sep,,Acl"),
    # IDM
    "MI01": Lines("INVOICE=LN_SupplierInvoice", "#INVOICE=LN_SupplierInvoice"),
    "MI02": Lines("INVOICE=LN_SupplierInvoice", "QUOTE=LN_Quote"),
    "MI03": Lines("EFE_XML_EXPORT_DOC_TYPE=LN_InvoiceXml", "EFE_XML_EXPORT_DOC_TYPE="),
    "MI04": Lines("ACL_Fields=SV_Acl", "#ACL_Fields=SV_Acl"),
    "MI05": Lines("SF_AccountingEntity=100", "#SF_AccountingEntity=100"),
    "MI06": Lines("ACL_Fields=SV_Acl", "ACL_Fields=SV_Everyone"),
    "MI07": Lines("EFE_XML_SOURCE_NAME=XML_DOCUMENT.xml", "#EFE_XML_SOURCE_NAME=XML_DOCUMENT.xml"),
    "MI20": Lines(
        "IF_SUPPLIER_NAME=Supplier\nACL_Fields=SV_Acl\nSearchable_PDF_Name=IF_INVOICE_ID+SV_Sep+IF_SUPPLIER_NAME",
        "ACL_Fields=SV_Acl\nSearchable_PDF_Name=IF_INVOICE_ID",
    ),
    "MI21": Lines("Index_Fields=INVOICE_ID:STRING,SUPPLIER_NAME:STRING", "Index_Fields=INVOICE_ID:STRING"),
    "MI22": Lines("Static_Values=Sep,Acl", "Static_Values=Sep"),
    "MI23": Lines("SF_AccountingEntity=100", "SF_AccountingEntity="),
    "MI24.none": Lines("Index_Fields=INVOICE_ID:STRING,SUPPLIER_NAME:STRING", "Index_Fields=INVOICE_ID,SUPPLIER_NAME:STRING"),
    "MI24.unknown": Lines("Index_Fields=INVOICE_ID:STRING,SUPPLIER_NAME:STRING", "Index_Fields=INVOICE_ID:TEXT,SUPPLIER_NAME:STRING"),
    "MI25": Lines("INVOICE=LN_SupplierInvoice", "INVOICE="),
    "MI26.empty": Lines("ACL_Fields=SV_Acl", "ACL_Fields="),
    "MI26.plus": Lines("ACL_Fields=SV_Acl", "ACL_Fields=SV_Acl+"),
    "MI27": Lines("INVOICE=LN_SupplierInvoice", "Invoice=LN_SupplierInvoice"),
    "MI40": Lines("EMBEDDED_FILES_EXPORT=XML", "EMBEDDED_FILES_EXPORT="),
    # BOD
    "MB01": Lines("GFV_BODID=BODID", "#GFV_BODID=BODID"),
    "MB02": Lines(r"DT_Path=SyncCaptureDocumentType\\DataArea", r"#DT_Path=SyncCaptureDocumentType\\DataArea"),
    "MB03": Lines("INVOICE=LN_SupplierInvoice", "#INVOICE=LN_SupplierInvoice"),
    "MB04": Lines(r"GFP_BODID=SyncCaptureDocumentType\\ApplicationArea", r"GFP_BODID=ProcessCaptureDocumentType\\ApplicationArea"),
    "MB05": Lines(r"GFP_BODID=SyncCaptureDocumentType\\ApplicationArea\\BODID", r"GFP_BODID=SyncCaptureDocumentType\ApplicationArea\BODID"),
    "MB06": Lines("SFV_LogicalID=lid://infor.ims.example", "#SFV_LogicalID=lid://infor.ims.example"),
    "MB07": Lines("SFV_LogicalID=lid://infor.ims.example", "SFV_LogicalID=infor.ims.example"),
    "MB20": Lines("SFV_LogicalID=lid://infor.ims.example", "SFV_LogicalID=lid://"),
    "MB21": Lines("SFV_AccountingEntityID=100", "SFV_AccountingEntityID="),
    "MB22": Lines("IF_TOTAL_AMOUNT=TotalAmount", "#IF_TOTAL_AMOUNT=TotalAmount"),
    "MB23": Lines("Index_Fields=INVOICE_NUMBER,TOTAL_AMOUNT", "Index_Fields=INVOICE_NUMBER"),
    "MB24": Lines("Index_Fields=INVOICE_NUMBER,TOTAL_AMOUNT", "Index_Fields=INVOICE_NUMBER,TOTAL_AMOUNT,INVOICE_NUMBER"),
    "MB25.line": Lines("INVOICE=LN_SupplierInvoice", "Invoice=LN_SupplierInvoice"),
    "MB25.export": Lines("Document_Types=INVOICE\nINVOICE=LN_SupplierInvoice", "Document_Types=Invoice\nInvoice=LN_SupplierInvoice"),
    "MB26": Lines("Document_Types=INVOICE\nINVOICE=LN_SupplierInvoice", "Document_Types=QUOTE\nQUOTE=LN_Quote"),
    "MB40.unlisted": Lines("Generated_Fields=BODID", "Generated_Fields="),
    "MB40.unknown": Lines("Tables=InvoiceTable", "DTPath=x\nTables=InvoiceTable"),
    # M3
    "MM01.missing": Lines("HeaderFields=SUNO,SINO", "#HeaderFields=SUNO,SINO"),
    "MM01.no_line": Lines("HF_SUNO=supplier_id\nHF_SINO=invoice_id", "#HF_SUNO=supplier_id\n#HF_SINO=invoice_id"),
    "MM02": Lines("InvoiceReceipt=invoice_table", "#InvoiceReceipt=invoice_table"),
    "MM20": Lines("HF_SINO=invoice_id", "#HF_SINO=invoice_id"),
    "MM21": Lines("HeaderFields=SUNO,SINO", "HeaderFields=SUNO"),
    "MM22": Lines("InvoiceCost=cost_lines", "InvoiceCost=cost_lines\nInvoiceCosts=cost_lines"),
    "MM23": Lines("HF_SINO=invoice_id", "HF_SINO=TF_invoice_id"),
    "MM40": Lines("IRF_IVQA=TF_quantity", "IRF_IVQA=TF_volume"),
    "MM24": Lines("HeaderFields=SUNO,SINO\nHF_SUNO=supplier_id", "HeaderFields=suno,SINO\nHF_suno=supplier_id"),
    "MM25.missing": Lines("InvoiceCostStaticFields=RDTP\nIC_SF_RDTP=8", "#InvoiceCostStaticFields=RDTP\n#IC_SF_RDTP=8"),
    "MM25.wrong": Lines("IC_SF_RDTP=8", "IC_SF_RDTP=3"),
    "MM26": Lines("StaticFields=DIVI\nSF_DIVI=AAA", "StaticFields=CRTP\nSF_CRTP=1"),
    # LN
    "ML01.missing": Lines("HeaderFields=SupplierCode,TaxCountry", "#HeaderFields=SupplierCode,TaxCountry"),
    "ML01.no_line": Lines("HF_SupplierCode=supplier_id\nHF_TaxCountry=tax_country_1", "#HF_SupplierCode=supplier_id\n#HF_TaxCountry=tax_country_1"),
    "ML02": Lines("InvoiceReceipt=invoice_table", "#InvoiceReceipt=invoice_table"),
    "ML20": Lines("HF_SupplierCode=supplier_id", "#HF_SupplierCode=supplier_id"),
    "ML21": Lines("HeaderFields=SupplierCode,TaxCountry", "HeaderFields=TaxCountry"),
    "ML22": Lines("InvoiceCost=cost_lines", "InvoiceCost=cost_lines\nInvoiceCosts=cost_lines"),
    "ML23": Lines("HF_SupplierCode=supplier_id", "HF_SupplierCode=TF_supplier_id"),
    "ML40": Lines("IRF_PackingSlip=TF_packing_slip", "IRF_PackingSlip=TF_slip"),
    "ML24": Lines("StaticFields=FinancialCompany\nSF_FinancialCompany=200", "StaticFields=RateDeterminer\nSF_RateDeterminer=docd"),
    "ML41": Lines(
        "HeaderFields=SupplierCode,TaxCountry\nHF_SupplierCode=supplier_id\nHF_TaxCountry=tax_country_1",
        "HeaderFields=SupplierCode\nHF_SupplierCode=supplier_id",
    ),
    "ML42": Lines("InvoiceCostFields=LineNumber,TaxLine\nICF_LineNumber=auto\nICF_TaxLine=TF_position", "InvoiceCostFields=LineNumber\nICF_LineNumber=auto"),
    # M3 TOML
    "MT01": Description("Python 3.11 or newer runs the task", "Python 3.10 or older runs the task"),
    "MT02.syntax": Lines('DIVI = "AAA"', "DIVI = AAA"),
    "MT02.too_deep": Description("a list in a list", "5,000 lists in each other"),
    "MT03.fields": Lines("[export_configuration.header.fields]", "[export_configuration.header.field]"),
    "MT03.value": Lines('DIVI = "AAA"', "DIVI = 100"),
    "MT04.missing": Lines('name = "cost_lines"', '#name = "cost_lines"'),
    "MT04.other": Lines('name = "cost_lines"', 'name = "costs"'),
    "MT05": WholeFile("[" + ".".join("a" * (MAX_KEY_PARTS + 1)) + "]\n"),
    "MT20.header": Lines('SUNO = "[supplier_id]"', 'SUNO = "[[supplier_id]]"'),
    "MT20.line": Lines('NLAM = "[[amount]]"', 'NLAM = "[amount]"'),
    "MT21": Lines(
        '[export_configuration.cost_lines]\nname = "cost_lines"\n\n[export_configuration.cost_lines.fields]',
        '[export_configuration.costs]\nname = "costs"\n\n[export_configuration.costs.fields]',
    ),
    "MT22.fields": Lines("[export_configuration.cost_lines.fields]", "[export_configuration.cost_lines.field]"),
    "MT22.value": Lines('RDTP = "8"', "RDTP = 8"),
    # parts of one export
    "MX01": Description(
        "connection point lid://infor.ims.example, SFV_LogicalID=lid://infor.ims.example",
        "connection point lid://infor.ims.example, SFV_LogicalID=lid://infor.ims.other",
    ),
    "MX20": Description("deployment cloud, ION API file of a cloud tenant", "deployment cloud, ION API file of an on-premises installation"),
    "MX21": Description("kind infor_idm_m3, ION API file of a cloud tenant", "kind infor_idm_m3, ION API file of an on-premises installation"),
}
