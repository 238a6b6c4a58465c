# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of all rules about ION API files, and how it is applied. Private to the collection."""

from __future__ import annotations

from ansible_collections.docbits.ion.plugins.module_utils._core.findings import Finding
from ansible_collections.docbits.ion.plugins.module_utils._ionapi import fleet, rules_app, rules_file, rules_keys, rules_tenant, rules_urls
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.rule import Hit
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.subject import Subject

RULES = (*rules_file.RULES, *rules_keys.RULES, *rules_tenant.RULES, *rules_urls.RULES, *rules_app.RULES, fleet.C01)

_BY_ID = {rule.id: rule for rule in RULES}


def finding_of(hit: Hit, where: str) -> Finding:
    """What a hit says about the object O(where)."""
    return _BY_ID[hit.case.partition(".")[0]].finding(hit, where)


def hits_in(subject: Subject) -> list:
    """What the rules about a document find, in the order of the table."""
    return [hit for rule in RULES if rule.check is not None for hit in rule.check(subject)]
