# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The promises of the collection: one test for each scenario, with each promise checked on each of its hosts."""

from __future__ import annotations

import json
import re

import jmespath
import pytest

from integration import leaks, records
from integration.documented import Comparison
from integration.phases import REPORTS
from integration.scenario import BATCH, CHECKOUT, PHASES, WORKER, load

# What differs between two runs of the same task for good reasons.
UUID = re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
TIMES = re.compile(r"(^|_)(seconds|duration|started|ended|expires|issued)(_|$)")


@pytest.mark.parametrize("scenario", load(), ids=lambda scenario: scenario.name)
def test_scenario_in_every_way_keeps_the_promises(story, scenario, subtests):
    for way in scenario.ways:
        world = story.worlds[scenario.host(way)]
        for phase in PHASES:
            with subtests.test("ends as the scenario says", way=way, phase=phase):
                ends_as_the_scenario_says(story, world, phase)
            with subtests.test("a failure is one sentence with a next step", way=way, phase=phase):
                failure_is_one_sentence_with_a_next_step(result_of(story, phase, world.host))
            with subtests.test("at most one login", way=way, phase=phase):
                logins = [request for request in story.phases[phase].requests_of(world) if request["login"]]
                assert len(logins) <= 1, calls(logins)
            with subtests.test("promise 6: no secret in any output", way=way, phase=phase):
                assert not story.leaks[phase].get(world.host)
        with subtests.test("promise 1: check mode sends no write", way=way):
            check_mode_sends_no_write(story, world)
        # A run that fails has no change and no diff to compare.
        if not result_of(story, "real", world.host)["failed"]:
            with subtests.test("promise 2: changed is the same in check and real", way=way):
                check, real = result_of(story, "check", world.host), result_of(story, "real", world.host)
                assert check["changed"] == real["changed"]
            with subtests.test("promise 3: the diff is the same in check and real", way=way):
                diff_is_the_same_in_check_and_real(story, world)
        with subtests.test("promise 4: the second run changes nothing", way=way):
            second_run_changes_nothing(story, world)
        with subtests.test("promise 5: the state is what the diff said", way=way):
            state_is_what_the_diff_said(story, world)
        if scenario.expect.after is not None:
            with subtests.test("promise 5: the state is what the scenario says", way=way):
                state_is_what_the_scenario_says(story, world)
        if way != WORKER:
            for phase in PHASES:
                with subtests.test("promise 7: every way gives the same result", way=way, phase=phase):
                    assert comparable_result(story, phase, world) == comparable_result(story, phase, story.worlds[scenario.host(WORKER)])


@pytest.mark.parametrize("phase", PHASES)
def test_run_of_all_scenarios_shows_no_secret_and_no_other_warning(story, phase, subtests):
    played = story.phases[phase]
    with subtests.test("the outputs are those of the run"):
        # Otherwise promise 6 would be kept by empty outputs.
        assert b"PLAY RECAP" in played.outputs["stdout"] and b"PLAY RECAP" in played.outputs["log"]
        assert played.outputs["results"].count(b"\n") >= len(story.worlds)
        assert "temporary file junit" in {name.partition("/")[0] for name in played.outputs}
        is_reported = re.search(rb'"action": "docbits.ion.(environment|outcome)"', played.outputs["results"]) is not None
        assert [name in played.outputs for name in REPORTS] == [is_reported] * len(REPORTS)
    with subtests.test("promise 1: check mode sends no write, on behalf of nobody"):
        assert phase != "check" or not calls(request for request in played.requests if request["write"])
    with subtests.test("promise 6: no issued token in any output"):
        assert not leaks.issued_tokens_in(played.outputs, story.state)
    with subtests.test("no warning but those of findings"):
        no_warning_but_those_of_findings(played)


def test_results_have_only_what_is_documented(story):
    """That everything documented is returned is what test_examples.py checks."""
    compared = {}
    for world in story.worlds.values():
        module = "outcome" if world.way == BATCH else world.scenario.module
        for phase in PHASES:
            compared.setdefault(module, Comparison(module)).add(result_of(story, phase, world.host))
    assert {module: sorted(set(comparison.problems)) for module, comparison in compared.items() if comparison.problems} == {}


def test_every_module_has_a_scenario():
    modules = {path.stem for path in (CHECKOUT / "plugins/modules").glob("*.py")}
    # What a batch gets and returns are the results of the module environment.
    assert not modules - {scenario.module for scenario in load()} - {"adopt", "environments", "outcome"}


def result_of(story, phase, host) -> dict:
    """The result of a host's task in a phase."""
    results = story.phases[phase].results
    assert host in results, f"no result of {host} in phase {phase}; stderr ends:\n{story.phases[phase].outputs['stderr'][-3000:].decode()}"
    return results[host]


def state_after(story, phase, world) -> list:
    """The exports of the world's organisation after a phase, in the fields of the collection."""
    return [records.in_our_fields(record) for record in story.phases[phase].exports[world.host]]


def calls(requests) -> list:
    """Journal entries as a person reads them."""
    return [f"{request['method']} {request['path']} -> {request['status']}" for request in requests]


def ends_as_the_scenario_says(story, world, phase):
    """Compare outcome, message, findings, warnings and result of a phase with what the scenario expects."""
    expect = world.scenario.expect
    result = result_of(story, phase, world.host)
    fails = expect.fails_in(phase)
    assert result["failed"] is fails, result.get("msg") or result
    if fails:
        for text in expect.says:
            assert text in result["msg"], result["msg"]
        assert not result.get("changed")
    if expect.finding and (fails or not expect.failed):
        assert expect.finding in [finding["id"] for finding in result.get("findings", ())], result.get("findings", result["msg"])
    if phase == "real":
        assert sorted(re.findall(r"\[(\w+)\]$", warning) for warning in result.get("warnings", ())) == sorted([id_] for id_ in expect.warns)
        for expression, value in expect.shows.items():
            assert jmespath.search(expression, result) == value, f"{expression}: {result}"
        assert fails or result["changed"] is expect.changed, result


def failure_is_one_sentence_with_a_next_step(result):
    """Check the message of a failure that carries findings."""
    if result["failed"] and "findings" in result:
        message = result["msg"]
        assert "\n" not in message and "Traceback" not in message
        finding = next(finding for finding in result["findings"] if finding["level"] == "error")
        assert finding["where"] in message and finding["action"] in message and f"[{finding['id']}]" in message
        assert finding["id"] != "X00", message


def check_mode_sends_no_write(story, world):
    """Check the journal and the state of the simulator after check mode."""
    writes = [request for request in story.phases["check"].requests_of(world) if request["write"]]
    assert not writes, calls(writes)
    assert state_after(story, "check", world) == state_after(story, "start", world)


def diff_is_the_same_in_check_and_real(story, world):
    """Compare the diffs of both modes."""
    check, real = result_of(story, "check", world.host), result_of(story, "real", world.host)
    assert check.get("diff") == real.get("diff")
    if real["changed"]:
        assert real["diff"]["before"] != real["diff"]["after"]


def second_run_changes_nothing(story, world):
    """Check state, journal, `changed` and diff of the second real run; of a run that fails, the state."""
    again, requests = result_of(story, "again", world.host), story.phases["again"].requests_of(world)
    assert state_after(story, "again", world) == state_after(story, "real", world)
    if not again["failed"]:
        assert again["changed"] is False, again.get("steps", again)
        assert not calls(request for request in requests if request["write"])
        if "diff" in again:
            assert again["diff"]["before"] == again["diff"]["after"]


def state_is_what_the_diff_said(story, world):
    """Compare the state of the simulator with the diff's `after`; after a failure, with the start."""
    start, end = state_after(story, "start", world), state_after(story, "real", world)
    real = result_of(story, "real", world.host)
    if real["failed"] or "diff" not in real:
        assert end == start
        return
    after = real["diff"]["after"]["exports"]
    assert len(after) == len(end)
    # A diff leaves out what the run did not read, and the id of what it creates: the rest of an export must be as before.
    former = {export["id"]: export for export in start}
    expected = [{**former.get(export.get("id"), {}), **export} for export in after]
    unclaimed = list(end)
    for export in expected:
        twin = next((other for other in unclaimed if export.items() <= records.as_in_diff(other, export).items()), None)
        assert twin, f"nothing in DocBits is\n{export}\nbut there are\n{unclaimed}"
        unclaimed.remove(twin)


def state_is_what_the_scenario_says(story, world):
    """Compare the state of the simulator with the `after` of the scenario."""
    end = sorted(state_after(story, "real", world), key=lambda export: export["title"])
    expected = world.scenario.expect.after
    assert len(end) == len(expected), end
    for export, fields in zip(end, expected, strict=True):
        assert fields.items() <= export.items(), export


def no_warning_but_those_of_findings(played):
    """Check that stderr holds no warning that is not in a result."""
    known = {warning for result in played.results.values() for warning in result.get("warnings", ())}
    printed = re.sub(r"\s+", "", played.outputs["stderr"].decode())
    for warning in known:
        printed = printed.replace(re.sub(r"\s+", "", f"[WARNING]: {warning}"), "")
    assert "WARNING]" not in printed, printed


def comparable_result(story, phase, world) -> list:
    """The result without times and with the host's own names replaced, as lines that a failing test shows well."""
    text = json.dumps(_without_times(result_of(story, phase, world.host)), indent=1, sort_keys=True)
    names = {world.host: "HOST", world.variables["host"]: "HOST", world.variables["tenant"]: "TENANT", world.ionapi["ci"].partition("~")[2]: "CLIENT"}
    for name, placeholder in names.items():
        text = text.replace(name, placeholder)
    text = re.sub(r"\b[0-9a-f]{12}\b", "FINGERPRINT", re.sub(UUID, "UUID", text))
    for number, record in enumerate(story.phases["real"].exports[world.host]):
        text = text.replace(f'"{record["id"]}"', f'"ID {number}"')
    text = text.replace(world.variables["closed_url"].rpartition(":")[2], "PORT")
    # A batch names the variables of options.
    text = re.sub(r"\bdocbits_(?!url|environment|region)", "", text)
    return text.splitlines()


def _without_times(value):
    if isinstance(value, dict):
        return {key: _without_times(item) for key, item in value.items() if not (TIMES.search(key) or key.startswith("_ansible") or key == "invocation")}
    return [_without_times(item) for item in value] if isinstance(value, list) else value
