# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Limits: concurrent requests per host, logins per minute and tenant, one login per credential. Read from the simulator's journal."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
from itertools import accumulate

import pytest
import yaml

from ansible_collections.docbits.ion.plugins.module_utils._http.semaphore import REQUESTS_PER_HOST
from ansible_collections.docbits.ion.plugins.module_utils._infor.logins import LOGINS_PER_MINUTE
from integration.exports.playbook import descendants, has_ended, wait_for
from integration.phases import ANSIBLE_BIN
from integration.scenario import HERE
from simulator.ionapi import make_ionapi, register

ENVIRONMENTS = 24
LATENCY = 60
FORKS = 60  # more than there are environments
# More environments than calls are allowed at once, and so slow a server that nothing but the cap holds them back.
MANY = 80  # environments, more than REQUESTS_PER_HOST
SLOW = 300
OPTIONS = ("docbits_url", "api_key", "ionapi_content", "exports", "ca_path", "allow_insecure", "deadline")
EXPORTS = [{"title": "Invoices", "kind": "infor_idm", "document_type": "INVOICE", "idm_mapping_src": str(HERE / "files/idm_invoice.properties")}]

# The two ways to deploy a fleet: a task for each environment, and one for the whole batch.
EACH = {
    "docbits.ion.environment": {name: f"{{{{ {name if name == 'docbits_url' else f'docbits_{name}'} }}}}" for name in OPTIONS},
    "connection": "local",
}
BATCH = {"docbits.ion.environments": {}, "register": "batch", "run_once": True}
OUTCOME = {"docbits.ion.outcome": {"registered": "batch"}}


class Play:
    """A playbook over environments that share a tenant or have one each."""

    def __init__(self, simulator, folder) -> None:
        self._simulator = simulator
        self._folder = folder

    def journal(self, *tasks, forks, environments=ENVIRONMENTS, ionapis=None, deadline=300, options=()) -> list:
        """Run the play, which may fail, and return the simulator's journal of it."""
        before = self._simulator.last()
        process = self.start(*tasks, forks=forks, environments=environments, ionapis=ionapis, deadline=deadline, options=options)
        self.output, _errors = process.communicate(timeout=300)
        assert "PLAY RECAP" in self.output, self.output
        return self._simulator.journal(before)

    def start(self, *tasks, forks, environments=ENVIRONMENTS, ionapis=None, deadline=300, options=()):
        """Start the play; returns the process."""
        ionapis = ionapis or [make_ionapi(self._simulator.infor_url, f"LIMITS{number}_TST", "DocBits_Test") for number in range(environments)]
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
        command = [ANSIBLE_BIN / "ansible-playbook", "-i", "inventory.yml", "play.yml", "--forks", str(forks), *options]
        return subprocess.Popen(
            command, cwd=self._folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )

    def _environment(self, number, ionapi) -> dict:
        key = secrets.token_urlsafe(32)
        self._simulator.put_organisation(f"limits-{number}", api_key=key, document_types=["INVOICE"])
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
    """The largest number of requests that a service handled at the same time."""
    calls = [request for request in journal if request["service"] == service]
    begins = [(request["monotonic"], 1) for request in calls]
    # At the same instant, an end sorts before a begin.
    ends = [(request["monotonic"] + request["duration_ms"] / 1000, -1) for request in calls]
    return max(accumulate(change for _time, change in sorted(begins + ends)))


def test_batch_sends_no_more_concurrent_requests_to_a_host_than_the_limit(play, simulator):
    simulator.latency(docbits=SLOW, infor=SLOW)
    journal = play.journal({**BATCH, "docbits.ion.environments": {"at_once": MANY}}, forks=1, environments=MANY)
    for service in ("infor", "docbits"):
        assert REQUESTS_PER_HOST / 2 < most_at_once(journal, service) <= REQUESTS_PER_HOST < MANY


@pytest.mark.parametrize("task", [EACH, BATCH], ids=["each", "batch"])
def test_throttle_limits_concurrent_requests(play, task):
    journal = play.journal({**task, "throttle": 3}, forks=FORKS)
    assert len(journal) > ENVIRONMENTS * 10
    # An environment sends one request after the other.
    assert 1 < most_at_once(journal, "infor") <= 3
    assert 1 < most_at_once(journal, "docbits") <= 3


@pytest.mark.parametrize("tasks", [[EACH], [BATCH, OUTCOME]], ids=["each", "batch"])
@pytest.mark.parametrize("forks", [3, FORKS])
def test_tenant_with_more_credentials_than_the_limit_gets_no_more_logins_per_minute(play, simulator, tasks, forks):
    """Environments of one tenant with a credential each, and a deadline before the next minute: those beyond the limit fail without a request."""
    tenant = f"LIMIT{secrets.randbelow(10**6)}_TST"
    ionapis = [make_ionapi(simulator.infor_url, tenant, f"DocBits_{number}") for number in range(LOGINS_PER_MINUTE + 5)]
    journal = play.journal(*tasks, forks=forks, ionapis=ionapis, deadline=30)
    assert sum(request["login"] for request in journal) == LOGINS_PER_MINUTE
    # Each failed environment has one such line.
    assert play.output.count("fatal: [environment-") == len(ionapis) - LOGINS_PER_MINUTE


@pytest.mark.parametrize("task", [EACH, BATCH], ids=["each", "batch"])
@pytest.mark.parametrize("forks", [3, FORKS])
def test_environments_with_one_credential_log_in_once(play, simulator, task, forks):
    ionapi = make_ionapi(simulator.infor_url, "SHARED_TST", "DocBits_Test")
    journal = play.journal(task, forks=forks, ionapis=[ionapi] * ENVIRONMENTS)
    assert sum(request["login"] for request in journal) == 1
    assert sum(request["refresh"] for request in journal) <= 1


def test_batch_when_ansible_playbook_is_killed_begins_no_further_step(play, simulator):
    simulator.latency()
    simulator.faults([{"service": "docbits", "match": ".*configure_", "action": {"hold": True}}])
    before, at_once = simulator.last(), 4
    process = play.start({**BATCH, "docbits.ion.environments": {"at_once": at_once}}, forks=1)
    wait_for(lambda: simulator.held() == at_once, "a held write of each thread")
    workers = descendants(process.pid)
    process.kill()
    process.communicate()
    simulator.faults([])
    wait_for(lambda: all(has_ended(pid) for pid in workers), f"end of {workers}")
    assert workers and sum(request["write"] for request in simulator.journal(before)) == at_once
