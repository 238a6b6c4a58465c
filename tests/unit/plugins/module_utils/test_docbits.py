# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The calls that the DocBits client makes, exactly and in order; a call that is not in the script fails."""

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
from ansible_collections.docbits.ion.plugins.module_utils._docbits.client import WITHHELD, DocBits, base_url_of, connect
from ansible_collections.docbits.ion.plugins.module_utils._docbits.contract import Contract, Overrides
from ansible_collections.docbits.ion.plugins.module_utils._docbits.schema import read_openapi
from ansible_collections.docbits.ion.plugins.module_utils._exports.plan import Step
from ansible_collections.docbits.ion.plugins.module_utils._http.client import Settings
from ansible_collections.docbits.ion.plugins.module_utils._model.export import Export
from ansible_collections.docbits.ion.plugins.module_utils._module import document_type_info, sub_organisation_info

HOST = "https://docbits.example.com"
KEY = secrets.token_urlsafe(24)
RECORD = {"id": 7, "export_method": "webhook", "export_url": "https://example.com", "title": "A", "doc_type": "INVOICE", "is_active": True}
INFOR_RECORD = {"id": 8, "export_method": "infor-idm-cloud", "title": "B", "doc_type": "INVOICE", "is_active": True, "zugferd": False}
LIST, DOWNLOAD = f"{HOST}/configurations/get_configurations", f"{HOST}/configurations/download/8"
CONFIGURE = HOST + "/configurations/configure_{}_export"
VISIBILITY, REMOVE = f"{HOST}/configurations/update_configuration_visibility", f"{HOST}/configurations/remove_configuration"


@pytest.fixture(autouse=True)
def _no_contract_of_another_test():
    _docbits._live_schema.forget()


@pytest.fixture
def script():
    with responses.RequestsMock(registry=OrderedRegistry, assert_all_requests_are_fired=True) as mock:
        yield mock


def client(schema=PUBLISHED_2_2_10, source="2.2.10", check_mode=False, organisation=None, prefix=None, host=HOST, **overrides):
    return DocBits(host, KEY, organisation, Contract(schema, source, Overrides(**overrides), prefix), Settings(retries=0), check_mode)


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
def test_the_host_of_an_environment_and_region(environment, region, host):
    assert base_url_of({"docbits_url": None, "docbits_environment": environment, "docbits_region": region}) == host


@pytest.mark.parametrize(("group", "value"), [("records", ["x"]), ("constants", 5), ("fields", {"a": "b"}), ("operations", True)])
def test_an_override_that_is_no_text_is_an_error_before_any_call(group, value):
    with pytest.raises(InvalidInput) as caught:
        connect(params(contract_overrides={group: {"id": value}}), Settings(), False)
    assert (caught.value.id, caught.value.findings[0].where) == ("DC05", f"contract_overrides: {group}: id")


def test_what_a_contract_takes_in_the_address_is_sent_there(script):
    in_query = [{"in": "query", "name": name, "required": True, "schema": {"type": "string"}} for name in ("id", "is_active")]
    body = {"content": {"application/x-www-form-urlencoded": {"schema": {"type": "object", "properties": {"is_active": {"type": "string"}}}}}}
    mixed = {"parameters": in_query[:1], "requestBody": body}
    for operation, query, sent in (({"parameters": in_query}, {"id": "17", "is_active": "true"}, None), (mixed, {"id": "17"}, "is_active=true")):
        schema = read_openapi({"info": {"version": "99"}, "paths": {"/configurations/update_configuration_visibility": {"post": operation}}})
        script.post(f"{HOST}/configurations/update_configuration_visibility", json={"success": True}, match=[matchers.query_param_matcher(query)])
        DocBits(HOST, KEY, None, Contract(schema, "live"), Settings(), False).set_active(Export("17", {}), True)
        assert script.calls[-1].request.body == sent


@pytest.mark.parametrize(("slot", "is_text"), [("xslt", True), ("idm_mapping", False)])
def test_a_stylesheet_may_begin_as_a_page_does(script, slot, is_text):
    stylesheet = '<html xsl:version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"/>'
    script.get(f"{HOST}/configurations/download/17", body=stylesheet, content_type="application/octet-stream")
    docbits = connect(params(contract="current"), Settings(), False)
    if is_text:
        assert docbits.download(Export("17", {}), slot) == stylesheet
    else:
        with pytest.raises(BadAnswer):
            docbits.download(Export("17", {}), slot)


@pytest.mark.parametrize("url", ["https://a.example", "https://a.example/", "https://a.example:8443/x/"])
def test_a_given_address_is_taken_without_its_last_slash(url):
    assert base_url_of({"docbits_url": url}) == url.rstrip("/")


@pytest.mark.parametrize(
    "url",
    [
        "http://a.example",
        "a.example",
        "https://",
        "https://u:p@a.example",
        "https://:p@a.example",
        "https://a/?q=1",
        "https://a/#f",
        "https://[a",
        "https://a:b",
    ],
)
def test_any_other_address_is_refused_without_being_shown(url):
    with pytest.raises(InvalidInput) as caught:
        base_url_of({"docbits_url": url})
    assert caught.value.id == "DB20" and "u:p" not in caught.value.message


def params(**more):
    network = {"ca_path": None, "proxy": None, "timeout": 5.0, "deadline": 20.0, "retries": 0}
    host = {"docbits_url": HOST, "docbits_environment": None, "docbits_region": "eu", "path_prefix": None, "contract": "2.2.10", "contract_overrides": None}
    return {**network, **host, "api_key": KEY, "organisation_id": None, **more}


@pytest.mark.parametrize("key", [KEY + "\n", " " + KEY, KEY[:5] + "\r\nX-Other: 1", KEY + "é", KEY + "\u2028"])
def test_a_key_that_no_header_can_carry_is_told_before_any_call_and_not_shown(key):
    with pytest.raises(InvalidInput) as caught:
        connect(params(api_key=key), Settings(), False)
    assert caught.value.id == "DB21" and "api_key" in caught.value.message
    assert KEY[:5] not in caught.value.message


# The contract of the host


def openapi(**more):
    body = {"content": {"application/x-www-form-urlencoded": {"schema": {"type": "object", "properties": {"hook": {"type": "string"}}}}}}
    paths = {"/configurations/get_configurations": {"post": {}}, "/configurations/configure_webhook_export": {"post": {"requestBody": body}}}
    return {"openapi": "3.0.2", "info": {"version": "99"}, "paths": paths, **more}


def test_the_live_contract_is_read_without_the_key_and_only_once(script):
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
    "answer", [{"json": {"detail": []}}, {"json": []}, {"body": b""}, {"body": b"<html>", "content_type": "text/html"}, {"json": {}, "status": 404}]
)
def test_a_live_contract_that_cannot_be_read_is_an_error_for_a_while_and_is_then_asked_for_again(script, monkeypatch, answer):
    script.get(f"{HOST}/openapi.json", **answer)
    script.get(f"{HOST}/openapi.json", json=openapi())
    for _environment in range(3):
        with pytest.raises(IonError) as caught:
            connect(params(contract="live"), Settings(retries=0), False)
        assert caught.value.id in ("DC04", "DB03", "DB09")
    assert len(script.calls) == 1
    later = time.monotonic() + 61
    monkeypatch.setattr(_once.time, "monotonic", lambda: later)
    assert connect(params(contract="live"), Settings(retries=0), False).contract.version == "99"


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
def test_the_prefix_goes_between_host_and_operation(script, host, source, prefix, base):
    script.post(f"{base}/configurations/get_configurations", json=[], match=[keyed()])
    assert client(host=host, source=source, prefix=prefix).exports() == []


# Reading exports


def test_a_record_of_2_2_10_becomes_an_export(script):
    listed(script, RECORD, INFOR_RECORD)
    hook, infor = client().exports()
    assert (hook.id, hook.label) == ("7", 'export 7 "A"')
    assert hook.fields == {
        "title": "A", "kind": "webhook", "document_type": "INVOICE", "sub_organisation": "", "active": True, "url": "https://example.com"
    }  # fmt: skip
    assert infor.fields == {
        "title": "B", "kind": "infor_idm", "document_type": "INVOICE", "sub_organisation": "", "active": True, "deployment": "cloud", "zugferd": False
    }  # fmt: skip


def test_a_record_of_a_newer_contract_becomes_an_export(script):
    record = {"configuration_id": "0197-a", "method": "SFTP", "name": "S", "document_type": "ORDER", "sub_organization_id": 5, "enabled": "False"}
    record |= {"order": "3", "host": "h", "server_port": 22, "user": "u", "directory": "in", "include_history": 1, "password": "********", "filename_mode": "x"}
    script.post(LIST, json={"success": True, "data": {"items": [record]}})
    (found,) = client(CURRENT, "current").exports()
    assert found.id == "0197-a"
    assert found.fields == {
        "title": "S", "kind": "sftp", "document_type": "ORDER", "sub_organisation": "5", "active": False, "execution_order": 3,
        "server_url": "h", "port": 22, "username": "u", "folder": "in", "filename_mode": "x", "document_history": True,
    }  # fmt: skip


@pytest.mark.parametrize("digits", [19, 5000])
def test_a_number_of_very_many_digits_says_nothing(script, digits):
    record = {"configuration_id": "a", "method": "SFTP", "document_type": "ORDER", "sub_organization_id": 5, "order": "9" * digits, "server_port": "9" * digits}
    script.post(LIST, json={"success": True, "data": {"items": [record]}})
    (found,) = client(CURRENT, "current").exports()
    assert not {"execution_order", "port"} & found.fields.keys()


def test_columns_of_other_kinds_say_nothing(script):
    listed(script, {**RECORD, "zugferd": False, "folder": "", "port": 0}, {**INFOR_RECORD, "export_method": "infor-m3-cloud", "export_url": ""})
    hook, m3 = client().exports()
    assert not {"zugferd", "folder", "port"} & hook.fields.keys()
    assert m3.get("kind") == "infor_idm_m3" and not {"url", "deployment", "zugferd"} & m3.fields.keys()


def test_what_is_null_or_odd_is_not_told(script):
    listed(script, {**RECORD, "doc_type": None, "is_active": "perhaps", "execution_order": "first", "title": None})
    (found,) = client().exports()
    assert found.fields == {"kind": "webhook", "sub_organisation": "", "url": "https://example.com"}


def test_an_export_of_an_unknown_kind_stands_for_itself(script):
    listed(script, {**RECORD, "export_method": "infor-gls840-onpremise"})
    (found,) = client().exports()
    assert found.kind is None and found.get("kind") == "infor-gls840-onpremise"


@pytest.mark.parametrize(
    ("record", "word"),
    [
        ({"export_method": "webhook", "doc_type": "INVOICE"}, "id"),
        ({**RECORD, "id": None}, "id"),
        ({"id": 7, "doc_type": "INVOICE"}, "method"),
        ({"id": 7, "export_method": "webhook"}, "document_type"),
        ("7", "id"),
    ],
)
def test_a_list_in_which_nothing_could_be_found_again_is_an_error(script, record, word):
    script.post(LIST, json=[record])
    with pytest.raises(BadAnswer) as caught:
        client().exports()
    assert caught.value.id == "DB11" and f"contract_overrides: records: {word}" in caught.value.message


def test_one_record_without_a_document_type_among_others_is_fine(script):
    listed(script, RECORD, {"id": 9, "export_method": "webhook"})
    assert [found.get("document_type") for found in client().exports()] == ["INVOICE", None]


@pytest.mark.parametrize("answer", [{"body": b""}, {"json": {"success": True}}, {"json": {"success": True, "data": None}}, {"json": {"id": 7}}, {"json": "x"}])
def test_an_answer_without_a_list_never_passes_for_an_empty_organisation(script, answer):
    script.post(LIST, **answer)
    with pytest.raises(BadAnswer, match="not the list"):
        client().exports()


# Files


def download(script, slot, **answer):
    script.get(DOWNLOAD, match=[keyed(), matchers.query_param_matcher({"type": slot}), nothing_sent()], **answer)


INFOR = Export("8", {"kind": "infor_idm"}, label='export "B"')


@pytest.mark.parametrize("text", ["a=1\r\nb=ä\r\n", "", "\ufeffa=1", '{"success": "maybe"}', '{"success": true, "ti": "X"}'])
def test_a_file_is_given_as_it_came(script, text):
    download(script, "IDM_MAPPING", body=text.encode(), content_type="application/octet-stream")
    assert client().download(INFOR, "idm_mapping") == text


def test_bytes_that_are_no_utf_8_survive(script):
    download(script, "IDM_MAPPING", body=b"a=\xe4", content_type="application/octet-stream")
    assert client().download(INFOR, "idm_mapping").encode("utf-8", "surrogateescape") == b"a=\xe4"


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 404, "json": {"detail": "Not Found"}},
        {"status": 200, "json": {"success": False, "message": "MISSING_MAPPING_FILE"}},
        {"status": 400, "json": {"detail": "ION_API_RECORD_NOT_FOUND"}},
    ],
)
def test_a_file_that_is_not_there_is_none(script, answer):
    download(script, "ION_API", **answer)
    assert client().download(INFOR, "ionapi") is None


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 403, "json": {"detail": "NO_PERMISSION"}},
        {"status": 403},
        {"body": "********"},
        {"body": '"********"'},
        {"json": {"ci": "A~b", "cs": "********"}},
        {"body": "••••\n"},
    ],
)
def test_a_file_that_is_refused_or_masked_is_withheld(script, answer):
    download(script, "ION_API", **answer)
    assert client().download(INFOR, "ionapi") is WITHHELD


def test_a_file_that_the_contract_has_no_word_for_is_withheld_without_a_call(script):
    assert client().download(INFOR, "m3_mapping") is WITHHELD


@pytest.mark.parametrize(
    ("answer", "id_"),
    [
        ({"status": 401}, "DB01"),
        ({"status": 500}, "DB08"),
        ({"body": "<html>", "content_type": "text/html"}, "DB09"),
        ({"json": {"success": False, "message": "x"}}, "DB05"),
    ],
)
def test_any_other_answer_to_a_download_is_an_error(script, answer, id_):
    download(script, "ION_API", **answer)
    with pytest.raises(IonError) as caught:
        client().download(INFOR, "ionapi")
    assert caught.value.id == id_ and 'download ionapi of export "B"' in caught.value.message


def test_an_id_is_put_into_the_path_safely(script):
    script.get(f"{HOST}/configurations/download/a%2F..%2Fb%3Fc", body="a=1", match=[keyed()])
    assert client().download(replace(INFOR, id="a/../b?c"), "idm_mapping") == "a=1"


# Writing


def test_a_webhook_is_created_by_a_form(script):
    ok(script, "POST", CONFIGURE.format("webhook"), [urlencoded(title="A & B", doc_type="INVOICE", export_url="https://e.example/?a=1")], {"id": 12})
    made = Export(None, {"title": "A & B", "kind": "webhook", "document_type": "INVOICE", "url": "https://e.example/?a=1", "active": True})
    assert client().configure(made, ("title", "document_type", "url")) == "12"


def test_an_infor_export_is_updated_in_place_by_parts_in_order(script):
    parts = [("config_id", "8"), ("title", "B"), ("on_permise", "true"), ("zugferd", "false"), ("idm_mapping", "idm_mapping.properties", b"a=\xe4\r\n")]
    ok(script, "POST", CONFIGURE.format("idm"), [multipart(*parts)], None)
    fields = {"kind": "infor_idm", "title": "B", "deployment": "on_premises", "zugferd": False}
    standing = Export("8", fields, {"idm_mapping": "a=\udce4\r\n", "ionapi": "{}"})
    assert client().configure(standing, ("title", "deployment", "zugferd", "idm_mapping")) is None


def test_an_empty_value_clears(script):
    ok(script, "POST", CONFIGURE.format("webhook"), [urlencoded(config_id="7", doc_type="", export_url="u")])
    client().configure(Export("7", {"kind": "webhook", "document_type": "", "url": "u"}), ("document_type", "url"))


def test_constants_of_the_user_go_along_where_the_operation_has_them(script):
    ok(script, "POST", CONFIGURE.format("webhook"), [urlencoded(doc_type="X", export_url="u")])
    ok(script, "POST", REMOVE, [urlencoded(id="7")])
    docbits = client(constants={"doc_type": "X"})
    docbits.configure(Export(None, {"kind": "webhook", "url": "u"}), ("url",))
    docbits.remove(Export("7", {}))


def test_what_the_contract_demands_and_the_kind_has_no_choice_in_goes_along(script):
    parts = [("on_permise", "false"), ("zugferd", "false"), ("title", "M"), ("m3_mapping", "m3_mapping.properties", b"a=1")]
    ok(script, "POST", CONFIGURE.format("infor"), [multipart(*parts)])
    client(CURRENT, "current").configure(Export(None, {"kind": "infor_idm_m3", "title": "M"}, {"m3_mapping": "a=1"}), ("title", "m3_mapping"))


@pytest.mark.parametrize(("active", "text"), [(True, "true"), (False, "false")])
def test_activity_is_a_word_of_its_own(script, active, text):
    ok(script, "POST", VISIBILITY, [urlencoded(id="7", is_active=text)])
    client().set_active(Export("7", {}, label="A"), active)


def test_a_refusal_names_the_step_and_the_export(script):
    script.post(REMOVE, json={"success": False, "message": "EXPORT_CONFIG_NOT_FOUND"}, match=[keyed(), urlencoded(id="7")])
    with pytest.raises(Refused) as caught:
        client().remove(Export("7", {}, label='exports[0] "A"'))
    assert caught.value.message.startswith(
        'docbits.example.com: remove exports[0] "A": no such export exists any more (status 200, code EXPORT_CONFIG_NOT_FOUND)'
    )


@pytest.mark.parametrize(("status", "finding"), [(429, "DB06"), (503, "DB08")])
def test_write_when_it_is_refused_is_sent_once(script, status, finding):
    docbits = DocBits(HOST, KEY, None, Contract(PUBLISHED_2_2_10, "2.2.10"), Settings(retries=2), False)
    script.post(REMOVE, status=status, headers={"Retry-After": "1"})
    with pytest.raises(IonError) as caught:
        docbits.remove(Export("7", {}))
    assert caught.value.id == finding


def test_docbits_checks_an_active_export_by_what_the_contract_has(script):
    infor = Export("8", {"kind": "infor_idm", "document_type": "INVOICE"}, label="B")
    ok(script, "POST", f"{HOST}/configurations/validate_export_configuration", [urlencoded(doc_type="INVOICE")])
    client().have_checked(infor)
    ok(script, "POST", f"{HOST}/configurations/validate_export_configuration", [urlencoded(doc_type="INVOICE")])
    ok(script, "POST", f"{HOST}/configurations/test_infor_connection", [urlencoded(config_id="8")])
    client(CURRENT, "current").have_checked(infor)


# What the contract at hand cannot carry


def test_the_problems_of_each_step():
    docbits = client()
    idm = Export(None, {"kind": "infor_idm", "deployment": "cloud", "zugferd": False, "sub_organisation": "s1"})
    assert docbits.problems(Step("create", idm, None, ("deployment", "zugferd"))) == []
    assert [problem.id for problem in docbits.problems(Step("create", idm, None, ("deployment",)))] == ["DC03"]
    assert [problem.id for problem in docbits.problems(Step("update", replace(idm, id="8"), idm, ("deployment", "zugferd", "sub_organisation")))] == ["DC02"]
    assert docbits.problems(Step("remove", idm, idm)) == docbits.problems(Step("activate", idm, idm)) == []
    bare = client(replace(PUBLISHED_2_2_10, operations={}))
    assert [bare.problems(Step(action, idm, idm))[0].id for action in ("create", "remove", "deactivate")] == ["DC01"] * 3


def test_an_unwanted_zugferd_is_left_out_where_docbits_no_longer_has_it():
    path = ("POST", "/configurations/configure_idm_export")
    without = {name: type_ for name, type_ in PUBLISHED_2_2_10.operations[path].fields.items() if name != "zugferd"}
    changed = replace(PUBLISHED_2_2_10.operations[path], fields=without, required=frozenset({"on_permise"}))
    docbits = client(replace(PUBLISHED_2_2_10, operations={**PUBLISHED_2_2_10.operations, path: changed}))
    fields = {"kind": "infor_idm", "deployment": "cloud"}
    assert docbits.problems(Step("create", Export(None, {**fields, "zugferd": False}), None, ("deployment", "zugferd"))) == []
    assert [problem.id for problem in docbits.problems(Step("create", Export(None, {**fields, "zugferd": True}), None, ("deployment", "zugferd")))] == ["DC02"]


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


def test_names_that_do_not_come_are_an_error(script):
    script.get(f"{HOST}/document_type/get_document_types", body=b"")
    with pytest.raises(BadAnswer):
        client().document_types()


# Check mode


def test_check_mode_refuses_every_write_before_it_leaves(script):
    docbits, made = client(check_mode=True), Export("7", {"kind": "webhook", "url": "u"})
    for write in (
        lambda: docbits.configure(made, ("url",)),
        lambda: docbits.configure(replace(made, id=None), ("url",)),
        lambda: docbits.remove(made),
        lambda: docbits.set_active(made, True),
    ):
        with pytest.raises(CheckModeViolation):
            write()


def test_check_mode_lets_every_read_through_under_a_prefix_too(script):
    base = f"{HOST}/sandbox-api"
    script.post(f"{base}/configurations/get_configurations", json=[], match=[keyed()])
    script.post(f"{base}/configurations/validate_export_configuration", json={"success": True}, match=[keyed()])
    script.get(f"{base}/configurations/download/8", body="a=1", match=[keyed()])
    docbits = client(check_mode=True, prefix="/sandbox-api")
    docbits.exports()
    docbits.have_checked(Export("8", {"kind": "infor_idm", "document_type": "INVOICE"}, label="B"))
    docbits.download(INFOR, "idm_mapping")
