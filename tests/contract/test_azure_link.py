"""What a VNetLink and its diagnosis need of Azure, through the real SDK, over TLS, against the simulator's behaviour."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from armsim_process import SUBSCRIPTION, SUBSCRIPTION_B, TENANT_B, ArmsimProcess
from azure_bench import NOW, SHARED, Bench, made, running
from vnetlink.cli.zones import names
from vnetlink.domain.arm_id import (
    NetworkSecurityGroupId,
    PrivateDnsZoneId,
    ResourceGroupId,
    RouteTableId,
    VnetId,
    ZoneLinkId,
)
from vnetlink.domain.identity import Identity
from vnetlink.domain.network_security import Access, PortRange, Protocol, Way
from vnetlink.domain.observed import ObservedZoneLink, Provisioning, SyncLevel
from vnetlink.domain.outcome import Absent, Accepted, Later, Present, Refused, Unreadable
from vnetlink.domain.ownership import Slot
from vnetlink.domain.reasons import Reason
from vnetlink.domain.routing import NextHop, Route
from vnetlink.domain.sides import PerSide, Side
from vnetlink.domain.vnet_link import VnetCreation
from vnetlink.planning.actions import ChangePrefixes, DeletePart, LinkAction, PutResourceGroup, PutVnet, PutZoneLink

SLOT = Slot(Side.VNET1)
TAGS = (("managed-by", "vnetlink"), ("team", "a"))
LINKS = "virtualNetworkLinks"
CREATION = VnetCreation("westeurope", ("10.8.0.0/16",), (("app", "10.8.0.0/24"), ("db", "10.8.1.0/24")))


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ArmsimProcess]:
    with ArmsimProcess(tmp_path_factory.mktemp("armsim"), config={"pageSize": 2}) as process:
        yield process


@pytest.fixture
def hub(sim: ArmsimProcess) -> VnetId:
    return made(sim, "hub", "10.1.0.0/16", subnets={"app": "10.1.0.0/24"})


@dataclass
class Zone:
    """A private DNS zone and what is done with its links."""

    bench: Bench
    id: PrivateDnsZoneId

    def link(self, name: str) -> ZoneLinkId:
        return ZoneLinkId(self.id, name)

    def put(self, vnet: VnetId, *, creates: bool = True, registers: bool = False) -> PutZoneLink:
        return PutZoneLink(SLOT, self.link(vnet.name), vnet, registers, TAGS, self.bench.who, creates=creates)

    def delete(self, name: str) -> DeletePart:
        return DeletePart(SLOT, self.link(name), self.bench.who)

    async def read(self, max_age: timedelta = NOW) -> Any:
        self.bench.clock.now += 0.001
        return await self.bench.arm.zone_links(self.bench.who, self.id, max_age)

    async def links(self, max_age: timedelta = NOW) -> Mapping[str, ObservedZoneLink]:
        seen = await self.read(max_age)
        assert isinstance(seen, Present), seen
        return {link.id.name: link for link in seen.value}

    async def linked(self, *vnets: VnetId) -> None:
        for vnet in vnets:
            await self.read()
            outcome = await self.bench.arm.perform(self.put(vnet))
            assert isinstance(outcome, Accepted)
            assert outcome.created

    def patched(self, name: str, **properties: Any) -> None:
        """By somebody else."""
        sim, path = self.bench.sim, f"{self.link(name)}?api-version=2020-06-01"
        sim.wait(sim.send("PATCH", path, {"properties": properties}))


@pytest.fixture
def zone(bench: Bench) -> Zone:
    return zone_of(bench, "corp.example")


def zone_of(bench: Bench, name: str) -> Zone:
    """A new zone."""
    path = f"{bench.sim.group('dns')}/providers/Microsoft.Network/privateDnsZones/{name}"
    answer = bench.sim.send("PUT", f"{path}?api-version=2020-06-01", {"location": "global"})
    assert answer.status == 202
    bench.sim.wait(answer)
    return Zone(bench, PrivateDnsZoneId.parse(path))


def spokes(sim: ArmsimProcess, count: int) -> tuple[VnetId, ...]:
    return tuple(made(sim, f"v{n}", f"10.{n}.0.0/16") for n in range(2, 2 + count))


# --- resource groups


async def test_a_resource_group_is_there_or_not_and_without_the_right_nobody_knows(bench: Bench) -> None:
    there = ResourceGroupId.parse(bench.sim.group("here"))
    assert await bench.arm.resource_group(bench.who, there, NOW) == Present(True)
    assert await bench.arm.resource_group(bench.who, replace(there, name="nowhere"), NOW) == Absent()
    bench.sim.fault(method="GET", path="resourceGroups/here", status=403, code="AuthorizationFailed", message="No.")
    bench.clock.now += 1
    seen = await bench.arm.resource_group(bench.who, there, NOW)
    assert isinstance(seen, Unreadable)
    assert (seen.reason, seen.transient) == (Reason.AUTHORIZATION_FAILED, False)


async def test_a_resource_group_is_made_with_its_tags_and_then_seen(bench: Bench) -> None:
    group = ResourceGroupId(SUBSCRIPTION, "new")
    assert await bench.arm.resource_group(bench.who, group, NOW) == Absent()
    action = PutResourceGroup(SLOT, group, "westeurope", TAGS, bench.who)
    assert await bench.arm.perform(action) == Accepted(created=True)
    assert bench.sim.get(str(group))["tags"] == dict(TAGS)
    assert await bench.arm.resource_group(bench.who, group, SHARED) == Present(True)


async def test_a_resource_group_that_is_there_is_not_written_over(bench: Bench) -> None:
    group = ResourceGroupId.parse(bench.sim.group("theirs"))
    bench.sim.send("PATCH", str(group), {"tags": {"owner": "them"}})
    outcome = await bench.arm.perform(PutResourceGroup(SLOT, group, "westeurope", TAGS, bench.who))
    assert isinstance(outcome, Later)
    assert bench.sim.get(str(group))["tags"] == {"owner": "them"}


async def test_an_old_answer_after_a_group_was_made_is_no_absence(bench: Bench) -> None:
    group = ResourceGroupId(SUBSCRIPTION, "new")
    await bench.arm.resource_group(bench.who, group, NOW)
    await bench.arm.perform(PutResourceGroup(SLOT, group, "westeurope", TAGS, bench.who))
    said = "Resource group 'new' could not be found."
    bench.sim.fault(method="GET", path="resourceGroups/new", status=404, code="ResourceGroupNotFound", message=said)
    seen = await bench.arm.resource_group(bench.who, group, SHARED)
    assert isinstance(seen, Unreadable)
    assert seen.transient
    bench.clock.now += 121
    assert await bench.arm.resource_group(bench.who, group, NOW) == Absent()


async def test_a_region_that_is_none_is_refused_as_a_fault_of_spec(bench: Bench) -> None:
    action = PutResourceGroup(SLOT, ResourceGroupId(SUBSCRIPTION, "new"), "mars-1", (), bench.who)
    outcome = await bench.arm.perform(action)
    assert isinstance(outcome, Refused)
    assert outcome.reason is Reason.INVALID_SPEC


# --- virtual networks


def new_vnet(bench: Bench, group: str = "rg") -> VnetId:
    return VnetId(SUBSCRIPTION, ResourceGroupId.parse(bench.sim.group(group)).name, "new")


async def test_a_vnet_is_made_with_its_subnets_and_tags(bench: Bench) -> None:
    vnet = new_vnet(bench)
    assert await bench.read(vnet) == Absent()
    outcome = await bench.arm.perform(PutVnet(SLOT, vnet, CREATION, TAGS, bench.who))
    assert isinstance(outcome, Accepted)
    assert outcome.created
    seen = await bench.present(vnet, SHARED)
    assert (seen.prefixes, seen.location, seen.tags) == (("10.8.0.0/16",), "westeurope", TAGS)
    assert [(one.name, one.prefixes) for one in seen.subnets] == [("app", ("10.8.0.0/24",)), ("db", ("10.8.1.0/24",))]


@pytest.mark.parametrize("read", [True, False], ids=["read absent", "not read"])
async def test_a_vnet_that_somebody_made_meanwhile_is_not_written_over(bench: Bench, read: bool) -> None:
    vnet = new_vnet(bench)
    if read:
        assert await bench.read(vnet) == Absent()
    made(bench.sim, "new", "10.77.0.0/16", subnets={"theirs": "10.77.0.0/24"})
    outcome = await bench.arm.perform(PutVnet(SLOT, vnet, CREATION, TAGS, bench.who))
    assert isinstance(outcome, Later)
    assert outcome.reason is Reason.OPERATION_IN_PROGRESS
    assert (await bench.present(vnet)).prefixes == ("10.77.0.0/16",)


async def test_a_subnet_outside_the_address_space_is_a_fault_of_spec(bench: Bench) -> None:
    creation = replace(CREATION, subnets=(("app", "10.9.0.0/24"),))
    outcome = await bench.arm.perform(PutVnet(SLOT, new_vnet(bench), creation, (), bench.who))
    assert isinstance(outcome, Refused)
    assert (outcome.reason, outcome.code) == (Reason.INVALID_SPEC, "NetcfgInvalidSubnet")


async def test_a_vnet_in_a_group_that_is_missing_is_refused(bench: Bench) -> None:
    vnet = VnetId(SUBSCRIPTION, "nowhere", "new")
    outcome = await bench.arm.perform(PutVnet(SLOT, vnet, CREATION, (), bench.who))
    assert isinstance(outcome, Refused)
    assert (outcome.reason, outcome.code) == (Reason.VNET_NOT_FOUND, "ResourceGroupNotFound")


async def test_a_vnet_grows_and_keeps_everything_else(bench: Bench, hub: VnetId) -> None:
    sim, (spoke,) = bench.sim, spokes(bench.sim, 1)
    guarded = {"networkSecurityGroup": {"id": str(group(sim))}, "routeTable": {"id": str(table(sim))}}
    sim.put(f"{hub}/subnets/guarded", {"properties": {"addressPrefix": "10.1.1.0/24", **guarded}})
    sim.send("PATCH", str(hub), {"tags": dict(TAGS)})
    await bench.peered(hub, spoke)
    before = sim.get(str(hub))
    await bench.present(spoke)
    await bench.present(hub)
    wanted = ("10.1.0.0/16", "10.9.0.0/16")
    assert isinstance(await bench.arm.perform(ChangePrefixes(SLOT, hub, wanted, bench.who)), Accepted)
    after = sim.get(str(hub))
    assert after["properties"]["addressSpace"]["addressPrefixes"] == list(wanted)
    assert bare(after, "addressPrefixes", "peeringSyncLevel") == bare(before, "addressPrefixes", "peeringSyncLevel")
    there = (await bench.present(spoke, SHARED)).peering_to(hub)
    assert there is not None
    assert there.sync_level is not SyncLevel.FULLY_IN_SYNC


def bare(shown: Any, *but: str) -> Any:
    """What ARM showed without etags and without what was meant to change."""
    if isinstance(shown, dict):
        return {name: bare(value, *but) for name, value in shown.items() if name not in ("etag", *but)}
    return [bare(one, *but) for one in shown] if isinstance(shown, list) else shown


async def test_a_vnet_changed_by_somebody_else_since_the_plan_is_left_to_the_next_turn(
    bench: Bench, hub: VnetId
) -> None:
    await bench.present(hub)
    bench.sim.put(f"{hub}/subnets/theirs", {"properties": {"addressPrefix": "10.1.5.0/24"}})
    wanted = ChangePrefixes(SLOT, hub, ("10.1.0.0/16", "10.9.0.0/16"), bench.who)
    outcome = await bench.arm.perform(wanted)
    assert isinstance(outcome, Later)
    assert {subnet.name for subnet in (await bench.present(hub)).subnets} == {"app", "theirs"}
    assert isinstance(await bench.arm.perform(wanted), Accepted)
    assert {subnet.name for subnet in (await bench.present(hub)).subnets} == {"app", "theirs"}


async def test_a_vnet_is_not_written_back_from_a_reading_older_than_our_own_write(bench: Bench, hub: VnetId) -> None:
    (spoke,) = spokes(bench.sim, 1)
    await bench.present(hub)
    bench.sim.fault(path="/hub", method="GET", kind="stale")
    assert isinstance(await bench.arm.perform(bench.put(hub, spoke)), Accepted)
    assert (await bench.present(hub)).settling
    since = bench.sim.last_request()
    outcome = await bench.arm.perform(ChangePrefixes(SLOT, hub, ("10.9.0.0/16",), bench.who))
    assert isinstance(outcome, Later)
    assert not bench.sim.requests(since, "PUT")


async def test_a_vnet_whose_etag_nobody_told_is_not_written_back(bench: Bench, hub: VnetId) -> None:
    shown = {name: value for name, value in bench.sim.get(str(hub)).items() if name != "etag"}
    bench.sim.fault(path="/hub", method="GET", status=200, body=shown)
    await bench.present(hub)
    since = bench.sim.last_request()
    assert isinstance(await bench.arm.perform(ChangePrefixes(SLOT, hub, ("10.0.0.0/8",), bench.who)), Later)
    assert not bench.sim.requests(since, "PUT")


async def test_an_old_answer_after_a_vnet_was_made_is_no_absence(bench: Bench) -> None:
    vnet = new_vnet(bench)
    await bench.read(vnet)
    bench.sim.fault(path="/new", method="GET", kind="stale")
    assert isinstance(await bench.arm.perform(PutVnet(SLOT, vnet, CREATION, TAGS, bench.who)), Accepted)
    seen = await bench.read(vnet, SHARED)
    assert isinstance(seen, Unreadable)
    assert seen.transient
    bench.sim.clear_faults()
    assert (await bench.present(vnet, SHARED)).tags == TAGS


async def test_shrinking_into_use_is_refused(bench: Bench, hub: VnetId) -> None:
    await bench.present(hub)
    outcome = await bench.arm.perform(ChangePrefixes(SLOT, hub, ("10.9.0.0/16",), bench.who))
    assert isinstance(outcome, Refused)
    assert outcome.reason is Reason.INVALID_SPEC
    assert (await bench.present(hub)).prefixes == ("10.1.0.0/16",)


async def test_a_vnet_that_is_gone_is_not_made_by_a_change(bench: Bench) -> None:
    vnet = new_vnet(bench)
    assert isinstance(await bench.arm.perform(ChangePrefixes(SLOT, vnet, ("10.9.0.0/16",), bench.who)), Later)
    assert await bench.read(vnet) == Absent()


async def test_a_deleted_vnet_is_gone_and_the_one_it_was_peered_with_is_read_again(bench: Bench, hub: VnetId) -> None:
    (spoke,) = spokes(bench.sim, 1)
    await bench.peered(hub, spoke)
    await bench.present(spoke)
    await bench.present(hub)
    delete = DeletePart(SLOT, hub, bench.who)
    assert isinstance(await bench.arm.perform(delete), Accepted)
    assert await bench.read(hub, SHARED) == Absent()
    since = bench.sim.last_request()
    await bench.present(spoke, SHARED)
    assert bench.sim.requests(since, "GET", "/v2")
    assert isinstance(await bench.arm.perform(delete), Accepted)


async def test_a_vnet_that_changed_since_it_was_found_empty_is_not_deleted(bench: Bench, hub: VnetId) -> None:
    await bench.present(hub)
    bench.sim.put(f"{hub}/subnets/theirs", {"properties": {"addressPrefix": "10.1.5.0/24"}})
    assert isinstance(await bench.arm.perform(DeletePart(SLOT, hub, bench.who)), Later)
    assert isinstance(await bench.read(hub), Present)


async def test_a_vnet_that_houses_a_gateway_is_refused_for_good(bench: Bench) -> None:
    site = made(bench.sim, "site", "10.1.0.0/16", subnets={"GatewaySubnet": "10.1.255.0/27"})
    bench.sim.gateway(str(site))
    await bench.present(site)
    outcome = await bench.arm.perform(DeletePart(SLOT, site, bench.who))
    assert isinstance(outcome, Refused)
    assert (outcome.reason, outcome.code) == (Reason.GATEWAY_IN_USE, "InUseSubnetCannotBeDeleted")


# --- links of private DNS zones


async def test_all_pages_of_a_zones_links_are_read(bench: Bench, zone: Zone) -> None:
    vnets = spokes(bench.sim, 5)
    await zone.linked(*vnets)
    links = await zone.links()
    assert {name: link.vnet for name, link in links.items()} == {vnet.name: vnet for vnet in vnets}
    assert all(link.provisioning is Provisioning.SUCCEEDED and link.tags == TAGS for link in links.values())


async def test_a_zone_without_links_is_present_and_a_zone_that_is_missing_absent(bench: Bench, zone: Zone) -> None:
    assert await zone.links() == {}
    for other in (replace(zone.id, name="nowhere.example"), replace(zone.id, resource_group="nowhere")):
        assert await bench.arm.zone_links(bench.who, other, NOW) == Absent()


async def test_links_without_the_right_to_read_them_are_unreadable(bench: Bench, zone: Zone) -> None:
    bench.sim.fault(method="GET", path=LINKS, status=403, code="AuthorizationFailed", message="No.")
    seen = await zone.read()
    assert isinstance(seen, Unreadable)
    assert seen.reason is Reason.AUTHORIZATION_FAILED


async def test_every_zone_of_a_subscription_that_has_links_is_listed(bench: Bench, zone: Zone, hub: VnetId) -> None:
    zones = [zone, *(zone_of(bench, f"{name}.example") for name in ("bare", "last"))]
    for one in (zones[0], zones[2]):
        await one.linked(hub)
    listed = await bench.arm.private_dns_zones(bench.who, SUBSCRIPTION)
    assert listed == Present((zones[0].id, zones[2].id))


@pytest.mark.parametrize(
    "answer", [{"status": 403, "code": "AuthorizationFailed"}, {"status": 200, "body": {"value": 7}}], ids=str
)
async def test_zones_that_cannot_be_listed_are_not_taken_for_none(
    bench: Bench, zone: Zone, answer: dict[str, Any]
) -> None:
    bench.sim.fault(method="GET", path="privateDnsZones", **answer)
    assert isinstance(await bench.arm.private_dns_zones(bench.who, SUBSCRIPTION), Unreadable)


async def test_names_are_looked_at_zone_by_zone_and_what_is_left_out_is_said(
    bench: Bench, zone: Zone, hub: VnetId
) -> None:
    (spoke,) = spokes(bench.sim, 1)
    await zone.linked(hub)
    await (both := zone_of(bench, "both.example")).linked(hub, spoke)
    (found,), notes = await names(bench.arm, bench.who, PerSide(hub, spoke))
    assert (found.reason, found.id, notes) == (Reason.DNS_ZONE_NOT_LINKED, str(zone.id), ())

    _, notes = await names(bench.arm, bench.who, PerSide(hub, spoke), most=1)
    assert notes == ("Of 2 private DNS zones with links, the first 1 were looked at.",)
    bench.sim.fault(method="GET", path=f"{both.id.name}/{LINKS}", status=403, code="AuthorizationFailed", message="No.")
    bench.clock.now += 1  # or it is answered from memory
    (found,), (note,) = await names(bench.arm, bench.who, PerSide(hub, spoke))
    assert found.id == str(zone.id)
    assert note.startswith("Private DNS was not read whole: ")


async def test_readings_of_links_are_shared_until_they_are_too_old(bench: Bench, zone: Zone) -> None:
    await zone.links()
    since = bench.sim.last_request()
    await zone.links(SHARED)
    assert not bench.sim.requests(since, "GET", LINKS)
    bench.clock.now += 61
    await zone.links(SHARED)
    assert len(bench.sim.requests(since, "GET", LINKS)) == 1


ELSEWHERE = {"value": [], "nextLink": "https://localhost:1/subscriptions"}


@pytest.mark.parametrize("body", [{"value": 7}, {"value": [7]}, {}, [], "{", ELSEWHERE], ids=str)
async def test_a_list_of_links_that_makes_no_sense_or_leads_elsewhere_is_no_empty_list(
    bench: Bench, zone: Zone, body: Any
) -> None:
    bench.sim.fault(path=LINKS, status=200, body=body)
    seen = await zone.read()
    assert isinstance(seen, Unreadable)
    assert seen.transient


async def test_pages_in_a_circle_end(bench: Bench, zone: Zone) -> None:
    link = f"{bench.sim.endpoint}{zone.id}/{LINKS}?api-version=2020-06-01&n=1"
    bench.sim.fault(path=LINKS, status=200, body={"value": [], "nextLink": link})
    assert isinstance(await zone.read(), Unreadable)
    assert len(bench.sim.requests(path=LINKS)) == 2


async def test_a_link_is_made_changed_and_deleted(bench: Bench, zone: Zone, hub: VnetId) -> None:
    await zone.linked(hub)
    link = (await zone.links(SHARED))["hub"]
    assert (link.id, link.vnet, link.registration_enabled, link.tags) == (zone.link("hub"), hub, False, TAGS)
    assert isinstance(await bench.arm.perform(zone.put(hub, creates=False, registers=True)), Accepted)
    link = (await zone.links(SHARED))["hub"]
    assert (link.vnet, link.registration_enabled, link.tags) == (hub, True, TAGS)
    assert isinstance(await bench.arm.perform(zone.delete("hub")), Accepted)
    assert await zone.links(SHARED) == {}
    assert await bench.arm.perform(zone.delete("hub")) == Accepted(created=False)


async def test_an_accepted_change_is_no_creation(bench: Bench, zone: Zone, hub: VnetId) -> None:
    await zone.linked(hub)
    await zone.links()
    outcome = await bench.arm.perform(zone.put(hub, creates=False, registers=True))
    assert isinstance(outcome, Accepted)
    assert not outcome.created


async def test_tags_that_others_gave_a_link_stay(bench: Bench, zone: Zone, hub: VnetId) -> None:
    await zone.linked(hub)
    path = f"{zone.link('hub')}?api-version=2020-06-01"
    bench.sim.wait(bench.sim.send("PATCH", path, {"tags": {"owner": "them"}}))
    await zone.links()
    await bench.arm.perform(zone.put(hub, creates=False, registers=True))
    assert (await zone.links())["hub"].tags == (("owner", "them"),)


async def test_a_link_of_that_name_that_leads_elsewhere_is_left_alone(bench: Bench, zone: Zone, hub: VnetId) -> None:
    (other,) = spokes(bench.sim, 1)
    await zone.linked(hub)
    await zone.links()
    since = bench.sim.last_request()
    for action in (zone.put(hub), replace(zone.put(hub, creates=False), vnet=other)):
        assert isinstance(await bench.arm.perform(action), Later)
    assert not bench.sim.requests(since, "PUT") + bench.sim.requests(since, "PATCH")


async def test_a_link_that_somebody_makes_between_read_and_write_stays_theirs(
    bench: Bench, zone: Zone, hub: VnetId
) -> None:
    assert await zone.links() == {}
    body = {"location": "global", "properties": {"virtualNetwork": {"id": str(hub)}, "registrationEnabled": True}}
    bench.sim.wait(bench.sim.send("PUT", f"{zone.link('hub')}?api-version=2020-06-01", body))
    assert isinstance(await bench.arm.perform(zone.put(hub)), Accepted)  # ARM's word; the operation then fails
    link = (await zone.links())["hub"]
    assert (link.registration_enabled, link.tags) == (True, ())


@pytest.mark.parametrize("writes", ["change", "deletion"])
async def test_a_link_that_somebody_changes_between_read_and_write_stays_as_they_left_it(
    bench: Bench, zone: Zone, hub: VnetId, writes: str
) -> None:
    await zone.linked(hub)
    await zone.links()
    zone.patched("hub", registrationEnabled=True)
    bench.sim.clear_requests()
    action = zone.delete("hub") if writes == "deletion" else zone.put(hub, creates=False, registers=False)
    assert isinstance(await bench.arm.perform(action), Accepted)  # ARM's word; the operation then fails
    bench.clock.now += 121
    assert (await zone.links())["hub"].registration_enabled


async def test_a_list_from_before_our_own_write_is_not_shown(bench: Bench, zone: Zone, hub: VnetId) -> None:
    await zone.links()
    bench.sim.fault(path=LINKS, method="GET", status=200, body={"value": []})
    assert isinstance(await bench.arm.perform(zone.put(hub)), Accepted)
    seen = await zone.read(SHARED)
    assert isinstance(seen, Unreadable)
    assert (seen.reason, seen.transient) == (Reason.OPERATION_IN_PROGRESS, True)
    bench.sim.clear_faults()
    assert "hub" in await zone.links(SHARED)


async def test_a_list_that_is_as_before_the_creation_is_believed_after_the_deletion(
    bench: Bench, zone: Zone, hub: VnetId
) -> None:
    (other,) = spokes(bench.sim, 1)
    await zone.linked(other, hub)
    await zone.links()
    assert isinstance(await bench.arm.perform(zone.delete("hub")), Accepted)
    assert list(await zone.links(SHARED)) == ["v2"]


async def test_a_zone_that_is_missing_is_told_as_a_missing_zone(bench: Bench, zone: Zone, hub: VnetId) -> None:
    nowhere = replace(zone, id=replace(zone.id, name="nowhere.example"))
    outcome = await bench.arm.perform(nowhere.put(hub))
    assert isinstance(outcome, Refused)
    assert (outcome.reason, outcome.code) == (Reason.DNS_ZONE_NOT_FOUND, "ParentResourceNotFound")


async def test_a_vnet_that_is_missing_is_told_as_a_missing_vnet(bench: Bench, zone: Zone, hub: VnetId) -> None:
    outcome = await bench.arm.perform(zone.put(replace(hub, name="nowhere")))
    assert isinstance(outcome, Refused)
    assert outcome.reason is Reason.VNET_NOT_FOUND


async def test_a_link_that_is_being_written_makes_another_write_later(tmp_path_factory: pytest.TempPathFactory) -> None:
    with ArmsimProcess(tmp_path_factory.mktemp("slow"), speed="1") as sim:
        async with running(Bench(sim)) as bench:
            vnet = made(sim, "hub", "10.1.0.0/16")
            path = f"{sim.group('dns')}/providers/Microsoft.Network/privateDnsZones/corp.example"
            sim.send("PUT", f"{path}?api-version=2020-06-01", {"location": "global"})
            sim.advance(60)
            zone = Zone(bench, PrivateDnsZoneId.parse(path))
            await zone.links()
            accepted = await bench.arm.perform(zone.put(vnet))
            assert accepted == Accepted(created=True, settles_in=timedelta(seconds=10))
            assert (await zone.links())["hub"].busy
            outcome = await bench.arm.perform(zone.delete("hub"))
            assert isinstance(outcome, Later)
            assert outcome.reason is Reason.OPERATION_IN_PROGRESS
            sim.advance(60)
            assert not (await zone.links())["hub"].busy
            assert isinstance(await bench.arm.perform(zone.delete("hub")), Accepted)
            assert (await zone.links())["hub"].provisioning is Provisioning.DELETING


async def test_the_other_tenants_token_goes_along_with_a_link_to_its_vnet(bench: Bench, zone: Zone) -> None:
    foreign = made(bench.sim, "foreign", "10.7.0.0/16", subscription=SUBSCRIPTION_B, tenant=TENANT_B)
    action = replace(zone.put(foreign), auxiliary=Identity(bench.who.name, TENANT_B))
    since = bench.sim.last_request()
    assert isinstance(await bench.arm.perform(action), Accepted)
    assert [one["auxiliary"] for one in bench.sim.requests(since, "PUT", LINKS)] == [True]
    assert not any(one["auxiliary"] for one in bench.sim.requests(since, "GET", LINKS))


# --- a write without an answer


@pytest.mark.parametrize("write", ["group", "vnet", "prefixes", "link", "vnet gone", "link gone"])
async def test_what_a_write_concerns_is_read_again_even_when_its_answer_was_lost(
    bench: Bench, zone: Zone, hub: VnetId, write: str
) -> None:
    (spoke,) = spokes(bench.sim, 1)
    await zone.linked(spoke)
    fresh, new = ResourceGroupId(SUBSCRIPTION, "fresh"), replace(hub, name="new")

    async def world(max_age: timedelta) -> tuple[Any, ...]:
        vnets = [await bench.read(one, max_age) for one in (hub, new)]
        shown = tuple(one.value.prefixes if isinstance(one, Present) else one for one in vnets)
        return (await bench.arm.resource_group(bench.who, fresh, max_age), *shown, tuple(await zone.links(max_age)))

    cases: Mapping[str, tuple[LinkAction, tuple[int, Any]]] = {
        "group": (PutResourceGroup(SLOT, fresh, "westeurope", (), bench.who), (0, Present(True))),
        "vnet": (PutVnet(SLOT, new, CREATION, (), bench.who), (2, ("10.8.0.0/16",))),
        "prefixes": (ChangePrefixes(SLOT, hub, ("10.0.0.0/8",), bench.who), (1, ("10.0.0.0/8",))),
        "link": (zone.put(hub), (3, ("v2", "hub"))),
        "vnet gone": (DeletePart(SLOT, hub, bench.who), (1, Absent())),
        "link gone": (zone.delete("v2"), (3, ())),
    }
    action, (place, after) = cases[write]
    wanted = list(await world(NOW))
    wanted[place] = after
    bench.sim.fault(method="DELETE" if "gone" in write else "PUT", kind="cut", when="after", count=1)
    assert isinstance(await bench.arm.perform(action), Later)
    assert list(await world(SHARED)) == wanted


# --- what judges traffic


def group(sim: ArmsimProcess, *rules: Mapping[str, Any], name: str = "nsg") -> NetworkSecurityGroupId:
    path = f"{sim.group('rg')}/providers/Microsoft.Network/networkSecurityGroups/{name}"
    sim.put(path, {"location": "westeurope", "properties": {"securityRules": list(rules)}})
    return NetworkSecurityGroupId.parse(path)


def table(sim: ArmsimProcess, *routes: Mapping[str, Any], name: str = "rt", **properties: Any) -> RouteTableId:
    path = f"{sim.group('rg')}/providers/Microsoft.Network/routeTables/{name}"
    sim.put(path, {"location": "westeurope", "properties": {"routes": list(routes), **properties}})
    return RouteTableId.parse(path)


RULE = {
    "name": "no-sql",
    "properties": {
        "priority": 200,
        "direction": "Inbound",
        "access": "Deny",
        "protocol": "Tcp",
        "sourceAddressPrefixes": ["10.2.0.0/16", "10.3.0.0/16"],
        "sourcePortRange": "*",
        "destinationAddressPrefix": "VirtualNetwork",
        "destinationPortRanges": ["1433", "5000-5010"],
    },
}


async def test_a_security_group_is_read_with_its_own_and_the_default_rules(bench: Bench) -> None:
    id = group(bench.sim, RULE)
    seen = await bench.arm.network_security_group(bench.who, id, NOW)
    assert isinstance(seen, Present)
    rule, *defaults = seen.value.rules_for(Way.INBOUND)
    assert (rule.name, rule.priority, rule.access, rule.protocol) == ("no-sql", 200, Access.DENY, Protocol.TCP)
    assert (rule.sources, rule.destinations) == (("10.2.0.0/16", "10.3.0.0/16"), ("VirtualNetwork",))
    assert (rule.source_ports, rule.destination_ports) == (
        (PortRange(),),
        (PortRange(1433, 1433), PortRange(5000, 5010)),
    )
    assert [one.priority for one in defaults] == [65000, 65001, 65500]
    assert all(one.is_default for one in seen.value.rules_for(Way.OUTBOUND))


async def test_a_route_table_is_read_with_its_routes(bench: Bench) -> None:
    routes = (
        {"name": "fw", "properties": {"addressPrefix": "10.2.0.0/16", **APPLIANCE}},
        {"name": "hole", "properties": {"addressPrefix": "10.3.0.0/16", "nextHopType": "None"}},
    )
    id = table(bench.sim, *routes, disableBgpRoutePropagation=True)
    seen = await bench.arm.route_table(bench.who, id, NOW)
    assert isinstance(seen, Present)
    assert seen.value.disable_bgp_route_propagation
    assert seen.value.routes == (
        Route("fw", "10.2.0.0/16", NextHop.APPLIANCE, "10.1.0.4"),
        Route("hole", "10.3.0.0/16", NextHop.NONE),
    )


APPLIANCE = {"nextHopType": "VirtualAppliance", "nextHopIpAddress": "10.1.0.4"}


async def test_rules_and_routes_are_cached_as_long_as_they_may_be(bench: Bench) -> None:
    nsg, rt = group(bench.sim), table(bench.sim)
    since = bench.sim.last_request()
    for _ in range(3):
        bench.clock.now += 10
        await bench.arm.network_security_group(bench.who, nsg, SHARED)
        await bench.arm.route_table(bench.who, rt, SHARED)
    assert len(bench.sim.requests(since, "GET", "networkSecurityGroups|routeTables")) == 2


async def test_many_groups_and_tables_are_read_by_list_once_they_are_old(bench: Bench) -> None:
    groups = [group(bench.sim, RULE, name=f"nsg{n:02}") for n in range(11)]
    tables = [table(bench.sim, name=f"rt{n:02}") for n in range(11)]

    async def read() -> list[Any]:
        found = [await bench.arm.network_security_group(bench.who, id, SHARED) for id in groups]
        return [*found, *[await bench.arm.route_table(bench.who, id, SHARED) for id in tables]]

    first = await read()
    bench.clock.now += 61
    since = bench.sim.last_request()
    assert await read() == first
    sent = bench.sim.requests(since, "GET", "networkSecurityGroups|routeTables")
    assert len(sent) == 12, "11 of each on pages of 2"
    assert not any("/nsg" in one["path"] or "/rt" in one["path"] for one in sent)


async def test_a_group_that_may_not_be_read_is_asked_for_no_more_often_than_one_that_may(bench: Bench) -> None:
    nsg, since = group(bench.sim), bench.sim.last_request()
    bench.sim.fault(method="GET", status=403, code="AuthorizationFailed", message="No.")
    for _ in range(3):
        assert isinstance(await bench.arm.network_security_group(bench.who, nsg, SHARED), Unreadable)
    assert len(bench.sim.requests(since, "GET", "networkSecurityGroups")) == 1
    bench.sim.clear_faults()
    assert isinstance(await bench.arm.network_security_group(bench.who, nsg, SHARED), Unreadable)
    bench.clock.now += 1
    assert isinstance(await bench.arm.network_security_group(bench.who, nsg, NOW), Present)
    assert isinstance(await bench.arm.network_security_group(bench.who, nsg, SHARED), Present)


async def test_a_group_or_table_that_is_missing_is_absent_and_a_403_is_unreadable(bench: Bench) -> None:
    nsg, rt = group(bench.sim), table(bench.sim)
    assert await bench.arm.network_security_group(bench.who, replace(nsg, name="gone"), NOW) == Absent()
    assert await bench.arm.route_table(bench.who, replace(rt, name="gone"), NOW) == Absent()
    bench.sim.fault(method="GET", status=403, code="AuthorizationFailed", message="No.")
    for seen in (
        await bench.arm.network_security_group(bench.who, nsg, NOW),
        await bench.arm.route_table(bench.who, rt, NOW),
    ):
        assert isinstance(seen, Unreadable)
        assert seen.reason is Reason.AUTHORIZATION_FAILED
