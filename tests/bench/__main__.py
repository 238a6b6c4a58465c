# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The benchmark: `python -m bench` measures deploy_ion.yml and its rivals side by side and writes build/bench.json, a table and a plot."""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path

from simulator.client import Simulator

from . import contenders, pages, server
from . import profile as profiles
from .booked_playbook import OPENING
from .fleet import CHECKOUT, LAYOUTS, Fleet
from .measure import Failed, Stopwatch, settle
from .targets import beyond

BUILD = CHECKOUT / "build"
SIZES = (1, 10, 50, 200, 500)
LATENCIES = (0, 50)
VAULT_SIZES = (1, 50, 200)
RUNS = 3
SERVERS = {"nginx": server.Server, "simulator": Simulator.start}
# Seconds: a slow contender is run once, and a hopeless one is extrapolated.
ONCE, LONGEST = 60.0, 400.0


def main(arguments=None) -> int:
    """Measure, write, print; 0 when every run did its job, whatever it took."""
    options = options_of(arguments)
    folder = BUILD / "bench"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        result = measured(options, folder)
    except Failed as failed:
        print(failed, file=sys.stderr)
        return 1
    BUILD.joinpath("bench.json").write_text(json.dumps(result, indent=1))
    pages.write(result, BUILD, with_documentation=options.documentation)
    print(pages.table(result), pages.verdicts(result), sep="\n\n")
    return 0


def measured(options, folder: Path) -> dict:
    """The content of bench.json: medians, every single run, the cost of the vault, the machine."""
    fleet_size = max(*options.sizes, *options.vault_sizes, options.profile, 1)
    with SERVERS[options.server](folder / options.server) as simulator:
        fleet = Fleet(simulator, folder, fleet_size)
        stopwatch = Stopwatch(simulator, folder)
        _warm_up(fleet, stopwatch)
        rows, left_out = _contest(options, fleet, simulator, stopwatch)
        vault = _vault_cost(options, fleet, stopwatch)
        profile = profiles.profile(fleet, stopwatch, options.profile) if options.profile else []
    machine, at = _machine(), {"server": options.server, "runs": options.runs, "profiled": options.profile, "once": ONCE}
    return {"machine": machine, **at, "rows": rows, "left_out": left_out, "vault": vault, "profile": profile}


def _warm_up(fleet, stopwatch) -> None:
    """Let the simulator and Ansible do everything once that they do at their first call only: no contender shall pay for being the first."""
    for contender in (contenders.FIRST, contenders.SCRIPT):
        fleet.start_over(1)
        command, variables = contenders.command_of(contender, fleet, 1)
        stopwatch.measure(command, contender.writes_each, **variables)


def _contest(options, fleet, simulator, stopwatch) -> tuple:
    """The measures of all contenders: one row for each contender, size and latency. Runs of one row are far apart in time."""
    lacking = {contender: contenders.missing_tools(contender) for contender in contenders.ALL}
    contest = [contender for contender in contenders.ALL if contender.key in options.only and not lacking[contender]]
    measures = {}
    for number in range(options.runs):
        for latency in options.latencies:
            simulator.latency(infor=latency, docbits=latency)
            for size in options.sizes:
                for contender in contest:
                    taken = measures.get((contender, size, latency), [])
                    if number and (not taken or taken[0].wall > ONCE) or _seconds_due(measures, contender, size, latency) > options.longest:
                        continue
                    if contender.empty:
                        fleet.start_over(size)
                    command, variables = contenders.command_of(contender, fleet, size)
                    settle()
                    measure = stopwatch.measure(command, contender.writes_each * size, **variables)
                    measures[contender, size, latency] = [*taken, measure]
                    took = f"{measure.wall:.2f} s, {measure.cpu:.2f} s of processor, {measure.requests} requests"
                    _tell(f"run {number + 1}, {latency} ms, {size} environments, {contender.title}", took)
    simulator.latency()
    rows = [
        {"contender": contender.key, "title": contender.title, "size": size, "latency": latency, **_medians(taken), "each": [asdict(one) for one in taken]}
        for (contender, size, latency), taken in measures.items()
    ]
    return rows, [f"{contender.title}: this machine has no {' and no '.join(tools)}" for contender, tools in lacking.items() if tools]


def _seconds_due(measures, contender, size, latency) -> float:
    """How long a run will probably take, from the same contender's smaller fleets."""
    known = [(smaller, taken[0].wall) for (one, smaller, at), taken in measures.items() if (one, at) == (contender, latency) and smaller < size]
    return beyond(known, size) if len(known) > 1 else 0.0


def _vault_cost(options, fleet, stopwatch) -> list:
    """Processor seconds for opening vaulted texts while the playbook goes as far as it goes without a call, in each layout of the secrets."""
    measures = {}
    for _number in range(options.runs):
        for size in options.vault_sizes:
            for layout in LAYOUTS:
                command, variables = contenders.layout_command(fleet, size, layout)
                seconds = profiles.seconds_of(OPENING, profiles.booked(fleet, stopwatch, command, variables, writes=0))
                measures.setdefault((layout, size), []).append(seconds)
                _tell(f"vault, {size} environments, {layout}", f"{seconds:.3f} s of processor")
    return [{"layout": layout, "size": size, "cpu": statistics.median(taken), "each": taken} for (layout, size), taken in measures.items()]


def _medians(measures) -> dict:
    values = {name: [asdict(measure)[name] for measure in measures] for name in asdict(measures[0])}
    return {name: None if None in column else statistics.median(column) for name, column in values.items()}


def _tell(what, took) -> None:
    print(f"{time.strftime('%H:%M:%S')}  {what}: {took}", flush=True)


def _machine() -> dict:
    version = subprocess.run([contenders.ANSIBLE_BIN / "ansible", "--version"], capture_output=True, text=True, check=True).stdout.split("\n")[0]
    return {
        "cores": os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
        "system": platform.system(),
        "architecture": platform.machine(),
        "python": platform.python_version(),
        "ansible": version.strip("ansible []"),
    }


def options_of(arguments):
    """The command line, read."""
    numbers = {"type": int, "nargs": "*"}
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--sizes", **numbers, default=SIZES, help="numbers of environments")
    parser.add_argument("--latencies", **numbers, default=LATENCIES, help="milliseconds before each answer")
    parser.add_argument("--vault-sizes", **numbers, default=VAULT_SIZES, help="numbers of environments for the cost of the vault")
    parser.add_argument("--runs", type=int, default=RUNS, help="runs of each, of which the median counts")
    best = "nginx" if server.modules_folder() else "simulator"
    parser.add_argument("--server", choices=SERVERS, default=best, help="nginx takes a tenth of the processor time; it needs nginx and its module for Lua")
    parser.add_argument("--longest", type=float, default=LONGEST, help="seconds that a run may be expected to take; what would take longer is extrapolated")
    parser.add_argument("--only", nargs="*", default=[contender.key for contender in contenders.ALL], help="keys of contenders")
    parser.add_argument("--profile", type=int, default=profiles.SIZE, help="number of environments to profile, 0 for none")
    parser.add_argument("--documentation", action="store_true", help="write docs/performance.md too")
    parser.add_argument("--small", action="store_true", help="sizes 1 and 3, no latency, one run")
    options = parser.parse_args(arguments)
    if options.small:
        options.sizes, options.latencies, options.vault_sizes, options.runs, options.profile = (1, 3), (0,), (1,), 1, 1
    return options


if __name__ == "__main__":
    sys.exit(main())
