# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An organisation in the simulated DocBits, called as a program would call it."""

from __future__ import annotations

import json
import secrets

import requests

DOCUMENT_TYPES = ["INVOICE", "CREDIT_NOTE", "ORDER_CONFIRMATION"]
IDM = "INVOICE=M3_SupplierInvoice\n"


class Client:
    """One organisation and its API, as a program would use it."""

    def __init__(self, simulator, contract="2.2.10", **organisation):
        self.simulator = simulator
        self.name = f"org-{secrets.token_hex(4)}"
        self.key = secrets.token_urlsafe(24)
        organisation.setdefault("host", self.name)
        body = {"api_key": self.key, "contract": contract, "document_types": DOCUMENT_TYPES, **organisation}
        answer = simulator.put_organisation(self.name, **body)
        self.id, self.given = answer["id"], answer["exports"]
        self.url = simulator.host_url(organisation["host"])

    def call(self, method, path, headers=None, **arguments):
        headers = {"X-API-KEY": self.key, **(headers or {})}
        return requests.request(method, self.url + path, headers=headers, verify=self.simulator.ca, timeout=10, **arguments)

    def post(self, operation, data=None, files=None, **arguments):
        return self.call("POST", f"/configurations/{operation}", data=data, files=files, **arguments)

    def configure_idm(self, **fields):
        files = {name: fields.pop(name) for name in ("ion_api", "idm_mapping") if name in fields}
        if not files:
            files = {"ion_api": json.dumps({"ti": "ACME_TST", "cs": secrets.token_hex()}), "idm_mapping": IDM}
        data = {"title": "Invoices", "doc_type": "INVOICE", "on_permise": "false", "zugferd": "false", **fields}
        return self.post("configure_idm_export", data, {name: (f"{name}.txt", content) for name, content in files.items()})

    def created(self, **fields):
        return self.configure_idm(**fields).json()["data"]["id"]

    @property
    def exports(self):
        return self.simulator.exports(self.name)

    def switch(self, **switches):
        self.simulator.change_organisation(self.name, switches=switches)
