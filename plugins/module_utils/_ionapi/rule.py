# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a rule about ION API files is, and how a hit becomes a finding. Private to the collection."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from ansible_collections.docbits.ion.plugins.module_utils._core.findings import Finding

# The next steps of most rules.
DOWNLOAD = "download the file in Infor OS > API Gateway > Authorized Apps > the app > Download Credentials"
SAVE_UNCHANGED = f"{DOWNLOAD} and store it as it is, without an editor or the clipboard"
DOWNLOAD_WITH_ACCOUNT = f"{DOWNLOAD}, with Create Service Account switched on"


@dataclass(frozen=True)
class Case:
    """One way in which a rule is not met.

    name:    unique within the rule
    level:   C(error), C(warning) or C(info)
    message: what is so; C({fact}) stands for a key name, a count or a word of the caller, never for a value of the file
    action:  the next step, naming the place in Infor's console
    """

    name: str
    level: str
    message: str
    action: str


@dataclass(frozen=True)
class Hit:
    """A case that was met.

    case:  C(<rule>.<case>), for example C(K03.one)
    key:   the key of the file that it is about, or C(None) for the file as a whole
    facts: what fills the message
    """

    case: str
    key: str | None = None
    facts: dict = field(default_factory=dict)


@dataclass(frozen=True)
class Rule:
    """One rule of the table.

    statement:  what must be so, in one line
    confidence: the tag of the contract notes: A official, B seen in several programs, C seen once, D general standard,
                E inferred, U unknown. D, E and U are assumptions.
    cases:      how it can be broken
    check:      yields the L(Hit)s of a L(Subject); C(None) where the hits come from reading the text, the file or the fleet
    """

    id: str
    statement: str
    confidence: str
    cases: tuple
    check: Callable | None = None

    def finding(self, hit: Hit, where: str) -> Finding:
        """What a hit of one of its cases says about the object O(where)."""
        case = next(case for case in self.cases if hit.case == f"{self.id}.{case.name}")
        return Finding(self.id, case.level, f"{where}: {hit.key}" if hit.key else where, case.message.format(**hit.facts), case.action.format(**hit.facts))
