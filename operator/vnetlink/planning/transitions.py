"""Events that objects of every pair kind tell in the same way, and the words to make others with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from vnetlink.domain.events import Event, EventType
from vnetlink.domain.ownership import OwnershipRecord, Part, PartId
from vnetlink.domain.reasons import Reason
from vnetlink.domain.sides import Side
from vnetlink.domain.specs import ObjectMeta, Owner
from vnetlink.planning import az
from vnetlink.planning.conditions import ready_of
from vnetlink.planning.json_value import Json, Status
from vnetlink.planning.plan import Verdict

THEIRS = "others use it, or made or marked it as theirs"


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


def left(owner: Owner, what: str, id: PartId, why: str = "", *, billed: bool = False) -> Event:
    """A part stays in Azure when its object goes: which (`what` it is), why where that is no wish of spec, how to remove it."""
    because, costs = f": {why}" if why else "", " It is billed." if billed else ""
    note = f"Left {what} {id} in Azure{because}.{costs} To remove it: {az.delete(id)}"
    return normal(owner, "LeftInAzure", "Release", note)


def let_go(owner: Owner, record: OwnershipRecord) -> Iterator[Part]:
    """The parts that a deletion lets go of with this record; tell them with the reason THEIRS."""
    if owner.meta.deleting:
        yield from (part for slot, part in owner.record.parts.items() if slot not in record.parts)


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
