# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A world for each host of the inventory: its own tenant and organisation in the simulator, its own secrets and vaulted files."""

from __future__ import annotations

import copy
import json
import os
import secrets
import socket
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path

import jinja2
import yaml
from ansible.parsing.vault import VaultLib, VaultSecret

from simulator.ionapi import ROLES, account_id, make_ionapi, records

from .scenario import BATCH, HERE, SHIPPED, Scenario

DOCUMENT_TYPES = ["INVOICE", "CREDIT_NOTE", "DELIVERY_NOTE"]
MODULES = "ansible_collections.docbits.ion.plugins.module_utils._module"
SECRET_KEYS = ("cs", "saak", "sask")


@dataclass
class World:
    """What belongs to one host.

    host:        its name, which is also that of its organisation
    ionapi:      its ION API file as a dict, as made (before a scenario damages the text)
    variables:   the host's variables, for the inventory and for the start of the scenario
    secrets:     every secret string that no output may show
    """

    scenario: Scenario
    way: str
    host: str
    ionapi: dict
    variables: dict
    secrets: set

    @property
    def principals(self) -> set:
        """The names under which the simulator's journal lists this host's calls."""
        return {self.host, self.ionapi["ci"]}


class Vault:
    """Encrypts as ansible-vault does."""

    def __init__(self) -> None:
        self.password = secrets.token_urlsafe(24)
        self._lib = VaultLib([("default", VaultSecret(self.password.encode()))])

    def encrypted(self, text: str) -> str:
        """Vault text."""
        return self._lib.encrypt(text).decode()


def build(scenarios: list, simulator, folder: Path) -> list:
    """The worlds of all scenarios and ways: registered in the simulator, with inventory, files and tasks in `folder`."""
    vault = Vault()
    worlds = [_world(scenario, way, number, simulator, folder, vault) for number, scenario in enumerate(scenarios) for way in scenario.ways]
    for world in worlds:
        _register(world, simulator)
    simulator.faults([_rendered(fault, world.variables) for world in worlds for fault in world.scenario.start.faults])
    (folder / "vault-password").write_text(vault.password)
    _write_inventory(worlds, folder, vault)
    _write_playbook(scenarios, folder)
    return worlds


def _world(scenario, way, number, simulator, folder, vault) -> World:
    host = scenario.host(way)
    wanted = dict(scenario.start.ionapi)
    text, changes, without = wanted.pop("text", None), wanted.pop("set", {}), wanted.pop("without", [])
    tenant = "infor" if wanted.get("flavour") == "op" else f"{way[0].upper()}{number:03}_TST"
    ionapi = make_ionapi(simulator.infor_url, tenant, "DocBits_Test", **wanted)
    variables = {
        "scenario": scenario.name,
        # A DocBits host of its own, so that its contract and faults affect no other host.
        "host": host.replace(".", "-"),
        "docbits_url": simulator.host_url(host.replace(".", "-")),
        "infor_url": simulator.infor_url,
        "closed_url": f"https://127.0.0.1:{_closed_socket().getsockname()[1]}",
        "ca_path": str(simulator.ca),
        "organisation": host,
        "tenant": tenant,
        "files": str(HERE / "files"),
        "api_key": secrets.token_urlsafe(32),
        "wrong_secret": secrets.token_urlsafe(48),
    }
    given = {key: value for key, value in {**ionapi, **_rendered(changes, variables)}.items() if key not in without}
    variables["ionapi"] = json.dumps(given, indent=2) if text is None else _rendered(text, variables)
    file = folder / "files" / host / "docbits.ionapi"
    file.parent.mkdir(parents=True)
    file.write_text(vault.encrypted(variables["ionapi"]))
    variables["ionapi_file"] = str(file)
    known = {ionapi[key] for key in SECRET_KEYS if key in ionapi} | {variables["api_key"], variables["wrong_secret"], vault.password}
    return World(scenario, way, host, ionapi, variables, known)


def _register(world, simulator) -> None:
    start = copy.deepcopy(world.scenario.start)
    infor = _rendered(start.infor, world.variables)
    roles, app, account = infor.pop("roles", ROLES), infor.pop("app", {}), infor.pop("account", {})
    for path, body in records(world.ionapi, roles).items():
        if path.startswith("tenants/"):
            body = {**body, "switches": infor}
        elif path.startswith("apps/"):
            body = {**body, **app}
        elif path == f"service_accounts/{account_id(world.ionapi)}":
            body = {**body, **account}
        simulator.control("PUT", f"/_sim/infor/{path}", body)
    organisation = {"host": world.variables["host"], "contract": "2.2.10", "document_types": DOCUMENT_TYPES, **_rendered(start.docbits, world.variables)}
    exports = _rendered(start.exports, world.variables)
    simulator.put_organisation(world.host, api_key=world.variables["api_key"], exports=exports, **organisation)


def _rendered(value, variables):
    """The same data with the Jinja of its strings filled in from the host's variables."""
    if isinstance(value, str):
        return jinja2.Template(value, undefined=jinja2.StrictUndefined, keep_trailing_newline=True).render(text_of=_text_of, **variables)
    if isinstance(value, dict):
        return {key: _rendered(item, variables) for key, item in value.items()}
    return [_rendered(item, variables) for item in value] if isinstance(value, list) else value


def _text_of(name):
    return (HERE / "files" / name).read_text()


@cache
def _closed_socket() -> socket.socket:
    """Bound and not listening, until this process ends: connections are refused, and no other process can open the port."""
    closed = socket.socket()
    closed.bind(("127.0.0.1", 0))
    return closed


class _VaultText(str):
    """Text that a YAML file holds as a vaulted value."""


class _InventoryDumper(yaml.SafeDumper):
    """Writes vaulted values as Ansible reads them."""


_InventoryDumper.add_representer(_VaultText, lambda dumper, text: dumper.represent_scalar("!vault", text, style="|"))


def _write_inventory(worlds, folder, vault) -> None:
    secret = ("api_key", "ionapi", "wrong_secret")
    groups = {"single": {"hosts": {}}, BATCH: {"hosts": {}}}
    for world in worlds:
        variables = {name: _VaultText(vault.encrypted(value)) if name in secret else value for name, value in world.variables.items()}
        if world.way == BATCH:
            # The options of a batch are variables of its hosts.
            options = {f"docbits_{name.removeprefix('docbits_')}": value for name, value in _options(world.scenario).items()}
            groups[BATCH]["hosts"][world.host] = {**options, **variables, "docbits_url": options["docbits_url"].replace("docbits_url", "own_url")}
            groups[BATCH]["hosts"][world.host]["own_url"] = variables["docbits_url"]
        else:
            # "elsewhere" is the same machine under another name: the module is shipped to it.
            connection = "elsewhere" if world.way == SHIPPED else "local"
            interpreter = os.environ.get("TARGET_PYTHON") if world.way == SHIPPED else None
            interpreter = interpreter or "{{ ansible_playbook_python }}"
            groups["single"]["hosts"][world.host] = {**variables, "ansible_connection": connection, "ansible_python_interpreter": interpreter}
    (folder / "inventory.yml").write_text(yaml.dump(groups, Dumper=_InventoryDumper, width=1000))


def _write_playbook(scenarios, folder) -> None:
    tasks = folder / "tasks"
    tasks.mkdir()
    for scenario in scenarios:
        task = {"name": scenario.name, f"docbits.ion.{scenario.module}": _options(scenario)}
        (tasks / f"{scenario.name}.yml").write_text(yaml.safe_dump([task], width=1000))
    single = {
        "name": "Scenarios, each by itself",
        "hosts": "single",
        "gather_facts": False,
        "strategy": "ansible.builtin.free",
        "tasks": [{"name": "The scenario", "ansible.builtin.include_tasks": "tasks/{{ scenario }}.yml"}],
    }
    batch = {
        "name": "Scenarios, as one batch",
        "hosts": BATCH,
        "gather_facts": False,
        "tasks": [
            {"name": "The batch", "docbits.ion.environments": {}, "register": "batch", "run_once": True},
            {"name": "The facts", "ansible.builtin.set_fact": {"outcomes": "{{ batch }}", "cacheable": True}, "run_once": True},
            {"name": "Each outcome", "docbits.ion.outcome": {"registered": "batch"}},
        ],
    }
    (folder / "scenarios.yml").write_text(yaml.safe_dump([single, batch], sort_keys=False))


def _options(scenario) -> dict:
    """The declared options, and those of the connection where the module has them and the scenario does not say otherwise (null: left out)."""
    known = import_module(f"{MODULES}.{scenario.module}").ARGUMENT_SPEC.argument_spec
    connection = {name: f"{{{{ {name} }}}}" for name in ("docbits_url", "api_key", "ca_path")} | {"allow_insecure": True}
    given = {name: value for name, value in connection.items() if name in known} | scenario.declare
    return {name: value for name, value in given.items() if value is not None}
