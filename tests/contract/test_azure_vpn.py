"""Gateways, addresses, connections and keys through the real SDK, over TLS, against the simulator's behaviour."""

from __future__ import annotations

import asyncio
import html
import json
import logging
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import quote

import pytest

from armsim_process import SUBSCRIPTION, ArmsimProcess
from azure_bench import NOW, SHARED, Bench, made, running
from vnetlink.azure.arm import Arm
from vnetlink.domain.arm_id import ConnectionId, GatewayId, PublicIpId, SubnetId, VnetId
from vnetlink.domain.observed import ListedConnection, ObservedConnection, ObservedGateway, Provisioning
from vnetlink.domain.outcome import Absent, Accepted, Later, Present, Refused, Unreadable
from vnetlink.domain.ownership import Slot
from vnetlink.domain.reasons import Reason
from vnetlink.domain.shared_key import SharedKey
from vnetlink.domain.sides import Side
from vnetlink.domain.vpn import ConnectionOptions, GatewayShape, IpsecPolicy
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

    async def perform(self, action: Any) -> Any:
        """Reads what the action is about, as a turn does, and performs it."""
        match action.id:
            case SubnetId():
                await self.read_vnet()
            case PublicIpId():
                await self.bench.arm.read_public_ip(self.bench.who, action.id, NOW)
            case GatewayId():
                await self.read_gateway()
            case ConnectionId():
                await self.read_connection()
            case other:
                raise AssertionError(other)
        return await self.bench.arm.perform(action)

    async def do(self, action: Any) -> Accepted:
        outcome = await self.perform(action)
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

    async def sends_after(self, action: Any, reads: Any) -> None:
        """All `reads` are fresh, `action` is done: then so many GETs each read sends."""
        for read, _ in reads:
            await read(SHARED)
        await self.do(action)
        for read, expected in reads:
            since = self.bench.sim.last_request()
            await read(SHARED)
            assert len(self.bench.sim.requests(since, "GET")) == expected, (action, read)

    async def read_vnet(self, max_age: timedelta = NOW) -> Any:
        return await self.bench.read(self.vnet, max_age)

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


async def test_an_active_active_gateway_with_an_asn_of_its_own_has_two_addresses(one: Site) -> None:
    await one.do(one.put_subnet())
    second = replace(one.ip, name="second-ip")
    for action in (one.put_ip(), one.put_ip("second-ip")):
        await one.do(action)
    shape = replace(SHAPE, sku="VpnGw2AZ", generation="Generation2", active_active=True, enable_bgp=True, asn=65010)
    assert (await one.do(one.put_gateway(second, shape=shape))).created
    gateway: ObservedGateway = value(await one.read_gateway())
    assert (gateway.sku, gateway.generation, gateway.asn) == ("VpnGw2AZ", "Generation2", 65010)
    assert (gateway.active_active, gateway.enable_bgp) == (True, True)
    assert gateway.public_ips == (one.ip, second)


async def test_everything_is_taken_away_again_in_order(pair: tuple[Site, Site]) -> None:
    for site in pair:
        await site.do(site.delete(site.connection))
    one = pair[0]
    assert await one.read_connection() == Absent()
    assert value(await one.list()) == ()
    for target, read in ((one.gateway, one.read_gateway), (one.ip, one.read_ip)):
        await one.do(one.delete(target))
        assert await read() == Absent()
    await one.do(one.delete(one.subnet))
    assert (await one.bench.present(one.vnet)).subnet("GatewaySubnet") is None
    for gone in (one.connection, one.gateway, one.ip, one.subnet):
        assert await one.do(one.delete(gone)) == Accepted(created=False)


@pytest.mark.parametrize("code", ["ResourceNotFound", "NotFound", "ResourceGroupNotFound"])
async def test_what_vanishes_before_its_deletion_arrives_is_deleted(pair: tuple[Site, Site], code: str) -> None:
    one = pair[0]
    one.bench.sim.fault(method="DELETE", status=404, code=code)
    for target in (one.connection, one.gateway, one.ip, one.subnet):
        assert await one.do(one.delete(target)) == Accepted(created=False)


# --- absence, refusals, trouble


async def test_every_type_is_absent_in_a_group_that_is_missing_and_unreadable_in_a_foreign_subscription(
    one: Site,
) -> None:
    arm, who = one.bench.arm, one.bench.who
    reads: tuple[tuple[Any, Any], ...] = (
        (arm.read_gateway, one.gateway),
        (arm.read_public_ip, one.ip),
        (arm.read_connection, one.connection),
        (arm.connections_of, one.gateway),
        (arm.read_shared_key, one.connection),
    )
    for read, target in reads:
        assert await read(who, target, NOW) == Absent()
        assert await read(who, replace(target, resource_group="none"), NOW) == Absent()
        away = replace(target, subscription="99999999-0000-0000-0000-000000000000")
        seen = await read(who, away, NOW)
        assert isinstance(seen, Unreadable)
        assert seen.reason is not Reason.VNET_NOT_FOUND
        assert not seen.transient


@pytest.mark.parametrize("body", [{}, [], None, {"value": None}, {"value": [7]}, {"value": [{"id": "x"}]}], ids=str)
async def test_a_list_that_does_not_tell_all_connections_is_no_empty_one(pair: tuple[Site, Site], body: Any) -> None:
    one = pair[0]
    one.bench.sim.fault(path="virtualNetworkGateways/one-gw/connections", status=200, body=body)
    seen = await one.list()
    assert isinstance(seen, Unreadable)
    assert (seen.reason, seen.transient) == (Reason.AZURE_UNREACHABLE, True)


@pytest.mark.parametrize("fault", [{"kind": "truncate"}, {"kind": "html"}, {"kind": "cut"}, {"status": 500}], ids=str)
async def test_an_answer_that_is_not_arms_leads_to_no_conclusion(
    pair: tuple[Site, Site], fault: dict[str, Any]
) -> None:
    one = pair[0]
    one.bench.sim.fault(path="Gateways/|connections/|publicIPAddresses/", **fault)
    for read in (one.read_gateway, one.read_ip, one.read_connection, one.list, one.read_key):
        seen = await read()
        assert isinstance(seen, Unreadable)
        assert (seen.reason, seen.transient) == (Reason.AZURE_UNREACHABLE, True)


async def test_all_pages_of_a_gateways_connections_are_read_and_a_failing_page_leaves_nothing(
    pair: tuple[Site, Site],
) -> None:
    one, two = pair
    group = str(one.vnet).partition("/providers/")[0]
    for n in range(4):  # the simulator's pages have two
        local = f"{group}/providers/Microsoft.Network/localNetworkGateways/l{n}"
        space = {
            "gatewayIpAddress": f"203.0.113.{n + 1}",
            "localNetworkAddressSpace": {"addressPrefixes": [f"172.16.{n}.0/24"]},
        }
        one.bench.sim.put(local, {"location": "westeurope", "properties": space})
        ends = {"virtualNetworkGateway1": {"id": str(one.gateway)}, "localNetworkGateway2": {"id": local}}
        body = {"location": "westeurope", "properties": {**ends, "connectionType": "IPsec", "sharedKey": "x1"}}
        one.bench.sim.put(f"{group}/providers/Microsoft.Network/connections/l{n}", body)
    listed = value(await one.list())
    assert len(listed) == 5
    assert {each.far for each in listed} == {None, two.gateway}
    one.bench.sim.fault(path="virtualNetworkGateways/one-gw/connections", kind="html", status=503, nth=2)
    assert isinstance(await one.list(), Unreadable)


async def test_what_stands_in_the_way_of_a_deletion_is_said(pair: tuple[Site, Site]) -> None:
    one = pair[0]
    refused = await one.perform(one.delete(one.gateway))
    assert isinstance(refused, Refused)
    assert refused.reason is Reason.GATEWAY_IN_USE
    assert str(one.connection) in refused.message
    for target in (one.ip, one.subnet):
        later = await one.perform(one.delete(target))
        assert isinstance(later, Later)
        assert later.reason is Reason.OPERATION_IN_PROGRESS


async def test_a_connection_to_a_gateway_that_is_missing_is_refused_in_its_name(one: Site, two: Site) -> None:
    await one.build()
    refused = await one.perform(one.put_connection(two.gateway))
    assert isinstance(refused, Refused)
    assert (refused.reason, refused.code) == (Reason.GATEWAY_MISSING, "InvalidResourceReference")
    assert str(two.gateway) in refused.message


async def test_a_subnet_that_does_not_fit_is_refused(one: Site) -> None:
    one.bench.sim.vnet("one", "10.1.0.0/16", subnets={"app": "10.1.255.0/24"})
    overlaps = await one.perform(one.put_subnet("10.1.255.0/27"))
    assert isinstance(overlaps, Refused)
    assert overlaps.reason is Reason.NO_FREE_PREFIX
    outside = await one.perform(one.put_subnet("10.9.0.0/27"))
    assert isinstance(outside, Refused)
    assert outside.reason is Reason.INVALID_SPEC


# --- what others have made


async def test_nothing_is_created_over_what_is_there_already(one: Site, two: Site) -> None:
    for site in (one, two):
        await site.build()
    await one.do(one.put_connection(two.gateway))
    since = one.bench.sim.last_request()
    for action in (one.put_subnet("10.1.254.0/27"), one.put_ip(), one.put_gateway(), one.put_connection(two.gateway)):
        later = await one.perform(action)
        assert isinstance(later, Later)
        assert later.reason is Reason.OPERATION_IN_PROGRESS
    assert not one.bench.sim.requests(since, "PUT")


async def test_an_update_carries_along_what_others_have_set_and_sends_no_key(pair: tuple[Site, Site]) -> None:
    one, two = pair
    shown = one.bench.sim.get(str(one.connection))
    properties = {**shown["properties"], "usePolicyBasedTrafficSelectors": True}
    tags = {**shown["tags"], "theirs": "1"}
    one.bench.sim.put(str(one.connection), {**shown, "tags": tags, "properties": properties})
    policy = IpsecPolicy(27000, 102400000, "GCMAES256", "GCMAES256", "AES256", "SHA256", "DHGroup14", "PFS2048")
    changed = one.put_connection(two.gateway, creates=False, routing_weight=30, ipsec_policies=(policy,))
    assert await one.do(changed) == replace(await one.do(changed), created=False)
    after = value(await one.read_connection())
    assert after.options == ConnectionOptions(routing_weight=30, ipsec_policies=(policy,))
    assert dict(after.tags) == {**dict(TAGS), "theirs": "1"}
    assert one.bench.sim.get(str(one.connection))["properties"]["usePolicyBasedTrafficSelectors"] is True
    assert value(await one.read_key()) == KEY


async def test_a_connection_of_that_name_that_leads_elsewhere_is_not_changed(pair: tuple[Site, Site]) -> None:
    one, two = pair
    later = await one.perform(one.put_connection(replace(two.gateway, name="third"), creates=False))
    assert isinstance(later, Later)
    assert "has changed since it was read" in later.message


async def test_a_change_by_somebody_else_between_read_and_write_defers_the_write(pair: tuple[Site, Site]) -> None:
    one, two = pair
    value(await one.read_connection())
    one.bench.sim.fault(
        path="connections/one-conn", method="PUT", status=412, code="PreconditionFailedEtagMismatch", count=1
    )
    later = await one.perform(one.put_connection(two.gateway, creates=False, routing_weight=30))
    assert isinstance(later, Later)
    assert later.reason is Reason.OPERATION_IN_PROGRESS


async def test_tags_of_every_type_are_replaced_and_nothing_else(pair: tuple[Site, Site]) -> None:
    one = pair[0]
    one.bench.sim.advance(600)  # the tunnel stands
    for target, read in ((one.gateway, one.read_gateway), (one.ip, one.read_ip), (one.connection, one.read_connection)):
        before = value(await read())
        await one.do(one.patch(target, ("a", "1"), ("b", "2")))
        after = value(await read())
        assert after == replace(before, tags=(("a", "1"), ("b", "2")))
    assert value(await one.list())[0].tags == (("a", "1"), ("b", "2"))


async def test_a_failed_gateway_is_written_again_with_what_others_have_set(one: Site) -> None:
    await one.build()
    shown = one.bench.sim.get(str(one.gateway))
    rules = [{"name": "r", "properties": {"type": "Static", "mode": "EgressSnat"}}]
    one.bench.sim.put(str(one.gateway), {**shown, "properties": {**shown["properties"], "natRules": rules}})
    again = await one.do(one.put_gateway(creates=False))
    assert not again.created
    after = one.bench.sim.get(str(one.gateway))["properties"]
    assert [rule["name"] for rule in after["natRules"]] == ["r"]
    assert [each["name"] for each in after["ipConfigurations"]] == ["default"]
    assert value(await one.read_gateway()).public_ips == (one.ip,)


# --- freshness


async def test_readers_at_the_same_time_share_one_get_of_any_type(pair: tuple[Site, Site]) -> None:
    one = pair[0]
    reads = (one.read_gateway, one.read_ip, one.read_connection, one.list, one.read_key)
    since = one.bench.sim.last_request()
    for read in reads:
        await asyncio.gather(*(read(SHARED) for _ in range(5)))
        await read(SHARED)
    assert len(one.bench.sim.requests(since)) == len(reads)


async def test_a_write_outdates_everything_that_shows_it(pair: tuple[Site, Site]) -> None:
    one, two = pair
    wanted = ((one.read_connection, 1), (one.read_key, 1), (one.list, 1), (two.list, 1), (two.read_connection, 0))
    await one.sends_after(one.put_connection(two.gateway, creates=False, routing_weight=20), wanted)
    key_only = ((one.read_connection, 1), (one.read_key, 1), (one.list, 0), (two.read_key, 0))
    await one.sends_after(one.put_key(), key_only)
    gateway = (
        (one.read_gateway, 1),
        (one.read_ip, 1),
        (one.read_vnet, 1),
        (one.read_connection, 0),
        (two.read_gateway, 0),
    )
    await one.sends_after(one.put_gateway(creates=False), gateway)
    await one.sends_after(one.patch(one.ip, ("a", "1")), ((one.read_ip, 1), (one.read_gateway, 0)))
    for site in pair:
        await site.do(site.delete(site.connection))
    await one.sends_after(one.delete(one.gateway), ((one.read_gateway, 1), (one.read_ip, 1), (one.read_vnet, 1)))


async def test_a_write_that_fails_outdates_as_much(pair: tuple[Site, Site]) -> None:
    one = pair[0]
    value(await one.read_key(SHARED))
    one.bench.sim.fault(path="sharedkey", method="PUT", kind="cut", when="after", count=1)
    later = await one.perform(one.put_key())
    assert isinstance(later, Later)
    assert later.reason is Reason.AZURE_UNREACHABLE
    assert value(await one.read_key(SHARED)) == OTHER_KEY


async def test_a_stale_answer_after_our_write_is_settling(pair: tuple[Site, Site]) -> None:
    one, two = pair
    for read in (one.read_connection, one.read_gateway):
        value(await read())
    one.bench.sim.fault(path="one-conn|one-gw", method="GET", kind="stale")
    await one.do(one.put_connection(two.gateway, creates=False, routing_weight=20))
    await one.do(one.patch(one.gateway, ("a", "1")))
    for read in (one.read_connection, one.read_gateway):
        stale = value(await read(SHARED))
        assert stale.settling
        assert stale.busy
    one.bench.sim.clear_faults()
    for read in (one.read_connection, one.read_gateway):
        assert not value(await read(SHARED)).settling


async def test_what_we_made_a_moment_ago_and_arm_does_not_show_yet_is_no_absence(one: Site) -> None:
    await one.do(one.put_subnet())
    await one.do(one.put_ip())
    assert await one.read_gateway() == Absent()
    one.bench.sim.fault(path="one-gw", method="GET", kind="stale")
    assert (await one.do(one.put_gateway())).created
    seen = await one.read_gateway(SHARED)
    assert isinstance(seen, Unreadable)
    assert (seen.reason, seen.transient) == (Reason.OPERATION_IN_PROGRESS, True)
    since = one.bench.sim.last_request()
    assert isinstance(await one.perform(one.put_gateway()), Later)
    assert not one.bench.sim.requests(since, "PUT")
    one.bench.sim.clear_faults()
    assert value(await one.read_gateway(SHARED)).provisioning is Provisioning.SUCCEEDED


async def test_a_stale_list_and_a_stale_key_are_not_shown(one: Site, two: Site) -> None:
    for site in (one, two):
        await site.build()
    assert value(await one.list()) == ()
    one.bench.sim.fault(path="one-gw/connections", method="GET", kind="stale")
    await one.do(one.put_connection(two.gateway))
    assert isinstance(await one.list(SHARED), Unreadable)
    one.bench.sim.clear_faults()
    assert len(value(await one.list(SHARED))) == 1
    assert value(await one.read_key()) == KEY
    one.bench.sim.fault(path="sharedkey", method="GET", kind="stale")
    await one.do(one.put_key())
    assert isinstance(await one.read_key(SHARED), Unreadable)
    one.bench.sim.clear_faults()
    assert value(await one.read_key(SHARED)) == OTHER_KEY


@pytest.fixture
async def slow(tmp_path: Path) -> AsyncIterator[Site]:
    """A VNet with address and GatewaySubnet where a second is a thousand: a gateway takes its time."""
    with ArmsimProcess(tmp_path, speed="1000") as process:
        async with running(Bench(process)) as bench:
            site = Site(bench, made(process, "one", "10.1.0.0/16"))
            for action in (site.put_subnet(), site.put_ip()):
                await site.do(action)
                process.advance(600)
            yield site


async def test_what_is_being_made_is_busy_and_another_write_is_later(slow: Site) -> None:
    assert (await slow.do(slow.put_gateway())).created
    making = value(await slow.read_gateway())
    assert (making.creating, making.busy) == (True, True)
    again = await slow.perform(slow.put_gateway(creates=False))
    assert isinstance(again, Later)
    assert again.reason is Reason.OPERATION_IN_PROGRESS


async def test_a_creation_that_was_cut_joins_the_one_that_runs(slow: Site) -> None:
    slow.bench.sim.fault(path="one-gw", method="GET", kind="stale")
    slow.bench.sim.fault(path="one-gw", method="PUT", kind="cut", when="after", count=1)
    assert isinstance(await slow.perform(slow.put_gateway()), Later)
    slow.bench.sim.advance(20)
    joined = await slow.perform(slow.put_gateway())
    assert isinstance(joined, Accepted)
    assert joined.created
    slow.bench.sim.clear_faults()
    slow.bench.sim.advance(3600)
    assert value(await slow.read_gateway()).provisioning is Provisioning.SUCCEEDED


# --- keys


async def test_a_key_is_set_and_read_back(pair: tuple[Site, Site]) -> None:
    one, two = pair
    assert not (await one.do(one.put_key())).created
    assert value(await one.read_key()) == OTHER_KEY
    assert value(await two.read_key()) == KEY


async def test_writing_the_key_that_is_there_already_does_not_wait_for_another(pair: tuple[Site, Site]) -> None:
    one = pair[0]
    assert value(await one.read_key()) == KEY
    await one.do(one.put_key(KEY))
    assert value(await one.read_key(SHARED)) == KEY


async def test_a_tunnel_that_comes_up_between_read_and_write_defers_nothing(slow: Site) -> None:
    sim, arm = slow.bench.sim, slow.bench.arm
    two = Site(slow.bench, made(sim, "two", "10.2.0.0/16"))
    steps = (two.put_subnet("10.2.255.0/27"), two.put_ip(), slow.put_gateway(), two.put_gateway())
    for site, action in zip((two, two, slow, two), steps, strict=True):
        await site.do(action)
        sim.advance(3600)
    for site, far in ((slow, two), (two, slow)):
        await site.do(site.put_connection(far.gateway))
    sim.advance(20)
    assert value(await slow.read_connection()).status  # Unknown, unless the machine is slow: its clock runs on
    sim.advance(600)
    assert isinstance(await arm.perform(slow.put_key(KEY)), Accepted)
    sim.advance(1200)
    assert isinstance(await arm.perform(slow.put_key(KEY)), Accepted)
    sim.advance(600)
    assert value(await slow.read_connection()).status == "Connected"


@pytest.mark.parametrize("status", [200, 201])
async def test_an_answer_that_repeats_the_key_is_an_acceptance_and_no_creation(
    pair: tuple[Site, Site], status: int
) -> None:
    one = pair[0]
    body = {"value": OTHER_KEY.reveal()}
    one.bench.sim.fault(path="sharedkey", method="PUT", status=status, body=body, count=1)
    assert await one.perform(one.put_key()) == Accepted(created=False)


async def test_an_update_sends_no_key_even_if_it_is_given_one(pair: tuple[Site, Site]) -> None:
    one, two = pair
    action = replace(one.put_connection(two.gateway, creates=False), key=SharedKey("no key that Azure takes ~"))
    await one.do(action)


@pytest.mark.parametrize("body", [None, {}, {"value": None}, {"value": ""}], ids=str)
async def test_no_key_is_absent(pair: tuple[Site, Site], body: Any) -> None:
    one = pair[0]
    one.bench.sim.fault(path="sharedkey", method="GET", status=200, body=body)
    assert await one.read_key() == Absent()


@pytest.mark.parametrize("body", [{"value": []}, {"value": 7}, [], 7, "text"], ids=str)
async def test_a_key_that_is_no_text_is_unreadable(pair: tuple[Site, Site], body: Any) -> None:
    one = pair[0]
    one.bench.sim.fault(path="sharedkey", method="GET", status=200, body=body)
    seen = await one.read_key()
    assert isinstance(seen, Unreadable)
    assert (seen.reason, seen.transient) == (Reason.AZURE_UNREACHABLE, True)


async def test_who_may_only_read_keys_is_told_which_right_is_missing_once_it_is_certain(
    pair: tuple[Site, Site],
) -> None:
    one = pair[0]
    sim, client = one.bench.sim, one.bench.sim.env["AZURE_CLIENT_ID"]
    rights = ["Microsoft.Network/connections/read", "Microsoft.Network/connections/sharedKey/read"]
    sim.roles({client: [{"scope": f"/subscriptions/{one.vnet.subscription}", "actions": rights}]})
    try:
        told = []
        for _ in range(4):
            value(await one.read_connection())
            told.append(await one.read_key())
            one.bench.clock.now += 4
    finally:
        sim.roles({client: None})
    assert [(seen.reason, seen.transient) for seen in told] == [
        *[(Reason.AZURE_UNREACHABLE, True)] * 3,
        (Reason.AUTHORIZATION_FAILED, False),
    ]
    assert "Microsoft.Network/connections/sharedKey/action" in told[-1].message
    assert value(await one.read_key()) == KEY


# --- zones

LOCATIONS = f"/subscriptions/{SUBSCRIPTION}/locations"


async def test_the_zones_of_a_region_are_read_once_a_day(bench: Bench) -> None:
    async def zones(location: str) -> Any:
        return await bench.arm.zones(bench.who, SUBSCRIPTION, location)

    since = bench.sim.last_request()
    assert await zones("West Europe") == Present(("1", "2", "3"))
    assert await zones("westeurope") == Present(("1", "2", "3"))
    assert await zones("West US") == Present(())
    assert await zones("atlantis") == Absent()
    assert [each["path"] for each in bench.sim.requests(since, path="/subscriptions")] == [
        f"{LOCATIONS}?api-version=2022-12-01"
    ]
    bench.clock.now += 24 * 3600 + 1
    await zones("westeurope")
    assert len(bench.sim.requests(since, path="/locations")) == 2


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 200, "body": {}},
        {"status": 200, "body": {"value": []}},
        {"status": 200, "body": [7]},
        {"kind": "html"},
        {"kind": "truncate"},
        {"status": 404, "body": {}},
        {"status": 403, "code": "AuthorizationFailed"},
    ],
    ids=str,
)
async def test_zones_that_cannot_be_read_are_not_no_zones(bench: Bench, fault: dict[str, Any]) -> None:
    bench.sim.fault(path="/locations", **fault)
    seen = await bench.arm.zones(bench.who, SUBSCRIPTION, "westeurope")
    assert isinstance(seen, Unreadable)
    assert seen.transient is ("code" not in fault)


# --- secrecy


async def test_no_key_is_in_a_log_a_message_a_repr_or_memory(
    pair: tuple[Site, Site], caplog: pytest.LogCaptureFixture
) -> None:
    one, two = pair
    text = OTHER_KEY.reveal()
    told: list[object] = []
    with caplog.at_level(logging.DEBUG):
        for echo in echoes(text):
            one.bench.sim.fault(path="sharedkey", method="PUT", count=1, **echo)
            told.append(await one.perform(one.put_key()))
        for echo in echoes(text):
            one.bench.sim.fault(path="three", method="PUT", count=1, **echo)
            action = replace(one.put_connection(two.gateway), id=replace(one.connection, name="three"), key=OTHER_KEY)
            told.extend((action, await one.perform(action)))
        one.bench.clock.now += 121  # one of the answers was as good as an acceptance
        await one.do(one.put_key())
        told.extend((await one.read_key(), one.put_key(), await one.read_connection()))
    everything = [caplog.text, repr(told), repr(remembered(one.bench.arm)), *(repr(r.__dict__) for r in caplog.records)]
    everything += [r.exc_text or "" for r in caplog.records]
    for form in (text, text.lower(), json.dumps(text)[1:-1], quote(text, safe="")):
        assert not any(form in one_text for one_text in everything)


async def test_an_api_version_that_shows_keys_leaves_none_in_memory(sim: ArmsimProcess) -> None:
    async with running(Bench(sim, api_version="2022-01-01")) as bench:
        one, two = (Site(bench, made(sim, name, f"10.{n}.0.0/16")) for n, name in ((1, "one"), (2, "two")))
        for site in (one, two):
            await site.build()
        await one.do(one.put_connection(two.gateway))
        assert sim.get(f"{one.connection}?api-version=2022-01-01")["properties"]["sharedKey"] == KEY.reveal()
        value(await one.read_connection())
        assert KEY.reveal() not in repr(remembered(bench.arm))
        since = sim.last_request()
        await one.do(one.put_connection(two.gateway, creates=False, routing_weight=40))
        assert len(sim.requests(since, "PUT")) == 1
        assert value(await one.read_key()) == KEY


def echoes(key: str) -> Iterator[dict[str, Any]]:
    """Answers that repeat the key, ARM's and others'."""
    yield {
        "status": 400,
        "code": "InvalidSharedKey",
        "message": f"The key '{key}' is not allowed, {key.lower()} neither.",
    }
    yield {"status": 400, "body": {"error": {"code": key, "message": key, "details": [{"code": "X", "message": key}]}}}
    yield {"status": 400, "body": {"error": {"code": ["x", key], "message": {"value": key}}}}
    yield {"status": 400, "body": f"<html>{html.escape(key)}</html>"}
    yield {"status": 500, "body": json.dumps({"value": key})[:-3]}
    yield {"status": 200, "body": json.dumps({"value": key})[:-3]}
    yield {"status": 200, "body": {"value": key}}
    yield {"status": 302, "headers": {"Location": f"https://localhost:1/?{quote(key)}"}}


def remembered(arm: Arm) -> list[object]:
    """All that an Arm keeps, as far as Python can look into it."""
    seen: dict[int, object] = {}

    def look(thing: object) -> None:
        if id(thing) in seen or isinstance(thing, type | ModuleType):
            return
        seen[id(thing)] = thing
        for name in (*getattr(thing, "__dict__", ()), *getattr(thing, "__slots__", ())):
            if hasattr(thing, name) and not isinstance(thing, SharedKey):
                look(getattr(thing, name))
        for inner in thing.values() if isinstance(thing, Mapping) else thing if isinstance(thing, list | tuple) else ():
            look(inner)

    look(arm._memory)
    return list(seen.values())
