# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of the proof: what is wrong, and the place in the Infor console that corrects it. Private to the collection."""

from __future__ import annotations

from ansible_collections.docbits.ion.plugins.module_utils._core.findings import WARNING, Finding
from ansible_collections.docbits.ion.plugins.module_utils._core.rules import Rule

APPS = "API Gateway > Authorized Apps"
ACCOUNTS = "Security > Manage > Service Accounts"
ROLES = "Security > Users (or Service Users) > the account's user > Security Roles"
DOWNLOAD = f"a fresh download from {APPS}"

# N05 to N09 are findings of the HTTP client. A01 to A12, J, G01 to G08, R01 to R05, I and M are those of the table "failure, diagnosis,
# action" in the contract; its N5 and N6 are N10 and N11 here. The other ids fill its gaps.
# Assumed, because no live tenant was seen: the error codes of A01, A02, A06 and A07, the effect of A11, and the claims of J01 and J02.
_RULES = (
    Rule("N01", "the name {host} cannot be resolved", "check {key} for a typing error and its region, then DNS, VPN and proxy of this machine"),
    Rule(
        "N02",
        "{host} does not accept a connection ({cause})",
        "allow this host and port in the firewall, and check the port in {key} (443, on premises also 2443, 7443 or 9443)",
    ),
    Rule(
        "N03",
        "no trusted TLS connection to {host} ({cause})",
        "give the CA of the inspecting proxy or of the on-premises server in the option ca_path; do not disable verification",
    ),
    Rule(
        "N04",
        "the response is {seen}, as portals, sign-in pages, proxies, firewalls and maintenance pages send it",
        f"compare {{key}} with {DOWNLOAD} ({{hint}}); if it is the same, find out what answers between this machine and Infor",
    ),
    Rule(
        "N10",
        "the authorization server has no token endpoint at this address (status 404): the tenant or the path is wrong, or the tenant was removed",
        f"compare ti with the tenant in pu, and both with {DOWNLOAD}",
        key="pu, ot",
    ),
    Rule(
        "N11",
        "this address does not accept a POST (status 405), so it is not the token endpoint",
        f"compare pu and ot with {DOWNLOAD}; a token endpoint accepts POST only, so a health check with GET or HEAD proves nothing",
        key="pu, ot",
    ),
    Rule(
        "A01",
        "the authorization server does not accept this authorized app: its secret was reset, it is disabled or deleted, or the file is another environment's",
        f"open {APPS}, check that the app is enabled and its Client ID is ci, then Download Credentials again",
        key="ci, cs",
    ),
    Rule(
        "A02",
        "the authorization server does not accept the service account: its keys are wrong or were replaced, or it or its user is disabled, deleted or locked",
        f"check that the status is Enabled in {ACCOUNTS}; otherwise create a new one with {APPS} > Download Credentials > Create Service Account",
        key="saak, sask",
    ),
    Rule(
        "A03",
        "the service account belongs to another tenant than the authorization server in pu",
        f"do not mix files: download the credentials of this tenant in {APPS}",
        key="saak",
    ),
    Rule(
        "A04",
        "the authorized app allows Password Credentials only, but the file has no service account",
        f"download it again in {APPS} > Download Credentials with Create Service Account switched on",
        key="saak, sask",
    ),
    Rule(
        "A05",
        "the authorized app allows Client Credentials only, but the file has a service account, which DocBits needs for IDM",
        f"create an app with Grant Type Password Credentials in {APPS} and download its credentials with Create Service Account switched on",
        key="saak, sask",
    ),
    Rule(
        "A06",
        "the authorized app may not use the grant {grant}, or is disabled",
        f"check in {APPS} that the app is enabled, of Type Backend Service, and allows the grant {{grant}}",
        key="ci",
    ),
    Rule(
        "A07",
        "a scope in sc is not associated with the app or its service account",
        f"compare sc with the scopes of the app in {APPS}, and ask the administrator of the tenant to add them to the service account in {ACCOUNTS}",
        key="sc",
    ),
    Rule(
        "A08",
        "Infor allows no more logins for now (status {status}{wait}); 20 service-account logins a minute and 1,000 a day are shared by the whole tenant",
        "wait some minutes and run again with fewer environments at once; do not log in repeatedly",
        key="token",
    ),
    Rule(
        "A09",
        "the authorization server of Infor failed (status {status}), which says nothing about the credentials",
        "wait until Infor works again (see status.infor.com or ask Infor support), then run again",
        key="token",
    ),
    Rule("A10", "the response to the login has status 200 but no access token ({seen})", f"compare pu and ot with {DOWNLOAD}; {{hint}}", key="pu, ot"),
    Rule(
        "A11",
        "Infor issued no refresh token, which DocBits relies on",
        f"switch on Issue Refresh Tokens in {APPS} > the app and save; the file stays valid",
        key="ci",
    ),
    Rule(
        "A12", "access tokens live only {lifetime} s", f"raise OAuth 2.0 Access Token lifetime in {APPS} > the app (the default is 2 hours)", WARNING, key="ci"
    ),
    Rule(
        "A13",
        "the login was refused for a cause that is not known here (status {status}, error {code}, {seen})",
        f"compare the file with {DOWNLOAD}, and ask the administrator of the tenant for the entry of this login in the security logs",
        key="ci, saak",
    ),
    Rule(
        "A14",
        "the refresh token that Infor had just issued was refused (status {status}, error invalid_grant)",
        f"check Refresh Token Grant Lifetime in {APPS} > the app: it must not be shorter than the access token lifetime; then check the status in {ACCOUNTS}",
        key="ci",
    ),
    Rule(
        "A15",
        "the access token could not be revoked ({cause}) and stays valid until it expires",
        "nothing has to be done; leave out the option revoke if this tenant does not revoke access tokens",
        WARNING,
        key="token",
    ),
    Rule(
        "A16",
        "this run has made as many logins in this minute as the limit of the tenant allows, and the option deadline passes before the next one",
        "raise the option deadline or lower forks; environments that share one file share one login",
        key="token",
    ),
    Rule(
        "A17",
        "another environment of this run was still waiting for the same response when the option deadline passed",
        "raise the option deadline, or find out why Infor is slow",
        key="token",
    ),
    Rule(
        "A18",
        "the file has no service account, which the profile docbits_export needs for IDM",
        f"download it again in {APPS} > Download Credentials with Create Service Account switched on, or set the option profile to infor",
        key="saak, sask",
    ),
    Rule(
        "A19",
        "the authorization server refuses the scope offline_access, which the collection adds on premises to get a refresh token, and issued none without it",
        f"check in {APPS} > the app that Issue Refresh Tokens is on, and ask the administrator of the server how it issues refresh tokens",
        key="ci",
    ),
    Rule(
        "A20",
        "the authorized app may not use a refresh token (status {status}, error {code})",
        f"switch on Issue Refresh Tokens in {APPS} > the app and save; the file stays valid",
        key="ci",
    ),
    Rule(
        "A21",
        "the refresh was refused for a cause that is not known here (status {status}, error {code}, {seen})",
        "run again; if it repeats, ask the administrator of the tenant for the entry of this refresh in the security logs",
        key="ci",
    ),
    Rule(
        "A22",
        "Infor rotates refresh tokens: the stage refresh used one up, and Infor replaced it",
        "leave the stage refresh out; if DocBits cannot log in afterwards, Infor reuses one grant for all logins, and DocBits needs a new login",
        WARNING,
        key="token",
    ),
    Rule(
        "J01", "the token names another {what} than {key}, as after mixing two files", f"download the credentials of this environment again in {APPS}", WARNING
    ),
    Rule(
        "J02",
        "scopes are enforced for this app, but the token has none",
        f"download the credentials again in {APPS} so that the file has sc (version 1.1), after the scopes were added to the service account in {ACCOUNTS}",
        WARNING,
        key="sc",
    ),
    Rule(
        "G01", "the tenant is missing in the path of the gateway (status 400 from every product)", f"compare iu (no path) and ti with {DOWNLOAD}", key="iu, ti"
    ),
    Rule(
        "G02",
        "the gateway refuses a token that Infor has just issued (status 401 from every product, also later): another region or tenant, or a revoked token",
        f"compare the regions and tenants in iu and pu with {DOWNLOAD}, then run again for a new token",
        key="iu, pu",
    ),
    Rule(
        "G03",
        "{product} refuses the token (status 401, also when asked again), while another product accepts it",
        "ask the Infor administrator of {product} to look at its security log and at the user of the service account",
        key="{product}",
    ),
    Rule(
        "G04",
        "{product} refuses the service account (status 403): a security role or a scope is missing",
        f"add the role in {ROLES}; if the app enforces scopes, also the scope of {{product}} in {ACCOUNTS}; then wait some minutes for a new token",
        key="{product}",
    ),
    Rule(
        "G05",
        "the tenant has no {product} behind the gateway (status 404), while another product answers",
        "look for {product} in API Gateway > Available APIs; if it is missing, ask Infor to provision it for this tenant",
        key="{product}",
    ),
    Rule(
        "G06",
        "the gateway has none of the products of the tenant (status 404 from every product), so the tenant in the path is wrong",
        f"compare ti and iu with {DOWNLOAD}",
        key="iu, ti",
    ),
    Rule(
        "G07",
        "the quota of the gateway for {product} is exhausted (status {status}{wait})",
        "wait until the quota is renewed (API Gateway > Available APIs > Policies), then run again",
        key="{product}",
    ),
    Rule("G08", "{product} did not answer before the gateway gave up (status 504)", "run again later; if it repeats, ask Infor support", key="{product}"),
    Rule(
        "G09",
        "the response of {product} does not have the documented form (status {status}, {seen})",
        "run again later; if it repeats, call the same API in API Gateway > Available APIs > {product} > Documentation and send the result to Infor support",
        key="{product}",
    ),
    Rule("G10", "{product} failed (status {status}), which says nothing about the file", "run again later; if it repeats, ask Infor support", key="{product}"),
    Rule(
        "G11",
        "no product accepted the token, and they disagree about the cause ({seen})",
        f"run again; if it repeats, compare iu and ti with {DOWNLOAD}, and look at the products in API Gateway > Available APIs",
        key="iu",
    ),
    Rule(
        "G12",
        "status {status} came for {product} with {seen}, so it is not known whether Infor or something in between refused",
        "look for a proxy or firewall on the way; if there is none, check that {product} is in API Gateway > Available APIs, and the roles in " + ROLES,
        key="{product}",
    ),
    Rule(
        "G13",
        "{product} answers with status 404, which may be normal: this call is not documented for every installation",
        "check {product} in the browser, or leave it out of the proof",
        key="{product}",
    ),
    Rule(
        "R01",
        "the service account belongs to no user, so IDM and M3 will refuse it",
        f"download the credentials again in {APPS} > Download Credentials > Create Service Account and choose the user in Full Name",
        key="saak",
    ),
    Rule(
        "R02",
        "the user of the service account lacks the security role {role}",
        f"add {{role}} in {ROLES}, wait some minutes, and run again for a new token",
        key="roles",
    ),
    Rule(
        "R03",
        "{role} is assigned only through {through}, which is more than an export needs",
        f"replace {{through}} by {{role}} in {ROLES}",
        WARNING,
        key="roles",
    ),
    Rule(
        "R04",
        "the user of the service account lacks {role}, which newer tenants no longer have",
        "take {role} out of the option required_roles if this tenant does not have it; otherwise add it in " + ROLES,
        WARNING,
        key="roles",
    ),
    Rule(
        "R05",
        "the user of the service account has the administrator role {role}, which belongs to the person who creates the file",
        f"remove {{role}} from the user in {ROLES}",
        WARNING,
        key="roles",
    ),
    Rule(
        "R06",
        "the security roles are not known: the response of users/me has {seen}",
        f"compare the roles of the user with the option required_roles in {ROLES}",
        key="roles",
    ),
    Rule(
        "R07",
        "it is not known whether the user has the security role {role}: users/me lists {through}, which may be the same",
        f"look in {ROLES}; if this tenant writes the role so, name it so in the option required_roles",
        key="roles",
    ),
    Rule(
        "I01",
        "the connection point is inactive or does not exist (status 412)",
        "activate it, and the document flow that uses it, in ION Desk > Connect > Connection Points",
        key="logical_id",
    ),
    Rule(
        "I02",
        "the connection point has the client id of another authorized app (code 471), typically after a new app was created",
        "put the Client ID of this app into ION Desk > Connect > Connection Points > the connection point > ION API Client ID",
        key="ci",
    ),
    Rule(
        "I03",
        "ION does not let this authorized app use the logical id (status 403)",
        "make SFV_LogicalID of the BOD mapping and the option logical_id equal to the logical id in ION Desk > Connect > Connection Points",
        key="logical_id",
    ),
    Rule(
        "I05",
        "the connection point does not list Sync.CaptureDocument, the document that DocBits sends",
        "add it to ION Desk > Connect > Connection Points > the connection point > Documents, unless the BOD mapping names another document",
        WARNING,
        key="logical_id",
    ),
    Rule(
        "I04",
        "the connection point lists no document that it accepts",
        "add the document to ION Desk > Connect > Connection Points > the connection point > Documents",
        key="logical_id",
    ),
    Rule(
        "M01",
        "M3 refuses to act for the service account (error 163): it belongs to no user that M3 knows",
        f"download the credentials again in {APPS} > Download Credentials > Create Service Account with the user in Full Name, "
        "and check that user in M3 (MNS150)",
        key="saak",
    ),
    Rule(
        "M02",
        "the M3 program returned an error message",
        "call CMS535MI FpwVersion in API Gateway > Available APIs > M3 and read errorMessage of its first result",
        key="M3",
    ),
)
RULES = {rule.id: rule for rule in _RULES}

# Nothing follows from these about the file, the account or its roles. N05 to N08 are of the HTTP client: proxy, silence, deadline, and a response
# that is too large. Every other error is a refusal by Infor, for the cause that its message names.
UNDETERMINED = {
    *("N01", "N02", "N03", "N04", "N05", "N06", "N07", "N08"),
    *("A08", "A09", "A10", "A13", "A16", "A17", "A19", "A21"),
    *("G07", "G08", "G09", "G10", "G11", "G12", "G13"),
    *("R06", "R07", "I04"),
}

_HINTS = {"pu": "pu ends with /as/ in the cloud and with /InforIntSTS/ on premises", "iu": "iu is the host of the gateway alone, -ionapi in the cloud"}


def finding(id_: str, label: str, key: str = "pu", **values) -> Finding:
    """The finding of a rule about `key` of the ION API file `label`. The values fill the templates of the rule; none is from the body of a response."""
    return RULES[id_].violation(key, hint=_HINTS.get(key, ""), **values).finding(label)


def is_undetermined(found: Finding) -> bool:
    """Whether the finding says nothing about the file, the account or its roles."""
    return found.id in UNDETERMINED
