# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of a proof, as far as they are refused before any request, and which proofs let a task go on to DocBits."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import InvalidInput, Refused, Unreachable
from ansible_collections.docbits.ion.plugins.module_utils._core.findings import ERROR, Finding
from ansible_collections.docbits.ion.plugins.module_utils._core.run import Context
from ansible_collections.docbits.ion.plugins.module_utils._infor import proof as _proof
from ansible_collections.docbits.ion.plugins.module_utils._module import connection_info, environment
from simulator.ionapi import cloud_file

MAPPING = (Path(__file__).resolve().parents[3] / "integration/files/idm_invoice.properties").read_text()


def ionapi(service_account=True) -> str:
    account = {} if service_account else {"saak": None, "sask": None}
    return json.dumps(cloud_file(sc=None, v="1.0", **account))


def params(spec, **given) -> dict:
    """The options of a module with their defaults."""
    return {name: given.get(name, option.get("default")) for name, option in spec.argument_spec.items()}


def run_connection_info(**given):
    return connection_info.run(Context(params(connection_info.ARGUMENT_SPEC, content=ionapi(), **given)))


@pytest.fixture
def no_proof(monkeypatch):
    monkeypatch.setattr(_proof, "prove", lambda *_arguments: pytest.fail("a request would be sent"))


@pytest.mark.parametrize(
    ("options", "id_"),
    [
        ({"stages": []}, "E40"),
        ({"required_roles": []}, "E41"),
        ({"required_roles": ["IDM-User", " "]}, "E41"),
        ({"optional_roles": [""]}, "E41"),
        ({"optional_roles": ["MingleEnterprize"]}, "E42"),
        ({"logical_id": "  "}, "E43"),
        ({"logical_id": "infor.ims.docbits"}, "E43"),
        ({"logical_id": "lid://"}, "E43"),
        ({"logical_id": "lid://infor.ims docbits"}, "E43"),
        ({"grant": "client_credentials"}, "E44"),
    ],
)
def test_option_that_makes_no_sense_is_refused_before_any_request(no_proof, options, id_):
    with pytest.raises(InvalidInput) as raised:
        run_connection_info(**options)
    assert raised.value.id == id_


class Proved(Exception):
    """Ends the test where the proof would begin."""


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"stages": ["token"], "required_roles": []},
        {"stages": [], "m3": True},
        {"optional_roles": []},
        {"optional_roles": ["infor-suiteuser "]},
        {"required_roles": ["IDM-User"]},
        {"logical_id": "lid://infor.ims.docbits"},
    ],
)
def test_option_that_makes_sense_is_accepted(monkeypatch, options):
    def prove(*_arguments):
        raise Proved

    monkeypatch.setattr(_proof, "prove", prove)
    with pytest.raises(Proved):
        run_connection_info(**options)


def test_mingle_enterprise_is_optional_unless_the_options_say_otherwise(monkeypatch):
    seen = []

    def prove(_ionapi, _settings, options, *_rest):
        seen.append(options.optional_roles)
        raise Proved

    monkeypatch.setattr(_proof, "prove", prove)
    for options in ({}, {"optional_roles": []}, {"optional_roles": ["Infor-SuiteUser"]}, {"required_roles": ["MingleEnterprise"]}):
        with pytest.raises(Proved):
            run_connection_info(**options)
    assert seen == [("MingleEnterprise",), (), ("Infor-SuiteUser",), ()]


# The environment

REFUSED_, UNDETERMINED = Finding("A02", ERROR, "file: saak", "no", "do"), Finding("A09", ERROR, "file: token", "no", "do")


def proof_with(*findings, stages=("token", "gateway")):
    failed = _proof.Stage("token", "failed", findings=findings) if findings else _proof.Stage("token", "passed")
    return _proof.Proof((failed, *(_proof.Stage(name, "passed") for name in stages if name != "token")), ("token", "gateway"))


def run_environment(monkeypatch, proofs, **given):
    """Run the environment with these proofs of its files; returns the result, or `written` where it would go on to DocBits."""
    proofs = iter(proofs)
    monkeypatch.setattr(_proof, "prove", lambda *_arguments: next(proofs))

    def connect(*_arguments):
        raise Proved

    monkeypatch.setattr(environment, "connect", connect)
    export = {"title": "A", "kind": "infor_idm", "document_type": "INVOICE", "state": "present", "idm_mapping_content": MAPPING}
    exports = given.pop("exports", [{**export, "ignore": False}])
    options = params(environment.ARGUMENT_SPEC, exports=exports, ionapi_content=ionapi(), **given)
    options["exports"] = [{**dict.fromkeys(environment.ARGUMENT_SPEC.argument_spec["exports"]["options"]), **item} for item in options["exports"]]
    context = Context(options)
    try:
        return environment.run(context)
    except Proved:
        return "written"


@pytest.mark.parametrize(
    ("level", "findings", "expected"),
    [
        ("full", (), "written"),
        ("full", (UNDETERMINED,), Unreachable),
        ("full", (REFUSED_,), Refused),
        ("partial", (UNDETERMINED,), Unreachable),
        ("not_refused", (UNDETERMINED,), "written"),
        ("not_refused", (REFUSED_, UNDETERMINED), Refused),
    ],
)
def test_only_the_required_proof_leads_to_docbits(monkeypatch, level, findings, expected):
    if isinstance(expected, str):
        assert run_environment(monkeypatch, [proof_with(*findings)], require_proof=level) == expected
    else:
        with pytest.raises(expected) as raised:
            run_environment(monkeypatch, [proof_with(*findings)], require_proof=level)
        assert raised.value.facts["connections"]


def test_undetermined_proof_that_is_accepted_is_a_warning(monkeypatch):
    result = run_environment(monkeypatch, [proof_with(UNDETERMINED)], require_proof="not_refused", stop_after="prove")
    assert [(finding["id"], finding["level"]) for finding in result["findings"] if finding["id"] == "A09"] == [("A09", "warning")]
    assert [connection["outcome"] for connection in result["connections"].values()] == ["undetermined"]


def test_stages_that_leave_out_needed_ones_are_refused_before_any_request(monkeypatch, no_proof):
    with pytest.raises(InvalidInput) as raised:
        run_environment(monkeypatch, [], stages=["token"])
    assert raised.value.id == "E45" and "idm" in raised.value.message


def test_partial_proof_goes_on_if_the_option_says_so_or_nothing_is_written(monkeypatch):
    partial = proof_with(stages=("token",))
    assert partial.outcome == "partial"
    assert run_environment(monkeypatch, [partial], stages=["token"], require_proof="partial") == "written"
    assert run_environment(monkeypatch, [partial], stages=["token"], stop_after="prove")["stopped_after"] == "prove"


def test_second_file_is_proved_and_reported_when_the_first_one_is_refused(monkeypatch):
    export = {"title": "A", "kind": "infor_idm", "document_type": "INVOICE", "state": "present", "idm_mapping_content": MAPPING, "ignore": False}
    exports = [export, {**export, "title": "B", "sub_organisation": "North", "ionapi_content": ionapi()}]
    with pytest.raises(Refused) as raised:
        run_environment(monkeypatch, [proof_with(REFUSED_), proof_with()], exports=exports)
    assert [connection["outcome"] for connection in raised.value.facts["connections"].values()] == ["refused", "proved"]
