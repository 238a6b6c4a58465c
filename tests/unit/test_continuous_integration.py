# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Continuous integration runs the same as `make matrix`."""

from __future__ import annotations

from pathlib import Path

import yaml
from tools import environment

JOBS = yaml.safe_load((Path(__file__).resolve().parents[2] / ".github/workflows/ci.yml").read_text())["jobs"]


def test_matrix_is_that_of_make_matrix():
    job = JOBS["matrix"]
    assert tuple((pair["core"], pair["python"]) for pair in job["strategy"]["matrix"]["include"]) == environment.MATRIX
    assert [step["run"] for step in job["steps"] if "run" in step] == ["make matrix-${{ matrix.core }}-${{ matrix.python }}"]


def test_matrix_has_every_core_that_is_supported():
    assert [core.version for core in environment.CORES] == sorted({core for core, _python in environment.MATRIX} - {environment.DEVEL})


def test_oldest_target_has_a_job():
    assert JOBS["target"]["steps"][2]["run"] == f"make target-{environment.OLDEST_TARGET}"
