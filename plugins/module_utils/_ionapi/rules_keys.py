# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules K01 to K09: the keys are there, of the right type, and filled in. Private to the collection."""

from __future__ import annotations

from ansible_collections.docbits.ion.plugins.module_utils._core.findings import ERROR, INFO, WARNING
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.form import AUTO, CLIENT_CREDENTIALS, PASSWORD
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.keys import KEYS, REQUIRED_KEYS, STRING_KEYS, named
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.rule import DOWNLOAD, DOWNLOAD_WITH_ACCOUNT, SAVE_UNCHANGED, Case, Hit, Rule
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.subject import (
    LENIENT_KEYS,
    NUMERIC_KEYS,
    has_blank,
    has_control,
    is_cipher,
    is_number,
    is_placeholder,
)

USUAL_KEYS = ("cn", "oa", "or", "dt", "ev", "v")


def _required(subject):
    for key in REQUIRED_KEYS:
        if key not in subject.document:
            yield Hit("K01.missing", key)
        elif subject.document[key] == "":
            yield Hit("K01.empty", key)


def _usual(subject):
    for key in USUAL_KEYS:
        if not subject.holds(key):
            yield Hit("K02.missing", key)


def _pair(subject):
    saak, sask = subject.holds("saak"), subject.holds("sask")
    if saak != sask:
        yield Hit("K03.one", "sask" if saak else "saak", {"there": "saak" if saak else "sask"})


def _account(subject):
    wanted = subject.expectations.grant
    saak, sask = subject.holds("saak"), subject.holds("sask")
    if not saak and not sask:
        if subject.holds("ru"):
            yield Hit("K04.web_app", "ru")
        elif wanted == PASSWORD:
            yield Hit("K04.none", "saak")
        elif wanted == AUTO:
            yield Hit("K04.client_credentials")
    elif saak and sask and wanted == CLIENT_CREDENTIALS:
        yield Hit("K04.unused", "saak")


def _types(subject):
    for key in STRING_KEYS:
        value = subject.document.get(key)
        if subject.holds(key) and not isinstance(value, str) and not _is_vault_object(value):
            mendable = key in NUMERIC_KEYS and is_number(value)
            yield Hit("K05.number" if mendable else "K05.type", key, {"type": _type_name(value)})


def _names(subject):
    others = [key for key in subject.document if key not in KEYS]
    near = {key: key.strip().lower() for key in others if key.strip().lower() in KEYS}
    if near:
        yield Hit("K06.spelling", None, {"names": named(near.values(), subject.document)})
    unknown = [key for key in others if key not in near]
    if unknown:
        yield Hit("K06.unknown", None, {"names": named(unknown, subject.document)})


def _clean(subject):
    for key, value in _strings(subject):
        if key in LENIENT_KEYS:
            if value != value.strip() or has_control(value):
                yield Hit("K07.untidy", key)
        elif (has_blank(value) or has_control(value)) and not is_placeholder(value):
            yield Hit("K07.blank", key)


def _filled_in(subject):
    for key, value in _strings(subject):
        if key not in LENIENT_KEYS and is_placeholder(value) and not is_cipher(value):
            yield Hit("K08.placeholder", key)


def _decrypted(subject):
    for key in STRING_KEYS:
        value = subject.document.get(key)
        if _is_vault_object(value) or (isinstance(value, str) and is_cipher(value)):
            yield Hit("K09.value", key)


def _strings(subject):
    for key in STRING_KEYS:
        value = subject.document.get(key)
        if isinstance(value, str) and value and not is_cipher(value):
            yield key, value


def _is_vault_object(value) -> bool:
    """Ansible writes a vaulted variable as such an object when it makes JSON of it."""
    return isinstance(value, dict) and "__ansible_vault" in value


def _type_name(value) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a truth value"
    return "a number" if is_number(value) else "an object" if isinstance(value, dict) else "a list"


RULES = (
    Rule(
        "K01",
        "ti, ci, cs, iu, pu and ot are there and not empty",
        "A",
        (
            Case("missing", ERROR, "the required key is missing", SAVE_UNCHANGED),
            Case("empty", ERROR, "the required key has no value", SAVE_UNCHANGED),
        ),
        _required,
    ),
    Rule(
        "K02",
        "cn, oa, or, dt, ev and v are there, as in every download of today",
        "B",
        (Case("missing", WARNING, "the key is missing, every download of today has it", SAVE_UNCHANGED),),
        _usual,
    ),
    Rule(
        "K03",
        "saak and sask are both there, or neither is",
        "A",
        (Case("one", ERROR, "the key is missing or empty although {there} is there: the two belong together", DOWNLOAD_WITH_ACCOUNT),),
        _pair,
    ),
    Rule(
        "K04",
        "The file allows the grant that is to be used",
        "A",
        (
            Case(
                "web_app",
                ERROR,
                "the file has a redirect URL and no service account: it belongs to a web app, in which a person logs in",
                "create an app of type Backend Service in Infor OS > API Gateway > Authorized Apps, with Create Service Account at the download",
            ),
            Case(
                "none",
                ERROR,
                "the file holds no service account, which the password grant needs",
                DOWNLOAD_WITH_ACCOUNT,
            ),
            Case(
                "client_credentials",
                INFO,
                "the file holds no service account, so the client credentials grant is used",
                f"leave it so if the app has Grant Type Client Credentials, else {DOWNLOAD_WITH_ACCOUNT}",
            ),
            Case(
                "unused",
                INFO,
                "the service account of the file is not used, since the client credentials grant was asked for",
                "check in Infor OS > API Gateway > Authorized Apps that the app has Grant Type Client Credentials",
            ),
        ),
        _account,
    ),
    Rule(
        "K05",
        "Every value but sc is a JSON string; a null in cn, oa, or, ru, dt, ev, v, saak or sask counts as no key",
        "E",
        (
            Case("number", WARNING, "the value is a number and not a string, the file was edited by hand", SAVE_UNCHANGED),
            Case("type", ERROR, "the value is {type} and not a string", SAVE_UNCHANGED),
        ),
        _types,
    ),
    Rule(
        "K06",
        "Every key is known, and in lower case",
        "A",
        (
            Case(
                "spelling",
                WARNING,
                "keys are in another spelling than Infor's lower case and are not read: {names}",
                "write the keys in lower case and without blanks",
            ),
            Case("unknown", WARNING, "keys are not known: {names}", f"remove what was added by hand, or {DOWNLOAD}"),
        ),
        _names,
    ),
    Rule(
        "K07",
        "No value holds blanks, line breaks or control characters that came in while copying",
        "E",
        (
            Case(
                "blank",
                ERROR,
                "the value holds a blank, a line break or an invisible character",
                SAVE_UNCHANGED,
            ),
            Case(
                "untidy",
                WARNING,
                "the value begins or ends with a blank, or holds a control character",
                "remove it in Infor OS > API Gateway > Authorized Apps > the app, or in the file",
            ),
        ),
        _clean,
    ),
    Rule(
        "K08",
        "No value is a placeholder",
        "E",
        (
            Case(
                "placeholder",
                ERROR,
                "the value is a placeholder that was never filled in, or was masked before it was passed on",
                f"{DOWNLOAD} instead of filling in a template",
            ),
        ),
        _filled_in,
    ),
    Rule(
        "K09",
        "Neither the file nor a value in it is still encrypted",
        "E",
        (
            Case(
                "file",
                ERROR,
                "the file is still encrypted: no vault password was given, none fits, or it was encrypted twice or with another tool",
                "pass the right one with --vault-id or --vault-password-file, and check it with ansible-vault view",
            ),
            Case(
                "value",
                ERROR,
                "the value is still encrypted, inside a file that is not",
                "encrypt the file as a whole with ansible-vault encrypt",
            ),
        ),
        _decrypted,
    ),
)
