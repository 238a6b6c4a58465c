# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judging a mapping file before it is uploaded: which kind it is, and what is wrong with it. Private to the collection."""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.docbits.ion.plugins.module_utils._core.findings import errors_in
from ansible_collections.docbits.ion.plugins.module_utils._mapping import bod, dialect, erp, idm, toml
from ansible_collections.docbits.ion.plugins.module_utils._mapping.properties import Properties, parse
from ansible_collections.docbits.ion.plugins.module_utils._mapping.rules import as_findings

IDM = "idm"
BOD = "bod"
M3 = erp.M3
LN = erp.LN
M3_TOML = "m3_toml"
KINDS = (IDM, BOD, M3, LN, M3_TOML)
LAYOUTS = {IDM: idm.LAYOUT, BOD: bod.LAYOUT, **erp.LAYOUTS}
TITLES = {IDM: "an IDM mapping", BOD: "a BOD mapping", M3: "an M3 mapping", LN: "an LN mapping", M3_TOML: "an M3 TOML mapping"}

# What stands in files of one kind only. Static_Fields, Index_Fields, IF_ and SF_ stand in several and tell nothing.
_IDM_MARKS = ("ACL_Fields", "Searchable_PDF_Name", "Static_Values", "EMBEDDED_FILES_EXPORT", "SV_", "EFE_")
_BOD_MARKS = (
    *("DT_Path", "Document_Types", "Generated_Fields", "PO_Fields", "IF_COMMON_PATH", "IF_Attributes", "IF_Elements", "Pages_COMMON_PATH"),
    *("Page_Elements", "Batch_Level_Properties", "Table_COMMON_PATH", "TableColumn_", "Tables"),
    *("SFP_", "SFV_", "GFP_", "GFV_", "POP_", "POF_", "IFP_", "IFV_", "PFP_", "Path_", "TN_", "TNP_", "TNV_", "TCP_", "TCV_"),
)
_ERP_MARKS = tuple(mark for mark in (*erp.LAYOUTS[M3].list_keys, *erp.LAYOUTS[M3].single_keys, *erp.LAYOUTS[M3].prefixes) if mark != "SF_")


@dataclass(frozen=True)
class Judged:
    """A mapping file and what is to be said about it.

    kind:     one of C(KINDS), or C(None) where it could not be told
    findings: in file order; those without a line first
    mapping:  L(Properties), or the tables of a TOML file (a dict), or C(None) where the file could not be read
    where:    what messages call the file
    """

    kind: str | None
    findings: list
    mapping: object
    where: str

    @property
    def valid(self) -> bool:
        """Whether nothing forbids uploading it."""
        return not errors_in(self.findings)

    @property
    def document_types(self) -> list:
        """The DocBits document types that it maps; empty for kinds that do not name any."""
        if not isinstance(self.mapping, Properties):
            return []
        if self.kind == IDM:
            return idm.document_types(self.mapping)
        return bod.document_types(self.mapping) if self.kind == BOD else []

    @property
    def logical_id(self) -> str:
        """The logical id of the sender in a BOD mapping; an empty string elsewhere."""
        return self.mapping.text(bod.LOGICAL_ID) if self.kind == BOD and isinstance(self.mapping, Properties) else ""


def judge(content, where, expected_kind=None, document_type=None) -> Judged:
    """Judge a mapping file given as bytes or text. Pure, never raises, takes time in proportion to the length.

    where:         what messages call the file, for example its name
    expected_kind: the kind that its place asks for, one of C(KINDS); C(None) to take what it is
    document_type: the DocBits code of the export's document type, if it is known
    """
    text, found = dialect.readable(content)
    if text is None:
        return Judged(None, as_findings(found, where), None, where)
    properties = parse(text)
    recognised = kind_of(text, properties, expected_kind)
    if recognised and expected_kind and recognised != expected_kind:
        message = f"is {TITLES[recognised]}, given as {TITLES.get(expected_kind, 'another file')}"
        return Judged(recognised, as_findings([dialect.RULES["MP06"].found(message)], where), None, where)
    kind = recognised or expected_kind
    if kind == M3_TOML:
        mapping, problems = toml.read(text)
        found += problems if mapping is None else toml.check(mapping, text)
    elif kind in LAYOUTS:
        mapping = properties
        found += _check_properties(kind, properties, document_type)
    else:
        mapping = None
        found.append(dialect.RULES["MP05"].found("is of no kind that can be recognised"))
    return Judged(kind if kind in KINDS else None, as_findings(found, where), mapping, where)


def _check_properties(kind, properties, document_type):
    yield from dialect.check(properties)
    yield from dialect.check_lists(properties, LAYOUTS[kind].list_keys)
    if kind == IDM:
        yield from idm.check(properties, document_type)
    elif kind == BOD:
        yield from bod.check(properties, document_type)
        yield from dialect.check_lists(properties, [section.list_key for section in bod.table_sections(properties)])
    else:
        yield from erp.check(kind, properties)


def kind_of(text, properties, expected_kind=None):
    """The kind that the marks in a file speak for most, or C(None) where nothing speaks for any.

    O(expected_kind) decides only between kinds for which as much speaks.
    """
    keys = list(properties.keys())
    marks = {
        IDM: sum(key.startswith(_IDM_MARKS) for key in keys),
        BOD: sum(key.startswith(_BOD_MARKS) for key in keys),
        # and LN, which is told apart from it by its field names
        M3: sum(key.startswith(_ERP_MARKS) for key in keys),
        M3_TOML: sum(line.lstrip().startswith("[") for line in text.split("\n")),
    }
    most = max(marks.values())
    if most == 0:
        return None
    best = [kind for kind, count in marks.items() if count == most]
    wanted = M3 if expected_kind == LN else expected_kind
    kind = wanted if wanted in best else best[0]
    return _erp_kind(properties, expected_kind) if kind == M3 else kind


def _erp_kind(properties, expected_kind):
    """M3 or LN, by the look of the ERP field names; C(None) where there are none to tell by."""
    layout = erp.LAYOUTS[M3]
    names = [item.name for section in layout.sections for item in section.items(properties)]
    names += [name for key in properties.keys() for _section, _part, name in layout.companions(key)]
    # M3 names have four characters, LN names are words; case is left out, since wrong case is a finding of its own.
    short = sum(len(name) == 4 for name in names)
    long = len(names) - short
    if short == long:
        return expected_kind if expected_kind in (M3, LN) else None
    return M3 if short > long else LN
