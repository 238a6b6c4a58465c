# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The shapes that values from outside must have to be shown."""

from __future__ import annotations

import secrets
import uuid

import pytest

from ansible_collections.docbits.ion.plugins.module_utils._core.shapes import (
    ADDRESS,
    CODE,
    ERROR_TYPE,
    FIELD,
    ID,
    METHOD,
    NAME,
    OPTION,
    SHAPES,
    TITLE,
    TRACE_ID,
    VERSION,
    first_shown,
    has_shape,
    shown,
)
from ansible_collections.docbits.ion.tests.docs.generate_shapes import PAGE, page

SHOWN = {
    ID: ["7", 7, str(uuid.uuid4()), secrets.token_hex(12), "exp_17", "a:b.c-d"],
    TRACE_ID: [str(uuid.uuid4()), secrets.token_hex(16), "Root=1-67891233-abcdef012345678912345678", "8f1a2b3c4d5e6f70-FRA"],
    CODE: ["NO_PERMISSION", "M3_TOML_MAPPING_NOT_FOUND", "ERROR_404"],
    FIELD: ["export_url", "files[]", "X-Org"],
    ERROR_TYPE: ["missing", "string_too_short", "value_error.missing"],
    METHOD: ["infor-idm-v2", "Other kind 2", "ja"],
    NAME: ["Infor-SuiteUser", "M\u00fcller, J\u00fcrgen (DE)", "INVOICE*", "IDM Advanced User"],
    TITLE: ["Invoices \u2192 IDM", "Rechnung\u00a0DE", "DocBits_Production-A1B2_PRD-EU1"],
    ADDRESS: ["https://hooks.example.com/T0/" + secrets.token_urlsafe(24)],
    VERSION: ["2.2.10", "v3.0.0-rc1+5"],
    OPTION: ["docbits_url", "Api_Key2", "api_URL", "my-port"],
}
NOT_SHOWN = {
    ID: ["", "a b", "../x", "\ud800", "a" * 65, True, None, {}, 10**18, secrets.token_urlsafe(32)],
    TRACE_ID: ["t-123", "look at https://example.com", "a" * 65, "\x1b[31m", "abcd\n", secrets.token_urlsafe(16) + "!"],
    CODE: ["no", "A" * 17, "NO PERMISSION", "_X"],
    FIELD: ["a b", "1a", "a" * 65],
    ERROR_TYPE: ["Missing", "a" * 21, "a b"],
    METHOD: ["a/b", "a" * 41, "ab1Cd2Ef3Gh4Ij5Kl6Mn7"],
    NAME: ["a\nb", "<b>", "a" * 101, secrets.token_urlsafe(32)],
    TITLE: ["a\nb", "a\u202eb", "a\ud800", "a" * 201, secrets.token_urlsafe(32)],
    ADDRESS: ["https://a.example/ b", "https://a.example/\n", "a" * 2001],
    VERSION: ["2.2 (token)", "2" * 33],
    OPTION: ["a b", "p4ssword1", "a" * 32, secrets.token_urlsafe(20) + "1a"],
}


@pytest.mark.parametrize(("sort", "value"), [(sort, value) for sort, values in SHOWN.items() for value in values])
def test_value_with_the_shape_is_shown(sort, value):
    assert shown(sort, value) == str(value)


@pytest.mark.parametrize(("sort", "value"), [(sort, value) for sort, values in NOT_SHOWN.items() for value in values])
def test_value_without_the_shape_is_a_fingerprint(sort, value):
    assert not has_shape(sort, value)
    found = shown(sort, value)
    assert found.startswith("(not shown, ") and len(found) == 21
    assert found == shown(sort, value) != shown(sort, f"{value}x" * 300)


def test_every_shape_has_examples():
    assert SHOWN.keys() == NOT_SHOWN.keys() == SHAPES.keys()


def test_page_is_up_to_date():
    assert PAGE.read_text(encoding="utf-8") == page(), "run tests/docs/generate_shapes.py"


def test_first_shown_prefers_a_value_with_the_shape():
    assert first_shown(TRACE_ID, [None, "", "no trace id", "7f-1"]) == "7f-1"
    assert first_shown(TRACE_ID, [None, "no trace id", "another"]) == shown(TRACE_ID, "no trace id")
    assert first_shown(TRACE_ID, [None, ""]) is None
