# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulated Infor: authorization server and ION API gateway on one listener, and its part of the control API."""

from __future__ import annotations

import asyncio
import json
from urllib.parse import parse_qsl

from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from .infor_gateway import Gateway
from .infor_oauth import AuthorizationServer
from .infor_records import ON_PREMISES_TENANT, App, Records, ServiceAccount, Tenant

NO_STORE = {"Cache-Control": "no-cache, no-store", "Pragma": "no-cache"}
JSON_TYPE = "application/json;charset=UTF-8"

NOT_FOUND_PAGE = "<!DOCTYPE html><html><head><title>404</title></head><body>The page was not found</body></html>"
SIGN_IN_PAGE = "<!DOCTYPE html><html><head><title>Sign in</title></head><body>Sign in to Infor OS Portal</body></html>"
LIMIT_PAGE = "<!DOCTYPE html><html><head><title>Limit</title></head><body>Too many requests. Please try again later.</body></html>"
UNAVAILABLE_PAGE = "<!DOCTYPE html><html><head><title>Unavailable</title></head><body>The service is not available</body></html>"


def create_app(store) -> Starlette:
    """The app of the listener `infor`; `store` is the document store (get, put, delete by collection and key)."""
    records = Records(store)

    def of_tenant(endpoint, flavour):
        async def answer(request: Request) -> Response:
            tenant = records.tenant(request.path_params.get("ti", ON_PREMISES_TENANT))
            if tenant is None or tenant.flavour != flavour:
                return HTMLResponse(NOT_FOUND_PAGE, status_code=404)
            return await endpoint(request, records, tenant)

        return answer

    app = Starlette(
        routes=[
            Route("/{ti}/as/token.oauth2", of_tenant(token, "mt"), methods=["POST"]),
            Route("/{ti}/as/revoke_token.oauth2", of_tenant(revocation, "mt"), methods=["POST"]),
            Route("/{ti}/as/authorization.oauth2", of_tenant(authorization, "mt"), methods=["GET"]),
            Route("/InforIntSTS/connect/token", of_tenant(token, "op"), methods=["POST"]),
            Route("/InforIntSTS/connect/revocation", of_tenant(revocation, "op"), methods=["POST"]),
            Route("/InforIntSTS/connect/authorize", of_tenant(authorization, "op"), methods=["GET"]),
        ]
    )
    app.router.redirect_slashes = False
    app.router.default = Gateway(store)
    return app


async def token(request: Request, records: Records, tenant: Tenant) -> Response:
    """The token endpoint: first the faults of the scenario, then oauthlib, then the scenario's changes to its answer."""
    switches = tenant.switches
    if switches.token_delay:
        await asyncio.sleep(switches.token_delay)
    if switches.token_status is not None:
        return HTMLResponse(UNAVAILABLE_PAGE, status_code=switches.token_status)
    if switches.token_answer == "html":
        return HTMLResponse(SIGN_IN_PAGE)
    if switches.token_answer == "redirect":
        path = "/InforIntSTS/connect/authorize" if tenant.flavour == "op" else f"/{tenant.ti}/as/authorization.oauth2"
        return RedirectResponse(path, status_code=302)

    form = await _form(request)
    if dict(form).get("grant_type") != "refresh_token" and not records.login_allowed(tenant):
        limit = switches.login_limit
        retry = {} if limit.retry_after is None else {"Retry-After": str(limit.retry_after)}
        if limit.form == "html":
            return HTMLResponse(LIMIT_PAGE, status_code=limit.status, headers=retry)
        sentence = {"error": "invalid_request", "error_description": "Limit of service account authentications exceeded. Please try again later."}
        return _json(limit.status, sentence if limit.form == "sentence" else {"error": "too_many_requests"}, retry)

    server = AuthorizationServer(records, tenant)
    headers, body, status = server.create_token_response(str(request.url), "POST", form, dict(request.headers))
    request.state.principal = server.principal
    if status != 200:
        return _oauth_error(tenant, status, json.loads(body), headers)
    match switches.token_answer:
        case "truncated":
            return Response(body[: len(body) // 2], headers=NO_STORE, media_type=JSON_TYPE)
        case "wrong_content_type":
            return Response(body, headers=NO_STORE, media_type="text/plain")
        case "no_access_token":
            return _json(200, {"status": "ok"})
    return Response(body, headers=NO_STORE, media_type=JSON_TYPE)


async def revocation(request: Request, records: Records, tenant: Tenant) -> Response:
    server = AuthorizationServer(records, tenant)
    headers, body, status = server.create_revocation_response(str(request.url), "POST", await _form(request), dict(request.headers))
    request.state.principal = server.principal
    if status != 200:
        return _oauth_error(tenant, status, json.loads(body), headers)
    return Response(b"", headers=NO_STORE)


async def authorization(request: Request, records: Records, tenant: Tenant) -> Response:
    return HTMLResponse(SIGN_IN_PAGE)


async def _form(request: Request) -> list[tuple[str, str]]:
    """The form fields in order; a '#' that a client forgot to encode is taken as it is, as Infor evidently does."""
    return parse_qsl((await request.body()).decode("utf-8", "replace"))


def _oauth_error(tenant: Tenant, status: int, body: dict, headers: dict) -> Response:
    """oauthlib's error, changed where the scenario says so."""
    challenge = {name: value for name, value in headers.items() if name == "WWW-Authenticate"}
    other = tenant.switches.token_errors.get(body["error"])
    if other is not None:
        status = other.status or status
        body["error"] = other.error or body["error"]
        if other.description is not None:
            body["error_description"] = other.description
    return _json(status, body, challenge if status == 401 else {})


def _json(status: int, body: dict, headers: dict | None = None) -> Response:
    return Response(json.dumps(body), status_code=status, headers={**NO_STORE, **(headers or {})}, media_type=JSON_TYPE)


# -- control API


def control_routes(store) -> list[Route]:
    """PUT (create or replace), PATCH (see `merged`; creates what is missing) and DELETE of each kind of record."""
    records = Records(store)
    return [
        _control_route("tenants/{key}", Tenant, "ti", records.tenant, records.put_tenant, records.delete_tenant),
        _control_route("apps/{key}", App, "client_id", records.app, records.put_app, records.delete_app),
        _control_route(
            "service_accounts/{key}",
            ServiceAccount,
            "id",
            records.service_account,
            records.put_service_account,
            records.delete_service_account,
        ),
    ]


def _control_route(path, model, key_field, get, put, delete) -> Route:
    async def answer(request: Request) -> Response:
        key = request.path_params["key"]
        if request.method == "DELETE":
            delete(key)
            return JSONResponse({"ok": True})
        body = await request.json()
        if request.method == "PATCH":
            former = get(key)
            body = merged(former.model_dump(exclude={key_field}) if former else {}, body)
        try:
            put(model.model_validate({**body, key_field: key}))
        except ValidationError as error:
            problems = [f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}" for problem in error.errors()]
            return JSONResponse({"error": problems}, status_code=400)
        return JSONResponse({"ok": True})

    return Route(f"/_sim/infor/{path}", answer, methods=["PUT", "PATCH", "DELETE"])


def merged(former: dict, patch: dict) -> dict:
    """The record with the named fields replaced; inside `switches` and `user` only the named ones are, each as a whole."""
    result = {**former, **patch}
    for name in ("switches", "user"):
        if isinstance(former.get(name), dict) and isinstance(patch.get(name), dict):
            result[name] = {**former[name], **patch[name]}
    return result
