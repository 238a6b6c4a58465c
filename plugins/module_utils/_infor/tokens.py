# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a token endpoint gives, and what an access token says about itself. Pure. Private to the collection."""

from __future__ import annotations

import base64
import json
import math
from dataclasses import dataclass, field

from ansible_collections.docbits.ion.plugins.module_utils._infor import diagnosis as _diagnosis

# Below this a run over many environments outlives its own token.
SHORTEST_LIFETIME = 600


@dataclass(frozen=True)
class Token:
    """An access token as issued. Neither token ever shows in a repr.

    lifetime: seconds that it lives from its issue, or C(None) where Infor did not say
    """

    access_token: str = field(repr=False)
    refresh_token: str | None = field(default=None, repr=False)
    lifetime: float | None = None


@dataclass(frozen=True)
class Hints:
    """What the claims of an access token say, C(None) where they do not say it. Read without verification: a hint, never a judge.

    The names of the claims come from one token of 2020 that was seen; another tenant may issue opaque tokens.
    """

    opaque: bool
    tenant_matches: bool | None = None
    client_matches: bool | None = None
    linked_user: bool | None = None
    enforced_scopes: bool | None = None
    scopes: int | None = None

    def as_dict(self) -> dict:
        """The hints as a module returns them; O(scopes) is their number."""
        return dict(vars(self))


def token_in(body: dict, now: float) -> Token:
    """The token in a token endpoint's success.

    now: the wall clock in seconds, for a lifetime that only the token itself tells
    """
    access = body["access_token"]
    refresh = body.get("refresh_token")
    lifetime = _seconds(body.get("expires_in"))
    if lifetime is None:
        ends = _seconds(_claims_of(access).get("exp"))
        lifetime = ends - now if ends is not None else None
    return Token(access, refresh if isinstance(refresh, str) and refresh else None, lifetime)


def hints_of(access_token: str, tenant: str, client_id: str) -> Hints:
    """What O(access_token) says about itself, held against the tenant and the client id of the file."""
    claims = _claims_of(access_token)
    if not claims:
        return Hints(opaque=True)
    enforced, scope = claims.get("EnforceScopesForClient"), claims.get("scope")
    return Hints(
        opaque=False,
        tenant_matches=_same(claims.get("Tenant"), tenant),
        client_matches=_same(claims.get("client_id"), client_id),
        # Assumed: a token that names its service account but no Identity2 stands for no user.
        linked_user=bool(claims.get("Identity2")) if "Identity2" in claims or "ServiceAccount" in claims else None,
        enforced_scopes=None if enforced is None else str(enforced).lower() in ("1", "true"),
        scopes=len(scope.split()) if isinstance(scope, str) else None,
    )


def findings_of(hints: Hints, label: str) -> list:
    """Mixed files and scopes that nobody asked for, as warnings: the gateway has the last word."""
    found = []
    if hints.tenant_matches is False:
        found.append(_diagnosis.finding("J01", label, key="ti", what="tenant"))
    if hints.client_matches is False:
        found.append(_diagnosis.finding("J01", label, key="ci", what="client"))
    if hints.enforced_scopes and not hints.scopes:
        found.append(_diagnosis.finding("J02", label))
    return found


def _claims_of(access_token) -> dict:
    parts = access_token.split(".")
    if len(parts) != 3:
        return {}
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, RecursionError):
        return {}
    return claims if isinstance(claims, dict) else {}


def _same(claim, wanted):
    return claim.casefold() == wanted.casefold() if isinstance(claim, str) and claim else None


def _seconds(value):
    # Infor sends a number; clients are known that got it as text.
    if isinstance(value, bool):
        return None
    try:
        seconds = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return seconds if math.isfinite(seconds) and seconds > 0 else None
