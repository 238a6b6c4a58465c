# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes docs/findings.md from the messages in the code: `python tests/docs/generate_findings.py`."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from ansible_collections.docbits.ion.plugins.module_utils._core.runbook import reference
from ansible_collections.docbits.ion.plugins.module_utils._docbits.answers import CODES
from ansible_collections.docbits.ion.plugins.module_utils._infor.rules import RULES
from ansible_collections.docbits.ion.tests.docs.prose import prose

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "findings.md"

# In the order of the page: title, and what the user sees.
CHAPTERS = {
    "S": ("Sources: files that options name", "A task fails before it sends anything, or warns that it did not write a file."),
    "E": ("Options and declarations", "A task fails before it changes anything, or its result has a warning or a note for a person."),
    "N": ("Network", "A request has no usable response. A stage of the proof is undetermined; in DocBits, a write may be `unknown`."),
    "A": ("Login at Infor", "The stage `token`, `refresh_token` or `refresh` of the proof does not pass."),
    "J": ("Token claims", "The stage `token_facts` of the proof does not pass."),
    "G": ("The gateway", "A stage of the proof that asks the gateway does not pass: `gateway`, or one of those after it."),
    "R": ("The service account's user and roles", "The stage `identity` or `roles` of the proof does not pass."),
    "I": ("IDM and ION messaging", "The stage `idm`, `ion_messaging` or `connection_point` of the proof does not pass."),
    "M": ("M3 and LN", "The stage `m3` or `ln` of the proof does not pass."),
    "P": ("The plan", "A task fails before the first write, or warns about a step of the plan."),
    "DB": ("Answers of DocBits", "DocBits refuses a request, or its answer cannot be used. A refusal has `status`, `code` and `trace_id` in the result."),
    "DC": ("DocBits' contract", "A task fails before the first write, because the contract of the host does not have what would be sent."),
    "DV": ("The state in DocBits afterwards", "DocBits has something else than was sent or declared. `steps` has the outcome of each write."),
    "X": ("Defects of the collection", "A task stops where it is. `steps` has the outcome of each write, if there was one."),
}
ID = re.compile(f"({'|'.join(CHAPTERS)})[0-9]{{2}}")
OR = "; or: "
# Rules, which have pages of their own.
WITH_OWN_PAGE = ("_ionapi", "_mapping")

# Sentences that are composed at run time.
COMPOSED = {
    "S01": ("the file cannot be found, read or decrypted; the message says which", "check the path, its owner and mode, or the vault password"),
    "E11": ("the option query is not a JMESPath expression, or fails on the exports", "test it on the result of a run without query"),
    "E13": ("a variable of the host cannot be evaluated: an undefined variable, a template error, or a missing vault password", "correct the variable"),
    "E16": (
        "the name or the value of an option is none that it can have; it is not shown, as it may be a secret in the wrong place",
        "correct it as ansible-doc shows; a common cause is a list inside the list",
    ),
    "E20": ("the option registered does not name the registered result of docbits.ion.environments", "set it to the name that follows register"),
    "E24": ("a variable that every environment needs is not set for this host", "set it in host_vars or group_vars; the message names a similar variable"),
    "N08": (
        "the response is larger than 8 MiB, has more than 200,000 values, or is compressed in a way that was not asked for",
        "check the address; DocBits and Infor send no such response",
    ),
    "E64": ("an option for DocBits is missing or invalid for this host; the message says which", "set the variable that begins with docbits_"),
    "E80": ("the environment has no new ION API file, or the rotation is finished", "set ionapi_new_src, or remove it and the file that it names"),
    "E83": (
        "an export that is not declared or is ignored has the old ION API file, or may have it",
        "declare the export to rotate it, or look at it in DocBits",
    ),
    "E87": ("the old service account must not be disabled yet; the message says why", "see the other findings of this environment"),
    "E90": (
        "the old service accounts of these environments may be disabled now, or must not be yet",
        "disable them in Infor, unless another environment uses them; or see the results of these environments",
    ),
    "S20": ("the snapshot was not saved; the message says why", "pass a vault password, or set snapshot_dir to a directory that can be written"),
    "S21": ("the snapshot does not exist, is damaged, or is of another organisation", "check snapshot, snapshot_dir and the variables that name DocBits"),
    "N12": ("the Python library requests is missing on the machine that makes the calls", "install requests for the Python interpreter that the message names"),
    "P05": ("the kind of the export does not have it, or the kind is unknown and only active can be set", "leave it out, or correct the id"),
    "DB05": (
        "DocBits refused the request, without a code or with one that this collection does not know",
        "compare the export in DocBits; ask DocBits support about the code",
    ),
    "DB09": (
        "a web page came instead of an answer, for example from a proxy, a firewall or a maintenance page",
        "check docbits_url, path_prefix and the proxy, or try again later",
    ),
    "DB12": ("DocBits has no document type of this name, or several", "correct it, or list them with docbits.ion.document_type_info"),
    "DB13": ("DocBits has no sub-organisation of this name, or several", "correct it, or list them with docbits.ion.sub_organisation_info"),
    "DB30": ("the check validate of DocBits fails after a change; the export is as declared", "follow its message, or leave validate out of checks"),
    "DB31": (
        "the check test_connection of DocBits fails after a change; the export is as declared",
        "follow its message, or leave test_connection out of checks",
    ),
    "DV12": (
        "after an update there is another export like the updated one",
        "remove it in DocBits unless you made it; if it comes from the update, set contract_overrides: {fields: {id: WIRE_NAME}}",
    ),
    "DC06": ("DocBits does not show its contract without an API key, or not to this one", "set or check api_key, or set contract: current"),
    "DV02": (
        "DocBits reported the export as created, but it is not in the list of exports",
        "raise settle_timeout, or compare the contract with docbits.ion.api_info",
    ),
    "DV03": (
        "the step {action} remains, or may remain; the message says why it was not rolled back",
        "look at the export in DocBits; a new run goes on from there",
    ),
    "N05": ("the proxy refused the connection or did not answer", "check the option proxy and the variables HTTPS_PROXY and NO_PROXY"),
    "N06": ("the service did not answer the request in time", "raise the option timeout, or find out why the service is slow"),
}

INTRODUCTION = """\
<!-- Written by tests/docs/generate_findings.py from the messages in the code. Do not edit. -->

# Findings

A message ends with the id of its finding in brackets, and results list the same under `findings`. This page has every finding that is not a rule
for [ION API files](ionapi_rules.md) or [mappings](mapping_rules.md). Each part begins with the symptom; cause and next step are those of the message,
which fills in the names in braces. [Diagnoses](diagnoses.md) has what Infor sends in each case. The steps are those of the [runbook](runbook.md).
"""


def page() -> str:
    """The whole page. Exits if no sentence is found for an id that the code uses."""
    sentences = {**{id_: [(rule.message, rule.action)] for id_, rule in RULES.items()}, **{id_: [sentence] for id_, sentence in COMPOSED.items()}}
    used = set(sentences)
    for path in sorted((ROOT / "plugins").rglob("*.py")):
        if not any(part in WITH_OWN_PAGE for part in path.parts):
            for id_, sentence in _sentences(ast.parse(path.read_text(encoding="utf-8"))):
                used.add(id_)
                if sentence and id_ not in {**RULES, **COMPOSED} and sentence not in sentences.setdefault(id_, []):
                    sentences[id_].append(sentence)
    sentences["DB05"] += [(f"{message} (`{code}`)", action) for code, (message, action) in sorted(CODES.items())]
    missing = sorted(used - sentences.keys())
    if missing:
        raise SystemExit(f"no sentence was found for {', '.join(missing)}; add it to COMPOSED")
    parts = [INTRODUCTION]
    for beginning, (title, symptom) in CHAPTERS.items():
        rows = [_row(id_, *sentence) for id_ in sorted(sentences) if id_[:-2] == beginning for sentence in sentences[id_]]
        parts.append("\n".join([f"## {title}\n", f"{symptom}\n", "| finding | cause | next step |", "| --- | --- | --- |", *rows, ""]))
    return "\n".join(parts)


def _row(id_, message, action) -> str:
    return f"| {id_} | {prose(message)} | {prose(action)}{reference(id_)} |"


def _sentences(tree):
    """Yields (id, (message, action)) for each id in the code; the second is None if the sentences are not literals next to it, or variables of one."""
    for block in ast.walk(tree):
        if isinstance(block, (ast.FunctionDef, ast.Module)):
            variables = _variables_in(block)
            for node in _nodes_in(block):
                parts = node.args if isinstance(node, ast.Call) else node.elts if isinstance(node, ast.Tuple) else ()
                for index, part in enumerate(parts):
                    if isinstance(part, ast.Constant) and isinstance(part.value, str) and ID.fullmatch(part.value):
                        texts = [_text(text, variables) for text in parts[index + 1 :][-2:]]
                        yield part.value, tuple(texts) if len(texts) == 2 and all(texts) else None


def _nodes_in(block):
    """Yields the nodes of a function or module without those of the functions in it."""
    for child in ast.iter_child_nodes(block):
        if not isinstance(child, ast.FunctionDef):
            yield child
            yield from _nodes_in(child)


def _variables_in(block) -> dict:
    """The texts that are assigned to variables of a function or module, by name."""
    assigned = {}
    for node in _nodes_in(block):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            text = _text(node.value, assigned)
            if text:
                assigned[node.targets[0].id] = text
    return assigned


def _text(node, variables) -> str | None:
    """A string literal, with the name of each expression in braces, or the text of a variable; None for other nodes."""
    if isinstance(node, ast.Name):
        return variables.get(node.id)
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(part.value if isinstance(part, ast.Constant) else _inserted(part.value, variables) for part in node.values)
    if isinstance(node, ast.IfExp):
        choices = _text(node.body, variables), _text(node.orelse, variables)
        return OR.join(choices) if all(choices) else None
    return None


def _inserted(node, variables) -> str:
    """An expression of an f-string: the text of a variable that has one, otherwise its name in braces."""
    known = variables.get(node.id, "") if isinstance(node, ast.Name) else ""
    # Two texts to choose from would not read as one sentence.
    return known if known and OR not in known else f"{{{_name(node)}}}"


def _name(node) -> str:
    if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
        return str(node.args[0].value)
    names = [part.attr if isinstance(part, ast.Attribute) else part.id for part in ast.walk(node) if isinstance(part, (ast.Attribute, ast.Name))]
    return names[0].strip("_") if names else "value"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
