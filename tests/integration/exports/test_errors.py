# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every shape of a refusal by DocBits or a proxy before it: one sentence, with the next step, and no byte of the body."""

from __future__ import annotations

import json
import re
import secrets
from dataclasses import dataclass

import pytest

from ansible_collections.docbits.ion.plugins.module_utils._docbits import client

TRACE = "4f1c0c5e-71ace-1"


@dataclass(frozen=True)
class Shape:
    """An answer, and what the sentence about it says.

    body: C(MARK) in it becomes a text that must not be seen anywhere
    says: texts of the sentence besides its status
    """

    status: int
    body: object
    id: str
    says: tuple = ()
    content_type: str = "application/json"
    headers: tuple = ()


def html(status, id_, *says):
    return Shape(status, "<html><body><h1>MARK</h1></body></html>", id_, says, "text/html")


SHAPES = {
    # FastAPI with pydantic 1 and 2; the latter repeats what was sent.
    "422 of pydantic 1": Shape(
        422, {"detail": [{"loc": ["body", "export_url"], "msg": "MARK", "type": "value_error.missing"}]}, "DB04", ("export_url (value_error.missing)",)
    ),
    "422 of pydantic 2": Shape(
        422,
        {"detail": [{"type": "bool_parsing", "loc": ["body", "zugferd"], "msg": "MARK", "input": "MARK"}], "trace_id": TRACE},
        "DB04",
        ("zugferd (bool_parsing)", TRACE),
    ),
    "422 with text": Shape(422, {"detail": "MARK is not valid"}, "DB04"),
    "422 with odd fields": Shape(422, {"detail": [{"loc": ["MARK is long"]}, "MARK", {"loc": None}, {"loc": ["body", 3]}]}, "DB04"),
    # A business failure: a code or a text, in an envelope with any status.
    "refused with 200": Shape(
        200, {"success": False, "message": "EXPORT_CONFIG_ALREADY_EXISTS"}, "DB05", ("EXPORT_CONFIG_ALREADY_EXISTS", "deactivate the other export")
    ),
    "refused with 200 and text": Shape(200, {"success": False, "message": "No record found for id: MARK"}, "DB05"),
    "refused with 200 and nothing": Shape(200, {"success": False}, "DB05"),
    "refused with 400": Shape(400, {"success": False, "error": "SUB_ORG_NOT_FOUND", "traceId": TRACE}, "DB05", ("SUB_ORG_NOT_FOUND", TRACE)),
    "refused with 409": Shape(409, {"success": False, "code": "DUPLICATE_RECORD", "correlation_id": TRACE}, "DB05", ("DUPLICATE_RECORD", TRACE)),
    "code in detail": Shape(400, {"detail": "TITLE_MANDATORY"}, "DB05", ("TITLE_MANDATORY", "declare a title")),
    "code in a nested detail": Shape(
        400, {"detail": {"code": "INVALID_MAPPING_FILE", "trace_id": TRACE, "hint": "MARK"}}, "DB05", ("INVALID_MAPPING_FILE", TRACE)
    ),
    "unknown code": Shape(400, {"message": "BRAND_NEW_CODE"}, "DB05", ("BRAND_NEW_CODE",)),
    "stringified exception": Shape(500, {"message": "(psycopg2.Error) MARK"}, "DB08"),
    # Statuses.
    "401": Shape(401, {"detail": "Could not validate MARK"}, "DB01", ("api_key",)),
    "401 without a body": Shape(401, "", "DB01", ("api_key",)),
    "403": Shape(403, {"detail": "MARK"}, "DB02", ("administrator",)),
    "403 with a code": Shape(403, {"message": "NOT_ENOUGH_PERMISSIONS_ACCESS_ORG"}, "DB05", ("NOT_ENOUGH_PERMISSIONS_ACCESS_ORG", "organisation_id")),
    "404": Shape(404, {"detail": "Not Found MARK"}, "DB03", ("path_prefix",)),
    "405": Shape(405, {"detail": "Method Not Allowed"}, "DB05"),
    "413": Shape(413, {"detail": "MARK"}, "DB07", ("20 MB",)),
    "429": Shape(429, {"detail": "MARK"}, "DB06", ("throttle",)),
    "500 with text": Shape(500, "Internal Server Error MARK", "DB08", (), "text/plain"),
    "500 without a body": Shape(500, "", "DB08", (), "text/plain"),
    "503 with a trace id in a header": Shape(503, {"detail": "MARK"}, "DB08", (TRACE,), headers=(("X-Request-ID", TRACE),)),
    "trace id that is none": Shape(500, {"trace_id": "MARK and more of it"}, "DB08"),
    # Web pages of proxies, firewalls and sign-ins.
    "502 of a proxy": html(502, "DB09", "proxies"),
    "503 for maintenance": html(503, "DB09", "maintenance"),
    "413 of nginx": html(413, "DB09", "shorten"),
    "404 of a web server": html(404, "DB09", "docbits_url"),
    "401 of a proxy": html(401, "DB01"),
    "sign-in page with 200": html(200, "DB09", "proxy"),
    "page without its type": Shape(200, "<!DOCTYPE html><p>MARK", "DB09", (), "application/octet-stream"),
    # What no client can use.
    "text with 200": Shape(200, "MARK", "DB10", (), "text/plain"),
    "cut off": Shape(200, '{"success": true, "data": [{"id": "MARK', "DB10"),
    "not the list": Shape(200, {"success": True, "data": {"MARK": 1}}, "DB10"),
    "numbers": Shape(200, [1, 2, "MARK"], "DB10"),
    "deep": Shape(200, "[" * 20000, "DB10"),
    "redirect to a sign-in": Shape(302, "MARK", "N04", (), "text/html", (("Location", "https://login.example.test/?MARK"),)),
}


def played(stand, shape, operation, times=1, after=False) -> str:
    """Order the answer for the next calls of the operation; returns the text that must not be shown."""
    mark = f"Mark{secrets.token_hex(8)}"
    body = shape.body if isinstance(shape.body, str) else json.dumps(shape.body)
    headers = {name: value.replace("MARK", mark) for name, value in shape.headers}
    action = {"status": shape.status, "body": body.replace("MARK", mark), "content_type": shape.content_type, "headers": headers}
    stand.fault(operation, times=times, after=after, **action)
    return mark


def assert_one_sentence(result, shape, mark) -> None:
    message = result["msg"]
    assert result["failed"] and f"[{shape.id}]" in message, message
    assert mark not in json.dumps(result) and "X00" not in message
    assert "\n" not in message and "<" not in message and len(message) < 400
    assert f"status {shape.status}" in message
    for text in shape.says:
        assert text in message, message
    finding = next(finding for finding in result["findings"] if finding["level"] == "error")
    steps = " (unknown: create To the archive)" if any(step["outcome"] == "unknown" for step in result.get("steps", ())) else ""
    assert message == f"{finding['where']}: {finding['message']}; {finding['action']} [{finding['id']}]{steps}"
    assert not re.search(r"\.$", finding["message"]) and finding["action"]
    assert result["status"] == shape.status
    if TRACE in shape.says:
        assert result["trace_id"] == TRACE
    code = next((text for text in shape.says if re.fullmatch(r"[A-Z_]{6,}", text)), None)
    assert result.get("code") == code


HOOK = {"title": "To the archive", "kind": "webhook", "document_type": "INVOICE", "url": "https://archive.example.test/hook"}


@pytest.mark.parametrize("shape", SHAPES)
def test_when_reading(make_stand, simulator, shape):
    stand, before = make_stand(), simulator.last()
    mark = played(stand, SHAPES[shape], "get_configurations")
    result = stand.run([HOOK])
    assert_one_sentence(result, SHAPES[shape], mark)
    assert stand.calls(before) == [] and result["changed"] is False


# A write that is answered with any other success is verified in the list.
ONLY_OF_LISTS = ("not the list", "numbers")
# What DocBits refuses itself is not applied once the list agrees; after anything else the write may still take effect.
REFUSALS = ("DB01", "DB02", "DB03", "DB04", "DB05", "DB07")


@pytest.mark.parametrize("shape", [name for name in SHAPES if name not in (*ONLY_OF_LISTS, "429")])
def test_when_writing(make_stand, simulator, shape):
    stand = make_stand()
    mark = played(stand, SHAPES[shape], "configure_webhook_export")
    result = stand.run([HOOK])
    assert_one_sentence(result, SHAPES[shape], mark)
    assert "create exports[0]" in result["msg"] or SHAPES[shape].id == "N04"
    outcome = "not_applied" if SHAPES[shape].id in REFUSALS else "unknown"
    assert ([step["outcome"] for step in result["steps"]], result["changed"]) == ([outcome], outcome == "unknown")
    assert [finding["id"] for finding in result["findings"]].count("DV03") == (outcome == "unknown") and stand.stored() == []
    again = stand.run([HOOK])
    assert again["changed"] is True and len(stand.stored()) == 1
    assert ("E29" in [finding["id"] for finding in again["findings"]]) is (outcome == "unknown")


@pytest.mark.parametrize("shape", [name for name in SHAPES if name not in ONLY_OF_LISTS])
def test_when_writing_and_the_write_is_applied_the_list_decides(make_stand, simulator, shape):
    stand, before = make_stand(), simulator.last()
    mark = played(stand, SHAPES[shape], "configure_webhook_export", after=True)
    result = stand.run([HOOK])
    assert "failed" not in result, result["msg"]
    assert ([step["outcome"] for step in result["steps"]], result["changed"]) == (["applied"], True)
    assert "DV04" in [finding["id"] for finding in result["findings"]] and mark not in json.dumps(result)
    assert stand.calls(before) == ["configure_webhook_export"]
    assert stand.run([HOOK])["changed"] is False and len(stand.stored()) == 1


@pytest.mark.parametrize("text", ["OK", "Export saved", "<!DOCTYPE html><p>To the archive"])
def test_create_when_answered_with_a_text_takes_it_for_no_id(make_stand, text):
    stand = make_stand()
    stand.fault("configure_webhook_export", after=True, status=200, body=json.dumps(text), content_type="application/json")
    result = stand.run([HOOK])
    assert "failed" not in result, result["msg"]
    assert [step["id"] for step in result["steps"]] == [record["id"] for record in stand.stored()]


@pytest.mark.parametrize("shape", ["refused with 200", "403", "404", "502 of a proxy", "500 without a body", "sign-in page with 200", "redirect to a sign-in"])
def test_when_downloading(make_stand, simulator, shape):
    """A file is bytes of any kind: a web page in its place is an error, and a refusal says that DocBits withholds it."""
    stand = make_stand(exports=[{"export_method": "smb", "title": "S", "doc_type": "INVOICE", "is_active": True, "files": {"jpl_mapping": "a=1\n"}}])
    mark = played(stand, SHAPES[shape], "download")
    result = stand.run([{"id": stand.ids[0], "jpl_mapping_content": "a=1\n"}], check=True, assume_kept=True)
    if shape in ("refused with 200", "403", "404"):
        assert result["changed"] is True and mark not in json.dumps(result)
        assert result["exports"][0]["evidence"] == {"jpl_mapping": "none"}
    else:
        assert_one_sentence(result, SHAPES[shape], mark)


@pytest.mark.parametrize("shape", ["422 of pydantic 2", "502 of a proxy", "not the list", "500 without a body"])
def test_when_reading_the_contract(make_stand, simulator, shape):
    stand = make_stand()
    mark = played(stand, SHAPES[shape], "openapi.json")
    result = stand.run([HOOK])
    if shape == "not the list":
        assert result["failed"] and "[DC04]" in result["msg"] and mark not in json.dumps(result)
    else:
        assert_one_sentence(result, SHAPES[shape], mark)
    # For a while it is kept, so that a fleet does not ask a host again and again that is out of order.
    before = simulator.last()
    assert stand.run([HOOK])["msg"] == result["msg"] and simulator.last() == before
    client._public_schema.forget()
    assert stand.run([HOOK])["changed"] is True


@pytest.mark.parametrize(("status", "finding"), [(401, "DC06"), (403, "DC06"), (404, "DC07")])
def test_contract_when_refused_with_the_key_too_names_the_next_step(make_stand, simulator, status, finding):
    stand, before = make_stand(), simulator.last()
    stand.fault("openapi.json", times=None, status=status, body="{}", content_type="application/json")
    result = stand.run([HOOK])
    assert result["failed"] and f"[{finding}]" in result["msg"] and "contract: current" in result["msg"]
    assert [request["principal"] for request in simulator.journal(before)] == [None] * (1 if status == 404 else 2) and simulator.writes(before) == []
    assert stand.run([HOOK], contract="current")["changed"] is True


NO_DATA = ("", "   ", '{"success": true}', '{"success": true, "data": null}', "null")


@pytest.mark.parametrize("body", NO_DATA)
def test_list_without_data_when_the_organisation_is_empty_is_an_empty_list(make_stand, simulator, body):
    stand = make_stand()
    stand.fault("get_configurations", times=2, status=200, body=body, content_type="application/json")
    assert stand.run([HOOK])["changed"] is True and len(stand.stored()) == 1


@pytest.mark.parametrize("body", NO_DATA)
def test_list_without_data_when_it_is_answered_once_creates_nothing_twice(make_stand, simulator, body):
    """The list is read again before the first write."""
    stand = make_stand(exports=[{"export_method": "webhook", "title": "To the archive", "doc_type": "INVOICE", "export_url": HOOK["url"]}])
    start, before = stand.stored(), simulator.last()
    stand.fault("get_configurations", status=200, body=body, content_type="application/json")
    result = stand.run([HOOK])
    assert "failed" not in result and result["changed"] is False
    assert stand.calls(before) == [] and stand.stored() == start


@pytest.mark.parametrize("operation", ["get_configurations", "download"])
def test_read_refused_with_429_is_retried_after_the_pause(make_stand, simulator, operation):
    stand = make_stand(exports=[{"export_method": "sftp", "title": "S", "doc_type": "QUOTE", "is_active": True, "files": {"xslt": "<x/>"}}])
    stand.fault(operation, times=1, status=429, body="", headers={"Retry-After": "1"})
    before = simulator.last()
    result = stand.run([HOOK, {"id": stand.ids[0], "xslt_content": "<x/>"}], retries=1, assume_kept=True)
    assert "failed" not in result, result["msg"]
    calls = [request for request in simulator.journal(before) if operation in request["path"]]
    assert [request["status"] for request in calls[:2]] == [429, 200]
    assert calls[1]["monotonic"] - calls[0]["monotonic"] >= 1
    assert len(stand.stored()) == 2


def test_write_when_refused_with_429_is_sent_again_after_the_list_was_read(make_stand, simulator):
    stand = make_stand()
    stand.fault("configure_webhook_export", status=429, body="{}", content_type="application/json", headers={"Retry-After": "1"})
    before = simulator.last()
    result = stand.run([HOOK])
    assert "failed" not in result, result["msg"]
    calls = [(request["path"].rpartition("/")[2], request["status"]) for request in simulator.journal(before)]
    writes = [index for index, call in enumerate(calls) if call[0] == "configure_webhook_export"]
    assert [calls[index][1] for index in writes] == [429, 200]
    assert ("get_configurations", 200) in calls[writes[0] : writes[1]] and len(stand.stored()) == 1


def test_write_when_always_refused_with_429_is_not_applied(make_stand, simulator):
    stand, before = make_stand(), simulator.last()
    mark = played(stand, SHAPES["429"], "configure_webhook_export", times=None)
    result = stand.run([HOOK])
    assert_one_sentence(result, SHAPES["429"], mark)
    assert ([step["outcome"] for step in result["steps"]], result["changed"]) == (["not_applied"], False)
    assert stand.calls(before) == ["configure_webhook_export"] * 3


def test_429_beyond_the_retries(make_stand, simulator):
    stand = make_stand()
    before = simulator.last()
    mark = played(stand, SHAPES["429"], "get_configurations", times=None)
    result = stand.run([HOOK], retries=1)
    assert_one_sentence(result, SHAPES["429"], mark)
    assert [request["status"] for request in simulator.journal(before) if "get_configurations" in request["path"]] == [429, 429]


@pytest.mark.parametrize("operation", ["get_configurations", "configure_webhook_export"])
def test_a_connection_that_breaks_off(make_stand, operation):
    stand = make_stand()
    stand.fault(operation, close=True)
    result = stand.run([HOOK])
    assert result["failed"] and "[N02]" in result["msg"] and "\n" not in result["msg"] and stand.stored() == []


def test_an_answer_that_does_not_come_in_time(make_stand):
    stand = make_stand()
    stand.fault("get_configurations", delay=3)
    result = stand.run([HOOK], timeout=1.5)
    assert result["failed"] and "[N06]" in result["msg"] and "option timeout" in result["msg"]


def test_the_key_of_another_organisation(make_stand):
    stand, other = make_stand(), make_stand()
    result = stand.run([HOOK], api_key=other.api_key)
    assert "[DB01]" in result["msg"] and "status 401" in result["msg"] and result["trace_id"]
    assert other.api_key not in json.dumps(result)


def test_another_organisation_id(make_stand):
    stand = make_stand()
    result = stand.run([HOOK], organisation_id="0b6f7e0a-0000-4000-8000-00000000000f")
    assert "NOT_ENOUGH_PERMISSIONS_ACCESS_ORG" in result["msg"] and result["status"] == 403
