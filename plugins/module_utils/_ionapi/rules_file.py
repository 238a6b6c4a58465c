# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules F01 to F09: the file and its text. Private to the collection."""

from __future__ import annotations

from ansible_collections.docbits.ion.plugins.module_utils._core.findings import ERROR, WARNING
from ansible_collections.docbits.ion.plugins.module_utils._core.rules import Case, Rule
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.shared import DOWNLOAD, SAVE_UNCHANGED

# The last two are usual names of a vaulted file.
SUFFIXES = (".ionapi", ".ionapi.vault", ".ionapi.yml")
READABLE_BY_OTHERS = 0o044

F01 = Rule(
    "F01",
    {
        "empty": "the file is empty",
        "too_big": Case("the file is larger than 64 KiB, but an ION API file has about 1 KiB", DOWNLOAD),
        "not_text": Case("the content is a variable, not the text of the file", "pass the text of the file; in a template, add the filter to_json"),
    },
    SAVE_UNCHANGED,
)
F02 = Rule(
    "F02",
    {
        "bom": Case("the file starts with a byte order mark, so an editor has saved it", "save the file as UTF-8 without a byte order mark"),
        "utf16": Case(
            "the file is encoded in UTF-16, as Windows PowerShell and Notepad save text; it was read anyway",
            "save the file as UTF-8; in PowerShell, use Out-File -Encoding ascii",
        ),
        "not_utf8": Case("the file is not UTF-8 text; it may be an archive, an encrypted file, or text in another encoding", level=ERROR),
    },
    SAVE_UNCHANGED,
    WARNING,
)
F03 = Rule(
    "F03",
    {
        "base64": Case("the file is base64 of the JSON text; it was decoded", "save the JSON text itself", WARNING),
        "html": Case(
            "the content starts with < and is an HTML or XML page, usually a login page that was saved instead of the download",
            f"log in to Infor OS, then {DOWNLOAD}",
        ),
        "csv": "the content is a table, such as the .csv of Security > Service Accounts, which has no client ID and no URLs",
    },
    DOWNLOAD,
)
F04 = Rule(
    "F04",
    {
        "cut_off": "the JSON text ends too early ({place}): it was cut off, or a closing quote is missing",
        "two_files": Case("the file has two JSON objects; the second starts at {place}", "use one file for each environment"),
        "text_behind": "the JSON object is followed by other text at {place}",
        "line_break": "a string has a line break, tab or control character at {place}, as in wrapped text",
        "quotes": "typographic quotation marks are used instead of straight ones ({place}): a chat or word processor changed the text",
        "yaml": Case("the content is YAML, not JSON", "use the file that has the JSON text, or pass the variable of this file that has it as content"),
        "python": Case(
            "the content is a Python dictionary as text, because a template has converted the JSON to a variable", "add the filter to_json in the template"
        ),
        "encoded_twice": Case(
            "the JSON object is encoded in a JSON string: it was encoded twice", "save the object itself; in a template, remove the last to_json"
        ),
        "not_an_object": Case("the JSON text is not an object, but a list, a string or a number", DOWNLOAD),
        "number": "a number is not valid in JSON, or too large",
        "too_deep": Case("lists or objects are nested too deep for an ION API file", DOWNLOAD),
        "syntax": "the text is not valid JSON at {place}",
    },
    SAVE_UNCHANGED,
)
F05 = Rule("F05", "keys occur more than once, and programs differ in which value they use: {names}", SAVE_UNCHANGED)
F06 = Rule(
    "F06",
    {
        "postman": Case(
            "the file is a Postman environment or collection that was created from an ION API file", f"use the original .ionapi file, or {DOWNLOAD}"
        ),
        "jwk": "the file is a key pair (JWK) of Generate Key Pair, which is for bridge authentication only",
        "pem": "the file is a key or certificate in PEM format",
    },
    DOWNLOAD,
)
F07 = Rule("F07", "the file name does not end with .ionapi", "check that it is the downloaded file, and keep its name", WARNING)
F08 = Rule(
    "F08", "the file is not encrypted and other users of this machine may read it", "encrypt it with ansible-vault encrypt, or set its mode to 0600", WARNING
)
F09 = Rule(
    "F09",
    "the file is not encrypted and Git tracks it, so its secrets are in every clone",
    "encrypt it with ansible-vault encrypt, and replace its secrets in Infor: the history keeps the former ones",
    WARNING,
)
RULES = (F01, F02, F03, F04, F05, F06, F07, F08, F09)


def check_file(filename: str | None, mode: int | None, is_tracked: bool = False):
    """Yields a `Violation` for each defect of the file itself.

    mode:       its permission bits, None if it is encrypted
    is_tracked: whether it is not encrypted and under version control
    """
    if filename is not None and not filename.lower().endswith(SUFFIXES):
        yield F07.violation()
    if mode is not None and mode & READABLE_BY_OTHERS:
        yield F08.violation()
    if is_tracked:
        yield F09.violation()
