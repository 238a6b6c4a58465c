# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What messages call an export, and names of document types and sub-organisations that DocBits does not have."""

from __future__ import annotations

import secrets

import pytest

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import InvalidInput
from ansible_collections.docbits.ion.plugins.module_utils._core.run import Context, execute
from ansible_collections.docbits.ion.plugins.module_utils._docbits.bundled import CURRENT
from ansible_collections.docbits.ion.plugins.module_utils._docbits.contract import Contract
from ansible_collections.docbits.ion.plugins.module_utils._docbits.records import exports_in
from ansible_collections.docbits.ion.plugins.module_utils._exports.declared import declared_exports
from ansible_collections.docbits.ion.plugins.module_utils._exports.reconcile import Options, reconcile
from ansible_collections.docbits.ion.plugins.module_utils._module import export, exports

WEBHOOK = {"title": "A", "kind": "webhook", "document_type": "INVOICE", "url": "https://example.com/a", "state": "present"}
RECORD = {"id": 7, "export_method": "webhook", "export_url": "https://example.com/a", "title": "A", "doc_type": "INVOICE", "is_active": True}


class Client:
    """A DocBits with fixed lists."""

    def __init__(self, *records):
        self._exports = exports_in(list(records), Contract(CURRENT, "current"))

    def exports(self):
        return self._exports

    def document_types(self):
        return [{"key": "INVOICE", "title": "Invoice", "active": True}]

    def sub_organisations(self):
        return [{"id": "s1", "name": "North"}]

    def with_known_types(self, listed):
        return listed

    def required_fields(self, _kind):
        return ()

    def problems(self, _step):
        return []


def reconciled(client, *items, **options):
    """The result of a run in check mode."""
    return reconcile(client, declared_exports(items), Options(**options), check_mode=True)


def params_of(module, **given):
    """The options of a module with their defaults."""
    spec = module.ARGUMENT_SPEC.argument_spec
    return {**{name: option.get("default") for name, option in spec.items()}, "api_key": secrets.token_urlsafe(24), **given}


def test_message_of_the_single_export_module_when_an_option_is_missing_names_the_export_without_an_index():
    item = {**WEBHOOK, "url": None}
    result = execute(export.run, Context(params_of(export, docbits_url="https://docbits.example.com", **item)))
    assert result["failed"] is True
    assert [finding["where"] for finding in result["findings"]] == ['export "A": url']


def test_message_of_the_exports_module_when_an_option_is_missing_names_the_index():
    context = Context(params_of(exports, docbits_url="https://docbits.example.com", exports=[{**WEBHOOK, "url": None}]))
    assert [finding["where"] for finding in execute(exports.run, context)["findings"]] == ['exports[0] "A": url']


def test_label_of_an_export_in_docbits_has_its_id():
    # With the title alone, an export that is not declared could have the label of a declared one.
    contract = Contract(CURRENT, "current")
    assert [found.label for found in exports_in([RECORD, {**RECORD, "id": 8, "title": None}], contract)] == ['export 7 "A"', "export 8"]


def test_undeclared_export_when_it_has_the_title_of_the_single_export_is_not_taken_for_it():
    beside = {**RECORD, "id": 8, "export_method": "sftp", "export_url": None}
    declared = declared_exports([{**WEBHOOK, "active": True}], is_single=True)
    result = reconcile(Client({**RECORD, "is_active": False}, beside), declared, Options(), check_mode=True)
    assert [finding["id"] for finding in result["findings"]] == ["E22"]


@pytest.mark.parametrize("field", [{"document_type": "NO_SUCH_TYPE"}, {"document_type": "INVOICE", "sub_organisation": "Nowhere"}])
def test_ignored_export_when_docbits_does_not_have_its_name_changes_nothing(field):
    result = reconciled(Client(RECORD), WEBHOOK, {"title": "B", "ignore": True, "state": "present", **field}, purge=True)
    assert result["changed"] is False and result["steps"] == []


def test_present_export_when_docbits_does_not_have_its_document_type_is_refused():
    with pytest.raises(InvalidInput) as caught:
        reconciled(Client(RECORD), {**WEBHOOK, "document_type": "NO_SUCH_TYPE"})
    assert caught.value.id == "DB12"
