# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulated DocBits: 2.2.10 to the letter, the assumed contracts truthful about themselves, exports by the rules."""

from __future__ import annotations

import json
import secrets
import uuid

import pytest
import requests
from unit.simulator.organisation import DOCUMENT_TYPES, IDM, Client

from simulator.client import Simulator
from simulator.docbits_api import docbits_api
from simulator.docbits_contracts import MULTIPART, contract_of, current, published, published_document, seeded
from simulator.docbits_openapi import openapi_document
from simulator.store import Store

BOD = "DT_Path=SyncCaptureDocumentType\n"


@pytest.fixture(scope="module")
def simulator(tmp_path_factory):
    with Simulator.start(tmp_path_factory.mktemp("simulator")) as simulator:
        yield simulator


def refusal(response, status=200):
    assert response.status_code == status, response.text
    body = response.json()
    assert body["success"] is False
    return body["message"]


# -- the contracts


def test_2_2_10_is_served_as_published(simulator):
    served = requests.get(f"{Client(simulator).url}/openapi.json", verify=simulator.ca, timeout=10)
    assert served.json() == published_document()


def declared(document, path, method):
    """What a document says of one operation: encoding, and field name to (type, required)."""
    operation = document["paths"][path][method]
    content = operation.get("requestBody", {}).get("content", {})
    if not content:
        return None, {}
    encoding, body = next(iter(content.items()))
    schema = body["schema"]
    schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    return encoding, {name: (kind(of), name in schema.get("required", ())) for name, of in schema["properties"].items()}


def kind(schema):
    schema = next((option for option in schema.get("anyOf", ()) if option["type"] != "null"), schema)
    if schema.get("format") == "binary" or "contentMediaType" in schema:
        return "file"
    return schema.get("format", schema["type"])


@pytest.mark.parametrize("contract", [published(), current(), *(seeded(seed) for seed in range(8))], ids=lambda contract: contract.version)
def test_the_document_tells_what_the_routes_take(contract):
    truth = docbits_api(contract, Store(":memory:")).openapi()
    told = openapi_document(contract)
    for operation in contract.operations:
        assert declared(told, operation.path, operation.method) == declared(truth, operation.path, operation.method)


def test_a_seed_gives_the_same_contract_again_and_seeds_differ():
    first = openapi_document(seeded(7))
    seeded.cache_clear()
    assert openapi_document(seeded(7)) == first
    assert len({json.dumps(openapi_document(seeded(seed))["components"]["schemas"]) for seed in range(30)}) > 25


def test_seeds_cover_what_a_client_must_survive():
    contracts = [seeded(seed) for seed in range(200)]
    assert {contract.id_type for contract in contracts} == {"integer", "uuid"}
    assert {contract.openapi for contract in contracts} == {"3.0.2", "3.1.0"}
    assert {contract.switches.mask_ion_api for contract in contracts} == {"no", "mask", "mask_values", "refuse"}
    assert {contract.switches.failure_status for contract in contracts} == {200, 400, 409}
    complete = {operation.name for operation in current().operations}
    lacking = [contract for contract in contracts if {operation.name for operation in contract.operations} < complete]
    invented = [contract for contract in contracts if any(field.wire.startswith("z_") for operation in contract.operations for field in operation.fields)]
    assert 5 < len(lacking) < 60
    assert 20 < len(invented) < 100
    for contract in contracts:
        for operation in contract.operations:
            wires = [field.wire for field in operation.fields]
            assert len(wires) == len(set(wires))


def test_an_unknown_contract_is_refused(simulator):
    with pytest.raises(ValueError, match="seed"):
        Client(simulator, contract="3.0")
    with pytest.raises(ValueError, match="seed"):
        contract_of({"seed": "1"})


def test_the_openapi_document_has_an_etag(simulator):
    client = Client(simulator)
    etag = client.call("GET", "/openapi.json").headers["ETag"]
    again = client.call("GET", "/openapi.json", headers={"If-None-Match": etag})
    assert (again.status_code, again.content) == (304, b"")


def test_public_pages_need_no_key(simulator):
    client = Client(simulator, contract="current")
    for path in ("/healthz", "/api/health/", "/version", "/openapi.json"):
        assert client.call("GET", path, headers={"X-API-KEY": ""}).status_code == 200
    assert client.call("GET", "/version").json()["version"] == "12.83.293"


# -- hosts, keys, organisations


def test_a_wrong_key_is_refused(simulator):
    client = Client(simulator)
    assert client.post("get_configurations", headers={"X-API-KEY": "wrong"}).status_code == 401
    assert simulator.journal()[-1]["principal"] is None


def test_a_key_is_worth_nothing_on_another_host(simulator):
    client, other = Client(simulator), Client(simulator)
    assert client.post("get_configurations", headers={"X-API-KEY": other.key}).status_code == 401


def test_an_unknown_host_is_not_found(simulator):
    assert requests.get(f"{simulator.host_url('nowhere')}/healthz", verify=simulator.ca, timeout=10).status_code == 404


def test_the_organisation_header_must_fit_where_it_is_sent(simulator):
    client = Client(simulator)
    assert client.post("get_configurations", headers={"X-ORG-ID": client.id}).status_code == 200
    wrong = client.post("get_configurations", headers={"X-ORG-ID": str(uuid.uuid4())})
    assert refusal(wrong, 403) == "NOT_ENOUGH_PERMISSIONS_ACCESS_ORG"


def test_a_host_has_one_contract(simulator):
    client = Client(simulator)
    with pytest.raises(ValueError, match="another contract"):
        Client(simulator, contract="current", host=client.name)
    Client(simulator, host=client.name)
    assert client.post("get_configurations").status_code == 200


def test_the_prefix_of_the_servers_is_served(simulator):
    client = Client(simulator, contract="current")
    servers = client.call("GET", "/openapi.json").json()["servers"]
    assert servers == [{"url": f"/h/{client.name}/prod-api"}]
    assert requests.post(
        f"{simulator.docbits_url}{servers[0]['url']}/configurations/get_configurations", headers={"X-API-KEY": client.key}, verify=simulator.ca, timeout=10
    ).json() == {"success": True, "data": []}


def test_document_types_and_sub_organisations(simulator):
    sub = {"id": str(uuid.uuid4()), "name": "Branch"}
    client = Client(simulator, sub_organisations=[sub])
    assert [item["document_key"] for item in client.call("GET", "/document_type/get_document_types").json()["data"]] == DOCUMENT_TYPES
    assert client.call("GET", "/configurations/document_types").json() == DOCUMENT_TYPES
    (told,) = client.call("GET", "/sub_organisations/get_sub_organisations").json()
    assert sub.items() <= told.items()
    client.switch(envelope_lists=True)
    assert client.call("GET", "/sub_organisations/get_sub_organisations").json()["data"] == [told]


# -- exports by 2.2.10


def test_create_update_in_place_and_keep_the_files(simulator):
    client = Client(simulator)
    ion_api = json.dumps({"ti": "ACME_TST", "cs": secrets.token_hex()})
    created = client.configure_idm(ion_api=ion_api, idm_mapping=IDM).json()
    assert created["success"] is True
    export_id = created["data"]["id"]
    assert isinstance(export_id, int)

    updated = client.post("configure_idm_export", {"config_id": export_id, "title": "New", "on_permise": "true", "zugferd": "false"})
    assert updated.json()["data"]["id"] == export_id
    (stored,) = client.exports
    assert stored["title"] == "New"
    assert stored["doc_type"] == "INVOICE"
    assert stored["export_method"] == "infor-idm-onpremise"
    assert stored["is_active"] is True
    assert stored["files"] == {"idm_mapping": IDM, "ion_api": ion_api}


def test_a_record_of_the_list(simulator):
    client = Client(simulator)
    client.post("configure_webhook_export", {"title": "Hook", "doc_type": "INVOICE", "export_url": "https://hook.test"})
    (record,) = client.post("get_configurations").json()["data"]
    assert {"title": "Hook", "doc_type": "INVOICE", "export_url": "https://hook.test", "export_method": "webhook", "is_active": True}.items() <= record.items()
    assert client.post("get_configuration").json()["data"] == record
    client.switch(omit_record_keys=["title"])
    (record,) = client.post("get_configurations").json()["data"]
    assert "title" not in record


def test_activate_deactivate_and_remove(simulator):
    client = Client(simulator)
    export_id = client.created()
    for wire, active in (("false", False), ("true", True)):
        assert client.post("update_configuration_visibility", {"id": export_id, "is_active": wire}).json() == {"success": True}
        assert client.exports[0]["is_active"] is active
    assert refusal(client.post("update_configuration_visibility", {"id": export_id, "is_active": "yes"})) == "INVALID_VALUE"
    assert client.post("remove_configuration", {"id": export_id}).json() == {"success": True}
    assert client.exports == []
    assert refusal(client.post("remove_configuration", {"id": export_id})) == "EXPORT_CONFIG_NOT_FOUND"


def test_an_empty_field_clears_as_the_switch_says(simulator):
    client = Client(simulator, contract="current")
    sub = str(uuid.uuid4())
    simulator.change_organisation(client.name, sub_organisations=[{"id": sub, "name": "Branch"}])
    export_id = client.created(sub_org_id=sub)
    base = {"config_id": export_id, "on_permise": "false", "zugferd": "false"}
    for switch, fields, expected in (
        ("empty_keeps", {"sub_org_id": ""}, sub),
        ("empty_clears", {}, sub),
        ("empty_clears", {"sub_org_id": ""}, None),
    ):
        client.switch(on_update=switch)
        assert client.post("configure_idm_export", {**base, **fields}).json()["success"]
        assert client.exports[0]["sub_org_id"] == expected
        assert client.exports[0]["title"] == "Invoices"
    client.switch(on_update="omitted_clears")
    assert client.post("configure_idm_export", base).json()["success"]
    assert client.exports[0]["title"] is None


def test_one_active_infor_and_one_active_other_export(simulator):
    client = Client(simulator)
    first = client.created()
    assert refusal(client.configure_idm(title="Second")) == "EXPORT_CONFIG_ALREADY_EXISTS"
    assert client.post("configure_webhook_export", {"doc_type": "INVOICE", "export_url": "https://hook.test"}).json()["success"]
    assert client.created(doc_type="CREDIT_NOTE")
    client.post("update_configuration_visibility", {"id": first, "is_active": "false"})
    assert client.created(title="Second")
    assert refusal(client.post("update_configuration_visibility", {"id": first, "is_active": "true"})) == "EXPORT_CONFIG_ALREADY_EXISTS"
    client.switch(one_active=False)
    assert client.post("update_configuration_visibility", {"id": first, "is_active": "true"}).json() == {"success": True}


def test_new_exports_are_inactive_where_the_switch_says_so(simulator):
    client = Client(simulator, switches={"active_on_create": False})
    client.created()
    assert client.exports[0]["is_active"] is False


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"doc_type": "LETTER"}, "DOCUMENT_TYPE_NOT_FOUND"),
        ({"doc_type": ""}, "DOCUMENT_TYPE_MANDATORY"),
        ({"config_id": "4711"}, "EXPORT_CONFIG_NOT_FOUND"),
        ({"ion_api": "{}"}, "MISSING_MAPPING_FILE"),
        ({"ion_api": "no json", "idm_mapping": IDM}, "INVALID_MAPPING_FILE"),
        ({"ion_api": "{}", "idm_mapping": " \n"}, "INVALID_MAPPING_FILE"),
    ],
)
def test_refusals_write_nothing(simulator, fields, code):
    client = Client(simulator)
    assert refusal(client.configure_idm(**fields)) == code
    assert client.exports == []


def test_an_export_stays_in_its_family(simulator):
    client = Client(simulator)
    export_id = client.created()
    webhook = client.post("configure_webhook_export", {"config_id": export_id, "doc_type": "INVOICE", "export_url": "https://hook.test"})
    assert refusal(webhook) == "INVALID_EXPORT_METHOD"


def test_invalid_requests_are_a_422_in_the_words_of_their_time(simulator):
    old = Client(simulator).post("configure_idm_export", {"zugferd": "maybe", "config_id": "x"})
    assert old.status_code == 422
    problems = {problem["loc"][-1]: problem for problem in old.json()["detail"]}
    assert problems["on_permise"] == {"loc": ["body", "on_permise"], "msg": "field required", "type": "value_error.missing"}
    assert problems.keys() == {"on_permise", "zugferd", "config_id"}
    new = Client(simulator, contract="current").post("configure_idm_export", {"on_permise": "true"})
    assert (new.status_code, new.json()["detail"][0]["type"]) == (422, "missing")
    assert new.json()["trace_id"]


def test_urlencoded_and_multipart_are_both_taken(simulator):
    client = Client(simulator)
    export_id = client.created()
    for arguments in ({"data": {"id": export_id, "is_active": "false"}}, {"files": {"id": (None, str(export_id)), "is_active": (None, "false")}}):
        assert client.post("update_configuration_visibility", **arguments).json() == {"success": True}


@pytest.mark.parametrize("status", [200, 400, 409])
def test_the_status_of_a_refusal_is_a_switch(simulator, status):
    client = Client(simulator, switches={"failure_status": status})
    assert refusal(client.post("remove_configuration", {"id": 1}), status) == "EXPORT_CONFIG_NOT_FOUND"


def test_an_operation_fails_as_often_as_ordered(simulator):
    client = Client(simulator, switches={"fail_on": {"configure_idm_export": {"code": "UNKNOWN_ERROR", "times": 1}}})
    assert refusal(client.configure_idm()) == "UNKNOWN_ERROR"
    assert client.exports == []
    assert client.created()


def test_an_unknown_switch_is_refused(simulator):
    with pytest.raises(ValueError, match="one_activ"):
        Client(simulator, switches={"one_activ": True})


def test_validate(simulator):
    client = Client(simulator)
    assert refusal(client.post("validate_export_configuration", {"doc_type": "INVOICE"})) == "EXPORT_CONFIG_NOT_FOUND"
    export_id = client.created()
    assert client.post("validate_export_configuration", {"doc_type": "INVOICE"}).json() == {"success": True}
    simulator.edit_export(client.name, export_id, files={"idm_mapping": None})
    assert refusal(client.post("validate_export_configuration", {"doc_type": "INVOICE"})) == "MISSING_MAPPING_FILE"


# -- downloads


def test_download_gives_the_bytes_back(simulator):
    client = Client(simulator)
    content = b"\xef\xbb\xbfINVOICE=M3_SupplierInvoice\r\n# \xc3\xa4\r\n"
    export_id = client.created(ion_api="{}", idm_mapping=content)
    download = client.call("GET", f"/configurations/download/{export_id}", params={"type": "IDM_MAPPING"})
    assert download.content == content
    assert simulator.journal()[-1]["query"] == {"type": "IDM_MAPPING"}
    assert client.call("GET", f"/configurations/download/{export_id}", params={"type": "M3_MAPPING"}).status_code == 422
    assert refusal(client.call("GET", f"/configurations/download/{export_id}", params={"type": "BOD_MAPPING"})) == "MISSING_MAPPING_FILE"


def test_the_ion_api_file_may_be_masked_or_refused(simulator):
    client = Client(simulator)
    secret = secrets.token_hex()
    export_id = client.created(ion_api=json.dumps({"ti": "ACME_TST", "cs": secret}), idm_mapping=IDM)
    path = f"/configurations/download/{export_id}?type=ION_API"
    assert client.call("GET", path).json() == {"ti": "ACME_TST", "cs": secret}
    client.switch(mask_ion_api="mask")
    assert client.call("GET", path).text == "**********"
    client.switch(mask_ion_api="mask_values")
    assert client.call("GET", path).json() == {"ti": "ACME_TST", "cs": "**********"}
    client.switch(mask_ion_api="refuse")
    assert refusal(client.call("GET", path), 403) == "NO_PERMISSION"


# -- current


def test_current_has_uuids_order_sub_organisations_and_trace_ids(simulator):
    sub = {"id": str(uuid.uuid4()), "name": "Branch"}
    client = Client(simulator, contract="current", sub_organisations=[sub])
    first = client.created(sub_org_id=sub["id"], execution_order="2")
    assert uuid.UUID(first)
    assert client.created(sub_org_id=sub["id"], execution_order="1")  # several active ones are allowed
    record = client.post("get_configurations").json()["data"][0]
    assert (record["sub_org_id"], record["execution_order"]) == (sub["id"], 2)
    refused = client.configure_idm(sub_org_id=str(uuid.uuid4()))
    assert refusal(refused) == "SUB_ORG_NOT_FOUND"
    assert refused.json()["trace_id"]


@pytest.mark.parametrize(
    ("mapping", "method"), [("ln_mapping", "infor-ln-cloud"), ("m3_mapping", "infor-m3-cloud"), ("m3_toml_mapping", "infor-m3-toml-cloud")]
)
def test_the_mapping_decides_the_kind_of_an_infor_export(simulator, mapping, method):
    client = Client(simulator, contract="current")
    files = {"ion_api": ("a.ionapi", "{}"), "idm_mapping": ("i.properties", IDM), mapping: ("m", 'a = "b"')}
    export_id = client.post("configure_infor_export", {"doc_type": "INVOICE", "on_permise": "false", "zugferd": "false"}, files).json()["data"]["id"]
    assert client.exports[0]["export_method"] == method
    assert client.call("GET", f"/configurations/download/{export_id}", params={"type": mapping.upper()}).text == 'a = "b"'
    assert client.post("test_infor_connection", {"config_id": export_id}).json()["success"] is True


def test_servers_keep_their_password_to_themselves(simulator):
    client = Client(simulator, contract="current")
    password = secrets.token_hex()
    fields = {"doc_type": "INVOICE", "server_url": "sftp.test", "port": "22", "username": "docbits", "password": password, "folder": "/in"}
    export_id = client.post("configure_sftp_export", fields, {"xslt": ("a.xslt", "<x/>")}).json()["data"]["id"]
    assert client.post("configure_smb_export", fields, {"jpl_mapping": ("a.properties", "a=b")}).json()["success"]
    assert refusal(client.post("configure_smb_export", fields, {"jpl_mapping": ("a.xml", "a=b")})) == "INVALID_MAPPING_FILE"
    assert client.post("configure_infor_sftp_export", {"doc_type": "INVOICE", "folder": "/in"}, {"bod_mapping": ("b.properties", BOD)}).json()["success"]
    listed = client.post("get_configurations")
    assert [record["export_method"] for record in listed.json()["data"]] == ["sftp", "smb", "infor_sftp"]
    assert password not in listed.text
    client.post("configure_sftp_export", {"config_id": export_id, "folder": "/out"})
    assert (client.exports[0]["folder"], client.exports[0]["password"]) == ("/out", password)


# -- seeded


@pytest.mark.parametrize("seed", range(6))
def test_a_seeded_host_takes_what_its_document_says(simulator, seed):
    contract = seeded(seed)
    client = Client(simulator, contract={"seed": seed})
    operation = contract.operation("configure_bod_export")
    values = {"boolean": "false", "string": "x", "file": ("f", "{}")}
    data, files = {}, {}
    for field in operation.fields:
        if field.name in ("title", "doc_type", "ion_api", "bod_mapping", "on_permise", "zugferd") or field.required:
            value = "INVOICE" if field.name == "doc_type" else values[field.type]
            (files if field.type == "file" else data)[field.wire] = value
    assert operation.encoding == MULTIPART
    answer = client.call("POST", f"{contract.prefix}{operation.path}", data=data, files=files)
    assert answer.ok, answer.text
    record = answer.json()["data"]
    (stored,) = client.exports
    assert (stored["title"], stored["doc_type"], stored["export_method"]) == ("x", "INVOICE", "infor-bod-cloud")
    assert str(record[contract.record_keys.get("id", "id")]) == stored["id"]
    without_prefix = client.call("POST", operation.path)
    assert (without_prefix.status_code == 404) is bool(contract.prefix and contract.prefix_required)


# -- by hand


def test_hand_edits_are_not_journaled(simulator):
    export = {"title": "Old", "export_method": "infor-idm-cloud", "doc_type": "INVOICE", "files": {"idm_mapping": IDM}}
    client = Client(simulator, exports=[export])
    last = simulator.last()
    simulator.edit_export(client.name, client.given[0], title="Changed", files={"idm_mapping": "CREDIT_NOTE=x\n"})
    added = simulator.add_export(client.name, title="Second", doc_type="CREDIT_NOTE")
    simulator.remove_export(client.name, added["id"])
    (stored,) = client.exports
    assert (stored["title"], stored["files"]) == ("Changed", {"idm_mapping": "CREDIT_NOTE=x\n"})
    assert simulator.journal(last) == []
