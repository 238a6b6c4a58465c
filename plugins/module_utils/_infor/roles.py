# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The security roles of a service account's user, held against those that a DocBits export needs. Private to the collection."""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.docbits.ion.plugins.module_utils._infor import diagnosis as _diagnosis

REQUIRED_BY_DOCBITS = ("IDM-AdvancedUser", "Infor-SuiteUser", "MingleEnterprise")

# Documented by Infor OS. Whether users/me lists implied roles is unknown, so both views are computed.
_IMPLIES = {
    "IDM-Administrator": "IDM-AdvancedUser",
    "IDM-AdvancedUser": "IDM-User",
    "IDM-SuperUser": "IDM-User",
}
_ADMINISTRATORS = ("IDM-Administrator", "IONAPI-Administrator", "IONDeskAdmin", "IFSApplicationAdmin", "UserAdmin")


@dataclass(frozen=True)
class Roles:
    """The roles of one user, by their technical names as Infor writes them.

    assigned:  as users/me lists them
    effective: with those that the assigned ones imply
    missing:   the required ones that are not effective
    """

    assigned: tuple
    effective: tuple
    missing: tuple

    def as_dict(self) -> dict:
        """The three lists as a module returns them."""
        return {"assigned": list(self.assigned), "effective": list(self.effective), "missing": list(self.missing)}


def names_in(user: dict) -> tuple:
    """The names in C(groups[].display) of a user, trimmed.

    Groups of every type are taken: the strings that stand in C(type) are not documented.
    """
    groups = user.get("groups")
    displays = (group.get("display") for group in groups if isinstance(group, dict)) if isinstance(groups, list) else ()
    return tuple(sorted({display.strip() for display in displays if isinstance(display, str) and display.strip()}, key=_folded))


def compare(assigned, required) -> Roles:
    """The roles that O(assigned) amounts to, and what O(required) misses among them; names compare trimmed and without case."""
    effective = {_folded(name): name for name in assigned}
    for name in assigned:
        for implied in _implied_by(name):
            effective.setdefault(_folded(implied), implied)
    missing = tuple(name.strip() for name in required if _folded(name) not in effective)
    return Roles(tuple(assigned), tuple(sorted(effective.values(), key=_folded)), missing)


def findings_of(roles: Roles, required, label: str, may_be_unknown=()) -> list:
    """What is missing, what is held only through an administrator role, and what is too much.

    may_be_unknown: required roles that the tenant perhaps no longer offers; a missing one is a warning
    """
    lenient = {_folded(name) for name in may_be_unknown}
    found = [_diagnosis.finding("R04" if _folded(role) in lenient else "R02", label, role=role) for role in roles.missing]
    unwanted = {_folded(name): name for name in _ADMINISTRATORS}
    for role in required:
        unwanted.pop(_folded(role), None)
    for role in required:
        holders = [name for name in roles.assigned if _grants(name, role)]
        if holders and all(_folded(name) in unwanted for name in holders):
            found.append(_diagnosis.finding("R03", label, role=role.strip(), through=unwanted.pop(_folded(holders[0]))))
    assigned = {_folded(name) for name in roles.assigned}
    found += [_diagnosis.finding("R05", label, role=name) for folded, name in unwanted.items() if folded in assigned]
    return found


def _implied_by(name) -> list:
    chain = {_folded(role): implied for role, implied in _IMPLIES.items()}
    implied, current = [], chain.get(_folded(name))
    while current:
        implied.append(current)
        current = chain.get(_folded(current))
    return implied


def _grants(name, role) -> bool:
    return _folded(role) in map(_folded, (name, *_implied_by(name)))


def _folded(name) -> str:
    return name.strip().casefold()
