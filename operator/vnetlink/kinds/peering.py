"""PeeringPair: two VNets are all there is to read."""

from __future__ import annotations

from collections.abc import Iterable

from vnetlink.domain.events import Event
from vnetlink.domain.identity import Identity
from vnetlink.domain.outcome import Outcome
from vnetlink.domain.sides import PerSide, Side
from vnetlink.domain.specs import PeeringPair
from vnetlink.kinds.diagnosis import findings_of
from vnetlink.kinds.kind import Kind, released_without_azure
from vnetlink.memory import Memory
from vnetlink.planning.actions import AzureAction, PeeringAction
from vnetlink.planning.ages import FRESH, Ages, of_traffic
from vnetlink.planning.log_line import describe
from vnetlink.planning.peering import deletion, events, guards, seen_status
from vnetlink.planning.peering.pair import plan_pair
from vnetlink.planning.peering.world import PairWorld, halves
from vnetlink.planning.plan import Finding
from vnetlink.ports import Ports


async def _read(ports: Ports, pair: PeeringPair, granted: PerSide[Identity], memory: Memory, ages: Ages) -> PairWorld:
    now, ends = ports.monotonic(), pair.spec.ends
    seen = [await ports.azure.read_vnet(granted[side], ends[side].id, ages.of(ends[side].id)) for side in Side]
    memory.note_read(seen, now)
    return PairWorld(PerSide(*seen), granted, memory.refusals_at(now), memory.busy_for(now), memory.unread_for(now))


async def _diagnose(
    ports: Ports, pair: PeeringPair, world: PairWorld, memory: Memory, ages: Ages
) -> tuple[PairWorld, tuple[Finding, ...]]:
    """Of a pair that stands; the pair of a link is diagnosed by its link."""
    both = halves(pair, world)
    if pair.meta.controller is not None or any(seen_status.state(both, side) != "Connected" for side in Side):
        return world, ()
    age = of_traffic(pair.spec.lifecycle, ages)
    return world, await findings_of(ports.azure, memory, world.identities, world.vnets, age)


def _describe(action: AzureAction, drifted: bool) -> str:
    return describe(action, drifted) if isinstance(action, PeeringAction) else type(action).__name__


def _after_write(pair: PeeringPair, action: AzureAction, outcome: Outcome, drifted: bool) -> Iterable[Event]:
    return events.after_write(pair, action, outcome, drifted) if isinstance(action, PeeringAction) else ()


PEERING: Kind[PeeringPair, PairWorld] = Kind(
    restless=FRESH,
    exclusive=True,  # every peering write runs an operation on both VNets (arm.md 1.4)
    read=_read,
    before_azure=released_without_azure(deletion.needs_azure),
    plan=plan_pair,
    plan_deletion=deletion.plan_deletion,
    planned_deletion=deletion.planned,
    allow=guards.allow,
    shown=seen_status.shown,
    describe=_describe,
    after_write=_after_write,
    after_record=events.after_record,
    after_release=events.after_release,
    after_status=events.after_status,
    diagnose=_diagnose,
)
