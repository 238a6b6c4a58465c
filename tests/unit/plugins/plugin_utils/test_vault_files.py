# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests of vault files that the collection writes."""

from __future__ import annotations

import os
import secrets
import stat

import pytest
from ansible import constants
from ansible.parsing.dataloader import DataLoader
from ansible.parsing.vault import VaultSecret, parse_vaulttext_envelope

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import InvalidInput
from ansible_collections.docbits.ion.plugins.plugin_utils import _vault_files


@pytest.fixture(name="loader")
def _loader():
    loader = DataLoader()
    loader.set_vault_secrets([(name, VaultSecret(secrets.token_bytes(16))) for name in ("default", "production")])
    return loader


@pytest.mark.parametrize("vault_id", ["default", "production"])
def test_encrypt_names_the_vault_id_and_ansible_reads_the_text(loader, vault_id):
    text = secrets.token_hex()
    content = _vault_files.encrypt(loader, text, vault_id)
    assert text.encode() not in content
    assert parse_vaulttext_envelope(content)[3] == vault_id
    assert loader._vault.decrypt(content) == text.encode()


@pytest.mark.parametrize(("setting", "vault_id"), [(None, "default"), ("production", "production")])
def test_encrypt_without_a_vault_id_takes_the_one_that_ansible_vault_takes(loader, monkeypatch, setting, vault_id):
    monkeypatch.setattr(constants, "DEFAULT_VAULT_ENCRYPT_IDENTITY", setting)
    assert parse_vaulttext_envelope(_vault_files.encrypt(loader, "text"))[3] == vault_id


@pytest.mark.parametrize(("known", "vault_id", "where"), [((), None, "vault password"), (("default",), "stage", "vault id stage")])
def test_encrypt_without_a_password_is_refused(known, vault_id, where):
    loader = DataLoader()
    loader.set_vault_secrets([(name, VaultSecret(secrets.token_bytes(16))) for name in known])
    with pytest.raises(InvalidInput) as caught:
        _vault_files.encrypt(loader, "text", vault_id)
    assert (caught.value.id, caught.value.findings[0].where) == ("S04", where)


def test_write_is_private_and_leaves_no_other_file(tmp_path):
    path = tmp_path / "folder" / "file"
    _vault_files.write(str(path), b"content")
    assert path.read_bytes() == b"content"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(path.parent) == ["file"]


@pytest.mark.parametrize("is_link", [False, True])
def test_write_keeps_a_file_that_exists_unless_it_may_overwrite(tmp_path, is_link):
    path = tmp_path / "file"
    if is_link:
        path.symlink_to(tmp_path / "nowhere")
    else:
        path.write_bytes(b"mine")
    with pytest.raises(InvalidInput) as caught:
        _vault_files.write(str(path), b"content")
    assert caught.value.id == "S05"
    assert path.is_symlink() == is_link and (is_link or path.read_bytes() == b"mine")
    _vault_files.write(str(path), b"content", overwrite=True)
    assert path.read_bytes() == b"content" and not path.is_symlink()


def test_write_into_a_folder_that_is_a_file_names_the_path(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(InvalidInput) as caught:
        _vault_files.write(str(tmp_path / "file" / "below"), b"content")
    assert caught.value.id == "S06"
