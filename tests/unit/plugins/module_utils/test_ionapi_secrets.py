# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets in the wrong place of an ION API file: no part of them is in a finding, in the result of the module or in its error."""

from __future__ import annotations

import json
import random
import secrets

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.docbits.ion.plugins.module_utils._core.findings import ERROR
from ansible_collections.docbits.ion.plugins.module_utils._core.run import Context, execute
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.form import Expectations
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.parser import parse
from ansible_collections.docbits.ion.plugins.module_utils._module.ionapi_info import ARGUMENT_SPEC, run
from ansible_collections.docbits.ion.tests.unit.plugins.module_utils.test_ionapi_fuzz import (
    EXPECTATIONS,
    RANDOMS,
    SLICE,
    mutated,
    slices_of_secrets,
    valid_file,
    with_other_values,
)

SECRET_KEYS = ("ci", "cs", "saak", "sask")
# Every key with a value that a summary shows, and how a secret may be part of the value.
TEMPLATES = {
    "ti": ("{}", "ACME_{}"),
    "cn": ("{}", "DocBits_{}", "DocBits {} for production"),
    "dt": ("{}",),
    "oa": ("{}", "connect/{}"),
    "ot": ("{}", "{}/connect/token"),
    "or": ("{}", "{}.oauth2"),
    "iu": ("{}", "https://{}", "https://gateway.acme.example/{}"),
    "pu": ("{}", "https://login.acme.example/{}/InforIntSTS/", "https://mingle-sso.eu1.inforcloudsuite.com/{}/as/"),
    "sc": ("{}",),
    "v": ("{}", "1.{}"),
}
PLACES = [(key, template) for key, templates in TEMPLATES.items() for template in templates]


def result_of(content, **options):
    """The result of the module ionapi_info, or of its failure, without the redaction of values that it registered."""
    defaults = {name: option.get("default") for name, option in ARGUMENT_SPEC.argument_spec.items()}
    context = Context(params={**defaults, "content": content, **options})
    context.secrets.add = lambda *_values: None
    return execute(run, context)


def shown_pieces(pieces, shown):
    """The pieces of secrets in a JSON-like value."""
    text = json.dumps(shown, ensure_ascii=False)
    return pieces.intersection(text[start : start + SLICE] for start in range(len(text) - SLICE + 1))


def misplace(document, key, place, template, how):
    """The file with the secret of `key` in `place`; the value of `key` is kept, removed or swapped."""
    value = document[key]
    secret = value.rpartition("#")[2].rpartition("~")[2]
    other = document.get(place)
    document = {**document, place: [template.format(secret)] if place == "sc" else template.format(secret)}
    if how == "moved":
        del document[key]
    elif how == "swapped" and isinstance(other, str):
        document[key] = other
    return document


@given(RANDOMS, st.sampled_from(SECRET_KEYS), st.sampled_from(PLACES), st.sampled_from(("copied", "moved", "swapped")), st.booleans())
def test_property_misplaced_secret_is_an_error_and_not_shown(rng, key, place, how, insecure):
    document = valid_file(rng, account=True)
    content = json.dumps(misplace(document, key, *place, how))
    pieces = slices_of_secrets(document)
    result = result_of(content, allow_insecure=insecure, profile="infor")
    assert result["failed"]
    assert not shown_pieces(pieces, result)
    assert any(finding["level"] == ERROR and finding["where"].endswith(place[0]) for finding in result["findings"])


@settings(max_examples=300)
@given(RANDOMS, st.sampled_from(EXPECTATIONS), st.sampled_from((mutated, with_other_values)))
def test_property_mutated_file_shows_no_piece_of_a_secret_in_a_finding(rng, expectations, mutate):
    document = valid_file(rng)
    findings = parse(mutate(rng, document), "production.ionapi", expectations).findings
    assert not shown_pieces(slices_of_secrets(document), [finding.as_dict() for finding in findings])


@given(RANDOMS, st.sampled_from(("tenant", "tenant_environment")), st.sampled_from(SECRET_KEYS))
def test_property_secret_as_an_expectation_is_not_shown(rng, option, key):
    document = valid_file(rng, account=True)
    result = result_of(json.dumps(document), **{option: document[key].rpartition("#")[2]})
    assert not shown_pieces(slices_of_secrets(document), result)


@pytest.mark.parametrize("place", ["oa", "cn", "v", "dt", "or", "ti"])
def test_misplaced_secret_is_reported_as_l03_once(place):
    document = {**valid_file(random.Random(place), account=True), place: secrets.token_urlsafe(64)}
    findings = parse(json.dumps(document), "f", Expectations(profile="infor")).findings
    assert [(finding.where, finding.level) for finding in findings if finding.id == "L03"] == [(f"f: {place}", ERROR)]


def test_misplaced_secrets_in_several_scopes_are_reported_once():
    document = {**valid_file(random.Random(7), account=True), "sc": [secrets.token_urlsafe(64), secrets.token_urlsafe(64)]}
    findings = parse(json.dumps(document), "f", Expectations(profile="infor")).findings
    assert [finding.where for finding in findings if finding.id == "L03"] == ["f: sc"]


def test_copied_secret_is_reported_as_l02_and_not_as_l03():
    document = valid_file(random.Random(7), account=True)
    findings = parse(json.dumps({**document, "cn": document["cs"]}), "f").findings
    assert [finding.where for finding in findings if finding.id in ("L02", "L03")] == ["f: cn"]


def test_redirect_url_with_a_random_part_is_accepted():
    document = {**valid_file(random.Random(7), account=True), "ru": f"https://app.acme.example/{secrets.token_urlsafe(64)}"}
    assert parse(json.dumps(document), "f").findings == []


def test_names_of_a_valid_file_are_not_taken_for_secrets():
    document = {**valid_file(random.Random(7), account=True), "cn": "DocBits_Production-A1B2C3D4E5F6G7H8_PRD-EU1-M3CE-Export-v2"}
    assert parse(json.dumps(document), "f").ionapi is not None
