# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Moods: how this Infor differs from the likely one.

A mood is `subject:answer`, or `subject:answer*N` for the first N calls only. A subject is a surface (one call), a
group of surfaces, or a property of the tenant. The more specific subject wins: surface, group, `gateway`, `all`.
"""

from .answers import ANSWERS, USERS_ME

GROUPS = {"idm": ("entities", "entity", "search"), "ion": ("ping", "versions", "docs", "send"), "ifs": ("users_me", "info")}
GATEWAY = ("users_me", "info", "mingle", "entities", "entity", "search", "create", "ping", "versions", "docs", "send", "m3", "ln", "datalake")
SURFACES = ("login", "refresh", "revoke") + GATEWAY

# Properties of the tenant: {subject: {answer: what it means}}. The first answer of each is the normal one.
PROPERTIES = {
    "site": {
        "cloud": "paths of the multi-tenant cloud",
        "onprem": "InforIntSTS: other paths, 400 for invalid_client, a refresh token only with offline_access, no users/me",
    },
    "client_auth": {"any": "Basic or body", "body": "credentials in the body only", "basic": "Basic only"},
    "grant": {"password": "the app allows password", "client_credentials": "the app allows client_credentials", "both": "both"},
    "expires_in": {
        "number": "a number",
        "string": "a numeric string",
        "missing": "not there",
        "zero": "0",
        "null": "null",
        "short": "60 seconds, truly",
        "2": "2 seconds, truly",
    },
    "token": {
        "jwt": "a JWT without iat",
        "iat": "a JWT with iat and nbf",
        "opaque": "no JWT",
        "odd": "dots, but no JWT",
        "20k": "a JWT of 20 KiB",
        "lower": "token_type `bearer`",
        "no_type": "no token_type",
        "other_tenant": "the JWT names another tenant",
    },
    "refresh_token": {"issued": "issued, not rotated", "none": "Issue Refresh Tokens is off", "rotate": "rotated at each refresh"},
    "old_token": {"kept": "a refresh leaves the old access token alive", "ended": "a refresh ends the old access token"},
    "persistent_grant": {"new": "each login has its own grant", "reused": "one grant per client and account: shared with DocBits"},
    "fresh": {
        "ready": "a new token is accepted at once",
        "once": "the first call of each new token gets 401",
        "seconds": "401 during the first 2 seconds of a token",
        "never": "no token is accepted",
        "each": "the first call of each new token to each surface gets 401",
    },
    "clock": {"right": "", "ahead": "the server's clock is 10 minutes ahead", "behind": "10 minutes behind"},
    "scope": {
        "free": "scopes are not enforced",
        "enforced": "the JWT says enforced; calls need a scope in the token",
        "no_offline": "offline_access is an invalid scope",
        "refused": "any scope is an invalid scope",
    },
    "account": {"enabled": "", "disabled": "no token for this service account", "no_user": "no user behind the account"},
    "app": {"enabled": "", "disabled": "the authorized app is disabled"},
    "roles": {
        "full": "all that DocBits asks for",
        "no_mingle": "MingleEnterprise is not offered by the tenant",
        "user": "IDM-User, Infor-SuiteUser, MingleEnterprise",
        "admin": "IDM-Administrator in place of IDM-AdvancedUser",
        "none": "Infor-SuiteUser and MingleEnterprise only",
        "nothing": "no role",
    },
    "login_limit": {"20": "20 logins", "1": "one login, then 429", "2": "two logins, then 429"},
}
ROLES = {
    "full": ["IDM-AdvancedUser", "IDM-User", "Infor-SuiteUser", "MingleEnterprise"],
    "no_mingle": ["IDM-AdvancedUser", "IDM-User", "Infor-SuiteUser"],
    "user": ["IDM-User", "Infor-SuiteUser", "MingleEnterprise"],
    "admin": ["IDM-Administrator", "Infor-SuiteUser", "MingleEnterprise"],
    "none": ["Infor-SuiteUser", "MingleEnterprise"],
    "nothing": [],
}


def _subjects():
    for subject, answers in PROPERTIES.items():
        for answer, meaning in answers.items():
            yield f"{subject}:{answer}", meaning
    for answer, (meaning, _shape) in USERS_ME.items():
        yield "users_me:" + answer, meaning
    for subject in SURFACES + tuple(GROUPS) + ("gateway", "all"):
        for answer, (meaning, _make) in ANSWERS.items():
            yield f"{subject}:{answer}", meaning


MOODS = dict(_subjects())


def describe(mood):
    """Return the meaning of a mood."""
    return MOODS[mood.partition("*")[0]]


class Moods:
    """The moods of one server. Not thread safe: the server has one event loop."""

    def __init__(self, names):
        self.properties = {subject: next(iter(answers)) for subject, answers in PROPERTIES.items()}
        self.answers, self.left = {}, {}
        for name in names:
            mood, _star, times = name.partition("*")
            if mood not in MOODS:
                raise ValueError(f"unknown mood {name!r}")
            subject, answer = mood.split(":")
            if subject in PROPERTIES:
                self.properties[subject] = answer
            else:
                self.answers[subject] = answer
                self.left[subject] = int(times) if times else None

    def __getitem__(self, subject):
        return self.properties[subject]

    def take(self, surface):
        """Return the name of the answer for this call, or None for the normal one; count it."""
        groups = [group for group, members in GROUPS.items() if surface in members]
        for subject in [surface] + groups + (["gateway"] if surface in GATEWAY else []) + ["all"]:
            if subject in self.answers and self.left[subject] != 0:
                if self.left[subject] is not None:
                    self.left[subject] -= 1
                return self.answers[subject]
        return None
