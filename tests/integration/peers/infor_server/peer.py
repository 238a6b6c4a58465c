# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Start and stop the server, and give the client its file, its CA and, afterwards, the journal."""

import base64
import contextlib
import os
import secrets
import socket
import tempfile
import threading
import time
from urllib.parse import quote

import uvicorn

from .moods import Moods
from .server import Server, Tenant
from .tls import authority

ABSENT = object()  # as a value of `Peer.ionapi(key=ABSENT)`: the key is left out


class Peer:
    """One Infor, as a context manager.

    `Peer("users_me:xml", "login:429*1", slow=5)` takes moods; `slow` is the delay in seconds of the answer `slow`.
    """

    def __init__(self, *moods, slow=5):
        self.moods, self._slow, self._thread = Moods(moods), slow, None
        onprem = self.moods["site"] == "onprem"
        tenant, text = "infor" if onprem else "ACME_TST", secrets.token_urlsafe
        self._file = {
            "ti": tenant,
            "cn": "DocBits TST",
            "dt": "12",
            "ci": f"{tenant}~{text(32)}",
            "cs": text(64),
            "iu": None,
            "pu": None,
            "oa": "connect/authorize" if onprem else "authorization.oauth2",
            "ot": "connect/token" if onprem else "token.oauth2",
            "or": "connect/revocation" if onprem else "revoke_token.oauth2",
            "ev": "A1700000000",
            "v": "1.0",
            "saak": f"{tenant}#{text(64)}",
            "sask": text(64),
        }
        if self.moods["scope"] == "enforced":
            self._file.update(v="1.1", sc=["INFOR-IFS", "Infor-IDM", "Infor-ION"])
        self._tenant = Tenant(self.moods, self._file)
        self._server = Server(self._tenant, slow)
        self.url, self.ca = None, None

    def __enter__(self):
        self._stack = contextlib.ExitStack()
        folder = self._stack.enter_context(tempfile.TemporaryDirectory(prefix="infor_server-"))
        paths = [os.path.join(folder, name) for name in ("ca.pem", "cert.pem", "key.pem")]
        for path, pem in zip(paths, authority(), strict=False):
            with open(path, "wb") as handle:
                handle.write(pem)
            os.chmod(path, 0o600)
        self.ca = paths[0]
        sock = socket.create_server(("127.0.0.1", 0))
        self.url = f"https://127.0.0.1:{sock.getsockname()[1]}"
        onprem = self.moods["site"] == "onprem"
        self._file.update(iu=self.url, pu="{}/{}/".format(self.url, "InforIntSTS" if onprem else self._file["ti"] + "/as"))
        config = uvicorn.Config(
            self._server,
            ssl_certfile=paths[1],
            ssl_keyfile=paths[2],
            log_level="critical",
            lifespan="off",
            http="h11",
            ws="none",
            date_header=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=1,
            access_log=False,
        )
        self._uvicorn = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._uvicorn.run, kwargs={"sockets": [sock]}, daemon=True)
        self._thread.start()
        limit = time.monotonic() + 15
        while not self._uvicorn.started:
            if time.monotonic() > limit or not self._thread.is_alive():
                raise RuntimeError("the server did not start")
            time.sleep(0.01)
        return self

    def __exit__(self, *_exc):
        # Nobody waits for its end, which takes some tenths of a second; it closes the socket itself.
        self._uvicorn.should_exit = self._uvicorn.force_exit = True
        self._stack.close()

    def ionapi(self, **changes):
        """Return the `.ionapi` file as a dict. A change is a value, a function of the normal value, or `ABSENT`."""
        data = dict(self._file)
        for key, value in changes.items():
            data[key] = value(data.get(key)) if callable(value) else value
        return {key: value for key, value in data.items() if value is not ABSENT}

    def journal(self):
        """Return one dict per call: method, path, query, surface, grant, auth, scope, mood, status. No secret is in it."""
        return [dict(entry) for entry in self._server.journal]

    def calls(self, surface=None):
        """Return the journal of one surface, or of all."""
        return [entry for entry in self.journal() if surface in (None, entry["surface"])]

    def logins(self):
        """Return how many times the client asked for a token with credentials, answered or not."""
        return len(self.calls("login"))

    def docbits_ok(self):
        """Return whether the refresh token that DocBits holds for the same file still works."""
        return self._tenant.docbits_ok()

    def wait_fresh(self, seconds=2.1):
        """Wait until the mood `fresh:seconds` no longer refuses."""
        time.sleep(seconds)

    @staticmethod
    def closed_url():
        """Return a URL where nothing listens."""
        with socket.create_server(("127.0.0.1", 0)) as sock:
            return f"https://127.0.0.1:{sock.getsockname()[1]}"

    def secrets(self):
        """Return all secret texts so far: file secrets and tokens, as they are, URL-encoded, in base64, and their first part."""
        found = set()
        for text in self._tenant.secrets:
            random = text.split("#")[-1]
            jwt = text.split(".") if text.count(".") == 2 else []
            found |= {text, quote(text, safe=""), random[:24], random[-24:], text[-600:][:40], base64.b64encode(text.encode()).decode()[:32]}
            found |= {part[:40] for part in jwt[1:2]} | {part[-32:] for part in jwt[1:]}
        pair = "{}:{}".format(self._file["ci"], self._file["cs"])
        found.add(base64.b64encode(pair.encode()).decode())
        return sorted(text for text in found if len(text) >= 12)
