# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options from the variables of a host: names, values, near misses and errors without a value."""

from __future__ import annotations

import secrets

import pytest
from ansible.errors import AnsibleError, AnsibleUndefinedVariable
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.parsing.vault import AnsibleVaultError, VaultLib, VaultSecret
from ansible.vars.manager import VariableManager

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import InvalidInput
from ansible_collections.docbits.ion.plugins.module_utils._core.findings import Finding
from ansible_collections.docbits.ion.plugins.plugin_utils._variables import (
    OPTIONS,
    VARIABLES,
    check_required,
    evaluation_error,
    in_variables,
    near_misses,
    options_from,
    unreadable_variables,
)


class Templar:
    """Returns each value, or raises it if it is an exception."""

    def template(self, value):
        if isinstance(value, Exception):
            raise value
        return value


REQUIRED = {"api_key": "k", "exports": [], "docbits_url": "u"}


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


def test_evaluation_error_of_a_vaulted_value_names_its_vault_id():
    error = evaluation_error("docbits_api_key", AnsibleVaultError("x"), "$ANSIBLE_VAULT;1.2;AES256;prod\n61")
    assert error.message == (
        "docbits_api_key: none of the given vault passwords decrypts the value; pass the password of its vault id with --vault-id prod@FILE [E13]"
    )


def with_cause(error, cause):
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (AnsibleUndefinedVariable("'ring' is undefined"), "it uses ring, which is not defined for this host"),
        (AnsibleUndefinedVariable("something else"), "it uses a variable, which is not defined for this host"),
        (with_cause(AnsibleError("x"), AnsibleVaultError("y")), "none of the given vault passwords decrypts the value"),
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
        check_required({"exports": [], "docbits_environment": "demo"}, variables)
    sentence = f"docbits_api_key: the variable is not set for this host; set it in host_vars or group_vars{suggestion} [E24]"
    assert caught.value.findings[0].sentence() == sentence


def test_check_required_when_a_variable_is_missing_has_the_other_near_misses_as_warnings():
    with pytest.raises(InvalidInput) as caught:
        check_required({"api_key": "k", "docbits_url": "u"}, {"docbits_export": [], "docbits_purges": True})
    assert [(finding.id, finding.where) for finding in caught.value.findings] == [("E24", "docbits_exports"), ("E23", "docbits_purges")]


def test_check_required_when_everything_is_set_passes(monkeypatch):
    check_required(REQUIRED, {})
    monkeypatch.setenv("DOCBITS_API_KEY", "k")
    check_required({"exports": [], "docbits_environment": "demo"}, {})


def test_check_required_without_an_api_key_passes_where_none_is_needed(monkeypatch):
    monkeypatch.delenv("DOCBITS_API_KEY", raising=False)
    check_required({"exports": [], "docbits_url": "u"}, {}, with_api_key=False)


@pytest.mark.parametrize(("variable", "similar"), [("docbits_enviroment", "docbits_enviroment"), ("docbits_ulr", "docbits_ulr"), ("docbits_host", None)])
def test_check_required_without_an_address_names_both_variables_and_a_similar_one(monkeypatch, variable, similar):
    monkeypatch.delenv("DOCBITS_URL", raising=False)
    with pytest.raises(InvalidInput) as caught:
        check_required({"api_key": "k", "exports": []}, {variable: "x"})
    suggestion = f"; did you mean {similar}?" if similar else ""
    assert caught.value.message == (
        f"docbits_url: the variable is not set for this host; set docbits_url or docbits_environment in host_vars or group_vars{suggestion} [E24]"
    )


@pytest.mark.parametrize(
    ("where", "message", "action", "sentence"),
    [
        ("stages", "it needs require_proof", "leave stages out", "docbits_stages: it needs docbits_require_proof; leave docbits_stages out"),
        ('exports[0] "A": url', "x", "set the URL", 'docbits_exports[0] "A": url: x; set the URL'),
        ("docbits_url", "x", "set docbits_url", "docbits_url: x; set docbits_url"),
        ("tenant/a.ionapi: ci", "x", "raise the option timeout", "tenant/a.ionapi: ci: x; raise the option docbits_timeout"),
        ("https://h", "x", "compare the contract, or set contract: current", "https://h: x; compare the contract, or set docbits_contract: current"),
        ("a", "x", "set contract_overrides: {fields: {id: b}}", "a: x; set docbits_contract_overrides: {fields: {id: b}}"),
        ("a", "x", "leave validate out of checks", "a: x; leave validate out of docbits_checks"),
        ("a", "the deadline of the proxy", "declare ionapi_src", "a: the deadline of the proxy; declare ionapi_src"),
    ],
)
def test_in_variables_names_the_variables_of_options(where, message, action, sentence):
    findings = [Finding("E45", level, where, message, action).as_dict() for level in ("error", "warning")]
    result = in_variables({"failed": True, "msg": "", "findings": findings, "warnings": ["w"], "steps": []})
    assert (result["msg"], result["warnings"], result["steps"]) == (f"{sentence} [E45]", [f"{sentence} [E45]"], [])


def test_in_variables_of_a_result_without_findings_is_the_result():
    assert in_variables({"failed": True, "msg": "set timeout"}) == {"failed": True, "msg": "set timeout"}


@pytest.fixture
def load_variables(tmp_path):
    """Loads the variables of the host `one` with one file of variables."""

    def load(text):
        (tmp_path / "hosts.yml").write_text("all: {hosts: {one: }}")
        path = tmp_path / "host_vars/one.yml"
        path.parent.mkdir()
        path.write_text(text)
        loader = DataLoader()
        loader.set_vault_secrets([("default", VaultSecret(secrets.token_urlsafe(16).encode()))])
        inventory = InventoryManager(loader=loader, sources=[str(tmp_path / "hosts.yml")])
        return path, VariableManager(loader=loader, inventory=inventory).get_vars(host=inventory.get_host("one"))

    return load


@pytest.mark.parametrize(("vault_id", "action"), [("prod", "pass the password of its vault id with --vault-id prod@FILE"), (None, "pass its password with")])
def test_unreadable_variables_names_the_file_and_its_vault_id(load_variables, tmp_path, vault_id, action):
    secret = VaultSecret(secrets.token_urlsafe(16).encode())
    with pytest.raises(AnsibleError) as caught:
        load_variables(VaultLib([("other", secret)]).encrypt("a: 1", secret, vault_id).decode())
    error = unreadable_variables(caught.value)
    assert error.id == "E13"
    assert error.message.startswith(f"variables: {tmp_path}/host_vars/one.yml: none of the given vault passwords decrypts the file; {action}")


def test_unreadable_variables_of_a_file_that_is_no_yaml_shows_no_value(load_variables, tmp_path):
    secret = secrets.token_urlsafe(16)
    with pytest.raises(AnsibleError) as caught:
        load_variables(f"docbits_api_key: [{secret}")
    message = unreadable_variables(caught.value).message
    assert message.startswith(f"variables: {tmp_path}/host_vars/one.yml: Ansible cannot load this file of variables") and secret not in message
