# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judging a mapping file: its kind, its place, its result; and what must fit inside one export."""

from __future__ import annotations

import base64
import json
import os
import secrets
from pathlib import Path

import pytest

from ansible_collections.docbits.ion.plugins.module_utils._core.findings import ERROR, WARNING
from ansible_collections.docbits.ion.plugins.module_utils._mapping.cross import cross_checks
from ansible_collections.docbits.ion.plugins.module_utils._mapping.dialect import LIMIT
from ansible_collections.docbits.ion.plugins.module_utils._mapping.judge import KINDS, judge
from ansible_collections.docbits.ion.tests.docs.mapping_examples import GOOD

PAIRS = [(given, wanted) for given in KINDS for wanted in KINDS if given != wanted]


def ids_of(findings):
    return [finding.id for finding in findings]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("encode", [str, str.encode, lambda text: text.replace("\n", "\r\n").encode(), lambda text: bytearray(text.encode())])
def test_a_good_file_is_recognised_in_every_form(kind, encode):
    judged = judge(encode(GOOD[kind]), "file")
    assert (judged.kind, judged.findings, judged.valid) == (kind, [], True)


@pytest.mark.parametrize(("given", "wanted"), PAIRS)
def test_a_file_in_the_wrong_place_is_named(given, wanted):
    judged = judge(GOOD[given], "file", wanted)
    assert (judged.kind, ids_of(judged.findings), judged.valid, judged.mapping) == (given, ["MP06"], False, None)


def test_the_sentence_of_a_wrong_place():
    [finding] = judge(GOOD["bod"], "invoice.properties", "idm").findings
    assert finding.sentence().startswith("invoice.properties: is a BOD mapping, given as an IDM mapping; ")


def test_a_file_without_marks_is_judged_as_what_is_expected():
    judged = judge("INVOICE=LN_SupplierInvoice\n", "file", "idm", "INVOICE")
    assert (judged.kind, ids_of(judged.findings)) == ("idm", ["MI04"] * 4)
    assert ids_of(judge("INVOICE=LN_SupplierInvoice\n", "file").findings) == ["MP05"]


def test_m3_and_ln_are_told_apart_by_names_and_not_by_their_case():
    assert judge("HeaderFields=suno,sino\nHF_suno=a\nHF_sino=b\n", "file", "m3").kind == "m3"
    assert judge("HeaderFields=SUPPLIERCODE\nHF_SUPPLIERCODE=a\n", "file").kind == "ln"


@pytest.mark.parametrize("kind", ["m3", "ln"])
def test_without_any_name_m3_and_ln_are_what_is_expected(kind):
    assert judge("HeaderFields=\nInvoiceCost=cost_lines\n", "file", kind).kind == kind
    assert ids_of(judge("HeaderFields=\nInvoiceCost=cost_lines\n", "file").findings) == ["MP05"]


@pytest.mark.parametrize("kind", ["idm", "ln"])
def test_where_as_much_speaks_for_two_kinds_the_expected_one_is_taken(kind):
    assert judge("HF_SupplierCode=supplier_id\nSV_Sep=-\n", "file", kind).kind == kind


def test_an_unknown_expected_kind_is_no_traceback():
    assert ids_of(judge(GOOD["idm"], "file", "jpl").findings) == ["MP06"]
    assert ids_of(judge("a=b", "file", "jpl").findings) == ["MP05"]


def test_findings_name_file_line_and_key_in_file_order():
    content = "# mine\n" + GOOD["idm"].replace("SV_Sep=-", "SV_Sep -").replace("IF_INVOICE_ID=", "IF_INVOICE_ID=x\nIF_INVOICE_ID=")
    assert [finding.where for finding in judge(content, "prod.properties", "idm").findings] == [
        "prod.properties line 3: Static_Values",
        "prod.properties line 4",
        "prod.properties line 10: IF_INVOICE_ID",
        "prod.properties line 13: Searchable_PDF_Name",
    ]


@pytest.mark.parametrize(
    ("content", "id_"),
    [
        (b"a" * (LIMIT + 1), "MP01"),
        ("INVOICE=x\n".encode("utf-16"), "MP02"),
        ("INVOICE=x\n".encode("utf-16-le"), "MP02"),
        (b"PK\x03\x04\x00\x00", "MP02"),
        (None, "MP02"),
        (7, "MP02"),
        (["INVOICE=x"], "MP02"),
        (b"\n{ }", "MP03"),
        ("<!DOCTYPE html>", "MP03"),
        ("<?xml version='1.0'?><xsl:stylesheet/>", "MP03"),
        ("$ANSIBLE_VAULT;1.1;AES256\n3132", "MP03"),
        ("-----BEGIN CERTIFICATE-----\n", "MP03"),
        (b"%PDF-1.7\n", "MP03"),
        (b"", "MP04"),
        ("\ufeff \r\n", "MP04"),
    ],
)
def test_what_is_no_mapping_file_at_all_gives_exactly_one_error(content, id_):
    for kind in (None, *KINDS):
        judged = judge(content, "file", kind)
        assert (judged.kind, ids_of(judged.findings), judged.mapping) == (None, [id_], None)
        assert judged.findings[0].level == ERROR


def test_a_file_of_exactly_the_limit_is_read():
    content = GOOD["idm"] + "#" * (LIMIT - len(GOOD["idm"]))
    assert judge(content, "file").findings == []


def test_latin_1_is_read_and_warned_of_once():
    content = GOOD["idm"].replace("Public", "Öffentlich").encode("latin-1")
    judged = judge(content, "file")
    assert ids_of(judged.findings) == ["MP21"]
    assert judged.mapping.text("SV_Acl") == "Öffentlich"
    assert judge(GOOD["idm"].replace("Public", "Öffentlich").encode(), "file").findings == []


def test_what_a_mapping_names_can_be_read_off():
    assert judge(GOOD["idm"] + "QUOTE=LN_Quote\n", "file").document_types == ["INVOICE", "QUOTE"]
    judged = judge(GOOD["bod"], "file")
    assert (judged.document_types, judged.logical_id) == (["INVOICE"], "lid://infor.ims.example")
    assert (judge(GOOD["m3_toml"], "file").document_types, judge(GOOD["m3_toml"], "file").logical_id) == ([], "")
    assert (judge("", "file").document_types, judge("", "file").logical_id) == ([], "")


@pytest.mark.parametrize("kind", [None, *KINDS])
def test_another_secret_file_in_the_place_of_a_mapping_is_not_quoted(kind):
    secret = secrets.token_urlsafe(48) + "="
    fields = {"ti": "ACME_TST", "cs": secret, "sask": secret}
    text = json.dumps(fields, indent=1)
    forms = [
        text,
        base64.b64encode(text.encode()).decode(),
        "\n".join(f"{key}: {value}" for key, value in fields.items()),
        "\n".join(f"{key} = {value}" for key, value in fields.items()),
        text[1:],
        f'"sask":"{secret}"\nHeaderFields=\nACL_Fields=\nDT_Path=\n',
    ]
    for form in forms:
        said = " ".join(finding.sentence() for finding in judge(form, "file", kind, "INVOICE").findings)
        assert said
        assert not any(piece in said for piece in (secret[:12], secret[-12:], base64.b64encode(text.encode()).decode()[:20]))


# The parts of one export.


def test_an_export_whose_parts_fit_has_no_finding():
    found = cross_checks(
        "infor_idm_ion_bod",
        document_type="INVOICE",
        deployment="cloud",
        flavour="cloud",
        idm_mapping=judge(GOOD["idm"], "idm"),
        bod_mapping=judge(GOOD["bod"], "bod"),
        logical_id="lid://infor.ims.example",
    )
    assert found == []


def test_what_is_not_known_is_not_checked():
    assert cross_checks("infor_idm_ion_bod") == []
    assert cross_checks("some_new_kind", flavour="on_premises", deployment="cloud") == []


@pytest.mark.parametrize(
    ("document_type", "expected"),
    [
        ("INVOICE", []),
        ("Invoice", [("MI27", WARNING, "idm line 1: INVOICE"), ("MB25", WARNING, "bod line 10: Document_Types")]),
        ("QUOTE", [("MI02", ERROR, "idm: QUOTE"), ("MB26", WARNING, "bod line 10: Document_Types")]),
        (None, []),
    ],
)
def test_the_document_type_stands_in_both_mappings(document_type, expected):
    parts = {"idm_mapping": judge(GOOD["idm"], "idm"), "bod_mapping": judge(GOOD["bod"], "bod")}
    found = cross_checks("infor_idm_ion_bod", document_type=document_type, **parts)
    assert [(finding.id, finding.level, finding.where) for finding in found] == expected


def test_a_finding_of_the_mapping_itself_is_not_given_again():
    parts = {"idm_mapping": judge(GOOD["idm"], "idm", "idm", "QUOTE"), "bod_mapping": judge(GOOD["bod"], "bod", "bod", "QUOTE")}
    assert cross_checks("infor_idm_ion_bod", document_type="QUOTE", **parts) == []


@pytest.mark.parametrize("value", ["lid://infor.ims.other", "lid://", "lid://INFOR.ims.example"])
def test_the_logical_id_is_that_of_the_connection_point(value):
    mapping = judge(GOOD["bod"].replace("lid://infor.ims.example", value), "bod")
    [finding] = cross_checks("infor_ion_bod", bod_mapping=mapping, logical_id="lid://infor.ims.example")
    assert (finding.id, finding.level, finding.where) == ("MX01", ERROR, "bod line 3: SFV_LogicalID")
    assert "SFV_LogicalID=lid://infor.ims.example" in finding.action


def test_a_missing_logical_id_is_the_mapping_s_own_finding():
    mapping = judge(GOOD["bod"].replace("SFV_LogicalID", "#SFV_LogicalID"), "bod")
    assert set(ids_of(mapping.findings)) == {"MB01", "MB06"}
    assert cross_checks("infor_ion_bod", bod_mapping=mapping, logical_id="lid://infor.ims.example") == []


@pytest.mark.parametrize(
    ("kind", "deployment", "flavour", "expected"),
    [
        ("infor_idm", "cloud", "on_premises", [("MX20", "export: deployment")]),
        ("infor_idm", "on_premises", "cloud", [("MX20", "export: deployment")]),
        ("infor_idm", "on_premises", "on_premises", []),
        ("infor_idm", None, "on_premises", []),
        ("infor_idm_m3", None, "on_premises", [("MX21", "export: ionapi")]),
        ("infor_idm_ln", None, "cloud", []),
        ("infor_sftp", None, None, []),
    ],
)
def test_file_and_deployment_fit_the_kind(kind, deployment, flavour, expected):
    found = cross_checks(kind, deployment=deployment, flavour=flavour)
    assert [(finding.id, finding.where) for finding in found] == expected
    assert {finding.level for finding in found} <= {WARNING}


# The vendor's own files, where somebody has them.


@pytest.mark.skipif("MAPPING_SAMPLES" not in os.environ, reason="MAPPING_SAMPLES names no directory with the vendor's files")
def test_the_vendor_s_own_files_have_no_error():
    files = [path for path in Path(os.environ["MAPPING_SAMPLES"]).iterdir() if path.suffix in (".properties", ".toml")]
    assert files
    for path in files:
        judged = judge(path.read_bytes(), path.name)
        assert judged.valid, [finding.sentence() for finding in judged.findings if finding.level == ERROR]
        wanted = {"IDM": "idm", "BOD": "bod", "LN-": "ln", "M3-": "m3"}.get(path.name[:3])
        assert judged.kind == wanted or wanted is None
