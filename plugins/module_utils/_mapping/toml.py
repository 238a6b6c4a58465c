# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""M3 TOML mappings, which the Rule Manager of DocBits exports: rules MT. Private to the collection."""

from __future__ import annotations

import re

try:
    import tomllib
except ImportError:  # Python 3.10 and older, on a target that the module was shipped to
    tomllib = None  # type: ignore[assignment]

from ansible_collections.docbits.ion.plugins.module_utils._core.findings import WARNING
from ansible_collections.docbits.ion.plugins.module_utils._core.rules import Case, Rule, excerpt, plain_name

ROOT = "export_configuration"
HEADER = "header"
LINE_SECTIONS = ("tax_lines", "order_header_charges", "receipt_lines", "cost_lines")
# The vendor's documentation mentions these sections without their names: sections with such a prefix are accepted [assumed].
TOLERATED_SECTIONS = ("order_line_charge", "debit_note", "credit_note")

# tomllib takes quadratic time for a key of many parts; a mapping has three.
MAX_KEY_PARTS = 16

HEADER_VALUE = re.compile(r"\[[^\[\]]*\]")
LINE_VALUE = re.compile(r"\[\[[^\[\]]*\]\]")

# Every string and comment, closed or not; the rest is structure. No alternative can fail after its start, so the time is linear.
_STRING_OR_COMMENT = re.compile(
    r'"""(?:[^"\\]+|\\.?|"(?!""))*(?:""")?'
    r"|'''(?:[^']+|'(?!''))*(?:''')?"
    r'|"(?:[^"\\\n]+|\\[^\n]?)*"?'
    r"|'[^'\n]*'?"
    r"|\#[^\n]*",
    re.DOTALL,
)
_LONG_KEY = re.compile(rf"(?:\.[^\n.=,\[\]{{}}]*){{{MAX_KEY_PARTS}}}")
_PLACE = re.compile(r"at line (\d+), column \d+")
_TABLE_LINE = re.compile(r"\s*\[([^\[\]]*)\]\s*(?:#.*)?")
_KEY_LINE = re.compile(r"\s*([A-Za-z0-9_-]+)\s*=")

MT01 = Rule("MT01", "cannot be checked: this Python has no TOML reader", "run this task on a controller with Python 3.11 or newer")
MT02 = Rule(
    "MT02",
    {"syntax": "is not valid TOML", "too_deep": "has brackets that are nested too deep"},
    "correct the file at this line, or export it from the Rule Manager again",
)
MT03 = Rule(
    "MT03",
    {"fields": "is missing or empty", "value": Case("is not a string", "write the value in quotes")},
    'write [export_configuration.header.fields], followed by lines such as SUNO = "[supplier_id]", each value in quotes',
)
MT04 = Rule("MT04", {"missing": "is missing", "other": "differs from the name of the section"}, 'write name = "{section}"')
MT05 = Rule("MT05", f"has a key with more than {MAX_KEY_PARTS} parts", "use the file that the Rule Manager exports")
MT20 = Rule(
    "MT20",
    {
        "header": Case("is {value}, but a header has no lines", "write {header_form}"),
        "line": Case("is {value}, which reads the header in a line", "write {line_form} for the column"),
    },
    "write [x] for a header field and [[x]] for a column of the lines",
    WARNING,
)
MT21 = Rule("MT21", "is not a known section", "correct the name of the section: header, " + ", ".join(LINE_SECTIONS), WARNING)
MT22 = Rule(
    "MT22",
    {"fields": "has no fields", "value": Case("is not a string", "write the value in quotes")},
    "write the fields of the section as strings, each value in quotes",
    WARNING,
)
RULES = (MT01, MT02, MT03, MT04, MT05, MT20, MT21, MT22)


def read(text) -> tuple:
    """The tables of a TOML text (None if it cannot be read) and a list of violations. Never raises."""
    if tomllib is None:
        return None, [MT01.violation()]
    if _LONG_KEY.search(_STRING_OR_COMMENT.sub("", text)):
        return None, [MT05.violation()]
    try:
        return tomllib.loads(text), []
    except RecursionError:
        return None, [MT02.violation(case="too_deep")]
    except ValueError as error:  # also for a number that is too long for Python; its text may quote the file, so only the line is used
        place = _PLACE.search(str(error))
        return None, [MT02.violation(line=int(place.group(1)) if place else 0, case="syntax")]


def check(tables, text):
    """Yields a `Violation` for each defect of an M3 TOML mapping; `tables` is the content of `text`."""
    lines = _lines(text)
    sections = tables.get(ROOT)
    if not isinstance(sections, dict):
        sections = {}
    if not _fields(sections.get(HEADER)):
        key = f"{ROOT}.{HEADER}.fields"
        yield MT03.violation(key, lines.get(key, 0), "fields")
    for section, content in sections.items():
        key = f"{ROOT}.{section}"
        if section != HEADER and section not in LINE_SECTIONS and not section.startswith(TOLERATED_SECTIONS):
            yield MT21.violation(key, lines.get(key, 0))
        if isinstance(content, dict):
            yield from _check_section(section, content, key, lines)


def _fields(section) -> dict:
    """The fields of a section, or an empty dict if it has none."""
    fields = section.get("fields") if isinstance(section, dict) else None
    return fields if isinstance(fields, dict) else {}


def _check_section(section, content, key, lines):
    if content.get("name") != section:
        line = lines.get(f"{key}.name", lines.get(key, 0))
        yield MT04.violation(f"{key}.name", line, "other" if "name" in content else "missing", section=plain_name(section))
    if section != HEADER and not _fields(content):
        yield MT22.violation(key, lines.get(key, 0), "fields")
    for field, value in _fields(content).items():
        place = f"{key}.fields.{field}"
        line = lines.get(place, 0)
        if not isinstance(value, str):
            yield (MT03 if section == HEADER else MT22).violation(place, line, "value")
        elif section == HEADER and LINE_VALUE.fullmatch(value):
            yield MT20.violation(place, line, "header", value=excerpt(value), header_form=excerpt(value[1:-1]))
        elif section in LINE_SECTIONS and HEADER_VALUE.fullmatch(value):
            yield MT20.violation(place, line, "line", value=excerpt(value), line_form=f"[{excerpt(value)}]")


def _lines(text) -> dict:
    """Dotted name to line, for each table and key in plain notation; for messages only, as TOML readers do not report lines."""
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
