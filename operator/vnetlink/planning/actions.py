"""Complete orders: each carries its own target and identity and can be carried out without asking anything further."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from vnetlink.domain.arm_id import ConnectionId, GatewayId, PeeringId, PublicIpId, SubnetId, VnetId
from vnetlink.domain.identity import Identity
from vnetlink.domain.ownership import OwnershipRecord, Slot
from vnetlink.domain.peering import PeeringOptions
from vnetlink.domain.shared_key import SharedKey
from vnetlink.domain.sides import Side
from vnetlink.domain.vpn import ConnectionOptions, GatewayShape, SecretKeyRef

Tags = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class PutPeering:
    """Make or change one peering.

    `creates`: it was read Absent, so 200 instead of 201 means that somebody was faster. When False every other property
    that ARM showed is carried along. `sync` adds syncRemoteAddressSpace=true. `changes` tells, for people, the options that
    differ now. `auxiliary` is the other tenant's identity when the two VNets live in two tenants (arm.md 1.6).
    """

    side: Side
    id: PeeringId
    remote: VnetId
    options: PeeringOptions
    creates: bool
    sync: bool
    identity: Identity
    auxiliary: Identity | None = None
    changes: tuple[str, ...] = ()

    @property
    def slot(self) -> Slot:
        """The place of the peering in its pair."""
        return Slot(self.side)

    @property
    def rewrites(self) -> str:
        """What an update changes, for people; empty when it only writes the peering again."""
        return ", ".join([*self.changes, *(["address space"] if self.sync else [])])


@dataclass(frozen=True, slots=True)
class DeletePeering:
    """Delete one peering that leads to `remote`."""

    side: Side
    id: PeeringId
    remote: VnetId
    identity: Identity
    auxiliary: Identity | None = None

    @property
    def slot(self) -> Slot:
        """The place of the peering in its pair."""
        return Slot(self.side)


@dataclass(frozen=True, slots=True)
class PutSubnet:
    """Make one subnet in a VNet that stays as it is otherwise. Always a creation."""

    slot: Slot
    id: SubnetId
    prefix: str
    identity: Identity
    creates: bool = True


@dataclass(frozen=True, slots=True)
class PutPublicIp:
    """Make one Standard, Static public IP address. Always a creation; `zones` empty where the region has none."""

    slot: Slot
    id: PublicIpId
    location: str
    zones: tuple[str, ...]
    tags: Tags
    identity: Identity
    creates: bool = True


@dataclass(frozen=True, slots=True)
class PutGateway:
    """Make a route-based VPN gateway, or (`creates` False) write a Failed one again with the same body: 20 to 45 minutes."""

    slot: Slot
    id: GatewayId
    location: str
    subnet: SubnetId
    public_ips: tuple[PublicIpId, ...]
    shape: GatewayShape
    identity: Identity
    creates: bool = True


@dataclass(frozen=True, slots=True)
class PutConnection:
    """Make or change one Vnet2Vnet connection from gateway `near` to gateway `far`.

    `key` goes into the body of a creation only: an existing connection's key is changed by PutSharedKey (arm.md 7).
    When not `creates` every other property that ARM showed is carried along.
    """

    slot: Slot
    id: ConnectionId
    location: str
    near: GatewayId
    far: GatewayId
    options: ConnectionOptions
    key: SharedKey | None
    tags: Tags
    creates: bool
    identity: Identity
    auxiliary: Identity | None = None
    changes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PutSharedKey:
    """Set the key of one connection. `version`: resourceVersion of the Secret that it comes from."""

    slot: Slot
    id: ConnectionId
    key: SharedKey
    version: str
    identity: Identity
    auxiliary: Identity | None = None
    creates: bool = False


@dataclass(frozen=True, slots=True)
class PatchTags:
    """Replace the tags of a gateway, address or connection, and nothing else of it."""

    slot: Slot
    id: GatewayId | PublicIpId | ConnectionId
    tags: Tags
    identity: Identity
    creates: bool = False


@dataclass(frozen=True, slots=True)
class DeletePart:
    """Delete one connection, gateway, address or subnet that was read Present."""

    slot: Slot
    id: ConnectionId | GatewayId | PublicIpId | SubnetId
    identity: Identity
    auxiliary: Identity | None = None
    creates: bool = False


@dataclass(frozen=True, slots=True)
class MakeSharedKey:
    """Generate a key into a new labelled Secret; one that exists is left as it is."""

    secret: SecretKeyRef


@dataclass(frozen=True, slots=True)
class RenewSharedKey:
    """Generate another key into a Secret that we generated, only onto that `version`; `requested_at` is noted in it."""

    secret: SecretKeyRef
    version: str
    requested_at: str


@dataclass(frozen=True, slots=True)
class KeepPreviousKey:
    """Keep the key that both ends have until `rotating_to` (a Secret's resourceVersion) is proven.

    `version`: of the Secret that keeps it, to be changed; empty to make it.
    """

    key: SharedKey
    rotating_to: str
    version: str = ""


@dataclass(frozen=True, slots=True)
class MarkFailedKey:
    """Note in the kept Secret (`version`) that the key of `failed` did not bring the tunnel up."""

    failed: str
    version: str


@dataclass(frozen=True, slots=True)
class ForgetPreviousKey:
    """Delete the kept Secret: the new key is proven."""

    version: str


@dataclass(frozen=True, slots=True)
class Record:
    """Write the ownership record together with the finalizer, in one patch guarded by resourceVersion."""

    record: OwnershipRecord


@dataclass(frozen=True, slots=True)
class ReleaseFinalizer:
    """Take our finalizer off; everything that had to go is gone, or stays on purpose."""


PeeringAction: TypeAlias = PutPeering | DeletePeering
VpnAction: TypeAlias = PutSubnet | PutPublicIp | PutGateway | PutConnection | PutSharedKey | PatchTags | DeletePart
AzureAction: TypeAlias = PeeringAction | VpnAction
SecretAction: TypeAlias = MakeSharedKey | RenewSharedKey | KeepPreviousKey | MarkFailedKey | ForgetPreviousKey
Action: TypeAlias = AzureAction | SecretAction | Record | ReleaseFinalizer
