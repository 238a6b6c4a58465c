# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The function of the module ionapi_info: parse and validate one ION API file, offline. Private to the collection."""

from __future__ import annotations

from ansible_collections.docbits.ion.plugins.module_utils._core.run import Context
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.parser import parse_or_fail
from ansible_collections.docbits.ion.plugins.module_utils._module._options import expectations_from, ionapi_options, source_options

ARGUMENT_SPEC = source_options(secret=True).merged(ionapi_options())


def run(context: Context) -> dict:
    """Returns `ionapi`, the values of the file that are not secret, and `findings`. Raises: InvalidInput."""
    params = context.params
    ionapi, findings = parse_or_fail(params["content"], params["src"] or "content", expectations_from(params))
    context.secrets.add(*ionapi.secret_values())
    return {"ionapi": ionapi.summary(), "findings": [finding.as_dict() for finding in findings]}
