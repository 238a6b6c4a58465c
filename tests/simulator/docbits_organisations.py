# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The organisations of the simulated DocBits: which host they stand on, their API keys, and what they behave like."""

from __future__ import annotations

import hashlib
import uuid
from typing import Any

from pydantic import BaseModel, ConfigDict, field_validator

from .docbits_contracts import Contract, Switches, contract_of
from .store import Store

HOSTS = "docbits/hosts"
ORGANISATIONS = "docbits/organisations"
KEYS = "docbits/keys"


class Organisation(BaseModel):
    """One organisation on one host; `switches` are those that it sets itself."""

    model_config = ConfigDict(extra="forbid")

    name: str
    id: str
    api_key: str
    host: str = ""
    contract: str | dict = "2.2.10"
    document_types: list[dict] = []
    sub_organisations: list[dict] = []
    switches: Switches = Switches()

    @field_validator("contract")
    @classmethod
    def known_contract(cls, given: Any) -> Any:
        contract_of(given)
        return given

    @field_validator("document_types", mode="before")
    @classmethod
    def complete_document_types(cls, given: list) -> list:
        """A text stands for a document type with that key."""
        return [_document_type({"document_key": item} if isinstance(item, str) else item) for item in given]

    def behaviour(self, contract: Contract) -> Switches:
        """The contract's switches with those of the organisation put over them."""
        own = {name: getattr(self.switches, name) for name in self.switches.model_fields_set}
        return contract.switches.model_copy(update=own)


def _document_type(given: dict) -> dict:
    key = given["document_key"]
    return {"id": str(uuid.uuid5(uuid.NAMESPACE_OID, key)), "title": key.replace("_", " ").title(), "is_active": True, **given}


class Organisations:
    """The organisations in the store. A host has one contract, that of all its organisations."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def get(self, name: str) -> Organisation | None:
        value = self._store.get(ORGANISATIONS, name)
        return None if value is None else Organisation.model_validate(value)

    def by_key(self, host: str, api_key: str) -> Organisation | None:
        """The organisation of this host that the key belongs to."""
        name = self._store.get(KEYS, _key_of(host, api_key))
        return None if name is None else self.get(name)

    def put(self, organisation: Organisation) -> None:
        """Create or replace; raises ValueError where another organisation of the host has another contract, or this key."""
        name, host, key = organisation.name, organisation.host, _key_of(organisation.host, organisation.api_key)
        on_host = self._store.get(HOSTS, host) or {"names": []}
        if set(on_host["names"]) - {name} and on_host["contract"] != organisation.contract:
            raise ValueError(f"the host {host!r} has organisations with another contract; name another host")
        if self._store.get(KEYS, key) not in (None, name):
            raise ValueError("another organisation of this host has this API key")
        self._forget_place(name)
        names = sorted({name, *on_host["names"]})
        self._store.put(HOSTS, host, {"contract": organisation.contract, "names": names})
        self._store.put(KEYS, key, name)
        self._store.put(ORGANISATIONS, name, organisation.model_dump(exclude_unset=True))

    def _forget_place(self, name: str) -> None:
        former = self.get(name)
        if former:
            self._store.delete(KEYS, _key_of(former.host, former.api_key))
            on_host = self._store.get(HOSTS, former.host)
            self._store.put(HOSTS, former.host, {**on_host, "names": [other for other in on_host["names"] if other != name]})

    def contract_of_host(self, host: str) -> str | dict | None:
        """The contract of the host, None where there is no such host; the root host is a 2.2.10 from the start."""
        on_host = self._store.get(HOSTS, host)
        if on_host is None:
            return "2.2.10" if host == "" else None
        return on_host["contract"]

    def openapi_of_host(self, host: str) -> str:
        """The switch `openapi` of the organisations of a host; what differs from "public" decides."""
        names = (self._store.get(HOSTS, host) or {"names": []})["names"]
        return next((shown for name in names if (shown := self.get(name).switches.openapi) != "public"), "public")

    def planned_failure(self, organisation: Organisation, operation: str) -> str | None:
        """The code with which the switch `fail_on` makes this operation fail now; counts it."""
        failure = organisation.switches.fail_on.get(operation)
        if failure is None or failure.times == 0:
            return None
        if failure.times is not None:
            failure.times -= 1
            self._store.put(ORGANISATIONS, organisation.name, organisation.model_dump(exclude_unset=True))
        return failure.code


def _key_of(host: str, api_key: str) -> str:
    return hashlib.sha256(f"{host}\n{api_key}".encode()).hexdigest()
