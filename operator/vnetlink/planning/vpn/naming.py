"""Which gateway, addresses and connection a side has or gets. Pure choices between ids."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from vnetlink.domain.arm_id import ConnectionId, GatewayId, PublicIpId
from vnetlink.domain.observed import ListedConnection, ObservedGateway, ObservedVnet
from vnetlink.domain.outcome import Present, Seen
from vnetlink.domain.ownership import Role
from vnetlink.domain.sides import Side
from vnetlink.domain.specs import VpnConnectionPair
from vnetlink.planning.naming import hashed

LONGEST = 80  # ARM's limit for the names of gateways, addresses and connections


def candidates(pair: VpnConnectionPair, side: Side, vnet: ObservedVnet | None) -> tuple[GatewayId, ...]:
    """The gateways that may be this side's, the likeliest first: recorded, named, living in GatewaySubnet, to be made."""
    wanted, part = pair.spec.vpn[side], pair.record.part(side, Role.GATEWAY)
    recorded = (part.id,) if part is not None and isinstance(part.id, GatewayId) else ()
    named = (wanted.gateway,) if wanted.gateway is not None else ()
    living = vnet.gateway_ids if vnet is not None else ()
    new = (default_gateway(pair, side),) if wanted.creation is not None and wanted.gateway is None else ()
    return tuple(dict.fromkeys((*named, *recorded, *living, *new)))


def chosen_gateway(
    pair: VpnConnectionPair, side: Side, vnet: ObservedVnet | None, seen: Mapping[GatewayId, Seen[ObservedGateway]]
) -> GatewayId | None:
    """The named one; else the recorded one while it is there; else the VPN gateway in GatewaySubnet; else the one to be made."""
    wanted = pair.spec.vpn[side]
    if wanted.gateway is not None:
        return wanted.gateway
    there = [id for id in candidates(pair, side, vnet) if isinstance(seen.get(id), Present)]
    vpn = [id for id in there if _is_vpn(seen[id])]
    if vpn or there:
        return (vpn or there)[0]
    unread = next((id for id in candidates(pair, side, vnet) if id in (vnet.gateway_ids if vnet else ())), None)
    if unread is not None:
        return unread
    part = pair.record.part(side, Role.GATEWAY)
    if wanted.creation is None:
        return None
    return part.id if part is not None and isinstance(part.id, GatewayId) else default_gateway(pair, side)


def _is_vpn(seen: Seen[ObservedGateway]) -> bool:
    return isinstance(seen, Present) and seen.value.gateway_type.lower() == "vpn"


def default_gateway(pair: VpnConnectionPair, side: Side) -> GatewayId:
    """`<vnet>-gateway` in the VNet's resource group."""
    vnet = pair.spec.ends[side].id
    return GatewayId(vnet.subscription, vnet.resource_group, f"{vnet.name}-gateway"[:LONGEST])


def address_ids(pair: VpnConnectionPair, side: Side, gateway: GatewayId | None) -> tuple[PublicIpId, ...]:
    """The addresses of the gateway that spec asks to make: recorded, named, or `<gateway>-ip` and `<gateway>-ip2`; then recorded ones."""
    creation, vnet = pair.spec.vpn[side].creation, pair.spec.ends[side].id
    parts = (pair.record.part(side, role) for role in (Role.PUBLIC_IP, Role.PUBLIC_IP_2))
    recorded = [part.id if part is not None and isinstance(part.id, PublicIpId) else None for part in parts]
    if creation is None or gateway is None:
        return tuple(id for id in recorded if id is not None)
    names = (f"{gateway.name[: LONGEST - 4]}-ip", f"{gateway.name[: LONGEST - 4]}-ip2")
    chosen = (
        kept or named or PublicIpId(vnet.subscription, vnet.resource_group, name)
        for named, kept, name in zip(creation.public_ips, recorded, names, strict=False)
    )
    inherited = (id for id in recorded[len(creation.public_ips) :] if id is not None)
    return (*chosen, *inherited)


def connection_id(
    pair: VpnConnectionPair,
    side: Side,
    near: GatewayId | None,
    far: GatewayId | None,
    listed: Sequence[ListedConnection],
) -> ConnectionId | None:
    """What leads from `near` to `far` already, under any name; else recorded, named, or `<vnet1>-<vnet2>` in the gateway's group."""
    leading = [one.id for one in listed if far is not None and one.near == near and one.far == far]
    part, wanted = pair.record.part(side), pair.spec.vpn[side].connection
    recorded = part.id if part is not None and isinstance(part.id, ConnectionId) else None
    if recorded is not None and (recorded in leading or not leading):
        return recorded
    if leading:
        return next((id for id in leading if id == wanted), leading[0])
    if wanted is not None or near is None:
        return wanted
    here, there = pair.spec.ends[side].id, pair.spec.ends[side.other].id
    plain = f"{here.name}-{there.name}"
    default = ConnectionId(near.subscription, near.resource_group, plain)
    free = all(one.id != default for one in listed)
    return (
        default
        if free and len(plain) <= LONGEST
        else ConnectionId(near.subscription, near.resource_group, hashed(plain, there))
    )
