# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ION API gateway and the products behind it, as far as a DocBits export and the proof of a connection touch them."""

from __future__ import annotations

import asyncio
import json
import re

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from .infor_records import Records, ServiceAccount

# Scope that a suite needs when the app enforces scopes: names seen in `sc` lists; the assignment is inferred (tag E).
SCOPE_OF_SUITE = {
    "ifsservice": "INFOR-IFS",
    "Mingle": "Infor-Mingle",
    "IDM": "Infor-IDM",
    "IONSERVICES": "Infor-ION",
    "M3": "Infor-M3",
    "LN": "Infor-LN",
    "DATAFABRIC": "Infor-DataFabric",
}

# Roles that a role contains (tag A).
IMPLIED_ROLES = {
    "idm-administrator": ["IDM-AdvancedUser"],
    "idm-advanceduser": ["IDM-User"],
    "idm-superuser": ["IDM-User"],
}

PAGE = "<!DOCTYPE html><html><head><title>Sign in</title></head><body>Please sign in to go on</body></html>"
XHTML_PAGE = '<?xml version="1.0"?>\n<html xmlns="http://www.w3.org/1999/xhtml"><body>Please sign in to go on</body></html>'
# Answers with status 200 that are not those of a product.
PRODUCT_ANSWERS = {
    "error_list": lambda: JSONResponse({"ErrorList": [{"Message": "Not authorized", "Severity": "Error", "Code": "1"}]}),
    "error_object": lambda: JSONResponse({"error": {"code": 403, "message": "Access denied"}}),
    "xml_error": lambda: Response("<error><message>Access denied</message></error>", media_type="application/xml"),
    "text": lambda: PlainTextResponse("Access denied"),
    "empty": lambda: Response(b""),
    "other_json": lambda: JSONResponse({"message": "welcome"}),
    "page": lambda: HTMLResponse(PAGE),
    "xhtml_page": lambda: Response(XHTML_PAGE, media_type="application/xml"),
    "empty_list": lambda: JSONResponse([]),
    "fail": lambda: JSONResponse({"status": "FAIL", "code": 500, "errors": "Internal error"}),
    "code_471": lambda: JSONResponse({"status": "FAIL", "code": 471, "errors": "Invalid client id provided"}),
}
NO_USER_ERROR = {"Message": "User not found", "Severity": "Error", "Code": "404"}


class Gateway:
    """Checks tenant, token, entitlement and scope; then the product answers."""

    def __init__(self, store):
        self._records = Records(store)
        self._products = products()
        self._products.router.redirect_slashes = False

    async def __call__(self, scope, receive, send):
        request = Request(scope, receive)
        response = await self._refusal(request) or self._products
        await response(scope, receive, send)

    async def _refusal(self, request: Request) -> Response | None:
        """The gateway's own answer, or None when the product shall answer.

        Leaves tenant, service account and client id in `request.state` for the product.
        """
        ti, _slash, rest = request.scope["path"].lstrip("/").partition("/")
        suite = rest.partition("/")[0]
        if not suite or ti in SCOPE_OF_SUITE:
            return _error(400, "Bad Request")
        tenant = self._records.tenant(ti)
        if tenant is None:
            return _error(404, "Not Found")

        if tenant.switches.gateway_page is not None:
            return HTMLResponse(PAGE, status_code=tenant.switches.gateway_page)

        scheme, _blank, text = request.headers.get("authorization", "").partition(" ")
        found = self._records.token(text.strip(), "access") if scheme.lower() == "bearer" else None
        switches = tenant.switches
        if found is None or found[1].tenant != ti or switches.suites.get("*") == 401:
            return _unauthorized(ti)
        token, grant = found
        if self._records.refuses_fresh(text.strip(), token, switches):
            return _unauthorized(ti)
        request.state.principal = grant.client_id
        request.state.client_id = grant.client_id
        request.state.tenant = tenant
        request.state.account = self._records.service_account(grant.service_account)

        if switches.gateway_delay:
            await asyncio.sleep(switches.gateway_delay)
        status = switches.suites.get(suite, switches.suites.get("*"))
        if status is not None:
            headers = {"Retry-After": str(switches.retry_after)} if status == 429 and switches.retry_after is not None else None
            return _error(status, STATUS_TEXTS.get(status, "Error"), headers)
        if suite not in SCOPE_OF_SUITE:
            return _error(404, "Not Found")
        if suite in switches.product_answers:
            return PRODUCT_ANSWERS[switches.product_answers[suite]]()
        if token.enforced and SCOPE_OF_SUITE[suite] not in token.scopes:
            return _error(403, "insufficient_scope")
        return None


STATUS_TEXTS = {
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    429: "Quota exceeded",
    500: "Internal Server Error",
    501: "Not Implemented",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}


def products() -> Starlette:
    """All products under /{ti}/{suite}/...; a path is matched as Infor's consumers write it."""
    service = "/{ti}/IONSERVICES/api/ion/messaging/service"
    return Starlette(
        routes=[
            Route("/{ti}/ifsservice/usermgt/v2/users/me", users_me, methods=["GET"]),
            Route("/{ti}/ifsservice/info", ifs_info, methods=["GET"]),
            Route("/{ti}/Mingle/{path:path}", mingle_user_detail, methods=["GET"]),
            Route("/{ti}/IDM/api/datamodel/entities", idm_entities, methods=["GET"]),
            Route("/{ti}/IDM/api/items/search", idm_search, methods=["GET"]),
            Route("/{ti}/IDM/api/items", idm_create, methods=["POST"]),
            Route(service + "/ping", ims_ping, methods=["GET"]),
            Route(service + "/versions", ims_versions, methods=["GET"]),
            Route(service + "/protocol", ims_protocol, methods=["GET"]),
            Route(service + "/v3/{logical_id:path}/acceptedDocuments", ims_accepted_documents, methods=["GET"]),
            Route(service + "/v2/multipartMessage", ims_multipart_message, methods=["POST"]),
            Route(service + "/v3/multipartMessage", ims_multipart_message, methods=["POST"]),
            Route("/{ti}/IONSERVICES/datacatalog/v1/status/ping", pong, methods=["GET"]),
            Route("/{ti}/DATAFABRIC/datalake/v2/ping", pong, methods=["GET"]),
            Route("/{ti}/M3/m3api-rest/csrf", m3_csrf, methods=["GET"]),
            Route("/{ti}/M3/m3api-rest/v2/execute/{program}/{transaction}", m3_execute, methods=["GET"]),
            Route("/{ti}/LN/lnapi/odata/$metadata", ln_metadata, methods=["GET"]),
        ],
        exception_handlers={HTTPException: _http_exception},
    )


# -- identity


async def users_me(request: Request) -> Response:
    switches = request.state.tenant.switches
    if isinstance(switches.users_me, int):
        return Response(status_code=204) if switches.users_me == 204 else _error(switches.users_me, STATUS_TEXTS.get(switches.users_me, "Error"))
    if switches.users_me == "error_list":
        return JSONResponse({"response": {"userlist": []}, "ErrorList": [NO_USER_ERROR]})
    user = _user(request)
    if user is None:
        match switches.users_me_without_user:
            case "empty_list":
                return JSONResponse({"response": {"userlist": []}})
            case "error_list":
                return JSONResponse({"response": {"userlist": []}, "ErrorList": [NO_USER_ERROR]})
            case 401:
                return _unauthorized(request.state.tenant.ti)
            case _:
                return _error(404, "Not Found")
    groups = [entry.model_dump(exclude_none=True) for entry in user.group_entries()]
    if switches.list_implied_roles:
        listed = {entry["display"].strip().lower() for entry in groups}
        implied = sorted(role for role in _effective_roles(request.state.account) if role.lower() not in listed)
        groups += [{"display": role, "type": "Security Role"} for role in implied]
    groups = _named(groups, switches.role_names)
    given, _blank, family = user.displayName.partition(" ")
    entry = {
        "id": user.id,
        "displayName": user.displayName,
        "name": {"givenName": given, "familyName": family},
        "emails": [{"value": "service@example.com"}],
        "title": user.title,
        "department": user.department,
        "profilePicture": {"cdnPathMediumImage": ""},
        "groups": groups,
    }
    return _users_me_answer(switches.users_me, entry)


def _named(groups: list[dict], how: str) -> list[dict]:
    """The groups with their names as a tenant might write them."""
    change = {
        "normal": lambda name: name,
        "lower": str.lower,
        "prefix": lambda name: f"ACME:{name}",
        "words": lambda name: re.sub(r"(?<=[a-z])(?=[A-Z])|-", " ", name),
    }
    if how == "group":
        return [{"display": "DocBits services", "type": "Group"}]
    return [{**group, "display": change[how](group["display"])} for group in groups]


def _users_me_answer(mood: str, entry: dict) -> Response:
    """The user in one of the forms that users/me may have."""
    rest = {key: value for key, value in entry.items() if key != "groups"}
    displays = [group["display"] for group in entry["groups"]]
    match mood:
        case "inner_error_list":
            return JSONResponse({"response": {"userlist": [], "ErrorList": [NO_USER_ERROR]}})
        case "xml":
            return Response(f"<response><userlist><user><id>{entry['id']}</id></user></userlist></response>", media_type="application/xml")
        case "list":
            return JSONResponse([entry])
        case "other_keys":
            return JSONResponse({"totalResults": 1, "Resources": [entry]})
        case "no_userlist":
            return JSONResponse({"response": {}})
    entry = {
        "no_groups": rest,
        "groups_null": {**rest, "groups": None},
        "groups_strings": {**rest, "groups": displays},
        "groups_text": {**rest, "groups": ", ".join(displays)},
        "groups_other_name": {**rest, "securityRoles": entry["groups"]},
        "first_page": {**rest, "groups": entry["groups"][:1], "groupsNext": "startIndex=2"},
    }.get(mood, entry)
    return JSONResponse({"response": {"userlist": [entry]}})


async def ifs_info(request: Request) -> Response:
    return JSONResponse({"name": "ifsservice"})


async def mingle_user_detail(request: Request) -> Response:
    """Legacy; its path is seen in several spellings, and it answers XML to whoever does not ask for JSON (tag A/B)."""
    if request.path_params["path"].lower() != "socialservice.svc/user/detail":
        return _error(404, "Not Found")
    user = _user(request)
    if "json" not in request.headers.get("accept", ""):
        guid = user.id if user else ""
        return Response(f"<UserDetailList><UserDetail><UserGUID>{guid}</UserGUID></UserDetail></UserDetailList>", media_type="application/xml")
    if user is None:
        return JSONResponse({"UserDetailList": [], "ErrorList": [NO_USER_ERROR]})
    detail = {"UserGUID": user.id, "FirstName": user.displayName}
    return JSONResponse({"UserDetailList": [detail], "ErrorList": None})


# -- IDM


def _idm_refusal(request: Request) -> Response | None:
    """IDM acts as a user: nobody without a user (401, tag E), nobody without the role IDM-User (tag A)."""
    if _user(request) is None:
        return _error(401, "Unauthorized")
    if "idm-user" not in {role.lower() for role in _effective_roles(request.state.account)}:
        return _error(403, "Forbidden")
    return None


async def idm_entities(request: Request) -> Response:
    """The root keys of the list are not known; `entities.entity` is inferred from one entity's answer (tag E)."""
    names = request.state.tenant.switches.idm_entities
    return _idm_refusal(request) or JSONResponse({"entities": {"entity": [{"name": name, "desc": name} for name in names]}})


async def idm_search(request: Request) -> Response:
    refusal = _idm_refusal(request)
    if refusal is None and not request.query_params.get("$query"):
        return _error(400, "$query is required")
    return refusal or JSONResponse({"items": {"item": [], "count": 0}})


async def idm_create(request: Request) -> Response:
    return _idm_refusal(request) or JSONResponse({"item": {"pid": "SIM-1-0-LATEST"}})


# -- ION messaging: needs no user (tag A)


async def ims_ping(request: Request) -> Response:
    return JSONResponse({"status": "OK", "code": 200})


async def ims_versions(request: Request) -> Response:
    return JSONResponse({"versions": ["v1", "v2", "v3"]})


async def ims_protocol(request: Request) -> Response:
    return JSONResponse({"protocols": ["multipart"]})


async def ims_accepted_documents(request: Request) -> Response:
    switches = request.state.tenant.switches
    point = switches.connection_points.get(request.path_params["logical_id"])
    if point is None or not point.active:
        return _ims_failure(412, 412, "Connection point is not active or does not exist")
    if point.client_id not in (None, request.state.client_id):
        return _ims_failure(switches.ims_client_refused_status, 471, "Invalid client id provided")
    return JSONResponse({"status": "OK", "code": 200, "acceptedDocuments": [{"documentName": name} for name in point.documents]})


async def ims_multipart_message(request: Request) -> Response:
    async with request.form() as form:
        parameters, payload = await _part(form, "ParameterRequest"), await _part(form, "MessagePayload")
    try:
        sender = json.loads(parameters or b"")["fromLogicalId"]
    except (ValueError, KeyError, TypeError):
        return _ims_failure(400, 400, "ParameterRequest is missing or not valid")
    if payload is None:
        return _ims_failure(400, 400, "MessagePayload is missing")
    point = request.state.tenant.switches.connection_points.get(sender)
    if point is None or not point.active:
        return _ims_failure(412, 412, "Connection point is not active or does not exist")
    if point.client_id not in (None, request.state.client_id):
        return _ims_failure(403, 403, "fromLogicalId does not belong to this client")
    return JSONResponse({"status": "OK", "code": 201}, status_code=201)


async def _part(form, name: str) -> bytes | None:
    """The bytes of a form part, sent with a file name or without one; None when there is no such part."""
    part = form.get(name)
    if part is None:
        return None
    return part.encode() if isinstance(part, str) else await part.read()


def _ims_failure(status: int, code: int, text: str) -> Response:
    return JSONResponse({"status": "FAIL", "code": code, "errors": text}, status_code=status)


# -- M3, LN, Data Fabric


async def m3_execute(request: Request) -> Response:
    """M3 says its errors with HTTP 200; the status of "163" is not known, hence a switch (tag C, status U)."""
    switches = request.state.tenant.switches
    transaction = request.path_params["transaction"]
    if _user(request) is None:
        return _m3_failure(transaction, "Illegal impersonation attempt (error: 163)", switches.m3_without_user_status)
    if switches.m3_error is not None:
        return _m3_failure(transaction, switches.m3_error, 200)
    return _m3_answer({"transaction": transaction, "records": [{"VERS": "1"}]}, failed=False, status=200)


def _m3_failure(transaction: str, text: str, status: int) -> Response:
    return _m3_answer({"transaction": transaction, "errorMessage": text, "records": []}, failed=True, status=status)


def _m3_answer(result: dict, failed: bool, status: int) -> Response:
    body = {
        "results": [result],
        "wasTerminated": False,
        "nrOfSuccessfullTransactions": 0 if failed else 1,
        "nrOfFailedTransactions": 1 if failed else 0,
    }
    return JSONResponse(body, status_code=status)


async def m3_csrf(request: Request) -> Response:
    return _error(500, "Failed to get CSRF token")


async def ln_metadata(request: Request) -> Response:
    return Response('<edmx:Edmx xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx" Version="4.0"/>', media_type="application/xml")


async def pong(request: Request) -> Response:
    return PlainTextResponse("pong")


# -- shared by the products


def _user(request: Request):
    account: ServiceAccount | None = request.state.account
    return None if account is None else account.user


def _effective_roles(account: ServiceAccount) -> set[str]:
    """The assigned roles and those they contain, in Infor's spelling where it is implied, else as assigned."""
    effective, seen = set(), set()
    open_roles = [entry.display.strip() for entry in account.user.group_entries()]
    while open_roles:
        role = open_roles.pop()
        if role.lower() not in seen:
            seen.add(role.lower())
            effective.add(role)
            open_roles += IMPLIED_ROLES.get(role.lower(), [])
    return effective


def _error(status: int, text: str, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse({"error": text}, status_code=status, headers=headers)


def _unauthorized(ti: str) -> Response:
    """The status and the header's `error` are documented (tag A), the texts are not (tag C)."""
    challenge = f'Bearer realm="{ti}", error="invalid_token", error_description="The access token is missing, invalid or expired"'
    return _error(401, "invalid_token", {"WWW-Authenticate": challenge})


async def _http_exception(request: Request, exception: HTTPException) -> Response:
    return _error(exception.status_code, exception.detail, exception.headers)
