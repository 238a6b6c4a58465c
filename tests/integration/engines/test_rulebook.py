# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""examples/eda under ansible-rulebook: drift opens a change, and a request deploys.

Runs only with ION_RULEBOOK, the path of an ansible-rulebook that is installed with its Java: neither is a requirement of the other tests.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import requests
import yaml

from integration.engines.fleet import EXAMPLES, Fleet

PATIENCE = 90

pytestmark = pytest.mark.skipif("ION_RULEBOOK" not in os.environ, reason="ION_RULEBOOK names no ansible-rulebook")


class Tracker(HTTPServer):
    """Where changes are opened: keeps the JSON that it gets."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.changes: list = []
        threading.Thread(target=self.serve_forever, daemon=True).start()


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        self.server.changes.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(201)
        self.end_headers()

    def log_message(self, *arguments):
        pass


def wait_for(condition, process) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert process.poll() is None and time.monotonic() < deadline, Path(process.args[-1]).with_name("log").read_text()[-4000:]
        time.sleep(0.5)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def test_drift_opens_a_change_and_a_request_deploys_one_environment(simulator, tmp_path):
    fleet = Fleet(simulator, tmp_path, 2)
    # ansible-rulebook copies the inventory; see the README of the example.
    for path in fleet.directory.glob("inventory/**/main.yml"):
        path.write_text(path.read_text().replace("{{ inventory_dir }}/..", str(fleet.directory)))
    old = fleet.directory / "ionapi/environment-002.ionapi"
    os.utime(old, (0, 0))
    for name in ("rulebook.yml", "open_change.yml"):
        shutil.copy(EXAMPLES / "eda" / name, tmp_path)
    tracker, port, token = Tracker(), free_port(), secrets.token_urlsafe(16)
    variables = {"fleet": str(fleet.directory), "change_url": f"http://127.0.0.1:{tracker.server_port}/", "webhook_port": port, "webhook_token": token}
    (tmp_path / "vars.yml").write_text(yaml.safe_dump(variables))
    command = [
        os.environ["ION_RULEBOOK"],
        "--rulebook",
        "rulebook.yml",
        "--inventory",
        str(fleet.directory / "inventory"),
        "--vars",
        str(tmp_path / "vars.yml"),
    ]
    environment = fleet.environment(PYTHONPATH="", PATH=os.pathsep.join([str(Path(command[0]).parent), os.environ["PATH"]]))
    with open(tmp_path / "log", "w") as log, subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=log, stderr=log) as process:
        try:
            wait_for(lambda: len(tracker.changes) == 3, process)
            opened = {change["title"] for change in tracker.changes}
            assert opened == {"DocBits environment-001: drift", "DocBits environment-002: drift", "DocBits environment-002: age"}
            assert simulator.writes() == []
            sent = requests.post(f"http://127.0.0.1:{port}/", json={"deploy": "environment-001"}, headers={"Authorization": f"Bearer {token}"}, timeout=30)
            assert sent.ok
            wait_for(lambda: len(simulator.exports("environment-001")) == 2, process)
            assert simulator.exports("environment-002") == []
        finally:
            process.terminate()
            tracker.shutdown()
    assert not any(secret in text for secret in fleet.secrets for text in [(tmp_path / "log").read_text(), json.dumps(tracker.changes)])
