# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Exceptions: message and id of the first error, and bugs as errors."""

from __future__ import annotations

import secrets

import pytest

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import ApplyFailed, InvalidInput, IonError, as_ion_error
from ansible_collections.docbits.ion.plugins.module_utils._core.findings import ERROR, INFO, WARNING, Finding, errors_in, warnings_as_errors

NOTE = Finding("Z01", INFO, "file", "it is old", "nothing to do")
WARNED = Finding("Z02", WARNING, "file", "it is odd", "look at it")
FIRST = Finding("Z03", ERROR, "file", "it is empty", "add a line")
SECOND = Finding("Z04", ERROR, "file: ci", "it is missing", "add it")


def test_error_with_several_findings_is_named_after_its_first_error():
    error = InvalidInput([NOTE, WARNED, FIRST, SECOND])
    assert (error.id, error.message) == ("Z03", "file: it is empty; add a line [Z03] (and 1 more, see findings)")


def test_error_with_one_finding_has_its_sentence():
    assert InvalidInput(SECOND).message == "file: ci: it is missing; add it [Z04]"


def test_failed_run_says_what_was_rolled_back_and_what_was_not():
    steps = [("create", "A", "1", "rolled_back"), ("update", None, "2", "applied"), ("remove", "C", "3", "unknown"), ("create", "D", None, "not_run")]
    listed = [{"action": action, "export": title, "id": id_, "outcome": outcome} for action, title, id_, outcome in steps]
    message = ApplyFailed(FIRST, steps=listed).message
    assert message == "file: it is empty; add a line [Z03] (rolled back: create A; not rolled back: update 2; unknown: remove C)"
    assert ApplyFailed(FIRST, steps=listed[3:]).message == FIRST.sentence()


def test_as_ion_error_of_an_ion_error_is_the_error():
    error = InvalidInput(FIRST)
    assert as_ion_error(error) is error


def test_as_ion_error_of_another_exception_has_its_type_and_place_and_not_its_text():
    text = secrets.token_urlsafe(12)
    with pytest.raises(KeyError) as caught:
        {}[text]
    error = as_ion_error(caught.value)
    assert isinstance(error, IonError) and error.id == "X00"
    assert "KeyError at test_errors.py:" in error.message and text not in error.message


def test_as_ion_error_of_an_exception_that_was_not_raised_has_no_place():
    assert "KeyError at unknown" in as_ion_error(KeyError()).message


def test_warnings_as_errors_changes_only_the_level_of_warnings():
    assert errors_in([NOTE, WARNED, FIRST]) == [FIRST]
    strict = warnings_as_errors([NOTE, WARNED, FIRST])
    assert [finding.level for finding in strict] == [INFO, ERROR, ERROR]
    assert strict[1].sentence() == WARNED.sentence()
