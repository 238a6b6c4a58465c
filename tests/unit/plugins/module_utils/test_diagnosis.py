# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of the proof, and that nothing from a response becomes part of a sentence. Which response violates which rule: test_proof_answers."""

from __future__ import annotations

import json
import secrets
from dataclasses import fields

import pytest

from ansible_collections.docbits.ion.plugins.module_utils._core.findings import Finding
from ansible_collections.docbits.ion.plugins.module_utils._http.client import Response
from ansible_collections.docbits.ion.plugins.module_utils._infor import rules as _rules
from ansible_collections.docbits.ion.plugins.module_utils._infor import verdicts as _verdicts
from ansible_collections.docbits.ion.plugins.module_utils._infor.rules import RULES

NAMES = {
    "key": "iu",
    "host": "host:443",
    "cause": "refused",
    "status": 400,
    "code": "none",
    "seen": "text",
    "wait": "",
    "grant": "password",
    "lifetime": 300,
    "what": "tenant",
    "product": "IDM",
    "role": "IDM-AdvancedUser",
    "through": "IDM-Administrator",
}


def response(status: int, body=None, **headers) -> Response:
    """A response with a JSON body, or with the given bytes."""
    raw = body if isinstance(body, bytes) else json.dumps({} if body is None else body).encode()
    values = {"status": status, "headers": {"content-type": "application/json", **headers}, "body": raw, "seconds": 0.1, "where": "host"}
    return Response(**{field.name: values[field.name] for field in fields(Response)})


# The diagnoses of the contract's table; its N5 and N6 have the ids N10 and N11.
CONTRACT = [f"A{n:02}" for n in range(1, 13)]
CONTRACT += ["N01", "N02", "N03", "N04", "N10", "N11", "J01", "J02"]
CONTRACT += [f"G{n:02}" for n in range(1, 9)]
CONTRACT += ["R01", "R02", "R03", "R04", "I01", "I02", "I03", "M01", "M02"]


@pytest.mark.parametrize("id_", sorted({*CONTRACT, *RULES}))
def test_rule_has_a_sentence_and_a_next_step(id_):
    found = _rules.finding(id_, "production.ionapi", **NAMES)
    assert found.id == id_
    assert found.where.startswith("production.ionapi: ")
    for text in (found.where, found.message, found.action):
        assert text and not text.endswith((".", ",", " ")) and "{" not in text and "None" not in text
    assert "authentication failed" not in found.sentence().lower()


def test_no_two_rules_have_the_same_message():
    assert len({rule.message for rule in RULES.values()}) == len(RULES)


@pytest.mark.parametrize(("id_", "is_undetermined"), [("A01", False), ("A09", True), ("N05", True), ("N08", True), ("G04", False), ("K01", False)])
def test_only_outages_and_unknown_answers_are_undetermined(id_, is_undetermined):
    found = Finding(id_, "error", "file", "message", "action")
    assert _rules.is_undetermined(found) == is_undetermined


@pytest.mark.parametrize("status", [500, 502, 503, 504, 429])
@pytest.mark.parametrize("body", [{}, b"<html></html>", b"", {"error": "invalid_grant", "message": "invalid credentials", "code": 471}])
def test_busy_and_broken_servers_are_undetermined(status, body):
    verdicts = (_verdicts.login_verdict, _verdicts.refresh_verdict, _verdicts.identity_verdict, _verdicts.accepted_documents_verdict)
    for verdict_of in verdicts:
        assert verdict_of(response(status, body)).outcome == "undetermined" or (status, verdict_of) == (429, _verdicts.accepted_documents_verdict)


def test_only_known_codes_are_repeated():
    hidden = secrets.token_hex(8)
    assert _verdicts.code_of(response(400, {"error": hidden})) == "none"
    assert _verdicts.code_of(response(400, {"error": ["invalid_request"]})) == "none"
    assert _verdicts.code_of(response(400, {"error": "invalid_request", "error_description": hidden})) == "invalid_request"


@pytest.mark.parametrize(
    "description", ["Account is locked: too many failed attempts", "Too many failed logins", "The user has exceeded the number of attempts, rate limit"]
)
def test_locked_account_is_not_taken_for_a_limit(description):
    assert _verdicts.login_verdict(response(400, {"error": "invalid_grant", "error_description": description})).id == "A02"


@pytest.mark.parametrize(
    "body",
    [
        b"<!doctype html><p>",
        b"  <HTML>",
        b'<?xml version="1.0"?><!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" ""><html>',
        b"<!-- proxy --><html>",
    ],
)
def test_page_is_recognised_whatever_its_content_type_says(body):
    assert response(200, body).is_html and not _verdicts.is_from_infor(response(403, body))


def test_xml_of_a_product_is_no_page():
    assert not response(200, b"<entities/>").is_html and _verdicts.is_from_infor(response(403, b"<error/>"))


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("30", 30.0), ("Tue, 24 Nov 2026 06:01:00 GMT", 60.0), ("Tue, 24 Nov 2026 05:00:00 GMT", 0.0), ("soon", None), ("-1", None), ("", None)],
)
def test_retry_after_is_read_in_seconds_or_against_the_date_of_the_server(header, seconds):
    headers = {"retry-after": header, "date": "Tue, 24 Nov 2026 06:00:00 GMT"}
    assert response(429, {}, **headers).retry_after == seconds


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        (["G03", "G03"], "G02"),
        (["G03", None], None),
        (["G03", "R01"], None),
        (["G05", "G05"], "G06"),
        (["G05", "G03"], "G11"),
        (["G03", "G10"], "G11"),
        (["G01", "G01"], "G01"),
        (["G10", "G10"], "G10"),
        (["N04", "N04"], "N04"),
    ],
)
def test_only_what_all_products_say_is_about_the_gateway(ids, expected):
    verdicts = {f"product {number}": _verdicts.Verdict(id_, {"status": 400 + number}) for number, id_ in enumerate(ids)}
    verdict = _verdicts.gateway_verdict(verdicts)
    assert verdict.id == expected
    if expected == "G11":
        assert verdict.names["seen"] == "product 0: status 400, product 1: status 401" and verdict.outcome == "undetermined"
