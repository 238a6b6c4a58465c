# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The export model: kinds and files fit together, values compare as documented, masks are found, and normal forms show no secret."""

from __future__ import annotations

import json
import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.docbits.ion.plugins.module_utils._core.text import canonical_json
from ansible_collections.docbits.ion.plugins.module_utils._exports.diff import WITHHELD, diff_of, normal_form
from ansible_collections.docbits.ion.plugins.module_utils._exports.plan import Plan
from ansible_collections.docbits.ion.plugins.module_utils._model.choices import MEANING, TEXT
from ansible_collections.docbits.ion.plugins.module_utils._model.export import (
    DIFFERENT,
    FIELDS,
    FILES,
    KINDS,
    SAME,
    UNCLEAR,
    Declared,
    Export,
    compare,
    is_empty,
    is_lost,
)
from ansible_collections.docbits.ion.plugins.module_utils._model.values import ABSENT, NOT_LISTED, Known, Withheld, is_masked, is_restorable

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
)
XSLT = '<xsl:stylesheet xmlns:xsl="x">\n</xsl:stylesheet>\n'


def export(id_="1", **values):
    return Export(id_).with_values(values)


# Kinds


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_kind_has_only_known_parts_each_once(kind):
    assert set(kind.parts) <= {*FIELDS, *FILES}
    assert len(kind.parts) == len(set(kind.parts))
    assert kind.family == ("infor" if kind.name.startswith("infor") else "other")


def test_file_belongs_to_a_kind_and_only_the_ion_api_file_is_secret():
    assert {name for kind in KINDS.values() for name in kind.parts} >= set(FILES)
    assert [file.name for file in FILES.values() if file.secret] == ["ionapi"]


def test_exclusive_key_is_sub_organisation_document_type_and_family(world):
    assert world.webhook().exclusive_key == world.webhook("9", "other").exclusive_key == ("", "invoice", "other")
    assert world.infor().exclusive_key == ("", "invoice", "infor")
    assert export(kind="infor-gls840-onpremise").exclusive_key == ("", "", "infor")
    assert export(kind="vertex", document_type="X").exclusive_key == ("", "x", "other")


@pytest.mark.parametrize("made", [lambda value: export(ionapi=value), lambda value: Declared(None, {}, {"ionapi": value})])
def test_repr_of_an_export_has_no_file(made):
    value = secrets.token_urlsafe(30)
    assert value not in repr(made(value))


# Comparison


@given(JSON)
def test_compare_of_ion_api_files_is_by_value(value):
    one, other = json.dumps(value), "\ufeff" + json.dumps(value, indent=3, ensure_ascii=False)
    assert compare("ionapi", one, Known(other)) == SAME
    assert compare("ionapi", one, Known(json.dumps([value]))) == DIFFERENT


def test_canonical_json_of_other_text_is_the_normal_text():
    assert canonical_json("no json\r\n") == "no json"
    assert canonical_json("[" * 100_000) == "[" * 100_000


@pytest.mark.parametrize(
    ("name", "declared", "current", "expected"),
    [
        ("title", "A", Known("A"), SAME),
        ("title", " A ", Known("A"), SAME),
        ("title", "A", Known("a"), DIFFERENT),
        ("document_type", "INVOICE", Known("Invoice"), SAME),
        ("document_type", "", Known(""), SAME),
        ("document_type", "", ABSENT, SAME),
        ("filename_mode", "", ABSENT, SAME),
        ("zugferd", False, ABSENT, SAME),
        ("zugferd", True, ABSENT, DIFFERENT),
        ("execution_order", 0, ABSENT, DIFFERENT),
        ("execution_order", 3, Known(3), SAME),
        ("execution_order", 3, Known(4), DIFFERENT),
        ("url", "https://a", Withheld("masked"), UNCLEAR),
        ("url", "https://a", NOT_LISTED, UNCLEAR),
        ("idm_mapping", "a=1\nb=2\n", Known("a=1\nb=2"), SAME),
        ("idm_mapping", "a=1\nb=2\n", Known("a=1\r\nb=2\r\n"), SAME),
        ("idm_mapping", "a=1\nb=2\n", Known("a=1\rb=2\n\n"), SAME),
        ("idm_mapping", "a=1\nb=2\n", Known("\ufeffa=1\nb=2"), SAME),
        ("idm_mapping", "# c\nb=2\na=1", Known("#Tue Nov 24 05:52:00 UTC 2026\na=1\nb=2\n"), SAME),
        ("idm_mapping", "# c\na=x:y", Known("#Tue Nov 24 05:52:00 UTC 2026\na=x\\:y\n"), SAME),
        ("idm_mapping", "# c\na=1", Known("# d\na=1"), DIFFERENT),
        ("idm_mapping", "a=1\nb=2", Known("a=1\nb=3"), DIFFERENT),
        ("idm_mapping", "a=1\nb=2", Known("a=1\nb=2\nc=3"), DIFFERENT),
        ("idm_mapping", "a=1\nb=2", Known(""), DIFFERENT),
        ("idm_mapping", "a=1 \nb=2", Known("a=1\nb=2"), UNCLEAR),
        ("idm_mapping", "a=1", Withheld("masked"), UNCLEAR),
        ("idm_mapping", "a=1", ABSENT, DIFFERENT),
        ("xslt", XSLT, Known(XSLT.replace("\n", "\r\n")), SAME),
        ("xslt", XSLT, Known(XSLT.replace("stylesheet xml", "stylesheet  xml")), DIFFERENT),
        ("m3_toml_mapping", "b=2\na=1", Known("a=1\nb=2"), DIFFERENT),
    ],
)
def test_compare_of_a_value_is_same_different_or_unclear(name, declared, current, expected):
    assert compare(name, declared, current) == expected


@pytest.mark.parametrize(("value", "expected"), [(ABSENT, True), (Known(""), True), (Known(False), True), (Known("a"), False), (Withheld("masked"), False)])
def test_is_empty_of_a_value(value, expected):
    assert is_empty(value) is expected


@pytest.mark.parametrize(
    ("name", "before", "current", "expected"),
    [
        ("folder", Known("in"), ABSENT, True),
        ("folder", Known("in"), NOT_LISTED, True),
        ("folder", Known("in"), Known(""), True),
        ("folder", Known("in"), Known("out"), False),
        ("folder", Known("in"), Withheld("masked"), False),
        ("xslt", Known("<x/>"), ABSENT, True),
        ("xslt", Known("<x/>"), Withheld("refused with status 403"), True),
        ("xslt", Withheld("masked"), Withheld("masked"), False),
        ("xslt", Withheld("masked"), Withheld("not found"), True),
        ("xslt", Withheld("not found"), Withheld("not found"), False),
    ],
)
def test_is_lost_by_what_was_there_and_what_docbits_answers(name, before, current, expected):
    assert is_lost(name, before, current) is expected


@pytest.mark.parametrize(("value", "expected"), [(Known("a"), True), (Known("a", exact=False), False), (Withheld("masked"), False), (ABSENT, False)])
def test_is_restorable_of_a_value_needs_it_exactly(value, expected):
    assert is_restorable(value) is expected


# Masks


@pytest.mark.parametrize(
    "text",
    ["********", "**", "abcd****", "****abcd", "ab**yz", "••••", "a●●", "██", "abcd...", "abc…", "xxxx", "XXXXX", "a-xxxxxx-b"]
    + ["<hidden>", "[REDACTED]", "(masked)", "{{secret}}", "removed", "Encrypted", "***removed***", " **** \n", "filtered", "confidential"],
)
def test_is_masked_of_a_placeholder_is_true(text):
    assert is_masked(text)


@pytest.mark.parametrize(
    "text",
    ["", "a", "a*b", "xxx", "x", "https://hook.example/a?b=c", "1.2.3", "a..b", "secretary", "my secret", "hidden=1", "Doc-INVOICE_1", "maxx", "token.oauth2"],
)
def test_is_masked_of_a_value_is_false(text):
    assert not is_masked(text)


# Normal forms


def test_normal_form_is_ordered_and_shows_neither_file_nor_password():
    cs, password = secrets.token_urlsafe(30), secrets.token_urlsafe(12)
    values = {
        "password": password,
        "active": True,
        "kind": "smb",
        "title": "A",
        "username": "u",
        "ionapi": json.dumps({"cs": cs}),
        "idm_mapping": "a=1\r\nb=2\r\n",
    }
    shown = normal_form(export("7", **values), TEXT)
    assert list(shown) == ["id", "title", "kind", "active", "username", "password", "ionapi", "idm_mapping"]
    assert cs not in str(shown) and password not in str(shown)
    assert shown["password"] == "<secret>"
    assert shown["ionapi"].startswith("<secret> fingerprint ")
    assert shown["idm_mapping"] == ["a=1", "b=2"]


def test_normal_form_of_an_ion_api_file_follows_its_values_and_not_its_layout():
    forms = [normal_form(export(None, ionapi=text))["ionapi"] for text in ('{"a":1,"b":2}', '{ "b": 2, "a": 1 }', '{"a":1,"b":3}')]
    assert forms[0] == forms[1] != forms[2]


def test_normal_form_tells_absent_withheld_and_empty_apart():
    assert normal_form(Export("1", {"idm_mapping": ABSENT})) == {"id": "1"}
    assert normal_form(Export("1", {"password": NOT_LISTED, "ionapi": Withheld("masked")})) == {"id": "1", "password": WITHHELD, "ionapi": WITHHELD}
    assert normal_form(export(None, password="")) == {"password": ""}


def test_normal_form_of_a_withheld_value_shows_no_visible_part():
    shown = (("ci", "ACME~1"), ("ti", "ACME"))
    assert normal_form(Export("1", {"ionapi": Withheld("masked", shown)})) == {"id": "1", "ionapi": WITHHELD}


@pytest.mark.parametrize(("form", "new", "kept"), [(MEANING, str, dict), (TEXT, list, list)])
def test_diff_of_a_new_export_has_one_line_for_a_mapping_unless_lines_are_asked_for(form, new, kept):
    mapping = "index-fields.list=A,B\nA=a\nB=b\n"
    before = (export("1", title="A", idm_mapping=mapping), export("3", title="C", xslt="a\nb"))
    after = (export("1", title="A", idm_mapping=mapping), export(None, title="B", idm_mapping=mapping))
    shown = diff_of(Plan((), before, after), form)
    assert [type(item["idm_mapping"]) for item in shown["after"]["exports"]] == [kept, new]
    assert shown["before"]["exports"][1]["xslt"] == ["a", "b"] or form == MEANING and shown["before"]["exports"][1]["xslt"].endswith(", 2 lines")


def test_diff_is_in_reading_order_whatever_the_order_of_the_list(world):
    exports = (world.webhook("3", "Z"), world.infor("2"), world.webhook("1"), world.webhook("4", document_type="ORDER"))
    forward, backward = diff_of(Plan((), exports, ())), diff_of(Plan((), exports[::-1], ()))
    assert forward == backward
    assert [shown["id"] for shown in forward["before"]["exports"]] == ["2", "1", "3", "4"]
    assert forward["after"] == {"exports": []}


@pytest.mark.parametrize(
    ("name", "address", "shown"),
    [
        ("url", "https://user:{secret}@hook.example.com/a", "https://<secret>@hook.example.com/a fingerprint "),
        ("url", "https://{secret}@hook.example.com/a?x={secret}", "https://<secret>@hook.example.com/a?<secret> fingerprint "),
        ("server_url", "sftp://user:{secret}@h", "sftp://<secret>@h fingerprint "),
        ("url", "https://hook.example.com/@{secret}", None),
        ("server_url", "h", None),
    ],
)
def test_normal_form_of_an_address_hides_its_secrets_and_shows_their_change(name, address, shown):
    one, other = (normal_form(export(**{name: address.format(secret=secret)}))[name] for secret in ("s3cret", "0ther"))
    assert one.startswith(shown) and "s3cret" not in one and one != other if shown else one == address.format(secret="s3cret")
