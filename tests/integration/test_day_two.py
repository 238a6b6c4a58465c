# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbooks after the first deployment: rollback_ion and rotate_ion, with vaulted files and a fleet of two environments."""

from __future__ import annotations

import json
import os
import signal
import stat

import pytest

from integration.day_two import HOOK, INVOICES, WITH_VAULT, Fleet
from integration.exports.playbook import descendants, wait_for


@pytest.fixture
def fleet(simulator, tmp_path):
    yield Fleet(simulator, tmp_path)
    simulator.faults([])


def outcomes(result) -> list:
    """The action and the outcome of each step."""
    return [(step["action"], step["outcome"]) for step in result["steps"]]


def ids(result) -> list:
    """The ids of the findings."""
    return [finding["id"] for finding in result["findings"]]


def refused(path) -> dict:
    return {"service": "docbits", "match": path, "times": None, "action": {"status": 403, "body": '{"success": false, "message": "NO_PERMISSION"}'}}


def kill_at(simulator, process, path) -> None:
    """Kill a run and its workers once DocBits has applied a write to this path, and before it answers."""
    simulator.faults([{"service": "docbits", "match": path, "times": 1, "after": True, "action": {"hold": True}}])
    wait_for(simulator.held, "a held write")
    for pid in (process.pid, *descendants(process.pid)):
        os.kill(pid, signal.SIGKILL)
    process.communicate()
    simulator.faults([])


def contents(simulator, host) -> list:
    """What a deployment decides of each export."""
    return [(one["id"], one["title"], one["is_active"], one.get("files", {}).get("idm_mapping"), one.get("export_url")) for one in simulator.exports(host)]


def test_rollback_ion_restores_the_state_before_the_deployment(fleet, simulator):
    """Refused, failed, interrupted, checked, done and done again."""
    mapping = INVOICES["idm_mapping_content"].replace("SupplierInvoice", "VendorInvoice")
    fleet.run("deploy_ion.yml", docbits_snapshots=0)
    _results, output = fleet.run("rollback_ion.yml", expect=2)
    assert "there is no snapshot of this environment" in output and "[S21]" in output
    before = {host: contents(simulator, host) for host in fleet.files}
    fleet.run("deploy_ion.yml", docbits_exports=[{**INVOICES, "idm_mapping_content": mapping, "active": False}, HOOK], docbits_snapshots=10)
    deployed = {host: contents(simulator, host) for host in fleet.files}

    simulator.faults([refused("remove_configuration")])
    results, _output = fleet.run("rollback_ion.yml", expect=2)
    assert results.keys() == {"sandbox"}
    assert outcomes(results["sandbox"]) == [("update", "rolled_back"), ("activate", "rolled_back"), ("remove", "not_applied")]
    assert {host: contents(simulator, host) for host in fleet.files} == deployed

    kill_at(simulator, fleet.start("rollback_ion.yml", *WITH_VAULT), "configure_")
    first = simulator.last()
    planned, _output = fleet.run("rollback_ion.yml", "--check")
    assert simulator.writes(first) == []
    results, _output = fleet.run("rollback_ion.yml")
    assert {host: contents(simulator, host) for host in fleet.files} == before
    assert all(result["changed"] and result["diff"] == planned[host]["diff"] for host, result in results.items())
    again, _output = fleet.run("rollback_ion.yml")
    assert [(result["changed"], result["steps"]) for result in again.values()] == [(False, [])] * 2
    paths = list((fleet.folder / ".docbits_ion_snapshots").glob("*/*"))
    assert {stat.S_IMODE(path.stat().st_mode) for path in paths} == {0o600}
    assert {path.read_text().splitlines()[0] for path in paths} == {"$ANSIBLE_VAULT;1.2;AES256;fleet"}


def test_deployment_without_a_vault_password_fails_if_a_snapshot_is_required(fleet, simulator):
    first = simulator.last()
    results, _output = fleet.run("deploy_ion.yml", vault=False, expect=2, docbits_require_snapshot=True, docbits_ionapi_src=None, docbits_exports=[HOOK])
    assert ids(results["sandbox"]) == ["S20"] and simulator.writes(first) == []


def stored(fleet, host, title="Invoices") -> dict:
    """The ION API file of an export in DocBits."""
    return json.loads(fleet.exports(host)[title]["files"]["ion_api"])


def test_rotate_ion_replaces_the_files_in_docbits_and_in_the_inventory(simulator, tmp_path):
    """Refused, failed, interrupted, checked, done, done again and deployed. The sandbox masks ION API files; production has an undeclared export."""
    fleet = Fleet(simulator, tmp_path, "current")
    simulator.change_organisation("sandbox", switches={"mask_ion_api": "mask_values"})
    fleet.run("deploy_ion.yml")
    copy = {key: value for key, value in fleet.exports("production")["Invoices"].items() if key != "id"}
    simulator.add_export("production", **{**copy, "title": "Undeclared", "is_active": False})
    first = simulator.last()
    fleet.rotated("sandbox", ci="ACME_TST~other-client-of-the-tenant")
    _results, output = fleet.run("rotate_ion.yml", "--limit", "sandbox", expect=2)
    assert "[E82]" in output and simulator.writes(first) == []
    new = {host: fleet.rotated(host) for host in fleet.files}

    simulator.faults([refused("test_infor_connection")])
    results, output = fleet.run("rotate_ion.yml", expect=2)
    assert results.keys() == {"sandbox"} and not results["sandbox"]["changed"]
    assert outcomes(results["sandbox"]) == [("update", "rolled_back")] and ids(results["sandbox"])[-2:] == ["DB31", "DV30"]
    assert fleet.decrypt("sandbox.ionapi") == fleet.files["sandbox"] == stored(fleet, "sandbox")
    assert "sandbox: their old service accounts must not be disabled yet" in output

    kill_at(simulator, fleet.start("rotate_ion.yml", *WITH_VAULT), "configure_")
    assert fleet.decrypt("sandbox.ionapi") == fleet.files["sandbox"]
    first = simulator.last()
    planned, _output = fleet.run("rotate_ion.yml", "--check")
    assert simulator.writes(first) == []
    results, output = fleet.run("rotate_ion.yml")
    assert ids(results["sandbox"])[0] == "E29"
    assert outcomes(results["production"]) == [("update", "applied")] * 2
    for host, result in results.items():
        assert result["changed"] and result["diff"] == planned[host]["diff"] and result["rotation"]["may_be_disabled"]
        assert stored(fleet, host) == new[host] == fleet.decrypt(f"{host}.ionapi")
        assert fleet.decrypt(f"{host}.ionapi.old") == fleet.files[host]
        assert (fleet.folder / f"{host}.ionapi").read_text().startswith("$ANSIBLE_VAULT;1.2;AES256;fleet")
        assert f"{host}: their old service accounts may be disabled now" in output
    assert stored(fleet, "production", "Undeclared") == new["production"]
    for playbook in ("rotate_ion.yml", "deploy_ion.yml"):
        again, _output = fleet.run(playbook)
        assert [(result["changed"], result["steps"]) for result in again.values()] == [(False, [])] * 2
    assert not [request for request in simulator.journal() if "revoke" in request["path"]]
