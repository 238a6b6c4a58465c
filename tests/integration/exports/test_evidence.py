# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values that DocBits withholds: when they are sent again, which evidence decided it, and where it is kept."""

from __future__ import annotations

import json
import os
import secrets
import stat

import pytest

from integration.exports.playbook import Playbook
from integration.exports.stand import ionapi_text, mapping_texts

# The value under test, and how DocBits treats it. The list always masks passwords.
WITHHELD = [("ionapi", "mask"), ("ionapi", "mask_values"), ("ionapi", "refuse"), ("password", "no")]
GIVEN_BACK = [("ionapi", "no")]
POLICIES = ["when_changed", "always", "on_create"]


class Case:
    """One export with one secret, and what the action plugin would have in its state file."""

    def __init__(self, make_stand, simulator, name, mask, policy) -> None:
        self.simulator, self.name, self.policy = simulator, name, policy
        self.stand = make_stand(switches={"mask_ion_api": mask})
        self.fingerprints = None
        self.secrets = set()
        if name == "ionapi":
            self.item = {"title": "To IDM", "kind": "infor_idm", "document_type": "INVOICE", "idm_mapping_content": mapping_texts()["idm_mapping"]}
        else:
            self.item = {"title": "To a server", "kind": "sftp", "document_type": "INVOICE", "server_url": "f.example.test", "username": "u", "folder": "/in"}
        self.new_secret()

    def new_secret(self) -> None:
        if self.name == "ionapi":
            text = self.item["ionapi_content"] = ionapi_text(self.simulator)
            self.secrets |= {json.loads(text)[key] for key in ("cs", "saak", "sask")}
        else:
            self.item["password"] = secrets.token_urlsafe(16)
            self.secrets.add(self.item["password"])

    @property
    def stored(self):
        record = self.stand.one(self.item["title"])
        return json.loads(record["files"]["ion_api"]) if self.name == "ionapi" else record["password"]

    @property
    def declared(self):
        return json.loads(self.item["ionapi_content"]) if self.name == "ionapi" else self.item["password"]

    def run(self, check=False) -> tuple:
        """Whether it changed, by which evidence, and whether the result is to be fingerprints."""
        before = self.simulator.last()
        result = self.stand.run([self.item], check=check, update=self.policy, fingerprints=self.fingerprints)
        assert "failed" not in result, result["msg"]
        text = json.dumps(result)
        assert not [secret for secret in self.secrets if secret in text]
        if check:
            assert "fingerprints" not in result and self.stand.calls(before) == []
        else:
            assert result["changed"] is bool(self.stand.calls(before))
        self.fingerprints = result.get("fingerprints", self.fingerprints)
        return result["changed"], result["exports"][0]["evidence"].get(self.name)

    def assert_settled(self, evidence) -> None:
        """Check and two more runs change nothing, but for the policy that asks for it."""
        for check in (True, False, False):
            assert self.run(check) == (self.policy == "always" and evidence == "policy", evidence)


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize(("name", "mask"), WITHHELD)
def test_a_secret_that_docbits_keeps_to_itself(make_stand, simulator, name, mask, policy):
    case = Case(make_stand, simulator, name, mask, policy)
    assert case.run(check=True)[0] is True
    assert case.run() == (True, None)
    first = case.stored
    assert first == case.declared and case.fingerprints
    by = "fingerprint" if policy == "when_changed" else "policy"
    case.assert_settled(by)

    case.new_secret()
    assert case.run(check=True) == (policy != "on_create", by)
    assert case.run() == (policy != "on_create", by)
    assert case.stored == (first if policy == "on_create" else case.declared)
    case.assert_settled(by)

    # The state file is lost. What DocBits shows and its own test of the connection are evidence; without any, the value is sent once more.
    case.fingerprints = None
    is_tested = policy == "when_changed" and mask == "mask_values"
    evidence = "connection_test" if is_tested else "none" if policy == "when_changed" else "policy"
    assert case.run(check=True) == case.run() == (policy != "on_create" and not is_tested, evidence)
    case.assert_settled(by)


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize(("name", "mask"), GIVEN_BACK)
def test_a_secret_that_docbits_gives_back_is_compared_by_value(make_stand, simulator, name, mask, policy):
    case = Case(make_stand, simulator, name, mask, policy)
    assert case.run() == (True, None)
    assert case.stored == case.declared and case.fingerprints is None
    case.assert_settled("value")
    case.new_secret()
    assert case.run() == (True, "value")
    assert case.stored == case.declared and case.fingerprints is None
    case.assert_settled("value")


def test_the_other_words_of_an_export_are_sent_whatever_the_policy(make_stand, simulator):
    """on_create is about values that nobody can compare: a mapping and a folder can be."""
    for name, mask in WITHHELD:
        case = Case(make_stand, simulator, name, mask, "on_create")
        case.run()
        stood = case.stored
        case.new_secret()
        if name == "ionapi":
            case.item["idm_mapping_content"] = case.item["idm_mapping_content"].replace("SF_AccountingEntity=100", "SF_AccountingEntity=200")
        else:
            case.item["folder"] = "/other"
        assert case.run() == (True, "policy")
        assert case.stored == stood
        assert case.run() == (False, "policy")


def test_update_of_something_else_sends_everything_declared(make_stand, simulator):
    """Whether DocBits keeps what an update does not send is not documented."""
    case = Case(make_stand, simulator, "ionapi", "refuse", "when_changed")
    case.run()
    case.item["execution_order"] = 9
    before = simulator.last()
    assert case.run() == (True, "fingerprint")
    [write] = simulator.writes(before)
    assert set(write["files"]) == {"ion_api", "idm_mapping"} and case.stored == case.declared
    case.assert_settled("fingerprint")


@pytest.mark.parametrize(("mask", "changed", "evidence"), [("mask_values", False, "connection_test"), ("mask", True, "none"), ("refuse", True, "none")])
def test_docbits_when_it_begins_to_mask(make_stand, simulator, mask, changed, evidence):
    case = Case(make_stand, simulator, "ionapi", "no", "when_changed")
    case.run()
    case.stand.switch(mask_ion_api=mask)
    assert case.run() == (changed, evidence)
    case.assert_settled("fingerprint")


@pytest.mark.parametrize("reason", ["the test fails", "the test is left out", "another client id is shown", "inactive"])
def test_masked_file_when_the_connection_test_proves_nothing_is_sent(make_stand, simulator, reason):
    case = Case(make_stand, simulator, "ionapi", "no", "when_changed")
    case.run()
    case.stand.switch(mask_ion_api="mask_values")
    options = {}
    if reason == "the test fails":
        case.stand.switch(fail_on={"test_infor_connection": {"code": "ERROR_GETTING_INFOR_ACCESS_TOKEN"}})
    elif reason == "the test is left out":
        options["checks"] = ["validate"]
    elif reason == "inactive":
        simulator.edit_export(case.stand.name, case.stand.one("To IDM")["id"], is_active=False)
    else:
        case.new_secret()
    result = case.stand.run([case.item], **options)
    assert (result["changed"], result["exports"][0]["evidence"]["ionapi"]) == (True, "value" if reason == "another client id is shown" else "none")
    assert case.stored == case.declared


def test_connection_test_when_asked_for_evidence_is_asked_in_check_mode_too(make_stand, simulator):
    case = Case(make_stand, simulator, "ionapi", "no", "when_changed")
    case.run()
    case.stand.switch(mask_ion_api="mask_values")
    before = simulator.last()
    assert case.run(check=True) == (False, "connection_test")
    assert [request["path"] for request in simulator.journal(before) if request["path"].endswith("test_infor_connection")]


def test_a_fingerprint_vouches_for_its_own_export_alone(make_stand, simulator):
    case = Case(make_stand, simulator, "password", "no", "when_changed")
    case.run()
    [names] = case.fingerprints.values()
    case.fingerprints = {"another id": names}
    assert case.run() == (True, "none")
    assert set(case.fingerprints) == {"another id", f"{case.stand.url} {case.stand.one('To a server')['id']}"}
    case.assert_settled("fingerprint")


def test_fingerprint_when_the_api_key_is_another_proves_nothing(make_stand, simulator):
    """A state file does not help to guess a short password without the API key."""
    case = Case(make_stand, simulator, "password", "no", "when_changed")
    case.run()
    case.stand.api_key = secrets.token_urlsafe(32)
    simulator.change_organisation(case.stand.name, api_key=case.stand.api_key)
    assert case.run() == (True, "fingerprint")
    case.assert_settled("fingerprint")


def test_two_fingerprints_of_one_secret_differ(make_stand, simulator):
    """Nobody can see in the state file that two environments have the same password."""
    case = Case(make_stand, simulator, "password", "no", "always")
    case.run()
    one = case.fingerprints
    case.run()
    assert one != case.fingerprints and not [secret for secret in case.secrets if secret in json.dumps(one)]


# The way through ansible-playbook: where the state file stands


@pytest.fixture
def playbook(make_stand, simulator, tmp_path):
    """A folder with an inventory and a playbook, and a function that runs it."""
    stand = make_stand(switches={"mask_ion_api": "mask"})
    server = {"server_url": "f.example.test", "username": "u", "folder": "/in", "password": secrets.token_urlsafe(16)}
    ionapi = ionapi_text(simulator)
    exports = [
        {"title": "To a server", "kind": "sftp", "document_type": "INVOICE", **server},
        {"title": "To IDM", "kind": "infor_idm", "document_type": "INVOICE", "idm_mapping_content": mapping_texts()["idm_mapping"]},
    ]
    made = Playbook(stand, tmp_path, state_dir="{{ folder | default(omit) }}", ionapi_content=ionapi, exports=exports)

    # A stranger's file mode mask must not matter.
    former = os.umask(0)
    known = {server["password"], stand.api_key, *(json.loads(ionapi)[key] for key in ("cs", "saak", "sask"))}
    yield made.run, made.inventory / ".docbits_ion/sandbox.json", known
    os.umask(former)


def test_the_state_file_beside_the_inventory(playbook):
    run, state_file, known = playbook
    assert "changed=1" in run("--check") and not state_file.parent.exists()
    assert "changed=1" in run()
    assert stat.S_IMODE(state_file.stat().st_mode) == 0o600
    assert [path.name for path in state_file.parent.iterdir()] == ["sandbox.json"]
    text = state_file.read_text()
    assert sorted(name for names in json.loads(text).values() for name in names) == ["ionapi", "password"]
    assert not [value for value in known if value in text]

    assert "changed=0" in run() and "changed=0" in run("--check")
    assert state_file.read_text() == text

    state_file.unlink()
    assert "changed=1" in run("--check") and not state_file.exists()
    assert "changed=1" in run() and "changed=0" in run()


def test_state_dir_when_given_holds_the_state_file(playbook, tmp_path):
    run, state_file, _known = playbook
    folder = tmp_path / "shared"
    assert "changed=1" in run("-e", f"folder={folder}")
    assert [path.name for path in folder.iterdir()] == ["sandbox.json"] and not state_file.parent.exists()
    # Also the record of the run was there, and is removed.
    assert "changed=0" in run("-e", f"folder={folder}")


def test_a_damaged_state_file_is_told_and_not_replaced(playbook):
    run, state_file, _known = playbook
    state_file.parent.mkdir()
    state_file.write_text("{")
    with pytest.raises(AssertionError, match="E12"):
        run()
    assert state_file.read_text() == "{"
