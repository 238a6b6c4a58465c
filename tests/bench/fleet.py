# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fleet to measure with: invented environments in the simulator, and inventories of them in every layout of secrets."""

from __future__ import annotations

import json
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path

import yaml
from ansible.parsing.vault import VaultLib, VaultSecret

from simulator.ionapi import make_ionapi, register

CHECKOUT = Path(__file__).resolve().parents[2]
MAPPINGS = CHECKOUT / "examples/rollout/mappings"
DOCUMENT_TYPES = ["INVOICE", "DELIVERY_NOTE", "PURCHASE_ORDER"]

EXPORTS = [
    {
        "title": "Invoices to IDM and ION",
        "kind": "infor_idm_ion_bod",
        "document_type": "INVOICE",
        "idm_mapping_src": str(MAPPINGS / "idm.properties"),
        "bod_mapping_src": str(MAPPINGS / "bod.properties"),
    },
    {
        "title": "Delivery notes to IDM",
        "kind": "infor_idm",
        "document_type": "DELIVERY_NOTE",
        "idm_mapping_src": str(MAPPINGS / "idm.properties"),
    },
]

# How the secrets of an environment are stored. FILES is what the documentation recommends and the benchmark of the playbook uses.
PLAIN, FILES, INLINE, GROUP = "plain text", "a vaulted file each", "inline vaulted values", "one vaulted group file"
LAYOUTS = (PLAIN, FILES, INLINE, GROUP)

# The share of a fleet in the ring "early", after one canary.
EARLY = 0.05


@dataclass(frozen=True)
class Environment:
    """One invented environment: its secrets as text, and the same vaulted."""

    name: str
    ionapi: str
    api_key: str
    vaulted_ionapi: str
    vaulted_api_key: str
    vaulted_variables: str


class Fleet:
    """Environments that the simulator knows, and everything that a user of each contender has on the machine."""

    def __init__(self, simulator, folder: Path, size: int) -> None:
        self._simulator = simulator
        self._folder = folder
        password = secrets.token_urlsafe(24)
        self._vault = VaultLib([("default", VaultSecret(password.encode()))])
        self.vault_password = folder / "vault-password"
        self.vault_password.touch(mode=0o600)
        self.vault_password.write_text(password)
        self.environments = [self._environment(number) for number in range(1, size + 1)]
        for environment in self.environments:
            register(simulator, json.loads(environment.ionapi))
        self.empty_config = folder / "ansible.cfg"
        self.empty_config.touch()
        self._plain = self._write_plain_files()

    def start_over(self, size: int) -> None:
        """Empty the first `size` organisations and remove the fingerprints of former runs."""
        for environment in self.environments[:size]:
            self._simulator.put_organisation(environment.name, api_key=environment.api_key, contract="2.2.10", document_types=DOCUMENT_TYPES)
        for folder in self._folder.glob("inventory-*/.docbits_ion"):
            shutil.rmtree(folder)

    def inventory(self, size: int, layout: str = FILES, rings: bool = True) -> Path:
        """The directory of an inventory of the first `size` environments, written when it is asked for first.

        rings: one canary, a twentieth of the fleet early, then the others; otherwise all in one ring
        """
        folder = self._folder / f"inventory-{size}-{LAYOUTS.index(layout)}-{'rings' if rings else 'one-ring'}"
        if not folder.exists():
            chosen = self.environments[:size]
            early = 1 + round(size * EARLY)
            members = {"canary": chosen[:1], "early": chosen[1:early], "broad": chosen[early:]} if rings else {"canary": [], "early": [], "broad": chosen}
            _write(folder / "hosts.yml", {"all": {"children": {ring: {"hosts": {one.name: None for one in ones}} for ring, ones in members.items()}}})
            _write(folder / "group_vars/all/main.yml", self._common_variables())
            for environment in chosen:
                self._write_secrets(folder, layout, environment)
            if layout == GROUP:
                self._write_group_file(folder, chosen)
        return folder

    def listing(self, size: int) -> Path:
        """The first `size` environments as a JSON file for a script, with the paths of decrypted files."""
        file = self._plain / f"fleet-{size}.json"
        file.write_text(
            json.dumps(
                {
                    "docbits": self._simulator.host_url(),
                    "ca": self._simulator.ca,
                    "mappings": str(MAPPINGS),
                    "environments": [
                        {"name": one.name, "ionapi": str(self._plain / f"{one.name}.ionapi"), "api_key": one.api_key} for one in self.environments[:size]
                    ],
                }
            )
        )
        return file

    def _environment(self, number) -> Environment:
        name = f"environment-{number:03}"
        ionapi = json.dumps(make_ionapi(self._simulator.infor_url, f"ACME{number:03}_TST", f"DocBits_{number:03}"), indent=2)
        api_key = secrets.token_urlsafe(32)
        return Environment(name, ionapi, api_key, self._vaulted(ionapi), self._vaulted(api_key), self._vaulted(yaml.safe_dump({"docbits_api_key": api_key})))

    def _vaulted(self, text) -> str:
        return self._vault.encrypt(text).decode()

    def _common_variables(self) -> dict:
        return {
            "ansible_connection": "local",
            "ansible_python_interpreter": "{{ ansible_playbook_python }}",
            "docbits_url": self._simulator.host_url(),
            "docbits_ca_path": self._simulator.ca,
            # The simulated Infor is on this machine, which the collection reports as an error otherwise.
            "docbits_allow_insecure": True,
            "docbits_tenant_environment": "TST",
            "docbits_exports": EXPORTS,
        }

    def _write_secrets(self, folder, layout, environment) -> None:
        variables = folder / "host_vars" / environment.name
        ionapi = folder.with_suffix(".ionapi") / f"{environment.name}.ionapi"
        if layout == FILES:
            _write(variables / "main.yml", {"docbits_ionapi_src": str(ionapi)})
            _write(variables / "vault.yml", environment.vaulted_variables)
            _write(ionapi, environment.vaulted_ionapi)
        elif layout == PLAIN:
            _write(variables / "main.yml", {"docbits_ionapi_src": str(ionapi), "docbits_api_key": environment.api_key})
            _write(ionapi, environment.ionapi)
        elif layout == INLINE:
            inline = {"docbits_ionapi_content": _Vaulted(environment.vaulted_ionapi), "docbits_api_key": _Vaulted(environment.vaulted_api_key)}
            _write(variables / "main.yml", inline)

    def _write_group_file(self, folder, chosen) -> None:
        secret = {one.name: {"ionapi": one.ionapi, "api_key": one.api_key} for one in chosen}
        _write(folder / "group_vars/all/vault.yml", self._vaulted(yaml.safe_dump({"vaulted": secret})))
        reference = "{{ vaulted[inventory_hostname].%s }}"
        own = {"docbits_ionapi_content": reference % "ionapi", "docbits_api_key": reference % "api_key"}
        _write(folder / "group_vars/all/references.yml", own)

    def _write_plain_files(self) -> Path:
        plain = self._folder / "plain"
        for environment in self.environments:
            _write(plain / f"{environment.name}.ionapi", environment.ionapi)
        return plain


class _Vaulted(str):
    """Text that is a vaulted value in a YAML file."""


class _Dumper(yaml.SafeDumper):
    """Writes vaulted values as Ansible reads them."""


_Dumper.add_representer(_Vaulted, lambda dumper, text: dumper.represent_scalar("!vault", text, style="|"))


def _write(path, content) -> None:
    """Write text as it is and data as YAML, readable by its owner alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_text(content if isinstance(content, str) else yaml.dump(content, Dumper=_Dumper, width=1000))
