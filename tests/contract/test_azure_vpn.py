"""Gateways, addresses, connections and keys through the real SDK, over TLS, against the simulator's behaviour."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from armsim_process import ArmsimProcess
from azure_bench import NOW, Bench, made, running
from vnetlink.domain.arm_id import ConnectionId, GatewayId, PublicIpId, SubnetId, VnetId
from vnetlink.domain.observed import ListedConnection, ObservedConnection, ObservedGateway, Provisioning
from vnetlink.domain.outcome import Absent, Accepted, Present
from vnetlink.domain.ownership import Slot
from vnetlink.domain.shared_key import SharedKey
from vnetlink.domain.sides import Side
from vnetlink.domain.vpn import ConnectionOptions, GatewayShape
from vnetlink.planning.actions import (
    DeletePart,
    PatchTags,
    PutConnection,
    PutGateway,
    PutPublicIp,
    PutSharedKey,
    PutSubnet,
)

SLOT = Slot(Side.VNET1)
TAGS = (("owner", "team-a"), ("vnetlink.dev", "pair"))
KEY = SharedKey('s3cret"Key<>&/of+16%chars')
OTHER_KEY = SharedKey("another.Key_of*16%chars")
SHAPE = GatewayShape("VpnGw1AZ", "Generation1", False, False, None, TAGS)


@dataclass
class Site:
    """One VNet and the ids of what a VPN needs beside it."""

    bench: Bench
    vnet: VnetId

    def id(self, kind: Any, name: str) -> Any:
        return kind(self.vnet.subscription, self.vnet.resource_group, f"{self.vnet.name}-{name}")

    @property
    def gateway(self) -> GatewayId:
        return GatewayId.parse(str(self.id(GatewayId, "gw")))

    @property
    def ip(self) -> PublicIpId:
        return PublicIpId.parse(str(self.id(PublicIpId, "ip")))

    @property
    def subnet(self) -> SubnetId:
        return SubnetId(self.vnet, "GatewaySubnet")

    @property
    def connection(self) -> ConnectionId:
        return ConnectionId.parse(str(self.id(ConnectionId, "conn")))

    def put_subnet(self, prefix: str = "10.1.255.0/27") -> PutSubnet:
        return PutSubnet(SLOT, self.subnet, prefix, self.bench.who)

    def put_ip(self, name: str = "", zones: tuple[str, ...] = ("1", "2", "3")) -> PutPublicIp:
        ip = replace(self.ip, name=name) if name else self.ip
        return PutPublicIp(SLOT, ip, "westeurope", zones, TAGS, self.bench.who)

    def put_gateway(self, *more: PublicIpId, shape: GatewayShape = SHAPE, creates: bool = True) -> PutGateway:
        ips = (self.ip, *more)
        return PutGateway(SLOT, self.gateway, "westeurope", self.subnet, ips, shape, self.bench.who, creates)

    def put_connection(self, far: GatewayId, *, creates: bool = True, **options: Any) -> PutConnection:
        wanted, key = ConnectionOptions(**options), KEY if creates else None
        return PutConnection(
            SLOT, self.connection, "westeurope", self.gateway, far, wanted, key, TAGS, creates, self.bench.who
        )

    def put_key(self, key: SharedKey = OTHER_KEY) -> PutSharedKey:
        return PutSharedKey(SLOT, self.connection, key, "7", self.bench.who)

    def patch(self, target: Any, *tags: tuple[str, str]) -> PatchTags:
        return PatchTags(SLOT, target, tags, self.bench.who)

    def delete(self, target: Any) -> DeletePart:
        return DeletePart(SLOT, target, self.bench.who)

    async def do(self, action: Any) -> Accepted:
        outcome = await self.bench.arm.perform(action)
        assert isinstance(outcome, Accepted), outcome
        return outcome

    async def build(self) -> None:
        """Subnet, address and gateway."""
        for action in (self.put_subnet(f"{self.vnet_prefix}.255.0/27"), self.put_ip(), self.put_gateway()):
            assert (await self.do(action)).created

    @property
    def vnet_prefix(self) -> str:
        shown = self.bench.sim.get(str(self.vnet))["properties"]["addressSpace"]["addressPrefixes"][0]
        return ".".join(shown.split(".")[:2])

    async def read_gateway(self, max_age: timedelta = NOW) -> Any:
        self.bench.clock.now += 0.001
        return await self.bench.arm.read_gateway(self.bench.who, self.gateway, max_age)

    async def read_ip(self, max_age: timedelta = NOW) -> Any:
        self.bench.clock.now += 0.001
        return await self.bench.arm.read_public_ip(self.bench.who, self.ip, max_age)

    async def read_connection(self, max_age: timedelta = NOW) -> Any:
        self.bench.clock.now += 0.001
        return await self.bench.arm.read_connection(self.bench.who, self.connection, max_age)

    async def list(self, max_age: timedelta = NOW) -> Any:
        self.bench.clock.now += 0.001
        return await self.bench.arm.connections_of(self.bench.who, self.gateway, max_age)

    async def read_key(self, max_age: timedelta = NOW) -> Any:
        self.bench.clock.now += 0.001
        return await self.bench.arm.read_shared_key(self.bench.who, self.connection, max_age)


def value(seen: Any) -> Any:
    assert isinstance(seen, Present), seen
    return seen.value


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ArmsimProcess]:
    with ArmsimProcess(tmp_path_factory.mktemp("armsim"), config={"pageSize": 2}) as process:
        yield process


@pytest.fixture
def sim(simulator: ArmsimProcess) -> ArmsimProcess:
    simulator.reset()
    simulator.clear_faults()
    simulator.clear_requests()
    return simulator


@pytest.fixture
async def bench(sim: ArmsimProcess) -> AsyncIterator[Bench]:
    async with running(Bench(sim)) as one:
        yield one


@pytest.fixture
def one(bench: Bench) -> Site:
    return Site(bench, made(bench.sim, "one", "10.1.0.0/16"))


@pytest.fixture
def two(bench: Bench) -> Site:
    return Site(bench, made(bench.sim, "two", "10.2.0.0/16"))


@pytest.fixture
async def pair(one: Site, two: Site) -> tuple[Site, Site]:
    """Both gateways stand, and a connection leads from each to the other."""
    for site in (one, two):
        await site.build()
    for site, far in ((one, two), (two, one)):
        assert (await site.do(site.put_connection(far.gateway))).created
    return one, two


# --- from nothing to a tunnel


async def test_a_gateway_is_made_from_nothing_and_shows_everything_that_was_asked_for(one: Site) -> None:
    assert await one.read_gateway() == Absent()
    assert await one.read_ip() == Absent()
    await one.build()
    gateway: ObservedGateway = value(await one.read_gateway())
    assert (gateway.id, gateway.location, gateway.gateway_type) == (one.gateway, "westeurope", "Vpn")
    assert (gateway.vpn_type, gateway.sku, gateway.generation) == ("RouteBased", "VpnGw1AZ", "Generation1")
    assert (gateway.active_active, gateway.enable_bgp, gateway.asn) == (False, False, 65515)
    assert (gateway.subnets, gateway.public_ips, gateway.tags) == ((one.subnet,), (one.ip,), TAGS)
    assert gateway.provisioning is Provisioning.SUCCEEDED
    ip = value(await one.read_ip())
    assert (ip.sku, ip.allocation, ip.zones, ip.tags) == ("Standard", "Static", ("1", "2", "3"), TAGS)
    assert ip.address
    assert ip.attached_to.startswith(f"{one.gateway}/ipConfigurations/")
    assert (await one.bench.present(one.vnet)).gateway_ids == (one.gateway,)


async def test_two_connections_with_one_key_come_up(pair: tuple[Site, Site]) -> None:
    one, two = pair
    one.bench.sim.advance(600)
    for site, far in ((one, two), (two, one)):
        shown: ObservedConnection = value(await site.read_connection())
        assert (shown.near, shown.far, shown.kind) == (site.gateway, far.gateway, "Vnet2Vnet")
        assert (shown.options, shown.tags, shown.status) == (ConnectionOptions(), TAGS, "Connected")
        assert value(await site.read_key()) == KEY
        assert value(await site.list()) == (
            ListedConnection(site.connection, "Vnet2Vnet", site.gateway, far.gateway, TAGS),
        )
