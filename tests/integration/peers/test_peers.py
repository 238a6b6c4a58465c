# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Token, refresh and revocation against OAuth2 servers that this project did not write."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import sys
from dataclasses import replace

import pytest

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import Refused
from ansible_collections.docbits.ion.plugins.module_utils._core.redaction import Secrets
from ansible_collections.docbits.ion.plugins.module_utils._http.client import Settings
from ansible_collections.docbits.ion.plugins.module_utils._infor import logins as _logins
from ansible_collections.docbits.ion.plugins.module_utils._infor.client import Infor
from ansible_collections.docbits.ion.plugins.module_utils._infor.proof import ProofOptions, prove
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.form import Expectations
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.parser import parse_or_fail
from integration.peers import servers
from integration.phases import ANSIBLE_BIN

# As far as a server goes that is an authorization server and no Infor.
STAGES = ("token", "refresh_token", "refresh", "token_facts")


@pytest.fixture(scope="module", params=["django-oauth-toolkit", "oidc-provider"])
def peer(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    if request.param == "django-oauth-toolkit":
        running = servers.django_oauth_toolkit(folder)
    elif shutil.which("node") and shutil.which("npm"):
        running = servers.oidc_provider(folder)
    else:
        pytest.skip("oidc-provider needs node and npm on PATH")
    with running as server:
        yield server


@pytest.fixture(autouse=True)
def _run_of_its_own(monkeypatch):
    monkeypatch.setattr(_logins, "TOKEN_CACHE", _logins.SharedCache())
    monkeypatch.setattr(_logins, "LOGIN_RATE_LIMITER", _logins.LoginRateLimiter())


def parsed(peer, grant="password"):
    return parse_or_fail(json.dumps(peer.files[grant]), "peer.ionapi", Expectations(allow_insecure=True))[0]


def settings(peer):
    return Settings(ca_path=peer.ca, retries=0, timeout=10)


def outcomes(proof) -> dict:
    return {stage.name: stage.outcome for stage in proof.stages}


def proof_of(peer, ionapi, **wanted):
    return prove(ionapi, settings(peer), ProofOptions(label="peer.ionapi", **wanted), Secrets(), check_mode=False)


def infor(peer, ionapi, purpose="refresh"):
    return Infor(ionapi, settings(peer), Secrets(), "peer.ionapi", purpose=purpose)


def test_login_by_password_and_refresh_are_proved(peer):
    ionapi = parsed(peer)
    before = peer.posts_to(ionapi)
    proof = proof_of(peer, ionapi, stages=STAGES)
    passed = dict.fromkeys(["resolve", "connect", "tls", *STAGES], "passed")
    assert outcomes(proof) == {**passed, "refresh": "warned" if peer.rotates else "passed"}, proof.findings
    assert proof.facts["refresh"] == {"refresh_token_used": True, "rotated": peer.rotates}
    assert proof.facts["token"]["refresh_token"] is True and proof.facts["token"]["lifetime"] >= 3600
    assert peer.posts_to(ionapi) - before == 2


def test_login_by_client_credentials_is_proved(peer):
    ionapi = parsed(peer, "client_credentials")
    before = peer.posts_to(ionapi)
    proof = proof_of(peer, ionapi, stages=STAGES, profile="infor")
    assert proof.outcome == "partial" and outcomes(proof)["refresh"] == "skipped"
    assert peer.posts_to(ionapi) - before == 1


def wrong(key):
    return lambda ionapi: replace(ionapi, **{key: secrets.token_urlsafe(64)})


def another_tenant(ionapi):
    return replace(ionapi, pu=ionapi.pu.replace("/ACME_TST/", "/OTHER_TST/").replace("/InforIntSTS/", "/OtherSTS/"))


@pytest.mark.parametrize(
    ("change", "found", "outcome"),
    [
        (wrong("cs"), "A01", "refused"),
        (wrong("ci"), "A01", "refused"),
        (wrong("sask"), "A02", "refused"),
        (wrong("saak"), "A02", "refused"),
        (another_tenant, "N04", "undetermined"),
    ],
    ids=["secret-A01", "client-A01", "password-A02", "user-A02", "tenant-N04"],
)
def test_refusal_names_its_cause_and_is_not_tried_again(peer, change, found, outcome):
    ionapi = change(parsed(peer))
    before = peer.posts_to(ionapi)
    proof = proof_of(peer, ionapi, stages=STAGES)
    # oidc-provider answers 404 in plain text, django-oauth-toolkit with a page.
    assert [finding.id for finding in proof.findings] in ([found], ["A13"] if found == "N04" else [found]) and proof.outcome == outcome
    assert outcomes(proof) == {
        **dict.fromkeys(("resolve", "connect", "tls"), "passed"),
        "token": "failed" if outcome == "refused" else "undetermined",
        **dict.fromkeys(STAGES[1:], "skipped"),
    }
    # The client's credentials are sent in both ways that OAuth has.
    assert peer.posts_to(ionapi) - before == (2 if found == "A01" else 1)


def test_a_grant_that_the_app_does_not_have_is_refused(peer):
    file = parsed(peer, "client_credentials")
    account = parsed(peer)
    proof = proof_of(peer, replace(file, saak=account.saak, sask=account.sask), stages=("token",))
    assert [finding.id for finding in proof.findings] == [peer.wrong_grant]


def test_a_refresh_token_is_used_once_in_a_run(peer):
    ionapi = parsed(peer)
    token = infor(peer, ionapi).login()
    before = peer.posts_to(ionapi)
    renewed = [refreshed(infor(peer, ionapi)) for _environment in range(3)]
    assert peer.posts_to(ionapi) - before == 1
    assert len(set(renewed)) == 1 and renewed[0].access_token != token.access_token
    assert peer.is_active(peer.files["password"], renewed[0].access_token)


def refreshed(client):
    client.login()
    return client.refresh()


def test_a_refresh_token_that_was_replaced_is_refused(peer):
    alone = infor(peer, parsed(peer), purpose=None)
    token = alone.login()
    renewed = alone.refresh()
    assert (renewed.refresh_token != token.refresh_token) is peer.rotates
    assert refresh_is_refused(alone, token) is peer.rotates


def test_revocation_ends_this_login_and_no_other(peer):
    file = peer.files["password"]
    client = infor(peer, parsed(peer), purpose=None)
    ours, of_docbits = client.login(), client.login()
    assert peer.is_active(file, ours.access_token)
    assert client.revoke(ours) == []
    assert not peer.is_active(file, ours.access_token)
    # Only the access token was named, but RFC 7009 lets a server end its refresh token with it, and both of these do.
    assert refresh_is_refused(client, ours)
    assert peer.is_active(file, of_docbits.access_token) and not refresh_is_refused(client, of_docbits)


def refresh_is_refused(client, token) -> bool:
    client.tokens.append(token)
    try:
        client.refresh()
    except Refused as refused:
        assert refused.id == "A14"
        return True
    return False


@pytest.mark.parametrize("grant", ["password", "client_credentials"])
def test_a_proof_can_revoke_what_it_was_given(peer, grant):
    proof = proof_of(peer, parsed(peer, grant), stages=("token", "refresh"), revoke=True, profile="infor")
    assert proof.outcome == "partial" and proof.as_dict()["revoked"] is True


PLAY = """
- hosts: all
  gather_facts: false
  tasks:
    - docbits.ion.connection_info:
        src: "{{ ionapi_file }}"
        ca_path: "{{ ca }}"
        stages: [token, refresh]
        allow_insecure: true
      register: proof
    - ansible.builtin.assert:
        that:
          - proof.connection.outcome == 'partial'
          - proof.connection.stages | map(attribute='name') | list == ['resolve', 'connect', 'tls', 'token', 'refresh_token', 'refresh']
          - proof.connection.stages | map(attribute='outcome') | difference(['warned']) == ['passed']
"""


def test_a_play_proves_two_environments_with_one_login(peer, tmp_path):
    file = tmp_path / "peer.ionapi"
    file.write_text(json.dumps(peer.files["password"]))
    file.chmod(0o600)
    shared = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable, "ca": peer.ca, "ionapi_file": str(file)}
    (tmp_path / "inventory.yml").write_text(json.dumps({"all": {"hosts": {"one": {}, "two": {}}, "vars": shared}}))
    (tmp_path / "play.yml").write_text(PLAY)
    (tmp_path / "ansible.cfg").write_text(f"[defaults]\nlocal_tmp = {tmp_path}/tmp\n")
    ionapi = parsed(peer)
    before = peer.posts_to(ionapi)
    run = subprocess.run(
        [ANSIBLE_BIN / "ansible-playbook", "-i", "inventory.yml", "play.yml", "-vvvv"],
        cwd=tmp_path,
        env=os.environ | {"ANSIBLE_CONFIG": str(tmp_path / "ansible.cfg"), "NO_PROXY": "127.0.0.1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert peer.posts_to(ionapi) - before == 2
    known = Secrets()
    known.add(*ionapi.secret_values())
    assert not [form for form in known.encodings() if form in run.stdout + run.stderr]
