# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes docs/runbook.md from the catalogue of the role request: `python tests/docs/generate_runbook.py`."""

from __future__ import annotations

from pathlib import Path

import yaml

from ansible_collections.docbits.ion.plugins.module_utils._core.runbook import STEPS
from ansible_collections.docbits.ion.tests.docs.prose import prose

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "runbook.md"
CATALOGUE = ROOT / "roles/request/vars/main/en.yml"

INTRODUCTION = """\
<!-- Written by tests/docs/generate_runbook.py from the table of steps and the English catalogue of the role request. Do not edit. -->

# Steps of the runbook

The playbook `docbits.ion.request_ion` writes the runbook of each environment: what a person does in Infor and DocBits, because there is no API for it.
If a step was skipped or done otherwise, the message of the check ends with its number, such as `(runbook step 7)`.

| step | what is done | findings that it mends |
| --- | --- | --- |
"""


def page() -> str:
    """The whole page."""
    texts = yaml.safe_load(CATALOGUE.read_text(encoding="utf-8"))["request_texts_en"]["steps"]
    rows = [f"| {number} | {prose(texts[name]['title'])} | {', '.join(ids) or '-'} |" for number, (name, ids) in enumerate(STEPS.items(), 1)]
    return INTRODUCTION + "\n".join([*rows, ""])


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
