# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Examples for the rules about ION API files, for the tests and docs/ionapi_rules.md. All values are invented."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass

from ansible_collections.docbits.ion.plugins.module_utils._ionapi.form import CLIENT_CREDENTIALS, CLOUD, INFOR, ON_PREMISES, PASSWORD, Expectations

ABSENT = object()

FARM_HOST = "eu1.inforcloudsuite.com"
ON_PREMISES_HOSTS = ("gateway.acme.example", "login.acme.example")


@dataclass(frozen=True)
class Example:
    """An input of the rules.

    content:  the content of the file
    shown:    the text of the example on the page
    mode:     the permission bits of the file; None if they do not matter
    filename: its name, likewise
    second:   the content of another file of the fleet
    tracked:  whether the file is plain and under version control
    """

    content: object
    shown: str
    expectations: Expectations = Expectations()
    mode: int | None = None
    filename: str | None = None
    second: str | None = None
    tracked: bool = False


def invented(what: str, length: int) -> str:
    """Text as long as a real key that nobody takes for one."""
    return (f"invented-{what}-" * length)[:length]


def cloud_file() -> dict:
    """A complete cloud file with scopes (version 1.1)."""
    return {
        "ti": "ACME_TST",
        "cn": "DocBits_TST",
        "dt": "12",
        "ci": "ACME_TST~" + invented("client-id", 43),
        "cs": invented("client-secret", 86),
        "iu": f"https://mingle-ionapi.{FARM_HOST}",
        "pu": f"https://mingle-sso.{FARM_HOST}:443/ACME_TST/as/",
        "oa": "authorization.oauth2",
        "ot": "token.oauth2",
        "or": "revoke_token.oauth2",
        "sc": ["INFOR-IFS", "Infor-IDM", "Infor-ION"],
        "ev": "A1234567890",
        "v": "1.1",
        "saak": "ACME_TST#" + invented("access-key", 86),
        "sask": invented("secret-key", 86),
    }


def on_premises_file() -> dict:
    """A complete on-premises file (version 1.0)."""
    changes = {
        "ti": "infor",
        "ci": "infor~" + invented("client-id", 43),
        "iu": "https://gateway.acme.example:7443",
        "pu": "https://login.acme.example:9443/InforIntSTS/",
        "oa": "connect/authorize",
        "ot": "connect/token",
        "or": "connect/revocation",
        "sc": ABSENT,
        "v": "1.0",
        "saak": "infor#" + invented("access-key", 86),
    }
    return changed(cloud_file(), changes)


def changed(document: dict, changes: dict) -> dict:
    """The document with other values, and without the keys whose new value is `ABSENT`."""
    return {key: value for key, value in {**document, **changes}.items() if value is not ABSENT}


def differing(changes: dict, mode: int | None = None, filename: str | None = None, **expectations) -> Example:
    """The complete cloud file with these changes; only the changes are shown."""
    document = changed(cloud_file(), changes)
    return Example(json.dumps(document), _shown(changes, mode, filename, expectations), Expectations(**expectations), mode, filename)


def on_premises(changes: dict | None = None, **expectations) -> Example:
    """The complete on-premises file with these changes, shown as changes of the cloud file."""
    changes = {**{key: on_premises_file().get(key, ABSENT) for key in cloud_file()}, **(changes or {})}
    return differing(changes, **{"trusted_hosts": ON_PREMISES_HOSTS, **expectations})


def text(content, shown: str) -> Example:
    """A content that is not the text of an ION API file."""
    return Example(content, shown)


def whole_text(change, shown: str) -> Example:
    """The text of the complete cloud file, transformed by `change`."""
    return Example(change(json.dumps(cloud_file())), shown)


def beside(changes: dict) -> Example:
    """The complete cloud file, and another file of the fleet with these changes."""
    shown = f"a second file in the fleet with {_shown(changes)}" if changes else "the same file twice"
    return Example(json.dumps(cloud_file()), shown, second=json.dumps(changed(cloud_file(), changes)))


def _shown(changes: dict, mode: int | None = None, filename: str | None = None, expectations: dict | None = None) -> str:
    lines = [f"without {key}" if value is ABSENT else f'"{key}": {_short(json.dumps(value))}' for key, value in changes.items()]
    lines += [f"file name: {filename}"] if filename else []
    lines += [f"file mode: {mode:04o}"] if mode is not None else []
    lines += [f"expected: {name}={', '.join(value) if isinstance(value, tuple) else value}" for name, value in (expectations or {}).items()]
    return "\n".join(lines) or "the complete file"


def _short(value: str) -> str:
    return value if len(value) <= 80 else value[:40] + '..."'


COMPLETE = differing({})

# How a rule is known. The last three are assumptions.
OFFICIAL = "documented by Infor"
COMMON = "several public programs agree"
SEEN_ONCE = "seen in one public program or article"
STANDARD = "assumed from general standards"
INFERRED = "assumed, inferred"
UNKNOWN = "assumed, nothing is published"

# By rule: the condition in one line, and where it is known from.
CONDITIONS = {
    "F01": ("The file is not empty and not larger than 64 KiB", INFERRED),
    "F02": ("The file is UTF-8 without a byte order mark", INFERRED),
    "F03": ("The content is the JSON text itself, not a web page, a table or an encoded copy", SEEN_ONCE),
    "F04": ("The text is valid JSON and one object", OFFICIAL),
    "F05": ("No key occurs twice", STANDARD),
    "F06": ("The file is not of another known type", OFFICIAL),
    "F07": ("The file name ends with .ionapi, .ionapi.vault or .ionapi.yml", OFFICIAL),
    "F08": ("A file that is not encrypted is readable by its owner only", STANDARD),
    "F09": ("A file that is not encrypted is not under version control", STANDARD),
    "K01": ("ti, ci, cs, iu, pu and ot are present and not empty", OFFICIAL),
    "K02": ("cn, oa, or, dt, ev and v are present", COMMON),
    "K03": ("saak and sask are either both present or both absent", OFFICIAL),
    "K04": ("The file supports the requested grant", OFFICIAL),
    "K05": ("Every value except sc is a JSON string; null in cn, oa, or, ru, dt, ev, v, saak or sask counts as absent", INFERRED),
    "K06": ("Every key is known and in lower case", OFFICIAL),
    "K07": ("No value contains blanks, line breaks or control characters that were added while copying", INFERRED),
    "K08": ("No value is a placeholder", INFERRED),
    "K09": ("Neither the file nor a value in it is still encrypted", INFERRED),
    "K10": ("The file is not that of a web app", OFFICIAL),
    "T01": ("ti is a tenant: letters, digits, _ and -", COMMON),
    "T02": ("A cloud tenant is <NAME>_<ENVIRONMENT> in capital letters", OFFICIAL),
    "T03": ("In the cloud the path of pu starts with the tenant in ti", OFFICIAL),
    "T04": ("saak is <tenant>#<key>, with the tenant in ti", OFFICIAL),
    "T05": ("ci is <prefix>~<key>", COMMON),
    "T06": ("In the cloud the prefix of ci is the tenant in ti, or the name of an Infor OS farm", OFFICIAL),
    "T07": ("On-premises the tenant, and the prefix of ci and saak, is infor", OFFICIAL),
    "T08": ("The file is for the expected tenant, environment and flavour", INFERRED),
    "L01": ("The keys have their usual length and alphabet: 43 characters of base64url after the ~ of ci, otherwise 86", COMMON),
    "L02": ("No secret occurs in another key", INFERRED),
    "L03": (
        "No key except ci, cs, saak, sask and ru has a value that looks like a generated secret, and ti, dt, oa, ot, or and v have their usual form",
        INFERRED,
    ),
    "U01": ("iu and pu are absolute https URLs", OFFICIAL),
    "U02": ("iu and pu have no user, query or fragment", STANDARD),
    "U03": ("pu ends with a slash", OFFICIAL),
    "U04": ("The path of pu is /<tenant>/as/ in the cloud and ends with /InforIntSTS/ on-premises", OFFICIAL),
    "U05": ("iu has no path", OFFICIAL),
    "U06": ("oa, ot and or are relative paths", OFFICIAL),
    "U07": ("oa, ot and or are of one flavour: all *.oauth2 (cloud) or all connect/* (on-premises)", OFFICIAL),
    "U08": ("In the cloud the host of iu is the host of pu with -ionapi instead of -sso", INFERRED),
    "U09": ("Both hosts end with inforcloudsuite.com or are named in trusted_hosts", UNKNOWN),
    "U10": ("iu is the gateway and pu is the authorization server", COMMON),
    "U11": ("Both hosts can be reached from the internet, unless allow_insecure is set for a simulator", INFERRED),
    "U12": ("No host looks like Infor's cloud, or is an address of a range that is link-local, shared, translated or reserved", STANDARD),
    "U13": ("iu and pu are both in Infor's cloud, or neither of them", INFERRED),
    "D01": ("dt is 12, the type Backend Service", COMMON),
    "D02": ("The app for DocBits is named DocBits_<Environment>", INFERRED),
    "V01": ("v is 1.0 or 1.1", OFFICIAL),
    "V02": ("sc is present in version 1.1 and absent in 1.0", OFFICIAL),
    "V03": ("sc is a list of scope names, or null", OFFICIAL),
    "V04": ("The scopes for DocBits, if there are any, include Infor-IDM, Infor-ION and INFOR-IFS", STANDARD),
    "V05": ("ev is a capital letter and ten digits", INFERRED),
    "C01": ("Each environment has its own service account, and each key has one secret in all files", INFERRED),
}

# By rule: a file that follows it.
PASSING = {
    "F01": COMPLETE,
    "F02": COMPLETE,
    "F03": COMPLETE,
    "F04": COMPLETE,
    "F05": COMPLETE,
    "F06": COMPLETE,
    "F07": differing({}, filename="DocBits TST.ionapi"),
    "F08": differing({}, mode=0o600),
    "F09": COMPLETE,
    "K01": COMPLETE,
    "K02": COMPLETE,
    "K03": COMPLETE,
    "K04": COMPLETE,
    "K05": differing({"saak": None, "sask": None}, grant=CLIENT_CREDENTIALS),
    "K06": COMPLETE,
    "K07": COMPLETE,
    "K08": COMPLETE,
    "K09": COMPLETE,
    "K10": COMPLETE,
    "T01": COMPLETE,
    "T02": COMPLETE,
    "T03": COMPLETE,
    "T04": COMPLETE,
    "T05": COMPLETE,
    "T06": COMPLETE,
    "T07": on_premises(),
    "T08": differing({}, tenant="ACME_TST", environment="TST", flavour=CLOUD),
    "L01": COMPLETE,
    "L02": COMPLETE,
    "L03": COMPLETE,
    "U01": COMPLETE,
    "U02": COMPLETE,
    "U03": COMPLETE,
    "U04": COMPLETE,
    "U05": COMPLETE,
    "U06": COMPLETE,
    "U07": COMPLETE,
    "U08": COMPLETE,
    "U09": COMPLETE,
    "U10": COMPLETE,
    "U11": differing({"iu": "https://127.0.0.1:8443", "pu": "https://127.0.0.1:8443/ACME_TST/as/"}, allow_insecure=True),
    "U12": COMPLETE,
    "U13": on_premises(),
    "D01": COMPLETE,
    "D02": COMPLETE,
    "V01": COMPLETE,
    "V02": on_premises(),
    "V03": differing({"sc": None, "v": "1.0"}),
    "V04": COMPLETE,
    "V05": COMPLETE,
    "C01": beside({"ci": "ACME_TST~" + invented("other-client-id", 43), "saak": "ACME_TST#" + invented("other-access-key", 86)}),
}

# By rule, and by case (<rule>.<case>) if it has several: a file that violates it.
FAILING = {
    "F01.empty": text("\n", "an empty file"),
    "F01.too_big": text("{" + " " * 65536, "65,537 bytes"),
    "F01.not_text": text(cloud_file(), "a dictionary instead of a text"),
    "F02.bom": whole_text(lambda content: b"\xef\xbb\xbf" + content.encode(), "the bytes EF BB BF before the first brace"),
    "F02.utf16": whole_text(lambda content: content.encode("utf-16"), "every character in two bytes"),
    "F02.not_utf8": whole_text(lambda content: b"PK\x03\x04\xff" + content.encode(), "a ZIP archive that holds the file"),
    "F03.base64": whole_text(lambda content: base64.b64encode(content.encode()), "eyJ0aSI6... (base64 of the whole file)"),
    "F03.html": text("<!DOCTYPE html><html><body>Sign in</body></html>", "<!DOCTYPE html>..."),
    "F03.csv": text("Access Key,Secret Key\ninvented,invented\n", "Access Key,Secret Key\ninvented,invented"),
    "F04.cut_off": whole_text(lambda content: content[:200], "the first 200 characters of a file"),
    "F04.two_files": whole_text(lambda content: content + "\n" + content, "{...}\n{...}"),
    "F04.text_behind": whole_text(lambda content: content + "\nend", "{...}\nend"),
    "F04.line_break": whole_text(lambda content: content.replace("invented-client-secret", "invented-client\nsecret", 1), '"cs": "invented-client\nsecret..."'),
    "F04.quotes": whole_text(lambda content: content.replace('"ti"', "\u201cti\u201d"), "{ti in typographic quotes: ...}"),
    "F04.yaml": text("ionapi:\n  ti: ACME_TST\n", "ionapi:\n  ti: ACME_TST"),
    "F04.python": text(str(cloud_file()), "{'ti': 'ACME_TST', ...}"),
    "F04.encoded_twice": whole_text(json.dumps, '"{\\"ti\\": \\"ACME_TST\\", ...}"'),
    "F04.not_an_object": whole_text(lambda content: f"[{content}]", "[{...}]"),
    "F04.number": text('{"dt": NaN}', '{"dt": NaN}'),
    "F04.too_deep": text("[" * 50000, "[[[[[[[[[[..."),
    "F04.syntax": text('{"ti": "ACME_TST",}', '{"ti": "ACME_TST",}'),
    "F05": whole_text(lambda content: '{"ti": "ACME_PRD", ' + content[1:], '"ti": "ACME_PRD",\n"ti": "ACME_TST"'),
    "F06.postman": text('{"name": "Infor", "values": []}', '{"name": "Infor", "values": [...]}'),
    "F06.jwk": text('{"kty": "RSA", "d": "invented"}', '{"kty": "RSA", "d": ...}'),
    "F06.pem": text("-----BEGIN CERTIFICATE-----\n", "-----BEGIN CERTIFICATE-----"),
    "F07": differing({}, filename="service accounts.json"),
    "F08": differing({}, mode=0o644),
    "F09": Example(json.dumps(cloud_file()), "the complete file, not encrypted, after git add", tracked=True),
    "K01.missing": differing({"cs": ABSENT}),
    "K01.empty": differing({"iu": ""}),
    "K02": differing({"dt": ABSENT}),
    "K03": differing({"sask": ABSENT}),
    "K04.none": differing({"saak": ABSENT, "sask": ABSENT}, grant=PASSWORD),
    "K04.client_credentials": differing({"saak": ABSENT, "sask": ABSENT}),
    "K04.unused": differing({}, grant=CLIENT_CREDENTIALS),
    "K05.number": differing({"dt": 12}),
    "K05.type": differing({"cs": None}),
    "K06.spelling": differing({"SAAK": "", "SASK": ""}),
    "K06.unknown": differing({"comment": "for the test"}),
    "K07.blank": differing({"pu": "https://mingle-sso.eu1.inforcloudsuite.com:443/ACME_TST/as/ "}),
    "K07.untidy": differing({"cn": "DocBits_TST "}),
    "K08": differing({"cs": "<client secret>"}),
    "K09.file": text("$ANSIBLE_VAULT;1.1;AES256\n3132\n", "$ANSIBLE_VAULT;1.1;AES256\n3132..."),
    "K09.value": differing({"cs": "$ANSIBLE_VAULT;1.1;AES256\n3132\n"}),
    "K10": differing({"saak": ABSENT, "sask": ABSENT, "ru": "https://app.acme.example/callback"}),
    "T01": differing({"ti": "ACME.TST"}),
    "T02": differing(
        {
            "ti": "acme",
            "ci": "acme~" + invented("client-id", 43),
            "pu": "https://mingle-sso.eu1.inforcloudsuite.com:443/acme/as/",
            "saak": "acme#" + invented("access-key", 86),
        }
    ),
    "T03.other": differing({"pu": "https://mingle-sso.eu1.inforcloudsuite.com:443/ACME_PRD/as/"}),
    "T03.case": differing({"pu": "https://mingle-sso.eu1.inforcloudsuite.com:443/acme_tst/as/"}),
    "T04.form": differing({"saak": invented("access-key", 86)}),
    "T04.tenant": differing({"saak": "ACME_PRD#" + invented("access-key", 86)}),
    "T05": differing({"ci": invented("client-id", 43)}),
    "T06": differing({"ci": "ACME_PRD~" + invented("client-id", 43)}),
    "T07": on_premises({"ci": "acme~" + invented("client-id", 43)}),
    "T08.tenant": differing({}, tenant="ACME_PRD"),
    "T08.environment": differing({}, environment="PRD"),
    "T08.no_environment": on_premises(environment="PRD"),
    "T08.flavour": differing({}, flavour=ON_PREMISES),
    "L01.length": differing({"sask": invented("secret-key", 85)}),
    "L01.alphabet": differing({"sask": invented("secret-key", 80) + "!!!!!!"}),
    "L02": differing({"sask": invented("client-secret", 86)}),
    "L03.random": differing({"cn": "DocBits_" + "1nv3Nt3dK3y-" * 7}),
    "L03.form": differing({"v": "invented-password"}),
    "U01.no_url": differing({"iu": "mingle-ionapi.eu1.inforcloudsuite.com"}),
    "U01.http": differing({"iu": "http://mingle-ionapi.eu1.inforcloudsuite.com"}),
    "U02": differing({"iu": "https://mingle-ionapi.eu1.inforcloudsuite.com?x=1"}),
    "U03": differing({"pu": "https://mingle-sso.eu1.inforcloudsuite.com:443/ACME_TST/as"}),
    "U04.cloud": differing({"pu": "https://mingle-sso.eu1.inforcloudsuite.com:443/ACME_TST/"}),
    "U04.on_premises": on_premises({"pu": "https://login.acme.example:9443/"}),
    "U05.tenant": differing({"iu": "https://mingle-ionapi.eu1.inforcloudsuite.com/ACME_TST"}),
    "U05.slash": differing({"iu": "https://mingle-ionapi.eu1.inforcloudsuite.com/"}),
    "U05.path": differing({"iu": "https://mingle-ionapi.eu1.inforcloudsuite.com/gateway"}),
    "U06": differing({"ot": "/token.oauth2"}),
    "U07.mixed": differing({"or": "connect/revocation"}),
    "U07.unknown": differing({"ot": "oauth/token"}),
    "U08.region": differing({"iu": "https://mingle-ionapi.se1.inforcloudsuite.com"}),
    "U08.host": differing({"iu": "https://gateway.eu1.inforcloudsuite.com"}),
    "U09": differing({"iu": "https://mingle-ionapi.acme.example", "pu": "https://mingle-sso.acme.example/ACME_TST/as/"}),
    "U10": differing({"iu": "https://mingle-sso.eu1.inforcloudsuite.com"}),
    "U11": on_premises({"iu": "https://10.0.0.7:7443"}, trusted_hosts=("10.0.0.7", "login.acme.example")),
    "U12.look_alike": differing(
        {"iu": "https://mingle-ionapi.inforcloudsuite.com.example.org", "pu": "https://mingle-sso.inforcloudsuite.com.example.org/ACME_TST/as/"}
    ),
    "U12.address": differing({"iu": "https://100.64.0.7", "pu": "https://100.64.0.7/ACME_TST/as/"}),
    "U13": differing({"pu": "https://mingle-sso.acme.example/ACME_TST/as/"}),
    "D01.type": differing({"dt": "3"}),
    "D01.other": differing({"dt": "3"}, profile=INFOR),
    "D02": differing({"cn": "Data Publishing"}),
    "V01": differing({"v": "2.0"}),
    "V02.without": differing({"sc": ABSENT}),
    "V02.with": differing({"v": "1.0"}),
    "V03.no_list": differing({"sc": "Infor-IDM Infor-ION INFOR-IFS"}),
    "V03.names": differing({"sc": ["INFOR-IFS", "Infor-IDM", "Infor-ION", ""]}),
    "V03.twice": differing({"sc": ["INFOR-IFS", "Infor-IDM", "Infor-ION", "Infor-ION"]}),
    "V04": differing({"sc": ["INFOR-IFS", "Infor-IDM"]}),
    "V05": differing({"ev": "B12"}),
    "C01.client_secret": beside({"cs": invented("newer-client-secret", 86)}),
    "C01.service_account": beside({}),
    "C01.account_secret": beside({"sask": invented("newer-secret-key", 86)}),
}
