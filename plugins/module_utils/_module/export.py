# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The function of the module export: reconcile one export. Private to the collection."""

from __future__ import annotations

from dataclasses import replace

from ansible_collections.docbits.ion.plugins.module_utils._core.run import Context
from ansible_collections.docbits.ion.plugins.module_utils._module import exports
from ansible_collections.docbits.ion.plugins.module_utils._module._options import (
    ArgumentSpec,
    default_ionapi_options,
    docbits_options,
    export_options,
    ionapi_options,
    network_options,
    reconcile_options,
)

_OPTIONS = export_options()

ARGUMENT_SPEC = docbits_options().merged(network_options(), ionapi_options(), reconcile_options(), ArgumentSpec(_OPTIONS))


def run(context: Context) -> dict:
    """Returns what the module exports returns for this one item, with `export` instead of `exports`."""
    params = context.params
    item = {**{name: params[name] for name in _OPTIONS}, "ignore": False}
    params = {**params, "exports": [item], "purge": False, **dict.fromkeys(default_ionapi_options().argument_spec)}
    result = exports.run(replace(context, params=params), is_single=True)
    return {**{key: value for key, value in result.items() if key not in ("exports", "undeclared")}, "export": result["exports"][0]}
