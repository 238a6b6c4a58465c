# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Running the function of a module: results, failures and bugs as Ansible expects them, without a secret."""

from __future__ import annotations

import secrets

import pytest
from ansible.module_utils.common.parameters import remove_values

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import InvalidInput, Refused, failure
from ansible_collections.docbits.ion.plugins.module_utils._core.findings import ERROR, WARNING, Finding
from ansible_collections.docbits.ion.plugins.module_utils._core.redaction import MARKER
from ansible_collections.docbits.ion.plugins.module_utils._core.run import Context, execute, run_module, warnings_of


def raising(error):
    def run(context):
        raise error

    return run


def test_execute_returns_the_result_with_changed_false_by_default():
    assert execute(lambda context: {"seen": context.params["a"]}, Context({"a": 1})) == {"changed": False, "seen": 1}
    assert execute(lambda context: {"changed": not context.check_mode}, Context({}, check_mode=False)) == {"changed": True}


def test_execute_when_the_function_registers_a_secret_redacts_it():
    value = secrets.token_urlsafe(20)

    def run(context):
        context.secrets.add(value)
        return {"text": f"it is {value}", "list": [value]}

    assert execute(run, Context({})) == {"changed": False, "text": f"it is {MARKER}", "list": [MARKER]}


def test_execute_when_the_function_fails_returns_findings_and_facts():
    first, second = Finding("E03", ERROR, "exports[0]", "it is missing", "declare it"), Finding("E04", ERROR, "exports[1]", "twice", "merge")
    result = execute(raising(InvalidInput([first, second], status=422, steps=[])), Context({}))
    assert result == {
        "changed": False,
        "failed": True,
        "msg": "exports[0]: it is missing; declare it [E03] (and 1 more, see findings)",
        "findings": [first.as_dict(), second.as_dict()],
        "status": 422,
        "steps": [],
    }


def test_execute_when_the_error_says_changed_returns_changed():
    result = execute(raising(failure(Refused, "DB05", "a", "b", "c", changed=True)), Context({}))
    assert result["failed"] is True and result["changed"] is True


def test_execute_when_the_function_has_a_bug_returns_a_message_without_its_text():
    value = secrets.token_urlsafe(20)
    result = execute(raising(RuntimeError(value)), Context({}))
    assert result["failed"] is True
    assert result["findings"][0]["id"] == "X00"
    assert "RuntimeError at test_run.py:" in result["msg"]
    assert value not in repr(result)


def test_execute_when_a_fingerprint_contains_a_short_password_keeps_the_fingerprint():
    def run(context):
        context.secrets.add("ab")
        return {"text": "ab", "fingerprints": {"7": {"password": "12ab34"}}}

    assert execute(run, Context({})) == {"changed": False, "text": MARKER, "fingerprints": {"7": {"password": "12ab34"}}}


@pytest.mark.parametrize("secret", ["a", "e", "failed", "msg", "f", "message", "level"])
def test_execute_when_a_secret_resembles_the_name_of_a_result_still_fails(secret):
    context = Context({})
    context.secrets.add(secret)
    result = execute(raising(failure(Refused, "DB05", "a", "b", "c")), context)
    assert result["failed"] is True and result["changed"] is False and "msg" in result
    assert warnings_of(result) == []


def test_warnings_of_are_the_findings_of_level_warning():
    findings = [Finding("K1", WARNING, "file", "odd", "look").as_dict(), Finding("K2", "info", "file", "fine", "rest").as_dict()]
    assert warnings_of({"findings": findings}) == ["file: odd; look [K1]"]
    assert warnings_of({}) == []


class Ended(Exception):
    pass


class Module:
    """As much of AnsibleModule as run_module uses."""

    def __init__(self, params, *no_log_values, check_mode=False, diff_mode=False):
        self.params, self.check_mode, self._diff, self.no_log_values = params, check_mode, diff_mode, set(no_log_values)
        self.warnings, self.exited, self.failed = [], None, None

    def warn(self, text):
        self.warnings.append(text)

    def exit_json(self, **result):
        self.exited = remove_values(result, self.no_log_values)
        raise Ended

    def fail_json(self, **result):
        self.failed = result
        raise Ended


def ran(module, run):
    with pytest.raises(Ended):
        run_module(module, run)
    return module


def test_run_module_exits_with_the_result_and_shows_warnings():
    finding = Finding("K1", WARNING, "file", "odd", "look").as_dict()
    module = ran(Module({"a": 1}, check_mode=True), lambda context: {"mode": context.check_mode, "a": context.params["a"], "findings": [finding]})
    assert module.exited == {"changed": False, "mode": True, "a": 1, "findings": [finding], "invocation": {}}
    assert module.warnings == ["file: odd; look [K1]"]


@pytest.mark.parametrize("diff_mode", [True, False])
def test_run_module_passes_diff_mode_to_the_function(diff_mode):
    assert ran(Module({}, diff_mode=diff_mode), lambda context: {"seen": context.diff_mode}).exited["seen"] is diff_mode


def test_run_module_when_the_function_fails_fails_with_the_message():
    module = ran(Module({}), raising(failure(Refused, "DB05", "a", "b", "c")))
    assert module.exited is None
    assert module.failed["msg"] == "a: b; c [DB05]"


def test_run_module_registers_all_encodings_of_secrets_with_ansible():
    option, met = secrets.token_urlsafe(20) + "#", secrets.token_urlsafe(20) + "#"

    def run(context):
        context.secrets.add(met)
        return {"text": f"{option} {met}"}

    module = ran(Module({}, option), run)
    assert module.exited["text"] == f"{MARKER} {MARKER}"
    assert {option, met, option.replace("#", "%23"), met.replace("#", "%23")} <= module.no_log_values


def test_run_module_when_a_fingerprint_contains_a_short_password_keeps_the_fingerprint():
    fingerprints = {"7": {"password": "12ab34"}}
    module = ran(Module({}, "ab", "another secret"), lambda context: {"text": "ab", "fingerprints": fingerprints})
    assert module.exited["fingerprints"] == fingerprints and module.exited["text"] == MARKER
    assert "another secret" in module.no_log_values
