# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The answers of the API in every shape that the moods allow."""

from __future__ import annotations

import base64
import json
import random
import re
import uuid

from fastapi import Response
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse

from .moods import Moods
from .store import DOC_TYPES, ORG_ID, SUB_ORGS, Export, Store
from .wire import method_word

SECRET_KEYS = ("ci", "cs", "saak", "sask")
PAGE = HTMLResponse("<!doctype html><html><title>DocBits</title><body>Please sign in.</body></html>")


def refusal(moods: Moods, code: str, status: str | None = None) -> Response:
    """Return the answer to a business error."""
    body = {"success": False, "message": code, "trace_id": uuid.uuid4().hex}
    return JSONResponse(body, int(status or moods.business_status))


# rows -------------------------------------------------------------------------------------------------------------


def row(store: Store, export: Export) -> dict:
    """Return the row of an export as get_configurations shows it."""
    moods = store.moods
    fields = export.fields
    result = {
        "id": store.wire_id(export.number),
        "org_id": ORG_ID,
        "sub_org_id": export.sub_org if moods.sub_org_words == "name" else SUB_ORGS.get(export.sub_org or ""),
        "title": _title(export.title, moods.titles),
        "doc_type": _doc_type(export.doc_type, moods.doc_type_words),
        "export_method": method_word(export.kind, bool(fields.get("on_premises")), moods.method_words),
        "export_url": fields.get("url"),
        "is_active": _bool(export.active, moods.bool_words),
    }
    if moods.row_detail == "full":
        result |= {
            "execution_order": fields.get("execution_order"),
            "on_permise": _bool(bool(fields.get("on_premises")), moods.bool_words),
            "zugferd": _bool(bool(fields.get("zugferd")), moods.bool_words),
            "username": fields.get("username"),
            "server_url": fields.get("server_url"),
            "port": fields.get("port"),
            "folder": fields.get("folder"),
            "created_by": None,
            "last_modified_on": f"{export.modified:.6f}",
            "is_deleted": _bool(export.deleted, moods.bool_words),
        }
        if moods.row_password != "left_out":
            shown = fields.get("password")
            result["password"] = "********" if shown and moods.row_password == "masked" else shown
    if moods.profile == "2.2.10":
        for key in ("sub_org_id", "execution_order"):
            result.pop(key, None)
    if moods.sub_org_words == "list" and "sub_org_id" in result:
        key = result.pop("sub_org_id")
        result["sub_organisations"] = [{"id": key, "name": export.sub_org}] if key else []
    missing = {"doc_type": moods.doc_type_words, "sub_org_id": moods.sub_org_words, "export_method": moods.method_words}
    for key, word in missing.items():
        if word == "missing":
            result.pop(key, None)
    for key in moods.masked_keys:
        if result.get(key):
            result[key] = _mask(str(result[key]), whole=key != "export_url")
    alias = {"active": "is_active", "sub_org": "sub_org_id", "doc_type": "doc_type", "title": "title"}.get(moods.alias)
    if alias in result:
        names = {
            "is_active": "active",
            "sub_org_id": "sub_organisation_id",
            "doc_type": "document_type",
            "title": "name",
        }
        result[names[alias]], result[alias] = result[alias], None
    if moods.nulls == "left_out":
        result = {key: value for key, value in result.items() if value is not None}
    return result


def _title(title: str | None, how: str) -> str | None:
    if title is None or how == "kept":
        return title
    if how == "lower":
        return title.lower()
    return title.strip() if how == "trimmed" else " ".join(title.split())


def _doc_type(key: str | None, words: str) -> object:
    if key is None or words == "key":
        return key
    if words == "title":
        return DOC_TYPES.get(key, key)
    if words == "object":
        return {"id": doc_type_id(key), "document_key": key, "title": DOC_TYPES.get(key, key)}
    return key.lower() if words == "lower" else doc_type_id(key)


def doc_type_id(key: str) -> str:
    """Return the database id of a document type."""
    return str(uuid.uuid5(uuid.UUID(ORG_ID), key))


def _bool(value: bool, words: str) -> object:
    return {
        "bool": value,
        "lower": str(value).lower(),
        "title": str(value),
        "int": int(value),
        "yn": "Y" if value else "N",
    }[words]


def _mask(text: str, whole: bool) -> str:
    return "********" if whole else text[:4] + "****"


def listing(store: Store, lag: float, page: int) -> Response:
    """Return the answer of get_configurations."""
    moods = store.moods
    exports = [e for e in store.view(lag) if not e.deleted or moods.deleted_rows == "flagged"]
    if moods.inactive_rows == "left_out":
        exports = [e for e in exports if e.active or e.deleted]
    if moods.sub_org_rows == "left_out":
        exports = [e for e in exports if e.sub_org is None]
    exports.sort(key=lambda e: e.number, reverse=moods.order == "newest")
    if moods.order == "random":
        random.shuffle(exports)
    rows = [row(store, e) for e in exports]
    if moods.repeat_rows:
        rows = [r for r in rows for _copy in range(2)]
    if not rows and moods.empty_list != "list":
        return {
            "data_null": lambda: JSONResponse({"success": True, "data": None}),
            "no_data": lambda: JSONResponse({"success": True}),
            "empty_body": lambda: Response(b"", media_type="application/json"),
            "204": lambda: Response(status_code=204),
            "404": lambda: refusal(moods, "EXPORT_CONFIG_NOT_FOUND", "404"),
            "success_false": lambda: refusal(moods, "EXPORT_CONFIG_NOT_FOUND", "200"),
        }[moods.empty_list]()
    size, shape = moods.page_size, moods.list_shape
    some = rows[(page - 1) * size : page * size]
    more = page * size < len(rows)
    body: object = {
        "data": {"success": True, "data": rows},
        "bare": rows,
        "configurations": {"success": True, "configurations": rows},
        "items": {"items": rows},
        "data_items": {"success": True, "data": {"items": rows}},
        "pages_total": {"success": True, "data": some, "total": len(rows), "page": page, "page_size": size},
        "pages_next": {"success": True, "data": some, "next": f"?page={page + 1}" if more else None},
        "pages_silent": {"success": True, "data": rows[:size]},
    }[shape]
    return JSONResponse(body)


# answers to writes --------------------------------------------------------------------------------------------------


def written(store: Store, export: Export, how: str) -> Response:
    """Return the answer to a create or update in the shape `how` (moods.ANSWERS)."""
    key = store.wire_id(export.number)
    if how == "204":
        return Response(status_code=204)
    if how == "empty":
        return Response(b"")
    if how == "text":
        return PlainTextResponse("OK")
    if how == "html":
        return PAGE
    if how in ("refused_200", "refused_400"):
        return refusal(store.moods, "ERROR_GETTING_INFOR_ACCESS_TOKEN", how[-3:])
    if how == "error_500":
        return PlainTextResponse("Internal Server Error", 500)
    live = [e for e in store.view(0) if not e.deleted]
    body: object = {
        "id": {"success": True, "data": {"id": key}},
        "record": {"success": True, "data": row(store, export)},
        "bare_record": row(store, export),
        "bare_id": key,
        "id_null": {"id": None},
        "whole_list": {"success": True, "data": [row(store, e) for e in live]},
        "task_id": {"success": True, "data": {"id": _task_id(store), "status": "queued"}},
        "message": {"success": True, "message": "EXPORT_INTEGRATIONS_SAVED"},
    }[how]
    return JSONResponse(body)


def _task_id(store: Store) -> object:
    return {"int": 900001, "string": "900001"}.get(store.moods.id_type) or str(uuid.uuid4())


def acknowledged(store: Store, export: Export, how: str) -> Response:
    """Return the answer to a removal or a change of visibility."""
    if how == "ignored":
        how = "message"
    return written(store, export, how)


# downloads ----------------------------------------------------------------------------------------------------------


def downloaded(store: Store, export: Export, name: str, token_url: str) -> Response:
    """Return the answer to a download of the file `name` of an export."""
    moods = store.moods
    data = export.files.get(name)
    if data is None:
        return refusal(moods, f"No record found for id: {store.wire_id(export.number)} for model: Mapping", "404")
    scope = moods.download_scope
    applies = scope == "all" or (scope == "ionapi") == (name == "ionapi")
    how = moods.download if applies else "bytes"
    if how in ("403", "404", "500"):
        return refusal(moods, {"403": "NO_PERMISSION", "404": "NO_FILE"}.get(how, "UNKNOWN_ERROR"), how)
    if how == "success_false":
        return refusal(moods, "NOT_ENOUGH_PERMISSIONS_ACCESS_ORG", "200")
    if how == "html":
        return PAGE
    if how == "empty":
        return Response(b"", media_type="application/octet-stream")
    if how == "previous":
        return _file(export.previous.get(name, data))
    text = data.decode("utf-8-sig", "replace")
    envelope: dict[str, object] = {
        "envelope": text,
        "envelope_object": {"file_name": f"{name}.txt", "content": text},
        "parsed": _parsed(text),
        "base64_envelope": base64.b64encode(data).decode(),
        "url": token_url,
    }
    if how in envelope:
        return JSONResponse({"success": True, "data": envelope[how]})
    if how == "json_string":
        return JSONResponse(text)
    if how == "base64":
        return PlainTextResponse(base64.b64encode(data).decode())
    changed = {
        "bytes": lambda: data,
        "bom": lambda: b"\xef\xbb\xbf" + data,
        "crlf": lambda: data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"),
        "trimmed": lambda: "\n".join(line.rstrip() for line in text.splitlines()).encode(),
        "java_properties": lambda: _java(name, text).encode(),
        "whole_mask": lambda: b"********",
        "masked": lambda: _masked(name, text, True).encode(),
        "partly_masked": lambda: _masked(name, text, False).encode(),
        "keys_left_out": lambda: _left_out(name, text).encode(),
    }[how]()
    return _file(changed)


def _file(data: bytes) -> Response:
    return Response(data, media_type="application/octet-stream")


def _parsed(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _masked(name: str, text: str, whole: bool) -> str:
    if name == "ionapi":
        content = _parsed(text)
        if isinstance(content, dict):
            hidden = {k: _mask(str(v), whole) if k in SECRET_KEYS and v else v for k, v in content.items()}
            return json.dumps(hidden)
    return re.sub(r"(?m)^([^#=\n]+=)(.+)$", lambda m: m[1] + _mask(m[2], whole), text)


def _left_out(name: str, text: str) -> str:
    content = _parsed(text)
    if name != "ionapi" or not isinstance(content, dict):
        return text
    return json.dumps({k: v for k, v in content.items() if k not in SECRET_KEYS})


def _java(name: str, text: str) -> str:
    """Return a .properties text as java.util.Properties.store writes it."""
    if name not in ("idm_mapping", "bod_mapping", "m3_mapping", "ln_mapping", "jpl_mapping"):
        return text
    pairs = {}
    for line in text.splitlines():
        if line.strip() and not line.lstrip().startswith("#") and "=" in line:
            key, value = line.split("=", 1)
            # Properties.load reads "\\\\" as one backslash; store writes it as two again.
            pairs[key.strip()] = re.sub(r"([:=#!])", r"\\\1", value.lstrip())
    lines = [f"{key}={value}" for key, value in sorted(pairs.items())]
    return "#Tue Nov 24 09:00:00 UTC 2026\n" + "\n".join(lines) + "\n"
