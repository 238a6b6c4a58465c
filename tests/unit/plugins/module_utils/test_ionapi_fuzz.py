# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Property and fuzz tests: for any input the parser of ION API files returns a result in linear time and shows no part of a secret.

ION_FUZZ_CASES sets the number of mutated files, ION_FUZZ_SEED the seed.
"""

from __future__ import annotations

import base64
import json
import os
import random
import string
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.docbits.ion.plugins.module_utils._core.findings import ERROR, LEVELS
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.fleet import check_fleet
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.form import Expectations
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.parser import parse
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.rules import RULES

CASES = int(os.environ.get("ION_FUZZ_CASES", "4000"))
SEED = int(os.environ.get("ION_FUZZ_SEED", "20261120"))

BASE64URL = string.ascii_letters + string.digits + "-_"
SLICE = 8
# Processor time for one file in seconds; a normal file needs less than 0.001.
LONGEST = 2.0

# F07 to F09 are about the file, not about its content.
IDS = {rule.id for rule in RULES} - {"F07", "F08", "F09"}

KEYS = ("ti", "cn", "dt", "ci", "cs", "iu", "pu", "oa", "ot", "or", "ru", "sc", "ev", "v", "saak", "sask")
TOKENS = (
    *'{}[]",:\\/#~@?%<>= \t\r\n\0\x7f',
    *(
        "\\u0000",
        "\\ud800",
        "\\n",
        '"',
        '",',
        '":"',
        '{"',
        '"}',
        "null",
        "true",
        "NaN",
        "1e999",
        "-1",
        "[[[[",
        "/*",
        "//",
        "\u200b",
        "\ufeff",
        "\u00a0",
        "\u201c",
    ),
    *("$ANSIBLE_VAULT;1.1;AES256\n", "!vault", "<html>", "---\n", "xxx", "***", "REDACTED", "{{ cs }}", "{0}", "%s", "http://", "..", "https://[", ":99999"),
)
OWN_HOSTS = ("gateway.acme.example", "login.acme.example")
EXPECTATIONS = (
    Expectations(trusted_hosts=OWN_HOSTS),
    Expectations(strict=True, trusted_hosts=OWN_HOSTS),
    Expectations(profile="infor", allow_insecure=True, trusted_hosts=None),
    Expectations(tenant="OTHER_PRD", environment="PRD", flavour="on_premises", grant="password"),
    Expectations(grant="client_credentials", trusted_hosts=OWN_HOSTS),
)


def random_key(rng, length):
    return "".join(rng.choices(BASE64URL, k=length))


def valid_file(rng, account=False):
    """A file as Infor provides it, in any of its layouts; with a service account if `account` is set."""
    cloud = rng.random() < 0.7
    name = "".join(rng.choices(string.ascii_uppercase + string.digits, k=rng.randint(3, 16)))
    tenant = f"{name}_{rng.choice(('PRD', 'TST', 'TRN', 'DEV'))}" if cloud else "infor"
    region = rng.choice(("", "eu1.", "se1.", "se2."))
    document = {
        "ti": tenant,
        "cn": f"DocBits_{rng.choice(('Production', 'Stage', 'TST'))}",
        "dt": "12",
        "ci": f"{tenant}~{random_key(rng, 43)}",
        "cs": random_key(rng, 86),
        "iu": f"https://mingle-ionapi.{region}inforcloudsuite.com" if cloud else "https://gateway.acme.example:7443",
        "pu": f"https://mingle-sso.{region}inforcloudsuite.com:443/{tenant}/as/" if cloud else "https://login.acme.example/InforIntSTS/",
        "oa": "authorization.oauth2" if cloud else "connect/authorize",
        "ot": "token.oauth2" if cloud else "connect/token",
        "or": "revoke_token.oauth2" if cloud else "connect/revocation",
    }
    version = rng.choice(("1.0", "1.1")) if cloud else "1.0"
    if version == "1.1":
        document["sc"] = ["INFOR-IFS", "Infor-IDM", "Infor-ION"]
    document["ev"] = f"{rng.choice(string.ascii_uppercase)}{rng.randrange(10**9, 10**10)}"
    document["v"] = version
    if account or rng.random() < 0.8:
        document["saak"] = f"{tenant}#{random_key(rng, 86)}"
        document["sask"] = random_key(rng, 86)
    return document


def slices_of_secrets(document):
    """Every piece of every secret. The tenant before ~ and # is not secret."""
    secrets = [document[key].rpartition(mark)[2] for key, mark in (("ci", "~"), ("cs", "~"), ("saak", "#"), ("sask", "#")) if key in document]
    return {secret[start : start + SLICE] for secret in secrets for start in range(len(secret) - SLICE + 1)}


def with_other_values(rng, document):
    """Mutations that remain valid JSON: removed, renamed and swapped keys, values of other types, misplaced secrets."""
    document = dict(document)
    for _time in range(rng.randint(1, 3)):
        key, other = rng.choice(list(document)), rng.choice(list(document))
        value = document[key]
        change = rng.randrange(12)
        if change == 0 and len(document) > 1:
            del document[key]
        elif change == 1:
            document[key], document[other] = document[other], value
        elif change == 2:
            document[key] = rng.choice((None, True, 12, 1.0, -0.0, [], {}, [value], {key: value}, "", " ", [None], {"__ansible_vault": value}))
        elif change == 3 and isinstance(value, str):
            document[value[: rng.randint(1, 40)]] = "x"
        elif change == 4 and isinstance(value, str):
            start = rng.randrange(len(value) + 1)
            document[value[start : start + rng.randint(4, 31)]] = value
        elif change == 5:
            document[key.upper() if rng.random() < 0.5 else f" {key}"] = document.pop(key)
        elif change == 6 and isinstance(value, str):
            place = rng.randrange(len(value) + 1)
            document[key] = value[:place] + rng.choice(TOKENS) + value[place:]
        elif change == 7 and isinstance(value, str):
            document[key] = value[: rng.randrange(len(value) + 1)]
        elif change == 8:
            document[key] = document[other] if not isinstance(value, str) else f"{value}{document[other]}"
        elif change == 9:
            document["sc"] = [value, document[other]]
        elif change == 10 and isinstance(value, str):
            document[key] = rng.choice((value.lower(), value.upper(), value * 2, value[::-1]))
        else:
            document[rng.choice(KEYS)] = rng.choice(TOKENS)
    return json.dumps(document, indent=rng.choice((None, 1)), ensure_ascii=rng.random() < 0.9)


def with_other_text(rng, text):
    """Mutations of the text: removed, inserted and moved characters; two files in one."""
    for _time in range(rng.randint(1, 4)):
        start = rng.randrange(len(text) + 1)
        end = min(len(text), start + rng.choice((1, 1, 2, 8, 60, 400)))
        change = rng.randrange(7)
        if change == 0:
            text = text[:start] + text[end:]
        elif change == 1:
            text = text[:start] + rng.choice(TOKENS) * rng.choice((1, 1, 1, 3, 50)) + text[start:]
        elif change == 2:
            text = text[:start] + text[start:end] + text[start:]
        elif change == 3:
            text = text[:start]
        elif change == 4:
            text = text[start:]
        elif change == 5:
            place = rng.randrange(len(text) + 1)
            text = text[:place] + text[start:end] + text[place:]
        else:
            text = text[:start] + rng.choice((str(rng.randrange(10**6)), chr(rng.randrange(0x110000)))) + text[end:]
    return text


def encoded(rng, text):
    """The text itself, or its bytes in some encoding, sometimes with a wrong byte."""
    encoding = rng.choice(("text", "text", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "latin-1", "base64"))
    if encoding == "text":
        return text
    if encoding == "base64":
        return base64.b64encode(text.encode("utf-8", "surrogatepass"))
    content = bytearray(text.encode(encoding, "replace"))
    if content and rng.random() < 0.3:
        content[rng.randrange(len(content))] = rng.randrange(256)
    return bytes(content)


def mutated(rng, document):
    text = with_other_values(rng, document) if rng.random() < 0.5 else json.dumps(document)
    if rng.random() < 0.6:
        text = with_other_text(rng, text)
    if rng.random() < 0.05:
        text += rng.choice(("", "\n")) + json.dumps(valid_file(rng))
    return encoded(rng, text) if rng.random() < 0.4 else text


def shown(parsed):
    return json.dumps([finding.as_dict() for finding in parsed.findings]) + repr(parsed)


def check(parsed):
    """What is true for every result."""
    for finding in parsed.findings:
        assert finding.id in IDS and finding.level in LEVELS
        assert finding.where.startswith("fuzz") and finding.message and finding.action
    assert (parsed.ionapi is None) == any(finding.level == ERROR for finding in parsed.findings)
    if parsed.ionapi is not None:
        summary = json.dumps(parsed.ionapi.summary())
        assert not any(len(secret) >= 40 and secret in summary for secret in parsed.ionapi.secret_values())
        assert parse(parsed.ionapi.document, "fuzz", Expectations(trusted_hosts=None)).ionapi is not None
        check_fleet({"fuzz": parsed.ionapi, "again": parsed.ionapi})


def test_fuzz_mutated_files_show_no_secret():
    rng = random.Random(SEED)
    used = {None: 0}
    for number in range(CASES):
        if number % 20 == 0:
            document = valid_file(rng)
            slices = slices_of_secrets(document)
        content = mutated(rng, document)
        name = f"case {number} of ION_FUZZ_CASES={CASES} ION_FUZZ_SEED={SEED}"
        began = time.process_time()
        try:
            parsed = parse(content, "fuzz", rng.choice(EXPECTATIONS))
            took = time.process_time() - began
            check(parsed)
        except Exception as error:
            raise AssertionError(f"{name}: {type(error).__name__}") from error
        assert took < LONGEST, f"{name}: {took:.1f} s"
        text = shown(parsed)
        leaks = slices.intersection(text[start : start + SLICE] for start in range(len(text) - SLICE + 1))
        assert not leaks, f"{name}: a piece of a secret is shown in {[finding.id for finding in parsed.findings]}"
        for id_ in {finding.id for finding in parsed.findings} or {None}:
            used[id_] = used.get(id_, 0) + 1
    # A run in which every file fails at its first character would prove nothing.
    assert used[None] and len(used) > len(IDS) * 0.8, sorted(IDS - set(used))


def test_fuzz_valid_files_have_no_warning():
    rng = random.Random(SEED)
    for number in range(max(CASES // 10, 200)):
        document = valid_file(rng)
        items = list(document.items())
        rng.shuffle(items)
        parsed = parse(json.dumps(dict(items), indent=rng.choice((None, 2))), "fuzz", Expectations(strict=True, trusted_hosts=OWN_HOSTS))
        assert {finding.id for finding in parsed.findings} <= {"K04"}, f"file {number} of seed {SEED}"
        assert json.loads(parsed.ionapi.document) == document


@pytest.mark.parametrize("layout", range(3))
def test_fuzz_every_prefix_of_a_file_is_reported_as_cut_off(layout):
    text = json.dumps(valid_file(random.Random(SEED + layout)))
    for length in range(1, len(text)):
        parsed = parse(text[:length], "fuzz")
        assert [(finding.id, "cut off" in finding.message) for finding in parsed.findings] == [("F04", True)], f"{length} characters"


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text() | st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=20,
)
# A seed shrinks worse than st.randoms() and is a hundred times faster.
RANDOMS = st.integers(min_value=0).map(random.Random)


@given(st.binary(max_size=2000) | st.text(max_size=2000) | st.none() | st.integers() | st.lists(st.text(), max_size=2))
def test_property_any_content_gives_a_result(content):
    check(parse(content, "fuzz"))


@given(st.dictionaries(st.sampled_from(KEYS) | st.text(), JSON_VALUES, max_size=16), st.sampled_from(EXPECTATIONS))
def test_property_any_object_gives_a_result(document, expectations):
    check(parse(json.dumps(document), "fuzz", expectations))


@given(RANDOMS, st.sampled_from(KEYS), JSON_VALUES, st.sampled_from(EXPECTATIONS))
def test_property_any_value_in_a_valid_file_gives_a_result(rng, key, value, expectations):
    check(parse(json.dumps({**valid_file(rng), key: value}), "fuzz", expectations))


@given(RANDOMS, st.text(alphabet=BASE64URL + ".:/@#?%[]ä ", max_size=60))
def test_property_any_host_gives_a_result(rng, host):
    check(parse(json.dumps({**valid_file(rng), "iu": f"https://{host}"}), "fuzz"))


@given(RANDOMS, st.sampled_from(["ci", "cs", "saak", "sask"]), st.integers(min_value=0, max_value=43 - SLICE))
def test_property_a_piece_of_a_secret_as_a_key_is_not_shown(rng, key, start):
    document = valid_file(rng)
    secret = document.get(key, document["cs"])
    piece = secret[-43:][start:][:30]
    names = next(finding.message for finding in parse(json.dumps({**document, piece: ""}), "fuzz").findings if finding.id == "K06")
    assert names == "unknown keys: 1 not shown here, as a name may be part of a secret"


@pytest.mark.parametrize(
    "unit",
    ["{", "[", '{"a":', '"', "A", "A ", " ", "\n", "<", ",", ";", ":", "#", "-", "=", "\\", "\ufeff", "{'", "0", "\0", '{"ti":"a","ti":'],
    ids=repr,
)
@pytest.mark.parametrize("frame", ["{}", "{}!", '{{"cs": "{}"}}', '{{"pu": "https://{}"}}', '{{"or": "{}"}}', '{{"{}": 1}}'], ids=repr)
def test_property_64_kib_are_parsed_in_linear_time(unit, frame):
    content = frame.format(unit * ((65000 - len(frame)) // len(unit)))
    began = time.process_time()
    check(parse(content, "fuzz"))
    check(parse(content.encode(), "fuzz"))
    assert time.process_time() - began < LONGEST
