# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Existing exports as declarations: ids only where they are needed, shared files, what is withheld, and the names of another environment."""

from __future__ import annotations

import json

import pytest

from ansible_collections.docbits.ion.plugins.module_utils._exports.adopted import adopt, differences, paths_of, replaced
from ansible_collections.docbits.ion.plugins.module_utils._model.export import Export
from ansible_collections.docbits.ion.plugins.module_utils._model.values import ABSENT, NOT_FOUND, Known, Withheld


def export(id_, kind="webhook", withheld=(), **values):
    known = {"title": f"Export {id_}", "kind": kind, "document_type": "INVOICE", "active": True, **({"url": "https://hook.test"} if kind == "webhook" else {})}
    known.update(values)
    return Export(str(id_), {**{name: Known(value) for name, value in known.items()}, **dict(withheld)}, label=f"export {id_}")


def ionapi(client):
    return json.dumps({"ci": client})


def infor(id_, client="one", mapping="a=1", **values):
    return export(id_, "infor_idm", ionapi=ionapi(client), idm_mapping=mapping, **values)


def ids(environment):
    return [item.fields.get("id") for item in environment.items]


def found(environment):
    return [(finding.id, finding.where) for finding in environment.findings]


def test_export_that_its_identity_tells_apart_has_no_id():
    environment = adopt("one", [export(1), export(2), export(3, title="Export 2"), export(4, title="Export 2", document_type="ORDER")])
    assert ids(environment) == [None, "2", "3", None] and environment.findings == []


def test_mapping_that_java_rewrote_is_declared_without_its_escapes():
    text = "#Tue Nov 24 05:52:00 UTC 2026\nIF_A=b\\:c\\=d\nSFP_A=e\\\\f\n"
    [item] = adopt("one", [infor(1, mapping=text)]).items
    assert item.files["idm_mapping"] == text
    [item] = adopt("one", [infor(1, withheld={"idm_mapping": Known(text, exact=False)})]).items
    assert item.files["idm_mapping"] == "IF_A=b:c=d\nSFP_A=e\\\\f\n"


@pytest.mark.parametrize(("state", "reason"), [(Withheld("masked"), "masked"), (ABSENT, "not set")])
def test_export_whose_required_value_is_withheld_has_an_id_and_a_finding(state, reason):
    environment = adopt("one", [export(1, withheld={"url": state})])
    assert ids(environment) == ["1"] and "url" not in environment.items[0].fields
    assert found(environment) == [("E61", "one: export 1: url")] and f"({reason})" in environment.findings[0].message


def test_optional_value_is_missed_only_if_there_is_one():
    server = {"server_url": "sftp.test", "username": "u", "folder": "f"}
    states = {"xslt": Withheld("masked"), "filename_mode": ABSENT, "document_history": Withheld("not listed")}
    environment = adopt("one", [export(1, "sftp", states, **server), export(2, "sftp", {"xslt": Withheld(NOT_FOUND)}, **server, password="p")])
    assert found(environment) == [("E61", "one: export 1: password"), ("E61", "one: export 1: xslt")] and ids(environment) == ["1", None]
    assert environment.items[1].fields["password"] == "p" and "password" not in replaced(environment, {}).items[1].fields


def test_export_of_a_foreign_kind_is_ignored_by_its_id():
    environment = adopt("one", [export(1, "watcher")])
    assert environment.items[0].fields == {"id": "1", "title": "Export 1", "ignore": True} and found(environment) == [("E60", "one: export 1")]


def test_one_ionapi_file_is_that_of_the_environment():
    environment = adopt("one", [infor(1), infor(2)])
    assert environment.has_default and environment.ionapi == ionapi("one") and "ionapi" not in environment.items[0].files
    assert environment.trial()["ionapi_content"] == ionapi("one") and "id" not in environment.trial()["exports"][0]


def test_several_ionapi_files_belong_to_their_exports():
    environment = adopt("one", [infor(1), infor(2, "two")])
    assert not environment.has_default and [item.files["ionapi"] for item in environment.items] == [ionapi("one"), ionapi("two")]
    assert sorted(paths_of({"one": environment}).values()) == ["2_one_invoice_docbits.ionapi", "invoice_idm_mapping.properties", "one_invoice_docbits.ionapi"]


def test_withheld_ionapi_file_is_that_of_the_environment_if_all_exports_show_the_same():
    states = [{"ionapi": Withheld("masked", (("ci", client),))} for client in ("one", "two")]
    same = adopt("one", [export(1, "infor_idm", states[0], idm_mapping="a=1"), export(2, "infor_idm", states[0], idm_mapping="a=1")])
    assert same.has_default and same.ionapi is None and ids(same) == [None, None] and found(same) == []
    assert [item["id"] for item in same.trial()["exports"]] == ["1", "2"] and "ionapi_content" not in same.trial()
    different = adopt("one", [export(1, "infor_idm", states[0], idm_mapping="a=1"), export(2, "infor_idm", states[1], idm_mapping="a=1")])
    assert not different.has_default and ids(different) == ["1", "2"] and [id_ for id_, _where in found(different)] == ["E61", "E61"]


def test_equal_files_have_one_path_and_others_that_of_their_environment():
    environments = {
        "one": adopt("one", [infor(1, mapping="a=1"), infor(2, mapping="b=1", document_type="ORDER")]),
        "two": adopt("two", [infor(1, mapping="a=1"), infor(2, mapping="b=2", document_type="ORDER"), infor(3, mapping="a=1", document_type="NOTE")]),
    }
    assert paths_of(environments) == {
        ("idm_mapping", "a=1"): "idm_mapping.properties",
        ("idm_mapping", "b=1"): "one_order_idm_mapping.properties",
        ("idm_mapping", "b=2"): "two_order_idm_mapping.properties",
    }


def test_differences_are_fields_files_and_missing_exports():
    environments = {
        "one": adopt("one", [infor(1), infor(2, title="Mapped", mapping="b=1"), export(3, title="Hook", url="https://one.test/?token=abc")]),
        "two": adopt("two", [infor(8), infor(9, title="Mapped", mapping="b=2"), export(7, title="Hook"), export(6, title="Only")]),
    }
    rows = differences(environments, paths_of(environments))
    assert [(row["export"].rpartition(", ")[2], row["value"]) for row in rows] == [
        ("Export 1", ""),
        ("Mapped", "idm_mapping"),
        ("Hook", "url"),
        ("Export 8", ""),
        ("Only", ""),
    ]
    assert "abc" not in str(rows) and rows[0]["environments"] == {"one": "present", "two": "absent"}


def test_promoted_environment_has_the_other_names_and_no_ids():
    mapping = "lid=lid://a.tst\nSFV_AccountingEntityID=100 \r\nSV_Priority=100\nx=ACME_TST2\n"
    environment = adopt("one", [infor(1, mapping=mapping, title="To ACME_TST"), export(2, withheld={"url": Withheld("masked")}), export(3, "watcher")])
    promoted = replaced(environment, {"ACME_TST": "ACME_PRD", "lid://a.tst": "lid://a.prd", "a.prd": "never"}, ("100", "200"))
    assert ids(promoted) == [None, None] and promoted.ionapi is None and promoted.has_default
    hook, idm = sorted(promoted.items, key=lambda item: len(item.files))
    assert hook.fields["title"] == "Export 2" and idm.fields["title"] == "To ACME_PRD"
    assert idm.files == {"idm_mapping": "lid=lid://a.prd\nSFV_AccountingEntityID=200 \r\nSV_Priority=100\nx=ACME_TST2\n"}
    assert replaced(environment, {}).items[0].files == environment.items[0].files
