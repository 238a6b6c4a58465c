# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One simulator for all tests of exports, and stands in it."""

from __future__ import annotations

import functools

import pytest

from integration.exports.stand import Stand
from simulator.client import Simulator


@pytest.fixture(scope="session")
def simulator(tmp_path_factory):
    """Infor and DocBits over TLS on loopback."""
    with Simulator.start(tmp_path_factory.mktemp("simulator")) as running:
        yield running


@pytest.fixture
def make_stand(simulator):
    """Makes organisations, each on a DocBits host of its own; faults end with the test."""
    yield functools.partial(Stand, simulator)
    simulator.faults([])
