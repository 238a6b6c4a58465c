# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The wire names of DocBits in one table, and their binding to a live or bundled contract. Pure. Private to the collection."""

from __future__ import annotations

from dataclasses import dataclass, field

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import ContractMismatch
from ansible_collections.docbits.ion.plugins.module_utils._core.findings import ERROR, Finding
from ansible_collections.docbits.ion.plugins.module_utils._core.shapes import FIELD, shown
from ansible_collections.docbits.ion.plugins.module_utils._docbits.schema import BOOLEAN, FILE, INTEGER, TEXT, ApiSchema, OperationSchema, as_prefix
from ansible_collections.docbits.ion.plugins.module_utils._model.export import CLOUD, KINDS, ON_PREMISES


@dataclass(frozen=True)
class Wire:
    """The wire names of one field.

    names:      the published or most likely name first, then further names, which are used only if the live contract has them
    types:      the wire types that can carry it
    confidence: "spec22" published, "client" seen in the vendor's code, "doc26" documented, "inferred" a guess
    """

    names: tuple
    types: tuple
    confidence: str


@dataclass(frozen=True)
class Operation:
    """One operation of DocBits: its paths (the published one first) and its fields.

    implied: field to the value that is sent if the contract requires the field although the kind has no such choice
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
_ACCESS = {"file_access": Wire(("fileaccess", "file_access"), (TEXT,), "spec22"), "email": Wire(("email", "email_address"), (TEXT,), "spec22")}
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


# Only used where an answer says that it is one page of a longer list.
_PAGES = {
    "page": Wire(("page", "page_number", "pageNumber"), (INTEGER, TEXT), "inferred"),
    "offset": Wire(("offset", "skip"), (INTEGER, TEXT), "inferred"),
}

OPERATIONS = {
    "list": Operation("POST", ("/configurations/get_configurations",), _PAGES, False, "spec22"),
    "download": Operation("GET", ("/configurations/download/{id}",), {"file": Wire(("type", "file_type"), (TEXT,), "spec22")}, False, "spec22"),
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
    "flow2": _configure(
        ("flow2",),
        {
            **_CONFIGURE,
            "flow2_url": Wire(("flow2_url", "flow_url"), (TEXT,), "spec22"),
            "flow2_document_type_id": Wire(("doc_type_id", "flow2_doc_type_id"), (TEXT, INTEGER), "spec22"),
            "flow2_cabinet_id": Wire(("cabinet_id", "flow2_cabinet_id"), (INTEGER, TEXT), "spec22"),
            "username": Wire(("username", "user_name", "user"), (TEXT,), "spec22"),
            "password": Wire(("password", "user_password"), (TEXT,), "spec22"),
            "flow2_mapping": Wire(("flow2_mapping", "flow_mapping", "flow2_mapping_file"), (FILE,), "spec22"),
        },
        "spec22",
    ),
    "zugferd": _configure(("zugferd",), {**_CONFIGURE, **_ACCESS, "zugferd_format": Wire(("format", "zugferd_format"), (TEXT,), "spec22")}, "spec22"),
    "peppol": _configure(("peppol",), {**_CONFIGURE, **_ACCESS}, "spec22"),
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

# What the download calls the files in its parameter "type".
DOWNLOAD_TYPES = {
    "ionapi": ("ION_API", "ION_MAPPING", "IONAPI"),
    "idm_mapping": ("IDM_MAPPING",),
    "bod_mapping": ("BOD_MAPPING",),
    "m3_mapping": ("M3_MAPPING",),
    "m3_toml_mapping": ("M3_TOML_MAPPING", "M3_TOML"),
    "ln_mapping": ("LN_MAPPING",),
    "xslt": ("XSLT",),
    "jpl_mapping": ("JPL_MAPPING", "JPL"),
    "flow2_mapping": ("FLOW_MAPPING", "FLOW2_MAPPING"),
}

# The keys of a record in the list; only id, export_method and export_url are certain. A key of a common name, such as order, may be another thing.
RECORD_KEYS = {
    "id": ("id", "config_id", "configuration_id", "export_config_id"),
    "method": ("export_method", "method"),
    "title": ("title",),
    "document_type": ("doc_type", "document_type", "doc_type_key", "document_type_key"),
    "sub_organisation": ("sub_org_id", "sub_organisation_id", "sub_organization_id", "suborg_id"),
    "active": ("is_active", "active"),
    "execution_order": ("execution_order",),
    "zugferd": ("zugferd",),
    "url": ("export_url",),
    "server_url": ("server_url",),
    "port": ("port",),
    "username": ("username",),
    "folder": ("folder",),
    "filename_mode": ("filename_export_mode",),
    "document_history": ("include_document_history",),
    "flow2_url": ("flow2_url",),
    "flow2_document_type_id": ("doc_type_id",),
    "flow2_cabinet_id": ("cabinet_id",),
    "file_access": ("fileaccess",),
    "zugferd_format": ("format",),
    "email": ("email",),
}

# The export_method of the Infor kinds is infor-<stem>-<cloud|onpremise>; idm, m3 and m3-toml were seen, the others are inferred.
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
# Those of flow2, zugferd and peppol are inferred from their operations.
PLAIN_METHODS = {"webhook": "webhook", "sftp": "sftp", "smb": "smb", "infor-sftp": "infor_sftp", "flow2": "flow2", "zugferd": "zugferd", "peppol": "peppol"}
# Methods of exports that this collection does not manage [doc26, spec22].
FOREIGN_METHODS = ("watcher", "vertex", "infor-m3-oc-charges-onpremise", "infor-gls840-onpremise")
_SUFFIXES = {"cloud": CLOUD, "onpremise": ON_PREMISES, "onpremises": ON_PREMISES, "onprem": ON_PREMISES}


def kind_and_deployment(method, overrides=None) -> tuple:
    """The kind and the deployment of an export_method; an unknown method is returned as it is, without a deployment.

    overrides: export_method to kind, or to kind/deployment
    """
    text = str(method).strip()
    given = (overrides or {}).get(text)
    if given:
        kind, _slash, deployment = given.partition("/")
        return kind, deployment or (CLOUD if kind in KINDS and "deployment" in KINDS[kind].parts else None)
    plain = text.lower().replace("_", "-")
    if plain in PLAIN_METHODS:
        return PLAIN_METHODS[plain], None
    if plain.startswith("infor-"):
        stem, _dash, suffix = plain[len("infor-") :].rpartition("-")
        deployment = _SUFFIXES.get(suffix)
        kind = METHOD_STEMS.get(stem)
        # A kind without a choice of deployment is for the cloud; its method with another suffix is a foreign one.
        if kind and deployment and (deployment == CLOUD or "deployment" in KINDS[kind].parts):
            return kind, deployment
    return text, None


def is_foreign(method) -> bool:
    """Whether an export_method is known to be none of the managed kinds."""
    return str(method).strip().lower().replace("_", "-") in FOREIGN_METHODS


@dataclass(frozen=True)
class Overrides:
    """What a user knows about their DocBits and this collection does not (option contract_overrides).

    fields:     field of an export to the wire name in requests
    records:    field of an export to the key in records of the list
    constants:  wire name to the text to send whenever the operation has it
    operations: operation to path
    methods:    export_method to kind, or to kind/deployment
    booleans:   text that DocBits uses for a flag to "true" or "false"
    files:      file of an export to the type that the download takes
    lists:      operation to the keys that lead to the list in its answer, joined by dots
    """

    fields: dict = field(default_factory=dict)
    records: dict = field(default_factory=dict)
    constants: dict = field(default_factory=dict)
    operations: dict = field(default_factory=dict)
    methods: dict = field(default_factory=dict)
    booleans: dict = field(default_factory=dict)
    files: dict = field(default_factory=dict)
    lists: dict = field(default_factory=dict)


@dataclass(frozen=True)
class BoundOperation:
    """An operation as the contract at hand has it.

    names:   field to wire name, for every field that the contract has
    implied: the operation's implied fields that this contract requires, with their values
    """

    name: str
    method: str
    path: str
    schema: OperationSchema
    names: dict
    constants: dict
    implied: dict


class Contract:
    """One API schema, with the fields of exports bound to its wire names."""

    def __init__(self, schema: ApiSchema, source: str, overrides: Overrides | None = None, prefix: str | None = None) -> None:
        self.version = schema.version
        self.source = source
        self.prefix = schema.prefix if prefix is None else as_prefix(prefix)
        self._schema = schema
        self.overrides = overrides or Overrides()
        self._bound = {name: self._bind(name) for name in OPERATIONS}
        self._record_keys = {name: self._find_record_keys(name) for name in RECORD_KEYS}

    def find(self, name: str):
        """The bound operation, or None if this contract has none of its paths."""
        return self._bound[name]

    def _bind(self, name):
        operation = OPERATIONS[name]
        override = self.overrides.operations.get(name)
        for path in (override,) if override else operation.paths:
            schema = self._schema.operations.get((operation.method, path))
            if schema is not None:
                names = self._names(operation, schema)
                implied = {field_name: value for field_name, value in operation.implied.items() if names.get(field_name) in schema.required}
                bound = BoundOperation(name, operation.method, path, schema, names, self._constants(schema), implied)
                if self._serves(name, bound):
                    return bound
        return None

    def operation(self, name: str) -> BoundOperation:
        """The bound operation. Raises: ContractMismatch if this contract has none of its paths."""
        bound = self.find(name)
        if bound is None:
            raise ContractMismatch(self._missing_operation(name))
        return bound

    def problems(self, operation: str, names) -> list:
        """Findings that say why the operation cannot be sent with exactly these fields; empty if it can."""
        bound = self.find(operation)
        if bound is None:
            return [self._missing_operation(operation)]
        found = []
        for name in sorted(set(names) - bound.names.keys()):
            found.append(
                self._finding(
                    "DC02",
                    f"{bound.path}: {name}",
                    f"DocBits {self.version} has no field of a known name for it",
                    f"leave {name} out, or look the field up in /docs of this host and set contract_overrides: {{fields: {{{name}: WIRE_NAME}}}}",
                )
            )
        filled = {bound.names[name] for name in (*names, *bound.implied) if name in bound.names} | set(bound.constants)
        for wire in sorted(bound.schema.required - filled):
            known = next((name for name, bound_name in bound.names.items() if bound_name == wire), None)
            named = shown(FIELD, wire)
            found.append(
                self._finding(
                    "DC03",
                    f"{bound.path}: {named}",
                    f"DocBits {self.version} requires this field, and nothing declared sets it",
                    f"declare {known}" if known else f"look the field up in /docs of this host and set contract_overrides: {{constants: {{{named}: VALUE}}}}",
                )
            )
        return found

    @property
    def field_names(self) -> frozenset:
        """The names of the fields of all operations of the API."""
        return frozenset(name for operation in self._schema.operations.values() for name in operation.fields)

    def download_type(self, file: str):
        """The type that the download operation takes for a file, or None if it does not offer the file."""
        download = self.find("download")
        if download is None or "file" not in download.names:
            return None
        choices = download.schema.choices.get(download.names["file"])
        names = (self.overrides.files[file],) if file in self.overrides.files else DOWNLOAD_TYPES[file]
        return next((name for name in names if name in choices), None) if choices else names[0]

    def record_keys(self, name: str) -> tuple:
        """The keys under which records may have a field, the most likely first."""
        return self._record_keys[name]

    def _find_record_keys(self, name):
        override = self.overrides.records.get(name)
        if override:
            return (override,)
        # Beside the usual keys, a record has the name that this contract uses in requests.
        bound = (operation.names[name] for operation in self._bound.values() if operation and name in operation.names)
        return tuple(dict.fromkeys([*RECORD_KEYS[name], *bound]))

    def comparison(self) -> list:
        """Compare what this collection sends with what the contract takes: a row for each operation, followed by one for each of its fields.

        Each row has operation, path, field, wire, confidence and outcome: "found" or "missing" for an operation;
        "published name", "other name", "missing", "unknown and required" or "not used" for a field.
        """
        rows = []
        for name, operation in OPERATIONS.items():
            bound = self.find(name)
            row = {"operation": name, "path": bound.path if bound else operation.paths[0], "confidence": operation.confidence}
            rows.append({**row, "field": "", "wire": "", "outcome": "missing" if bound is None else "found"})
            if bound is None:
                continue
            for field_name, wire in operation.fields.items():
                bound_name = bound.names.get(field_name, "")
                outcome = "missing" if not bound_name else "published name" if bound_name == wire.names[0] else "other name"
                rows.append({**row, "field": field_name, "wire": bound_name, "confidence": wire.confidence, "outcome": outcome})
            for wire_name in sorted(bound.schema.fields.keys() - set(bound.names.values())):
                outcome = "unknown and required" if wire_name in bound.schema.required and wire_name not in bound.constants else "not used"
                rows.append({**row, "field": "", "wire": shown(FIELD, wire_name), "outcome": outcome})
        return rows

    def _names(self, operation, schema) -> dict:
        names = {}
        for field_name, wire in operation.fields.items():
            # A field may have different names in different operations, so an override goes before the known names and does not replace them.
            override = self.overrides.fields.get(field_name)
            for name in ((override,) if override else ()) + wire.names:
                if schema.fields.get(name) in wire.types and name not in names.values():
                    names[field_name] = name
                    break
        return names

    def _constants(self, schema) -> dict:
        return {name: str(value) for name, value in self.overrides.constants.items() if name in schema.fields}

    def _serves(self, name, bound) -> bool:
        # One path serves several kinds in newer contracts; it serves this one only where it takes the kind's own file.
        own_file = {"infor_idm_m3": "m3_mapping", "infor_idm_m3_toml": "m3_toml_mapping", "infor_idm_ln": "ln_mapping", "infor_sftp": "bod_mapping"}
        return name not in own_file or own_file[name] in bound.names

    def _missing_operation(self, name) -> Finding:
        return self._finding(
            "DC01",
            f"{OPERATIONS[name].paths[0]}",
            f"DocBits {self.version} has no such operation",
            f"look it up in /docs of this host and set contract_overrides: {{operations: {{{name}: PATH}}}}",
        )

    def _finding(self, id_, where, message, action) -> Finding:
        return Finding(id_, ERROR, f"{where} ({self.source} contract)", message, action)


def encoded(value, wire_type: str) -> str:
    """A value as a form field: booleans in lower case, everything else as text."""
    if isinstance(value, bool) or wire_type == BOOLEAN:
        return "true" if value else "false"
    return str(value)
