# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action of every module: local or on the target, arguments, environment, and what must not reach the target."""

from __future__ import annotations

import json
import os
import secrets

import pytest
from ansible.plugins.action import ActionBase

from ansible_collections.docbits.ion.plugins.module_utils._module import environment, exports, ionapi_info
from ansible_collections.docbits.ion.plugins.plugin_utils._module_action import ModuleAction

HOOK = {"title": "Hook", "kind": "webhook", "document_type": "INVOICE", "url": "https://hook.example.test"}


class Shipping(ModuleAction):
    """Records what would be sent to the target."""

    pipelining = True

    def _execute_module(self, module_name=None, module_args=None, task_vars=None, **options):
        self._update_module_args(module_name, module_args, task_vars)
        self.shipped = (module_name, module_args, self._task.environment)
        return {"changed": True, "invocation": {"module_args": module_args}, "fingerprints": {}}

    def _is_pipelining_enabled(self, module_style, wrap_async=False):
        return self.pipelining


@pytest.fixture
def action(make_action, tmp_path):
    """Makes the action of a module on one host, and the variables for its run()."""

    def make(name, args, transport="local", **task):
        made, variables = make_action(Shipping, name, args, {"one": {}}, "one", task)
        variables["inventory_dir"] = str(tmp_path)
        if transport != "local":
            # Instead of another connection, which would need a target.
            made._connection.__class__ = type("Connection", (type(made._connection),), {"transport": transport})
        return made, variables

    return make


@pytest.fixture
def context(monkeypatch):
    """Lets the module exports return and record what it gets."""
    seen = []

    def run(context):
        seen.append((context.params, dict(os.environ)))
        return {"changed": False, "key": context.params["api_key"]}

    monkeypatch.setattr(exports, "run", run)
    return seen


def test_module_on_this_machine_runs_in_the_worker(action, context):
    key = secrets.token_urlsafe(20)
    made, variables = action("exports", {"docbits_url": "https://a.example", "api_key": key, "exports": [HOOK]})
    result = made.run(task_vars=variables)
    assert not hasattr(made, "shipped") and result == {"changed": False, "key": "<secret>"}
    [(params, _environment)] = context
    assert (params["api_key"], params["purge"], params["fingerprints"]) == (key, False, {})


@pytest.mark.parametrize(("transport", "become"), [("ssh", False), ("local", True), ("ssh", True)])
def test_module_for_another_machine_or_user_is_shipped(action, context, transport, become):
    made, variables = action("exports", {"api_key": "k", "exports": [HOOK]}, transport, become=become)
    result = made.run(task_vars=variables)
    name, args, _environment = made.shipped
    assert (name, args["api_key"], args["_ansible_no_log"], context) == ("docbits.ion.exports", "k", True, [])
    assert result["changed"] is True and "invocation" not in result and "fingerprints" not in result


def test_module_without_pipelining_is_not_shipped(action, context):
    made, variables = action("exports", {"api_key": "k", "exports": [HOOK]}, "ssh")
    made.pipelining = False
    result = made.run(task_vars=variables)
    assert result["failed"] and result["findings"][0]["id"] == "S03" and not hasattr(made, "shipped")
    assert "this connection does not support pipelining, so secrets would be written to a temporary file on the target" in result["msg"]


def test_module_for_another_machine_that_requires_a_snapshot_is_not_shipped(action, context):
    made, variables = action("exports", {"api_key": "k", "exports": [HOOK], "require_snapshot": True}, "ssh")
    result = made.run(task_vars=variables)
    assert result["failed"] and result["findings"][0]["id"] == "S22" and not hasattr(made, "shipped")


@pytest.mark.parametrize(("given", "purge"), [({}, True), ({"purge": False}, False)])
def test_snapshot_replaces_the_exports_and_purges_unless_the_user_forbids_it(action, monkeypatch, tmp_path, given, purge):
    seen = []
    monkeypatch.setattr(environment, "run", lambda context: seen.append(context.params) or {"changed": False})
    path = tmp_path / ".docbits_ion_snapshots" / "one" / "1.yml"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"organisation": "https://a.example", "docbits_exports": [{**HOOK, "id": "7"}]}))
    made, variables = action("environment", {"docbits_url": "https://a.example/", "api_key": "k", "exports": [], "snapshot": "1", **given})
    assert "failed" not in made.run(task_vars=variables)
    [params] = seen
    assert ([item["id"] for item in params["exports"]], params["purge"]) == (["7"], purge)


@pytest.mark.parametrize(
    ("given", "variables", "organisation"),
    [
        ({}, {"DOCBITS_URL": "https://a.example/", "DOCBITS_API_KEY": "k", "DOCBITS_ORGANISATION_ID": "7"}, "https://a.example 7"),
        ({"docbits_environment": "sandbox", "api_key": "k"}, {}, "https://eu.sandbox.api.docbits.com"),
    ],
)
def test_snapshot_is_of_the_organisation_that_the_module_would_change(action, monkeypatch, tmp_path, given, variables, organisation):
    monkeypatch.setattr(environment, "run", lambda context: {"changed": False})
    for name in ("DOCBITS_URL", "DOCBITS_API_KEY", "DOCBITS_ORGANISATION_ID"):
        monkeypatch.delenv(name, raising=False)
    path = tmp_path / ".docbits_ion_snapshots" / "one" / "1.yml"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"organisation": organisation, "docbits_exports": []}))
    made, task_vars = action("environment", {"exports": [], "snapshot": "1", **given}, environment=variables)
    assert made.run(task_vars=task_vars).get("msg") is None


def test_unsupported_option_is_an_error_without_secrets(action, context):
    key = secrets.token_urlsafe(20)
    options = {"docbits_url": "https://a.example", "api_key": key, "exports": [HOOK]}
    for name, message in (
        ("api_kye", "Unsupported parameters for (docbits.ion.exports) module: api_kye"),
        (key, "there is no such option; correct its name, or remove it"),
    ):
        made, variables = action("exports", {**options, name: 1})
        result = made.run(task_vars=variables)
        assert result["failed"] and message in result["msg"]
        assert key not in json.dumps(result) and context == []


@pytest.mark.parametrize("transport", ["local", "ssh"])
@pytest.mark.parametrize("option", ["port", "state", "zugferd", "execution_order"])
def test_secret_in_the_place_of_another_value_is_not_shown(action, context, transport, option):
    secret = secrets.token_urlsafe(20)
    made, variables = action("exports", {"docbits_url": "https://a.example", "api_key": "k", "exports": [{**HOOK, option: secret}]}, transport)
    result = made.run(task_vars=variables)
    finding = result["findings"][0]
    assert (finding["id"], finding["where"]) == ("E50" if option == "state" else "E16", f'exports[0] "Hook": {option}')
    assert secret not in json.dumps(result) and context == []


def test_file_of_an_option_is_read_on_the_controller(action, monkeypatch, tmp_path):
    (tmp_path / "one.ionapi").write_text("{}")
    (tmp_path / "one.ionapi").chmod(0o644)
    monkeypatch.setattr(ionapi_info, "run", lambda context: {"text": context.params["content"]})
    made, variables = action("ionapi_info", {"src": str(tmp_path / "one.ionapi")})
    result = made.run(task_vars=variables)
    assert [finding["id"] for finding in result["findings"]] == ["F08"] and "[F08]" in result["warnings"][0]


def test_warning_about_a_file_with_strict_is_an_error(action, tmp_path):
    (tmp_path / "one.ionapi").write_text("{}")
    (tmp_path / "one.ionapi").chmod(0o644)
    made, variables = action("ionapi_info", {"src": str(tmp_path / "one.ionapi"), "strict": "yes"})
    result = made.run(task_vars=variables)
    assert result["failed"] and "[F08]" in result["msg"]


def test_environment_of_a_local_module_is_set_during_the_run(action, context, monkeypatch):
    monkeypatch.delenv("DOCBITS_API_KEY", raising=False)
    made, variables = action(
        "exports", {"docbits_url": "https://a.example", "exports": [HOOK]}, environment={"DOCBITS_API_KEY": "from the keyword", "NO_PROXY": "*"}
    )
    assert made.run(task_vars=variables)["changed"] is False
    [(params, environment)] = context
    assert (params["api_key"], environment["NO_PROXY"]) == ("from the keyword", "*")
    assert "DOCBITS_API_KEY" not in os.environ


def test_environment_of_a_shipped_module_becomes_options(action, context):
    environment = {
        "DOCBITS_API_KEY": "from the keyword",
        "DOCBITS_ION_TIMEOUT": "7",
        "HTTPS_PROXY": "http://user:password@proxy.example:3128",
        "NO_PROXY": "localhost",
        "LANG": "C",
    }
    made, variables = action("exports", {"exports": [HOOK], "timeout": 3}, "ssh", environment=environment)
    made.run(task_vars=variables)
    _name, args, left = made.shipped
    assert (args["api_key"], args["timeout"], args["proxy"]) == ("from the keyword", 3, environment["HTTPS_PROXY"])
    assert left == [{"NO_PROXY": "localhost", "LANG": "C"}]


def test_proxy_without_credentials_stays_in_the_environment_of_a_shipped_module(action, context):
    made, variables = action("exports", {"api_key": "k", "exports": [HOOK]}, "ssh", environment={"https_proxy": "http://proxy.example:3128"})
    made.run(task_vars=variables)
    _name, args, left = made.shipped
    assert "proxy" not in args and left == [{"https_proxy": "http://proxy.example:3128"}]


def test_arguments_are_in_the_shipped_module_and_not_in_the_dictionary_that_debug_output_shows(action, monkeypatch):
    key = secrets.token_urlsafe(20)
    made, variables = action("exports", {}, "ssh")
    monkeypatch.setattr(ActionBase, "_configure_module", lambda self, module_name, module_args, task_vars: json.dumps(module_args))
    args = {"api_key": key}
    assert key in made._configure_module(module_name="docbits.ion.exports", module_args=args, task_vars=variables) and args == {}
