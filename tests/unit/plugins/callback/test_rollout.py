# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rollout report: one row for each host, from the result of its last task."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from ansible_collections.docbits.ion.plugins.callback.rollout import CallbackModule


class Display:
    """Collects what is shown."""

    def __init__(self):
        self.banners, self.lines = [], []

    def banner(self, text):
        self.banners.append(text)

    def display(self, text, color=None):
        self.lines.append((text, color))


@pytest.fixture
def report(tmp_path):
    """The callback in a play; `add` adds the result of a host, `end` ends the run and returns rows, colors and the JSON file."""

    class Report(CallbackModule):
        path = str(tmp_path / "reports/rollout.json")

        def get_option(self, name):
            return self.path

        def add(self, host, result, action="docbits.ion.outcome", handler="v2_runner_on_ok"):
            task = SimpleNamespace(resolved_action=action, action="outcome")
            getattr(self, handler)(SimpleNamespace(_task=task, _host=SimpleNamespace(get_name=lambda: host), _result=result))

        def end(self):
            self.v2_playbook_on_stats(None)
            rows = [[cell for cell in line.split("  ") if cell] for line, _color in self._display.lines]
            return [[cell.strip() for cell in row] for row in rows], [color for _line, color in self._display.lines]

    made = Report()
    made._display = Display()
    made.v2_playbook_on_play_start(SimpleNamespace(get_name=lambda: "Deploy to the canary ring", check_mode=False))
    return made


def steps(*pairs):
    """Steps of a result."""
    return [{"action": action, "outcome": outcome} for action, outcome in pairs]


CHANGED = {"changed": True, "exports": [{}, {}], "steps": steps(("create", "applied"), ("update", "applied"), ("create", "applied"))}


@pytest.mark.parametrize(
    ("result", "infor", "exports", "outcome", "color"),
    [
        (CHANGED, "-", "2 created, 1 updated", "changed", "yellow"),
        ({"changed": False, "exports": [{}, {}]}, "-", "2 as declared", "unchanged", "green"),
        ({"changed": False, "stopped_after": "parse"}, "-", "-", "files validated", "green"),
        ({"changed": False, "stopped_after": "prove", "connections": {"a": {"outcome": "proved"}}}, "proved", "-", "authentication tested", "green"),
        ({"changed": False, "connection": {"outcome": "proved"}}, "proved", "-", "unchanged", "green"),
        ({"changed": True, "steps": steps(("create", "planned"), ("remove", "planned"))}, "-", "1 created, 1 removed", "changed", "yellow"),
        ({"changed": True, "steps": steps(("remove", "unknown"), ("create", "rolled_back"), ("update", "not_run"))}, "-", "1 unknown", "changed", "yellow"),
        (
            {"changed": True, "steps": steps(("update", "applied"), ("create", "unknown"))},
            "-",
            "1 updated, 1 unknown",
            "changed",
            "yellow",
        ),
    ],
)
def test_report_has_a_row_for_the_result_of_a_host(report, result, infor, exports, outcome, color):
    report.add("one", result)
    rows, colors = report.end()
    assert rows == [["environment", "ring", "Infor", "exports", "outcome"], ["one", "Deploy to the canary ring", infor, exports, outcome]]
    assert colors == [None, color]


@pytest.mark.parametrize("handler", ["v2_runner_on_failed", "v2_runner_on_unreachable"])
def test_report_of_a_failed_host_has_the_message(report, handler):
    report.add("one", {"msg": "a: b; c [DB05]", "changed": False}, handler=handler)
    rows, colors = report.end()
    assert rows[1][-1] == "failed: a: b; c [DB05]" and colors[1] == "red"


def test_report_ignores_other_modules(report):
    report.add("one", CHANGED, action="docbits.ion.environments")
    report.add("two", CHANGED, action="ansible.builtin.debug")
    assert report.end() == ([], []) and report._display.banners == []


def test_report_of_a_host_with_two_results_has_the_last_one(report):
    report.add("one", CHANGED)
    report.add("one", {"changed": False, "exports": [{}]}, action="docbits.ion.environment")
    assert [row[-1] for row in report.end()[0][1:]] == ["unchanged"]


def test_report_is_written_as_json_with_findings_and_steps(report):
    finding = {"id": "DB05", "level": "error"}
    report.add("one", {**CHANGED, "findings": [finding]})
    report.end()
    with open(report.path, encoding="utf-8") as file:
        written = json.load(file)
    assert written["check_mode"] is False
    assert [(row["environment"], row["findings"], row["steps"]) for row in written["environments"]] == [("one", [finding], CHANGED["steps"])]


def test_report_in_check_mode_says_so(report):
    report.v2_playbook_on_play_start(SimpleNamespace(get_name=lambda: "Deploy", check_mode=True))
    report.add("one", CHANGED)
    report.end()
    assert report._display.banners == ["ROLLOUT (check mode: nothing was changed)"]


def test_report_without_a_path_writes_nothing(report, tmp_path):
    report.path = None
    report.add("one", CHANGED)
    report.end()
    assert list(tmp_path.iterdir()) == []
