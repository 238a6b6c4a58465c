# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Vault files that the collection writes on the controller: encrypted with a vault secret of the run, and written whole. Private to the collection."""

from __future__ import annotations

import os

from ansible import constants as C
from ansible.parsing.vault import AnsibleVaultError, match_encrypt_secret

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import InvalidInput, failure
from ansible_collections.docbits.ion.plugins.module_utils._core.findings import ERROR, Finding
from ansible_collections.docbits.ion.plugins.module_utils._core.private_files import write_bytes


def encrypt(loader, text: str, vault_id: str | None = None) -> bytes:
    """The content of a vault file with this text.

    vault_id: id of a vault of the run; by default the one that ansible-vault would take: vault_encrypt_identity, or else the first
    Raises: InvalidInput if the run has no password for it
    """
    vault_id = vault_id or C.DEFAULT_VAULT_ENCRYPT_IDENTITY
    try:
        found = match_encrypt_secret(loader._vault.secrets or [], encrypt_vault_id=vault_id)
    except AnsibleVaultError:
        found = None
    if not found:
        raise failure(
            InvalidInput,
            "S04",
            f"vault id {vault_id}" if vault_id else "vault password",
            "the run has no such password to encrypt with, and a secret is never written in plain text",
            "pass it with --vault-id or --vault-password-file",
        )
    known_id, secret = found
    return loader._vault.encrypt(text, secret=secret, vault_id=known_id)


def not_overwritten(path: str) -> Finding:
    """The error for a file that exists."""
    return Finding("S05", ERROR, path, "the file exists and is not overwritten", "remove it, or allow it to be overwritten")


def not_written(path: str, why: str | None) -> Finding:
    """The error for a file that cannot be written."""
    return Finding("S06", ERROR, path, f"the file cannot be written ({why})", "check the owner and mode of its folder")


def write(path: str, content: bytes, overwrite: bool = False) -> None:
    """Write a file whole, mode 0600.

    overwrite: whether a file that exists is replaced
    Raises: InvalidInput if a file exists or cannot be written
    """
    if not overwrite and os.path.lexists(path):
        raise InvalidInput(not_overwritten(path))
    try:
        write_bytes(path, content)
    except OSError as error:
        raise InvalidInput(not_written(path, error.strerror)) from None
