# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The small file beside the inventory that holds fingerprints of what DocBits does not give back. Private to the collection."""

from __future__ import annotations

import fcntl
import json
import os
import re
import tempfile

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import InvalidInput, failure
from ansible_collections.docbits.ion.plugins.module_utils._core.findings import WARNING, Finding

FOLDER = ".docbits_ion"
_FINGERPRINT = re.compile(r"[0-9a-f]{32}:[0-9a-f]{32}")


def default_path(variables) -> str:
    """Where the state file of a host stands; Ansible passes over hidden folders when it reads an inventory."""
    beside = variables.get("inventory_dir") or variables.get("playbook_dir") or os.getcwd()
    return os.path.join(str(beside), FOLDER, f"{variables['inventory_hostname']}.json")


def remembered(path) -> dict:
    """The entries in the file, none where there is no file yet; raises L(InvalidInput) where it is damaged."""
    try:
        with open(path, encoding="utf-8") as file:
            entries = json.load(file)
    except FileNotFoundError:
        return {}
    except (OSError, ValueError):
        entries = None
    if isinstance(entries, dict) and all(_is_entry(words) for words in entries.values()):
        return entries
    raise failure(
        InvalidInput, "E12", f"state_file: {path}", "it cannot be read as a state file", "restore it, or remove it: what it vouched for is then sent once more"
    )


def keep(path, entries) -> list:
    """Add the entries to the file in one step, readable by its owner alone; gives a warning where that is not possible.

    entries: as L(remembered) gives them; a word with the value C(None) is taken out of the file
    """
    folder = os.path.dirname(path)
    try:
        os.makedirs(folder, exist_ok=True)
        # Hosts that share a file must not overwrite each other's entries.
        lock = os.open(folder, os.O_RDONLY)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            known = remembered(path)
            merged = {name: {**known.get(name, {}), **entries.get(name, {})} for name in {**known, **entries}}
            told = {name: {word: text for word, text in words.items() if text is not None} for name, words in merged.items()}
            _replace(path, {name: words for name, words in told.items() if words})
        finally:
            os.close(lock)
    except (OSError, InvalidInput):
        return [
            Finding(
                "E18",
                WARNING,
                f"state_file: {path}",
                "what was sent could not be remembered, and will be sent again in the next run",
                "name a file in a folder that can be written",
            )
        ]
    return []


def _replace(path, entries) -> None:
    descriptor, temporary = tempfile.mkstemp(dir=os.path.dirname(path), prefix=".", suffix=".new")
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(entries, file, indent=2, sort_keys=True)
        file.write("\n")
    os.replace(temporary, path)


def _is_entry(words) -> bool:
    return isinstance(words, dict) and all(isinstance(text, str) and _FINGERPRINT.fullmatch(text) for text in words.values())
