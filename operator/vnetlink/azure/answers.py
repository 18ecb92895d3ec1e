"""What a request gave: an Answer, or a Trouble before it gets a meaning (errors.py). Must never hold a token."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeAlias

from vnetlink.domain.reasons import Reason


@dataclass(frozen=True, slots=True)
class Answer:
    """ARM took the request. `document` is the JSON object in the body, empty when there was no body."""

    status: int
    document: Mapping[str, object]
    retry_after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class ArmError:
    """ARM answered with an error that it spelled out. `codes` has the outer code first, then those of the details."""

    status: int
    codes: tuple[str, ...]
    message: str
    retry_after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """Nothing that ARM can be quoted with: cut, timed out, HTML, truncated JSON, an answer from somebody else."""

    message: str
    retry_after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class HeldBack:
    """Not sent: ARM said not to come before `retry_after`."""

    retry_after: timedelta


@dataclass(frozen=True, slots=True)
class NoToken:
    """Not sent: no token. `transient` tells a login service that is away from one that says no."""

    reason: Reason
    message: str
    transient: bool


Trouble: TypeAlias = ArmError | NoAnswer | HeldBack | NoToken


@dataclass(frozen=True, slots=True)
class Target:
    """What a request was about, for messages: the resource, and the identity that asked."""

    resource: str
    identity: str
