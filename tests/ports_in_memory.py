"""The ways out of a turn, kept in memory: an API server with one object, an Azure that answers as told, and one diary of both."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from vnetlink.domain.arm_id import (
    ArmId,
    ConnectionId,
    GatewayId,
    NetworkSecurityGroupId,
    PublicIpId,
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
)
from vnetlink.domain.outcome import Absent, Accepted, Outcome, Present, Seen, Unreadable
from vnetlink.domain.routing import RouteTable
from vnetlink.domain.secrets import ObservedSecret, PreviousKey
from vnetlink.domain.shared_key import SharedKey
from vnetlink.domain.specs import ObjectMeta
from vnetlink.domain.vpn import SecretKeyRef
from vnetlink.kube.answers import Write, Written
from vnetlink.kube.api import Answer, ApiServer
from vnetlink.kube.children import Children
from vnetlink.kube.claims import Claims
from vnetlink.kube.credentials import Credentials
from vnetlink.kube.deletions import Deletions
from vnetlink.kube.objects import Objects
from vnetlink.kube.status import StatusWriter
from vnetlink.kube.versions import Versions
from vnetlink.planning.actions import AzureAction, SecretAction
from vnetlink.planning.grants import Law
from vnetlink.ports import Ports, Settings

OPERATOR = Identity("operator", "tenant")
NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Server:
    """Objects by path, with resourceVersions that guard; stands in for ApiServer."""

    def __init__(self, diary: list[str]) -> None:
        self.bodies: dict[str, dict[str, Any]] = {}
        self.unreadable: set[str] = set()
        self._diary, self._version = diary, 100

    def put(self, plural: str, body: dict[str, Any]) -> None:
        meta = body["metadata"]
        self.bodies[f"/apis/vnetlink.dev/v1alpha1/namespaces/{meta['namespace']}/{plural}/{meta['name']}"] = body

    async def get(self, path: str, query: Mapping[str, str] | None = None) -> Answer:
        if path in self.unreadable:
            return Answer(503)
        return Answer(200, self.bodies[path]) if path in self.bodies else Answer(404)

    async def merge_patch(self, path: str, patch: Mapping[str, Any]) -> Answer:
        place = path.removesuffix("/status")
        body = self.bodies[place]
        if patch["metadata"]["resourceVersion"] != body["metadata"]["resourceVersion"]:
            return Answer(409)
        self._version += 1
        self._diary.append("status" if "status" in patch else "metadata")
        metadata = {**body["metadata"], **patch["metadata"], "resourceVersion": str(self._version)}
        status = {**body.get("status", {}), **patch.get("status", {})}
        self.bodies[place] = {**body, "metadata": metadata, "status": status}
        return Answer(200, self.bodies[place])


@dataclass
class Cloud:
    """Azure as a table. `asked`: every read with the age that it was content with."""

    diary: list[str]
    there: dict[ArmId, object] = field(default_factory=dict)
    listed: dict[GatewayId, tuple[ListedConnection, ...]] = field(default_factory=dict)
    keys: dict[ConnectionId, Seen[SharedKey]] = field(default_factory=dict)
    asked: list[tuple[str, float]] = field(default_factory=list)
    answers: list[Outcome] = field(default_factory=list)
    tokens: dict[str, Unreadable] = field(default_factory=dict)

    def _seen(self, id: ArmId, max_age: timedelta, what: str) -> Any:
        self.asked.append((what, max_age.total_seconds()))
        known = self.there.get(id, Absent())
        return known if isinstance(known, Absent) or hasattr(known, "transient") else Present(known)

    async def read_vnet(self, identity: Identity, vnet: VnetId, max_age: timedelta) -> Seen[ObservedVnet]:
        return cast(Seen[ObservedVnet], self._seen(vnet, max_age, vnet.name))

    async def read_gateway(self, identity: Identity, gateway: GatewayId, max_age: timedelta) -> Seen[ObservedGateway]:
        return cast(Seen[ObservedGateway], self._seen(gateway, max_age, gateway.name))

    async def read_public_ip(self, identity: Identity, ip: PublicIpId, max_age: timedelta) -> Seen[ObservedPublicIp]:
        return cast(Seen[ObservedPublicIp], self._seen(ip, max_age, ip.name))

    async def read_connection(
        self, identity: Identity, connection: ConnectionId, max_age: timedelta
    ) -> Seen[ObservedConnection]:
        return cast(Seen[ObservedConnection], self._seen(connection, max_age, connection.name))

    async def connections_of(
        self, identity: Identity, gateway: GatewayId, max_age: timedelta
    ) -> Seen[tuple[ListedConnection, ...]]:
        self.asked.append((f"connections of {gateway.name}", max_age.total_seconds()))
        return Present(self.listed.get(gateway, ()))

    async def read_shared_key(
        self, identity: Identity, connection: ConnectionId, max_age: timedelta
    ) -> Seen[SharedKey]:
        self.asked.append((f"key of {connection.name}", max_age.total_seconds()))
        return self.keys.get(connection, Absent())

    async def zones(self, identity: Identity, subscription: str, location: str) -> Seen[tuple[str, ...]]:
        self.asked.append((f"zones of {location}", 0.0))
        return Present(("1",))

    async def network_security_group(
        self, identity: Identity, group: NetworkSecurityGroupId, max_age: timedelta
    ) -> Seen[NetworkSecurityGroup]:
        return cast(Seen[NetworkSecurityGroup], self._seen(group, max_age, group.name))

    async def route_table(self, identity: Identity, table: RouteTableId, max_age: timedelta) -> Seen[RouteTable]:
        return cast(Seen[RouteTable], self._seen(table, max_age, table.name))

    async def token(self, identity: Identity) -> Unreadable | None:
        self.diary.append(f"token of {identity.name}")
        return self.tokens.get(identity.tenant)

    async def perform(self, action: AzureAction) -> Outcome:
        self.diary.append(type(action).__name__)
        return self.answers.pop(0) if self.answers else Accepted(created=True)

    @asynccontextmanager
    async def writing(self, *vnets: VnetId) -> AsyncIterator[None]:
        self.diary.append("locked")
        yield


@dataclass
class Vault:
    """Secrets as told."""

    diary: list[str]
    secret: Seen[ObservedSecret] = field(default_factory=Absent)
    previous: Seen[PreviousKey] = field(default_factory=Absent)
    answers: list[Write] = field(default_factory=list)
    may: bool = True

    async def read(self, pair: ObjectMeta, ref: SecretKeyRef) -> Seen[ObservedSecret]:
        self.diary.append("read secret")
        return self.secret

    async def read_previous(self, pair: ObjectMeta) -> Seen[PreviousKey]:
        return self.previous

    async def manageable(self, namespace: str) -> bool:
        self.diary.append("asked for rights")
        return self.may

    async def perform(self, pair: ObjectMeta, action: SecretAction) -> Write:
        self.diary.append(type(action).__name__)
        return self.answers.pop(0) if self.answers else Written({})


class Told(list[Event]):
    """Where events go."""

    def record(self, event: Event) -> None:
        self.append(event)


class Outside:
    """Everything outside of a turn. `diary`: what was done, in order."""

    def __init__(self) -> None:
        self.diary: list[str] = []
        self.server, self.cloud, self.vault = Server(self.diary), Cloud(self.diary), Vault(self.diary)
        self.events = Told()
        self.seconds = 1000.0
        self.claims = Claims(lambda owner: True, lambda keys: None)
        law = Law(OPERATOR, frozenset({"*"}))
        self.credentials = Credentials(cast(ApiServer, self.server), law, lambda keys: None, lambda: self.seconds)

    @property
    def ports(self) -> Ports:
        server, versions = cast(ApiServer, self.server), Versions()
        return Ports(
            objects=Objects(server, versions),
            credentials=self.credentials,
            secrets=self.vault,
            children=Children(server),
            statuses=StatusWriter(server, versions),
            recorder=self.events,
            claims=self.claims,
            deletions=Deletions(Objects(server, versions), lambda: self.seconds),
            azure=self.cloud,
            settings=Settings("here", OPERATOR, frozenset({"*"})),
            monotonic=lambda: self.seconds,
            now=lambda: NOW,
        )
