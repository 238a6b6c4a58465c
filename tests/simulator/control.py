# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control API under /_sim/ on both listeners: tests and the demo set scenarios and read the journal. Not journaled."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from .faults import Faults
from .journal import Journal
from .store import Store


def control_app(store: Store, journal: Journal, faults: Faults, routes: list[Route]) -> Starlette:
    """The app; `routes` are those of the services, with their whole paths."""

    async def requests(request: Request) -> Response:
        if request.method == "DELETE":
            journal.clear()
        after = int(request.query_params.get("after", 0))
        return JSONResponse({"requests": journal.read(after), "last": journal.last})

    async def reset(request: Request) -> Response:
        journal.clear()
        store.clear()
        faults.load()
        return JSONResponse({"ok": True})

    async def set_faults(request: Request) -> Response:
        if request.method == "PUT":
            faults.set_faults(await request.json())
        return JSONResponse({"held": faults.held})

    async def set_latency(request: Request) -> Response:
        faults.set_latency(await request.json())
        return JSONResponse({"ok": True})

    return Starlette(
        routes=[
            Route("/_sim/journal", requests, methods=["GET", "DELETE"]),
            Route("/_sim/reset", reset, methods=["POST"]),
            Route("/_sim/faults", set_faults, methods=["GET", "PUT"]),
            Route("/_sim/latency", set_latency, methods=["PUT"]),
            *routes,
        ]
    )
