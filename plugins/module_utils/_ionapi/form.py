# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The normal form of an ION API file: its values, and what follows from them. Private to the collection."""

from __future__ import annotations

from dataclasses import dataclass, field

from ansible_collections.docbits.ion.plugins.module_utils._core.redaction import fingerprint
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.keys import LONG_VALUE
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.urls import join_url, region_of, split_url

CLOUD = "cloud"
ON_PREMISES = "on_premises"

PASSWORD = "password"
CLIENT_CREDENTIALS = "client_credentials"
AUTO = "auto"

INFOR = "infor"
DOCBITS_EXPORT = "docbits_export"

# Constant, so that every run and every environment computes the same fingerprint. It separates these fingerprints from others of the same keys.
FINGERPRINT_SALT = "docbits.ion: ION API file"


@dataclass(frozen=True)
class Expectations:
    """What the caller expects of the file; None accepts any value.

    tenant:         the tenant, exactly as in `ti`
    environment:    the suffix of the tenant, such as "PRD"
    flavour:        "cloud" or "on_premises"
    grant:          "auto" (what the file supports), "password" or "client_credentials"
    profile:        "infor" (any authorized app) or "docbits_export" (what DocBits needs)
    strict:         every warning is an error
    allow_insecure: hosts of this machine are accepted, even without TLS, for a simulator
    trusted_hosts:  hosts that the secrets of the file may be sent to, besides those of Infor's cloud, in lower case; None for a file that is
                    only compared
    """

    tenant: str | None = None
    environment: str | None = None
    flavour: str | None = None
    grant: str = AUTO
    profile: str = DOCBITS_EXPORT
    strict: bool = False
    allow_insecure: bool = False
    trusted_hosts: tuple | None = ()


# For a file that is only compared with others, and whose secrets are sent nowhere.
COMPARED = Expectations(profile=INFOR, allow_insecure=True, trusted_hosts=None)


@dataclass(frozen=True, repr=False)
class IonApi:
    """A valid file. The fields are the keys of the file; the properties interpret them.

    ti:           the tenant; on-premises it is "infor"
    cn:           the name of the authorized app
    or_:          the key `or`
    scopes:       the key `sc`, empty if the file has none
    version:      the key `v`
    wanted_grant: the grant that the caller requested
    document:     the whole file as JSON with sorted keys, in ASCII, including unknown keys: equal text means equal values; secret as a whole
    """

    ti: str
    cn: str | None
    ci: str
    cs: str
    iu: str
    pu: str
    oa: str | None
    ot: str
    or_: str | None
    saak: str | None = None
    sask: str | None = None
    scopes: tuple = ()
    version: str | None = None
    dt: str | None = None
    wanted_grant: str = AUTO
    document: str = field(default="", compare=False)

    def __repr__(self) -> str:
        return f"IonApi(flavour={self.flavour!r}, grant={self.grant!r})"

    @property
    def flavour(self) -> str:
        """The flavour: `CLOUD` or `ON_PREMISES`."""
        return flavour_of(self.ot, self.pu)

    @property
    def environment(self) -> str | None:
        """The suffix of a cloud tenant, such as "PRD"."""
        return environment_of(self.ti, self.flavour)

    @property
    def region(self) -> str | None:
        """Infor's region such as "eu1"; None for the region without a name, and for hosts that are not Infor's."""
        url = split_url(self.pu)
        return region_of(url.host) if url else None

    @property
    def token_url(self) -> str:
        """The token endpoint."""
        return join_url(self.pu, self.ot)

    @property
    def revoke_url(self) -> str | None:
        """The revocation endpoint, or None if the file has none."""
        return join_url(self.pu, self.or_) if self.or_ else None

    @property
    def authorize_url(self) -> str | None:
        """The authorization endpoint, or None if the file has none."""
        return join_url(self.pu, self.oa) if self.oa else None

    @property
    def gateway_url(self) -> str:
        """The tenant's ION API gateway, with a trailing slash."""
        return join_url(self.iu, self.ti) + "/"

    @property
    def grant(self) -> str:
        """The grant to use: `PASSWORD` or `CLIENT_CREDENTIALS`."""
        if self.wanted_grant != AUTO:
            return self.wanted_grant
        return PASSWORD if self.has_service_account else CLIENT_CREDENTIALS

    @property
    def has_service_account(self) -> bool:
        """Whether the file has `saak` and `sask`."""
        return self.saak is not None and self.sask is not None

    @property
    def client_id_prefix(self) -> str | None:
        """The part of the client ID before ~, the tenant or the Infor OS farm. None if there is none, or if it is too long for a name."""
        prefix, tilde, rest = self.ci.partition("~")
        return prefix if tilde and rest and len(prefix) < LONG_VALUE else None

    def secret_values(self) -> tuple:
        """The values that must never be shown: client secret, service account pair, client ID."""
        return tuple(value for value in (self.cs, self.sask, self.saak, self.ci) if value)

    def fingerprint(self) -> str:
        """Equal for files with the same app and service account. Not derived from a password."""
        return fingerprint(f"{self.ci}\n{self.saak or ''}", FINGERPRINT_SALT)

    def summary(self) -> dict:
        """The result of a module: values that are not secret."""
        return {
            "tenant": self.ti,
            "environment": self.environment,
            "flavour": self.flavour,
            "region": self.region,
            "app_name": self.cn,
            "app_type": self.dt,
            "client_id_prefix": self.client_id_prefix,
            "version": self.version,
            "grant": self.grant,
            "has_service_account": self.has_service_account,
            "scopes": list(self.scopes),
            "token_url": self.token_url,
            "revoke_url": self.revoke_url,
            "authorize_url": self.authorize_url,
            "gateway_url": self.gateway_url,
            "fingerprint": self.fingerprint(),
        }


def flavour_of(ot: str, pu: str) -> str:
    """The flavour by the token path or, if that is unknown, by the path of the authorization server."""
    if ot.endswith("token.oauth2"):
        return CLOUD
    if ot.endswith("connect/token") or "/inforintsts" in pu.lower():
        return ON_PREMISES
    return CLOUD


def environment_of(tenant: str, flavour: str) -> str | None:
    """The suffix of a cloud tenant; None for an on-premises tenant."""
    name, _underscore, suffix = tenant.rpartition("_")
    return suffix if flavour == CLOUD and name and suffix else None
