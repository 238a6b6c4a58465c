# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judging the files of declared exports: an ION API file in another slot, and files of exports that are not to be."""

from __future__ import annotations

import json
import secrets

import pytest

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import InvalidInput
from ansible_collections.docbits.ion.plugins.module_utils._core.redaction import MARKER, Secrets
from ansible_collections.docbits.ion.plugins.module_utils._exports.files import validate_files
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.form import Expectations
from ansible_collections.docbits.ion.plugins.module_utils._model.export import Export
from simulator.ionapi import make_ionapi


def judged(*exports, met=None, **params):
    return validate_files(exports, Expectations(profile="infor", allow_insecure=True), params, met or Secrets())


def ionapi(**changes):
    return json.dumps(make_ionapi("https://infor.example.com", "ACME_TST", "DocBits_Test") | changes)


@pytest.mark.parametrize("slot", ["xslt", "jpl_mapping", "idm_mapping"])
def test_an_ion_api_file_in_another_slot_is_refused_and_kept_secret(slot):
    secret, met = secrets.token_urlsafe(40), Secrets()
    export = Export(None, {"kind": "sftp", "title": "A"}, {slot: json.dumps({"ti": "ACME_TST", "cs": secret})}, label="exports[0]")
    with pytest.raises(InvalidInput) as caught:
        judged(export, met=met)
    assert "E17" in {finding.id for finding in caught.value.findings}
    assert met.redact(f"before {secret} after") == f"before {MARKER} after"


def test_files_of_an_export_that_is_to_go_are_not_judged():
    export = Export("7", {"kind": "infor_idm"}, {"idm_mapping": "no mapping at all"}, label="exports[0]", state="absent")
    assert judged(export).exports == [export]


def test_the_file_of_the_environment_is_judged_also_where_no_export_takes_it():
    hook = Export(None, {"kind": "webhook", "title": "A"}, label="exports[0]")
    for exports in ((), (hook,)):
        good, met = ionapi(), Secrets()
        assert list(judged(*exports, met=met, ionapi_content=good, ionapi_src="acme.ionapi").ionapis) == ["acme.ionapi"]
        assert met.redact(json.loads(good)["cs"]) == MARKER
        with pytest.raises(InvalidInput) as caught:
            judged(*exports, ionapi_content=ionapi(ci=""))
        assert (caught.value.id, caught.value.findings[0].where) == ("K01", "ionapi_content: ci")


def test_one_file_is_judged_once_and_has_one_name():
    text = ionapi()
    export = Export(None, {"kind": "infor_idm", "title": "A"}, {"ionapi": text}, {"ionapi": "own.ionapi"}, label="exports[0]")
    assert list(judged(export, ionapi_content=text, ionapi_src="acme.ionapi").ionapis) == ["acme.ionapi"]
    assert list(judged(export, ionapi_content=ionapi(), ionapi_src="acme.ionapi").ionapis) == ["acme.ionapi", "own.ionapi"]
