# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""DocBits' stored records in the words of the collection, translated here anew so that a mistake in the collection shows."""

from __future__ import annotations

from ansible_collections.docbits.ion.plugins.module_utils._model import FINGERPRINT_SALT, canonical_json
from ansible_collections.docbits.ion.plugins.module_utils._secrets import fingerprint

KIND_OF_METHOD = {
    "webhook": ("webhook", None),
    "infor-idm-cloud": ("infor_idm", "cloud"),
    "infor-idm-onpremise": ("infor_idm", "on_premises"),
    "infor-bod-cloud": ("infor_ion_bod", "cloud"),
    "infor-bod-onpremise": ("infor_ion_bod", "on_premises"),
    "infor-ion-cloud": ("infor_idm_ion_bod", "cloud"),
    "infor-ion-onpremise": ("infor_idm_ion_bod", "on_premises"),
}
WORD_OF_FIELD = {
    "id": "id",
    "title": "title",
    "doc_type": "document_type",
    "sub_org_id": "sub_organisation",
    "is_active": "active",
    "export_url": "url",
    "zugferd": "zugferd",
    "execution_order": "execution_order",
}
WORD_OF_FILE = {"ion_api": "ionapi"}


def in_our_words(record: dict) -> dict:
    """A stored record as a diff shows an export."""
    kind, deployment = KIND_OF_METHOD[record["export_method"]]
    words = {word: record[field] for field, word in WORD_OF_FIELD.items() if record.get(field) is not None}
    words |= {"id": str(record["id"]), "kind": kind, "deployment": deployment}
    for slot, text in record["files"].items():
        if text is not None:
            words[WORD_OF_FILE.get(slot, slot)] = shown_file(slot, text)
    return words


def shown_file(slot: str, text: str):
    """The text of a file as a diff shows it."""
    if slot == "ion_api":
        return f"<secret> fingerprint {fingerprint(canonical_json(text), FINGERPRINT_SALT)}"
    return text.rstrip().splitlines()
