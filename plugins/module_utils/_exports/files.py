# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Validates the files of declared exports, before any request. Pure. Private to the collection."""

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
class ValidatedFiles:
    """Declared exports with clean files.

    exports:  the exports, each ION API file as the canonical JSON that DocBits gets
    ionapis:  the distinct ION API files by the path or option that they came from
    findings: warnings and notes; there are no errors here
    """

    exports: list
    ionapis: dict
    findings: list

    def findings_as_dicts(self) -> list:
        """The findings as a module returns them."""
        return [finding.as_dict() for finding in self.findings]


def validate_files(declared, expectations, params, secrets) -> ValidatedFiles:
    """Validate every file of every export that is to be present.

    params:  the options, for where the environment's own ION API file came from
    secrets: every secret of an ION API file is registered here
    Raises: InvalidInput with all findings if one is an error
    """
    exports, findings, ionapis = [], [], {}
    parsed: dict = {}

    def validated_ionapi(text, label):
        if text not in parsed:
            parsed[text] = parse(text, label, expectations)
            findings.extend(parsed[text].findings)
            if parsed[text].ionapi is not None:
                secrets.add(*parsed[text].ionapi.secret_values())
                ionapis[label] = parsed[text].ionapi
        return parsed[text].ionapi

    if params.get("ionapi_content") is not None:
        # Also if no export uses it, because the user named it.
        validated_ionapi(params["ionapi_content"], params.get("ionapi_src") or "ionapi_content")
    for export in declared:
        if export.state != PRESENT:
            exports.append(export)
            continue
        findings += _misplaced(export, secrets)
        ionapi = None
        text = export.files.get("ionapi")
        if text is not None:
            ionapi = validated_ionapi(text, export.sources.get("ionapi") or f"{export.label}: ionapi")
            if ionapi is not None:
                export = replace(export, files={**export.files, "ionapi": ionapi.document})
        findings += _mapping_findings(export, ionapi, params.get("logical_id"))
        exports.append(export)
    findings = list(dict.fromkeys(warnings_as_errors(findings) if expectations.strict else findings))
    if errors_in(findings):
        raise InvalidInput(findings)
    return ValidatedFiles(exports, ionapis, findings)


def _misplaced(export, secrets) -> list:
    """Errors for ION API files that are given as another file, which is not treated as a secret."""
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


def _mapping_findings(export, ionapi, logical_id) -> list:
    document_type = export.get("document_type") or ""
    # The key of a title is not known before DocBits is read; check_document_type validates the mapping again then.
    code = document_type if _CODE.fullmatch(document_type) else None
    mappings = {
        file: _validated(text, export.sources.get(file) or f"{export.label}: {file}", MAPPING_KINDS[file], code if file == "idm_mapping" else None)
        for file, text in export.files.items()
        if file in MAPPING_KINDS
    }
    findings = [finding for mapping in mappings.values() for finding in mapping.findings]
    return findings + cross_checks(
        export.get("kind"),
        export.label,
        code,
        export.get("deployment"),
        ionapi.flavour if ionapi else None,
        mappings.get("idm_mapping"),
        mappings.get("bod_mapping"),
        logical_id,
    )


@lru_cache(maxsize=512)
def _validated(text, where, kind, document_type):
    # The environments of a fleet share their mappings; each is validated once.
    return validate(text, where, kind, document_type)


def check_document_type(export) -> None:
    """Validate the IDM mapping of an export again, once the key of its document type is known. Raises: InvalidInput"""
    text = export.files.get("idm_mapping")
    if text is not None and export.get("document_type"):
        where = export.sources.get("idm_mapping") or f"{export.label}: idm_mapping"
        errors = errors_in(_validated(text, where, "idm", export.get("document_type")).findings)
        if errors:
            raise InvalidInput(errors)
