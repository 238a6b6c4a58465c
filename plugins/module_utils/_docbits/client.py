# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The DocBits client: exports and the names they refer to, in the words of the design. Private to the collection."""

from __future__ import annotations

import json
from functools import partial
from urllib.parse import quote, urlsplit

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import BadAnswer, InvalidInput, Refused, failure
from ansible_collections.docbits.ion.plugins.module_utils._core.once import once_per_process
from ansible_collections.docbits.ion.plugins.module_utils._docbits.answers import data_of, records_in
from ansible_collections.docbits.ion.plugins.module_utils._docbits.bundled import BUNDLED
from ansible_collections.docbits.ion.plugins.module_utils._docbits.contract import OPERATIONS, Contract, Overrides, encoded, kind_and_deployment
from ansible_collections.docbits.ion.plugins.module_utils._docbits.schema import MULTIPART, read_openapi
from ansible_collections.docbits.ion.plugins.module_utils._http.client import HttpClient
from ansible_collections.docbits.ion.plugins.module_utils._model.export import COMMON_FIELDS, KINDS, ON_PREMISES, SLOTS, Export

REGION_HOSTS = "https://{region}.{environment}.api.docbits.com"
PRODUCTION_HOSTS = "https://{region}.api.docbits.com"

_RECORD_TEXTS = ("title", "document_type", "url", "server_url", "username", "folder", "filename_mode")
# Where no record tells one of these, nothing that is declared could be found again, and all of it would be made a second time.
_IDENTITY = ("id", "method", "document_type")
_NO_FILE_CODES = (
    "MISSING_MAPPING_FILE",
    "ION_API_RECORD_NOT_FOUND",
    "M3_TOML_MAPPING_NOT_FOUND",
    "NO_XSLT_RECORD_FOUND",
    "NOT_FOUND",
    "NO_RECORD_WITH_ID_FOUND",
)
_MOST_DIGITS = 18
_BOOLEAN_TEXTS = {"true": True, "1": True, "false": False, "0": False}


def host_of(params) -> str:
    """The address of the DocBits API that the options name, without a slash at the end."""
    url = params["docbits_url"]
    if url:
        if not _is_https(url):
            raise failure(
                InvalidInput,
                "DB20",
                "docbits_url",
                "it is not an https address of a host, with or without a path",
                "give it as in https://eu.api.docbits.com",
            )
        return url.rstrip("/")
    environment, region = params["docbits_environment"], params["docbits_region"]
    if environment == "production":
        return PRODUCTION_HOSTS.format(region=region)
    return REGION_HOSTS.format(region=region, environment=environment)


def _is_https(url) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme == "https" and bool(parts.hostname) and parts.port != 0 and not ("@" in parts.netloc or parts.query or parts.fragment)
    except ValueError:
        return False


def connect(params, settings, check_mode: bool) -> DocBits:
    """A client for the organisation that the options name, bound to the contract that they ask for."""
    for name in ("api_key", "organisation_id"):
        value = params[name] or ""
        if value != value.strip() or not (value.isascii() and value.isprintable()):
            raise failure(
                InvalidInput,
                "DB21",
                name,
                "it has a blank or a line break at an end, or a letter that no header can carry",
                "store the value anew without the line break at its end",
            )
    contract = contract_of(params, settings)
    return DocBits(host_of(params), params["api_key"], params["organisation_id"], contract, settings, check_mode)


def contract_of(params, settings) -> Contract:
    """The contract that the options ask for; a live one is read from the host, which needs no key."""
    chosen = params["contract"]
    schema = BUNDLED[chosen] if chosen in BUNDLED else _live_schema(host_of(params), settings)
    overrides = {group: values for group, values in (params["contract_overrides"] or {}).items() if values}
    for group, values in overrides.items():
        for name, value in values.items():
            if not isinstance(value, str):
                raise failure(InvalidInput, "DC05", f"contract_overrides: {group}: {name}", "it is no text", "give the name or the text to send, in quotes")
    return Contract(schema, chosen, Overrides(**overrides), params["path_prefix"])


@partial(once_per_process, keep_failure=60.0)
def _live_schema(host, settings):
    # Public, the same for every organisation of a host: read once for all environments that one process works on.
    transport = HttpClient(settings)
    response = transport.call("GET", f"{host}/openapi.json", headers={"Accept": "application/json"})
    try:
        return read_openapi(data_of(response, "read the contract"))
    except ValueError:
        raise failure(
            BadAnswer,
            "DC04",
            f"{response.where}/openapi.json",
            "the answer is no OpenAPI document",
            "check docbits_url, or set contract to 2.2.10 or current",
        ) from None


class DocBits:
    """One organisation on one DocBits host."""

    def __init__(self, host, api_key, organisation_id, contract: Contract, settings, check_mode: bool) -> None:
        self.contract = contract
        parts = urlsplit(host)
        given = f"{host}{contract.prefix}"
        # A server path of the contract counts from the root of the host, as OpenAPI says.
        self._base = f"{parts.scheme}://{parts.netloc}{contract.prefix}" if contract.prefix and contract.source == "live" else given
        self._headers = {"X-API-KEY": api_key, "Accept": "application/json"}
        if organisation_id:
            self._headers["X-ORG-ID"] = organisation_id
        self._transport = HttpClient(settings, self._reads(), check_mode)

    def exports(self) -> list:
        """All exports of the organisation, active or not, without their files."""
        asked = "list exports"
        response, data = self._send("list", asked, {})
        records = [record if isinstance(record, dict) else {} for record in records_in(data, response, asked)]
        for word in _IDENTITY:
            if records and not any(self.contract.tells(record, word) for record in records):
                raise _untold(word)
        if records and not any(self.contract.tells(record, "sub_organisation") for record in records) and self._has_sub_organisations():
            raise _untold("sub_organisation")
        return [self._export(record) for record in records]

    def download(self, export: Export, slot: str):
        """The text of a file that an export carries; C(None) where DocBits has none, C(WITHHELD) where it does not give it away."""
        type_ = self.contract.slot_type(slot)
        if type_ is None:
            return WITHHELD
        bound = self.contract.operation("download")
        response = self._transport.call(
            bound.method, self._base + bound.path.replace("{id}", quote(export.id, safe="")), headers=self._headers, params={bound.names["slot"]: type_}
        )
        # A stylesheet may begin as a page does.
        is_page = response.content_type == "text/html" if slot == "xslt" else response.is_html
        if response.status >= 400 or is_page or _is_refusal(response):
            try:
                data_of(response, f"download {slot} of {export.label}")
            except Refused as error:
                if error.facts.get("code") in _NO_FILE_CODES or response.status == 404:
                    return None
                if response.status == 403:
                    return WITHHELD
                raise
        text = response.body.decode("utf-8", "surrogateescape")
        return WITHHELD if _is_masked(slot, text) else text

    def problems(self, step) -> list:
        """Why the contract at hand cannot carry a step: findings, empty when it can."""
        if step.action in ("create", "update"):
            words = self._carried(step.export, step.words) + (["id"] if step.export.id is not None else [])
            problems = self.contract.problems(step.export.get("kind"), words)
            if step.action == "create":
                # Whether a new export is active is not documented, and what cannot be taken back is not begun.
                problems = problems + self.contract.problems("set_active", {"id", "active"}) + self.contract.problems("remove", {"id"})
            return problems
        if step.action == "remove":
            return self.contract.problems("remove", {"id"})
        return self.contract.problems("set_active", {"id", "active"})

    def configure(self, export: Export, words):
        """Create the export, or update it in place where it has an id, sending exactly these of its words.

        Gives the id that DocBits answers, or C(None) where it answers none.
        """
        verb = "create" if export.id is None else "update"
        values = {"id": export.id} if export.id is not None else {}
        values.update(self.contract.operation(export.get("kind")).implied)
        for word in self._carried(export, words):
            values[word] = export.files[word] if word in SLOTS else export.fields[word]
        _response, data = self._send(export.get("kind"), f"{verb} {export.label}", values)
        id_ = self.contract.record_value(data, "id") if isinstance(data, dict) else None
        return None if id_ is None else str(id_)

    def _carried(self, export, words) -> list:
        """The words without an unwanted ZUGFeRD where the contract has no field for it: it is gone from DocBits' dialogs (ui)."""
        bound = self.contract.find(export.get("kind"))
        gone = bound is not None and "zugferd" not in bound.names and not export.get("zugferd")
        return [word for word in words if not (gone and word == "zugferd")]

    def set_active(self, export: Export, active: bool) -> None:
        """Activate or deactivate an export."""
        self._send("set_active", f"{'activate' if active else 'deactivate'} {export.label}", {"id": export.id, "active": active})

    def remove(self, export: Export) -> None:
        """Remove an export."""
        self._send("remove", f"remove {export.label}", {"id": export.id})

    def have_checked(self, export: Export) -> None:
        """Let DocBits check an active export itself, by every check that the contract has; raises L(Refused) for what it finds."""
        if export.get("document_type") and not self.contract.problems("validate", {"document_type"}):
            self._send("validate", f"validate {export.label}", {"document_type": export.get("document_type")})
        if "ionapi" in export.kind.carries and not self.contract.problems("test_connection", {"id"}):
            self._send("test_connection", f"test the Infor connection of {export.label}", {"id": export.id})

    def start_over(self) -> None:
        """Begin the deadline anew, for undoing."""
        self._transport.restart_deadline()

    def document_types(self) -> list:
        """The document types as dicts with C(key), C(title) and C(active)."""
        return [
            {"key": str(item.get("document_key") or item.get("key") or item.get("name") or ""), "title": item.get("title"), "active": item.get("is_active")}
            for item in self._named("document_types", "list document types", "document_key")
        ]

    def sub_organisations(self) -> list:
        """The sub-organisations as dicts with C(id) and C(name)."""
        return [
            {"id": str(item.get("id") or item.get("sub_org_id") or ""), "name": item.get("name")}
            for item in self._named("sub_organisations", "list sub-organisations", "id")
        ]

    def _has_sub_organisations(self) -> bool:
        """Whether exports of the organisation can stand in sub-organisations, where two of one name are told apart by nothing else."""
        bound = (self.contract.find(kind) for kind in KINDS)
        return any("sub_organisation" in operation.names for operation in bound if operation) and bool(self.sub_organisations())

    def _named(self, operation, asked, text_key) -> list:
        response, data = self._send(operation, asked, {})
        return [{text_key: item} if isinstance(item, str) else item for item in records_in(data, response, asked)]

    def _send(self, operation: str, asked: str, values: dict):
        bound = self.contract.operation(operation)
        fields = {name: (None, constant) for name, constant in bound.constants.items()}
        for word, value in values.items():
            wire = bound.names[word]
            fields[wire] = self._part(word, value, bound.schema.fields[wire])
        in_query = {name: part[1] for name, part in fields.items() if name in bound.schema.query}
        in_body = {name: part for name, part in fields.items() if name not in in_query}
        request = {"params": in_query} if in_query else {}
        if bound.schema.encoding == MULTIPART:
            request["files"] = list(in_body.items())
        elif in_body:
            request["data"] = {name: part[1] for name, part in in_body.items()}
        response = self._transport.call(bound.method, self._base + bound.path, headers=self._headers, **request)
        return response, data_of(response, asked)

    def _part(self, word, value, wire_type):
        if word in SLOTS:
            return (SLOTS[word].filename, value.encode("utf-8", "surrogateescape"), "application/octet-stream")
        if word == "deployment":
            value = value == ON_PREMISES
        return (None, encoded(value, wire_type))

    def _export(self, record: dict) -> Export:
        value = self.contract.record_value
        fields = {}
        for word in _RECORD_TEXTS:
            told = value(record, word)
            if told is not None:
                fields[word] = str(told)
        kind, deployment = kind_and_deployment(value(record, "method"))
        fields["kind"] = kind
        if deployment:
            fields["deployment"] = deployment
        # A record without a sub-organisation belongs to the main organisation where the contract knows sub-organisations at all.
        sub_organisation = value(record, "sub_organisation")
        fields["sub_organisation"] = "" if sub_organisation is None else str(sub_organisation)
        for word in ("active", "zugferd", "document_history"):
            told = _boolean(value(record, word))
            if told is not None:
                fields[word] = told
        for word in ("execution_order", "port"):
            told = value(record, word)
            # Python refuses to read a number of thousands of digits, and no order and no port needs more than these.
            if told is not None and str(told).isdecimal() and len(str(told)) <= _MOST_DIGITS:
                fields[word] = int(told)
        id_ = value(record, "id")
        if id_ is None:
            raise _untold("id")
        if kind in KINDS:
            # A record may have a column for every kind; what this kind does not carry says nothing.
            fields = {word: told for word, told in fields.items() if word in COMMON_FIELDS or word in KINDS[kind].carries}
        return Export(str(id_), fields, label=f'export "{fields.get("title", id_)}"')

    def _reads(self) -> frozenset:
        bound = (self.contract.find(name) for name, operation in OPERATIONS.items() if not operation.writes)
        return frozenset((operation.method, self._base + operation.path) for operation in bound if operation)


class _Withheld:
    """Stands for a file that DocBits has and does not show."""

    def __repr__(self) -> str:
        return "WITHHELD"


WITHHELD = _Withheld()


def _untold(word):
    return failure(
        BadAnswer,
        "DB11",
        "list exports",
        f"the records of the list have no {word} under any name known to this collection",
        f"look at the answer in /docs of this host and name the key in contract_overrides: records: {word}",
    )


def _is_masked(slot, text) -> bool:
    if slot != "ionapi":
        return _is_mask(text)
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        return _is_mask(text)
    if not isinstance(values, dict):
        return _is_mask(text)
    return any(isinstance(value, str) and _is_mask(value) for value in values.values())


def _is_mask(text) -> bool:
    return bool(text) and not text.strip("*•\"' \n")


def _is_refusal(response) -> bool:
    # A business failure comes with status 200 and an envelope; an ION API file is JSON too, but has no C(success).
    if response.content_type != "application/json":
        return False
    try:
        body = response.json()
    except ValueError:
        return False
    return isinstance(body, dict) and body.get("success") is False


def _boolean(value):
    if isinstance(value, bool) or value is None:
        return value
    return _BOOLEAN_TEXTS.get(str(value).strip().lower())
