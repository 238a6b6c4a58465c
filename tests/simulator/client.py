# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small blocking client: starts the simulator as a child process, sets scenarios, reads the journal."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import quote

import requests

TESTS = Path(__file__).resolve().parents[1]
PATIENCE = 30  # seconds for start and stop


class Simulator:
    """A running simulator. Also a context manager that stops it."""

    def __init__(self, process: subprocess.Popen | None, infor_url: str, docbits_url: str, ca: str) -> None:
        self.process = process
        self.infor_url = infor_url
        self.docbits_url = docbits_url
        self.ca = ca
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.verify = ca

    @classmethod
    def start(cls, state_dir: Path | str, python: str = sys.executable, infor_port: int = 0, docbits_port: int = 0) -> Simulator:
        """Start it on `state_dir` and wait until both listeners answer; it ends with this process at the latest."""
        state_dir = Path(state_dir)
        state_dir.mkdir(parents=True, exist_ok=True)
        ready = state_dir / "ready.json"
        ready.unlink(missing_ok=True)
        command = [python, "-m", "simulator", "--state", state_dir, "--parent", os.getpid(), "--infor-port", infor_port, "--docbits-port", docbits_port]
        with open(state_dir / "simulator.log", "ab") as log:
            process = subprocess.Popen(
                [str(word) for word in command], env={**os.environ, "PYTHONPATH": str(TESTS)}, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        deadline = time.monotonic() + PATIENCE
        while not ready.exists():
            if process.poll() is not None or time.monotonic() > deadline:
                process.kill()
                raise RuntimeError(f"the simulator did not start:\n{(state_dir / 'simulator.log').read_text()}")
            time.sleep(0.02)
        return cls.attach(ready, process)

    @classmethod
    def attach(cls, ready: Path | str, process: subprocess.Popen | None = None) -> Simulator:
        """The simulator that wrote this ready file."""
        where = json.loads(Path(ready).read_text())
        return cls(process, where["infor"], where["docbits"], where["ca"])

    def stop(self) -> None:
        """Stop it, if this client started it, and wait for its end."""
        self._session.close()
        if self.process is not None:
            self.process.terminate()
            try:
                self.process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def __enter__(self) -> Simulator:
        return self

    def __exit__(self, *_exception) -> None:
        self.stop()

    def control(self, method: str, path: str, body=None):
        """One call of the control API; the answer's JSON. A refused call raises ValueError with the reason."""
        response = self._session.request(method, self.docbits_url + path, json=body, timeout=PATIENCE)
        if not response.ok:
            raise ValueError(f"{method} {path}: {response.status_code} {response.text}")
        return response.json()

    # -- the journal

    def journal(self, after: int = 0) -> list[dict]:
        """The requests with a number above `after`."""
        return self.control("GET", f"/_sim/journal?after={after}")["requests"]

    def last(self) -> int:
        """The number of the newest request: remember it before a run, give it as `after` behind it."""
        return self.control("GET", f"/_sim/journal?after={sys.maxsize}")["last"]

    def writes(self, after: int = 0) -> list[dict]:
        """The requests that write, to either service."""
        return [request for request in self.journal(after) if request["write"]]

    def clear_journal(self) -> None:
        self.control("DELETE", "/_sim/journal")

    # -- scenarios

    def reset(self) -> None:
        """Empty everything: state, journal, faults."""
        self.control("POST", "/_sim/reset")

    def faults(self, faults: list[dict]) -> None:
        """Replace the ordered faults (see `faults.Faults`)."""
        self.control("PUT", "/_sim/faults", faults)

    def held(self) -> int:
        """The number of requests that a fault with the action `hold` holds now."""
        return self.control("GET", "/_sim/faults")["held"]

    def latency(self, **milliseconds: float) -> None:
        """Milliseconds before each answer: `latency(infor=20, docbits=5)`; a service left out has none."""
        self.control("PUT", "/_sim/latency", milliseconds)

    def host_url(self, host: str = "") -> str:
        """The base URL of a DocBits host."""
        return f"{self.docbits_url}/h/{host}" if host else self.docbits_url

    def put_organisation(self, name: str, **body) -> dict:
        """Create or replace an organisation; the answer has its `id` and the ids of its `exports`."""
        return self.control("PUT", f"/_sim/docbits/organisations/{quote(name, safe='')}", body)

    def change_organisation(self, name: str, **body) -> dict:
        """Change the named things of an organisation; inside `switches` only the named ones."""
        return self.control("PATCH", f"/_sim/docbits/organisations/{quote(name, safe='')}", body)

    def exports(self, name: str) -> list[dict]:
        """The stored exports of an organisation, with the text of their files."""
        return self.control("GET", f"/_sim/docbits/organisations/{quote(name, safe='')}/exports")

    def add_export(self, name: str, **body) -> dict:
        """What a person adds by hand; not journaled."""
        return self.control("POST", f"/_sim/docbits/organisations/{quote(name, safe='')}/exports", body)

    def edit_export(self, name: str, export_id, **changes) -> dict:
        """What a person changes by hand: fields, and `files` (name to text, None removes one); not journaled."""
        return self.control("PATCH", f"/_sim/docbits/organisations/{quote(name, safe='')}/exports/{export_id}", changes)

    def remove_export(self, name: str, export_id) -> None:
        """What a person deletes by hand; not journaled."""
        self.control("DELETE", f"/_sim/docbits/organisations/{quote(name, safe='')}/exports/{export_id}")

    def put_tenant(self, ti: str, **body) -> None:
        self.control("PUT", f"/_sim/infor/tenants/{quote(ti, safe='')}", body)

    def put_app(self, ci: str, **body) -> None:
        self.control("PUT", f"/_sim/infor/apps/{quote(ci, safe='')}", body)

    def put_service_account(self, account_id: str, **body) -> None:
        self.control("PUT", f"/_sim/infor/service_accounts/{quote(account_id, safe='')}", body)


if __name__ == "__main__":
    # READY METHOD PATH [JSON]: one call of the control API, for a person at a shell.
    ready_file, verb, place, *given = sys.argv[1:]
    try:
        print(json.dumps(Simulator.attach(ready_file).control(verb, place, json.loads(given[0]) if given else None), indent=2))
    except ValueError as error:
        sys.exit(str(error))
