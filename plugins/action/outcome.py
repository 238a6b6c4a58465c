# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action of docbits.ion.outcome: what docbits.ion.environments found for one host becomes that host's own result."""

from __future__ import annotations

from collections.abc import Mapping

from ansible.plugins.action import ActionBase

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import InvalidInput, failure
from ansible_collections.docbits.ion.plugins.module_utils._core.run import failed_result


class ActionModule(ActionBase):
    """Gives the result back as it is: changed, failed, diff, warnings and all."""

    _supports_check_mode = True
    _requires_connection = False

    def run(self, tmp=None, task_vars=None):
        super().run(tmp, task_vars)
        _validation, options = self.validate_argument_spec({"of": {"type": "str", "required": True}})
        name, host = options["of"], task_vars["inventory_hostname"]
        if not name.isidentifier():
            return _failed("of", "it is no name of a variable", "give the name that follows register, without braces around it")
        # Looked up rather than templated: a template would be evaluated for every host over the results of all.
        registered = task_vars.get(name)
        results = registered.get("environments") if isinstance(registered, Mapping) else None
        if not isinstance(results, Mapping):
            return _failed(f"of: {name}", "no task docbits.ion.environments has registered its result under this name", "give the name that follows register")
        if host not in results:
            return _failed(f"of: {name}", f"it holds no result of {host}", "let the task docbits.ion.environments work on this host too")
        return dict(results[host])


def _failed(where, message, action) -> dict:
    return failed_result(failure(InvalidInput, "E20", where, message, action))
