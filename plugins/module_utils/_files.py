# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judging the files that declared exports carry, before any request. Pure. Private to the collection."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ansible_collections.docbits.ion.plugins.module_utils._errors import InvalidInput
from ansible_collections.docbits.ion.plugins.module_utils._findings import errors_in
from ansible_collections.docbits.ion.plugins.module_utils._ionapi import parse


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
    """Parse every file of every declared export; raises L(InvalidInput) with all findings where one is an error.

    params:  the options, for where the environment's own ION API file came from
    secrets: every secret of an ION API file is registered here
    """
    exports, findings, ionapis, by_text = [], [], {}, {}
    for export in declared:
        text = export.files.get("ionapi")
        if text is not None:
            if text not in by_text:
                is_default = text == params.get("ionapi_content")
                label = (params.get("ionapi_src") or "ionapi_content") if is_default else f"{export.label}: ionapi"
                by_text[text] = parse(text, label, expectations)
                findings += by_text[text].findings
                if by_text[text].ionapi is not None:
                    secrets.add(*by_text[text].ionapi.secret_values())
                    ionapis[label] = by_text[text].ionapi
            if by_text[text].ionapi is not None:
                export = replace(export, files={**export.files, "ionapi": by_text[text].ionapi.canonical()})
        exports.append(export)
    if errors_in(findings):
        raise InvalidInput(findings)
    return JudgedFiles(exports, ionapis, findings)
