# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes docs/ionapi_rules.md and docs/mapping_rules.md from the rules: `python tests/docs/generate_rules.py`."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.docbits.ion.plugins.module_utils._core import rules as core_rules
from ansible_collections.docbits.ion.plugins.module_utils._core.text import BYTE_ORDER_MARK
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.rules import RULES as IONAPI_RULES
from ansible_collections.docbits.ion.plugins.module_utils._mapping import bod, cross, dialect, erp_rules, idm, toml
from ansible_collections.docbits.ion.tests.docs import ionapi_examples, mapping_examples
from ansible_collections.docbits.ion.tests.docs.prose import prose

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
        parts = [INTRODUCTION.format(introduction=self.introduction, limit=core_rules.MAX_PER_RULE), self._overview()]
        for chapter in self.chapters:
            parts += [f"## {chapter.title}\n", chapter.text] if chapter.text else [f"## {chapter.title}\n"]
            parts += [self._rule(rule, chapter) for rule in chapter.rules]
        return "\n".join(parts)

    def _overview(self) -> str:
        rows = [
            f"| [{rule.id}](#{rule.id.lower()}) | {_levels(rule)} | {prose(rule.statement)} | {rule.basis} |"
            for chapter in self.chapters
            for rule in chapter.rules
        ]
        return "\n".join(["| rule | level | condition | source |", "| --- | --- | --- | --- |", *rows, ""])

    def _rule(self, rule, chapter) -> str:
        parts = [f"### {rule.id}\n\n{prose(rule.statement)}. Source: {rule.basis}.\n", self.valid(rule, chapter)]
        for name, case in rule.cases.items():
            text = f"**{case.level.capitalize()}**: {prose(case.message)}.\n\nWhat to do: {prose(case.action)}.\n"
            parts += [text, self.invalid(case_id(rule, name), chapter)]
        return "\n".join(part for part in parts if part)


def case_id(rule, name: str) -> str:
    """The key of a case in the examples."""
    return f"{rule.id}.{name}" if name else rule.id


def _levels(rule) -> str:
    return ", ".join(dict.fromkeys(case.level for case in rule.cases.values()))


def _block(text: str, language: str = "text") -> str:
    return f"```{language}\n{text}\n```\n"


INTRODUCTION = """\
<!-- Written by tests/docs/generate_rules.py from the rules. Do not edit. -->

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

PAGES = (IONAPI_PAGE, MAPPING_PAGE)

if __name__ == "__main__":
    for page in PAGES:
        page.path.write_text(page.text(), encoding="utf-8")
