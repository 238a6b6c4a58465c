# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules K01 to K10: the keys of the file and the form of their values. Private to the collection."""

from __future__ import annotations

from ansible_collections.docbits.ion.plugins.module_utils._core.findings import ERROR, INFO, WARNING
from ansible_collections.docbits.ion.plugins.module_utils._core.rules import Case, Rule
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.document import (
    LENIENT_KEYS,
    NUMERIC_KEYS,
    has_blank,
    has_control,
    is_encrypted,
    is_number,
    is_placeholder,
)
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.form import AUTO, CLIENT_CREDENTIALS, PASSWORD
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.keys import KEYS, REQUIRED_KEYS, STRING_KEYS, key_names
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.shared import DOWNLOAD, DOWNLOAD_WITH_ACCOUNT, SAVE_UNCHANGED

USUAL_KEYS = ("cn", "oa", "or", "dt", "ev", "v")

K01 = Rule("K01", {"missing": "the required key is missing", "empty": "the required key has no value"}, SAVE_UNCHANGED)
K02 = Rule("K02", "the key is missing, but every current download has it", SAVE_UNCHANGED, WARNING)
K03 = Rule("K03", "the key is missing or empty, but {present} is present; a service account needs both", DOWNLOAD_WITH_ACCOUNT)
K04 = Rule(
    "K04",
    {
        "none": Case("the file has no service account, which the password grant needs", DOWNLOAD_WITH_ACCOUNT, ERROR),
        "client_credentials": Case(
            "the file has no service account, so the client credentials grant is used",
            f"do nothing if the Grant Type of the app is Client Credentials; otherwise {DOWNLOAD_WITH_ACCOUNT}",
        ),
        "unused": "the service account is not used, because grant is set to client_credentials",
    },
    "check in Infor OS > API Gateway > Authorized Apps that the Grant Type of the app is Client Credentials",
    INFO,
)
K05 = Rule(
    "K05",
    {"number": Case("the value is a number instead of a string, so the file was edited", level=WARNING), "type": "the value is {type} instead of a string"},
    SAVE_UNCHANGED,
)
K06 = Rule(
    "K06",
    {
        "spelling": Case("keys are not spelled in lower case as in Infor's files and are ignored: {names}", "write the keys in lower case and without blanks"),
        "unknown": "unknown keys: {names}",
    },
    f"remove what was added by hand, or {DOWNLOAD}",
    WARNING,
)
K07 = Rule(
    "K07",
    {
        "blank": "the value contains a blank, a line break or an invisible character",
        "untidy": Case(
            "the value starts or ends with a blank, or contains a control character",
            "remove it in Infor OS > API Gateway > Authorized Apps > the app, or in the file",
            WARNING,
        ),
    },
    SAVE_UNCHANGED,
)
K08 = Rule("K08", "the value is a placeholder that was not filled in, or was masked by another program", f"{DOWNLOAD} instead of filling in a template")
K09 = Rule(
    "K09",
    {
        "file": Case(
            "the file is still encrypted: the vault password is missing or wrong, or it was encrypted twice or with another tool",
            "pass the right password with --vault-id or --vault-password-file, and check it with ansible-vault view",
        ),
        "value": "the value is still encrypted, but the file is not",
    },
    "encrypt the file as a whole with ansible-vault encrypt",
)
K10 = Rule(
    "K10",
    "the file has a redirect URL and no service account: it belongs to a web app, which a person logs in to",
    "create an app of type Backend Service in Infor OS > API Gateway > Authorized Apps, and download its file with Create Service Account switched on",
)
RULES = (K01, K02, K03, K04, K05, K06, K07, K08, K09, K10)


def _required(document):
    for key in REQUIRED_KEYS:
        if key not in document.values:
            yield K01.violation(key, case="missing")
        elif document.values[key] == "":
            yield K01.violation(key, case="empty")


def _usual(document):
    for key in USUAL_KEYS:
        if not document.has_value(key):
            yield K02.violation(key)


def _account_pair(document):
    saak, sask = document.has_value("saak"), document.has_value("sask")
    if saak != sask:
        missing, present = ("sask", "saak") if saak else ("saak", "sask")
        yield K03.violation(missing, present=present)


def _grant(document):
    wanted = document.expectations.grant
    saak, sask = document.has_value("saak"), document.has_value("sask")
    if not saak and not sask:
        if document.has_value("ru"):
            yield K10.violation("ru")
        elif wanted == PASSWORD:
            yield K04.violation("saak", case="none")
        elif wanted == AUTO:
            yield K04.violation(case="client_credentials")
    elif saak and sask and wanted == CLIENT_CREDENTIALS:
        yield K04.violation("saak", case="unused")


def _types(document):
    for key in STRING_KEYS:
        value = document.values.get(key)
        if document.has_value(key) and not isinstance(value, str) and not _is_vault_object(value):
            is_readable = key in NUMERIC_KEYS and is_number(value)
            yield K05.violation(key, case="number" if is_readable else "type", type=_type_name(value))


def _key_names(document):
    others = [key for key in document.values if key not in KEYS]
    near = {key: key.strip().lower() for key in others if key.strip().lower() in KEYS}
    unknown = [key for key in others if key not in near]
    if near:
        yield K06.violation(case="spelling", names=key_names(near.values(), document.values))
    if unknown:
        yield K06.violation(case="unknown", names=key_names(unknown, document.values))


def _clean_values(document):
    for key, value in _strings(document):
        if key in LENIENT_KEYS:
            if value != value.strip() or has_control(value):
                yield K07.violation(key, case="untidy")
        elif (has_blank(value) or has_control(value)) and not is_placeholder(value):
            yield K07.violation(key, case="blank")


def _placeholders(document):
    for key, value in _strings(document):
        if key not in LENIENT_KEYS and is_placeholder(value):
            yield K08.violation(key)


def _decrypted(document):
    for key in STRING_KEYS:
        value = document.values.get(key)
        if _is_vault_object(value) or (isinstance(value, str) and is_encrypted(value)):
            yield K09.violation(key, case="value")


CHECKS = (_required, _usual, _account_pair, _grant, _types, _key_names, _clean_values, _placeholders, _decrypted)


def _strings(document):
    """Yields key and value of each string that is neither empty nor encrypted."""
    for key in STRING_KEYS:
        value = document.values.get(key)
        if isinstance(value, str) and value and not is_encrypted(value):
            yield key, value


def _is_vault_object(value) -> bool:
    """Whether the value is a vaulted variable as Ansible writes it to JSON."""
    return isinstance(value, dict) and "__ansible_vault" in value


def _type_name(value) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    return "a number" if is_number(value) else "an object" if isinstance(value, dict) else "a list"
