# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small fleet with vaulted files, as a user keeps it, and the playbooks of the collection on it."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
from pathlib import Path

import yaml
from ansible.parsing.vault import VaultLib, VaultSecret

from ansible_collections.docbits.ion.tests.docs.mapping_examples import VALID
from integration.phases import ANSIBLE_BIN
from integration.scenario import CHECKOUT, HERE
from simulator.ionapi import make_ionapi, register

VAULT_ID = "fleet"
WITH_VAULT = ("--vault-id", f"{VAULT_ID}@password")
TENANTS = {"sandbox": "ACME_TST", "production": "ACME_PRD"}
INVOICES = {"title": "Invoices", "kind": "infor_idm", "document_type": "INVOICE", "idm_mapping_content": VALID["idm"]}
HOOK = {"title": "Hook", "kind": "webhook", "document_type": "ORDER", "url": "https://hook.example.test"}


class Fleet:
    """The environments sandbox (ring canary) and production in a folder of their own.

    files:   host name to its ION API file
    folder:  with inventory.yml and the vaulted files HOST.ionapi
    secrets: texts that no output may hold
    """

    def __init__(self, simulator, folder: Path, contract: str = "2.2.10") -> None:
        self.folder, self._simulator = folder, simulator
        self._secret = VaultSecret(secrets.token_urlsafe(24).encode())
        (folder / "password").write_bytes(self._secret.bytes)
        self.files, self.secrets, hosts = {}, {self._secret.bytes.decode()}, {}
        for name, tenant in TENANTS.items():
            key = secrets.token_urlsafe(32)
            self.files[name] = make_ionapi(simulator.infor_url, tenant, f"DocBits_{name}")
            register(simulator, self.files[name])
            simulator.put_organisation(name, host=contract, api_key=key, contract=contract, document_types=["INVOICE", "ORDER"])
            self.encrypt(f"{name}.ionapi", self.files[name])
            self.secrets |= {key}
            hosts[name] = {"docbits_api_key": key}
        self.variables = {
            "ansible_connection": "local",
            "ansible_python_interpreter": "{{ ansible_playbook_python }}",
            "docbits_url": simulator.host_url(contract),
            "docbits_ca_path": simulator.ca,
            "docbits_allow_insecure": True,
            "docbits_ionapi_src": "{{ inventory_dir }}/{{ inventory_hostname }}.ionapi",
            "docbits_ionapi_new_src": "{{ inventory_dir }}/{{ inventory_hostname }}-new.ionapi",
            "docbits_exports": [INVOICES],
        }
        self._inventory = {"all": {"hosts": hosts, "children": {"canary": {"hosts": {"sandbox": None}}}}}

    def encrypt(self, name: str, ionapi: dict) -> None:
        """Write an ION API file, encrypted."""
        self.secrets |= {ionapi[key] for key in ("ci", "cs", "saak", "sask")}
        text = VaultLib().encrypt(json.dumps(ionapi), self._secret, VAULT_ID)
        (self.folder / name).write_bytes(text)
        (self.folder / name).chmod(0o600)

    def decrypt(self, name: str) -> dict:
        """The JSON object in a vaulted file of the folder."""
        return json.loads(VaultLib([(VAULT_ID, self._secret)]).decrypt((self.folder / name).read_bytes()))

    def run(self, playbook: str, *options: str, vault: bool = True, expect: int = 0, **variables):
        """Run a playbook; returns {host: the result of docbits.ion.outcome} and the output.

        variables: of the inventory, for this run and the later ones
        """
        self.variables.update(variables)
        process = self.start(playbook, *options, *(WITH_VAULT if vault else ()))
        output, _errors = process.communicate(timeout=120)
        assert process.returncode == expect, output[-4000:]
        assert not [secret for secret in self.secrets if secret in output] and "Traceback" not in output
        lines = [json.loads(line) for line in (self.folder / "results.jsonl").read_text().splitlines()]
        return {line["host"]: line["result"] for line in lines if line["action"] == "docbits.ion.outcome"}, output

    def start(self, playbook: str, *options: str) -> subprocess.Popen:
        """Start a playbook as the leader of a process group of its own."""
        self._inventory["all"]["vars"] = self.variables
        (self.folder / "inventory.yml").write_text(yaml.safe_dump(self._inventory))
        (self.folder / "ansible.cfg").touch()
        (self.folder / "results.jsonl").write_text("")
        environment = {
            **os.environ,
            "ANSIBLE_CONFIG": str(self.folder / "ansible.cfg"),
            "ANSIBLE_CALLBACK_PLUGINS": str(HERE / "callback_plugins"),
            "ANSIBLE_CALLBACKS_ENABLED": "results",
            "ANSIBLE_NOCOLOR": "1",
            "HOME": str(self.folder),
            "RESULTS_FILE": str(self.folder / "results.jsonl"),
        }
        command = [str(ANSIBLE_BIN / "ansible-playbook"), "-i", "inventory.yml", str(CHECKOUT / "playbooks" / playbook), "-vvv", "--diff", *options]
        streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        return subprocess.Popen(command, env=environment, cwd=self.folder, text=True, start_new_session=True, **streams)

    def rotated(self, host: str, **changes) -> dict:
        """A new ION API file of the same app, with another service account, encrypted as HOST-new.ionapi."""
        old = self.files[host]
        new = {**make_ionapi(self._simulator.infor_url, old["ti"], old["cn"]), "ci": old["ci"], "cs": old["cs"], **changes}
        register(self._simulator, new)
        self.encrypt(f"{host}-new.ionapi", new)
        return new

    def exports(self, host: str) -> dict:
        """The exports of an organisation in the simulator, by title."""
        return {export["title"]: export for export in self._simulator.exports(host)}
