# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The FastAPI application: real form parsing, 422 answers, X-API-KEY, and a generated openapi.json."""

import asyncio
import inspect
import secrets
from enum import Enum
from typing import Annotated, Optional

from fastapi import Depends, FastAPI, File, Form, HTTPException, Request, Response, UploadFile
from fastapi.openapi.utils import get_openapi
from fastapi.responses import JSONResponse
from fastapi.security import APIKeyHeader

from . import shapes
from .store import DOC_TYPES, SUB_ORGS, Refusal, Store
from .wire import DOWNLOADS, DOWNLOADS_2026, FILE, OPERATIONS, Field, Operation, fields_of


class _Params:
    """Builds the signature of an endpoint, from which FastAPI derives parsing and schema."""

    def __init__(self) -> None:
        self.items = [inspect.Parameter("request", inspect.Parameter.KEYWORD_ONLY, annotation=Request)]

    def add(self, name: str, annotation: object, default: object = inspect.Parameter.empty) -> None:
        self.items.append(inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation))

    def form(self, field: Field) -> None:
        if field.type == FILE:
            self.add(field.wire, Optional[UploadFile], File(None))
        elif field.required:
            self.add(field.wire, field.type, Form(...))
        else:
            self.add(field.wire, Optional[field.type], Form(None))

    def apply(self, function, name: str):
        function.__signature__ = inspect.Signature(self.items)
        function.__name__ = name
        return function


def build(store: Store, api_key: str) -> FastAPI:
    """Return the application of one organisation."""
    moods = store.moods
    old = moods.profile == "2.2.10"
    id_type = int if moods.id_type == "int" else str
    header = APIKeyHeader(name="X-API-KEY", auto_error=False)
    tokens: dict[str, bytes] = {}
    in_flight: list[str] = []

    async def check_key(key: Annotated[str | None, Depends(header)]) -> None:
        if not key or not secrets.compare_digest(key.encode(), api_key.encode()):
            raise HTTPException(401, "Invalid API key")

    app = FastAPI(
        title="DOC2 - API" if old else "DocBits API",
        version="2.2.10" if old else "12.83.293",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        servers=[{"url": moods.prefix}] if moods.prefix else None,
    )
    private = {"dependencies": [Depends(check_key)]}

    @app.exception_handler(Refusal)
    async def _refused(request: Request, error: Refusal) -> Response:
        request.scope["peer.effects"].append({"refused": error.code})
        return shapes.refusal(moods, error.code, error.status)

    async def write(request: Request, change):
        """Run a change of the store and note its effect in the journal."""
        if in_flight and moods.concurrent == "refuse":
            raise Refusal("DUPLICATE_RECORD", "409")
        in_flight.append(request.url.path)
        try:
            before = store.state()
            await asyncio.sleep(moods.write_seconds)
            export, what, changed = change()
            request.scope["peer.effects"].append(
                {
                    "what": what,
                    "id": str(store.wire_id(export.number)),
                    "title": export.title,
                    "changed": changed,
                    "altered": store.state() != before,
                }
            )
            return export
        finally:
            in_flight.pop()

    # configure_* ------------------------------------------------------------------------------------------------------

    def add_configure(operation: Operation) -> None:
        known = fields_of(operation, moods.profile, moods.wire_names)

        id_name = "configuration_id" if moods.wire_names == "renamed_id" else "config_id"

        async def configure(request: Request, **values):
            config_id = values[id_name]
            raw = await request.form()
            sent, files, cleared = {}, {}, set()
            for field in known:
                value = values[field.wire]
                if field.type == FILE:
                    if value is not None:
                        files[field.name] = await value.read()
                    continue
                if raw.get(field.wire) == "" and moods.empty_clears:
                    cleared.add(field.name)
                sent[field.name] = value
            request.scope["peer.sent"] = {
                "operation": operation.name,
                "config_id": None if config_id is None else str(config_id),
                "fields": {k: v for k, v in sent.items() if v is not None},
                "files": sorted(files),
                "cleared": sorted(cleared),
                "unknown": sorted(set(raw) - {f.wire for f in known} - {id_name}),
            }
            new = config_id in (None, "")
            export = await write(request, lambda: store.save(operation, config_id, sent, files, cleared))
            return shapes.written(store, export, moods.create_answer if new else moods.update_answer)

        params = _Params()
        params.add(id_name, Optional[id_type], Form(None))
        for field in known:
            params.form(field)
        app.post(operation.path, **private)(params.apply(configure, operation.function))

    for operation in OPERATIONS:
        if not old or operation.since == "2.2.10":
            add_configure(operation)

    # other /configurations ------------------------------------------------------------------------------------------

    @app.post("/configurations/get_configurations", **private)
    async def get_export_configurations(request: Request):
        stale = moods.lag_mode == "steady" or request.scope["peer.call"] % 2 == 0
        page = request.query_params.get("page", "1")
        return shapes.listing(store, moods.lag if stale else 0.0, max(1, int(page)) if page.isdigit() else 1)

    @app.post("/configurations/remove_configuration", **private)
    async def remove_configuration(request: Request, id: id_type = Form(...)):
        request.scope["peer.sent"] = {"operation": "remove", "config_id": str(id)}
        export = await write(request, lambda: (store.remove(id), "remove", moods.remove_answer != "ignored"))
        return shapes.acknowledged(store, export, moods.remove_answer)

    @app.post("/configurations/update_configuration_visibility", **private)
    async def update_configuration_visibility(request: Request, id: id_type | None = Form(None), is_active: str | None = Form(None)):
        request.scope["peer.sent"] = {"operation": "visibility", "config_id": str(id), "is_active": is_active}

        def change():
            export, changed = store.set_active(id, is_active)
            return export, "visibility", changed

        return shapes.acknowledged(store, await write(request, change), moods.visibility_answer)

    if moods.validate != "hidden":

        @app.post("/configurations/validate_export_configuration", **private)
        async def validate_export_configurations(doc_type: str | None = Form(None)):
            mine = [e for e in store.view(0) if e.active and not e.deleted and e.doc_type == doc_type]
            return _verdict(moods.validate, "right" if mine else "EXPORT_CONFIG_NOT_FOUND", "MISSING_MAPPING_FILE")

    if moods.test_infor != "hidden" and not old:

        @app.post("/configurations/test_infor_connection", **private)
        async def test_infor_connection(config_id: id_type | None = Form(None), ion_api: UploadFile | None = File(None)):
            has_file = ion_api is not None or (config_id and "ionapi" in store.find(config_id).files)
            return _verdict(
                moods.test_infor,
                "right" if has_file else "ION_API_RECORD_NOT_FOUND",
                "ERROR_GETTING_INFOR_ACCESS_TOKEN",
            )

    def _verdict(mood: str, truth: str, lie: str) -> Response:
        if mood == "500":
            return JSONResponse({"detail": "Internal Server Error"}, 500)
        code = {"right": truth, "refuses": lie, "accepts": "right"}[mood]
        if code == "right":
            return JSONResponse({"success": True, "message": "Connection Established Successfully."})
        return shapes.refusal(moods, code, None)

    kinds_of_file = DOWNLOADS if old else DOWNLOADS_2026
    doc_type_enum = Enum("DOC_TYPE", {key: key for key in kinds_of_file}, type=str)

    @app.get("/configurations/download/{id}", **private)
    async def downlod_file(request: Request, id: id_type, type: doc_type_enum):
        lag = moods.lag if moods.lag_downloads else 0.0
        number = store.find(id).number
        export = next((e for e in store.view(lag) if e.number == number and not e.deleted), None)
        if export is None:
            raise Refusal("EXPORT_CONFIG_NOT_FOUND", "404")
        name = kinds_of_file[type.value]
        token = secrets.token_hex(8)
        tokens[token] = export.files.get(name, b"")
        return shapes.downloaded(store, export, name, f"{str(request.base_url).rstrip('/')}{moods.prefix}/files/{token}")

    @app.get("/files/{token}", include_in_schema=False)
    async def get_file(token: str):
        if token not in tokens:
            raise HTTPException(404)
        return Response(tokens[token], media_type="application/octet-stream")

    # document types, sub-organisations, service -----------------------------------------------------------------------

    @app.get("/document_type/get_document_types", **private)
    async def get_document_types():
        data = [{"id": shapes.doc_type_id(key), "document_key": key, "title": title, "is_active": True} for key, title in DOC_TYPES.items()]
        return data if moods.other_lists == "swapped" else {"success": True, "data": data}

    @app.get("/sub_organisations/get_sub_organisations", **private)
    async def get_sub_organisations():
        data = [{"id": key, "name": name, "description": None} for name, key in SUB_ORGS.items()]
        return {"success": True, "data": data} if moods.other_lists == "swapped" else data

    @app.get("/healthz")
    async def healthz():
        return {"status": "ok"}

    if not old:

        @app.get("/version")
        async def version():
            return {"version": app.version, "status": "healthy"}

    if moods.openapi != "hidden":

        @app.get("/openapi.json", include_in_schema=False, dependencies=[Depends(check_key)] * (moods.openapi == "key"))
        async def openapi():
            return JSONResponse(schema(app, old))

    return app


def schema(app: FastAPI, old: bool) -> dict:
    """Return the OpenAPI document: as generated, or in the 3.0.2 form that the 2022 service published."""
    document = get_openapi(title=app.title, version=app.version, description=app.title, routes=app.routes, servers=app.servers or None)
    if not old:
        return document
    document["openapi"] = "3.0.2"
    return _to_3_0(document)


def _to_3_0(node: object) -> object:
    """Rewrite nullable unions and binary strings the way FastAPI of 2022 wrote them."""
    if isinstance(node, list):
        return [_to_3_0(item) for item in node]
    if not isinstance(node, dict):
        return node
    node = {key: _to_3_0(value) for key, value in node.items()}
    options = [o for o in node.get("anyOf", []) if o != {"type": "null"}]
    if len(options) == 1:
        node.pop("anyOf")
        node |= options[0]
    if node.pop("contentMediaType", None):
        node["format"] = "binary"
    return node
