# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The job as a plain concurrent Python script: one session, one TLS context, fifty threads. The practical limit; nothing is checked or explained."""

from __future__ import annotations

import json
import ssl
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import requests
from requests.adapters import HTTPAdapter

THREADS = 50
GATEWAY_CALLS = (
    "ifsservice/usermgt/v2/users/me",
    "IDM/api/datamodel/entities",
    "IONSERVICES/api/ion/messaging/service/ping",
    "IONSERVICES/api/ion/messaging/service/v3/lid%3A%2F%2Finfor.ims.docbits/acceptedDocuments",
)
EXPORTS = (
    ("configure_idm_export", "Delivery notes to IDM", "DELIVERY_NOTE", {"idm_mapping": "idm.properties"}),
    ("configure_ion_export", "Invoices to IDM and ION", "INVOICE", {"idm_mapping": "idm.properties", "bod_mapping": "bod.properties"}),
)


class OneContext(HTTPAdapter):
    """Loads the CA once instead of once for each connection."""

    def __init__(self, ca: str) -> None:
        self.context = ssl.create_default_context(cafile=ca)
        super().__init__(pool_connections=4, pool_maxsize=THREADS)

    def init_poolmanager(self, *args, **kwargs):
        return super().init_poolmanager(*args, ssl_context=self.context, **kwargs)

    def cert_verify(self, conn, url, verify, cert):
        pass


def main(listing: str) -> None:
    """Deploy two exports to every environment of the listing."""
    fleet = json.loads(Path(listing).read_text())
    mappings = {name: (Path(fleet["mappings"]) / name).read_text() for name in ("idm.properties", "bod.properties")}
    session = requests.Session()
    session.trust_env = False
    session.mount("https://", OneContext(fleet["ca"]))
    with ThreadPoolExecutor(THREADS) as pool:
        for _done in pool.map(lambda environment: deploy(session, fleet["docbits"], environment, mappings), fleet["environments"]):
            pass


def deploy(session, docbits, environment, mappings) -> None:
    """Deploy to one environment: log in, ask Infor, configure DocBits, read everything back."""
    ionapi_text = Path(environment["ionapi"]).read_text()
    ionapi = json.loads(ionapi_text)

    def call(method, url, **request):
        answer = session.request(method, url, timeout=60, **request)
        answer.raise_for_status()
        return answer

    def docbits_call(method, path, **request):
        return call(method, f"{docbits}/{path}", headers={"X-API-KEY": environment["api_key"]}, **request)

    form = {"grant_type": "password", "username": ionapi["saak"], "password": ionapi["sask"], "scope": " ".join(ionapi["sc"])}
    token = call("POST", ionapi["pu"] + ionapi["ot"], data=form, auth=(ionapi["ci"], ionapi["cs"])).json()
    for path in GATEWAY_CALLS:
        call("GET", f"{ionapi['iu']}/{ionapi['ti']}/{path}", headers={"Authorization": f"Bearer {token['access_token']}"})

    present = {export["title"] for export in docbits_call("POST", "configurations/get_configurations").json()["data"]}
    docbits_call("GET", "document_type/get_document_types")
    for operation, title, document_type, files in EXPORTS:
        if title not in present:
            parts = [("title", (None, title)), ("doc_type", (None, document_type)), ("on_permise", (None, "false")), ("zugferd", (None, "false"))]
            parts += [(field, (name, mappings[name])) for field, name in files.items()] + [("ion_api", ("docbits.ionapi", ionapi_text))]
            docbits_call("POST", f"configurations/{operation}", files=parts)

    ids = {export["title"]: export["id"] for export in docbits_call("POST", "configurations/get_configurations").json()["data"]}
    for _operation, title, document_type, files in EXPORTS:
        for field, text in [*((field, mappings[name]) for field, name in files.items()), ("ion_api", ionapi_text)]:
            if docbits_call("GET", f"configurations/download/{ids[title]}", params={"type": field.upper()}).text != text:
                raise SystemExit(f"{environment['name']}: {title}: {field} is not what was sent")
        docbits_call("POST", "configurations/validate_export_configuration", data={"doc_type": document_type})


if __name__ == "__main__":
    main(sys.argv[1])
