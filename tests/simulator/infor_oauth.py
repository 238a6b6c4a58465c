# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Infor's authorization server: oauthlib's server side with Infor's rules, texts and claims put into its hooks."""

from __future__ import annotations

import base64
import binascii
import functools
import hmac
import secrets
import time
import uuid

from joserfc import jwt
from joserfc.jwk import RSAKey
from oauthlib.oauth2 import BearerToken, RequestValidator, RevocationEndpoint, TokenEndpoint
from oauthlib.oauth2.rfc6749 import errors
from oauthlib.oauth2.rfc6749.grant_types import (
    ClientCredentialsGrant,
    RefreshTokenGrant,
    ResourceOwnerPasswordCredentialsGrant,
)

from .infor_records import Grant, Records, Tenant, Token

# Scopes of OpenID Connect: every public client may ask for them, whatever scopes its service account has (tag B).
COMMON_SCOPES = {"openid", "profile", "email", "offline_access"}


class InvalidClient(errors.InvalidClientError):
    """Refused client; on premises IdentityServer says it with 400 and without a text (tag D)."""

    def __init__(self, tenant: Tenant):
        if tenant.flavour == "op":
            super().__init__(status_code=400)
        else:
            super().__init__("Invalid client or client credentials.")

    @property
    def headers(self):
        return {"WWW-Authenticate": 'Basic realm="Infor"'} if self.status_code == 401 else {}


class InforValidator(RequestValidator):
    """Who may have which token, in one tenant.

    `principal` is the client id once the client is known: the journal names it.
    """

    def __init__(self, records: Records, tenant: Tenant):
        self.records = records
        self.tenant = tenant
        self.principal: str | None = None

    # -- the client

    def check_client_and_grant(self, request) -> None:
        """First check of every token request; oauthlib alone would look at the parameters before the client."""
        self.authenticate_client(request)
        app = request.client
        if not app.enabled:
            raise errors.UnauthorizedClientError(request=request)
        if not request.grant_type:
            raise errors.InvalidRequestError("grant_type is required", request=request)
        allowed = [*app.grants, *(["refresh_token"] if app.issue_refresh_tokens else [])]
        if request.grant_type not in allowed:
            raise errors.UnsupportedGrantTypeError(f"Unsupported grant type {request.grant_type}. Expected one of {', '.join(app.grants)}", request=request)

    def authenticate_client(self, request, *args, **kwargs) -> bool:
        basic = _basic_credentials(request.headers.get("Authorization"))
        if basic and request.client_secret:
            raise errors.InvalidRequestError("Use one way of client authentication, not both", request=request)
        client_id, secret = basic or (request.client_id or "", request.client_secret or "")
        if self.tenant.switches.client_authentication == ("body" if basic else "header"):
            raise InvalidClient(self.tenant)
        app = self.records.app(client_id)
        if app is None or app.tenant != self.tenant.ti or not _same(app.secret, secret):
            raise InvalidClient(self.tenant)
        self.principal = client_id
        request.client = app
        request.client_id = client_id
        return True

    def client_authentication_required(self, request, *args, **kwargs) -> bool:
        return True

    def validate_grant_type(self, client_id, grant_type, client, request, *args, **kwargs) -> bool:
        return True  # check_client_and_grant has looked, with Infor's own error

    # -- the service account

    def validate_user(self, username, password, client, request, *args, **kwargs) -> bool:
        if username.split("#", 1)[0] != self.tenant.ti:
            raise errors.InvalidGrantError("Username does not match request tenant", request=request)
        account = self.records.service_account_of_key(username)
        if account is None or account.tenant != self.tenant.ti or not _same(account.sask, password):
            return False
        if not _usable(account):
            return False
        request.user = account
        return True

    # -- scopes

    def get_default_scopes(self, client_id, request, *args, **kwargs) -> list[str]:
        return []

    def validate_scopes(self, client_id, scopes, client, request, *args, **kwargs) -> bool:
        granted = None if request.user is None else request.user.scopes
        if granted is None:
            granted = client.scopes
        if granted is None:
            return not client.enforce_scopes or set(scopes) <= COMMON_SCOPES
        return set(scopes) <= COMMON_SCOPES | set(granted)

    # -- refresh tokens

    def validate_refresh_token(self, refresh_token, client, request, *args, **kwargs) -> bool:
        found = self.records.token(refresh_token, "refresh")
        account = self.records.service_account(found[1].service_account) if found else None
        if found is None or found[1].client_id != client.client_id or not _usable(account):
            raise errors.InvalidGrantError("unknown, invalid, or expired refresh token", request=request)
        request.user = account
        return True

    def get_original_scopes(self, refresh_token, request, *args, **kwargs) -> list[str]:
        return self.records.token(refresh_token, "refresh")[0].scopes

    def rotate_refresh_token(self, request) -> bool:
        return self.tenant.switches.rotate_refresh_tokens

    # -- tokens

    def save_bearer_token(self, token, request, *args, **kwargs) -> None:
        former = self.records.token(request.refresh_token, "refresh") if request.grant_type == "refresh_token" else None
        if former is None:
            account = request.user and request.user.id
            reused = self.records.grant_of(request.client_id, account) if self.tenant.switches.reuse_grant else None
            grant_id = reused or self.records.new_grant(Grant(tenant=self.tenant.ti, client_id=request.client_id, service_account=account))
        else:
            grant_id = former[0].grant
            if self.tenant.switches.refresh_ends_access_token:
                self.records.delete_access_tokens(grant_id)
            if token.get("refresh_token") != request.refresh_token:
                self.records.delete_token(request.refresh_token)
        scopes = request.scopes or []
        access = Token(
            kind="access",
            grant=grant_id,
            scopes=scopes,
            enforced=request.client.enforce_scopes,
            expires=time.time() + request.client.token_lifetime,
            issued=time.time(),
        )
        self.records.put_token(token["access_token"], access)
        if "refresh_token" in token:
            original = former[0].scopes if former else scopes
            self.records.put_token(token["refresh_token"], Token(kind="refresh", grant=grant_id, scopes=original))

    def revoke_token(self, token, token_type_hint, request, *args, **kwargs) -> None:
        """An access token dies alone, a refresh token takes its grant and all access tokens of it along (tag A)."""
        for kind in ("access", "refresh"):
            found = self.records.token(token, kind)
            if found is None or found[1].client_id != request.client_id:
                continue
            if kind == "access":
                self.records.delete_token(token)
            else:
                self.records.delete_grant(found[0].grant)


class InforBearer(BearerToken):
    """A token answer with Infor's keys: no `scope`, a refresh token only from an app that issues them."""

    __slots__ = ()

    def create_token(self, request, refresh_token=False, **kwargs):
        validator = self.request_validator
        wanted = refresh_token and request.client.issue_refresh_tokens
        if validator.tenant.flavour == "op":
            wanted = wanted and "offline_access" in (request.scopes or [])
        token = super().create_token(request, refresh_token=wanted)
        token.pop("scope", None)
        shape = validator.tenant.switches.expires_in
        if shape == "string":
            token["expires_in"] = str(token["expires_in"])
        elif shape == "missing":
            del token["expires_in"]
        return token


class AuthorizationServer(TokenEndpoint, RevocationEndpoint):
    """The token and revocation endpoints of one tenant."""

    def __init__(self, records: Records, tenant: Tenant):
        validator = InforValidator(records, tenant)
        first = {"pre_token": [validator.check_client_and_grant]}
        bearer = InforBearer(
            validator,
            token_generator=lambda request: _access_token(tenant, request),
            expires_in=lambda request: request.client.token_lifetime,
            refresh_token_generator=lambda request: secrets.token_urlsafe(32),
        )
        TokenEndpoint.__init__(
            self,
            default_grant_type="password",
            grant_types={
                "password": ResourceOwnerPasswordCredentialsGrant(validator, **first),
                "client_credentials": ClientCredentialsGrant(validator, **first),
                "refresh_token": RefreshTokenGrant(validator, **first),
            },
            default_token_type=bearer,
        )
        RevocationEndpoint.__init__(self, validator)

    @property
    def principal(self) -> str | None:
        return self.request_validator.principal


@functools.cache
def signing_key() -> RSAKey:
    """The throw-away key of this process; the gateway asks the store about a token, so no restart needs it again."""
    return RSAKey.generate_key(2048, private=True)


@functools.cache
def _key_id() -> str:
    return f"InforAccessTokenSigningCertificate-{int(time.time())}"


def _access_token(tenant: Tenant, request) -> str:
    if tenant.switches.token_format == "opaque":
        return secrets.token_urlsafe(32)
    account = request.user
    claims = {
        "scope": " ".join(request.scopes or []),
        "client_id": request.client_id,
        "jti": str(uuid.uuid4()),
        "ServiceAccount": account.saak if account else None,
        "Identity2": account.user.id if account and account.user else None,
        "Tenant": tenant.ti,
        "EnforceScopesForClient": "1" if request.client.enforce_scopes else "0",
        "exp": int(time.time()) + tenant.switches.clock_offset + request.client.token_lifetime,
    }
    claims.update(tenant.switches.token_claims)
    present = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode({"alg": "RS256", "kid": _key_id()}, present, signing_key())


def _usable(account) -> bool:
    """True when the service account and the user behind it, if there is one, are enabled."""
    return account is not None and account.enabled and (account.user is None or account.user.enabled)


def _same(expected: str, given: str) -> bool:
    return hmac.compare_digest(expected.encode(), given.encode())


def _basic_credentials(header: str | None) -> tuple[str, str] | None:
    scheme, _blank, encoded = (header or "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, _colon, secret = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return name, secret
