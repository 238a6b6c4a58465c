# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The scenarios: the state at the start, what is declared, the expected end. Data only, from scenarios/*.yml."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import yaml

HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parents[1]
PHASES = ("check", "real", "again")
# How a task runs: in an Ansible worker, as a module shipped to another machine, or as part of a batch (module environments).
WORKER, SHIPPED, BATCH = "worker", "shipped", "batch"


@dataclass(frozen=True)
class Start:
    """The state before the first run.

    exports:  records of DocBits, as its simulator stores them, with the text of their files
    docbits:  contract, document types, sub-organisations and switches of the organisation
    ionapi:   how the ION API file is made (`version`, `flavour`, `service_account`), `set` and `without` that change its
              keys, or `text` that replaces it
    infor:    roles of the service account, switches of the tenant (further keys), and `app` and `account` that change these records
    faults:   faults of the connection, in the form that the simulator takes
    """

    exports: list = field(default_factory=list)
    docbits: dict = field(default_factory=dict)
    ionapi: dict = field(default_factory=dict)
    infor: dict = field(default_factory=dict)
    faults: list = field(default_factory=list)


@dataclass(frozen=True)
class Expect:
    """The expected end.

    changed: whether the first real run reports a change
    failed:  `True` or `False` for every phase, or the list of the phases that fail
    finding: the id of a finding that must be there
    says:    texts that the message of a failure contains
    warns:   the ids of the findings that become warnings of the first real run
    shows:   JMESPath expressions on the first real run's result, and their values
    after:   fields of each export at the end, in the order of titles; left out: only what the diff says is checked
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
    """One scenario. `declare` holds the options of the task as a user writes them, with Jinja."""

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
    """All scenarios, in the order of their files; a name that occurs twice or a key that nothing reads is an error."""
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
