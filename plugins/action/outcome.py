# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action of docbits.ion.outcome: what docbits.ion.environments found for one host becomes that host's own result."""

from __future__ import annotations

from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    """Gives the result back as it is: changed, failed, diff, warnings and all."""

    _supports_check_mode = True
    _requires_connection = False

    def run(self, tmp=None, task_vars=None):
        super().run(tmp, task_vars)
        _validation, options = self.validate_argument_spec({"of": {"type": "dict", "required": True}})
        return dict(options["of"])
