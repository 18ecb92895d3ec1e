"""Azure Resource Manager for the rest of the operator: read, perform an action, lock VNets. Decides nothing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from vnetlink.azure import listing, questions
from vnetlink.azure.answers import Answer, Trouble
from vnetlink.azure.cloud import Cloud
from vnetlink.azure.doubts import Doubts
from vnetlink.azure.identities import Identities
from vnetlink.azure.limiter import Limiter, Limits
from vnetlink.azure.locks import VnetLocks
from vnetlink.azure.memory import Memory
from vnetlink.azure.reading import Reader
from vnetlink.azure.vpn_codecs import plain
from vnetlink.azure.writing import Writer
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
from vnetlink.domain.outcome import Absent, Outcome, Present, Seen, Unreadable
from vnetlink.domain.reasons import Reason
from vnetlink.domain.routing import RouteTable
from vnetlink.domain.shared_key import SharedKey
from vnetlink.planning.actions import AzureAction

if TYPE_CHECKING:
    from vnetlink.azure.clients import Clients, Network

ZONES_LAST = timedelta(days=1)
TOKEN_DEADLINE = 60.0  # seconds


class Arm:
    """Made without I/O and without importing the SDK; both come with the first call, inside the running loop.

    What is read is as of at most `max_age` ago, and never from before our own last write that concerns it.
    """

    def __init__(
        self,
        cloud: Cloud,
        identities: Identities,
        limits: Limits | None = None,
        *,
        api_version: str | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._cloud, self._identities, self._api_version, self._clock = cloud, identities, api_version, clock
        self._limiter = Limiter(limits or Limits(), clock)
        self._memory, self._locks = Memory(clock), VnetLocks()
        self._doubts = Doubts(self._memory, clock)

    async def read_vnet(self, identity: Identity, vnet: VnetId, max_age: timedelta) -> Seen[ObservedVnet]:
        """The VNet with all its peerings and subnets."""
        return await self._reader.read_vnet(identity, vnet, max_age)

    async def vnets(self, identity: Identity, subscription: str) -> listing.Listed | Unreadable:
        """Every VNet of a subscription that the identity may see, by one paged list."""
        network = self._clients.network(identity, None, subscription)
        return await listing.vnets(network, subscription, self._identities.describe(identity))

    async def read_gateway(self, identity: Identity, gateway: GatewayId, max_age: timedelta) -> Seen[ObservedGateway]:
        """The gateway."""
        return await self._reader.read(identity, questions.gateway(gateway), max_age)

    async def read_public_ip(self, identity: Identity, ip: PublicIpId, max_age: timedelta) -> Seen[ObservedPublicIp]:
        """The address."""
        return await self._reader.read(identity, questions.public_ip(ip), max_age)

    async def read_connection(
        self, identity: Identity, connection: ConnectionId, max_age: timedelta
    ) -> Seen[ObservedConnection]:
        """The connection with its status."""
        return await self._reader.read(identity, questions.connection(connection), max_age)

    async def connections_of(
        self, identity: Identity, gateway: GatewayId, max_age: timedelta
    ) -> Seen[tuple[ListedConnection, ...]]:
        """Every connection that begins at the gateway; Absent when there is no such gateway."""
        return await self._reader.read(identity, questions.connections_of(gateway), max_age)

    async def read_shared_key(
        self, identity: Identity, connection: ConnectionId, max_age: timedelta
    ) -> Seen[SharedKey]:
        """The connection's key; Absent when it has none, or is not there itself."""
        question = questions.shared_key(connection)

        async def ask(network: Network) -> Answer | Trouble:
            return self._doubts.weighed(identity, connection, await question.ask(network))

        return await self._reader.read(identity, replace(question, ask=ask), max_age)

    async def zones(self, identity: Identity, subscription: str, location: str) -> Seen[tuple[str, ...]]:
        """The zones of a region as of at most a day ago, empty where it has none; Absent when there is no such region."""
        match await self._reader.read(identity, questions.locations(subscription), ZONES_LAST):
            case Present(regions):
                found = regions.get(plain(location))
                return Absent() if found is None else Present(found)
            case other:
                return other

    async def resource_group(self, identity: Identity, group: ResourceGroupId, max_age: timedelta) -> Seen[bool]:
        """Whether the resource group is there: Present(True) or Absent."""
        return await self._reader.read(identity, questions.resource_group(group), max_age)

    async def private_dns_zones(self, identity: Identity, subscription: str) -> Seen[tuple[PrivateDnsZoneId, ...]]:
        """The private DNS zones of a subscription that are linked to any VNet; Absent when it has no such subscription."""
        return await self._reader.read(identity, questions.private_dns_zones(subscription), timedelta(0))

    async def zone_links(
        self, identity: Identity, zone: PrivateDnsZoneId, max_age: timedelta
    ) -> Seen[tuple[ObservedZoneLink, ...]]:
        """Every link of a private DNS zone; Absent when there is no such zone."""
        return await self._reader.read(identity, questions.zone_links(zone), max_age)

    async def network_security_group(
        self, identity: Identity, group: NetworkSecurityGroupId, max_age: timedelta
    ) -> Seen[NetworkSecurityGroup]:
        """The group with its rules, the default ones included."""
        return await self._reader.read_group(identity, group, max_age)

    async def route_table(self, identity: Identity, table: RouteTableId, max_age: timedelta) -> Seen[RouteTable]:
        """The table with its routes."""
        return await self._reader.read_table(identity, table, max_age)

    async def perform(self, action: AzureAction) -> Outcome:
        """Sends the action's one request; an operation that it starts is seen by later reads."""
        return await self._writer.perform(action)

    async def token(self, identity: Identity) -> Unreadable | None:
        """Asks for a token as any request would; None when there is one."""
        from vnetlink.azure.tokens import TokenRefused

        try:
            async with asyncio.timeout(TOKEN_DEADLINE):
                await self._identities.tokens(identity).get_token(self._cloud.scope)
        except TokenRefused as refused:
            trouble = refused.trouble
            return Unreadable(trouble.reason, trouble.message, trouble.transient)
        except TimeoutError:
            text = f"The login service does not answer for {self._identities.describe(identity)}"
            return Unreadable(Reason.AZURE_UNREACHABLE, text, transient=True)
        return None

    def writing(self, *vnets: VnetId) -> AbstractAsyncContextManager[None]:
        """To be held around a write and its re-read: nobody else of this process writes to `vnets` meanwhile."""
        return self._locks.held(*vnets)

    def load(self) -> None:
        """Imports the SDK ahead of the first call. It takes seconds, so call it in a thread."""
        from vnetlink.azure import clients  # noqa: F401

    async def close(self) -> None:
        """Closes clients, credentials and connections."""
        if "_clients" in self.__dict__:
            await self._clients.close()
        await self._identities.close()

    @cached_property
    def _clients(self) -> Clients:
        from vnetlink.azure.clients import Clients

        return Clients(self._cloud, self._identities, self._limiter, self._api_version)

    @cached_property
    def _reader(self) -> Reader:
        return Reader(self._clients, self._memory, self._identities.describe, self._clock)

    @cached_property
    def _writer(self) -> Writer:
        return Writer(self._clients, self._memory, self._reader, self._identities.describe)
