# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Descriptions of answers: names and types are in them, and no value, whatever a server puts where."""

from __future__ import annotations

import json
import random
import secrets
import string
import uuid

import pytest

from ansible_collections.docbits.ion.plugins.module_utils._docbits.bundled import CURRENT
from ansible_collections.docbits.ion.plugins.module_utils._docbits.contract import Contract, Overrides
from ansible_collections.docbits.ion.plugins.module_utils._docbits.guesses import judged
from ansible_collections.docbits.ion.plugins.module_utils._docbits.observed import (
    Answer,
    Names,
    described,
    described_answers,
    described_contract,
    operation_of,
    type_of,
)
from ansible_collections.docbits.ion.plugins.module_utils._docbits.recorded import PUBLIC, WITH_KEY, Observed
from ansible_collections.docbits.ion.plugins.module_utils._docbits.schema import FILE, TEXT, ApiSchema, OperationSchema
from ansible_collections.docbits.ion.plugins.module_utils._http.client import Response
from ansible_collections.docbits.ion.plugins.module_utils._module._observation import observation

CONTRACT = Contract(CURRENT, "current", Overrides())
NAMES = Names(CONTRACT, is_public=True)
PATHS = {
    "list": ("POST", "/configurations/get_configurations"),
    "document_types": ("GET", "/document_type/get_document_types"),
    "sub_organisations": ("GET", "/sub_organisations/get_sub_organisations"),
    "download": ("GET", "/configurations/download/4711"),
    "create": ("POST", "/configurations/configure_webhook_export"),
}


def answer(operation, body, status=200, media_type="application/json", sent=(), **query):
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    method, path = PATHS[operation]
    return Answer(method, f"/acme-api{path}", sent, query, Response(status, {"content-type": media_type}, content, "docbits.example.com"))


@pytest.mark.parametrize(
    "name", ["export_method", "doc_type", "created_on", "lastModifiedBy", "subOrgId", "m3_mapping_file", "_id", "tenant_id", "has_more", "success"]
)
def test_name_of_known_words_is_shown(name):
    assert NAMES.shown(name) == name


@pytest.mark.parametrize(
    "name",
    ["acme", "acme_gmbh", "jdoe", "INVOICE", "Invoice", "order42", "id_4711", "4711", "", "a b", "title: Acme", "user@example.com", "export_müller"]
    + [str(uuid.UUID(int=7)), "order_" * 8, "titleAcme", "get__\u202eid", None, 4711, "a" * 40, "id\n", " id", "mappings/acme"],
)
def test_name_of_other_words_is_hidden(name):
    assert NAMES.shown(name) == "<key>"


def test_name_of_a_public_document_is_shown_and_of_another_one_hidden():
    schema = ApiSchema("1.0", {("POST", "/x"): OperationSchema(None, {"mandator_no": TEXT, "Acme GmbH": TEXT})})
    contract = Contract(schema, "live", Overrides())
    assert [Names(contract, is_public=True).shown(name) for name in ("mandator_no", "Acme GmbH")] == ["mandator_no", "<key>"]
    assert Names(contract, is_public=False).shown("mandator_no") == "<key>"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "null"),
        (True, "boolean"),
        (7, "integer"),
        (7.5, "number"),
        ({}, "object"),
        ([], "empty list"),
        ([1], "list"),
        ("", "empty text"),
        ("****", "masked text"),
        ("4711", "text (digits)"),
        ("Y", "text (flag)"),
        (str(uuid.UUID(int=7)), "text (UUID)"),
        ("2026-11-24T05:52:00Z", "text (date)"),
        ("https://acme.example.com/", "text (URL)"),
        ("Acme", "text"),
    ],
)
def test_type_of_a_value(value, expected):
    assert type_of(value) == expected


def test_description_names_types_by_path():
    body = {"success": True, "data": [{"id": 1, "title": "Acme"}, {"id": "2", "by_customer": {"acme": 1, "jdoe": "x"}}]}
    assert described(body, NAMES) == {
        "(answer)": ["object"],
        "data": ["list"],
        "data[]": ["object"],
        "data[].by_customer": ["absent", "object"],
        "data[].by_customer.<key>": ["integer", "text"],
        "data[].id": ["integer", "text (digits)"],
        "data[].title": ["absent", "text"],
        "success": ["boolean"],
    }


def test_description_of_a_deep_value_ends():
    value: object = "Acme"
    for _level in range(100):
        value = [value]
    assert len(described(value, NAMES)) < 10


def test_operation_is_found_by_the_end_of_the_path():
    assert [operation_of(answer(name, {}), CONTRACT) for name in PATHS] == list(PATHS)
    assert operation_of(answer("create", {}, sent=("config_id", "title")), CONTRACT) == "update"
    assert operation_of(Answer("GET", "/acme/users", (), {}, answer("list", {}).response), CONTRACT) is None


def test_row_of_an_answer_hides_what_the_server_chose():
    rows = described_answers([answer("list", {"message": "acme"}, 403, "text/x-acme"), answer("list", b"<html>acme", 502)], CONTRACT, NAMES)
    assert rows == [
        {
            "operation": "list",
            "path": "/configurations/get_configurations",
            "status": 403,
            "media_type": "<other>",
            "code": None,
            "shape": {"(answer)": ["object"], "message": ["text"]},
        },
        {
            "operation": "list",
            "path": "/configurations/get_configurations",
            "status": 502,
            "media_type": "application/json",
            "code": None,
            "shape": {"(answer)": ["web page"]},
        },
    ]


def test_path_that_a_user_set_is_hidden():
    schema = ApiSchema("1.0", {("POST", "/acme/list"): OperationSchema(None, {})})
    contract = Contract(schema, "live", Overrides(operations={"list": "/acme/list"}))
    asked = Answer("POST", "/acme/list", (), {}, answer("list", []).response)
    assert [row["path"] for row in described_answers([asked], contract, Names(contract, is_public=True))] == ["<path>"]


def test_same_answers_are_one_row():
    assert len(described_answers([answer("list", [{"id": 1}]), answer("list", [{"id": 2}])], CONTRACT, NAMES)) == 1


def test_contract_of_a_host_with_names_of_its_own():
    operation = OperationSchema(None, {"acme_token": TEXT, "title": TEXT, "export_url": TEXT, "bod_mapping": FILE}, frozenset(("acme_token",)))
    schema = ApiSchema("acme-prod", {("POST", "/configurations/configure_webhook_export"): operation}, "/acme/v2")
    contract = Contract(schema, "live", Overrides(operations={"list": "/acme/list"}))
    described_one = described_contract(contract, WITH_KEY, Names(contract, is_public=False))
    assert "acme" not in json.dumps(described_one)
    assert described_one["version"] == "<other>" and described_one["path_prefix"] == "<other>"
    assert {"operation": "webhook", "field": "", "wire": "<key>", "outcome": "unknown and required"} in described_one["different"]


def a_word(chance):
    """A value as a tenant may have it: a name, a number, an id, a random text; long enough not to be in a report by chance."""
    letters = "".join(chance.choices(string.ascii_lowercase, k=7))
    return chance.choice(
        [
            f"zq{letters}",
            f"Zq{letters.title()}",
            f"zq_{letters}_id",
            f"zq{letters}Title",
            f"ZQ{letters.upper()}",
            f"title zq{letters}",
            f"https://zq{letters}.example.com/?data={letters}",
            str(chance.randrange(10**8, 10**9)),
            str(uuid.UUID(int=chance.getrandbits(128))),
            secrets.token_urlsafe(24),
            f"infor-zq{letters}-cloud",
            f"id_{chance.randrange(10**8, 10**9)}",
        ]
    )


def a_value(chance, known, level=0):
    """A random JSON value; every value and unknown key that it has is added to `known`."""
    kind = chance.choice(["text", "text", "number", "object", "list", "null"] if level < 4 else ["text", "number"])
    if kind == "object":
        keys = chance.choices(
            ["data", "items", "id", "title", "export_method", "doc_type", "is_active", "message", "detail", "content", "status", "org_id"], k=4
        )
        own = [a_word(chance) for _number in range(chance.randrange(3))]
        known.update(own)
        return {key: a_value(chance, known, level + 1) for key in [*keys, *own]}
    if kind == "list":
        return [a_value(chance, known, level + 1) for _number in range(chance.randrange(4))]
    if kind == "null":
        return None
    value = a_word(chance) if kind == "text" else chance.randrange(10**8, 10**9)
    known.add(str(value))
    return value


@pytest.mark.parametrize("seed", range(150))
def test_no_value_of_random_answers_is_in_a_report_fuzz(seed):
    chance = random.Random(seed)
    known: set = set()
    answers = []
    for _number in range(6):
        operation = chance.choice(list(PATHS))
        body = a_value(chance, known)
        if chance.random() < 0.5:
            record = {"id": a_word(chance), "export_method": a_word(chance), "title": a_word(chance), "doc_type": a_word(chance), "is_active": a_word(chance)}
            known.update(record.values())
            body = {"success": chance.random() < 0.8, "data": [record, body] if isinstance(body, dict) else [record], "message": a_word(chance)}
            known.add(body["message"])
        word = a_word(chance)
        known.add(word)
        answers.append(answer(operation, body, chance.choice([200, 404, 422]), f"text/{word}", type=chance.choice(["IDM_MAPPING", "ION_API"])))
    report = observation(Observed(CONTRACT, NAMES, PUBLIC, answers, declared={"title": "t", "kind": "webhook", "active": False}))["observed"]
    shown = json.dumps(report)
    assert [value for value in known if value in shown] == []


def test_guesses_are_judged_without_any_answer():
    assert {row["outcome"] for row in judged(Observed(CONTRACT, NAMES, PUBLIC, []))[3:]} == {"not seen"}
