# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report of a rollout, from the results of its environments: as JSON, as a page and as JUnit XML. Private to the collection."""

from __future__ import annotations

import difflib
import json
import os
import re
from collections import Counter
from datetime import datetime, timezone
from xml.etree import ElementTree

import jinja2

# Raised with every change of the JSON that a reader may notice, except new keys; docs/report.schema.json describes it.
VERSION = 1
SCHEMA = "https://github.com/docbits/docbits.ion/blob/main/docs/report.schema.json"

# Outcomes of an environment, besides those in _STOPPED.
CHANGED, UNCHANGED, SKIPPED, FAILED = "changed", "unchanged", "skipped", "failed"
# It failed in an earlier task, so its ring did not process it.
FAILED_BEFORE = "failed, as before"
NOT_BEGUN = "not begun"
# In a report that was begun and not ended.
UNKNOWN = "unknown"
_STOPPED = {"parse": "files validated", "prove": "authentication tested"}

STAGES = ("parse", "prove", "plan", "apply", "verify")
_PAST = {"create": "created", "update": "updated", "activate": "activated", "deactivate": "deactivated", "remove": "removed"}
# Outcomes of steps that count as done; a report in check mode says that nothing was changed.
_DONE = ("applied", "planned")
# Characters that neither XML nor a page can hold.
_INVALID = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def environment(name: str, ring: str, outcome: str, values=None, message: str = "") -> dict:
    """An environment of the report.

    ring:   name of the play
    values: the result of its task, if it has one
    """
    values = values or {}
    connections = values.get("connections") or ({"": values["connection"]} if "connection" in values else {})
    return {
        "environment": name,
        "ring": ring,
        "outcome": outcome,
        "message": message,
        "infor": ", ".join(sorted({str(connection.get("outcome", "")) for connection in connections.values()})) or "-",
        "exports": _exports(values),
        "stages": _stages(values, outcome),
        "connections": {label: connection.get("stages", {}) for label, connection in connections.items()},
        "findings": values.get("findings", []),
        "steps": values.get("steps", []),
        "diff": _unified(values.get("diff")),
        "started": _iso(values["started"]) if "started" in values else None,
        "seconds": values.get("seconds"),
    }


def outcome_of(values, failed: bool) -> str:
    """The outcome of an environment with this result."""
    if failed:
        return FAILED
    return _STOPPED.get(values.get("stopped_after")) or (CHANGED if values.get("changed") else UNCHANGED)


def as_dict(environments, check_mode: bool, started: float, finished=None) -> dict:
    """The report. Times in seconds since 1970; `finished` is None while the run has not ended."""
    return {
        "$schema": SCHEMA,
        "version": VERSION,
        "check_mode": check_mode,
        "started": _iso(started),
        "finished": finished and _iso(finished),
        "seconds": finished and round(finished - started, 3),
        "environments": environments,
    }


def as_json(report) -> str:
    """The report as JSON."""
    return json.dumps(report, indent=2) + "\n"


def as_html(report) -> str:
    """The report as a page that needs nothing else."""
    templates = jinja2.FileSystemLoader(os.path.dirname(__file__))
    jinja = jinja2.Environment(loader=templates, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    rings: dict = {}
    for row in report["environments"]:
        rings.setdefault(row["ring"], []).append({**row, "bar": _bar(row, report), **_remains(row)})
    counts = Counter(row["outcome"] for row in report["environments"])
    return _INVALID.sub("\N{REPLACEMENT CHARACTER}", jinja.get_template("_report.html.j2").render(report=report, rings=rings, counts=counts, stages=STAGES))


def as_junit(report) -> str:
    """The report as JUnit XML: a test suite for each ring, a test case for each environment."""
    suites = ElementTree.Element("testsuites", name="docbits.ion.rollout", time=str(report["seconds"] or 0))
    for ring in dict.fromkeys(row["ring"] for row in report["environments"]):
        rows = [row for row in report["environments"] if row["ring"] == ring]
        counts = Counter(_JUNIT.get(row["outcome"]) for row in rows)
        totals = {"tests": len(rows), "failures": counts["failure"], "errors": counts["error"], "skipped": counts["skipped"]}
        suite = ElementTree.SubElement(suites, "testsuite", {"name": _valid(ring), **{name: str(total) for name, total in totals.items()}})
        for row in rows:
            case = ElementTree.SubElement(suite, "testcase", classname=_valid(ring), name=_valid(row["environment"]), time=str(row["seconds"] or 0))
            if row["outcome"] in _JUNIT:
                ElementTree.SubElement(case, _JUNIT[row["outcome"]], message=_valid(_cell(row)))
            lines = [f"exports: {row['exports']}", *("{level}: {where}: {message}; {action} [{id}]".format(**finding) for finding in row["findings"])]
            ElementTree.SubElement(case, "system-out").text = _valid("\n".join([*lines, row["diff"]]))
    ElementTree.indent(suites)
    return ElementTree.tostring(suites, encoding="utf-8", xml_declaration=True).decode() + "\n"


# The element of a test case that did not pass.
_JUNIT = {FAILED: "failure", FAILED_BEFORE: "failure", UNKNOWN: "error", NOT_BEGUN: "skipped", SKIPPED: "skipped"}


def as_table(report) -> list:
    """The rows of the table at the end of a run, with the names of the columns first."""
    rows = [(row["environment"], row["ring"], row["infor"], row["exports"], _cell(row)) for row in report["environments"]]
    return [("environment", "ring", "Infor", "exports", "outcome"), *rows]


def _cell(row) -> str:
    return f"{row['outcome']}: {row['message']}" if row["message"] else row["outcome"]


def _exports(values) -> str:
    outcomes = Counter(step["outcome"] for step in values.get("steps", ()))
    done = Counter(step["action"] for step in values.get("steps", ()) if step["outcome"] in _DONE)
    counts = [f"{count} {_PAST.get(action, action)}" for action, count in sorted(done.items())]
    counts += [f"{outcomes[outcome]} {shown}" for outcome, shown in (("rolled_back", "rolled back"), ("unknown", "unknown")) if outcomes[outcome]]
    declared = len(values.get("exports", ()))
    return ", ".join(counts) or (f"{declared} as declared" if declared else "-")


def _stages(values, outcome) -> dict:
    """passed, failed or not run, for each of STAGES."""
    last = STAGES.index(_last_stage(values, outcome)) if values and outcome != SKIPPED else -1
    reached = {stage: "passed" if number <= last else "not run" for number, stage in enumerate(STAGES)}
    return {**reached, STAGES[last]: "failed"} if last >= 0 and outcome in (FAILED, FAILED_BEFORE) else reached


def _last_stage(values, outcome) -> str:
    error = next((finding["id"] for finding in values.get("findings", ()) if finding["level"] == "error"), "")
    if values.get("stopped_after"):
        return values["stopped_after"]
    if values.get("steps"):
        return "apply" if outcome == FAILED and not error.startswith("DV") else "plan" if values["steps"][0]["outcome"] == "planned" else "verify"
    if outcome != FAILED or "connections" in values:
        is_proved = all(connection.get("outcome") in ("proved", "partial") for connection in values.get("connections", {}).values())
        return "plan" if is_proved or outcome != FAILED or error.startswith(("DB", "DC", "E", "P")) else "prove"
    return "parse"


def _unified(diff) -> str:
    if not diff:
        return ""
    before, after = (json.dumps(diff[side], indent=2, ensure_ascii=False).split("\n") for side in ("before", "after"))
    name = diff.get("before_header", "")
    return "\n".join(difflib.unified_diff(before, after, f"before: {name}", f"after: {name}", lineterm=""))


def _remains(row) -> dict:
    """What a failed environment rolled back and what it left."""
    steps = row["steps"] if row["outcome"] in (FAILED, FAILED_BEFORE) else ()
    rolled_back = [step for step in steps if step["outcome"] == "rolled_back"]
    return {"rolled_back": rolled_back, "left": [step for step in steps if step["outcome"] in ("applied", "unknown")]}


def _bar(row, report):
    """(start, width) of an environment in the time of the run, in percent, or None."""
    if row["started"] is None or not report["seconds"]:
        return None
    start = (datetime.fromisoformat(row["started"]) - datetime.fromisoformat(report["started"])).total_seconds()
    return max(0.0, min(99.0, 100 * start / report["seconds"])), max(1.0, min(100.0, 100 * row["seconds"] / report["seconds"]))


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).isoformat(timespec="milliseconds")


def _valid(text: str) -> str:
    return _INVALID.sub("\N{REPLACEMENT CHARACTER}", text)
