# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Declared exports from options: omitted, given and wrong values, with every finding at once."""

from __future__ import annotations

import secrets

import pytest

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import InvalidInput
from ansible_collections.docbits.ion.plugins.module_utils._exports.declared import declared_exports
from ansible_collections.docbits.ion.plugins.module_utils._model.export import COMMON_FIELDS, FIELDS, FILES, KINDS
from ansible_collections.docbits.ion.plugins.module_utils._module._options import ArgumentSpec, export_options, export_set_options

VALUES = {
    "url": "https://example.com",
    "server_url": "sftp.example.com",
    "username": "u",
    "password": "p",
    "folder": "in",
    "port": 22,
    "deployment": "cloud",
    "zugferd": True,
    "filename_mode": "original",
    "document_history": False,
    "flow2_url": "https://flow.example.com",
    "flow2_document_type_id": "7",
    "flow2_cabinet_id": 12,
    "file_access": "email",
    "zugferd_format": "basic",
    "email": "a@example.com",
}


def item(**given):
    """An item as Ansible hands it over: every option is there, what was not given is None."""
    empty = dict.fromkeys([*export_options(), "ignore"])
    return {**empty, "state": "present", "ignore": False, **given}


def webhook(**given):
    return item(**{"title": "A", "kind": "webhook", "document_type": "INVOICE", "url": "https://example.com", **given})


def of_kind(kind, names, **given):
    given_parts = {f"{name}_content" if name in FILES else name: "a=1" if name in FILES else VALUES[name] for name in names}
    return item(**{"title": "A", "kind": kind, **given_parts, **given})


def findings(*items, **options):
    with pytest.raises(InvalidInput) as caught:
        declared_exports(list(items), **options)
    return [(finding.id, finding.where) for finding in caught.value.findings]


def test_omitted_option_is_left_out_and_an_empty_one_is_kept():
    (export,) = declared_exports([webhook(document_type="", active=False, sub_organisation=None)])
    assert export.fields == {"title": "A", "kind": "webhook", "document_type": "", "active": False, "url": "https://example.com"}
    assert (export.id, export.files, export.state, export.label) == (None, {}, "present", 'exports[0] "A"')


def test_files_come_from_their_contents_and_keep_their_source():
    (export,) = declared_exports([of_kind("infor_idm", ("ionapi", "idm_mapping"), idm_mapping_src="/somewhere/idm.properties")])
    assert export.files == {"ionapi": "a=1", "idm_mapping": "a=1"}
    assert export.sources == {"idm_mapping": "/somewhere/idm.properties"}


def test_options_of_an_export_are_exactly_those_of_the_model():
    contents = {f"{file}_{end}" for file in FILES for end in ("src", "content")}
    assert export_options().keys() == {*FIELDS, *contents, "id", "state"}
    assert {name for name, option in export_options().items() if option.get("no_log")} >= {"password", "ionapi_content"}


@pytest.mark.parametrize("kind", KINDS)
def test_kind_with_all_its_parts_is_valid(kind):
    (export,) = declared_exports([of_kind(kind, KINDS[kind].parts)])
    assert {*export.fields, *export.files} - set(COMMON_FIELDS) == set(KINDS[kind].parts)


@pytest.mark.parametrize(("kind", "name"), [(kind.name, name) for kind in KINDS.values() for name in kind.required])
def test_kind_without_a_required_part_is_one_error(kind, name):
    names = [other for other in KINDS[kind].parts if other != name]
    option = f"{name}_src" if name in FILES else name
    assert findings(of_kind(kind, names)) == [("E03", f'exports[0] "A": {option}')]


@pytest.mark.parametrize("kind", KINDS)
def test_export_with_an_id_may_leave_everything_out(kind):
    (export,) = declared_exports([item(id="7", kind=kind, active=False)])
    assert (export.id, export.fields) == ("7", {"kind": kind, "active": False})


@pytest.mark.parametrize(("kind", "name"), [("webhook", "folder"), ("webhook", "deployment"), ("sftp", "url"), ("infor_idm", "bod_mapping"), ("smb", "xslt")])
def test_part_of_another_kind_is_an_error(kind, name):
    assert findings(of_kind(kind, (*KINDS[kind].parts, name))) == [("E02", f'exports[0] "A": {name}')]


@pytest.mark.parametrize("name", ["title", "kind"])
def test_new_export_needs_title_and_kind(name):
    assert ("E03", f'exports[0] "{"" if name == "title" else "A"}": {name}') in findings(webhook(**{name: None}))


@pytest.mark.parametrize("url", ["x.example/a", "ftp://example.com", "https://", "https:///a", "http:// example.com"])
def test_url_that_cannot_be_called_is_an_error(url):
    assert findings(webhook(url=url)) == [("E21", 'exports[0] "A": url')]
    (read,) = declared_exports([webhook(id="7", url=url)])
    assert read.get("url") == url


def test_empty_file_is_not_taken_for_an_omitted_one():
    assert findings(of_kind("infor_idm", ("ionapi", "idm_mapping"), idm_mapping_content="")) == [("E07", 'exports[0] "A": idm_mapping')]
    (export,) = declared_exports([of_kind("infor_idm", ("ionapi", "idm_mapping"), ionapi_content="")])
    assert export.files["ionapi"] == ""
    (export,) = declared_exports([of_kind("infor_idm", ("idm_mapping",))], default_ionapi="")
    assert export.files["ionapi"] == ""


def test_empty_mapping_is_an_error():
    names = KINDS["infor_idm"].parts
    assert findings(of_kind("infor_idm", names, idm_mapping_content=" \n")) == [("E07", 'exports[0] "A": idm_mapping')]
    assert findings(item(id="7", kind="infor_idm", idm_mapping_content="")) == [("E07", 'exports["7"]'.replace('["7"]', '[0] "7"') + ": idm_mapping")]


def test_file_of_the_environment_is_for_kinds_that_need_one_and_have_none():
    default, own = secrets.token_hex(8), secrets.token_hex(8)
    exports = declared_exports(
        [
            of_kind("infor_idm", ("idm_mapping",), title="default"),
            of_kind("infor_idm", ("idm_mapping",), title="own", ionapi_content=own),
            webhook(title="hook"),
            item(title="gone", kind="infor_idm", state="absent"),
            item(title="kept", kind="infor_idm", ignore=True),
        ],
        default,
    )
    assert [export.files.get("ionapi") for export in exports] == [default, own, None, None, None]


def test_absent_export_needs_only_its_identity():
    (export,) = declared_exports([item(title="A", kind="infor_idm", state="absent")])
    assert export.state == "absent"
    assert findings(item(state="absent")) == [("E03", 'exports[0] "": title'), ("E03", 'exports[0] "": kind')]


def test_ignored_export_needs_a_title_or_an_id():
    exports = declared_exports([item(title="A", ignore=True), item(id="7", ignore=True)])
    assert [export.state for export in exports] == ["ignore", "ignore"]
    assert findings(item(kind="webhook", ignore=True)) == [("E03", 'exports[0] "": title')]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (webhook(), webhook(url="https://example.com/other")),
        (webhook(sub_organisation=""), webhook(sub_organisation=None)),
        (webhook(id="7"), item(id="7", title="B")),
        (webhook(), webhook(state="absent")),
    ],
)
def test_two_items_for_one_export_are_an_error_with_both_indices(one, other):
    with pytest.raises(InvalidInput) as caught:
        declared_exports([one, webhook(title="between"), other])
    (finding,) = caught.value.findings
    assert finding.id == "E04" and "exports[0] and exports[2]" in finding.message


@pytest.mark.parametrize("different", [{"title": "B"}, {"document_type": "ORDER"}, {"sub_organisation": "s1"}, {"id": "7"}])
def test_items_with_different_identities_are_two_exports(different):
    assert len(declared_exports([webhook(), webhook(**different)])) == 2


def test_findings_of_all_items_are_reported_at_once():
    assert [id_ for id_, _where in findings(webhook(url=None), webhook(folder="in", title="B"), webhook(title="B"))] == ["E03", "E02", "E04"]


def test_purge_without_an_export_is_an_error():
    assert findings(purge=True) == [("E06", "exports")]
    assert declared_exports([]) == []


def test_finding_shows_no_value():
    value = secrets.token_urlsafe(20)
    with pytest.raises(InvalidInput) as caught:
        declared_exports([webhook(password=value, ionapi_content=value, bod_mapping_content=value)])
    assert value not in caught.value.message + repr(caught.value.findings)


def test_groups_of_options_merge_and_an_option_of_two_groups_is_an_error():
    merged = ArgumentSpec({"a": {"type": "str"}}, mutually_exclusive=[("a", "b")]).merged(ArgumentSpec({"b": {"type": "str"}}, required_one_of=[("a", "b")]))
    assert merged.to_kwargs()["argument_spec"].keys() == {"a", "b"}
    assert (merged.mutually_exclusive, merged.required_one_of) == ([("a", "b")], [("a", "b")])
    with pytest.raises(ValueError, match="defined twice: exports, purge"):
        export_set_options().merged(ArgumentSpec({"purge": {}, "exports": {}}))
