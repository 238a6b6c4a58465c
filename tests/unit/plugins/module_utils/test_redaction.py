# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Redaction of secrets, their encodings and pieces; fingerprints."""

from __future__ import annotations

import base64
import codecs
import json
import secrets
import uuid
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.docbits.ion.plugins.module_utils._core.redaction import (
    LONGEST_KEY,
    LONGEST_SEARCHED,
    MARKER,
    SHORTEST_ENCODED,
    Secrets,
    encodings_of,
    fingerprint,
)

# Letters, what encoders escape, and surrogates, as stand for bytes that are no UTF-8.
VALUES = st.text(st.sampled_from("abXY09#~/+=%&\"'\\\n\t äß€\udc80"), min_size=4, max_size=24)


def encodings(value):
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
    """Forty characters, no eight of which read as a word."""
    return "".join(f"{secrets.choice('ghijkm')}{secrets.randbelow(10)}" for _pair in range(20))


@given(VALUES)
def test_redact_with_any_encoding_at_any_depth_masks_it(value):
    known = Secrets()
    known.add(value)
    for form in encodings(value):
        found = known.redact({"where": [f"<{form}>", (form,), {"deep": form}], "count": 3, "flag": True, "nothing": None})
        assert found == {"where": [f"<{MARKER}>", [MARKER], {"deep": MARKER}], "count": 3, "flag": True, "nothing": None}


def test_redact_when_the_secret_is_a_dict_key_masks_it():
    value = secrets.token_urlsafe(20)
    known = Secrets()
    known.add(value)
    assert known.redact({value: 1, "kept": 2}) == {MARKER: 1, "kept": 2}


def test_redact_when_one_secret_begins_with_another_masks_the_longer_one():
    start, end = secrets.token_hex(8), secrets.token_hex(8)
    known = Secrets()
    known.add(start, start + end)
    assert known.redact(f"{start}{end} {start}") == f"{MARKER} {MARKER}"


def test_add_of_anything_but_text_is_ignored():
    known = Secrets()
    known.add(None, "", 7, True, [])
    assert known.encodings() == set()
    assert known.redact("7 True None") == "7 True None"


def test_redact_of_a_short_secret_leaves_the_names_of_results():
    assert encodings_of("abc") == {"abc"}
    known = Secrets()
    known.add("a")
    assert known.redact({"failed": True, "message": "bad"}) == {"failed": True, "message": f"b{MARKER}d"}


def test_add_basic_credentials_masks_the_header():
    user, password = secrets.token_urlsafe(9), secrets.token_urlsafe(9)
    known = Secrets()
    known.add_basic_credentials(user, password)
    header = base64.b64encode(f"{user}:{password}".encode()).decode()
    assert known.redact(f"Basic {header}") == f"Basic {MARKER}"
    assert known.redact(password) == MARKER


@pytest.mark.parametrize("length", [8, 9, 20, 39])
def test_redact_of_a_piece_of_a_secret_masks_it(length):
    value = a_key()
    known = Secrets()
    known.add(value)
    for start in range(len(value) - length + 1):
        piece = value[start : start + length]
        assert known.redact([f"a {piece} b", {piece: f"{piece}"}]) == [f"a {MARKER} b", {MARKER: MARKER}]


def rotated(text):
    return codecs.encode(text, "rot13")


TRANSFORMED = {
    "upper case": str.upper,
    "reversed": lambda text: text[::-1],
    "rot13": rotated,
    "rot13, reversed": lambda text: rotated(text)[::-1],
    "hex": lambda text: text.encode().hex(),
    "hex in a UUID": lambda text: str(uuid.UUID(bytes=text.encode()[:16])),
    "shifted hex": lambda text: f"f{text.encode().hex()}",
    "base64 behind other text": lambda text: base64.b64encode(f"{secrets.token_hex(1)}:{text}".encode()).decode(),
    "base64 without its start": lambda text: base64.b64encode(text.encode()).decode()[secrets.randbelow(5) :],
    "base64 for URLs": lambda text: base64.urlsafe_b64encode(text.encode()).decode().rstrip("="),
    "base32": lambda text: base64.b32encode(text.encode()).decode().rstrip("="),
    "base32 in small letters, without its start": lambda text: base64.b32encode(f"x{text}".encode()).decode().rstrip("=").lower()[3:],
    "base64, reversed text": lambda text: base64.b64encode(text[::-1].encode()).decode(),
    "without its last character": lambda text: text[:-1],
}


@pytest.mark.parametrize("length", [16, 40])
@pytest.mark.parametrize("transform", TRANSFORMED.values(), ids=TRANSFORMED)
def test_redact_of_a_transformed_piece_masks_it(transform, length):
    value = a_key()
    known = Secrets()
    known.add(value)
    start = secrets.randbelow(len(value) - length + 1)
    text = transform(value[start : start + length])
    found = known.redact(f"it said {text}.")
    assert MARKER in found and len(found.replace(MARKER, "").removeprefix("it said ")) <= 8


def test_redact_of_a_piece_of_a_random_key_that_reads_as_words_masks_it():
    piece = "wjagoezlifhz_nf"
    known = Secrets()
    known.add(f"MC7iau{secrets.token_hex(2)}zUxS4xShafph{piece}CW9YfVQ4")
    assert known.redact(f"it said {piece}.") == f"it said {MARKER}."


def test_redact_of_a_long_token_without_its_last_character_masks_it():
    token = ".".join(secrets.token_urlsafe(400) for _part in range(3))
    known = Secrets()
    known.add(token)
    assert known.redact(token[:-1]) == MARKER


def test_redact_of_ids_and_names_of_others_leaves_them():
    known = Secrets()
    known.add(secrets.token_urlsafe(64), secrets.token_hex(32))
    others = [str(uuid.uuid4()), secrets.token_hex(16), "authorization.oauth2", "Infor-SuiteUser", "a" * 40, base64.b64encode(secrets.token_bytes(60)).decode()]
    assert known.redact(others) == others


def test_redact_of_two_pieces_masks_each():
    value = a_key()
    known = Secrets()
    known.add(value)
    found = known.redact(f"({value[:12]})({value[20:32]})")
    assert found == f"({MARKER})({MARKER})"


def test_redact_of_a_piece_below_eight_characters_leaves_it():
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
        (json.dumps({"cs": secrets.token_hex(300)}).replace(" ", ""), None),
        (" ".join([secrets.token_hex(4)] * 3), None),
    ],
    ids=["tenant", "words", "URL", "whole file", "several words"],
)
def test_redact_of_text_that_is_not_part_of_a_key_leaves_it(value, text):
    known = Secrets()
    known.add(value)
    text = text or value[8:24]
    assert known.redact(text) == text


def test_redact_of_a_piece_in_a_long_text_leaves_it():
    value = a_key()
    known = Secrets()
    known.add(value)
    mapping = "x" * 2000 + value[:20]
    assert known.redact(mapping) == mapping


@pytest.mark.parametrize(("length", "found"), [(LONGEST_SEARCHED, True), (LONGEST_SEARCHED + 1, False)])
def test_redact_searches_texts_for_pieces_up_to_the_limit(length, found):
    value = a_key()
    known = Secrets()
    known.add(value)
    assert (MARKER in known.redact(value[:20].rjust(length, "x"))) is found


@pytest.mark.parametrize(("length", "found"), [(LONGEST_KEY, True), (LONGEST_KEY + 1, False)])
def test_redact_searches_for_pieces_of_secrets_up_to_the_limit(length, found):
    value = (a_key() * (length // 40 + 1))[:length]
    known = Secrets()
    known.add(value)
    assert (MARKER in known.redact(value[:20])) is found


@pytest.mark.parametrize(("length", "has_encodings"), [(SHORTEST_ENCODED, True), (SHORTEST_ENCODED - 1, False)])
def test_encodings_of_a_value_begin_at_the_limit(length, has_encodings):
    assert (len(encodings_of("#" * length)) > 1) is has_encodings


@given(VALUES, VALUES)
def test_fingerprint_is_equal_only_for_equal_content(one, other):
    assert (fingerprint(one, "salt") == fingerprint(other, "salt")) == (one == other)


@pytest.mark.parametrize("salt", ["a", "b"])
def test_fingerprint_is_twelve_hex_digits_that_depend_on_the_salt(salt):
    content = secrets.token_urlsafe(40)
    found = fingerprint(content, salt)
    assert len(found) == 12 and set(found) <= set("0123456789abcdef")
    assert found == fingerprint(content, salt) != fingerprint(content, salt + "x")
    assert found not in content
