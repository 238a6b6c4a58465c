# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action of docbits.ion.sub_organisation_info: see ModuleAction."""

from __future__ import annotations

from ansible_collections.docbits.ion.plugins.module_utils._module import sub_organisation_info  # noqa: F401  # pylint: disable=unused-import
from ansible_collections.docbits.ion.plugins.plugin_utils._module_action import ModuleAction as ActionModule  # noqa: F401  # pylint: disable=unused-import
