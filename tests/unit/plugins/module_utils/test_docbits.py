# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The requests of the DocBits client, exactly and in order; a request that is not in the script fails."""

from __future__ import annotations

import secrets
import time
from dataclasses import replace
from email.parser import BytesParser

import pytest
import responses
from responses import matchers
from responses.registries import OrderedRegistry

from ansible_collections.docbits.ion.plugins.module_utils._core import once as _once
from ansible_collections.docbits.ion.plugins.module_utils._core.errors import BadAnswer, CheckModeViolation, InvalidInput, IonError, Refused
from ansible_collections.docbits.ion.plugins.module_utils._core.run import Context, execute
from ansible_collections.docbits.ion.plugins.module_utils._docbits import client as _docbits
from ansible_collections.docbits.ion.plugins.module_utils._docbits.bundled import CURRENT, PUBLISHED_2_2_10
from ansible_collections.docbits.ion.plugins.module_utils._docbits.client import DocBits, base_url_of, connect
from ansible_collections.docbits.ion.plugins.module_utils._docbits.contract import Contract, Overrides
from ansible_collections.docbits.ion.plugins.module_utils._docbits.schema import INTEGER, URLENCODED, OperationSchema, read_openapi
from ansible_collections.docbits.ion.plugins.module_utils._exports.plan import CREATE, REMOVE, UPDATE, Step
from ansible_collections.docbits.ion.plugins.module_utils._http.client import HttpClient, Settings
from ansible_collections.docbits.ion.plugins.module_utils._model.export import Export
from ansible_collections.docbits.ion.plugins.module_utils._model.values import ABSENT, Known, Withheld
from ansible_collections.docbits.ion.plugins.module_utils._module import document_type_info, sub_organisation_info

HOST = "https://docbits.example.com"
KEY = secrets.token_urlsafe(24)
RECORD = {"id": 7, "export_method": "webhook", "export_url": "https://example.com", "title": "A", "doc_type": "INVOICE", "is_active": True}
INFOR_RECORD = {"id": 8, "export_method": "infor-idm-cloud", "title": "B", "doc_type": "INVOICE", "is_active": True, "zugferd": False}
LIST, DOWNLOAD = f"{HOST}/configurations/get_configurations", f"{HOST}/configurations/download/8"
CONFIGURE = HOST + "/configurations/configure_{}_export"
VISIBILITY, REMOVAL = f"{HOST}/configurations/update_configuration_visibility", f"{HOST}/configurations/remove_configuration"


@pytest.fixture(autouse=True)
def _no_contract_of_another_test():
    _docbits._public_schema.forget()
    _docbits._protected_schema.forget()


@pytest.fixture
def script():
    with responses.RequestsMock(registry=OrderedRegistry, assert_all_requests_are_fired=True) as mock:
        yield mock


def client(schema=PUBLISHED_2_2_10, source="2.2.10", check_mode=False, organisation=None, prefix=None, host=HOST, **overrides):
    return DocBits(host, KEY, organisation, Contract(schema, source, Overrides(**overrides), prefix), HttpClient, Settings(retries=0), check_mode)


def keyed(**more):
    """Every call carries the key and asks for JSON."""
    return matchers.header_matcher({"X-API-KEY": KEY, "Accept": "application/json", **more})


def urlencoded(**fields):
    return matchers.urlencoded_params_matcher(fields, allow_blank=True)


def nothing_sent():
    def match(request):
        return (not request.body, f"a body was sent: {request.body!r}")

    return match


def multipart(*expected):
    """Exactly these parts in this order: (name, text) for a field, (name, file name, bytes) for a file."""

    def match(request):
        whole = BytesParser().parsebytes(b"Content-Type: " + request.headers["Content-Type"].encode() + b"\r\n\r\n" + request.body)
        sent = []
        for part in whole.get_payload():
            name, filename = part.get_param("name", header="content-disposition"), part.get_filename()
            content = part.get_payload(decode=True)
            sent.append((name, content.decode()) if filename is None else (name, filename, content))
        return (sent == list(expected), f"sent {sent}")

    return match


def ok(script, method, url, match=(), data=None, **more):
    script.add(method, url, json={"success": True, "data": data} if not more else None, match=[keyed(), *match], **more)


def listed(script, *records):
    ok(script, "POST", LIST, [nothing_sent()], list(records))


# The address


@pytest.mark.parametrize(
    ("environment", "region", "host"),
    [
        ("production", "eu", "https://eu.api.docbits.com"),
        ("production", "us", "https://us.api.docbits.com"),
        ("sandbox", "eu", "https://eu.sandbox.api.docbits.com"),
        ("dev", "us", "https://us.dev.api.docbits.com"),
    ],
)
def test_host_of_an_environment_and_region(environment, region, host):
    assert base_url_of({"docbits_url": None, "docbits_environment": environment, "docbits_region": region}) == host


@pytest.mark.parametrize(("group", "value"), [("records", ["x"]), ("constants", 5), ("fields", {"a": "b"}), ("operations", True)])
def test_override_that_is_not_a_text_is_an_error_before_any_request(group, value):
    with pytest.raises(InvalidInput) as caught:
        connect(params(contract_overrides={group: {"id": value}}), Settings(), False)
    assert (caught.value.id, caught.value.findings[0].where) == ("DC05", f"contract_overrides: {group}: id")


def test_field_that_a_contract_takes_in_the_query_is_sent_there(script):
    in_query = [{"in": "query", "name": name, "required": True, "schema": {"type": "string"}} for name in ("id", "is_active")]
    body = {"content": {"application/x-www-form-urlencoded": {"schema": {"type": "object", "properties": {"is_active": {"type": "string"}}}}}}
    mixed = {"parameters": in_query[:1], "requestBody": body}
    for operation, query, sent in (({"parameters": in_query}, {"id": "17", "is_active": "true"}, None), (mixed, {"id": "17"}, "is_active=true")):
        schema = read_openapi({"info": {"version": "99"}, "paths": {"/configurations/update_configuration_visibility": {"post": operation}}})
        script.post(f"{HOST}/configurations/update_configuration_visibility", json={"success": True}, match=[matchers.query_param_matcher(query)])
        DocBits(HOST, KEY, None, Contract(schema, "live"), HttpClient, Settings(), False).set_active("17", True, "A")
        assert script.calls[-1].request.body == sent


@pytest.mark.parametrize("file", ["xslt", "idm_mapping"])
def test_page_is_an_error_for_every_file_but_a_stylesheet(script, file):
    stylesheet = '<html xsl:version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"/>'
    script.get(f"{HOST}/configurations/download/17", body=stylesheet, content_type="application/octet-stream")
    docbits = connect(params(contract="current"), Settings(), False)
    if file == "xslt":
        assert docbits.download(Export("17", {}), file) == Withheld("not an XSLT file")
    else:
        with pytest.raises(BadAnswer):
            docbits.download(Export("17", {}), file)


def test_page_as_html_is_an_error_for_a_stylesheet_too(script):
    script.get(f"{HOST}/configurations/download/17", body="<html></html>", content_type="text/html")
    with pytest.raises(BadAnswer):
        connect(params(contract="current"), Settings(), False).download(Export("17", {}), "xslt")


@pytest.mark.parametrize("url", ["https://a.example", "https://a.example/", "https://a.example:8443/x/"])
def test_host_of_a_url_is_without_its_last_slash(url):
    assert base_url_of({"docbits_url": url}) == url.rstrip("/")


@pytest.mark.parametrize(
    "url",
    [
        "http://a.example",
        "a.example",
        "https://",
        "https://u:p@a.example",
        "https://a.example/ x",
        "https://a.example\n",
        " https://a.example",
        "https://:p@a.example",
        "https://a/?q=1",
        "https://a/#f",
        "https://[a",
        "https://a:b",
    ],
)
def test_host_of_another_url_is_an_error_that_does_not_show_it(url):
    with pytest.raises(InvalidInput) as caught:
        base_url_of({"docbits_url": url})
    assert caught.value.id == "DB20" and "u:p" not in caught.value.message


def params(**more):
    network = {"ca_path": None, "proxy": None, "timeout": 5.0, "deadline": 20.0, "retries": 0, "shares": 1}
    host = {"docbits_url": HOST, "docbits_environment": None, "docbits_region": "eu", "path_prefix": None, "contract": "2.2.10", "contract_overrides": None}
    return {**network, **host, "api_key": KEY, "organisation_id": None, **more}


@pytest.mark.parametrize("key", [KEY + "\n", " " + KEY, KEY[:5] + "\r\nX-Other: 1", KEY + "é", KEY + "\u2028"])
def test_api_key_that_no_header_can_carry_is_an_error_that_does_not_show_it(key):
    with pytest.raises(InvalidInput) as caught:
        connect(params(api_key=key), Settings(), False)
    assert caught.value.id == "DB21" and "api_key" in caught.value.message
    assert KEY[:5] not in caught.value.message


# The contract of the host


def openapi(**more):
    body = {"content": {"application/x-www-form-urlencoded": {"schema": {"type": "object", "properties": {"hook": {"type": "string"}}}}}}
    paths = {"/configurations/get_configurations": {"post": {}}, "/configurations/configure_webhook_export": {"post": {"requestBody": body}}}
    return {"openapi": "3.0.2", "info": {"version": "99"}, "paths": paths, **more}


def test_live_contract_is_read_once_and_without_the_api_key(script):
    ok_headers = matchers.header_matcher({"Accept": "application/json"})
    script.get(f"{HOST}/openapi.json", json=openapi(servers=[{"url": "https://elsewhere.example/live-api"}]), match=[ok_headers])
    script.post(f"{HOST}/live-api/configurations/get_configurations", json=[], match=[keyed()])
    script.post(f"{HOST}/live-api/configurations/get_configurations", json=[], match=[keyed(**{"X-ORG-ID": "o1"})])
    assert connect(params(contract="live"), Settings(), False).exports() == []
    assert connect(params(contract="live", organisation_id="o1"), Settings(), False).exports() == []
    assert "X-API-KEY" not in script.calls[0].request.headers and "X-ORG-ID" not in script.calls[1].request.headers


def test_overrides_are_bound_to_the_live_contract(script):
    script.get(f"{HOST}/openapi.json", json=openapi())
    overrides = {"fields": {"url": "hook"}, "records": None, "constants": None, "operations": {}}
    docbits = connect(params(contract="live", contract_overrides=overrides), Settings(), False)
    assert docbits.contract.operation("webhook").names == {"url": "hook"}
    assert (docbits.contract.version, docbits.contract.source) == ("99", "live")


@pytest.mark.parametrize(
    ("answer", "id_"),
    [
        ({"json": {"detail": []}}, "DC04"),
        ({"json": []}, "DC04"),
        ({"body": b""}, "DC04"),
        ({"body": b"<html>", "content_type": "text/html"}, "DB09"),
        ({"json": {}, "status": 404}, "DC07"),
    ],
)
def test_live_contract_that_cannot_be_read_is_an_error_for_a_minute(script, monkeypatch, answer, id_):
    script.get(f"{HOST}/openapi.json", **answer)
    script.get(f"{HOST}/openapi.json", json=openapi())
    for _environment in range(3):
        with pytest.raises(IonError) as caught:
            connect(params(contract="live"), Settings(retries=0), False)
        assert caught.value.id == id_
    assert len(script.calls) == 1
    later = time.monotonic() + 61
    monkeypatch.setattr(_once.time, "monotonic", lambda: later)
    assert connect(params(contract="live"), Settings(retries=0), False).contract.version == "99"


@pytest.mark.parametrize("status", [401, 403])
def test_live_contract_behind_the_api_key_is_read_with_it(script, status):
    script.get(f"{HOST}/openapi.json", status=status)
    script.get(f"{HOST}/openapi.json", json=openapi(), match=[keyed()])
    assert connect(params(contract="live"), Settings(retries=0), False).contract.version == "99"
    assert connect(params(contract="live"), Settings(retries=0), False).contract.version == "99"


@pytest.mark.parametrize(("key", "action"), [(KEY, "check api_key"), (None, "set api_key")])
def test_live_contract_that_is_refused_names_the_next_step(script, key, action):
    script.get(f"{HOST}/openapi.json", status=401)
    script.get(f"{HOST}/openapi.json", status=401)
    with pytest.raises(Refused) as caught:
        _docbits.contract_of(params(contract="live", api_key=key), Settings(retries=0))
    assert caught.value.id == "DC06" and f"; {action}, or set contract: current" in caught.value.message


def test_live_contract_that_is_not_published_names_the_next_step(script):
    script.get(f"{HOST}/openapi.json", status=404)
    with pytest.raises(BadAnswer) as caught:
        connect(params(contract="live"), Settings(retries=0), False)
    assert "check docbits_url, or set contract: current" in caught.value.message


@pytest.mark.parametrize(
    ("host", "source", "prefix", "base"),
    [
        (HOST, "2.2.10", None, HOST),
        (HOST, "2.2.10", "sandbox-api", f"{HOST}/sandbox-api"),
        (f"{HOST}/gate", "2.2.10", None, f"{HOST}/gate"),
        (f"{HOST}/gate", "2.2.10", "/x/", f"{HOST}/gate/x"),
        (f"{HOST}/gate", "live", "/x", f"{HOST}/x"),
        (f"{HOST}/gate", "live", "", f"{HOST}/gate"),
        (HOST, "live", "@other.example", f"{HOST}/@other.example"),
    ],
)
def test_prefix_is_between_host_and_operation(script, host, source, prefix, base):
    script.post(f"{base}/configurations/get_configurations", json=[], match=[keyed()])
    assert client(host=host, source=source, prefix=prefix).exports() == []


# Reading exports


def test_exports_are_read_from_the_list_without_deleted_ones(script):
    listed(script, RECORD, INFOR_RECORD, {**RECORD, "id": 9, "is_deleted": True})
    hook, infor = client().exports()
    assert (hook.id, hook.label, infor.id, infor.label) == ("7", 'export 7 "A"', "8", 'export 8 "B"')
    assert hook.values == {
        "title": Known("A"),
        "kind": Known("webhook"),
        "document_type": Known("INVOICE"),
        "sub_organisation": Known(""),
        "active": Known(True),
        "url": Known("https://example.com"),
    }


def test_exports_in_a_list_with_an_override_are_read_from_there(script):
    script.post(LIST, json={"result": {"rows": [RECORD]}, "other": [{"a": 1}]})
    assert [found.id for found in client(lists={"list": "result.rows"}).exports()] == ["7"]


def test_exports_that_are_no_records_are_an_error(script):
    script.post(LIST, json=["7"])
    with pytest.raises(BadAnswer) as caught:
        client().exports()
    assert caught.value.id == "DB11"


@pytest.mark.parametrize("answer", [{"body": b""}, {"json": {"success": True}}, {"json": {"success": True, "data": None}}, {"json": []}])
def test_exports_of_an_empty_organisation_are_none(script, answer):
    script.post(LIST, **answer)
    assert client().exports() == []


@pytest.mark.parametrize("answer", [{"json": {"data": {"id": 7}}}, {"json": "x"}])
def test_exports_of_an_answer_without_a_list_are_an_error(script, answer):
    script.post(LIST, **answer)
    with pytest.raises(BadAnswer, match="does not hold one list"):
        client().exports()


SUB_ORGANISATIONS = f"{HOST}/sub_organisations/get_sub_organisations"


def test_exports_of_a_list_without_sub_organisations_are_an_error_if_there_are_any(script):
    listed(script, RECORD)
    script.get(SUB_ORGANISATIONS, json=[{"id": "s1", "name": "North"}])
    with pytest.raises(BadAnswer, match="sub_organisation") as caught:
        client(CURRENT, "current").exports()
    assert caught.value.id == "DB11"


def test_exports_of_a_list_without_sub_organisations_are_read_if_there_are_none(script):
    listed(script, RECORD)
    script.get(SUB_ORGANISATIONS, json=[])
    assert [found.id for found in client(CURRENT, "current").exports()] == ["7"]


def test_exports_with_titles_for_document_types_have_keys_once_the_types_are_read(script):
    script.get(f"{HOST}/document_type/get_document_types", json=[{"document_key": "INVOICE", "title": "Invoice"}])
    listed(script, {**RECORD, "doc_type": " invoice "}, {**RECORD, "id": 8, "doc_type": "Other"})
    docbits = client()
    docbits.document_types()
    assert [found.get("document_type") for found in docbits.exports()] == ["INVOICE", "Other"]


# Pages


PAGED = ("POST", "/configurations/get_configurations")


def paged(**fields):
    return client(replace(PUBLISHED_2_2_10, operations={**PUBLISHED_2_2_10.operations, PAGED: OperationSchema(URLENCODED, fields)}))


def page(script, *ids, total=3, match=()):
    script.post(LIST, json={"data": [{**RECORD, "id": id_} for id_ in ids], "total": total}, match=list(match))


@pytest.mark.parametrize(("name", "value"), [("page", "2"), ("offset", "2")])
def test_exports_of_a_paged_list_are_read_until_two_readings_agree(script, name, value):
    for _reading in range(2):
        page(script, 1, 2, match=[nothing_sent()])
        page(script, 3, match=[urlencoded(**{name: value})])
    assert [found.id for found in paged(**{name: INTEGER}).exports()] == ["1", "2", "3"]


def test_exports_of_a_paged_list_that_changes_are_the_last_reading(script):
    for ids in ((1, 2), (3,), (1, 2), (4,), (1, 2), (4,)):
        page(script, *ids)
    assert [found.id for found in paged(page=INTEGER).exports()] == ["1", "2", "4"]


def test_exports_of_a_page_without_a_parameter_are_an_error(script):
    page(script, 1, 2)
    with pytest.raises(BadAnswer) as caught:
        client().exports()
    assert caught.value.id == "DB14" and "contract_overrides: {fields: {page: WIRE_NAME}}" in caught.value.message


def test_exports_of_pages_that_repeat_are_an_error(script):
    page(script, 1, 2)
    page(script, 1, 2)
    with pytest.raises(BadAnswer) as caught:
        paged(page=INTEGER).exports()
    assert caught.value.id == "DB14"


# Files


def download(script, type_, **answer):
    script.get(DOWNLOAD, match=[keyed(), matchers.query_param_matcher({"type": type_}), nothing_sent()], **answer)


INFOR = Export("8", {"kind": Known("infor_idm")}, label='export "B"')


@pytest.mark.parametrize("text", ["a=1\r\nb=ä\r\n", "\ufeffa=1"])
def test_download_of_a_file_is_its_text_unchanged(script, text):
    download(script, "IDM_MAPPING", body=text.encode(), content_type="application/octet-stream")
    assert client().download(INFOR, "idm_mapping") == Known(text)


def test_download_of_bytes_that_are_not_utf_8_keeps_them(script):
    download(script, "IDM_MAPPING", body=b"a=\xe4", content_type="application/octet-stream")
    assert client().download(INFOR, "idm_mapping").value.encode("utf-8", "surrogateescape") == b"a=\xe4"


@pytest.mark.parametrize("code", ["MISSING_MAPPING_FILE", "ION_API_RECORD_NOT_FOUND", "M3_TOML_MAPPING_NOT_FOUND"])
@pytest.mark.parametrize("status", [200, 400, 404])
def test_download_that_is_refused_with_a_code_for_no_file_is_absent(script, status, code):
    download(script, "ION_API", status=status, json={"success": False, "message": code})
    assert client().download(INFOR, "ionapi") == ABSENT


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({"status": 403, "json": {"detail": "NO_PERMISSION"}}, "refused with status 403"),
        ({"status": 403}, "refused with status 403"),
        ({"status": 404, "json": {"detail": "Not Found"}}, "not found"),
        ({"json": {"success": False, "message": "x"}}, "refused with status 200"),
        ({"body": "********"}, "not an ION API file"),
        ({"json": {"ci": "A~b", "cs": "********"}}, "masked"),
        ({"body": b""}, "empty"),
    ],
)
def test_download_that_is_refused_or_masked_is_withheld(script, answer, reason):
    download(script, "ION_API", **answer)
    found = client().download(INFOR, "ionapi")
    assert isinstance(found, Withheld) and found.reason == reason


def test_download_of_a_file_without_a_type_in_the_contract_is_withheld_without_a_request(script):
    assert client().download(INFOR, "m3_mapping") == Withheld("not offered for download")


@pytest.mark.parametrize(
    ("answer", "id_"),
    [({"status": 401}, "DB01"), ({"status": 500}, "DB08"), ({"body": "<html>", "content_type": "text/html"}, "DB09"), ({"status": 400}, "DB05")],
)
def test_download_with_any_other_answer_is_an_error(script, answer, id_):
    download(script, "ION_API", **answer)
    with pytest.raises(IonError) as caught:
        client().download(INFOR, "ionapi")
    assert caught.value.id == id_ and 'download ionapi of export "B"' in caught.value.message


def test_download_quotes_the_id_in_the_path(script):
    script.get(f"{HOST}/configurations/download/a%2F..%2Fb%3Fc", body="a=1", match=[keyed()])
    assert client().download(replace(INFOR, id="a/../b?c"), "idm_mapping") == Known("a=1")


# Writing


def test_webhook_is_created_by_a_form(script):
    ok(script, "POST", CONFIGURE.format("webhook"), [urlencoded(title="A & B", doc_type="INVOICE", export_url="https://e.example/?a=1")], {"id": 12})
    values = {"title": "A & B", "document_type": "INVOICE", "url": "https://e.example/?a=1"}
    assert client().configure("webhook", None, values, "A") == "12"


@pytest.mark.parametrize(
    ("data", "id_"),
    [({"id": 12}, "12"), ({"config_id": "0-9"}, "0-9"), ("0-9", "0-9"), (12, "12"), ({"id": None}, None), (None, None), (True, None), ([1], None)],
)
def test_create_returns_the_answered_id(script, data, id_):
    ok(script, "POST", CONFIGURE.format("webhook"), data=data)
    assert client().configure("webhook", None, {"url": "u"}, "A") == id_


def test_infor_export_is_updated_in_place_by_parts_in_order(script):
    parts = [("config_id", "8"), ("title", "B"), ("on_permise", "true"), ("zugferd", "false"), ("idm_mapping", "idm_mapping.properties", b"a=\xe4\r\n")]
    ok(script, "POST", CONFIGURE.format("idm"), [multipart(*parts)], None)
    values = {"title": "B", "deployment": "on_premises", "zugferd": False, "idm_mapping": "a=\udce4\r\n"}
    assert client().configure("infor_idm", "8", values, "B") is None


def test_update_with_an_empty_text_clears(script):
    ok(script, "POST", CONFIGURE.format("webhook"), [urlencoded(config_id="7", doc_type="", export_url="u")])
    client().configure("webhook", "7", {"document_type": "", "url": "u"}, "A")


def test_constants_of_the_user_are_sent_if_the_operation_has_them(script):
    ok(script, "POST", CONFIGURE.format("webhook"), [urlencoded(doc_type="X", export_url="u")])
    ok(script, "POST", REMOVAL, [urlencoded(id="7")])
    docbits = client(constants={"doc_type": "X"})
    docbits.configure("webhook", None, {"url": "u"}, "A")
    docbits.remove("7", "A")


def test_field_that_the_contract_requires_and_the_kind_has_no_choice_in_is_sent(script):
    parts = [("on_permise", "false"), ("zugferd", "false"), ("title", "M"), ("m3_mapping", "m3_mapping.properties", b"a=1")]
    ok(script, "POST", CONFIGURE.format("infor"), [multipart(*parts)])
    client(CURRENT, "current").configure("infor_idm_m3", None, {"title": "M", "m3_mapping": "a=1"}, "M")


@pytest.mark.parametrize(("active", "text"), [(True, "true"), (False, "false")])
def test_activity_has_an_operation_of_its_own(script, active, text):
    ok(script, "POST", VISIBILITY, [urlencoded(id="7", is_active=text)])
    client().set_active("7", active, "A")


def test_refusal_names_the_step_and_the_export(script):
    script.post(REMOVAL, json={"success": False, "message": "EXPORT_CONFIG_NOT_FOUND"}, match=[keyed(), urlencoded(id="7")])
    with pytest.raises(Refused) as caught:
        client().remove("7", 'exports[0] "A"')
    assert caught.value.message.startswith(
        'docbits.example.com: remove exports[0] "A": no such export exists any more (status 200, code EXPORT_CONFIG_NOT_FOUND)'
    )


@pytest.mark.parametrize(("status", "finding"), [(429, "DB06"), (503, "DB08")])
def test_write_when_it_is_refused_is_sent_once(script, status, finding):
    docbits = DocBits(HOST, KEY, None, Contract(PUBLISHED_2_2_10, "2.2.10"), HttpClient, Settings(retries=2), False)
    script.post(REMOVAL, status=status, headers={"Retry-After": "1"})
    with pytest.raises(IonError) as caught:
        docbits.remove("7", "A")
    assert caught.value.id == finding


def test_own_checks_are_asked_for_one_export(script):
    infor = Export("8", label="B").with_values({"kind": "infor_idm", "document_type": "INVOICE"})
    ok(script, "POST", f"{HOST}/configurations/validate_export_configuration", [urlencoded(doc_type="INVOICE")])
    ok(script, "POST", f"{HOST}/configurations/test_infor_connection", [urlencoded(config_id="8")])
    docbits = client(CURRENT, "current")
    docbits.validate(infor)
    docbits.test_connection(infor)


@pytest.mark.parametrize(
    ("schema", "expected"), [(PUBLISHED_2_2_10, (True, False)), (CURRENT, (True, True)), (replace(CURRENT, operations={}), (False, False))]
)
def test_own_checks_are_known_from_the_contract(schema, expected):
    docbits = client(schema)
    assert (docbits.can_validate(), docbits.can_test_connection()) == expected


# What the contract cannot carry


def create(kind, **values):
    return Step(CREATE, None, Export(None).with_values({"kind": kind, **values}), values)


def update(kind, **values):
    export = Export("8").with_values({"kind": kind, **values})
    return Step(UPDATE, export, export, values)


def problems(docbits, step):
    return [problem.id for problem in docbits.problems(step)]


def test_problems_of_a_step_are_what_the_contract_cannot_carry():
    docbits, values = client(), {"deployment": "cloud", "zugferd": False}
    assert problems(docbits, create("infor_idm", **values)) == []
    assert problems(docbits, create("infor_idm", deployment="cloud")) == ["DC03"]
    assert problems(docbits, update("infor_idm", **values, sub_organisation="s1")) == ["DC02"]
    export = Export("8").with_values({"kind": "infor_idm"})
    assert problems(docbits, Step(REMOVE, export, None)) == problems(docbits, Step("activate", export, export)) == []


def test_problems_of_a_create_include_what_a_rollback_needs():
    operations = {key: schema for key, schema in PUBLISHED_2_2_10.operations.items() if "remove" not in key[1]}
    assert problems(client(replace(PUBLISHED_2_2_10, operations=operations)), create("webhook", url="u")) == ["DC01"]


@pytest.mark.parametrize("action", ["create", "remove", "deactivate"])
def test_problems_without_any_operation_name_it(action):
    export = Export("8").with_values({"kind": "infor_idm"})
    assert problems(client(replace(PUBLISHED_2_2_10, operations={})), Step(action, export, export))[0] == "DC01"


def test_unwanted_zugferd_is_not_sent_if_the_contract_has_no_field_for_it():
    path = ("POST", "/configurations/configure_idm_export")
    without = {name: type_ for name, type_ in PUBLISHED_2_2_10.operations[path].fields.items() if name != "zugferd"}
    changed = replace(PUBLISHED_2_2_10.operations[path], fields=without, required=frozenset({"on_permise"}))
    docbits = client(replace(PUBLISHED_2_2_10, operations={**PUBLISHED_2_2_10.operations, path: changed}))
    assert problems(docbits, create("infor_idm", deployment="cloud", zugferd=False)) == []
    assert problems(docbits, create("infor_idm", deployment="cloud", zugferd=True)) == ["DC02"]


@pytest.mark.parametrize(("kind", "names"), [("infor_idm", {"deployment", "zugferd"}), ("webhook", {"url"}), ("infor_idm_m3", set()), ("smb", set())])
def test_required_fields_are_those_that_the_contract_requires_and_does_not_imply(kind, names):
    assert set(client(CURRENT, "current").required_fields(kind)) == names


# Names to refer to


def test_document_types_and_sub_organisations(script):
    types, subs = f"{HOST}/document_type/get_document_types", f"{HOST}/sub_organisations/get_sub_organisations"
    ok(script, "GET", types, data=[{"document_key": "INVOICE", "title": "Invoice", "is_active": True}, "ORDER"])
    script.get(subs, json=[{"id": "s1", "name": "North", "org_id": "o"}], match=[keyed()])
    assert execute(document_type_info.run, Context(params()))["document_types"] == [
        {"key": "INVOICE", "title": "Invoice", "active": True},
        {"key": "ORDER", "title": None, "active": None},
    ]
    assert execute(sub_organisation_info.run, Context(params()))["sub_organisations"] == [{"id": "s1", "name": "North"}]


def test_document_types_of_an_answer_without_a_list_are_an_error(script):
    script.get(f"{HOST}/document_type/get_document_types", json="x")
    with pytest.raises(BadAnswer):
        client().document_types()


# Check mode


def test_check_mode_refuses_every_write_before_it_is_sent(script):
    docbits = client(check_mode=True)
    for write in (
        lambda: docbits.configure("webhook", "7", {"url": "u"}, "A"),
        lambda: docbits.configure("webhook", None, {"url": "u"}, "A"),
        lambda: docbits.remove("7", "A"),
        lambda: docbits.set_active("7", True, "A"),
    ):
        with pytest.raises(CheckModeViolation):
            write()


def test_check_mode_allows_every_read_under_a_prefix_too(script):
    base = f"{HOST}/sandbox-api"
    script.post(f"{base}/configurations/get_configurations", json=[], match=[keyed()])
    script.post(f"{base}/configurations/validate_export_configuration", json={"success": True}, match=[keyed()])
    script.get(f"{base}/configurations/download/8", body="a=1", match=[keyed()])
    docbits = client(check_mode=True, prefix="/sandbox-api")
    docbits.exports()
    docbits.validate(Export("8", label="B").with_values({"kind": "infor_idm", "document_type": "INVOICE"}))
    docbits.download(INFOR, "idm_mapping")
