# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fingerprints: a value is recognised with the same API key, host, export and name only, and never shown."""

from __future__ import annotations

import base64
import json
import secrets

import pytest

from ansible_collections.docbits.ion.plugins.module_utils._exports.fingerprints import Fingerprints, is_entry

HOST = "https://a.example"


def fingerprints(entries=None, host=HOST, key="key"):
    return Fingerprints(entries, host, key)


@pytest.fixture
def entries():
    """The entries after the password of export 5 was sent."""
    made = fingerprints()
    made.add("5", "password", "secret")
    return made.as_dict()


def test_value_that_was_sent_matches(entries):
    assert fingerprints(entries).matches("5", "password", "secret")


@pytest.mark.parametrize(
    ("id_", "name", "value"), [("5", "password", "other"), ("5", "password", ""), ("6", "password", "secret"), ("5", "username", "secret")]
)
def test_other_value_export_or_name_does_not_match(entries, id_, name, value):
    assert not fingerprints(entries).matches(id_, name, value)


@pytest.mark.parametrize(("id_", "name", "expected"), [("5", "password", True), ("6", "password", False), ("5", "username", False)])
def test_has_is_true_for_what_was_sent(entries, id_, name, expected):
    assert fingerprints(entries).has(id_, name) is expected


def test_value_does_not_match_with_another_api_key(entries):
    assert not fingerprints(entries, key="other").matches("5", "password", "secret")


def test_value_on_another_host_is_unknown(entries):
    other = fingerprints(entries, host="https://b.example")
    assert not other.has("5", "password") and not other.matches("5", "password", "secret")
    other.add("5", "password", "another")
    assert fingerprints(other.as_dict()).matches("5", "password", "secret")


def test_value_that_is_sent_again_replaces_the_former(entries):
    made = fingerprints(entries)
    made.add("5", "password", "new")
    assert made.matches("5", "password", "new") and not made.matches("5", "password", "secret")


def test_equal_values_have_different_fingerprints():
    made = fingerprints()
    for id_ in ("5", "6"):
        made.add(id_, "password", "secret")
    assert len({names["password"] for names in made.as_dict().values()}) == 2


def test_fingerprint_of_one_export_is_not_valid_under_another_name(entries):
    [names] = entries.values()
    moved = fingerprints({f"{HOST} 5": {"username": names["password"]}})
    assert not moved.matches("5", "username", "secret")


@pytest.mark.parametrize(
    ("name", "sent", "same", "different"),
    [
        ("ionapi", '{"a":1,"b":2}', '\ufeff{ "b": 2, "a": 1 }', '{"a":1,"b":3}'),
        ("idm_mapping", "a=1\nb=2\n", "\ufeffa=1\r\nb=2", "a=1\nb=3\n"),
        ("port", 22, 22, 23),
        ("active", True, True, False),
        ("idm_mapping", "a=\udce4", "a=\udce4\n", "a=\udce5"),
    ],
)
def test_value_in_another_layout_matches(name, sent, same, different):
    made = fingerprints()
    made.add("5", name, sent)
    assert made.matches("5", name, same) and not made.matches("5", name, different)


def test_entries_hold_neither_value_nor_api_key_in_any_encoding():
    value, key = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
    made = fingerprints(key=key)
    made.add("5", "password", value)
    text = json.dumps(made.as_dict())
    for secret in (value, key):
        assert secret not in text and base64.b64encode(secret.encode()).decode() not in text and secret.encode().hex() not in text


def test_short_password_cannot_be_guessed_from_its_entry_without_the_api_key(entries):
    """With an empty key, the digest would be one of a plain hash of the few possible values."""
    assert not any(fingerprints(entries, key=key).matches("5", "password", "secret") for key in ("", "k", "Key", "key "))


def test_removed_entries_are_none():
    assert fingerprints().removed([("5", "password"), ("5", "ionapi"), ("6", "password")]) == {
        f"{HOST} 5": {"password": None, "ionapi": None},
        f"{HOST} 6": {"password": None},
    }


@pytest.mark.parametrize("damaged", [{"5": None}, {"5": []}, {"5": {"password": 5}}, {"5": {"password": "zz:zz"}}, {"5": {"password": None}}, None])
def test_damaged_entries_are_ignored(damaged):
    assert not any(Fingerprints(damaged, HOST, "key").as_dict().values())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0" * 16 + ":" + "f" * 40, True),
        ("0" * 15 + ":" + "f" * 40, False),
        ("0" * 16 + ":" + "f" * 41, False),
        ("0" * 16 + ":" + "F" * 40, False),
        ("0" * 16 + ":" + "f" * 40 + "\n", False),
        ("0" * 32 + ":" + "f" * 32, False),
        (5, False),
    ],
)
def test_is_entry_is_true_for_the_present_format_only(text, expected):
    assert is_entry(text) is expected
