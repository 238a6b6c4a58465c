# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real runs of ansible-playbook that are killed at every write, interrupted, or started twice."""

from __future__ import annotations

import os
import signal
import time

import pytest

from integration.exports.playbook import PATIENCE, Playbook, descendants, has_ended, recap, wait_for

URL = "https://a.example.test"
# The writes of the declaration below, in their order.
WRITES = ("configure_webhook_export", "update_configuration_visibility", "configure_webhook_export", "remove_configuration")
AT_THE_END = {"Kept": False, "Moved": True, "New": True}


class Story:
    """An organisation whose way to the declaration takes one write of each sort."""

    def __init__(self, make_stand, folder) -> None:
        hook = {"export_method": "webhook", "is_active": True}
        self.stand = make_stand(
            "2.2.10",
            exports=[
                {**hook, "title": "Kept", "doc_type": "INVOICE", "export_url": f"{URL}/kept"},
                {**hook, "title": "Moved", "doc_type": "QUOTE", "export_url": f"{URL}/old"},
                {**hook, "title": "Left over", "doc_type": "CREDIT_NOTE", "export_url": f"{URL}/left"},
            ],
        )
        hook = {"kind": "webhook"}
        self.declared = [
            {**hook, "title": "Kept", "document_type": "INVOICE", "url": f"{URL}/kept", "active": False},
            {**hook, "title": "Moved", "document_type": "QUOTE", "url": f"{URL}/new"},
            {**hook, "title": "New", "document_type": "INVOICE", "url": f"{URL}/new"},
            {**hook, "title": "Left over", "document_type": "CREDIT_NOTE", "state": "absent"},
        ]
        self.simulator = self.stand.simulator
        self.playbook = Playbook(self.stand, folder, exports=self.declared)
        self.start = self.stand.stored()
        self.before = self.simulator.last()

    def hold(self, number, after=False) -> None:
        """Hold the write of this number, counted from 0, before its effect or after it."""
        match = f"/h/{self.stand.host}/.*(configure_|update_configuration_visibility|remove_configuration)"
        passing = [{"service": "docbits", "match": match, "times": number, "action": {"delay": 0}}] if number else []
        self.simulator.faults([*passing, {"service": "docbits", "match": match, "times": 1, "after": after, "action": {"hold": True}}])

    def start_until_held(self):
        """A run that waits for the answer to the held write."""
        process = self.playbook.start()
        wait_for(self.simulator.held, "a held write")
        return process

    def calls(self) -> list:
        return self.stand.calls(self.before)

    def assert_the_next_run_arrives(self) -> list:
        """It reaches the declaration, and the run behind it changes nothing. Returns the ids of its findings."""
        self.stand.run_dir = str(self.playbook.inventory / ".docbits_ion")
        result = self.stand.run(self.declared)
        assert "failed" not in result, result["msg"]
        self.assert_arrived()
        again = self.stand.run(self.declared)
        assert (again["changed"], again["steps"]) == (False, []) and "E29" not in str(again["findings"])
        return [finding["id"] for finding in result["findings"]]

    def assert_arrived(self) -> None:
        """Everything is stored as declared, and once."""
        assert sorted((record["title"], record["is_active"]) for record in self.stand.stored()) == sorted(AT_THE_END.items())
        assert self.stand.one("Moved")["export_url"] == f"{URL}/new"


def assert_ended(pids) -> None:
    wait_for(lambda: all(has_ended(pid) for pid in pids), f"end of {pids}")


@pytest.mark.parametrize("after", [False, True], ids=["before its effect", "after its effect"])
@pytest.mark.parametrize("number", range(len(WRITES)))
def test_worker_when_ansible_playbook_is_killed_at_a_write_begins_no_further_step(make_stand, tmp_path, number, after):
    story = Story(make_stand, tmp_path)
    story.hold(number, after)
    process = story.start_until_held()
    workers = descendants(process.pid)
    os.kill(process.pid, signal.SIGKILL)
    process.wait(PATIENCE)
    assert workers and story.calls() == list(WRITES[:number])
    story.simulator.faults([])
    assert_ended(workers)
    # The write that was under way took effect, and none began after it.
    assert story.calls() == list(WRITES[: number + 1])
    # After the last write nothing is left to be finished.
    assert ("E29" in story.assert_the_next_run_arrives()) is (number + 1 < len(WRITES))


def test_next_run_of_ansible_playbook_when_the_former_was_killed_says_so_and_arrives(make_stand, tmp_path):
    story = Story(make_stand, tmp_path)
    story.hold(2, after=True)
    process = story.start_until_held()
    workers = descendants(process.pid)
    os.kill(process.pid, signal.SIGKILL)
    process.wait(PATIENCE)
    story.simulator.faults([])
    assert_ended(workers)
    following = story.playbook.start("-v")
    output, _errors = following.communicate(timeout=PATIENCE)
    assert following.returncode == 0 and "E29" in output and "was interrupted" in output, output
    story.assert_arrived()
    assert "E29" not in story.assert_the_next_run_arrives()


@pytest.mark.parametrize("number", [0, 2])
def test_interrupt_when_a_write_is_under_way_leaves_what_the_next_run_finishes(make_stand, tmp_path, number):
    """Ctrl-C in a terminal goes to the whole process group."""
    story = Story(make_stand, tmp_path)
    story.hold(number)
    process = story.start_until_held()
    workers = descendants(process.pid)
    os.killpg(process.pid, signal.SIGINT)
    story.simulator.faults([])
    output, _errors = process.communicate(timeout=PATIENCE)
    assert process.returncode != 0, output
    assert_ended(workers)
    is_rolled_back = story.stand.stored() == story.start
    assert ("E29" in story.assert_the_next_run_arrives()) is not is_rolled_back


def test_two_runs_when_started_at_once_wait_for_each_other(make_stand, tmp_path):
    story = Story(make_stand, tmp_path)
    story.hold(0)
    first = story.start_until_held()
    seen = story.simulator.last()
    second = story.playbook.start()

    def lists():
        return [request for request in story.simulator.journal(seen) if request["path"].endswith("get_configurations")]

    wait_for(lists, "second run")
    # Long enough for a run that does not wait to write.
    time.sleep(1)
    assert story.calls() == [] and second.poll() is None
    story.simulator.faults([])
    assert "changed=1" in recap(first) and "changed=0" in recap(second)
    assert story.calls() == list(WRITES)
    story.assert_arrived()
