"""What reading the world gave (Present, Absent, Unreadable) and what came of an action (Accepted, Later, Refused)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Generic, TypeAlias, TypeVar

from vnetlink.domain.reasons import Reason

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Present(Generic[T]):
    """It is there, and this is what it looks like."""

    value: T


@dataclass(frozen=True, slots=True)
class Absent:
    """The owner of the resource said 404. A failed read is not an absence."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Nobody knows, so nothing is done. `transient` tells an outage or throttling from a refusal that lasts."""

    reason: Reason
    message: str
    transient: bool
    retry_after: timedelta | None = None


Seen: TypeAlias = Present[T] | Absent | Unreadable


@dataclass(frozen=True, slots=True)
class Accepted:
    """ARM took the write. `created` is True for 201: the resource was not there before.

    `settles_in` is ARM's Retry-After for the operation that now runs, None when it gave none.
    """

    created: bool
    settles_in: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Later:
    """No answer, or "not now" (408, 409, 412, 429, 5xx, a cut connection): the write may or may not have happened."""

    reason: Reason
    message: str
    retry_after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """A definite no (4xx other than 408, 409, 412, 429): nothing was changed. `code` is ARM's."""

    reason: Reason
    code: str
    message: str


Outcome: TypeAlias = Accepted | Later | Refused
