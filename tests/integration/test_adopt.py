# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Existing organisations become code: adopt_ion and promote_ion, and audit_ion, which finds nothing afterwards."""

from __future__ import annotations

import json
import os
import re
import secrets
import subprocess

import yaml
from ansible.parsing.vault import VaultLib, VaultSecret

from integration.phases import ANSIBLE_BIN
from integration.scenario import HERE
from simulator.ionapi import make_ionapi, register

TENANTS = {"sandbox": "ACME_TST", "production": "ACME_PRD"}
IDM = (HERE / "files/idm_invoice.properties").read_text()
BOD = (HERE / "files/bod_invoice.properties").read_text()


class Fleet:
    """Two existing organisations, an inventory with their API keys, and runs of playbooks on it."""

    def __init__(self, simulator, folder, **switches) -> None:
        self.simulator, self.folder = simulator, folder
        self.password, self.token, self.keys, self.ionapis = secrets.token_urlsafe(24), secrets.token_urlsafe(24), {}, {}
        (folder / "password").write_text(self.password)
        (folder / "ansible.cfg").touch()
        for name, tenant in TENANTS.items():
            self._make(name, tenant, switches)
        (folder / "inventory/hosts.yml").write_text(yaml.safe_dump({"all": {"hosts": dict.fromkeys(TENANTS)}}))

    def _make(self, name, tenant, switches) -> None:
        self.keys[name] = secrets.token_urlsafe(32)
        ionapi = make_ionapi(self.simulator.infor_url, tenant, f"DocBits_{name}")
        point = {"active": True, "client_id": ionapi["ci"], "documents": ["Sync.CaptureDocument"]}
        register(self.simulator, ionapi, connection_points={f"lid://infor.ims.{name}": point})
        self.ionapis[name] = ionapi
        infor = {"is_active": True, "on_permise": False, "zugferd": False}
        # The ids of one organisation are not those of the other.
        first = 10 * (list(TENANTS).index(name) + 1)
        bod = BOD.replace("lid://infor.ims.docbits", f"lid://infor.ims.{name}").replace("=100", "=200" if name == "production" else "=100")
        exports = [
            {"export_method": "infor-idm-cloud", "title": "To IDM", "doc_type": "INVOICE", **infor, "files": {"idm_mapping": IDM}},
            {
                "export_method": "infor-bod-cloud",
                "title": "To ION",
                "doc_type": "CREDIT_NOTE",
                **infor,
                "files": {"bod_mapping": bod.replace("INVOICE", "CREDIT_NOTE")},
            },
            {
                "export_method": "webhook",
                "title": "Hook {{ x }}",
                "doc_type": "ORDER",
                "is_active": True,
                "export_url": f"https://{name}.test/?key={self.token}",
            },
            {"export_method": "watcher", "title": "By hand", "doc_type": "ORDER", "is_active": True},
        ]
        for number, export in enumerate(exports):
            export["id"] = first + number
            if "files" in export:
                export["files"]["ion_api"] = json.dumps(ionapi)
        self.simulator.put_organisation(
            name, api_key=self.keys[name], contract="2.2.10", document_types=["INVOICE", "CREDIT_NOTE", "ORDER"], exports=exports, switches=switches
        )
        variables = {
            "ansible_connection": "local",
            "ansible_python_interpreter": "{{ ansible_playbook_python }}",
            "docbits_url": self.simulator.host_url(),
            "docbits_api_key": self.keys[name],
            "docbits_ca_path": str(self.simulator.ca),
            "docbits_allow_insecure": True,
            "docbits_tenant": tenant,
            "docbits_logical_id": f"lid://infor.ims.{name}",
            "docbits_accounting_entity": "200" if name == "production" else "100",
        }
        folder = self.folder / "inventory/host_vars" / name
        folder.mkdir(parents=True)
        (folder / "main.yml").write_text(yaml.safe_dump(variables))

    def run(self, playbook, *options) -> str:
        """The output of a playbook of the collection."""
        environment = {**os.environ, "ANSIBLE_CONFIG": str(self.folder / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1", "COLUMNS": "1000"}
        command = [str(ANSIBLE_BIN / "ansible-playbook"), "-i", "inventory", "--vault-id", "acme@password", "-vvv", *options, f"docbits.ion.{playbook}"]
        done = subprocess.run(command, env=environment, cwd=self.folder, capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL, check=False)
        return done.stdout + done.stderr

    def files(self) -> dict:
        """Path to text of all files except those that were there from the start."""
        found = {str(path.relative_to(self.folder)): path.read_text() for path in self.folder.rglob("*") if path.is_file()}
        return {path: text for path, text in found.items() if not path.endswith(("main.yml", "hosts.yml", "password", "ansible.cfg"))}

    def shown_secrets(self, *texts) -> list:
        """The secrets that occur in the texts."""
        known = [self.password, self.token, *self.keys.values(), *(ionapi[key] for ionapi in self.ionapis.values() for key in ("cs", "saak", "sask"))]
        return [secret for secret in known if any(secret in text for text in texts)]


def test_adopted_fleet_is_as_declared(simulator, tmp_path):
    fleet = Fleet(simulator, tmp_path)
    before = simulator.last()

    checked = fleet.run("adopt_ion", "--check", "--diff")
    assert "failed=0" in checked and "changed=1" in checked and fleet.files() == {}

    output = fleet.run("adopt_ion", "--diff")
    files = fleet.files()
    assert sorted(files) == [
        "inventory/group_vars/all/exports.yml",
        "inventory/host_vars/production/exports.yml",
        "inventory/host_vars/production/ionapi.yml",
        "inventory/host_vars/sandbox/exports.yml",
        "inventory/host_vars/sandbox/ionapi.yml",
        "ionapi/production.ionapi",
        "ionapi/sandbox.ionapi",
        "mappings/invoice_idm_mapping.properties",
        "mappings/production_credit_note_bod_mapping.properties",
        "mappings/sandbox_credit_note_bod_mapping.properties",
    ]
    assert files["ionapi/sandbox.ionapi"].startswith("$ANSIBLE_VAULT;1.2;AES256;acme\n")
    vault = VaultLib([("acme", VaultSecret(fleet.password.encode()))])
    assert json.loads(vault.decrypt(files["ionapi/sandbox.ionapi"])) == fleet.ionapis["sandbox"]
    common = yaml.safe_load(files["inventory/group_vars/all/exports.yml"])["docbits_common_exports"]
    assert [export["title"] for export in common] == ["To IDM"] and "id" not in common[0]
    assert output.count("[E60]") >= 2 and "To ION: bod_mapping" in output
    assert not fleet.shown_secrets(checked, output.partition("TASK")[2], *files.values())

    assert "changed=0" in fleet.run("adopt_ion").partition("RECAP")[2].splitlines()[1]
    audit = fleet.run("audit_ion")
    assert audit.count("failed=0") == 2 and audit.count("unreachable=0") == 2, audit[-3000:]
    assert simulator.writes(before) == [] and "[E23]" not in audit

    # A file that somebody changed is theirs.
    mapping = tmp_path / "mappings/invoice_idm_mapping.properties"
    mapping.write_text(IDM + "# mine\n")
    assert "[S05]" in fleet.run("adopt_ion") and mapping.read_text().endswith("# mine\n")
    assert "failed=0" in fleet.run("adopt_ion", "-e", "docbits_overwrite=true") and mapping.read_text() == IDM


def test_adopted_environment_without_its_ion_api_file_says_what_to_add(simulator, tmp_path):
    fleet = Fleet(simulator, tmp_path, mask_ion_api="mask")
    output = fleet.run("adopt_ion", "--limit", "sandbox")
    files = fleet.files()
    assert "ionapi/sandbox.ionapi" not in files and "inventory/group_vars/all/exports.yml" not in files
    assert "[E68]" in output and f"ansible-vault encrypt {tmp_path}/ionapi/sandbox.ionapi" in output
    assert not any("id" in export for export in yaml.load(files["inventory/host_vars/sandbox/exports.yml"], yaml.BaseLoader)["docbits_exports"][:2])
    (tmp_path / "ionapi").mkdir()
    (tmp_path / "ionapi/sandbox.ionapi").write_text(json.dumps(fleet.ionapis["sandbox"]))
    # 2.2.10 has no connection test, so nothing proves that DocBits has this file already. Everything else is as declared.
    differing = set(re.findall(r"a deployment would [^;\"]*", fleet.run("audit_ion", "--limit", "sandbox")))
    assert differing == {"a deployment would update it (ionapi)"}


def test_promoted_declaration_has_the_names_of_its_environment(simulator, tmp_path):
    fleet = Fleet(simulator, tmp_path)
    assert "failed=0" in fleet.run("adopt_ion")
    names = ("-e", "docbits_from=sandbox", "-e", "docbits_to=production")
    [hook] = [export for export in simulator.exports("sandbox") if export["export_method"] == "webhook"]
    simulator.edit_export("sandbox", hook["id"], title="For ACME_TST, not ACME_TST2", export_url="https://sandbox.test/ACME_TST")
    former = fleet.files()
    shown = fleet.run("promote_ion", *names, "--check", "--diff")
    assert "+- title: For ACME_PRD, not ACME_TST2" in shown and fleet.files() == former
    assert "[S05]" in fleet.run("promote_ion", *names) and fleet.files() == former
    assert "failed=0" in fleet.run("promote_ion", *names, "-e", "docbits_overwrite=true")
    files = fleet.files()
    exports = {export["title"]: export for export in yaml.safe_load(files["inventory/host_vars/production/exports.yml"])["docbits_exports"]}
    assert exports.keys() == {"To IDM", "To ION", "For ACME_PRD, not ACME_TST2"} and not any("id" in export for export in exports.values())
    mapping = files["mappings/production_credit_note_bod_mapping.properties"]
    assert "SFV_LogicalID=lid://infor.ims.production\n" in mapping and "SFV_AccountingEntityID=200\n" in mapping
    assert {path for path in files if files[path] != former.get(path)} == {"inventory/host_vars/production/exports.yml"}
    planned = fleet.run("deploy_ion", "--check", "--limit", "production", "-e", "deploy_allow_empty_canary=true")
    assert "failed=0" in planned and simulator.writes() == []
