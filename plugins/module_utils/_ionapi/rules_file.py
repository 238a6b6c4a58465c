# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules F01 to F08: the file is an ION API file at all, and is kept as one. Private to the collection."""

from __future__ import annotations

from ansible_collections.docbits.ion.plugins.module_utils._core.findings import ERROR, WARNING
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.rule import DOWNLOAD, SAVE_UNCHANGED, Case, Hit, Rule

# The last two are what people call the file once it is vaulted.
SUFFIXES = (".ionapi", ".ionapi.vault", ".ionapi.yml")
READABLE_BY_OTHERS = 0o044


def check_file(filename, mode):
    """Hits about the file itself, where the caller knows its name and its mode bits."""
    if filename is not None and not filename.lower().endswith(SUFFIXES):
        yield Hit("F07.suffix")
    if mode is not None and mode & READABLE_BY_OTHERS:
        yield Hit("F08.readable")


RULES = (
    Rule(
        "F01",
        "The file has a content, of at most 64 KiB",
        "E",
        (
            Case("empty", ERROR, "the file is empty", SAVE_UNCHANGED),
            Case("too_big", ERROR, "the file is larger than 64 KiB, an ION API file has about 1 KiB", DOWNLOAD),
            Case(
                "not_text",
                ERROR,
                "the content is a variable and not the text of the file",
                "pass the text of the file, in a template with the filter to_json",
            ),
        ),
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
            ),
            Case(
                "utf16",
                WARNING,
                "the file is UTF-16, as Windows PowerShell and Notepad store text; it was read nevertheless",
                "store the file as UTF-8, in PowerShell with Out-File -Encoding ascii",
            ),
            Case(
                "not_utf8",
                ERROR,
                "the file is no text in UTF-8: an archive, an encrypted file, or text in another encoding",
                SAVE_UNCHANGED,
            ),
        ),
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
            ),
            Case(
                "html",
                ERROR,
                "the content begins with < and is an HTML or XML page, as a rule a login page that was stored instead of the download",
                f"log in to Infor OS, then {DOWNLOAD}",
            ),
            Case(
                "csv",
                ERROR,
                "the content is a table, as the .csv of Security > Service Accounts, which holds no client ID and no addresses",
                DOWNLOAD,
            ),
        ),
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
            ),
            Case(
                "two_files",
                ERROR,
                "two JSON objects stand one behind the other, the second begins at line {line}, column {column}",
                "give each environment its own file",
            ),
            Case(
                "text_behind",
                ERROR,
                "other text stands behind the JSON object, from line {line}, column {column}",
                SAVE_UNCHANGED,
            ),
            Case(
                "line_break",
                ERROR,
                "a line break, tab or control character stands inside a string at line {line}, column {column}, as wrapped text has it",
                SAVE_UNCHANGED,
            ),
            Case(
                "quotes",
                ERROR,
                "typographic quotation marks stand where JSON has straight ones (line {line}, column {column}): a chat or word processor changed the text",
                SAVE_UNCHANGED,
            ),
            Case(
                "yaml",
                ERROR,
                "the content is YAML, not JSON",
                "name the file that holds the JSON text, or pass the variable of this file that holds it as content",
            ),
            Case(
                "python",
                ERROR,
                "the content is a Python dictionary in text form, as a template writes it that has turned the JSON into a variable",
                "add the filter to_json in the template",
            ),
            Case(
                "encoded_twice",
                ERROR,
                "the JSON object stands inside a JSON string: it was encoded twice",
                "store the object itself, in a template without the last to_json",
            ),
            Case(
                "not_an_object",
                ERROR,
                "the JSON text is no object but a list, a string or a number",
                DOWNLOAD,
            ),
            Case("number", ERROR, "a number is none of JSON's, or is beyond any use", SAVE_UNCHANGED),
            Case("too_deep", ERROR, "lists or objects stand too deep in each other for an ION API file", DOWNLOAD),
            Case("syntax", ERROR, "the text is no valid JSON at line {line}, column {column}", SAVE_UNCHANGED),
        ),
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
            ),
        ),
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
            ),
            Case(
                "jwk",
                ERROR,
                "this is a key pair (JWK) of Generate Key Pair, which serves bridge authentication only",
                DOWNLOAD,
            ),
            Case("pem", ERROR, "this is a key or certificate in PEM form", DOWNLOAD),
        ),
    ),
    Rule(
        "F07",
        "The name of the file ends with .ionapi, or with .vault or .yml after that",
        "A",
        (
            Case(
                "suffix",
                WARNING,
                "the name of the file does not end with .ionapi",
                "check that it is the downloaded file, and keep the name of the download",
            ),
        ),
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
            ),
        ),
    ),
)
