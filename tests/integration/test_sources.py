# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All sources of an ION API file have the same result. One run of ansible-playbook for all tests."""

from __future__ import annotations

import json
import os
import secrets
import subprocess

import pytest
import yaml
from ansible.parsing.vault import VaultLib, VaultSecret

from ansible_collections.docbits.ion.tests.docs.mapping_examples import VALID
from integration import leaks
from integration.phases import ANSIBLE_BIN
from integration.scenario import HERE
from simulator.ionapi import make_ionapi

# Name to the options of docbits.ion.ionapi_info, and the warnings to expect.
SOURCES = {
    "vaulted file": ({"src": "one.ionapi"}, []),
    "vaulted file of another vault id": ({"src": "two.ionapi"}, []),
    "file for its owner alone": ({"src": "closed.ionapi"}, []),
    "file that others may read": ({"src": "open.ionapi"}, ["F08"]),
    "file as PowerShell stores it": ({"src": "utf16.ionapi"}, ["F02"]),
    "inline vaulted variable": ({"content": "{{ inline }}"}, []),
    "vaulted variables file": ({"content": "{{ in_variables_file }}"}, []),
    "base64": ({"content": "{{ lookup('ansible.builtin.file', 'closed.ionapi') | string | b64encode }}"}, ["F03"]),
    "lookup of Ansible": ({"content": "{{ lookup('ansible.builtin.file', 'one.ionapi') }}"}, []),
    "lookup of this collection": ({"content": "{{ lookup('docbits.ion.ionapi', 'one.ionapi', tenant='ACME_TST', strict=true) }}"}, []),
    "lookup into a variable": ({"content": "{{ looked_up }}"}, []),
    "vaulted file, a vault required": ({"src": "one.ionapi", "require_vault": True}, []),
    "inline vaulted variable, a vault required": ({"content": "{{ inline }}", "require_vault": True}, []),
    "vaulted variables file, a vault required": ({"content": "{{ in_variables_file }}", "require_vault": True}, []),
    "variable of a vaulted one, a vault required": ({"content": "{{ alias }}", "require_vault": True}, []),
}

# Name to the options of docbits.ion.ionapi_info, and what the message says.
WRONG_PASSWORD = "foreign.ionapi: none of the given vault passwords decrypts the file; pass the password of its vault id with --vault-id foreign@FILE [S01]"
FAILURES = {
    "file with another password": ({"src": "foreign.ionapi"}, WRONG_PASSWORD),
    "lookup with another password": ({"content": "{{ lookup('docbits.ion.ionapi', 'foreign.ionapi') }}"}, f"docbits.ion.ionapi: {WRONG_PASSWORD}"),
    "lookup of no file": ({"content": "{{ lookup('docbits.ion.ionapi', 'none.ionapi') }}"}, "none.ionapi: the file does not exist"),
    "lookup of a damaged file": ({"content": "{{ lookup('docbits.ion.ionapi', 'damaged.ionapi') }}"}, "damaged.ionapi: sask: the key is missing"),
    "lookup with another expectation": ({"content": "{{ lookup('docbits.ion.ionapi', 'one.ionapi', tenant='ACME_PRD') }}"}, "[T08]"),
    "lookup of a file that others may read, strictly": ({"content": "{{ lookup('docbits.ion.ionapi', 'open.ionapi', strict=true) }}"}, "[F08]"),
    "lookup with a misspelt option": ({"content": "{{ lookup('docbits.ion.ionapi', 'one.ionapi', tennant='ACME_TST') }}"}, "tennant"),
    "plain file, a vault required": ({"src": "closed.ionapi", "require_vault": True}, "closed.ionapi: the value is not known to come out of Ansible Vault"),
    "plain variable, a vault required": ({"content": "{{ plain }}", "require_vault": True}, "content: the value is not known to come out of Ansible Vault"),
    "filter, a vault required": ({"content": "{{ inline | trim }}", "require_vault": True}, "a variable must be the whole value of the option"),
    "lookup of a plain file, a vault required": ({"content": "{{ lookup('docbits.ion.ionapi', 'closed.ionapi', require_vault=true) }}"}, "[S07]"),
    "no source": ({}, "one of the following is required: src, content"),
}

BRACES = {"src": "braces.ionapi"}, {"content": "{{ lookup('docbits.ion.ionapi', 'braces.ionapi') }}"}
MAPPINGS = {"src": "idm.properties", "kind": "idm"}, {"src": "latin1.properties"}


class Vaulted(str):
    """Text that is a vaulted value in a YAML file."""


class Dumper(yaml.SafeDumper):
    """Writes vaulted values with their tag."""


Dumper.add_representer(Vaulted, lambda dumper, text: dumper.represent_scalar("!vault", text, style="|"))


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    """Results by action in the order of the tasks, every output, and the secrets."""
    folder = tmp_path_factory.mktemp("sources")
    file = make_ionapi("https://mingle-ionapi.eu1.inforcloudsuite.com", "ACME_TST", "DocBits_TST")
    file["pu"] = "https://mingle-sso.eu1.inforcloudsuite.com:443/ACME_TST/as/"
    passwords = {name: secrets.token_urlsafe(24) for name in ("one", "two", "foreign")}
    _write_files(folder, file, passwords)
    tasks = [{"docbits.ion.ionapi_info": options, "ignore_errors": True} for options, _expected in (*SOURCES.values(), *FAILURES.values())]
    tasks += [{"docbits.ion.ionapi_info": options} for options in BRACES]
    tasks += [{"docbits.ion.mapping_info": options} for options in MAPPINGS]
    play = {
        "hosts": "localhost",
        "gather_facts": False,
        "vars": {
            "inline": Vaulted(_encrypted(json.dumps(file), "two", passwords)),
            "plain": json.dumps(file),
            "alias": "{{ in_variables_file }}",
            "looked_up": "{{ lookup('docbits.ion.ionapi', 'two.ionapi') }}",
        },
        "vars_files": ["variables.yml"],
        "tasks": tasks,
    }
    (folder / "play.yml").write_text(yaml.dump([play], Dumper=Dumper))
    results = folder / "results.jsonl"
    (folder / "ansible.cfg").touch()
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"} | {
        "ANSIBLE_CONFIG": str(folder / "ansible.cfg"),
        "ANSIBLE_CALLBACK_PLUGINS": str(HERE / "callback_plugins"),
        "ANSIBLE_CALLBACKS_ENABLED": "results",
        "ANSIBLE_NOCOLOR": "1",
        "RESULTS_FILE": str(results),
    }
    vault_ids = [argument for name in ("one", "two") for argument in ("--vault-id", f"{name}@{name}.password")]
    command = [ANSIBLE_BIN / "ansible-playbook", "-i", "localhost,", "-c", "local", "-vvvv", "--diff", *vault_ids, "play.yml"]
    run = subprocess.run(command, env=environment, cwd=folder, capture_output=True, timeout=120, stdin=subprocess.DEVNULL, check=False)
    assert run.returncode == 0, run.stdout[-2000:].decode() + run.stderr[-2000:].decode()
    outputs = {"stdout": run.stdout, "stderr": run.stderr, "results": results.read_bytes()}
    lines = [json.loads(line) for line in outputs["results"].splitlines()]
    by_action = {name: [line["result"] for line in lines if line["action"] == f"docbits.ion.{name}"] for name in ("ionapi_info", "mapping_info")}
    return by_action, outputs, {file[key] for key in ("ci", "cs", "saak", "sask")} | set(passwords.values())


def _write_files(folder, file, passwords):
    text = json.dumps(file, indent=2)
    damaged = json.dumps({key: value for key, value in file.items() if key != "sask"})
    braces = json.dumps({**file, "cn": "DocBits_{{ 1 + 1 }}"})
    contents = {
        "one.ionapi": _encrypted(text, "one", passwords),
        "two.ionapi": _encrypted(text, "two", passwords),
        "foreign.ionapi": _encrypted(text, "foreign", passwords),
        "damaged.ionapi": _encrypted(damaged, "one", passwords),
        "braces.ionapi": _encrypted(braces, "one", passwords),
        "utf16.ionapi": _encrypted(text.encode("utf-16"), "one", passwords),
        "closed.ionapi": text,
        "open.ionapi": text,
        "variables.yml": _encrypted(json.dumps({"in_variables_file": text}), "two", passwords),
        "idm.properties": VALID["idm"],
        **{f"{name}.password": password for name, password in passwords.items()},
    }
    for name, content in contents.items():
        (folder / name).write_text(content)
        (folder / name).chmod(0o644 if name in ("open.ionapi", "idm.properties") or "$ANSIBLE_VAULT" in content else 0o600)
    (folder / "latin1.properties").write_bytes(VALID["idm"].replace("SV_Acl=Public", "SV_Acl=\u00d6ffentlich").encode("latin-1"))


def _encrypted(content, vault_id, passwords) -> str:
    secret = VaultSecret(passwords[vault_id].encode())
    return VaultLib([(vault_id, secret)]).encrypt(content, secret, vault_id).decode()


def result_of(played, name) -> dict:
    """The result of a case by its name."""
    return played[0]["ionapi_info"][[*SOURCES, *FAILURES].index(name)]


def warnings_in(result) -> list:
    """The ids of the warnings among the findings."""
    return [finding["id"] for finding in result["findings"] if finding["level"] == "warning"]


@pytest.mark.parametrize("name", SOURCES)
def test_every_source_has_the_same_result(played, name):
    result = result_of(played, name)
    assert not result["failed"], result["msg"]
    assert result["ionapi"] == result_of(played, "vaulted file")["ionapi"]
    assert result["ionapi"]["tenant"] == "ACME_TST"
    assert warnings_in(result) == SOURCES[name][1]


@pytest.mark.parametrize("name", FAILURES)
def test_invalid_source_fails_with_a_message(played, name):
    result = result_of(played, name)
    assert result["failed"]
    assert FAILURES[name][1] in result["msg"]
    assert "Traceback" not in result["msg"]


def test_template_in_a_file_is_not_evaluated(played):
    assert [result["ionapi"]["app_name"] for result in played[0]["ionapi_info"][-len(BRACES) :]] == ["DocBits_{{ 1 + 1 }}"] * len(BRACES)


def test_mapping_is_shown_and_its_encoding_reported(played):
    good, latin1 = played[0]["mapping_info"]
    assert (good["kind"], good["document_types"], good["findings"]) == ("idm", ["INVOICE"], [])
    assert (latin1["kind"], warnings_in(latin1)) == ("idm", ["MP21"])


def test_output_holds_no_secret(played):
    _results, outputs, known = played
    assert leaks.outputs_with(known, outputs) == []
