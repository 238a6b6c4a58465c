# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers that any surface may give in place of its own, and the shapes of `users/me` and of the products.

`ANSWERS` maps a name to (what it stands for, function). The function gets the `Call` and returns a `Reply`.
Nothing here was seen on a live tenant: each answer is one possible answer to a question that is open in public.
"""

import email.utils
import json
from collections import namedtuple
from urllib.parse import quote

Reply = namedtuple("Reply", "status type body headers", defaults=({},))
# What an answer may look at: the server's clock, the surface called, and the credentials that came in.
Call = namedtuple("Call", "now surface received", defaults=((),))

JSON, XML, TEXT, HTML = "application/json;charset=UTF-8", "application/xml", "text/plain", "text/html; charset=utf-8"
DROP, SLOW = "drop", "slow"  # special statuses: end the connection; wait, then answer normally


def as_json(value, status=200, **headers):
    """Return a JSON reply; underscores in header names stand for dashes."""
    return Reply(status, JSON, json.dumps(value), {k.replace("_", "-"): v for k, v in headers.items()})


SIGN_IN_HTML = """<!DOCTYPE html>
<html><head><title>Sign in</title></head><body><form method="post" action="/signin">
<input name="user"><input name="password" type="password"><button>Sign in</button></form></body></html>"""
SIGN_IN_XHTML = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd">
<html xmlns="http://www.w3.org/1999/xhtml"><head><title>Infor OS Portal</title></head>
<body><form action="/signin" method="post"><input name="user" /></form></body></html>"""


def _page(title, sentence):
    return f"<html><head><title>{title}</title></head><body><h1>{title}</h1><p>{sentence}</p></body></html>"


def unauthorized(call=None, error="invalid_token"):
    """Return the gateway's own 401, as documented: JSON with `error`, and `WWW-Authenticate` with an error."""
    return as_json({"error": "Unauthorized"}, 401, WWW_Authenticate=f'Bearer realm="ionapi", error="{error}"')


def _echo(call):
    text = " ".join("{} {}".format(value, quote(value, safe="")) for value in call.received)
    return as_json(
        {"error": "Forbidden", "error_description": "rejected: " + text, "message": text, "Received": text}, 403, X_Debug=text[:2000].replace("\n", " ")
    )


def _echo_oauth(call):
    text = "Login failed for " + ", ".join(call.received)
    return as_json({"error": "invalid_grant", "error_description": text}, 400)


def _echo_part(call):
    # Long values are cut, as log lines often are: a search for the whole secret does not find them.
    text = ", ".join(value.replace("Bearer ", "")[-600:][:40] + "..." for value in call.received)
    return as_json({"error": "invalid_request", "error_description": "Rejected: " + text, "message": text}, 400)


_LIMIT = "Limit of service account authentications exceeded. Please try again later."
ANSWERS = {
    # Status 200 that means nothing or the opposite.
    "error_list": (
        "200 with a Mingle style ErrorList",
        lambda c: as_json({"ErrorList": [{"Severity": "Fatal", "Code": "AccessDenied", "Message": "You are not authorized."}]}),
    ),
    "error_object": ("200 with an error object", lambda c: as_json({"error": {"code": 403, "detail": "Access denied for this user"}})),
    "error_string": ("200 with an error string", lambda c: as_json({"error": "access_denied", "message": "Access denied"})),
    "xml_error": (
        "200 with an XML error",
        lambda c: Reply(200, XML, '<?xml version="1.0"?><error><code>AUTH_1001</code><detail>Not authorized</detail></error>'),
    ),
    "text": ("200 with plain text", lambda c: Reply(200, TEXT, "Service temporarily restricted")),
    "empty": ("200 with no body", lambda c: Reply(200, JSON, "")),
    "null": ("200 with JSON null", lambda c: as_json(None)),
    "object": ("200 with an empty object", lambda c: as_json({})),
    "other_json": ("200 with JSON of another shape", lambda c: as_json({"message": "welcome", "items": 3})),
    "204": ("204 without body", lambda c: Reply(204, None, "")),
    "html": ("200 with a sign-in page", lambda c: Reply(200, HTML, SIGN_IN_HTML)),
    "xhtml": ("200 with a sign-in page in XHTML", lambda c: Reply(200, "application/xhtml+xml", SIGN_IN_XHTML)),
    "html_as_json": ("200 with a sign-in page sent as JSON", lambda c: Reply(200, JSON, SIGN_IN_HTML)),
    "truncated": ("200 with JSON that ends early", lambda c: Reply(200, JSON, '{"response": {"userlist": [{"id": "0000')),
    # Redirects.
    "302": ("redirect to a sign-in page", lambda c: Reply(302, HTML, "", {"Location": "/signin"})),
    "307": ("redirect that asks for the same body again", lambda c: Reply(307, HTML, "", {"Location": "/elsewhere/again"})),
    # Infor's gateway or a product.
    "401": ("401 of the gateway", unauthorized),
    "403": ("403 in JSON", lambda c: as_json({"error": "Forbidden", "message": "Access is denied"}, 403)),
    "404": ("404 in JSON", lambda c: as_json({"error": "Not Found", "message": "Resource not found"}, 404)),
    "405": ("405", lambda c: as_json({"error": "Method Not Allowed"}, 405)),
    "412": ("412", lambda c: as_json({"status": "FAIL", "code": 412, "errors": ["Connection point inactive"]}, 412)),
    "400_tenant": ("400 of the gateway for a path without tenant", lambda c: as_json({"error": "Bad Request"}, 400)),
    "400_framework": (
        "bare 400 of a web framework",
        lambda c: as_json({"timestamp": "2026-01-01T00:00:00Z", "status": 400, "error": "Bad Request", "path": "/api"}, 400),
    ),
    "400_empty": ("400 without body", lambda c: Reply(400, None, "")),
    "500": ("500 in JSON", lambda c: as_json({"error": "Internal Server Error"}, 500)),
    "500_oauth": ("500 with an OAuth error", lambda c: as_json({"error": "invalid_client", "error_description": "Invalid client or client credentials."}, 500)),
    "501": ("501", lambda c: as_json({"error": "Not Implemented"}, 501)),
    "503": ("503 with a maintenance page", lambda c: Reply(503, HTML, _page("Maintenance", "We will be back soon."))),
    "504": ("504 of the gateway", lambda c: as_json({"error": "Gateway Timeout"}, 504)),
    # Limits.
    "429": ("429 without Retry-After", lambda c: as_json({"error": "Quota policy exceeded"}, 429)),
    "429_1": ("429 with Retry-After: 1", lambda c: as_json({"error": "Quota policy exceeded"}, 429, Retry_After="1")),
    "429_3600": ("429 with Retry-After: 3600", lambda c: as_json({"error": "Quota policy exceeded"}, 429, Retry_After="3600")),
    "429_date": (
        "429 with Retry-After as a date, an hour ahead",
        lambda c: as_json({"error": "Quota policy exceeded"}, 429, Retry_After=email.utils.formatdate(c.now + 3600, usegmt=True)),
    ),
    "invalid_grant": (
        "400 invalid_grant for a refresh token",
        lambda c: as_json({"error_description": "unknown, invalid, or expired refresh token", "error": "invalid_grant"}, 400),
    ),
    "429_html": ("429 with a page", lambda c: Reply(429, HTML, _page("Too Many Requests", "Slow down."))),
    "limit_400": ("a limit as 400 with a sentence", lambda c: as_json({"error": "invalid_request", "error_description": _LIMIT}, 400)),
    "limit_grant": ("a limit as 400 invalid_grant with a sentence", lambda c: as_json({"error": "invalid_grant", "error_description": _LIMIT}, 400)),
    "limit_403": (
        "a limit as 403 with a sentence",
        lambda c: as_json({"error": "Forbidden", "message": "Usage limit exceeded, 20 per minute. Please try again later."}, 403),
    ),
    "limit_html": ("a limit as 403 with a page", lambda c: Reply(403, HTML, _page("Request limit", "Too many requests from this address. Try again later."))),
    # What stands between.
    "proxy_200": ("a captive portal: 200 with a page", lambda c: Reply(200, HTML, _page("Company proxy", "Please accept the terms."))),
    "proxy_401": (
        "401 of a proxy",
        lambda c: Reply(401, HTML, _page("401 Unauthorized", "The proxy wants you to sign in."), {"WWW-Authenticate": 'Basic realm="proxy"'}),
    ),
    "proxy_403": ("403 of a firewall", lambda c: Reply(403, HTML, _page("403 Forbidden", "Blocked by policy. Incident 4711."))),
    "proxy_404": ("404 of a proxy", lambda c: Reply(404, HTML, _page("404 Not Found", "nginx"))),
    "proxy_407": ("407", lambda c: Reply(407, HTML, _page("407", "Proxy"), {"Proxy-Authenticate": "Basic"})),
    "proxy_502": ("502 of a proxy", lambda c: Reply(502, HTML, _page("502 Bad Gateway", "nginx"))),
    "lost": ("the call is carried out, then the connection ends without an answer", lambda c: Reply(DROP, None, "")),
    "slow": ("the answer comes after `Peer(slow=seconds)`", lambda c: Reply(SLOW, None, "")),
    "echo": ("403 that repeats all credentials it got, in body and headers", _echo),
    "echo_oauth": ("400 invalid_grant that repeats all credentials in its description", _echo_oauth),
    "echo_part": ("400 that repeats 40 characters of each credential", _echo_part),
    "echo_list": (
        "200 with an ErrorList that repeats the token",
        lambda c: as_json({"ErrorList": [{"Severity": "Error", "Code": "".join(c.received), "Message": " ".join(c.received)}]}),
    ),
    "echo_m3": ("200 with an errorMessage that repeats the token", lambda c: m3_error("Rejected " + " ".join(c.received))),
    # ION messaging.
    "fail": ("200 with status FAIL", lambda c: as_json({"status": "FAIL", "code": 500, "errors": ["Internal error"]})),
    "fail_471": ("200 with code 471", lambda c: as_json({"status": "FAIL", "code": 471, "errors": ["Invalid client id provided"]})),
    "empty_list": ("200 with an empty list", lambda c: as_json([])),
    "other_document": ("a list without Sync.CaptureDocument", lambda c: as_json(["Sync.ItemMaster"])),
    "documents_as_objects": ("a list of objects", lambda c: as_json([{"documentName": "Sync.CaptureDocument"}])),
    "pong": ("200 with a word", lambda c: Reply(200, TEXT, "pong")),
    # M3: a failure has status 200.
    "m3_no_results": ("no results", lambda c: as_json({"results": [], "wasTerminated": False, "nrOfSuccessfullTransactions": 0, "nrOfFailedTransactions": 0})),
    "m3_terminated": (
        "wasTerminated, with a record",
        lambda c: as_json(
            {
                "results": [{"transaction": "FpwVersion", "records": [{"FPVR": "16"}]}],
                "wasTerminated": True,
                "terminationReason": "Terminated",
                "nrOfSuccessfullTransactions": 0,
                "nrOfFailedTransactions": 1,
            }
        ),
    ),
    "m3_error": ("an error message in the first result", lambda c: m3_error("Program CMS535MI does not exist")),
    "m3_163": ("no user on the service account", lambda c: m3_error("Illegal impersonation attempt (error: 163)")),
    # IDM: right in meaning, but not in the shape that is likely.
    "entities_list": ("a bare list of entities", lambda c: as_json([{"name": "CaptureDocument"}])),
    "entities_none": ("the likely shape with no entity", lambda c: as_json({"entities": {"entity": []}})),
}


def m3_error(message):
    """Return an MI failure: status 200 and an error message in the first result."""
    return as_json(
        {
            "results": [
                {"transaction": "FpwVersion", "errorMessage": message, "errorType": "ServerReturnedNOK", "errorCode": "163" if "163" in message else "MVX0001"}
            ],
            "wasTerminated": False,
            "nrOfSuccessfullTransactions": 0,
            "nrOfFailedTransactions": 1,
        }
    )


def product(surface):
    """Return the answer of a healthy product."""
    if surface == "entities":
        return as_json({"entities": {"entity": [{"name": "CaptureDocument", "desc": "Capture document"}]}})
    if surface == "entity":
        return as_json(
            {
                "entity": {
                    "name": "CaptureDocument",
                    "attrs": {"attr": [{"name": "DocumentId", "qual": "CaptureDocument/@DocumentId", "valueset": {"value": []}}]},
                }
            }
        )
    if surface == "search":
        return as_json(
            {
                "items": {
                    "item": [{"pid": "CaptureDocument-1-0-LATEST", "entityName": "CaptureDocument", "attrs": {"attr": [{"name": "DocumentId", "value": "1"}]}}],
                    "count": 1,
                }
            }
        )
    if surface == "docs":
        return as_json(["Sync.CaptureDocument", "Process.CaptureDocument"])
    if surface == "versions":
        return as_json(["v1", "v2", "v3"])
    if surface == "m3":
        return as_json(
            {
                "results": [{"transaction": "FpwVersion", "records": [{"FPVR": "16.0"}]}],
                "wasTerminated": False,
                "nrOfSuccessfullTransactions": 1,
                "nrOfFailedTransactions": 0,
            }
        )
    if surface == "ln":
        return Reply(
            200,
            XML,
            '<?xml version="1.0" encoding="utf-8"?><edmx:Edmx Version="4.0" '
            'xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx"><edmx:DataServices/></edmx:Edmx>',
        )
    return as_json({"status": "OK", "code": 200})  # ping, info, datalake: the body is not documented


# `users/me`. Each function gets the user (None: nobody) as a dict with `groups` and returns a reply.


def _wrapped(user, **extra):
    return as_json({"response": dict({"userlist": [user] if user else []}, **extra)})


def _groups(change):
    return lambda user: _wrapped(user and dict(user, groups=change(user["groups"])))


def _without(user, **more):
    return {k: v for k, v in dict(user, **more).items() if k != "groups"}


def _display(change):
    return _groups(lambda groups: [dict(g, display=change(g["display"])) for g in groups])


def _xml(user):
    groups = "".join("<group><display>{}</display></group>".format(g["display"]) for g in user["groups"])
    return Reply(200, XML, "<response><userlist><user><id>{}</id><groups>{}</groups></user></userlist></response>".format(user["id"], groups))


DISPLAY_NAMES = {
    "IDM-AdvancedUser": "IDM Advanced User",
    "Infor-SuiteUser": "Infor Suite User",
    "IDM-User": "IDM User",
    "MingleEnterprise": "Mingle Enterprise",
}
USERS_ME = {
    "standard": ("the shape that six public consumers read", _wrapped),
    "xml": ("the same in XML", _xml),
    "list": ("a bare list of users", lambda u: as_json([u])),
    "userlist_top": ("`userlist` at the top", lambda u: as_json({"userlist": [u]})),
    "userlist_object": ("`userlist` is one object", lambda u: as_json({"response": {"userlist": u}})),
    "other_keys": ("SCIM: `Resources`", lambda u: as_json({"totalResults": 1, "Resources": [u]})),
    "no_userlist": ("`response` without `userlist`", lambda u: as_json({"response": {"status": "ok"}})),
    "userlist_null": ("`userlist` is null", lambda u: as_json({"response": {"userlist": None}})),
    "empty_userlist": ("`userlist` is empty: no user", lambda u: _wrapped(None)),
    "inner_error_list": (
        "an ErrorList inside `response`, `userlist` empty",
        lambda u: as_json({"response": {"userlist": [], "ErrorList": [{"Severity": "Error", "Message": "Search is not available"}]}}),
    ),
    "user_and_errors": (
        "a user, and an ErrorList: groups could not be read",
        lambda u: as_json({"response": {"userlist": [dict(u, groups=[])]}, "ErrorList": [{"Message": "Groups could not be read"}]}),
    ),
    "no_groups": ("no `groups`", lambda u: _wrapped(_without(u))),
    "groups_null": ("`groups` is null", _groups(lambda g: None)),
    "groups_empty": ("`groups` is empty", _groups(lambda g: [])),
    "groups_text": ("`groups` is a list of strings", _groups(lambda g: [x["display"] for x in g])),
    "groups_string": ("`groups` is one string", _groups(lambda g: ", ".join(x["display"] for x in g))),
    "groups_object": ("`groups` is an object", _groups(lambda g: {"group": g})),
    "groups_other_name": ("`securityRoles` in place of `groups`", lambda u: _wrapped(_without(u, securityRoles=u["groups"]))),
    "groups_other_key": ("`name` in place of `display`", _groups(lambda g: [{"name": x["display"], "value": 7} for x in g])),
    "groups_ids": ("groups by id only", _groups(lambda g: [{"value": f"5f0c{n:04}"} for n, _x in enumerate(g)])),
    "other_case": ("role names in another case", _display(str.lower)),
    "blanks": ("role names with blanks around", _display(lambda d: f" {d} ")),
    "prefix": ("role names with a prefix", _display(lambda d: f"ACME_TST/{d}")),
    "display_names": ("role names for people", _display(lambda d: DISPLAY_NAMES.get(d, d))),
    "via_group": (
        "roles come through a group, whose name says nothing",
        _groups(lambda g: [{"display": "DocBits services", "type": "Group"}, {"display": "Everyone", "type": "Distribution Group"}]),
    ),
    "pages": (
        "the first page of the groups, without the roles asked for",
        lambda u: _wrapped(
            dict(u, groups=[{"display": "Accounting Entity 1", "type": "Accounting Entity"}], groupsTotal=len(u["groups"]) + 1, groupsNext="startIndex=2"),
            totalResults=len(u["groups"]) + 1,
            startIndex=1,
            itemsPerPage=1,
        ),
    ),
    "extra_groups": ("groups of other types in the list", _groups(lambda g: [{"display": "Everyone", "type": "Distribution Group"}] + g)),
}
