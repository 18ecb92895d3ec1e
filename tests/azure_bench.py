"""An Arm against a simulator that runs: what the contract tests of vnetlink.azure share."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from armsim_process import ArmsimProcess
from vnetlink.azure.arm import Arm
from vnetlink.azure.cloud import Cloud
from vnetlink.azure.identities import Identities
from vnetlink.azure.limiter import UNLIMITED, Limits
from vnetlink.domain.arm_id import PeeringId, VnetId
from vnetlink.domain.identity import Identity
from vnetlink.domain.observed import ObservedVnet
from vnetlink.domain.outcome import Accepted, Present
from vnetlink.domain.peering import PeeringOptions
from vnetlink.domain.sides import Side
from vnetlink.planning.actions import DeletePeering, PutPeering

NOW, SHARED = timedelta(0), timedelta(minutes=1)


class Clock:
    """The process's clock as far as vnetlink.azure sees it; moved by the test."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Bench:
    """An Arm and the simulator that it talks to."""

    def __init__(
        self, sim: ArmsimProcess, limits: Limits = UNLIMITED, api_version: str | None = None, **environ: str
    ) -> None:
        self.sim, self.clock = sim, Clock()
        cloud = Cloud.custom(sim.env["VNETLINK_ARM_ENDPOINT"], sim.env["VNETLINK_AUTHORITY_HOST"])
        self.identities = Identities(cloud, {**sim.env, **environ}, self.clock)
        self.arm = Arm(cloud, self.identities, limits, api_version=api_version, clock=self.clock)

    @property
    def who(self) -> Identity:
        return self.identities.operator

    async def read(self, vnet: VnetId, max_age: timedelta = NOW) -> Any:
        self.clock.now += 0.001
        return await self.arm.read_vnet(self.who, vnet, max_age)

    async def present(self, vnet: VnetId, max_age: timedelta = NOW) -> ObservedVnet:
        match await self.read(vnet, max_age):
            case Present(value):
                assert isinstance(value, ObservedVnet)
                return value
            case other:
                raise AssertionError(other)

    def put(
        self, home: VnetId, remote: VnetId, *, creates: bool = True, sync: bool = False, **options: Any
    ) -> PutPeering:
        peering = PeeringId(home, f"to-{remote.name}")
        return PutPeering(Side.VNET1, peering, remote, PeeringOptions(**options), creates, sync, self.who)

    def delete(self, home: VnetId, remote: VnetId) -> DeletePeering:
        return DeletePeering(Side.VNET1, PeeringId(home, f"to-{remote.name}"), remote, self.who)

    async def peered(self, first: VnetId, second: VnetId) -> None:
        for home, remote in ((first, second), (second, first)):
            outcome = await self.arm.perform(self.put(home, remote))
            assert isinstance(outcome, Accepted)
            assert outcome.created


@asynccontextmanager
async def running(bench: Bench) -> AsyncIterator[Bench]:
    try:
        yield bench
    finally:
        await bench.arm.close()


def made(sim: ArmsimProcess, name: str, prefix: str, **where: Any) -> VnetId:
    return VnetId.parse(sim.vnet(name, prefix, **where))
