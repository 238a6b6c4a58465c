# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server for the benchmark that takes a tenth of the processor time of the simulator: nginx with Lua and the answers that the simulator gave."""

from __future__ import annotations

import base64
import json
import re
import shutil
import socket
import subprocess
import time
from pathlib import Path
from urllib.parse import unquote

import requests

from simulator.certificates import certificates
from simulator.client import Simulator
from simulator.ionapi import make_ionapi, register

from .fleet import DOCUMENT_TYPES
from .rivals.script import EXPORTS, GATEWAY_CALLS

PROGRAM = Path(__file__).with_name("server.lua")
MODULES = ("ndk_http_module.so", "ngx_http_lua_module.so")
PATIENCE = 30
CONFIGURATION = """\
load_module %(modules)s/ndk_http_module.so;
load_module %(modules)s/ngx_http_lua_module.so;
daemon off;
master_process off;
pid nginx.pid;
error_log error.log;
worker_rlimit_nofile 8192;
events { worker_connections 4096; }
http {
    access_log off;
    client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
    client_body_buffer_size 1m;
    client_max_body_size 1m;
    keepalive_requests 1000000;
    keepalive_timeout 60;
    ssl_certificate %(certificate)s;
    ssl_certificate_key %(certificate)s;
    ssl_protocols TLSv1.2 TLSv1.3;
    init_by_lua_file %(program)s;
    init_worker_by_lua_block { watch() }
    log_by_lua_block { journaled() }
    merge_slashes off;
    server { listen 127.0.0.1:%(infor)s ssl backlog=512; location / { content_by_lua_block { infor() } } }
    server {
        listen 127.0.0.1:%(docbits)s ssl backlog=512;
        location / { content_by_lua_block { docbits() } }
        location /_sim/ { content_by_lua_block { control() } }
    }
}
"""


def modules_folder() -> Path | None:
    """The folder of nginx' modules if nginx and its module for Lua are installed (Debian: nginx-light, libnginx-mod-http-lua), otherwise None."""
    nginx = _nginx()
    if nginx is None:
        return None
    options = subprocess.run([nginx, "-V"], capture_output=True, text=True, check=False).stderr
    found = re.search(r"--modules-path=(\S+)", options)
    folder = Path(found.group(1)) if found else Path("/usr/lib/nginx/modules")
    return folder if all((folder / module).exists() for module in MODULES) else None


class Server:
    """A running nginx with those attributes and methods of Simulator that the benchmark uses. Also a context manager that stops it."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        folder.joinpath("answers.lua").write_text(f"return {_lua(_recorded(folder / 'recorded'))}\n")
        ca, certificate = certificates(folder)
        self.ca = str(ca)
        ports = {"infor": _free_port(), "docbits": _free_port()}
        values = {"modules": modules_folder(), "certificate": certificate.resolve(), "program": PROGRAM, **ports}
        folder.joinpath("nginx.conf").write_text(CONFIGURATION % values)
        self.infor_url, self.docbits_url = (f"https://127.0.0.1:{port}" for port in ports.values())
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.verify = self.ca
        command = [_nginx(), "-p", folder.resolve(), "-c", folder.resolve() / "nginx.conf"]
        with folder.joinpath("stderr.log").open("wb") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=log)
        try:
            self._wait(folder)
        except BaseException:
            self.process.kill()
            raise

    def _wait(self, folder) -> None:
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                return self.clear_journal()
            except requests.ConnectionError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"nginx did not start: see {folder}") from None
                time.sleep(0.02)

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_exception) -> None:
        self._session.close()
        self.process.terminate()
        self.process.wait()

    def host_url(self) -> str:
        """The base URL of DocBits."""
        return self.docbits_url

    def control(self, _method, path, body) -> None:
        """Learn an app or a service account, as simulator.ionapi.register describes it."""
        kind, key = path.removeprefix("/_sim/infor/").split("/", 1)
        if kind == "apps":
            self._control("app", client_id=key, secret=body["secret"], tenant=body["tenant"])
        elif kind == "service_accounts":
            self._control("account", saak=body["saak"], sask=body["sask"], tenant=body["tenant"])

    def put_organisation(self, _name, *, api_key, **_as_recorded) -> None:
        """Empty the organisation of this API key."""
        self._control("organisation", api_key=api_key)

    def edit(self, api_key: str, how: str) -> None:
        """Edit the first export of an organisation as a person does: "remove" it, or change its "mapping"."""
        self._control("edit", api_key=api_key, edit=how)

    def edited(self, exports: int) -> int:
        """How many organisations do not have this many exports, or have an edit."""
        return int(self._control("edited", exports=exports))

    def latency(self, infor=0, docbits=0) -> None:
        """Milliseconds before each answer."""
        self._control("latency", infor=infor, docbits=docbits)

    def last(self) -> int:
        """0: the journal is cleared after each run."""
        return 0

    def journal(self, _after=0) -> list:
        """What the benchmark counts of each request."""
        rows = [line.split() for line in self._control("journal").splitlines()]
        return [
            {"service": service, "connection": connection, "status": int(status), "login": login == "1", "write": write == "1"}
            for service, connection, status, login, write in rows
        ]

    def clear_journal(self) -> None:
        """Forget the requests."""
        self._control("clear")

    def _control(self, name, **values) -> str:
        response = self._session.post(f"{self.docbits_url}/_sim/{name}", data=values, timeout=PATIENCE)
        response.raise_for_status()
        return response.text


def _recorded(folder) -> dict:
    """The simulator's answers to the job of one environment, with @PLACES@ for what differs between environments."""
    with Simulator.start(folder) as simulator, requests.Session() as session:
        session.trust_env, session.verify = False, simulator.ca
        ionapi = make_ionapi(simulator.infor_url, "ACME_TST", "DocBits")
        register(simulator, ionapi)
        simulator.put_organisation("recorded", api_key="recorded", contract="2.2.10", document_types=DOCUMENT_TYPES)

        def call(method, url, **request):
            response = session.request(method, url, timeout=PATIENCE, **request)
            response.raise_for_status()
            return response.text

        def docbits(method, path, **request):
            return call(method, f"{simulator.docbits_url}/{path}", headers={"X-API-KEY": "recorded"}, **request)

        form = {"grant_type": "password", "username": ionapi["saak"], "password": ionapi["sask"], "scope": " ".join(ionapi["sc"])}
        token = json.loads(call("POST", ionapi["pu"] + ionapi["ot"], data=form, auth=(ionapi["ci"], ionapi["cs"])))
        bearer = {"Authorization": f"Bearer {token['access_token']}"}
        gateway = {unquote(path): call("GET", f"{ionapi['iu']}/{ionapi['ti']}/{path}", headers=bearer) for path in GATEWAY_CALLS}
        answers = {"contract": docbits("GET", "openapi.json"), "document_types": docbits("GET", "document_type/get_document_types"), "gateway": gateway}
        created = {operation: _created(docbits, operation, title, type_, files, ionapi) for operation, title, type_, files in EXPORTS}
        validated = docbits("POST", "configurations/validate_export_configuration", data={"doc_type": "INVOICE"})
        listed = json.loads(docbits("POST", "configurations/get_configurations"))
        records = {record["title"]: record for record in listed["data"]}
        for template in created.values():
            template["record"] = json.dumps({**records[template["title"]], "id": "@ID@"}).replace('"@ID@"', "@ID@")
    list_head, list_tail = json.dumps({**listed, "data": ["@RECORDS@"]}).split('"@RECORDS@"')
    head, claims, signature = token["access_token"].split(".")
    known = json.loads(base64.urlsafe_b64decode(claims + "==="))
    claims = json.dumps({**known, "client_id": "@CLIENT@", "jti": "@NUMBER@", "ServiceAccount": "@ACCOUNT@", "Tenant": "@TENANT@", "exp": "@EXPIRES@"}).replace(
        '"@EXPIRES@"', "@EXPIRES@"
    )
    token["access_token"] = "@TOKEN@"
    if "refresh_token" in token:
        token["refresh_token"] = "@REFRESH@"
    more = {"token": json.dumps(token), "token_head": head, "claims": claims, "signature": signature, "list_head": list_head, "list_tail": list_tail}
    return {**answers, **more, "created": created, "validated": validated}


def _created(docbits, operation, title, document_type, files, ionapi) -> dict:
    parts = {"title": (None, title), "doc_type": (None, document_type), "on_permise": (None, "false"), "zugferd": (None, "false")}
    parts.update({field: (name, "a = b\n") for field, name in files.items()}, ion_api=("docbits.ionapi", json.dumps(ionapi)))
    answer = json.loads(docbits("POST", f"configurations/{operation}", files=parts))
    answer["data"]["id"] = "@ID@"
    return {"title": title, "doc_type": document_type, "answer": json.dumps(answer).replace('"@ID@"', "@ID@")}


def _lua(value) -> str:
    """A dictionary of texts and dictionaries as Lua."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"[{_lua(key)}] = {_lua(item)}" for key, item in value.items()) + "}"
    return '"' + "".join(chr(byte) if 32 <= byte < 127 and byte not in b'"\\' else f"\\{byte:03}" for byte in value.encode()) + '"'


def _nginx():
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]
