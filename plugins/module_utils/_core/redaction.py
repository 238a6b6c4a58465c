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
from functools import cached_property
from urllib.parse import quote, quote_plus

from ansible_collections.docbits.ion.plugins.module_utils._core.shapes import looks_random

MARKER = "<secret>"

# The encodings of a shorter value occur by chance in other text.
SHORTEST_ENCODED = 4

# Names of results, which stay readable: a password such as "e" or "failed" must not turn a failure into a success.
_RESULT_NAME = re.compile(r"[a-z_]+")

# A service may echo a piece of a secret. A shorter piece occurs by chance in other text.
SHORTEST_PIECE = 8
# A piece contains a probe: this many characters of the secret, from every fourth on.
_PROBE = 5
_PROBE_STEP = SHORTEST_PIECE - _PROBE + 1
# Longer secrets are whole files, and pieces of them occur in every such file. Longer texts are mappings, not messages.
LONGEST_KEY = 8192
LONGEST_SEARCHED = 2000

# A piece that reads as words, such as "Invoices", is not redacted: it protects little and would make messages unreadable.
_PLAIN_WORDS = re.compile(r"[-_. ]?(?:[A-Z]?[a-z]+|[A-Z]+)(?:[-_. ](?:[A-Z]?[a-z]+|[A-Z]+))*[-_. ]?")

# Runs of characters that may be a piece of a secret in hex, base64 or base32, from the first character or a later one of a group.
_HEX = re.compile(r"(?:[0-9A-Fa-f]{2}[-: ]?){7,}[0-9A-Fa-f]{2}")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{12,}")
_BASE32 = re.compile(r"[A-Z2-7]{16,}|[a-z2-7]{16,}")
_LONG_RUN = re.compile(rf"\S{{{SHORTEST_PIECE},}}")
_ROT13 = {letter: (letter - 84) % 26 + 97 for letter in range(ord("a"), ord("z") + 1)}
_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}


def encodings_of(value: str) -> set:
    """The value and its encodings: base64, base32, hex, URL-encoded, JSON-escaped, repr. Only the value if it is shorter than SHORTEST_ENCODED."""
    encodings = {value}
    if len(value) < SHORTEST_ENCODED:
        return encodings
    raw = value.encode("utf-8", "surrogatepass")
    for encoded in (base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode()):
        encodings.update((encoded, encoded.rstrip("=")))
    encodings.update((raw.hex(), base64.b32encode(raw).decode().rstrip("=")))
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
        """The JSON-like value with MARKER in place of secrets, their encodings and longer pieces; in keys, too, except names of results.

        Pieces are found as they are, reversed, in rot13, hex, base64 and base32.
        """
        texts = list(_texts_in(value))
        longest, together = max(map(len, texts), default=0), "\n".join(texts)
        # No encoding is shorter than its value, so whole files are not encoded for a result of short texts.
        encodings = {encoding for secret in self._values if len(secret) <= longest for encoding in encodings_of(secret) if encoding in together}
        return _redacted(value, sorted(encodings, key=len, reverse=True), _Pieces(self._values))


def _texts_in(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _texts_in(key)
            yield from _texts_in(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _texts_in(item)


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


class _Pieces:
    """All substrings of SHORTEST_PIECE characters of the secrets that look like keys or tokens, as they are, reversed and in rot13, in lower case.

    Without those that read as words, unless the whole key is random. They are thousands, so they are made only for a text with a probe.
    """

    def __init__(self, values) -> None:
        # The part before ~ or # is the tenant, which is public; most of a URL with a password in it is public, too.
        is_key = (value for value in values if len(value) <= LONGEST_KEY and "://" not in value and value.split() == [value] and value[0] not in "{[<")
        self._keys = [re.split("[~#]", value)[-1] for value in is_key]
        self._probes: set = set()
        for key in self._keys:
            for text in _translated(key):
                probes = [text[start : start + _PROBE] for start in range(0, len(text) - _PROBE + 1, _PROBE_STEP)]
                self._probes.update(probes, [probe[::-1] for probe in probes])

    def may_be_in(self, text: str) -> bool:
        """Whether a text in lower case contains a probe."""
        return not self._probes.isdisjoint([text[start : start + _PROBE] for start in range(len(text) - _PROBE + 1)])

    def __contains__(self, piece: str) -> bool:
        return piece in self._all

    @cached_property
    def _all(self) -> frozenset:
        pieces: set = set()
        for key in self._keys:
            is_random = looks_random(key, 20)
            starts = [start for start in range(len(key) - SHORTEST_PIECE + 1) if is_random or not _PLAIN_WORDS.fullmatch(key[start : start + SHORTEST_PIECE])]
            for text in _translated(key):
                parts = [text[start : start + SHORTEST_PIECE] for start in starts]
                pieces.update(parts, [part[::-1] for part in parts])
        return frozenset(pieces)


def _translated(key) -> tuple:
    """A key in lower case, as it is and in rot13."""
    lowered = key.translate(_LOWER)
    return lowered, lowered.translate(_ROT13)


def _without_pieces(text, pieces) -> str:
    found = _places_of(text, pieces)
    for runs, decoded in ((_HEX, _from_hex), (_BASE64, _from_base64), (_BASE32, _from_base32)):
        found += [run.span() for run in runs.finditer(text) if any(_places_of(inner, pieces) for inner in decoded(run.group()))]
    end = len(text) + 1
    for first, last in sorted(found, reverse=True):
        # Overlapping places: what is left of the earlier one.
        last = min(last, end)
        if first < last:
            text = text[:first] + MARKER + text[last:]
            end = first
    return text


def _places_of(text, pieces) -> list:
    """The places of pieces in a text as pairs of start and end; neighbouring pieces are one place."""
    text, found = text.translate(_LOWER), []
    # No key has a blank, and most words are shorter.
    for run in filter(lambda run: pieces.may_be_in(run.group()), _LONG_RUN.finditer(text)):
        for start in range(run.start(), run.end() - SHORTEST_PIECE + 1):
            if text[start : start + SHORTEST_PIECE] in pieces:
                begin = found.pop()[0] if found and start <= found[-1][1] else start
                found.append((begin, start + SHORTEST_PIECE))
    return found


def _from_hex(run):
    digits = re.sub("[-: ]", "", run)
    for start in range(2):
        yield bytes.fromhex(digits[start : len(digits) - (len(digits) - start) % 2]).decode("latin-1")


def _from_base64(run):
    # A run that reads as words is no base64 of a secret.
    standard = "" if _PLAIN_WORDS.fullmatch(run) else run.replace("-", "+").replace("_", "/")
    for start in range(4):
        whole = standard[start : start + (len(standard) - start) // 4 * 4]
        yield base64.b64decode(whole).decode("latin-1")


def _from_base32(run):
    for start in range(8):
        whole = run[start : start + (len(run) - start) // 8 * 8]
        yield base64.b32decode(whole, casefold=True).decode("latin-1")


def _is_result_name(key) -> bool:
    return isinstance(key, str) and _RESULT_NAME.fullmatch(key) is not None


def fingerprint(content: str, salt: str) -> str:
    """Twelve hex digits (HMAC-SHA256) by which two high-entropy secrets can be compared without being shown.

    Equal for equal content and salt in every run. Not for passwords that a person chose: they can be guessed from the fingerprint.
    """
    return hmac.new(salt.encode(), content.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:12]
