# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes docs/mapping_rules.md from the rule tables: `python tests/docs/generate_mapping_rules.py`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ansible_collections.docbits.ion.plugins.module_utils._core.text import BYTE_ORDER_MARK
from ansible_collections.docbits.ion.plugins.module_utils._mapping import bod, cross, dialect, erp_rules, idm, rules, toml
from ansible_collections.docbits.ion.tests.docs.mapping_examples import EXAMPLES, GOOD, WholeFile, Words

PAGE = Path(__file__).resolve().parents[2] / "docs" / "mapping_rules.md"


@dataclass(frozen=True)
class Chapter:
    """One rule table: its title, its rules, and the kind of its example file, if it has one."""

    title: str
    rules: tuple
    kind: str | None


CHAPTERS = (
    Chapter("Every mapping file", tuple(dialect.RULES.values()), "idm"),
    Chapter("IDM mapping", tuple(idm.RULES.values()), "idm"),
    Chapter("BOD mapping", tuple(bod.RULES.values()), "bod"),
    Chapter("M3 mapping", tuple(erp_rules.RULES["m3"].values()), "m3"),
    Chapter("LN mapping", tuple(erp_rules.RULES["ln"].values()), "ln"),
    Chapter("M3 TOML mapping", tuple(toml.RULES.values()), "m3_toml"),
    Chapter("Parts of one export that must fit together", tuple(cross.RULES.values()), None),
)

INTRODUCTION = f"""\
<!-- Written by tests/docs/generate_mapping_rules.py from the rule tables. Do not edit. -->

# Rules for mapping files

DocBits takes almost any mapping file and fails when the first document is exported. `docbits.ion.mapping_info`, and every
export that carries a mapping, check these rules before anything is uploaded. A finding has the id of its rule.

- An **error** stops the task before any request.
- A **warning** is shown; with `strict: true` it stops the task as well, where the module has that option.
- An **info** stands in the findings only.

How sure a rule is stands beside it:

- *{rules.CALIBRATED}*, so it is safe as an error;
- *{rules.SEEN}*, so it is no more than a warning;
- *{rules.DOCUMENTED}*;
- *{rules.ASSUMED}*: neither documented nor seen.

At most {rules.MOST_PER_RULE} findings of one rule are listed for one file; one more counts the rest. Each example shows lines of the chapter's
example file that keep the rule, and what stands in their place and breaks it.
"""


def page() -> str:
    """The whole page."""
    parts = [INTRODUCTION]
    for chapter in CHAPTERS:
        parts.append(f"## {chapter.title}\n")
        if chapter.rules[0].id.startswith("MP"):
            parts.append("The examples are lines of the example file for an IDM mapping, below.\n")
        elif chapter.kind:
            parts.append(f"The example file:\n\n{_block(GOOD[chapter.kind], chapter.kind)}")
        parts.extend(_rule(rule, chapter.kind) for rule in chapter.rules)
    return "\n".join(parts)


def _rule(rule, kind) -> str:
    text = f"### {rule.id} ({rule.level})\n\n{rule.statement}.\n\nWhat to do: {rule.action}.\n\nHow sure: {rule.confidence}.\n\n"
    example = EXAMPLES[rule.id]
    if isinstance(example, Words):
        return text + f"- Good: {example.good}\n- Bad: {example.bad}\n"
    if isinstance(example, WholeFile):
        return text + f"Bad, as a whole file:\n\n{_block(example.bad, kind)}"
    return text + f"Good:\n\n{_block(example.good, kind)}\nBad:\n\n{_block(example.bad, kind)}"


def _block(content, kind) -> str:
    language = "toml" if kind == "m3_toml" else "properties"
    visible = content.replace(BYTE_ORDER_MARK, "<U+FEFF>").strip("\n") or "(only empty lines)"
    return f"```{language}\n{visible}\n```\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
