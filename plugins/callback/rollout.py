# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Callback: reports the outcome of each environment at the end of a run, as a table and in files."""

from __future__ import annotations

DOCUMENTATION = r"""
name: rollout
type: aggregate
short_description: Report the outcome of each DocBits environment
version_added: 1.0.0
description:
  - Prints one line at the end of the run for each host of M(docbits.ion.environment) and M(docbits.ion.outcome).
  - Writes the same data, with findings, steps and diffs, as JSON, as an HTML page and as JUnit XML. None contains a secret. The diffs are there
    if the run has C(--diff).
  - A host of a play that does one of these tasks and that was not processed is C(not begun), or C(failed, as before) if it failed in an earlier task.
  - A file is written at the start and at the end of a run, so that it never shows an earlier run. In a file of a run that did not end, the outcome of
    each environment is C(unknown).
  - Files have the mode C(0600) and are replaced in one step. A link or another special file is not replaced.
author:
  - docbits.ion contributors (@docbits)
requirements:
  - enable in configuration (C(callbacks_enabled=docbits.ion.rollout))
options:
  report:
    description:
      - Path of the JSON file. Its directory is created if it does not exist.
      - Its format has a version and a L(JSON Schema, https://github.com/docbits/docbits.ion/blob/main/docs/report.schema.json).
    type: path
    env:
      - name: DOCBITS_ION_REPORT
    ini:
      - section: callback_rollout
        key: report
  report_html:
    description: Path of the HTML page. It needs no other file and no network.
    type: path
    env:
      - name: DOCBITS_ION_REPORT_HTML
    ini:
      - section: callback_rollout
        key: report_html
  report_junit:
    description:
      - Path of the JUnit XML file. Each ring is a test suite, each environment a test case.
      - An environment that was not begun is skipped.
    type: path
    env:
      - name: DOCBITS_ION_REPORT_JUNIT
    ini:
      - section: callback_rollout
        key: report_junit
seealso:
  - module: docbits.ion.environments
  - module: docbits.ion.outcome
"""

EXAMPLES = r"""
example: |
  # ansible.cfg
  [defaults]
  callbacks_enabled = docbits.ion.rollout

  [callback_rollout]
  report = report.json
  report_html = report.html
  report_junit = report.xml
"""

import os
import stat
import time

from ansible.errors import AnsibleError
from ansible.plugins.callback import CallbackBase
from ansible.template import Templar

from ansible_collections.docbits.ion.plugins.module_utils._core.private_files import write_text
from ansible_collections.docbits.ion.plugins.plugin_utils import _report

REPORTED = ("docbits.ion.environment", "docbits.ion.outcome")
BATCH = "docbits.ion.environments"
ROLE = "docbits.ion.deploy"
FORMATS = {"report": _report.as_json, "report_html": _report.as_html, "report_junit": _report.as_junit}
COLORS = {_report.CHANGED: "yellow", _report.NOT_BEGUN: "cyan", _report.SKIPPED: "cyan", _report.FAILED: "red", _report.FAILED_BEFORE: "red"}


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "docbits.ion.rollout"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        super().__init__()
        # Plays of all playbooks; the number of the present one; the numbers of those that began.
        self._plays = []
        self._number = -1
        self._begun = set()
        # By host: (number of the play, environment of the report); the task that failed; by host and task: when it began.
        self._environments = {}
        self._failed_tasks = {}
        self._task_starts = {}
        self._check_mode = False
        self._started = time.time()

    def v2_playbook_on_start(self, playbook):
        self._plays += playbook.get_plays()
        if any(map(_is_rollout, self._plays)):
            self._write(self._report(None))

    def v2_playbook_on_play_start(self, play):
        self._number = next((number for number, known in enumerate(self._plays) if known._uuid == play._uuid), len(self._plays))
        self._begun.add(self._number)
        self._ring = play.get_name()
        self._check_mode = bool(play.check_mode)

    def v2_runner_on_start(self, host, task):
        if _action(task) in REPORTED:
            self._task_starts[host.get_name(), task._uuid] = time.time()

    def v2_runner_on_ok(self, result):
        self._take(result, failed=False)

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self._take(result, failed=True)

    def v2_runner_on_unreachable(self, result):
        self._take(result, failed=True)

    def v2_runner_on_skipped(self, result):
        if _action(result._task) in REPORTED:
            self._environments[result._host.get_name()] = self._number, _report.environment(result._host.get_name(), self._ring, _report.SKIPPED)

    def v2_playbook_on_stats(self, stats):
        report = self._report(stats)
        if not report["environments"]:
            return
        rows = _report.as_table(report)
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]) - 1)] + [0]
        self._display.banner("ROLLOUT" + (" (check mode: nothing was changed)" if self._check_mode else ""))
        colors = [None] + [COLORS.get(environment["outcome"], "green") for environment in report["environments"]]
        for row, color in zip(rows, colors):
            self._display.display("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip(), color=color)
        self._write(report)

    def _take(self, result, failed) -> None:
        name = result._host.get_name()
        # Before the result is read, because Ansible copies it then, and the result of a batch is large.
        if _action(result._task) not in REPORTED:
            if failed:
                self._failed_tasks[name] = result._task.get_name()
                # No task shows the outcome of each host then.
                batch = result._result.get("environments", {}) if _action(result._task) == BATCH else {}
                for host, values in batch.items():
                    failed_host = _report.environment(host, self._ring, _report.outcome_of(values, True), values, str(values.get("msg", "")))
                    self._environments[host] = self._number, failed_host
            return
        values = result._result
        began = self._task_starts.pop((name, result._task._uuid), None)
        if began is not None and "started" not in values:
            values = {**values, "started": began, "seconds": round(time.time() - began, 3)}
        message = str(values.get("msg", "")) if failed else ""
        self._environments[name] = self._number, _report.environment(name, self._ring, _report.outcome_of(values, failed), values, message)

    def _report(self, stats) -> dict:
        """The report; of a run that has not ended if stats is None."""
        found, places = dict(self._environments), {}
        for number, play in enumerate(self._plays):
            for place, name in enumerate(_hosts(play) if _is_rollout(play) else ()):
                places[name] = place
                last, known = found.get(name, (-1, None))
                if last < number:
                    found[name] = number, self._unprocessed(name, play, known, stats, number in self._begun)
        # Results of one play arrive in any order.
        in_order = sorted(found.items(), key=lambda item: (item[1][0], places.get(item[0], 0)))
        environments = [environment for _name, (_number, environment) in in_order]
        return _report.as_dict(environments, self._check_mode, self._started, stats and time.time())

    def _unprocessed(self, name, play, known, stats, has_begun) -> dict:
        """A host that a play was to process and did not. known: its environment in an earlier play, or None"""
        if stats is None:
            return _report.environment(name, play.get_name(), _report.UNKNOWN)
        summary = stats.summarize(name)
        if not summary["failures"] and not summary["unreachable"]:
            if known and known["outcome"] == _report.FAILED:
                # In a task that ran once for all hosts.
                return known
            return {**(known or _report.environment(name, "", "")), "ring": play.get_name(), "outcome": _report.NOT_BEGUN}
        if known and not has_begun:
            return known
        failed = known or _report.environment(name, "", "", message=f"the task {self._failed_tasks.get(name, 'before it')} failed")
        return {**failed, "ring": play.get_name(), "outcome": _report.FAILED_BEFORE}

    def _write(self, report) -> None:
        for option, rendered in FORMATS.items():
            path = self.get_option(option)
            if not path:
                continue
            try:
                path = os.path.abspath(path)
                if os.path.lexists(path) and not stat.S_ISREG(os.lstat(path).st_mode):
                    raise OSError(0, "it is a link or another special file")
                write_text(path, rendered(report))
            except OSError as error:
                self._display.warning(f"{path}: the report was not written ({error.strerror}); name another path in {option} of docbits.ion.rollout")


def _action(task) -> str:
    return task.resolved_action or task.action


def _is_rollout(play) -> bool:
    """Whether a play has a task that is reported, as far as this is known before it runs."""
    return any(_action(task) in REPORTED or _includes_role(task) for task in _tasks(play.compile()))


def _includes_role(task) -> bool:
    return getattr(task, "_role_name", None) == ROLE and not task._from_files


def _tasks(blocks):
    for item in blocks:
        if hasattr(item, "block"):
            yield from _tasks([*item.block, *item.rescue, *item.always])
        else:
            yield item


def _hosts(play) -> list:
    """The names of the hosts of a play within the limit of the run."""
    manager = play.get_variable_manager()
    try:
        # The executor does this when it begins a play.
        pattern = Templar(loader=play.get_loader(), variables=manager.get_vars(play=play)).template(play.hosts) if "{{" in str(play.hosts) else play.hosts
        return [host.get_name() for host in manager._inventory.get_hosts(pattern, ignore_restrictions=True)]
    except AnsibleError:
        return []
