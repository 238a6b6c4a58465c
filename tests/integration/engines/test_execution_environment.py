# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The execution environment as ansible-builder sees it. No image is built: that needs a container engine and its registries."""

from __future__ import annotations

import subprocess

import yaml

from integration.engines.fleet import EXAMPLES
from integration.phases import ANSIBLE_BIN
from integration.scenario import CHECKOUT

DEFINITION = EXAMPLES / "execution-environment/execution-environment.yml"


def builder(*arguments) -> str:
    command = [ANSIBLE_BIN / "ansible-builder", *arguments]
    return subprocess.run([str(argument) for argument in command], check=True, capture_output=True, text=True).stdout


def test_build_context_is_made_from_the_definition(tmp_path):
    builder("create", "--file", DEFINITION, "--context", tmp_path, "--output-filename", "Containerfile")
    recipe = (tmp_path / "Containerfile").read_text()
    assert 'ARG EE_BASE_IMAGE="quay.io/centos/centos:stream10"' in recipe
    assert yaml.safe_load((tmp_path / "_build/requirements.yml").read_text()) == {"collections": [{"name": "docbits.ion"}]}


def test_artifact_of_the_collection_has_the_python_packages_that_it_needs(tmp_path):
    collections = tmp_path / "collections"
    galaxy = [ANSIBLE_BIN / "ansible-galaxy", "collection"]
    subprocess.run([*galaxy, "build", "--output-path", tmp_path, CHECKOUT], check=True, capture_output=True)
    [artifact] = tmp_path.glob("docbits-ion-*.tar.gz")
    # By force, because Ansible finds the checkout as an installed collection.
    subprocess.run([*galaxy, "install", "--offline", "--force", "--collections-path", collections, artifact], check=True, capture_output=True)
    found = yaml.safe_load(builder("introspect", collections))
    assert [line.partition("#")[0].strip() for line in found["python"]] == (CHECKOUT / "meta/ee-requirements.txt").read_text().split()
    assert not found["system"]
    files = [path.relative_to(collections).as_posix().split("/", 3)[3] for path in collections.rglob("*") if path.is_file() and path.suffix != ".yml"]
    assert {"README.md", "docs/findings.md", "plugins/modules/exports.py"} <= set(files)
    # What only development needs.
    assert not [name for name in files if name.startswith((".", "build/", "tests/", "docs/performance", "Makefile"))]
