# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each assumption about DocBits is judged by the answers, and overrides are suggested where one reading explains them."""

from __future__ import annotations

import json

import pytest

from ansible_collections.docbits.ion.plugins.module_utils._docbits.bundled import CURRENT
from ansible_collections.docbits.ion.plugins.module_utils._docbits.contract import Contract, Overrides
from ansible_collections.docbits.ion.plugins.module_utils._docbits.guesses import GUESSES, judged, organisation_named
from ansible_collections.docbits.ion.plugins.module_utils._docbits.observed import Answer, Names
from ansible_collections.docbits.ion.plugins.module_utils._docbits.recorded import NOT_ASKED, NOT_READABLE, PUBLIC, Observed
from ansible_collections.docbits.ion.plugins.module_utils._docbits.schema import ApiSchema, OperationSchema
from ansible_collections.docbits.ion.plugins.module_utils._docbits.suggestions import suggested_overrides
from ansible_collections.docbits.ion.plugins.module_utils._http.client import Response

CONTRACT = Contract(CURRENT, "current", Overrides())
WEBHOOK = {
    "id": 7,
    "export_method": "webhook",
    "title": "A",
    "doc_type": "INVOICE",
    "is_active": True,
    "export_url": "https://a.test",
    "sub_org_id": None,
    "execution_order": 1,
    "zugferd": False,
}
OWN = {**WEBHOOK, "id": 8, "title": "Trial", "is_active": False}
DECLARED = {"title": "Trial", "kind": "webhook", "document_type": "INVOICE", "active": False, "url": "https://a.test"}
REFUSAL = {"success": False, "message": "MISSING_MAPPING_FILE"}
MAPPING = b"INVOICE=LN\n"


def answer(method, path, body, sent=(), status=200, **query):
    content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    media_type = "application/octet-stream" if isinstance(body, bytes) else "application/json"
    return Answer(method, path, sent, query, Response(status, {"content-type": media_type}, content, "docbits.example.com"))


def listed(*records, **more):
    return answer("POST", "/configurations/get_configurations", {"success": True, "data": list(records), **more})


def listed_as(body):
    return answer("POST", "/configurations/get_configurations", body)


def but(**changes):
    return {**WEBHOOK, **changes}


def types(*records):
    return answer("GET", "/document_type/get_document_types", {"success": True, "data": list(records)})


def groups(body):
    return answer("GET", "/sub_organisations/get_sub_organisations", body)


def file(body, type_="IDM_MAPPING", status=200):
    return answer("GET", "/configurations/download/7", body, ("type",), status, type=type_)


def created(body, status=200):
    return answer("POST", "/configurations/configure_webhook_export", body, ("title", "doc_type", "export_url"), status)


def updated(*sent):
    return answer("POST", "/configurations/configure_webhook_export", {"success": True}, ("config_id", *sent))


def switched():
    return answer("POST", "/configurations/update_configuration_visibility", {"success": True}, ("id", "is_active"))


def removed():
    return answer("POST", "/configurations/remove_configuration", {"success": True}, ("id",))


def observed(*answers, contract=CONTRACT, access=NOT_ASKED, absent=(), declared=None):
    return Observed(contract, Names(contract, is_public=True), access, list(answers), absent, declared or {})


def judge(id_, one):
    row = next(row for row in judged(one) if row["id"] == id_)
    return row["outcome"], row["seen"]


INVOICE = {"id": "t1", "document_key": "INVOICE", "title": "Rechnung"}
CASES = [
    ("Q05", [listed(WEBHOOK)], "held", "data"),
    ("Q05", [listed_as([WEBHOOK])], "differs", "the answer itself"),
    ("Q05", [listed_as({"items": [WEBHOOK]})], "differs", "items"),
    ("Q05", [listed_as({"data": {"configurations": [WEBHOOK]}})], "differs", "data.configurations"),
    ("Q05", [listed_as({"acme": [WEBHOOK]})], "differs", "<key>"),
    ("Q05", [listed_as(REFUSAL)], "not seen", ""),
    ("Q06", [listed(WEBHOOK)], "held", "nothing says that there are more"),
    ("Q06", [listed(WEBHOOK, total=2)], "differs", "it says that there are more"),
    ("Q07", [listed(WEBHOOK)], "held", "all have the assumed key"),
    ("Q07", [listed({**but(), "document_type": "INVOICE", "doc_type": None})], "differs", "document_type: document_type"),
    ("Q07", [listed(but(title=None, name="A"))], "differs", "title: never set"),
    ("Q08", [listed(WEBHOOK)], "held", "integer"),
    ("Q08", [listed(but(id="a-1"))], "differs", "text"),
    ("Q09", [listed(WEBHOOK)], "held", "boolean"),
    ("Q09", [listed(but(is_active="Y", zugferd=0))], "differs", "integer, text (flag)"),
    ("Q10", [listed(WEBHOOK, but(export_method="watcher"))], "held", "known, of a kind that is not managed"),
    ("Q10", [listed(but(export_method="WEBHOOK"))], "differs", "known, in another case"),
    ("Q10", [listed(but(export_method="acme"))], "differs", "unknown"),
    ("Q11", [listed(WEBHOOK), types(INVOICE)], "held", "the key"),
    ("Q11", [listed(but(doc_type="Rechnung")), types(INVOICE)], "differs", "the title"),
    ("Q11", [listed(but(doc_type="invoice")), types(INVOICE)], "differs", "the key in another case"),
    ("Q11", [listed(but(doc_type="t1")), types(INVOICE)], "differs", "the id"),
    ("Q11", [listed(but(doc_type="Acme")), types(INVOICE)], "differs", "a text that is no document type"),
    ("Q11", [listed(but(doc_type={"id": 1})), types(INVOICE)], "differs", "object"),
    ("Q11", [listed(WEBHOOK), types("INVOICE")], "held", "the key"),
    ("Q12", [listed(WEBHOOK)], "held", "null"),
    ("Q12", [listed({"id": 1, "export_url": "u"}, {"id": 2})], "differs", "the keys differ between records, and none is null"),
    ("Q13", [listed(WEBHOOK)], "held", "no such record"),
    ("Q13", [listed(but(is_deleted=True))], "differs", "records that are marked as deleted"),
    ("Q14", [listed(WEBHOOK)], "held", "readable"),
    ("Q14", [listed(but(export_url="https****"))], "differs", "masked: url"),
    ("Q15", [listed(but(is_active=False))], "held", "inactive exports"),
    ("Q15", [listed(WEBHOOK)], "not seen", ""),
    ("Q16", [listed(WEBHOOK, OWN)] * 2, "held", "the same"),
    ("Q16", [listed(WEBHOOK, OWN), listed(OWN, WEBHOOK)], "differs", "another order"),
    ("Q16", [listed(WEBHOOK, OWN), listed(OWN, but(id=9))], "differs", "other records"),
    ("Q16", [listed(WEBHOOK, OWN), removed(), listed(WEBHOOK, but(id=9))], "not seen", ""),
    ("Q17", [listed()], "held", "an empty list"),
    ("Q17", [listed_as(None)], "differs", "no body"),
    ("Q17", [listed_as({"success": True})], "differs", "no data"),
    ("Q17", [listed_as({"success": True, "data": None})], "differs", "data is null"),
    ("Q17", [listed(WEBHOOK)], "not seen", ""),
    ("Q18", [file(MAPPING)], "held", "the file, no envelope"),
    ("Q18", [file({"success": True, "data": MAPPING.decode()})], "differs", "the file, an object with the file in data"),
    ("Q18", [file({"data": "https://acme.test/f"})], "differs", "not a properties file, an object with a URL in data"),
    ("Q18", [file(MAPPING.decode())], "differs", "the file, a JSON text"),
    ("Q18", [file(b"SU5WT0lDRT1MTgo=")], "differs", "the file, base64"),
    ("Q18", [file(b"INVOICE=****\n")], "differs", "masked, no envelope"),
    ("Q18", [file(REFUSAL, status=403)], "differs", "refused with status 403"),
    ("Q18", [file(b"<html>")], "differs", "a web page"),
    ("Q18", [file(b"{}", "ION_API")], "not seen", ""),
    ("Q19", [file(b"{}", "ION_API")], "differs", "incomplete, no envelope"),
    ("Q20", [file(MAPPING)], "held", "plain"),
    ("Q20", [file(b"\xef\xbb\xbfINVOICE=LN\r\n")], "differs", "CR and LF, a byte order mark"),
    ("Q22", [types(INVOICE)], "held", "the list is in data"),
    ("Q22", [types({"key": "INVOICE"})], "differs", "the list is in data; missing: document_key, title"),
    ("Q23", [groups([{"id": 1, "name": "Acme"}])], "held", "the list is in the answer itself"),
    ("Q23", [groups({"data": [{"id": 1}]})], "differs", "the list is in data; missing: name"),
]
TRIALS = [
    ("Q30", [created({"success": True, "data": {"id": 8}}), listed(OWN)], "held", "data.id"),
    ("Q30", [created({"id": 8}), listed(OWN)], "differs", "id"),
    ("Q30", [created({"success": True, "data": {"id": 9}}), listed(OWN)], "differs", "an id that is not that of the export"),
    ("Q30", [created({"success": True, "data": "Acme"})], "differs", "no id: text"),
    ("Q30", [created(b"OK")], "differs", "no id: no JSON"),
    ("Q30", [created(None, 204)], "differs", "no body"),
    ("Q30", [created(REFUSAL, 409)], "differs", "a refusal with status 409, code MISSING_MAPPING_FILE"),
    ("Q30", [updated("title"), listed(OWN)], "not seen", ""),
    ("Q31", [created(None), listed(WEBHOOK, OWN)], "held", "in the first list"),
    ("Q31", [created(None), listed(WEBHOOK), listed(OWN)], "differs", "in a later list"),
    ("Q31", [created(None), listed(WEBHOOK)], "differs", "in no list"),
    ("Q32", [created(None), listed({**OWN, "is_active": True}), switched(), listed(OWN)], "held", "active"),
    ("Q32", [created(None), listed(OWN)], "differs", "inactive"),
    ("Q32", [created(None), switched(), listed(OWN)], "not seen", ""),
    ("Q33", [removed(), listed(WEBHOOK)], "held", "not in the list"),
    ("Q33", [removed(), listed({**OWN, "is_deleted": 1})], "differs", "in the list, marked as deleted"),
    ("Q33", [removed(), listed(OWN)], "differs", "in the list"),
]


@pytest.mark.parametrize(("id_", "answers", "outcome", "seen"), CASES)
def test_guess_is_judged_by_reading(id_, answers, outcome, seen):
    assert judge(id_, observed(*answers)) == (outcome, seen)


@pytest.mark.parametrize(("id_", "answers", "outcome", "seen"), TRIALS)
def test_guess_is_judged_by_a_trial(id_, answers, outcome, seen):
    assert judge(id_, observed(*answers, declared=DECLARED)) == (outcome, seen)


def test_every_guess_has_a_case():
    assert {id_ for id_, *_rest in CASES + TRIALS} == GUESSES.keys() - {"Q01", "Q02", "Q03", "Q04", "Q21"}


def test_access_to_the_contract():
    assert [judge("Q01", observed(access=access)) for access in (PUBLIC, NOT_READABLE, NOT_ASKED)] == [
        ("held", "public"),
        ("differs", "not readable"),
        ("not seen", ""),
    ]


def test_contract_without_an_operation_and_with_other_names():
    path = ("POST", "/configurations/configure_infor_export")
    schema = ApiSchema("1.0", {path: OperationSchema(None, {"m3_mapping_file": "file", "sub_org_id": "string"})})
    one = observed(contract=Contract(schema, "live", Overrides()))
    assert judge("Q02", one) == ("differs", "missing: list, download, document_types, sub_organisations, remove, set_active")
    assert judge("Q03", one) == ("differs", "execution_order: missing, m3_mapping: m3_mapping_file")


def test_path_to_the_operations():
    refused = answer("POST", "/configurations/get_configurations", REFUSAL, status=404)
    assert [judge("Q04", observed(*answers)) for answers in ([listed()], [refused], [])] == [
        ("held", "status 200"),
        ("differs", "status 404"),
        ("not seen", ""),
    ]


def test_file_that_is_absent():
    refused, sent = file(REFUSAL), file(None)
    assert judge("Q21", observed(refused, absent=(refused,))) == ("held", "status 200, code MISSING_MAPPING_FILE")
    assert judge("Q21", observed(sent, absent=(sent,))) == ("differs", "status 200, no body")
    assert judge("Q18", observed(refused, absent=(refused,))) == ("not seen", "")


@pytest.mark.parametrize(("ids", "expected"), [((), "not named"), (("acme",), "the same"), (("acme", "other"), "another"), (("other",), "another")])
def test_organisation_that_the_answers_name(ids, expected):
    assert organisation_named(observed(listed(*(but(org_id=id_) for id_ in ids))), "acme") == expected


def test_override_of_a_list_in_an_unknown_place():
    one = observed(listed_as({"result": {"page": {"rows": [WEBHOOK]}}, "kinds": [{"name": "x"}]}))
    assert suggested_overrides(one) == {"lists": {"list": "result.page.rows"}}


def test_overrides_of_keys_that_only_one_key_can_be():
    record = {"id": 7, "art": "infor-idm-cloud", "beleg": "INVOICE", "title": "A"}
    assert suggested_overrides(observed(listed(record), types(INVOICE))) == {"records": {"method": "art", "document_type": "beleg"}}
    assert suggested_overrides(observed(listed({**record, "beleg2": "INVOICE"}), types(INVOICE))) == {"records": {"method": "art"}}


def test_overrides_of_a_trial():
    before = {**OWN, "export_method": "infor-idm-v2", "is_active": "ja"}
    after = {**before, "is_active": "nein"}
    one = observed(created(None), listed(before), switched(), listed(after), declared={**DECLARED, "kind": "infor_idm", "deployment": "cloud"})
    assert suggested_overrides(one) == {"methods": {"infor-idm-v2": "infor_idm/cloud"}, "booleans": {"nein": "false", "ja": "true"}}


def test_no_override_of_what_is_known():
    assert suggested_overrides(observed(created(None), listed(WEBHOOK, OWN), switched(), listed(WEBHOOK, OWN), declared=DECLARED)) == {}


def test_no_override_of_a_word_that_may_be_a_secret():
    word = "q7Rk2Zp9Lm4Xc8Vb1Nt6Ws3Ey5"
    assert suggested_overrides(observed(created(None), listed({**OWN, "export_method": word}), declared=DECLARED)) == {}
