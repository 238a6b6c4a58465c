# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The errors of the collection: each carries findings, a next step, and never a secret. Private to the collection."""

from __future__ import annotations

import traceback

from ansible_collections.docbits.ion.plugins.module_utils._core.findings import ERROR, Finding


class IonError(Exception):
    """Ends the work on one environment.

    findings: at least one L(Finding) of level C(error); the first one becomes the message
    facts:    JSON-safe values for the module's result (HTTP status, trace id, steps), whitelisted by the raiser
    """

    def __init__(self, findings, **facts) -> None:
        self.findings = [findings] if isinstance(findings, Finding) else list(findings)
        self.facts = facts
        super().__init__(self.message)

    @property
    def message(self) -> str:
        """One sentence of the first error, and how many more there are."""
        blocking = [finding for finding in self.findings if finding.level == ERROR] or self.findings
        more = len(blocking) - 1
        return blocking[0].sentence() + (f" (and {more} more, see findings)" if more else "")

    @property
    def id(self) -> str:
        """The id of the finding that ended the work."""
        return next((finding.id for finding in self.findings if finding.level == ERROR), self.findings[0].id)


class InvalidInput(IonError):
    """What the user gave cannot be used; found before any request."""


class Unreachable(IonError):
    """No answer: name resolution, connection, TLS or time. Says nothing about credentials or configuration."""


class BadAnswer(IonError):
    """An answer came that no client can use: HTML from a proxy, cut-off JSON, an unexpected shape."""


class Refused(IonError):
    """The service understood and said no."""


class ContractMismatch(IonError):
    """The live contract and what this collection sends do not fit; found before any write."""


class ApplyFailed(IonError):
    """A step of an apply failed; the facts list each step as done, undone or left.

    unproved: pairs of an export's id and a word that may have been replaced and that DocBits does not give back
    """

    def __init__(self, findings, unproved=(), **facts) -> None:
        super().__init__(findings, **facts)
        self.unproved = list(unproved)


class CheckModeViolation(IonError):
    """The transport refused a call that is not on the read list. A defect of the collection, never of the user."""


def as_ion_error(error: Exception) -> IonError:
    """The error itself; for one that nobody expected, a defect, one that says so without its text, which may hold anything."""
    if isinstance(error, IonError):
        return error
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{frames[-1].filename.rpartition('/')[2]}:{frames[-1].lineno}" if frames else "unknown"
    return failure(
        IonError,
        "X00",
        "docbits.ion",
        f"a defect of the collection stopped this task ({type(error).__name__} at {place})",
        "report it with this sentence and the versions of ansible-core and docbits.ion",
    )


def failure(kind, id_: str, where: str, message: str, action: str, **facts) -> IonError:
    """An error of class O(kind) with exactly one finding."""
    return kind(Finding(id_, ERROR, where, message, action), **facts)
