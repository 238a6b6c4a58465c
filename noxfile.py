# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The checks of `make lint`: those of antsibull-nox, as antsibull-nox.toml selects them, and two of this collection."""

from __future__ import annotations

from pathlib import Path

import antsibull_nox
import nox

antsibull_nox.load_antsibull_nox_toml()


@nox.session(venv_backend="none")
def changelog(session: nox.Session) -> None:
    """Check the changelog and its fragments."""
    session.run("antsibull-changelog", "lint")


@nox.session(venv_backend="none")
def pages(session: nox.Session) -> None:
    """Write the pages of docs/ that are made from tables in the code; fail if one of them was not up to date."""
    before = {path: path.read_bytes() for path in _pages()}
    for script in sorted(Path("tests/docs").glob("generate_*.py")):
        session.run("python", str(script))
    stale = [path.name for path in _pages() if before.get(path) != path.read_bytes()]
    if stale:
        session.error(f"not up to date, now written anew: {', '.join(sorted(stale))}")


def _pages() -> list:
    return [*Path("docs").glob("*.md"), *Path("docs/docsite/rst").glob("*.rst")]
