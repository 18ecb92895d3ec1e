"""The writes that a pair still owes Azure, in the order in which ARM accepts them. Which of them runs now is not decided here."""

from __future__ import annotations

from collections.abc import Iterator

from vnetlink.domain.observed import ObservedPeering, PeeringState, Provisioning
from vnetlink.domain.ownership import Origin, OwnershipRecord, Part, Slot
from vnetlink.domain.sides import PerSide, Side
from vnetlink.domain.specs import AddressSpaceSync, PeeringPair, RepairDisconnected
from vnetlink.planning.actions import DeletePeering, PeeringAction, PutPeering
from vnetlink.planning.ownership import before
from vnetlink.planning.peering.gateway_transit import (
    creation_order,
    lacks_only_gateway,
    reachable_options,
    removal_order,
)
from vnetlink.planning.peering.naming import peering_name
from vnetlink.planning.peering.world import Half, PairWorld


def steps(pair: PeeringPair, world: PairWorld, both: PerSide[Half]) -> Iterator[PeeringAction]:
    """Every write that can be done next; the first is the one to do.

    A Disconnected peering goes before anything is made: its reverse would be refused (arm.md 4, fact 8).
    """
    yield from deletions(pair, world, both)
    if not any(is_stale(half) for half in both):
        yield from creations(pair, world, both)
        yield from changes(pair, world, both)


def all_steps(pair: PeeringPair, world: PairWorld, both: PerSide[Half]) -> Iterator[PeeringAction]:
    """The whole way, as far as it can be told beforehand: what an Observe object would do."""
    stale = tuple(deletions(pair, world, both))
    yield from stale
    deleted = {action.side for action in stale}
    for side in creation_order(both):
        if side in deleted or (able(both[side]) and both[side].missing):
            yield _put(pair, world, both, side, creates=True)
    yield from changes(pair, world, both)


def deletions(pair: PeeringPair, world: PairWorld, both: PerSide[Half]) -> Iterator[DeletePeering]:
    """Disconnected peerings, to be made again."""
    if pair.spec.repair is RepairDisconnected.NEVER:
        return
    for side in removal_order(both):
        peering = both[side].peering
        if peering is not None and is_stale(both[side]) and able(both[side]):
            yield DeletePeering(side, peering.id, both[side].remote, world.identities[side], world.auxiliary(side))


def creations(pair: PeeringPair, world: PairWorld, both: PerSide[Half]) -> Iterator[PutPeering]:
    """Missing peerings, the hub's first."""
    for side in creation_order(both):
        if both[side].missing and able(both[side]):
            yield _put(pair, world, both, side, creates=True)


def changes(pair: PeeringPair, world: PairWorld, both: PerSide[Half]) -> Iterator[PutPeering]:
    """Peerings that are not as asked, the one that stops using a gateway first."""
    for side in removal_order(both):
        if able(both[side]) and not is_stale(both[side]) and _needs_change(pair, both, side):
            yield _put(pair, world, both, side, creates=False)


def recorded_for(pair: PeeringPair, both: PerSide[Half], step: PeeringAction | None) -> OwnershipRecord:
    """The record as it has to stand before `step`: what exists is Adopted, what `step` makes is Created."""
    record = pair.record
    for half in both:
        if half.ours_to_write and half.peering is not None and not half.recorded:
            record = record.with_part(Slot(half.side), Part(half.peering.id, Origin.ADOPTED))
    return record if step is None else before(record, step)


def is_stale(half: Half) -> bool:
    """Whether the other side of this peering was deleted, or deleted and made again."""
    return half.peering is not None and half.peering.state is PeeringState.DISCONNECTED


def able(half: Half) -> bool:
    """Whether a write is worth trying. A hub without a gateway is no reason not to write the rest."""
    return half.ours_to_write and (half.refusal is None or lacks_only_gateway(half))


def _needs_change(pair: PeeringPair, both: PerSide[Half], side: Side) -> bool:
    peering = both[side].peering
    if peering is None:
        return False
    failed = peering.provisioning is Provisioning.FAILED
    differs = bool(reachable_options(both, side).differences(peering.options))
    return failed or differs or _owes_sync(pair, peering) or _half_open(both)


def _owes_sync(pair: PeeringPair, peering: ObservedPeering) -> bool:
    """RemoteNotInSync is mended by a sync of the other side (arm.md 4, fact 5), never by a loop on this one."""
    connected = peering.state is PeeringState.CONNECTED
    return connected and peering.sync_level.local_is_stale and pair.spec.sync is AddressSpaceSync.AUTOMATIC


def _half_open(both: PerSide[Half]) -> bool:
    """Both exist and neither is Connected: a PUT makes ARM look again."""
    return all(half.peering is not None and half.peering.state is PeeringState.INITIATED for half in both)


def _put(pair: PeeringPair, world: PairWorld, both: PerSide[Half], side: Side, creates: bool) -> PutPeering:
    half = both[side]
    name = half.peering.id.name if half.peering else peering_name(half) or half.wanted.name or ""
    options = reachable_options(both, side)
    return PutPeering(
        side=side,
        id=half.id_named(name),
        remote=half.remote,
        options=options,
        creates=creates,
        sync=not creates and half.peering is not None and _owes_sync(pair, half.peering),
        identity=world.identities[side],
        auxiliary=world.auxiliary(side),
        changes=options.changes_from(half.peering.options) if half.peering and not creates else (),
    )
