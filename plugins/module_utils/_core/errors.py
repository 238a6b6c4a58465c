# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Exceptions that carry findings and never a secret. Private to the collection."""

from __future__ import annotations

import traceback
from typing import TypeVar

from ansible_collections.docbits.ion.plugins.module_utils._core.findings import ERROR, Finding


class IonError(Exception):
    """Ends the task for one environment.

    findings: one Finding or a list, at least one of level error; the first error becomes the message
    facts:    values for the result of the module, such as HTTP status, trace id and steps; JSON types only, and no secret
    """

    def __init__(self, findings, **facts) -> None:
        self.findings = [findings] if isinstance(findings, Finding) else list(findings)
        self.facts = facts
        super().__init__(self.message)

    @property
    def message(self) -> str:
        """The sentence of the first error, and how many more errors there are."""
        blocking = [finding for finding in self.findings if finding.level == ERROR] or self.findings
        more = len(blocking) - 1
        return blocking[0].sentence() + (f" (and {more} more, see findings)" if more else "")

    def copy(self) -> IonError:
        """The same error, to be raised in another thread or once more: raising changes the traceback."""
        return type(self)(self.findings, **self.facts)

    @property
    def id(self) -> str:
        """The id of the first error."""
        return next((finding.id for finding in self.findings if finding.level == ERROR), self.findings[0].id)


_Error = TypeVar("_Error", bound=IonError)


class InvalidInput(IonError):
    """An option, a variable or a file is invalid. Raised before any request."""


class Unreachable(IonError):
    """There was no response: name resolution, connection, TLS or timeout. Says nothing about credentials or configuration."""


class BadAnswer(IonError):
    """The response cannot be used: HTML from a proxy, truncated JSON, an unexpected shape."""


class Refused(IonError):
    """The service refused the request."""


class ContractMismatch(IonError):
    """The live contract does not have what this collection would send. Raised before any write."""


class ApplyFailed(IonError):
    """A step failed. The facts list the outcome of every step.

    unproved: (export id, field) pairs whose value may have been replaced, where DocBits does not return the value
    """

    def __init__(self, findings, unproved=(), **facts) -> None:
        super().__init__(findings, **facts)
        self.unproved = list(unproved)

    @property
    def message(self) -> str:
        """The sentence of the first error, and what was rolled back and what was not."""
        return super().message + what_remains(self.facts.get("steps", ()))


def what_remains(steps) -> str:
    """What a failed run rolled back and what it left, in parentheses, or an empty text. steps: as results list them"""
    parts = []
    for title, outcomes in (("rolled back", ("rolled_back",)), ("not rolled back", ("applied",)), ("unknown", ("unknown",))):
        found = [f"{step['action']} {step['export'] or step['id']}" for step in steps if step["outcome"] in outcomes]
        parts += [f"{title}: {', '.join(found)}"] if found else []
    return f" ({'; '.join(parts)})" if parts else ""


class CheckModeViolation(IonError):
    """The HTTP client refused a write in check mode. A bug of the collection."""


def as_ion_error(error: Exception) -> IonError:
    """The error itself; for any other exception, a bug, an IonError with its type and place. Its text may hold a secret and is dropped."""
    if isinstance(error, IonError):
        return error
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{frames[-1].filename.rpartition('/')[2]}:{frames[-1].lineno}" if frames else "unknown"
    return failure(
        IonError,
        "X00",
        "docbits.ion",
        f"a bug of the collection stopped this task ({type(error).__name__} at {place})",
        "report it with this message and the versions of ansible-core and docbits.ion",
    )


def failure(kind: type[_Error], id_: str, where: str, message: str, action: str, **facts) -> _Error:
    """An error of the class `kind` with one finding."""
    return kind(Finding(id_, ERROR, where, message, action), **facts)
