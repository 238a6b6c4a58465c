# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The normal form of mapping files, in which files with the same settings are equal."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.docbits.ion.plugins.module_utils._core.text import normal_text
from ansible_collections.docbits.ion.plugins.module_utils._mapping import toml
from ansible_collections.docbits.ion.plugins.module_utils._mapping.normalize import normalize
from ansible_collections.docbits.ion.plugins.module_utils._mapping.validation import FILE_KINDS
from ansible_collections.docbits.ion.tests.docs.mapping_examples import VALID


def differences(kind, before, after):
    """The aspects that differ: (subject, aspect, value before, value after)."""
    old, new = normalize(kind, before), normalize(kind, after)
    places = sorted({(subject, aspect) for settings in (old, new) for subject, aspects in settings.items() for aspect in aspects})
    values = [(*place, *(settings.get(place[0], {}).get(place[1]) for settings in (old, new))) for place in places]
    return [difference for difference in values if difference[2] != difference[3]]


@pytest.mark.parametrize("kind", FILE_KINDS)
def test_normalize_ignores_line_ends_byte_order_mark_and_comments(kind):
    text = VALID[kind]
    for other in (text.replace("\n", "\r\n"), "\ufeff" + text, text.rstrip("\n"), text.replace("\n", "\r").encode(), "# new\n" + text):
        assert normalize(kind, other) == normalize(kind, text)


@pytest.mark.parametrize("kind", ["idm", "bod", "m3", "ln"])
def test_normalize_ignores_the_order_of_lines(kind):
    assert normalize(kind, "\n".join(reversed(VALID[kind].splitlines()))) == normalize(kind, VALID[kind])


@pytest.mark.parametrize(
    ("kind", "old", "new", "expected"),
    [
        ("idm", "IF_INVOICE_ID=InvoiceNo", "IF_INVOICE_ID=Number", [("index field INVOICE_ID", "target", "InvoiceNo", "Number")]),
        ("idm", "SUPPLIER_NAME:STRING", "SUPPLIER_NAME", [("index field SUPPLIER_NAME", "type", "STRING", None)]),
        ("idm", "SV_Sep=-", "SV_Sep=_ ", [("static value Sep", "value", "-", "_ ")]),
        ("idm", "SV_Sep=-", "SV_Sep=", [("static value Sep", "value", "-", "")]),
        ("idm", "ACL_Fields=SV_Acl", "ACL_Fields=SV_Sep", [("ACL_Fields", "value", "SV_Acl", "SV_Sep")]),
        ("idm", "INVOICE=LN_SupplierInvoice", "INVOICE=M3_Invoice", [("document type INVOICE", "IDM document type", "LN_SupplierInvoice", "M3_Invoice")]),
        ("idm", "Static_Values=Sep,Acl", "Static_Values=Sep", [("static value Acl", "listed", "yes", None)]),
        ("bod", "=lid://infor.ims.example", "=lid://x", [("static field LogicalID", "value", "lid://infor.ims.example", "lid://x")]),
        (
            "bod",
            "TC_QUANTITY=Quantity",
            "TC_AMOUNT=Amount",
            [("table InvoiceTable column AMOUNT", "target", None, "Amount"), ("table InvoiceTable column QUANTITY", "target", "Quantity", None)],
        ),
        ("bod", "InvoiceRows", "Rows", [("table InvoiceTable constant name", "value", "InvoiceRows", "Rows")]),
        (
            "m3",
            "HeaderFields=SUNO,SINO\nHF_SUNO=supplier_id",
            "HeaderFields=SINO",
            [("header field SUNO", "listed", "yes", None), ("header field SUNO", "source", "supplier_id", None)],
        ),
        ("ln", "SF_FinancialCompany=200", "SF_FinancialCompany=201", [("header constant FinancialCompany", "value", "200", "201")]),
        ("m3_toml", "[supplier_id]", "[vendor]", [("header field SUNO", "value", "[supplier_id]", "[vendor]")]),
        ("m3_toml", 'version = "1"', "version = '1'\n[[rules]]\nname = 'a'\n", [("rules[1].name", "value", None, "a")]),
        ("m3_toml", 'version = "1"', "version = 0x" + "f" * 5000, [("version", "value", "1", "(too long to show)")]),
    ],
)
def test_normalize_when_one_line_changes_differs_in_one_setting(kind, old, new, expected):
    assert VALID[kind].count(old) == 1
    assert differences(kind, VALID[kind], VALID[kind].replace(old, new)) == expected


@pytest.mark.parametrize("kind", [*FILE_KINDS, "jpl"])
def test_normalize_of_another_format_is_none(kind):
    assert normalize(kind, json.dumps({"cs": "invented"})) is None


def test_normalize_without_a_toml_reader_is_none(monkeypatch):
    monkeypatch.setattr(toml, "tomllib", None)
    assert normalize("m3_toml", VALID["m3_toml"]) is None


LINES = {kind: text.splitlines() for kind, text in VALID.items()}


@given(st.data(), st.sampled_from([kind for kind in FILE_KINDS if kind != "m3_toml"]))
def test_property_every_assigned_value_is_in_the_normal_form(data, kind):
    lines = data.draw(st.lists(st.sampled_from(LINES[kind]), min_size=1, unique=True))
    settings = normalize(kind, "\n".join(lines))
    values = {value for aspects in settings.values() for value in aspects.values()}
    names = " ".join(settings)
    for key, _equals, value in (line.partition("=") for line in lines):
        items = [item.partition(":")[0] for item in value.split(",")]
        assert normal_text(value) in values or all(item in names for item in items), key
