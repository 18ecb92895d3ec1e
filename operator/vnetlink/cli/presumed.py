"""What an object in a file is taken to own, because its record lies in the cluster. Pure; planning believes it, nothing writes by it.

VNets, zone links, gateways and addresses carry an owner tag, and are taken by it alone. What has none (a peering), or need not
have one (a connection that was adopted), is taken because it joins the two VNets.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TypeVar

from vnetlink.domain.kinds import KINDS
from vnetlink.domain.observed import ObservedZoneLink
from vnetlink.domain.outcome import Present
from vnetlink.domain.ownership import Origin, OwnershipRecord, Part, PartId, Role, Slot
from vnetlink.domain.sides import Side
from vnetlink.domain.specs import ManagementPolicy, ObjectKey, PeeringPair, VNetLink, VpnConnectionPair
from vnetlink.planning.actions import Tags
from vnetlink.planning.link.world import LinkWorld
from vnetlink.planning.peering import steps as peering_steps
from vnetlink.planning.peering.world import PairWorld, halves
from vnetlink.planning.tags import OWNER
from vnetlink.planning.vpn import steps
from vnetlink.planning.vpn.world import VpnWorld, vpn_halves

Tagged = tuple[Slot, PartId, Tags]
O = TypeVar("O", PeeringPair, VpnConnectionPair, VNetLink)  # noqa: E741


def link(owner: VNetLink, world: LinkWorld, namespaced: bool) -> VNetLink:
    """With the VNets and the zone links whose tag names it."""
    return _by_tags(owner, (*_vnets(owner, world), *_zone_links(owner, world)), namespaced)


def link_that_made_all(owner: VNetLink, world: LinkWorld) -> VNetLink:
    """With every VNet that it may have made, whatever the tags say."""
    return _with(owner, _vnets(owner, world))


def peering_pair(owner: PeeringPair, world: PairWorld) -> PeeringPair:
    """With the peerings between the two VNets."""
    return replace(owner, record=peering_steps.recorded_for(owner, halves(owner, world), None))


def vpn_pair(owner: VpnConnectionPair, world: VpnWorld, namespaced: bool) -> VpnConnectionPair:
    """With what the tags say, and the connections between the two gateways."""
    owner = _by_tags(owner, _of_vpn(owner, world), namespaced)
    return replace(owner, record=steps.recorded_for(owner, world, vpn_halves(owner, world), None))


def _vnets(owner: VNetLink, world: LinkWorld) -> Iterable[Tagged]:
    for side, seen in zip(Side, world.vnets, strict=True):
        if isinstance(seen, Present) and owner.spec.ends[side].creation is not None:
            yield Slot(side, Role.VNET), seen.value.id, seen.value.tags


def _zone_links(owner: VNetLink, world: LinkWorld) -> Iterable[Tagged]:
    for zone in world.zones:
        links: tuple[ObservedZoneLink, ...] = zone.links.value if isinstance(zone.links, Present) else ()
        for side, end in zip(Side, owner.spec.ends, strict=True):
            slot = Slot(side, Role.DNS_LINK, zone.zone.key)
            yield from ((slot, one.id, one.tags) for one in links if one.vnet == end.id)


def _of_vpn(owner: VpnConnectionPair, world: VpnWorld) -> Iterable[Tagged]:
    for half in (half for half in vpn_halves(owner, world) if half.end.management is ManagementPolicy.MANAGE):
        if half.gateway is not None:
            yield Slot(half.side, Role.GATEWAY), half.gateway.id, half.gateway.tags
        for role, (id, seen) in zip(steps.ADDRESS_ROLES, half.seen.addresses, strict=False):
            if isinstance(seen, Present):
                yield Slot(half.side, role), id, seen.value.tags
        if half.connection is not None:
            yield Slot(half.side), half.connection.id, half.connection.tags


def _by_tags(owner: O, parts: Iterable[Tagged], namespaced: bool) -> O:
    """As made by whom the first fitting tag names: one object has one installation and one namespace."""
    found = tuple(parts)
    named = next((name for _, _, tags in found if (name := _named(owner.meta.key, tags, namespaced))), None)
    if named is None:
        return owner
    installation, namespace = named
    key = replace(owner.meta.key, namespace=namespace)
    ours = replace(owner, meta=replace(owner.meta, key=key), record=OwnershipRecord(installation, str(key)))
    return _with(ours, (part for part in found if _named(key, part[2], True) == named))


def _named(key: ObjectKey, tags: Tags, namespaced: bool) -> tuple[str, str] | None:
    """Installation and namespace in the owner tag of something of this kind and name. A file may leave the namespace to others."""
    installation, *whose = dict(tags).get(OWNER, "").split("/")
    namespace = key.namespace if namespaced or len(whose) != 3 else whose[1]
    return (installation, namespace) if whose == [KINDS[key.kind], namespace, key.name] else None


def _with(owner: O, parts: Iterable[Tagged]) -> O:
    record = owner.record
    for slot, id, _ in parts:
        record = record.with_part(slot, Part(id, Origin.CREATED))
    return replace(owner, record=record)
