# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The examples in the documentation of all modules, the lookup and the callback run as they are, and return what is documented."""

from __future__ import annotations

import json
import os
import secrets
import subprocess

import pytest
import yaml
from ansible.parsing.vault import VaultLib, VaultSecret
from demo.environments import environments

from ansible_collections.docbits.ion.plugins.module_utils._model.export import KINDS
from ansible_collections.docbits.ion.tests.unit.test_consistency import MODULES, PLUGINS, constant
from ansible_collections.docbits.ion.tests.unit.test_documentation import own_options
from integration.documented import Comparison
from integration.exports.stand import mapping_texts
from integration.phases import ANSIBLE_BIN
from integration.scenario import HERE
from simulator.ionapi import cloud_file, make_ionapi, register

# Hosts of DocBits: the second one refuses every request, and the third one has another key in its list of exports.
CURRENT, REFUSING, DIFFERENT = "current", "refusing", "different"
DOCUMENT_TYPES = ["INVOICE", "CREDIT_NOTE", "DELIVERY_NOTE", "PURCHASE_ORDER"]
SOUTH = {"id": "5d1f3f1e-0000-4000-8000-000000000011", "name": "South"}
BY_HAND = {"id": "3b0f7a52-6c1e-4d0a-9a57-1f7f0c7c2a11", "export_method": "webhook", "title": "By hand", "doc_type": "CREDIT_NOTE", "is_active": True}
HOOK = {"title": "Refused", "kind": "webhook", "document_type": "CREDIT_NOTE", "url": "https://hook.example.test", "active": False}
# For all hosts of the inventory. First, because every environment is as declared then; and last, when there is no declaration any more.
FIRST, LAST = ("modules/environments.py", "modules/outcome.py"), ("modules/adopt.py",)
BATCH = FIRST + LAST
OTHERS = [f"modules/{module}.py" for module in MODULES if f"modules/{module}.py" not in BATCH]
MAPPINGS = {
    "bod_credit_note.properties": ("bod_mapping", "CREDIT_NOTE"),
    "bod_order.properties": ("bod_mapping", "PURCHASE_ORDER"),
    "idm_order.properties": ("idm_mapping", "PURCHASE_ORDER"),
    "m3.properties": ("m3_mapping", "INVOICE"),
    "m3.toml": ("m3_toml_mapping", "INVOICE"),
    "ln.properties": ("ln_mapping", "INVOICE"),
    "invoice.xslt": ("xslt", "INVOICE"),
    "jpl.properties": ("jpl_mapping", "INVOICE"),
}
REPORTS = ("report.html", "report.json", "report.xml")


def examples(path):
    """The tasks in the examples of a plugin; of the callback, its settings. The lookup accepts the simulator."""
    return yaml.safe_load(constant(PLUGINS / path, "EXAMPLES").replace("production.ionapi',", "production.ionapi', allow_insecure=true,"))


class Fleet:
    """The environments of examples/rollout on the simulator, with the present contract, and what else the examples name."""

    def __init__(self, simulator, folder, ionapis, password) -> None:
        self.simulator, self.folder = simulator, folder
        self._vault = VaultLib([("default", VaultSecret(password.encode()))])
        (folder / "password").write_text(password)
        for name in ionapis:
            key, organisation = secrets.token_urlsafe(32), {"document_types": DOCUMENT_TYPES, "sub_organisations": [SOUTH]}
            simulator.put_organisation(name, host=CURRENT, api_key=key, contract=CURRENT, **organisation)
            (folder / f"inventory/host_vars/{name}/vault.yml").write_bytes(self._vault.encrypt(f"docbits_api_key: {key}\n"))
            variables = {"docbits_url": simulator.host_url(CURRENT), "docbits_environment": None, "docbits_ca_path": simulator.ca}
            (folder / f"inventory/host_vars/{name}/simulator.yml").write_text(json.dumps({**variables, "docbits_allow_insecure": True}))
        self._write_files(ionapis)

    def _write_files(self, ionapis) -> None:
        for name, present in ionapis.items():
            new = {**make_ionapi(self.simulator.infor_url, present["ti"], present["cn"]), "ci": present["ci"], "cs": present["cs"]}
            register(self.simulator, new)
            (self.folder / f"ionapi/{name}-new.ionapi").write_bytes(self._vault.encrypt(json.dumps(new)))
        (self.folder / "ionapi/cloud.ionapi").write_bytes(self._vault.encrypt(json.dumps(cloud_file())))
        for name, (file, document_type) in MAPPINGS.items():
            (self.folder / "mappings" / name).write_text(mapping_texts(document_type)[file])
        tool = self.folder / "bin/other-tool"
        tool.parent.mkdir()
        tool.write_text("#!/bin/sh\ncat > /dev/null\n")
        tool.chmod(0o700)

    def undeclare(self) -> None:
        """Remove the declaration from the inventory."""
        for path in ("group_vars/all/main.yml", "host_vars/production/main.yml"):
            variables = yaml.safe_load((self.folder / "inventory" / path).read_text())
            del variables["docbits_exports"]
            (self.folder / "inventory" / path).write_text(yaml.safe_dump(variables))

    def run(self, *plays) -> list:
        """Run plays with the settings in the example of the callback. Returns (module, result) of each task of the collection."""
        settings = examples("callback/rollout.py")["example"].replace("docbits.ion.rollout\n", "docbits.ion.rollout, results\n")
        (self.folder / "ansible.cfg").write_text(settings)
        (self.folder / "plays.yml").write_text(yaml.safe_dump(list(plays), sort_keys=False))
        (self.folder / "results.jsonl").write_text("")
        environment = {
            **os.environ,
            "ANSIBLE_CALLBACK_PLUGINS": str(HERE / "callback_plugins"),
            "ANSIBLE_CONFIG": str(self.folder / "ansible.cfg"),
            "ANSIBLE_VAULT_PASSWORD_FILE": str(self.folder / "password"),
            "PATH": f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "RESULTS_FILE": str(self.folder / "results.jsonl"),
        }
        command = [str(ANSIBLE_BIN / "ansible-playbook"), "-i", "inventory", "plays.yml"]
        done = subprocess.run(command, env=environment, cwd=self.folder, capture_output=True, text=True, timeout=300, stdin=subprocess.DEVNULL, check=False)
        assert done.returncode == 0, done.stdout[-6000:] + done.stderr
        lines = map(json.loads, (self.folder / "results.jsonl").read_text().splitlines())
        found = [(line["action"], line["result"]) for line in lines if "results" not in line["result"]]
        return [(action.removeprefix("docbits.ion."), result) for action, result in found if action.startswith("docbits.ion.")]

    def examples_of(self, path) -> dict:
        """A play with the examples of a plugin."""
        tasks = [{key: self._simulated(key, value) for key, value in task.items()} for task in examples(path)]
        return self.play(tasks, "all" if path in BATCH else "production")

    def task(self, module, host=CURRENT, **options) -> dict:
        """A task that may fail, without retries if it sends requests."""
        offered = {"api_key": "{{ docbits_api_key }}", "contract": CURRENT, "retries": 0, "settle_timeout": 0.1}
        given = {**{name: value for name, value in offered.items() if name in own_options(module)}, **options}
        return {f"docbits.ion.{module}": self._simulated(f"docbits.ion.{module}", given, host), "ignore_errors": True}

    def play(self, tasks, hosts="production") -> dict:
        """A play with the tasks, and with the secrets that the examples name."""
        passwords = {f"vault_{kind}_password": secrets.token_urlsafe(12) for kind in ("sftp", "smb", "flow2")}
        return {"name": "Examples", "hosts": hosts, "gather_facts": False, "vars": passwords, "tasks": tasks}

    def _simulated(self, key, value, host=CURRENT):
        """The value of a key of a task. If these are the options of a module, the addresses of the vendors are those of the simulator."""
        module = key.removeprefix("docbits.ion.")
        if module not in MODULES:
            return value
        simulated = {"docbits_url": self.simulator.host_url(host), "ca_path": self.simulator.ca, "allow_insecure": True}
        given = {name: option for name, option in (value or {}).items() if name not in ("docbits_environment", "docbits_region", "docbits_url")}
        return {**{name: option for name, option in simulated.items() if name in own_options(module)}, **given}


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """(module, result) of all examples, and of tasks that fail, because some values are returned only then."""
    folder, password = tmp_path_factory.mktemp("examples") / "fleet", secrets.token_urlsafe(24)
    with environments(folder, password) as (simulator, ionapis):
        fleet = Fleet(simulator, folder, ionapis, password)
        found = fleet.run(*map(fleet.examples_of, FIRST))
        simulator.add_export("production", **BY_HAND, files={})
        found += fleet.run(*map(fleet.examples_of, [*OTHERS, "lookup/ionapi.py"]))
        assert all((folder / name).stat().st_size for name in REPORTS)
        fleet.undeclare()
        simulator.faults(faults())
        found += fleet.run(*map(fleet.examples_of, LAST), fleet.play(others(fleet)), *batches(fleet))
    return found


def faults() -> list:
    """The present contract refuses webhooks, one host refuses everything, one has another list, and Infor has an outage for one tenant."""
    body = json.dumps({"code": "TOO_MANY_REQUESTS", "trace_id": "4bf92f3577b34da6"})
    rows = json.dumps({"data": [{"how" if key == "export_method" else key: value for key, value in BY_HAND.items()}]})
    slow = {"status": 429, "headers": {"retry-after": "1"}, "content_type": "application/json", "body": body}
    return [
        {"service": "docbits", "match": f"configure_webhook|/h/{REFUSING}/", "times": None, "action": slow},
        *(
            {
                "service": "docbits",
                "match": f"/h/{DIFFERENT}/{path}",
                "times": None,
                "action": {"status": 200, "content_type": "application/json", "body": body},
            }
            for path, body in ((".*get_configurations", rows), ("", "{}"))
        ),
        {"service": "infor", "match": "/ACME_TRN/as/token", "times": None, "action": {"status": 500}},
    ]


def others(fleet) -> list:
    """Tasks that fail, and tasks whose results no example has."""
    invoices = {"title": "Invoices to IDM", "kind": "infor_idm", "document_type": "INVOICE", "idm_mapping_src": "mappings/idm.properties"}
    files = {"ionapi_src": "ionapi/production.ionapi"}
    return [
        fleet.task("environment", exports=[HOOK]),
        fleet.task("environment", exports=[], **files, stages=["token", "refresh"], revoke=True, stop_after="prove"),
        fleet.task("export", **HOOK),
        *(fleet.task("export", **invoices, **files, zugferd=is_zugferd) for is_zugferd in (True, False)),
        fleet.task("exports", exports=[HOOK]),
        fleet.task("exports", exports=[{**invoices, "zugferd": True}], **files),
        fleet.task("api_info", REFUSING, contract="live"),
        fleet.task("api_info", DIFFERENT, describe_answers=True),
        fleet.task("export", DIFFERENT, describe_answers=True, **HOOK),
        *(fleet.task(module, REFUSING) for module in ("document_type_info", "export_info", "sub_organisation_info")),
        fleet.task("connection_info", src="ionapi/stage.ionapi"),
        fleet.task("connection_info", src="ionapi/production.ionapi", required_roles=["Nobody"]),
        fleet.task("ionapi_info", src="ionapi/cloud.ionapi"),
        fleet.task("ionapi_info", content="{}"),
        fleet.task("mapping_info", content="Static_Values=,"),
        fleet.task("environments", rings=["nobody"], stop_after="parse"),
    ]


def batches(fleet) -> list:
    """Plays of a batch that DocBits refuses, and of one that would rotate its ION API files."""
    tasks = [
        {"docbits.ion.environments": {"stop_after": "{{ stop_after }}"}, "register": "batch", "run_once": True},
        {"docbits.ion.outcome": {"registered": "batch"}, "ignore_errors": True},
    ]
    refused = {"stop_after": "verify", "docbits_exports": [HOOK], "docbits_retries": 0, "docbits_settle_timeout": 0.1}
    rotated = {"stop_after": "prove", "docbits_exports": [], "docbits_rotate": True, "docbits_ionapi_new_src": "ionapi/sandbox-new.ionapi"}
    return [{**fleet.play(tasks, "sandbox"), "vars": variables} for variables in (refused, rotated)]


@pytest.mark.parametrize("module", MODULES)
def test_results_of_a_module_are_as_documented(results, module):
    comparison = Comparison(module)
    for name, result in results:
        if name == module:
            comparison.add(result)
    assert comparison.gaps() == []


def test_exports_that_are_read_have_the_options_of_a_declaration(results):
    found = [export for module, result in results if module == "export_info" for export in result.get("exports", ()) if isinstance(export, dict)]
    assert found and {name for export in found for name in export} <= own_options("exports")["exports"]["suboptions"].keys()


def test_examples_have_every_kind_of_export():
    declared = [export.get("kind") for task in examples("modules/exports.py") for export in task["docbits.ion.exports"]["exports"]]
    assert set(declared) - {None} == set(KINDS)
