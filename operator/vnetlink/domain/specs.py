"""What a person asked for: custom resources decoded into frozen values, with the schema's defaults filled in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from types import MappingProxyType
from typing import Any, TypeAlias

from vnetlink.domain.arm_id import VnetId
from vnetlink.domain.kinds import KINDS
from vnetlink.domain.ownership import OwnershipRecord
from vnetlink.domain.peering import PeeringOptions
from vnetlink.domain.sides import PerSide, Side
from vnetlink.domain.vnet_link import Encryption, Method, ReplacePolicy, RequiredFlow, VnetCreation, WantedZone
from vnetlink.domain.vpn import ConnectionOptions, WantedSharedKey, WantedVpnSide


class ManagementPolicy(Enum):
    """Whether we write, or read and tell only."""

    MANAGE = "Manage"
    OBSERVE = "Observe"


class AdoptionPolicy(Enum):
    """What to do with a peering of the pair that is there already and is not recorded as ours."""

    NEVER = "Never"
    IF_MATCHING = "IfMatching"
    ALWAYS = "Always"


class DeletionPolicy(Enum):
    """What goes with the object."""

    DELETE_CREATED = "DeleteCreated"
    DELETE_ALL = "DeleteAll"
    ORPHAN = "Orphan"


class GatewayTransitPolicy(Enum):
    """Connect before the hub has a gateway, or not at all until it has one."""

    WHEN_AVAILABLE = "WhenAvailable"
    REQUIRED = "Required"


class AddressSpaceSync(Enum):
    """Whether a stale copy of the remote address space is synced by us."""

    AUTOMATIC = "Automatic"
    OFF = "Off"


class RepairDisconnected(Enum):
    """Whether a Disconnected peering that is ours or adopted is deleted and made again."""

    OWNED_OR_ADOPTED = "OwnedOrAdopted"
    NEVER = "Never"


@dataclass(frozen=True, slots=True, order=True)
class ObjectKey:
    """Which object: kind in the plural (as in kubectl), namespace and name."""

    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"

    @property
    def described(self) -> str:
        """`VNetLink team/app`: for people."""
        return f"{KINDS[self.kind]} {self}"


@dataclass(frozen=True, slots=True)
class ObjectMeta:
    """The parts of metadata that decisions need. `finalizer`: ours is on the object.

    `controller`: the VNetLink that made it, and its uid. `deletion_held`: how many were deleted at once when this deletion was
    held, 0 when it was not. `deletion_confirmed`: a person wants it nevertheless.
    """

    key: ObjectKey
    uid: str
    generation: int
    resource_version: str
    created_at: datetime
    deleting: bool = False
    finalizer: bool = False
    reconcile_requested_at: str = ""
    rotate_requested_at: str = ""
    owned: str = ""
    controller: tuple[ObjectKey, str] | None = None
    deletion_held: int = 0
    deletion_confirmed: bool = False


@dataclass(frozen=True, slots=True)
class CredentialRef:
    """A reference to an AzureCredential; namespace None is the object's own."""

    name: str
    namespace: str | None = None


@dataclass(frozen=True, slots=True)
class End:
    """One end of the pair. `creation`: how to make the VNet when it is absent, which only a VNetLink may ask for."""

    id: VnetId
    management: ManagementPolicy = ManagementPolicy.MANAGE
    credential_ref: CredentialRef | None = None
    creation: VnetCreation | None = None


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """Fields that every kind has."""

    suspend: bool = False
    management: ManagementPolicy = ManagementPolicy.MANAGE
    adoption: AdoptionPolicy = AdoptionPolicy.IF_MATCHING
    deletion: DeletionPolicy = DeletionPolicy.DELETE_CREATED
    interval: timedelta = timedelta(minutes=5)

    @property
    def writes(self) -> bool:
        """Whether this object may change Azure at all, and therefore competes for its pair and holds a finalizer."""
        return not self.suspend and self.management is ManagementPolicy.MANAGE


@dataclass(frozen=True, slots=True)
class WantedPeering:
    """One direction as asked for; `name` is None where the spec leaves it to us."""

    options: PeeringOptions = PeeringOptions()
    name: str | None = None


@dataclass(frozen=True, slots=True)
class PeeringPairSpec:
    """spec of a PeeringPair. `peerings` stand by the side they live in."""

    ends: PerSide[End]
    peerings: PerSide[WantedPeering] = PerSide(WantedPeering(), WantedPeering())
    gateway_transit: GatewayTransitPolicy = GatewayTransitPolicy.WHEN_AVAILABLE
    sync: AddressSpaceSync = AddressSpaceSync.AUTOMATIC
    repair: RepairDisconnected = RepairDisconnected.OWNED_OR_ADOPTED
    lifecycle: Lifecycle = Lifecycle()


@dataclass(frozen=True, slots=True)
class PeeringPair:
    """A PeeringPair as read from the API server. `record` is empty when the annotation is not this object's own."""

    meta: ObjectMeta
    spec: PeeringPairSpec
    record: OwnershipRecord


@dataclass(frozen=True, slots=True)
class VpnConnectionPairSpec:
    """spec of a VpnConnectionPair. `vpn` stands by the side that gateway and connection live in."""

    ends: PerSide[End]
    vpn: PerSide[WantedVpnSide]
    shared_key: WantedSharedKey
    options: ConnectionOptions = ConnectionOptions()
    lifecycle: Lifecycle = Lifecycle()

    def options_of(self, side: Side) -> ConnectionOptions:
        """The options of the connection that lives on `side`."""
        return self.options if side is Side.VNET1 else self.options.counterpart


@dataclass(frozen=True, slots=True)
class VpnConnectionPair:
    """A VpnConnectionPair as read from the API server. `record` is empty when the annotation is not this object's own."""

    meta: ObjectMeta
    spec: VpnConnectionPairSpec
    record: OwnershipRecord


@dataclass(frozen=True, slots=True)
class VNetLinkSpec:
    """spec of a VNetLink. `peering` and `vpn` are the blocks as they stand in spec, handed to the child word for word."""

    ends: PerSide[End]
    method: Method = Method.AUTO
    encryption: Encryption = Encryption.NOT_REQUIRED
    replace: ReplacePolicy = ReplacePolicy.MAKE_BEFORE_BREAK
    peering: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    vpn: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    zones: tuple[WantedZone, ...] = ()
    flows: tuple[RequiredFlow, ...] = ()
    lifecycle: Lifecycle = Lifecycle()


@dataclass(frozen=True, slots=True)
class VNetLink:
    """A VNetLink as read from the API server. `record` is empty when the annotation is not this object's own."""

    meta: ObjectMeta
    spec: VNetLinkSpec
    record: OwnershipRecord


Pair: TypeAlias = PeeringPair | VpnConnectionPair
Owner: TypeAlias = Pair | VNetLink  # every kind that has a turn, a record and a finalizer


@dataclass(frozen=True, slots=True)
class SpecError:
    """A spec that admission should have refused; `message` names field and fix. `orphan`: its deletionPolicy is Orphan."""

    meta: ObjectMeta
    message: str
    orphan: bool = False
