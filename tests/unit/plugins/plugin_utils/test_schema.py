# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Errors of arguments against their spec: place, title, suggestion, and no secret."""

from __future__ import annotations

import secrets

import pytest

from ansible_collections.docbits.ion.plugins.plugin_utils._schema import schema_findings
from ansible_collections.docbits.ion.plugins.plugin_utils._variables import OPTIONS

HOOK = {"title": "Hook", "kind": "webhook"}


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        ({"exports": [HOOK, {"titel": "A"}]}, "exports[1]: titel: there is no such option; did you mean title? [E49]"),
        ({"exports": [{**HOOK, "idm_maping_src": "a"}]}, 'exports[0] "Hook": idm_maping_src: there is no such option; did you mean idm_mapping_src? [E49]'),
        ({"exports": [{**HOOK, "customer": "a"}]}, 'exports[0] "Hook": customer: there is no such option; correct its name, or remove it [E49]'),
        ({"exports": [{"title": "A", "kind": "infor_imd"}]}, 'exports[0] "A": kind: infor_imd is not a value of this option; did you mean infor_idm? [E50]'),
        ({"exports": [{"id": 7, "active": "maybe"}]}, 'exports[0] "7": active: the value must be true or false; correct it as ansible-doc shows [E16]'),
        ({"exports": [{**HOOK, "port": "abc"}]}, 'exports[0] "Hook": port: the value must be a whole number; correct it as ansible-doc shows [E16]'),
        ({"contract_overrides": {"feilds": {}}}, "contract_overrides: feilds: there is no such option; did you mean fields? [E49]"),
        ({"docbits_region": "de"}, "docbits_region: the value is not one of this option; set eu or us [E50]"),
        ({"stages": ["token", "gatway"]}, "stages: gatway is not a value of this option; did you mean gateway? [E50]"),
        ({"retries": "x"}, "retries: the value must be a whole number; correct it as ansible-doc shows [E16]"),
    ],
)
def test_schema_findings_names_the_place_and_what_was_meant(args, sentence):
    assert [finding.sentence() for finding in schema_findings(args, OPTIONS)] == [sentence]


@pytest.mark.parametrize(
    "args",
    [
        {"exports": [{**HOOK, "active": "yes", "port": "22", "url": None, "state": "absent"}], "stages": "token,gateway", "timeout": "7", "unknown": 1},
        {"exports": {"title": "no list"}},
        {"exports": ["no dictionary", [HOOK]]},
    ],
)
def test_schema_findings_of_what_ansible_accepts_or_reports_itself_is_empty(args):
    assert schema_findings(args, OPTIONS) == []


def test_schema_findings_of_a_secret_in_the_wrong_place_does_not_show_it():
    secret = secrets.token_urlsafe(32) + "+/="
    found = schema_findings({"exports": [{"kind": secret, "state": secret, "active": secret, secret: "a"}]}, OPTIONS)
    assert [finding.id for finding in found] == ["E50", "E50", "E16", "E49"] and secret not in str(found)
