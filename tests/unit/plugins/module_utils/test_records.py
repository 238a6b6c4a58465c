# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Records of the list: each value is known, withheld or absent, and deleted records are no exports."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import BadAnswer
from ansible_collections.docbits.ion.plugins.module_utils._docbits.bundled import CURRENT, PUBLISHED_2_2_10
from ansible_collections.docbits.ion.plugins.module_utils._docbits.contract import Contract, Overrides
from ansible_collections.docbits.ion.plugins.module_utils._docbits.records import exports_in, lists_sub_organisations
from ansible_collections.docbits.ion.plugins.module_utils._model.values import ABSENT, NOT_LISTED, Known, Withheld

RECORD = {"id": 7, "export_method": "webhook", "export_url": "https://example.com", "title": "A", "doc_type": "INVOICE", "is_active": True}
SFTP = {"id": 9, "export_method": "sftp", "title": "S", "doc_type": "INVOICE", "is_active": True}


def contract(schema=CURRENT, **overrides):
    return Contract(schema, "current", Overrides(**overrides))


def read(*records, organisation_id=None, schema=CURRENT, **overrides):
    return exports_in(list(records), contract(schema, **overrides), organisation_id)


def value(record, name, **overrides):
    """The state of one value of one record."""
    [export] = read(record, **overrides)
    return export.value(name)


def without(record, key):
    return {name: text for name, text in record.items() if name != key}


def test_record_is_an_export():
    [export] = read({**RECORD, "sub_org_id": "s1", "execution_order": 3})
    assert (export.id, export.label) == ("7", 'export 7 "A"')
    assert {name: state.value for name, state in export.values.items()} == {
        "title": "A",
        "kind": "webhook",
        "document_type": "INVOICE",
        "sub_organisation": "s1",
        "active": True,
        "execution_order": 3,
        "url": "https://example.com",
    }


def test_record_of_the_published_contract_is_an_export():
    [export] = read({**RECORD, "export_method": "infor-idm-onpremise", "zugferd": False}, schema=PUBLISHED_2_2_10)
    assert (export.get("kind"), export.get("deployment"), export.value("zugferd")) == ("infor_idm", "on_premises", Known(False))


# Ids


@pytest.mark.parametrize(("given_id", "id_"), [(7, "7"), ("7", "7"), ("007", "007"), ("0197-a", "0197-a"), (0, "0")])
def test_id_is_an_opaque_text(given_id, id_):
    assert [export.id for export in read({**RECORD, "id": given_id})] == [id_]


@pytest.mark.parametrize("id_", [None, {"a": 1}, [7]])
def test_id_that_is_missing_is_an_error(id_):
    with pytest.raises(BadAnswer) as caught:
        read(RECORD, {**RECORD, "id": id_})
    assert caught.value.id == "DB11" and "contract_overrides: {records: {id: KEY}}" in caught.value.message


def test_id_that_is_listed_twice_is_one_export():
    assert [export.get("title") for export in read(RECORD, {**RECORD, "title": "B"})] == ["A"]


@pytest.mark.parametrize(("key", "name"), [("id", "id"), ("export_method", "method"), ("doc_type", "document_type")])
def test_list_without_an_indispensable_key_is_an_error(key, name):
    with pytest.raises(BadAnswer) as caught:
        read(without(RECORD, key))
    assert caught.value.id == "DB11" and f"contract_overrides: {{records: {{{name}: KEY}}}}" in caught.value.message


def test_list_without_records_has_no_exports():
    assert read() == []


# Keys


@pytest.mark.parametrize(
    ("record", "name", "expected"),
    [
        ({"execution_order": None, "order": 99}, "execution_order", ABSENT),
        ({"order": 99}, "execution_order", NOT_LISTED),
        ({"title": None, "name": "N"}, "title", ABSENT),
        ({"export_url": None, "url": "https://other.example", "webhook_url": "https://other.example"}, "url", ABSENT),
    ],
)
def test_alias_beside_a_null_is_not_read(record, name, expected):
    assert value({**RECORD, **record}, name) == expected


@pytest.mark.parametrize(
    ("record", "name", "expected"),
    [
        ({"doc_type": None, "document_type": "ORDER"}, "document_type", Known("ORDER")),
        ({"is_active": None, "active": True}, "active", Known(True)),
        ({"sub_org_id": None, "sub_organisation_id": "s1"}, "sub_organisation", Known("s1")),
    ],
)
def test_key_of_one_meaning_is_read_if_the_usual_key_is_null_in_every_record(record, name, expected):
    assert value({**RECORD, **record}, name) == expected


def test_alias_in_one_record_is_not_read_if_another_record_has_the_usual_key():
    [_usual, other] = read({**RECORD, "execution_order": 1, "id": 1}, {**RECORD, "id": 2, "exec_order": 9}, schema=CURRENT)
    assert other.value("execution_order") == ABSENT


def test_alias_is_read_if_no_record_has_the_usual_key():
    assert value({**without(RECORD, "doc_type"), "document_type": "ORDER"}, "document_type") == Known("ORDER")


def test_override_of_a_key_is_the_only_one_that_is_read():
    assert value({**RECORD, "odd": "O"}, "title", records={"title": "odd"}) == Known("O")
    assert value(RECORD, "title", records={"title": "odd"}) == NOT_LISTED


def test_keys_of_other_kinds_are_not_read():
    hook, m3 = read({**RECORD, "zugferd": False, "folder": "", "port": 0}, {**RECORD, "id": 8, "export_method": "infor-m3-cloud", "zugferd": True})
    assert not {"zugferd", "folder", "port"} & hook.values.keys()
    assert m3.get("kind") == "infor_idm_m3" and not {"url", "deployment", "zugferd"} & m3.values.keys()


# Nulls and missing keys


@pytest.mark.parametrize(
    ("key", "name", "null"),
    [
        ("title", "title", ABSENT),
        ("execution_order", "execution_order", ABSENT),
        ("port", "port", ABSENT),
        ("folder", "folder", ABSENT),
        ("include_document_history", "document_history", ABSENT),
        ("is_active", "active", NOT_LISTED),
    ],
)
def test_null_is_absent_and_a_missing_key_is_not_listed(key, name, null):
    assert value({**SFTP, key: None}, name) == null
    assert value(without(SFTP, key), name) == NOT_LISTED


def test_null_in_one_record_is_like_a_missing_key_in_another():
    one, other = read({**SFTP, "folder": "in", "id": 1}, {**SFTP, "id": 2})
    assert (one.value("folder"), other.value("folder")) == (Known("in"), ABSENT)


def test_password_in_a_record_is_never_known():
    assert value({**SFTP, "password": "anything"}, "password") == NOT_LISTED


# Texts, numbers and flags


@pytest.mark.parametrize("key", ["server_url", "username", "folder", "filename_export_mode"])
@pytest.mark.parametrize("text", ["********", "user****", "••••", "<hidden>"])
def test_text_that_is_masked_is_withheld(key, text):
    name = {"filename_export_mode": "filename_mode"}.get(key, key)
    assert value({**SFTP, key: text}, name) == Withheld("masked")


def test_url_that_is_masked_is_withheld():
    assert value({**RECORD, "export_url": "https://exam****"}, "url") == Withheld("masked")


@pytest.mark.parametrize("key", ["title", "doc_type"])
def test_title_or_document_type_with_asterisks_is_known(key):
    assert value({**RECORD, key: "**A**"}, {"doc_type": "document_type"}.get(key, key)) == Known("**A**")


@pytest.mark.parametrize("text", [{"a": 1}, ["a"]])
def test_text_that_is_no_text_is_withheld(text):
    assert value({**SFTP, "folder": text}, "folder") == Withheld("not a text")


@pytest.mark.parametrize(
    ("number", "expected"),
    [(3, Known(3)), ("3", Known(3)), (" 3 ", Known(3)), (3.0, Known(3)), ("", ABSENT), (0, Known(0))]
    + [(odd, Withheld("not a number")) for odd in ("first", 3.5, -1, "9" * 19, "9" * 5000, "³", "٣", [3], True)],
)
def test_number_is_known_if_it_is_one(number, expected):
    assert value({**SFTP, "port": number}, "port") == expected


@pytest.mark.parametrize("word", [True, 1, "1", "true", "True", "TRUE", "t", "y", "Yes", "on", "active", "Enabled", " true "])
def test_flag_that_is_on_is_true(word):
    assert value({**RECORD, "is_active": word}, "active") == Known(True)


@pytest.mark.parametrize("word", [False, 0, "0", "false", "False", "f", "n", "NO", "off", "inactive", "Disabled"])
def test_flag_that_is_off_is_false(word):
    assert value({**RECORD, "is_active": word}, "active") == Known(False)


@pytest.mark.parametrize(
    ("word", "reason"), [("ja", "listed as ja"), (2, "listed as 2"), ("ja!", "listed as something unknown"), ([1], "listed as something unknown")]
)
def test_flag_of_an_unknown_word_is_withheld(word, reason):
    assert value({**RECORD, "is_active": word}, "active") == Withheld(reason)


def test_flag_with_an_override_is_read_by_it():
    assert value({**RECORD, "is_active": "ja"}, "active", booleans={"ja": "true"}) == Known(True)
    assert value({**RECORD, "is_active": "1"}, "active", booleans={"1": "false"}) == Known(False)


def test_number_in_the_place_of_a_text_is_its_digits():
    assert value({**RECORD, "title": 5}, "title") == Known("5")


# Methods


@pytest.mark.parametrize("method", ["watcher", "infor-gls840-onpremise", "Odd V2"])
def test_method_that_is_unknown_is_the_kind_as_it_is_listed(method):
    [export] = read({**RECORD, "export_method": method})
    assert export.kind is None and export.get("kind") == method


def test_method_that_is_no_short_name_is_not_shown():
    assert value({**RECORD, "export_method": "x\n" * 40}, "kind") == Known("unknown")


def test_method_with_an_override_is_that_kind():
    [export] = read({**RECORD, "export_method": "infor-idm-v2"}, methods={"infor-idm-v2": "infor_idm/on_premises"})
    assert (export.get("kind"), export.get("deployment")) == ("infor_idm", "on_premises")


# Sub-organisations


@pytest.mark.parametrize(("sub_organisation", "expected"), [(None, ""), ("", ""), ("o1", ""), ("s1", "s1"), (5, "5")])
def test_sub_organisation_that_is_the_own_organisation_is_none(sub_organisation, expected):
    [export] = read({**RECORD, "sub_org_id": sub_organisation}, organisation_id="o1")
    assert export.value("sub_organisation") == Known(expected)


def test_sub_organisation_with_the_id_of_an_organisation_that_is_not_given_is_kept():
    assert value({**RECORD, "sub_org_id": "o1"}, "sub_organisation") == Known("o1")


@pytest.mark.parametrize(("records", "expected"), [([RECORD], False), ([{**RECORD, "sub_org_id": None}], True), ([RECORD, {**RECORD, "suborg_id": "s"}], True)])
def test_list_shows_sub_organisations_if_a_record_has_the_key(records, expected):
    assert lists_sub_organisations(records, contract()) is expected


def test_list_without_sub_organisations_is_accepted_if_the_user_names_the_key():
    assert lists_sub_organisations([RECORD], contract(records={"sub_organisation": "sub_org_id"}))


# Deleted records


@pytest.mark.parametrize(
    "mark",
    [
        {"is_deleted": True},
        {"is_deleted": 1},
        {"is_deleted": "true"},
        {"deleted": "Y"},
        {"deleted_at": "2026-01-01T00:00:00Z"},
        {"deleted_on": 1767225600},
        {"status": "deleted"},
        {"status": " Removed "},
    ],
)
def test_record_that_is_deleted_is_no_export(mark):
    assert [export.id for export in read({**RECORD, **mark}, {**RECORD, "id": 8})] == ["8"]


@pytest.mark.parametrize(
    "mark",
    [
        {"is_deleted": False},
        {"is_deleted": 0},
        {"is_deleted": "false"},
        {"is_deleted": None},
        {"deleted": ""},
        {"deleted_at": None},
        {"status": "active"},
        {"deleted": "odd"},
    ],
)
def test_record_that_is_not_deleted_is_an_export(mark):
    assert [export.id for export in read({**RECORD, **mark})] == ["7"]


def test_record_that_is_deleted_does_not_decide_about_keys():
    with pytest.raises(BadAnswer):
        read({**RECORD, "is_deleted": True}, without({**RECORD, "id": 8}, "doc_type"))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=5,
)


@given(st.lists(st.dictionaries(st.sampled_from((*RECORD, "sub_org_id", "is_deleted", "status", "execution_order", "port")), JSON), max_size=3))
def test_record_of_any_values_raises_only_errors_of_the_collection(records):
    try:
        read(*records)
    except BadAnswer as error:
        assert error.id == "DB11"
