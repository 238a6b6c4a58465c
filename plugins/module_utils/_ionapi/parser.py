# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parsing and validating an ION API file: from its content to its normal form and its findings. Private to the collection."""

from __future__ import annotations

import json
from dataclasses import dataclass

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import InvalidInput
from ansible_collections.docbits.ion.plugins.module_utils._core.findings import errors_in, warnings_as_errors
from ansible_collections.docbits.ion.plugins.module_utils._core.rules import findings_of
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.decode import decode
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.document import Document
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.form import Expectations, IonApi
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.rules import CHECKS

NO_EXPECTATIONS = Expectations()


@dataclass(frozen=True)
class Parsed:
    """The result of parsing.

    ionapi:   the file, or None if a finding is an error
    findings: in the order of the rules
    """

    ionapi: IonApi | None
    findings: list


def parse(content: bytes | str, where: str, expectations: Expectations = NO_EXPECTATIONS) -> Parsed:
    """Parse and validate a file. Accepts any content, never raises, and takes time linear in its size.

    content: the decrypted content of the file
    where:   the name of the file in findings, for example its path
    """
    values, violations = decode(content)
    document = None
    if values is not None:
        document = Document(values, expectations)
        violations += [violation for check in CHECKS for violation in check(document)]
    findings = findings_of(violations, where)
    if expectations.strict:
        findings = warnings_as_errors(findings)
    return Parsed(_normal_form(document) if document is not None and not errors_in(findings) else None, findings)


def parse_or_fail(content: bytes | str, where: str, expectations: Expectations = NO_EXPECTATIONS) -> tuple:
    """The file and its findings, as in `Parsed`. Raises: InvalidInput with all findings if one is an error."""
    parsed = parse(content, where, expectations)
    if parsed.ionapi is None:
        raise InvalidInput(parsed.findings)
    return parsed.ionapi, parsed.findings


def _normal_form(document: Document) -> IonApi:
    texts = document.texts
    # Without an error every required key has a usable value.
    values: dict = {key: texts[key] for key in ("ti", "ci", "cs", "iu", "pu", "ot")}
    values.update((key, texts.get(key)) for key in ("cn", "oa", "saak", "sask", "dt"))
    return IonApi(
        **values,
        or_=texts.get("or"),
        scopes=document.scopes,
        version=texts.get("v"),
        wanted_grant=document.expectations.grant,
        document=json.dumps(document.values, sort_keys=True, separators=(",", ":")),
    )
