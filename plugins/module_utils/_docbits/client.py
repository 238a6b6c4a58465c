# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The DocBits client: one method for each operation, in the terms of the export model. Private to the collection."""

from __future__ import annotations

import re
from functools import partial
from urllib.parse import quote, urlsplit

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import BadAnswer, InvalidInput, Refused, failure
from ansible_collections.docbits.ion.plugins.module_utils._core.once import once_per_process
from ansible_collections.docbits.ion.plugins.module_utils._core.shapes import ID, METHOD, NAME, first_shown, has_shape
from ansible_collections.docbits.ion.plugins.module_utils._docbits.answers import data_of, incomplete_list, is_part, is_refusal, records_of
from ansible_collections.docbits.ion.plugins.module_utils._docbits.bundled import BUNDLED
from ansible_collections.docbits.ion.plugins.module_utils._docbits.contract import OPERATIONS, Contract, Overrides, encoded
from ansible_collections.docbits.ion.plugins.module_utils._docbits.downloads import file_in
from ansible_collections.docbits.ion.plugins.module_utils._docbits.records import exports_in, lists_sub_organisations, not_listed
from ansible_collections.docbits.ion.plugins.module_utils._docbits.schema import MULTIPART, read_openapi
from ansible_collections.docbits.ion.plugins.module_utils._http.client import HttpClient
from ansible_collections.docbits.ion.plugins.module_utils._model.export import FILES, KINDS, ON_PREMISES, Export
from ansible_collections.docbits.ion.plugins.module_utils._model.values import ABSENT, NOT_FOUND, Withheld

# An answer that is nothing but a text may be an id, or "OK".
_HAS_DIGIT = re.compile("[0-9]")

REGION_HOSTS = "https://{region}.{environment}.api.docbits.com"
PRODUCTION_HOSTS = "https://{region}.api.docbits.com"

# Codes by which DocBits says that an export has no such file; a bare 404 may have other causes.
_NO_FILE_CODES = ("MISSING_MAPPING_FILE", "ION_API_RECORD_NOT_FOUND", "M3_TOML_MAPPING_NOT_FOUND", "NO_XSLT_RECORD_FOUND")
_MOST_PAGES = 500
_MOST_READINGS = 3


def base_url_of(params) -> str:
    """The URL of the DocBits API that the options name, without a slash at the end."""
    url = params["docbits_url"]
    if url:
        if not _is_https(url):
            has_blank = url.split() != [url]
            raise failure(
                InvalidInput,
                "DB20",
                "docbits_url",
                "it contains a blank or a line break" if has_blank else "it is not an https URL of a host, with or without a path",
                "set a URL such as https://eu.api.docbits.com",
            )
        return url.rstrip("/")
    environment, region = params["docbits_environment"], params["docbits_region"]
    if environment == "production":
        return PRODUCTION_HOSTS.format(region=region)
    return REGION_HOSTS.format(region=region, environment=environment)


def _is_https(url) -> bool:
    try:
        parts = urlsplit(url)
        is_host = parts.scheme == "https" and bool(parts.hostname) and parts.port != 0
        return is_host and url.split() == [url] and not ("@" in parts.netloc or parts.query or parts.fragment)
    except ValueError:
        return False


def check_access(params) -> None:
    """Raise InvalidInput for options of the host and the organisation that cannot be used. Sends nothing; an API key may be missing."""
    base_url_of(params)
    _overrides_of(params)
    if params["api_key"] == "":
        raise failure(InvalidInput, "DB21", "api_key", "it is empty", "set the API key of an administrator of the organisation")
    for name in ("api_key", "organisation_id"):
        value = params[name] or ""
        if value != value.strip() or not (value.isascii() and value.isprintable()):
            raise failure(
                InvalidInput,
                "DB21",
                name,
                "it begins or ends with a blank or a line break, or has a character that no HTTP header can carry",
                "store the value again without the line break at its end",
            )


def connect(params, settings, check_mode: bool, http=HttpClient) -> DocBits:
    """A client for the organisation that the options name, bound to the contract that they ask for. http: as in DocBits"""
    check_access(params)
    return DocBits(base_url_of(params), params["api_key"], params["organisation_id"], contract_of(params, settings), http, settings, check_mode)


def is_contract_public(params, settings) -> bool:
    """Whether the host publishes its contract. Raises: as contract_of"""
    return _public_schema(base_url_of(params), settings) is not None


def contract_of(params, settings) -> Contract:
    """The contract that the options ask for. A live one is read from the host, with the API key only if the host demands it."""
    chosen = params["contract"]
    overrides = _overrides_of(params)
    schema = BUNDLED[chosen] if chosen in BUNDLED else _live_schema(base_url_of(params), settings, params.get("api_key"))
    return Contract(schema, chosen, Overrides(**overrides), params["path_prefix"])


def _overrides_of(params) -> dict:
    overrides = {group: values for group, values in (params["contract_overrides"] or {}).items() if values}
    for group, values in overrides.items():
        for name, value in values.items():
            if not isinstance(value, str):
                raise failure(InvalidInput, "DC05", f"contract_overrides: {group}: {name}", "the value is not a text", "put the value in quotes")
    return overrides


def _live_schema(host, settings, api_key):
    schema = _public_schema(host, settings)
    return _protected_schema(host, settings, api_key) if schema is None else schema


@partial(once_per_process, keep_failure=60.0)
def _public_schema(host, settings):
    """The schema that a host publishes, None if it demands a key. The same for all organisations of a host, so it is read once per process."""
    response = HttpClient(settings).call("GET", f"{host}/openapi.json", headers={"Accept": "application/json"})
    return None if response.status in (401, 403) else _schema_in(response)


@partial(once_per_process, keep_failure=60.0)
def _protected_schema(host, settings, api_key):
    headers = {"Accept": "application/json", **({"X-API-KEY": api_key} if api_key else {})}
    response = HttpClient(settings).call("GET", f"{host}/openapi.json", headers=headers)
    if response.status in (401, 403):
        cause = "DocBits does not show its contract to this API key" if api_key else "DocBits shows its contract only with an API key"
        action = "check api_key" if api_key else "set api_key"
        raise failure(Refused, "DC06", f"{response.where}/openapi.json", f"{cause} (status {response.status})", f"{action}, or set contract: current")
    return _schema_in(response)


def _schema_in(response):
    where = f"{response.where}/openapi.json"
    if response.status == 404:
        raise failure(BadAnswer, "DC07", where, "DocBits publishes no contract at this address", "check docbits_url, or set contract: current", status=404)
    try:
        return read_openapi(data_of(response, "read the contract"))
    except ValueError:
        raise failure(BadAnswer, "DC04", where, "the answer is not an OpenAPI document", "check docbits_url, or set contract to 2.2.10 or current") from None


class DocBits:
    """One organisation on one DocBits host.

    http: class of the HTTP client, called with the settings, the URLs of reading operations, and check_mode
    """

    def __init__(self, host, api_key, organisation_id, contract: Contract, http, settings, check_mode: bool) -> None:
        self.contract = contract
        parts = urlsplit(host)
        given = f"{host}{contract.prefix}"
        # A server path of the contract counts from the root of the host, as OpenAPI says.
        self._base = f"{parts.scheme}://{parts.netloc}{contract.prefix}" if contract.prefix and contract.source == "live" else given
        self._organisation_id = organisation_id
        self._types: list | None = None
        self._headers = {"X-API-KEY": api_key, "Accept": "application/json"}
        if organisation_id:
            self._headers["X-ORG-ID"] = organisation_id
        self._http = http(settings, self._reads(), check_mode)

    def exports(self) -> list:
        """All exports of the organisation without their files, as Export; without those that are marked as deleted."""
        records = [record if isinstance(record, dict) else {} for record in self._list("list", "list exports")]
        if records and not lists_sub_organisations(records, self.contract) and self._has_sub_organisations():
            raise not_listed("sub_organisation")
        return self.with_known_types(exports_in(records, self.contract, self._organisation_id))

    def with_known_types(self, exports) -> list:
        """The exports with the keys of their document types, if the document types were read; a list may show titles."""
        if self._types is None:
            return exports
        keys = {str(type_["title"] or "").strip().casefold(): type_["key"] for type_ in self._types}
        keys.update({type_["key"].strip().casefold(): type_["key"] for type_ in self._types})
        listed = [(export, keys.get(str(export.get("document_type") or "").strip().casefold())) for export in exports]
        return [export if key is None else export.with_values({"document_type": key}) for export, key in listed]

    def download(self, export, file: str):
        """A file of an export: Known(text), Withheld, or ABSENT if DocBits says that there is none."""
        type_ = self.contract.download_type(file)
        if type_ is None:
            return Withheld("not offered for download")
        bound = self.contract.operation("download")
        response = self._http.call(
            bound.method, self._base + bound.path.replace("{id}", quote(export.id, safe="")), headers=self._headers, params={bound.names["file"]: type_}
        )
        # A stylesheet may begin like a web page.
        is_page = response.content_type == "text/html" if file == "xslt" else response.is_html
        if is_page or is_refusal(response):
            try:
                data_of(response, f"download {file} of {export.label}")
            except Refused as error:
                if error.facts.get("code") in _NO_FILE_CODES:
                    return ABSENT
                if response.status in (200, 403, 404):
                    return Withheld(NOT_FOUND if response.status == 404 else f"refused with status {response.status}")
                raise
        return file_in(file, response.body)

    def problems(self, step) -> list:
        """Findings that say why the contract at hand cannot carry a step; empty if it can."""
        if step.action in ("create", "update"):
            names = self._carried(step.kind, step.values) + (["id"] if step.id is not None else [])
            problems = self.contract.problems(step.kind, names)
            if step.action == "create":
                # Whether a new export is active is not documented, and a step that cannot be rolled back is not begun.
                problems = problems + self.contract.problems("set_active", {"id", "active"}) + self.contract.problems("remove", {"id"})
            return problems
        if step.action == "remove":
            return self.contract.problems("remove", {"id"})
        return self.contract.problems("set_active", {"id", "active"})

    def required_fields(self, kind: str) -> tuple:
        """The fields that the contract requires in a create or update of this kind, and that it does not imply."""
        bound = self.contract.find(kind)
        return () if bound is None else tuple(name for name, wire in bound.names.items() if wire in bound.schema.required and name not in bound.implied)

    def configure(self, kind: str, export_id, values: dict, label: str):
        """Create an export, or update the one with this id, sending exactly these values.

        values: fields and texts of files by name
        Returns the id that DocBits answers, or None.
        """
        verb = "create" if export_id is None else "update"
        sent = {"id": export_id} if export_id is not None else {}
        sent.update(self.contract.operation(kind).implied)
        sent.update({name: values[name] for name in self._carried(kind, values)})
        data = self._send(kind, f"{verb} {label}", sent)
        if isinstance(data, (str, int)) and not isinstance(data, bool):
            return str(data) if has_shape(ID, data) and _HAS_DIGIT.search(str(data)) else None
        if not isinstance(data, dict):
            return None
        id_ = next((data[key] for key in self.contract.record_keys("id") if data.get(key) is not None), None)
        return str(id_) if has_shape(ID, id_) else None

    def set_active(self, export_id: str, active: bool, label: str) -> None:
        """Activate or deactivate an export."""
        self._send("set_active", f"{'activate' if active else 'deactivate'} {label}", {"id": export_id, "active": active})

    def remove(self, export_id: str, label: str) -> None:
        """Remove an export."""
        self._send("remove", f"remove {label}", {"id": export_id})

    def can_test_connection(self) -> bool:
        """Whether the contract has DocBits' own test of an Infor connection."""
        return not self.contract.problems("test_connection", {"id"})

    def test_connection(self, export: Export) -> None:
        """Let DocBits test the Infor connection of an export. Raises: IonError for what it answers otherwise."""
        self._send("test_connection", f"test the Infor connection of {export.label}", {"id": export.id})

    def can_validate(self) -> bool:
        """Whether the contract has DocBits' own validation of the exports of a document type."""
        return not self.contract.problems("validate", {"document_type"})

    def validate(self, export: Export) -> None:
        """Let DocBits validate the exports of an export's document type. Raises: IonError for what it answers otherwise."""
        self._send("validate", f"validate {export.label}", {"document_type": export.get("document_type")})

    def restart_deadline(self) -> None:
        """Begin the deadline again, for a rollback."""
        self._http.restart_deadline()

    def document_types(self) -> list:
        """The document types as dicts with key, title and active; read once."""
        if self._types is None:
            self._types = [
                {
                    "key": first_shown(NAME, map(item.get, ("document_key", "key", "name"))) or "",
                    "title": first_shown(NAME, [item.get("title")]),
                    "active": item.get("is_active") if isinstance(item.get("is_active"), (bool, int)) else first_shown(METHOD, [item.get("is_active")]),
                }
                for item in self._named("document_types", "list document types", "document_key")
            ]
        return self._types

    def sub_organisations(self) -> list:
        """The sub-organisations as dicts with id and name."""
        return [
            {"id": first_shown(ID, map(item.get, ("id", "sub_org_id"))) or "", "name": first_shown(NAME, [item.get("name")])}
            for item in self._named("sub_organisations", "list sub-organisations", "id")
        ]

    def _has_sub_organisations(self) -> bool:
        """Whether exports of the organisation can belong to sub-organisations, so that a list without them is ambiguous."""
        bound = (self.contract.find(kind) for kind in KINDS)
        return any("sub_organisation" in operation.names for operation in bound if operation) and bool(self.sub_organisations())

    def _named(self, operation, asked, text_key) -> list:
        return [{text_key: item} if isinstance(item, str) else item for item in self._list(operation, asked)]

    def _list(self, operation, asked) -> list:
        """All records of a list operation, page by page if an answer says that it is a page."""
        records, pages = self._read_pages(operation, asked)
        # Pages shift when somebody changes the list between them, so they are read until two readings agree.
        for _attempt in range(_MOST_READINGS if pages > 1 else 0):
            again, _pages = self._read_pages(operation, asked)
            if again == records:
                break
            records = again
        return records

    def _read_pages(self, operation, asked) -> tuple:
        """The records of a list operation, and the number of pages."""
        path = self.contract.overrides.lists.get(operation)
        response = self._call(operation, {})
        records = records_of(response, asked, path)
        if not is_part(response, len(records)):
            return records, 1
        names = self.contract.operation(operation).names
        for page in range(2, _MOST_PAGES):
            if not ("page" in names or "offset" in names):
                break
            response = self._call(operation, {"page": page} if "page" in names else {"offset": len(records)})
            more = [record for record in records_of(response, asked, path) if record not in records]
            records += more
            if not is_part(response, len(records)):
                return records, page
            if not more:
                break
        raise incomplete_list(response, asked, len(records), "page" in names or "offset" in names)

    def _carried(self, kind, values) -> list:
        """The names of the values to send. A flag zugferd that is off is left out if the contract has no field for it, as in newer DocBits [ui]."""
        bound = self.contract.find(kind)
        is_left_out = bound is not None and "zugferd" not in bound.names and not values.get("zugferd")
        return [name for name in values if not (is_left_out and name == "zugferd")]

    def _send(self, operation: str, asked: str, values: dict):
        return data_of(self._call(operation, values), asked)

    def _call(self, operation: str, values: dict):
        bound = self.contract.operation(operation)
        fields = {name: (None, constant) for name, constant in bound.constants.items()}
        for name, value in values.items():
            wire = bound.names[name]
            fields[wire] = self._part(name, value, bound.schema.fields[wire])
        in_query = {name: part[1] for name, part in fields.items() if name in bound.schema.query}
        in_body = {name: part for name, part in fields.items() if name not in in_query}
        request: dict = {"params": in_query} if in_query else {}
        if bound.schema.encoding == MULTIPART:
            request["files"] = list(in_body.items())
        elif in_body:
            request["data"] = {name: part[1] for name, part in in_body.items()}
        return self._http.call(bound.method, self._base + bound.path, headers=self._headers, **request)

    def _part(self, name, value, wire_type):
        if name in FILES:
            return (FILES[name].filename, value.encode("utf-8", "surrogateescape"), "application/octet-stream")
        if name == "deployment":
            value = value == ON_PREMISES
        return (None, encoded(value, wire_type))

    def _reads(self) -> frozenset:
        bound = (self.contract.find(name) for name, operation in OPERATIONS.items() if not operation.writes)
        return frozenset((operation.method, self._base + operation.path) for operation in bound if operation)
