# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The text of a mapping file and the dialect that all kinds share: rules MP. Private to the collection."""

from __future__ import annotations

from ansible_collections.docbits.ion.plugins.module_utils._core.findings import WARNING
from ansible_collections.docbits.ion.plugins.module_utils._core.rules import Case, Rule
from ansible_collections.docbits.ion.plugins.module_utils._core.text import BYTE_ORDER_MARK, decoded, normal_text

MAX_SIZE = 1024 * 1024

MP01 = Rule("MP01", "is larger than 1 MiB", "use the mapping file itself; the vendor's files are smaller than 20 KiB")
MP02 = Rule(
    "MP02",
    {"not_utf8": "is not UTF-8 text", "binary": "is not UTF-8 text; it looks like UTF-16 or binary data", "not_text": "is neither text nor bytes"},
    "save the file as plain UTF-8 text without a byte order mark",
)
MP03 = Rule(
    "MP03",
    {
        "json": Case("is JSON, such as an ION API file, not a mapping file", "use a mapping file here, and the ION API file in its own option"),
        "markup": Case("is XML or an HTML page, not a mapping file", "download the mapping file again; proxies and login pages answer with such a page"),
        "pem": "is a certificate or key, not a mapping file",
        "vault": Case("is still encrypted by Ansible Vault", "pass the vault password of this file to Ansible"),
        "pdf": "is a PDF document, not a mapping file",
    },
    "use a mapping file instead",
)
MP04 = Rule("MP04", "is empty", "use the mapping file; an empty file maps nothing")
MP05 = Rule("MP05", "is not of a kind that can be recognized", "set the kind of the file: idm, bod, m3, ln or m3_toml")
MP06 = Rule("MP06", "is {actual}, but should be {expected}", "use this file where its kind is expected, and a file of the right kind here")
MP07 = Rule("MP07", "has no =", "write key=value on one line, or # at its start; a line cannot continue on the next one")
MP08 = Rule("MP08", "is already set on line {first}", "keep one of the two lines")
MP20 = Rule(
    "MP20",
    "starts with a byte order mark",
    "save the file as UTF-8 without a byte order mark; otherwise DocBits may take the mark as part of the first key",
    WARNING,
)
MP21 = Rule("MP21", "is not UTF-8; it was read as Latin-1", "save the file as UTF-8", WARNING)
MP22 = Rule("MP22", "has no key before the =", "write the key before the =", WARNING)
MP23 = Rule("MP23", "has an empty item", "remove the comma that has nothing before or after it", WARNING)
RULES = (MP01, MP02, MP03, MP04, MP05, MP06, MP07, MP08, MP20, MP21, MP22, MP23)

# The start of other formats. A vaulted file has to be decrypted before it can be checked.
_OTHER_FORMATS = {"{": "json", "<": "markup", "-----BEGIN": "pem", "$ANSIBLE_VAULT": "vault", "%PDF": "pdf"}


def decode(content) -> tuple:
    """The normal text of a file (None if it cannot be a mapping file) and a list of violations. Never raises."""
    if isinstance(content, str):
        try:
            # Bytes that are not UTF-8 arrive as surrogates.
            content = content.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError:
            return None, [MP02.violation(case="not_utf8")]
    if not isinstance(content, (bytes, bytearray)):
        return None, [MP02.violation(case="not_text")]
    if len(content) > MAX_SIZE:
        return None, [MP01.violation()]
    raw = decoded(content)
    if "\0" in raw or bytes(raw[:2], "latin-1", "replace") in (b"\xff\xfe", b"\xfe\xff"):
        return None, [MP02.violation(case="binary")]
    text = normal_text(raw)
    if not text.strip():
        return None, [MP04.violation()]
    for start, case in _OTHER_FORMATS.items():
        if text.lstrip().startswith(start):
            return None, [MP03.violation(case=case)]
    violations = []
    if raw.startswith(BYTE_ORDER_MARK):
        violations.append(MP20.violation(line=1))
    if raw.encode("utf-8") != content:
        violations.append(MP21.violation())
    return text, violations


def check(properties, list_keys):
    """Yields a `Violation` for each defect of the dialect. `list_keys` are the keys of the lists of this kind."""
    for line in properties.bare_lines:
        yield MP07.violation(line=line)
    for entry, first in properties.repeated:
        if entry.key:
            yield MP08.violation(entry.key, entry.line, first=first.line)
    for entry in properties.entries:
        if not entry.key:
            yield MP22.violation(line=entry.line)
    for key in list_keys:
        if properties.has_empty_item(key):
            yield MP23.violation(key, properties.line(key))
