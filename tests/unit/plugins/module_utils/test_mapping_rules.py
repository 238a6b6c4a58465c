# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each rule about mapping files has an example for each case; docs/mapping_rules.md shows the same examples."""

from __future__ import annotations

import re

import pytest

from ansible_collections.docbits.ion.plugins.module_utils._core.findings import ERROR, INFO, WARNING
from ansible_collections.docbits.ion.plugins.module_utils._core.rules import MAX_PER_RULE
from ansible_collections.docbits.ion.plugins.module_utils._mapping import bod, erp, idm, toml
from ansible_collections.docbits.ion.plugins.module_utils._mapping.validation import FILE_KINDS, validate
from ansible_collections.docbits.ion.tests.docs.generate_rules import MAPPING_PAGE, case_id
from ansible_collections.docbits.ion.tests.docs.mapping_examples import ASSUMED, CONDITIONS, EXAMPLES, SEEN, VALID, Description, Lines, WholeFile

RULES = [rule for chapter in MAPPING_PAGE.chapters for rule in chapter.rules]
CASES = {case_id(rule, name): (chapter.kind, rule, case) for chapter in MAPPING_PAGE.chapters for rule in chapter.rules for name, case in rule.cases.items()}


def cases_with(kind_of_example):
    return [id_ for id_ in CASES if isinstance(EXAMPLES.get(id_), kind_of_example)]


def ids_of(result):
    return [finding.id for finding in result.findings]


def validated(kind, content):
    return validate(content, "file", kind, "INVOICE")


def matches(finding, rule, case):
    template = re.sub(r"\\\{\w+\\\}", ".*", re.escape(case.message))
    return (finding.id, finding.level) == (rule.id, case.level) and re.fullmatch(template, finding.message)


def test_every_case_has_an_example_and_every_kind_a_valid_file():
    assert sorted(EXAMPLES) == sorted(CASES)
    assert set(VALID) == set(FILE_KINDS)


@pytest.mark.parametrize("kind", VALID)
def test_valid_file_of_a_kind_has_no_finding_and_is_recognized(kind):
    assert validated(kind, VALID[kind]).findings == []
    assert validate(VALID[kind], "file").kind == kind


@pytest.mark.parametrize("example_id", cases_with(Lines))
def test_invalid_lines_violate_their_rule(example_id):
    kind, rule, case = CASES[example_id]
    whole, lines = VALID[kind], EXAMPLES[example_id]
    assert whole.count(lines.valid) == 1 or whole.startswith(lines.valid)
    findings = validated(kind, whole.replace(lines.valid, lines.invalid, 1)).findings
    assert any(matches(finding, rule, case) for finding in findings), findings
    if case.level != ERROR:
        assert not [finding for finding in findings if finding.level == ERROR]


@pytest.mark.parametrize("example_id", cases_with(WholeFile))
def test_invalid_file_violates_its_rule_only(example_id):
    kind, rule, case = CASES[example_id]
    (finding,) = validate(EXAMPLES[example_id].invalid, "file", None if example_id == "MP05" else kind).findings
    assert matches(finding, rule, case)


def test_cases_with_a_description_as_example_have_a_test_of_their_own():
    own = {"MP01", "MP02.not_utf8", "MP02.binary", "MP02.not_text", "MP21", "MT01", "MT02.too_deep", "MX01", "MX20", "MX21"}
    assert set(cases_with(Description)) == own


def test_error_rules_are_not_violated_by_files_of_the_vendor():
    assert not [rule.id for rule in RULES if rule.level == ERROR and CONDITIONS[rule.id][1] == SEEN]
    assert {rule.id[:2] for rule in RULES if rule.level == ERROR and CONDITIONS[rule.id][1] == ASSUMED} <= {"MP", "MT"}


def test_ids_are_unique_and_their_number_depends_on_the_level():
    numbers = {ERROR: range(1, 20), WARNING: range(20, 40), INFO: range(40, 60)}
    assert len({rule.id for rule in RULES}) == len(RULES)
    assert not [id_ for id_, (_kind, rule, case) in CASES.items() if int(rule.id[2:]) not in numbers[case.level]]


@pytest.mark.parametrize("example_id", CASES)
def test_texts_of_a_case_have_no_full_stop(example_id):
    _kind, rule, case = CASES[example_id]
    assert not any(text.endswith((".", " ")) for text in (CONDITIONS[rule.id][0], case.message, case.action))


def test_page_is_up_to_date():
    assert MAPPING_PAGE.path.read_text(encoding="utf-8") == MAPPING_PAGE.text(), "run tests/docs/generate_rules.py"


@pytest.mark.parametrize("key", idm.REQUIRED_KEYS)
def test_idm_when_a_required_key_is_missing_reports_mi04(key):
    content = re.sub(f"(?m)^{key}=", f"#{key}=", VALID["idm"])
    assert ("MI04", f"file: {key}") in [(finding.id, finding.where) for finding in validated("idm", content).findings]


@pytest.mark.parametrize("suffix", ["SOURCE_NAME", "EXPORT_DOC_TYPE", "EXPORT_FILENAME"])
def test_idm_when_a_key_of_an_embedded_file_is_missing_reports_mi07(suffix):
    content = VALID["idm"].replace(f"EFE_XML_{suffix}", f"#EFE_XML_{suffix}")
    assert "MI07" in ids_of(validated("idm", content))


def test_idm_file_name_of_an_embedded_file_is_an_expression():
    content = VALID["idm"].replace("EFE_XML_EXPORT_FILENAME=IF_INVOICE_ID", "EFE_XML_EXPORT_FILENAME=IF_INVOICE_ID + IF_DATE")
    [finding] = validated("idm", content).findings
    assert (finding.id, finding.where) == ("MI06", "file line 15: EFE_XML_EXPORT_FILENAME")
    assert "IF_DATE" in finding.message


def test_idm_accounting_entity_in_any_spelling_needs_a_value():
    content = VALID["idm"].replace("Acl\nSV_Sep", "Acl,GROUP_ACCOUNTING_ENTITY\nSV_GROUP_ACCOUNTING_ENTITY=\nSV_Sep")
    assert ids_of(validated("idm", content)) == ["MI23"]


def test_message_when_a_key_differs_in_case_names_its_line():
    content = VALID["idm"].replace("IF_SUPPLIER_NAME=", "IF_Supplier_Name=").replace("+IF_SUPPLIER_NAME", "")
    messages = {finding.id: finding.message for finding in validated("idm", content).findings}
    assert "line 9 has it in another case" in messages["MI20"]
    assert set(messages) == {"MI20", "MI21"}


def test_action_of_mi02_names_the_document_type():
    [finding] = validate(VALID["idm"], "file", "idm", "Credit_Note").findings
    assert (finding.id, finding.where) == ("MI02", "file: Credit_Note")
    assert "Credit_Note=<IDM document type>" in finding.action


REQUIRED_IN_BOD = ("SFP_", "SFV_A", "GFP_", "GFV_", "IFP_name", "TN_InvoiceTable=", "TNP_", "TNV_")


@pytest.mark.parametrize("line", [line for line in VALID["bod"].splitlines() if line.startswith(REQUIRED_IN_BOD)])
def test_bod_when_a_companion_line_is_missing_reports_mb01(line):
    assert "MB01" in ids_of(validated("bod", VALID["bod"].replace(f"\n{line}\n", "\n")))


@pytest.mark.parametrize(
    "path",
    [r"\DataArea", "/DataArea", ".DataArea", r"\\DataArea\\", r"\\\\DataArea", r"\\DataArea\ID", "DataArea"],
)
def test_bod_path_with_another_separator_reports_mb05(path):
    content = VALID["bod"].replace(r"SFP_LogicalID=SyncCaptureDocumentType\\ApplicationArea\\Sender\\LogicalID", f"SFP_LogicalID={bod.ROOT}{path}")
    assert ids_of(validated("bod", content)) == ["MB05"]


@pytest.mark.parametrize("value", ["*customer accounting entity*", "<entity>", ""])
def test_bod_placeholder_as_accounting_entity_reports_mb21(value):
    assert ids_of(validated("bod", VALID["bod"].replace("EntityID=100", f"EntityID={value}"))) == ["MB21"]


def test_bod_document_type_line_in_another_case_reports_mb25():
    content = VALID["bod"].replace("Document_Types=INVOICE", "Document_Types=Invoice")
    assert set(ids_of(validate(content, "file", "bod"))) == {"MB25"}


def test_bod_without_tables_has_no_finding():
    content = "\n".join(line for line in VALID["bod"].splitlines() if not line.startswith(("Tables", "TN")))
    assert validated("bod", content).findings == []


def test_bod_keys_of_an_unlisted_table_report_mb40():
    content = VALID["bod"].replace("Tables=InvoiceTable", "Tables=")
    assert set(ids_of(validated("bod", content))) == {"MB40"}


@pytest.mark.parametrize("area", [area for area in erp.AREAS if area.selectors], ids=lambda area: area.label)
def test_m3_list_of_line_fields_without_its_table_reports_mm02(area):
    lines = f"{area.fields.list_key}=NLAM\n{area.fields.parts[0].key('NLAM')}=amount\n"
    constants = f"{area.constants.list_key}=RDTP\n{area.constants.parts[0].key('RDTP')}={area.rdtp}\n"
    base = "StaticFields=DIVI\nSF_DIVI=A\nHeaderFields=SUNO\nHF_SUNO=supplier_id\n" + lines + constants
    assert ids_of(validated("m3", base)) == ["MM02"]
    for selector in area.selectors:
        assert validated("m3", f"{base}{selector}=some_table\n").findings == []


@pytest.mark.parametrize("area", [area for area in erp.AREAS if area.rdtp], ids=lambda area: area.label)
def test_m3_list_of_line_fields_without_its_record_type_reports_mm25(area):
    key = area.constants.parts[0].key("RDTP")
    lines = f"{area.fields.list_key}=NLAM\n{area.fields.parts[0].key('NLAM')}=amount\n" + "".join(f"{one}=t\n" for one in area.selectors[:1])
    base = f"StaticFields=DIVI\nSF_DIVI=A\nHeaderFields=SUNO\nHF_SUNO=supplier_id\n{lines}"
    [missing] = validated("m3", base).findings
    [wrong] = validated("m3", f"{base}{area.constants.list_key}=RDTP\n{key}=4\n").findings
    assert (missing.id, wrong.id) == ("MM25", "MM25")
    assert f"write {key}={area.rdtp}" in missing.action
    assert missing.action == wrong.action


def test_m3_misspelled_key_of_the_vendor_is_accepted():
    content = VALID["m3"] + (
        "CreditNoteReceipt=invoice_table\nCreditNoteReceiptStaticFields=RDTP\nCNR_SF_RDTP=1\nCeeditNoteReceiptFields=IVQA\nCNRF_IVQA=TF_quantity\n"
    )
    assert validated("m3", content).findings == []


def test_ln_key_of_m3_only_reports_ml22():
    assert ids_of(validated("ln", VALID["ln"] + "OrderCharge=order_charges\n")) == ["ML22"]


def test_m3_division_from_the_document_is_accepted():
    content = VALID["m3"].replace("StaticFields=DIVI\nSF_DIVI=AAA\n", "").replace("SUNO,SINO\n", "SUNO,SINO,DIVI\nHF_DIVI=company_id\n")
    assert validated("m3", content).findings == []


@pytest.mark.parametrize(
    ("old", "new", "ids"),
    [
        ('name = "header"', "", ["MT04"]),
        ("[export_configuration.header.fields]", "[export_configuration.header.field]", ["MT03"]),
        ("[supplier_id]", "[[supplier_id]]", ["MT20"]),
        ("[supplier_id]", "[a] and [[b]]", []),
        ("export_configuration.cost_lines", "export_configuration.debit_note_cost_lines", ["MT04"]),
        ('NLAM = "[[amount]]"', "NLAM = [1, 2]", ["MT22"]),
        ("[export_configuration.cost_lines.fields]", "[export_configuration.cost_lines.other]", ["MT22"]),
        ('version = "1"', "version = " + "9" * 5000, ["MT02"]),
        ('version = "1"', "version = " + "[" * 5000, ["MT02"]),
        ('version = "1"', 'version = "1"\nlist = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0, 13.0, 14.0, 15.0, 16.0, 17.0]', []),
        ('version = "1"', f'description = "{"a." * 50}"  # {"b." * 50}', []),
    ],
)
def test_toml_findings_of_single_changes(old, new, ids):
    assert ids_of(validated("m3_toml", VALID["m3_toml"].replace(old, new))) == ids


@pytest.mark.parametrize("content", ["export_configuration = 1\n[a]\n", "[export_configuration]\nheader = 1\n", "[export_configuration.header]\nfields = 1\n"])
def test_toml_without_tables_where_they_are_required_reports_mt03(content):
    assert "MT03" in ids_of(validated("m3_toml", content))


def test_toml_findings_have_the_line_of_their_key():
    findings = validated("m3_toml", VALID["m3_toml"].replace('"[[amount]]"', "7").replace('"header"', '"heads"').replace('"AAA"', "1")).findings
    assert [finding.where for finding in findings] == [
        "file line 4: export_configuration.header.name",
        "file line 7: export_configuration.header.fields.DIVI",
        "file line 15: export_configuration.cost_lines.fields.NLAM",
    ]


def test_toml_syntax_error_has_its_line_and_shows_no_text():
    [finding] = validated("m3_toml", VALID["m3_toml"].replace('"AAA"', "AAA")).findings
    assert (finding.id, finding.where) == ("MT02", "file line 7")
    assert "AAA" not in finding.sentence()


def test_toml_without_a_reader_reports_mt01(monkeypatch):
    monkeypatch.setattr(toml, "tomllib", None)
    [finding] = validated("m3_toml", VALID["m3_toml"]).findings
    assert (finding.id, finding.level) == ("MT01", ERROR)
    assert "Python 3.11" in finding.action


def test_bod_unknown_key_has_its_line_and_key():
    [finding] = validated("bod", VALID["bod"] + "DTPath=x\n").findings
    assert (finding.id, finding.level, finding.where) == ("MB40", INFO, "file line 25: DTPath")


def test_findings_of_a_rule_up_to_the_limit_are_all_listed():
    assert len(validated("idm", VALID["idm"] + "no equals sign\n" * MAX_PER_RULE).findings) == MAX_PER_RULE


def test_findings_of_a_rule_beyond_the_limit_are_counted():
    findings = validated("idm", VALID["idm"] + "no equals sign\n" * 1000).findings
    assert len(findings) == MAX_PER_RULE + 1
    assert findings[-1].message == f"{1000 - MAX_PER_RULE} more findings of this rule are not shown"
