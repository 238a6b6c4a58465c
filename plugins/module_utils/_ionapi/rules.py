# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All rules about ION API files. Private to the collection."""

from __future__ import annotations

from ansible_collections.docbits.ion.plugins.module_utils._ionapi import fleet, rules_app, rules_file, rules_keys, rules_tenant, rules_urls

RULES = (*rules_file.RULES, *rules_keys.RULES, *rules_tenant.RULES, *rules_urls.RULES, *rules_app.RULES, *fleet.RULES)

# Each takes a `Document` and yields a `Violation` for each defect.
CHECKS = (*rules_keys.CHECKS, *rules_tenant.CHECKS, *rules_urls.CHECKS, *rules_app.CHECKS)
