"""A Kubernetes Event as decisions see it: one transition of one object, in words for its owner."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from vnetlink.domain.specs import ObjectKey


class EventType(Enum):
    """The two that Kubernetes knows."""

    NORMAL = "Normal"
    WARNING = "Warning"


@dataclass(frozen=True, slots=True)
class Event:
    """`reason` is one word in CamelCase, `action` what the operator did or tried, `note` the sentence (1 kB at most).

    `related`: the object that it is about, and its uid, where that is not `key`.
    `seconds`: how long what the event tells of took, for metrics; only where that is known.
    """

    key: ObjectKey
    uid: str
    type: EventType
    reason: str
    action: str
    note: str
    related: tuple[ObjectKey, str] | None = None
    seconds: float | None = field(default=None, compare=False)
