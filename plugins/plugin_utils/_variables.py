# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of an environment as variables of its host: their names, their values, near misses. Private to the collection."""

from __future__ import annotations

import os
import re
from difflib import get_close_matches
from functools import lru_cache

from ansible.errors import AnsibleError, AnsibleUndefinedVariable

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import InvalidInput, failure
from ansible_collections.docbits.ion.plugins.module_utils._core.findings import ERROR, WARNING, Finding
from ansible_collections.docbits.ion.plugins.module_utils._module import environment
from ansible_collections.docbits.ion.plugins.plugin_utils._sources import plain

OPTIONS = environment.ARGUMENT_SPEC.argument_spec
PREFIX = "docbits_"
VARIABLES = {option if option.startswith(PREFIX) else PREFIX + option: option for option in OPTIONS}
_UNDEFINED = re.compile(r"'(\w{1,60})' is undefined")


def options_in(variables, templar) -> dict:
    """The options that the variables of a host give, templated and decrypted; raises L(InvalidInput) that names the variable and never its value."""
    args = {option: _evaluated(variable, variables, templar) for variable, option in VARIABLES.items() if variable in variables}
    return {option: value for option, value in args.items() if value is not None}


def slips_in(variables) -> list:
    """A warning for each variable whose name is near that of an option and is none: it would be passed over without a word."""
    return [slip for variable in variables if variable.startswith(PREFIX) and (slip := _slip_of(variable))]


def require(args, slips) -> None:
    """Raise L(InvalidInput) where an option that every environment needs is not there."""
    for variable, option in VARIABLES.items():
        _function, names = OPTIONS[option].get("fallback", (None, ()))
        if OPTIONS[option].get("required") and option not in args and not any(name in os.environ for name in names):
            missing = Finding(
                "E24", ERROR, variable, "the host has no such variable", "set it for the host or one of its groups, and look at how its name is written"
            )
            raise InvalidInput([missing, *slips])


def not_evaluated(where, error) -> InvalidInput:
    """Why a value could not be had, without Ansible's own text, which may hold a part of it.

    To be raised after the C(except) and not in it, so that it does not carry that text along.
    """
    return failure(InvalidInput, "E13", where, *_reason(error))


def _reason(error) -> tuple:
    cause = error
    while cause is not None:
        # The class that newer ansible-core raises is its own affair; the name is what all versions have in common.
        if "Vault" in type(cause).__name__:
            return "it cannot be decrypted", "give its vault password with --vault-id or --vault-password-file"
        cause = cause.__cause__
    if isinstance(error, AnsibleUndefinedVariable):
        unknown = _UNDEFINED.search(str(error))
        missing = unknown.group(1) if unknown else "something"
        return f"it refers to {missing}, which is not defined", "define it for this host, or correct the template"
    return f"it cannot be evaluated ({type(error).__name__})", "correct the template"


@lru_cache(maxsize=4096)
def _slip_of(variable):
    if variable in VARIABLES:
        return None
    # Compared without what all have in common.
    names = {known[len(PREFIX) :]: known for known in VARIABLES}
    near = [names[name] for name in get_close_matches(variable[len(PREFIX) :], names, n=1, cutoff=0.8)]
    if not near:
        return None
    return Finding("E23", WARNING, variable, "no option has this name, so it does nothing", f"write {near[0]}, or give a variable of your own another name")


def _evaluated(variable, variables, templar):
    try:
        return plain(templar.template(variables[variable]))
    except AnsibleError as error:
        failed = not_evaluated(variable, error)
    raise failed
