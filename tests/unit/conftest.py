# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the collection importable by its full name where the test environment has not done so already, and random input the same in every run."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path

import ansible.template
import pytest
from hypothesis import HealthCheck, settings

CHECKOUT = Path(__file__).resolve().parents[2]
COLLECTIONS = CHECKOUT / "build/collections"


def _importable() -> bool:
    try:
        return importlib.util.find_spec("ansible_collections.docbits.ion") is not None
    except ModuleNotFoundError:
        return False


if not _importable():
    link = COLLECTIONS / "ansible_collections/docbits/ion"
    if not link.is_symlink():
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(CHECKOUT, target_is_directory=True)
    sys.path.insert(0, str(COLLECTIONS))

# A commit passes or it does not, on a crowded machine too; `make fuzz` sets a seed and looks further.
settings.register_profile(
    "docbits.ion",
    deadline=None,
    derandomize="ION_FUZZ_SEED" not in os.environ,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)
settings.load_profile("docbits.ion")


@pytest.fixture
def trusted():
    """Marks a text as one of a playbook, whose templates Ansible evaluates. ansible-core 2.18 evaluates those of every text."""
    return getattr(ansible.template, "trust_as_template", str)
