# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a case against a client, and judge what it says.

A client has one method, `prove(peer, ionapi, options)`. It returns `{"outcome", "stages", "findings", "msg"}`:

- `outcome` is `proved`, `refused`, `undetermined` or `failed before any call`;
- `stages` is `{name: outcome}`, with the names `token`, `roles`, `idm`, `ion`, `refresh`, `m3`, `ln`; a stage may be left out,
  or be `skipped`. `ion` is ping together with acceptedDocuments;
- `findings` is a list of `{"id", "where", "message", "action", "level"}`, `msg` is one text.

A case fails a client only for what it says. Proved: Infor accepted this file for what was asked. Refused: a cause was seen.
"""

import concurrent.futures
import copy
import json
import re
import time
import uuid
from dataclasses import dataclass, field

from .peer import Peer

PROVED, REFUSED, UNDETERMINED, EARLY = "proved", "refused", "undetermined", "failed before any call"
OUTCOMES = {PROVED, REFUSED, UNDETERMINED, EARLY}
DEFAULTS = {"logical_id": "lid://infor.ims.docbits", "timeout": 5, "deadline": 40}


class Unsupported(Exception):
    """Raised by an adapter: this client has no such option. The case is skipped."""


@dataclass
class Case:
    """One case. All texts to look for are regular expressions without regard to case."""

    name: str
    says: str  # what a correct client may answer
    moods: tuple = ()
    outcome: frozenset = frozenset()
    file: dict = field(default_factory=dict)  # changes for Peer.ionapi; {"iu": CLOSED} for a closed port
    options: dict = field(default_factory=dict)
    stages: dict = field(default_factory=dict)  # {stage: outcomes allowed}
    logins: tuple = (0, 1)  # fewest and most requests for a token with credentials
    cause: str = None  # must be named when the outcome is `refused`
    names: str = None  # must be named in every outcome but `proved`
    wrong: tuple = ()  # must not be claimed (a sentence with "may", "or", "whether" is no claim)
    seconds: float = 25  # the most time for all steps
    slow: float = 5
    steps: list = None  # [(file changes, option changes, outcomes)]: one play, one session
    parallel: bool = False  # all steps at the same time
    together: bool = False  # all files in one call of `client.prove_files`
    check: object = None  # function(peer, results) -> texts of what is wrong


@dataclass
class Verdict:
    """The judgement of one case: no problem means passed."""

    case: Case
    problems: list
    results: list
    skipped: str = None
    journal: list = field(default_factory=list)

    def __str__(self):
        word = "SKIP" if self.skipped else "FAIL" if self.problems else "ok"
        text = f"{word:4} {self.case.name}"
        return "\n       ".join([text] + self.problems + (["a correct client: " + self.case.says] if self.problems else []))


CLOSED = object()
_HEDGE = re.compile(
    r"\b(may|might|could|can|possibl\w*|perhaps|probabl\w*|likely|unknown|undetermined|not known|whether|if|or|"
    r"check|compare|look|not mean|nothing about|not because|not seen|not proven|"
    r"unclear|says nothing|no(?:t)? shown|cannot|not determined|e\.g)\b|\?",
    re.I,
)


def texts(result, actions=True):
    """Return all texts of a result."""
    parts = [result.get("msg") or ""]
    for finding in result.get("findings") or ():
        parts += [str(finding.get(k) or "") for k in (("id", "where", "message", "action") if actions else ("message",))]
    return parts


def claims(result):
    """Return the sentences that state something without reserve. An action is advice, and no claim."""
    for text in texts(result, actions=False):
        for sentence in re.split(r"(?<=[.;:!])\s+|\n", text):
            if sentence and not _HEDGE.search(sentence):
                yield sentence


def named(result, pattern):
    """Return whether a result names this anywhere."""
    return any(re.search(pattern, text, re.I | re.S) for text in texts(result))


def _shape(result):
    if not isinstance(result, dict) or result.get("outcome") not in OUTCOMES:
        yield "the outcome is none of the four"
        return
    outcome, findings = result["outcome"], result.get("findings") or []
    if outcome != PROVED and not any(f.get("message") for f in findings) and not result.get("msg"):
        yield f"{outcome} without a word about why"
    if outcome == REFUSED and not any(f.get("level") == "error" for f in findings):
        yield "refused without a finding of level error"
    if outcome == UNDETERMINED and not any(f.get("action") for f in findings):
        yield "undetermined without a finding that says what to look at"
    if outcome == PROVED and REFUSED in (result.get("stages") or {}).values():
        yield "proved although a stage is refused"


def _always(peer, results, files):
    """Yield what no client may do in any case."""
    told = json.dumps(results, default=repr) + repr(results)
    leaked = [secret for secret in peer.secrets() if secret in told]
    if leaked:
        yield f"the result shows {len(leaked)} secret texts"
    for entry in peer.journal():
        what = "{} {}".format(entry["method"], entry["surface"] or entry["path"])
        if entry["secret_in_url"]:
            yield "a secret in the URL of " + what
        if entry["surface"] in ("create", "send"):
            yield "a proof writes: " + what
        if entry["sent_secret"] and entry["path"].startswith(("/signin", "/elsewhere")):
            yield "a secret follows a redirect"
        if entry["path"].endswith("/csrf"):
            yield "a call that never works through the gateway: csrf"
    for sent, kept in files:
        if sent != kept:
            yield "the client changed the file it was given"


def _closed(peer, key):
    return peer.closed_url() + ("/ACME_TST/as/" if key == "pu" else "")


def run(case, client):
    """Run one case and return its `Verdict`."""
    problems, results, files = [], [], []
    with Peer(*case.moods, slow=case.slow) as peer:
        session, start = uuid.uuid4().hex, time.monotonic()
        steps = case.steps or [({}, {}, case.outcome)]
        for changes, _options, _wanted in steps:
            files.append(peer.ionapi(**{k: _closed(peer, k) if v is CLOSED else v for k, v in dict(case.file, **changes).items()}))
        kept, before = copy.deepcopy(files), []

        def prove(number):
            before.append(len(peer.journal()))
            return client.prove(peer, files[number], dict(DEFAULTS, session=session, **case.options, **steps[number][1]))

        try:
            if case.together:
                if not hasattr(client, "prove_files"):
                    raise Unsupported("no prove_files")
                results = client.prove_files(peer, files, dict(DEFAULTS, session=session, **case.options))
            elif case.parallel:
                with concurrent.futures.ThreadPoolExecutor(len(steps)) as pool:
                    results = list(pool.map(prove, range(len(steps))))
            else:
                results = []
                for number in range(len(steps)):
                    results.append(prove(number))
                    if results[-1].get("outcome") == EARLY and len(peer.journal()) > before[-1]:
                        problems.append(f"failed before any call, but there were {len(peer.journal()) - before[-1]} calls")
            for number, ((_changes, _options, wanted), result) in enumerate(zip(steps, results, strict=False), 1):
                problems += _shape(result)
                if result.get("outcome") not in wanted:
                    step = f" in step {number}" if len(steps) > 1 else ""
                    problems.append("{!r}{}, not {}".format(result.get("outcome"), step, " or ".join(sorted(wanted))))
                problems += _words(case, result)
        except Unsupported as exc:
            return Verdict(case, [], results, skipped=str(exc) or "not supported")
        except Exception as exc:  # a crash is an answer, too
            problems.append(f"the client raised {type(exc).__name__}")
        elapsed = time.monotonic() - start
        if elapsed > case.seconds:
            problems.append(f"took {elapsed:.1f} s, more than {case.seconds}")
        low, high = case.logins
        if results and all(r.get("outcome") == EARLY for r in results):
            low = 0
        if not low <= peer.logins() <= high:
            problems.append(f"{peer.logins()} logins, not {low} to {high}")
        problems += _always(peer, results, zip(files, kept, strict=False))
        if case.check and len(results) == len(steps):
            problems += case.check(peer, results) or []
        return Verdict(case, list(dict.fromkeys(problems)), results, journal=peer.journal())


def _words(case, result):
    outcome = result.get("outcome")
    for stage, wanted in case.stages.items():
        got = (result.get("stages") or {}).get(stage, "skipped")
        if got != "skipped" and got not in wanted:
            yield "stage {} is {!r}, not {}".format(stage, got, " or ".join(sorted(wanted)))
    if case.cause and outcome == REFUSED and not named(result, case.cause):
        yield f"refused, but the cause is not named ({case.cause})"
    if case.names and outcome != PROVED and not named(result, case.names):
        yield f"does not name what was seen ({case.names})"
    for pattern in case.wrong:
        hit = next((c for c in claims(result) if re.search(pattern, c, re.I)), None)
        if hit:
            yield f"claims a cause that was not seen: {hit[:160]!r}"
