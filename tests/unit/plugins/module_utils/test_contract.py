# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The contract: the bundled one is the published one, and fields are bound to the names of a live document."""

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
    DOWNLOAD_TYPES,
    FOREIGN_METHODS,
    OPERATIONS,
    RECORD_KEYS,
    Contract,
    Overrides,
    encoded,
    is_foreign,
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


def test_bundled_contract_is_the_published_one():
    if not PUBLISHED_FILE.exists():
        pytest.skip(f"the published contract is not in this checkout ({PUBLISHED_FILE.name})")
    published = read_openapi(json.loads(PUBLISHED_FILE.read_text(encoding="utf-8")))
    assert published.version == PUBLISHED_2_2_10.version == "2.2.10"
    assert {key: published.operations.get(key) for key in PUBLISHED_2_2_10.operations} == PUBLISHED_2_2_10.operations


def test_bundled_contract_has_every_published_operation_that_is_used():
    if not PUBLISHED_FILE.exists():
        pytest.skip(f"the published contract is not in this checkout ({PUBLISHED_FILE.name})")
    published = read_openapi(json.loads(PUBLISHED_FILE.read_text(encoding="utf-8")))
    used = {(operation.method, path) for operation in OPERATIONS.values() for path in operation.paths}
    assert used & published.operations.keys() <= PUBLISHED_2_2_10.operations.keys()


PUBLISHED_KINDS = ("infor_idm", "infor_ion_bod", "infor_idm_ion_bod", "webhook", "flow2", "zugferd", "peppol")


@pytest.mark.parametrize("kind", PUBLISHED_KINDS)
def test_published_contract_has_its_kinds(kind):
    names = {"id", "title", "document_type", *KINDS[kind].parts}
    assert Contract(PUBLISHED_2_2_10, "2.2.10").problems(kind, names) == []


@pytest.mark.parametrize("kind", sorted(set(KINDS) - set(PUBLISHED_KINDS)))
def test_published_contract_refuses_later_kinds(kind):
    (problem,) = Contract(PUBLISHED_2_2_10, "2.2.10").problems(kind, {"title"})
    assert problem.id == "DC01"
    assert f"contract_overrides: {{operations: {{{kind}: PATH}}}}" in problem.action and "(2.2.10 contract)" in problem.where


@pytest.mark.parametrize("kind", KINDS)
def test_current_contract_has_every_kind_with_all_its_fields(kind):
    names = {"id", *COMMON_FIELDS, *KINDS[kind].parts} - {"kind", "active"}
    assert Contract(CURRENT, "current").problems(kind, names) == []


@pytest.mark.parametrize("kind", KINDS)
def test_part_of_a_kind_can_be_sent_and_read(kind):
    assert set(KINDS[kind].parts) <= set(OPERATIONS[kind].fields)
    from_the_method, never_listed = {"deployment"}, {"password"}
    for name in KINDS[kind].parts:
        assert name in DOWNLOAD_TYPES or name in RECORD_KEYS or name in from_the_method | never_listed


def test_the_first_alias_is_the_name_that_the_bundled_contracts_use():
    for schema in BUNDLED.values():
        for row in Contract(schema, "bundled").comparison():
            assert row["outcome"] != "other name", row


def test_published_contract_has_no_sub_organisation():
    (problem,) = Contract(PUBLISHED_2_2_10, "2.2.10").problems("webhook", {"url", "sub_organisation"})
    assert problem.id == "DC02" and "sub_organisation" in problem.where


def test_operations_that_write_are_marked_so():
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


@pytest.mark.parametrize("operation", [name for name, operation in OPERATIONS.items() if operation.fields and name != "list"])
def test_alias_of_a_field_is_found(operation):
    contract = Contract(CURRENT, "current")
    bound = contract.find(operation)
    for field, wire in OPERATIONS[operation].fields.items():
        published = bound.names[field]
        for alias in wire.names:
            if alias != published and alias in bound.schema.fields:
                continue
            fields = {alias if name == published else name: type_ for name, type_ in bound.schema.fields.items()}
            other = live(changed(CURRENT, (bound.method, bound.path), fields=fields))
            assert other.operation(operation).names[field] == alias


@pytest.mark.parametrize(("field", "alias"), [(field, alias) for field, wire in OPERATIONS["list"].fields.items() for alias in wire.names])
def test_alias_of_a_page_is_found(field, alias):
    schema = changed(CURRENT, ("POST", "/configurations/get_configurations"), fields={alias: INTEGER})
    assert live(schema).operation("list").names == {field: alias}


def test_an_alias_of_the_wrong_type_is_not_taken():
    fields = {**PUBLISHED_2_2_10.operations[IDM].fields, "ion_api": TEXT}
    (problem,) = live(changed(PUBLISHED_2_2_10, IDM, fields=fields)).problems("infor_idm", {"ionapi", "deployment", "zugferd"})
    assert problem.id == "DC02" and "ionapi" in problem.where


def test_wire_name_is_bound_to_one_field_only():
    for schema in BUNDLED.values():
        for name in OPERATIONS:
            bound = Contract(schema, "bundled").find(name)
            if bound is not None:
                assert len(set(bound.names.values())) == len(bound.names)


def test_required_field_that_nothing_fills_is_named_with_the_line_to_set():
    schema = PUBLISHED_2_2_10.operations[WEBHOOK]
    contract = live(changed(PUBLISHED_2_2_10, WEBHOOK, fields={**schema.fields, "flavour": TEXT}, required=schema.required | {"flavour", "title"}))
    title, flavour = sorted(contract.problems("webhook", {"url"}), key=lambda problem: "flavour" in problem.where)
    assert (title.id, title.action) == ("DC03", "declare title")
    assert flavour.id == "DC03" and "contract_overrides: {constants: {flavour: VALUE}}" in flavour.action


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


def test_operation_that_is_missing_is_one_error():
    gone = replace(PUBLISHED_2_2_10, version="13.0", operations={})
    with pytest.raises(ContractMismatch) as caught:
        live(gone).operation("list")
    assert caught.value.message == (
        "/configurations/get_configurations (live contract): DocBits 13.0 has no such operation; "
        "look it up in /docs of this host and set contract_overrides: {operations: {list: PATH}} [DC01]"
    )
    assert live(gone).problems("webhook", {"url"})[0].id == "DC01"


def test_path_of_several_kinds_is_bound_only_if_it_takes_the_file_of_the_kind():
    contract = Contract(CURRENT, "current")
    assert {contract.operation(kind).path for kind in ("infor_idm_m3", "infor_idm_m3_toml", "infor_idm_ln")} == {"/configurations/configure_infor_export"}
    without = changed(CURRENT, ("POST", "/configurations/configure_infor_export"), fields={"m3_mapping": FILE})
    assert live(without).find("infor_idm_m3") is not None
    assert live(without).find("infor_idm_ln") is None


# Downloads and records


def test_download_type_is_one_of_the_live_choices():
    download = ("GET", "/configurations/download/{id}")
    assert Contract(PUBLISHED_2_2_10, "2.2.10").download_type("ionapi") == "ION_API"
    assert Contract(PUBLISHED_2_2_10, "2.2.10").download_type("m3_mapping") is None
    assert live(changed(PUBLISHED_2_2_10, download, choices={"type": ("ION_MAPPING", "M3_TOML")})).download_type("ionapi") == "ION_MAPPING"
    assert live(changed(PUBLISHED_2_2_10, download, choices={})).download_type("m3_toml_mapping") == "M3_TOML_MAPPING"
    assert live(replace(PUBLISHED_2_2_10, operations={})).download_type("ionapi") is None


def test_download_types_are_exactly_of_the_files():
    assert DOWNLOAD_TYPES.keys() == FILES.keys()


def test_download_type_with_an_override_is_that_one():
    download = ("GET", "/configurations/download/{id}")
    contract = live(changed(PUBLISHED_2_2_10, download, choices={"type": ("LN_V2", "LN_MAPPING")}), files={"ln_mapping": "LN_V2"})
    assert contract.download_type("ln_mapping") == "LN_V2"
    assert live(files={"ln_mapping": "UNKNOWN"}).download_type("ln_mapping") is None


@pytest.mark.parametrize("name", RECORD_KEYS)
def test_record_keys_begin_with_the_usual_ones_and_have_the_name_of_requests(name):
    keys = Contract(CURRENT, "current").record_keys(name)
    assert keys[: len(RECORD_KEYS[name])] == RECORD_KEYS[name]
    assert len(set(keys)) == len(keys)


def test_record_keys_of_a_contract_with_another_name_in_requests_have_that_name_last():
    fields = {**CURRENT.operations[WEBHOOK].fields, "exec_order": INTEGER}
    del fields["execution_order"]
    assert live(changed(CURRENT, WEBHOOK, fields=fields)).record_keys("execution_order") == ("execution_order", "exec_order")


def test_record_keys_with_an_override_are_only_that_one():
    assert live(records={"title": "odd"}).record_keys("title") == ("odd",)


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
        ("INFOR-IDM-CLOUD", ("infor_idm", "cloud")),
        ("Infor-IDM-V2", ("Infor-IDM-V2", None)),
        ("infor-sftp-cloud", ("infor-sftp-cloud", None)),
        ("", ("", None)),
    ],
)
def test_export_method_is_read_as_kind_and_deployment(method, expected):
    assert kind_and_deployment(method) == expected


@given(st.text() | st.none() | st.integers())
def test_export_method_that_is_unknown_is_kept(method):
    kind, deployment = kind_and_deployment(method)
    assert kind in KINDS or (kind, deployment) == (str(method).strip(), None)


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("infor_idm", ("infor_idm", "cloud")),
        ("infor_idm/on_premises", ("infor_idm", "on_premises")),
        ("infor_idm_m3", ("infor_idm_m3", None)),
        ("webhook", ("webhook", None)),
    ],
)
def test_export_method_with_an_override_is_that_kind(override, expected):
    assert kind_and_deployment(" odd-V2 ", {"odd-V2": override}) == expected
    assert kind_and_deployment("other", {"odd-V2": override}) == ("other", None)


@pytest.mark.parametrize("method", FOREIGN_METHODS)
def test_export_method_of_a_foreign_export_is_foreign_and_no_kind(method):
    assert is_foreign(method) and is_foreign(f" {method.upper()} ") and kind_and_deployment(method) == (method, None)


@pytest.mark.parametrize("method", ["webhook", "infor-idm-cloud", "infor-idm-v2", "odd", ""])
def test_export_method_of_another_export_is_not_foreign(method):
    assert not is_foreign(method)


@pytest.mark.parametrize(("value", "type_", "text"), [(True, BOOLEAN, "true"), (False, TEXT, "false"), (5, INTEGER, "5"), ("0-9", TEXT, "0-9"), ("", TEXT, "")])
def test_value_is_encoded_as_text(value, type_, text):
    assert encoded(value, type_) == text


# The comparison


def test_comparison_has_every_outcome():
    schema = PUBLISHED_2_2_10.operations[WEBHOOK]
    fields = {"config_id": INTEGER, "name": TEXT, "flavour": TEXT, "colour": TEXT, "export_url": TEXT}
    contract = live(changed(PUBLISHED_2_2_10, WEBHOOK, fields=fields, required=schema.required | {"flavour", "colour"}), constants={"colour": "red"})
    rows = {row["field"] or row["wire"]: row["outcome"] for row in contract.comparison() if row["operation"] == "webhook"}
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
