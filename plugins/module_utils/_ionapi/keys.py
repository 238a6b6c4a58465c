# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The keys of an ION API file, and the other keys that a message may show. Private to the collection."""

from __future__ import annotations

import re

from ansible_collections.docbits.ion.plugins.module_utils._core.shapes import OPTION, has_shape

STRING_KEYS = ("ti", "cn", "dt", "ci", "cs", "iu", "pu", "oa", "ot", "or", "ru", "ev", "v", "saak", "sask")
KEYS = STRING_KEYS + ("sc",)
REQUIRED_KEYS = ("ti", "ci", "cs", "iu", "pu", "ot")
# A file is complete without these, so null counts as absent.
OPTIONAL_KEYS = ("cn", "dt", "oa", "or", "ru", "ev", "v", "saak", "sask")

# Length of the random part in every published sample: base64url of 32 bytes for the client ID, of 64 bytes for the others.
LENGTHS = {"ci": 43, "cs": 86, "saak": 86, "sask": 86}
SECRET_KEYS = tuple(LENGTHS)

MAX_NAMES = 10

# From this length on, the value of any key may be a secret.
LONG_VALUE = 32

_PATH = r"/?[A-Za-z]+[0-9]{0,2}(?:[._/~-]+[A-Za-z]+[0-9]{0,2})*/?"
# The form of values that are shown. A value of another form may be a secret in the wrong place.
FORMS = {
    key: re.compile(form)
    for key, form in {
        "ti": r".{1,40}",
        "dt": r"[0-9]{1,4}|[A-Za-z_ -]{1,30}",
        "v": r"[0-9]{1,3}(?:\.[0-9]{1,3}){0,3}",
        **dict.fromkeys(("oa", "ot", "or"), _PATH),
    }.items()
}


def random_part(value: str) -> str:
    """The part of `ci` and `saak` after the tenant; any other value as a whole."""
    for mark in "~#":
        if mark in value:
            return value.partition(mark)[2]
    return value


def key_names(keys, document: dict) -> str:
    """The names of keys as a message may show them, and the number of the others.

    A key may be a piece of a secret, which may read as a word by chance. So a name that is not Infor's is shown only if it consists
    of words, if every secret of the `document` is complete, and if no long value contains the name.
    """
    keys = sorted(set(keys))
    shown = [key for key in keys if key in KEYS]
    if _has_complete_secrets(document):
        long_values = [value for value in document.values() if isinstance(value, str) and len(value) >= LONG_VALUE]
        words = [key for key in keys if key not in KEYS and has_shape(OPTION, key)][:MAX_NAMES]
        shown += [key for key in words if not any(key in value for value in long_values)]
    hidden = len(keys) - len(shown)
    return " and ".join(part for part in (", ".join(shown), f"{hidden} not shown here, as a name may be part of a secret" if hidden else "") if part)


def _has_complete_secrets(document: dict) -> bool:
    account = {document.get(key) is not None for key in ("saak", "sask")}
    keys = SECRET_KEYS if account == {True} else ("ci", "cs")
    values = [document.get(key) for key in keys]
    return len(account) == 1 and all(isinstance(value, str) and len(random_part(value)) >= LENGTHS[key] for key, value in zip(keys, values))
