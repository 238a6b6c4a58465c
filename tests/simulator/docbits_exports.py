# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The exports of a simulated organisation and DocBits' rules for them, in the names of 2.2.10 and `current`."""

from __future__ import annotations

import json
import time
import tomllib
import uuid

from .docbits_contracts import DOWNLOAD_TYPES, Contract, Operation
from .docbits_organisations import Organisation
from .store import Store

COLLECTION = "docbits/exports/"
COUNTERS = "docbits/counters"

MASK = "**********"
SECRETS_OF_ION_API = ("cs", "saak", "sask")

# What each kind of export cannot do without; DocBits' moment of checking is unknown, here it is the saving.
REQUIRED_FILES = {
    "infor-idm": ("ion_api", "idm_mapping"),
    "infor-bod": ("ion_api", "bod_mapping"),
    "infor-ion": ("ion_api", "idm_mapping", "bod_mapping"),
    "infor-m3": ("ion_api", "idm_mapping", "m3_mapping"),
    "infor-m3-toml": ("ion_api", "idm_mapping", "m3_toml_mapping"),
    "infor-ln": ("ion_api", "idm_mapping", "ln_mapping"),
}


class Refusal(Exception):
    """DocBits says no with one of its message codes; `status` is None where the organisation's switch decides it."""

    def __init__(self, code: str, status: int | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.status = status


class Exports:
    """The exports of one organisation.

    An export is a dict: id (text), export_method, is_active, org_id, created_on, last_modified_on, and the scalar fields of the
    operation that made it. Its files are kept apart, by field name.
    """

    def __init__(self, store: Store, organisation: Organisation, contract: Contract) -> None:
        self._store = store
        self._organisation = organisation
        self._contract = contract
        self._switches = organisation.behaviour(contract)
        self._collection = COLLECTION + organisation.name

    # -- what DocBits itself uses

    def all(self) -> list[dict]:
        """Oldest first."""
        return list(self._store.list(self._collection).values())

    def get(self, export_id) -> dict:
        """One export; a `Refusal` where there is none."""
        export = self._store.get(self._collection, str(export_id)) if export_id is not None else None
        if export is None:
            raise Refusal("EXPORT_CONFIG_NOT_FOUND" if export_id is not None else "CONFIGURATION_ID_MISSING")
        return export

    def configure(self, operation: Operation, values: dict, files: dict[str, tuple[str, bytes]], emptied: set[str]) -> dict:
        """Create an export, or with a `config_id` update that one in place; files that were not sent stay.

        `values` has None for a field that was not sent or sent empty (FastAPI makes no difference), `emptied` the latter;
        `files` has the file name and the content.
        """
        values = dict(values)
        former = self.get(values["config_id"]) if values.get("config_id") is not None else None
        export = dict(former or {"id": None, "is_active": self._switches.active_on_create, "org_id": self._organisation.id, "created_on": _now()})
        for name, value in values.items():
            if name == "config_id":
                continue
            cleared = self._switches.on_update == "empty_clears" and name in emptied
            cleared = cleared or (self._switches.on_update == "omitted_clears" and name != "password")
            if value is not None or cleared or former is None:
                export[name] = value
        owner = self._owner(export)
        present = set(files) | (self._store.file_names(owner) if former else set())
        export["export_method"] = _method(operation.name, bool(export.get("on_permise")), present)
        if former and _family(former) != _family(export):
            raise Refusal("INVALID_EXPORT_METHOD")
        self._check_references(export)
        self._check_files(export, files, present)
        if export["is_active"]:
            self._check_alone(export)
        if former is None:
            export["id"] = self._new_id()
        self._save(export)
        for name, (_file_name, content) in files.items():
            self._store.put_file(self._owner(export), name, content)
        return export

    def set_active(self, export_id, active: bool) -> None:
        """Activate or deactivate."""
        export = self.get(export_id)
        if active and not export["is_active"]:
            self._check_alone(export)
        self._save({**export, "is_active": active})

    def remove(self, export_id) -> None:
        """Delete the export with its files."""
        export = self.get(export_id)
        self._store.delete(self._collection, export["id"])
        self._store.delete_files(self._owner(export))

    def download(self, export_id, name: str) -> bytes:
        """The content of a file, the way the organisation's switches show it."""
        content = self._store.get_file(self._owner(self.get(export_id)), name)
        if content is None:
            raise Refusal("ION_API_RECORD_NOT_FOUND" if name == "ion_api" else "MISSING_MAPPING_FILE")
        if name != "ion_api":
            return content.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n") if self._switches.download_newlines == "crlf" else content
        match self._switches.mask_ion_api:
            case "refuse":
                raise Refusal("NO_PERMISSION", 403)
            case "mask":
                return MASK.encode()
            case "mask_values":
                ionapi = json.loads(content.decode("utf-8-sig"))
                return json.dumps({key: MASK if key in SECRETS_OF_ION_API else value for key, value in ionapi.items()}).encode()
        return content

    def validate(self, doc_type: str | None) -> None:
        """A `Refusal` where the document type has no active export, or one that lacks a file."""
        active = [export for export in self.all() if export["is_active"] and export.get("doc_type") == doc_type]
        if not active:
            raise Refusal("EXPORT_CONFIG_NOT_FOUND")
        for export in active:
            self._check_files(export, {}, self._store.file_names(self._owner(export)))

    def test_infor_connection(self, export_id) -> None:
        """A `Refusal` where the export has no ION API file; Infor itself is not asked."""
        if "ion_api" not in self._store.file_names(self._owner(self.get(export_id))):
            raise Refusal("ION_API_RECORD_NOT_FOUND")

    # -- what only the control API uses: the hand of a person

    def raw(self) -> list[dict]:
        """Every export with the text of its files."""
        return [{**export, "files": self._files(export)} for export in self.all()]

    def add(self, given: dict) -> dict:
        """Put an export there as it is, without a rule; `files` has texts."""
        defaults = {"is_active": True, "org_id": self._organisation.id, "created_on": _now(), "export_method": "webhook"}
        export = {**defaults, **{name: value for name, value in given.items() if name != "files"}}
        export["id"] = str(export["id"]) if "id" in export else self._new_id()
        self._save(export)
        self._write_files(export, given.get("files", {}))
        return export

    def edit(self, export_id: str, changes: dict) -> dict:
        """Change fields and files as they are, without a rule; None as text removes a file."""
        export = {**self.get(export_id), **{name: value for name, value in changes.items() if name != "files"}}
        self._save(export)
        self._write_files(export, changes.get("files", {}))
        return export

    def remove_all(self) -> None:
        for export in self.all():
            self.remove(export["id"])

    # -- the rules

    def _check_references(self, export: dict) -> None:
        doc_type, sub_organisation = export.get("doc_type"), export.get("sub_org_id")
        if doc_type is None and not self._contract.document_type_optional:
            raise Refusal("DOCUMENT_TYPE_MANDATORY")
        if doc_type is not None and doc_type not in [known["document_key"] for known in self._organisation.document_types]:
            raise Refusal("DOCUMENT_TYPE_NOT_FOUND")
        # With CROSS selected the web application shows the organisation's own id as that of the sub-organisation.
        known = [self._organisation.id, *(known["id"] for known in self._organisation.sub_organisations)]
        if sub_organisation is not None and sub_organisation not in known:
            raise Refusal("SUB_ORG_NOT_FOUND")

    def _check_files(self, export: dict, sent: dict[str, tuple[str, bytes]], present: set[str]) -> None:
        stem = export["export_method"].rpartition("-")[0]
        if not present.issuperset(REQUIRED_FILES.get(stem, ())):
            raise Refusal("MISSING_MAPPING_FILE")
        for name, (file_name, content) in sent.items():
            if not _readable(name, content):
                raise Refusal("INVALID_MAPPING_FILE")
            if name == "jpl_mapping" and self._contract.jpl_suffix_checked and not file_name.endswith(".properties"):
                raise Refusal("INVALID_MAPPING_FILE")

    def _check_alone(self, export: dict) -> None:
        """One active Infor and one active other export for each document type and sub-organisation, where that rule holds."""
        if not self._switches.one_active:
            return
        for other in self.all():
            if other["id"] != export["id"] and other["is_active"] and _place(other) == _place(export):
                raise Refusal("EXPORT_CONFIG_ALREADY_EXISTS")

    # -- storage

    def _save(self, export: dict) -> None:
        export["last_modified_on"] = _now()
        self._store.put(self._collection, export["id"], export)

    def _new_id(self) -> str:
        if self._contract.id_type == "uuid":
            return str(uuid.uuid4())
        number = (self._store.get(COUNTERS, "exports") or 1000) + 1
        self._store.put(COUNTERS, "exports", number)
        return str(number)

    def _owner(self, export: dict) -> str:
        return f"{self._collection}/{export['id']}"

    def _files(self, export: dict) -> dict[str, str]:
        owner = self._owner(export)
        return {name: self._store.get_file(owner, name).decode("utf-8", "surrogateescape") for name in sorted(self._store.file_names(owner))}

    def _write_files(self, export: dict, texts: dict[str, str | None]) -> None:
        for name, text in texts.items():
            if name not in DOWNLOAD_TYPES:
                raise ValueError(f"{name} is no file of an export")
            if text is None:
                self._store.delete_file(self._owner(export), name)
            else:
                self._store.put_file(self._owner(export), name, text.encode("utf-8", "surrogateescape"))


def _method(operation: str, on_premises: bool, files: set[str]) -> str:
    """The `export_method`. For configure_infor_export the files decide (inferred)."""
    kind = operation.removeprefix("configure_").removesuffix("_export")
    if kind == "infor":
        by_file = {"m3_mapping": "m3", "m3_toml_mapping": "m3-toml", "ln_mapping": "ln"}
        kind = next((found for name, found in by_file.items() if name in files), None)
        kind = kind or ("ion" if {"idm_mapping", "bod_mapping"} <= files else "bod" if "bod_mapping" in files else "idm")
    if kind in ("idm", "bod", "ion", "m3", "m3-toml", "ln"):
        return f"infor-{kind}-{'onpremise' if on_premises else 'cloud'}"
    return kind


def _family(export: dict) -> str:
    """Infor kinds may become each other; every other method stays what it is (assumed)."""
    method = export["export_method"]
    return "infor" if method.startswith("infor-") else method


def _place(export: dict) -> tuple:
    return export.get("doc_type"), export.get("sub_org_id"), export["export_method"].startswith("infor")


def _readable(name: str, content: bytes) -> bool:
    """How strictly DocBits reads an upload is unknown; here: what cannot be read at all is refused."""
    try:
        text = content.decode("utf-8-sig")
        if name == "ion_api":
            return isinstance(json.loads(text), dict)
        if name == "m3_toml_mapping":
            tomllib.loads(text)
    except ValueError:
        return False
    return bool(text.strip())


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
