# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules F01 to F08: the file is an ION API file at all, and is kept as one. Private to the collection."""

from __future__ import annotations

import base64
import json

from ansible_collections.docbits.ion.plugins.module_utils._findings import ERROR, WARNING
from ansible_collections.docbits.ion.plugins.module_utils._ionapi_examples import cloud_file, differing, good, text, whole_text
from ansible_collections.docbits.ion.plugins.module_utils._ionapi_rule import Case, Hit, Rule

DOWNLOAD = "download the file in Infor OS > API Gateway > Authorized Apps > the app > Download Credentials"
SAVE_UNCHANGED = f"{DOWNLOAD} and store it as it is, without an editor or the clipboard"

READABLE_BY_OTHERS = 0o044


def check_file(filename, mode):
    """Hits about the file itself, where the caller knows its name and its mode bits."""
    if filename is not None and not filename.lower().endswith(".ionapi"):
        yield Hit("F07.suffix")
    if mode is not None and mode & READABLE_BY_OTHERS:
        yield Hit("F08.readable")


RULES = (
    Rule(
        "F01",
        "The file has a content, of at most 64 KiB",
        "E",
        (
            Case("empty", ERROR, "the file is empty", SAVE_UNCHANGED, text("\n", "an empty file")),
            Case("too_big", ERROR, "the file is larger than 64 KiB, an ION API file has about 1 KiB", DOWNLOAD, text("{" + " " * 65536, "65,537 bytes")),
            Case(
                "not_text",
                ERROR,
                "the content is a variable and not the text of the file",
                "pass the text of the file, in a template with the filter to_json",
                text(cloud_file(), "a dictionary instead of a text"),
            ),
        ),
        good(),
    ),
    Rule(
        "F02",
        "The file is UTF-8 without a byte order mark",
        "E",
        (
            Case(
                "bom",
                WARNING,
                "the file begins with a byte order mark, an editor has stored it again",
                "store the file as UTF-8 without a byte order mark",
                whole_text(lambda content: b"\xef\xbb\xbf" + content.encode(), "the bytes EF BB BF before the first brace"),
            ),
            Case(
                "utf16",
                WARNING,
                "the file is UTF-16, as Windows PowerShell and Notepad store text; it was read nevertheless",
                "store the file as UTF-8, in PowerShell with Out-File -Encoding ascii",
                whole_text(lambda content: content.encode("utf-16"), "every character in two bytes"),
            ),
            Case(
                "not_utf8",
                ERROR,
                "the file is no text in UTF-8: an archive, an encrypted file, or text in another encoding",
                SAVE_UNCHANGED,
                whole_text(lambda content: b"PK\x03\x04\xff" + content.encode(), "a ZIP archive that holds the file"),
            ),
        ),
        good(),
    ),
    Rule(
        "F03",
        "The content is the JSON text itself, no page, table or encoded form of it",
        "C",
        (
            Case(
                "base64",
                WARNING,
                "the file is base64 of the JSON text; it was decoded",
                "store the JSON text itself",
                whole_text(lambda content: base64.b64encode(content.encode()), "eyJ0aSI6... (base64 of the whole file)"),
            ),
            Case(
                "html",
                ERROR,
                "the content begins with < and is an HTML or XML page, as a rule a login page that was stored instead of the download",
                f"log in to Infor OS, then {DOWNLOAD}",
                text("<!DOCTYPE html><html><body>Sign in</body></html>", "<!DOCTYPE html>..."),
            ),
            Case(
                "csv",
                ERROR,
                "the content is a table, as the .csv of Security > Service Accounts, which holds no client ID and no addresses",
                DOWNLOAD,
                text("Access Key,Secret Key\ninvented,invented\n", "Access Key,Secret Key\ninvented,invented"),
            ),
        ),
        good(),
    ),
    Rule(
        "F04",
        "The text is valid JSON and one object",
        "A",
        (
            Case(
                "cut_off",
                ERROR,
                "the JSON text ends before it is complete (line {line}, column {column}): it was cut off, or a closing quote is missing",
                SAVE_UNCHANGED,
                whole_text(lambda content: content[:200], "the first 200 characters of a file"),
            ),
            Case(
                "two_files",
                ERROR,
                "two JSON objects stand one behind the other, the second begins at line {line}, column {column}",
                "give each environment its own file",
                whole_text(lambda content: content + "\n" + content, "{...}\n{...}"),
            ),
            Case(
                "text_behind",
                ERROR,
                "other text stands behind the JSON object, from line {line}, column {column}",
                SAVE_UNCHANGED,
                whole_text(lambda content: content + "\nend", "{...}\nend"),
            ),
            Case(
                "line_break",
                ERROR,
                "a line break, tab or control character stands inside a string at line {line}, column {column}, as wrapped text has it",
                SAVE_UNCHANGED,
                whole_text(lambda content: content.replace("invented-client-secret", "invented-client\nsecret", 1), '"cs": "invented-client\nsecret..."'),
            ),
            Case(
                "quotes",
                ERROR,
                "typographic quotation marks stand where JSON has straight ones (line {line}, column {column}): a chat or word processor changed the text",
                SAVE_UNCHANGED,
                whole_text(lambda content: content.replace('"ti"', "\u201cti\u201d"), "{ti in typographic quotes: ...}"),
            ),
            Case(
                "yaml",
                ERROR,
                "the content is YAML, not JSON",
                "name the file that holds the JSON text, or pass the variable of this file that holds it as content",
                text("ionapi:\n  ti: ACME_TST\n", "ionapi:\n  ti: ACME_TST"),
            ),
            Case(
                "python",
                ERROR,
                "the content is a Python dictionary in text form, as a template writes it that has turned the JSON into a variable",
                "add the filter to_json in the template",
                text(str(cloud_file()), "{'ti': 'ACME_TST', ...}"),
            ),
            Case(
                "encoded_twice",
                ERROR,
                "the JSON object stands inside a JSON string: it was encoded twice",
                "store the object itself, in a template without the last to_json",
                whole_text(json.dumps, '"{\\"ti\\": \\"ACME_TST\\", ...}"'),
            ),
            Case(
                "not_an_object",
                ERROR,
                "the JSON text is no object but a list, a string or a number",
                DOWNLOAD,
                whole_text(lambda content: f"[{content}]", "[{...}]"),
            ),
            Case("number", ERROR, "a number is none of JSON's, or is beyond any use", SAVE_UNCHANGED, text('{"dt": NaN}', '{"dt": NaN}')),
            Case("too_deep", ERROR, "lists or objects stand too deep in each other for an ION API file", DOWNLOAD, text("[" * 5000, "[[[[[[[[[[...")),
            Case(
                "syntax", ERROR, "the text is no valid JSON at line {line}, column {column}", SAVE_UNCHANGED, text('{"ti": "ACME_TST",}', '{"ti": "ACME_TST",}')
            ),
        ),
        good(),
    ),
    Rule(
        "F05",
        "No key stands twice",
        "D",
        (
            Case(
                "repeated",
                ERROR,
                "keys stand more than once, and programs differ in which value they take: {names}",
                SAVE_UNCHANGED,
                whole_text(lambda content: '{"ti": "ACME_PRD", ' + content[1:], '"ti": "ACME_PRD",\n"ti": "ACME_TST"'),
            ),
        ),
        good(),
    ),
    Rule(
        "F06",
        "The keys are not those of another kind of file",
        "A",
        (
            Case(
                "postman",
                ERROR,
                "this is a Postman environment or collection that was made from an ION API file",
                f"use the .ionapi file that it was made from, or {DOWNLOAD}",
                text('{"name": "Infor", "values": []}', '{"name": "Infor", "values": [...]}'),
            ),
            Case(
                "jwk",
                ERROR,
                "this is a key pair (JWK) of Generate Key Pair, which serves bridge authentication only",
                DOWNLOAD,
                text('{"kty": "RSA", "d": "invented"}', '{"kty": "RSA", "d": ...}'),
            ),
            Case("pem", ERROR, "this is a key or certificate in PEM form", DOWNLOAD, text("-----BEGIN CERTIFICATE-----\n", "-----BEGIN CERTIFICATE-----")),
        ),
        good(),
    ),
    Rule(
        "F07",
        "The name of the file ends with .ionapi",
        "A",
        (
            Case(
                "suffix",
                WARNING,
                "the name of the file does not end with .ionapi",
                "check that it is the downloaded file, and keep the name of the download",
                differing({}, filename="service accounts.json"),
            ),
        ),
        differing({}, filename="DocBits TST.ionapi"),
    ),
    Rule(
        "F08",
        "A file that is not encrypted can be read by its owner alone",
        "D",
        (
            Case(
                "readable",
                WARNING,
                "the file is not encrypted and other users of this machine may read it",
                "encrypt it with ansible-vault encrypt, or set its mode to 0600",
                differing({}, mode=0o644),
            ),
        ),
        differing({}, mode=0o600),
    ),
)
