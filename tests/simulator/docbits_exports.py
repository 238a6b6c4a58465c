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


class Past:
    """Former states of the exports of one organisation, for a list that is behind."""

    def __init__(self, store: Store, name: str) -> None:
        self._store = store
        self._collection = f"docbits/past/{name}"

    def keep(self, exports: list[dict]) -> None:
        """Keep a state; the first one counts from the beginning of time."""
        kept = self._store.list(self._collection)
        self._store.put(self._collection, str(len(kept)), {"time": time.time() if kept else 0.0, "exports": exports})

    def before(self, moment: float, now) -> list[dict]:
        """The state at a moment, or the present one where nothing changed."""
        states = [state["exports"] for state in self._store.list(self._collection).values() if state["time"] <= moment]
        return states[-1] if states else list(now)

    def forget(self) -> None:
        """Forget every state."""
        for key in self._store.list(self._collection):
            self._store.delete(self._collection, key)


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
        self._past = Past(store, organisation.name)

    # -- what DocBits itself uses

    def all(self) -> list[dict]:
        """Oldest first, without those that are marked as deleted."""
        return [export for export in self._store.list(self._collection).values() if not export.get("is_deleted")]

    def listed(self) -> list[dict]:
        """What the list shows: it may be behind, and have deleted exports or no inactive ones."""
        exports = self._store.list(self._collection).values()
        if self._switches.lag:
            exports = self._past.before(time.time() - self._switches.lag, exports)
        exports = [export for export in exports if self._switches.deleted_rows or not export.get("is_deleted")]
        return [export for export in exports if self._switches.lists_inactive or export["is_active"]]

    def get(self, export_id) -> dict:
        """One export; a `Refusal` where there is none."""
        export = self._store.get(self._collection, str(export_id)) if export_id is not None else None
        if export is None or export.get("is_deleted"):
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
            cleared = cleared or (self._switches.on_update in ("omitted_clears", "drops") and name != "password")
            if value is not None or cleared or former is None:
                export[name] = value
        if self._switches.trims_titles and export.get("title"):
            export["title"] = export["title"].strip()
        keeps_files = former and self._switches.on_update != "drops"
        present = set(files) | (self._store.file_names(self._owner(export)) if keeps_files else set())
        export["export_method"] = _method(operation.name, bool(export.get("on_permise")), present)
        if former and _family(former) != _family(export):
            raise Refusal("INVALID_EXPORT_METHOD")
        self._check_references(export)
        self._check_files(export, files, present)
        if export["is_active"] or (former is None and self._switches.one_active == "any"):
            self._check_alone(export)
        if former is None:
            export["id"] = self._new_id()
        elif not keeps_files:
            self._store.delete_files(self._owner(export))
        self._save(export)
        self._replace_active(export)
        for name, (_file_name, content) in files.items():
            self._store.put_file(self._owner(export), name, content)
        return export

    def set_active(self, export_id, active: bool) -> None:
        """Activate or deactivate."""
        export = self.get(export_id)
        if active and not export["is_active"]:
            self._check_alone(export)
        self._save({**export, "is_active": active})
        self._replace_active({**export, "is_active": active})

    def remove(self, export_id) -> None:
        """Delete the export with its files, or mark it as deleted where the list shows such exports."""
        export = self.get(export_id)
        if self._switches.deleted_rows:
            self._save({**export, "is_deleted": True, "is_active": False})
            return
        self._remember()
        self._store.delete(self._collection, export["id"])
        self._remember()
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
        self._refuse_in_mood()
        active = [export for export in self.all() if export["is_active"] and export.get("doc_type") == doc_type]
        if not active:
            raise Refusal("EXPORT_CONFIG_NOT_FOUND")
        for export in active:
            self._check_files(export, {}, self._store.file_names(self._owner(export)))

    def test_infor_connection(self, export_id) -> None:
        """A `Refusal` where the export has no ION API file; Infor itself is not asked."""
        self._refuse_in_mood()
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
        for id_, export in self._store.list(self._collection).items():
            self._store.delete(self._collection, id_)
            self._store.delete_files(self._owner(export))

    def forget_past(self) -> None:
        """Let a list that is behind show the present exports as if they had always been there."""
        self._past.forget()

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
        if self._switches.one_active in (True, "any") and self._active_beside(export):
            raise Refusal("EXPORT_CONFIG_ALREADY_EXISTS")

    def _active_beside(self, export: dict) -> list[dict]:
        return [other for other in self.all() if other["id"] != export["id"] and other["is_active"] and _place(other) == _place(export)]

    def _replace_active(self, export: dict) -> None:
        """Where an active export replaces the one before it, that one becomes inactive."""
        if self._switches.one_active == "replaces" and export["is_active"]:
            for other in self._active_beside(export):
                self._save({**other, "is_active": False})

    def _refuse_in_mood(self) -> None:
        if self._switches.own_checks == "refuse":
            raise Refusal("ERROR_GETTING_INFOR_ACCESS_TOKEN")

    # -- storage

    def _save(self, export: dict) -> None:
        export["last_modified_on"] = _now()
        self._remember()
        self._store.put(self._collection, export["id"], export)
        self._remember()

    def _remember(self) -> None:
        """Keep the exports as they are now for a list that is behind; called before and after each change."""
        if self._switches.lag:
            self._past.keep(list(self._store.list(self._collection).values()))

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
