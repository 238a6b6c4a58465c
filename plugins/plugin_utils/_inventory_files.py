# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of an inventory that docbits.ion.adopt writes: variables in it, mappings and ION API files beside it. Private to the collection."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

import yaml
from ansible.errors import AnsibleError

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import InvalidInput, failure
from ansible_collections.docbits.ion.plugins.module_utils._core.findings import WARNING, Finding
from ansible_collections.docbits.ion.plugins.module_utils._core.text import canonical_json
from ansible_collections.docbits.ion.plugins.module_utils._exports.diff import shown_address
from ansible_collections.docbits.ion.plugins.module_utils._model.export import ADDRESSES, is_secret
from ansible_collections.docbits.ion.plugins.plugin_utils._sources import as_plain
from ansible_collections.docbits.ion.plugins.plugin_utils._vault_files import encrypt, not_overwritten, not_written, write

_HEADER = "---\n# Written by docbits.ion.adopt from what DocBits has.\n"
_EXPORTS = "docbits_exports"
_COMMON = "docbits_common_exports"
_OWN = "docbits_own_exports"
_COMBINED = f"{{{{ {_COMMON} + ({_OWN} | default([])) }}}}"
_SETS_EXPORTS = re.compile(rb"^docbits_exports\s*:", re.MULTILINE)
_IONAPI = ("docbits_ionapi_src", "docbits_ionapi_content")


@dataclass(frozen=True)
class File:
    """A file to be written.

    path:    absolute
    content: bytes of the file as it is written; a secret is encrypted
    before:  bytes of the file as it is, None if there is none
    secret:  whether the file is encrypted as a whole
    """

    path: str
    content: bytes
    before: bytes | None
    secret: bool

    def diff(self) -> dict:
        """The change as Ansible's diff."""
        if self.secret:
            return {"prepared": f"{self.path}: a vaulted file is written\n"}
        before, after = ((text or b"").decode("utf-8", "replace") for text in (self.before, self.content))
        return {"before_header": self.path, "after_header": self.path, "before": before, "after": after}

    def write(self) -> None:
        """Replace the file. Raises: InvalidInput"""
        write(self.path, self.content, overwrite=self.before is not None)


class _Dumper(yaml.SafeDumper):
    """Writes vaulted values, and values that look like a template, as Ansible reads them."""


class _Vaulted(str):
    """A vault text."""


class _Unsafe(str):
    """A text that Ansible must not take for a template."""


_Dumper.add_representer(_Vaulted, lambda dumper, text: dumper.represent_scalar("!vault", str(text), style="|"))
_Dumper.add_representer(_Unsafe, lambda dumper, text: dumper.represent_scalar("!unsafe", str(text)))


class InventoryFiles:
    """Collects the files of environments, and compares them with those that exist.

    loader:   Ansible's, which decrypts files that exist
    vault_id: id of the vault that secrets are encrypted with, None for the default
    """

    def __init__(self, task_vars, loader, vault_id) -> None:
        self._folder = task_vars.get("inventory_dir")
        if not self._folder:
            raise failure(InvalidInput, "E65", "inventory", "it is not a file or a directory, so there is no place for variables", "pass one with -i")
        self._hosts = set(task_vars["groups"]["all"])
        # Ansible reads each file of an inventory directory as a list of hosts.
        is_directory = any(os.path.isdir(source) for source in task_vars["hostvars"]._inventory._sources)
        self._beside = os.path.dirname(self._folder) if is_directory else self._folder
        self._template = "{{ inventory_dir }}" + ("/.." if is_directory else "")
        self._loader = loader
        self._vault_id = vault_id
        self._documents: dict = {}
        self._texts: dict = {}
        self._secrets: dict = {}

    def add(self, environments, names, variables) -> list:
        """Add the files of all environments. Returns what a person must add, and what the collection does not manage, as warnings.

        environments: host to Environment
        names:        (file, text) to the name of the file
        variables:    variables by host
        Raises: InvalidInput if Ansible would not read a file as it was read before
        """
        items = {host: [self._declaration(item, names) for item in environment.items] for host, environment in environments.items()}
        # In group_vars/all they are declared for every host, so every host must have them.
        is_fleet = len(items) > 1 and items.keys() == self._hosts
        common = [item for item in min(items.values(), key=len) if "id" not in item and all(item in own for own in items.values())] if is_fleet else []
        findings = []
        if common:
            self._add_variables("group_vars", "all", "exports", {_EXPORTS: _COMBINED, _COMMON: common})
        for host, environment in environments.items():
            own = [item for item in items[host] if item not in common]
            self._add_variables("host_vars", host, "exports", {_OWN if common else _EXPORTS: own})
            findings += [*environment.findings, *self._add_ionapi(host, environment, variables[host])]
        for file, text in {key: None for environment in environments.values() for item in environment.items for key in item.files.items()}:
            (self._secrets if is_secret(file) else self._texts)[self._path(file, names[file, text])] = text
        return findings

    def changed(self) -> list:
        """The files that differ from what exists, by path."""
        found = []
        for path, variables in self._documents.items():
            before = _read(path)
            if before is None or not self._means(before, variables):
                found.append(File(path, self._dumped(variables), before, False))
        for path, text in self._texts.items():
            before, content = _read(path), text.encode("utf-8", "surrogateescape")
            if before != content:
                found.append(File(path, content, before, False))
        for path, text in self._secrets.items():
            before = _read(path)
            if before is None or canonical_json(self._decrypted(before)) != canonical_json(text):
                found.append(File(path, encrypt(self._loader, text, self._vault_id), before, True))
        return sorted(found, key=lambda file: file.path)

    def in_order(self, changed) -> list:
        """The files in the order in which they are written: an interruption must not leave a declaration that lacks a file or some of its exports."""
        group = os.path.join(self._folder, "group_vars", "")
        return sorted(changed, key=lambda file: (file.path in self._documents, file.path.startswith(group)))

    def _declaration(self, item, names) -> dict:
        return {**item.fields, **{f"{file}_src": f"{self._template}/{_folder_of(file)}/{names[file, text]}" for file, text in item.files.items()}}

    def _path(self, file, name) -> str:
        return os.path.join(self._beside, _folder_of(file), name)

    def _add_variables(self, kind, name, stem, variables) -> None:
        folder = os.path.join(self._folder, kind, name)
        path = os.path.join(folder, f"{stem}.yml")
        for shadowed in (folder, *(f"{folder}.{ending}" for ending in ("yml", "yaml", "json"))):
            if os.path.isfile(shadowed):
                raise failure(
                    InvalidInput,
                    "E66",
                    shadowed,
                    f"Ansible no longer reads it as soon as there is a directory {kind}/{name}",
                    f"move it to {kind}/{name}/main.yml",
                )
        for other in (os.path.join(folder, file) for file in _names_in(folder)):
            if _EXPORTS in variables and other != path and os.path.isfile(other) and _SETS_EXPORTS.search(_read(other) or b""):
                raise failure(InvalidInput, "E67", other, f"it sets {_EXPORTS}, as {path} would", f"remove {_EXPORTS} from one of them")
        self._documents[path] = variables

    def _add_ionapi(self, host, environment, variables) -> list:
        is_own = os.path.exists(os.path.join(self._folder, "host_vars", host, "ionapi.yml"))
        if not environment.has_default or (any(name in variables for name in _IONAPI) and not is_own):
            return []
        name = f"{host}.ionapi"
        path = self._path("ionapi", name)
        self._add_variables("host_vars", host, "ionapi", {"docbits_ionapi_src": f"{self._template}/{_folder_of('ionapi')}/{name}"})
        if environment.ionapi is not None:
            self._secrets[path] = environment.ionapi
        elif not os.path.exists(path):
            action = f"put the file there that was downloaded for this environment, and encrypt it with ansible-vault encrypt {path}"
            return [Finding("E68", WARNING, path, f"DocBits does not give the ION API file of {host} back, and the file does not exist", action)]
        return []

    def _means(self, content, variables) -> bool:
        """Whether a file with variables has these values, however it is written."""
        try:
            return as_plain(self._loader.load(content.decode("utf-8", "replace"))) == variables
        except (AnsibleError, yaml.YAMLError):
            return False

    def _decrypted(self, content) -> str:
        try:
            return self._loader._decrypt_if_vault_data(content)[0].decode("utf-8", "replace")
        except AnsibleError:
            return ""

    def _dumped(self, variables) -> bytes:
        tagged = {name: [self._tagged(item) for item in value] if isinstance(value, list) else value for name, value in variables.items()}
        text = yaml.dump(tagged, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=160, indent=2)
        return (_HEADER + text).encode("utf-8", "surrogateescape")

    def _tagged(self, item) -> dict:
        """The item with tags for values that are secret, and for those that are no templates."""
        tagged = {}
        for name, value in item.items():
            if is_secret(name) or (name in ADDRESSES and shown_address(value) != value):
                value = _Vaulted(encrypt(self._loader, value, self._vault_id).decode())
            elif isinstance(value, str) and not name.endswith("_src") and re.search(r"\{[{%#]", value):
                value = _Unsafe(value)
            tagged[name] = value
        return tagged


def refuse_existing(files) -> None:
    """Raise InvalidInput if one of the files exists."""
    findings = [not_overwritten(file.path) for file in files if file.before is not None]
    if findings:
        raise InvalidInput(findings)


def refuse_unwritable(files) -> None:
    """Raise InvalidInput if one of the files could not be written, before the first one is."""
    findings = [not_written(file.path, why) for file in files if (why := _why_not_writable(file.path))]
    if findings:
        raise InvalidInput(findings)


def _why_not_writable(path) -> str:
    if os.path.islink(path) and not os.path.exists(path):
        return "it is a link to nothing"
    folder = os.path.dirname(path)
    while not os.path.lexists(folder):
        folder = os.path.dirname(folder)
    if not os.path.isdir(folder):
        return f"{folder} is no directory"
    return "" if os.access(folder, os.W_OK | os.X_OK) else f"no permission for {folder}"


def _names_in(folder) -> list:
    try:
        return sorted(os.listdir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise failure(InvalidInput, "E69", folder, f"the directory cannot be read ({error.strerror})", "check its owner and mode") from None


def _folder_of(file) -> str:
    return "ionapi" if is_secret(file) else "mappings"


def _read(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise failure(InvalidInput, "E69", path, f"the file cannot be read ({error.strerror})", "check its owner and mode") from None
