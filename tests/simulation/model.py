# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A model of DocBits: it stores exports, answers as its moods say, and is written from the contract, not from the client."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import urlsplit

from greenlet import getcurrent

from ansible_collections.docbits.ion.plugins.module_utils._http.client import Response

from .moods import Moods

DOCUMENT_TYPES = {"INVOICE": "Invoice", "CREDIT_NOTE": "Credit Note"}
SUB_ORGANISATIONS = {"s1": "North"}
FILE_TYPES = {"ION_API": "ion_api", "IDM_MAPPING": "idm_mapping", "BOD_MAPPING": "bod_mapping", "XSLT": "xslt"}
FILES = tuple(FILE_TYPES.values())
FIELDS_OF = {
    "webhook": ("title", "doc_type", "sub_org_id", "execution_order", "export_url"),
    "idm": ("title", "doc_type", "sub_org_id", "execution_order", "on_permise", "zugferd"),
    "bod": ("title", "doc_type", "sub_org_id", "execution_order", "on_permise", "zugferd"),
    "sftp": (
        "title",
        "doc_type",
        "sub_org_id",
        "execution_order",
        "server_url",
        "port",
        "username",
        "password",
        "folder",
        "filename_export_mode",
        "include_document_history",
    ),
}
SHOWN = (
    "title",
    "doc_type",
    "sub_org_id",
    "execution_order",
    "zugferd",
    "export_url",
    "server_url",
    "port",
    "username",
    "folder",
    "filename_export_mode",
    "include_document_history",
    "flow2_url",
    "doc_type_id",
    "cabinet_id",
    "fileaccess",
    "format",
    "email",
)
BOOLEANS = ("is_active", "zugferd", "include_document_history")
NUMBERS = ("execution_order", "port")
WORDS = {
    "json": {True: True, False: False},
    "lower": {True: "true", False: "false"},
    "title": {True: "True", False: "False"},
    "number": {True: 1, False: 0},
    "letter": {True: "Y", False: "N"},
    "unknown": {True: "ja", False: "nein"},
}
PAGE = 2
CONFLICT_SECONDS = 0.5


class Refusal(Exception):
    """DocBits says no, with a code."""


@dataclass(frozen=True)
class Row:
    """One stored export. A row is replaced, never changed, so that earlier states stay as they were."""

    id: str
    method: str
    values: dict
    active: bool
    files: dict = field(default_factory=dict)
    deleted: bool = False

    def state(self) -> tuple:
        """Everything that is stored, for comparisons; without what equal files may differ in."""
        return (
            self.id,
            self.method,
            self.active,
            tuple(sorted((key, value) for key, value in self.values.items() if value not in (None, "", False))),
            tuple(sorted((name, _meaning(name, text)) for name, text in self.files.items())),
        )


class Model:
    """The stored exports of one organisation, and the answers of its API."""

    def __init__(self, moods: Moods, chance, clock) -> None:
        self.moods = moods
        self.writes = 0
        self._chance = chance
        self._clock = clock
        self._rows: dict = {}
        self._past: list = [(0.0, {})]
        self._lists = 0
        self._changed: dict = {}
        self._next = 40

    # The state, for histories and invariants

    @property
    def rows(self) -> dict:
        """The rows that are not deleted, by id."""
        return {id_: row for id_, row in self._rows.items() if not row.deleted}

    @property
    def every_row(self) -> dict:
        """Also the rows that are deleted, by id."""
        return self._rows

    def state(self) -> dict:
        """Every row that is not deleted as a comparable value, by id."""
        return {id_: row.state() for id_, row in self.rows.items()}

    def visible_state(self) -> dict:
        """As state, without the rows that this DocBits does not list: nobody can know of them."""
        rows = [row for row in self.rows.values() if self._is_listed(row)]
        return {row.id: row.state() for row in (rows[:PAGE] if self.moods.list_shape == "silent_pages" else rows)}

    def put(self, row: Row) -> None:
        """Store a row."""
        self._rows = {**self._rows, row.id: row}
        self._past.append((self._clock.now, self._rows))

    def change(self, id_: str, **changes) -> None:
        """Change a row: fields of Row, and `values` and `files` by key."""
        row = self._rows[id_]
        values = {**row.values, **changes.pop("values", {})}
        files = {name: text for name, text in {**row.files, **changes.pop("files", {})}.items() if text is not None}
        self.put(Row(**{**vars(row), "values": values, "files": files, **changes}))

    def new_id(self) -> str:
        """The id of the next export."""
        self._next += 1
        if self.moods.ids == "uuid":
            return hashlib.sha256(str(self._next).encode()).hexdigest()[:32]
        return str(self._next)

    # The API

    def answer(self, method: str, url: str, request: dict) -> Response:
        """The answer to a request, after its effect."""
        path = urlsplit(url).path
        fields = dict(request.get("data") or {})
        fields.update(request.get("params") or {})
        files = {}
        for name, part in request.get("files") or ():
            if part[0] is None:
                fields[name] = part[1]
            else:
                files[name] = part[1].decode()
        try:
            return self._route(method, path, fields, files)
        except Refusal as refusal:
            return json_answer({"success": False, "message": str(refusal)}, status=400)

    def _route(self, method, path, fields, files):
        name = path.rsplit("/", 1)[1]
        if "/download/" in path:
            return self._download(name, fields["type"])
        if name.startswith("configure_"):
            return self._configure(name.removeprefix("configure_").removesuffix("_export"), fields, files)
        return getattr(self, f"_{name}")(fields)

    def _get_configurations(self, fields):
        rows = [row for row in self._listed() if self.moods.deleted_rows or not row.deleted]
        rows = [row for row in rows if self._is_listed(row)]
        if not rows and self.moods.empty != "list":
            return {"null": json_answer({"success": True, "data": None}), "no_data": json_answer({"success": True}), "nothing": text_answer("")}[
                self.moods.empty
            ]
        if self.moods.shuffled:
            self._chance.shuffle(rows)
        return self._in_shape([self._record(row) for row in rows], int(fields.get("page", 1)))

    def _in_shape(self, records, page):
        shape = self.moods.list_shape
        if shape in ("pages", "silent_pages"):
            part = records[(page - 1) * PAGE : page * PAGE]
            hint = {"total": len(records)} if shape == "pages" else {}
            return json_answer({"success": True, "data": part, **hint})
        wrapped = {
            "data": lambda: {"success": True, "data": records},
            "bare": lambda: records,
            "configurations": lambda: {"success": True, "configurations": records},
            "items": lambda: {"items": records},
            "nested": lambda: {"success": True, "data": {"items": records}},
        }[shape]()
        return json_answer(wrapped)

    def _is_listed(self, row) -> bool:
        return (self.moods.lists_inactive or row.active) and (self.moods.lists_sub_organisations or not row.values.get("sub_org_id"))

    def _listed(self) -> list:
        """The rows as the list knows them, which may be behind."""
        self._lists += 1
        if self.moods.alternates and self._lists % 2:
            return list(self._rows.values())
        until = self._clock.now - self.moods.lag
        for time, rows in reversed(self._past):
            if time <= until or not self.moods.lag:
                return list(rows.values())
        return []

    def _record(self, row):
        keys = [key for key in SHOWN if key in row.values or self.moods.nulls]
        record = {"id": int(row.id) if self.moods.ids == "integer" and row.id.isdecimal() else row.id, "export_method": self._method(row)}
        for key in keys:
            record[key] = row.values.get(key)
        record["is_active"] = WORDS[self.moods.booleans][row.active]
        for key in ("zugferd", "include_document_history"):
            if isinstance(record.get(key), bool):
                record[key] = WORDS[self.moods.booleans][record[key]]
        if self.moods.types == "title" and record.get("doc_type"):
            record["doc_type"] = DOCUMENT_TYPES.get(record["doc_type"], record["doc_type"])
        elif self.moods.types == "lower" and record.get("doc_type"):
            record["doc_type"] = record["doc_type"].lower()
        if self.moods.masked == "url" and record.get("export_url"):
            record["export_url"] = record["export_url"][:12] + "****"
        if self.moods.masked == "username" and record.get("username"):
            record["username"] = "****"
        if self.moods.further_keys:
            record.update(order=99, name="Somebody", host="host.example", user="somebody", url="https://elsewhere.example/")
        if self.moods.deleted_rows:
            record["is_deleted"] = row.deleted
        if not self.moods.nulls:
            record = {key: value for key, value in record.items() if value is not None}
        return record

    def _method(self, row) -> str:
        if self.moods.methods == "other_case":
            return row.method.upper()
        if self.moods.methods == "unknown" and row.method.startswith("infor-"):
            return row.method.replace("-cloud", "-v2")
        return row.method

    def _configure(self, stem, fields, files):
        self.writes += 1
        id_ = fields.get("config_id") if self.moods.update_id == "known" else None
        if id_ is None:
            return self._create(stem, fields, files)
        row = self.rows.get(id_)
        if row is None:
            raise Refusal("EXPORT_CONFIG_NOT_FOUND")
        self._refuse_conflict(id_)
        kept = {} if self.moods.update == "drops" else row.values
        values = {**kept, **self._values(stem, fields)}
        kept_files = {} if self.moods.update == "drops" else row.files
        method = _method_of(stem, fields.get("on_permise") == "true")
        active = {"activates": True, "deactivates": False}.get(self.moods.update, row.active)
        self.put(Row(row.id, method, values, active, {**kept_files, **files}))
        if active and not row.active:
            self._replace_active(row)
        return json_answer({"success": True, "data": self._record(self._rows[id_])})

    def _create(self, stem, fields, files):
        method = _method_of(stem, fields.get("on_permise") == "true")
        row = Row(self.new_id(), method, self._values(stem, fields), self.moods.new_active, files)
        blocked = self.moods.one_active == "any" or (self.moods.one_active == "active" and row.active)
        if blocked and self._active_beside(row):
            raise Refusal("EXPORT_CONFIG_ALREADY_EXISTS")
        self.put(row)
        if row.active:
            self._replace_active(row)
        return self._create_answer(row)

    def _create_answer(self, row):
        kind = self.moods.create_answer
        if kind == "refusal":
            return json_answer({"success": False, "message": "UNKNOWN_ERROR"}, status=422)
        if kind == "no_content":
            return text_answer("", status=204)
        if kind in ("empty", "text"):
            return text_answer("" if kind == "empty" else "OK")
        id_ = int(row.id) if self.moods.ids == "integer" else row.id
        data = {
            "record": lambda: self._record(row),
            "id": lambda: id_,
            "null_id": lambda: {"id": None},
            # Of a task.
            "task_id": lambda: {"id": str(9000 + self._next)},
            # Of another export, also of a removed one.
            "other_id": lambda: {"id": min(self._rows)},
        }[kind]()
        return json_answer({"success": True, "data": data})

    def _values(self, stem, fields) -> dict:
        values = {}
        for key in FIELDS_OF[stem]:
            if key in fields and key != "on_permise":
                value = fields[key]
                if key in BOOLEANS:
                    value = value == "true"
                elif key in NUMBERS:
                    value = int(value) if value != "" else None
                values[key] = None if value == "" else value
        if self.moods.trims_titles and values.get("title"):
            values["title"] = values["title"].strip()
        return values

    def _update_configuration_visibility(self, fields):
        self.writes += 1
        row = self.rows.get(fields["id"])
        if row is None:
            raise Refusal("EXPORT_CONFIG_NOT_FOUND")
        self._refuse_conflict(row.id)
        active = fields["is_active"] == "true" if self.moods.switch == "sets" else not row.active
        if active and self.moods.one_active in ("active", "any") and self._active_beside(row):
            raise Refusal("EXPORT_CONFIG_ALREADY_EXISTS")
        self.change(row.id, active=active)
        if active:
            self._replace_active(row)
        return json_answer({"success": True})

    def _remove_configuration(self, fields):
        self.writes += 1
        if fields["id"] not in self.rows:
            raise Refusal("EXPORT_CONFIG_NOT_FOUND")
        if self.moods.removes:
            self.change(fields["id"], deleted=True, active=False)
        return json_answer({"success": True})

    def _refuse_conflict(self, id_) -> None:
        """Refuse a write to an export that somebody else has written to a moment ago, if that is the mood."""
        who, when = self._changed.get(id_, (None, 0.0))
        me = getattr(getcurrent(), "name", "")
        if self.moods.conflicts == "refused" and who not in (None, me) and self._clock.now - when < CONFLICT_SECONDS:
            raise Refusal("DUPLICATE_RECORD")
        self._changed[id_] = me, self._clock.now

    def _active_beside(self, row) -> list:
        def place(other):
            return other.values.get("doc_type"), other.values.get("sub_org_id"), other.method.startswith("infor")

        return [other for other in self.rows.values() if other.active and other.id != row.id and place(other) == place(row)]

    def _replace_active(self, row) -> None:
        if self.moods.one_active == "replaces":
            for other in self._active_beside(row):
                self.change(other.id, active=False)

    def _validate_export_configuration(self, _fields):
        return self._own_check()

    def _test_infor_connection(self, _fields):
        return self._own_check()

    def _own_check(self):
        if self.moods.own_checks == "refuse":
            raise Refusal("ERROR_GETTING_INFOR_ACCESS_TOKEN")
        return json_answer({"success": True})

    def _get_document_types(self, _fields):
        return json_answer({"success": True, "data": [{"document_key": key, "title": title, "is_active": True} for key, title in DOCUMENT_TYPES.items()]})

    def _get_sub_organisations(self, _fields):
        return json_answer([{"id": id_, "name": name} for id_, name in SUB_ORGANISATIONS.items()])

    def _download(self, id_, type_):
        row, name = self.rows.get(id_), FILE_TYPES[type_]
        if row is None:
            raise Refusal("EXPORT_CONFIG_NOT_FOUND")
        if name not in row.files:
            raise Refusal("ION_API_RECORD_NOT_FOUND" if name == "ion_api" else "NO_XSLT_RECORD_FOUND" if name == "xslt" else "MISSING_MAPPING_FILE")
        text = row.files[name]
        mood = self.moods.download if self.moods.download_of == "all" or name == "ion_api" else "bytes"
        return _as_download(mood, text, name)


def _method_of(stem, on_premises) -> str:
    return f"infor-{stem}-{'onpremise' if on_premises else 'cloud'}" if stem in ("idm", "bod") else stem


def _as_download(mood, text, name):
    if mood == "envelope":
        return json_answer({"success": True, "data": text})
    if mood == "json_string":
        return json_answer(text)
    if mood == "base64":
        return text_answer(base64.b64encode(text.encode()).decode())
    if mood == "url":
        return json_answer({"success": True, "data": "https://files.example/x?signature=1"})
    if mood == "masked":
        return text_answer("********")
    if mood == "another":
        # A mask that looks like a file: nothing in it says so.
        return text_answer(
            re.sub(r"[0-9a-f]{64}", lambda found: found.group()[::-1], text)
            if name == "ion_api"
            else text.replace("=Doc", "=Masked").replace("lid://", "lid://masked.")
        )
    if mood in ("partly_masked", "left_out") and name == "ion_api":
        values = json.loads(text)
        for key in ("cs", "saak", "sask"):
            if mood == "left_out":
                del values[key]
            else:
                values[key] = values[key][:4] + "****"
        return text_answer(json.dumps(values))
    if mood == "partly_masked":
        return text_answer(re.sub(r"=(.).*$", r"=\1****", text, count=1, flags=re.MULTILINE))
    if mood == "forbidden":
        return json_answer({"detail": "Forbidden"}, status=403)
    if mood == "not_found":
        return json_answer({"detail": "Not Found"}, status=404)
    if mood == "bom":
        return text_answer("\ufeff" + text.lstrip("\ufeff"))
    if mood == "crlf":
        return text_answer(text.replace("\r\n", "\n").replace("\n", "\r\n"))
    if mood == "trimmed":
        return text_answer("\n".join(line.rstrip() for line in text.split("\n")))
    if mood == "java" and name.endswith("mapping"):
        return text_answer("#Tue Nov 24 05:52:00 UTC 2026\n" + as_java(text))
    return text_answer(text)


@lru_cache(maxsize=1024)
def _meaning(name, text) -> str:
    text = text.lstrip("\ufeff").replace("\r\n", "\n")
    return as_java(text) if name.endswith("mapping") else text


def as_java(text) -> str:
    """A mapping as Java's Properties.load and store leave it."""
    return "\n".join(sorted(_java(line) for line in text.split("\n") if line and not line.startswith("#"))) + "\n"


def _java(line) -> str:
    """A line as Java's Properties.load and store leave it."""
    key, _equals, value = line.partition("=")
    value = re.sub(r"\\(.)", r"\1", value)
    return f"{key}={value.replace(chr(92), chr(92) * 2).replace(':', chr(92) + ':').replace('=', chr(92) + '=')}"


def json_answer(value, status=200) -> Response:
    return Response(status, {"content-type": "application/json"}, json.dumps(value).encode(), "docbits.example")


def text_answer(text, status=200) -> Response:
    return Response(status, {"content-type": "application/octet-stream"}, text.encode(), "docbits.example")
