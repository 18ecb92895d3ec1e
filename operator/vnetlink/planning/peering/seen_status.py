"""What was seen of a pair, as fields of status: VNets, directions, sync level and the list of resources."""

from __future__ import annotations

from vnetlink.domain.observed import ObservedPeering, PeeringState, Provisioning
from vnetlink.domain.outcome import Unreadable
from vnetlink.domain.sides import PerSide, Side
from vnetlink.domain.specs import ManagementPolicy, PeeringPair
from vnetlink.planning.conditions import Shown
from vnetlink.planning.json_value import Json, Status
from vnetlink.planning.peering.deletion import goes
from vnetlink.planning.peering.naming import peering_name
from vnetlink.planning.peering.world import Half, PairWorld, halves
from vnetlink.planning.seen_vnet import vnet, vnet_resource


def shown(pair: PeeringPair, world: PairWorld) -> Shown:
    """Everything that status shows of Azure, and both directions in words."""
    both = halves(pair, world)
    return Shown(
        fields=seen(pair, world, both),
        states=PerSide.of(lambda side: state(both, side)),
        notes=PerSide.of(lambda side: _note(world, both, side)),
        unread_for=world.unread_for,
    )


def _note(world: PairWorld, both: PerSide[Half], side: Side) -> str:
    """A VNet that cannot be read is judged by the peering that leads to it; a right that is missing there is told."""
    if both[side].vnet is not None or state(both, side) == "Unknown":
        return ""
    match world.vnets[side]:
        case Unreadable(message=message, transient=False):
            why = f": {message}"
        case _:
            why = ""
    return f" (told by the other side, because VNet {both[side].end.id.name} cannot be read{why})"


def seen(pair: PeeringPair, world: PairWorld, both: PerSide[Half]) -> Status:
    """The fields of status that tell of Azure."""
    peerings = [half.peering for half in both if half.peering is not None]
    in_sync = all(peering.sync_level.value == "FullyInSync" for peering in peerings)
    sync: Status = {"syncLevel": "InSync" if in_sync else "OutOfSync"} if len(peerings) == 2 else {}
    return {
        **{side.value: vnet(pair.spec.ends[side].id, world.vnets[side]) for side in Side},
        **{side.direction: _direction(pair, both, side) for side in Side},
        **sync,
        "resources": [row for side in Side for row in _resources(pair, world, both, side)],
    }


def _direction(pair: PeeringPair, both: PerSide[Half], side: Side) -> Json:
    peering = both[side].peering
    shown: Status = {"state": state(both, side)}
    if peering is None:
        return shown
    return {
        "id": str(peering.id),
        "name": peering.id.name,
        **shown,
        "syncLevel": peering.sync_level.value,
        "provisioningState": peering.provisioning.value,
        "origin": _origin(both[side]),
        "remoteAddressPrefixes": list(peering.remote_prefixes),
    }


def _origin(half: Half) -> str:
    """Foreign: it is there, and neither made nor adopted by this object."""
    ours = half.part is not None and (half.recorded or half.peering is None)
    return half.part.origin.value if half.part is not None and ours else "Foreign"


def _resources(pair: PeeringPair, world: PairWorld, both: PerSide[Half], side: Side) -> tuple[Json, Json]:
    return vnet_resource(pair.spec.ends[side].id, world.vnets[side]), _peering_resource(pair, both, side)


def _peering_resource(pair: PeeringPair, both: PerSide[Half], side: Side) -> Json:
    half = both[side]
    id = half.peering.id if half.peering else half.id_named(peering_name(half) or half.wanted.name or "")
    theirs = half.end.management is ManagementPolicy.OBSERVE
    origin = _origin(half) if half.peering or half.part else "Foreign" if theirs else ""
    deletes = goes(pair, side) and (half.peering is None or half.recorded)
    return {
        "role": "Peering",
        "id": str(id),
        **({"origin": origin} if origin else {}),
        "state": state(both, side),
        "onDelete": "Delete" if deletes else "Keep",
    }


def state(both: PerSide[Half], side: Side) -> str:
    """The state of one direction, as its column shows it."""
    return direction_state(both[side], both[side.other].peering)


def direction_state(half: Half, opposite: ObservedPeering | None) -> str:
    """One direction in one word, for the columns 1->2 and 2->1. A VNet that we cannot read is judged by our own peering."""
    if half.vnet is None:
        told = opposite.state if opposite is not None else None
        return (
            {PeeringState.CONNECTED: "Connected", PeeringState.INITIATED: "Missing"}.get(told, "Unknown")
            if told
            else "Unknown"
        )
    if half.peering is None:
        return "Missing"
    return "Deleting" if half.peering.provisioning is Provisioning.DELETING else half.peering.state.value
