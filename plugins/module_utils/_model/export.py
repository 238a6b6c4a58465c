# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The export model: kinds, fields and files, declared and current exports, and when two values are equal. Private to the collection."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from ansible_collections.docbits.ion.plugins.module_utils._core.text import canonical_json, has_only_comments_of_java, normal_text, properties_entries
from ansible_collections.docbits.ion.plugins.module_utils._model.values import NOT_FOUND, NOT_LISTED, Absent, Known, Withheld

CLOUD = "cloud"
ON_PREMISES = "on_premises"

# Active exports of one document type and sub-organisation exclude each other only within their family.
INFOR = "infor"
OTHER = "other"


@dataclass(frozen=True)
class Kind:
    """What one kind of export consists of.

    family:   "infor" or "other"
    required: fields and files without which an export cannot be created
    optional: further fields and files
    """

    name: str
    family: str
    required: tuple
    optional: tuple = ()

    @property
    def parts(self) -> tuple:
        """Every field and file of this kind besides the fields that all kinds have."""
        return self.required + self.optional


@dataclass(frozen=True)
class FileType:
    """A file of an export. The name is also the stem of the options `<name>_src` and `<name>_content`."""

    name: str
    filename: str
    secret: bool = False


FILES = {
    file.name: file
    for file in (
        FileType("ionapi", "docbits.ionapi", secret=True),
        FileType("idm_mapping", "idm_mapping.properties"),
        FileType("bod_mapping", "bod_mapping.properties"),
        FileType("m3_mapping", "m3_mapping.properties"),
        FileType("m3_toml_mapping", "m3_mapping.toml"),
        FileType("ln_mapping", "ln_mapping.properties"),
        FileType("xslt", "transformation.xslt"),
        FileType("jpl_mapping", "jpl_mapping.properties"),
        FileType("flow2_mapping", "flow2_mapping.properties"),
    )
}

# The name of the mapping layer for each mapping file.
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
        Kind("flow2", OTHER, ("flow2_url", "flow2_document_type_id", "flow2_cabinet_id", "username", "password"), ("flow2_mapping",)),
        Kind("zugferd", OTHER, ("file_access", "zugferd_format"), ("email",)),
        Kind("peppol", OTHER, ("file_access",), ("email",)),
    )
}

# Fields of every kind, in the order in which a person reads them.
COMMON_FIELDS = ("title", "kind", "document_type", "sub_organisation", "active", "execution_order")
KIND_FIELDS = (
    "deployment",
    "zugferd",
    "url",
    "server_url",
    "port",
    "username",
    "password",
    "folder",
    "filename_mode",
    "document_history",
    "flow2_url",
    "flow2_document_type_id",
    "flow2_cabinet_id",
    "file_access",
    "zugferd_format",
    "email",
)
FIELDS = COMMON_FIELDS + KIND_FIELDS
SECRET_FIELDS = ("password",)
# The query of a URL is often a token, and the text before an @ a password.
ADDRESSES = ("url", "server_url", "flow2_url")
# The fields that identify exports that are declared without an id.
IDENTITY = ("sub_organisation", "document_type", "kind", "title")

# Results of a comparison: UNCLEAR where the current value is not known well enough.
SAME = "same"
DIFFERENT = "different"
UNCLEAR = "unclear"


class _Identified:
    """What a declared and a current export have in common."""

    def get(self, name, default=None):
        raise NotImplementedError

    @property
    def kind(self):
        """The definition of the kind, or None for a kind that this collection does not manage."""
        return KINDS.get(self.get("kind"))

    @property
    def identity(self) -> tuple:
        """The values of IDENTITY, in normal form."""
        return tuple(normal_value(name, self.get(name) or "") for name in IDENTITY)


@dataclass(frozen=True)
class Declared(_Identified):
    """An export as the user declares it.

    id:      DocBits' id, or None
    fields:  value by the names in FIELDS; a missing name means unchanged, an empty string means cleared
    files:   text by the names in FILES; a missing name means unchanged
    sources: where the files came from, by name, for messages
    label:   what messages call the export
    state:   "present", "absent" or "ignore"
    """

    id: str | None
    fields: dict
    files: dict = field(default_factory=dict, repr=False)
    sources: dict = field(default_factory=dict)
    label: str = ""
    state: str = "present"

    def get(self, name, default=None):
        """The declared value of a field, or the default if it is not declared."""
        return self.fields.get(name, default)

    @property
    def values(self) -> dict:
        """Every declared field and file by name."""
        return {**self.fields, **self.files}


@dataclass(frozen=True)
class Export(_Identified):
    """An export as DocBits has it, or as it will be after a step.

    id:     DocBits' id, an opaque string; None before it is created
    values: Known, Withheld or Absent by the names in FIELDS and FILES; a missing name is not listed
    label:  what messages call the export
    """

    id: str | None
    values: dict = field(default_factory=dict, repr=False)
    label: str = ""

    def value(self, name):
        """The state of a value: Known, Withheld or Absent."""
        return self.values.get(name, NOT_LISTED)

    def get(self, name, default=None):
        """The value of a known field or the text of a known file, otherwise the default."""
        value = self.values.get(name)
        return value.value if isinstance(value, Known) else default

    def with_values(self, values: dict) -> Export:
        """The same export with these values known."""
        return replace(self, values={**self.values, **{name: Known(value) for name, value in values.items()}})

    @property
    def active(self) -> bool:
        """Whether DocBits runs it, as far as known."""
        return bool(self.get("active"))

    @property
    def exclusive_key(self) -> tuple:
        """Exports with the same key may exclude each other from being active: sub-organisation, document type, family."""
        kind = self.kind
        family = kind.family if kind else (INFOR if str(self.get("kind", "")).startswith(INFOR) else OTHER)
        return (*self.identity[:2], family)


def is_secret(name: str) -> bool:
    """Whether a field or a file is secret as a whole."""
    return name in SECRET_FIELDS or (name in FILES and FILES[name].secret)


def is_empty(value) -> bool:
    """Whether a current value is absent, or known to be an empty text, a flag that is off, or zero."""
    return isinstance(value, Absent) or isinstance(value, Known) and not value.value


def is_lost(name: str, before, current) -> bool:
    """Whether a value that was there before an update is missing after it.

    A file is missing if DocBits says so, or no longer shows it, or begins to answer that it is not found.
    """
    if isinstance(current, Absent):
        return True
    if name in FILES:
        return isinstance(current, Withheld) and (isinstance(before, Known) or (current.reason == NOT_FOUND and before != current))
    return current == NOT_LISTED or is_empty(current)


def normal_value(name: str, value):
    """The form of a field in which two values are equal: DocBits may trim texts and change the case of a document type."""
    if isinstance(value, str):
        value = value.strip()
        return value.casefold() if name == "document_type" else value
    return value


def compare(name: str, declared, current) -> str:
    """Whether a current value (Known, Withheld or Absent) is the declared one: SAME, DIFFERENT or UNCLEAR.

    An empty text, a flag that is off, and an absent value are the same.
    """
    if isinstance(current, Absent):
        # Zero equals False in Python, and is a value.
        return SAME if declared == "" or declared is False else DIFFERENT
    if not isinstance(current, Known):
        return UNCLEAR
    if name in FILES:
        return _compare_files(FILES[name], current.value, declared)
    return SAME if normal_value(name, current.value) == normal_value(name, declared) else DIFFERENT


def _compare_files(file: FileType, current: str, declared: str) -> str:
    if file.secret:
        return SAME if canonical_json(current) == canonical_json(declared) else DIFFERENT
    one, other = normal_text(current), normal_text(declared)
    if one == other:
        return SAME
    if file.filename.endswith(".properties") and has_only_comments_of_java(one) and properties_entries(one) == properties_entries(other):
        return SAME
    if [line.rstrip() for line in one.split("\n")] == [line.rstrip() for line in other.split("\n")]:
        # Blanks at line ends carry meaning in mappings, and DocBits may have cut them off.
        return UNCLEAR
    return DIFFERENT
