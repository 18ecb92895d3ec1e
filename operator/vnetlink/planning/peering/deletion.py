"""What goes when a PeeringPair is deleted: only what is read Present now, with the recorded id and remote, and only if recorded ours.

The two sides are independent of each other: one that cannot be deleted holds the finalizer, never the other side.
"""

from __future__ import annotations

from vnetlink.domain.observed import ObservedPeering
from vnetlink.domain.outcome import Absent, Present, Unreadable
from vnetlink.domain.ownership import Origin, Part, Slot
from vnetlink.domain.reasons import Reason
from vnetlink.domain.sides import Side
from vnetlink.domain.specs import DeletionPolicy, ManagementPolicy, PeeringPair
from vnetlink.planning.actions import DeletePeering
from vnetlink.planning.letting_go import Held, release, wait
from vnetlink.planning.peering.gateway_transit import removal_order
from vnetlink.planning.peering.world import PairWorld, halves
from vnetlink.planning.plan import SOON, Plan, PlannedAction, Truth, Verdict, Wake


def needs_azure(pair: PeeringPair) -> bool:
    """Whether deleting this object can touch Azure at all; if not, it is released without a single ARM call."""
    return pair.spec.lifecycle.writes and any(_to_delete(pair, side) for side in Side)


def plan_deletion(pair: PeeringPair, world: PairWorld) -> Plan:
    """The next step of a deletion that needs Azure."""
    both = halves(pair, world)
    doomed = {side: _present(pair, world, side) for side in removal_order(both)}
    present = {side: peering for side, peering in doomed.items() if isinstance(peering, ObservedPeering)}
    held = [problem for problem in doomed.values() if isinstance(problem, Held)]
    vnets = [half.vnet for half in both if half.vnet is not None]
    if any(vnet.settling or (present and vnet.busy) for vnet in vnets):
        message = "An operation runs on one of the two VNets; waiting for its end before deleting more."
        return Plan(
            Verdict(Truth.FALSE, Reason.DELETING, message, progressing=True), Wake(SOON, backoff=True), waiting=True
        )
    for side, peering in present.items():
        action = DeletePeering(side, peering.id, both[side].remote, world.identities[side], world.auxiliary(side))
        return Plan(
            Verdict(Truth.FALSE, Reason.DELETING, f"Deleting peering {peering.id}.", progressing=True),
            Wake(SOON),
            (action,),
        )
    if held:
        return wait(pair, held)
    return release(Reason.DELETING, "Everything in Azure that had to go is gone.")


def planned(pair: PeeringPair, world: PairWorld) -> tuple[PlannedAction, ...]:
    """What the deletion would take from Azure as it is now, in order, for a dry run."""
    doomed = (_present(pair, world, side) for side in removal_order(halves(pair, world)))
    going = (str(one.id) for one in doomed if isinstance(one, ObservedPeering))
    return tuple(PlannedAction("DeletePeering", id, "It goes with the object.", outage=True) for id in going)


def stays(pair: PeeringPair) -> tuple[Part, ...]:
    """Recorded parts that stay in Azure when the object goes, for the event LeftInAzure."""
    if not pair.spec.lifecycle.writes:
        return tuple(pair.record.parts.values())
    return tuple(part for slot, part in pair.record.parts.items() if not _to_delete(pair, slot.side))


def goes(pair: PeeringPair, side: Side) -> bool:
    """Whether a delete of the object would take this side's peering."""
    return pair.spec.lifecycle.writes and _to_delete(pair, side) is not None


def _to_delete(pair: PeeringPair, side: Side) -> Part | None:
    part, policy = pair.record.part(side), pair.spec.lifecycle.deletion
    if part is None or policy is DeletionPolicy.ORPHAN or pair.spec.ends[side].management is ManagementPolicy.OBSERVE:
        return None
    return part if part.origin is Origin.CREATED or policy is DeletionPolicy.DELETE_ALL else None


def _present(pair: PeeringPair, world: PairWorld, side: Side) -> ObservedPeering | Held | None:
    """The recorded peering as it is now, or why it cannot be deleted, or None when there is nothing to delete."""
    part = _to_delete(pair, side)
    if part is None:
        return None
    match world.vnets[side]:
        case Absent():
            return None
        case Unreadable() as unread:
            return Held.by(unread, part.id)
        case Present(vnet):
            peering = vnet.peering_named(part.id.name)
            if peering is None or peering.remote != pair.spec.ends[side.other].id or part.id != peering.id:
                return None
            refusal = world.refusals.get(Slot(side))
            return peering if refusal is None else Held.by(refusal, part.id)
