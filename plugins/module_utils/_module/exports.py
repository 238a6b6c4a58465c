# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The function of the module exports: reconcile the exports of one environment. Private to the collection."""

from __future__ import annotations

from ansible_collections.docbits.ion.plugins.module_utils._core.run import Context
from ansible_collections.docbits.ion.plugins.module_utils._docbits.client import connect
from ansible_collections.docbits.ion.plugins.module_utils._exports.declared import declared_exports
from ansible_collections.docbits.ion.plugins.module_utils._exports.files import validate_files
from ansible_collections.docbits.ion.plugins.module_utils._exports.reconcile import Options, reconcile
from ansible_collections.docbits.ion.plugins.module_utils._http.client import HttpClient
from ansible_collections.docbits.ion.plugins.module_utils._module._options import (
    default_ionapi_options,
    docbits_options,
    expectations_from,
    export_set_options,
    ionapi_options,
    network_options,
    settings_from,
)

ARGUMENT_SPEC = docbits_options().merged(network_options(), ionapi_options(), default_ionapi_options(), export_set_options())


def run(context: Context, is_single: bool = False, http=HttpClient) -> dict:
    """Returns what reconcile returns, with the findings of the files first.

    is_single: whether the set is the one export of the module export
    http:      class of the HTTP client, as in DocBits
    """
    params = context.params
    declared = declared_exports(params["exports"], params["ionapi_content"], params["purge"], is_single)
    files = validate_files(declared, expectations_from(params), params, context.secrets)
    client = connect(params, settings_from(params), context.check_mode, http)
    result = reconcile(client, files.exports, Options.of(context), context.check_mode)
    return {**result, "findings": files.findings_as_dicts() + result["findings"]}
