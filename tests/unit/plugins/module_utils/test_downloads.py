# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Downloads: a file is known only if it is complete and without a mask; an envelope is opened only if its content is a file."""

from __future__ import annotations

import base64
import json
import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.docbits.ion.plugins.module_utils._docbits.downloads import file_in
from ansible_collections.docbits.ion.plugins.module_utils._model.export import FILES
from ansible_collections.docbits.ion.plugins.module_utils._model.values import Known, Withheld

IDM = "# Invoices\nINVOICE=Doc\nSV_Sep=_ \n\nIF_INVOICE_ID=InvoiceNo\n"
TOML = '[export_configuration]\ndocument_type = "INVOICE"\n[export_configuration.header]\nnumber = "IVNO"\n'
XSLT = '<?xml version="1.0"?>\n<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"><xsl:output/></xsl:stylesheet>\n'
MASKS = ("********", "abcd****", "••••••••", "xxxxxxxx", "abcd...", "<hidden>", "[REDACTED]", "masked")


def ionapi(**changes):
    values = {"ti": "ACME_TST", "cn": "DocBits", "ci": "ACME_TST~x", "iu": "https://ion.example", "pu": "https://sso.example/as/", "ot": "token.oauth2"}
    values |= {key: secrets.token_urlsafe(24) for key in ("cs", "saak", "sask")}
    return {key: value for key, value in (values | changes).items() if value is not None}


IONAPI = json.dumps(ionapi(), indent=2)
VALID = {
    "ionapi": IONAPI,
    "idm_mapping": IDM,
    "bod_mapping": IDM,
    "m3_mapping": IDM,
    "ln_mapping": IDM,
    "jpl_mapping": IDM,
    "flow2_mapping": IDM,
    "m3_toml_mapping": TOML,
    "xslt": XSLT,
}
ENVELOPES = {
    "data": lambda text: json.dumps({"success": True, "data": text}),
    "content": lambda text: json.dumps({"content": text}),
    "file": lambda text: json.dumps({"file": text, "filename": "a.properties"}),
    "file_content": lambda text: json.dumps({"file_content": text}),
    "body": lambda text: json.dumps({"body": text}),
    "result": lambda text: json.dumps({"result": text}),
    "value": lambda text: json.dumps({"value": text}),
    "nested": lambda text: json.dumps({"success": True, "data": {"content": text}}),
    "JSON string": json.dumps,
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64 for URLs": lambda text: base64.urlsafe_b64encode(text.encode()).decode(),
    "base64 in lines": lambda text: base64.encodebytes(text.encode()).decode(),
    "base64 in an envelope": lambda text: json.dumps({"data": base64.b64encode(text.encode()).decode()}),
    "base64 as a JSON string": lambda text: json.dumps(base64.b64encode(text.encode()).decode()),
}


@pytest.mark.parametrize("file", FILES)
def test_file_as_it_was_sent_is_known(file):
    assert file_in(file, VALID[file].encode()) == Known(VALID[file])


@pytest.mark.parametrize("envelope", ENVELOPES.values(), ids=ENVELOPES)
@pytest.mark.parametrize("file", ["ionapi", "idm_mapping", "m3_toml_mapping", "xslt"])
def test_file_in_an_envelope_is_known(file, envelope):
    assert file_in(file, envelope(VALID[file]).encode()) == Known(VALID[file])


@pytest.mark.parametrize("file", ["ionapi", "idm_mapping", "m3_toml_mapping", "xslt"])
def test_file_with_a_byte_order_mark_is_known_with_it(file):
    assert file_in(file, ("\ufeff" + VALID[file]).encode()) == Known("\ufeff" + VALID[file])


@pytest.mark.parametrize("file", ["ionapi", "idm_mapping", "m3_toml_mapping", "xslt"])
def test_file_with_other_line_ends_is_known(file):
    text = VALID[file].replace("\n", "\r\n")
    assert file_in(file, text.encode()) == Known(text)


def test_ion_api_file_as_an_object_in_an_envelope_is_known():
    values = ionapi()
    found = file_in("ionapi", json.dumps({"success": True, "data": values}).encode())
    assert isinstance(found, Known) and json.loads(found.value) == values


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" \r\n",
        b"********",
        b'"********"',
        b"OK",
        b"null",
        b"true",
        b"7",
        b"[]",
        b"{}",
        b'{"success": true}',
        b'{"success": true, "data": null}',
        b'{"success": true, "data": ""}',
        b'{"success": true, "data": "https://files.example/x?signature=1"}',
        b'{"url": "https://files.example/x?signature=1"}',
        b"https://files.example/x?signature=1",
        b'{"detail": "Not Found"}',
        b"<html><body>maintenance</body></html>",
        b"\x00\xff\xfe\x01",
        b"PK\x03\x04 archive",
        b"[" * 50_000,
    ],
)
def test_body_that_is_no_file_is_withheld(file, body):
    assert isinstance(file_in(file, body), Withheld)


@pytest.mark.parametrize("file", FILES)
@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_body_of_any_bytes_is_read_without_an_error(file, body):
    assert isinstance(file_in(file, body), (Known, Withheld))


# ION API files


@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("key", ["cs", "saak", "sask", "ci"])
def test_ion_api_file_with_a_masked_value_is_withheld(key, mask):
    found = file_in("ionapi", json.dumps(ionapi(**{key: mask})).encode())
    assert isinstance(found, Withheld) and found.reason == "masked"


@pytest.mark.parametrize("envelope", ENVELOPES.values(), ids=ENVELOPES)
def test_masked_ion_api_file_in_an_envelope_is_withheld_with_what_is_visible(envelope):
    found = file_in("ionapi", envelope(json.dumps(ionapi(cs="****"))).encode())
    assert found.reason == "masked" and dict(found.shown)["ci"] == "ACME_TST~x"


@pytest.mark.parametrize("key", ["ti", "ci", "cs", "iu", "pu", "ot", "saak", "sask"])
@pytest.mark.parametrize("value", [None, "", " ", 5, ["a"]])
def test_ion_api_file_without_a_key_is_withheld(key, value):
    found = file_in("ionapi", json.dumps(ionapi(**{key: value})).encode())
    assert isinstance(found, Withheld) and found.reason == "incomplete"


@pytest.mark.parametrize("key", ["cs", "saak", "sask"])
def test_ion_api_file_with_a_secret_that_is_cut_is_withheld(key):
    found = file_in("ionapi", json.dumps(ionapi(**{key: "abcd"})).encode())
    assert isinstance(found, Withheld) and found.reason == "masked"


def test_withheld_ion_api_file_shows_what_is_visible_and_no_secret():
    values = ionapi(sask="********", cn="****", iu=None)
    assert file_in("ionapi", json.dumps(values).encode()).shown == tuple(sorted((key, values[key]) for key in ("ti", "ci", "pu", "ot")))


@pytest.mark.parametrize("client_id", [None, "", "****"])
def test_withheld_ion_api_file_without_a_client_id_shows_nothing(client_id):
    assert file_in("ionapi", json.dumps(ionapi(ci=client_id)).encode()).shown == ()


def test_withheld_ion_api_file_in_its_repr_shows_no_secret():
    values = ionapi(saak="********")
    assert values["cs"] not in repr(file_in("ionapi", json.dumps(values).encode()))


# Properties


@pytest.mark.parametrize("value", ["abcd****", "********", "••••", "<hidden>", "xxxxxxxx"])
def test_mapping_with_a_masked_value_is_withheld(value):
    assert file_in("idm_mapping", f"A=1\nB={value}\n".encode()) == Withheld("masked")


@pytest.mark.parametrize("line", ["no equals sign", "=value", "<a=b>", '{"a": "b=c"}', "1=2", "a/b=c", "https://a.example/x?a=b"])
def test_mapping_with_a_line_that_is_no_entry_is_withheld(line):
    assert file_in("idm_mapping", f"A=1\n{line}\n".encode()) == Withheld("not a properties file")


@pytest.mark.parametrize("text", ["# only a comment\n", "\n\n"])
def test_mapping_without_an_entry_is_withheld(text):
    assert isinstance(file_in("idm_mapping", text.encode()), Withheld)


@pytest.mark.parametrize("text", ["A=1", "A = 1\n", "  A=1\n", "A=\n", "A=x=y\n", "A\\ b=1\n", "Rechnung_1.x-y=ä\n"])
def test_mapping_with_entries_is_known_and_can_be_sent_back(text):
    assert file_in("idm_mapping", text.encode()) == Known(text, exact=True)


@pytest.mark.parametrize("text", ["#Tue Nov 24 05:52:00 UTC 2026\nA=1\n", "A=https\\://a.example\n", "A=x\\=y\n"])
def test_mapping_that_java_rewrote_is_known_and_cannot_be_sent_back(text):
    assert file_in("idm_mapping", text.encode()) == Known(text, exact=False)


@pytest.mark.parametrize("text", ["RÉCHNUNG=Doc\n", "ÜBERSICHT=Doc\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_mapping_with_an_accent_in_a_key_is_known(encoding, text):
    found = file_in("idm_mapping", text.encode(encoding))
    assert isinstance(found, Known) and found.value.encode("utf-8", "surrogateescape") == text.encode(encoding)


def test_mapping_that_is_not_utf_8_keeps_its_bytes():
    assert file_in("idm_mapping", b"A=\xe4\n").value.encode("utf-8", "surrogateescape") == b"A=\xe4\n"


# TOML and XSLT


@pytest.mark.parametrize("text", ["a = 1\n", "[other]\na = 1\n", "# [export_configuration]\n", '{"data": "x"}'])
def test_toml_without_its_table_is_withheld(text):
    assert file_in("m3_toml_mapping", text.encode()) == Withheld("not an M3 TOML mapping")


@pytest.mark.parametrize("value", ['"abcd****"', "'********'", "****"])
def test_toml_with_a_masked_value_is_withheld(value):
    assert file_in("m3_toml_mapping", f"{TOML}a = {value}\n".encode()) == Withheld("masked")


@pytest.mark.parametrize("text", [XSLT.replace("stylesheet", "transform"), '<stylesheet xmlns="x"></stylesheet>', '<!-- c --><x:transform version="1.0"/>'])
def test_xslt_that_is_whole_is_known(text):
    assert file_in("xslt", text.encode()) == Known(text)


@pytest.mark.parametrize("text", [XSLT[:-8], XSLT.replace("stylesheet", "style"), "text " + XSLT, XSLT.replace("</xsl:stylesheet>", "</xsl:style>"), "<a/>"])
def test_xslt_that_is_not_whole_is_withheld(text):
    assert file_in("xslt", text.encode()) == Withheld("not an XSLT file")
