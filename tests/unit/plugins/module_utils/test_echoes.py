# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers that repeat the secrets of a request in every field of every answer, in any encoding: no piece is in a result."""

from __future__ import annotations

import base64
import codecs
import json
import secrets
from urllib.parse import parse_qs

import pytest
import responses

from ansible_collections.docbits.ion.plugins.module_utils._core.run import Context, execute
from ansible_collections.docbits.ion.plugins.module_utils._infor import logins as _logins
from ansible_collections.docbits.ion.plugins.module_utils._infor import preflight as _preflight
from ansible_collections.docbits.ion.plugins.module_utils._module import connection_info, document_type_info, export_info, exports, sub_organisation_info
from ansible_collections.docbits.ion.plugins.module_utils._module._options import export_options
from simulator.ionapi import cloud_file

HOST = "https://docbits.example.com"
# Long enough that no piece of this length occurs by chance.
SLICE = 10

ENCODINGS = {
    "plain": lambda text: text,
    "upper case": str.upper,
    "reversed": lambda text: text[::-1],
    "rot13": lambda text: codecs.encode(text, "rot13"),
    "hex": lambda text: text.encode().hex(),
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "shifted base64": lambda text: base64.b64encode(f"x{text}".encode()).decode()[2:],
    "base32": lambda text: base64.b32encode(text.encode()).decode(),
}
CUTS = {"whole": slice(None), "without its last character": slice(-1), "a piece": slice(3, 35), "a short piece": slice(2, 22)}

PLACES = ("id", "title", "doc_type", "export_method", "export_url", "sub_org_id", "is_active", "execution_order", "username", "folder")
LISTS = ((document_type_info, "document_type/get_document_types"), (sub_organisation_info, "sub_organisations/get_sub_organisations"))


@pytest.fixture(autouse=True)
def _run_of_its_own(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(_logins, "TOKEN_CACHE", _logins.SharedCache())
    monkeypatch.setattr(_logins, "LOGIN_RATE_LIMITER", _logins.LoginRateLimiter())
    passed = {"seconds": 0.0, "problem": None, "names": {}}
    monkeypatch.setattr(_preflight, "reach", lambda *_call: dict.fromkeys(_preflight.CHECKS, passed))


@pytest.fixture
def params():
    """Defaults of every option of a module, and an API key made for the test."""

    def defaults(module, **given):
        options = {name: option.get("default") for name, option in module.ARGUMENT_SPEC.argument_spec.items()}
        connection = {"docbits_url": HOST, "api_key": secrets.token_urlsafe(32), "contract": "current", "retries": 0, "settle_timeout": 0.0}
        return {**options, **{name: value for name, value in connection.items() if name in options}, **given}

    return defaults


def result_of(module, params, known):
    context = Context(params)
    context.secrets.add(*known)
    return execute(module.run, context)


def shown_pieces(known, result, encode):
    """The pieces of the encoded secrets in a result."""
    text = json.dumps(result, ensure_ascii=False)
    found = {text[start : start + SLICE] for start in range(len(text) - SLICE + 1)}
    pieces = set()
    for secret in known:
        encoded = encode(secret.rpartition("#")[2].rpartition("~")[2])
        pieces |= {encoded[start : start + SLICE] for start in range(len(encoded) - SLICE + 1)}
    return pieces & found


def refusal(said):
    """The body of a refusal with a text in every field."""
    fields = dict.fromkeys(("message", "code", "error", "error_description", "trace_id", "request_id", "errorMessage"), said)
    return {"success": False, **fields, "detail": [{"loc": ["body", said], "type": said, "msg": said}], said: said}


@pytest.mark.parametrize("encode", ENCODINGS.values(), ids=ENCODINGS)
@pytest.mark.parametrize("cut", CUTS.values(), ids=CUTS)
@pytest.mark.parametrize("status", [200, 400, 422, 500])
def test_refusal_of_docbits_shows_no_piece_of_the_key(params, encode, cut, status):
    given = params(export_info)
    with responses.RequestsMock() as mock:
        said = encode(given["api_key"][cut])
        mock.post(f"{HOST}/configurations/get_configurations", json=refusal(said), status=status, headers={"X-Request-ID": said, "Retry-After": said})
        result = result_of(export_info, given, [given["api_key"]])
    assert result["failed"] and not shown_pieces([given["api_key"]], result, encode)


@pytest.mark.parametrize("encode", ENCODINGS.values(), ids=ENCODINGS)
@pytest.mark.parametrize("cut", CUTS.values(), ids=CUTS)
@pytest.mark.parametrize(
    "place", ["id", "title", "doc_type", "export_method", "export_url", "sub_org_id", "is_active", "execution_order", "username", "folder"]
)
def test_list_of_docbits_shows_no_piece_of_the_key(params, encode, cut, place):
    given = params(exports, exports=[{**dict.fromkeys(export_options()), "state": "present", "ignore": False, "title": "A", "kind": "webhook", "active": True}])
    given["exports"][0].update(document_type="INVOICE", url="https://example.com")
    record = {"id": "7", "export_method": "webhook", "export_url": "https://example.com/a", "title": "A", "doc_type": "INVOICE", "is_active": False}
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        said = encode(given["api_key"][cut])
        mock.post(f"{HOST}/configurations/get_configurations", json={"success": True, "data": [{"sub_org_id": None, **record, place: said}]})
        for method in ("get", "post"):
            for _module, path in LISTS:
                getattr(mock, method)(f"{HOST}/{path}", json=[{"document_key": said, "title": said, "id": said, "name": said, "is_active": said}])
        result = execute(exports.run, _context(given, diff=True))
        listed = result_of(export_info, {**params(export_info), "api_key": given["api_key"], "files": False}, [given["api_key"]])
    assert not shown_pieces([given["api_key"]], [result, listed], encode)


def _context(given, diff):
    context = Context(given, check_mode=True, diff_mode=diff)
    context.secrets.add(given["api_key"])
    return context


@pytest.mark.parametrize("encode", ENCODINGS.values(), ids=ENCODINGS)
@pytest.mark.parametrize("cut", CUTS.values(), ids=CUTS)
@pytest.mark.parametrize(("module", "path"), LISTS)
def test_names_of_docbits_show_no_piece_of_the_key(params, encode, cut, module, path):
    given = params(module)
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        said = encode(given["api_key"][cut])
        for method in ("get", "post"):
            getattr(mock, method)(f"{HOST}/{path}", json=[{"document_key": said, "title": said, "id": said, "name": said, "is_active": said}])
        result = result_of(module, given, [given["api_key"]])
    assert not result.get("failed") and not shown_pieces([given["api_key"]], result, encode)


@pytest.mark.parametrize("encode", ENCODINGS.values(), ids=ENCODINGS)
@pytest.mark.parametrize("cut", CUTS.values(), ids=CUTS)
@pytest.mark.parametrize("mood", ["refused login", "refused by the gateway", "user"])
def test_answers_of_infor_show_no_piece_of_a_secret(params, encode, cut, mood):
    whole = cloud_file()
    token = secrets.token_urlsafe(300)
    known = [whole[key] for key in ("ci", "cs", "saak", "sask")] + [token]
    given = params(connection_info, content=json.dumps(whole), src="test.ionapi")

    def login(request):
        form = parse_qs(request.body)
        said = encode(form["password"][0][cut])
        if mood == "refused login":
            return 400, {"X-Request-ID": said}, json.dumps(refusal(said))
        return 200, {}, json.dumps({"access_token": token, "refresh_token": secrets.token_urlsafe(40), "expires_in": 7200, "token_type": said})

    def gateway(request):
        said = encode(request.headers["Authorization"].removeprefix("Bearer ")[cut])
        user = {"id": said, "displayName": said, "groups": [{"display": said}, {"display": f"{said}:IDM-AdvancedUser"}, {"display": "Infor-SuiteUser"}]}
        body = {"response": {"userlist": [user]}} if mood == "user" else refusal(said)
        return 200 if mood == "user" else 403, {"X-Request-ID": said}, json.dumps(body)

    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        mock.add_callback("POST", f"{whole['pu']}{whole['ot']}", login, content_type="application/json")
        for product in ("ifsservice/usermgt/v2/users/me", "IDM/api/datamodel/entities", "IONSERVICES/api/ion/messaging/service/ping"):
            mock.add_callback("GET", f"{whole['iu']}/{whole['ti']}/{product}", gateway, content_type="application/json")
        result = result_of(connection_info, given, [])
    assert result["failed"] and not shown_pieces(known, result, encode)
