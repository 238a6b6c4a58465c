# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Exports as diffs show them: words of the design, secrets as markers, mappings by meaning or by line. Pure. Private to the collection."""

from __future__ import annotations

import hashlib
import re

from ansible_collections.docbits.ion.plugins.module_utils._core.redaction import MARKER, fingerprint
from ansible_collections.docbits.ion.plugins.module_utils._core.text import canonical_json, normal_text
from ansible_collections.docbits.ion.plugins.module_utils._mapping.normalize import normalize
from ansible_collections.docbits.ion.plugins.module_utils._model.export import ADDRESSES, FIELDS, MAPPING_KINDS, SECRET_FIELDS, SLOTS, UNREADABLE

MEANING = "meaning"
TEXT = "text"
MAPPING_FORMS = (MEANING, TEXT)

_USER = re.compile(r"(?<=//)[^/]*(?=@)")

FINGERPRINT_SALT = "docbits.ion export"


def diff_of(plan, mappings: str = MEANING) -> dict:
    """The state before and after a plan, as Ansible takes a diff."""
    return {"before": _shown(plan.before, mappings), "after": _shown(plan.after, mappings)}


def normal_form(export, mappings: str = MEANING) -> dict:
    """One export as diffs show it.

    An ION API file is a marker with a fingerprint, a password a marker. A mapping is what it says and a digest of its text
    (O(mappings=meaning)), or the list of its lines (O(mappings=text)).
    """
    shown = {"id": export.id} if export.id is not None else {}
    for name in FIELDS:
        if name in export.fields:
            value = export.fields[name]
            shown[name] = _shown_field(name, value)
    for name, slot in SLOTS.items():
        if export.files.get(name) is not None:
            shown[name] = _shown_file(slot, export.files[name], mappings)
    return shown


def _shown_field(name, value):
    if name in SECRET_FIELDS and value not in ("", UNREADABLE):
        return MARKER
    return _shown_address(value) if name in ADDRESSES and isinstance(value, str) else value


def _shown_address(address) -> str:
    place, mark, query = address.partition("?")
    user = _USER.search(place)
    shown = f"{place[: user.start()]}{MARKER}{place[user.end() :]}" if user else place
    hidden = (user.group() if user else "") + query
    return f"{shown}{mark}{MARKER if mark else ''} fingerprint {fingerprint(hidden, FINGERPRINT_SALT)}" if hidden else address


def _shown_file(slot, text, mappings):
    if text == UNREADABLE:
        return UNREADABLE
    if slot.secret:
        return f"{MARKER} fingerprint {fingerprint(canonical_json(text), FINGERPRINT_SALT)}"
    said = normalize(MAPPING_KINDS[slot.name], text) if mappings == MEANING and slot.name in MAPPING_KINDS else None
    if said is None:
        return normal_text(text).split("\n")
    # The digest shows that comments or the order of lines differ where the meaning does not.
    return {"text": f"sha256 {hashlib.sha256(normal_text(text).encode('utf-8', 'surrogateescape')).hexdigest()[:12]}", **said}


def _shown(exports, mappings) -> dict:
    return {"exports": [normal_form(export, mappings) for export in sorted(exports, key=_reading_order)]}


def _reading_order(export) -> tuple:
    return tuple(str(export.get(word) or "") for word in ("sub_organisation", "document_type", "kind", "title")) + (export.id or "",)
