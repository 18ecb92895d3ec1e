"""What Azure showed: virtual networks with their peerings, as far as decisions need them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from vnetlink.domain.arm_id import PeeringId, VnetId
from vnetlink.domain.peering import PeeringOptions


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
    subnets: tuple[tuple[str, tuple[str, ...]], ...] = ()
    has_gateway: bool = False
    etag: str = ""
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

    def subnet_prefixes(self, name: str) -> tuple[str, ...] | None:
        """The prefixes of a subnet, None when the VNet has no subnet of that name."""
        return next((prefixes for subnet, prefixes in self.subnets if subnet.lower() == name.lower()), None)
