# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options that modules share, a group each, mirrored by the documentation fragments. Private to the collection."""

from __future__ import annotations

from dataclasses import dataclass, field

from ansible.module_utils.basic import env_fallback

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import InvalidInput, failure
from ansible_collections.docbits.ion.plugins.module_utils._http.client import Settings
from ansible_collections.docbits.ion.plugins.module_utils._infor.logins import LOGINS_PER_MINUTE
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.form import Expectations
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.urls import is_host
from ansible_collections.docbits.ion.plugins.module_utils._model.choices import CHECKS, MAPPING_FORMS, MEANING, POLICIES, WHEN_CHANGED
from ansible_collections.docbits.ion.plugins.module_utils._model.export import CLOUD, FILES, KINDS, ON_PREMISES

# Eleven days. More does not fit into the clocks of every system.
LONGEST_WAIT = 1_000_000.0


@dataclass
class ArgumentSpec:
    """Options of a module and the rules between them, named like the arguments of AnsibleModule."""

    argument_spec: dict = field(default_factory=dict)
    mutually_exclusive: list = field(default_factory=list)
    required_together: list = field(default_factory=list)
    required_one_of: list = field(default_factory=list)
    required_if: list = field(default_factory=list)
    required_by: dict = field(default_factory=dict)

    def merged(self, *others) -> ArgumentSpec:
        """This group of options together with the others. Raises: ValueError if two groups define the same option."""
        merged = ArgumentSpec()
        for spec in (self, *others):
            twice = merged.argument_spec.keys() & spec.argument_spec.keys()
            if twice:
                raise ValueError(f"defined twice: {', '.join(sorted(twice))}")
            merged.argument_spec.update(spec.argument_spec)
            merged.mutually_exclusive += spec.mutually_exclusive
            merged.required_together += spec.required_together
            merged.required_one_of += spec.required_one_of
            merged.required_if += spec.required_if
            merged.required_by.update(spec.required_by)
        return merged

    def to_kwargs(self) -> dict:
        """The keyword arguments for AnsibleModule or ArgumentSpecValidator."""
        return dict(vars(self))


def network_options() -> ArgumentSpec:
    """The connection to the services (fragment network)."""
    return ArgumentSpec(
        {
            "ca_path": {"type": "path", "fallback": (env_fallback, ["DOCBITS_ION_CA_PATH"])},
            "proxy": {"type": "str", "no_log": True, "fallback": (env_fallback, ["DOCBITS_ION_PROXY"])},
            "timeout": {"type": "float", "default": 30.0, "fallback": (env_fallback, ["DOCBITS_ION_TIMEOUT"])},
            "deadline": {"type": "float", "default": 300.0, "fallback": (env_fallback, ["DOCBITS_ION_DEADLINE"])},
            "retries": {"type": "int", "default": 2, "fallback": (env_fallback, ["DOCBITS_ION_RETRIES"])},
            "shares": {"type": "int", "default": 1, "fallback": (env_fallback, ["DOCBITS_ION_SHARES"])},
        }
    )


def settings_from(params) -> Settings:
    """The settings of the HTTP client from network_options. Raises: InvalidInput for a number out of range"""
    for name in ("timeout", "deadline"):
        if not 0 < params[name] <= LONGEST_WAIT:  # NaN is refused here, too
            raise failure(InvalidInput, "E15", name, f"it must be more than 0 and at most {LONGEST_WAIT:.0f} seconds", f"set {name} in seconds")
    if params["retries"] < 0:
        raise failure(InvalidInput, "E15", "retries", "it is below 0", "set the number of retries; 0 turns them off")
    if not 1 <= params["shares"] <= LOGINS_PER_MINUTE:
        raise failure(InvalidInput, "E15", "shares", f"it must be 1 to {LOGINS_PER_MINUTE}", "set the number of runs that work at the same time")
    return Settings(
        ca_path=params["ca_path"],
        proxy=params["proxy"],
        timeout=params["timeout"],
        deadline=params["deadline"],
        retries=params["retries"],
        shares=params["shares"],
    )


def source_options(secret: bool) -> ArgumentSpec:
    """The file that a module validates, and whether it is secret (fragment source)."""
    return ArgumentSpec({"src": {"type": "path"}, "content": {"type": "str", "no_log": secret}}, required_one_of=[("src", "content")])


def ionapi_options() -> ArgumentSpec:
    """The expectations of an ION API file (fragment ionapi)."""
    return ArgumentSpec(
        {
            "tenant": {"type": "str"},
            "tenant_environment": {"type": "str"},
            "flavour": {"type": "str", "choices": ["cloud", "on_premises"]},
            "grant": {"type": "str", "choices": ["auto", "password", "client_credentials"], "default": "auto"},
            "profile": {"type": "str", "choices": ["infor", "docbits_export"], "default": "docbits_export"},
            "strict": {"type": "bool", "default": False},
            "allow_insecure": {"type": "bool", "default": False},
            "trusted_hosts": {"type": "list", "elements": "str", "default": []},
            "require_vault": {"type": "bool", "default": False},
        }
    )


def expectations_from(params) -> Expectations:
    """The expectations of an ION API file from ionapi_options. Raises: InvalidInput for a trusted host that is none"""
    hosts = [host.strip().lower().rstrip(".") for host in params["trusted_hosts"]]
    if not all(map(is_host, hosts)):
        raise failure(InvalidInput, "E51", "trusted_hosts", "an item is not a host", "name hosts such as ionapi.acme.example, without https://, port and path")
    return Expectations(
        tenant=params["tenant"],
        environment=params["tenant_environment"],
        flavour=params["flavour"],
        grant=params["grant"],
        profile=params["profile"],
        strict=params["strict"],
        allow_insecure=params["allow_insecure"],
        trusted_hosts=tuple(hosts),
    )


def host_options() -> ArgumentSpec:
    """The DocBits API and its contract (fragment host)."""
    return ArgumentSpec(
        {
            "docbits_url": {"type": "str", "fallback": (env_fallback, ["DOCBITS_URL"])},
            "docbits_environment": {"type": "str", "choices": ["production", "sandbox", "stage", "demo", "dev"]},
            "docbits_region": {"type": "str", "choices": ["eu", "us"], "default": "eu"},
            "path_prefix": {"type": "str"},
            "contract": {"type": "str", "choices": ["live", "2.2.10", "current"], "default": "live"},
            "contract_overrides": {
                "type": "dict",
                "options": {
                    "fields": {"type": "dict"},
                    "records": {"type": "dict"},
                    "constants": {"type": "dict"},
                    "operations": {"type": "dict"},
                    "methods": {"type": "dict"},
                    "booleans": {"type": "dict"},
                    "files": {"type": "dict"},
                    "lists": {"type": "dict"},
                },
            },
        },
        mutually_exclusive=[("docbits_url", "docbits_environment")],
        required_one_of=[("docbits_url", "docbits_environment")],
    )


def docbits_options() -> ArgumentSpec:
    """The DocBits organisation and its credentials (fragments host and organisation)."""
    return host_options().merged(
        ArgumentSpec(
            {
                "api_key": {"type": "str", "required": True, "no_log": True, "fallback": (env_fallback, ["DOCBITS_API_KEY"])},
                "organisation_id": {"type": "str", "fallback": (env_fallback, ["DOCBITS_ORGANISATION_ID"])},
            }
        )
    )


def default_ionapi_options() -> ArgumentSpec:
    """The ION API file of the environment, for every export that needs one (fragment default_ionapi)."""
    return ArgumentSpec({"ionapi_src": {"type": "path"}, "ionapi_content": {"type": "str", "no_log": True}})


def export_options() -> dict:
    """The options of one export. A file has two, <file>_src and <file>_content (fragment export)."""
    options = {
        "id": {"type": "str"},
        "title": {"type": "str"},
        "kind": {"type": "str", "choices": list(KINDS)},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "active": {"type": "bool"},
        "document_type": {"type": "str"},
        "sub_organisation": {"type": "str"},
        "execution_order": {"type": "int"},
        "deployment": {"type": "str", "choices": [CLOUD, ON_PREMISES]},
        "zugferd": {"type": "bool"},
        "url": {"type": "str"},
        "server_url": {"type": "str"},
        "port": {"type": "int"},
        "username": {"type": "str"},
        "password": {"type": "str", "no_log": True},
        "folder": {"type": "str"},
        "filename_mode": {"type": "str"},
        "document_history": {"type": "bool"},
        "flow2_url": {"type": "str"},
        "flow2_document_type_id": {"type": "str"},
        "flow2_cabinet_id": {"type": "int"},
        "file_access": {"type": "str"},
        "zugferd_format": {"type": "str"},
        "email": {"type": "str"},
    }
    for name, file in FILES.items():
        options[f"{name}_src"] = {"type": "path"}
        options[f"{name}_content"] = {"type": "str", "no_log": file.secret}
    return options


def export_set_options() -> ArgumentSpec:
    """The whole set of exports of an environment (fragments export.set and reconcile)."""
    item = {**export_options(), "ignore": {"type": "bool", "default": False}}
    return ArgumentSpec(
        {
            "exports": {"type": "list", "elements": "dict", "required": True, "options": item},
            "purge": {"type": "bool", "default": False},
        }
    ).merged(reconcile_options())


def reconcile_options() -> ArgumentSpec:
    """How exports are reconciled (fragment reconcile)."""
    return ArgumentSpec(
        {
            "several_active": {"type": "bool", "default": False},
            "update": {"type": "str", "choices": list(POLICIES), "default": WHEN_CHANGED},
            "checks": {"type": "list", "elements": "str", "choices": list(CHECKS), "default": list(CHECKS)},
            "require_reversible": {"type": "bool", "default": False},
            "assume_kept": {"type": "bool", "default": False},
            "allow_momentary_deactivation": {"type": "bool", "default": False},
            "settle_timeout": {"type": "float", "default": 5.0},
            "diff_mappings": {"type": "str", "choices": list(MAPPING_FORMS), "default": MEANING},
            "state_dir": {"type": "path"},
            "fingerprints": {"type": "dict"},
            "run_dir": {"type": "path"},
            "snapshots": {"type": "int", "default": 10},
            "snapshot_dir": {"type": "path"},
            "require_snapshot": {"type": "bool", "default": False},
        }
    )
