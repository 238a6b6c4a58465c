# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The normal form of a mapping, in which two files with the same settings are equal. Private to the collection."""

from __future__ import annotations

from ansible_collections.docbits.ion.plugins.module_utils._mapping import bod, dialect, toml
from ansible_collections.docbits.ion.plugins.module_utils._mapping.properties import parse
from ansible_collections.docbits.ion.plugins.module_utils._mapping.validation import BOD, LAYOUTS, M3_TOML

# The aspect of a name that is in its list.
LISTED = "listed"


def normalize(kind, content) -> dict | None:
    """The settings of a mapping as {subject: {aspect: text}}, such as {"index field INVOICE_ID": {"target": "InvoiceNo"}}.

    None if the content cannot be read as a mapping of this kind. Pure, never raises.
    """
    text, _violations = dialect.decode(content)
    if text is None:
        return None
    if kind == M3_TOML:
        tables, _violations = toml.read(text)
        return None if tables is None else _normalize_toml(tables)
    return _normalize_properties(kind, parse(text)) if kind in LAYOUTS else None


def _normalize_properties(kind, properties) -> dict:
    layout = LAYOUTS[kind]
    sections = layout.sections + (tuple(bod.table_sections(properties)) if kind == BOD else ())
    settings: dict = {}
    done = {list_key for section in sections for list_key in section.list_keys}
    for section in sections:
        for item in section.items(properties):
            aspects = settings.setdefault(f"{section.label} {item.name}", {})
            aspects[LISTED] = "yes"
            if item.type:
                aspects["type"] = item.type
            for part in section.parts:
                key = part.key(item.name)
                if key in properties:
                    aspects[part.aspect] = properties.get(key).value
                    done.add(key)
    for key in properties.keys():
        if key not in done:
            subject, aspect = _subject_of(kind, layout, key)
            settings.setdefault(subject, {})[aspect] = properties.get(key).value
    return settings


def _subject_of(kind, layout, key) -> tuple:
    """(subject, aspect) of a line whose name is not in a list."""
    column = bod.TABLE_COLUMN.fullmatch(key) if kind == BOD else None
    if column:
        return f"table {column.group(1)} column {column.group(2)}", "target"
    companions = layout.companions(key)
    if companions:
        section, part, name = companions[0]
        return f"{section.label} {name}", part.aspect
    if key in layout.single_keys:
        return key, "value"
    return f"{layout.other_label} {key}", layout.other_aspect


def _normalize_toml(tables) -> dict:
    settings: dict = {}
    waiting: list = [((), tables)]
    while waiting:
        path, table = waiting.pop()
        for key, value in table.items():
            place = (*path, key)
            if isinstance(value, dict):
                waiting.append((place, value))
            elif isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
                waiting.extend(((*path, f"{key}[{number}]"), item) for number, item in enumerate(value, start=1))
            else:
                settings[_toml_subject(place)] = {"value": _toml_text(value)}
    return settings


def _toml_subject(place) -> str:
    """A field of a section is named as in the other kinds, anything else by its dotted name."""
    if len(place) == 4 and place[::2] == (toml.ROOT, "fields"):
        return f"{place[1]} field {place[3]}"
    return ".".join(place)


def _toml_text(value) -> str:
    if isinstance(value, str):
        return value
    try:
        return repr(value)
    except (ValueError, RecursionError):  # a number or a list that Python does not convert to text
        return "(too long to show)"
