# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The event source docbits.ion.audit by itself: what it says of a report, and of files of a certain age."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import subprocess
import time

import pytest

from integration.scenario import CHECKOUT

spec = importlib.util.spec_from_file_location("audit", CHECKOUT / "extensions/eda/plugins/event_source/audit.py")
audit = importlib.util.module_from_spec(spec)
spec.loader.exec_module(audit)

STAGES = dict.fromkeys(("parse", "prove", "plan", "apply", "verify"), "passed")


def row(name, **changes) -> dict:
    return {"environment": name, "outcome": "failed", "message": "m", "exports": "-", "stages": STAGES, "steps": [], "findings": [], **changes}


@pytest.fixture
def audited(tmp_path, monkeypatch):
    """The events of the first audit, whose playbook leaves this report."""

    def events(rows, **args) -> list:
        playbook = tmp_path / "ansible-playbook"
        (tmp_path / "rows.json").write_text(json.dumps({"environments": rows}))
        playbook.write_text(
            f"#!/bin/sh\necho x >> {tmp_path}/runs\n" + ("" if rows is None else f'cp {tmp_path}/rows.json "$DOCBITS_ION_REPORT"\n') + "exit 2\n"
        )
        playbook.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")

        async def first():
            queue = asyncio.Queue()
            task = asyncio.create_task(audit.main(queue, {"inventory": "inventory", "interval": 0, **args}))
            while (not (tmp_path / "runs").exists() or queue.empty()) and not task.done():
                await asyncio.sleep(0.05)
            # Time enough for a second audit, if there were no pause.
            await asyncio.sleep(0.3)
            task.cancel()
            return [queue.get_nowait() for _event in range(queue.qsize())]

        found = asyncio.run(first())
        assert (tmp_path / "runs").read_text() == "x\n"
        return found

    return events


def test_each_problem_is_an_event_for_its_environment(audited):
    finding = {"id": "A01", "level": "error", "where": "w", "message": "m", "action": "a"}
    rows = [
        row("as-declared", outcome="unchanged"),
        row("edited", steps=[{"action": "update"}]),
        row("refused", stages={**STAGES, "prove": "failed"}, findings=[finding]),
        row("broken", stages={**STAGES, "parse": "failed"}),
    ]
    events = audited(rows)
    assert [(event["meta"]["hosts"], event["docbits"]["problem"]) for event in events] == [
        ("edited", "drift"),
        ("refused", "credentials"),
        ("broken", "failed"),
    ]
    assert events[1]["docbits"] == {"problem": "credentials", "environment": "refused", "message": "m", "findings": ["A01"]}


def test_audit_without_a_report_is_an_event(audited):
    [event] = audited(None)
    assert event["docbits"] == {"problem": "failed", "environment": "all", "message": "docbits.ion.audit_ion ended with 2 and without a report", "findings": []}


def test_age_of_a_file_is_that_of_its_last_commit(tmp_path):
    for name in ("committed", "not-committed", "new"):
        (tmp_path / f"{name}.ionapi").touch()
    os.utime(tmp_path / "not-committed.ionapi", (time.time() - 40 * audit.DAY,) * 2)
    git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@example.test"]
    date = {"GIT_COMMITTER_DATE": f"{int(time.time() - 100 * audit.DAY)} +0000"}
    for command in (["init", "--quiet"], ["add", "committed.ionapi"], ["commit", "--quiet", "--message", "a"]):
        subprocess.run([*git, *command], check=True, env=os.environ | date)
    events = audit._aged({"credentials": f"{tmp_path}/*.ionapi", "max_age_days": 30})
    assert [(event["environment"], event["message"]) for event in events] == [
        ("committed", "committed.ionapi is 100 days old"),
        ("not-committed", "not-committed.ionapi is 40 days old"),
    ]
    assert audit._aged({}) == []
