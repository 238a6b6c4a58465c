# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the stages of `make test`, three at a time, and ends with a table and one line of counts."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from threading import Lock
from xml.etree import ElementTree

import environment

LOGS = environment.BUILD / "logs"
TESTS = environment.CHECKOUT / "tests"
SCENARIOS = "tests/integration/test_promises.py"
EXPORTS = "tests/integration/exports"
OTHER_PROGRAMS = ("tests/integration/peers", "tests/integration/engines")
SAMPLE = "environment-new or environment-role-missing or update-file or undone-when-a-later-step-fails or ionapi-cloud"
# On two cores: the stage `integration` mostly waits.
AT_A_TIME = 3
# ansible-test shares its environments between runs.
SANITY = Lock()


@dataclass(frozen=True)
class Outcome:
    """How a stage ended: counts of its tests, seconds, the reason if it was skipped, and a note for the table."""

    stage: str
    passed: int = 0
    failed: int = 0
    seconds: float = 0.0
    skipped: str = ""
    note: str = ""


class Stage:
    """What a stage works with: its log, its environment variables, and commands that may fail."""

    def __init__(self, name: str, variables: dict, live: bool) -> None:
        self.name = name
        self.variables = variables
        self.log = LOGS / f"{name}.log"
        self._live = live
        self.log.write_text("")

    def run(self, *command, cwd=environment.CHECKOUT, **variables) -> bool:
        """Run a command, with its output in the log. True if it succeeded."""
        arguments = [str(argument) for argument in command]
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True, "errors": "replace"}
        shown = f"$ {shlex.join(arguments)}\n".replace(f"{environment.CHECKOUT}/", "")
        with self.log.open("a") as log, subprocess.Popen(arguments, cwd=cwd, env=self.variables | variables, **pipes) as process:
            for line in chain([shown], process.stdout):
                log.write(line)
                log.flush()
                if self._live:
                    print(line, end="", flush=True)
        return process.returncode == 0

    def counted(self, *results: bool) -> Outcome:
        """The outcome of checks that passed (True) or failed (False)."""
        return Outcome(self.name, passed=results.count(True), failed=results.count(False))

    def pytest(self, *arguments, **variables) -> Outcome:
        """Run pytest and count its tests, whatever the number of subtests; a run that did not start is one failure."""
        report = LOGS / f"{self.name}.xml"
        report.unlink(missing_ok=True)
        succeeded = self.run("python", "-m", "pytest", "--quiet", f"--junitxml={report}", *arguments, **variables)
        tests = list(ElementTree.parse(report).getroot().iter("testcase")) if report.exists() else []
        failed = sum(test.find("failure") is not None or test.find("error") is not None for test in tests)
        skipped = sum(test.find("skipped") is not None for test in tests)
        return Outcome(self.name, passed=len(tests) - failed - skipped, failed=failed or int(not succeeded))


def nox(stage: Stage, *options) -> list:
    """Run sessions of nox, each in an environment of its own that is made when missing. True for each that passed, False for each that failed."""
    # The environments of another configuration may lack a package.
    venvs = environment.BUILD / "nox" / hashlib.sha256((environment.CHECKOUT / "antsibull-nox.toml").read_bytes()).hexdigest()[:8]
    report = LOGS / f"{stage.name}.json"
    report.unlink(missing_ok=True)
    # With CI set, formatters do not write. ansible-lint has a session of its own.
    stage.run("nox", "-R", "--envdir", venvs, "--report", report, *options, CI="true", GALAXY_IMPORTER_RUN_ANSIBLE_LINT="false")
    if not report.exists():
        return [False]
    # The session `lint` only groups others.
    return [session["result"] == "success" for session in json.loads(report.read_text())["sessions"] if session["name"] != "lint"]


def lint(stage: Stage) -> Outcome:
    """The checks of antsibull-nox that antsibull-nox.toml selects, and those of noxfile.py."""
    sessions = nox(stage)
    # antsibull-nox passes over errors of the import into Galaxy with a warning.
    return stage.counted(*sessions, "Galaxy importer emitted" not in stage.log.read_text())


def units(stage: Stage) -> Outcome:
    """The pure layers, scripted HTTP, and the simulator itself."""
    return stage.pytest("tests/unit")


def fuzz(stage: Stage) -> Outcome:
    """The tests with random input again, with many more cases than in `make units`, and with another seed in every run."""
    more = {"ION_FUZZ_CASES": "200000", "ION_FUZZ_SEED": str(time.time_ns()), "ION_SEEDS": "500"}
    variables = {name: os.environ.get(name, value) for name, value in more.items()}
    seed = f"--hypothesis-seed={variables['ION_FUZZ_SEED']}"
    return stage.pytest("tests/unit", "tests/integration/exports", "-k", "fuzz or seeds or hypothesis", seed, **variables)


def simulate(stage: Stage) -> Outcome:
    """The simulation of many histories of runs, faults and edits; the variable SIMULATE holds its options (make simulate SIMULATE=--help)."""
    if not (TESTS / "simulation/__main__.py").exists():
        return Outcome(stage.name, skipped="there is no package tests/simulation")
    given = os.environ.get("SIMULATE")
    families = [shlex.split(given)] if given else [["--histories", "2600"], ["--day-two", "--histories", "400"]]
    return stage.counted(*(stage.run("python", "-m", "simulation", *options) for options in families))


def scale(stage: Stage) -> Outcome:
    """A fleet of 2,000 environments, for an otherwise idle machine; the variable SCALE holds its options (make scale SCALE=--help)."""
    return stage.counted(stage.run("python", "-m", "bench.scale", *shlex.split(os.environ.get("SCALE", ""))))


def bench(stage: Stage) -> Outcome:
    """The benchmark, for an otherwise idle machine; the variable BENCH holds its options (make bench BENCH=--help)."""
    return stage.counted(stage.run(environment.bench_venv() / "bin/python", "-m", "bench", *shlex.split(os.environ.get("BENCH", ""))))


def site(stage: Stage) -> Outcome:
    """The documentation site in build/site/html: pages of antsibull-docs, the guides, and the pages in docs/. A broken link is an error."""
    venv, root = environment.site_venv(), environment.BUILD / "site"
    shutil.rmtree(root, ignore_errors=True)
    # antsibull-docs demands a directory that only its owner can write to.
    (root / "rst").mkdir(parents=True, mode=0o700)
    path = os.pathsep.join([str(venv / "bin"), stage.variables["PATH"]])
    documents = stage.run("antsibull-docs", "collection", "--use-current", "--squash-hierarchy", "--dest-dir", root / "rst", "docbits.ion", PATH=path)
    guides = root / "rst/docsite"
    pages = [*(environment.CHECKOUT / "docs").glob("*.*"), *environment.CHECKOUT.glob("C*.md")]
    for page in pages:
        # On the site all pages are in one directory.
        (guides / page.name.lower()).write_text(re.sub(r"\]\((?:\.\./)?(\w+)\.md", lambda match: f"]({match[1].lower()}.md", page.read_text()))
    with (guides / "reference.rst").open("a") as reference:
        reference.write("\n.. toctree::\n   :maxdepth: 1\n\n")
        reference.writelines(f"   {page.stem.lower()}\n" for page in sorted(pages) if page.suffix == ".md")
    configuration = environment.CHECKOUT / "docs/docsite"
    built = stage.run("sphinx-build", "-W", "--keep-going", "-b", "html", "-c", configuration, root / "rst", root / "html", PATH=path)
    return stage.counted(documents, built)


def scenarios_on(core: environment.Core | None):
    """A stage that runs the scenarios, through real ansible-playbook runs, on the tests' own ansible-core or on another one."""

    def scenarios(stage: Stage) -> Outcome:
        venv = environment.core_venv(core) if core else environment.main_venv()
        if venv is None:
            return Outcome(stage.name, skipped=f"no Python {', '.join(core.pythons)}")
        outcome = stage.pytest(SCENARIOS, ANSIBLE_BIN=str(venv / "bin"))
        return replace(outcome, note="each scenario with its seven promises")

    return scenarios


def integration(stage: Stage) -> Outcome:
    """The other tests that need the simulator or another server, and the benchmark at sizes at which its numbers mean nothing."""
    return stage.pytest("tests/integration", "tests/bench", *(f"--ignore={path}" for path in (SCENARIOS, EXPORTS, *OTHER_PROGRAMS)))


def other_programs(stage: Stage) -> Outcome:
    """The tests against servers that others wrote, and on the programs that run the examples."""
    return stage.pytest(*OTHER_PROGRAMS)


def exports(stage: Stage) -> Outcome:
    """The tests of reconciling over TLS: kinds, refused answers, moods, rollbacks and kills."""
    return stage.pytest(EXPORTS)


def sanity(stage: Stage, venv: Path | None = None) -> Outcome:
    """ansible-test sanity over the files that git tracks or would track, in a directory of the name that ansible-test requires.

    venv: the environment with the ansible-core to use; that of the tests by default
    """
    root = environment.BUILD / "sanity" / stage.name / "ansible_collections/docbits/ion"
    shutil.rmtree(root, ignore_errors=True)
    listed = subprocess.run(["git", "ls-files", "-coz", "--exclude-standard"], cwd=environment.CHECKOUT, capture_output=True, check=True).stdout
    for name in filter(None, os.fsdecode(listed).split("\0")):
        if (source := environment.CHECKOUT / name).exists():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, root / name, follow_symlinks=False)
    # ansible-test would download pip from a host that many networks do not reach; Python has one.
    cache = environment.HOME / ".ansible/test/cache"
    cache.mkdir(parents=True, exist_ok=True)
    for version in ("24_2", "25_2"):
        (cache / f"get_pip_{version}.py").write_text("import ensurepip\n\nensurepip.bootstrap()\n")
    # Without a repository of its own the copy would count as an ignored directory of the checkout.
    if not (stage.run("git", "init", "--quiet", cwd=root) and stage.run("git", "add", "--all", cwd=root)):
        return stage.counted(False)
    path = os.pathsep.join([str((venv or environment.main_venv()) / "bin"), str(environment.link_pythons()), stage.variables["PATH"]])
    with SANITY:
        succeeded = stage.run("ansible-test", "sanity", "--color", "no", "--truncate", "160", cwd=root, PATH=path)
    log = stage.log.read_text()
    ran = len(re.findall(r'^Running sanity test "', log, re.MULTILINE)) - log.count("No tests applicable.")
    failed = int(next(iter(re.findall(r"The (\d+) sanity test\(s\) listed below", log)), not succeeded))
    return Outcome(stage.name, passed=max(0, ran - failed), failed=failed)


def on_pair(core: str, python: str):
    """A stage with what depends on the version of ansible-core or of Python: unit tests, scenarios and sanity tests."""

    def matrix(stage: Stage) -> Outcome:
        try:
            venv = environment.matrix_venv(core, python)
        except subprocess.CalledProcessError:
            if core != environment.DEVEL:
                raise
            return Outcome(stage.name, skipped="the development version of ansible-core cannot be installed here")
        if venv is None:
            return Outcome(stage.name, skipped=f"no Python {python}")
        path = os.pathsep.join([str(venv / "bin"), stage.variables["PATH"]])
        parts = [stage.pytest("tests/unit", PATH=path), stage.pytest(SCENARIOS, PATH=path), sanity(stage, venv)]
        return Outcome(stage.name, passed=sum(part.passed for part in parts), failed=sum(part.failed for part in parts))

    return matrix


def target(stage: Stage) -> Outcome:
    """The scenarios with the oldest Python that modules are shipped to."""
    venv = environment.target_venv()
    if venv is None:
        return Outcome(stage.name, skipped=f"no Python {environment.OLDEST_TARGET}")
    return replace(stage.pytest(SCENARIOS, TARGET_PYTHON=str(venv / "bin/python")), note="shipped modules run on this Python")


def live(stage: Stage) -> Outcome:
    """The report and the trial of a real tenant; tests/integration/live says which variables name it."""
    variables = {name: value for name, value in os.environ.items() if name.startswith("DOCBITS_LIVE_")}
    if not variables.keys() >= {"DOCBITS_LIVE_URL", "DOCBITS_LIVE_API_KEY"}:
        return Outcome(stage.name, skipped="DOCBITS_LIVE_URL and DOCBITS_LIVE_API_KEY are not set")
    return stage.pytest("tests/integration/live", **variables)


def quick_lint(stage: Stage) -> Outcome:
    """ruff on the changed files, mypy, and whether the generated pages are up to date."""
    python = [path for path in environment.changed_files() if path.endswith(".py")]
    style = [stage.run("ruff", *command, *python) for command in (["check"], ["format", "--check"]) if python]
    return stage.counted(*style, *nox(stage, "--sessions", "pages", "typing"))


def quick_units(stage: Stage) -> Outcome:
    """The changed unit tests, those that import a changed layer, and those of the collection as a whole."""
    changed = environment.changed_files()
    layers = {match[0] for path in changed if (match := re.search(r"\b(module_utils\._\w+|plugin_utils|lookup|simulator)\b", path.replace("/", ".")))}
    files = [
        path
        for path in sorted(TESTS.glob("unit/**/test_*.py"))
        if str(path.relative_to(environment.CHECKOUT)) in changed or any(layer in path.read_text() for layer in layers)
    ]
    return stage.pytest("tests/unit/test_consistency.py", *files)


def quick_scenarios(stage: Stage) -> Outcome:
    """A few scenarios that together go through every layer."""
    return stage.pytest(SCENARIOS, "-k", SAMPLE)


# What `make test` runs, in the order in which it starts: the long ones first.
TESTED = {
    "integration": integration,
    "exports": exports,
    "sanity": sanity,
    "other-programs": other_programs,
    "scenarios": scenarios_on(None),
    "scenarios-2.18": scenarios_on(environment.CORES[0]),
    "scenarios-2.21": scenarios_on(environment.CORES[-1]),
    "lint": lint,
    "units": units,
    "simulate": simulate,
    "site": site,
}
MATRIX = {
    **{f"matrix-{core}-{python}": on_pair(core, python) for core, python in environment.MATRIX},
    f"target-{environment.OLDEST_TARGET}": target,
}
QUICK = {"quick-scenarios": quick_scenarios, "quick-units": quick_units, "quick-lint": quick_lint}
STAGES = {
    **TESTED,
    **QUICK,
    **MATRIX,
    **{f"scenarios-{core.version}": scenarios_on(core) for core in environment.CORES},
    "fuzz": fuzz,
    "bench": bench,
    "scale": scale,
    "live": live,
}
GROUPS = {
    "test": TESTED,
    "quick": QUICK,
    "matrix": MATRIX,
    "integration": [name for name in TESTED if name in ("integration", "exports", "other-programs") or name.startswith("scenarios")],
}


def main(arguments) -> int:
    """Run the named stages or groups of stages; 0 when none failed."""
    names = [name for argument in arguments for name in GROUPS.get(argument, [argument])]
    variables = environment.prepare()
    LOGS.mkdir(exist_ok=True)
    live = len(names) == 1
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        outcomes = list(pool.map(lambda name: timed(name, variables, live), names))
    if not live:
        # Failed stages come last, next to the table.
        for outcome in sorted(outcomes, key=lambda outcome: outcome.failed > 0):
            print(f"\n──── {outcome.stage} ────\n{(LOGS / f'{outcome.stage}.log').read_text()}", end="")
    print(f"\n{'stage':<20}{'passed':>8}{'failed':>8}{'seconds':>9}")
    for outcome in outcomes:
        note = f"skipped: {outcome.skipped}" if outcome.skipped else outcome.note
        print(f"{outcome.stage:<20}{outcome.passed:>8}{outcome.failed:>8}{outcome.seconds:>9.1f}  {note}".rstrip())
    failed = sum(outcome.failed for outcome in outcomes)
    print(f"\n{sum(outcome.passed for outcome in outcomes)} passed, {failed} failed")
    return int(failed > 0)


def timed(name: str, variables: dict, live: bool) -> Outcome:
    """Run one stage, report it, and measure its time."""
    print(f"{name}: started\n", end="", flush=True)
    started = time.monotonic()
    try:
        outcome = STAGES[name](Stage(name, variables, live))
    except Exception as error:
        # The results of the other stages are still of use.
        print(f"{name}: {type(error).__name__}: {error}\n", end="", flush=True)
        outcome = Outcome(name, failed=1)
    outcome = replace(outcome, seconds=time.monotonic() - started)
    result = "skipped" if outcome.skipped else "FAILED" if outcome.failed else "passed"
    print(f"{name}: {result} after {outcome.seconds:.0f} s\n", end="", flush=True)
    return outcome


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
