"""The pairs of an estate that VPN connections alone join: which VNets those are, and how each stands. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from vnetlink.cli.estate import EstatePair, Vnets, shown_ids, with_faults
from vnetlink.cli.explain import tunnel, tunnel_as_found, tunnel_findings, tunnel_states
from vnetlink.cli.manifests import vpn_manifest
from vnetlink.domain.arm_id import GatewayId, VnetId
from vnetlink.domain.observed import ListedConnection, ObservedGateway
from vnetlink.domain.outcome import Absent, Present, Seen, Unreadable
from vnetlink.domain.reasons import Reason
from vnetlink.domain.sides import PerSide
from vnetlink.domain.vnet_link import Method
from vnetlink.domain.vpn import VNET2VNET
from vnetlink.planning.vpn.pair import plan_pair
from vnetlink.planning.vpn.world import VpnWorld, vpn_halves

Places = Mapping[GatewayId, VnetId]
Unread = tuple[str, Unreadable]


def gateways(vnets: Vnets) -> Places:
    """The gateways that live in the VNets, VPN and ExpressRoute alike."""
    present = (seen.value for seen in vnets.values() if isinstance(seen, Present))
    return {gateway: vnet.id for vnet in present for gateway in vnet.gateway_ids}


def vnet_to_vnet(connections: Iterable[Seen[tuple[ListedConnection, ...]]]) -> tuple[tuple[GatewayId, GatewayId], ...]:
    """Where the connections between two virtual network gateways lead, sorted."""
    listed = (one for seen in connections if isinstance(seen, Present) for one in seen.value)
    leading = {(one.near, one.far) for one in listed if one.kind.lower() == VNET2VNET.lower() and one.far is not None}
    return tuple(sorted(leading, key=lambda ends: (ends[0].key, ends[1].key)))


def place(id: GatewayId, seen: Seen[ObservedGateway]) -> VnetId | Unread:
    """The VNet of a gateway that a connection leads to, or why nobody knows."""
    if isinstance(seen, Present) and seen.value.subnets:
        return seen.value.subnets[0].vnet
    if isinstance(seen, Unreadable):
        return str(id), seen
    text = f"gateway {id}, to which a connection leads, was not found, or is not visible"
    return str(id), Unreadable(Reason.GATEWAY_MISSING, text, transient=False)


def pairs(leading: Iterable[tuple[GatewayId, GatewayId]], places: Places, vnets: Vnets) -> tuple[PerSide[VnetId], ...]:
    """The VNets at both ends, each two once; two that a peering joins, too, are told of as such."""
    ends = {tuple(sorted((places[one], places[two]), key=_key)) for one, two in leading if {one, two} <= set(places)}
    found = (PerSide(one, two) for one, two in ends if one != two and not _peered(vnets, one, two))
    return tuple(sorted(found, key=lambda ids: (ids.vnet1.key, ids.vnet2.key)))


def _key(id: VnetId) -> str:
    return id.key


def _peered(vnets: Vnets, one: VnetId, two: VnetId) -> bool:
    sides = ((vnets.get(one, Absent()), two), (vnets.get(two, Absent()), one))
    return any(isinstance(seen, Present) and seen.value.peering_to(remote) is not None for seen, remote in sides)


def judged(ids: PerSide[VnetId], world: VpnWorld) -> EstatePair:
    """The pair as `explain` tells of it, but for the keys."""
    pair = tunnel_as_found(tunnel(ids), world)
    ids, found = shown_ids(ids, world.vnets), tunnel_findings(plan_pair(pair, world))
    manifest = vpn_manifest(ids, vpn_halves(pair, world), pair.spec.options)
    return EstatePair(ids, Method.VPN, tunnel_states(pair, world), with_faults(found), manifest)


def unread(world: VpnWorld) -> Iterator[Unread]:
    """What the pair would have been judged by, besides its VNets, and could not be read."""
    for side in world.sides:
        asked = (
            (side.gateway_id, side.gateway),
            (side.gateway_id, side.connections),
            (side.connection_id, side.connection),
        )
        yield from ((str(id), seen) for id, seen in asked if id is not None and isinstance(seen, Unreadable))
