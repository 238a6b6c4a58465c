# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the argument specification of the role from the documentation of the module environment: `python tests/docs/generate_role.py`."""

from __future__ import annotations

import ast
import re
from importlib import import_module
from pathlib import Path

import yaml

from ansible_collections.docbits.ion.plugins.plugin_utils._variables import VARIABLES

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "roles/deploy/meta/argument_specs.yml"

INTRODUCTION = """\
---
# Written by tests/docs/generate_role.py from the documentation of docbits.ion.environment. Do not edit.
# Lists and dictionaries have no suboptions here: Ansible would show whole items, with their secrets, in its messages. The module validates them.
"""
ROLE = {
    "short_description": "Deploy the declared Infor exports to the DocBits environments of a batch",
    "description": [
        "Processes all hosts of the batch in parallel with M(docbits.ion.environments). Each host is one DocBits environment.",
        "The options of M(docbits.ion.environment) are variables of the host with the prefix C(docbits_).",
        "If a step fails, the environment is rolled back as far as the former values are known.",
    ],
    "author": ["docbits.ion contributors"],
}
STOP_AFTER = {
    "deploy_stop_after": {
        "description": ["The last stage. C(parse) sends no request, C(prove) sends none to DocBits.", "The default follows from the tags of the run."],
        "type": "str",
        "choices": ["parse", "prove", "verify"],
    },
}
CHECK_FLEET = {
    "short_description": "Check all environments before anything is sent",
    "description": [
        "Imported by the playbooks in a play for C(localhost:all). Validates the variables and files of each environment, and the names of the rings."
    ],
    "author": ROLE["author"],
    "options": {
        **STOP_AFTER,
        "deploy_allow_empty_canary": {
            "description": ["Whether C(docbits.ion.deploy_ion) accepts an inventory without a host in the group C(canary)."],
            "type": "bool",
            "default": False,
        },
        "deploy_tags": {
            "description": ["Tags with which the play does something. With others, and if one of them is skipped, the run fails."],
            "type": "list",
            "elements": "str",
            "required": True,
        },
        "deploy_require_all": {
            "description": ["Whether the run fails if one of the environments fails, or has no API key."],
            "type": "bool",
            "required": True,
        },
    },
}
# Set by the action plugin.
NOT_DECLARED = ("fingerprints", "run_dir")


def documented_options(module: str) -> dict:
    """The options in the documentation of a module and its fragments. As in ansible-doc, what the module says of an option replaces the fragment."""
    tree = ast.parse((ROOT / f"plugins/modules/{module}.py").read_text(encoding="utf-8"))
    [text] = [node.value for node in tree.body if isinstance(node, ast.Assign) and node.targets[0].id == "DOCUMENTATION"]
    documentation, options = yaml.safe_load(ast.literal_eval(text)), {}
    for fragment in documentation.get("extends_documentation_fragment", []):
        name, _dot, section = fragment.removeprefix("docbits.ion.").partition(".")
        texts = import_module(f"ansible_collections.docbits.ion.plugins.doc_fragments.{name}").ModuleDocFragment
        options |= yaml.safe_load(getattr(texts, (section or "documentation").upper())).get("options", {})
    own = documentation.get("options", {})
    return {name: {**options.get(name, {}), **own.get(name, {})} for name in {**options, **own}}


def page() -> str:
    """The whole file."""
    documented = documented_options("environment")
    variables = {variable: _variable(documented[option]) for variable, option in VARIABLES.items() if option not in NOT_DECLARED}
    spec = {"argument_specs": {"main": {**ROLE, "options": {**STOP_AFTER, **variables}}, "check_fleet": CHECK_FLEET}}
    return INTRODUCTION + yaml.dump(spec, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=150)


class _Dumper(yaml.SafeDumper):
    """Indents lists, as yamllint asks for, and writes no aliases."""

    def increase_indent(self, flow=False, indentless=False):
        return super().increase_indent(flow, False)

    def ignore_aliases(self, data):
        return True


def _variable(option) -> dict:
    """The entry of an option. The module has its default, and knows where else a required value may come from."""
    description = option["description"] if isinstance(option["description"], list) else [option["description"]]
    spec = {"description": [re.sub(r"\bRV\((\w+)\)", r"C(\1)", re.sub(r"\bO\((\w+)", _reference, text)) for text in description]}
    if "suboptions" in option or option.get("type") == "dict":
        spec["description"].append("See M(docbits.ion.environment).")
        spec["type"] = "raw"
    else:
        spec.update({key: option[key] for key in ("type", "elements", "choices") if key in option})
    return spec


def _reference(match) -> str:
    names = {option: variable for variable, option in VARIABLES.items()}
    return f"O({names.get(match.group(1), match.group(1))}"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
