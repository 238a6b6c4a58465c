# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parser of `.properties` files: lines, keys, values, lists, line ends."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.docbits.ion.plugins.module_utils._core.text import decoded, normal_text
from ansible_collections.docbits.ion.plugins.module_utils._mapping.properties import Item, parse


def test_parse_counts_comments_and_blank_lines():
    properties = parse("# first\n\n   \n  # indented\nkey=value\n")
    assert [(entry.line, entry.key, entry.value) for entry in properties.entries] == [(5, "key", "value")]
    assert properties.bare_lines == ()


@pytest.mark.parametrize("line", ["key=value", "key = value", "  key=value", "key\t=\tvalue", "key =value"])
def test_parse_removes_blanks_around_the_equals_sign(line):
    assert parse(line).get("key").value == "value"


def test_value_keeps_trailing_blanks_but_text_does_not():
    entry = parse("SV_FileNameSeparator=_ \n").get("SV_FileNameSeparator")
    assert (entry.value, entry.text) == ("_ ", "_")


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("key=a=b", "a=b"),
        (r"key=Sync\\DataArea", r"Sync\\DataArea"),
        ("key=lid://infor.ims.x", "lid://infor.ims.x"),
        ("key=value # no comment", "value # no comment"),
        ("key=", ""),
        ("key=ends with\\", "ends with\\"),
    ],
)
def test_value_is_everything_after_the_first_equals_sign(line, value):
    assert parse(line).get("key").value == value


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_parse_of_every_line_end_has_the_same_entries(end):
    properties = parse(end.join(("# one", "a=1", "", "b=2", "")))
    assert [(entry.line, entry.key, entry.value) for entry in properties.entries] == [(2, "a", "1"), (4, "b", "2")]


def test_value_keeps_unicode_line_separators():
    assert parse("a=1\u2028b=2\x0bc=3").get("a").value == "1\u2028b=2\x0bc=3"


def test_repeated_key_uses_the_last_line():
    properties = parse("a=1\nb=2\na=3\na=4")
    assert properties.text("a") == "4"
    assert [(entry.line, earlier.line) for entry, earlier in properties.repeated] == [(3, 1), (4, 3)]
    assert list(properties.keys()) == ["a", "b"]


def test_bare_lines_are_lines_without_an_equals_sign():
    assert parse("a=1\noops\n\n more \n").bare_lines == (2, 4)


def test_missing_key_has_no_entry_text_or_line():
    properties = parse("a=1")
    assert (properties.get("b"), properties.text("b"), properties.line("b"), "b" in properties) == (None, "", 0, False)


def test_twin_differs_only_in_case():
    properties = parse("Static_fields=\nx=")
    assert properties.twin("Static_Fields") == "Static_fields"
    assert properties.twin("x") == ""
    assert properties.twin("y") == ""


def test_items_have_names_and_types():
    properties = parse("L = A:STRING, b ,,C : NUMBER,\nE=\nF=a,b\nG=a, ,b")
    assert properties.items("L") == [Item("A", "STRING", 1, "L"), Item("b", "", 1, "L"), Item("C", "NUMBER", 1, "L")]
    assert properties.items("missing") == properties.items("E") == []
    assert [properties.has_empty_item(key) for key in ("L", "E", "F", "G", "missing")] == [True, False, False, True, False]


@pytest.mark.parametrize(
    "content",
    [b"\xef\xbb\xbfa=1\r\nb=2\r\n", "\ufeffa=1\nb=2", b"a=1\rb=2\n\n", "a=1\nb=2\n"],
)
def test_normal_text_removes_byte_order_mark_and_final_line_ends(content):
    assert normal_text(content) == "a=1\nb=2"


def test_normal_text_keeps_inner_blanks_and_line_ends():
    assert normal_text("a=_ \n\n\nb=1\n") == "a=_ \n\n\nb=1"


def test_decoded_when_not_utf_8_is_latin_1():
    assert decoded("a=ü".encode("latin-1")) == decoded("a=ü".encode()) == "a=ü"


@given(st.binary() | st.text())
def test_property_any_content_is_parsed_and_normal_text_is_idempotent(content):
    properties = parse(content)
    text = normal_text(content)
    assert normal_text(text) == text
    lines = text.split("\n")
    assert all("=" in lines[entry.line - 1] and entry.key in lines[entry.line - 1] for entry in properties.entries)
    assert all(lines[line - 1].strip() and "=" not in lines[line - 1] for line in properties.bare_lines)


KEYS = st.text("abcXYZ_09.", min_size=1)
VALUES = st.text("abc XYZ=:/\\,#", max_size=20).map(str.lstrip)


@given(st.dictionaries(KEYS, VALUES), st.sampled_from(["\n", "\r\n"]), st.sampled_from(["=", " = ", "= "]))
def test_property_written_pairs_are_parsed(pairs, end, equals):
    properties = parse("".join(f"{key}{equals}{value}{end}" for key, value in pairs.items()))
    assert {entry.key: entry.value for entry in properties.entries} == pairs
