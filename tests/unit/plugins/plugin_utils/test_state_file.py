# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The state file: what is added stays, what is damaged is said, and what cannot be written is a warning."""

from __future__ import annotations

import json
import stat

import pytest

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import InvalidInput
from ansible_collections.docbits.ion.plugins.plugin_utils._state_file import default_path, keep, remembered

ONE = "0" * 32 + ":" + "1" * 32
TWO = "2" * 32 + ":" + "3" * 32


def test_entries_of_several_runs_stand_together(tmp_path):
    path = str(tmp_path / "folder" / "host.json")
    assert keep(path, {"7": {"password": ONE}}) == []
    assert keep(path, {"7": {"ionapi": TWO}, "8": {"password": TWO}}) == []
    assert remembered(path) == {"7": {"password": ONE, "ionapi": TWO}, "8": {"password": TWO}}


def test_what_is_forgotten_is_taken_out_and_the_rest_stays(tmp_path):
    path = str(tmp_path / "host.json")
    keep(path, {"7": {"password": ONE, "ionapi": TWO}, "8": {"password": TWO}})
    assert keep(path, {"7": {"password": None}, "9": {"password": None}}) == []
    assert remembered(path) == {"7": {"ionapi": TWO}, "8": {"password": TWO}}


def test_the_file_is_for_its_owner_alone(tmp_path):
    path = tmp_path / "host.json"
    keep(str(path), {"7": {"password": ONE}})
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["host.json"]


def test_without_a_file_nothing_is_remembered(tmp_path):
    assert remembered(str(tmp_path / "none.json")) == {}


@pytest.mark.parametrize("text", ["", "[]", '{"7": 1}', json.dumps({"7": {"password": 5}}), json.dumps({"7": {"password": "zz:zz"}})])
def test_a_damaged_file_is_an_error_that_names_it(tmp_path, text):
    path = tmp_path / "host.json"
    path.write_text(text)
    with pytest.raises(InvalidInput, match="host.json"):
        remembered(str(path))


def test_what_cannot_be_written_is_a_warning(tmp_path):
    (tmp_path / "file").touch()
    [warning] = keep(str(tmp_path / "file" / "host.json"), {"7": {"password": ONE}})
    assert (warning.id, warning.level) == ("E18", "warning")


def test_it_stands_beside_the_inventory_in_a_hidden_folder():
    assert default_path({"inventory_dir": "/inventory", "inventory_hostname": "stage"}) == "/inventory/.docbits_ion/stage.json"
