# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The FastAPI application of one contract: routes, authentication, the published document, and failed answers."""

from __future__ import annotations

import hashlib
import inspect
import json
import uuid
from enum import Enum

from fastapi import Depends, FastAPI, File, Form, HTTPException, Path, Query, UploadFile
from fastapi.exceptions import RequestValidationError
from starlette import datastructures
from starlette.exceptions import HTTPException as AnyHTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from .docbits_answers import Call, answer
from .docbits_contracts import Contract, Field, Operation
from .docbits_exports import Exports, Refusal
from .docbits_openapi import openapi_document
from .docbits_organisations import Organisations
from .store import Store

PLACES = {"path": Path, "query": Query, "body": Form}
TYPES = {"string": str, "integer": int, "boolean": bool, "uuid": uuid.UUID, "file": UploadFile}


def docbits_api(contract: Contract, store: Store) -> FastAPI:
    """The application. It serves every host of the contract: `request.state` says which one (`host`, `mount`)."""
    app = FastAPI(openapi_url=None, redirect_slashes=False)
    organisations = Organisations(store)

    def route(operation: Operation) -> None:
        async def authenticate(request: Request) -> None:
            organisation = organisations.by_key(request.state.host, request.headers.get("x-api-key", ""))
            if organisation is None:
                raise HTTPException(401, "Could not validate credentials")
            request.state.principal = organisation.name
            request.state.organisation = organisation
            wanted = request.headers.get("x-org-id")
            if wanted and wanted not in (organisation.id, *(known["id"] for known in organisation.sub_organisations)):
                raise Refusal("NOT_ENOUGH_PERMISSIONS_ACCESS_ORG", 403)
            code = organisations.planned_failure(organisation, operation.name)
            if code is not None:
                raise Refusal(code)

        app.add_api_route(
            operation.path,
            _endpoint(contract, operation, store),
            methods=[operation.method.upper()],
            dependencies=[Depends(authenticate)],
            response_model=None,
        )

    for operation in contract.operations:
        route(operation)

    documents: dict[str, tuple[bytes, str]] = {}

    @app.get("/openapi.json")
    async def openapi(request: Request) -> Response:
        mount, shown = request.state.mount, organisations.openapi_of_host(request.state.host)
        if shown == "hidden":
            raise HTTPException(404, "Not Found")
        if shown == "key" and organisations.by_key(request.state.host, request.headers.get("x-api-key", "")) is None:
            raise HTTPException(401, "Could not validate credentials")
        if mount not in documents:
            content = json.dumps(openapi_document(contract, mount)).encode()
            documents[mount] = content, f'"{hashlib.sha256(content).hexdigest()[:32]}"'
        content, etag = documents[mount]
        if request.headers.get("if-none-match") == etag:
            return Response(status_code=304, headers={"ETag": etag})
        return Response(content, media_type="application/json", headers={"ETag": etag})

    @app.get("/")
    @app.get("/version")
    @app.get("/healthz")
    @app.get("/api/health/")
    @app.get("/api/health/services")
    async def health() -> dict:
        return {"status": "ok", "version": contract.version}

    def failed(status: int, body: dict) -> Response:
        trace = {contract.trace_key: uuid.uuid4().hex} if contract.trace_key else {}
        return JSONResponse({**body, **trace}, status)

    @app.exception_handler(Refusal)
    async def refused(request: Request, refusal: Refusal) -> Response:
        status = refusal.status or request.state.organisation.behaviour(contract).failure_status
        return failed(status, {"success": False, contract.failure_key: refusal.code})

    @app.exception_handler(RequestValidationError)
    async def invalid(_request: Request, error: RequestValidationError) -> Response:
        words = _in_pydantic_1 if contract.pydantic == 1 else _in_pydantic_2
        return failed(422, {"detail": [words(problem) for problem in error.errors()]})

    @app.exception_handler(AnyHTTPException)
    async def refused_by_http(_request: Request, error: AnyHTTPException) -> Response:
        return failed(error.status_code, {"detail": error.detail})

    return app


def _endpoint(contract: Contract, operation: Operation, store: Store):
    """An endpoint that FastAPI reads as if it stood in a program: one parameter for each field of the operation."""
    download_type = Enum("DOC_TYPE", {value: value for value in contract.download_types.values()}, type=str)
    bodies = {field.name: field for field in operation.fields if field.where == "body"}

    async def endpoint(request: Request, **fields):
        organisation = request.state.organisation
        form = await request.form() if bodies else {}
        files = {name: (file.filename or "", await file.read()) for name, file in fields.items() if isinstance(file, datastructures.UploadFile)}
        values = {field.name: fields[field.name] for field in operation.fields if field.type != "file"}
        emptied = {name for name, field in bodies.items() if form.get(field.wire) == ""}
        return answer(Call(contract, operation, organisation, Exports(store, organisation, contract), values, files, emptied))

    parameters = [inspect.Parameter("request", inspect.Parameter.KEYWORD_ONLY, annotation=Request)]
    endpoint.__signature__ = inspect.Signature(parameters + [_parameter(field, download_type) for field in operation.fields])
    return endpoint


def _parameter(field: Field, download_type: type[Enum]) -> inspect.Parameter:
    place = File if field.type == "file" else PLACES[field.where]
    type_ = download_type if field.type == "download_type" else TYPES[field.type]
    if field.required:
        return inspect.Parameter(field.name, inspect.Parameter.KEYWORD_ONLY, annotation=type_, default=place(alias=field.wire))
    return inspect.Parameter(field.name, inspect.Parameter.KEYWORD_ONLY, annotation=type_ | None, default=place(None, alias=field.wire))


def _in_pydantic_1(problem: dict) -> dict:
    """A problem as FastAPI said it in 2022."""
    if problem["type"] == "missing":
        return {"loc": problem["loc"], "msg": "field required", "type": "value_error.missing"}
    kind = problem["type"].partition("_")[0]
    return {"loc": problem["loc"], "msg": f"value is not a valid {kind}", "type": f"type_error.{kind}"}


def _in_pydantic_2(problem: dict) -> dict:
    """A problem as FastAPI says it now: it repeats what was sent."""
    told = problem["input"] if isinstance(problem.get("input"), (str, int, bool)) else None
    return {"type": problem["type"], "loc": problem["loc"], "msg": problem["msg"], "input": told}
