# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Snapshot files: vaulted, private, a set number of them, and only of their own organisation."""

from __future__ import annotations

import secrets
import stat

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.parsing.vault import VaultSecret

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import InvalidInput
from ansible_collections.docbits.ion.plugins.plugin_utils import _snapshots
from ansible_collections.docbits.ion.plugins.plugin_utils._snapshots import Snapshots

WHERE = "https://docbits.example.com"


@pytest.fixture(name="loader")
def _loader():
    loader = DataLoader()
    loader.set_vault_secrets([("fleet", VaultSecret(secrets.token_bytes(16)))])
    return loader


@pytest.fixture(name="save")
def _save(monkeypatch, tmp_path, loader):
    """Saves the snapshot of a run of this name."""

    def save(run, exports=(), keep=10, is_rollback=False, **options):
        monkeypatch.setattr(_snapshots, "_RUN", run)
        return Snapshots(str(tmp_path), loader, WHERE).save(list(exports), keep=keep, is_rollback=is_rollback, **{"required": False, **options})

    return save


def test_save_writes_a_vaulted_private_file(save, tmp_path, loader):
    secret = secrets.token_urlsafe(24)
    assert save("1", [{"id": "7", "password": secret}]) == []
    [path] = tmp_path.iterdir()
    assert path.read_text().startswith("$ANSIBLE_VAULT;1.2;AES256;fleet") and secret not in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert Snapshots(str(tmp_path), loader, WHERE).load("latest") == [{"id": "7", "password": secret}]


def test_save_keeps_the_first_state_of_a_run_and_the_newest_runs(save, tmp_path, loader):
    for run, state in (("1", "a"), ("2", "b"), ("2", "c"), ("3", "d")):
        save(run, [state], keep=2)
    save("4", ["e"], keep=2, is_rollback=True)
    names = sorted(path.stem for path in tmp_path.iterdir())
    assert [name.split("-")[0] for name in names] == ["2", "3", "4"] and names[2].endswith("-rollback")
    snapshots = Snapshots(str(tmp_path), loader, WHERE)
    assert [snapshots.load(name) for name in (names[0], "latest", names[2])] == [["b"], ["d"], ["e"]]


def test_organisations_of_one_host_have_snapshots_of_their_own(tmp_path, loader):
    keys = [secrets.token_urlsafe(24) for _number in range(2)]
    several = [Snapshots(str(tmp_path), loader, WHERE, None, key) for key in keys]
    for snapshots, key in zip(several, keys, strict=True):
        snapshots.save([key], keep=1, required=True, is_rollback=False)
    assert [snapshots.load("latest") for snapshots in several] == [[key] for key in keys]


def test_save_without_a_vault_password_is_a_note_and_an_error_if_required(save, tmp_path, loader):
    loader.set_vault_secrets([])
    [finding] = save("1")
    assert (finding.id, finding.level) == ("S20", "info")
    with pytest.raises(InvalidInput) as caught:
        save("1", required=True)
    assert caught.value.id == "S20" and "nothing was written to DocBits" in caught.value.message
    assert list(tmp_path.iterdir()) == []


def test_save_into_what_is_no_directory_warns(tmp_path, loader):
    (tmp_path / "file").touch()
    [finding] = Snapshots(str(tmp_path / "file"), loader, WHERE).save([], keep=1, required=False, is_rollback=False)
    assert (finding.id, finding.level) == ("S20", "warning")


@pytest.mark.parametrize(
    ("name", "where", "text", "message"),
    [
        ("latest", WHERE, None, "there is no snapshot of this environment"),
        ("../1", WHERE, "{}", "there is no such snapshot; set snapshot to one of 1"),
        ("1", WHERE, "{}", "it is not a snapshot"),
        ("1", WHERE, "[]", "it is not a snapshot"),
        ("1", WHERE, '{"organisation": "https://other.example.com", "docbits_exports": []}', "it is of another organisation (https://other.example.com)"),
    ],
)
def test_load_of_an_unusable_snapshot_is_refused(tmp_path, loader, name, where, text, message):
    if text is not None:
        (tmp_path / "1.yml").write_text(text)
    with pytest.raises(InvalidInput) as caught:
        Snapshots(str(tmp_path), loader, where).load(name)
    assert caught.value.id == "S21" and message in caught.value.message


def test_load_from_a_directory_that_cannot_be_read_says_so(tmp_path, loader, monkeypatch):
    def refuse(_path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(_snapshots.os, "listdir", refuse)
    with pytest.raises(InvalidInput) as caught:
        Snapshots(str(tmp_path), loader, WHERE).load("latest")
    assert caught.value.id == "S21" and f"{tmp_path}: the directory cannot be read (Permission denied)" in caught.value.message
