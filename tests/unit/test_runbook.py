# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The runbook: its catalogues have the same keys and placeholders, and its steps are those that findings name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from ansible_collections.docbits.ion.plugins.module_utils._core.findings import ERROR, Finding
from ansible_collections.docbits.ion.plugins.module_utils._core.runbook import STEPS
from ansible_collections.docbits.ion.plugins.module_utils._infor.roles import REQUIRED_BY_DOCBITS
from ansible_collections.docbits.ion.plugins.module_utils._infor.rules import RULES as PROOF_RULES
from ansible_collections.docbits.ion.plugins.module_utils._infor.rules import UNDETERMINED
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.rules import RULES as FILE_RULES
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.rules_app import DOCBITS_SCOPES
from ansible_collections.docbits.ion.plugins.module_utils._model.export import KINDS

ROLE = Path(__file__).resolve().parents[2] / "roles/request"
VARIABLES = yaml.safe_load((ROLE / "vars/main/main.yml").read_text())
LANGUAGES = yaml.safe_load((ROLE / "defaults/main.yml").read_text())["request_languages"]
CATALOGUES = {language: yaml.safe_load((ROLE / f"vars/main/{language}.yml").read_text())[f"request_texts_{language}"] for language in LANGUAGES}
# What must not be translated: Jinja, code, and the labels of the two consoles.
UNTRANSLATED = re.compile(r"{{.*?}}|{%.*?%}|`[^`]*`|[*][*].*?[*][*]", re.DOTALL)


def texts_of(value, path=()) -> dict:
    """Path to text, for all texts of a catalogue."""
    if isinstance(value, str):
        return {path: value}
    return {place: text for key, item in value.items() for place, text in texts_of(item, (*path, key)).items()}


def untranslated(text) -> list:
    """The parts of a text that every language has, in the order of the alphabet."""
    return sorted(" ".join(part.split()) for part in UNTRANSLATED.findall(text))


def test_catalogues_are_one_for_each_language_of_the_role():
    files = {path.stem for path in (ROLE / "vars/main").glob("*.yml")} - {"main"}
    choices = yaml.safe_load((ROLE / "meta/argument_specs.yml").read_text())["argument_specs"]["main"]["options"]["request_languages"]["choices"]
    assert files == set(LANGUAGES) == set(choices)


@pytest.mark.parametrize("language", LANGUAGES)
def test_catalogue_has_the_keys_of_the_english_one(language):
    assert list(texts_of(CATALOGUES[language])) == list(texts_of(CATALOGUES["en"]))


@pytest.mark.parametrize("language", LANGUAGES)
def test_catalogue_has_the_placeholders_and_labels_of_the_english_one(language):
    texts, english = texts_of(CATALOGUES[language]), texts_of(CATALOGUES["en"])
    assert {path: untranslated(text) for path, text in texts.items()} == {path: untranslated(text) for path, text in english.items()}


@pytest.mark.parametrize("language", [language for language in LANGUAGES if language != "en"])
def test_catalogue_is_translated(language):
    texts, english = texts_of(CATALOGUES[language]), texts_of(CATALOGUES["en"])
    same = {path for path in texts if path[0] in ("steps", "parts", "notes") and texts[path] and texts[path] == english[path]}
    assert same == set()


def test_steps_of_the_role_are_those_that_findings_name():
    names = [step["name"] for part in VARIABLES["request_parts"] for step in part["steps"]]
    assert names == list(STEPS) == list(CATALOGUES["en"]["steps"])
    assert [part["name"] for part in VARIABLES["request_parts"]] == list(CATALOGUES["en"]["parts"]) == list(CATALOGUES["en"]["notes"])


def test_findings_that_name_a_step_exist_and_name_one_step():
    named = [id_ for ids in STEPS.values() for id_ in ids]
    assert len(named) == len(set(named))
    assert set(named) <= PROOF_RULES.keys() | {rule.id for rule in FILE_RULES}


def test_findings_that_name_a_step_have_a_cause():
    assert UNDETERMINED.isdisjoint(id_ for ids in STEPS.values() for id_ in ids)


def test_refusals_by_infor_name_a_step_unless_no_step_mends_them():
    refusals = {id_ for id_, rule in PROOF_RULES.items() if rule.level == ERROR} - UNDETERMINED
    # A product that the tenant does not have, or that its own administrator must correct.
    assert refusals - {id_ for ids in STEPS.values() for id_ in ids} == {"G03", "G05", "M02"}


def test_sentence_of_a_finding_ends_with_its_step():
    sentence = Finding("A11", ERROR, "production", "Infor issued no refresh token", "switch it on").sentence()
    assert sentence == f"production: Infor issued no refresh token; switch it on (runbook step {list(STEPS).index('refresh_tokens') + 1}) [A11]"


def test_values_of_the_page_are_those_of_the_code():
    assert all(f"'{role}'" in VARIABLES["request_roles"] for role in REQUIRED_BY_DOCBITS)
    assert all(f"`{scope}`" in CATALOGUES["en"]["steps"]["scopes"]["text"] for scope in DOCBITS_SCOPES)
    assert VARIABLES["request_infor_types"].keys() == {name for name, kind in KINDS.items() if "ionapi" in kind.parts}
