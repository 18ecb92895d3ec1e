"""vnetlink.azure through the real SDK, over TLS, against the simulator's behaviour."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from armsim_process import SUBSCRIPTION, SUBSCRIPTION_2, SUBSCRIPTION_B, TENANT_B, ArmsimProcess
from azure_bench import NOW, SHARED, Bench, made, running
from vnetlink.azure.limiter import Limits, Rate
from vnetlink.domain.arm_id import PeeringId, VnetId
from vnetlink.domain.identity import Identity
from vnetlink.domain.observed import PeeringState, SyncLevel
from vnetlink.domain.outcome import Absent, Accepted, Later, Present, Refused, Unreadable
from vnetlink.domain.peering import PeeringOptions
from vnetlink.domain.reasons import Reason

VNETS = "virtualNetworks"


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ArmsimProcess]:
    with ArmsimProcess(tmp_path_factory.mktemp("armsim"), config={"pageSize": 5}) as process:
        yield process


@pytest.fixture
def hub(sim: ArmsimProcess) -> VnetId:
    return made(sim, "hub", "10.1.0.0/16", subnets={"GatewaySubnet": "10.1.255.0/27", "app": "10.1.0.0/24"})


@pytest.fixture
def spoke(sim: ArmsimProcess) -> VnetId:
    return made(sim, "spoke", "10.2.0.0/16", subscription=SUBSCRIPTION_2)


# --- reading


async def test_a_vnet_is_read_with_one_get(bench: Bench, hub: VnetId) -> None:
    since = bench.sim.last_request()
    vnet = await bench.present(hub)
    assert (vnet.id, vnet.location, vnet.prefixes) == (hub, "westeurope", ("10.1.0.0/16",))
    assert vnet.subnet_prefixes("app") == ("10.1.0.0/24",)
    assert vnet.etag
    assert not vnet.busy
    assert not vnet.has_gateway
    assert [one["method"] for one in bench.sim.requests(since, path=VNETS)] == ["GET"]


async def test_a_vnet_with_a_gateway_is_seen_to_have_one(bench: Bench, hub: VnetId) -> None:
    bench.sim.gateway(str(hub))
    assert (await bench.present(hub)).has_gateway


async def test_a_missing_vnet_or_group_is_absent_and_a_missing_subscription_is_not(bench: Bench, hub: VnetId) -> None:
    assert await bench.read(replace(hub, name="nowhere")) == Absent()
    assert await bench.read(replace(hub, resource_group="nowhere")) == Absent()
    seen = await bench.read(replace(hub, subscription="99999999-0000-0000-0000-000000000000"))
    assert isinstance(seen, Unreadable)
    assert (seen.reason, seen.transient) == (Reason.VNET_NOT_FOUND, False)
    assert "not found, or not visible to client 11111111-0000-0000-0000-000000000001" in seen.message


async def test_a_403_is_unreadable_and_names_action_and_scope(bench: Bench, hub: VnetId) -> None:
    bench.sim.roles({bench.sim.env["AZURE_CLIENT_ID"]: []})
    seen = await bench.read(hub)
    bench.sim.roles({bench.sim.env["AZURE_CLIENT_ID"]: None})
    assert isinstance(seen, Unreadable)
    assert (seen.reason, seen.transient) == (Reason.AUTHORIZATION_FAILED, False)
    assert "Microsoft.Network/virtualNetworks/read" in seen.message
    assert hub.name in seen.message
    assert isinstance(await bench.read(hub), Present)


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "cut"},
        {"kind": "cut", "when": "after"},
        {"kind": "truncate"},
        {"kind": "html"},
        {"kind": "html", "status": 404},
        {"kind": "html", "status": 403},
        {"status": 500},
        {"status": 503, "code": "ServerTimeout"},
        {"status": 404, "body": ""},
        {"status": 404, "body": "{}"},
        {"status": 200, "body": "{}"},
        {"status": 200, "body": "[]"},
        {"status": 200, "body": '{"id": "/x", "properties": {}}'},
        {"status": 302, "headers": {"Location": "https://localhost:1/"}},
    ],
    ids=str,
)
async def test_an_answer_that_is_not_arms_leads_to_no_conclusion(
    bench: Bench, hub: VnetId, fault: dict[str, Any]
) -> None:
    bench.sim.fault(path=VNETS, **fault)
    seen = await bench.read(hub)
    bench.sim.clear_faults()
    assert isinstance(seen, Unreadable)
    assert (seen.reason, seen.transient) == (Reason.AZURE_UNREACHABLE, True)
    assert isinstance(await bench.read(hub), Present)


async def test_a_truncated_404_is_no_absence(bench: Bench, hub: VnetId) -> None:
    bench.sim.fault(path=VNETS, kind="truncate")
    assert isinstance(await bench.read(replace(hub, name="nowhere")), Unreadable)


async def test_an_answer_that_hangs_is_given_up(bench: Bench, hub: VnetId, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vnetlink.azure.pipeline.DEADLINE", 0.3)
    bench.sim.fault(path=VNETS, kind="hang")
    async with asyncio.timeout(10):
        seen = await bench.read(hub)
    assert isinstance(seen, Unreadable)
    assert seen.message.startswith("Azure Resource Manager did not answer in time")


async def test_readers_at_the_same_time_share_one_get_and_one_leaving_disturbs_nobody(
    bench: Bench, hub: VnetId
) -> None:
    since = bench.sim.last_request()
    bench.sim.fault(path=VNETS, kind="delay", delay=0.2)
    readers = [asyncio.create_task(bench.read(hub, SHARED)) for _ in range(20)]
    await asyncio.sleep(0.05)
    readers[0].cancel()
    seen = await asyncio.gather(*readers[1:])
    assert all(isinstance(one, Present) for one in seen)
    assert len(bench.sim.requests(since, path=VNETS)) == 1


async def test_a_reading_is_reused_until_it_is_too_old(bench: Bench, hub: VnetId) -> None:
    since = bench.sim.last_request()
    for later, sent in ((0, 1), (59, 1), (2, 2)):
        bench.clock.now += later
        await bench.present(hub, SHARED)
        assert len(bench.sim.requests(since, path=VNETS)) == sent


# --- reading by list


async def test_many_vnets_of_a_subscription_are_read_with_one_list(bench: Bench) -> None:
    vnets = [made(bench.sim, f"v{n:02}", f"10.{n}.0.0/16") for n in range(12)]
    for vnet in vnets:
        await bench.present(vnet, SHARED)
    bench.clock.now += 61
    since = bench.sim.last_request()
    for vnet in vnets:
        await bench.present(vnet, SHARED)
    sent = bench.sim.requests(since, path=VNETS)
    assert len(sent) == 3  # 12 VNets on pages of 5
    assert not any("/v0" in one["path"] for one in sent)


async def test_a_vnet_that_is_not_on_the_list_is_asked_for_before_it_is_absent(bench: Bench) -> None:
    vnets = [made(bench.sim, f"v{n:02}", f"10.{n}.0.0/16") for n in range(10)]
    missing = replace(vnets[0], name="nowhere")
    for vnet in vnets:
        await bench.present(vnet, SHARED)
    bench.clock.now += 61
    since = bench.sim.last_request()
    assert await bench.read(missing, SHARED) == Absent()
    assert [one["path"].partition("?")[0][-7:] for one in bench.sim.requests(since, path=VNETS)][-1] == "nowhere"
    since = bench.sim.last_request()
    assert await bench.read(replace(missing, name="nowhere-else"), SHARED) == Absent()
    assert len(bench.sim.requests(since, path=VNETS)) == 1  # the list of a moment ago is not asked for again


async def test_a_refused_list_falls_back_to_gets_and_is_left_alone_for_ten_minutes(bench: Bench) -> None:
    vnets = [made(bench.sim, f"v{n:02}", f"10.{n}.0.0/16") for n in range(10)]
    bench.sim.fault(path=r"Microsoft.Network/virtualNetworks\?", status=403, code="AuthorizationFailed")
    since = bench.sim.last_request()
    for later in (0, 61, 61):
        bench.clock.now += later
        for vnet in vnets:
            await bench.present(vnet, SHARED)
    assert len(bench.sim.requests(since, path=r"Microsoft.Network/virtualNetworks\?")) == 1
    bench.clock.now += 600
    for vnet in vnets:
        await bench.present(vnet, SHARED)
    assert len(bench.sim.requests(since, path=r"Microsoft.Network/virtualNetworks\?")) == 2


ELSEWHERE = {"value": [], "nextLink": "https://localhost:1/subscriptions"}


@pytest.mark.parametrize("body", [{"value": 7}, {"value": [7]}, {"value": None}, [], "{", ELSEWHERE], ids=str)
async def test_a_list_that_makes_no_sense_or_leads_elsewhere_is_passed_over(bench: Bench, body: Any) -> None:
    vnets = [made(bench.sim, f"v{n:02}", f"10.{n}.0.0/16") for n in range(10)]
    bench.sim.fault(path=r"Microsoft.Network/virtualNetworks\?", status=200, body=body)
    for vnet in vnets:
        await bench.present(vnet, SHARED)


async def test_a_listed_vnet_without_properties_is_asked_for_itself(bench: Bench) -> None:
    vnets = [made(bench.sim, f"v{n:02}", f"10.{n}.0.0/16") for n in range(10)]
    body = {"value": [{"id": str(vnet)} for vnet in vnets]}
    bench.sim.fault(path=r"Microsoft.Network/virtualNetworks\?", status=200, body=body)
    for vnet in vnets:
        await bench.present(vnet, SHARED)


async def test_a_list_that_leads_in_a_circle_ends(bench: Bench) -> None:
    vnets = [made(bench.sim, f"v{n:02}", f"10.{n}.0.0/16") for n in range(10)]
    link = f"{bench.sim.endpoint}/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Network/virtualNetworks?api-version=2026-03-01&n=1"
    bench.sim.fault(path=r"Microsoft.Network/virtualNetworks\?", status=200, body={"value": [], "nextLink": link})
    for vnet in vnets:
        await bench.present(vnet, SHARED)
    assert len(bench.sim.requests(path=r"Microsoft.Network/virtualNetworks\?")) == 2


# --- writing


async def test_both_sides_are_made_and_become_connected(bench: Bench, hub: VnetId, spoke: VnetId) -> None:
    await bench.arm.perform(bench.put(hub, spoke, allow_forwarded_traffic=True))
    first = (await bench.present(hub)).peering_to(spoke)
    assert first is not None
    assert (first.state, first.sync_level) == (PeeringState.INITIATED, SyncLevel.REMOTE_NOT_IN_SYNC)
    await bench.arm.perform(bench.put(spoke, hub))
    first = (await bench.present(hub)).peering_to(spoke)
    assert first is not None
    assert (first.state, first.sync_level) == (PeeringState.CONNECTED, SyncLevel.FULLY_IN_SYNC)
    assert first.options == PeeringOptions(allow_forwarded_traffic=True)


async def test_an_update_says_that_the_peering_was_there_and_guards_it_with_the_etag(
    bench: Bench, hub: VnetId, spoke: VnetId
) -> None:
    await bench.peered(hub, spoke)
    bench.sim.peering(str(hub), "to-spoke", str(spoke), doNotVerifyRemoteGateways=True)
    await bench.present(hub)
    outcome = await bench.arm.perform(bench.put(hub, spoke, creates=False, allow_gateway_transit=True))
    assert isinstance(outcome, Accepted)
    assert not outcome.created
    shown = bench.sim.get(f"{hub}/virtualNetworkPeerings/to-spoke")["properties"]
    assert shown["allowGatewayTransit"] is True
    assert shown["doNotVerifyRemoteGateways"] is True


async def test_a_change_by_somebody_else_since_the_read_defers_the_write(
    bench: Bench, hub: VnetId, spoke: VnetId
) -> None:
    await bench.peered(hub, spoke)
    await bench.present(hub)
    bench.sim.peering(str(hub), "to-spoke", str(spoke), allowForwardedTraffic=True)
    for action in (bench.put(hub, spoke, creates=False, allow_gateway_transit=True), bench.delete(hub, spoke)):
        outcome = await bench.arm.perform(action)
        assert isinstance(outcome, Later)
        assert outcome.reason is Reason.OPERATION_IN_PROGRESS
    assert bench.sim.get(f"{hub}/virtualNetworkPeerings/to-spoke")["properties"]["allowForwardedTraffic"] is True


async def test_an_update_without_an_earlier_read_reads_first(bench: Bench, hub: VnetId, spoke: VnetId) -> None:
    bench.sim.peering(str(hub), "to-spoke", str(spoke), allowForwardedTraffic=True)
    outcome = await bench.arm.perform(
        bench.put(hub, spoke, creates=False, allow_forwarded_traffic=True, allow_gateway_transit=True)
    )
    assert isinstance(outcome, Accepted)


async def test_an_update_of_what_is_gone_makes_nothing(bench: Bench, hub: VnetId, spoke: VnetId) -> None:
    outcome = await bench.arm.perform(bench.put(hub, spoke, creates=False))
    assert isinstance(outcome, Later)
    assert outcome.reason is Reason.OPERATION_IN_PROGRESS
    assert not bench.sim.get(str(hub))["properties"]["virtualNetworkPeerings"]


async def test_a_sync_brings_the_copy_of_the_remote_prefixes_up_to_date(
    bench: Bench, hub: VnetId, spoke: VnetId
) -> None:
    await bench.peered(hub, spoke)
    bench.sim.vnet("spoke", "10.2.0.0/16", "10.3.0.0/16", subscription=SUBSCRIPTION_2)
    before = (await bench.present(hub)).peering_to(spoke)
    assert before is not None
    assert before.sync_level is SyncLevel.LOCAL_NOT_IN_SYNC
    since = bench.sim.last_request()
    assert isinstance(await bench.arm.perform(bench.put(hub, spoke, creates=False, sync=True)), Accepted)
    assert "syncRemoteAddressSpace=true" in bench.sim.requests(since, "PUT")[0]["path"]
    after = (await bench.present(hub)).peering_to(spoke)
    assert after is not None
    assert after.sync_level is SyncLevel.FULLY_IN_SYNC
    assert set(after.remote_prefixes) == {"10.2.0.0/16", "10.3.0.0/16"}


async def test_a_deleted_side_is_gone_and_the_other_disconnected(bench: Bench, hub: VnetId, spoke: VnetId) -> None:
    await bench.peered(hub, spoke)
    await bench.present(hub)
    outcome = await bench.arm.perform(bench.delete(hub, spoke))
    assert isinstance(outcome, Accepted)
    assert (await bench.present(hub)).peering_to(spoke) is None
    other = (await bench.present(spoke)).peering_to(hub)
    assert other is not None
    assert other.state is PeeringState.DISCONNECTED
    refused = await bench.arm.perform(bench.put(hub, spoke))
    assert isinstance(refused, Later)
    assert refused.reason is Reason.PEERING_DISCONNECTED


async def test_deleting_what_is_gone_is_accepted(bench: Bench, hub: VnetId, spoke: VnetId) -> None:
    assert await bench.arm.perform(bench.delete(hub, spoke)) == Accepted(created=False)
    gone = replace(bench.delete(hub, spoke), id=PeeringId(replace(hub, resource_group="nowhere"), "x"))
    assert await bench.arm.perform(gone) == Accepted(created=False)


async def test_a_peering_of_that_name_that_leads_elsewhere_is_neither_deleted_nor_changed(
    bench: Bench, hub: VnetId, spoke: VnetId
) -> None:
    other = made(bench.sim, "other", "10.9.0.0/16")
    bench.sim.peering(str(hub), "to-spoke", str(other))
    since = bench.sim.last_request()
    for action in (bench.delete(hub, spoke), bench.put(hub, spoke, creates=False)):
        assert isinstance(await bench.arm.perform(action), Later)
    assert not bench.sim.requests(since, "PUT|DELETE")
    assert not [one for one in bench.sim.requests(since) if one["method"] in ("PUT", "DELETE")]


async def test_overlapping_vnets_are_refused_with_both_prefixes(bench: Bench, hub: VnetId) -> None:
    twin = made(bench.sim, "twin", "10.1.128.0/17")
    outcome = await bench.arm.perform(bench.put(hub, twin))
    assert isinstance(outcome, Refused)
    assert (outcome.reason, outcome.code) == (Reason.ADDRESS_SPACES_OVERLAP, "VnetAddressSpacesOverlap")


async def test_a_write_without_the_right_is_refused(bench: Bench, hub: VnetId, spoke: VnetId) -> None:
    client = bench.sim.env["AZURE_CLIENT_ID"]
    bench.sim.roles({client: [{"scope": f"/subscriptions/{SUBSCRIPTION}", "role": "Reader"}]})
    outcome = await bench.arm.perform(bench.put(hub, spoke))
    bench.sim.roles({client: None})
    assert isinstance(outcome, Refused)
    assert outcome.reason is Reason.AUTHORIZATION_FAILED
    assert "Microsoft.Network/virtualNetworks/virtualNetworkPeerings/write" in outcome.message


async def test_the_other_tenants_token_goes_along_when_the_action_names_it(bench: Bench, hub: VnetId) -> None:
    foreign = made(bench.sim, "foreign", "10.7.0.0/16", subscription=SUBSCRIPTION_B, tenant=TENANT_B)
    alone = bench.put(hub, foreign)
    outcome = await bench.arm.perform(alone)
    assert isinstance(outcome, Refused)
    assert outcome.reason is Reason.LINKED_AUTHORIZATION_FAILED
    both = replace(alone, auxiliary=Identity(bench.who.name, TENANT_B))
    assert isinstance(await bench.arm.perform(both), Accepted)


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_write_that_is_cut_is_later_and_the_next_read_is_a_new_one(
    bench: Bench, hub: VnetId, spoke: VnetId, when: str
) -> None:
    assert not (await bench.present(hub, SHARED)).peerings
    bench.sim.fault(method="PUT", kind="cut", when=when, count=1)
    outcome = await bench.arm.perform(bench.put(hub, spoke))
    assert isinstance(outcome, Later)
    assert outcome.reason is Reason.AZURE_UNREACHABLE
    assert bool((await bench.present(hub, SHARED)).peerings) is (when == "after")


@pytest.mark.parametrize("kind", ["html", "truncate"])
async def test_a_write_with_an_unreadable_answer_is_later(bench: Bench, hub: VnetId, spoke: VnetId, kind: str) -> None:
    bench.sim.fault(method="PUT", kind=kind, count=1)
    outcome = await bench.arm.perform(bench.put(hub, spoke))
    assert isinstance(outcome, Later)
    assert outcome.reason is Reason.AZURE_UNREACHABLE


async def test_after_a_write_both_vnets_are_read_again(bench: Bench, hub: VnetId, spoke: VnetId) -> None:
    await bench.present(hub, SHARED)
    await bench.present(spoke, SHARED)
    await bench.arm.perform(bench.put(hub, spoke))
    since = bench.sim.last_request()
    await bench.present(hub, SHARED)
    await bench.present(spoke, SHARED)
    assert len(bench.sim.requests(since, "GET", VNETS)) == 2


async def test_a_stale_answer_after_our_write_is_settling_until_the_new_one_shows(
    bench: Bench, hub: VnetId, spoke: VnetId
) -> None:
    await bench.present(hub)
    bench.sim.fault(path=VNETS, method="GET", kind="stale")
    assert isinstance(await bench.arm.perform(bench.put(hub, spoke)), Accepted)
    stale = await bench.present(hub, SHARED)
    assert stale.settling
    assert stale.busy
    bench.sim.clear_faults()
    fresh = await bench.present(hub, SHARED)
    assert not fresh.settling
    assert fresh.peering_to(spoke) is not None


async def test_a_running_operation_makes_another_write_later(bench: Bench, hub: VnetId, spoke: VnetId) -> None:
    bench.sim.fault(
        method="PUT",
        path="virtualNetworkPeerings",
        status=429,
        code="RetryableError",
        message="A retryable error occurred.",
    )
    outcome = await bench.arm.perform(bench.put(hub, spoke))
    assert isinstance(outcome, Later)
    assert outcome.reason is Reason.OPERATION_IN_PROGRESS
    assert isinstance(await bench.read(hub), Present)  # a lock closes no window


# --- throttling and login


async def test_nothing_is_sent_inside_a_retry_after_window_and_one_probe_after_it(
    bench: Bench, hub: VnetId, spoke: VnetId
) -> None:
    bench.sim.fault(path=VNETS, status=429, code="SubscriptionRequestsThrottled", retryAfter=30, count=1)
    first = await bench.read(hub)
    assert isinstance(first, Unreadable)
    assert (first.reason, first.retry_after) == (Reason.THROTTLED, timedelta(seconds=30))
    since = bench.sim.last_request()
    bench.clock.now += 28
    for _ in range(5):
        held = await bench.read(hub)
        assert isinstance(held, Unreadable)
        assert held.reason is Reason.THROTTLED
        assert timedelta(seconds=1.9) < (held.retry_after or NOW) <= timedelta(seconds=2)
    write = await bench.arm.perform(bench.put(hub, spoke))
    assert isinstance(write, Later)
    assert write.reason is Reason.THROTTLED
    assert not bench.sim.requests(since, path=f"subscriptions/{SUBSCRIPTION}/")
    assert isinstance(await bench.read(spoke), Present)  # another subscription
    bench.clock.now += 2
    assert isinstance(await bench.read(hub), Present)


async def test_a_503_with_a_time_to_come_back_closes_the_window_and_one_without_does_not(
    bench: Bench, hub: VnetId
) -> None:
    bench.sim.fault(path=VNETS, kind="html", status=503, count=1)
    assert isinstance(await bench.read(hub), Unreadable)
    assert isinstance(await bench.read(hub), Present)
    bench.sim.fault(path=VNETS, kind="html", status=503, retryAfter=30, count=1)
    first = await bench.read(hub)
    assert isinstance(first, Unreadable)
    assert (first.reason, first.retry_after) == (Reason.AZURE_UNREACHABLE, timedelta(seconds=30))
    held = await bench.read(hub)
    assert isinstance(held, Unreadable)
    assert held.reason is Reason.THROTTLED


async def test_the_rate_of_writes_is_kept(sim: ArmsimProcess, hub: VnetId, spoke: VnetId) -> None:
    async with running(Bench(sim, Limits(writes=Rate(0.01, 1)))) as bench:
        assert isinstance(await bench.arm.perform(bench.put(hub, spoke)), Accepted)
        held = await bench.arm.perform(bench.put(hub, spoke))
        assert isinstance(held, Later)
        assert held.reason is Reason.THROTTLED
        assert len(sim.requests(method="PUT", path="to-spoke")) == 1


async def test_a_login_that_is_away_is_transient_and_asks_arm_nothing(bench: Bench, hub: VnetId) -> None:
    bench.sim.fault(path="oauth2", kind="html", status=503)
    since = bench.sim.last_request()
    seen = await bench.read(hub)
    assert isinstance(seen, Unreadable)
    assert (seen.reason, seen.transient) == (Reason.AZURE_UNREACHABLE, True)
    assert not bench.sim.requests(since, path=VNETS)
    bench.sim.clear_faults()
    bench.clock.now += 3
    assert isinstance(await bench.read(hub), Present)


async def test_a_login_that_says_no_is_an_invalid_credential(bench: Bench, hub: VnetId) -> None:
    body = {"error": "invalid_client", "error_description": "AADSTS7000215: Invalid client secret provided."}
    bench.sim.fault(path="oauth2", status=401, body=body)
    seen = await bench.read(hub)
    assert isinstance(seen, Unreadable)
    assert (seen.reason, seen.transient) == (Reason.CREDENTIAL_INVALID, False)
    assert "AADSTS7000215" in seen.message


async def test_a_federated_token_is_enough(sim: ArmsimProcess, hub: VnetId, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text(sim.token())
    async with running(Bench(sim, AZURE_FEDERATED_TOKEN_FILE=str(token), AZURE_CLIENT_SECRET="")) as bench:
        assert isinstance(await bench.read(hub), Present)


async def test_an_azure_that_is_off_is_unreachable(hub: VnetId, sim: ArmsimProcess) -> None:
    async with running(Bench(sim)) as bench:
        assert isinstance(await bench.read(hub), Present)
        sim.stop()
        try:
            seen = await bench.read(hub)
        finally:
            sim.start()
        assert isinstance(seen, Unreadable)
        assert (seen.reason, seen.transient) == (Reason.AZURE_UNREACHABLE, True)
        assert isinstance(await bench.read(hub), Present)
