# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rule C01: what only the ION API files of several environments together show. Private to the collection."""

from __future__ import annotations

from collections.abc import Mapping

from ansible_collections.docbits.ion.plugins.module_utils._core.findings import WARNING
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.form import IonApi
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.keys import MOST_NAMES
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.rule import DOWNLOAD, Case, Hit, Rule

C01 = Rule(
    "C01",
    "Each environment has its own service account, and one key has one secret in the whole fleet",
    "E",
    (
        Case(
            "client_secret",
            WARNING,
            "the client ID is the same and the client secret is not: after a reset of the secret, one of the files is stale",
            "compare the dates of the files, and download the older one again in Infor OS > API Gateway > Authorized Apps",
        ),
        Case(
            "service_account",
            WARNING,
            "the service account is the same: its limits are shared, and disabling it stops all of them",
            f"give each environment its own, {DOWNLOAD} with Create Service Account switched on",
        ),
        Case(
            "account_secret",
            WARNING,
            "the service account is the same and its secret key is not: one of the files is stale or mixed",
            f"find the file that Infor refuses, and {DOWNLOAD} with Create Service Account switched on",
        ),
    ),
)


def across_fleet(named: Mapping[str, IonApi]) -> list:
    """What only the files of several environments together show. O(named) is environment name to file."""
    return [C01.finding(hit, listed(names)) for names, hit in check_fleet(named)]


def check_fleet(files):
    """Yields C((names, hit)) for what only several files together show. O(files) is environment name to L(IonApi)."""
    by_client, by_account, by_access_key = {}, {}, {}
    for name, file in files.items():
        by_client.setdefault(file.ci, {}).setdefault(file.cs, []).append(name)
        if file.has_service_account:
            by_account.setdefault(file.saak, []).append(name)
            by_access_key.setdefault(file.saak, {}).setdefault(file.sask, []).append(name)
    for by_secret in by_client.values():
        if len(by_secret) > 1:
            yield _all_of(by_secret), Hit("C01.client_secret", "cs")
    for names in by_account.values():
        if len(names) > 1:
            yield names, Hit("C01.service_account", "saak")
    for by_secret in by_access_key.values():
        if len(by_secret) > 1:
            yield _all_of(by_secret), Hit("C01.account_secret", "sask")


def _all_of(by_secret) -> list:
    return [name for names in by_secret.values() for name in names]


def listed(names) -> str:
    """Names of environments, the first ones in full and a count of the others."""
    more = len(names) - MOST_NAMES
    return ", ".join(names[:MOST_NAMES]) + (f" and {more} more" if more > 0 else "")
