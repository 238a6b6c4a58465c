# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules for a BOD mapping: how a document becomes a Sync.CaptureDocument for Infor ION. Private to the collection."""

from __future__ import annotations

import re
from collections import Counter

from ansible_collections.docbits.ion.plugins.module_utils._core.findings import ERROR, INFO, WARNING
from ansible_collections.docbits.ion.plugins.module_utils._mapping.layout import Layout, Part, Section, in_case, others, unlisted
from ansible_collections.docbits.ion.plugins.module_utils._mapping.rules import ASSUMED, CALIBRATED, SEEN, Rule, by_id, name, shown

ROOT = "SyncCaptureDocumentType"
PATH = re.compile(ROOT + r"(?:\\\\[^\\/]+)*")
LOGICAL_ID = "SFV_LogicalID"
LOGICAL_ID_START = "lid://"
ACCOUNTING_ENTITY = "SFV_AccountingEntityID"

DOCUMENT_TYPE = Section("document type", ("Document_Types",), (Part("", "BOD document type"),))
INDEX_FIELD = Section(
    "index field",
    ("Index_Fields",),
    (Part("IF_", "target"), Part("IFP_", "path", required=False), Part("IFV_", "value", required=False)),
)
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
NEEDED_KEYS = ("DT_Path", "Document_Types")
PATH_KEYS = ("DT_Path", "IF_COMMON_PATH", "Pages_COMMON_PATH", "Table_COMMON_PATH")
PATH_PREFIXES = ("SFP_", "GFP_", "POP_", "IFP_", "PFP_", "Path_", "TCP_", "TNP_")
TABLE_COLUMN = re.compile(r"TN_(.+?)_TC_(.+)")

RULES = by_id(
    Rule(
        "MB01",
        ERROR,
        "Each item of a list has its companion lines, such as `SFP_` and `SFV_` for a static field; index fields are MB22",
        "add the line, or take the name out of the list",
        CALIBRATED,
    ),
    Rule(
        "MB02",
        ERROR,
        "`DT_Path` and `Document_Types` are there",
        "add this key",
        CALIBRATED,
    ),
    Rule(
        "MB03",
        ERROR,
        "Each item of `Document_Types` has its line with the BOD document type",
        "add a line such as INVOICE=LN_SupplierInvoice, or take the item out of Document_Types",
        CALIBRATED,
    ),
    Rule(
        "MB04",
        ERROR,
        "Each path starts with `SyncCaptureDocumentType`",
        "begin the path with SyncCaptureDocumentType",
        CALIBRATED,
    ),
    Rule(
        "MB05",
        ERROR,
        r"The parts of a path are separated by two backslashes, `\\`",
        r"separate the parts of the path by \\ (two backslashes in the file)",
        CALIBRATED,
    ),
    Rule(
        "MB06",
        ERROR,
        "`SFV_LogicalID` is there",
        "add SFV_LogicalID= with the logical id of the connection point (ION Desk, Connection Points)",
        CALIBRATED,
    ),
    Rule(
        "MB07",
        ERROR,
        "`SFV_LogicalID` starts with `lid://`",
        "write the logical id of the connection point, such as lid://infor.ims.example (ION Desk, Connection Points)",
        CALIBRATED,
    ),
    Rule(
        "MB20",
        WARNING,
        "`SFV_LogicalID` is more than `lid://`, the template's placeholder",
        "write the logical id of the connection point, such as lid://infor.ims.example (ION Desk, Connection Points)",
        SEEN,
    ),
    Rule(
        "MB21",
        WARNING,
        "`SFV_AccountingEntityID` is more than the template's placeholder",
        "write the accounting entity of the customer, such as 100 or 001_100",
        SEEN,
    ),
    Rule(
        "MB22",
        WARNING,
        "Each listed index field has its `IF_` line",
        "add the line with the name in the BOD, or take the field out of Index_Fields",
        SEEN,
    ),
    Rule(
        "MB23",
        WARNING,
        "Each `IF_` line speaks of a listed index field",
        "add the field to Index_Fields, or DocBits may not send it",
        SEEN,
    ),
    Rule(
        "MB24",
        WARNING,
        "No list has the same item twice",
        "take one of the two out of the list",
        SEEN,
    ),
    Rule(
        "MB25",
        WARNING,
        "A document type is written in the same case in the export, in `Document_Types` and in its own line",
        "write it exactly as DocBits writes the code of the document type",
        SEEN,
    ),
    Rule(
        "MB26",
        WARNING,
        "The document type of the export is listed in `Document_Types`",
        "add it to Document_Types with its own line, or choose a document type of this file in the export",
        ASSUMED,
    ),
    Rule(
        "MB40",
        INFO,
        "Each companion line speaks of a listed name, and each key is known",
        "add the name to its list, correct the key, or leave it if DocBits need not use it",
        ASSUMED,
    ),
)


def document_types(properties) -> list:
    """The items of C(Document_Types)."""
    return [item.name for item in DOCUMENT_TYPE.items(properties)]


def table_sections(properties) -> list:
    """One L(Section) for the constants of each listed table: their list has the table's name in its key."""
    return [
        Section(
            f"table {table} constant",
            (f"TN_{table}_Static_Fields",),
            (Part(f"TNP_{table}_", "path"), Part(f"TNV_{table}_", "value")),
        )
        for table in dict.fromkeys(item.name for item in TABLE.items(properties))
    ]


def check(properties, document_type=None):
    """What breaks a rule in a BOD mapping, for an export of O(document_type) if that is given. Yields C(Found)."""
    for key in NEEDED_KEYS:
        if key not in properties:
            yield RULES["MB02"].found("is missing" + in_case(properties, key), key)
    tables = table_sections(properties)
    yield from _check_lists(properties, (*LAYOUT.sections, *tables))
    yield from check_document_type(properties, document_type)
    yield from _check_paths(properties)
    yield from _check_logical_id(properties)
    entity = properties.text(ACCOUNTING_ENTITY)
    if ACCOUNTING_ENTITY in properties and (not entity or entity.startswith(("*", "<"))):
        yield RULES["MB21"].found("is a placeholder", ACCOUNTING_ENTITY, properties.line(ACCOUNTING_ENTITY))
    yield from _check_unused(properties, tables)


def _check_lists(properties, sections):
    for section in sections:
        items = section.items(properties)
        counts = Counter(item.name for item in items)
        for item in {item.name: item for item in items}.values():
            if counts[item.name] > 1:
                yield RULES["MB24"].found(f"lists {name(item.name)} {counts[item.name]} times", item.list_key, item.line)
        for item, key in section.missing(properties):
            yield _missing(properties, section, item, key)


def _missing(properties, section, item, key):
    message = f"lists {name(item.name)}, but there is no line {name(key)}={in_case(properties, key)}"
    if section is INDEX_FIELD:
        rule = "MB22"
    elif section is DOCUMENT_TYPE:
        rule = "MB25" if properties.twin(key) else "MB03"
    else:
        rule = "MB01"
    return RULES[rule].found(message, item.list_key, item.line)


def check_document_type(properties, document_type):
    """Whether the document type of the export is listed. Yields C(Found); nothing where no O(document_type) is given."""
    known = document_types(properties)
    if not document_type or not known or document_type in known:
        return
    line = properties.line(DOCUMENT_TYPE.list_key)
    alike = [code for code in known if code.lower() == document_type.lower()]
    if alike:
        message = f"has {name(alike[0])}, which is in other case than the document type {name(document_type)} of the export"
        yield RULES["MB25"].found(message, DOCUMENT_TYPE.list_key, line)
    else:
        yield RULES["MB26"].found(f"does not list the document type {name(document_type)} of the export", DOCUMENT_TYPE.list_key, line)


def _check_paths(properties):
    for key in properties.keys():
        if key not in PATH_KEYS and not key.startswith(PATH_PREFIXES):
            continue
        path = properties.text(key)
        if not path.startswith(ROOT):
            yield RULES["MB04"].found(f"does not start with {ROOT}", key, properties.line(key))
        elif not PATH.fullmatch(path):
            yield RULES["MB05"].found(r"has something other than \\ between its parts", key, properties.line(key))


def _check_logical_id(properties):
    value, line = properties.text(LOGICAL_ID), properties.line(LOGICAL_ID)
    if LOGICAL_ID not in properties:
        yield RULES["MB06"].found("is missing" + in_case(properties, LOGICAL_ID), LOGICAL_ID)
    elif not value.startswith(LOGICAL_ID_START):
        yield RULES["MB07"].found(f"is '{shown(value)}', which does not start with {LOGICAL_ID_START}", LOGICAL_ID, line)
    elif value == LOGICAL_ID_START:
        yield RULES["MB20"].found(f"is only {LOGICAL_ID_START}, the template's placeholder", LOGICAL_ID, line)


def _check_unused(properties, tables):
    of_tables = _keys_of_tables(properties, tables)
    for entry, section, _name in unlisted(properties, LAYOUT):
        if entry.key not in of_tables:
            rule = "MB23" if entry.key.startswith("IF_") else "MB40"
            yield RULES[rule].found(f"is not listed in {section.list_key}", entry.key, entry.line)
    types = {code.lower() for code in document_types(properties)}
    for entry in others(properties, LAYOUT):
        if entry.key not in of_tables and entry.key.lower() not in types:
            yield RULES["MB40"].found("is no key of a BOD mapping that is known here", entry.key, entry.line)


def _keys_of_tables(properties, tables) -> set:
    """Every key that belongs to a listed table besides its C(TN_) line: constants and columns."""
    names = {item.name for item in TABLE.items(properties)}
    columns = ((key, TABLE_COLUMN.fullmatch(key)) for key in properties.keys())
    keys = {key for key, column in columns if column and column.group(1) in names}
    for section in tables:
        keys.add(section.list_key)
        keys.update(part.key(item.name) for item in section.items(properties) for part in section.parts)
    return keys
