"""What a turn needs of the world outside, put together once. Knows interfaces only."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from vnetlink.domain.arm_id import VnetId
from vnetlink.domain.events import Event
from vnetlink.domain.identity import Identity
from vnetlink.domain.observed import ObservedVnet
from vnetlink.domain.outcome import Outcome, Seen
from vnetlink.kube.claims import Claims
from vnetlink.kube.objects import Objects
from vnetlink.kube.status import StatusWriter
from vnetlink.planning.actions import AzureAction


class Azure(Protocol):
    """What a turn needs of Azure; vnetlink.azure.arm.Arm is it."""

    async def read_vnet(self, identity: Identity, vnet: VnetId, max_age: timedelta) -> Seen[ObservedVnet]:
        """The VNet with its peerings, not older than `max_age`."""

    async def perform(self, action: AzureAction) -> Outcome:
        """Send one write, without waiting for the operation that it starts."""

    def writing(self, *vnets: VnetId) -> AbstractAsyncContextManager[None]:
        """Keep every other object from writing to these VNets."""


class Recorder(Protocol):
    """Where events go; never waits, never raises."""

    def record(self, event: Event) -> None:
        """Take one event."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What stays the same for all turns."""

    installation: str
    operator: Identity
    identity_namespaces: frozenset[str]
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Ports:
    """The ways out of a turn. `monotonic` gives seconds for waiting, `now` the time that people read."""

    objects: Objects
    statuses: StatusWriter
    recorder: Recorder
    claims: Claims
    azure: Azure
    settings: Settings
    monotonic: Callable[[], float]
    now: Callable[[], datetime]
