# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parser of ION API files: layouts, encodings, the normal form, and the findings of single rules."""

from __future__ import annotations

import base64
import json
import secrets
from urllib.parse import urlsplit

import pytest

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import InvalidInput
from ansible_collections.docbits.ion.plugins.module_utils._core.findings import ERROR, INFO, WARNING
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.fleet import check_fleet
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.form import Expectations
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.parser import parse, parse_or_fail
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.rules_file import check_file

PU = "https://mingle-sso.eu1.inforcloudsuite.com:443/ACME_PRD/as/"
IU = "https://mingle-ionapi.eu1.inforcloudsuite.com"


def cloud(**changes):
    """A cloud file with scopes; a change to None removes the key."""
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


OWN_HOSTS = ("gateway.acme.example", "login.acme.example")


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


def parsed(document, **expectations):
    return parse(json.dumps(document), "production.ionapi", Expectations(**{"trusted_hosts": OWN_HOSTS, **expectations}))


def found_in(document, **expectations):
    return [(finding.id, finding.level) for finding in parsed(document, **expectations).findings]


@pytest.mark.parametrize(
    "document",
    [cloud(), cloud(v="1.0", sc=None), on_premises()],
    ids=["cloud 1.1", "cloud 1.0", "on-premises 1.0"],
)
def test_parse_of_every_published_layout_has_no_finding(document):
    assert found_in(document) == []


def test_service_account_when_absent_depends_on_the_grant():
    assert found_in(cloud(saak=None, sask=None)) == [("K04", INFO)]
    assert found_in(cloud(saak=None, sask=None), grant="client_credentials") == []
    assert found_in(cloud(saak=None, sask=None), grant="password") == [("K04", ERROR)]


def test_summary_of_a_cloud_file():
    document = cloud()
    ionapi = parsed(document).ionapi
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
    assert json.loads(ionapi.document) == document


def test_summary_of_an_on_premises_file():
    summary = parsed(on_premises()).ionapi.summary()
    assert summary["flavour"] == "on_premises"
    assert (summary["tenant"], summary["environment"], summary["region"]) == ("infor", None, None)
    assert summary["token_url"] == "https://login.acme.example:9443/InforIntSTS/connect/token"
    assert summary["gateway_url"] == "https://gateway.acme.example:7443/infor/"
    assert summary["scopes"] == []


def test_region_when_the_host_has_none_is_none():
    document = cloud(pu=PU.replace(".eu1", ""), iu=IU.replace(".eu1", ""))
    assert parsed(document).findings == []
    assert parsed(document).ionapi.region is None


def test_grant_when_requested_overrides_the_file():
    assert parsed(cloud()).ionapi.grant == "password"
    assert parsed(cloud(), grant="client_credentials").ionapi.grant == "client_credentials"
    assert parsed(cloud(saak=None, sask=None)).ionapi.grant == "client_credentials"


def test_urls_are_joined_with_one_slash():
    ionapi = parsed(cloud(pu=PU.rstrip("/"), iu=IU + "/")).ionapi
    assert ionapi.token_url == PU + "token.oauth2"
    assert ionapi.gateway_url == IU + "/ACME_PRD/"


def test_revoke_and_authorize_url_when_their_keys_are_missing_are_none():
    ionapi = parsed(cloud(**{"or": None, "oa": None})).ionapi
    assert ionapi.revoke_url is None and ionapi.authorize_url is None


def test_repr_and_summary_show_no_secret():
    document = cloud()
    result = parsed(document)
    shown = repr(result) + str(result.ionapi) + json.dumps(result.ionapi.summary())
    for key in ("ci", "cs", "saak", "sask"):
        assert document[key][-20:] not in shown


def test_numbers_in_dt_and_v_are_read_with_a_warning():
    result = parsed(cloud(dt=12, v=1.0, sc=None))
    assert [(finding.id, finding.level) for finding in result.findings] == [("K05", WARNING), ("K05", WARNING)]
    assert (result.ionapi.dt, result.ionapi.version) == ("12", "1.0")


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
def test_encodings_of_a_file_give_the_same_document(encode, findings):
    document = cloud(cn="DocBits_PRD")
    result = parse(encode(json.dumps(document, indent=1)), "production.ionapi")
    assert [(finding.id, finding.level) for finding in result.findings] == findings
    assert json.loads(result.ionapi.document) == document


def test_canonical_is_equal_for_equal_values_only():
    document = cloud(comment="ünknown")
    turned = dict(reversed(document.items()))
    assert parsed(document).ionapi.document == parsed(turned).ionapi.document
    assert parsed(document).ionapi.document != parsed({**document, "comment": "other"}).ionapi.document
    assert parsed(document).ionapi.document.isascii()


def test_fingerprint_depends_on_app_and_service_account_only():
    document = cloud()
    same = parsed({**document, "cs": secrets.token_urlsafe(64), "sask": secrets.token_urlsafe(64), "cn": "DocBits_Other"})
    assert parsed(document).ionapi.fingerprint() == same.ionapi.fingerprint()
    assert parsed(document).ionapi.fingerprint() != parsed({**document, "ci": cloud()["ci"]}).ionapi.fingerprint()
    assert parsed(document).ionapi.fingerprint() != parsed({**document, "saak": cloud()["saak"]}).ionapi.fingerprint()


def test_strict_raises_warnings_but_not_infos():
    assert found_in(cloud(cn="Other", ev="?")) == [("D02", WARNING), ("V05", INFO)]
    result = parsed(cloud(cn="Other", ev="?"), strict=True)
    assert [(finding.id, finding.level) for finding in result.findings] == [("D02", ERROR), ("V05", INFO)]
    assert result.ionapi is None


def test_parse_or_fail_when_a_finding_is_an_error_raises_all_findings():
    with pytest.raises(InvalidInput) as caught:
        parse_or_fail(json.dumps(cloud(cs="", ot="/token.oauth2", cn="Other")), "production.ionapi")
    assert [finding.id for finding in caught.value.findings] == ["K01", "U06", "D02"]
    assert caught.value.message.startswith("production.ionapi: cs: ")


def test_parse_or_fail_when_valid_returns_file_and_findings():
    ionapi, findings = parse_or_fail(json.dumps(cloud(cn="Other")), "production.ionapi")
    assert ionapi.ti == "ACME_PRD"
    assert [finding.where for finding in findings] == ["production.ionapi: cn"]


@pytest.mark.parametrize("host", ["mingle-x.gov.acme.example", "tok1.inforgov.com", "xn--bcher-kva.example", "münchen.example", "Acme.Example."])
@pytest.mark.parametrize("make", [cloud, on_premises])
def test_unknown_host_is_an_error_unless_it_is_trusted(make, host):
    document = make(iu=f"https://{host}", pu=f"https://{host}:2443/ACME_PRD/as/")
    assert found_in(document).count(("U09", ERROR)) == 2
    assert ("U09", ERROR) in found_in(document, trusted_hosts=("gateway.acme.example",))
    assert not {id_ for id_, _level in found_in(document, trusted_hosts=(host.lower().rstrip("."),))} & {"U09", "U12", "U13"}
    assert ("U09", ERROR) not in found_in(document, trusted_hosts=None)


@pytest.mark.parametrize(
    "host",
    [
        "mingle-sso.eu1.inforcloudsuite.com.example.org",
        "mingle-sso.eu1.infor-cloudsuite.com",
        "mingle-sso.eu1.inforcloudsulte.com",
        "mingle-sso-inforcloudsuite.com",
        "inforcloudsuite.com",
        "mingle-sso.eu1.inf\u043ercloudsuite.com",
        "mingle-sso.eu1.inf\u043ercl\u043eudsuit\u0435.com",
        "mingle-sso.eu1.xn--infrcloudsuite-7lk.com",
    ],
)
def test_host_that_looks_like_one_of_infor_is_an_error(host):
    assert found_in(cloud(iu=f"https://{host}", pu=f"https://{host}/ACME_PRD/as/")).count(("U12", ERROR)) == 2


@pytest.mark.parametrize(
    "host",
    ["0x7f.1", "2130706433", "127.1", "0177.0.0.1", "10.0.0.08", "0.0.0.0", "169.254.169.254", "100.64.0.7", "198.18.0.1", "224.0.0.1", "255.255.255.255"]
    + ["[::]", "[::ffff:10.0.0.1]", "[64:ff9b::a00:1]", "[64:ff9b:1::1]", "[2002:a00:1::]", "[2001:0:1::]", "[fe80::1]", "[ff02::1]"],
)
def test_unusable_address_is_an_error_even_if_it_is_trusted(host):
    document = cloud(iu=f"https://{host}", pu=f"https://{host}/ACME_PRD/as/")
    assert found_in(document, trusted_hosts=(host.strip("[]"),), allow_insecure=True).count(("U12", ERROR)) == 2


@pytest.mark.parametrize("host", ["127.0.0.1:8443", "localhost:8443", "[::1]:8443", "10.1.2.3", "192.168.7.7", "[fd00::1]"])
def test_private_host_is_a_warning_unless_allow_insecure(host):
    document = cloud(iu=f"https://{host}", pu=f"https://{host}/ACME_PRD/as/")
    name = urlsplit(f"https://{host}").hostname
    assert found_in(document, trusted_hosts=(name,)) == [("U11", WARNING), ("U11", WARNING)]
    assert found_in(document).count(("U09", ERROR)) == 2
    is_this_machine = name in ("127.0.0.1", "localhost", "::1")
    assert found_in(document, allow_insecure=True) == ([] if is_this_machine else [("U09", ERROR), ("U09", ERROR)])


def test_http_is_an_error_except_on_loopback_with_allow_insecure():
    document = cloud(iu="http://127.0.0.1:8080", pu="http://127.0.0.1:8080/ACME_PRD/as/")
    assert found_in(document, allow_insecure=True) == []
    assert ("U01", ERROR) in found_in(document)
    assert ("U01", ERROR) in found_in(cloud(iu="http://10.0.0.1", pu="http://10.0.0.1/ACME_PRD/as/"), allow_insecure=True)


@pytest.mark.parametrize(
    "value", ["https://", "https:///path", "https://a:99999", "https://a:b", "https://[::1", "//host", "ftp://host", "https://.", "https://a..b"]
)
def test_invalid_url_is_an_error(value):
    assert ("U01", ERROR) in found_in(cloud(iu=value))


@pytest.mark.parametrize("value", ["https://user:word@host.example", "https://host.example?", "https://host.example/#"])
def test_url_with_user_query_or_fragment_is_an_error(value):
    assert ("U02", ERROR) in found_in(cloud(iu=value))


@pytest.mark.parametrize(
    "value",
    ["<client secret>", "YOUR_SECRET", "Your-Client-Secret", "xxx", "XXXXXXXXXX", "***", "REDACTED", "changeme", "{{ secret }}", "${SECRET}", "ABC...XYZ"],
)
def test_placeholder_is_an_error(value):
    assert ("K08", ERROR) in found_in(cloud(cs=value))


def test_random_key_that_contains_xxx_is_not_a_placeholder():
    key = secrets.token_urlsafe(64)
    assert found_in(cloud(cs="xxx" + key[3:], sask=key[:40] + "XXXX" + key[44:])) == []


@pytest.mark.parametrize("value", [" {}", "{}\n", "{}\u200b", "\u00a0{}", "{}\ud800", "{}\x7f", "a {}"])
def test_blank_or_control_character_in_a_secret_is_an_error(value):
    assert ("K07", ERROR) in found_in(cloud(cs=value.format(secrets.token_urlsafe(64))))


def test_app_name_with_surrounding_blanks_is_stripped_with_a_warning():
    result = parsed(cloud(cn=" DocBits_PRD\n"))
    assert [(finding.id, finding.level) for finding in result.findings] == [("K07", WARNING)]
    assert result.ionapi.cn == "DocBits_PRD"


@pytest.mark.parametrize("type_", [True, 1, 1.5, [], {}], ids=repr)
def test_wrong_type_is_one_error(type_):
    assert [finding for finding in found_in({**cloud(), "saak": type_}) if finding[1] == ERROR] == [("K05", ERROR)]


def test_vaulted_variable_in_the_json_is_reported_as_encrypted():
    assert ("K09", ERROR) in found_in(cloud(cs={"__ansible_vault": "$ANSIBLE_VAULT;1.1;AES256\n31"}))


def test_unknown_key_that_may_be_part_of_a_secret_is_not_shown():
    secret = secrets.token_urlsafe(20)
    names = [f for f in parsed(cloud(**{secret: "1", "comment": "2", "last-change": "3"})).findings if f.id == "K06"]
    assert [finding.message for finding in names] == ["unknown keys: comment, last-change and 1 not shown here, as a name may be part of a secret"]
    alone = [f for f in parsed(cloud(**{"a b": "1"})).findings if f.id == "K06"]
    cut = [f for f in parsed(cloud(comment="1", cs=secrets.token_urlsafe(20))).findings if f.id == "K06"]
    assert [finding.message for finding in alone + cut] == 2 * ["unknown keys: 1 not shown here, as a name may be part of a secret"]


def test_repeated_keys_are_named():
    text = json.dumps(cloud())
    result = parse('{"cs": "other", ' + text[1:], "f")
    assert result.ionapi is None
    assert [(finding.id, "cs" in finding.message) for finding in result.findings] == [("F05", True)]


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
def test_secret_copied_to_another_key_is_an_error(key, other, value):
    document = cloud()
    document[key] = value(document)
    (finding,) = [finding for finding in parsed(document).findings if finding.id in ("L02", "L03")]
    assert finding.id == "L02"
    assert {key, other} == {finding.where.rpartition(" ")[2], finding.message.split(" of ")[1].split(":")[0]}


def test_swapped_urls_are_an_error_for_infor_hosts_only():
    assert [finding for finding in found_in(cloud(iu="https://mingle-sso.eu1.inforcloudsuite.com")) if finding[1] == ERROR] == [("U10", ERROR)]
    swapped = found_in(cloud(iu=PU.partition("/ACME")[0], pu=IU + "/ACME_PRD/as/"))
    assert swapped.count(("U10", ERROR)) == 2
    own = "https://erp-sso.acme.example"
    assert ("U10", ERROR) not in found_in(cloud(iu=own, pu=own + "/ACME_PRD/as/"))


def test_different_regions_are_an_error_and_different_names_a_warning():
    assert ("U08", ERROR) in found_in(cloud(iu=IU.replace("eu1", "se1")))
    assert ("U08", WARNING) in found_in(cloud(iu=IU.replace("mingle", "other")))


def test_expected_environment_ignores_case_but_tenant_does_not():
    assert found_in(cloud(), environment="prd", tenant="ACME_PRD", flavour="cloud") == []
    assert found_in(cloud(), environment="TST") == [("T08", ERROR)]
    assert found_in(cloud(), tenant="acme_prd") == [("T08", ERROR)]
    assert found_in(on_premises(), environment="PRD") == [("T08", INFO)]


def test_profile_infor_accepts_any_app():
    document = cloud(cn="Data Publishing", dt="3", sc=["Infor-LN"])
    assert found_in(document, profile="infor") == [("D01", INFO)]
    assert found_in(document) == [("D01", WARNING), ("D02", WARNING), ("V04", WARNING)]


def test_check_fleet_when_files_share_nothing_has_no_finding():
    assert check_fleet({name: parsed(cloud()).ionapi for name in ("sandbox", "stage", "production")}) == []


def test_check_fleet_reports_stale_secrets_and_shared_accounts():
    first = cloud()
    stale = {**first, "cs": secrets.token_urlsafe(64), "saak": cloud()["saak"]}
    files = {"stage": parsed(first).ionapi, "production": parsed(stale).ionapi, "sandbox": parsed(cloud()).ionapi}
    assert [(finding.id, finding.where) for finding in check_fleet(files)] == [("C01", "stage, production: cs")]
    files = {"stage": parsed(first).ionapi, "production": parsed(first).ionapi}
    assert [(finding.id, finding.where) for finding in check_fleet(files)] == [("C01", "stage, production: saak")]


def test_check_fleet_when_many_files_share_an_account_lists_ten():
    shared = parsed(cloud()).ionapi
    (finding,) = check_fleet({f"environment{number:03}": shared for number in range(200)})
    assert finding.where.endswith("environment009 and 190 more: saak")


@pytest.mark.parametrize(
    ("content", "id_", "text"),
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
        ("[]", "F04", "not an object"),
        (b"\xff\xfe\x00\x00", "F02", "UTF-8"),
        (b"PK\x03\x04\x00\x00", "F02", "archive"),
        (b'{"cn": "M\xfcnchen"}', "F02", "UTF-8"),
        ('{"ti": "\udcff"}', "F02", "UTF-8"),
        (b"\0GITCRYPT\0abc", "K09", "another tool"),
    ],
)
def test_content_of_another_format_is_identified(content, id_, text):
    result = parse(content, "f")
    assert result.ionapi is None
    (finding,) = result.findings
    assert (finding.id, finding.level) == (id_, ERROR)
    assert text in finding.message + finding.action


def test_client_id_that_is_a_plain_name_may_equal_the_app_name():
    assert found_in(cloud(ci="DocBits_Production_1", cn="DocBits_Production_1")) == [("T05", WARNING), ("L01", WARNING)]
    key = secrets.token_urlsafe(64)
    assert ("L02", ERROR) in found_in(cloud(ci=key, cn=key))


def test_client_id_with_its_random_part_first_is_not_shown():
    random_part = secrets.token_urlsafe(32)
    turned = f"{random_part}~ACME"
    assert random_part not in json.dumps(parsed(cloud(ci=turned)).ionapi.summary())
    assert ("L02", ERROR) in found_in(cloud(ci=turned, sc=["INFOR-IFS", "Infor-IDM", "Infor-ION", turned]))


@pytest.mark.parametrize("key", ["iu", "pu"])
def test_other_host_with_one_of_infor_is_an_error_even_if_it_is_trusted(key):
    other = {"iu": "https://gateway.acme.example", "pu": "https://login.acme.example/ACME_PRD/as/"}[key]
    assert found_in(cloud(**{key: other})) == [("U13", ERROR)]


def test_environment_of_an_on_premises_tenant_is_none():
    result = parsed(on_premises(ti="acme_prd", saak="acme_prd#" + secrets.token_urlsafe(64)))
    assert result.ionapi.environment is None


def test_boolean_is_not_read_as_a_number():
    assert ("K05", ERROR) in found_in(cloud(dt=True))


def test_unknown_key_that_is_part_of_a_secret_is_not_shown():
    document = cloud(cs="somewords" + secrets.token_urlsafe(58)[:77], somewords="1")
    assert ["somewords" in finding.message for finding in parsed(document).findings if finding.id == "K06"] == [False]


@pytest.mark.parametrize("name", ["DOCBITS.IONAPI", "DocBits TST.ionapi", "production.ionapi.vault", "production.ionapi.yml"])
def test_file_suffix_in_capitals_or_of_a_vaulted_file_is_accepted(name):
    assert list(check_file(name, None)) == []


@pytest.mark.parametrize("name", ["docbits.json", "ionapi", "docbits.vault", "docbits.yml", "docbits.ionapi.json", "docbits.ionapi.vault.yml"])
def test_file_suffix_other_than_ionapi_is_a_violation(name):
    assert [violation.rule.id for violation in check_file(name, None)] == ["F07"]


@pytest.mark.parametrize("key", ["cn", "dt", "oa", "or", "ev", "v"])
def test_null_in_an_optional_key_counts_as_missing(key):
    null, missing = parsed({**cloud(), key: None}), parsed(cloud(**{key: None}))
    assert [(finding.id, finding.level, finding.where) for finding in null.findings] == [("K02", WARNING, f"production.ionapi: {key}")]
    assert null.findings == missing.findings
    assert (null.ionapi.cn, null.ionapi.dt, null.ionapi.version) == (missing.ionapi.cn, missing.ionapi.dt, missing.ionapi.version)


def test_null_as_redirect_url_counts_as_missing():
    assert found_in({**cloud(), "ru": None}) == []
    assert found_in({**cloud(saak=None, sask=None), "ru": None}) == [("K04", INFO)]


def test_null_as_service_account_counts_as_missing():
    null = parsed({**cloud(), "saak": None, "sask": None})
    assert [(finding.id, finding.level) for finding in null.findings] == [("K04", INFO)]
    assert null.findings == parsed(cloud(saak=None, sask=None)).findings
    assert null.ionapi.grant == "client_credentials"
    assert found_in({**cloud(), "saak": None, "sask": None}, grant="client_credentials") == []
    assert found_in({**cloud(), "saak": None, "sask": None}, grant="password") == [("K04", ERROR)]


@pytest.mark.parametrize("key", ["saak", "sask"])
def test_null_in_half_of_a_service_account_is_an_error(key):
    assert found_in({**cloud(), key: None}) == [("K03", ERROR)]


def test_unknown_key_when_the_service_account_is_null_is_shown():
    findings = parsed({**cloud(), "saak": None, "sask": None, "comment": "x"}).findings
    assert any(finding.id == "K06" and "comment" in finding.message for finding in findings)


@pytest.mark.parametrize("key", ["ti", "ci", "cs", "iu", "pu", "ot"])
def test_null_in_a_required_key_is_an_error(key):
    assert ("K05", ERROR) in found_in({**cloud(), key: None})
