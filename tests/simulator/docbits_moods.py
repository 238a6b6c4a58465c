# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The moods of the simulated DocBits: every form that the vendor's documents allow for records, lists, downloads and answers to a create."""

from __future__ import annotations

import base64
import json
import random
import re

from starlette.responses import JSONResponse, Response

from .docbits_contracts import Contract, Switches

SECRETS_OF_ION_API = ("cs", "saak", "sask")
FURTHER_KEYS = {"order": 99, "name": "Somebody", "host": "host.example.test", "user": "somebody", "url": "https://elsewhere.example.test/"}
BOOLEANS = {
    "lower": {True: "true", False: "false"},
    "title": {True: "True", False: "False"},
    "number": {True: 1, False: 0},
    "letter": {True: "Y", False: "N"},
    "unknown": {True: "ja", False: "nein"},
}
PAGE = 2


def record_in_mood(record: dict, export: dict, contract: Contract, switches: Switches, titles: dict) -> dict:
    """A record as the switches show it.

    record: the plain record, under the contract's keys
    export: the stored export
    titles: key of a document type to its title
    """
    keys = {name: contract.record_keys.get(name, name) for name in contract.record_fields}
    changed = dict(record)

    def change(name, function) -> None:
        if changed.get(keys.get(name)) is not None:
            changed[keys[name]] = function(changed[keys[name]])

    if switches.booleans != "json":
        for name in ("is_active", "zugferd", "include_document_history"):
            change(name, lambda value: BOOLEANS[switches.booleans][value] if isinstance(value, bool) else value)
    if switches.methods != "known":
        change("export_method", str.upper if switches.methods == "other_case" else lambda method: re.sub("^(infor-.*)-cloud$", r"\1-v2", method))
    if switches.types != "key":
        change("doc_type", str.lower if switches.types == "lower" else lambda key: titles.get(key, key))
    if switches.masked == "url":
        change("export_url", lambda url: f"{url[:12]}****")
    if switches.masked == "username":
        change("username", lambda _name: "****")
    if switches.further_keys:
        changed = {**changed, **FURTHER_KEYS}
    if switches.deleted_rows:
        changed["is_deleted"] = bool(export.get("is_deleted"))
    return changed if switches.nulls else {key: value for key, value in changed.items() if value is not None}


def list_in_mood(records: list, page: int, switches: Switches):
    """The body of the list of exports, or a response; None where the contract decides. Shuffles the records where the switch says so."""
    if not records and switches.empty != "list":
        return {"null": {"success": True, "data": None}, "no_data": {"success": True}, "nothing": Response("", 200)}[switches.empty]
    if switches.shuffled:
        random.shuffle(records)
    if switches.list_shape in ("pages", "silent_pages"):
        hint = {"total": len(records)} if switches.list_shape == "pages" else {}
        return {"success": True, "data": records[(page - 1) * PAGE : page * PAGE], **hint}
    shapes = {
        "data": {"success": True, "data": records},
        "bare": records,
        "configurations": {"success": True, "configurations": records},
        "items": {"items": records},
        "nested": {"success": True, "data": {"items": records}},
    }
    return shapes[switches.list_shape] if switches.list_shape else None


def created_in_mood(record: dict, id_key: str, switches: Switches):
    """The answer to a create, after its effect."""
    if switches.create_answer == "refusal":
        return JSONResponse({"success": False, "message": "UNKNOWN_ERROR"}, 422)
    if switches.create_answer in ("empty", "no_content", "text"):
        return Response("OK" if switches.create_answer == "text" else "", 204 if switches.create_answer == "no_content" else 200)
    data = {"record": record, "id": record.get(id_key), "null_id": {id_key: None}}[switches.create_answer]
    return {"success": True, "data": data}


def download_in_mood(content: bytes, name: str, switches: Switches):
    """A file as a download gives it, or None for its bytes."""
    if switches.download == "bytes" or (switches.download_of == "ion_api" and name != "ion_api"):
        return None
    text = content.decode("utf-8", "surrogateescape")
    in_json = {"envelope": {"success": True, "data": text}, "json_string": text, "url": {"success": True, "data": "https://files.example.test/x?signature=1"}}
    if switches.download in in_json:
        return JSONResponse(in_json[switches.download])
    if switches.download in ("forbidden", "not_found"):
        status, detail = (403, "Forbidden") if switches.download == "forbidden" else (404, "Not Found")
        return JSONResponse({"detail": detail}, status)
    return Response(_changed(text, name, switches.download).encode("utf-8", "surrogateescape"), media_type="application/octet-stream")


def _changed(text: str, name: str, mood: str) -> str:
    if mood == "base64":
        return base64.b64encode(text.encode("utf-8", "surrogateescape")).decode()
    if mood == "masked":
        return "********"
    if mood in ("partly_masked", "left_out") and name == "ion_api":
        values = json.loads(text.removeprefix("\ufeff"))
        shown = {key: f"{value[:4]}****" if key in SECRETS_OF_ION_API else value for key, value in values.items()}
        return json.dumps({key: value for key, value in shown.items() if mood == "partly_masked" or key not in SECRETS_OF_ION_API})
    if mood == "partly_masked":
        return re.sub(r"=(.).*$", r"=\1****", text, count=1, flags=re.MULTILINE)
    if mood == "bom":
        return f"\ufeff{text}"
    if mood == "crlf":
        return text.replace("\r\n", "\n").replace("\n", "\r\n")
    if mood == "trimmed":
        return "\n".join(line.rstrip() for line in text.split("\n"))
    if mood == "java" and name.endswith("mapping") and name != "m3_toml_mapping":
        lines = [line for line in text.split("\n") if line and not line.startswith("#")]
        return "#Tue Nov 24 05:52:00 UTC 2026\n" + "\n".join(sorted(_java(line) for line in lines)) + "\n"
    return text


def _java(line: str) -> str:
    """A line as Java's Properties.load and store leave it."""
    key, _equals, value = line.partition("=")
    value = re.sub(r"\\(.)", r"\1", value)
    return f"{key}={value.replace(chr(92), chr(92) * 2).replace(':', chr(92) + ':').replace('=', chr(92) + '=')}"
