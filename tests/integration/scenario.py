# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The scenarios: what stands at the start, what is declared, how it must end. Data only, from scenarios/*.yml."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import yaml

HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parents[1]
PHASES = ("check", "real", "again")
# How a task comes to run: inside a worker, as a module shipped to another machine, or as one of a batch (module environments).
WORKER, SHIPPED, BATCH = "worker", "shipped", "batch"


@dataclass(frozen=True)
class Start:
    """What stands before the first run.

    exports:  records of DocBits, as its simulator stores them, with the text of their files
    docbits:  contract, document types, sub-organisations and switches of the organisation
    ionapi:   how the ION API file is made (C(version), C(flavour), C(service_account)), C(set) and C(without) that change its
              keys, or C(text) that replaces it
    infor:    roles of the service account, switches of the tenant (further keys), and C(app) and C(account) that change these records
    faults:   faults of the wire, as the simulator takes them
    """

    exports: list = field(default_factory=list)
    docbits: dict = field(default_factory=dict)
    ionapi: dict = field(default_factory=dict)
    infor: dict = field(default_factory=dict)
    faults: list = field(default_factory=list)


@dataclass(frozen=True)
class Expect:
    """How it must end.

    changed: whether the first real run reports a change
    failed:  C(true) or C(false) for every phase, or the list of the phases that fail
    finding: the id of a finding that must be there
    says:    texts that the message of a failure contains
    warns:   the ids of the findings that become warnings of the first real run
    shows:   JMESPath expressions on the first real run's result, and their values
    after:   words of each export that stands at the end, in the order of their titles; left out: as the diff says
    """

    changed: bool = False
    failed: bool | list = False
    finding: str | None = None
    says: list = field(default_factory=list)
    warns: list = field(default_factory=list)
    shows: dict = field(default_factory=dict)
    after: list | None = None

    def fails_in(self, phase: str) -> bool:
        """Whether this phase is to fail."""
        return phase in self.failed if isinstance(self.failed, list) else self.failed


@dataclass(frozen=True)
class Scenario:
    """One scenario. O(declare) holds the options of the task as a user writes them, Jinja and all."""

    name: str
    module: str
    declare: dict
    start: Start
    expect: Expect

    @property
    def ways(self) -> tuple:
        """The ways in which it runs."""
        return (WORKER, SHIPPED, BATCH) if self.module == "environment" else (WORKER, SHIPPED)

    def host(self, way: str) -> str:
        """The host on which it runs in this way."""
        return f"{self.name}.{way}"


def load() -> list:
    """All scenarios, in the order of their files; a name that stands twice or a key that nothing reads is an error."""
    scenarios = []
    for path in sorted((HERE / "scenarios").glob("*.yml")):
        for item in yaml.safe_load(path.read_text()):
            start, expect = Start(**item.pop("start", {})), Expect(**item.pop("expect"))
            scenarios.append(Scenario(start=start, expect=expect, **item))
    names = [scenario.name for scenario in scenarios]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise ValueError(f"scenarios of the same name: {', '.join(sorted(twice))}")
    return scenarios
