# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulated DocBits: many hosts on one listener, each with one contract, and their part of the control API."""

from __future__ import annotations

import functools
import json
import uuid

from fastapi import FastAPI
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from .docbits_api import docbits_api
from .docbits_contracts import Contract, contract_of
from .docbits_exports import Exports, Refusal
from .docbits_organisations import Organisation, Organisations
from .store import Store

PUBLIC = ("/", "/openapi.json", "/version", "/healthz", "/api/health/", "/api/health/services")


def create_app(store: Store):
    """The ASGI app of the listener `docbits`: `/h/NAME/...` is the host NAME, everything else the root host."""
    organisations = Organisations(store)

    @functools.lru_cache(maxsize=32)
    def served(spec: str) -> tuple[Contract, FastAPI]:
        contract = contract_of(json.loads(spec))
        return contract, docbits_api(contract, store)

    async def app(scope, receive, send):
        host, mount, path = _host_of(scope["path"])
        spec = organisations.contract_of_host(host)
        if spec is None:
            return await JSONResponse({"detail": "unknown host"}, 404)(scope, receive, send)
        contract, api = served(json.dumps(spec))
        if contract.prefix and path.startswith(f"{contract.prefix}/"):
            path = path.removeprefix(contract.prefix)
        elif contract.prefix and contract.prefix_required and path not in PUBLIC:
            return await JSONResponse({"detail": "Not Found"}, 404)(scope, receive, send)
        scope["state"].update(host=host, mount=mount)
        return await api({**scope, "path": path, "raw_path": path.encode()}, receive, send)

    return app


def _host_of(path: str) -> tuple[str, str, str]:
    """Host name, its path on the listener, and the path on the host."""
    if path.startswith("/h/"):
        host, slash, rest = path.removeprefix("/h/").partition("/")
        return host, f"/h/{host}", slash + rest
    return "", "", path


# -- control API


def control_routes(store: Store) -> list[Route]:
    """PUT and PATCH of organisations; what a person does by hand to their exports."""
    organisations = Organisations(store)

    def found(request: Request) -> tuple[Organisation, Exports]:
        organisation = organisations.get(request.path_params["name"])
        if organisation is None:
            raise ValueError("no such organisation")
        return organisation, Exports(store, organisation, contract_of(organisation.contract))

    async def put(request: Request) -> Response:
        body = await request.json()
        name = request.path_params["name"]
        exports_given = body.pop("exports", [])
        organisation = Organisation.model_validate({"id": str(uuid.uuid5(uuid.NAMESPACE_DNS, name)), **body, "name": name})
        organisations.put(organisation)
        exports = Exports(store, organisation, contract_of(organisation.contract))
        exports.remove_all()
        ids = [exports.add(given)["id"] for given in exports_given]
        exports.forget_past()
        return JSONResponse({"id": organisation.id, "exports": ids})

    async def patch(request: Request) -> Response:
        organisation, _exports = found(request)
        former, body = organisation.model_dump(exclude_unset=True), await request.json()
        switches = {**former.get("switches", {}), **body.get("switches", {})}
        organisations.put(Organisation.model_validate({**former, **body, "switches": switches}))
        return JSONResponse({"id": organisation.id})

    async def exports(request: Request) -> Response:
        _organisation, exports = found(request)
        if request.method == "POST":
            return JSONResponse(exports.add(await request.json()))
        return JSONResponse(exports.raw())

    async def export(request: Request) -> Response:
        _organisation, exports = found(request)
        if request.method == "DELETE":
            exports.remove(request.path_params["id"])
            return JSONResponse({"ok": True})
        return JSONResponse(exports.edit(request.path_params["id"], await request.json()))

    path = "/_sim/docbits/organisations/{name}"
    return [
        Route(path, _told_why(put), methods=["PUT"]),
        Route(path, _told_why(patch), methods=["PATCH"]),
        Route(f"{path}/exports", _told_why(exports), methods=["GET", "POST"]),
        Route(f"{path}/exports/{{id}}", _told_why(export), methods=["PATCH", "DELETE"]),
    ]


def _told_why(endpoint):
    """The endpoint, whose mistakes of the caller become a 400 that says what they are."""

    async def answer(request: Request) -> Response:
        try:
            return await endpoint(request)
        except ValidationError as error:
            return JSONResponse({"error": [f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}" for problem in error.errors()]}, 400)
        except (ValueError, Refusal) as error:
            return JSONResponse({"error": str(error)}, 400)

    return answer
