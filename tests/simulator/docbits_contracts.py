# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The contracts that a simulated DocBits host can have: 2.2.10 as published, `current` as assumed, and seeded variants of it."""

from __future__ import annotations

import functools
import json
import random
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

PUBLISHED_FILE = Path(__file__).parent / "data/docbits-openapi-2.2.10.json"

# Of the published file's operations the simulator serves these; the others are only declared.
SERVED = ("/configurations/", "/document_type/get_document_types", "/sub_organisations/get_sub_organisations")
MULTIPART = "multipart/form-data"
URLENCODED = "application/x-www-form-urlencoded"

# What the download operation calls the files; those after FLOW_MAPPING are assumed from its pattern.
DOWNLOAD_TYPES = {
    "ion_api": "ION_API",
    "idm_mapping": "IDM_MAPPING",
    "bod_mapping": "BOD_MAPPING",
    "flow2_mapping": "FLOW_MAPPING",
    "m3_mapping": "M3_MAPPING",
    "m3_toml_mapping": "M3_TOML_MAPPING",
    "ln_mapping": "LN_MAPPING",
    "xslt": "XSLT",
    "jpl_mapping": "JPL_MAPPING",
}
DOWNLOAD_TYPES_2_2_10 = dict(list(DOWNLOAD_TYPES.items())[:4])

# Only id, export_method and export_url are known from the vendor's client; the others are shown by the web application.
RECORD_2_2_10 = ("id", "export_method", "export_url", "title", "doc_type", "is_active", "on_permise", "zugferd", "org_id", "created_on", "last_modified_on")
RECORD_CURRENT = (*RECORD_2_2_10, "sub_org_id", "execution_order", "server_url", "port", "username", "password", "folder")
FURTHER = ("flow2_url", "doc_type_id", "cabinet_id", "fileaccess", "format", "email")
RECORD_CURRENT += ("filename_export_mode", "include_document_history", *FURTHER)

# The pools of the seeded contracts: what a field of a request may be called instead ...
ALIASES = {
    "config_id": ("configuration_id", "export_config_id"),
    "id": ("config_id", "configuration_id"),
    "title": ("name",),
    "doc_type": ("document_type", "doc_type_key", "document_type_key"),
    "sub_org_id": ("sub_organisation_id", "sub_organization_id", "suborg_id"),
    "execution_order": ("order", "exec_order", "export_order"),
    "on_permise": ("on_premise", "on_premises", "is_on_premise", "on_prem"),
    "zugferd": ("is_zugferd",),
    "ion_api": ("ion_mapping", "ionapi_file", "ion_api_file"),
    "idm_mapping": ("idm_mapping_file",),
    "bod_mapping": ("bod_mapping_file",),
    "m3_mapping": ("m3_mapping_file",),
    "m3_toml_mapping": ("m3_toml", "toml_mapping"),
    "ln_mapping": ("ln_mapping_file",),
    "xslt": ("xslt_file", "xslt_mapping"),
    "jpl_mapping": ("jpl_mapping_file", "jpl"),
    "export_url": ("webhook_url", "url"),
    "server_url": ("server", "host", "hostname"),
    "port": ("server_port",),
    "username": ("user_name", "user"),
    "password": ("user_password",),
    "folder": ("default_directory", "directory"),
    "is_active": ("active", "enabled"),
}
# ... what a key of a record may be called ...
RECORD_ALIASES = {
    "id": ("config_id", "configuration_id"),
    "export_method": ("method",),
    "title": ("name",),
    "doc_type": ("document_type", "doc_type_key"),
    "sub_org_id": ("sub_organisation_id", "sub_organization_id"),
    "is_active": ("active", "enabled"),
    "execution_order": ("order", "exec_order"),
    "export_url": ("webhook_url", "url"),
}
# ... a type of download ...
DOWNLOAD_ALIASES = {"ion_api": ("ION_MAPPING",), "m3_toml_mapping": ("M3_TOML",), "jpl_mapping": ("JPL",)}
# ... the key of the trace id in a failed answer (None: it has none) and of the code.
TRACE_KEYS = ("trace_id", "traceId", "request_id", "correlation_id", None)
FAILURE_KEYS = ("message", "detail", "error", "code")


DOWNLOADS = ("bytes", "envelope", "json_string", "base64", "url", "masked", "partly_masked", "left_out")
DOWNLOADS += ("forbidden", "not_found", "bom", "crlf", "trimmed", "java")


class Failure(BaseModel):
    """How an operation fails: with this code, the next `times` times (None: always)."""

    model_config = ConfigDict(extra="forbid")

    code: str
    times: int | None = None


class Switches(BaseModel):
    """Behaviour that is not known for sure, or differs between versions; the README says what each one does."""

    model_config = ConfigDict(extra="forbid")

    one_active: bool | Literal["any", "replaces"] = True
    active_on_create: bool = True
    on_update: Literal["empty_clears", "empty_keeps", "omitted_clears", "drops"] = "empty_clears"
    mask_ion_api: Literal["no", "mask", "mask_values", "refuse"] = "no"
    download_newlines: Literal["as_sent", "crlf"] = "as_sent"
    failure_status: Literal[200, 400, 409] = 200
    envelope_lists: bool | None = None
    omit_record_keys: list[str] = []
    fail_on: dict[str, Failure] = {}
    # The moods, as tests/simulation has them.
    download: Literal[DOWNLOADS] = "bytes"
    download_of: Literal["all", "ion_api"] = "all"
    list_shape: Literal["data", "bare", "configurations", "items", "nested", "pages", "silent_pages"] | None = None
    nulls: bool = True
    further_keys: bool = False
    deleted_rows: bool = False
    lists_inactive: bool = True
    masked: Literal["nothing", "url", "username"] = "nothing"
    shuffled: bool = False
    lag: float = 0.0
    empty: Literal["list", "null", "no_data", "nothing"] = "list"
    booleans: Literal["json", "lower", "title", "number", "letter", "unknown"] = "json"
    methods: Literal["known", "other_case", "unknown"] = "known"
    types: Literal["key", "title", "lower"] = "key"
    trims_titles: bool = False
    create_answer: Literal["record", "id", "null_id", "empty", "no_content", "text", "refusal"] = "record"
    own_checks: Literal["succeed", "refuse"] = "succeed"
    openapi: Literal["public", "key", "hidden"] = "public"


@dataclass(frozen=True)
class Field:
    """A field of a request: what this package calls it (the name of 2.2.10 or `current`), and what the wire calls it.

    type: string, integer, boolean, uuid, file or download_type; where: body, path or query
    """

    name: str
    wire: str
    type: str
    required: bool = False
    where: str = "body"


@dataclass(frozen=True)
class Operation:
    """An operation; `name` is the last fixed part of its path."""

    name: str
    method: str
    path: str
    operation_id: str
    summary: str
    tag: str
    encoding: str | None = None
    fields: tuple[Field, ...] = ()


@dataclass(frozen=True)
class Contract:
    """What a host takes and how it answers.

    id_type:         integer or uuid
    prefix:          path prefix named in `servers`; operations without it work too unless `prefix_required`
    headers:         the header schemes that are declared
    record_fields:   what a record of a list tells; record_keys: name to key where they differ
    bare_lists:      operations whose list comes without the envelope
    trace_key:       where a failed answer has its trace id, failure_key: where it has its code
    pydantic:        422 in the words of pydantic 1, or of pydantic 2, which repeat the input
    switches:        how an organisation behaves that sets nothing else
    """

    version: str
    operations: tuple[Operation, ...]
    openapi: str = "3.0.2"
    id_type: str = "integer"
    prefix: str = ""
    prefix_required: bool = False
    headers: tuple[str, ...] = ("X-API-KEY",)
    record_fields: tuple[str, ...] = RECORD_2_2_10
    record_keys: dict[str, str] = field(default_factory=dict)
    download_types: dict[str, str] = field(default_factory=lambda: dict(DOWNLOAD_TYPES_2_2_10))
    bare_lists: frozenset[str] = frozenset()
    trace_key: str | None = None
    failure_key: str = "message"
    pydantic: int = 1
    document_type_optional: bool = False
    jpl_suffix_checked: bool = False
    switches: Switches = field(default_factory=Switches)

    def operation(self, name: str) -> Operation | None:
        return next((operation for operation in self.operations if operation.name == name), None)


def contract_of(spec: str | dict) -> Contract:
    """The contract named "2.2.10", "current" or "current-paged", or {"seed": N}; raises ValueError for anything else."""
    if spec == "2.2.10":
        return published()
    if spec == "current":
        return current()
    if spec == "current-paged":
        return paged()
    if isinstance(spec, dict) and spec.keys() == {"seed"} and isinstance(spec["seed"], int):
        return seeded(spec["seed"])
    raise ValueError('a contract is "2.2.10", "current", "current-paged" or {"seed": N}')


# -- 2.2.10


@functools.cache
def published() -> Contract:
    """2.2.10, read out of the published file."""
    document = published_document()
    operations = [
        _operation(document, path, method, declared)
        for path, methods in document["paths"].items()
        for method, declared in methods.items()
        if path.startswith(SERVED)
    ]
    return Contract("2.2.10", tuple(operations), bare_lists=frozenset({"get_sub_organisations", "document_types"}))


@functools.cache
def published_document() -> dict:
    """The published file; do not change it."""
    return json.loads(PUBLISHED_FILE.read_text())


def _operation(document: dict, path: str, method: str, declared: dict) -> Operation:
    fields = [
        Field(parameter["name"], parameter["name"], _type(parameter["schema"]), parameter["required"], parameter["in"])
        for parameter in declared.get("parameters", ())
    ]
    encoding, content = next(iter(declared.get("requestBody", {}).get("content", {}).items()), (None, None))
    if content:
        body = document["components"]["schemas"][content["schema"]["$ref"].rpartition("/")[2]]
        fields += [Field(name, name, _type(schema), name in body.get("required", ())) for name, schema in body["properties"].items()]
    name = [part for part in path.split("/") if "{" not in part][-1]
    return Operation(name, method, path, declared["operationId"], declared["summary"], declared["tags"][0], encoding, tuple(fields))


def _type(schema: dict) -> str:
    if schema.get("$ref", "").endswith("/DOC_TYPE"):
        return "download_type"
    return "file" if schema.get("format") == "binary" else schema.get("type", "string")


# -- current


@functools.cache
def current() -> Contract:
    """What today's DocBits is assumed to have; paths are documented, nearly all field names are inferred."""
    base = published()
    operations = [_grown(operation) for operation in base.operations]
    operations += [
        _new("configure_sftp_export", MULTIPART, [*COMMON, *SERVER, _file("xslt"), _text("filename_export_mode"), _boolean("include_document_history")]),
        _new("configure_smb_export", MULTIPART, [*COMMON, *SERVER, _file("jpl_mapping")]),
        _new("configure_infor_sftp_export", MULTIPART, [*COMMON, _text("folder"), _file("idm_mapping"), _file("bod_mapping")]),
        _new("test_infor_connection", URLENCODED, [Field("config_id", "config_id", "uuid", required=True)]),
        _new("test_sftp_connection", URLENCODED, list(SERVER)),
        _new("test_smb_connection", URLENCODED, list(SERVER)),
    ]
    return replace(
        base,
        version="12.83.293",
        operations=tuple(operations),
        id_type="uuid",
        prefix="/prod-api",
        headers=("X-ORG-ID", "Authorization", "X-API-KEY"),
        record_fields=RECORD_CURRENT,
        download_types=dict(DOWNLOAD_TYPES),
        bare_lists=frozenset(),
        trace_key="trace_id",
        pydantic=2,
        document_type_optional=True,
        jpl_suffix_checked=True,
        switches=Switches(one_active=False),
    )


@functools.cache
def paged() -> Contract:
    """`current` whose list of exports takes the number of a page."""
    page = Field("page", "page", "integer")
    operations = [replace(one, encoding=URLENCODED, fields=(page,)) if one.name == "get_configurations" else one for one in current().operations]
    return replace(current(), operations=tuple(operations))


def _text(name: str) -> Field:
    return Field(name, name, "string")


def _file(name: str) -> Field:
    return Field(name, name, "file")


def _boolean(name: str) -> Field:
    return Field(name, name, "boolean")


SUB_ORGANISATION_AND_ORDER = (_text("sub_org_id"), Field("execution_order", "execution_order", "integer"))
COMMON = (Field("config_id", "config_id", "uuid"), _text("title"), _text("doc_type"), *SUB_ORGANISATION_AND_ORDER)
SERVER = (_text("server_url"), Field("port", "port", "integer"), _text("username"), _text("password"), _text("folder"))


def _grown(operation: Operation) -> Operation:
    """The operation with ids as UUID, and where it configures an export, with what exports have now."""
    fields = [replace(one, type="uuid") if one.name in ("config_id", "id") else one for one in operation.fields]
    if operation.name.startswith("configure_"):
        fields += SUB_ORGANISATION_AND_ORDER
    if operation.name == "configure_infor_export":
        fields += [_file("m3_mapping"), _file("m3_toml_mapping"), _file("ln_mapping")]
    return replace(operation, fields=tuple(fields))


def _new(name: str, encoding: str, fields: list[Field]) -> Operation:
    path = f"/configurations/{name}"
    return Operation(name, "post", path, f"{name}_configurations_{name}_post", name.replace("_", " ").title(), "configurations", encoding, tuple(fields))


# -- seeded

# Operations that a seeded contract may lack.
LOSABLE = ("configure_idm_export", "configure_ion_export", "configure_infor_export", "configure_sftp_export", "configure_webhook_export")
LOSABLE += ("update_configuration_visibility", "remove_configuration", "get_configurations", "download")
LOSABLE += ("validate_export_configuration", "test_infor_connection")


@functools.lru_cache(maxsize=32)
def seeded(seed: int) -> Contract:
    """A variant of `current`, the same for the same seed; about two of three can be served by a client that knows the pools."""
    chance = random.Random(f"contract {seed}")
    base = current()
    id_type = chance.choice(("integer", "uuid"))
    names = _some_aliases(chance, ALIASES)
    if chance.random() < 0.15:
        names[chance.choice(sorted(ALIASES))] = _invented_name(chance)
    lost_fields = {"zugferd"} if chance.random() < 0.1 else set()
    optional = {"on_permise", "zugferd"} if chance.random() < 0.3 else set()
    types = {"uuid": id_type}
    visibility_types = {**types, "string": chance.choice(("string", "boolean"))}
    lost_operation = chance.choice(LOSABLE) if chance.random() < 0.12 else None
    burdened = chance.choice([name for name in LOSABLE if name.startswith("configure_")]) if chance.random() < 0.15 else None

    def changed(operation: Operation) -> Operation:
        taken = {one.wire for one in operation.fields if one.name not in names}
        new_types = visibility_types if operation.name == "update_configuration_visibility" else types
        fields = []
        for one in operation.fields:
            wire = names.get(one.name, one.wire) if one.where == "body" else one.wire
            if one.name in names and wire in taken:
                wire = one.wire
            required = one.required and one.name not in optional
            if one.name not in lost_fields:
                fields.append(replace(one, wire=wire, type=new_types.get(one.type, one.type), required=required))
        if operation.name == burdened:
            invented = _invented_name(chance)
            fields.append(Field(invented, invented, "string", required=True))
        return replace(operation, fields=tuple(fields))

    return replace(
        base,
        version=f"13.{seed}.{chance.randrange(400)}",
        operations=tuple(changed(operation) for operation in base.operations if operation.name != lost_operation),
        openapi=chance.choice(("3.0.2", "3.1.0")),
        id_type=id_type,
        prefix=chance.choice(("", "/prod-api", "/stage-api")),
        prefix_required=chance.random() < 0.5,
        record_keys=_some_aliases(chance, RECORD_ALIASES),
        download_types={**base.download_types, **_some_aliases(chance, DOWNLOAD_ALIASES)},
        bare_lists=frozenset(name for name in ("get_configurations", "get_document_types", "get_sub_organisations") if chance.random() < 0.5),
        trace_key=chance.choice(TRACE_KEYS),
        failure_key=chance.choice(FAILURE_KEYS),
        pydantic=chance.choice((1, 2)),
        switches=Switches(
            one_active=chance.random() < 0.5,
            active_on_create=chance.random() < 0.7,
            mask_ion_api=chance.choice(("no", "no", "mask", "mask_values", "refuse")),
            download_newlines=chance.choice(("as_sent", "as_sent", "crlf")),
            failure_status=chance.choice((200, 400, 409)),
        ),
    )


def _some_aliases(chance: random.Random, pools: dict[str, tuple[str, ...]]) -> dict[str, str]:
    """Another name for about every fourth."""
    return {name: chance.choice(pool) for name, pool in pools.items() if chance.random() < 0.25}


def _invented_name(chance: random.Random) -> str:
    """A field name that no client can know."""
    return "z_" + "".join(chance.choice("bcdfghklmnprstvw") + chance.choice("aeiou") for _syllable in range(4))
