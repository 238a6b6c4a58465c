# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was last sent for values that DocBits does not give back, as fingerprints that cannot be turned round. Pure. Private to the collection."""

from __future__ import annotations

import hashlib
import hmac
import os

from ansible_collections.docbits.ion.plugins.module_utils._core.text import canonical_json, normal_text
from ansible_collections.docbits.ion.plugins.module_utils._model.export import SLOTS

WHEN_CHANGED = "when_changed"
ALWAYS = "always"
ON_CREATE = "on_create"
POLICIES = (WHEN_CHANGED, ALWAYS, ON_CREATE)

BY_VALUE = "value"
BY_FINGERPRINT = "fingerprint"
BY_POLICY = "policy"
NONE = "none"


class Evidence:
    """The fingerprints of one environment.

    entries: export to word to C(salt:digest), as the state file holds them; an export is called by its host and its id
    host:    address of the DocBits API, since each counts its exports anew
    """

    def __init__(self, entries=None, host: str = "") -> None:
        self._entries = {export: dict(words) for export, words in (entries or {}).items()}
        self._host = host

    def knows(self, export_id: str, word: str) -> bool:
        """Whether anything was remembered for this word."""
        return word in self._words(export_id)

    def matches(self, export_id: str, word: str, value) -> bool:
        """Whether the value is the one that was remembered."""
        salt, _colon, digest = self._words(export_id).get(word, "").partition(":")
        return bool(digest) and hmac.compare_digest(digest, _digest(word, value, salt))

    def remember(self, export_id: str, word: str, value) -> None:
        """Keep the fingerprint of a value that was sent, with a salt of its own."""
        salt = os.urandom(16).hex()
        self._entries.setdefault(self._name(export_id), {})[word] = f"{salt}:{_digest(word, value, salt)}"

    def without(self, forgotten) -> dict:
        """What takes words out of the state file again, from pairs of an export's id and a word."""
        entries: dict = {}
        for export_id, word in forgotten:
            entries.setdefault(self._name(export_id), {})[word] = None
        return entries

    def as_dict(self) -> dict:
        """The entries as the state file holds them."""
        return self._entries

    def _words(self, export_id) -> dict:
        return self._entries.get(self._name(export_id), {})

    def _name(self, export_id) -> str:
        return f"{self._host} {export_id}"


def _digest(word, value, salt) -> str:
    text = str(value)
    if word in SLOTS:
        text = canonical_json(text) if SLOTS[word].secret else normal_text(text)
    # A password that a person chose must not be found by trying; scrypt makes each try cost 16 MiB and some 50 ms.
    return hashlib.scrypt(text.encode("utf-8", "surrogateescape"), salt=bytes.fromhex(salt), n=2**14, r=8, p=1, dklen=16).hex()
