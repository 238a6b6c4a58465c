# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way of exports: resolve names, read what stands there, plan, apply, verify. Private to the collection."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import ApplyFailed, ContractMismatch, InvalidInput
from ansible_collections.docbits.ion.plugins.module_utils._core.findings import ERROR, WARNING, Finding
from ansible_collections.docbits.ion.plugins.module_utils._docbits.client import WITHHELD, host_of
from ansible_collections.docbits.ion.plugins.module_utils._exports import apply as _apply
from ansible_collections.docbits.ion.plugins.module_utils._exports.declared import ABSENT, PRESENT
from ansible_collections.docbits.ion.plugins.module_utils._exports.evidence import ALWAYS, BY_FINGERPRINT, BY_POLICY, BY_VALUE, NONE, ON_CREATE, Evidence
from ansible_collections.docbits.ion.plugins.module_utils._exports.files import check_document_type
from ansible_collections.docbits.ion.plugins.module_utils._exports.normal_form import diff_of
from ansible_collections.docbits.ion.plugins.module_utils._exports.plan import ACTIVATE, CREATE, Pair, match, plan
from ansible_collections.docbits.ion.plugins.module_utils._model.export import SLOTS, UNREADABLE, is_secret

# Told by the list itself or by nothing: no evidence could say whether someone switched an export off by hand.
SWITCHES = ("active", "kind")


@dataclass(frozen=True)
class Manner:
    """How exports are brought about, from the options of L(rule_options) and O(purge).

    purge:          whether exports that are not declared are removed
    several_active: whether this DocBits runs several active exports in one place
    update:         when a value that DocBits does not give back is sent to an export that exists
    diff_mappings:  how the diff shows mappings; C(None) where no diff is asked for
    evidence:       what was sent for such values before
    """

    purge: bool
    several_active: bool
    update: str
    diff_mappings: str | None
    evidence: Evidence

    @classmethod
    def of(cls, context) -> Manner:
        """From the options of a task."""
        params = context.params
        diff_mappings = params["diff_mappings"] if context.diff_mode else None
        return cls(params["purge"], params["several_active"], params["update"], diff_mappings, Evidence(params["remembered"], host_of(params)))


def bring(docbits, declared, manner: Manner, check_mode: bool) -> dict:
    """Bring the organisation's exports to the declared ones.

    Gives C(changed), C(diff) where it is asked for, C(exports) (one line for each declared one), C(steps), C(findings), and C(remembered) where it grew.
    In check mode everything happens but the writes.
    """
    current = docbits.exports()
    types, places = lru_cache(docbits.document_types), lru_cache(docbits.sub_organisations)
    declared = [_resolved(export, current, types, places) for export in declared]
    readings = [_read(pair, docbits, manner) for pair in match(declared, current)]
    pairs = [reading.pair for reading in readings]
    todo = plan(pairs, current, manner.purge)
    if not manner.several_active:
        _refuse_conflicts(declared, todo)
    problems = [problem for step in todo.steps for problem in docbits.problems(step)]
    if problems:
        raise ContractMismatch(dict.fromkeys(problems))
    rivals = [] if manner.several_active else _rivals(declared, todo)
    if check_mode:
        return _result(readings, todo, _apply.planned(todo), manner, rivals)
    try:
        applied = _apply.apply(todo, docbits)
    except ApplyFailed as error:
        error.findings += rivals
        if error.unproved:
            # No fingerprint may vouch for what stood there before.
            error.facts["remembered"] = manner.evidence.without(error.unproved)
        raise
    result = _result(readings, todo, applied.steps, manner, rivals)
    for export, word, value in applied.unreadable:
        manner.evidence.remember(export.id, word, value)
    return {**result, "remembered": manner.evidence.as_dict()} if applied.unreadable else result


def _result(readings, todo, steps, manner, rivals) -> dict:
    return {
        "changed": todo.changed,
        **({"diff": diff_of(todo, manner.diff_mappings)} if manner.diff_mappings else {}),
        "exports": [_summary(reading, zip(todo.steps, steps)) for reading in readings],
        "steps": steps,
        "findings": [finding.as_dict() for finding in rivals + [finding for reading in readings for finding in _untold(reading.pair)]],
    }


def _resolved(export, current, types, places):
    """The declared export with its document type and sub-organisation as DocBits calls them.

    What a current export already refers to is known to exist; only for other values the lists are read.
    """
    fields = dict(export.fields)
    type_ = fields.get("document_type")
    if type_ and all(type_ != other.get("document_type") for other in current):
        fields["document_type"] = _named(export, "document type", type_, types(), "key", "title", "DB12", "docbits.ion.document_type_info")
        if export.state == PRESENT:
            check_document_type(replace(export, fields=fields))
    place = fields.get("sub_organisation")
    if place and all(place != other.get("sub_organisation") for other in current):
        fields["sub_organisation"] = _named(export, "sub-organisation", place, places(), "id", "name", "DB13", "docbits.ion.sub_organisation_info")
    return replace(export, fields=fields)


def _named(export, what, value, known, id_key, name_key, finding_id, module):
    exact = [item[id_key] for item in known if item[id_key] == value]
    by_name = [item[id_key] for item in known if str(item[name_key] or "").strip().lower() == value.strip().lower()]
    found = exact or by_name
    if len(found) == 1:
        return found[0]
    if not found and export.state == ABSENT:
        # Nothing can stand where nothing is called so, and that is what absent asks for.
        return value
    names = ", ".join(str(item[id_key] if id_key == "key" else item[name_key]) for item in known[:12]) or "none"
    message = f"{len(found)} of them are called {value}" if found else f"DocBits has no {what} {value}; it has {names}"
    raise InvalidInput(
        Finding(finding_id, ERROR, f"{export.label}: {what.replace(' ', '_').replace('-', '_')}", message, f"correct it, or list them with {module}")
    )


@dataclass(frozen=True)
class _Reading:
    """A pair whose current side has a value for every declared word, and by which evidence each of them was told."""

    pair: Pair
    evidence: dict


def _read(pair, docbits, manner) -> _Reading:
    """Read what the declared side has from the current side: by value where DocBits gives it back, else by evidence or policy."""
    declared, current = pair.declared, pair.current
    if current is None or declared.state != PRESENT:
        return _Reading(pair, {})
    files, fields, evidence = {}, dict(current.fields), {}
    for slot, text in declared.files.items():
        standing = docbits.download(current, slot)
        if standing is WITHHELD:
            _assume(files, evidence, current.id, slot, text, manner)
        else:
            files[slot], evidence[slot] = standing, BY_VALUE
    for word, value in declared.fields.items():
        if word not in fields and word not in SWITCHES:
            _assume(fields, evidence, current.id, word, value, manner)
    return _Reading(Pair(declared, replace(current, files=files, fields=fields)), evidence)


def _assume(standing, evidence, id_, word, value, manner) -> None:
    """Fill in what is taken to stand in DocBits for a value that it does not give back, and why.

    The policy is about secrets. A secret that is only for a new export is left out: what is not known to stand there is neither
    compared nor sent along with a change of something else.
    """
    if manner.update == ON_CREATE and is_secret(word):
        evidence[word] = BY_POLICY
    elif manner.update == ALWAYS and is_secret(word):
        standing[word], evidence[word] = UNREADABLE, BY_POLICY
    elif manner.evidence.matches(id_, word, value):
        standing[word], evidence[word] = value, BY_FINGERPRINT
    else:
        standing[word], evidence[word] = UNREADABLE, BY_FINGERPRINT if manner.evidence.knows(id_, word) else NONE


def _refuse_conflicts(declared, todo) -> None:
    """Two declared exports that would both be active in one place, named with both indices."""
    places = {}
    ours = {export.label for export in declared}
    for export in todo.after:
        if export.active and export.label in ours:
            first = places.setdefault(export.place, export)
            if first is not export:
                raise InvalidInput(
                    Finding(
                        "E05",
                        ERROR,
                        f"{first.label} and {export.label}",
                        "both would be active for the same document type and sub-organisation, where DocBits runs only one",
                        "declare one of them inactive, or set several_active for a DocBits that runs several in execution order",
                    )
                )


def _rivals(declared, todo) -> list:
    """A warning for each declared export that is to become active where another one is and stays so: only DocBits knows whether it takes both."""
    ours = {export.label for export in declared}
    standing = [export for export in todo.after if export.active and export.label not in ours]
    return [
        Finding(
            "E22",
            WARNING,
            step.export.label,
            f'it becomes active beside export {other.id} "{other.get("title")}", which nothing here declares; a DocBits that runs only one refuses it',
            f"if it is that export under a new name, add id {other.id}; otherwise declare that one inactive or absent, or set several_active",
        )
        for step in todo.steps
        if step.action in (CREATE, ACTIVATE) and step.export.active and step.export.label in ours
        for other in standing
        if other.place == step.export.place
    ]


def _summary(reading, steps) -> dict:
    """One line for a declared export: what it is, what was done, by which evidence."""
    declared, current = reading.pair.declared, reading.pair.current
    done = [line for step, line in steps if step.export.label == declared.label]
    return {
        "id": current.id if current else next((line["id"] for line in done), None),
        "title": declared.get("title") or (current.get("title") if current else None),
        "kind": declared.get("kind") or (current.get("kind") if current else None),
        "actions": [line["action"] for line in done],
        "evidence": reading.evidence,
    }


def _untold(pair) -> list:
    """A warning where the list does not tell whether an export is active, which then cannot be kept as declared."""
    if pair.current is None or pair.declared.state != PRESENT or "active" not in pair.declared.fields or "active" in pair.current.fields:
        return []
    return [
        Finding(
            "E14",
            WARNING,
            f"{pair.declared.label}: active",
            "DocBits does not tell whether this export is active, so it is left as it is",
            "look at the list in /docs of this host and name the key in contract_overrides: records: active",
        )
    ]


def as_declaration(export) -> dict:
    """A current export as an item of the option O(exports): what is put in again changes nothing. Secrets stay out."""
    if export.kind is None:
        return {"id": export.id, "title": export.get("title"), "ignore": True}
    item = {"id": export.id, **export.fields}
    item.update({f"{slot}_content": text for slot, text in export.files.items() if text is not None and not SLOTS[slot].secret})
    return item
