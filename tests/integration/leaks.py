# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The encodings of a secret, and the search for them in outputs."""

from __future__ import annotations

import base64
import codecs
import hashlib
import json
import re
import sqlite3
from collections import defaultdict
from pathlib import Path
from urllib.parse import quote, quote_plus

SHORTEST = 8
BLOCK = 16
TOKEN_LIKE = re.compile(rb"[A-Za-z0-9_.~-]{20,}")


def encodings_of(secret: str) -> set:
    """The bytes of the secret, plain, in hex, base64, base32, rot13, URL-encoded, JSON-escaped, reversed, as a repr; none shorter than `SHORTEST`."""
    raw = secret.encode()
    texts = {secret, quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1], repr(secret)[1:-1]}
    texts |= {json.dumps(json.dumps(secret))[3:-3], raw.hex(), secret[::-1], codecs.encode(secret, "rot13"), base64.b32encode(raw).decode().rstrip("=")}
    # A token without its last character, and a piece of it, are as good as the whole.
    texts |= {secret[:-1], secret[3:35]} if len(secret) > 40 else set()
    found = {text.encode() for text in texts}
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        # Inside a longer text a secret can begin at any of three positions of a base64 group; its own first and last characters
        # then depend on its neighbours and are left out.
        for shift in range(3):
            encoded = encode(b"\0" * shift + raw)
            found.add(encoded[4 if shift else 0 : len(encoded) - 4])
    return {encoding for encoding in found if len(encoding) >= SHORTEST}


def leaks_by_owner(secrets: dict, outputs: dict) -> dict:
    """Owner to the sorted names of the outputs that contain one of its secrets; owners without a leak are left out.

    secrets: owner to its set of secrets
    outputs: name to bytes

    Searching each output for each encoding of each secret takes minutes. Instead each output is cut into blocks of `BLOCK` bytes once. An
    encoding of at least two blocks covers one of them whole, whatever its position, so only encodings that share a block need the search.
    """
    owners, sharing = defaultdict(set), defaultdict(set)
    short = set()
    for owner, owned in secrets.items():
        for encoding in set().union(*map(encodings_of, owned)):
            owners[encoding].add(owner)
            if len(encoding) < 2 * BLOCK:
                short.add(encoding)
            else:
                for offset in range(BLOCK):
                    sharing[encoding[offset : offset + BLOCK]].add(encoding)
    found = defaultdict(set)
    for name, content in outputs.items():
        blocks = {content[at : at + BLOCK] for at in range(0, len(content), BLOCK)}
        for encoding in short.union(*(sharing[block] for block in blocks & sharing.keys())):
            if encoding in content:
                for owner in owners[encoding]:
                    found[owner].add(name)
    return {owner: sorted(names) for owner, names in found.items()}


def outputs_with(secrets: set, outputs: dict) -> list:
    """The sorted names of the outputs that contain an encoding of one of the secrets."""
    return leaks_by_owner({"": secrets}, outputs).get("", [])


def issued_tokens_in(outputs: dict, state: Path) -> list:
    """The sorted names of the outputs that contain a token that the simulator issued; it keeps only digests of them."""
    with sqlite3.connect(f"file:{state}?mode=ro", uri=True) as database:
        digests = {key for (key,) in database.execute("SELECT key FROM documents WHERE collection = 'infor_tokens'")}
    return sorted(
        name for name, content in outputs.items() if any(hashlib.sha256(candidate).hexdigest() in digests for candidate in set(TOKEN_LIKE.findall(content)))
    )
