# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers: every shape of success and error becomes data or one sentence, and no byte of a body that is no code, field or id shows."""

from __future__ import annotations

import json
import secrets

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import BadAnswer, IonError, Refused, Unreachable
from ansible_collections.docbits.ion.plugins.module_utils._docbits.answers import CODES, data_of, records_in
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
def test_the_data_comes_out_of_its_envelope(body, data):
    assert data_of(answer(200, body), "list exports") == data


@pytest.mark.parametrize("data", [[], [{"id": 1}], {"configurations": [{"id": 1}], "total": 1}, ["INVOICE"]])
def test_records_are_found_bare_and_in_an_object(data):
    assert records_in(data, answer(200, b""), "list exports") == (data["configurations"] if isinstance(data, dict) else data)


@pytest.mark.parametrize("data", [None, "text", 7, [1], [[]], {}, {"a": [], "b": []}, {"id": 1}])
def test_what_is_no_list_of_records_is_an_error(data):
    with pytest.raises(BadAnswer, match="not the list that was asked for") as caught:
        records_in(data, answer(200, b""), "list exports")
    assert caught.value.id == "DB10" and caught.value.facts == {"status": 200}


# Errors: (answer, class, id, words in the message, facts)

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
    "success false with a text": (answer(200, {"success": False, "message": "something went wrong"}), (Refused, "DB05", ["DocBits refused"], {"status": 200})),
    "a code in detail": (
        answer(400, {"detail": "MISSING_MAPPING_FILE"}),
        (Refused, "DB05", ["a mapping file that this kind needs is missing"], {"status": 400, "code": "MISSING_MAPPING_FILE"}),
    ),
    "a code in an object in detail": (
        answer(409, {"detail": {"error": "DUPLICATE_RECORD", "traceId": "abcd:1"}}),
        (Refused, "DB05", ["exists already"], {"status": 409, "code": "DUPLICATE_RECORD", "trace_id": "abcd:1"}),
    ),
    "a known code decides before the status": (
        answer(500, {"message": "DOCUMENT_TYPE_NOT_FOUND"}),
        (Refused, "DB05", ["does not know this document type"], {"status": 500, "code": "DOCUMENT_TYPE_NOT_FOUND"}),
    ),
    "401": (answer(401, {"detail": "Unauthorized"}), (Refused, "DB01", ["the API key is not accepted"], {"status": 401})),
    "401 as a page": (page(401), (Refused, "DB01", ["the API key is not accepted"], {"status": 401})),
    "403": (answer(403), (Refused, "DB02", ["may not do this"], {"status": 403})),
    "404": (answer(404, {"detail": "Not Found"}), (Refused, "DB03", ["nothing stands at this address"], {"status": 404})),
    "413": (answer(413), (Refused, "DB07", ["too large"], {"status": 413})),
    "413 as a page": (page(413), (BadAnswer, "DB09", ["a web page came", "shorten the mapping files"], {"status": 413})),
    "429": (answer(429, headers={"retry-after": "7"}), (Unreachable, "DB06", ["slow down", "lower forks"], {"status": 429})),
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
        answer(500, headers={"x-request-id": "r-77"}),
        (Unreachable, "DB08", ["trace id r-77"], {"status": 500, "trace_id": "r-77"}),
    ),
    "the trace id of the body goes first": (
        answer(500, {"trace_id": "body-1"}, {"x-request-id": "head-1"}),
        (Unreachable, "DB08", ["trace id body-1"], {"status": 500, "trace_id": "body-1"}),
    ),
}


@pytest.mark.parametrize(("response", "expected"), CASES.values(), ids=CASES)
def test_an_error_is_one_sentence_with_status_code_trace_id_and_next_step(response, expected):
    kind, id_, words, facts = expected
    error = refusal(response)
    assert error.__class__ is kind
    assert error.id == id_
    assert error.facts == facts
    assert error.message.startswith("eu.api.docbits.com: update export A: ")
    for word in words:
        assert word in error.message
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
def test_no_answer_makes_another_error(status, body):
    try:
        data_of(answer(status, body), "list exports")
    except IonError as error:
        assert error.facts["status"] == status
    else:
        assert status < 400


@pytest.mark.parametrize("body", [{"data": [{"id": 1}], "total": 2}, {"data": {"items": [{"id": 1}], "total_count": 2}}])
def test_a_page_of_a_longer_list_is_not_taken_for_the_whole(body):
    response = answer(200, json.dumps(body).encode())
    with pytest.raises(BadAnswer) as caught:
        records_in(data_of(response, "list exports"), response, "list exports")
    assert caught.value.id == "DB14" and "1 of 2" in caught.value.message
