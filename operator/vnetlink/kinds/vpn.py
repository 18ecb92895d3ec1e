"""VpnConnectionPair: VNets, gateways, addresses, connections and keys, read in stages, each stage at once for both sides."""

from __future__ import annotations

from asyncio import gather
from collections.abc import Awaitable, Callable, Iterable
from datetime import timedelta
from typing import TypeVar

from vnetlink.domain.arm_id import ArmId, ConnectionId, GatewayId, PublicIpId, VnetId
from vnetlink.domain.events import Event
from vnetlink.domain.identity import Identity
from vnetlink.domain.observed import ListedConnection, ObservedGateway, ObservedPublicIp, ObservedVnet
from vnetlink.domain.outcome import Absent, Outcome, Present, Seen, Unreadable
from vnetlink.domain.secrets import ObservedSecret, PreviousKey
from vnetlink.domain.shared_key import SharedKey
from vnetlink.domain.sides import PerSide, Side
from vnetlink.domain.specs import VpnConnectionPair
from vnetlink.kinds.diagnosis import findings_of
from vnetlink.kinds.kind import Kind, released_without_azure
from vnetlink.kube.decode import decode
from vnetlink.memory import Memory
from vnetlink.planning.actions import AzureAction, VpnAction
from vnetlink.planning.ages import FRESH, Ages, of_traffic
from vnetlink.planning.conditions import Shown
from vnetlink.planning.plan import Finding
from vnetlink.planning.tags import owner_tag
from vnetlink.planning.vpn import deletion, events, guards, naming, seen_status
from vnetlink.planning.vpn import reads as vpn_reads
from vnetlink.planning.vpn.pair import plan_pair
from vnetlink.planning.vpn.words import describe
from vnetlink.planning.vpn.world import SeenSide, VpnWorld
from vnetlink.ports import Ports

I = TypeVar("I", bound=ArmId)  # noqa: E741
T = TypeVar("T")
Read = Callable[[Identity, I, timedelta], Awaitable[Seen[T]]]
Addresses = tuple[tuple[PublicIpId, Seen[ObservedPublicIp]], ...]
Connections = Seen[tuple[ListedConnection, ...]]


async def _read(
    ports: Ports, pair: VpnConnectionPair, granted: PerSide[Identity], memory: Memory, ages: Ages
) -> VpnWorld:
    now = ports.monotonic()
    reading = _Reading(ports, pair, granted, vpn_reads.ages_for(pair, ages))
    sides, (secret, previous) = await gather(reading.sides(), reading.secrets())
    asked = vpn_reads.asks_for_rights(pair, secret, previous, [side.key for side in sides])
    memory.note_read((seen for side in sides for seen in _azure_reads(side)), now)
    return VpnWorld(
        sides=sides,
        identities=granted,
        secret=secret,
        previous=previous,
        manages_secrets=asked and await ports.secrets.manageable(pair.meta.key.namespace),
        asked_for_secrets=asked,
        now=ports.now(),
        refusals=memory.refusals_at(now),
        busy_for=memory.busy_for(now),
        unread_for=memory.unread_for(now),
    )


def _azure_reads(side: SeenSide) -> Iterable[object]:
    return side.vnet, side.gateway, side.connections, side.connection, *(seen for _, seen in side.addresses)


class _Reading:
    """The reads of one turn. What must be known is said by planning.vpn.reads and planning.vpn.naming."""

    def __init__(self, ports: Ports, pair: VpnConnectionPair, granted: PerSide[Identity], ages: Ages) -> None:
        self._ports, self._azure, self._pair = ports, ports.azure, pair
        self._granted, self._ages = granted, ages

    async def secrets(self) -> tuple[Seen[ObservedSecret] | None, Seen[PreviousKey]]:
        """The key that is wanted, and the one before it; a deletion needs neither."""
        meta = self._pair.meta
        if meta.deleting:
            return None, Absent()
        secrets, ref = self._ports.secrets, self._pair.spec.shared_key.secret
        return await gather(secrets.read(meta, ref), secrets.read_previous(meta))

    async def sides(self) -> PerSide[SeenSide]:
        """Both sides; a connection is known by both its gateways, so the stages go in step."""
        pair = self._pair
        vnets = await _both(self._vnet)
        gateways = await _both(lambda side: self._gateways(side, _value(vnets[side])))
        chosen = PerSide.of(lambda side: naming.chosen_gateway(pair, side, _value(vnets[side]), gateways[side]))
        seen = PerSide.of(lambda side: vpn_reads.gateway_as_seen(chosen[side], vnets[side], gateways[side]))
        around = await _both(lambda side: self._around(side, chosen[side], seen[side]))

        async def side_of(side: Side) -> SeenSide:
            (addresses, listed), near, far = around[side], chosen[side], chosen[side.other]
            known = listed.value if isinstance(listed, Present) else ()
            id = naming.connection_id(pair, side, near, far, known)
            connection = await self._settled(side, id, self._azure.read_connection) if id is not None else None
            connection = connection or vpn_reads.connection_unnamed(seen[side])
            asks = id is not None and vpn_reads.asks_for_key(pair, connection)
            key, zones, others = await gather(
                self._key(side, id if asks else None),
                self._zones(side, _value(vnets[side]), addresses),
                self._others(side, near),
            )
            return SeenSide(
                vnet=vnets[side],
                gateway_id=near,
                gateway=others if isinstance(others, Unreadable) else seen[side],
                addresses=addresses,
                connections=listed,
                connection_id=id,
                connection=connection,
                key=key,
                zones=zones,
                rivals=vpn_reads.other_gateways(near, vnets[side], gateways[side]),
                heir="" if isinstance(others, Unreadable) else others[0],
                leaving=() if isinstance(others, Unreadable) else others[1],
            )

        return await _both(side_of)

    async def _settled(self, side: Side, id: I, read: Read[I, T]) -> Seen[T]:
        """As old as may be, and once more when it may be something else by now."""
        age = self._ages.of(id)
        seen = await read(self._granted[side], id, age)
        return await read(self._granted[side], id, FRESH) if age > FRESH and vpn_reads.moving(seen) else seen

    async def _vnet(self, side: Side) -> Seen[ObservedVnet]:
        id: VnetId = self._pair.spec.ends[side].id
        return await self._settled(side, id, self._azure.read_vnet)

    async def _gateways(self, side: Side, vnet: ObservedVnet | None) -> dict[GatewayId, Seen[ObservedGateway]]:
        ids = naming.candidates(self._pair, side, vnet)
        seen = await gather(*(self._settled(side, id, self._azure.read_gateway) for id in ids))
        return dict(zip(ids, seen, strict=True))

    async def _around(
        self, side: Side, chosen: GatewayId | None, gateway: Seen[ObservedGateway]
    ) -> tuple[Addresses, Connections]:
        return await gather(self._addresses(side, chosen, gateway), self._connections(side, chosen, gateway))

    async def _addresses(self, side: Side, chosen: GatewayId | None, gateway: Seen[ObservedGateway]) -> Addresses:
        ids = vpn_reads.addresses_to_read(self._pair, side, chosen, gateway)
        seen = await gather(*(self._settled(side, id, self._azure.read_public_ip) for id in ids))
        return tuple(zip(ids, seen, strict=True))

    async def _connections(self, side: Side, chosen: GatewayId | None, gateway: Seen[ObservedGateway]) -> Connections:
        known = vpn_reads.connections_unasked(gateway)
        if known is not None or chosen is None:
            return known if known is not None else Absent()
        return await self._azure.connections_of(self._granted[side], chosen, self._ages.of(chosen))

    async def _key(self, side: Side, id: ConnectionId | None) -> Seen[SharedKey] | None:
        if id is None:
            return None
        return await self._azure.read_shared_key(self._granted[side], id, self._ages.of(id))

    async def _zones(self, side: Side, vnet: ObservedVnet | None, addresses: Addresses) -> Seen[tuple[str, ...]]:
        if vnet is None or not vpn_reads.asks_for_zones(self._pair, side, [seen for _, seen in addresses]):
            return vpn_reads.USUAL_ZONES
        return await self._azure.zones(self._granted[side], vnet.id.subscription, vnet.location)

    async def _others(self, side: Side, gateway: GatewayId | None) -> tuple[str, tuple[ConnectionId, ...]] | Unreadable:
        """Who else uses our gateway before that goes with us: the heir's owner tag, and connections that leave with another.

        Claims may lag, so each is read before it is believed. Unreadable: nobody knows, so the gateway must stay for now.
        """
        if gateway is None or not vpn_reads.asks_for_heir(self._pair, side):
            return "", ()
        vnet, installation = self._pair.spec.ends[side].id, self._ports.settings.installation
        heirs, leaving = list[str](), list[ConnectionId]()
        for claim in self._ports.claims.at_vnet(vnet, self._pair.meta.key):
            match await self._ports.objects.get(claim.key):
                case Present(body):
                    other = decode(body, installation)
                    heirs += [owner_tag(installation, claim.key)] * vpn_reads.inherits(other, vnet, gateway)
                    leaving += await self._joined(side, gateway, vpn_reads.links_leaving(other))
                case Unreadable() as unread:
                    return unread
                case Absent():
                    continue
        return next(iter(heirs), ""), tuple(leaving)

    async def _joined(self, side: Side, gateway: GatewayId, ids: Iterable[ConnectionId]) -> list[ConnectionId]:
        """Those of `ids` that are there and begin or end at the gateway."""
        seen = [await self._azure.read_connection(self._granted[side], id, FRESH) for id in ids]
        return [one.value.id for one in seen if isinstance(one, Present) and gateway in (one.value.near, one.value.far)]


async def _both(read: Callable[[Side], Awaitable[T]]) -> PerSide[T]:
    return PerSide(*await gather(read(Side.VNET1), read(Side.VNET2)))


def _value(seen: Seen[T]) -> T | None:
    return seen.value if isinstance(seen, Present) else None


def _shown(pair: VpnConnectionPair, world: VpnWorld) -> Shown:
    return Shown(seen_status.seen(pair, world), seen_status.states(pair, world), unread_for=world.unread_for)


async def _diagnose(
    ports: Ports, pair: VpnConnectionPair, world: VpnWorld, memory: Memory, ages: Ages
) -> tuple[VpnWorld, tuple[Finding, ...]]:
    """Of a pair that stands; the pair of a link is diagnosed by its link."""
    if pair.meta.controller is not None or set(seen_status.states(pair, world)) != {"Connected"}:
        return world, ()
    age = of_traffic(pair.spec.lifecycle, ages)
    return world, await findings_of(ports.azure, memory, world.identities, world.vnets, age, tunnelled=True)


def _describe(action: AzureAction, drifted: bool) -> str:
    return describe(action, drifted) if isinstance(action, VpnAction) else type(action).__name__


def _after_write(pair: VpnConnectionPair, action: AzureAction, outcome: Outcome, drifted: bool) -> Iterable[Event]:
    return events.after_write(pair, action, outcome, drifted) if isinstance(action, VpnAction) else ()


VPN: Kind[VpnConnectionPair, VpnWorld] = Kind(
    restless=timedelta(minutes=2),  # a gateway takes 20 to 45 minutes; what moves is read again anyway
    exclusive=False,  # gateways and addresses of both sides are made at the same time
    read=_read,
    before_azure=released_without_azure(deletion.needs_azure),
    plan=plan_pair,
    plan_deletion=deletion.plan_deletion,
    planned_deletion=deletion.planned,
    allow=guards.allow,
    shown=_shown,
    describe=_describe,
    after_write=_after_write,
    after_record=events.after_record,
    after_release=events.after_release,
    after_status=events.after_status,
    diagnose=_diagnose,
)
