# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws histories from seeds, runs them, and prints the simplest failing one: python -m simulation --histories 3000."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from functools import partial

from . import day_two
from . import history as _history
from . import statistics as _statistics
from .invariants import violations
from .moods import Moods
from .simulate import simulate

CHUNK = 250
MOST_SHOWN = 5


def judged(history) -> list:
    """The violations of a history; an exception of the code is one."""
    try:
        return _played(history)[1]
    except Exception as error:
        place = error.__traceback__
        while place.tb_next:
            place = place.tb_next
        return [f"crash: {type(error).__name__}: {error} at {place.tb_frame.f_code.co_filename.rpartition('/')[2]}:{place.tb_lineno}"]


def _played(history) -> tuple:
    """The story of a history, and its violations."""
    if isinstance(history, day_two.DayTwo):
        return day_two.played(history)
    story = simulate(history)
    return story, violations(story)


def failing_in(seeds, draw=_history.draw) -> list:
    """Pairs of seed and violations."""
    return [(seed, found) for seed in seeds if (found := judged(draw(seed)))]


def shrunk(history):
    """The simplest history that still violates the same invariant."""
    kind = judged(history)[0].partition(":")[0]
    simpler = True
    while simpler:
        simpler = next((other for other in _history.simpler(history) if any(found.startswith(kind) for found in judged(other))), None)
        history = simpler or history
    return history


def shown(history) -> str:
    """A history as a person reads it: what is not plain."""
    plain = asdict(Moods())
    moods = {name: value for name, value in asdict(history.moods).items() if value != plain[name]}
    act = f"{history.act} after {history.before}\n  " if isinstance(history, day_two.DayTwo) else ""
    lines = [
        f"{act}seed {history.seed}",
        f"moods {moods}",
        f"options {history.options}",
        f"faults {history.faults}",
        f"actors {history.actors} {history.edits}",
    ]
    lines += [f"row {row.id} {row.method} {row.values} active={row.active} files={sorted(row.files)}" for row in history.rows]
    lines += [f"declared {fields} files={sorted(files)} id={id_} {state}" for fields, files, id_, state in history.declared]
    try:
        lines += [_told(name, outcome) for name, outcome in _played(history)[0].outcomes.items()]
    except Exception:  # judged() says which
        pass
    lines += [f"violation: {found}" for found in judged(history)]
    return "\n  ".join(lines)


def _told(name, outcome) -> str:
    result = outcome.result or {}
    steps = [f"{step['action']} {step['id']} {step['outcome']}" for step in result.get("steps", ())]
    findings = [f"{finding['id']} {finding['message']}" for finding in result.get("findings", ())]
    return f"{name}: {'killed' if outcome.killed else 'failed' if result.get('failed') else 'ok'} changed={result.get('changed')} {steps} {findings}"


def main(arguments=None) -> int:
    """Run the histories; 0 if no invariant is violated."""
    parser = argparse.ArgumentParser(prog="simulation", description=__doc__)
    parser.add_argument("--histories", type=int, default=3000, help="number of histories (default: 3000)")
    parser.add_argument("--seed", type=int, default=1, help="seed of the first history (default: 1)")
    parser.add_argument("--one", type=int, help="run the history of this seed only, and show it")
    parser.add_argument("--processes", type=int, default=min(2, os.cpu_count() or 1), help="number of processes")
    parser.add_argument("--statistics", action="store_true", help="count moods, faults, outcomes and findings instead of looking for violations")
    parser.add_argument("--day-two", action="store_true", help="histories of adopt, rotate and roll back")
    options = parser.parse_args(arguments)
    draw = day_two.draw if options.day_two else _history.draw
    if options.one is not None:
        history = draw(options.one)
        print(shown(shrunk(history) if judged(history) else history))
        return int(bool(judged(history)))
    started, failed = time.monotonic(), []
    chunks = [range(first, min(first + CHUNK, options.seed + options.histories)) for first in range(options.seed, options.seed + options.histories, CHUNK)]
    if options.statistics:
        with ProcessPoolExecutor(options.processes) as pool:
            print(_statistics.shown(sum(pool.map(_statistics.counted, chunks), Counter())))
        return 0
    with ProcessPoolExecutor(options.processes) as pool:
        for found in pool.map(partial(failing_in, draw=draw), chunks):
            failed += found
    for seed, _found in failed[:MOST_SHOWN]:
        print(shown(shrunk(draw(seed))), end="\n\n")
    kinds = {}
    for _seed, found in failed:
        kind = found[0].partition(":")[0]
        kinds[kind] = kinds.get(kind, 0) + 1
    seconds = time.monotonic() - started
    print(f"{options.histories} histories from seed {options.seed} in {seconds:.0f} s; violations: {json.dumps(kinds) if kinds else 'none'}")
    print(f"{options.histories - len(failed)} passed, {len(failed)} failed")
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
