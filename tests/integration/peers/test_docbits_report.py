# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report of api_info names the moods of a DocBits that was written from the published contract alone, and none of its values."""

from __future__ import annotations

import json
import uuid

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.docbits.ion.plugins.module_utils._core.run import Context, execute
from ansible_collections.docbits.ion.plugins.module_utils._docbits import client
from ansible_collections.docbits.ion.plugins.module_utils._module import api_info, export
from integration.peers.docbits_server.cases import idm, sftp, webhook
from integration.peers.docbits_server.server import Peer
from integration.peers.docbits_server.shapes import ORG_ID

EXPORTS = [webhook("Zq Hook", "https://zq.example.test/?key=zq"), idm("Zq invoices", active=False), sftp("Zq archive")]
WORDS = ("Zq", "zq.example", ORG_ID, "Inv3nted", "sftp.example.test", "ACME", "Berlin", "hook.example")
DECLARED = {"title": "Trial", "kind": "webhook", "document_type": "INVOICE", "active": False, "url": "https://trial.invalid/"}


def run(module, peer, **options):
    """The result of a module's function for this server."""
    client._public_schema.forget()
    client._protected_schema.forget()
    params = {"docbits_url": peer.url, "api_key": peer.api_key, "ca_path": peer.ca, "describe_answers": True, "timeout": 5, **options}
    validation = ArgumentSpecValidator(**module.ARGUMENT_SPEC.to_kwargs()).validate(params)
    assert not validation.error_messages
    return execute(module.run, Context(validation.validated_parameters))


def differing(observed):
    return {row["id"]: row["seen"] for row in observed["guesses"] if row["outcome"] == "differs"}


@pytest.mark.parametrize(
    ("moods", "expected"),
    [
        (
            {"openapi": "key", "list_shape": "items", "bool_words": "yn", "method_words": "upper", "doc_type_words": "object", "id_type": "string"},
            {"Q01": "only with an API key", "Q05": "items", "Q08": "text (digits)", "Q09": "text (flag)", "Q10": "known, in another case", "Q11": "object"},
        ),
        ({"openapi": "hidden", "method_words": "opaque", "list_shape": "pages_next"}, {"Q01": "not readable", "Q06": "it says that there are more"}),
        (
            {"alias": "title", "masked_keys": ("export_url", "username"), "download": "base64_envelope"},
            {"Q07": "title: never set", "Q14": "masked: url, username", "Q18": "the file, an object with the file in data"},
        ),
        (
            {"wire_names": "renamed", "download": "403"},
            {
                "Q03": "document_history: missing, filename_mode: missing, folder: missing, sub_organisation: missing",
                "Q18": "refused with status 403",
                "Q19": "refused with status 403",
            },
        ),
    ],
    ids=lambda value: ",".join(value) if isinstance(value, dict) else "",
)
def test_report_names_the_mood_and_no_value(moods, expected):
    with Peer(start=EXPORTS, **moods) as peer:
        results = [run(api_info, peer, organisation_id=id_) for id_ in (ORG_ID, str(uuid.uuid4()))]
        result = results[0]
        found = differing(result["observed"])
        ids = [str(export["id"]) for export in peer.state() if len(str(export["id"])) > 8]
    shown = json.dumps(result["observed"])
    assert {id_: found.get(id_) for id_ in expected} == expected
    assert [one["organisation"] for one in results] == ["the same", "another"]
    assert [word for word in (*WORDS, *ids, peer.api_key) if word in shown] == []


@pytest.mark.parametrize(
    ("moods", "expected"),
    [
        ({"create_answer": "task_id", "active_on_create": False}, {"Q30": "an id that is not that of the export", "Q32": "inactive"}),
        ({"create_answer": "refused_400"}, {"Q30": "a refusal with status 400, code ERROR_GETTING_INFOR_ACCESS_TOKEN"}),
    ],
    ids=lambda value: ",".join(value) if isinstance(value, dict) else "",
)
def test_answer_to_a_create_is_named(moods, expected, tmp_path):
    with Peer(start=EXPORTS, **moods) as peer:
        result = run(export, peer, run_dir=str(tmp_path), settle_timeout=0.5, **DECLARED)
    found = differing(result["observed"])
    assert {id_: found.get(id_) for id_ in expected} == expected
    assert [word for word in (*WORDS, "trial.invalid") if word in json.dumps(result["observed"])] == []
