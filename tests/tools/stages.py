# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the stages of `make test`, two side by side, and ends with a table and one line of counts."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import environment as place

LOGS = place.BUILD / "logs"
ARTIFACT = place.BUILD / "artifact"
SCENARIOS = "tests/integration/test_promises.py"
SIDE_BY_SIDE = 2


@dataclass(frozen=True)
class Outcome:
    """How a stage ended: counts of its tests, seconds, and why it was skipped, if it was."""

    stage: str
    passed: int = 0
    failed: int = 0
    seconds: float = 0.0
    skipped: str = ""


class Stage:
    """What a stage works with: its log, its environment variables, and commands that may fail."""

    def __init__(self, name: str, variables: dict, live: bool) -> None:
        self.name = name
        self.variables = variables
        self.log = LOGS / f"{name}.log"
        self._live = live
        self.log.write_text("")

    def note(self, line: str) -> None:
        """Write a line of our own into the log."""
        with self.log.open("a") as log:
            log.write(f"{line}\n")
        if self._live:
            print(line, flush=True)

    def run(self, *command, cwd=place.CHECKOUT, **variables) -> bool:
        """Run a command into the log; whether it succeeded."""
        words = [str(word) for word in command]
        self.note(f"$ {' '.join(words)}".replace(f"{place.CHECKOUT}/", ""))
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True, "errors": "replace"}
        with subprocess.Popen(words, cwd=cwd, env=self.variables | variables, **pipes) as process, self.log.open("a") as log:
            for line in process.stdout:
                log.write(line)
                log.flush()
                if self._live:
                    print(line, end="", flush=True)
        return process.returncode == 0

    def pytest(self, *arguments, **variables) -> Outcome:
        """Run pytest and count its tests; a run that could not even start counts as one failure."""
        report = LOGS / f"{self.name}.xml"
        report.unlink(missing_ok=True)
        succeeded = self.run("python", "-m", "pytest", "--quiet", f"--junitxml={report}", *arguments, **variables)
        if not report.exists():
            return Outcome(self.name, failed=1)
        suites = ElementTree.parse(report).getroot().iter("testsuite")
        total = failed = skipped = 0
        for suite in suites:
            total += int(suite.get("tests"))
            failed += int(suite.get("failures")) + int(suite.get("errors"))
            skipped += int(suite.get("skipped"))
        return Outcome(self.name, passed=total - failed - skipped, failed=failed or int(not succeeded))

    def commands(self, *commands) -> Outcome:
        """Run each command, also after one failed, and count them."""
        results = [self.run(*command) for command in commands]
        return Outcome(self.name, passed=results.count(True), failed=results.count(False))


def lint(stage: Stage) -> Outcome:
    """Style of Python, YAML, playbooks and roles, the changelog, and whether the generated pages are up to date."""
    outcome = stage.commands(
        ("ruff", "check", "--no-cache", "."),
        ("ruff", "format", "--no-cache", "--check", "."),
        ("yamllint", "--strict", "."),
        ("ansible-lint", "--profile", "production", "--offline", "--strict", "--nocolor", "playbooks", "roles"),
        ("antsibull-changelog", "lint"),
    )
    before = generated_pages()
    pages = docs(stage)
    stale = [name for name, content in generated_pages().items() if before.get(name) != content]
    stage.note(f"pages that were not up to date: {', '.join(stale) or 'none'}")
    return Outcome(stage.name, outcome.passed + int(not stale), outcome.failed + pages.failed + int(bool(stale)))


def docs(stage: Stage) -> Outcome:
    """Write the pages that are made from tables in the code."""
    return stage.commands(*(("python", path) for path in sorted((place.CHECKOUT / "tests/docs").glob("generate_*.py"))))


def generated_pages() -> dict:
    """Each page of docs/ with its content."""
    return {path.name: path.read_bytes() for path in (place.CHECKOUT / "docs").glob("*.md")}


def units(stage: Stage) -> Outcome:
    """The pure layers, scripted HTTP, and the simulator itself."""
    return stage.pytest("tests/unit")


def fuzz(stage: Stage) -> Outcome:
    """The tests with random input again, with many more of it than `make units` takes, and other input in every run."""
    more = {"ION_FUZZ_CASES": "200000", "ION_FUZZ_SEED": str(time.time_ns()), "ION_SEEDS": "500"}
    variables = {name: os.environ.get(name, value) for name, value in more.items()}
    seed = f"--hypothesis-seed={variables['ION_FUZZ_SEED']}"
    return stage.pytest("tests/unit", "tests/integration/exports", "-k", "fuzz or seeds or hypothesis", seed, **variables)


def bench(stage: Stage) -> Outcome:
    """The benchmark, which wants the machine for itself; words in the variable BENCH are options of it (make bench BENCH=--help)."""
    return stage.commands((place.bench_venv() / "bin/python", "-m", "bench", *shlex.split(os.environ.get("BENCH", ""))))


def scenarios_on(core: place.Core | None):
    """A stage that runs the scenarios, through real ansible-playbook runs, on the tests' own ansible-core or on another one."""

    def scenarios(stage: Stage) -> Outcome:
        venv = place.core_venv(core) if core else place.main_venv()
        if venv is None:
            return Outcome(stage.name, skipped=f"no Python {', '.join(core.pythons)}")
        return stage.pytest(SCENARIOS, ANSIBLE_BIN=str(venv / "bin"))

    return scenarios


def integration(stage: Stage) -> Outcome:
    """Whatever else needs the simulator or another server, and the benchmark at sizes at which its numbers mean nothing."""
    return stage.pytest("tests/integration", "tests/bench", f"--ignore={SCENARIOS}")


def sanity(stage: Stage) -> Outcome:
    """ansible-test sanity over what git knows and does not ignore, in a place of the name that ansible-test demands."""
    root = place.BUILD / "sanity/ansible_collections/docbits/ion"
    shutil.rmtree(root, ignore_errors=True)
    copy_of_the_collection(root)
    give_ansible_test_pip()
    git = ("git", "-c", "user.name=tests", "-c", "user.email=tests@localhost", "-c", "commit.gpgsign=false")
    if not (
        stage.run("git", "init", "--quiet", cwd=root)
        and stage.run("git", "add", "--all", cwd=root)
        and stage.run(*git, "commit", "--quiet", "--message", "sanity", cwd=root)
    ):
        return Outcome(stage.name, failed=1)
    path = os.pathsep.join([str(place.main_venv() / "bin"), str(place.link_pythons()), stage.variables["PATH"]])
    succeeded = stage.run("ansible-test", "sanity", "--color", "no", "--truncate", "160", cwd=root, PATH=path)
    log = stage.log.read_text()
    ran = len(re.findall(r'^Running sanity test "', log, re.MULTILINE)) - log.count("No tests applicable.")
    failed = int(next(iter(re.findall(r"The (\d+) sanity test\(s\) listed below", log)), not succeeded))
    return Outcome(stage.name, passed=max(0, ran - failed), failed=failed)


def artifact(stage: Stage) -> Outcome:
    """The tarball that a user installs: it builds, it installs, and the documentation of every module loads from it."""
    source = ARTIFACT / "source/docbits.ion"
    installed = ARTIFACT / "installed"
    shutil.rmtree(ARTIFACT, ignore_errors=True)
    copy_of_the_collection(source)
    modules = sorted(f"docbits.ion.{path.stem}" for path in (source / "plugins/modules").glob("*.py"))
    succeeded = (
        stage.run("ansible-galaxy", "collection", "build", source, "--output-path", ARTIFACT)
        and stage.run("ansible-galaxy", "collection", "install", *ARTIFACT.glob("*.tar.gz"), "--offline", "--collections-path", installed)
        and stage.run("ansible-doc", "--json", *modules, ANSIBLE_COLLECTIONS_PATH=str(installed))
    )
    return Outcome(stage.name, passed=int(succeeded), failed=int(not succeeded))


def copy_of_the_collection(root: Path) -> None:
    """Copy what git tracks, or would if asked to, to O(root)."""
    listed = subprocess.run(["git", "ls-files", "-coz", "--exclude-standard"], cwd=place.CHECKOUT, capture_output=True, check=True).stdout
    for name in filter(None, os.fsdecode(listed).split("\0")):
        source = place.CHECKOUT / name
        if source.exists():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, root / name, follow_symlinks=False)


def give_ansible_test_pip() -> None:
    """Let ansible-test take pip from Python itself: what it would download otherwise comes from a host that many networks do not reach."""
    cache = place.HOME / ".ansible/test/cache"
    cache.mkdir(parents=True, exist_ok=True)
    for version in ("24_2", "25_2"):
        (cache / f"get_pip_{version}.py").write_text("import ensurepip\n\nensurepip.bootstrap()\n")


# In the order in which they start: the long ones first.
STAGES = {
    "sanity": sanity,
    "scenarios": scenarios_on(None),
    "integration": integration,
    f"scenarios-{place.OLDEST_CORE.version}": scenarios_on(place.OLDEST_CORE),
    f"scenarios-{place.NEWEST_CORE.version}": scenarios_on(place.NEWEST_CORE),
    "units": units,
    "lint": lint,
    "artifact": artifact,
    "fuzz": fuzz,
    "bench": bench,
    "docs": docs,
}
BY_HAND = ("fuzz", "bench", "docs")
GROUPS = {
    "test": [name for name in STAGES if name not in BY_HAND],
    "integration": [name for name in STAGES if name == "integration" or name.startswith("scenarios")],
}


def main(arguments) -> int:
    """Run the named stages or groups of stages; 0 when none failed."""
    names = [name for argument in arguments for name in GROUPS.get(argument, [argument])]
    variables = place.prepare()
    LOGS.mkdir(exist_ok=True)
    live = len(names) == 1
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        outcomes = list(pool.map(lambda name: timed(name, variables, live), names))
    if not live:
        # What failed comes last, next to the table.
        for outcome in sorted(outcomes, key=lambda outcome: outcome.failed > 0):
            print(f"\n──── {outcome.stage} ────\n{(LOGS / f'{outcome.stage}.log').read_text()}", end="")
    print(f"\n{'stage':<20}{'passed':>8}{'failed':>8}{'seconds':>9}")
    for outcome in outcomes:
        note = f"  skipped: {outcome.skipped}" if outcome.skipped else ""
        print(f"{outcome.stage:<20}{outcome.passed:>8}{outcome.failed:>8}{outcome.seconds:>9.1f}{note}")
    failed = sum(outcome.failed for outcome in outcomes)
    print(f"\n{sum(outcome.passed for outcome in outcomes)} passed, {failed} failed")
    return int(failed > 0)


def timed(name: str, variables: dict, live: bool) -> Outcome:
    """Run one stage, say so, and take its time."""
    print(f"{name}: started", flush=True)
    started = time.monotonic()
    try:
        outcome = STAGES[name](Stage(name, variables, live))
    except Exception as error:
        # The other stages go on: their results are worth having.
        print(f"{name}: {type(error).__name__}: {error}", flush=True)
        outcome = Outcome(name, failed=1)
    seconds = time.monotonic() - started
    print(f"{name}: {outcome.skipped and 'skipped' or ('FAILED' if outcome.failed else 'passed')} after {seconds:.0f} s", flush=True)
    return Outcome(outcome.stage, outcome.passed, outcome.failed, seconds, outcome.skipped)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
