# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Invent complete ION API files in Infor's real layouts, and make a running simulator know them."""

from __future__ import annotations

import hashlib
import secrets
import time
import uuid
from collections.abc import Sequence

SCOPES = ["INFOR-IFS", "Infor-IDM", "Infor-ION", "Infor-Mingle"]
ROLES = ("IDM-AdvancedUser", "Infor-SuiteUser", "MingleEnterprise")


def make_ionapi(
    infor_url: str,
    tenant: str,
    name: str,
    version: str | None = None,
    flavour: str = "mt",
    service_account: bool = True,
) -> dict:
    """An ION API file as a dict in the key order of a download, with random keys of the real lengths.

    `version` "1.1" has the scopes `sc`, "1.0" has not; by default a cloud file (`flavour` "mt") is 1.1 and an
    on-premises one ("op", tenant "infor") is 1.0. Without `service_account` it is a client-credentials file.
    """
    version = version or ("1.1" if flavour == "mt" else "1.0")
    on_premises = flavour == "op"
    if on_premises and tenant != "infor":
        raise ValueError("on premises the tenant is always 'infor'")
    ionapi = {
        "ti": tenant,
        "cn": name,
        "dt": "12",
        "ci": f"{tenant}~{secrets.token_urlsafe(32)}",
        "cs": secrets.token_urlsafe(64),
        "iu": infor_url,
        "pu": f"{infor_url}/InforIntSTS/" if on_premises else f"{infor_url}/{tenant}/as/",
        "oa": "connect/authorize" if on_premises else "authorization.oauth2",
        "ot": "connect/token" if on_premises else "token.oauth2",
        "or": "connect/revocation" if on_premises else "revoke_token.oauth2",
    }
    if version == "1.1":
        ionapi["sc"] = list(SCOPES)
    ionapi["ev"] = f"A{int(time.time())}"
    ionapi["v"] = version
    if service_account:
        ionapi["saak"] = f"{tenant}#{secrets.token_urlsafe(64)}"
        ionapi["sask"] = secrets.token_urlsafe(64)
    return ionapi


def cloud_file(**changes) -> dict:
    """A cloud file with the hosts of Infor, for tests with scripted responses; a key with the value None is left out."""
    urls = {"iu": "https://mingle-ionapi.eu1.inforcloudsuite.com", "pu": "https://mingle-sso.eu1.inforcloudsuite.com:443/ACME_TST/as/"}
    ionapi = {**make_ionapi(urls["iu"], "ACME_TST", "DocBits TST"), **urls, **changes}
    return {key: value for key, value in ionapi.items() if value is not None}


def on_premises_file() -> dict:
    """An on-premises file whose gateway and login server have ports of their own, likewise."""
    return {**make_ionapi("https://ion.example.com:7443", "infor", "DocBits TST", flavour="op"), "pu": "https://ion.example.com:9443/InforIntSTS/"}


def account_id(ionapi: dict) -> str:
    """The name under which `register` files the service account of this file in the control API."""
    return "account-" + hashlib.sha256(ionapi["saak"].encode()).hexdigest()[:16]


def records(ionapi: dict, roles: Sequence[str] | None = ROLES) -> dict[str, dict]:
    """What Infor knows of this file: control-API path to body, without the tenant's switches.

    `roles` are names or {"display", "type"}; None plays a service account without a user.
    """
    flavour = "op" if ionapi["ot"] == "connect/token" else "mt"
    has_account = "saak" in ionapi
    result = {
        f"tenants/{ionapi['ti']}": {"flavour": flavour},
        f"apps/{ionapi['ci']}": {
            "tenant": ionapi["ti"],
            "secret": ionapi["cs"],
            "name": ionapi["cn"],
            "grants": ["password"] if has_account else ["client_credentials"],
            "scopes": ionapi.get("sc"),
        },
    }
    if has_account:
        user = None if roles is None else {"id": str(uuid.uuid4()), "displayName": "DocBits Service", "groups": roles}
        result[f"service_accounts/{account_id(ionapi)}"] = {
            "tenant": ionapi["ti"],
            "saak": ionapi["saak"],
            "sask": ionapi["sask"],
            "user": user,
            "scopes": ionapi.get("sc"),
        }
    return result


def register(simulator, ionapi: dict, roles: Sequence[str] | None = ROLES, **switches) -> None:
    """Tell a running simulator about this file; `switches` are those of its tenant, others of the tenant stay."""
    for path, body in records(ionapi, roles).items():
        if path.startswith("tenants/"):
            simulator.control("PATCH", f"/_sim/infor/{path}", {**body, "switches": switches})
        else:
            simulator.control("PUT", f"/_sim/infor/{path}", body)


def change_tenant(simulator, ionapi: dict, **switches) -> None:
    """Set the named switches of the file's tenant."""
    simulator.control("PATCH", f"/_sim/infor/tenants/{ionapi['ti']}", {"switches": switches})


def change_app(simulator, ionapi: dict, **fields) -> None:
    """Change the file's authorized app: `enabled`, `secret`, `issue_refresh_tokens`, ..."""
    simulator.control("PATCH", f"/_sim/infor/apps/{ionapi['ci']}", fields)


def change_service_account(simulator, ionapi: dict, **fields) -> None:
    """Change the file's service account: `enabled`, `user` (its named parts, None takes it away), ..."""
    simulator.control("PATCH", f"/_sim/infor/service_accounts/{account_id(ionapi)}", fields)
