# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Evaluates the conditions of a task that runs once for all hosts of a batch. Private to the collection."""

from __future__ import annotations

from ansible.playbook.conditional import Conditional
from ansible.playbook.task_include import TaskInclude


def conditions_of(task) -> list:
    """The conditions of a task and of the dynamic includes around it. Ansible does not pass those of includes on to the task."""
    conditions, parent = _as_list(task.when), task._parent
    while parent is not None:
        if isinstance(parent, TaskInclude) and not parent.statically_loaded:
            conditions += _as_list(parent.when)
        parent = parent._parent
    return conditions


def _as_list(when) -> list:
    return list(when) if isinstance(when, (list, tuple)) else [when]


def is_met(condition, templar, variables, loader) -> bool:
    """Whether a condition is true for the host of the variables.

    Raises: the errors of Ansible if the condition cannot be evaluated.
    """
    if hasattr(templar, "evaluate_conditional"):
        return templar.evaluate_conditional(condition)
    # ansible-core 2.18
    conditional = Conditional(loader=loader)
    conditional.when = [condition]
    return conditional.evaluate_conditional(templar, variables)
