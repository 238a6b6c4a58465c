# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One simulated Infor in this process, without TLS, and the calls that a client makes."""

from __future__ import annotations

import base64
import json

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from simulator.infor import control_routes, create_app
from simulator.ionapi import make_ionapi, register
from simulator.store import Store

URL = "https://testserver"


class Infor:
    """One simulated Infor with one registered file, and the calls that a client makes."""

    def __init__(self, store=None):
        self.store = store or Store(":memory:")
        app = Starlette(routes=[*control_routes(self.store), Mount("/", app=create_app(self.store))])
        self.http = TestClient(app, base_url=URL, follow_redirects=False)

    def control(self, method, path, body=None):
        response = self.http.request(method, path, json=body)
        assert response.status_code == 200, response.text
        return response.json()

    def new(self, tenant="ACME_TST", roles=("IDM-AdvancedUser", "Infor-SuiteUser"), flavour="mt", service_account=True, version=None, **switches):
        ionapi = make_ionapi(URL, tenant, "DocBits TST", flavour=flavour, service_account=service_account, version=version)
        register(self, ionapi, roles=None if roles is None else list(roles), **switches)
        return ionapi

    def token(self, ionapi, basic=True, **form):
        """A token request; by default the password grant, or client credentials without a service account."""
        if "grant_type" not in form:
            if "saak" in ionapi:
                form = {"grant_type": "password", "username": ionapi["saak"], "password": ionapi["sask"], **form}
            else:
                form = {"grant_type": "client_credentials", **form}
        auth = (ionapi["ci"], ionapi["cs"])
        if not basic:
            form |= {"client_id": auth[0], "client_secret": auth[1]}
        return self.http.post(ionapi["pu"] + ionapi["ot"], data=form, auth=auth if basic else None)

    def login(self, ionapi, **form):
        response = self.token(ionapi, **form)
        assert response.status_code == 200, response.text
        return response.json()["access_token"]

    def call(self, ionapi, path, token=None, method="GET", **options):
        headers = {"Authorization": f"Bearer {token or self.login(ionapi)}", "Accept": "application/json"}
        return self.http.request(method, f"{ionapi['iu']}/{ionapi['ti']}/{path}", headers=headers, **options)

    def users_me(self, ionapi, token=None):
        return self.call(ionapi, "ifsservice/usermgt/v2/users/me", token)

    def claims(self, ionapi, **form):
        """Header and payload of a new access token."""
        header, payload, _signature = self.login(ionapi, **form).split(".")
        return [json.loads(base64.urlsafe_b64decode(part + "==")) for part in (header, payload)]


@pytest.fixture
def infor():
    return Infor()
