# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""For which hosts of a batch C(when) holds, for a task that runs once for all of them. Private to the collection."""

from __future__ import annotations

from ansible.playbook.conditional import Conditional
from ansible.playbook.task_include import TaskInclude


def conditions_of(task) -> list:
    """What C(when) says of a task, and of the dynamic includes that it came through, from which tasks do not inherit it."""
    conditions, above = _listed(task.when), task._parent
    while above is not None:
        if isinstance(above, TaskInclude) and not above.statically_loaded:
            conditions += _listed(above.when)
        above = above._parent
    return conditions


def _listed(when) -> list:
    return list(when) if isinstance(when, (list, tuple)) else [when]


def holds(condition, templar, variables, loader) -> bool:
    """Whether a condition is true for the host that the variables are of; raises Ansible's own error where it cannot be told."""
    if hasattr(templar, "evaluate_conditional"):
        return templar.evaluate_conditional(condition)
    # ansible-core 2.18
    conditional = Conditional(loader=loader)
    conditional.when = [condition]
    return conditional.evaluate_conditional(templar, variables)
