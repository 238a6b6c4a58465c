# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Validating a mapping file before it is uploaded: its kind and its findings. Private to the collection."""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.docbits.ion.plugins.module_utils._core.rules import findings_of
from ansible_collections.docbits.ion.plugins.module_utils._mapping import bod, dialect, erp, idm, toml
from ansible_collections.docbits.ion.plugins.module_utils._mapping.properties import Properties, parse

IDM = "idm"
BOD = "bod"
M3 = erp.M3
LN = erp.LN
M3_TOML = "m3_toml"
FILE_KINDS = (IDM, BOD, M3, LN, M3_TOML)
LAYOUTS = {IDM: idm.LAYOUT, BOD: bod.LAYOUT, **erp.LAYOUTS}
TITLES = {IDM: "an IDM mapping", BOD: "a BOD mapping", M3: "an M3 mapping", LN: "an LN mapping", M3_TOML: "an M3 TOML mapping"}

# Keys and prefixes that occur in several kinds.
_SHARED = ("Static_Fields", "Index_Fields", "IF_", "SF_")


def _marks(layout) -> tuple:
    """The keys and prefixes of one kind only."""
    return tuple(mark for mark in (*layout.list_keys, *layout.single_keys, *layout.prefixes) if mark not in _SHARED)


# Those of M3 are those of LN too, which differs in its field names.
_MARKS = {IDM: _marks(idm.LAYOUT), BOD: (*_marks(bod.LAYOUT), "TNP_", "TNV_"), M3: _marks(erp.LAYOUTS[M3])}


@dataclass(frozen=True)
class ValidatedMapping:
    """A mapping file and its findings.

    kind:     one of `FILE_KINDS`, or None if it could not be recognized
    findings: in file order; those without a line first
    content:  `Properties`, the tables of a TOML file (a dict), or None if the file could not be read
    where:    the name of the file in findings
    """

    kind: str | None
    findings: list
    content: object
    where: str

    @property
    def document_types(self) -> list:
        """The DocBits document types of an IDM or BOD mapping; empty for other kinds."""
        if not isinstance(self.content, Properties):
            return []
        if self.kind == IDM:
            return idm.document_types(self.content)
        return bod.document_types(self.content) if self.kind == BOD else []

    @property
    def logical_id(self) -> str:
        """The logical id of the sender in a BOD mapping; an empty string for other kinds."""
        return self.content.text(bod.LOGICAL_ID) if self.kind == BOD and isinstance(self.content, Properties) else ""


def validate(content, where, expected_kind=None, document_type=None) -> ValidatedMapping:
    """Validate a mapping file, given as bytes or text. Pure, never raises, takes time linear in the length.

    where:         the name of the file in findings
    expected_kind: one of `FILE_KINDS`; None to accept any kind
    document_type: the DocBits code of the export's document type, if known
    """
    text, violations = dialect.decode(content)
    if text is None:
        return ValidatedMapping(None, findings_of(violations, where), None, where)
    properties = parse(text)
    recognized = _kind_of(text, properties, expected_kind)
    if recognized and expected_kind and recognized != expected_kind:
        violation = dialect.MP06.violation(actual=TITLES[recognized], expected=TITLES.get(expected_kind, "another file"))
        return ValidatedMapping(recognized, findings_of([violation], where), None, where)
    kind = recognized or expected_kind
    if kind == M3_TOML:
        mapping, problems = toml.read(text)
        violations += problems if mapping is None else toml.check(mapping, text)
    elif kind in LAYOUTS:
        mapping = properties
        violations += _check_properties(kind, properties, document_type)
    else:
        kind, mapping = None, None
        violations.append(dialect.MP05.violation())
    return ValidatedMapping(kind, findings_of(violations, where), mapping, where)


def _check_properties(kind, properties, document_type):
    tables = bod.table_sections(properties) if kind == BOD else ()
    yield from dialect.check(properties, (*LAYOUTS[kind].list_keys, *(section.list_key for section in tables)))
    if kind == IDM:
        yield from idm.check(properties, document_type)
    elif kind == BOD:
        yield from bod.check(properties, document_type)
    else:
        yield from erp.check(kind, properties)


def _kind_of(text, properties, expected_kind=None):
    """The kind with the most marks in the file, or None if there are no marks; `expected_kind` decides between equal numbers."""
    marks = {kind: sum(key.startswith(prefixes) for key in properties.keys()) for kind, prefixes in _MARKS.items()}
    marks[M3_TOML] = sum(line.lstrip().startswith("[") for line in text.split("\n"))
    most = max(marks.values())
    if most == 0:
        return None
    best = [kind for kind, count in marks.items() if count == most]
    wanted = M3 if expected_kind == LN else expected_kind
    kind = wanted if wanted in best else best[0]
    return _erp_kind(properties, expected_kind) if kind == M3 else kind


def _erp_kind(properties, expected_kind):
    """M3 or LN, by the length of the ERP field names; None if they do not decide it."""
    layout = erp.LAYOUTS[M3]
    names = [item.name for section in layout.sections for item in section.items(properties)]
    names += [name for key in properties.keys() for _section, _part, name in layout.companions(key)]
    # M3 names have four characters, LN names are words. Wrong case is a finding of its own.
    short = sum(len(name) == 4 for name in names)
    long = len(names) - short
    if short == long:
        return expected_kind if expected_kind in (M3, LN) else None
    return M3 if short > long else LN
