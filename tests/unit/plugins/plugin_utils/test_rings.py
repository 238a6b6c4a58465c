# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The groups of the rings: names that are nearly right, and an empty first ring."""

from __future__ import annotations

import pytest

from ansible_collections.docbits.ion.plugins.plugin_utils._rings import ring_findings

RINGS = ["canary", "early"]


def found(groups, allow_empty=False):
    """(id, where) of the findings for groups of the inventory."""
    return [(finding.id, finding.where) for finding in ring_findings(RINGS, groups, allow_empty)]


@pytest.mark.parametrize("name", ["cannary", "canaries", "Canary", "CANARY", "canry", "canarys", "erly", "Early", "earlies"])
def test_group_that_is_nearly_a_ring_is_an_error_with_the_right_name(name):
    [finding] = ring_findings(RINGS, {"canary": ["a"], name: ["b"]}, False)
    assert finding.id == "E47" and finding.where == f"group {name}" and finding.action.startswith(f"rename it to {name[0].lower()}")
    assert found({name: ["b"]}, allow_empty=True) == [("E47", f"group {name}")]


@pytest.mark.parametrize("name", ["yearly", "nearly", "canarias", "broad", "all", "ungrouped", "ear", "primary", "production"])
def test_other_group_is_none_of_the_rings(name):
    assert found({"canary": ["a"], "early": [], name: ["b"]}) == []


def test_group_whose_hosts_are_in_the_ring_is_allowed():
    assert found({"canary": ["a", "b"], "canary1": ["a"], "canary2": ["b"]}) == []


@pytest.mark.parametrize("groups", [{"canary": [], "early": ["a"]}, {"all": ["a"]}])
def test_first_ring_without_a_host_is_an_error_unless_allowed(groups):
    assert found(groups) == [("E48", "group canary")]
    assert found(groups, allow_empty=True) == []


def test_without_rings_no_group_is_checked():
    assert ring_findings([], {"Canary": ["a"]}, False) == []
