# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The search for secrets that promise 6 relies on."""

from __future__ import annotations

import base64
import codecs
import json
import secrets

import pytest

from integration import leaks

ENCODINGS = {
    "plain": lambda secret: secret,
    "hex": lambda secret: secret.encode().hex(),
    "reversed": lambda secret: secret[::-1],
    "rot13": lambda secret: codecs.encode(secret, "rot13"),
    "base32": lambda secret: base64.b32encode(secret.encode()).decode(),
    "JSON": lambda secret: json.dumps({"key": secret}),
    "base64": lambda secret: base64.b64encode(f"user:{secret}".encode()).decode(),
}


@pytest.mark.parametrize("length", [8, 15, 31, 32, 33, 80])
@pytest.mark.parametrize("encode", ENCODINGS.values(), ids=ENCODINGS.keys())
def test_leaks_by_owner_when_a_secret_is_at_any_position_names_owner_and_output(encode, length):
    owned = {"one": {secrets.token_hex(length)[:length]}, "other": {secrets.token_hex(40)}}
    text = encode(*owned["one"])
    outputs = {str(position): ("." * position + text + "." * 5).encode() for position in range(40)}
    assert leaks.leaks_by_owner(owned, {"clean": b"." * 100, **outputs}) == {"one": sorted(outputs)}


def test_leaks_by_owner_when_owners_share_a_secret_names_both():
    shared = secrets.token_hex(20)
    assert leaks.leaks_by_owner({"one": {shared}, "other": {shared}}, {"log": shared.encode()}) == {"one": ["log"], "other": ["log"]}
