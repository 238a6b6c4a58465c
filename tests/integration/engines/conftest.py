# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One simulator for the tests of the engines."""

from __future__ import annotations

import pytest

from simulator.client import Simulator


@pytest.fixture(scope="session")
def simulator(tmp_path_factory):
    with Simulator.start(tmp_path_factory.mktemp("simulator")) as running:
        yield running


@pytest.fixture(autouse=True)
def empty(simulator):
    simulator.reset()
