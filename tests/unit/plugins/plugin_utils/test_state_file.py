# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""State files: entries are merged, a damaged file is an error, and a file that cannot be written is a warning."""

from __future__ import annotations

import json
import stat

import pytest

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import InvalidInput
from ansible_collections.docbits.ion.plugins.module_utils._exports.fingerprints import Fingerprints
from ansible_collections.docbits.ion.plugins.plugin_utils import _state_file
from ansible_collections.docbits.ion.plugins.plugin_utils._state_file import default_folder, load, save, state_file

ONE = "0" * 16 + ":" + "1" * 40
TWO = "2" * 16 + ":" + "3" * 40


@pytest.fixture(autouse=True)
def _home(monkeypatch, tmp_path):
    """Locks are files in the home directory."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))


def test_save_of_several_runs_merges_entries(tmp_path):
    path = str(tmp_path / "folder" / "host.json")
    assert save(path, {"7": {"password": ONE}}) == []
    assert save(path, {"7": {"ionapi": TWO}, "8": {"password": TWO}}) == []
    assert load(path) == {"7": {"password": ONE, "ionapi": TWO}, "8": {"password": TWO}}


def test_save_of_none_removes_the_name_and_keeps_the_others(tmp_path):
    path = str(tmp_path / "host.json")
    save(path, {"7": {"password": ONE, "ionapi": TWO}, "8": {"password": TWO}})
    assert save(path, {"7": {"password": None}, "9": {"password": None}}) == []
    assert load(path) == {"7": {"ionapi": TWO}, "8": {"password": TWO}}


def test_save_writes_a_file_for_its_owner_only(tmp_path):
    path = tmp_path / "states" / "host.json"
    save(str(path), {"7": {"password": ONE}})
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == ["host.json"]


def test_load_without_a_file_returns_no_entries(tmp_path):
    assert load(str(tmp_path / "none.json")) == {}


@pytest.mark.parametrize("text", ["", "[]", '{"7": 1}', '{"7": {"password": {}}}', "{", "[" * 100_000, '{"7": {"password": ' + "[" * 900 + "]" * 900 + "}}"])
def test_load_of_a_damaged_file_is_an_error_with_its_path(tmp_path, text):
    path = tmp_path / "host.json"
    path.write_text(text)
    with pytest.raises(InvalidInput, match="host.json") as caught:
        load(str(path))
    assert caught.value.id == "E12"


@pytest.mark.parametrize("entry", [5, "zz:zz", "0" * 32 + ":" + "1" * 32])
def test_load_of_an_entry_in_another_format_keeps_it_out_of_the_fingerprints(tmp_path, entry):
    path = tmp_path / "host.json"
    path.write_text(json.dumps({"https://a.example 7": {"password": entry}}))
    assert not Fingerprints(load(str(path)), "https://a.example", "k").has("7", "password")


def test_save_when_the_folder_cannot_be_made_is_a_warning(tmp_path):
    (tmp_path / "file").touch()
    [warning] = save(str(tmp_path / "file" / "host.json"), {"7": {"password": ONE}})
    assert (warning.id, warning.level) == ("E18", "warning")


def test_save_into_a_damaged_file_is_a_warning_and_leaves_it(tmp_path):
    (tmp_path / "host.json").write_text("damaged")
    assert [warning.id for warning in save(str(tmp_path / "host.json"), {"7": {"password": ONE}})] == ["E18"]
    assert (tmp_path / "host.json").read_text() == "damaged"


def test_save_while_another_run_holds_the_lock_is_a_warning_and_writes_nothing(tmp_path, monkeypatch):
    path = str(tmp_path / "host.json")
    monkeypatch.setattr(_state_file, "_LOCK_TIMEOUT", 0.0)
    with _state_file.locked(path, 0.0) as is_locked:
        assert is_locked
        assert [warning.id for warning in save(path, {"7": {"password": ONE}})] == ["E18"]
    assert load(path) == {}


def test_state_file_of_a_host_is_beside_the_inventory_in_a_hidden_folder():
    assert state_file(default_folder({"inventory_dir": "/inventory"}), "stage") == "/inventory/.docbits_ion/stage.json"
