# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The function of the module mapping_info: validate one mapping file, offline. Private to the collection."""

from __future__ import annotations

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import InvalidInput
from ansible_collections.docbits.ion.plugins.module_utils._core.findings import errors_in, warnings_as_errors
from ansible_collections.docbits.ion.plugins.module_utils._core.run import Context
from ansible_collections.docbits.ion.plugins.module_utils._mapping.validation import FILE_KINDS, validate
from ansible_collections.docbits.ion.plugins.module_utils._module._options import ArgumentSpec, source_options

ARGUMENT_SPEC = source_options(secret=False).merged(
    ArgumentSpec(
        {
            "kind": {"type": "str", "choices": list(FILE_KINDS)},
            "document_type": {"type": "str"},
            "strict": {"type": "bool", "default": False},
        }
    )
)


def run(context: Context) -> dict:
    """Returns `kind`, `document_types` and `logical_id` of the file, and `findings`. Raises: InvalidInput."""
    params = context.params
    mapping = validate(params["content"], params["src"] or "content", params["kind"], params["document_type"])
    findings = warnings_as_errors(mapping.findings) if params["strict"] else mapping.findings
    if errors_in(findings):
        raise InvalidInput(findings)
    return {
        "kind": mapping.kind,
        "document_types": mapping.document_types,
        "logical_id": mapping.logical_id,
        "findings": [finding.as_dict() for finding in findings],
    }
