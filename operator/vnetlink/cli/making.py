"""What a VNetLink makes before its pair can begin, all of it in order, and its world as it will be then. Pure."""

from __future__ import annotations

from dataclasses import replace

from vnetlink.domain.arm_id import VnetId
from vnetlink.domain.observed import ObservedSubnet, ObservedVnet, Provisioning, SyncLevel
from vnetlink.domain.outcome import Present
from vnetlink.domain.sides import Side
from vnetlink.domain.specs import VNetLink
from vnetlink.planning.actions import ChangePrefixes, LinkAction, PutResourceGroup, PutSubnet, PutVnet
from vnetlink.planning.link import vnets
from vnetlink.planning.link.words import planned
from vnetlink.planning.link.world import LinkWorld
from vnetlink.planning.plan import PlannedAction

MOST_STEPS = 1000  # a VNet takes fewer subnets; the planner never gets there


def made(link: VNetLink, world: LinkWorld) -> tuple[tuple[PlannedAction, ...], LinkWorld]:
    """Groups, VNets, address spaces and subnets, each as if the one before it had been made."""
    told: list[PlannedAction] = []
    for _ in range(MOST_STEPS):
        step = next(vnets.steps(link, world), None)
        if step is None:
            break
        told.append(planned(step))
        world = _after(world, step)
    return tuple(told), world


def _after(world: LinkWorld, step: LinkAction) -> LinkWorld:
    side = step.slot.side
    if isinstance(step, PutResourceGroup):
        return replace(world, groups=world.groups.put(side, Present(value=True)))
    vnet, other = _vnet(world, side, step), world.vnets[side.other]
    if vnet is None:
        return world
    if isinstance(step, ChangePrefixes) and isinstance(other, Present):
        world = replace(world, vnets=world.vnets.put(side.other, Present(_told_of(other.value, vnet.id))))
    return replace(world, vnets=world.vnets.put(side, Present(vnet)))


def _told_of(vnet: ObservedVnet, changed: VnetId) -> ObservedVnet:
    """A VNet whose peering has the old address space of the other one by then."""
    old = {
        SyncLevel.FULLY_IN_SYNC: SyncLevel.LOCAL_NOT_IN_SYNC,
        SyncLevel.REMOTE_NOT_IN_SYNC: SyncLevel.BOTH_NOT_IN_SYNC,
    }
    peerings = (
        replace(one, sync_level=old.get(one.sync_level, one.sync_level)) if one.remote == changed else one
        for one in vnet.peerings
    )
    return replace(vnet, peerings=tuple(peerings))


def _vnet(world: LinkWorld, side: Side, step: LinkAction) -> ObservedVnet | None:
    """The VNet as it will be after the step."""
    seen = world.vnets[side]
    there = seen.value if isinstance(seen, Present) else None
    match step:
        case PutVnet(id=id, creation=asked):
            subnets = tuple(ObservedSubnet(name, (prefix,)) for name, prefix in asked.subnets)
            return ObservedVnet(id, asked.location, asked.prefixes, Provisioning.SUCCEEDED, subnets=subnets)
        case ChangePrefixes() if there is not None:
            return replace(there, prefixes=step.prefixes)
        case PutSubnet() if there is not None:
            return replace(there, subnets=(*there.subnets, ObservedSubnet(step.id.name, (step.prefix,))))
        case _:
            return None
