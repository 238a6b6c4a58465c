# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rollout report: one row for each host, from the result of its last task or from the play that was to process it."""

from __future__ import annotations

import json
import os
import uuid
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree

import jsonschema
import pytest
from ansible.errors import AnsibleError

from ansible_collections.docbits.ion.plugins.callback import rollout

SCHEMA = json.loads((Path(__file__).resolve().parents[4] / "docs/report.schema.json").read_text())


class Display:
    """Collects what is shown."""

    def __init__(self):
        self.banners, self.lines, self.warnings = [], [], []

    def banner(self, text):
        self.banners.append(text)

    def display(self, text, color=None):
        self.lines.append((text, color))

    def warning(self, text):
        self.warnings.append(text)


def a_task(action="docbits.ion.outcome", role=None, name="Check"):
    """A task as a callback sees it."""
    return SimpleNamespace(resolved_action=action, action="outcome", _role_name=role, _from_files={}, _uuid=uuid.uuid4(), get_name=lambda: name)


def a_play(name, hosts, *tasks, check_mode=False):
    """A play of these hosts; AnsibleError if the pattern of its hosts is none."""

    def get_hosts(pattern, ignore_restrictions):
        if pattern == "error":
            raise AnsibleError("no such pattern")
        return [SimpleNamespace(get_name=lambda host=host: host) for host in pattern.split(",") if host]

    block = SimpleNamespace(block=list(tasks or [a_task()]), rescue=[], always=[])
    manager = SimpleNamespace(_inventory=SimpleNamespace(get_hosts=get_hosts), get_vars=lambda play: {"group": "three"})
    return SimpleNamespace(
        get_name=lambda: name,
        check_mode=check_mode,
        hosts=hosts,
        _uuid=uuid.uuid4(),
        compile=lambda: [SimpleNamespace(block=[block], rescue=[], always=[])],
        get_variable_manager=lambda: manager,
        get_loader=lambda: None,
    )


CANARY = "Deploy to the canary ring"


@pytest.fixture
def report(tmp_path):
    """The callback in a play that it does not know before it begins; `add` adds the result of a host, `end` ends the run."""

    class Report(rollout.CallbackModule):
        path = str(tmp_path / "reports/rollout")

        def add(self, host, result, action="docbits.ion.outcome", handler="v2_runner_on_ok"):
            task, host = a_task(action), SimpleNamespace(get_name=lambda name=host: name)
            self.v2_runner_on_start(host, task)
            getattr(self, handler)(SimpleNamespace(_task=task, _host=host, _result=result))

        def end(self, failed=()):
            """Returns the rows of the table and their colors."""
            self.v2_playbook_on_stats(SimpleNamespace(summarize=lambda host: {"failures": host in failed, "unreachable": 0}))
            rows = [[cell for cell in line.split("  ") if cell] for line, _color in self._display.lines]
            return [[cell.strip() for cell in row] for row in rows], [color for _line, color in self._display.lines]

        def read(self):
            """The JSON file, which is valid."""
            written = json.loads(Path(f"{self.path}.json").read_text())
            jsonschema.validate(written, SCHEMA)
            return written

        def outcomes(self):
            return {row["environment"]: (row["ring"], row["outcome"], row["message"]) for row in self.read()["environments"]}

    made = Report()
    # Versions of ansible-core give its parameter different names, so that an override suits pylint in some only.
    made.get_option = lambda name: made.path and made.path + {"report": ".json", "report_html": ".html", "report_junit": ".xml"}[name]
    made._display = Display()
    made.v2_playbook_on_play_start(a_play(CANARY, "one"))
    return made


def steps(*pairs):
    """Steps of a result."""
    return [{"action": action, "outcome": outcome, "export": "A", "id": "7", "reason": "", "reversible": True} for action, outcome in pairs]


CHANGED = {"changed": True, "exports": [{}, {}], "steps": steps(("create", "applied"), ("update", "applied"), ("create", "applied"))}
PROVED = {"a.ionapi": {"outcome": "proved", "stages": {"token": "passed"}}}
FINDING = {"id": "DB05", "level": "error", "where": "a", "message": "b", "action": "c"}


@pytest.mark.parametrize(
    ("result", "infor", "exports", "outcome", "color"),
    [
        (CHANGED, "-", "2 created, 1 updated", "changed", "yellow"),
        ({"changed": False, "exports": [{}, {}]}, "-", "2 as declared", "unchanged", "green"),
        ({"changed": False, "stopped_after": "parse"}, "-", "-", "files validated", "green"),
        ({"changed": False, "stopped_after": "prove", "connections": {"a": {"outcome": "proved"}}}, "proved", "-", "authentication tested", "green"),
        ({"changed": False, "connection": {"outcome": "proved"}}, "proved", "-", "unchanged", "green"),
        ({"changed": True, "steps": steps(("create", "planned"), ("remove", "planned"))}, "-", "1 created, 1 removed", "changed", "yellow"),
        (
            {"changed": True, "steps": steps(("remove", "unknown"), ("create", "rolled_back"), ("update", "not_run"))},
            "-",
            "1 rolled back, 1 unknown",
            "changed",
            "yellow",
        ),
        ({"changed": True, "steps": steps(("update", "applied"), ("create", "unknown"))}, "-", "1 updated, 1 unknown", "changed", "yellow"),
    ],
)
def test_report_has_a_row_for_the_result_of_a_host(report, result, infor, exports, outcome, color):
    report.add("one", result)
    rows, colors = report.end()
    assert rows == [["environment", "ring", "Infor", "exports", "outcome"], ["one", CANARY, infor, exports, outcome]]
    assert colors == [None, color]


@pytest.mark.parametrize("handler", ["v2_runner_on_failed", "v2_runner_on_unreachable"])
def test_report_of_a_failed_host_has_the_message(report, handler):
    report.add("one", {"msg": "a: b; c [DB05]", "changed": False}, handler=handler)
    rows, colors = report.end()
    assert rows[1][-1] == "failed: a: b; c [DB05]" and colors[1] == "red"


def test_report_of_a_skipped_host_says_so(report):
    report.add("one", {}, handler="v2_runner_on_skipped")
    rows, colors = report.end()
    assert rows[1][-1] == "skipped" and colors[1] == "cyan"


def test_report_ignores_other_modules(report):
    report.add("one", CHANGED, action="docbits.ion.environments")
    report.add("two", CHANGED, action="ansible.builtin.debug")
    report.add("two", CHANGED, action="ansible.builtin.debug", handler="v2_runner_on_skipped")
    assert report.end() == ([], []) and report._display.banners == []


def test_report_of_a_failed_check_of_the_fleet_has_the_environments_that_failed(report):
    report._plays = [a_play("Check the whole fleet", "localhost", a_task("docbits.ion.environments")), a_play(CANARY, "one,two")]
    report.v2_playbook_on_play_start(report._plays[0])
    failed = {"environments": {"two": {"failed": True, "msg": "api_key: it is empty [E24]"}}}
    report.add("localhost", failed, action="docbits.ion.environments", handler="v2_runner_on_failed")
    rows, _colors = report.end(failed=["localhost"])
    assert {row[0]: row[-1] for row in rows[1:]} == {"one": "not begun", "two": "failed: api_key: it is empty [E24]"}


def test_report_of_a_host_with_two_results_has_the_last_one(report):
    report.add("one", CHANGED)
    report.add("one", {"changed": False, "exports": [{}]}, action="docbits.ion.environment")
    assert [row[-1] for row in report.end()[0][1:]] == ["unchanged"]


def test_report_is_written_as_json_with_findings_steps_and_times(report):
    report.add("one", {**CHANGED, "connections": PROVED, "findings": [FINDING], "started": 1.7e9, "seconds": 2.5})
    report.add("two", CHANGED)
    report.end()
    written = report.read()
    [one, two] = written["environments"]
    assert (written["version"], written["check_mode"]) == (1, False) and written["finished"] >= written["started"]
    assert (one["environment"], one["findings"], one["steps"]) == ("one", [FINDING], CHANGED["steps"])
    assert (one["started"], one["seconds"], one["connections"]) == ("2023-11-14T22:13:20.000+00:00", 2.5, {"a.ionapi": {"token": "passed"}})
    # From the start of the task to its result, if the result has no times of its own.
    assert two["started"] >= written["started"] and 0 <= two["seconds"] <= written["seconds"] + 1


def test_report_in_check_mode_says_so(report):
    report.v2_playbook_on_play_start(a_play("Deploy", "one", check_mode=True))
    report.add("one", CHANGED)
    report.end()
    assert report._display.banners == ["ROLLOUT (check mode: nothing was changed)"] and report.read()["check_mode"] is True


def test_report_without_a_path_writes_nothing(report, tmp_path):
    report.path = None
    report.add("one", CHANGED)
    report.end()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("result", "failed", "passed"),
    [
        ({"stopped_after": "parse"}, None, 1),
        ({"findings": [FINDING]}, "parse", 0),
        ({"stopped_after": "prove"}, None, 2),
        ({"connections": {"a": {"outcome": "refused"}}, "findings": [{**FINDING, "id": "A01"}]}, "prove", 1),
        ({"connections": {"a": {"outcome": "undetermined"}}, "findings": [FINDING]}, "plan", 2),
        ({"connections": PROVED, "findings": [{**FINDING, "id": "N01"}]}, "plan", 2),
        ({"connections": PROVED}, None, 3),
        ({"steps": steps(("create", "planned"))}, None, 3),
        ({"steps": steps(("create", "rolled_back")), "findings": [FINDING]}, "apply", 3),
        ({"steps": steps(("create", "rolled_back")), "findings": [{**FINDING, "id": "DV01"}]}, "verify", 4),
        ({"steps": steps(("create", "applied"))}, None, 5),
    ],
)
def test_report_shows_which_stage_an_environment_reached(report, result, failed, passed):
    report.add("one", result, handler="v2_runner_on_failed" if failed else "v2_runner_on_ok")
    report.end()
    stages = report.read()["environments"][0]["stages"]
    assert [stage for stage, outcome in stages.items() if outcome == "failed"] == ([failed] if failed else [])
    assert list(stages.values())[:passed] == ["passed"] * passed and list(stages.values()).count("passed") == passed


# Environments that were not processed


def test_report_of_a_stopped_run_has_the_environments_of_rings_that_were_not_begun(report, trusted):
    plays = [
        a_play("Others", "localhost", a_task("ansible.builtin.debug")),
        a_play("Canary", "one"),
        a_play("Early", "error"),
        a_play("Broad", trusted("{{ group }}"), a_task("ansible.builtin.include_role", rollout.ROLE)),
    ]
    report.v2_playbook_on_start(SimpleNamespace(get_plays=lambda: plays))
    for play in plays[:2]:
        report.v2_playbook_on_play_start(play)
    report.add("one", {"msg": "m"}, handler="v2_runner_on_failed")
    rows, colors = report.end(failed=["one"])
    assert report.outcomes() == {"one": ("Canary", "failed", "m"), "three": ("Broad", "not begun", "")}
    assert rows[2] == ["three", "Broad", "-", "-", "not begun"] and colors == [None, "red", "cyan"]


def test_report_of_a_host_that_failed_in_an_earlier_task_says_so(report):
    plays = [a_play("Look at all", "one,two,three,four"), a_play("Canary", "one,two,three"), a_play("Early", "four")]
    report.v2_playbook_on_start(SimpleNamespace(get_plays=lambda: plays))
    report.v2_playbook_on_play_start(plays[0])
    report.add("one", {"msg": "m", "findings": [FINDING]}, handler="v2_runner_on_failed")
    report.add("three", {"stopped_after": "parse"})
    report.add("four", {"msg": "n"}, handler="v2_runner_on_failed")
    report.v2_playbook_on_play_start(plays[1])
    report.add("two", {"msg": "a secret of another module"}, action="ansible.builtin.assert", handler="v2_runner_on_failed")
    report.end(failed=["one", "two", "four"])
    assert report.outcomes() == {
        "four": ("Look at all", "failed", "n"),
        "one": ("Canary", "failed, as before", "m"),
        "two": ("Canary", "failed, as before", "the task Check failed"),
        "three": ("Canary", "not begun", ""),
    }
    # What the earlier task found stays.
    assert [row["findings"] for row in report.read()["environments"] if row["environment"] == "one"] == [[FINDING]]


# Files


def test_report_at_the_start_replaces_that_of_an_earlier_run_and_knows_no_outcome(report, tmp_path):
    report.add("one", CHANGED)
    report.end()
    report._environments.clear()
    report.v2_playbook_on_start(SimpleNamespace(get_plays=lambda: [a_play("Canary", "one,two")]))
    assert report.read()["finished"] is None
    assert report.outcomes() == {"one": ("Canary", "unknown", ""), "two": ("Canary", "unknown", "")}
    assert "This run has not ended" in Path(f"{report.path}.html").read_text()


def test_report_of_a_playbook_without_environments_is_left(report):
    report.add("one", CHANGED)
    report.end()
    before = report.read()
    report._environments.clear()
    report.v2_playbook_on_start(SimpleNamespace(get_plays=lambda: [a_play("Others", "one", a_task("ansible.builtin.debug"))]))
    report.end()
    assert report.read() == before


@pytest.mark.parametrize("make", [lambda path: path.symlink_to("/dev/null"), Path.mkdir, os.mkfifo], ids=["link", "directory", "FIFO"])
def test_report_does_not_replace_what_is_no_regular_file(report, make):
    path = Path(f"{report.path}.html")
    path.parent.mkdir()
    make(path)
    report.add("one", CHANGED)
    report.end()
    assert not path.is_file() and report._display.warnings == [
        f"{path}: the report was not written (it is a link or another special file); name another path in report_html of docbits.ion.rollout"
    ]
    assert report.read()["environments"] and Path(f"{report.path}.xml").exists()


def test_report_is_readable_by_its_owner_only(report):
    report.add("one", CHANGED)
    report.end()
    assert {path.name: path.stat().st_mode & 0o777 for path in Path(report.path).parent.iterdir()} == {
        f"rollout.{suffix}": 0o600 for suffix in ("json", "html", "xml")
    }


def test_page_escapes_what_it_shows_and_loads_nothing(report):
    title = "<script>alert(1)</script>\x00\ud800"
    finding = {**FINDING, "where": title, "message": 'a "quoted" <b>', "action": "</details>"}
    diff = {"before": {"exports": []}, "after": {"exports": [{"title": title}]}, "before_header": "one"}
    failed_steps = [{**step, "export": title} for step in steps(("create", "rolled_back"), ("update", "applied"))]
    report.add("one", {"msg": title, "findings": [finding], "steps": failed_steps, "diff": diff}, handler="v2_runner_on_failed")
    report.end()
    page = Path(f"{report.path}.html").read_text()
    assert page.count("<script>") == 1 and "&lt;script&gt;alert(1)" in page and "\x00" not in page
    assert page.count("</details>") == 1 and "default-src &#39;none&#39;" not in page and "default-src 'none'" in page
    assert not [reference for reference in ("src=", "href=", "url(", "@import", "http") if reference in page.replace('http-equiv="Content', "")]
    assert "Rolled back" in page and "Not rolled back" in page and "Next step: &lt;/details&gt;" in page and "--- before: one" in page


def test_junit_has_a_suite_for_each_ring_and_a_case_for_each_environment(report):
    plays = [a_play("Canary", "one,two"), a_play("Early", "three")]
    report.v2_playbook_on_start(SimpleNamespace(get_plays=lambda: plays))
    [canary, early] = ElementTree.parse(f"{report.path}.xml").getroot()
    assert (canary.get("errors"), early.get("errors")) == ("2", "1")
    report.v2_playbook_on_play_start(plays[0])
    report.add("one", {**CHANGED, "seconds": 1.5, "started": 1.7e9})
    report.add("two", {"msg": "no\x0b control", "findings": [FINDING]}, handler="v2_runner_on_failed")
    report.end(failed=["two"])
    [canary, early] = ElementTree.parse(f"{report.path}.xml").getroot()
    assert (canary.get("name"), canary.get("tests"), canary.get("failures"), canary.get("skipped")) == ("Canary", "2", "1", "0")
    assert [(case.get("name"), case.get("time")) for case in canary] == [("one", "1.5"), ("two", canary[1].get("time"))]
    assert canary[1].find("failure").get("message") == "failed: no\N{REPLACEMENT CHARACTER} control"
    assert "error: a: b; c [DB05]" in canary[1].find("system-out").text
    assert early[0].find("skipped").get("message") == "not begun"
