# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every form in which a secret could stand in an output, and the search for them."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import sqlite3
from pathlib import Path
from urllib.parse import quote, quote_plus

TOKEN_LIKE = re.compile(rb"[A-Za-z0-9_.~-]{20,}")


def forms(secret: str) -> set:
    """The bytes of the secret itself, and of it base64-encoded, URL-encoded, JSON-escaped and as a repr."""
    raw = secret.encode()
    texts = {secret, quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1], repr(secret)[1:-1]}
    texts |= {json.dumps(json.dumps(secret))[3:-3], raw.hex()}
    found = {text.encode() for text in texts}
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        # Inside something longer a secret can begin at any of three places of a base64 group; its own first and last characters
        # then depend on its neighbours and are left out.
        for shift in range(3):
            encoded = encode(b"\0" * shift + raw)
            found.add(encoded[4 if shift else 0 : len(encoded) - 4])
    return {form for form in found if len(form) >= 8}


def places(secrets: set, outputs: dict) -> list:
    """The names of the outputs in which any form of any secret stands."""
    wanted = set().union(*(forms(secret) for secret in secrets))
    return sorted(name for name, content in outputs.items() if any(form in content for form in wanted))


def issued_tokens_in(outputs: dict, state: Path) -> list:
    """The names of the outputs in which a token stands that the simulator issued; it keeps only their digests."""
    with sqlite3.connect(f"file:{state}?mode=ro", uri=True) as database:
        digests = {key for (key,) in database.execute("SELECT key FROM documents WHERE collection = 'infor_tokens'")}
    return sorted(
        name for name, content in outputs.items() if any(hashlib.sha256(candidate).hexdigest() in digests for candidate in set(TOKEN_LIKE.findall(content)))
    )
