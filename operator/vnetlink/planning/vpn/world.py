"""Everything a turn knows about one VpnConnectionPair, and one half of it put side by side: wanted, seen, recorded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType

from vnetlink.domain.arm_id import ConnectionId, GatewayId, PublicIpId, VnetId
from vnetlink.domain.identity import Identity
from vnetlink.domain.observed import (
    ListedConnection,
    ObservedConnection,
    ObservedGateway,
    ObservedPublicIp,
    ObservedVnet,
)
from vnetlink.domain.outcome import Absent, Present, Refused, Seen
from vnetlink.domain.ownership import Origin, Part, Role, Slot
from vnetlink.domain.secrets import ObservedSecret, PreviousKey
from vnetlink.domain.shared_key import SharedKey
from vnetlink.domain.sides import PerSide, Side
from vnetlink.domain.specs import End, ManagementPolicy, VpnConnectionPair
from vnetlink.domain.vpn import WantedVpnSide


@dataclass(frozen=True, slots=True)
class SeenSide:
    """What was read on one side.

    `gateway_id`: the gateway this side has or is to get, None when there is none and none is to be made. `addresses`: the
    public IPs of the gateway to be made, or the recorded ones. `connections`: every connection that begins at the gateway.
    `key` None: it was not asked for. `zones`: of the region, asked for only where an address is to be made.
    `rivals`: other VPN gateways of the VNet, where `gateway_id` is another one that is to be made.
    `heir`: owner tag of another of our objects that uses the gateway, empty when there is none.
    `leaving`: connections at the gateway, from there or to there, of our other objects that are being deleted, too.
    """

    vnet: Seen[ObservedVnet]
    gateway_id: GatewayId | None
    gateway: Seen[ObservedGateway]
    addresses: tuple[tuple[PublicIpId, Seen[ObservedPublicIp]], ...]
    connections: Seen[tuple[ListedConnection, ...]]
    connection_id: ConnectionId | None
    connection: Seen[ObservedConnection]
    key: Seen[SharedKey] | None = None
    zones: Seen[tuple[str, ...]] = Present(("1", "2", "3"))
    rivals: tuple[GatewayId, ...] = ()
    heir: str = ""
    leaving: tuple[ConnectionId, ...] = ()


@dataclass(frozen=True, slots=True)
class VpnWorld:
    """One snapshot. `now` is the time that people read; the rest as in PairWorld.

    `secret` None: it was not asked for (a deletion needs no key). `manages_secrets`: we may create, update and delete them;
    `asked_for_secrets`: whether that was asked at all in this turn (only where a decision needs it).
    """

    sides: PerSide[SeenSide]
    identities: PerSide[Identity]
    secret: Seen[ObservedSecret] | None
    previous: Seen[PreviousKey]
    manages_secrets: bool
    asked_for_secrets: bool
    now: datetime
    refusals: Mapping[Slot, Refused] = field(default_factory=lambda: MappingProxyType({}))
    busy_for: timedelta = timedelta(0)
    unread_for: timedelta = timedelta(0)

    @property
    def vnets(self) -> PerSide[Seen[ObservedVnet]]:
        """Both VNets."""
        return self.sides.map(lambda side: side.vnet)

    def auxiliary(self, side: Side) -> Identity | None:
        """The other side's identity when it belongs to another tenant: a write that names the other gateway carries both (arm.md 1.6)."""
        other = self.identities[side.other]
        return other if other.tenant != self.identities[side].tenant else None


@dataclass(frozen=True, slots=True)
class VpnHalf:
    """One side: its VNet, its gateway, and the connection that leads from there to the other gateway."""

    side: Side
    end: End
    remote: VnetId
    wanted: WantedVpnSide
    seen: SeenSide
    parts: Mapping[Role, Part]
    refusals: Mapping[Role, Refused]

    @property
    def manages(self) -> bool:
        """Whether this side is ours to write to, and not someone else's."""
        return self.end.management is ManagementPolicy.MANAGE

    @property
    def vnet(self) -> ObservedVnet | None:
        """The VNet, None when it could not be read."""
        return self.seen.vnet.value if isinstance(self.seen.vnet, Present) else None

    @property
    def gateway(self) -> ObservedGateway | None:
        """The gateway, None when it is not there or could not be read."""
        return self.seen.gateway.value if isinstance(self.seen.gateway, Present) else None

    @property
    def connection(self) -> ObservedConnection | None:
        """The connection, None when it is not there or could not be read."""
        return self.seen.connection.value if isinstance(self.seen.connection, Present) else None

    @property
    def to_make(self) -> bool:
        """Whether spec asks for a gateway here and there is none."""
        return self.manages and self.wanted.creation is not None and isinstance(self.seen.gateway, Absent)

    def recorded(self, role: Role, id: object) -> bool:
        """Whether the record names this very resource."""
        return role in self.parts and self.parts[role].id == id

    def made_by_us(self, role: Role, id: object) -> bool:
        """Whether the record names this very resource as made by this object."""
        return self.recorded(role, id) and self.parts[role].origin is Origin.CREATED


def vpn_halves(pair: VpnConnectionPair, world: VpnWorld) -> PerSide[VpnHalf]:
    """Both sides of the pair."""

    def half(side: Side) -> VpnHalf:
        return VpnHalf(
            side=side,
            end=pair.spec.ends[side],
            remote=pair.spec.ends[side.other].id,
            wanted=pair.spec.vpn[side],
            seen=world.sides[side],
            parts={slot.role: part for slot, part in pair.record.parts.items() if slot.side is side},
            refusals={slot.role: refusal for slot, refusal in world.refusals.items() if slot.side is side},
        )

    return PerSide.of(half)
