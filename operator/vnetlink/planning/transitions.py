"""Events that objects of every pair kind tell in the same way, and the words to make others with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from vnetlink.domain.events import Event, EventType
from vnetlink.domain.reasons import Reason
from vnetlink.domain.sides import Side
from vnetlink.domain.specs import ObjectMeta, Owner
from vnetlink.planning.conditions import ready_of
from vnetlink.planning.json_value import Json, Status
from vnetlink.planning.plan import Verdict


def normal(pair: Owner, reason: str, action: str, note: str) -> Event:
    """Something went as it should."""
    return Event(pair.meta.key, pair.meta.uid, EventType.NORMAL, reason, action, note)


def warning(pair: Owner, reason: str, action: str, note: str) -> Event:
    """Somebody should look."""
    return Event(pair.meta.key, pair.meta.uid, EventType.WARNING, reason, action, note)


def on_what_was_written(event: Event, meta: ObjectMeta) -> Event:
    """A pair's event, told on the link that made it: nobody wrote the pair."""
    if meta.controller is None:
        return event
    link, uid = meta.controller
    return replace(event, key=link, uid=uid, related=(event.key, event.uid))


def ready_turned(
    pair: Owner, verdict: Verdict, previous: Mapping[str, Json], status: Status, action: str
) -> Iterator[Event]:
    """Ready became Connected (`action`: how that was found out), or something stands in the way. For a pair its link tells it."""
    if pair.meta.controller is not None or ready_of(previous) == ready_of(status):
        return
    if verdict.reason is Reason.CONNECTED:
        yield normal(pair, "Connected", action, verdict.message)
    elif verdict.stalled:
        yield warning(pair, verdict.reason.value, "Reconcile", verdict.message)


def direction_of(status: Mapping[str, Json], side: Side) -> str:
    """A direction's state as a status says it, empty when it does not."""
    direction = status.get(side.direction)
    return str(direction.get("state", "")) if isinstance(direction, dict) else ""
