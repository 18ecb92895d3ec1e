"""Role assignments: which principal may do which action at which scope. Never authenticates anybody."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

PEERING = "Microsoft.Network/virtualNetworks/virtualNetworkPeerings"
BUILT_IN: Mapping[str, tuple[str, ...]] = {
    "owner": ("*",),
    "contributor": ("*",),
    "reader": ("*/read",),
    "network contributor": ("Microsoft.Network/*", "Microsoft.Resources/subscriptions/resourceGroups/read"),
}


@dataclass(frozen=True, slots=True)
class Assignment:
    scope: str
    actions: tuple[str, ...]
    not_actions: tuple[str, ...] = ()

    def allows(self, scope: str, action: str) -> bool:
        """`scope` in lower case."""
        mine = self.scope.rstrip("/").lower()
        if not (scope == mine or scope.startswith(mine + "/")):
            return False
        return _matches(self.actions, action) and not _matches(self.not_actions, action)


@lru_cache(maxsize=4096)
def _matches(patterns: tuple[str, ...], action: str) -> bool:
    return any(_pattern(one).fullmatch(action) for one in patterns)


@lru_cache(maxsize=1024)
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(".*".join(re.escape(part) for part in text.split("*")), re.IGNORECASE)


class Roles:
    """Assignments by principal. A principal that is not listed is Owner everywhere, or nothing when not `open`.

    `used`: by principal, the actions that it was allowed so far; as a role it would do.
    """

    def __init__(self, by_principal: Mapping[str, Any], *, open_to_all: bool) -> None:
        self._open = open_to_all
        self._table: dict[str, tuple[Assignment, ...]] = {}
        self.used: dict[str, set[str]] = {}
        self.update(by_principal)

    def update(self, by_principal: Mapping[str, Any]) -> None:
        """Replaces the assignments of each principal named; None gives back the default.

        Raises ValueError, before any change, for a value that is no list of {scope, actions | role | definition}.
        """
        if not isinstance(by_principal, Mapping):
            raise ValueError("roles are an object: a list of assignments, or null, for each client id")
        parsed = {who: None if value is None else assignments(value) for who, value in by_principal.items()}
        for who, value in parsed.items():
            if value is None:
                self._table.pop(who.lower(), None)
            else:
                self._table[who.lower()] = value

    def allows(self, principal: str, scope: str, action: str) -> bool:
        allowed = self._allows(principal.lower(), scope.lower(), action)
        if allowed:
            self.used.setdefault(principal, set()).add(action)
        return allowed

    def _allows(self, principal: str, scope: str, action: str) -> bool:
        mine = self._table.get(principal)
        if mine is None:
            return self._open
        return any(one.allows(scope, action) for one in mine)

    def touches(self, principal: str, subscription: str) -> bool:
        """Whether any assignment lies in the subscription, which makes it visible in GET /subscriptions."""
        mine = self._table.get(principal.lower())
        if mine is None:
            return self._open
        scope = f"/subscriptions/{subscription}".lower()
        return any(
            one.scope.rstrip("/").lower() in ("", scope) or one.scope.lower().startswith(scope + "/") for one in mine
        )

    def export(self) -> dict[str, Any]:
        return {who: [_export(one) for one in mine] for who, mine in self._table.items()}


def assignments(value: Any) -> tuple[Assignment, ...]:
    if not isinstance(value, list):
        raise ValueError(
            "roles of a principal must be a list of {scope, actions}, {scope, role} or {scope, definition}"
        )
    return tuple(_assignment(one) for one in value)


def _assignment(value: Any) -> Assignment:
    if not isinstance(value, Mapping) or not isinstance(value.get("scope"), str):
        raise ValueError(f"a role assignment needs a scope: {value!r}")
    role = value.get("role")
    if isinstance(role, str):
        if role.lower() not in BUILT_IN:
            raise ValueError(f"unknown role {role!r}, known are {', '.join(sorted(BUILT_IN))}")
        return Assignment(value["scope"], BUILT_IN[role.lower()])
    if "definition" in value:
        return _defined(value["scope"], value["definition"])
    return Assignment(value["scope"], _texts(value.get("actions")), _texts(value.get("notActions", [])))


def _defined(scope: str, definition: Any) -> Assignment:
    """A custom role as `az role definition create` takes it. Where it may be assigned is Azure's business."""
    if not isinstance(definition, Mapping) or "Actions" not in definition:
        raise ValueError(f"definition must be a role definition with Actions: {definition!r}")
    return Assignment(scope, _texts(definition["Actions"]), _texts(definition.get("NotActions", [])))


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, Iterable) or isinstance(value, str) or not all(isinstance(one, str) for one in value):
        raise ValueError(f"actions must be a list of strings: {value!r}")
    return tuple(value)


def _export(one: Assignment) -> dict[str, Any]:
    extra = {"notActions": list(one.not_actions)} if one.not_actions else {}
    return {"scope": one.scope, "actions": list(one.actions), **extra}
