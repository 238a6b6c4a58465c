# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the stored state has what a history declares."""

from __future__ import annotations

from .model import DOCUMENT_TYPES, SUB_ORGANISATIONS

KEYS = {
    "title": "title",
    "document_type": "doc_type",
    "sub_organisation": "sub_org_id",
    "execution_order": "execution_order",
    "url": "export_url",
    "server_url": "server_url",
    "port": "port",
    "username": "username",
    "password": "password",
    "folder": "folder",
    "filename_mode": "filename_export_mode",
    "zugferd": "zugferd",
}
METHODS = {"infor_idm": "infor-idm-cloud", "infor_ion_bod": "infor-bod-cloud", "webhook": "webhook", "sftp": "sftp"}


def identity(fields) -> tuple:
    type_ = fields.get("document_type", "").upper().replace(" ", "_")
    place = {name: id_ for id_, name in SUB_ORGANISATIONS.items()}.get(fields.get("sub_organisation"), fields.get("sub_organisation"))
    return METHODS[fields["kind"]], fields["title"].strip(), type_ if type_ in DOCUMENT_TYPES else fields.get("document_type"), place or None


def identity_of_row(row) -> tuple:
    return row.method, (row.values.get("title") or "").strip(), row.values.get("doc_type"), row.values.get("sub_org_id")


def matching(story, fields) -> list:
    # An export that DocBits does not list cannot be known.
    visible = story.model.visible_state()
    return [row for row in story.model.rows.values() if identity_of_row(row) == identity(fields) and row.id in visible]


def unfulfilled(story) -> list:
    """What of the declaration the stored state does not have."""
    found = []
    kept_by_id = {id_ for _fields, _files, id_, state in story.history.declared if id_ and state == "present"}
    for fields, files, id_, state in story.history.declared:
        rows = [row for row in [story.model.rows.get(id_)] if row] if id_ else matching(story, fields)
        if state == "absent":
            if [row for row in rows if row.id not in kept_by_id]:
                found.append(f"{fields['title']} exists")
            continue
        if len(rows) != 1:
            found.append(f"{len(rows)} exports are {id_ or identity(fields)}")
            continue
        [row] = rows
        for name, value in fields.items():
            if name == "active" and row.active != value:
                found.append(f"active of {row.id} is {row.active}")
            elif name in KEYS and name not in ("document_type", "sub_organisation", "title") and (row.values.get(KEYS[name]) or "") != value:
                found.append(f"{name} of {row.id} is {row.values.get(KEYS[name])!r} and not {value!r}")
        for name, text in files.items():
            if row.files.get("ion_api" if name == "ionapi" else name) != text:
                found.append(f"the file {name} of {row.id} is {str(row.files.get('ion_api' if name == 'ionapi' else name))[:60]!r}")
    return found
