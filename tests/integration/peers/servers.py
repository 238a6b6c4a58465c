# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Starts the two OAuth2 servers that this project did not write, each on a port of its own, over TLS."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

from simulator.certificates import certificates
from simulator.ionapi import SCOPES, make_ionapi

HERE = Path(__file__).resolve().parent
TESTS = HERE.parents[1]
# What is installed for these tests alone.
PLACE = TESTS.parent / "build/peers"


@dataclass(frozen=True)
class Peer:
    """A running server.

    ca:            the PEM file of the CA that signed its certificate
    files:         C(password) and C(client_credentials) to the ION API file of an app that it knows
    introspection: the path at which it tells about a token, relative to C(pu)
    log:           what it wrote, with one line for each request
    rotates:       whether, as it comes, it replaces a refresh token at use
    wrong_grant:   the id of the finding for its answer to a grant that an app does not have
    """

    ca: str
    files: dict
    introspection: str
    log: Path
    rotates: bool
    wrong_grant: str

    def posts_to(self, ionapi) -> int:
        """How many POSTs its token endpoint has had."""
        path = "/" + ionapi.token_url.split("/", 3)[3]
        return self.log.read_text().count(f'"POST {path}')

    def is_active(self, file: dict, token: str) -> bool:
        """What the server itself says about an access token (RFC 7662)."""
        answer = requests.post(
            file["pu"] + self.introspection, {"token": token}, auth=(file["ci"], file["cs"]), verify=self.ca, proxies={"https": ""}, timeout=10
        )
        answer.raise_for_status()
        return answer.json()["active"]


@contextmanager
def django_oauth_toolkit(folder: Path):
    """django-oauth-toolkit as Infor's authorization server in the cloud."""
    with _socket() as (listening, url):
        files = _files(url, "ACME_TST", "mt")
        ca, pem = certificates(folder)
        environment = os.environ | {
            "DJANGO_SETTINGS_MODULE": "integration.peers.django_server.settings",
            "PEER_DATABASE": str(folder / "database.sqlite"),
            "PEER_SCOPES": " ".join(SCOPES),
            "PYTHONPATH": str(TESTS),
        }
        text = json.dumps(list(files.values()))
        subprocess.run([sys.executable, "-m", "integration.peers.django_server.register"], env=environment, input=text, text=True, check=True)
        command = [sys.executable, "-m", "uvicorn", "--factory", "django.core.asgi:get_asgi_application", "--lifespan", "off"]
        command += ["--fd", str(listening.fileno()), "--ssl-certfile", str(pem), "--ssl-keyfile", str(pem)]
        with _running(command, listening, folder / "log", env=environment):
            yield Peer(str(ca), files, "introspect", folder / "log", rotates=True, wrong_grant="A06")


@contextmanager
def oidc_provider(folder: Path):
    """oidc-provider as Infor's authorization server on premises."""
    script = _installed_oidc_provider() / "server.mjs"
    with _socket() as (listening, url):
        files = _files(url, "infor", "op")
        ca, pem = certificates(folder)
        told = {"fd": listening.fileno(), "pem": str(pem), "url": url, "files": list(files.values())}
        with _running(["node", str(script)], listening, folder / "log", stdin=json.dumps(told)):
            # It answers invalid_request where RFC 6749 has unauthorized_client; no client can tell more from that.
            yield Peer(str(ca), files, "connect/introspect", folder / "log", rotates=False, wrong_grant="A13")


def _files(url, tenant, flavour) -> dict:
    return {
        "password": make_ionapi(url, tenant, "DocBits_TST", flavour=flavour),
        "client_credentials": make_ionapi(url, tenant, "DocBits_TST", flavour=flavour, service_account=False),
    }


@contextmanager
def _socket():
    """A socket that listens before the server runs: nobody has to guess a port, and no call comes too early."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening, f"https://127.0.0.1:{listening.getsockname()[1]}"


@contextmanager
def _running(command, listening, log, stdin="", **more):
    with log.open("w") as output:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=output, stderr=subprocess.STDOUT, text=True, pass_fds=[listening.fileno()], **more)
    # From here on the socket is the server's alone: when it dies, calls are refused instead of waiting for ever.
    listening.close()
    try:
        process.stdin.write(stdin)
        process.stdin.close()
        yield
    finally:
        # It has nothing to save, and a connection that we keep open would hold up a gentle end.
        process.kill()
        process.wait()


def _installed_oidc_provider() -> Path:
    """The directory with the script and its packages, installed when the lock file changed."""
    place = PLACE / "oidc_server"
    place.mkdir(parents=True, exist_ok=True)
    for source in (HERE / "oidc_server").iterdir():
        shutil.copy2(source, place)
    stamp, lock = place / "made-for", (place / "package-lock.json").read_text()
    if not stamp.exists() or stamp.read_text() != lock:
        subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=place, check=True)
        stamp.write_text(lock)
    return place
