# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the files of the options src and ..._src on the controller. Private to the collection."""

from __future__ import annotations

import json
import math
import os
import re
import stat
from collections.abc import Mapping, Sequence
from functools import wraps

from ansible.errors import AnsibleError, AnsibleFileNotFound
from ansible.module_utils.common.text.converters import to_text
from ansible.parsing.vault import AnsibleVaultError, VaultLib
from jinja2 import Undefined

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import InvalidInput, failure
from ansible_collections.docbits.ion.plugins.module_utils._infor.logins import SharedCache
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.rules_file import check_file
from ansible_collections.docbits.ion.plugins.plugin_utils._origin import is_tracked, is_vaulted
from ansible_collections.docbits.ion.plugins.plugin_utils._schema import item_name

SOURCE = "src"
CONTENT = "content"
# The text of a vaulted file is about twice as long as its content.
LARGEST_FILE = 4 * 1024 * 1024
PASS_PASSWORD = "pass its password with --vault-id or --vault-password-file"
_VAULT_HEADER = re.compile(r"\$ANSIBLE_VAULT;[^;\n]*;[^;\n]*;([^;\s]+)")
# Bytes that are not UTF-8 become surrogates.
_AS_TEXT = ("utf-8", "surrogateescape")
# Made before Ansible forks its workers, which share it. Like the tokens, it is in memory only.
_DECRYPTED = SharedCache()


def as_plain(value):
    """The arguments of a task as plain dictionaries, lists and scalars: vaulted values decrypted, without Ansible's tags.

    Raises: AnsibleError for a vaulted value that cannot be decrypted.
    """
    if isinstance(value, Undefined):
        # How ansible-core 2.19 and newer return a vaulted value that cannot be decrypted.
        raise value._as_exception()
    if isinstance(value, Mapping):
        return {str(key): as_plain(item) for key, item in value.items()}
    if isinstance(value, str) or getattr(value, "__ENCRYPTED__", False) or type(value).__name__ == "EncryptedString":
        return str(value)
    if isinstance(value, Sequence) and not isinstance(value, bytes):
        return [as_plain(item) for item in value]
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        return int(value)
    return float(value) if isinstance(value, float) else value


class _NoSource(Exception):
    """The file is no source, for a reason and with a next step."""


def read_file(loader, path):
    """(content as bytes, whether the file was vaulted, mode of the file, whether Git tracks it unencrypted). A vaulted file is decrypted in memory.

    Raises: OSError, AnsibleError and _NoSource, which read_source reports.
    """
    # Without O_NONBLOCK a FIFO would be waited for.
    with open(path, "rb", opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK)) as file:
        mode = os.fstat(file.fileno()).st_mode
        if not stat.S_ISREG(mode):
            raise _NoSource("the path is not a regular file", "set the path of a file")
        raw = file.read(LARGEST_FILE + 1)
    if len(raw) > LARGEST_FILE:
        raise _NoSource("the file is larger than 4 MiB", "check the path; files of exports are much smaller")
    try:
        content, was_plain = loader._decrypt_if_vault_data(raw)
    except AnsibleVaultError:
        raise _NoSource("none of the given vault passwords decrypts the file", vault_action(raw)) from None
    return content, not was_plain, mode, was_plain and is_tracked(path)


def _shared(decrypt):
    """VaultLib.decrypt for a whole run: the controller and its workers open each vault text once together, because that takes milliseconds."""

    @wraps(decrypt)
    def shared(self, vaulttext, *args, **kwargs):
        def make():
            return decrypt(self, vaulttext, *args, **kwargs).decode(*_AS_TEXT), math.inf

        # The filter unvault has a secret of its own.
        key = "\n".join(to_text(text, errors="replace") for text in (vaulttext, *(secret.bytes for _id, secret in self.secrets or ())))
        return _DECRYPTED.get_or_make(key, make, math.inf).encode(*_AS_TEXT)

    return shared


# Ansible loads the variables of a host in the controller, where no plugin has its loader.
VaultLib.decrypt = _shared(VaultLib.decrypt)


def vault_action(vault_text) -> str:
    """The next step for a vault text that no password decrypts. Names its vault id."""
    header = _VAULT_HEADER.match(to_text(vault_text, errors="replace"))
    return f"pass the password of its vault id with --vault-id {header.group(1)}@FILE" if header else PASS_PASSWORD


def check_vaulted(args, options, environment, parent="") -> None:
    """Raise InvalidInput for an option that is secret, and whose value is not known to come out of a vault.

    args:        arguments as Ansible passes them
    environment: variables of the environment, which fill options that are not set
    parent:      option that args are suboptions of, as a prefix such as 'exports[0] "Invoices": '
    """
    for name, option in options.items():
        variables = [variable for variable in option.get("fallback", (None, ()))[1] if variable in environment]
        value = args.get(name, environment[variables[0]] if variables else None)
        if option.get("options"):
            for index, item in enumerate(value if isinstance(value, Sequence) else ()):
                if isinstance(item, Mapping):
                    check_vaulted(item, option["options"], environment, f"{item_name(f'{parent}{name}[{index}]', item)}: ")
        elif option.get("no_log") and value and not is_vaulted(value) and (name != "proxy" or "@" in str(value)):
            raise _not_vaulted(f"{parent}{name}")


def _not_vaulted(where) -> InvalidInput:
    return failure(
        InvalidInput,
        "S07",
        where,
        "the value is not known to come out of Ansible Vault, and require_vault is set",
        "encrypt it with ansible-vault; a variable must be the whole value of the option, and needs ansible-core 2.19 or newer",
    )


def read_sources(args, options, read, require_vault=False, parent=""):
    """(the arguments with the content of every src, warnings about the files).

    args:          plain arguments
    options:       their argument spec
    read:          function from a path to the result of read_file
    require_vault: whether a secret file must be vaulted
    parent:        option that args are suboptions of, as a prefix such as 'exports[0] "Invoices": '

    Raises: InvalidInput with the option and the path.
    """
    args, warnings = dict(args), []
    for name, option in options.items():
        value = args.get(name)
        if option.get("options") and value is not None:
            is_list = option["type"] == "list"
            if is_list and not isinstance(value, list):
                raise _wrong_type(f"{parent}{name}", "the value must be a list")
            filled = []
            for index, item in enumerate(value if is_list else [value]):
                where = f"{parent}{name}[{index}]" if is_list else f"{parent}{name}"
                # Ansible's own message would hold the whole item with its secrets.
                if not isinstance(item, dict):
                    raise _wrong_type(where, "the value must be a dictionary of options")
                item, found = read_sources(item, option["options"], read, require_vault, f"{item_name(where, item) if is_list else where}: ")
                warnings += found
                filled.append(item)
            args[name] = filled if is_list else filled[0]
        elif value is not None and (name == SOURCE or name.endswith(f"_{SOURCE}")):
            content = name[: -len(SOURCE)] + CONTENT
            if args.get(content) is not None:
                raise failure(InvalidInput, "S02", f"{parent}{name}", f"{name} and {content} are mutually exclusive", "set only one of them")
            args[content], found = read_source(f"{parent}{name}", str(value), read, bool(options[content].get("no_log")), require_vault)
            # From here on it is only a name for messages.
            args[name] = os.path.normpath(str(value))
            warnings += found
        elif isinstance(value, dict) and (name == CONTENT or name.endswith(f"_{CONTENT}")):
            # ansible-core 2.18 turns the result of a template into a dictionary if it reads as JSON.
            args[name] = json.dumps(value)
        elif option.get("no_log") and isinstance(value, (dict, list)):
            raise _wrong_type(f"{parent}{name}", "the value must be a string")
    return args, warnings


def read_source(option, path, read, secret, require_vault=False):
    """(text of the file, warnings about the file).

    option:        name of the option for messages
    read:          function from a path to the result of read_file
    secret:        whether only the owner may be allowed to read the file
    require_vault: whether a secret file must be vaulted

    Raises: InvalidInput with the option and the path.
    """
    try:
        content, vaulted, mode, tracked = read(path)
    except AnsibleFileNotFound:
        raise _unreadable(
            option, path, "the file does not exist", "check the path; a relative path is searched in the folders of the role and of the playbook"
        ) from None
    except IsADirectoryError:
        raise _unreadable(option, path, "the path is a directory", "set the path of a file") from None
    except _NoSource as error:
        raise _unreadable(option, path, *error.args) from None
    except OSError as error:
        raise _unreadable(option, path, f"the file cannot be read ({error.strerror})", "check its owner and mode") from None
    except AnsibleError:
        raise _unreadable(option, path, "the file cannot be found or decrypted", "check the path and the vault password") from None
    if require_vault and secret and not vaulted:
        raise _not_vaulted(f"{option}: {path}")
    # The validation of the file reports bytes that are not UTF-8.
    text = content.decode(*_AS_TEXT)
    # An ION API file is the only file that is a secret as a whole.
    violations = check_file(path, None if vaulted else stat.S_IMODE(mode), tracked) if secret else ()
    return text, [violation.finding(f"{option}: {os.path.normpath(path)}") for violation in violations]


def _wrong_type(option, message):
    return failure(InvalidInput, "E16", option, message, "correct it as ansible-doc shows; a common cause is a list inside the list")


def _unreadable(option, path, message, action):
    return failure(InvalidInput, "S01", f"{option}: {os.path.normpath(path)}", message, action)
