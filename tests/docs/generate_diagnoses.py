# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes docs/diagnoses.md from the table of answers: `python tests/docs/generate_diagnoses.py`."""

from __future__ import annotations

from collections import defaultdict
from itertools import groupby
from pathlib import Path

from ansible_collections.docbits.ion.plugins.module_utils._infor.diagnosis_rows import ROWS
from ansible_collections.docbits.ion.tests.docs.infor_answers import CASES, NOT_FROM_ONE_ANSWER
from ansible_collections.docbits.ion.tests.docs.prose import prose

PAGE = Path(__file__).resolve().parents[2] / "docs" / "diagnoses.md"

INTRODUCTION = """\
<!-- Written by tests/docs/generate_diagnoses.py from the table of answers, which the unit tests run. Do not edit. -->

# Diagnoses of the proof

A stage **passes** only with a response of the documented form. It **fails** only if the response comes from Infor and names a cause.
Everything else is **undetermined**: nothing follows about the file, and the finding says what was seen. A failed stage makes the proof
`refused`, an undetermined one makes it `undetermined`, and a proof without a stage that the profile needs is `partial`.

The sentences of the findings are in [Findings](findings.md). A login is never repeated, except once with the credentials in the body of the request
if the server answers `invalid_client`. A read is repeated as the option `retries` says, and once after a 401.
The stages `resolve`, `connect` and `tls` send no request; they end in N01, N02 or N03. The stage `token_facts` reads the token and only warns.
At the stage `gateway` each answer comes from every product that is asked.
"""

TITLES = {
    "token": "`token`: the login",
    "refresh_token": "`refresh_token`: whether a refresh token was issued",
    "refresh": "`refresh`: the use of the refresh token",
    "gateway": "`gateway`: whether the gateway accepts the token",
    "identity": "`identity`: the user of the service account",
    "roles": "`roles`: the security roles in `groups` of the user",
    "idm": "`idm`: the document types of IDM",
    "ion_messaging": "`ion_messaging`: the ping of ION Messaging",
    "m3": "`m3`: a program of M3",
    "ln": "`ln`: the metadata of LN",
    "connection_point": "`connection_point`: the documents that a connection point accepts",
}


def page() -> str:
    """The whole page."""
    parts = [INTRODUCTION]
    for stage, cases in groupby(CASES, key=lambda case: case.stage):
        answers = defaultdict(list)
        for case in cases:
            answers[case.outcome, case.finding].append(case.answer)
        rows = [f"| {outcome} | {_finding(finding)} | {prose('; '.join(names))} |" for (outcome, finding), names in answers.items()]
        parts.append("\n".join([f"## {TITLES[stage]}\n", "| outcome | finding | answers |", "| --- | --- | --- |", *rows, ""]))
    others = [f"| {_level(id_)} | {id_} | {prose(ROWS[id_].message)} |" for id_ in sorted(NOT_FROM_ONE_ANSWER)]
    parts.append("\n".join(["## Not from a single answer\n", "| outcome | finding | what is wrong |", "| --- | --- | --- |", *others, ""]))
    return "\n".join(parts)


def _finding(id_) -> str:
    return id_ or "-"


def _level(id_) -> str:
    if ROWS[id_].level == "warning":
        return "warned"
    return "undetermined" if ROWS[id_].undetermined else "failed"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
