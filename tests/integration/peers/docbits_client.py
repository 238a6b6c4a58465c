# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The adapter between the judged cases of `docbits_server` and the function of docbits.ion.exports."""

from __future__ import annotations

import tempfile
import threading

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.docbits.ion.plugins.module_utils._core.run import Context, execute
from ansible_collections.docbits.ion.plugins.module_utils._docbits import client as _client
from ansible_collections.docbits.ion.plugins.module_utils._model.export import KINDS
from ansible_collections.docbits.ion.plugins.module_utils._module import exports as module

SETTLE_TIMEOUT = 3.0


class Client:
    """Runs the module's function, and keeps what a controller keeps between runs: fingerprints and the record of a run."""

    def __init__(self) -> None:
        self._fingerprints: dict = {}
        self._folder = tempfile.mkdtemp(prefix="docbits-peer-")
        self._lock = threading.Lock()

    def run(self, peer, declared, check=False, options=None) -> dict:
        """One run, as the cases expect it. Called from two threads at once in some cases."""
        options = options or {}
        # Each case has a server of its own, whose contract may change between runs.
        _client._public_schema.forget()
        _client._protected_schema.forget()
        params = {
            "docbits_url": peer.url,
            "api_key": peer.api_key,
            "ca_path": str(peer.ca),
            "exports": [_with_id(peer, _item(export)) for export in declared],
            "allow_insecure": True,
            "trusted_hosts": ["ion.example.test", "sso.example.test"],
            "profile": "infor",
            "several_active": True,
            "timeout": options.get("timeout", 2.0),
            "deadline": options.get("deadline", 20.0),
            "settle_timeout": SETTLE_TIMEOUT,
            "retries": 1,
            "run_dir": self._folder,
            "fingerprints": self._fingerprints,
        }
        validation = ArgumentSpecValidator(**module.ARGUMENT_SPEC.to_kwargs()).validate(params)
        if validation.error_messages:
            raise ValueError(validation.error_messages)
        context = Context(validation.validated_parameters, check_mode=check, diff_mode=True)
        context.secrets.add(*validation._no_log_values)
        result = execute(module.run, context)
        entries = result.pop("fingerprints", None)
        if entries and not check:
            self._save(entries)
        return _as_expected(result)

    def _save(self, entries) -> None:
        with self._lock:
            for export, names in entries.items():
                known = {**self._fingerprints.get(export, {}), **names}
                self._fingerprints[export] = {name: text for name, text in known.items() if text is not None}


def _as_expected(result) -> dict:
    failed, steps = bool(result.get("failed")), result.get("steps", [])
    report = {"ok": not failed, "failed": failed, "changed": result["changed"], "msg": result.get("msg", ""), "steps": steps, "raw": result}
    report["unknown"] = [step["export"] for step in steps if step["outcome"] == "unknown"]
    return {**report, "rolled_back": not result["changed"]} if failed else report


def _item(export) -> dict:
    item = {
        "title": export["title"],
        "kind": export["kind"],
        "document_type": export.get("doc_type"),
        "state": export.get("state", "present"),
        "sub_organisation": export.get("sub_org") or None,
        "active": export.get("active"),
    }
    for name, value in (export.get("fields") or {}).items():
        item.update({"deployment": "on_premises" if value else "cloud"} if name == "on_premises" else {name: value})
    if item["state"] == "present":
        item.update({f"{name}_content": text for name, text in (export.get("files") or {}).items()})
    return {name: value for name, value in item.items() if value is not None}


def _with_id(peer, item) -> dict:
    """An item that is not declared whole, with the id of the export that it means, as the collection asks for."""
    required = KINDS[item["kind"]].required
    if item["state"] == "absent" or all(item.get(name) or item.get(f"{name}_content") for name in required):
        return item
    found = [export for export in peer.state() if (export["title"], export["kind"]) == (item["title"], item["kind"])]
    return {**item, "id": str(found[0]["id"])} if len(found) == 1 else item
