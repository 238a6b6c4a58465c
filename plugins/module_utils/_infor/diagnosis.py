# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Findings from the rows of the diagnosis. Private to the collection."""

from __future__ import annotations

from collections import defaultdict

from ansible_collections.docbits.ion.plugins.module_utils._core.findings import Finding
from ansible_collections.docbits.ion.plugins.module_utils._infor.diagnosis_rows import ROWS

# Raised by the HTTP client: proxy, silence, deadline, and a response that is too large.
_UNDETERMINED_BY_HTTP = {"N05", "N06", "N07", "N08"}

_HINTS = {"pu": "pu ends with /as/ in the cloud and with /InforIntSTS/ on premises", "iu": "iu is the host of the gateway alone, -ionapi in the cloud"}


def finding(id_: str, label: str, *, level: str | None = None, **names) -> Finding:
    """The finding of row `id_` about the ION API file `label`. The names fill the braces of the row; a missing one is empty."""
    row = ROWS[id_]
    names = defaultdict(str, names)
    names["hint"] = _HINTS.get(names["key"] or "pu", "")
    texts = (text.format_map(names) for text in (row.key, row.message, row.action))
    key, message, action = texts
    return Finding(id_, level or row.level, f"{label}: {key}", message, action)


def is_undetermined(found: Finding) -> bool:
    """Whether the finding says nothing about the file, the account or its roles."""
    return found.id in _UNDETERMINED_BY_HTTP or (found.id in ROWS and ROWS[found.id].undetermined)
