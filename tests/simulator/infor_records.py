# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the simulated Infor remembers: tenants, apps, service accounts, grants and tokens, and the switches of a scenario."""

from __future__ import annotations

import hashlib
import secrets
import time
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

TENANTS = "infor_tenants"
APPS = "infor_apps"
SERVICE_ACCOUNTS = "infor_service_accounts"
ACCOUNT_OF_KEY = "infor_account_of_key"
GRANTS = "infor_grants"
GRANT_OF = "infor_grant_of"
TOKENS = "infor_tokens"
TOKENS_OF_GRANT = "infor_tokens_of_grant"
LOGINS = "infor_logins"

ON_PREMISES_TENANT = "infor"

DAY = 24 * 60 * 60


class Record(BaseModel):
    """A record of the control API; a name it does not know is an error, so that a misspelt switch is seen."""

    model_config = ConfigDict(extra="forbid")


class LoginLimit(Record):
    """How many logins a tenant takes, and what it answers beyond that (status and form at the limit: tag U)."""

    per_minute: int | None = None
    per_day: int | None = None
    status: int = 429
    form: Literal["json", "sentence", "html"] = "json"
    retry_after: int | None = None


class TokenError(Record):
    """Another answer for an OAuth error code; None leaves a part as it is."""

    status: int | None = None
    error: str | None = None
    description: str | None = None


class ConnectionPoint(Record):
    """A connection point "IMS via API Gateway"; `client_id` is the ION API Client ID entered in ION Desk, None for that of every app."""

    client_id: str | None = None
    active: bool = True
    documents: list[str] = ["Sync.CaptureDocument"]


# Answers of users/me to an account with a user (tag U). A number is a status.
UsersMe = Literal[
    "normal",
    "error_list",
    "inner_error_list",
    "xml",
    "list",
    "other_keys",
    "no_userlist",
    "no_groups",
    "groups_null",
    "groups_strings",
    "groups_text",
    "groups_other_name",
    "first_page",
    204,
    404,
    501,
]
# Answers with status 200 that are no answer of the product (tag U).
ProductAnswer = Literal["error_list", "error_object", "xml_error", "text", "empty", "other_json", "page", "xhtml_page", "empty_list", "fail", "code_471"]


class Switches(Record):
    """The scenario of one tenant; the defaults are a healthy tenant."""

    # authorization server
    token_format: Literal["jwt", "opaque"] = "jwt"
    token_claims: dict[str, str | int | None] = {}
    expires_in: Literal["number", "string", "missing"] = "number"
    rotate_refresh_tokens: bool = False
    token_answer: Literal["normal", "html", "redirect", "truncated", "wrong_content_type", "no_access_token"] = "normal"
    token_status: int | None = None
    token_delay: float = 0
    token_errors: dict[str, TokenError] = {}
    login_limit: LoginLimit | None = None
    client_authentication: Literal["any", "header", "body"] = "any"
    refresh_ends_access_token: bool = False
    reuse_grant: bool = False
    clock_offset: int = 0

    # gateway: suite name (or "*" for all of them) to the status it answers instead of its own
    suites: dict[str, int] = {}
    gateway_delay: float = 0
    gateway_page: int | None = None
    retry_after: int | None = None
    fresh_token_refusals: int = 0
    fresh_token_seconds: float = 0

    # identity
    users_me: UsersMe = "normal"
    role_names: Literal["normal", "lower", "prefix", "words", "group"] = "normal"
    users_me_without_user: Literal["empty_list", "error_list", 401, 404] = "empty_list"
    list_implied_roles: bool = False

    # products: suite name to another answer with status 200
    product_answers: dict[str, ProductAnswer] = {}
    connection_points: dict[str, ConnectionPoint] = {"lid://infor.ims.docbits": ConnectionPoint()}
    ims_client_refused_status: int = 400
    idm_entities: list[str] = ["CaptureDocument"]
    m3_error: str | None = None
    m3_without_user_status: int = 200


class Tenant(Record):
    ti: str
    flavour: Literal["mt", "op"] = "mt"
    switches: Switches = Switches()


class App(Record):
    """An authorized app; `scopes` None means that no scopes were chosen for it."""

    client_id: str
    tenant: str
    secret: str
    name: str = ""
    grants: list[Literal["password", "client_credentials"]] = ["password"]
    issue_refresh_tokens: bool = True
    enabled: bool = True
    token_lifetime: int = 7200
    scopes: list[str] | None = None
    enforce_scopes: bool = False


class Group(Record):
    """An entry of `groups`; the strings that Infor uses for `type` are not known (tag U)."""

    display: str
    type: str | None = "Security Role"


class User(Record):
    """The Infor user behind a service account; `id` None plays an answer whose id is null."""

    id: str | None
    displayName: str = "DocBits Service"
    groups: list[str | Group] = []
    enabled: bool = True
    title: str = ""
    department: str = ""

    def group_entries(self) -> list[Group]:
        return [entry if isinstance(entry, Group) else Group(display=entry) for entry in self.groups]


class ServiceAccount(Record):
    """A saak/sask pair; `scopes` None means that the scopes of the app hold for it."""

    id: str
    tenant: str
    saak: str
    sask: str
    enabled: bool = True
    user: User | None = None
    scopes: list[str] | None = None


class Grant(Record):
    """What one login gave: every token of it ends with the grant."""

    tenant: str
    client_id: str
    service_account: str | None


class Token(Record):
    """A token as issued; `expires` is in seconds since the epoch, None for a refresh token."""

    kind: Literal["access", "refresh"]
    grant: str
    scopes: list[str] = Field(default_factory=list)
    enforced: bool = False
    expires: float | None = None
    issued: float = 0
    refusals: int = 0


class Records:
    """The records as models, over the plain document store.

    Nothing is cached here: one read by key costs microseconds, and a reset or a restart needs no second thought.
    """

    def __init__(self, store):
        self._store = store

    def _get(self, model, collection, key):
        value = self._store.get(collection, key)
        return None if value is None else model.model_validate(value)

    def tenant(self, ti: str) -> Tenant | None:
        return self._get(Tenant, TENANTS, ti)

    def app(self, client_id: str) -> App | None:
        return self._get(App, APPS, client_id)

    def service_account(self, account_id: str | None) -> ServiceAccount | None:
        return None if account_id is None else self._get(ServiceAccount, SERVICE_ACCOUNTS, account_id)

    def service_account_of_key(self, saak: str) -> ServiceAccount | None:
        return self.service_account(self._store.get(ACCOUNT_OF_KEY, saak))

    def put_tenant(self, tenant: Tenant) -> None:
        self._store.put(TENANTS, tenant.ti, tenant.model_dump())

    def put_app(self, app: App) -> None:
        self._store.put(APPS, app.client_id, app.model_dump())

    def put_service_account(self, account: ServiceAccount) -> None:
        self.delete_service_account(account.id)
        self._store.put(SERVICE_ACCOUNTS, account.id, account.model_dump())
        self._store.put(ACCOUNT_OF_KEY, account.saak, account.id)

    def delete_tenant(self, ti: str) -> None:
        self._store.delete(TENANTS, ti)

    def delete_app(self, client_id: str) -> None:
        self._store.delete(APPS, client_id)

    def delete_service_account(self, account_id: str) -> None:
        former = self.service_account(account_id)
        if former is not None:
            self._store.delete(SERVICE_ACCOUNTS, account_id)
            self._store.delete(ACCOUNT_OF_KEY, former.saak)

    def new_grant(self, grant: Grant) -> str:
        grant_id = secrets.token_hex(16)
        self._store.put(GRANTS, grant_id, grant.model_dump())
        self._store.put(GRANT_OF, f"{grant.client_id} {grant.service_account}", grant_id)
        return grant_id

    def put_token(self, text: str, token: Token) -> None:
        self._store.put(TOKENS, _digest(text), token.model_dump())
        if token.kind == "access":
            digests = self._store.get(TOKENS_OF_GRANT, token.grant) or []
            self._store.put(TOKENS_OF_GRANT, token.grant, list(dict.fromkeys([*digests, _digest(text)])))

    def token(self, text: str, kind: str) -> tuple[Token, Grant] | None:
        """The token and its grant, or None when it was never issued, has expired or was revoked."""
        token = self._get(Token, TOKENS, _digest(text))
        if token is None or token.kind != kind:
            return None
        if token.expires is not None and token.expires <= time.time():
            return None
        grant = self._get(Grant, GRANTS, token.grant)
        return None if grant is None else (token, grant)

    def refuses_fresh(self, text: str, token: Token, switches: Switches) -> bool:
        """Whether the gateway does not know this access token yet; counts the refusal."""
        if token.refusals < switches.fresh_token_refusals:
            self.put_token(text, token.model_copy(update={"refusals": token.refusals + 1}))
            return True
        return time.time() < token.issued + switches.fresh_token_seconds

    def grant_of(self, client_id: str, service_account: str | None) -> str | None:
        """The newest grant of a client and account that is alive, for tenants that reuse grants."""
        grant_id = self._store.get(GRANT_OF, f"{client_id} {service_account}")
        return grant_id if grant_id and self._store.get(GRANTS, grant_id) else None

    def delete_access_tokens(self, grant_id: str) -> None:
        """End the access tokens of a grant that were issued so far."""
        for digest in self._store.get(TOKENS_OF_GRANT, grant_id) or []:
            self._store.delete(TOKENS, digest)
        self._store.delete(TOKENS_OF_GRANT, grant_id)

    def delete_token(self, text: str) -> None:
        self._store.delete(TOKENS, _digest(text))

    def delete_grant(self, grant_id: str) -> None:
        self._store.delete(GRANTS, grant_id)

    def login_allowed(self, tenant: Tenant) -> bool:
        """Count a login against the tenant's limit; False when it is one too many (a refused one does not count)."""
        limit = tenant.switches.login_limit
        if limit is None:
            return True
        now = time.time()
        logins = [moment for moment in self._store.get(LOGINS, tenant.ti) or [] if moment > now - DAY]
        if limit.per_day is not None and len(logins) >= limit.per_day:
            return False
        if limit.per_minute is not None and sum(moment > now - 60 for moment in logins) >= limit.per_minute:
            return False
        self._store.put(LOGINS, tenant.ti, [*logins, now])
        return True


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
