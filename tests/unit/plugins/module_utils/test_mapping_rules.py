# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every rule about mapping files has an example that keeps it and one that breaks it; the page shows the same examples."""

from __future__ import annotations

import re

import pytest

from ansible_collections.docbits.ion.plugins.module_utils._core.findings import ERROR, INFO, LEVELS, WARNING
from ansible_collections.docbits.ion.plugins.module_utils._mapping import bod, erp, idm, toml
from ansible_collections.docbits.ion.plugins.module_utils._mapping.judge import KINDS, judge
from ansible_collections.docbits.ion.plugins.module_utils._mapping.rules import ASSUMED, MOST_PER_RULE, SEEN, shown
from ansible_collections.docbits.ion.tests.docs.generate_mapping_rules import CHAPTERS, PAGE, page
from ansible_collections.docbits.ion.tests.docs.mapping_examples import EXAMPLES, GOOD, Lines, WholeFile, Words

RULES = [(chapter, rule) for chapter in CHAPTERS for rule in chapter.rules]
IDS = [rule.id for _chapter, rule in RULES]
SNIPPETS = [(chapter.kind, rule) for chapter, rule in RULES if isinstance(EXAMPLES.get(rule.id), Lines)]
FILES = [(chapter.kind, rule) for chapter, rule in RULES if isinstance(EXAMPLES.get(rule.id), WholeFile)]


def ids_of(judged):
    return [finding.id for finding in judged.findings]


def judged(kind, content):
    return judge(content, "file", kind, "INVOICE")


def test_every_rule_has_an_example_and_every_kind_a_good_file_and_nothing_else_has():
    assert sorted(EXAMPLES) == sorted(IDS)
    assert set(GOOD) == set(KINDS)


@pytest.mark.parametrize("kind", GOOD)
def test_the_example_files_break_no_rule_and_are_recognised(kind):
    assert judged(kind, GOOD[kind]).findings == []
    assert judge(GOOD[kind], "file").kind == kind


@pytest.mark.parametrize(("kind", "rule"), SNIPPETS, ids=[rule.id for _kind, rule in SNIPPETS])
def test_a_rule_is_kept_by_its_good_lines_and_broken_by_its_bad_ones(kind, rule):
    whole, lines = GOOD[kind], EXAMPLES[rule.id]
    assert whole.count(lines.good) == 1 or whole.startswith(lines.good)
    found = judged(kind, whole.replace(lines.good, lines.bad, 1)).findings
    matching = [finding for finding in found if finding.id == rule.id]
    assert matching, [finding.id for finding in found]
    assert {finding.level for finding in matching} == {rule.level}
    if rule.level != ERROR:
        assert not [finding for finding in found if finding.level == ERROR]


@pytest.mark.parametrize(("kind", "rule"), FILES, ids=[rule.id for _kind, rule in FILES])
def test_a_whole_file_breaks_its_rule(kind, rule):
    expected = None if rule.id == "MP05" else kind
    assert ids_of(judge(EXAMPLES[rule.id].bad, "file", expected)) == [rule.id]


WORDS_TESTED_ELSEWHERE = {"MP01", "MP02", "MP21", "MT01", "MX01", "MX20", "MX21"}


def test_rules_without_lines_as_examples_are_those_with_a_test_of_their_own():
    assert {id_ for id_, example in EXAMPLES.items() if isinstance(example, Words)} == WORDS_TESTED_ELSEWHERE


def test_ids_are_unique_levels_known_and_only_sure_rules_are_errors():
    assert len(set(IDS)) == len(IDS)
    assert all(re.fullmatch(r"M[PIBMLTX]\d\d", id_) for id_ in IDS)
    assert {rule.level for _chapter, rule in RULES} <= set(LEVELS)
    # What the vendor's own files break is never an error; nor is what is only assumed, but for files that are no mapping at all.
    assert not [rule.id for _chapter, rule in RULES if rule.level == ERROR and rule.confidence == SEEN]
    assert {rule.id[:2] for _chapter, rule in RULES if rule.level == ERROR and rule.confidence == ASSUMED} <= {"MP", "MT"}


def test_the_number_of_a_rule_tells_its_level():
    wanted = {ERROR: range(1, 20), WARNING: range(20, 40), INFO: range(40, 60)}
    assert not [rule.id for _chapter, rule in RULES if int(rule.id[2:]) not in wanted[rule.level]]


@pytest.mark.parametrize(("chapter", "rule"), RULES, ids=IDS)
def test_texts_have_no_full_stop_at_their_end(chapter, rule):
    assert not any(text.endswith((".", " ")) for text in (rule.statement, rule.action))


def test_the_page_is_the_generated_one():
    assert PAGE.read_text(encoding="utf-8") == page(), "run tests/docs/generate_mapping_rules.py"


# What the examples do not show: several keys, other spellings, exact places and next steps.


@pytest.mark.parametrize("key", idm.NEEDED_KEYS)
def test_idm_needs_each_of_its_keys(key):
    content = re.sub(f"(?m)^{key}=", f"#{key}=", GOOD["idm"])
    assert ("MI04", f"file: {key}") in [(finding.id, finding.where) for finding in judged("idm", content).findings]


@pytest.mark.parametrize("suffix", ["SOURCE_NAME", "EXPORT_DOC_TYPE", "EXPORT_FILENAME"])
def test_idm_embedded_files_need_each_of_their_keys(suffix):
    content = GOOD["idm"].replace(f"EFE_XML_{suffix}", f"#EFE_XML_{suffix}")
    assert "MI07" in ids_of(judged("idm", content))


def test_idm_file_name_of_an_embedded_file_is_an_expression_too():
    content = GOOD["idm"].replace("EFE_XML_EXPORT_FILENAME=IF_INVOICE_ID", "EFE_XML_EXPORT_FILENAME=IF_INVOICE_ID + IF_DATE")
    [finding] = judged("idm", content).findings
    assert (finding.id, finding.where) == ("MI06", "file line 15: EFE_XML_EXPORT_FILENAME")
    assert "IF_DATE" in finding.message


def test_idm_accounting_entity_is_known_by_its_name_in_any_spelling():
    content = GOOD["idm"].replace("Acl\nSV_Sep", "Acl,GROUP_ACCOUNTING_ENTITY\nSV_GROUP_ACCOUNTING_ENTITY=\nSV_Sep")
    assert ids_of(judged("idm", content)) == ["MI23"]


def test_a_key_in_other_case_is_pointed_at():
    content = GOOD["idm"].replace("IF_SUPPLIER_NAME=", "IF_Supplier_Name=").replace("+IF_SUPPLIER_NAME", "")
    messages = {finding.id: finding.message for finding in judged("idm", content).findings}
    assert "line 9 has it in other case" in messages["MI20"]
    assert set(messages) == {"MI20", "MI21"}


def test_the_document_type_of_the_export_is_named_in_the_next_step():
    [finding] = judge(GOOD["idm"], "file", "idm", "Credit_Note").findings
    assert (finding.id, finding.where) == ("MI02", "file: Credit_Note")
    assert "Credit_Note=<IDM document type>" in finding.action


NEEDED_IN_BOD = ("SFP_", "SFV_A", "GFP_", "GFV_", "IFP_name", "TN_InvoiceTable=", "TNP_", "TNV_")


@pytest.mark.parametrize("line", [line for line in GOOD["bod"].splitlines() if line.startswith(NEEDED_IN_BOD)])
def test_bod_needs_each_companion_line_of_its_lists(line):
    assert "MB01" in ids_of(judged("bod", GOOD["bod"].replace(f"\n{line}\n", "\n")))


@pytest.mark.parametrize(
    "path",
    [r"\DataArea", "/DataArea", ".DataArea", r"\\DataArea\\", r"\\\\DataArea", r"\\DataArea\ID", "DataArea"],
)
def test_bod_path_parts_are_separated_by_two_backslashes(path):
    content = GOOD["bod"].replace(r"SFP_LogicalID=SyncCaptureDocumentType\\ApplicationArea\\Sender\\LogicalID", f"SFP_LogicalID={bod.ROOT}{path}")
    assert ids_of(judged("bod", content)) == ["MB05"]


@pytest.mark.parametrize("value", ["*customer accounting entity*", "<entity>", ""])
def test_bod_accounting_entity_is_no_placeholder(value):
    assert ids_of(judged("bod", GOOD["bod"].replace("EntityID=100", f"EntityID={value}"))) == ["MB21"]


def test_bod_document_type_line_in_other_case_is_a_warning():
    content = GOOD["bod"].replace("Document_Types=INVOICE", "Document_Types=Invoice")
    assert set(ids_of(judge(content, "file", "bod"))) == {"MB25"}


def test_bod_without_tables_and_purchase_order_fields_is_complete():
    content = "\n".join(line for line in GOOD["bod"].splitlines() if not line.startswith(("Tables", "TN")))
    assert judged("bod", content).findings == []


def test_bod_keys_of_a_table_that_is_not_listed_are_an_info_only():
    content = GOOD["bod"].replace("Tables=InvoiceTable", "Tables=")
    assert set(ids_of(judged("bod", content))) == {"MB40"}


@pytest.mark.parametrize("area", [area for area in erp.AREAS if area.selectors], ids=lambda area: area.word)
def test_each_list_of_line_fields_needs_its_table(area):
    lines = f"{area.fields.list_key}=NLAM\n{area.fields.parts[0].key('NLAM')}=amount\n"
    constants = f"{area.constants.list_key}=RDTP\n{area.constants.parts[0].key('RDTP')}={area.rdtp}\n"
    base = "StaticFields=DIVI\nSF_DIVI=A\nHeaderFields=SUNO\nHF_SUNO=supplier_id\n" + lines + constants
    assert ids_of(judged("m3", base)) == ["MM02"]
    for selector in area.selectors:
        assert judged("m3", f"{base}{selector}=some_table\n").findings == []


@pytest.mark.parametrize("area", [area for area in erp.AREAS if area.rdtp], ids=lambda area: area.word)
def test_each_list_of_line_fields_has_its_record_type(area):
    key = area.constants.parts[0].key("RDTP")
    lines = f"{area.fields.list_key}=NLAM\n{area.fields.parts[0].key('NLAM')}=amount\n" + "".join(f"{one}=t\n" for one in area.selectors[:1])
    base = f"StaticFields=DIVI\nSF_DIVI=A\nHeaderFields=SUNO\nHF_SUNO=supplier_id\n{lines}"
    [missing] = judged("m3", base).findings
    [wrong] = judged("m3", f"{base}{area.constants.list_key}=RDTP\n{key}=4\n").findings
    assert (missing.id, wrong.id) == ("MM25", "MM25")
    assert f"write {key}={area.rdtp}" in missing.action
    assert missing.action == wrong.action


def test_the_spelling_of_the_vendor_is_accepted():
    content = GOOD["m3"] + (
        "CreditNoteReceipt=invoice_table\nCreditNoteReceiptStaticFields=RDTP\nCNR_SF_RDTP=1\nCeeditNoteReceiptFields=IVQA\nCNRF_IVQA=TF_quantity\n"
    )
    assert judged("m3", content).findings == []


def test_m3_only_parts_are_unknown_in_an_ln_mapping():
    assert ids_of(judged("ln", GOOD["ln"] + "OrderCharge=order_charges\n")) == ["ML22"]


def test_the_division_may_come_from_the_document():
    content = GOOD["m3"].replace("StaticFields=DIVI\nSF_DIVI=AAA\n", "").replace("SUNO,SINO\n", "SUNO,SINO,DIVI\nHF_DIVI=company_id\n")
    assert judged("m3", content).findings == []


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
def test_toml_rules_one_by_one(old, new, ids):
    assert ids_of(judged("m3_toml", GOOD["m3_toml"].replace(old, new))) == ids


def test_toml_findings_have_the_line_of_their_key():
    found = judged("m3_toml", GOOD["m3_toml"].replace('"[[amount]]"', "7").replace('"header"', '"heads"').replace('"AAA"', "1")).findings
    assert [finding.where for finding in found] == [
        "file line 4: export_configuration.header.name",
        "file line 7: export_configuration.header.fields.DIVI",
        "file line 15: export_configuration.cost_lines.fields.NLAM",
    ]


def test_toml_that_cannot_be_read_tells_the_line_and_quotes_nothing():
    [finding] = judged("m3_toml", GOOD["m3_toml"].replace('"AAA"', "AAA")).findings
    assert (finding.id, finding.where) == ("MT02", "file line 7")
    assert "AAA" not in finding.sentence()


def test_without_a_toml_reader_one_finding_says_so(monkeypatch):
    monkeypatch.setattr(toml, "tomllib", None)
    [finding] = judged("m3_toml", GOOD["m3_toml"]).findings
    assert (finding.id, finding.level) == ("MT01", ERROR)
    assert "Python 3.11" in finding.action


def test_bod_key_that_nobody_knows_is_an_info():
    [finding] = judged("bod", GOOD["bod"] + "DTPath=x\n").findings
    assert (finding.id, finding.level, finding.where) == ("MB40", INFO, "file line 25: DTPath")


@pytest.mark.parametrize(("expression", "message"), [("", "is empty"), ("SV_Acl+", "has a + with nothing before or after it")])
def test_idm_expressions_with_nothing_in_them(expression, message):
    [finding] = judged("idm", GOOD["idm"].replace("ACL_Fields=SV_Acl", f"ACL_Fields={expression}")).findings
    assert (finding.id, finding.message) == ("MI26", message)


def test_a_value_is_shown_printable_and_cut():
    assert shown("a\x1b\ud800ü") == "a??ü"
    assert (shown("x" * 80), shown("x" * 81)) == ("x" * 80, "x" * 80 + "...")


def test_as_many_findings_as_fit_are_not_counted():
    assert len(judged("idm", GOOD["idm"] + "no equals sign\n" * MOST_PER_RULE).findings) == MOST_PER_RULE


def test_a_flood_of_findings_is_cut_and_counted():
    found = judged("idm", GOOD["idm"] + "no equals sign\n" * 1000).findings
    assert len(found) == MOST_PER_RULE + 1
    assert found[-1].message == f"{1000 - MOST_PER_RULE} more findings of this rule are not shown"
