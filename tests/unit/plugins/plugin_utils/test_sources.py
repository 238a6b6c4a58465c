# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of the options src: content, warnings and errors."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
from types import SimpleNamespace

import pytest
from ansible.errors import AnsibleError
from ansible.parsing.dataloader import DataLoader
from ansible.parsing.vault import AnsibleVaultError, VaultLib, VaultSecret
from jinja2 import Undefined

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import InvalidInput
from ansible_collections.docbits.ion.plugins.plugin_utils import _origin
from ansible_collections.docbits.ion.plugins.plugin_utils._sources import (
    LARGEST_FILE,
    as_plain,
    check_vaulted,
    read_file,
    read_source,
    read_sources,
)

OPTIONS = {
    "src": {"type": "path"},
    "content": {"type": "str", "no_log": True},
    "exports": {
        "type": "list",
        "elements": "dict",
        "options": {"idm_mapping_src": {"type": "path"}, "idm_mapping_content": {"type": "str", "no_log": False}},
    },
}


@pytest.fixture
def loader():
    """Ansible's DataLoader with one vault password."""
    loader = DataLoader()
    loader.set_vault_secrets([("default", VaultSecret(secrets.token_urlsafe(16).encode()))])
    return loader


@pytest.fixture
def read(loader):
    """Reads a path without a search."""
    return lambda path: read_file(loader, path)


def vaulted(loader, content) -> str:
    """Vault text that the loader can decrypt."""
    return VaultLib(loader._vault.secrets).encrypt(content).decode()


def test_read_file_returns_whether_the_file_was_vaulted(loader, tmp_path):
    (tmp_path / "plain").write_text("text")
    (tmp_path / "plain").chmod(0o640)
    (tmp_path / "vaulted").write_text(vaulted(loader, "text"))
    content, was_vaulted, mode, is_tracked = read_file(loader, tmp_path / "plain")
    assert (content, was_vaulted, mode & 0o777, is_tracked) == (b"text", False, 0o640, False)
    assert read_file(loader, tmp_path / "vaulted")[:2] == (b"text", True)


@pytest.mark.parametrize(
    ("mode", "is_vaulted", "secret", "warned"),
    [(0o644, False, True, True), (0o640, False, True, True), (0o600, False, True, False), (0o644, True, True, False), (0o644, False, False, False)],
)
def test_read_source_of_a_plain_secret_file_that_others_may_read_warns(loader, read, tmp_path, mode, is_vaulted, secret, warned):
    path = tmp_path / "one.ionapi"
    path.write_text(vaulted(loader, "text") if is_vaulted else "text")
    path.chmod(mode)
    text, findings = read_source("src", str(path), read, secret)
    assert text == "text"
    assert [finding.id for finding in findings] == (["F08"] if warned else [])


def test_read_source_of_a_secret_file_with_another_suffix_warns(loader, read, tmp_path):
    (tmp_path / "accounts.json").write_text(vaulted(loader, "text"))
    assert [finding.id for finding in read_source("src", str(tmp_path / "accounts.json"), read, True)[1]] == ["F07"]
    assert read_source("src", str(tmp_path / "accounts.json"), read, False)[1] == []


def test_read_source_keeps_bytes_that_are_not_utf_8(read, tmp_path):
    (tmp_path / "file").write_bytes(b"\xff\xfe{\0")
    text, _findings = read_source("src", str(tmp_path / "file"), read, False)
    assert text.encode("utf-8", "surrogateescape") == b"\xff\xfe{\0"


def test_read_sources_reads_the_files_of_all_items(read, tmp_path):
    (tmp_path / "one").write_text("a=1")
    args = {"exports": [{"idm_mapping_src": str(tmp_path / "one")}, {"idm_mapping_content": "b=2"}]}
    filled, findings = read_sources(args, OPTIONS, read)
    assert [item["idm_mapping_content"] for item in filled["exports"]] == ["a=1", "b=2"]
    assert findings == []


def test_read_sources_turns_a_dictionary_back_into_json(read):
    document = {"ti": "ACME_TST", "sc": None, "v": "1.1"}
    filled, _findings = read_sources({"content": document}, OPTIONS, read)
    assert json.loads(filled["content"]) == document


def test_read_sources_with_src_and_content_fails(read):
    with pytest.raises(InvalidInput) as raised:
        read_sources({"exports": [{"idm_mapping_src": "a", "idm_mapping_content": "b"}]}, OPTIONS, read)
    assert raised.value.message.startswith("exports[0]: idm_mapping_src: idm_mapping_src and idm_mapping_content are mutually exclusive")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: path.mkdir(), "the path is a directory"),
        (os.mkfifo, "the path is not a regular file"),
        (lambda path: path.write_text(VaultLib([("x", VaultSecret(b"x"))]).encrypt("text", VaultSecret(b"x")).decode()), "none of the given vault passwords"),
    ],
)
def test_read_source_of_an_unreadable_file_names_the_option(read, tmp_path, make, words):
    path = tmp_path / "file"
    make(path)
    with pytest.raises(InvalidInput) as raised:
        read_source("src", str(path), read, True)
    assert raised.value.id == "S01"
    assert raised.value.message.startswith(f"src: {path}: ")
    assert words in raised.value.message


def test_vault_text_is_opened_once_for_all_loaders_of_a_run(loader, tmp_path, monkeypatch):
    content = secrets.token_bytes(20) + b"\xff"
    (tmp_path / "file").write_text(vaulted(loader, content))
    assert read_file(loader, tmp_path / "file")[:2] == (content, True)
    monkeypatch.setattr(VaultLib, "decrypt_and_get_vault_id", lambda *args: pytest.fail("opened again"))
    other = DataLoader()
    other.set_vault_secrets(loader._vault.secrets)
    assert read_file(other, tmp_path / "file")[:2] == (content, True)


def test_vault_text_that_was_opened_is_not_opened_by_another_password(loader):
    text = vaulted(loader, secrets.token_urlsafe(20))
    VaultLib(loader._vault.secrets).decrypt(text)
    with pytest.raises(AnsibleError):
        VaultLib([("default", VaultSecret(b"another"))]).decrypt(text)


def test_read_source_names_the_vault_id_of_a_file_that_cannot_be_decrypted(read, tmp_path):
    secret = VaultSecret(secrets.token_bytes(12))
    (tmp_path / "file").write_text(VaultLib([("x", secret)]).encrypt("text", secret, "prod").decode())
    with pytest.raises(InvalidInput, match="pass the password of its vault id with --vault-id prod@FILE"):
        read_source("src", str(tmp_path / "file"), read, True)


def test_read_source_shows_a_path_normalised(read, tmp_path):
    with pytest.raises(InvalidInput, match=f"^src: {tmp_path}/none: "):
        read_source("src", f"{tmp_path}/x/../none", read, True)


def test_as_plain_removes_tags():
    class Tagged(str):
        """Like the tagged strings of a task."""

    given = {Tagged("a"): [Tagged("b"), 1, True, None, 1.5, (Tagged("c"),)]}
    result = as_plain(given)
    assert result == {"a": ["b", 1, True, None, 1.5, ["c"]]}
    assert {type(item) for item in (*result, result["a"][0], result["a"][5][0])} == {str}


def test_as_plain_of_a_value_that_cannot_be_decrypted_raises_its_error():
    class Marker(Undefined):
        """Like the VaultExceptionMarker of ansible-core 2.19."""

        def _as_exception(self):
            return AnsibleVaultError("x")

    with pytest.raises(AnsibleVaultError):
        as_plain([Marker()])


SECRET_OPTIONS = {**OPTIONS, "api_key": {"type": "str", "no_log": True}, "overrides": {"type": "dict", "options": {"fields": {"type": "dict"}}}}


@pytest.mark.parametrize(
    ("args", "where"),
    [
        ({"exports": [{}, [{"idm_mapping_content": "SECRET"}]]}, "exports[1]"),
        ({"exports": ["SECRET"]}, "exports[0]"),
        ({"exports": {"idm_mapping_content": "SECRET"}}, "exports"),
        ({"overrides": ["SECRET"]}, "overrides"),
        ({"api_key": {"key": "SECRET"}}, "api_key"),
        ({"api_key": ["SECRET"]}, "api_key"),
    ],
)
def test_read_sources_with_an_option_of_the_wrong_type_names_it_without_its_value(args, where, read):
    with pytest.raises(InvalidInput) as caught:
        read_sources(args, SECRET_OPTIONS, read)
    assert caught.value.id == "E16"
    assert caught.value.findings[0].where == where
    assert "SECRET" not in caught.value.message


def test_read_source_of_a_file_that_is_too_large_fails(tmp_path, read):
    large = tmp_path / "large.properties"
    large.write_bytes(b"A" * (LARGEST_FILE + 1))
    with pytest.raises(InvalidInput, match="^idm_mapping_src: .*: the file is larger than 4 MiB"):
        read_source("idm_mapping_src", str(large), read, False)


def test_read_source_of_a_file_of_the_maximum_size_returns_it(tmp_path, read):
    (tmp_path / "large.properties").write_bytes(b"A" * LARGEST_FILE)
    assert len(read_source("idm_mapping_src", str(tmp_path / "large.properties"), read, False)[0]) == LARGEST_FILE


# Version control


def git(folder, *command):
    subprocess.run(["git", "-C", folder, *command], check=True, capture_output=True, env={**os.environ, "GIT_CONFIG_GLOBAL": os.devnull})


@pytest.fixture
def tree(tmp_path):
    """A working tree of Git with tracked files, an ignored and a new one, all of the same name."""
    git(tmp_path, "init", "--quiet")
    (tmp_path / ".gitignore").write_text("ignored")
    for folder in ("tracked", "tracked/deeper", "new", "ignored"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "one.ionapi").write_text("text")
        (tmp_path / folder / "one.ionapi").chmod(0o600)
    git(tmp_path, "add", "tracked")
    return tmp_path


@pytest.mark.parametrize(("folder", "expected"), [("tracked", ["F09"]), ("tracked/deeper", ["F09"]), ("new", []), ("ignored", [])])
def test_read_source_of_a_plain_file_that_git_tracks_warns_whatever_its_mode(read, tree, folder, expected):
    assert [finding.id for finding in read_source("src", str(tree / folder / "one.ionapi"), read, True)[1]] == expected


def test_read_source_of_a_vaulted_file_that_git_tracks_does_not_warn(loader, read, tree):
    (tree / "tracked/one.ionapi").write_text(vaulted(loader, "text"))
    assert read_source("src", str(tree / "tracked/one.ionapi"), read, True)[1] == []
    assert read_source("src", str(tree / "tracked/deeper/one.ionapi"), read, False)[1] == []


def test_read_source_of_a_file_that_git_tracks_in_a_linked_working_tree_warns(read, tree, tmp_path_factory):
    linked = tmp_path_factory.mktemp("linked") / "tree"
    identity = ("-c", "user.name=x", "-c", "user.email=x@example.com")
    git(tree, *identity, "commit", "--quiet", "--message", "x")
    git(tree, "worktree", "add", "--quiet", linked)
    (linked / "tracked/one.ionapi").chmod(0o600)
    assert [finding.id for finding in read_source("src", str(linked / "tracked/one.ionapi"), read, True)[1]] == ["F09"]


# The option require_vault


def test_read_sources_of_a_plain_file_with_require_vault_fails_for_a_secret_file_only(loader, read, tmp_path):
    options = {**OPTIONS, "idm_mapping_src": {"type": "path"}, "idm_mapping_content": {"type": "str"}}
    for name, text in (("plain", "text"), ("vaulted.ionapi", vaulted(loader, "text"))):
        (tmp_path / name).write_text(text)
    args = {"src": str(tmp_path / "vaulted.ionapi"), "idm_mapping_src": str(tmp_path / "plain")}
    assert read_sources(args, options, read, require_vault=True)[0]["content"] == "text"
    with pytest.raises(InvalidInput) as raised:
        read_sources({"src": str(tmp_path / "plain")}, options, read, require_vault=True)
    assert raised.value.id == "S07" and raised.value.findings[0].where == f"src: {tmp_path / 'plain'}"


def tagged(**tags):
    """A value with tags, as ansible-core 2.19 and newer have them."""
    value = type("Tagged", (str,), {})("secret")
    value._ansible_tags_mapping = {type(name, (), {}): SimpleNamespace(path=path) for name, path in tags.items()}
    return value


SECRETS = {"api_key": {"no_log": True, "fallback": (None, ["DOCBITS_API_KEY"])}, "proxy": {"no_log": True}, "title": {}}
WITH_EXPORTS = {**SECRETS, "exports": {"type": "list", "options": {"password": {"no_log": True}}}}


@pytest.mark.parametrize(
    ("args", "refused"),
    [
        ({}, None),
        ({"title": "plain", "proxy": "http://proxy:3128"}, None),
        ({"api_key": tagged(VaultedValue=None, Origin="plain")}, None),
        ({"api_key": tagged(Origin="vaulted")}, None),
        ({"api_key": tagged(Origin="plain")}, "api_key"),
        ({"api_key": tagged(Origin=None)}, "api_key"),
        ({"api_key": tagged(Origin="missing")}, "api_key"),
        ({"api_key": "untagged"}, "api_key"),
        ({"proxy": "http://user:password@proxy:3128"}, "proxy"),
        ({"exports": [{}, {"password": tagged(VaultedValue=None)}]}, None),
        ({"exports": [{}, {"password": tagged(Origin="plain")}]}, "exports[1]: password"),
    ],
)
def test_check_vaulted_refuses_a_secret_without_a_vaulted_origin(loader, tmp_path, monkeypatch, args, refused):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "plain").write_text("api_key: secret")
    (tmp_path / "vaulted").write_text(vaulted(loader, "api_key: secret"))
    _origin._is_vaulted_file.cache_clear()
    if refused is None:
        check_vaulted(args, WITH_EXPORTS, {})
        return
    with pytest.raises(InvalidInput) as raised:
        check_vaulted(args, WITH_EXPORTS, {})
    assert raised.value.id == "S07" and raised.value.findings[0].where == refused and "secret" not in raised.value.message.partition(":")[2]


def test_check_vaulted_refuses_a_secret_of_the_environment():
    with pytest.raises(InvalidInput, match="api_key"):
        check_vaulted({}, WITH_EXPORTS, {"DOCBITS_API_KEY": "plain"})
