# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Redacts secrets and their encodings from results; fingerprints to compare secrets. Private to the collection."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from urllib.parse import quote, quote_plus

MARKER = "<secret>"

# The encodings of a shorter value occur by chance in other text.
SHORTEST_ENCODED = 4

# Names of results, which stay readable: a password such as "e" or "failed" must not turn a failure into a success.
_RESULT_NAME = re.compile(r"[a-z_]+")

# A service may echo a piece of a secret. A shorter piece occurs by chance in other text.
SHORTEST_PIECE = 8
# Longer secrets are whole files, and pieces of them occur in every such file. Longer texts are mappings, not messages.
LONGEST_KEY = 400
LONGEST_SEARCHED = 2000

# A piece that reads as words, such as "Invoices", is not redacted: it protects little and would make messages unreadable.
_PLAIN_WORDS = re.compile(r"[-_. ]?(?:[A-Z]?[a-z]+|[A-Z]+)(?:[-_. ](?:[A-Z]?[a-z]+|[A-Z]+))*[-_. ]?")


def encodings_of(value: str) -> set:
    """The value and its encodings: base64, URL-encoded, JSON-escaped, repr. Only the value if it is shorter than SHORTEST_ENCODED."""
    encodings = {value}
    if len(value) < SHORTEST_ENCODED:
        return encodings
    raw = value.encode("utf-8", "surrogatepass")
    for encoded in (base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode()):
        encodings.update((encoded, encoded.rstrip("=")))
    encodings.update((quote(value, safe="", errors="surrogatepass"), quote_plus(value, errors="surrogatepass")))
    encodings.update((json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1], repr(value)[1:-1]))
    return encodings


class Secrets:
    """The secrets that a task has met so far; redacts them from its result."""

    def __init__(self) -> None:
        self._values: set = set()

    def add(self, *values) -> None:
        """Register strings as secrets. None and empty strings are ignored."""
        for value in values:
            if isinstance(value, str) and value:
                self._values.add(value)

    def add_basic_credentials(self, user: str, password: str) -> None:
        """Register the password, and the pair as an HTTP Basic header encodes it."""
        self.add(password, base64.b64encode(f"{user}:{password}".encode()).decode())

    def encodings(self) -> set:
        """All encodings of all registered secrets."""
        return set().union(*(encodings_of(value) for value in self._values)) if self._values else set()

    def redact(self, value):
        """The JSON-like value with MARKER in place of secrets, their encodings and longer pieces; in keys, too, except names of results."""
        return _redacted(value, sorted(self.encodings(), key=len, reverse=True), _pieces_of(self._values))


def _redacted(value, encodings, pieces):
    if isinstance(value, str):
        for encoding in encodings:
            if encoding in value:
                value = value.replace(encoding, MARKER)
        return _without_pieces(value, pieces) if SHORTEST_PIECE <= len(value) <= LONGEST_SEARCHED else value
    if isinstance(value, dict):
        return {key if _is_result_name(key) else _redacted(key, encodings, pieces): _redacted(item, encodings, pieces) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_redacted(item, encodings, pieces) for item in value]
    return value


def _pieces_of(values) -> frozenset:
    """All substrings of SHORTEST_PIECE characters of the secrets that look like keys or tokens."""
    # The part before ~ or # is the tenant, which is public; most of a URL with a password in it is public, too.
    keys = (re.split("[~#]", value)[-1] for value in values if len(value) <= LONGEST_KEY and "://" not in value and value.split() == [value])
    return frozenset(key[start : start + SHORTEST_PIECE] for key in keys for start in range(len(key) - SHORTEST_PIECE + 1))


def _without_pieces(text, pieces) -> str:
    if not pieces:
        return text
    found = []
    for start in range(len(text) - SHORTEST_PIECE + 1):
        if text[start : start + SHORTEST_PIECE] in pieces:
            begin = found.pop()[0] if found and start <= found[-1][1] else start
            found.append((begin, start + SHORTEST_PIECE))
    for begin, end in reversed(found):
        if not _PLAIN_WORDS.fullmatch(text, begin, end):
            text = text[:begin] + MARKER + text[end:]
    return text


def _is_result_name(key) -> bool:
    return isinstance(key, str) and _RESULT_NAME.fullmatch(key) is not None


def fingerprint(content: str, salt: str) -> str:
    """Twelve hex digits (HMAC-SHA256) by which two high-entropy secrets can be compared without being shown.

    Equal for equal content and salt in every run. Not for passwords that a person chose: they can be guessed from the fingerprint.
    """
    return hmac.new(salt.encode(), content.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:12]
