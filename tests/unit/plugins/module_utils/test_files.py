# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judging the files of declared exports: an ION API file in another slot, and files of exports that are not to be."""

from __future__ import annotations

import json
import secrets

import pytest

from ansible_collections.docbits.ion.plugins.module_utils._errors import InvalidInput
from ansible_collections.docbits.ion.plugins.module_utils._exports.files import judge_files
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.form import Expectations
from ansible_collections.docbits.ion.plugins.module_utils._model import Export
from ansible_collections.docbits.ion.plugins.module_utils._secrets import MARKER, Secrets


def judged(export, met=None):
    return judge_files([export], Expectations(), {}, met or Secrets())


@pytest.mark.parametrize("slot", ["xslt", "jpl_mapping", "idm_mapping"])
def test_an_ion_api_file_in_another_slot_is_refused_and_kept_secret(slot):
    secret, met = secrets.token_urlsafe(40), Secrets()
    export = Export(None, {"kind": "sftp", "title": "A"}, {slot: json.dumps({"ti": "ACME_TST", "cs": secret})}, label="exports[0]")
    with pytest.raises(InvalidInput) as caught:
        judged(export, met)
    assert "E17" in {finding.id for finding in caught.value.findings}
    assert met.clear_of(f"before {secret} after") == f"before {MARKER} after"


def test_files_of_an_export_that_is_to_go_are_not_judged():
    export = Export("7", {"kind": "infor_idm"}, {"idm_mapping": "no mapping at all"}, label="exports[0]", state="absent")
    assert judged(export).exports == [export]
