# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an answer of DocBits means: its data, or an error with status, code, trace id and next step. Pure. Private to the collection."""

from __future__ import annotations

import re

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import BadAnswer, Refused, Unreachable, failure

# Only what looks like a code, a field name, an error type or an id is ever shown of a body: a body may hold what was sent.
_CODE = re.compile(r"[A-Z][A-Z0-9_]{2,63}")
_FIELD = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,40}")
_ERROR_TYPE = re.compile(r"[a-z][a-z_.]{2,60}")
_TRACE_ID = re.compile(r"[A-Za-z0-9._:-]{4,64}")
_TRACE_KEYS = ("trace_id", "traceId", "trace", "request_id", "requestId", "correlation_id")
_CODE_KEYS = ("message", "code", "error", "detail")

_LOOK_UP_EXPORT = "open Settings, Document Processing, Export in DocBits and compare what stands there"

# What the vendor's web application says to these codes, and what to do about it here.
CODES = {
    "EXPORT_CONFIG_ALREADY_EXISTS": (
        "another active export exists for this document type",
        "deactivate the other export, declare it inactive, or let this run purge it",
    ),
    "EXPORT_CONFIG_NOT_FOUND": ("no such export exists any more", _LOOK_UP_EXPORT),
    "MISSING_MAPPING_FILE": ("a mapping file that this kind needs is missing", "declare the mapping file of this kind"),
    "INVALID_MAPPING_FILE": ("a mapping file is not accepted", "judge the file with docbits.ion.mapping_info"),
    "INVALID_EXPORT_METHOD": ("it does not know this kind of export", "compare the contract with docbits.ion.api_info"),
    "ERROR_EXPORT_METHOD_NOT_FOUND": ("it does not know this kind of export", "compare the contract with docbits.ion.api_info"),
    "ION_API_RECORD_NOT_FOUND": ("it has no ION API file for this export", "declare the ION API file of this export"),
    "M3_TOML_MAPPING_NOT_FOUND": ("it has no M3 TOML mapping for this export", "declare the M3 TOML mapping of this export"),
    "ERROR_GETTING_INFOR_ACCESS_TOKEN": (
        "it could not get a token from Infor with this ION API file",
        "prove the file with docbits.ion.connection_info",
    ),
    "DOCUMENT_TYPE_NOT_FOUND": ("it does not know this document type", "list the document types with docbits.ion.document_type_info"),
    "INVALID_DOCUMENT_TYPE": ("it does not know this document type", "list the document types with docbits.ion.document_type_info"),
    "SUB_ORG_NOT_FOUND": ("it does not know this sub-organisation", "list them with docbits.ion.sub_organisation_info"),
    "INVALID_SUB_ORGANISATION": ("it does not know this sub-organisation", "list them with docbits.ion.sub_organisation_info"),
    "TITLE_MANDATORY": ("the title is missing", "declare a title"),
    "DOCUMENT_TYPE_MANDATORY": ("the document type is missing", "declare a document type"),
    "DUPLICATE_RECORD": ("an export like this exists already", _LOOK_UP_EXPORT),
    "NOT_AUTHORIZED": ("the API key may not do this", "use the key of an administrator of this organisation"),
    "NO_PERMISSION": ("the API key may not do this", "use the key of an administrator of this organisation"),
    "NOT_ENOUGH_PERMISSIONS_ACCESS_ORG": ("the API key may not enter this organisation", "check organisation_id and the organisation of the key"),
    "QUOTA_FINISHED": ("the organisation's quota is used up", "talk to whoever holds the DocBits subscription"),
    "SUBSCRIPTION_EXPIRED": ("the organisation's subscription has expired", "talk to whoever holds the DocBits subscription"),
}


def data_of(response, asked: str):
    """The data of a successful answer, out of its envelope where it has one; C(None) for a success without data.

    asked:  what was asked, for messages, for example C(update export Invoices)
    raises: L(Refused), L(BadAnswer) or L(Unreachable), never with a byte of the body that is not a code, field name or id
    """
    where = f"{response.where}: {asked}"
    if response.status >= 400:
        raise _refusal(response, where)
    if not response.body.strip():
        return None
    try:
        body = response.json()
    except ValueError:
        raise _no_api(response, where) from None
    if isinstance(body, dict):
        if body.get("success") is False:
            raise _refusal(response, where)
        return body.get("data", body if "success" not in body else None)
    return body


def records_in(data, response, asked: str) -> list:
    """The list of records in an answer's data; raises L(BadAnswer) where there is none."""
    if isinstance(data, dict):
        lists = [value for value in data.values() if isinstance(value, list)]
        data = lists[0] if len(lists) == 1 else data
    if isinstance(data, list) and all(isinstance(item, (dict, str)) for item in data):
        _refuse_part(data, response, asked)
        return data
    raise failure(
        BadAnswer,
        "DB10",
        f"{response.where}: {asked}",
        f"the answer is not the list that was asked for (status {response.status})",
        "compare the contract with docbits.ion.api_info; this DocBits may be newer than this collection",
        status=response.status,
    )


def _refuse_part(data, response, asked) -> None:
    """A list that says of itself that it is only a page of a longer one would be taken for the whole: exports on other pages made twice."""
    body = _body(response)
    inner = body.get("data")
    told = {**body, **inner} if isinstance(inner, dict) else body
    totals = [told[key] for key in ("total", "total_count", "totalCount") if isinstance(told.get(key), int)]
    if any(total > len(data) for total in totals):
        raise failure(
            BadAnswer,
            "DB14",
            f"{response.where}: {asked}",
            f"the answer holds {len(data)} of {max(totals)} records, a page of the list",
            "report it: this DocBits sends its lists in pages, which this collection does not know yet",
            status=response.status,
        )


def _refusal(response, where):
    body = _body(response)
    code = next((body[key] for key in _CODE_KEYS if isinstance(body.get(key), str) and _CODE.fullmatch(body[key])), None)
    trace_id = next((str(body[key]) for key in _TRACE_KEYS if _TRACE_ID.fullmatch(str(body.get(key, "")))), None) or response.request_id
    kind, id_, message, action = _meaning(response, body, code)
    known = [f"status {response.status}"] + ([f"code {code}"] if code else []) + ([f"trace id {trace_id}"] if trace_id else [])
    facts = {"status": response.status, "code": code, "trace_id": trace_id}
    return failure(kind, id_, where, f"{message} ({', '.join(known)})", action, **{key: value for key, value in facts.items() if value is not None})


def _meaning(response, body, code):
    status = response.status
    if code in CODES:
        return (Refused, "DB05", *CODES[code])
    if response.is_html and status >= 400 and status not in (401, 403):
        return BadAnswer, "DB09", "a web page came instead of an answer, as proxies, firewalls and maintenance send it", _no_api_action(status)
    if status == 401:
        return Refused, "DB01", "the API key is not accepted", "check api_key and that docbits_url is the environment that the key belongs to"
    if status == 403:
        return Refused, "DB02", "the API key may not do this", "use the key of an administrator of this organisation; check organisation_id"
    if status == 404:
        return Refused, "DB03", "nothing stands at this address", "check docbits_url and path_prefix; the export may have been removed meanwhile"
    if status == 413:
        return Refused, "DB07", "the files are too large for the server before DocBits", "shorten the mapping files; 20 MB in all is the limit known"
    if status == 422:
        return Refused, "DB04", f"the request is not valid: {_invalid_fields(body)}", "compare the contract with docbits.ion.api_info"
    if status == 429:
        return Unreachable, "DB06", "it asks to slow down and did so beyond the retries", "lower forks or throttle, or raise retries and deadline"
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
            if isinstance(field, str) and _FIELD.fullmatch(field):
                named.append(f"{field} ({type_})" if _ERROR_TYPE.fullmatch(type_) else field)
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
        return "shorten the mapping files; a server before DocBits refuses large uploads"
    return "check docbits_url and path_prefix, and whether a proxy or firewall stands between"
