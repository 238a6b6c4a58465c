# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes everything that the tests and the demo need under build/, from nothing but Python, and runs commands in it."""

from __future__ import annotations

import ast
import hashlib
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
BUILD = CHECKOUT / "build"
HOME = BUILD / "home"
TEMPORARY = BUILD / "tmp"
COLLECTIONS = BUILD / "collections"
PYTHONS = BUILD / "pythons"

REQUIREMENTS = (
    CHECKOUT / "tests/requirements.txt",
    CHECKOUT / "tests/simulator/requirements.txt",
    CHECKOUT / "tests/integration/peers/requirements.txt",
)
RUNTIME_REQUIREMENTS = CHECKOUT / "meta/ee-requirements.txt"

# Every Python that a supported ansible-core runs on, as controller or as target.
KNOWN_PYTHONS = ("3.9", "3.10", "3.11", "3.12", "3.13", "3.14")

# Variables of the caller that would change the tests.
NOT_PASSED_ON = ("ANSIBLE_", "DOCBITS_", "MAKE", "MFLAGS", "PYTHON", "VIRTUAL_ENV", "XDG_")


@dataclass(frozen=True)
class Core:
    """One version of ansible-core that the scenarios run on, and the Pythons that it runs on as controller."""

    version: str
    pythons: tuple

    @property
    def venv(self) -> Path:
        """Its environment, with the run-time packages of the collection and nothing else, as a user has it."""
        return BUILD / f"core-{self.version}"


CORES = (
    Core("2.18", ("3.11", "3.12", "3.13")),
    Core("2.19", ("3.11", "3.12", "3.13")),
    Core("2.20", ("3.12", "3.13", "3.14")),
    Core("2.21", ("3.12", "3.13", "3.14")),
)

# What `make matrix` and continuous integration run: versions of ansible-core, each with a Python. DEVEL is the branch of its repository.
DEVEL = "devel"
MATRIX = (("2.18", "3.11"), ("2.19", "3.11"), ("2.20", "3.12"), ("2.21", "3.12"), ("2.21", "3.13"), (DEVEL, "3.13"))
DEVEL_PACKAGE = "ansible-core @ https://github.com/ansible/ansible/archive/devel.tar.gz"

# The oldest Python that ansible-core 2.20 and newer run modules with.
OLDEST_TARGET = "3.9"


def main_venv() -> Path:
    """The environment of the tests themselves, with the newest ansible-core that this Python can run; made when missing."""
    return made_venv(BUILD / "venv", sys.executable, [path for path in REQUIREMENTS if path.exists()])


def bench_venv() -> Path:
    """The environment of the benchmark: that of the tests, with what draws the plot."""
    return made_venv(BUILD / "bench-venv", sys.executable, [*REQUIREMENTS, CHECKOUT / "tests/bench/requirements.txt"])


def site_venv() -> Path:
    """The environment that builds the documentation site."""
    return made_venv(BUILD / "site-venv", sys.executable, [RUNTIME_REQUIREMENTS, CHECKOUT / "docs/docsite/requirements.txt"], "ansible-core")


def core_venv(core: Core) -> Path | None:
    """The environment of another ansible-core, made when missing; None if no fitting Python is installed."""
    own = f"{sys.version_info.major}.{sys.version_info.minor}"
    versions = sorted(core.pythons, key=lambda version: version != own)
    python = next((found for version in versions if (found := find_python(version))), None)
    return python and made_venv(core.venv, python, [RUNTIME_REQUIREMENTS], f"ansible-core~={core.version}.0")


def matrix_venv(core: str, version: str) -> Path | None:
    """The environment of the tests on this ansible-core and this Python, made when missing; None if this machine has no such Python."""
    python = find_python(version)
    package = DEVEL_PACKAGE if core == DEVEL else f"ansible-core~={core}.0"
    return python and made_venv(BUILD / f"matrix-{core}-{version}", python, list(REQUIREMENTS), package)


def target_venv() -> Path | None:
    """The environment of modules on the oldest target, made when missing; None if this machine has no such Python."""
    python = find_python(OLDEST_TARGET)
    return python and made_venv(BUILD / f"target-{OLDEST_TARGET}", python, [RUNTIME_REQUIREMENTS])


def made_venv(venv: Path, python: str, requirement_files: list, *packages: str) -> Path:
    """The virtual environment at `venv`, made again only when its Python, its path or its requirements changed."""
    wanted = "\n".join([str(venv), python, *packages, *(path.read_text() for path in requirement_files)])
    stamp = venv / "made-for"
    key = hashlib.sha256(wanted.encode()).hexdigest()
    if stamp.exists() and stamp.read_text() == key:
        return venv
    print(f"making {venv.relative_to(CHECKOUT)}", file=sys.stderr, flush=True)
    shutil.rmtree(venv, ignore_errors=True)
    subprocess.run([python, "-m", "venv", venv], check=True, env=os.environ | {"HOME": str(HOME)})
    files = [argument for path in requirement_files for argument in ("--requirement", path)]
    settings = keep_pip_settings(venv)
    subprocess.run([venv / "bin/pip", "install", "--quiet", "--no-cache-dir", *files, *packages], check=True, env=settings)
    stamp.write_text(key)
    return venv


def find_python(version: str) -> str | None:
    """The path of an interpreter of this version: this one, one on PATH or one of pyenv; links and shims are resolved."""
    candidates = [shutil.which(f"python{version}")]
    if "PYENV_ROOT" in os.environ or (Path.home() / ".pyenv").exists():
        versions = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
        candidates += sorted(versions.glob(f"{version}.*/bin/python{version}"), reverse=True)
    for candidate in filter(None, [sys.executable, *candidates]):
        # A shim can be on PATH for a version that it refuses to start.
        answer = subprocess.run(
            [candidate, "-c", "import sys, ensurepip; print(sys._base_executable, '%d.%d' % sys.version_info[:2])"],
            check=False,
            capture_output=True,
            text=True,
        )
        if answer.returncode == 0 and answer.stdout.split()[1] == version:
            return answer.stdout.split()[0]
    return None


def prepare() -> dict:
    """Make what is missing and return the environment variables under which everything runs; nothing then writes outside build/."""
    if sys.version_info < (3, 11):  # noqa: UP036 (someone may start it with an older one)
        sys.exit(f"Python 3.11 or newer is needed, this is {sys.version.split()[0]}; name another one: make PYTHON=python3.12 ...")
    for directory in (HOME, TEMPORARY, PYTHONS):
        directory.mkdir(parents=True, exist_ok=True)
    sweep_temporary_files()
    venv = main_venv()
    link_collection()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(NOT_PASSED_ON)}
    return kept | {
        "HOME": str(HOME),
        "TMPDIR": str(TEMPORARY),
        "PATH": os.pathsep.join([str(venv / "bin"), *_path_without_shims()]),
        "PYTHONPATH": os.pathsep.join([str(CHECKOUT / "tests"), str(COLLECTIONS)]),
        "PYTHONPYCACHEPREFIX": str(BUILD / "pycache"),
        "PYTHONUTF8": "1",
        "PIP_NO_CACHE_DIR": "1",
        "RUFF_CACHE_DIR": str(HOME / ".cache/ruff"),
        "HYPOTHESIS_STORAGE_DIRECTORY": str(BUILD / "hypothesis"),
        "ANSIBLE_HOME": str(HOME / ".ansible"),
        "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
        "ANSIBLE_LOCALHOST_WARNING": "false",
    }


def link_collection() -> None:
    """Let Ansible and pytest find the checkout as docbits.ion, whatever the name of its directory."""
    link = COLLECTIONS / "ansible_collections/docbits/ion"
    link.parent.mkdir(parents=True, exist_ok=True)
    if not link.is_symlink():
        link.symlink_to("../../../..")


def keep_pip_settings(venv: Path) -> dict:
    """Give pip the user's settings in a home under build/: the variables to run it with.

    pip runs tools that write to the home directory (rustc, to name itself to the index), so it never gets the user's home. The settings are
    also written there, for ansible-test, which passes on no variable but HOME.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith("XDG_")} | {"HOME": str(HOME)}
    configuration = Path(os.environ.get("XDG_CONFIG_HOME", Path.home() / ".config"))
    for file in (configuration / "pip/pip.conf", Path.home() / ".pip/pip.conf"):
        if file.exists():
            environment.setdefault("PIP_CONFIG_FILE", str(file))
    listed = subprocess.run([venv / "bin/pip", "config", "list"], capture_output=True, text=True, check=True, env=environment).stdout
    settings = {name.rpartition(".")[2]: ast.literal_eval(value) for name, _equals, value in (line.partition("=") for line in listed.splitlines())}
    written = HOME / ".config/pip/pip.conf"
    written.parent.mkdir(parents=True, exist_ok=True)
    written.write_text("[global]\nno-cache-dir = true\n" + "".join(f"{name} = {value}\n" for name, value in settings.items() if name != "no-cache-dir"))
    return environment


def link_pythons() -> Path:
    """A directory with a working link to each Python of this machine that ansible-test can use."""
    for version in KNOWN_PYTHONS:
        link = PYTHONS / f"python{version}"
        found = find_python(version)
        if found and not link.exists():
            link.unlink(missing_ok=True)
            link.symlink_to(found)
    return PYTHONS


def changed_files() -> list:
    """The files that differ from the branch main, or on main from the last commit, as paths in the checkout."""

    def git(*command):
        return subprocess.run(["git", *command], cwd=CHECKOUT, capture_output=True, text=True, check=False).stdout.split()

    [base] = git("merge-base", "HEAD", "main") or ["HEAD"]
    changed = {*git("diff", "--name-only", base), *git("ls-files", "--others", "--exclude-standard")}
    return sorted(path for path in changed if (CHECKOUT / path).exists())


def sweep_temporary_files() -> None:
    """Remove what earlier runs left under build/tmp; what is younger than a day may belong to another run."""
    for path in TEMPORARY.iterdir():
        if path.lstat().st_mtime < time.time() - 86400:
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()


def _path_without_shims():
    # pyenv has a shim for every version that is installed, and most of them refuse to start.
    return [entry for entry in os.environ.get("PATH", os.defpath).split(os.pathsep) if Path(entry).name != "shims"]


if __name__ == "__main__":
    environment = prepare()
    os.chdir(CHECKOUT)
    os.execvpe(sys.argv[1], sys.argv[1:], environment)
