# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write-only state: fingerprints of values that were sent and that DocBits does not show. Pure. Private to the collection."""

from __future__ import annotations

import hashlib
import hmac
import os
import re

from ansible_collections.docbits.ion.plugins.module_utils._core.text import canonical_json, normal_text
from ansible_collections.docbits.ion.plugins.module_utils._model.export import FILES

_ENTRY = re.compile(r"[0-9a-f]{16}:[0-9a-f]{40}")


class Fingerprints:
    """The fingerprints of one organisation.

    A fingerprint is an HMAC with the API key as its key, so that a file with fingerprints does not help to guess even a short password
    without the API key. After a new API key all fingerprints are unknown, and the values are sent once more.

    entries: export to name to "salt:digest"; an export is named by its host and its id
    host:    URL of the DocBits API
    key:     the API key
    """

    def __init__(self, entries=None, host: str = "", key: str = "") -> None:
        self._entries = {
            export: {name: text for name, text in names.items() if is_entry(text)} for export, names in (entries or {}).items() if isinstance(names, dict)
        }
        self._host = host
        self._key = key.encode()

    def has(self, export_id: str, name: str) -> bool:
        """Whether a value of this name was sent before."""
        return name in self._names(export_id)

    def matches(self, export_id: str, name: str, value) -> bool:
        """Whether the value is the one that was sent last."""
        salt, _colon, digest = self._names(export_id).get(name, "").partition(":")
        return bool(digest) and hmac.compare_digest(digest, self._digest(name, value, salt))

    def add(self, export_id: str, name: str, value) -> None:
        """Record a value that was sent."""
        salt = os.urandom(8).hex()
        self._entries.setdefault(self._export(export_id), {})[name] = f"{salt}:{self._digest(name, value, salt)}"

    def forget(self, export_ids) -> None:
        """Take the fingerprints of these exports for unknown."""
        for export_id in export_ids:
            self._entries.pop(self._export(export_id), None)

    def removed(self, pairs) -> dict:
        """Entries that take names out of the state file, from pairs of an export's id and a name."""
        entries: dict = {}
        for export_id, name in pairs:
            entries.setdefault(self._export(export_id), {})[name] = None
        return entries

    def as_dict(self) -> dict:
        """The entries as the state file holds them."""
        return self._entries

    def _names(self, export_id) -> dict:
        return self._entries.get(self._export(export_id), {})

    def _export(self, export_id) -> str:
        return f"{self._host} {export_id}"

    def _digest(self, name, value, salt) -> str:
        text = str(value)
        if name in FILES:
            text = canonical_json(text) if FILES[name].secret else normal_text(text)
        message = f"{salt}\n{name}\n{text}".encode("utf-8", "surrogateescape")
        return hmac.new(self._key, message, hashlib.sha256).hexdigest()[:40]


def is_entry(text) -> bool:
    """Whether a text is a fingerprint of the present format."""
    return isinstance(text, str) and _ENTRY.fullmatch(text) is not None
