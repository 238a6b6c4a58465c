# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The step of the runbook (role docbits.ion.request) that mends a finding. Private to the collection."""

from __future__ import annotations

# The steps in the order of the page, and the findings that follow if a step is skipped or done otherwise.
# A finding without one cause, such as an undetermined one, names no step.
STEPS = {
    "tenant": ("T08",),
    "user": (),
    "roles": ("G04", "R02", "R03", "R04", "R05"),
    "open": (),
    "add": ("D02",),
    "type": ("A05", "A06", "D01", "K10"),
    "refresh_tokens": ("A11", "A12", "A14", "A20"),
    "scopes": ("A07", "J02", "V04"),
    "save": (),
    "download": ("A01", "A03", "G01", "G02", "G06", "J01", "N10", "N11"),
    "service_account": ("A02", "A04", "A18", "K03", "K04", "M01", "R01"),
    "keep": ("F02", "F03", "F06", "K08", "L01"),
    "encrypt": ("F08",),
    "delete": (),
    "api_key": (),
    "connection_point": ("I01", "I02", "I03", "I05"),
    "validate": (),
    "prove": (),
    "export": (),
    "files": (),
    "document": (),
}
_NUMBERS = {id_: number for number, ids in enumerate(STEPS.values(), 1) for id_ in ids}


def reference(id_: str) -> str:
    """The end of a sentence about the finding, such as " (runbook step 7)"; empty if no step mends it."""
    return f" (runbook step {_NUMBERS[id_]})" if id_ in _NUMBERS else ""
