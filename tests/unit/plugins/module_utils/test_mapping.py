# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Validating a mapping file: its kind and its findings; and the parts of one export together."""

from __future__ import annotations

import base64
import json
import os
import secrets
from pathlib import Path

import pytest

from ansible_collections.docbits.ion.plugins.module_utils._core.findings import ERROR, WARNING, errors_in
from ansible_collections.docbits.ion.plugins.module_utils._mapping.cross import cross_checks
from ansible_collections.docbits.ion.plugins.module_utils._mapping.dialect import MAX_SIZE
from ansible_collections.docbits.ion.plugins.module_utils._mapping.validation import FILE_KINDS, validate
from ansible_collections.docbits.ion.tests.docs.mapping_examples import VALID

PAIRS = [(given, wanted) for given in FILE_KINDS for wanted in FILE_KINDS if given != wanted]


def ids_of(findings):
    return [finding.id for finding in findings]


@pytest.mark.parametrize("kind", FILE_KINDS)
@pytest.mark.parametrize("encode", [str, str.encode, lambda text: text.replace("\n", "\r\n").encode(), lambda text: bytearray(text.encode())])
def test_validate_recognizes_a_valid_file_in_every_encoding(kind, encode):
    result = validate(encode(VALID[kind]), "file")
    assert (result.kind, result.findings) == (kind, [])


@pytest.mark.parametrize(("given", "wanted"), PAIRS)
def test_validate_when_another_kind_is_expected_reports_mp06(given, wanted):
    result = validate(VALID[given], "file", wanted)
    assert (result.kind, ids_of(result.findings), result.content) == (given, ["MP06"], None)


def test_message_of_mp06_names_both_kinds():
    [finding] = validate(VALID["bod"], "invoice.properties", "idm").findings
    assert finding.sentence().startswith("invoice.properties: is a BOD mapping, but should be an IDM mapping; ")


def test_validate_of_a_file_without_marks_uses_the_expected_kind():
    result = validate("INVOICE=LN_SupplierInvoice\n", "file", "idm", "INVOICE")
    assert (result.kind, ids_of(result.findings)) == ("idm", ["MI04"] * 4)
    assert ids_of(validate("INVOICE=LN_SupplierInvoice\n", "file").findings) == ["MP05"]


def test_kind_m3_or_ln_depends_on_the_length_of_names_not_on_case():
    assert validate("HeaderFields=suno,sino\nHF_suno=a\nHF_sino=b\n", "file", "m3").kind == "m3"
    assert validate("HeaderFields=SUPPLIERCODE\nHF_SUPPLIERCODE=a\n", "file").kind == "ln"


@pytest.mark.parametrize("kind", ["m3", "ln"])
def test_kind_m3_or_ln_without_names_is_the_expected_one(kind):
    assert validate("HeaderFields=\nInvoiceCost=cost_lines\n", "file", kind).kind == kind
    assert ids_of(validate("HeaderFields=\nInvoiceCost=cost_lines\n", "file").findings) == ["MP05"]


@pytest.mark.parametrize("kind", ["idm", "ln"])
def test_kind_when_marks_are_equal_is_the_expected_one(kind):
    assert validate("HF_SupplierCode=supplier_id\nSV_Sep=-\n", "file", kind).kind == kind


def test_validate_when_the_expected_kind_is_unknown_returns_a_finding():
    assert ids_of(validate(VALID["idm"], "file", "jpl").findings) == ["MP06"]
    assert ids_of(validate("a=b", "file", "jpl").findings) == ["MP05"]


def test_findings_have_file_line_and_key_in_file_order():
    content = "# mine\n" + VALID["idm"].replace("SV_Sep=-", "SV_Sep -").replace("IF_INVOICE_ID=", "IF_INVOICE_ID=x\nIF_INVOICE_ID=")
    assert [finding.where for finding in validate(content, "prod.properties", "idm").findings] == [
        "prod.properties line 3: Static_Values",
        "prod.properties line 4",
        "prod.properties line 10: IF_INVOICE_ID",
        "prod.properties line 13: Searchable_PDF_Name",
    ]


@pytest.mark.parametrize(
    ("content", "id_"),
    [
        (b"a" * (MAX_SIZE + 1), "MP01"),
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
def test_validate_of_another_format_has_one_error(content, id_):
    for kind in (None, *FILE_KINDS):
        result = validate(content, "file", kind)
        assert (result.kind, ids_of(result.findings), result.content) == (None, [id_], None)
        assert result.findings[0].level == ERROR


def test_validate_of_a_file_of_the_maximum_size_has_no_finding():
    content = VALID["idm"] + "#" * (MAX_SIZE - len(VALID["idm"]))
    assert validate(content, "file").findings == []


def test_validate_of_latin_1_has_one_warning():
    content = VALID["idm"].replace("Public", "Öffentlich").encode("latin-1")
    result = validate(content, "file")
    assert ids_of(result.findings) == ["MP21"]
    assert result.content.text("SV_Acl") == "Öffentlich"
    assert validate(VALID["idm"].replace("Public", "Öffentlich").encode(), "file").findings == []


def test_document_types_and_logical_id_of_each_kind():
    assert validate(VALID["idm"] + "QUOTE=LN_Quote\n", "file").document_types == ["INVOICE", "QUOTE"]
    result = validate(VALID["bod"], "file")
    assert (result.document_types, result.logical_id) == (["INVOICE"], "lid://infor.ims.example")
    assert (validate(VALID["m3_toml"], "file").document_types, validate(VALID["m3_toml"], "file").logical_id) == ([], "")
    assert (validate("", "file").document_types, validate("", "file").logical_id) == ([], "")


@pytest.mark.parametrize("kind", [None, *FILE_KINDS])
def test_validate_of_an_ionapi_file_shows_no_secret(kind):
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
        text_of_findings = " ".join(finding.sentence() for finding in validate(form, "file", kind, "INVOICE").findings)
        assert text_of_findings
        assert not any(piece in text_of_findings for piece in (secret[:12], secret[-12:], base64.b64encode(text.encode()).decode()[:20]))


# The parts of one export.


def test_cross_checks_when_all_parts_agree_has_no_finding():
    findings = cross_checks(
        "infor_idm_ion_bod",
        document_type="INVOICE",
        deployment="cloud",
        flavour="cloud",
        idm_mapping=validate(VALID["idm"], "idm"),
        bod_mapping=validate(VALID["bod"], "bod"),
        logical_id="lid://infor.ims.example",
    )
    assert findings == []


def test_cross_checks_when_values_are_unknown_has_no_finding():
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
def test_cross_checks_of_the_document_type_check_both_mappings(document_type, expected):
    parts = {"idm_mapping": validate(VALID["idm"], "idm"), "bod_mapping": validate(VALID["bod"], "bod")}
    findings = cross_checks("infor_idm_ion_bod", document_type=document_type, **parts)
    assert [(finding.id, finding.level, finding.where) for finding in findings] == expected


def test_cross_checks_do_not_repeat_a_finding_of_the_mapping():
    parts = {"idm_mapping": validate(VALID["idm"], "idm", "idm", "QUOTE"), "bod_mapping": validate(VALID["bod"], "bod", "bod", "QUOTE")}
    assert cross_checks("infor_idm_ion_bod", document_type="QUOTE", **parts) == []


@pytest.mark.parametrize("value", ["lid://infor.ims.other", "lid://", "lid://INFOR.ims.example"])
def test_cross_checks_when_the_logical_id_differs_reports_mx01(value):
    mapping = validate(VALID["bod"].replace("lid://infor.ims.example", value), "bod")
    [finding] = cross_checks("infor_ion_bod", bod_mapping=mapping, logical_id="lid://infor.ims.example")
    assert (finding.id, finding.level, finding.where) == ("MX01", ERROR, "bod line 3: SFV_LogicalID")
    assert "SFV_LogicalID=lid://infor.ims.example" in finding.action


def test_cross_checks_when_the_logical_id_is_missing_has_no_finding():
    mapping = validate(VALID["bod"].replace("SFV_LogicalID", "#SFV_LogicalID"), "bod")
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
def test_cross_checks_of_deployment_and_flavour(kind, deployment, flavour, expected):
    findings = cross_checks(kind, deployment=deployment, flavour=flavour)
    assert [(finding.id, finding.where) for finding in findings] == expected
    assert {finding.level for finding in findings} <= {WARNING}


# The vendor's own files, where somebody has them.


@pytest.mark.skipif("MAPPING_SAMPLES" not in os.environ, reason="MAPPING_SAMPLES does not name a directory with the vendor's files")
def test_validate_of_the_vendors_files_has_no_error():
    files = [path for path in Path(os.environ["MAPPING_SAMPLES"]).iterdir() if path.suffix in (".properties", ".toml")]
    assert files
    for path in files:
        result = validate(path.read_bytes(), path.name)
        assert not errors_in(result.findings), [finding.sentence() for finding in result.findings if finding.level == ERROR]
        wanted = {"IDM": "idm", "BOD": "bod", "LN-": "ln", "M3-": "m3"}.get(path.name[:3])
        assert result.kind == wanted or wanted is None
