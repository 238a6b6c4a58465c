# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judging the files that declared exports carry, before any request. Pure. Private to the collection."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from functools import lru_cache

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import InvalidInput
from ansible_collections.docbits.ion.plugins.module_utils._core.findings import ERROR, Finding, errors_in, warnings_as_errors
from ansible_collections.docbits.ion.plugins.module_utils._exports.declared import PRESENT
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.parser import parse
from ansible_collections.docbits.ion.plugins.module_utils._mapping.cross import cross_checks
from ansible_collections.docbits.ion.plugins.module_utils._mapping.validation import validate
from ansible_collections.docbits.ion.plugins.module_utils._model.export import FILES, MAPPING_KINDS

_CODE = re.compile(r"[A-Z0-9_]+")


@dataclass(frozen=True)
class JudgedFiles:
    """Declared exports with clean files.

    exports:  the exports, each ION API file as the canonical JSON that DocBits gets
    ionapis:  the distinct ION API files by the label of where they came from
    findings: warnings and notes; there are no errors here
    """

    exports: list
    ionapis: dict
    findings: list

    def findings_as_dicts(self) -> list:
        """The findings as a module returns them."""
        return [finding.as_dict() for finding in self.findings]


def judge_files(declared, expectations, params, secrets) -> JudgedFiles:
    """Judge every file of every export that is to be present; raises L(InvalidInput) with all findings where one is an error.

    params:  the options, for where the environment's own ION API file came from
    secrets: every secret of an ION API file is registered here
    """
    exports, findings, ionapis, parsed = [], [], {}, {}

    def judged_ionapi(text, label):
        if text not in parsed:
            parsed[text] = parse(text, label, expectations)
            findings.extend(parsed[text].findings)
            if parsed[text].ionapi is not None:
                secrets.add(*parsed[text].ionapi.secret_values())
                ionapis[label] = parsed[text].ionapi
        return parsed[text].ionapi

    if params.get("ionapi_content") is not None:
        # Also where no export takes it: whoever names a file wants to know whether it is good.
        judged_ionapi(params["ionapi_content"], params.get("ionapi_src") or "ionapi_content")
    for export in declared:
        if export.state != PRESENT:
            exports.append(export)
            continue
        findings += _misplaced(export, secrets)
        ionapi = None
        text = export.files.get("ionapi")
        if text is not None:
            ionapi = judged_ionapi(text, export.sources.get("ionapi") or f"{export.label}: ionapi")
            if ionapi is not None:
                export = replace(export, files={**export.files, "ionapi": ionapi.canonical()})
        findings += _judged_mappings(export, ionapi, params.get("logical_id"))
        exports.append(export)
    findings = list(dict.fromkeys(warnings_as_errors(findings) if expectations.strict else findings))
    if errors_in(findings):
        raise InvalidInput(findings)
    return JudgedFiles(exports, ionapis, findings)


def _misplaced(export, secrets) -> list:
    """An ION API file in a file for something else would be shown and uploaded as if it were no secret."""
    found = []
    for file, text in export.files.items():
        values = _json_object(text) if not FILES[file].secret else {}
        if not values.keys().isdisjoint(("cs", "saak", "sask")):
            secrets.add(text, *values.values())
            where = export.sources.get(file) or f"{export.label}: {file}"
            found.append(Finding("E17", ERROR, where, f"it is an ION API file, given as {file}", f"give it as ionapi, and the right file as {file}"))
    return found


def _json_object(text) -> dict:
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return values if isinstance(values, dict) else {}


def _judged_mappings(export, ionapi, logical_id) -> list:
    document_type = export.get("document_type") or ""
    # A title is not yet known by its code here; L(check_document_type) looks again once DocBits has told it.
    code = document_type if _CODE.fullmatch(document_type) else None
    judged = {
        file: _judged(text, export.sources.get(file) or f"{export.label}: {file}", MAPPING_KINDS[file], code if file == "idm_mapping" else None)
        for file, text in export.files.items()
        if file in MAPPING_KINDS
    }
    findings = [finding for mapping in judged.values() for finding in mapping.findings]
    return findings + cross_checks(
        export.get("kind"),
        export.label,
        code,
        export.get("deployment"),
        ionapi.flavour if ionapi else None,
        judged.get("idm_mapping"),
        judged.get("bod_mapping"),
        logical_id,
    )


@lru_cache(maxsize=512)
def _judged(text, where, kind, document_type):
    # The environments of a fleet share their mappings; each is judged once.
    return validate(text, where, kind, document_type)


def check_document_type(export) -> None:
    """Raise L(InvalidInput) where the IDM mapping has no line for the document type that a title turned out to mean."""
    text = export.files.get("idm_mapping")
    if text is not None and export.get("document_type"):
        where = export.sources.get("idm_mapping") or f"{export.label}: idm_mapping"
        errors = errors_in(_judged(text, where, "idm", export.get("document_type")).findings)
        if errors:
            raise InvalidInput(errors)
