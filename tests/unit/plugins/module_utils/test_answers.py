# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers: every success becomes data, every error one sentence, and of a body only codes, field names, ids and plain words are shown."""

from __future__ import annotations

import json
import secrets

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import BadAnswer, IonError, Refused, Unreachable
from ansible_collections.docbits.ion.plugins.module_utils._docbits.answers import CODES, data_of, incomplete_list, is_part, records_of
from ansible_collections.docbits.ion.plugins.module_utils._http.client import Response

HTML = "<!DOCTYPE html><html><body>{}</body></html>"


def answer(status, body=b"", headers=None, content_type="application/json"):
    body = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Response(status, {"content-type": content_type, **(headers or {})}, body, "eu.api.docbits.com")


def page(status, text=""):
    return answer(status, HTML.format(text).encode(), content_type="text/html; charset=utf-8")


def refusal(response):
    with pytest.raises(IonError) as caught:
        data_of(response, "update export A")
    return caught.value


# Success


@pytest.mark.parametrize(
    ("body", "data"),
    [
        ([{"id": 1}], [{"id": 1}]),
        ({"success": True, "data": [1]}, [1]),
        ({"success": True, "data": None}, None),
        ({"success": True, "message": "EXPORT_INTEGRATIONS_SAVED"}, None),
        ({"data": {"id": "x"}}, {"id": "x"}),
        ({"configurations": []}, {"configurations": []}),
        (b"", None),
        (b" \r\n", None),
        (b"\xef\xbb\xbf[]", []),
    ],
)
def test_data_of_an_envelope_is_its_content(body, data):
    assert data_of(answer(200, body), "list exports") == data


RECORDS = [{"id": 1}, {"id": 2}]


@pytest.mark.parametrize(
    "body",
    [
        RECORDS,
        {"data": RECORDS},
        {"success": True, "data": RECORDS},
        {"success": True, "configurations": RECORDS},
        {"success": True, "data": RECORDS, "message": None, "warnings": []},
        {"data": {"items": RECORDS, "total": 2}},
        {"items": RECORDS, "errors": [], "meta": {"links": []}},
    ],
)
def test_records_of_an_answer_are_its_only_filled_list(body):
    assert records_of(answer(200, body), "list exports") == RECORDS


@pytest.mark.parametrize(
    "body",
    [[], {"data": []}, {"success": True, "data": {"items": []}}, {"success": True, "data": None}, {"success": True}, {}, b"", {"message": "NO_EXPORTS"}],
)
def test_records_of_an_empty_organisation_are_none(body):
    assert records_of(answer(200, body), "list exports") == []


def test_records_of_names_are_texts():
    assert records_of(answer(200, ["INVOICE"]), "list document types") == ["INVOICE"]


@pytest.mark.parametrize(
    "body", ["text", 7, [1], [[]], {"data": {"id": 1}}, {"data": "text"}, {"a": [{"id": 1}], "b": [{"id": 2}]}, {"a": {"b": {"c": [{"id": 1}]}}}, [{}, 1]]
)
def test_records_of_anything_else_are_an_error_with_the_line_to_set(body):
    with pytest.raises(BadAnswer, match="does not hold one list of records") as caught:
        records_of(answer(200, body), "list exports")
    assert caught.value.id == "DB10" and caught.value.facts == {"status": 200}
    assert "contract_overrides: {lists: {list: KEYS.TO.THE.LIST}}" in caught.value.message


def test_records_of_two_lists_with_an_override_are_the_named_one():
    body = {"result": {"rows": RECORDS}, "other": [{"id": 9}]}
    assert records_of(answer(200, body), "list exports", "result.rows") == RECORDS


@pytest.mark.parametrize("path", ["rows", "result", "result.other", "result.rows.more"])
def test_records_of_an_override_that_leads_to_no_list_are_an_error(path):
    with pytest.raises(BadAnswer) as caught:
        records_of(answer(200, {"result": {"rows": RECORDS}}), "list exports", path)
    assert caught.value.id == "DB10"


@pytest.mark.parametrize(("asked", "operation"), [("list document types", "document_types"), ("list sub-organisations", "sub_organisations")])
def test_records_of_another_list_name_its_operation(asked, operation):
    with pytest.raises(BadAnswer, match=f"lists: {{{operation}:"):
        records_of(answer(200, 7), asked)


# Pages


@pytest.mark.parametrize(
    "body",
    [
        {"total": 3},
        {"data": {"items": [], "total_count": 3}},
        {"pagination": {"totalCount": 3}},
        {"meta": {"total_records": 3}},
        {"count": 3},
        {"page": 1, "pages": 2},
        {"page": 1, "total_pages": 2},
        {"meta": {"page": 1, "totalPages": 2}},
        {"next": "https://docbits.example/x?page=2"},
        {"has_more": True},
        {"hasMore": True},
    ],
)
def test_is_part_of_an_answer_that_has_more_is_true(body):
    assert is_part(answer(200, body), 2)


@pytest.mark.parametrize(
    "body",
    [
        [],
        {},
        {"total": 2},
        {"total": 1},
        {"total": "3"},
        {"total": True},
        {"page": 2, "pages": 2},
        {"pages": 2},
        {"next": None},
        {"has_more": False},
        b"",
        b"x",
    ],
)
def test_is_part_of_a_whole_list_is_false(body):
    assert not is_part(answer(200, body), 2)


@pytest.mark.parametrize(("has_pages", "why"), [(True, "its further pages do not hold them"), (False, "no known parameter for a page")])
def test_incomplete_list_names_the_line_to_set(has_pages, why):
    error = incomplete_list(answer(200, []), "list exports", 2, has_pages)
    assert error.id == "DB14" and why in error.message and "contract_overrides: {fields: {page: WIRE_NAME}}" in error.message


# Sentences of DocBits


def said(text, **body):
    return refusal(answer(400, {"success": False, "message": text, **body})).message


@pytest.mark.parametrize(
    "text",
    [
        "Document type is not active.",
        "The mapping doesn't have a line for INVOICE",
        "Export (webhook) failed: 3 errors",
        "Bitte den Titel prüfen!",
        "EXPORT_FAILED: please retry",
    ],
)
def test_refusal_with_a_plain_sentence_shows_it(text):
    assert f"DocBits says: {text}" in said(text)


@pytest.mark.parametrize(
    "part",
    [
        "hunter2",
        "Passw0rd!",
        "pass=word",
        "https://hook.example/a",
        "user@example.com",
        "123456",
        "0x1f",
        "aB",
        "abcDEF",
        "a.b",
        "abcdefghijklmnopqrstuvwxyz",
        "QUJDRA==",
        "ACME_TST~abc",
        "<b>",
        "a\\b",
        "ABCDEFGHIJKLMNOPQ",
        "{secret}",
        "x_y",
    ],
)
def test_refusal_with_a_part_that_may_be_a_secret_hides_it(part):
    message = said(f"value {part} is wrong")
    assert part not in message and "DocBits says: value … is wrong" in message


@pytest.mark.parametrize("make", [secrets.token_urlsafe, secrets.token_hex, lambda size: secrets.token_urlsafe(size).replace("-", "_").upper()])
def test_refusal_with_a_random_token_never_shows_it(make):
    for size in (8, 16, 32):
        for _attempt in range(20):
            token = make(size)
            # A token of letters only is not distinguishable from a word, or with underscores from a code such as NO_PERMISSION.
            if not token.translate(str.maketrans("", "", "_-")).isalpha():
                assert token not in said(f"token {token}!")


def test_refusal_with_a_long_text_shows_nothing_of_it():
    assert "DocBits says" not in said("word " * 100)


def test_refusal_with_a_code_shows_the_code_and_no_sentence():
    error = refusal(answer(400, {"success": False, "message": "NO_PERMISSION", "detail": "plain words"}))
    assert "DocBits says" not in error.message and error.facts["code"] == "NO_PERMISSION"


@pytest.mark.parametrize(
    ("header", "fact"), [("7", 7), ("0", 0), ("", None), ("soon", None), ("-1", None), ("1000000", 1000000), ("Wed, 21 Oct 2026 07:28:00 GMT", None)]
)
def test_refusal_for_the_rate_limit_has_the_seconds_to_wait(header, fact):
    assert refusal(answer(429, {}, {"retry-after": header})).facts.get("retry_after") == fact


# Errors: (answer, class, id, parts of the message, facts)

CASES = {
    "422 of pydantic 1": (
        answer(422, {"detail": [{"loc": ["body", "title"], "msg": "field required", "type": "value_error.missing"}]}),
        (Refused, "DB04", ["not valid: title (value_error.missing)", "status 422"], {"status": 422}),
    ),
    "422 of pydantic 2": (
        answer(422, {"detail": [{"type": "missing", "loc": ["body", "export_url"], "msg": "Field required", "input": None}], "trace_id": "0f-1"}),
        (Refused, "DB04", ["export_url (missing)", "trace id 0f-1"], {"status": 422, "trace_id": "0f-1"}),
    ),
    "422 for several fields": (
        answer(422, {"detail": [{"loc": ["body", name], "type": "missing"} for name in ("a", "b", "c", "d", "e", "f")]}),
        (Refused, "DB04", ["a (missing), b (missing), c (missing), d (missing), e (missing) ("], {"status": 422}),
    ),
    "422 without a field": (answer(422, {"detail": "no"}), (Refused, "DB04", ["it does not say which field"], {"status": 422})),
    "success false with 200": (
        answer(200, {"success": False, "message": "EXPORT_CONFIG_ALREADY_EXISTS"}),
        (
            Refused,
            "DB05",
            ["another active export exists", "status 200", "code EXPORT_CONFIG_ALREADY_EXISTS"],
            {"status": 200, "code": "EXPORT_CONFIG_ALREADY_EXISTS"},
        ),
    ),
    "success false with an unknown code": (
        answer(200, {"success": False, "code": "ODD_CODE"}),
        (Refused, "DB05", ["DocBits refused", "code ODD_CODE"], {"status": 200, "code": "ODD_CODE"}),
    ),
    "success false with a text": (
        answer(200, {"success": False, "message": "something went wrong"}),
        (Refused, "DB05", ["DocBits refused (status 200). DocBits says: something went wrong; "], {"status": 200}),
    ),
    "a code in detail": (
        answer(400, {"detail": "MISSING_MAPPING_FILE"}),
        (Refused, "DB05", ["a mapping file that this kind needs is missing"], {"status": 400, "code": "MISSING_MAPPING_FILE"}),
    ),
    "a code in an object in detail": (
        answer(409, {"detail": {"error": "DUPLICATE_RECORD", "traceId": "abcd-1"}}),
        (Refused, "DB05", ["exists already"], {"status": 409, "code": "DUPLICATE_RECORD", "trace_id": "abcd-1"}),
    ),
    "a known code decides before the status": (
        answer(500, {"message": "DOCUMENT_TYPE_NOT_FOUND"}),
        (Refused, "DB05", ["does not know this document type"], {"status": 500, "code": "DOCUMENT_TYPE_NOT_FOUND"}),
    ),
    "401": (answer(401, {"detail": "Unauthorized"}), (Refused, "DB01", ["the API key is not accepted"], {"status": 401})),
    "401 as a page": (page(401), (Refused, "DB01", ["the API key is not accepted"], {"status": 401})),
    "403": (answer(403), (Refused, "DB02", ["may not do this"], {"status": 403})),
    "404": (answer(404, {"detail": "Not Found"}), (Refused, "DB03", ["nothing is found at this address"], {"status": 404})),
    "413": (answer(413), (Refused, "DB07", ["too large"], {"status": 413})),
    "413 as a page": (page(413), (BadAnswer, "DB09", ["a web page came", "shorten the mapping files"], {"status": 413})),
    "429": (answer(429, headers={"retry-after": "7"}), (Unreachable, "DB06", ["slow down", "lower forks"], {"status": 429, "retry_after": 7})),
    "429 without Retry-After": (answer(429, {"detail": "Too many"}), (Unreachable, "DB06", ["slow down"], {"status": 429})),
    "500 with an empty body": (answer(500), (Unreachable, "DB08", ["a problem of its own"], {"status": 500})),
    "503 as text": (answer(503, b"upstream connect error", content_type="text/plain"), (Unreachable, "DB08", ["status 503"], {"status": 503})),
    "502 of a proxy": (page(502), (BadAnswer, "DB09", ["a web page came instead of an answer"], {"status": 502})),
    "400 as text": (answer(400, b"Bad Request", content_type="text/plain"), (Refused, "DB05", ["DocBits refused"], {"status": 400})),
    "418 with a list": (answer(418, ["a"]), (Refused, "DB05", ["DocBits refused"], {"status": 418})),
    "200 as a page": (page(200), (BadAnswer, "DB09", ["a web page came instead of an answer (status 200)", "path_prefix"], {"status": 200})),
    "200 as a page of no declared type": (answer(200, b"  <html>", content_type=""), (BadAnswer, "DB09", ["a web page"], {"status": 200})),
    "200 as text": (answer(200, b"OK", content_type="text/plain"), (BadAnswer, "DB10", ["something that is no JSON"], {"status": 200})),
    "200 cut off": (answer(200, b'{"data": ['), (BadAnswer, "DB10", ["no JSON"], {"status": 200})),
    "200 nested without end": (answer(200, b"[" * 100_000), (BadAnswer, "DB10", ["no JSON"], {"status": 200})),
    "a request id in the header": (
        answer(500, headers={"x-request-id": "0d-77"}),
        (Unreachable, "DB08", ["trace id 0d-77"], {"status": 500, "trace_id": "0d-77"}),
    ),
    "the trace id of the body goes first": (
        answer(500, {"trace_id": "b0d-1"}, {"x-request-id": "4ead-1"}),
        (Unreachable, "DB08", ["trace id b0d-1"], {"status": 500, "trace_id": "b0d-1"}),
    ),
}


@pytest.mark.parametrize(("response", "expected"), CASES.values(), ids=CASES)
def test_error_is_one_sentence_with_status_code_trace_id_and_next_step(response, expected):
    kind, id_, parts, facts = expected
    error = refusal(response)
    assert error.__class__ is kind
    assert error.id == id_
    assert error.facts == facts
    assert error.message.startswith("eu.api.docbits.com: update export A: ")
    for part in parts:
        assert part in error.message
    (finding,) = error.findings
    assert finding.action and not finding.action.endswith(".") and not finding.message.endswith(".")


@pytest.mark.parametrize("code", CODES)
def test_a_known_code_has_a_meaning_and_a_next_step_without_a_full_stop(code):
    (finding,) = refusal(answer(200, {"success": False, "message": code})).findings
    assert code in finding.message and not finding.message.endswith(".")
    assert finding.action and finding.action == CODES[code][1] and not finding.action.endswith(".")


# Nothing of a body shows


@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 413, 418, 422, 429, 500, 503])
@pytest.mark.parametrize("key", ["message", "detail", "error", "code", "trace_id", "msg", "data"])
def test_a_text_that_is_no_code_or_id_never_shows(status, key):
    value = f"{secrets.token_urlsafe(12)} {secrets.token_urlsafe(12)}"
    for body in ({"success": False, key: value}, {"success": False, "detail": {key: value}}, {"success": False, "detail": [{key: value}]}):
        error = refusal(answer(status, body))
        assert not any(part in repr((error.message, error.facts, error.findings, error)) for part in value.split())


@pytest.mark.parametrize("status", [400, 422, 500])
def test_what_a_validation_error_repeats_of_the_request_never_shows(status):
    value, key = "x" + secrets.token_hex(16), secrets.token_hex(16)
    detail = [{"loc": ["body", "ion_api", f"{key}!"], "msg": value, "type": f"value error {value}", "input": {"cs": value}, "ctx": {"error": value}}]
    error = refusal(answer(status, {"detail": detail, "body": value}))
    assert value not in repr((error.message, error.facts)) and key not in repr((error.message, error.facts))


@pytest.mark.parametrize("status", [200, 404, 500])
@pytest.mark.parametrize("content_type", ["text/html", "text/plain", "application/json"])
def test_nothing_of_a_page_or_text_shows(status, content_type):
    value = secrets.token_urlsafe(16)
    error = refusal(answer(status, HTML.format(value).encode(), content_type=content_type))
    assert value not in repr((error.message, error.facts, error.__cause__, error.__context__))


@pytest.mark.parametrize(
    "item",
    [{"loc": 3}, {"loc": "body"}, {"loc": {"a": 1}}, {"loc": []}, {"loc": None}, {"loc": ["body", 0]}, {"loc": ["body", None]}, {"type": 3}, [], None, "x"],
)
def test_a_validation_error_of_an_odd_shape_is_still_one_sentence(item):
    assert "it does not say which field" in refusal(answer(422, {"detail": [item]})).message


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8) | st.sampled_from(("NOT_FOUND", "title", "body")),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(("success", "data", "message", "detail", "code", "error", "loc", "type", "msg", "trace_id", "x")), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(max_examples=200)
@given(st.sampled_from((200, 201, 400, 401, 403, 404, 409, 413, 422, 429, 500, 503)), ANY_JSON | st.binary(max_size=20))
def test_data_of_any_answer_raises_only_errors_of_the_collection(status, body):
    try:
        data_of(answer(status, body), "list exports")
        is_part(answer(status, body), 1)
    except IonError as error:
        assert error.facts["status"] == status
    else:
        assert status < 400
