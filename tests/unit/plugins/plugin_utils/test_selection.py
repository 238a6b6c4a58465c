# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Conditions of a task and of the includes around it."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from ansible.errors import AnsibleError
from ansible.parsing.dataloader import DataLoader
from ansible.playbook.task_include import TaskInclude
from ansible.template import Templar

from ansible_collections.docbits.ion.plugins.plugin_utils._selection import conditions_of, is_met


def task(when, parent=None):
    """As much of a task as conditions_of uses."""
    return SimpleNamespace(when=when, _parent=parent)


def include(when, parent=None, static=False):
    """An include_tasks or include_role, or with static an import."""
    loaded = TaskInclude()
    loaded.when, loaded._parent, loaded.statically_loaded = when, parent, static
    return loaded


def test_conditions_of_a_task_are_its_own():
    assert conditions_of(task(["a", "b"])) == ["a", "b"]
    assert conditions_of(task("a")) == ["a"]
    assert conditions_of(task([])) == []


def test_conditions_of_a_task_in_dynamic_includes_are_theirs_too():
    block = SimpleNamespace(when=["block"], _parent=include(["outer"]))
    assert conditions_of(task(["a"], include("inner", block))) == ["a", "inner", "outer"]


def test_conditions_of_a_task_in_an_import_are_not_doubled():
    """Ansible adds the conditions of imports and blocks to the task itself."""
    assert conditions_of(task(["a", "imported"], include(["imported"], static=True))) == ["a", "imported"]


def evaluate(condition, **variables):
    """The result of is_met for a condition."""
    loader = DataLoader()
    return is_met(condition, Templar(loader=loader, variables=variables), variables, loader)


@pytest.mark.parametrize(
    ("condition", "met"), [("ring == 'canary'", True), ("ring == 'early'", False), (True, True), (False, False), ("ring is defined", True)]
)
def test_is_met_evaluates_the_condition_with_the_variables(condition, met, trusted):
    assert evaluate(trusted(condition) if isinstance(condition, str) else condition, ring="canary") is met


def test_is_met_with_an_undefined_variable_raises(trusted):
    with pytest.raises(AnsibleError):
        evaluate(trusted("rnig == 'canary'"), ring="canary")
