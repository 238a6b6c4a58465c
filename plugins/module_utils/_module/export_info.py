# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The function of the module export_info: read exports in the form that the module exports takes. Private to the collection."""

from __future__ import annotations

from dataclasses import replace

try:
    import jmespath
except ImportError:
    jmespath = None  # type: ignore[assignment]

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import InvalidInput, failure
from ansible_collections.docbits.ion.plugins.module_utils._core.run import Context
from ansible_collections.docbits.ion.plugins.module_utils._docbits.client import connect
from ansible_collections.docbits.ion.plugins.module_utils._exports.restore import as_declaration
from ansible_collections.docbits.ion.plugins.module_utils._model.export import FILES
from ansible_collections.docbits.ion.plugins.module_utils._module._options import ArgumentSpec, docbits_options, network_options, settings_from

ARGUMENT_SPEC = docbits_options().merged(network_options(), ArgumentSpec({"query": {"type": "str"}, "files": {"type": "bool", "default": True}}))


def run(context: Context) -> dict:
    """Returns `exports`: items of the module exports, or the result of the option query on them."""
    params = context.params
    query = _compiled(params["query"])
    client = connect(params, settings_from(params), context.check_mode)
    exports = [as_declaration(_with_files(export, client) if params["files"] else export) for export in client.exports()]
    return {"exports": _searched(query, exports) if query else exports}


def _with_files(export, client):
    names = [name for name in (export.kind.parts if export.kind else ()) if name in FILES and not FILES[name].secret]
    return replace(export, values={**export.values, **{name: client.download(export, name) for name in names}})


def _compiled(query):
    if not query:
        return None
    if jmespath is None:
        raise failure(
            InvalidInput, "E10", "query", "the Python library jmespath is missing on this machine", "install jmespath there, or filter the result without query"
        )
    try:
        return jmespath.compile(query)
    except jmespath.exceptions.JMESPathError:
        raise _invalid("it is not a valid JMESPath expression") from None


def _searched(query, exports):
    try:
        return query.search(exports)
    except jmespath.exceptions.JMESPathError:
        raise _invalid("one of its functions fails on these exports") from None


def _invalid(message):
    return failure(InvalidInput, "E11", "query", message, "test it on the result of a run without query")
