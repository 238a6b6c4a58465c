# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults and latency that a test orders: both listeners ask here before and after the app answers."""

from __future__ import annotations

import asyncio
import base64
import codecs
import json
import re
from urllib.parse import parse_qsl

from .store import Store

COLLECTION = "simulator"

ENCODINGS = (
    str,
    lambda text: text[::-1],
    lambda text: codecs.encode(text, "rot13"),
    lambda text: base64.b64encode(f"x{text}".encode()).decode(),
    lambda text: text.encode().hex()[:32],
    lambda text: base64.b32encode(text.encode()).decode().rstrip("="),
    str.upper,
)
ECHOING_FIELDS = ("code", "error", "trace_id", "message", "request_id", "error_description", "id", "title", "displayName", "correlation_id", "errorMessage")


class ConnectionCut(Exception):
    """The listener shall drop the connection without another byte."""


class Faults:
    """The ordered faults and the latency of each service, kept in the store.

    A fault: {"service", "match", "times", "after", "action"}. `match` is a regular expression searched in "METHOD /path".
    `times` says how often it strikes (null: always). With `after` the app handles the request first, and its answer is
    lost. `action` is one of
    {"status", "body", "content_type", "headers"}, {"delay": seconds}, {"hold": true}, {"close": true}, {"truncate": true},
    {"echo": status}: every field repeats something secret of the request, in one of many encodings.
    A held request goes on once the faults are replaced.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self.load()

    def load(self) -> None:
        """Take what the store has, and let held requests go on."""
        self._release, former = asyncio.Event(), getattr(self, "_release", None)
        if former is not None:
            former.set()
        self.held = 0
        self._faults: list[dict] = self._store.get(COLLECTION, "faults") or []
        self._latency: dict[str, float] = self._store.get(COLLECTION, "latency") or {}

    def set_faults(self, faults: list[dict]) -> None:
        self._store.put(COLLECTION, "faults", faults)
        self.load()

    def set_latency(self, milliseconds: dict[str, float]) -> None:
        self._store.put(COLLECTION, "latency", milliseconds)
        self.load()

    def middleware(self, service: str, app):
        """The ASGI app with the faults and the latency of `service`."""

        async def faulty(scope, receive, send):
            latency = self._latency.get(service)
            if latency:
                await asyncio.sleep(latency / 1000)
            fault = self._next(service, f"{scope['method']} {scope['path']}") if self._faults else None
            if fault is None:
                return await app(scope, receive, send)
            scope["state"]["fault"] = True
            action = fault["action"]
            if "delay" in action:
                await asyncio.sleep(action["delay"])
                return await app(scope, receive, send)
            if action.get("hold"):
                return await self._hold(app, scope, receive, send, fault.get("after"))
            if action.get("truncate"):
                return await app(scope, receive, _truncating(send))
            if fault.get("after"):
                await app(scope, receive, _discard)
            if action.get("close"):
                raise ConnectionCut
            if "echo" in action:
                return await _answer(send, _echo(scope, await _body(receive), action["echo"]))
            return await _answer(send, action)

        return faulty

    async def _hold(self, app, scope, receive, send, after) -> None:
        """Answer a request once the faults are replaced; with `after` it has its effect before."""
        release, messages = self._release, []

        async def keep(message):
            messages.append(message)

        if after:
            await app(scope, receive, keep)
        self.held += 1
        await release.wait()
        if not after:
            await app(scope, receive, keep)
        for message in messages:
            await send(message)

    def _next(self, service: str, request: str) -> dict | None:
        for fault in self._faults:
            if fault["service"] == service and fault.get("times") != 0 and re.search(fault["match"], request):
                if fault.get("times") is not None:
                    fault["times"] -= 1
                    self._store.put(COLLECTION, "faults", self._faults)
                return fault
        return None


async def _body(receive) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


def _echo(scope, body: bytes, status: int) -> dict:
    headers = {name.decode().lower(): value.decode("latin-1") for name, value in scope["headers"]}
    given = [headers[name].rpartition(" ")[2] for name in ("authorization", "x-api-key") if name in headers]
    given += [value for _name, value in parse_qsl(body.decode("latin-1")) if len(value) > 16]
    # The part before # or ~ is the tenant, which is public.
    pieces = [text.rpartition("#")[2].rpartition("~")[2] for text in given] or [""]
    said = [encode(cut) for text in pieces for cut in (text, text[:-1], text[3:35]) for encode in ENCODINGS]
    fields = {name: said[number % len(said)] for number, name in enumerate(ECHOING_FIELDS)}
    answer = {"success": False, **fields, **{text: text for text in said}, "detail": [{"loc": ["body", text], "type": text, "msg": text} for text in said]}
    return {
        "status": status,
        "content_type": "application/json",
        "body": json.dumps(answer),
        "headers": {"X-Request-ID": said[4], "X-Correlation-ID": said[0], "Retry-After": said[1]},
    }


async def _answer(send, action: dict) -> None:
    body = action.get("body", "").encode()
    headers = {"content-type": action.get("content_type", "text/html"), "content-length": str(len(body)), **action.get("headers", {})}
    encoded = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": action["status"], "headers": encoded})
    await send({"type": "http.response.body", "body": body})


async def _discard(message) -> None:
    pass


def _truncating(send):
    """Sends the head, with the full Content-Length, and half of the body; then the connection ends."""

    async def truncated(message):
        if message["type"] == "http.response.body":
            body = message.get("body", b"")
            await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
            raise ConnectionCut
        await send(message)

    return truncated
