# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Property and fuzz tests: any mapping file is validated and normalized without an exception, in linear time.

ION_FUZZ_CASES sets the number of mutated files, ION_FUZZ_SEED the seed.
"""

from __future__ import annotations

import os
import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.docbits.ion.plugins.module_utils._core.findings import LEVELS
from ansible_collections.docbits.ion.plugins.module_utils._core.rules import MAX_PER_RULE
from ansible_collections.docbits.ion.plugins.module_utils._mapping.dialect import MAX_SIZE
from ansible_collections.docbits.ion.plugins.module_utils._mapping.normalize import normalize
from ansible_collections.docbits.ion.plugins.module_utils._mapping.validation import FILE_KINDS, ValidatedMapping, validate
from ansible_collections.docbits.ion.tests.docs.mapping_examples import VALID

CASES = int(os.environ.get("ION_FUZZ_CASES", "5000"))

SEEDS = [text.encode() for text in (VALID["idm"], VALID["bod"], VALID["m3"], VALID["ln"], VALID["m3_toml"])]
PIECES = [
    *(b"=", b"\n", b"\r", b"\r\n", b",", b",,", b":", b"+", b"#", b"\\\\", b"\\", b"/", b"[", b"]", b"[[", b"]]", b"{", b"}", b'"', b'"""', b"'''", b"."),
    *(b"\0", b"\xff", b"\xef\xbb\xbf", b"\xc3\xbc", b"\xe2\x80\xa8", b"\xed\xa0\x80", b" ", b"\t", b"TF_", b"SF_", b"IF_", b"TN_", b"_TC_", b"EFE_", b"lid://"),
    *(b"\n=x\n", b"Static_Fields=", b"Index_Fields=", b"Tables=", b"HeaderFields=", b"DT_Path="),
    *(b"[export_configuration.header]", b"name = 1979-05-27", b"0x", b"1e999"),
]


def mutated(source: random.Random) -> bytes:
    """A file made of one or two examples, with a few mutations."""
    content = bytearray(source.choice(SEEDS))
    if source.random() < 0.2:
        cut = source.randrange(len(content))
        content[cut:] = source.choice(SEEDS)[cut:]
    for _mutation in range(source.randint(1, 8)):
        at = source.randrange(len(content) + 1)
        mutation = source.randrange(5)
        if mutation == 0:
            content[at:at] = source.choice(PIECES)
        elif mutation == 1:
            del content[at : at + source.randint(1, 40)]
        elif mutation == 2:
            content[at:at] = content[at : at + source.randint(1, 80)]
        elif mutation == 3:
            content[at : at + 1] = source.randbytes(1)
        else:
            content[at:at] = source.choice(PIECES) * source.randint(2, 200)
    return bytes(content)


def check(content, expected_kind):
    """What is true for any content."""
    result = validate(content, "file", expected_kind, "INVOICE")
    assert isinstance(result, ValidatedMapping)
    assert result.kind in (None, *FILE_KINDS)
    assert result.findings or result.content is not None
    counts: dict = {}
    for finding in result.findings:
        assert finding.level in LEVELS
        assert finding.where.startswith("file")
        sentence = finding.sentence()
        assert sentence.isprintable() and len(sentence) < 2000
        counts[finding.id] = counts.get(finding.id, 0) + 1
    assert max(counts.values(), default=0) <= MAX_PER_RULE + 1
    settings = normalize(result.kind or expected_kind or "idm", content)
    assert settings is None or all(isinstance(value, str) for aspects in settings.values() for value in aspects.values())


def test_fuzz_mutated_files_are_validated_and_normalized():
    seed = int(os.environ.get("ION_FUZZ_SEED", "20261120"))
    source = random.Random(seed)
    for number in range(CASES):
        case = mutated(source)
        try:
            check(case, source.choice((None, *FILE_KINDS)))
        except Exception as error:
            raise AssertionError(f"seed {seed}, case {number}: {case!r}") from error


def filled(unit, start="", end="", size=MAX_SIZE // 8):
    """`start`, `unit` as often as it fits, `end`; {} in `unit` becomes a running number."""
    parts, length, number = [start], len(start) + len(end), 0
    while True:
        part = unit.format(number) if "{}" in unit else unit
        if length + len(part) > size:
            return "".join((*parts, end))
        parts.append(part)
        length += len(part)
        number += 1


HARD = {
    "one line": ("x", ""),
    "only blanks": (" ", "a="),
    "no equals sign": ("a\n", ""),
    "one key again and again": ("a=\n", ""),
    "many keys": ("k{}=\n", ""),
    "many constants": ("SF_{}=\n", "HeaderFields=\n"),
    "many paths": ("IFP_{}=\n", "DT_Path=\n"),
    "many columns": ("TN_a_TC_{}=\n", "Tables=a\n"),
    "many columns in one key": ("_TC_", "Tables=a\nTN_a"),
    "one item again and again": ("a,", "EMBEDDED_FILES_EXPORT="),
    "many items": ("x{},", "HeaderFields="),
    "many tables": ("x{},", "DT_Path=\nTables="),
    "long expression": ("a+", "Static_Values=\nACL_Fields="),
    "long path": ("\\\\a", "DT_Path=SyncCaptureDocumentType"),
    "open brackets": ("[", ""),
    "open blanks": (" ", "["),
    "dotted key": ("a.", "["),
    "many dotted keys": ("a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.k{}=1\n", "[a]\n"),
    "many tables of TOML": ("[export_configuration.s{}]\n", ""),
    "quotes": ('"', "[a]\n"),
    "single quotes": ("'", "[a]\n"),
    "quotes and backslashes": ('"""\\', "[a]\nb="),
    "backslashes": ("\\", '[a]\nb="""'),
    "nested tables": ("{{a=", "[a]\nb="),
    "long number": ("9", "[a]\nb="),
}


@pytest.mark.parametrize(("unit", "start"), HARD.values(), ids=HARD)
def test_validate_of_a_hard_file_takes_linear_time(unit, start):
    # An eighth of the maximum size takes at most two seconds in linear time, and minutes in quadratic time.
    content = filled(unit, start)
    before = time.process_time()
    for kind in (None, "m3_toml"):
        check(content, kind)
    assert time.process_time() - before < 20


@pytest.mark.parametrize("kind", FILE_KINDS)
def test_validate_of_random_bytes_returns_a_result(kind):
    source = random.Random(kind)
    for length in (0, 1, 2, 3, 10, 1000):
        for _case in range(20):
            check(source.randbytes(length), kind)


@given(st.text(st.characters(exclude_categories=())), st.sampled_from((None, *FILE_KINDS)))
def test_validate_of_any_text_returns_a_result(text, kind):
    check(text, kind)
