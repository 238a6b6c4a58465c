# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The shapes that values from outside must have to be shown. Private to the collection.

A server may repeat what it was sent, and a file may have a secret in the place of a name. So a value is shown only if it has the shape of what it
should be. docs/server_values.md is made from SHAPES.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
from dataclasses import dataclass

# Infor's generated values are base64url: the client ID has 32 random bytes (43 characters), the others 64 (86 characters).
_RUN = re.compile(r"[A-Za-z0-9_-]+")
_SHORTEST_SECRET = 32
# A server may cut a secret. Only ids may be as random: those of some databases are 20 to 27 random characters.
_SHORTEST_PIECE = 20
_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+")
# Changes of case or to digits per character: at least 0.21 in 999 of 1,000 random values of 43 characters, at most 0.2 in names.
_MIN_CHANGES = 0.21

# A line break, a control character, a change of the writing direction, or half of a surrogate pair is in no text of one line.
_ONE_LINE = r"\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff"

# Of each process, so that nobody can guess a short password from the fingerprint of a value that was not shown.
_KEY = os.urandom(16)


@dataclass(frozen=True)
class Shape:
    """The shape of one sort of value.

    pattern: must match the whole value
    longest: most characters
    text:    the pattern in words, for the documentation
    used:    the values with this shape, for the documentation
    random:  how many characters may be as random as a generated secret
    """

    pattern: str
    longest: int
    text: str
    used: str
    random: int = _SHORTEST_PIECE


ID, TRACE_ID, CODE, FIELD, ERROR_TYPE = "id", "trace id", "code", "field", "error type"
METHOD, NAME, TITLE, ADDRESS, VERSION, OPTION = "method", "name", "title", "address", "version", "option"
SHAPES = {
    ID: Shape(
        r"[A-Za-z0-9_][A-Za-z0-9_.:-]*",
        64,
        "letters, digits, _, ., : and -",
        "ids of exports, sub-organisations and users; an export with another id cannot be used (DB15)",
        _SHORTEST_SECRET,
    ),
    TRACE_ID: Shape(
        r"(?:Root=)?[0-9A-Fa-f]+(?:-[0-9A-Fa-f]+)*(?:-[A-Z]{3})?",
        64,
        "hexadecimal digits, also in groups with - between them, as in a UUID or the ids of AWS and Cloudflare",
        "the trace id of a refused request",
    ),
    CODE: Shape(
        r"[A-Z][A-Z0-9]{1,15}(?:_[A-Z0-9]{1,16})*", 64, "words of at most 16 capital letters and digits, with _ between them", "the code of a refused request"
    ),
    FIELD: Shape(r"[A-Za-z_][A-Za-z0-9_.\[\]-]*", 64, "letters, digits, _, ., -, [ and ]", "fields in the contract and in a refused request"),
    ERROR_TYPE: Shape(r"[a-z]{1,20}(?:[._][a-z]{1,20})*", 60, "words of small letters, with _ or . between them", "what is wrong with a field"),
    METHOD: Shape(r"[A-Za-z0-9_.\- ]+", 40, "letters, digits, _, ., - and blanks", "a kind of export or a value of a flag that is not known"),
    NAME: Shape(
        r"[\w .,:;()\[\]/&'+*@#~-]+",
        100,
        "letters of any script, digits, blanks and usual punctuation",
        "document types, sub-organisations, users, security roles",
    ),
    TITLE: Shape(f"[^{_ONE_LINE}]+", 200, "any text in one line", "titles, folders, user names and file name modes of exports"),
    ADDRESS: Shape(rf"[^\s{_ONE_LINE}]+", 2000, "any text without blanks", "URLs of exports, which may have a random path", 2000),
    VERSION: Shape(r"[A-Za-z0-9][A-Za-z0-9.+_-]*", 32, "letters, digits, ., +, _ and -", "the version of the DocBits API"),
    OPTION: Shape(
        r"_?(?:[A-Z]?[a-z]+|[A-Z]+)(?:[_-](?:[A-Z]?[a-z]+|[A-Z]+))*[0-9]{0,2}",
        31,
        "words of letters with _ or - between them, and up to two digits at the end",
        "an unknown option of a task, an unknown key of an ION API file",
    ),
}
_PATTERNS = {sort: re.compile(shape.pattern) for sort, shape in SHAPES.items()}


def has_shape(sort: str, value) -> bool:
    """Whether a value is a text or a number with the shape of `sort`, a key of SHAPES, and does not look like a generated secret."""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return False
    shape = SHAPES[sort]
    # Thousands of digits cannot be converted.
    text = value if isinstance(value, str) else str(value) if abs(value) < 10**18 else ""
    return len(text) <= shape.longest and _PATTERNS[sort].fullmatch(text) is not None and not looks_random(text, shape.random)


def shown(sort: str, value) -> str:
    """The value as a text if it has the shape, otherwise a fingerprint of it. Fingerprints can be compared within one result."""
    if has_shape(sort, value):
        return str(value)
    text = value if isinstance(value, str) else json.dumps(value, default=repr)
    return f"(not shown, {hmac.new(_KEY, text.encode('utf-8', 'surrogatepass'), hashlib.sha256).hexdigest()[:8]})"


def first_shown(sort: str, values) -> str | None:
    """The first value with the shape, otherwise the fingerprint of the first; None if all of them are empty."""
    filled = [value for value in values if value not in (None, "")]
    return next((str(value) for value in filled if has_shape(sort, value)), shown(sort, filled[0]) if filled else None)


def looks_random(text: str, shortest: int = _SHORTEST_SECRET) -> bool:
    """Whether the text contains the shape of a generated secret: at least `shortest` base64url characters that are not a name."""
    return any(len(run) >= shortest and _is_random(run) for run in _RUN.findall(text))


def _is_random(run: str) -> bool:
    # A part in one case only may be an opaque tenant or a UUID.
    parts = [part for part in re.split("[_-]+", run) if not part.isupper() and not part.islower()]
    changes = sum(len(_WORDS.findall(part)) - 1 for part in parts if part)
    return changes >= _MIN_CHANGES * len(run)
