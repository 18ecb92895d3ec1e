"""Azure Resource Manager for the rest of the operator: read a VNet, perform an action, lock two VNets. Decides nothing."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from vnetlink.azure.cloud import Cloud
from vnetlink.azure.identities import Identities
from vnetlink.azure.limiter import Limiter, Limits
from vnetlink.azure.locks import VnetLocks
from vnetlink.azure.memory import Memory
from vnetlink.azure.reading import Reader
from vnetlink.azure.writing import Writer
from vnetlink.domain.arm_id import VnetId
from vnetlink.domain.identity import Identity
from vnetlink.domain.observed import ObservedVnet
from vnetlink.domain.outcome import Outcome, Seen
from vnetlink.planning.actions import AzureAction

if TYPE_CHECKING:
    from vnetlink.azure.clients import Clients


class Arm:
    """Made without I/O and without importing the SDK; both come with the first call, inside the running loop."""

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

    async def read_vnet(self, identity: Identity, vnet: VnetId, max_age: timedelta) -> Seen[ObservedVnet]:
        """The VNet with all its peerings, as of at most `max_age` ago and never from before our own last write to it."""
        return await self._reader.read(identity, vnet, max_age)

    async def perform(self, action: AzureAction) -> Outcome:
        """Sends the action's one request; an operation that it starts is seen by later reads."""
        return await self._writer.perform(action)

    def writing(self, *vnets: VnetId) -> AbstractAsyncContextManager[None]:
        """To be held around a write and its re-read: nobody else of this process writes to `vnets` meanwhile."""
        return self._locks.held(*vnets)

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
