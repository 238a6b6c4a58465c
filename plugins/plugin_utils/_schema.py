# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares arguments with their argument spec. Unlike Ansible's messages, a finding names the item of a list and what was meant. Private to the collection."""

from __future__ import annotations

from difflib import get_close_matches

from ansible.module_utils.common.validation import check_type_bool, check_type_dict, check_type_float, check_type_int, check_type_list

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import InvalidInput
from ansible_collections.docbits.ion.plugins.module_utils._core.findings import ERROR, Finding
from ansible_collections.docbits.ion.plugins.module_utils._core.shapes import ID, OPTION, TITLE, has_shape, shown

_TYPES = {
    "bool": (check_type_bool, "true or false"),
    "dict": (check_type_dict, "a dictionary"),
    "float": (check_type_float, "a number"),
    "int": (check_type_int, "a whole number"),
    "list": (check_type_list, "a list"),
}


def item_name(where: str, item) -> str:
    """An item of a list in messages: its place, and its title if it has one."""
    title = next((value for sort, value in ((TITLE, item.get("title")), (ID, item.get("id"))) if value and has_shape(sort, value)), None)
    return f'{where} "{title}"' if title else where


def check_schema(args, options) -> None:
    """Raise InvalidInput with the findings about the arguments of a task."""
    findings = schema_findings(args, options)
    if findings:
        raise InvalidInput(findings)


def schema_findings(args, options, parent="") -> list:
    """An error for each option that does not exist or has a wrong value. No secret is in them.

    args:    plain arguments
    options: their argument spec
    parent:  name of what the arguments belong to, as a prefix such as 'exports[0] "Invoices": '; without it, unknown options are left to Ansible,
             unless their names may be secrets, which Ansible shows
    """
    findings = []
    for name, value in args.items():
        option = options.get(name)
        if option is None:
            findings += [_unknown(parent, name, options)] if parent or not has_shape(OPTION, name) else []
        elif value is None:
            continue
        elif option.get("options"):
            is_list = option["type"] == "list"
            for index, item in enumerate(value if is_list and isinstance(value, list) else [value]):
                if isinstance(item, dict):
                    where = item_name(f"{parent}{name}[{index}]", item) if is_list else f"{parent}{name}"
                    findings += schema_findings(item, option["options"], f"{where}: ")
        else:
            findings += _wrong_value(f"{parent}{name}", value, option)
    return findings


def _unknown(parent, name, options):
    similar = get_close_matches(str(name), options, n=1, cutoff=0.6)
    return Finding(
        "E49",
        ERROR,
        f"{parent}{shown(OPTION, name)}",
        "there is no such option",
        f"did you mean {similar[0]}?" if similar else "correct its name, or remove it",
    )


def _wrong_value(where, value, option) -> list:
    convert, expected = _TYPES.get(option.get("type"), (None, ""))
    try:
        value = convert(value) if convert else value
    except (TypeError, ValueError):
        return [Finding("E16", ERROR, where, f"the value must be {expected}", "correct it as ansible-doc shows")]
    choices = option.get("choices")
    wrong = [item for item in (value if isinstance(value, list) else [value]) if choices and item not in choices]
    if not wrong:
        return []
    similar = get_close_matches(str(wrong[0]), choices, n=1, cutoff=0.6)
    # A value that resembles none of the choices may be a secret.
    message = f"{wrong[0]} is not a value of this option" if similar else "the value is not one of this option"
    return [Finding("E50", ERROR, where, message, f"did you mean {similar[0]}?" if similar else f"set {' or '.join(map(str, choices))}")]
