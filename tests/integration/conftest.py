# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One simulator and three ansible-playbook runs for all selected scenarios together; each test then looks at what came out."""

from __future__ import annotations

import shutil
import traceback
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest

from integration import phases, scenario, world
from simulator.client import Simulator

BUILD = scenario.CHECKOUT / "build"


NO_PARAMETERS = SimpleNamespace(params={})


@dataclass
class Story:
    """All that the tests of one session look at.

    worlds: host name to its world
    phases: C(start), C(check), C(real) and C(again)
    state:  the simulator's database
    """

    worlds: dict
    phases: dict
    state: Path


@pytest.fixture(scope="session")
def story(request):
    """Everything that happened. Only the scenarios of the selected tests are played."""
    wanted = {item.callspec.params["told"].name for item in request.session.items if "told" in getattr(item, "callspec", NO_PARAMETERS).params}
    scenarios = [item for item in scenario.load() if item.name in wanted or not wanted]
    folder = BUILD / "integration" / phases.ANSIBLE_BIN.parent.name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        with Simulator.start(folder / "simulator") as simulator:
            worlds = world.build(scenarios, simulator, folder)
            played = phases.run_phases(worlds, simulator, folder)
    except Exception:
        # One cause, told once, instead of the same error for each of a thousand tests.
        pytest.exit(f"the scenarios could not be played:\n{traceback.format_exc()}", returncode=1)
    return Story({item.host: item for item in worlds}, played, folder / "simulator/state.sqlite")
