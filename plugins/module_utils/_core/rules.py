# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules: their form, the findings of their violations, and what messages may show. Private to the collection."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from ansible_collections.docbits.ion.plugins.module_utils._core.findings import ERROR, Finding
from ansible_collections.docbits.ion.plugins.module_utils._core.shapes import looks_random

# A file in the wrong format violates one rule on every line; nobody reads the ten thousandth finding.
MAX_PER_RULE = 25

_PLAIN_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")


@dataclass(frozen=True)
class Case:
    """One way to violate a rule. Empty fields are those of the rule."""

    message: str
    action: str = ""
    level: str = ""


@dataclass(frozen=True, eq=False)
class Rule:
    """A condition, and the finding that reports a violation of it.

    The message, the action and the key are templates for `str.format`, filled with key names, counts and other values that are not secret.

    id:      id of the finding, such as "K04"
    message: what is wrong, without a full stop; a dict of case name to message or `Case` if there are several ways to violate the rule
    action:  the next step, an imperative without a full stop
    level:   "error", "warning" or "info"
    key:     what the finding is about; empty if each check names a key
    """

    id: str
    message: str | dict
    action: str
    level: str = ERROR
    key: str = ""

    @cached_property
    def cases(self) -> dict:
        """Case name to complete `Case`; the name is empty if the rule has one case only."""
        messages = self.message if isinstance(self.message, dict) else {"": self.message}
        cases = {name: case if isinstance(case, Case) else Case(case) for name, case in messages.items()}
        return {name: Case(case.message, case.action or self.action, case.level or self.level) for name, case in cases.items()}

    def violation(self, key: str = "", line: int = 0, case: str = "", **values) -> Violation:
        """A violation at `key`, on `line` (counted from 1; 0 if unknown). The key and `values` fill the templates."""
        broken = self.cases[case]
        values["key"] = plain_name(key) if key else ""
        values["key"] = self.key.format(**values) or values["key"]
        return Violation(self, broken.level, broken.message.format(**values), broken.action.format(**values), values["key"], line)


@dataclass(frozen=True)
class Violation:
    """A violated rule before the object has a name."""

    rule: Rule
    level: str
    message: str
    action: str
    key: str = ""
    line: int = 0

    def finding(self, where: str) -> Finding:
        """The finding about the object `where`."""
        place = where + (f" line {self.line}" if self.line else "") + (f": {self.key}" if self.key else "")
        return Finding(self.rule.id, self.level, place, self.message, self.action)


def findings_of(violations, where: str) -> list:
    """Findings about the object `where`, by line: at most `MAX_PER_RULE` of each rule, and one that counts the others."""
    findings, of_rule = [], {}
    for violation in sorted(violations, key=lambda violation: violation.line):
        of_rule.setdefault(violation.rule.id, []).append(violation)
        if len(of_rule[violation.rule.id]) <= MAX_PER_RULE:
            findings.append(violation.finding(where))
    for id_, same in of_rule.items():
        if len(same) > MAX_PER_RULE:
            message = f"{len(same) - MAX_PER_RULE} more findings of this rule are not shown"
            findings.append(Finding(id_, same[0].level, where, message, "correct the findings above and run the check again"))
    return findings


def plain_name(key: str) -> str:
    """A key as messages show it. Other text is not shown: it may be a line of a secret file."""
    return key if _PLAIN_NAME.fullmatch(key) and not looks_random(key) else "(not a plain name)"


def excerpt(value: str, length: int = 80) -> str:
    """A value as messages show it: printable, at most `length` characters, and not if it looks like a generated secret."""
    if looks_random(value):
        return "(not shown)"
    printable = "".join(character if character.isprintable() else "?" for character in value[:length])
    return printable + ("..." if len(value) > length else "")
