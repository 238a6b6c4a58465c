# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A look at scale: a large fleet that people edit between the runs, the same fleet in slices, and the page that says what one controller carries."""

from __future__ import annotations

import argparse
import json
import os
import random
import shlex
import shutil
import statistics
import sys
from dataclasses import asdict
from pathlib import Path

from .__main__ import BUILD, _machine
from .contenders import ANSIBLE_BIN, EXPORTS_EACH, FIRST, ansible_variables, command_of
from .fleet import CHECKOUT, FILES, Fleet
from .measure import Stopwatch
from .server import Server, modules_folder

PAGE = CHECKOUT / "docs/docsite/rst/scale.rst"
SHARDS = CHECKOUT / "examples/runner/shards.py"
SIZES, ROUNDS, SLICED, WORKERS, LATENCY = (250, 500, 1000), (2000, 3), (200, 400), 4, 50
# The share of the environments that a person edits between two rounds.
EDITED = 0.05
MODELLED = 10_000
# Infor's usage limits for the service accounts of a tenant, and the limit that the collection keeps.
LOGINS_PER_MINUTE, LOGINS_PER_DAY, OWN_LOGINS_PER_MINUTE = 20, 1000, 15


def main(arguments=None) -> int:
    """Measure and write build/scale.json, or write the page from it."""
    parser = argparse.ArgumentParser(prog="bench.scale", description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="*", default=SIZES, help="fleets that are deployed once")
    parser.add_argument("--rounds", type=int, nargs=2, default=ROUNDS, help="the largest fleet, and how often it is deployed")
    parser.add_argument("--sliced", type=int, nargs="*", default=SLICED, help="fleets that are deployed in slices")
    parser.add_argument("--workers", type=int, default=WORKERS, help="workers of ansible-runner")
    parser.add_argument("--latency", type=int, default=LATENCY, help="milliseconds before each answer")
    parser.add_argument("--documentation", action="store_true", help="write docs/docsite/rst/scale.rst from the last build/scale.json, and measure nothing")
    options = parser.parse_args(arguments)
    if modules_folder() is None:
        print("nginx has no module for Lua here", file=sys.stderr)
        return 1
    file = BUILD / "scale.json"
    if not options.documentation:
        folder = BUILD / "scale"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        file.write_text(json.dumps(measured(options, folder), indent=1))
    else:
        PAGE.write_text(page(json.loads(file.read_text())))
    return 0


def measured(options, folder: Path) -> dict:
    """The content of scale.json."""
    largest, rounds = options.rounds
    with Server(folder / "nginx") as server:
        server.latency(infor=options.latency, docbits=options.latency)
        fleet, stopwatch = Fleet(server, folder, max(largest, *options.sizes, *options.sliced)), Stopwatch(server, folder)
        growth = []
        for size in options.sizes:
            fleet.start_over(size)
            growth.append({"size": size, **_deployed(fleet, stopwatch, size, EXPORTS_EACH * size)})
        result = {"machine": _machine(), "latency": options.latency, "growth": growth, "rounds": _rounds(server, fleet, stopwatch, largest, rounds)}
        sliced = [{"size": size, **_sliced(fleet, stopwatch, folder, size, options.workers)} for size in options.sliced]
    return {**result, "workers": options.workers, "sliced": sliced}


def _deployed(fleet, stopwatch, size, writes) -> dict:
    command, variables = command_of(FIRST, fleet, size)
    return _told(f"{size} environments", asdict(stopwatch.measure(command, writes, **variables)))


def _rounds(server, fleet, stopwatch, size, rounds) -> list:
    """A first deployment and repairs, each with the number of environments that are not as declared after it."""
    chance, found, edits = random.Random(1), [], 0
    fleet.start_over(size)
    for number in range(rounds):
        if number:
            edits = round(size * EDITED) or 1
            for environment in chance.sample(fleet.environments[:size], edits):
                server.edit(environment.api_key, chance.choice(("remove", "mapping")))
        costs = _deployed(fleet, stopwatch, size, edits if number else EXPORTS_EACH * size)
        found.append({"size": size, "edits": edits, "left": server.edited(EXPORTS_EACH), **costs})
    return found


def _sliced(fleet, stopwatch, folder, size, workers) -> dict:
    """A first deployment by workers of ansible-runner on this machine, all in one ring."""
    directory = folder / f"sliced-{size}"
    shutil.copytree(fleet.inventory(size, FILES, rings=False), directory / "inventory")
    fleet.start_over(size)
    command = [sys.executable, SHARDS, "--directory", directory, "--output", folder / f"results-{size}", "--ring", "all"]
    command += ["-e", f"docbits_state_dir={folder / f'state-{size}'}", "-e", "deploy_allow_empty_canary=true"]
    command += [argument for _worker in range(workers) for argument in ("--worker", shlex.join(["ansible-runner", "worker"]))]
    temporary = folder / "tmp"
    temporary.mkdir(exist_ok=True)
    variables = {
        **ansible_variables(fleet),
        "ANSIBLE_VAULT_PASSWORD_FILE": str(fleet.vault_password),
        "PATH": os.pathsep.join([str(ANSIBLE_BIN), os.environ["PATH"]]),
        "TMPDIR": str(temporary),
    }
    return _told(f"{size} environments, {workers} workers", asdict(stopwatch.measure(command, EXPORTS_EACH * size, **variables)))


def _told(what, costs) -> dict:
    print(f"{what}: {costs['wall']:.1f} s, {costs['cpu']:.1f} s of processor, {costs['memory']:.0f} MiB", flush=True)
    return costs


# The model and the page


def line(rows, key) -> tuple:
    """Intercept and slope of the straight line nearest to (size, key) of the rows; through the origin if there is one row."""
    points = [(row["size"], row[key]) for row in rows]
    if len(points) == 1:
        return 0.0, points[0][1] / points[0][0]
    slope, start = statistics.linear_regression(*zip(*points, strict=True))
    return start, slope


def modelled(result: dict, size: int) -> list:
    """(what, seconds) for a first deployment of a fleet of this size on machines that do nothing else: the processor time, which the cores divide."""
    workers, cores = result["workers"], result["machine"]["cores"]
    start, each = line([*result["growth"], result["rounds"][0]], "cpu")
    sliced_start, sliced_each = line(result["sliced"], "cpu")
    return [
        ("One controller", start + each * size),
        (f"{workers} workers on one machine of {cores} cores", (sliced_start + sliced_each * size) / min(workers, cores)),
        (f"{workers} workers, each on a machine of its own", (sliced_start + sliced_each * size) / workers),
    ]


def page(result: dict) -> str:
    """The page docs/docsite/rst/scale.rst."""
    rounds, machine = result["rounds"], result["machine"]
    model = modelled(result, MODELLED)
    least, each = line([*result["growth"], rounds[0]], "memory")
    costs = ("Processor time", "Per environment", "Largest process", "All processes")
    values = {
        "machine": f"{machine['cores']} cores, {machine['memory_gib']} GiB, ansible-{machine['ansible']}, Python {machine['python']}",
        "latency": result["latency"],
        "largest": f"{rounds[0]['size']:,}",
        "modelled": f"{MODELLED:,}",
        "workers": result["workers"],
        "kib": f"{each * 1024:.0f}",
        "memory": f"{least + each * MODELLED:.0f}",
        "growth": _table(("Environments", *costs), [(f"{row['size']:,}", *_costs(row)) for row in (*result["growth"], rounds[0])]),
        "rounds": _table(
            ("Run", "Edited before", "Not as declared after", *costs),
            [(str(number), f"{row['edits']:,}", f"{row['left']:,}", *_costs(row)) for number, row in enumerate(rounds, start=1)],
        ),
        "sliced": _table(("Environments", *costs), [(f"{row['size']:,}", *_costs(row)) for row in result["sliced"]]),
        "model": _table((f"First deployment of {MODELLED:,} environments", "Least time"), [(what, f"{seconds / 60:.0f} min") for what, seconds in model]),
        "own": OWN_LOGINS_PER_MINUTE,
        "infor": LOGINS_PER_MINUTE,
        "day": f"{LOGINS_PER_DAY:,}",
        "logins": _table(("Service accounts in one tenant", "Wait for their logins"), [(f"{count:,}", _wait(count)) for count in (15, 60, 200, 1000)]),
        "during": f"{int(model[0][1] / 60 + 1) * OWN_LOGINS_PER_MINUTE:,}",
    }
    return HEAD + TEXT.format(**values)


def _costs(row) -> tuple:
    memory = "–" if row["all_memory"] is None else f"{row['all_memory']:.0f} MiB"
    return f"{row['cpu']:.0f} s", f"{row['cpu'] / row['size'] * 1000:.0f} ms", f"{row['memory']:.0f} MiB", memory


def _wait(count) -> str:
    return f"{(count - 1) // OWN_LOGINS_PER_MINUTE} min"


def _table(head, rows) -> str:
    lines = [".. list-table::", "   :header-rows: 1", ""]
    for row in (head, *rows):
        lines += [f"   {'*' if index == 0 else ' '} - {cell}" for index, cell in enumerate(row)]
    return "\n".join(lines)


LICENSE = "\n".join(f"  {line[2:]}" for line in Path(__file__).read_text().splitlines()[:3])
HEAD = f"""\
..
{LICENSE}
  Written by `make scale SCALE=--documentation` from what `make scale` measured.

.. _ansible_collections.docbits.ion.docsite.scale:

"""

TEXT = """\
Large fleets
============

The numbers are of one machine ({machine}).
A server on the same machine answers each request after {latency} ms. Each environment has an Infor tenant of its own, a vaulted ION API file and two exports.
The times are processor times of all processes of a run, because wall times depend on what else a machine does. A run of one controller takes little longer
than its processor time: most of its work is in one process.

One controller
--------------

A first deployment in the rings ``canary``, ``early`` and all others:

{growth}

The processor time of an environment hardly changes with the size of the fleet. The largest process grows by {kib} KiB with each environment, to some
{memory} MiB for {modelled}.

The fleet of {largest} environments was then deployed again, each time after people had removed exports and changed mappings by hand. Each run repaired what was
edited, and wrote nothing else:

{rounds}

Slices
------

``examples/runner`` divides a ring into slices, each for a worker of ansible-runner. With {workers} workers on this machine:

{sliced}

Each worker starts a run of its own, which costs a small fleet more than it saves. Workers on one machine share its cores. A straight line through the
measurements, drawn far beyond them, gives:

{model}

This assumes that DocBits and Infor answer all workers as fast as they answer one. Slices shorten a run, and are not needed to make it possible: one controller
carried all {largest} environments, and an interrupted run goes on. The limits hold over all slices, see :ref:`automation
<ansible_collections.docbits.ion.docsite.automation>`.

Where Infor sets the pace
-------------------------

Infor allows about {infor} logins a minute and {day} a day for the service accounts of a tenant. The collection makes at most {own} a minute. Environments with
the same ION API file share one login in a run, so what counts is the number of service accounts in one tenant, not of environments:

{logins}

While one controller deploys {modelled} environments, {during} service accounts of one tenant can log in without making the run longer. Beyond that, the limit
sets the pace, and no number of workers changes it. More than {day} service accounts of one tenant cannot be deployed in one day.
"""


if __name__ == "__main__":
    sys.exit(main())
