# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sample files with invented secrets; they satisfy the checks of the contract."""

from __future__ import annotations

import json
import secrets


def ionapi(tenant: str = "ACME_TST", **changes: object) -> str:
    """Return an .ionapi file with fresh random secrets."""
    content: dict[str, object] = {
        "ti": tenant,
        "cn": "docbits",
        "dt": "12",
        "ci": f"{tenant}~{secrets.token_urlsafe(24)}",
        "cs": secrets.token_urlsafe(48),
        "iu": "https://ion.example.test",
        "pu": f"https://sso.example.test/{tenant}/as/",
        "oa": "authorization.oauth2",
        "ot": "token.oauth2",
        "or": "revoke_token.oauth2",
        "ev": "V1480769020",
        "v": "1.1",
        "saak": f"{tenant}#{secrets.token_urlsafe(48)}",
        "sask": secrets.token_urlsafe(48),
    }
    return json.dumps({**content, **changes}, indent=2)


def idm_mapping(entity: str = "100", doc_type: str = "INVOICE", idm_type: str = "LN_SupplierInvoice") -> str:
    """Return an IDM mapping with a trailing blank in a value, as vendor samples have."""
    return f"""# IDM mapping
{doc_type}={idm_type}

Static_Values=Sep,Acl
SV_Sep=_\x20
SV_Acl=Public
Static_Fields=Entity:STRING
SF_Entity={entity}
Index_Fields=INVOICE_ID:STRING,SUPPLIER_NAME:STRING
IF_INVOICE_ID=InvoiceNo
IF_SUPPLIER_NAME=Supplier
ACL_Fields=SV_Acl
Searchable_PDF_Name=IF_INVOICE_ID+SV_Sep+IF_SUPPLIER_NAME
"""


def bod_mapping(entity: str = "100_ACME", doc_type: str = "INVOICE") -> str:
    """Return a BOD mapping for Sync.CaptureDocument."""
    root = r"SyncCaptureDocumentType\\DataArea"
    doc = root + r"\\CaptureDocument\\CaptureDocumentHeader"
    return rf"""# BOD mapping
Static_Fields=LogicalID,actionCode,AccountingEntityID
SFP_LogicalID=SyncCaptureDocumentType\\ApplicationArea\\Sender\\LogicalID
SFV_LogicalID=lid://infor.ims.acme_docbits
SFP_actionCode={root}\\Sync\\ActionCriteria\\ActionExpression\\actionCode
SFV_actionCode=Add
SFP_AccountingEntityID={root}\\Sync\\AccountingEntityID
SFV_AccountingEntityID={entity}
Generated_Fields=BODID,CreationDateTime
GFP_BODID=SyncCaptureDocumentType\\ApplicationArea\\BODID
GFV_BODID=BODID
GFP_CreationDateTime=SyncCaptureDocumentType\\ApplicationArea\\CreationDateTime
GFV_CreationDateTime=CurrentDate
DT_Path={doc}\\DocumentType
Document_Types={doc_type}
{doc_type}=SupplierInvoice
Index_Fields=INVOICE_ID:STRING,SUPPLIER_NAME:STRING
IF_INVOICE_ID=InvoiceNo
IF_SUPPLIER_NAME=Supplier
IF_COMMON_PATH={doc}\\Property
IF_Elements=name,value
IFP_name={doc}\\Property\\name
IFP_value={doc}\\Property\\value
"""


def m3_mapping(division: str = "AAA") -> str:
    """Return an M3 mapping."""
    return f"""StaticFields=DIVI
SF_DIVI={division}
HeaderFields=SUNO,SINO
HF_SUNO=supplier_id
HF_SINO=invoice_id
InvoiceCost=cost_lines
InvoiceCostStaticFields=RDTP
IC_SF_RDTP=8
InvoiceCostFields=NLAM
ICF_NLAM=TF_amount
"""


def ln_mapping(company: str = "1100") -> str:
    """Return an LN mapping."""
    return f"""StaticFields=FinancialCompany,TaxCountry
SF_FinancialCompany={company}
SF_TaxCountry=DE
HeaderFields=SupplierInvoice
HF_SupplierInvoice=invoice_id
InvoiceCost=cost_lines
InvoiceCostFields=Amount,LineNumber
ICF_Amount=TF_amount
ICF_LineNumber=auto
"""


def m3_toml(division: str = "AAA") -> str:
    """Return an M3 TOML mapping."""
    return f"""version = "1.0"
revision = "1"
author = "ACME"
description = "M3 export"

[export_configuration.header]
name = "header"

[export_configuration.header.fields]
DIVI = "{division}"
SUNO = "[supplier_id]"

[export_configuration.cost_lines]
name = "cost_lines"

[export_configuration.cost_lines.fields]
RDTP = "8"
NLAM = "[[amount]]"
"""


def xslt(root: str = "Invoice") -> str:
    """Return a stylesheet."""
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">
  <xsl:template match="/"><{root}><xsl:value-of select="."/></{root}></xsl:template>
</xsl:stylesheet>
"""


def jpl_mapping(root: str = "Invoice") -> str:
    """Return a JPL mapping; its grammar is not public."""
    return f"Root={root}\nFields=INVOICE_ID\nF_INVOICE_ID=InvoiceNo\n"
