# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of an environment as variables of its host. Private to the collection."""

from __future__ import annotations

import os
import re
from difflib import get_close_matches
from functools import lru_cache

from ansible.errors import AnsibleError, AnsibleUndefinedVariable

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import InvalidInput, failure
from ansible_collections.docbits.ion.plugins.module_utils._core.findings import ERROR, WARNING, Finding
from ansible_collections.docbits.ion.plugins.module_utils._module import environment
from ansible_collections.docbits.ion.plugins.plugin_utils._sources import as_plain

OPTIONS = environment.ARGUMENT_SPEC.argument_spec
PREFIX = "docbits_"
VARIABLES = {option if option.startswith(PREFIX) else PREFIX + option: option for option in OPTIONS}
# How alike two names are that may be one (difflib, 0 to 1).
SIMILARITY = 0.8
_UNDEFINED = re.compile(r"'(\w{1,60})' is undefined")


def options_from(variables, templar) -> dict:
    """The options that the variables of a host set, templated, and with the tags of Ansible. A variable that is null counts as not set.

    Raises: InvalidInput with the name of the variable, and never its value.
    """
    args = {option: _evaluated(variable, variables, templar) for variable, option in VARIABLES.items() if variable in variables}
    return {option: value for option, value in args.items() if value is not None}


def near_misses(variables) -> list:
    """A warning for each variable whose name resembles that of an option."""
    return [finding for variable in variables if variable.startswith(PREFIX) and (finding := _near_miss(variable))]


def check_required(args, variables) -> None:
    """Raise InvalidInput if an option that every environment needs is neither in args nor in the environment of the process."""
    for variable, option in VARIABLES.items():
        _function, names = OPTIONS[option].get("fallback", (None, ()))
        if OPTIONS[option].get("required") and option not in args and not any(name in os.environ for name in names):
            others = [name for name in variables if name not in VARIABLES]
            similar = get_close_matches(variable, others, n=1, cutoff=SIMILARITY)
            action = "set it in host_vars or group_vars" + (f"; did you mean {similar[0]}?" if similar else "")
            raise InvalidInput([Finding("E24", ERROR, variable, "the variable is not set for this host", action), *near_misses(variables)])


def evaluation_error(where, error) -> InvalidInput:
    """The error for a template that failed, without Ansible's text, which may hold a part of a value.

    Raise it after the except block and not in it. Otherwise Ansible's exception is its context.
    """
    return failure(InvalidInput, "E13", where, *_reason(error))


def _reason(error) -> tuple:
    cause = error
    while cause is not None:
        # The classes differ between versions of ansible-core; all have Vault in their names.
        if "Vault" in type(cause).__name__:
            return "the value cannot be decrypted", "pass its vault password with --vault-id or --vault-password-file"
        cause = cause.__cause__
    if isinstance(error, AnsibleUndefinedVariable):
        unknown = _UNDEFINED.search(str(error))
        return f"it uses {unknown.group(1) if unknown else 'a variable'}, which is not defined for this host", "define it, or correct the template"
    return f"the template cannot be evaluated ({type(error).__name__})", "correct the template"


@lru_cache(maxsize=4096)
def _near_miss(variable):
    if variable in VARIABLES:
        return None
    # Compared without the prefix, which makes all of them similar.
    names = {known[len(PREFIX) :]: known for known in VARIABLES}
    similar = [names[name] for name in get_close_matches(variable[len(PREFIX) :], names, n=1, cutoff=SIMILARITY)]
    if not similar:
        return None
    return Finding("E23", WARNING, variable, "the variable has no effect, because no option has this name", f"did you mean {similar[0]}? Otherwise rename it")


def _evaluated(variable, variables, templar):
    try:
        value = templar.template(variables[variable])
        # Decrypts what is vaulted, so that a wrong password is noticed here.
        as_plain(value)
        return value
    except AnsibleError as error:
        failed = evaluation_error(variable, error)
    raise failed
