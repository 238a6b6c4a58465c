# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection as a client of the judged cases in infor_server: its options and outcomes in the terms of the judge."""

from __future__ import annotations

import copy
import json
import threading
from contextlib import contextmanager
from pathlib import Path

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.docbits.ion.plugins.module_utils._core.run import Context, execute
from ansible_collections.docbits.ion.plugins.module_utils._infor import logins as _logins
from ansible_collections.docbits.ion.plugins.module_utils._infor import preflight as _preflight
from ansible_collections.docbits.ion.plugins.module_utils._infor.proof import DEFAULT_STAGES
from ansible_collections.docbits.ion.plugins.module_utils._module import connection_info, environment

PROVED, REFUSED, UNDETERMINED, EARLY, SKIPPED = "proved", "refused", "undetermined", "failed before any call", "skipped"
# A proof with fewer stages is less than proved, and the judge has no name for it.
OUTCOMES = {"partial": UNDETERMINED}
STAGE_OUTCOMES = {"passed": PROVED, "warned": PROVED, "failed": REFUSED, "undetermined": UNDETERMINED, "skipped": SKIPPED}
# The stages of the judge, and ours for each.
STAGES = {
    "token": ("token",),
    "roles": ("identity", "roles"),
    "idm": ("idm",),
    "ion": ("ion_messaging", "connection_point"),
    "refresh": ("refresh",),
    "m3": ("m3",),
    "ln": ("ln",),
}
ORDER = (REFUSED, UNDETERMINED, SKIPPED, PROVED)
MAPPING = (Path(__file__).resolve().parents[1] / "files/idm_invoice.properties").read_text()
PASSED_ON = ("timeout", "deadline", "required_roles", "optional_roles", "m3", "ln", "grant", "revoke")


class Client:
    """Runs the modules' functions in this process. Tasks of one session share the token cache, as those of one play do."""

    def __init__(self) -> None:
        self._sessions: dict = {}
        self._lock = threading.Lock()

    def prove(self, peer, ionapi, options) -> dict:
        """One task of connection_info."""
        with self._session(options["session"]):
            result, _is_valid = _run(connection_info, {"content": json.dumps(ionapi), **_given(peer, options)})
        connection = result.get("connection")
        if connection is None:
            return _early(result)
        return _translated(result, connection["outcome"], {stage["name"]: stage["outcome"] for stage in connection["stages"]})

    def prove_files(self, peer, files, options) -> list:
        """One task of environment with an export for each file."""
        export = {"kind": "infor_idm", "document_type": "INVOICE", "idm_mapping_content": MAPPING}
        exports = [
            {**export, "title": f"file {number}", "sub_organisation": str(number), "ionapi_content": json.dumps(file)} for number, file in enumerate(files)
        ]
        given = {"exports": exports, "docbits_url": "https://docbits.example.com", "api_key": "invented", "stop_after": "prove"}
        with self._session(options["session"]):
            result, _is_valid = _run(environment, {**given, **_given(peer, options)})
        if not result.get("connections"):
            return [_early(result)] * len(files)
        results = []
        for label, connection in result["connections"].items():
            own = {**result, "findings": [finding for finding in result["findings"] if finding["where"].startswith(f"{label}: ")]}
            results.append(_translated(own, connection["outcome"], connection["stages"]))
        return results

    @contextmanager
    def _session(self, name):
        """Use the caches of a session. Steps of one session may run at the same time, sessions may not."""
        with self._lock:
            if name not in self._sessions:
                self._sessions[name] = (_logins.SharedCache(), _logins.LoginRateLimiter(), _logins.SharedCache())
            _logins.TOKEN_CACHE, _logins.LOGIN_RATE_LIMITER, _preflight._CACHE = self._sessions[name]
        yield


def _given(peer, options) -> dict:
    """The options of the module. One that the judge adds later is an error, so that it is not ignored."""
    known = {*PASSED_ON, "session", "host", "ca", "profile", "logical_id", "stages", "refresh"}
    if unknown := options.keys() - known:
        raise KeyError(f"options that this adapter does not know: {', '.join(unknown)}")
    given = {name: options[name] for name in PASSED_ON if name in options}
    given["allow_insecure"] = True
    if "ca" not in options:
        given["ca_path"] = peer.ca
    stages = options.get("stages")
    if stages is not None:
        given["stages"] = [ours for stage in stages for ours in STAGES.get(stage, (stage,)) if ours != "connection_point"]
    if options.get("refresh"):
        given["stages"] = [*given.get("stages", DEFAULT_STAGES), "refresh"]
    if stages is None or "ion" in stages:
        given["logical_id"] = options["logical_id"]
    return given


def _run(module, given) -> tuple:
    validation = ArgumentSpecValidator(**module.ARGUMENT_SPEC.to_kwargs()).validate(copy.deepcopy(given))
    if validation.error_messages:
        return {"failed": True, "msg": validation.error_messages[0], "findings": []}, False
    context = Context(validation.validated_parameters)
    context.secrets.add(*validation._no_log_values)
    return execute(module.run, context), True


def _early(result) -> dict:
    return {"outcome": EARLY, "stages": {}, "findings": result["findings"], "msg": result["msg"]}


def _translated(result, outcome, ours) -> dict:
    stages = {}
    for stage, parts in STAGES.items():
        found = [STAGE_OUTCOMES[ours[part]] for part in parts if part in ours]
        if found:
            stages[stage] = min(found, key=ORDER.index)
    shown = {"connection": result.get("connection"), "connections": result.get("connections"), "ionapi": result.get("ionapi")}
    findings = list(result["findings"])
    if outcome == "partial":
        findings.append({"id": "", "where": "stages", "message": "stages leaves out what the profile needs", "action": "leave stages out", "level": "warning"})
    return {"outcome": OUTCOMES.get(outcome, outcome), "stages": stages, "findings": findings, "msg": result.get("msg", ""), "shown": shown}
