# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The exports of existing organisations as declarations and files. Pure. Private to the collection."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field, replace

from ansible_collections.docbits.ion.plugins.module_utils._core.findings import WARNING, Finding
from ansible_collections.docbits.ion.plugins.module_utils._core.text import canonical_json
from ansible_collections.docbits.ion.plugins.module_utils._exports.diff import normal_form
from ansible_collections.docbits.ion.plugins.module_utils._exports.restore import declarable
from ansible_collections.docbits.ion.plugins.module_utils._model.export import FIELDS, FILES, IDENTITY, Export, is_secret
from ansible_collections.docbits.ion.plugins.module_utils._model.values import NOT_FOUND, NOT_LISTED, Absent, Known, Withheld

_NOT_IN_NAMES = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True)
class Item:
    """One export as an item of the option exports.

    export: the export in DocBits
    fields: the declared fields; with id, if the export cannot be found or declared without it, or with ignore
    files:  text of the declared files by name
    """

    export: Export
    fields: dict
    files: dict = field(default_factory=dict, repr=False)

    def trial(self) -> dict:
        """The item for a run in check mode. Nothing withheld is declared, so it has the id where the declaration relies on a file to be added."""
        incomplete = self.export.kind is not None and not isinstance(self.export.value("ionapi"), Known) and "ionapi" in self.export.kind.parts
        return {**self.fields, **({"id": self.export.id} if incomplete else {}), **{f"{file}_content": text for file, text in self.files.items()}}


@dataclass(frozen=True)
class Environment:
    """One organisation as code.

    items:        an Item for each export
    has_default:  whether one ION API file is that of all exports that have one
    ionapi:       its text, or None if DocBits withholds it
    findings:     what a person must add, and what is ignored
    """

    items: list
    has_default: bool
    ionapi: str | None = field(repr=False)
    findings: list

    def trial(self) -> dict:
        """The options of a run that tries the declaration."""
        return {"exports": [item.trial() for item in self.items], **({"ionapi_content": self.ionapi} if self.ionapi is not None else {})}


def adopt(host: str, exports) -> Environment:
    """The exports of an organisation as items, in the order of reading.

    exports: list of Export with all their files, the ION API file included
    """
    sources = {_ionapi_of(export) for export in exports if export.kind and "ionapi" in export.kind.parts}
    has_default = len(sources) == 1 and sources != {None}
    rivals = Counter(export.identity for export in exports)
    items, findings = [], []
    for export in sorted(exports, key=lambda export: (export.identity, export.id)):
        if export.kind is None:
            items.append(Item(export, {"id": export.id, "title": export.get("title", ""), "ignore": True}))
            findings.append(
                Finding(
                    "E60",
                    WARNING,
                    f"{host}: {export.label}",
                    f"the collection cannot manage its kind {export.get('kind')}, so it is never changed or removed",
                    "maintain it in DocBits",
                )
            )
            continue
        fields = {name: value for name in FIELDS if (value := export.get(name)) not in (None, "")}
        files = {name: declarable(export.value(name)) for name in FILES if export.get(name) and not (name == "ionapi" and has_default)}
        lacking = [part for part in export.kind.parts if part not in fields and part not in files and not (part == "ionapi" and has_default)]
        needed = [part for part in lacking if part in export.kind.required]
        if needed or rivals[export.identity] > 1 or "title" not in fields:
            fields = {"id": export.id, **fields}
        items.append(Item(export, fields, files))
        findings += [_withheld(host, export, part) for part in lacking if part in needed or _is_hidden(export.value(part))]
    known = [export.get("ionapi") for export in exports if has_default and export.get("ionapi")]
    return Environment(items, has_default, known[0] if known else None, findings)


def _ionapi_of(export):
    """What is known of the ION API file of an export; None if it has none."""
    value = export.value("ionapi")
    return None if isinstance(value, Absent) else canonical_json(value.value) if isinstance(value, Known) else value.shown


def _is_hidden(value) -> bool:
    return isinstance(value, Withheld) and value.reason not in (NOT_LISTED.reason, NOT_FOUND)


def _withheld(host, export, part) -> Finding:
    value = export.value(part)
    option = f"{part}_src" if part in FILES else part
    return Finding(
        "E61",
        WARNING,
        f"{host}: {export.label}: {part}",
        f"DocBits does not give it back ({'not set' if isinstance(value, Absent) else value.reason}), so it is not declared",
        f"add {option} to the item to manage it, a secret as a vaulted value",
    )


def paths_of(environments) -> dict:
    """(file, text) to the name of a file in the folder of mappings; equal files have one name, whatever their environment.

    environments: host to Environment
    """
    users: dict = {}
    for host, environment in environments.items():
        for item in environment.items:
            for file, text in item.files.items():
                users.setdefault((file, text), []).append((host, item))
    stems = {}
    for (file, text), uses in users.items():
        types = {_NOT_IN_NAMES.sub("_", str(item.fields.get("document_type", "")).lower()) for _host, item in uses}
        stems[file, text] = f"{types.pop()}_{FILES[file].filename}" if len(types) == 1 else FILES[file].filename
    rivals, taken, paths = Counter(stems.values()), Counter(), {}
    for key, stem in stems.items():
        hosts = list(dict.fromkeys(host for host, _item in users[key]))
        # A file of one environment has its name where another one has a file for the same purpose. A secret file always has it.
        name = f"{hosts[0]}_{stem}" if len(hosts) == 1 and rivals[stem] > 1 or is_secret(key[0]) else stem
        taken[name] += 1
        paths[key] = name if taken[name] == 1 else f"{taken[name]}_{name}"
    return paths


def differences(environments, names) -> list:
    """Where environments differ: rows of an export, a field or file, and its value by host. Secrets are markers, a file is its name.

    names: (file, text) to the name of the file
    """
    exports: dict = {}
    for host, environment in environments.items():
        for item in environment.items:
            label = ", ".join(str(value) for name in IDENTITY if (value := item.export.get(name)))
            files = {file: names[file, text] for file, text in item.files.items() if not is_secret(file)}
            fields = {name: value for name, value in normal_form(replace(item.export, id=None)).items() if name not in FILES}
            exports.setdefault(label, {})[host] = {**fields, **files}
    rows = []
    for label, found in exports.items():
        if len(found) < len(environments):
            rows.append({"export": label, "value": "", "environments": {host: "present" if host in found else "absent" for host in environments}})
        for name in dict.fromkeys(name for values in found.values() for name in values):
            values = {host: values.get(name) for host, values in found.items()}
            if len(set(map(str, values.values()))) > 1:
                rows.append({"export": label, "value": name, "environments": values})
    return rows


def replaced(environment: Environment, names: dict, accounting_entity: tuple | None = None) -> Environment:
    """The environment as another one declares it: with that one's names in fields and mappings, without ids and secrets.

    names:             name to the other environment's name; replaced where no letter, digit or _ precedes or follows
    accounting_entity: the one of each environment; replaced as the value of a mapping's key AccountingEntity, because it may be a short number
    """
    any_name = "|".join(map(re.escape, sorted(names, key=len, reverse=True))) or r"(?!)"
    name_in_text = re.compile(rf"(?<![A-Za-z0-9_])(?:{any_name})(?![A-Za-z0-9_])")
    entity, other_entity = accounting_entity or ("", "")
    entity_in_text = re.compile(rf"(?im)^([^=\n]*AccountingEntity[^=\n]*=[ \t]*){re.escape(entity)}(?=[ \t\r]*$)") if entity else None

    def other(value):
        if not isinstance(value, str):
            return value
        value = name_in_text.sub(lambda found: names[found.group()], value)
        return entity_in_text.sub(lambda found: found.group(1) + other_entity, value) if entity_in_text else value

    items = [
        replace(
            item,
            fields={name: other(value) for name, value in item.fields.items() if name != "id" and not is_secret(name)},
            files={name: other(text) for name, text in item.files.items() if not is_secret(name)},
        )
        for item in environment.items
        if item.export.kind is not None
    ]
    return replace(environment, items=items, ionapi=None)
