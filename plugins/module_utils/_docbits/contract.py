# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The wire names of DocBits in one table, and binding them to a live or bundled contract. Pure. Private to the collection."""

from __future__ import annotations

from dataclasses import dataclass, field

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import ContractMismatch
from ansible_collections.docbits.ion.plugins.module_utils._core.findings import ERROR, Finding
from ansible_collections.docbits.ion.plugins.module_utils._docbits.schema import BOOLEAN, FILE, INTEGER, TEXT, ApiSchema, OperationSchema, as_prefix
from ansible_collections.docbits.ion.plugins.module_utils._model.export import CLOUD, KINDS, ON_PREMISES


@dataclass(frozen=True)
class Wire:
    """How one of our words is called on the wire.

    names:      the published or most likely name first, then further names that are only taken where the live contract has them
    types:      the wire types that can carry it
    confidence: C(spec22) published, C(client) seen in the vendor's code, C(doc26) documented, C(inferred) a guess
    """

    names: tuple
    types: tuple
    confidence: str


@dataclass(frozen=True)
class Operation:
    """One thing to ask of DocBits: its paths (the published one first), and its fields in our words.

    implied: our word to the value that goes along where the contract demands the field, though the kind has no such choice
    """

    method: str
    paths: tuple
    fields: dict
    writes: bool
    confidence: str
    implied: dict = field(default_factory=dict)


_ID = Wire(("config_id", "configuration_id", "export_config_id", "id"), (INTEGER, TEXT), "spec22")
_CONFIGURE = {
    "id": _ID,
    "title": Wire(("title", "name"), (TEXT,), "spec22"),
    "document_type": Wire(("doc_type", "document_type", "doc_type_key", "document_type_key"), (TEXT,), "spec22"),
    "sub_organisation": Wire(("sub_org_id", "sub_organisation_id", "sub_organization_id", "suborg_id"), (TEXT,), "inferred"),
    "execution_order": Wire(("execution_order", "exec_order", "export_order", "order"), (INTEGER, TEXT), "inferred"),
}
_INFOR = {
    **_CONFIGURE,
    "deployment": Wire(("on_permise", "on_premise", "on_premises", "is_on_premise", "on_prem", "onprem"), (BOOLEAN,), "spec22"),
    "zugferd": Wire(("zugferd", "is_zugferd", "zugferd_pdf"), (BOOLEAN,), "spec22"),
    "ionapi": Wire(("ion_api", "ion_mapping", "ionapi", "ionapi_file", "ion_api_file"), (FILE,), "spec22"),
}
_IDM = {"idm_mapping": Wire(("idm_mapping", "idm_mapping_file"), (FILE,), "spec22")}
_BOD = {"bod_mapping": Wire(("bod_mapping", "bod_mapping_file"), (FILE,), "spec22")}
_FOLDER = Wire(("folder", "default_directory", "directory", "folder_path"), (TEXT,), "inferred")
_SERVER = {
    **_CONFIGURE,
    "server_url": Wire(("server_url", "server", "host", "hostname"), (TEXT,), "inferred"),
    "port": Wire(("port", "server_port"), (INTEGER, TEXT), "inferred"),
    "username": Wire(("username", "user_name", "user"), (TEXT,), "inferred"),
    "password": Wire(("password", "user_password"), (TEXT,), "inferred"),
    "folder": _FOLDER,
}


# The dialogs of M3 and LN offer neither choice (ui), but the one operation that all Infor kinds share demands both fields (spec22).
_NO_CHOICE = {"deployment": CLOUD, "zugferd": False}


def _configure(stems, fields, confidence, implied=None):
    return Operation("POST", tuple(f"/configurations/configure_{stem}_export" for stem in stems), fields, True, confidence, implied or {})


OPERATIONS = {
    "list": Operation("POST", ("/configurations/get_configurations",), {}, False, "spec22"),
    "download": Operation("GET", ("/configurations/download/{id}",), {"slot": Wire(("type", "file_type"), (TEXT,), "spec22")}, False, "spec22"),
    "validate": Operation("POST", ("/configurations/validate_export_configuration",), {"document_type": _CONFIGURE["document_type"]}, False, "spec22"),
    "test_connection": Operation("POST", ("/configurations/test_infor_connection",), {"id": _ID}, False, "inferred"),
    "remove": Operation("POST", ("/configurations/remove_configuration",), {"id": Wire(("id",) + _ID.names[:3], (INTEGER, TEXT), "spec22")}, True, "spec22"),
    "set_active": Operation(
        "POST",
        ("/configurations/update_configuration_visibility",),
        {
            "id": Wire(("id",) + _ID.names[:3], (INTEGER, TEXT), "spec22"),
            "active": Wire(("is_active", "active", "enabled"), (TEXT, BOOLEAN), "spec22"),
        },
        True,
        "spec22",
    ),
    "document_types": Operation("GET", ("/document_type/get_document_types",), {}, False, "doc26"),
    "sub_organisations": Operation("GET", ("/sub_organisations/get_sub_organisations",), {}, False, "spec22"),
    "webhook": _configure(("webhook",), {**_CONFIGURE, "url": Wire(("export_url", "webhook_url", "url"), (TEXT,), "spec22")}, "spec22"),
    "infor_idm": _configure(("idm",), {**_INFOR, **_IDM}, "spec22"),
    "infor_ion_bod": _configure(("bod",), {**_INFOR, **_BOD}, "spec22"),
    "infor_idm_ion_bod": _configure(("ion",), {**_INFOR, **_IDM, **_BOD}, "spec22"),
    "infor_idm_m3": _configure(
        ("infor", "m3"), {**_INFOR, **_IDM, "m3_mapping": Wire(("m3_mapping", "m3_mapping_file"), (FILE,), "inferred")}, "inferred", _NO_CHOICE
    ),
    "infor_idm_m3_toml": _configure(
        ("infor", "m3_toml"),
        {**_INFOR, **_IDM, "m3_toml_mapping": Wire(("m3_toml_mapping", "m3_toml", "toml_mapping"), (FILE,), "inferred")},
        "inferred",
        _NO_CHOICE,
    ),
    "infor_idm_ln": _configure(
        ("infor", "ln"), {**_INFOR, **_IDM, "ln_mapping": Wire(("ln_mapping", "ln_mapping_file"), (FILE,), "inferred")}, "inferred", _NO_CHOICE
    ),
    "infor_sftp": _configure(("infor_sftp", "sftp"), {**_CONFIGURE, **_IDM, **_BOD, "folder": _FOLDER}, "inferred"),
    "sftp": _configure(
        ("sftp",),
        {
            **_SERVER,
            "xslt": Wire(("xslt", "xslt_file", "xslt_mapping"), (FILE,), "inferred"),
            "filename_mode": Wire(("filename_export_mode", "filename_mode"), (TEXT,), "inferred"),
            "document_history": Wire(("include_document_history", "document_history", "include_history"), (BOOLEAN,), "inferred"),
        },
        "inferred",
    ),
    "smb": _configure(("smb",), {**_SERVER, "jpl_mapping": Wire(("jpl_mapping", "jpl_mapping_file", "jpl"), (FILE,), "inferred")}, "inferred"),
}

# What C(download) calls the slots in its C(type) parameter.
SLOT_TYPES = {
    "ionapi": ("ION_API", "ION_MAPPING", "IONAPI"),
    "idm_mapping": ("IDM_MAPPING",),
    "bod_mapping": ("BOD_MAPPING",),
    "m3_mapping": ("M3_MAPPING",),
    "m3_toml_mapping": ("M3_TOML_MAPPING", "M3_TOML"),
    "ln_mapping": ("LN_MAPPING",),
    "xslt": ("XSLT",),
    "jpl_mapping": ("JPL_MAPPING", "JPL"),
}

# How a record of the list calls our words; only C(id), C(export_method) and C(export_url) are known for sure.
RECORD_KEYS = {
    "id": ("id", "config_id", "configuration_id", "export_config_id"),
    "method": ("export_method", "method"),
    "title": ("title", "name"),
    "document_type": ("doc_type", "document_type", "doc_type_key", "document_type_key"),
    "sub_organisation": ("sub_org_id", "sub_organisation_id", "sub_organization_id", "suborg_id"),
    "active": ("is_active", "active", "enabled"),
    "execution_order": ("execution_order", "exec_order", "export_order", "order"),
    "zugferd": ("zugferd", "is_zugferd", "zugferd_pdf"),
    "url": ("export_url", "webhook_url", "url"),
    "server_url": ("server_url", "server", "host", "hostname"),
    "port": ("port", "server_port"),
    "username": ("username", "user_name", "user"),
    "folder": ("folder", "default_directory", "directory", "folder_path"),
    "filename_mode": ("filename_export_mode", "filename_mode"),
    "document_history": ("include_document_history", "document_history", "include_history"),
}

# C(export_method) of the Infor kinds is C(infor-<stem>-<cloud|onpremise>); idm, m3 and m3-toml were seen, the others are inferred.
METHOD_STEMS = {
    "idm": "infor_idm",
    "bod": "infor_ion_bod",
    "ion-bod": "infor_ion_bod",
    "ion": "infor_idm_ion_bod",
    "idm-bod": "infor_idm_ion_bod",
    "idm-ion-bod": "infor_idm_ion_bod",
    "m3": "infor_idm_m3",
    "idm-m3": "infor_idm_m3",
    "m3-toml": "infor_idm_m3_toml",
    "idm-m3-toml": "infor_idm_m3_toml",
    "ln": "infor_idm_ln",
    "idm-ln": "infor_idm_ln",
}
PLAIN_METHODS = {"webhook": "webhook", "sftp": "sftp", "smb": "smb", "infor_sftp": "infor_sftp", "infor-sftp": "infor_sftp"}


def kind_and_deployment(method) -> tuple:
    """Our kind and deployment for a record's C(export_method); an unknown method stands for itself."""
    text = str(method).strip().lower()
    if text in PLAIN_METHODS:
        return PLAIN_METHODS[text], None
    if text.startswith("infor-"):
        stem, _dash, where = text[len("infor-") :].rpartition("-")
        deployment = {"cloud": CLOUD, "onpremise": ON_PREMISES, "onprem": ON_PREMISES}.get(where)
        kind = METHOD_STEMS.get(stem.replace("_", "-"))
        # A kind that has no choice of deployment is for the cloud; on premises it is another thing, which is left alone.
        if kind and deployment and (deployment == CLOUD or "deployment" in KINDS[kind].carries):
            return kind, deployment
    return text, None


@dataclass(frozen=True)
class Overrides:
    """What a user learned about their DocBits before this collection did (option O(contract_overrides)).

    fields:     our word to wire name, in requests
    records:    our word to the key in records of the list
    constants:  wire name to the text to send in it whenever the operation has it
    operations: our operation to path
    """

    fields: dict = field(default_factory=dict)
    records: dict = field(default_factory=dict)
    constants: dict = field(default_factory=dict)
    operations: dict = field(default_factory=dict)


@dataclass(frozen=True)
class BoundOperation:
    """An operation as the contract at hand has it.

    names:   our word to wire name, for every word that the contract has a field for
    implied: those of the operation's implied words that this contract demands, with their values
    """

    name: str
    method: str
    path: str
    schema: OperationSchema
    names: dict
    constants: dict
    implied: dict


class Contract:
    """One API schema with our words bound to it."""

    def __init__(self, schema: ApiSchema, source: str, overrides: Overrides | None = None, prefix: str | None = None) -> None:
        self.version = schema.version
        self.source = source
        self.prefix = schema.prefix if prefix is None else as_prefix(prefix)
        self._schema = schema
        self._overrides = overrides or Overrides()

    def find(self, name: str):
        """The bound operation, or C(None) where this contract has none of its paths."""
        operation = OPERATIONS[name]
        override = self._overrides.operations.get(name)
        for path in (override,) if override else operation.paths:
            schema = self._schema.operations.get((operation.method, path))
            if schema is not None:
                names = self._names(operation, schema)
                implied = {word: value for word, value in operation.implied.items() if names.get(word) in schema.required}
                bound = BoundOperation(name, operation.method, path, schema, names, self._constants(schema), implied)
                if self._serves(name, bound):
                    return bound
        return None

    def operation(self, name: str) -> BoundOperation:
        """The bound operation; raises L(ContractMismatch) where this contract has none."""
        bound = self.find(name)
        if bound is None:
            raise ContractMismatch(self._missing_operation(name))
        return bound

    def problems(self, name: str, words) -> list:
        """Why the operation cannot be sent with exactly these of our words: findings, empty when it can."""
        bound = self.find(name)
        if bound is None:
            return [self._missing_operation(name)]
        found = []
        for word in sorted(words):
            if word not in bound.names:
                found.append(
                    self._finding(
                        "DC02",
                        f"{bound.path}: {word}",
                        f"DocBits {self.version} has no field for it under any name known to this collection",
                        f"leave {word} out, or look the field up in /docs of this host and name it in contract_overrides: fields: {word}",
                    )
                )
        filled = {bound.names[word] for word in (*words, *bound.implied) if word in bound.names} | set(bound.constants)
        for wire in sorted(bound.schema.required - filled):
            word = next((word for word, name in bound.names.items() if name == wire), None)
            found.append(
                self._finding(
                    "DC03",
                    f"{bound.path}: {wire}",
                    f"DocBits {self.version} requires this field and nothing declared fills it",
                    f"declare {word}" if word else f"look the field up in /docs of this host and give its value in contract_overrides: constants: {wire}",
                )
            )
        return found

    def slot_type(self, slot: str):
        """What the download operation calls this slot, or C(None) where it cannot give it."""
        download = self.find("download")
        if download is None or "slot" not in download.names:
            return None
        choices = download.schema.choices.get(download.names["slot"])
        names = SLOT_TYPES[slot]
        return next((name for name in names if name in choices), None) if choices else names[0]

    def record_value(self, record: dict, word: str):
        """The value of one of our words in a record, or C(None) where the record does not tell it."""
        return next((record[key] for key in self._record_keys(word) if record.get(key) is not None), None)

    def tells(self, record: dict, word: str) -> bool:
        """Whether a record has a key for one of our words, be it without a value."""
        return any(key in record for key in self._record_keys(word))

    def comparison(self) -> list:
        """What this collection sends against what the contract takes: a row for each operation, followed by one for each of its fields.

        Each row has C(operation), C(path), C(word), C(wire), C(confidence) and C(outcome): C(found) or C(missing) for an operation,
        C(published name), C(other name), C(missing), C(unknown and required) or C(not used) for a field.
        """
        rows = []
        for name, operation in OPERATIONS.items():
            bound = self.find(name)
            row = {"operation": name, "path": bound.path if bound else operation.paths[0], "confidence": operation.confidence}
            rows.append({**row, "word": "", "wire": "", "outcome": "missing" if bound is None else "found"})
            if bound is None:
                continue
            for word, wire in operation.fields.items():
                bound_name = bound.names.get(word, "")
                outcome = "missing" if not bound_name else "published name" if bound_name == wire.names[0] else "other name"
                rows.append({**row, "word": word, "wire": bound_name, "confidence": wire.confidence, "outcome": outcome})
            for wire_name in sorted(bound.schema.fields.keys() - set(bound.names.values())):
                outcome = "unknown and required" if wire_name in bound.schema.required and wire_name not in bound.constants else "not used"
                rows.append({**row, "word": "", "wire": wire_name, "outcome": outcome})
        return rows

    def _record_keys(self, word) -> tuple:
        override = self._overrides.records.get(word)
        return (override,) if override else RECORD_KEYS[word]

    def _names(self, operation, schema) -> dict:
        names = {}
        for word, wire in operation.fields.items():
            # One word may be called differently in different operations, so an override goes before the known names and does not replace them.
            override = self._overrides.fields.get(word)
            for name in ((override,) if override else ()) + wire.names:
                if schema.fields.get(name) in wire.types and name not in names.values():
                    names[word] = name
                    break
        return names

    def _constants(self, schema) -> dict:
        return {name: str(value) for name, value in self._overrides.constants.items() if name in schema.fields}

    def _serves(self, name, bound) -> bool:
        # One path serves several kinds in newer contracts; it serves this one only where it takes the kind's own file.
        own_file = {"infor_idm_m3": "m3_mapping", "infor_idm_m3_toml": "m3_toml_mapping", "infor_idm_ln": "ln_mapping", "infor_sftp": "bod_mapping"}
        return name not in own_file or own_file[name] in bound.names

    def _missing_operation(self, name) -> Finding:
        return self._finding(
            "DC01",
            f"{OPERATIONS[name].paths[0]}",
            f"DocBits {self.version} has no such operation",
            f"look it up in /docs of this host and name its path in contract_overrides: operations: {name}",
        )

    def _finding(self, id_, where, message, action) -> Finding:
        return Finding(id_, ERROR, f"{where} ({self.source} contract)", message, action)


def encoded(value, wire_type: str) -> str:
    """A value of ours as a form field: booleans in lower case, everything else as text."""
    if isinstance(value, bool) or wire_type == BOOLEAN:
        return "true" if value else "false"
    return str(value)
