# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules for an IDM mapping: which document type and which attributes a document gets in Infor IDM. Private to the collection."""

from __future__ import annotations

from ansible_collections.docbits.ion.plugins.module_utils._core.findings import ERROR, INFO, WARNING
from ansible_collections.docbits.ion.plugins.module_utils._mapping.layout import Layout, Part, Section, in_case, others, unlisted
from ansible_collections.docbits.ion.plugins.module_utils._mapping.rules import ASSUMED, CALIBRATED, SEEN, Rule, by_id, name, shown

STATIC_VALUE = Section("static value", ("Static_Values",), (Part("SV_", "value"),))
STATIC_FIELD = Section("static field", ("Static_Fields",), (Part("SF_", "value"),))
INDEX_FIELD = Section("index field", ("Index_Fields",), (Part("IF_", "target"),))
EMBEDDED_FILE = Section(
    "embedded file",
    ("EMBEDDED_FILES_EXPORT",),
    (
        Part("EFE_", "source", "_SOURCE_NAME"),
        Part("EFE_", "IDM document type", "_EXPORT_DOC_TYPE"),
        Part("EFE_", "file name", "_EXPORT_FILENAME"),
    ),
)
LAYOUT = Layout(
    (STATIC_VALUE, STATIC_FIELD, INDEX_FIELD, EMBEDDED_FILE),
    ("ACL_Fields", "Searchable_PDF_Name"),
    other_word="document type",
    other_part="IDM document type",
)
NEEDED_KEYS = ("Static_Fields", "Index_Fields", "ACL_Fields", "Searchable_PDF_Name")
EXPRESSIONS = ("ACL_Fields", "Searchable_PDF_Name")
TYPES = ("STRING",)

RULES = by_id(
    Rule(
        "MI01",
        ERROR,
        "There is at least one document type line: the DocBits code, =, the IDM document type",
        "add a line such as INVOICE=LN_SupplierInvoice",
        CALIBRATED,
    ),
    Rule(
        "MI02",
        ERROR,
        "The document type of the export has its line",
        "add a line for it, or choose this document type in the export",
        CALIBRATED,
    ),
    Rule(
        "MI03",
        ERROR,
        "`EFE_..._EXPORT_DOC_TYPE` has a value",
        "write the IDM document type that the embedded file gets",
        CALIBRATED,
    ),
    Rule(
        "MI04",
        ERROR,
        "`Static_Fields`, `Index_Fields`, `ACL_Fields` and `Searchable_PDF_Name` are there",
        "add this key",
        CALIBRATED,
    ),
    Rule(
        "MI05",
        ERROR,
        "Each listed static value has its `SV_` line, each listed static field its `SF_` line",
        "add the line, or take the name out of the list",
        CALIBRATED,
    ),
    Rule(
        "MI06",
        ERROR,
        "Each part of `ACL_Fields`, `Searchable_PDF_Name` and `EFE_..._EXPORT_FILENAME` is a key of the file",
        "add the line of this key, or use keys that have one, joined by +",
        CALIBRATED,
    ),
    Rule(
        "MI07",
        ERROR,
        "Each embedded file has `EFE_..._SOURCE_NAME`, `EFE_..._EXPORT_DOC_TYPE` and `EFE_..._EXPORT_FILENAME`",
        "add the line, or take the name out of EMBEDDED_FILES_EXPORT",
        CALIBRATED,
    ),
    Rule(
        "MI20",
        WARNING,
        "Each listed index field has its `IF_` line",
        "add the line with the IDM attribute, or take the field out of Index_Fields",
        SEEN,
    ),
    Rule(
        "MI21",
        WARNING,
        "Each `IF_` line speaks of a listed index field",
        "add the field to Index_Fields, or DocBits may not send it",
        SEEN,
    ),
    Rule(
        "MI22",
        WARNING,
        "Each `SV_` line speaks of a listed static value",
        "add the name to Static_Values",
        SEEN,
    ),
    Rule(
        "MI23",
        WARNING,
        "A constant for the accounting entity has a value",
        "write the accounting entity of the customer, such as 100 or 001_100",
        SEEN,
    ),
    Rule(
        "MI24",
        WARNING,
        "Each item of `Static_Fields` and `Index_Fields` has a known type",
        "write the name with its type, such as INVOICE_ID:STRING",
        SEEN,
    ),
    Rule(
        "MI25",
        WARNING,
        "A document type line has an IDM document type",
        "write the IDM document type after the =, such as LN_SupplierInvoice",
        ASSUMED,
    ),
    Rule(
        "MI26",
        WARNING,
        "No expression is empty, and none has a + with nothing before or after it",
        "write keys of this file, joined by +",
        ASSUMED,
    ),
    Rule(
        "MI27",
        WARNING,
        "The document type of the export is written in the same case",
        "write it exactly as DocBits writes the code of the document type",
        ASSUMED,
    ),
    Rule(
        "MI40",
        INFO,
        "Each `SF_` and `EFE_` line speaks of a listed static field or embedded file",
        "add the name to the list, or DocBits may not use the line",
        ASSUMED,
    ),
)


def document_types(properties) -> list:
    """The DocBits codes of the document types that have a line."""
    return [entry.key for entry in others(properties, LAYOUT)]


def check(properties, document_type=None):
    """What breaks a rule in an IDM mapping, for an export of O(document_type) if that is given. Yields C(Found)."""
    for key in NEEDED_KEYS:
        if key not in properties:
            yield RULES["MI04"].found("is missing" + in_case(properties, key), key)
    yield from _check_document_types(properties)
    yield from check_document_type(properties, document_type)
    yield from _check_companions(properties)
    for section in (STATIC_FIELD, INDEX_FIELD):
        yield from _check_types(section.items(properties))
    for key in _expressions(properties):
        yield from _check_expression(properties, key)
    for key in properties.keys():
        if key.startswith(("SV_", "SF_")) and "accountingentity" in key.replace("_", "").lower() and not properties.text(key):
            yield RULES["MI23"].found("has no value", key, properties.line(key))


def _check_document_types(properties):
    lines = list(others(properties, LAYOUT))
    if not lines:
        yield RULES["MI01"].found("has no document type line")
    for entry in lines:
        if not entry.text:
            yield RULES["MI25"].found("has no IDM document type", entry.key, entry.line)


def check_document_type(properties, document_type):
    """Whether the document type of the export has its line. Yields C(Found); nothing where no O(document_type) is given."""
    known = document_types(properties)
    if not document_type or not known or document_type in known:
        return
    alike = [key for key in known if key.lower() == document_type.lower()]
    if alike:
        message = f"is written in other case than the document type {name(document_type)} of the export"
        yield RULES["MI27"].found(message, alike[0], properties.line(alike[0]), f"write {name(document_type)}=... instead")
    else:
        action = f"add a line {name(document_type)}=<IDM document type>, or choose the document type of this file in the export"
        yield RULES["MI02"].found("has no line for the document type of the export", document_type, action=action)


def _check_companions(properties):
    rules = {STATIC_VALUE: "MI05", STATIC_FIELD: "MI05", INDEX_FIELD: "MI20", EMBEDDED_FILE: "MI07"}
    for section, rule in rules.items():
        for item, key in section.missing(properties):
            message = f"lists {name(item.name)}, but there is no line {name(key)}={in_case(properties, key)}"
            yield RULES[rule].found(message, item.list_key, item.line)
    rules = {STATIC_VALUE: "MI22", STATIC_FIELD: "MI40", INDEX_FIELD: "MI21", EMBEDDED_FILE: "MI40"}
    for entry, section, _name in unlisted(properties, LAYOUT):
        yield RULES[rules[section]].found(f"is not listed in {section.list_key}", entry.key, entry.line)
    for key in dict.fromkeys(f"EFE_{item.name}_EXPORT_DOC_TYPE" for item in EMBEDDED_FILE.items(properties)):
        if key in properties and not properties.text(key):
            yield RULES["MI03"].found("has no value", key, properties.line(key))


def _check_types(items):
    for item in {item.name: item for item in items}.values():
        if item.type not in TYPES:
            what = f"the unknown type {shown(item.type, 20)}" if item.type else "no type"
            message = f"lists {name(item.name)} with {what}"
            yield RULES["MI24"].found(message, item.list_key, item.line, f"write {name(item.name)}:STRING in the list")


def _expressions(properties) -> list:
    names = (f"EFE_{item.name}_EXPORT_FILENAME" for item in EMBEDDED_FILE.items(properties))
    return [key for key in dict.fromkeys((*EXPRESSIONS, *names)) if key in properties]


def _check_expression(properties, key):
    tokens = [token.strip() for token in properties.text(key).split("+")]
    if not all(tokens):
        yield RULES["MI26"].found("is empty" if len(tokens) == 1 else "has a + with nothing before or after it", key, properties.line(key))
    for token in dict.fromkeys(tokens):
        if token and token not in properties:
            message = f"uses {name(token)}, which has no line in this file{in_case(properties, token)}"
            yield RULES["MI06"].found(message, key, properties.line(key))
