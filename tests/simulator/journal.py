# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The journal: what came in on both listeners, who asked, whether it was a write; never a secret."""

from __future__ import annotations

import hashlib
import io
import time
from urllib.parse import parse_qsl

from python_multipart import parse_form

from .store import Store

# Entries are put together and stored when somebody reads them, or when this many wait.
BATCH = 500

SECRET_PARAMETERS = {"access_token", "api_key", "client_secret", "code", "password", "refresh_token", "saak", "sask", "secret", "token", "username"}

LOGIN_GRANTS = ("password", "client_credentials")
TOKEN_PATHS = (".oauth2", "/connect/token", "/connect/revocation")

# Operations of DocBits that change nothing though they are POST requests; whatever else is no GET counts as a write.
DOCBITS_READS = ("get_", "test_", "validate_")


class Journal:
    """Keeps one entry for each request, numbered from 1.

    An entry: seq, time (epoch seconds), monotonic (seconds), service, method, path, query (name to value, null for a
    secret), fields (form field names), files (file field name to SHA-256 of its content), status (null when the connection was cut),
    duration_ms, connection (client port), principal (client id or name of the organisation), fault (whether one took part),
    write, login, refresh.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._next = store.last_journal_number() + 1
        self._waiting: list[tuple[dict, str, bytes]] = []

    def middleware(self, service: str, app):
        """The ASGI app, journaled as `service`. The app names who asked in `scope["state"]["principal"]`."""

        async def journaled(scope, receive, send):
            # The whole body first: an app that refuses without reading it shall be journaled like any other.
            body = await _whole_body(receive)
            unread = [{"type": "http.request", "body": body, "more_body": False}]
            status = None

            async def listen():
                return unread.pop() if unread else await receive()

            async def speak(message):
                nonlocal status
                if message["type"] == "http.response.start":
                    status = message["status"]
                await send(message)

            state = scope["state"] = {}
            began, monotonic = time.time(), time.monotonic()
            seq, self._next = self._next, self._next + 1
            try:
                await app(scope, listen, speak)
            finally:
                entry = {
                    "seq": seq,
                    "time": began,
                    "monotonic": monotonic,
                    "service": service,
                    "method": scope["method"],
                    "path": scope["path"],
                    "query": _query(scope["query_string"]),
                    "status": status,
                    "duration_ms": round((time.monotonic() - monotonic) * 1000, 2),
                    "connection": (scope["client"] or (None, None))[1],
                    "principal": state.get("principal"),
                    "fault": state.get("fault", False),
                }
                content_type = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"content-type"), "")
                self._waiting.append((entry, content_type, body))
                if len(self._waiting) >= BATCH:
                    self.flush()

        return journaled

    def flush(self) -> None:
        """Store what waits."""
        entries = [_complete(*waiting) for waiting in self._waiting]
        self._waiting.clear()
        self._store.append_journal(entries)

    def read(self, after: int) -> list[dict]:
        self.flush()
        return self._store.read_journal(after)

    def clear(self) -> None:
        """Forget the entries; the numbers go on, so that a reader who remembers one is not misled."""
        self._waiting.clear()
        self._store.clear_journal()

    @property
    def last(self) -> int:
        """The number of the newest request, 0 before the first."""
        return self._next - 1


async def _whole_body(receive) -> bytes:
    body = bytearray()
    more = True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return bytes(body)


def _query(query_string: bytes) -> dict:
    pairs = parse_qsl(query_string.decode("latin-1"), keep_blank_values=True)
    return {name: None if name.lower() in SECRET_PARAMETERS else value for name, value in pairs}


def _complete(entry: dict, content_type: str, body: bytes) -> dict:
    values, files = read_form(content_type, body)
    entry["fields"] = sorted(values)
    entry["files"] = files
    method, path = entry["method"], entry["path"]
    entry["login"] = entry["refresh"] = False
    if entry["service"] == "infor":
        of_authorization_server = path.endswith(TOKEN_PATHS)
        grant = values.get("grant_type", "") if of_authorization_server else ""
        entry["login"] = grant in LOGIN_GRANTS
        entry["refresh"] = grant == "refresh_token"
        entry["write"] = method not in ("GET", "HEAD", "OPTIONS") and not of_authorization_server
    else:
        entry["write"] = method not in ("GET", "HEAD", "OPTIONS") and not path.rpartition("/")[2].startswith(DOCBITS_READS)
    return entry


def read_form(content_type: str, body: bytes) -> tuple[dict[str, str], dict[str, str]]:
    """Field name to value, and file field name to SHA-256; both empty for a body that is no form, or a broken one."""
    values: dict[str, str] = {}
    files: dict[str, str] = {}

    def on_field(field):
        values[field.field_name.decode("utf-8", "replace")] = (field.value or b"").decode("utf-8", "replace")

    def on_file(file):
        file.file_object.seek(0)
        files[file.field_name.decode("utf-8", "replace")] = hashlib.sha256(file.file_object.read()).hexdigest()

    if body and content_type.startswith(("multipart/form-data", "application/x-www-form-urlencoded")):
        headers = {"Content-Type": content_type.encode("latin-1"), "Content-Length": str(len(body)).encode()}
        try:
            parse_form(headers, io.BytesIO(body), on_field, on_file)
        except ValueError:  # the base of every error of the parser
            return {}, {}
    return values, files
