# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes a release of the version in galaxy.yml: changelog, artifact, commit and tag. Publishes nothing; prints the commands that do."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import yaml

CHECKOUT = Path(__file__).resolve().parents[2]
RELEASE = CHECKOUT / "build" / "release"

NEXT_STEPS = """
{artifact}
sha256 {digest}

Nothing is published yet. Look at the commit, the tag and the artifact, then:

  git push origin main {version}
  gpg --armor --detach-sign {artifact}        # attach the .asc file to the release, for ansible-galaxy collection verify
  ansible-galaxy collection publish {artifact}
  # then set the next version in galaxy.yml

To take it back: git tag --delete {version} && git reset --hard HEAD~1
"""


def main() -> int:
    """Make the release. Exits with the reason if the checkout is not ready for one; nothing is changed then."""
    version = yaml.safe_load((CHECKOUT / "galaxy.yml").read_text())["version"]
    reason = obstacle(version)
    if reason:
        sys.exit(f"release {version}: {reason}")
    run("antsibull-changelog", "release")
    run("git", "add", "--all")
    artifact = build(output("git", "write-tree"), version)
    run("git", "commit", "--quiet", "--message", f"Release {version}")
    run("git", "tag", "--annotate", version, "--message", f"docbits.ion {version}")
    digest = hashlib.sha256(artifact.read_bytes()).hexdigest()
    print(NEXT_STEPS.format(artifact=artifact.relative_to(CHECKOUT), digest=digest, version=version))
    return 0


def obstacle(version) -> str:
    """Why no release can be made, with the next step, or an empty text."""
    if output("git", "branch", "--show-current") != "main":
        return "this is not the branch main; switch to it"
    if output("git", "status", "--porcelain"):
        return "the checkout has changes; commit or stash them"
    if output("git", "tag", "--list", version):
        return "this version has a tag already; set the next version in galaxy.yml"
    if not list((CHECKOUT / "changelogs/fragments").glob("*.yml")):
        return "there is no changelog fragment; add one with a release_summary"
    return ""


def build(tree, version) -> Path:
    """Build the artifact from the files of a git tree, so that it has nothing that is not in the repository. Returns its path."""
    shutil.rmtree(RELEASE, ignore_errors=True)
    source = RELEASE / "source"
    source.mkdir(parents=True)
    archive = RELEASE / "source.tar"
    run("git", "archive", "--output", archive, tree)
    with tarfile.open(archive) as files:
        files.extractall(source, filter="data")
    run("ansible-galaxy", "collection", "build", source, "--output-path", RELEASE)
    shutil.rmtree(source)
    archive.unlink()
    return RELEASE / f"docbits-ion-{version}.tar.gz"


def run(*command) -> None:
    """Run a command in the checkout. Exits if it fails."""
    done = subprocess.run([str(argument) for argument in command], cwd=CHECKOUT, check=False)
    if done.returncode:
        sys.exit(f"{command[0]} {command[1]} failed; undo with git reset --hard if files were changed")


def output(*command) -> str:
    """The output of a command in the checkout."""
    return subprocess.run([str(argument) for argument in command], cwd=CHECKOUT, check=True, capture_output=True, text=True).stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
