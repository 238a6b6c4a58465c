# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The moods of the simulated DocBits: each switch does what the README says, and nothing while it is off."""

from __future__ import annotations

import base64
import json
import secrets
import time

import pytest
import requests
from unit.simulator.organisation import IDM, Client

from simulator.client import Simulator

HOOK = {"export_method": "webhook", "title": "Hook", "doc_type": "INVOICE", "export_url": "https://hook.example.test/?token=abc"}
# Longer than the time in which the calls of a test are made.
LAG = 1.5


@pytest.fixture(scope="module")
def simulator(tmp_path_factory):
    with Simulator.start(tmp_path_factory.mktemp("simulator")) as running:
        yield running


def listed(client):
    return client.post("get_configurations")


def records(client):
    return listed(client).json()["data"]


def ionapi():
    return json.dumps({"ti": "ACME_TST", "ci": "ACME_TST~1", **{key: secrets.token_hex(16) for key in ("cs", "saak", "sask")}})


# -- downloads


@pytest.fixture
def with_files(simulator):
    """An organisation with one export, and the text of its ION API file."""
    text = ionapi()
    mapping = "# By Jo\nINVOICE=A:b \nSV_Acl=Public\n"
    client = Client(simulator, exports=[{**HOOK, "export_method": "infor-idm-cloud", "files": {"ion_api": text, "idm_mapping": mapping}}])
    return client, text, mapping


def download(client, type_="IDM_MAPPING"):
    return client.call("GET", f"/configurations/download/{client.given[0]}", params={"type": type_})


@pytest.mark.parametrize(
    ("mood", "expected"),
    [
        ("bytes", lambda text: text),
        ("envelope", lambda text: json.dumps({"success": True, "data": text}, separators=(",", ":"))),
        ("json_string", json.dumps),
        ("base64", lambda text: base64.b64encode(text.encode()).decode()),
        ("url", lambda _text: '{"success":true,"data":"https://files.example.test/x?signature=1"}'),
        ("masked", lambda _text: "********"),
        ("partly_masked", lambda text: text.replace("=A:b ", "=A****")),
        ("bom", lambda text: f"\ufeff{text}"),
        ("crlf", lambda text: text.replace("\n", "\r\n")),
        ("trimmed", lambda text: text.replace("b \n", "b\n")),
        ("java", lambda _text: "#Tue Nov 24 05:52:00 UTC 2026\nINVOICE=A\\:b \nSV_Acl=Public\n"),
    ],
)
def test_download_of_a_mapping(with_files, mood, expected):
    client, _text, mapping = with_files
    client.switch(download=mood)
    assert download(client).content.decode() == expected(mapping)
    client.switch(download_of="ion_api")
    assert download(client).content.decode() == mapping


@pytest.mark.parametrize(("mood", "status"), [("forbidden", 403), ("not_found", 404)])
def test_download_when_it_is_refused(with_files, mood, status):
    client, _text, _mapping = with_files
    client.switch(download=mood)
    assert download(client, "ION_API").status_code == status


@pytest.mark.parametrize("mood", ["partly_masked", "left_out"])
def test_download_of_an_ion_api_file_without_its_secrets(with_files, mood):
    client, text, _mapping = with_files
    client.switch(download=mood)
    shown, values = download(client, "ION_API").json(), json.loads(text)
    hidden = {key: f"{values[key][:4]}****" for key in ("cs", "saak", "sask")} if mood == "partly_masked" else {}
    assert shown == {"ti": "ACME_TST", "ci": "ACME_TST~1", **hidden}


# -- records


@pytest.mark.parametrize(
    ("words", "on", "off"),
    [
        ("json", True, False),
        ("lower", "true", "false"),
        ("title", "True", "False"),
        ("number", 1, 0),
        ("letter", "Y", "N"),
        ("unknown", "ja", "nein"),
    ],
)
def test_words_for_flags(simulator, words, on, off):
    client = Client(simulator, exports=[{**HOOK, "zugferd": False}], switches={"booleans": words})
    [record] = records(client)
    assert [(type(record[key]), record[key]) for key in ("is_active", "zugferd")] == [(type(on), on), (type(off), off)]
    assert client.exports[0]["is_active"] is True


@pytest.mark.parametrize(("words", "method"), [("known", "infor-idm-cloud"), ("other_case", "INFOR-IDM-CLOUD"), ("unknown", "infor-idm-v2")])
def test_words_for_the_method(simulator, words, method):
    client = Client(simulator, exports=[{**HOOK, "export_method": "infor-idm-cloud"}], switches={"methods": words})
    assert records(client)[0]["export_method"] == method


@pytest.mark.parametrize(("form", "shown"), [("key", "CREDIT_NOTE"), ("title", "Credit Note"), ("lower", "credit_note")])
def test_form_of_the_document_type(simulator, form, shown):
    client = Client(simulator, exports=[{**HOOK, "doc_type": "CREDIT_NOTE"}], switches={"types": form})
    assert records(client)[0]["doc_type"] == shown


def test_masked_values_of_records(simulator):
    client = Client(simulator, "current", exports=[HOOK, {"export_method": "sftp", "title": "S", "username": "jo"}], switches={"masked": "url"})
    assert [record["export_url"] for record in records(client)] == ["https://hook****", None]
    client.switch(masked="username")
    assert [(record["export_url"], record["username"]) for record in records(client)] == [(HOOK["export_url"], None), (None, "****")]


def test_nulls_and_further_keys(simulator):
    client = Client(simulator, exports=[{key: value for key, value in HOOK.items() if key != "doc_type"}])
    assert records(client)[0]["doc_type"] is None
    client.switch(nulls=False, further_keys=True)
    [record] = records(client)
    assert "doc_type" not in record and (record["order"], record["url"]) == (99, "https://elsewhere.example.test/")


# -- the list


@pytest.mark.parametrize(
    ("shape", "list_of"),
    [
        ("data", lambda body: body["data"]),
        ("bare", lambda body: body),
        ("configurations", lambda body: body["configurations"]),
        ("items", lambda body: body["items"]),
        ("nested", lambda body: body["data"]["items"]),
    ],
)
def test_shape_of_the_list(simulator, shape, list_of):
    client = Client(simulator, exports=[HOOK], switches={"list_shape": shape})
    assert [record["title"] for record in list_of(listed(client).json())] == ["Hook"]


def test_pages_of_the_list(simulator):
    client = Client(simulator, "current-paged", exports=[{**HOOK, "title": title} for title in "ABC"], switches={"list_shape": "pages"})
    pages = [client.post("get_configurations", {"page": page}).json() for page in (1, 2, 3)]
    assert [[record["title"] for record in page["data"]] for page in pages] == [["A", "B"], ["C"], []] and pages[0]["total"] == 3
    client.switch(list_shape="silent_pages")
    assert len(records(client)) == 2 and "total" not in listed(client).json()


EMPTY = {"list": b'{"success":true,"data":[]}', "null": b'{"success":true,"data":null}', "no_data": b'{"success":true}', "nothing": b""}


@pytest.mark.parametrize(("mood", "body"), list(EMPTY.items()))
def test_list_of_an_empty_organisation(simulator, mood, body):
    client = Client(simulator, switches={"empty": mood})
    assert listed(client).content == body
    simulator.add_export(client.name, **HOOK)
    assert len(records(client)) == 1


def test_deleted_rows_stay_in_the_list(simulator):
    client = Client(simulator, exports=[HOOK, {**HOOK, "title": "Other"}], switches={"deleted_rows": True})
    assert client.post("remove_configuration", {"id": client.given[0]}).json() == {"success": True}
    assert [(record["title"], record["is_deleted"]) for record in records(client)] == [("Hook", True), ("Other", False)]
    assert [export["title"] for export in client.exports] == ["Other"]
    for operation, data in (("remove_configuration", {}), ("update_configuration_visibility", {"is_active": "true"})):
        assert client.post(operation, {"id": client.given[0], **data}).json()["message"] == "EXPORT_CONFIG_NOT_FOUND"
    client.switch(deleted_rows=False)
    assert [record["title"] for record in records(client)] == ["Other"]


def test_inactive_rows_are_left_out(simulator):
    client = Client(simulator, exports=[HOOK, {**HOOK, "title": "Off", "is_active": False}], switches={"lists_inactive": False})
    assert [record["title"] for record in records(client)] == ["Hook"]


def test_order_of_the_list(simulator):
    client = Client(simulator, exports=[{**HOOK, "title": title} for title in "ABCDEFGH"], switches={"shuffled": True})
    orders = {"".join(record["title"] for record in records(client)) for _attempt in range(5)}
    assert len(orders) > 1 and {"".join(sorted(order)) for order in orders} == {"ABCDEFGH"}


def test_list_that_is_behind(simulator):
    client = Client(simulator, exports=[HOOK], switches={"lag": LAG})
    client.post("update_configuration_visibility", {"id": client.given[0], "is_active": "false"})
    client.configure_idm()
    began = time.monotonic()
    assert [(record["title"], record["is_active"]) for record in records(client)] == [("Hook", True)]
    assert time.monotonic() - began < LAG and len(client.exports) == 2
    time.sleep(LAG)
    assert [(record["title"], record["is_active"]) for record in records(client)] == [("Hook", False), ("Invoices", True)]


# -- writes


@pytest.mark.parametrize(
    ("mood", "status", "body"),
    [
        ("id", 200, b'{"success":true,"data":ID}'),
        ("null_id", 200, b'{"success":true,"data":{"id":null}}'),
        ("empty", 200, b""),
        ("no_content", 204, b""),
        ("text", 200, b"OK"),
        ("refusal", 422, b'{"success":false,"message":"UNKNOWN_ERROR"}'),
    ],
)
def test_answer_to_a_create(simulator, mood, status, body):
    client = Client(simulator, switches={"create_answer": mood})
    answer = client.configure_idm()
    [export] = client.exports
    assert (answer.status_code, answer.content) == (status, body.replace(b"ID", export["id"].encode()))
    assert client.configure_idm(config_id=export["id"]).json()["data"]["title"] == "Invoices"


def test_titles_are_trimmed(simulator):
    client = Client(simulator, switches={"trims_titles": True})
    client.configure_idm(title=" Invoices ")
    assert client.exports[0]["title"] == "Invoices"


def test_update_that_drops_what_is_not_sent(simulator):
    client = Client(simulator, "current", exports=[{"export_method": "sftp", "title": "S", "folder": "/in", "password": "secret", "files": {"xslt": "<x/>"}}])
    client.switch(on_update="drops")
    client.post("configure_sftp_export", {"config_id": client.given[0], "title": "T"}, {"idm": ("x", "")})
    [export] = client.exports
    assert (export["title"], export.get("folder"), export["password"], export["files"]) == ("T", None, "secret", {})


def test_one_active_of_any(simulator):
    client = Client(simulator, exports=[{**HOOK, "export_method": "infor-bod-cloud"}], switches={"one_active": "any", "active_on_create": False})
    assert client.configure_idm().json()["message"] == "EXPORT_CONFIG_ALREADY_EXISTS"
    client.switch(one_active=True)
    assert client.configure_idm().json()["success"] is True


def test_one_active_that_replaces(simulator):
    client = Client(simulator, exports=[{**HOOK, "export_method": "infor-bod-cloud"}], switches={"one_active": "replaces"})
    client.configure_idm()
    assert [(export["title"], export["is_active"]) for export in client.exports] == [("Hook", False), ("Invoices", True)]
    client.post("update_configuration_visibility", {"id": client.given[0], "is_active": "true"})
    assert [(export["title"], export["is_active"]) for export in client.exports] == [("Hook", True), ("Invoices", False)]


def test_own_checks_that_refuse(simulator):
    client = Client(simulator, "current", exports=[{**HOOK, "export_method": "infor-idm-cloud", "files": {"ion_api": ionapi(), "idm_mapping": IDM}}])
    checks = (("validate_export_configuration", {"doc_type": "INVOICE"}), ("test_infor_connection", {"config_id": client.given[0]}))
    assert [client.post(*check).json()["success"] for check in checks] == [True, True]
    client.switch(own_checks="refuse")
    assert [client.post(*check).json()["message"] for check in checks] == ["ERROR_GETTING_INFOR_ACCESS_TOKEN"] * 2


def test_openapi_document_behind_the_key_or_hidden(simulator):
    client = Client(simulator, switches={"openapi": "key"})
    bare = requests.get(f"{client.url}/openapi.json", verify=simulator.ca, timeout=10)
    assert (bare.status_code, client.call("GET", "/openapi.json").status_code) == (401, 200)
    client.switch(openapi="hidden")
    assert client.call("GET", "/openapi.json").status_code == 404
