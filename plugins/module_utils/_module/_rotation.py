# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The option rotate of the module environment: replace an ION API file, verify it, and put the old one back on failure. Private to the collection."""

from __future__ import annotations

from dataclasses import replace

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import ApplyFailed, InvalidInput, IonError, Refused, failure
from ansible_collections.docbits.ion.plugins.module_utils._core.findings import ERROR, INFO, WARNING, Finding
from ansible_collections.docbits.ion.plugins.module_utils._core.text import canonical_json
from ansible_collections.docbits.ion.plugins.module_utils._docbits.client import connect
from ansible_collections.docbits.ion.plugins.module_utils._exports.declared import declared_exports
from ansible_collections.docbits.ion.plugins.module_utils._exports.files import validate_files
from ansible_collections.docbits.ion.plugins.module_utils._exports.plan import UPDATE
from ansible_collections.docbits.ion.plugins.module_utils._exports.progress import APPLIED, ROLLED_BACK, UNKNOWN
from ansible_collections.docbits.ion.plugins.module_utils._exports.reconcile import Options, reconcile
from ansible_collections.docbits.ion.plugins.module_utils._exports.rotation import Rotation
from ansible_collections.docbits.ion.plugins.module_utils._infor import proof as _proof
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.parser import parse_or_fail
from ansible_collections.docbits.ion.plugins.module_utils._model.choices import WHEN_CHANGED
from ansible_collections.docbits.ion.plugins.module_utils._module._options import expectations_from, settings_from
from ansible_collections.docbits.ion.plugins.module_utils._module.connection_info import proof_options_from

# The finding of DocBits' own connection test, which only warns after other changes.
_CONNECTION_TEST = "DB31"
_MAY_STILL_USE_IT = "E83"
# An update made a second export; putting the old file back would make a third one.
_SECOND_EXPORT = "DV12"


def rotate(context, deploy) -> dict:
    """Returns what the module environment returns, and `rotation` if there is a new file.

    deploy: from a context and a Rotation to the result of a deployment
    """
    params = context.params
    if params["ionapi_new_content"] is None:
        return _nothing_to_do("ionapi_new_src", "it is not set for this environment, so nothing is rotated", "set it to the new ION API file")
    if params["ionapi_content"] is None:
        raise failure(InvalidInput, "E81", "ionapi_src", "it is not set, so there is no file that the new one replaces", "set it to the present ION API file")
    label, new_label = params["ionapi_src"] or "ionapi_content", params["ionapi_new_src"] or "ionapi_new_content"
    (old, _findings), (new, _new_findings) = (
        parse_or_fail(params[f"{name}_content"], where, expectations_from(params)) for name, where in (("ionapi", label), ("ionapi_new", new_label))
    )
    context.secrets.add(*old.secret_values(), *new.secret_values())
    if old.document == new.document:
        return _nothing_to_do(new_label, f"it is the same file as {label}, so the rotation is finished", "remove ionapi_new_src and the file that it names")
    _judge(old, label, new, new_label, params["allow_new_client"])
    # No token is revoked, because DocBits may use it too.
    kept = {**params, "revoke": False, "update": WHEN_CHANGED}
    rotated = {**kept, "ionapi_content": params["ionapi_new_content"], "ionapi_src": new_label, "exports": _with_new_file(params, old, new_label)}
    rotation = Rotation(old.document, new.document)
    summary = {"old": _account(old, label, kept, context), "new": {"fingerprint": new.fingerprint()}, "may_be_disabled": False}
    is_real = params["stop_after"] == "verify" and not context.check_mode
    result: dict = {}
    try:
        result = deploy(replace(context, params=rotated), rotation)
        if is_real:
            _verify(result, new, new_label, rotated, context)
    except IonError as error:
        done = {name: result[name] for name in ("changed", "steps", "connections", "fingerprints") if name in result}
        error.facts = {**done, **error.facts, "rotation": summary}
        have_it = [line["id"] for line in result.get("exports", ()) if "ionapi" in line["evidence"]]
        may_have_it = [step["id"] for step in error.facts.get("steps", ()) if step["outcome"] in (APPLIED, UNKNOWN)]
        back = Rotation(rotation.new, rotation.old, frozenset(have_it or may_have_it))
        is_possible = back.ids and _SECOND_EXPORT not in {finding.id for finding in error.findings}
        raise (_with_old_file(error, context, kept, back, label) if is_possible else error) from None
    if not is_real:
        return {**result, "rotation": summary}
    why = "the new file has the same one" if old.saak == new.saak else "an export may still use it" if _MAY_STILL_USE_IT in _ids(result) else ""
    summary["may_be_disabled"] = not why
    finding = (
        Finding("E87", WARNING, label, f"its service account must not be disabled yet: {why}", "see the other findings of this environment")
        if why
        else Finding("E86", INFO, label, "no export of this environment uses its service account any more", "disable it when no other environment uses it")
    )
    return {**result, "rotation": summary, "findings": [*result["findings"], finding.as_dict()]}


def _nothing_to_do(where, message, action) -> dict:
    return {"connections": {}, "exports": [], "steps": [], "findings": [Finding("E80", INFO, where, message, action).as_dict()]}


def _ids(result) -> list:
    return [finding["id"] for finding in result["findings"]]


def _judge(old, label, new, new_label, allow_new_client) -> None:
    """Raise InvalidInput if the new file is not for the same app of the same tenant."""
    if new.ti != old.ti:
        message = f"it is for the tenant {new.ti}, and {label} for {old.ti}"
        raise failure(InvalidInput, "E85", f"{new_label}: ti", message, "download the new file in the tenant of the old one")
    if new.ci != old.ci and not allow_new_client:
        raise failure(
            InvalidInput,
            "E82",
            f"{new_label}: ci",
            f"the client ID is not that of {label}, which the connection point in ION names",
            "create the new service account in the same authorized app, or set allow_new_client and change the connection point",
        )


def _with_new_file(params, old, new_label) -> list:
    """The declared exports; those that name the old file themselves have the new one."""
    new = {"ionapi_content": params["ionapi_new_content"], "ionapi_src": new_label}
    return [{**item, **new} if canonical_json(item.get("ionapi_content") or "") == old.document else item for item in params["exports"]]


def _account(old, label, params, context) -> dict:
    """What the proof of the old file shows; it may be refused already."""
    if params["stop_after"] == "parse":
        return {"fingerprint": old.fingerprint()}
    proof = _proof.prove(old, settings_from(params), proof_options_from(params, label, old, ()), context.secrets, context.check_mode)
    return {"fingerprint": old.fingerprint(), "outcome": proof.outcome, "user": proof.facts.get("identity", {}).get("name")}


def _verify(result, new, label, params, context) -> None:
    """Raise Refused if DocBits' own connection test failed, or if Infor refuses the new file now."""
    failed = [Finding(**{**finding, "level": ERROR}) for finding in result["findings"] if finding["id"] == _CONNECTION_TEST]
    if failed:
        raise Refused(failed)
    if result["steps"]:
        proof = _proof.prove(new, settings_from(params), proof_options_from(params, label, new, ()), context.secrets, False)
        _proof.require_accepted({label: proof}, (_proof.PROVED, _proof.PARTIAL, _proof.UNDETERMINED))


def _with_old_file(error, context, params, back, label) -> IonError:
    """The error, after the old file was put back into every export that has the new one, or may have it."""
    done = error.facts.get("fingerprints", {})
    params = {**params, "fingerprints": _merged(params["fingerprints"], done)}
    try:
        files = validate_files(declared_exports(params["exports"], params["ionapi_content"]), expectations_from(params), params, context.secrets)
        options = replace(Options.of(replace(context, params=params)), checks=(), require_reversible=False, rotation=back)
        result = reconcile(connect(params, settings_from(params), False), files.exports, options, False)
    except IonError as failed:
        return ApplyFailed([*error.findings, _not_put_back(label, failed), *failed.findings], **error.facts)
    # A request without an answer may still be applied, a step that could not be rolled back may have changed more than the file, and a file of an
    # earlier run is put back by a step of its own.
    steps = error.facts.get("steps", ())
    further = [step for step in result["steps"] if step["id"] not in {step["id"] for step in steps}]
    updates = [step for step in steps if step["action"] == UPDATE and step["outcome"] == APPLIED and not isinstance(error, ApplyFailed)]
    remaining = [_remains(step) for step in updates if not step["reversible"]]
    steps = [{**step, "outcome": ROLLED_BACK} if step in updates and step["reversible"] else step for step in steps] + further
    unknown = [(step["id"], "ionapi") for step in steps if step["outcome"] == UNKNOWN]
    fingerprints = _merged(_merged(done, result.get("fingerprints", {})), options.fingerprints.removed(unknown))
    changed = any(step["outcome"] in (APPLIED, UNKNOWN) for step in steps)
    facts = {**error.facts, "steps": steps, "changed": changed, "rolled_back": True, "fingerprints": fingerprints}
    message = "the rotation failed, and DocBits has the old ION API file again"
    put_back = Finding("DV30", WARNING, label, message, "correct the cause and run again; keep the old service account")
    return ApplyFailed([*error.findings, put_back, *remaining], **facts)


def _merged(entries, newer) -> dict:
    """Fingerprints with newer ones, by export and name; None is one that was removed."""
    return {export: {**entries.get(export, {}), **newer.get(export, {})} for export in {**entries, **newer}}


def _remains(step) -> Finding:
    message = f"the step update remains: {step['irreversible_because']}"
    return Finding("DV03", WARNING, f"export {step['id']}", message, "look at the export in DocBits; a new run goes on from there")


def _not_put_back(label, error) -> Finding:
    message = f"the rotation failed, and putting the old ION API file back failed too ({error.id}), so DocBits may have either"
    return Finding("DV31", ERROR, label, message, "correct the causes and run again; keep both service accounts")
