"""What a turn needs of the world outside, put together once. Knows interfaces only."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from vnetlink.domain.arm_id import (
    ConnectionId,
    GatewayId,
    NetworkSecurityGroupId,
    PrivateDnsZoneId,
    PublicIpId,
    ResourceGroupId,
    RouteTableId,
    VnetId,
)
from vnetlink.domain.events import Event
from vnetlink.domain.identity import Identity
from vnetlink.domain.network_security import NetworkSecurityGroup
from vnetlink.domain.observed import (
    ListedConnection,
    ObservedConnection,
    ObservedGateway,
    ObservedPublicIp,
    ObservedVnet,
    ObservedZoneLink,
)
from vnetlink.domain.outcome import Outcome, Seen, Unreadable
from vnetlink.domain.routing import RouteTable
from vnetlink.domain.secrets import ObservedSecret, PreviousKey
from vnetlink.domain.shared_key import SharedKey
from vnetlink.domain.specs import ObjectKey, ObjectMeta, Owner, SpecError
from vnetlink.domain.vpn import SecretKeyRef
from vnetlink.kube.answers import Write
from vnetlink.kube.api import Body
from vnetlink.kube.claims import Claims
from vnetlink.kube.deletions import Deletions
from vnetlink.kube.objects import Objects
from vnetlink.kube.status import StatusWriter
from vnetlink.planning.actions import AzureAction, ChildAction, SecretAction
from vnetlink.planning.grants import Known, Law


class Azure(Protocol):
    """What a turn needs of Azure; vnetlink.azure.arm.Arm is it."""

    async def read_vnet(self, identity: Identity, vnet: VnetId, max_age: timedelta) -> Seen[ObservedVnet]:
        """The VNet with its peerings, not older than `max_age`."""

    async def read_gateway(self, identity: Identity, gateway: GatewayId, max_age: timedelta) -> Seen[ObservedGateway]:
        """The gateway, not older than `max_age`."""

    async def read_public_ip(self, identity: Identity, ip: PublicIpId, max_age: timedelta) -> Seen[ObservedPublicIp]:
        """The address, not older than `max_age`."""

    async def read_connection(
        self, identity: Identity, connection: ConnectionId, max_age: timedelta
    ) -> Seen[ObservedConnection]:
        """The connection with its status, not older than `max_age`."""

    async def connections_of(
        self, identity: Identity, gateway: GatewayId, max_age: timedelta
    ) -> Seen[tuple[ListedConnection, ...]]:
        """Every connection that begins at the gateway, not older than `max_age`; Absent when the gateway is."""

    async def read_shared_key(
        self, identity: Identity, connection: ConnectionId, max_age: timedelta
    ) -> Seen[SharedKey]:
        """The connection's key, not older than `max_age`; Absent when it has none."""

    async def zones(self, identity: Identity, subscription: str, location: str) -> Seen[tuple[str, ...]]:
        """The availability zones of a region, empty where it has none."""

    async def resource_group(self, identity: Identity, group: ResourceGroupId, max_age: timedelta) -> Seen[bool]:
        """Whether the resource group is there: Present(True) or Absent."""

    async def zone_links(
        self, identity: Identity, zone: PrivateDnsZoneId, max_age: timedelta
    ) -> Seen[tuple[ObservedZoneLink, ...]]:
        """Every link of a private DNS zone, not older than `max_age`; Absent when the zone is."""

    async def network_security_group(
        self, identity: Identity, group: NetworkSecurityGroupId, max_age: timedelta
    ) -> Seen[NetworkSecurityGroup]:
        """The group with its rules, not older than `max_age`."""

    async def route_table(self, identity: Identity, table: RouteTableId, max_age: timedelta) -> Seen[RouteTable]:
        """The table with its routes, not older than `max_age`."""

    async def token(self, identity: Identity) -> Unreadable | None:
        """Whether a token for Azure Resource Manager is to be had; why not otherwise."""

    async def perform(self, action: AzureAction) -> Outcome:
        """Send one write, without waiting for the operation that it starts."""

    def writing(self, *vnets: VnetId) -> AbstractAsyncContextManager[None]:
        """Keep every other object from writing to these VNets."""


class Secrets(Protocol):
    """The Secrets that a VpnConnectionPair names or keeps; vnetlink.kube.secrets.Secrets is it. `get` by name only."""

    async def read(self, pair: ObjectMeta, ref: SecretKeyRef) -> Seen[ObservedSecret]:
        """The Secret that a person named, with the key in it checked. `generated`: for this very pair."""

    async def read_previous(self, pair: ObjectMeta) -> Seen[PreviousKey]:
        """The previous key that we keep for this very object; one that is not ours is Unreadable."""

    async def manageable(self, namespace: str) -> bool:
        """Whether we may create, update and delete Secrets there."""

    async def perform(self, pair: ObjectMeta, action: SecretAction) -> Write:
        """Make, renew, keep, mark or forget."""


class Children(Protocol):
    """The pairs that a VNetLink makes; vnetlink.kube.children.Children is it."""

    async def perform(self, link: ObjectMeta, action: ChildAction) -> Write:
        """Make, change or delete one pair of this link."""


class Credentials(Protocol):
    """AzureCredentials and who uses them; vnetlink.kube.credentials.Credentials is it."""

    async def known(self, owner: Owner) -> Known:
        """What decides about this object's identities, as of half a minute ago at most."""

    def update(self, body: Body) -> None:
        """Take note of a credential as it was read."""

    def forget(self, key: ObjectKey, uid: str | None = None) -> None:
        """The credential is gone."""

    def note_user(self, owner: Owner | SpecError) -> None:
        """Take note of an object that may use credentials."""

    def forget_user(self, key: ObjectKey) -> None:
        """The object is gone."""

    def users(self, key: ObjectKey) -> tuple[ObjectKey, ...]:
        """The objects that are granted this credential and use it, as far as is known."""


class Recorder(Protocol):
    """Where events go; never waits, never raises."""

    def record(self, event: Event) -> None:
        """Take one event."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What stays the same for all turns. `deletion_threshold`: how many may be deleted at once without a word, 0 = any number."""

    installation: str
    operator: Identity
    identity_namespaces: frozenset[str]
    dry_run: bool = False
    deletion_threshold: int = 0

    @property
    def law(self) -> Law:
        """What planning.grants goes by."""
        return Law(self.operator, self.identity_namespaces)


@dataclass(frozen=True, slots=True)
class Ports:
    """The ways out of a turn. `monotonic` gives seconds for waiting, `now` the time that people read."""

    objects: Objects
    credentials: Credentials
    secrets: Secrets
    children: Children
    statuses: StatusWriter
    recorder: Recorder
    claims: Claims
    deletions: Deletions
    azure: Azure
    settings: Settings
    monotonic: Callable[[], float]
    now: Callable[[], datetime]
