# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes docs/server_values.md from the shapes in the code: `python tests/docs/generate_shapes.py`."""

from __future__ import annotations

from pathlib import Path

from ansible_collections.docbits.ion.plugins.module_utils._core.redaction import LONGEST_SEARCHED, SHORTEST_PIECE
from ansible_collections.docbits.ion.plugins.module_utils._core.shapes import SHAPES
from ansible_collections.docbits.ion.tests.docs.prose import prose

PAGE = Path(__file__).resolve().parents[2] / "docs" / "server_values.md"

INTRODUCTION = """\
<!-- Written by tests/docs/generate_shapes.py from the shapes in the code. Do not edit. -->

# What a server says

A server, a proxy or a firewall may repeat what it was sent. So the text of an answer never becomes part of a result, a message or a diff as it is.
Two checks decide what is shown.

**Shape.** A value is shown only if it has the shape of what it should be. The same holds for names that a user writes, because a secret may be in
the place of a name. A value that contains as many random characters in a row as the last column says looks like a generated secret, and is not shown
either.

{table}

A value without its shape is replaced by a fingerprint, such as `(not shown, 7f3a91c2)`. Its key is random, so the fingerprint helps to compare values
within one result, and for nothing else: nobody can find a short password by it. An export whose id does not have its shape ends the task (DB15).
Any other field of an export is withheld then, as if DocBits did not show it, and is not compared, sent or restored.

Of a sentence in a refusal, words, codes and short numbers are shown. Other parts become an ellipsis.

**Secrets of the run.** Every result is searched for the secrets that the run has met, before it leaves the process: for each secret as a whole, and,
in texts of at most {longest} characters, for its pieces of at least {shortest} characters. They are found in any case of letters, reversed, in rot13, in
hexadecimal digits, base64 and base32, from any character on, and are replaced by `<secret>`.

A server that encrypts a secret before it repeats it can hide it from the second check. It has the secret already. What it can show is limited by the
shapes.
"""


def page() -> str:
    """The whole page."""
    rows = [
        f"| {sort} | {prose(shape.used)} | {prose(shape.text)} | {shape.longest} | `{shape.pattern.replace('|', chr(92) + '|')}` | {shape.random} |"
        for sort, shape in SHAPES.items()
    ]
    head = ["| sort | where | characters | at most | pattern | random |", "| --- | --- | --- | --- | --- | --- |"]
    return INTRODUCTION.format(table="\n".join([*head, *rows]), longest=LONGEST_SEARCHED, shortest=SHORTEST_PIECE)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
