# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fleet with vaulted files as a user keeps it in a repository, and the environment variables of a run on it."""

from __future__ import annotations

import json
import os
import secrets
import shutil
from pathlib import Path

import yaml
from ansible.parsing.vault import VaultLib, VaultSecret

from integration.phases import ANSIBLE_BIN
from integration.scenario import CHECKOUT
from simulator.ionapi import make_ionapi, register

EXAMPLES = CHECKOUT / "examples"
ORIGINAL = yaml.safe_load((EXAMPLES / "rollout/inventory/group_vars/all/main.yml").read_text())


class Fleet:
    """Environments of examples/rollout in the simulator: the first is the ring canary.

    directory: inventory/, ionapi/ and mappings/; what is secret in it is vaulted
    password:  path of the vault password, outside of the directory
    secrets:   texts that no output may hold
    """

    def __init__(self, simulator, folder: Path, size: int, per_tenant: int = 1) -> None:
        self.simulator = simulator
        self.directory = folder / "fleet"
        self.password = folder / "vault-password"
        self.names = [f"environment-{number:03}" for number in range(1, size + 1)]
        self._vault = VaultSecret(secrets.token_urlsafe(24).encode())
        self.secrets = {self._vault.bytes.decode()}
        self.password.touch(mode=0o600)
        self.password.write_bytes(self._vault.bytes)
        shutil.copytree(EXAMPLES / "rollout/mappings", self.directory / "mappings")
        keys, hosts = {}, {}
        for number, name in enumerate(self.names):
            tenant = f"ACME{number // per_tenant:03}_TST"
            keys[name] = secrets.token_urlsafe(32)
            ionapi = make_ionapi(simulator.infor_url, tenant, f"DocBits_{name}")
            register(simulator, ionapi)
            simulator.put_organisation(name, host=name, api_key=keys[name], contract="2.2.10", document_types=["INVOICE", "DELIVERY_NOTE"])
            self.secrets |= {keys[name], *(ionapi[key] for key in ("ci", "cs", "saak", "sask"))}
            self._write(f"ionapi/{name}.ionapi", self._encrypted(json.dumps(ionapi)))
            hosts[name] = {"docbits_url": simulator.host_url(name), "docbits_tenant": tenant}
        rings = {"canary": self.names[:1], "broad": self.names[1:]}
        self._write("inventory/hosts.yml", {"all": {"children": {ring: {"hosts": {name: hosts[name] for name in names}} for ring, names in rings.items()}}})
        variables = {
            **{name: value for name, value in ORIGINAL.items() if name != "docbits_region"},
            "docbits_ca_path": simulator.ca,
            "docbits_allow_insecure": True,
            "docbits_api_key": "{{ api_keys[inventory_hostname] }}",
        }
        self._write("inventory/group_vars/all/main.yml", variables)
        self._write("inventory/group_vars/all/vault.yml", self._encrypted(yaml.safe_dump({"api_keys": keys})))

    def environment(self, **variables) -> dict:
        """The environment variables of a run, as on a machine whose user has set the path of the vault password."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_CONFIG", "DOCBITS_"))}
        own = {
            "ANSIBLE_VAULT_PASSWORD_FILE": str(self.password),
            "ANSIBLE_CONFIG": str(self.password.with_name("ansible.cfg")),
            "NO_PROXY": "127.0.0.1,localhost",
            "PATH": os.pathsep.join([str(ANSIBLE_BIN), os.environ["PATH"]]),
        }
        self.password.with_name("ansible.cfg").touch()
        return kept | own | variables

    def leaks(self, folder: Path) -> list:
        """The files in a folder that hold a secret in clear."""
        files = [path for path in folder.rglob("*") if path.is_file() and path != self.password]
        return [str(path) for path in files if any(secret.encode() in path.read_bytes() for secret in self.secrets)]

    def _encrypted(self, text: str) -> str:
        return VaultLib().encrypt(text, self._vault).decode()

    def _write(self, name, content) -> None:
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(content if isinstance(content, str) else yaml.safe_dump(content, sort_keys=False))
