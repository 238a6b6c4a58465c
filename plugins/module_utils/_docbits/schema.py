# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The requests that a DocBits API takes, read from its openapi.json. Pure. Private to the collection."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from ansible_collections.docbits.ion.plugins.module_utils._core.shapes import VERSION, looks_random, shown

BOOLEAN = "boolean"
INTEGER = "integer"
TEXT = "string"
FILE = "file"

# The path of a server, such as /api/v2.
_PREFIX = re.compile(r"(?:/[A-Za-z0-9._~@-]{1,64}){0,6}")

MULTIPART = "multipart/form-data"
URLENCODED = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class OperationSchema:
    """What one operation takes.

    encoding: media type of the body, or None without a body
    fields:   wire name to one of BOOLEAN, INTEGER, TEXT, FILE (body fields and query parameters)
    required: wire names that must be sent
    choices:  wire name to the values that it allows, if it lists them
    query:    those of the fields that are sent in the query string
    """

    encoding: str | None
    fields: dict
    required: frozenset = frozenset()
    choices: dict = field(default_factory=dict)
    query: frozenset = frozenset()


@dataclass(frozen=True)
class ApiSchema:
    """An API: its version, the path prefix of its first server, and its operations by (method, path)."""

    version: str
    operations: dict
    prefix: str = ""


def read_openapi(document) -> ApiSchema:
    """The schema in an OpenAPI 3.0 or 3.1 document. Raises: ValueError if it is none."""
    try:
        version = shown(VERSION, document["info"]["version"])
        schemas = document.get("components", {}).get("schemas", {})
        operations = {
            (method.upper(), path): _operation(operation, schemas)
            for path, methods in document["paths"].items()
            for method, operation in methods.items()
            if isinstance(operation, dict)
        }
        return ApiSchema(version, operations, _prefix(document.get("servers")))
    except (KeyError, TypeError, AttributeError, ValueError):
        raise ValueError("no OpenAPI document") from None


def as_prefix(path: str) -> str:
    """A path as it is put between host and operation: it begins with a slash, so that it never becomes part of the host, and does not end with one."""
    return f"/{path.strip('/')}" if path.strip("/") else ""


def _prefix(servers) -> str:
    # Only the path counts: the host is the one that the user named, whatever the document says.
    url = servers[0].get("url") if isinstance(servers, list) and servers and isinstance(servers[0], dict) else None
    prefix = as_prefix(urlsplit(url).path) if isinstance(url, str) else ""
    if not _PREFIX.fullmatch(prefix) or looks_random(prefix):
        raise ValueError("no path")
    return prefix


def _operation(operation, schemas) -> OperationSchema:
    encoding, fields, required, choices = None, {}, set(), {}
    for parameter in operation.get("parameters", ()):
        parameter = _resolved(parameter, schemas)
        if parameter.get("in") == "query":
            _take(parameter["name"], parameter.get("schema", {}), schemas, fields, choices)
            if parameter.get("required"):
                required.add(parameter["name"])
    query = frozenset(fields)
    content = operation.get("requestBody", {}).get("content", {})
    for encoding in (MULTIPART, URLENCODED):
        if encoding in content:
            body = _resolved(content[encoding].get("schema", {}), schemas)
            for name, schema in body.get("properties", {}).items():
                _take(name, schema, schemas, fields, choices)
            required.update(body.get("required", ()))
            break
    else:
        encoding = None
    return OperationSchema(encoding, fields, frozenset(name for name in required if isinstance(name, str)), choices, query)


def _take(name, schema, schemas, fields, choices) -> None:
    schema = _resolved(schema, schemas)
    fields[name] = _type(schema)
    if "enum" in schema:
        choices[name] = tuple(schema["enum"])


def _type(schema) -> str:
    if schema.get("format") == "binary" or "contentMediaType" in schema:
        return FILE
    types = schema.get("type")
    types = [type_ for type_ in types if type_ != "null"] if isinstance(types, list) else [types]
    return types[0] if types[:1] in ([BOOLEAN], [INTEGER]) else TEXT


def _resolved(schema, schemas) -> dict:
    """A schema without the wrappers that generators put around it: references, allOf of one, anyOf with null."""
    for _depth in range(8):
        if "$ref" in schema:
            schema = schemas.get(schema["$ref"].rpartition("/")[2], {})
        elif "type" not in schema and any(key in schema for key in ("anyOf", "oneOf", "allOf")):
            options = schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf")
            schema = next((option for option in options if option.get("type") != "null"), {})
        else:
            break
    return schema
