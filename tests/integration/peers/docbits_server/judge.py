# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a case against a client and judges the outcome by the guarantees, not by the way the client works.

Guarantees: kept, single, honest, converging, bounded, calm, secret.
"""

from __future__ import annotations

import json
import threading
import time
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from .faults import Fault
from .server import Peer

Result = dict[str, Any]


class Client(Protocol):
    """What an adapter offers. `run` must be callable from two threads at once.

    options (all optional): timeout (seconds per request), deadline (seconds per run).
    The result has ok, changed, failed, msg, steps, raw. It may also have
    `unknown` (names of fields, files or titles that the client says it could not verify) and
    `rolled_back` (True: the client says that nothing of this run is left).
    """

    def run(self, peer: Peer, declared: list[dict], check: bool = False, options: dict | None = None) -> Result:
        """Reconcile the exports of the peer with `declared`."""


# steps ----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Step:
    """One step of a case: run, check, both, killed, or do (an action of the tester)."""

    what: str
    declared: list | None = None
    other: list | None = None
    action: Callable[[Peer], None] | None = None
    number: int = 0
    before: bool = False


def run(declared: list | None = None) -> Step:
    """Run the client."""
    return Step("run", declared)


def check(declared: list | None = None) -> Step:
    """Run the client in check mode."""
    return Step("check", declared)


def both(declared: list | None = None, other: list | None = None) -> Step:
    """Run the client twice at the same time."""
    return Step("both", declared, other)


def killed(number: int, before: bool = False) -> Step:
    """Run the client and kill it at its n-th write, after or before the write is applied."""
    return Step("killed", number=number, before=before)


def do(action: Callable[[Peer], None]) -> Step:
    """Let the tester act between runs; the result is visible at once, whatever the lag."""
    return Step("do", action=action)


def moods(**switches: object) -> Step:
    """Change switches of the server."""
    return do(lambda peer: peer.set_moods(**switches))


def faults(*new: Fault) -> Step:
    """Replace the faults."""
    return do(lambda peer: peer.set_faults(*new))


def clean(**switches: object) -> Step:
    """Remove the faults, wait for effects on their way, change switches."""

    def action(peer: Peer) -> None:
        peer.set_faults()
        peer.set_moods(**switches)

    return do(action)


# case and story ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Case:
    """A judged case.

    allows: one sentence, what a correct client may do.
    ends: what the last run must give: "declared" (ok, and the declaration holds), "declared_or_refused" (that, or a
        failure with a next step), "refused" (a failure, and no run has altered anything).
    quiet: the last run must send no write and report no change, if it and the run before are ok.
    tolerate: checks that do not count when the run has reported a failure: "duplicate", "loss", "stray", "id".
    ignore: checks that do not count at all, for the same names and "changed", "others".
    hard: the information is hard to get; a client may fail here and still be good.
    """

    name: str
    allows: str
    declared: list[dict]
    start: list[dict] = field(default_factory=list)
    moods: dict = field(default_factory=dict)
    faults: tuple = ()
    steps: tuple = ()
    options: dict = field(default_factory=dict)
    ends: str = "declared_or_refused"
    quiet: bool = False
    tolerate: frozenset = frozenset()
    ignore: frozenset = frozenset()
    extra: Callable[[Story], list[Violation]] | None = None
    limit: float = 60.0
    hard: bool = False


@dataclass
class Record:
    """One run of the client."""

    step: Step
    declared: list[dict]
    result: Result
    before: list[dict]
    after: list[dict]
    calls: list[dict]
    seconds: float

    @property
    def ok(self) -> bool:
        """Whether the client reported success."""
        return bool(self.result.get("ok"))

    @property
    def writes(self) -> list[dict]:
        """Return the write calls that arrived."""
        return [c for c in self.calls if c["write"]]

    @property
    def altered(self) -> bool:
        """Whether a call of this run has altered the organisation."""
        return any(e.get("altered") for c in self.calls for e in c["effects"])


@dataclass
class Story:
    """Everything that happened in a case."""

    case: Case
    records: list[Record]
    end: list[dict]
    journal: list[dict]
    secrets: list[str]

    @property
    def last(self) -> Record:
        """Return the last run that was neither a check nor killed."""
        return [r for r in self.records if r.step.what in ("run", "both")][-1]


@dataclass(frozen=True)
class Violation:
    """A broken guarantee."""

    guarantee: str
    text: str

    def __str__(self) -> str:
        return f"{self.guarantee}: {self.text}"


def play(case: Case, client: Client) -> Story:
    """Run a case against the client."""
    with Peer(start=case.start, faults=case.faults, **case.moods) as peer:
        records: list[Record] = []
        options = {"timeout": 5.0, "deadline": 40.0, **case.options}
        for step in case.steps or (run(), run()):
            if step.what == "do":
                step.action(peer)
                if not peer.store.moods.lag:
                    peer.store.settle()
                continue
            declared = case.declared if step.declared is None else step.declared
            if step.what == "killed":
                peer.cut_after_write(step.number, step.before)
            records += _perform(peer, client, step, declared, options)
            if step.what == "killed":
                peer.restore()
        deadline = time.monotonic() + 8
        while any(c["fault"] == "late_effect" and not c["effects"] for c in peer.journal()):
            if time.monotonic() > deadline:
                break
            time.sleep(0.1)
        return Story(case, records, peer.state(), peer.journal(), _secrets(case, peer))


def _perform(peer: Peer, client: Client, step: Step, declared: list[dict], options: dict) -> list[Record]:
    lists = [declared]
    if step.what == "both":
        lists.append(declared if step.other is None else step.other)
    results: list[Result] = [{} for _list in lists]
    before, first, start = peer.state(), len(peer.journal()), time.monotonic()

    def call(index: int) -> None:
        try:
            results[index] = client.run(peer, lists[index], check=step.what == "check", options=dict(options))
        except Exception as error:  # an adapter or client that raises has not reported
            results[index] = {"crash": f"{type(error).__name__}: {error}"}

    threads = [threading.Thread(target=call, args=(index,)) for index in range(len(lists))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds, after, calls = time.monotonic() - start, peer.state(), peer.journal()[first:]
    return [Record(step, lists[i], results[i], before, after, calls, seconds) for i in range(len(lists))]


def _secrets(case: Case, peer: Peer) -> list[str]:
    found = [peer.api_key]
    lists = [case.declared, case.start, *(s.declared or [] for s in case.steps), *(s.other or [] for s in case.steps)]
    for export in [e for some in lists for e in some]:
        found.append(export.get("fields", {}).get("password"))
        try:
            content = json.loads(export.get("files", {}).get("ionapi", "{}"))
        except ValueError:
            continue
        found += [content.get(key) for key in ("cs", "saak", "sask")]
    return [s for s in found if s and len(s) > 5]


# comparison ------------------------------------------------------------------------------------------------------------


def normal_form(name: str, text: str | bytes | None) -> object:
    """Return the meaning of a file: two texts with the same meaning have equal normal forms.

    Trailing blanks of a .properties value count: vendor samples have separators such as "_ ".
    """
    if text is None:
        return None
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    text = text.lstrip("\ufeff").replace("\r\n", "\n")
    try:
        if name == "ionapi":
            return json.loads(text)
        if name == "m3_toml_mapping":
            return tomllib.loads(text)
    except ValueError:
        return text
    if name == "xslt":
        return text.strip()
    lines = [line for line in text.split("\n") if line.strip() and not line.lstrip().startswith("#")]
    return sorted((k.strip(), v.lstrip()) for k, _separator, v in (line.partition("=") for line in lines))


def same_export(declared: dict, export: dict) -> bool:
    """Whether an export of the server is the declared one."""
    title = " ".join(str(export["title"] or "").split()).lower()
    return (
        title == " ".join(declared["title"].split()).lower()
        and export["kind"] == declared["kind"]
        and export["doc_type"] == declared.get("doc_type")
        and export["sub_org"] == declared.get("sub_org")
    )


def differences(declared: dict, export: dict) -> list[str]:
    """Return the names of the declared fields and files that the export does not have."""
    result = []
    if "active" in declared and declared["active"] != export["active"]:
        result.append("active")
    for name, value in declared.get("fields", {}).items():
        if _text(value) != _text(export["fields"].get(name)):
            result.append(name)
    for name, text in declared.get("files", {}).items():
        if normal_form(name, text) != normal_form(name, export["files"].get(name)):
            result.append(name)
    return result


def _field(export: dict, name: str) -> str:
    return _text(export["fields"].get(name))


def _file(export: dict, name: str) -> object:
    return normal_form(name, export["files"].get(name))


def _text(value: object) -> str:
    if value in (None, "", False):
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def content(state: list[dict]) -> list[tuple]:
    """Return the state in a form that ignores how files are written."""
    return [
        (
            *(e[k] for k in ("id", "kind", "title", "doc_type", "sub_org", "active")),
            sorted((k, _text(v)) for k, v in e["fields"].items() if _text(v)),
            sorted((k, json.dumps(normal_form(k, v))) for k, v in e["files"].items()),
        )
        for e in state
    ]


# judging -----------------------------------------------------------------------------------------------------------------


def judge(case: Case, story: Story) -> list[Violation]:
    """Return the broken guarantees of a case, without duplicates."""
    found: list[Violation] = []
    for index, record in enumerate(story.records):
        found += _judge_record(case, story, record)
        previous = story.records[index - 1] if index else None
        if previous and previous.step.what == "check" and record.step.what == "run":
            if previous.ok and record.ok and bool(previous.result.get("changed")) != bool(record.result.get("changed")):
                found.append(Violation("calm", "check mode and the real run report a different `changed`"))
    found += _judge_both(story) + _judge_end(case, story)
    if case.extra:
        found += case.extra(story)
    for call in story.journal:
        found += [Violation("peer", f"defect of the peer: {e['defect']}") for e in call["effects"] if "defect" in e]
    return list(dict.fromkeys(found))


def _judge_record(case: Case, story: Story, record: Record) -> list[Violation]:
    found: list[Violation] = []
    result = record.result

    def counts(name):
        return name not in case.ignore and not (name in case.tolerate and not record.ok)

    if record.seconds > case.limit:
        found.append(Violation("bounded", f"a run took {record.seconds:.0f} s, the limit is {case.limit:.0f} s"))
    text = json.dumps(result, default=repr) + repr(result)
    if any(secret in text for secret in story.secrets):
        found.append(Violation("secret", "the result contains a secret"))
    if record.step.what != "killed":
        if "crash" in result:
            return [*found, Violation("honest", f"the client crashed: {result['crash'][:300]}")]
        if {"ok", "changed", "failed"} - set(result) or bool(result["ok"]) == bool(result["failed"]):
            found.append(Violation("honest", "the result does not say whether the run succeeded"))
    if record.step.what == "check":
        if record.writes:
            found.append(Violation("calm", f"check mode sent {len(record.writes)} writes"))
        return found
    found += _judge_kept(case, record, counts)
    if record.step.what == "run":
        found += _judge_report(case, record, counts)
    return found


def _judge_kept(case: Case, record: Record, counts: Callable[[str], bool]) -> list[Violation]:
    """What nobody declared stays; nothing appears that nobody declared; one declared export is one export."""
    found: list[Violation] = []
    before = {e["id"]: e for e in record.before}
    after = {e["id"]: e for e in record.after}
    mine = {e["id"]: d for d in record.declared for e in [*record.before, *record.after] if same_export(d, e)}
    for key, old in before.items():
        new, declared = after.get(key), mine.get(key)
        if declared is None:
            if counts("others") and (new is None or content([old]) != content([new])):
                found.append(Violation("kept", f"the undeclared export {old['title']!r} has changed"))
            continue
        if declared.get("state") == "absent":
            continue
        if new is None:
            if counts("id"):
                found.append(Violation("kept", f"the export {old['title']!r} has lost its id"))
            continue
        if counts("loss"):
            lost = [n for n in old["fields"] if n not in declared.get("fields", {}) and _field(old, n) != _field(new, n)]
            lost += [n for n in old["files"] if n not in declared.get("files", {}) and _file(old, n) != _file(new, n)]
            if "active" not in declared and old["active"] != new["active"]:
                lost.append("active")
            if lost:
                found.append(Violation("kept", f"undeclared parts of {old['title']!r} have changed: {', '.join(lost)}"))
    for export in record.after:
        was = json.dumps(before.get(export["id"], {}))
        values = [*export["files"].values(), *map(str, export["fields"].values())]
        if any("****" in v for v in values) and "****" not in was:
            found.append(Violation("kept", f"a masked value was stored in {export['title']!r}"))
        if export["id"] not in before and export["id"] not in mine and counts("stray"):
            found.append(Violation("single", f"an export that nobody declared has appeared: {export['title']!r}"))
    for declared in record.declared:
        now = [e for e in record.after if same_export(declared, e)]
        then = [e for e in record.before if same_export(declared, e)]
        if record.step.what != "both" and len(now) > max(1, len(then)) and counts("duplicate"):
            found.append(Violation("single", f"{declared['title']!r} exists {len(now)} times"))
    return found


def _judge_report(case: Case, record: Record, counts: Callable[[str], bool]) -> list[Violation]:
    """The result says what is true."""
    found: list[Violation] = []
    result = record.result
    unknown = {str(u).lower() for u in result.get("unknown") or []}
    if record.ok:
        for declared in record.declared:
            now = [e for e in record.after if same_export(declared, e)]
            wanted = 0 if declared.get("state") == "absent" else 1
            if len(now) != wanted:
                found.append(Violation("honest", f"ok, but {declared['title']!r} exists {len(now)} times"))
            elif wanted:
                wrong = [n for n in differences(declared, now[0]) if not any(n in u for u in unknown)]
                if wrong and declared["title"].lower() not in unknown:
                    found.append(Violation("honest", f"ok, but {declared['title']!r} differs in {', '.join(wrong)}"))
    acted = any(c["fault"] in ("act", "act_after") for c in record.calls)
    differs = content(record.before) != content(record.after)
    if counts("changed") and not acted:
        if not result["changed"] and record.altered and differs:
            found.append(Violation("honest", "changed is false, but the run has changed the organisation"))
        accepted = any(e.get("what") for c in record.writes for e in c["effects"])
        if result["changed"] and record.ok and not accepted:
            found.append(Violation("honest", "changed is true, but no write was accepted"))
    if result.get("rolled_back") is True and differs and not acted:
        found.append(Violation("honest", "rolled back, but the organisation differs from before"))
    return found


def _judge_both(story: Story) -> list[Violation]:
    """Of two runs at once, not both may report success on a state that contradicts them."""
    found = []
    pair = [r for r in story.records if r.step.what == "both"]
    for one, two in zip(pair[::2], pair[1::2], strict=False):
        if one.ok and two.ok:
            for declared in one.declared:
                now = [e for e in one.after if same_export(declared, e)]
                if len(now) != (declared.get("state") != "absent"):
                    text = f"two runs at once both say ok, but {declared['title']!r} exists {len(now)} times"
                    found.append(Violation("honest", text))
    return found


def _judge_end(case: Case, story: Story) -> list[Violation]:
    """A later clean run reaches the declaration, or refuses with a next step."""
    last = story.last
    found = []
    if "crash" in last.result:
        return []
    if case.ends == "declared" and not last.ok:
        found.append(Violation("converging", f"the last run failed: {str(last.result.get('msg'))[:300]}"))
    if case.ends == "refused":
        if last.ok:
            found.append(Violation("honest", "the last run is ok, although the declaration cannot hold"))
        if any(r.altered for r in story.records):
            found.append(Violation("kept", "a run that cannot succeed has altered the organisation"))
    if not last.ok and len(str(last.result.get("msg") or "")) < 15:
        found.append(Violation("converging", "the failure does not say what to do next"))
    runs = [r for r in story.records if r.step.what == "run"]
    if case.quiet and len(runs) > 1 and runs[-1].ok and runs[-2].ok:
        if runs[-1].writes or runs[-1].result["changed"]:
            found.append(Violation("converging", f"the second run sent {len(runs[-1].writes)} writes"))
    return found
