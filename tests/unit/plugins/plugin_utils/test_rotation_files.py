# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's side of a rotation: files of the inventory, and which service accounts may be disabled."""

from __future__ import annotations

import json
import os
import secrets

import pytest
from ansible.errors import AnsibleFileNotFound
from ansible.parsing.dataloader import DataLoader
from ansible.parsing.vault import VaultLib, VaultSecret

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import InvalidInput
from ansible_collections.docbits.ion.plugins.plugin_utils import _rotation
from ansible_collections.docbits.ion.plugins.plugin_utils._rotation import account_findings, check_files, replace_files
from ansible_collections.docbits.ion.plugins.plugin_utils._sources import read_file
from simulator.ionapi import cloud_file, on_premises_file

OLD, NEW, OTHER = (json.dumps(cloud_file()) for _number in range(3))
DONE = {"changed": False, "rotation": {}, "findings": []}


class Inventory:
    """A directory with files, encrypted with the second of two vault ids or plain."""

    def __init__(self, folder) -> None:
        self.folder, self.loader = folder, DataLoader()
        self.secret = VaultSecret(secrets.token_bytes(16))
        self.loader.set_vault_secrets([("other", VaultSecret(secrets.token_bytes(16))), ("fleet", self.secret)])

    def put(self, name, text, vaulted=True) -> str:
        path = self.folder / name
        path.write_bytes(VaultLib().encrypt(text, self.secret, "fleet") if vaulted else text.encode())
        return str(path)

    def read(self, path):
        if not os.path.exists(path):
            raise AnsibleFileNotFound(file_name=path)
        return read_file(self.loader, path)

    def text(self, name) -> str:
        return self.read(self.folder / name)[0].decode()

    def replace(self, args, check_mode=False) -> dict:
        return replace_files(DONE, args, self.loader, str, check_mode)


@pytest.fixture(name="inventory")
def _inventory(tmp_path):
    return Inventory(tmp_path)


def args_of(path, *exports, old=OLD) -> dict:
    return {"ionapi_src": path, "ionapi_content": old, "ionapi_new_content": NEW, "exports": list(exports)}


@pytest.mark.parametrize("vaulted", [True, False])
def test_replace_keeps_the_old_file_beside_the_new_one_in_the_same_form(inventory, vaulted):
    path = inventory.put("a.ionapi", OLD, vaulted)
    assert inventory.replace(args_of(path))["changed"] is True
    assert (inventory.text("a.ionapi"), inventory.text("a.ionapi.old")) == (NEW, OLD)
    header = (inventory.folder / "a.ionapi").read_bytes().startswith(b"$ANSIBLE_VAULT;1.2;AES256;fleet\n")
    assert header == vaulted and os.stat(path).st_mode & 0o777 == 0o600


def test_replace_in_check_mode_says_the_same_and_writes_nothing(inventory):
    path = inventory.put("a.ionapi", OLD)
    assert inventory.replace(args_of(path), check_mode=True)["changed"] is True
    assert os.listdir(inventory.folder) == ["a.ionapi"] and inventory.text("a.ionapi") == OLD


def test_replace_of_a_file_that_is_the_new_one_already_keeps_the_former_one(inventory):
    path = inventory.put("a.ionapi", NEW)
    inventory.put("a.ionapi.old", OLD)
    args = check_files(args_of(path, old=NEW), inventory.read, str)
    assert args["ionapi_content"] == OLD
    assert inventory.replace(args)["changed"] is False and inventory.text("a.ionapi.old") == OLD


def test_replace_includes_files_of_single_exports_and_links_but_no_other_file(inventory):
    paths = [inventory.put(name, text) for name, text in (("a", OLD), ("b", OLD), ("c", OTHER))]
    link = inventory.folder / "link"
    link.symlink_to(paths[1])
    inventory.replace(args_of(paths[0], {"ionapi_src": str(link)}, {"ionapi_src": paths[2]}, {"ionapi_src": None}))
    assert [inventory.text(name) for name in "abc"] == [NEW, NEW, OTHER] and link.is_symlink()


def test_replace_that_fails_is_a_failed_result_that_says_what_docbits_has(inventory, monkeypatch):
    def refuse(_path, _content):
        raise OSError

    monkeypatch.setattr(_rotation, "write_bytes", refuse)
    result = inventory.replace(args_of(inventory.put("a.ionapi", OLD)))
    assert result["failed"] and result["changed"] and [finding["id"] for finding in result["findings"]] == ["E89"]
    assert "DocBits has the new ION API file" in result["msg"]


def test_check_of_a_directory_that_cannot_be_written_is_refused(inventory, monkeypatch):
    monkeypatch.setattr(os, "access", lambda _path, _mode: False)
    with pytest.raises(InvalidInput) as caught:
        check_files(args_of(inventory.put("a.ionapi", OLD)), inventory.read, str)
    assert caught.value.id == "E88"


def test_check_without_a_former_file_changes_nothing(inventory):
    args = args_of(inventory.put("a.ionapi", NEW), old=NEW)
    assert check_files(args, inventory.read, str) == args


def result_of(account, free=True, **more):
    return {"rotation": {"old": {"fingerprint": account}, "may_be_disabled": free}, **more}


def test_accounts_are_free_only_if_every_environment_that_uses_them_is_rotated():
    results = {
        "one": result_of("x"),
        "two": result_of("x"),
        "three": result_of("y"),
        "four": result_of("y", free=False),
        "five": result_of("z", failed=True),
        "six": {"changed": False},
    }
    [free, kept] = account_findings({host: ({"ionapi_content": OLD}, []) for host in results}, results)
    assert (free.id, free.where, kept.where) == ("E90", "one, two", "three, four, five")
    assert "may be disabled now" in free.message and "must not be disabled yet" in kept.message


def test_account_of_an_on_premises_file_is_in_use_while_another_environment_has_it():
    text = json.dumps(on_premises_file())
    account = _rotation.parse(text, "x", _rotation.COMPARED).ionapi.fingerprint()
    results = {"one": result_of(account), "two": {"changed": False}}
    [kept] = account_findings({host: ({"ionapi_content": text}, []) for host in results}, results)
    assert kept.where == "one, two" and "must not be disabled yet" in kept.message


def test_account_of_an_environment_that_failed_early_or_is_not_rotated_is_in_use():
    ionapi = _rotation.parse(OLD, "x").ionapi
    results = {"one": result_of(ionapi.fingerprint()), "two": {"failed": True}, "three": {"changed": False}}
    for host in ("two", "three"):
        arguments = {"one": ({}, []), host: ({"ionapi_content": OLD}, [])}
        [kept] = account_findings(arguments, results)
        assert kept.where == f"one, {host}"
