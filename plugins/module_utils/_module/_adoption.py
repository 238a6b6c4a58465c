# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The two tasks of the action adopt for each environment: read its exports whole, and try a declaration in check mode. Private to the collection."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import IonError, failure
from ansible_collections.docbits.ion.plugins.module_utils._core.run import Context
from ansible_collections.docbits.ion.plugins.module_utils._docbits.client import connect
from ansible_collections.docbits.ion.plugins.module_utils._model.export import FILES
from ansible_collections.docbits.ion.plugins.module_utils._module import exports
from ansible_collections.docbits.ion.plugins.module_utils._module._options import docbits_options, network_options, settings_from


class Reading:
    """Reads the exports of an environment with all their files. They are secret, so they are an attribute and not in the result."""

    ARGUMENT_SPEC = docbits_options().merged(network_options())

    def __init__(self) -> None:
        self.exports: list = []

    def run(self, context: Context) -> dict:
        """Set `exports`."""
        self.exports = read_whole(connect(context.params, settings_from(context.params), check_mode=True))
        return {}


def read_whole(client) -> list:
    """The exports with all their files, sub-organisations by their names."""
    listed = client.exports()
    names = _names(client.sub_organisations()) if any(export.get("sub_organisation") for export in listed) else {}
    return [_named(_whole(export, client), names) for export in listed]


def _whole(export, client):
    files = [name for name in (export.kind.parts if export.kind else ()) if name in FILES]
    return replace(export, values={**export.values, **{name: client.download(export, name) for name in files}})


def _names(sub_organisations) -> dict:
    """Id to name, for names that are the name of one sub-organisation only."""
    counts = Counter(item["name"] for item in sub_organisations)
    return {item["id"]: item["name"] for item in sub_organisations if item["name"] and counts[item["name"]] == 1}


def _named(export, names):
    name = names.get(export.get("sub_organisation"))
    return export.with_values({"sub_organisation": name}) if name else export


class Trial:
    """Reconciles in check mode, whatever the mode of the task, and fails if anything would change."""

    ARGUMENT_SPEC = exports.ARGUMENT_SPEC

    @staticmethod
    def run(context: Context) -> dict:
        """Returns what the module exports returns."""
        result = exports.run(replace(context, check_mode=True, diff_mode=False))
        changes = [f'{step["action"]} "{step["export"]}" ({step["reason"]})' for step in result["steps"]]
        if changes:
            raise failure(
                IonError,
                "E62",
                "the adopted declaration",
                f"a deployment would change DocBits: {', '.join(changes)}",
                "run again if somebody else is changing the exports; otherwise report a defect",
            )
        return result
