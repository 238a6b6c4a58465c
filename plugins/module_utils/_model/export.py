# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an export is: its kinds, fields and file slots, its normal form, and when two are equal. Private to the collection."""

from __future__ import annotations

from dataclasses import dataclass, field

from ansible_collections.docbits.ion.plugins.module_utils._core.text import canonical_json, normal_text

CLOUD = "cloud"
ON_PREMISES = "on_premises"

# Exports of one document type and sub-organisation exclude each other only within their family.
INFOR = "infor"
OTHER = "other"

# Stands for a value that DocBits has, does not give back, and that is to be replaced; equal to nothing.
UNREADABLE = "<unreadable>"


@dataclass(frozen=True)
class Kind:
    """What one kind of export carries.

    family:   C(infor) or C(other)
    required: fields and slots without which it cannot be made
    optional: further fields and slots that it may carry
    """

    name: str
    family: str
    required: tuple
    optional: tuple = ()

    @property
    def carries(self) -> tuple:
        """Every field and slot of this kind besides those that all kinds have."""
        return self.required + self.optional


@dataclass(frozen=True)
class Slot:
    """A file that an export carries. C(name) is also the stem of the options C(<name>_src) and C(<name>_content)."""

    name: str
    filename: str
    secret: bool = False


SLOTS = {
    slot.name: slot
    for slot in (
        Slot("ionapi", "docbits.ionapi", secret=True),
        Slot("idm_mapping", "idm_mapping.properties"),
        Slot("bod_mapping", "bod_mapping.properties"),
        Slot("m3_mapping", "m3_mapping.properties"),
        Slot("m3_toml_mapping", "m3_mapping.toml"),
        Slot("ln_mapping", "ln_mapping.properties"),
        Slot("xslt", "transformation.xslt"),
        Slot("jpl_mapping", "jpl_mapping.properties"),
    )
}

# The mapping layer's word for what stands in a slot.
MAPPING_KINDS = {"idm_mapping": "idm", "bod_mapping": "bod", "m3_mapping": "m3", "m3_toml_mapping": "m3_toml", "ln_mapping": "ln"}

_SERVER = ("server_url", "username", "password", "folder")

KINDS = {
    kind.name: kind
    for kind in (
        Kind("infor_idm", INFOR, ("ionapi", "idm_mapping"), ("deployment", "zugferd")),
        Kind("infor_ion_bod", INFOR, ("ionapi", "bod_mapping"), ("deployment", "zugferd")),
        Kind("infor_idm_ion_bod", INFOR, ("ionapi", "idm_mapping", "bod_mapping"), ("deployment", "zugferd")),
        Kind("infor_idm_m3", INFOR, ("ionapi", "idm_mapping", "m3_mapping")),
        Kind("infor_idm_m3_toml", INFOR, ("ionapi", "idm_mapping", "m3_toml_mapping")),
        Kind("infor_idm_ln", INFOR, ("ionapi", "idm_mapping", "ln_mapping")),
        Kind("infor_sftp", INFOR, ("idm_mapping", "bod_mapping", "folder")),
        Kind("sftp", OTHER, _SERVER, ("port", "xslt", "filename_mode", "document_history")),
        Kind("smb", OTHER, _SERVER, ("port", "jpl_mapping")),
        Kind("webhook", OTHER, ("url",)),
    )
}

# Fields of every kind, in the order in which a person reads them.
COMMON_FIELDS = ("title", "kind", "document_type", "sub_organisation", "active", "execution_order")
KIND_FIELDS = ("deployment", "zugferd", "url", "server_url", "port", "username", "password", "folder", "filename_mode", "document_history")
FIELDS = COMMON_FIELDS + KIND_FIELDS
SECRET_FIELDS = ("password",)
# What comes after the question mark of an address is often a token, and what stands before an @ a password.
ADDRESSES = ("url", "server_url")


@dataclass(frozen=True)
class Export:
    """An export, as declared by a user or as read from DocBits.

    id:      DocBits' own, an opaque string; C(None) while it does not exist
    fields:  values by the names in C(FIELDS); a missing name means untouched (declared) or not told (read);
             an empty string means the main organisation or no value
    files:   text by slot name; a missing name as above
    sources: where the files came from, by slot name, for messages
    label:   how messages call it
    state:   C(present) or C(absent), only of a declared export
    """

    id: str | None
    fields: dict
    files: dict = field(default_factory=dict, repr=False)
    sources: dict = field(default_factory=dict)
    label: str = ""
    state: str = "present"

    def get(self, name, default=None):
        """The value of a field, or O(default) where it is not known."""
        return self.fields.get(name, default)

    def known(self, word):
        """The value of a field or the text of a slot, C(None) where it is not known."""
        return self.files.get(word) if word in SLOTS else self.fields.get(word)

    @property
    def kind(self):
        """The kind's definition, or C(None) for an export of a kind that this collection does not manage."""
        return KINDS.get(self.get("kind"))

    @property
    def active(self) -> bool:
        """Whether DocBits runs it."""
        return bool(self.get("active"))

    @property
    def place(self) -> tuple:
        """Where exports compete for being the active one: sub-organisation, document type, family."""
        kind = self.kind
        family = kind.family if kind else (INFOR if str(self.get("kind", "")).startswith(INFOR) else OTHER)
        return (self.get("sub_organisation") or "", self.get("document_type") or "", family)


def is_secret(word: str) -> bool:
    """Whether a field or a slot holds a secret as a whole."""
    return word in SECRET_FIELDS or (word in SLOTS and SLOTS[word].secret)


def same_file(slot: Slot, one: str, other: str) -> bool:
    """Whether two texts of a slot mean the same: an ION API file by its JSON values, all others by their text."""
    if slot.name == "ionapi":
        return canonical_json(one) == canonical_json(other)
    return normal_text(one) == normal_text(other)
