# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`make live`: the report of a real tenant, and the trial in an organisation that is named for it. Skipped without the variables below.

DOCBITS_LIVE_URL           URL of the DocBits API
DOCBITS_LIVE_API_KEY       API key of an administrator of the organisation
DOCBITS_LIVE_ORGANISATION  id of the organisation; only with it the trial runs, which makes one inactive export and removes it
DOCBITS_LIVE_CA_PATH       CA bundle, if the system's does not do
DOCBITS_LIVE_OVERRIDES     contract_overrides as JSON
"""

from __future__ import annotations

import json
import os
import subprocess

import pytest
import yaml

from integration.phases import ANSIBLE_BIN

URL, KEY, ORGANISATION = (os.environ.get(f"DOCBITS_LIVE_{name}") for name in ("URL", "API_KEY", "ORGANISATION"))

pytestmark = pytest.mark.skipif(not (URL and KEY), reason="DOCBITS_LIVE_URL and DOCBITS_LIVE_API_KEY are not set")


@pytest.fixture
def run(tmp_path):
    """Runs a playbook of the collection for the tenant. Returns (output, report as a dict, report as a page)."""
    variables = {
        "ansible_connection": "local",
        "ansible_python_interpreter": "{{ ansible_playbook_python }}",
        "docbits_url": URL,
        "docbits_api_key": "{{ lookup('ansible.builtin.env', 'DOCBITS_LIVE_API_KEY') }}",
        "docbits_ca_path": os.environ.get("DOCBITS_LIVE_CA_PATH"),
        "docbits_contract_overrides": json.loads(os.environ.get("DOCBITS_LIVE_OVERRIDES", "{}")),
        "docbits_report_dir": str(tmp_path / "reports"),
        "docbits_trial_organisation": ORGANISATION,
    }
    (tmp_path / "hosts.yml").write_text(yaml.safe_dump({"all": {"hosts": {"live": {name: value for name, value in variables.items() if value}}}}))
    (tmp_path / "ansible.cfg").touch()

    def run_playbook(name):
        environment = {**os.environ, "ANSIBLE_CONFIG": str(tmp_path / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1"}
        command = [str(ANSIBLE_BIN / "ansible-playbook"), "-i", "hosts.yml", f"docbits.ion.{name}"]
        done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=600, stdin=subprocess.DEVNULL, check=False)
        output = done.stdout + done.stderr
        assert done.returncode == 0, output
        page = (tmp_path / "reports/live.md").read_text()
        return output, json.loads((tmp_path / "reports/live.json").read_text()), page

    return run_playbook


def test_report_of_the_tenant_has_no_key_and_no_address(run):
    output, report, page = run("contract_report")
    assert {row["outcome"] for row in report["guesses"]} <= {"held", "differs", "not seen"}
    assert any(row["operation"] == "list" and row["status"] == 200 for row in report["answers"]), page
    assert KEY not in output + page + json.dumps(report)
    assert URL not in page + json.dumps(report)


@pytest.mark.skipif(not ORGANISATION, reason="DOCBITS_LIVE_ORGANISATION is not set")
def test_trial_ends_with_its_export_removed(run):
    output, report, page = run("contract_trial")
    outcomes = {row["id"]: row["outcome"] for row in report["guesses"]}
    assert "not seen" not in (outcomes["Q30"], outcomes["Q33"]), page
    assert KEY not in output + page + json.dumps(report)
