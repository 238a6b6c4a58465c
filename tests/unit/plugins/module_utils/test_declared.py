# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From options to declared exports: what is omitted, given and wrong, with every finding at once and before any request."""

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
}


def item(**given):
    """An item as Ansible hands it over: every option is there, what was not given is None."""
    empty = dict.fromkeys([*export_options(), "ignore"])
    return {**empty, "state": "present", "ignore": False, **given}


def webhook(**given):
    return item(**{"title": "A", "kind": "webhook", "document_type": "INVOICE", "url": "https://example.com", **given})


def of_kind(kind, words, **given):
    carried = {f"{word}_content" if word in FILES else word: "a=1" if word in FILES else VALUES[word] for word in words}
    return item(**{"title": "A", "kind": kind, **carried, **given})


def findings(*items, **options):
    with pytest.raises(InvalidInput) as caught:
        declared_exports(list(items), **options)
    return [(finding.id, finding.where) for finding in caught.value.findings]


def test_omitted_is_left_out_and_empty_and_false_are_kept():
    (export,) = declared_exports([webhook(document_type="", active=False, sub_organisation=None)])
    assert export.fields == {"title": "A", "kind": "webhook", "document_type": "", "active": False, "url": "https://example.com"}
    assert (export.id, export.files, export.state, export.label) == (None, {}, "present", 'exports[0] "A"')


def test_files_come_from_their_contents_and_remember_their_source():
    (export,) = declared_exports([of_kind("infor_idm", ("ionapi", "idm_mapping"), idm_mapping_src="/somewhere/idm.properties")])
    assert export.files == {"ionapi": "a=1", "idm_mapping": "a=1"}
    assert export.sources == {"idm_mapping": "/somewhere/idm.properties"}


def test_every_option_of_an_export_has_a_place_in_the_model():
    contents = {f"{slot}_{end}" for slot in FILES for end in ("src", "content")}
    assert export_options().keys() == {*FIELDS, *contents, "id", "state"}
    assert {name for name, option in export_options().items() if option.get("no_log")} >= {"password", "ionapi_content"}


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_with_everything_it_carries_is_valid(kind):
    (export,) = declared_exports([of_kind(kind, KINDS[kind].parts)])
    assert {*export.fields, *export.files} - set(COMMON_FIELDS) == set(KINDS[kind].parts)


@pytest.mark.parametrize(("kind", "word"), [(kind.name, word) for kind in KINDS.values() for word in kind.required])
def test_a_kind_without_something_it_needs_is_one_error(kind, word):
    words = [other for other in KINDS[kind].parts if other != word]
    option = f"{word}_src" if word in FILES else word
    assert findings(of_kind(kind, words)) == [("E03", f'exports[0] "A": {option}')]


@pytest.mark.parametrize("kind", KINDS)
def test_an_existing_export_may_leave_everything_out(kind):
    (export,) = declared_exports([item(id="7", kind=kind, active=False)])
    assert (export.id, export.fields) == ("7", {"kind": kind, "active": False})


@pytest.mark.parametrize(("kind", "word"), [("webhook", "folder"), ("webhook", "deployment"), ("sftp", "url"), ("infor_idm", "bod_mapping"), ("smb", "xslt")])
def test_a_word_that_the_kind_does_not_carry_is_an_error(kind, word):
    assert findings(of_kind(kind, (*KINDS[kind].parts, word))) == [("E02", f'exports[0] "A": {word}')]


@pytest.mark.parametrize("word", ["title", "kind"])
def test_a_new_export_needs_title_and_kind(word):
    assert ("E03", f'exports[0] "{"" if word == "title" else "A"}": {word}') in findings(webhook(**{word: None}))


@pytest.mark.parametrize("url", ["x.example/a", "ftp://example.com", "https://", "https:///a", "http:// example.com"])
def test_an_address_that_nobody_could_call_is_an_error(url):
    assert findings(webhook(url=url)) == [("E21", 'exports[0] "A": url')]
    (read,) = declared_exports([webhook(id="7", url=url)])
    assert read.get("url") == url


def test_an_empty_file_is_there_and_is_empty():
    assert findings(of_kind("infor_idm", ("ionapi", "idm_mapping"), idm_mapping_content="")) == [("E07", 'exports[0] "A": idm_mapping')]
    (export,) = declared_exports([of_kind("infor_idm", ("ionapi", "idm_mapping"), ionapi_content="")])
    assert export.files["ionapi"] == ""
    (export,) = declared_exports([of_kind("infor_idm", ("idm_mapping",))], default_ionapi="")
    assert export.files["ionapi"] == ""


def test_an_empty_mapping_is_an_error():
    words = KINDS["infor_idm"].parts
    assert findings(of_kind("infor_idm", words, idm_mapping_content=" \n")) == [("E07", 'exports[0] "A": idm_mapping')]
    assert findings(item(id="7", kind="infor_idm", idm_mapping_content="")) == [("E07", 'exports["7"]'.replace('["7"]', '[0] "7"') + ": idm_mapping")]


def test_the_file_of_the_environment_serves_kinds_that_need_one_and_bring_none():
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


def test_an_absent_export_needs_only_what_it_is_found_by():
    (export,) = declared_exports([item(title="A", kind="infor_idm", state="absent")])
    assert export.state == "absent"
    assert findings(item(state="absent")) == [("E03", 'exports[0] "": title'), ("E03", 'exports[0] "": kind')]


def test_an_ignored_export_is_found_by_title_or_id():
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
def test_two_items_for_one_export_are_named_with_both_indices(one, other):
    with pytest.raises(InvalidInput) as caught:
        declared_exports([one, webhook(title="between"), other])
    (finding,) = caught.value.findings
    assert finding.id == "E04" and "exports[0] and exports[2]" in finding.message


@pytest.mark.parametrize("different", [{"title": "B"}, {"document_type": "ORDER"}, {"sub_organisation": "s1"}, {"id": "7"}])
def test_items_that_differ_in_one_word_of_their_identity_are_two_exports(different):
    assert len(declared_exports([webhook(), webhook(**different)])) == 2


def test_every_finding_of_every_item_is_told_at_once():
    assert [id_ for id_, _where in findings(webhook(url=None), webhook(folder="in", title="B"), webhook(title="B"))] == ["E03", "E02", "E04"]


def test_purging_everything_is_refused():
    assert findings(purge=True) == [("E06", "exports")]
    assert declared_exports([]) == []


def test_no_finding_shows_a_value():
    value = secrets.token_urlsafe(20)
    with pytest.raises(InvalidInput) as caught:
        declared_exports([webhook(password=value, ionapi_content=value, bod_mapping_content=value)])
    assert value not in caught.value.message + repr(caught.value.findings)


def test_groups_of_options_merge_and_an_option_of_two_groups_is_a_defect():
    merged = ArgumentSpec({"a": {"type": "str"}}, mutually_exclusive=[("a", "b")]).merged(ArgumentSpec({"b": {"type": "str"}}, required_one_of=[("a", "b")]))
    assert merged.to_kwargs()["argument_spec"].keys() == {"a", "b"}
    assert (merged.mutually_exclusive, merged.required_one_of) == ([("a", "b")], [("a", "b")])
    with pytest.raises(ValueError, match="defined twice: exports, purge"):
        export_set_options().merged(ArgumentSpec({"purge": {}, "exports": {}}))
