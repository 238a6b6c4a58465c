# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rule C01: the ION API files of several environments together. Private to the collection."""

from __future__ import annotations

from collections.abc import Mapping

from ansible_collections.docbits.ion.plugins.module_utils._core.findings import WARNING
from ansible_collections.docbits.ion.plugins.module_utils._core.rules import Case, Rule
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.form import IonApi
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.keys import MAX_NAMES
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.shared import DOWNLOAD_WITH_ACCOUNT

C01 = Rule(
    "C01",
    {
        "client_secret": Case(
            "the client ID is the same but the client secret differs: after a reset of the secret, one of the files is stale",
            "compare the dates of the files, and download the older one again in Infor OS > API Gateway > Authorized Apps",
        ),
        "service_account": "the service account is the same, so its limits are shared, and disabling it stops all of them",
        "account_secret": Case(
            "the service account is the same but its secret key differs: one of the files is stale or was mixed from two",
            f"find the file that Infor refuses, and {DOWNLOAD_WITH_ACCOUNT}",
        ),
    },
    f"use a service account for each environment: {DOWNLOAD_WITH_ACCOUNT}",
    WARNING,
)
RULES = (C01,)


def check_fleet(files: Mapping[str, IonApi]) -> list:
    """Findings about several files together. `files` is environment name to file."""
    clients, accounts, pairs = {}, {}, {}
    for name, file in files.items():
        clients.setdefault(file.ci, {}).setdefault(file.cs, []).append(name)
        if file.has_service_account:
            accounts.setdefault(file.saak, {})[name] = [name]
            pairs.setdefault(file.saak, {}).setdefault(file.sask, []).append(name)
    findings = []
    for key, case, groups in (("cs", "client_secret", clients), ("saak", "service_account", accounts), ("sask", "account_secret", pairs)):
        for by_value in groups.values():
            if len(by_value) > 1:
                findings.append(C01.violation(key, case=case).finding(_join_names([name for names in by_value.values() for name in names])))
    return findings


def _join_names(names) -> str:
    """The first names, and the number of the others."""
    more = len(names) - MAX_NAMES
    return ", ".join(names[:MAX_NAMES]) + (f" and {more} more" if more > 0 else "")
