# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The keys of an ION API file, and which other keys a message may name. Private to the collection."""

from __future__ import annotations

import re

STRING_KEYS = ("ti", "cn", "dt", "ci", "cs", "iu", "pu", "oa", "ot", "or", "ru", "ev", "v", "saak", "sask")
KEYS = STRING_KEYS + ("sc",)
REQUIRED_KEYS = ("ti", "ci", "cs", "iu", "pu", "ot")
# A file is whole without these, so a null in one of them is as good as no key.
OPTIONAL_KEYS = ("cn", "dt", "oa", "or", "ru", "ev", "v", "saak", "sask")

# How long the random parts are in every sample that is public: 32 bytes for the client ID, 64 for the others.
LENGTHS = {"ci": 43, "cs": 86, "saak": 86, "sask": 86}
SECRET_KEYS = tuple(LENGTHS)

MOST_NAMES = 10

# From here on a value may be a secret, in whatever key it stands.
LONG_VALUE = 32

# What reads as words: no mixed case inside a word, no digits but at its end.
_KEY_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,30}")
_WORDS = re.compile(r"_?(?:[A-Z]?[a-z]+|[A-Z]+)(?:[_-](?:[A-Z]?[a-z]+|[A-Z]+))*[0-9]{0,2}")


def random_part(value: str) -> str:
    """What follows the tenant in C(ci) and C(saak); the whole of any other value."""
    for mark in "~#":
        if mark in value:
            return value.partition(mark)[2]
    return value


def named(keys, document: dict) -> str:
    """The names of keys as a message may show them, and a count of the others.

    A piece of a secret may stand where a key should, and may read as a word by chance. So a name that is not Infor's is shown
    only if it reads as words, if every secret of the O(document) is whole, and if no long value holds it.
    """
    keys = sorted(set(keys))
    shown = [key for key in keys if key in KEYS]
    if _secrets_are_whole(document):
        long_values = [value for value in document.values() if isinstance(value, str) and len(value) >= LONG_VALUE]
        words = [key for key in keys if key not in KEYS and _KEY_NAME.fullmatch(key) and _WORDS.fullmatch(key)][:MOST_NAMES]
        shown += [key for key in words if not any(key in value for value in long_values)]
    more = len(keys) - len(shown)
    hidden = "one whose name may be a piece of a secret" if more == 1 else f"{more} whose names may be pieces of a secret"
    return " and ".join(part for part in (", ".join(shown), hidden if more else "") if part)


def _secrets_are_whole(document: dict) -> bool:
    account = {document.get(key) is not None for key in ("saak", "sask")}
    keys = ("ci", "cs", "saak", "sask") if account == {True} else ("ci", "cs")
    values = [document.get(key) for key in keys]
    return len(account) == 1 and all(isinstance(value, str) and len(random_part(value)) >= LENGTHS[key] for key, value in zip(keys, values))
