# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tokens of Infor, their lifetime, and the claims of an access token. No I/O. Private to the collection."""

from __future__ import annotations

import base64
import math
from dataclasses import dataclass, field

from ansible_collections.docbits.ion.plugins.module_utils._core.text import parse_json
from ansible_collections.docbits.ion.plugins.module_utils._infor import rules as _rules

# A run over many environments takes longer than a token that lives shorter.
SHORTEST_LIFETIME = 600


@dataclass(frozen=True)
class Token:
    """An access token as issued. Its repr shows neither token.

    lifetime: seconds from its issue, or None if Infor did not say
    """

    access_token: str = field(repr=False)
    refresh_token: str | None = field(default=None, repr=False)
    lifetime: float | None = None


@dataclass(frozen=True)
class TokenClaims:
    """What the claims of an access token say, None where they do not say it. Their signature is not verified, so they only explain or warn.

    Source of the claim names: one token of 2020 (contract, confidence C). Other tenants may issue opaque tokens.
    """

    opaque: bool
    tenant_matches: bool | None = None
    client_matches: bool | None = None
    linked_user: bool | None = None
    enforced_scopes: bool | None = None
    scopes: int | None = None

    def as_dict(self) -> dict:
        """The claims as a module returns them; `scopes` is their number."""
        return dict(vars(self))


def token_from(body: dict, server_time: float | None) -> Token:
    """The token in a successful response of a token endpoint.

    The clock of this machine is not used: it may be minutes off. `expires_in` is a duration, and the claim `exp` counts from the claim `iat`
    or from the time of the server.
    """
    access, refresh = body["access_token"], body.get("refresh_token")
    lifetime = _seconds(body.get("expires_in"))
    if lifetime is None:
        claims = _claims_of(access)
        issued = _seconds(claims.get("iat")) or server_time
        expires = _seconds(claims.get("exp"))
        lifetime = _seconds(expires - issued) if expires and issued else None
    return Token(access, refresh if isinstance(refresh, str) and refresh else None, lifetime)


def claims_of(access_token: str, tenant: str, client_id: str) -> TokenClaims:
    """The claims of an access token, compared with the tenant and the client id of the file."""
    claims = _claims_of(access_token)
    if not claims:
        return TokenClaims(opaque=True)
    enforced, scope = claims.get("EnforceScopesForClient"), claims.get("scope")
    return TokenClaims(
        opaque=False,
        tenant_matches=_same(claims.get("Tenant"), tenant),
        client_matches=_same(claims.get("client_id"), client_id),
        # Assumed: a token that names its service account but no Identity2 belongs to no user.
        linked_user=bool(claims.get("Identity2")) if "Identity2" in claims or "ServiceAccount" in claims else None,
        enforced_scopes=None if enforced is None else str(enforced).lower() in ("1", "true"),
        scopes=len(scope.split()) if isinstance(scope, str) else None,
    )


def findings_of(claims: TokenClaims, label: str) -> list:
    """Warnings about mixed files and about scopes that nobody asked for. The gateway decides, not the claims."""
    found = []
    if claims.tenant_matches is False:
        found.append(_rules.finding("J01", label, key="ti", what="tenant"))
    if claims.client_matches is False:
        found.append(_rules.finding("J01", label, key="ci", what="client"))
    if claims.enforced_scopes and not claims.scopes:
        found.append(_rules.finding("J02", label))
    return found


def _claims_of(access_token) -> dict:
    parts = access_token.split(".")
    if len(parts) != 3:
        return {}
    try:
        claims = parse_json(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except ValueError:
        return {}
    return claims if isinstance(claims, dict) else {}


def _same(claim, expected):
    return claim.casefold() == expected.casefold() if isinstance(claim, str) and claim else None


def _seconds(value):
    # Infor sends a number; some clients report a numeric string.
    if isinstance(value, bool):
        return None
    try:
        seconds = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return seconds if math.isfinite(seconds) and seconds > 0 else None
