# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading the files that options name with C(src), on the controller. Private to the collection."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Mapping, Sequence

from ansible.errors import AnsibleError, AnsibleFileNotFound
from ansible.parsing.vault import AnsibleVaultError

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import InvalidInput, failure
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.rules_file import check_file

SOURCE = "src"
CONTENT = "content"
# Vault text is about twice as long as what it holds; no file of an export is near this.
LARGEST_FILE = 4 * 1024 * 1024


def plain(value):
    """A task's arguments as plain dicts, lists and scalars, vaulted values decrypted, without what Ansible tags to them."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if getattr(value, "__ENCRYPTED__", False) or isinstance(value, str) or type(value).__name__ == "EncryptedString":
        return str(value)
    if isinstance(value, Sequence) and not isinstance(value, bytes):
        return [plain(item) for item in value]
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        return int(value)
    return float(value) if isinstance(value, float) else value


def contents(loader, path):
    """The bytes of a file, decrypted in memory where it is vaulted, whether it was, and the file's mode."""
    with open(path, "rb") as file:
        mode = os.fstat(file.fileno()).st_mode
        raw = file.read(LARGEST_FILE + 1)
    if len(raw) > LARGEST_FILE:
        raise _unreadable("the file", path, "it is larger than 4 MiB", "name another file; no file of an export is near that size")
    content, stood_there_in_plain = loader._decrypt_if_vault_data(raw)
    return content, not stood_there_in_plain, mode


def with_sources_read(args, options, read, at=""):
    """The arguments with the C(content) of every C(src), and warnings about the files.

    args:    plain arguments
    options: the argument spec that they follow
    read:    from a path to (bytes, whether they were vaulted, mode of the file)
    raises:  L(InvalidInput) naming the option and the path
    """
    args, warnings = dict(args), []
    for name, option in options.items():
        value = args.get(name)
        if option.get("options") and value is not None:
            is_list = option["type"] == "list"
            if is_list and not isinstance(value, list):
                raise _misshapen(f"{at}{name}", "it is no list")
            filled = []
            for index, item in enumerate(value if is_list else [value]):
                place = f"{at}{name}[{index}]" if is_list else f"{at}{name}"
                # Ansible's own message would hold the item as it is, with every secret in it.
                if not isinstance(item, dict):
                    raise _misshapen(place, "it is no set of options")
                item, found = with_sources_read(item, option["options"], read, f"{place}.")
                warnings += found
                filled.append(item)
            args[name] = filled if is_list else filled[0]
        elif value is not None and (name == SOURCE or name.endswith(f"_{SOURCE}")):
            twin = name[: -len(SOURCE)] + CONTENT
            if args.get(twin) is not None:
                raise failure(InvalidInput, "S02", f"{at}{name}", f"it is given together with {twin}", "give only one of the two")
            args[twin], found = read_source(f"{at}{name}", str(value), read, bool(options[twin].get("no_log")))
            warnings += found
        elif isinstance(value, dict) and (name == CONTENT or name.endswith(f"_{CONTENT}")):
            # What a template gives and reads as JSON is a dict in ansible-core 2.18.
            args[name] = json.dumps(value)
        elif option.get("no_log") and isinstance(value, (dict, list)):
            raise _misshapen(f"{at}{name}", "it is no text")
    return args, warnings


def read_source(option, path, read, secret):
    """The text of a file, and warnings about the file.

    option: what messages call the place that names the path
    read:   from a path to (bytes, whether they were vaulted, mode of the file)
    secret: whether others on this machine must not read the file
    raises: L(InvalidInput) naming the option and the path
    """
    try:
        content, vaulted, mode = read(path)
    except AnsibleFileNotFound:
        raise _unreadable(option, path, "there is no such file", "check the path; it counts from the play's and the role's folders") from None
    except AnsibleVaultError:
        raise _unreadable(
            option, path, "none of the vault passwords at hand opens this file", "give the right one with --vault-id or --vault-password-file"
        ) from None
    except IsADirectoryError:
        raise _unreadable(option, path, "it is a directory", "name the file in it") from None
    except OSError as error:
        raise _unreadable(option, path, f"it cannot be read ({error.strerror})", "check owner and mode of the file") from None
    except AnsibleError:
        raise _unreadable(option, path, "it could not be found or opened", "check the path and the vault password") from None
    # Bytes that are no UTF-8 travel as surrogates, so that the judge of the file can say what they are.
    text = content.decode("utf-8", "surrogateescape")
    # An ION API file is the only file that is a secret as a whole.
    violations = check_file(path, None if vaulted else stat.S_IMODE(mode)) if secret else ()
    return text, [violation.finding(f"{option}: {path}") for violation in violations]


def _misshapen(option, message):
    return failure(InvalidInput, "E16", option, message, "look the option up with ansible-doc and correct its shape; look for a list within the list")


def _unreadable(option, path, message, action):
    return failure(InvalidInput, "S01", f"{option}: {path}", message, action)
