"""Complete orders: each carries its own target and identity and can be carried out without asking anything further."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias

from vnetlink.domain.arm_id import (
    ConnectionId,
    GatewayId,
    PeeringId,
    PublicIpId,
    ResourceGroupId,
    SubnetId,
    VnetId,
    ZoneLinkId,
)
from vnetlink.domain.identity import Identity
from vnetlink.domain.ownership import OwnershipRecord, Slot
from vnetlink.domain.peering import PeeringOptions
from vnetlink.domain.shared_key import SharedKey
from vnetlink.domain.sides import Side
from vnetlink.domain.vnet_link import VnetCreation
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

    creates: ClassVar[bool] = False

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

    creates: ClassVar[bool] = True

    slot: Slot
    id: SubnetId
    prefix: str
    identity: Identity


@dataclass(frozen=True, slots=True)
class PutPublicIp:
    """Make one Standard, Static public IP address. Always a creation; `zones` empty where the region has none."""

    creates: ClassVar[bool] = True

    slot: Slot
    id: PublicIpId
    location: str
    zones: tuple[str, ...]
    tags: Tags
    identity: Identity


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

    creates: ClassVar[bool] = False

    slot: Slot
    id: ConnectionId
    key: SharedKey
    version: str
    identity: Identity
    auxiliary: Identity | None = None


@dataclass(frozen=True, slots=True)
class PatchTags:
    """Replace the tags of a gateway, address or connection, and nothing else of it."""

    creates: ClassVar[bool] = False

    slot: Slot
    id: GatewayId | PublicIpId | ConnectionId
    tags: Tags
    identity: Identity


@dataclass(frozen=True, slots=True)
class DeletePart:
    """Delete one part that was read Present: a connection, gateway, address or subnet, a VNet, a DNS link.

    A resource group never is: it would take along what others put into it.
    """

    creates: ClassVar[bool] = False

    slot: Slot
    id: ConnectionId | GatewayId | PublicIpId | SubnetId | VnetId | ZoneLinkId
    identity: Identity
    auxiliary: Identity | None = None


@dataclass(frozen=True, slots=True)
class PutResourceGroup:
    """Make one resource group. Always a creation."""

    creates: ClassVar[bool] = True

    slot: Slot
    id: ResourceGroupId
    location: str
    tags: Tags
    identity: Identity


@dataclass(frozen=True, slots=True)
class PutVnet:
    """Make one virtual network with its subnets. Always a creation: an existing VNet is never PUT as a whole."""

    creates: ClassVar[bool] = True

    slot: Slot
    id: VnetId
    creation: VnetCreation
    tags: Tags
    identity: Identity


@dataclass(frozen=True, slots=True)
class ChangePrefixes:
    """Give a VNet that we made another address space: GET, change `prefixes` alone, PUT with the etag that was read."""

    creates: ClassVar[bool] = False

    slot: Slot
    id: VnetId
    prefixes: tuple[str, ...]
    identity: Identity


@dataclass(frozen=True, slots=True)
class PutZoneLink:
    """Link a private DNS zone to a VNet. `creates` False changes registrationEnabled alone."""

    slot: Slot
    id: ZoneLinkId
    vnet: VnetId
    registration_enabled: bool
    tags: Tags
    identity: Identity
    auxiliary: Identity | None = None
    creates: bool = True


@dataclass(frozen=True, slots=True)
class PutChild:
    """Make the pair of a VNetLink, or bring its spec back in line. `version`: the resourceVersion to be changed, empty to make it."""

    kind: str
    name: str
    spec: Mapping[str, Any]
    version: str = ""


@dataclass(frozen=True, slots=True)
class DeleteChild:
    """Delete a pair of this VNetLink, only this very one."""

    kind: str
    name: str
    uid: str


@dataclass(frozen=True, slots=True)
class AskChild:
    """Have a pair of this VNetLink look at Azure now: `at` becomes its reconcile-requested-at. `version`: its resourceVersion."""

    kind: str
    name: str
    version: str
    at: str


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


@dataclass(frozen=True, slots=True)
class HoldDeletion:
    """Note that the deletion waits for a confirmation because so many were deleted at once."""

    together: int


PeeringAction: TypeAlias = PutPeering | DeletePeering
VpnAction: TypeAlias = PutSubnet | PutPublicIp | PutGateway | PutConnection | PutSharedKey | PatchTags | DeletePart
LinkAction: TypeAlias = PutResourceGroup | PutVnet | ChangePrefixes | PutSubnet | PutZoneLink | DeletePart
AzureAction: TypeAlias = PeeringAction | VpnAction | LinkAction
SecretAction: TypeAlias = MakeSharedKey | RenewSharedKey | KeepPreviousKey | MarkFailedKey | ForgetPreviousKey
ChildAction: TypeAlias = PutChild | DeleteChild | AskChild
Action: TypeAlias = AzureAction | SecretAction | ChildAction | Record | ReleaseFinalizer | HoldDeletion
