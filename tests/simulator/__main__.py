# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Starts the simulator: two TLS listeners on 127.0.0.1 in one process, until SIGTERM or the end of its parent."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import signal
import socket
from pathlib import Path

import uvicorn

from . import docbits, infor
from .certificates import certificates
from .control import control_app
from .faults import ConnectionCut, Faults
from .journal import Journal
from .store import Store

STARTED_BY = os.getppid()


class Listener(uvicorn.Server):
    """A uvicorn server that leaves the signals to `run`, which has two of them."""

    @contextlib.contextmanager
    def capture_signals(self):
        yield


def listening_app(control, service):
    """The ASGI app of one listener: the control API under /_sim/, the service everywhere else."""

    async def app(scope, receive, send):
        if scope["path"].startswith("/_sim/"):
            return await control(scope, receive, send)
        try:
            return await service(scope, receive, send)
        except ConnectionCut:
            # ASGI has no word for this; uvicorn's `send` is a method of the request cycle, which knows the transport.
            cycle = send.__self__
            if cycle.response_started:
                cycle.transport.close()
            else:
                cycle.disconnected = True
                cycle.transport.abort()

    return app


async def run(arguments: argparse.Namespace) -> None:
    """Serve until told to stop."""
    directory = arguments.state
    directory.mkdir(parents=True, exist_ok=True)
    ca_pem, server_pem = certificates(directory)
    store = Store(directory / "state.sqlite")
    journal, faults = Journal(store), Faults(store)
    control = control_app(store, journal, faults, [*infor.control_routes(store), *docbits.control_routes(store)])

    listeners, ready = {}, {"ca": str(ca_pem.resolve()), "pid": os.getpid()}
    for name, service, port in (("infor", infor, arguments.infor_port), ("docbits", docbits, arguments.docbits_port)):
        app = journal.middleware(name, faults.middleware(name, service.create_app(store)))
        config = uvicorn.Config(
            listening_app(control, app),
            ssl_certfile=server_pem,
            log_level="critical",
            access_log=False,
            lifespan="off",
            timeout_keep_alive=60,
            timeout_graceful_shutdown=0,
            server_header=False,
        )
        listening = socket.create_server(("127.0.0.1", port), backlog=512)
        # asyncio sets this only for sockets that it made itself; without it every answer waits for the client's acknowledgement.
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        ready[name] = f"https://127.0.0.1:{listening.getsockname()[1]}"
        listeners[Listener(config)] = listening

    def stop():
        for server in listeners:
            server.should_exit = True

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    serving = [asyncio.create_task(server.serve([listening])) for server, listening in listeners.items()]
    while not all(server.started for server in listeners):
        await asyncio.sleep(0.01)
    announce(arguments.ready or directory / "ready.json", ready)
    if arguments.parent:
        watching = asyncio.create_task(watch(arguments.parent, stop))
    await asyncio.gather(*serving)
    if arguments.parent:
        watching.cancel()
    journal.flush()
    store.close()


async def watch(parent: int, stop) -> None:
    """Stop when the process `parent` has ended."""
    while lives(parent):
        await asyncio.sleep(1)
    stop()


def lives(pid: int) -> bool:
    """Whether the process runs; a dead one that nobody has collected still has its number, but not its children."""
    if pid == STARTED_BY:
        return os.getppid() == pid
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def announce(path: Path, ready: dict) -> None:
    """Write the file that says where the listeners are, in one step."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    unfinished.write_text(json.dumps(ready))
    unfinished.replace(path)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m simulator", description="Infor and DocBits on 127.0.0.1, over TLS.")
    parser.add_argument("--state", type=Path, required=True, metavar="DIR", help="where state and certificates are kept")
    parser.add_argument("--ready", type=Path, metavar="FILE", help="written when both listen (default: DIR/ready.json)")
    parser.add_argument("--parent", type=int, metavar="PID", help="stop when this process ends")
    parser.add_argument("--infor-port", type=int, default=0, metavar="PORT", help="default: one that is free")
    parser.add_argument("--docbits-port", type=int, default=0, metavar="PORT", help="default: one that is free")
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
