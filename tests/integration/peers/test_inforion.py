# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A client that this project did not write, against the simulator: the login module of PyPI's inforion, unchanged."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys

import pytest
import requests

from integration.peers.servers import PLACE
from simulator.client import Simulator
from simulator.ionapi import make_ionapi, register

INFORION = "inforion==2.26.2.4"


@pytest.fixture(scope="module")
def inforlogin():
    """The module alone: it needs nothing but requests, while its package pins versions that no Python of today can install."""
    place = PLACE / INFORION
    module = place / "inforion/ionapi/model/inforlogin.py"
    if not module.exists():
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(place), INFORION]
        subprocess.run(command, check=True)
    spec = importlib.util.spec_from_file_location("inforlogin", module)
    loaded = sys.modules["inforlogin"] = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(loaded)
        yield loaded
    finally:
        del sys.modules["inforlogin"]


def test_inforion_logs_in_and_reconnects_on_the_simulator(inforlogin, tmp_path, monkeypatch):
    with Simulator.start(tmp_path / "simulator") as simulator:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", simulator.ca)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        ionapi = make_ionapi(simulator.infor_url, "ACME_TST", "DocBits_TST")
        register(simulator, ionapi)
        file = tmp_path / "acme.ionapi"
        file.write_text(json.dumps(ionapi))
        inforlogin.load_config(file)
        logged_in = inforlogin.login()
        # It sends the first refresh token again and again.
        bearers = [f"Bearer {logged_in['access_token']}", *(inforlogin.reconnect()["Authorization"] for _again in range(2))]
        assert len(set(bearers)) == 3
        for bearer in bearers:
            url = inforlogin.base_url() + "/IONSERVICES/api/ion/messaging/service/ping"
            assert requests.get(url, headers={"Authorization": bearer}, timeout=10).status_code == 200
        calls = [bool(call.get("login")) for call in simulator.journal(0) if call["method"] == "POST"]
        assert calls == [True, False, False]
