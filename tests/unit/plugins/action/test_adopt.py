# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action adopt: what is refused before any request. The runs against the simulator are in tests/integration/test_adopt.py."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleError

from ansible_collections.docbits.ion.plugins.action.adopt import ActionModule

HOSTS = {"one": {"docbits_url": "https://docbits.test"}, "two": {"docbits_url": "https://docbits.test"}}


@pytest.fixture
def run(make_action, monkeypatch):
    monkeypatch.delenv("DOCBITS_API_KEY", raising=False)

    def run(**options):
        action, variables = make_action(ActionModule, "adopt", options, HOSTS, "one")
        return action.run(task_vars=variables)

    return run


@pytest.mark.parametrize(
    "options",
    [
        {"hosts": ["three"]},
        {"hosts": ["one"], "promote_to": "three"},
        {"hosts": ["one"], "promote_to": "one"},
        {"hosts": ["one", "two"], "promote_to": "two"},
        {"hosts": [], "promote_to": "two"},
    ],
)
def test_adopt_of_other_hosts_is_refused(run, options):
    result = run(**options)
    assert result["failed"] and [finding["id"] for finding in result["findings"]] == ["E63"]


def test_adopt_without_an_api_key_names_each_host(run):
    result = run(hosts=["one", "two"])
    assert result["failed"] and not result["changed"] and "one: " in result["msg"] and "api_key" in result["msg"]
    assert [(finding["id"], finding["where"]) for finding in result["findings"]] == [("E64", "one: options"), ("E64", "two: options")]


def test_adopt_of_a_host_whose_variables_cannot_be_loaded_names_it(run, monkeypatch):
    def refuse(*_arguments):
        raise AnsibleError("Decryption failed")

    monkeypatch.setattr(ActionModule, "variables_of", refuse)
    result = run(hosts=["one", "two"])
    assert result["failed"] and [(finding["id"], finding["where"]) for finding in result["findings"]] == [("E13", "one: variables")]
