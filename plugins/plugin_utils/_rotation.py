# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a rotation does on the controller: it replaces the file in the inventory, and says what is left to a person. Private to the collection."""

from __future__ import annotations

import os

from ansible.errors import AnsibleError

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import InvalidInput, IonError, failure
from ansible_collections.docbits.ion.plugins.module_utils._core.findings import WARNING, Finding
from ansible_collections.docbits.ion.plugins.module_utils._core.private_files import write_bytes
from ansible_collections.docbits.ion.plugins.module_utils._core.run import failed_result
from ansible_collections.docbits.ion.plugins.module_utils._core.text import canonical_json
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.form import COMPARED
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.parser import parse
from ansible_collections.docbits.ion.plugins.plugin_utils._sources import read_source
from ansible_collections.docbits.ion.plugins.plugin_utils._vault_files import encrypt

# Environments that share a file need the old one until the last of them is rotated.
FORMER = ".old"


def check_files(args, read, find) -> dict:
    """The arguments of a rotation, with the former file as the present one if an earlier run replaced it in the inventory already.

    read: from a path to the result of read_file
    find: from a path to the absolute one
    Raises: InvalidInput if a file could not be replaced at the end
    """
    for path in _paths(args):
        folder = os.path.dirname(os.path.realpath(find(path)))
        if not os.access(folder, os.W_OK):
            raise failure(
                InvalidInput, "E88", f"ionapi_src: {path}", "it could not be replaced, because its directory cannot be written", f"make {folder} writable"
            )
    path = args.get("ionapi_src")
    if path and _is_same(args.get("ionapi_content") or "", args["ionapi_new_content"]):
        try:
            return {**args, "ionapi_content": read_source("ionapi_src", f"{path}{FORMER}", read, secret=True)[0]}
        except InvalidInput:
            return args
    return args


def replace_files(result, args, loader, find, check_mode: bool) -> dict:
    """The result of a rotation, after every file in the inventory that holds the old ION API file was replaced by the new one."""
    changed = result["changed"]
    for path in _paths(args):
        try:
            full = os.path.realpath(find(path))
            with open(full, "rb") as file:
                raw = file.read()
            content, is_plain = loader._decrypt_if_vault_data(raw)
            if not _is_same(content.decode("utf-8", "surrogateescape"), args["ionapi_content"]):
                continue
            changed = True
            if not check_mode:
                vault_id = None if is_plain else loader._vault.decrypt_and_get_vault_id(raw)[1]
                new = args["ionapi_new_content"]
                write_bytes(full + FORMER, raw)
                write_bytes(full, new.encode("utf-8", "surrogateescape") if is_plain else encrypt(loader, new, vault_id))
        except (OSError, AnsibleError, IonError):
            message = "DocBits has the new ION API file, and this one could not be replaced by it"
            failed = failed_result(failure(InvalidInput, "E89", f"ionapi_src: {path}", message, "check the owner and mode of its directory, and run again"))
            return {**result, **failed, "changed": True, "findings": [*result["findings"], *failed["findings"]]}
    return {**result, "changed": changed}


def account_findings(arguments, results) -> list:
    """Warnings for a person: which of the old service accounts of a batch may be disabled now, and which must not be yet.

    arguments: host name to (options or None, warnings)
    results:   host name to the result of its rotation
    """
    users: dict = {}
    for host, (args, _found) in arguments.items():
        rotation, text = results[host].get("rotation"), (args or {}).get("ionapi_content")
        ionapi = parse(text, host, COMPARED).ionapi if text else None
        account = rotation["old"]["fingerprint"] if rotation else ionapi.fingerprint() if ionapi else None
        if account:
            users.setdefault(account, {})[host] = bool(rotation and rotation["may_be_disabled"] and not results[host].get("failed"))
    concerned = [hosts for hosts in users.values() if any("rotation" in results[host] or results[host].get("failed") for host in hosts)]
    free = [host for hosts in concerned if all(hosts.values()) for host in hosts]
    kept = [host for hosts in concerned if not all(hosts.values()) for host in hosts]
    why = "an environment that uses them is not rotated, or an export may still use them"
    return [
        Finding("E90", WARNING, ", ".join(hosts), f"their old service accounts {may} be disabled {when}", action)
        for hosts, may, when, action in (
            (free, "may", "now", "disable them in Infor, unless an environment of another ring or inventory uses them"),
            (kept, "must not", f"yet: {why}", "see the results of these environments"),
        )
        if hosts
    ]


def _paths(args) -> list:
    return sorted({item["ionapi_src"] for item in (args, *(args.get("exports") or ())) if isinstance(item, dict) and item.get("ionapi_src")})


def _is_same(text, other) -> bool:
    return canonical_json(text) == canonical_json(other)
