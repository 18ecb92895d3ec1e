"""`scan --subscription ID`: every VNet pair of an estate with its state and fault. Reads only, and needs no cluster.

Peerings come with their VNets. For connections every gateway is asked, and each tunnel is read as `explain` reads it, but for
its keys: the Reader role may not see them.
"""

from __future__ import annotations

from asyncio import gather
from collections.abc import Iterable
from datetime import timedelta
from types import SimpleNamespace

from vnetlink.azure.arm import Arm
from vnetlink.cli import estate, tunnels
from vnetlink.cli.estate import Estate, EstatePair
from vnetlink.cli.explain import looking, tunnel
from vnetlink.cli.tunnels import Unread
from vnetlink.domain.arm_id import VnetId
from vnetlink.domain.identity import Identity
from vnetlink.domain.observed import ObservedVnet
from vnetlink.domain.outcome import Absent, Seen, Unreadable
from vnetlink.domain.sides import PerSide
from vnetlink.kinds.vpn import VPN
from vnetlink.planning.ages import Ages
from vnetlink.planning.vpn.world import VpnWorld

NOW = timedelta(0)
ONCE = timedelta(days=1)  # what one scan has read it does not read again: a hub's gateway has many tunnels

Vnets = dict[VnetId, Seen[ObservedVnet]]


async def scan(arm: Arm, identity: Identity, subscriptions: tuple[str, ...]) -> Estate:
    """One list for each subscription, and one read for each VNet that a peering leads to and no list shows; then the tunnels."""
    lists = await gather(*(arm.vnets(identity, subscription) for subscription in subscriptions))
    vnets: Vnets = {}
    unlisted: list[Unread] = []
    for subscription, listed in zip(subscriptions, lists, strict=True):
        if isinstance(listed, Unreadable):
            unlisted.append((f"/subscriptions/{subscription}", listed))
        else:
            vnets |= listed
    await _read(arm, identity, vnets, estate.remotes(vnets))
    joined, blind = await _tunnels(arm, identity, vnets)
    pairs = sorted((*estate.pairs(vnets, identity), *joined), key=lambda pair: [id.key for id in pair.ids])
    return Estate(tuple(pairs), tuple(dict.fromkeys((*unlisted, *estate.unread(vnets), *blind))))


async def _read(arm: Arm, identity: Identity, vnets: Vnets, ids: Iterable[VnetId]) -> None:
    others = [id for id in dict.fromkeys(ids) if id not in vnets]
    seen = await gather(*(arm.read_vnet(identity, id, NOW) for id in others))
    vnets |= zip(others, seen, strict=True)


async def _tunnels(arm: Arm, identity: Identity, vnets: Vnets) -> tuple[list[EstatePair], list[Unread]]:
    """The pairs that connections alone join, and what could not be read on the way there; reads their VNets into `vnets`."""
    places = dict(tunnels.gateways(vnets))
    asked = list(places)
    listed = await gather(*(arm.connections_of(identity, gateway, ONCE) for gateway in asked))
    unread = [(str(id), seen) for id, seen in zip(asked, listed, strict=True) if isinstance(seen, Unreadable)]
    leading = tunnels.vnet_to_vnet(listed)
    strange = [far for far in dict.fromkeys(far for _, far in leading) if far not in places]
    for id, seen in zip(strange, await gather(*(arm.read_gateway(identity, id, ONCE) for id in strange)), strict=True):
        found = tunnels.place(id, seen)
        if isinstance(found, VnetId):
            places[id] = found
        else:
            unread.append(found)
    pairs = tunnels.pairs(leading, places, vnets)
    await _read(arm, identity, vnets, (id for ids in pairs for id in ids))
    worlds = await gather(*(_tunnel(arm, identity, vnets, ids) for ids in pairs))
    told = [tunnels.judged(ids, world) for ids, world in zip(pairs, worlds, strict=True)]
    return told, unread + [one for world in worlds for one in tunnels.unread(world)]


async def _tunnel(arm: Arm, identity: Identity, vnets: Vnets, ids: PerSide[VnetId]) -> VpnWorld:
    async def read_vnet(_: Identity, vnet: VnetId, __: timedelta) -> Seen[ObservedVnet]:
        return vnets[vnet]

    async def read_shared_key(*_: object) -> Absent:
        return Absent()

    azure = SimpleNamespace(
        read_vnet=read_vnet,
        read_gateway=arm.read_gateway,
        read_public_ip=arm.read_public_ip,
        connections_of=arm.connections_of,
        read_connection=arm.read_connection,
        read_shared_key=read_shared_key,
    )
    ports, memory = looking(azure)
    return await VPN.read(ports, tunnel(ids), PerSide(identity, identity), memory, Ages(ONCE))
