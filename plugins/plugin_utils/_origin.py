# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a value or a file comes from: a vault, or version control. Private to the collection."""

from __future__ import annotations

import os
from functools import lru_cache

from ansible.parsing.vault import is_encrypted


def is_vaulted(value) -> bool:
    """Whether a value is known to come out of Ansible Vault: it was encrypted itself, or defined in an encrypted file.

    ansible-core 2.19 and newer tag a value with its origin. For older versions this is never known.
    """
    tags = {kind.__name__: tag for kind, tag in getattr(value, "_ansible_tags_mapping", {}).items()}
    path = getattr(tags.get("Origin"), "path", None)
    return "VaultedValue" in tags or type(value).__name__ == "EncryptedString" or (path is not None and _is_vaulted_file(path))


@lru_cache(maxsize=1024)
def _is_vaulted_file(path) -> bool:
    try:
        with open(path, "rb") as file:
            return is_encrypted(file.read(64))
    except OSError:
        return False


def is_tracked(path) -> bool:
    """Whether Git tracks a file, as far as the index of its working tree shows it. The index is not parsed: in format 4 it shows nothing."""
    path = os.path.realpath(path)
    tree = os.path.dirname(path)
    while not os.path.exists(os.path.join(tree, ".git")):
        tree, child = os.path.dirname(tree), tree
        if tree == child:
            return False
    name = os.fsencode(os.path.relpath(path, tree))
    try:
        with open(os.path.join(_git_folder(tree), "index"), "rb") as file:
            # An entry has its name after the length of the name.
            return bytes([len(name) % 256]) + name + b"\0" in file.read()
    except OSError:
        return False


def _git_folder(tree) -> str:
    git = os.path.join(tree, ".git")
    if os.path.isdir(git):
        return git
    # In a submodule or a linked working tree, a file says where the folder is.
    with open(git, encoding="utf-8") as file:
        return os.path.join(tree, file.read().removeprefix("gitdir:").strip())
