# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""DocBits' stored records in the fields of the collection, translated independently so that a mistake in the collection shows."""

from __future__ import annotations

import hashlib

from ansible_collections.docbits.ion.plugins.module_utils._exports.diff import normal_form
from ansible_collections.docbits.ion.plugins.module_utils._model.export import Export

KIND_OF_METHOD = {
    "webhook": ("webhook", None),
    "sftp": ("sftp", None),
    "infor-idm-cloud": ("infor_idm", "cloud"),
    "infor-idm-onpremise": ("infor_idm", "on_premises"),
    "infor-bod-cloud": ("infor_ion_bod", "cloud"),
    "infor-bod-onpremise": ("infor_ion_bod", "on_premises"),
    "infor-ion-cloud": ("infor_idm_ion_bod", "cloud"),
    "infor-ion-onpremise": ("infor_idm_ion_bod", "on_premises"),
}
OUR_FIELD = {
    "id": "id",
    "title": "title",
    "doc_type": "document_type",
    "sub_org_id": "sub_organisation",
    "is_active": "active",
    "export_url": "url",
    "zugferd": "zugferd",
    "execution_order": "execution_order",
    "server_url": "server_url",
    "username": "username",
    "password": "password",
    "folder": "folder",
}
OUR_FILE = {"ion_api": "ionapi"}
# A diff shows these with a mark in place of the secret.
SECRETIVE = ("ionapi", "password", "server_url", "url")


def in_our_fields(record: dict) -> dict:
    """A stored record in the fields of the collection, each file as its text."""
    kind, deployment = KIND_OF_METHOD[record["export_method"]]
    fields = {ours: record[theirs] for theirs, ours in OUR_FIELD.items() if record.get(theirs) is not None}
    fields |= {"id": str(record["id"]), "kind": kind, "deployment": deployment}
    return fields | {OUR_FILE.get(slot, slot): text for slot, text in record["files"].items() if text is not None}


def as_in_diff(fields: dict, shown: dict) -> dict:
    """A record in our fields, written as a diff writes it: files as in `shown`, the diff's entry; an absent value as an empty string."""
    result = {field: "" for field, value in shown.items() if value == ""} | fields
    for field, text in fields.items():
        if field in SECRETIVE and shown.get(field) != text:
            result[field] = normal_form(Export(None).with_values({field: text}))[field]
        elif isinstance(shown.get(field), list):
            result[field] = text.rstrip().splitlines()
        elif isinstance(shown.get(field), dict) or str(shown.get(field)).startswith("sha256 "):
            # The meaning of a mapping and the number of its settings are computed from the same text; the digest is what can be checked here.
            digest = "sha256 " + hashlib.sha256(text.replace("\r\n", "\n").rstrip().encode()).hexdigest()[:12]
            is_meaning = isinstance(shown[field], dict)
            result[field] = {**shown[field], "text": digest} if is_meaning else digest + shown[field][len(digest) :]
    return result
