# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Manners: few calls at once for each host, few logins a minute for each tenant, whatever the number of forks; the journal is the witness."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
from itertools import accumulate

import pytest
import yaml

from ansible_collections.docbits.ion.plugins.module_utils._http.semaphore import CALLS_AT_ONCE_PER_HOST
from ansible_collections.docbits.ion.plugins.module_utils._infor.logins import LOGINS_A_MINUTE
from integration.phases import ANSIBLE_BIN
from integration.scenario import HERE
from simulator.client import Simulator
from simulator.ionapi import make_ionapi, register

ENVIRONMENTS = 24
LATENCY = 60
LOOSE = 60  # forks: more than there are environments
# More environments than calls are allowed at once, and so slow a server that nothing but the cap holds them back.
CROWD = 48
SLOW = 300
OPTIONS = ("docbits_url", "api_key", "ionapi_content", "exports", "ca_path", "allow_insecure", "deadline")
EXPORTS = [{"title": "Invoices", "kind": "infor_idm", "document_type": "INVOICE", "idm_mapping_src": str(HERE / "files/idm_invoice.properties")}]

# The two ways to deploy a fleet: a task for each environment, and one for the whole batch.
EACH = {
    "docbits.ion.environment": {name: f"{{{{ {name if name == 'docbits_url' else f'docbits_{name}'} }}}}" for name in OPTIONS},
    "connection": "local",
}
BATCH = {"docbits.ion.environments": {}, "register": "batch", "run_once": True}
OUTCOME = {"docbits.ion.outcome": {"of": "batch"}}


@pytest.fixture(scope="module")
def simulator(tmp_path_factory):
    with Simulator.start(tmp_path_factory.mktemp("simulator")) as running:
        yield running


class Play:
    """Environments of one tenant, or of a tenant each, and a playbook over them all."""

    def __init__(self, simulator, folder) -> None:
        self._simulator = simulator
        self._folder = folder

    def journal(self, *tasks, forks, environments=ENVIRONMENTS, ionapis=None, deadline=300, options=()) -> list:
        """The simulator's journal of the play; the play may fail where O(deadline) is short."""
        ionapis = ionapis or [make_ionapi(self._simulator.infor_url, f"MANNERS{number}_TST", "DocBits_Test") for number in range(environments)]
        for ionapi in ionapis:
            register(self._simulator, ionapi)
        common = {
            "docbits_url": self._simulator.docbits_url,
            "docbits_ca_path": self._simulator.ca,
            "docbits_allow_insecure": True,
            "docbits_exports": EXPORTS,
            "docbits_deadline": deadline,
            "ansible_connection": "local",
            "ansible_python_interpreter": "{{ ansible_playbook_python }}",
        }
        hosts = {f"environment-{number}": self._environment(number, ionapi) for number, ionapi in enumerate(ionapis)}
        self._write("inventory.yml", {"all": {"hosts": hosts, "vars": common}})
        self._write("play.yml", [{"hosts": "all", "gather_facts": False, "tasks": list(tasks)}])
        self._write("ansible.cfg", "")
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_CONFIG", "DOCBITS_"))}
        environment.update(ANSIBLE_CONFIG=str(self._folder / "ansible.cfg"), NO_PROXY="127.0.0.1,localhost")
        before = self._simulator.last()
        command = [ANSIBLE_BIN / "ansible-playbook", "-i", "inventory.yml", "play.yml", "--forks", str(forks), *options]
        self.output = subprocess.run(
            command, cwd=self._folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300, check=False
        ).stdout
        assert "PLAY RECAP" in self.output, self.output
        return self._simulator.journal(before)

    def _environment(self, number, ionapi) -> dict:
        key = secrets.token_urlsafe(32)
        self._simulator.put_organisation(f"manners-{number}", api_key=key, document_types=["INVOICE"])
        return {"docbits_api_key": key, "docbits_ionapi_content": json.dumps(ionapi, indent=2)}

    def _write(self, name, content) -> None:
        path = self._folder / name
        path.touch(mode=0o600)
        path.write_text(content if isinstance(content, str) else yaml.safe_dump(content, sort_keys=False))


@pytest.fixture
def play(simulator, tmp_path):
    simulator.latency(docbits=LATENCY, infor=LATENCY)
    return Play(simulator, tmp_path)


def most_at_once(journal, service) -> int:
    """The largest number of calls that a service worked on at the same moment."""
    calls = [request for request in journal if request["service"] == service]
    begins = [(request["monotonic"], 1) for request in calls]
    # An end before a begin at the same instant.
    ends = [(request["monotonic"] + request["duration_ms"] / 1000, -1) for request in calls]
    return max(accumulate(change for _time, change in sorted(begins + ends)))


@pytest.mark.parametrize(("task", "forks"), [(BATCH, 1), (EACH, LOOSE)], ids=["batch", "each"])
def test_the_cap_of_each_host_is_kept(play, simulator, task, forks):
    simulator.latency(docbits=SLOW, infor=SLOW)
    journal = play.journal(task, forks=forks, environments=CROWD)
    for service in ("infor", "docbits"):
        assert CALLS_AT_ONCE_PER_HOST / 2 < most_at_once(journal, service) <= CALLS_AT_ONCE_PER_HOST < CROWD


@pytest.mark.parametrize("task", [EACH, BATCH], ids=["each", "batch"])
def test_throttle_of_the_task_is_kept(play, task):
    journal = play.journal({**task, "throttle": 3}, forks=LOOSE)
    assert len(journal) > ENVIRONMENTS * 10
    # One environment makes one call after the other.
    assert 1 < most_at_once(journal, "infor") <= 3
    assert 1 < most_at_once(journal, "docbits") <= 3


@pytest.mark.parametrize("tasks", [[EACH], [BATCH, OUTCOME]], ids=["each", "batch"])
@pytest.mark.parametrize("forks", [3, LOOSE])
def test_no_tenant_is_asked_for_more_logins_a_minute(play, simulator, tasks, forks):
    """Own credentials, one tenant, and no time to wait for the next minute: those beyond the limit fail, and never ask."""
    tenant = f"LIMIT{secrets.randbelow(10**6)}_TST"
    ionapis = [make_ionapi(simulator.infor_url, tenant, f"DocBits_{number}") for number in range(LOGINS_A_MINUTE + 5)]
    journal = play.journal(*tasks, forks=forks, ionapis=ionapis, deadline=30)
    assert sum(request["login"] for request in journal) == LOGINS_A_MINUTE
    # One line for the failure of each environment.
    assert play.output.count("fatal: [environment-") == len(ionapis) - LOGINS_A_MINUTE


@pytest.mark.parametrize("task", [EACH, BATCH], ids=["each", "batch"])
@pytest.mark.parametrize("forks", [3, LOOSE])
def test_one_credential_logs_in_once(play, simulator, task, forks):
    ionapi = make_ionapi(simulator.infor_url, "SHARED_TST", "DocBits_Test")
    journal = play.journal(task, forks=forks, ionapis=[ionapi] * ENVIRONMENTS)
    assert sum(request["login"] for request in journal) == 1
    assert sum(request["refresh"] for request in journal) <= 1
