# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Three empty environments on a running simulator, with the inventory that a user writes for them."""

from __future__ import annotations

import json
import secrets
import shutil
import sys
from contextlib import contextmanager
from pathlib import Path

from ansible.parsing.vault import VaultLib, VaultSecret

CHECKOUT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(CHECKOUT / "tests"))

from simulator.client import Simulator  # noqa: E402
from simulator.ionapi import make_ionapi, register  # noqa: E402

TENANTS = {"sandbox": "ACME_TST", "stage": "ACME_TRN", "production": "ACME_PRD"}
DOCUMENT_TYPES = ["INVOICE", "DELIVERY_NOTE", "PURCHASE_ORDER"]


@contextmanager
def environments(directory: Path, password: str):
    """Start the simulator and write examples/rollout to `directory`, complete with the secrets of each environment, encrypted with `password`.

    Yields the simulator and the ION API file of each environment, by name. The simulator ends with the context.
    """
    shutil.rmtree(directory, ignore_errors=True)
    shutil.copytree(CHECKOUT / "examples" / "rollout", directory)
    with Simulator.start(directory / "simulator") as simulator:
        yield simulator, {name: _prepare(directory, password, simulator, name, tenant) for name, tenant in TENANTS.items()}


def _prepare(directory, password, simulator, name, tenant) -> dict:
    """Create in the simulator what a user gets from the two consoles: an authorized app with its ION API file, a DocBits organisation with an API key."""
    ionapi = make_ionapi(simulator.infor_url, tenant, f"DocBits_{name.capitalize()}")
    register(simulator, ionapi)
    api_key = secrets.token_urlsafe(32)
    simulator.put_organisation(name, api_key=api_key, contract="2.2.10", document_types=DOCUMENT_TYPES)
    host_vars = directory / "inventory" / "host_vars" / name
    _encrypt(json.dumps(ionapi), directory / "ionapi" / f"{name}.ionapi", password)
    _encrypt(f"docbits_api_key: {api_key}\n", host_vars / "vault.yml", password)
    # The real inventory names DocBits' own hosts; here the simulator replaces them.
    connection = {"docbits_url": simulator.host_url(), "docbits_environment": None, "docbits_ca_path": simulator.ca, "docbits_allow_insecure": True}
    (host_vars / "simulator.yml").write_text(json.dumps(connection))
    return ionapi


def _encrypt(text, path, password) -> None:
    """Encrypt from memory, so that no file ever holds the plain text."""
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(VaultLib([("default", VaultSecret(password.encode()))]).encrypt(text))
