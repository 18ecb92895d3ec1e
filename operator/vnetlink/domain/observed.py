"""What Azure showed: virtual networks with their peerings, gateways, addresses and connections, as far as decisions need them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from vnetlink.domain.arm_id import (
    ConnectionId,
    GatewayId,
    InvalidId,
    PeeringId,
    PublicIpId,
    SubnetId,
    VnetId,
    ZoneLinkId,
)
from vnetlink.domain.peering import PeeringOptions
from vnetlink.domain.vpn import GATEWAY_SUBNET, ConnectionOptions


class PeeringState(Enum):
    """ARM's peeringState."""

    INITIATED = "Initiated"
    CONNECTED = "Connected"
    DISCONNECTED = "Disconnected"


class SyncLevel(Enum):
    """ARM's peeringSyncLevel (arm.md 4, fact 5): LOCAL = my copy of the remote space is stale, REMOTE = the other's copy of mine."""

    FULLY_IN_SYNC = "FullyInSync"
    LOCAL_NOT_IN_SYNC = "LocalNotInSync"
    REMOTE_NOT_IN_SYNC = "RemoteNotInSync"
    BOTH_NOT_IN_SYNC = "LocalAndRemoteNotInSync"

    @property
    def local_is_stale(self) -> bool:
        """Whether a sync of this very peering is what helps."""
        return self in (SyncLevel.LOCAL_NOT_IN_SYNC, SyncLevel.BOTH_NOT_IN_SYNC)


class Provisioning(Enum):
    """ARM's provisioningState, folded: everything that is neither an end nor a running operation counts as running."""

    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    UPDATING = "Updating"
    DELETING = "Deleting"

    @property
    def busy(self) -> bool:
        """Whether an operation runs."""
        return self in (Provisioning.UPDATING, Provisioning.DELETING)


@dataclass(frozen=True, slots=True)
class ObservedPeering:
    """A peering as ARM shows it. `remote_prefixes` is its copy of the remote address space."""

    id: PeeringId
    remote: VnetId
    state: PeeringState
    sync_level: SyncLevel
    provisioning: Provisioning
    options: PeeringOptions
    remote_prefixes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ObservedSubnet:
    """A subnet inside its VNet. `used_by`: ids of the ipConfigurations in it, as ARM writes them."""

    name: str
    prefixes: tuple[str, ...]
    provisioning: Provisioning = Provisioning.SUCCEEDED
    network_security_group: str = ""
    route_table: str = ""
    used_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ObservedVnet:
    """A virtual network as ARM shows it.

    `has_gateway`: GatewaySubnet or RouteServerSubnet is in use (a VPN, ExpressRoute or Route Server lives there).
    `settling`: the read is older than our own last write to this VNet, so nothing may be concluded from it.
    """

    id: VnetId
    location: str
    prefixes: tuple[str, ...]
    provisioning: Provisioning
    peerings: tuple[ObservedPeering, ...] = ()
    subnets: tuple[ObservedSubnet, ...] = ()
    has_gateway: bool = False
    etag: str = ""
    tags: tuple[tuple[str, str], ...] = ()
    settling: bool = False

    @property
    def busy(self) -> bool:
        """Whether an operation runs on the VNet or one of its peerings: a write now would be refused (arm.md 1.4)."""
        return self.settling or self.provisioning.busy or any(p.provisioning.busy for p in self.peerings)

    def peering_to(self, remote: VnetId) -> ObservedPeering | None:
        """The peering that leads to `remote`, whatever its name: ARM allows one."""
        return next((p for p in self.peerings if p.remote == remote), None)

    def peering_named(self, name: str) -> ObservedPeering | None:
        """The peering of that name in any casing, wherever it leads."""
        return next((p for p in self.peerings if p.id.name.lower() == name.lower()), None)

    def subnet(self, name: str) -> ObservedSubnet | None:
        """The subnet of that name in any casing."""
        return next((subnet for subnet in self.subnets if subnet.name.lower() == name.lower()), None)

    def subnet_prefixes(self, name: str) -> tuple[str, ...] | None:
        """The prefixes of a subnet, None when the VNet has no subnet of that name."""
        subnet = self.subnet(name)
        return subnet.prefixes if subnet else None

    @property
    def gateway_ids(self) -> tuple[GatewayId, ...]:
        """The gateways that live in GatewaySubnet, told by its ipConfigurations: at most a VPN and an ExpressRoute one."""
        subnet = self.subnet(GATEWAY_SUBNET)
        found = (_gateway_of(used) for used in (subnet.used_by if subnet else ()))
        return tuple(dict.fromkeys(gateway for gateway in found if gateway is not None))


def _gateway_of(ip_configuration: str) -> GatewayId | None:
    try:
        return GatewayId.parse(ip_configuration.rsplit("/", 2)[0])
    except InvalidId:
        return None


@dataclass(frozen=True, slots=True)
class ObservedPublicIp:
    """A public IP address. `attached_to`: the id of the ipConfiguration that holds it, empty when it is free."""

    id: PublicIpId
    location: str
    provisioning: Provisioning
    sku: str
    allocation: str
    zones: tuple[str, ...] = ()
    address: str = ""
    attached_to: str = ""
    tags: tuple[tuple[str, str], ...] = ()
    settling: bool = False

    @property
    def busy(self) -> bool:
        """Whether an operation runs on it, or the read is older than our own last write."""
        return self.settling or self.provisioning.busy


@dataclass(frozen=True, slots=True)
class ObservedGateway:
    """A virtual network gateway. `asn` 0 while it is being made (arm.md 6)."""

    id: GatewayId
    location: str
    provisioning: Provisioning
    gateway_type: str
    vpn_type: str
    sku: str
    generation: str
    active_active: bool
    enable_bgp: bool
    asn: int
    subnets: tuple[SubnetId, ...] = ()
    public_ips: tuple[PublicIpId, ...] = ()
    tags: tuple[tuple[str, str], ...] = ()
    settling: bool = False

    @property
    def busy(self) -> bool:
        """Whether an operation runs on it, or the read is older than our own last write."""
        return self.settling or self.provisioning.busy

    @property
    def creating(self) -> bool:
        """Whether it is being made: ARM says Updating then, too, and has given it no ASN yet (arm.md 6)."""
        return self.provisioning is Provisioning.UPDATING and self.asn == 0


@dataclass(frozen=True, slots=True)
class ListedConnection:
    """A connection as the list of a gateway shows it: without status. `far` is None when it leads to no virtual network gateway."""

    id: ConnectionId
    kind: str
    near: GatewayId
    far: GatewayId | None
    tags: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class ObservedConnection:
    """A connection. `status`: ARM's connectionStatus, empty while an operation runs (arm.md 7)."""

    id: ConnectionId
    location: str
    provisioning: Provisioning
    kind: str
    near: GatewayId | None
    far: GatewayId | None
    options: ConnectionOptions
    status: str = ""
    tags: tuple[tuple[str, str], ...] = ()
    settling: bool = False

    @property
    def busy(self) -> bool:
        """Whether an operation runs on it, or the read is older than our own last write."""
        return self.settling or self.provisioning.busy


@dataclass(frozen=True, slots=True)
class ObservedZoneLink:
    """A private DNS zone's link to a VNet."""

    id: ZoneLinkId
    vnet: VnetId | None
    registration_enabled: bool
    provisioning: Provisioning
    tags: tuple[tuple[str, str], ...] = ()
    settling: bool = False

    @property
    def busy(self) -> bool:
        """Whether an operation runs on it, or the read is older than our own last write."""
        return self.settling or self.provisioning.busy
