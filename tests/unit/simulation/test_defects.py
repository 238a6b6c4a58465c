# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulation finds each defect once its fix is taken out, and no violation in the same histories with the fix."""

from __future__ import annotations

import pytest
from simulation.__main__ import judged
from simulation.defects import DEFECTS, draw


@pytest.mark.parametrize("defect", DEFECTS, ids=[defect.name for defect in DEFECTS])
def test_simulation_when_a_fix_is_taken_out_finds_the_defect(defect, monkeypatch):
    with monkeypatch.context() as patch:
        defect.break_code(patch)
        found_by = next((seed for seed in range(1, defect.histories + 1) if _violates(defect, seed)), None)

    assert found_by is not None, f"no violation of {defect.invariant} in {defect.histories} histories"
    assert {seed: judged(draw(defect, seed)) for seed in range(1, found_by + 1)} == {seed: [] for seed in range(1, found_by + 1)}


def _violates(defect, seed) -> bool:
    return any(violation.startswith(f"{defect.invariant}:") for violation in judged(draw(defect, seed)))
