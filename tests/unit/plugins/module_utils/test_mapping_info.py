# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The function of the module mapping_info: what a mapping file says, or every finding that forbids uploading it."""

from __future__ import annotations

import pytest

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import InvalidInput
from ansible_collections.docbits.ion.plugins.module_utils._core.findings import ERROR, WARNING
from ansible_collections.docbits.ion.plugins.module_utils._core.run import Context, execute
from ansible_collections.docbits.ion.plugins.module_utils._module.mapping_info import ARGUMENT_SPEC, run
from ansible_collections.docbits.ion.tests.docs.mapping_examples import GOOD


def context(content, **options):
    """What the module works with when these options are given."""
    defaults = {name: option.get("default") for name, option in ARGUMENT_SPEC.argument_spec.items()}
    return Context(params={**defaults, "content": content, **options})


@pytest.mark.parametrize(
    ("content", "kind", "document_types", "logical_id"),
    [
        (GOOD["idm"], "idm", ["INVOICE"], ""),
        (GOOD["bod"], "bod", ["INVOICE"], "lid://infor.ims.example"),
        (GOOD["m3"], "m3", [], ""),
        (GOOD["ln"], "ln", [], ""),
        (GOOD["m3_toml"], "m3_toml", [], ""),
    ],
)
def test_says_what_the_file_is(content, kind, document_types, logical_id):
    result = {"kind": kind, "document_types": document_types, "logical_id": logical_id, "findings": []}
    assert run(context(content)) == result
    assert run(context(content, kind=kind)) == result


def test_a_file_in_the_wrong_place_is_named():
    with pytest.raises(InvalidInput) as raised:
        run(context(GOOD["bod"], src="mappings/idm.properties", kind="idm"))
    assert raised.value.message.startswith("mappings/idm.properties: is a BOD mapping, given as an IDM mapping; ")


def test_every_finding_is_told_warnings_with_them():
    damaged = GOOD["idm"].replace("SV_Sep=-", "SV_Sep -").replace("Static_Values=Sep,", "Static_Values=Sep,,")
    with pytest.raises(InvalidInput) as raised:
        run(context(damaged))
    assert {"MP07", "MP23"} <= {finding.id for finding in raised.value.findings}
    assert "content line" in raised.value.message


def test_a_warning_is_an_error_only_when_strict():
    untidy = GOOD["idm"].replace("Static_Values=Sep,", "Static_Values=Sep,,")
    assert [(finding["id"], finding["level"]) for finding in run(context(untidy))["findings"]] == [("MP23", WARNING)]
    with pytest.raises(InvalidInput) as raised:
        run(context(untidy, strict=True))
    assert [(finding.id, finding.level) for finding in raised.value.findings] == [("MP23", ERROR)]


def test_the_document_type_must_be_in_the_mapping():
    assert run(context(GOOD["idm"], document_type="INVOICE"))["findings"] == []
    with pytest.raises(InvalidInput) as raised:
        run(context(GOOD["idm"], document_type="QUOTE"))
    assert raised.value.id == "MI02"


def test_a_text_of_latin_1_is_read_as_such():
    text = GOOD["idm"].replace("INVOICE=", "R\u00c9CHNUNG=", 1).encode("latin-1").decode("utf-8", "surrogateescape")
    result = execute(run, context(text))
    assert [finding["id"] for finding in result["findings"] if finding["level"] == WARNING][:1] == ["MP21"]
    assert result["document_types"] == ["R\u00c9CHNUNG"]


def test_text_that_no_bytes_can_be_is_refused():
    with pytest.raises(InvalidInput) as raised:
        run(context(GOOD["idm"] + "\ud800"))
    assert raised.value.id == "MP02"


def test_a_mapping_is_no_secret():
    assert ARGUMENT_SPEC.argument_spec["content"]["no_log"] is False
