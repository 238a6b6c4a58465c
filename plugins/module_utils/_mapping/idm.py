# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""IDM mappings: their layout and rules MI. Private to the collection."""

from __future__ import annotations

from ansible_collections.docbits.ion.plugins.module_utils._core.findings import INFO, WARNING
from ansible_collections.docbits.ion.plugins.module_utils._core.rules import Rule, excerpt, plain_name
from ansible_collections.docbits.ion.plugins.module_utils._mapping.layout import Layout, Part, Section, case_hint, missing_line, others, unlisted
from ansible_collections.docbits.ion.plugins.module_utils._mapping.shared import MISSING_KEY, MISSING_LINE, UNLISTED

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
    other_label="document type",
    other_aspect="IDM document type",
)
REQUIRED_KEYS = ("Static_Fields", "Index_Fields", "ACL_Fields", "Searchable_PDF_Name")
EXPRESSIONS = ("ACL_Fields", "Searchable_PDF_Name")
TYPES = ("STRING",)

MI01 = Rule("MI01", "has no document type line", "add a line such as INVOICE=LN_SupplierInvoice")
MI02 = Rule(
    "MI02", "has no line for the document type of the export", "add a line {key}=<IDM document type>, or choose the document type of this file in the export"
)
MI03 = Rule("MI03", "has no value", "write the IDM document type that the embedded file gets")
MI04 = Rule("MI04", MISSING_KEY, "add this key")
MI05 = Rule("MI05", MISSING_LINE, "add the line, or remove the name from the list")
MI06 = Rule("MI06", "uses {used}, which has no line in this file{hint}", "add the line of this key, or use keys that have one, joined by +")
MI07 = Rule("MI07", MISSING_LINE, "add the line, or remove the name from EMBEDDED_FILES_EXPORT")
MI20 = Rule("MI20", MISSING_LINE, "add the line with the IDM attribute, or remove the field from Index_Fields", WARNING)
MI21 = Rule("MI21", UNLISTED, "add the field to Index_Fields; otherwise DocBits may not send it", WARNING)
MI22 = Rule("MI22", UNLISTED, "add the name to Static_Values", WARNING)
MI23 = Rule("MI23", "has no value", "write the accounting entity of the customer, such as 100 or 001_100", WARNING)
MI24 = Rule("MI24", {"none": "lists {item} without a type", "unknown": "lists {item} with the unknown type {type}"}, "write {item}:STRING in the list", WARNING)
MI25 = Rule("MI25", "has no IDM document type", "write the IDM document type after the =, such as LN_SupplierInvoice", WARNING)
MI26 = Rule("MI26", {"empty": "is empty", "plus": "has a + with nothing before or after it"}, "write keys of this file, joined by +", WARNING)
MI27 = Rule(
    "MI27",
    "differs in case from the document type {document_type} of the export",
    "write {document_type}=... instead, exactly as DocBits writes the code",
    WARNING,
)
MI40 = Rule("MI40", UNLISTED, "add the name to the list; otherwise DocBits may not use the line", INFO)
RULES = (MI01, MI02, MI03, MI04, MI05, MI06, MI07, MI20, MI21, MI22, MI23, MI24, MI25, MI26, MI27, MI40)

# For each section: the rule about a missing companion line, and about one that is not listed.
_COMPANION_RULES = {STATIC_VALUE: (MI05, MI22), STATIC_FIELD: (MI05, MI40), INDEX_FIELD: (MI20, MI21), EMBEDDED_FILE: (MI07, MI40)}


def document_types(properties) -> list:
    """The DocBits codes of the document types that have a line."""
    return [entry.key for entry in others(properties, LAYOUT)]


def check(properties, document_type=None):
    """Yields a `Violation` for each defect of an IDM mapping; `document_type` is the code in the export, if known."""
    for key in REQUIRED_KEYS:
        if key not in properties:
            yield MI04.violation(key, hint=case_hint(properties, key))
    yield from _check_document_types(properties)
    yield from check_document_type(properties, document_type)
    yield from _check_companions(properties)
    for section in (STATIC_FIELD, INDEX_FIELD):
        yield from _check_types(section.items(properties))
    for key in _expressions(properties):
        yield from _check_expression(properties, key)
    for key in properties.keys():
        if key.startswith(("SV_", "SF_")) and "accountingentity" in key.replace("_", "").lower() and not properties.text(key):
            yield MI23.violation(key, properties.line(key))


def _check_document_types(properties):
    lines = list(others(properties, LAYOUT))
    if not lines:
        yield MI01.violation()
    for entry in lines:
        if not entry.text:
            yield MI25.violation(entry.key, entry.line)


def check_document_type(properties, document_type):
    """Yields a `Violation` if the document type of the export has no line; nothing if it is not known."""
    known = document_types(properties)
    if not document_type or not known or document_type in known:
        return
    alike = [key for key in known if key.lower() == document_type.lower()]
    if alike:
        yield MI27.violation(alike[0], properties.line(alike[0]), document_type=plain_name(document_type))
    else:
        yield MI02.violation(document_type)


def _check_companions(properties):
    for section, (missing, _unlisted) in _COMPANION_RULES.items():
        for item, key in section.missing(properties):
            yield missing_line(missing, properties, item, key)
    for entry, section in unlisted(properties, LAYOUT):
        yield _COMPANION_RULES[section][1].violation(entry.key, entry.line, list_key=section.list_key)
    for key in dict.fromkeys(f"EFE_{item.name}_EXPORT_DOC_TYPE" for item in EMBEDDED_FILE.items(properties)):
        if key in properties and not properties.text(key):
            yield MI03.violation(key, properties.line(key))


def _check_types(items):
    for item in {item.name: item for item in items}.values():
        if item.type not in TYPES:
            case = "unknown" if item.type else "none"
            yield MI24.violation(item.list_key, item.line, case, item=plain_name(item.name), type=excerpt(item.type, 20))


def _expressions(properties) -> list:
    names = (f"EFE_{item.name}_EXPORT_FILENAME" for item in EMBEDDED_FILE.items(properties))
    return [key for key in dict.fromkeys((*EXPRESSIONS, *names)) if key in properties]


def _check_expression(properties, key):
    tokens = [token.strip() for token in properties.text(key).split("+")]
    if not all(tokens):
        yield MI26.violation(key, properties.line(key), "empty" if len(tokens) == 1 else "plus")
    for token in dict.fromkeys(tokens):
        if token and token not in properties:
            yield MI06.violation(key, properties.line(key), used=plain_name(token), hint=case_hint(properties, token))
