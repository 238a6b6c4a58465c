# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A simulator for the tests of a file; one, and three ansible-playbook runs, for all selected scenarios together: each test then checks what they left."""

from __future__ import annotations

import shutil
import traceback
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest

from integration import leaks, phases, scenario, world
from simulator.client import Simulator

BUILD = scenario.CHECKOUT / "build"
NO_PARAMETERS = SimpleNamespace(params={})


@dataclass
class Story:
    """What the runs of one session left.

    worlds: host name to its world
    phases: `start`, `check`, `real` and `again` to what that phase left
    leaks:  phase to host name to the outputs that contain a secret of the host
    state:  the simulator's database
    """

    worlds: dict
    phases: dict
    leaks: dict
    state: Path


@pytest.fixture(scope="module")
def simulator(tmp_path_factory):
    """Infor and DocBits over TLS on loopback, for the tests of one file."""
    with Simulator.start(tmp_path_factory.mktemp("simulator")) as running:
        yield running


@pytest.fixture(scope="session")
def story(request):
    """The runs of the scenarios of the selected tests; of all scenarios if no test selects one."""
    parameters = [getattr(item, "callspec", NO_PARAMETERS).params for item in request.session.items]
    wanted = {given["scenario"].name for given in parameters if "scenario" in given}
    scenarios = [item for item in scenario.load() if item.name in wanted or not wanted]
    folder = BUILD / "integration" / phases.ANSIBLE_BIN.parent.name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        with Simulator.start(folder / "simulator") as simulator:
            worlds = world.build(scenarios, simulator, folder)
            played = phases.run_phases(worlds, simulator, folder)
    except Exception:
        # One cause, reported once instead of for each test.
        pytest.exit(f"the scenarios could not be run:\n{traceback.format_exc()}", returncode=1)
    secrets = {item.host: item.secrets for item in worlds}
    leaked = {phase: leaks.leaks_by_owner(secrets, played[phase].outputs) for phase in scenario.PHASES}
    return Story({item.host: item for item in worlds}, played, leaked, folder / "simulator/state.sqlite")
