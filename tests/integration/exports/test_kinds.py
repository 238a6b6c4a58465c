# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every kind of export on today's contract: made, left alone, changed, switched off, read and put in again, removed."""

from __future__ import annotations

import secrets

import pytest

from ansible_collections.docbits.ion.plugins.module_utils._core.redaction import MARKER
from ansible_collections.docbits.ion.plugins.module_utils._model.export import ADDRESSES, FILES, KINDS
from ansible_collections.docbits.ion.plugins.module_utils._module import export as export_module
from ansible_collections.docbits.ion.plugins.module_utils._module import export_info as export_info_module
from integration.exports.stand import assert_is_what_the_diff_says, ionapi_text, mapping_texts

OPERATION_OF_KIND = {
    "infor_idm": "configure_idm_export",
    "infor_ion_bod": "configure_bod_export",
    "infor_idm_ion_bod": "configure_ion_export",
    "infor_idm_m3": "configure_infor_export",
    "infor_idm_m3_toml": "configure_infor_export",
    "infor_idm_ln": "configure_infor_export",
    "infor_sftp": "configure_infor_sftp_export",
    "sftp": "configure_sftp_export",
    "smb": "configure_smb_export",
    "webhook": "configure_webhook_export",
    "flow2": "configure_flow2_export",
    "zugferd": "configure_zugferd_export",
    "peppol": "configure_peppol_export",
}
VALUES = {
    "deployment": "cloud",
    "zugferd": True,
    "url": "https://archive.example.test/hook?a=1&b=ä",
    "server_url": "files.example.test",
    "port": 2222,
    "username": "docbits",
    "folder": "/in/ä b",
    "filename_mode": "Original",
    "document_history": True,
    "flow2_url": "https://flow.example.test/api",
    "flow2_document_type_id": "7",
    "flow2_cabinet_id": 12,
    "file_access": "email",
    "zugferd_format": "extended",
    "email": "invoices@example.test",
}
CHANGES = {
    "idm_mapping": ("SF_AccountingEntity=100", "SF_AccountingEntity=200"),
    "bod_mapping": ("SFV_AccountingEntityID=100", "SFV_AccountingEntityID=200"),
    "xslt": ("\n<x:", "\n<!-- second -->\n<x:"),
    "jpl_mapping": ("supplier_name", "supplier_id"),
    "flow2_mapping": ("supplier_name", "supplier_id"),
}
SUB_ORGANISATIONS = [{"id": "5d1f3f1e-0000-4000-8000-000000000011", "name": "South"}, {"id": "5d1f3f1e-0000-4000-8000-000000000012", "name": "North"}]


def declaration(simulator, kind, **changes) -> dict:
    """An item of O(exports) with everything that the kind can carry."""
    item = {"title": f"All of {kind}", "kind": kind, "document_type": "INVOICE", "execution_order": 3, "active": True}
    for name in KINDS[kind].parts:
        if name == "ionapi":
            item["ionapi_content"] = ionapi_text(simulator)
        elif name in FILES:
            item[f"{name}_content"] = mapping_texts()[name]
        else:
            item[name] = secrets.token_urlsafe(12) if name == "password" else VALUES[name]
    return {**item, **changes}


def changed_by(stand, exports, actions, operations, **options) -> dict:
    """Run in check and for real, and hold them to what they say; gives the second result."""
    start, before = stand.stored(), stand.simulator.last()
    check = stand.run(exports, check=True, diff_mappings="text", **options)
    assert stand.calls(before) == []
    result = stand.run(exports, diff_mappings="text", **options)
    assert "failed" not in result, result["msg"]
    assert [step["action"] for step in result["steps"]] == actions
    assert {step["outcome"] for step in result["steps"]} <= {"applied"}
    assert stand.calls(before) == operations
    assert (check["changed"], check["diff"]) == (result["changed"], result["diff"])
    assert result["changed"] is bool(actions)
    assert_is_what_the_diff_says(start, stand.stored(), result)
    return result


@pytest.mark.parametrize("kind", KINDS)
def test_the_life_of_an_export(make_stand, simulator, kind):
    """The passwords of SFTP and SMB are a matter of evidence: here the first fingerprint is handed on as the action does."""
    stand = make_stand()
    item = declaration(simulator, kind)
    created = changed_by(stand, [item], ["create"], [OPERATION_OF_KIND[kind]])
    known = {"fingerprints": created.get("fingerprints")}
    assert ("fingerprints" in created) is ("password" in item)
    id_ = stand.one(item["title"])["id"]

    changed_by(stand, [item], [], [], **known)

    slot = next((slot for slot in CHANGES if f"{slot}_content" in item), None)
    if slot:
        item[f"{slot}_content"] = item[f"{slot}_content"].replace(*CHANGES[slot])
        result = changed_by(stand, [item], ["update"], [OPERATION_OF_KIND[kind]], **known)
        assert result["steps"][0]["reason"] == slot
        assert stand.one(item["title"])["files"][slot] == item[f"{slot}_content"]

    # A name that stands in no request for the files: they stay.
    item["execution_order"] = 4
    before = stand.one(item["title"])
    changed_by(stand, [item], ["update"], [OPERATION_OF_KIND[kind]], **known)
    assert stand.one(item["title"]) == {**before, "execution_order": 4}

    name = next((name for name in ("folder", "url") if name in item), None)
    if name:
        item[name] += "/other"
        result = changed_by(stand, [item], ["update"], [OPERATION_OF_KIND[kind]], **known)
        assert result["steps"][0]["reason"] == name

    item["active"] = False
    changed_by(stand, [item], ["deactivate"], ["update_configuration_visibility"], **known)
    del item["active"]
    changed_by(stand, [item], [], [], **known)
    assert stand.one(item["title"])["is_active"] is False
    changed_by(stand, [{**item, "active": True}], ["activate"], ["update_configuration_visibility"], **known)

    # Under its id an export can be given another title, and needs no more than what is to be changed and what DocBits withholds.
    withheld = {name: item[name] for name in ("password",) if name in item}
    changed_by(stand, [{"id": id_, "title": "Renamed", **withheld}], ["update"], [OPERATION_OF_KIND[kind]], **known)
    assert stand.one("Renamed")["id"] == id_
    # Flow2 requires its password in every update.
    required = withheld if kind == "flow2" else {}
    changed_by(stand, [{"id": id_, "title": item["title"], **required}], ["update"], [OPERATION_OF_KIND[kind]], assume_kept=True, **known)

    changed_by(stand, [{"title": item["title"], "kind": kind, "document_type": "INVOICE", "state": "absent"}], ["remove"], ["remove_configuration"])
    assert stand.stored() == []


@pytest.mark.parametrize("kind", KINDS)
def test_no_more_than_the_kind_needs(make_stand, simulator, kind):
    stand = make_stand()
    needed = {*KINDS[kind].required, *(f"{slot}_content" for slot in KINDS[kind].required)}
    item = {name: value for name, value in declaration(simulator, kind).items() if name in needed or name in ("title", "kind", "document_type")}
    created = changed_by(stand, [item], ["create"], [OPERATION_OF_KIND[kind]])
    changed_by(stand, [item], [], [], fingerprints=created.get("fingerprints"))
    assert stand.one(item["title"])["is_active"] is True


@pytest.mark.parametrize("missing", [(kind, name) for kind in KINDS for name in KINDS[kind].required], ids="-".join)
def test_what_a_kind_needs_is_missed_before_any_request(make_stand, simulator, missing):
    kind, name = missing
    stand, before = make_stand(), simulator.last()
    item = declaration(simulator, kind)
    del item[f"{name}_content" if name in FILES else name]
    result = stand.run([item])
    assert result["failed"] and name in result["msg"] and "E03" in result["msg"]
    assert simulator.last() == before


@pytest.mark.parametrize("kind", KINDS)
def test_what_export_info_gives_changes_nothing(make_stand, simulator, kind):
    stand = make_stand(sub_organisations=SUB_ORGANISATIONS)
    item = declaration(simulator, kind, sub_organisation="North")
    assert stand.run([item])["changed"]
    read = stand.execute(export_info_module, {})["exports"]
    assert len(read) == 1 and "password" not in read[0] and "ionapi_content" not in read[0]
    carried = [f"{slot}_content" for slot in KINDS[kind].parts if slot in FILES and slot != "ionapi"]
    assert {name: read[0].get(name) for name in carried} == {name: item[name] for name in carried}
    # What may be a token is masked, and a value that is left out stays as it is.
    addresses = [name for name in ADDRESSES if MARKER in str(read[0].get(name))]
    read = [{name: value for name, value in read[0].items() if name not in addresses}]
    changed_by(stand, read, [], [])
    changed_by(stand, read, [], [], purge=True)
    # Without the id it still means the same export, where its kind needs no secret that was not given.
    if not {"ionapi", "password", *addresses} & set(KINDS[kind].required):
        changed_by(stand, [{name: value for name, value in read[0].items() if name != "id"}], [], [])


def test_what_export_info_gives_of_foreign_kinds_is_ignored(make_stand):
    stand = make_stand(exports=[{"export_method": "watcher", "title": "By hand", "doc_type": "INVOICE"}])
    read = stand.execute(export_info_module, {})["exports"]
    assert read == [{"id": stand.ids[0], "title": "By hand", "ignore": True}]
    changed_by(stand, read, [], [], purge=True)


def test_export_info_filters_with_a_query(make_stand, simulator):
    stand = make_stand()
    assert stand.run([declaration(simulator, kind) for kind in ("webhook", "smb")], several_active=True)["changed"]
    assert stand.execute(export_info_module, {"query": "[?kind=='smb'].[title, port]"})["exports"] == [["All of smb", 2222]]
    refused = stand.execute(export_info_module, {"query": "[?kind=="})
    assert refused["failed"] and "[E11]" in refused["msg"]


def test_export_info_leaves_the_files_out_where_asked(make_stand, simulator):
    stand = make_stand()
    assert stand.run([declaration(simulator, "infor_idm")])["changed"]
    before = simulator.last()
    [read] = stand.execute(export_info_module, {"files": False})["exports"]
    assert not [name for name in read if name.endswith("_content")]
    assert not [request for request in simulator.journal(before) if "/download/" in request["path"]]


@pytest.mark.parametrize("kind", KINDS)
def test_the_module_export_does_the_same_with_one(make_stand, simulator, kind):
    item = declaration(simulator, kind)
    one, set_ = make_stand(), make_stand()
    for active in (True, True, False):
        item["active"] = active
        alone = one.execute(export_module, {**item, "update": "on_create", "diff_mappings": "text"})
        among = set_.run([item], update="on_create", diff_mappings="text")
        assert "failed" not in alone, alone["msg"]
        assert alone["changed"] is among["changed"]
        ids = dict.fromkeys((one.one(item["title"])["id"], set_.one(item["title"])["id"]), "ID")
        assert _with_ids(alone["diff"], ids) == _with_ids(among["diff"], ids)
        assert _with_ids(alone["export"], ids) == _with_ids(among["exports"][0], ids)
        assert [step["action"] for step in alone["steps"]] == [step["action"] for step in among["steps"]]
    gone = one.execute(export_module, {"title": item["title"], "kind": kind, "document_type": "INVOICE", "state": "absent"})
    assert gone["changed"] and one.stored() == []


def _with_ids(value, ids):
    if isinstance(value, dict):
        return {key: _with_ids(item, ids) for key, item in value.items()}
    if isinstance(value, list):
        return [_with_ids(item, ids) for item in value]
    return ids.get(value, value) if isinstance(value, str) else value


@pytest.mark.parametrize("kind", [kind for kind in KINDS if "deployment" in KINDS[kind].parts])
def test_on_premises(make_stand, simulator, kind):
    stand = make_stand()
    item = declaration(simulator, kind, deployment="on_premises", ionapi_content=ionapi_text(simulator, flavour="op"))
    changed_by(stand, [item], ["create"], [OPERATION_OF_KIND[kind]])
    assert stand.one(item["title"])["export_method"].endswith("-onpremise")
    changed_by(stand, [item], [], [])
    item |= {"deployment": "cloud", "ionapi_content": ionapi_text(simulator)}
    result = changed_by(stand, [item], ["update"], [OPERATION_OF_KIND[kind]])
    assert result["steps"][0]["reason"] == "deployment, ionapi"
    assert stand.one(item["title"])["export_method"].endswith("-cloud")


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.startswith("infor_idm_") and "deployment" not in KINDS[kind].parts])
def test_kinds_without_a_choice_of_deployment_refuse_one(make_stand, simulator, kind):
    stand, before = make_stand(), simulator.last()
    result = stand.run([declaration(simulator, kind, deployment="on_premises")])
    assert result["failed"] and "E02" in result["msg"] and simulator.last() == before


@pytest.mark.parametrize("method", ["infor-m3-onpremise", "infor-ln-onpremise"])
def test_on_premises_a_kind_without_that_choice_is_a_foreign_one(make_stand, simulator, method):
    slot = f"{method.split('-')[1]}_mapping"
    files = {"ion_api": ionapi_text(simulator), "idm_mapping": mapping_texts()["idm_mapping"], slot: mapping_texts()[slot]}
    stand = make_stand(exports=[{"export_method": method, "title": "By hand", "doc_type": "INVOICE", "on_permise": True, "files": files}])
    before = simulator.last()
    result = stand.run([{"id": stand.ids[0], "execution_order": 7}])
    assert result["failed"] and "[P05]" in result["msg"] and stand.calls(before) == []
    assert stand.execute(export_info_module, {})["exports"] == [{"id": stand.ids[0], "title": "By hand", "ignore": True}]


def test_sub_organisation_by_name_and_by_id(make_stand, simulator):
    stand = make_stand(sub_organisations=SUB_ORGANISATIONS)
    south = SUB_ORGANISATIONS[0]["id"]
    item = declaration(simulator, "webhook", sub_organisation=" south ")
    changed_by(stand, [item], ["create"], ["configure_webhook_export"])
    assert stand.one(item["title"])["sub_org_id"] == south
    changed_by(stand, [item], [], [])
    changed_by(stand, [{**item, "sub_organisation": south}], [], [])
    # The same title in the main organisation is another export.
    changed_by(stand, [item, declaration(simulator, "webhook")], ["create"], ["configure_webhook_export"])
    id_ = next(record["id"] for record in stand.stored() if record["sub_org_id"] == south)
    changed_by(stand, [{"id": id_, "sub_organisation": "North"}], ["update"], ["configure_webhook_export"])
    # Where another export is active, it is deactivated for the move.
    changed_by(
        stand,
        [{"id": id_, "sub_organisation": ""}],
        ["deactivate", "update", "activate"],
        ["update_configuration_visibility", "configure_webhook_export", "update_configuration_visibility"],
        several_active=True,
    )
    changed_by(stand, [{"id": id_, "sub_organisation": "North"}], ["update"], ["configure_webhook_export"])
    changed_by(
        stand,
        [{"id": id_, "sub_organisation": "", "active": False, "title": "Back"}],
        ["deactivate", "update"],
        ["update_configuration_visibility", "configure_webhook_export"],
    )
    assert stand.one("Back")["sub_org_id"] is None


def test_an_unknown_sub_organisation_is_named(make_stand, simulator):
    stand, before = make_stand(sub_organisations=SUB_ORGANISATIONS), simulator.last()
    result = stand.run([declaration(simulator, "webhook", sub_organisation="West")])
    assert result["failed"] and "South, North" in result["msg"] and "[DB13]" in result["msg"]
    assert simulator.writes(before) == []


def test_document_type_by_key_and_by_title(make_stand, simulator):
    stand = make_stand(document_types=["INVOICE", {"document_key": "ORDER_4711", "title": "Our Orders"}])
    item = declaration(simulator, "webhook", document_type="our orders")
    changed_by(stand, [item], ["create"], ["configure_webhook_export"])
    assert stand.one(item["title"])["doc_type"] == "ORDER_4711"
    changed_by(stand, [item], [], [])
    changed_by(stand, [{**item, "document_type": "ORDER_4711"}], [], [])


def test_an_unknown_document_type_is_named(make_stand, simulator):
    stand, before = make_stand(document_types=["INVOICE"]), simulator.last()
    result = stand.run([declaration(simulator, "webhook", document_type="LETTER")])
    assert result["failed"] and "it has INVOICE" in result["msg"] and "[DB12]" in result["msg"]
    assert simulator.writes(before) == []


def test_an_export_without_document_type(make_stand, simulator):
    stand = make_stand()
    item = declaration(simulator, "webhook")
    del item["document_type"]
    changed_by(stand, [item], ["create"], ["configure_webhook_export"])
    assert stand.one(item["title"])["doc_type"] is None
    changed_by(stand, [item], [], [])


def test_execution_order_of_several_active(make_stand, simulator):
    stand = make_stand()
    items = [declaration(simulator, "webhook", title=title, execution_order=order) for title, order in (("First", 1), ("Second", 2), ("Third", 2))]
    assert "E05" in stand.run(items)["msg"]
    changed_by(stand, items, ["create"] * 3, ["configure_webhook_export"] * 3, several_active=True)
    items[0]["execution_order"], items[2]["execution_order"] = 2, 1
    changed_by(stand, items, ["update"] * 2, ["configure_webhook_export"] * 2, several_active=True)
    assert [stand.one(title)["execution_order"] for title in ("First", "Second", "Third")] == [2, 2, 1]


def test_every_kind_at_once_then_purged_to_one(make_stand, simulator):
    stand = make_stand()
    items = [declaration(simulator, kind) for kind in KINDS]
    # By place: Infor kinds first, within a place as declared.
    changed_by(stand, items, ["create"] * 13, [OPERATION_OF_KIND[kind] for kind in KINDS], several_active=True)
    left = [item for item in items if item["kind"] == "webhook"]
    purged = changed_by(stand, left, ["remove"] * 12, ["remove_configuration"] * 12, several_active=True, purge=True)
    assert {step["reason"] for step in purged["steps"]} == {"not declared"}
    assert [record["title"] for record in stand.stored()] == ["All of webhook"]


# Without these nothing that is declared could be found again.
NEEDED = ["id", "export_method", "doc_type", "sub_org_id"]


@pytest.mark.parametrize("untold", NEEDED)
def test_a_list_that_does_not_tell_what_an_export_is(make_stand, simulator, untold):
    hook = {"export_method": "webhook", "title": "Standing", "doc_type": "QUOTE", "export_url": "https://standing.example.test"}
    stand = make_stand(switches={"omit_record_keys": [untold]}, exports=[hook], sub_organisations=SUB_ORGANISATIONS)
    start, before = stand.stored(), simulator.last()
    result = stand.run([declaration(simulator, "webhook")])
    assert result["failed"] and "[DB11]" in result["msg"] and "contract_overrides" in result["msg"]
    assert stand.calls(before) == [] and stand.stored() == start


@pytest.mark.parametrize("untold", ["title", "execution_order", "export_url", "is_active"])
def test_what_the_list_does_not_tell_is_set_all_the_same(make_stand, simulator, untold):
    """Evidence says whether it is to be sent again. Activity is the exception: a person may have switched it since."""
    stand = make_stand(switches={"omit_record_keys": [untold], "one_active": True}, sub_organisations=SUB_ORGANISATIONS)
    item = declaration(simulator, "webhook", active=False, sub_organisation=SUB_ORGANISATIONS[0]["id"])
    fingerprints = None
    changes = [item, {}, {"url": "https://other.example.test"}, {"execution_order": 9}, {}]
    if untold != "is_active":
        changes += [{"active": True}, {}]
    for change in changes:
        item |= change
        result = stand.run([item], diff_mappings="text", fingerprints=fingerprints)
        assert "failed" not in result, result["msg"]
        fingerprints = result.get("fingerprints", fingerprints)
        assert result["changed"] is bool(change)
        [record] = stand.stored()
        stands = (record["export_url"], record["execution_order"], record["is_active"], record["title"], record["sub_org_id"])
        assert stands == (item["url"], item["execution_order"], item["active"], item["title"], item["sub_organisation"])


def test_a_list_without_sub_organisations_where_there_are_none(make_stand, simulator):
    stand = make_stand(switches={"omit_record_keys": ["sub_org_id"]})
    item = declaration(simulator, "webhook")
    changed_by(stand, [item], ["create"], ["configure_webhook_export"])
    changed_by(stand, [item], [], [])
