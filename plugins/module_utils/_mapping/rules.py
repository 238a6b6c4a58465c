# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a rule about mapping files is, and how what it found becomes findings. Private to the collection."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ansible_collections.docbits.ion.plugins.module_utils._core.findings import Finding

# How sure a rule is, by the contract notes on the file formats.
CALIBRATED = "no file that the vendor publishes breaks it"
SEEN = "files that the vendor publishes break it"
DOCUMENTED = "from the vendor's documentation"
ASSUMED = "assumed by this collection"

# A file of the wrong format breaks one rule on every line; nobody reads the ten thousandth finding.
MOST_PER_RULE = 25

PLAIN_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")


@dataclass(frozen=True)
class Rule:
    """One thing that is checked.

    statement:  what must hold, as the documentation says it
    action:     the next step, unless what was found gives a more exact one
    confidence: C(CALIBRATED), C(SEEN), C(DOCUMENTED) or C(ASSUMED)
    """

    id: str
    level: str
    statement: str
    action: str
    confidence: str

    def found(self, message, key="", line=0, action="") -> Found:
        """This rule is broken: at a key, on a line (0: nowhere in particular), with a more exact next step if there is one."""
        return Found(self, message, key, line, action or self.action)


@dataclass(frozen=True)
class Found:
    """A broken rule, before it is known what the file is called."""

    rule: Rule
    message: str
    key: str
    line: int
    action: str


def by_id(*rules) -> dict:
    """A rule table: rules by id."""
    return {rule.id: rule for rule in rules}


def name(key) -> str:
    """A key as a message shows it. What is no plain name is not shown: it could be a line of another, secret file."""
    return key if PLAIN_NAME.fullmatch(key) else "(no plain name)"


def shown(value, most=80) -> str:
    """A value as a message shows it: printable, and not longer than O(most) characters."""
    clean = "".join(character if character.isprintable() else "?" for character in value[:most])
    return clean + ("..." if len(value) > most else "")


def as_findings(found, where) -> list:
    """L(Finding)s in file order, with at most C(MOST_PER_RULE) of each rule and one more that counts the rest."""
    counts: dict = {}
    findings = []
    for one in sorted(found, key=lambda one: one.line):
        counts[one.rule.id] = counts.get(one.rule.id, 0) + 1
        if counts[one.rule.id] <= MOST_PER_RULE:
            place = where + (f" line {one.line}" if one.line else "") + (f": {name(one.key)}" if one.key else "")
            findings.append(Finding(one.rule.id, one.rule.level, place, one.message, one.action))
    rules = {one.rule.id: one.rule for one in found}
    findings.extend(
        Finding(id_, rules[id_].level, where, f"{count - MOST_PER_RULE} more findings of this rule are not shown", rules[id_].action)
        for id_, count in counts.items()
        if count > MOST_PER_RULE
    )
    return findings
