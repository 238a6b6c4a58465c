# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The security roles of the user of a service account, compared with those that a DocBits export needs. No I/O. Private to the collection."""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.docbits.ion.plugins.module_utils._core.shapes import NAME, shown
from ansible_collections.docbits.ion.plugins.module_utils._infor import rules as _rules

REQUIRED_BY_DOCBITS = ("IDM-AdvancedUser", "Infor-SuiteUser", "MingleEnterprise")
# Missing from Infor's page of portal roles since 2025: newer tenants do not have it (contract, A/E).
OPTIONAL_BY_DEFAULT = ("MingleEnterprise",)

# Documented by Infor OS. Whether users/me lists implied roles is not known, so both are computed.
_IMPLIED = {"IDM-Administrator": ("IDM-AdvancedUser", "IDM-User"), "IDM-AdvancedUser": ("IDM-User",), "IDM-SuperUser": ("IDM-User",)}
_ADMINISTRATORS = ("IDM-Administrator", "IONAPI-Administrator", "IONDeskAdmin", "IFSApplicationAdmin", "UserAdmin")
# Infor-SuiteUser is assigned to every user (contract, A). A list without any of these does not list roles.
_KNOWN = {name.casefold() for name in (*_IMPLIED, "IDM-User", *_ADMINISTRATORS, *REQUIRED_BY_DOCBITS, "IONAPI-User")}


@dataclass(frozen=True)
class RoleList:
    """The names in `groups` of a user.

    names:   as Infor writes them, trimmed and sorted
    problem: why a name that is not in the list may be assigned all the same, or None if the list is complete
    """

    names: tuple
    problem: str | None = None


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


def role_list(user: dict) -> RoleList:
    """The names in `groups[].display` of a user.

    Groups of every type count: the values of `type` are not documented.
    """
    if "groups" not in user:
        return RoleList((), "no list groups")
    groups = user["groups"]
    if not isinstance(groups, list):
        return RoleList((), "groups that are not a list")
    displays = [group.get("display") if isinstance(group, dict) else None for group in groups]
    names = {shown(NAME, display.strip()) for display in displays if isinstance(display, str) and display.strip()}
    problem = None
    if not all(isinstance(display, str) for display in displays):
        problem = "groups without a name"
    elif any(("next" in key.lower() or key.lower() == "hasmore") and value for key, value in user.items()):
        problem = "only the first page of the groups"
    elif _KNOWN.isdisjoint(map(_folded, names)):
        problem = "groups, but none that is known as a security role"
    return RoleList(tuple(sorted(names, key=_folded)), problem)


def compare(assigned, required) -> Roles:
    """The roles that `assigned` implies, and what of `required` is missing. Names compare trimmed and without case."""
    effective = {_folded(name): name for name in assigned}
    for name in assigned:
        for implied in _implied_by(name):
            effective.setdefault(_folded(implied), implied)
    missing = tuple(name.strip() for name in required if _folded(name) not in effective)
    return Roles(tuple(assigned), tuple(sorted(effective.values(), key=_folded)), missing)


def findings_of(roles: Roles, required, label: str, optional=(), problem: str | None = None) -> list:
    """Findings about roles that are missing, that are assigned only through an administrator role, and that are too much.

    optional: required roles that the tenant may not have; a missing one is a warning
    problem:  of the RoleList; with one, a missing role is undetermined
    """
    lenient = {_folded(name) for name in optional}
    found, is_reported = [], False
    for role in roles.missing:
        similar = next((name for name in roles.assigned if _is_similar(name, role)), None)
        if _folded(role) in lenient:
            found += [] if similar or problem else [_rules.finding("R04", label, role=role)]
        elif similar:
            found.append(_rules.finding("R07", label, role=role, through=similar))
        elif problem is None:
            found.append(_rules.finding("R02", label, role=role))
        elif not is_reported:
            found.append(_rules.finding("R06", label, seen=problem))
            is_reported = True
    unwanted = {_folded(name): name for name in _ADMINISTRATORS}
    for role in required:
        unwanted.pop(_folded(role), None)
    for role in required:
        holders = [name for name in roles.assigned if _grants(name, role)]
        if holders and all(_folded(name) in unwanted for name in holders):
            found.append(_rules.finding("R03", label, role=role.strip(), through=unwanted.pop(_folded(holders[0]))))
    assigned = {_folded(name) for name in roles.assigned}
    found += [_rules.finding("R05", label, role=name) for folded, name in unwanted.items() if folded in assigned]
    return found


def _is_similar(name, role) -> bool:
    """Whether a name is the role with a prefix or in words, as `ACME_TST:IDM-AdvancedUser` and `IDM Advanced User` are."""
    name, role = ("".join(filter(str.isalnum, _folded(text))) for text in (name, role))
    return name.endswith(role)


def _implied_by(name) -> tuple:
    return next((implied for role, implied in _IMPLIED.items() if _folded(role) == _folded(name)), ())


def _grants(name, role) -> bool:
    return _folded(role) in map(_folded, (name, *_implied_by(name)))


def _folded(name) -> str:
    return name.strip().casefold()
