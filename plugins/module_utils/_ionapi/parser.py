# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ION API file: from its content to its normal form, with every finding on the way. Private to the collection."""

from __future__ import annotations

import json
from dataclasses import dataclass

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import InvalidInput
from ansible_collections.docbits.ion.plugins.module_utils._core.findings import errors_in, warnings_as_errors
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.form import Expectations, IonApi
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.rules import finding_of, hits_in
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.subject import Subject
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.text import read

NO_EXPECTATIONS = Expectations()


@dataclass(frozen=True)
class Parsed:
    """What parsing gave.

    ionapi:   the file, or C(None) where a finding is an error
    findings: what the rules found, in their order
    """

    ionapi: IonApi | None
    findings: list


def parse(content: bytes | str, where: str, expectations: Expectations = NO_EXPECTATIONS) -> Parsed:
    """Read and judge an ION API file. Takes any content, never raises, and needs time linear in its size.

    content:  what the file holds, already decrypted
    where:    what the findings call it, for example the path
    """
    reading = read(content)
    hits = list(reading.hits)
    subject = None
    if reading.document is not None:
        subject = Subject(reading.document, expectations)
        hits += hits_in(subject)
    findings = [finding_of(hit, where) for hit in hits]
    if expectations.strict:
        findings = warnings_as_errors(findings)
    return Parsed(_built(subject) if subject is not None and not errors_in(findings) else None, findings)


def require(content: bytes | str, where: str, expectations: Expectations = NO_EXPECTATIONS) -> tuple:
    """As L(parse), and gives C((ionapi, findings)). Raises L(InvalidInput) with all findings where one is an error."""
    parsed = parse(content, where, expectations)
    if parsed.ionapi is None:
        raise InvalidInput(parsed.findings)
    return parsed.ionapi, parsed.findings


def _built(subject: Subject) -> IonApi:
    """The normal form of a document without errors. Every required key is fit for use then."""
    texts = subject.texts
    return IonApi(
        **{key: texts[key] for key in ("ti", "ci", "cs", "iu", "pu", "ot")},
        **{key: texts.get(key) for key in ("cn", "oa", "saak", "sask", "dt", "ev")},
        or_=texts.get("or"),
        scopes=subject.scopes,
        version=texts.get("v"),
        wanted_grant=subject.expectations.grant,
        document=json.dumps(subject.document, sort_keys=True, separators=(",", ":")),
    )
