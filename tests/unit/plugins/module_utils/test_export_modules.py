# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The modules of exports, from options to requests: the exact requests of each run, in order."""

from __future__ import annotations

import json
import secrets

import pytest
import responses
from responses import matchers
from responses.registries import OrderedRegistry

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import InvalidInput
from ansible_collections.docbits.ion.plugins.module_utils._core.run import Context, execute
from ansible_collections.docbits.ion.plugins.module_utils._exports.declared import declared_exports
from ansible_collections.docbits.ion.plugins.module_utils._module import export, export_info, exports
from ansible_collections.docbits.ion.plugins.module_utils._module._options import export_options, reconcile_options

HOST = "https://docbits.example.com"
KEY = secrets.token_urlsafe(24)
RECORD = {"id": 7, "export_method": "webhook", "export_url": "https://example.com", "title": "A", "doc_type": "INVOICE", "is_active": True}
INFOR_RECORD = {"id": 8, "export_method": "infor-idm-cloud", "title": "B", "doc_type": "INVOICE", "is_active": True, "zugferd": False}
LIST, REMOVE = f"{HOST}/configurations/get_configurations", f"{HOST}/configurations/remove_configuration"


@pytest.fixture(autouse=True)
def _home(monkeypatch, tmp_path):
    """Locks and records of runs are files in the home directory."""
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture
def script():
    with responses.RequestsMock(registry=OrderedRegistry, assert_all_requests_are_fired=True) as mock:
        yield mock


def keyed():
    return matchers.header_matcher({"X-API-KEY": KEY, "Accept": "application/json"})


def urlencoded(**fields):
    return matchers.urlencoded_params_matcher(fields)


def ok(script, method, path, match=(), data=None):
    script.add(method, HOST + path, json={"success": True, "data": data}, match=[keyed(), *match])


def listed(script, *records):
    ok(script, "POST", "/configurations/get_configurations", data=list(records))


def download(script, type_, text):
    matched = [keyed(), matchers.query_param_matcher({"type": type_})]
    script.get(f"{HOST}/configurations/download/8", body=text, content_type="application/octet-stream", match=matched)


def params(**more):
    network = {"ca_path": None, "proxy": None, "timeout": 5.0, "deadline": 20.0, "retries": 0, "shares": 1}
    host = {"docbits_url": HOST, "docbits_environment": None, "docbits_region": "eu", "path_prefix": None, "contract": "2.2.10", "contract_overrides": None}
    return {**network, **host, "api_key": KEY, "organisation_id": None, "describe_answers": False, **more}


def item(**given):
    return {**dict.fromkeys(export_options()), "state": "present", "ignore": False, **given}


def set_params(*items, **more):
    ionapi = {
        "tenant": None,
        "tenant_environment": None,
        "flavour": None,
        "grant": "auto",
        "profile": "docbits_export",
        "strict": False,
        "allow_insecure": False,
        "trusted_hosts": [],
    }
    rules = {name: option.get("default") for name, option in reconcile_options().argument_spec.items()}
    return {**params(), **ionapi, **rules, "purge": False, "ionapi_src": None, "ionapi_content": None, "logical_id": None, "exports": list(items), **more}


WEBHOOK = {"title": "A", "kind": "webhook", "document_type": "INVOICE", "url": "https://example.com"}


def test_exports_with_a_new_export_reads_again_creates_verifies_once_and_validates(script):
    listed(script, INFOR_RECORD)
    listed(script, INFOR_RECORD)
    ok(script, "POST", "/configurations/configure_webhook_export", [urlencoded(title="A", doc_type="INVOICE", export_url="https://example.com")], {"id": 12})
    listed(script, INFOR_RECORD, {**RECORD, "id": 12})
    ok(script, "POST", "/configurations/validate_export_configuration", [urlencoded(doc_type="INVOICE")])
    result = execute(exports.run, Context(set_params(item(**WEBHOOK))))
    assert result["changed"] is True
    assert [(step["action"], step["id"], step["outcome"]) for step in result["steps"]] == [("create", "12", "applied")]


def test_exports_with_several_new_exports_verifies_them_together(script):
    new = (("A", "INVOICE", 12), ("B", "ORDER", 13))
    listed(script)
    ok(script, "GET", "/document_type/get_document_types", data=[{"document_key": type_} for _title, type_, _id in new])
    listed(script)
    for title, type_, id_ in new:
        ok(script, "POST", "/configurations/configure_webhook_export", [urlencoded(title=title, doc_type=type_, export_url="https://example.com")], {"id": id_})
    listed(script, *({**RECORD, "id": id_, "title": title, "doc_type": type_} for title, type_, id_ in reversed(new)))
    for _title, type_, _id in new:
        ok(script, "POST", "/configurations/validate_export_configuration", [urlencoded(doc_type=type_)])
    items = [item(**{**WEBHOOK, "title": title, "document_type": type_}) for title, type_, _id in new]
    result = execute(exports.run, Context(set_params(*items)))
    assert [(step["action"], step["id"], step["outcome"]) for step in result["steps"]] == [("create", "12", "applied"), ("create", "13", "applied")]


def test_exports_in_check_mode_only_reads_and_returns_the_same(script):
    listed(script, INFOR_RECORD)
    result = execute(exports.run, Context(set_params(item(**WEBHOOK)), check_mode=True, diff_mode=True))
    assert result["changed"] is True
    assert [(step["action"], step["outcome"]) for step in result["steps"]] == [("create", "planned")]
    assert [export["title"] for export in result["diff"]["after"]["exports"]] == ["B", "A"]


def test_exports_without_diff_mode_returns_no_diff(script):
    listed(script, INFOR_RECORD)
    assert "diff" not in execute(exports.run, Context(set_params(item(**WEBHOOK)), check_mode=True))


def test_exports_with_nothing_to_do_reads_once(script):
    listed(script, RECORD)
    assert execute(exports.run, Context(set_params(item(**WEBHOOK))))["changed"] is False


def test_exports_in_check_mode_after_an_edit_by_hand_only_reads(script):
    listed(script, {**RECORD, "export_url": "https://edited.example", "is_active": False})
    result = execute(exports.run, Context(set_params(item(**WEBHOOK, active=True)), check_mode=True))
    assert [step["action"] for step in result["steps"]] == ["update", "activate"]


def test_exports_leaves_no_record_of_a_finished_run(script, tmp_path):
    listed(script, INFOR_RECORD)
    listed(script, INFOR_RECORD)
    ok(script, "POST", "/configurations/configure_webhook_export", data={"id": 12})
    listed(script, INFOR_RECORD, {**RECORD, "id": 12})
    execute(exports.run, Context({**set_params(item(**WEBHOOK)), "run_dir": str(tmp_path / "runs"), "checks": []}))
    assert list((tmp_path / "runs").iterdir()) == []


def test_export_is_the_set_of_one(script):
    listed(script, RECORD)
    one = {key: value for key, value in set_params().items() if key not in ("exports", "purge", "ionapi_src")}
    result = execute(export.run, Context({**one, **{key: value for key, value in item(**WEBHOOK).items() if key != "ignore"}}))
    assert result["changed"] is False and result["export"]["id"] == "7" and "exports" not in result


@pytest.mark.parametrize("diff_mode", [True, False])
def test_export_runs_in_the_mode_of_its_task(script, diff_mode):
    listed(script, RECORD)
    edited = item(**{**WEBHOOK, "url": "https://example.com/other"})
    result = execute(export.run, Context({**set_params(), **edited}, check_mode=True, diff_mode=diff_mode))
    assert result["changed"] is True and ("diff" in result) is diff_mode


@pytest.mark.parametrize("run", [export.run, exports.run])
def test_secret_in_a_file_is_registered_for_redaction(run):
    secret = secrets.token_urlsafe(24)
    given = item(**{**WEBHOOK, "kind": "infor_idm", "url": None, "ionapi_content": "{}", "idm_mapping_content": json.dumps({"cs": secret})})
    context = Context({**set_params(given), **given})
    assert execute(run, context)["failed"] is True
    assert secret in context.secrets.encodings()


def test_exports_when_a_write_is_refused_fails_with_the_steps(script):
    listed(script, RECORD)
    listed(script, RECORD)
    script.post(REMOVE, json={"success": False, "message": "NO_PERMISSION", "trace_id": "4f1c-123"}, match=[keyed(), urlencoded(id="7")])
    listed(script, RECORD)
    result = execute(exports.run, Context(set_params(item(title="A", kind="webhook", document_type="INVOICE", state="absent"), settle_timeout=0.0)))
    assert result["failed"] is True and result["changed"] is False
    assert (result["status"], result["code"], result["trace_id"]) == (200, "NO_PERMISSION", "4f1c-123")
    assert [(step["action"], step["outcome"]) for step in result["steps"]] == [("remove", "not_applied")]


def test_exports_reads_the_document_types_once(script):
    listed(script)
    ok(script, "GET", "/document_type/get_document_types", data=[{"document_key": "INVOICE", "title": "Invoice"}, {"document_key": "ORDER"}])
    items = [item(**{**WEBHOOK, "document_type": "Invoice"}), item(**{**WEBHOOK, "document_type": "ORDER"})]
    result = execute(exports.run, Context(set_params(*items), check_mode=True, diff_mode=True))
    assert [export["document_type"] for export in result["diff"]["after"]["exports"]] == ["INVOICE", "ORDER"]


# export_info


def info_params(**more):
    return {**params(), "query": None, "files": True, **more}


def test_export_info_returns_a_declaration_without_the_ion_api_file(script):
    listed(script, RECORD, INFOR_RECORD, {**RECORD, "id": 9, "export_method": "watcher", "title": "W"})
    download(script, "IDM_MAPPING", "a=1")
    result = execute(export_info.run, Context(info_params(), check_mode=True))
    assert result["changed"] is False
    assert result["exports"] == [
        {"id": "7", "title": "A", "kind": "webhook", "document_type": "INVOICE", "sub_organisation": "", "active": True, "url": "https://example.com"},
        {"id": "8", "title": "B", "kind": "infor_idm", "document_type": "INVOICE", "sub_organisation": "", "active": True}
        | {"deployment": "cloud", "zugferd": False, "idm_mapping_content": "a=1"},
        {"id": "9", "title": "W", "ignore": True},
    ]


def test_export_info_masks_what_may_be_a_token_of_an_address_and_the_result_is_no_declaration(script):
    token = secrets.token_urlsafe(12)
    listed(script, {**RECORD, "export_url": f"https://{token}@example.com/hook?key={token}"})
    [read] = execute(export_info.run, Context(info_params(files=False)))["exports"]
    assert token not in str(read) and read["url"].startswith("https://<secret>@example.com/hook?<secret> fingerprint ")
    with pytest.raises(InvalidInput, match=r"url: it is masked, as export_info shows it; .* \[E21\]"):
        declared_exports([{**read, "state": "present"}])


def test_export_info_with_a_query_returns_its_result_and_without_files_no_files(script):
    listed(script, RECORD, INFOR_RECORD)
    result = execute(export_info.run, Context(info_params(files=False, query="[?kind=='webhook'].id")))
    assert result["exports"] == ["7"]


@pytest.mark.parametrize("query", ["[?", "length(`1`)"])
def test_export_info_with_a_wrong_query_fails(script, query):
    if query != "[?":
        listed(script, RECORD)
    result = execute(export_info.run, Context(info_params(files=False, query=query)))
    assert result["failed"] is True and [finding["id"] for finding in result["findings"]] == ["E11"]


def test_api_key_is_in_no_result(script):
    script.post(LIST, status=500, body=json.dumps({"detail": KEY, "trace_id": KEY[:4]}))
    context = Context(info_params())
    context.secrets.add(KEY)
    assert KEY not in repr(execute(export_info.run, context))
