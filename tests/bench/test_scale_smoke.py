# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The look at scale works at sizes at which its numbers mean nothing: edits are repaired, slices do the whole job, and the page has all numbers."""

from __future__ import annotations

from argparse import Namespace

import pytest

from bench import scale, server


@pytest.mark.skipif(server.modules_folder() is None, reason="nginx has no module for Lua here")
def test_edited_fleet_converges_and_its_page_is_written(tmp_path):
    options = Namespace(sizes=(), rounds=(4, 2), sliced=(2,), workers=2, latency=0)
    result = scale.measured(options, tmp_path)
    assert [(row["writes"], row["edits"], row["left"]) for row in result["rounds"]] == [(8, 0, 0), (1, 1, 0)]
    assert [(row["writes"], row["logins"]) for row in result["sliced"]] == [(4, 2)]
    page = scale.page(result)
    assert page.count(".. list-table::") == 5 and "{" not in page


def test_line_is_the_nearest_one():
    assert scale.line([{"size": 1, "wall": 3.0}, {"size": 2, "wall": 5.0}, {"size": 3, "wall": 7.0}], "wall") == (1.0, 2.0)
    assert scale.line([{"size": 4, "wall": 2.0}], "wall") == (0.0, 0.5)
