# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the numbers mean: extrapolation where measuring would take too long, and the targets as ratios of one run. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from . import contenders

FLEET, LARGEST, LATENCY = 200, 500, 50
# By latency in milliseconds: how long a first run of FLEET environments may take, as a multiple of the script and the empty playbook together.
OF_SUM = {50: 1.4, 0: 1.6}
ONE_OF_SUM = 1.25


@dataclass(frozen=True)
class Target:
    """One target: what is compared, the value, its limit, and whether it has to stay below (or else reach) it."""

    text: str
    value: float | None
    limit: float
    unit: str = ""
    at_most: bool = True
    extrapolated: bool = False

    @property
    def verdict(self) -> str:
        """`yes`, `no` or `not measured`."""
        if self.value is None:
            return "not measured"
        return "yes" if (self.value <= self.limit if self.at_most else self.value >= self.limit) else "no"


class Numbers:
    """The rows of bench.json, to be asked by contender, size and latency."""

    def __init__(self, result: dict) -> None:
        self._rows = {(row["contender"], row["size"], row["latency"]): row for row in result["rows"]}
        self.sizes = sorted({row["size"] for row in result["rows"]})
        self.latencies = sorted({row["latency"] for row in result["rows"]})

    def measured(self, contender, size: int, latency: int):
        """A number's row, or None."""
        return self._rows.get((contender.key, size, latency))

    def wall(self, contender, size: int, latency: int) -> tuple:
        """Seconds, and whether they are extrapolated: a straight line through the two largest fleets measured; None where nothing is known."""
        row = self.measured(contender, size, latency)
        if row:
            return row["wall"], False
        known = sorted((size_, row["wall"]) for (key, size_, latency_), row in self._rows.items() if (key, latency_) == (contender.key, latency))
        if len(known) < 2 or size < known[-1][0]:
            return None, False
        return beyond(known, size), True


def beyond(known: list, size: int) -> float:
    """The seconds of a fleet larger than all known ones: a straight line through the two largest of these (size, seconds)."""
    (fewer, less), (more, longest) = sorted(known)[-2:]
    return longest + (longest - less) / (more - fewer) * (size - more)


def targets(result: dict) -> list:
    """The targets of the project, computed from one run."""
    numbers = Numbers(result)

    def wall(contender, size, latency=LATENCY):
        return numbers.wall(contender, size, latency)

    def compared(text, over, under, limit, **how):
        value = over[0] / under[0] if over[0] and under[0] else None
        return Target(text, value, limit, "×", extrapolated=over[1] or under[1], **how)

    def least(size, latency):
        """What nothing can be faster than: the requests, and a word of Ansible for each host."""
        parts = [wall(contender, size, latency) for contender in (contenders.SCRIPT, contenders.FLOOR)]
        return sum(seconds for seconds, _extrapolated in parts) if all(parts[0][:1] + parts[1][:1]) else None, any(how for _seconds, how in parts)

    large = numbers.measured(contenders.FIRST, LARGEST, LATENCY)
    first = wall(contenders.FIRST, FLEET)
    at = f"{FLEET} environments, {LATENCY} ms"
    both = "time against script and empty playbook together"
    return [
        *(
            compared(f"{FLEET} environments, {latency} ms: {both}", wall(contenders.FIRST, FLEET, latency), least(FLEET, latency), limit)
            for latency, limit in OF_SUM.items()
        ),
        compared(f"{at}: how much faster than ansible.builtin.uri", wall(contenders.URI, FLEET), first, 40.0, at_most=False),
        compared(f"{at}: unchanged run against the first", wall(contenders.AGAIN, FLEET), first, 0.9),
        compared(f"{LARGEST} environments, {LATENCY} ms: time against {FLEET}", wall(contenders.FIRST, LARGEST), first, 2.5),
        Target(f"{LARGEST} environments: memory of all processes together", large and large["all_memory"], 300.0, " MiB"),
        *(
            compared(f"one environment, {latency} ms: {both}", wall(contenders.FIRST, 1, latency), least(1, latency), ONE_OF_SUM)
            for latency in numbers.latencies
        ),
    ]


def vault_cost(result: dict) -> list:
    """Processor milliseconds that opening vaulted texts takes for each environment, as (layout, size, milliseconds)."""
    return [(row["layout"], row["size"], row["cpu"] / row["size"] * 1000) for row in result["vault"]]
