# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""README, guides and examples name only options, variables, files and hosts that exist or are known. No link is opened: `make site` checks internal ones."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

from ansible_collections.docbits.ion.tests.unit.test_consistency import MODULES, ON_THE_CONTROLLER, PLUGINS, constant, documented_options

ROOT = Path(__file__).resolve().parents[2]
# Variables of playbooks, which are no options of docbits.ion.environment.
ROLE = yaml.safe_load((ROOT / "roles/deploy/meta/argument_specs.yml").read_text())["argument_specs"]["main"]["options"]
OPTIONS = documented_options("environment")
PLAYBOOKS = "\n".join(path.read_text() for path in sorted((ROOT / "playbooks").glob("*.yml")))
REPOSITORY = "https://github.com/docbits/docbits.ion"
# The projects that links lead to.
LINKED = {"docs.ansible.com", "forum.ansible.com", "github.com", "semver.org", "www.docbits.com", "www.gnu.org"}


class Loader(yaml.SafeLoader):
    """Reads the tag of a text that Ansible must not template, too."""


Loader.add_constructor("!unsafe", lambda loader, node: loader.construct_scalar(node))


def blocks(path: Path) -> list:
    """The blocks of YAML in a page, and the whole of a YAML file."""
    text = path.read_text()
    if path.suffix == ".yml":
        return [text]
    if path.suffix == ".md":
        return re.findall(r"^```yaml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return [re.sub(r"^   ", "", block, flags=re.MULTILINE) for block in re.findall(r"^\.\. code-block:: yaml\n\n((?:   .*\n|\n)+)", text, re.MULTILINE)]


def pairs(value):
    """Every key with its value, also inside of lists and dictionaries, but not the options of a task."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key, inner
            yield from pairs(inner) if not str(key).startswith("docbits.ion.") else ()
    elif isinstance(value, list):
        for inner in value:
            yield from pairs(inner)


def unknown_names(value) -> list:
    """The options and variables in a value that do not exist."""
    unknown = []
    for key, inner in pairs(value):
        module = str(key).removeprefix("docbits.ion.")
        if str(key).startswith("docbits.ion.") and module in MODULES and isinstance(inner, dict):
            options = own_options(module)
            unknown += [f"{key}: {name}" for name in inner if name not in options]
        elif str(key).startswith("docbits_"):
            name = key if key in OPTIONS else key.removeprefix("docbits_")
            unknown += [key] if name not in OPTIONS and key not in ROLE and key not in PLAYBOOKS else unknown_suboptions(key, inner, OPTIONS.get(name, {}))
    return unknown


def own_options(module: str) -> dict:
    """The documented options of a module."""
    if module in ON_THE_CONTROLLER:
        return yaml.safe_load(constant(PLUGINS / f"modules/{module}.py", "DOCUMENTATION"))["options"]
    return documented_options(module)


def unknown_suboptions(key, value, option) -> list:
    """The suboptions in the items of an option that do not exist."""
    suboptions = option.get("suboptions")
    items = value if isinstance(value, list) else [value]
    return [f"{key}: {name}" for item in items if suboptions and isinstance(item, dict) for name in item if name not in suboptions]


PAGES = [
    ROOT / "README.md",
    *sorted((ROOT / "docs/docsite/rst").glob("*.rst")),
    *sorted((ROOT / "examples").rglob("*.yml")),
    *sorted(ROOT.glob("roles/*/README.md")),
]
WITH_BLOCKS = [path for path in PAGES if blocks(path)]


@pytest.mark.parametrize("path", WITH_BLOCKS, ids=lambda path: str(path.relative_to(ROOT)))
def test_examples_name_only_what_exists(path):
    assert [name for block in blocks(path) for document in yaml.load_all(block, Loader) for name in unknown_names(document)] == []


@pytest.mark.parametrize("path", [path for path in PAGES if path.suffix != ".yml"], ids=lambda path: str(path.relative_to(ROOT)))
def test_commands_name_only_playbooks_and_variables_that_exist(path):
    commands = re.findall(r"^ *(?:\$ )?(ansible-playbook .*)", path.read_text(), re.MULTILINE)
    names = {name for command in commands for name in re.findall(r"docbits\.ion\.(\w+)", command)}
    assert names <= {playbook.stem for playbook in (ROOT / "playbooks").glob("*.yml")}
    assert [name for command in commands for name in re.findall(r"-e (\w+)=", command) if name not in ROLE and name not in PLAYBOOKS] == []


@pytest.mark.parametrize("path", [path for path in PAGES if path.suffix != ".yml"], ids=lambda path: str(path.relative_to(ROOT)))
def test_text_names_only_variables_that_exist(path):
    names = set(re.findall(r"(?<![\w./])docbits_[a-z_]+\b(?!\.)", path.read_text())) - {"docbits_"}
    known = {name for option in OPTIONS for name in (option, f"docbits_{option}")} | ROLE.keys()
    others = "\n".join(file.read_text() for file in (PLUGINS / "modules/adopt.py", *(ROOT / "examples/aap").rglob("*.yml")))
    assert [name for name in sorted(names - known) if not re.search(rf"\b{name}\b", PLAYBOOKS + others)] == []


def links(path: Path) -> list:
    """The links of a page, by the syntax of Markdown or reStructuredText, and the URLs of a YAML file."""
    patterns = {".md": r"\]\((https?:[^)]*)\)", ".rst": r"<(https?:[^>]*)>`_", ".yml": r"""(https?:[^\s"']+)"""}
    return re.findall(patterns[path.suffix], re.sub(r"```.*?```", "", path.read_text(), flags=re.DOTALL))


LINKING = [
    *ROOT.glob("*.md"),
    *sorted(ROOT.glob("docs/*.md")),
    *sorted(ROOT.glob("docs/docsite/rst/*.rst")),
    *sorted(ROOT.glob("roles/*/README.md")),
    ROOT / "docs/docsite/links.yml",
    ROOT / "galaxy.yml",
    ROOT / ".github/ISSUE_TEMPLATE/config.yml",
]


@pytest.mark.parametrize("path", LINKING, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_to_files_of_the_repository_or_to_known_projects(path):
    found = [urlsplit(link) for link in links(path)]
    assert [link.geturl() for link in found if link.scheme != "https" or link.hostname not in LINKED or " " in link.geturl()] == []
    own = [match[1] for link in found if (match := re.match(rf"{REPOSITORY}/(?:blob|tree)/main/([^#?]*)", link.geturl()))]
    assert [name for name in own if not (ROOT / name).exists()] == []
    templates = [match[1] for link in found if (match := re.search(r"template=([^&]+)", link.query))]
    assert [name for name in templates if not (ROOT / ".github/ISSUE_TEMPLATE" / name).exists()] == []


@pytest.mark.parametrize("path", sorted(ROOT.glob("docs/docsite/rst/*.rst")), ids=lambda path: path.stem)
def test_guides_name_only_examples_that_exist(path):
    assert [name for name in re.findall(r"\bexamples/[\w./-]*\w", path.read_text()) if not (ROOT / name).exists()] == []


def test_an_unknown_name_is_found():
    assert unknown_names({"docbits_exprts": []}) == ["docbits_exprts"]
    assert unknown_names({"docbits_exports": [{"titel": "A"}]}) == ["docbits_exports: titel"]
    assert unknown_names([{"docbits.ion.api_info": {"docbits_urll": ""}}]) == ["docbits.ion.api_info: docbits_urll"]


def test_page_of_requirements_names_files_and_commands_that_exist():
    named = set(re.findall(r"`([^` ]+|make [a-z]+)`", (ROOT / "docs/inclusion.md").read_text()))
    targets = (ROOT / "Makefile").read_text()
    # Made by a release.
    files = {name for name in named if "/" in name or "." in name} - {"CHANGELOG.rst", "plugins/", "tests/sanity/", "tests/sanity/ignore-*.txt"}
    assert [name for name in files if not (ROOT / name).exists()] == []
    assert [name for name in named if name.startswith("make ") and not re.search(rf"^[^#\n]*\b{name[5:]}\b.*: ##", targets, re.MULTILINE)] == []
    assert len(files) > 20 and not (ROOT / "tests/sanity").exists()


@pytest.mark.parametrize("path", [ROOT / "README.md", *sorted(ROOT.glob("roles/*/README.md"))], ids=lambda path: str(path.relative_to(ROOT)))
def test_links_of_a_readme_are_absolute(path):
    assert [link for link in re.findall(r"\]\(([^)]+)\)", path.read_text()) if not link.startswith(("https://", "#"))] == []
