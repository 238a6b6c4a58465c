# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The judged cases of an Infor that was written from the published facts alone, without a look at this collection."""

from __future__ import annotations

import os

import pytest

from ansible_collections.docbits.ion.plugins.module_utils._infor import client as _client
from ansible_collections.docbits.ion.plugins.module_utils._infor import logins as _logins
from ansible_collections.docbits.ion.plugins.module_utils._infor import preflight as _preflight
from integration.peers.infor_client import Client
from integration.peers.infor_server.cases import CASES, combined, matrix
from integration.peers.infor_server.judge import run

# ION_ALL_INFOR_CASES=1 runs all cases, the table of stages and answers, and random combinations: some minutes.
IS_COMPLETE = "ION_ALL_INFOR_CASES" in os.environ
# Cases in which the server or the client waits for seconds.
SLOW = {"gateway_slow", "everything_lost", "fresh_seconds", "login_slow", "hosts_at_once", "expires_in_zero", "users_me_429"}
# Of the cases that differ only in a form which test_proof_answers has too, those that found something.
FORMS = ("idm_", "users_me_")
KEPT = {
    "idm_xhtml",
    "idm_error_list",
    "idm_500_oauth",
    "users_me_via_group",
    "users_me_display_names",
    "users_me_pages",
    "users_me_404",
    "users_me_groups_null",
}
CHOSEN = [case for case in CASES if case.name in KEPT or not (case.name in SLOW or case.name.startswith(FORMS))]
ALL = [*CASES, *matrix(), *combined(100)]


@pytest.fixture(autouse=True)
def _caches_of_a_case(monkeypatch):
    for module, name in ((_logins, "TOKEN_CACHE"), (_logins, "LOGIN_RATE_LIMITER"), (_preflight, "_CACHE")):
        monkeypatch.setattr(module, name, None)
    if not IS_COMPLETE:
        monkeypatch.setattr(_client, "LAG_PAUSES", (0.05, 0.1))


@pytest.mark.parametrize("case", ALL if IS_COMPLETE else CHOSEN, ids=lambda case: case.name)
def test_case_is_judged_right(case):
    verdict = run(case, Client())
    assert not verdict.skipped and not verdict.problems, f"{verdict}\n{verdict.results}"
