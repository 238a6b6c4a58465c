# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules, their functions, action plugins, action groups, documentation and argument specs agree with each other."""

from __future__ import annotations

import ast
import re
from importlib import import_module
from pathlib import Path

import pytest
import yaml

from ansible_collections.docbits.ion.plugins.module_utils._module._options import host_options, network_options
from ansible_collections.docbits.ion.tests.docs.generate_role import PAGE, documented_options, page

ROOT = Path(__file__).resolve().parents[2]
PLUGINS = ROOT / "plugins"
RUNTIME = yaml.safe_load((ROOT / "meta/runtime.yml").read_text())
MODULES = sorted(path.stem for path in (PLUGINS / "modules").glob("*.py"))
# Their action plugins do the work on the controller; they have no function that could be shipped.
ON_THE_CONTROLLER = ["adopt", "environments", "outcome"]
SHIPPED = [name for name in MODULES if name not in ON_THE_CONTROLLER]


def constant(path: Path, name: str):
    """The value of a constant of a module, without importing the module."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Assign) and any(isinstance(target, ast.Name) and target.id == name for target in node.targets):
            return ast.literal_eval(node.value)
    raise AssertionError(f"{path} has no {name}")


def argument_spec(module: str) -> dict:
    """The argument spec of a module."""
    return import_module(f"ansible_collections.docbits.ion.plugins.module_utils._module.{module}").ARGUMENT_SPEC.argument_spec


def documented_attributes(module: str) -> dict:
    """The attributes of a module, as ansible-doc shows them: what the module or an earlier fragment says comes first."""
    documentation = yaml.safe_load(constant(PLUGINS / f"modules/{module}.py", "DOCUMENTATION"))
    attributes = documentation.get("attributes", {})
    for fragment in documentation["extends_documentation_fragment"]:
        name, _dot, section = fragment.removeprefix("docbits.ion.").partition(".")
        texts = import_module(f"ansible_collections.docbits.ion.plugins.doc_fragments.{name}").ModuleDocFragment
        for key, value in yaml.safe_load(getattr(texts, (section or "documentation").upper())).get("attributes", {}).items():
            attributes[key] = {**value, **attributes.get(key, {})}
    return attributes


def differences(documented: dict, spec: dict, place: str = "") -> list:
    """Differences between documentation and argument spec."""
    found = [f"{place}{name}: not documented" for name in spec.keys() - documented.keys()]
    found += [f"{place}{name}: documented, but no option" for name in documented.keys() - spec.keys()]
    for name in spec.keys() & documented.keys():
        for key in ("type", "elements", "required", "default", "choices"):
            unset = {"type": "str", "required": False}.get(key)
            said, meant = documented[name].get(key, unset), spec[name].get(key, unset)
            if said != meant:
                found.append(f"{place}{name}: {key} is documented as {said!r} and is {meant!r}")
        if not documented[name].get("description"):
            found.append(f"{place}{name}: no description")
        found += differences(documented[name].get("suboptions", {}), spec[name].get("options", {}), f"{place}{name}.")
    return sorted(found)


def test_modules_are_found():
    assert {"exports", "ionapi_info"} <= set(MODULES)


def test_action_group_has_exactly_the_modules():
    assert sorted(RUNTIME["action_groups"]["all"]) == MODULES


def test_action_group_docbits_has_the_modules_that_take_its_options():
    options = {**host_options().argument_spec, **network_options().argument_spec, "api_key": {}}
    assert sorted(RUNTIME["action_groups"]["docbits"]) == [module for module in SHIPPED if options.keys() <= argument_spec(module).keys()]


@pytest.mark.parametrize("module", MODULES)
def test_attributes_name_the_action_groups_of_a_module(module):
    groups = [f"docbits.ion.{group}" for group, members in RUNTIME["action_groups"].items() if module in members]
    assert documented_attributes(module)["action_group"]["membership"] == groups


def test_action_plugins_are_exactly_the_modules():
    assert sorted(path.stem for path in (PLUGINS / "action").glob("*.py")) == MODULES


@pytest.mark.parametrize("module", SHIPPED)
def test_action_of_a_shipped_module_is_the_module_action(module):
    action = import_module(f"ansible_collections.docbits.ion.plugins.action.{module}").ActionModule
    assert action is import_module("ansible_collections.docbits.ion.plugins.plugin_utils._module_action").ModuleAction


@pytest.mark.parametrize("module", SHIPPED)
def test_action_of_a_shipped_module_imports_its_function(module):
    plugin = import_module(f"ansible_collections.docbits.ion.plugins.action.{module}")
    assert getattr(plugin, module) is import_module(f"ansible_collections.docbits.ion.plugins.module_utils._module.{module}")


@pytest.mark.parametrize("module", SHIPPED)
def test_main_of_a_module_runs_the_function_of_its_name(module):
    run = import_module(f"ansible_collections.docbits.ion.plugins.module_utils._module.{module}").run
    assert callable(run)
    source = (PLUGINS / f"modules/{module}.py").read_text()
    assert f"run_module(AnsibleModule(supports_check_mode=True, **{module}.ARGUMENT_SPEC.to_kwargs()), {module}.run)" in source


def test_functions_are_exactly_the_shipped_modules():
    functions = {path.stem for path in (PLUGINS / "module_utils/_module").glob("[a-z]*.py")}
    assert functions == set(SHIPPED)


@pytest.mark.parametrize("module", SHIPPED)
def test_documentation_agrees_with_the_argument_spec(module):
    assert differences(documented_options(module), argument_spec(module)) == []


@pytest.mark.parametrize("module", MODULES)
def test_module_has_documentation_examples_and_return_values(module):
    path = PLUGINS / f"modules/{module}.py"
    documentation = yaml.safe_load(constant(path, "DOCUMENTATION"))
    assert documentation["module"] == module
    assert documentation["short_description"] and documentation["version_added"] and documentation["seealso"]
    assert f"docbits.ion.{module}:" in constant(path, "EXAMPLES")
    assert yaml.safe_load(constant(path, "RETURN"))


@pytest.mark.parametrize("module", MODULES)
def test_attributes_say_whether_a_module_writes(module):
    attributes = documented_attributes(module)
    common = {"action", "action_group", "async", "check_mode", "diff_mode", "platform"}
    assert attributes.keys() == (common if module.endswith("_info") else common | {"idempotent"})
    assert (attributes["diff_mode"]["support"] == "N/A") is module.endswith("_info")


def test_return_values_of_the_same_name_are_documented_alike():
    environment, export, exports = (yaml.safe_load(constant(PLUGINS / f"modules/{name}.py", "RETURN")) for name in ("environment", "export", "exports"))
    assert {name: value for name, value in environment.items() if name in exports} == exports
    assert export["export"]["contains"] == exports["exports"]["contains"]
    assert {name: value for name, value in export.items() if name in exports} == {name: exports[name] for name in exports.keys() - {"exports", "undeclared"}}


def test_outcome_documents_every_return_value_of_the_module_environment():
    outcome, environment = (yaml.safe_load(constant(PLUGINS / f"modules/{name}.py", "RETURN")) for name in ("outcome", "environment"))
    assert outcome.keys() == environment.keys() | {"started", "seconds"}


def test_fragments_are_all_used():
    used = set()
    for module in MODULES:
        documentation = yaml.safe_load(constant(PLUGINS / f"modules/{module}.py", "DOCUMENTATION"))
        used |= {fragment.split(".")[2] for fragment in documentation["extends_documentation_fragment"]}
    assert {path.stem for path in (PLUGINS / "doc_fragments").glob("*.py")} == used


@pytest.mark.parametrize("path", [path for path in sorted((PLUGINS / "module_utils").rglob("*.py")) if path.name != "__init__.py"], ids=lambda path: path.name)
def test_module_utils_are_marked_as_private(path):
    assert "Private to the collection." in ast.get_docstring(ast.parse(path.read_text()))


@pytest.mark.parametrize("module", ON_THE_CONTROLLER)
def test_options_of_a_controller_module_agree_with_its_documentation(module):
    action = import_module(f"ansible_collections.docbits.ion.plugins.action.{module}")
    documentation = yaml.safe_load(constant(PLUGINS / f"modules/{module}.py", "DOCUMENTATION"))
    assert differences(documentation["options"], action.OWN_OPTIONS) == []


def test_argument_specs_of_the_role_are_those_of_the_module():
    assert PAGE.read_text(encoding="utf-8") == page(), "run tests/docs/generate_role.py"


@pytest.mark.parametrize("tasks", sorted(ROOT.glob("roles/*/tasks/*.yml")), ids=lambda path: "/".join(path.parts[-3::2]))
def test_argument_specs_of_a_role_have_the_variables_of_each_entry_point(tasks):
    role = tasks.parents[1]
    specs = yaml.safe_load((role / "meta/argument_specs.yml").read_text())["argument_specs"]
    text = "".join(path.read_text() for path in (tasks, *role.glob("templates/*"), *role.glob("vars/main/main.yml")))
    known = {*yaml.safe_load((role / "defaults/main.yml").read_text()), *(name for spec in specs.values() for name in spec["options"])}
    own = {name for name in known if name.startswith(f"{role.name}_")}
    assert own & specs[tasks.stem]["options"].keys() == own & set(re.findall(r"\w+", text))
    assert specs[tasks.stem]["options"].keys() >= set(re.findall(r"\bdocbits_(?!api_key)\w+", text))


def test_changelog_has_no_breaking_change_before_the_first_release():
    releases = yaml.safe_load((ROOT / "changelogs/changelog.yaml").read_text())["releases"]
    fragments = [path for path in (ROOT / "changelogs/fragments").glob("*.yml") if "breaking_changes" in yaml.safe_load(path.read_text())]
    assert releases or not fragments
