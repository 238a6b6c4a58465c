# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""BOD mappings: their layout and rules MB. Private to the collection."""

from __future__ import annotations

import re
from collections import Counter

from ansible_collections.docbits.ion.plugins.module_utils._core.findings import INFO, WARNING
from ansible_collections.docbits.ion.plugins.module_utils._core.rules import Case, Rule, excerpt, plain_name
from ansible_collections.docbits.ion.plugins.module_utils._mapping.layout import Layout, Part, Section, case_hint, missing_line, others, unlisted
from ansible_collections.docbits.ion.plugins.module_utils._mapping.shared import MISSING_KEY, MISSING_LINE, UNLISTED

ROOT = "SyncCaptureDocumentType"
PATH = re.compile(ROOT + r"(?:\\\\[^\\/]+)*")
LOGICAL_ID = "SFV_LogicalID"
LOGICAL_ID_START = "lid://"
ACCOUNTING_ENTITY = "SFV_AccountingEntityID"

DOCUMENT_TYPE = Section("document type", ("Document_Types",), (Part("", "BOD document type"),))
INDEX_FIELD = Section("index field", ("Index_Fields",), (Part("IF_", "target"), Part("IFP_", "path", required=False), Part("IFV_", "value", required=False)))
TABLE = Section("table", ("Tables",), (Part("TN_", "name"),))
LAYOUT = Layout(
    (
        Section("static field", ("Static_Fields",), (Part("SFP_", "path"), Part("SFV_", "value"))),
        Section("generated field", ("Generated_Fields",), (Part("GFP_", "path"), Part("GFV_", "value"))),
        Section("purchase order field", ("PO_Fields",), (Part("POP_", "path"), Part("POF_", "field"))),
        DOCUMENT_TYPE,
        INDEX_FIELD,
        Section("field attribute", ("IF_Attributes",), (Part("IFP_", "path"), Part("IFV_", "value"))),
        Section("field element", ("IF_Elements",), (Part("IFP_", "path"),)),
        Section("page element", ("Page_Elements",), (Part("PFP_", "path"),)),
        Section("batch property", ("Batch_Level_Properties",), (Part("Path_", "path"),)),
        Section("constant of a table column", ("TableColumn_StaticFields",), (Part("TCP_", "path"), Part("TCV_", "value"))),
        Section("table column", ("TableColumn_MappedFields",), (Part("TCP_", "path"),)),
        TABLE,
    ),
    ("DT_Path", "IF_COMMON_PATH", "Pages_COMMON_PATH", "Table_COMMON_PATH"),
)
REQUIRED_KEYS = ("DT_Path", "Document_Types")
PATH_KEYS = ("DT_Path", "IF_COMMON_PATH", "Pages_COMMON_PATH", "Table_COMMON_PATH")
PATH_PREFIXES = ("SFP_", "GFP_", "POP_", "IFP_", "PFP_", "Path_", "TCP_", "TNP_")
TABLE_COLUMN = re.compile(r"TN_(.+?)_TC_(.+)")

_WRITE_LOGICAL_ID = "write the logical id of the connection point, such as lid://infor.ims.example (ION Desk > Connection Points)"

MB01 = Rule("MB01", MISSING_LINE, "add the line, or remove the name from the list")
MB02 = Rule("MB02", MISSING_KEY, "add this key")
MB03 = Rule("MB03", MISSING_LINE, "add a line such as INVOICE=LN_SupplierInvoice, or remove the item from Document_Types")
MB04 = Rule("MB04", f"does not start with {ROOT}", f"start the path with {ROOT}")
MB05 = Rule("MB05", r"has a separator other than \\ between its parts", r"separate the parts of the path by \\ (two backslashes in the file)")
MB06 = Rule("MB06", MISSING_KEY, "add SFV_LogicalID= with the logical id of the connection point (ION Desk > Connection Points)")
MB07 = Rule("MB07", f"is '{{value}}', which does not start with {LOGICAL_ID_START}", _WRITE_LOGICAL_ID)
MB20 = Rule("MB20", f"is only {LOGICAL_ID_START}, the placeholder of the template", _WRITE_LOGICAL_ID, WARNING)
MB21 = Rule("MB21", "is a placeholder", "write the accounting entity of the customer, such as 100 or 001_100", WARNING)
MB22 = Rule("MB22", MISSING_LINE, "add the line with the name in the BOD, or remove the field from Index_Fields", WARNING)
MB23 = Rule("MB23", UNLISTED, "add the field to Index_Fields; otherwise DocBits may not send it", WARNING)
MB24 = Rule("MB24", "lists {item} {count} times", "keep one of them in the list", WARNING)
MB25 = Rule(
    "MB25",
    {"line": MISSING_LINE, "export": "has {listed}, which differs in case from the document type {document_type} of the export"},
    "write it exactly as DocBits writes the code of the document type",
    WARNING,
)
MB26 = Rule(
    "MB26",
    "does not list the document type {document_type} of the export",
    "add it to Document_Types with its own line, or choose a document type of this file in the export",
    WARNING,
)
MB40 = Rule(
    "MB40",
    {"unlisted": UNLISTED, "unknown": Case("is not a known key of a BOD mapping", "correct the key, or ignore this if DocBits need not use it")},
    "add the name to its list, or ignore this if DocBits need not use it",
    INFO,
)
RULES = (MB01, MB02, MB03, MB04, MB05, MB06, MB07, MB20, MB21, MB22, MB23, MB24, MB25, MB26, MB40)


def document_types(properties) -> list:
    """The items of `Document_Types`."""
    return [item.name for item in DOCUMENT_TYPE.items(properties)]


def table_sections(properties) -> list:
    """A `Section` for the constants of each listed table; the key of their list contains the name of the table."""
    return [
        Section(f"table {table} constant", (f"TN_{table}_Static_Fields",), (Part(f"TNP_{table}_", "path"), Part(f"TNV_{table}_", "value")))
        for table in dict.fromkeys(item.name for item in TABLE.items(properties))
    ]


def check(properties, document_type=None):
    """Yields a `Violation` for each defect of a BOD mapping; `document_type` is the code in the export, if known."""
    for key in REQUIRED_KEYS:
        if key not in properties:
            yield MB02.violation(key, hint=case_hint(properties, key))
    tables = table_sections(properties)
    yield from _check_lists(properties, (*LAYOUT.sections, *tables))
    yield from check_document_type(properties, document_type)
    yield from _check_paths(properties)
    yield from _check_logical_id(properties)
    entity = properties.text(ACCOUNTING_ENTITY)
    if ACCOUNTING_ENTITY in properties and (not entity or entity.startswith(("*", "<"))):
        yield MB21.violation(ACCOUNTING_ENTITY, properties.line(ACCOUNTING_ENTITY))
    yield from _check_unused(properties, tables)


def _check_lists(properties, sections):
    for section in sections:
        items = section.items(properties)
        counts = Counter(item.name for item in items)
        for item in {item.name: item for item in items}.values():
            if counts[item.name] > 1:
                yield MB24.violation(item.list_key, item.line, item=plain_name(item.name), count=counts[item.name])
        for item, key in section.missing(properties):
            if section is INDEX_FIELD:
                yield missing_line(MB22, properties, item, key)
            elif section is not DOCUMENT_TYPE:
                yield missing_line(MB01, properties, item, key)
            elif properties.twin(key):
                yield missing_line(MB25, properties, item, key, case="line")
            else:
                yield missing_line(MB03, properties, item, key)


def check_document_type(properties, document_type):
    """Yields a `Violation` if the document type of the export is not listed; nothing if it is not known."""
    known = document_types(properties)
    if not document_type or not known or document_type in known:
        return
    key, line = DOCUMENT_TYPE.list_key, properties.line(DOCUMENT_TYPE.list_key)
    alike = [code for code in known if code.lower() == document_type.lower()]
    if alike:
        yield MB25.violation(key, line, "export", listed=plain_name(alike[0]), document_type=plain_name(document_type))
    else:
        yield MB26.violation(key, line, document_type=plain_name(document_type))


def _check_paths(properties):
    for key in properties.keys():
        if key not in PATH_KEYS and not key.startswith(PATH_PREFIXES):
            continue
        path = properties.text(key)
        if not path.startswith(ROOT):
            yield MB04.violation(key, properties.line(key))
        elif not PATH.fullmatch(path):
            yield MB05.violation(key, properties.line(key))


def _check_logical_id(properties):
    value, line = properties.text(LOGICAL_ID), properties.line(LOGICAL_ID)
    if LOGICAL_ID not in properties:
        yield MB06.violation(LOGICAL_ID, hint=case_hint(properties, LOGICAL_ID))
    elif not value.startswith(LOGICAL_ID_START):
        yield MB07.violation(LOGICAL_ID, line, value=excerpt(value))
    elif value == LOGICAL_ID_START:
        yield MB20.violation(LOGICAL_ID, line)


def _check_unused(properties, tables):
    of_tables = _keys_of_tables(properties, tables)
    for entry, section in unlisted(properties, LAYOUT):
        if entry.key in of_tables:
            continue
        if entry.key.startswith("IF_"):
            yield MB23.violation(entry.key, entry.line, list_key=section.list_key)
        else:
            yield MB40.violation(entry.key, entry.line, "unlisted", list_key=section.list_key)
    types = {code.lower() for code in document_types(properties)}
    for entry in others(properties, LAYOUT):
        if entry.key not in of_tables and entry.key.lower() not in types:
            yield MB40.violation(entry.key, entry.line, "unknown")


def _keys_of_tables(properties, tables) -> set:
    """The keys of the constants and columns of listed tables."""
    names = {item.name for item in TABLE.items(properties)}
    columns = ((key, TABLE_COLUMN.fullmatch(key)) for key in properties.keys())
    keys = {key for key, column in columns if column and column.group(1) in names}
    for section in tables:
        keys.add(section.list_key)
        keys.update(part.key(item.name) for item in section.items(properties) for part in section.parts)
    return keys
