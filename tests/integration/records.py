# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""DocBits' stored records in the words of the collection, translated here anew so that a mistake in the collection shows."""

from __future__ import annotations

import hashlib

from ansible_collections.docbits.ion.plugins.module_utils._exports.normal_form import normal_form
from ansible_collections.docbits.ion.plugins.module_utils._model.export import Export

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
    """A stored record in the words of the collection, each file as its text."""
    kind, deployment = KIND_OF_METHOD[record["export_method"]]
    words = {word: record[field] for field, word in WORD_OF_FIELD.items() if record.get(field) is not None}
    words |= {"id": str(record["id"]), "kind": kind, "deployment": deployment}
    return words | {WORD_OF_FILE.get(slot, slot): text for slot, text in record["files"].items() if text is not None}


def as_said(words: dict, said: dict) -> dict:
    """A record in our words, in the form of what a diff says about it: files as the diff shows them, no value as an empty string."""
    shown = {word: "" for word, value in said.items() if value == ""} | words
    for word, text in words.items():
        if word == "ionapi" and said.get(word) != text:
            shown[word] = normal_form(Export(None, {}, {word: text}))[word]
        elif isinstance(said.get(word), list):
            shown[word] = text.rstrip().splitlines()
        elif isinstance(said.get(word), dict):
            digest = hashlib.sha256(text.replace("\r\n", "\n").rstrip().encode()).hexdigest()[:12]
            # What a mapping says is read out of the same text; the digest is what can be checked here.
            shown[word] = {**said[word], "text": f"sha256 {digest}"}
    return shown
