# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets: every form is found and masked, short ones do no harm, fingerprints tell equal from different and nothing else."""

from __future__ import annotations

import base64
import json
import secrets
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.docbits.ion.plugins.module_utils._core.redaction import MARKER, Secrets, encodings_of, fingerprint

# Letters, what encoders escape, and surrogates, as stand for bytes that are no UTF-8.
VALUES = st.text(st.sampled_from("abXY09#~/+=%&\"'\\\n\t äß€\udc80"), min_size=4, max_size=24)


def encoded_forms(value):
    raw = value.encode("utf-8", "surrogatepass")
    yield value
    yield base64.b64encode(raw).decode()
    yield base64.b64encode(raw).decode().rstrip("=")
    yield base64.urlsafe_b64encode(raw).decode()
    yield base64.urlsafe_b64encode(raw).decode().rstrip("=")
    yield quote(value, safe="", errors="surrogatepass")
    yield quote_plus(value, errors="surrogatepass")
    yield json.dumps(value)[1:-1]
    yield json.dumps(value, ensure_ascii=False)[1:-1]
    yield repr(value)[1:-1]


def a_key():
    """Forty characters that no eight of which read as a word."""
    return "".join(f"{secrets.choice('ghijkm')}{secrets.randbelow(10)}" for _pair in range(20))


@given(VALUES)
def test_every_form_of_a_secret_is_masked_wherever_it_stands(value):
    known = Secrets()
    known.add(value)
    for form in encoded_forms(value):
        found = known.redact({"where": [f"<{form}>", (form,), {"deep": form}], "count": 3, "flag": True, "nothing": None})
        assert found == {"where": [f"<{MARKER}>", [MARKER], {"deep": MARKER}], "count": 3, "flag": True, "nothing": None}


def test_a_secret_that_is_a_dict_key_is_masked():
    value = secrets.token_urlsafe(20)
    known = Secrets()
    known.add(value)
    assert known.redact({value: 1, "kept": 2}) == {MARKER: 1, "kept": 2}


def test_the_longest_form_goes_first():
    start, end = secrets.token_hex(8), secrets.token_hex(8)
    known = Secrets()
    known.add(start, start + end)
    assert known.redact(f"{start}{end} {start}") == f"{MARKER} {MARKER}"


def test_only_texts_are_registered():
    known = Secrets()
    known.add(None, "", 7, True, [])
    assert known.forms() == set()
    assert known.redact("7 True None") == "7 True None"


def test_a_short_value_has_no_derived_forms_and_leaves_the_keys_of_a_result():
    assert encodings_of("abc") == {"abc"}
    known = Secrets()
    known.add("a")
    assert known.redact({"failed": True, "message": "bad"}) == {"failed": True, "message": f"b{MARKER}d"}


def test_the_pair_of_a_basic_header_is_registered():
    user, password = secrets.token_urlsafe(9), secrets.token_urlsafe(9)
    known = Secrets()
    known.add_basic_credentials(user, password)
    header = base64.b64encode(f"{user}:{password}".encode()).decode()
    assert known.redact(f"Basic {header}") == f"Basic {MARKER}"
    assert known.redact(password) == MARKER


@pytest.mark.parametrize("length", [8, 9, 20, 39])
def test_a_piece_of_a_secret_is_masked(length):
    value = a_key()
    known = Secrets()
    known.add(value)
    for start in range(len(value) - length + 1):
        piece = value[start : start + length]
        assert known.redact([f"a {piece} b", {piece: f"{piece}"}]) == [f"a {MARKER} b", {MARKER: MARKER}]


def test_two_pieces_are_masked_each_for_itself():
    value = a_key()
    known = Secrets()
    known.add(value)
    found = known.redact(f"({value[:12]})({value[20:32]})")
    assert found == f"({MARKER})({MARKER})"


def test_a_piece_below_eight_characters_is_left():
    value = a_key()
    known = Secrets()
    known.add(value)
    assert known.redact(value[:7]) == value[:7]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("ACME_TST7#" + secrets.token_urlsafe(64), "ACME_TST7 and ACME_TST7#"),
        ("Invoices-Production-" + secrets.token_hex(4), "Invoices-Production and Production"),
        ("http://user:word@proxy.example.com:3128", "proxy.example.com:3128"),
        (secrets.token_hex(300), None),
        (" ".join([secrets.token_hex(4)] * 3), None),
    ],
    ids=["tenant", "words", "URL", "whole file", "several words"],
)
def test_what_is_no_piece_of_a_key_is_left(value, text):
    known = Secrets()
    known.add(value)
    text = text or value[1:20]
    assert known.redact(text) == text


def test_long_texts_are_not_searched_for_pieces():
    value = a_key()
    known = Secrets()
    known.add(value)
    mapping = "x" * 2000 + value[:20]
    assert known.redact(mapping) == mapping


@given(VALUES, VALUES)
def test_fingerprints_are_equal_exactly_for_equal_contents(one, other):
    assert (fingerprint(one, "salt") == fingerprint(other, "salt")) == (one == other)


@pytest.mark.parametrize("salt", ["a", "b"])
def test_a_fingerprint_is_short_hexadecimal_and_salted(salt):
    content = secrets.token_urlsafe(40)
    found = fingerprint(content, salt)
    assert len(found) == 12 and set(found) <= set("0123456789abcdef")
    assert found == fingerprint(content, salt) != fingerprint(content, salt + "x")
    assert found not in content
