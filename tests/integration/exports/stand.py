# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An organisation in the simulator, the modules' functions run on it, and what it stores in the terms of the collection."""

from __future__ import annotations

import json
import secrets
from pathlib import Path

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.docbits.ion.plugins.module_utils._core.run import Context, execute
from ansible_collections.docbits.ion.plugins.module_utils._exports.diff import normal_form
from ansible_collections.docbits.ion.plugins.module_utils._model.choices import TEXT
from ansible_collections.docbits.ion.plugins.module_utils._model.export import Export
from ansible_collections.docbits.ion.plugins.module_utils._module import exports as exports_module
from ansible_collections.docbits.ion.tests.docs.mapping_examples import VALID
from simulator.ionapi import make_ionapi

DOCUMENT_TYPES = ["INVOICE", "CREDIT_NOTE", "DELIVERY_NOTE", "PURCHASE_ORDER", "QUOTE"]

# The stored names of fields in the terms of the collection, written here once more so that a mistake in the collection shows.
NAME_OF_FIELD = {
    "title": "title",
    "doc_type": "document_type",
    "sub_org_id": "sub_organisation",
    "is_active": "active",
    "execution_order": "execution_order",
    "zugferd": "zugferd",
    "export_url": "url",
    "server_url": "server_url",
    "port": "port",
    "username": "username",
    "password": "password",
    "folder": "folder",
    "filename_export_mode": "filename_mode",
    "include_document_history": "document_history",
    "flow2_url": "flow2_url",
    "doc_type_id": "flow2_document_type_id",
    "cabinet_id": "flow2_cabinet_id",
    "fileaccess": "file_access",
    "format": "zugferd_format",
    "email": "email",
}
KIND_OF_STEM = {
    "idm": "infor_idm",
    "bod": "infor_ion_bod",
    "ion": "infor_idm_ion_bod",
    "m3": "infor_idm_m3",
    "m3-toml": "infor_idm_m3_toml",
    "ln": "infor_idm_ln",
}
# The simulated list is up to date unless a test says otherwise.
SETTLE_TIMEOUT = 0.1
DEPLOYMENTS = {"cloud": "cloud", "onpremise": "on_premises"}


class Stand:
    """One organisation on a DocBits host of its own."""

    def __init__(self, simulator, contract="current", **organisation) -> None:
        self.simulator = simulator
        self.name = self.host = f"o{secrets.token_hex(8)}"
        self.api_key = secrets.token_urlsafe(32)
        self.url = simulator.host_url(self.host)
        given = {"document_types": DOCUMENT_TYPES, **organisation}
        # Beside the state of the simulator, not in the home of whoever runs the tests.
        self.run_dir = str(Path(simulator.ca).parent / "runs" / self.name)
        self.ids = simulator.put_organisation(self.name, host=self.host, api_key=self.api_key, contract=contract, **given)["exports"]

    def run(self, exports, check=False, module=exports_module, **options) -> dict:
        """The result of the module's function, with options as a user gives them."""
        return self.execute(module, {"exports": exports, **options}, check)

    def execute(self, module, options, check=False) -> dict:
        """The result of any module that asks DocBits."""
        connection = {"docbits_url": self.url, "api_key": self.api_key, "ca_path": self.simulator.ca, "retries": 0}
        spec = module.ARGUMENT_SPEC
        if "allow_insecure" in spec.argument_spec:
            connection["allow_insecure"] = True
        if "settle_timeout" in spec.argument_spec:
            connection |= {"settle_timeout": SETTLE_TIMEOUT, "run_dir": self.run_dir}
        validation = ArgumentSpecValidator(**spec.to_kwargs()).validate({**connection, **options})
        if validation.error_messages:
            raise ValueError(validation.error_messages)
        context = Context(validation.validated_parameters, check_mode=check, diff_mode=True)
        context.secrets.add(*validation._no_log_values)
        return execute(module.run, context)

    def stored(self) -> list:
        """What DocBits stores, without its clock, oldest first."""
        clock = ("created_on", "last_modified_on")
        return [{name: value for name, value in record.items() if name not in clock} for record in self.simulator.exports(self.name)]

    def one(self, title) -> dict:
        """The one stored export of this title."""
        [found] = [record for record in self.stored() if record["title"] == title]
        return found

    def switch(self, **switches) -> None:
        """Change how DocBits behaves."""
        self.simulator.change_organisation(self.name, switches=switches)

    def fault(self, operation, *, after=False, times=1, **action) -> None:
        """Let calls of an operation of this host fail, in place of all faults before."""
        self.simulator.faults([{"service": "docbits", "match": f"/h/{self.host}/.*{operation}", "times": times, "after": after, "action": action}])

    def calls(self, after) -> list:
        """The operations of the writes since then, in order."""
        return [request["path"].rpartition("/")[2] for request in self.simulator.writes(after) if request["principal"] in (self.name, None)]


def ionapi_text(simulator, **layout) -> str:
    """An ION API file that no one else has."""
    tenant = "infor" if layout.get("flavour") == "op" else f"T{secrets.token_hex(4).upper()}_TST"
    return json.dumps(make_ionapi(simulator.infor_url, tenant, "DocBits_Test", **layout), indent=2)


def mapping_texts(document_type="INVOICE") -> dict:
    """A good file for every slot that holds no secret, by slot."""
    own = f"{document_type}="
    return {
        "idm_mapping": VALID["idm"].replace("INVOICE=", own, 1),
        "bod_mapping": VALID["bod"].replace("Document_Types=INVOICE\nINVOICE=", f"Document_Types={document_type}\n{own}"),
        "m3_mapping": VALID["m3"],
        "m3_toml_mapping": VALID["m3_toml"],
        "ln_mapping": VALID["ln"],
        "xslt": '<?xml version="1.0"?>\n<x:stylesheet version="1.0" xmlns:x="http://www.w3.org/1999/XSL/Transform"/>\n',
        "jpl_mapping": "# JPL\nvendor=supplier_name\n",
        "flow2_mapping": "# Flow2\nvendor=supplier_name\n",
    }


def as_export(record) -> Export:
    """A stored record as the collection's model has it."""
    method = record["export_method"]
    fields = {name: record[field] for field, name in NAME_OF_FIELD.items() if record.get(field) is not None}
    if method.startswith("infor-"):
        stem, _dash, where = method.removeprefix("infor-").rpartition("-")
        fields |= {"kind": KIND_OF_STEM[stem], "deployment": DEPLOYMENTS[where]}
    else:
        fields["kind"] = method
    files = {"ionapi" if name == "ion_api" else name: text for name, text in record["files"].items()}
    return Export(str(record["id"])).with_values({**fields, **files})


def shown(record) -> dict:
    """A stored record as a diff by lines shows it."""
    return normal_form(as_export(record), TEXT)


def assert_is_what_the_diff_says(start, end, result) -> None:
    """The stored records `end` are the diff's `after`; what the diff does not show is as in `start`.

    The diff must have been made with diff_mappings: text, and its `after` leaves out what a run did not look at.
    """
    former = {record["id"]: shown(record) for record in start}
    unclaimed = [shown(record) for record in end]
    for declared in result["diff"]["after"]["exports"]:
        found = [stored for stored in unclaimed if _is(stored, declared, former)]
        assert len(found) == 1, f"{len(found)} stored exports are\n{declared}\namong\n{unclaimed}"
        unclaimed.remove(found[0])
    assert unclaimed == []


def _is(stored, declared, former) -> bool:
    if "id" not in declared and stored["id"] in former:
        return False
    # Nothing stored means the same as empty, and as a ZUGFeRD that is not wanted where the contract has no field for it.
    nothing = {name: value for name, value in declared.items() if value == "" or (name, value) == ("zugferd", False)}
    if {**nothing, **{name: stored[name] for name in declared if name in stored}} != declared:
        return False
    others = {name: value for name, value in stored.items() if name not in declared}
    if "id" in declared:
        return others.items() <= former[declared["id"]].items()
    # The diff shows everything of a new export but its id, and what a record of a kind has without a choice of it.
    return others.items() <= {"id": stored["id"], "deployment": "cloud", "zugferd": False}.items()
