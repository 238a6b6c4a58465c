# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The model DocBits of the simulation for single tests: exports in it, declarations, and calls that fail as a test asks."""

from __future__ import annotations

import random
from types import SimpleNamespace

import pytest
from simulation import history
from simulation.clock import Clock
from simulation.fulfilled import KEYS
from simulation.model import Model, Row, json_answer
from simulation.moods import Moods
from simulation.simulate import ModelHttp, Story

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import ApplyFailed, IonError
from ansible_collections.docbits.ion.plugins.module_utils._docbits.bundled import CURRENT
from ansible_collections.docbits.ion.plugins.module_utils._docbits.client import DocBits
from ansible_collections.docbits.ion.plugins.module_utils._docbits.contract import Contract, Overrides
from ansible_collections.docbits.ion.plugins.module_utils._exports.fingerprints import Fingerprints
from ansible_collections.docbits.ion.plugins.module_utils._exports.reconcile import Options, reconcile
from ansible_collections.docbits.ion.plugins.module_utils._model.export import FILES, KINDS, Declared, Export

ionapi = history.ionapi
HOST = "https://docbits.example"
KEY = "key-of-the-tests"
IDM = history.IDM.format(1)
WRITES = ("create", "update", "activate", "deactivate", "remove")
STEMS = {
    "infor_idm": "infor-idm",
    "infor_ion_bod": "infor-bod",
    "infor_idm_ion_bod": "infor-ion",
    "infor_idm_m3": "infor-m3",
    "infor_idm_m3_toml": "infor-m3-toml",
    "infor_idm_ln": "infor-ln",
}


def webhook(id_="1", title="A", **fields):
    """A webhook as DocBits has it."""
    known = {"title": title, "kind": "webhook", "document_type": "INVOICE", "sub_organisation": "", "active": True, "url": "https://example.com/a"}
    return Export(id_, label=f'export "{title}"').with_values({**known, **fields})


def infor(id_="2", title="B", **values):
    """An Infor IDM export as DocBits has it."""
    known = {"title": title, "kind": "infor_idm", "document_type": "INVOICE", "sub_organisation": "", "active": True, "deployment": "cloud", "zugferd": False}
    return Export(id_, label=f'export "{title}"').with_values({**known, "ionapi": ionapi(1), "idm_mapping": IDM, **values})


def sftp(id_="5", title="S", **values):
    """An SFTP export as DocBits has it."""
    known = {"title": title, "kind": "sftp", "document_type": "CREDIT_NOTE", "sub_organisation": "", "active": True, "folder": "in", "username": "u"}
    return Export(id_, label=f'export "{title}"').with_values({**known, "server_url": "h", "password": "p", **values})


def declared(export, index=0, state="present", keep_id=False, **changes):
    """A declaration of the export with changes; a name with the value None is left out."""
    values = {**{name: value.value for name, value in export.values.items()}, **changes}
    fields = {name: value for name, value in values.items() if name not in FILES and value is not None}
    files = {name: value for name, value in values.items() if name in FILES and value is not None}
    return Declared(export.id if keep_id else None, fields, files, label=f'exports[{index}] "{fields.get("title")}"', state=state)


def row(export):
    """The export as the model stores it."""
    kind = export.get("kind")
    method = STEMS.get(kind, kind)
    if kind in STEMS:
        method += "-onpremise" if export.get("deployment") == "on_premises" else "-cloud"
    values = {KEYS.get(name, name): value.value for name, value in export.values.items() if name not in FILES and name not in ("kind", "active", "deployment")}
    names = {"document_type": "doc_type", "url": "export_url", "document_history": "include_document_history"}
    names |= {"flow2_document_type_id": "doc_type_id", "flow2_cabinet_id": "cabinet_id", "file_access": "fileaccess", "zugferd_format": "format"}
    values = {names.get(name, name): value for name, value in values.items() if value != ""}
    files = {"ion_api" if name == "ionapi" else name: export.get(name) for name in FILES if export.get(name) is not None}
    return Row(export.id, method, {"sub_org_id": None, **values}, export.active, files)


class Http(ModelHttp):
    """Records each call by its verb, lets calls fail, and calls functions of the test between calls."""

    def __init__(self, organisation) -> None:
        plain = history.History(0, organisation.model.moods, (), ())
        super().__init__(organisation.model, organisation.clock, {}, Story(plain, organisation.model, {}))
        self._organisation = organisation

    def restart_deadline(self):
        self._organisation.calls.append("restart_deadline")

    def call(self, method, url, **request):
        verb = _verb(url, request)
        self._organisation.calls.append(verb)
        due = []
        for hook in self._organisation.hooks:
            hook.nth -= hook.verb == verb
            if hook.verb == verb and (hook.nth == 0 or (hook.always and hook.nth < 0)):
                due.append(hook)
        for hook in due:
            answer = hook.act(self, method, url, request)
            if answer is not None:
                return answer
        return super().call(method, url, **request)

    def faulty(self, fault, method, url, request):
        """The answer of a call with a fault of the simulation."""
        request = {name: value for name, value in request.items() if name != "headers"}
        return self._faulty(fault, method, url, request)


def _verb(url, request):
    name = url.rsplit("/", 1)[1]
    if "/download/" in url:
        return f"download {request['params']['type']}"
    fields = {**(request.get("data") or {}), **{name: part[1] for name, part in request.get("files") or ()}}
    if name.startswith("configure_"):
        return "update" if "config_id" in fields else "create"
    if name == "update_configuration_visibility":
        return "activate" if fields["is_active"] == "true" else "deactivate"
    return {
        "get_configurations": "list",
        "remove_configuration": "remove",
        "validate_export_configuration": "validate",
        "test_infor_connection": "test_connection",
    }.get(name, name)


class Organisation:
    """An organisation with these exports, whose DocBits has these moods.

    clock: virtual time
    model: the stored state, see rows
    calls: the verb of each call
    """

    def __init__(self, exports=(), contract=None, **moods) -> None:
        self.clock = Clock()
        self.model = Model(Moods(**moods), random.Random(1), self.clock)
        for export in exports:
            self.model.put(row(export))
        self.clock.now = 100.0
        self.calls: list = []
        self.hooks: list = []
        self.fingerprints: dict = {}
        self._contract = contract or Contract(CURRENT, "current", Overrides())

    @property
    def rows(self):
        """The stored exports by id."""
        return self.model.rows

    @property
    def state(self):
        """The stored state without ids."""
        return sorted(str(state[1:]) for state in self.model.state().values())

    @property
    def writes(self):
        """The verbs of the calls that write."""
        return [verb for verb in self.calls if verb in WRITES]

    def client(self, check_mode=False):
        """The real client of this DocBits."""
        return DocBits(HOST, KEY, None, self._contract, Http(self), None, check_mode)

    def fail(self, verb, fault, *, nth=1, always=False):
        """Let the nth call of this verb fail: with an exception, or with a fault of the simulation, "refused before" or "ignored"."""

        def act(http, method, url, request):
            if isinstance(fault, BaseException):
                raise fault
            if fault == "refused before":
                return json_answer({"success": False, "message": "UNKNOWN_ERROR"}, 409)
            if fault == "ignored":
                return json_answer({"success": True})
            return http.faulty(fault, method, url, request)

        self.hooks.append(SimpleNamespace(verb=verb, nth=nth, act=act, always=always))

    def before(self, verb, function, *, nth=1, always=False):
        """Call a function right before the nth call of this verb."""
        self.hooks.append(SimpleNamespace(verb=verb, nth=nth, act=lambda *_call: function(), always=always))

    def edit(self, id_, **changes):
        """What somebody does in the web console: fields of Row, values and files by key."""
        return lambda: self.model.change(id_, **changes)

    def add(self, export):
        """What somebody creates in the web console."""
        return lambda: self.model.put(row(export))

    def reconcile(self, *declarations, check_mode=False, **options):
        """The result of a run; its fingerprints are kept for the next one."""
        options = Options(**{"diff_mappings": "text", "fingerprints": Fingerprints(self.fingerprints, HOST, KEY), **options})
        try:
            result = reconcile(self.client(check_mode), list(declarations), options, check_mode, self.clock)
        except ApplyFailed as error:
            self._keep(error.facts.get("fingerprints"))
            raise
        self._keep(result.get("fingerprints"))
        return result

    def _keep(self, entries):
        for export, names in (entries or {}).items():
            known = {**self.fingerprints.get(export, {}), **names}
            self.fingerprints[export] = {name: text for name, text in known.items() if text is not None}

    def failed(self, *declarations, **options):
        """The error of a run that fails."""
        with pytest.raises(IonError) as caught:
            self.reconcile(*declarations, **options)
        return caught.value


def outcomes(steps):
    """Steps as (action, title, outcome)."""
    return [(step["action"], step["export"], step["outcome"]) for step in steps]


def ids(findings):
    """The ids of findings, of a result or of an error."""
    return [finding["id"] if isinstance(finding, dict) else finding.id for finding in findings]


class World:
    """The makers above, because test modules cannot import each other."""

    Organisation = Organisation
    webhook, infor, sftp, declared = staticmethod(webhook), staticmethod(infor), staticmethod(sftp), staticmethod(declared)
    ionapi, row, outcomes, ids = staticmethod(ionapi), staticmethod(row), staticmethod(outcomes), staticmethod(ids)
    IDM, HOST, KEY = IDM, HOST, KEY
    kinds = tuple(KINDS)


@pytest.fixture(scope="session")
def world():
    """An organisation of the model DocBits, exports in it, and declarations of them."""
    return World
