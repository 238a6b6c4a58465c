# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The groups of the rings: their names, and whether the first one has a host. Private to the collection."""

from __future__ import annotations

from difflib import SequenceMatcher

from ansible_collections.docbits.ion.plugins.module_utils._core.findings import ERROR, Finding

# How alike the names of a ring and of a group are that may mean it (difflib, 0 to 1).
SIMILARITY = 0.8


def ring_findings(rings, groups, allow_empty: bool) -> list:
    """Errors for groups that are nearly called like a ring, and for a first ring without a host.

    rings:       names of the groups of the rings, in order
    groups:      names of the hosts of each group of the inventory
    allow_empty: whether the first ring may have no host
    """
    findings = [
        _finding("E47", f"group {name}", f"its hosts are not in the ring {ring}, which it is nearly called", f"rename it to {ring}, or add its hosts to {ring}")
        for ring in rings
        for name, hosts in sorted(groups.items())
        if name not in rings and _is_nearly(name, ring) and not set(hosts) <= set(groups.get(ring, ()))
    ]
    if rings and not groups.get(rings[0]) and not allow_empty and not findings:
        findings.append(
            _finding(
                "E48",
                f"group {rings[0]}",
                "it has no host, so the first change would go to several environments at once",
                f"add an environment to {rings[0]}, or set deploy_allow_empty_canary to true",
            )
        )
    return findings


def _is_nearly(name, ring) -> bool:
    name = name.casefold()
    # "yearly" is no misspelling of "early"; a wrong first letter is rare.
    return name[0] == ring[0] and (name == f"{ring[:-1]}ies" or SequenceMatcher(None, name, ring).ratio() >= SIMILARITY)


def _finding(id_, where, message, action):
    return Finding(id_, ERROR, where, message, action)
