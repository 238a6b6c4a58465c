# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two mapping files compared by meaning."""

from __future__ import annotations

import json
import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.docbits.ion.plugins.module_utils._mapping import toml
from ansible_collections.docbits.ion.plugins.module_utils._mapping.diff import ONLY_FORM, UNREADABLE, Change, differences, same, sentences
from ansible_collections.docbits.ion.plugins.module_utils._mapping.judge import KINDS
from ansible_collections.docbits.ion.tests.docs.mapping_examples import GOOD


@pytest.mark.parametrize("kind", KINDS)
def test_line_ends_and_byte_order_mark_make_no_difference(kind):
    text = GOOD[kind]
    for other in (text.replace("\n", "\r\n"), "\ufeff" + text, text.rstrip("\n"), text.replace("\n", "\r").encode()):
        assert same(text, other)
        assert differences(kind, text, other) == []


@pytest.mark.parametrize(
    ("kind", "old", "new", "said"),
    [
        ("idm", "IF_INVOICE_ID=InvoiceNo", "IF_INVOICE_ID=Number", ["index field INVOICE_ID: target InvoiceNo -> Number"]),
        ("idm", "SUPPLIER_NAME:STRING", "SUPPLIER_NAME", ["index field SUPPLIER_NAME: type STRING -> none"]),
        ("idm", "SV_Sep=-", "SV_Sep=_ ", ["static value Sep: value - -> '_ '"]),
        ("idm", "SV_Sep=-", "SV_Sep=", ["static value Sep: value - -> ''"]),
        ("idm", "ACL_Fields=SV_Acl", "ACL_Fields=SV_Sep", ["ACL_Fields: value SV_Acl -> SV_Sep"]),
        (
            "idm",
            "INVOICE=LN_SupplierInvoice",
            "INVOICE=LN_SupplierInvoice\nQUOTE=LN_Quote",
            ["document type QUOTE added (IDM document type LN_Quote)"],
        ),
        ("idm", "INVOICE=LN_SupplierInvoice", "INVOICE=M3_Invoice", ["document type INVOICE: IDM document type LN_SupplierInvoice -> M3_Invoice"]),
        (
            "idm",
            "Static_Fields=AccountingEntity:STRING\nSF_AccountingEntity=100",
            "Static_Fields=AccountingEntity:STRING,Company\nSF_AccountingEntity=100\nSF_Company=7",
            ["static field Company added (value 7)"],
        ),
        ("idm", "Static_Values=Sep,Acl", "Static_Values=Sep", ["static value Acl: no longer listed"]),
        (
            "bod",
            "SFV_LogicalID=lid://infor.ims.example",
            "SFV_LogicalID=lid://infor.ims.other",
            ["static field LogicalID: value lid://infor.ims.example -> lid://infor.ims.other"],
        ),
        (
            "bod",
            "TC_QUANTITY=Quantity",
            "TC_AMOUNT=Amount",
            ["table InvoiceTable column AMOUNT added (target Amount)", "table InvoiceTable column QUANTITY removed (target Quantity)"],
        ),
        ("bod", "InvoiceRows", "Rows", ["table InvoiceTable constant name: value InvoiceRows -> Rows"]),
        ("m3", "HeaderFields=SUNO,SINO\nHF_SUNO=supplier_id", "HeaderFields=SINO", ["header field SUNO removed (source supplier_id)"]),
        ("ln", "SF_FinancialCompany=200", "SF_FinancialCompany=201", ["header constant FinancialCompany: value 200 -> 201"]),
        ("m3_toml", "[supplier_id]", "[vendor]", ["header field SUNO: value [supplier_id] -> [vendor]"]),
        ("m3_toml", 'version = "1"', "version = 1\n[[rules]]\nname = 'a'\n", ["rules[1].name added (value a)"]),
        ("m3_toml", 'version = "1"', "version = 0x" + "f" * 5000, ["version: value 1 -> (too long to show)"]),
    ],
)
def test_a_change_is_told_in_one_plain_sentence(kind, old, new, said):
    assert GOOD[kind].count(old) == 1
    assert sentences(kind, GOOD[kind], GOOD[kind].replace(old, new)) == said


def test_the_way_back_tells_the_same_places_the_other_way_round():
    old, new = GOOD["idm"], GOOD["idm"].replace("InvoiceNo", "Number").replace("SV_Sep=-\n", "")
    forth, back = differences("idm", old, new), differences("idm", new, old)
    assert [(change.what, change.aspect, change.after, change.before) for change in forth] == [
        (change.what, change.aspect, change.before, change.after) for change in back
    ]


def test_a_change_has_its_parts_as_values():
    [change] = differences("idm", GOOD["idm"], GOOD["idm"].replace("InvoiceNo", "Number"))
    assert change == Change("index field INVOICE_ID", "target", "InvoiceNo", "Number")


@pytest.mark.parametrize("kind", KINDS)
def test_comments_alone_are_told_as_such(kind):
    assert differences(kind, GOOD[kind], "# new\n" + GOOD[kind]) == [ONLY_FORM]


@pytest.mark.parametrize("kind", ["idm", "bod", "m3", "ln"])
def test_the_order_of_lines_has_no_meaning(kind):
    turned = "\n".join(reversed(GOOD[kind].splitlines()))
    assert differences(kind, GOOD[kind], turned) == [ONLY_FORM]


@pytest.mark.parametrize("kind", KINDS)
def test_a_mapping_that_comes_or_goes_is_told_whole(kind):
    coming, going = differences(kind, None, GOOD[kind]), differences(kind, GOOD[kind], None)
    assert [change.what for change in coming] == [change.what for change in going] == sorted(change.what for change in coming)
    assert all(change.before is None and change.aspect == "" for change in coming)
    assert all(change.after is None for change in going)


@pytest.mark.parametrize("kind", [*KINDS, "jpl"])
def test_what_cannot_be_read_is_not_quoted(kind):
    secret = secrets.token_hex(16)
    assert differences(kind, json.dumps({"cs": secret}), json.dumps({"cs": secret[::-1]})) == [UNREADABLE]
    assert UNREADABLE.sentence() == "the text differs; it cannot be compared by meaning"


def test_without_a_toml_reader_the_text_is_said_to_differ(monkeypatch):
    monkeypatch.setattr(toml, "tomllib", None)
    assert differences("m3_toml", GOOD["m3_toml"], GOOD["m3_toml"] + "a = 1") == [UNREADABLE]


LINES = {kind: text.splitlines() for kind, text in GOOD.items()}


@given(st.data(), st.sampled_from([kind for kind in KINDS if kind != "m3_toml"]))
def test_changes_are_none_exactly_for_equal_files_and_come_sorted(data, kind):
    lines = LINES[kind]
    some = data.draw(st.lists(st.sampled_from(lines)))
    others = data.draw(st.lists(st.sampled_from(lines)))
    before, after = "\n".join(some), "\n".join(others)
    changes = differences(kind, before, after) if before.strip() and after.strip() else [ONLY_FORM] * (before != after)
    assert bool(changes) == (not same(before, after))
    places = [(change.what, change.aspect) for change in changes if isinstance(change, Change)]
    assert places == sorted(places)
    assert all(change.before != change.after for change in changes if isinstance(change, Change))
