# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The OpenAPI document of a contract: for 2.2.10 the published file, for the others that file changed where they differ."""

from __future__ import annotations

import copy

from .docbits_contracts import Contract, Field, Operation, published, published_document


def openapi_document(contract: Contract, mount: str = "") -> dict:
    """The document; `mount` is the path of the host on the listener, because OpenAPI counts `servers` from the root."""
    document = {"openapi": contract.openapi, **{key: copy.deepcopy(value) for key, value in published_document().items() if key != "openapi"}}
    document["info"]["version"] = contract.version
    if contract.prefix:
        document["servers"] = [{"url": mount + contract.prefix}]
    schemas = document["components"]["schemas"]
    for operation in published().operations:
        del document["paths"][operation.path]
        schemas.pop(_body_name(operation), None)
    schemas["DOC_TYPE"]["enum"] = list(contract.download_types.values())
    schemes = {"APIKeyHeader" if header == "X-API-KEY" else header: header for header in contract.headers}
    document["components"]["securitySchemes"] = {scheme: {"type": "apiKey", "in": "header", "name": header} for scheme, header in schemes.items()}
    # The published file names its only scheme twice.
    security = [{scheme: []} for scheme in (schemes if len(schemes) > 1 else [*schemes, *schemes])]
    for operation in contract.operations:
        if operation.encoding:
            schemas[_body_name(operation)] = _body(contract, operation)
        document["paths"].setdefault(operation.path, {})[operation.method] = _operation(contract, operation, security)
    return document


def _operation(contract: Contract, operation: Operation, security: list) -> dict:
    result: dict = {"tags": [operation.tag], "summary": operation.summary, "operationId": operation.operation_id}
    parameters = [field for field in operation.fields if field.where != "body"]
    if parameters:
        result["parameters"] = [
            {"required": field.required, "schema": _schema(contract, field, optional=False), "name": field.wire, "in": field.where} for field in parameters
        ]
    if operation.encoding:
        body = {"content": {operation.encoding: {"schema": {"$ref": f"#/components/schemas/{_body_name(operation)}"}}}}
        if any(field.required for field in operation.fields):
            body["required"] = True
        result["requestBody"] = body
    result["responses"] = {"200": {"description": "Successful Response", "content": {"application/json": {"schema": {}}}}}
    if operation.fields:
        error = {"schema": {"$ref": "#/components/schemas/HTTPValidationError"}}
        result["responses"]["422"] = {"description": "Validation Error", "content": {"application/json": error}}
    result["security"] = security
    return result


def _body_name(operation: Operation) -> str:
    return f"Body_{operation.operation_id}"


def _body(contract: Contract, operation: Operation) -> dict:
    fields = [field for field in operation.fields if field.where == "body"]
    required = [field.wire for field in fields if field.required]
    return {
        "title": _body_name(operation),
        **({"required": required} if required else {}),
        "type": "object",
        "properties": {field.wire: _schema(contract, field, optional=not field.required) for field in fields},
    }


def _schema(contract: Contract, field: Field, optional: bool) -> dict:
    title = field.wire.replace("_", " ").title()
    modern = contract.openapi.startswith("3.1")
    match field.type:
        case "download_type":
            return {"$ref": "#/components/schemas/DOC_TYPE"}
        case "file":
            schema = {"type": "string", "contentMediaType": "application/octet-stream"} if modern else {"type": "string", "format": "binary"}
        case "uuid":
            schema = {"type": "string", "format": "uuid"}
        case _:
            schema = {"type": field.type}
    return {"title": title, "anyOf": [schema, {"type": "null"}]} if modern and optional else {"title": title, **schema}
