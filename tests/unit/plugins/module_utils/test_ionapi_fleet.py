# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rule C01 on the files of many environments, in the encodings that users store."""

from __future__ import annotations

import base64
import json
import random
import secrets

import pytest

from ansible_collections.docbits.ion.plugins.module_utils._core.findings import WARNING
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.fleet import check_fleet
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.parser import parse
from ansible_collections.docbits.ion.tests.docs.ionapi_examples import changed, cloud_file

# The forms in which users store a file.
FORMS = (
    json.dumps,
    lambda document: json.dumps(document, indent=4, sort_keys=True),
    lambda document: json.dumps(document).encode("utf-16").decode("utf-8", "surrogateescape"),
    lambda document: base64.b64encode(json.dumps(document).encode()).decode(),
)


def new_file():
    """A file that shares no secret with another."""
    return changed(
        cloud_file(),
        {
            "ci": "ACME_TST~" + secrets.token_urlsafe(32),
            "cs": secrets.token_urlsafe(64),
            "saak": "ACME_TST#" + secrets.token_urlsafe(64),
            "sask": secrets.token_urlsafe(64),
        },
    )


@pytest.fixture
def documents():
    """Name to file for fifty environments; each defect is between two environments of its own."""
    files = {f"environment{number:02}": new_file() for number in range(50)}
    files["environment11"] = changed(files["environment10"], {"cs": secrets.token_urlsafe(64), **_account(files["environment11"])})
    files["environment21"] = changed(files["environment21"], _account(files["environment20"]))
    files["environment31"] = changed(files["environment31"], {**_account(files["environment30"]), "sask": secrets.token_urlsafe(64)})
    files["environment41"] = dict(files["environment40"])
    return files


EXPECTED = {
    "environment10, environment11: cs",
    "environment20, environment21: saak",
    "environment30, environment31: saak",
    "environment30, environment31: sask",
    "environment40, environment41: saak",
}


def _account(document):
    return {key: document[key] for key in ("saak", "sask")}


def _read(documents):
    parsed = {name: parse(FORMS[number % len(FORMS)](document), name) for number, (name, document) in enumerate(documents.items())}
    assert all(one.ionapi for one in parsed.values())
    return {name: one.ionapi for name, one in parsed.items()}


def test_check_fleet_finds_defects_in_any_encoding(documents):
    findings = check_fleet(_read(documents))
    assert {finding.where for finding in findings} == EXPECTED
    assert len(findings) == len(EXPECTED)
    assert {(finding.id, finding.level) for finding in findings} == {("C01", WARNING)}


def test_check_fleet_in_any_order_has_the_same_findings(documents):
    names = list(documents)
    random.shuffle(names)
    findings = check_fleet(_read({name: documents[name] for name in names}))
    assert {_sorted_names(finding.where) for finding in findings} == EXPECTED


def _sorted_names(where):
    names, _colon, key = where.rpartition(": ")
    return f"{', '.join(sorted(names.split(', ')))}: {key}"


def test_check_fleet_shows_no_secret(documents):
    text = " ".join(finding.sentence() for finding in check_fleet(_read(documents)))
    assert text
    pieces = (document[key][-20:] for document in documents.values() for key in ("ci", "cs", "saak", "sask"))
    assert not [piece for piece in pieces if piece in text]


def test_check_fleet_when_there_is_no_service_account_has_no_finding(documents):
    alone = [changed(document, {}) for document in list(documents.values())[:2]]
    for document in alone:
        del document["saak"], document["sask"]
    assert check_fleet({str(number): parse(json.dumps(document), "file").ionapi for number, document in enumerate(alone)}) == []
