# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lookup docbits.ion.ionapi: the content of a valid file, or errors without any value of the file."""

from __future__ import annotations

import json
import secrets

import pytest
import yaml
from ansible.errors import AnsibleLookupError
from ansible.parsing.dataloader import DataLoader
from ansible.parsing.vault import VaultLib, VaultSecret

from ansible_collections.docbits.ion.plugins.lookup import ionapi as lookup
from ansible_collections.docbits.ion.tests.docs.ionapi_examples import changed, cloud_file


@pytest.fixture
def document():
    return changed(cloud_file(), {"cs": secrets.token_urlsafe(64), "sask": secrets.token_urlsafe(64)})


@pytest.fixture
def folder(tmp_path):
    """The directory of a playbook, with a directory files."""
    (tmp_path / "files").mkdir()
    return tmp_path


@pytest.fixture
def warned(monkeypatch):
    """The warnings that the lookup shows."""
    shown = []
    monkeypatch.setattr(lookup.display, "warning", shown.append)
    return shown


@pytest.fixture
def look_up(folder):
    """Calls the lookup like a template in a playbook of the directory."""
    loader = DataLoader()
    loader.set_vault_secrets([("default", VaultSecret(b"opens"))])
    return lambda *terms, **options: lookup.LookupModule(loader=loader).run(list(terms), {"ansible_search_path": [str(folder)]}, **options)


def written(path, document, password=None):
    """Writes the file, vaulted if there is a password; returns its path."""
    text = json.dumps(document, indent=2)
    path.write_text(VaultLib([("default", VaultSecret(password))]).encrypt(text, VaultSecret(password)).decode() if password else text)
    path.chmod(0o600)
    return path


def test_lookup_returns_the_canonical_content_of_each_file(folder, look_up, document, warned):
    written(folder / "files/one.ionapi", document, b"opens")
    written(folder / "two.ionapi", {**document, "v": "1.1"})
    canonical = json.dumps(document, sort_keys=True, separators=(",", ":"))
    assert look_up("one.ionapi", "two.ionapi") == [canonical, canonical]
    assert warned == []


def test_lookup_of_a_file_with_a_template_returns_a_plain_string(folder, look_up, document):
    written(folder / "one.ionapi", {**document, "cn": "DocBits_{{ 1 }}"})
    (text,) = look_up("one.ionapi")
    # A plain string: no version of ansible-core takes one from a lookup for a template.
    assert text.__class__ is str
    assert json.loads(text)["cn"] == "DocBits_{{ 1 }}"


def test_lookup_of_an_invalid_file_reports_every_error_and_no_value(folder, look_up, document):
    secret = document["cs"]
    written(folder / "one.ionapi", changed(document, {"sask": secret, "iu": "http://mingle-ionapi.eu1.inforcloudsuite.com"}))
    with pytest.raises(AnsibleLookupError) as raised:
        look_up("one.ionapi")
    message = str(raised.value)
    assert {line.rpartition(" ")[2] for line in message.splitlines()} == {"[U01]", "[L02]"}
    assert secret[:12] not in message
    assert raised.value.__cause__ is None


def test_lookup_with_strict_turns_a_warning_into_an_error(folder, look_up, document, warned):
    written(folder / "one.ionapi", {**document, "cn": "Data Publishing"})
    assert len(look_up("one.ionapi")) == 1
    assert [warning.rpartition(" ")[2] for warning in warned] == ["[D02]"]
    with pytest.raises(AnsibleLookupError, match="D02"):
        look_up("one.ionapi", strict=True)


def test_lookup_of_a_readable_file_warns_and_with_strict_fails(folder, look_up, document, warned):
    written(folder / "one.ionapi", document).chmod(0o644)
    assert len(look_up("one.ionapi")) == 1
    assert [warning.rpartition(" ")[2] for warning in warned] == ["[F08]"]
    with pytest.raises(AnsibleLookupError, match="F08"):
        look_up("one.ionapi", strict="yes")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"tenant": "ACME_PRD"}, "T08"),
        ({"tenant_environment": "PRD"}, "T08"),
        ({"flavour": "on_premises"}, "T08"),
        ({"flavour": "clout"}, "flavour"),
        ({"tennant": "ACME_TST"}, "tennant"),
    ],
)
def test_lookup_with_another_or_misspelt_expectation_fails(folder, look_up, document, options, words):
    written(folder / "one.ionapi", document)
    with pytest.raises(AnsibleLookupError, match=words):
        look_up("one.ionapi", **options)


def test_lookup_of_a_file_that_cannot_be_read_fails_with_a_message(folder, look_up, document):
    written(folder / "one.ionapi", document, b"opens not")
    with pytest.raises(AnsibleLookupError, match="docbits.ion.ionapi: one.ionapi: none of the given vault passwords decrypts the file"):
        look_up("one.ionapi")
    with pytest.raises(AnsibleLookupError, match="docbits.ion.ionapi: none.ionapi: the file does not exist"):
        look_up("none.ionapi")


def test_documentation_has_the_options_of_the_modules():
    documentation = yaml.safe_load(lookup.DOCUMENTATION)
    assert documentation["extends_documentation_fragment"] == ["docbits.ion.ionapi"]
    assert list(documentation["options"]) == ["_terms"]
    assert yaml.safe_load(lookup.EXAMPLES) and yaml.safe_load(lookup.RETURN)
