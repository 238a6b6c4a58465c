# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The contract: what is bundled is what was published, and our words are bound to whatever a live document calls them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import ContractMismatch
from ansible_collections.docbits.ion.plugins.module_utils._docbits.bundled import BUNDLED, CURRENT, PUBLISHED_2_2_10
from ansible_collections.docbits.ion.plugins.module_utils._docbits.contract import (
    OPERATIONS,
    RECORD_KEYS,
    SLOT_TYPES,
    Contract,
    Overrides,
    encoded,
    kind_and_deployment,
)
from ansible_collections.docbits.ion.plugins.module_utils._docbits.schema import (
    BOOLEAN,
    FILE,
    INTEGER,
    MULTIPART,
    TEXT,
    URLENCODED,
    ApiSchema,
    OperationSchema,
    read_openapi,
)
from ansible_collections.docbits.ion.plugins.module_utils._model.export import COMMON_FIELDS, FILES, KINDS

PUBLISHED_FILE = Path(__file__).resolve().parents[3] / "simulator/data/docbits-openapi-2.2.10.json"
IDM = ("POST", "/configurations/configure_idm_export")
WEBHOOK = ("POST", "/configurations/configure_webhook_export")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(("string", "/a", "get", "x://y/z", "#/components/schemas/A")),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ("info", "version", "paths", "/a", "get", "post", "servers", "url", "components", "schemas", "A", "$ref", "anyOf", "type", "enum", "parameters")
                + ("in", "name", "schema", "requestBody", "content", MULTIPART, "properties", "required")
            ),
            inner,
            max_size=6,
        )
    ),
    max_leaves=30,
)


def changed(schema: ApiSchema, key, **changes) -> ApiSchema:
    return replace(schema, operations={**schema.operations, key: replace(schema.operations[key], **changes)})


def live(schema=PUBLISHED_2_2_10, **overrides) -> Contract:
    return Contract(schema, "live", Overrides(**overrides))


def document(schema, required=(), encoding=MULTIPART, **more):
    body = {"content": {encoding: {"schema": {"$ref": "#/components/schemas/Body"}}}}
    return {
        "openapi": "3.1.0",
        "info": {"version": "12.83.293"},
        "paths": {"/a": {"post": {"requestBody": body}, "parameters": []}},
        "components": {"schemas": {"Body": {"properties": schema, "required": list(required)}, "Kind": {"enum": ["X", "Y"], "type": "string"}}},
        **more,
    }


# The bundled contracts


def test_the_bundled_contract_is_the_published_one():
    if not PUBLISHED_FILE.exists():
        pytest.skip(f"the published contract is not in this checkout ({PUBLISHED_FILE.name})")
    published = read_openapi(json.loads(PUBLISHED_FILE.read_text(encoding="utf-8")))
    assert published.version == PUBLISHED_2_2_10.version == "2.2.10"
    assert {key: published.operations.get(key) for key in PUBLISHED_2_2_10.operations} == PUBLISHED_2_2_10.operations


def test_every_operation_that_the_published_contract_has_and_we_use_is_bundled():
    if not PUBLISHED_FILE.exists():
        pytest.skip(f"the published contract is not in this checkout ({PUBLISHED_FILE.name})")
    published = read_openapi(json.loads(PUBLISHED_FILE.read_text(encoding="utf-8")))
    used = {(operation.method, path) for operation in OPERATIONS.values() for path in operation.paths}
    assert used & published.operations.keys() <= PUBLISHED_2_2_10.operations.keys()


@pytest.mark.parametrize("kind", ["infor_idm", "infor_ion_bod", "infor_idm_ion_bod", "webhook"])
def test_the_published_contract_serves_its_kinds(kind):
    words = {"id", "title", "document_type", *KINDS[kind].parts}
    assert Contract(PUBLISHED_2_2_10, "2.2.10").problems(kind, words) == []


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"infor_idm", "infor_ion_bod", "infor_idm_ion_bod", "webhook"}))
def test_the_published_contract_refuses_later_kinds(kind):
    (problem,) = Contract(PUBLISHED_2_2_10, "2.2.10").problems(kind, {"title"})
    assert problem.id == "DC01"
    assert f"contract_overrides: operations: {kind}" in problem.action and "(2.2.10 contract)" in problem.where


@pytest.mark.parametrize("kind", KINDS)
def test_the_current_contract_serves_every_kind_with_all_its_words(kind):
    words = {"id", *COMMON_FIELDS, *KINDS[kind].parts} - {"kind", "active"}
    assert Contract(CURRENT, "current").problems(kind, words) == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_word_that_a_kind_carries_has_a_wire_and_can_be_read_back(kind):
    assert set(KINDS[kind].parts) <= set(OPERATIONS[kind].fields)
    told_by_the_method, never_told = {"deployment"}, {"password"}
    for word in KINDS[kind].parts:
        assert word in SLOT_TYPES or word in RECORD_KEYS or word in told_by_the_method | never_told


def test_the_first_alias_is_the_name_that_the_bundled_contracts_use():
    for schema in BUNDLED.values():
        for row in Contract(schema, "bundled").comparison():
            assert row["outcome"] != "other name", row


def test_the_published_contract_knows_no_sub_organisation():
    (problem,) = Contract(PUBLISHED_2_2_10, "2.2.10").problems("webhook", {"url", "sub_organisation"})
    assert problem.id == "DC02" and "sub_organisation" in problem.where


def test_what_writes_is_known_so_that_check_mode_can_refuse_it():
    assert {name for name, operation in OPERATIONS.items() if operation.writes} == {"remove", "set_active", *KINDS}


# Reading a document


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "boolean"}, BOOLEAN),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, INTEGER),
        ({"anyOf": [{"type": "null"}, {"type": "boolean"}]}, BOOLEAN),
        ({"oneOf": [{"type": "string"}, {"type": "integer"}]}, TEXT),
        ({"type": "string", "format": "uuid"}, TEXT),
        ({"type": "string", "format": "binary"}, FILE),
        ({"type": "string", "contentMediaType": "application/octet-stream"}, FILE),
        ({"anyOf": [{"type": "string", "format": "binary"}, {"type": "null"}], "title": "File"}, FILE),
        ({"allOf": [{"$ref": "#/components/schemas/Kind"}], "default": "X"}, TEXT),
        ({"type": ["boolean", "null"]}, BOOLEAN),
        ({"type": ["null", "integer"]}, INTEGER),
        ({"type": ["string", "null"]}, TEXT),
        ({"type": "number"}, TEXT),
        ({}, TEXT),
        ({"$ref": "#/components/schemas/Missing"}, TEXT),
    ],
)
def test_a_field_has_the_type_that_generators_of_3_0_and_3_1_write(schema, expected):
    operation = read_openapi(document({"f": schema}, ["f", 7, None])).operations["POST", "/a"]
    assert (operation.fields, operation.required, operation.encoding) == ({"f": expected}, {"f"}, MULTIPART)


def test_choices_query_parameters_and_encodings_are_read():
    whole = document({"kind": {"$ref": "#/components/schemas/Kind"}}, encoding=URLENCODED)
    whole["paths"]["/a"]["post"]["parameters"] = [
        {"in": "query", "name": "q", "required": True, "schema": {"type": "integer"}},
        {"in": "header", "name": "X-ORG-ID", "required": True},
        {"in": "path", "name": "id", "required": True},
    ]
    fields, in_query = {"q": INTEGER, "kind": TEXT}, frozenset({"q"})
    assert read_openapi(whole).operations["POST", "/a"] == OperationSchema(URLENCODED, fields, in_query, {"kind": ("X", "Y")}, in_query)


def test_a_json_body_is_nothing_that_this_collection_can_send():
    assert read_openapi(document({"title": {"type": "string"}}, encoding="application/json")).operations["POST", "/a"] == OperationSchema(None, {})


@pytest.mark.parametrize(
    ("servers", "prefix"),
    [
        (None, ""),
        ([], ""),
        ([{"url": "/"}], ""),
        ([{"url": "/sandbox-api"}], "/sandbox-api"),
        ([{"url": "/sandbox-api/"}], "/sandbox-api"),
        ([{"url": "sandbox-api"}], "/sandbox-api"),
        ([{"url": "https://eu.api.docbits.com"}], ""),
        ([{"url": "https://eu.api.docbits.com/prod-api/"}], "/prod-api"),
        ([{"url": "@other.example/x"}], "/@other.example/x"),
        ([{"url": ".other.example/x"}], "/.other.example/x"),
        ([{"url": "https://other.example//evil/"}], "/evil"),
        ([{"url": "//other.example/x"}], "/x"),
        ([{"url": None}], ""),
        (["/x"], ""),
    ],
)
def test_the_prefix_is_the_path_of_the_first_server_and_never_a_host(servers, prefix):
    assert read_openapi(document({}, servers=servers)).prefix == prefix


@pytest.mark.parametrize("broken", [None, [], "x", {}, {"info": {"version": "1"}}, {"info": {"version": "1"}, "paths": []}, {"info": [], "paths": {}}])
def test_anything_else_is_a_value_error(broken):
    with pytest.raises(ValueError, match="no OpenAPI document"):
        read_openapi(broken)


@settings(max_examples=200)
@given(JSON)
def test_no_document_makes_another_error(value):
    try:
        read_openapi(value)
    except ValueError as error:
        assert str(error) == "no OpenAPI document"


# Binding


@pytest.mark.parametrize("operation", [name for name, operation in OPERATIONS.items() if operation.fields])
def test_every_alias_of_every_word_is_found(operation):
    contract = Contract(CURRENT, "current")
    bound = contract.find(operation)
    for word, wire in OPERATIONS[operation].fields.items():
        published = bound.names[word]
        for alias in wire.names:
            if alias != published and alias in bound.schema.fields:
                continue
            fields = {alias if name == published else name: type_ for name, type_ in bound.schema.fields.items()}
            other = live(changed(CURRENT, (bound.method, bound.path), fields=fields))
            assert other.operation(operation).names[word] == alias


def test_an_alias_of_the_wrong_type_is_not_taken():
    fields = {**PUBLISHED_2_2_10.operations[IDM].fields, "ion_api": TEXT}
    (problem,) = live(changed(PUBLISHED_2_2_10, IDM, fields=fields)).problems("infor_idm", {"ionapi", "deployment", "zugferd"})
    assert problem.id == "DC02" and "ionapi" in problem.where


def test_one_field_never_serves_two_words():
    for schema in BUNDLED.values():
        for name in OPERATIONS:
            bound = Contract(schema, "bundled").find(name)
            if bound is not None:
                assert len(set(bound.names.values())) == len(bound.names)


def test_a_required_field_that_nothing_fills_is_named_with_a_way_out():
    schema = PUBLISHED_2_2_10.operations[WEBHOOK]
    contract = live(changed(PUBLISHED_2_2_10, WEBHOOK, fields={**schema.fields, "flavour": TEXT}, required=schema.required | {"flavour", "title"}))
    title, flavour = sorted(contract.problems("webhook", {"url"}), key=lambda problem: "flavour" in problem.where)
    assert (title.id, title.action) == ("DC03", "declare title")
    assert flavour.id == "DC03" and "contract_overrides: constants: flavour" in flavour.action


def test_a_constant_fills_a_field_that_the_operation_has():
    schema = PUBLISHED_2_2_10.operations[WEBHOOK]
    contract = live(
        changed(PUBLISHED_2_2_10, WEBHOOK, fields={**schema.fields, "flavour": TEXT}, required=schema.required | {"flavour"}), constants={"flavour": 3}
    )
    assert contract.problems("webhook", {"url"}) == []
    assert contract.operation("webhook").constants == {"flavour": "3"}
    assert contract.operation("list").constants == {}


def test_a_field_override_is_used_where_the_operation_has_it_and_known_names_elsewhere():
    fields = {"export_uuid": TEXT, "title": TEXT, "doc_type": TEXT, "export_url": TEXT}
    contract = live(changed(PUBLISHED_2_2_10, WEBHOOK, fields=fields), fields={"id": "export_uuid"})
    assert contract.operation("webhook").names["id"] == "export_uuid"
    assert contract.operation("remove").names["id"] == "id"


def test_an_operation_override_names_the_path():
    moved = replace(PUBLISHED_2_2_10, operations={("POST", "/v3/hooks"): PUBLISHED_2_2_10.operations[WEBHOOK]})
    assert live(moved).find("webhook") is None
    assert live(moved, operations={"webhook": "/v3/hooks"}).operation("webhook").path == "/v3/hooks"


def test_an_operation_that_is_gone_is_one_clear_error():
    gone = replace(PUBLISHED_2_2_10, version="13.0", operations={})
    with pytest.raises(ContractMismatch) as caught:
        live(gone).operation("list")
    assert caught.value.message == (
        "/configurations/get_configurations (live contract): DocBits 13.0 has no such operation; "
        "look it up in /docs of this host and name its path in contract_overrides: operations: list [DC01]"
    )
    assert live(gone).problems("webhook", {"url"})[0].id == "DC01"


def test_one_path_serves_several_kinds_only_where_it_takes_their_file():
    contract = Contract(CURRENT, "current")
    assert {contract.operation(kind).path for kind in ("infor_idm_m3", "infor_idm_m3_toml", "infor_idm_ln")} == {"/configurations/configure_infor_export"}
    without = changed(CURRENT, ("POST", "/configurations/configure_infor_export"), fields={"m3_mapping": FILE})
    assert live(without).find("infor_idm_m3") is not None
    assert live(without).find("infor_idm_ln") is None


# Downloads and records


def test_a_slot_is_called_as_the_live_choices_say():
    download = ("GET", "/configurations/download/{id}")
    assert Contract(PUBLISHED_2_2_10, "2.2.10").slot_type("ionapi") == "ION_API"
    assert Contract(PUBLISHED_2_2_10, "2.2.10").slot_type("m3_mapping") is None
    assert live(changed(PUBLISHED_2_2_10, download, choices={"type": ("ION_MAPPING", "M3_TOML")})).slot_type("ionapi") == "ION_MAPPING"
    assert live(changed(PUBLISHED_2_2_10, download, choices={})).slot_type("m3_toml_mapping") == "M3_TOML_MAPPING"
    assert live(replace(PUBLISHED_2_2_10, operations={})).slot_type("ionapi") is None


def test_every_slot_has_a_type_and_every_type_is_a_slot():
    assert SLOT_TYPES.keys() == FILES.keys()


@pytest.mark.parametrize("word", RECORD_KEYS)
def test_every_key_of_a_record_is_found_and_null_is_not_told(word):
    for key in RECORD_KEYS[word]:
        assert live().record_value({key: "x"}, word) == "x"
        assert live().record_value({key: None}, word) is None
    assert live(records={word: "odd"}).record_value({"odd": 0, RECORD_KEYS[word][0]: 1}, word) == 0


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        ("webhook", ("webhook", None)),
        ("infor_sftp", ("infor_sftp", None)),
        ("infor-idm-cloud", ("infor_idm", "cloud")),
        ("Infor-IDM-OnPremise ", ("infor_idm", "on_premises")),
        ("infor-m3-toml-cloud", ("infor_idm_m3_toml", "cloud")),
        ("infor-m3-oc-charges-onpremise", ("infor-m3-oc-charges-onpremise", None)),
        ("infor-gls840-onpremise", ("infor-gls840-onpremise", None)),
        ("infor-m3-onpremise", ("infor-m3-onpremise", None)),
        ("infor-idm", ("infor-idm", None)),
        ("watcher", ("watcher", None)),
        ("", ("", None)),
    ],
)
def test_the_export_method_tells_kind_and_deployment(method, expected):
    assert kind_and_deployment(method) == expected


@given(st.text() | st.none() | st.integers())
def test_an_unknown_method_stands_for_itself(method):
    kind, deployment = kind_and_deployment(method)
    assert kind in KINDS or (kind, deployment) == (str(method).strip().lower(), None)


@pytest.mark.parametrize(("value", "type_", "text"), [(True, BOOLEAN, "true"), (False, TEXT, "false"), (5, INTEGER, "5"), ("0-9", TEXT, "0-9"), ("", TEXT, "")])
def test_a_value_travels_as_text(value, type_, text):
    assert encoded(value, type_) == text


# The comparison


def test_the_comparison_tells_every_outcome():
    schema = PUBLISHED_2_2_10.operations[WEBHOOK]
    fields = {"config_id": INTEGER, "name": TEXT, "flavour": TEXT, "colour": TEXT, "export_url": TEXT}
    contract = live(changed(PUBLISHED_2_2_10, WEBHOOK, fields=fields, required=schema.required | {"flavour", "colour"}), constants={"colour": "red"})
    rows = {row["word"] or row["wire"]: row["outcome"] for row in contract.comparison() if row["operation"] == "webhook"}
    assert rows == {
        "": "found",
        "id": "published name",
        "title": "other name",
        "document_type": "missing",
        "sub_organisation": "missing",
        "execution_order": "missing",
        "url": "published name",
        "flavour": "unknown and required",
        "colour": "not used",
    }
    assert [row["outcome"] for row in contract.comparison() if row["operation"] == "smb"] == ["missing"]
    assert {row["operation"] for row in contract.comparison()} >= {name for name, operation in OPERATIONS.items() if operation.fields}


def test_a_given_prefix_goes_before_that_of_the_contract_and_is_a_path():
    schema = replace(PUBLISHED_2_2_10, prefix="/sandbox-api")
    assert Contract(schema, "live").prefix == "/sandbox-api"
    for given_prefix, prefix in (("", ""), ("/", ""), ("prod-api", "/prod-api"), ("/prod-api/", "/prod-api"), ("@other.example", "/@other.example")):
        assert Contract(schema, "live", prefix=given_prefix).prefix == prefix
