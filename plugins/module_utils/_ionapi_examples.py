# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Invented ION API files, good and bad, that show what each rule means. Private to the collection."""

from __future__ import annotations

import json

from ansible_collections.docbits.ion.plugins.module_utils._ionapi_form import Expectations
from ansible_collections.docbits.ion.plugins.module_utils._ionapi_rule import Example

GONE = object()

FARM_HOST = "eu1.inforcloudsuite.com"


def invented(what: str, length: int) -> str:
    """Text of the length of a real key that nobody takes for one."""
    return (f"invented-{what}-" * length)[:length]


def cloud_file() -> dict:
    """A complete cloud file with scopes (layout 1.1)."""
    return {
        "ti": "ACME_TST",
        "cn": "DocBits_TST",
        "dt": "12",
        "ci": "ACME_TST~" + invented("client-id", 43),
        "cs": invented("client-secret", 86),
        "iu": f"https://mingle-ionapi.{FARM_HOST}",
        "pu": f"https://mingle-sso.{FARM_HOST}:443/ACME_TST/as/",
        "oa": "authorization.oauth2",
        "ot": "token.oauth2",
        "or": "revoke_token.oauth2",
        "sc": ["INFOR-IFS", "Infor-IDM", "Infor-ION"],
        "ev": "A1234567890",
        "v": "1.1",
        "saak": "ACME_TST#" + invented("access-key", 86),
        "sask": invented("secret-key", 86),
    }


def on_premises_file() -> dict:
    """A complete on-premises file (layout 1.0)."""
    changes = {
        "ti": "infor",
        "ci": "infor~" + invented("client-id", 43),
        "iu": "https://gateway.acme.example:7443",
        "pu": "https://login.acme.example:9443/InforIntSTS/",
        "oa": "connect/authorize",
        "ot": "connect/token",
        "or": "connect/revocation",
        "sc": GONE,
        "v": "1.0",
        "saak": "infor#" + invented("access-key", 86),
    }
    return changed(cloud_file(), changes)


def changed(document: dict, changes: dict) -> dict:
    """The document with other values, and without the keys whose new value is C(GONE)."""
    return {key: value for key, value in {**document, **changes}.items() if value is not GONE}


def good(**expectations):
    """Builds the complete cloud file."""
    return differing({}, **expectations)


def on_premises(changes: dict | None = None, **expectations):
    """Builds the complete on-premises file with these changes."""
    return differing({**{key: on_premises_file().get(key, GONE) for key in cloud_file()}, **(changes or {})}, **expectations)


def differing(changes: dict, mode: int | None = None, filename: str | None = None, **expectations):
    """Builds the complete cloud file with these changes, and shows only what they are."""

    def build() -> Example:
        document = changed(cloud_file(), changes)
        return Example(json.dumps(document), _shown(changes, mode, filename, expectations), Expectations(**expectations), mode, filename)

    return build


def text(content, shown: str):
    """Builds an input that is not the text of an ION API file."""
    return lambda: Example(content, shown)


def whole_text(change, shown: str):
    """Builds what O(change) makes of the text of the complete cloud file."""
    return lambda: Example(change(json.dumps(cloud_file())), shown)


def beside(changes: dict):
    """Builds the complete cloud file and another file of the fleet with these changes."""

    def build() -> Example:
        return Example(
            json.dumps(cloud_file()),
            f"a second file in the fleet with {_shown(changes)}" if changes else "the same file twice",
            second=json.dumps(changed(cloud_file(), changes)),
        )

    return build


def _shown(changes: dict, mode: int | None = None, filename: str | None = None, expectations: dict | None = None) -> str:
    lines = [f"without {key}" if value is GONE else f'"{key}": {_short(json.dumps(value))}' for key, value in changes.items()]
    lines += [f"file name: {filename}"] if filename else []
    lines += [f"file mode: {mode:04o}"] if mode is not None else []
    lines += [f"expected: {name}={value}" for name, value in (expectations or {}).items()]
    return "\n".join(lines) or "the complete file"


def _short(value: str) -> str:
    return value if len(value) <= 80 else value[:40] + '..."'
