# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Exports as diffs show them: secrets as markers, mappings by meaning or by line. Pure. Private to the collection."""

from __future__ import annotations

import hashlib
import re

from ansible_collections.docbits.ion.plugins.module_utils._core.redaction import MARKER, fingerprint
from ansible_collections.docbits.ion.plugins.module_utils._core.text import canonical_json, normal_text
from ansible_collections.docbits.ion.plugins.module_utils._mapping.normalize import normalize
from ansible_collections.docbits.ion.plugins.module_utils._model.choices import MEANING, TEXT
from ansible_collections.docbits.ion.plugins.module_utils._model.export import ADDRESSES, FIELDS, FILES, MAPPING_KINDS, SECRET_FIELDS
from ansible_collections.docbits.ion.plugins.module_utils._model.values import Known, Withheld

_USER = re.compile(r"(?<=//)[^/]*(?=@)")

FINGERPRINT_SALT = "docbits.ion export"
WITHHELD = "<withheld>"
# How a mapping is shown, besides MEANING and the lines of its text: one line, for an export that is new or removed as a whole.
SUMMARY = "summary"


def diff_of(plan, mappings: str = MEANING) -> dict:
    """The state before and after a plan, in the form that Ansible takes as a diff. With MEANING, only kept exports show their mappings as a whole."""
    kept = {export.id for export in plan.before} & {export.id for export in plan.after}
    return {"before": _shown(plan.before, kept, mappings), "after": _shown(plan.after, kept, mappings)}


def normal_form(export, mappings: str = MEANING) -> dict:
    """One export as diffs show it. Absent values are left out; a withheld one is a marker.

    An ION API file is a marker with a fingerprint, a password a marker. A mapping is its meaning and a digest of its text
    (mappings "meaning"), the number of its settings and the digest ("summary"), or the list of its lines ("text").
    """
    shown = {"id": export.id} if export.id is not None else {}
    for name in (*FIELDS, *FILES):
        value = export.values.get(name)
        if isinstance(value, Known):
            shown[name] = _shown_file(FILES[name], value.value, mappings) if name in FILES else _shown_field(name, value.value)
        elif isinstance(value, Withheld) and name != "active":
            shown[name] = WITHHELD
    return shown


def _shown_field(name, value):
    if name in SECRET_FIELDS and value != "":
        return MARKER
    return shown_address(value) if name in ADDRESSES and isinstance(value, str) else value


def shown_address(address: str) -> str:
    """A URL with markers for what may be a secret, and a fingerprint of that."""
    base, mark, query = address.partition("?")
    user = _USER.search(base)
    shown = f"{base[: user.start()]}{MARKER}{base[user.end() :]}" if user else base
    hidden = (user.group() if user else "") + query
    return f"{shown}{mark}{MARKER if mark else ''} fingerprint {fingerprint(hidden, FINGERPRINT_SALT)}" if hidden else address


def _shown_file(file, text, mappings):
    if file.secret:
        return f"{MARKER} fingerprint {fingerprint(canonical_json(text), FINGERPRINT_SALT)}"
    lines = normal_text(text).split("\n")
    parsed = normalize(MAPPING_KINDS[file.name], text) if mappings != TEXT and file.name in MAPPING_KINDS else None
    # The digest shows that comments or the order of lines differ while the meaning does not.
    digest = f"sha256 {hashlib.sha256(normal_text(text).encode('utf-8', 'surrogateescape')).hexdigest()[:12]}"
    if mappings == SUMMARY:
        return f"{digest}, {len(lines)} lines" if parsed is None else f"{digest}, {len(parsed)} settings"
    return lines if parsed is None else {"text": digest, **parsed}


def _shown(exports, kept, mappings) -> dict:
    brief = SUMMARY if mappings == MEANING else mappings
    return {"exports": [normal_form(export, mappings if export.id in kept else brief) for export in sorted(exports, key=_reading_order)]}


def _reading_order(export) -> tuple:
    return tuple(str(export.get(name) or "") for name in ("sub_organisation", "document_type", "kind", "title")) + (export.id or "",)
