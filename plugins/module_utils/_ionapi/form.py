# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The normal form of an ION API file: its values, and what follows from them. Private to the collection."""

from __future__ import annotations

from dataclasses import dataclass, field

from ansible_collections.docbits.ion.plugins.module_utils._core.redaction import fingerprint
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.keys import LONG_VALUE
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.urls import host_of, joined, region_of

CLOUD = "cloud"
ON_PREMISES = "on_premises"

PASSWORD = "password"
CLIENT_CREDENTIALS = "client_credentials"
AUTO = "auto"

INFOR = "infor"
DOCBITS_EXPORT = "docbits_export"

# Two runs and two environments must give the same digits for the same file, so the salt is a constant. It keeps these
# fingerprints apart from every other use of the same keys.
FINGERPRINT_SALT = "docbits.ion: ION API file"


@dataclass(frozen=True)
class Expectations:
    """What the caller knows about the file and wants held against it.

    tenant:         the tenant as C(ti) must spell it, or C(None)
    environment:    the suffix of the tenant such as C(PRD), or C(None)
    flavour:        C(cloud), C(on_premises) or C(None)
    grant:          C(auto): what the file allows; C(password) or C(client_credentials): this one and no other
    profile:        C(infor): any authorized app; C(docbits_export): what DocBits needs
    strict:         every warning is an error
    allow_insecure: a simulator on this machine is fine, even without TLS
    """

    tenant: str | None = None
    environment: str | None = None
    flavour: str | None = None
    grant: str = AUTO
    profile: str = DOCBITS_EXPORT
    strict: bool = False
    allow_insecure: bool = False


@dataclass(frozen=True, repr=False)
class IonApi:
    """A file that passed. The fields are the keys of the file; the properties are what they mean.

    or_:          the key C(or)
    scopes:       the key C(sc), empty where the file has none
    version:      the key C(v)
    wanted_grant: the grant that the caller asked for
    document:     the whole file as canonical JSON, keys that nobody knows included
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
    ev: str | None = None
    wanted_grant: str = AUTO
    document: str = field(default="", compare=False)

    def __repr__(self) -> str:
        return f"IonApi(flavour={self.flavour!r}, grant={self.grant!r})"

    @property
    def flavour(self) -> str:
        """C(cloud) or C(on_premises)."""
        return flavour_of(self.ot, self.pu)

    @property
    def tenant(self) -> str:
        """The tenant; on-premises it is literally C(infor)."""
        return self.ti

    @property
    def environment(self) -> str | None:
        """The suffix of a cloud tenant, such as C(PRD)."""
        return environment_of(self.ti, self.flavour)

    @property
    def region(self) -> str | None:
        """Infor's region such as C(eu1); C(None) for the one without a name, and for hosts that are not Infor's."""
        return region_of(host_of(self.pu))

    @property
    def token_url(self) -> str:
        """Where a token is asked for."""
        return joined(self.pu, self.ot)

    @property
    def revoke_url(self) -> str | None:
        """Where a token is given back; C(None) where the file does not say."""
        return joined(self.pu, self.or_) if self.or_ else None

    @property
    def authorize_url(self) -> str | None:
        """Where a person would log in; C(None) where the file does not say."""
        return joined(self.pu, self.oa) if self.oa else None

    @property
    def gateway_url(self) -> str:
        """The tenant's ION API gateway, with one slash at the end."""
        return joined(self.iu, self.ti) + "/"

    @property
    def grant(self) -> str:
        """C(password) or C(client_credentials)."""
        if self.wanted_grant != AUTO:
            return self.wanted_grant
        return PASSWORD if self.has_service_account else CLIENT_CREDENTIALS

    @property
    def has_service_account(self) -> bool:
        """Whether the file holds C(saak) and C(sask)."""
        return self.saak is not None and self.sask is not None

    @property
    def app_name(self) -> str | None:
        """The name of the authorized app."""
        return self.cn

    @property
    def client_id_prefix(self) -> str | None:
        """The part of the client ID before C(~): the tenant or the Infor OS farm. C(None) where it has no such part, or one too long for a name."""
        prefix, tilde, rest = self.ci.partition("~")
        return prefix if tilde and rest and len(prefix) < LONG_VALUE else None

    def secret_values(self) -> tuple:
        """The strings that must never show: client secret, service account pair, client ID."""
        return tuple(value for value in (self.cs, self.sask, self.saak, self.ci) if value)

    def fingerprint(self) -> str:
        """Digits by which two files of one app and service account are known as such. Not made of any password."""
        return fingerprint(f"{self.ci}\n{self.saak or ''}", FINGERPRINT_SALT)

    def summary(self) -> dict:
        """What a module may return and a person may read."""
        return {
            "tenant": self.tenant,
            "environment": self.environment,
            "flavour": self.flavour,
            "region": self.region,
            "app_name": self.app_name,
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

    def canonical(self) -> str:
        """The whole file as JSON with sorted keys, in ASCII: equal text means equal value. Secret as a whole."""
        return self.document


def flavour_of(ot: str, pu: str) -> str:
    """The flavour by the token path, and where that is neither known one, by the authorization server's path."""
    if ot.endswith("token.oauth2"):
        return CLOUD
    if ot.endswith("connect/token") or "/inforintsts" in pu.lower():
        return ON_PREMISES
    return CLOUD


def environment_of(tenant: str, flavour: str) -> str | None:
    """The suffix of a cloud tenant; an on-premises tenant has none."""
    name, _underscore, suffix = tenant.rpartition("_")
    return suffix if flavour == CLOUD and name and suffix else None
