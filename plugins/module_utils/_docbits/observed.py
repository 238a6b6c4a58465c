# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Records answers of DocBits and describes them by names and types, for a report that others may read. Private to the collection.

A description never has a value: no text, no number, no id. A key may be a value, too, as in an object by document id or by user. So a key is shown
only if it is a name of the contract, or a plain name that consists of words of such names.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from urllib.parse import urlsplit

from ansible_collections.docbits.ion.plugins.module_utils._docbits.answers import CODES, is_refusal
from ansible_collections.docbits.ion.plugins.module_utils._docbits.contract import OPERATIONS, RECORD_KEYS, Contract
from ansible_collections.docbits.ion.plugins.module_utils._http.client import HttpClient, Response
from ansible_collections.docbits.ion.plugins.module_utils._model.export import KINDS
from ansible_collections.docbits.ion.plugins.module_utils._model.values import is_masked

CREATE, UPDATE = "create", "update"
HIDDEN_KEY, HIDDEN_PATH, OTHER = "<key>", "<path>", "<other>"

_LONGEST_NAME = 31
_MOST_LEVELS = 8
_WORD = re.compile(r"[A-Z]?[a-z]+[0-9]?|[A-Z]+[0-9]?(?![a-z])")
_VERSION = re.compile(r"[0-9]{1,4}(?:\.[0-9]{1,5}){1,3}(?:-?(?:a|alpha|b|beta|rc|dev)[.]?[0-9]{0,3})?")
_PREFIX = re.compile(r"(?:/(?:prod|production|sandbox|stage|demo|dev)-api|/api)?(?:/v[0-9])?")
_MEDIA_TYPES = (
    "",
    "application/json",
    "application/problem+json",
    "application/octet-stream",
    "application/xml",
    "application/zip",
    "text/plain",
    "text/html",
    "text/xml",
)
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ].{0,32})?")
_FLAGS = ("true", "false", "yes", "no", "y", "n", "t", "f", "on", "off", "active", "inactive", "enabled", "disabled")

# Keys of answers that are in no request.
_ANSWER_NAMES = (
    *("success", "data", "message", "configurations", "items", "record", "records", "result", "results", "rows", "list", "content", "file", "file_content"),
    *("body", "value", "detail", "msg", "loc", "ctx", "code", "error", "errors", "status", "pagination", "meta", "page", "pages", "page_size", "total"),
    *("total_count", "total_pages", "total_records", "count", "next", "previous", "has_more", "trace_id", "trace", "request_id", "correlation_id"),
    *("document_key", "document_name", "translation_key", "has_table", "sort_order", "name", "key", "description", "org_id", "organisation_id"),
    *("is_deleted", "deleted", "deleted_at", "deleted_on", "created_on", "last_modified_on", "input", "url"),
)
# Words of other keys. They are general, so that a key of them names no customer, user or document.
_WORDS = frozenset(
    """
    access accounting active add after all allow allowed and answer api app archive at attachment attempt auth author auto available before
    bod body by cache can category change changed channel check checked client cloud code color column comment company config configuration
    connection content count country create created creator currency custom customer data date default delete deleted department detail
    direction disabled display doc document download duration edit editable email enabled encoding end entity entry error event execution
    expires export extension external fail failed field file filename filter first flag flow flow2 folder for format from full group has
    hash header health hidden history host icon id idm ids image import in index info infor input internal interval ion is item job jpl json
    key kind label lang language last level limit line link list ln locale location lock locked log logical long m3 main mapping match max
    message meta method mime min mode model modified name new next no note notes number object of off offset on option order org
    organisation organization origin other output owner page parameter parent partner password path payload pdf peppol percent permission
    point port position preference premise premises previous priority process processing profile program property protocol provider public
    published query queue rank read reason record ref reference region request required response result retries retry role row rule run
    scope script secret section secure sequence server service session setting settings sftp shared short size smb sort source start started
    state status step sub subject success suffix system table tag tags target task template tenant text time timeout timestamp title to
    token toml total trigger type types unit update updated upload uri url used user username uuid valid validation value version view
    visibility visible watch web webhook workflow write written xml xslt zip zone zugferd
    """.split()
)


@dataclass(frozen=True)
class Answer:
    """A request and its response.

    path:  path of the URL
    sent:  names of the fields that were sent
    query: the parameters of the URL
    """

    method: str
    path: str
    sent: tuple
    query: dict
    response: Response


class RecordingClient(HttpClient):
    """An HTTP client that adds each answer to the list `answers`."""

    def __init__(self, answers: list, *arguments) -> None:
        super().__init__(*arguments)
        self._answers = answers

    def call(self, method: str, url: str, *, retry: bool = True, headers=None, **request) -> Response:
        response = super().call(method, url, retry=retry, headers=headers, **request)
        query = request.get("params", {})
        sent = (*request.get("data", ()), *dict(request.get("files", ())), *query)
        self._answers.append(Answer(method, urlsplit(url).path, sent, query, response))
        return response


class Names:
    """The names that a report may show.

    contract:  Contract
    is_public: whether its API document is public; what is shown only with an API key may be the organisation's own
    """

    def __init__(self, contract: Contract, is_public: bool) -> None:
        known = {name for operation in OPERATIONS.values() for wire in operation.fields.values() for name in wire.names}
        known.update(*RECORD_KEYS.values(), RECORD_KEYS, _ANSWER_NAMES)
        if is_public:
            known.update(name for name in contract.field_names if _words_of(name))
        self._known = known
        self._words = _WORDS.union(*map(_words_of, known))

    def shown(self, name) -> str:
        """The name, or HIDDEN_KEY."""
        if name in self._known:
            return str(name)
        words = _words_of(name)
        return name if words and self._words.issuperset(words) else HIDDEN_KEY


def _words_of(name) -> tuple:
    """The words of a plain name in lower case; none if it is another one."""
    if not isinstance(name, str) or len(name) > _LONGEST_NAME or not name.lstrip("_")[:1].islower():
        return ()
    words = _WORD.findall(name)
    return tuple(map(str.lower, words)) if "".join(words) == name.replace("_", "") else ()


def operation_of(answer: Answer, contract: Contract) -> str | None:
    """The operation that an answer belongs to: a name in OPERATIONS, or CREATE or UPDATE for one of a kind. None for any other call."""
    for name in OPERATIONS:
        bound = contract.find(name)
        if bound and bound.method == answer.method and _has_path(answer.path, bound.path):
            return name if name not in KINDS else UPDATE if bound.names.get("id") in answer.sent else CREATE
    return None


def _has_path(path, template) -> bool:
    beginning, _placeholder, end = template.partition("{id}")
    return path.endswith(end) and beginning in path if _placeholder else path.endswith(template)


def described_answers(answers: list, contract: Contract, names: Names) -> list:
    """A row for each form of answer, with operation, path, status, media_type, code and shape."""
    rows: list = []
    for answer in answers:
        operation = operation_of(answer, contract)
        if operation is None:
            continue
        response = answer.response
        row = {
            "operation": operation,
            "path": _path_of(answer, contract),
            "status": response.status,
            "media_type": response.content_type if response.content_type in _MEDIA_TYPES else OTHER,
            "code": code_of(response),
            # A file is described by its form alone, see guesses.py: its keys are not those of an answer.
            "shape": {} if operation == "download" and not is_refusal(response) else described_body(response, names),
        }
        rows += [row] if row not in rows else []
    return rows


def _path_of(answer, contract) -> str:
    found = (contract.find(name).path for name in OPERATIONS if contract.find(name) and _has_path(answer.path, contract.find(name).path))
    published = {path for operation in OPERATIONS.values() for path in operation.paths}
    return next((path for path in found if path in published), HIDDEN_PATH)


def code_of(response: Response) -> str | None:
    """The code of a refusal, if it is one that the vendor's web application knows."""
    try:
        body = response.json()
    except ValueError:
        return None
    values = [body.get(key) for key in ("message", "code", "error", "detail")] if isinstance(body, dict) else []
    return next((value for value in values if isinstance(value, str) and value in CODES), None)


def described_body(response, names: Names) -> dict:
    """The shape of a body, see described; of one that is no JSON, what it is."""
    if not response.body.strip():
        return {"(answer)": ["no body"]}
    try:
        return described(response.json(), names)
    except ValueError:
        return {"(answer)": ["web page" if response.is_html else "no JSON"]}


def described(value, names: Names) -> dict:
    """The shape of a JSON value: path, such as data[].id, to the types that it has, with "absent" if not every object has the key."""
    types: dict = {}
    objects: Counter = Counter()
    having: Counter = Counter()
    parents: dict = {}
    pending = [("", value, 0)]
    while pending:
        path, value, level = pending.pop()
        types.setdefault(path, set()).add(type_of(value))
        if level == _MOST_LEVELS:
            continue
        if isinstance(value, dict):
            objects[path] += 1
            children = [(f"{path}.{names.shown(key)}".lstrip("."), item) for key, item in value.items()]
            having.update({child for child, _item in children})
        else:
            children = [(f"{path}[]", item) for item in value] if isinstance(value, list) else []
        for child, item in children:
            parents[child] = path
            pending.append((child, item, level + 1))
    for child in having:
        if having[child] < objects[parents[child]]:
            types[child].add("absent")
    return {path or "(answer)": sorted(types[path]) for path in sorted(types)}


def type_of(value) -> str:
    """The type of a JSON value, and for a text which of the usual forms it has."""
    if value is None:
        return "null"
    if isinstance(value, (bool, int, float)):
        return type(value).__name__.replace("bool", "boolean").replace("int", "integer").replace("float", "number")
    if isinstance(value, dict):
        return "object"
    if isinstance(value, list):
        return "list" if value else "empty list"
    text = value.strip()
    forms = {
        "empty text": not text,
        "masked text": is_masked(text),
        "text (digits)": text.isascii() and text.isdecimal(),
        "text (flag)": text.lower() in _FLAGS,
        "text (UUID)": _UUID.fullmatch(text) is not None,
        "text (date)": _DATE.fullmatch(text) is not None,
        "text (URL)": text.lower().startswith(("https://", "http://")),
    }
    return next((form for form, fits in forms.items() if fits), "text")


def described_contract(contract: Contract, access: str, names: Names) -> dict:
    """What a report shows of the contract: access, version, path_prefix, and the rows of the comparison that differ from what is published.

    access: how its API document was read, see guesses.py
    """
    bound = {wire for name in OPERATIONS if contract.find(name) for wire in contract.find(name).names.values()}
    # One path serves several kinds, so a field that one of them does not use may be that of another.
    differing = (row for row in contract.comparison() if row["outcome"] not in ("found", "published name") and row["operation"] != "list")
    rows = [row for row in differing if row["field"] or row["wire"] not in bound]
    return {
        "contract": contract.source,
        "access": access,
        "version": contract.version if contract.source != "live" or _VERSION.fullmatch(contract.version) else OTHER,
        "path_prefix": contract.prefix if _PREFIX.fullmatch(contract.prefix) else OTHER,
        "found": sorted({contract.find(name).path for name in OPERATIONS if contract.find(name)} & {path for one in OPERATIONS.values() for path in one.paths}),
        "different": [
            {
                "operation": row["operation"],
                "field": row["field"],
                "wire": row["wire"] and names.shown(row["wire"]),
                "outcome": row["outcome"],
            }
            for row in rows
        ],
    }
