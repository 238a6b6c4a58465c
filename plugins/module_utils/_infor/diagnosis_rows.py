# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every cause for which Infor can refuse DocBits, with its sentence and the click that mends it. Private to the collection."""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.docbits.ion.plugins.module_utils._core.findings import ERROR, WARNING

APPS = "API Gateway > Authorized Apps"
ACCOUNTS = "Security > Manage > Service Accounts"
ROLES = "Security > Users (or Service Users) > the account's user > Security Roles"


@dataclass(frozen=True)
class Row:
    """One cause.

    key:          the key of the ION API file, or the product, that the finding points at
    message:      what is so; names in braces are filled from whitelisted values only
    action:       the next step, with the place in the Infor console
    level:        C(error) or C(warning)
    undetermined: C(True) where the answer says nothing about the file, the account or its roles: Infor down, slow or busy
    """

    key: str
    message: str
    action: str
    level: str = ERROR
    undetermined: bool = False


# The ids N01 to N09 are those of _transport, which raises N05 to N09 itself. The other ids are the rows of the contract's
# table "failure, diagnosis, action"; its N5 and N6 are N10 and N11 here. A13 and later, G09, G10 and R05 fill its gaps.
# Assumed (no live tenant was seen): the error codes behind A01, A02, A06, A07, the effect described by A11, every
# sentence that rests on a JWT claim (J01, J02), and G09.
ROWS = {
    "N01": Row(
        "{key}",
        "the name {host} cannot be resolved",
        "check {key} for a typing error and its region, then DNS, VPN and proxy of this machine",
        undetermined=True,
    ),
    "N02": Row(
        "{key}",
        "{host} does not take a connection ({cause})",
        "open the way to this host and port in the firewall, and check the port in {key} (443, on-premises also 2443, 7443 or 9443)",
        undetermined=True,
    ),
    "N03": Row(
        "{key}",
        "no trusted TLS connection to {host} ({cause})",
        "give the CA of the inspecting proxy or of the on-premises server in the option ca_path; do not switch verification off",
        undetermined=True,
    ),
    "N04": Row(
        "{key}",
        "a web page or a redirect came where an API answers, as portals, sign-in pages, firewalls and maintenance pages do",
        f"download the credentials again in {APPS} and compare {{key}}; {{hint}}",
        undetermined=True,
    ),
    "N10": Row(
        "pu, ot",
        "the authorization server knows no token endpoint at this address (status 404): tenant or path is wrong, or the tenant is gone",
        f"compare ti with the tenant in pu, and both with a fresh download from {APPS}",
    ),
    "N11": Row(
        "pu, ot",
        "the token endpoint does not take a POST (status 405), so this is another address",
        f"compare pu and ot with a fresh download from {APPS}; the endpoint answers POST only, so a health check with GET or HEAD proves nothing",
    ),
    "A01": Row(
        "ci, cs",
        "the authorization server does not accept this authorized app: its secret was reset, it is disabled or deleted, or the file is another environment's",
        f"open {APPS}, check that the app is enabled and its Client ID is ci, then Download Credentials again",
    ),
    "A02": Row(
        "saak, sask",
        "the authorization server does not accept the service account: wrong or replaced keys, the account disabled or deleted, or its user disabled or locked",
        f"check that the status is Enabled in {ACCOUNTS}; otherwise make a new one with {APPS} > Download Credentials > Create Service Account",
    ),
    "A03": Row(
        "saak",
        "the service account belongs to another tenant than the authorization server in pu",
        f"do not mix files: download the credentials of this tenant in {APPS}",
    ),
    "A04": Row(
        "saak, sask",
        "the authorized app allows Password Credentials only, but the file has no service account to log in with",
        f"download it again in {APPS} > Download Credentials with Create Service Account switched on",
    ),
    "A05": Row(
        "saak, sask",
        "the authorized app allows Client Credentials only, but the file is meant for a service account, which DocBits needs for IDM",
        f"create an app with Grant Type Password Credentials in {APPS} and download its credentials with Create Service Account switched on",
    ),
    "A06": Row(
        "ci",
        "the authorized app may not use this grant, or is disabled",
        f"check in {APPS} that the app is enabled, of Type Backend Service, and allows the grant {{grant}}",
    ),
    "A07": Row(
        "sc",
        "a scope that the file asks for is not associated with the app or its service account",
        f"compare sc with the scopes of the app in {APPS}, and ask the tenant's administrator to add them to the service account in {ACCOUNTS}",
    ),
    "A08": Row(
        "token",
        "Infor allows no more logins for now (20 service-account logins a minute and 1,000 a day are shared by the whole tenant)",
        "wait some minutes and run again with fewer environments at once; do not loop over logins",
        undetermined=True,
    ),
    "A09": Row(
        "token",
        "Infor's authorization server failed (status {status}), which says nothing about the credentials",
        "wait until Infor works again (see status.infor.com or ask Infor support), then run again",
        undetermined=True,
    ),
    "A10": Row(
        "pu, ot",
        "the answer carries no access token, so this is no token endpoint",
        f"compare pu and ot with a fresh download from {APPS}; {{hint}}",
    ),
    "A11": Row(
        "ci",
        "Issue Refresh Tokens is off: Infor gave no refresh token, and DocBits relies on one",
        f"switch on Issue Refresh Tokens in {APPS} > the app and save; the file stays valid",
    ),
    "A12": Row(
        "ci",
        "access tokens live only {lifetime} s",
        f"raise OAuth 2.0 Access Token lifetime in {APPS} > the app (Infor's default is 2 hours)",
        WARNING,
    ),
    "A13": Row(
        "ci, saak",
        "the authorization server refused the login (status {status}, error {code})",
        f"compare the file with a fresh download from {APPS}, and ask the tenant's administrator for the entry of this login in the security logs",
    ),
    "A14": Row(
        "ci",
        "the refresh token that Infor had just issued was not accepted (status {status}, error {code})",
        f"raise Refresh Token Grant Lifetime above the access token's lifetime in {APPS} > the app and save",
    ),
    "A15": Row(
        "token",
        "the access token could not be revoked ({cause}) and stays valid until it expires",
        "nothing has to be done; leave out the option revoke if this tenant does not revoke access tokens",
        WARNING,
    ),
    "A16": Row(
        "token",
        "this run has made as many logins as it may in this minute for the tenant, and the time of the option deadline is over before the next one",
        "raise the option deadline or lower forks; environments that share one file share one login",
        undetermined=True,
    ),
    "A17": Row(
        "token",
        "another environment of this run was still waiting for the same answer when the time of the option deadline was over",
        "raise the option deadline, or find out why Infor is slow",
        undetermined=True,
    ),
    "J01": Row(
        "{key}",
        "the token names another {what} than {key}, as after mixing two files",
        f"download the credentials of this environment again in {APPS}",
        WARNING,
    ),
    "J02": Row(
        "sc",
        "scopes are enforced for this app, but the token carries none",
        f"download the credentials again in {APPS} so that the file has sc (version 1.1), after the scopes were added to the service account in {ACCOUNTS}",
        WARNING,
    ),
    "G01": Row(
        "iu, ti",
        "the gateway misses the tenant in the path (status 400)",
        f"compare iu (no path) and ti with a fresh download from {APPS}",
    ),
    "G02": Row(
        "iu, pu",
        "the gateway does not accept a token that Infor has just issued (status 401): another region or tenant, a wrong clock, or a revoked token",
        f"compare the regions and tenants in iu and pu with a fresh download from {APPS}, then run again for a fresh token",
    ),
    "G03": Row(
        "{product}",
        "only {product} refuses the token (status 401), the gateway accepts it",
        "ask the Infor administrator of {product} to look at its security log and at the user of the service account",
    ),
    "G04": Row(
        "{product}",
        "{product} refuses the service account (status 403): a security role or a scope is missing",
        f"add the role in {ROLES}; if the app enforces scopes, also the scope of {{product}} in {ACCOUNTS}; then wait some minutes for a new token",
    ),
    "G05": Row(
        "{product}",
        "the tenant has no {product} behind the gateway (status 404)",
        "look for {product} in API Gateway > Available APIs; if it is missing, ask Infor to provision it for this tenant",
    ),
    "G06": Row(
        "iu, ti",
        "the gateway knows none of the tenant's products (status 404 everywhere), so the tenant in the path is wrong",
        f"compare ti and iu with a fresh download from {APPS}",
    ),
    "G07": Row(
        "{product}",
        "the gateway's quota for {product} is used up (status 429)",
        "wait as long as the quota lasts (API Gateway > Available APIs > Policies), then run again",
        undetermined=True,
    ),
    "G08": Row(
        "{product}",
        "{product} kept silent until the gateway gave up (status 504)",
        "try again later; if it stays, ask Infor support",
        undetermined=True,
    ),
    "G09": Row(
        "{product}",
        "{product} answered in a form that no client can read (status {status}), or with an error list only",
        "run again later; if it stays, call the same API in API Gateway > Available APIs > {product} > Documentation and send the result to Infor support",
        undetermined=True,
    ),
    "G10": Row(
        "{product}",
        "{product} failed (status {status}), which says nothing about the file",
        "try again later; if it stays, ask Infor support",
        undetermined=True,
    ),
    "R01": Row(
        "saak",
        "the service account stands for no user, so IDM and M3 will refuse it",
        f"download the credentials again in {APPS} > Download Credentials > Create Service Account and choose the user in Full Name",
    ),
    "R02": Row(
        "roles",
        "the service account's user lacks the security role {role}",
        f"add {{role}} in {ROLES}, wait some minutes, and run again for a new token",
    ),
    "R03": Row(
        "roles",
        "{role} is held only through {through}, which is more than an export needs",
        f"replace {{through}} by {{role}} in {ROLES}",
        WARNING,
    ),
    "R04": Row(
        "roles",
        "the service account's user lacks {role}, which newer tenants no longer know",
        "take {role} out of the option required_roles if this tenant does not offer it; otherwise add it in " + ROLES,
        WARNING,
    ),
    "R05": Row(
        "roles",
        "the service account's user holds the administrator role {role}, which belongs to the person who makes the file",
        f"remove {{role}} from the user in {ROLES}",
        WARNING,
    ),
    "I01": Row(
        "logical_id",
        "the connection point is inactive or does not exist (status 412)",
        "activate it, and the document flow that uses it, in ION Desk > Connect > Connection Points",
    ),
    "I02": Row(
        "ci",
        "the connection point holds the client id of another authorized app (code 471), typically after a new app was created",
        "put the Client ID of this app into ION Desk > Connect > Connection Points > the connection point > ION API Client ID",
    ),
    "I03": Row(
        "logical_id",
        "ION does not let this authorized app speak for the logical id (status 403)",
        "make SFV_LogicalID of the BOD mapping and the option logical_id equal to the logical id in ION Desk > Connect > Connection Points",
    ),
    "M01": Row(
        "saak",
        "M3 refuses to act for the service account (error 163): it stands for no user that M3 knows",
        f"download the credentials again in {APPS} > Download Credentials > Create Service Account with the user in Full Name, "
        "and check that user in M3 (MNS150)",
    ),
    "M02": Row(
        "M3",
        "the M3 program answered with an error of its own",
        "call CMS535MI FpwVersion in API Gateway > Available APIs > M3 and read errorMessage of its first result",
    ),
}
