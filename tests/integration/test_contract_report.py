# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""contract_report and contract_trial against several moods of the simulator at once, and the live tests against it."""

from __future__ import annotations

import json
import os
import re
import secrets
import subprocess
import sys

import yaml

from integration.phases import ANSIBLE_BIN
from integration.scenario import CHECKOUT, HERE
from simulator.ionapi import make_ionapi, register

TRIAL = "docbits.ion contract trial"
# Mood to what differs, besides what this contract of the simulator always answers otherwise (Q23).
MOODS = {
    "plain": ({}, {}),
    "words": (
        {"methods": "unknown", "booleans": "letter", "types": "title", "list_shape": "nested"},
        {"Q05": "data.items", "Q09": "text (flag)", "Q10": "known, unknown", "Q11": "the title"},
    ),
    "masks": (
        {"masked": "url", "mask_ion_api": "mask_values", "download": "envelope", "download_of": "all", "openapi": "key"},
        {"Q01": "only with an API key", "Q14": "masked: url", "Q18": "the file, an object with the file in data"},
    ),
    "pages": ({"list_shape": "pages", "openapi": "hidden", "omit_record_keys": ["title"]}, {"Q01": "not readable", "Q06": "it says that there are more"}),
    # Its list of exports is refused, with everything that was sent repeated in many encodings.
    "echo": ({}, {"Q04": "status 403"}),
}
# Trial host to its switches.
TRIALS = {
    "plain": {},
    "booleans": {"booleans": "unknown"},
    "methods": {"methods": "unknown"},
    "kept": {"fail_on": {"remove_configuration": {"code": "NO_PERMISSION", "times": None}}},
    "unnamed": {},
    "another": {},
}


class Tenants:
    """An organisation for each mood, with an inventory, and runs of the two playbooks."""

    def __init__(self, simulator, folder, switches) -> None:
        self.simulator, self.folder, self.values, self.ids = simulator, folder, {}, {}
        self.hosts: dict = {}
        (folder / "ansible.cfg").touch()
        for name, chosen in switches.items():
            self._make(name, chosen)
        self.write()

    def _make(self, name, switches) -> None:
        key, word, token = secrets.token_urlsafe(32), f"Zq{secrets.token_hex(4)}", secrets.token_urlsafe(12)
        ionapi = make_ionapi(self.simulator.infor_url, f"{word.upper()}_TST", f"DocBits_{word}")
        idm = (HERE / "files/idm_invoice.properties").read_text().replace("SupplierInvoice", word)
        infor = {"on_permise": False, "zugferd": False, "files": {"idm_mapping": idm, "ion_api": json.dumps(ionapi)}}
        exports = [
            {"export_method": "webhook", "title": f"Hook {word}", "doc_type": "INVOICE", "is_active": True, "export_url": f"https://{word}.test/?key={token}"},
            {"export_method": "infor-idm-cloud", "title": f"IDM {word}", "doc_type": f"{word}_TYPE", "is_active": False, **infor},
            {"export_method": "webhook", "title": f"Third {word}", "doc_type": "INVOICE", "is_active": True, "export_url": "https://third.test/"},
        ]
        organisation = {"host": f"{word}-{name}", "contract": "current", "switches": switches, "exports": exports}
        groups = [{"id": f"{word}-1", "name": f"{word} Berlin"}]
        made = self.simulator.put_organisation(
            f"{word} {name}", api_key=key, document_types=["INVOICE", f"{word}_TYPE"], sub_organisations=groups, **organisation
        )
        self.ids[name] = made["id"]
        self.values[name] = [key, word, word.upper(), token, made["id"], *map(str, made["exports"]), *(ionapi[k] for k in ("ci", "cs", "saak", "sask"))]
        register(self.simulator, ionapi, roles=("Infor-SuiteUser", "MingleEnterprise"))
        (self.folder / f"{name}.ionapi").write_text(json.dumps(ionapi))
        self.hosts[name] = {
            "docbits_url": self.simulator.host_url(f"{word}-{name}"),
            "docbits_api_key": key,
            "docbits_trial_organisation": made["id"],
        }

    def write(self) -> None:
        """Write the inventory."""
        common = {
            "ansible_connection": "local",
            "ansible_python_interpreter": "{{ ansible_playbook_python }}",
            "docbits_ca_path": str(self.simulator.ca),
            "docbits_allow_insecure": True,
        }
        (self.folder / "hosts.yml").write_text(yaml.safe_dump({"all": {"vars": common, "hosts": self.hosts}}))

    def run(self, playbook, *options) -> str:
        """The output of a playbook of the collection."""
        environment = {**os.environ, "ANSIBLE_CONFIG": str(self.folder / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1", "PWD": str(self.folder), "COLUMNS": "1000"}
        command = [str(ANSIBLE_BIN / "ansible-playbook"), "-i", "hosts.yml", "-e", "docbits_report_dir=reports", *options, f"docbits.ion.{playbook}"]
        done = subprocess.run(command, env=environment, cwd=self.folder, capture_output=True, text=True, timeout=300, stdin=subprocess.DEVNULL, check=False)
        return done.stdout + done.stderr

    def report(self, name) -> dict:
        """The report of a host as a dict."""
        return json.loads((self.folder / f"reports/{name}.json").read_text())

    def differing(self, name) -> dict:
        """Guesses of a report that do not hold: id to what was seen."""
        return {row["id"]: row["seen"] for row in self.report(name)["guesses"] if row["outcome"] == "differs"}

    def exports(self, name) -> list:
        """The titles of the exports of a host's organisation."""
        word = self.values[name][1]
        return [export["title"].replace(f" {word}", "") for export in self.simulator.exports(f"{word} {name}")]

    def leaks(self) -> list:
        """Values of the organisations that occur in a report."""
        texts = [path.read_text() for path in (self.folder / "reports").iterdir()]
        return [value for values in self.values.values() for value in values if any(value in text for text in texts)]


def test_report_names_each_mood_and_no_value(simulator, tmp_path):
    tenants = Tenants(simulator, tmp_path, {name: switches for name, (switches, _differing) in MOODS.items()})
    tenants.hosts["plain"] |= {"docbits_report_infor": True, "docbits_ionapi_src": str(tmp_path / "plain.ionapi")}
    tenants.write()
    simulator.faults([{"service": "docbits", "match": "-echo/.*get_configurations", "times": None, "action": {"echo": 403}}])
    before = simulator.last()

    output = tenants.run("contract_report")

    assert output.count("failed=0") == len(MOODS), output
    assert simulator.writes(after=before) == []
    for name, (_switches, differing) in MOODS.items():
        found = tenants.differing(name)
        assert {id_: seen for id_, seen in found.items() if id_ in differing} == differing, name
        assert name != "plain" or found == {"Q23": "the list is in data"}
    assert tenants.leaks() == []
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "reports").iterdir()} == {0o600}
    infor = {row["stage"]: (row["outcome"], row["findings"]) for row in tenants.report("plain")["infor"]}
    assert infor["token"] == ("passed", []) and infor["roles"] == ("failed", ["R02"])
    assert tenants.report("words")["infor"] == []
    page = (tmp_path / "reports/words.md").read_text()
    assert "| Q05 | The list of exports is in data. | differs | `data.items` |" in page


def test_trial_leaves_nothing_or_names_it_and_ends_with_overrides(simulator, tmp_path):
    tenants = Tenants(simulator, tmp_path, TRIALS)
    tenants.hosts["methods"] |= {
        "docbits_trial_document_type": "INVOICE",
        "docbits_trial_ionapi_src": str(tmp_path / "methods.ionapi"),
        "docbits_trial_idm_mapping_src": str(HERE / "files/idm_invoice.properties"),
    }
    del tenants.hosts["unnamed"]["docbits_trial_organisation"]
    tenants.hosts["another"]["docbits_trial_organisation"] = tenants.ids["plain"]
    tenants.write()

    output = tenants.run("contract_trial")

    recap = dict(re.findall(r"^(\w+) +: ok=.*failed=(\d)", output, re.MULTILINE))
    assert recap == {"plain": "0", "booleans": "0", "methods": "1", "kept": "1", "unnamed": "1", "another": "1"}, output
    assert {name: TRIAL in tenants.exports(name) for name in TRIALS} == {**dict.fromkeys(TRIALS, False), "kept": True}
    assert all(len(tenants.exports(name)) == 3 + (name == "kept") for name in TRIALS)
    assert f'The inactive export "{TRIAL}" may still be in DocBits' in output.replace('\\"', '"')
    assert "docbits_trial_organisation is not set" in output and "has no attribute" not in output
    assert re.search(r'"ja": "true",\s+"nein": "false"', output)
    assert re.search(r'"methods": \{\s+"infor-idm-v2": "infor_idm/cloud"', output)
    judged = {row["id"]: (row["outcome"], row["seen"]) for row in tenants.report("plain")["guesses"]}
    assert [judged[id_] for id_ in ("Q30", "Q31", "Q32", "Q33")] == [
        ("held", "data.id"),
        ("held", "in the first list"),
        ("held", "active"),
        ("held", "not in the list"),
    ]
    assert tenants.leaks() == []

    overrides = {"docbits_contract_overrides": {"methods": {"infor-idm-v2": "infor_idm/cloud"}}}
    again = tenants.run("contract_trial", "--limit", "methods", "-e", json.dumps(overrides))
    assert "failed=0" in again and "no docbits_contract_overrides are needed" in again, again
    assert len(tenants.exports("methods")) == 3


def test_live_tests_pass_against_the_simulator(simulator, tmp_path):
    tenants = Tenants(simulator, tmp_path, {"plain": {}})
    host = tenants.hosts["plain"]
    variables = {
        "DOCBITS_LIVE_URL": host["docbits_url"],
        "DOCBITS_LIVE_API_KEY": host["docbits_api_key"],
        "DOCBITS_LIVE_ORGANISATION": host["docbits_trial_organisation"],
        "DOCBITS_LIVE_CA_PATH": str(simulator.ca),
    }
    command = [sys.executable, "-m", "pytest", "-q", "tests/integration/live"]
    done = subprocess.run(command, env={**os.environ, **variables}, cwd=CHECKOUT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0 and "2 passed" in done.stdout, done.stdout
    assert len(tenants.exports("plain")) == 3
