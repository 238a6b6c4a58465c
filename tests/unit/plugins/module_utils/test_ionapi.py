# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parser of ION API files: every layout that Infor gives is read, and its normal form is what the contract says."""

from __future__ import annotations

import base64
import json
import secrets

import pytest

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import InvalidInput
from ansible_collections.docbits.ion.plugins.module_utils._core.findings import ERROR, INFO, WARNING
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.fleet import across_fleet
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.form import Expectations
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.parser import parse, require
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.rules_file import check_file

PU = "https://mingle-sso.eu1.inforcloudsuite.com:443/ACME_PRD/as/"
IU = "https://mingle-ionapi.eu1.inforcloudsuite.com"


def cloud(**changes):
    """A cloud file with scopes; a change to None takes the key away."""
    document = {
        "ti": "ACME_PRD",
        "cn": "DocBits_PRD",
        "dt": "12",
        "ci": "ACME_PRD~" + secrets.token_urlsafe(32),
        "cs": secrets.token_urlsafe(64),
        "iu": IU,
        "pu": PU,
        "oa": "authorization.oauth2",
        "ot": "token.oauth2",
        "or": "revoke_token.oauth2",
        "sc": ["INFOR-IFS", "Infor-IDM", "Infor-ION", "Infor-LN"],
        "ev": "A1234567890",
        "v": "1.1",
        "saak": "ACME_PRD#" + secrets.token_urlsafe(64),
        "sask": secrets.token_urlsafe(64),
    }
    return {key: value for key, value in {**document, **changes}.items() if value is not None}


def on_premises(**changes):
    return cloud(
        **{
            "ti": "infor",
            "ci": "infor~" + secrets.token_urlsafe(32),
            "saak": "infor#" + secrets.token_urlsafe(64),
            "iu": "https://gateway.acme.example:7443",
            "pu": "https://login.acme.example:9443/InforIntSTS/",
            "oa": "connect/authorize",
            "ot": "connect/token",
            "or": "connect/revocation",
            "sc": None,
            "v": "1.0",
            **changes,
        }
    )


def judged(document, **expectations):
    return parse(json.dumps(document), "production.ionapi", Expectations(**expectations))


def found(document, **expectations):
    return [(finding.id, finding.level) for finding in judged(document, **expectations).findings]


@pytest.mark.parametrize(
    "document",
    [cloud(), cloud(v="1.0", sc=None), on_premises()],
    ids=["cloud 1.1", "cloud 1.0", "on-premises 1.0"],
)
def test_every_layout_of_a_download_is_without_a_finding(document):
    assert found(document) == []


def test_a_client_credentials_file_is_good_and_says_so():
    assert found(cloud(saak=None, sask=None)) == [("K04", INFO)]
    assert found(cloud(saak=None, sask=None), grant="client_credentials") == []
    assert found(cloud(saak=None, sask=None), grant="password") == [("K04", ERROR)]


def test_the_normal_form_of_a_cloud_file():
    document = cloud()
    ionapi = judged(document).ionapi
    assert ionapi.summary() == {
        "tenant": "ACME_PRD",
        "environment": "PRD",
        "flavour": "cloud",
        "region": "eu1",
        "app_name": "DocBits_PRD",
        "app_type": "12",
        "client_id_prefix": "ACME_PRD",
        "version": "1.1",
        "grant": "password",
        "has_service_account": True,
        "scopes": ["INFOR-IFS", "Infor-IDM", "Infor-ION", "Infor-LN"],
        "token_url": PU + "token.oauth2",
        "revoke_url": PU + "revoke_token.oauth2",
        "authorize_url": PU + "authorization.oauth2",
        "gateway_url": IU + "/ACME_PRD/",
        "fingerprint": ionapi.fingerprint(),
    }
    assert ionapi.secret_values() == (document["cs"], document["sask"], document["saak"], document["ci"])
    assert json.loads(ionapi.canonical()) == document


def test_the_normal_form_of_an_on_premises_file():
    summary = judged(on_premises()).ionapi.summary()
    assert summary["flavour"] == "on_premises"
    assert (summary["tenant"], summary["environment"], summary["region"]) == ("infor", None, None)
    assert summary["token_url"] == "https://login.acme.example:9443/InforIntSTS/connect/token"
    assert summary["gateway_url"] == "https://gateway.acme.example:7443/infor/"
    assert summary["scopes"] == []


def test_the_region_without_a_name_has_none():
    document = cloud(pu=PU.replace(".eu1", ""), iu=IU.replace(".eu1", ""))
    assert judged(document).findings == []
    assert judged(document).ionapi.region is None


def test_the_grant_is_the_one_that_the_caller_asked_for():
    assert judged(cloud()).ionapi.grant == "password"
    assert judged(cloud(), grant="client_credentials").ionapi.grant == "client_credentials"
    assert judged(cloud(saak=None, sask=None)).ionapi.grant == "client_credentials"


def test_addresses_are_joined_with_one_slash_whatever_the_file_brings():
    ionapi = judged(cloud(pu=PU.rstrip("/"), iu=IU + "/")).ionapi
    assert ionapi.token_url == PU + "token.oauth2"
    assert ionapi.gateway_url == IU + "/ACME_PRD/"


def test_a_file_that_does_not_say_where_to_revoke_has_no_such_address():
    ionapi = judged(cloud(**{"or": None, "oa": None})).ionapi
    assert ionapi.revoke_url is None and ionapi.authorize_url is None


def test_no_secret_shows_in_repr_or_summary():
    document = cloud()
    parsed = judged(document)
    shown = repr(parsed) + str(parsed.ionapi) + json.dumps(parsed.ionapi.summary())
    for key in ("ci", "cs", "saak", "sask"):
        assert document[key][-20:] not in shown


def test_hand_edited_numbers_are_read_with_a_warning():
    parsed = judged(cloud(dt=12, v=1.0, sc=None))
    assert [(finding.id, finding.level) for finding in parsed.findings] == [("K05", WARNING), ("K05", WARNING)]
    assert (parsed.ionapi.dt, parsed.ionapi.version) == ("12", "1.0")


@pytest.mark.parametrize(
    ("encode", "findings"),
    [
        (str, []),
        (lambda text: text.encode(), []),
        (lambda text: "\r\n" + text + "\r\n", []),
        (lambda text: b"\xef\xbb\xbf" + text.encode(), [("F02", WARNING)]),
        (lambda text: "\ufeff" + text, [("F02", WARNING)]),
        (lambda text: text.encode("utf-16"), [("F02", WARNING)]),
        (lambda text: text.encode("utf-16-le"), [("F02", WARNING)]),
        (lambda text: text.encode("utf-16-be"), [("F02", WARNING)]),
        (lambda text: base64.b64encode(text.encode()), [("F03", WARNING)]),
        (lambda text: base64.b64encode(text.encode()).rstrip(b"="), [("F03", WARNING)]),
        (lambda text: base64.urlsafe_b64encode(text.encode()).decode(), [("F03", WARNING)]),
        (lambda text: base64.encodebytes(text.encode()), [("F03", WARNING)]),
        (lambda text: base64.b64encode(text.encode("utf-16")), [("F03", WARNING), ("F02", WARNING)]),
    ],
    ids=["text", "bytes", "blank lines", "BOM", "BOM in text", "UTF-16", "UTF-16-LE", "UTF-16-BE", "base64", "no padding", "URL-safe", "wrapped", "both"],
)
def test_every_encoding_gives_the_same_value(encode, findings):
    document = cloud(cn="DocBits_PRD")
    parsed = parse(encode(json.dumps(document, indent=1)), "production.ionapi")
    assert [(finding.id, finding.level) for finding in parsed.findings] == findings
    assert json.loads(parsed.ionapi.canonical()) == document


def test_equal_values_have_equal_text_and_others_have_not():
    document = cloud(comment="ünknown")
    turned = dict(reversed(document.items()))
    assert judged(document).ionapi.canonical() == judged(turned).ionapi.canonical()
    assert judged(document).ionapi.canonical() != judged({**document, "comment": "other"}).ionapi.canonical()
    assert judged(document).ionapi.canonical().isascii()


def test_the_fingerprint_tells_apps_and_service_accounts_apart_and_nothing_else():
    document = cloud()
    same = judged({**document, "cs": secrets.token_urlsafe(64), "sask": secrets.token_urlsafe(64), "cn": "DocBits_Other"})
    assert judged(document).ionapi.fingerprint() == same.ionapi.fingerprint()
    assert judged(document).ionapi.fingerprint() != judged({**document, "ci": cloud()["ci"]}).ionapi.fingerprint()
    assert judged(document).ionapi.fingerprint() != judged({**document, "saak": cloud()["saak"]}).ionapi.fingerprint()


def test_strict_raises_warnings_and_leaves_infos():
    assert found(cloud(cn="Other", ev="?")) == [("D02", WARNING), ("V05", INFO)]
    parsed = judged(cloud(cn="Other", ev="?"), strict=True)
    assert [(finding.id, finding.level) for finding in parsed.findings] == [("D02", ERROR), ("V05", INFO)]
    assert parsed.ionapi is None


def test_require_raises_with_all_findings():
    with pytest.raises(InvalidInput) as caught:
        require(json.dumps(cloud(cs="", ot="/token.oauth2", cn="Other")), "production.ionapi")
    assert [finding.id for finding in caught.value.findings] == ["K01", "U06", "D02"]
    assert caught.value.message.startswith("production.ionapi: cs: ")


def test_require_gives_the_file_and_its_findings():
    ionapi, findings = require(json.dumps(cloud(cn="Other")), "production.ionapi")
    assert ionapi.tenant == "ACME_PRD"
    assert [finding.where for finding in findings] == ["production.ionapi: cn"]


@pytest.mark.parametrize("host", ["gateway.acme.example", "mingle-x.gov.acme.example", "tok1.inforgov.com", "xn--bcher-kva.example", "münchen.example"])
def test_an_unknown_host_is_never_an_error(host):
    levels = {level for _id, level in found(cloud(iu=f"https://{host}", pu=f"https://{host}:2443/ACME_PRD/as/"))}
    assert levels == {WARNING}


@pytest.mark.parametrize("host", ["127.0.0.1:8443", "localhost:8443", "[::1]:8443", "10.1.2.3", "192.168.7.7", "[fd00::1]"])
def test_an_own_address_is_one_warning_for_each_key_and_none_in_a_simulator(host):
    document = cloud(iu=f"https://{host}", pu=f"https://{host}/ACME_PRD/as/")
    assert found(document) == [("U11", WARNING), ("U11", WARNING)]
    assert found(document, allow_insecure=True) == []


def test_http_is_for_a_simulator_on_this_machine_alone():
    document = cloud(iu="http://127.0.0.1:8080", pu="http://127.0.0.1:8080/ACME_PRD/as/")
    assert found(document, allow_insecure=True) == []
    assert ("U01", ERROR) in found(document)
    assert ("U01", ERROR) in found(cloud(iu="http://10.0.0.1", pu="http://10.0.0.1/ACME_PRD/as/"), allow_insecure=True)


@pytest.mark.parametrize(
    "value", ["https://", "https:///path", "https://a:99999", "https://a:b", "https://[::1", "//host", "ftp://host", "https://.", "https://a..b"]
)
def test_what_is_no_url_is_an_error(value):
    assert ("U01", ERROR) in found(cloud(iu=value))


@pytest.mark.parametrize("value", ["https://user:word@host.example", "https://host.example?", "https://host.example/#"])
def test_addresses_hold_nothing_beside_host_and_path(value):
    assert ("U02", ERROR) in found(cloud(iu=value))


@pytest.mark.parametrize(
    "value",
    ["<client secret>", "YOUR_SECRET", "Your-Client-Secret", "xxx", "XXXXXXXXXX", "***", "REDACTED", "changeme", "{{ secret }}", "${SECRET}", "ABC...XYZ"],
)
def test_placeholders_are_named(value):
    assert ("K08", ERROR) in found(cloud(cs=value))


def test_a_random_key_that_holds_xxx_is_no_placeholder():
    key = secrets.token_urlsafe(64)
    assert found(cloud(cs="xxx" + key[3:], sask=key[:40] + "XXXX" + key[44:])) == []


@pytest.mark.parametrize("value", [" {}", "{}\n", "{}\u200b", "\u00a0{}", "{}\ud800", "{}\x7f", "a {}"])
def test_what_came_in_while_copying_is_an_error_in_a_secret(value):
    assert ("K07", ERROR) in found(cloud(cs=value.format(secrets.token_urlsafe(64))))


def test_a_name_with_blanks_at_its_ends_is_read_without_them():
    parsed = judged(cloud(cn=" DocBits_PRD\n"))
    assert [(finding.id, finding.level) for finding in parsed.findings] == [("K07", WARNING)]
    assert parsed.ionapi.app_name == "DocBits_PRD"


@pytest.mark.parametrize("type_", [True, 1, 1.5, [], {}], ids=repr)
def test_a_wrong_type_is_one_error(type_):
    assert [finding for finding in found({**cloud(), "saak": type_}) if finding[1] == ERROR] == [("K05", ERROR)]


def test_a_vaulted_variable_inside_the_json_is_named_for_what_it_is():
    assert ("K09", ERROR) in found(cloud(cs={"__ansible_vault": "$ANSIBLE_VAULT;1.1;AES256\n31"}))


def test_an_unknown_key_that_may_be_a_secret_is_not_shown():
    secret = secrets.token_urlsafe(20)
    names = [f for f in judged(cloud(**{secret: "1", "comment": "2", "last-change": "3"})).findings if f.id == "K06"]
    assert [finding.message for finding in names] == ["keys are not known: comment, last-change and one whose name may be a piece of a secret"]
    alone = [f for f in judged(cloud(**{"a b": "1"})).findings if f.id == "K06"]
    cut = [f for f in judged(cloud(comment="1", cs=secrets.token_urlsafe(20))).findings if f.id == "K06"]
    assert [finding.message for finding in alone + cut] == 2 * ["keys are not known: one whose name may be a piece of a secret"]


def test_of_repeated_keys_the_names_are_told():
    text = json.dumps(cloud())
    parsed = parse('{"cs": "other", ' + text[1:], "f")
    assert parsed.ionapi is None
    assert [(finding.id, "cs" in finding.message) for finding in parsed.findings] == [("F05", True)]


@pytest.mark.parametrize(
    ("key", "other", "value"),
    [
        ("sask", "cs", lambda file: file["cs"]),
        ("saak", "ci", lambda file: file["ci"]),
        ("cs", "saak", lambda file: file["saak"].partition("#")[2]),
        ("cs", "sask", lambda file: "x" + file["sask"]),
        ("cn", "sask", lambda file: "DocBits_" + file["sask"]),
        ("sc", "cs", lambda file: ["INFOR-IFS", "Infor-IDM", "Infor-ION", file["cs"]]),
        ("cn", "ci", lambda file: file["ci"].partition("~")[2]),
    ],
)
def test_a_secret_in_a_second_key_is_an_error(key, other, value):
    document = cloud()
    document[key] = value(document)
    hits = [finding for finding in judged(document).findings if finding.id == "L02"]
    assert len(hits) == 1
    assert {key, other} == {hits[0].where.rpartition(" ")[2], hits[0].message.split(" of ")[1].split(":")[0]}


def test_swapped_addresses_are_an_error_by_infors_own_names_and_never_by_one_unknown_host():
    assert [finding for finding in found(cloud(iu="https://mingle-sso.eu1.inforcloudsuite.com")) if finding[1] == ERROR] == [("U10", ERROR)]
    swapped = found(cloud(iu=PU.partition("/ACME")[0], pu=IU + "/ACME_PRD/as/"))
    assert swapped.count(("U10", ERROR)) == 2
    own = "https://erp-sso.acme.example"
    assert ("U10", ERROR) not in found(cloud(iu=own, pu=own + "/ACME_PRD/as/"))


def test_regions_that_differ_are_an_error_and_other_names_a_warning():
    assert ("U08", ERROR) in found(cloud(iu=IU.replace("eu1", "se1")))
    assert ("U08", WARNING) in found(cloud(iu=IU.replace("mingle", "other")))


def test_expected_environments_do_not_mind_capitals_and_tenants_do():
    assert found(cloud(), environment="prd", tenant="ACME_PRD", flavour="cloud") == []
    assert found(cloud(), environment="TST") == [("T08", ERROR)]
    assert found(cloud(), tenant="acme_prd") == [("T08", ERROR)]
    assert found(on_premises(), environment="PRD") == [("T08", INFO)]


def test_any_app_will_do_for_the_profile_infor():
    document = cloud(cn="Data Publishing", dt="3", sc=["Infor-LN"])
    assert found(document, profile="infor") == [("D01", INFO)]
    assert found(document) == [("D01", WARNING), ("D02", WARNING), ("V04", WARNING)]


def test_a_fleet_of_separate_files_is_without_a_finding():
    assert across_fleet({name: judged(cloud()).ionapi for name in ("sandbox", "stage", "production")}) == []


def test_across_a_fleet_stale_secrets_and_shared_accounts_are_found():
    first = cloud()
    stale = {**first, "cs": secrets.token_urlsafe(64), "saak": cloud()["saak"]}
    files = {"stage": judged(first).ionapi, "production": judged(stale).ionapi, "sandbox": judged(cloud()).ionapi}
    assert [(finding.id, finding.where) for finding in across_fleet(files)] == [("C01", "stage, production: cs")]
    files = {"stage": judged(first).ionapi, "production": judged(first).ionapi}
    assert [(finding.id, finding.where) for finding in across_fleet(files)] == [("C01", "stage, production: saak")]


def test_a_large_fleet_is_counted_and_not_listed():
    shared = judged(cloud()).ionapi
    (finding,) = across_fleet({f"environment{number:03}": shared for number in range(200)})
    assert finding.where.endswith("environment009 and 190 more: saak")


@pytest.mark.parametrize(
    ("content", "id_", "words"),
    [
        ("", "F01", "empty"),
        (b"{" + b" " * 65536, "F01", "64 KiB"),
        (None, "F01", "variable"),
        ({"ti": "ACME"}, "F01", "variable"),
        ("<html><body>", "F03", "login page"),
        ("Name;Access Key;Secret Key\na;b;c", "F03", "Service Accounts"),
        ('"Access Key","Secret Key"\n"a","b"', "F03", "Service Accounts"),
        ('{"id": "1", "name": "x", "values": [], "_postman_variable_scope": "environment"}', "F06", "Postman"),
        ('{"info": {}, "item": []}', "F06", "Postman"),
        ('{"kty": "RSA", "n": "x", "d": "y"}', "F06", "JWK"),
        ('{"keys": [{"kty": "RSA"}]}', "F06", "JWK"),
        ("-----BEGIN RSA PRIVATE KEY-----", "F06", "PEM"),
        ("$ANSIBLE_VAULT;1.2;AES256;prod\n3132", "K09", "encrypted"),
        ("ionapi: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  31", "K09", "encrypted"),
        ("---\nti: ACME", "F04", "YAML"),
        ("{'ti': 'ACME'}", "F04", "to_json"),
        ("{\u201cti\u201d: \u201cACME\u201d}", "F04", "typographic"),
        ('{"ti": "ACME", "ci": "AC', "F04", "cut off"),
        ('{"ti": "ACME"', "F04", "cut off"),
        ('{"ti": "a"}{"ti": "b"}', "F04", "two JSON objects"),
        ('{"ti": "a"} x', "F04", "other text"),
        ('{"ti": "a\nb"}', "F04", "line 1, column 10"),
        ('{"ti": 1' + "0" * 5000 + "}", "F04", "number"),
        ('{"ti": 1e999}', "F04", "number"),
        ('{"ti": -Infinity}', "F04", "number"),
        ("[" * 60000, "F04", "too deep"),
        ('{"a":' * 12000, "F04", "too deep"),
        ('{"a":' * 20 + "1" + "}" * 20, "F04", "too deep"),
        ("[]", "F04", "no object"),
        (b"\xff\xfe\x00\x00", "F02", "UTF-8"),
        (b"PK\x03\x04\x00\x00", "F02", "archive"),
        (b'{"cn": "M\xfcnchen"}', "F02", "UTF-8"),
        ('{"ti": "\udcff"}', "F02", "UTF-8"),
        (b"\0GITCRYPT\0abc", "K09", "another tool"),
    ],
)
def test_look_alikes_are_named_for_what_they_are(content, id_, words):
    parsed = parse(content, "f")
    assert parsed.ionapi is None
    (finding,) = parsed.findings
    assert (finding.id, finding.level) == (id_, ERROR)
    assert words in finding.message + finding.action


def test_a_client_id_that_is_a_plain_name_may_be_that_of_the_app():
    assert found(cloud(ci="DocBits_Production_1", cn="DocBits_Production_1")) == [("T05", WARNING), ("L01", WARNING)]
    key = secrets.token_urlsafe(64)
    assert ("L02", ERROR) in found(cloud(ci=key, cn=key))


def test_a_client_id_whose_random_part_stands_before_the_mark_is_not_shown():
    random_part = secrets.token_urlsafe(32)
    turned = f"{random_part}~ACME"
    assert random_part not in json.dumps(judged(cloud(ci=turned)).ionapi.summary())
    assert ("L02", ERROR) in found(cloud(ci=turned, sc=["INFOR-IFS", "Infor-IDM", "Infor-ION", turned]))


@pytest.mark.parametrize("key", ["iu", "pu"])
def test_one_unknown_host_beside_one_of_infor_is_never_an_error(key):
    other = {"iu": "https://gateway.acme.example", "pu": "https://login.acme.example/ACME_PRD/as/"}[key]
    assert {level for _id, level in found(cloud(**{key: other}))} == {WARNING}


def test_an_on_premises_tenant_names_no_environment():
    parsed = judged(on_premises(ti="acme_prd", saak="acme_prd#" + secrets.token_urlsafe(64)))
    assert parsed.ionapi.environment is None


def test_a_truth_value_is_no_number():
    assert ("K05", ERROR) in found(cloud(dt=True))


def test_a_word_that_stands_in_a_secret_is_not_shown_as_a_key():
    document = cloud(cs="somewords" + secrets.token_urlsafe(58)[:77], somewords="1")
    assert ["somewords" in finding.message for finding in judged(document).findings if finding.id == "K06"] == [False]


@pytest.mark.parametrize("name", ["DOCBITS.IONAPI", "DocBits TST.ionapi", "production.ionapi.vault", "production.ionapi.yml"])
def test_the_suffix_may_be_in_capitals_and_have_that_of_a_vaulted_file_behind_it(name):
    assert list(check_file(name, None)) == []


@pytest.mark.parametrize("name", ["docbits.json", "ionapi", "docbits.vault", "docbits.yml", "docbits.ionapi.json", "docbits.ionapi.vault.yml"])
def test_any_other_suffix_is_a_hit(name):
    assert [hit.case for hit in check_file(name, None)] == ["F07.suffix"]


@pytest.mark.parametrize("key", ["cn", "dt", "oa", "or", "ev", "v"])
def test_null_in_an_optional_key_counts_as_missing(key):
    nothing, missing = judged({**cloud(), key: None}), judged(cloud(**{key: None}))
    assert [(finding.id, finding.level, finding.where) for finding in nothing.findings] == [("K02", WARNING, f"production.ionapi: {key}")]
    assert nothing.findings == missing.findings
    assert (nothing.ionapi.app_name, nothing.ionapi.dt, nothing.ionapi.version) == (missing.ionapi.app_name, missing.ionapi.dt, missing.ionapi.version)


def test_null_as_redirect_url_is_no_redirect_url():
    assert found({**cloud(), "ru": None}) == []
    assert found({**cloud(saak=None, sask=None), "ru": None}) == [("K04", INFO)]


def test_null_as_service_account_is_no_service_account():
    nothing = judged({**cloud(), "saak": None, "sask": None})
    assert [(finding.id, finding.level) for finding in nothing.findings] == [("K04", INFO)]
    assert nothing.findings == judged(cloud(saak=None, sask=None)).findings
    assert nothing.ionapi.grant == "client_credentials"
    assert found({**cloud(), "saak": None, "sask": None}, grant="client_credentials") == []
    assert found({**cloud(), "saak": None, "sask": None}, grant="password") == [("K04", ERROR)]


@pytest.mark.parametrize("key", ["saak", "sask"])
def test_null_in_half_of_a_service_account_is_an_error(key):
    assert found({**cloud(), key: None}) == [("K03", ERROR)]


def test_null_as_service_account_hides_no_name_of_another_key():
    told = judged({**cloud(), "saak": None, "sask": None, "comment": "x"}).findings
    assert any(finding.id == "K06" and "comment" in finding.message for finding in told)


@pytest.mark.parametrize("key", ["ti", "ci", "cs", "iu", "pu", "ot"])
def test_null_in_any_other_key_is_an_error(key):
    assert ("K05", ERROR) in found({**cloud(), key: None})
