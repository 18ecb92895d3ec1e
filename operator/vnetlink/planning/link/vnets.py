"""The VNets that a link makes where they are absent, and how they grow. An existing VNet is selected and left alone."""

from __future__ import annotations

from collections.abc import Iterator

from vnetlink.domain.address_space import within
from vnetlink.domain.arm_id import SubnetId
from vnetlink.domain.kinds import PEERING_PAIRS
from vnetlink.domain.observed import ObservedVnet
from vnetlink.domain.outcome import Absent, Present, Unreadable
from vnetlink.domain.ownership import Origin, PartId, Role, Slot
from vnetlink.domain.reasons import Reason
from vnetlink.domain.sides import PerSide, Side
from vnetlink.domain.specs import ManagementPolicy, VNetLink
from vnetlink.domain.vnet_link import VnetCreation
from vnetlink.planning import az, overlaps
from vnetlink.planning.actions import ChangePrefixes, LinkAction, PutResourceGroup, PutSubnet, PutVnet
from vnetlink.planning.link import child, words
from vnetlink.planning.link.world import LinkWorld
from vnetlink.planning.plan import Finding
from vnetlink.planning.tags import owned


def made_by_us(link: VNetLink, slot: Slot, id: PartId) -> bool:
    """Whether the record names this very resource as made by this link."""
    part = link.record.parts.get(slot)
    return part is not None and part.id == id and part.origin is Origin.CREATED


def steps(link: VNetLink, world: LinkWorld) -> Iterator[LinkAction]:
    """Groups, VNets and subnets that are missing, and address spaces that are to grow or shrink; each as soon as it can be done."""
    for side in Side:
        end, creation = link.spec.ends[side], link.spec.ends[side].creation
        if creation is None or end.management is ManagementPolicy.OBSERVE:
            continue
        match world.vnets[side]:
            case Absent():
                yield from _making(link, world, side, creation)
            case Present(vnet) if made_by_us(link, Slot(side, Role.VNET), vnet.id):
                yield from _bringing_in_line(world, side, vnet, creation)
            case _:
                continue


def _making(link: VNetLink, world: LinkWorld, side: Side, creation: VnetCreation) -> Iterator[LinkAction]:
    id, identity, group = link.spec.ends[side].id, world.identities[side], world.groups[side]
    tags = owned(link, creation.tags)
    if isinstance(group, Absent):
        if creation.create_resource_group and able(world, side, Role.RESOURCE_GROUP):
            yield PutResourceGroup(Slot(side, Role.RESOURCE_GROUP), id.group, creation.location, tags, identity)
    elif isinstance(group, Present) and able(world, side, Role.VNET):
        yield PutVnet(Slot(side, Role.VNET), id, creation, tags, identity)


def _bringing_in_line(world: LinkWorld, side: Side, vnet: ObservedVnet, creation: VnetCreation) -> Iterator[LinkAction]:
    if vnet.busy or not able(world, side, Role.VNET):
        return
    identity, slot = world.identities[side], Slot(side, Role.VNET)
    if set(vnet.prefixes) != set(creation.prefixes) and not _in_use(vnet, creation):
        yield ChangePrefixes(slot, vnet.id, creation.prefixes, identity)
        return
    for name, prefix in creation.subnets:
        if vnet.subnet(name) is None and within(prefix, vnet.prefixes):
            yield PutSubnet(slot, SubnetId(vnet.id, name), prefix, identity)
            return


def _in_use(vnet: ObservedVnet, creation: VnetCreation) -> tuple[str, ...]:
    """Subnets that the smaller address space would no longer hold."""
    used = (prefix for subnet in vnet.subnets for prefix in subnet.prefixes)
    return tuple(prefix for prefix in used if not within(prefix, creation.prefixes))


def blockers(link: VNetLink, world: LinkWorld) -> Iterator[Finding]:
    """Why a VNet cannot be made or changed as asked."""
    for side in Side:
        end, creation, seen = link.spec.ends[side], link.spec.ends[side].creation, world.vnets[side]
        if creation is None:
            continue
        missing_group = isinstance(seen, Absent) and isinstance(world.groups[side], Absent)
        if missing_group and not creation.create_resource_group:
            yield Finding(
                Reason.VNET_NOT_FOUND,
                f"Resource group {end.id.group} does not exist, and spec.{side.value}.create.createResourceGroup is false.",
                str(end.id.group),
                f"az group create --subscription {end.id.subscription} --name {end.id.resource_group} --location {creation.location}",
            )
        if isinstance(seen, Present) and made_by_us(link, Slot(side, Role.VNET), seen.value.id):
            kept = _in_use(seen.value, creation)
            if kept:
                yield Finding(
                    Reason.INVALID_SPEC,
                    f"spec.{side.value}.create.addressPrefixes leaves out ranges of VNet {end.id} that subnets use: {', '.join(kept)}.",
                    str(end.id),
                    f"Put the range back, or delete the subnets first: {az.list_subnets(end.id)}",
                )


def refused(link: VNetLink, world: LinkWorld) -> Iterator[Finding]:
    """A VNet or its resource group that may not be made, or a VNet that we made and may not be changed."""
    for side in Side:
        id, making = link.spec.ends[side].id, isinstance(world.vnets[side], Absent)
        for role, what in ((Role.RESOURCE_GROUP, f"to make resource group {id.group}"), (Role.VNET, "")):
            if refusal := world.refusals.get(Slot(side, role)):
                what = what or f"to {'make' if making else 'change'} VNet {id}"
                about = str(id.group if role is Role.RESOURCE_GROUP else id)
                yield words.refused(refusal, what, about)


def overlapping(link: VNetLink, world: LinkWorld) -> Iterator[Finding]:
    """The two address spaces as they are, or are to be; one that is to be must leave alone what VNets in peerings have, too."""
    ids, peered = link.spec.ends.map(lambda end: end.id), child.kind(link) == PEERING_PAIRS
    whole = not (peered and link.spec.peering.get("subnetPeering"))
    if whole:  # else only the chosen subnets count, and the pair asks about them
        yield from overlaps.of_each_other(ids, PerSide.of(lambda side: _space(link, world, side)))
    for side in Side:
        for near in (side, side.other) if peered and whole else (side,):
            there = world.vnets[near]
            if isinstance(there, Present):
                yield from overlaps.with_peers(there.value, ids[side], _coming(link, world, side), ids)


def _space(link: VNetLink, world: LinkWorld, side: Side) -> tuple[str, ...]:
    seen = world.vnets[side]
    return _coming(link, world, side) or (seen.value.prefixes if isinstance(seen, Present) else ())


def _coming(link: VNetLink, world: LinkWorld, side: Side) -> tuple[str, ...]:
    """The address space that the link is about to give a VNet; empty where that stays as it is."""
    end = link.spec.ends[side]
    if end.creation is None or end.management is ManagementPolicy.OBSERVE:
        return ()
    match world.vnets[side]:
        case Present(vnet) if not made_by_us(link, Slot(side, Role.VNET), vnet.id):
            return ()
        case Present(vnet) if set(vnet.prefixes) == set(end.creation.prefixes):
            return ()
        case Present() | Absent():
            return end.creation.prefixes
        case Unreadable():
            return ()


def able(world: LinkWorld, side: Side, role: Role) -> bool:
    """Whether ARM has not said no a moment ago."""
    return Slot(side, role) not in world.refusals
