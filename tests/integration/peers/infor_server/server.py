# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The server: a token endpoint and a gateway as one ASGI application over one tenant's state."""

import asyncio
import base64
import email.utils
import json
import re
import time
import uuid
from urllib.parse import parse_qsl, unquote, unquote_plus

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from starlette.requests import Request
from starlette.responses import Response

from .answers import ANSWERS, DROP, HTML, SIGN_IN_HTML, SLOW, USERS_ME, Call, Reply, as_json, m3_error, product, unauthorized
from .moods import GATEWAY, ROLES

# Answers of what stands in front of Infor: given before any check of the token.
_IN_FRONT = ("proxy_", "lost", "slow", "302", "307", "html", "limit_html", "503")
_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Tenant:
    """The credentials, grants and tokens of one tenant."""

    def __init__(self, moods, credentials):
        self.moods, self.file = moods, credentials
        self.tokens, self.grants, self.logins = {}, [], 0
        self.secrets = {credentials[k] for k in ("cs", "saak", "sask")}
        self.docbits = self._grant("password")  # DocBits holds its own tokens of the same file.
        self.docbits_refresh, self.docbits_access = self.docbits["refresh"], self.issue(self.docbits, "")

    def now(self):
        """Return the time on the server's clock."""
        return time.time() + {"ahead": 600, "behind": -600}.get(self.moods["clock"], 0)

    def _grant(self, kind):
        grant = {"kind": kind, "refresh": "RT-" + _b64(uuid.uuid4().bytes + uuid.uuid4().bytes), "alive": True}
        self.secrets.add(grant["refresh"])
        self.grants.append(grant)
        return grant

    def grant(self, kind):
        """Return the grant of a new login: a new one, or the one that DocBits has, too."""
        if kind == "password" and self.moods["persistent_grant"] == "reused" and self.docbits["alive"]:
            return self.docbits
        return self._grant(kind)

    def issue(self, grant, scope):
        """Return a new access token of this grant."""
        life = {"short": 60, "2": 2}.get(self.moods["expires_in"], 7200)
        style, no_user = self.moods["token"], grant["kind"] != "password" or self.moods["account"] == "no_user"
        claims = {
            "scope": scope,
            "client_id": self.file["ci"],
            "jti": str(uuid.uuid4()),
            "ServiceAccount": self.file["saak"],
            "Identity2": "" if no_user else "00000000-0000-0000-0000-000000000001",
            "Tenant": "OTHER_TST" if style == "other_tenant" else self.file["ti"],
            "EnforceScopesForClient": "1" if self.moods["scope"] == "enforced" else "0",
            "exp": int(self.now()) + life,
        }
        if style == "iat":
            claims.update(iat=claims["exp"] - life, nbf=claims["exp"] - life)
        if style == "20k":
            claims["padding"] = _b64(uuid.uuid4().bytes * 950)
        if style == "opaque":
            token = "AT-" + _b64(uuid.uuid4().bytes + uuid.uuid4().bytes)
        elif style == "odd":
            token = f"AT{uuid.uuid4().hex}.{uuid.uuid4().hex}.x"
        else:
            head = {"alg": "RS256", "kid": "InforAccessTokenSigningCertificate-1700000000"}
            token = ".".join(_b64(json.dumps(part).encode()) for part in (head, claims))
            token += "." + _b64(_KEY.sign(token.encode(), padding.PKCS1v15(), hashes.SHA256()))
        self.tokens[token] = {"grant": grant, "issued": time.monotonic(), "life": life, "alive": True, "seen": set(), "scope": scope, "user": not no_user}
        self.secrets.add(token)
        return token

    def valid(self, token, surface):
        """Return the record of an access token that the gateway accepts for this call, or None."""
        record = self.tokens.get(token)
        if not record or not record["alive"] or time.monotonic() - record["issued"] > record["life"]:
            return None
        fresh, key = self.moods["fresh"], surface if self.moods["fresh"] == "each" else "any"
        first = key not in record["seen"]
        record["seen"].add(key)
        young = time.monotonic() - record["issued"] < 2
        refused = fresh == "never" or (first and fresh in ("once", "each")) or (young and fresh == "seconds")
        return None if refused else record

    def end(self, grant, access_only=False):
        """End the access tokens of a grant, and the grant itself."""
        grant["alive"] = grant["alive"] and access_only
        for record in self.tokens.values():
            if record["grant"] is grant:
                record["alive"] = False

    def docbits_ok(self):
        """Return whether the refresh token that DocBits holds still works."""
        return self.docbits["alive"] and self.docbits["refresh"] == self.docbits_refresh


class Server:
    """The ASGI application. `journal` has one entry per call, without any secret."""

    def __init__(self, tenant, slow):
        self.tenant, self.moods, self.slow = tenant, tenant.moods, slow
        self.journal, self.number = [], 0
        onprem = self.moods["site"] == "onprem"
        base = "/InforIntSTS/connect/" if onprem else "/{}/as/".format(tenant.file["ti"])
        self.token_path = base + ("token" if onprem else "token.oauth2")
        self.revoke_path = base + ("revocation" if onprem else "revoke_token.oauth2")
        self.authorize_path = base + ("authorize" if onprem else "authorization.oauth2")

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        body = await request.body()
        path = unquote(scope["raw_path"].decode("latin-1")) if scope.get("raw_path") else request.url.path
        entry = {
            "method": request.method,
            "path": path,
            "query": request.url.query,
            "surface": None,
            "grant": None,
            "auth": None,
            "scope": None,
            "mood": None,
            "status": None,
            "at": time.monotonic(),
            "accept": request.headers.get("accept"),
            "secret_in_url": self._any_secret(request.url.path + "?" + request.url.query),
            "sent_secret": False,
        }
        self.journal.append(entry)
        entry["sent_secret"] = self._any_secret(body.decode("latin-1") + repr(request.headers.items()))
        reply = self._route(request, path, body, entry)
        entry["status"] = reply.status
        if reply.status == DROP:
            # The protocol object behind `send` is the only way to end a connection without an answer.
            send.__self__.transport.abort()
            return
        if isinstance(reply.body, Reply):  # SLOW wraps the answer that comes later
            await asyncio.sleep(self.slow)
            reply = reply.body
        headers = dict({"Cache-Control": "no-cache, no-store", "Pragma": "no-cache"}, **reply.headers)
        headers["Date"] = email.utils.formatdate(self.tenant.now(), usegmt=True)
        await Response(reply.body, reply.status, headers, media_type=reply.type)(scope, receive, send)

    def _any_secret(self, text):
        plain = unquote_plus(text)
        basics = re.findall(r"Basic ([A-Za-z0-9+/=]+)", plain)
        plain += "".join(base64.b64decode(b + "==").decode("latin-1") for b in basics)
        return any(secret in text or secret in plain or unquote(secret) in plain for secret in self.tenant.secrets)

    # Routing

    def _route(self, request, path, body, entry):
        if path in (self.token_path, self.revoke_path):
            if request.method != "POST":
                return as_json({"error": "invalid_request", "error_description": "POST only"}, 405, Allow="POST")
            form = dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
            return self._oauth(request, form, entry, path == self.revoke_path)
        if path in ("/signin", self.authorize_path):
            return Reply(200, HTML, SIGN_IN_HTML)
        tenant, _slash, rest = path.lstrip("/").partition("/")
        if tenant != self.tenant.file["ti"]:
            if "/as/" in path or path.startswith("/elsewhere"):
                return Reply(404, HTML, "<html><body><h1>404</h1></body></html>")
            return as_json({"error": "Bad Request"}, 400)
        return self._gateway(request, rest, entry)

    def _mood(self, surface, entry, received, make, front=None):
        """Return the answer of a mood, or None. `make` carries the call out and gives the normal answer."""
        name = entry["mood"] if front is False else self.moods.take(surface)
        entry["mood"] = name
        if not name or name not in ANSWERS or (front and not name.startswith(_IN_FRONT)):
            return None
        reply = ANSWERS[name][1](Call(self.tenant.now(), surface, received))
        if reply.status in (DROP, SLOW):
            return reply._replace(body=make() if reply.status == SLOW else (make() and ""))
        return reply

    # OAuth2

    def _oauth(self, request, form, entry, revoke):
        grant = form.get("grant_type")
        surface = "revoke" if revoke else "refresh" if grant == "refresh_token" else "login"
        client, where = self._client(request, form)
        entry.update(surface=surface, grant=grant, auth=where, scope=form.get("scope"))
        self.tenant.logins += surface == "login"

        def make():
            return self._revoke(form, client) if revoke else self._token(form, client, where)

        received = [form[k] for k in ("client_secret", "username", "password", "refresh_token", "token") if k in form]
        if client and where == "basic":
            received += [client[1], request.headers["authorization"]]
        return self._mood(surface, entry, received, make) or make()

    @staticmethod
    def _client(request, form):
        header, body = request.headers.get("authorization", ""), ("client_secret" in form)
        if header.startswith("Basic ") and body:
            return None, "both"
        if header.startswith("Basic "):
            try:
                name, _colon, secret = base64.b64decode(header[6:]).decode().partition(":")
            except ValueError:
                return None, "basic"
            return (unquote_plus(name), unquote_plus(secret)), "basic"
        return ((form.get("client_id"), form["client_secret"]), "body") if body else (None, None)

    def _known(self, client, where):
        wanted = self.moods["client_auth"]
        return client == (self.tenant.file["ci"], self.tenant.file["cs"]) and wanted in ("any", where) and self.moods["app"] == "enabled"

    def _error(self, error, text=None, status=400):
        onprem = self.moods["site"] == "onprem"
        headers = {"WWW_Authenticate": 'Basic realm="as"'} if status == 401 and not onprem else {}
        body = {"error": error} if onprem or not text else {"error_description": text, "error": error}
        return as_json(body, 400 if onprem else status, **headers)

    def _token(self, form, client, where):
        tenant, grant_type = self.tenant, form.get("grant_type")
        limit = int(self.moods["login_limit"])
        if grant_type != "refresh_token" and tenant.logins > limit:
            return as_json({"error": "Quota policy exceeded"}, 429)
        if where == "both":
            return self._error("invalid_request", "more than one client authentication")
        if not self._known(client, where):
            return self._error("invalid_client", "Invalid client or client credentials.", 401)
        if not grant_type:
            return self._error("invalid_request", "grant_type is required")
        scope = form.get("scope", "")
        if scope and (self.moods["scope"] == "refused" or (self.moods["scope"] == "no_offline" and "offline_access" in scope)):
            return self._error("invalid_scope", "The requested scope is invalid, unknown, malformed, or exceeds that granted")
        if grant_type == "refresh_token":
            return self._refresh(form)
        allowed = {"both": ["password", "client_credentials"]}.get(self.moods["grant"], [self.moods["grant"]])
        if grant_type not in allowed:
            return self._error(
                "unsupported_grant_type", "Unsupported grant type {}. Expected one of {}".format(re.sub(r"\W", "", grant_type), ", ".join(allowed))
            )
        if grant_type == "password":
            name, file = form.get("username", ""), tenant.file
            if name.split("#")[0] != file["ti"]:
                return self._error("invalid_grant", "Username does not match request tenant")
            if (name, form.get("password")) != (file["saak"], file["sask"]) or self.moods["account"] == "disabled":
                return self._error("invalid_grant", "Invalid credentials.")
        return self._answer(tenant.grant(grant_type), scope)

    def _refresh(self, form):
        grant = next((g for g in self.tenant.grants if g["alive"] and g["refresh"] == form.get("refresh_token")), None)
        if not grant:
            return self._error("invalid_grant", "unknown, invalid, or expired refresh token")
        if self.moods["old_token"] == "ended":
            self.tenant.end(grant, access_only=True)
        if self.moods["refresh_token"] == "rotate":
            grant["refresh"] = "RT-" + _b64(uuid.uuid4().bytes + uuid.uuid4().bytes)
            self.tenant.secrets.add(grant["refresh"])
        return self._answer(grant, form.get("scope", ""))

    def _answer(self, grant, scope):
        body = {"access_token": self.tenant.issue(grant, scope), "refresh_token": grant["refresh"], "token_type": "Bearer"}
        expiry = self.moods["expires_in"]
        body["expires_in"] = {"string": "7200", "zero": 0, "null": None, "short": 60, "2": 2}.get(expiry, 7200)
        offline = self.moods["site"] != "onprem" or "offline_access" in scope
        drop = {
            "expires_in": expiry == "missing",
            "token_type": self.moods["token"] == "no_type",
            "refresh_token": self.moods["refresh_token"] == "none" or grant["kind"] != "password" or not offline,
        }
        if self.moods["token"] == "lower":
            body["token_type"] = "bearer"
        return as_json({k: v for k, v in body.items() if not drop.get(k)})

    def _revoke(self, form, client):
        if client is None or client != (self.tenant.file["ci"], self.tenant.file["cs"]):
            return self._error("invalid_client", "Invalid client or client credentials.", 401)
        token = form.get("token")
        if token in self.tenant.tokens:
            self.tenant.tokens[token]["alive"] = False
        for grant in self.tenant.grants:
            if grant["refresh"] == token:
                self.tenant.end(grant)  # Infor: the grant and its access tokens are revoked as well.
        return Reply(200, None, "")

    # Gateway

    def _gateway(self, request, rest, entry):
        surface, method = _surface(rest, request.method)
        header = request.headers.get("authorization", "")
        token = header[7:] if header[:7].lower() == "bearer " else None
        entry.update(surface=surface, auth="bearer" if token else None)
        if surface is None:
            return unauthorized() if token not in self.tenant.tokens else as_json({"error": "Not Found"}, 404)

        def make():
            return self._product(surface, request, token)

        front = self._mood(surface, entry, [header, token or ""], make, front=True)
        if front:
            return front
        if not self.tenant.valid(token, surface):
            return unauthorized()
        if request.method != method:
            return as_json({"error": "Method Not Allowed"}, 405)
        return self._mood(surface, entry, [header, token], make, front=False) or self._product(surface, request, token, entry["mood"])

    def _product(self, surface, request, token, mood=None):
        tenant, onprem = self.tenant, self.moods["site"] == "onprem"
        record = tenant.tokens.get(token) or {"user": False, "scope": ""}
        roles = ROLES[self.moods["roles"]] if record["user"] else []
        if self.moods["scope"] == "enforced" and not record["scope"]:
            return as_json({"error": "insufficient_scope"}, 403, WWW_Authenticate='Bearer error="insufficient_scope"')
        if surface in ("users_me", "info", "mingle") and onprem and not mood:
            return as_json({"error": "Not Found"}, 404)
        if surface == "users_me":
            user = {
                "id": "00000000-0000-0000-0000-000000000001",
                "displayName": "DocBits Service",
                "name": {"givenName": "DocBits", "familyName": "Service"},
                "emails": [{"value": "svc@example.com"}],
                "groups": [{"display": r, "type": "Security Role"} for r in roles],
            }
            return USERS_ME[mood or "standard"][1](user) if record["user"] else USERS_ME["empty_userlist"][1](None)
        if surface == "mingle":
            return as_json({"UserDetailList": [{"UserGUID": "00000000-0000-0000-0000-000000000001"}] if record["user"] else [], "ErrorList": None})
        if surface in ("entities", "entity", "search", "create") and not any(r.startswith("IDM-") for r in roles):
            return as_json({"error": {"code": 403, "detail": "Access denied"}}, 403)
        if surface == "m3" and not record["user"]:
            return m3_error("Illegal impersonation attempt (error: 163)")
        return product(surface)._replace(status=201 if surface in ("send", "create") else 200)


def _surface(rest, method):
    """Return (surface, allowed method) of a path below the tenant. The suite and Mingle's path ignore case."""
    table = (
        (r"ifsservice/usermgt/v2/users/me/?", "users_me"),
        (r"ifsservice/info/?", "info"),
        (r"Mingle/SocialService\.Svc/User/Detail", "mingle"),
        (r"IDM/api/datamodel/entities", "entities"),
        (r"IDM/api/datamodel/entities/[^/]+", "entity"),
        (r"IDM/api/items/search", "search"),
        (r"IDM/api/items", "create" if method == "POST" else "search"),
        (r"IONSERVICES/api/ion/messaging/service/ping", "ping"),
        (r"IONSERVICES/api/ion/messaging/service/(versions|protocol)", "versions"),
        (r"IONSERVICES/api/ion/messaging/service/v[23]/.+/acceptedDocuments", "docs"),
        (r"IONSERVICES/api/ion/messaging/service/v[23]/(multipartMessage|message/multipart)", "send"),
        (r"M3/m3api-rest/v2/execute/\w+/\w+/?", "m3"),
        (r"LN/lnapi/odata/(.+/)?\$metadata", "ln"),
        (r"DATAFABRIC/datalake/v2/ping|IONSERVICES/datacatalog/v1/status/ping", "datalake"),
    )
    for pattern, surface in table:
        if re.fullmatch(pattern, rest, re.I):
            assert surface in GATEWAY
            return surface, "POST" if surface in ("send", "create") else "GET"
    return None, None
