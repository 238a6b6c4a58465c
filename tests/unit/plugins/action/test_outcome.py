# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action outcome: the part of a registered result that belongs to this host."""

from __future__ import annotations

import pytest

from ansible_collections.docbits.ion.plugins.action.outcome import ActionModule

RESULT = {"changed": True, "failed": True, "msg": "a: b; c [DB05]", "diff": {"before": "", "after": "x"}, "warnings": ["w"]}


@pytest.fixture
def run(make_action):
    """Runs the action on host one, with a registered variable."""

    def run(registered, value, **options):
        action, variables = make_action(ActionModule, "outcome", {"registered": registered, **options}, {"one": {}}, "one")
        return action.run(task_vars={**variables, "ring": value})

    return run


def test_outcome_returns_the_result_of_this_host_unchanged(run):
    assert run("ring", {"environments": {"one": RESULT, "two": {}}}) == RESULT


@pytest.mark.parametrize(
    ("registered", "value", "message"),
    [
        ("rnig", {"environments": {"one": RESULT}}, "registered: rnig: the variable is not the registered result of docbits.ion.environments"),
        ("ring", {"changed": True}, "registered: ring: the variable is not the registered result"),
        ("ring", "text", "registered: ring: the variable is not the registered result"),
        ("ring", {"environments": {"two": RESULT}}, "registered: ring: it has no result for one"),
        ("ring.environments", {"environments": {"one": RESULT}}, "registered: the value must be the name of a variable, such as deploy_ring, without braces"),
    ],
)
def test_outcome_without_a_result_fails_with_the_reason(run, registered, value, message):
    result = run(registered, value)
    assert result["failed"] and not result["changed"]
    assert result["msg"].startswith(message) and result["findings"][0]["id"] == "E20"


PLANNED = {"action": "update", "export": "Hook", "id": "7", "reason": "url", "reversible": True, "outcome": "planned"}
AS_DECLARED = {"changed": False, "exports": [{}], "steps": [], "undeclared": [], "findings": [{"id": "R04", "level": "warning"}]}
OTHER = {"id": "9", "title": "Other", "kind": "watcher"}


@pytest.mark.parametrize(
    ("result", "found"),
    [
        ({**AS_DECLARED, "changed": True, "steps": [PLANNED]}, "DV20"),
        ({**AS_DECLARED, "undeclared": [OTHER]}, "DV21"),
        ({"changed": False, "exports": [], "steps": [], "findings": [], "stopped_after": "parse"}, "DV22"),
    ],
)
def test_outcome_that_must_be_as_declared_fails_with_what_differs(run, result, found):
    failed = run("ring", {"environments": {"one": result}}, require_declared=True)
    assert failed["failed"] and [finding["id"] for finding in failed["findings"]] == [found, *(finding["id"] for finding in result["findings"])]
    assert {**result, "findings": []}.items() <= {**failed, "findings": []}.items()
    assert run("ring", {"environments": {"one": result}}) == result


@pytest.mark.parametrize("result", [AS_DECLARED, {**AS_DECLARED, "changed": True, "steps": [{**PLANNED, "outcome": "applied"}]}, RESULT])
def test_outcome_that_must_be_as_declared_is_unchanged_otherwise(run, result):
    assert run("ring", {"environments": {"one": result}}, require_declared=True) == result
