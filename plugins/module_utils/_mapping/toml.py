# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules for an M3 TOML mapping, the export of DocBits' Rule Manager. Private to the collection."""

from __future__ import annotations

import re

try:
    import tomllib
except ImportError:  # Python 3.10 and older: the module may have been shipped to such a host
    tomllib = None

from ansible_collections.docbits.ion.plugins.module_utils._core.findings import ERROR, WARNING
from ansible_collections.docbits.ion.plugins.module_utils._mapping.rules import ASSUMED, DOCUMENTED, Rule, by_id, name, shown

ROOT = "export_configuration"
HEADER = "header"
LINE_SECTIONS = ("tax_lines", "order_header_charges", "receipt_lines", "cost_lines")
# Sections that the vendor's documentation speaks of without giving their names: what begins like this is let pass [assumed].
TOLERATED_SECTIONS = ("order_line_charge", "debit_note", "credit_note")

# The standard reader takes quadratic time for a key of many parts; a mapping has three.
MOST_KEY_PARTS = 16

HEADER_VALUE = re.compile(r"\[[^\[\]]*\]")
LINE_VALUE = re.compile(r"\[\[[^\[\]]*\]\]")

# Every string and comment, closed or not, so that what is left is structure. No alternative can fail after it has begun.
_STRING_OR_COMMENT = re.compile(
    r'"""(?:[^"\\]+|\\.?|"(?!""))*(?:""")?'
    r"|'''(?:[^']+|'(?!''))*(?:''')?"
    r'|"(?:[^"\\\n]+|\\[^\n]?)*"?'
    r"|'[^'\n]*'?"
    r"|\#[^\n]*",
    re.DOTALL,
)
_LONG_KEY = re.compile(rf"(?:\.[^\n.=,\[\]{{}}]*){{{MOST_KEY_PARTS}}}")
_PLACE = re.compile(r"at line (\d+), column \d+")
_TABLE_LINE = re.compile(r"\s*\[([^\[\]]*)\]\s*(?:#.*)?")
_KEY_LINE = re.compile(r"\s*([A-Za-z0-9_-]+)\s*=")

RULES = by_id(
    Rule(
        "MT01",
        ERROR,
        "The file can be judged: the Python that runs the check has a TOML reader",
        "run this task from a controller with Python 3.11 or newer",
        DOCUMENTED,
    ),
    Rule("MT02", ERROR, "The file is TOML", "correct this place, or export the file from the Rule Manager again", DOCUMENTED),
    Rule(
        "MT03",
        ERROR,
        "`export_configuration.header.fields` is a table of strings and not empty",
        'write [export_configuration.header.fields] and below it lines such as SUNO = "[supplier_id]", each value in quotes',
        DOCUMENTED,
    ),
    Rule(
        "MT04",
        ERROR,
        "The `name` of a section equals the section",
        "write the section's own name",
        DOCUMENTED,
    ),
    Rule(
        "MT05",
        ERROR,
        f"No key has more than {MOST_KEY_PARTS} parts",
        "give the file that the Rule Manager exports",
        ASSUMED,
    ),
    Rule(
        "MT20",
        WARNING,
        "A header field takes `[x]`, a line field takes `[[x]]`",
        "write [x] for a header field and [[x]] for a column of the lines",
        DOCUMENTED,
    ),
    Rule(
        "MT21",
        WARNING,
        "Each section is known",
        "correct the name of the section: header, " + ", ".join(LINE_SECTIONS),
        DOCUMENTED,
    ),
    Rule(
        "MT22",
        WARNING,
        "Each further section has a `fields` table of strings",
        "write the fields of the section as strings, each value in quotes",
        ASSUMED,
    ),
)


def read(text):
    """The tables of a TOML text, or C(None) where it has none to give; and what was found (a list). Never raises."""
    if tomllib is None:
        return None, [RULES["MT01"].found("cannot be judged: this Python has no TOML reader")]
    if _LONG_KEY.search(_STRING_OR_COMMENT.sub("", text)):
        return None, [RULES["MT05"].found(f"has a key of more than {MOST_KEY_PARTS} parts")]
    try:
        return tomllib.loads(text), []
    except RecursionError:
        return None, [RULES["MT02"].found("has brackets nested too deep to be read")]
    except ValueError as error:  # also a number too long for Python; its text may quote the file, so only the place is taken
        place = _PLACE.search(str(error))
        line = int(place.group(1)) if place else 0
        return None, [RULES["MT02"].found("is no valid TOML at this place" if line else "is no valid TOML", line=line)]


def check(tables, text):
    """What breaks a rule in an M3 TOML mapping that was read. Yields C(Found)."""
    lines = _lines(text)
    sections = tables.get(ROOT)
    if not isinstance(sections, dict):
        sections = {}
    if not _fields(sections.get(HEADER)):
        key = f"{ROOT}.{HEADER}.fields"
        yield RULES["MT03"].found("is missing or empty", key, lines.get(key, 0))
    for section, content in sections.items():
        key = f"{ROOT}.{section}"
        if section != HEADER and section not in LINE_SECTIONS and not section.startswith(TOLERATED_SECTIONS):
            yield RULES["MT21"].found("is no section that is known here", key, lines.get(key, 0))
        if isinstance(content, dict):
            yield from _check_section(section, content, key, lines)


def _fields(section) -> dict:
    """The fields of a section, or an empty dict where it has none."""
    fields = section.get("fields") if isinstance(section, dict) else None
    return fields if isinstance(fields, dict) else {}


def _check_section(section, content, key, lines):
    if content.get("name") != section:
        message = "is missing" if "name" not in content else "differs from the name of the section"
        line = lines.get(f"{key}.name", lines.get(key, 0))
        yield RULES["MT04"].found(message, f"{key}.name", line, f'write name = "{name(section)}"')
    if section != HEADER and not _fields(content):
        yield RULES["MT22"].found("has no fields", key, lines.get(key, 0))
    for field, value in _fields(content).items():
        place = f"{key}.fields.{field}"
        line = lines.get(place, 0)
        if not isinstance(value, str):
            yield RULES["MT03" if section == HEADER else "MT22"].found("is no string", place, line, "write the value in quotes")
        elif section == HEADER and LINE_VALUE.fullmatch(value):
            yield RULES["MT20"].found(f"is {shown(value)}, but a header has no lines", place, line, f"write {shown(value[1:-1])}")
        elif section in LINE_SECTIONS and HEADER_VALUE.fullmatch(value):
            yield RULES["MT20"].found(f"is {shown(value)}, which reads the header in a line", place, line, f"write [{shown(value)}] for the column")


def _lines(text) -> dict:
    """The line of each table and key that is written plainly, by its dotted name. For messages only: TOML readers tell no lines."""
    lines: dict = {}
    table = ""
    for number, line in enumerate(text.split("\n"), start=1):
        header = _TABLE_LINE.fullmatch(line)
        if header:
            table = header.group(1).replace('"', "").replace(" ", "")
            lines.setdefault(table, number)
            continue
        key = _KEY_LINE.match(line)
        if key:
            lines.setdefault(f"{table}.{key.group(1)}" if table else key.group(1), number)
    return lines
