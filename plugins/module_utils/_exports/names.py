# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The keys of document types and the ids of sub-organisations that declared names mean. Private to the collection."""

from __future__ import annotations

import re
from dataclasses import replace

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import InvalidInput, failure
from ansible_collections.docbits.ion.plugins.module_utils._exports.declared import PRESENT
from ansible_collections.docbits.ion.plugins.module_utils._exports.files import check_document_type
from ansible_collections.docbits.ion.plugins.module_utils._model.export import normal_value

# A document type in this form is taken for a key.
_KEY = re.compile(r"[A-Z0-9_]+")


def with_known_names(declared, current, client) -> tuple:
    """The declared and the current exports, with the keys of their document types and the ids of their sub-organisations.

    A key that a current export refers to exists; only for other values the lists are read.
    """
    listed = {export.get("document_type") for export in current}
    sub_organisations = {export.get("sub_organisation") for export in current}
    types = {export.get("document_type") for export in declared} - {None, ""}
    # A list may show titles, and an update has to send the key.
    if not types <= listed or any(not _KEY.fullmatch(type_) for type_ in (*types, *filter(None, listed))):
        known = client.document_types()
        declared = [
            _with_name(export, "document_type", "document type", known, "key", "title", "DB12", "docbits.ion.document_type_info") for export in declared
        ]
        for export in declared:
            if export.state == PRESENT:
                check_document_type(export)
        current = client.with_known_types(current)
    if any(export.get("sub_organisation") and export.get("sub_organisation") not in sub_organisations for export in declared):
        known = client.sub_organisations()
        declared = [
            _with_name(export, "sub_organisation", "sub-organisation", known, "id", "name", "DB13", "docbits.ion.sub_organisation_info") for export in declared
        ]
    return declared, current


def _with_name(export, field_name, what, known, id_key, name_key, finding_id, module):
    value = export.get(field_name)
    if not value:
        return export
    exact = [item[id_key] for item in known if normal_value(field_name, item[id_key]) == normal_value(field_name, value)]
    by_name = [item[id_key] for item in known if str(item[name_key] or "").strip().casefold() == value.strip().casefold()]
    found = exact or by_name
    if not found and export.state != PRESENT:
        # Nothing can exist under an unknown name: it is absent, and there is nothing to ignore.
        return export
    if len(found) != 1:
        names = ", ".join(str(item[id_key] if id_key == "key" else item[name_key]) for item in known[:12]) or "none"
        message = f"{len(found)} of them are called {value}" if found else f"DocBits has no {what} {value}; it has {names}"
        raise failure(InvalidInput, finding_id, f"{export.label}: {field_name}", message, f"correct it, or list them with {module}")
    return replace(export, fields={**export.fields, field_name: found[0]})
