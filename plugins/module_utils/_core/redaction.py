# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets: every form in which one could show, masking them, and fingerprints to compare them. Private to the collection."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from urllib.parse import quote, quote_plus

MARKER = "<secret>"

# A shorter value stands in ordinary words and numbers: masking its derived forms would destroy the output and protect nothing.
SHORTEST_DERIVED = 4

# The names of results look like this. A password that is part of one ("e", "failed") must not turn a failure into a success.
_NAME = re.compile(r"[a-z_]+")

# A service that echoes a piece of what it was sent gives away that piece. From this length on a piece is no chance hit.
SHORTEST_PIECE = 8
# Longer secrets are whole files, with pieces that stand in every such file; longer texts are mappings that a person wrote.
LONGEST_ATOM = 400
LONGEST_SEARCHED = 2000

# "Invoices" may be a piece of a password and is a word all the same: masking it would destroy the output and protect little.
_WORDS = re.compile(r"[-_. ]?(?:[A-Z]?[a-z]+|[A-Z]+)(?:[-_. ](?:[A-Z]?[a-z]+|[A-Z]+))*[-_. ]?")


def encodings_of(value: str) -> set:
    """The value and every form that encoders make of it: base64, URL-encoded, JSON-escaped, repr."""
    forms = {value}
    if len(value) < SHORTEST_DERIVED:
        return forms
    raw = value.encode("utf-8", "surrogatepass")
    forms.add(base64.b64encode(raw).decode())
    forms.add(base64.urlsafe_b64encode(raw).decode())
    forms.add(base64.b64encode(raw).decode().rstrip("="))
    forms.add(base64.urlsafe_b64encode(raw).decode().rstrip("="))
    forms.update((quote(value, safe="", errors="surrogatepass"), quote_plus(value, errors="surrogatepass")))
    forms.update((json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1], repr(value)[1:-1]))
    return forms


class Secrets:
    """The secrets met so far by one task, so that its result can be cleared of them before anyone sees it."""

    def __init__(self) -> None:
        self._values: set = set()

    def add(self, *values) -> None:
        """Register secret strings; anything else (C(None), an empty string) is passed over."""
        for value in values:
            if isinstance(value, str) and value:
                self._values.add(value)

    def add_basic_credentials(self, user: str, password: str) -> None:
        """Register the pair as it stands in an HTTP Basic header."""
        self.add(password, base64.b64encode(f"{user}:{password}".encode()).decode())

    def forms(self) -> set:
        """All forms of all registered secrets."""
        return set().union(*(encodings_of(value) for value in self._values)) if self._values else set()

    def redact(self, value):
        """The same JSON-like value with every form and every longer piece of every secret masked, dict keys too unless they are names of results."""
        return _masked(value, sorted(self.forms(), key=len, reverse=True), _pieces_of(self._values))


def _masked(value, forms, pieces):
    if isinstance(value, str):
        for form in forms:
            if form in value:
                value = value.replace(form, MARKER)
        return _without_pieces(value, pieces) if SHORTEST_PIECE <= len(value) <= LONGEST_SEARCHED else value
    if isinstance(value, dict):
        return {key if _is_name(key) else _masked(key, forms, pieces): _masked(item, forms, pieces) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_masked(item, forms, pieces) for item in value]
    return value


def _pieces_of(values) -> frozenset:
    """All pieces of the shortest length of those secrets that are one word, such as keys and tokens."""
    # What stands before the mark is the tenant, which is no secret; a URL with a password in it is mostly no secret either.
    atoms = (re.split("[~#]", value)[-1] for value in values if len(value) <= LONGEST_ATOM and "://" not in value and value.split() == [value])
    return frozenset(atom[start : start + SHORTEST_PIECE] for atom in atoms for start in range(len(atom) - SHORTEST_PIECE + 1))


def _without_pieces(text, pieces) -> str:
    if not pieces:
        return text
    found = []
    for start in range(len(text) - SHORTEST_PIECE + 1):
        if text[start : start + SHORTEST_PIECE] in pieces:
            begins = found.pop()[0] if found and start <= found[-1][1] else start
            found.append((begins, start + SHORTEST_PIECE))
    for begins, ends in reversed(found):
        if not _WORDS.fullmatch(text, begins, ends):
            text = text[:begins] + MARKER + text[ends:]
    return text


def _is_name(key) -> bool:
    return isinstance(key, str) and _NAME.fullmatch(key) is not None


def fingerprint(content: str, salt: str) -> str:
    """Twelve hex digits by which two high-entropy secrets can be compared without being shown.

    The same O(content) and O(salt) give the same digits on every run; without the content they cannot be guessed,
    which is why this is not for passwords that a person chose.
    """
    return hmac.new(salt.encode(), content.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:12]
