# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Event source for ansible-rulebook: environments that are not as declared, and credentials that are refused or old."""

from __future__ import annotations

import asyncio
import glob
import json
import os
import subprocess
import tempfile
import time

DOCUMENTATION = r"""
short_description: Watch DocBits environments for drift, and their credentials for health and age
description:
  - Runs an audit at a gentle pace and sends an event for each problem. The audit changes nothing.
  - The key C(docbits) of an event has C(environment), C(message), C(findings) (ids of findings), and C(problem), which is C(drift), C(credentials) if
    Infor refused them, C(age), or C(failed) for everything else. No event contains a secret.
  - The key C(meta.hosts) is the environment, so that an action runs for it alone.
options:
  inventory:
    description: Path of the inventory.
    type: str
    required: true
  playbook:
    description: The playbook that audits the environments.
    type: str
    default: docbits.ion.audit_ion
  interval:
    description:
      - Seconds between two audits, 900 at least. Each audit takes one login for each ION API file. Infor allows 20 a minute and 1,000 a day for each
        tenant, which production uses, too.
    type: float
    default: 86400
  credentials:
    description: Pattern of the paths of the ION API files, such as C(ionapi/*.ionapi). The name of a file is that of its environment.
    type: str
  max_age_days:
    description: Age of an ION API file, since its last commit or else its last change, from which on it is a problem.
    type: int
    default: 180
"""

EXAMPLES = r"""
- docbits.ion.audit:
    inventory: inventory
    credentials: ionapi/*.ionapi
    max_age_days: 90
"""

DAY = 86400
SHORTEST_INTERVAL = 900
# Outcomes of the report that are no problem.
GOOD = ("unchanged", "skipped", "authentication tested", "files validated")


async def main(queue: asyncio.Queue, args: dict) -> None:
    """Put the events of one audit after the other into the queue."""
    while True:
        for event in [*await _audited(args), *_aged(args)]:
            await queue.put({"docbits": event, "meta": {"hosts": event["environment"]}})
        await asyncio.sleep(max(SHORTEST_INTERVAL, float(args.get("interval", DAY))))


async def _audited(args) -> list:
    with tempfile.TemporaryDirectory() as folder:
        report = os.path.join(folder, "report.json")
        command = ["ansible-playbook", "-i", args["inventory"], args.get("playbook", "docbits.ion.audit_ion")]
        environment = {**os.environ, "ANSIBLE_CALLBACKS_ENABLED": "docbits.ion.rollout", "DOCBITS_ION_REPORT": report}
        process = await asyncio.create_subprocess_exec(*command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        try:
            await process.wait()
        except asyncio.CancelledError:
            process.terminate()
            raise
        if not os.path.exists(report):
            return [_event("failed", "all", f"{command[-1]} ended with {process.returncode} and without a report", [])]
        with open(report, encoding="utf-8") as file:
            rows = json.load(file)["environments"]
    return [
        _event(_problem(row), row["environment"], row["message"] or row["exports"], [finding["id"] for finding in row["findings"]])
        for row in rows
        if row["outcome"] not in GOOD
    ]


def _problem(row) -> str:
    if row["stages"]["prove"] == "failed":
        return "credentials"
    return "drift" if row["steps"] else "failed"


def _aged(args) -> list:
    limit = int(args.get("max_age_days", 180))
    ages = {path: int((time.time() - _changed(path)) // DAY) for path in sorted(glob.glob(args.get("credentials") or ""))}
    return [
        _event("age", os.path.splitext(os.path.basename(path))[0], f"{os.path.basename(path)} is {days} days old", [])
        for path, days in ages.items()
        if days >= limit
    ]


def _changed(path) -> float:
    """When a file was changed last: in git, because a checkout makes every file new."""
    command = ["git", "-C", os.path.dirname(os.path.abspath(path)), "log", "-1", "--format=%ct", "--", os.path.basename(path)]
    try:
        text = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    except OSError:
        text = ""
    return float(text) if text else os.path.getmtime(path)


def _event(problem, environment, message, findings) -> dict:
    return {"problem": problem, "environment": environment, "message": message, "findings": findings}
