# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of an inventory: where they are, what is vaulted, and what of the user is in the way."""

from __future__ import annotations

import secrets
from types import SimpleNamespace

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.parsing.vault import VaultSecret

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import InvalidInput
from ansible_collections.docbits.ion.plugins.module_utils._exports.adopted import adopt, paths_of
from ansible_collections.docbits.ion.plugins.module_utils._model.export import Export
from ansible_collections.docbits.ion.plugins.plugin_utils import _inventory_files
from ansible_collections.docbits.ion.plugins.plugin_utils._sources import as_plain


class _AsText(yaml.SafeLoader):
    """Reads a vaulted value as its vault text."""


_AsText.add_constructor("!vault", lambda loader, node: node.value)
SERVER = {"server_url": "sftp.test", "username": "u", "folder": "f"}


@pytest.fixture(name="loader")
def _loader():
    loader = DataLoader()
    loader.set_vault_secrets([("acme", VaultSecret(secrets.token_bytes(16)))])
    return loader


@pytest.fixture
def collect(tmp_path, loader):
    """The files of one host with these exports, in an inventory that is a directory or a file."""
    folder = tmp_path / "inventory"
    folder.mkdir()

    def collect(*exports, is_directory=True, variables=()):
        source = folder if is_directory else folder / "hosts.yml"
        hostvars = SimpleNamespace(_inventory=SimpleNamespace(_sources=[str(source)]))
        files = _inventory_files.InventoryFiles({"inventory_dir": str(folder), "groups": {"all": ["one"]}, "hostvars": hostvars}, loader, None)
        environments = {"one": adopt("one", [Export(str(number), label=f"export {number}").with_values(values) for number, values in enumerate(exports)])}
        findings = files.add(environments, paths_of(environments), {"one": dict.fromkeys(variables, "x")})
        return files.changed(), findings

    return collect


def hook(**values):
    return {"title": "Hook", "kind": "webhook", "url": "https://hook.test", **values}


@pytest.mark.parametrize(
    ("values", "name"),
    [
        (hook(url="https://hook.test/?token={}"), "url"),
        (hook(url="https://u:{}@hook.test"), "url"),
        ({**SERVER, "kind": "sftp", "title": "S", "password": "{}"}, "password"),
    ],
)
def test_secret_in_a_field_is_a_vaulted_value(collect, loader, values, name):
    secret = secrets.token_hex()
    values = {**values, name: values[name].format(secret)}
    [file] = collect(values)[0]
    assert secret.encode() not in file.content and b"!vault" in file.content and secret not in str(file.diff())
    [export] = yaml.load(file.content, _AsText)["docbits_exports"]
    assert loader._vault.decrypt(export[name]).decode() == values[name]


def test_value_that_looks_like_a_template_is_none(collect, loader):
    [file] = collect(hook(title="{{ 1 + 1 }}", document_type="{% x"))[0]
    assert file.content.count(b"!unsafe") == 2
    assert as_plain(loader.load(file.content.decode()))["docbits_exports"][0]["title"] == "{{ 1 + 1 }}"


@pytest.mark.parametrize(
    ("is_directory", "place", "template"), [(True, "mappings", "{{ inventory_dir }}/../"), (False, "inventory/mappings", "{{ inventory_dir }}/")]
)
def test_mapping_is_never_in_an_inventory_directory(collect, tmp_path, is_directory, place, template):
    mapped = {"title": "I", "kind": "infor_sftp", "folder": "f", "document_type": "INVOICE", "idm_mapping": "a=\udce4", "bod_mapping": "b=1"}
    files = {file.path: file for file in collect(mapped, is_directory=is_directory)[0]}
    exports = files.pop(str(tmp_path / "inventory/host_vars/one/exports.yml"))
    assert files.keys() == {str(tmp_path / place / f"invoice_{name}_mapping.properties") for name in ("idm", "bod")}
    assert f"{template}mappings/invoice_idm_mapping.properties".encode() in exports.content
    assert b"a=\xe4" in [file.content for file in files.values()]


@pytest.mark.parametrize("name", ["one", "one.yml", "one.json"])
def test_file_that_the_directory_would_hide_is_refused(collect, tmp_path, name):
    (tmp_path / "inventory/host_vars").mkdir()
    (tmp_path / "inventory/host_vars" / name).write_text("a: 1\n")
    with pytest.raises(InvalidInput) as caught:
        collect(hook())
    assert caught.value.id == "E66" and caught.value.findings[0].where.endswith(name)


def test_other_file_that_sets_the_exports_is_refused(collect, tmp_path):
    folder = tmp_path / "inventory/host_vars/one"
    folder.mkdir(parents=True)
    (folder / "main.yml").write_text("docbits_api_key: x\ndocbits_exports:\n  - {}\n")
    with pytest.raises(InvalidInput) as caught:
        collect(hook())
    assert caught.value.id == "E67" and caught.value.findings[0].where.endswith("main.yml")


def test_ionapi_file_of_the_user_is_kept(collect):
    infor = {"title": "I", "kind": "infor_idm", "ionapi": '{"ci": "x"}', "idm_mapping": "a=1"}
    assert [file.secret for file in collect(infor)[0]] == [False, False, True, False]
    assert [file.secret for file in collect(infor, variables=["docbits_ionapi_src"])[0]] == [False, False]


def test_existing_file_is_refused_unless_it_means_the_same(collect, tmp_path):
    folder = tmp_path / "inventory/host_vars/one"
    folder.mkdir(parents=True)
    (folder / "exports.yml").write_text("# mine\ndocbits_exports: [{kind: webhook, title: Hook, url: 'https://hook.test'}]\n")
    assert collect(hook())[0] == []
    (folder / "exports.yml").write_text("docbits_exports: [\n")
    changed, _findings = collect(hook())
    with pytest.raises(InvalidInput) as caught:
        _inventory_files.refuse_existing(changed)
    assert caught.value.id == "S05"


def written(path):
    return _inventory_files.File(str(path), b"x", None, False)


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda folder: folder.touch(), "is no directory"),
        (lambda folder: (folder.mkdir(), (folder / "a").symlink_to("nowhere")), "it is a link to nothing"),
    ],
)
def test_files_that_cannot_be_written_are_refused_before_the_first_one_is(tmp_path, make, why):
    make(tmp_path / "mappings")
    with pytest.raises(InvalidInput) as caught:
        _inventory_files.refuse_unwritable([written(tmp_path / "host_vars/one/exports.yml"), written(tmp_path / "mappings/a")])
    [finding] = caught.value.findings
    assert finding.id == "S06" and finding.where.endswith("mappings/a") and why in finding.message


def test_files_in_a_directory_that_is_read_only_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(_inventory_files.os, "access", lambda _path, _mode: False)
    with pytest.raises(InvalidInput) as caught:
        _inventory_files.refuse_unwritable([written(tmp_path / "a/b/c")])
    assert f"no permission for {tmp_path}" in caught.value.message


def test_directory_of_variables_that_cannot_be_read_is_named(collect, monkeypatch):
    def refuse(_path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(_inventory_files.os, "listdir", refuse)
    with pytest.raises(InvalidInput) as caught:
        collect(hook())
    assert caught.value.id == "E69" and caught.value.findings[0].where.endswith("host_vars/one")


def test_variables_are_written_after_the_files_that_they_name_and_those_of_the_fleet_last(tmp_path, loader):
    (tmp_path / "inventory").mkdir()
    hostvars = SimpleNamespace(_inventory=SimpleNamespace(_sources=[str(tmp_path / "inventory")]))
    task_vars = {"inventory_dir": str(tmp_path / "inventory"), "groups": {"all": ["one", "two"]}, "hostvars": hostvars}
    files = _inventory_files.InventoryFiles(task_vars, loader, None)
    own = {"kind": "infor_idm", "title": "Own", "idm_mapping": "INVOICE=Doc1"}
    exports = {"one": [hook(), own], "two": [hook()]}
    environments = {
        host: adopt(host, [Export(str(number), label=f"export {number}").with_values(values) for number, values in enumerate(items)])
        for host, items in exports.items()
    }
    files.add(environments, paths_of(environments), {host: {} for host in exports})
    folders = [file.path.removeprefix(f"{tmp_path}/").removeprefix("inventory/").partition("/")[0] for file in files.in_order(files.changed())]
    assert folders == ["mappings", *["host_vars"] * (len(folders) - 2), "group_vars"]
