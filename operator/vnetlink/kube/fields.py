"""Single fields of a custom resource, each checked a second time: admission may have been another one when it was stored.

null means absent, as in the API server. What cannot be used raises Wrong, which names field and fix.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any, Protocol, TypeVar

from vnetlink.domain.arm_id import InvalidId
from vnetlink.planning.tags import OURS

Body = Mapping[str, Any]
E = TypeVar("E", bound=Enum)
T = TypeVar("T", covariant=True)

_DURATION = re.compile(r"(?:[0-9]{1,5}[hms])+")
_DURATION_PART = re.compile(r"([0-9]{1,5})([hms])")
# It becomes part of a path of the API server: never "." or "..", which would lead elsewhere.
_OBJECT_NAME = re.compile(r"[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?")
_UNITS = {"h": "hours", "m": "minutes", "s": "seconds"}


class Wrong(Exception):
    """A field that cannot be used; `str()` names field and fix."""


class IdType(Protocol[T]):
    """A type of ARM ids."""

    def parse(self, text: str) -> T:
        """The id in `text`; raises InvalidId."""


def mapping(parent: Body, name: str, path: str, required: bool = True) -> Body:
    """An object, {} where it may be absent and is. `path` is the object's own."""
    value = parent.get(name)
    if value is None and not required:
        return {}
    if not isinstance(value, Mapping):
        raise Wrong(f"{path}: is missing" if value is None else f"{path}: must be an object")
    return value


def string(parent: Body, name: str, path: str, default: str | None = None) -> str:
    """A string; required when there is no default. `path` is the parent's, here and below."""
    value = parent.get(name)
    if value is None and default is not None:
        return default
    if not isinstance(value, str):
        raise Wrong(f"{path}.{name}: is missing" if value is None else f"{path}.{name}: must be a string")
    return value


def object_name(parent: Body, name: str, path: str) -> str:
    """The name of another object. What is none is not quoted: it may be a secret, put into the wrong field."""
    text = string(parent, name, path)
    if _OBJECT_NAME.fullmatch(text) is None:
        raise Wrong(f"{path}.{name}: must be the name of an object: lower-case letters, digits, - and .")
    return text


def credential_ref(parent: Body, path: str) -> tuple[str, str | None] | None:
    """Name and namespace in `credentialRef`. One that names nobody is wrong, or it would mean the operator's own identity."""
    if parent.get("credentialRef") is None:
        return None
    path = f"{path}.credentialRef"
    ref = mapping(parent, "credentialRef", path)
    return object_name(ref, "name", path), object_name(ref, "namespace", path) if ref.get("namespace") else None


def flag(parent: Body, name: str, default: bool, path: str) -> bool:
    """true or false."""
    value = parent.get(name)
    if value is None:
        return default
    if not isinstance(value, bool):
        raise Wrong(f"{path}.{name}: must be true or false")
    return value


def number(parent: Body, name: str, path: str, default: int | None = None) -> int:
    """A whole number; required when there is no default."""
    value = parent.get(name)
    if value is None and default is not None:
        return default
    if not isinstance(value, int) or isinstance(value, bool):
        raise Wrong(f"{path}.{name}: is missing" if value is None else f"{path}.{name}: must be a whole number")
    return value


def choice(parent: Body, name: str, default: E, path: str) -> E:
    """One value of the default's type."""
    value = parent.get(name)
    if value is None:
        return default
    try:
        return type(default)(value)
    except ValueError:
        allowed = ", ".join(str(member.value) for member in type(default))
        raise Wrong(f"{path}.{name}: {str(value)[:40]!r} is not one of {allowed}") from None


def arm_id(parent: Body, name: str, path: str, type: IdType[T]) -> T:
    """An id of exactly this type."""
    try:
        return type.parse(string(parent, name, path))
    except InvalidId as wrong:
        raise Wrong(f"{path}.{name}: {wrong}") from None


def optional_id(parent: Body, name: str, path: str, type: IdType[T]) -> T | None:
    """An id of exactly this type, None when there is none."""
    return None if parent.get(name) is None else arm_id(parent, name, path, type)


def texts(parent: Body, name: str, path: str) -> tuple[str, ...]:
    """A list of strings, empty where there is none."""
    value = _list(parent, name, f"{path}.{name}")
    if not all(isinstance(item, str) for item in value):
        raise Wrong(f"{path}.{name}: must be a list of strings")
    return tuple(value)


def rows(parent: Body, name: str, path: str) -> tuple[tuple[str, Body], ...]:
    """A list of objects, each with its path; `path` is the list's own."""
    items = {f"{path}[{position}]": item for position, item in enumerate(_list(parent, name, path))}
    return tuple((place, mapping(items, place, place)) for place in items)


def _list(parent: Body, name: str, path: str) -> Sequence[Any]:
    value = parent.get(name)
    if value is not None and not isinstance(value, (list, tuple)):
        raise Wrong(f"{path}: must be a list")
    return value or ()


def tags(block: Body, path: str) -> tuple[tuple[str, str], ...]:
    """Azure tags, sorted. Ours are not for anybody else to set: they tell whose a resource is."""
    for name in block:
        if name.lower() in OURS:
            raise Wrong(f"{path}: {name} is written by the operator; leave it out")
    return tuple(sorted((name, string(block, name, path)) for name in block))


def span(parent: Body, name: str, path: str, default: timedelta, shortest: timedelta, longest: timedelta) -> timedelta:
    """A duration, brought within its limits."""
    asked = string(parent, name, path, "")
    return min(max(duration(asked, f"{path}.{name}") if asked else default, shortest), longest)


def duration(text: str, field: str = "duration") -> timedelta:
    """`1h30m` as a span of time; raises Wrong naming `field`."""
    if _DURATION.fullmatch(text) is None:
        raise Wrong(f"{field}: {text[:40]!r} is not a duration; write hours, minutes and seconds like 1h30m or 90s")
    return timedelta(**_summed(_DURATION_PART.findall(text)))


def _summed(parts: list[tuple[str, str]]) -> dict[str, float]:
    totals: dict[str, float] = {}
    for amount, unit in parts:
        totals[_UNITS[unit]] = totals.get(_UNITS[unit], 0) + int(amount)
    return totals


def instant(text: str) -> datetime:
    """An RFC 3339 time; the beginning of time when it is not one."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
