# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The peer: the application behind TLS, with faults, a journal and controls for tests."""

from __future__ import annotations

import asyncio
import datetime
import ipaddress
import json
import secrets
import socket
import tempfile
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

import uvicorn
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from .app import build
from .faults import Fault
from .moods import Moods
from .store import Store

_WRITES = ("configure_", "remove_configuration", "update_configuration_visibility")


class Peer:
    """A running server. Use it as a context manager.

    moods: a Moods object, or its switches as keyword arguments.
    start: exports in neutral terms that exist at the start.
    """

    def __init__(self, moods: Moods | None = None, *, start: list[dict] | None = None, faults=(), **switches):
        self.moods = moods or Moods(**switches)
        self.start = list(start or [])
        self.faults = [f.fresh() for f in faults]
        self.api_key = "dbk_" + secrets.token_hex(20)
        self.killed = threading.Event()
        self._cut_at: int | None = None
        self._cut_before = False
        self._journal: list[dict] = []
        self._calls = 0
        self._writes = 0
        self._waiting = 0
        self._load()

    # life cycle -------------------------------------------------------------------------------------------------

    def __enter__(self) -> Peer:
        self._folder = tempfile.TemporaryDirectory(prefix="docbits-peer-")
        folder = Path(self._folder.name)
        _make_certificates(folder)
        self.ca = str(folder / "ca.pem")
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        self.host, self.port = listener.getsockname()
        self.url = f"https://{self.host}:{self.port}"
        config = uvicorn.Config(
            self._asgi,
            log_level="critical",
            http="h11",
            interface="asgi3",
            proxy_headers=False,
            lifespan="off",
            ssl_certfile=str(folder / "server.pem"),
            ssl_keyfile=str(folder / "server.key"),
            timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [listener]}, daemon=True)
        self._thread.start()
        limit = time.monotonic() + 20
        while not self._server.started:
            if time.monotonic() > limit:
                raise RuntimeError("the server did not start")
            time.sleep(0.01)
        return self

    def __exit__(self, *exc: object) -> None:
        self._server.should_exit = True
        self._thread.join(10)
        self._folder.cleanup()

    def _load(self) -> None:
        self.store = Store(self.moods)
        for export in self.start:
            self.store.add(export)
        self.store.settle()
        self._app = build(self.store, self.api_key)

    # controls ---------------------------------------------------------------------------------------------------

    def reset(self) -> None:
        """Return to the state at the start, with an empty journal."""
        self.restore()
        self._journal, self._calls, self._writes, self._waiting = [], 0, 0, 0
        self.faults = [f.fresh() for f in self.faults]
        self._load()

    def set_moods(self, **switches: object) -> None:
        """Change switches and keep the organisation."""
        self.moods = self.moods.but(**switches)
        self.store.moods = self.moods
        self._app = build(self.store, self.api_key)

    def set_faults(self, *faults: Fault) -> None:
        """Replace the faults; their counters start at zero."""
        self.faults = [f.fresh() for f in faults]

    def state(self, deleted: bool = False) -> list[dict]:
        """Return the exports in neutral terms."""
        return self.store.state(deleted)

    def journal(self) -> list[dict]:
        """Return the calls so far: n, time, method, path, kinds, write, sent, effects, status, fault."""
        return list(self._journal)

    def edit(self, title: str, **changes: object) -> None:
        """Change an export as a person would in the web app."""
        self.store.edit(title, **changes)

    def cut_after_write(self, number: int, before: bool = False) -> None:
        """Kill the client at its n-th write from now: its connections are closed until restore().

        before: the write itself is not applied.
        `killed` is set then; a client in a process of its own can be killed for real.
        """
        self.killed.clear()
        self._cut_at, self._cut_before = self._writes + number, before

    def restore(self) -> None:
        """Accept connections again."""
        self._cut_at = None
        self.killed.clear()

    # requests ---------------------------------------------------------------------------------------------------

    async def _asgi(self, scope: dict, receive, send) -> None:
        if scope["type"] != "http":
            return
        transport = send.__self__.transport
        if self.killed.is_set():
            await _abort(transport)
            return
        prefix, path = self.moods.prefix, scope["path"]
        if prefix and path != "/openapi.json":
            path = path[len(prefix) :] if path.startswith(prefix) else "/no-prefix"
        body = await _read_body(receive)
        kinds = _kinds_of(path, body) | ({"after_write"} if self._writes else set())
        self._calls += 1
        entry = {
            "n": self._calls,
            "time": time.monotonic(),
            "method": scope["method"],
            "path": urlsplit(path).path,
            "kinds": sorted(kinds),
            "write": "write" in kinds,
            "sent": None,
            "effects": [],
            "status": None,
            "fault": None,
        }
        self._journal.append(entry)
        faults = [f for f in self.faults if f.strikes(kinds)]
        for fault in [f for f in faults if f.effect == "act"]:
            fault.act(self.store)
            entry["fault"] = "act"
        fault = next((f for f in faults if not f.effect.startswith("act")), None)
        effect = fault.effect if fault else ""
        cut = False
        if entry["write"]:
            self._writes += 1
            await self._rendezvous()
            cut = self._cut_at == self._writes
        if fault:
            entry["fault"] = effect
        if cut and self._cut_before:
            effect = "lost_before"
        if effect in ("lost_before", "hang_before", "late_effect"):
            if effect == "hang_before":
                await asyncio.sleep(fault.seconds)
            if cut:
                self.killed.set()
            await _abort(transport)
            if effect == "late_effect":
                await asyncio.sleep(fault.seconds)
                await self._serve(scope, path, body, entry)
            return
        if effect == "status_before":
            await _send(send, fault.status, fault.headers, b'{"detail":"try again"}')
            entry["status"] = fault.status
            return
        if effect == "echo":
            message = f"INVALID_REQUEST: {body.decode('utf-8', 'replace')}"
            await _send(send, 400, {}, json.dumps({"success": False, "message": message}).encode())
            entry["status"] = 400
            return
        status, headers, answer = await self._serve(scope, path, body, entry)
        if effect == "doubled":
            await self._serve(scope, path, body, entry)
        for later in [f for f in faults if f.effect == "act_after"]:
            later.act(self.store)
        if effect in ("late", "hang_after"):
            await asyncio.sleep(fault.seconds)
        if cut or effect in ("lost_after", "hang_after"):
            if cut:
                self.killed.set()
            await _abort(transport)
            return
        if effect == "status_after":
            status, headers, answer = fault.status, _plain(fault.headers), b'{"detail":"try again"}'
        entry["status"] = status
        if effect == "truncated":
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": answer[: len(answer) // 2], "more_body": True})
            await _abort(transport)
            return
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

    async def _serve(self, scope: dict, path: str, body: bytes, entry: dict) -> tuple[int, list, bytes]:
        """Run the application once and return its answer."""
        inner = {**scope, "path": path, "raw_path": path.encode(), "peer.effects": entry["effects"]}
        inner |= {"peer.call": entry["n"], "peer.sent": None, "app": self._app}
        messages = []
        delivered = False

        async def receive() -> dict:
            nonlocal delivered
            if delivered:
                await asyncio.sleep(3600)
            delivered = True
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: dict) -> None:
            messages.append(message)

        try:
            await self._app(inner, receive, send)
        except Exception as error:  # a defect of the peer: show it in the journal
            entry["effects"].append({"defect": repr(error)})
            return 500, [], b"Internal Server Error"
        entry["sent"] = inner["peer.sent"] or entry["sent"]
        answer = b"".join(m.get("body", b"") for m in messages[1:])
        return messages[0]["status"], messages[0]["headers"], answer

    async def _rendezvous(self) -> None:
        """Hold the first `moods.rendezvous` writes until all of them have arrived, for at most 4 seconds."""
        self._waiting += 1
        wanted = self.moods.rendezvous
        limit = time.monotonic() + 4
        if self._waiting <= wanted:
            while self._waiting < wanted and time.monotonic() < limit:
                await asyncio.sleep(0.01)


def _kinds_of(path: str, body: bytes) -> set[str]:
    kinds = {"any"}
    name = path.rsplit("/", 1)[-1]
    if "/configurations/" in path and name.startswith(_WRITES):
        kinds.add("write")
        if name.startswith("configure_"):
            kinds.add("update" if b"config_id" in body else "create")
        else:
            kinds.add("remove" if name.startswith("remove") else "visibility")
        return kinds
    kinds.add("read")
    for part, kind in (
        ("get_configurations", "list"),
        ("/download/", "download"),
        ("/openapi.json", "openapi"),
        ("get_document_types", "doc_types"),
    ):
        if part in path:
            kinds.add(kind)
    return kinds


async def _read_body(receive) -> bytes:
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return body


async def _abort(transport) -> None:
    transport.abort()
    await asyncio.sleep(0.05)


async def _send(send, status: int, headers: dict, body: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": _plain(headers)})
    await send({"type": "http.response.body", "body": body})


def _plain(headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
    return [(b"content-type", b"application/json"), *((k.lower().encode(), v.encode()) for k, v in headers.items())]


def _make_certificates(folder: Path) -> None:
    """Write ca.pem, server.pem and server.key for 127.0.0.1."""
    now = datetime.datetime.now(datetime.UTC)

    def certificate(name: str, key, issuer, signer, extensions) -> x509.Certificate:
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer or subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(hours=1))
            .not_valid_after(now + datetime.timedelta(days=2))
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
        )
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical)
        return builder.sign(signer, hashes.SHA256())

    def usage(**on: bool) -> x509.KeyUsage:
        names = "digital_signature content_commitment key_encipherment data_encipherment key_agreement key_cert_sign"
        off = dict.fromkeys([*names.split(), "crl_sign", "encipher_only", "decipher_only"], False)
        return x509.KeyUsage(**{**off, **on})

    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca_rules = [(x509.BasicConstraints(True, 0), True), (usage(key_cert_sign=True, crl_sign=True), True)]
    ca = certificate("DocBits peer CA", ca_key, None, ca_key, ca_rules)
    names = [x509.IPAddress(ipaddress.ip_address("127.0.0.1")), x509.DNSName("localhost")]
    server = certificate(
        "DocBits peer",
        key,
        ca.subject,
        ca_key,
        [
            (x509.BasicConstraints(False, None), True),
            (usage(digital_signature=True), True),
            (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False),
            (x509.SubjectAlternativeName(names), False),
        ],
    )
    pem = serialization.Encoding.PEM
    (folder / "ca.pem").write_bytes(ca.public_bytes(pem))
    (folder / "server.pem").write_bytes(server.public_bytes(pem))
    (folder / "server.key").write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
