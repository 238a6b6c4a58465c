# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The throw-away certificate authority of one state directory, and the server certificate it signs."""

from __future__ import annotations

import os
from pathlib import Path

import trustme

NAMES = ("localhost", "127.0.0.1")


def certificates(directory: Path) -> tuple[Path, Path]:
    """The paths of the CA certificate and of the server's PEM (key and chain); the CA of an earlier start is used again."""
    ca_pem, ca_key, server_pem = directory / "ca.pem", directory / "ca.key", directory / "server.pem"
    if ca_pem.exists() and ca_key.exists():
        authority = trustme.CA.from_pem(ca_pem.read_bytes(), ca_key.read_bytes())
    else:
        authority = trustme.CA()
        _write_private(ca_key, authority.private_key_pem.bytes())
        ca_pem.write_bytes(authority.cert_pem.bytes())
    if not server_pem.exists():
        _write_private(server_pem, authority.issue_cert(*NAMES).private_key_and_cert_chain_pem.bytes())
    return ca_pem, server_pem


def _write_private(path: Path, content: bytes) -> None:
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
