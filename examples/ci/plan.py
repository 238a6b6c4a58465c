# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prints the JSON report of docbits.ion.rollout as Markdown, for a comment on a pull request. Usage: plan.py report.json"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

# GitHub takes 65,536 characters in a comment.
LONGEST = 60_000


def markdown(report: dict) -> str:
    """A table of the environments, then the diff and the findings of each that has some."""
    rows = report["environments"]
    changed = sum(row["outcome"] == "changed" for row in rows)
    verb = "would change" if report["check_mode"] else "changed"
    lines = [f"### docbits.ion: {changed} of {len(rows)} environments {verb}", "", "| environment | Infor | exports | outcome |", "|---|---|---|---|"]
    lines += [f"| {cell(row['environment'])} | {cell(row['infor'])} | {cell(row['exports'])} | {cell(outcome(row))} |" for row in rows]
    text = "\n".join(lines) + "\n"
    for row in rows:
        details = section(row)
        if len(text) + len(details) > LONGEST:
            return f"{text}\nThe rest is too long for a comment; see the report in the artifacts.\n"
        text += details
    return text


def section(row) -> str:
    """The diff and the findings of an environment, to be opened with a click."""
    findings = "".join(f"- {finding['level']}: {cell('{where}: {message}; {action} [{id}]'.format(**finding))}\n" for finding in row["findings"])
    # A fence that is longer than any in the diff.
    fence = "`" * max([3, *(len(found) + 1 for found in re.findall("`{3,}", row["diff"]))])
    diff = f"{fence}diff\n{row['diff']}\n{fence}\n" if row["diff"] else ""
    body = "\n".join(part for part in (findings, diff) if part)
    return f"\n<details><summary>{cell(row['environment'])}</summary>\n\n{body}\n</details>\n" if body else ""


def outcome(row) -> str:
    return f"{row['outcome']}: {row['message']}" if row["message"] else row["outcome"]


def cell(text: str) -> str:
    """Text that cannot end a cell of a table and is no HTML, no link and no mention."""
    escaped = re.sub(r"([\\|*_`\[\]])", r"\\\1", text).replace("&", "&amp;").replace("<", "&lt;").replace("@", "@\u200b")
    return " ".join(escaped.split())


if __name__ == "__main__":
    print(markdown(json.loads(Path(sys.argv[1]).read_text())), end="")
