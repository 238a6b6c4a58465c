# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The state file of a host: fingerprints of values that DocBits does not show. Private to the collection."""

from __future__ import annotations

import os

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import InvalidInput, failure
from ansible_collections.docbits.ion.plugins.module_utils._core.findings import WARNING, Finding
from ansible_collections.docbits.ion.plugins.module_utils._core.private_files import locked, read_json, write_json

FOLDER = ".docbits_ion"
# Another host of the same run holds the lock for milliseconds.
_LOCK_TIMEOUT = 30.0


def default_folder(variables, name: str = FOLDER) -> str:
    """The folder of the state files, or of others: hidden, in the directory of the inventory, so that Ansible does not read it as a part of the inventory."""
    beside = variables.get("inventory_dir") or variables.get("playbook_dir") or os.getcwd()
    return os.path.join(str(beside), name)


def state_file(folder: str, host: str) -> str:
    """The path of the state file of a host."""
    return os.path.join(folder, f"{host}.json")


def load(path: str) -> dict:
    """The entries of a state file, none if there is no file. Raises: InvalidInput if it is damaged."""
    try:
        entries = read_json(path)
    except (OSError, ValueError):
        entries = False
    if entries is None:
        return {}
    if isinstance(entries, dict) and all(map(_is_entry, entries.values())):
        return entries
    raise failure(InvalidInput, "E12", f"state_dir: {path}", "it cannot be read as a state file", "restore it, or remove it; secrets are then sent once more")


def _is_entry(names) -> bool:
    return isinstance(names, dict) and not any(isinstance(text, (dict, list)) for text in names.values())


def save(path: str, entries: dict) -> list:
    """Merge entries into a state file; returns a warning if that is not possible.

    entries: as load returns them; a name with the value None is removed
    """
    try:
        # Hosts that share a folder must not overwrite each other's entries.
        with locked(path, _LOCK_TIMEOUT) as is_locked:
            if not is_locked:
                raise OSError("locked")
            known = load(path)
            merged = {export: {**known.get(export, {}), **entries.get(export, {})} for export in {**known, **entries}}
            kept = {export: {name: text for name, text in names.items() if text is not None} for export, names in merged.items()}
            write_json(path, {export: names for export, names in kept.items() if names})
    except (OSError, InvalidInput):
        return [
            Finding(
                "E18",
                WARNING,
                f"state_dir: {path}",
                "the fingerprints of what was sent could not be saved, so secrets are sent again in the next run",
                "set state_dir to a folder that belongs to you and that nobody else can write to",
            )
        ]
    return []
