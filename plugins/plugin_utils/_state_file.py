# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The small file beside the inventory that holds fingerprints of what DocBits does not give back. Private to the collection."""

from __future__ import annotations

import json
import os
import tempfile

from ansible_collections.docbits.ion.plugins.module_utils._errors import InvalidInput, failure

FOLDER = ".docbits_ion"


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
    if isinstance(entries, dict) and all(isinstance(words, dict) for words in entries.values()):
        return entries
    raise failure(
        InvalidInput, "E12", f"state_file: {path}", "it cannot be read as a state file", "restore it, or remove it: what it vouched for is then sent once more"
    )


def keep(path, entries) -> None:
    """Replace the file in one step, readable by its owner alone."""
    folder = os.path.dirname(path)
    os.makedirs(folder, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=folder, prefix=".", suffix=".new")
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(entries, file, indent=2, sort_keys=True)
        file.write("\n")
    os.replace(temporary, path)
