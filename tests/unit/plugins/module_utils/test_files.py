# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Validating the files of declared exports: an ION API file given as another file, and files of exports that are to be absent."""

from __future__ import annotations

import json
import secrets

import pytest

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import InvalidInput
from ansible_collections.docbits.ion.plugins.module_utils._core.redaction import MARKER, Secrets
from ansible_collections.docbits.ion.plugins.module_utils._exports.files import validate_files
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.form import Expectations
from ansible_collections.docbits.ion.plugins.module_utils._model.export import Declared
from simulator.ionapi import make_ionapi


def validated(*exports, met=None, **params):
    return validate_files(exports, Expectations(profile="infor", trusted_hosts=("infor.example.com",)), params, met or Secrets())


def ionapi(**changes):
    return json.dumps(make_ionapi("https://infor.example.com", "ACME_TST", "DocBits_Test") | changes)


@pytest.mark.parametrize("file", ["xslt", "jpl_mapping", "idm_mapping"])
def test_ion_api_file_given_as_another_file_is_refused_and_kept_secret(file):
    secret, met = secrets.token_urlsafe(40), Secrets()
    export = Declared(None, {"kind": "sftp", "title": "A"}, {file: json.dumps({"ti": "ACME_TST", "cs": secret})}, label="exports[0]")
    with pytest.raises(InvalidInput) as caught:
        validated(export, met=met)
    assert "E17" in {finding.id for finding in caught.value.findings}
    assert met.redact(f"before {secret} after") == f"before {MARKER} after"


def test_files_of_an_absent_export_are_not_validated():
    export = Declared("7", {"kind": "infor_idm"}, {"idm_mapping": "no mapping at all"}, label="exports[0]", state="absent")
    assert validated(export).exports == [export]


def test_ion_api_file_of_the_environment_is_validated_if_no_export_uses_it():
    hook = Declared(None, {"kind": "webhook", "title": "A"}, label="exports[0]")
    for exports in ((), (hook,)):
        good, met = ionapi(), Secrets()
        assert list(validated(*exports, met=met, ionapi_content=good, ionapi_src="acme.ionapi").ionapis) == ["acme.ionapi"]
        assert met.redact(json.loads(good)["cs"]) == MARKER
        with pytest.raises(InvalidInput) as caught:
            validated(*exports, ionapi_content=ionapi(ci=""))
        assert (caught.value.id, caught.value.findings[0].where) == ("K01", "ionapi_content: ci")


def test_ion_api_file_that_is_used_twice_is_validated_once():
    text = ionapi()
    export = Declared(None, {"kind": "infor_idm", "title": "A"}, {"ionapi": text}, {"ionapi": "own.ionapi"}, label="exports[0]")
    assert list(validated(export, ionapi_content=text, ionapi_src="acme.ionapi").ionapis) == ["acme.ionapi"]
    assert list(validated(export, ionapi_content=ionapi(), ionapi_src="acme.ionapi").ionapis) == ["acme.ionapi", "own.ionapi"]
