# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of an environment as variables of its host. Private to the collection."""

from __future__ import annotations

import os
import re
import traceback
from difflib import get_close_matches
from functools import lru_cache

from ansible.errors import AnsibleError, AnsibleUndefinedVariable

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import InvalidInput, IonError, failure
from ansible_collections.docbits.ion.plugins.module_utils._core.findings import ERROR, WARNING, Finding
from ansible_collections.docbits.ion.plugins.module_utils._module import environment
from ansible_collections.docbits.ion.plugins.plugin_utils._sources import as_plain, vault_action

OPTIONS = environment.ARGUMENT_SPEC.argument_spec
# The options that say which organisation in DocBits is meant.
_IDENTITY = ("api_key", "organisation_id", "docbits_url", "docbits_environment", "docbits_region")
PREFIX = "docbits_"
VARIABLES = {option if option.startswith(PREFIX) else PREFIX + option: option for option in OPTIONS}
# How alike two names are that may be one (difflib, 0 to 1).
SIMILARITY = 0.8
# The names of options in findings: at the beginning of the object, and in the sentences. Names of one part are common words,
# so they count only after a word that shows the option. A file of an export has the name that it has in the list.
_OBJECT = re.compile(f"(?:{'|'.join(sorted(set(VARIABLES.values()) - set(VARIABLES), key=len, reverse=True))})(?![\\w/])")
_LONG = "|".join(option for option in VARIABLES.values() if "_" in option and not option.startswith((PREFIX, "ionapi_")))
_SHORT = "|".join(option for option in VARIABLES.values() if "_" not in option)
_MENTION = re.compile(rf"\b((?:option|raise|lower|set|leave|out of|and) (?=(?:{_SHORT})\b(?! of\b)))|\b(?=(?:{_LONG})\b)")
_UNDEFINED = re.compile(r"'(\w{1,60})' is undefined")


def options_from(variables, templar) -> dict:
    """The options that the variables of a host set, templated, and with the tags of Ansible. A variable that is null counts as not set.

    Raises: InvalidInput with the name of the variable, and never its value.
    """
    args = {option: _evaluated(variable, variables, templar) for variable, option in VARIABLES.items() if variable in variables}
    return {option: value for option, value in args.items() if value is not None}


def in_variables(result) -> dict:
    """The result of an environment with the names of variables instead of options in its findings, its message and its warnings."""
    findings = [{**finding, **_renamed(finding)} for finding in result.get("findings", ())]
    if not findings:
        return result
    renamed = {**result, "findings": findings}
    if result.get("failed"):
        renamed["msg"] = IonError([Finding(**finding) for finding in findings]).message
    if result.get("warnings"):
        renamed["warnings"] = [Finding(**finding).sentence() for finding in findings if finding["level"] == WARNING]
    return renamed


def _renamed(finding) -> dict:
    where = PREFIX + finding["where"] if _OBJECT.match(finding["where"]) else finding["where"]
    return {"where": where, **{key: _MENTION.sub(rf"\1{PREFIX}", finding[key]) for key in ("message", "action")}}


def near_misses(variables) -> list:
    """A warning for each variable whose name resembles that of an option."""
    return [finding for variable in variables if variable.startswith(PREFIX) and (finding := _near_miss(variable))]


def check_required(args, variables, with_api_key: bool = True) -> None:
    """Raise InvalidInput for each option that an environment needs and that is neither in args nor in the environment of the process."""
    needed = {"docbits_exports": "it"}
    if with_api_key:
        needed["docbits_api_key"] = "it"
    if "docbits_environment" not in args:
        needed["docbits_url"] = "docbits_url or docbits_environment"
    found, named = [], set()
    for variable, what in needed.items():
        option = VARIABLES[variable]
        if option not in args and _fallback(option) is None:
            others = [name for name in variables if name not in VARIABLES]
            wanted = [variable, *what.split(" or ")]
            similar = [match for name in wanted for match in get_close_matches(name, others, n=1, cutoff=SIMILARITY)][:1]
            named.update(similar)
            action = f"set {what} in host_vars or group_vars" + (f"; did you mean {similar[0]}?" if similar else "")
            found.append(Finding("E24", ERROR, variable, "the variable is not set for this host", action))
    if found:
        # Each misspelled variable once.
        raise InvalidInput([*found, *(finding for finding in near_misses(variables) if finding.where not in named)])


def with_fallbacks(args) -> dict:
    """The options that say which organisation is meant, as texts or None: of the arguments, the environment of the process, or the default."""
    values = {name: args.get(name) or _fallback(name) for name in _IDENTITY}
    return {name: str(value) if value else None for name, value in values.items()}


def evaluation_error(where, error, vault_text="") -> InvalidInput:
    """The error for a template that failed, without Ansible's text, which may hold a part of a value.

    vault_text: the vault text of the value, which not every version of ansible-core names

    Raise it after the except block and not in it. Otherwise Ansible's exception is its context.
    """
    return failure(InvalidInput, "E13", where, *_reason(error, vault_text))


def unreadable_variables(error) -> InvalidInput:
    """The error for variables of a host that Ansible cannot load, because one of their files cannot be decrypted or read. Raise it as evaluation_error."""
    path, is_vaulted = "", False
    while error is not None:
        is_vaulted = is_vaulted or "ecrypt" in str(error)
        for frame, _line in traceback.walk_tb(error.__traceback__):
            # Ansible names the file in no version of all, and never its vault id. Its DataLoader has the path.
            if frame.f_code.co_filename.endswith("dataloader.py"):
                path = frame.f_locals.get("file_name", path)
        error = error.__cause__ or error.__context__
    if not path:
        return failure(InvalidInput, "E13", "variables", "Ansible cannot load the variables of this host", "look at them with ansible-inventory --host")
    where = f"variables: {os.path.normpath(path)}"
    if not is_vaulted:
        return failure(InvalidInput, "E13", where, "Ansible cannot load this file of variables", "correct it; ansible-inventory --host shows the place")
    with open(path, "rb") as file:
        return failure(InvalidInput, "E13", where, "none of the given vault passwords decrypts the file", vault_action(file.readline(200)))


def _reason(error, vault_text) -> tuple:
    cause = error
    while cause is not None:
        # The classes differ between versions of ansible-core; all have Vault in their names.
        if "Vault" in type(cause).__name__:
            return "none of the given vault passwords decrypts the value", vault_action(vault_text or getattr(cause, "obj", None) or "")
        if isinstance(cause, AnsibleUndefinedVariable):
            unknown = _UNDEFINED.search(str(cause))
            return f"it uses {unknown.group(1) if unknown else 'a variable'}, which is not defined for this host", "define it, or correct the template"
        # ansible-core 2.18 does not name the cause of an error in a condition.
        cause = cause.__cause__ or cause.__context__
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
        failed = evaluation_error(variable, error, getattr(variables[variable], "_ciphertext", ""))
    raise failed


def _fallback(option):
    _function, names = OPTIONS[option].get("fallback", (None, ()))
    return next((os.environ[name] for name in names if name in os.environ), OPTIONS[option].get("default"))
