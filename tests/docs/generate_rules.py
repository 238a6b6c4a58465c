# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes docs/ionapi_rules.md, docs/mapping_rules.md and docs/diagnoses.md from the rules: `python tests/docs/generate_rules.py`."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from ansible_collections.docbits.ion.plugins.module_utils._core import rules as core_rules
from ansible_collections.docbits.ion.plugins.module_utils._core.findings import WARNING
from ansible_collections.docbits.ion.plugins.module_utils._core.text import BYTE_ORDER_MARK
from ansible_collections.docbits.ion.plugins.module_utils._infor.rules import RULES as INFOR_RULES
from ansible_collections.docbits.ion.plugins.module_utils._infor.rules import UNDETERMINED
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.rules import RULES as IONAPI_RULES
from ansible_collections.docbits.ion.plugins.module_utils._mapping import bod, cross, dialect, erp_rules, idm, toml
from ansible_collections.docbits.ion.tests.docs import infor_examples, ionapi_examples, mapping_examples
from ansible_collections.docbits.ion.tests.docs.prose import prose

CONDITIONS = {**ionapi_examples.CONDITIONS, **mapping_examples.CONDITIONS}

DOCS = Path(__file__).resolve().parents[2] / "docs"


@dataclass(frozen=True)
class Chapter:
    """Some rules, and text between the title and them. `kind` is the kind of a mapping file, which its examples are parts of."""

    title: str
    rules: tuple
    text: str = ""
    kind: str | None = None


@dataclass(frozen=True)
class Page:
    """A page about one type of file. `valid` gives the example for a rule, `invalid` the one for a case, both as Markdown."""

    path: Path
    introduction: str
    chapters: tuple
    valid: Callable
    invalid: Callable

    def text(self) -> str:
        """The whole page."""
        parts = [WRITTEN.format(source="the rules"), INTRODUCTION.format(introduction=self.introduction, limit=core_rules.MAX_PER_RULE), self._overview()]
        for chapter in self.chapters:
            parts += [f"## {chapter.title}\n", chapter.text] if chapter.text else [f"## {chapter.title}\n"]
            parts += [self._rule(rule, chapter) for rule in chapter.rules]
        return "\n".join(parts)

    def _overview(self) -> str:
        rows = [f"| [{rule.id}](#{rule.id.lower()}) | {_levels(rule)} | {_condition(rule, ' | ')} |" for chapter in self.chapters for rule in chapter.rules]
        return "\n".join(["| rule | level | condition | source |", "| --- | --- | --- | --- |", *rows, ""])

    def _rule(self, rule, chapter) -> str:
        parts = [f"### {rule.id}\n\n{_condition(rule, '. Source: ')}.\n", self.valid(rule, chapter)]
        for name, case in rule.cases.items():
            text = f"**{case.level.capitalize()}**: {prose(case.message)}.\n\nWhat to do: {prose(case.action)}.\n"
            parts += [text, self.invalid(case_id(rule, name), chapter)]
        return "\n".join(part for part in parts if part)


def case_id(rule, name: str) -> str:
    """The key of a case in the examples."""
    return f"{rule.id}.{name}" if name else rule.id


def _condition(rule, separator: str) -> str:
    statement, source = CONDITIONS[rule.id]
    return f"{prose(statement)}{separator}{source}"


def _levels(rule) -> str:
    return ", ".join(dict.fromkeys(case.level for case in rule.cases.values()))


def _block(text: str, language: str = "text") -> str:
    return f"```{language}\n{text}\n```\n"


WRITTEN = "<!-- Written by tests/docs/generate_rules.py from {source}. Do not edit. -->\n"

INTRODUCTION = """\
{introduction}

A finding has the id of its rule.

- An **error** stops the task before any request.
- A **warning** is shown; with `strict: true` it stops the task as well, if the module has that option.
- An **info** is listed in the findings only.

A name in braces is filled in by the message. At most {limit} findings of one rule are listed for a file; one more counts the others.
"""


def _complete_ionapi_file() -> str:
    lines = [f'  "{key}": {json.dumps(value)}' for key, value in ionapi_examples.cloud_file().items()]
    return _block("{\n" + ",\n".join(lines) + "\n}", "json")


IONAPI_PAGE = Page(
    DOCS / "ionapi_rules.md",
    f"""\
# Rules for ION API files

Every `.ionapi` file is checked by these rules before any request is sent to Infor or DocBits. Findings name keys and never show a value of the
file. The fingerprint of a file is computed from `ci` and `saak` only.

The examples are invented. They are changes of this file, which follows every rule:

{_complete_ionapi_file().rstrip()}""",
    tuple(
        Chapter(title, tuple(rule for rule in IONAPI_RULES if rule.id[0] == letter))
        for letter, title in {
            "F": "The file",
            "K": "The keys",
            "T": "Tenant and identities",
            "L": "Length and place of the secrets",
            "U": "URLs",
            "D": "The authorized app",
            "V": "Version and scopes",
            "C": "Several files",
        }.items()
    ),
    lambda rule, _chapter: f"Valid:\n\n{_block(ionapi_examples.PASSING[rule.id].shown)}",
    lambda case, _chapter: _block(ionapi_examples.FAILING[case].shown),
)


def _mapping_chapter(title: str, rules: tuple, kind: str) -> Chapter:
    return Chapter(title, rules, f"The examples are parts of this file:\n\n{_mapping_block(mapping_examples.VALID[kind], kind)}", kind)


def _mapping_block(content: str, kind: str | None) -> str:
    visible = content.replace(BYTE_ORDER_MARK, "<U+FEFF>").strip("\n") or "(only empty lines)"
    return _block(visible, "toml" if kind == "m3_toml" else "properties")


def _mapping_example(case: str, chapter: Chapter) -> str:
    example = mapping_examples.EXAMPLES[case]
    if isinstance(example, mapping_examples.Description):
        return f"- Valid: {example.valid}\n- Invalid: {example.invalid}\n"
    invalid = _mapping_block(example.invalid, chapter.kind)
    if isinstance(example, mapping_examples.WholeFile):
        return f"Invalid, as a whole file:\n\n{invalid}"
    return f"Valid:\n\n{_mapping_block(example.valid, chapter.kind)}\nInvalid:\n\n{invalid}"


MAPPING_PAGE = Page(
    DOCS / "mapping_rules.md",
    """\
# Rules for mapping files

DocBits accepts almost any mapping file and fails when the first document is exported. `docbits.ion.mapping_info`, and every export with a
mapping, check these rules before anything is uploaded. A rule that files of the vendor violate is never an error.""",
    (
        Chapter("Every mapping file", dialect.RULES, "The examples are parts of the file for an IDM mapping, below.\n", "idm"),
        _mapping_chapter("IDM mapping", idm.RULES, "idm"),
        _mapping_chapter("BOD mapping", bod.RULES, "bod"),
        _mapping_chapter("M3 mapping", tuple(erp_rules.RULES["m3"].values()), "m3"),
        _mapping_chapter("LN mapping", tuple(erp_rules.RULES["ln"].values()), "ln"),
        _mapping_chapter("M3 TOML mapping", toml.RULES, "m3_toml"),
        Chapter("The parts of one export together", cross.RULES),
    ),
    lambda _rule, _chapter: "",
    _mapping_example,
)


@dataclass(frozen=True)
class DiagnosesPage:
    """The page about the proof: which response at which stage violates which rule."""

    path: Path
    introduction: str
    stages: dict

    def text(self) -> str:
        """The whole page."""
        parts = [WRITTEN.format(source="the rules and their examples, which the unit tests run"), self.introduction]
        for stage, examples in groupby(infor_examples.EXAMPLES, key=lambda example: example.stage):
            answers = defaultdict(list)
            for example in examples:
                answers[example.outcome, example.finding or "-"].append(example.answer)
            rows = [f"| {outcome} | {finding} | {prose('; '.join(names))} |" for (outcome, finding), names in answers.items()]
            parts.append("\n".join([f"## {self.stages[stage]}\n", "| outcome | finding | answers |", "| --- | --- | --- |", *rows, ""]))
        others = [INFOR_RULES[id_] for id_ in sorted(infor_examples.NOT_FROM_ONE_ANSWER)]
        rows = [f"| {_outcome(rule)} | {rule.id} | {prose(rule.message)} |" for rule in others]
        parts.append("\n".join(["## Not from a single answer\n", "| outcome | finding | what is wrong |", "| --- | --- | --- |", *rows, ""]))
        return "\n".join(parts)


def _outcome(rule) -> str:
    if rule.level == WARNING:
        return "warned"
    return "undetermined" if rule.id in UNDETERMINED else "failed"


DIAGNOSES_PAGE = DiagnosesPage(
    DOCS / "diagnoses.md",
    """\
# Diagnoses of the proof

A stage **passes** only with a response of the documented form. It **fails** only if the response comes from Infor and names a cause.
Everything else is **undetermined**: nothing follows about the file, and the finding says what was seen. A failed stage makes the proof
`refused`, an undetermined one makes it `undetermined`, and a proof without a stage that the profile needs is `partial`.

The sentences of the findings are in [Findings](findings.md). A login is never repeated, except once with the credentials in the body of the request
if the server answers `invalid_client`. A read is repeated as the option `retries` says, and once after a 401.
The stages `resolve`, `connect` and `tls` send no request; they end in N01, N02 or N03. The stage `token_facts` reads the token and only warns.
At the stage `gateway` each answer comes from every product that is asked.
""",
    {
        "token": "`token`: the login",
        "refresh_token": "`refresh_token`: whether a refresh token was issued",
        "refresh": "`refresh`: the use of the refresh token",
        "gateway": "`gateway`: whether the gateway accepts the token",
        "identity": "`identity`: the user of the service account",
        "roles": "`roles`: the security roles in `groups` of the user",
        "idm": "`idm`: the document types of IDM",
        "ion_messaging": "`ion_messaging`: the ping of ION Messaging",
        "m3": "`m3`: a program of M3",
        "ln": "`ln`: the metadata of LN",
        "connection_point": "`connection_point`: the documents that a connection point accepts",
    },
)

PAGES = (IONAPI_PAGE, MAPPING_PAGE, DIAGNOSES_PAGE)

if __name__ == "__main__":
    for page in PAGES:
        page.path.write_text(page.text(), encoding="utf-8")
