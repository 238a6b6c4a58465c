# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""rotate_ion on a fleet in rings, interrupted by Ctrl-C in the middle: the next run goes on, and each environment ends with its new ION API file."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time

from ansible.parsing.vault import VaultLib

from integration.engines.fleet import Fleet
from integration.phases import ANSIBLE_BIN
from integration.scenario import CHECKOUT
from simulator.ionapi import make_ionapi, register

# ION_LARGE_FLEET=1 rotates 200 environments, which takes minutes.
SIZE = 200 if "ION_LARGE_FLEET" in os.environ else 24
EARLY = SIZE // 3
PATIENCE = 60 + 3 * SIZE


class Rotation:
    """A fleet with a new ION API file for each environment.

    old, new: environment to the content of its file
    """

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        self.old = {name: self.content(f"{name}.ionapi") for name in fleet.names}
        self.new = {name: self._rotated(name) for name in fleet.names}

    def _rotated(self, name) -> dict:
        """A new file of the same app with another service account, vaulted as NAME-new.ionapi."""
        old = self.old[name]
        new = {**make_ionapi(self._fleet.simulator.infor_url, old["ti"], old["cn"]), "ci": old["ci"], "cs": old["cs"]}
        register(self._fleet.simulator, new)
        self._fleet.secrets |= {new[key] for key in ("saak", "sask")}
        self._fleet._write(f"ionapi/{name}-new.ionapi", self._fleet._encrypted(json.dumps(new)))
        return new

    def content(self, name: str) -> dict:
        """The JSON object in a vaulted file of the fleet."""
        text = (self._fleet.directory / "ionapi" / name).read_bytes()
        return json.loads(VaultLib([("default", self._fleet._vault)]).decrypt(text))

    def stored(self, name: str) -> list:
        """The ION API files of an environment in DocBits, without repetitions."""
        found = []
        for export in self._fleet.simulator.exports(name):
            file = json.loads(export["files"]["ion_api"])
            found += [file] if file not in found else []
        return found

    def start(self, playbook: str) -> subprocess.Popen:
        """Start a playbook as the leader of a process group of its own, as a terminal does."""
        options = ["-e", "docbits_ionapi_new_src={{ inventory_dir }}/../ionapi/{{ inventory_hostname }}-new.ionapi"]
        command = [str(ANSIBLE_BIN / "ansible-playbook"), "-i", "inventory", str(CHECKOUT / "playbooks" / playbook), *options]
        streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        environment = self._fleet.environment(HOME=str(self._fleet.directory))
        return subprocess.Popen(command, cwd=self._fleet.directory, env=environment, text=True, start_new_session=True, **streams)

    def run(self, playbook: str) -> str:
        """The output of a playbook that succeeds."""
        process = self.start(playbook)
        output, _errors = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0, output[-3000:]
        assert not [secret for secret in self._fleet.secrets if secret in output]
        return output


def test_rotation_of_a_fleet_that_is_interrupted_goes_on(simulator, tmp_path):
    fleet = Fleet(simulator, tmp_path, SIZE)
    fleet._write("inventory/early.yml", {"early": {"hosts": dict.fromkeys(fleet.names[1 : EARLY + 1])}})
    rotation = Rotation(fleet)
    rotation.run("deploy_ion.yml")
    first = simulator.last()

    process = rotation.start("rotate_ion.yml")
    deadline = time.monotonic() + PATIENCE
    # Both exports of the canary, and half of those of the ring early.
    while len(simulator.writes(first)) < 2 + EARLY:
        assert time.monotonic() < deadline and process.poll() is None, process.stdout.read()[-3000:]
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)
    output, _errors = process.communicate(timeout=PATIENCE)
    assert process.returncode and not [secret for secret in fleet.secrets if secret in output]
    done = [name for name in fleet.names if rotation.stored(name) == [rotation.new[name]]]
    assert 0 < len(done) <= EARLY + 1, output[-3000:]
    # An inventory that has the new file is one whose DocBits has it, too.
    replaced = [name for name in fleet.names if rotation.content(f"{name}.ionapi") == rotation.new[name]]
    assert set(replaced) <= set(done)

    between = simulator.last()
    output = rotation.run("rotate_ion.yml")
    for name in fleet.names:
        assert rotation.stored(name) == [rotation.new[name]] == [rotation.content(f"{name}.ionapi")], name
        assert rotation.content(f"{name}.ionapi.old") == rotation.old[name]
    # What the first run did is not done again.
    assert len(simulator.writes(between)) <= 2 * (SIZE - len(done)), output[-3000:]
    assert "must not be disabled" not in output and not [request for request in simulator.journal(first) if "revoke" in request["path"]]
    last = simulator.last()
    rotation.run("deploy_ion.yml")
    assert simulator.writes(last) == []
