# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options from the variables of a host: names, values, near misses and errors without a value."""

from __future__ import annotations

import secrets

import pytest
from ansible.errors import AnsibleError, AnsibleUndefinedVariable
from ansible.parsing.vault import AnsibleVaultError

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import InvalidInput
from ansible_collections.docbits.ion.plugins.plugin_utils._variables import OPTIONS, VARIABLES, check_required, evaluation_error, near_misses, options_from


class Templar:
    """Returns each value, or raises it if it is an exception."""

    def template(self, value):
        if isinstance(value, Exception):
            raise value
        return value


REQUIRED = {"api_key": "k", "exports": []}


def test_variables_have_the_prefix_once_and_cover_all_options():
    assert list(VARIABLES.values()) == list(OPTIONS)
    assert (VARIABLES["docbits_url"], VARIABLES["docbits_exports"], VARIABLES["docbits_region"]) == ("docbits_url", "exports", "docbits_region")


def test_options_from_takes_the_variables_of_options_that_are_not_null():
    variables = {"docbits_url": "https://a.example", "docbits_purge": False, "docbits_proxy": None, "docbits_other": 1, "url": 2}
    assert options_from(variables, Templar()) == {"docbits_url": "https://a.example", "purge": False}


def test_options_from_when_a_template_fails_raises_without_its_text():
    secret = secrets.token_urlsafe(12)
    with pytest.raises(InvalidInput) as caught:
        options_from({"docbits_api_key": AnsibleError(secret)}, Templar())
    assert caught.value.message.startswith("docbits_api_key: the template cannot be evaluated (AnsibleError)")
    assert secret not in caught.value.message and caught.value.__context__ is None


def with_cause(error, cause):
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (AnsibleUndefinedVariable("'ring' is undefined"), "it uses ring, which is not defined for this host"),
        (AnsibleUndefinedVariable("something else"), "it uses a variable, which is not defined for this host"),
        (with_cause(AnsibleError("x"), AnsibleVaultError("y")), "the value cannot be decrypted"),
        (AnsibleError("x"), "the template cannot be evaluated (AnsibleError)"),
    ],
)
def test_evaluation_error_names_the_reason(error, message):
    found = evaluation_error("when, for one", error)
    assert found.id == "E13" and found.message.startswith(f"when, for one: {message}; ")


@pytest.mark.parametrize(
    ("variable", "similar"),
    [
        ("docbits_tenant_enviroment", "docbits_tenant_environment"),
        ("docbits_apikey", "docbits_api_key"),
        ("docbits_api_key", None),
        ("docbits_url", None),
        ("docbits_customer", None),
        ("tenant_enviroment", None),
    ],
)
def test_near_misses_of_a_variable_are_a_warning_with_the_similar_name(variable, similar):
    findings = near_misses({variable: 1})
    assert [(finding.id, finding.level, finding.where) for finding in findings] == ([("E23", "warning", variable)] if similar else [])
    assert all(f"did you mean {similar}?" in finding.action for finding in findings)


@pytest.mark.parametrize(
    ("variables", "suggestion"),
    [
        ({}, ""),
        ({"docbits_apikey": "k"}, "; did you mean docbits_apikey?"),
        ({"docbit_api_key": "k"}, "; did you mean docbit_api_key?"),
        ({"docbits_url": "u"}, ""),
    ],
)
def test_check_required_when_a_variable_is_missing_names_it_and_a_similar_one(monkeypatch, variables, suggestion):
    monkeypatch.delenv("DOCBITS_API_KEY", raising=False)
    with pytest.raises(InvalidInput) as caught:
        check_required({"exports": []}, variables)
    sentence = f"docbits_api_key: the variable is not set for this host; set it in host_vars or group_vars{suggestion} [E24]"
    assert caught.value.findings[0].sentence() == sentence


def test_check_required_when_a_variable_is_missing_has_the_near_misses_as_warnings():
    with pytest.raises(InvalidInput) as caught:
        check_required({"api_key": "k"}, {"docbits_export": []})
    assert [finding.id for finding in caught.value.findings] == ["E24", "E23"]


def test_check_required_when_everything_is_set_passes(monkeypatch):
    check_required(REQUIRED, {})
    monkeypatch.setenv("DOCBITS_API_KEY", "k")
    check_required({"exports": []}, {})
