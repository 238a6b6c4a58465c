# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mapping files that nobody would write: never a traceback, never a hang. ION_FUZZ_CASES asks for more of them."""

from __future__ import annotations

import os
import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.docbits.ion.plugins.module_utils._core.findings import LEVELS
from ansible_collections.docbits.ion.plugins.module_utils._mapping.dialect import LIMIT
from ansible_collections.docbits.ion.plugins.module_utils._mapping.diff import same, sentences
from ansible_collections.docbits.ion.plugins.module_utils._mapping.judge import KINDS, Judged, judge
from ansible_collections.docbits.ion.plugins.module_utils._mapping.rules import MOST_PER_RULE
from ansible_collections.docbits.ion.tests.docs.mapping_examples import GOOD

CASES = int(os.environ.get("ION_FUZZ_CASES", "12000"))
# Without ION_FUZZ_CASES the run ends here, however slow the machine is.
SECONDS = 8 if "ION_FUZZ_CASES" not in os.environ else float("inf")

SEEDS = [text.encode() for text in (GOOD["idm"], GOOD["bod"], GOOD["m3"], GOOD["ln"], GOOD["m3_toml"])]
PIECES = [
    *(b"=", b"\n", b"\r", b"\r\n", b",", b",,", b":", b"+", b"#", b"\\\\", b"\\", b"/", b"[", b"]", b"[[", b"]]", b"{", b"}", b'"', b'"""', b"'''", b"."),
    *(b"\0", b"\xff", b"\xef\xbb\xbf", b"\xc3\xbc", b"\xe2\x80\xa8", b"\xed\xa0\x80", b" ", b"\t", b"TF_", b"SF_", b"IF_", b"TN_", b"_TC_", b"EFE_", b"lid://"),
    *(b"Static_Fields=", b"Index_Fields=", b"Tables=", b"HeaderFields=", b"DT_Path=", b"[export_configuration.header]", b"name = 1979-05-27", b"0x", b"1e999"),
]


def mutated(source: random.Random) -> bytes:
    """A file made of one example or two, with a few accidents."""
    content = bytearray(source.choice(SEEDS))
    if source.random() < 0.2:
        cut = source.randrange(len(content))
        content[cut:] = source.choice(SEEDS)[cut:]
    for _accident in range(source.randint(1, 8)):
        at = source.randrange(len(content) + 1)
        accident = source.randrange(5)
        if accident == 0:
            content[at:at] = source.choice(PIECES)
        elif accident == 1:
            del content[at : at + source.randint(1, 40)]
        elif accident == 2:
            content[at:at] = content[at : at + source.randint(1, 80)]
        elif accident == 3:
            content[at : at + 1] = source.randbytes(1)
        else:
            content[at:at] = source.choice(PIECES) * source.randint(2, 200)
    return bytes(content)


def hold(content, expected_kind, previous):
    """What holds for any input at all."""
    judged = judge(content, "file", expected_kind, "INVOICE")
    assert isinstance(judged, Judged)
    assert judged.kind in (None, *KINDS)
    assert judged.findings or judged.mapping is not None
    counts: dict = {}
    for finding in judged.findings:
        assert finding.level in LEVELS
        assert finding.where.startswith("file")
        sentence = finding.sentence()
        assert sentence.isprintable() and len(sentence) < 2000
        counts[finding.id] = counts.get(finding.id, 0) + 1
    assert max(counts.values(), default=0) <= MOST_PER_RULE + 1
    kind = judged.kind or expected_kind or "idm"
    told = sentences(kind, previous, content)
    assert bool(told) == (not same(previous, content))
    assert all(sentence.isprintable() for sentence in told)


def test_mutated_files_are_judged_and_compared():
    seed = int(os.environ.get("ION_FUZZ_SEED", "20261120"))
    source = random.Random(seed)
    end = time.monotonic() + SECONDS
    done = 0
    while done < CASES and time.monotonic() < end:
        case = mutated(source)
        try:
            hold(case, source.choice((None, *KINDS)), mutated(source))
        except Exception as error:
            raise AssertionError(f"seed {seed}, case {done}: {case!r}") from error
        done += 1
    assert done >= min(CASES, 100)


def filled(unit, start="", end="", size=LIMIT // 8):
    """O(start), as many O(unit) as fit, O(end); C({}) in O(unit) becomes a running number."""
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
def test_time_grows_no_faster_than_the_file(unit, start):
    # An eighth of the limit takes two seconds or less in linear time, and minutes in quadratic time.
    content = filled(unit, start)
    before = time.process_time()
    for kind in (None, "m3_toml"):
        hold(content, kind, content + "x")
    assert time.process_time() - before < 20


@pytest.mark.parametrize("kind", KINDS)
def test_random_bytes_are_judged(kind):
    source = random.Random(kind)
    for length in (0, 1, 2, 3, 10, 1000):
        for _case in range(20):
            hold(source.randbytes(length), kind, source.randbytes(length))


@given(st.text(st.characters(exclude_categories=())), st.sampled_from((None, *KINDS)))
def test_any_text_is_judged(text, kind):
    hold(text, kind, "INVOICE=x")
