# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The function of the module mapping_info: its result, or an error with all findings."""

from __future__ import annotations

import pytest

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import InvalidInput
from ansible_collections.docbits.ion.plugins.module_utils._core.findings import ERROR, WARNING
from ansible_collections.docbits.ion.plugins.module_utils._core.run import Context, execute
from ansible_collections.docbits.ion.plugins.module_utils._module.mapping_info import ARGUMENT_SPEC, run
from ansible_collections.docbits.ion.tests.docs.mapping_examples import VALID


def context(content, **options):
    """The context of the module with these options."""
    defaults = {name: option.get("default") for name, option in ARGUMENT_SPEC.argument_spec.items()}
    return Context(params={**defaults, "content": content, **options})


@pytest.mark.parametrize(
    ("content", "kind", "document_types", "logical_id"),
    [
        (VALID["idm"], "idm", ["INVOICE"], ""),
        (VALID["bod"], "bod", ["INVOICE"], "lid://infor.ims.example"),
        (VALID["m3"], "m3", [], ""),
        (VALID["ln"], "ln", [], ""),
        (VALID["m3_toml"], "m3_toml", [], ""),
    ],
)
def test_run_returns_kind_document_types_and_logical_id(content, kind, document_types, logical_id):
    result = {"kind": kind, "document_types": document_types, "logical_id": logical_id, "findings": []}
    assert run(context(content)) == result
    assert run(context(content, kind=kind)) == result


def test_run_when_another_kind_is_expected_fails():
    with pytest.raises(InvalidInput) as raised:
        run(context(VALID["bod"], src="mappings/idm.properties", kind="idm"))
    assert raised.value.message.startswith("mappings/idm.properties: is a BOD mapping, but should be an IDM mapping; ")


def test_run_when_it_fails_raises_warnings_too():
    damaged = VALID["idm"].replace("SV_Sep=-", "SV_Sep -").replace("Static_Values=Sep,", "Static_Values=Sep,,")
    with pytest.raises(InvalidInput) as raised:
        run(context(damaged))
    assert {"MP07", "MP23"} <= {finding.id for finding in raised.value.findings}
    assert "content line" in raised.value.message


def test_run_with_strict_fails_on_a_warning():
    untidy = VALID["idm"].replace("Static_Values=Sep,", "Static_Values=Sep,,")
    assert [(finding["id"], finding["level"]) for finding in run(context(untidy))["findings"]] == [("MP23", WARNING)]
    with pytest.raises(InvalidInput) as raised:
        run(context(untidy, strict=True))
    assert [(finding.id, finding.level) for finding in raised.value.findings] == [("MP23", ERROR)]


def test_run_when_the_document_type_is_missing_fails():
    assert run(context(VALID["idm"], document_type="INVOICE"))["findings"] == []
    with pytest.raises(InvalidInput) as raised:
        run(context(VALID["idm"], document_type="QUOTE"))
    assert raised.value.id == "MI02"


def test_run_with_surrogates_of_latin_1_decodes_them():
    text = VALID["idm"].replace("INVOICE=", "R\u00c9CHNUNG=", 1).encode("latin-1").decode("utf-8", "surrogateescape")
    result = execute(run, context(text))
    assert [finding["id"] for finding in result["findings"] if finding["level"] == WARNING][:1] == ["MP21"]
    assert result["document_types"] == ["R\u00c9CHNUNG"]


def test_run_with_a_lone_surrogate_fails():
    with pytest.raises(InvalidInput) as raised:
        run(context(VALID["idm"] + "\ud800"))
    assert raised.value.id == "MP02"


def test_content_is_not_no_log():
    assert ARGUMENT_SPEC.argument_spec["content"]["no_log"] is False
