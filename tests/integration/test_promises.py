# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The promises of the collection, held for every scenario in every way in which its task can run."""

from __future__ import annotations

import json
import re

import jmespath
import pytest

from integration import leaks, records
from integration.scenario import CHECKOUT, PHASES, load

# What differs between two runs of the same task for good reasons.
UUID = re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
TIMES = re.compile(r"(^|_)(seconds|duration|started|ended|expires|issued)(_|$)")


def pytest_generate_tests(metafunc):
    """A test that asks for the world of a scenario runs for each scenario and way; one that asks for a scenario, for each."""
    if "way" in metafunc.fixturenames:
        pairs = [(scenario, way) for scenario in load() for way in scenario.ways]
        metafunc.parametrize(("told", "way"), pairs, ids=[scenario.host(way) for scenario, way in pairs])
    elif "told" in metafunc.fixturenames:
        metafunc.parametrize("told", load(), ids=lambda scenario: scenario.name)


@pytest.fixture
def world(story, told, way):
    """The world of the host on which the scenario ran in this way."""
    return story.worlds[told.host(way)]


def result_of(story, phase, host) -> dict:
    """The result of a host's task in a phase."""
    results = story.phases[phase].results
    assert host in results, f"no result of {host} in phase {phase}; stderr ends:\n{story.phases[phase].outputs['stderr'][-3000:].decode()}"
    return results[host]


def state_after(story, phase, world) -> list:
    """The exports of the world's organisation after a phase, in the words of the collection."""
    return [records.in_our_words(record) for record in story.phases[phase].exports[world.host]]


def calls(requests) -> list:
    """Journal entries as a person reads them."""
    return [f"{request['method']} {request['path']} -> {request['status']}" for request in requests]


# As the scenario says


@pytest.mark.parametrize("phase", PHASES)
def test_ends_as_expected(story, world, phase):
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


def test_a_failure_is_one_sentence_with_a_next_step(story, world):
    for phase in PHASES:
        result = result_of(story, phase, world.host)
        if result["failed"] and "findings" in result:
            message = result["msg"]
            assert "\n" not in message and "Traceback" not in message
            finding = next(finding for finding in result["findings"] if finding["level"] == "error")
            assert finding["where"] in message and finding["action"] in message and f"[{finding['id']}]" in message
            assert finding["id"] != "X00", message


# The six promises


def test_1_check_mode_sends_no_write(story, world):
    writes = [request for request in story.phases["check"].requests_of(world) if request["write"]]
    assert not writes, calls(writes)
    assert state_after(story, "check", world) == state_after(story, "start", world)


def test_1_check_mode_sends_no_write_that_nobody_owns(story):
    assert not calls(request for request in story.phases["check"].requests if request["write"])


def test_2_changed_is_the_same_in_check_and_in_real(story, world):
    check, real = result_of(story, "check", world.host), result_of(story, "real", world.host)
    if not real["failed"]:
        assert check["changed"] == real["changed"]


def test_3_the_diff_is_the_same_in_check_and_in_real(story, world):
    check, real = result_of(story, "check", world.host), result_of(story, "real", world.host)
    if not real["failed"]:
        assert check.get("diff") == real.get("diff")
        if real["changed"]:
            assert real["diff"]["before"] != real["diff"]["after"]


def test_4_the_second_run_changes_nothing(story, world):
    again, requests = result_of(story, "again", world.host), story.phases["again"].requests_of(world)
    assert state_after(story, "again", world) == state_after(story, "real", world)
    if not again["failed"]:
        assert again["changed"] is False, again.get("steps", again)
        assert not calls(request for request in requests if request["write"])
        if "diff" in again:
            assert again["diff"]["before"] == again["diff"]["after"]


def test_5_the_state_is_what_the_diff_said(story, world):
    start, end = state_after(story, "start", world), state_after(story, "real", world)
    real = result_of(story, "real", world.host)
    if real["failed"] or "diff" not in real:
        assert end == start
        return
    after = real["diff"]["after"]["exports"]
    assert len(after) == len(end)
    # A diff leaves out what the run did not look at, and the id of what it creates: the rest of an export must be as it was.
    former = {export["id"]: export for export in start}
    expected = [{**former.get(export.get("id"), {}), **export} for export in after]
    unclaimed = list(end)
    for export in expected:
        twin = next((other for other in unclaimed if export.items() <= records.as_said(other, export).items()), None)
        assert twin, f"nothing in DocBits is\n{export}\nbut there are\n{unclaimed}"
        unclaimed.remove(twin)


def test_5_the_state_is_what_the_scenario_says(story, world):
    expected = world.scenario.expect.after
    if expected is None:
        return
    end = sorted(state_after(story, "real", world), key=lambda export: export["title"])
    assert len(end) == len(expected), end
    for export, words in zip(end, expected, strict=True):
        assert words.items() <= export.items(), export


@pytest.mark.parametrize("phase", PHASES)
def test_6_no_secret_in_any_output(story, world, phase):
    assert not leaks.places(world.secrets, story.phases[phase].outputs)


@pytest.mark.parametrize("phase", PHASES)
def test_6_no_issued_token_in_any_output(story, phase):
    assert not leaks.issued_tokens_in(story.phases[phase].outputs, story.state)


@pytest.mark.parametrize("phase", PHASES)
def test_6_the_outputs_are_those_of_the_runs(story, phase):
    """Otherwise the tests above would pass on nothing."""
    outputs = story.phases[phase].outputs
    assert b"PLAY RECAP" in outputs["stdout"] and b"PLAY RECAP" in outputs["log"]
    assert outputs["results"].count(b"\n") >= len(story.worlds)


# Every way, and good manners


@pytest.mark.parametrize("phase", PHASES)
def test_7_every_way_gives_the_same(story, told, phase):
    worker, *others = (_without_names(result_of(story, phase, told.host(way)), story.worlds[told.host(way)], story) for way in told.ways)
    for other in others:
        assert other == worker


def _without_names(result, world, story):
    """The result without times and with the host's own names replaced, as lines that a failing test shows well."""
    text = json.dumps(_without_times(result), indent=1, sort_keys=True)
    names = {world.host: "HOST", world.variables["host"]: "HOST", world.variables["tenant"]: "TENANT", world.ionapi["ci"].partition("~")[2]: "CLIENT"}
    for name, word in names.items():
        text = text.replace(name, word)
    text = re.sub(r"\b[0-9a-f]{12}\b", "FINGERPRINT", re.sub(UUID, "UUID", text))
    for number, record in enumerate(story.phases["real"].exports[world.host]):
        text = text.replace(f'"{record["id"]}"', f'"ID {number}"')
    text = text.replace(world.variables["closed_url"].rpartition(":")[2], "PORT")
    return text.splitlines()


def _without_times(value):
    if isinstance(value, dict):
        return {key: _without_times(item) for key, item in value.items() if not (TIMES.search(key) or key.startswith("_ansible") or key == "invocation")}
    return [_without_times(item) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize("phase", PHASES)
def test_logs_in_at_most_once(story, world, phase):
    logins = [request for request in story.phases[phase].requests_of(world) if request["login"]]
    assert len(logins) <= 1, calls(logins)


@pytest.mark.parametrize("phase", PHASES)
def test_no_warning_but_those_of_findings(story, phase):
    played = story.phases[phase]
    known = {warning for result in played.results.values() for warning in result.get("warnings", ())}
    printed = re.sub(r"\s+", "", played.outputs["stderr"].decode())
    for warning in known:
        printed = printed.replace(re.sub(r"\s+", "", f"[WARNING]: {warning}"), "")
    assert "WARNING]" not in printed, printed


def test_every_module_has_a_scenario():
    modules = {path.stem for path in (CHECKOUT / "plugins/modules").glob("*.py")}
    # What a batch is given and gives back are the results of the module environment.
    assert not modules - {scenario.module for scenario in load()} - {"environments", "outcome"}
