# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a check found, in the one shape that every layer, result and page uses. Private to the collection."""

from __future__ import annotations

from dataclasses import asdict, dataclass

ERROR = "error"
WARNING = "warning"
INFO = "info"
LEVELS = (ERROR, WARNING, INFO)


@dataclass(frozen=True)
class Finding:
    """One result of a check. No field ever holds a secret value.

    id:      stable name of the rule, for example C(K01); never reused for another meaning
    level:   C(error), C(warning) or C(info)
    where:   the object and the key, for example C(production.ionapi: cs)
    message: what is so, without a full stop
    action:  the next step, an imperative without a full stop
    """

    id: str
    level: str
    where: str
    message: str
    action: str

    def as_dict(self) -> dict:
        """The finding as a module returns it."""
        return asdict(self)

    def sentence(self) -> str:
        """The finding as a person reads it: object, what is wrong, next step, and the id to look up."""
        return f"{self.where}: {self.message}; {self.action} [{self.id}]"


def errors_in(findings) -> list:
    """The findings that forbid going on, in the order in which they were found."""
    return [finding for finding in findings if finding.level == ERROR]


def warnings_as_errors(findings) -> list:
    """The same findings with every warning raised to an error, for callers that asked for O(strict=true)."""
    return [Finding(finding.id, ERROR, finding.where, finding.message, finding.action) if finding.level == WARNING else finding for finding in findings]
