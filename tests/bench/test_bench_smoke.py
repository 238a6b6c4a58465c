# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The benchmark works: every contender does the same job at small sizes. How long it takes is nobody's business here."""

from __future__ import annotations

import pytest

from bench import __main__ as bench
from bench import contenders, pages, server
from bench.fleet import PLAIN
from bench.targets import Numbers, targets

SIZES = (1, 3)


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    """What `make bench BENCH=--small` measures, with the simulator."""
    return bench.measured(bench.options_of(["--small", "--server", "simulator"]), tmp_path_factory.mktemp("bench"))


def rows_of(result, contender):
    return {row["size"]: row for row in result["rows"] if row["contender"] == contender.key}


WORKERS = [contender for contender in contenders.ALL if contender is not contenders.FLOOR]


@pytest.mark.parametrize("contender", WORKERS, ids=lambda contender: contender.key)
def test_every_contender_does_the_whole_job(result, contender):
    if contenders.missing_tools(contender):
        assert contender.title in " ".join(result["left_out"])
        pytest.skip(f"no {' and no '.join(contenders.missing_tools(contender))}")
    rows = rows_of(result, contender)
    assert {size: (row["writes"], row["logins"]) for size, row in rows.items()} == {size: (contender.writes_each * size, size) for size in rows} != {}


def test_the_rivals_send_the_same_requests(result):
    sent = {contender.key: rows_of(result, contender)[1]["requests"] for contender in contenders.ALL if contender in (contenders.SCRIPT, contenders.URI)}
    assert len(set(sent.values())) == 1, sent


def test_connections_are_kept_alive(result):
    for size, row in rows_of(result, contenders.FIRST).items():
        assert row["connections"] <= 2 * size < row["requests"]


def test_the_unchanged_run_asks_less(result):
    first, again = rows_of(result, contenders.FIRST), rows_of(result, contenders.AGAIN)
    assert all(again[size]["requests"] < first[size]["requests"] for size in SIZES)


def test_the_floor_makes_no_call(result):
    assert {row["requests"] for row in rows_of(result, contenders.FLOOR).values()} == {0}


def test_every_run_costs_time_and_memory(result):
    for row in result["rows"]:
        assert row["wall"] > 0 and row["cpu"] > 0 and row["memory"] > 5, row


def test_every_vaulted_layout_costs_something_and_plain_text_nothing(result):
    cost = {row["layout"]: row["cpu"] for row in result["vault"]}
    assert cost.pop(PLAIN) == 0.0
    assert len(cost) == 3 and min(cost.values()) > 0.001, cost


def test_the_page_has_a_row_for_each_contender(result):
    page = pages.page(result, with_plot=False)
    assert all(f"| {contender.title} |" in page for contender in contenders.ALL if not contenders.missing_tools(contender))


def test_the_profile_names_what_is_whose(result):
    whose = {(process, what): owner for process, what, owner, _seconds in result["profile"]}
    assert whose["workers of the rings", "calls: HTTP and TLS"] == "collection"
    assert whose["controller", "forking"] == whose["workers of the outcomes", "templating the task"] == "Ansible"
    assert all(seconds >= 0 for process, *_names, seconds in result["profile"] if process != "all workers")


def row(contender, size, wall, **others):
    return {"contender": contender.key, "size": size, "latency": 50, "wall": wall, "memory": 100.0, **others}


def test_what_was_not_measured_is_a_line_through_the_two_largest_fleets():
    numbers = Numbers({"rows": [row(contenders.URI, 1, 99.0), row(contenders.URI, 10, 20.0), row(contenders.URI, 50, 100.0), row(contenders.FIRST, 200, 5.0)]})
    assert numbers.wall(contenders.URI, 50, 50) == (100.0, False)
    assert numbers.wall(contenders.URI, 200, 50) == (400.0, True)
    assert numbers.wall(contenders.FIRST, 500, 50) == (None, False)


def test_targets_are_ratios_of_one_run():
    rows = [
        row(contenders.FIRST, 1, 1.6),
        row(contenders.FIRST, 200, 10.0),
        row(contenders.FIRST, 500, 27.0, all_memory=299.0),
        row(contenders.AGAIN, 200, 8.0),
        row(contenders.SCRIPT, 1, 0.3),
        row(contenders.SCRIPT, 200, 4.0),
        row(contenders.FLOOR, 1, 0.9),
        row(contenders.FLOOR, 200, 4.0),
        row(contenders.URI, 10, 50.0),
        row(contenders.URI, 50, 250.0),
    ]
    found = targets({"rows": rows})
    assert [(target.value and round(target.value, 3), target.verdict, target.extrapolated) for target in found] == [
        (1.25, "yes", False),
        (None, "not measured", False),
        (100.0, "yes", True),
        (0.8, "yes", False),
        (2.7, "no", False),
        (299.0, "yes", False),
        (1.333, "no", False),
    ]
    assert {target.verdict for target in targets({"rows": rows[:1]})} == {"not measured"}


@pytest.mark.skipif(server.modules_folder() is None, reason="nginx has no module for Lua here")
def test_the_fast_server_sees_what_the_simulator_sees(result, tmp_path):
    options = bench.options_of(["--small", "--server", "nginx", "--only", "deploy", "deploy_unchanged", "script"])
    options.vault_sizes, options.profile = (), 0
    counts = ("requests", "logins", "writes")
    seen, expected = (
        {(row["contender"], row["size"]): [row[name] for name in counts] for row in one["rows"] if row["contender"] in options.only}
        for one in (bench.measured(options, tmp_path), result)
    )
    assert seen == expected
