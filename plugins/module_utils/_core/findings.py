# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The finding: one result of a check, in one shape for all layers. Private to the collection."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from ansible_collections.docbits.ion.plugins.module_utils._core.runbook import reference

ERROR = "error"
WARNING = "warning"
INFO = "info"
LEVELS = (ERROR, WARNING, INFO)


@dataclass(frozen=True)
class Finding:
    """One result of a check. No field holds a secret value.

    id:      stable id of the rule, such as K01; never reused for another meaning
    level:   ERROR, WARNING or INFO
    where:   object and key, such as "production.ionapi: cs"
    message: what is wrong, without a full stop
    action:  the next step, an imperative without a full stop
    """

    id: str
    level: str
    where: str
    message: str
    action: str

    def as_dict(self) -> dict:
        """The finding as modules return it."""
        return asdict(self)

    def sentence(self) -> str:
        """The finding as one line of text: object, what is wrong, next step, step of the runbook, and id."""
        return f"{self.where}: {self.message}; {self.action}{reference(self.id)} [{self.id}]"


def errors_in(findings) -> list:
    """The findings of level error, in their order."""
    return [finding for finding in findings if finding.level == ERROR]


def warnings_as_errors(findings) -> list:
    """The findings with every warning as an error, for the option strict."""
    return [Finding(finding.id, ERROR, finding.where, finding.message, finding.action) if finding.level == WARNING else finding for finding in findings]
