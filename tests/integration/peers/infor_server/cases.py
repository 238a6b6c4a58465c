# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The judged cases: `CASES` by hand, `matrix()` by table. Each says what a correct client may answer."""

import random

from .judge import CLOSED, EARLY, PROVED, REFUSED, UNDETERMINED, Case, named
from .peer import ABSENT

P, R, U, E = PROVED, REFUSED, UNDETERMINED, EARLY

# Patterns by which a result names a cause.
APP = r"client|\bcs\b|\bci\b|authorized app"
ACCOUNT = r"service account|saak|sask|account"
LIMIT = r"limit|quota|too many|429|later|wait"
PAGE = r"proxy|firewall|\bpage\b|html|not json|json|portal|between|redirect"
NET = r"connect|network|reach|refused|port|answer|time"

# Sentences that claim a cause.
_THINGS = r"(client secret|client id|client authentication|secret|sask|saak|service account|password(?! grant)|credentials|authorized app)"
NO_CREDENTIALS = (
    r"\b(wrong|invalid|reset|disabled|deleted|refus\w+|reject\w+)\b.{0,60}\b" + _THINGS,
    r"\b" + _THINGS + r"\b.{0,60}\b(wrong|invalid|reset|disabled|deleted|refused|rejected|not accepted)\b",
)
NO_ROLE = (
    r"\black\w*\b.{0,60}\brole",
    r"\b(missing|not assigned|does not have|has no)\b.{0,40}\brole(?!s? list)",
    r"\broles?\b.{0,40}\b(is|are) (missing|not assigned)",
)
NO_USER = (r"\b(no|without( a)?|not linked to( a)?) user\b(?! ?list)", r"is no user")
NO_TENANT = (r"\btenant\b.{0,40}\b(wrong|missing|unknown|not (exist|found)|removed)", r"\b(wrong|missing|unknown|no) tenant", r"lacks (the|a) tenant")
NO_GATEWAY = (r"gateway (accept|works|lets|refus|reject|denie)", r"(accepted|refused|rejected) by the gateway")
NO_ACCOUNT = (r"\bfile\b.{0,20}\b(has|contains|is) (no|without( a)?) service account",)
NO_LIFETIME = (r"\blifetime\b.{0,60}\b(short|low|small|too|raise|only)", r"expire[sd]? (too|in -)", r"-\d+ ?(s|sec|seconds|min)\b")
NO_SCOPES = (r"scopes? (of|in|from) the file", r"\bsc\b", r"file'?s scopes?")
NO_CAUSE = NO_CREDENTIALS + NO_ROLE + NO_USER + NO_TENANT


def _no_refresh(peer, results):
    bad = ["the refresh token was used although nobody asked for it"] if peer.calls("refresh") else []
    return bad + ([] if peer.docbits_ok() else ["the refresh token that DocBits holds was ended"])


def _docbits_or_told(peer, results):
    told = any(named(r, r"used up|rotat|docbits.{0,80}(token|sign|log|grant)|(holder|grant).{0,60}(end|revok)") for r in results)
    return [] if peer.docbits_ok() or told else ["DocBits lost its refresh token, and the result does not tell"]


def _document_named(peer, results):
    ok = results[0]["outcome"] != P or named(results[0], r"document|CaptureDocument|Sync\.")
    return [] if ok else ["proved, without a word about the missing document"]


def _told(pattern):
    return lambda peer, results: [] if any(named(r, pattern) for r in results) else ["nothing names " + pattern]


def _flip(value):
    return ("A" if value[0] != "A" else "B") + value[1:]


def _case(name, outcome, says, *moods, **more):
    return Case(name, says, moods, frozenset(outcome), **more)


def _play(name, hosts, says, *moods, last=(P,), **more):
    steps = [({}, {"host": f"docbits-{n:02}"}, frozenset([P])) for n in range(1, hosts)] + [({}, {"host": "docbits-99"}, frozenset(last))]
    return Case(name, says, moods, steps=steps, **more)


LOGIN = [
    _case("healthy", [P], "Everything is accepted: proved, with one login.", logins=(1, 1), check=_no_refresh),
    _case("healthy_m3_ln", [P], "M3 and LN answer in their documented shapes: proved.", options={"m3": True, "ln": True}, stages={"m3": {P}, "ln": {P}}),
    _case(
        "wrong_secret",
        [R],
        "invalid_client: refused, the cause is the client; one more login with the credentials in the body is right.",
        file={"cs": _flip},
        logins=(1, 2),
        cause=APP,
        wrong=NO_ROLE + NO_USER + NO_TENANT,
    ),
    _case(
        "wrong_account_secret",
        [R],
        "invalid_grant: refused, the cause is the service account.",
        file={"sask": _flip},
        logins=(1, 1),
        cause=ACCOUNT,
        wrong=NO_ROLE + NO_TENANT,
    ),
    _case("account_disabled", [R], "invalid_grant: refused, the cause is the service account.", "account:disabled", cause=ACCOUNT),
    _case("app_disabled", [R], "invalid_client: refused, the cause is the authorized app.", "app:disabled", logins=(1, 2), cause=APP),
    _case(
        "account_of_other_tenant",
        [R, E],
        "The account names another tenant: refused, also before any call.",
        file={"saak": lambda v: "OTHER_TST#" + v.split("#")[1]},
        cause=r"tenant",
        names=r"tenant|saak",
    ),
    _case("body_only", [P], "Basic is refused, the body is accepted: proved with at most two logins.", "client_auth:body", logins=(1, 2)),
    _case("basic_only", [P], "The body is refused, Basic is accepted: proved with at most two logins.", "client_auth:basic", logins=(1, 2)),
    _case(
        "body_only_wrong_secret", [R], "Refused both ways: refused, the cause is the client.", "client_auth:body", file={"cs": _flip}, logins=(1, 2), cause=APP
    ),
    _case(
        "app_wants_client_credentials",
        [R],
        "The app allows client_credentials only: refused, the cause is the grant type.",
        "grant:client_credentials",
        cause=r"grant|client_credentials|password",
        wrong=NO_ACCOUNT,
    ),
    _case(
        "no_service_account",
        [R, U, E],
        "A file without a service account is no proof for DocBits, which needs a user: refused, undetermined, or a clear error.",
        "grant:client_credentials",
        file={"saak": ABSENT, "sask": ABSENT},
        names=r"service account|saak",
    ),
    _case(
        "no_service_account_password_app",
        [R, U, E],
        "As before; the server says that it expects password.",
        file={"saak": ABSENT, "sask": ABSENT},
        names=r"service account|saak",
    ),
    _case("login_429", [U], "A limit is no refusal of this file: undetermined; no login in a loop.", "login:429", logins=(1, 2), names=LIMIT, wrong=NO_CAUSE),
    _case(
        "login_429_once_retry_after",
        [P, U],
        "One 429 with Retry-After: 1: wait and go on, or undetermined.",
        "login:429_1*1",
        logins=(1, 2),
        names=LIMIT,
        wrong=NO_CAUSE,
    ),
    _case(
        "login_429_retry_after_3600",
        [U],
        "An hour is longer than the deadline: undetermined within the deadline, with the time.",
        "login:429_3600",
        options={"deadline": 6},
        seconds=12,
        logins=(1, 1),
        names=r"3600|3[ ,]?599|1 hour|one hour|60 ?min|1 h\b|\d\d:\d\d",
        wrong=NO_CAUSE,
    ),
    _case(
        "login_429_retry_after_date",
        [U],
        "Retry-After as a date, an hour ahead on the server's clock, which is behind: undetermined within the deadline.",
        "login:429_date",
        "clock:behind",
        options={"deadline": 6},
        seconds=12,
        logins=(1, 1),
        names=LIMIT,
        wrong=NO_CAUSE + NO_LIFETIME,
    ),
    _case("login_429_html", [U], "A 429 page: undetermined.", "login:429_html", logins=(1, 2), names=LIMIT, wrong=NO_CAUSE),
    _case("login_limit_400", [U], "A limit told as 400 with a sentence: undetermined.", "login:limit_400", logins=(1, 2), wrong=NO_CAUSE),
    _case("login_limit_invalid_grant", [U], "A limit told as invalid_grant with a sentence: undetermined.", "login:limit_grant", logins=(1, 2), wrong=NO_CAUSE),
    _case("login_limit_403", [U], "A limit told as 403 with a sentence: undetermined.", "login:limit_403", logins=(1, 2), wrong=NO_CAUSE),
    _case("login_limit_html", [U], "A limit told as a 403 page: undetermined.", "login:limit_html", logins=(1, 2), wrong=NO_CAUSE),
    _case("login_500_oauth", [U], "A 500 is an outage, whatever its body says: undetermined.", "login:500_oauth", logins=(1, 3), wrong=NO_CAUSE),
    _case("login_503_once", [P, U], "One 503: try again, or undetermined.", "login:503*1", logins=(1, 2), wrong=NO_CAUSE),
    _case("login_503", [U], "An outage: undetermined, at most three logins.", "login:503", logins=(1, 3), wrong=NO_CAUSE),
    _case("login_lost", [U], "No answer: undetermined; the login may have counted.", "login:lost", logins=(1, 3), wrong=NO_CAUSE, names=NET),
    _case("login_lost_once", [P, U], "One lost answer: one more login, or undetermined.", "login:lost*1", logins=(1, 2), wrong=NO_CAUSE),
    _case(
        "login_slow",
        [U],
        "Slower than the timeout: undetermined, within the deadline.",
        "login:slow",
        slow=8,
        options={"timeout": 1, "deadline": 6},
        seconds=12,
        logins=(1, 3),
        wrong=NO_CAUSE,
    ),
    _case("login_307", [U], "A redirect of a POST with credentials is not followed: undetermined.", "login:307", wrong=NO_CREDENTIALS + NO_ROLE),
    _case("login_302", [U], "A redirect to a sign-in page: undetermined.", "login:302", wrong=NO_CREDENTIALS + NO_ROLE),
    _case(
        "login_html",
        [U, R],
        "A page with 200 is no OAuth answer: undetermined, or refused for the URL of the file.",
        "login:html",
        names=PAGE + "|oauth|pu",
        wrong=NO_CREDENTIALS + NO_ROLE,
    ),
    _case("login_xhtml", [U, R], "As before, in XHTML.", "login:xhtml", names=PAGE + "|oauth|pu", wrong=NO_CREDENTIALS + NO_ROLE),
    _case("login_object", [U, R], "200 without access_token: undetermined, or refused as no OAuth server.", "login:object", wrong=NO_CREDENTIALS + NO_ROLE),
    _case("login_error_string", [U, R], "200 with an error of OAuth: never proved.", "login:error_string", wrong=NO_ROLE),
    _case("login_proxy_401", [U], "A proxy's 401 says nothing about the file: undetermined.", "login:proxy_401", logins=(1, 2), wrong=NO_CAUSE),
    _case("login_proxy_403", [U], "A firewall's 403: undetermined.", "login:proxy_403", logins=(1, 2), wrong=NO_CAUSE),
    _case(
        "login_proxy_404", [U], "A proxy's 404: undetermined; that the tenant does not exist was not seen.", "login:proxy_404", logins=(1, 2), wrong=NO_CAUSE
    ),
    _case("login_proxy_407", [U], "The proxy wants credentials: undetermined.", "login:proxy_407", logins=(1, 2), wrong=NO_CAUSE),
    _case("login_echo", [U, R], "The error body repeats all secrets: none is in the result.", "login:echo", logins=(1, 2)),
    _case("login_echo_oauth", [R, U], "As before, in the description of an OAuth error.", "login:echo_oauth", logins=(1, 2)),
    _case("login_echo_part", [R, U], "As before, with parts of the secrets, that no search for whole secrets finds.", "login:echo_part", logins=(1, 2)),
    _case("pu_closed", [U], "Nothing listens: undetermined.", file={"pu": CLOSED}, logins=(0, 0), names=NET, wrong=NO_CAUSE),
    _case("iu_closed", [U], "The gateway does not answer: undetermined.", file={"iu": CLOSED}, names=NET + "|gateway|iu", wrong=NO_CAUSE),
    _case(
        "unknown_ca",
        [U],
        "The CA of the server is not known: undetermined, and no credentials are sent.",
        options={"ca": None},
        logins=(0, 0),
        names=r"certificat|tls|ssl|\bca\b",
        wrong=NO_CAUSE,
    ),
    _case(
        "no_refresh_token",
        [R, U, P],
        "DocBits asks for a refresh token: refused, undetermined or a warning, but it is told.",
        "refresh_token:none",
        cause=r"refresh",
        check=_told(r"refresh"),
    ),
    _case("expires_in_string", [P], "A numeric string is a number: proved.", "expires_in:string", wrong=NO_LIFETIME),
    _case("expires_in_missing", [P], "It may be missing: proved.", "expires_in:missing", wrong=NO_LIFETIME),
    _case("token_opaque", [P], "A token need not be a JWT: proved.", "token:opaque"),
    _case("token_odd", [P], "Dots make no JWT: proved.", "token:odd"),
    _case("token_type_missing", [P, U], "Infor always sends token_type: proved or undetermined.", "token:no_type"),
    _case("token_type_lower", [P], "token_type ignores case: proved.", "token:lower"),
    _case("token_of_other_tenant", [P, R, U], "A JWT is a hint only: it may be told, and the calls decide.", "token:other_tenant"),
    _case("scope_enforced", [P], "The scopes of the file are sent: proved.", "scope:enforced", wrong=NO_SCOPES),
    _case(
        "scope_refused",
        [R, U, P],
        "invalid_scope: refused with that cause; or proved without scopes, which is told.",
        "scope:refused",
        file={"sc": ["Infor-IDM", "Infor-ION", "INFOR-IFS"], "v": "1.1"},
        logins=(1, 2),
        cause="scope",
        check=_told("scope"),
    ),
]

GATEWAY = [
    _case("fresh_once", [P], "The gateway lags behind the token: the call is tried again, proved.", "fresh:once", logins=(1, 2)),
    _case("fresh_each", [P, U], "Each product lags: proved, or undetermined.", "fresh:each", logins=(1, 2), wrong=NO_CAUSE),
    _case("fresh_seconds", [P, U], "Two seconds of lag: proved after a wait, or undetermined.", "fresh:seconds", logins=(1, 2), wrong=NO_CAUSE),
    _case(
        "fresh_never",
        [R, U],
        "The gateway refuses every new token: refused with that cause, or undetermined; no more than two logins.",
        "fresh:never",
        logins=(1, 2),
        names=r"gateway|401|token",
        wrong=NO_ROLE + NO_USER,
    ),
    _case("ifs_401_once", [P], "One 401 of IFS: tried again, proved.", "users_me:401*1", logins=(1, 2)),
    _play("ifs_401_once_for_all_hosts", 3, "One 401 in the first of three hosts is not remembered: proved for all.", "users_me:401*1", logins=(1, 2)),
    _case(
        "ifs_401",
        [R, U],
        "Only IFS refuses the token: refused by IFS, or undetermined; not the gateway.",
        "users_me:401",
        logins=(1, 2),
        wrong=NO_ROLE + NO_USER + (r"gateway (refus|reject)",),
    ),
    _case("gateway_proxy_403", [U], "A firewall's page for each call: undetermined.", "gateway:proxy_403", names=PAGE + "|403", wrong=NO_CAUSE + NO_GATEWAY),
    _case("gateway_proxy_404", [U], "A proxy's 404 for each call: undetermined; not the tenant.", "gateway:proxy_404", wrong=NO_CAUSE + NO_GATEWAY),
    _case("gateway_proxy_401", [U], "A proxy's 401 for each call: undetermined.", "gateway:proxy_401", logins=(1, 2), wrong=NO_CAUSE + NO_GATEWAY),
    _case("gateway_proxy_200", [U], "A captive portal: undetermined.", "gateway:proxy_200", names=PAGE, wrong=NO_CAUSE + NO_GATEWAY),
    _case("gateway_404", [R, U], "404 in JSON for each suite: the path or the tenant, refused or undetermined.", "gateway:404", wrong=NO_ROLE + NO_USER),
    _case(
        "gateway_wrong_tenant_path",
        [R, U, E],
        "The file names another tenant in ti: refused, undetermined, or before any call.",
        file={"ti": "OTHER_TST"},
        names=r"tenant|\bti\b",
    ),
    _case(
        "two_products_fail_differently",
        [U],
        "A firewall's 403 and a 503: nobody saw the gateway accept the token.",
        "gateway:503",
        "idm:proxy_403",
        "users_me:proxy_404",
        wrong=NO_CAUSE + NO_GATEWAY,
    ),
    _case(
        "one_bare_400",
        [U],
        "A framework's 400 of IDM alone: undetermined; the tenant is in the path.",
        "idm:400_framework",
        stages={"idm": {U}, "ion": {P}},
        wrong=NO_TENANT + NO_ROLE,
    ),
    _case(
        "one_tenant_400",
        [U],
        "The same body as for a missing tenant, but from IDM alone: undetermined.",
        "idm:400_tenant",
        stages={"idm": {U}, "ion": {P}},
        wrong=NO_TENANT + NO_ROLE,
    ),
    _case(
        "gateway_429_3600",
        [U],
        "A quota: undetermined within the deadline, with the time.",
        "gateway:429_3600",
        options={"deadline": 6},
        seconds=12,
        names=LIMIT,
        wrong=NO_CAUSE,
    ),
    _case("gateway_echo", [R, U], "Error bodies repeat the token: it is not in the result.", "gateway:echo"),
    _case("gateway_echo_part", [R, U], "As before, with a part of the token.", "gateway:echo_part"),
    _case("gateway_echo_list", [R, U], "As before, in an ErrorList with status 200.", "gateway:echo_list"),
    _case("m3_echo", [R, U], "As before, in the errorMessage of M3.", "m3:echo_m3", options={"m3": True}, stages={"m3": {R, U}}),
    _case("refresh_echo_oauth", [R, U], "As before, for the refresh token.", "refresh:echo_oauth", options={"refresh": True}, logins=(1, 2)),
    _case(
        "everything_lost", [U], "No call has an answer: undetermined within the deadline.", "gateway:lost", options={"deadline": 10}, seconds=20, wrong=NO_CAUSE
    ),
    _case(
        "gateway_slow",
        [U],
        "Slower than the timeout: undetermined within the deadline.",
        "gateway:slow",
        slow=8,
        options={"timeout": 1, "deadline": 8},
        seconds=15,
        wrong=NO_CAUSE,
    ),
]

_UNREADABLE = {
    "list": {P, U},
    "xml": {P, U},
    "userlist_top": {P, U},
    "userlist_object": {P, U},
    "other_keys": {P, U},
    "no_userlist": {U},
    "userlist_null": {U},
    "inner_error_list": {U},
    "user_and_errors": {U},
    "no_groups": {U},
    "groups_null": {U},
    "groups_text": {P, U},
    "groups_string": {P, U},
    "groups_object": {P, U},
    "groups_other_name": {P, U},
    "groups_other_key": {P, U},
    "groups_ids": {U},
    "prefix": {P, U},
    "display_names": {P, U},
    "via_group": {P, U},
    "pages": {P, U},
}
ROLES = (
    [
        _case(
            "users_me_" + shape,
            wanted,
            "The account has the roles, but the list is not readable for sure: {}; never a missing role or user.".format(" or ".join(sorted(wanted))),
            "users_me:" + shape,
            stages={"roles": wanted, "idm": {P}},
            wrong=NO_ROLE + NO_USER,
        )
        for shape, wanted in _UNREADABLE.items()
    ]
    + [
        _case(
            "users_me_" + answer,
            wanted,
            "IFS gives no list: {}; the other products answer.".format(" or ".join(sorted(wanted))),
            "users_me:" + answer,
            stages={"roles": wanted, "idm": {P}, "ion": {P}},
            wrong=NO_ROLE + NO_USER + NO_TENANT,
        )
        for answer, wanted in (
            ("204", {U}),
            ("404", {U}),
            ("501", {U}),
            ("html", {U}),
            ("xhtml", {U}),
            ("empty", {U}),
            ("error_list", {U, R}),
            ("proxy_403", {U}),
            ("proxy_404", {U}),
            ("429", {U}),
            ("limit_403", {U}),
        )
    ]
    + [
        _case("roles_other_case", [P], "Names of roles ignore case: proved.", "users_me:other_case"),
        _case("roles_blanks", [P], "Names of roles are trimmed: proved.", "users_me:blanks"),
        _case("roles_extra_groups", [P], "Other groups do not disturb: proved.", "users_me:extra_groups"),
        _case(
            "roles_groups_empty",
            [R, U],
            "An empty list, but IDM answers: undetermined, or refused for the missing roles.",
            "users_me:groups_empty",
            wrong=NO_USER,
        ),
        _case("role_missing", [R], "The list is readable and IDM refuses: refused for the role.", "roles:none", cause="role|IDM-"),
        _case("role_missing_advanced", [R, U], "IDM-User only: refused for IDM-AdvancedUser, or undetermined.", "roles:user", cause="IDM-AdvancedUser"),
        _case("role_by_admin", [P], "IDM-Administrator includes IDM-AdvancedUser: proved, with a warning at most.", "roles:admin"),
        _case("no_mingle_by_default", [P], "Newer tenants have no MingleEnterprise: proved by default.", "roles:no_mingle"),
        _case(
            "no_mingle_but_required",
            [R],
            "The user requires it, and it is not there: refused for that role.",
            "roles:no_mingle",
            options={"required_roles": ["IDM-AdvancedUser", "MingleEnterprise"]},
            cause="MingleEnterprise",
        ),
        _case(
            "no_user",
            [R],
            "No user behind the account: userlist empty and IDM refuses; refused with that cause.",
            "account:no_user",
            cause=r"user",
            stages={"token": {P}, "idm": {R, U}},
        ),
        _case("no_user_m3", [R], "M3 says error 163: refused, no user behind the account.", "account:no_user", options={"m3": True}, cause="user"),
        _case(
            "onprem_no_users_me",
            [P, U],
            "On premises there may be no users/me: proved without it, or undetermined.",
            "site:onprem",
            options={"profile": "onprem"},
            wrong=NO_ROLE + NO_USER,
        ),
        _case(
            "onprem_wrong_secret",
            [R],
            "IdentityServer says invalid_client with 400: refused, the client.",
            "site:onprem",
            options={"profile": "onprem"},
            file={"cs": _flip},
            logins=(1, 2),
            cause=APP,
        ),
        _case(
            "onprem_no_offline_access",
            [P, U, R],
            "offline_access is not in the file: its refusal is not blamed on the file's scopes.",
            "site:onprem",
            "scope:no_offline",
            options={"profile": "onprem"},
            logins=(1, 2),
            wrong=NO_SCOPES + NO_CREDENTIALS,
        ),
    ]
)

_FALSE_200 = (
    "error_list",
    "error_object",
    "error_string",
    "xml_error",
    "text",
    "empty",
    "null",
    "object",
    "other_json",
    "204",
    "html",
    "xhtml",
    "html_as_json",
    "truncated",
)
PRODUCTS = [
    _case(
        "idm_" + answer,
        [U, R] if "error" in answer else [U],
        "IDM did not answer in its shape: %s; never proved." % ("undetermined, or refused by its words" if "error" in answer else "undetermined"),
        "idm:" + answer,
        stages={"idm": {U, R}},
        wrong=NO_CAUSE,
    )
    for answer in _FALSE_200
] + [
    _case("idm_403", [U, R], "IDM refuses although the roles are there: refused by IDM, or undetermined; no missing role.", "idm:403", wrong=NO_ROLE),
    _case("idm_404", [U, R], "404 in JSON of IDM alone: not entitled, or undetermined.", "idm:404", wrong=NO_ROLE + (NO_TENANT[0],)),
    _case("idm_500_once", [P, U], "One 500: proved after a second try, or undetermined.", "idm:500*1", wrong=NO_CAUSE),
    _case("idm_500_oauth", [U], "A 500 with OAuth words: undetermined.", "idm:500_oauth", wrong=NO_CAUSE),
    _case("idm_entities_list", [P, U], "The root key is not documented: proved or undetermined.", "entities:entities_list", wrong=NO_CAUSE),
    _case("idm_entities_none", [P, U], "The likely shape without an entity: proved or undetermined.", "entities:entities_none", wrong=NO_CAUSE),
    _case(
        "docs_empty_list",
        [R, U],
        "acceptedDocuments `[]`: DocBits cannot send anything; refused or undetermined.",
        "docs:empty_list",
        stages={"ion": {R, U}},
        names=r"document|connection point|ion",
    ),
    _case("docs_fail", [R, U], "Status FAIL in a 200: never proved.", "docs:fail", stages={"ion": {R, U}}, wrong=NO_ROLE),
    _case(
        "docs_fail_471",
        [R, U],
        "Code 471 in a 200: the client id is not that of the connection point.",
        "docs:fail_471",
        stages={"ion": {R, U}},
        cause=r"connection point|client id",
    ),
    _case("docs_412", [R, U], "412: the connection point is inactive or missing.", "docs:412", cause=r"connection point", stages={"ion": {R, U}}),
    _case("docs_404", [U, R], "404: undetermined, or refused for the connection point.", "docs:404", stages={"ion": {R, U}}, wrong=NO_TENANT + NO_ROLE),
    _case(
        "docs_other_document",
        [R, U, P],
        "Sync.CaptureDocument is not in the list: refused, undetermined, or proved with a warning.",
        "docs:other_document",
        check=_document_named,
    ),
    _case("docs_as_objects", [P, U], "The items are not documented: proved or undetermined.", "docs:documents_as_objects", wrong=NO_CAUSE),
    _case("docs_html", [U], "A sign-in page: undetermined.", "docs:html", stages={"ion": {U}}, wrong=NO_CAUSE),
    _case("docs_object", [U], "An empty object: undetermined.", "docs:object", stages={"ion": {U}}, wrong=NO_CAUSE),
    _case("ping_471", [R, U], "Ping with 471 in the body is no proof.", "ping:fail_471", stages={"ion": {R, U}}),
    _case("ping_empty", [P, U], "The body of ping is not documented: an empty one may do, as the documents are listed.", "ping:empty", wrong=NO_CAUSE),
    _case("ping_pong", [P, U], "As before, with a word.", "ping:pong", wrong=NO_CAUSE),
    _case("ping_xhtml", [U], "A sign-in page is no ping: undetermined.", "ping:xhtml", stages={"ion": {U}}, wrong=NO_CAUSE),
    _case("ion_html", [U], "Sign-in pages: undetermined.", "ion:html", stages={"ion": {U}}, wrong=NO_CAUSE),
    _case("ion_error_list", [U, R], "An ErrorList in a 200: never proved.", "ion:error_list", stages={"ion": {R, U}}),
    _case("m3_no_results", [U, R], "No result is no proof.", "m3:m3_no_results", options={"m3": True}, stages={"m3": {R, U}}),
    _case("m3_terminated", [U, R], "wasTerminated: never proved.", "m3:m3_terminated", options={"m3": True}, stages={"m3": {R, U}}),
    _case(
        "m3_error",
        [U, R],
        "errorMessage in the first result: refused by M3 or undetermined.",
        "m3:m3_error",
        options={"m3": True},
        stages={"m3": {R, U}},
        wrong=NO_USER,
    ),
    _case(
        "m3_163", [U, R], "Error 163, although users/me lists a user: refused by M3, or undetermined.", "m3:m3_163", options={"m3": True}, stages={"m3": {R, U}}
    ),
    _case("m3_html", [U], "A sign-in page: undetermined.", "m3:html", options={"m3": True}, stages={"m3": {U}}, wrong=NO_CAUSE),
    _case("ln_html", [U], "A sign-in page: undetermined.", "ln:html", options={"ln": True}, stages={"ln": {U}}, wrong=NO_CAUSE),
    _case("ln_404", [U], "The path may need a service name: undetermined.", "ln:404", options={"ln": True}, stages={"ln": {U}}, wrong=NO_CAUSE),
]

_ALL_HOSTS = {"logins": (1, 1), "wrong": NO_LIFETIME}
TIME = [
    _play("clock_ahead", 5, "The clocks differ by ten minutes: proved for five hosts with one login.", "clock:ahead", **_ALL_HOSTS),
    _play("clock_behind", 5, "As before, the other way.", "clock:behind", **_ALL_HOSTS),
    _play(
        "clock_behind_no_expires_in", 3, "Without expires_in the JWT counts against the server's own Date.", "clock:behind", "expires_in:missing", **_ALL_HOSTS
    ),
    _play("clock_ahead_iat", 3, "With iat, the JWT's own times count.", "clock:ahead", "token:iat", "expires_in:missing", **_ALL_HOSTS),
    _play(
        "clock_behind_short",
        2,
        "A token of 60 s, with a wrong clock: proved.",
        "clock:behind",
        "expires_in:short",
        logins=(1, 2),
        wrong=(NO_LIFETIME[1], NO_LIFETIME[2]),
    ),
    _play("token_20k", 3, "A token of 20 KiB is shared as well: one login for three hosts.", "token:20k", logins=(1, 1)),
    _play("login_limit_shared", 4, "Infor allows one login only: four hosts share it.", "login_limit:1", logins=(1, 1)),
    Case(
        "expires_in_zero",
        "0 is no lifetime: proved or undetermined for each host; one login for a host at most.",
        ("expires_in:zero",),
        steps=[({}, {"host": "a"}, frozenset([P, U])), ({}, {"host": "b"}, frozenset([P, U]))],
        logins=(1, 2),
    ),
    _play("hosts_at_once", 4, "Four hosts at the same time share one login.", "clock:behind", parallel=True, **_ALL_HOSTS),
]

_REVOKE = {"revoke": True}
REFRESH = [
    _case(
        "refresh_not_by_default",
        [P],
        "By default no refresh token is used, as DocBits may hold the same grant.",
        "persistent_grant:reused",
        "refresh_token:rotate",
        check=_no_refresh,
    ),
    _case("refresh_asked", [P], "The refresh works: proved.", options={"refresh": True}, stages={"refresh": {P}}, logins=(1, 2)),
    _case(
        "refresh_asked_rotating_shared",
        [P, U, R],
        "The refresh ends the token of DocBits: the result says so, or no refresh is made.",
        "persistent_grant:reused",
        "refresh_token:rotate",
        options={"refresh": True},
        check=_docbits_or_told,
        logins=(1, 2),
    ),
    _case(
        "refresh_ends_old_token",
        [P],
        "The refresh ends the old access token: the rest of the run uses the new one.",
        "old_token:ended",
        options={"refresh": True},
        logins=(1, 2),
    ),
    _case(
        "refresh_limit_invalid_grant",
        [U],
        "A limit told as invalid_grant: undetermined.",
        "refresh:limit_grant",
        options={"refresh": True},
        stages={"refresh": {U}},
        logins=(1, 2),
        wrong=NO_LIFETIME + NO_CAUSE,
    ),
    _case(
        "refresh_refused",
        [R, U],
        "The server refuses the refresh: refused or undetermined, and it is not the lifetime.",
        "refresh:invalid_grant",
        options={"refresh": True},
        stages={"refresh": {R, U}},
        logins=(1, 2),
        wrong=NO_LIFETIME + NO_CREDENTIALS,
    ),
    _case(
        "refresh_429",
        [U],
        "A limit: undetermined.",
        "refresh:429",
        options={"refresh": True},
        stages={"refresh": {U}},
        logins=(1, 2),
        wrong=NO_LIFETIME + NO_CAUSE,
    ),
    _case(
        "refresh_500",
        [U],
        "An outage: undetermined.",
        "refresh:500",
        options={"refresh": True},
        stages={"refresh": {U}},
        logins=(1, 2),
        wrong=NO_LIFETIME + NO_CAUSE,
    ),
    _case(
        "refresh_html",
        [U],
        "A page: undetermined.",
        "refresh:html",
        options={"refresh": True},
        stages={"refresh": {U}},
        logins=(1, 2),
        wrong=NO_LIFETIME + NO_CAUSE,
    ),
    Case(
        "refresh_lost_then_again",
        "The answer of the refresh is lost: undetermined there; the next task of the play is proved.",
        ("refresh:lost*1", "refresh_token:rotate", "old_token:ended"),
        steps=[({}, {"refresh": True}, frozenset([P, U])), ({}, {}, frozenset([P]))],
        logins=(1, 2),
        wrong=NO_CREDENTIALS,
    ),
    Case(
        "refresh_rotates_then_again",
        "Rotation and an ended old token: a later task of the play is proved.",
        ("refresh_token:rotate", "old_token:ended"),
        steps=[({}, {"refresh": True}, frozenset([P])), ({}, {"refresh": True}, frozenset([P]))],
        logins=(1, 2),
    ),
    Case(
        "revoke_then_again",
        "What this run revoked is logged in anew once: both tasks are proved.",
        (),
        steps=[({}, _REVOKE, frozenset([P])), ({}, {}, frozenset([P]))],
        logins=(1, 2),
    ),
    Case(
        "revoke_with_refresh_then_again",
        "As before, with a refresh that rotates and ends the old token.",
        ("refresh_token:rotate", "old_token:ended"),
        steps=[({}, {"revoke": True, "refresh": True}, frozenset([P])), ({}, {}, frozenset([P]))],
        logins=(1, 3),
    ),
    _case(
        "revoke_shared_grant",
        [P, U],
        "Only the access token is revoked, or the result tells what else ended.",
        "persistent_grant:reused",
        options=_REVOKE,
        check=_docbits_or_told,
    ),
    _case("revoke_lost", [P, U], "The answer of the revocation is lost: the proof stays; at most it is told.", "revoke:lost", options=_REVOKE, wrong=NO_CAUSE),
]

_NO_CALL = {"logins": (0, 0)}
OPTIONS = (
    [
        _case("stages_none", [E, U], "No stage proves nothing.", options={"stages": []}),
        _case("stages_resolve", [E, U], "Name resolution alone proves nothing.", options={"stages": ["resolve"]}),
        _case("stages_token_only", [E, U], "A token alone is less than proved for DocBits, under another name.", options={"stages": ["token"]}),
        # Changed: a client may also run the stages that a chosen one needs, as this collection documents. It must not call that proved.
        _case("stages_without_token", [E, U], "`idm` needs `token`: a clear error, or it runs too.", options={"stages": ["idm"]}, names=r"token|stage"),
        _case("stages_misspelt", [E], "A clear error before any call.", options={"stages": ["token", "rolls"]}, names=r"rolls|stage", **_NO_CALL),
        _case("stages_all_skipped", [E, U], "M3 is not asked for, so all is skipped: not proved.", options={"stages": ["m3"]}),
        _case("roles_empty", [E], "No required role: a clear error before any call.", options={"required_roles": []}, names="role", **_NO_CALL),
        _case(
            "roles_blank", [E], "A blank role: a clear error before any call.", options={"required_roles": ["IDM-AdvancedUser", " "]}, names="role", **_NO_CALL
        ),
        _case(
            "optional_roles_misspelt",
            [E],
            "An optional role that is not among the known roles: a clear error before any call.",
            options={"optional_roles": ["MingelEnterprise"]},
            names=r"Mingel|optional",
            **_NO_CALL,
        ),
    ]
    + [
        _case(
            "logical_id_" + name,
            [E],
            "A logical id is `lid://...`: a clear error before any call.",
            options={"logical_id": value},
            names=r"logical|lid",
            **_NO_CALL,
        )
        for name, value in (("empty", ""), ("blank", "   "), ("without_scheme", "infor.ims.docbits"), ("scheme_only", "lid://"))
    ]
    + [
        _case(
            "client_credentials_with_account",
            [E],
            "The file has an account: a clear error before any call, that does not deny it.",
            "grant:both",
            options={"grant": "client_credentials"},
            names=r"grant|client_credentials",
            wrong=NO_ACCOUNT,
            **_NO_CALL,
        ),
        _case(
            "password_without_account",
            [E, R],
            "The user asks for password, the file has no account: a clear error.",
            file={"saak": ABSENT, "sask": ABSENT},
            options={"grant": "password"},
            names=r"service account|saak",
            logins=(0, 1),
        ),
        _case("half_an_account", [E, R], "saak without sask: a clear error.", file={"sask": ABSENT}, names=r"sask", logins=(0, 1)),
        _case("no_client_secret", [E, R], "cs is missing: a clear error.", file={"cs": ABSENT}, names=r"\bcs\b|client secret", logins=(0, 1)),
        Case(
            "two_files",
            "One file is refused, the other one of the same play is still proved.",
            (),
            steps=[({"sask": _flip}, {}, frozenset([R])), ({}, {}, frozenset([P]))],
            logins=(2, 2),
        ),
        Case(
            "two_files_together",
            "As before, for both files in one task: `client.prove_files(peer, files, options)` gives a result for each.",
            (),
            steps=[({"sask": _flip}, {}, frozenset([R])), ({}, {}, frozenset([P]))],
            logins=(2, 2),
            together=True,
        ),
    ]
)

CASES = LOGIN + GATEWAY + ROLES + PRODUCTS + TIME + REFRESH + OPTIONS
assert len({case.name for case in CASES}) == len(CASES)

# The table: every stage with every class of answer.
STAGES = {"roles": ("users_me", {}), "idm": ("idm", {}), "ion": ("ion", {}), "m3": ("m3", {"m3": True}), "ln": ("ln", {"ln": True})}
CLASSES = {
    name: {U}
    for name in (
        "text",
        "empty",
        "null",
        "object",
        "204",
        "html",
        "xhtml",
        "truncated",
        "302",
        "307",
        "400_empty",
        "400_framework",
        "405",
        "429",
        "429_html",
        "limit_400",
        "limit_403",
        "limit_html",
        "500",
        "500_oauth",
        "501",
        "503",
        "504",
        "lost",
        "proxy_401",
        "proxy_403",
        "proxy_404",
        "proxy_502",
    )
}
CLASSES.update({name: {U, R} for name in ("error_list", "error_object", "xml_error", "401", "403", "404", "412", "fail", "echo")})
CLASSES.update({"401*1": {P}, "500*1": {P, U}, "503*1": {P, U}, "429_1*1": {P, U}, "lost*1": {P, U}})


def matrix():
    """Return one case per stage and class of answer."""
    for stage, (surface, options) in STAGES.items():
        for answer, wanted in CLASSES.items():
            says = "{} answers `{}`: {}.".format(stage, answer, " or ".join(sorted(wanted)))
            yield _case(
                f"{stage} x {answer}",
                wanted,
                says,
                f"{surface}:{answer}",
                options=options,
                stages={stage: wanted},
                logins=(1, 2),
                wrong=NO_CAUSE if wanted == {U} else NO_USER,
            )


# Properties that change nothing about what a correct client may answer.
NEUTRAL = (
    "expires_in:string",
    "expires_in:missing",
    "expires_in:null",
    "token:opaque",
    "token:odd",
    "token:20k",
    "token:lower",
    "token:iat",
    "clock:ahead",
    "clock:behind",
    "refresh_token:rotate",
    "old_token:ended",
    "persistent_grant:reused",
    "client_auth:body",
    "users_me:extra_groups",
    "users_me:other_case",
    "roles:admin",
    "roles:no_mingle",
)


def combined(count, seed=0):
    """Return random cases, the same for the same seed: two stages with any answer each, and up to three neutral moods."""
    chance = random.Random(seed)
    for number in range(count):
        stages = {stage: chance.choice(sorted(CLASSES)) for stage in chance.sample(sorted(STAGES), 2)}
        moods = {f"{STAGES[stage][0]}:{answer}" for stage, answer in stages.items()}
        for mood in chance.sample(NEUTRAL, 3):
            if mood.partition(":")[0] not in {m.partition(":")[0] for m in moods}:
                moods.add(mood)
        sets = [CLASSES[answer] for answer in stages.values()]
        wanted = {U for s in sets if U in s} | {R for s in sets if R in s} | ({P} if all(P in s for s in sets) else set())
        options = {key: value for stage in stages for key, value in STAGES[stage][1].items()}
        yield _case(
            f"combined {seed}-{number}: {' '.join(sorted(moods))}",
            wanted,
            "Each stage is judged by its own answer; all of it: {}.".format(" or ".join(sorted(wanted))),
            *sorted(moods),
            options=options,
            stages={stage: CLASSES[answer] for stage, answer in stages.items()},
            logins=(1, 4),
            wrong=NO_USER if R in wanted else NO_CAUSE,
        )
