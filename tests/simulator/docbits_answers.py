# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each operation of the simulated DocBits does and answers; `docbits_api` has checked the request before."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.responses import Response

from .docbits_contracts import Contract, Operation
from .docbits_exports import MASK, Exports, Refusal
from .docbits_moods import created_in_mood, download_in_mood, list_in_mood, record_in_mood
from .docbits_organisations import Organisation

FLAGS = {"true": True, "false": False}
CONNECTED = {"success": True, "message": "Connection Established Successfully."}


@dataclass(frozen=True)
class Call:
    """One request.

    values:  field name to value, None where it was not sent or was sent empty
    files:   field name to file name and content
    emptied: the fields that were sent empty
    """

    contract: Contract
    operation: Operation
    organisation: Organisation
    exports: Exports
    values: dict
    files: dict[str, tuple[str, bytes]]
    emptied: set[str]


def answer(call: Call) -> Response | dict | list:
    """The answer: an operation of the contract's table has the function of its name here."""
    name = call.operation.name
    return configure(call) if name.startswith("configure_") else ANSWERS[name](call)


def configure(call: Call) -> Response | dict:
    record = _record(call, call.exports.configure(call.operation, call.values, call.files, call.emptied))
    if call.values.get("config_id") is not None:
        return _success(record)
    return created_in_mood(record, call.contract.record_keys.get("id", "id"), call.organisation.behaviour(call.contract))


def get_configurations(call: Call) -> Response | dict | list:
    records = [_told(call, export) for export in call.exports.listed()]
    answer = list_in_mood(records, call.values.get("page") or 1, call.organisation.behaviour(call.contract))
    return _list(call, records) if answer is None else answer


def get_configuration(call: Call) -> dict:
    oldest = call.exports.all()[:1]
    if not oldest:
        raise Refusal("EXPORT_CONFIG_NOT_FOUND")
    return _success(_told(call, oldest[0]))


def update_configuration_visibility(call: Call) -> dict:
    active = call.values["is_active"]
    if not isinstance(active, bool):
        active = FLAGS.get(str(active).lower())
    if active is None:
        raise Refusal("INVALID_VALUE")
    call.exports.set_active(call.values["id"], active)
    return {"success": True}


def remove_configuration(call: Call) -> dict:
    call.exports.remove(call.values["id"])
    return {"success": True}


def validate_export_configuration(call: Call) -> dict:
    call.exports.validate(call.values["doc_type"])
    return {"success": True}


def test_infor_connection(call: Call) -> dict:
    call.exports.test_infor_connection(call.values["config_id"])
    return CONNECTED


def test_server_connection(call: Call) -> dict:
    if not call.values["server_url"]:
        raise Refusal("INVALID_SERVER_URL")
    return CONNECTED


def download(call: Call) -> Response:
    name = next(name for name, type_ in call.contract.download_types.items() if type_ == call.values["type"].value)
    content = call.exports.download(call.values["id"], name)
    changed = download_in_mood(content, name, call.organisation.behaviour(call.contract))
    if changed is not None:
        return changed
    suffix = {"ion_api": "ionapi", "m3_toml_mapping": "toml", "xslt": "xslt"}.get(name, "properties")
    headers = {"Content-Disposition": f'attachment; filename="{name}.{suffix}"'}
    return Response(content, media_type="application/octet-stream", headers=headers)


def document_type_names(call: Call) -> dict | list:
    return _list(call, [known["document_key"] for known in call.organisation.document_types])


def document_types(call: Call) -> dict | list:
    return _list(call, call.organisation.document_types)


def sub_organisations(call: Call) -> dict | list:
    more = {"description": "", "org_id": call.organisation.id}
    return _list(call, [{**more, **known} for known in call.organisation.sub_organisations])


ANSWERS = {
    "get_configurations": get_configurations,
    "get_configuration": get_configuration,
    "update_configuration_visibility": update_configuration_visibility,
    "remove_configuration": remove_configuration,
    "validate_export_configuration": validate_export_configuration,
    "test_infor_connection": test_infor_connection,
    "test_sftp_connection": test_server_connection,
    "test_smb_connection": test_server_connection,
    "download": download,
    "document_types": document_type_names,
    "document_types_list": document_types,
    "get_document_types": document_types,
    "get_document_types_and_sub_types": document_types,
    "get_sub_organisations": sub_organisations,
}


def _success(data) -> dict:
    return {"success": True, "data": data}


def _list(call: Call, data: list) -> dict | list:
    enveloped = call.organisation.behaviour(call.contract).envelope_lists
    if enveloped is None:
        enveloped = call.operation.name not in call.contract.bare_lists
    return _success(data) if enveloped else data


def _told(call: Call, export: dict) -> dict:
    """What a list tells of an export."""
    keys = call.contract.record_keys
    omitted = {keys.get(name, name) for name in call.organisation.behaviour(call.contract).omit_record_keys}
    return {key: value for key, value in _record(call, export).items() if key not in omitted}


def _record(call: Call, export: dict) -> dict:
    """The export under the contract's keys; the password as a mask, the id as the contract types it."""
    record = {}
    for name in call.contract.record_fields:
        value = export.get(name)
        if name == "id" and call.contract.id_type == "integer":
            value = int(value)
        if name == "password" and value:
            value = MASK
        record[call.contract.record_keys.get(name, name)] = value
    titles = {known["document_key"]: known["title"] for known in call.organisation.document_types}
    return record_in_mood(record, export, call.contract, call.organisation.behaviour(call.contract), titles)
