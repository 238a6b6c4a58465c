# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of all rules about ION API files, and how it is applied. Private to the collection."""

from __future__ import annotations

from ansible_collections.docbits.ion.plugins.module_utils import (
    _ionapi_rules_app,
    _ionapi_rules_file,
    _ionapi_rules_keys,
    _ionapi_rules_tenant,
    _ionapi_rules_urls,
)

RULES = (
    *_ionapi_rules_file.RULES,
    *_ionapi_rules_keys.RULES,
    *_ionapi_rules_tenant.RULES,
    *_ionapi_rules_urls.RULES,
    *_ionapi_rules_app.RULES,
)

_CASES = {f"{rule.id}.{case.name}": (rule, case) for rule in RULES for case in rule.cases}


def finding_of(hit, where: str):
    """The L(Finding) of a L(Hit) in the object O(where)."""
    rule, case = _CASES[hit.case]
    return rule.finding(case, where, hit.key, hit.facts)


def hits_in(subject) -> list:
    """What the rules about a document find, in the order of the table."""
    return [hit for rule in RULES if rule.check is not None for hit in rule.check(subject)]
