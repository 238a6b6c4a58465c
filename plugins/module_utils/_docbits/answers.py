# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The data in an answer of DocBits, or an error with status, code, trace id and next step. Pure. Private to the collection."""

from __future__ import annotations

import re

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import BadAnswer, Refused, Unreachable, failure
from ansible_collections.docbits.ion.plugins.module_utils._core.shapes import CODE, ERROR_TYPE, FIELD, TRACE_ID, first_shown, has_shape

_TRACE_KEYS = ("trace_id", "traceId", "trace", "request_id", "requestId", "correlation_id")
_CODE_KEYS = ("message", "code", "error", "detail")

# Of a sentence of DocBits, only plain words, codes and short numbers are shown: other parts may repeat what was sent.
_LONGEST_SENTENCE = 300
_PLAIN_PART = re.compile(
    r"""["'(]*(?:[A-Z]?[a-zà-öø-ÿ]{1,16}(?:[-'\u2019/][a-zà-ÿ]{1,16})?|[A-Z]{2,12}(?:_[A-Z]{2,12}){0,4}|[0-9]{1,5}|[A-Z]|[-–:])["')]*[.,;:!?]?"""
)

_LOOK_UP_EXPORT = "open Settings, Document Processing, Export in DocBits and compare"

# What these codes mean, from the vendor's web application, and the next step.
CODES = {
    "EXPORT_CONFIG_ALREADY_EXISTS": (
        "another active export exists for this document type",
        "deactivate the other export, declare it inactive, or let this run purge it",
    ),
    "EXPORT_CONFIG_NOT_FOUND": ("no such export exists any more", _LOOK_UP_EXPORT),
    "MISSING_MAPPING_FILE": ("a mapping file that this kind needs is missing", "declare the mapping file of this kind"),
    "INVALID_MAPPING_FILE": ("a mapping file is not accepted", "validate the file with docbits.ion.mapping_info"),
    "INVALID_EXPORT_METHOD": ("DocBits does not know this kind of export", "compare the contract with docbits.ion.api_info"),
    "ERROR_EXPORT_METHOD_NOT_FOUND": ("DocBits does not know this kind of export", "compare the contract with docbits.ion.api_info"),
    "ION_API_RECORD_NOT_FOUND": ("DocBits has no ION API file for this export", "declare the ION API file of this export"),
    "M3_TOML_MAPPING_NOT_FOUND": ("DocBits has no M3 TOML mapping for this export", "declare the M3 TOML mapping of this export"),
    "ERROR_GETTING_INFOR_ACCESS_TOKEN": ("DocBits could not get a token from Infor with this ION API file", "prove the file with docbits.ion.connection_info"),
    "DOCUMENT_TYPE_NOT_FOUND": ("DocBits does not know this document type", "list the document types with docbits.ion.document_type_info"),
    "INVALID_DOCUMENT_TYPE": ("DocBits does not know this document type", "list the document types with docbits.ion.document_type_info"),
    "SUB_ORG_NOT_FOUND": ("DocBits does not know this sub-organisation", "list them with docbits.ion.sub_organisation_info"),
    "INVALID_SUB_ORGANISATION": ("DocBits does not know this sub-organisation", "list them with docbits.ion.sub_organisation_info"),
    "TITLE_MANDATORY": ("the title is missing", "declare a title"),
    "DOCUMENT_TYPE_MANDATORY": ("the document type is missing", "declare a document type"),
    "DUPLICATE_RECORD": ("an export like this exists already", _LOOK_UP_EXPORT),
    "NOT_AUTHORIZED": ("the API key may not do this", "use the key of an administrator of this organisation"),
    "NO_PERMISSION": ("the API key may not do this", "use the key of an administrator of this organisation"),
    "NOT_ENOUGH_PERMISSIONS_ACCESS_ORG": ("the API key may not enter this organisation", "check organisation_id and the organisation of the key"),
    "QUOTA_FINISHED": ("the organisation's quota is used up", "ask the owner of the DocBits subscription"),
    "SUBSCRIPTION_EXPIRED": ("the organisation's subscription has expired", "ask the owner of the DocBits subscription"),
}

_STATUSES = {
    401: (Refused, "DB01", "the API key is not accepted", "check api_key and that docbits_url is the environment that the key belongs to"),
    403: (Refused, "DB02", "the API key may not do this", "use the key of an administrator of this organisation; check organisation_id"),
    404: (Refused, "DB03", "nothing is found at this address", "check docbits_url and path_prefix; the export may have been removed"),
    413: (Refused, "DB07", "the files are too large for the server in front of DocBits", "shorten the mapping files; the known limit is 20 MB in all"),
    429: (Unreachable, "DB06", "DocBits asks to slow down, also after the retries", "lower forks or throttle, or raise retries and deadline"),
}


def data_of(response, asked: str):
    """The data of a successful answer, without its envelope; None for a success without data.

    asked: the request, for messages, such as "update export Invoices"
    Raises: Refused, BadAnswer or Unreachable. Of the body they show codes, field names, ids and plain sentences only.
    """
    body = _accepted(response, asked)
    if isinstance(body, dict):
        return body.get("data", body if "success" not in body else None)
    return body


def records_of(response, asked: str, path: str | None = None) -> list:
    """The records in the answer to a list operation; empty if the answer is a success without data.

    path:   keys that lead to the list, joined by dots, or None to look for it
    Raises: as data_of, and BadAnswer if there is no list of records
    """
    body = _accepted(response, asked)
    if path:
        for key in path.split("."):
            body = body.get(key) if isinstance(body, dict) else None
        found = [body] if isinstance(body, list) else []
    else:
        found = _lists_in(body)
        if not found and _has_no_data(body):
            return []
    filled = [records for records in found if records] or found[:1]
    if len(filled) == 1 and all(isinstance(item, (dict, str)) for item in filled[0]):
        return filled[0]
    raise failure(
        BadAnswer,
        "DB10",
        f"{response.where}: {asked}",
        f"the answer does not hold one list of records (status {response.status})",
        f"look at the answer in /docs of this host and set contract_overrides: {{lists: {{{_operation_of(asked)}: KEYS.TO.THE.LIST}}}}",
        status=response.status,
    )


def is_part(response, count: int) -> bool:
    """Whether an answer says that its list, of which count records are known, goes on in another page."""
    body = _body(response)
    inner = body.get("data")
    levels = [body, *(value for value in (inner, body.get("pagination"), body.get("meta")) if isinstance(value, dict))]
    for level in levels:
        totals = [level[key] for key in ("total", "total_count", "totalCount", "total_records", "count") if _is_number(level.get(key))]
        if any(total > count for total in totals):
            return True
        page, pages = level.get("page"), next((level[key] for key in ("pages", "total_pages", "totalPages") if _is_number(level.get(key))), None)
        if level.get("next") or level.get("has_more") is True or level.get("hasMore") is True or (pages and _is_number(page) and page < pages):
            return True
    return False


def incomplete_list(response, asked: str, count: int, has_pages: bool) -> BadAnswer:
    """The error for a list that is only a page, with no known way to the others, or with pages that do not add up."""
    why = "its further pages do not hold them" if has_pages else "the contract has no known parameter for a page"
    return failure(
        BadAnswer,
        "DB14",
        f"{response.where}: {asked}",
        f"the answer holds {count} records and says that there are more, and {why}",
        "look up the parameter in /docs of this host and set contract_overrides: {fields: {page: WIRE_NAME}}",
        status=response.status,
    )


def is_refusal(response) -> bool:
    """Whether DocBits refuses the request: by the status, or by an envelope with status 200. An ION API file is JSON too, but has no `success`."""
    return response.status >= 400 or _body(response).get("success") is False


def _accepted(response, asked):
    """The body of a successful answer as JSON, None for an empty one."""
    where = f"{response.where}: {asked}"
    if is_refusal(response):
        raise _refusal(response, where)
    if not response.body.strip():
        return None
    try:
        return response.json()
    except ValueError:
        raise _no_api(response, where) from None


def _lists_in(body) -> list:
    """Every list in the first two levels of a body."""
    if isinstance(body, list):
        return [body]
    if not isinstance(body, dict):
        return []
    inner = [value for value in body.values() if isinstance(value, dict)]
    return [value for level in (body, *inner) for value in level.values() if isinstance(value, list)]


def _has_no_data(body) -> bool:
    """Whether a success has no data, as for an organisation without exports."""
    return body is None or isinstance(body, dict) and not any(isinstance(value, (dict, list)) for value in body.values()) and body.get("data") is None


def _operation_of(asked) -> str:
    return {"list exports": "list"}.get(asked, asked.removeprefix("list ").replace(" ", "_").replace("-", "_"))


def _is_number(value) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _refusal(response, where):
    body = _body(response)
    code = next((body[key] for key in _CODE_KEYS if isinstance(body.get(key), str) and has_shape(CODE, body[key])), None)
    trace_id = first_shown(TRACE_ID, [*map(body.get, _TRACE_KEYS), *response.request_ids])
    kind, id_, message, action = _meaning(response, body, code)
    known = [f"status {response.status}"] + ([f"code {code}"] if code else []) + ([f"trace id {trace_id}"] if trace_id else [])
    said = "" if code else _readable(body)
    facts = {"status": response.status, "code": code, "trace_id": trace_id, "retry_after": response.retry_after if response.status == 429 else None}
    text = f"{message} ({', '.join(known)}){f'. DocBits says: {said}' if said else ''}"
    return failure(kind, id_, where, text, action, **{key: value for key, value in facts.items() if value is not None})


def _readable(body) -> str:
    """A short sentence of DocBits, without anything in it that may be a value that was sent."""
    text = next((body[key] for key in _CODE_KEYS if isinstance(body.get(key), str) and body[key].strip()), "")
    if len(text) > _LONGEST_SENTENCE:
        return ""
    return " ".join(part if _PLAIN_PART.fullmatch(part) else "…" for part in text.split())


def _meaning(response, body, code):
    status = response.status
    if code in CODES:
        return (Refused, "DB05", *CODES[code])
    if response.is_html and status >= 400 and status not in (401, 403):
        return BadAnswer, "DB09", "a web page came instead of an answer, as proxies, firewalls and maintenance send it", _no_api_action(status)
    if status in _STATUSES:
        return _STATUSES[status]
    if status == 422:
        return Refused, "DB04", f"the request is not valid: {_invalid_fields(body)}", "compare the contract with docbits.ion.api_info"
    if status >= 500:
        return Unreachable, "DB08", "DocBits has a problem of its own", "try again later; give the trace id or the time to DocBits support"
    return Refused, "DB05", "DocBits refused", "look the code up with DocBits support" if code else _LOOK_UP_EXPORT


def _invalid_fields(body) -> str:
    detail = body.get("detail")
    named = []
    for item in detail if isinstance(detail, list) else ():
        if isinstance(item, dict):
            loc = item.get("loc")
            field = loc[-1] if isinstance(loc, list) and loc else None
            type_ = str(item.get("type", ""))
            if isinstance(field, str) and has_shape(FIELD, field):
                named.append(f"{field} ({type_})" if has_shape(ERROR_TYPE, type_) else field)
    return ", ".join(named[:5]) or "it does not say which field"


def _body(response) -> dict:
    try:
        body = response.json()
    except ValueError:
        return {}
    if isinstance(body, dict):
        nested = body.get("detail")
        return {**body, **nested} if isinstance(nested, dict) else body
    return {}


def _no_api(response, where):
    return failure(
        BadAnswer,
        "DB09" if response.is_html else "DB10",
        where,
        f"{'a web page' if response.is_html else 'something that is no JSON'} came instead of an answer (status {response.status})",
        _no_api_action(response.status),
        status=response.status,
    )


def _no_api_action(status) -> str:
    if status == 413:
        return "shorten the mapping files; a server in front of DocBits refuses large uploads"
    return "check docbits_url and path_prefix, and whether a proxy or firewall answered"
