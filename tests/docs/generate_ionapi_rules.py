# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes docs/ionapi_rules.md from the rule table: `python tests/docs/generate_ionapi_rules.py`."""

from __future__ import annotations

from pathlib import Path

from ansible_collections.docbits.ion.plugins.module_utils._ionapi.rule import Case, Rule
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.rules import RULES
from ansible_collections.docbits.ion.tests.docs.ionapi_examples import FAILING, PASSING, Example, cloud_file
from ansible_collections.docbits.ion.tests.docs.prose import prose

PAGE = Path(__file__).resolve().parents[2] / "docs" / "ionapi_rules.md"

CONFIDENCE = {
    "A": "documented by Infor",
    "B": "several public programs agree",
    "C": "seen in one public program or article",
    "D": "assumed from general standards",
    "E": "assumed, inferred",
    "U": "assumed, nothing is published",
}

CHAPTERS = {
    "F": "The file",
    "K": "The keys",
    "T": "Tenant and identities",
    "L": "Length and place of the keys",
    "U": "Addresses",
    "D": "The authorized app",
    "V": "Layout and scopes",
    "C": "The fleet",
}

INTRODUCTION = """\
<!-- Written by tests/docs/generate_ionapi_rules.py from the rule table. Do not edit. -->

# Rules for ION API files

Every `.ionapi` file is held against these rules before any request is sent to Infor or DocBits. A finding has the id of its rule.

- An **error** stops the task before any request.
- A **warning** is shown; with `strict: true` it stops the task as well.
- An **info** stands in the findings only.

One promise holds for all of them: a finding names keys and never shows a value of the file, and the fingerprint of a file is
made of `ci` and `saak` alone.

The examples are invented, and begin from this file, which keeps every rule:
"""


def page() -> str:
    """The whole page."""
    parts = [INTRODUCTION, _complete_file(), _overview()]
    for letter, title in CHAPTERS.items():
        parts.append(f"## {title}\n")
        parts.extend(_rule(rule) for rule in RULES if rule.id.startswith(letter))
    return "\n".join(parts)


def _complete_file() -> str:
    lines = []
    for key, value in cloud_file().items():
        text = "[" + ", ".join(f'"{scope}"' for scope in value) + "]" if isinstance(value, list) else f'"{value}"'
        lines.append(f'  "{key}": {text}')
    return "```json\n{\n" + ",\n".join(lines) + "\n}\n```\n"


def _overview() -> str:
    rows = [f"| [{rule.id}](#{rule.id.lower()}) | {_levels(rule)} | {prose(rule.statement)} | {CONFIDENCE[rule.confidence]} |" for rule in RULES]
    return "\n".join(["| rule | level | what must be so | how sure |", "| --- | --- | --- | --- |", *rows, ""])


def _levels(rule: Rule) -> str:
    return ", ".join(dict.fromkeys(case.level for case in rule.cases))


def _rule(rule: Rule) -> str:
    cases = "\n".join(_case(case, FAILING[f"{rule.id}.{case.name}"]) for case in rule.cases)
    return f"### {rule.id}\n\n{prose(rule.statement)}. How sure: {CONFIDENCE[rule.confidence]}.\n\nGood:\n\n{_block(PASSING[rule.id].shown)}\n{cases}"


def _case(case: Case, example: Example) -> str:
    return f"**{case.level.capitalize()}**: {prose(case.message)}.\n\nWhat to do: {prose(case.action)}.\n\n{_block(example.shown)}"


def _block(text: str) -> str:
    return f"```text\n{text}\n```\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
