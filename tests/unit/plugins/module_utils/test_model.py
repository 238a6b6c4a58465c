# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Exports: kinds and slots fit together, equality of files, places, and normal forms that show no secret."""

from __future__ import annotations

import json
import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.docbits.ion.plugins.module_utils._core.text import canonical_json
from ansible_collections.docbits.ion.plugins.module_utils._exports.normal_form import TEXT, diff_of, normal_form
from ansible_collections.docbits.ion.plugins.module_utils._exports.plan import Plan
from ansible_collections.docbits.ion.plugins.module_utils._model import export as _model
from ansible_collections.docbits.ion.plugins.module_utils._model.export import FIELDS, FILES, KINDS, UNREADABLE, Export, same_file

IONAPI, IDM = FILES["ionapi"], FILES["idm_mapping"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
)


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_a_kind_carries_only_known_words_each_once(kind):
    assert set(kind.parts) <= {*FIELDS, *FILES}
    assert len(kind.parts) == len(set(kind.parts))
    assert kind.family == ("infor" if kind.name.startswith("infor") else "other")


def test_every_slot_is_carried_by_some_kind_and_only_the_ionapi_file_is_secret():
    assert {word for kind in KINDS.values() for word in kind.parts} >= set(FILES)
    assert [slot.name for slot in FILES.values() if slot.secret] == ["ionapi"]


@given(JSON)
def test_ionapi_files_are_equal_by_value(value):
    one, other = json.dumps(value), "\ufeff" + json.dumps(value, indent=3, ensure_ascii=False)
    assert same_file(IONAPI, one, other)
    assert not same_file(IONAPI, one, json.dumps([value]))


def test_a_text_that_is_no_json_is_compared_as_text():
    assert canonical_json("no json\r\n") == "no json"
    assert canonical_json("[" * 100_000) == "[" * 100_000


@pytest.mark.parametrize("other", ["a=1\nb=2", "a=1\r\nb=2\r\n", "a=1\rb=2\n\n", "\ufeffa=1\nb=2"])
def test_a_mapping_is_compared_after_newline_normalisation(other):
    assert same_file(IDM, "a=1\nb=2\n", other)


@pytest.mark.parametrize("other", ["a=1\nb=3", "a=1\n\nb=2", " a=1\nb=2", "b=2\na=1", ""])
def test_any_other_difference_of_a_mapping_counts(other):
    assert not same_file(IDM, "a=1\nb=2", other)


def test_exports_compete_by_sub_organisation_document_type_and_family(world):
    assert world.webhook().place == world.webhook("9", "other").place == ("", "INVOICE", "other")
    assert world.infor().place == ("", "INVOICE", "infor")
    assert Export("1", {"kind": "infor-gls840-onpremise"}).place == ("", "", "infor")
    assert Export("1", {"kind": "vertex", "document_type": "X"}).place == ("", "X", "other")


def test_the_repr_of_an_export_holds_no_file():
    value = secrets.token_urlsafe(30)
    assert value not in repr(Export("1", {"title": "A"}, {"ionapi": value}))


def test_the_normal_form_is_ordered_and_shows_neither_file_nor_password():
    cs, password = secrets.token_urlsafe(30), secrets.token_urlsafe(12)
    fields = {"password": password, "active": True, "kind": "smb", "title": "A", "username": "u"}
    shown = normal_form(Export("7", fields, {"ionapi": json.dumps({"cs": cs}), "idm_mapping": "a=1\r\nb=2\r\n"}), TEXT)
    assert list(shown) == ["id", "title", "kind", "active", "username", "password", "ionapi", "idm_mapping"]
    assert cs not in str(shown) and password not in str(shown)
    assert shown["password"] == "<secret>"
    assert shown["ionapi"].startswith("<secret> fingerprint ")
    assert shown["idm_mapping"] == ["a=1", "b=2"]


def test_the_fingerprint_in_a_normal_form_follows_the_values_not_the_layout():
    forms = [normal_form(Export(None, {}, {"ionapi": text}))["ionapi"] for text in ('{"a":1,"b":2}', '{ "b": 2, "a": 1 }', '{"a":1,"b":3}')]
    assert forms[0] == forms[1] != forms[2]


def test_a_normal_form_tells_no_file_unreadable_and_empty_apart():
    assert "idm_mapping" not in normal_form(Export("1", {}, {"idm_mapping": None}))
    assert normal_form(Export("1", {"password": UNREADABLE}, {"ionapi": UNREADABLE})) == {"id": "1", "password": UNREADABLE, "ionapi": UNREADABLE}
    assert normal_form(Export(None, {"password": ""})) == {"password": ""}


def test_a_diff_is_in_reading_order_whatever_the_order_of_the_list(world):
    exports = (world.webhook("3", "Z"), world.infor("2"), world.webhook("1"), world.webhook("4", document_type="ORDER"))
    forward, backward = diff_of(Plan((), exports, ())), diff_of(Plan((), exports[::-1], ()))
    assert forward == backward
    assert [export["id"] for export in forward["before"]["exports"]] == ["2", "1", "3", "4"]
    assert forward["after"] == {"exports": []}


def test_unreadable_is_no_text_that_a_user_would_declare():
    assert _model.UNREADABLE.startswith("<")
    assert not same_file(IONAPI, UNREADABLE, "{}")


@pytest.mark.parametrize(
    ("word", "address", "shown"),
    [
        ("url", "https://user:{secret}@hook.example.com/a", "https://<secret>@hook.example.com/a fingerprint "),
        ("url", "https://{secret}@hook.example.com/a?x={secret}", "https://<secret>@hook.example.com/a?<secret> fingerprint "),
        ("server_url", "sftp://user:{secret}@h", "sftp://<secret>@h fingerprint "),
        ("url", "https://hook.example.com/@{secret}", None),
        ("server_url", "h", None),
    ],
)
def test_the_secrets_in_an_address_are_not_shown_and_their_change_is(word, address, shown):
    one, other = (normal_form(Export("1", {word: address.format(secret=secret)}))[word] for secret in ("s3cret", "0ther"))
    assert one.startswith(shown) and "s3cret" not in one and one != other if shown else one == address.format(secret="s3cret")
