# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Callback: reports the outcome of each environment at the end of a run, as a table and as JSON."""

from __future__ import annotations

DOCUMENTATION = r"""
name: rollout
type: aggregate
short_description: Report the outcome of each DocBits environment
version_added: 1.0.0
description:
  - Prints one line at the end of the run for each host of M(docbits.ion.environment) and M(docbits.ion.outcome).
  - Writes the same data as JSON if O(report) is set. Both contain no secrets.
author:
  - docbits.ion contributors (@docbits)
requirements:
  - enable in configuration (C(callbacks_enabled=docbits.ion.rollout))
options:
  report:
    description: Path of the JSON file to write. Its directory is created if it does not exist.
    type: path
    env:
      - name: DOCBITS_ION_REPORT
    ini:
      - section: callback_rollout
        key: report
"""

import json
import os
from collections import Counter

from ansible.plugins.callback import CallbackBase

REPORTED = ("docbits.ion.environment", "docbits.ion.outcome")
BATCH = "docbits.ion.environments"
COLUMNS = ("environment", "ring", "Infor", "exports", "outcome")
PAST = {"create": "created", "update": "updated", "activate": "activated", "deactivate": "deactivated", "remove": "removed"}
# Outcomes of steps that count as done; the banner says that a run in check mode changed nothing.
DONE = ("applied", "planned")


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "docbits.ion.rollout"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        super().__init__()
        self._environments = {}
        self._ring = ""
        self._check_mode = False

    def v2_playbook_on_play_start(self, play):
        self._ring = play.get_name()
        self._check_mode = bool(play.check_mode)

    def v2_runner_on_ok(self, result):
        self._take(result, failed=False)

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self._take(result, failed=True)

    def v2_runner_on_unreachable(self, result):
        self._take(result, failed=True)

    def v2_playbook_on_stats(self, stats):
        if not self._environments:
            return
        rows = [COLUMNS] + [tuple(environment[column] for column in COLUMNS) for environment in self._environments.values()]
        widths = [max(len(row[index]) for row in rows) for index in range(len(COLUMNS) - 1)] + [0]
        self._display.banner("ROLLOUT" + (" (check mode: nothing was changed)" if self._check_mode else ""))
        for row in rows:
            self._display.display("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip(), color=_color(row))
        path = self.get_option("report")
        if path:
            os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
            with open(path, "w", encoding="utf-8") as file:
                json.dump({"check_mode": self._check_mode, "environments": list(self._environments.values())}, file, indent=2)
                file.write("\n")

    def _take(self, result, failed) -> None:
        # Before the result is read, because Ansible copies it then, and the result of a batch is large.
        action = result._task.resolved_action or result._task.action
        if action in REPORTED:
            self._add(result._host.get_name(), result._result, failed)
        elif action == BATCH and failed:
            # No task shows the outcome of each host then.
            for name, values in result._result.get("environments", {}).items():
                self._add(name, values, bool(values.get("failed")))

    def _add(self, name, values, failed) -> None:
        self._environments[name] = {
            "environment": name,
            "ring": self._ring,
            "Infor": _proofs(values),
            "exports": _exports(values),
            "outcome": _outcome(values, failed),
            "findings": values.get("findings", []),
            "steps": values.get("steps", []),
        }


def _proofs(values) -> str:
    connections = values.get("connections") or ({"": values["connection"]} if "connection" in values else {})
    return ", ".join(sorted({str(connection.get("outcome", "")) for connection in connections.values()})) or "-"


def _exports(values) -> str:
    steps = values.get("steps", ())
    done = Counter(step["action"] for step in steps if step["outcome"] in DONE)
    unknown = sum(step["outcome"] == "unknown" for step in steps)
    changes = ", ".join([f"{count} {PAST.get(action, action)}" for action, count in sorted(done.items())] + [f"{unknown} unknown"] * bool(unknown))
    declared = len(values.get("exports", ()))
    return changes or (f"{declared} as declared" if declared else "-")


def _outcome(values, failed) -> str:
    if failed:
        return f"failed: {values.get('msg', '')}"
    if values.get("stopped_after"):
        return {"parse": "files validated", "prove": "authentication tested"}.get(values["stopped_after"], "")
    return "changed" if values.get("changed") else "unchanged"


def _color(row):
    return {"outcome": None, "changed": "yellow"}.get(row[-1], "red" if row[-1].startswith("failed") else "green")
