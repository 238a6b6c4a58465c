# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The function of the module sub_organisation_info: list the sub-organisations. Private to the collection."""

from __future__ import annotations

from ansible_collections.docbits.ion.plugins.module_utils._core.run import Context
from ansible_collections.docbits.ion.plugins.module_utils._docbits.client import connect
from ansible_collections.docbits.ion.plugins.module_utils._module._options import docbits_options, network_options, settings_from

ARGUMENT_SPEC = docbits_options().merged(network_options())


def run(context: Context) -> dict:
    """Returns `sub_organisations`, each with id and name."""
    params = context.params
    return {"sub_organisations": connect(params, settings_from(params), context.check_mode).sub_organisations()}
