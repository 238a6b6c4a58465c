# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The state of a current value: known, withheld or absent. Private to the collection."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

# Characters and texts that DocBits or a proxy may show instead of a secret.
_MASK = re.compile(
    r"\*{2,}|[•●∙█▪]{2,}|\.{3,}$|…|^[xX]{4,}$|[xX]{6,}"
    r"|^[<\[({]*(?:hidden|masked|redacted|secret|removed|encrypted|protected|confidential|filtered)[>\])}]*$",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Known:
    """A current value that was read and is complete and valid.

    exact: whether it can be sent back; False for a file that DocBits shows rewritten
    """

    value: Any
    exact: bool = True


@dataclass(frozen=True)
class Withheld:
    """A current value that DocBits does not show, or shows in a form that cannot be trusted.

    reason: a phrase for messages, such as "masked"
    shown:  the parts of an ION API file that are visible, as pairs of key and value, sorted
    """

    reason: str
    shown: tuple = ()


@dataclass(frozen=True)
class Absent:
    """DocBits says that the value is not set."""


ABSENT = Absent()
NOT_LISTED = Withheld("not listed")
# The reason of a file for which DocBits answers 404, which may mean that it has none.
NOT_FOUND = "not found"


def is_masked(text: str) -> bool:
    """Whether a text is a placeholder for a secret, as a whole or in part."""
    return _MASK.search(text.strip()) is not None


def is_restorable(value) -> bool:
    """Whether a value that was current before a run can be sent back."""
    return isinstance(value, Known) and value.exact
