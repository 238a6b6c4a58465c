# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The judged cases of a DocBits that was written from the published contract alone, without a look at this collection."""

from __future__ import annotations

import os

import pytest

from integration.peers.docbits_client import Client
from integration.peers.docbits_server.cases import cases
from integration.peers.docbits_server.judge import judge, play

# ION_ALL_DOCBITS_CASES=1 runs all cases: about a quarter of an hour.
IS_COMPLETE = "ION_ALL_DOCBITS_CASES" in os.environ
# Of each group those that found something, or differ most from the simulation.
CHOSEN = {
    "plain_update_only_mapping",
    "plain_no_change",
    "plain_check_then_update",
    "empty_organisation_data_null",
    "list_pages_total_update_on_last_page",
    "rows_alias_active",
    "rows_doc_type_words_object",
    "rows_method_words_opaque",
    "rows_deleted_twin",
    "rows_masked_user_dropped_fields",
    "download_envelope_update_drops_files",
    "download_partly_masked_ionapi_only",
    "download_403_update_drops_files",
    "download_base64_rotate",
    "lag_update",
    "create_answers_task_id",
    "create_answers_refused_200",
    "visibility_toggles",
    "update_activates_undeclared",
    "rule_one_replaces_the_active_one",
    "rollback_download_partly_masked",
    "refusal_echoes_the_request",
    "test_infor_refuses",
    "openapi_behind_the_key",
    "openapi_hidden_and_renamed_config_id",
    "openapi_2_2_10_sub_org",
    "fault_create_doubled",
    "fault_create_429_after",
    "fault_update_502_after",
    "fault_remove_lost_after",
    "killed_after_write_1",
    "two_runs_create_store_both",
    "person_creates_the_same_meanwhile",
}


@pytest.mark.parametrize("case", [case for case in cases("") if IS_COMPLETE or case.name in CHOSEN], ids=lambda case: case.name)
def test_case_is_judged_right(case):
    violations = judge(case, play(case, Client()))
    if case.hard and violations:
        pytest.skip(f"nothing that DocBits shows could tell: {violations[0]}")
    assert not violations, f"{case.allows}\n{violations}"


def test_every_chosen_case_exists():
    assert {case.name for case in cases("")} >= CHOSEN
